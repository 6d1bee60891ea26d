//! The first walk: what each original adds up to, and in which documents its first copies are.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::error::Result;
use crate::outcome::Outcome;
use crate::report::facts::copies::{Copies, Key, Sum, Tally};
use crate::report::facts::overlap::{self, Original};
use crate::report::facts::{COPIES, Explained, Facts, Stretch, Wanted};
use crate::report::facts::{dates, relations, shares};
use crate::report::walk;

/// Rounded down, as in all reports.
pub(crate) fn in_thousandths(similarity: f64) -> u16 {
    (similarity * 1000.0 + 1e-6) as u16
}

/// A group: an original, or several that are the same for the most part.
struct Together {
    /// what they add up to; it stands in so many documents at least
    sum: Sum,
    originals: Vec<Key>,
    /// the documents of its first copies, ascending
    documents: Box<[u32]>,
}

/// Those that repeat more come first; among equals the earlier original.
type Order = (Reverse<u64>, Key);

impl Together {
    fn order(&self) -> Order {
        (Reverse(self.sum.characters), self.originals[0])
    }
}

/// The originals of one document that are copied, in the order of their keys.
#[derive(Default)]
struct OfDocument {
    tallies: Vec<Tally>,
    /// the documents of their first copies, and how many come before those of each
    documents: Vec<u32>,
    starts: Vec<usize>,
    originals: Vec<Original>,
}

impl OfDocument {
    fn add(&mut self, tally: Tally, documents: &[u32]) {
        self.tallies.push(tally);
        self.starts.push(self.documents.len());
        self.documents.extend_from_slice(documents);
    }

    /// Takes them all, and calls `found` with each group.
    fn group(&mut self, outcome: &Outcome, mut found: impl FnMut(Together)) {
        let OfDocument { tallies, documents, starts, originals } = self;
        starts.push(documents.len());
        for group in overlap::group(outcome, tallies, originals) {
            let own = || group.iter().map(|original| original.at as usize);
            let Tally { key, mut sum } = tallies[group[0].at as usize];
            own().skip(1).for_each(|at| sum.take_in(&tallies[at].sum));
            let mut copied: Vec<u32> =
                own().flat_map(|at| &documents[starts[at]..starts[at + 1]]).copied().collect();
            copied.sort_unstable();
            let mut last = key.document;
            let met = copied.iter().filter(|document| std::mem::replace(&mut last, **document) != **document);
            sum.documents = sum.documents.max(1 + met.count() as u32);
            copied.truncate(COPIES);
            let originals = own().map(|at| tallies[at].key).collect();
            found(Together { sum, originals, documents: copied.into() });
        }
        tallies.clear();
        documents.clear();
        starts.clear();
    }
}

/// The groups that come first, of those that came so far.
struct First {
    most: usize,
    kept: Vec<Together>,
    /// what those that come must come before
    before: Option<Order>,
}

impl First {
    fn add(&mut self, group: Together) {
        if self.most == 0 || self.before.is_some_and(|before| group.order() > before) {
            return;
        }
        self.kept.push(group);
        if self.kept.len() >= self.most.saturating_add(self.most / 4) && self.kept.len() > self.most {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(self.most - 1, Together::order);
            self.before = Some(last.order());
            self.kept.truncate(self.most);
        }
    }

    fn finish(mut self) -> Vec<Together> {
        self.kept.sort_unstable_by_key(Together::order);
        self.kept.truncate(self.most);
        self.kept
    }
}

/// The groups that count most, and how to find them.
pub(super) struct Sums {
    /// the rank of the group of each of their originals
    ranks: HashMap<Key, usize>,
    /// those that are kept, by rank
    pub(super) groups: Vec<Sum>,
    /// documents with the first copies of these
    pub(super) documents: Vec<u32>,
}

impl Sums {
    fn new(groups: Vec<Together>) -> Self {
        let mut sums = Sums { ranks: HashMap::new(), groups: Vec::new(), documents: Vec::new() };
        for (rank, group) in groups.into_iter().enumerate() {
            sums.ranks.extend(group.originals.into_iter().map(|original| (original, rank)));
            sums.groups.push(group.sum);
            let [judged, ..] = Wanted::copies(rank);
            sums.documents.extend(group.documents.into_iter().take(judged));
        }
        sums
    }

    /// The rank of an original's group, if that is kept.
    pub(super) fn rank(&self, original: &Stretch) -> Option<usize> {
        self.ranks.get(&Key::from(original)).copied()
    }
}

impl Facts {
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn add_up(&mut self, outcome: &Outcome, wanted: Wanted) -> Result<Sums> {
        let mut copies = Copies::new(outcome.spill());
        let mut shares = shares::Sums::new(outcome);
        let mut relations = relations::Sums::new(outcome);
        let mut dates = dates::Sums::new(outcome);
        walk::walk(outcome, outcome.first_document()..outcome.documents(), |told| {
            shares.add(outcome, told);
            relations.add(outcome, told)?;
            dates.add(outcome, told)?;
            self.explained.passages += told.inside;
            self.rests += told.rests;
            told.repeats().try_for_each(|(repeat, explained)| {
                self.repeats += 1;
                let inside = Explained::of(explained);
                self.explained.passages += inside.passages;
                self.explained.paragraphs += inside.paragraphs;
                copies.add(told.document, repeat)
            })
        })?;
        self.shares = shares.finish();
        self.relations = relations.finish(outcome)?;
        self.dates = dates.finish(outcome)?;
        self.rank(outcome, wanted, copies)
    }

    /// Groups the originals, and finds the groups that repeat the most characters, the most first; among
    /// equals the earliest original first.
    fn rank(&mut self, outcome: &Outcome, wanted: Wanted, copies: Copies) -> Result<Sums> {
        let mut first = First { most: wanted.groups, kept: Vec::new(), before: None };
        let mut take = |group: Together| {
            self.group_count += 1;
            self.relations.count_group(group.sum.count.into());
            first.add(group);
        };
        let mut of_document = OfDocument::default();
        copies.finish(|tally, documents| {
            let document = of_document.tallies.first().map(|tally| tally.key.document);
            if document.is_some_and(|document| document != tally.key.document) {
                of_document.group(outcome, &mut take);
            }
            of_document.add(tally, documents);
        })?;
        if !of_document.tallies.is_empty() {
            of_document.group(outcome, &mut take);
        }
        Ok(Sums::new(first.finish()))
    }
}

//! The first walk: what each original adds up to, and in which documents its first copies are.

use std::cmp::Reverse;

use hashbrown::HashTable;

use crate::document::Kind;
use crate::outcome::Outcome;
use crate::report::facts::{COPIES, Explained, Extent, Facts, Stretch, Wanted};
use crate::report::facts::{dates, overlap, relations, shares};
use crate::report::walk;

/// Names an original: document; 0 for all of it, 1 for paragraphs, 2 for a passage; which paragraphs or
/// characters of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) document: u32,
    pub(super) what: u32,
    pub(super) range: [u32; 2],
}

impl From<&Stretch> for Key {
    fn from(stretch: &Stretch) -> Self {
        let chars = &stretch.span.chars;
        let (what, range) = match stretch.extent {
            Extent::Document => (0, [0; 2]),
            Extent::Paragraphs(paragraphs) => (1, [paragraphs.first, paragraphs.last]),
            Extent::Passage(..) => (2, [chars.start as u32, chars.end as u32]),
        };
        Key { document: stretch.document, what, range }
    }
}

impl Key {
    /// Where it stands in a table; no answer depends on it.
    fn hash(self) -> u64 {
        let key = u64::from(self.document) << 32 | u64::from(self.range[0]);
        let rest = u64::from(self.range[1]) << 2 | u64::from(self.what);
        let key = (key ^ rest.rotate_left(20)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (key ^ key >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    }
}

/// What an original adds up to.
pub(super) struct Tally {
    pub(super) key: Key,
    characters: u64,
    count: u32,
    exact: u32,
    near: u32,
    /// see [`Group::similarity`]
    similarity: [u16; 2],
    /// documents with it, the original's among them, and the last of these
    documents: u32,
    last: u32,
}

/// What all originals add up to, in the order of their first copies; 48 bytes each, and about 10 to find it.
#[derive(Default)]
pub(super) struct Tallies {
    pub(super) all: Vec<Tally>,
    /// their numbers, by key
    by_key: HashTable<u32>,
}

impl Tallies {
    fn number(&self, key: Key) -> Option<u32> {
        self.by_key.find(key.hash(), |&number| self.all[number as usize].key == key).copied()
    }

    /// That of an original, and its number.
    fn of(&mut self, original: &Stretch) -> (u32, &mut Tally) {
        let (key, next) = (Key::from(original), self.all.len() as u32);
        let all = &self.all;
        let is_key = |number: &u32| all[*number as usize].key == key;
        let entry = self.by_key.entry(key.hash(), is_key, |&number| all[number as usize].key.hash());
        let number = *entry.or_insert(next).get();
        if number == next {
            self.all.push(Tally {
                key,
                characters: 0,
                count: 0,
                exact: 0,
                near: 0,
                similarity: NONE_NEAR,
                documents: 1,
                last: key.document,
            });
        }
        (number, &mut self.all[number as usize])
    }
}

/// The similarity of near copies, where there are none.
const NONE_NEAR: [u16; 2] = [1000, 0];

/// A range that holds both.
fn spread([low, high]: [u16; 2], [from, upto]: [u16; 2]) -> [u16; 2] {
    [low.min(from), high.max(upto)]
}

/// Rounded down, as in all reports.
pub(crate) fn in_thousandths(similarity: f64) -> u16 {
    (similarity * 1000.0 + 1e-6) as u16
}

impl Tally {
    /// Adds up what two originals do, which are the same for the most part.
    fn take_in(&mut self, other: &Tally) {
        self.characters += other.characters;
        self.count = self.count.saturating_add(other.count);
        self.exact = self.exact.saturating_add(other.exact);
        self.near = self.near.saturating_add(other.near);
        self.similarity = spread(self.similarity, other.similarity);
        self.documents = self.documents.max(other.documents);
    }
}

/// What a group adds up to: an original, or several that are the same for the most part.
pub(super) struct Sum {
    pub(super) count: u64,
    pub(super) exact: u64,
    pub(super) near: u64,
    pub(super) similarity: [u16; 2],
    pub(super) characters: u64,
    pub(super) documents: u64,
}

impl Sum {
    /// Of what its originals add up to; in at least so many documents.
    fn of(tally: &Tally, documents: u64) -> Self {
        Sum {
            count: tally.count.into(),
            exact: tally.exact.into(),
            near: tally.near.into(),
            similarity: tally.similarity,
            characters: tally.characters,
            documents: documents.max(tally.documents.into()),
        }
    }
}

/// The groups that count most, and how to find them.
pub(super) struct Sums {
    tallies: Tallies,
    /// the rank of the group of each original by its number; `u32::MAX` where the group is not kept
    ranks: Vec<u32>,
    /// those that are kept, by rank
    pub(super) groups: Vec<Sum>,
    /// documents with the first copies of these, ascending
    pub(super) documents: Vec<u32>,
}

impl Sums {
    /// The rank of an original's group, if that is kept.
    pub(super) fn rank(&self, original: &Stretch) -> Option<usize> {
        let rank = self.ranks[self.tallies.number(Key::from(original))? as usize];
        (rank != u32::MAX).then_some(rank as usize)
    }
}

impl Facts {
    pub(super) fn add_up(&mut self, outcome: &Outcome, wanted: Wanted) -> Sums {
        let mut tallies = Tallies::default();
        let mut places = Vec::new();
        let mut shares = shares::Sums::new(outcome);
        let mut relations = relations::Sums::new(outcome);
        let mut dates = dates::Sums::default();
        walk::walk(outcome, outcome.first_document()..outcome.documents(), |told| {
            shares.add(outcome, told);
            relations.add(outcome, told);
            dates.add(outcome, told);
            self.explained.passages += told.inside;
            self.rests += told.rests;
            for (repeat, explained) in told.repeats() {
                self.repeats += 1;
                let inside = Explained::of(explained);
                self.explained.passages += inside.passages;
                self.explained.paragraphs += inside.paragraphs;
                let (number, tally) = tallies.of(&repeat.original);
                tally.count += 1;
                tally.documents += u32::from(tally.last != told.document);
                tally.last = told.document;
                tally.exact += u32::from(repeat.kind == Kind::Exact);
                tally.near += u32::from(repeat.kind == Kind::Near);
                if repeat.kind == Kind::Near {
                    tally.similarity = spread(tally.similarity, repeat.similarity.map(in_thousandths));
                }
                tally.characters += repeat.characters;
                if tally.count <= COPIES as u32 {
                    places.push((number, told.document));
                }
            }
        });
        self.shares = shares.finish();
        self.relations = relations.finish(outcome);
        self.dates = dates.finish(outcome);
        self.rank(outcome, wanted, tallies, &places)
    }

    /// Groups the originals, and finds the groups that repeat the most characters, the most first; among
    /// equals the earliest original first.
    fn rank(
        &mut self,
        outcome: &Outcome,
        wanted: Wanted,
        mut tallies: Tallies,
        places: &[(u32, u32)],
    ) -> Sums {
        let (mut group_of, groups) = overlap::group(outcome, &tallies);
        self.group_count = u64::from(groups);
        // of each group the original that stands first takes in what the others add up to
        let mut first_of = vec![u32::MAX; groups as usize];
        for (number, &group) in (0..).zip(&group_of) {
            let key = |number: u32| tallies.all[number as usize].key;
            let first = &mut first_of[group as usize];
            if *first == u32::MAX || key(number) < key(*first) {
                *first = number;
            }
        }
        for (number, &group) in (0..).zip(&group_of) {
            let first = first_of[group as usize];
            if first != number
                && let Ok([sum, tally]) = tallies.all.get_disjoint_mut([first as usize, number as usize])
            {
                sum.take_in(tally);
            }
        }
        let sum_of = |group: u32| &tallies.all[first_of[group as usize] as usize];
        (0..groups).for_each(|group| self.relations.count_group(sum_of(group).count.into()));
        let order = |&group: &u32| (Reverse(sum_of(group).characters), sum_of(group).key);
        let mut kept: Vec<u32> = (0..groups).collect();
        if kept.len() > wanted.groups {
            kept.select_nth_unstable_by_key(wanted.groups, order);
            kept.truncate(wanted.groups);
        }
        kept.sort_unstable_by_key(order);
        let mut rank_of = vec![u32::MAX; groups as usize];
        kept.iter().zip(0..).for_each(|(&group, rank)| rank_of[group as usize] = rank);
        group_of.iter_mut().for_each(|group| *group = rank_of[*group as usize]);
        let mut room: Vec<usize> = (0..kept.len()).map(Wanted::copies).collect();
        let mut documents: Vec<u32> = Vec::new();
        // of each group kept, the documents of its first copies, and the last one of them
        let mut met = vec![(0u64, u32::MAX); kept.len()];
        for (group, rank) in kept.iter().zip(0..) {
            met[rank as usize] = (1, sum_of(*group).key.document);
        }
        for &(number, document) in places {
            if let Some((count, last)) = met.get_mut(group_of[number as usize] as usize) {
                *count += u64::from(*last != document);
                *last = document;
            }
            if let Some(room) = room.get_mut(group_of[number as usize] as usize).filter(|room| **room > 0) {
                *room -= 1;
                documents.push(document);
            }
        }
        documents.dedup();
        let sum = |(&group, (documents, _)): (&u32, (u64, u32))| Sum::of(sum_of(group), documents);
        let groups = kept.iter().zip(met).map(sum).collect();
        Sums { tallies, ranks: group_of, groups, documents }
    }
}

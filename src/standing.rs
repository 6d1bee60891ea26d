//! What of each document stays, where more than copies of whole documents leaves: decided one document after
//! the other, in corpus order, by what stays of those before it.
//!
//! A document that is a copy of one that stays leaves; then one that lies, nearly all, in the text that stays
//! of one before it; then its paragraphs that are copies of paragraphs that stay; then its passages that stand
//! in text that stays. So each has an original that is in the output. Nothing looks behind the document at hand.

use crate::collapse::Keyed;
use crate::corpus::{Corpus, IS_EMPTY, IS_SHORT, Ranks, Units};
use crate::params::Remove;
use crate::passage::Candidates;
use crate::passage::repeated::Repeated;
use crate::passage::standing::Cuts;
use crate::passage::{Finder, Prepared};
use crate::reread::archived;
use crate::resolve::Resolver;
use crate::resolve::standing::{NONE, Standing};
use crate::unit::PerUnit;

/// The searches that have a say.
pub(crate) struct Searching<'a, 'b> {
    pub(crate) documents: &'a mut Resolver<'b>,
    pub(crate) paragraphs: &'a mut Resolver<'b>,
    pub(crate) finder: Option<(&'a mut Finder<'b>, &'a Repeated)>,
}

/// The decisions so far.
pub(crate) struct Decisions {
    remove: Remove,
    /// documents that leave, in order
    leaving: Vec<u32>,
    /// of these, the ones that are contained in another
    contained: Vec<u32>,
    /// for each row of documents, the first that was contained
    first_contained: crate::resolve::NumberMap<u32>,
}

/// What has been decided, for the tables.
pub(crate) struct Decided {
    decisions: Decisions,
    /// the first unit of each row that counts
    firsts: PerUnit<Vec<u32>>,
}

impl Decisions {
    /// None yet; the resolvers go one by one from now on.
    pub(crate) fn new(remove: Remove, resolvers: [&mut Resolver<'_>; 2]) -> Self {
        resolvers.into_iter().for_each(Resolver::one_by_one);
        let first_contained = Default::default();
        Decisions { remove, leaving: Vec::new(), contained: Vec::new(), first_contained }
    }

    /// Decides about the next document; `prepared` where it may hold passages.
    pub(crate) fn decide(
        &mut self,
        corpus: &Corpus,
        document: u32,
        prepared: Option<&Prepared<'_>>,
        searching: &mut Searching<'_, '_>,
    ) {
        if document < corpus.archived.documents() {
            self.repeat_decision(corpus, document, searching);
            return;
        }
        let Searching { documents, paragraphs, finder } = searching;
        let units = corpus.paragraphs(document);
        let mut finder = finder.as_mut().map(|(finder, _)| &mut **finder);
        let mut candidates: Option<Candidates> = None;
        let standing = documents.decide(document, || {
            let Some(finder) = finder.as_deref_mut().filter(|_| self.remove.contained) else { return false };
            let same = corpus.units.documents.first[document as usize];
            if let Some(&first) = self.first_contained.get(&same) {
                finder.repeat_contained(document, first);
                return true;
            }
            let Some(prepared) = prepared else { return false };
            let found = finder.look(prepared);
            let is_contained = finder.is_contained(prepared, &found);
            candidates = Some(found);
            if is_contained {
                self.first_contained.insert(same, document);
            }
            is_contained
        });
        if standing == Standing::Leaves {
            self.contained.push(document);
        }
        if standing == Standing::Leaves || (standing == Standing::Copy && self.remove.documents) {
            self.leaving.push(document);
            units.for_each(|unit| paragraphs.pass_over(unit));
            if let (Some(finder), Some(prepared)) = (finder, prepared) {
                finder.pass_over(prepared);
            }
            return;
        }
        let mut cut = Vec::new();
        let mut start = 0;
        for (number, unit) in units.enumerate() {
            let is_copy = paragraphs.decide(unit, || false) == Standing::Copy;
            if let Some(prepared) = prepared {
                let end = prepared.paragraph_ends[number];
                if is_copy && self.remove.paragraphs {
                    cut.push(start..end);
                }
                start = end;
            }
        }
        if let (Some(finder), Some(prepared)) = (finder, prepared) {
            let candidates = candidates.unwrap_or_else(|| finder.look(prepared));
            finder.settle(prepared, candidates, Cuts::new(cut));
        }
    }

    /// What was decided about a document of an index when it came.
    fn repeat_decision(&mut self, corpus: &Corpus, document: u32, searching: &mut Searching<'_, '_>) {
        let Searching { documents, paragraphs, finder } = searching;
        let units = corpus.paragraphs(document);
        if let Some(&contained) = corpus.archived.contained.get(&document) {
            self.first_contained.insert(document, document);
            self.contained.push(document);
            self.leaving.push(document);
            documents.pass_over(document);
            units.for_each(|unit| paragraphs.pass_over(unit));
            if let Some((finder, _)) = finder {
                finder.is_known_to_be_contained(contained);
            }
            return;
        }
        documents.decide(document, || false);
        units.for_each(|unit| _ = paragraphs.decide(unit, || false));
        if let Some((finder, repeated)) = finder {
            archived(corpus, (finder, repeated), document);
        }
    }

    /// When all documents have passed.
    pub(crate) fn finish(self, documents: &mut Resolver<'_>, paragraphs: &mut Resolver<'_>) -> Decided {
        let firsts = PerUnit { documents: documents.take_firsts(), paragraphs: paragraphs.take_firsts() };
        Decided { decisions: self, firsts }
    }
}

impl Decided {
    /// Makes the tables say which units are the first with their tokens among those that count.
    pub(crate) fn apply(self, corpus: &mut Corpus) {
        let Decided { decisions: Decisions { leaving, contained, .. }, firsts } = self;
        let PerUnit { documents, paragraphs } = firsts;
        let leaves = Ranks::new(leaving.iter().copied(), corpus.documents.len());
        if !contained.is_empty() {
            let contained = Ranks::new(contained.into_iter(), corpus.documents.len());
            let old = &corpus.units.documents;
            let first = |unit: u32| old.row(unit).map(|row| documents[row]).filter(|first| *first != NONE);
            // what was contained is found by its key until one with its tokens counts
            corpus
                .exact
                .documents
                .iter_mut()
                .for_each(|Keyed { unit, .. }| *unit = first(*unit).unwrap_or(*unit));
            let archived = corpus.archived.contained.keys();
            let replaced = archived.filter_map(|&document| Some((document, first(document)?)));
            corpus.archived.replaced = replaced.collect();
            let alone = |document: u32| contained.contains(document).then_some(document);
            let units = among(old, &documents, alone);
            if !corpus.seed_counts.is_empty() {
                let count = |unit: &u32| old.row(*unit).map_or(0, |row| corpus.seed_counts[row]);
                corpus.seed_counts = units.distinct.iter().map(count).collect();
            }
            corpus.units.documents = units;
        }
        let mut of_leaving = Ranks::default();
        if !leaving.is_empty() {
            let units = leaving.iter().flat_map(|&document| corpus.paragraphs(document));
            of_leaving = Ranks::new(units, corpus.units.paragraphs.first.len());
        }
        let old = &corpus.units.paragraphs;
        let counts = |unit: u32| of_leaving.contains(unit).then(|| old.first[unit as usize].max(IS_SHORT));
        corpus.exact.paragraphs.retain_mut(|Keyed { unit, .. }| {
            let first = old.row(*unit).map_or(NONE, |row| paragraphs[row]);
            *unit = first;
            first != NONE
        });
        corpus.units.paragraphs = among(old, &paragraphs, counts);
        corpus.leaving = leaves;
    }
}

/// The units anew: the first with the tokens of each is what `otherwise` says, or else the one in `firsts` for its row.
fn among(old: &Units, firsts: &[u32], otherwise: impl Fn(u32) -> Option<u32>) -> Units {
    let bands = if old.distinct.is_empty() { 0 } else { old.keys.len() / old.distinct.len() };
    let mut units = Units::default();
    for (unit, &before) in (0..).zip(&old.first) {
        let row = if before < IS_SHORT { old.row(before) } else { None };
        let first = otherwise(unit).unwrap_or_else(|| row.map_or(before, |row| firsts[row]));
        debug_assert!(first != NONE || first == IS_EMPTY);
        if let Some(row) = row.filter(|_| first == unit) {
            units.distinct.push(unit);
            units.tokens.push(old.tokens[row]);
            units.keys.extend_from_slice(&old.keys[row * bands..(row + 1) * bands]);
            units.sketches.extend(old.sketches.get(row));
        }
        units.first.push(first);
    }
    units.finished()
}

//! What a run brought to an index, beside the batches before it: whether tonight was a night like others.

mod groups;

use serde::Serialize;

use crate::document::Unit;
use crate::index::BatchUnits;
use crate::index::stats::BatchStats;
use crate::night::groups::Tally;
use crate::outcome::{Outcome, UnitSummary};
use crate::params::Units;
use crate::past::Past;

pub use groups::{GROUPS, Group, GroupCounts, Groups, SOURCES, SourceOfNight};

/// The most batches that are told of.
pub const BATCHES: usize = 7;

/// A run against an index. But for `again` the same when the batch is run again: what came after it is not looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Night {
    /// where the index has these records as a batch already, so that the run adds nothing to it; else `None`
    pub again: Option<Again>,
    /// batches that the index had before
    pub batches: u64,
    /// documents that it had numbered before, forgotten ones included
    pub documents: u64,
    /// what was looked for
    #[serde(skip)]
    pub units: Units,
    /// copies whose original is in the index
    pub copies_of_index: Repeats,
    /// all copies of the run
    pub copies: Repeats,
    /// the first [`SOURCES`] sources of the run, in corpus order
    pub sources: Vec<SourceOfNight>,
    /// how many it has
    #[serde(skip)]
    pub source_count: u64,
    /// originals to which the run brought copies
    pub groups: Groups,
    /// the run itself
    pub batch: BatchStats,
    /// the last [`BATCHES`] batches before it, the latest first
    pub batches_before: Vec<BatchStats>,
}

/// A batch that is run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Again {
    /// which one of the index, counted from 1
    pub batch: u64,
    /// of its documents, forgotten since: they stay so
    pub forgotten: u64,
}

/// What repeats something, by unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// documents
    pub documents: u64,
    /// paragraphs
    pub paragraphs: u64,
    /// passages
    pub passages: u64,
}

impl Repeats {
    fn and(self, other: Repeats) -> Repeats {
        Repeats {
            documents: self.documents + other.documents,
            paragraphs: self.paragraphs + other.paragraphs,
            passages: self.passages + other.passages,
        }
    }
}

impl Night {
    /// Of a run that was made for this index.
    pub(crate) fn new(outcome: &Outcome, past: &Past) -> Self {
        let (index, is_batch) = (past.index().map(|index| &**index), past.is_batch());
        let batches = index.map_or(&[][..], |index| index.batches());
        let known = batches.iter().position(|batch| is_batch && outcome.identity().is_of(batch));
        let before = &batches[..known.unwrap_or(batches.len())];
        let again = known
            .zip(index)
            .map(|(at, index)| Again { batch: at as u64 + 1, forgotten: index.forgotten_of(&batches[at]) });
        let last = index
            .into_iter()
            .flat_map(|index| (0..before.len()).rev().take(BATCHES).map(move |at| index.batch_stats(at)));
        let summary = outcome.summary();
        let tally = Tally::of(outcome);
        Night {
            again,
            batches: before.len() as u64,
            documents: before.last().map_or(0, |batch| u64::from(batch.end_document)),
            units: summary.parameters.units,
            copies_of_index: tally.of_index,
            copies: tally.all,
            sources: tally.sources(outcome),
            source_count: outcome.own_source_count() as u64,
            groups: tally.groups(outcome),
            batch: BatchStats {
                number: before.len() as u64 + 1,
                first_source: outcome.own_sources().first().map(|source| source.name.clone()),
                sources: outcome.own_sources().len() as u64,
                digest: format!(
                    "{:032x}",
                    known.map_or(outcome.identity().digest, |known| batches[known].digest)
                ),
                documents: summary.input.documents,
                of_documents: units(&summary.documents),
                of_paragraphs: units(&summary.paragraphs),
                passages: summary.passages.count,
                text_bytes: summary.input.bytes,
            },
            batches_before: last.collect(),
        }
    }

    /// The units that are looked for: how many copies have their original in the index, and how many there are.
    pub(crate) fn of_each_unit(&self) -> impl Iterator<Item = (Unit, [u64; 2])> {
        let (of, all, units) = (self.copies_of_index, self.copies, self.units);
        let told = [
            (units.documents, Unit::Document, [of.documents, all.documents]),
            (units.paragraphs, Unit::Paragraph, [of.paragraphs, all.paragraphs]),
            (units.passages, Unit::Passage, [of.passages, all.passages]),
        ];
        told.into_iter().filter(|(is_looked_for, ..)| *is_looked_for).map(|(_, unit, counts)| (unit, counts))
    }
}

/// The numbers of a run as an index keeps them.
pub(crate) fn units(of: &UnitSummary) -> BatchUnits {
    BatchUnits {
        originals: of.originals,
        exact_copies: of.exact_copies,
        near_copies: of.near_copies,
        contained_copies: of.contained_copies,
    }
}

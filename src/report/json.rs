//! The JSON summary: the numbers of a run, how many groups of repeats there are, how much
//! of each source stood before, and what was skipped. One
//! object, for scripts; the matches themselves are in [`crate::report::matches`].

use serde::Serialize;

use crate::document::SkipReason;
use crate::outcome::{CharacterSummary, Outcome, Summary};
use crate::report::facts::Facts;

/// The most skipped records that are listed; the numbers by reason count all of them.
pub const SKIPS: usize = 1_000;

/// The most sources that are listed.
pub const SOURCES: usize = 1_000;

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// all numbers of the run
    #[serde(flatten)]
    pub summary: &'a Summary,
    /// originals with at least one copy
    pub groups: u64,
    /// the first [`SOURCES`] sources, in corpus order, with how much of each stood before
    pub sources: Vec<Source<'a>>,
    /// the first [`SKIPS`] records and files that were not used, in corpus order
    pub skips: Vec<Skipped<'a>>,
}

/// A file that was read.
#[derive(Debug, Serialize)]
pub struct Source<'a> {
    /// as reports name it
    pub name: &'a str,
    /// its documents
    pub documents: u64,
    /// of these
    pub characters: CharacterSummary,
}

/// A record or a file that was not used.
#[derive(Debug, Serialize)]
pub struct Skipped<'a> {
    /// the file
    pub source: &'a str,
    /// the record's number in it, from 0; `null` where the file itself is the trouble
    pub record: Option<u64>,
    /// how many records from that one on; 0 where the file itself is the trouble
    pub records: u64,
    /// its line, from 1; `null` where the file has no lines
    pub line: Option<u64>,
    /// why
    pub reason: SkipReason,
    /// what exactly was found
    pub detail: &'a str,
}

/// The JSON summary of a run.
pub fn report<'a>(outcome: &'a Outcome, facts: &Facts) -> Report<'a> {
    let skips = outcome.skips().iter().take(SKIPS).map(|skip| Skipped {
        source: &outcome.sources()[skip.source as usize].name,
        record: skip.record,
        records: skip.records,
        line: skip.line,
        reason: skip.reason,
        detail: &skip.detail,
    });
    let sources =
        outcome.sources().iter().zip(&facts.shares.sources).take(SOURCES).map(|(source, share)| Source {
            name: &source.name,
            documents: share.documents,
            characters: CharacterSummary { read: share.characters, copied: share.copied },
        });
    Report {
        summary: outcome.summary(),
        groups: facts.group_count,
        sources: sources.collect(),
        skips: skips.collect(),
    }
}

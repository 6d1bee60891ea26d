//! The JSON summary: the numbers of a run, how many groups of repeats there are, and what was skipped. One
//! object, for scripts; the matches themselves are in [`crate::report::matches`].

use serde::Serialize;

use crate::document::SkipReason;
use crate::outcome::{Outcome, Summary};
use crate::report::facts::Facts;

/// The most skipped records that are listed; the numbers by reason count all of them.
pub const SKIPS: usize = 1_000;

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// all numbers of the run
    #[serde(flatten)]
    pub summary: &'a Summary,
    /// originals with at least one copy
    pub groups: u64,
    /// the first [`SKIPS`] records and files that were not used, in corpus order
    pub skips: Vec<Skipped<'a>>,
}

/// A record or a file that was not used.
#[derive(Debug, Serialize)]
pub struct Skipped<'a> {
    /// the file
    pub source: &'a str,
    /// the record's number in it, from 0; `null` where the file itself is the trouble
    pub record: Option<u64>,
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
        line: skip.line,
        reason: skip.reason,
        detail: &skip.detail,
    });
    Report { summary: outcome.summary(), groups: facts.group_count, skips: skips.collect() }
}

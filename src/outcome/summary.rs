//! The numbers of a run, as they are serialised.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::band::Plan;
use crate::certify::Certificate;
use crate::night::Night;
use crate::params::Params;

/// The numbers of a run; serialised as the JSON summary.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// all parameters
    pub parameters: Params,
    /// names this set of parameters, in hexadecimal
    pub parameters_digest: String,
    /// what was read
    pub input: InputSummary,
    /// what became of the documents
    pub documents: UnitSummary,
    /// what became of the paragraphs
    pub paragraphs: UnitSummary,
    /// stretches that repeat another
    pub passages: PassageSummary,
    /// of all texts
    pub characters: CharacterSummary,
    /// pairs that shared a bucket
    pub candidates: u64,
    /// pairs looked at: compared exactly, or ruled out by a digest of their sets
    pub verified: u64,
    /// pairs that the cap on comparisons left out, and places and candidates of passages that were passed over
    pub capped: u64,
    /// bands and rows
    pub plan: Plan,
    /// similarity and the probability that a pair of that similarity becomes a candidate
    pub recall_curve: Vec<(f64, f64)>,
    /// measured recall; `null` unless it was asked for
    pub certificate: Option<Certificate>,
    /// the run beside the batches of an index; told where the run had a [`crate::past::Past`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Night>,
    /// wall-clock seconds by stage
    pub seconds: Seconds,
    /// the most memory that the process held, where the system tells
    pub peak_memory_bytes: Option<u64>,
}

/// What was read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InputSummary {
    /// files read
    pub files: u64,
    /// files in given folders that no format fits
    pub ignored_files: u64,
    /// records, good and bad
    pub records: u64,
    /// good ones
    pub documents: u64,
    /// paragraphs of these
    pub paragraphs: u64,
    /// their text in bytes of UTF-8
    pub bytes: u64,
    /// records and files that were not used, by reason
    pub skipped: BTreeMap<&'static str, u64>,
    /// records in which escapes of lone surrogates became U+FFFD
    pub lone_surrogates: u64,
}

/// What became of the units of one kind: the fields add up to all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitSummary {
    /// match no earlier original
    pub originals: u64,
    /// equal to an original, to the token
    pub exact_copies: u64,
    /// similar to an original
    pub near_copies: u64,
    /// nearly all of their tokens stand in passages from one earlier document
    pub contained_copies: u64,
    /// paragraphs with fewer tokens than are compared
    pub short: u64,
    /// without a token
    pub empty: u64,
    /// not asked for by `--units`
    pub not_compared: u64,
    /// paragraphs of documents that leave; told only where paragraphs, passages or contained documents do, too
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_leaving: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl UnitSummary {
    /// Exact, near and contained copies.
    pub fn copies(&self) -> u64 {
        self.exact_copies + self.near_copies + self.contained_copies
    }

    /// What became of them, by name: each in one of these.
    pub fn parts(&self) -> [(&'static str, u64); 8] {
        [
            ("original", self.originals),
            ("exact_copy", self.exact_copies),
            ("near_copy", self.near_copies),
            ("contained_copy", self.contained_copies),
            ("short", self.short),
            ("empty", self.empty),
            ("not_compared", self.not_compared),
            ("in_leaving", self.in_leaving),
        ]
    }

    pub(crate) fn total(&self) -> u64 {
        self.parts().iter().map(|(_, count)| count).sum()
    }
}

/// How much of the text stood before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CharacterSummary {
    /// Unicode scalar values of all texts
    pub read: u64,
    /// of these, in copied documents, copied paragraphs and passages; each once
    pub copied: u64,
}

/// What was found of passages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PassageSummary {
    /// how many
    pub count: u64,
    /// of these, the same to the token
    pub exact: u64,
    /// characters of the later texts in them
    pub characters: u64,
    /// by tokens of the later text: fewer than 50, 100, 200, 500, 1000, and the rest
    pub by_tokens: [u64; 6],
}

/// Wall-clock seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Seconds {
    /// the first pass
    pub reading: f64,
    /// finding who shares a bucket
    pub linking: f64,
    /// the second pass
    pub verifying: f64,
    /// finding the passages' places in their texts
    pub locating: f64,
    /// putting parts of the corpus where those behind find them
    pub spilling: f64,
    /// measuring recall
    pub certifying: f64,
}

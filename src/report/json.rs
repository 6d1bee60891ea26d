//! The JSON summary: the numbers of a run, how many groups of repeats there are, how much of each source stood before,
//! and what was skipped. One object, for scripts; the matches themselves are in [`crate::report::matches`].

use serde::Serialize;
use serde_json::value::RawValue;

use crate::document::SkipReason;
use crate::match_line::rounded;
use crate::outcome::{CharacterSummary, Outcome, SourceField, Summary};
use crate::report::facts::{Boilerplate, Dates, Facts, Relations, Templates};
use crate::what_if::WhatIf;

/// The most skipped records that are listed; the numbers by reason count all of them.
pub const SKIPS: usize = crate::skips::LISTED;

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
    /// texts that stand in many documents
    pub boilerplate: Boilerplate,
    /// texts that are alike but for numbers and names, among the groups that repeat the most
    pub templates: Templates,
    /// who repeats whom
    pub relations: Related<'a>,
    /// who came first; `null` unless a field of dates is named
    pub dates: Option<Dated<'a>>,
    /// what other thresholds would have told; `null` without a floor
    pub what_if: Option<&'a WhatIf>,
    /// the documents that are no copies but hold the most copied text, with how much
    pub copied_documents: Vec<Copied<'a>>,
    /// the field that names the sources, where one does, and how many there are
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_field: Option<&'a SourceField>,
    /// the first [`SOURCES`] sources, in corpus order, with how much of each stood before
    pub sources: Vec<Source<'a>>,
    /// the first [`SKIPS`] records and files that were not used, in corpus order
    pub skips: Vec<Skipped<'a>>,
}

/// A file that was read, or a source that a field names.
#[derive(Debug, Serialize)]
pub struct Source<'a> {
    /// as reports name it
    pub name: &'a str,
    /// its documents
    pub documents: u64,
    /// of these
    pub characters: CharacterSummary,
}

/// A document, as the file of matches names it.
#[derive(Debug, Serialize)]
pub struct Named<'a> {
    /// its id, or `null`
    pub id: Option<Box<RawValue>>,
    /// its file
    pub source: &'a str,
    /// its number there, from 0
    pub record: u32,
    /// its source, where a field names it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'a str>,
}

/// A document and how much of it stood before.
#[derive(Debug, Serialize)]
pub struct Copied<'a> {
    /// which one
    #[serde(flatten)]
    pub document: Named<'a>,
    /// of it
    pub characters: CharacterSummary,
    /// copied pieces
    pub pieces: u64,
}

/// Who repeats whom; see [`crate::report::facts::Relations`].
#[derive(Debug, Serialize)]
pub struct Related<'a> {
    /// sources, those with the most characters first
    pub sources: Vec<RelatedSources<'a>>,
    /// how many pairs of sources there are
    pub source_pairs: u64,
    /// documents, those with the most characters first
    pub documents: Vec<RelatedDocuments<'a>>,
    /// how many pairs of documents there are
    pub document_pairs: u64,
    /// near copies by similarity, in steps of 0.05 from 0
    pub similarities: [u64; 20],
    /// groups by their copies: 1, 2, 3-4, 5-8 and so on, the last one open
    pub group_sizes: [u64; 12],
    /// documents by the copied share: none, up to 10 %, ... less than all, all
    pub document_shares: [u64; 12],
}

/// What one source repeats of another.
#[derive(Debug, Serialize)]
pub struct RelatedSources<'a> {
    /// the later one
    pub copy: &'a str,
    /// the earlier one
    pub original: &'a str,
    /// copies
    pub repeats: u64,
    /// their characters
    pub characters: u64,
}

/// What one document repeats of another.
#[derive(Debug, Serialize)]
pub struct RelatedDocuments<'a> {
    /// the later one
    pub copy: Named<'a>,
    /// the earlier one
    pub original: Named<'a>,
    /// characters of the copy in question
    pub characters: u64,
    /// how much of the copy is in the original
    pub copy_share: f64,
    /// how much of the original is in the copy
    pub original_share: f64,
}

/// Who came first; see [`crate::report::facts::Dates`].
#[derive(Debug, Serialize)]
pub struct Dated<'a> {
    /// the numbers
    #[serde(flatten)]
    pub dates: &'a Dates,
    /// pairs of sources, those with the most copies first
    pub pairs: Vec<DatedSources<'a>>,
}

/// Which of two sources came first, how often, and by how much.
#[derive(Debug, Serialize)]
pub struct DatedSources<'a> {
    /// both
    pub sources: [&'a str; 2],
    /// how often either was first
    pub first: [u64; 2],
    /// the median of the seconds to the other, where it was
    pub median_seconds: [Option<u64>; 2],
    /// how often both have the same date
    pub same: u64,
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
pub fn report<'a>(outcome: &'a Outcome, facts: &'a Facts) -> Report<'a> {
    let skips = outcome.skips().iter().take(SKIPS).map(|skip| Skipped {
        source: &outcome.sources()[skip.source as usize].name,
        record: skip.record,
        records: skip.records,
        line: skip.line,
        reason: skip.reason,
        detail: &skip.detail,
    });
    let own = 0..outcome.own_source_count().min(SOURCES) as u32;
    let sources = own.zip(&facts.shares.sources).map(|(source, share)| Source {
        name: outcome.source_name(source),
        documents: share.documents,
        characters: CharacterSummary { read: share.characters, copied: share.copied },
    });
    let copied = facts.shares.partly.iter().map(|share| Copied {
        document: named(outcome, share.document),
        characters: CharacterSummary { read: share.characters, copied: share.copied },
        pieces: share.piece_count,
    });
    Report {
        boilerplate: facts.boilerplate,
        templates: facts.templates,
        relations: related(outcome, &facts.relations),
        dates: facts.dates.as_ref().map(|dates| dated(outcome, dates)),
        what_if: facts.what_if.as_ref(),
        copied_documents: copied.collect(),
        summary: outcome.summary(),
        groups: facts.group_count,
        source_field: outcome.source_field(),
        sources: sources.collect(),
        skips: skips.collect(),
    }
}

fn related<'a>(outcome: &'a Outcome, relations: &'a Relations) -> Related<'a> {
    let sources = relations.sources.iter().map(|pair| RelatedSources {
        copy: outcome.source_name(pair.copy),
        original: outcome.source_name(pair.original),
        repeats: pair.repeats,
        characters: pair.characters,
    });
    let documents = relations.documents.iter().map(|pair| RelatedDocuments {
        copy: named(outcome, pair.copy),
        original: named(outcome, pair.original),
        characters: pair.characters,
        copy_share: rounded(pair.shares[0]),
        original_share: rounded(pair.shares[1]),
    });
    Related {
        sources: sources.collect(),
        source_pairs: relations.source_pairs,
        documents: documents.collect(),
        document_pairs: relations.document_pairs,
        similarities: relations.similarities,
        group_sizes: relations.group_sizes,
        document_shares: relations.document_shares,
    }
}

fn dated<'a>(outcome: &'a Outcome, dates: &'a Dates) -> Dated<'a> {
    let pairs = dates.pairs.iter().map(|pair| DatedSources {
        sources: pair.sources.map(|source| outcome.source_name(source)),
        first: pair.first,
        median_seconds: pair.median_seconds,
        same: pair.same,
    });
    Dated { dates, pairs: pairs.collect() }
}

fn named(outcome: &Outcome, document: u32) -> Named<'_> {
    let (source, record) = outcome.record(document);
    let id = outcome.id(document).and_then(|id| RawValue::from_string(id.into_owned()).ok());
    let file = &outcome.sources()[source as usize];
    Named { id, source: &file.name, record, from: outcome.named_source(document) }
}

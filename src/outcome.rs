//! What a run found, as plain data: every report and every test reads it from here.
//!
//! Exact copies are not listed anywhere: a unit that is neither its own first nor a near copy *is* one. So
//! ten million equal lines cost their numbers and nothing else, and [`Outcome::matches`] tells them as it
//! goes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::band::Plan;
use crate::corpus::{Corpus, Document, IS_EMPTY, IS_SHORT, Units};
use crate::document::{Format, Kind, Match, Place, Skip, SkipReason, Source, Span, Unit};
use crate::error::Result;
use crate::params::Params;
use crate::pipeline::Resolved;
use crate::read::sources::Sources;
use crate::resolve::{Cost, Near};

/// A finished run.
pub struct Outcome {
    corpus: Corpus,
    /// near copies by unit: documents, paragraphs
    near: [Vec<Near>; 2],
    skips: Vec<Skip>,
    ignored: Vec<String>,
    summary: Summary,
}

/// The numbers of a run; serialised as the JSON summary.
#[derive(Debug, Clone, Serialize)]
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
    /// of all texts
    pub characters: CharacterSummary,
    /// pairs that shared a bucket
    pub candidates: u64,
    /// pairs compared exactly
    pub verified: u64,
    /// pairs that the cap on comparisons left out
    pub capped: u64,
    /// bands and rows
    pub plan: Plan,
    /// similarity and the probability that a pair of that similarity becomes a candidate
    pub recall_curve: Vec<(f64, f64)>,
    /// measured recall; `null` unless it was asked for
    pub certificate: Option<()>,
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
    /// escapes of lone surrogates that became U+FFFD
    pub lone_surrogates: u64,
}

/// What became of the units of one kind: the fields add up to all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UnitSummary {
    /// match no earlier original
    pub originals: u64,
    /// equal to an original, to the token
    pub exact_copies: u64,
    /// similar to an original
    pub near_copies: u64,
    /// paragraphs with fewer tokens than are compared
    pub short: u64,
    /// without a token
    pub empty: u64,
    /// not asked for by `--units`
    pub not_compared: u64,
}

impl UnitSummary {
    /// Exact and near copies.
    pub fn copies(&self) -> u64 {
        self.exact_copies + self.near_copies
    }

    fn total(&self) -> u64 {
        self.originals + self.copies() + self.short + self.empty + self.not_compared
    }
}

/// How much of the text stood before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CharacterSummary {
    /// Unicode scalar values of all texts
    pub read: u64,
    /// of these, in copied documents and in copied paragraphs of other documents
    pub copied: u64,
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
}

/// What became of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// it matches no earlier original
    Original,
    /// it is a copy
    Copy,
    /// it has too few tokens to be compared
    Short,
    /// it has no token
    Empty,
}

impl Outcome {
    pub(crate) fn new(
        corpus: Corpus,
        sources: Sources,
        params: &Params,
        resolved: Resolved,
        (plan, seconds): (Plan, Seconds),
    ) -> Self {
        let [(documents, document_cost), (paragraphs, paragraph_cost)] = resolved;
        let mut skips = sources.skips;
        skips.extend(corpus.skips.iter().cloned());
        skips.sort_by_key(|skip| (skip.source, skip.record, skip.line));
        let total = |of: fn(&Cost) -> u64| of(&document_cost) + of(&paragraph_cost);
        let summary = Summary {
            parameters: params.clone(),
            parameters_digest: format!("{:016x}", params.digest()),
            input: InputSummary::default(),
            documents: UnitSummary::default(),
            paragraphs: UnitSummary::default(),
            characters: CharacterSummary { read: corpus.counts.text_characters, copied: 0 },
            candidates: total(|cost| cost.candidates),
            verified: total(|cost| cost.verified),
            capped: total(|cost| cost.capped),
            plan,
            recall_curve: plan.curve(),
            certificate: None,
            seconds,
            peak_memory_bytes: peak_memory(),
        };
        let mut outcome =
            Outcome { corpus, near: [documents, paragraphs], skips, ignored: sources.ignored, summary };
        outcome.count();
        outcome
    }

    /// Fills in the sums, and holds law 4 against them.
    fn count(&mut self) {
        let counts = &self.corpus.counts;
        let mut skipped = BTreeMap::new();
        for skip in &self.skips {
            *skipped.entry(skip.reason.name()).or_default() += 1;
        }
        let skipped_records = self.skips.iter().filter(|skip| skip.record.is_some()).count() as u64;
        let input = InputSummary {
            files: self.corpus.texts.sources().len() as u64,
            ignored_files: self.ignored.len() as u64,
            records: counts.records.iter().sum(),
            documents: self.corpus.documents.len() as u64,
            paragraphs: counts.paragraphs,
            bytes: counts.text_bytes,
            skipped,
            lone_surrogates: counts.lone_surrogates,
        };
        let compared = self.summary.parameters.units;
        let documents = count_units(&self.corpus.document_units, &self.near[0], compared.documents);
        let paragraphs = count_units(&self.corpus.paragraph_units, &self.near[1], compared.paragraphs);
        assert_eq!(input.records, input.documents + skipped_records, "records read = documents + skipped");
        assert_eq!(
            documents.total(),
            input.documents,
            "every document is an original, a copy or accounted for"
        );
        assert_eq!(
            paragraphs.total(),
            input.paragraphs,
            "every paragraph is an original, a copy or accounted for"
        );
        let copied = self.copied_characters();
        self.summary.input = input;
        self.summary.documents = documents;
        self.summary.paragraphs = paragraphs;
        self.summary.characters.copied = copied;
    }

    fn copied_characters(&self) -> u64 {
        let mut copied = 0;
        let mut cursors = [Cursor::new(&self.near[0]), Cursor::new(&self.near[1])];
        for document in 0..self.corpus.documents.len() as u32 {
            let whole = is_copy(&self.corpus.document_units, &mut cursors[0], document);
            if whole {
                copied += u64::from(self.corpus.documents[document as usize].characters);
            }
            let paragraphs = self.corpus.paragraphs(document);
            for (paragraph, place) in paragraphs.zip(self.corpus.places(document)) {
                let copy = is_copy(&self.corpus.paragraph_units, &mut cursors[1], paragraph);
                copied += if copy && !whole { place.chars.end - place.chars.start } else { 0 };
            }
        }
        copied
    }

    /// The numbers.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Records and files that were not used, in corpus order.
    pub fn skips(&self) -> &[Skip] {
        &self.skips
    }

    /// Files in given folders that no format fits.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The files read, in corpus order.
    pub fn sources(&self) -> &[Source] {
        self.corpus.texts.sources()
    }

    /// How many documents there are; their numbers go from 0.
    pub fn documents(&self) -> u32 {
        self.corpus.documents.len() as u32
    }

    /// How many paragraphs a document has.
    pub fn paragraphs(&self, document: u32) -> u32 {
        self.corpus.paragraphs(document).len() as u32
    }

    /// A document's source, as an index into [`Outcome::sources`], and its record number there, from 0.
    pub fn record(&self, document: u32) -> (u32, u32) {
        let locator = &self.document(document).locator;
        (locator.source, locator.record)
    }

    /// A document's id as JSON (a string, a number, `true` or `false`); `None` where its record has none.
    pub fn id(&self, document: u32) -> Option<&str> {
        self.corpus.id(document)
    }

    /// Where a unit stands in its document's text.
    pub fn span(&self, place: Place) -> Span {
        let document = self.document(place.document);
        match place.paragraph {
            None => Span {
                bytes: 0..u64::from(document.locator.text_length),
                chars: 0..u64::from(document.characters),
            },
            Some(paragraph) => self.corpus.places(place.document).nth(paragraph as usize).unwrap_or_default(),
        }
    }

    /// Where each paragraph of a document stands, in order: one step for each, where [`Outcome::span`] walks
    /// from the first.
    pub fn spans(&self, document: u32) -> impl Iterator<Item = Span> + '_ {
        self.corpus.places(document)
    }

    /// Reads a document's text again.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] where it can't be read, [`crate::error::Error::Changed`] where it is not
    /// what it was.
    pub fn text(&self, document: u32) -> Result<String> {
        self.corpus.text(document)
    }

    /// What became of a unit.
    pub fn fate(&self, place: Place) -> Fate {
        let (units, near, unit) = self.unit(place);
        match units.first[unit as usize] {
            IS_EMPTY => Fate::Empty,
            IS_SHORT => Fate::Short,
            first if first != unit => Fate::Copy,
            _ if near.binary_search_by_key(&unit, |near| near.unit).is_ok() => Fate::Copy,
            _ => Fate::Original,
        }
    }

    /// The match of which a unit is the copy.
    pub fn match_of(&self, place: Place) -> Option<Match> {
        let (units, near, unit) = self.unit(place);
        let found = near.binary_search_by_key(&unit, |near| near.unit).ok().map(|i| near[i]);
        self.copy(units, place, unit, found)
    }

    /// All matches, by the copy's place in the corpus: a document before its paragraphs.
    pub fn matches(&self) -> impl Iterator<Item = Match> + '_ {
        let mut cursors = [Cursor::new(&self.near[0]), Cursor::new(&self.near[1])];
        (0..self.documents()).flat_map(move |document| {
            let place = Place { document, paragraph: None };
            let found = cursors[0].take(document);
            let own = self.copy(&self.corpus.document_units, place, document, found);
            let range = self.corpus.paragraphs(document);
            let mut paragraphs = Vec::new();
            for (number, unit) in range.enumerate() {
                let found = cursors[1].take(unit);
                let place = Place { document, paragraph: Some(number as u32) };
                paragraphs.extend(self.copy(&self.corpus.paragraph_units, place, unit, found));
            }
            own.into_iter().chain(paragraphs)
        })
    }

    fn document(&self, document: u32) -> &Document {
        &self.corpus.documents[document as usize]
    }

    fn unit(&self, place: Place) -> (&Units, &[Near], u32) {
        match place.paragraph {
            None => (&self.corpus.document_units, &self.near[0], place.document),
            Some(paragraph) => {
                let unit = self.document(place.document).first_paragraph + paragraph;
                (&self.corpus.paragraph_units, &self.near[1], unit)
            }
        }
    }

    /// The match of a unit that is a copy: a near one where `near` says so, else an exact one.
    fn copy(&self, units: &Units, copy: Place, unit: u32, near: Option<Near>) -> Option<Match> {
        let first = units.first[unit as usize];
        if near.is_none() && (first == unit || first >= IS_SHORT) {
            return None;
        }
        let original = near.map_or(first, |near| near.original);
        let tokens = |unit: u32| units.row(unit).map_or(0, |row| units.tokens[row]);
        let place = |unit: u32| match copy.paragraph {
            None => Place { document: unit, paragraph: None },
            Some(_) => {
                let document = self.corpus.document_of(unit);
                let paragraph = unit - self.document(document).first_paragraph;
                Place { document, paragraph: Some(paragraph) }
            }
        };
        Some(Match {
            unit: if copy.paragraph.is_none() { Unit::Document } else { Unit::Paragraph },
            kind: if near.is_none() { Kind::Exact } else { Kind::Near },
            jaccard: near.map_or(1.0, |near| near.overlap.jaccard()),
            containment: near.map_or(1.0, |near| near.overlap.containment()),
            tokens: [tokens(first), tokens(original)],
            copy,
            original: place(original),
        })
    }
}

/// Goes through near copies beside the units.
struct Cursor<'a>(&'a [Near]);

impl<'a> Cursor<'a> {
    fn new(near: &'a [Near]) -> Self {
        Cursor(near)
    }

    /// The near copy that is this unit, if the next one is.
    fn take(&mut self, unit: u32) -> Option<Near> {
        let (next, rest) = self.0.split_first()?;
        (next.unit == unit).then(|| {
            self.0 = rest;
            *next
        })
    }
}

fn is_copy(units: &Units, near: &mut Cursor<'_>, unit: u32) -> bool {
    let first = units.first[unit as usize];
    near.take(unit).is_some() || (first != unit && first < IS_SHORT)
}

fn count_units(units: &Units, near: &[Near], compared: bool) -> UnitSummary {
    let mut summary = UnitSummary::default();
    let mut near = Cursor::new(near);
    for (unit, &first) in units.first.iter().enumerate() {
        let unit = unit as u32;
        match first {
            IS_EMPTY => summary.empty += 1,
            IS_SHORT if compared => summary.short += 1,
            IS_SHORT => summary.not_compared += 1,
            _ if near.take(unit).is_some() => summary.near_copies += 1,
            _ if first == unit => summary.originals += 1,
            _ => summary.exact_copies += 1,
        }
    }
    summary
}

/// The process's peak resident memory in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

impl Outcome {
    /// How a source's records are counted: lines have numbers, texts have none.
    pub fn has_lines(&self, source: u32) -> bool {
        self.sources()[source as usize].format == Format::JsonLines
    }

    /// How many records were skipped for each reason, in the order of [`SkipReason::ALL`].
    pub fn skipped(&self) -> impl Iterator<Item = (SkipReason, u64)> + '_ {
        SkipReason::ALL.into_iter().filter_map(|reason| {
            let count = *self.summary.input.skipped.get(reason.name())?;
            Some((reason, count))
        })
    }
}

//! What a run found, as plain data: every report and every test reads it from here.
//!
//! Exact copies are not listed anywhere: a unit that is neither its own first nor a near copy *is* one. So
//! ten million equal lines cost their numbers and nothing else, and [`Outcome::matches`] tells them as it
//! goes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::band::Plan;
use crate::corpus::{Corpus, Document, IS_EMPTY, IS_SHORT, Places, Units};
use crate::document::{Format, Kind, Match, Place, Source, Span, Unit, told_id};
use crate::error::Result;
use crate::index::{Identity, Index};
use crate::locate::{Part, Sought, Stretch, locate};
use crate::night::Night;
use crate::params::Params;
use crate::passage::places::Window;
use crate::passage::{Contained, Found};
use crate::pipeline::{Searched, Surroundings};
use crate::read::sources::Sources;
use crate::resolve::{Cost, Near};
use crate::skips::Skips;
use crate::verify::Overlap;

mod certified;
mod column;
mod floor;
mod held;
mod leaving;
mod near;
mod passages;
mod recurring;
mod skipped;
mod summary;
pub(crate) mod whole;

use near::NearCopies;
use passages::{LocatedPassage, Passages};

pub(crate) use floor::{Floor, KeptMatch};
pub(crate) use recurring::Recurring;
pub use summary::{CharacterSummary, InputSummary, PassageSummary, Seconds, Summary, UnitSummary};

/// A finished run.
pub struct Outcome {
    corpus: Corpus,
    /// near copies: documents, paragraphs
    near: [NearCopies; 2],
    located: Located,
    skips: Skips,
    ignored: Vec<String>,
    summary: Summary,
    /// what an index needs of the search for passages
    found: Covered,
    /// what is kept beside, where that is asked for
    pub(crate) floor: Option<Floor>,
    /// the keys of all documents, of a run in parts that is kept: an index of temporary files
    spilled: Option<Arc<Index>>,
    /// where what a report adds up waits; only where memory is bounded
    spill: Option<PathBuf>,
}

/// A contained unit, and the stretch that it repeats.
type LocatedContained = (Contained, Stretch);

/// Which tokens are no original text, and which windows are new, see [`Found`].
#[derive(Default)]
pub(crate) struct Covered {
    pub(crate) runs: Vec<(u32, Range<u32>)>,
    pub(crate) windows: Vec<Window>,
    pub(crate) whole: Vec<(u32, u32, u32)>,
}

/// Passages and contained units with the places of both sides.
#[derive(Default)]
pub(crate) struct Located {
    passages: Passages,
    contained: Vec<(Contained, Stretch)>,
    capped: u64,
    found: Covered,
}

impl Located {
    /// Finds the tokens of all passages in their texts.
    pub(crate) fn new(corpus: &Corpus, params: &Params, mut found: Found) -> Result<Self> {
        // what left before is told of no more
        found.contained.retain(|contained| contained.copy >= corpus.archived.documents());
        let mut sought = Vec::with_capacity(found.passages.len() + found.contained.len());
        for passage in &found.passages {
            sought.push(Sought { document: passage.original, part: passage.original_part });
            if passage.copy_stretch.is_none() {
                sought.push(Sought { document: passage.copy, part: Part::Whole });
            }
        }
        for contained in &found.contained {
            sought.push(Sought { document: contained.original, part: Part::Bytes(contained.original_bytes) });
        }
        let mut stretches = locate(corpus, params, &sought)?.into_iter();
        let mut next = || stretches.next().unwrap_or_default();
        let passages = found.passages.into_iter().map(|passage| {
            let original = next();
            LocatedPassage::new(&passage, [passage.copy_stretch.unwrap_or_else(&mut next), original])
        });
        let passages = passages.collect();
        let contained = found.contained.into_iter().map(|contained| (contained, next())).collect();
        let covered = Covered { runs: found.covered, windows: found.windows, whole: found.whole };
        Ok(Located { passages, contained, capped: found.capped, found: covered })
    }
}

/// What became of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// it matches no earlier original
    Original,
    /// it is a copy
    Copy,
    /// it matches no earlier original, but nearly all of it stands in passages from one earlier document
    Contained,
    /// it has too few tokens to be compared
    Short,
    /// its kind is not asked for by `--units`
    NotCompared,
    /// it has no token
    Empty,
    /// it is a paragraph of a document that leaves, and so neither original nor copy; only where paragraphs or
    /// passages leave, too
    InLeaving,
}

impl Outcome {
    /// What was found in the whole corpus.
    pub(crate) fn new(found: Searched, sources: Sources, how: (&Params, Plan)) -> Self {
        let mut outcome = Outcome::of_part(found, how);
        outcome.skips = sources.skips.into_iter().collect();
        outcome.skips.extend(&std::mem::take(&mut outcome.corpus.skips));
        outcome.ignored = sources.ignored;
        outcome.count();
        outcome
    }

    /// What was found in a part, before anything is counted.
    pub(crate) fn of_part(found: Searched, (params, plan): (&Params, Plan)) -> Self {
        let Searched { corpus, near, located, kept } = found;
        let [(documents, document_cost), (paragraphs, paragraph_cost)] = near;
        let total = |of: fn(&Cost) -> u64| of(&document_cost) + of(&paragraph_cost);
        let summary = Summary {
            parameters: params.clone(),
            parameters_digest: format!("{:016x}", params.digest()),
            input: InputSummary::default(),
            documents: UnitSummary::default(),
            paragraphs: UnitSummary::default(),
            passages: PassageSummary::default(),
            characters: CharacterSummary { read: corpus.counts.text_characters, copied: 0 },
            candidates: total(|cost| cost.candidates),
            verified: total(|cost| cost.verified),
            capped: total(|cost| cost.capped) + located.capped,
            plan,
            recall_curve: plan.curve(),
            certificate: None,
            index: None,
            seconds: Seconds::default(),
            peak_memory_bytes: None,
        };
        let near = [
            NearCopies::new(documents, corpus.document_units.first.len()),
            NearCopies::new(paragraphs, corpus.paragraph_units.first.len()),
        ];
        let mut located = located;
        let found = std::mem::take(&mut located.found);
        let floor = kept.map(|kept| Floor { kept, contained: located.contained.clone() });
        let (skips, ignored) = Default::default();
        let (spilled, spill) = (None, None);
        let mut outcome =
            Outcome { corpus, near, located, skips, ignored, summary, found, floor, spilled, spill };
        outcome.keep_contained_originals();
        outcome
    }

    /// A unit that is a copy by law 1 is not called contained beside, and only what is compared is.
    fn keep_contained_originals(&mut self) {
        let contained = std::mem::take(&mut self.located.contained);
        let is_kept = |(contained, _): &(Contained, Stretch)| {
            let place = Place { document: contained.copy, paragraph: contained.paragraph };
            self.fate(place) == Fate::Original
        };
        let kept = contained.into_iter().filter(is_kept).collect();
        self.located.contained = kept;
    }

    /// Fills in the sums, and holds law 4 against them.
    fn count(&mut self) {
        let counts = &self.corpus.counts;
        let mut skipped = BTreeMap::new();
        let mut skipped_records = 0;
        for (_, reason, of_source) in self.skips.counts() {
            *skipped.entry(reason.name()).or_default() += of_source.records + of_source.parts;
            skipped_records += of_source.records;
        }
        let input = InputSummary {
            files: self.own_sources().len() as u64,
            ignored_files: self.ignored.len() as u64,
            records: counts.records.iter().sum(),
            documents: u64::from(self.documents() - self.first_document()),
            paragraphs: counts.paragraphs,
            bytes: counts.text_bytes,
            skipped,
            lone_surrogates: counts.lone_surrogates,
        };
        let compared = self.summary.parameters.units;
        let contained = |of_documents: bool| {
            let of_kind =
                |(contained, _): &&(Contained, Stretch)| contained.paragraph.is_none() == of_documents;
            self.located.contained.iter().filter(of_kind).count() as u64
        };
        let of_kinds = || {
            let own = (self.first_document(), self.judges_documents());
            let documents = count_units(&self.corpus.document_units, &self.near[0], own);
            let own = (self.corpus.archived.paragraphs, compared.paragraphs);
            (documents, count_units(&self.corpus.paragraph_units, &self.near[1], own))
        };
        let ((mut documents, mut paragraphs), copied) = rayon::join(of_kinds, || self.copied_characters());
        documents.originals -= contained(true);
        documents.contained_copies += contained(true);
        paragraphs.originals -= contained(false);
        paragraphs.contained_copies += contained(false);
        self.count_leaving(&mut paragraphs);
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
        self.summary.passages = self.count_passages();
        self.summary.input = input;
        self.summary.documents = documents;
        self.summary.paragraphs = paragraphs;
        self.summary.characters.copied = copied;
    }

    fn count_passages(&self) -> PassageSummary {
        let count = self.located.passages.count();
        let mut summary = PassageSummary { count, ..PassageSummary::default() };
        for passage in self.located.passages.iter() {
            let tokens = passage.tokens[0];
            let chars = passage.stretches[0].span().chars;
            summary.exact += u64::from(passage.is_exact());
            summary.characters += chars.end - chars.start;
            summary.by_tokens[[50, 100, 200, 500, 1000].partition_point(|least| *least <= tokens)] += 1;
        }
        summary
    }

    fn copied_characters(&self) -> u64 {
        let all = (self.first_document()..self.documents())
            .into_par_iter()
            .map(|document| self.copied_parts(document));
        all.map(|parts| parts.iter().map(|part| part.end - part.start).sum::<u64>()).sum()
    }

    /// The characters of a document that stood before: those of its copied paragraphs and passages, or all
    /// where the document itself is a copy. In order, apart from each other.
    pub fn copied_parts(&self, document: u32) -> Vec<Range<u64>> {
        let place = Place { document, paragraph: None };
        if self.fate(place) == Fate::Copy {
            return vec![self.span(place).chars];
        }
        let mut parts: Vec<Range<u64>> =
            self.located.passages.of(document).map(|passage| passage.stretches[0].span().chars).collect();
        let own = self.corpus.paragraphs(document);
        let copied = |unit: &u32| is_copy(&self.corpus.paragraph_units, &self.near[1], *unit);
        if self.summary.parameters.units.paragraphs && own.clone().any(|unit| copied(&unit)) {
            let spans = own.zip(self.corpus.places(document)).filter(|(unit, _)| copied(unit));
            parts.extend(spans.map(|(_, span)| span.chars));
        }
        if parts.is_empty() && self.fate(place) == Fate::Contained {
            // it equals another that left, and that had the passages
            return vec![self.span(place).chars];
        }
        parts.sort_unstable_by_key(|part| part.start);
        let mut merged: Vec<Range<u64>> = Vec::new();
        for part in parts {
            match merged.last_mut() {
                Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
                _ => merged.push(part),
            }
        }
        merged
    }

    /// Notes how long the stages took, and what they held.
    pub(crate) fn took(&mut self, seconds: Seconds) {
        self.summary.seconds = seconds;
        self.summary.peak_memory_bytes = peak_memory();
    }

    /// Lets what a report adds up wait in the temporary folder, if memory is bounded.
    pub(crate) fn bound(&mut self, surroundings: &Surroundings) {
        self.spill = surroundings.memory.map(|_| surroundings.temporary.clone());
    }

    /// Where what a report adds up waits, if it does.
    pub(crate) fn spill(&self) -> Option<&Path> {
        self.spill.as_deref()
    }

    /// Tells in the summary how the run stands beside the batches of the index that it was made against;
    /// `None` where it is the first of a new one. `is_batch` as in [`crate::past::Past`].
    pub fn look_back(&mut self, index: Option<&Index>, is_batch: bool) {
        self.summary.index = Some(Night::new(self, index, is_batch));
    }

    /// The numbers.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Files in given folders that no format fits.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The files read, in corpus order; then those of documents of an index.
    pub fn sources(&self) -> &[Source] {
        self.corpus.texts.sources()
    }

    /// The files read, in corpus order.
    pub fn own_sources(&self) -> &[Source] {
        let sources = self.sources();
        if self.first_document() == 0 {
            sources
        } else {
            &sources[..self.corpus.archived.own_sources as usize]
        }
    }

    /// The number of the first document that was read; those before come from an index.
    pub fn first_document(&self) -> u32 {
        self.corpus.archived.documents()
    }

    /// How many documents were read.
    pub fn own_documents(&self) -> u32 {
        self.documents() - self.first_document()
    }

    /// Names the batch; of no meaning where no index was asked.
    pub fn identity(&self) -> Identity {
        self.corpus.identity
    }

    /// What a document (0) or paragraph (1) is a near copy of.
    pub(crate) fn near(&self, kind: usize, unit: u32) -> Option<Near> {
        self.near[kind].get(unit)
    }

    /// What is no original text.
    pub(crate) fn covered(&self) -> &Covered {
        &self.found
    }

    /// How many distinct units of an index something led to, and how many there are besides.
    pub(crate) fn distinct(&self) -> (u64, u64) {
        let units = [&self.corpus.document_units, &self.corpus.paragraph_units];
        let all: usize = units.iter().map(|units| units.distinct.len()).sum();
        let earlier: usize = self.corpus.archived.verdicts.iter().map(Vec::len).sum();
        (earlier as u64, (all - earlier) as u64)
    }

    /// Windows of seeds with full lists: those that it tells an index, and those of an index that led somewhere.
    pub(crate) fn windows(&self) -> u64 {
        (self.covered().windows.len() + self.corpus.archived.windows.len()) as u64
    }

    /// The documents that are contained in another, and were compared.
    pub(crate) fn contained_documents(&self) -> impl Iterator<Item = &Contained> {
        self.located.contained.iter().map(|(contained, _)| contained).filter(|of| of.paragraph.is_none())
    }

    /// The index with the keys of all documents, where the run was made in parts and is kept.
    pub(crate) fn spilled(&self) -> Option<&Index> {
        self.spilled.as_deref()
    }

    /// Behind the number of the last document.
    pub fn documents(&self) -> u32 {
        self.corpus.documents.len() as u32
    }

    /// All documents, by source and record.
    pub fn in_corpus_order(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.own_documents()).map(|place| self.corpus.at_place(place))
    }

    /// The document at a place of the corpus, from 0.
    pub fn at_place(&self, place: u32) -> u32 {
        self.corpus.at_place(place)
    }

    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
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

    /// A document's id as JSON (a string with no more escapes than it needs, a number, `true` or `false`); `None`
    /// where its record has none.
    pub fn id(&self, document: u32) -> Option<Cow<'_, str>> {
        self.corpus.id(document).map(told_id)
    }

    /// When a document came out, in nanoseconds since 1970, where [`crate::order::Order::dates`] names the field that
    /// tells; `None` where it has no date, and for documents of an index.
    pub fn date(&self, document: u32) -> Option<i128> {
        let own = document.checked_sub(self.first_document())?;
        self.corpus.labels.told_dates.get(own as usize).copied().flatten()
    }

    /// The field that tells dates, and how many documents have one, lack the field, have no date in it.
    pub fn dated(&self) -> Option<(&str, [u64; 3])> {
        let labels = &self.corpus.labels;
        let [missing, unreadable] = labels.undated;
        let dated = labels.told_dates.len() as u64 - missing - unreadable;
        Some((labels.told_field.as_deref()?, [dated, missing, unreadable]))
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
        self.places(document)
    }

    /// The same, by a name that can be held.
    pub(crate) fn places(&self, document: u32) -> Places<'_> {
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

    /// What became of a document or paragraph.
    pub fn fate(&self, place: Place) -> Fate {
        let (units, near, unit) = self.unit(place);
        let compared = self.summary.parameters.units;
        let compared = if place.paragraph.is_none() { self.judges_documents() } else { compared.paragraphs };
        if place.paragraph.is_some() && self.corpus.leaving.contains(place.document) {
            return Fate::InLeaving;
        }
        match units.first[unit as usize] {
            IS_EMPTY => Fate::Empty,
            _ if !compared => Fate::NotCompared,
            IS_SHORT => Fate::Short,
            _ if is_copy(units, near, unit) => Fate::Copy,
            _ if self.contained(place).is_some() => Fate::Contained,
            _ => Fate::Original,
        }
    }

    /// Whether documents are compared, or judged by what they contain.
    fn judges_documents(&self) -> bool {
        let Params { units, remove, .. } = &self.summary.parameters;
        units.documents || remove.contained
    }

    /// The match of which a document or paragraph is the copy.
    pub fn match_of(&self, place: Place) -> Option<Match> {
        match self.fate(place) {
            Fate::Copy => {
                let (units, near, unit) = self.unit(place);
                Some(self.copy(units, place, unit, near.get(unit)))
            }
            Fate::Contained => {
                self.contained(place).map(|contained| self.contained_match(contained, self.span(place)))
            }
            _ => None,
        }
    }

    /// The shingles that a document that is a near copy has in common with its original, the copy first.
    pub(crate) fn overlap(&self, document: u32) -> Option<Overlap> {
        self.near[0].get(document).map(|near| near.overlap)
    }

    /// The passages of a document, in the order of its text.
    pub fn passages(&self, document: u32) -> impl Iterator<Item = Match> + '_ {
        self.located.passages.of(document).map(|passage| passage.as_match())
    }

    /// All matches, by the copy's place in the corpus: a document before what is in it.
    pub fn matches(&self) -> impl Iterator<Item = Match> + '_ {
        self.in_corpus_order().flat_map(|document| self.matches_of(document))
    }

    /// The matches of a document and of what is in it, by where they start; a passage before a paragraph.
    pub fn matches_of(&self, document: u32) -> Vec<Match> {
        let mut matches: Vec<Match> =
            self.match_of(Place { document, paragraph: None }).into_iter().collect();
        let mut passages = self.passages(document).peekable();
        let starts_before = |passage: &Match, span: &Span| {
            passage.stretches.as_ref().is_some_and(|[copy, _]| copy.bytes.start <= span.bytes.start)
        };
        if self.summary.parameters.units.paragraphs {
            let mut spans = (0..).zip(self.corpus.places(document));
            self.paragraph_matches(document, |number, found| {
                if passages.peek().is_some() {
                    let span = spans.find(|(of, _)| *of == number).map(|(_, span)| span).unwrap_or_default();
                    while let Some(passage) = passages.next_if(|passage| starts_before(passage, &span)) {
                        matches.push(passage);
                    }
                }
                matches.push(found);
            });
        }
        matches.extend(passages);
        matches
    }

    /// The matches of a document's paragraphs, in order, with their numbers: [`Outcome::match_of`] each.
    pub(crate) fn paragraph_matches(&self, document: u32, mut tell: impl FnMut(u32, Match)) {
        let own = self.corpus.paragraphs(document);
        if self.corpus.leaving.contains(document) || own.is_empty() {
            return;
        }
        let (units, near) = (&self.corpus.paragraph_units, &self.near[1]);
        let contained = &self.located.contained;
        let first = contained.partition_point(|(of, _)| (of.copy, of.paragraph) < (document, Some(0)));
        let mut contained = contained[first..].iter().take_while(|(of, _)| of.copy == document).peekable();
        let firsts = &units.first[own.start as usize..own.end as usize];
        let mut spans = (0..).zip(self.corpus.places(document));
        for ((number, unit), &first) in (0..).zip(own).zip(firsts) {
            if first >= IS_SHORT {
                continue;
            }
            let is_contained = contained.next_if(|(of, _)| of.paragraph == Some(number));
            let is_near = near.contains(unit);
            if is_near || first != unit {
                let place = Place { document, paragraph: Some(number) };
                let near = if is_near { near.get(unit) } else { None };
                tell(number, self.copy(units, place, unit, near));
            } else if let Some(contained) = is_contained {
                let span = spans.find(|(of, _)| *of == number).map(|(_, span)| span).unwrap_or_default();
                tell(number, self.contained_match(contained, span));
            }
        }
    }

    fn contained(&self, place: Place) -> Option<&(Contained, Stretch)> {
        let key = (place.document, place.paragraph);
        let contained = &self.located.contained;
        let found =
            contained.binary_search_by_key(&key, |(contained, _)| (contained.copy, contained.paragraph));
        found.ok().map(|i| &contained[i])
    }

    /// Of a unit that stands there.
    fn contained_match(&self, (contained, original): &(Contained, Stretch), own: Span) -> Match {
        let copy = Place { document: contained.copy, paragraph: contained.paragraph };
        Match {
            unit: if contained.paragraph.is_none() { Unit::Document } else { Unit::Paragraph },
            kind: Kind::Contained,
            jaccard: contained.overlap.jaccard(),
            containment: contained.overlap.containment(),
            tokens: [contained.tokens, contained.original_tokens[1] - contained.original_tokens[0]],
            copy,
            original: Place {
                document: contained.original,
                paragraph: contained.paragraph.map(|_| original.paragraph),
            },
            stretches: Some([own, original.span()]),
        }
    }

    fn document(&self, document: u32) -> &Document {
        &self.corpus.documents[document as usize]
    }

    fn unit(&self, place: Place) -> (&Units, &NearCopies, u32) {
        match place.paragraph {
            None => (&self.corpus.document_units, &self.near[0], place.document),
            Some(paragraph) => {
                let unit = self.document(place.document).first_paragraph + paragraph;
                (&self.corpus.paragraph_units, &self.near[1], unit)
            }
        }
    }

    /// The match of a unit that is a copy: a near one where there is one, else an exact one.
    fn copy(&self, units: &Units, copy: Place, unit: u32, near: Option<Near>) -> Match {
        let first = units.first[unit as usize];
        let original = near.map_or(first, |near| near.original);
        let tokens = |unit: u32| units.row(unit).map_or(0, |row| units.tokens[row]);
        let of_original = tokens(original);
        let of_copy = if first == original { of_original } else { tokens(first) };
        let place = |unit: u32| match copy.paragraph {
            None => Place { document: unit, paragraph: None },
            Some(_) => {
                let document = self.corpus.document_of(unit);
                let paragraph = unit - self.document(document).first_paragraph;
                Place { document, paragraph: Some(paragraph) }
            }
        };
        Match {
            unit: if copy.paragraph.is_none() { Unit::Document } else { Unit::Paragraph },
            kind: if near.is_none() { Kind::Exact } else { Kind::Near },
            jaccard: near.map_or(1.0, |near| near.overlap.jaccard()),
            containment: near.map_or(1.0, |near| near.overlap.containment()),
            tokens: [of_copy, of_original],
            copy,
            original: place(original),
            stretches: None,
        }
    }
}

/// Whether a unit that is long enough is a copy by law 1.
fn is_copy(units: &Units, near: &NearCopies, unit: u32) -> bool {
    let first = units.first[unit as usize];
    first < IS_SHORT && (first != unit || near.contains(unit))
}

fn count_units(units: &Units, near: &NearCopies, (own, compared): (u32, bool)) -> UnitSummary {
    let mut summary = UnitSummary { near_copies: near.all.len() as u64, ..UnitSummary::default() };
    let mut near = near.all.iter().map(|near| near.unit).peekable();
    for (unit, &first) in units.first.iter().enumerate().skip(own as usize) {
        let is_near = near.next_if_eq(&(unit as u32)).is_some();
        match first {
            IS_EMPTY => summary.empty += 1,
            _ if !compared => summary.not_compared += 1,
            IS_SHORT => summary.short += 1,
            _ if is_near => {}
            _ if first == unit as u32 => summary.originals += 1,
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
    /// Whether a source is made of records that have numbers; a text file is one document.
    pub fn has_records(&self, source: u32) -> bool {
        self.sources()[source as usize].format != Format::Text
    }
}

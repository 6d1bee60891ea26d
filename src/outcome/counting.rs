//! How much was found: the sums of the summary, held against each other.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::corpus::{IS_EMPTY, IS_SHORT, Units};
use crate::document::Place;
use crate::outcome::near::NearCopies;
use crate::outcome::summary::{InputSummary, PassageSummary, UnitSummary};
use crate::outcome::told::is_copy;
use crate::outcome::{Fate, LocatedContained, Outcome};

impl Outcome {
    /// Fills in the sums, and holds law 4 against them.
    pub(super) fn count(&mut self) {
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
            let of_kind = |(contained, _): &&LocatedContained| contained.paragraph.is_none() == of_documents;
            self.located.contained.iter().filter(of_kind).count() as u64
        };
        let of_kinds = || {
            let own = (self.first_document(), self.judges_documents());
            let documents = count_units(&self.corpus.units.documents, &self.near.documents, own);
            let own = (self.corpus.archived.paragraphs, compared.paragraphs);
            (documents, count_units(&self.corpus.units.paragraphs, &self.near.paragraphs, own))
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
        let copied = |unit: &u32| is_copy(&self.corpus.units.paragraphs, &self.near.paragraphs, *unit);
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

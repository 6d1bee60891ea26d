//! What stands in many documents.

use crate::corpus::{IS_SHORT, Ranks};
use crate::document::Place;
use crate::outcome::{Fate, Outcome};

/// Paragraphs that stand in many documents.
#[derive(Debug, Default)]
pub(crate) struct Recurring {
    /// numbers of the originals, ascending
    pub(crate) originals: Vec<u32>,
    /// their copies, and the characters of these
    pub(crate) copies: u64,
    pub(crate) characters: u64,
}

impl Outcome {
    /// The paragraphs that stand, as originals or copies, in `least` documents or more that are no copies as a whole.
    pub(crate) fn recurring(&self, least: u32) -> Recurring {
        let mut recurring = Recurring::default();
        if !self.summary.parameters.units.paragraphs {
            return recurring;
        }
        let is_whole_copy = |document: u32| self.fate(Place { document, paragraph: None }) == Fate::Copy;
        let documents = || (0..self.documents()).filter(|document| !is_whole_copy(*document));
        let frequent = self.frequent(least, documents());
        let ranks = Ranks::new(frequent.iter().copied(), self.corpus.units.paragraphs.first.len());
        let rank = |original: u32| ranks.rank(original);
        // documents of each of them so far, and the last of these behind its number
        let mut counts: Vec<[u32; 2]> = vec![[0; 2]; frequent.len()];
        for document in documents().filter(|_| !frequent.is_empty()) {
            for unit in self.corpus.paragraphs(document) {
                let Some(rank) = self.original_paragraph(unit).and_then(rank) else { continue };
                let [count, last] = &mut counts[rank];
                *count += u32::from(*last != document + 1);
                *last = document + 1;
            }
        }
        let numbered = frequent.iter().copied().zip(&counts);
        recurring.originals =
            numbered.filter(|(_, [count, _])| *count >= least).map(|(unit, _)| unit).collect();
        if recurring.originals.is_empty() {
            return recurring;
        }
        for document in documents() {
            let recurs = |unit: u32| {
                let original = self.original_paragraph(unit).filter(|original| *original != unit);
                original.and_then(rank).is_some_and(|rank| counts[rank][0] >= least)
            };
            if !self.corpus.paragraphs(document).any(recurs) {
                continue;
            }
            for (unit, span) in self.corpus.paragraphs(document).zip(self.corpus.places(document)) {
                if recurs(unit) {
                    recurring.copies += 1;
                    recurring.characters += span.chars.end - span.chars.start;
                }
            }
        }
        recurring
    }

    /// The paragraphs that occur, as originals or copies, `least` times or more in these documents; above 255 times it may
    /// be fewer. A byte for each distinct paragraph.
    fn frequent(&self, least: u32, documents: impl Iterator<Item = u32>) -> Vec<u32> {
        let units = &self.corpus.units.paragraphs;
        let mut counts = vec![0u8; units.distinct.len()];
        for unit in documents.flat_map(|document| self.corpus.paragraphs(document)) {
            if let Some(row) = self.original_paragraph(unit).and_then(|of| units.row(of)) {
                counts[row] = counts[row].saturating_add(1);
            }
        }
        let numbered = units.distinct.iter().copied().zip(counts);
        numbered
            .filter(|(_, count)| u32::from(*count) >= least.min(u8::MAX.into()))
            .map(|(unit, _)| unit)
            .collect()
    }

    /// The number of a paragraph among those of all documents, below [`Outcome::end_paragraph`].
    pub(crate) fn paragraph_number(&self, place: Place) -> Option<u32> {
        Some(self.document(place.document).first_paragraph + place.paragraph?)
    }

    /// Behind the numbers of all paragraphs.
    pub(crate) fn end_paragraph(&self) -> u32 {
        self.corpus.end_paragraph()
    }

    /// Whether a paragraph is one of these.
    pub(crate) fn recurs(&self, place: Place, recurring: &Recurring) -> bool {
        let original = self.paragraph_number(place).and_then(|unit| self.original_paragraph(unit));
        original.is_some_and(|original| recurring.originals.binary_search(&original).is_ok())
    }

    /// The paragraph that a paragraph copies, or itself; none where it is not compared.
    fn original_paragraph(&self, unit: u32) -> Option<u32> {
        let first = self.corpus.units.paragraphs.first[unit as usize];
        (first < IS_SHORT).then(|| self.near.paragraphs.get(unit).map_or(first, |near| near.original))
    }
}

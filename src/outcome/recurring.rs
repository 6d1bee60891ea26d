//! What stands in many documents.

use crate::corpus::IS_SHORT;
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
        // by row: documents of each original so far, and the last of them behind its number
        let units = &self.corpus.paragraph_units;
        let mut counts: Vec<[u32; 2]> = vec![[0; 2]; units.distinct.len()];
        let mut rows = units.distinct.iter().zip(0..).peekable();
        let mut near = self.near[1].all.iter().peekable();
        // with the rows of their originals
        let mut copies: Vec<(u32, u32)> = Vec::new();
        let is_whole_copy = |document: u32| self.fate(Place { document, paragraph: None }) == Fate::Copy;
        for document in (0..self.documents()).filter(|document| !is_whole_copy(*document)) {
            for unit in self.corpus.paragraphs(document) {
                let first = units.first[unit as usize];
                if first >= IS_SHORT {
                    continue;
                }
                while near.next_if(|near| near.unit < unit).is_some() {}
                let original = near.next_if(|near| near.unit == unit).map_or(first, |near| near.original);
                let row = if original == unit {
                    // these come one after the other
                    while rows.next_if(|(distinct, _)| **distinct < unit).is_some() {}
                    rows.next_if(|(distinct, _)| **distinct == unit).map(|(_, row)| row)
                } else {
                    let row = units.row(original).map(|row| row as u32);
                    copies.extend(row.map(|row| (unit, row)));
                    row
                };
                let Some([count, last]) = row.map(|row| &mut counts[row as usize]) else { continue };
                *count += u32::from(*last != document + 1);
                *last = document + 1;
            }
        }
        let recurs = |row: u32| counts[row as usize][0] >= least;
        let numbered = units.distinct.iter().copied().zip(0..);
        recurring.originals = numbered.filter(|(_, row)| recurs(*row)).map(|(unit, _)| unit).collect();
        copies.retain(|(_, row)| recurs(*row));
        let of_documents =
            copies.chunk_by(|a, b| self.corpus.document_of(a.0) == self.corpus.document_of(b.0));
        for copies in of_documents {
            let document = self.corpus.document_of(copies[0].0);
            let mut own = copies.iter().peekable();
            for (unit, span) in self.corpus.paragraphs(document).zip(self.corpus.places(document)) {
                if own.next_if(|(copy, _)| *copy == unit).is_some() {
                    recurring.copies += 1;
                    recurring.characters += span.chars.end - span.chars.start;
                }
            }
        }
        recurring
    }

    /// Whether a paragraph is one of these.
    pub(crate) fn recurs(&self, place: Place, recurring: &Recurring) -> bool {
        let Some(paragraph) = place.paragraph else { return false };
        let unit = self.document(place.document).first_paragraph + paragraph;
        let original = self.original_paragraph(unit);
        original.is_some_and(|original| recurring.originals.binary_search(&original).is_ok())
    }

    /// The paragraph that a paragraph copies, or itself; none where it is not compared.
    fn original_paragraph(&self, unit: u32) -> Option<u32> {
        let first = self.corpus.paragraph_units.first[unit as usize];
        (first < IS_SHORT).then(|| self.near[1].get(unit).map_or(first, |near| near.original))
    }
}

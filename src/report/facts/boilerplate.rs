//! What stands in many documents: often a notice, a menu, "read also". Reports tell it apart; whether somebody copied it
//! is not known.

use crate::document::Place;
use crate::outcome::{Outcome, Recurring};
use crate::report::facts::{Boilerplate, Extent, Facts, Group, Wanted};

impl Facts {
    /// Counts it, and marks the groups that are of it.
    pub(super) fn find_boilerplate(&mut self, outcome: &Outcome, wanted: Wanted, recurring: &Recurring) {
        self.boilerplate = Boilerplate {
            documents: wanted.boilerplate,
            paragraphs: recurring.originals.len() as u64,
            copies: recurring.copies,
            characters: recurring.characters,
        };
        let mut groups: Vec<&mut Group> = self.groups.iter_mut().collect();
        groups.sort_by_key(|group| group.original.document);
        // of one document: where its paragraphs stand
        let (mut document, mut spans) = (None, Vec::new());
        for group in groups {
            let original = &group.original;
            let (Extent::Paragraphs(paragraphs) | Extent::Passage(paragraphs, _)) = original.extent else {
                continue;
            };
            let chars = &original.span.chars;
            if document != Some(original.document) {
                document = Some(original.document);
                spans.clear();
                spans.extend(outcome.spans(original.document));
            }
            let recurs = |number: u32| {
                let place = Place { document: original.document, paragraph: Some(number) };
                outcome.recurs(place, recurring)
            };
            let covered: u64 = (paragraphs.first..=paragraphs.last)
                .zip(spans.get(paragraphs.first as usize..).unwrap_or_default())
                .filter(|(number, _)| recurs(*number))
                .map(|(_, span)| {
                    span.chars.end.min(chars.end).saturating_sub(span.chars.start.max(chars.start))
                })
                .sum();
            let is_half = covered > 0 && covered * 2 >= chars.end - chars.start;
            group.is_boilerplate = is_half || group.documents >= u64::from(wanted.boilerplate);
        }
    }
}

//! What recurs everywhere: notices, menus, "read also". It repeats, but nobody copied it, so reports tell it
//! apart.

use crate::document::Place;
use crate::outcome::Outcome;
use crate::report::facts::{Boilerplate, Extent, Facts, Wanted};

impl Facts {
    /// Counts it, and marks the groups that are of it.
    pub(super) fn find_boilerplate(&mut self, outcome: &Outcome, wanted: Wanted) {
        let recurring = outcome.recurring(wanted.boilerplate);
        self.boilerplate = Boilerplate {
            documents: wanted.boilerplate,
            paragraphs: recurring.originals.len() as u64,
            copies: recurring.copies,
            characters: recurring.characters,
        };
        for group in &mut self.groups {
            let original = &group.original;
            let (Extent::Paragraphs(paragraphs) | Extent::Passage(paragraphs, _)) = original.extent else {
                continue;
            };
            let chars = &original.span.chars;
            let within = paragraphs.first as usize..=paragraphs.last as usize;
            let spans = outcome.spans(original.document).enumerate().skip(*within.start());
            let recurs = |number: usize| {
                let place = Place { document: original.document, paragraph: Some(number as u32) };
                outcome.recurs(place, &recurring)
            };
            let covered: u64 = spans
                .take_while(|(number, _)| within.contains(number))
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

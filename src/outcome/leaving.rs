//! What leaves a corpus beside copies of whole documents, as [`crate::dedup`] and an index ask for it.

use crate::corpus::IS_EMPTY;
use crate::document::Span;
use crate::error::Result;
use crate::normalise::Tokenizer;
use crate::outcome::told::is_copy;
use crate::outcome::{Outcome, UnitSummary};
use crate::params::Remove;

impl Outcome {
    /// Paragraphs of documents that leave are a case of their own.
    pub(super) fn count_leaving(&self, paragraphs: &mut UnitSummary) {
        let leaving = (self.first_document()..self.documents())
            .filter(|document| self.corpus.leaving.contains(*document))
            .flat_map(|document| self.corpus.paragraphs(document));
        for unit in leaving {
            paragraphs.in_leaving += 1;
            match self.corpus.units.paragraphs.first[unit as usize] {
                IS_EMPTY => paragraphs.empty -= 1,
                _ if self.summary.parameters.units.paragraphs => paragraphs.short -= 1,
                _ => paragraphs.not_compared -= 1,
            }
        }
    }

    /// The paragraphs of a document that are copies by law 1: number and place.
    pub(crate) fn copied_paragraphs(&self, document: u32) -> impl Iterator<Item = (u32, Span)> + '_ {
        let first = self.document(document).first_paragraph;
        let compared = self.summary.parameters.units.paragraphs;
        let copied = move |&(number, _): &(u32, Span)| {
            compared && is_copy(&self.corpus.units.paragraphs, &self.near.paragraphs, first + number)
        };
        (0..).zip(self.corpus.places(document)).filter(copied)
    }

    /// The stretches that leave a text that stays, by where they start, apart from each other.
    pub(crate) fn leaving_stretches(&self, document: u32, remove: Remove) -> Vec<Span> {
        let mut stretches: Vec<Span> = Vec::new();
        if self.corpus.leaving.contains(document) {
            return stretches;
        }
        if remove.paragraphs {
            stretches.extend(self.copied_paragraphs(document).map(|(_, span)| span));
        }
        if remove.passages {
            stretches.extend(self.located.passages.of(document).map(|passage| passage.stretches[0].span()));
            stretches.sort_unstable_by_key(|span| span.bytes.start);
        }
        stretches
    }

    /// Whether these stretches, in order, hold all tokens of a document; it is read only where they hold half of it.
    ///
    /// # Errors
    /// Those of [`Outcome::text`].
    pub(crate) fn is_emptied_by(&self, document: u32, stretches: &[Span]) -> Result<bool> {
        let mut next = 0;
        let all: u64 = self.corpus.places(document).map(|span| span.bytes.end - span.bytes.start).sum();
        let gone: u64 = stretches.iter().map(|span| span.bytes.end - span.bytes.start).sum();
        if gone * 2 < all {
            return Ok(false);
        }
        let text = self.text(document)?;
        let mut tokenizer = Tokenizer::of(&self.summary.parameters);
        let mut is_emptied = true;
        tokenizer.tokens(&text, |_, start, _| {
            while stretches.get(next).is_some_and(|span| span.bytes.end <= start as u64) {
                next += 1;
            }
            is_emptied &= stretches.get(next).is_some_and(|span| span.bytes.start <= start as u64);
        });
        Ok(is_emptied)
    }
}

//! Where both sides of a match stand: a passage says so itself, of a document or paragraph the corpus does.

use std::collections::HashMap;

use crate::corpus::Places;
use crate::document::{Match, Place, Span};
use crate::outcome::Outcome;
use crate::resolve::NumberMap;

/// Documents whose paragraphs' places are held at once.
const HELD: usize = 64;

/// Where both sides of a match stand. Neighbouring matches are of few documents, so the places of their
/// paragraphs are decoded once, as far as they are asked for, and held.
pub(crate) struct Spans<'a> {
    outcome: &'a Outcome,
    /// which of `held` are of which document
    numbers: NumberMap<usize>,
    /// as many as there are numbers, and some that were of other documents
    held: Vec<Held<'a>>,
}

/// What is held of a document.
pub(super) struct Held<'a> {
    spans: Vec<Span>,
    /// places that have yet to be decoded
    rest: Places<'a>,
    /// what it is called in [`super::Lines`], once they have told of it
    pub(super) name: Vec<u8>,
}

impl<'a> Spans<'a> {
    /// Nothing held yet.
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        Spans { outcome, numbers: HashMap::default(), held: Vec::new() }
    }

    /// The stretches of copy and original.
    pub(crate) fn of(&mut self, found: &Match) -> [Span; 2] {
        match &found.stretches {
            Some(stretches) => stretches.clone(),
            None => [self.span(found.copy), self.span(found.original)],
        }
    }

    fn span(&mut self, place: Place) -> Span {
        match place.paragraph {
            None => self.outcome.span(place),
            Some(paragraph) => self.held(place.document).span(paragraph),
        }
    }

    pub(super) fn held(&mut self, document: u32) -> &mut Held<'a> {
        if let Some(&number) = self.numbers.get(&document) {
            return &mut self.held[number];
        }
        if self.numbers.len() >= HELD {
            self.numbers.clear();
        }
        let number = self.numbers.len();
        self.numbers.insert(document, number);
        let rest = self.outcome.places(document);
        match self.held.get_mut(number) {
            Some(held) => {
                held.spans.clear();
                held.name.clear();
                held.rest = rest;
            }
            None => self.held.push(Held { spans: Vec::new(), rest, name: Vec::new() }),
        }
        &mut self.held[number]
    }
}

impl Held<'_> {
    pub(super) fn span(&mut self, paragraph: u32) -> Span {
        let missing = (paragraph as usize + 1).saturating_sub(self.spans.len());
        self.spans.extend(self.rest.by_ref().take(missing));
        self.spans[paragraph as usize].clone()
    }
}

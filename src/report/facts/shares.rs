//! How much of each source and document stood before. Sources are told in numbers; of documents that are no copies, those
//! are kept that are copied most.

use std::cmp::Reverse;

use crate::document::Place;
use crate::outcome::Outcome;
use crate::report::facts::{DOCUMENTS, Repeat};
use crate::report::walk::Told;

/// How much of the corpus stood before, by source and document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shares {
    /// every source, in corpus order
    pub sources: Vec<SourceShare>,
    /// of the documents that are no copies but hold copied text, the [`DOCUMENTS`] with the most copied
    /// characters, with their pieces
    pub partly: Vec<DocumentShare>,
    /// how many such documents there are
    pub partly_count: u64,
}

/// A source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceShare {
    /// its documents
    pub documents: u64,
    /// their characters
    pub characters: u64,
    /// those that stood before
    pub copied: u64,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DocumentShare {
    /// its number in corpus order, from 0
    pub document: u32,
    /// its characters
    pub characters: u64,
    /// those that stood before
    pub copied: u64,
    /// the first copied stretches of it, in the order of its text; none for a copy as a whole
    pub pieces: Vec<Repeat>,
    /// how many there are
    pub piece_count: u64,
}

/// Adds up shares.
pub(super) struct Sums {
    sources: Vec<SourceShare>,
    partly: Top,
    partly_count: u64,
}

impl Sums {
    /// What was read of each source.
    pub(super) fn new(outcome: &Outcome) -> Self {
        let mut sources = vec![SourceShare::default(); outcome.source_count()];
        for document in outcome.first_document()..outcome.documents() {
            let source = &mut sources[outcome.source_of(document) as usize];
            source.documents += 1;
            source.characters += outcome.span(Place { document, paragraph: None }).chars.end;
        }
        Sums { sources, partly: Top::default(), partly_count: 0 }
    }

    /// A document with matches.
    pub(super) fn add(&mut self, outcome: &Outcome, told: &Told) {
        let (document, copied) = (told.document, told.copied);
        self.sources[outcome.source_of(document) as usize].copied += copied;
        if copied > 0 && !told.is_copy() {
            let characters = outcome.span(Place { document, paragraph: None }).chars.end;
            self.partly_count += 1;
            self.partly.add(DocumentShare { document, characters, copied, ..DocumentShare::default() });
        }
    }

    pub(super) fn finish(self) -> Shares {
        Shares { sources: self.sources, partly: self.partly.finish(), partly_count: self.partly_count }
    }
}

/// A share as a number that can be compared on every machine alike.
pub(in crate::report) fn share_of(part: u64, whole: u64) -> u64 {
    part * 1_000_000 / whole.max(1)
}

/// Keeps the [`DOCUMENTS`] with the most copied characters; among equals the earlier one.
#[derive(Default)]
struct Top(Vec<DocumentShare>);

impl Top {
    fn key(of: &DocumentShare) -> (Reverse<u64>, u32) {
        (Reverse(of.copied), of.document)
    }

    fn add(&mut self, share: DocumentShare) {
        self.0.push(share);
        if self.0.len() >= DOCUMENTS * 2 {
            self.0.select_nth_unstable_by_key(DOCUMENTS, Top::key);
            self.0.truncate(DOCUMENTS);
        }
    }

    fn finish(mut self) -> Vec<DocumentShare> {
        self.0.sort_unstable_by_key(Top::key);
        self.0.truncate(DOCUMENTS);
        self.0
    }
}

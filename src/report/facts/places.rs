//! Where the stretches that are kept stand: the text of paragraphs, the paragraphs of passages. Each document
//! is gone through once.

use std::ops::Range;

use rayon::prelude::*;

use crate::document::{Place, Span};
use crate::normalise::Tokenizer;
use crate::outcome::Outcome;
use crate::report::facts::{Extent, Facts, Paragraphs, Repeat, Stretch};

/// Characters at either end of a paragraph that a passage may lack and still be said to hold all of it, if they are no
/// words: a passage goes from word to word, so quotation marks and the full stop stay outside.
const EDGE: u64 = 3;

/// Documents that are gone through one after the other.
const DOCUMENTS: usize = 32;

impl Facts {
    pub(super) fn place(&mut self, outcome: &Outcome) {
        let mut stretches: Vec<&mut Stretch> = Vec::new();
        for group in &mut self.groups {
            stretches.push(&mut group.original);
            for copy in &mut group.copies {
                stretches.extend(sides(&mut copy.repeat));
                stretches.extend(copy.explained.iter_mut().flat_map(sides));
            }
        }
        let pieces = self.shares.partly.iter_mut().flat_map(|share| &mut share.pieces);
        stretches.extend(pieces.flat_map(sides));
        stretches.sort_by_key(|stretch| stretch.document);
        let mut documents: Vec<&mut [&mut Stretch]> =
            stretches.chunk_by_mut(|a, b| a.document == b.document).collect();
        let params = &outcome.summary().parameters;
        documents.par_chunks_mut(DOCUMENTS).for_each(|documents| {
            let mut finder = Finder { outcome, tokenizer: Tokenizer::of(params), spans: Vec::new() };
            documents.iter_mut().for_each(|stretches| finder.place(stretches));
        });
    }
}

/// Finds where the stretches of one document are.
struct Finder<'a> {
    outcome: &'a Outcome,
    tokenizer: Tokenizer,
    spans: Vec<Span>,
}

impl Finder<'_> {
    fn place(&mut self, stretches: &mut [&mut Stretch]) {
        let document = stretches[0].document;
        self.spans.clear();
        if stretches.iter().any(|stretch| stretch.extent != Extent::Document) {
            self.spans.extend(self.outcome.spans(document));
        }
        let mut text = None;
        for stretch in stretches {
            match &mut stretch.extent {
                Extent::Document => stretch.span = self.outcome.span(Place { document, paragraph: None }),
                Extent::Paragraphs(Paragraphs { first, last }) => {
                    let (first, last) = (&self.spans[*first as usize], &self.spans[*last as usize]);
                    stretch.span = Span {
                        bytes: first.bytes.start..last.bytes.end,
                        chars: first.chars.start..last.chars.end,
                    };
                }
                extent @ Extent::Passage(..) => {
                    let outcome = self.outcome;
                    let tokenizer = &mut self.tokenizer;
                    *extent = passage(&stretch.span, &self.spans, |bytes| {
                        // what can't be read any more is told by whoever shows it
                        let text = text.get_or_insert_with(|| outcome.text(document).unwrap_or_default());
                        let between = text.get(bytes.start as usize..bytes.end as usize);
                        let mut is_silent = between.is_some();
                        tokenizer.tokens(between.unwrap_or_default(), |_, _, _| is_silent = false);
                        is_silent
                    });
                }
            }
        }
    }
}

fn sides(repeat: &mut Repeat) -> [&mut Stretch; 2] {
    [&mut repeat.copy, &mut repeat.original]
}

/// The paragraphs that a stretch of a document touches, and its ends where it does not hold all of them; `is_silent` tells
/// whether bytes of the text hold no word.
fn passage(span: &Span, paragraphs: &[Span], mut is_silent: impl FnMut(Range<u64>) -> bool) -> Extent {
    let (start, end) = (span.chars.start, span.chars.end);
    let first = paragraphs.partition_point(|paragraph| paragraph.chars.end <= start);
    let last =
        paragraphs.partition_point(|paragraph| paragraph.chars.start < end).saturating_sub(1).max(first);
    let (Some(head), Some(tail)) = (paragraphs.get(first), paragraphs.get(last)) else {
        return Extent::Document;
    };
    let from = start.saturating_sub(head.chars.start);
    let upto = end.saturating_sub(tail.chars.start).saturating_sub(1);
    let missing = tail.chars.end.saturating_sub(end);
    let mut is_edge = |missing: u64, bytes: Range<u64>| missing > EDGE || missing > 0 && !is_silent(bytes);
    let edges = [
        is_edge(from, head.bytes.start..span.bytes.start).then_some(from),
        is_edge(missing, span.bytes.end..tail.bytes.end).then_some(upto),
    ];
    Extent::Passage(Paragraphs { first: first as u32, last: last as u32 }, edges)
}

//! Where the stretches that are kept stand: the text of paragraphs, the paragraphs of passages. Each document
//! is gone through once.

use crate::document::{Place, Span};
use crate::outcome::Outcome;
use crate::report::facts::{Extent, Facts, Paragraphs, Repeat, Stretch};

/// Characters at either end of a paragraph that a passage may lack and still be said to hold all of it: a
/// passage goes from word to word, so quotation marks and the full stop stay outside.
const EDGE: u64 = 3;

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
        let mut spans: Vec<Span> = Vec::new();
        for of_document in stretches.chunk_by_mut(|a, b| a.document == b.document) {
            let document = of_document[0].document;
            spans.clear();
            if of_document.iter().any(|stretch| stretch.extent != Extent::Document) {
                spans.extend(outcome.spans(document));
            }
            for stretch in of_document {
                match &mut stretch.extent {
                    Extent::Document => stretch.span = outcome.span(Place { document, paragraph: None }),
                    Extent::Paragraphs(Paragraphs { first, last }) => {
                        let (first, last) = (&spans[*first as usize], &spans[*last as usize]);
                        stretch.span = Span {
                            bytes: first.bytes.start..last.bytes.end,
                            chars: first.chars.start..last.chars.end,
                        };
                    }
                    extent @ Extent::Passage(..) => *extent = passage(&stretch.span, &spans),
                }
            }
        }
    }
}

fn sides(repeat: &mut Repeat) -> [&mut Stretch; 2] {
    [&mut repeat.copy, &mut repeat.original]
}

/// The paragraphs that a stretch of a document touches, and its ends where it does not hold all of them.
fn passage(span: &Span, paragraphs: &[Span]) -> Extent {
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
    let edges = [(from > EDGE).then_some(from), (missing > EDGE).then_some(upto)];
    Extent::Passage(Paragraphs { first: first as u32, last: last as u32 }, edges)
}

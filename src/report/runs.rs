//! Neighbouring paragraph matches to runs, for what no passage tells.
//!
//! A *run*: copied paragraphs of one document, one after the other, whose originals stand one after the
//! other in one document too. Paragraphs without a word belong to a run when as many of them stand between the
//! originals; those that are too short to be compared may differ, and end it.

use std::ops::Range;

use crate::document::{Match, Place, Span};
use crate::outcome::{Fate, Outcome};
use crate::report::facts::{Extent, Paragraphs, Repeat};
use crate::report::walk::repeat;

/// Joins paragraph matches of one document, in order, to runs behind what `found` holds.
pub(super) fn join(outcome: &Outcome, matches: &[(Match, Span)], found: &mut Vec<Repeat>) {
    let first = found.len();
    for (one, span) in matches {
        let run = if found.len() > first { found.last_mut() } else { None };
        match run.and_then(|run| continued(outcome, run, one).map(|extents| (run, extents))) {
            Some((run, [copy, original])) => {
                let jaccard = one.jaccard;
                run.copy.extent = Extent::Paragraphs(copy);
                run.original.extent = Extent::Paragraphs(original);
                run.kind = run.kind.max(one.kind);
                run.similarity = [run.similarity[0].min(jaccard), run.similarity[1].max(jaccard)];
                run.matches += 1;
                let place = &mut run.copy.span;
                place.bytes.end = span.bytes.end;
                place.chars.end = span.chars.end;
                run.characters = place.chars.end - place.chars.start;
            }
            None => found.push(repeat(one, span.clone())),
        }
    }
}

/// Copy and original of a run with the match that follows on it: on both sides at the same distance, with
/// nothing that is compared between.
fn continued(outcome: &Outcome, run: &Repeat, next: &Match) -> Option<[Paragraphs; 2]> {
    let (Extent::Paragraphs(copy), Extent::Paragraphs(original)) = (run.copy.extent, run.original.extent)
    else {
        return None;
    };
    if next.stretches.is_some() {
        return None;
    }
    let (next_copy, next_original) = (next.copy.paragraph?, next.original.paragraph?);
    let silent = |document: u32, mut between: Range<u32>| {
        between.all(|paragraph| {
            let fate = outcome.fate(Place { document, paragraph: Some(paragraph) });
            matches!(fate, Fate::Empty)
        })
    };
    let continues = next.original.document == run.original.document
        && next_original > original.last
        && next_original - original.last == next_copy - copy.last
        && silent(run.copy.document, copy.last + 1..next_copy)
        && silent(run.original.document, original.last + 1..next_original);
    let upto = |paragraphs, last| Paragraphs { last, ..paragraphs };
    continues.then(|| [upto(copy, next_copy), upto(original, next_original)])
}

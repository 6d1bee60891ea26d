//! Matches to repeats: neighbouring paragraph matches are joined to runs, and what a document match already
//! says is set apart.
//!
//! A *run*: copied paragraphs of one document, one after the other, whose originals stand one after the
//! other in one document too. Paragraphs that are too short to be compared, or empty, belong to a run when
//! as many of them stand between the originals. A paragraph match is *explained* by the match of its
//! document if its original stands in that document's original, or if a paragraph there has the same
//! original. Everything here is linear in the matches and in the sizes of the documents that have some.

use crate::document::{Kind, Match, Place, Span, Unit};
use crate::outcome::{Fate, Outcome};
use crate::report::facts::{Paragraphs, Repeat, Stretch};

/// Calls `found` with each repeat in these documents, in order, a document before its paragraphs; with a
/// document match, the runs that it explains.
pub(super) fn walk(
    outcome: &Outcome,
    documents: impl Iterator<Item = u32>,
    mut found: impl FnMut(&Repeat, &[Repeat]),
) {
    let mut stored = Stored::default();
    let (mut explained, mut others) = (Vec::new(), Vec::new());
    let (mut explained_runs, mut runs) = (Vec::new(), Vec::new());
    for document in documents {
        explained.clear();
        others.clear();
        let mut own = None;
        let matches = outcome.matches_of(document).into_iter();
        for of in matches.filter(|of| of.unit != Unit::Passage && of.kind != Kind::Contained) {
            if of.unit == Unit::Document {
                own = Some(of);
            } else if own.as_ref().is_some_and(|own| stored.explains(outcome, own, &of)) {
                explained.push(of);
            } else {
                others.push(of);
            }
        }
        join(outcome, &explained, &mut explained_runs);
        join(outcome, &others, &mut runs);
        if let Some(own) = own {
            found(&repeat(&own, &outcome.span(own.copy)), &explained_runs);
        }
        runs.iter().for_each(|run| found(run, &[]));
    }
}

/// The originals that stand in a document as copies, kept from one copy of it to the next.
#[derive(Default)]
struct Stored {
    document: Option<u32>,
    /// ascending
    originals: Vec<Place>,
}

impl Stored {
    /// Whether the match `own` of a document tells of a match of one of its paragraphs.
    fn explains(&mut self, outcome: &Outcome, own: &Match, paragraph: &Match) -> bool {
        let document = own.original.document;
        if paragraph.original.document == document {
            return true;
        }
        if self.document != Some(document) {
            let places = (0..outcome.paragraphs(document))
                .map(|paragraph| Place { document, paragraph: Some(paragraph) });
            self.originals = places.filter_map(|place| Some(outcome.match_of(place)?.original)).collect();
            self.originals.sort_unstable();
            self.document = Some(document);
        }
        self.originals.binary_search(&paragraph.original).is_ok()
    }
}

/// Joins the paragraph matches of one document, in order, to runs.
fn join(outcome: &Outcome, matches: &[Match], runs: &mut Vec<Repeat>) {
    runs.clear();
    let Some(first) = matches.first() else { return };
    let mut spans = (0..).zip(outcome.spans(first.copy.document));
    let mut start = 0;
    for one in matches {
        let Some((_, span)) = spans.find(|(number, _)| Some(*number) == one.copy.paragraph) else { return };
        match runs.last_mut() {
            Some(run) if continues(outcome, run, one) => {
                let jaccard = one.jaccard;
                run.copy.paragraphs = run.copy.paragraphs.zip(one.copy.paragraph).map(upto);
                run.original.paragraphs = run.original.paragraphs.zip(one.original.paragraph).map(upto);
                run.kind = run.kind.max(one.kind);
                run.similarity = [run.similarity[0].min(jaccard), run.similarity[1].max(jaccard)];
                run.matches += 1;
                run.bytes.end = span.bytes.end;
                run.characters = span.chars.end - start;
            }
            _ => {
                start = span.chars.start;
                runs.push(repeat(one, &span));
            }
        }
    }
}

fn upto((paragraphs, last): (Paragraphs, u32)) -> Paragraphs {
    Paragraphs { last, ..paragraphs }
}

/// Whether a match follows on a run, on both sides at the same distance, with nothing that is compared
/// between.
fn continues(outcome: &Outcome, run: &Repeat, next: &Match) -> bool {
    let (Some(copy), Some(original)) = (run.copy.paragraphs, run.original.paragraphs) else { return false };
    let (Some(next_copy), Some(next_original)) = (next.copy.paragraph, next.original.paragraph) else {
        return false;
    };
    let silent = |document: u32, mut between: std::ops::Range<u32>| {
        between.all(|paragraph| {
            let fate = outcome.fate(Place { document, paragraph: Some(paragraph) });
            matches!(fate, Fate::Short | Fate::Empty)
        })
    };
    next.original.document == run.original.document
        && next_original > original.last
        && next_original - original.last == next_copy - copy.last
        && silent(run.copy.document, copy.last + 1..next_copy)
        && silent(run.original.document, original.last + 1..next_original)
}

/// A single match as a repeat.
fn repeat(of: &Match, span: &Span) -> Repeat {
    let stretch = |place: Place| Stretch {
        document: place.document,
        paragraphs: place.paragraph.map(|number| Paragraphs { first: number, last: number }),
    };
    Repeat {
        copy: stretch(of.copy),
        original: stretch(of.original),
        kind: of.kind,
        similarity: [of.jaccard; 2],
        matches: 1,
        bytes: span.bytes.clone(),
        characters: span.chars.end - span.chars.start,
    }
}

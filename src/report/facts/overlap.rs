//! Which originals are the same for the most part. Outlets cut one dispatch differently, so the passages that
//! repeat it rarely start and end on the same word; to a reader they are copies of one text.

use crate::document::Place;
use crate::outcome::Outcome;
use crate::report::facts::copies::Tally;

/// Originals that later ones of their document are held against: the last that started a group.
const OPEN: usize = 8;

/// An original by its characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Original {
    start: u32,
    end: u32,
    /// which one of its document it is
    pub(super) at: u32,
    group: u32,
}

impl Original {
    fn is_like(&self, other: &Original) -> bool {
        let shared = self.end.min(other.end).saturating_sub(self.start.max(other.start));
        let longer = (self.end - self.start).max(other.end - other.start);
        u64::from(shared) * 2 >= u64::from(longer)
    }
}

/// The originals of a document, one at least: those of a group together, and in their order. Where the run looked for
/// no passages, each is a group. Otherwise they are taken in the order of the text, the longest of those that start
/// together first; each joins the last group whose first one shares at least half of the longer of both with it.
pub(super) fn group<'a>(
    outcome: &Outcome,
    tallies: &[Tally],
    originals: &'a mut Vec<Original>,
) -> impl Iterator<Item = &'a [Original]> {
    originals.clear();
    if !outcome.summary().parameters.units.passages || tallies.len() == 1 {
        let alone = |at| Original { start: 0, end: 0, at, group: at };
        originals.extend((0..tallies.len() as u32).map(alone));
    } else {
        measure(outcome, tallies, originals);
        originals.sort_unstable_by_key(|of| (of.start, u32::MAX - of.end, of.at));
        join(originals);
        originals.sort_unstable_by_key(|of| (of.group, of.at));
    }
    originals.chunk_by(|a, b| a.group == b.group)
}

/// The characters of the originals.
fn measure(outcome: &Outcome, tallies: &[Tally], originals: &mut Vec<Original>) {
    let document = tallies[0].key.document;
    let mut chars = Vec::new();
    if tallies.iter().any(|tally| tally.key.what == 1) {
        let spans = outcome.spans(document);
        chars.extend(spans.map(|span| [span.chars.start, span.chars.end].map(|at| at as u32)));
    }
    originals.extend((0..).zip(tallies).map(|(at, tally)| {
        let [first, last] = tally.key.range;
        let [start, end] = match tally.key.what {
            0 => [0, outcome.span(Place { document, paragraph: None }).chars.end as u32],
            1 => [chars[first as usize][0], chars[last as usize][1]],
            _ => tally.key.range,
        };
        Original { start, end, at, group: 0 }
    }));
}

/// Finds the group of each.
fn join(originals: &mut [Original]) {
    let mut open: Vec<Original> = Vec::with_capacity(OPEN);
    let mut groups = 0;
    for original in originals {
        let found = open.iter().rev().find(|first| first.is_like(original));
        original.group = found.map_or(groups, |first| first.group);
        if original.group == groups {
            groups += 1;
            if open.len() == OPEN {
                open.remove(0);
            }
            open.push(*original);
        }
    }
}

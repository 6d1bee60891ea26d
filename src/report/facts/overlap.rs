//! Which originals are the same for the most part. Outlets cut one dispatch differently, so the passages that
//! repeat it rarely start and end on the same word; to a reader they are copies of one text.

use crate::document::Place;
use crate::outcome::Outcome;
use crate::report::facts::add_up::Tallies;

/// Originals that later ones of their document are held against: the last that started a group.
const OPEN: usize = 8;

/// An original by its characters.
struct Original {
    document: u32,
    start: u32,
    end: u32,
    number: u32,
}

/// The group of each original by its number, and how many groups there are. Where the run looked for no
/// passages, each original is one. Otherwise they are taken in the order of the text, the longest of those
/// that start together first; each joins the last group whose first one shares at least half of the longer
/// of both with it.
pub(super) fn group(outcome: &Outcome, tallies: &Tallies) -> (Vec<u32>, u32) {
    let all = tallies.all.len() as u32;
    if !outcome.summary().parameters.units.passages {
        return ((0..all).collect(), all);
    }
    let mut originals = measure(outcome, tallies);
    originals.sort_unstable_by_key(|of| (of.document, of.start, u32::MAX - of.end, of.number));
    let mut group_of = vec![0; originals.len()];
    let mut groups = 0;
    let mut open: Vec<(&Original, u32)> = Vec::new();
    for original in &originals {
        let found = open.iter().rev().find(|(first, _)| are_alike(first, original));
        group_of[original.number as usize] = match found {
            Some(&(_, group)) => group,
            None => {
                if open.len() == OPEN {
                    open.remove(0);
                }
                open.push((original, groups));
                groups += 1;
                groups - 1
            }
        };
    }
    (group_of, groups)
}

fn are_alike(a: &Original, b: &Original) -> bool {
    let shared = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    let longer = (a.end - a.start).max(b.end - b.start);
    a.document == b.document && u64::from(shared) * 2 >= u64::from(longer)
}

/// The characters of all originals, going once through each document that has copied paragraphs.
fn measure(outcome: &Outcome, tallies: &Tallies) -> Vec<Original> {
    let key = |number: u32| tallies.all[number as usize].key;
    let mut numbers: Vec<u32> = (0..tallies.all.len() as u32).collect();
    numbers.sort_unstable_by_key(|&number| key(number));
    let mut chars = Vec::new();
    let mut originals = Vec::with_capacity(numbers.len());
    for numbers in numbers.chunk_by(|&a, &b| key(a).document == key(b).document) {
        let document = key(numbers[0]).document;
        chars.clear();
        if numbers.iter().any(|&number| key(number).what == 1) {
            chars.extend(
                outcome.spans(document).map(|span| [span.chars.start, span.chars.end].map(|at| at as u32)),
            );
        }
        for &number in numbers {
            let key = key(number);
            let [first, last] = key.range;
            let [start, end] = match key.what {
                0 => [0, outcome.span(Place { document, paragraph: None }).chars.end as u32],
                1 => [chars[first as usize][0], chars[last as usize][1]],
                _ => key.range,
            };
            originals.push(Original { document, start, end, number });
        }
    }
    originals
}

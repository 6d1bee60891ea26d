//! Who copies whom by date: which of two sources had a text first, and how long before the other.

use std::collections::HashMap;

use serde::Serialize;

use crate::outcome::Outcome;
use crate::report::facts::PAIRS;
use crate::report::walk::Told;

const SECOND: i128 = 1_000_000_000;

/// Which came first, where a field of the records tells their dates.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Dates {
    /// the field
    pub field: String,
    /// documents with a date
    pub dated: u64,
    /// documents without the field, or with nothing in it
    pub missing: u64,
    /// documents in which it holds no date
    pub unreadable: u64,
    /// copies in other documents of which both sides have a date
    pub repeats: u64,
    /// of these, copies that are older than what stands before them in the order of the corpus
    pub backwards: u64,
    /// pairs of sources, those with the most such copies first; at most [`PAIRS`]
    #[serde(skip)]
    pub pairs: Vec<DatedPair>,
    /// how many such pairs there are
    pub source_pairs: u64,
}

/// Two sources, or one twice, that have texts in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedPair {
    /// their indexes, ascending
    pub sources: [u32; 2],
    /// how often either had the text first; where both are one source, all stand on the first side
    pub first: [u64; 2],
    /// the median of the seconds from either to the other, where it was first
    pub median_seconds: [Option<u64>; 2],
    /// how often both have the same date
    pub same: u64,
}

/// Adds up dates: 8 bytes for each copy.
#[derive(Default)]
pub(super) struct Sums {
    made: Dates,
    pairs: HashMap<[u32; 2], Delays>,
}

#[derive(Default)]
struct Delays {
    /// seconds by which either was first
    first: [Vec<u64>; 2],
    same: u64,
}

impl Sums {
    pub(super) fn add(&mut self, outcome: &Outcome, told: &Told) {
        let Some(date) = outcome.date(told.document) else { return };
        let source = outcome.record(told.document).0;
        for (repeat, _) in told.repeats() {
            let original = repeat.original.document;
            let Some(of_original) = outcome.date(original).filter(|_| original != told.document) else {
                continue;
            };
            self.made.repeats += 1;
            self.made.backwards += u64::from(date < of_original);
            let other = outcome.record(original).0;
            // by how much the first one of the pair is earlier
            let (pair, earlier) = match other <= source {
                true => ([other, source], date - of_original),
                false => ([source, other], of_original - date),
            };
            if pair[0] == pair[1] {
                continue; // nobody is before itself
            }
            let delays = self.pairs.entry(pair).or_default();
            let seconds = u64::try_from(earlier.abs() / SECOND).unwrap_or(u64::MAX);
            match earlier.signum() {
                0 => delays.same += 1,
                sign => delays.first[usize::from(sign < 0)].push(seconds),
            }
        }
    }

    pub(super) fn finish(self, outcome: &Outcome) -> Option<Dates> {
        let (field, [dated, missing, unreadable]) = outcome.dated()?;
        let pair = |(sources, mut delays): ([u32; 2], Delays)| DatedPair {
            sources,
            first: delays.first.each_ref().map(|first| first.len() as u64),
            median_seconds: delays.first.each_mut().map(|delays| median(delays)),
            same: delays.same,
        };
        let mut pairs: Vec<DatedPair> = self.pairs.into_iter().map(pair).collect();
        let copies = |pair: &DatedPair| pair.first[0] + pair.first[1] + pair.same;
        pairs.sort_unstable_by_key(|pair| (std::cmp::Reverse(copies(pair)), pair.sources));
        let source_pairs = pairs.len() as u64;
        pairs.truncate(PAIRS);
        Some(Dates { field: field.to_owned(), dated, missing, unreadable, pairs, source_pairs, ..self.made })
    }
}

/// The middle one; of two, what is between.
fn median(numbers: &mut [u64]) -> Option<u64> {
    let middle = numbers.len() / 2;
    if numbers.is_empty() {
        return None;
    }
    let is_even = numbers.len().is_multiple_of(2);
    let (before, &mut upper, _) = numbers.select_nth_unstable(middle);
    let lower = before.iter().max().copied().filter(|_| is_even);
    Some(lower.map_or(upper, |lower| lower.midpoint(upper)))
}

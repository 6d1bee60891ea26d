//! Who copies whom by date: which of two sources had a text first, and how long before the other.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;

use crate::error::Result;
use crate::outcome::Outcome;
use crate::report::facts::PAIRS;
use crate::report::facts::sorted::Runs;
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

/// Rows that are held where memory is bounded.
const HELD: usize = 1 << 17;

/// A copy: both sources, ascending; 0 or 1 for which of them had the text first, 2 where both have the same date; by how many
/// seconds, the upper half first.
type Row = [u32; 5];

/// Adds up dates: 20 bytes for each copy, which wait in a temporary file where memory is bounded.
pub(super) struct Sums {
    made: Dates,
    held: Vec<Row>,
    most: usize,
    waiting: Option<Runs<Row>>,
}

impl Sums {
    pub(super) fn new(outcome: &Outcome) -> Self {
        Sums::holding(outcome.spill(), HELD)
    }

    fn holding(folder: Option<&Path>, most: usize) -> Self {
        Sums { made: Dates::default(), held: Vec::new(), most, waiting: folder.map(Runs::new) }
    }

    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn add(&mut self, outcome: &Outcome, told: &Told) -> Result<()> {
        let Some(date) = outcome.date(told.document) else { return Ok(()) };
        let source = outcome.source_of(told.document);
        for (repeat, _) in told.repeats() {
            let original = repeat.original.document;
            let Some(of_original) = outcome.date(original).filter(|_| original != told.document) else {
                continue;
            };
            self.made.repeats += 1;
            self.made.backwards += u64::from(date < of_original);
            let other = outcome.source_of(original);
            // by how much the first one of the pair is earlier
            let (pair, earlier) = match other <= source {
                true => ([other, source], date - of_original),
                false => ([source, other], of_original - date),
            };
            if pair[0] == pair[1] {
                continue; // nobody is before itself
            }
            self.push(pair, earlier)?;
        }
        Ok(())
    }

    fn push(&mut self, [one, other]: [u32; 2], earlier: i128) -> Result<()> {
        if let Some(waiting) = self.waiting.as_mut().filter(|_| self.held.len() >= self.most) {
            self.held.sort_unstable();
            waiting.push(&self.held)?;
            self.held.clear();
        }
        let seconds = u64::try_from(earlier.abs() / SECOND).unwrap_or(u64::MAX);
        let first = match earlier.signum() {
            0 => 2,
            sign => u32::from(sign < 0),
        };
        self.held.push([one, other, first, (seconds >> 32) as u32, seconds as u32]);
        Ok(())
    }

    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn finish(self, outcome: &Outcome) -> Result<Option<Dates>> {
        let Some((field, [dated, missing, unreadable])) = outcome.dated() else { return Ok(None) };
        let (made, pairs, source_pairs) = self.pairs()?;
        Ok(Some(Dates { field: field.to_owned(), dated, missing, unreadable, pairs, source_pairs, ..made }))
    }

    /// The pairs with the most copies, and how many pairs there are.
    fn pairs(mut self) -> Result<(Dates, Vec<DatedPair>, u64)> {
        self.held.sort_unstable();
        let mut top = Top::default();
        let mut counts = ([0; 2], [0; 3]);
        self.each(|&[one, other, first, ..]| {
            if counts.0 != [one, other] {
                top.add(std::mem::replace(&mut counts, ([one, other], [0; 3])));
            }
            counts.1[first as usize] += 1;
        })?;
        top.add(counts);
        top.cut();
        let numbers: HashMap<[u32; 2], usize> = top.pairs.iter().map(|pair| pair.sources).zip(0..).collect();
        let mut pairs = top.pairs;
        let (mut of, mut at) = ([0; 3], 0);
        self.each(|&[one, other, first, upper, lower]| {
            at = if of == [one, other, first] { at + 1 } else { 0 };
            of = [one, other, first];
            if let (Some(number), 0..=1) = (numbers.get(&[one, other]), first) {
                let count = pairs[*number].first[first as usize];
                let seconds = u64::from(upper) << 32 | u64::from(lower);
                let median = &mut pairs[*number].median_seconds[first as usize];
                // the middle one; of two, what is between
                if at == (count - 1) / 2 {
                    *median = Some(seconds);
                } else if at == count / 2 {
                    *median = median.map(|before| before.midpoint(seconds));
                }
            }
        })?;
        Ok((self.made, pairs, top.count))
    }

    /// Calls `found` with all rows in their order.
    fn each(&self, found: impl FnMut(&Row)) -> Result<()> {
        match &self.waiting {
            Some(waiting) => waiting.merge(&self.held, found),
            None => {
                self.held.iter().for_each(found);
                Ok(())
            }
        }
    }
}

/// Keeps the [`PAIRS`] pairs with the most copies; among equals the earlier one.
#[derive(Default)]
struct Top {
    pairs: Vec<DatedPair>,
    /// how many there were
    count: u64,
}

impl Top {
    /// Two sources, and how often the one was first, the other, neither; none where that is never.
    fn add(&mut self, (sources, [one, other, same]): ([u32; 2], [u64; 3])) {
        if one + other + same == 0 {
            return;
        }
        self.count += 1;
        self.pairs.push(DatedPair { sources, first: [one, other], median_seconds: [None; 2], same });
        if self.pairs.len() >= 8 * PAIRS {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let copies = |pair: &DatedPair| pair.first[0] + pair.first[1] + pair.same;
        self.pairs.sort_unstable_by_key(|pair| (Reverse(copies(pair)), pair.sources));
        self.pairs.truncate(PAIRS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn medians_are_those_of_all_wherever_they_wait(
            copies in prop::collection::vec((0..3u32, 3..5u32, -9..9i64), 0..60),
            most in 1..20usize,
        ) {
            let mut plain: BTreeMap<[u32; 2], [Vec<u64>; 3]> = BTreeMap::new();
            for &(one, other, seconds) in &copies {
                let first = if seconds == 0 { 2 } else { usize::from(seconds < 0) };
                plain.entry([one, other]).or_default()[first].push(seconds.unsigned_abs() << 31);
            }
            let median = |mut all: Vec<u64>| {
                all.sort_unstable();
                let upper = *all.get(all.len() / 2)?;
                Some(if all.len() % 2 == 1 { upper } else { all[all.len() / 2 - 1].midpoint(upper) })
            };
            let mut expected: Vec<DatedPair> = plain
                .into_iter()
                .map(|(sources, [one, other, same])| DatedPair {
                    sources,
                    first: [one.len() as u64, other.len() as u64],
                    same: same.len() as u64,
                    median_seconds: [median(one), median(other)],
                })
                .collect();
            expected.sort_by_key(|pair| Reverse(pair.first[0] + pair.first[1] + pair.same));
            for folder in [None, Some(std::env::temp_dir())] {
                let mut sums = Sums::holding(folder.as_deref(), most);
                for &(one, other, seconds) in &copies {
                    sums.push([one, other], i128::from(seconds << 31) * SECOND).unwrap();
                }
                let (_, pairs, count) = sums.pairs().unwrap();
                prop_assert_eq!(count, expected.len() as u64);
                prop_assert_eq!(&pairs, &expected);
            }
        }
    }
}

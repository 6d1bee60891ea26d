//! The seeds that occur more than once: which they are, of all, and how often each occurs. Made once, from the seeds of
//! the first pass, between the passes.

use std::ops::Range;

use crate::equal::{bits_of_parts, groups, part};
use crate::passage::Occurrence;
use crate::passage::gaps::Gaps;
use crate::passage::winnow::{SEED_BITS, SeedHead};

/// The seeds that occur more than once, numbered, and where they stand.
#[derive(Default)]
pub(crate) struct Repeated {
    /// their numbers, document after document, in the order of the text
    numbers: Vec<u32>,
    /// tokens from each to the next
    gaps: Gaps,
    /// behind the last of each distinct document
    ends: Vec<u32>,
    /// how often each number occurs
    counts: Vec<u32>,
}

impl Repeated {
    /// Numbers the repeated ones of `seeds`, which are `gaps` apart; `of_documents` says how many each
    /// distinct document has.
    pub(crate) fn new(seeds: &[SeedHead], gaps: &Gaps, of_documents: &[u32]) -> Self {
        let mut bits = vec![0u64; seeds.len().div_ceil(64)];
        let (mut counts, mut found) = (Vec::new(), Vec::new());
        groups(
            || seeds.iter().copied().map(u64::from).enumerate(),
            &sizes_of_parts(seeds),
            |same| {
                for &entry in same {
                    let seed = entry as u32;
                    bits[seed as usize / 64] |= 1 << (seed % 64);
                    found.push((seed, counts.len() as u32));
                }
                counts.push(same.len() as u32);
            },
        );
        let is_repeated = |seed: usize| bits[seed / 64] >> (seed % 64) & 1 == 1;
        let before = set_before(&bits);
        let mut numbers = vec![0; found.len()];
        for (seed, number) in found {
            let word = seed as usize / 64;
            let rest = bits[word] & ((1 << (seed % 64)) - 1);
            numbers[(before[word] + rest.count_ones()) as usize] = number;
        }
        let (mut between, mut ends) = (Gaps::default(), Vec::with_capacity(of_documents.len()));
        let mut first = 0;
        for &count in of_documents {
            let own = first..first + count as usize;
            let mut gap = 0;
            for (seed, from_last) in own.clone().zip(gaps.of(own.clone())) {
                gap += from_last;
                if is_repeated(seed) {
                    between.push(std::mem::take(&mut gap));
                }
            }
            ends.push(between.len() as u32);
            first = own.end;
        }
        between.shrink_to_fit();
        Repeated { numbers, gaps: between, ends, counts }
    }

    /// Whether a distinct document has a repeated seed.
    pub(crate) fn has_some(&self, row: usize) -> bool {
        !self.range(row).is_empty()
    }

    /// Appends the repeated seeds of a distinct document, in order.
    pub(crate) fn of(&self, row: usize, into: &mut Vec<Occurrence>) {
        let own = self.range(row);
        let mut at = 0;
        into.extend(self.numbers[own.clone()].iter().zip(self.gaps.of(own)).map(|(&number, gap)| {
            at += gap;
            Occurrence { number, at }
        }));
    }

    /// How often each number occurs; that is told once.
    pub(crate) fn take_counts(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.counts)
    }

    fn range(&self, row: usize) -> Range<usize> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[row] as usize
    }
}

/// How many of the seeds are in each part of their range.
fn sizes_of_parts(seeds: &[SeedHead]) -> Vec<u32> {
    let bits = bits_of_parts(seeds.len(), SEED_BITS);
    let mut sizes = vec![0; 1 << bits];
    seeds.iter().for_each(|&seed| sizes[part(seed.into(), bits)] += 1);
    sizes
}

/// How many bits are set in the words before each, and in all.
fn set_before(bits: &[u64]) -> Vec<u32> {
    let mut before = Vec::with_capacity(bits.len() + 1);
    before.push(0);
    before.extend(bits.iter().scan(0, |set, word| {
        *set += word.count_ones();
        Some(*set)
    }));
    before
}

//! The seeds that occur more than once: which they are, of all, and how often each occurs. Made once, from the seeds of
//! the first pass, between the passes.

use crate::equal::{bits_of_parts, groups, part};
use crate::passage::Occurrence;
use crate::passage::gaps::Gaps;
use crate::passage::winnow::{SEED_BITS, SeedHead};

/// The seeds that occur more than once, numbered, and where among all seeds they are.
#[derive(Default)]
pub(crate) struct Repeated {
    /// a bit for each seed of the distinct documents
    bits: Vec<u64>,
    /// the numbers of those whose bit is set, in order
    numbers: Vec<u32>,
    gaps: Gaps,
    /// behind the last seed of each distinct document, and how many of the seeds before are repeated
    ends: Vec<(u64, u32)>,
    /// how often each number occurs
    counts: Vec<u32>,
}

impl Repeated {
    /// Numbers the repeated ones of `seeds`, which are `gaps` apart; `of_documents` says how many each
    /// distinct document has.
    pub(crate) fn new(seeds: &[SeedHead], gaps: Gaps, of_documents: &[u32]) -> Self {
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
        let before = set_before(&bits);
        let rank = |seed: u64| {
            let word = seed as usize / 64;
            let rest = bits.get(word).map_or(0, |bits| (bits & ((1 << (seed % 64)) - 1)).count_ones());
            before[word] + rest
        };
        let mut numbers = vec![0; found.len()];
        found.iter().for_each(|&(seed, number)| numbers[rank(u64::from(seed)) as usize] = number);
        let behind = |end: &mut u64, &count: &u32| {
            *end += u64::from(count);
            Some((*end, rank(*end)))
        };
        let ends = of_documents.iter().scan(0, behind).collect();
        Repeated { bits, numbers, counts, gaps, ends }
    }

    fn is_repeated(&self, seed: u64) -> bool {
        self.bits[seed as usize / 64] >> (seed % 64) & 1 == 1
    }

    /// Whether a distinct document has a repeated seed.
    pub(crate) fn has_some(&self, row: usize) -> bool {
        self.start(row).1 < self.ends[row].1
    }

    /// Appends the repeated seeds of a distinct document, in order.
    pub(crate) fn of(&self, row: usize, into: &mut Vec<Occurrence>) {
        let (start, before) = self.start(row);
        let (end, behind) = self.ends[row];
        let mut numbers = self.numbers[before as usize..behind as usize].iter();
        let mut at = 0;
        into.reserve(numbers.len());
        for (seed, gap) in (start..end).zip(self.gaps.of(start as usize..end as usize)) {
            at += gap;
            if self.is_repeated(seed) {
                into.extend(numbers.next().map(|&number| Occurrence { number, at }));
            }
        }
    }

    /// How often each number occurs; that is told once.
    pub(crate) fn take_counts(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.counts)
    }

    fn start(&self, row: usize) -> (u64, u32) {
        row.checked_sub(1).map_or((0, 0), |before| self.ends[before])
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

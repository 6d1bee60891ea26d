//! The seeds that occur more than once: which they are, of all, and how often each occurs. Made once, from the seeds of
//! the first pass, between the passes.

use rayon::prelude::*;

use crate::head::Head;
use crate::passage::Occurrence;
use crate::passage::winnow::SEED_BITS;

/// No number.
const NONE: u32 = u32::MAX;

/// The seeds that occur more than once, numbered, and where among all seeds they are.
#[derive(Default)]
pub(crate) struct Repeated {
    /// a bit for each seed of the distinct documents
    bits: Vec<u64>,
    /// the numbers of those whose bit is set, in order
    numbers: Vec<u32>,
    /// tokens from each seed to the next, of the first from the start of its document
    gaps: Vec<u16>,
    /// behind the last seed of each distinct document, and how many of the seeds before are repeated
    ends: Vec<(u64, u32)>,
    /// how often each number occurs
    counts: Vec<u32>,
}

impl Repeated {
    /// Numbers the repeated ones of `seeds`, which are `gaps` apart; `of_documents` says how many each
    /// distinct document has.
    pub(crate) fn new(seeds: &[Head], gaps: Vec<u16>, of_documents: &[u32]) -> Self {
        let mut bits = may_repeat(seeds);
        let (of_candidate, counts) = numbered(seeds, &bits);
        let mut numbers = Vec::new();
        let mut candidates = of_candidate.iter();
        for word in &mut bits {
            for bit in ones(*word) {
                match candidates.next() {
                    Some(&number) if number != NONE => numbers.push(number),
                    _ => *word &= !(1 << bit),
                }
            }
        }
        let mut made = Repeated { bits, numbers, counts, gaps, ..Repeated::default() };
        let (mut end, mut before) = (0u64, 0u32);
        for &count in of_documents {
            for seed in end..end + u64::from(count) {
                before += u32::from(made.is_repeated(seed));
            }
            end += u64::from(count);
            made.ends.push((end, before));
        }
        made
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
        for (seed, &gap) in (start..end).zip(&self.gaps[start as usize..]) {
            at += u32::from(gap);
            if self.is_repeated(seed) {
                into.extend(numbers.next().map(|&number| Occurrence { number, at }));
            }
        }
    }

    /// How often each number occurs.
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    fn start(&self, row: usize) -> (u64, u32) {
        row.checked_sub(1).map_or((0, 0), |before| self.ends[before])
    }
}

/// The bits that are set, the lowest first.
fn ones(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit)
    })
}

/// A bit for each seed, set where it may occur more than once: two bits for each of 8 times as many slots leave
/// few of those that occur once.
fn may_repeat(seeds: &[Head]) -> Vec<u64> {
    let slots = (seeds.len() * 8).next_power_of_two().max(64);
    let mut met = vec![0u64; slots / 32];
    let slot = |seed: Head| {
        let hash = u64::from(seed);
        let at = (hash >> (u64::BITS - SEED_BITS)) as usize & (slots - 1);
        (at / 32, 2 * (at % 32))
    };
    for &seed in seeds {
        let (word, shift) = slot(seed);
        let once = met[word] >> shift & 1;
        met[word] |= (1 + 2 * once) << shift;
    }
    let is_twice = |seed: Head| {
        let (word, shift) = slot(seed);
        met[word] >> shift >> 1 & 1
    };
    let word =
        |seeds: &[Head]| seeds.iter().enumerate().fold(0, |word, (i, &seed)| word | is_twice(seed) << i);
    seeds.par_chunks(64).map(word).collect()
}

/// Parts that seeds are sorted in, by their first 8 bits.
const PARTS: usize = 256;

/// For each of the seeds whose bit is set the number of its hash, if that occurs more than once, or [`NONE`]; how
/// often each number occurs. Numbers are in the order of hashes.
fn numbered(seeds: &[Head], bits: &[u64]) -> (Vec<u32>, Vec<u32>) {
    const REST: u32 = SEED_BITS - PARTS.trailing_zeros();
    let set = || {
        let of_word =
            |(i, &word): (usize, &u64)| ones(word).map(move |bit| u64::from(seeds[64 * i + bit as usize]));
        bits.iter().enumerate().flat_map(of_word)
    };
    let part = |hash: u64| (hash >> (u64::BITS - PARTS.trailing_zeros())) as usize;
    let mut sizes = [0usize; PARTS];
    set().for_each(|hash| sizes[part(hash)] += 1);
    let mut parts: Vec<Vec<u64>> = sizes.iter().map(|&size| Vec::with_capacity(size)).collect();
    for (candidate, hash) in set().enumerate() {
        // what is left of the hash, and which candidate it is
        let rest = hash >> (u64::BITS - SEED_BITS) & ((1 << REST) - 1);
        parts[part(hash)].push(rest << 32 | candidate as u64);
    }
    parts.par_iter_mut().for_each(|part| part.sort_unstable());
    let mut numbers = vec![NONE; parts.iter().map(Vec::len).sum()];
    let mut counts = Vec::new();
    for part in parts {
        for same in part.chunk_by(|a, b| a >> 32 == b >> 32).filter(|same| same.len() > 1) {
            same.iter().for_each(|&candidate| numbers[candidate as u32 as usize] = counts.len() as u32);
            counts.push(same.len() as u32);
        }
    }
    (numbers, counts)
}

//! Tokens to seeds: winnowing (Schleimer, Wilkerson, Aiken 2003).
//!
//! Of each window of consecutive `k`-token hashes the least is a seed (of equal ones the last). Two texts
//! that share `window + k - 1` tokens share a whole window, and with it its seed: that is the guarantee.
//! Windows overlap, so on average one token in (window + 1) / 2 starts a seed.

use std::ops::Range;

use crate::head::Head;
use crate::shingle::Shingler;

/// Tokens in a seed: enough that chance repeats are rare.
const SEED: usize = 12;

/// The first bits of a seed; the others are 0. Seeds that share them by accident are told apart by the tokens
/// around them.
pub(crate) const SEED_BITS: u32 = 36;

/// What is kept of a seed.
pub(crate) type SeedHead = Head<5>;

/// Picks the seeds of texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Winnower {
    shingler: Shingler,
    window: usize,
}

/// A seed and the token at which it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seed {
    pub(crate) hash: u64,
    pub(crate) at: u32,
    /// the first token of the first window of which it is the least
    pub(crate) window: u32,
}

impl Winnower {
    /// Seeds that every run of `passage` tokens has one of.
    pub(crate) fn new(passage: u32) -> Self {
        let passage = passage as usize;
        let seed = SEED.min(passage);
        Winnower { shingler: Shingler::new(seed as u32), window: passage - seed + 1 }
    }

    /// Tokens in a seed.
    pub(crate) fn seed(&self) -> usize {
        self.shingler.width()
    }

    /// Calls `seed` for each seed of a text, in order. `hashes` is a buffer.
    pub(crate) fn seeds(&self, tokens: &[u64], hashes: &mut Vec<u64>, mut seed: impl FnMut(Seed)) {
        hashes.clear();
        if tokens.len() < self.shingler.width() + self.window - 1 {
            return;
        }
        self.shingler.rolled(tokens, hashes);
        let tell = |at: usize, window: usize| {
            seed(Seed { hash: cut(hashes[at]), at: at as u32, window: window as u32 });
        };
        #[cfg(target_arch = "x86_64")]
        if self.window <= WIDEST && is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512 F, as just checked.
            return unsafe { least_avx512(hashes, self.window, tell) };
        }
        least(hashes, self.window, tell);
    }

    /// Appends a mark for each window of a text with these hashes; returns how many there are.
    pub(crate) fn marks(&self, hashes: &[u64], into: &mut Vec<u32>) -> usize {
        let last = hashes.get(self.window - 1..).unwrap_or_default();
        into.extend(hashes.iter().zip(last).map(|(&first, &last)| mark(first, last)));
        last.len()
    }

    /// The mark of the window that starts at `first`.
    pub(crate) fn mark(&self, hashes: &[u64], first: usize) -> u32 {
        mark(hashes[first], hashes[first + self.window - 1])
    }

    /// The hashes that say of which windows the seed at `at` is the least, by where they start; `hashes` is how many a
    /// text has.
    pub(crate) fn around(&self, at: usize, hashes: usize) -> Range<usize> {
        (at + 1).saturating_sub(self.window)..(at + self.window).min(hashes)
    }

    /// The windows of a text, by their first tokens, of which the seed at `at` is the least, told by the hashes
    /// [`Winnower::around`] it.
    pub(crate) fn windows(&self, hashes: &[u64], at: usize) -> Range<u32> {
        let first = (at + 1).saturating_sub(self.window);
        let Some(&least) = hashes.get(at - first) else { return 0..0 };
        // of equal ones the last is the least
        let (before, behind) = (&hashes[..at - first], &hashes[at - first + 1..]);
        let start = first + before.iter().rposition(|hash| *hash < least).map_or(0, |less| less + 1);
        let behind = at + 1 + behind.iter().position(|hash| *hash <= least).unwrap_or(behind.len());
        start as u32..((behind + 1).saturating_sub(self.window).max(start)) as u32
    }

    /// What hashes the tokens of seeds.
    pub(crate) fn shingler(&self) -> &Shingler {
        &self.shingler
    }
}

/// Tells where the least of each window of hashes is (of equal ones the last) and which window is the first of which that
/// is so, whenever it is another one.
fn least(hashes: &[u64], window: usize, mut tell: impl FnMut(usize, usize)) {
    let mut least = 0;
    let mut told = usize::MAX;
    for end in 0..hashes.len() {
        if hashes[end] <= hashes[least] {
            least = end;
        } else if least + window <= end {
            // it has left the window: look at what is in it
            least += 1;
            for at in least + 1..=end {
                if hashes[at] <= hashes[least] {
                    least = at;
                }
            }
        }
        if end + 1 >= window && told != least {
            told = least;
            tell(least, end + 1 - window);
        }
    }
}

/// Windows of which the least hashes are found side by side.
#[cfg(any(test, target_arch = "x86_64"))]
const PIECE: usize = 128;

/// The most hashes in such a window.
#[cfg(any(test, target_arch = "x86_64"))]
const WIDEST: usize = 64;

/// The same, for the one kind of processor that knows in its vectors which of two numbers of 64 bits is less.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn least_avx512(hashes: &[u64], window: usize, tell: impl FnMut(usize, usize)) {
    least_of_many(hashes, window, tell);
}

/// The same, of many windows side by side: the least of two hashes, of four, of all.
#[cfg(any(test, target_arch = "x86_64"))]
#[inline(always)]
fn least_of_many(hashes: &[u64], window: usize, mut tell: impl FnMut(usize, usize)) {
    let (mut one, mut other) = ([0u64; PIECE + WIDEST], [0u64; PIECE + WIDEST]);
    let (mut least, mut next) = (&mut one[..], &mut other[..]);
    let windows = (hashes.len() + 1).saturating_sub(window);
    let mut before = None;
    for first in (0..windows).step_by(PIECE) {
        let count = PIECE.min(windows - first);
        let own = &hashes[first..first + count + window - 1];
        least[..own.len()].copy_from_slice(own);
        let (mut of, mut made) = (1, own.len());
        while of < window {
            let step = of.min(window - of);
            (of, made) = (of + step, made - step);
            for (into, (a, b)) in next[..made].iter_mut().zip(least.iter().zip(&least[step..])) {
                *into = *a.min(b);
            }
            std::mem::swap(&mut least, &mut next);
        }
        // the least of the window before each
        next[0] = before.unwrap_or(!least[0]);
        next[1..count].copy_from_slice(&least[..count - 1]);
        before = Some(least[count - 1]);
        let (least, before, ends) = (&least[..count], &next[..count], &own[window - 1..]);
        for (part, least) in least.chunks(64).enumerate() {
            let start = 64 * part;
            let others = before[start..].iter().zip(&ends[start..]);
            // another one, or as great as the one before and behind it
            let is_new = |(least, (before, end)): (&u64, (&u64, &u64))| (least != before) | (least == end);
            let bits = least.iter().zip(others).map(is_new).enumerate();
            let mut word = bits.fold(0u64, |word, (i, is_new)| word | u64::from(is_new) << i);
            while word != 0 {
                let at = start + word.trailing_zeros() as usize;
                word &= word - 1;
                let is_least = own[at..at + window].iter().enumerate();
                let all =
                    is_least.fold(0u64, |all, (i, hash)| all | u64::from(*hash == least[at - start]) << i);
                tell(first + at + all.ilog2() as usize, first + at);
            }
        }
    }
}

/// Of a window that starts and ends with what has these hashes.
fn mark(first: u64, last: u64) -> u32 {
    ((first ^ last.rotate_left(21)) >> u32::BITS) as u32
}

/// Its first bits; the others are 0.
pub(crate) fn cut(hash: u64) -> u64 {
    let rest = u64::BITS - SEED_BITS;
    hash >> rest << rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seeds(winnower: &Winnower, tokens: &[u64]) -> Vec<Seed> {
        let mut seeds = Vec::new();
        winnower.seeds(tokens, &mut Vec::new(), |seed| seeds.push(seed));
        seeds
    }

    proptest! {
        #[test]
        fn equals_the_definition(tokens in prop::collection::vec(0u64..4, 0..120), passage in 1u32..40) {
            let winnower = Winnower::new(passage);
            let mut hashes = Vec::new();
            winnower.shingler.rolled(&tokens, &mut hashes);
            let mut expected: Vec<usize> = hashes
                .windows(winnower.window)
                .enumerate()
                .map(|(start, window)| {
                    let least = window.iter().min().expect("windows are not empty");
                    start + window.iter().rposition(|hash| hash == least).expect("it is there")
                })
                .collect();
            expected.dedup();
            let got: Vec<usize> = seeds(&winnower, &tokens).iter().map(|seed| seed.at as usize).collect();
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn many_side_by_side_equal_one_after_the_other(
            hashes in prop::collection::vec(prop_oneof![0u64..3, any::<u64>(), Just(u64::MAX)], 0..400),
            window in 1usize..=WIDEST,
        ) {
            let [mut one, mut many] = [Vec::new(), Vec::new()];
            least(&hashes, window, |at, window| one.push((at, window)));
            least_of_many(&hashes, window, |at, window| many.push((at, window)));
            prop_assert_eq!(one, many);
        }

        #[test]
        fn each_window_is_of_one_seed(tokens in prop::collection::vec(0u64..4, 0..120), passage in 1u32..40) {
            let winnower = Winnower::new(passage);
            let (mut all, mut hashes) = (Vec::new(), Vec::new());
            winnower.shingler.rolled(&tokens, &mut hashes);
            let mut marks = Vec::new();
            winnower.marks(&hashes, &mut marks);
            for seed in seeds(&winnower, &tokens) {
                let at = seed.at as usize;
                let windows = winnower.windows(&hashes[winnower.around(at, hashes.len())], at);
                prop_assert!(!windows.is_empty());
                prop_assert!(windows.clone().all(|first| first <= seed.at));
                prop_assert_eq!(windows.start, seed.window);
                let mark = |first: u32| winnower.mark(&hashes, first as usize);
                prop_assert!(windows.clone().all(|first| mark(first) == marks[first as usize]));
                all.extend(windows);
            }
            let expected: Vec<u32> = (0..(tokens.len() as u32 + 1).saturating_sub(passage)).collect();
            prop_assert_eq!(all, expected);
        }

        #[test]
        fn a_shared_run_shares_a_seed(
            before in prop::collection::vec(any::<u64>(), 0..40),
            run in prop::collection::vec(any::<u64>(), 25..60),
            other in prop::collection::vec(any::<u64>(), 0..40),
        ) {
            let winnower = Winnower::new(25);
            let first = [before.clone(), run.clone(), other.clone()].concat();
            let second = [other.clone(), run.clone(), before.clone()].concat();
            let of_second: Vec<u64> = seeds(&winnower, &second).iter().map(|seed| seed.hash).collect();
            let inside = before.len()..before.len() + run.len() + 1 - winnower.seed();
            let shared = seeds(&winnower, &first).into_iter().filter(|seed| inside.contains(&(seed.at as usize)));
            prop_assert!(shared.map(|seed| seed.hash).any(|hash| of_second.contains(&hash)));
        }
    }
}

//! Tokens to seeds: winnowing (Schleimer, Wilkerson, Aiken 2003).
//!
//! Of each window of consecutive `k`-token hashes the least is a seed (of equal ones the last). Two texts
//! that share `window + k - 1` tokens share a whole window, and with it its seed: that is the guarantee.
//! Windows overlap, so on average one token in (window + 1) / 2 starts a seed.

use std::ops::Range;

use crate::shingle::Shingler;

/// Tokens in a seed: enough that chance repeats are rare.
const SEED: usize = 12;

/// The first bits of a seed; the others are 0. Seeds that share them by accident are told apart by the tokens
/// around them.
pub(crate) const SEED_BITS: u32 = 40;

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
        let mut least = 0;
        let mut told = usize::MAX;
        for end in 0..hashes.len() {
            if hashes[end] <= hashes[least] {
                least = end;
            } else if least + self.window <= end {
                // it has left the window: look at what is in it
                least += 1;
                for at in least + 1..=end {
                    if hashes[at] <= hashes[least] {
                        least = at;
                    }
                }
            }
            if end + 1 >= self.window && told != least {
                told = least;
                let window = (end + 1 - self.window) as u32;
                seed(Seed { hash: cut(hashes[least]), at: least as u32, window });
            }
        }
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

/// Of a window that starts and ends with what has these hashes.
fn mark(first: u64, last: u64) -> u32 {
    ((first ^ last.rotate_left(21)) >> u32::BITS) as u32
}

fn cut(hash: u64) -> u64 {
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

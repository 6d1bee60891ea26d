//! A set in 40 bytes: enough to tell of most pairs, without a look at the sets, that they are not alike.
//!
//! One body, compiled with and without the instruction that counts bits, which x86-64 does not promise.

/// A set in 256 bits, one for each element, chosen by its hash; and how many elements found theirs taken. What is
/// in one of two digests and not in the other is in one set and not in the other; so two digests tell how
/// many elements the sets can share at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    bits: [u64; 4],
    size: u32,
    /// elements less bits
    taken: u32,
}

impl Digest {
    /// The digest of a set.
    pub fn new(set: &[u64]) -> Self {
        let mut bits = [0u64; 4];
        for element in set {
            bits[(element >> 6 & 3) as usize] |= 1 << (element & 63);
        }
        let ones: u32 = bits.iter().map(|word| word.count_ones()).sum();
        let size = set.len() as u32;
        Digest { bits, size, taken: size - ones }
    }

    /// Whether both sets can have a Jaccard similarity of `threshold`: never false where they have.
    #[inline(always)]
    pub fn may_reach(&self, other: &Digest, threshold: f64) -> bool {
        let in_both: u32 = self.bits.iter().zip(other.bits).map(|(a, b)| (a & b).count_ones()).sum();
        let shared = in_both + self.taken.min(other.taken);
        let union = self.size + other.size - shared;
        // a little less than the threshold, so that rounding can't lose a match
        f64::from(shared) + 1e-6 >= threshold * f64::from(union)
    }
}

/// Keeps, of places in `all`, those whose set may be similar to `own` to the degree of `threshold`.
pub(crate) fn retain_hopeful(own: &Digest, all: &[Digest], threshold: f64, places: &mut Vec<u32>) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("popcnt") {
        // SAFETY: the CPU has POPCNT, as just checked.
        return unsafe { retain_popcnt(own, all, threshold, places) };
    }
    retain(own, all, threshold, places);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn retain_popcnt(own: &Digest, all: &[Digest], threshold: f64, places: &mut Vec<u32>) {
    retain(own, all, threshold, places);
}

/// Without a branch that depends on the sets.
#[inline(always)]
fn retain(own: &Digest, all: &[Digest], threshold: f64, places: &mut Vec<u32>) {
    let mut kept = 0;
    for i in 0..places.len() {
        let place = places[i];
        places[kept] = place;
        kept += usize::from(own.may_reach(&all[place as usize], threshold));
    }
    places.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn kernels_keep_what_the_plain_test_keeps(
            sets in prop::collection::vec(prop::collection::btree_set(0u64..300, 0..80), 1..12),
            threshold in 0.0..1.0,
        ) {
            let all: Vec<Digest> = sets
                .iter()
                .map(|set| Digest::new(&set.iter().copied().collect::<Vec<_>>()))
                .collect();
            let places: Vec<u32> = (0..all.len() as u32).rev().collect();
            let hopeful = |&place: &u32| all[0].may_reach(&all[place as usize], threshold);
            let expected: Vec<u32> = places.iter().copied().filter(hopeful).collect();
            let mut portable = places.clone();
            retain(&all[0], &all, threshold, &mut portable);
            prop_assert_eq!(&portable, &expected);
            let mut chosen = places;
            retain_hopeful(&all[0], &all, threshold, &mut chosen);
            prop_assert_eq!(&chosen, &expected);
        }
    }
}

//! What two sets have in common, counted as their elements come, in any order: no sorting, and what is known to
//! be in both is looked at once.

use crate::verify::Overlap;

/// One side of a comparison, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// the first
    First = 1,
    /// the second
    Second = 2,
    /// known to be in both
    Both = 3,
}

/// Counts the shingles of two sets. Its table is used again and again.
#[derive(Default)]
pub(crate) struct Tally {
    shingles: Vec<u64>,
    /// the sides that have the shingle in the same slot; 0 where the slot is free
    sides: Vec<u8>,
    overlap: Overlap,
}

impl Tally {
    /// Begins with two empty sets, to which at most `most` shingles are added.
    pub(crate) fn begin(&mut self, most: usize) {
        let slots = (2 * most).next_power_of_two().max(64);
        if self.shingles.len() < slots {
            self.shingles.resize(slots, 0);
        }
        self.sides.clear();
        self.sides.resize(slots, 0);
        self.overlap = Overlap::default();
    }

    /// Adds shingles; those that are there already count once.
    pub(crate) fn add(&mut self, side: Side, shingles: impl IntoIterator<Item = u64>) {
        let overlap = &mut self.overlap;
        let last = self.sides.len() - 1;
        let shift = u64::BITS - self.sides.len().trailing_zeros();
        for shingle in shingles {
            let mut slot = (shingle >> shift) as usize;
            while self.sides[slot] != 0 && self.shingles[slot] != shingle {
                slot = (slot + 1) & last;
            }
            let (before, now) = (self.sides[slot], self.sides[slot] | side as u8);
            self.shingles[slot] = shingle;
            self.sides[slot] = now;
            overlap.sizes[0] += u32::from(now & !before & 1);
            overlap.sizes[1] += u32::from((now & !before) >> 1);
            overlap.shared += u32::from(now == 3 && before != 3);
        }
    }

    /// What the two sets have in common.
    pub(crate) fn overlap(&self) -> Overlap {
        self.overlap
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::compare;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_comparison_of_sets(
            parts in prop::collection::vec((0u8..3, prop::collection::vec(0u64..40, 0..30)), 0..8),
        ) {
            let spread = |of: &u64| of.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut tally = Tally::default();
            tally.begin(500);
            tally.add(Side::First, [0, 1 << 63]); // forgotten by what follows
            tally.begin(parts.iter().map(|part| part.1.len()).sum());
            let mut sets = [Vec::new(), Vec::new()];
            for (side, part) in &parts {
                let side = [Side::First, Side::Second, Side::Both][usize::from(*side)];
                tally.add(side, part.iter().map(spread));
                for (bit, set) in [1, 2].into_iter().zip(&mut sets) {
                    if side as u8 & bit != 0 {
                        set.extend(part.iter().map(spread));
                    }
                }
            }
            sets.iter_mut().for_each(|set| {
                set.sort_unstable();
                set.dedup();
            });
            prop_assert_eq!(Some(tally.overlap()), compare(&sets[0], &sets[1], 0.0));
        }
    }
}

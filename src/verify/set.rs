//! Shingles to a set: in order, each once. They are hashes, so their first bits say about where each belongs.

/// Fewer than that are sorted as they are.
const FEW: usize = 24;

/// The most bits that tell places apart.
const MOST_BITS: u32 = 12;

/// Shingles of one place that are sorted by insertion.
const SMALL: u32 = 12;

/// Makes sets. Its buffers are used again and again.
#[derive(Default)]
pub(crate) struct Sorter {
    ends: Vec<u32>,
    sorted: Vec<u64>,
}

impl Sorter {
    /// Puts shingles in order, and takes out what is there twice.
    pub(crate) fn set(&mut self, shingles: &mut Vec<u64>) {
        if shingles.len() < FEW {
            insert(shingles);
        } else {
            self.sort(shingles);
        }
        shingles.dedup();
    }

    fn sort(&mut self, shingles: &mut Vec<u64>) {
        // a place or two for each, so that most have one to themselves
        let bits = (shingles.len().ilog2() + 1).min(MOST_BITS);
        let place = |shingle: u64| (shingle >> (u64::BITS - bits)) as usize;
        self.ends.clear();
        self.ends.resize(1 << bits, 0);
        shingles.iter().for_each(|&shingle| self.ends[place(shingle)] += 1);
        let (mut start, mut most) = (0, 0);
        for end in &mut self.ends {
            let own = std::mem::replace(end, start);
            start += own;
            most = most.max(own);
        }
        // each is now where its place starts, and moves to where it ends
        self.sorted.resize(shingles.len(), 0);
        for &shingle in &*shingles {
            let next = &mut self.ends[place(shingle)];
            self.sorted[*next as usize] = shingle;
            *next += 1;
        }
        if most > SMALL {
            let mut start = 0;
            for &end in &self.ends {
                if end - start > SMALL {
                    self.sorted[start as usize..end as usize].sort_unstable();
                }
                start = end;
            }
        }
        // none moves out of its place
        insert(&mut self.sorted);
        std::mem::swap(shingles, &mut self.sorted);
    }
}

/// Sorts a few.
fn insert(few: &mut [u64]) {
    for i in 1..few.len() {
        let one = few[i];
        let mut at = i;
        while at > 0 && few[at - 1] > one {
            few[at] = few[at - 1];
            at -= 1;
        }
        few[at] = one;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn equals_a_plain_set(
            numbers in prop::collection::vec(0u64..400, 0..300),
            shift in prop::sample::select(vec![0, 20, 55]),
            spread in any::<bool>(),
        ) {
            let mut sorter = Sorter::default();
            for part in [&numbers[..], &numbers[numbers.len() / 2..]] {
                let factor = if spread { 0x9E37_79B9_7F4A_7C15 } else { 1 };
                let mut shingles: Vec<u64> =
                    part.iter().map(|number| (number << shift).wrapping_mul(factor)).collect();
                let plain: BTreeSet<u64> = shingles.iter().copied().collect();
                sorter.set(&mut shingles);
                prop_assert_eq!(shingles, plain.into_iter().collect::<Vec<_>>());
            }
        }
    }
}

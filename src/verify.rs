//! The only judge of similarity: how many shingles two sets share, counted exactly.

mod digest;
mod set;
mod tally;

pub use digest::Digest;
pub(crate) use digest::retain_hopeful;
pub(crate) use set::Sorter;
pub(crate) use tally::{Side, Tally};

/// What two shingle sets have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// shingles in both
    pub shared: u32,
    /// shingles in each
    pub sizes: [u32; 2],
}

impl Overlap {
    /// Shared shingles divided by the different shingles of both sides together, 0 to 1; 0 where both are empty. Correctly
    /// rounded, so that a threshold written as a decimal is met by the fraction that it names.
    pub fn jaccard(&self) -> f64 {
        let union = u64::from(self.sizes[0]) + u64::from(self.sizes[1]) - u64::from(self.shared);
        if union == 0 { 0.0 } else { f64::from(self.shared) / union as f64 }
    }

    /// Shared shingles divided by those of the smaller side, 0 to 1; 0 where one is empty.
    pub fn containment(&self) -> f64 {
        let smaller = self.sizes[0].min(self.sizes[1]);
        if smaller == 0 { 0.0 } else { f64::from(self.shared) / f64::from(smaller) }
    }
}

/// Compares two ascending sets; `None` as soon as their Jaccard similarity can't reach `threshold`.
pub fn compare(a: &[u64], b: &[u64], threshold: f64) -> Option<Overlap> {
    let sizes = [a.len() as u32, b.len() as u32];
    // J >= t is shared >= t / (1 + t) of both sizes; one less, so that rounding can't lose a match
    let total = (a.len() + b.len()) as f64;
    let least = (threshold / (1.0 + threshold) * total) as usize;
    let least = least.saturating_sub(1);
    if a.len().min(b.len()) < least {
        return None;
    }
    let (mut i, mut j, mut shared) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        if shared + (a.len() - i).min(b.len() - j) < least {
            return None;
        }
        // sixteen steps between the checks, without a branch that depends on the data
        for _ in 0..16 {
            if i == a.len() || j == b.len() {
                break;
            }
            let (x, y) = (a[i], b[j]);
            shared += usize::from(x == y);
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
    }
    let overlap = Overlap { shared: shared as u32, sizes };
    (overlap.jaccard() >= threshold).then_some(overlap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn equals_the_sets(
            a in prop::collection::btree_set(0u64..60, 0..50),
            b in prop::collection::btree_set(0u64..60, 0..50),
            threshold in prop::sample::select(vec![0.1, 0.25, 0.5, 0.6, 2.0 / 3.0, 0.8, 0.9, 1.0]),
        ) {
            let vec = |set: &BTreeSet<u64>| set.iter().copied().collect::<Vec<_>>();
            let expected = crate::plain::jaccard(&a, &b);
            let got = compare(&vec(&a), &vec(&b), threshold);
            prop_assert!(Digest::new(&vec(&a)).may_reach(&Digest::new(&vec(&b)), expected));
            prop_assert_eq!(got.is_some(), expected >= threshold);
            if let Some(overlap) = got {
                prop_assert_eq!(overlap.jaccard(), expected);
                prop_assert_eq!(overlap.shared as usize, a.intersection(&b).count());
            }
        }
    }

    #[test]
    fn a_threshold_is_met_by_the_fraction_that_it_names() {
        let set = |range: std::ops::Range<u64>| range.collect::<Vec<_>>();
        assert_eq!(compare(&set(0..9), &set(1..10), 0.8).map(|o| o.shared), Some(8));
        assert!(compare(&set(0..9), &set(1..10), 0.8 + f64::EPSILON).is_none());
    }
}

//! Tokens from each seed to the next, of the first from the start of its document: nearly always few, and there are as many
//! as seeds.

use std::ops::Range;

/// Stands for one that a byte can't hold.
const FAR: u8 = u8::MAX;

/// The gaps of the seeds of many documents, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gaps {
    near: Vec<u8>,
    /// those that a byte can't hold, by their number, in order
    far: Vec<(u32, u32)>,
}

impl Gaps {
    pub(crate) fn push(&mut self, gap: u32) {
        if gap >= u32::from(FAR) {
            self.far.push((self.near.len() as u32, gap));
        }
        self.near.push(gap.min(FAR.into()) as u8);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.near.len()
    }

    /// Makes room for so many more, as `make_room` does it.
    pub(crate) fn make_room(&mut self, more: usize, make_room: impl FnOnce(&mut Vec<u8>, usize)) {
        make_room(&mut self.near, more);
    }

    /// Gives back what has room for more.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.near.shrink_to_fit();
        self.far.shrink_to_fit();
    }

    /// Those of some seeds.
    pub(crate) fn of(&self, seeds: Range<usize>) -> impl Iterator<Item = u32> + '_ {
        let first = self.far.partition_point(|(number, _)| (*number as usize) < seeds.start);
        let mut far = self.far[first..].iter();
        let gap = move |&near: &u8| match near {
            FAR => far.next().map_or(0, |(_, gap)| *gap),
            near => near.into(),
        };
        self.near[seeds].iter().map(gap)
    }
}

impl Extend<u32> for Gaps {
    fn extend<T: IntoIterator<Item = u32>>(&mut self, gaps: T) {
        let gaps = gaps.into_iter();
        self.near.reserve(gaps.size_hint().0);
        gaps.for_each(|gap| self.push(gap));
    }
}

impl FromIterator<u32> for Gaps {
    fn from_iter<T: IntoIterator<Item = u32>>(gaps: T) -> Self {
        let mut all = Gaps::default();
        all.extend(gaps);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn gaps_are_what_they_were(
            gaps in proptest::collection::vec(
                proptest::prop_oneof![0u32..20, 250u32..260, proptest::prelude::any::<u32>()],
                0..60,
            ),
        ) {
            let kept: Gaps = gaps.iter().copied().collect();
            for start in 0..=gaps.len() {
                for end in start..=gaps.len() {
                    proptest::prop_assert!(kept.of(start..end).eq(gaps[start..end].iter().copied()));
                }
            }
        }
    }
}

//! Which numbers are in a set, and how many of it come before each.

/// A set of numbers that tells how many of it are smaller than any one: a bit and a half for each number up to
/// the largest.
#[derive(Default)]
pub(crate) struct Ranks {
    /// 64 numbers, and how many of the set come before them
    words: Vec<(u64, u32)>,
}

impl Ranks {
    /// Of ascending numbers below `end`.
    pub(crate) fn new(numbers: impl Iterator<Item = u32>, end: usize) -> Self {
        let mut words = vec![(0u64, 0u32); end / 64 + 1];
        numbers.for_each(|number| words[number as usize / 64].0 |= 1 << (number % 64));
        let mut before = 0;
        for (bits, count) in &mut words {
            *count = before;
            before += bits.count_ones();
        }
        Ranks { words }
    }

    /// Whether a number is in the set.
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|(bits, _)| bits >> (number % 64) & 1 == 1)
    }

    /// How many smaller ones there are, for a number that is in the set.
    pub(crate) fn rank(&self, number: u32) -> Option<usize> {
        let &(bits, before) = self.words.get(number as usize / 64)?;
        let bit = 1u64 << (number % 64);
        (bits & bit != 0).then(|| before as usize + (bits & (bit - 1)).count_ones() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranks_are_those_of_the_set(numbers in prop::collection::btree_set(0u32..300, 0..80)) {
            let ranked = Ranks::new(numbers.iter().copied(), 300);
            for number in 0..400 {
                prop_assert_eq!(ranked.contains(number), numbers.contains(&number));
                prop_assert_eq!(ranked.rank(number), numbers.iter().position(|of| *of == number));
            }
        }
    }
}

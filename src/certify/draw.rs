//! The sample: the units with the smallest hashes of their content.

/// The units with the smallest keys so far.
#[derive(Debug, Default)]
pub(crate) struct Draw {
    most: usize,
    /// the halves of a key, and the unit
    drawn: Vec<(u64, u64, u32)>,
    /// keys above it are not among the smallest
    limit: Option<u128>,
}

impl Draw {
    /// Of `most` units.
    pub(crate) fn new(most: u32) -> Self {
        Draw { most: most as usize, drawn: Vec::new(), limit: None }
    }

    /// Offers a distinct unit with the hash of its content.
    pub(crate) fn offer(&mut self, key: u128, unit: u32) {
        if self.most == 0 || self.limit.is_some_and(|limit| key > limit) {
            return;
        }
        self.drawn.push(((key >> 64) as u64, key as u64, unit));
        if self.drawn.len() >= 2 * self.most {
            self.drawn.select_nth_unstable(self.most - 1);
            self.drawn.truncate(self.most);
            self.limit = self.drawn.last().map(|&(high, low, _)| u128::from(high) << 64 | u128::from(low));
        }
    }

    /// The units drawn, by their keys.
    pub(crate) fn finish(mut self) -> Vec<u32> {
        self.drawn.sort_unstable();
        self.drawn.truncate(self.most);
        self.drawn.into_iter().map(|(.., unit)| unit).collect()
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        size_of_val(&self.drawn[..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_draw_is_of_the_smallest_keys(keys in prop::collection::btree_set(any::<u128>(), 0..60), most in 0u32..20) {
            let mut draw = Draw::new(most);
            let mut order: Vec<u128> = keys.iter().copied().collect();
            order.sort_unstable_by_key(|key| key.rotate_left(64).wrapping_mul(3));
            order.iter().zip(0..).for_each(|(key, unit)| draw.offer(*key, unit));
            let expected: Vec<u32> =
                keys.iter().take(most as usize).map(|key| order.iter().position(|of| of == key).unwrap() as u32).collect();
            prop_assert_eq!(draw.finish(), expected);
        }
    }
}

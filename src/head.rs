//! The head of a hash: its first 40 bits, in five bytes. Of band keys and of seeds no more count, and there are
//! millions of both.

/// The first 40 bits; the order is that of the hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head([u8; 5]);

impl Head {
    /// The bits of a hash that it keeps.
    pub(crate) const BITS: u64 = u64::MAX << 24;

    /// Of a hash of which the other bits are 0.
    pub(crate) fn of(hash: u64) -> Self {
        let [a, b, c, d, e, ..] = hash.to_be_bytes();
        debug_assert_eq!(hash & !Head::BITS, 0, "bits that count are lost");
        Head([a, b, c, d, e])
    }
}

impl From<Head> for u64 {
    fn from(Head([a, b, c, d, e]): Head) -> u64 {
        u64::from_be_bytes([a, b, c, d, e, 0, 0, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn heads_are_the_hashes_in_their_order(a in 0u64..1 << 40, b in 0u64..1 << 40) {
            let [one, other] = [a << 24, b << 24].map(Head::of);
            prop_assert_eq!([u64::from(one), u64::from(other)], [a << 24, b << 24]);
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
        }
    }

    #[test]
    fn five_bytes() {
        assert_eq!(size_of::<[Head; 3]>(), 15);
    }
}

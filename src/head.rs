//! The head of a hash: its first bytes. Of band keys four count, of seeds five, and there are millions of both.

/// The first bytes; the order is that of the hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Head<BYTES> {
    /// The bits of a hash that it keeps.
    pub(crate) const BITS: u64 = u64::MAX << (u64::BITS as usize - 8 * BYTES);

    /// Of a hash of which the other bits are 0.
    pub(crate) fn of(hash: u64) -> Self {
        debug_assert_eq!(hash & !Self::BITS, 0, "bits that count are lost");
        let bytes = hash.to_be_bytes();
        Head(std::array::from_fn(|i| bytes[i]))
    }
}

impl<const BYTES: usize> Default for Head<BYTES> {
    fn default() -> Self {
        Head([0; BYTES])
    }
}

impl<const BYTES: usize> From<Head<BYTES>> for u64 {
    fn from(Head(head): Head<BYTES>) -> u64 {
        let mut bytes = [0; 8];
        bytes[..BYTES].copy_from_slice(&head);
        u64::from_be_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn heads_are_the_hashes_in_their_order(a in 0u64..1 << 40, b in 0u64..1 << 40) {
            let [one, other] = [a << 24, b << 24].map(Head::<5>::of);
            prop_assert_eq!([u64::from(one), u64::from(other)], [a << 24, b << 24]);
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
            let [one, other] = [a << 32, b << 32].map(Head::<4>::of);
            prop_assert_eq!([u64::from(one), u64::from(other)], [a << 32, b << 32]);
            prop_assert_eq!(one.cmp(&other), (a as u32).cmp(&(b as u32)));
        }
    }

    #[test]
    fn no_more_bytes_than_count() {
        assert_eq!([size_of::<[Head<5>; 3]>(), size_of::<[Head<4>; 3]>()], [15, 12]);
    }
}

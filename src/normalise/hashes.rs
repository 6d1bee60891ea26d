//! The hashes of all tokens of a window: one by one, or with AVX-512 eight at a time as if all were short, and then those
//! that are not, so that no branch depends on the length of a token. Both give the same bits.

use super::classify::{Edges, PADDING, WINDOW};
use super::{MASK, TokenHasher, halves};

/// The bytes of a window, and some after them that may be read.
pub(super) type Folded = [u8; WINDOW + PADDING];

/// Where tokens are: how many, their first bytes, and those past their last.
pub(super) struct Places<'a> {
    pub(super) count: usize,
    pub(super) starts: &'a Edges,
    pub(super) ends: &'a Edges,
}

/// What is made of them.
pub(super) struct Hashes {
    pub(super) of: [u64; WINDOW],
    /// which tokens are long
    #[cfg(target_arch = "x86_64")]
    long: Edges,
}

impl Hashes {
    pub(super) fn new() -> Box<Self> {
        Box::new(Hashes {
            of: [0; WINDOW],
            #[cfg(target_arch = "x86_64")]
            long: [0; WINDOW + 64],
        })
    }

    /// Hashes tokens of which the bytes stand in `folded`.
    pub(super) fn make(&mut self, hasher: &TokenHasher, folded: &Folded, places: &Places<'_>) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi2")
        {
            // SAFETY: the CPU has AVX-512F, VL and VBMI2, as just checked.
            let long = unsafe { x86::as_short_avx512(self, hasher, folded, places) };
            return self.hash_long(hasher, folded, places, long);
        }
        self.one_by_one(hasher, folded, places);
    }

    /// Hashes what is too long for two registers, of which there are so many.
    #[cfg(target_arch = "x86_64")]
    fn hash_long(&mut self, hasher: &TokenHasher, folded: &Folded, places: &Places<'_>, long: usize) {
        for &i in &self.long[..long] {
            let i = usize::from(i);
            let range = usize::from(places.starts[i])..usize::from(places.ends[i]);
            self.of[i] = hasher.hash(&folded[range]);
        }
    }

    /// The twin of the kernel.
    fn one_by_one(&mut self, hasher: &TokenHasher, folded: &Folded, places: &Places<'_>) {
        let hasher = *hasher;
        let edges = places.starts[..places.count].iter().zip(&places.ends[..places.count]);
        for (hash, (&start, &end)) in self.of.iter_mut().zip(edges) {
            let range = usize::from(start)..usize::from(end);
            *hash = match (folded[range.start % WINDOW..].first_chunk(), MASK.get(range.len())) {
                (Some(bytes), Some(mask)) => {
                    let [low, high] = halves(bytes);
                    hasher.short(low & mask[0], high & mask[1], range.len())
                }
                _ => hasher.hash(&folded[range]),
            };
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Folded, Hashes, Places, TokenHasher, WINDOW};
    use crate::normalise::SHORT;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512vl,avx512vbmi2")]
    pub(super) fn as_short_avx512(
        hashes: &mut Hashes,
        hasher: &TokenHasher,
        folded: &Folded,
        places: &Places<'_>,
    ) -> usize {
        let all = |number: u64| _mm512_set1_epi64(number as i64);
        let [first, second, third, fourth] = hasher.keys.map(all);
        let mut numbers = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7);
        let mut found = 0;
        for at in (0..places.count.min(WINDOW)).step_by(8) {
            let [start, end] = [places.starts, places.ends].map(|edges| {
                let eight = &edges[at..at + 8];
                // SAFETY: `eight` are 16 readable bytes; unaligned loads are allowed.
                _mm512_cvtepu16_epi64(unsafe { _mm_loadu_si128(eight.as_ptr().cast()) })
            });
            // what stands after the last token means nothing, and must not lead out of the window
            let start = _mm512_and_si512(start, all(WINDOW as u64 - 1));
            let length = _mm512_sub_epi64(end, start);
            // SAFETY: no start is above `WINDOW - 1`, and after that there are more than 16 bytes.
            let [low, high] = unsafe {
                let bytes = folded.as_ptr();
                [
                    _mm512_i64gather_epi64::<1>(start, bytes.cast()),
                    _mm512_i64gather_epi64::<1>(start, bytes.add(8).cast()),
                ]
            };
            // a shift by 64 or more leaves nothing
            let bits = _mm512_slli_epi64::<3>(length);
            let of_low = _mm512_sub_epi64(all(64), _mm512_min_epu64(bits, all(64)));
            let of_high = _mm512_sub_epi64(all(128), bits);
            let low = _mm512_and_si512(low, _mm512_srlv_epi64(all(u64::MAX), of_low));
            let high = _mm512_and_si512(high, _mm512_srlv_epi64(all(u64::MAX), of_high));
            let inner = folded_product(_mm512_xor_si512(low, first), _mm512_xor_si512(high, second));
            let inner = _mm512_xor_si512(_mm512_xor_si512(inner, third), length);
            let hash = folded_product(inner, fourth);
            let eight = &mut hashes.of[at..at + 8];
            // SAFETY: `eight` are 64 writable bytes; unaligned stores are allowed.
            unsafe { _mm512_storeu_si512(eight.as_mut_ptr().cast(), hash) };

            let tokens = u8::MAX >> 8_usize.saturating_sub(places.count - at);
            let long = _mm512_mask_cmpgt_epu64_mask(tokens, length, all(SHORT as u64));
            let eight = &mut hashes.long[found..found + 8];
            // SAFETY: `eight` are 16 writable bytes; unaligned stores are allowed.
            unsafe { _mm_storeu_si128(eight.as_mut_ptr().cast(), _mm_maskz_compress_epi16(long, numbers)) };
            found += long.count_ones() as usize;
            numbers = _mm_add_epi16(numbers, _mm_set1_epi16(8));
        }
        found
    }

    /// The 128-bit product of each pair, its halves combined, of products of 32 by 32 bits.
    #[target_feature(enable = "avx512f")]
    fn folded_product(a: __m512i, b: __m512i) -> __m512i {
        let upper = |number| _mm512_srli_epi64::<32>(number);
        let lower = |number| _mm512_and_si512(number, _mm512_set1_epi64(0xFFFF_FFFF));
        let [low, cross] = [_mm512_mul_epu32(a, b), _mm512_mul_epu32(a, upper(b))];
        let [other_cross, high] = [_mm512_mul_epu32(upper(a), b), _mm512_mul_epu32(upper(a), upper(b))];
        // none of these sums is above 2^64 - 1
        let middle = _mm512_add_epi64(cross, upper(low));
        let carried = _mm512_add_epi64(other_cross, lower(middle));
        let high = _mm512_add_epi64(high, _mm512_add_epi64(upper(middle), upper(carried)));
        // the upper half of each number of the one, the lower half of the other
        let low = _mm512_mask_blend_epi32(0xAAAA, low, _mm512_slli_epi64::<32>(carried));
        _mm512_xor_si512(high, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn kernels_equal_their_twin(
            lengths in prop::collection::vec(prop_oneof![4 => 0u16..=16, 1 => 17u16..200], 0..90),
            bytes in prop::collection::vec(any::<u8>(), WINDOW + PADDING),
            seed in any::<u64>(),
            rest in any::<u16>(),
        ) {
            let folded: Box<Folded> = bytes.into_boxed_slice().try_into().unwrap();
            let [mut starts, mut ends]: [Edges; 2] = [[rest; WINDOW + 64]; 2];
            let (mut at, mut count) = (0, 0);
            for length in lengths {
                if usize::from(at + length) > WINDOW || usize::from(at) >= WINDOW {
                    break;
                }
                (starts[count], ends[count]) = (at, at + length);
                (at, count) = (at + length + 1, count + 1);
            }
            let hasher = TokenHasher::new(seed);
            let places = Places { count, starts: &starts, ends: &ends };
            let [mut fast, mut plain] = [Hashes::new(), Hashes::new()];
            fast.make(&hasher, &folded, &places);
            plain.one_by_one(&hasher, &folded, &places);
            prop_assert_eq!(&fast.of[..count], &plain.of[..count]);
            for (i, hash) in plain.of[..count].iter().enumerate() {
                prop_assert_eq!(*hash, hasher.hash(&folded[usize::from(starts[i])..usize::from(ends[i])]));
            }
        }
    }
}

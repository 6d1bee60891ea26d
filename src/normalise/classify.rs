//! Bytes in, bit masks out: which bytes belong to a run of word characters, and the bytes with ASCII
//! letters in lower case. The same function four times, for AVX-512, AVX2, NEON and for any machine; all
//! give the same bits.
//!
//! A byte belongs to a run if it is an ASCII letter or digit, or not ASCII. What the bytes that are not
//! ASCII mean is decided later, a code point at a time.

/// Bytes in a window: what is classified at once. Fits the first-level cache beside its masks.
pub(crate) const WINDOW: usize = 4096;

/// Bytes behind [`Window::folded`] that may be read but mean nothing.
pub(crate) const PADDING: usize = 64;

/// A stretch of text, classified.
pub(crate) struct Window {
    /// the bytes, ASCII letters in lower case; zeros behind `length`
    pub(crate) folded: [u8; WINDOW + PADDING],
    /// a bit for each byte, set where it belongs to a run; zeros behind the end
    pub(crate) run: [u64; WINDOW / 64],
}

impl Window {
    pub(crate) fn new() -> Self {
        Window { folded: [0; WINDOW + PADDING], run: [0; WINDOW / 64] }
    }

    /// Classifies up to [`WINDOW`] bytes.
    pub(crate) fn fill(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(WINDOW)];
        let whole = bytes.len() / 64 * 64;
        classify(&bytes[..whole], &mut self.folded, &mut self.run);
        let rest = &bytes[whole..];
        if whole < WINDOW {
            let mut last = [0u8; 64];
            last[..rest.len()].copy_from_slice(rest);
            classify(&last, &mut self.folded[whole..], &mut self.run[whole / 64..]);
            // what an earlier, longer text left behind must not be read as part of a token
            self.folded[whole + 64..(whole + 64 + PADDING).min(WINDOW + PADDING)].fill(0);
        }
    }
}

/// Classifies a whole number of 64-byte blocks.
fn classify(bytes: &[u8], folded: &mut [u8], run: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") {
            // SAFETY: the CPU has AVX-512BW (and with it F), as just checked.
            return unsafe { x86::classify_avx512(bytes, folded, run) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, as just checked.
            return unsafe { x86::classify_avx2(bytes, folded, run) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        return arm::classify_neon(bytes, folded, run);
    }
    #[allow(unreachable_code)] // on aarch64, where NEON is always there
    classify_portable(bytes, folded, run);
}

/// The twin of every kernel here, one byte at a time.
pub(crate) fn classify_portable(bytes: &[u8], folded: &mut [u8], run: &mut [u64]) {
    for (block, (folded, run)) in bytes.chunks_exact(64).zip(folded.chunks_mut(64).zip(run)) {
        let mut mask = 0u64;
        for (i, (&byte, folded)) in block.iter().zip(folded.iter_mut()).enumerate() {
            *folded = byte.to_ascii_lowercase();
            mask |= u64::from(byte.is_ascii_alphanumeric() || byte >= 0x80) << i;
        }
        *run = mask;
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn classify_avx512(bytes: &[u8], folded: &mut [u8], run: &mut [u64]) {
        for (block, (folded, run)) in bytes.chunks_exact(64).zip(folded.chunks_exact_mut(64).zip(run)) {
            // SAFETY: `block` is 64 readable bytes; unaligned loads are allowed.
            let v = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
            // x - 'A' < 26, unsigned: an upper-case letter
            let upper = _mm512_cmplt_epu8_mask(
                _mm512_sub_epi8(v, _mm512_set1_epi8(b'A' as i8)),
                _mm512_set1_epi8(26),
            );
            let lower = _mm512_mask_add_epi8(v, upper, v, _mm512_set1_epi8(0x20));
            let letter = _mm512_cmplt_epu8_mask(
                _mm512_sub_epi8(lower, _mm512_set1_epi8(b'a' as i8)),
                _mm512_set1_epi8(26),
            );
            let digit = _mm512_cmplt_epu8_mask(
                _mm512_sub_epi8(v, _mm512_set1_epi8(b'0' as i8)),
                _mm512_set1_epi8(10),
            );
            *run = letter | digit | _mm512_movepi8_mask(v);
            // SAFETY: `folded` is 64 writable bytes; unaligned stores are allowed.
            unsafe { _mm512_storeu_si512(folded.as_mut_ptr().cast(), lower) };
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn classify_avx2(bytes: &[u8], folded: &mut [u8], run: &mut [u64]) {
        for (block, (folded, run)) in bytes.chunks_exact(64).zip(folded.chunks_exact_mut(64).zip(run)) {
            let mut mask = 0u64;
            for half in 0..2 {
                // SAFETY: bytes `half * 32 .. half * 32 + 32` lie inside the 64 of `block`.
                let v = unsafe { _mm256_loadu_si256(block.as_ptr().add(half * 32).cast()) };
                let upper = below(v, b'A', 26);
                let lower = _mm256_add_epi8(v, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
                let word = _mm256_or_si256(below(lower, b'a', 26), below(v, b'0', 10));
                let in_run = _mm256_or_si256(word, v); // the top bit of `v`: not ASCII
                mask |= u64::from(_mm256_movemask_epi8(in_run) as u32) << (half * 32);
                // SAFETY: as above, for the 64 bytes of `folded`.
                unsafe { _mm256_storeu_si256(folded.as_mut_ptr().add(half * 32).cast(), lower) };
            }
            *run = mask;
        }
    }

    /// All ones in each byte `x` with `first <= x < first + count`.
    #[target_feature(enable = "avx2")]
    fn below(v: __m256i, first: u8, count: u8) -> __m256i {
        let offset = _mm256_sub_epi8(v, _mm256_set1_epi8(first as i8));
        // unsigned x <= count - 1 is max(x, count - 1) == count - 1
        let last = _mm256_set1_epi8(count as i8 - 1);
        _mm256_cmpeq_epi8(_mm256_max_epu8(offset, last), last)
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    pub(super) fn classify_neon(bytes: &[u8], folded: &mut [u8], run: &mut [u64]) {
        const BIT: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        for (block, (folded, run)) in bytes.chunks_exact(64).zip(folded.chunks_exact_mut(64).zip(run)) {
            let mut mask = 0u64;
            for quarter in 0..4 {
                // SAFETY: bytes `quarter * 16 .. quarter * 16 + 16` lie inside the 64 of `block` and of
                // `folded`; NEON is part of every aarch64 CPU.
                unsafe {
                    let v = vld1q_u8(block.as_ptr().add(quarter * 16));
                    let upper = vcltq_u8(vsubq_u8(v, vdupq_n_u8(b'A')), vdupq_n_u8(26));
                    let lower = vaddq_u8(v, vandq_u8(upper, vdupq_n_u8(0x20)));
                    let letter = vcltq_u8(vsubq_u8(lower, vdupq_n_u8(b'a')), vdupq_n_u8(26));
                    let digit = vcltq_u8(vsubq_u8(v, vdupq_n_u8(b'0')), vdupq_n_u8(10));
                    let high = vcgeq_u8(v, vdupq_n_u8(0x80));
                    let bits = vandq_u8(vorrq_u8(vorrq_u8(letter, digit), high), vld1q_u8(BIT.as_ptr()));
                    let low = u64::from(vaddv_u8(vget_low_u8(bits)));
                    let top = u64::from(vaddv_u8(vget_high_u8(bits)));
                    mask |= (low | top << 8) << (quarter * 16);
                    vst1q_u8(folded.as_mut_ptr().add(quarter * 16), lower);
                }
            }
            *run = mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn kernels_equal_their_twin(bytes in prop::collection::vec(any::<u8>(), 64 * 5)) {
            let mut expected = (vec![0u8; 320], vec![0u64; 5]);
            classify_portable(&bytes, &mut expected.0, &mut expected.1);
            let mut got = (vec![0u8; 320], vec![0u64; 5]);
            classify(&bytes, &mut got.0, &mut got.1);
            prop_assert_eq!(&got, &expected);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                let mut got = (vec![0u8; 320], vec![0u64; 5]);
                // SAFETY: the CPU has AVX2, as just checked.
                unsafe { x86::classify_avx2(&bytes, &mut got.0, &mut got.1) };
                prop_assert_eq!(&got, &expected);
            }
        }
    }

    #[test]
    fn every_byte_value_is_classified_as_the_definition_says() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (mut folded, mut run) = ([0; 256], [0; 4]);
        classify(&bytes, &mut folded, &mut run);
        for (i, &byte) in bytes.iter().enumerate() {
            let in_run = run[i / 64] >> (i % 64) & 1 == 1;
            assert_eq!(in_run, byte.is_ascii_alphanumeric() || byte >= 0x80, "byte {byte:#x}");
            assert_eq!(folded[i], byte.to_ascii_lowercase(), "byte {byte:#x}");
        }
    }
}

//! Bytes in, bit masks out: which bytes belong to a run of word characters, and the bytes with ASCII
//! letters in lower case. The same function four times, for AVX-512, AVX2, NEON and for any machine; all
//! give the same bits.
//!
//! A byte belongs to a run if it is an ASCII letter or digit, or not ASCII. What the bytes that are not
//! ASCII mean is decided by [`super::wide`] as far as that knows, else later, a code point at a time.

use super::wide::{self, BEFORE, BLOCK, Raw};

/// Bytes in a window: what is classified at once. Fits the first-level cache beside its masks.
pub(crate) const WINDOW: usize = 4096;

/// Bytes after [`Window::folded`] that may be read but mean nothing.
pub(crate) const PADDING: usize = 64;

/// The masks of a window: a word for each block, and one after them.
const WORDS: usize = WINDOW / BLOCK + 1;

/// A stretch of text, classified.
pub(crate) struct Window {
    /// the bytes as they are, zeros on both sides
    raw: [u8; BEFORE + WINDOW + PADDING],
    /// the bytes, letters in lower case as far as they are known here; zeros after the end
    pub(crate) folded: [u8; WINDOW + PADDING],
    /// a bit for each byte, set where it belongs to a run; zeros after the end
    run: [u64; WORDS],
    /// set at a byte of each character that only the table knows
    hard: [u64; WORDS],
    /// set at the last byte of each character that is a token of its own, whatever follows
    single: [u64; WORDS],
    /// set where a byte is not ASCII
    high: [u64; WORDS],
    /// how many blocks are filled; none where no byte is hard
    blocks: usize,
}

impl Window {
    pub(crate) fn new() -> Self {
        let [run, hard, single, high] = [[0; WORDS]; 4];
        let (raw, folded) = ([0; BEFORE + WINDOW + PADDING], [0; WINDOW + PADDING]);
        Window { raw, folded, run, hard, single, high, blocks: 0 }
    }

    /// Classifies up to [`WINDOW`] bytes, the first of which starts a character.
    pub(crate) fn fill(&mut self, bytes: &[u8]) {
        let length = bytes.len().min(WINDOW);
        let blocks = length.div_ceil(BLOCK);
        self.raw[BEFORE..BEFORE + length].copy_from_slice(&bytes[..length]);
        self.raw[BEFORE + length..BEFORE + blocks * BLOCK + 1].fill(0);
        classify(&self.raw[BEFORE..BEFORE + blocks * BLOCK], &mut self.folded, &mut self.run);
        // what an earlier, longer text left behind must not be read as part of a token
        self.folded[blocks * BLOCK..blocks * BLOCK + PADDING].fill(0);
        [self.run[blocks], self.single[blocks]] = [0; 2];
        let (mut singles, mut hard) = (0, 0);
        for block in 0..blocks {
            let at = block * BLOCK;
            let mut masks = wide::Masks::default();
            if let (Some(raw), Some(folded)) =
                (self.raw[at..].first_chunk::<{ size_of::<Raw>() }>(), self.folded[at..].first_chunk_mut())
                && !folded.is_ascii()
            {
                masks = wide::judge(raw, folded);
                let [two, three] = masks.separators;
                self.run[block] &= !(two | two >> 1 | three | three >> 1 | three >> 2);
                if block > 0 {
                    self.run[block - 1] &= !((two | three) << 63 | three << 62);
                }
            }
            singles |= masks.single;
            hard |= masks.hard;
            (self.hard[block], self.single[block], self.high[block]) = (masks.hard, masks.single, masks.high);
        }
        if singles != 0 {
            hard |= self.join_singles(blocks);
        }
        self.blocks = if hard == 0 { 0 } else { blocks };
    }

    /// A single character may be one token with a mark that follows it: where what follows is neither ASCII nor
    /// another single one, the table has to know. Returns whether it does, as a word that is not 0.
    fn join_singles(&mut self, blocks: usize) -> u64 {
        let words = |of: &Self, block: usize| of.run[block] & of.high[block] & !of.of_singles(block);
        let mut here = words(self, 0);
        for block in 0..blocks {
            let behind = if block + 1 < blocks { words(self, block + 1) } else { 0 };
            let joined = self.single[block] & (here >> 1 | behind << 63);
            self.hard[block] |= joined;
            // not yet taken out of `single`: the next block looks at what this one was
            self.high[block] = joined;
            here = behind;
        }
        let mut any = 0;
        for (single, joined) in self.single[..blocks].iter_mut().zip(&self.high) {
            *single &= !joined;
            any |= joined;
        }
        any
    }

    /// The bytes of a block that belong to single characters.
    #[inline(always)]
    fn of_singles(&self, block: usize) -> u64 {
        let (own, next) = (self.single[block], self.single[block + 1]);
        own | own >> 1 | own >> 2 | next << 63 | next << 62
    }

    /// Writes where tokens start, and where they end: one for each start, but for the last of them if it goes on
    /// after the first `length` bytes. Returns how many starts and ends there are.
    pub(crate) fn tokens(&self, length: usize, starts: &mut Edges, ends: &mut Edges) -> (usize, usize) {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vbmi2")
                && is_x86_feature_detected!("popcnt")
            {
                // SAFETY: the CPU has AVX-512F, BW, VBMI2 and POPCNT, as just checked.
                return unsafe { self.tokens_avx512(length, starts, ends) };
            }
            if is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt") {
                // SAFETY: the CPU has BMI1 and POPCNT, as just checked.
                return unsafe { self.tokens_bmi(length, starts, ends) };
            }
        }
        self.tokens_with(length, (starts, ends), positions)
    }

    /// AVX-512 version of [`Self::tokens`]: finds the bits of a word all at once, and writes the same.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn tokens_avx512(&self, length: usize, starts: &mut Edges, ends: &mut Edges) -> (usize, usize) {
        self.tokens_with(length, (starts, ends), |mask, base, count, into| {
            x86::positions_avx512(mask, base, count, into)
        })
    }

    /// BMI version of [`Self::tokens`]: counts the bits of a word, and finds each, by an instruction; writes the same.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "bmi1,popcnt")]
    fn tokens_bmi(&self, length: usize, starts: &mut Edges, ends: &mut Edges) -> (usize, usize) {
        self.tokens_with(length, (starts, ends), positions)
    }

    /// `positions` writes where the bits of a mask stand.
    #[inline(always)]
    fn tokens_with(
        &self,
        length: usize,
        (starts, ends): (&mut Edges, &mut Edges),
        positions: impl Fn(u64, usize, usize, &mut Edges) -> usize,
    ) -> (usize, usize) {
        let (mut started, mut ended) = (0, 0);
        let (mut word_before, mut single_before) = (0, 0);
        for block in 0..length.div_ceil(BLOCK) {
            let (single, next) = (self.single[block], self.single[block + 1]);
            let word = self.run[block] & !self.of_singles(block);
            let before = word << 1 | word_before;
            // the first byte of a single character is two before its last one
            let start = (word & !before) | single >> 2 | next << 62;
            let end = (!word & before) | single << 1 | single_before;
            (word_before, single_before) = (word >> 63, single >> 63);
            started = positions(start, block * BLOCK, started, starts);
            ended = positions(end, block * BLOCK, ended, ends);
        }
        (started, ended)
    }

    /// The first byte from `from` on of a character that only the table knows.
    #[inline(always)]
    pub(crate) fn next_hard(&self, from: usize) -> Option<usize> {
        let first = from / BLOCK;
        let mut words = self.hard[first..self.blocks.max(first)].iter().zip(first..);
        let (&word, _) = words.next()?;
        let word = word & u64::MAX << (from % BLOCK);
        let (word, block) = match word {
            0 => words.find(|(word, _)| **word != 0).map(|(&word, block)| (word, block))?,
            word => (word, first),
        };
        Some(block * BLOCK + word.trailing_zeros() as usize)
    }
}

/// Positions in a window: as many as there can be, and room for some that mean nothing.
pub(crate) type Edges = [u16; WINDOW + 64];

/// Writes where the bits of `mask` stand, after the first `count`; returns how many there are then.
#[inline(always)]
fn positions(mut mask: u64, base: usize, count: usize, into: &mut Edges) -> usize {
    let found = mask.count_ones() as usize;
    let mut at = count;
    // eight at a time: a loop that nearly always runs as often as the last time
    while at < count + found {
        for slot in &mut into[at..at + 8] {
            *slot = (base as u16) + mask.trailing_zeros() as u16;
            mask &= mask.wrapping_sub(1);
        }
        at += 8;
    }
    count + found
}

/// Classifies a whole number of 64-byte blocks.
fn classify(bytes: &[u8], folded: &mut [u8], run: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: the CPU has AVX-512F and BW, as just checked.
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
    use super::Edges;
    use std::arch::x86_64::*;

    /// What [`super::positions`] does, a word at a time.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    pub(super) fn positions_avx512(mask: u64, base: usize, count: usize, into: &mut Edges) -> usize {
        const NUMBERS: [u8; 64] = {
            let mut numbers = [0; 64];
            let mut i = 0;
            while i < 64 {
                numbers[i] = i as u8;
                i += 1;
            }
            numbers
        };
        let found = mask.count_ones() as usize;
        // SAFETY: 64 readable bytes; unaligned loads are allowed.
        let numbers = unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast()) };
        let set = _mm512_maskz_compress_epi8(mask, numbers);
        let base = _mm512_set1_epi16(base as i16);
        let mut put = |at: usize, half: __m256i| {
            let places = &mut into[at..at + 32];
            let positions = _mm512_add_epi16(base, _mm512_cvtepu8_epi16(half));
            // SAFETY: `places` are 64 writable bytes; unaligned stores are allowed.
            unsafe { _mm512_storeu_si512(places.as_mut_ptr().cast(), positions) };
        };
        put(count, _mm512_castsi512_si256(set));
        if found > 32 {
            put(count + 32, _mm512_extracti64x4_epi64::<1>(set));
        }
        count + found
    }

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

    proptest! {
        #[test]
        fn positions_equal_their_twin(masks in prop::collection::vec((any::<u64>(), any::<u64>()), 1..64)) {
            let [mut got, mut expected] = [[0; WINDOW + 64]; 2];
            let (mut count, mut of_twin) = (0, 0);
            for (block, (mask, other)) in masks.into_iter().enumerate() {
                let mask = if block % 2 == 0 { mask & other } else { mask };
                of_twin = positions(mask, block * BLOCK, of_twin, &mut expected);
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi2") {
                    // SAFETY: the CPU has AVX-512BW and VBMI2, as just checked, and POPCNT with them.
                    count = unsafe { x86::positions_avx512(mask, block * BLOCK, count, &mut got) };
                    continue;
                }
                count = positions(mask, block * BLOCK, count, &mut got);
            }
            prop_assert_eq!(&got[..count], &expected[..of_twin]);
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

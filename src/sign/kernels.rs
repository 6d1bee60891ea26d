//! The inner loop of signing: for each shingle, for each row, multiply, add, minimum.
//!
//! Rows stay in registers while the shingles stream by: written out for AVX-512; for AVX2 and the machine's base line
//! (which has NEON on aarch64) one body compiled twice. [`tests`] judges all by one row at a time.

use super::QUAD;

/// Rows that are computed at once where there are as many.
const LANES: usize = 16;

/// Adds the shingles to each row; all three slices of rows are equally long, a multiple of [`QUAD`].
pub(super) fn add(multipliers: &[u32], increments: &[u32], shingles: &[u64], signature: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F, as just checked.
            return unsafe { x86::add_avx512(multipliers, increments, shingles, signature) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, as just checked.
            return unsafe { add_avx2(multipliers, increments, shingles, signature) };
        }
    }
    body(multipliers, increments, shingles, signature);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_avx2(multipliers: &[u32], increments: &[u32], shingles: &[u64], signature: &mut [u32]) {
    body(multipliers, increments, shingles, signature);
}

/// Rows 16 by 16, then 4 by 4.
#[inline(always)]
fn body(multipliers: &[u32], increments: &[u32], shingles: &[u64], signature: &mut [u32]) {
    let mut row = 0;
    while row + LANES <= signature.len() {
        rows::<LANES>(&multipliers[row..], &increments[row..], shingles, &mut signature[row..]);
        row += LANES;
    }
    while row + QUAD <= signature.len() {
        rows::<QUAD>(&multipliers[row..], &increments[row..], shingles, &mut signature[row..]);
        row += QUAD;
    }
}

#[inline(always)]
fn rows<const AT_ONCE: usize>(
    multipliers: &[u32],
    increments: &[u32],
    shingles: &[u64],
    signature: &mut [u32],
) {
    let a: [u32; AT_ONCE] = std::array::from_fn(|i| multipliers[i]);
    let b: [u32; AT_ONCE] = std::array::from_fn(|i| increments[i]);
    let mut least: [u32; AT_ONCE] = std::array::from_fn(|i| signature[i]);
    for &shingle in shingles {
        let x = (shingle >> 32) as u32;
        for i in 0..AT_ONCE {
            least[i] = least[i].min(a[i].wrapping_mul(x).wrapping_add(b[i]));
        }
    }
    signature[..AT_ONCE].copy_from_slice(&least);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, QUAD};
    use std::arch::x86_64::*;

    /// 48 rows at once, then 32, 16, and the rest 4 by 4: as many vectors are on their way as there can be.
    #[target_feature(enable = "avx512f")]
    pub(super) fn add_avx512(
        multipliers: &[u32],
        increments: &[u32],
        shingles: &[u64],
        signature: &mut [u32],
    ) {
        let mut row = 0;
        while row < signature.len() {
            let (a, b, rows) = (&multipliers[row..], &increments[row..], &mut signature[row..]);
            row += match rows.len() / LANES {
                0 => quad(a, b, shingles, rows),
                1 => groups::<1>(a, b, shingles, rows),
                2 => groups::<2>(a, b, shingles, rows),
                _ => groups::<3>(a, b, shingles, rows),
            };
        }
    }

    /// `GROUPS` times 16 rows; returns how many these are.
    #[target_feature(enable = "avx512f")]
    fn groups<const GROUPS: usize>(a: &[u32], b: &[u32], shingles: &[u64], signature: &mut [u32]) -> usize {
        let [mut factor, mut increment, mut least] = [[_mm512_setzero_si512(); GROUPS]; 3];
        for g in 0..GROUPS {
            let of_group = |of: &[u32]| load(&of[g * LANES..(g + 1) * LANES]);
            (factor[g], increment[g], least[g]) = (of_group(a), of_group(b), of_group(signature));
        }
        for &shingle in shingles {
            let x = _mm512_set1_epi32((shingle >> 32) as i32);
            for g in 0..GROUPS {
                let value = _mm512_add_epi32(_mm512_mullo_epi32(factor[g], x), increment[g]);
                least[g] = _mm512_min_epu32(least[g], value);
            }
        }
        for g in 0..GROUPS {
            let rows = &mut signature[g * LANES..(g + 1) * LANES];
            // SAFETY: `rows` are 64 writable bytes; unaligned stores are allowed.
            unsafe { _mm512_storeu_si512(rows.as_mut_ptr().cast(), least[g]) };
        }
        GROUPS * LANES
    }

    /// Four rows of four shingles at once, `x` of each shingle in each of its four lanes; returns four.
    #[target_feature(enable = "avx512f")]
    fn quad(a: &[u32], b: &[u32], shingles: &[u64], signature: &mut [u32]) -> usize {
        let four_times = |of: &[u32]| {
            let four = &of[..QUAD];
            // SAFETY: `four` are 16 readable bytes; unaligned loads are allowed.
            _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(four.as_ptr().cast()) })
        };
        let (factor, increment, mut least) = (four_times(a), four_times(b), four_times(signature));
        // the high halves of four shingles, each for four lanes
        let spread = _mm512_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7);
        let (fours, rest) = shingles.as_chunks::<4>();
        let mut take = |four: &[u64; 4]| {
            // SAFETY: `four` are 32 readable bytes; unaligned loads are allowed.
            let four = _mm512_castsi256_si512(unsafe { _mm256_loadu_si256(four.as_ptr().cast()) });
            let x = _mm512_permutexvar_epi32(spread, four);
            let value = _mm512_add_epi32(_mm512_mullo_epi32(factor, x), increment);
            least = _mm512_min_epu32(least, value);
        };
        fours.iter().for_each(&mut take);
        if let Some(&last) = rest.last() {
            // what stands twice changes no minimum
            let mut four = [last; 4];
            four[..rest.len()].copy_from_slice(rest);
            take(&four);
        }
        let mut lanes = [0; LANES];
        // SAFETY: `lanes` are 64 writable bytes; unaligned stores are allowed.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), least) };
        for (i, lane) in lanes.into_iter().enumerate() {
            signature[i % QUAD] = signature[i % QUAD].min(lane);
        }
        QUAD
    }

    #[target_feature(enable = "avx512f")]
    fn load(rows: &[u32]) -> __m512i {
        let rows = &rows[..LANES];
        // SAFETY: `rows` are 64 readable bytes; unaligned loads are allowed.
        unsafe { _mm512_loadu_si512(rows.as_ptr().cast()) }
    }
}

#[cfg(test)]
mod tests {
    use crate::sign::{Signer, merge};
    use proptest::prelude::*;

    /// One row at a time, one shingle at a time.
    fn plain(signer: &Signer, shingles: &[u64]) -> Vec<u32> {
        let row = |i: usize| {
            let value = |&s: &u64| {
                let x = s >> 32;
                (u64::from(signer.multipliers[i]) * x + u64::from(signer.increments[i])) as u32
            };
            shingles.iter().map(value).min().unwrap_or(u32::MAX)
        };
        (0..signer.rows()).map(row).collect()
    }

    proptest! {
        #[test]
        fn kernels_equal_their_twin(
            shingles in prop::collection::vec(any::<u64>(), 0..70),
            rows in 1usize..150,
            cut in 0usize..70,
        ) {
            let signer = Signer::new(rows, 3);
            let expected = plain(&signer, &shingles);
            let mut whole = signer.empty();
            signer.add(&shingles, &mut whole);
            prop_assert_eq!(&whole, &expected);
            let mut portable = signer.empty();
            super::body(&signer.multipliers, &signer.increments, &shingles, &mut portable);
            prop_assert_eq!(&portable, &expected);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                let mut avx2 = signer.empty();
                // SAFETY: the CPU has AVX2, as just checked.
                unsafe { super::add_avx2(&signer.multipliers, &signer.increments, &shingles, &mut avx2) };
                prop_assert_eq!(&avx2, &expected);
            }
            let (left, right) = shingles.split_at(cut.min(shingles.len()));
            let (mut a, mut b) = (signer.empty(), signer.empty());
            signer.add(left, &mut a);
            signer.add(right, &mut b);
            merge(&mut a, &b);
            prop_assert_eq!(a, expected);
        }
    }
}

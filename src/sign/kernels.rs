//! The inner loop of signing: for each shingle, for each row, multiply, add, minimum.
//!
//! One body, compiled for AVX-512, AVX2 and the machine's base line (which has NEON on aarch64): rows stay
//! in registers while the shingles stream by. [`tests`] judges it by one row at a time.

use super::LANES;

/// Adds the shingles to each row; all four slices of rows are equally long, a multiple of [`LANES`].
pub(super) fn add(multipliers: &[u32], increments: &[u32], shingles: &[u64], signature: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F, as just checked.
            return unsafe { add_avx512(multipliers, increments, shingles, signature) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, as just checked.
            return unsafe { add_avx2(multipliers, increments, shingles, signature) };
        }
    }
    body::<1>(multipliers, increments, shingles, signature);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn add_avx512(multipliers: &[u32], increments: &[u32], shingles: &[u64], signature: &mut [u32]) {
    // 3 x 16 rows, their factors and the shingle: 10 of 32 registers
    body::<3>(multipliers, increments, shingles, signature);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_avx2(multipliers: &[u32], increments: &[u32], shingles: &[u64], signature: &mut [u32]) {
    body::<1>(multipliers, increments, shingles, signature);
}

/// `GROUPS` times 16 rows at once, then the rest 16 by 16.
#[inline(always)]
fn body<const GROUPS: usize>(
    multipliers: &[u32],
    increments: &[u32],
    shingles: &[u64],
    signature: &mut [u32],
) {
    let mut row = 0;
    while row + GROUPS * LANES <= signature.len() {
        rows::<GROUPS>(&multipliers[row..], &increments[row..], shingles, &mut signature[row..]);
        row += GROUPS * LANES;
    }
    while row + LANES <= signature.len() {
        rows::<1>(&multipliers[row..], &increments[row..], shingles, &mut signature[row..]);
        row += LANES;
    }
}

#[inline(always)]
fn rows<const GROUPS: usize>(
    multipliers: &[u32],
    increments: &[u32],
    shingles: &[u64],
    signature: &mut [u32],
) {
    let group = |of: &[u32], g: usize| -> [u32; LANES] { std::array::from_fn(|i| of[g * LANES + i]) };
    let a: [[u32; LANES]; GROUPS] = std::array::from_fn(|g| group(multipliers, g));
    let b: [[u32; LANES]; GROUPS] = std::array::from_fn(|g| group(increments, g));
    let mut least: [[u32; LANES]; GROUPS] = std::array::from_fn(|g| group(signature, g));
    for &shingle in shingles {
        let x = (shingle >> 32) as u32;
        for g in 0..GROUPS {
            for i in 0..LANES {
                let value = a[g][i].wrapping_mul(x).wrapping_add(b[g][i]);
                least[g][i] = least[g][i].min(value);
            }
        }
    }
    for (rows, least) in signature.chunks_exact_mut(LANES).zip(least) {
        rows.copy_from_slice(&least);
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
            super::body::<1>(&signer.multipliers, &signer.increments, &shingles, &mut portable);
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

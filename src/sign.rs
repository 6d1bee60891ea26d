//! Shingles to a signature: classic MinHash (Broder 1997) with `k` rows of 32 bits.
//!
//! Row `i` of a set is the least `a_i x + b_i` modulo 2^32 over the high halves `x` of its shingles, `a_i`
//! odd. The shingles are well mixed, so this cheap family behaves as the theory says (measured in
//! `docs/accuracy.md`). Signatures of parts merge by minimum, row by row, into that of the whole.

mod kernels;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A signature's length is rounded up to this many rows: the least that are computed at a time.
const QUAD: usize = 4;

/// The rows of a signature, and how to compute them.
#[derive(Debug, Clone)]
pub struct Signer {
    multipliers: Vec<u32>,
    increments: Vec<u32>,
}

impl Signer {
    /// `rows` rows drawn from `seed`, rounded up to a multiple of 4.
    pub fn new(rows: usize, seed: u64) -> Self {
        let rows = rows.next_multiple_of(QUAD);
        let draw = |i: usize| xxh3_64_with_seed(&[b's', i as u8, (i >> 8) as u8], seed);
        Signer {
            multipliers: (0..rows).map(|i| draw(i) as u32 | 1).collect(),
            increments: (0..rows).map(|i| (draw(i) >> 32) as u32).collect(),
        }
    }

    /// Rows in a signature.
    pub fn rows(&self) -> usize {
        self.multipliers.len()
    }

    /// The signature of the empty set: the neutral element of [`merge`].
    pub fn empty(&self) -> Vec<u32> {
        vec![u32::MAX; self.rows()]
    }

    /// Adds shingles to the set that `signature` stands for.
    pub fn add(&self, shingles: &[u64], signature: &mut [u32]) {
        kernels::add(&self.multipliers, &self.increments, shingles, signature);
    }
}

/// Makes `signature` that of the union of both sets.
pub fn merge(signature: &mut [u32], other: &[u32]) {
    for (row, &other) in signature.iter_mut().zip(other) {
        *row = (*row).min(other);
    }
}

//! Tokens to shingles: 64 bits for each `w` consecutive tokens, rolled from the tokens' own hashes.
//!
//! A shingle is the polynomial of its `w` token hashes at a fixed odd base, modulo 2^64, then mixed. The
//! token hashes are uniform, so two different stretches agree with probability 2^-64. A unit with fewer
//! tokens is one shingle of all of them, mixed with their number, so that it equals nothing but itself.

/// The base of the polynomial: 2^64 divided by the golden ratio, made odd.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// Makes shingles of one width.
#[derive(Debug, Clone, Copy)]
pub struct Shingler {
    width: usize,
    /// `BASE` to the power of `width`: the weight of a token that leaves the window
    leaving: u64,
}

impl Shingler {
    /// Shingles of `width` >= 1 tokens.
    pub fn new(width: u32) -> Self {
        Shingler { width: width as usize, leaving: BASE.wrapping_pow(width) }
    }

    /// Tokens in a shingle.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Makes `into` the shingle that starts at each token: `tokens.len() - width + 1` of them. None where
    /// there are fewer tokens than that.
    pub fn rolled(&self, tokens: &[u64], into: &mut Vec<u64>) {
        into.clear();
        match self.width {
            1 => into.extend(tokens.iter().map(|&t| mix(t))),
            3 => triples(tokens, into),
            width => {
                let Some(first) = tokens.get(..width) else { return };
                let mut sum = first.iter().fold(0u64, |sum, &t| sum.wrapping_mul(BASE).wrapping_add(t));
                into.push(mix(sum));
                for (&out, &next) in tokens.iter().zip(&tokens[width..]) {
                    let shifted = sum.wrapping_mul(BASE).wrapping_add(next);
                    sum = shifted.wrapping_sub(out.wrapping_mul(self.leaving));
                    into.push(mix(sum));
                }
            }
        }
    }

    /// The one shingle of a unit with fewer tokens than the width.
    pub fn short(&self, tokens: &[u64]) -> u64 {
        let sum =
            tokens.iter().fold(!(tokens.len() as u64), |sum, &t| sum.wrapping_mul(BASE).wrapping_add(t));
        mix(sum)
    }

    /// Makes `into` a unit's shingles, one for each token at which one starts; of one with fewer tokens than
    /// the width the one that it has.
    pub(crate) fn all(&self, tokens: &[u64], into: &mut Vec<u64>) {
        self.rolled(tokens, into);
        if into.is_empty() && !tokens.is_empty() {
            into.push(self.short(tokens));
        }
    }

    /// Makes `into` the set of a unit's shingles, ascending.
    pub fn set(&self, tokens: &[u64], into: &mut Vec<u64>) {
        self.all(tokens, into);
        into.sort_unstable();
        into.dedup();
    }
}

/// Appends the shingles of three tokens: the usual width, free of the chain from one shingle to the next.
fn triples(tokens: &[u64], into: &mut Vec<u64>) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
        let start = into.len();
        into.resize(start + tokens.len().saturating_sub(2), 0);
        // SAFETY: the CPU has AVX-512 DQ and VL, as just checked.
        return unsafe { triples_avx512(tokens, &mut into[start..]) };
    }
    into.extend(tokens.windows(3).map(triple));
}

/// The same, for the one kind of processor with products of 64 bits in its vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn triples_avx512(tokens: &[u64], into: &mut [u64]) {
    for (shingle, three) in into.iter_mut().zip(tokens.windows(3)) {
        *shingle = triple(three);
    }
}

#[inline(always)]
fn triple(t: &[u64]) -> u64 {
    let square = const { BASE.wrapping_mul(BASE) };
    mix(t[0].wrapping_mul(square).wrapping_add(t[1].wrapping_mul(BASE)).wrapping_add(t[2]))
}

/// A bijection of 64 bits that carries every bit into the high ones.
#[inline(always)]
fn mix(mut x: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x ^ (x >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rolled_equals_each_shingle_on_its_own(
            tokens in prop::collection::vec(any::<u64>(), 0..40),
            width in 1u32..9,
        ) {
            let shingler = Shingler::new(width);
            let mut rolled = vec![1; 5];
            shingler.rolled(&tokens, &mut rolled);
            let alone: Vec<u64> = tokens
                .windows(width as usize)
                .map(|t| mix(t.iter().fold(0u64, |sum, &t| sum.wrapping_mul(BASE).wrapping_add(t))))
                .collect();
            prop_assert_eq!(&rolled, &alone);
            if width == 3 {
                let portable: Vec<u64> = tokens.windows(3).map(triple).collect();
                prop_assert_eq!(&portable, &alone);
            }
        }
    }

    #[test]
    fn a_short_unit_is_one_shingle_that_no_longer_unit_has() {
        let shingler = Shingler::new(3);
        let mut set = Vec::new();
        for tokens in [&[0u64][..], &[0, 0], &[7], &[7, 9]] {
            shingler.set(tokens, &mut set);
            assert_eq!(set, [shingler.short(tokens)]);
        }
        assert_ne!(shingler.short(&[0]), shingler.short(&[0, 0]));
        shingler.set(&[], &mut set);
        assert!(set.is_empty());
    }
}

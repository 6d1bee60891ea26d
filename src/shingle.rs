//! Tokens to shingles: 64 bits for each `w` consecutive tokens, rolled from the tokens' own hashes.
//!
//! A shingle is the polynomial of its `w` token hashes at a fixed odd base, modulo 2^64, then mixed. The
//! token hashes are uniform, so two different stretches agree with probability 2^-64. A unit with fewer
//! tokens is one shingle of all of them, mixed with their number, so that it equals nothing but itself.

/// The base of the polynomial: 2^64 divided by the golden ratio, made odd.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// Shingles of a text that is large: of these no more are held than have to be.
pub(crate) const LARGE: usize = 1 << 18;

/// An odd factor that mixes.
const MIX: u64 = 0xD6E8_FEB8_6659_FD93;

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
        let shingles = (tokens.len() + 1).saturating_sub(self.width);
        into.clear();
        if shingles > into.capacity().max(LARGE) {
            *into = Vec::new(); // not both at once, and no more than these
            into.reserve_exact(shingles);
        }
        into.resize(shingles, 0);
        self.fill(tokens, into);
    }

    /// Writes the shingles that start at the first tokens, as many as `into` holds.
    pub(crate) fn fill(&self, tokens: &[u64], into: &mut [u64]) {
        match self.width {
            1 => into.iter_mut().zip(tokens).for_each(|(shingle, &token)| *shingle = mix(token)),
            2 => self.few::<2>(tokens, into),
            3 => self.few::<3>(tokens, into),
            4 => self.few::<4>(tokens, into),
            5 => self.few::<5>(tokens, into),
            12 => twelves(tokens, into),
            _ => self.roll(tokens, into),
        }
    }

    /// [`Self::fill`] for the usual widths: with products of 64 bits in vectors, free of the chain from one shingle to the next.
    fn few<const WIDTH: usize>(&self, tokens: &[u64], into: &mut [u64]) {
        #[cfg(target_arch = "x86_64")]
        if has_products() {
            // SAFETY: the CPU has AVX-512 F, DQ and VL, as just checked.
            return unsafe { few_avx512::<WIDTH>(tokens, into) };
        }
        if WIDTH > 3 {
            return self.roll(tokens, into);
        }
        each_alone::<WIDTH>(tokens, into);
    }

    /// [`Self::fill`] for any width: makes each shingle from the one before.
    fn roll(&self, tokens: &[u64], into: &mut [u64]) {
        let (Some(first), [start, rest @ ..]) = (tokens.get(..self.width), into) else { return };
        let mut sum = sum(0, first);
        *start = mix(sum);
        for (shingle, (&out, &next)) in rest.iter_mut().zip(tokens.iter().zip(&tokens[self.width..])) {
            let shifted = sum.wrapping_mul(BASE).wrapping_add(next);
            sum = shifted.wrapping_sub(out.wrapping_mul(self.leaving));
            *shingle = mix(sum);
        }
    }

    /// The shingle of the tokens of some others, one after the other, and then of `rest`.
    pub(crate) fn joined(&self, shingles: impl Iterator<Item = u64>, rest: &[u64]) -> u64 {
        let joined = shingles.fold(0u64, |sum, of| sum.wrapping_mul(self.leaving).wrapping_add(unmix(of)));
        mix(sum(joined, rest))
    }

    /// The one shingle of a unit with fewer tokens than the width.
    pub fn short(&self, tokens: &[u64]) -> u64 {
        mix(sum(!(tokens.len() as u64), tokens))
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

/// The only kind of processor with products of 64 bits in its vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn few_avx512<const WIDTH: usize>(tokens: &[u64], into: &mut [u64]) {
    each_alone::<WIDTH>(tokens, into);
}

/// Makes `into` the shingles of `WIDTH` tokens, each from its tokens.
#[inline(always)]
fn each_alone<const WIDTH: usize>(tokens: &[u64], into: &mut [u64]) {
    for (shingle, some) in into.iter_mut().zip(tokens.windows(WIDTH)) {
        *shingle = alone::<WIDTH>(some);
    }
}

#[inline(always)]
fn alone<const WIDTH: usize>(tokens: &[u64]) -> u64 {
    let powers = const {
        let mut powers = [1u64; WIDTH];
        let mut at = WIDTH - 1;
        while at > 0 {
            powers[at - 1] = powers[at].wrapping_mul(BASE);
            at -= 1;
        }
        powers
    };
    let mut sum = 0u64;
    for at in 0..WIDTH {
        sum = sum.wrapping_add(tokens[at].wrapping_mul(powers[at]));
    }
    mix(sum)
}

/// Whether the processor has products of 64 bits in its vectors.
#[cfg(target_arch = "x86_64")]
fn has_products() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

/// Makes `into` the shingles of twelve tokens, which are seeds.
fn twelves(tokens: &[u64], into: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if has_products() {
        // SAFETY: the CPU has AVX-512 F, DQ and VL, as just checked.
        return unsafe { twelves_avx512(tokens, into) };
    }
    Shingler::new(12).roll(tokens, into);
}

/// AVX-512 version of [`twelves`]: by sums of two, of four, of twelve tokens, with products of 64 bits in vectors; gives the
/// same bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn twelves_avx512(tokens: &[u64], into: &mut [u64]) {
    sums_of_sums(tokens, into);
}

/// The sums of twelve tokens that start at each of some, by those of two and of four.
#[cfg(any(test, target_arch = "x86_64"))]
#[inline(always)]
fn sums_of_sums(tokens: &[u64], into: &mut [u64]) {
    const MANY: usize = 128;
    let [square, fourth] = const { [BASE.wrapping_pow(2), BASE.wrapping_pow(4)] };
    let (mut twos, mut fours) = ([0u64; MANY + 10], [0u64; MANY + 8]);
    for (part, into) in into.chunks_mut(MANY).enumerate() {
        let Some(tokens) = tokens.get(part * MANY..part * MANY + into.len() + 11) else { return };
        for (two, t) in twos.iter_mut().zip(tokens.windows(2)) {
            *two = t[0].wrapping_mul(BASE).wrapping_add(t[1]);
        }
        let of_fours = into.len() + 8;
        for (four, t) in fours[..of_fours].iter_mut().zip(twos.windows(3)) {
            *four = t[0].wrapping_mul(square).wrapping_add(t[2]);
        }
        for (shingle, t) in into.iter_mut().zip(fours.windows(9)) {
            let eight = t[0].wrapping_mul(fourth).wrapping_add(t[4]);
            *shingle = mix(eight.wrapping_mul(fourth).wrapping_add(t[8]));
        }
    }
}

/// The polynomial of tokens that come after others.
#[inline(always)]
fn sum(before: u64, tokens: &[u64]) -> u64 {
    tokens.iter().fold(before, |sum, &token| sum.wrapping_mul(BASE).wrapping_add(token))
}

/// A bijection of 64 bits that carries every bit into the high ones.
#[inline(always)]
fn mix(mut x: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(MIX);
    x ^ (x >> 32)
}

/// What was mixed.
#[inline(always)]
fn unmix(mut x: u64) -> u64 {
    // each step doubles the bits that are right
    const BACK: u64 = {
        let mut back = MIX;
        let mut step = 0;
        while step < 5 {
            back = back.wrapping_mul(2u64.wrapping_sub(MIX.wrapping_mul(back)));
            step += 1;
        }
        back
    };
    x ^= x >> 32;
    x = x.wrapping_mul(BACK);
    x ^ (x >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rolled_equals_each_shingle_on_its_own(
            tokens in prop::collection::vec(any::<u64>(), 0..300),
            width in 1u32..14,
        ) {
            let shingler = Shingler::new(width);
            let mut rolled = vec![1; 5];
            shingler.rolled(&tokens, &mut rolled);
            let alone: Vec<u64> = tokens
                .windows(width as usize)
                .map(|t| mix(t.iter().fold(0u64, |sum, &t| sum.wrapping_mul(BASE).wrapping_add(t))))
                .collect();
            prop_assert_eq!(&rolled, &alone);
            let mut portable = vec![0; alone.len()];
            // the bodies of all kernels, whatever the processor has
            match width {
                2 => each_alone::<2>(&tokens, &mut portable),
                3 => each_alone::<3>(&tokens, &mut portable),
                4 => each_alone::<4>(&tokens, &mut portable),
                5 => each_alone::<5>(&tokens, &mut portable),
                12 => sums_of_sums(&tokens, &mut portable),
                _ => shingler.roll(&tokens, &mut portable),
            }
            prop_assert_eq!(&portable, &alone);
            portable.fill(0);
            shingler.roll(&tokens, &mut portable);
            prop_assert_eq!(&portable, &alone);
            let joined = |two: &[u64]| {
                let [one, other] = [0, width as usize].map(|at| alone[at]);
                shingler.joined([one, other].into_iter(), &two[2 * width as usize..])
            };
            if let Some(some) = tokens.get(..2 * width as usize + 3) {
                let mut whole = Vec::new();
                Shingler::new(some.len() as u32).rolled(some, &mut whole);
                prop_assert_eq!(joined(some), whole[0]);
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

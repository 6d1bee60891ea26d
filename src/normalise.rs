//! Text to tokens: what is left of a text when case, form, punctuation and spacing are taken away.
//!
//! The rules, each with an example (the table in `docs/accuracy.md` is tested against this file):
//! Unicode compatibility composition; full case folding; punctuation, symbols and controls separate;
//! letters, marks and numbers stay; apostrophes separate; invisible characters are as if they were not
//! there; each character of a script written without spaces is a token, with the marks that follow it; a mark that follows
//! no letter or number separates.
//!
//! A token is never a string here: it is 64 bits of hash. The text is read once, a window of 4 KiB at a
//! time. Vector kernels fold the letters of the usual scripts and find the tokens (`classify`, `wide`), which are
//! hashed where they lie (`hashes`); a token with any other character goes code point by code point through a table
//! ([`table`], `run`), and only a segment that is really not in normal form is normalised as a string, once: short ones
//! are remembered.
//! [`crate::plain::tokens`] is the twin of all of it.

pub(crate) mod classify;
mod hashes;
mod run;
pub mod table;
mod wide;

use crate::params::{NORMALISER_VERSION, Params};
use crate::pool::Pool;
use classify::{Edges, WINDOW, Window};
use hashes::{Hashes, Places};
use run::Runs;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The longest token, in bytes, that is hashed in two registers.
const SHORT: usize = 16;

/// `MASK[n]` keeps the `n` lowest bytes of two times eight.
const MASK: [[u64; 2]; SHORT + 1] = {
    let mut mask = [[0; 2]; SHORT + 1];
    let mut n = 1;
    while n <= SHORT {
        mask[n] = if n <= 8 { [u64::MAX >> (64 - 8 * n), 0] } else { [u64::MAX, u64::MAX >> (128 - 8 * n)] };
        n += 1;
    }
    mask
};

/// Hashes a token's normalised UTF-8 to 64 bits. Up to 16 bytes, two multiplications of 64 by 64 bits,
/// each folded to 64 (the scheme of XXH3's own short inputs, without its branches on the length); beyond,
/// XXH3. Depends on the seed and on nothing else.
#[derive(Debug, Clone, Copy)]
pub struct TokenHasher {
    seed: u64,
    keys: [u64; 4],
}

impl TokenHasher {
    /// A hasher whose values differ from those of any other seed.
    pub fn new(seed: u64) -> Self {
        let key = |i: u8| xxh3_64_with_seed(&[b't', i], seed) | 1;
        TokenHasher { seed, keys: [key(0), key(1), key(2), key(3)] }
    }

    /// The hash of a whole token.
    pub fn hash(&self, token: &[u8]) -> u64 {
        if token.len() > SHORT {
            return xxh3_64_with_seed(token, self.seed);
        }
        let mut bytes = [0; SHORT];
        bytes[..token.len()].copy_from_slice(token);
        let value = u128::from_le_bytes(bytes);
        self.short(value as u64, (value >> 64) as u64, token.len())
    }

    /// The hash of `length` <= 16 bytes, lowest first, zeros after them.
    #[inline(always)]
    fn short(&self, low: u64, high: u64, length: usize) -> u64 {
        let inner = folded_product(low ^ self.keys[0], high ^ self.keys[1]);
        folded_product(inner ^ self.keys[2] ^ length as u64, self.keys[3])
    }
}

/// The 128-bit product, its halves combined.
#[inline(always)]
fn folded_product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Takes tokens as they are found, in order.
pub(crate) trait Sink {
    /// Several: their hashes, and where each starts and ends, counted from byte `base` of the text.
    fn several(&mut self, hashes: &[u64], starts: &[u16], ends: &[u16], base: usize);

    /// One: its hash, its first byte, and the one past its last.
    fn one(&mut self, hash: u64, start: usize, end: usize);
}

/// Takes them one by one.
struct Each<F>(F);

impl<F: FnMut(u64, usize, usize)> Sink for Each<F> {
    #[inline(always)]
    fn several(&mut self, hashes: &[u64], starts: &[u16], ends: &[u16], base: usize) {
        for ((&hash, &start), &end) in hashes.iter().zip(starts).zip(ends) {
            (self.0)(hash, base + usize::from(start), base + usize::from(end));
        }
    }

    #[inline(always)]
    fn one(&mut self, hash: u64, start: usize, end: usize) {
        (self.0)(hash, start, end);
    }
}

/// Takes their hashes.
impl Sink for Vec<u64> {
    fn several(&mut self, hashes: &[u64], _: &[u16], _: &[u16], _: usize) {
        self.extend_from_slice(hashes);
    }

    fn one(&mut self, hash: u64, _: usize, _: usize) {
        self.push(hash);
    }
}

/// Turns texts into tokens. Holds the buffers that it needs, so that a long row of texts allocates nothing;
/// one for each thread.
pub struct Tokenizer {
    hasher: TokenHasher,
    window: Box<Window>,
    /// where each token starts and ends in the window
    starts: Box<Edges>,
    ends: Box<Edges>,
    /// the hash of each
    hashes: Box<Hashes>,
    runs: Runs,
}

impl Tokenizer {
    /// A tokenizer for the hashes of one seed.
    pub fn new(seed: u64) -> Self {
        Tokenizer::by_rules(seed, NORMALISER_VERSION)
    }

    /// A tokenizer for the hashes and by the text rules of a run.
    pub fn of(params: &Params) -> Self {
        Tokenizer::by_rules(params.seed, params.text_rules())
    }

    fn by_rules(seed: u64, version: u32) -> Self {
        Tokenizer {
            hasher: TokenHasher::new(seed),
            window: Box::new(Window::new()),
            starts: Box::new([0; WINDOW + 64]),
            ends: Box::new([0; WINDOW + 64]),
            hashes: Hashes::new(),
            runs: Runs::new(version),
        }
    }

    /// Appends the hash of each token of `text`.
    pub fn hashes(&mut self, text: &str, into: &mut Vec<u64>) {
        self.give(text, into);
    }

    /// Calls `token` with the hash of each token, its first byte and the one past its last, of `text`, in order.
    pub fn tokens(&mut self, text: &str, token: impl FnMut(u64, usize, usize)) {
        self.give(text, &mut Each(token));
    }

    /// Gives all tokens of `text` to a sink.
    pub(crate) fn give(&mut self, text: &str, to: &mut impl Sink) {
        let bytes = text.as_bytes();
        let mut base = 0;
        while base < bytes.len() {
            let length = (bytes.len() - base).min(WINDOW);
            self.window.fill(&bytes[base..base + length]);
            let (starts, mut ends) = self.window.tokens(length, &mut self.starts, &mut self.ends);
            // the last one may reach the end of the window; that of the text ends it
            if starts > ends && base + length == bytes.len() {
                self.ends[ends] = length as u16;
                ends += 1;
            }
            let places = Places { count: ends, starts: &self.starts, ends: &self.ends };
            self.hashes.make(&self.hasher, &self.window.folded, &places);
            self.give_window(text, base, ends, to);
            base = match self.starts[ends] {
                _ if starts == ends => base + length,
                0 => {
                    let mut one = |hash, start, end| to.one(hash, start, end);
                    self.runs.tokens(&self.hasher, text, base..usize::MAX, &mut one)
                }
                start => base + usize::from(start),
            };
        }
    }

    /// Gives the first `count` tokens of the window that starts at byte `base` of the text, or what tokens the table finds
    /// in their place.
    fn give_window(&mut self, text: &str, base: usize, count: usize, to: &mut impl Sink) {
        let (mut done, mut from) = (0, 0);
        while let Some(hard) = self.window.next_hard(from) {
            let next = done + before(&self.starts[done..count], hard as u16 + 1);
            // the token that it is in, if it is in one
            let Some(i) = next.checked_sub(1).filter(|&i| i >= done && hard < usize::from(self.ends[i]))
            else {
                if next == count {
                    break;
                }
                from = usize::from(self.starts[next]);
                continue;
            };
            to.several(&self.hashes.of[done..i], &self.starts[done..i], &self.ends[done..i], base);
            let range = base + usize::from(self.starts[i])..base + usize::from(self.ends[i]);
            let mut one = |hash, start, end| to.one(hash, start, end);
            self.runs.tokens(&self.hasher, text, range, &mut one);
            (done, from) = (i + 1, usize::from(self.ends[i]));
        }
        let rest = done..count;
        to.several(&self.hashes.of[rest.clone()], &self.starts[rest.clone()], &self.ends[rest], base);
    }
}

/// How many of these places, which are in order, stand before one. A few at a time: what is looked for is near, and these
/// are compared side by side.
pub(crate) fn before(places: &[u16], place: u16) -> usize {
    let mut done = 0;
    while let Some(some) = places[done..].first_chunk::<16>() {
        let before = some.iter().map(|&at| u16::from(at < place)).sum::<u16>();
        done += usize::from(before);
        if before < 16 {
            return done;
        }
    }
    done + places[done..].iter().take_while(|&&at| at < place).count()
}

/// Sixteen bytes as two numbers, the first byte lowest.
#[inline(always)]
fn halves(bytes: &[u8; SHORT]) -> [u64; 2] {
    let value = u128::from_le_bytes(*bytes);
    [value as u64, (value >> 64) as u64]
}

/// Tokenizers that go round among the workers, so that not every text makes its own.
pub(crate) struct Tokenizers {
    seed: u64,
    version: u32,
    free: Pool<Tokenizer>,
}

impl Tokenizers {
    /// None yet; those to come are [`Tokenizer::of`] these.
    pub(crate) fn of(params: &Params) -> Self {
        Tokenizers { seed: params.seed, version: params.text_rules(), free: Pool::default() }
    }

    /// Lends one.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Tokenizer) -> T) -> T {
        let mut tokenizer = self.free.take().unwrap_or_else(|| Tokenizer::by_rules(self.seed, self.version));
        let result = work(&mut tokenizer);
        self.free.give(tokenizer);
        result
    }
}

#[cfg(test)]
mod tests;

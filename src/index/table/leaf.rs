//! Leaves: a page of keys in order, coded as Elias and Fano do (Elias 1974, Fano 1971), and their numbers.
//!
//! Of `n` keys over a span `s` the low `l = log2(s / n)` bits are stored as they are; what is above them, as a
//! row of bits: for the i-th key a one, after as many zeros as its high part says. So a key costs about
//! `l + 2` bits, and a key is found without taking the others apart.
//!
//! A leaf: entries (u16), low bits of a key and bits of either number (3 × u8), 3 zeros, the first key (u128),
//! the least first and second number (2 × u32); then, as one row of bits, least significant first: the low
//! bits of each key less the first, the first numbers and the second numbers, each less the least, and the
//! row of the high parts.

use crate::band::in_order::first_from;
use crate::index::pages::CARRIED;

/// Bytes before the row of bits.
const HEAD: usize = 32;

/// Bits that a page has room for.
const ROOM: u128 = (CARRIED - HEAD) as u128 * 8;

/// Bits that are read at once, wherever they start.
const AT_ONCE: usize = 56;

/// The low bits that are stored as they are, for `count` keys over a span.
fn low_bits(span: u128, count: usize) -> u32 {
    let shift = 64_u32.saturating_sub(span.leading_zeros());
    let each = (span >> shift) as u64 / count as u64;
    each.checked_ilog2().map_or(0, |bits| bits + shift)
}

/// Whether so many keys over a span, with numbers of so many bits, have room, told without a division; most that have it do
/// by far. A key has fewer than `log2(s) + 1 - log2(n)` low bits, and of the row of high parts fewer than 3.
fn fits_surely(span: u128, count: usize, widths: u32) -> bool {
    let low = (u128::BITS - span.leading_zeros()).saturating_sub(count.ilog2());
    count <= usize::from(u16::MAX) && count * (low + widths + 3) as usize <= ROOM as usize
}

/// Bits that hold a number.
fn width(number: u32) -> u32 {
    u32::BITS - number.leading_zeros()
}

/// A leaf in the making.
#[derive(Default)]
pub(super) struct Leaf {
    keys: Vec<u128>,
    numbers: Vec<[u32; 2]>,
    least: [u32; 2],
    most: [u32; 2],
}

impl Leaf {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The first key; 0 where there is none.
    pub(super) fn first(&self) -> u128 {
        self.keys.first().copied().unwrap_or(0)
    }

    /// Appends a key, not less than the last one, with its numbers, if the page has room for it.
    pub(super) fn takes(&mut self, key: u128, numbers: [u32; 2]) -> bool {
        let (mut least, mut most) = (numbers, numbers);
        if !self.is_empty() {
            least = std::array::from_fn(|i| self.least[i].min(numbers[i]));
            most = std::array::from_fn(|i| self.most[i].max(numbers[i]));
        }
        let count = self.keys.len() + 1;
        let span = key - self.keys.first().copied().unwrap_or(key);
        let widths = width(most[0] - least[0]) + width(most[1] - least[1]);
        if !fits_surely(span, count, widths) {
            let low = low_bits(span, count);
            let bits = count as u128 * u128::from(low + widths + 1) + (span >> low);
            if bits > ROOM || count > usize::from(u16::MAX) {
                return false;
            }
        }
        (self.least, self.most) = (least, most);
        self.keys.push(key);
        self.numbers.push(numbers);
        true
    }

    /// Takes all out, as bytes after others.
    pub(super) fn take(&mut self, into: &mut Vec<u8>) {
        let first = self.first();
        let last = self.keys.last().copied().unwrap_or(0);
        let low = low_bits(last - first, self.keys.len().max(1));
        let widths: [u32; 2] = std::array::from_fn(|i| width(self.most[i] - self.least[i]));
        into.extend_from_slice(&(self.keys.len() as u16).to_le_bytes());
        into.extend([low as u8, widths[0] as u8, widths[1] as u8, 0, 0, 0]);
        into.extend_from_slice(&first.to_le_bytes());
        self.least.iter().for_each(|least| into.extend_from_slice(&least.to_le_bytes()));
        let mut bits = Bits { bytes: into, held: 0, count: 0 };
        let mask = (1_u128 << low) - 1;
        self.keys.iter().for_each(|key| bits.put((key - first) & mask, low));
        for column in 0..2 {
            let least = self.least[column];
            self.numbers.iter().for_each(|n| bits.put(u128::from(n[column] - least), widths[column]));
        }
        let mut zeros = 0;
        for key in &self.keys {
            let high = ((key - first) >> low) as u64;
            while zeros + 32 <= high {
                bits.put(0, 32);
                zeros += 32;
            }
            let gap = (high - zeros) as u32;
            bits.put(1 << gap, gap + 1);
            zeros = high;
        }
        bits.finish();
        self.keys.clear();
        self.numbers.clear();
    }
}

/// A row of bits in the making.
struct Bits<'a> {
    bytes: &'a mut Vec<u8>,
    held: u128,
    /// bits held, fewer than 64 between two calls
    count: u32,
}

impl Bits<'_> {
    /// Appends a number of fewer than 120 bits.
    fn put(&mut self, number: u128, width: u32) {
        if width > 64 {
            self.put_some(number & u128::from(u64::MAX), 64);
            self.put_some(number >> 64, width - 64);
        } else {
            self.put_some(number, width);
        }
    }

    /// Appends a number of at most 64 bits.
    #[inline]
    fn put_some(&mut self, number: u128, width: u32) {
        self.held |= number << self.count;
        self.count += width;
        if self.count >= 64 {
            self.bytes.extend_from_slice(&(self.held as u64).to_le_bytes());
            self.held >>= 64;
            self.count -= 64;
        }
    }

    fn finish(self) {
        let rest = self.count.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.held.to_le_bytes()[..rest]);
    }
}

/// A leaf as a page has it.
pub(super) struct View<'a> {
    page: &'a [u8],
    count: usize,
    low: usize,
    widths: [usize; 2],
    first: u128,
    least: [u32; 2],
    /// the first bits of the numbers and of the high parts
    numbers: [usize; 2],
    high: usize,
}

/// How far a search has come in a leaf: so many zeros of the row of high parts, in so many of its bits.
#[derive(Clone, Copy, Default)]
pub(super) struct Reached {
    zeros: usize,
    bits: usize,
}

impl<'a> View<'a> {
    /// What a page holds; `None` where it is no leaf.
    pub(super) fn new(page: &'a [u8]) -> Option<Self> {
        let head = page.first_chunk::<HEAD>()?;
        let count = usize::from(u16::from_le_bytes([head[0], head[1]]));
        let [low, first_width, second_width] = [2, 3, 4].map(|i| usize::from(head[i]));
        if low >= 112 || first_width > 32 || second_width > 32 {
            return None;
        }
        let least = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let numbers = [count * low, count * (low + first_width)];
        let high = count * (low + first_width + second_width);
        (high + count <= 8 * (page.len() - HEAD)).then_some(())?;
        Some(View {
            page,
            count,
            low,
            widths: [first_width, second_width],
            first: u128::from_le_bytes(head.get(8..24)?.try_into().ok()?),
            least: [least(24)?, least(28)?],
            numbers,
            high,
        })
    }

    /// Up to [`AT_ONCE`] bits; zeros after the end of the page.
    fn bits(&self, at: usize, width: usize) -> u64 {
        let byte = HEAD + at / 8;
        let raw = match self.page.get(byte..byte + 8).and_then(|bytes| bytes.try_into().ok()) {
            Some(bytes) => u64::from_le_bytes(bytes),
            None => {
                let mut bytes = [0; 8];
                let rest = self.page.get(byte..).unwrap_or_default();
                bytes[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(bytes)
            }
        };
        raw >> (at % 8) & ((1 << width) - 1)
    }

    /// The low bits of a key.
    fn low(&self, i: usize) -> u128 {
        let at = i * self.low;
        if self.low <= AT_ONCE {
            return u128::from(self.bits(at, self.low));
        }
        u128::from(self.bits(at, AT_ONCE))
            | u128::from(self.bits(at + AT_ONCE, self.low - AT_ONCE)) << AT_ONCE
    }

    /// `None` where the numbers are larger than there can be.
    fn numbers(&self, i: usize) -> Option<[u32; 2]> {
        let number = |column: usize| {
            let width = self.widths[column];
            let stored = self.bits(self.numbers[column] + i * width, width) as u32;
            self.least[column].checked_add(stored)
        };
        Some([number(0)?, number(1)?])
    }

    /// Tells the numbers of each entry with this key, in order; `None` where this is no leaf. It goes on where
    /// the search for a key before came to.
    pub(super) fn find(
        &self,
        key: u128,
        reached: &mut Reached,
        mut tell: impl FnMut([u32; 2]),
    ) -> Option<()> {
        let Some(distance) = key.checked_sub(self.first) else { return Some(()) };
        let end = 8 * (self.page.len() - HEAD);
        let Some(high) = usize::try_from(distance >> self.low).ok().filter(|high| *high < end) else {
            return Some(());
        };
        let low = distance & ((1 << self.low) - 1);
        // after so many zeros of the row stand the keys with this high part
        let Reached { mut zeros, bits } = if reached.zeros <= high { *reached } else { Reached::default() };
        let mut at = self.high + bits;
        while zeros < high {
            if at >= end {
                return Some(());
            }
            let row = !self.bits(at, AT_ONCE) & ((1 << AT_ONCE) - 1);
            let here = row.count_ones() as usize;
            if zeros + here < high {
                (at, zeros) = (at + AT_ONCE, zeros + here);
                continue;
            }
            let mut rest = row;
            for _ in 1..high - zeros {
                rest &= rest - 1;
            }
            at += rest.trailing_zeros() as usize + 1;
            zeros = high;
        }
        *reached = Reached { zeros, bits: at - self.high };
        let mut i = at - self.high - high;
        while i < self.count && self.bits(at, 1) == 1 {
            if self.low(i) == low {
                tell(self.numbers(i)?);
            }
            (i, at) = (i + 1, at + 1);
        }
        Some(())
    }

    /// Tells the numbers of the entries that have one of the wanted keys, all in order, each by its place among these; goes on
    /// with the one at `next`. `None` where this is no leaf. It is for keys of 64 bits, of which there are many.
    pub(super) fn join(
        &self,
        wanted: &[u64],
        next: &mut usize,
        mut tell: impl FnMut(usize, [u32; 2]),
    ) -> Option<()> {
        self.each_key(|i, key| {
            let Some(&sought) = wanted.get(*next) else { return Some(()) };
            let key = u64::try_from(key).ok()?;
            if sought < key {
                *next += first_from(&wanted[*next..], |wanted| *wanted < key);
            }
            let same = wanted[*next..].iter().take_while(|wanted| **wanted == key);
            for (place, _) in (*next..).zip(same) {
                tell(place, self.numbers(i)?);
            }
            Some(())
        })
    }

    /// Tells all keys with their numbers, in order; `None` where this is no leaf.
    pub(super) fn each(&self, mut tell: impl FnMut(u128, [u32; 2]) -> Option<()>) -> Option<()> {
        self.each_key(|i, key| tell(key, self.numbers(i)?))
    }

    /// Tells all keys, in order, each by its place; `None` where this is no leaf.
    #[inline]
    fn each_key(&self, mut tell: impl FnMut(usize, u128) -> Option<()>) -> Option<()> {
        let end = 8 * (self.page.len() - HEAD);
        let (mut at, mut row, mut left) = (self.high, 0, 0);
        let mut high = 0_u128;
        for i in 0..self.count {
            while row == 0 {
                (at < end).then_some(())?;
                high += left as u128;
                row = self.bits(at, AT_ONCE);
                (at, left) = (at + AT_ONCE, AT_ONCE);
            }
            let zeros = row.trailing_zeros() as usize;
            high += zeros as u128;
            row >>= zeros + 1;
            left -= zeros + 1;
            let key = self.first.checked_add((high << self.low) | self.low(i))?;
            tell(i, key)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_fits_surely_fits(span: u128, shift in 0u32..128, count in 1usize..3000, widths in 0u32..=64) {
            let span = span >> shift;
            let low = low_bits(span, count);
            let bits = count as u128 * u128::from(low + widths + 1) + (span >> low);
            prop_assert!(!fits_surely(span, count, widths) || bits <= ROOM);
        }
    }

    #[test]
    fn most_that_fits_does_so_surely() {
        // 36 bits of random keys, 30 of numbers: about 760 in a leaf
        let (widths, each) = (30, (1u128 << 36) / 40_000_000);
        let exact = |count: usize| {
            let low = low_bits(each * count as u128, count);
            count as u128 * u128::from(low + widths + 1) + ((each * count as u128) >> low) <= ROOM
        };
        let fit = (1..2000).filter(|count| exact(*count)).count();
        let surely = (1..2000).filter(|&count| fits_surely(each * count as u128, count, widths)).count();
        assert!(surely < fit && surely * 100 > fit * 90, "{surely} of {fit}");
    }
}

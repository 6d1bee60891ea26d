//! All band keys of a corpus in order, for tables on disk: a part of their range at a time, so that no second
//! copy of all of them is held.

use crate::band::{ABSENT, KEY_BITS};
use crate::head::Head;

/// Keys of a piece, about.
const TOGETHER: usize = 1 << 22;

/// The most bits that tell pieces apart: each piece takes a look at all keys.
const MOST_BITS: u32 = 6;

/// Bits by which a piece is sorted first, and those of a digit from then on.
const FIRST: u32 = 8;
const DIGIT: u32 = 12;

/// Fewer entries than that are sorted by comparison.
const FEW: usize = 4096;

/// The keys of all units, `bands` for each, unit after unit; of each the first [`KEY_BITS`] count.
#[derive(Clone, Copy)]
pub(crate) struct InOrder<'a> {
    keys: &'a [Head],
    bands: usize,
    /// bits that tell pieces apart
    bits: u32,
}

/// Some keys, in order.
pub(crate) struct Piece<'a> {
    of: InOrder<'a>,
    number: u64,
    /// what a key has besides the bits of its piece, and behind that, where it stands among all keys
    entries: Vec<u64>,
}

/// A key with its row and its band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Banded {
    pub(crate) key: u64,
    pub(crate) row: u32,
    pub(crate) band: u32,
}

impl<'a> InOrder<'a> {
    pub(crate) fn new(keys: &'a [Head], bands: usize) -> Self {
        // a position needs the bits that a key leaves free
        let least =
            (u64::from(KEY_BITS) + u64::from(usize::BITS - keys.len().leading_zeros())).saturating_sub(64);
        let bits = (keys.len() / TOGETHER).checked_ilog2().map_or(0, |bits| (bits + 1).min(MOST_BITS));
        InOrder { keys, bands: bands.max(1), bits: bits.max(least as u32) }
    }

    /// How many pieces there are. All of their keys, one piece after the other, are in order.
    pub(crate) fn pieces(&self) -> u64 {
        1 << self.bits
    }

    /// The keys of a piece, of the rows that are wanted; those with the same key by row and band.
    pub(crate) fn piece(&self, number: u64, wanted: impl Fn(usize) -> bool) -> Piece<'a> {
        let mut entries = Vec::with_capacity((self.keys.len() >> self.bits) * 9 / 8);
        let own = KEY_BITS - self.bits;
        for (row, keys) in self.keys.chunks_exact(self.bands).enumerate() {
            if !wanted(row) {
                continue;
            }
            for (band, key) in keys.iter().map(|&key| u64::from(key)).enumerate() {
                if key.checked_shr(u64::BITS - self.bits).unwrap_or(0) == number && key != ABSENT {
                    let key = key >> (u64::BITS - KEY_BITS) << (u64::BITS - KEY_BITS);
                    entries.push(key << self.bits | (row * self.bands + band) as u64);
                }
            }
        }
        sort(&mut entries, u64::BITS - own);
        Piece { of: *self, number, entries }
    }
}

impl Piece<'_> {
    /// The distinct keys.
    pub(crate) fn keys(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.entries.iter().map(|entry| self.banded(*entry).key).collect();
        keys.dedup();
        keys
    }

    /// Bits of an entry that tell where it stands.
    fn free(&self) -> u32 {
        u64::BITS - KEY_BITS + self.of.bits
    }

    /// How many keys there are, equal ones included.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The key at a place.
    pub(crate) fn get(&self, at: usize) -> Option<Banded> {
        self.entries.get(at).map(|entry| self.banded(*entry))
    }

    fn banded(&self, entry: u64) -> Banded {
        let free = self.free();
        let position = entry & ((1 << free) - 1);
        let of_piece = self.number.checked_shl(u64::BITS - self.of.bits).unwrap_or(0);
        Banded {
            key: of_piece | (entry >> free << free >> self.of.bits),
            row: (position / self.of.bands as u64) as u32,
            band: (position % self.of.bands as u64) as u32,
        }
    }
}

/// Sorts numbers of which those that agree from bit `low` on are in order.
fn sort(entries: &mut Vec<u64>, low: u32) {
    if entries.len() < FEW {
        entries.sort_unstable();
        return;
    }
    let mut sorted = vec![0; entries.len()];
    // first by the highest bits, into parts that a cache has room for
    let ends = scatter::<FIRST>(entries, &mut sorted, u64::BITS - FIRST);
    let (mut start, mut other) = (0, Vec::new());
    for end in ends {
        let part = &mut sorted[start..end];
        start = end;
        if part.len() < FEW / 16 {
            part.sort_unstable();
            continue;
        }
        // then digit by digit from the lowest, each time in the order of the time before
        other.resize(part.len(), 0);
        for shift in (low..u64::BITS - FIRST).step_by(DIGIT as usize) {
            scatter::<DIGIT>(part, &mut other, shift);
            part.copy_from_slice(&other);
        }
    }
    *entries = sorted;
}

/// Puts numbers in the order of the `BITS` bits from `shift` on, those that agree in the order that they have; returns
/// where each digit's end.
fn scatter<const BITS: u32>(from: &[u64], to: &mut [u64], shift: u32) -> Vec<usize> {
    let digit = |entry: u64| (entry >> shift) as usize & ((1 << BITS) - 1);
    let mut next = vec![0usize; 1 << BITS];
    from.iter().for_each(|&entry| next[digit(entry)] += 1);
    let mut sum = 0;
    for next in &mut next {
        sum += std::mem::replace(next, sum);
    }
    for &entry in from {
        let next = &mut next[digit(entry)];
        to[*next] = entry;
        *next += 1;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_all_keys_in_order() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1);
            (state ^ state >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        };
        let rest = u64::BITS - KEY_BITS;
        for (rows, kinds, bits) in [(40usize, 9, 0), (40, 9, 3), (30_000, 1 << 30, 0), (60_000, 1 << 30, 2)] {
            let bands = 3;
            let key = |_| match random() {
                number if number % 7 == 0 => ABSENT,
                number => (number % kinds).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> rest << rest,
            };
            let keys: Vec<u64> = (0..rows * bands).map(key).collect();
            let wanted = |row: usize| !row.is_multiple_of(5);
            let all = keys.iter().enumerate().filter(|(at, key)| **key != ABSENT && wanted(at / bands));
            let mut expected: Vec<Banded> = all
                .map(|(at, &key)| Banded { key, row: (at / bands) as u32, band: (at % bands) as u32 })
                .collect();
            expected.sort_unstable();
            let keys: Vec<Head> = keys.into_iter().map(Head::of).collect();
            let in_order = InOrder { bits, ..InOrder::new(&keys, bands) };
            let mut found = Vec::new();
            for number in 0..in_order.pieces() {
                let piece = in_order.piece(number, wanted);
                let banded: Vec<Banded> = (0..piece.len()).filter_map(|at| piece.get(at)).collect();
                let mut keys: Vec<u64> = banded.iter().map(|banded| banded.key).collect();
                keys.dedup();
                assert_eq!(piece.keys(), keys);
                found.extend(banded);
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn positions_fit() {
        let few = [Head::default(); 20];
        assert_eq!(InOrder::new(&few, 2).pieces(), 1);
        assert!(InOrder::new(&vec![Head::default(); 3 * TOGETHER], 3).pieces() >= 3);
    }
}

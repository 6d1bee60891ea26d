//! All band keys of a corpus in order, for tables on disk: a part of their range at a time, so that no second
//! copy of all of them is held.

use rayon::prelude::*;

use crate::band::{ABSENT, KEY_BITS};
use crate::head::Head;

/// Keys of a piece, about; and how many they may be.
const TOGETHER: usize = 1 << 22;
const MOST_TOGETHER: usize = 1 << 24;

/// Bits that tell pieces apart, and more only where pieces would be larger than they may: each takes a look at all keys, which
/// of 16 pieces was a twentieth of a run in parts.
const FEW_BITS: u32 = 2;

/// Bits by which a piece is sorted first, and those of a digit from then on.
const FIRST: u32 = 8;
const DIGIT: u32 = 12;

/// Fewer entries than that are sorted by comparison.
const FEW: usize = 4096;

/// Keys of a row that are looked at together.
const GATHERED: usize = 32;

/// The keys of all units, `bands` for each, unit after unit; of each the first [`KEY_BITS`] count.
#[derive(Clone, Copy)]
pub(crate) struct InOrder<'a> {
    keys: &'a [Head],
    /// the number of each unit, ascending: numbers go with the keys, since in the order of these each would be looked up
    /// where no cache has it
    units: &'a [u32],
    bands: usize,
    /// bits that tell pieces apart
    bits: u32,
}

/// Some keys, in order.
pub(crate) struct Piece<'a> {
    of: InOrder<'a>,
    number: u64,
    /// what a key has besides the bits of its piece, and behind that, its unit and its band
    entries: Vec<u64>,
    /// behind the last entry of each stretch; equal keys are in one
    ends: Vec<usize>,
}

/// How far the keys of a piece have been asked for, and what the answer was.
#[derive(Default)]
pub(crate) struct Asked {
    entry: usize,
    pub(crate) bands: Vec<u32>,
}

/// A key with its unit and its band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Banded {
    pub(crate) key: u64,
    pub(crate) unit: u32,
    pub(crate) band: u32,
}

impl<'a> InOrder<'a> {
    pub(crate) fn new(keys: &'a [Head], units: &'a [u32], bands: usize) -> Self {
        let bands = bands.max(1);
        // unit and band need the bits that a key leaves free
        let end = units.last().map_or(0, |last| (u64::from(*last) + 1) * bands as u64);
        let least = (KEY_BITS + (u64::BITS - end.leading_zeros())).saturating_sub(u64::BITS);
        let bits_of = |most: usize| (keys.len() / most).checked_ilog2().map_or(0, |bits| bits + 1);
        let bits = bits_of(TOGETHER).min(FEW_BITS).max(bits_of(MOST_TOGETHER));
        InOrder { keys, units, bands, bits: bits.max(least) }
    }

    /// How many pieces there are. All of their keys, one piece after the other, are in order.
    pub(crate) fn pieces(&self) -> u64 {
        1 << self.bits
    }

    /// The keys of a piece, of the rows that are wanted; those with the same key by unit and band.
    pub(crate) fn piece(&self, number: u64, wanted: impl Fn(usize) -> bool + Sync) -> Piece<'a> {
        let rows = (self.keys.len() / self.bands).div_ceil(rayon::current_num_threads()).max(1);
        let gather = |(part, keys): (usize, &[Head])| {
            let mut entries = Vec::with_capacity((keys.len() >> self.bits) * 9 / 8);
            let rest = u64::BITS - KEY_BITS;
            // whether a key is of the piece nobody can foretell: each is put where the next one goes, and stays if it is
            let mut some = [0; GATHERED];
            for (row, keys) in (part * rows..).zip(keys.chunks_exact(self.bands)) {
                if !wanted(row) {
                    continue;
                }
                let mut place = u64::from(self.units[row]) * self.bands as u64;
                for keys in keys.chunks(GATHERED) {
                    let mut count = 0;
                    for &key in keys {
                        let key = u64::from(key);
                        let is_here = key.checked_shr(u64::BITS - self.bits).unwrap_or(0) == number;
                        some[count] = key >> rest << (rest + self.bits) | place;
                        count += usize::from(is_here & (key != ABSENT));
                        place += 1;
                    }
                    entries.extend_from_slice(&some[..count]);
                }
            }
            entries
        };
        let entries = self.keys.par_chunks(rows * self.bands).enumerate().map(gather).collect();
        let (entries, ends) = sorted(entries, u64::BITS - (KEY_BITS - self.bits));
        Piece { of: *self, number, entries, ends }
    }
}

impl Piece<'_> {
    /// The distinct keys.
    pub(crate) fn keys(&self) -> Vec<u64> {
        let of_stretch = |entries: &[u64]| {
            let mut keys: Vec<u64> = entries.iter().map(|entry| self.key(*entry)).collect();
            keys.dedup();
            keys
        };
        let keys: Vec<Vec<u64>> = self.stretches().into_par_iter().map(of_stretch).collect();
        keys.concat()
    }

    /// Makes something of each stretch, with all threads; in their order.
    pub(crate) fn make<T: Send>(
        &self,
        make: impl Fn(&mut dyn Iterator<Item = Banded>) -> T + Sync,
    ) -> Vec<T> {
        let one = |entries: &[u64]| make(&mut entries.iter().map(|entry| self.banded(*entry)));
        self.stretches().into_par_iter().map(one).collect()
    }

    /// The bands of the entries with a key, ascending, each once; keys are asked for in order.
    pub(crate) fn bands_of(&self, key: u64, asked: &mut Asked) {
        asked.bands.clear();
        asked.entry += first_from(&self.entries[asked.entry..], |entry| self.key(*entry) < key);
        let same = self.entries[asked.entry..].iter().take_while(|entry| self.key(**entry) == key);
        asked.bands.extend(same.map(|entry| self.banded(*entry).band));
        asked.bands.sort_unstable();
        asked.bands.dedup();
    }

    fn stretches(&self) -> Vec<&[u64]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.entries[start..end]).collect()
    }

    /// Bits of an entry that tell its unit and band.
    fn free(&self) -> u32 {
        u64::BITS - KEY_BITS + self.of.bits
    }

    fn key(&self, entry: u64) -> u64 {
        let of_piece = self.number.checked_shl(u64::BITS - self.of.bits).unwrap_or(0);
        of_piece | (entry >> self.free() << self.free() >> self.of.bits)
    }

    fn banded(&self, entry: u64) -> Banded {
        let place = entry & ((1 << self.free()) - 1);
        let (unit, band) = (place / self.of.bands as u64, place % self.of.bands as u64);
        Banded { key: self.key(entry), unit: unit as u32, band: band as u32 }
    }
}

/// Where those end that are `before`, which come first; it is near where these begin.
fn first_from<T>(of: &[T], before: impl Fn(&T) -> bool) -> usize {
    let mut end = 1;
    while of.get(end - 1).is_some_and(&before) {
        end *= 2;
    }
    // the one at the last power of two is before, if there was one
    let start = end / 2;
    start + of[start..end.min(of.len())].partition_point(before)
}

/// Puts numbers that came in parts in one order, in which those that agree from bit `low` on stay as they came; with the
/// ends of stretches that differ in their first bits.
fn sorted(parts: Vec<Vec<u64>>, low: u32) -> (Vec<u64>, Vec<usize>) {
    let count = parts.iter().map(Vec::len).sum();
    if count < FEW {
        let mut all = parts.concat();
        all.sort_unstable();
        return (all, vec![count]);
    }
    let mut sorted = vec![0; count];
    // first by the highest bits, into stretches that a cache has room for
    let ends = scatter::<FIRST>(&parts, &mut sorted, u64::BITS - FIRST);
    drop(parts);
    let mut rest = &mut sorted[..];
    let mut stretches = Vec::with_capacity(ends.len());
    let starts = std::iter::once(&0).chain(&ends);
    for (start, end) in starts.zip(&ends) {
        let (stretch, behind) = std::mem::take(&mut rest).split_at_mut(end - start);
        (rest, _) = (behind, stretches.push(stretch));
    }
    stretches.into_par_iter().for_each_init(Vec::new, |other, stretch| {
        if stretch.len() < FEW / 16 {
            stretch.sort_unstable();
            return;
        }
        // then digit by digit from the lowest, each time in the order of the time before
        other.resize(stretch.len(), 0);
        for shift in (low..u64::BITS - FIRST).step_by(DIGIT as usize) {
            scatter::<DIGIT>(&[&*stretch], other, shift);
            stretch.copy_from_slice(other);
        }
    });
    (sorted, ends)
}

/// Puts numbers in the order of the `BITS` bits from `shift` on, those that agree in the order that they have; returns
/// where each digit's end.
fn scatter<const BITS: u32>(from: &[impl AsRef<[u64]>], to: &mut [u64], shift: u32) -> Vec<usize> {
    let digit = |entry: u64| (entry >> shift) as usize & ((1 << BITS) - 1);
    let mut next = vec![0usize; 1 << BITS];
    from.iter().flat_map(AsRef::as_ref).for_each(|&entry| next[digit(entry)] += 1);
    let mut sum = 0;
    for next in &mut next {
        sum += std::mem::replace(next, sum);
    }
    from.iter().flat_map(AsRef::as_ref).for_each(|&entry| {
        let next = &mut next[digit(entry)];
        to[*next] = entry;
        *next += 1;
    });
    next
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
            let units: Vec<u32> = (0..rows as u32).map(|row| 3 * row + row % 2).collect();
            let wanted = |row: usize| !row.is_multiple_of(5);
            let all = keys.iter().enumerate().filter(|(at, key)| **key != ABSENT && wanted(at / bands));
            let mut expected: Vec<Banded> = all
                .map(|(at, &key)| Banded { key, unit: units[at / bands], band: (at % bands) as u32 })
                .collect();
            expected.sort_unstable();
            let keys: Vec<Head> = keys.into_iter().map(Head::of).collect();
            let in_order = InOrder { bits, ..InOrder::new(&keys, &units, bands) };
            let mut found = Vec::new();
            for number in 0..in_order.pieces() {
                let piece = in_order.piece(number, wanted);
                let banded = piece.make(|stretch| stretch.collect::<Vec<Banded>>()).concat();
                let of_keys: Vec<&[Banded]> = banded.chunk_by(|a, b| a.key == b.key).collect();
                let keys: Vec<u64> = of_keys.iter().map(|same| same[0].key).collect();
                assert_eq!(piece.keys(), keys);
                let mut asked = Asked::default();
                for same in of_keys.iter().step_by(2) {
                    let bands: BTreeSet<u32> = same.iter().map(|of| of.band).collect();
                    piece.bands_of(same[0].key, &mut asked);
                    assert!(asked.bands.iter().eq(&bands));
                }
                found.extend(banded);
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_first_is_found_from_where_it_is_near() {
        for len in 0..40 {
            let all: Vec<usize> = (0..len).collect();
            for end in 0..=len + 1 {
                assert_eq!(first_from(&all, |at| *at < end), end.min(len), "{end} of {len}");
            }
        }
    }

    #[test]
    fn numbers_fit() {
        let few = [Head::default(); 20];
        let pieces = |keys: &[Head], units: &[u32], bands| InOrder::new(keys, units, bands).pieces();
        assert_eq!(pieces(&few, &(0..10).collect::<Vec<u32>>(), 2), 1);
        assert!(pieces(&vec![Head::default(); 3 * TOGETHER], &vec![0; TOGETHER], 3) >= 3);
        let last = (u32::MAX, 9u64);
        let keys = [Head::of(1 << 40); 9];
        let of_last = InOrder::new(&keys, std::slice::from_ref(&last.0), 9);
        let free = u64::BITS - KEY_BITS + of_last.bits;
        assert!((u64::from(last.0) + 1) * last.1 <= 1 << free, "the largest unit and band");
        let piece = of_last.piece(0, |_| true);
        let made = piece.make(|entries| entries.map(|of| (of.unit, of.band)).max());
        assert_eq!(made, [Some((last.0, 8))]);
    }
}

//! All band keys of a corpus in order, for tables on disk: a part of their range at a time, so that no second
//! copy of all of them is held.

use rayon::prelude::*;

use crate::band::{ABSENT, KEY_BITS, KeyHead};

/// Keys of a piece, about; and how many they may be.
const TOGETHER: usize = 1 << 22;
const MOST_TOGETHER: usize = 1 << 24;

/// Bits that tell pieces apart, and more only where pieces would be larger than they may: each takes a look at all keys, which
/// of 16 pieces was a twentieth of a run in parts.
const FEW_BITS: u32 = 2;

/// Bits by which a piece is sorted first, into heaps that a cache has room for, and the most of a digit from then on.
const FIRST: u32 = 8;
const MOST_OF_A_DIGIT: u32 = 12;

/// Fewer entries than that are sorted by comparison.
const FEW: usize = 256;

/// Entries that something is made of at once, at least. What is made of them has an end of its own.
const STRETCH: usize = 1 << 16;

/// Keys that are gathered before they are put where they go, and those of a row that are looked at together.
const GATHERED: usize = 1024;
const TAKEN: usize = 32;

/// The keys of all units, `bands` for each, unit after unit; of each the first [`KEY_BITS`] count.
pub(crate) struct InOrder<'a> {
    keys: &'a [KeyHead],
    /// the number of each unit, ascending: numbers go with the keys, since in the order of these each would be looked up
    /// where no cache has it
    units: &'a [u32],
    /// which units' keys are wanted
    wanted: &'a [bool],
    bands: usize,
    /// bits that tell pieces apart
    bits: u32,
    /// rows that a thread gathers
    rows: usize,
    /// how many wanted keys have each of the first `bits + FIRST` bits, in the rows of each thread
    counts: Vec<Vec<u32>>,
}

/// Some keys, in order.
pub(crate) struct Piece<'a> {
    of: &'a InOrder<'a>,
    number: u64,
    /// what a key has besides the bits of its piece, and behind that, its unit and its band
    entries: &'a [u64],
    /// behind the last entry of each heap; equal keys are in one
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
    /// Of those units that are `wanted`, by row.
    pub(crate) fn new((keys, bands): (&'a [KeyHead], usize), units: &'a [u32], wanted: &'a [bool]) -> Self {
        let bands = bands.max(1);
        // unit and band need the bits that a key leaves free
        let end = units.last().map_or(0, |last| (u64::from(*last) + 1) * bands as u64);
        let least = (KEY_BITS + (u64::BITS - end.leading_zeros())).saturating_sub(u64::BITS);
        let bits_of = |most: usize| (keys.len() / most).checked_ilog2().map_or(0, |bits| bits + 1);
        let bits = bits_of(TOGETHER).min(FEW_BITS).max(bits_of(MOST_TOGETHER));
        InOrder::in_pieces((keys, bands), units, wanted, bits.max(least))
    }

    fn in_pieces(
        (keys, bands): (&'a [KeyHead], usize),
        units: &'a [u32],
        wanted: &'a [bool],
        bits: u32,
    ) -> Self {
        let rows = (keys.len() / bands).div_ceil(rayon::current_num_threads()).max(1);
        let count = |(keys, wanted): (&[KeyHead], &[bool])| {
            let mut counts = vec![0; 1 << (bits + FIRST)];
            let wanted = keys.chunks_exact(bands).zip(wanted).filter(|(_, is_wanted)| **is_wanted);
            for key in wanted.flat_map(|(keys, _)| keys).map(|key| u64::from(*key)) {
                counts[(key >> (u64::BITS - bits - FIRST)) as usize] += u32::from(key != ABSENT);
            }
            counts
        };
        let counts = keys.par_chunks(rows * bands).zip(wanted.par_chunks(rows)).map(count).collect();
        InOrder { keys, units, wanted, bands, bits, rows, counts }
    }

    /// How many pieces there are. All of their keys, one piece after the other, are in order.
    pub(crate) fn pieces(&self) -> u64 {
        1 << self.bits
    }

    /// The keys of a piece, in a buffer that is used again for the next one; those with the same key by unit and band.
    pub(crate) fn piece<'b>(&'b self, number: u64, entries: &'b mut Vec<u64>) -> Piece<'b> {
        let heaps = (number as usize) << FIRST..(number as usize + 1) << FIRST;
        let mut end = 0;
        let ends: Vec<usize> = heaps
            .clone()
            .map(|heap| {
                end += self.counts.iter().map(|counts| counts[heap] as usize).sum::<usize>();
                end
            })
            .collect();
        entries.resize(end, 0);
        // each thread has its own room in each heap, in the order of their rows
        let mut rooms: Vec<Vec<&mut [u64]>> =
            self.counts.iter().map(|_| Vec::with_capacity(1 << FIRST)).collect();
        let mut rest = &mut entries[..];
        for heap in heaps {
            for (rooms, counts) in rooms.iter_mut().zip(&self.counts) {
                let (room, behind) = std::mem::take(&mut rest).split_at_mut(counts[heap] as usize);
                (rest, _) = (behind, rooms.push(room));
            }
        }
        rooms
            .into_par_iter()
            .enumerate()
            .for_each(|(part, mut rooms)| self.gather((part, number), &mut rooms));
        let mut rest = &mut entries[..];
        let mut heaps = Vec::with_capacity(ends.len());
        for (start, end) in std::iter::once(&0).chain(&ends).zip(&ends) {
            let (heap, behind) = std::mem::take(&mut rest).split_at_mut(end - start);
            (rest, _) = (behind, heaps.push(heap));
        }
        let low = u64::BITS - (KEY_BITS - self.bits);
        heaps.into_par_iter().for_each_init(Digits::default, |digits, heap| digits.sort(heap, low));
        Piece { of: self, number, entries, ends }
    }

    /// Puts the keys of a piece that are in the rows of a thread where there is room for them, by their first bits.
    fn gather(&self, (part, number): (usize, u64), rooms: &mut [&mut [u64]]) {
        let rest = u64::BITS - KEY_BITS;
        let mut next = vec![0u32; rooms.len()];
        let mut put = |entries: &[u64]| {
            for &entry in entries {
                let heap = (entry >> (u64::BITS - FIRST)) as usize;
                rooms[heap][next[heap] as usize] = entry;
                next[heap] += 1;
            }
        };
        // whether a key is of the piece nobody can foretell: each is put where the next one goes, and stays if it is
        let mut some = [0; GATHERED];
        let mut count = 0;
        let first = part * self.rows;
        let rows = self.keys[first * self.bands..].chunks_exact(self.bands).zip(&self.units[first..]);
        for ((keys, unit), _) in
            rows.zip(&self.wanted[first..]).take(self.rows).filter(|(_, wanted)| **wanted)
        {
            let mut place = u64::from(*unit) * self.bands as u64;
            for keys in keys.chunks(TAKEN) {
                if count + keys.len() > GATHERED {
                    put(&some[..std::mem::take(&mut count)]);
                }
                for &key in keys {
                    let key = u64::from(key);
                    let is_here = key.checked_shr(u64::BITS - self.bits).unwrap_or(0) == number;
                    some[count % GATHERED] = key >> rest << (rest + self.bits) | place;
                    count += usize::from(is_here & (key != ABSENT));
                    place += 1;
                }
            }
        }
        put(&some[..count]);
    }
}

impl Piece<'_> {
    /// The distinct keys, put into a buffer.
    pub(crate) fn keys(&self, into: &mut Vec<u64>) {
        into.resize(self.entries.len(), 0);
        let mut counts = Vec::new();
        let stretches = self.stretches();
        let mut rest = &mut into[..];
        let mut rooms = Vec::with_capacity(stretches.len());
        for entries in &stretches {
            let (room, behind) = std::mem::take(&mut rest).split_at_mut(entries.len());
            (rest, _) = (behind, rooms.push(room));
        }
        let distinct = |(entries, room): (&&[u64], &mut [u64])| {
            let mut count = 0;
            let mut before = None;
            for key in entries.iter().map(|entry| self.key(*entry)) {
                if before.replace(key) != Some(key) {
                    room[count] = key;
                    count += 1;
                }
            }
            count
        };
        stretches.par_iter().zip(rooms).map(distinct).collect_into_vec(&mut counts);
        let (mut start, mut end) = (0, 0);
        for (entries, count) in stretches.iter().zip(counts) {
            into.copy_within(start..start + count, end);
            (start, end) = (start + entries.len(), end + count);
        }
        into.truncate(end);
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

    /// Whole heaps, as many as make a stretch.
    fn stretches(&self) -> Vec<&[u64]> {
        let mut stretches = Vec::new();
        let mut start = 0;
        for &end in &self.ends {
            if end - start >= STRETCH || (end > start && end == self.entries.len()) {
                stretches.push(&self.entries[start..end]);
                start = end;
            }
        }
        stretches
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
pub(crate) fn first_from<T>(of: &[T], before: impl Fn(&T) -> bool) -> usize {
    let mut end = 1;
    while of.get(end - 1).is_some_and(&before) {
        end *= 2;
    }
    // the one at the last power of two is before, if there was one
    let start = end / 2;
    start + of[start..end.min(of.len())].partition_point(before)
}

/// Sorts heaps, whose entries agree in their first bits, digit by digit from the lowest, each time in the order of the time
/// before.
#[derive(Default)]
struct Digits {
    other: Vec<u64>,
    /// where the next entry with each digit goes, digits side by side
    next: Vec<u32>,
}

impl Digits {
    /// Entries that agree from bit `low` on are in order as they come.
    fn sort(&mut self, heap: &mut [u64], low: u32) {
        if heap.len() < FEW {
            heap.sort_unstable();
            return;
        }
        // no more counters than entries
        let all = u64::BITS - FIRST - low;
        let count = all.div_ceil(heap.len().ilog2().min(MOST_OF_A_DIGIT));
        let bits = all.div_ceil(count);
        let digit = |entry: u64, number: u32| (entry >> (low + number * bits)) as usize & ((1 << bits) - 1);
        // the last digit may reach into the bits that all have in common
        self.next.clear();
        self.next.resize((count as usize) << bits, 0);
        for &entry in &*heap {
            for number in 0..count {
                self.next[((number as usize) << bits) + digit(entry, number)] += 1;
            }
        }
        self.other.resize(heap.len(), 0);
        let (mut from, mut to) = (&mut *heap, &mut self.other[..]);
        for number in 0..count {
            let next = &mut self.next[(number as usize) << bits..(number as usize + 1) << bits];
            let mut sum = 0;
            for next in &mut *next {
                sum += std::mem::replace(next, sum);
            }
            for &entry in &*from {
                let next = &mut next[digit(entry, number)];
                to[*next as usize] = entry;
                *next += 1;
            }
            std::mem::swap(&mut from, &mut to);
        }
        if !count.is_multiple_of(2) {
            to.copy_from_slice(from);
        }
    }
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
        for (rows, kinds, bits) in
            [(40usize, 9, 0), (40, 9, 3), (30_000, 1 << 30, 0), (60_000, 1 << 30, 2), (60_000, 1 << 11, 1)]
        {
            let bands = 3;
            let key = |_| match random() {
                number if number % 7 == 0 => ABSENT,
                number => (number % kinds).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> rest << rest,
            };
            let keys: Vec<u64> = (0..rows * bands).map(key).collect();
            let units: Vec<u32> = (0..rows as u32).map(|row| 3 * row + row % 2).collect();
            let wanted: Vec<bool> = (0..rows).map(|row| !row.is_multiple_of(5)).collect();
            let all = keys.iter().enumerate().filter(|(at, key)| **key != ABSENT && wanted[at / bands]);
            let mut expected: Vec<Banded> = all
                .map(|(at, &key)| Banded { key, unit: units[at / bands], band: (at % bands) as u32 })
                .collect();
            expected.sort_unstable();
            let keys: Vec<KeyHead> = keys.into_iter().map(KeyHead::of).collect();
            let in_order = InOrder::in_pieces((&keys, bands), &units, &wanted, bits);
            let mut found = Vec::new();
            let (mut buffer, mut distinct) = (Vec::new(), Vec::new());
            for number in 0..in_order.pieces() {
                let piece = in_order.piece(number, &mut buffer);
                let banded = piece.make(|stretch| stretch.collect::<Vec<Banded>>()).concat();
                let of_keys: Vec<&[Banded]> = banded.chunk_by(|a, b| a.key == b.key).collect();
                let keys: Vec<u64> = of_keys.iter().map(|same| same[0].key).collect();
                piece.keys(&mut distinct);
                assert_eq!(distinct, keys);
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
        let few = [KeyHead::default(); 20];
        let pieces = |keys: &[KeyHead], units: &[u32], bands| {
            InOrder::new((keys, bands), units, &vec![true; units.len()]).pieces()
        };
        assert_eq!(pieces(&few, &(0..10).collect::<Vec<u32>>(), 2), 1);
        assert!(pieces(&vec![KeyHead::default(); 3 * TOGETHER], &vec![0; TOGETHER], 3) >= 3);
        let last = (u32::MAX, 9u64);
        let keys = [KeyHead::of(1 << 40); 9];
        let of_last = InOrder::new((&keys, 9), std::slice::from_ref(&last.0), &[true]);
        let free = u64::BITS - KEY_BITS + of_last.bits;
        assert!((u64::from(last.0) + 1) * last.1 <= 1 << free, "the largest unit and band");
        let mut buffer = Vec::new();
        let piece = of_last.piece(0, &mut buffer);
        let made = piece.make(|entries| entries.map(|of| (of.unit, of.band)).max());
        assert_eq!(made, [Some((last.0, 8))]);
    }
}

//! Which windows may come again? Of a seed whose list is full the windows are kept ([`crate::passage::windows`]), and most
//! of them stand nowhere else: what is around a stock phrase is another text each time. The first pass meets every window, so
//! it can tell.
//!
//! It can't keep them all. A seed has to occur [`LISTED`] times before its list is full, so only the windows of its later
//! occurrences count: of each of them the first pass keeps a mark of 32 bits. A window whose mark was met once does not come
//! again. Counts and marks may take one for another, and then a window is kept that need not be; none is left out that comes
//! again.

use rayon::prelude::*;

use crate::passage::places::LISTED;
use crate::passage::winnow::{SEED_BITS, SeedHead};

/// Parts that marks are kept in, by their first 8 bits.
const PARTS: usize = 256;

/// Slots that seeds are counted in, at the least, and seeds for each slot, at the most.
const SLOTS: usize = 1 << 16;
const LOAD: usize = 2;

/// Marks that are remembered.
const REMEMBERED: usize = 1 << 12;

/// Counts seeds, and keeps the marks of the windows of those that have been met often.
pub(crate) struct WindowMarks {
    /// half a byte for each slot: how many seeds with it were met, up to [`LISTED`]
    counts: Vec<u8>,
    parts: Vec<Vec<u32>>,
    /// by their last bits, some marks that were kept once, and some that were kept twice: no more is needed of these
    kept: Vec<[u32; 2]>,
}

impl WindowMarks {
    /// None met yet.
    pub(crate) fn new() -> Self {
        // at first no mark equals what stands in its slot
        let kept = (0..REMEMBERED as u32).map(|slot| [!slot; 2]).collect();
        WindowMarks { counts: vec![0; SLOTS / 2], parts: vec![Vec::new(); PARTS], kept }
    }

    /// Counts the next seeds, which come behind those `before`; of each `windows` says how many it has, whose marks are the
    /// next of `marks`.
    pub(crate) fn add(&mut self, before: &[SeedHead], seeds: &[u64], (windows, marks): (&[u16], &[u32])) {
        let all = before.len() + seeds.len();
        if all > 2 * LOAD * self.counts.len() {
            self.counts.clear();
            self.counts.resize((all / LOAD).next_power_of_two(), 0);
            before.iter().for_each(|&seed| _ = self.count(seed.into()));
        }
        let mut rest = marks;
        for (&seed, &windows) in seeds.iter().zip(windows) {
            let (own, behind) = rest.split_at(usize::from(windows).min(rest.len()));
            rest = behind;
            if self.count(seed) {
                own.iter().for_each(|&mark| self.keep(mark));
            }
        }
    }

    /// Keeps a mark, unless it is known to have been kept twice.
    fn keep(&mut self, mark: u32) {
        let [once, twice] = &mut self.kept[mark as usize % REMEMBERED];
        if *twice == mark {
            return;
        }
        if *once == mark {
            *twice = mark;
        }
        *once = mark;
        self.parts[part(mark)].push(mark);
    }

    /// Counts a seed; whether it has been met so often before that its list may be full.
    fn count(&mut self, seed: u64) -> bool {
        let slot = (seed >> (u64::BITS - SEED_BITS)) as usize & (2 * self.counts.len() - 1);
        let (pair, shift) = (&mut self.counts[slot / 2], 4 * (slot % 2));
        let is_often = *pair >> shift & 15 >= LISTED;
        *pair += u8::from(!is_often) << shift;
        is_often
    }

    /// Marks that are kept: about as many windows are told to an index, of seeds whose lists are full.
    pub(crate) fn marked(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// Bytes that are held.
    pub(crate) fn size(&self) -> usize {
        self.counts.len() + size_of::<u32>() * self.marked()
    }

    /// Those that were met more than once.
    pub(crate) fn finish(self) -> RecurringWindows {
        let twice = |mut marks: Vec<u32>| -> Vec<u32> {
            marks.sort_unstable();
            marks.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).map(|same| same[0]).collect()
        };
        RecurringWindows::new(&self.parts.into_par_iter().map(twice).collect::<Vec<_>>())
    }
}

fn part(mark: u32) -> usize {
    (mark >> (u32::BITS - PARTS.trailing_zeros())) as usize
}

/// Marks of windows that may come again.
pub(crate) struct RecurringWindows {
    bits: Vec<u64>,
    /// bits of a slot's number
    width: u32,
}

impl RecurringWindows {
    /// Two bits of each mark among at least 16 for each: one of a hundred others is taken for one.
    fn new(marks: &[Vec<u32>]) -> Self {
        let count: usize = marks.iter().map(Vec::len).sum();
        let width = (16 * count).next_power_of_two().trailing_zeros().max(20);
        let mut bits = vec![0; 1 << (width - u64::BITS.trailing_zeros())];
        for slot in marks.iter().flatten().flat_map(|&mark| slots(mark, width)) {
            bits[slot / u64::BITS as usize] |= 1 << (slot as u32 % u64::BITS);
        }
        RecurringWindows { bits, width }
    }

    /// Whether a window with this mark may come again.
    pub(crate) fn holds(&self, mark: u32) -> bool {
        let is_set = |slot: usize| self.bits[slot / u64::BITS as usize] >> (slot as u32 % u64::BITS) & 1 == 1;
        slots(mark, self.width).into_iter().all(is_set)
    }
}

/// The slots of a mark.
fn slots(mark: u32, width: u32) -> [usize; 2] {
    // two odd numbers with their bits well mixed
    [0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F]
        .map(|factor: u64| (u64::from(mark).wrapping_mul(factor) >> (u64::BITS - width)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn windows_of_the_first_occurrences_are_not_kept() {
        let mut marks = WindowMarks::new();
        let mut before = Vec::new();
        for occurrence in 0..u32::from(LISTED) + 3 {
            let seeds = [7u64 << 30, (100 + u64::from(occurrence)) << 30];
            // the first window is always the same, the others are not
            marks.add(&before, &seeds, (&[2, 1], &[1, 2 + occurrence, 1000 + occurrence]));
            before.extend(seeds.map(SeedHead::of));
        }
        let kept: Vec<u32> = marks.parts.concat();
        assert_eq!(kept, [1, 10, 1, 11, 12]);
        let recurring = marks.finish();
        assert!(recurring.holds(1));
        assert!(!(2..2000).any(|mark| recurring.holds(mark)));
    }

    proptest! {
        #[test]
        fn what_comes_again_is_known(numbers in prop::collection::vec(0u64..6000, 0..300), times in 1usize..200) {
            let (mut marks, mut before) = (WindowMarks::new(), Vec::new());
            let mut met = std::collections::HashMap::new();
            let mut expected = Vec::new();
            for _ in 0..times {
                for &number in &numbers {
                    let count = met.entry(number).or_insert(0);
                    *count += 1;
                    if *count > u32::from(LISTED) + 1 {
                        expected.push(number as u32);
                    }
                }
                let seeds: Vec<u64> = numbers.iter().map(|number| number << 40).collect();
                let own: Vec<u32> = numbers.iter().map(|number| *number as u32).collect();
                marks.add(&before, &seeds, (&vec![1; own.len()], &own));
                before.extend(seeds.into_iter().map(SeedHead::of));
            }
            let recurring = marks.finish();
            prop_assert!(expected.into_iter().all(|mark| recurring.holds(mark)));
        }
    }
}

//! The sets at hand, each at a place that it keeps until it is let go.
//!
//! Their numbers lie in blocks of two megabytes, of which shelves, one for each size, take a page at a time. A set that goes
//! makes room for another one of about its size, and in the end the blocks go back whole. With an allocation for
//! each, of what a part of a large corpus took a quarter stayed with the allocator, in holes between what is held longer.

use crate::verify::Digest;

/// Numbers of a block. What is as large is given back to the system, where memory is bounded.
const BLOCK: usize = 1 << 18;

/// Numbers of a page; where a set has more, it is as large as the set.
const PAGE: usize = 1 << 11;

/// Sets of more numbers than that have an allocation of their own.
const LARGE: usize = BLOCK / 8;

/// Sizes of shelves in each doubling.
const SIZES: usize = 8;

/// In [`Sets::places`]: not at hand.
const NOWHERE: u32 = u32::MAX;

/// Sets by their place, with what stands beside each.
#[derive(Default)]
pub(super) struct Sets {
    /// where each row's set is; [`NOWHERE`] for most
    places: Vec<u32>,
    pub(super) rows: Vec<u32>,
    pub(super) digests: Vec<Digest>,
    spots: Vec<Spot>,
    /// reasons to keep each: open buckets that list it, later units with the same tokens
    pub(super) uses: Vec<u32>,
    free: Vec<u32>,
    shelves: Vec<Shelf>,
    blocks: Vec<Vec<u64>>,
    /// sets that have an allocation of their own
    large: Vec<Vec<u64>>,
}

/// Where the numbers of a set are.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    shelf: u32,
    block: u32,
    start: u32,
    length: u32,
}

/// Room for sets of about one size.
#[derive(Default)]
struct Shelf {
    /// block and start of what may be used again
    free: Vec<[u32; 2]>,
    /// the last page: its block, where it is free from, and where it ends
    page: [u32; 3],
}

/// The shelf for sets of so many numbers, at least one, and how many there is room for.
fn shelf_of(length: usize) -> (usize, usize) {
    let doubling = (length - 1).max(1).ilog2() as usize;
    let step = 1 << doubling.saturating_sub(SIZES.ilog2() as usize);
    let size = length.next_multiple_of(step);
    (doubling * SIZES + (size - (1 << doubling)) / step, size)
}

impl Shelf {
    /// Room for a set of `size`, where there is some; block and start.
    fn room(&mut self, size: usize) -> Option<[u32; 2]> {
        let [block, next, end] = &mut self.page;
        if *next == *end {
            return self.free.pop();
        }
        *next += size as u32;
        Some([*block, *next - size as u32])
    }
}

impl Sets {
    pub(super) fn new(rows: usize) -> Self {
        Sets { places: vec![NOWHERE; rows], ..Sets::default() }
    }

    /// Holds the set of a row.
    pub(super) fn insert(&mut self, row: u32, set: &[u64]) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.rows.push(0);
            self.digests.push(Digest::default());
            self.spots.push(Spot::default());
            self.uses.push(0);
            self.spots.len() as u32 - 1
        });
        let at = place as usize;
        self.rows[at] = row;
        self.digests[at] = Digest::new(set);
        self.spots[at] = self.put(set);
        self.uses[at] = 0;
        self.places[row as usize] = place;
    }

    fn put(&mut self, set: &[u64]) -> Spot {
        let length = set.len() as u32;
        if set.is_empty() {
            return Spot::default();
        }
        if set.len() > LARGE {
            let block = self.large.iter().position(Vec::is_empty).unwrap_or_else(|| {
                self.large.push(Vec::new());
                self.large.len() - 1
            });
            self.large[block] = set.to_vec();
            return Spot { block: block as u32, length, ..Spot::default() };
        }
        let (shelf, size) = shelf_of(set.len());
        if self.shelves.len() <= shelf {
            self.shelves.resize_with(shelf + 1, Shelf::default);
        }
        let [block, start] = self.shelves[shelf].room(size).unwrap_or_else(|| {
            let page = self.page((PAGE / size).max(1) * size);
            self.shelves[shelf].page = [page[0], page[1] + size as u32, page[2]];
            [page[0], page[1]]
        });
        self.blocks[block as usize][start as usize..][..set.len()].copy_from_slice(set);
        Spot { shelf: shelf as u32, block, start, length }
    }

    /// A page of the last block: block, start and end.
    fn page(&mut self, size: usize) -> [u32; 3] {
        if self.blocks.last().is_none_or(|last| last.len() + size > BLOCK) {
            // what nothing is written to takes no memory
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let block = self.blocks.len() - 1;
        let start = self.blocks[block].len();
        self.blocks[block].resize(start + size, 0);
        [block as u32, start as u32, (start + size) as u32]
    }

    /// The set at a place.
    #[inline]
    pub(super) fn get(&self, place: u32) -> &[u64] {
        let Spot { block, start, length, .. } = self.spots[place as usize];
        let (block, length) = (block as usize, length as usize);
        match length {
            0 => &[],
            1..=LARGE => &self.blocks[block][start as usize..][..length],
            _ => &self.large[block],
        }
    }

    /// Where a row's set is.
    pub(super) fn place(&self, row: u32) -> Option<u32> {
        let place = self.places[row as usize];
        (place != NOWHERE).then_some(place)
    }

    /// Places that have been used.
    pub(super) fn len(&self) -> usize {
        self.spots.len()
    }

    pub(super) fn remove(&mut self, place: u32) {
        self.places[self.rows[place as usize] as usize] = NOWHERE;
        let Spot { shelf, block, start, length } = std::mem::take(&mut self.spots[place as usize]);
        match length as usize {
            0 => {}
            1..=LARGE => self.shelves[shelf as usize].free.push([block, start]),
            _ => self.large[block as usize] = Vec::new(),
        }
        self.free.push(place);
    }

    /// One use fewer.
    pub(super) fn let_go(&mut self, place: u32) {
        let uses = &mut self.uses[place as usize];
        *uses -= 1;
        if *uses == 0 {
            self.remove(place);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.spots.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shelves_go_by_size() {
        let mut before = shelf_of(1);
        for length in 2..5000 {
            let (shelf, size) = shelf_of(length);
            assert!(size >= length && size - length <= length / SIZES, "{length} {size}");
            assert!(shelf == before.0 && size == before.1 || shelf > before.0 && size > before.1);
            before = (shelf, size);
        }
    }

    proptest! {
        /// What is at hand is what a plain map has, whatever came and went.
        #[test]
        fn equals_a_plain_map(
            steps in prop::collection::vec((0u32..60, 0usize..90, prop::bool::weighted(0.05)), 1..300),
        ) {
            let mut sets = Sets::new(60);
            let mut plain: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
            for (i, (row, length, is_large)) in steps.into_iter().enumerate() {
                match plain.remove(&row) {
                    Some(_) => sets.remove(sets.place(row).unwrap()),
                    None => {
                        let length = if is_large { LARGE - 30_000 + 700 * length } else { length };
                        let set: Vec<u64> = (0..length as u64).map(|n| n * 7 + i as u64).collect();
                        sets.insert(row, &set);
                        plain.insert(row, set);
                    }
                }
                prop_assert_eq!(sets.is_empty(), plain.is_empty());
                for row in 0..60 {
                    prop_assert_eq!(sets.place(row).map(|place| sets.get(place)), plain.get(&row).map(|set| &set[..]));
                }
            }
        }
    }
}

//! Lists of numbers that come and go, each at a spot that it keeps until it is let go.
//!
//! They lie in blocks of two megabytes, of which shelves, one for each size, take a page at a time. A list that goes
//! makes room for another one of about its size, and in the end the blocks go back whole. With an allocation for
//! each, of what a part of a large corpus took a quarter stayed with the allocator, in holes between what is held longer.
//! Where memory is bounded, some may wait in a temporary file instead.

mod waiting;

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};
use waiting::Waiting;

/// Numbers of a block. What is as large is given back to the system, where memory is bounded.
const BLOCK: usize = 1 << 18;

/// Numbers of a page; where a list has more, it is as large as the list.
const PAGE: usize = 1 << 11;

/// Lists of more numbers than that have an allocation of their own.
pub(crate) const LARGE: usize = BLOCK / 8;

/// In [`Spot::shelf`]: it has an allocation of its own.
const ALONE: u32 = u32::MAX;

/// In [`Spot::shelf`]: it waits in a file, from the number `start` on, of which `block` are the first bits.
const WAITS: u32 = u32::MAX - 1;

/// Sizes of shelves in each doubling.
const SIZES: usize = 8;

/// Where a list is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spot {
    shelf: u32,
    block: u32,
    start: u32,
    length: u32,
}

impl Spot {
    /// Where the list waits in a file, if it does: no other one that waits has the same number.
    #[inline]
    pub(crate) fn waits_at(self) -> Option<u64> {
        let waits = self.length > 0 && self.shelf == WAITS;
        waits.then(|| u64::from(self.block) << 32 | u64::from(self.start))
    }

    /// Whether no list is there.
    pub(crate) fn is_empty(self) -> bool {
        self.length == 0
    }

    /// Numbers in the list.
    pub(crate) fn length(self) -> usize {
        self.length as usize
    }
}

/// Lists of numbers.
pub(crate) struct Shelves {
    shelves: Vec<Shelf>,
    blocks: Vec<Vec<u64>>,
    /// lists of more numbers than that have an allocation of their own
    largest: usize,
    alone: Vec<Vec<u64>>,
    /// which of these are nobody's
    free: Vec<u32>,
    /// where memory is bounded
    waiting: Option<Waiting>,
}

/// Room for lists of about one size.
#[derive(Default)]
struct Shelf {
    /// block and start of what may be used again
    free: Vec<[u32; 2]>,
    /// the last page: its block, where it is free from, and where it ends
    page: [u32; 3],
}

/// The shelf for lists of so many numbers, at least one, and how many there is room for.
fn shelf_of(length: usize) -> (usize, usize) {
    let doubling = (length - 1).max(1).ilog2() as usize;
    let step = 1 << doubling.saturating_sub(SIZES.ilog2() as usize);
    let size = length.next_multiple_of(step);
    (doubling * SIZES + (size - (1 << doubling)) / step, size)
}

impl Shelf {
    fn has_room(&self) -> bool {
        self.page[1] < self.page[2] || !self.free.is_empty()
    }

    /// Room for a list of `size`, where there is some; block and start.
    fn room(&mut self, size: usize) -> Option<[u32; 2]> {
        let [block, next, end] = &mut self.page;
        if *next == *end {
            return self.free.pop();
        }
        *next += size as u32;
        Some([*block, *next - size as u32])
    }
}

impl Default for Shelves {
    /// For lists that have been and go on to be of about the same sizes.
    fn default() -> Self {
        Shelves { largest: LARGE, ..Shelves::alone() }
    }
}

impl Shelves {
    /// Of which each list has an allocation of its own: that takes less where sizes change, and some of it may stay with the
    /// allocator.
    pub(crate) fn alone() -> Self {
        Shelves {
            shelves: Vec::new(),
            blocks: Vec::new(),
            largest: 0,
            alone: Vec::new(),
            free: Vec::new(),
            waiting: None,
        }
    }

    /// From now on memory holds so many bytes of lists; what is more waits in a file in `folder`, and [`Shelves::read`] reads
    /// it. None may be held yet.
    pub(crate) fn bound(&mut self, folder: &Path, bytes: u64) {
        self.waiting = Some(Waiting::new(folder, bytes as usize / size_of::<u64>()));
    }

    /// What could not be written of the lists that were put so far, if anything.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(crate) fn take_failure(&mut self) -> Result<()> {
        self.waiting.as_mut().map_or(Ok(()), Waiting::take_failure)
    }

    /// Holds a list.
    pub(crate) fn put(&mut self, list: &[u64]) -> Spot {
        let length = list.len() as u32;
        if list.is_empty() {
            return Spot::default();
        }
        let (shelf, size) = shelf_of(list.len());
        if self.shelves.len() <= shelf {
            self.shelves.resize_with(shelf + 1, Shelf::default);
        }
        let is_alone = list.len() > self.largest;
        let page = (PAGE / size).max(1) * size;
        // a page stays with its shelf, whatever becomes of what is on it
        let takes = match is_alone {
            true => size,
            false if self.shelves[shelf].has_room() => 0,
            false => page,
        };
        if let Some(spot) = self.let_wait(list, (size, takes)) {
            return spot;
        }
        if is_alone {
            return self.put_alone(list.to_vec());
        }
        let [block, start] = self.shelves[shelf].room(size).unwrap_or_else(|| {
            let page = self.page(page);
            self.shelves[shelf].page = [page[0], page[1] + size as u32, page[2]];
            [page[0], page[1]]
        });
        self.blocks[block as usize][start as usize..][..list.len()].copy_from_slice(list);
        Spot { shelf: shelf as u32, block, start, length }
    }

    /// Holds a list that is not asked for any more: a large one, where it does not wait, as it is.
    pub(crate) fn put_all(&mut self, list: &mut Vec<u64>) -> Spot {
        if list.len() <= LARGE {
            return self.put(list);
        }
        let size = shelf_of(list.len()).1;
        self.let_wait(list, (size, size)).unwrap_or_else(|| {
            list.shrink_to_fit();
            self.put_alone(std::mem::take(list))
        })
    }

    /// Where a list of a size waits, if memory has no room for what it takes there.
    fn let_wait(&mut self, list: &[u64], (size, takes): (usize, usize)) -> Option<Spot> {
        let at = self.waiting.as_mut()?.put(list, size, takes)?;
        Some(Spot { shelf: WAITS, block: (at >> 32) as u32, start: at as u32, length: list.len() as u32 })
    }

    /// Holds a list in its own allocation.
    fn put_alone(&mut self, list: Vec<u64>) -> Spot {
        let block = self.free.pop().unwrap_or_else(|| {
            self.alone.push(Vec::new());
            self.alone.len() as u32 - 1
        });
        let length = list.len() as u32;
        self.alone[block as usize] = list;
        Spot { shelf: ALONE, block, start: 0, length }
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

    /// The list at a spot, read into the buffer if it waits.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    #[inline]
    pub(crate) fn read<'a>(&'a self, spot: Spot, buffer: &'a mut Vec<u64>) -> Result<&'a [u64]> {
        match (&self.waiting, spot.waits_at()) {
            (Some(_), Some(_)) => {
                self.read_part(spot, 0..spot.length(), buffer)?;
                Ok(buffer)
            }
            _ => Ok(self.get(spot)),
        }
    }

    /// Makes the buffer a part of a list that waits; empty where it does not.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(crate) fn read_part(&self, spot: Spot, part: Range<usize>, buffer: &mut Vec<u64>) -> Result<()> {
        buffer.clear();
        let Some((waiting, start)) = self.waiting.as_ref().zip(spot.waits_at()) else { return Ok(()) };
        let read = waiting.read(start + part.start as u64, part.len(), buffer);
        read.map_err(|source| Error::temporary(waiting.folder(), source))
    }

    /// The list at a spot, where none waits.
    #[inline]
    pub(crate) fn get(&self, Spot { shelf, block, start, length }: Spot) -> &[u64] {
        match (length, shelf) {
            (0, _) => &[],
            (_, ALONE) => &self.alone[block as usize],
            _ => &self.blocks[block as usize][start as usize..][..length as usize],
        }
    }

    /// Lets go of the list at a spot, which is nobody's then.
    pub(crate) fn remove(&mut self, spot: Spot) {
        let Spot { shelf, block, start, length } = spot;
        if let Some(waiting) = self.waiting.as_mut().filter(|_| length > 0) {
            let size = shelf_of(length as usize).1;
            if let Some(at) = spot.waits_at() {
                return waiting.remove(at, size);
            }
            if shelf == ALONE {
                waiting.let_go(size);
            }
        }
        match (length, shelf) {
            (0, _) => {}
            (_, ALONE) => {
                self.alone[block as usize] = Vec::new();
                self.free.push(block);
            }
            _ => self.shelves[shelf as usize].free.push([block, start]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn lists_are_what_was_put(steps in prop::collection::vec((0u32..20, 0usize..90), 1..200)) {
            let bounded = |mut shelves: Shelves, bytes| {
                shelves.bound(&std::env::temp_dir(), bytes);
                shelves
            };
            let of_both = || [Shelves::default(), Shelves::alone()];
            let of_bounded = [0, 900].into_iter().flat_map(|bytes| of_both().map(|shelves| bounded(shelves, bytes)));
            for mut shelves in of_both().into_iter().chain(of_bounded) {
                let mut buffer = Vec::new();
                let mut held: BTreeMap<u32, (Spot, Vec<u64>)> = BTreeMap::new();
                for &(name, length) in &steps {
                    match held.remove(&name) {
                        Some((spot, _)) => shelves.remove(spot),
                        None => {
                            let list: Vec<u64> = (0..length as u64).map(|n| n << 32 | u64::from(name)).collect();
                            held.insert(name, (shelves.put(&list), list));
                        }
                    }
                    for (spot, list) in held.values() {
                        prop_assert_eq!(shelves.read(*spot, &mut buffer).unwrap(), &list[..]);
                    }
                }
            }
        }
    }

    /// Memory holds what it may and no more, whatever the sizes, and room in the file is used again.
    #[test]
    fn what_there_is_no_room_for_waits() {
        let mut shelves = Shelves::default();
        shelves.bound(&std::env::temp_dir(), (2 * PAGE * 8) as u64);
        let spots = [8, 2, 16, 8, 4].map(|length| shelves.put(&vec![7; length]));
        assert_eq!(spots.map(|spot| spot.shelf == WAITS), [false, false, true, false, true]);
        shelves.remove(spots[2]);
        assert_eq!(shelves.put(&[1; 16]).start, spots[2].start);
        // a page is not given to other sizes
        (0..PAGE).for_each(|_| _ = shelves.put(&[5; 8]));
        [spots[0], spots[1]].into_iter().for_each(|spot| shelves.remove(spot));
        assert_eq!(shelves.put(&[1; 32]).shelf, WAITS);
        assert_ne!(shelves.put(&[1; 8]).shelf, WAITS);
        assert_eq!(shelves.blocks.iter().map(Vec::len).sum::<usize>(), PAGE * 2);
    }

    #[test]
    fn what_can_not_be_written_is_an_error() {
        let mut shelves = Shelves::default();
        shelves.bound(Path::new("no/such/folder"), (PAGE * 8) as u64);
        shelves.put(&[3; 8]);
        assert!(shelves.take_failure().is_ok());
        shelves.put(&[3; 16]);
        assert!(matches!(shelves.take_failure(), Err(Error::Temporary { .. })));
        assert!(shelves.take_failure().is_ok(), "it was told");
    }

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
}

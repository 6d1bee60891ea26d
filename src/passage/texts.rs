//! What is kept of the texts of documents: in memory, and where that is bounded, what there is no room for in a temporary
//! file. Of that no more is read than is looked at, a piece at a time, and the pieces that were looked at last are at hand.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::path::Path;

use crate::error::Result;
use crate::resolve::NumberHasher;
use crate::shelves::{Shelves, Spot};

/// The part of what memory may hold that pieces may take.
const READ_BACK: u64 = 8;

/// Numbers of a piece: about half of what lies around a place.
const PIECE: usize = 128;

/// Pieces that are read at once.
const AT_ONCE: usize = 32;

/// Stands for the list of a piece that is nobody's.
const NONE: u64 = u64::MAX;

/// Lists of numbers, each of a document or a stretch of one.
pub(super) struct KeptTexts {
    shelves: Shelves,
    pieces: Pieces,
    /// what is being read
    buffer: Vec<u64>,
}

impl KeptTexts {
    /// None yet.
    pub(super) fn new() -> Self {
        KeptTexts { shelves: Shelves::alone(), pieces: Pieces::default(), buffer: Vec::new() }
    }

    /// Holds them so that what they took goes back to the system at the end; and of more than so many bytes the rest in a file
    /// in `folder`. There are none yet.
    pub(super) fn bound(&mut self, folder: &Path, bytes: u64) {
        self.shelves = Shelves::default();
        self.shelves.bound(folder, bytes);
        self.pieces.most = (bytes / READ_BACK) as usize / (PIECE * size_of::<u64>());
    }

    /// What could not be written, if anything.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn take_failure(&mut self) -> Result<()> {
        self.shelves.take_failure()
    }

    /// Holds a list that is not asked for any more.
    pub(super) fn put(&mut self, list: &mut Vec<u64>) -> Spot {
        self.shelves.put_all(list)
    }

    /// The list at a spot; none of one that waits.
    #[inline]
    pub(super) fn get(&self, spot: Spot) -> &[u64] {
        if spot.waits_at().is_some() { &[] } else { self.shelves.get(spot) }
    }

    /// Appends a part of a list that waits; nothing of another one.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn read(&mut self, spot: Spot, part: Range<usize>, into: &mut Vec<u64>) -> Result<()> {
        let Some(start) = spot.waits_at() else { return Ok(()) };
        // what is longer would leave no room for others
        let stays = 2 * part.len() <= self.pieces.most * PIECE;
        let mut at = part.start;
        while at < part.end {
            let first = at / PIECE * PIECE;
            if let Some(piece) = self.pieces.get(start + first as u64) {
                let end = part.end.min(first + PIECE);
                into.extend_from_slice(&piece[at - first..end - first]);
                at = end;
                continue;
            }
            let behind = part.end.min(first + AT_ONCE * PIECE);
            let others = (first + PIECE..behind).step_by(PIECE);
            let missing = 1 + others.take_while(|other| !self.pieces.hold(start + *other as u64)).count();
            let last = spot.length().min(first + missing * PIECE);
            self.shelves.read_part(spot, first..last, &mut self.buffer)?;
            if stays {
                for (i, piece) in self.buffer.chunks(PIECE).enumerate() {
                    self.pieces.put(start + (first + i * PIECE) as u64, piece);
                }
            }
            let end = part.end.min(last);
            into.extend_from_slice(&self.buffer[at - first..end - first]);
            at = end;
        }
        Ok(())
    }

    /// Lets go of the list at a spot.
    pub(super) fn remove(&mut self, spot: Spot) {
        if let Some(start) = spot.waits_at() {
            self.pieces.remove(start..start + spot.length() as u64);
        }
        self.shelves.remove(spot);
    }
}

/// Pieces of lists that wait, each by where it starts in the file. One that has been asked for since it was last passed over
/// is passed over once more before another takes its place.
#[derive(Default)]
struct Pieces {
    /// which of them it is
    by_start: HashMap<u64, u32, BuildHasherDefault<NumberHasher>>,
    /// of each, where it starts, and whether it has been asked for
    starts: Vec<(u64, bool)>,
    numbers: Vec<u64>,
    /// which is looked at first when there is room for no more
    next: usize,
    /// how many there may be
    most: usize,
}

impl Pieces {
    fn hold(&self, start: u64) -> bool {
        self.by_start.contains_key(&start)
    }

    /// The piece that starts there, and behind it what is nobody's.
    fn get(&mut self, start: u64) -> Option<&[u64]> {
        let i = *self.by_start.get(&start)? as usize;
        self.starts[i].1 = true;
        Some(&self.numbers[i * PIECE..(i + 1) * PIECE])
    }

    /// Holds one that is not held, where there may be any.
    fn put(&mut self, start: u64, piece: &[u64]) {
        if self.most == 0 {
            return;
        }
        let i = self.room();
        self.by_start.insert(start, i as u32);
        self.starts[i] = (start, false);
        self.numbers[i * PIECE..][..piece.len()].copy_from_slice(piece);
    }

    /// Which one's place is free.
    fn room(&mut self) -> usize {
        if self.starts.len() < self.most {
            self.starts.push((NONE, false));
            self.numbers.resize(self.starts.len() * PIECE, 0);
            return self.starts.len() - 1;
        }
        loop {
            let i = self.next;
            self.next = (i + 1) % self.most;
            let (start, asked) = &mut self.starts[i];
            if !std::mem::take(asked) {
                self.by_start.remove(start);
                return i;
            }
        }
    }

    /// Lets go of those of a list.
    fn remove(&mut self, list: Range<u64>) {
        for start in list.step_by(PIECE) {
            if let Some(i) = self.by_start.remove(&start) {
                self.starts[i as usize] = (NONE, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::shelves::LARGE;

    proptest! {
        /// Whatever waits, what is asked for is what was put, and little of it is held.
        #[test]
        fn parts_of_lists_are_what_was_put(
            steps in prop::collection::vec((0u32..20, 0usize..900, prop::bool::weighted(0.05), any::<[u16; 2]>()), 1..200),
            bytes in prop::sample::select(vec![0u64, 2000, 20_000, 100_000]),
        ) {
            let mut texts = KeptTexts::new();
            texts.bound(&std::env::temp_dir(), bytes);
            let mut plain: BTreeMap<u32, (Spot, Vec<u64>)> = BTreeMap::new();
            for (document, length, is_long, part) in steps {
                if let Some((spot, _)) = plain.remove(&document) {
                    texts.remove(spot);
                    continue;
                }
                let length = if is_long { 40 * length } else { length };
                let list: Vec<u64> = (0..length as u64).map(|n| n << 32 | u64::from(document)).collect();
                plain.insert(document, (texts.put(&mut list.clone()), list));
                for (spot, list) in plain.values() {
                    let [start, end] = part.map(|at| usize::from(at) % (list.len() + 1));
                    let part = start.min(end)..start.max(end);
                    let mut read = vec![7];
                    texts.read(*spot, part.clone(), &mut read).unwrap();
                    match spot.waits_at() {
                        Some(_) => prop_assert_eq!(&read[1..], &list[part]),
                        None => prop_assert_eq!((texts.get(*spot), read.len()), (&list[..], 1)),
                    }
                    prop_assert!(texts.pieces.starts.len() <= texts.pieces.most);
                }
            }
            plain.into_values().for_each(|(spot, _)| texts.remove(spot));
            prop_assert!(texts.pieces.by_start.is_empty());
        }
    }

    /// Of a text that waits no more is read than lies around a place, however long it is, and nothing of what is at hand.
    #[test]
    fn no_more_is_read_than_is_looked_at() {
        let mut texts = KeptTexts::new();
        texts.bound(&std::env::temp_dir(), 1 << 20);
        let spot = texts.put(&mut (0..300_000).collect());
        assert!(spot.waits_at().is_some() && spot.length() > LARGE);
        for most in [200 + 2 * PIECE, 0] {
            texts.buffer.clear();
            let mut read = Vec::new();
            texts.read(spot, 200_000..200_200, &mut read).unwrap();
            assert!(read.into_iter().eq(200_000..200_200));
            assert!(texts.buffer.len() <= most);
        }
    }

    /// What is looked at again and again is not read again because of what is looked at once.
    #[test]
    fn pieces_that_are_asked_for_stay() {
        let mut pieces = Pieces { most: 4, ..Pieces::default() };
        let piece = PIECE as u64;
        for i in 0..50 {
            pieces.put(i * piece, &[i; PIECE]);
            let first = pieces.get(0).map(<[u64]>::to_vec);
            assert_eq!(first, Some(vec![0; PIECE]));
        }
        assert_eq!(pieces.by_start.len(), 4);
        pieces.remove(0..50 * piece);
        assert!(pieces.starts.len() == 4 && pieces.by_start.is_empty());
    }
}

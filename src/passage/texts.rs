//! What is kept of the texts of documents: in memory, and where that is bounded, what there is no room for in a temporary
//! file. Of that a little that was looked at last is at hand.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::path::Path;

use crate::error::Result;
use crate::resolve::NumberHasher;
use crate::shelves::{Shelves, Spot};

/// The part of what memory may hold that what was read back may take.
const READ_BACK: u64 = 8;

/// Lists of numbers, each of a document or a stretch of one.
pub(super) struct KeptTexts {
    shelves: Shelves,
    /// what was read back of those that wait, by where they wait
    at_hand: HashMap<u64, Box<[u64]>, BuildHasherDefault<NumberHasher>>,
    /// of which, in the order in which they were read
    order: VecDeque<u64>,
    /// numbers that are at hand, and about how many may be
    held: usize,
    most: usize,
    /// whether more may be, for now
    all_stay: bool,
}

impl KeptTexts {
    /// None yet.
    pub(super) fn new() -> Self {
        let (at_hand, order) = Default::default();
        KeptTexts { shelves: Shelves::alone(), at_hand, order, held: 0, most: 0, all_stay: false }
    }

    /// Holds them so that what they took goes back to the system at the end; and of more than so many bytes the rest in a file
    /// in `folder`. There are none yet.
    pub(super) fn bound(&mut self, folder: &Path, bytes: u64) {
        self.shelves = Shelves::default();
        self.shelves.bound(folder, bytes);
        self.most = (bytes / READ_BACK) as usize / size_of::<u64>();
    }

    /// What could not be written, if anything.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn take_failure(&mut self) -> Result<()> {
        self.shelves.take_failure()
    }

    /// Whether some may have to be read back.
    pub(super) fn may_wait(&self) -> bool {
        self.shelves.has_waited()
    }

    /// Holds a list.
    pub(super) fn put(&mut self, list: &mut Vec<u64>) -> Spot {
        self.shelves.put_all(list)
    }

    /// The list at a spot; `None` where it waits and has not been read back.
    #[inline]
    pub(super) fn get(&self, spot: Spot) -> Option<&[u64]> {
        match spot.waits_at() {
            Some(at) => self.at_hand.get(&at).map(|list| &**list),
            None => Some(self.shelves.get(spot)),
        }
    }

    /// Puts the list at a spot at hand, which stays there until another one is read.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn read(&mut self, spot: Spot) -> Result<()> {
        let Some(at) = spot.waits_at().filter(|at| !self.at_hand.contains_key(at)) else { return Ok(()) };
        let mut list = Vec::new();
        self.shelves.read(spot, &mut list)?;
        if !self.all_stay {
            self.make_room(list.len());
        }
        self.held += list.len();
        self.order.push_back(at);
        self.at_hand.insert(at, list.into());
        Ok(())
    }

    /// Whether all that is read from now on stays at hand, until this is said again.
    pub(super) fn all_stay(&mut self, all_stay: bool) {
        self.all_stay = all_stay;
        if !all_stay {
            self.make_room(0);
        }
    }

    /// Makes room at hand for so many numbers.
    fn make_room(&mut self, length: usize) {
        while self.held + length > self.most
            && let Some(first) = self.order.pop_front()
        {
            self.held -= self.at_hand.remove(&first).map_or(0, |list| list.len());
        }
    }

    /// Lets go of the list at a spot.
    pub(super) fn remove(&mut self, spot: Spot) {
        if let Some(list) = spot.waits_at().and_then(|at| self.at_hand.remove(&at)) {
            self.held -= list.len();
        }
        if self.at_hand.is_empty() {
            self.order.clear();
        }
        self.shelves.remove(spot);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::shelves::LARGE;

    proptest! {
        /// Whatever waits, what is asked for is at hand and what was put, and little beside it.
        #[test]
        fn lists_are_what_was_put(
            steps in prop::collection::vec((0u32..20, 0usize..90, prop::bool::weighted(0.05)), 1..200),
            bytes in prop::sample::select(vec![0u64, 2000, 20_000]),
        ) {
            let mut texts = KeptTexts::new();
            texts.bound(&std::env::temp_dir(), bytes);
            let mut plain: BTreeMap<u32, (Spot, Vec<u64>)> = BTreeMap::new();
            for (document, length, is_large) in steps {
                if let Some((spot, _)) = plain.remove(&document) {
                    texts.remove(spot);
                    continue;
                }
                let length = if is_large { LARGE + 1 + length } else { length };
                let list: Vec<u64> = (0..length as u64).map(|n| n << 32 | u64::from(document)).collect();
                plain.insert(document, (texts.put(&mut list.clone()), list));
                for (spot, list) in plain.values() {
                    texts.read(*spot).unwrap();
                    prop_assert_eq!(texts.get(*spot), Some(&list[..]));
                    prop_assert!(list.len() <= LARGE || spot.waits_at().is_none());
                    prop_assert!(texts.held <= texts.most.max(90));
                }
            }
            plain.into_values().for_each(|(spot, _)| texts.remove(spot));
            prop_assert_eq!((texts.held, texts.at_hand.len()), (0, 0));
        }
    }
}

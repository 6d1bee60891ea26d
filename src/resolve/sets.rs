//! The sets at hand, each at a place that it keeps until it is let go.

use std::path::Path;

use crate::error::Result;
use crate::shelves::{Shelves, Spot};
use crate::verify::Digest;

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
    numbers: Shelves,
}

impl Sets {
    pub(super) fn new(rows: usize) -> Self {
        Sets { places: vec![NOWHERE; rows], ..Sets::default() }
    }

    /// Holds so many bytes of sets in memory; the others wait in a file in `folder`.
    pub(super) fn bound(&mut self, folder: &Path, bytes: u64) {
        self.numbers.bound(folder, bytes);
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
        self.spots[at] = self.numbers.put(set);
        self.uses[at] = 0;
        self.places[row as usize] = place;
    }

    /// What could not be written, if anything.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn take_failure(&mut self) -> Result<()> {
        self.numbers.take_failure()
    }

    /// The set at a place, in the buffer if it had to be read.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    #[inline]
    pub(super) fn get<'a>(&'a self, place: u32, buffer: &'a mut Vec<u64>) -> Result<&'a [u64]> {
        self.numbers.read(self.spots[place as usize], buffer)
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
        self.numbers.remove(std::mem::take(&mut self.spots[place as usize]));
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
    use crate::shelves::LARGE;

    proptest! {
        /// What is at hand is what a plain map has, whatever came and went.
        #[test]
        fn equals_a_plain_map(
            steps in prop::collection::vec((0u32..60, 0usize..90, prop::bool::weighted(0.05)), 1..300),
        ) {
            let mut sets = Sets::new(60);
            sets.bound(&std::env::temp_dir(), 90 * 8);
            let mut buffer = Vec::new();
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
                    let found = sets.place(row).map(|place| sets.get(place, &mut buffer).unwrap());
                    prop_assert_eq!(found, plain.get(&row).map(|set| &set[..]));
                }
            }
        }
    }
}

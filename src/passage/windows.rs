//! Where whole windows stand that the lists of their seeds have no room for.
//!
//! A seed lists its first places only ([`crate::passage::places::LISTED`]): a stock phrase stands in any number of
//! texts. What stands around it tells these apart. Of a place that is not listed any more the windows are kept of which
//! the seed is the least, each `passage` tokens, unless they stood earlier: of a window the first place is enough. A
//! run of `passage` tokens *is* a window, so that place has all that a later text can have of it.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::ops::Range;

use hashbrown::HashTable;

use crate::passage::recurring::RecurringWindows;
use crate::passage::winnow::Winnower;
use crate::resolve::NumberHasher;
use crate::shingle::LARGE;

/// The first bits of a window's key; the others are 0. A window whose key another has by accident is passed over, so
/// there are more of them than of a seed's.
pub(crate) const WINDOW_BITS: u32 = 48;

/// A map from windows or seeds.
pub(super) type WindowMap<T> = HashMap<u64, T, BuildHasherDefault<NumberHasher>>;

/// A set of seeds.
pub(crate) type SeedSet = HashSet<u64, BuildHasherDefault<NumberHasher>>;

/// No node.
const NONE: u32 = u32::MAX;

/// Where a window stood first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    key: u64,
    document: u32,
    /// where its seed starts
    at: u32,
    /// another one of its seed, or a free node
    next: u32,
}

/// The windows of a search.
#[derive(Default)]
pub(super) struct Windows {
    /// nodes by their keys
    table: HashTable<u32>,
    nodes: Vec<Node>,
    free: Vec<u32>,
}

/// The windows of a seed, as a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OfSeed(u32);

impl OfSeed {
    /// Of a seed that has none.
    pub(super) const NONE: OfSeed = OfSeed(NONE);

    pub(super) fn is_empty(self) -> bool {
        self.0 == NONE
    }
}

impl Windows {
    /// Where the seed of this window starts: document and token.
    pub(super) fn find(&self, key: u64) -> Option<(u32, u32)> {
        let node = *self.table.find(spread(key), |&node| self.nodes[node as usize].key == key)?;
        let Node { document, at, .. } = self.nodes[node as usize];
        Some((document, at))
    }

    /// Adds a window to those of its seed; the window must not be there yet.
    pub(super) fn insert(&mut self, of_seed: &mut OfSeed, key: u64, (document, at): (u32, u32)) {
        let node = Node { key, document, at, next: of_seed.0 };
        let number = match self.free.pop() {
            Some(free) => {
                self.nodes[free as usize] = node;
                free
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as u32 - 1
            }
        };
        let nodes = &self.nodes;
        self.table.insert_unique(spread(key), number, |&node| spread(nodes[node as usize].key));
        of_seed.0 = number;
    }

    /// Removes one of the windows of a seed; returns its document.
    pub(super) fn remove_one(&mut self, of_seed: &mut OfSeed) -> Option<u32> {
        let number = of_seed.0;
        let Node { key, document, next, .. } = *self.nodes.get(number as usize)?;
        of_seed.0 = next;
        if let Ok(entry) = self.table.find_entry(spread(key), |&node| node == number) {
            entry.remove();
        }
        self.free.push(number);
        Some(document)
    }
}

/// Keys have their bits in front, a table looks at all of them.
fn spread(key: u64) -> u64 {
    key ^ key >> (u64::BITS - WINDOW_BITS)
}

/// Hashes of a text that are made at once.
const BLOCK: usize = 64;

/// Makes the windows of a text's seeds. What several of them need is made once.
pub(crate) struct WindowMaker {
    winnower: Winnower,
    /// tokens in a window
    passage: usize,
    /// hashes of the text's seeds and of what might have been one, by their first token, as far as they were needed
    hashes: Vec<u64>,
    /// how many there are, made or not
    all: usize,
    /// a bit for each block that was made
    made: Vec<u64>,
    /// where that is known, which may come again
    recurring: Option<RecurringWindows>,
    /// whether the others are asked for, too
    tells_all: bool,
}

impl WindowMaker {
    /// Of `passage` tokens.
    pub(crate) fn new(passage: u32) -> Self {
        let (hashes, made) = (Vec::new(), Vec::new());
        let winnower = Winnower::new(passage);
        WindowMaker {
            winnower,
            passage: passage as usize,
            hashes,
            all: 0,
            made,
            recurring: None,
            tells_all: false,
        }
    }

    /// From now on it is known which windows may come again.
    pub(super) fn expect(&mut self, recurring: RecurringWindows) {
        self.recurring = Some(recurring);
    }

    /// From now on those are asked for, too, that do not come again: an index is to be told of them.
    pub(super) fn tell_all(&mut self) {
        self.tells_all = true;
    }

    /// Goes on to a text of so many tokens; the same must be given with each question about it.
    pub(crate) fn begin(&mut self, tokens: usize) {
        self.all = (tokens + 1).saturating_sub(self.winnower.seed());
        if self.hashes.len() < self.all || self.hashes.len() > LARGE.max(2 * self.all) {
            self.hashes = Vec::new();
            self.hashes = vec![0; self.all]; // what is not asked for takes no memory
        }
        self.made.clear();
        self.made.resize(self.all.div_ceil(BLOCK * u64::BITS as usize), 0);
    }

    /// The windows of the text of which the seed at a token is the least, by their first tokens.
    pub(crate) fn of(&mut self, tokens: &[u64], at: u32) -> Range<u32> {
        let around = self.winnower.around(at as usize, self.all);
        for block in around.start / BLOCK..around.end.div_ceil(BLOCK) {
            let (word, bit) = (&mut self.made[block / u64::BITS as usize], 1 << (block as u32 % u64::BITS));
            if *word & bit == 0 {
                *word |= bit;
                let own = block * BLOCK..((block + 1) * BLOCK).min(self.all);
                self.winnower.shingler().fill(&tokens[own.start..], &mut self.hashes[own]);
            }
        }
        self.winnower.windows(&self.hashes[around], at as usize)
    }

    /// Whether the window that starts at a token, if it is one of those asked for, may come again.
    pub(super) fn may_come_again(&self, first: u32) -> bool {
        let mark = || self.winnower.mark(&self.hashes, first as usize);
        self.recurring.as_ref().is_none_or(|recurring| recurring.holds(mark()))
    }

    /// Whether the window that starts at a token, if it is one of those asked for, has to be told; and whether it may come again.
    pub(super) fn is_told(&self, first: u32) -> (bool, bool) {
        let comes_again = self.may_come_again(first);
        (comes_again || self.tells_all, comes_again)
    }

    /// The key of the window that starts at a token, if it is one of those asked for.
    pub(crate) fn key(&self, tokens: &[u64], first: u32) -> u64 {
        let (first, seed) = (first as usize, self.winnower.seed());
        let seeds = self.passage / seed;
        let hashes = (0..seeds).map(|i| self.hashes[first + i * seed]);
        let rest = &tokens[first + seeds * seed..first + self.passage];
        let key = self.winnower.shingler().joined(hashes, rest);
        let rest = u64::BITS - WINDOW_BITS;
        key >> rest << rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::Shingler;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_are_made_of_what_seeds_are(
            texts in prop::collection::vec(prop::collection::vec(0u64..9, 0..300), 1..3),
            passage in 1u32..40,
        ) {
            let mut maker = WindowMaker::new(passage);
            for tokens in texts {
                maker.begin(tokens.len());
                let mut keys = Vec::new();
                Shingler::new(passage).rolled(&tokens, &mut keys);
                let mut all = Vec::new();
                Winnower::new(passage).seeds(&tokens, &mut Vec::new(), |seed| all.push(seed.at));
                let mut told = 0;
                for at in all {
                    for first in maker.of(&tokens, at) {
                        let rest = u64::BITS - WINDOW_BITS;
                        prop_assert_eq!(maker.key(&tokens, first), keys[first as usize] >> rest << rest);
                        told += 1;
                    }
                }
                prop_assert_eq!(told, keys.len());
            }
        }
    }

    #[test]
    fn windows_are_found_until_they_are_removed() {
        let mut windows = Windows::default();
        let (mut one, mut other) = (OfSeed::NONE, OfSeed::NONE);
        let key = |number: u64| number << (u64::BITS - WINDOW_BITS);
        for number in 0..100 {
            let of_seed = if number % 3 == 0 { &mut one } else { &mut other };
            windows.insert(of_seed, key(number), (number as u32, 7));
        }
        assert_eq!(windows.find(key(6)), Some((6, 7)));
        assert_eq!(windows.find(key(100)), None);
        let mut removed = 0;
        while windows.remove_one(&mut one).is_some() {
            removed += 1;
        }
        assert_eq!((removed, one.is_empty(), other.is_empty()), (34, true, false));
        assert_eq!(windows.find(key(6)), None);
        assert_eq!(windows.find(key(7)), Some((7, 7)));
        windows.insert(&mut one, key(6), (200, 9));
        assert_eq!((windows.find(key(6)), windows.nodes.len()), (Some((200, 9)), 100));
    }
}

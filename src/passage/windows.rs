//! Where whole windows stand that the lists of their seeds have no room for.
//!
//! A seed lists its first places only ([`crate::passage::places::LISTED`]): a stock phrase stands in any number of
//! texts. What stands around it tells these apart. Of a place that is not listed any more the windows are kept of which
//! the seed is the least, each `passage` tokens, unless they stood earlier: of a window the first place is enough. A
//! run of `passage` tokens *is* a window, so that place has all that a later text can have of it.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use hashbrown::HashTable;

use crate::passage::winnow::Winnower;
use crate::resolve::NumberHasher;
use crate::shingle::Shingler;

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

/// Makes the windows of a text's seeds. Its buffers are used again and again.
pub(crate) struct WindowMaker {
    winnower: Winnower,
    shingler: Shingler,
    seeds: Vec<u64>,
    keys: Vec<u64>,
}

/// Windows of which one seed is the least, one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Made<'a> {
    /// the token at which the first starts
    pub(crate) first: u32,
    pub(crate) keys: &'a [u64],
}

impl Made<'_> {
    /// Each with the token at which it starts.
    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.keys.iter().copied().zip(self.first..)
    }
}

impl WindowMaker {
    /// Of `passage` tokens.
    pub(crate) fn new(passage: u32) -> Self {
        let (winnower, shingler) = (Winnower::new(passage), Shingler::new(passage));
        WindowMaker { winnower, shingler, seeds: Vec::new(), keys: Vec::new() }
    }

    /// The windows of a text of which the seed at a token is the least.
    pub(crate) fn of(&mut self, tokens: &[u64], at: u32) -> Made<'_> {
        let WindowMaker { winnower, shingler, seeds, keys } = self;
        keys.clear();
        let windows = winnower.windows(tokens, at, seeds);
        if !windows.is_empty() {
            let last = windows.end as usize - 1 + shingler.width();
            shingler.rolled(&tokens[windows.start as usize..last], keys);
            let rest = u64::BITS - WINDOW_BITS;
            keys.iter_mut().for_each(|key| *key = *key >> rest << rest);
        }
        Made { first: windows.start, keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

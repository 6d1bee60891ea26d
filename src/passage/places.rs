//! Where seeds stand in the original text so far: one table from seed hash to its places, earliest first.
//!
//! Only seeds that occur again are in it, and only as long as they do: how often each occurs is known from
//! the first pass, so a seed whose last occurrence has passed is forgotten, and a text of which no seed is
//! left with it. That keeps the table small however large the corpus.

use hashbrown::HashTable;
use rayon::prelude::*;

use crate::passage::Prepared;
use crate::passage::winnow::Seed;
use crate::resolve::NumberMap;

/// Places that a seed lists; later ones are counted, not listed.
pub(crate) const LISTED: usize = 32;

/// No node.
const NONE: u32 = u32::MAX;

/// A seed that occurs more than once.
struct Entry {
    hash: u64,
    /// occurrences that have yet to come
    to_come: u32,
    /// its latest place
    last: u32,
}

/// A place, and the one listed before it.
#[derive(Clone, Copy)]
struct Node {
    document: u32,
    at: u32,
    before: u32,
}

/// A stretch of a document's tokens that is kept for comparison.
struct Stretch {
    start: u32,
    tokens: Box<[u64]>,
}

/// The kept stretches of a document, in order, and how many listed seeds it has.
#[derive(Default)]
struct Text {
    stretches: Vec<Stretch>,
    uses: u32,
}

/// The table.
#[derive(Default)]
pub(crate) struct Places {
    seeds: HashTable<Entry>,
    nodes: Vec<Node>,
    free: u32,
    texts: NumberMap<Text>,
    /// places that were not listed
    pub(crate) capped: u64,
}

impl Places {
    /// Knows the seeds that occur more than once, of all seeds of a corpus in any order.
    pub(crate) fn new(seeds: &[u64]) -> Self {
        let mut places = Places { free: NONE, ..Places::default() };
        for same in repeated(seeds).chunk_by(|a, b| a == b) {
            let entry = Entry { hash: same[0], to_come: same.len() as u32, last: NONE };
            places.seeds.insert_unique(same[0], entry, |entry| entry.hash);
        }
        places
    }

    /// A bit for each of `seeds`: whether it occurs more than once.
    pub(crate) fn repeated_bits(&self, seeds: &[u64]) -> Vec<u64> {
        let is_repeated = |hash: u64| self.seeds.find(hash, |entry| entry.hash == hash).is_some();
        let word = |seeds: &[u64]| {
            seeds.iter().enumerate().fold(0, |word, (i, &hash)| word | u64::from(is_repeated(hash)) << i)
        };
        seeds.par_chunks(64).map(word).collect()
    }

    /// Makes `into` the listed places of a seed, earliest first: documents and tokens.
    pub(crate) fn of(&self, hash: u64, into: &mut Vec<(u32, u32)>) {
        into.clear();
        let mut node = self.seeds.find(hash, |entry| entry.hash == hash).map_or(NONE, |entry| entry.last);
        while let Some(found) = self.nodes.get(node as usize) {
            into.push((found.document, found.at));
            node = found.before;
        }
        into.reverse();
    }

    /// The kept tokens around a place: the stretch, and the token at which it starts.
    pub(crate) fn stretch(&self, document: u32, at: u32) -> Option<(&[u64], u32)> {
        let stretches = &self.texts.get(&document)?.stretches;
        let stretch = &stretches[stretches.partition_point(|stretch| stretch.start <= at).checked_sub(1)?];
        Some((&stretch.tokens, stretch.start))
    }

    /// Takes leave of a document's repeated seeds: those that `is_original` says so of are listed, with
    /// `margin` tokens around each, if they occur again later.
    pub(crate) fn add(&mut self, prepared: &Prepared, margin: u32, is_original: impl Fn(&Seed) -> bool) {
        let Prepared { document, tokens, seeds, .. } = prepared;
        let document = *document;
        let mut done = Vec::new();
        for seed in seeds {
            if let Some(entry) = self.seeds.find_mut(seed.hash, |entry| entry.hash == seed.hash) {
                entry.to_come -= 1;
                if entry.to_come == 0 {
                    done.push(seed.hash);
                }
            }
        }
        done.into_iter().for_each(|hash| self.forget(hash));
        let mut text = Text::default();
        let mut bounds: Vec<(u32, u32)> = Vec::new();
        let mut listed = Vec::new();
        for seed in seeds.iter().filter(|seed| is_original(seed)) {
            self.of(seed.hash, &mut listed);
            let Some(entry) = self.seeds.find_mut(seed.hash, |entry| entry.hash == seed.hash) else {
                continue;
            };
            if listed.len() >= LISTED {
                self.capped += 1;
                continue;
            }
            let node = Node { document, at: seed.at, before: entry.last };
            entry.last = insert(&mut self.nodes, &mut self.free, node);
            text.uses += 1;
            let start = seed.at.saturating_sub(margin);
            let end = (seed.at + margin).min(tokens.len() as u32);
            match bounds.last_mut() {
                Some(last) if start <= last.1 => last.1 = end,
                _ => bounds.push((start, end)),
            }
        }
        if text.uses > 0 {
            let keep = |&(start, end): &(u32, u32)| Stretch {
                start,
                tokens: tokens[start as usize..end as usize].into(),
            };
            text.stretches = bounds.iter().map(keep).collect();
            self.texts.insert(document, text);
        }
    }

    /// Forgets a seed that will not occur again.
    fn forget(&mut self, hash: u64) {
        let Ok(entry) = self.seeds.find_entry(hash, |entry| entry.hash == hash) else { return };
        let (entry, _) = entry.remove();
        let mut node = entry.last;
        while node != NONE {
            let Node { document, before, .. } = self.nodes[node as usize];
            self.nodes[node as usize].before = self.free;
            self.free = node;
            node = before;
            if let Some(text) = self.texts.get_mut(&document) {
                text.uses -= 1;
                if text.uses == 0 {
                    self.texts.remove(&document);
                }
            }
        }
    }
}

/// Puts a node where one is free.
fn insert(nodes: &mut Vec<Node>, free: &mut u32, node: Node) -> u32 {
    let at = *free;
    if at == NONE {
        nodes.push(node);
        return nodes.len() as u32 - 1;
    }
    *free = nodes[at as usize].before;
    nodes[at as usize] = node;
    at
}

/// The hashes that occur more than once, each as often as it does, sorted.
fn repeated(seeds: &[u64]) -> Vec<u64> {
    // two bits for each of 8 times as many slots leave few of those that occur once to be sorted
    let slots = (seeds.len() * 8).next_power_of_two().max(64);
    let mut once = vec![0u64; slots / 64];
    let mut twice = vec![0u64; slots / 64];
    let slot = |hash: u64| {
        let at = (hash >> 16) as usize & (slots - 1);
        (at / 64, 1u64 << (at % 64))
    };
    for &hash in seeds {
        let (word, bit) = slot(hash);
        twice[word] |= once[word] & bit;
        once[word] |= bit;
    }
    drop(once);
    let may_repeat = |hash: &u64| {
        let (word, bit) = slot(*hash);
        twice[word] & bit != 0
    };
    let mut hashes: Vec<u64> = seeds.iter().copied().filter(may_repeat).collect();
    drop(twice);
    hashes.par_sort_unstable();
    let mut kept = 0;
    let mut start = 0;
    while start < hashes.len() {
        let count = hashes[start..].iter().take_while(|hash| **hash == hashes[start]).count();
        if count > 1 {
            hashes.copy_within(start..start + count, kept);
            kept += count;
        }
        start += count;
    }
    hashes.truncate(kept);
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_listed_while_they_occur_again_and_texts_with_them() {
        let mut places = Places::new(&[1 << 20, 5 << 20, 1 << 20, 7 << 20, 1 << 20, 7 << 20]);
        assert_eq!(places.repeated_bits(&[1 << 20, 5 << 20, 7 << 20]), [0b101]);
        let tokens: Vec<u64> = (0..50).collect();
        let seed = |hash: u64, at| Seed { hash: hash << 20, at };
        let of = |places: &Places, hash: u64| {
            let mut listed = Vec::new();
            places.of(hash << 20, &mut listed);
            listed
        };
        let add = |places: &mut Places, document, seeds: &[Seed], is_original: fn(&Seed) -> bool| {
            let (tokens, seeds) = (tokens.clone(), seeds.to_vec());
            places.add(&Prepared { document, tokens, paragraph_ends: Vec::new(), seeds }, 5, is_original);
        };
        add(&mut places, 0, &[seed(1, 3), seed(7, 40)], |_| true);
        assert_eq!(of(&places, 1), [(0, 3)]);
        assert_eq!(places.stretch(0, 3), Some((&tokens[..8], 0)));
        assert_eq!(places.stretch(0, 40), Some((&tokens[35..45], 35)));
        add(&mut places, 1, &[seed(1, 9), seed(7, 9)], |seed| seed.hash == 1 << 20);
        assert_eq!(of(&places, 1), [(0, 3), (1, 9)]);
        assert_eq!(of(&places, 7), []);
        add(&mut places, 2, &[seed(1, 0)], |_| true);
        assert!(of(&places, 1).is_empty() && places.texts.is_empty() && places.seeds.is_empty());
    }
}

//! Where seeds stand in the original text so far: from a seed to its places, earliest first.
//!
//! Only seeds that occur again have a number here ([`Repeated`], made once from the seeds of the first
//! pass), and places are kept only as long as a seed has occurrences to come: one whose last has passed is
//! forgotten, and a text of which no seed is left with it. That keeps it all small however large the corpus.

use hashbrown::HashTable;
use rayon::prelude::*;

use crate::passage::winnow::SEED_BITS;
use crate::passage::{Occurrence, Prepared};
use crate::resolve::NumberMap;

/// Places that a seed lists; later ones are counted, not listed.
pub(crate) const LISTED: u8 = 32;

/// No node.
const NONE: u32 = u32::MAX;

/// The seeds that occur more than once, numbered, and where among all seeds they are.
#[derive(Default)]
pub(crate) struct Repeated {
    /// a bit for each seed of the distinct documents
    bits: Vec<u64>,
    /// the numbers of those whose bit is set, in order
    numbers: Vec<u32>,
    /// tokens from each seed to the next, of the first from the start of its document
    gaps: Vec<u16>,
    /// behind the last seed of each distinct document, and how many of the seeds before are repeated
    ends: Vec<(u64, u32)>,
    /// how often each number occurs
    counts: Vec<u32>,
}

impl Repeated {
    /// Numbers the repeated ones of `seeds`, which are `gaps` apart; `of_documents` says how many each
    /// distinct document has.
    pub(crate) fn new(seeds: &[u64], gaps: Vec<u16>, of_documents: &[u32]) -> Self {
        let hashes = repeated(seeds);
        let mut table: HashTable<(u64, u32)> = HashTable::new();
        let mut counts = Vec::new();
        for same in hashes.chunk_by(|a, b| a == b) {
            table.insert_unique(spread(same[0]), (same[0], counts.len() as u32), |entry| spread(entry.0));
            counts.push(same.len() as u32);
        }
        drop(hashes);
        let find = |hash: u64| table.find(spread(hash), |entry| entry.0 == hash).map(|entry| entry.1);
        let found: Vec<(u64, Vec<u32>)> = seeds
            .par_chunks(64)
            .map(|seeds| {
                let mut numbers = Vec::new();
                let mut word = 0;
                for (i, number) in seeds.iter().enumerate().filter_map(|(i, &hash)| Some((i, find(hash)?))) {
                    word |= 1 << i;
                    numbers.push(number);
                }
                (word, numbers)
            })
            .collect();
        let mut made = Repeated { counts, gaps, ..Repeated::default() };
        for (word, numbers) in found {
            made.bits.push(word);
            made.numbers.extend(numbers);
        }
        let (mut end, mut before) = (0u64, 0u32);
        for &count in of_documents {
            for seed in end..end + u64::from(count) {
                before += u32::from(made.is_repeated(seed));
            }
            end += u64::from(count);
            made.ends.push((end, before));
        }
        made
    }

    fn is_repeated(&self, seed: u64) -> bool {
        self.bits[seed as usize / 64] >> (seed % 64) & 1 == 1
    }

    /// Whether a distinct document has a repeated seed.
    pub(crate) fn has_some(&self, row: usize) -> bool {
        self.start(row).1 < self.ends[row].1
    }

    /// The repeated seeds of a distinct document, in order.
    pub(crate) fn of(&self, row: usize) -> Vec<Occurrence> {
        let (start, before) = self.start(row);
        let (end, behind) = self.ends[row];
        let mut numbers = self.numbers[before as usize..behind as usize].iter();
        let mut at = 0;
        let mut found = Vec::with_capacity(numbers.len());
        for (seed, &gap) in (start..end).zip(&self.gaps[start as usize..]) {
            at += u32::from(gap);
            if self.is_repeated(seed) {
                found.extend(numbers.next().map(|&number| Occurrence { number, at }));
            }
        }
        found
    }

    fn start(&self, row: usize) -> (u64, u32) {
        row.checked_sub(1).map_or((0, 0), |before| self.ends[before])
    }
}

/// A place, and the one listed before it.
#[derive(Clone, Copy)]
struct Node {
    document: u32,
    at: u32,
    before: u32,
}

/// What is known of a seed.
#[derive(Clone, Copy)]
struct Entry {
    /// occurrences that have yet to come
    to_come: u32,
    /// its latest place
    last: u32,
    /// places listed
    listed: u8,
}

/// A stretch of a document's tokens that is kept for comparison.
struct Stretch {
    start: u32,
    tokens: Box<[u64]>,
    /// first byte of each token, and behind its last
    spans: Box<[[u32; 2]]>,
}

/// Tokens of a document that are kept for comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept<'a> {
    pub(crate) tokens: &'a [u64],
    /// first byte of each token, and behind its last
    pub(crate) spans: &'a [[u32; 2]],
    /// the number of the first token in its document
    pub(crate) start: u32,
}

/// The kept stretches of a document, in order, and how many listed seeds it has.
#[derive(Default)]
struct Text {
    stretches: Vec<Stretch>,
    uses: u32,
}

/// The places of all repeated seeds, and the texts around them.
#[derive(Default)]
pub(crate) struct Places {
    seeds: Vec<Entry>,
    nodes: Vec<Node>,
    free: u32,
    texts: NumberMap<Text>,
    /// places that were not listed
    pub(crate) capped: u64,
}

impl Kept<'_> {
    /// The part of it between two tokens of the document.
    pub(crate) fn between(self, [first, last]: [u32; 2]) -> Self {
        let from = first.saturating_sub(self.start) as usize;
        let to = (last.saturating_sub(self.start) as usize).min(self.tokens.len());
        Kept { tokens: &self.tokens[from..to], spans: &self.spans[from..to], start: self.start + from as u32 }
    }
}

impl Places {
    /// No places yet.
    pub(crate) fn new(repeated: &Repeated) -> Self {
        let entry = |&to_come: &u32| Entry { to_come, last: NONE, listed: 0 };
        Places { free: NONE, seeds: repeated.counts.iter().map(entry).collect(), ..Places::default() }
    }

    /// Makes `into` the listed places of a seed, earliest first: documents and tokens.
    pub(crate) fn of(&self, number: u32, into: &mut Vec<(u32, u32)>) {
        into.clear();
        into.extend(self.listed(number));
        into.reverse();
    }

    /// How far an alignment around the hit of `seeds[hit]` at token `at` of `original` may go there: from
    /// `margin` tokens before the first listed seed that both texts have, to as many behind the last, where
    /// two neighbours are no further apart than twice that. Other documents have no say in it.
    pub(crate) fn reach(&self, seeds: &[Occurrence], hit: usize, place: (u32, u32), margin: u32) -> [u32; 2] {
        let (original, at) = place;
        let walk = |others: &mut dyn Iterator<Item = &Occurrence>, ahead: bool| {
            let (mut last, mut last_copy) = (at, seeds[hit].at);
            for other in others {
                if other.at.abs_diff(last_copy) > 2 * margin {
                    break;
                }
                let is_next = |&token: &u32| {
                    (token > last) == ahead && token != last && token.abs_diff(last) <= 2 * margin
                };
                let places = self.listed(other.number).filter(|place| place.0 == original);
                if let Some(next) =
                    places.map(|place| place.1).filter(is_next).max_by_key(|t| t.abs_diff(last))
                {
                    (last, last_copy) = (next, other.at);
                }
            }
            last
        };
        let first = walk(&mut seeds[..hit].iter().rev(), false);
        let last = walk(&mut seeds[hit + 1..].iter(), true);
        [first.saturating_sub(margin), last + margin]
    }

    /// The listed places of a seed, the latest first.
    fn listed(&self, number: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut node = self.seeds[number as usize].last;
        std::iter::from_fn(move || {
            let found = self.nodes.get(node as usize)?;
            node = found.before;
            Some((found.document, found.at))
        })
    }

    /// What is kept around a place.
    pub(crate) fn stretch(&self, document: u32, at: u32) -> Option<Kept<'_>> {
        let stretches = &self.texts.get(&document)?.stretches;
        let stretch = &stretches[stretches.partition_point(|stretch| stretch.start <= at).checked_sub(1)?];
        Some(Kept { tokens: &stretch.tokens, spans: &stretch.spans, start: stretch.start })
    }

    /// Takes leave of a document's seeds: those for which `original` gives the stretch of original text that
    /// they lie in are listed, with `margin` tokens of it around each, if they occur again later.
    pub(crate) fn add(
        &mut self,
        prepared: &Prepared,
        margin: u32,
        original: impl Fn(&Occurrence) -> Option<[u32; 2]>,
    ) {
        let Prepared { document, tokens, spans, seeds, .. } = prepared;
        let document = *document;
        for &Occurrence { number, .. } in seeds {
            let entry = &mut self.seeds[number as usize];
            entry.to_come -= 1;
            if entry.to_come == 0 {
                self.forget(number);
            }
        }
        let mut text = Text::default();
        let mut bounds: Vec<(u32, u32)> = Vec::new();
        for seed in seeds {
            let entry = &mut self.seeds[seed.number as usize];
            if entry.to_come == 0 {
                continue;
            }
            let Some([first, behind]) = original(seed) else { continue };
            if entry.listed >= LISTED {
                self.capped += 1;
                continue;
            }
            let node = Node { document, at: seed.at, before: entry.last };
            entry.last = insert(&mut self.nodes, &mut self.free, node);
            entry.listed += 1;
            text.uses += 1;
            let start = seed.at.saturating_sub(margin).max(first);
            let end = (seed.at + margin).min(behind);
            match bounds.last_mut() {
                Some(last) if start <= last.1 => last.1 = end,
                _ => bounds.push((start, end)),
            }
        }
        if text.uses > 0 {
            let keep = |&(start, end): &(u32, u32)| Stretch {
                start,
                tokens: tokens[start as usize..end as usize].into(),
                spans: spans[start as usize..end as usize].into(),
            };
            text.stretches = bounds.iter().map(keep).collect();
            self.texts.insert(document, text);
        }
    }

    /// Forgets the places of a seed that will not occur again.
    fn forget(&mut self, number: u32) {
        let mut node = std::mem::replace(&mut self.seeds[number as usize].last, NONE);
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

/// A seed's bits over all of a word: a table takes its slots from the last ones and its tags from the first.
fn spread(hash: u64) -> u64 {
    (hash >> (u64::BITS - SEED_BITS)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The hashes that occur more than once, each as often as it does, sorted.
fn repeated(seeds: &[u64]) -> Vec<u64> {
    // two bits for each of 8 times as many slots leave few of those that occur once to be sorted
    let slots = (seeds.len() * 8).next_power_of_two().max(64);
    let mut once = vec![0u64; slots / 64];
    let mut twice = vec![0u64; slots / 64];
    let slot = |hash: u64| {
        let at = (hash >> (u64::BITS - SEED_BITS)) as usize & (slots - 1);
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
        let hashes = [1u64 << 30, 5 << 30, 7 << 30, 7 << 30, 1 << 30, 1 << 30];
        let repeated = Repeated::new(&hashes, vec![3, 9, 28, 9, 1, 0], &[3, 2, 1]);
        let seed = |number: u32, at| Occurrence { number, at };
        assert_eq!(repeated.of(0), [seed(0, 3), seed(1, 40)]);
        assert_eq!(repeated.of(1), [seed(1, 9), seed(0, 10)]);
        assert_eq!(repeated.of(2), [seed(0, 0)]);
        let mut places = Places::new(&repeated);
        let tokens: Vec<u64> = (0..50).collect();
        let spans: Vec<[u32; 2]> = (0..50).map(|i| [2 * i, 2 * i + 1]).collect();
        let of = |places: &Places, number: u32| {
            let mut listed = Vec::new();
            places.of(number, &mut listed);
            listed
        };
        let add =
            |places: &mut Places, document, seeds: &[Occurrence], is_original: fn(&Occurrence) -> bool| {
                let original = |seed: &Occurrence| is_original(seed).then_some([0, 50]);
                let (tokens, spans, seeds) = (tokens.clone(), spans.clone(), seeds.to_vec());
                places.add(&Prepared { document, tokens, spans, seeds, ..Prepared::default() }, 5, original);
            };
        add(&mut places, 0, &[seed(0, 3), seed(1, 40)], |_| true);
        assert_eq!(of(&places, 0), [(0, 3)]);
        let kept = |range: std::ops::Range<usize>| {
            let start = range.start as u32;
            Some(Kept { tokens: &tokens[range.clone()], spans: &spans[range], start })
        };
        assert_eq!(places.stretch(0, 3), kept(0..8));
        assert_eq!(places.stretch(0, 40), kept(35..45));
        add(&mut places, 1, &[seed(0, 9), seed(1, 9)], |seed| seed.number == 0);
        assert_eq!(of(&places, 0), [(0, 3), (1, 9)]);
        assert_eq!(of(&places, 1), []);
        add(&mut places, 2, &[seed(0, 0)], |_| true);
        assert!(of(&places, 0).is_empty() && places.texts.is_empty());
    }
}

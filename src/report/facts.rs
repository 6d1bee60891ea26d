//! What a run found, arranged for people: which text repeats which, most important first.
//!
//! The outcome tells its matches one by one, in corpus order; nobody reads half a million of those. Here
//! neighbouring matches are joined to runs (see the private module `runs`), and everything that repeats the
//! same original stands in one [`Group`]. Two walks over the matches: the first only adds up, so that it is
//! known which groups count most; the second goes to the documents with copies of these. What is kept is bounded, whatever
//! the corpus: [`GROUPS`] groups with [`COPIES`] copies each; the rest is counted. While it is made, each
//! original that is copied costs about 50 bytes, and each of its first [`COPIES`] copies 8.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::HashTable;

use crate::document::{Kind, Place};
use crate::outcome::Outcome;
use crate::report::runs;

/// The most groups that are kept.
pub const GROUPS: usize = 500;

/// The most copies of one group, and the most explained stretches of one copy, that are kept.
pub const COPIES: usize = 50;

/// A document, or neighbouring paragraphs of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// the document's number in corpus order, from 0
    pub document: u32,
    /// which of its paragraphs; `None` is the document itself
    pub paragraphs: Option<Paragraphs>,
}

/// Neighbouring paragraphs, by their numbers in the document, from 0; both ends belong to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paragraphs {
    /// the first one
    pub first: u32,
    /// the last one
    pub last: u32,
}

/// A stretch that repeats an earlier one: a document match, or a run of paragraph matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// the later one
    pub copy: Stretch,
    /// the earlier one
    pub original: Stretch,
    /// exact if all matches of it are
    pub kind: Kind,
    /// the lowest and the highest Jaccard similarity of its matches
    pub similarity: [f64; 2],
    /// how many matches it was joined from
    pub matches: u32,
    /// where the copy stands in its document's text, in bytes
    pub bytes: Range<u64>,
    /// characters of the copy
    pub characters: u64,
}

/// A copy of a [`Group`].
#[derive(Debug, Clone, PartialEq)]
pub struct Copy {
    /// what repeats what
    pub repeat: Repeat,
    /// paragraph copies that a document match explains, the first [`COPIES`] of them
    pub explained: Vec<Repeat>,
    /// how many there are
    pub explained_count: u64,
}

/// An original with its copies.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// what is repeated
    pub original: Stretch,
    /// where it stands in its document's text, in bytes
    pub bytes: Range<u64>,
    /// the first [`COPIES`] copies, in corpus order
    pub copies: Vec<Copy>,
    /// how many copies there are
    pub count: u64,
    /// how many of these are exact
    pub exact: u64,
    /// characters of all copies
    pub characters: u64,
}

/// What repeats what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// those that repeat the most characters, the most first; at most [`GROUPS`]
    pub groups: Vec<Group>,
    /// how many groups there are
    pub group_count: u64,
    /// how many copies all groups have: documents, and runs of paragraphs
    pub repeats: u64,
    /// paragraph matches that are explained by their document's match, and stand in no group of their own
    pub explained: u64,
}

/// What the first walk adds up for an original.
struct Tally {
    original: Stretch,
    /// numbers the originals in the order of their first copies
    number: u32,
    count: u64,
    exact: u64,
    characters: u64,
}

impl Facts {
    /// Arranges what a run found.
    pub fn new(outcome: &Outcome) -> Self {
        let mut facts = Facts::default();
        let (tallies, places) = facts.add_up(outcome);
        facts.group_count = tallies.len() as u64;
        let tallies = most_repeated(tallies);
        let mut kept: Vec<u32> = tallies.iter().map(|tally| tally.number).collect();
        kept.sort_unstable();
        let places = places.into_iter().filter(|(number, _)| kept.binary_search(number).is_ok());
        let mut documents: Vec<u32> = places.map(|(_, document)| document).collect();
        documents.dedup();
        facts.groups = tallies.into_iter().map(Group::from).collect();
        facts.gather_copies(outcome, documents);
        facts.find_originals(outcome);
        facts
    }

    /// The first walk: what each original adds up to, and in which documents its first copies are.
    fn add_up(&mut self, outcome: &Outcome) -> (HashTable<Tally>, Vec<(u32, u32)>) {
        let mut tallies = HashTable::new();
        let mut places = Vec::new();
        runs::walk(outcome, 0..outcome.documents(), |repeat, explained| {
            self.repeats += 1;
            self.explained += explained.iter().map(|run| u64::from(run.matches)).sum::<u64>();
            let number = tallies.len() as u32;
            let same = |tally: &Tally| tally.original == repeat.original;
            let entry = tallies.entry(hash(repeat.original), same, |tally| hash(tally.original));
            let new = || Tally { original: repeat.original, number, count: 0, exact: 0, characters: 0 };
            let mut entry = entry.or_insert_with(new);
            let tally = entry.get_mut();
            tally.count += 1;
            tally.exact += u64::from(repeat.kind == Kind::Exact);
            tally.characters += repeat.characters;
            if tally.count <= COPIES as u64 {
                places.push((tally.number, repeat.copy.document));
            }
        });
        (tallies, places)
    }

    /// The second walk.
    fn gather_copies(&mut self, outcome: &Outcome, documents: Vec<u32>) {
        let ranks: BTreeMap<Stretch, usize> =
            self.groups.iter().enumerate().map(|(rank, group)| (group.original, rank)).collect();
        runs::walk(outcome, documents.into_iter(), |repeat, explained| {
            let rank = ranks.get(&repeat.original);
            let group = rank.map(|&rank| &mut self.groups[rank]).filter(|group| group.copies.len() < COPIES);
            if let Some(group) = group {
                group.copies.push(Copy {
                    repeat: repeat.clone(),
                    explained: explained.iter().take(COPIES).cloned().collect(),
                    explained_count: explained.iter().map(|run| u64::from(run.matches)).sum(),
                });
            }
        });
    }

    /// Finds where the originals stand, going once through each document that has some.
    fn find_originals(&mut self, outcome: &Outcome) {
        let mut by_place: Vec<&mut Group> = self.groups.iter_mut().collect();
        by_place.sort_unstable_by_key(|group| group.original);
        for groups in by_place.chunk_by_mut(|a, b| a.original.document == b.original.document) {
            let document = groups[0].original.document;
            let paragraphs = groups.iter().filter_map(|group| group.original.paragraphs);
            let edges = paragraphs.flat_map(|paragraphs| [paragraphs.first, paragraphs.last]);
            let spans = spans_of(outcome, document, edges.collect());
            let find = |number: u32| {
                let at = spans.binary_search_by_key(&number, |(number, _)| *number);
                at.map(|at| spans[at].1.clone()).unwrap_or_default()
            };
            for group in groups {
                group.bytes = match group.original.paragraphs {
                    Some(paragraphs) => find(paragraphs.first).start..find(paragraphs.last).end,
                    None => outcome.span(Place { document, paragraph: None }).bytes,
                };
            }
        }
    }
}

/// Where some paragraphs of a document stand in its text, in bytes, by their numbers.
fn spans_of(outcome: &Outcome, document: u32, mut wanted: Vec<u32>) -> Vec<(u32, Range<u64>)> {
    wanted.sort_unstable();
    wanted.dedup();
    let mut wanted = wanted.into_iter().peekable();
    let spans = (0..).zip(outcome.spans(document));
    spans.filter(|(number, _)| wanted.next_if_eq(number).is_some()).map(|(n, span)| (n, span.bytes)).collect()
}

/// The groups that repeat the most characters, the most first; among equals the earliest original first.
fn most_repeated(tallies: HashTable<Tally>) -> Vec<Tally> {
    let order = |tally: &Tally| (Reverse(tally.characters), tally.original);
    let mut tallies: Vec<Tally> = tallies.into_iter().collect();
    if tallies.len() > GROUPS {
        tallies.select_nth_unstable_by_key(GROUPS, order);
        tallies.truncate(GROUPS);
    }
    tallies.sort_unstable_by_key(order);
    tallies
}

impl From<Tally> for Group {
    fn from(tally: Tally) -> Self {
        Group {
            original: tally.original,
            bytes: 0..0,
            copies: Vec::new(),
            count: tally.count,
            exact: tally.exact,
            characters: tally.characters,
        }
    }
}

/// Where an original stands in the table of tallies; no answer depends on it.
fn hash(stretch: Stretch) -> u64 {
    let (first, last) = stretch.paragraphs.map_or((u32::MAX, 0), |p| (p.first, p.last));
    let key = u64::from(stretch.document) << 32 | u64::from(first);
    let key = (key ^ u64::from(last).rotate_left(20)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (key ^ key >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

#[cfg(test)]
mod tests;

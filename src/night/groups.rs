//! Who repeats whom in a run against an index: by source, and by group. A group is an original and its copies.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::document::{Match, Place, Unit};
use crate::night::Repeats;
use crate::outcome::{Fate, Outcome};

/// The most sources that are told of.
pub const SOURCES: usize = 1000;

/// The most groups that are told of.
pub const GROUPS: usize = 20;

/// Groups among which the largest are looked for at once.
const KEPT: usize = 1_024;

/// A source of the run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceOfNight {
    /// its name
    pub name: String,
    /// its documents
    pub documents: u64,
    /// of these, those that match no earlier original
    pub originals: u64,
    /// copies
    pub copies: u64,
    /// copies whose original is in the index
    pub copies_of_index: u64,
}

/// Groups to which the run brought copies.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Groups {
    /// of documents
    pub documents: GroupCounts,
    /// of paragraphs
    pub paragraphs: GroupCounts,
    /// the [`GROUPS`] groups of documents to which it brought the most copies
    pub largest: Vec<Group>,
}

/// How many groups of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct GroupCounts {
    /// groups whose original came with the run
    pub new: u64,
    /// their copies
    pub copies_in_new: u64,
    /// groups whose original was in the index before
    pub grown: u64,
    /// the copies that came to them
    pub copies_in_grown: u64,
}

/// A group of documents.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// the original's id; `null` where it has none
    pub id: Option<Box<RawValue>>,
    /// the original's source
    pub source: String,
    /// the original's record there
    pub record: u32,
    /// whether its source has several records, as far as is known
    #[serde(skip)]
    pub has_records: bool,
    /// whether the original came with the run
    pub is_new: bool,
    /// copies that came with the run
    pub copies: u64,
}

/// What is counted over all documents of a run.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) all: Repeats,
    pub(super) of_index: Repeats,
    /// by source of the run, the first [`SOURCES`]
    sources: Vec<SourceOfNight>,
    /// the original of each copied document
    originals: Vec<u32>,
    paragraphs: GroupCounts,
}

/// The paragraphs that have been met as originals, by their numbers: a bit for each of all.
struct Met(Vec<AtomicU64>);

impl Met {
    fn none(outcome: &Outcome) -> Self {
        Met((0..=outcome.end_paragraph() / 64).map(|_| AtomicU64::new(0)).collect())
    }

    /// Whether one is met for the first time.
    fn is_new(&self, number: u32) -> bool {
        let bit = 1 << (number % 64);
        self.0[number as usize / 64].fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}

impl GroupCounts {
    /// Counts copies of one original: in a group that is counted already, or that this is the first of.
    fn add(&mut self, is_archived: bool, groups: u64, copies: u64) {
        let [of, all] = if is_archived {
            [&mut self.grown, &mut self.copies_in_grown]
        } else {
            [&mut self.new, &mut self.copies_in_new]
        };
        *of += groups;
        *all += copies;
    }

    fn and(self, other: GroupCounts) -> GroupCounts {
        GroupCounts {
            new: self.new + other.new,
            copies_in_new: self.copies_in_new + other.copies_in_new,
            grown: self.grown + other.grown,
            copies_in_grown: self.copies_in_grown + other.copies_in_grown,
        }
    }
}

impl Tally {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let own = (outcome.first_document()..outcome.documents()).into_par_iter();
        let met = Met::none(outcome);
        let count = |mut tally: Tally, document: u32| {
            tally.add(outcome, document, &met);
            tally
        };
        own.fold(Tally::default, count).reduce(Tally::default, Tally::and)
    }

    fn add(&mut self, outcome: &Outcome, document: u32, met: &Met) {
        let source = outcome.source_of(document) as usize;
        if self.sources.len() <= source {
            self.sources.resize_with((source + 1).min(SOURCES), SourceOfNight::default);
        }
        // what is told of no more is not counted either
        let mut rest = SourceOfNight::default();
        let of_source = self.sources.get_mut(source).unwrap_or(&mut rest);
        of_source.documents += 1;
        of_source.originals += u64::from(outcome.fate(Place { document, paragraph: None }) == Fate::Original);
        for Match { unit, original, .. } in outcome.matches_of(document) {
            let is_archived = original.document < outcome.first_document();
            for repeats in
                [Some(&mut self.all), is_archived.then_some(&mut self.of_index)].into_iter().flatten()
            {
                *match unit {
                    Unit::Document => &mut repeats.documents,
                    Unit::Paragraph => &mut repeats.paragraphs,
                    Unit::Passage => &mut repeats.passages,
                } += 1;
            }
            match unit {
                Unit::Document => {
                    of_source.copies += 1;
                    of_source.copies_of_index += u64::from(is_archived);
                    self.originals.push(original.document);
                }
                Unit::Paragraph => {
                    let is_new = outcome.paragraph_number(original).is_some_and(|number| met.is_new(number));
                    self.paragraphs.add(is_archived, u64::from(is_new), 1);
                }
                Unit::Passage => {}
            }
        }
    }

    fn and(mut self, mut other: Tally) -> Tally {
        if self.sources.len() < other.sources.len() {
            std::mem::swap(&mut self.sources, &mut other.sources);
        }
        for (to, from) in self.sources.iter_mut().zip(&other.sources) {
            to.documents += from.documents;
            to.originals += from.originals;
            to.copies += from.copies;
            to.copies_of_index += from.copies_of_index;
        }
        self.originals.append(&mut other.originals);
        self.paragraphs = self.paragraphs.and(other.paragraphs);
        self.all = self.all.and(other.all);
        self.of_index = self.of_index.and(other.of_index);
        self
    }

    /// The first [`SOURCES`] sources, in corpus order.
    pub(super) fn sources(&self, outcome: &Outcome) -> Vec<SourceOfNight> {
        let counts = self.sources.iter().cloned().chain(std::iter::repeat(SourceOfNight::default()));
        let own = 0..outcome.own_source_count().min(SOURCES) as u32;
        let named = own.map(|source| outcome.source_name(source).to_owned()).zip(counts);
        named.map(|(name, counts)| SourceOfNight { name, ..counts }).collect()
    }

    pub(super) fn groups(self, outcome: &Outcome) -> Groups {
        let Tally { mut originals, paragraphs, .. } = self;
        let mut groups = Groups { paragraphs, ..Groups::default() };
        let mut largest: Vec<(u64, u32)> = Vec::new();
        originals.par_sort_unstable();
        for same in originals.chunk_by(|a, b| a == b) {
            let copies = same.len() as u64;
            groups.documents.add(same[0] < outcome.first_document(), 1, copies);
            largest.push((copies, same[0]));
            if largest.len() >= KEPT {
                first(&mut largest);
            }
        }
        first(&mut largest);
        let group = |(copies, document): (u64, u32)| {
            let (source, record) = outcome.record(document);
            let id = outcome.id(document).map(Cow::into_owned);
            Group {
                id: id.and_then(|id| RawValue::from_string(id).ok()),
                source: outcome.sources()[source as usize].name.clone(),
                record,
                has_records: outcome.has_records(source),
                is_new: document >= outcome.first_document(),
                copies,
            }
        };
        groups.largest = largest.into_iter().map(group).collect();
        groups
    }
}

/// Keeps the [`GROUPS`] largest, these first: the earliest of equally large ones.
fn first(largest: &mut Vec<(u64, u32)>) {
    largest.sort_unstable_by_key(|(copies, document)| (Reverse(*copies), *document));
    largest.truncate(GROUPS);
}

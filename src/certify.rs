//! The recall certificate: how much of what it should have found a run did find, measured.
//!
//! A sample of the distinct units, drawn by a hash of their content, and all of the corpus is read once more:
//! an inverted index of the sample's shingles counts what each unit shares with each of the sample, exactly.
//! No sketch and no band takes part.
//!
//! A *true match* is a later unit together with the earlier original of the run that it is most similar to,
//! where that similarity reaches the threshold, both are not equal to the token, and one of them is in the
//! sample. By law 1 such a unit has to be a copy; it counts as *found* if the run calls it one. A pair whose
//! earlier unit is itself a copy asks for nothing. Each later unit counts once, so that counts are of events
//! that are independent but for the sample.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use hashbrown::HashTable;
use rayon::prelude::*;
use serde::Serialize;

use crate::corpus::{Corpus, Units};
use crate::document::{Place, Unit};
use crate::error::Result;
use crate::normalise::Tokenizers;
use crate::outcome::{Fate, Outcome};
use crate::pipeline::Progress;
use crate::shingle::Shingler;
use crate::split::paragraphs;
use crate::verify::{Overlap, compare};

/// The quantile of the normal distribution for an interval of 95 %.
const NORMAL: f64 = 1.959_963_984_540_054;

/// Width of a range of similarity.
const STEP: f64 = 0.05;

/// The most missed matches that are listed.
pub const MISSED: usize = 20;

/// Documents that one thread goes through at once.
const DOCUMENTS: usize = 256;

/// The units with the smallest keys so far.
#[derive(Debug, Default)]
pub(crate) struct Draw {
    most: usize,
    drawn: Vec<(u128, u32)>,
    /// keys above it are not among the smallest
    limit: Option<u128>,
}

impl Draw {
    /// Of `most` units.
    pub(crate) fn new(most: u32) -> Self {
        Draw { most: most as usize, drawn: Vec::new(), limit: None }
    }

    /// Offers a distinct unit with the hash of its content.
    pub(crate) fn offer(&mut self, key: u128, unit: u32) {
        if self.most == 0 || self.limit.is_some_and(|limit| key > limit) {
            return;
        }
        self.drawn.push((key, unit));
        if self.drawn.len() >= 2 * self.most {
            self.drawn.select_nth_unstable(self.most - 1);
            self.drawn.truncate(self.most);
            self.limit = self.drawn.last().map(|(key, _)| *key);
        }
    }

    /// The units drawn, by their keys.
    pub(crate) fn finish(mut self) -> Vec<u32> {
        self.drawn.sort_unstable();
        self.drawn.truncate(self.most);
        self.drawn.into_iter().map(|(_, unit)| unit).collect()
    }
}

/// Found of how many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// true matches
    pub matches: u64,
    /// of these, found by the run
    pub found: u64,
    /// the share that was found; `null` where there is no match
    pub recall: Option<f64>,
    /// its 95 % interval (Wilson 1927); `null` where there is no match
    pub interval: Option<[f64; 2]>,
}

impl Measured {
    /// The share of `found` in `matches`.
    pub fn new(found: u64, matches: u64) -> Self {
        let recall = (matches > 0).then(|| found as f64 / matches as f64);
        Measured { matches, found, recall, interval: recall.map(|recall| wilson(recall, matches as f64)) }
    }
}

fn wilson(share: f64, of: f64) -> [f64; 2] {
    let square = NORMAL * NORMAL / of;
    let middle = (share + square / 2.0) / (1.0 + square);
    let half = NORMAL / (1.0 + square) * (share * (1.0 - share) / of + square / of / 4.0).sqrt();
    // rounding must not take an end to the wrong side of the share
    [(middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0)]
}

/// What was measured for one kind of unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfUnit {
    /// distinct units drawn
    pub sample: u64,
    /// their true matches
    #[serde(flatten)]
    pub measured: Measured,
}

/// What was measured for one range of similarity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfRange {
    /// from this Jaccard similarity on
    pub from: f64,
    /// up to this one; the last range holds 1 too
    pub to: f64,
    /// true matches in it
    #[serde(flatten)]
    pub measured: Measured,
}

/// A true match that the run did not find.
#[derive(Debug, Clone, PartialEq)]
pub struct Missed {
    /// what both sides are
    pub unit: Unit,
    /// the later one, which the run calls an original
    pub later: Place,
    /// the earlier one
    pub earlier: Place,
    /// their similarity
    pub overlap: Overlap,
}

/// Measured recall.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// distinct units drawn
    pub sample: u64,
    /// all true matches of the sample
    #[serde(flatten)]
    pub measured: Measured,
    /// among documents; `null` where they were not compared
    pub documents: Option<OfUnit>,
    /// among paragraphs; `null` where they were not compared
    pub paragraphs: Option<OfUnit>,
    /// by similarity, from the threshold up
    pub by_similarity: Vec<OfRange>,
    /// similar pairs with the sample, whatever law 1 says of them
    pub pairs: u64,
    /// of these, pairs whose earlier unit is itself a copy: law 1 asks for nothing there
    pub pairs_of_copies: u64,
    /// the first [`MISSED`] that were not found, in corpus order
    #[serde(skip)]
    pub missed: Vec<Missed>,
}

/// A unit of the sample.
struct Drawn {
    unit: u32,
    set: Vec<u64>,
}

/// An inverted index: from a shingle to the units of the sample that have it.
struct Index {
    drawn: Vec<Drawn>,
    /// a bit for each shingle, by its low bits: most shingles of a corpus stop here
    filter: Vec<u64>,
    /// numbers the shingles
    table: HashTable<(u64, u32)>,
    /// of each shingle, where its units end in `holders`
    ends: Vec<u32>,
    holders: Vec<u32>,
}

impl Index {
    fn new(drawn: Vec<Drawn>) -> Self {
        let mut all: Vec<(u64, u32)> = Vec::new();
        for (number, drawn) in (0..).zip(&drawn) {
            all.extend(drawn.set.iter().map(|shingle| (*shingle, number)));
        }
        all.sort_unstable();
        let bits = (all.len() * 16).next_power_of_two().max(64);
        let mut filter = vec![0; bits / 64];
        let mut table = HashTable::with_capacity(all.len());
        let (mut ends, mut holders) = (Vec::new(), Vec::with_capacity(all.len()));
        for same in all.chunk_by(|(a, _), (b, _)| a == b) {
            let shingle = same[0].0;
            let bit = shingle as usize & (bits - 1);
            filter[bit / 64] |= 1 << (bit % 64);
            table.insert_unique(spread(shingle), (shingle, ends.len() as u32), |(shingle, _)| {
                spread(*shingle)
            });
            holders.extend(same.iter().map(|(_, number)| *number));
            ends.push(holders.len() as u32);
        }
        Index { drawn, filter, table, ends, holders }
    }

    /// The number of a shingle, if a unit of the sample has it.
    #[inline]
    fn find(&self, shingle: u64) -> Option<u32> {
        let bit = shingle as usize & (self.filter.len() * 64 - 1);
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return None;
        }
        let found = self.table.find(spread(shingle), |(known, _)| *known == shingle);
        found.map(|(_, number)| *number)
    }

    fn holders(&self, number: u32) -> &[u32] {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.holders[start as usize..self.ends[number] as usize]
    }
}

/// Where a shingle stands in a table; by other bits than those of the filter.
fn spread(shingle: u64) -> u64 {
    shingle.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32)
}

/// A pair with one side in the sample: the later unit, the earlier one, how much they share.
type Pair = (u32, u32, Overlap);

/// What one thread counts with.
struct Counter<'a> {
    index: &'a Index,
    threshold: f64,
    /// for each shingle of the index, the unit that had it last, from 1
    seen: Vec<u32>,
    asked: u32,
    /// for each unit of the sample, shingles shared with the one that asks; all zero in between
    shared: Vec<u32>,
    touched: Vec<u32>,
    set: Vec<u64>,
    pairs: Vec<Pair>,
}

impl<'a> Counter<'a> {
    fn new(index: &'a Index, threshold: f64) -> Self {
        Counter {
            index,
            threshold,
            seen: vec![0; index.ends.len()],
            asked: 0,
            shared: vec![0; index.drawn.len()],
            touched: Vec::new(),
            set: Vec::new(),
            pairs: Vec::new(),
        }
    }

    /// Holds a unit against the sample.
    fn ask(&mut self, unit: u32, shingles: &[u64]) {
        self.asked += 1;
        for &shingle in shingles {
            let Some(number) = self.index.find(shingle) else { continue };
            if std::mem::replace(&mut self.seen[number as usize], self.asked) == self.asked {
                continue;
            }
            for &holder in self.index.holders(number) {
                let shared = &mut self.shared[holder as usize];
                if *shared == 0 {
                    self.touched.push(holder);
                }
                *shared += 1;
            }
        }
        let mut is_made = false;
        for holder in self.touched.drain(..) {
            let shared = std::mem::take(&mut self.shared[holder as usize]);
            let drawn = &self.index.drawn[holder as usize];
            // the union is no smaller than the sample's set
            if f64::from(shared) + 1e-6 < self.threshold * drawn.set.len() as f64 || drawn.unit == unit {
                continue;
            }
            if !is_made {
                is_made = true;
                self.set.clear();
                self.set.extend_from_slice(shingles);
                self.set.sort_unstable();
                self.set.dedup();
            }
            let (later, earlier) = (unit.max(drawn.unit), unit.min(drawn.unit));
            let sides = if later == unit { [&self.set, &drawn.set] } else { [&drawn.set, &self.set] };
            if let Some(overlap) = compare(sides[0], sides[1], self.threshold) {
                self.pairs.push((later, earlier, overlap));
            }
        }
    }
}

/// Measures the recall of a finished run by the units drawn of its documents and paragraphs, by their keys;
/// of these, `sample` units are taken, half of them documents where there are enough of both.
pub(crate) fn measure(
    outcome: &Outcome,
    corpus: &Corpus,
    [documents, paragraphs]: [&[u32]; 2],
    progress: &Progress,
) -> Result<Certificate> {
    let parameters = &outcome.summary().parameters;
    let sample = parameters.certify as usize;
    let of_documents = documents.len().min((sample / 2).max(sample.saturating_sub(paragraphs.len())));
    let of_paragraphs = paragraphs.len().min(sample - of_documents);
    let exact = Exact { outcome, corpus, tokenizers: Tokenizers::new(parameters.seed), progress };
    let indexes = [
        Index::new(exact.drawn(&documents[..of_documents], Unit::Document)?),
        Index::new(exact.drawn(&paragraphs[..of_paragraphs], Unit::Paragraph)?),
    ];
    let pairs = exact.pairs(&indexes)?;
    let [of_documents, of_paragraphs] = [of_documents, of_paragraphs].map(|sample| sample as u64);
    let mut told = Told::new(outcome, corpus);
    let units = parameters.units;
    let documents = units.documents.then(|| told.add(Unit::Document, of_documents, &pairs[0]));
    let paragraphs = units.paragraphs.then(|| told.add(Unit::Paragraph, of_paragraphs, &pairs[1]));
    Ok(told.finish(of_documents + of_paragraphs, [documents, paragraphs]))
}

/// The exact pass.
struct Exact<'a> {
    outcome: &'a Outcome,
    corpus: &'a Corpus,
    tokenizers: Tokenizers,
    progress: &'a Progress,
}

/// A document's tokens; behind the last one of each of its paragraphs.
#[derive(Default)]
struct Read {
    tokens: Vec<u64>,
    ends: Vec<u32>,
    shingles: Vec<u64>,
}

impl Exact<'_> {
    fn drawn(&self, units: &[u32], unit: Unit) -> Result<Vec<Drawn>> {
        let shingler = Shingler::new(self.outcome.summary().parameters.shingle);
        let one = |&number: &u32| {
            let place = place(self.corpus, unit, number);
            let mut read = Read::default();
            self.read(place.document, &mut read)?;
            let mut set = Vec::new();
            shingler.set(&read.tokens[read.range(place.paragraph)], &mut set);
            Ok(Drawn { unit: number, set })
        };
        units.par_iter().map(one).collect()
    }

    fn read(&self, document: u32, into: &mut Read) -> Result<()> {
        let text = self.corpus.text(document)?;
        let mut ranges = Vec::new();
        paragraphs(&text, self.outcome.summary().parameters.paragraphs, &mut ranges);
        if ranges.len() != self.corpus.paragraphs(document).len() {
            return Err(self.corpus.texts.changed(&self.corpus.documents[document as usize].locator));
        }
        into.tokens.clear();
        into.ends.clear();
        self.tokenizers.with(|tokenizer| {
            crate::scan::tokens_of_paragraphs(tokenizer, &text, &ranges, &mut into.tokens, &mut into.ends);
        });
        Ok(())
    }

    /// All similar pairs with the sample: among documents, among paragraphs.
    fn pairs(&self, indexes: &[Index; 2]) -> Result<[Vec<Pair>; 2]> {
        let documents: Vec<u32> = (0..self.corpus.documents.len() as u32).collect();
        self.progress.text_done.store(0, Ordering::Relaxed);
        self.progress.text_total.store(self.corpus.counts.text_bytes, Ordering::Relaxed);
        let threshold = self.outcome.summary().parameters.threshold;
        let counters = || [0, 1].map(|kind| Counter::new(&indexes[kind], threshold));
        let found: Vec<[Vec<Pair>; 2]> = documents
            .par_chunks(DOCUMENTS)
            .map_init(counters, |counters, documents| self.pairs_of(documents, counters))
            .collect::<Result<_>>()?;
        let mut all = [Vec::new(), Vec::new()];
        for found in found {
            all.iter_mut().zip(found).for_each(|(all, found)| all.extend(found));
        }
        Ok(all)
    }

    fn pairs_of(&self, documents: &[u32], counters: &mut [Counter<'_>; 2]) -> Result<[Vec<Pair>; 2]> {
        self.progress.check()?;
        let parameters = &self.outcome.summary().parameters;
        let shingler = Shingler::new(parameters.shingle);
        let (of_documents, of_paragraphs) = (&self.corpus.document_units, &self.corpus.paragraph_units);
        let is_first = |units: &Units, unit: u32| units.first[unit as usize] == unit;
        let mut read = Read::default();
        for &document in documents {
            let length = self.corpus.documents[document as usize].locator.text_length;
            self.progress.text_done.fetch_add(length.into(), Ordering::Relaxed);
            let own = parameters.units.documents && is_first(of_documents, document);
            let numbers = self.corpus.paragraphs(document);
            let has_new = parameters.units.paragraphs
                && numbers.clone().any(|paragraph| is_first(of_paragraphs, paragraph));
            if !own && !has_new {
                continue;
            }
            self.read(document, &mut read)?;
            let Read { tokens, shingles, .. } = &mut read;
            shingler.rolled(tokens, shingles);
            if shingles.is_empty() && !tokens.is_empty() {
                shingles.push(shingler.short(tokens));
            }
            if own {
                counters[0].ask(document, &read.shingles);
            }
            for (number, unit) in numbers.enumerate().filter(|(_, unit)| is_first(of_paragraphs, *unit)) {
                let range = read.range(Some(number as u32));
                if range.len() < shingler.width() {
                    counters[1].ask(unit, &[shingler.short(&read.tokens[range])]);
                } else {
                    let shingles = range.start..range.end + 1 - shingler.width();
                    counters[1].ask(unit, &read.shingles[shingles]);
                }
            }
        }
        Ok([0, 1].map(|kind| std::mem::take(&mut counters[kind].pairs)))
    }
}

impl Read {
    fn range(&self, paragraph: Option<u32>) -> std::ops::Range<usize> {
        let Some(paragraph) = paragraph else { return 0..self.tokens.len() };
        let start = (paragraph as usize).checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[paragraph as usize] as usize
    }
}

fn place(corpus: &Corpus, unit: Unit, number: u32) -> Place {
    if unit == Unit::Document {
        return Place { document: number, paragraph: None };
    }
    let document = corpus.document_of(number);
    Place { document, paragraph: Some(number - corpus.paragraphs(document).start) }
}

/// Pairs to what they say.
struct Told<'a> {
    outcome: &'a Outcome,
    corpus: &'a Corpus,
    threshold: f64,
    /// matches and those found, by range of similarity
    ranges: Vec<[u64; 2]>,
    pairs: u64,
    pairs_of_copies: u64,
    missed: Vec<Missed>,
}

impl<'a> Told<'a> {
    fn new(outcome: &'a Outcome, corpus: &'a Corpus) -> Self {
        let threshold = outcome.summary().parameters.threshold;
        let mut told = Told {
            outcome,
            corpus,
            threshold,
            ranges: Vec::new(),
            pairs: 0,
            pairs_of_copies: 0,
            missed: Vec::new(),
        };
        told.ranges = vec![[0; 2]; told.borders().len()];
        told
    }

    /// Where ranges of similarity start.
    fn borders(&self) -> Vec<f64> {
        let first = (self.threshold / STEP + 1e-9).floor() as u32 + 1;
        let steps = (first..20).map(|step| f64::from(step) / 20.0);
        std::iter::once(self.threshold).chain(steps).collect()
    }

    fn add(&mut self, unit: Unit, sample: u64, pairs: &[Pair]) -> OfUnit {
        let (outcome, corpus) = (self.outcome, self.corpus);
        let borders = self.borders();
        // a pair of which both sides are in the sample was found from each
        let mut pairs = pairs.to_vec();
        pairs.sort_unstable_by_key(|(later, earlier, _)| (*later, *earlier));
        pairs.dedup_by_key(|(later, earlier, _)| (*later, *earlier));
        self.pairs += pairs.len() as u64;
        let mut fates: HashMap<u32, Fate> = HashMap::new();
        let mut fate =
            |number: u32| *fates.entry(number).or_insert_with(|| outcome.fate(place(corpus, unit, number)));
        let [mut matches, mut found] = [0, 0];
        for of_later in pairs.chunk_by(|a, b| a.0 == b.0) {
            let mut best: Option<&Pair> = None;
            for pair in of_later {
                if fate(pair.1) == Fate::Copy {
                    self.pairs_of_copies += 1;
                } else if best.is_none_or(|best| pair.2.jaccard() > best.2.jaccard()) {
                    best = Some(pair);
                }
            }
            let Some(&(later, earlier, overlap)) = best else { continue };
            let range = borders.partition_point(|border| *border <= overlap.jaccard()).saturating_sub(1);
            matches += 1;
            self.ranges[range][0] += 1;
            if fate(later) == Fate::Copy {
                found += 1;
                self.ranges[range][1] += 1;
            } else if self.missed.len() < MISSED {
                let [later, earlier] = [later, earlier].map(|number| place(corpus, unit, number));
                self.missed.push(Missed { unit, later, earlier, overlap });
            }
        }
        OfUnit { sample, measured: Measured::new(found, matches) }
    }

    fn finish(self, sample: u64, [documents, paragraphs]: [Option<OfUnit>; 2]) -> Certificate {
        let borders = self.borders();
        let ends = borders.iter().skip(1).copied().chain([1.0]);
        let ranges = borders.iter().zip(ends).zip(&self.ranges);
        let by_similarity = ranges.map(|((&from, to), [matches, found])| OfRange {
            from,
            to,
            measured: Measured::new(*found, *matches),
        });
        let [matches, found] = [0, 1].map(|of| self.ranges.iter().map(|range| range[of]).sum());
        Certificate {
            sample,
            measured: Measured::new(found, matches),
            documents,
            paragraphs,
            by_similarity: by_similarity.collect(),
            pairs: self.pairs,
            pairs_of_copies: self.pairs_of_copies,
            missed: self.missed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_interval_is_wilsons() {
        let rounded = |found, matches| {
            Measured::new(found, matches)
                .interval
                .map(|interval| interval.map(|end| (end * 1e4).round() / 1e4))
        };
        assert_eq!(rounded(1_199, 1_204), Some([0.9903, 0.9982]));
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
        assert_eq!(rounded(81, 263), Some([0.2553, 0.3662]));
        assert_eq!(rounded(15, 148), Some([0.0624, 0.1605]));
        assert_eq!(rounded(0, 20), Some([0.0, 0.1611]));
        assert_eq!(rounded(1, 29), Some([0.0061, 0.1718]));
        assert_eq!(rounded(7, 7).map(|interval| interval[1]), Some(1.0));
        assert_eq!(Measured::new(0, 0), Measured { matches: 0, found: 0, recall: None, interval: None });
    }

    proptest! {
        #[test]
        fn the_draw_is_of_the_smallest_keys(keys in prop::collection::btree_set(any::<u128>(), 0..60), most in 0u32..20) {
            let mut draw = Draw::new(most);
            let mut order: Vec<u128> = keys.iter().copied().collect();
            order.sort_unstable_by_key(|key| key.rotate_left(64).wrapping_mul(3));
            order.iter().zip(0..).for_each(|(key, unit)| draw.offer(*key, unit));
            let expected: Vec<u32> =
                keys.iter().take(most as usize).map(|key| order.iter().position(|of| of == key).unwrap() as u32).collect();
            prop_assert_eq!(draw.finish(), expected);
        }
    }
}

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
    /// the first [`MISSED`] that were not found: documents, then paragraphs, each in the order in which they passed
    #[serde(skip)]
    pub missed: Vec<Missed>,
}

/// A unit of the sample.
struct Drawn {
    unit: u32,
    set: Vec<u64>,
    is_copy: bool,
}

/// An inverted index: from a shingle to the units of the sample that have it.
struct Index {
    /// in order
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
    fn new(mut drawn: Vec<Drawn>) -> Self {
        drawn.sort_unstable_by_key(|drawn| drawn.unit);
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
    tally: Tally,
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
            tally: Tally::new(index, threshold),
        }
    }

    /// Holds a unit against the sample. Units ask in order.
    fn ask(&mut self, unit: u32, shingles: &[u64], is_copy: impl FnOnce() -> bool) {
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
        let mut asking: Option<Asking> = None;
        let mut is_copy = Some(is_copy);
        for holder in self.touched.drain(..) {
            let shared = std::mem::take(&mut self.shared[holder as usize]);
            let drawn = &self.index.drawn[holder as usize];
            // the union is no smaller than the sample's set
            if f64::from(shared) + 1e-6 < self.threshold * drawn.set.len() as f64 || drawn.unit == unit {
                continue;
            }
            let asking = asking.get_or_insert_with(|| {
                self.set.clear();
                self.set.extend_from_slice(shingles);
                self.set.sort_unstable();
                self.set.dedup();
                let own = self.index.drawn.binary_search_by_key(&unit, |drawn| drawn.unit).ok();
                Asking { own, is_copy: is_copy.take().is_some_and(|is_copy| is_copy()), best: None }
            });
            if drawn.unit < unit {
                if let Some(overlap) = compare(&self.set, &drawn.set, self.threshold) {
                    let best = asking.own.map_or(&mut asking.best, |own| &mut self.tally.best[own]);
                    self.tally.pairs.add(best, (drawn.unit, drawn.is_copy), overlap);
                }
            } else if asking.own.is_none()
                // of two that are both in the sample the later one asks
                && let Some(overlap) = compare(&drawn.set, &self.set, self.threshold)
            {
                let best = &mut self.tally.best[holder as usize];
                self.tally.pairs.add(best, (unit, asking.is_copy), overlap);
            }
        }
        if let Some(Asking { best: Some(best), is_copy, .. }) = asking {
            self.tally.count(unit, best, is_copy);
        }
    }
}

/// A unit that is similar to some of the sample.
struct Asking {
    /// its number there, where it is of the sample itself
    own: Option<usize>,
    is_copy: bool,
    /// where it is not, the original before it to which it is most similar
    best: Option<Earlier>,
}

/// An earlier unit that is no copy, and what a later one shares with it.
type Earlier = (u32, Overlap);

/// A later unit and the earlier one.
type Pair = (u32, Earlier);

/// Similar pairs.
#[derive(Default, Clone, Copy)]
struct Pairs {
    all: u64,
    of_copies: u64,
}

impl Pairs {
    /// Counts a pair; tells whether its earlier unit is the best one so far.
    fn add(&mut self, best: &mut Option<Earlier>, (earlier, is_copy): (u32, bool), overlap: Overlap) {
        self.all += 1;
        if is_copy {
            self.of_copies += 1;
        } else {
            better(best, (earlier, overlap));
        }
    }
}

/// Keeps the more similar one, of equals the earlier.
fn better(best: &mut Option<Earlier>, other: Earlier) {
    let order = |(unit, overlap): Earlier| (overlap.jaccard(), std::cmp::Reverse(unit));
    if best.is_none_or(|best| order(other) > order(best)) {
        *best = Some(other);
    }
}

/// What was counted of one kind of unit: no more of it than there is of the sample.
struct Tally {
    /// where ranges of similarity start
    borders: Vec<f64>,
    /// of later units outside of the sample: matches and those found, by range
    ranges: Vec<[u64; 2]>,
    pairs: Pairs,
    /// the first [`MISSED`] that were not found
    missed: Vec<Pair>,
    /// for each unit of the sample, the original before it to which it is most similar
    best: Vec<Option<Earlier>>,
}

impl Tally {
    fn new(index: &Index, threshold: f64) -> Self {
        let borders = borders(threshold);
        Tally {
            ranges: vec![[0; 2]; borders.len()],
            borders,
            pairs: Pairs::default(),
            missed: Vec::new(),
            best: vec![None; index.drawn.len()],
        }
    }

    /// Counts a true match. They come in order.
    fn count(&mut self, later: u32, best: Earlier, is_found: bool) {
        let similarity = best.1.jaccard();
        let range = self.borders.partition_point(|border| *border <= similarity).saturating_sub(1);
        self.ranges[range][0] += 1;
        self.ranges[range][1] += u64::from(is_found);
        if !is_found && self.missed.len() < MISSED {
            self.missed.push((later, best));
        }
    }

    /// With what was counted of other units.
    fn with(mut self, other: Self) -> Self {
        for (own, other) in self.ranges.iter_mut().flatten().zip(other.ranges.iter().flatten()) {
            *own += other;
        }
        self.pairs.all += other.pairs.all;
        self.pairs.of_copies += other.pairs.of_copies;
        for (own, other) in self.best.iter_mut().zip(other.best) {
            other.into_iter().for_each(|other| better(own, other));
        }
        self.missed.extend(other.missed);
        self.first_missed();
        self
    }

    fn first_missed(&mut self) {
        self.missed.sort_unstable_by_key(|(later, _)| *later);
        self.missed.truncate(MISSED);
    }

    /// With the matches of the sample's own units, when all have been asked.
    fn finished(mut self, index: &Index) -> Self {
        let missed = std::mem::take(&mut self.missed);
        for (drawn, best) in index.drawn.iter().zip(std::mem::take(&mut self.best)) {
            best.into_iter().for_each(|best| self.count(drawn.unit, best, drawn.is_copy));
        }
        self.missed.extend(missed);
        self.first_missed();
        self
    }
}

/// Where ranges of similarity start.
fn borders(threshold: f64) -> Vec<f64> {
    let first = (threshold / STEP + 1e-9).floor() as u32 + 1;
    let steps = (first..20).map(|step| f64::from(step) / 20.0);
    std::iter::once(threshold).chain(steps).collect()
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
    let exact = Exact { outcome, corpus, tokenizers: Tokenizers::of(parameters), progress };
    let indexes = [
        Index::new(exact.drawn(&documents[..of_documents], Unit::Document)?),
        Index::new(exact.drawn(&paragraphs[..of_paragraphs], Unit::Paragraph)?),
    ];
    let tallies = exact.tallies(&indexes)?;
    let units = parameters.units;
    let mut certificate = Certificate {
        sample: (of_documents + of_paragraphs) as u64,
        measured: Measured::new(0, 0),
        documents: None,
        paragraphs: None,
        by_similarity: Vec::new(),
        pairs: 0,
        pairs_of_copies: 0,
        missed: Vec::new(),
    };
    let borders = borders(parameters.threshold);
    let mut ranges = vec![[0; 2]; borders.len()];
    for (unit, tally) in [Unit::Document, Unit::Paragraph].into_iter().zip(&tallies) {
        ranges.iter_mut().flatten().zip(tally.ranges.iter().flatten()).for_each(|(all, own)| *all += own);
        certificate.pairs += tally.pairs.all;
        certificate.pairs_of_copies += tally.pairs.of_copies;
        let places = tally.missed.iter().map(|&(later, (earlier, overlap))| {
            let [later, earlier] = [later, earlier].map(|number| place(corpus, unit, number));
            Missed { unit, later, earlier, overlap }
        });
        certificate.missed.extend(places);
    }
    certificate.missed.truncate(MISSED);
    let all = |ranges: &[[u64; 2]]| {
        let [matches, found] = [0, 1].map(|of| ranges.iter().map(|range| range[of]).sum());
        Measured::new(found, matches)
    };
    let of_unit =
        |sample: usize, tally: &Tally| OfUnit { sample: sample as u64, measured: all(&tally.ranges) };
    certificate.documents = units.documents.then(|| of_unit(of_documents, &tallies[0]));
    certificate.paragraphs = units.paragraphs.then(|| of_unit(of_paragraphs, &tallies[1]));
    certificate.measured = all(&ranges);
    let ends = borders.iter().skip(1).copied().chain([1.0]);
    let ranges = borders.iter().zip(ends).zip(&ranges);
    certificate.by_similarity = ranges
        .map(|((&from, to), &[matches, found])| OfRange { from, to, measured: Measured::new(found, matches) })
        .collect();
    Ok(certificate)
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
            Ok(Drawn { unit: number, set, is_copy: self.is_copy(unit, number) })
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

    /// What all units, documents and paragraphs, share with the sample.
    fn tallies(&self, indexes: &[Index; 2]) -> Result<[Tally; 2]> {
        let documents: Vec<u32> = (0..self.corpus.documents.len() as u32).collect();
        self.progress.text_done.store(0, Ordering::Relaxed);
        self.progress.text_total.store(self.corpus.counts.text_bytes, Ordering::Relaxed);
        let threshold = self.outcome.summary().parameters.threshold;
        let counters = || [0, 1].map(|kind| Counter::new(&indexes[kind], threshold));
        let counted: Option<[Tally; 2]> = documents
            .par_chunks(DOCUMENTS)
            .try_fold(counters, |mut counters, documents| {
                self.ask(documents, &mut counters).map(|()| counters)
            })
            .map(|counters| counters.map(|counters| counters.map(|counter| counter.tally)))
            .try_reduce_with(|[a, b], [c, d]| Ok([a.with(c), b.with(d)]))
            .transpose()?;
        let [documents, paragraphs] =
            counted.unwrap_or_else(|| [0, 1].map(|kind| Tally::new(&indexes[kind], threshold)));
        Ok([documents.finished(&indexes[0]), paragraphs.finished(&indexes[1])])
    }

    fn ask(&self, documents: &[u32], counters: &mut [Counter<'_>; 2]) -> Result<()> {
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
            shingler.all(tokens, shingles);
            if own {
                let is_copy = || self.is_copy(Unit::Document, document);
                counters[0].ask(document, &read.shingles, is_copy);
            }
            for (number, unit) in numbers.enumerate().filter(|(_, unit)| is_first(of_paragraphs, *unit)) {
                let range = read.range(Some(number as u32));
                let is_copy = || self.is_copy(Unit::Paragraph, unit);
                if range.len() < shingler.width() {
                    counters[1].ask(unit, &[shingler.short(&read.tokens[range])], is_copy);
                } else {
                    let shingles = range.start..range.end + 1 - shingler.width();
                    counters[1].ask(unit, &read.shingles[shingles], is_copy);
                }
            }
        }
        Ok(())
    }

    fn is_copy(&self, unit: Unit, number: u32) -> bool {
        self.outcome.fate(place(self.corpus, unit, number)) == Fate::Copy
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

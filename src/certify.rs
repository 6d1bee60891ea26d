//! The recall certificate: how much of what it should have found a run did find, measured.
//!
//! A sample of the distinct units, drawn by a hash of their content, and all of the corpus is read once more:
//! an inverted index of the sample's shingles counts what each unit shares with each of the sample, exactly.
//! No sketch and no band takes part. Where memory has no room for the whole sample, the corpus is read once for each
//! slice of it; what is counted does not depend on where the cuts are.
//!
//! A *true match* is a later unit together with the earlier original of the run that it is most similar to,
//! where that similarity reaches the threshold, both are not equal to the token, and one of them is in the
//! sample. By law 1 such a unit has to be a copy; it counts as *found* if the run calls it one. A pair whose
//! earlier unit is itself a copy asks for nothing. Each later unit counts once, so that counts are of events
//! that are independent but for the sample.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
use crate::unit::{PerUnit, UnitKind};
use crate::verify::Overlap;

mod count;
mod draw;
mod index;

pub(crate) use draw::Draw;
pub(crate) use index::OF_SHINGLE;

use count::{Counted, Counter, Tally};
use index::{Drawn, Index, OF_UNIT};

/// The quantile of the normal distribution for an interval of 95 %.
const NORMAL: f64 = 1.959_963_984_540_054;

/// Width of a range of similarity.
const STEP: f64 = 0.05;

/// The most missed matches that are listed.
pub const MISSED: usize = 20;

/// Documents that one thread goes through at once.
const DOCUMENTS: usize = 256;

/// Documents of a slice that are read before their shingles are put together.
const TOGETHER: usize = 1024;

/// The longest text, in bytes, that threads read beside others where memory is bounded.
const BESIDE: u32 = 1 << 20;

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

/// Where ranges of similarity start.
fn borders(threshold: f64) -> Vec<f64> {
    let first = (threshold / STEP + 1e-9).floor() as u32 + 1;
    let steps = (first..20).map(|step| f64::from(step) / 20.0);
    std::iter::once(threshold).chain(steps).collect()
}

/// Measures the recall of a finished run by the units drawn of its documents and paragraphs, by their keys; of
/// these as many are taken as were asked for, half of them documents where there are enough of both. What is held of
/// the sample at once takes about `room` bytes.
pub(crate) fn measure(outcome: &Outcome, room: u64, progress: &Progress) -> Result<Certificate> {
    let parameters = &outcome.summary().parameters;
    let exact = Exact::new(outcome, room, progress);
    let sample = exact.sample.each_ref().map(|units| units.len() as u64);
    let counted = exact.count(room)?;
    let units = parameters.units;
    let mut certificate = Certificate {
        sample: sample.values().sum(),
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
    let all = |ranges: &[[u64; 2]]| {
        let [matches, found] = [0, 1].map(|of| ranges.iter().map(|range| range[of]).sum());
        Measured::new(found, matches)
    };
    let mut measured = PerUnit::from_fn(|_| Measured::new(0, 0));
    for (kind, Counted { pairs, matches }) in counted {
        certificate.pairs += pairs.all;
        certificate.pairs_of_copies += pairs.of_copies;
        let mut own = vec![[0; 2]; borders.len()];
        for (later, (earlier, overlap)) in matches {
            let similarity = overlap.jaccard();
            let range = borders.partition_point(|border| *border <= similarity).saturating_sub(1);
            let is_found = exact.is_copy(kind, later);
            own[range][0] += 1;
            own[range][1] += u64::from(is_found);
            if !is_found && certificate.missed.len() < MISSED {
                let [later, earlier] = [later, earlier].map(|number| exact.corpus.place(kind, number));
                certificate.missed.push(Missed { unit: kind.into(), later, earlier, overlap });
            }
        }
        ranges.iter_mut().flatten().zip(own.iter().flatten()).for_each(|(all, own)| *all += own);
        measured[kind] = all(&own);
    }
    let of_unit = |kind: UnitKind| OfUnit { sample: sample[kind], measured: measured[kind] };
    certificate.documents = units.documents.then(|| of_unit(UnitKind::Document));
    certificate.paragraphs = units.paragraphs.then(|| of_unit(UnitKind::Paragraph));
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
    /// the units of the sample, in order
    sample: PerUnit<Vec<u32>>,
    /// the longest texts that are read beside others; `alone` is held with a longer one
    beside: u32,
    alone: Mutex<()>,
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

impl<'a> Exact<'a> {
    fn new(outcome: &'a Outcome, room: u64, progress: &'a Progress) -> Self {
        let (corpus, parameters) = (outcome.corpus(), &outcome.summary().parameters);
        let PerUnit { documents, paragraphs } = &corpus.drawn;
        let sample = parameters.certify as usize;
        let of_documents = documents.len().min((sample / 2).max(sample.saturating_sub(paragraphs.len())));
        let of_paragraphs = paragraphs.len().min(sample - of_documents);
        let sample =
            PerUnit { documents: &documents[..of_documents], paragraphs: &paragraphs[..of_paragraphs] };
        let sample = sample.map(|drawn| {
            let mut drawn = drawn.to_vec();
            drawn.sort_unstable();
            drawn
        });
        let beside = if room == u64::MAX { u32::MAX } else { BESIDE };
        let (alone, tokenizers) = (Mutex::default(), Tokenizers::of(parameters));
        Exact { outcome, corpus, sample, beside, alone, tokenizers, progress }
    }

    /// Holds all units against the sample, a slice of it after the other, for which there is room.
    fn count(&self, room: u64) -> Result<PerUnit<Counted>> {
        let mut counted: PerUnit<Counted> = PerUnit::default();
        let mut slice: PerUnit<Range<usize>> = PerUnit::default();
        loop {
            let held: usize = counted.values().map(|counted| size_of_val(&counted.matches[..])).sum();
            slice = self
                .slice(slice.map(|before| before.end), room.saturating_sub(2 * held as u64).max(room / 4));
            if slice.values().all(Range::is_empty) {
                return Ok(counted);
            }
            let indexes = PerUnit::try_from_fn(|kind| self.index(kind, slice[kind].clone()))?;
            for (kind, tally) in self.tallies(&indexes)? {
                counted[kind].add(&indexes[kind], tally);
            }
        }
    }

    /// The documents and paragraphs of the sample from such ones on, as many as there is room for; at least one,
    /// if one is left.
    fn slice(&self, starts: PerUnit<usize>, room: u64) -> PerUnit<Range<usize>> {
        let room = room.min(OF_SHINGLE << 31);
        let of_unit = OF_UNIT + 24 * rayon::current_num_threads() as u64;
        let mut taken = 0;
        let mut slice = starts.map(|start| start..start);
        for (kind, units) in self.corpus.units.iter() {
            for &unit in &self.sample[kind][starts[kind]..] {
                let takes = of_unit + OF_SHINGLE * u64::from(tokens(units, unit));
                if taken > 0 && taken + takes > room {
                    return slice;
                }
                taken += takes;
                slice[kind].end += 1;
            }
        }
        slice
    }

    /// Of a slice of the sample.
    fn index(&self, kind: UnitKind, slice: Range<usize>) -> Result<Index> {
        let shingler = Shingler::new(self.outcome.summary().parameters.shingle);
        let units = &self.sample[kind][slice];
        let place_of = |number: u32| self.corpus.place(kind, number);
        let of_document: Vec<&[u32]> =
            units.chunk_by(|a, b| place_of(*a).document == place_of(*b).document).collect();
        let one = |numbers: &&[u32]| -> Result<(Vec<Drawn>, Vec<u64>)> {
            let document = place_of(numbers[0]).document;
            let mut read = Read::default();
            let _alone = self.alone(document);
            self.read(document, &mut read)?;
            let (mut drawn, mut shingles, mut set) = (Vec::new(), Vec::new(), Vec::new());
            for &number in *numbers {
                shingler.set(&read.tokens[read.range(place_of(number).paragraph)], &mut set);
                shingles.extend_from_slice(&set);
                let is_copy = self.is_copy(kind, number);
                drawn.push(Drawn { unit: number, size: set.len() as u32, is_copy });
            }
            Ok((drawn, shingles))
        };
        let tokens = units.iter().map(|&number| tokens(&self.corpus.units[kind], number) as usize);
        let (mut drawn, mut all) = (Vec::with_capacity(units.len()), Vec::with_capacity(tokens.sum()));
        for documents in of_document.chunks(TOGETHER) {
            self.progress.check()?;
            let made: Vec<(Vec<Drawn>, Vec<u64>)> = documents.par_iter().map(one).collect::<Result<_>>()?;
            for (of_document, shingles) in made {
                let mut shingles = shingles.into_iter();
                for unit in of_document {
                    let number = drawn.len() as u32;
                    all.extend(shingles.by_ref().take(unit.size as usize).map(|shingle| (shingle, number)));
                    drawn.push(unit);
                }
            }
        }
        Ok(Index::new(drawn, all))
    }

    /// To be held while a document is read, and what was read of it: keeps others away from a long one.
    fn alone(&self, document: u32) -> Option<MutexGuard<'_, ()>> {
        let is_long = self.corpus.documents[document as usize].locator.text_length > self.beside;
        is_long.then(|| self.alone.lock().unwrap_or_else(PoisonError::into_inner))
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

    /// What all units, documents and paragraphs, share with a slice of the sample.
    fn tallies(&self, indexes: &PerUnit<Index>) -> Result<PerUnit<Tally>> {
        let documents: Vec<u32> = (0..self.corpus.documents.len() as u32).collect();
        self.progress.text_done.store(0, Ordering::Relaxed);
        self.progress.text_total.store(self.corpus.counts.text_bytes, Ordering::Relaxed);
        let threshold = self.outcome.summary().parameters.threshold;
        let counters =
            || PerUnit::from_fn(|kind| Counter::new(&indexes[kind], &self.sample[kind], threshold));
        let counted: Option<PerUnit<Tally>> = documents
            .par_chunks(DOCUMENTS)
            .try_fold(counters, |mut counters, documents| {
                self.ask(documents, &mut counters).map(|()| counters)
            })
            .map(|counters| counters.map(|counters| counters.map(|counter| counter.tally)))
            .try_reduce_with(|own, other| Ok(own.zip(other).map(|(own, other)| own.with(other))))
            .transpose()?;
        Ok(counted.unwrap_or_default())
    }

    fn ask(&self, documents: &[u32], counters: &mut PerUnit<Counter<'_>>) -> Result<()> {
        self.progress.check()?;
        let parameters = &self.outcome.summary().parameters;
        let shingler = Shingler::new(parameters.shingle);
        let PerUnit { documents: of_documents, paragraphs: of_paragraphs } = &self.corpus.units;
        let is_first = |units: &Units, unit: u32| units.first[unit as usize] == unit;
        let asks = counters.each_ref().map(|counter| !counter.index.drawn.is_empty());
        let mut read = Read::default();
        for &document in documents {
            let length = self.corpus.documents[document as usize].locator.text_length;
            self.progress.text_done.fetch_add(length.into(), Ordering::Relaxed);
            let own = asks.documents && is_first(of_documents, document);
            let numbers = if asks.paragraphs { self.corpus.paragraphs(document) } else { 0..0 };
            if !own && !numbers.clone().any(|paragraph| is_first(of_paragraphs, paragraph)) {
                continue;
            }
            let alone = self.alone(document);
            self.read(document, &mut read)?;
            let Read { tokens, shingles, .. } = &mut read;
            shingler.all(tokens, shingles);
            if own {
                let is_copy = || self.is_copy(UnitKind::Document, document);
                counters.documents.ask(document, &read.shingles, is_copy);
            }
            for (number, unit) in numbers.enumerate().filter(|(_, unit)| is_first(of_paragraphs, *unit)) {
                let range = read.range(Some(number as u32));
                let is_copy = || self.is_copy(UnitKind::Paragraph, unit);
                if range.len() < shingler.width() {
                    counters.paragraphs.ask(unit, &[shingler.short(&read.tokens[range])], is_copy);
                } else {
                    let shingles = range.start..range.end + 1 - shingler.width();
                    counters.paragraphs.ask(unit, &read.shingles[shingles], is_copy);
                }
            }
            if alone.is_some() {
                read = Read::default();
                counters.each_mut().map(Counter::let_go);
            }
        }
        Ok(())
    }

    fn is_copy(&self, kind: UnitKind, unit: u32) -> bool {
        self.outcome.fate(self.corpus.place(kind, unit)) == Fate::Copy
    }
}

impl Read {
    fn range(&self, paragraph: Option<u32>) -> Range<usize> {
        let Some(paragraph) = paragraph else { return 0..self.tokens.len() };
        let start = (paragraph as usize).checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[paragraph as usize] as usize
    }
}

/// The tokens of a distinct unit.
fn tokens(units: &Units, unit: u32) -> u32 {
    units.row(unit).map_or(0, |row| units.tokens[row])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Params, Units};
    use crate::pipeline::{Surroundings, audit};
    use crate::read::sources::find;

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

    /// Pairs of texts, most of them just above the threshold; with a plan that loses many.
    fn pairs() -> (Outcome, tempfile::TempDir) {
        let words = |range: Range<usize>, changed: usize| {
            let word = |word| if word % 50 < changed { format!("x{word} ") } else { format!("w{word} ") };
            range.map(word).collect::<String>()
        };
        let paragraph = |of: usize, changed| words(of * 50..of * 50 + 40, changed);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corpus.jsonl");
        let text = |of: usize| {
            [(of, 0), (of / 2, 7), (of / 3, 9), (of / 5 + 3, 8), (of + 500, 0)]
                .map(|(of, changed)| paragraph(of, changed))
                .join("\n")
        };
        let line = |of: usize| serde_json::json!({ "text": text(of) }).to_string() + "\n";
        std::fs::write(&path, (0..200).map(line).collect::<String>()).unwrap();
        let units = Units { documents: true, paragraphs: true, passages: false };
        let params = Params { recall: 0.5, certify: 500, units, ..Params::audit() };
        let sources = find(&[path], None).unwrap();
        let outcome = audit(sources, &params, &Surroundings::default(), &Progress::default()).unwrap();
        (outcome, folder)
    }

    #[test]
    fn slices_of_a_sample_count_what_all_of_it_does() {
        let (outcome, _folder) = pairs();
        let whole = outcome.summary().certificate.clone().unwrap();
        let Certificate { measured, pairs, pairs_of_copies, missed, .. } = &whole;
        assert!(measured.matches > measured.found && measured.found > 0, "{measured:?}");
        assert!(*pairs > measured.matches && *pairs_of_copies > 0 && !missed.is_empty());
        for (room, threads) in [(0, 1), (20_000, 3), (300_000, 1), (300_000, 2)] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let told = pool.install(|| measure(&outcome, room, &Progress::default())).unwrap();
            assert_eq!(told, whole, "{room} bytes, {threads} threads");
        }
    }

    #[test]
    fn no_slice_takes_more_than_there_is_room_for() {
        let (outcome, _folder) = pairs();
        let progress = Progress::default();
        let exact = Exact::new(&outcome, 20_000, &progress);
        let (mut ends, mut slices) = (PerUnit::default(), 0);
        loop {
            let slice = exact.slice(ends, 20_000);
            if slice.values().all(Range::is_empty) {
                break;
            }
            assert_eq!(slice.each_ref().map(|slice| slice.start), ends);
            let indexes = slice.iter().map(|(kind, slice)| exact.index(kind, slice.clone()).unwrap());
            let bytes = indexes.map(|index| index.size() as u64);
            let bytes: u64 = bytes.sum();
            assert!(bytes <= 20_000, "{bytes} bytes in {slice:?}");
            (ends, slices) = (slice.map(|slice| slice.end), slices + 1);
        }
        assert_eq!(ends, exact.sample.each_ref().map(Vec::len));
        assert!(slices > 10, "{slices}");
    }
}

//! What an index knows, put before a corpus.

use std::collections::BTreeMap;

use crate::band::{ABSENT, KeyHead};
use crate::collapse::Keyed;
use crate::corpus::{Corpus, Document, IS_EMPTY, IS_SHORT, Ranks, Units, check_numbers, document_starts};
use crate::document::Source;
use crate::error::Result;
use crate::index::segment::DocumentRow;
use crate::index::sketches::Sketch;
use crate::passage::gaps::Gaps;
use crate::passage::standing::Cuts;
use crate::passage::winnow::SeedHead;
use crate::passage::{Contained, Verbatim};
use crate::past::hits::{Hits, SharedBucket};
use crate::past::{
    Archived, FirstParagraph, FoundSeeds, Own, SeedAt, Seen, Untold, Wanted, of_index, read_strings,
};
use crate::read::texts::Locator;
use crate::resolve::Verdict;
use crate::unit::{PerUnit, UnitKind};
use crate::varint;
use crate::verify::Overlap;

/// The two being put together.
pub(super) struct Joining<'a> {
    pub(super) corpus: Corpus,
    pub(super) past: &'a Seen,
    pub(super) own: Own<'a>,
    pub(super) hits: PerUnit<Hits>,
    pub(super) seeds: FoundSeeds,
    pub(super) wanted: Wanted,
    pub(super) bands: usize,
    pub(super) passages: bool,
}

/// The documents of the index, on their way to the head of the corpus.
struct Ahead {
    archived: Archived,
    documents: Vec<Document>,
    /// sources of the index that they are from
    names: Vec<Source>,
    /// of documents and paragraphs that something leads to, ascending
    lengths: PerUnit<Vec<Length>>,
}

/// How long a unit is.
#[derive(Debug, Clone, Copy)]
struct Length {
    unit: u32,
    tokens: u32,
}

impl Joining<'_> {
    pub(super) fn run(mut self) -> Result<Corpus> {
        let Wanted { numbers, rows, told } = std::mem::take(&mut self.wanted);
        let mut ahead = self.documents(numbers, &rows)?;
        ahead.archived.contained = self.contained(&ahead.archived);
        check_numbers(u64::from(ahead.archived.paragraphs), self.corpus.counts.paragraphs, "paragraphs")?;
        self.tell(&mut ahead, rows, &told)?;
        let Ahead { mut archived, mut documents, names, lengths } = ahead;
        let gone = self.join_units(&mut archived, &lengths);
        self.join_seeds(&archived.numbers, &gone.documents);
        let mut corpus = self.corpus;
        documents.extend(corpus.documents.into_iter().map(|document| Document {
            first_paragraph: document.first_paragraph + archived.paragraphs,
            ..document
        }));
        corpus.documents = documents;
        let paragraphs = u64::from(archived.paragraphs) + corpus.counts.paragraphs;
        corpus.document_starts = document_starts(&corpus.documents, paragraphs);
        let hopeless = self.hits.paragraphs.hopeless.iter().filter_map(|unit| archived.paragraph_here(*unit));
        archived.hopeless =
            hopeless.filter_map(|unit| Some(corpus.units.paragraphs.row(unit)? as u32)).collect();
        archived.listed = self.hits.map(|hits| hits.bands.buckets);
        let FoundSeeds { listed, windows, .. } = self.seeds;
        archived.listed_seeds = listed;
        archived.windows = windows.iter().filter_map(|window| window.here(&archived.numbers)).collect();
        archived.windows.sort_unstable();
        corpus.by_place.iter_mut().for_each(|document| *document += archived.documents());
        corpus.texts.archive(self.past.index.clone(), names);
        corpus.archived = archived;
        Ok(corpus)
    }

    /// The documents with these numbers and rows, and which of their paragraphs are here.
    fn documents(&self, numbers: Vec<u32>, rows: &[DocumentRow]) -> Result<Ahead> {
        let own_sources = self.corpus.texts.sources().len() as u32;
        let starts = (self.own.first, self.own.starts.cloned().unwrap_or_default());
        let mut archived = Archived { numbers, own_sources, starts, ..Archived::default() };
        archived.some_paragraphs = (!self.own.is_told(self.passages)).then(Vec::new);
        let mut documents = Vec::with_capacity(archived.numbers.len() + self.corpus.documents.len());
        let mut sources: BTreeMap<u32, u32> = BTreeMap::new();
        let mut names: Vec<Source> = Vec::new();
        let mut of_documents = Vec::with_capacity(archived.numbers.len());
        let mut paragraphs = &self.hits.paragraphs.units[..];
        let index = &self.past.index;
        let mut of_archive = |row: &DocumentRow, number: u32| {
            let source = *sources.entry(row.source).or_insert_with(|| {
                let segment = index.segment(number).ok();
                let name = segment.and_then(|segment| segment.source(row.source)).unwrap_or_default();
                names.push(of_index(name));
                own_sources + names.len() as u32 - 1
            });
            Locator::in_index((source, row.record), number, row.text)
        };
        for (document, (&number, row)) in archived.numbers.iter().zip(rows).enumerate() {
            let own = number.checked_sub(self.own.first).and_then(|own| self.own.documents.get(own as usize));
            let locator = own.map_or_else(|| of_archive(row, number), |own| own.locator);
            documents.push(Document {
                locator,
                first_paragraph: archived.paragraphs,
                characters: row.characters,
                places: 0, // see `Archived::told`
                id: 0,
            });
            of_documents.push(Length { unit: document as u32, tokens: row.tokens });
            let first = FirstParagraph { there: row.first_paragraph, here: archived.paragraphs };
            archived.first_paragraphs.push(first);
            let more = match &mut archived.some_paragraphs {
                None => row.paragraphs,
                Some(some) => {
                    let end = row.first_paragraph + row.paragraphs;
                    let before = paragraphs.partition_point(|paragraph| *paragraph < row.first_paragraph);
                    let behind = paragraphs.partition_point(|paragraph| *paragraph < end);
                    some.extend_from_slice(&paragraphs[before..behind]);
                    paragraphs = &paragraphs[behind..];
                    (behind - before) as u32
                }
            };
            check_numbers(u64::from(archived.paragraphs), u64::from(more), "paragraphs")?;
            archived.paragraphs += more;
            if let Some((of, at)) = row.whole
                && let Ok(of) = archived.numbers.binary_search(&of)
            {
                let (document, original) = (document as u32, of as u32);
                archived.verbatim.push(Verbatim { document, original, token: at });
            }
        }
        let lengths = PerUnit { documents: of_documents, paragraphs: Vec::new() };
        Ok(Ahead { archived, documents, names, lengths })
    }

    /// Those of the documents that are contained in another.
    fn contained(&self, archived: &Archived) -> BTreeMap<u32, Contained> {
        let here = |contained: &Contained| {
            let copy = archived.document_here(contained.copy)?;
            let original = archived.document_here(contained.original)?;
            Some((copy, Contained { copy, original, ..*contained }))
        };
        self.hits.documents.exact.contained().filter_map(here).collect()
    }

    /// Reads the strings of those documents of which it is known that something will be told.
    fn tell(&self, ahead: &mut Ahead, rows: Vec<DocumentRow>, told: &[u32]) -> Result<()> {
        let Ahead { archived, lengths, .. } = ahead;
        let numbered = (0..).zip(&archived.numbers).zip(rows);
        let numbered = numbered.map(|((document, &number), row)| Untold { document, number, row });
        let told: Vec<Untold> = numbered.filter(|of| told.binary_search(&of.number).is_ok()).collect();
        read_strings(self.past, &told, |document, strings, mut of_tokens| {
            let first = archived.first_paragraphs[document as usize].here;
            let next = archived.first_paragraphs.get(document as usize + 1);
            for unit in first..next.map_or(archived.paragraphs, |next| next.here) {
                let tokens = varint::read(&mut of_tokens).unwrap_or_default() as u32;
                lengths.paragraphs.push(Length { unit, tokens });
            }
            if !of_tokens.is_empty() {
                archived.cuts.insert(document, Cuts::read(of_tokens));
            }
            archived.told.insert(document, strings);
        })
    }

    /// Puts the units of the index before those of the corpus; returns the rows of the corpus that are gone.
    fn join_units(&mut self, archived: &mut Archived, lengths: &PerUnit<Vec<Length>>) -> PerUnit<Vec<usize>> {
        let counts = archived.counts();
        let mut gone = PerUnit::default();
        let Corpus { units, exact, .. } = &mut self.corpus;
        for (kind, units) in units.each_mut() {
            let hits = &self.hits[kind];
            let (count, lengths) = (counts[kind], &lengths[kind][..]);
            let join = UnitJoin { hits, count, bands: self.bands, kind, lengths };
            (*units, archived.verdicts[kind], gone[kind]) =
                join.run(std::mem::take(units), |unit| archived.unit_here(kind, unit));
            exact[kind].retain_mut(|Keyed { unit, .. }| {
                let is_own = hits.exact.get(*unit).is_none();
                *unit += count;
                is_own
            });
        }
        gone
    }

    /// Puts the listed seeds of the index before those of the corpus; the seeds of `dropped` rows go.
    fn join_seeds(&mut self, numbers: &[u32], dropped: &[usize]) {
        let corpus = &mut self.corpus;
        if !self.passages {
            return;
        }
        let (mut seeds, mut gaps, mut counts) = (Vec::new(), Gaps::default(), Vec::new());
        for number in numbers {
            let before = seeds.len();
            let mut last = 0;
            for &SeedAt { token, hash } in self.seeds.seeds.get(number).into_iter().flatten() {
                seeds.push(SeedHead::of(hash));
                gaps.push(token - last);
                last = token;
            }
            counts.push((seeds.len() - before) as u32);
        }
        let mut dropped = dropped.iter().copied().peekable();
        let mut at = 0;
        for (row, &count) in corpus.seed_counts.iter().enumerate() {
            let own = at..at + count as usize;
            at = own.end;
            if dropped.next_if_eq(&row).is_none() {
                seeds.extend_from_slice(&corpus.seeds[own.clone()]);
                gaps.extend(corpus.seed_gaps.of(own));
                counts.push(count);
            }
        }
        (corpus.seeds, corpus.seed_gaps, corpus.seed_counts) = (seeds, gaps, counts);
    }
}

/// Units of one kind being put together.
struct UnitJoin<'a> {
    hits: &'a Hits,
    /// units of the index, all paragraphs of its documents included
    count: u32,
    bands: usize,
    kind: UnitKind,
    /// of the units of the index that something leads to, ascending
    lengths: &'a [Length],
}

impl UnitJoin<'_> {
    /// The units, the verdicts of those of the index, and the rows of the corpus that are gone.
    fn run(&self, own: Units, here: impl Fn(u32) -> Option<u32>) -> (Units, Vec<Verdict>, Vec<usize>) {
        let bands = if own.keys.is_empty() && self.hits.bands.units.is_empty() { 0 } else { self.bands };
        // units of the index that take part, as they are numbered here
        let equals: Vec<Option<u32>> = self.hits.exact.known.iter().map(|known| here(known.unit)).collect();
        let known = self.known(&equals, &here);
        let rows = Ranks::new(known.iter().map(|(unit, _)| *unit), self.count as usize);
        let Units { first, distinct, tokens, mut keys, sketches, .. } = own;
        let mut units = Units::default();
        units.first.reserve_exact(self.count as usize + first.len());
        units.first.resize(self.count as usize, IS_SHORT);
        units.distinct.reserve_exact(known.len() + distinct.len());
        units.tokens.reserve_exact(known.len() + distinct.len());
        units.sketches = vec![Sketch::default(); if sketches.is_empty() { 0 } else { known.len() }];
        let mut of_known = vec![KeyHead::of(ABSENT); known.len() * bands];
        let mut verdicts = Vec::with_capacity(known.len());
        for &(unit, copy) in &known {
            units.first[unit as usize] = unit;
            units.distinct.push(unit);
            let length = self.lengths.binary_search_by_key(&unit, |of| of.unit);
            units.tokens.push(length.map_or(0, |at| self.lengths[at].tokens));
            verdicts.push(copy.and_then(|(original, overlap)| Some((rows.rank(original)? as u32, overlap))));
        }
        for SharedBucket { unit, key, band } in self.hits.bands.iter() {
            if let Some(row) = here(unit).and_then(|unit| rows.rank(unit)) {
                of_known[row * bands + band] = KeyHead::of(key);
            }
        }
        // the corpus: what the index knows leads there
        let mut dropped = Vec::new();
        let mut kept = 0;
        let has_keys = bands > 0 && !keys.is_empty();
        for (row, &unit) in distinct.iter().enumerate() {
            let of_row = row * bands..(row + 1) * bands;
            let at = self.hits.exact.units.rank(unit);
            let Some((at, equal)) = at.and_then(|at| Some((at, equals[at]?))) else {
                units.distinct.push(unit + self.count);
                units.tokens.push(tokens[row]);
                units.sketches.extend(sketches.get(row));
                if has_keys {
                    keys.copy_within(of_row, kept * bands);
                }
                kept += 1;
                continue;
            };
            dropped.push(row);
            let Some(row_here) = rows.rank(equal) else { continue };
            // an original stands in those buckets alone that had room for it when it came; what was a copy may have to ask
            let known = &self.hits.exact.known[at];
            if has_keys && (known.copy.is_some() || known.contained.is_some()) {
                of_known[row_here * bands..(row_here + 1) * bands].copy_from_slice(&keys[of_row]);
            }
            units.tokens[row_here] = tokens[row];
        }
        if has_keys {
            // in place: there is no room for all of them twice
            keys.truncate(kept * bands);
            keys.reserve_exact(of_known.len());
            keys.resize(kept * bands + of_known.len(), KeyHead::of(ABSENT));
            keys.copy_within(..kept * bands, of_known.len());
            keys[..of_known.len()].copy_from_slice(&of_known);
            units.keys = keys;
        } else {
            units.keys = of_known;
        }
        units.first.extend(first.iter().map(|&first| match first {
            IS_EMPTY | IS_SHORT => first,
            first => {
                let equal = self.hits.exact.units.rank(first).and_then(|at| equals[at]);
                equal.unwrap_or(first + self.count)
            }
        }));
        (units.finished(), verdicts, dropped)
    }

    /// The units of the index that take part, ascending, with what they are copies of; `equals` are those with
    /// the tokens of a unit of the corpus.
    fn known(
        &self,
        equals: &[Option<u32>],
        here: &impl Fn(u32) -> Option<u32>,
    ) -> Vec<(u32, Option<(u32, Overlap)>)> {
        let mut known: Vec<(u32, Option<(u32, Overlap)>)> = Vec::new();
        for (of, unit) in self.hits.exact.known.iter().zip(equals) {
            let copy = of.copy.as_ref().and_then(|copy| Some((here(copy.original)?, copy.overlap)));
            known.extend(unit.map(|unit| (unit, copy)));
        }
        known.extend(self.hits.units.iter().copied().filter_map(here).map(|unit| (unit, None)));
        if self.kind == UnitKind::Document {
            known.extend((0..self.count).map(|document| (document, None)));
        }
        known.sort_unstable_by_key(|(unit, copy)| (*unit, copy.is_none()));
        known.dedup_by_key(|(unit, _)| *unit);
        known
    }
}

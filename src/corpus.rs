//! What is kept of a corpus between the passes: where each document and paragraph stands, which units are
//! equal, and the band keys of those that are distinct. The texts themselves are read again when needed.
//!
//! What a run costs in memory is decided here and in [`crate::resolve`]: 56 bytes and its id for each
//! document; about 9 bytes for each paragraph (4 for its number, 4 for its place, less than one for indexes); for
//! each *distinct* unit that is long enough, 4 bytes a band, 8 more, and its entry in [`crate::collapse`].

use crate::band::{Buckets, KeyHead};
use crate::certify::Draw;
use crate::collapse::{Exact, Keyed};
use crate::document::{Place, Source};
use crate::error::{Error, Result};
use crate::index::Identity;
use crate::index::segment::Mark;
use crate::index::sketches::Sketch;
use crate::order::{Order, Ranked};
use crate::passage::gaps::Gaps;
use crate::passage::recurring::{RecurringWindows, WindowMarks};
use crate::passage::winnow::SeedHead;
use crate::past::{Archived, Strings};
use crate::read::texts::{Locator, Texts};
use crate::scan::{Counted, EMPTY, MARKED, Piece, SHORT, Scanned, Signed, SignedUnits};
use crate::skips::Skips;
use crate::unit::{PerUnit, UnitKind};

mod digest;
mod labels;
mod places;
mod ranks;
mod room;
mod starts;
mod working;

use digest::RecordsDigest;
pub(crate) use labels::Labels;
pub(crate) use places::{Places, split_places};
pub(crate) use ranks::Ranks;
pub(crate) use starts::{Around, NOWHERE, Start, Starts};

/// In [`Units::first`]: a unit without a token.
pub(crate) const IS_EMPTY: u32 = u32::MAX;

/// In [`Units::first`]: a paragraph with too few tokens.
pub(crate) const IS_SHORT: u32 = u32::MAX - 1;

/// Whether so many more can be numbered from `base` on.
///
/// # Errors
/// [`Error::TooMany`].
pub(crate) fn check_numbers(base: u64, more: u64, what: &'static str) -> Result<()> {
    let limit = u64::from(IS_SHORT);
    if base + more >= limit { Err(Error::TooMany { what, limit }) } else { Ok(()) }
}

/// All units of one kind, by their number in corpus order.
#[derive(Default)]
pub(crate) struct Units {
    /// for each unit, the first with the same tokens (itself where there is none before), or [`IS_EMPTY`] or
    /// [`IS_SHORT`]
    pub(crate) first: Vec<u32>,
    /// the distinct units, ascending: those that are their own first
    pub(crate) distinct: Vec<u32>,
    /// how many tokens each distinct unit has
    pub(crate) tokens: Vec<u32>,
    /// the band keys of each distinct unit, one after the other
    pub(crate) keys: Vec<KeyHead>,
    /// the sketch of each distinct unit; only of paragraphs, for an index
    pub(crate) sketches: Vec<Sketch>,
    /// the numbers in `distinct`
    rows: Ranks,
}

impl Units {
    /// The index of a distinct unit in `distinct`.
    pub(crate) fn row(&self, unit: u32) -> Option<usize> {
        self.rows.rank(unit)
    }

    /// To be called when all units are there.
    pub(crate) fn finished(mut self) -> Self {
        self.rows = Ranks::new(self.distinct.iter().copied(), self.first.len());
        self
    }

    fn append(&mut self, first: &[u32], signed: &SignedUnits) {
        let base = self.first.len() as u32;
        let own = first.iter().enumerate().map(|(i, &first)| (base + i as u32, first));
        self.distinct.extend(own.filter(|(unit, first)| unit == first).map(|(unit, _)| unit));
        self.first.extend_from_slice(first);
        self.tokens.extend_from_slice(&signed.tokens);
        self.keys.extend(signed.keys.iter().copied().map(KeyHead::of));
        self.sketches.extend_from_slice(&signed.sketches);
        debug_assert_eq!(self.tokens.len(), self.distinct.len());
    }
}

/// One document of the corpus.
pub(crate) struct Document {
    pub(crate) locator: Locator,
    /// the number of its first paragraph among all paragraphs
    pub(crate) first_paragraph: u32,
    /// characters of its text
    pub(crate) characters: u32,
    /// where its paragraphs' places start
    pub(crate) places: u64,
    /// where its id starts
    pub(crate) id: u64,
}

/// The tables of a run.
pub(crate) struct Corpus {
    pub(crate) texts: Texts,
    pub(crate) documents: Vec<Document>,
    /// the first document that starts after each [`STEP`]th paragraph; one more at the end
    pub(crate) document_starts: Vec<u32>,
    pub(crate) units: PerUnit<Units>,
    pub(crate) places: Vec<u8>,
    pub(crate) ids: String,
    /// exact keys and the first unit of each, by key; only for an index
    pub(crate) exact: PerUnit<Vec<Keyed>>,
    /// names the batch
    pub(crate) identity: Identity,
    /// the documents at its head that come from an index
    pub(crate) archived: Archived,
    /// the seeds of the distinct documents, one after the other
    pub(crate) seeds: Vec<SeedHead>,
    /// tokens from each seed to the next, of the first from the start of its document
    pub(crate) seed_gaps: Gaps,
    /// how many seeds each distinct document has
    pub(crate) seed_counts: Vec<u32>,
    /// which windows may come again in the corpus, where nothing comes before it
    pub(crate) recurring: Option<RecurringWindows>,
    /// where in long texts one can start to read, by documents without those of an index; only for an index, or where
    /// there may be parts
    pub(crate) starts: Vec<Start>,
    pub(crate) counts: Counts,
    pub(crate) skips: Skips,
    /// what was read, by source and in the order of each
    pub(crate) pieces: Vec<Piece>,
    pub(crate) labels: Labels,
    /// the documents by source and record, where they did not pass in that order; empty where they did
    pub(crate) by_place: Vec<u32>,
    /// distinct units drawn for [`crate::certify`]
    pub(crate) drawn: PerUnit<Vec<u32>>,
    /// documents that leave, where that has a say in what else does; see [`crate::standing`]
    pub(crate) leaving: Ranks,
}

/// What was read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts {
    /// records of each source, good and bad
    pub(crate) records: Vec<u64>,
    pub(crate) lines: Vec<u64>,
    pub(crate) paragraphs: u64,
    pub(crate) text_bytes: u64,
    pub(crate) text_characters: u64,
    pub(crate) lone_surrogates: u64,
}

impl Counts {
    /// Adds those of a part.
    pub(crate) fn add(&mut self, other: &Counts) {
        let add = |to: &mut [u64], of: &[u64]| to.iter_mut().zip(of).for_each(|(to, of)| *to += of);
        add(&mut self.records, &other.records);
        add(&mut self.lines, &other.lines);
        self.paragraphs += other.paragraphs;
        self.text_bytes += other.text_bytes;
        self.text_characters += other.text_characters;
        self.lone_surrogates += other.lone_surrogates;
    }
}

/// The tables while they grow.
pub(crate) struct Builder<'a> {
    documents: Vec<Document>,
    units: PerUnit<Units>,
    exact: PerUnit<Exact>,
    compared: crate::params::Units,
    /// whether equal documents are one, see [`crate::params::Params::collapses_documents`]
    collapses: bool,
    places: Vec<u8>,
    ids: String,
    seeds: Vec<SeedHead>,
    seed_gaps: Gaps,
    seed_counts: Vec<u32>,
    /// of a corpus that nothing comes before
    pub(crate) windows: Option<WindowMarks>,
    starts: Vec<Start>,
    counts: Counts,
    /// records and lines of each source that an earlier part of the run has read
    before: [Vec<u64>; 2],
    skips: Skips,
    pieces: Vec<Piece>,
    labels: Labels,
    order: &'a Order,
    fields: Vec<String>,
    digest: RecordsDigest,
    draws: PerUnit<Draw>,
    /// of all texts, the most that is held for one when it is read again
    pub(crate) heaviest: u64,
    /// bytes of all that will be read, where that is known and nothing bounds memory
    pub(crate) to_read: Option<u64>,
}

/// What is known of the units of a batch.
pub(crate) struct Admitted {
    /// for each, the first with the same tokens
    first: PerUnit<Vec<u32>>,
    /// the number of the first one
    base: PerUnit<u32>,
}

impl Admitted {
    /// Whether the unit at this place of the batch is the first with its tokens.
    #[inline]
    pub(crate) fn is_new(&self, kind: UnitKind, at: usize) -> bool {
        self.first[kind][at] == self.base[kind] + at as u32
    }
}

impl<'a> Builder<'a> {
    pub(crate) fn new(sources: &[Source], params: &crate::params::Params, order: &'a Order) -> Self {
        let digest = RecordsDigest::new(sources);
        Builder { to_read: room::to_read(sources), ..Builder::empty(sources.len(), digest, params, order) }
    }

    fn empty(
        sources: usize,
        digest: RecordsDigest,
        params: &crate::params::Params,
        order: &'a Order,
    ) -> Self {
        Builder {
            documents: Vec::new(),
            units: PerUnit::default(),
            exact: PerUnit::from_fn(|_| Exact::new()),
            compared: params.units,
            collapses: params.collapses_documents(),
            places: Vec::new(),
            ids: String::new(),
            seeds: Vec::new(),
            seed_gaps: Gaps::default(),
            seed_counts: Vec::new(),
            windows: None,
            starts: Vec::new(),
            counts: Counts { records: vec![0; sources], lines: vec![0; sources], ..Counts::default() },
            before: [(); 2].map(|()| vec![0; sources]),
            skips: Skips::default(),
            pieces: Vec::new(),
            labels: Labels::new(order.dates.clone()),
            order,
            fields: order.fields(),
            digest,
            draws: PerUnit::from_fn(|_| Draw::new(params.certify)),
            heaviest: 0,
            to_read: None,
        }
    }

    /// For what comes after: empty, but its numbers go on where these end.
    pub(crate) fn following(&self, params: &crate::params::Params) -> Self {
        let mut next = Builder::empty(self.counts.records.len(), self.digest.clone(), params, self.order);
        let counts = [&self.counts.records, &self.counts.lines];
        for ((next, before), counts) in next.before.iter_mut().zip(&self.before).zip(counts) {
            next.iter_mut().zip(before).zip(counts).for_each(|((next, before), own)| *next = before + own);
        }
        next
    }

    /// Whether no document is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Finds which units of a batch are new.
    ///
    /// # Errors
    /// [`Error::TooMany`] at 2^32 units, and at 2^32 records of one source.
    pub(crate) fn admit(&mut self, batch: &[Scanned]) -> Result<Admitted> {
        self.check_records(batch)?;
        let gather = |of: fn(&Scanned) -> &Vec<u128>| -> Vec<u128> {
            let mut keys = Vec::with_capacity(batch.iter().map(|scanned| of(scanned).len()).sum());
            batch.iter().for_each(|scanned| keys.extend_from_slice(of(scanned)));
            keys
        };
        let admit =
            |exact: &mut Exact, keys: &[u128], base: usize, compared: bool, what| -> Result<Vec<u32>> {
                check_numbers(base as u64, keys.len() as u64, what)?;
                let state = |&key: &u128| if key == EMPTY { IS_EMPTY } else { IS_SHORT };
                let mut first: Vec<u32> = keys.iter().map(state).collect();
                if compared {
                    exact.admit(keys, base as u32, |key| key == EMPTY || key == SHORT, &mut first);
                }
                Ok(first)
            };
        let draw = |draw: &mut Draw, keys: &[u128], base: usize, first: &[u32]| {
            let new = (base as u32..).zip(first).zip(keys).filter(|((unit, first), _)| unit == *first);
            new.for_each(|((unit, _), &key)| draw.offer(key, unit));
        };
        let keys = gather(|scanned| &scanned.document_keys);
        let document_base = self.units.documents.first.len();
        let compared = self.compared.documents || self.compared.passages;
        let collapsed = compared && self.collapses;
        let mut documents = admit(&mut self.exact.documents, &keys, document_base, collapsed, "documents")?;
        if compared && !self.collapses {
            let alone = (document_base as u32..).zip(&mut documents);
            alone.filter(|(_, first)| **first != IS_EMPTY).for_each(|(unit, first)| *first = unit);
        }
        if self.compared.documents {
            draw(&mut self.draws.documents, &keys, document_base, &documents);
        }
        let keys = gather(|scanned| &scanned.paragraph_keys);
        let paragraph_base = self.units.paragraphs.first.len();
        let paragraphs =
            admit(&mut self.exact.paragraphs, &keys, paragraph_base, self.compared.paragraphs, "paragraphs")?;
        draw(&mut self.draws.paragraphs, &keys, paragraph_base, &paragraphs);
        Ok(Admitted {
            first: PerUnit { documents, paragraphs },
            base: PerUnit { documents: document_base as u32, paragraphs: paragraph_base as u32 },
        })
    }

    /// Appends a batch.
    pub(crate) fn append(&mut self, batch: &[Scanned], signed: &[Signed], admitted: &Admitted) {
        self.make_room(batch, signed);
        self.note_heaviest(batch);
        let (mut document, mut paragraph) = (0, 0);
        for (scanned, signed) in batch.iter().zip(signed) {
            let paragraphs = scanned.paragraph_keys.len();
            let first_paragraph = self.units.paragraphs.first.len() as u32;
            let (places, ids) = (self.places.len() as u64, self.ids.len() as u64);
            let mut before = (0, 0, 0);
            self.number_records(scanned);
            let mut digest = std::mem::take(&mut self.digest);
            digest.add(scanned, |source| self.record_base(&scanned.counted, source));
            self.digest = digest;
            for of_chunk in &scanned.documents {
                self.labels.push(self.order, &self.fields, &of_chunk.also);
                let mut locator = of_chunk.locator;
                locator.record += self.record_base(&scanned.counted, locator.source);
                self.documents.push(Document {
                    locator,
                    first_paragraph: first_paragraph + before.0,
                    characters: of_chunk.characters,
                    places: places + before.1,
                    id: ids + before.2,
                });
                before =
                    (of_chunk.paragraphs_end, u64::from(of_chunk.places_end), u64::from(of_chunk.ids_end));
            }
            let documents = scanned.documents.len();
            self.units
                .documents
                .append(&admitted.first.documents[document..document + documents], &signed.documents);
            self.units
                .paragraphs
                .append(&admitted.first.paragraphs[paragraph..paragraph + paragraphs], &signed.paragraphs);
            document += documents;
            paragraph += paragraphs;
            let base = (self.documents.len() - documents) as u32;
            self.starts.extend(scanned.starts.iter().map(|start| Start {
                mark: Mark { document: base + start.mark.document, ..start.mark },
                ..*start
            }));
            self.pieces.extend_from_slice(&scanned.pieces);
            self.places.extend_from_slice(&scanned.places);
            self.ids.push_str(&scanned.ids);
            if let Some(windows) = &mut self.windows {
                windows.add(&self.seeds, &signed.seeds, (&signed.seed_windows, &signed.window_marks));
            }
            self.seeds.extend(signed.seeds.iter().copied().map(SeedHead::of));
            self.seed_gaps.extend(signed.seed_gaps.iter().copied().map(u32::from));
            self.seed_counts.extend_from_slice(&signed.seed_counts);
            self.counts.paragraphs += paragraphs as u64;
            self.counts.text_bytes += scanned.text_bytes;
            self.counts.text_characters += scanned.text_characters;
            self.counts.lone_surrogates += scanned.lone_surrogates;
        }
    }

    /// Adds a chunk's records to the counts of their sources, and gives its skips their numbers.
    fn number_records(&mut self, scanned: &Scanned) {
        let [records, lines] = &self.before;
        self.skips.append(&scanned.skips, |source| {
            let source = source as usize;
            (records[source] + self.counts.records[source], lines[source] + self.counts.lines[source])
        });
        for counted in &scanned.counted {
            self.counts.records[counted.source as usize] += counted.records;
            self.counts.lines[counted.source as usize] += counted.lines;
        }
    }

    /// The number of the first record of a chunk that has just been counted.
    fn record_base(&self, counted: &[Counted], source: u32) -> u32 {
        let of_chunk: u64 = counted.iter().filter(|c| c.source == source).map(|c| c.records).sum();
        (self.before[0][source as usize] + self.counts.records[source as usize] - of_chunk) as u32
    }

    /// Whether the records of a batch, good and bad, can be numbered in their sources.
    fn check_records(&self, batch: &[Scanned]) -> Result<()> {
        let mut counted: Vec<Counted> =
            batch.iter().flat_map(|scanned| scanned.counted.iter().copied()).collect();
        counted.sort_unstable_by_key(|counted| counted.source);
        counted.chunk_by(|one, next| one.source == next.source).try_for_each(|of_source| {
            let source = of_source[0].source as usize;
            let more = of_source.iter().map(|counted| counted.records).sum();
            check_numbers(self.before[0][source] + self.counts.records[source], more, "records in one file")
        })
    }

    /// Ends the first pass. The exact keys are kept where an index needs them.
    pub(crate) fn finish(self, texts: Texts, keep_keys: bool) -> Corpus {
        let exact = if keep_keys { self.exact.map(Exact::into_keys) } else { Default::default() };
        Corpus {
            exact,
            identity: self.digest.finish(),
            archived: Archived::default(),
            texts,
            document_starts: document_starts(&self.documents, self.counts.paragraphs),
            documents: self.documents,
            units: self.units.map(Units::finished),
            places: self.places,
            ids: self.ids,
            seeds: self.seeds,
            seed_gaps: self.seed_gaps,
            seed_counts: self.seed_counts,
            recurring: self.windows.map(WindowMarks::finish),
            starts: self.starts,
            counts: self.counts,
            skips: self.skips,
            pieces: self.pieces,
            labels: self.labels,
            by_place: Vec::new(),
            drawn: self.draws.map(Draw::finish),
            leaving: Ranks::default(),
        }
    }
}

impl Corpus {
    /// Takes over what was read of the sources when all documents were `measured`; they passed in the order
    /// `ranked`.
    pub(crate) fn complete(&mut self, measured: Corpus, ranked: &[u32]) {
        let Corpus { texts, skips, pieces, counts, labels, .. } = measured;
        self.labels = labels.ranked(ranked);
        (self.texts, self.skips, self.pieces) = (texts, skips, pieces);
        (self.counts.records, self.counts.lines) = (counts.records, counts.lines);
        self.by_place = vec![0; ranked.len()];
        (0..).zip(ranked).for_each(|(document, &place)| self.by_place[place as usize] = document);
    }
}

/// Paragraphs from one entry of [`Corpus::document_starts`] to the next.
const STEP: u32 = 32;

pub(crate) fn document_starts(documents: &[Document], paragraphs: u64) -> Vec<u32> {
    let mut starts = Vec::with_capacity(paragraphs as usize / STEP as usize + 2);
    for (number, document) in (0..).zip(documents) {
        while starts.len() as u64 * u64::from(STEP) < u64::from(document.first_paragraph) {
            starts.push(number);
        }
    }
    starts.resize(paragraphs as usize / STEP as usize + 2, documents.len() as u32);
    starts
}

impl Corpus {
    /// The documents in this order; ties by corpus order.
    pub(crate) fn ranked(&self, order: &Order) -> Vec<u32> {
        let protected = order.protects(self.texts.sources());
        let rank = |&document: &u32| {
            let source = self.documents[document as usize].locator.source as usize;
            order.rank(&Ranked {
                is_protected: protected.get(source).copied().unwrap_or(false),
                characters: self.documents[document as usize].characters,
                date: self.labels.dates.get(document as usize).copied().flatten(),
                source: self.source_name(document, order),
            })
        };
        let mut ranked: Vec<u32> = (0..self.documents.len() as u32).collect();
        ranked.sort_by_cached_key(rank);
        ranked
    }

    /// What the source of a document is called.
    pub(crate) fn source_name<'a>(&'a self, document: u32, order: &'a Order) -> &'a str {
        let own = document.checked_sub(self.archived.documents());
        let told = own.and_then(|own| self.labels.sources.get(own as usize));
        let told = told.map(|&number| self.labels.names[number as usize].as_str());
        let of_file = || order.file_source(self.locator(document).source as usize, self.texts.sources());
        told.filter(|name| !name.is_empty()).unwrap_or_else(of_file)
    }

    /// Where a document's record is.
    pub(crate) fn locator(&self, document: u32) -> Locator {
        self.documents[document as usize].locator
    }

    /// The document at this place of the corpus, without those of an index.
    pub(crate) fn at_place(&self, place: u32) -> u32 {
        self.by_place.get(place as usize).copied().unwrap_or(place + self.archived.documents())
    }

    /// The numbers of a document's paragraphs among all paragraphs.
    pub(crate) fn paragraphs(&self, document: u32) -> std::ops::Range<u32> {
        let next = self.documents.get(document as usize + 1);
        let end = next.map_or(self.end_paragraph(), |next| next.first_paragraph);
        self.documents[document as usize].first_paragraph..end
    }

    /// How many paragraphs a document has; `None` where only some of them are known.
    pub(crate) fn paragraph_count(&self, document: u32) -> Option<usize> {
        let knows_all = document >= self.archived.documents() || self.archived.some_paragraphs.is_none();
        knows_all.then(|| self.paragraphs(document).len())
    }

    /// Where a paragraph stands among those of its document.
    pub(crate) fn number_in_document(&self, document: u32, paragraph: u32) -> u32 {
        if document < self.archived.documents() {
            return self.archived.number_in_document(document, paragraph);
        }
        paragraph - self.documents[document as usize].first_paragraph
    }

    /// Behind the last paragraph.
    pub(crate) fn end_paragraph(&self) -> u32 {
        self.archived.paragraphs + self.counts.paragraphs as u32
    }

    /// The document in which a paragraph stands.
    pub(crate) fn document_of(&self, paragraph: u32) -> u32 {
        let step = paragraph as usize / STEP as usize;
        let (start, end) = (self.document_starts[step], self.document_starts[step + 1]);
        // documents without a paragraph start where the next one does, and come before it
        let between = &self.documents[start as usize..end as usize];
        start + between.partition_point(|document| document.first_paragraph <= paragraph) as u32 - 1
    }

    /// Where a unit stands.
    #[inline]
    pub(crate) fn place(&self, kind: UnitKind, unit: u32) -> Place {
        if kind == UnitKind::Document {
            return Place { document: unit, paragraph: None };
        }
        let document = self.document_of(unit);
        Place { document, paragraph: Some(unit - self.documents[document as usize].first_paragraph) }
    }

    /// The bytes that say where the paragraphs of a document are.
    pub(crate) fn place_bytes(&self, document: u32) -> &[u8] {
        let next = self.documents.get(document as usize + 1);
        let end = next.map_or(self.places.len(), |next| next.places as usize);
        &self.places[self.documents[document as usize].places as usize..end]
    }

    /// A document's id, as JSON; `None` where its record has none.
    pub(crate) fn id(&self, document: u32) -> Option<&str> {
        if document < self.archived.documents() {
            return self.told(document).map(|told| &told.id[..]).filter(|id| !id.is_empty());
        }
        let next = self.documents.get(document as usize + 1);
        let end = next.map_or(self.ids.len() as u64, |next| next.id);
        let id = &self.ids[self.documents[document as usize].id as usize..end as usize];
        (!id.is_empty()).then_some(id)
    }

    /// Where each paragraph of a document stands, in order.
    pub(crate) fn places(&self, document: u32) -> Places<'_> {
        let of = &self.documents[document as usize];
        let left = self.paragraphs(document).len();
        let bytes = if document < self.archived.documents() {
            self.told(document).map_or(&[][..], |told| &told.places)
        } else {
            &self.places[of.places as usize..]
        };
        Places::new(bytes, left)
    }

    /// What is told of a document of an index.
    fn told(&self, document: u32) -> Option<&Strings> {
        let told = self.archived.told.get(&document);
        debug_assert!(told.is_some(), "document {document} of an index is told of, and was not read");
        told
    }

    /// Where one can start in a document of an index, if it is long.
    fn marks(&self, document: u32) -> &[Mark] {
        let is_archived = document < self.archived.documents();
        let locator = is_archived.then(|| &self.documents[document as usize].locator);
        locator.map_or(&[], |locator| self.texts.marks(locator))
    }

    /// What of a document that came before has its tokens from `first` to `behind`; `None` where it can only be read from its
    /// start.
    pub(crate) fn around(&self, document: u32, tokens: [u32; 2]) -> Option<Around> {
        let marks = self.marks(document);
        if !marks.is_empty() {
            return Some(Around::marks(marks, tokens));
        }
        if self.documents[document as usize].locator.text_length as usize <= MARKED {
            return None;
        }
        let starts = self.archived.starts_of(document);
        (!starts.is_empty()).then(|| Around::starts(starts, tokens))
    }

    /// Whether parts of a document's text can be read for themselves by their bytes in it.
    pub(crate) fn is_in_index(&self, document: u32) -> bool {
        self.texts.is_in_index(&self.documents[document as usize].locator)
    }

    /// Reads some bytes of a document's text again, as far as it goes.
    pub(crate) fn text_part(&self, document: u32, part: std::ops::Range<u32>) -> Result<String> {
        self.texts.read_part(&self.documents[document as usize].locator, part)
    }

    /// A document of an index that is so long that its paragraphs are better read one by one.
    pub(crate) fn long_text(&self, document: u32) -> Result<Option<LongText<'_>>> {
        let length = self.documents[document as usize].locator.text_length;
        if length < LONG || self.marks(document).is_empty() {
            return Ok(None);
        }
        let (bytes, left) = self.texts.places_in_index(&self.documents[document as usize].locator)?;
        let places = Places::new(&bytes, left);
        let places = places.map(|span| [span.bytes.start as u32, span.bytes.end as u32]).collect();
        Ok(Some(LongText { corpus: self, document, places }))
    }

    /// Reads a document's text again.
    pub(crate) fn text(&self, document: u32) -> Result<String> {
        self.texts.read(&self.documents[document as usize].locator)
    }
}

/// Bytes of a text of which it is cheaper to read where its paragraphs are, and then these, than all.
const LONG: u32 = 128 << 10;

/// A long text of an index, and where the paragraphs in it are.
pub(crate) struct LongText<'a> {
    corpus: &'a Corpus,
    document: u32,
    places: Vec<[u32; 2]>,
}

impl LongText<'_> {
    /// Reads one of its paragraphs.
    pub(crate) fn paragraph(&self, number: u32) -> Result<String> {
        let [start, end] = self.places.get(number as usize).copied().unwrap_or_default();
        self.corpus.text_part(self.document, start..end)
    }
}

/// The units that share a bucket with another, for [`crate::resolve`].
pub(crate) fn link(corpus: &mut Corpus, bands: usize, keep_keys: bool) -> PerUnit<Buckets> {
    let link = |units: &mut Units| {
        let buckets = Buckets::new(&units.keys, bands);
        if !keep_keys {
            units.keys = Vec::new();
        }
        buckets
    };
    let PerUnit { documents, paragraphs } = corpus.units.each_mut();
    let (documents, paragraphs) = rayon::join(|| link(documents), || link(paragraphs));
    PerUnit { documents, paragraphs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_before_those_that_mean_something_else() {
        let last = u64::from(IS_SHORT) - 1;
        assert!(
            check_numbers(last, 0, "documents").is_ok() && check_numbers(7, last - 7, "documents").is_ok()
        );
        let error = check_numbers(7, last - 6, "paragraphs").err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("more than 4294967294 paragraphs")));
    }
}

//! What an index keeps of one batch, or of several merged: its documents, the keys by which they are found,
//! and the matches of its copies. All numbers are those of the whole index: documents and paragraphs are
//! numbered through all batches; only a batch that is undone leaves its numbers to the next.

pub(crate) mod gather;
pub(crate) mod gone;
mod merge;
mod records;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::index::pages::{CARRIED, FileEntry, Forward, PageWriter, Pages, Purpose, Section};
use crate::index::rows::{self, Row};
use crate::index::segment::gone::GoneRow;
use crate::index::sketches::{self, Sketch, Sketches};
use crate::index::store::Store;
use crate::index::table::{self, Entry, Key, Run, Runs, SECTIONS, Table};
use crate::index::texts::{BlockWriter, read_block};

pub(crate) use merge::{Ends, Rewrite, merge};
use records::{COPY, DOCUMENT};
pub(crate) use records::{CopyRow, DocumentRow};

use crate::band::KEY_BITS as BAND_BITS;
use crate::passage::windows::WINDOW_BITS;
use crate::passage::winnow::SEED_BITS;
use crate::unit::{PerUnit, UnitKind};

/// Bytes of strings that are compressed together.
const STRINGS_TOGETHER: usize = 16 << 10;

/// Bits of a key that tell it from all others: of exact keys, which are looked up unseen, more than of keys
/// that only bring candidates. [`crate::band`] and [`crate::passage::winnow`] cut those to as many from the
/// start, so that a run without an index takes the same keys for equal.
pub(crate) const EXACT_BITS: u32 = 80;

/// Bits of an exact key before version 3.
const V2_EXACT_BITS: u32 = 96;

/// Bits of band keys and of seeds before version 6.
const V5_BITS: [u32; 2] = [36, 40];

/// The sections.
mod section {
    use crate::unit::PerUnit;

    pub(super) const SOURCES: usize = 0;
    pub(super) const STRINGS: usize = 1;
    pub(super) const DOCUMENTS: usize = 2;
    pub(super) const FIRST_PARAGRAPHS: usize = 3;
    pub(super) const COPIES: PerUnit<usize> = PerUnit { documents: 4, paragraphs: 5 };
    pub(super) const ROWS: usize = 6;
    pub(super) const TABLES: usize = 7;
    pub(super) const MARKS: usize = 27;
    pub(super) const SKETCHES: [usize; 2] = [28, 29];
    pub(super) const WINDOWS: usize = 30;

    /// The tables from [`TABLES`] on.
    pub(super) const EXACT: PerUnit<usize> = PerUnit { documents: 0, paragraphs: 1 };
    pub(super) const BANDS: PerUnit<usize> = PerUnit { documents: 2, paragraphs: 3 };
    pub(super) const SEEDS: usize = 4;

    /// Sections of version 1, where the strings came after what names them.
    pub(super) const V1_DOCUMENTS: usize = 1;
    pub(super) const V1_FIRST_PARAGRAPHS: usize = 2;
    pub(super) const V1_STRINGS: usize = 3;
}

/// What a segment covers; stands in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentEntry {
    pub(crate) file: FileEntry,
    /// its documents: first, and the one past the last
    pub(crate) documents: [u32; 2],
    /// its paragraphs
    pub(crate) paragraphs: [u32; 2],
    /// its sources
    pub(crate) sources: [u32; 2],
}

/// The keys of a batch, each sorted. Of the numbers beside the keys: the unit, and for exact keys 0 for an
/// original, else 1 + the index of its copy row; the document of a seed or window, and the token at which it starts.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) exact: PerUnit<Vec<Entry<u128>>>,
    pub(crate) bands: PerUnit<Vec<Entry<u64>>>,
    pub(crate) seeds: Vec<Entry<u64>>,
    pub(crate) windows: Vec<Entry<u64>>,
}

/// Entries of a table that are made as they are written.
pub(crate) struct Ordered<'a, K> {
    /// at least how many they are
    pub(crate) most: u64,
    /// makes them, piece by piece in the order of their keys
    pub(crate) pieces: EachPiece<'a, K>,
}

/// Calls back with each piece of a table, ready to be written.
type EachPiece<'a, K> = Box<dyn Fn(&Runs<K>, &mut dyn FnMut(Vec<Run>) -> Result<()>) -> Result<()> + 'a>;

/// The keys of a batch of which there may be too many to hold another copy of them; see [`Keys`].
pub(crate) struct Made<'a> {
    pub(crate) exact: PerUnit<Ordered<'a, u128>>,
    pub(crate) bands: PerUnit<Ordered<'a, u64>>,
}

/// Calls back with each match, by the copy's place.
pub(crate) type EachRow<'a> = Box<dyn Fn(&mut dyn FnMut(&Row) -> Result<()>) -> Result<()> + 'a>;

/// What a batch brings to an index.
#[derive(Default)]
pub(crate) struct Content<'a> {
    pub(crate) sources: Vec<String>,
    /// where their strings are, as if these were in no blocks
    pub(crate) documents: Vec<DocumentRow>,
    pub(crate) strings: Vec<u8>,
    pub(crate) copies: PerUnit<Vec<CopyRow>>,
    /// the matches; they are many, so they are made as they are written
    pub(crate) rows: Option<EachRow<'a>>,
    pub(crate) keys: Keys,
    /// where in long texts one can start to read, in order
    pub(crate) marks: Vec<Mark>,
    /// its paragraphs: the first, and the one past the last
    pub(crate) paragraphs: [u32; 2],
    /// sketches of its originals among paragraphs, in order
    pub(crate) sketches: Vec<(u32, Sketch)>,
    /// what is told of documents that left, in order
    pub(crate) gone: Vec<GoneRow>,
    /// in place of the exact keys and band keys in `keys`
    pub(crate) made: Option<Made<'a>>,
}

/// A place in a long text where a paragraph starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) document: u32,
    /// the first token from there on
    pub(crate) token: u32,
    pub(crate) byte: u32,
}

/// Bytes of a mark.
const MARK: usize = 12;

fn write_marks<'m>(to: &mut PageWriter, marks: impl Iterator<Item = &'m Mark>) -> Result<()> {
    let start = to.position();
    for Mark { document, token, byte } in marks {
        for number in [document, token, byte] {
            to.append(&number.to_le_bytes())?;
        }
    }
    to.end_section(start);
    Ok(())
}

fn read_marks(pages: &Pages) -> Result<Vec<Mark>> {
    let [start, end] = pages.section(section::MARKS)?;
    let raw = pages.read(start, end - start)?;
    let marks = raw.chunks_exact(MARK).map(|bytes| {
        let number = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|b| bytes[4 * i + b]));
        Mark { document: number(0), token: number(1), byte: number(2) }
    });
    let marks: Vec<Mark> = marks.collect();
    if !marks.is_sorted() {
        return Err(pages.wrong(start, "marks that are out of order"));
    }
    Ok(marks)
}

/// Writes a segment.
pub(crate) fn write(
    store: &dyn Store,
    name: &str,
    identity: u64,
    content: &Content<'_>,
) -> Result<FileEntry> {
    let mut to = PageWriter::create(store, name, identity, Purpose::Segment)?;
    write_sources(&mut to, content.sources.iter().map(String::as_str))?;
    let mut strings = StringsWriter::new(&to);
    // of each document the block of its strings, and where they are in it
    let mut places = Vec::with_capacity(content.documents.len());
    for mut document in content.documents.iter().copied() {
        let at = document.strings as usize;
        let length = document.id_length as usize + document.places_length as usize;
        let bytes = content.strings.get(at..at + length).unwrap_or_default();
        strings.append(&mut to, &mut document, bytes)?;
        places.push((document.strings, document.strings_at));
    }
    strings.finish(&mut to)?;
    let placed = content.documents.iter().zip(places);
    let placed =
        placed.map(|(document, (strings, strings_at))| DocumentRow { strings, strings_at, ..*document });
    write_documents(&mut to, placed)?;
    for copies in content.copies.values() {
        write_copies(&mut to, copies)?;
    }
    rows::write(&mut to, |tell| content.rows.as_ref().map_or(Ok(()), |each_row| each_row(tell)))?;
    let Keys { exact, bands, seeds, windows } = &content.keys;
    let made = content.made.as_ref();
    for (kind, held) in exact.iter() {
        write_keys(&mut to, EXACT_BITS, held, made.map(|made| &made.exact[kind]))?;
    }
    for (kind, held) in bands.iter() {
        write_keys(&mut to, BAND_BITS, held, made.map(|made| &made.bands[kind]))?;
    }
    write_keys(&mut to, SEED_BITS, seeds, None)?;
    write_marks(&mut to, content.marks.iter())?;
    sketches::write(&mut to, content.paragraphs, |tell| {
        content.sketches.iter().try_for_each(|&(paragraph, sketch)| tell(paragraph, sketch))
    })?;
    write_keys(&mut to, WINDOW_BITS, windows, None)?;
    gone::write(&mut to, &content.gone)?;
    to.finish()
}

fn write_sources<'n>(to: &mut PageWriter, names: impl Iterator<Item = &'n str>) -> Result<()> {
    let start = to.position();
    for name in names {
        to.append(&(name.len() as u32).to_le_bytes())?;
        to.append(name.as_bytes())?;
    }
    to.end_section(start);
    Ok(())
}

fn read_sources(pages: &Pages, entry: &SegmentEntry) -> Result<Vec<String>> {
    let [start, end] = pages.section(section::SOURCES)?;
    let raw = pages.read(start, end - start)?;
    let mut rest = &raw[..];
    let mut names = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let name = behind.get(..length).and_then(|name| std::str::from_utf8(name).ok());
        names.push(name.ok_or_else(|| pages.wrong(start, "no list of sources"))?.to_owned());
        rest = &behind[length..];
    }
    if names.len() as u64 != u64::from(entry.sources[1].saturating_sub(entry.sources[0])) {
        return Err(pages.wrong(start, "another number of sources than the manifest says"));
    }
    Ok(names)
}

/// Writes the keys that are held, or else those that are made.
fn write_keys<K: Key>(
    to: &mut PageWriter,
    bits: u32,
    held: &[Entry<K>],
    made: Option<&Ordered<'_, K>>,
) -> Result<()> {
    match made {
        Some(made) => table::write_runs(to, (bits, made.most), &made.pieces),
        None => table::write(to, (bits, held.len() as u64), held.iter().map(|entry| Ok(*entry))),
    }
}

/// Writes the strings of documents, some together in a block.
struct StringsWriter {
    start: u64,
    blocks: BlockWriter,
}

impl StringsWriter {
    fn new(to: &PageWriter) -> Self {
        StringsWriter { start: to.position(), blocks: BlockWriter::new(STRINGS_TOGETHER) }
    }

    /// Appends the strings of a document, which tells where they are from then on.
    fn append(&mut self, to: &mut PageWriter, document: &mut DocumentRow, bytes: &[u8]) -> Result<()> {
        let (block, at) = self.blocks.append(to, bytes)?;
        (document.strings, document.strings_at) = (block - self.start, at);
        Ok(())
    }

    fn finish(mut self, to: &mut PageWriter) -> Result<()> {
        self.blocks.end_block(to)?;
        to.end_section(self.start);
        Ok(())
    }
}

fn write_documents(to: &mut PageWriter, documents: impl Iterator<Item = DocumentRow>) -> Result<()> {
    let mut bytes = Vec::with_capacity(DOCUMENT);
    let mut first_paragraphs = Vec::with_capacity(documents.size_hint().0);
    let start = to.position();
    for document in documents {
        bytes.clear();
        document.encode(&mut bytes);
        to.append(&bytes)?;
        first_paragraphs.push(document.first_paragraph);
    }
    to.end_section(start);
    let start = to.position();
    for paragraph in first_paragraphs {
        to.append(&paragraph.to_le_bytes())?;
    }
    to.end_section(start);
    Ok(())
}

fn write_copies(to: &mut PageWriter, copies: &[CopyRow]) -> Result<()> {
    let start = to.position();
    append_copies(to, copies)?;
    to.end_section(start);
    Ok(())
}

fn append_copies(to: &mut PageWriter, copies: &[CopyRow]) -> Result<()> {
    let mut bytes = Vec::with_capacity(COPY);
    copies.iter().try_for_each(|copy| {
        bytes.clear();
        copy.encode(&mut bytes);
        to.append(&bytes)
    })
}

/// A segment on disk.
pub(crate) struct Segment {
    pub(crate) entry: SegmentEntry,
    pub(crate) pages: Pages,
    pub(crate) exact: PerUnit<Table>,
    pub(crate) bands: PerUnit<Table>,
    pub(crate) seeds: Table,
    /// since version 4
    pub(crate) windows: Option<Table>,
    records: Section,
    strings: Section,
    first_paragraphs: Vec<u32>,
    sources: Vec<String>,
    marks: Vec<Mark>,
    /// since version 3
    sketches: Option<Sketches>,
    /// since version 4
    pub(crate) gone: Vec<GoneRow>,
}

impl Segment {
    pub(crate) fn open(store: &dyn Store, entry: &SegmentEntry) -> Result<Self> {
        let pages = Pages::open(store, &entry.file, Purpose::Segment)?;
        let table =
            |number: usize, bits: [u32; 2]| Table::open(&pages, section::TABLES + number * SECTIONS, bits);
        let exact_bits = if pages.version() < 3 { V2_EXACT_BITS } else { EXACT_BITS };
        let exact = PerUnit::try_from_fn(|kind| table(section::EXACT[kind], [exact_bits; 2]))?;
        let [band_bits, seed_bits] = if pages.version() < 6 { V5_BITS } else { [BAND_BITS, SEED_BITS] };
        let bands = PerUnit::try_from_fn(|kind| table(section::BANDS[kind], [band_bits, BAND_BITS]))?;
        let seeds = table(section::SEEDS, [seed_bits, SEED_BITS])?;
        let has_windows = pages.version() >= 4;
        let windows =
            has_windows.then(|| Table::open(&pages, section::WINDOWS, [WINDOW_BITS; 2])).transpose()?;
        let documents = u64::from(entry.documents[1].saturating_sub(entry.documents[0]));
        let parts = match pages.version() {
            1 => [section::V1_DOCUMENTS, section::V1_FIRST_PARAGRAPHS, section::V1_STRINGS],
            _ => [section::DOCUMENTS, section::FIRST_PARAGRAPHS, section::STRINGS],
        };
        let [records, [start, end], strings] =
            [pages.section(parts[0])?, pages.section(parts[1])?, pages.section(parts[2])?];
        if end - start != 4 * documents || records[1] - records[0] != DOCUMENT as u64 * documents {
            return Err(pages.wrong(start, "another number of documents than the manifest says"));
        }
        let raw = pages.read(start, end - start)?;
        let first_paragraphs: Vec<u32> =
            raw.chunks_exact(4).filter_map(|b| Some(u32::from_le_bytes(b.try_into().ok()?))).collect();
        let sources = read_sources(&pages, entry)?;
        let (mut marks, mut sketches) = (Vec::new(), None);
        if pages.version() >= 3 {
            marks = read_marks(&pages)?;
            let paragraphs = entry.paragraphs[1].saturating_sub(entry.paragraphs[0]);
            sketches = Some(Sketches::open(&pages, section::SKETCHES, paragraphs)?);
        }
        let gone = gone::read(&pages)?;
        Ok(Segment {
            entry: entry.clone(),
            pages,
            exact,
            bands,
            seeds,
            windows,
            records,
            strings,
            first_paragraphs,
            sources,
            marks,
            sketches,
            gone,
        })
    }

    /// About how many bytes it holds while it is open.
    pub(crate) fn size(&self) -> u64 {
        let tables = self.exact.values().chain(self.bands.values()).chain([&self.seeds]).chain(&self.windows);
        let names: usize = self.sources.iter().map(|name| name.len() + size_of::<String>()).sum();
        let gone = size_of_val(&self.gone[..]);
        let beside = size_of_val(&self.first_paragraphs[..]) + size_of_val(&self.marks[..]) + gone + names;
        tables.map(Table::size).sum::<u64>() + beside as u64
    }

    /// Whether a document is one of this segment.
    pub(crate) fn holds(&self, document: u32) -> bool {
        (self.entry.documents[0]..self.entry.documents[1]).contains(&document)
    }

    /// Its documents or paragraphs.
    pub(crate) fn units(&self, kind: UnitKind) -> Range<u32> {
        let [start, end] = match kind {
            UnitKind::Document => self.entry.documents,
            UnitKind::Paragraph => self.entry.paragraphs,
        };
        start..end
    }

    /// The document that a unit is, or in which it stands.
    #[inline]
    pub(crate) fn document_with(&self, kind: UnitKind, unit: u32) -> u32 {
        match kind {
            UnitKind::Document => unit,
            UnitKind::Paragraph => self.document_of(unit),
        }
    }

    /// The document in which a paragraph stands.
    pub(crate) fn document_of(&self, paragraph: u32) -> u32 {
        // documents without a paragraph start where the next one does, and come before it
        let behind = self.first_paragraphs.partition_point(|first| *first <= paragraph) as u32;
        self.entry.documents[0] + behind.saturating_sub(1)
    }

    pub(crate) fn source(&self, source: u32) -> Option<&str> {
        self.sources.get(source.checked_sub(self.entry.sources[0])? as usize).map(String::as_str)
    }

    /// Where one can start to read in a document, in order.
    pub(crate) fn marks(&self, document: u32) -> &[Mark] {
        let start = self.marks.partition_point(|mark| mark.document < document);
        let own = self.marks[start..].iter().take_while(|mark| mark.document == document);
        &self.marks[start..start + own.count()]
    }

    /// The sketches of paragraphs, counted from its first and ascending.
    pub(crate) fn sketches(&self, paragraphs: impl Iterator<Item = u32>) -> Result<Vec<Sketch>> {
        match &self.sketches {
            Some(sketches) => sketches.find(&self.pages, paragraphs),
            None => Ok(paragraphs.map(|_| Sketch::default()).collect()),
        }
    }

    fn each_sketch(&self, tell: &mut dyn FnMut(u32, Sketch) -> Result<()>) -> Result<()> {
        let first = self.entry.paragraphs[0];
        self.sketches
            .as_ref()
            .map_or(Ok(()), |sketches| sketches.each(&self.pages, &mut |at, sketch| tell(first + at, sketch)))
    }

    /// Bytes of its parts; those of texts and of the whole file are known elsewhere.
    pub(crate) fn bytes(&self) -> Result<crate::index::stats::Bytes> {
        let length = |number: usize| self.pages.section(number).map(|[start, end]| end - start);
        let table = |first: usize| -> Result<u64> { (first..first + SECTIONS).map(length).sum() };
        let numbered = |number: usize| table(section::TABLES + number * SECTIONS);
        let tables =
            |numbers: PerUnit<usize>| -> Result<u64> { numbers.values().copied().map(numbered).sum() };
        Ok(crate::index::stats::Bytes {
            documents: (section::SOURCES..=section::FIRST_PARAGRAPHS).map(length).sum::<Result<u64>>()?
                + (self.marks.len() * MARK) as u64
                + gone::bytes(&self.gone),
            exact: tables(section::EXACT)?
                + section::COPIES.values().copied().map(length).sum::<Result<u64>>()?,
            bands: tables(section::BANDS)? + self.sketches.as_ref().map_or(0, Sketches::bytes),
            seeds: numbered(section::SEEDS)?
                + self.windows.as_ref().map_or(Ok(0), |_| table(section::WINDOWS))?,
            matches: length(section::ROWS)?,
            ..Default::default()
        })
    }

    /// A document of this segment.
    pub(crate) fn document(&self, document: u32) -> Result<DocumentRow> {
        let start = self.records[0];
        let at = start + u64::from(document - self.entry.documents[0]) * DOCUMENT as u64;
        let bytes = self.pages.read(at, DOCUMENT as u64)?;
        self.decode(&bytes, at)
    }

    /// A document at a byte of the file: where its paragraphs are is borne out by what stands beside.
    fn decode(&self, bytes: &[u8], at: u64) -> Result<DocumentRow> {
        let number = ((at - self.records[0]) / DOCUMENT as u64) as usize;
        let [first, next] = [number, number + 1].map(|number| self.first_paragraphs.get(number).copied());
        let end = next.unwrap_or(self.entry.paragraphs[1]);
        let is_sound = |row: &DocumentRow| {
            Some(row.first_paragraph) == first
                && row.first_paragraph.checked_add(row.paragraphs).is_some_and(|behind| behind <= end)
        };
        DocumentRow::decode(bytes).filter(is_sound).ok_or_else(|| self.pages.wrong(at, "no document"))
    }

    /// Documents of this segment that come in ascending order.
    pub(crate) fn document_rows<'a>(
        &'a self,
        documents: impl Iterator<Item = u32> + 'a,
    ) -> impl Iterator<Item = Result<DocumentRow>> + 'a {
        let mut pages = Forward::new(&self.pages);
        let limit = self.records[1].div_ceil(CARRIED as u64);
        documents.map(move |document| {
            let at = self.records[0] + u64::from(document - self.entry.documents[0]) * DOCUMENT as u64;
            let mut bytes = [0; DOCUMENT];
            pages.fill(at, limit, &mut bytes)?;
            self.decode(&bytes, at)
        })
    }

    /// All of them, with their numbers, one after the other: they may be many.
    pub(crate) fn documents(&self) -> impl Iterator<Item = Result<(u32, DocumentRow)>> + '_ {
        let rows = self.document_rows(documents_of(&self.entry));
        documents_of(&self.entry).zip(rows).map(|(number, row)| Ok((number, row?)))
    }

    /// The id of a document, as JSON, and the places of its paragraphs.
    pub(crate) fn strings(&self, document: &DocumentRow) -> Result<(String, Vec<u8>)> {
        self.next_strings(document, &mut Held::default())
    }

    /// The id of a document, as JSON, and the places of its paragraphs, for documents one after the other: the block is held
    /// for the next one.
    pub(crate) fn next_strings(&self, document: &DocumentRow, held: &mut Held) -> Result<(String, Vec<u8>)> {
        let mut id = self.string_bytes(document, held)?;
        let places = id.split_off(document.id_length as usize);
        let id =
            String::from_utf8(id).map_err(|_| self.pages.wrong(self.strings[0], "an id that is no text"))?;
        Ok((id, places))
    }

    /// Both as they stand there. The block is held for the next one.
    fn string_bytes(&self, document: &DocumentRow, held: &mut Held) -> Result<Vec<u8>> {
        let at = self.strings[0].saturating_add(document.strings);
        let length = u64::from(document.id_length) + u64::from(document.places_length);
        if self.pages.version() == 1 {
            return self.pages.read(at, length);
        }
        if length == 0 {
            return Ok(Vec::new());
        }
        if held.at != Some(at) {
            *held = Held { at: Some(at), block: read_block(&self.pages, at)?.0 };
        }
        let start = document.strings_at as usize;
        let bytes = held.block.get(start..start.saturating_add(length as usize));
        bytes.map(<[u8]>::to_vec).ok_or_else(|| self.pages.wrong(at, "no strings of a document"))
    }

    /// The copy row of this index.
    pub(crate) fn copy(&self, kind: UnitKind, index: u32) -> Result<CopyRow> {
        let [start, end] = self.pages.section(section::COPIES[kind])?;
        let at = start + u64::from(index) * COPY as u64;
        let wrong = || self.pages.wrong(start, "no record of a copy");
        if at + COPY as u64 > end {
            return Err(wrong());
        }
        CopyRow::decode(&self.pages.read(at, COPY as u64)?).ok_or_else(wrong)
    }

    fn copies(&self, kind: UnitKind) -> Result<Vec<CopyRow>> {
        let [start, end] = self.pages.section(section::COPIES[kind])?;
        let bytes = self.pages.read(start, end - start)?;
        let wrong = || self.pages.wrong(start, "no record of a copy");
        bytes.chunks_exact(COPY).map(|bytes| CopyRow::decode(bytes).ok_or_else(wrong)).collect()
    }

    /// The matches of all copies, in order.
    pub(crate) fn rows(&self, mut tell: impl FnMut(Row) -> Result<()>) -> Result<()> {
        let [mut at, end] = self.pages.section(section::ROWS)?;
        while at < end {
            at = rows::read(&self.pages, at, &mut tell)?;
        }
        Ok(())
    }

    /// Checks all pages, and that everything named is there; not what seeds and matches say of texts.
    pub(crate) fn verify(&self) -> Result<()> {
        self.pages.verify()?;
        for (kind, table) in self.exact.iter() {
            table.verify::<u128>(&self.pages)?;
            let copies = self.copies(kind)?;
            for entry in table.entries::<u128>(&self.pages) {
                let [unit, copy] = entry?.numbers;
                self.check_unit(kind, unit)?;
                // rows that no key names are of units that were undone
                let Some(row) = copy.checked_sub(1) else { continue };
                let found = "an exact key of a copy that is not there";
                let row = copies.get(row as usize).ok_or_else(|| self.pages.wrong(0, found))?;
                self.check_original(kind, row.original, "a copy of what is not there")?;
            }
        }
        for (kind, table) in self.bands.iter() {
            table.verify::<u64>(&self.pages)?;
            table
                .entries::<u64>(&self.pages)
                .try_for_each(|entry| self.check_unit(kind, entry?.numbers[0]))?;
        }
        for table in [&self.seeds].into_iter().chain(&self.windows) {
            table.verify::<u64>(&self.pages)?;
            table.entries::<u64>(&self.pages).try_for_each(|entry| self.check_document(entry?.numbers[0]))?;
        }
        let check_original =
            |original: u32, found: &str| self.check_original(UnitKind::Document, original, found);
        let mut held = Held::default();
        for document in self.documents() {
            let (_, document) = document?;
            self.string_bytes(&document, &mut held)?;
            if self.source(document.source).is_none() {
                return Err(self.pages.wrong(0, "a document of a source that is not there"));
            }
            if let Some((original, _)) = document.whole {
                check_original(original, "a document that repeats one that is not there")?;
            }
        }
        for mark in &self.marks {
            self.check_document(mark.document)?;
        }
        self.each_sketch(&mut |paragraph, _| self.check_unit(UnitKind::Paragraph, paragraph))?;
        for row in &self.gone {
            self.check_document(row.came())?;
            check_original(row.document, "what is told of a document that is not there")?;
            check_original(row.original(), "a document contained in one that is not there")?;
        }
        self.rows(|row| {
            self.check_document(row.copy)?;
            check_original(row.original, "a match with a document that is not there")
        })
    }

    /// An original stands in the segment or before it.
    fn check_original(&self, kind: UnitKind, original: u32, found: &str) -> Result<()> {
        if original < self.units(kind).end { Ok(()) } else { Err(self.pages.wrong(0, found)) }
    }

    fn check_unit(&self, kind: UnitKind, unit: u32) -> Result<()> {
        let found = "a key of a unit that is not of this segment";
        if self.units(kind).contains(&unit) { Ok(()) } else { Err(self.pages.wrong(0, found)) }
    }

    fn check_document(&self, document: u32) -> Result<()> {
        self.check_unit(UnitKind::Document, document)
    }
}

/// A block of strings.
#[derive(Default)]
pub(crate) struct Held {
    at: Option<u64>,
    block: Vec<u8>,
}

/// The documents of a segment as a range.
pub(crate) fn documents_of(entry: &SegmentEntry) -> Range<u32> {
    entry.documents[0]..entry.documents[1]
}

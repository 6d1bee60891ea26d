//! The slow twin of an index: plain lists, changed in the same way and asked the same questions.

use std::collections::BTreeSet;
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::Numbers;
use crate::error::{Error, Result};
use crate::index::rows::{Row, Told};
use crate::index::segment::gather::Gathered;
use crate::index::segment::gone::{self, GoneRow, GoneTold};
use crate::index::segment::{Content, CopyRow, DocumentRow, EachRow, Mark};
use crate::index::sketches::Sketch;
use crate::index::store::Scratch;
use crate::index::table::Entry;
use crate::index::{Base, Batch, Index, Known, SeedPlace, Writer};
use crate::params::Params;
use crate::passage::Contained;
use crate::unit::{PerUnit, UnitKind};
use crate::verify::Overlap;

/// Different keys of each kind. Few, so that most are met more than once.
const KEYS: u64 = 24;

/// Seeds of a hash, so that the kinds of keys differ.
fn wide(number: u64) -> u128 {
    xxh3_128(&number.to_le_bytes())
}

fn narrow(number: u64) -> u64 {
    xxh3_64(&number.to_le_bytes())
}

/// The band that a key is of.
const BANDS: usize = 3;

fn band(number: u64) -> usize {
    number as usize % BANDS
}

/// A unit's sketch: of one shingle, so that all differ.
fn sketch(unit: &Unit) -> Sketch {
    Sketch::new(&[unit.exact])
}

/// A unit with its keys.
#[derive(Debug, Clone)]
struct Unit {
    exact: u64,
    copy: Option<(u32, Overlap)>,
    bands: Vec<u64>,
}

#[derive(Debug, Clone)]
struct Document {
    text: Option<Arc<str>>,
    id: String,
    places: Vec<u8>,
    source: u32,
    record: u32,
    first_paragraph: u32,
    unit: Unit,
    paragraphs: Vec<Unit>,
    seeds: Vec<(u64, u32)>,
    windows: Vec<(u64, u32)>,
    whole: Option<(u32, u32)>,
    rows: Vec<(u32, String)>,
    /// what it brings of itself, or of an earlier one, that left
    gone: Vec<GoneRow>,
}

impl Document {
    /// Itself, which has this number, and its paragraphs, with theirs.
    fn units(&self, number: u32) -> impl Iterator<Item = (UnitKind, u32, &Unit)> {
        let paragraphs = (self.first_paragraph..).zip(&self.paragraphs);
        let paragraphs = paragraphs.map(|(number, unit)| (UnitKind::Paragraph, number, unit));
        std::iter::once((UnitKind::Document, number, &self.unit)).chain(paragraphs)
    }
}

/// A batch to come.
#[derive(Debug, Clone)]
pub(super) struct Night {
    digest: u128,
    sources: Vec<String>,
    documents: Vec<Document>,
}

/// A change of an index.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Add(Night),
    /// documents whose id hashes to this remainder by 7
    ForgetIds(u64),
    ForgetSource(String),
    Rollback,
    Compact,
}

fn is_meant(change: &Change, id: &str, source: &str) -> bool {
    match change {
        Change::ForgetIds(remainder) => xxh3_64(id.as_bytes()) % 7 == *remainder,
        Change::ForgetSource(name) => name == source,
        _ => false,
    }
}

#[derive(Debug, Clone)]
struct Added {
    digest: u128,
    documents: usize,
    paragraphs: usize,
    sources: usize,
}

/// What an index holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Plain {
    pub(super) generation: u64,
    /// whether documents may leave, being contained: before version 4 none did
    leaves: bool,
    sources: Vec<String>,
    documents: Vec<Document>,
    /// the document of each paragraph
    paragraphs: Vec<u32>,
    /// the ends of the batches
    batches: Vec<Added>,
    forgotten: BTreeSet<u32>,
}

impl Plain {
    /// Of which documents may leave, being contained.
    pub(super) fn leaving() -> Self {
        Plain { leaves: true, ..Plain::default() }
    }

    /// Whether the next document, or an earlier one that it equals, is one that left.
    fn gone(&self, document: u32, unit: &Unit, numbers: &mut Numbers) -> Vec<GoneRow> {
        let overlap = Overlap { shared: numbers.below(50) as u32, sizes: [50, 60] };
        let told = match unit.copy {
            None if document > 0 && numbers.below(3) == 0 => {
                let original = numbers.below(document.into()) as u32;
                let [original_tokens, original_bytes] = [[3, 9 + document], [20, 60]];
                let tokens = original_tokens[1];
                let contained = Contained {
                    copy: document,
                    paragraph: None,
                    tokens,
                    original,
                    original_tokens,
                    original_bytes,
                    overlap,
                };
                Some(GoneRow { document, told: GoneTold::Contained(contained) })
            }
            Some((original, overlap)) if !self.documents.is_empty() => {
                let of = numbers.below(self.documents.len() as u64) as usize;
                let copy = CopyRow { unit: document, original, overlap };
                let row = GoneRow { document: of as u32, told: GoneTold::Copy(copy) };
                (!self.documents[of].gone.is_empty() && self.documents[of].unit.copy.is_none()).then_some(row)
            }
            _ => None,
        };
        told.filter(|_| self.leaves).into_iter().collect()
    }

    /// A batch that could come next, of up to `most` documents.
    pub(super) fn night(&self, numbers: &mut Numbers, most: u64) -> Night {
        let digest = u128::from(numbers.next()) << 64 | u128::from(numbers.next());
        let count = numbers.below(most + 1);
        let source_count = 1 + numbers.below(2) as usize;
        let sources = (0..source_count).map(|i| format!("night {:04x} {i}.jsonl", digest as u16)).collect();
        let mut documents = Vec::new();
        let mut paragraph = self.paragraphs.len() as u32;
        for record in 0..count as u32 {
            let document = self.documents.len() as u32 + record;
            let length = if numbers.below(40) == 0 { 40_000 } else { 2 + numbers.below(60) };
            let text: String = (0..length).map(|_| format!("{:x} é", numbers.next() as u16)).collect();
            let first_paragraph = paragraph;
            let unit = unit(numbers, document);
            let paragraphs: Vec<Unit> = (0..numbers.below(4))
                .map(|_| {
                    paragraph += 1;
                    self::unit(numbers, paragraph - 1)
                })
                .collect();
            let mut seeds: Vec<(u64, u32)> =
                (0..numbers.below(5)).map(|at| (numbers.below(KEYS), 7 * at as u32)).collect();
            seeds.sort_unstable();
            // of a window the first place counts
            let mut windows: Vec<(u64, u32)> = seeds.iter().map(|(key, at)| (*key, at + 1)).collect();
            windows.dedup_by_key(|(key, _)| *key);
            let earlier =
                |numbers: &mut Numbers| (document > 0).then(|| numbers.below(document.into()) as u32);
            let whole = if numbers.below(4) == 0 { earlier(numbers).map(|of| (of, 9)) } else { None };
            let row = if numbers.below(3) == 0 { earlier(numbers) } else { None };
            let gone =
                self.gone(document, &unit, &mut Numbers::new(narrow(digest as u64) ^ u64::from(record)));
            documents.push(Document {
                text: (numbers.below(6) > 0).then(|| text.into()),
                id: if numbers.below(5) == 0 {
                    String::new()
                } else {
                    format!("\"{:04x}\"", numbers.next() as u16)
                },
                places: (0..numbers.below(4) as u8).collect(),
                source: (self.sources.len() + numbers.below(source_count as u64) as usize) as u32,
                record,
                first_paragraph,
                unit,
                paragraphs,
                seeds,
                windows,
                whole,
                rows: row
                    .map(|of| (of, format!("{{\"copy\":{document},\"of\":{of}}}\n")))
                    .into_iter()
                    .collect(),
                gone,
            });
        }
        Night { digest, sources, documents }
    }

    /// Any change, mostly a batch.
    pub(super) fn change(&self, numbers: &mut Numbers, most: u64) -> Change {
        match numbers.below(20) {
            0 | 1 => Change::Rollback,
            2 | 3 => Change::ForgetIds(numbers.below(7)),
            4 if !self.sources.is_empty() => {
                Change::ForgetSource(self.sources[numbers.below(self.sources.len() as u64) as usize].clone())
            }
            5 | 6 => Change::Compact,
            _ => Change::Add(self.night(numbers, most)),
        }
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Add(night) => {
                self.sources.extend(night.sources.iter().cloned());
                for document in &night.documents {
                    let number = self.documents.len() as u32;
                    self.paragraphs.extend(document.paragraphs.iter().map(|_| number));
                    self.documents.push(document.clone());
                }
                self.batches.push(Added {
                    digest: night.digest,
                    documents: self.documents.len(),
                    paragraphs: self.paragraphs.len(),
                    sources: self.sources.len(),
                });
            }
            Change::ForgetIds(_) | Change::ForgetSource(_) => {
                let meant: Vec<u32> = (0..self.documents.len() as u32)
                    .filter(|number| {
                        let document = &self.documents[*number as usize];
                        let source = &self.sources[document.source as usize];
                        !self.forgotten.contains(number) && is_meant(change, &document.id, source)
                    })
                    .collect();
                if meant.is_empty() {
                    return;
                }
                self.forgotten.extend(meant);
            }
            Change::Rollback => {
                if self.batches.pop().is_none() {
                    return;
                }
                let (documents, paragraphs, sources) =
                    self.batches.last().map_or((0, 0, 0), |end| (end.documents, end.paragraphs, end.sources));
                self.documents.truncate(documents);
                self.paragraphs.truncate(paragraphs);
                self.sources.truncate(sources);
                self.forgotten.retain(|document| (*document as usize) < documents);
            }
            Change::Compact if self.documents() == 0 => return,
            Change::Compact => {}
        }
        self.generation += 1;
    }

    /// What of it a reader sees that takes the index as it was when it held only so many documents.
    pub(super) fn answers(&self, before: u32) -> Answers {
        let is_kept = |document: u32| {
            document < before
                && (document as usize) < self.documents.len()
                && !self.forgotten.contains(&document)
        };
        let document_of = |kind: UnitKind, unit: u32| match kind {
            UnitKind::Document => Some(unit),
            UnitKind::Paragraph => self.paragraphs.get(unit as usize).copied(),
        };
        let is_kept_unit = |kind: UnitKind, unit: u32| document_of(kind, unit).is_some_and(is_kept);
        let mut answers = Answers { before, ..Answers::default() };
        for (number, document) in self.documents.iter().enumerate() {
            let number = number as u32;
            if !self.forgotten.contains(&number) {
                answers.documents.push((number, self.told(document)));
            }
            if !is_kept(number) {
                continue;
            }
            for (kind, unit, keys) in document.units(number) {
                if keys.copy.is_none_or(|(original, _)| is_kept_unit(kind, original)) {
                    let copy =
                        keys.copy.map(|(original, overlap)| Box::new(CopyRow { unit, original, overlap }));
                    let found = Known { unit, copy, contained: None };
                    let known = match kind {
                        UnitKind::Document => self.instead(found, is_kept),
                        UnitKind::Paragraph => Some(found),
                    };
                    answers.exact[kind].extend(known.map(|known| (keys.exact, known)));
                }
                answers.bands[kind].extend(keys.bands.iter().map(|key| (*key, unit)));
                if kind == UnitKind::Paragraph {
                    let of_original = if keys.copy.is_none() { sketch(keys) } else { Sketch::default() };
                    answers.sketches.push((unit, of_original));
                }
            }
            answers.windows.extend(document.windows.iter().map(|(key, at)| (*key, number, *at)));
            answers.seeds.extend(document.seeds.iter().map(|(key, at)| (*key, number, *at)));
        }
        for kind in UnitKind::ALL {
            answers.exact[kind].sort_by_key(|(key, known)| (*key, known.unit));
            answers.exact[kind].dedup_by_key(|(key, _)| *key);
            answers.bands[kind].sort_unstable();
        }
        answers.seeds.sort_unstable();
        answers.windows.sort_unstable();
        answers.windows.dedup_by_key(|(key, _, _)| *key);
        for (copy, document) in self.documents.iter().enumerate() {
            let kept = |number: u32| !self.forgotten.contains(&number);
            let rows = document.rows.iter().filter(|(original, _)| kept(copy as u32) && kept(*original));
            answers.lines.extend(rows.map(|(_, line)| line.clone()));
        }
        answers.batches = self.batches.iter().map(|batch| batch.digest).collect();
        answers.ends = [self.documents.len() as u32, self.paragraphs.len() as u32];
        answers
    }

    /// What is told in place of a document that was found, if it left.
    fn instead(&self, found: Known, is_kept: impl Fn(u32) -> bool) -> Option<Known> {
        let rows = self.documents.iter().flat_map(|document| &document.gone);
        let rows: Vec<&GoneRow> = rows.filter(|row| row.document == found.unit).collect();
        let told = rows.iter().rev().find_map(|row| match row.told {
            GoneTold::Contained(contained) => is_kept(contained.original)
                .then(|| Known { contained: Some(Box::new(contained)), ..found.clone() }),
            GoneTold::Copy(copy) => (is_kept(copy.unit) && is_kept(copy.original)).then(|| Known {
                unit: copy.unit,
                copy: Some(Box::new(copy)),
                contained: None,
            }),
        });
        if rows.is_empty() { Some(found) } else { told }
    }

    fn told(&self, document: &Document) -> String {
        let Document { text, id, places, record, first_paragraph, paragraphs, whole, .. } = document;
        let source = &self.sources[document.source as usize];
        let numbers = [*record, *first_paragraph, paragraphs.len() as u32, 3, 7];
        format!("{id} {source} {numbers:?} {places:?} {whole:?} {text:?}")
    }

    pub(super) fn documents(&self) -> u32 {
        self.documents.len() as u32
    }
}

fn unit(numbers: &mut Numbers, unit: u32) -> Unit {
    let is_copy = unit > 0 && numbers.below(3) == 0;
    let overlap = Overlap { shared: numbers.below(50) as u32, sizes: [50, numbers.below(90) as u32] };
    let copy = is_copy.then(|| (numbers.below(unit.into()) as u32, overlap));
    let bands = if is_copy { 0 } else { numbers.below(3) };
    let mut bands: Vec<u64> = (0..bands).map(|_| numbers.below(KEYS)).collect();
    bands.sort_unstable();
    bands.dedup();
    Unit { exact: numbers.below(KEYS), copy, bands }
}

/// Makes the same change on an index.
pub(super) fn apply(writer: &mut Writer, change: &Change) -> Result<()> {
    match change {
        Change::Add(night) => add(writer, night),
        Change::ForgetIds(_) | Change::ForgetSource(_) => {
            writer.forget(|id, source| is_meant(change, id, source)).map(|_| ())
        }
        Change::Rollback => writer.rollback().map(|_| ()),
        Change::Compact => writer.compact(),
    }
}

/// Every other night is brought in parts, a document each.
fn add(writer: &mut Writer, night: &Night) -> Result<()> {
    let mut addition = writer.begin(&Params::dedup(), night.digest)?;
    let Base { documents: first_document, paragraphs: first_paragraph, sources: first_source } =
        addition.base();
    let mut texts = Vec::new();
    for document in &night.documents {
        texts.push(document.text.as_deref().map(|text| addition.text(text)).transpose()?);
    }
    let paragraphs: usize = night.documents.iter().map(|document| document.paragraphs.len()).sum();
    let batch = Batch {
        digest: night.digest,
        first_document,
        end_document: first_document + night.documents.len() as u32,
        end_paragraph: first_paragraph + paragraphs as u32,
        end_source: first_source + night.sources.len() as u32,
        ..Batch::default()
    };
    let rows = rows(first_document, &night.documents);
    let each_row: EachRow<'_> = Box::new(|tell| rows.iter().try_for_each(tell));
    if night.digest % 2 == 1 && !night.documents.is_empty() {
        let scratch = in_parts(writer.index().map(|index| &**index), night, first_document)?;
        let parts = scratch.segments_from(first_document).collect();
        let gathered = Gathered { sources: night.sources.clone(), parts, texts, rows: each_row };
        return writer.commit_parts(addition, &gathered, batch);
    }
    let mut content = content(first_document, &night.documents);
    content.documents.iter_mut().zip(texts).for_each(|(document, text)| document.text = text);
    (content.sources, content.rows) = (night.sources.clone(), Some(each_row));
    writer.commit(addition, &content, batch)
}

/// An index after another with the keys of the documents of a night, each in a segment of its own.
fn in_parts(index: Option<&Index>, night: &Night, first_document: u32) -> Result<Arc<Index>> {
    let store = Arc::new(Scratch::new(&std::env::temp_dir()));
    let mut scratch = Writer::scratch(store, index.map(|index| (index, u32::MAX)));
    for (number, document) in (first_document..).zip(&night.documents) {
        let addition = scratch.begin(&Params::dedup(), u128::from(number))?;
        let Base { documents: first_document, paragraphs: first_paragraph, sources: end_source } =
            addition.base();
        let batch = Batch {
            first_document,
            end_document: first_document + 1,
            end_paragraph: first_paragraph + document.paragraphs.len() as u32,
            end_source,
            ..Batch::default()
        };
        scratch.commit(addition, &content(number, std::slice::from_ref(document)), batch)?;
    }
    Ok(scratch.index().unwrap().clone())
}

fn rows(first_document: u32, documents: &[Document]) -> Vec<Row> {
    let of_document = |(copy, document): (u32, &Document)| -> Vec<Row> {
        let told = |line: &String| Told::Line(line.clone().into_bytes());
        document
            .rows
            .iter()
            .map(|(original, line)| Row { copy, original: *original, told: told(line) })
            .collect()
    };
    (first_document..).zip(documents).flat_map(of_document).collect()
}

/// Documents without their texts, and what they are found by.
fn content<'a>(first_document: u32, documents: &[Document]) -> Content<'a> {
    let first_paragraph = documents.first().map_or(0, |document| document.first_paragraph);
    let count: usize = documents.iter().map(|document| document.paragraphs.len()).sum();
    let paragraphs = [first_paragraph, first_paragraph + count as u32];
    let mut content = Content { paragraphs, ..Content::default() };
    for (number, document) in (first_document..).zip(documents) {
        content.documents.push(DocumentRow {
            text: None,
            first_paragraph: document.first_paragraph,
            paragraphs: document.paragraphs.len() as u32,
            characters: 3,
            tokens: 7,
            source: document.source,
            record: document.record,
            strings: content.strings.len() as u64,
            strings_at: 0,
            id_length: document.id.len() as u32,
            places_length: document.places.len() as u32,
            whole: document.whole,
        });
        content.strings.extend_from_slice(document.id.as_bytes());
        content.strings.extend_from_slice(&document.places);
        for (kind, unit, keys) in document.units(number) {
            let mut copy = 0;
            if let Some((original, overlap)) = keys.copy {
                content.copies[kind].push(CopyRow { unit, original, overlap });
                copy = content.copies[kind].len() as u32;
            }
            content.keys.exact[kind].push(Entry { key: wide(keys.exact), numbers: [unit, copy] });
            let entry = |key: &u64| Entry { key: narrow(*key), numbers: [unit, band(*key) as u32 + 1] };
            let bands = keys.bands.iter().map(entry);
            content.keys.bands[kind].extend(bands);
            if kind == UnitKind::Paragraph && keys.copy.is_none() {
                content.sketches.push((unit, sketch(keys)));
            }
        }
        content.gone.extend(&document.gone);
        content.marks.push(Mark { document: number, token: 5, byte: document.record });
        let seeds =
            document.seeds.iter().map(|(key, at)| Entry { key: narrow(*key), numbers: [number, *at] });
        content.keys.seeds.extend(seeds);
        let windows = document.windows.iter();
        let windows = windows.map(|(key, at)| Entry { key: narrow(*key), numbers: [number, *at] });
        content.keys.windows.extend(windows);
    }
    content.keys.exact.each_mut().map(|keys| keys.sort_unstable());
    content.keys.bands.each_mut().map(|keys| keys.sort_unstable());
    content.keys.seeds.sort_unstable();
    content.keys.windows.sort_unstable();
    gone::sort(&mut content.gone);
    content
}

/// All that can be asked. Keys are told by their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answers {
    before: u32,
    exact: PerUnit<Vec<(u64, Known)>>,
    bands: PerUnit<Vec<(u64, u32)>>,
    seeds: Vec<(u64, u32, u32)>,
    windows: Vec<(u64, u32, u32)>,
    sketches: Vec<(u32, Sketch)>,
    documents: Vec<(u32, String)>,
    lines: Vec<String>,
    batches: Vec<u128>,
    ends: [u32; 2],
}

impl Answers {
    /// Asks an index all of it. Panics where an answer is wrong; returns the errors that came in place of
    /// answers, and how many answers were right.
    pub(super) fn compare(&self, index: &Index) -> (Vec<Error>, u64) {
        self.hear(index, Heard::default())
    }

    /// Asks the same, and takes any answer.
    pub(super) fn ask(&self, index: &Index) {
        self.hear(index, Heard { takes_any: true, ..Heard::default() });
    }

    fn hear(&self, index: &Index, mut heard: Heard) -> (Vec<Error>, u64) {
        let mut wides: Vec<(u128, u64)> = (0..KEYS).map(|number| (wide(number), number)).collect();
        wides.sort_unstable();
        let mut narrows: Vec<(u64, u64)> = (0..KEYS).map(|number| (narrow(number), number)).collect();
        narrows.sort_unstable();
        let wide_keys: Vec<u128> = wides.iter().map(|(key, _)| *key).collect();
        let narrow_keys: Vec<u64> = narrows.iter().map(|(key, _)| *key).collect();
        for kind in UnitKind::ALL {
            let found = index.find_exact(kind, &wide_keys, self.before).map(|found| {
                let mut found: Vec<(u64, Known)> =
                    found.into_iter().map(|hit| (wides[hit.key as usize].1, hit.known)).collect();
                found.sort_by_key(|(key, known)| (*key, known.unit));
                found
            });
            heard.hear(found, &self.exact[kind], "exact keys");
            let found = (0..BANDS).try_fold(Vec::new(), |mut all, of| {
                let mine: Vec<(u64, u64)> =
                    narrows.iter().copied().filter(|(_, number)| band(*number) == of).collect();
                let keys: Vec<u64> = mine.iter().map(|(key, _)| *key).collect();
                let found = index.find_bands(kind, &keys, self.before)?;
                let of_band = found.into_iter().filter(|hit| hit.may_be_of(of as u32));
                all.extend(of_band.map(|hit| (mine[hit.key as usize].1, hit.unit)));
                all.sort_unstable();
                Ok(all)
            });
            heard.hear(found, &self.bands[kind], "bands");
        }
        let places = |found: Vec<SeedPlace>| {
            let number = |at: SeedPlace| (narrows[at.key as usize].1, at.document, at.token);
            let mut found: Vec<(u64, u32, u32)> = found.into_iter().map(number).collect();
            found.sort_unstable();
            found
        };
        heard.hear(index.find_seeds(&narrow_keys, self.before).map(places), &self.seeds, "seeds");
        if index.segments.iter().all(|segment| segment.pages.version() >= 4) {
            heard.hear(index.find_windows(&narrow_keys, self.before).map(places), &self.windows, "windows");
        }
        if index.segments.iter().all(|segment| segment.pages.version() >= 3) {
            let paragraphs: Vec<u32> = self.sketches.iter().map(|(paragraph, _)| *paragraph).collect();
            let found = index.sketches(&paragraphs);
            let found = found.map(|found| paragraphs.into_iter().zip(found).collect::<Vec<_>>());
            heard.hear(found, &self.sketches, "sketches");
        }
        for (number, expected) in &self.documents {
            heard.hear(told(index, *number), expected, "a document");
        }
        let mut lines = Vec::new();
        let all = index.matches(|line| {
            lines.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        });
        heard.hear(all.map(|()| lines), &self.lines, "lines");
        heard.hear(Ok(index.batches().iter().map(|b| b.digest).collect()), &self.batches, "batches");
        heard.hear(Ok([index.manifest.documents, index.manifest.paragraphs]), &self.ends, "numbers");
        (heard.errors, heard.right)
    }

    /// Checks that all of it is answered, and answered right.
    pub(super) fn check(&self, index: &Index) {
        let (errors, _) = self.compare(index);
        assert!(errors.is_empty(), "{}", errors[0]);
    }
}

#[derive(Default)]
struct Heard {
    errors: Vec<Error>,
    right: u64,
    /// wrong answers too
    takes_any: bool,
}

impl Heard {
    fn hear<T: PartialEq + std::fmt::Debug>(&mut self, found: Result<T>, expected: &T, of: &str) {
        match found {
            Ok(found) => {
                assert!(self.takes_any || &found == expected, "{of}: {found:?}, not {expected:?}");
                self.right += 1;
            }
            Err(error) => self.errors.push(error),
        }
    }
}

fn told(index: &Index, number: u32) -> Result<String> {
    let (row, segment) = index.document(number)?;
    let (id, places) = segment.strings(&row)?;
    let text = row.text.map(|_| index.text(number, &row)).transpose()?;
    let source = segment.source(row.source).unwrap_or("nothing");
    let DocumentRow { record, first_paragraph, paragraphs, whole, characters, tokens, .. } = row;
    let numbers = [record, first_paragraph, paragraphs, characters, tokens];
    Ok(format!("{id} {source} {numbers:?} {places:?} {whole:?} {text:?}"))
}

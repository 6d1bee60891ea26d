//! The index beside a plain map, on real and on failing disks.

#![allow(clippy::print_stdout)] // counts of what was tried

mod corruption;
mod crash;
mod disk;
mod failure;
mod golden;
mod model;
mod plain;
mod rows;
mod texts;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::rows::{Row, Told};
use super::segment::{Content, CopyRow, DocumentRow};
use super::store::{Folder, Store};
use super::table::Entry;
use super::*;
use crate::verify::Overlap;

/// Whether the tests that try everything are to run whole, for minutes: `REDITE_LONG_TESTS`.
fn is_long() -> bool {
    std::env::var_os("REDITE_LONG_TESTS").is_some()
}

/// Numbers that look random (splitmix64), the same on each run.
struct Numbers {
    state: u64,
}

impl Numbers {
    fn new(seed: u64) -> Self {
        Numbers { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Below `end`, which is above 0.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A small batch with documents of one paragraph, named by their tokens.
pub(super) fn add(writer: &mut Writer, texts: &[&str], digest: u128) -> Result<()> {
    add_with(writer, texts, digest, |_, _| {})
}

/// A small batch, as [`add`] adds it, with a last change of what it brings.
fn add_with(
    writer: &mut Writer,
    texts: &[&str],
    digest: u128,
    change: impl FnOnce(&mut Content<'_>, &mut Vec<Row>),
) -> Result<()> {
    let params = Params::dedup();
    let mut addition = writer.begin(&params, digest)?;
    let Base { documents: first_document, paragraphs: first_paragraph, sources: first_source } =
        addition.base();
    let mut rows = Vec::new();
    let mut content = Content { sources: vec![format!("night-{digest}.jsonl")], ..Content::default() };
    for (i, text) in texts.iter().enumerate() {
        let i = i as u32;
        let key = xxhash_rust::xxh3::xxh3_128(text.as_bytes());
        let id = format!("\"{text}\"");
        let place = addition.text(text)?;
        content.documents.push(DocumentRow {
            text: Some(place),
            first_paragraph: first_paragraph + i,
            paragraphs: 1,
            characters: text.chars().count() as u32,
            tokens: 7,
            source: first_source,
            record: i,
            strings: content.strings.len() as u64,
            strings_at: 0,
            id_length: id.len() as u32,
            places_length: 2,
            whole: (i == 3).then_some((first_document, 5)),
        });
        content.strings.extend_from_slice(id.as_bytes());
        content.strings.extend_from_slice(&[1, 2]);
        let copy = u32::from(i % 5 == 4);
        let units = PerUnit { documents: first_document, paragraphs: first_paragraph };
        for (kind, unit) in units.map(|first| first + i) {
            content.keys.exact[kind]
                .push(Entry { key, numbers: [unit, copy * (1 + content.copies[kind].len() as u32)] });
            if copy == 1 {
                let overlap = Overlap { shared: 9, sizes: [10, 10] };
                content.copies[kind].push(CopyRow { unit, original: unit - 1, overlap });
            } else {
                content.keys.bands[kind].push(Entry { key: key as u64 >> 1, numbers: [unit, 1] });
            }
        }
        content.keys.seeds.push(Entry { key: (key >> 64) as u64, numbers: [first_document + i, 3 * i] });
        if copy == 1 {
            let line = format!("{{\"copy\":{id}}}\n").into_bytes();
            rows.push(Row {
                copy: first_document + i,
                original: first_document + i - 1,
                told: Told::Line(line),
            });
        }
    }
    change(&mut content, &mut rows);
    content.rows = Some(Box::new(|tell| rows.iter().try_for_each(tell)));
    content.keys.exact.each_mut().map(|keys| keys.sort_unstable());
    content.keys.bands.each_mut().map(|keys| keys.sort_unstable());
    content.keys.seeds.sort_unstable();
    let count = texts.len() as u32;
    let batch = Batch {
        digest,
        first_document,
        end_document: first_document + count,
        end_paragraph: first_paragraph + count,
        end_source: first_source + 1,
        documents: BatchUnits::default(),
        paragraphs: BatchUnits::default(),
        passages: 0,
        text_bytes: 0,
    };
    writer.commit(addition, &content, batch)
}

/// What the index answers about a text: the texts that it knows by its key, in order of document.
pub(super) fn ask(index: &Index, text: &str) -> Result<Option<String>> {
    let key = xxhash_rust::xxh3::xxh3_128(text.as_bytes());
    let known = index.find_exact(UnitKind::Document, &[key], u32::MAX)?;
    let Some(ExactHit { known, .. }) = known.first() else { return Ok(None) };
    let (row, segment) = index.document(known.unit)?;
    let (id, places) = segment.strings(&row)?;
    assert_eq!(places, [1, 2]);
    assert_eq!(id, format!("\"{text}\""));
    assert!(segment.source(row.source).is_some_and(|name| name.starts_with("night-")));
    Ok(Some(index.text(known.unit, &row)?))
}

/// Checksums know nothing of that: both sides of whatever names two are looked for.
#[test]
fn an_original_that_is_not_there_is_found() {
    type Change = fn(&mut Content<'_>, &mut Vec<Row>);
    let changes: [(&str, Change); 6] = [
        ("", |_, _| {}),
        ("a copy", |content, _| content.copies.documents[0].original = 5),
        ("a copy", |content, _| content.copies.paragraphs[0].original = u32::MAX),
        ("a match", |_, rows| rows[0].original = 5),
        ("a key of a unit", |_, rows| rows[0].copy = 5),
        ("a document", |content, _| content.documents[3].whole = Some((5, 5))),
    ];
    for (wrong, change) in changes {
        let (_folder, store) = folder();
        let mut writer = Writer::open(store).unwrap();
        add_with(&mut writer, &["a", "b", "c", "d", "e"], 1, change).unwrap();
        let told = writer.index().unwrap().verify().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains(wrong) && told.is_empty() == wrong.is_empty(), "{wrong}: {told}");
    }
}

#[test]
fn long_texts_are_read_in_parts() {
    let (_folder, store) = folder();
    let mut writer = Writer::open(store).unwrap();
    let long = |bytes: usize| (0..bytes / 8).map(|i| format!("ß{i:06}")).collect::<String>();
    let texts = [long(80), long(200_000), long(9_000), long(65_536), long(140_000), long(16)];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    add(&mut writer, &texts, 1).unwrap();
    add(&mut writer, &["one"], 2).unwrap();
    for compacts in [false, true] {
        if compacts {
            writer.compact().unwrap();
        }
        let index = writer.index().unwrap();
        index.verify().unwrap();
        for (number, text) in (0..).zip(&texts) {
            let (row, _) = index.document(number).unwrap();
            assert_eq!(index.text(number, &row).unwrap(), *text);
            let length = text.len() as u32;
            let parts = [0..8, length / 16 * 8..length, 65_528..65_544, 131_064..131_080, length - 8..length];
            for part in parts.into_iter().filter(|part| part.end <= length) {
                let found = index.text_part(number, row.text, part.clone()).unwrap();
                assert_eq!(found, text[part.start as usize..part.end as usize]);
            }
            assert!(index.text_part(number, row.text, 1..length).is_err(), "a part of a character");
        }
    }
}

fn folder() -> (tempfile::TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Folder::new(folder.path()));
    (folder, store)
}

#[test]
fn nights_add_up() {
    let (folder, store) = folder();
    let mut writer = Writer::open(store.clone()).unwrap();
    assert!(writer.index().is_none() && Index::open(store.clone()).unwrap().is_none());
    let mut all: Vec<String> = Vec::new();
    for night in 0..23u128 {
        let texts: Vec<String> = (0..40).map(|i| format!("text {i} of night {night}")).collect();
        add(&mut writer, &texts.iter().map(String::as_str).collect::<Vec<_>>(), night).unwrap();
        all.extend(texts);
    }
    let index = Index::open(store.clone()).unwrap().unwrap();
    index.verify().unwrap();
    assert!(index.segments.len() < 10, "{}", index.segments.len());
    for text in &all {
        assert_eq!(ask(&index, text).unwrap().as_deref(), Some(text.as_str()));
    }
    assert_eq!(ask(&index, "no such text").unwrap(), None);
    let mut rows = 0;
    index
        .matches(|_| {
            rows += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(rows, 23 * 8);
    // two texts of five forgotten, then compacted: nothing of them is left on disk
    let forgotten = writer.forget(|id, _| id.contains("text 3 ") || id.contains("text 11 ")).unwrap();
    assert_eq!(forgotten, 46);
    assert!(writer.forget_those(&index.meant(|_, _| true).unwrap()).is_err(), "found in another generation");
    assert_eq!(ask(writer.index().unwrap(), "text 3 of night 7").unwrap(), None);
    // a copy of it is as good as new, too
    assert_eq!(ask(writer.index().unwrap(), "text 4 of night 7").unwrap(), None);
    writer.compact().unwrap();
    let compacted = writer.index().unwrap();
    compacted.verify().unwrap();
    assert_eq!(ask(compacted, "text 3 of night 7").unwrap(), None);
    assert_eq!(ask(compacted, "text 5 of night 7").unwrap().as_deref(), Some("text 5 of night 7"));
    // the reader from before is undisturbed
    assert_eq!(ask(&index, "text 3 of night 7").unwrap().as_deref(), Some("text 3 of night 7"));
    let rolled_back = writer.rollback().unwrap().unwrap();
    assert_eq!(rolled_back.batch.digest, 22);
    assert_eq!(ask(writer.index().unwrap(), "text 5 of night 22").unwrap(), None);
    assert_eq!(
        ask(writer.index().unwrap(), "text 5 of night 21").unwrap().as_deref(),
        Some("text 5 of night 21")
    );
    writer.index().unwrap().verify().unwrap();
    add(&mut writer, &["text 5 of night 22"], 99).unwrap();
    assert!(ask(writer.index().unwrap(), "text 5 of night 22").unwrap().is_some());
    writer.index().unwrap().verify().unwrap();
    drop((writer, index, folder));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_are_maps(
        keys in prop::collection::vec((0u64..5000, 0u32..9, 0u32..100_000), 0..3000),
        shape in 0..4,
        bits in prop::sample::select(vec![64_u32, 40, 36, 13]),
    ) {
        let spread = |key: u64| match shape {
            0 => key << 50 | key,
            1 => key << 28,
            2 => u64::MAX - key * key,
            _ => key.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        };
        check_table::<u64>(&keys, bits, spread)?;
        check_table::<u128>(&keys, bits + 32, |key| u128::from(spread(key)) << 64 | u128::from(spread(key + 1)))?;
    }
}

/// Writes a table of these keys, both ways, and asks it everything.
fn check_table<K: Key + std::fmt::Debug>(
    keys: &[(u64, u32, u32)],
    bits: u32,
    spread: impl Fn(u64) -> K,
) -> std::result::Result<(), TestCaseError> {
    let mut entries: Vec<Entry<K>> =
        keys.iter().map(|&(key, a, b)| Entry { key: spread(key), numbers: [a, b] }).collect();
    entries.sort_unstable();
    let count = entries.len() as u64;
    for stored in [bits, (bits + 4).min(K::BITS)] {
        ask_table(&entries, [stored, bits], &spread, |to| {
            table::write(to, (stored, count), entries.iter().map(|entry| Ok(*entry)))
        })?;
    }
    // pieces of four runs, the last ones shorter
    let run = (entries.len() / 9).max(1);
    let pieces: Vec<&[Entry<K>]> = entries.chunks(4 * run).collect();
    ask_table(&entries, [bits; 2], &spread, |to| {
        table::write_runs(to, (bits, count), |runs, tell| {
            pieces.iter().try_for_each(|piece| {
                tell(piece.chunks(run).map(|entries| runs.of(entries.iter().copied())).collect())
            })
        })
    })
}

fn ask_table<K: Key + std::fmt::Debug>(
    entries: &[Entry<K>],
    [stored, bits]: [u32; 2],
    spread: impl Fn(u64) -> K,
    write: impl FnOnce(&mut pages::PageWriter) -> Result<()>,
) -> std::result::Result<(), TestCaseError> {
    let (_folder, store) = folder();
    let mut to = pages::PageWriter::create(&*store, "table", 5, Purpose::Segment).unwrap();
    to.append(b"something before").unwrap();
    write(&mut to).unwrap();
    let file = to.finish().unwrap();
    let pages = Pages::open(&*store, &file, Purpose::Segment).unwrap();
    let table = Table::open(&pages, 0, [stored, bits]).unwrap();
    table.verify::<K>(&pages).unwrap();
    let cut = |bits: u32| entries.iter().map(move |e| Entry { key: e.key.cut(bits), ..*e });
    let told = table.entries::<K>(&pages).collect::<Result<Vec<_>>>().unwrap();
    prop_assert_eq!(told, cut(stored).collect::<Vec<_>>());
    let mut map: BTreeMap<K, Vec<[u32; 2]>> = BTreeMap::new();
    cut(bits).for_each(|entry| map.entry(entry.key).or_default().push(entry.numbers));
    let mut all: Vec<K> = (0..5000).map(&spread).collect();
    all.sort_unstable();
    // close together, and far apart; several may be the same key where fewer bits count
    for (first, step) in [(0, 1), (3, 60), (1, 997)] {
        let mut asked: Vec<K> = all.iter().skip(first).step_by(step).copied().collect();
        asked.dedup_by_key(|key| if step == 1 { key.cut(bits) } else { *key });
        let mut found: Vec<(usize, [u32; 2])> = Vec::new();
        table.find(&pages, &asked, |i, numbers| found.push((i, numbers))).unwrap();
        found.sort_unstable();
        let of = |key: &K| map.get(&key.cut(bits)).into_iter().flatten().copied();
        let mut expected: Vec<_> =
            asked.iter().enumerate().flat_map(|(i, key)| of(key).map(move |of| (i, of))).collect();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
    Ok(())
}

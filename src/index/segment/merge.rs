//! One segment in place of several neighbours.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Range;

use crate::error::Result;
use crate::index::pages::{PageWriter, Purpose};
use crate::index::rows;
use crate::index::segment::gone::{self, GoneRow};
use crate::index::segment::{
    BAND_BITS, DOCUMENT, DocumentRow, EXACT_BITS, Held, SEED_BITS, Segment, SegmentEntry, StringsWriter,
    WINDOW_BITS, append_copies, documents_of, write_marks, write_sources,
};
use crate::index::sketches;
use crate::index::store::Store;
use crate::index::table::{self, Entry, Key, Table};
use crate::index::texts::{BlockPlaces, TextPlaces};
use crate::unit::{PerUnit, UnitKind};

/// Where a segment that is written anew ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) documents: u32,
    pub(crate) paragraphs: u32,
    pub(crate) sources: u32,
}

/// What a segment that is written anew leaves out, and where its texts are from then on.
#[derive(Default)]
pub(crate) struct Rewrite<'a> {
    /// documents for which this says no leave nothing but a number
    pub(crate) keep: Option<&'a (dyn Fn(u32) -> bool + 'a)>,
    /// of documents of the index from the first on
    pub(crate) places: Option<&'a TextPlaces>,
    /// what comes after is cut off
    pub(crate) end: Option<Ends>,
}

/// Strings, documents before `end` and where their paragraphs start, each row as `rewritten` has it. Of the rows, which are
/// read twice, only where their strings stand is held.
pub(super) fn documents(
    to: &mut PageWriter,
    segments: &[&Segment],
    end: u32,
    rewritten: impl Fn(u32, DocumentRow) -> DocumentRow,
) -> Result<()> {
    let numbers = |segment: &Segment| {
        let Range { start, end: behind } = documents_of(&segment.entry);
        start..behind.min(end)
    };
    let mut strings = StringsWriter::new(to);
    let mut places = BlockPlaces::with_room(segments.iter().map(|segment| numbers(segment).len()).sum());
    for segment in segments {
        let mut held = Held::default();
        for (number, row) in numbers(segment).zip(segment.document_rows(numbers(segment))) {
            let mut document = rewritten(number, row?);
            let bytes = segment.string_bytes(&document, &mut held)?;
            strings.append(to, &mut document, &bytes)?;
            places.push(document.strings, document.strings_at);
        }
    }
    strings.finish(to)?;
    let start = to.position();
    let mut bytes = Vec::with_capacity(DOCUMENT);
    let mut places = places.iter();
    for segment in segments {
        let rows = numbers(segment).zip(segment.document_rows(numbers(segment)));
        for ((number, row), place) in rows.zip(&mut places) {
            let mut document = rewritten(number, row?);
            (document.strings, document.strings_at) = place;
            bytes.clear();
            document.encode(&mut bytes);
            to.append(&bytes)?;
        }
    }
    to.end_section(start);
    let start = to.position();
    for segment in segments {
        for first in &segment.first_paragraphs[..numbers(segment).len()] {
            to.append(&first.to_le_bytes())?;
        }
    }
    to.end_section(start);
    Ok(())
}

/// A document row that is nothing but a number.
fn emptied(row: DocumentRow) -> DocumentRow {
    DocumentRow {
        text: None,
        characters: 0,
        tokens: 0,
        record: 0,
        id_length: 0,
        places_length: 0,
        whole: None,
        ..row
    }
}

/// All by which units are found but for their exact keys: bands, seeds, marks, sketches, windows; of the units, by their
/// kind, for which `keep` says so.
pub(super) fn found_by(
    to: &mut PageWriter,
    segments: &[&Segment],
    paragraphs: [u32; 2],
    keep: &impl Fn(&Segment, UnitKind, u32) -> bool,
) -> Result<()> {
    for kind in UnitKind::ALL {
        merge_tables((to, BAND_BITS), segments, (kind, |s| Some(&s.bands[kind])), keep)?;
    }
    merge_tables((to, SEED_BITS), segments, (UnitKind::Document, |s| Some(&s.seeds)), keep)?;
    let marks = segments.iter().flat_map(|segment| segment.marks.iter().map(move |mark| (*segment, mark)));
    let kept = marks.filter(|(segment, mark)| keep(segment, UnitKind::Document, mark.document));
    write_marks(to, kept.map(|(_, mark)| mark))?;
    sketches::write(to, paragraphs, |tell| {
        segments.iter().try_for_each(|segment| {
            segment.each_sketch(&mut |paragraph, sketch| {
                if keep(segment, UnitKind::Paragraph, paragraph) { tell(paragraph, sketch) } else { Ok(()) }
            })
        })
    })?;
    merge_tables((to, WINDOW_BITS), segments, (UnitKind::Document, |s| s.windows.as_ref()), keep)
}

/// Writes one segment in place of several neighbours.
pub(crate) fn merge(
    store: &dyn Store,
    (name, identity): (&str, u64),
    segments: &[&Segment],
    rewrite: &Rewrite<'_>,
) -> Result<SegmentEntry> {
    let end = rewrite.end.map_or(u32::MAX, |end| end.documents);
    let keep = |document: u32| document < end && rewrite.keep.is_none_or(|keep| keep(document));
    let keep_unit = |segment: &Segment, kind: UnitKind, unit: u32| keep(segment.document_with(kind, unit));
    let [of_documents, of_paragraphs, of_sources] = covered(segments, rewrite.end);
    let mut to = PageWriter::create(store, name, identity, Purpose::Segment)?;
    let lost = rewrite.keep.map_or(Ok(BTreeSet::new()), |_| lost_sources(segments, keep))?;
    let names = segments.iter().flat_map(|segment| &segment.sources).zip(of_sources[0]..of_sources[1]);
    write_sources(&mut to, names.map(|(name, number)| if lost.contains(&number) { "" } else { name }))?;
    documents(&mut to, segments, end, |number, row| {
        let mut row = if keep(number) { row } else { emptied(row) };
        if let Some(places) = rewrite.places {
            row.text = places.get(number);
        }
        row
    })?;
    let bases = PerUnit::try_from_fn(|kind| copies(&mut to, segments, kind))?;
    rows::write(&mut to, |tell| {
        segments.iter().try_for_each(|segment| {
            segment.rows(|row| if keep(row.copy) && keep(row.original) { tell(&row) } else { Ok(()) })
        })
    })?;
    for (kind, bases) in bases.iter() {
        exact_keys(&mut to, segments, (kind, bases), &keep_unit)?;
    }
    found_by(&mut to, segments, of_paragraphs, &keep_unit)?;
    let gone = segments.iter().flat_map(|segment| &segment.gone).copied();
    let mut gone: Vec<GoneRow> = gone.filter(|row| keep(row.document) && row.came() < end).collect();
    gone::sort(&mut gone);
    gone::write(&mut to, &gone)?;
    let file = to.finish()?;
    Ok(SegmentEntry { file, documents: of_documents, paragraphs: of_paragraphs, sources: of_sources })
}

/// Documents, paragraphs and sources of neighbours up to an end: of each the first, and the one past the last.
fn covered(segments: &[&Segment], end: Option<Ends>) -> [[u32; 2]; 3] {
    let spans = |segment: Option<&&Segment>| {
        segment.map_or([[0; 2]; 3], |segment| {
            let SegmentEntry { documents, paragraphs, sources, .. } = segment.entry;
            [documents, paragraphs, sources]
        })
    };
    let starts = spans(segments.first()).map(|span| span[0]);
    let ends = match end {
        Some(Ends { documents, paragraphs, sources }) => [documents, paragraphs, sources],
        None => spans(segments.last()).map(|span| span[1]),
    };
    [0, 1, 2].map(|of| [starts[of], ends[of]])
}

/// All copies of a kind; returns for each segment how many stand before its own.
fn copies(to: &mut PageWriter, segments: &[&Segment], kind: UnitKind) -> Result<Vec<u32>> {
    let start = to.position();
    let mut bases = Vec::with_capacity(segments.len());
    let mut count = 0;
    for segment in segments {
        bases.push(count);
        let copies = segment.copies(kind)?;
        count += copies.len() as u32;
        append_copies(to, &copies)?;
    }
    to.end_section(start);
    Ok(bases)
}

/// The exact keys of the units of a kind for which `keep` says so; a copy is numbered after those of the segments
/// before.
fn exact_keys(
    to: &mut PageWriter,
    segments: &[&Segment],
    (kind, bases): (UnitKind, &[u32]),
    keep: &impl Fn(&Segment, UnitKind, u32) -> bool,
) -> Result<()> {
    let entries = segments.iter().zip(bases).map(|(segment, &base)| {
        let entries = segment.exact[kind].entries::<u128>(&segment.pages).map(move |entry| {
            let mut entry = entry?;
            if entry.numbers[1] > 0 {
                let moved = entry.numbers[1].checked_add(base);
                entry.numbers[1] = moved.ok_or_else(|| segment.pages.wrong(0, "no number of a copy"))?;
            }
            Ok(entry)
        });
        entries
            .filter(move |entry| entry.as_ref().map_or(true, |entry| keep(segment, kind, entry.numbers[0])))
    });
    let most = segments.iter().map(|segment| segment.exact[kind].count()).sum();
    table::write(to, (EXACT_BITS, most), in_order(entries.collect()))
}

/// Sources of which documents were and none are kept: their names go too.
fn lost_sources(segments: &[&Segment], keep: impl Fn(u32) -> bool) -> Result<BTreeSet<u32>> {
    let (mut lost, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for segment in segments {
        for document in segment.documents() {
            let (number, document) = document?;
            if keep(number) { &mut kept } else { &mut lost }.insert(document.source);
        }
    }
    Ok(&lost - &kept)
}

/// One table in place of those that segments have of a kind of unit.
fn merge_tables(
    (to, bits): (&mut PageWriter, u32),
    segments: &[&Segment],
    (kind, table): (UnitKind, impl Fn(&Segment) -> Option<&Table>),
    keep: impl Fn(&Segment, UnitKind, u32) -> bool,
) -> Result<()> {
    let tables = || segments.iter().filter_map(|segment| Some((*segment, table(segment)?)));
    let keep = &keep;
    let kept = tables().map(|(segment, table)| {
        let is_kept = move |entry: &Entry<u64>| keep(segment, kind, entry.numbers[0]);
        let entries = table.entries::<u64>(&segment.pages);
        entries.filter(move |entry| entry.as_ref().map_or(true, is_kept))
    });
    let most = tables().map(|(_, table)| table.count()).sum();
    table::write(to, (bits, most), in_order(kept.collect()))
}

/// The entries of several tables, each in order, in one order; of equals those of the first table come first.
/// An error ends it.
pub(super) fn in_order<K: Key>(
    mut sources: Vec<impl Iterator<Item = Result<Entry<K>>>>,
) -> impl Iterator<Item = Result<Entry<K>>> {
    let mut heads = BinaryHeap::with_capacity(sources.len());
    let mut to_start = 0..sources.len();
    std::iter::from_fn(move || {
        for at in to_start.by_ref() {
            match sources[at].next() {
                Some(Ok(entry)) => heads.push(Reverse((entry, at))),
                Some(error) => return Some(error),
                None => {}
            }
        }
        let mut first = heads.peek_mut()?;
        let Reverse((entry, at)) = *first;
        match sources[at].next() {
            Some(Ok(next)) => *first = Reverse((next, at)),
            Some(error) => return Some(error),
            None => _ = PeekMut::pop(first),
        }
        Some(Ok(entry))
    })
}

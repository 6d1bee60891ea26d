//! One segment in place of several neighbours.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Range;

use crate::error::Result;
use crate::index::pages::{PageWriter, Purpose};
use crate::index::rows::RowsWriter;
use crate::index::segment::gone::{self, GoneRow};
use crate::index::segment::{
    BAND_BITS, DOCUMENT, DocumentRow, EXACT_BITS, Held, SEED_BITS, Segment, SegmentEntry, StringsWriter,
    WINDOW_BITS, append_copies, documents_of, write_marks,
};
use crate::index::sketches;
use crate::index::store::Store;
use crate::index::table::{self, Entry, Key, Table};
use crate::index::texts::TextPlace;

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
    /// for each document of the index
    pub(crate) places: Option<&'a [Option<TextPlace>]>,
    /// what comes behind is cut off
    pub(crate) end: Option<Ends>,
}

/// Strings, documents and where their paragraphs start. Of the rows, which are read twice, only where their strings stand is
/// held.
fn documents(
    segments: &[&Segment],
    (keep, end): (&impl Fn(u32) -> bool, u32),
    rewrite: &Rewrite<'_>,
    to: &mut PageWriter,
) -> Result<()> {
    let numbers = |segment: &Segment| {
        let Range { start, end: behind } = documents_of(&segment.entry);
        start..behind.min(end)
    };
    let rewritten = |number: u32, document: DocumentRow| {
        let mut document = match keep(number) {
            true => document,
            false => DocumentRow {
                text: None,
                characters: 0,
                tokens: 0,
                record: 0,
                id_length: 0,
                places_length: 0,
                whole: None,
                ..document
            },
        };
        if let Some(places) = rewrite.places {
            document.text = places.get(number as usize).copied().flatten();
        }
        document
    };
    let mut strings = StringsWriter::new(to);
    let mut places: Vec<(u64, u32)> = Vec::new();
    for segment in segments {
        let mut held = Held::default();
        for (number, row) in numbers(segment).zip(segment.document_rows(numbers(segment))) {
            let row = row?;
            let bytes = if keep(number) { segment.string_bytes(&row, &mut held)? } else { Vec::new() };
            let mut document = rewritten(number, row);
            strings.append(to, &mut document, &bytes)?;
            places.push((document.strings, document.strings_at));
        }
    }
    strings.finish(to)?;
    let start = to.position();
    let mut bytes = Vec::with_capacity(DOCUMENT);
    let mut places = places.into_iter();
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

/// Writes one segment in place of several neighbours.
pub(crate) fn merge(
    store: &dyn Store,
    (name, identity): (&str, u64),
    segments: &[&Segment],
    rewrite: &Rewrite<'_>,
) -> Result<SegmentEntry> {
    let end = rewrite.end.map_or(u32::MAX, |end| end.documents);
    let keep = |document: u32| document < end && rewrite.keep.is_none_or(|keep| keep(document));
    let mut to = PageWriter::create(store, name, identity, Purpose::Segment)?;
    let start = to.position();
    let first_source = segments.first().map_or(0, |segment| segment.entry.sources[0]);
    let sources = rewrite.end.map_or(usize::MAX, |end| (end.sources - first_source) as usize);
    let lost = rewrite.keep.map_or(Ok(BTreeSet::new()), |_| lost_sources(segments, keep))?;
    let names = segments.iter().flat_map(|segment| &segment.sources).zip(first_source..);
    for (name, number) in names.take(sources) {
        let name = if lost.contains(&number) { "" } else { name };
        to.append(&(name.len() as u32).to_le_bytes())?;
        to.append(name.as_bytes())?;
    }
    to.end_section(start);
    documents(segments, (&keep, end), rewrite, &mut to)?;
    let mut bases = [Vec::new(), Vec::new()];
    for (kind, bases) in bases.iter_mut().enumerate() {
        let start = to.position();
        let mut count = 0;
        for segment in segments {
            bases.push(count);
            let copies = segment.copies(kind)?;
            count += copies.len() as u32;
            append_copies(&mut to, &copies)?;
        }
        to.end_section(start);
    }
    let start = to.position();
    let mut rows = RowsWriter::default();
    for segment in segments {
        segment.rows(|row| {
            if keep(row.copy) && keep(row.original) { rows.append(&mut to, &row) } else { Ok(()) }
        })?;
    }
    rows.finish(&mut to)?;
    to.end_section(start);
    let keep_unit = |segment: &Segment, kind: usize, unit: u32| {
        keep(if kind == 0 { unit } else { segment.document_of(unit) })
    };
    for (kind, bases) in bases.iter().enumerate() {
        let sources = segments.iter().zip(bases).map(|(segment, &base)| {
            segment.exact[kind].entries::<u128>(&segment.pages).map(move |entry| {
                let mut entry = entry?;
                if entry.numbers[1] > 0 {
                    let moved = entry.numbers[1].checked_add(base);
                    entry.numbers[1] = moved.ok_or_else(|| segment.pages.wrong(0, "no number of a copy"))?;
                }
                Ok(entry)
            })
        });
        let to = (&mut to, EXACT_BITS);
        merge_tables(to, segments, |s| Some(&s.exact[kind]), sources, |s, unit| keep_unit(s, kind, unit))?;
    }
    for kind in 0..2 {
        let sources = segments.iter().map(|segment| segment.bands[kind].entries::<u64>(&segment.pages));
        let to = (&mut to, BAND_BITS);
        merge_tables(to, segments, |s| Some(&s.bands[kind]), sources, |s, unit| keep_unit(s, kind, unit))?;
    }
    let sources = segments.iter().map(|segment| segment.seeds.entries::<u64>(&segment.pages));
    merge_tables(
        (&mut to, SEED_BITS),
        segments,
        |s| Some(&s.seeds),
        sources,
        |s, unit| keep_unit(s, 0, unit),
    )?;
    let marks = segments.iter().flat_map(|segment| &segment.marks);
    write_marks(&mut to, marks.filter(|mark| keep(mark.document)))?;
    let paragraphs = [
        segments.first().map_or(0, |segment| segment.entry.paragraphs[0]),
        rewrite.end.map_or(segments.last().map_or(0, |s| s.entry.paragraphs[1]), |end| end.paragraphs),
    ];
    sketches::write(&mut to, paragraphs, |tell| {
        segments.iter().try_for_each(|segment| {
            segment.each_sketch(&mut |paragraph, sketch| {
                if keep_unit(segment, 1, paragraph) { tell(paragraph, sketch) } else { Ok(()) }
            })
        })
    })?;
    let sources = segments.iter().map(|segment| segment.windows());
    let to_windows = (&mut to, WINDOW_BITS);
    merge_tables(to_windows, segments, |s| s.windows.as_ref(), sources, |s, unit| keep_unit(s, 0, unit))?;
    let gone = segments.iter().flat_map(|segment| &segment.gone).copied();
    let mut gone: Vec<GoneRow> = gone.filter(|row| keep(row.document) && row.came() < end).collect();
    gone::sort(&mut gone);
    gone::write(&mut to, &gone)?;
    let file = to.finish()?;
    let span = |of: fn(&SegmentEntry) -> [u32; 2]| {
        let first = segments.first().map_or(0, |segment| of(&segment.entry)[0]);
        [first, segments.last().map_or(0, |segment| of(&segment.entry)[1])]
    };
    let mut entry = SegmentEntry {
        file,
        documents: span(|entry| entry.documents),
        paragraphs: span(|entry| entry.paragraphs),
        sources: span(|entry| entry.sources),
    };
    if let Some(end) = rewrite.end {
        (entry.documents[1], entry.paragraphs[1], entry.sources[1]) =
            (end.documents, end.paragraphs, end.sources);
    }
    Ok(entry)
}

/// Sources of which documents were and none are kept: their names go too.
fn lost_sources(segments: &[&Segment], keep: impl Fn(u32) -> bool) -> Result<BTreeSet<u32>> {
    let (mut lost, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for segment in segments {
        for (document, number) in segment.documents()?.iter().zip(segment.entry.documents[0]..) {
            if keep(number) { &mut kept } else { &mut lost }.insert(document.source);
        }
    }
    Ok(&lost - &kept)
}

pub(super) fn merge_tables<K: Key>(
    (to, bits): (&mut PageWriter, u32),
    segments: &[&Segment],
    table: impl Fn(&Segment) -> Option<&Table>,
    sources: impl Iterator<Item = impl Iterator<Item = Result<Entry<K>>>>,
    keep: impl Fn(&Segment, u32) -> bool,
) -> Result<()> {
    let most = segments.iter().filter_map(|segment| table(segment)).map(Table::count).sum();
    let kept = segments.iter().zip(sources).map(|(segment, source)| {
        source.filter(|entry| entry.as_ref().map_or(true, |entry| keep(segment, entry.numbers[0])))
    });
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

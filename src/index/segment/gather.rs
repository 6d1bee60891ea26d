//! The one segment of a batch that was searched in parts, made of those in which the parts have kept their
//! documents and keys. It is what [`super::write`] makes of a batch that was searched at once, to the byte.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::index::pages::{FileEntry, PageWriter, Purpose};
use crate::index::rows;
use crate::index::segment::gone::{self, GoneRow, GoneTold};
use crate::index::segment::merge::{self, in_order};
use crate::index::segment::{CopyRow, DocumentRow, EXACT_BITS, EachRow, Segment};
use crate::index::store::Store;
use crate::index::table::{self, Entry};
use crate::index::texts::TextPlace;
use crate::unit::UnitKind;

/// What the parts of a batch bring to an index.
pub(crate) struct Gathered<'a> {
    pub(crate) sources: Vec<String>,
    /// neighbours, numbered as they will be in the index
    pub(crate) parts: Vec<&'a Segment>,
    /// for each document of the batch: where its text is
    pub(crate) texts: Vec<Option<TextPlace>>,
    /// the matches
    pub(crate) rows: EachRow<'a>,
}

/// By document, the later copy with its tokens that is found in its place.
type Replaced = BTreeMap<u32, CopyRow>;

impl Gathered<'_> {
    /// Writes it.
    pub(crate) fn write(&self, store: &dyn Store, name: &str, identity: u64) -> Result<FileEntry> {
        let mut to = PageWriter::create(store, name, identity, Purpose::Segment)?;
        super::write_sources(&mut to, self.sources.iter().map(String::as_str))?;
        let first = self.first_document();
        merge::documents(&mut to, &self.parts, u32::MAX, |number, row| {
            let text = self.texts.get((number - first) as usize).copied().flatten();
            DocumentRow { text, ..row }
        })?;
        let replaced = self.replaced();
        for kind in UnitKind::ALL {
            self.copies((kind, &replaced), &mut to)?;
        }
        rows::write(&mut to, &self.rows)?;
        for kind in UnitKind::ALL {
            let mut copies = 0;
            let entries = self.exact(kind, &replaced).map(|entry| {
                let (mut entry, _) = entry?;
                if entry.numbers[1] > 0 {
                    copies += 1;
                    entry.numbers[1] = copies;
                }
                Ok(entry)
            });
            table::write(&mut to, (EXACT_BITS, self.count(|part| part.exact[kind].count())), entries)?;
        }
        let end = |part: Option<&&Segment>, at: usize| part.map_or(0, |part| part.entry.paragraphs[at]);
        let paragraphs = [end(self.parts.first(), 0), end(self.parts.last(), 1)];
        merge::found_by(&mut to, &self.parts, paragraphs, &|_, _, _| true)?;
        let gone = self.parts.iter().flat_map(|part| &part.gone).copied();
        let mut gone: Vec<GoneRow> = gone.filter(|row| !replaced.contains_key(&row.document)).collect();
        gone::sort(&mut gone);
        gone::write(&mut to, &gone)?;
        to.finish()
    }

    fn count(&self, of: impl Fn(&Segment) -> u64) -> u64 {
        self.parts.iter().map(|part| of(part)).sum()
    }

    fn first_document(&self) -> u32 {
        self.parts.first().map_or(0, |part| part.entry.documents[0])
    }

    /// The copies, in the order of their keys.
    fn copies(&self, (kind, replaced): (UnitKind, &Replaced), to: &mut PageWriter) -> Result<()> {
        let all: Vec<Vec<CopyRow>> =
            self.parts.iter().map(|part| part.copies(kind)).collect::<Result<_>>()?;
        let start = to.position();
        let mut bytes = Vec::new();
        for entry in self.exact(kind, replaced) {
            let (Entry { numbers: [unit, copy], .. }, came) = entry?;
            let Some(copy) = copy.checked_sub(1) else { continue };
            let part = self.parts.partition_point(|part| part.units(kind).end <= unit);
            let row = came.or_else(|| all.get(part)?.get(copy as usize));
            let missing = || self.parts[part.min(self.parts.len() - 1)].pages.wrong(0, "no record of a copy");
            bytes.clear();
            row.ok_or_else(missing)?.encode(&mut bytes);
            to.append(&bytes)?;
        }
        to.end_section(start);
        Ok(())
    }

    /// The exact keys, and the copy rows of those that have come in place of another.
    fn exact<'r>(
        &self,
        kind: UnitKind,
        replaced: &'r Replaced,
    ) -> impl Iterator<Item = Result<(Entry<u128>, Option<&'r CopyRow>)>> {
        let tables = self.parts.iter().map(|part| part.exact[kind].entries::<u128>(&part.pages));
        in_order(tables.collect()).map(move |entry| {
            let entry = entry?;
            let came = match kind {
                UnitKind::Document => replaced.get(&entry.numbers[0]),
                UnitKind::Paragraph => None,
            };
            Ok((Entry { numbers: came.map_or(entry.numbers, |copy| [copy.unit, 1]), ..entry }, came))
        })
    }

    /// What has come in place of documents of the batch itself: found at once, these would have no key.
    fn replaced(&self) -> Replaced {
        let first = self.first_document();
        let rows = self.parts.iter().flat_map(|part| &part.gone).filter(|row| row.document >= first);
        let came = |row: &GoneRow| match row.told {
            GoneTold::Copy(copy) => Some((row.document, copy)),
            GoneTold::Contained(_) => None,
        };
        rows.filter_map(came).collect()
    }
}

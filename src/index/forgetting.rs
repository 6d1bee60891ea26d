//! What is to be forgotten, and what stays that repeats it: the matches of the index tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::document::{Kind, Unit, told_id};
use crate::error::Result;
use crate::index::Index;
use crate::index::rows::Told;
use crate::index::segment::Held;
use crate::resolve::NumberMap;

/// Units, the largest first, and kinds, in the order in which a document that repeats something is told.
const UNITS: [Unit; 3] = [Unit::Document, Unit::Paragraph, Unit::Passage];
const KINDS: [Kind; 3] = [Kind::Exact, Kind::Near, Kind::Contained];

/// Documents that are to be forgotten, found in one generation of an index.
#[derive(Debug, Clone, Default)]
pub struct Meant {
    pub(crate) generation: u64,
    /// all that are still on disk, in order
    documents: Vec<u32>,
    /// those of them that are not forgotten yet
    pub(crate) kept: Vec<u32>,
}

impl Meant {
    /// How many will be forgotten; what is forgotten already is not counted.
    pub fn count(&self) -> u64 {
        self.kept.len() as u64
    }

    fn has(&self, document: u32) -> bool {
        self.documents.binary_search(&document).is_ok()
    }
}

/// A document of an index as it is named.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentName {
    /// its id as JSON, `None` where it has none
    pub id: Option<Box<RawValue>>,
    /// its file
    pub source: String,
    /// its number there, from 0
    pub record: u32,
}

/// A document that stays and repeats something that is to be forgotten.
#[derive(Debug, Clone, Serialize)]
pub struct Repeat {
    /// its id as JSON, `None` where it has none
    pub id: Option<Box<RawValue>>,
    /// its file
    pub source: String,
    /// its number there, from 0
    pub record: u32,
    /// the largest unit that is repeated
    pub unit: Unit,
    /// how alike they are
    pub kind: Kind,
}

/// What stays and repeats something that is to be forgotten, as far as the matches of the index tell.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Repeats {
    /// documents
    pub documents: u64,
    /// the first of them: those that repeat a whole document, then a paragraph, then a passage, each in corpus order
    pub first: Vec<Repeat>,
}

impl Index {
    /// The documents for which `is_meant` says so, given the id as JSON (empty where there is none) and the source; it is
    /// asked of those that are forgotten and still on disk, too.
    ///
    /// # Errors
    /// [`crate::error::Error::Damaged`], [`crate::error::Error::Io`].
    pub fn meant(&self, mut is_meant: impl FnMut(&str, &str) -> bool) -> Result<Meant> {
        let mut meant = Meant { generation: self.generation(), ..Meant::default() };
        for segment in &self.segments {
            let mut held = Held::default();
            for document in segment.documents() {
                let (document, row) = document?;
                let (id, _) = segment.next_strings(&row, &mut held)?;
                if is_meant(&id, segment.source(row.source).unwrap_or_default()) {
                    meant.documents.push(document);
                    if !self.manifest.is_forgotten(document) {
                        meant.kept.push(document);
                    }
                }
            }
        }
        Ok(meant)
    }

    /// The names of the first `most` documents that will be forgotten, in corpus order.
    ///
    /// # Errors
    /// [`crate::error::Error::Damaged`], [`crate::error::Error::Io`].
    pub fn names_of(&self, meant: &Meant, most: usize) -> Result<Vec<DocumentName>> {
        meant.kept.iter().take(most).map(|document| self.name(*document)).collect()
    }

    fn name(&self, document: u32) -> Result<DocumentName> {
        let (row, segment) = self.document(document)?;
        let (id, _) = segment.strings(&row)?;
        let id = RawValue::from_string(told_id(&id).into_owned()).ok();
        let source = segment.source(row.source).unwrap_or_default().to_owned();
        Ok(DocumentName { id, source, record: row.record })
    }

    /// The documents that stay, though they repeat some of what is meant: its copies, its originals, and what repeats a
    /// stretch of an original that it repeats, too. Of these the first `most` are named. A match that was not looked
    /// for, as of passages in an index without them, is not known.
    ///
    /// # Errors
    /// [`crate::error::Error::Damaged`], [`crate::error::Error::Io`].
    pub fn repeats_of(&self, meant: &Meant, most: usize) -> Result<Repeats> {
        let mut found = Found {
            likeness: vec![NOTHING; self.manifest.documents as usize],
            is_kept: |document| !meant.has(document) && self.keeps(document, u32::MAX),
        };
        let mut shared = Stretches::default();
        self.all_rows(|[copy, original], row| match [copy, original].map(|document| meant.has(document)) {
            [true, false] => {
                found.add(original, row.likeness());
                shared.add(original, row);
            }
            [false, true] => found.add(copy, row.likeness()),
            _ => {}
        })?;
        if !shared.by_original.is_empty() {
            shared.merge();
            self.all_rows(|[copy, original], row| {
                if let Some(likeness) = shared.meets(original, row) {
                    found.add(copy, likeness);
                }
            })?;
        }
        let mut first: Vec<(u8, u32)> = Vec::new();
        for likeness in 0..NOTHING {
            let own = found.likeness.iter().zip(0..).filter(|(of, _)| **of == likeness);
            first.extend(own.map(|(_, document)| (likeness, document)).take(most - first.len()));
        }
        let named = first.into_iter().map(|(likeness, document)| {
            let DocumentName { id, source, record } = self.name(document)?;
            let [unit, kind] = [likeness / 3, likeness % 3].map(usize::from);
            Ok(Repeat { id, source, record, unit: UNITS[unit], kind: KINDS[kind] })
        });
        let documents = found.likeness.iter().filter(|of| **of != NOTHING).count() as u64;
        Ok(Repeats { documents, first: named.collect::<Result<_>>()? })
    }

    /// All rows, of documents that are forgotten, too: copy and original, and in what way.
    fn all_rows(&self, mut tell: impl FnMut([u32; 2], Repeated)) -> Result<()> {
        self.segments.iter().try_for_each(|segment| {
            segment.rows(|row| {
                tell([row.copy, row.original], Repeated::of(&row.told));
                Ok(())
            })
        })
    }
}

/// Of a document that repeats nothing.
const NOTHING: u8 = 9;

/// What stays and repeats something: of each document the unit and kind of its best match, as one number.
struct Found<F> {
    likeness: Vec<u8>,
    is_kept: F,
}

impl<F: Fn(u32) -> bool> Found<F> {
    fn add(&mut self, document: u32, likeness: u8) {
        if (self.is_kept)(document)
            && let Some(known) = self.likeness.get_mut(document as usize)
        {
            *known = likeness.min(*known);
        }
    }
}

/// How a copy repeats an original.
#[derive(Clone, Copy)]
struct Repeated {
    /// the places in [`UNITS`] and [`KINDS`]
    of: [u8; 2],
    /// of the original, from and up to
    bytes: [u64; 2],
}

impl Repeated {
    fn of(told: &Told) -> Self {
        let (unit, kind, bytes) = match told {
            Told::Match(found) => {
                let bytes = found.stretches.as_ref().map(|[_, original]| &original.bytes);
                (found.unit, found.kind, bytes.map_or([0, u64::MAX], |bytes| [bytes.start, bytes.end]))
            }
            Told::Line(line) => {
                // of what tells no more it is known that it repeats something
                let line = serde_json::from_slice(line)
                    .map(|Line { unit, kind, original }| (unit, kind, original.bytes));
                line.unwrap_or((Unit::Passage, Kind::Near, [0, u64::MAX]))
            }
        };
        Repeated { of: [unit as u8, kind as u8], bytes }
    }

    fn likeness(self) -> u8 {
        3 * self.of[0] + self.of[1]
    }
}

/// What is needed of a line of `--matches`, as version 1 of an index keeps it.
#[derive(Deserialize)]
struct Line {
    unit: Unit,
    kind: Kind,
    original: Side,
}

#[derive(Deserialize)]
struct Side {
    bytes: [u64; 2],
}

/// The stretches of originals that something repeats, by original, and there by unit and kind.
#[derive(Default)]
struct Stretches {
    by_original: NumberMap<BTreeMap<[u8; 2], Vec<[u64; 2]>>>,
}

impl Stretches {
    fn add(&mut self, original: u32, row: Repeated) {
        self.by_original.entry(original).or_default().entry(row.of).or_default().push(row.bytes);
    }

    /// Puts all in order, those that touch each other as one.
    fn merge(&mut self) {
        for stretches in self.by_original.values_mut().flat_map(BTreeMap::values_mut) {
            stretches.sort_unstable();
            stretches.dedup_by(|next, last| {
                let touches = next[0] <= last[1];
                last[1] = if touches { last[1].max(next[1]) } else { last[1] };
                touches
            });
        }
    }

    /// How a copy of the same stretch repeats it: by the smaller of both units, and no better than either.
    fn meets(&self, original: u32, row: Repeated) -> Option<u8> {
        let [start, end] = row.bytes;
        let overlaps = |stretches: &[[u64; 2]]| {
            let at = stretches.partition_point(|stretch| stretch[1] <= start);
            stretches.get(at).is_some_and(|stretch| stretch[0] < end)
        };
        let known = self.by_original.get(&original)?.iter();
        let met = known.filter(|(_, stretches)| overlaps(stretches));
        met.map(|(of, _)| 3 * of[0].max(row.of[0]) + of[1].max(row.of[1])).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(unit: &str, bytes: [u64; 2]) -> Repeated {
        let side =
            |bytes: [u64; 2]| serde_json::json!({"id": null, "source": "x", "record": 0, "bytes": bytes});
        let line =
            serde_json::json!({"unit": unit, "kind": "near", "copy": side([0, 9]), "original": side(bytes)});
        Repeated::of(&Told::Line(line.to_string().into_bytes()))
    }

    #[test]
    fn a_line_of_version_1_tells_how_it_repeats() {
        let told = line("paragraph", [433, 788]);
        assert_eq!((told.of, told.bytes, told.likeness()), ([1, 1], [433, 788], 4));
        assert_eq!(Repeated::of(&Told::Line(b"{}".to_vec())).of, [2, 1]);
    }

    #[test]
    fn what_repeats_the_same_stretch_is_met_and_nothing_beside_it() {
        let mut shared = Stretches::default();
        for bytes in [[10, 20], [15, 30], [50, 60], [30, 31]] {
            shared.add(7, line("passage", bytes));
        }
        shared.add(7, line("paragraph", [100, 200]));
        shared.merge();
        let met = |bytes: [u64; 2]| shared.meets(7, line("passage", bytes));
        assert_eq!([[0, 10], [31, 50], [60, 100], [200, 210]].map(met), [None; 4]);
        assert_eq!([[0, 11], [30, 50], [59, 70], [199, 300]].map(met), [Some(7); 4]);
        assert_eq!(shared.meets(7, line("document", [0, 500])), Some(4), "by the smaller of both units");
        assert_eq!(shared.meets(8, line("passage", [0, 500])), None);
    }
}

//! What an index tells of the copies that it has seen: matches whose files are long gone.

use std::collections::HashMap;

use crate::document::told_id;
use crate::error::Result;
use crate::index::Index;
use crate::index::rows::{Row, Told};
use crate::match_line::{Line, Named, json_string};
use crate::resolve::NumberMap;

/// Documents whose names are held at once.
const HELD: usize = 1 << 14;

/// A document's name: its id and its source as JSON, and its record.
struct Name {
    id: String,
    source: String,
    record: u32,
}

impl Name {
    fn named(&self) -> Named<'_> {
        Named { id: &self.id, source: &self.source, record: self.record }
    }
}

struct Names<'a> {
    index: &'a Index,
    held: NumberMap<Name>,
}

impl Names<'_> {
    /// The names of both sides of a match.
    fn of(&mut self, documents: [u32; 2]) -> Result<[Named<'_>; 2]> {
        if self.held.len() + 2 > HELD {
            self.held.clear();
        }
        for document in documents {
            if !self.held.contains_key(&document) {
                let (row, segment) = self.index.document(document)?;
                let (id, _) = segment.strings(&row)?;
                let id = if id.is_empty() { "null".to_owned() } else { told_id(&id).into_owned() };
                let source = json_string(segment.source(row.source).unwrap_or_default());
                self.held.insert(document, Name { id, source, record: row.record });
            }
        }
        Ok(documents.map(|document| self.held[&document].named()))
    }
}

impl Index {
    /// All matches of all copies, as lines of `--matches`, in the order in which they came.
    ///
    /// # Errors
    /// [`crate::error::Error::Damaged`], [`crate::error::Error::Io`], and what `tell` fails with.
    pub fn matches(&self, mut tell: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut made = Vec::new();
        self.each_match(|told, names| match told {
            Told::Line(line) => tell(line),
            Told::Match(found) => {
                made.clear();
                Line { to: &mut made }.push(found, &found.stretches.clone().unwrap_or_default(), names);
                tell(&made)
            }
        })
    }

    /// All matches of all copies with the names of both documents, in the order in which they came.
    pub(crate) fn each_match(&self, mut tell: impl FnMut(&Told, [Named<'_>; 2]) -> Result<()>) -> Result<()> {
        let mut names = Names { index: self, held: HashMap::default() };
        self.each_row(|row| tell(&row.told, names.of([row.copy, row.original])?))
    }

    /// All rows of documents that are not forgotten.
    fn each_row(&self, mut tell: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        let gone = |document: u32| self.manifest.is_forgotten(document);
        self.segments.iter().try_for_each(|segment| {
            segment.rows(|row| if gone(row.copy) || gone(row.original) { Ok(()) } else { tell(&row) })
        })
    }
}

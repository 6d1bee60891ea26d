//! What an index keeps, as tables: its matches in the columns of those of a run, and its documents.

use std::io::Write;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Column, Named, RowGroup, Rows, Table, as_io, id_text};
use crate::document::{Kind, Match, Place, Span, Unit};
use crate::error::{Error, Result};
use crate::index::Index;
use crate::index::rows::Told;

/// Writes all matches of an index, in the order in which they came.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Io`]; with an empty path where `to` fails.
pub fn write_kept_matches(index: &Index, to: impl Write + Send) -> Result<()> {
    let mut table = Table::<_, Rows>::new(to).map_err(broken)?;
    index.each_match(|told, names| {
        match told {
            Told::Match(found) => {
                let names = names.map(|name| Named {
                    id: (name.id != "null").then(|| id_text(name.id)),
                    source: id_text(name.source),
                    record: name.record,
                });
                table.rows.push(found, &found.stretches.clone().unwrap_or_default(), names);
            }
            Told::Line(line) => {
                let line: Line = serde_json::from_slice(line).map_err(|error| Error::Damaged {
                    path: index.location(),
                    offset: 0,
                    found: format!("a match that is none: {error}"),
                })?;
                let found = line.found();
                table.rows.push(&found, &found.stretches.clone().unwrap_or_default(), line.names());
            }
        }
        table.end_row().map_err(broken)
    })?;
    table.finish().map_err(broken)
}

/// Writes the documents that an index keeps: `id`, `source`, `record`, and `text` where it has one.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Io`]; with an empty path where `to` fails.
pub fn write_kept_documents(index: &Index, to: impl Write + Send) -> Result<()> {
    let mut table = Table::<_, Documents>::new(to).map_err(broken)?;
    index.each_document(|id, source, record, text| {
        let rows = &mut table.rows;
        rows.id.optional((!id.is_empty()).then(|| id_text(id)));
        rows.source.values.push(ByteArray::from(source));
        rows.record.values.push(i64::from(record));
        rows.text.optional(text.map(ByteArray::from));
        rows.bytes += text.map_or(0, str::len);
        table.end_row().map_err(broken)
    })?;
    table.finish().map_err(broken)
}

fn broken(error: ParquetError) -> Error {
    Error::Io { path: std::path::PathBuf::new(), doing: "writing", source: as_io(error) }
}

#[derive(Default)]
struct Documents {
    id: Column<ByteArray>,
    source: Column<ByteArray>,
    record: Column<i64>,
    text: Column<ByteArray>,
    bytes: usize,
}

impl RowGroup for Documents {
    fn schema() -> String {
        "message documents {
    optional binary id (STRING);
    required binary source (STRING);
    required int64 record;
    optional binary text (STRING);
}"
        .to_owned()
    }

    fn count(&self) -> usize {
        self.record.values.len()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn write(
        &self,
        mut group: SerializedRowGroupWriter<'_, impl Write + Send>,
    ) -> std::result::Result<(), ParquetError> {
        self.id.write::<ByteArrayType>(&mut group)?;
        self.source.write::<ByteArrayType>(&mut group)?;
        self.record.write::<Int64Type>(&mut group)?;
        self.text.write::<ByteArrayType>(&mut group)?;
        group.close()?;
        Ok(())
    }
}

/// A line of `--matches`, as version 1 of an index keeps it.
#[derive(Deserialize)]
struct Line {
    unit: Unit,
    kind: Kind,
    jaccard: f64,
    containment: f64,
    tokens: [u32; 2],
    copy: Side,
    original: Side,
}

#[derive(Deserialize)]
struct Side {
    id: Option<Box<RawValue>>,
    source: String,
    record: u32,
    paragraph: Option<u32>,
    bytes: [u64; 2],
    chars: [u64; 2],
}

impl Line {
    /// Without the numbers of its documents, which a table does not have.
    fn found(&self) -> Match {
        let place = |side: &Side| Place { document: 0, paragraph: side.paragraph };
        let span = |side: &Side| {
            let ([bytes, bytes_end], [chars, chars_end]) = (side.bytes, side.chars);
            Span { bytes: bytes..bytes_end, chars: chars..chars_end }
        };
        Match {
            unit: self.unit,
            kind: self.kind,
            jaccard: self.jaccard,
            containment: self.containment,
            tokens: self.tokens,
            copy: place(&self.copy),
            original: place(&self.original),
            stretches: Some([span(&self.copy), span(&self.original)]),
        }
    }

    fn names(&self) -> [Named; 2] {
        [&self.copy, &self.original].map(|side| Named {
            id: side.id.as_ref().map(|id| id_text(id.get())),
            source: ByteArray::from(side.source.as_str()),
            record: side.record,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_version_1_is_a_row() {
        let line = br#"{"unit":"passage","kind":"near","jaccard":0.75,"containment":0.875,"tokens":[57,63],"copy":{"id":"a\"b","source":"x.jsonl","record":10,"paragraph":6,"bytes":[433,788],"chars":[430,780]},"original":{"id":7,"source":"y.jsonl","record":8,"paragraph":null,"bytes":[798,1183],"chars":[790,1170]}}"#;
        let line: Line = serde_json::from_slice(line).expect("a line");
        let found = line.found();
        assert_eq!((found.unit, found.kind, found.tokens), (Unit::Passage, Kind::Near, [57, 63]));
        assert_eq!((found.copy.paragraph, found.original.paragraph), (Some(6), None));
        let spans = [Span { bytes: 433..788, chars: 430..780 }, Span { bytes: 798..1183, chars: 790..1170 }];
        assert_eq!(found.stretches, Some(spans));
        let [copy, original] = line.names();
        assert_eq!((copy.id, copy.record), (Some(ByteArray::from("a\"b")), 10));
        assert_eq!((original.id, original.source), (Some(ByteArray::from("7")), ByteArray::from("y.jsonl")));
    }
}

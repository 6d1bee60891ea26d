//! The matches as Parquet: the columns of [`crate::report::matches`], nested in the same way, so that one query
//! reads both. Ids are strings here, since a column has one type: the string itself, or any other id as JSON.

mod kept;

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::document::{Match, Place, Span};
use crate::match_line::rounded;
use crate::outcome::{Outcome, Spans};

/// Rows in a row group.
const ROWS: usize = 1 << 16;

/// Bytes of text after which a row group ends.
const BYTES: usize = 64 << 20;

/// One side of a match, with the braces of its group left out.
const SIDE: &str = "
    optional binary id (STRING);
    required binary source (STRING);
    required int64 record;
    optional int64 paragraph;
    required group bytes (LIST) { repeated group list { required int64 element; } }
    required group chars (LIST) { repeated group list { required int64 element; } }";

pub use kept::{write_kept_documents, write_kept_matches};

/// Writes all matches, sorted by the copy's place in the corpus.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(outcome: &Outcome, to: impl Write + Send) -> io::Result<()> {
    write_those(outcome, to, |_| true)
}

/// Writes the matches for which `wanted` says so, in the same order and columns.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write_those(
    outcome: &Outcome,
    to: impl Write + Send,
    wanted: impl Fn(&Match) -> bool,
) -> io::Result<()> {
    attempt(outcome, to, wanted).map_err(as_io)
}

/// What the writer failed with, or that what it writes is no table.
fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => {
            error.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error)
        }
        error => io::Error::other(error),
    }
}

fn attempt(
    outcome: &Outcome,
    to: impl Write + Send,
    wanted: impl Fn(&Match) -> bool,
) -> Result<(), ParquetError> {
    let mut table = Table::<_, Rows>::new(to)?;
    let sources = outcome.sources().iter().map(|source| ByteArray::from(source.name.as_str()));
    let sources: Vec<ByteArray> = sources.collect();
    let mut spans = Spans::new(outcome);
    for document in outcome.in_corpus_order() {
        for found in outcome.matches_of(document).into_iter().filter(|found| wanted(found)) {
            let stretches = spans.of(&found);
            let names = [found.copy, found.original].map(|place| {
                let (source, record) = outcome.record(place.document);
                let id = outcome.id(place.document).map(|id| id_text(&id));
                Named { id, source: sources[source as usize].clone(), record }
            });
            table.rows.push(&found, &stretches, names);
            table.end_row()?;
        }
    }
    table.finish()
}

/// What a document is called.
struct Named {
    id: Option<ByteArray>,
    source: ByteArray,
    record: u32,
}

/// An id as a column has it, from JSON.
fn id_text(id: &str) -> ByteArray {
    let string = serde_json::from_str::<String>(id);
    ByteArray::from(string.unwrap_or_else(|_| id.to_owned()).into_bytes())
}

/// The rows of a row group.
trait RowGroup: Default {
    /// The columns, as Parquet names them.
    fn schema() -> String;
    fn count(&self) -> usize;
    /// Bytes of text held.
    fn bytes(&self) -> usize {
        0
    }
    fn write(&self, group: SerializedRowGroupWriter<'_, impl Write + Send>) -> Result<(), ParquetError>;
}

/// A table on its way into a file.
struct Table<W: Write + Send, R> {
    file: SerializedFileWriter<W>,
    rows: R,
}

impl<W: Write + Send, R: RowGroup> Table<W, R> {
    fn new(to: W) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_created_by(concat!("redite ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()));
        let schema = Arc::new(parse_message_type(&R::schema())?);
        let file = SerializedFileWriter::new(to, schema, Arc::new(properties.build()))?;
        Ok(Table { file, rows: R::default() })
    }

    /// Writes the rows so far where they are a group.
    fn end_row(&mut self) -> Result<(), ParquetError> {
        if self.rows.count() == ROWS || self.rows.bytes() >= BYTES { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        std::mem::take(&mut self.rows).write(self.file.next_row_group()?)
    }

    fn finish(mut self) -> Result<(), ParquetError> {
        if self.rows.count() > 0 {
            self.end_group()?;
        }
        self.file.close()?;
        Ok(())
    }
}

/// The values of a column, with their levels where they may be missing or are several a row.
struct Column<T> {
    values: Vec<T>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column { values: Vec::new(), definitions: Vec::new(), repetitions: Vec::new() }
    }
}

impl<T> Column<T> {
    fn optional(&mut self, value: Option<T>) {
        self.definitions.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn pair(&mut self, values: [T; 2]) {
        self.values.extend(values);
        self.definitions.extend([1, 1]);
        self.repetitions.extend([0, 1]);
    }

    fn write<D: DataType<T = T>>(
        &self,
        group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    ) -> Result<(), ParquetError> {
        let some = |levels: &[i16]| !levels.is_empty();
        let mut column =
            group.next_column()?.ok_or_else(|| ParquetError::General("no such column".to_owned()))?;
        column.typed::<D>().write_batch(
            &self.values,
            some(&self.definitions).then_some(&self.definitions),
            some(&self.repetitions).then_some(&self.repetitions),
        )?;
        column.close()
    }
}

/// The columns of one side.
#[derive(Default)]
struct Side {
    id: Column<ByteArray>,
    source: Column<ByteArray>,
    record: Column<i64>,
    paragraph: Column<i64>,
    bytes: Column<i64>,
    chars: Column<i64>,
}

/// The columns of a row group, in the order of the schema.
#[derive(Default)]
struct Rows {
    unit: Column<ByteArray>,
    kind: Column<ByteArray>,
    jaccard: Column<f64>,
    containment: Column<f64>,
    tokens: Column<i64>,
    sides: [Side; 2],
}

impl Rows {
    fn push(&mut self, found: &Match, stretches: &[Span; 2], names: [Named; 2]) {
        self.unit.values.push(found.unit.name().into());
        self.kind.values.push(found.kind.name().into());
        self.jaccard.values.push(rounded(found.jaccard));
        self.containment.values.push(rounded(found.containment));
        self.tokens.pair(found.tokens.map(i64::from));
        let places = [found.copy, found.original].into_iter().zip(stretches);
        for ((side, name), (place, span)) in self.sides.iter_mut().zip(names).zip(places) {
            side.push(name, place, span);
        }
    }
}

impl RowGroup for Rows {
    fn schema() -> String {
        format!(
            "message matches {{
    required binary unit (STRING);
    required binary kind (STRING);
    required double jaccard;
    required double containment;
    required group tokens (LIST) {{ repeated group list {{ required int64 element; }} }}
    required group copy {{ {SIDE} }}
    required group original {{ {SIDE} }}
}}"
        )
    }

    fn count(&self) -> usize {
        self.unit.values.len()
    }

    fn write(&self, mut group: SerializedRowGroupWriter<'_, impl Write + Send>) -> Result<(), ParquetError> {
        self.unit.write::<ByteArrayType>(&mut group)?;
        self.kind.write::<ByteArrayType>(&mut group)?;
        self.jaccard.write::<DoubleType>(&mut group)?;
        self.containment.write::<DoubleType>(&mut group)?;
        self.tokens.write::<Int64Type>(&mut group)?;
        for side in &self.sides {
            side.id.write::<ByteArrayType>(&mut group)?;
            side.source.write::<ByteArrayType>(&mut group)?;
            for numbers in [&side.record, &side.paragraph, &side.bytes, &side.chars] {
                numbers.write::<Int64Type>(&mut group)?;
            }
        }
        group.close()?;
        Ok(())
    }
}

impl Side {
    fn push(&mut self, name: Named, place: Place, span: &Span) {
        self.id.optional(name.id);
        self.source.values.push(name.source);
        self.record.values.push(i64::from(name.record));
        self.paragraph.optional(place.paragraph.map(i64::from));
        self.bytes.pair([span.bytes.start as i64, span.bytes.end as i64]);
        self.chars.pair([span.chars.start as i64, span.chars.end as i64]);
    }
}

//! A chunk without some of its rows, and with the dictionary that it had. What a table calls categories are the values of
//! its dictionary, in their order; a writer would make another one of the rows that stay.
//!
//! A writer takes up values in the order in which it meets them. So it is given all of the dictionary first, as rows that
//! fill a page of their own, and that page is left out. What is told of the chunk comes from a second writer, which has
//! seen the rows alone.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, ColumnWriterImpl, get_column_writer};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::FileMetaData;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::reader::FileReader;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescriptor;

use crate::error::Error;
use crate::read::parquet::{Stop, check, guarded};
use crate::write::records::Trouble;
use crate::write::table::{Kept, Table, of_output, stopped};

/// The most rows of a page.
const ROWS: usize = 20_000;

/// The columns that a table calls categories, as pandas tells it.
pub(super) fn categories(of_file: &FileMetaData) -> BTreeSet<usize> {
    let pairs = of_file.key_value_metadata().into_iter().flatten();
    let told = pairs.filter(|pair| pair.key == "pandas").filter_map(|pair| pair.value.as_deref());
    let told: Vec<serde_json::Value> = told.filter_map(|told| serde_json::from_str(told).ok()).collect();
    let columns = told.iter().filter_map(|told| told["columns"].as_array()).flatten();
    let names: Vec<&str> = columns
        .filter(|column| column["pandas_type"] == "categorical")
        .filter_map(|column| column["field_name"].as_str().or_else(|| column["name"].as_str()))
        .collect();
    let leaves = of_file.schema_descr().columns().iter().enumerate();
    leaves.filter(|(_, leaf)| names.contains(&leaf.path().string().as_str())).map(|(i, _)| i).collect()
}

/// The values of a dictionary, as they are stored.
struct Dictionary {
    page: bytes::Bytes,
    values: usize,
}

/// A value as it is stored, taken from the front of others.
trait Stored: Sized {
    /// `length` is that of values which all have the same.
    fn take(from: &mut &[u8], length: usize) -> Option<Self>;
}

fn array<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*first)
}

fn slice(from: &mut &[u8], length: usize) -> Option<Vec<u8>> {
    let (first, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(first.to_vec())
}

macro_rules! stored {
    ($($number:ty),*) => {$(
        impl Stored for $number {
            fn take(from: &mut &[u8], _: usize) -> Option<Self> {
                array(from).map(Self::from_le_bytes)
            }
        }
    )*};
}

stored!(i32, i64, f32, f64);

impl Stored for ByteArray {
    fn take(from: &mut &[u8], _: usize) -> Option<Self> {
        let length = array(from).map(u32::from_le_bytes)?;
        slice(from, length as usize).map(Self::from)
    }
}

impl Stored for FixedLenByteArray {
    fn take(from: &mut &[u8], length: usize) -> Option<Self> {
        slice(from, length).map(|value| ByteArray::from(value).into())
    }
}

/// Gives a writer all values of a dictionary as rows of a whole page.
fn take_up<T: DataType>(
    to: &mut ColumnWriterImpl<'_, T>,
    dictionary: &Dictionary,
    (descriptor, rows): (&ColumnDescriptor, usize),
) -> ParquetResult<()>
where
    T::T: Stored,
{
    let mut stored = &dictionary.page[..];
    let length = usize::try_from(descriptor.type_length()).unwrap_or(0);
    let values: Option<Vec<T::T>> = (0..dictionary.values).map(|_| T::T::take(&mut stored, length)).collect();
    let cut_off = || ParquetError::General("a dictionary that is shorter than its page says".to_owned());
    let mut values = values.ok_or_else(cut_off)?;
    if let Some(first) = values.first().cloned() {
        values.resize(rows, first);
    }
    let levels = |most: i16, level: i16| (most > 0).then(|| vec![level; rows]);
    let definition = levels(descriptor.max_def_level(), descriptor.max_def_level());
    let repetition = levels(descriptor.max_rep_level(), 0);
    to.write_batch(&values, definition.as_deref(), repetition.as_deref())?;
    Ok(())
}

/// Writes all pages but the first one of rows.
struct WithoutFirst<'a, W: Write> {
    pages: SerializedPageWriter<'a, W>,
    bytes: u64,
    is_first: bool,
}

impl<W: Write + Send> PageWriter for WithoutFirst<'_, W> {
    fn write_page(&mut self, page: CompressedPage) -> ParquetResult<PageWriteSpec> {
        if page.compressed_page().is_data_page() && std::mem::take(&mut self.is_first) {
            let mut nothing = PageWriteSpec::new();
            (nothing.page_type, nothing.offset) = (page.page_type(), self.bytes);
            return Ok(nothing);
        }
        let written = self.pages.write_page(page)?;
        self.bytes += written.bytes_written;
        Ok(written)
    }

    fn close(&mut self) -> ParquetResult<()> {
        self.pages.close()
    }
}

/// What is told of a chunk, as it is where it was written; `None` where the pages of both are not of the same rows.
fn as_written(
    told: ColumnCloseResult,
    written: &ColumnCloseResult,
    rows: usize,
) -> Option<ColumnCloseResult> {
    let ColumnCloseResult { metadata, mut offset_index, .. } = told;
    if metadata.num_values() != written.metadata.num_values() {
        return None;
    }
    if let (Some(own), Some(pages)) = (&mut offset_index, &written.offset_index) {
        let pages = pages.page_locations.get(1..)?;
        let is_same = pages.len() == own.page_locations.len()
            && pages
                .iter()
                .zip(&own.page_locations)
                .all(|(page, own)| page.first_row_index - rows as i64 == own.first_row_index);
        if !is_same {
            return None;
        }
        for (page, own) in pages.iter().zip(&mut own.page_locations) {
            (own.offset, own.compressed_page_size) = (page.offset, page.compressed_page_size);
        }
    }
    let metadata = metadata
        .into_builder()
        .set_data_page_offset(written.metadata.data_page_offset())
        .set_dictionary_page_offset(written.metadata.dictionary_page_offset())
        .set_total_compressed_size(written.metadata.compressed_size())
        .set_total_uncompressed_size(written.metadata.uncompressed_size())
        .build()
        .ok()?;
    Some(ColumnCloseResult { bytes_written: written.bytes_written, metadata, offset_index, ..told })
}

impl Table<'_> {
    /// The dictionary of a chunk, if it has one. Each of its values takes a byte at least: more are not believed.
    fn dictionary(&self, group: usize, column: usize) -> Result<Option<Dictionary>, Stop> {
        let group = self.plain.get_row_group(group)?;
        check(group.metadata().column(column))?;
        let first = group.get_column_page_reader(column)?.get_next_page()?;
        Ok(match first {
            Some(Page::DictionaryPage { buf, num_values, .. })
                if (1..=buf.len()).contains(&(num_values as usize)) =>
            {
                Some(Dictionary { page: buf, values: num_values as usize })
            }
            _ => None,
        })
    }

    /// The rows of a chunk that stay, in a file of their own, with the dictionary that it had; `None` where it has none.
    pub(super) fn with_dictionary(
        &self,
        (group, column): (usize, usize),
        kept: &Kept,
        properties: &WriterProperties,
    ) -> Result<Option<(File, ColumnCloseResult)>, Trouble> {
        let stopped = |stop| stopped(self.file, stop, &self.place(group, column));
        let Some(dictionary) = guarded(|| self.dictionary(group, column)).map_err(stopped)? else {
            return Ok(None);
        };
        let descriptor = self.descriptor(column);
        let rows = dictionary.values.max(ROWS);
        // pages end after so many rows, whatever their bytes, and the dictionary has room for all
        let path = descriptor.path().clone();
        let builder = properties.clone().into_builder().set_data_page_row_count_limit(rows);
        let builder = builder
            .set_data_page_size_limit(usize::MAX)
            .set_dictionary_page_size_limit(usize::MAX)
            .set_column_dictionary_enabled(path, true);
        let properties: WriterPropertiesPtr = Arc::new(builder.build());
        let folder = self.records.outcome.corpus().texts.temporary();
        let of_folder = |source| Trouble::There(Error::temporary(folder, source));
        let file = tempfile::tempfile_in(folder).map_err(of_folder)?;
        let own = file.try_clone().map_err(of_folder)?;
        let (mut own, mut nowhere) = (TrackedWrite::new(own), TrackedWrite::new(io::sink()));
        let pages = SerializedPageWriter::new(&mut own);
        let pages = WithoutFirst { pages, bytes: 0, is_first: true };
        let mut writer = get_column_writer(descriptor.clone(), properties.clone(), Box::new(pages));
        let taken = match &mut writer {
            ColumnWriter::Int32ColumnWriter(to) => take_up(to, &dictionary, (&descriptor, rows)),
            ColumnWriter::Int64ColumnWriter(to) => take_up(to, &dictionary, (&descriptor, rows)),
            ColumnWriter::FloatColumnWriter(to) => take_up(to, &dictionary, (&descriptor, rows)),
            ColumnWriter::DoubleColumnWriter(to) => take_up(to, &dictionary, (&descriptor, rows)),
            ColumnWriter::ByteArrayColumnWriter(to) => take_up(to, &dictionary, (&descriptor, rows)),
            ColumnWriter::FixedLenByteArrayColumnWriter(to) => take_up(to, &dictionary, (&descriptor, rows)),
            ColumnWriter::BoolColumnWriter(_) | ColumnWriter::Int96ColumnWriter(_) => return Ok(None),
        };
        taken.map_err(|error| stopped(error.into()))?;
        let written = self.rows((group, column), kept, writer).map_err(|trouble| match trouble {
            Trouble::Here(source) => of_folder(source),
            of_input => of_input,
        })?;
        let pages = Box::new(SerializedPageWriter::new(&mut nowhere));
        let told = self.rows((group, column), kept, get_column_writer(descriptor, properties, pages))?;
        own.flush().map_err(of_folder)?;
        Ok(as_written(told, &written, rows).map(|closed| (file, closed)))
    }

    /// Passes the rows of a chunk that stay to a writer, and closes it.
    fn rows(
        &self,
        (group, column): (usize, usize),
        kept: &Kept,
        mut writer: ColumnWriter<'_>,
    ) -> Result<ColumnCloseResult, Trouble> {
        self.filtered((group, column), kept, &mut writer)?;
        writer.close().map_err(of_output)
    }
}

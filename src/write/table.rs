//! Parquet, written again: the same schema, metadata and row groups, without the rows that are removed or were
//! skipped. A row group that stays whole is copied as it is; of another, each column is decoded, filtered with
//! its levels, and encoded and packed as it was. No type is mapped: columns pass as they are stored.
//!
//! The file is the one that was read if its footer is, and every text.

mod dictionary;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{ColumnOrder, Encoding, Type};
use parquet::bloom_filter::Sbbf;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, ColumnWriterImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{ChunkReader, FileReader};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnDescriptor;

use crate::error::{Error, Result};
use crate::pipeline::Progress;
use crate::read::parquet::{Pages, Stop, check, footer, guarded, open, read_rows, said};
use crate::read::texts::checksum;
use crate::write::folder::Folder;
use crate::write::pack::Packed;
use crate::write::records::{OfFile, Passed, Records, Trouble};
use crate::write::seam;

/// The most rows of a column that are held at once, and about how many bytes.
const ROWS: u64 = 4096;
const BYTES: u64 = 4 << 20;

/// The rows of a row group that are documents, and those that stay.
#[derive(Default)]
struct Kept {
    /// its documents, as places of the corpus
    documents: Range<u32>,
    /// the number of its first row in the file
    first: u64,
    /// rows that stay, counted from the first of the row group
    runs: Vec<Range<u64>>,
    /// those of whose texts parts leave, with their documents
    cut: BTreeMap<u64, u32>,
    passed: Passed,
}

impl Kept {
    /// Whether all of so many rows stay.
    fn is_whole(&self, rows: u64) -> bool {
        matches!(&self.runs[..], [run] if *run == (0..rows))
    }
}

/// A file that is read again.
struct Table<'a> {
    file: &'a OfFile<'a>,
    records: &'a Records<'a>,
    progress: &'a Progress,
    /// with its page index, if that is sound
    reader: SerializedFileReader<Pages>,
    /// without: page by page, so that none is unpacked whose size has not been looked at
    plain: SerializedFileReader<Pages>,
    /// the same file, for chunks that are copied
    pages: Pages,
    /// the column of the texts
    text: usize,
    /// columns whose dictionaries are told to have an order
    categories: BTreeSet<usize>,
}

impl Records<'_> {
    /// A Parquet file. One of which nothing could be used is not written.
    pub(super) fn table(&self, file: &OfFile<'_>, folder: &Folder, progress: &Progress) -> Result<Passed> {
        let texts = &self.outcome.corpus().texts;
        let (Some(digest), Some(text)) = (texts.digest(file.number), texts.column(file.number)) else {
            return Ok(Passed::default());
        };
        let failed = |error| Error::io(file.path(), "reading it again", error);
        texts.check(file.number)?;
        let opened = open(file.source, progress, texts.temporary())?.map_err(failed)?;
        let pages = Pages::new(opened.try_clone().map_err(failed)?, texts.max_record());
        let same = footer(&pages).is_ok_and(|found| found == digest);
        if !same {
            let what = "its footer is not what it was".to_owned();
            return Err(Error::SourceChanged { path: file.path(), what });
        }
        let [reader, plain] = [true, false].map(|indexed| {
            let pages = || opened.try_clone().map(|file| Pages::new(file, texts.max_record()));
            reader(&pages, indexed).map_err(|stop| stopped(file, stop, "the footer"))
        });
        let (reader, plain) = (reader?, plain?);
        let categories = dictionary::categories(reader.metadata().file_metadata());
        let table = Table { file, records: self, progress, reader, plain, pages, text, categories };
        let mut all = Passed::default();
        self.create(file, file.source.compression, folder, |to| {
            all = table.write(to)?;
            Ok(())
        })?;
        texts.check(file.number)?;
        Ok(file.all(all))
    }
}

/// With its page index, where that is wanted and sound.
fn reader(
    pages: &dyn Fn() -> io::Result<Pages>,
    indexed: bool,
) -> std::result::Result<SerializedFileReader<Pages>, Stop> {
    let pages = || pages().map_err(|error| Stop::Group(error.to_string()));
    // a row group without rows has no pages, and some writers give it no index: none of it is written again
    let has_rows = |group: &RowGroupMetaData, _| group.num_rows() > 0;
    // all that is told of encodings, to be told again
    let options =
        || ReadOptionsBuilder::new().with_encoding_stats_as_mask(false).with_predicate(Box::new(has_rows));
    let plain = || guarded(|| Ok(pages()?.reader(options().build())?));
    if !indexed {
        return plain();
    }
    let indexed = options().with_page_index().build();
    guarded(|| Ok(pages()?.reader(indexed)?)).or_else(|_| plain())
}

/// The error for a file of which something can't be read again.
fn stopped(file: &OfFile<'_>, stop: Stop, place: &str) -> Error {
    match stop {
        Stop::Run(error) => error,
        Stop::Group(what) => {
            Error::io(file.path(), "reading it again", io::Error::other(format!("{place}: {what}")))
        }
    }
}

/// The error of an output, as the system told it.
fn of_output(error: ParquetError) -> Trouble {
    Trouble::Here(match error {
        ParquetError::External(error) => {
            error.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error)
        }
        other => io::Error::other(said(&other)),
    })
}

impl Table<'_> {
    fn write(&self, to: &mut Packed) -> std::result::Result<Passed, Trouble> {
        let metadata = self.reader.metadata();
        let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
        let properties = Arc::new(self.properties(metadata));
        let mut writer = SerializedFileWriter::new(to, schema, properties.clone()).map_err(of_output)?;
        let mut passed = Passed::default();
        let mut place = self.file.documents.start;
        let mut first = 0;
        for (group, of_group) in metadata.row_groups().iter().enumerate() {
            self.progress.check()?;
            let rows = u64::try_from(of_group.num_rows()).unwrap_or(0);
            let kept = self.kept(first, rows, &mut place);
            first += rows;
            passed += kept.passed;
            self.check_texts(group, &kept)?;
            if kept.runs.is_empty() {
                continue;
            }
            let mut of_output_group = writer.next_row_group().map_err(of_output)?;
            for column in 0..of_group.num_columns() {
                self.progress.check()?;
                if kept.is_whole(rows) && (column != self.text || kept.cut.is_empty()) {
                    self.copy_chunk(group, column, &mut of_output_group)?;
                } else {
                    self.filter_chunk((group, column), &kept, (&properties, &mut of_output_group))?;
                }
            }
            of_output_group.close().map_err(of_output)?;
        }
        writer.close().map_err(of_output)?;
        Ok(passed)
    }

    /// How the file was written, as far as it tells.
    fn properties(&self, metadata: &ParquetMetaData) -> WriterProperties {
        let of_file = metadata.file_metadata();
        let groups = metadata.row_groups();
        let chunks = || groups.iter().flat_map(|group| group.columns());
        let has_offsets = chunks().any(|chunk| chunk.offset_index_offset().is_some());
        let mut builder = WriterProperties::builder()
            .set_key_value_metadata(of_file.key_value_metadata().cloned())
            .set_offset_index_disabled(!has_offsets)
            .set_writer_version(self.page_version(groups.first().map(|group| group.column(self.text))));
        // readers know by it which statistics of old writers they should not trust
        if let Some(name) = of_file.created_by() {
            builder = builder.set_created_by(name.to_owned());
        }
        if let Some(first) = groups.first()
            && groups.iter().all(|group| group.sorting_columns() == first.sorting_columns())
        {
            let is_cut = |column: i32| column == self.text as i32 && self.records.removal.cuts_texts();
            let sorted = |all: &Vec<SortingColumn>| -> Vec<SortingColumn> {
                all.iter().take_while(|by| !is_cut(by.column_idx)).cloned().collect()
            };
            // what is cut is in no order any more
            let sorted = first.sorting_columns().map(sorted).filter(|sorted| !sorted.is_empty());
            builder = builder.set_sorting_columns(sorted);
        }
        let columns = groups.first().map(|group| group.columns()).unwrap_or_default();
        let mut of_name: BTreeMap<String, usize> = BTreeMap::new();
        columns.iter().for_each(|chunk| *of_name.entry(chunk.column_path().string()).or_default() += 1);
        for (column, chunk) in columns.iter().enumerate() {
            let path = chunk.column_path().clone();
            // columns of one name can't be told apart here, and one may have what suits no other
            if of_name[&path.string()] > 1 {
                builder = builder
                    .set_column_compression(path.clone(), chunk.compression())
                    .set_column_encoding(path.clone(), Encoding::PLAIN)
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_statistics_enabled(path, EnabledStatistics::None);
                continue;
            }
            let statistics = match (chunk.column_index_offset(), chunk.statistics()) {
                _ if !self.has_order_of_output(column) => EnabledStatistics::None,
                // of lists the writer takes a page with as many nulls as rows for one of nulls alone
                (Some(_), _) if self.descriptor(column).max_rep_level() > 0 => EnabledStatistics::Chunk,
                (Some(_), _) => EnabledStatistics::Page,
                (None, Some(_)) => EnabledStatistics::Chunk,
                (None, None) => EnabledStatistics::None,
            };
            builder = builder
                .set_column_compression(path.clone(), chunk.compression())
                .set_column_encoding(path.clone(), encoding(chunk))
                .set_column_dictionary_enabled(path.clone(), chunk.dictionary_page_offset().is_some())
                .set_column_statistics_enabled(path.clone(), statistics)
                .set_column_bloom_filter_enabled(path, chunk.bloom_filter_offset().is_some());
        }
        builder.build()
    }

    /// Whether the bounds of a column are told in the order that the output says they are in: of numbers that are not whole
    /// that is another one than most writers say (`NaN` and `-0` have a place in it).
    fn has_order_of_output(&self, column: usize) -> bool {
        let descriptor = self.descriptor(column);
        let types = (descriptor.logical_type_ref(), descriptor.converted_type(), descriptor.physical_type());
        let of_output = ColumnOrder::column_order_for_type(types.0, types.1, types.2);
        let is_new =
            matches!(of_output, ColumnOrder::IEEE_754_TOTAL_ORDER | ColumnOrder::INT96_TIMESTAMP_ORDER);
        !is_new || self.reader.metadata().file_metadata().column_order(column) == of_output
    }

    /// The version of the pages of a chunk: the first field of a page's header is its kind, 3 for version 2.
    fn page_version(&self, chunk: Option<&ColumnChunkMetaData>) -> WriterVersion {
        let start = chunk.and_then(|chunk| u64::try_from(chunk.data_page_offset()).ok());
        let kind = start.and_then(|start| self.pages.get_bytes(start, 2).ok());
        if kind.is_some_and(|kind| kind[..] == [0x15, 3 << 1]) {
            WriterVersion::PARQUET_2_0
        } else {
            WriterVersion::PARQUET_1_0
        }
    }

    /// What stays of the row group that starts at row `first`; `place` is its first document, or after it.
    fn kept(&self, first: u64, rows: u64, place: &mut u32) -> Kept {
        let mut kept = Kept { documents: *place..*place, first, ..Kept::default() };
        while *place < self.file.documents.end {
            let record = u64::from(self.records.locator(*place).record);
            if record >= first + rows {
                break;
            }
            let row = record - first;
            let document = self.records.outcome.at_place(*place);
            if self.records.removal.is_removed(document) {
                kept.passed.removed += 1;
            } else {
                if self.records.removal.is_cut(document) {
                    kept.cut.insert(row, document);
                }
                kept.passed.kept += 1;
                match kept.runs.last_mut() {
                    Some(run) if run.end == row => run.end += 1,
                    _ => kept.runs.push(row..row + 1),
                }
            }
            *place += 1;
        }
        kept.documents.end = *place;
        kept
    }

    /// Holds the texts of a row group against what they were.
    fn check_texts(&self, group: usize, kept: &Kept) -> Result<()> {
        let place = self.place(group, self.text);
        let read = guarded(|| {
            let ColumnReader::ByteArrayColumnReader(mut texts) = self.column_reader(group, self.text)? else {
                return Err(Stop::Group("no column of texts".to_owned()));
            };
            let whole = self.descriptor(self.text).max_def_level();
            let at_once = self.at_once(group, self.text);
            let (mut levels, mut values) = (Vec::new(), Vec::<ByteArray>::new());
            // the text at hand, and its row
            let (mut row, mut level, mut value) = (0, 0, 0);
            for document in kept.documents.clone() {
                let locator = self.records.locator(document);
                let changed = || Stop::Run(self.records.outcome.corpus().texts.changed(&locator));
                let wanted = u64::from(locator.record) - kept.first;
                loop {
                    let is_there = levels.get(level).is_none_or(|&level| level == whole);
                    if level == values.len().max(levels.len()) {
                        self.progress.check()?;
                        (level, value) = (0, 0);
                        levels.clear();
                        values.clear();
                        // as many as are known to be sound, and no more
                        let last = self.records.locator(kept.documents.end - 1).record;
                        let left = u64::from(last) - kept.first + 1 - row;
                        let rows = at_once.min(left) as usize;
                        let [read, _] = read_rows(&mut texts, rows, &mut levels, None, &mut values)?;
                        if read < rows {
                            return Err(changed());
                        }
                        continue;
                    }
                    let text = values.get(value).filter(|_| is_there);
                    (row, level, value) = (row + 1, level + 1, value + usize::from(is_there));
                    if row <= wanted {
                        continue;
                    }
                    let text = text.and_then(|text| std::str::from_utf8(text.data()).ok());
                    let is_same = |text: &&str| {
                        text.len() == locator.text_length as usize && checksum(text) == locator.checksum
                    };
                    text.filter(is_same).ok_or_else(changed)?;
                    break;
                }
            }
            Ok(())
        });
        read.map_err(|stop| stopped(self.file, stop, &place))
    }

    /// A chunk as it is, with its indexes.
    fn copy_chunk(
        &self,
        group: usize,
        column: usize,
        to: &mut SerializedRowGroupWriter<'_, &mut Packed>,
    ) -> std::result::Result<(), Trouble> {
        let metadata = self.reader.metadata();
        let of_group = metadata.row_group(group);
        let chunk = of_group.column(column);
        let bloom_filter = guarded(|| {
            check(chunk)?;
            Ok(Sbbf::read_from_column_chunk(chunk, &self.pages)?)
        });
        let bloom_filter =
            bloom_filter.map_err(|stop| stopped(self.file, stop, &self.place(group, column)))?;
        let index = metadata.page_index();
        let in_order = self.has_order_of_output(column);
        let metadata = if in_order {
            Ok(chunk.clone())
        } else {
            chunk.clone().into_builder().clear_statistics().build()
        };
        let bounds = index.filter(|_| in_order).and_then(|index| index.column_index(group, column));
        let closed = ColumnCloseResult {
            bytes_written: chunk.compressed_size() as u64,
            rows_written: of_group.num_rows() as u64,
            metadata: metadata.map_err(of_output)?,
            bloom_filter,
            column_index: bounds.cloned(),
            offset_index: index.and_then(|index| index.offset_index(group, column)).cloned(),
        };
        to.append_column(&self.pages, closed).map_err(of_output)
    }

    /// The rows of a chunk that stay.
    fn filter_chunk(
        &self,
        (group, column): (usize, usize),
        kept: &Kept,
        (properties, to): (&WriterProperties, &mut SerializedRowGroupWriter<'_, &mut Packed>),
    ) -> std::result::Result<(), Trouble> {
        // of the texts nothing may stay that was cut
        if self.categories.contains(&column)
            && column != self.text
            && let Some((chunk, closed)) = self.with_dictionary((group, column), kept, properties)?
        {
            return to.append_column(&chunk, closed).map_err(of_output);
        }
        let mut writer = to
            .next_column()
            .map_err(of_output)?
            .ok_or_else(|| of_output(ParquetError::General("a column too many".to_owned())))?;
        self.filtered((group, column), kept, writer.untyped())?;
        writer.close().map_err(of_output)
    }

    /// Passes on the rows of a chunk that stay.
    fn filtered(
        &self,
        (group, column): (usize, usize),
        kept: &Kept,
        writer: &mut ColumnWriter<'_>,
    ) -> std::result::Result<(), Trouble> {
        let (descriptor, at_once) = (self.descriptor(column), self.at_once(group, column));
        let filtered = guarded(|| {
            let mut filter =
                Filter { runs: &kept.runs, descriptor: &descriptor, at_once, progress: self.progress };
            let filtered = match (self.column_reader(group, column)?, writer) {
                (ColumnReader::BoolColumnReader(from), ColumnWriter::BoolColumnWriter(to)) => {
                    filter.run(from, to, as_it_is)
                }
                (ColumnReader::Int32ColumnReader(from), ColumnWriter::Int32ColumnWriter(to)) => {
                    filter.run(from, to, as_it_is)
                }
                (ColumnReader::Int64ColumnReader(from), ColumnWriter::Int64ColumnWriter(to)) => {
                    filter.run(from, to, as_it_is)
                }
                (ColumnReader::Int96ColumnReader(from), ColumnWriter::Int96ColumnWriter(to)) => {
                    filter.run(from, to, as_it_is)
                }
                (ColumnReader::FloatColumnReader(from), ColumnWriter::FloatColumnWriter(to)) => {
                    filter.run(from, to, as_it_is)
                }
                (ColumnReader::DoubleColumnReader(from), ColumnWriter::DoubleColumnWriter(to)) => {
                    filter.run(from, to, as_it_is)
                }
                (ColumnReader::ByteArrayColumnReader(from), ColumnWriter::ByteArrayColumnWriter(to))
                    if column == self.text =>
                {
                    filter.run(from, to, |row, text| self.cut(kept, row, text))
                }
                (ColumnReader::ByteArrayColumnReader(from), ColumnWriter::ByteArrayColumnWriter(to)) => {
                    filter.run(from, to, as_it_is)
                }
                (
                    ColumnReader::FixedLenByteArrayColumnReader(from),
                    ColumnWriter::FixedLenByteArrayColumnWriter(to),
                ) => filter.run(from, to, as_it_is),
                _ => return Err(Stop::Group("a column of two types".to_owned())),
            };
            match filtered {
                Err(Failed::Here(stop)) => Err(stop),
                Err(Failed::Output(error)) => Ok(Err(error)),
                Ok(()) => Ok(Ok(())),
            }
        });
        filtered.map_err(|stop| stopped(self.file, stop, &self.place(group, column)))?.map_err(of_output)
    }

    /// Cuts out of the text of a row what leaves it.
    fn cut(&self, kept: &Kept, row: u64, text: &mut ByteArray) {
        let Some(&document) = kept.cut.get(&row) else { return };
        // it has been held against what it was
        if let Ok(own) = std::str::from_utf8(text.data()) {
            *text = ByteArray::from(seam::apply(own, &self.records.cuts(document, own)).into_bytes());
        }
    }

    fn column_reader(&self, group: usize, column: usize) -> std::result::Result<ColumnReader, Stop> {
        let group = self.plain.get_row_group(group)?;
        check(group.metadata().column(column))?;
        Ok(group.get_column_reader(column)?)
    }

    fn descriptor(&self, column: usize) -> Arc<ColumnDescriptor> {
        self.reader.metadata().file_metadata().schema_descr().column(column)
    }

    /// Rows of a chunk that are held at once.
    fn at_once(&self, group: usize, column: usize) -> u64 {
        let group = self.reader.metadata().row_group(group);
        let bytes = u64::try_from(group.column(column).uncompressed_size()).unwrap_or(0);
        let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
        (BYTES / (bytes / rows).max(1)).clamp(1, ROWS)
    }

    /// A chunk, for messages.
    fn place(&self, group: usize, column: usize) -> String {
        let name: String = self.descriptor(column).path().string().chars().take(40).collect();
        format!("row group {group}, column `{name}`")
    }
}

/// Of most columns nothing changes.
fn as_it_is<T>(_: u64, _: &mut T) {}

/// How the values of a chunk are encoded, where that is not by a dictionary.
fn encoding(chunk: &ColumnChunkMetaData) -> Encoding {
    let mut plain = false;
    for encoding in chunk.encodings() {
        match encoding {
            Encoding::DELTA_BINARY_PACKED
            | Encoding::DELTA_LENGTH_BYTE_ARRAY
            | Encoding::DELTA_BYTE_ARRAY
            | Encoding::BYTE_STREAM_SPLIT => return encoding,
            Encoding::PLAIN => plain = true,
            _ => {}
        }
    }
    // levels are told as RLE, too
    if chunk.column_type() == Type::BOOLEAN && !plain { Encoding::RLE } else { Encoding::PLAIN }
}

/// Passes on some rows of a column.
struct Filter<'a> {
    runs: &'a [Range<u64>],
    descriptor: &'a ColumnDescriptor,
    at_once: u64,
    progress: &'a Progress,
}

/// What went wrong: with what is read, or with what is written.
enum Failed {
    Here(Stop),
    Output(ParquetError),
}

impl Filter<'_> {
    /// Passes the rows on, a piece after the other, each value as `change` leaves it.
    fn run<T: DataType>(
        &mut self,
        mut from: ColumnReaderImpl<T>,
        to: &mut ColumnWriterImpl<'_, T>,
        mut change: impl FnMut(u64, &mut T::T),
    ) -> std::result::Result<(), Failed> {
        let (whole, is_list) = (self.descriptor.max_def_level(), self.descriptor.max_rep_level() > 0);
        let (mut levels, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let end = self.runs.last().map_or(0, |run| run.end);
        let mut runs = self.runs;
        let mut row = 0;
        while row < end {
            self.progress.check().map_err(|error| Failed::Here(error.into()))?;
            levels.clear();
            repeated.clear();
            values.clear();
            let wanted = self.at_once.min(end - row) as usize;
            let of_lists = is_list.then_some(&mut repeated);
            let read = read_rows(&mut from, wanted, &mut levels, of_lists, &mut values);
            let [read, count] = read.map_err(|error| Failed::Here(error.into()))?;
            if read < wanted {
                return Err(Failed::Here(Stop::Group("fewer rows than the footer tells of".to_owned())));
            }
            if !is_list {
                let mut of_rows = values.iter_mut();
                let is_there = |at: usize| levels.get(at).is_none_or(|&level| level == whole);
                let rows = (row..row + read as u64).enumerate().filter(|(at, _)| is_there(*at));
                rows.zip(&mut of_rows).for_each(|((_, row), value)| change(row, value));
            }
            let mut place =
                Place { levels: &levels, repeated: &repeated, count, whole, is_list, level: 0, value: 0 };
            let (mut at, behind) = (row, row + read as u64);
            while let [run, rest @ ..] = runs
                && run.start < behind
            {
                place.pass(run.start.max(at) - at);
                let stop = run.end.min(behind);
                let (of_levels, of_values) = place.pass(stop - run.start.max(at));
                let definition = levels.get(of_levels.clone()).filter(|_| whole > 0);
                let repetition = repeated.get(of_levels).filter(|_| is_list);
                to.write_batch(&values[of_values], definition, repetition).map_err(Failed::Output)?;
                at = stop;
                if run.end > behind {
                    break;
                }
                runs = rest;
            }
            row = behind;
        }
        Ok(())
    }
}

/// Where the next of some rows that were read stands.
struct Place<'l> {
    /// the definition levels, none where all values are there; and where there are lists the repetition levels
    levels: &'l [i16],
    repeated: &'l [i16],
    /// how many levels there are
    count: usize,
    /// the definition level of a value that is there
    whole: i16,
    is_list: bool,
    /// its first level and value
    level: usize,
    value: usize,
}

impl Place<'_> {
    /// Goes on by so many rows; returns their levels and values.
    fn pass(&mut self, rows: u64) -> (Range<usize>, Range<usize>) {
        let start = (self.level, self.value);
        for _ in 0..rows {
            loop {
                self.value +=
                    usize::from(self.levels.get(self.level).is_none_or(|&level| level == self.whole));
                self.level += 1;
                if !self.is_list || self.level >= self.count || self.repeated[self.level] == 0 {
                    break;
                }
            }
        }
        (start.0..self.level, start.1..self.value)
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

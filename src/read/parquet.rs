//! Parquet: the text and id columns of one row group after the other, a few rows at a time. Columns are read as
//! they are stored, by their physical types, so it does not matter how a writer called its strings (large,
//! views, dictionaries) or which other columns there are.
//!
//! Texts go through the spool: a row can't be read again without the pages before it. Where a row group is
//! damaged, its rows before the damage are used, the others are lost and counted, and the next row group
//! starts with its own numbers.

mod pages;

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, SchemaDescriptor};

use crate::document::{SkipReason, Source};
use crate::error::{Error, Result};
use crate::pipeline::Progress;
use crate::read::compression;
use crate::read::digest::{ByteDigest, Digested};
use crate::read::json::Fields;
use crate::read::records::{Collector, NAMED, no_such_column};

pub(crate) use pages::Pages;

/// The most rows that are held at once, and about how many bytes of text.
const ROWS: u64 = 64;
const BYTES: u64 = 1 << 20;

/// The columns that are read, by their numbers among the leaves of the schema.
struct Columns {
    text: usize,
    id: Option<usize>,
    /// those that a run has another use for; none where the table lacks them, or they hold lists
    also: Vec<Option<usize>>,
}

impl Columns {
    fn find(
        schema: &SchemaDescriptor,
        fields: Fields<'_>,
    ) -> std::result::Result<Self, (SkipReason, String)> {
        let columns = schema.columns();
        // of equal names the last counts, as in other formats
        let at = |name: &str| columns.iter().rposition(|column| column.path().string() == name);
        let Some(text) = at(fields.text) else {
            let would_do = columns.iter().filter(|column| holds_text(column).is_ok());
            let mut would_do = would_do.map(|column| column.path().string()).peekable();
            let detail = match would_do.peek() {
                Some(_) => no_such_column(fields.text, would_do),
                None => no_texts(fields.text, columns),
            };
            return Err((SkipReason::MissingText, detail));
        };
        if let Err(what) = holds_text(&columns[text]) {
            let texts = columns.iter().filter(|column| holds_text(column).is_ok());
            let texts: Vec<String> = texts.map(|column| format!("`{}`", column.path().string())).collect();
            let texts: String = texts.join(", ").chars().take(160).collect();
            let there_are = if texts.is_empty() {
                "no column does".to_owned()
            } else {
                format!("those that do: {texts}")
            };
            let detail = format!("column `{}` does not hold texts but {what}; {there_are}", fields.text);
            return Err((SkipReason::TextNotString, detail));
        }
        let plain = |name: &str| at(name).filter(|&column| columns[column].max_rep_level() == 0);
        Ok(Columns { text, id: plain(fields.id), also: fields.also.iter().map(|name| plain(name)).collect() })
    }
}

/// What to say of a table none of whose columns holds texts, the one that was asked for not being there.
fn no_texts(wanted: &str, columns: &[ColumnDescPtr]) -> String {
    let others = columns.iter().map(|column| {
        let holds = holds_text(column).err().unwrap_or_default();
        format!("`{}` ({holds})", column.path().string())
    });
    let others: String = others.take(NAMED).collect::<Vec<_>>().join(", ").chars().take(160).collect();
    match others.is_empty() {
        true => no_such_column(wanted, std::iter::empty::<&str>()),
        false => format!("no column `{wanted}`, nor one that holds a text a row; there are {others}"),
    }
}

/// Whether a column holds one text a row; else, what it holds. Old writers don't say of their strings that they
/// are UTF-8, so any bytes may be.
fn holds_text(column: &ColumnDescriptor) -> std::result::Result<(), String> {
    if column.max_rep_level() > 0 {
        return Err("lists".to_owned());
    }
    let other = match (column.logical_type_ref(), column.converted_type()) {
        _ if holds_decimals(column) => Some("decimals"),
        (Some(LogicalType::Bson), _) | (_, ConvertedType::BSON) => Some("BSON"),
        _ => None,
    };
    match (column.physical_type(), other) {
        (Type::BYTE_ARRAY, None) => Ok(()),
        (Type::BYTE_ARRAY, Some(other)) => Err(other.to_owned()),
        (physical, _) => Err(physical.to_string()),
    }
}

fn holds_decimals(column: &ColumnDescriptor) -> bool {
    matches!(column.logical_type_ref(), Some(LogicalType::Decimal { .. }))
        || column.converted_type() == ConvertedType::DECIMAL
}

/// Pages in a row that may hold nothing.
const EMPTY_PAGES: usize = 1_000;

/// Reads so many rows of a column, or as many as there are: the format's reader stops at a page without values, and leaves the
/// last list where nothing but such pages come behind it. Returns the rows and their levels.
pub(crate) fn read_rows<T: DataType>(
    from: &mut ColumnReaderImpl<T>,
    wanted: usize,
    levels: &mut Vec<i16>,
    mut repeated: Option<&mut Vec<i16>>,
    values: &mut Vec<T::T>,
) -> ParquetResult<[usize; 2]> {
    let (mut rows, mut count, mut empty) = (0, 0, 0);
    while rows < wanted && empty < EMPTY_PAGES {
        let (read, _, of_levels) =
            from.read_records(wanted - rows, Some(levels), repeated.as_deref_mut(), values)?;
        empty = if of_levels == 0 { empty + 1 } else { 0 };
        (rows, count) = (rows + read, count + of_levels);
    }
    if let Some(repeated) = repeated.filter(|_| rows < wanted) {
        rows = repeated.iter().filter(|level| **level == 0).count();
    }
    Ok([rows, count])
}

/// The values of one column in one row group.
struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    /// the level at which a value is there
    whole: i16,
    levels: Vec<i16>,
    values: Vec<T::T>,
}

impl<T: DataType> Values<T> {
    fn new(reader: ColumnReaderImpl<T>, column: &ColumnDescriptor) -> Self {
        Values { reader, whole: column.max_def_level(), levels: Vec::new(), values: Vec::new() }
    }

    /// The next `rows`, or as many as there are.
    fn read(&mut self, rows: usize) -> ParquetResult<impl Iterator<Item = Option<&T::T>>> {
        self.levels.clear();
        self.values.clear();
        let [read, _] = read_rows(&mut self.reader, rows, &mut self.levels, None, &mut self.values)?;
        let (levels, whole) = (&self.levels, self.whole);
        let mut values = self.values.iter();
        Ok((0..read).map(move |row| {
            let is_there = levels.get(row).is_none_or(|&level| level == whole);
            if is_there { values.next() } else { None }
        }))
    }
}

/// Reads ids as JSON.
type Ids = Box<dyn FnMut(usize) -> ParquetResult<Vec<Option<String>>>>;

fn ids(reader: ColumnReader, column: &ColumnDescriptor) -> Ids {
    let unsigned = matches!(column.logical_type_ref(), Some(LogicalType::Integer(integer)) if !integer.is_signed)
        || matches!(column.converted_type(), ConvertedType::UINT_32 | ConvertedType::UINT_64);
    let is_uuid = matches!(column.logical_type_ref(), Some(LogicalType::Uuid));
    let is_text = holds_text(column).is_ok();
    let scale = holds_decimals(column).then(|| column.type_scale().clamp(0, 76) as usize);
    let reader = match (reader, scale) {
        (ColumnReader::Int32ColumnReader(reader), Some(scale)) => {
            return json(reader, column, move |&id| Some(decimal(i128::from(id), scale)));
        }
        (ColumnReader::Int64ColumnReader(reader), Some(scale)) => {
            return json(reader, column, move |&id| Some(decimal(i128::from(id), scale)));
        }
        (ColumnReader::FixedLenByteArrayColumnReader(reader), Some(scale)) => {
            return json(reader, column, move |id| decimal_of(id.data(), scale));
        }
        (ColumnReader::ByteArrayColumnReader(reader), Some(scale)) => {
            return json(reader, column, move |id: &ByteArray| decimal_of(id.data(), scale));
        }
        (reader, _) => reader,
    };
    match reader {
        ColumnReader::ByteArrayColumnReader(reader) if is_text => {
            json(reader, column, |id: &ByteArray| Some(string(&String::from_utf8_lossy(id.data()))))
        }
        ColumnReader::Int32ColumnReader(reader) if unsigned => {
            json(reader, column, |&id| Some((id as u32).to_string()))
        }
        ColumnReader::Int32ColumnReader(reader) => json(reader, column, |id| Some(id.to_string())),
        ColumnReader::Int64ColumnReader(reader) if unsigned => {
            json(reader, column, |&id| Some((id as u64).to_string()))
        }
        ColumnReader::Int64ColumnReader(reader) => json(reader, column, |id| Some(id.to_string())),
        ColumnReader::BoolColumnReader(reader) => json(reader, column, |id| Some(id.to_string())),
        // as short as it is, not as the double that is nearest
        ColumnReader::FloatColumnReader(reader) => {
            json(reader, column, |id: &f32| serde_json::to_string(id).ok().filter(|told| told != "null"))
        }
        ColumnReader::DoubleColumnReader(reader) => {
            json(reader, column, |&id| number(&serde_json::json!(id)))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) if is_uuid => {
            json(reader, column, |id| Some(uuid(id.data())))
        }
        // what is no plain value names nothing
        _ => Box::new(|rows| Ok(vec![None; rows])),
    }
}

/// Reads values as [`ids`] does, but dates and moments as seconds since 1970.
fn moments(reader: ColumnReader, column: &ColumnDescriptor) -> Ids {
    let logical = column.logical_type_ref();
    let of_second = match (logical, column.converted_type()) {
        (Some(LogicalType::Timestamp(of)), _) => match of.unit {
            TimeUnit::MILLIS => Some(1_000),
            TimeUnit::MICROS => Some(1_000_000),
            TimeUnit::NANOS => Some(1_000_000_000),
        },
        (_, ConvertedType::TIMESTAMP_MILLIS) => Some(1_000),
        (_, ConvertedType::TIMESTAMP_MICROS) => Some(1_000_000),
        _ => None,
    };
    let is_date =
        matches!(logical, Some(LogicalType::Date)) || column.converted_type() == ConvertedType::DATE;
    match (reader, of_second) {
        (ColumnReader::Int64ColumnReader(reader), Some(of_second)) => {
            json(reader, column, move |&moment| Some(seconds(i128::from(moment), of_second)))
        }
        (ColumnReader::Int32ColumnReader(reader), _) if is_date => {
            json(reader, column, |&days| Some((i64::from(days) * 86_400).to_string()))
        }
        (ColumnReader::Int96ColumnReader(reader), _) => {
            json(reader, column, |moment| Some(seconds(i128::from(moment.to_nanos()), 1_000_000_000)))
        }
        (reader, _) => ids(reader, column),
    }
}

/// A moment in parts of a second as a number of seconds.
fn seconds(moment: i128, of_second: i128) -> String {
    decimal(moment, of_second.ilog10() as usize)
}

/// A number with so many of its digits behind the point.
fn decimal(number: i128, behind: usize) -> String {
    with_point(number < 0, &number.unsigned_abs().to_string(), behind)
}

fn with_point(is_negative: bool, digits: &str, behind: usize) -> String {
    let sign = if is_negative { "-" } else { "" };
    let mut digits = format!("{digits:0>least$}", least = behind + 1);
    if behind > 0 {
        digits.insert(digits.len() - behind, '.');
    }
    sign.to_owned() + &digits
}

/// The most bytes of a decimal number, which has up to 76 digits.
const DECIMAL: usize = 32;

/// The same of the number that these bytes are, the highest first.
fn decimal_of(bytes: &[u8], behind: usize) -> Option<String> {
    if bytes.len() > DECIMAL {
        return None;
    }
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut rest = bytes.to_vec();
    if is_negative {
        // its bits turned around, and one more
        let mut carries = true;
        for byte in rest.iter_mut().rev() {
            (*byte, carries) = (!*byte).overflowing_add(u8::from(carries));
        }
    }
    let mut digits = Vec::new();
    while digits.is_empty() || rest.iter().any(|byte| *byte > 0) {
        let mut digit = 0_u16;
        for byte in &mut rest {
            let all = digit << 8 | u16::from(*byte);
            (*byte, digit) = ((all / 10) as u8, all % 10);
        }
        digits.push(char::from(b'0' + digit as u8));
    }
    Some(with_point(is_negative, &digits.into_iter().rev().collect::<String>(), behind))
}

fn json<T: DataType + 'static>(
    reader: ColumnReaderImpl<T>,
    column: &ColumnDescriptor,
    one: impl Fn(&T::T) -> Option<String> + 'static,
) -> Ids {
    let mut values = Values::new(reader, column);
    Box::new(move |rows| Ok(values.read(rows)?.map(|id| id.and_then(&one)).collect()))
}

fn string(id: &str) -> String {
    serde_json::Value::from(id).to_string()
}

/// A number that JSON has; not NaN.
fn number(id: &serde_json::Value) -> Option<String> {
    id.is_number().then(|| id.to_string())
}

fn uuid(bytes: &[u8]) -> String {
    let mut id = String::from("\"");
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id.push_str(&format!("{byte:02x}"));
    }
    id + "\""
}

/// Reads all rows of a source.
///
/// # Errors
/// Those of [`Collector`]; [`Error::Temporary`] where what is packed, or comes through a pipe, can't be kept
/// for reading it by place.
pub(crate) fn read(
    source: &Source,
    fields: Fields<'_>,
    progress: &Progress,
    to: &mut Collector<'_, '_>,
) -> Result<()> {
    let file = match open(source, progress, to.temporary())? {
        Ok(file) => file,
        Err(error) => {
            let (reason, detail) = to.why(false, &error);
            return to.lose_rest(reason, detail);
        }
    };
    let opened = guarded(|| {
        let pages = Pages::new(file, to.max_record()).telling(to.unpacking());
        if let Some(what) = pages.no_table() {
            return Err(Stop::Group(what));
        }
        let footer = footer(&pages)?;
        if let Some(what) = pages.unreadable() {
            return Err(Stop::Group(what));
        }
        Ok((pages.reader(ReadOptionsBuilder::new().build())?, footer))
    });
    let (reader, footer) = match opened {
        Ok(opened) => opened,
        Err(Stop::Run(error)) => return Err(error),
        Err(Stop::Group(what)) => return to.lose_rest(SkipReason::Unreadable, what),
    };
    let columns = match Columns::find(reader.metadata().file_metadata().schema_descr(), fields) {
        Ok(columns) => columns,
        Err((reason, detail)) => return to.lose_rest(reason, detail),
    };
    let groups = reader.num_row_groups();
    let rows =
        |group: usize| u64::try_from(reader.metadata().row_group(group).num_rows()).unwrap_or(u64::MAX);
    let all = (0..groups).try_fold(0_u64, |all, group| all.checked_add(rows(group)));
    if all.is_none_or(|all| all > u64::from(u32::MAX)) {
        let detail = "the footer tells of more than 2^32 rows, or of less than none";
        return to.lose_rest(SkipReason::Unreadable, detail.to_owned());
    }
    to.digest(footer);
    to.column(columns.text);
    for group in 0..groups {
        let mut left = rows(group);
        if let Err(error) = guarded(|| row_group(&reader, group, &columns, &mut left, to)) {
            match error {
                Stop::Run(error) => return Err(error),
                Stop::Group(what) if left > 0 => {
                    let detail = format!("row group {group}: {what}");
                    to.lose_some(left, SkipReason::Unreadable, detail)?;
                }
                Stop::Group(_) => {}
            }
        }
        if !to.go_on()? {
            return Ok(());
        }
        if source.is_plain_file() {
            let share = |group: usize| source.size * group as u64 / groups as u64;
            progress.bytes_read.fetch_add(share(group + 1) - share(group), Ordering::Relaxed);
        }
    }
    to.flush()
}

/// Of what a file says of itself at its end: the schema, and where everything is.
pub(crate) fn footer(pages: &Pages) -> ParquetResult<ByteDigest> {
    let mut input = Digested::new(pages.footer()?);
    io::copy(&mut input, &mut io::sink())?;
    Ok(input.digest())
}

/// Why a row group is not read to its end.
pub(crate) enum Stop {
    Run(Error),
    Group(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Run(error)
    }
}

impl From<ParquetError> for Stop {
    fn from(error: ParquetError) -> Self {
        Stop::Group(said(&error))
    }
}

/// The reader of the format panics at some kinds of damage (60.1.0: values that contradict each other in the
/// metadata). Those that are known are looked for before; any other is damage too, and no reason to end a run.
pub(crate) fn guarded<T>(
    read: impl FnOnce() -> std::result::Result<T, Stop>,
) -> std::result::Result<T, Stop> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    caught.unwrap_or_else(|_| Err(Stop::Group("damaged in a way that its reader did not expect".to_owned())))
}

/// Whether the metadata say of a column what can be.
pub(crate) fn check(column: &ColumnChunkMetaData) -> std::result::Result<(), Stop> {
    let start = column.dictionary_page_offset().unwrap_or(0).min(column.data_page_offset());
    if start < 0 || column.compressed_size() < 0 || column.num_values() < 0 {
        return Err(Stop::Group("a column that starts, or has a length, below 0".to_owned()));
    }
    Ok(())
}

fn row_group(
    reader: &SerializedFileReader<Pages>,
    group: usize,
    columns: &Columns,
    left: &mut u64,
    to: &mut Collector<'_, '_>,
) -> std::result::Result<(), Stop> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let group = reader.get_row_group(group)?;
    let chunk = group.metadata().column(columns.text);
    check(chunk)?;
    for &column in columns.id.iter().chain(columns.also.iter().flatten()) {
        check(group.metadata().column(column))?;
    }
    let bytes = u64::try_from(chunk.uncompressed_size()).unwrap_or(0) / (*left).max(1);
    let at_once = (BYTES / bytes.max(1)).clamp(1, ROWS);
    let ColumnReader::ByteArrayColumnReader(texts) = group.get_column_reader(columns.text)? else {
        return Err(Stop::Group("the text column is no column of texts".to_owned()));
    };
    let mut texts = Values::<ByteArrayType>::new(texts, &schema.column(columns.text));
    let mut ids = match columns.id {
        Some(id) => ids(group.get_column_reader(id)?, &schema.column(id)),
        None => Box::new(|rows| Ok(vec![None; rows])),
    };
    let mut others: Vec<Ids> = Vec::with_capacity(columns.also.len());
    for column in &columns.also {
        others.push(match column {
            Some(column) => moments(group.get_column_reader(*column)?, &schema.column(*column)),
            None => Box::new(|rows| Ok(vec![None; rows])),
        });
    }
    while *left > 0 {
        if !to.go_on()? {
            return Ok(());
        }
        let rows = at_once.min(*left) as usize;
        let ids = ids(rows)?;
        let mut also: Vec<std::vec::IntoIter<Option<String>>> = Vec::with_capacity(others.len());
        for values in &mut others {
            also.push(values(rows)?.into_iter());
        }
        let mut read = 0;
        for (text, id) in texts.read(rows)?.zip(ids) {
            read += 1;
            let own: Vec<Option<String>> = also.iter_mut().map(|values| values.next().flatten()).collect();
            match text {
                Some(text) => {
                    to.json_id(id);
                    to.also(own);
                    to.text(text.data(), 0..0, None)?;
                }
                None => to.lose(None, SkipReason::TextNotString, "the text column holds null".to_owned())?,
            }
            *left -= 1;
        }
        if read < rows {
            return Err(Stop::Group("fewer rows than the footer tells of".to_owned()));
        }
    }
    Ok(())
}

/// A file that can be read by place: the source itself, or what is in it, kept in a temporary file.
pub(crate) fn open(source: &Source, progress: &Progress, temporary: &Path) -> Result<io::Result<File>> {
    if source.is_plain_file() {
        return Ok(File::open(source.path.as_deref().unwrap_or(Path::new("-"))));
    }
    let mut input = match compression::open(source, &progress.bytes_read) {
        Ok(input) => input,
        Err(error) => return Ok(Err(error)),
    };
    let failed = |source| Error::temporary(temporary, source);
    let mut file = tempfile::tempfile_in(temporary).map_err(failed)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        progress.check()?;
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => file.write_all(&buffer[..n]).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    file.rewind().map_err(failed)?;
    Ok(Ok(file))
}

/// What the reader of the format said, on one line.
pub(crate) fn said(error: &ParquetError) -> String {
    let said = error.to_string().replace('\n', " ");
    said.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_told_as_they_are() {
        let told =
            [(1234, 2), (-5, 2), (-1200, 3), (7, 0), (0, 1)].map(|(number, behind)| decimal(number, behind));
        assert_eq!(told, ["12.34", "-0.05", "-1.200", "7", "0.0"]);
        assert_eq!(decimal(i128::MIN, 0), i128::MIN.to_string());
        let told = |bytes: &[u8], behind| decimal_of(bytes, behind).unwrap();
        assert_eq!(
            [&[0, 200][..], &[255, 56], &[], &[128]].map(|of| told(of, 0)),
            ["200", "-200", "0", "-128"]
        );
        assert_eq!(told(&[255], 3), "-0.001");
        for number in [0, 1, -1, 10_i128.pow(37), i128::MAX, i128::MIN, i128::MIN + 1] {
            assert_eq!(told(&number.to_be_bytes(), 9), decimal(number, 9));
        }
        // 2^255 - 1, and its negative less one
        let most = "57896044618658097711785492504343953926634992332820282019728792003956564819967";
        let mut bytes = [255; DECIMAL];
        bytes[0] = 127;
        assert_eq!(told(&bytes, 0), most);
        let mut bytes = [0; DECIMAL];
        bytes[0] = 128;
        assert_eq!(told(&bytes, 76), format!("-5.{}8", &most[1..76]));
        assert_eq!(decimal_of(&[0; DECIMAL + 1], 0), None);
    }

    #[test]
    fn a_panic_of_the_reader_is_damage() {
        let caught = guarded(|| if true { panic!("no such column") } else { Ok(()) });
        assert!(matches!(caught, Err(Stop::Group(what)) if what.contains("did not expect")));
    }
}

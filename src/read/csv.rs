//! Comma- and tab-separated values (RFC 4180): the first row names the columns, a quoted field may hold
//! delimiters, line ends and doubled quotes, a row ends with LF, CR LF or CR. Blank lines are no rows.
//!
//! Spreadsheets write semicolons where a comma stands in numbers. So what separates a table is told by its row of names,
//! and by nothing else: [`DELIMITERS`].
//!
//! [`Rows`] gives each row with the bytes that it stands in, so that it can be read again, or handed on as
//! it is, without the rest of its file.

use std::cell::RefCell;
use std::io::{self, Read};
use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::document::SkipReason;
use crate::error::Result;
use crate::read::digest::Digested;
use crate::read::json::Fields;
use crate::read::magic::{self, BYTE_ORDER_MARK};
use crate::read::records::{Collector, no_such_column};
use crate::read::window::Window;

/// The most columns of a file.
const COLUMNS: usize = 1 << 16;

/// What may separate a table. The delimiter of its format does where its row of names has the column of the texts by
/// that; else the first of these by which it has.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The rows of a stream, one at a time.
pub(crate) struct Rows<R> {
    window: Window<R>,
    /// whether what may stand before the first row has been looked for
    begun: bool,
    core: Reader,
    limit: usize,
    /// bytes of the row at hand, with its line end; and those of it that are not at hand any more
    length: usize,
    passed: usize,
    line: u64,
    next_line: u64,
    /// the fields without quotes, one after the other, and where each ends
    fields: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

/// What a row turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// no row, but blank lines, or what is for spreadsheets at the start
    Between,
    /// its fields are there
    Fields,
    /// it has more bytes than are allowed; it has been passed over
    TooLarge,
    /// the same of fields
    TooManyFields,
    /// the stream ends inside of quotes
    Unclosed,
}

impl<R: Read> Rows<R> {
    /// The rows of `input`, of at most `limit` bytes each, without what ends them.
    pub(crate) fn new(input: R, delimiter: u8, limit: usize) -> Self {
        Rows {
            window: Window::new(input),
            begun: false,
            core: core(delimiter),
            limit,
            length: 0,
            passed: 0,
            line: 1,
            next_line: 1,
            fields: vec![0; 4096],
            ends: vec![0; 64],
            count: 0,
        }
    }

    /// Goes to the next row, or to what stands before it; `None` at the end.
    ///
    /// # Errors
    /// Whatever the stream fails with; [`Rows::in_row`] tells whether a row had begun.
    pub(crate) fn advance(&mut self) -> io::Result<Option<Row>> {
        self.forget(self.length);
        (self.length, self.passed) = (0, 0);
        self.line = self.next_line;
        self.count = 0;
        if !std::mem::replace(&mut self.begun, true) {
            self.length = self.preface()?;
            if self.length > 0 {
                return Ok(Some(Row::Between));
            }
        }
        if self.window.held().is_empty() && !self.window.more()? {
            return Ok(None);
        }
        self.length = self.window.held().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if self.length > 0 {
            return Ok(Some(Row::Between));
        }
        self.row().map(Some)
    }

    /// How many bytes before the first row are for spreadsheets: a byte-order mark, and a line like `sep=;`. The row of names
    /// tells what separates a table, so that says nothing new.
    fn preface(&mut self) -> io::Result<usize> {
        self.window.hold(BYTE_ORDER_MARK.len())?;
        let has_mark = self.window.held().starts_with(BYTE_ORDER_MARK);
        let mark = if has_mark { BYTE_ORDER_MARK.len() } else { 0 };
        self.window.peek(mark + b"sep=;\r\n".len());
        let line = self.window.held()[mark..].strip_prefix(b"sep=");
        let end =
            line.and_then(|line| line.split_first()).filter(|(delimiter, _)| DELIMITERS.contains(delimiter));
        let line_end = match end {
            Some((_, [b'\r', b'\n', ..])) => 2,
            Some((_, [b'\r' | b'\n', ..])) => 1,
            _ => return Ok(mark),
        };
        Ok(mark + b"sep=;".len() + line_end)
    }

    /// Takes the row at hand apart once more, and those behind it, by another delimiter: it may end elsewhere then. False where
    /// that makes no row of fields of it.
    ///
    /// # Errors
    /// Those of [`Rows::advance`].
    fn again(&mut self, delimiter: u8) -> io::Result<bool> {
        if self.passed > 0 {
            return Ok(false);
        }
        self.core = core(delimiter);
        (self.length, self.count) = (0, 0);
        Ok(self.row()? == Row::Fields)
    }

    fn row(&mut self) -> io::Result<Row> {
        let row = self.take_apart()?;
        if row != Row::Fields {
            self.count = 0; // what was passed over has left nothing to look at
        }
        Ok(row)
    }

    fn take_apart(&mut self) -> io::Result<Row> {
        let mut written = 0;
        let mut row = Row::Fields;
        loop {
            let input = &self.window.held()[self.length..];
            let (result, read, out, ends) =
                self.core.read_record(input, &mut self.fields[written..], &mut self.ends[self.count..]);
            self.length += read;
            written += out;
            self.count += ends;
            match result {
                ReadRecordResult::OutputFull if row != Row::Fields => written = 0,
                ReadRecordResult::OutputFull => self.fields.resize(2 * self.fields.len(), 0),
                ReadRecordResult::OutputEndsFull if self.count >= COLUMNS => {
                    (row, written, self.count) = (Row::TooManyFields, 0, 0);
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::InputEmpty => {
                    if self.is_too_large() {
                        row = Row::TooLarge;
                    }
                    if row != Row::Fields {
                        (written, self.count) = (0, 0);
                        self.forget(self.length);
                        self.passed += std::mem::take(&mut self.length);
                    }
                    if !self.window.more()? {
                        return Ok(self.last_row(written, row));
                    }
                }
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        // what ends it is no part of it
        let is_too_large = self.passed + self.length > self.limit + 1;
        let last = |rows: &Self| rows.length.checked_sub(1).map(|at| rows.window.held()[at]);
        if last(self) == Some(b'\r') {
            // the other half of the line end; an error comes back with the next row
            self.window.peek(self.length + 1);
            if self.window.held().get(self.length) == Some(&b'\n') {
                self.length += 1;
            }
        }
        Ok(if is_too_large { Row::TooLarge } else { row })
    }

    /// The row at the end of the stream, without a line end: outside of quotes a line end would end it.
    fn last_row(&mut self, written: usize, row: Row) -> Row {
        if self.fields.len() < written + 2 {
            self.fields.resize(written + 2, 0);
        }
        if self.ends.len() < self.count + 2 {
            self.ends.resize(self.count + 2, 0);
        }
        let (fields, ends) = (&mut self.fields[written..], &mut self.ends[self.count..]);
        let (result, _, _, ends) = self.core.read_record(b"\n", fields, ends);
        self.count += ends;
        match result {
            _ if self.is_too_large() => Row::TooLarge,
            ReadRecordResult::Record => row,
            _ if row != Row::Fields => row,
            _ => Row::Unclosed,
        }
    }

    /// Whether a row is that does not end yet.
    fn is_too_large(&self) -> bool {
        self.passed + self.length > self.limit
    }

    fn forget(&mut self, bytes: usize) {
        self.next_line += memchr::memchr_iter(b'\n', &self.window.held()[..bytes]).count() as u64;
        self.window.pass(bytes);
    }

    /// Whether a row has been begun that the stream breaks off in.
    pub(crate) fn in_row(&self) -> bool {
        self.length > 0 || !self.window.held().is_empty()
    }

    /// The line in which the row at hand starts, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Where the row at hand stands in the stream, line end included.
    pub(crate) fn place(&self) -> Range<u64> {
        let start = self.window.position();
        start..start + self.length as u64
    }

    /// The bytes of what is at hand, line end included; of a row that is too large, the last of them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.window.held()[..self.length]
    }

    /// How many fields the row at hand has.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// A field of the row at hand, without its quotes.
    pub(crate) fn field(&self, number: usize) -> Option<&[u8]> {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        (number < self.count).then(|| &self.fields[start..self.ends[number]])
    }
}

fn core(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).build()
}

/// What separates a table, and which columns hold what.
struct Columns {
    delimiter: u8,
    text: usize,
    id: Option<usize>,
    /// those that a run has another use for; none where the table lacks them
    also: Vec<Option<usize>>,
    count: usize,
}

impl Columns {
    /// From the row of names. Of equal names the last counts, as in an object.
    fn find<R: Read>(
        header: &Rows<R>,
        delimiter: u8,
        fields: Fields<'_>,
    ) -> std::result::Result<Self, String> {
        let count = header.count();
        let at = |name: &str| (0..count).rfind(|&i| header.field(i) == Some(name.as_bytes()));
        let text = at(fields.text).ok_or_else(|| {
            let names = (0..count).map(|i| String::from_utf8_lossy(header.field(i).unwrap_or_default()));
            no_such_column(fields.text, names)
        })?;
        let also = fields.also.iter().map(|name| at(name)).collect();
        Ok(Columns { delimiter, text, id: at(fields.id), also, count })
    }

    /// From the row of names that is at hand by the delimiter of its format. Where no delimiter leads to the column of the texts,
    /// those are told that the row has by the one of which it holds most.
    ///
    /// # Errors
    /// Whatever the stream fails with where the row goes on by another delimiter.
    fn by_any_delimiter<R: Read>(
        header: &mut Rows<R>,
        delimiter: u8,
        fields: Fields<'_>,
    ) -> io::Result<std::result::Result<Self, String>> {
        let mut found = Columns::find(header, delimiter, fields);
        let likely = likely_delimiter(header, delimiter);
        for other in DELIMITERS.into_iter().filter(|other| *other != delimiter) {
            if found.is_ok() {
                break;
            }
            if header.again(other)? {
                let by_this = Columns::find(header, other, fields);
                if by_this.is_ok() || likely == Some(other) {
                    found = by_this;
                }
            }
        }
        Ok(found)
    }
}

/// Reads all rows of a source.
///
/// # Errors
/// Those of [`Collector`].
pub(crate) fn read(
    input: impl Read,
    delimiter: u8,
    fields: Fields<'_>,
    to: &mut Collector<'_, '_>,
) -> Result<()> {
    let mut input = Digested::new(input);
    if read_rows(&mut input, delimiter, fields, to)? {
        to.digest(input.digest());
    }
    Ok(())
}

/// What to say of an array of objects.
const JSON_ARRAY: &str = "it begins as a JSON array does: name it `.json`, or say `--format jsonl`";

/// What a source is that is no table, by how it begins.
fn misnamed(start: &[u8]) -> Option<String> {
    let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
    let text = text.trim_ascii_start();
    let items = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    match items.and_then(<[u8]>::first) {
        _ if text.starts_with(b"{") => {
            Some("it begins as JSON lines do: name it `.jsonl`, or say `--format jsonl`".to_owned())
        }
        // names of columns in brackets have no such sign behind them
        Some(b'{') => Some(JSON_ARRAY.to_owned()),
        None if items.is_some() => Some(JSON_ARRAY.to_owned()),
        _ => magic::told(start),
    }
}

/// Another delimiter, where a row of names has more of that than of its own.
fn likely_delimiter<R: Read>(header: &Rows<R>, delimiter: u8) -> Option<u8> {
    let fields = || (0..header.count()).filter_map(|i| header.field(i)).flatten();
    let counted = DELIMITERS.map(|other| (fields().filter(|byte| **byte == other).count(), other));
    let most = counted.into_iter().filter(|(_, other)| *other != delimiter).max_by_key(|(count, _)| *count);
    most.filter(|(count, _)| *count >= header.count()).map(|(_, other)| other)
}

/// Fails as reading has failed, if it has; else there is nothing to read.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Whether the names of the columns are of use.
fn read_rows(
    mut input: impl Read,
    delimiter: u8,
    fields: Fields<'_>,
    to: &mut Collector<'_, '_>,
) -> Result<bool> {
    let mut start = Vec::with_capacity(magic::START);
    let begun = input.by_ref().take(magic::START as u64).read_to_end(&mut start);
    let input = io::Cursor::new(&start).chain(Broken(begun.err())).chain(input);
    let mut rows = Rows::new(input, delimiter, to.max_record());
    let header = loop {
        match rows.advance() {
            Ok(Some(Row::Between)) => {}
            other => break other,
        }
    };
    // in an archive that is not packed the names of a table may stand behind those of its files
    let is_packed = || !magic::is_text(&start) && magic::told(&start).is_some();
    let columns = match header {
        Ok(None) => return Ok(true),
        Ok(Some(Row::Fields)) if is_packed() => Err((SkipReason::Unreadable, String::new())),
        Ok(Some(Row::Fields)) => {
            let found = match misnamed(&start) {
                Some(_) => Ok(Columns::find(&rows, delimiter, fields)),
                None => Columns::by_any_delimiter(&mut rows, delimiter, fields),
            };
            match found {
                Ok(found) => found.map_err(|detail| (SkipReason::MissingText, detail)),
                Err(error) => Err(to.why(true, &error)),
            }
        }
        Ok(Some(_)) => Err((
            SkipReason::Unreadable,
            format!(
                "the row of column names has more than {COLUMNS}, is too large, or its quotes do not close"
            ),
        )),
        Err(error) => Err(to.why(rows.in_row(), &error)),
    };
    let columns = match columns {
        Ok(columns) => columns,
        Err((reason, detail)) => {
            let (reason, detail) = match misnamed(&start) {
                Some(what) if reason != SkipReason::Truncated => (SkipReason::Unreadable, what),
                _ => (reason, detail),
            };
            return to.lose_rest(reason, detail).map(|()| false);
        }
    };
    to.column(columns.text);
    to.delimiter(columns.delimiter);
    while to.go_on()? {
        let row = match rows.advance() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                let (reason, detail) = to.why(true, &error);
                if rows.in_row() {
                    to.lose(Some(rows.line()), reason, detail)?;
                    break;
                }
                to.lose_rest(reason, detail)?;
                break;
            }
        };
        let line = Some(rows.line());
        match (row, rows.field(columns.text)) {
            (Row::Between, _) => {}
            (Row::Fields, Some(text)) if rows.count() == columns.count => {
                let id = columns.id.and_then(|id| rows.field(id)).filter(|id| !id.is_empty());
                to.string_id(id);
                if !columns.also.is_empty() {
                    let value =
                        |at: &Option<usize>| at.and_then(|at| rows.field(at)).filter(|v| !v.is_empty());
                    let json =
                        |value: &[u8]| serde_json::Value::from(String::from_utf8_lossy(value)).to_string();
                    to.also(columns.also.iter().map(|at| value(at).map(json)).collect());
                }
                to.text(text, rows.place(), line)?;
            }
            (Row::Fields, _) => {
                let detail = format!("{} fields, the first row names {}", rows.count(), columns.count);
                to.lose(line, SkipReason::FieldCount, detail)?;
            }
            (Row::TooLarge, _) => to.lose_too_large(line)?,
            (Row::TooManyFields, _) => {
                let detail = format!("more than {COLUMNS} fields, the first row names {}", columns.count);
                to.lose(line, SkipReason::FieldCount, detail)?;
            }
            (Row::Unclosed, _) => {
                let detail = "a quote is not closed before the end of the file";
                to.lose(line, SkipReason::Truncated, detail.to_owned())?;
            }
        }
    }
    to.flush().map(|()| true)
}

/// A field of a single row, as [`Rows::place`] gave it; `None` where the bytes are no such row any more.
pub(crate) fn field(row: &[u8], delimiter: u8, column: usize) -> Option<Vec<u8>> {
    SINGLE.with_borrow_mut(|single| {
        let known = single.take_if(|single| single.delimiter == delimiter);
        single.insert(known.unwrap_or_else(|| Single::new(delimiter))).field(row, column)
    })
}

thread_local! {
    static SINGLE: RefCell<Option<Single>> = const { RefCell::new(None) };
}

/// Takes single rows apart. Making one costs more than a row does.
struct Single {
    delimiter: u8,
    core: Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

impl Single {
    fn new(delimiter: u8) -> Self {
        let core = core(delimiter);
        Single { delimiter, core, fields: vec![0; 4096], ends: vec![0; 64] }
    }

    fn field(&mut self, row: &[u8], column: usize) -> Option<Vec<u8>> {
        let Single { core, fields, ends, .. } = self;
        if matches!(row, [] | [b'\r' | b'\n', ..]) {
            return None;
        }
        core.reset();
        // no row but the first may begin with a byte-order mark that is none of it
        let _ = core.read_record(b"\n", fields, ends);
        let (mut at, mut written, mut count) = (0, 0, 0);
        loop {
            // outside of quotes a line end ends the last row of a file
            let input = row.get(at..).filter(|rest| !rest.is_empty()).unwrap_or(b"\n");
            let (result, read, out, ended) =
                core.read_record(input, &mut fields[written..], &mut ends[count..]);
            (at, written, count) = (at + read, written + out, count + ended);
            match result {
                ReadRecordResult::OutputFull => fields.resize(2 * fields.len(), 0),
                ReadRecordResult::OutputEndsFull if count >= COLUMNS => return None,
                ReadRecordResult::OutputEndsFull => ends.resize(2 * ends.len(), 0),
                ReadRecordResult::InputEmpty if at > row.len() => return None,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        let is_whole = at >= row.len() || (row[at - 1..] == *b"\r\n");
        let start = if column == 0 { 0 } else { *ends.get(column - 1)? };
        (is_whole && column < count).then(|| fields[start..ends[column]].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one at a time.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(buffer.len()).min(1);
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    type Told = (Row, u64, String, Vec<String>);

    fn told(bytes: &[u8], limit: usize) -> Vec<Told> {
        let mut rows = Rows::new(Trickle(bytes), b',', limit);
        let mut told = Vec::new();
        while let Some(row) = rows.advance().unwrap() {
            let place = rows.place();
            assert_eq!(rows.bytes(), &bytes[place.start as usize..place.end as usize]);
            if row == Row::Between {
                continue;
            }
            let raw = String::from_utf8_lossy(&bytes[place.start as usize..place.end as usize]).into_owned();
            let fields =
                (0..rows.count()).map(|i| String::from_utf8_lossy(rows.field(i).unwrap()).into_owned());
            let fields: Vec<String> = if row == Row::Fields { fields.collect() } else { Vec::new() };
            if row == Row::Fields {
                for (i, expected) in fields.iter().enumerate() {
                    assert_eq!(field(raw.as_bytes(), b',', i).unwrap(), expected.as_bytes());
                }
            }
            told.push((row, rows.line(), raw, fields));
        }
        told
    }

    fn row(line: u64, raw: &str, fields: &[&str]) -> Told {
        (Row::Fields, line, raw.to_owned(), fields.iter().map(|&f| f.to_owned()).collect())
    }

    #[test]
    fn rows_stand_where_they_are_said_to() {
        let bytes = b"\xEF\xBB\xBFa,b\r\n\r\n\"x\r\n\"\"y\"\"\",2\rc,\n\n,\n\"\",last";
        let expected = [
            row(1, "a,b\r\n", &["a", "b"]),
            row(3, "\"x\r\n\"\"y\"\"\",2\r", &["x\r\n\"y\"", "2"]),
            row(4, "c,\n", &["c", ""]),
            row(6, ",\n", &["", ""]),
            row(7, "\"\",last", &["", "last"]),
        ];
        assert_eq!(told(bytes, 100), expected);
    }

    /// Files with a mark at their start get joined: it belongs to the first field.
    #[test]
    fn a_mark_inside_of_a_file_is_part_of_its_row() {
        let rows = told(b"a,b\n\xEF\xBB\xBFa,b\n", 100);
        assert_eq!(rows[1], row(2, "\u{FEFF}a,b\n", &["\u{FEFF}a", "b"]));
    }

    #[test]
    fn rows_are_bounded() {
        let bytes = b"a,b\n\"0123456789\n0123456789\",c\nd,e\n";
        let rows = told(bytes, 9);
        assert_eq!(rows[0], row(1, "a,b\n", &["a", "b"]));
        assert_eq!((rows[1].0, rows[1].1), (Row::TooLarge, 2));
        assert_eq!(rows[2], row(4, "d,e\n", &["d", "e"]));
    }

    #[test]
    fn an_open_quote_is_no_row() {
        let rows = told(b"a,b\nc,\"d\ne,f\n", 100);
        assert_eq!((rows.len(), rows[1].0, rows[1].1), (2, Row::Unclosed, 2));
    }

    #[test]
    fn many_fields_and_long_ones() {
        let long = "x".repeat(100_000);
        let line = format!("{}{long}", "y,".repeat(3_000));
        let rows = told(line.as_bytes(), 1 << 20);
        assert_eq!((rows.len(), rows[0].3.len(), &rows[0].3[3_000]), (1, 3_001, &long));
        let rows = told(format!("{}\nz\n", ",".repeat(2 * COLUMNS)).as_bytes(), 1 << 20);
        assert_eq!((rows[0].0, &rows[1].3[0]), (Row::TooManyFields, &"z".to_owned()));
    }

    /// However much of it is read at once.
    #[test]
    fn what_is_too_large_has_no_fields() {
        let long = "x".repeat(270_000);
        let commas = ",".repeat(200_000);
        for (row, limit, expected) in [
            (long.clone(), 1 << 10, Row::TooLarge),
            (format!("\"{long}\""), 1 << 10, Row::TooLarge),
            (format!("{long},{long}"), 300_000, Row::TooLarge),
            (long.clone(), 300_000, Row::Fields),
            (commas.clone(), 1 << 20, Row::TooManyFields),
            (commas.clone() + &long, 300_000, Row::TooLarge),
            (format!("y,{commas}\"{long}"), 1 << 20, Row::TooManyFields),
        ] {
            let all = format!("a\n{row}\nb\n");
            let mut rows = Rows::new(all.as_bytes(), b',', limit);
            let mut found = Vec::new();
            while let Some(row) = rows.advance().unwrap() {
                found.push((row, rows.count(), rows.field(0).map(<[u8]>::to_vec)));
            }
            let is_there = expected == Row::Fields;
            let field = is_there.then(|| row.clone().into_bytes());
            assert_eq!(found[0], (Row::Fields, 1, Some(b"a".to_vec())));
            assert_eq!(found[1], (expected, usize::from(is_there), field), "{} bytes", row.len());
            if !row.contains("\"x") || row.ends_with('"') {
                assert_eq!(found[2], (Row::Fields, 1, Some(b"b".to_vec())));
            }
        }
    }
}

//! The file as its reader asks for it, page by page: none is unpacked that would not fit into memory.
//!
//! A page's header says how large the page is, unpacked. Snappy, zstandard and raw LZ4 unpack into so many bytes and
//! no more. What gzip, brotli and framed LZ4 hold is unpacked by their codecs whatever it comes to; so such a page is
//! unpacked here before, a piece at a time and into nothing, and refused as soon as it goes on beyond its header's word.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::{ReadOptions, SerializedFileReader};

use crate::read::magic;

/// The most bytes of a page, unpacked: it is held as a whole. So many of the largest record, since a page holds
/// many small ones; but no less than writers commonly make, and no more than the last.
const PAGE: u64 = 4;
const LEAST_PAGE: u64 = 64 << 20;
const LARGEST_PAGE: u64 = 1 << 30;

/// Bytes of a page that are unpacked at once, only to be counted.
const COUNTED: usize = 32 << 10;

/// The longest header that is believed; statistics in it hold whole values.
const HEADER: u64 = 32 << 20;

/// Bytes at the end of a file: the length of its footer, and four letters.
const END: u64 = 8;

/// The kinds of a field in Thrift's compact protocol.
mod kind {
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const STRUCT: u8 = 12;
}

/// How deep structures in a header may lie in each other.
const DEPTH: usize = 8;

/// The same in a footer, which has them for each column of each row group.
const FOOTER_DEPTH: usize = 16;

/// The field of a footer that holds pairs of metadata, and that which says how columns are encrypted.
const METADATA: i64 = 5;
const ENCRYPTED: i64 = 8;

/// What the header of a page says of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Header {
    /// bytes, unpacked
    unpacked: u64,
    /// bytes at its start that are not packed, where it is of version 2
    levels: u64,
    /// whether the rest is not either
    is_plain: bool,
}

/// Where a column stands, and how it is packed.
type Unbounded = (Range<u64>, Compression);

/// The file, refusing pages that would not fit into memory.
pub(crate) struct Pages {
    file: File,
    /// the most bytes of a page, unpacked
    page: u64,
    /// where the columns stand of which a codec has no bound of its own, known when the footer is
    unbounded: Arc<OnceLock<Vec<Unbounded>>>,
    /// headers of pages that were not read yet, by where these start: before it reads a page, a reader of lists looks at the
    /// header of the next one, and columns are read side by side
    headers: Mutex<BTreeMap<u64, Header>>,
    /// the most bytes that were held so far
    held: Arc<AtomicU64>,
}

/// A page is held packed and unpacked, beside one of its dictionary.
const HELD_OF_A_PAGE: u64 = 3;

impl Pages {
    /// With records of at most `max_record` bytes.
    pub(crate) fn new(file: File, max_record: usize) -> Self {
        let page = (PAGE * max_record as u64).clamp(LEAST_PAGE, LARGEST_PAGE);
        Pages { file, page, unbounded: Arc::default(), headers: Mutex::default(), held: Arc::default() }
    }

    /// The same, telling how much it holds.
    pub(crate) fn telling(self, held: Arc<AtomicU64>) -> Self {
        Pages { held, ..self }
    }

    /// The file from its footer on.
    pub(super) fn footer(&self) -> ParquetResult<impl BufRead + use<>> {
        let end = self.len().saturating_sub(END);
        let mut length = [0; 4];
        self.file.get_read(end)?.read_exact(&mut length)?;
        let start = end.saturating_sub(u64::from(u32::from_le_bytes(length)));
        self.file.get_read(start)
    }

    /// What the file is where it does not end as a table does; `None` where it does.
    pub(super) fn no_table(&self) -> Option<String> {
        let bytes = |start, most: u64| {
            let mut bytes = Vec::new();
            let read = self.file.get_read(start).map(|file| file.take(most).read_to_end(&mut bytes));
            matches!(read, Ok(Ok(_))).then_some(bytes)
        };
        let (start, end) = (bytes(0, magic::START as u64)?, bytes(self.len().saturating_sub(4), 4)?);
        match (&start[..], &end[..]) {
            (_, b"PAR1" | b"PARE") => None,
            ([], _) => Some("an empty file, expected Parquet".to_owned()),
            ([b'P', b'A', b'R', b'1', ..], _) => Some(
                "it begins as Parquet does and has no footer: it was cut, or is still being written"
                    .to_owned(),
            ),
            _ => Some(magic::told(&start).unwrap_or_else(|| {
                let what = if magic::is_text(&start) { ", but as a text does" } else { "" };
                format!(
                    "it does not begin as Parquet does{what}: say what it is with `--format`, or name it so"
                )
            })),
        }
    }

    /// What is in the footer that makes the file unreadable, though it is whole. Where it tells how something is encrypted, or is
    /// itself, what would be passed on could not be read, and the keys with it; metadata that are no UTF-8 the reader of the format
    /// (60.1.0) refuses, and could not pass on. Of a footer that can't be read its reader will tell.
    pub(super) fn unreadable(&self) -> Option<String> {
        let encrypted = || Some("the table is encrypted, or a column of it; decrypt it first".to_owned());
        let mut last = [0; 4];
        let end = self.len().saturating_sub(4);
        let is_footer = self.file.get_read(end).is_ok_and(|mut file| file.read_exact(&mut last).is_ok());
        if is_footer && &last == b"PARE" {
            return encrypted();
        }
        let mut input = self.footer().ok()?;
        let mut fields = Fields { last: 0 };
        while let Ok(Some((field, kind))) = fields.next(&mut input) {
            if field == ENCRYPTED {
                return encrypted();
            }
            if (field, kind) == (METADATA, kind::LIST) {
                if let Some(key) = other_than_utf8(&mut input).ok()? {
                    return Some(format!(
                        "the metadata `{}` in its footer is not UTF-8, which the format demands: write the file again \
                         without it",
                        key.chars().take(40).collect::<String>()
                    ));
                }
            } else {
                skip(&mut input, kind, FOOTER_DEPTH).ok()?;
            }
        }
        None
    }

    /// Reads the footer; pages are checked from then on.
    pub(crate) fn reader(self, options: ReadOptions) -> ParquetResult<SerializedFileReader<Pages>> {
        let unbounded = self.unbounded.clone();
        let reader = SerializedFileReader::new_with_options(self, options)?;
        _ = unbounded.set(unbounded_columns(reader.metadata()));
        Ok(reader)
    }

    /// How the column is packed in which a byte stands, where its codec has no bound.
    fn codec(&self, at: u64) -> Option<Compression> {
        let columns = self.unbounded.get()?;
        let behind = columns.partition_point(|(range, _)| range.start <= at);
        // the nearest one; where a footer lets columns overlap, whichever holds it
        columns[..behind].iter().rev().find(|(range, _)| range.contains(&at)).map(|(_, codec)| *codec)
    }

    fn headers(&self) -> MutexGuard<'_, BTreeMap<u64, Header>> {
        self.headers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The places of columns whose codecs have no bound, in order.
fn unbounded_columns(metadata: &ParquetMetaData) -> Vec<Unbounded> {
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    let unbounded = columns.filter_map(|column| {
        let codec = column.compression();
        let has_none = matches!(codec, Compression::GZIP(_) | Compression::BROTLI(_) | Compression::LZ4);
        let data = column.data_page_offset();
        let dictionary = column.dictionary_page_offset().unwrap_or(data);
        let [first, last] = [dictionary.min(data), dictionary.max(data)].map(|at| u64::try_from(at).ok());
        let (first, last, length) = (first?, last?, u64::try_from(column.compressed_size()).ok()?);
        // whichever a reader takes for its start: a dictionary comes first, whatever a footer says
        let end = if dictionary <= data { first } else { last }.saturating_add(length);
        has_none.then_some((first..end, codec))
    });
    let mut unbounded: Vec<_> = unbounded.collect();
    unbounded.sort_by_key(|(range, _)| range.start);
    unbounded
}

impl Length for Pages {
    fn len(&self) -> u64 {
        self.file.len()
    }
}

impl ChunkReader for Pages {
    type T = <File as ChunkReader>::T;

    /// Called where a header starts; behind one that was looked at before its page was wanted; and at the end of the file,
    /// whose length of the footer may look like a header.
    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        if start.checked_add(END) == Some(self.len()) || self.headers().contains_key(&start) {
            return self.file.get_read(start);
        }
        let mut input = Counted { input: self.file.get_read(start)?.take(HEADER), count: 0 };
        // what is no header is told by the reader of the format
        if let Ok(header) = Header::read(&mut input) {
            if header.unpacked > self.page {
                return Err(ParquetError::General(format!(
                    "byte {start}: a page of {} bytes, at most {} are allowed (4 times `--max-record`)",
                    header.unpacked, self.page
                )));
            }
            self.held.fetch_max(HELD_OF_A_PAGE * header.unpacked, Ordering::Relaxed);
            self.headers().insert(start + input.count, header);
        }
        self.file.get_read(start)
    }

    /// Called for a page.
    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        // before anything is allocated
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.len()) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not in the file")));
        }
        let bytes = self.file.get_bytes(start, length)?;
        let header = self.headers().remove(&start);
        if let Some(codec) = self.codec(start) {
            let lies = |what: String| ParquetError::General(format!("byte {start}: {what}"));
            let header = header.ok_or_else(|| lies("a page without a header".to_owned()))?;
            if !header.holds(codec, &bytes) {
                let unpacked = header.unpacked;
                return Err(lies(format!(
                    "a page that unpacks to more than the {unpacked} bytes that its header says"
                )));
            }
        }
        Ok(bytes)
    }
}

impl Header {
    /// Reads a Thrift structure in the compact protocol: its second field is the size of the page, unpacked; the
    /// eighth, of a page of version 2, the structure with the bytes of its levels (5, 6), and whether it is packed (7).
    fn read(input: &mut impl BufRead) -> io::Result<Self> {
        let mut header = Header::default();
        let mut fields = Fields { last: 0 };
        let mut levels = 0_u64;
        while let Some((field, kind)) = fields.next(input)? {
            match (field, kind) {
                // a reader may go by the field alone
                (2, kind::I16 | kind::I32 | kind::I64) => header.unpacked = header.unpacked.max(size(input)?),
                (8, kind::STRUCT) => {
                    let mut own = Fields { last: 0 };
                    while let Some((field, kind)) = own.next(input)? {
                        match (field, kind) {
                            (5 | 6, kind::I32) => levels = levels.saturating_add(size(input)?),
                            (7, kind::FALSE) => header.is_plain = true,
                            _ => skip(input, kind, DEPTH)?,
                        }
                    }
                }
                _ => skip(input, kind, DEPTH)?,
            }
        }
        header.levels = levels;
        Ok(header)
    }

    /// Whether a page comes to no more than it says. One that can't be unpacked does: its codec will tell.
    fn holds(&self, codec: Compression, page: &[u8]) -> bool {
        let Some(packed) = page.get(self.levels as usize..).filter(|_| !self.is_plain) else { return true };
        let most = self.unpacked.saturating_sub(self.levels);
        match codec {
            Compression::GZIP(_) => holds(flate2::read::MultiGzDecoder::new(packed), most),
            Compression::BROTLI(_) => holds(brotli_decompressor::Decompressor::new(packed, COUNTED), most),
            // as Hadoop frames it, it has a bound; not so as LZ4 itself does
            Compression::LZ4 => holds(lz4_flex::frame::FrameDecoder::new(packed), most),
            _ => true,
        }
    }
}

/// Whether no more than so many bytes come.
fn holds(mut unpacked: impl Read, most: u64) -> bool {
    let mut piece = vec![0; COUNTED];
    let mut count = 0;
    loop {
        match unpacked.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return true,
            Ok(read) => count += read as u64,
        }
        if count > most {
            return false;
        }
    }
}

/// The fields of a structure.
struct Fields {
    last: i64,
}

impl Fields {
    /// The next field's number and kind; `None` at the end.
    fn next(&mut self, input: &mut impl BufRead) -> io::Result<Option<(i64, u8)>> {
        let head = byte(input)?;
        if head == 0 {
            return Ok(None);
        }
        let step = i64::from(head >> 4);
        let next = || self.last.checked_add(step).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData));
        self.last = if step > 0 { next()? } else { zigzag(input)? };
        Ok(Some((self.last, head & 0xF)))
    }
}

/// Goes past a list of metadata, up to the first key or value that is no UTF-8: that key, as far as it can be read.
fn other_than_utf8(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let (count, kind) = list(input)?;
    for _ in 0..count {
        if kind != kind::STRUCT {
            skip(input, kind, FOOTER_DEPTH)?;
            continue;
        }
        let (mut fields, mut key, mut is_utf8) = (Fields { last: 0 }, String::new(), true);
        while let Some((field, kind)) = fields.next(input)? {
            if kind != kind::BINARY {
                skip(input, kind, FOOTER_DEPTH)?;
                continue;
            }
            let length = varint(input)?;
            let mut bytes = Vec::new();
            if input.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            is_utf8 &= simdutf8::basic::from_utf8(&bytes).is_ok();
            if field == 1 {
                key = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        if !is_utf8 {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// How many values a list has, and of what kind.
fn list(input: &mut impl BufRead) -> io::Result<(u64, u8)> {
    let head = byte(input)?;
    let count = if head >> 4 == 15 { varint(input)? } else { u64::from(head >> 4) };
    Ok((count, head & 0xF))
}

/// Goes past a value.
fn skip(input: &mut impl BufRead, kind: u8, depth: usize) -> io::Result<()> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let depth = depth.checked_sub(1).ok_or_else(wrong)?;
    match kind {
        kind::TRUE | kind::FALSE => {}
        kind::BYTE => _ = byte(input)?,
        kind::I16 | kind::I32 | kind::I64 => _ = varint(input)?,
        kind::DOUBLE => skip_bytes(input, 8)?,
        kind::BINARY => {
            let length = varint(input)?;
            skip_bytes(input, length)?;
        }
        kind::LIST | kind::SET => {
            let (count, kind) = list(input)?;
            for _ in 0..count {
                match kind {
                    kind::TRUE | kind::FALSE => _ = byte(input)?,
                    kind => skip(input, kind, depth)?,
                }
            }
        }
        kind::STRUCT => {
            let mut fields = Fields { last: 0 };
            while let Some((_, kind)) = fields.next(input)? {
                skip(input, kind, depth)?;
            }
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

fn skip_bytes(input: &mut impl BufRead, length: u64) -> io::Result<()> {
    let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
    if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn byte(input: &mut impl BufRead) -> io::Result<u8> {
    let mut byte = [0];
    input.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn varint(input: &mut impl BufRead) -> io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = byte(input)?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn zigzag(input: &mut impl BufRead) -> io::Result<i64> {
    let value = varint(input)?;
    Ok((value >> 1) as i64 ^ -((value & 1) as i64))
}

/// A size; one below 0 is as large as can be, and no page's.
fn size(input: &mut impl BufRead) -> io::Result<u64> {
    Ok(u64::try_from(zigzag(input)?).unwrap_or(u64::MAX))
}

/// Counts the bytes that are taken.
struct Counted<R> {
    input: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.count += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count += count as u64;
        self.input.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A page header that begins with type 0 and this size, unpacked.
    fn header(size: u64) -> Pages {
        let mut bytes = vec![0x15, 0x00, 0x15];
        let mut zigzag = size << 1;
        while zigzag >= 0x80 {
            bytes.push(zigzag as u8 | 0x80);
            zigzag >>= 7;
        }
        bytes.extend([zigzag as u8, 0x15, 0x02, 0x00]);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        Pages::new(file, 32 << 20)
    }

    #[test]
    fn pages_that_would_not_fit_are_refused() {
        let page = 128 << 20;
        for fits in [0, 1, 1 << 20, page] {
            assert!(header(fits).get_read(0).is_ok(), "{fits}");
        }
        for large in [page + 1, i32::MAX as u64] {
            let error = header(large).get_read(0).err().unwrap().to_string();
            assert!(error.contains(&format!("a page of {large} bytes")), "{error}");
        }
    }

    /// Of some lengths of footers the first byte is that of a field for a size, and the second of a number below 0.
    #[test]
    fn the_end_of_a_file_is_no_header() {
        for first in [0x24, 0x25, 0x26] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"PAR1 a footer ").unwrap();
            file.write_all(&[first, 0x1B, 0, 0]).unwrap();
            file.write_all(b"PAR1").unwrap();
            let pages = Pages::new(file, 1 << 20);
            assert!(pages.get_read(14).is_ok(), "{first}");
        }
    }

    #[test]
    fn the_largest_page_follows_the_largest_record() {
        let bound = |max_record| Pages::new(tempfile::tempfile().unwrap(), max_record).page;
        assert_eq!([1, 16 << 20, 17 << 20, 1 << 30].map(bound), [64 << 20, 64 << 20, 68 << 20, 1 << 30]);
    }

    #[test]
    fn nothing_is_allocated_for_what_is_not_there() {
        let pages = header(1);
        assert!(pages.get_bytes(0, 4).is_ok());
        for (start, length) in [(0, usize::MAX), (4, 1 << 40), (u64::MAX, 1)] {
            assert!(pages.get_bytes(start, length).is_err(), "{start} {length}");
        }
    }

    /// However much would come, it is not waited for.
    #[test]
    fn what_goes_on_is_left() {
        let bytes = [7; 100];
        assert!(holds(&bytes[..], 100) && !holds(&bytes[..], 99));
        assert!(!holds(io::repeat(7), 1 << 20));
    }

    #[test]
    fn framed_pages_are_counted() {
        let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
        frame.write_all(&[7; 1 << 20]).unwrap();
        let frame = frame.finish().unwrap();
        for (unpacked, expected) in [(1 << 20, true), ((1 << 20) - 1, false), (40, false)] {
            let header = Header { unpacked, ..Header::default() };
            assert_eq!(header.holds(Compression::LZ4, &frame), expected, "{unpacked}");
        }
        // what is no frame has nothing of the kind to tell
        assert!(Header::default().holds(Compression::LZ4, &[0, 0, 0, 9, 0, 0, 0, 1, 7]));
    }

    #[test]
    fn headers_are_read_to_their_end() {
        let statistics = [0x5C, 0x18, 3, b'a', b'b', b'c', 0x18, 1, b'x', 0x00];
        let version_1 =
            [&[0x15, 0x00, 0x15, 0x10, 0x15, 0x08, 0x15, 0x05, 0x1C, 0x15, 0x02][..], &statistics, &[0, 0]];
        let version_2 =
            [0x15, 0x06, 0x15, 0x10, 0x15, 0x08, 0x5C, 0x15, 0x02, 0x45, 0x04, 0x15, 0x06, 0x12, 0, 0];
        let plain = Header { unpacked: 8, levels: 5, is_plain: true };
        for (bytes, expected) in
            [(version_1.concat(), Header { unpacked: 8, ..Header::default() }), (version_2.to_vec(), plain)]
        {
            let mut input = Counted { input: &bytes[..], count: 0 };
            assert_eq!(Header::read(&mut input).unwrap(), expected);
            assert_eq!(input.count, bytes.len() as u64);
            for length in 0..bytes.len() {
                assert!(Header::read(&mut &bytes[..length]).is_err(), "{length}");
            }
        }
        // structures without end
        assert!(Header::read(&mut &[0x1C; 64][..]).is_err());
    }
}

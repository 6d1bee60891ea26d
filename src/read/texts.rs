//! A document's text, read a second time: from its file at its offset, or from the spool. Nothing of a text
//! stays in memory between the passes.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::document::{Format, SkipReason, Source};
use crate::error::{Error, Result};
use crate::index::Index;
use crate::index::segment::Mark;
use crate::index::texts::TextPlace;
use crate::pipeline::Progress;
use crate::read::chunks::text_file;
use crate::read::csv;
use crate::read::digest::ByteDigest;
use crate::read::json::{self, Fields, Record};

/// The spool stays in memory up to this many bytes.
const IN_MEMORY: usize = 8 << 20;

/// Files kept open at once.
const OPEN_FILES: usize = 32;

/// What can't be read again: kept in memory while it is small, then in an unnamed temporary file, which the
/// system removes when the run ends, however it ends. A clone is the same spool: what has been written can be
/// read while more is.
#[derive(Clone)]
pub(crate) struct Spool(Arc<Spooled>);

struct Spooled {
    folder: PathBuf,
    bytes: RwLock<Bytes>,
    /// which column of a source of rows holds the texts
    columns: Mutex<HashMap<u32, u32>>,
    /// what separates the fields of a source of rows
    delimiters: Mutex<HashMap<u32, u8>>,
    /// what a source of rows, or an archive, was when it was read; none where nothing of it could be used
    digests: Mutex<HashMap<u32, ByteDigest>>,
}

#[derive(Default)]
struct Bytes {
    memory: Vec<u8>,
    file: Option<Arc<File>>,
    length: u64,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spool {
    /// An empty spool that will overflow into `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        let (bytes, columns, delimiters, digests) = Default::default();
        Spool(Arc::new(Spooled { folder: folder.to_path_buf(), bytes, columns, delimiters, digests }))
    }

    /// Where temporary files go.
    #[cfg(feature = "parquet")]
    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Notes which column of a source of rows holds the texts.
    pub(crate) fn set_column(&self, source: u32, column: u32) {
        locked(&self.0.columns).insert(source, column);
    }

    fn column(&self, source: u32) -> Option<usize> {
        locked(&self.0.columns).get(&source).map(|&column| column as usize)
    }

    /// Notes what separates the fields of a source of rows.
    pub(crate) fn set_delimiter(&self, source: u32, delimiter: u8) {
        locked(&self.0.delimiters).insert(source, delimiter);
    }

    fn delimiter(&self, source: u32) -> Option<u8> {
        locked(&self.0.delimiters).get(&source).copied()
    }

    /// Notes what a source was when it was read.
    pub(crate) fn set_digest(&self, source: u32, digest: ByteDigest) {
        locked(&self.0.digests).insert(source, digest);
    }

    fn digest(&self, source: u32) -> Option<ByteDigest> {
        locked(&self.0.digests).get(&source).copied()
    }

    /// Appends bytes; returns where they start.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<u64> {
        let mut spooled = self.0.bytes.write().unwrap_or_else(PoisonError::into_inner);
        let start = spooled.length;
        spooled.write(bytes, &self.0.folder).map_err(|source| Error::temporary(&self.0.folder, source))?;
        spooled.length += bytes.len() as u64;
        Ok(start)
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let spooled = self.0.bytes.read().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = spooled.file.clone() else {
            let bytes = spooled.memory.get(offset as usize..offset as usize + into.len());
            into.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
            return Ok(());
        };
        drop(spooled);
        read_exact_at(&file, offset, into)
    }
}

impl Bytes {
    fn write(&mut self, bytes: &[u8], folder: &Path) -> io::Result<()> {
        if self.file.is_none() {
            if self.memory.len() + bytes.len() <= IN_MEMORY {
                self.memory.extend_from_slice(bytes);
                return Ok(());
            }
            let mut file = tempfile::tempfile_in(folder)?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(Arc::new(file));
        }
        self.file.as_ref().map_or(Ok(()), |file| (&**file).write_all(bytes))
    }
}

/// Where a record's bytes are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locator {
    /// index into the sources
    pub(crate) source: u32,
    /// its number in its source, from 0
    pub(crate) record: u32,
    /// its first byte in the source or in the spool
    pub(crate) offset: u64,
    /// its length in bytes
    pub(crate) length: u32,
    /// its text's length in bytes, and a checksum of it, by which a change is noticed
    pub(crate) text_length: u32,
    pub(crate) checksum: u32,
}

impl Locator {
    /// Behind its last byte.
    fn end(&self) -> u64 {
        self.offset + u64::from(self.length)
    }
}

impl Ahead {
    /// Gives back what one large record took.
    pub(crate) fn let_go(&mut self) {
        if self.bytes.len() as u64 > AHEAD {
            *self = Ahead::default();
        }
    }

    fn holds(&self, locator: &Locator) -> bool {
        let end = self.offset + self.length as u64;
        self.source == locator.source && self.offset <= locator.offset && locator.end() <= end
    }

    /// The bytes of a record that it holds.
    fn record(&self, locator: &Locator) -> &[u8] {
        let first = (locator.offset - self.offset) as usize;
        &self.bytes[first..first + locator.length as usize]
    }
}

impl Locator {
    /// A document of an index, which has its own number there: in place of a checksum, since an index has its own. Its
    /// bytes are a block of the index, and its length stands for its first byte in that.
    pub(crate) fn in_index((source, record): (u32, u32), number: u32, text: Option<TextPlace>) -> Self {
        let TextPlace { block, at, length } = text.unwrap_or(NO_TEXT);
        Locator { source, record, offset: block, length: at, text_length: length, checksum: number }
    }

    /// Number and place in the index, of what [`Locator::in_index`] has made.
    fn place_in_index(&self) -> (u32, Option<TextPlace>) {
        let place = TextPlace { block: self.offset, at: self.length, length: self.text_length };
        (self.checksum, Some(place).filter(|place| *place != NO_TEXT))
    }
}

/// Where no text is.
const NO_TEXT: TextPlace = TextPlace { block: u64::MAX, at: 0, length: 0 };

/// The checksum of a text.
pub(crate) fn checksum(text: &str) -> u32 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32
}

/// Bytes of a source, read ahead of the records that are wanted of them.
#[derive(Default)]
pub(crate) struct Ahead {
    source: u32,
    /// where the first of them is in the source
    offset: u64,
    /// how many of `bytes` are of the source
    length: usize,
    bytes: Vec<u8>,
}

/// The most bytes that are read ahead, and the most that may lie unused between two records.
const AHEAD: u64 = 1 << 18;
const UNUSED: u64 = 1 << 14;

/// Reads texts again.
pub(crate) struct Texts {
    sources: Vec<Source>,
    spool: Spool,
    text_field: String,
    id_field: String,
    max_record: usize,
    open: Mutex<VecDeque<(u32, Arc<File>)>>,
    /// where the texts of the sources from this number on are, see [`Locator::in_index`]
    archive: Option<(u32, Arc<Index>)>,
}

impl Texts {
    /// Whether some of them are in an index.
    #[cfg(test)]
    pub(crate) fn has_index(&self) -> bool {
        self.archive.is_some()
    }

    /// Lets go of the index, and of its sources.
    pub(crate) fn let_go(&mut self) {
        if let Some((first, _)) = self.archive.take() {
            self.sources.truncate(first as usize);
        }
    }

    /// Appends the sources of an index, in place of those of another.
    pub(crate) fn archive(&mut self, index: Arc<Index>, sources: Vec<Source>) {
        self.let_go();
        self.archive = Some((self.sources.len() as u32, index));
        self.sources.extend(sources);
    }

    pub(crate) fn new(sources: Vec<Source>, spool: Spool, params: &crate::params::Params) -> Self {
        Texts {
            sources,
            spool,
            text_field: params.text_field.clone(),
            id_field: params.id_field.clone(),
            max_record: params.max_record as usize,
            open: Mutex::new(VecDeque::new()),
            archive: None,
        }
    }

    /// What can't be read again where it was.
    pub(crate) fn spool(&self) -> &Spool {
        &self.spool
    }

    /// The run's sources, in corpus order.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The most bytes of a record.
    pub(crate) fn max_record(&self) -> usize {
        self.max_record
    }

    /// Which column of a source of rows holds the texts.
    pub(crate) fn column(&self, source: u32) -> Option<usize> {
        self.spool.column(source)
    }

    /// What separates the fields of a row, where a source holds rows: as was found when it was read.
    pub(crate) fn delimiter(&self, source: u32) -> Option<u8> {
        let usual = self.sources[source as usize].format.delimiter()?;
        Some(self.spool.delimiter(source).unwrap_or(usual))
    }

    /// Where temporary files go.
    #[cfg(feature = "parquet")]
    pub(crate) fn temporary(&self) -> &Path {
        self.spool.folder()
    }

    /// What a source of rows, or an archive, was when it was read; `None` where nothing of it could be used.
    pub(crate) fn digest(&self, source: u32) -> Option<ByteDigest> {
        self.spool.digest(source)
    }

    /// Reads the text of the record at `locator`, as it was given.
    ///
    /// # Errors
    /// [`Error::Io`] where it can't be read, [`Error::Changed`] or [`Error::SourceChanged`] where it, or its
    /// file, is not what it was.
    pub(crate) fn read(&self, locator: &Locator) -> Result<String> {
        if let Some(index) = self.index_of(locator) {
            let (document, place) = locator.place_in_index();
            return index.text_at(document, place);
        }
        self.record(locator, &[]).map(|(text, _)| text)
    }

    /// Appends the text of the first of these records, as it was given; those behind it are wanted next.
    ///
    /// # Errors
    /// Those of [`Texts::read`].
    pub(crate) fn append(
        &self,
        locators: impl Iterator<Item = Locator>,
        ahead: &mut Ahead,
        into: &mut String,
    ) -> Result<()> {
        let mut locators = locators.peekable();
        let Some(&locator) = locators.peek() else { return Ok(()) };
        let of_index = self.is_in_index(&locator);
        let source = &self.sources[locator.source as usize];
        if of_index || source.format != Format::JsonLines || !source.is_plain_file() {
            into.push_str(&self.read(&locator)?);
            return Ok(());
        }
        if !ahead.holds(&locator) {
            let mut end = locator.offset;
            let near = locators.take_while(|next| {
                let goes_on = next.source == locator.source
                    && (end..=end + UNUSED).contains(&next.offset)
                    && (next.offset == locator.offset || next.end() <= locator.offset + AHEAD);
                end = if goes_on { next.end() } else { end };
                goes_on
            });
            near.for_each(drop);
            self.fill(ahead, &locator, end)?;
        }
        let changed = || self.changed(&locator);
        let line = simdutf8::basic::from_utf8(ahead.record(&locator)).map_err(|_| changed())?;
        let fields = Fields { text: &self.text_field, id: &self.id_field, also: &[] };
        let start = into.len();
        fields.parse(line, into).map_err(|_| changed())?;
        let text = &into[start..];
        let same = text.len() == locator.text_length as usize && checksum(text) == locator.checksum;
        if same { Ok(()) } else { Err(changed()) }
    }

    /// Reads ahead, from the record at `locator` up to `end`.
    fn fill(&self, ahead: &mut Ahead, locator: &Locator, end: u64) -> Result<()> {
        let length = (end - locator.offset) as usize;
        if ahead.bytes.len() < length {
            ahead.bytes.resize(length, 0);
        }
        (ahead.source, ahead.offset, ahead.length) = (locator.source, locator.offset, 0);
        let file = self.file(locator.source)?;
        self.read_result(locator, read_exact_at(&file, locator.offset, &mut ahead.bytes[..length]))?;
        ahead.length = length;
        Ok(())
    }

    fn read_result(&self, locator: &Locator, result: io::Result<()>) -> Result<()> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.changed(locator)),
            Err(error) => Err(Error::io(self.path(locator.source), "reading it again", error)),
        }
    }

    /// The index that a document comes from.
    fn index_of(&self, locator: &Locator) -> Option<&Index> {
        self.archive.as_ref().filter(|(first, _)| locator.source >= *first).map(|(_, index)| &**index)
    }

    /// Whether a text is in an index.
    pub(crate) fn is_in_index(&self, locator: &Locator) -> bool {
        self.index_of(locator).is_some()
    }

    /// Where one can start to read in a document: in long ones of an index.
    pub(crate) fn marks(&self, locator: &Locator) -> &[Mark] {
        self.index_of(locator).map_or(&[], |index| index.marks(locator.place_in_index().0))
    }

    /// Appends what of a text is between two places in the bytes of its record, as these are stored; `bytes` is a buffer.
    ///
    /// # Errors
    /// Those of [`Texts::read`]; but what is not read can't be compared.
    pub(crate) fn append_between(
        &self,
        locator: &Locator,
        raw: Range<u32>,
        (bytes, into): (&mut Vec<u8>, &mut String),
    ) -> Result<()> {
        let changed = || self.changed(locator);
        let length = raw.end.min(locator.length).checked_sub(raw.start).ok_or_else(changed)?;
        bytes.resize(length as usize, 0);
        self.bytes_at(locator, locator.offset + u64::from(raw.start), bytes)?;
        let part = simdutf8::basic::from_utf8(bytes).map_err(|_| changed())?;
        if self.sources[locator.source as usize].format == Format::JsonLines {
            return json::unescape(part, into).ok_or_else(changed);
        }
        into.push_str(part);
        Ok(())
    }

    /// The places of the paragraphs of a document of an index, as [`crate::corpus::Places`] reads them, and how many
    /// they are.
    pub(crate) fn places_in_index(&self, locator: &Locator) -> Result<(Vec<u8>, usize)> {
        self.index_of(locator).map_or(Ok(Default::default()), |index| {
            let (row, segment) = index.document(locator.place_in_index().0)?;
            Ok((segment.strings(&row)?.1, row.paragraphs as usize))
        })
    }

    /// Reads some bytes of a text, as far as it goes. Of one that is not in an index all is read for that.
    ///
    /// # Errors
    /// Those of [`Texts::read`].
    pub(crate) fn read_part(&self, locator: &Locator, part: Range<u32>) -> Result<String> {
        let part = part.start..part.end.min(locator.text_length);
        if let Some(index) = self.index_of(locator) {
            let (document, place) = locator.place_in_index();
            return index.text_part(document, place, part);
        }
        let mut text = self.read(locator)?;
        if part.len() < text.len() {
            let own = text.get(part.start as usize..part.end as usize).map(str::to_owned);
            text = own.ok_or_else(|| self.changed(locator))?;
        }
        Ok(text)
    }

    /// Reads the record at `locator`, with the fields `also`.
    ///
    /// # Errors
    /// Those of [`Texts::read`].
    pub(crate) fn record(&self, locator: &Locator, also: &[String]) -> Result<(String, Record)> {
        let source = &self.sources[locator.source as usize];
        let changed = || self.changed(locator);
        let read = match (source.regular, source.format) {
            (true, Format::Text) => {
                self.check(locator.source)?;
                let text = text_file(source, self.max_record, &Progress::default());
                let unread = |(reason, detail)| match reason {
                    SkipReason::Unreadable => {
                        let error = io::Error::other(detail);
                        Error::io(self.path(locator.source), "reading it again", error)
                    }
                    _ => changed(),
                };
                (text.map_err(unread)?, Record::default())
            }
            (_, format) => {
                let bytes = self.bytes(locator)?;
                let utf8 = |bytes: Vec<u8>| match simdutf8::basic::from_utf8(&bytes) {
                    Ok(_) => String::from_utf8(bytes).map_err(|_| changed()),
                    Err(_) => Err(changed()),
                };
                match self.delimiter(locator.source) {
                    Some(delimiter) if source.is_plain_file() => {
                        let column = self.spool.column(locator.source).unwrap_or(0);
                        (utf8(csv::field(&bytes, delimiter, column).ok_or_else(changed)?)?, Record::default())
                    }
                    _ if format == Format::JsonLines => {
                        let line = simdutf8::basic::from_utf8(&bytes).map_err(|_| changed())?;
                        self.parse(locator, line, also)?
                    }
                    // the bytes are the text
                    _ => (utf8(bytes)?, Record::default()),
                }
            }
        };
        self.check_text(locator, &read.0)?;
        Ok(read)
    }

    /// The text of a JSON record whose line is at hand.
    ///
    /// # Errors
    /// [`Error::Changed`] where it is not what it was.
    pub(crate) fn of_line(&self, locator: &Locator, line: &str) -> Result<String> {
        let (text, _) = self.parse(locator, line, &[])?;
        self.check_text(locator, &text)?;
        Ok(text)
    }

    fn parse(&self, locator: &Locator, line: &str, also: &[String]) -> Result<(String, Record)> {
        let mut text = String::with_capacity(line.len());
        let fields = Fields { text: &self.text_field, id: &self.id_field, also };
        let record = fields.parse(line, &mut text).map_err(|_| self.changed(locator))?;
        Ok((text, record))
    }

    fn check_text(&self, locator: &Locator, text: &str) -> Result<()> {
        let is_same = text.len() == locator.text_length as usize && checksum(text) == locator.checksum;
        if is_same { Ok(()) } else { Err(self.changed(locator)) }
    }

    /// The bytes at `locator`, in its source or in the spool, as they were once they were unpacked.
    ///
    /// # Errors
    /// Those of [`Texts::read`].
    pub(crate) fn bytes(&self, locator: &Locator) -> Result<Vec<u8>> {
        let mut bytes = vec![0; locator.length as usize];
        self.bytes_at(locator, locator.offset, &mut bytes)?;
        Ok(bytes)
    }

    fn bytes_at(&self, locator: &Locator, offset: u64, into: &mut [u8]) -> Result<()> {
        let source = &self.sources[locator.source as usize];
        let result = if source.is_plain_file() && source.format != Format::Parquet {
            read_exact_at(&*self.file(locator.source)?, offset, into)
        } else {
            self.spool.read(offset, into)
        };
        self.read_result(locator, result)
    }

    /// Checks that no source has been changed since the run began.
    ///
    /// # Errors
    /// [`Error::SourceChanged`].
    pub(crate) fn check_sources(&self) -> Result<()> {
        (0..self.sources.len() as u32).try_for_each(|source| self.check(source))
    }

    /// Checks that a source has not been changed since the run began.
    ///
    /// # Errors
    /// [`Error::SourceChanged`].
    pub(crate) fn check(&self, source: u32) -> Result<()> {
        let of = &self.sources[source as usize];
        if !of.regular || of.modified.is_none() {
            return Ok(());
        }
        let path = self.path(source);
        match fs::metadata(&path) {
            Ok(metadata) => self.compare(source, &metadata),
            Err(error) => Err(Error::SourceChanged { path, what: error.to_string() }),
        }
    }

    /// Compares a file with what it was when the run began.
    fn compare(&self, source: u32, now: &fs::Metadata) -> Result<()> {
        let of = &self.sources[source as usize];
        let what = if of.modified.is_none() {
            return Ok(());
        } else if now.len() != of.size {
            format!("it had {} bytes, now it has {}", of.size, now.len())
        } else if now.modified().ok() != of.modified {
            "it has been written to".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::SourceChanged { path: self.path(source), what })
    }

    /// The error for a record that is not what it was.
    pub(crate) fn changed(&self, locator: &Locator) -> Error {
        Error::Changed { path: self.path(locator.source), record: u64::from(locator.record) }
    }

    fn path(&self, source: u32) -> PathBuf {
        self.sources[source as usize].path.clone().unwrap_or_else(|| PathBuf::from("-"))
    }

    /// The source's file, opened at most once while it is in use.
    fn file(&self, source: u32) -> Result<Arc<File>> {
        let mut open = locked(&self.open);
        if let Some((_, file)) = open.iter().find(|(number, _)| *number == source) {
            return Ok(file.clone());
        }
        let path = self.path(source);
        let failed = |error| Error::io(path.clone(), "reading it again", error);
        // before it is opened: where a pipe has taken its place, that would wait
        self.compare(source, &fs::metadata(&path).map_err(failed)?)?;
        let file = File::open(&path).map_err(failed)?;
        self.compare(source, &file.metadata().map_err(failed)?)?;
        let file = Arc::new(file);
        if open.len() == OPEN_FILES {
            open.pop_front();
        }
        open.push_back((source, file.clone()));
        Ok(file)
    }
}

/// Fills `into` from the file's bytes at `offset`, whatever other threads read from it.
#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

/// Writes all bytes at `offset` of the file.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Writes all bytes at `offset` of the file.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if n == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        offset += n as u64;
        bytes = &bytes[n..];
    }
    Ok(())
}

/// Fills `into` from the file's bytes at `offset`, whatever other threads read from it.
#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut offset: u64, mut into: &mut [u8]) -> io::Result<()> {
    while !into.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, into, offset)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        offset += n as u64;
        into = &mut into[n..];
    }
    Ok(())
}

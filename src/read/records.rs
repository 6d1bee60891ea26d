//! Records that the reader has to take apart itself, because where one ends is known only by reading it: rows
//! of a table, records of an archive. They go to the workers as texts and ids, a chunk at a time.
//!
//! A text is read again from its place in its source where that is a plain file and the text stands there;
//! else it goes through the spool.

use std::io;
use std::ops::Range;

use crate::document::{Compression, Format, SkipReason, Source};
use crate::error::{Error, Result};
use crate::read::chunks::{Batch, Chunk, Reader};
use crate::read::compression;
use crate::read::digest::ByteDigest;
use crate::read::texts::Spool;

/// Neighbouring records of one source.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) source: u32,
    /// the texts, one after the other, maybe not UTF-8
    pub(crate) bytes: Vec<u8>,
    /// their ids as JSON
    pub(crate) ids: String,
    pub(crate) entries: Vec<Entry>,
}

/// A record, or some that were lost.
pub(crate) enum Entry {
    /// its text, and what is read when the text is needed again
    Text {
        text: Range<usize>,
        id: Range<usize>,
        place: Range<u64>,
        line: Option<u64>,
        /// see [`crate::read::json::Record::also`]
        also: Vec<Option<String>>,
    },
    /// as many records as can't be used
    Lost { records: u64, line: Option<u64>, reason: SkipReason, detail: String },
}

/// The records of a source on their way to the workers.
pub(crate) struct Collector<'a, 'b> {
    reader: &'a Reader<'a>,
    source: &'a Source,
    spool: &'a Spool,
    batch: &'a mut Batch<'b>,
    /// whether a text stays where it is
    again: bool,
    id: String,
    also: Vec<Option<String>>,
    records: Records,
}

impl<'a, 'b> Collector<'a, 'b> {
    /// For the source of this number.
    pub(crate) fn new(
        reader: &'a Reader<'a>,
        number: u32,
        spool: &'a Spool,
        batch: &'a mut Batch<'b>,
    ) -> Self {
        let source = &reader.sources.files[number as usize];
        let again = source.is_plain_file() && source.format != Format::Parquet;
        let records = Records { source: number, bytes: reader.buffers.take(), ..Records::default() };
        Collector { reader, source, spool, batch, again, id: String::new(), also: Vec::new(), records }
    }

    /// The most bytes of a record.
    pub(crate) fn max_record(&self) -> usize {
        self.reader.max_record
    }

    /// Where what unpacks the source tells how much it holds.
    #[cfg(feature = "parquet")]
    pub(crate) fn unpacking(&self) -> std::sync::Arc<std::sync::atomic::AtomicU64> {
        self.reader.buffers.unpacking()
    }

    /// False where nobody listens any more.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(crate) fn go_on(&self) -> Result<bool> {
        if self.reader.progress.is_cancelled() { Err(Error::Interrupted) } else { Ok(self.batch.listening) }
    }

    /// Why reading broke off.
    pub(crate) fn why(&self, begun: bool, error: &io::Error) -> (SkipReason, String) {
        compression::why(self.source, begun, error)
    }

    /// Which column holds the texts, for reading them again.
    pub(crate) fn column(&mut self, column: usize) {
        self.spool.set_column(self.records.source, column as u32);
    }

    /// What separates the fields of a row, for reading them again.
    pub(crate) fn delimiter(&mut self, delimiter: u8) {
        self.spool.set_delimiter(self.records.source, delimiter);
    }

    /// What the source was, once it has been read.
    pub(crate) fn digest(&mut self, digest: ByteDigest) {
        self.spool.set_digest(self.records.source, digest);
    }

    /// Where what passes more than once can be kept.
    #[cfg(feature = "parquet")]
    pub(crate) fn temporary(&self) -> &std::path::Path {
        self.spool.folder()
    }

    /// The id of the next text, a string; bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn string_id(&mut self, id: Option<&[u8]>) {
        self.id.clear();
        if let Some(id) = id {
            self.id = serde_json::Value::from(String::from_utf8_lossy(id)).to_string();
        }
    }

    /// Other fields of the next text, as JSON, in the order of [`crate::read::json::Fields::also`].
    pub(crate) fn also(&mut self, values: Vec<Option<String>>) {
        self.also = values;
    }

    /// The id of the next text, as JSON.
    #[cfg(feature = "parquet")]
    pub(crate) fn json_id(&mut self, id: Option<String>) {
        self.id = id.unwrap_or_default();
    }

    /// A text; `place` is where it, or the row that holds it, stands in the source.
    ///
    /// # Errors
    /// Those of the spool.
    pub(crate) fn text(&mut self, text: &[u8], place: Range<u64>, line: Option<u64>) -> Result<()> {
        let also = std::mem::take(&mut self.also);
        if text.len() > self.max_record() {
            return self.lose_too_large(line);
        }
        self.reader.buffers.meet_text(text);
        let records = &mut self.records;
        let (start, id) = (records.bytes.len(), records.ids.len());
        records.bytes.extend_from_slice(text);
        records.ids.push_str(&self.id);
        let (text, id) = (start..records.bytes.len(), id..records.ids.len());
        records.entries.push(Entry::Text { text, id, place, line, also });
        self.flush_full()
    }

    /// A record that can't be used.
    ///
    /// # Errors
    /// Those of the spool.
    pub(crate) fn lose(&mut self, line: Option<u64>, reason: SkipReason, detail: String) -> Result<()> {
        self.records.entries.push(Entry::Lost { records: 1, line, reason, detail });
        self.flush_full()
    }

    /// A record of more bytes than are allowed.
    ///
    /// # Errors
    /// Those of the spool.
    pub(crate) fn lose_too_large(&mut self, line: Option<u64>) -> Result<()> {
        self.lose(line, SkipReason::TooLarge, too_large(self.max_record() as u64))
    }

    /// Neighbouring records that can't be used.
    ///
    /// # Errors
    /// Those of the spool.
    #[cfg(feature = "parquet")]
    pub(crate) fn lose_some(&mut self, records: u64, reason: SkipReason, detail: String) -> Result<()> {
        self.records.entries.push(Entry::Lost { records, line: None, reason, detail });
        self.flush_full()
    }

    /// A part of the source of which nobody can say how many records it held.
    ///
    /// # Errors
    /// Those of the spool.
    pub(crate) fn lose_rest(&mut self, reason: SkipReason, detail: String) -> Result<()> {
        self.records.entries.push(Entry::Lost { records: 0, line: None, reason, detail });
        self.flush()
    }

    fn flush_full(&mut self) -> Result<()> {
        let bytes = self.records.bytes.len() + 64 * self.records.entries.len();
        if bytes >= self.reader.buffers.chunk() { self.flush() } else { Ok(()) }
    }

    /// Hands on what has been collected.
    ///
    /// # Errors
    /// Those of the spool.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.records.entries.is_empty() {
            return Ok(());
        }
        let next =
            Records { source: self.records.source, bytes: self.reader.buffers.take(), ..Records::default() };
        let mut records = std::mem::replace(&mut self.records, next);
        if !self.again {
            let offset = self.spool.append(&records.bytes)?;
            for entry in &mut records.entries {
                if let Entry::Text { text, place, .. } = entry {
                    *place = offset + text.start as u64..offset + text.end as u64;
                }
            }
        }
        let length = records.bytes.len();
        self.batch.push(Chunk::Records(records), length);
        Ok(())
    }
}

impl Source {
    /// Whether its bytes can be read again where they are.
    pub(crate) fn is_plain_file(&self) -> bool {
        self.regular && self.compression == Compression::Plain
    }
}

/// The most columns that a message names.
pub(crate) const NAMED: usize = 20;

/// What is said of a record of more bytes than are allowed: how many it has hangs on how much of it is read at once.
pub(crate) fn too_large(limit: u64) -> String {
    format!("a record of more than {limit} bytes")
}

/// What to say where a column is missing.
pub(crate) fn no_such_column(wanted: &str, names: impl Iterator<Item = impl AsRef<str>>) -> String {
    no_such(["column", wanted], names)
}

/// What to say where a column, or a field, of this name is missing.
pub(crate) fn no_such([what, wanted]: [&str; 2], names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let short = |name: &str| name.chars().take(40).collect::<String>();
    let mut names: Vec<String> =
        names.take(NAMED + 1).map(|name| format!("`{}`", short(name.as_ref()))).collect();
    if names.len() > NAMED {
        names[NAMED] = "…".to_owned();
    }
    // a message is a line or two, whatever a file calls its columns
    let mut listed = match &names[..] {
        [only] if only == "``" => {
            return format!("no {what} `{}`; the only one has no name (`--text-field ''`)", short(wanted));
        }
        names => names.join(", "),
    };
    if listed.len() > 160 {
        listed = listed.chars().take(150).chain("…".chars()).collect();
    }
    if listed.is_empty() {
        return format!("no {what} `{}`, nor any other", short(wanted));
    }
    format!("no {what} `{}`; there are {listed}; `--text-field` names one", short(wanted))
}

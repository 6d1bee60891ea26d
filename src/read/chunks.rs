//! Sources to chunks: pieces of whole records, in corpus order, read by a thread of their own while the
//! workers are busy with the chunks before.
//!
//! What can't be read again (a compressed file, standard input) is written to the spool as it passes, so
//! that verification and reports can come back to any record. Buffers go round: the steady state allocates
//! nothing. Memory: `QUEUE` + 2 batches of [`in_a_batch`] chunks and a record each; with
//! several workers those that are scanned ahead, too.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::document::{Format, SkipReason, Source};
use crate::error::Result;
use crate::pipeline::Progress;
use crate::pool::Pool;
use crate::read::compression;
use crate::read::json::{Fields, Framing};
use crate::read::lines::Lines;
use crate::read::magic;
use crate::read::records::{Collector, Records};
use crate::read::sources::Sources;
use crate::read::texts::Spool;
use crate::read::{csv, wet};

/// Chunks in a batch: what goes into the tables at once. What one or two workers, those of rayon's current pool, need is held
/// no longer than that.
pub(crate) fn in_a_batch() -> usize {
    (4 * rayon::current_num_threads()).clamp(8, 16)
}

/// Files in a chunk of small files.
const FILES: usize = 256;

/// Batches that may wait for the workers.
pub(crate) const QUEUE: usize = 1;

/// A piece of the corpus.
pub(crate) enum Chunk {
    /// whole records of one source; `offset` is that of the first byte in the source or in the spool, `framing` tells how its
    /// records stand
    Lines { source: u32, offset: u64, bytes: Vec<u8>, framing: Framing },
    /// whole text files, to be opened by the worker
    Files { sources: Range<u32> },
    /// texts that the reader has taken out of their records
    Records(Records),
    /// a record that could not be handed on, over so many lines, or the rest of a source
    Lost { source: u32, is_record: bool, lines: u64, reason: SkipReason, detail: String },
}

impl Chunk {
    /// The bytes that it holds, or that are read for it at once.
    pub(crate) fn bytes(&self, sources: &[Source]) -> usize {
        match self {
            Chunk::Lines { bytes, .. } => bytes.len(),
            Chunk::Records(records) => records.bytes.len(),
            Chunk::Files { sources: of } => {
                let sizes = of.clone().map(|source| sources[source as usize].size);
                sizes.max().unwrap_or_default() as usize
            }
            Chunk::Lost { .. } => 0,
        }
    }
}

/// Buffers that have been used and may be again.
pub(crate) struct Buffers {
    free: Pool<Vec<u8>>,
    chunk: usize,
    /// bytes of the largest record so far, as they count at least, and at most
    largest: [AtomicU64; 2],
    /// the most bytes that what unpacks a source holds, so far
    unpacking: Arc<AtomicU64>,
}

/// Bytes that are held for each of an outsized record, without passages and with them: its text, its tokens, its shingles. The least
/// is what one takes that is like no other; the most what several take that repeat each other (`benches/results`).
const OF_A_LARGE_RECORD: [u64; 2] = [6, 9];
const OF_LARGE_RECORDS: [u64; 2] = [12, 29];

/// So many chunks are no outsized record yet.
const USUAL: usize = 8;

/// Bytes of text for each token, as these are measured: where tokens are shorter, there are more of them to be held.
const OF_A_TOKEN: usize = 6;

/// About how many tokens a text has: where words begin, and characters that are tokens.
pub(crate) fn about_tokens(text: &[u8]) -> usize {
    let is_token = |byte: u8| (0xE3..=0xE9).contains(&byte);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() | (byte >= 0x80);
    let begins = |before: u8, byte: u8| is_token(byte) | (is_word(byte) & !is_word(before));
    let Some((_, behind)) = text.split_first() else { return 0 };
    // no branches, and sums of a byte: so that compilers make vectors of it
    let pieces = text.chunks(PAIRS).zip(behind.chunks(PAIRS));
    let of_piece = |(before, bytes): (&[u8], &[u8])| {
        let begun = before.iter().zip(bytes).map(|(before, byte)| u8::from(begins(*before, *byte)));
        usize::from(begun.sum::<u8>())
    };
    pieces.map(of_piece).sum()
}

/// Pairs of bytes of which a byte can count some.
const PAIRS: usize = 128;

impl Buffers {
    /// For chunks of about this many bytes.
    pub(crate) fn new(chunk: usize) -> Self {
        Buffers { free: Pool::default(), chunk, largest: Default::default(), unpacking: Arc::default() }
    }

    /// Whether a record of so many bytes is one of those beside which little else should be held.
    pub(crate) fn is_outsized(&self, bytes: usize) -> bool {
        bytes > USUAL * self.chunk
    }

    /// Takes note of a record of so many bytes.
    pub(crate) fn meet(&self, bytes: usize) {
        self.meet_as(bytes, [bytes; 2]);
    }

    /// Takes note of a record with all its bytes: with short words it counts for more.
    pub(crate) fn meet_text(&self, text: &[u8]) {
        if self.is_outsized(text.len()) {
            let most = text.len().max(OF_A_TOKEN * about_tokens(text));
            self.meet_as(text.len(), [text.len().midpoint(most), most]);
        }
    }

    fn meet_as(&self, bytes: usize, counts_as: [usize; 2]) {
        if self.is_outsized(bytes) {
            for (largest, counts) in self.largest.iter().zip(counts_as) {
                largest.fetch_max(counts as u64, Ordering::Relaxed);
            }
        }
    }

    /// Takes note of what unpacks a source.
    fn meet_packed(&self, source: &Source) {
        self.unpacking.fetch_max(compression::window(source), Ordering::Relaxed);
    }

    /// Where what unpacks a source tells how much it holds.
    #[cfg(feature = "parquet")]
    pub(crate) fn unpacking(&self) -> Arc<AtomicU64> {
        self.unpacking.clone()
    }

    /// Bytes that are held for what no run foresees, outsized records and what unpacks sources: at least, and at most.
    pub(crate) fn unforeseen(&self, passages: bool) -> [u64; 2] {
        let [least, most] = [0, 1].map(|i| self.largest[i].load(Ordering::Relaxed));
        let unpacking = self.unpacking.load(Ordering::Relaxed);
        let times = usize::from(passages);
        [OF_A_LARGE_RECORD[times] * least + unpacking, OF_LARGE_RECORDS[times] * most + unpacking]
    }

    /// About how many bytes make a chunk.
    pub(crate) fn chunk(&self) -> usize {
        self.chunk
    }

    pub(crate) fn take(&self) -> Vec<u8> {
        self.free.take().unwrap_or_else(|| Vec::with_capacity(self.chunk + self.chunk / 4))
    }

    /// Frees those that nobody uses now.
    pub(crate) fn let_go(&self) {
        self.free.let_go();
    }

    /// Takes a buffer back, unless an outsized record has blown it up.
    pub(crate) fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= 2 * self.chunk {
            buffer.clear();
            self.free.give(buffer);
        }
    }
}

/// Takes a batch of chunks; false where it wants no more.
pub(crate) type Listener<'a> = &'a mut dyn FnMut(Vec<Chunk>) -> bool;

/// Reads all sources and sends their chunks in batches; ends early, without an error, when nobody listens
/// any more.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) max_record: usize,
    pub(crate) fields: Fields<'a>,
    pub(crate) buffers: &'a Buffers,
    /// chunks in a batch
    pub(crate) batch: usize,
    pub(crate) progress: &'a Progress,
}

impl Reader<'_> {
    /// Hands each batch to `to`, until that returns false: nobody listens any more.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] where the spool can't be written; a source that can't be read is a lost chunk.
    pub(crate) fn run(&self, spool: &Spool, to: Listener<'_>) -> Result<()> {
        let mut batch = Batch {
            chunks: Vec::new(),
            bytes: 0,
            full: self.batch * self.buffers.chunk,
            to,
            listening: true,
        };
        let files = &self.sources.files;
        let mut next = 0;
        while next < files.len() && batch.listening {
            if self.sources.is_lost(next) {
                next += 1;
            } else if files[next].format == Format::Text && files[next].regular {
                next = self.text_files(next, &mut batch);
            } else {
                self.one_source(next, spool, &mut batch)?;
                next += 1;
            }
        }
        batch.send();
        Ok(())
    }

    /// A chunk of neighbouring text files; returns the first that is not in it.
    fn text_files(&self, first: usize, batch: &mut Batch<'_>) -> usize {
        let files = &self.sources.files;
        let mut end = first;
        let mut bytes = 0;
        while end < files.len() && end - first < FILES && bytes < self.buffers.chunk as u64 {
            let source = &files[end];
            if source.format != Format::Text || !source.regular || self.sources.is_lost(end) {
                break;
            }
            bytes += source.size;
            end += 1;
        }
        batch.push(Chunk::Files { sources: first as u32..end as u32 }, bytes as usize);
        end
    }

    /// Standard input, a pipe, or a source of lines or other records.
    fn one_source(&self, number: usize, spool: &Spool, batch: &mut Batch<'_>) -> Result<()> {
        let source = &self.sources.files[number];
        self.buffers.meet_packed(source);
        if !matches!(source.format, Format::Text | Format::JsonLines) {
            return self.records(source, &mut Collector::new(self, number as u32, spool, batch));
        }
        let mut lines = Lines::new(self, number as u32, spool, batch);
        if let (None, Some(given)) = (&source.path, &self.sources.given) {
            self.progress.bytes_read.fetch_add(given.len() as u64, Ordering::Relaxed);
            return lines.read(Box::new(&given[..]));
        }
        let opened = compression::open(source, &self.progress.bytes_read);
        match opened {
            Ok(input) => lines.read(input),
            Err(error) => {
                lines.unreadable(&error);
                Ok(())
            }
        }
    }
}

impl Reader<'_> {
    /// A source whose records the reader takes apart itself.
    fn records(&self, source: &Source, to: &mut Collector<'_, '_>) -> Result<()> {
        if source.format == Format::Parquet {
            #[cfg(feature = "parquet")]
            return super::parquet::read(source, self.fields, self.progress, to);
            #[cfg(not(feature = "parquet"))]
            return to.lose_rest(SkipReason::Unreadable, "built without the feature `parquet`".to_owned());
        }
        let input = match compression::open(source, &self.progress.bytes_read) {
            Ok(input) => input,
            Err(error) => return to.lose_rest(SkipReason::Unreadable, error.to_string()),
        };
        match source.format.delimiter() {
            Some(delimiter) => csv::read(input, delimiter, self.fields, to),
            None => wet::read(input, self.fields, to),
        }
    }
}

/// Chunks on their way to the workers.
pub(crate) struct Batch<'a> {
    chunks: Vec<Chunk>,
    bytes: usize,
    full: usize,
    to: Listener<'a>,
    pub(crate) listening: bool,
}

impl Batch<'_> {
    pub(crate) fn push(&mut self, chunk: Chunk, bytes: usize) {
        self.chunks.push(chunk);
        self.bytes += bytes;
        if self.bytes >= self.full {
            self.send();
        }
    }

    /// Nothing goes to who has said that it wants no more.
    fn send(&mut self) {
        self.bytes = 0;
        let chunks = std::mem::take(&mut self.chunks);
        if self.listening && !chunks.is_empty() {
            self.listening = (self.to)(chunks);
        }
    }
}

/// Reads a text file whole; refuses more than `max_record` bytes.
pub(crate) fn text_file(source: &Source, max_record: usize, progress: &Progress) -> TextFile {
    let mut bytes = Vec::with_capacity(source.size.min(max_record as u64) as usize + 1);
    let opened = compression::open(source, &progress.bytes_read);
    let mut input = match opened {
        Ok(input) => input,
        Err(error) => return Err((SkipReason::Unreadable, error.to_string())),
    };
    match input.by_ref().take(max_record as u64 + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() > max_record => {
            Err((SkipReason::TooLarge, format!("a text of more than {max_record} bytes")))
        }
        Ok(_) => match simdutf8::compat::from_utf8(&bytes) {
            Ok(_) => String::from_utf8(bytes).map_err(|e| (SkipReason::InvalidUtf8, e.to_string())),
            Err(error) => Err((SkipReason::InvalidUtf8, magic::not_utf8(&bytes, error.valid_up_to()))),
        },
        Err(error) => Err(compression::why(source, !bytes.is_empty(), &error)),
    }
}

/// The text of a file, or why there is none.
pub(crate) type TextFile = std::result::Result<String, (SkipReason, String)>;

/// Counts the bytes of the sources, for the progress bar.
pub(crate) fn announce(sources: &Sources, progress: &Progress) {
    let total = sources.files.iter().map(|source| source.size).sum();
    progress.bytes_total.store(total, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tokens_are_counted_as_pair_by_pair(
            text in prop::collection::vec(prop::sample::select(b" a.9Z\xC3\xA9\xE3\x81\x82\xE9\xEA".to_vec()), 0..700),
        ) {
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
            let begins = |pair: &&[u8]| matches!(pair[1], 0xE3..=0xE9) || is_word(pair[1]) && !is_word(pair[0]);
            prop_assert_eq!(about_tokens(&text), text.windows(2).filter(begins).count());
        }
    }

    /// Each token takes as much as another, however short it is.
    #[test]
    fn outsized_records_of_short_words_count_for_more() {
        let of = |text: String| {
            let buffers = Buffers::new(10);
            buffers.meet(text.len());
            buffers.meet_text(text.as_bytes());
            buffers.unforeseen(true)
        };
        assert_eq!(of(" a".repeat(30)), [0; 2], "it is not outsized");
        assert_eq!(of(" token".repeat(100)), [9 * 600, 29 * 600]);
        assert_eq!(of(" much-longer".repeat(100)), [9 * 1200, 29 * 1200]);
        assert_eq!(of(" a".repeat(300)), [9 * 1200, 29 * 1800]);
        assert_eq!(of("\u{5b57}".repeat(301)), [9 * 1351, 29 * 1800]);
    }

    #[test]
    fn who_wants_no_more_gets_no_more() {
        let lost = || Chunk::Lost {
            source: 0,
            is_record: false,
            lines: 0,
            reason: SkipReason::Unreadable,
            detail: String::new(),
        };
        let mut asked = 0;
        let mut to = |_| {
            asked += 1;
            false
        };
        let mut batch = Batch { chunks: Vec::new(), bytes: 0, full: 2, to: &mut to, listening: true };
        (0..5).for_each(|_| batch.push(lost(), 1));
        batch.send();
        assert!(!batch.listening);
        assert_eq!(asked, 1);
    }
}

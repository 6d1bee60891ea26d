//! What the first pass makes of a chunk, in buffers that go round.

use std::io::{self, Read};

use xxhash_rust::xxh3::xxh3_64;

use crate::corpus::Start;
use crate::index::sketches::Sketch;
use crate::read::digest::{ByteDigest, Digested};
use crate::read::json::{Framing, Shape};
use crate::read::texts::Locator;
use crate::skips::Skips;

/// What a chunk held.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) documents: Vec<ScannedDocument>,
    /// keys of the documents, [`EMPTY`] or exact
    pub(crate) document_keys: Vec<u128>,
    /// keys of all paragraphs, [`EMPTY`], [`SHORT`] or exact
    pub(crate) paragraph_keys: Vec<u128>,
    /// behind the last token of each paragraph, in `tokens`
    pub(super) paragraph_ends: Vec<u32>,
    /// the token hashes of all documents
    pub(super) tokens: Vec<u64>,
    /// where the paragraphs stand, see [`crate::corpus::Places`]
    pub(crate) places: Vec<u8>,
    pub(crate) ids: String,
    /// with numbers as those of the documents
    pub(crate) skips: Skips,
    /// records and lines of each source in the chunk, in order
    pub(crate) counted: Vec<Counted>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) lone_surrogates: u64,
    pub(crate) text_bytes: u64,
    pub(crate) text_characters: u64,
    /// a hash of each document's text as given; only for an index
    pub(crate) text_hashes: Vec<u64>,
    /// where in long texts one can start to read; only for an index, or where there may be parts
    pub(crate) starts: Vec<Start>,
}

/// A document of a chunk. Its record number counts from the first record of its source in the chunk.
pub(crate) struct ScannedDocument {
    pub(crate) locator: Locator,
    pub(crate) characters: u32,
    /// the values of the fields that are kept besides, as JSON
    pub(crate) also: Vec<Option<String>>,
    /// behind its last token, paragraph, byte of places and of ids, in the chunk
    pub(super) tokens_end: u32,
    pub(crate) paragraphs_end: u32,
    pub(crate) places_end: u32,
    pub(crate) ids_end: u32,
}

/// How much of a source a chunk held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) source: u32,
    pub(crate) records: u64,
    pub(crate) lines: u64,
}

/// A stretch of whole records, as it was when it was read: by it what is written later is known to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) source: u32,
    /// its first byte in the source or in the spool
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// XXH3 of its bytes, once they were unpacked
    pub(crate) digest: u64,
    /// how its records stand, where it holds JSON
    pub(crate) framing: Framing,
}

impl Piece {
    pub(super) fn of(source: u32, offset: u64, bytes: &[u8]) -> Self {
        Piece {
            source,
            offset,
            length: bytes.len() as u64,
            digest: xxh3_64(bytes),
            framing: Framing::new(Shape::Lines),
        }
    }

    /// Whether these are its bytes.
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.length && xxh3_64(bytes) == self.digest
    }

    /// Whether a stream holds its bytes and nothing behind them; of one that holds more, little more is read.
    ///
    /// # Errors
    /// Those of the stream.
    pub(crate) fn is_all_of(&self, stream: impl Read) -> io::Result<bool> {
        let mut stream = Digested::new(stream.take(self.length.saturating_add(1)));
        io::copy(&mut stream, &mut io::sink())?;
        Ok(stream.digest() == ByteDigest { length: self.length, hash: self.digest })
    }
}

/// Band keys and token counts of the units of a chunk that are new, in corpus order.
#[derive(Default)]
pub(crate) struct Signed {
    pub(crate) documents: SignedUnits,
    pub(crate) paragraphs: SignedUnits,
    /// the seeds of the documents, one after the other
    pub(crate) seeds: Vec<u64>,
    /// tokens from each seed to the next, of the first from the start of its document
    pub(crate) seed_gaps: Vec<u16>,
    /// how many seeds each document has
    pub(crate) seed_counts: Vec<u32>,
    /// how many windows each seed has, and their marks, where these are kept
    pub(crate) seed_windows: Vec<u16>,
    pub(crate) window_marks: Vec<u32>,
}

/// Those of one kind of unit.
#[derive(Default)]
pub(crate) struct SignedUnits {
    /// as many keys for each unit as the plan has bands
    pub(crate) keys: Vec<u64>,
    pub(crate) tokens: Vec<u32>,
    /// of paragraphs, for an index
    pub(crate) sketches: Vec<Sketch>,
}

impl Scanned {
    /// Of each document the bytes of its record or, where these are more, of its text; and its tokens.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (u32, u32)> {
        let mut before = 0;
        self.documents.iter().map(move |document| {
            let tokens = document.tokens_end - std::mem::replace(&mut before, document.tokens_end);
            (document.locator.length.max(document.locator.text_length), tokens)
        })
    }

    /// Empty, with its buffers.
    pub(super) fn cleared(mut self) -> Self {
        self.documents.clear();
        self.document_keys.clear();
        self.paragraph_keys.clear();
        self.paragraph_ends.clear();
        self.tokens.clear();
        self.places.clear();
        self.ids.clear();
        self.skips.clear();
        self.counted.clear();
        self.pieces.clear();
        self.text_hashes.clear();
        self.starts.clear();
        (self.lone_surrogates, self.text_bytes, self.text_characters) = (0, 0, 0);
        self
    }
}

impl Signed {
    /// Empty, with its buffers.
    pub(super) fn cleared(mut self) -> Self {
        for units in [&mut self.documents, &mut self.paragraphs] {
            units.keys.clear();
            units.tokens.clear();
            units.sketches.clear();
        }
        self.seeds.clear();
        self.seed_gaps.clear();
        self.seed_counts.clear();
        self.seed_windows.clear();
        self.window_marks.clear();
        self
    }
}

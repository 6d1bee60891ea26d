//! Files made of pages: 4,088 bytes and a checksum that holds for this page of this file only. A page that
//! is damaged, torn, from another place or from another index is an error that names the file and the byte. Where
//! the store is private ([`Store::is_private`]) the checksum is 0, and not looked at.
//!
//! A file's bytes without the checksums are one stretch, addressed from 0. Its last page is the tail: what
//! the file is, and where its sections are.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, Result};
use crate::index::store::{Growing, Store, Stored};

/// Bytes of a page on disk.
pub(crate) const PAGE: usize = 4096;

/// Bytes of a page that carry something.
pub(crate) const CARRIED: usize = PAGE - 8;

/// The version of everything that is laid out under `src/index`.
pub(crate) const FORMAT_VERSION: u32 = 6;

/// The first bytes of every tail.
const MAGIC: [u8; 8] = *b"redite\x00\x1a";

/// Pages that are read at once where the next ones will be needed too.
const WINDOW: u64 = 32;

/// Pages that are written at once.
const WRITTEN: usize = 64;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// see [`crate::index::segment`]
    Segment,
    /// see [`crate::index::texts`]
    Texts,
}

/// Bytes of a file: from, to.
pub(crate) type Section = [u64; 2];

/// What the last page says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tail {
    magic: [u8; 8],
    version: u32,
    purpose: Purpose,
    /// the seed of all checksums, which no two files share
    identity: u64,
    pages: u64,
    sections: Vec<Section>,
}

/// How bincode writes the records of an index; read only from a slice whose checksum has been checked.
pub(crate) fn bincode_config() -> impl bincode::config::Config {
    bincode::config::standard().with_little_endian().with_fixed_int_encoding().with_limit::<{ 1 << 26 }>()
}

/// Writes a file of pages.
pub(crate) struct PageWriter {
    path: PathBuf,
    name: String,
    file: Box<dyn Growing>,
    identity: u64,
    has_checksums: bool,
    purpose: Purpose,
    buffer: Vec<u8>,
    /// bytes carried by the page in the making
    filled: usize,
    written_pages: u64,
    sections: Vec<Section>,
}

/// A file as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    pub(crate) name: String,
    pub(crate) identity: u64,
    pub(crate) pages: u64,
}

impl PageWriter {
    /// A new file, in which nothing stands yet.
    pub(crate) fn create(store: &dyn Store, name: &str, identity: u64, purpose: Purpose) -> Result<Self> {
        let file = store.create(name).map_err(|e| Error::io(store.path(name), "creating", e))?;
        Ok(PageWriter {
            path: store.path(name),
            name: name.to_owned(),
            file,
            identity,
            has_checksums: !store.is_private(),
            purpose,
            buffer: Vec::with_capacity(WRITTEN * PAGE),
            filled: 0,
            written_pages: 0,
            sections: Vec::new(),
        })
    }

    /// Bytes carried so far.
    pub(crate) fn position(&self) -> u64 {
        let pages = self.written_pages + (self.buffer.len() / PAGE) as u64;
        pages * CARRIED as u64 + self.filled as u64
    }

    /// An error of what is done for the file.
    pub(crate) fn failed(&self, doing: &'static str, error: io::Error) -> Error {
        Error::io(&self.path, doing, error)
    }

    /// Carries bytes after those that were appended before.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(CARRIED - self.filled));
            self.buffer.extend_from_slice(now);
            self.filled += now.len();
            bytes = rest;
            if self.filled == CARRIED {
                self.end_page()?;
            }
        }
        Ok(())
    }

    /// Fills the page with zeros, so that what comes next starts one.
    pub(crate) fn align(&mut self) -> Result<()> {
        if self.filled > 0 {
            let padded = self.buffer.len() + CARRIED - self.filled;
            self.buffer.resize(padded, 0);
            self.end_page()?;
        }
        Ok(())
    }

    fn end_page(&mut self) -> Result<()> {
        let start = self.buffer.len() - CARRIED;
        let number = self.written_pages + (start / PAGE) as u64;
        let sum = if self.has_checksums { checksum(&self.buffer[start..], self.identity, number) } else { 0 };
        self.buffer.extend_from_slice(&sum.to_le_bytes());
        self.filled = 0;
        if self.buffer.len() >= WRITTEN * PAGE {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let failed = |e| Error::io(&self.path, "writing", e);
        self.file.append(&self.buffer).map_err(failed)?;
        self.written_pages += (self.buffer.len() / PAGE) as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Says that a section goes from `start` to here. Sections are told apart by their order.
    pub(crate) fn end_section(&mut self, start: u64) {
        let end = self.position();
        self.sections.push([start, end]);
    }

    /// Writes the tail, and brings all of it to disk.
    pub(crate) fn finish(mut self) -> Result<FileEntry> {
        self.align()?;
        let tail = Tail {
            magic: MAGIC,
            version: FORMAT_VERSION,
            purpose: self.purpose,
            identity: self.identity,
            pages: self.written_pages + (self.buffer.len() / PAGE) as u64 + 1,
            sections: std::mem::take(&mut self.sections),
        };
        let pages = tail.pages;
        let record = bincode::serde::encode_to_vec(&tail, bincode_config())
            .map_err(|e| Error::io(&self.path, "encoding the tail of", io::Error::other(e)))?;
        if record.len() + 4 > CARRIED {
            return Err(Error::TooMany {
                what: "bytes in the tail of a file of its index",
                limit: CARRIED as u64,
            });
        }
        self.append(&(record.len() as u32).to_le_bytes())?;
        self.append(&record)?;
        self.align()?;
        self.flush()?;
        self.file.sync().map_err(|e| Error::io(&self.path, "syncing", e))?;
        Ok(FileEntry { name: self.name, identity: self.identity, pages })
    }
}

/// The checksum of a page; the same bytes in another file, or as another page, have another one.
pub(super) fn checksum(carried: &[u8], identity: u64, page: u64) -> u64 {
    xxh3_64_with_seed(carried, identity ^ page.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Reads a file of pages.
pub(crate) struct Pages {
    file: Arc<dyn Stored>,
    path: PathBuf,
    identity: u64,
    has_checksums: bool,
    version: u32,
    sections: Vec<Section>,
    count: u64,
}

impl Pages {
    /// Opens a file that a manifest names, and checks its tail.
    pub(crate) fn open(store: &dyn Store, entry: &FileEntry, purpose: Purpose) -> Result<Self> {
        let path = store.path(&entry.name);
        let file = store.open(&entry.name).map_err(|e| Error::io(&path, "opening", e))?;
        let mut pages = Pages {
            file: file.into(),
            path,
            identity: entry.identity,
            has_checksums: !store.is_private(),
            version: FORMAT_VERSION,
            sections: Vec::new(),
            count: entry.pages,
        };
        let length = pages.file.length();
        let expected = entry.pages.saturating_mul(PAGE as u64);
        if entry.pages == 0 || length != expected {
            return Err(pages.damaged(0, format!("{length} bytes where the manifest says {expected}")));
        }
        let last = entry.pages - 1;
        let carried = pages.pages(last..last + 1)?;
        let tail = carried.first_chunk::<4>().and_then(|length| {
            let record = carried.get(4..4 + u32::from_le_bytes(*length) as usize)?;
            let (tail, used): (Tail, usize) =
                bincode::serde::decode_from_slice(record, bincode_config()).ok()?;
            (used == record.len()).then_some(tail)
        });
        let fits = |tail: &Tail| {
            tail.magic == MAGIC
                && (1..=FORMAT_VERSION).contains(&tail.version)
                && tail.purpose == purpose
                && tail.identity == entry.identity
                && tail.pages == entry.pages
                && tail.sections.iter().all(|[start, end]| start <= end && *end <= last * CARRIED as u64)
        };
        match tail {
            Some(tail) if fits(&tail) => (pages.version, pages.sections) = (tail.version, tail.sections),
            _ => return Err(pages.damaged(last, "no tail of the file that the manifest names".to_owned())),
        }
        Ok(pages)
    }

    /// What tells it from every other file of its index.
    pub(crate) fn identity(&self) -> u64 {
        self.identity
    }

    /// The version of the format that it was written in.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Where a section starts and ends, in bytes carried.
    pub(crate) fn section(&self, number: usize) -> Result<Section> {
        let missing = || self.damaged(self.count - 1, format!("no section {number}"));
        self.sections.get(number).copied().ok_or_else(missing)
    }

    /// An error about a page of this file.
    pub(crate) fn damaged(&self, page: u64, found: String) -> Error {
        Error::Damaged { path: self.path.clone(), offset: page.saturating_mul(PAGE as u64), found }
    }

    /// An error about what stands at a byte carried.
    pub(crate) fn wrong(&self, at: u64, found: &str) -> Error {
        self.damaged(at / CARRIED as u64, found.to_owned())
    }

    /// What whole pages carry.
    fn pages(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut raw = vec![0; (range.end - range.start) as usize * PAGE];
        self.file.read(range.start * PAGE as u64, &mut raw).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged(range.start, "the end of the file".to_owned()),
            // what only this process sees is no part of an index
            _ if !self.has_checksums => Error::io(&self.path, "reading a temporary file", e),
            _ => Error::NotReadable { path: self.path.clone(), offset: range.start * PAGE as u64, source: e },
        })?;
        for (i, number) in range.enumerate() {
            let page = &raw[i * PAGE..(i + 1) * PAGE];
            let (carried, sum) = page.split_at(CARRIED);
            if self.has_checksums && checksum(carried, self.identity, number).to_le_bytes() != sum {
                return Err(self.damaged(number, "a page whose checksum is wrong".to_owned()));
            }
            raw.copy_within(i * PAGE..i * PAGE + CARRIED, i * CARRIED);
        }
        raw.truncate(raw.len() / PAGE * CARRIED);
        Ok(raw)
    }

    /// Bytes carried from one on, before the tail.
    pub(crate) fn rest(&self, at: u64) -> u64 {
        ((self.count - 1) * CARRIED as u64).saturating_sub(at)
    }

    /// Reads bytes.
    pub(crate) fn read(&self, at: u64, length: u64) -> Result<Vec<u8>> {
        let end = at.checked_add(length).filter(|end| *end <= (self.count - 1) * CARRIED as u64);
        let Some(end) = end else { return Err(self.wrong(at, "a length beyond the end of the file")) };
        if length == 0 {
            return Ok(Vec::new());
        }
        let first = at / CARRIED as u64;
        let mut carried = self.pages(first..(end - 1) / CARRIED as u64 + 1)?;
        let start = (at - first * CARRIED as u64) as usize;
        carried.truncate(start + length as usize);
        carried.drain(..start);
        Ok(carried)
    }

    /// Checks every page.
    pub(crate) fn verify(&self) -> Result<()> {
        let mut start = 0;
        while start < self.count {
            let end = (start + 256).min(self.count);
            self.pages(start..end)?;
            start = end;
        }
        Ok(())
    }

    /// Bytes on disk.
    pub(crate) fn length(&self) -> u64 {
        self.count * PAGE as u64
    }
}

/// Reads whole pages in ascending order, several at once where they are dense.
pub(crate) struct Forward<'a> {
    pages: &'a Pages,
    held: Range<u64>,
    carried: Vec<u8>,
}

impl<'a> Forward<'a> {
    pub(crate) fn new(pages: &'a Pages) -> Self {
        Forward { pages, held: 0..0, carried: Vec::new() }
    }

    /// Fills `into` with the bytes carried from `at` on. `limit` is past the last page that may be needed.
    #[inline]
    pub(crate) fn fill(&mut self, mut at: u64, limit: u64, mut into: &mut [u8]) -> Result<()> {
        while !into.is_empty() {
            let carried = self.page(at / CARRIED as u64, limit)?;
            let rest = &carried[(at % CARRIED as u64) as usize..];
            let (now, behind) = into.split_at_mut(rest.len().min(into.len()));
            now.copy_from_slice(&rest[..now.len()]);
            at += now.len() as u64;
            into = behind;
        }
        Ok(())
    }

    /// The `N` bytes carried from `at` on: where they stand, or in `into` where they reach into the next page. `limit`
    /// is past the last page that may be needed.
    #[inline]
    pub(crate) fn bytes<'b, const N: usize>(
        &'b mut self,
        at: u64,
        limit: u64,
        into: &'b mut [u8; N],
    ) -> Result<&'b [u8; N]> {
        let start = (at % CARRIED as u64) as usize;
        if start + N > CARRIED {
            self.fill(at, limit, into)?;
            return Ok(into);
        }
        let page = self.page(at / CARRIED as u64, limit)?;
        Ok(page[start..].first_chunk().unwrap_or(into))
    }

    /// What a page carries. `limit` is past the last page that may be needed.
    #[inline]
    pub(crate) fn page(&mut self, number: u64, limit: u64) -> Result<&[u8]> {
        if !self.held.contains(&number) {
            // close to what was needed last: the next ones will be needed too
            let is_near = self.held.end > 0 && number >= self.held.end && number - self.held.end < 2;
            let count = if is_near { (2 * (self.held.end - self.held.start)).min(WINDOW) } else { 1 };
            let end = (number + count).min(limit.max(number + 1));
            self.carried = self.pages.pages(number..end)?;
            self.held = number..end;
        }
        let start = (number - self.held.start) as usize * CARRIED;
        Ok(&self.carried[start..start + CARRIED])
    }
}

//! The texts of documents, compressed a few at a time, so that one can be read without the rest.

use crate::error::Result;
use crate::index::pages::{FileEntry, PageWriter, Pages, Purpose};
use crate::index::store::Store;

/// Bytes of text that are compressed together; a longer text is compressed by itself.
const TOGETHER: usize = 64 << 10;

/// How hard. A sixth of `real.jsonl` in such blocks: at 1 35.6 % and 2.7 ns a byte, at 3 33.1 % and 3.7 ns, at 6
/// 31.2 % and 10.5 ns; in blocks of 32 KiB at 3 34.2 %.
const LEVEL: i32 = 3;

/// The most bytes of one block that are believed: the largest record, and what may stand before it.
const MOST: u64 = (1 << 30) + TOGETHER as u64;

/// Where a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextPlace {
    /// its block's first byte in its file
    pub(crate) block: u64,
    /// its first byte in the block
    pub(crate) at: u32,
    /// its bytes
    pub(crate) length: u32,
}

/// Writes blocks of bytes, compressed, into a file of pages.
pub(crate) struct BlockWriter {
    raw: Vec<u8>,
    together: usize,
}

impl BlockWriter {
    pub(crate) fn new(together: usize) -> Self {
        BlockWriter { raw: Vec::new(), together }
    }

    /// Appends what belongs together; returns the block in which it stands, and where in that.
    pub(crate) fn append(&mut self, to: &mut PageWriter, bytes: &[u8]) -> Result<(u64, u32)> {
        if !self.raw.is_empty() && self.raw.len() + bytes.len() > self.together {
            self.end_block(to)?;
        }
        let place = (to.position(), self.raw.len() as u32);
        self.raw.extend_from_slice(bytes);
        Ok(place)
    }

    pub(crate) fn end_block(&mut self, to: &mut PageWriter) -> Result<()> {
        if self.raw.is_empty() {
            return Ok(());
        }
        let packed = zstd::bulk::compress(&self.raw, LEVEL)
            .map_err(|e| crate::error::Error::io("-", "compressing", e))?;
        to.append(&(packed.len() as u32).to_le_bytes())?;
        to.append(&(self.raw.len() as u32).to_le_bytes())?;
        to.append(&packed)?;
        self.raw.clear();
        Ok(())
    }
}

/// Reads the block at a byte; returns what it holds and where the next one starts.
pub(crate) fn read_block(pages: &Pages, at: u64) -> Result<(Vec<u8>, u64)> {
    let head = pages.read(at, 8)?;
    let length = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|b| head[i + b]));
    let (packed, raw) = (u64::from(length(0)), u64::from(length(4)));
    if raw > MOST {
        return Err(pages.wrong(at, "a block longer than any text"));
    }
    let bytes = pages.read(at + 8, packed)?;
    let unpacked = zstd::bulk::decompress(&bytes, raw as usize)
        .ok()
        .filter(|unpacked| unpacked.len() as u64 == raw)
        .ok_or_else(|| pages.wrong(at, "a block that can't be decompressed"))?;
    Ok((unpacked, at + 8 + packed))
}

/// Writes a file of texts.
pub(crate) struct TextsWriter {
    to: PageWriter,
    blocks: BlockWriter,
}

impl TextsWriter {
    pub(crate) fn create(store: &dyn Store, name: &str, identity: u64) -> Result<Self> {
        let to = PageWriter::create(store, name, identity, Purpose::Texts)?;
        Ok(TextsWriter { to, blocks: BlockWriter::new(TOGETHER) })
    }

    pub(crate) fn append(&mut self, text: &str) -> Result<TextPlace> {
        let (block, at) = self.blocks.append(&mut self.to, text.as_bytes())?;
        Ok(TextPlace { block, at, length: text.len() as u32 })
    }

    pub(crate) fn finish(mut self) -> Result<FileEntry> {
        self.blocks.end_block(&mut self.to)?;
        self.to.end_section(0);
        self.to.finish()
    }
}

/// Reads the text at a place.
pub(crate) fn read_text(pages: &Pages, place: TextPlace) -> Result<String> {
    let (block, _) = read_block(pages, place.block)?;
    let end = u64::from(place.at) + u64::from(place.length);
    let bytes = block.get(place.at as usize..end as usize);
    let text = bytes.and_then(|bytes| simdutf8::basic::from_utf8(bytes).ok());
    text.map(str::to_owned).ok_or_else(|| pages.wrong(place.block, "no text where one should be"))
}

//! The texts of documents, compressed a few at a time, so that one can be read without the rest.

use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

use crate::error::Result;
use crate::index::pages::{FileEntry, PageWriter, Pages, Purpose};
use crate::index::store::Store;
use crate::resolve::NumberHasher;

/// Bytes of text that are compressed together; a longer text goes on in the next blocks. Where a night looks for passages it
/// unpacks a block for nearly each stretch that it reads. A quarter as many bytes together are 16 % more on disk
/// (`benches/results`, `nights-generated.md`).
const TOGETHER: usize = 32 << 10;

/// Bytes that are read of a block with its head: all of most of them.
const USUAL: u64 = 12 << 10;

/// How hard. A sixth of `real.jsonl` in blocks of 64 KiB: at 1 35.6 % and 2.7 ns a byte, at 3 33.1 % and 3.7 ns, at 6
/// 31.2 % and 10.5 ns; in blocks of 32 KiB at 3 34.2 %.
const LEVEL: i32 = 3;

/// The most bytes of one block that are believed: the largest record, and what may stand before it.
const MOST: u64 = (1 << 30) + TOGETHER as u64;

/// Where a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextPlace {
    /// the first byte in its file of the block in which it starts
    pub(crate) block: u64,
    /// its first byte in the block
    pub(crate) at: u32,
    /// its bytes
    pub(crate) length: u32,
}

/// Places in blocks: the first byte of each in its file, and a byte in it. 12 bytes each, since there may be one for each
/// document of an index.
#[derive(Debug)]
pub(crate) struct BlockPlaces(Vec<[u32; 3]>);

impl BlockPlaces {
    pub(crate) fn with_room(places: usize) -> Self {
        BlockPlaces(Vec::with_capacity(places))
    }

    pub(crate) fn push(&mut self, block: u64, at: u32) {
        self.0.push([(block >> u32::BITS) as u32, block as u32, at]);
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.0.iter().map(|&[high, low, at]| (u64::from(high) << u32::BITS | u64::from(low), at))
    }
}

/// Where the texts of documents are, by their numbers; 16 bytes each.
#[derive(Debug)]
pub(crate) struct TextPlaces(Vec<[u32; 4]>);

impl TextPlaces {
    /// No text is so long.
    const NONE: [u32; 4] = [0, 0, 0, u32::MAX];

    pub(crate) fn with_room(documents: u32) -> Self {
        TextPlaces(Vec::with_capacity(documents as usize))
    }

    /// Sets that of one; it has to come after those before.
    pub(crate) fn set(&mut self, document: u32, TextPlace { block, at, length }: TextPlace) {
        self.0.resize(document as usize, Self::NONE);
        self.0.push([(block >> u32::BITS) as u32, block as u32, at, length]);
    }

    pub(crate) fn get(&self, document: u32) -> Option<TextPlace> {
        let &place = self.0.get(document as usize).filter(|place| **place != Self::NONE)?;
        let [high, low, at, length] = place;
        Some(TextPlace { block: u64::from(high) << u32::BITS | u64::from(low), at, length })
    }
}

/// Writes blocks of bytes, compressed, into a file of pages.
pub(crate) struct BlockWriter {
    raw: Vec<u8>,
    together: usize,
    /// what packs: made once, for all blocks
    packing: Option<Compressor<'static>>,
}

impl BlockWriter {
    pub(crate) fn new(together: usize) -> Self {
        BlockWriter { raw: Vec::new(), together, packing: None }
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
        let packed = self.pack().map_err(|e| to.failed("compressing texts for", e))?;
        to.append(&(packed.len() as u32).to_le_bytes())?;
        to.append(&(self.raw.len() as u32).to_le_bytes())?;
        to.append(&packed)?;
        self.raw.clear();
        Ok(())
    }

    fn pack(&mut self) -> std::io::Result<Vec<u8>> {
        let packing = match &mut self.packing {
            Some(packing) => packing,
            none => none.insert(Compressor::new(LEVEL)?),
        };
        packing.compress(&self.raw)
    }
}

thread_local! {
    /// What unpacks blocks; making one costs a tenth of unpacking a block.
    static UNPACKING: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Unpacks what is `raw` bytes then; `None` where it can't be.
fn unpack(packed: &[u8], raw: usize) -> Option<Vec<u8>> {
    UNPACKING.with_borrow_mut(|held| {
        let unpacking = match held {
            Some(unpacking) => unpacking,
            None => held.insert(Decompressor::new().ok()?),
        };
        unpacking.decompress(packed, raw).ok().filter(|unpacked| unpacked.len() == raw)
    })
}

/// Reads the block at a byte; returns what it holds and where the next one starts.
pub(crate) fn read_block(pages: &Pages, at: u64) -> Result<(Vec<u8>, u64)> {
    let block = Block::read(pages, at, USUAL)?;
    Ok((block.unpack(pages)?, block.end()))
}

/// A block as it is stored.
struct Block {
    at: u64,
    /// bytes as they are stored, and as they are
    packed: u64,
    raw: usize,
    /// its head, and what was read with it
    bytes: Vec<u8>,
}

impl Block {
    /// What stands before a block.
    const HEAD: u64 = 8;

    /// Reads its head, and what comes with that: so many bytes in all, if there are so many.
    fn read(pages: &Pages, at: u64, together: u64) -> Result<Self> {
        let bytes = pages.read(at, together.min(pages.rest(at)).max(Self::HEAD))?;
        let length = |i: usize| u64::from(u32::from_le_bytes([0, 1, 2, 3].map(|b| bytes[4 * i + b])));
        let (packed, raw) = (length(0), length(1));
        if raw > MOST {
            return Err(pages.wrong(at, "a block longer than any text"));
        }
        Ok(Block { at, packed, raw: raw as usize, bytes })
    }

    /// Where the next one starts.
    fn end(&self) -> u64 {
        self.at + Self::HEAD + self.packed
    }

    fn unpack(&self, pages: &Pages) -> Result<Vec<u8>> {
        let (all, read) = (Self::HEAD + self.packed, self.bytes.len() as u64);
        let more;
        let mut bytes = &self.bytes[..];
        if read < all {
            more = [bytes, &pages.read(self.at + read, all - read)?].concat();
            bytes = &more;
        }
        let packed = &bytes[Self::HEAD as usize..all as usize];
        unpack(packed, self.raw).ok_or_else(|| pages.wrong(self.at, "a block that can't be decompressed"))
    }
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
        let mut pieces = text.as_bytes().chunks(TOGETHER);
        let (block, at) = self.blocks.append(&mut self.to, pieces.next().unwrap_or_default())?;
        for piece in pieces {
            self.blocks.end_block(&mut self.to)?;
            self.blocks.append(&mut self.to, piece)?;
        }
        Ok(TextPlace { block, at, length: text.len() as u32 })
    }

    pub(crate) fn finish(mut self) -> Result<FileEntry> {
        self.blocks.end_block(&mut self.to)?;
        self.to.end_section(0);
        self.to.finish()
    }
}

/// A block that was unpacked.
#[derive(Clone)]
struct Unpacked {
    /// its file, and its first byte there
    place: (u64, u64),
    /// where the next one starts
    next: u64,
    bytes: Arc<Vec<u8>>,
}

/// Blocks that are held, 4 MiB. Of those of a night of 2.9 MB, all units, against 350 MB they save 34 % (64 of them 30, 512 39, 2048 48 %).
const HELD: usize = 128;

/// Blocks that were unpacked, each until another comes to its slot: texts of which several are read lie in one block, and the
/// search for passages comes back to what many copy.
pub(crate) struct Blocks([Mutex<Option<Unpacked>>; HELD]);

impl Default for Blocks {
    fn default() -> Self {
        Blocks(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Blocks {
    fn slot(&self, place: (u64, u64)) -> &Mutex<Option<Unpacked>> {
        let hash = BuildHasherDefault::<NumberHasher>::default().hash_one(place);
        &self.0[hash as usize % HELD]
    }

    fn find(&self, place: (u64, u64)) -> Option<Unpacked> {
        let held = self.slot(place).lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|held| held.place == place).cloned()
    }

    fn keep(&self, unpacked: &Unpacked) {
        if unpacked.bytes.len() <= TOGETHER {
            let slot = self.slot(unpacked.place);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(unpacked.clone());
        }
    }
}

/// Reads some bytes of the text at a place. Of the blocks before them only the heads are read.
pub(crate) fn read_part(
    (pages, blocks): (&Pages, &Blocks),
    text: TextPlace,
    part: Range<u32>,
) -> Result<String> {
    let wrong = || pages.wrong(text.block, "no text where one should be");
    let length = part.len();
    let mut start = text.at as usize + part.start as usize;
    let mut block = text.block;
    let mut bytes: Vec<u8> = Vec::new();
    while bytes.len() < length {
        let place = (pages.identity(), block);
        let held = match blocks.find(place) {
            Some(held) => held,
            None => {
                let together = if start < TOGETHER { USUAL } else { Block::HEAD };
                let stored = Block::read(pages, block, together)?;
                let next = stored.end();
                if stored.raw == 0 {
                    return Err(wrong());
                }
                if start >= stored.raw {
                    (start, block) = (start - stored.raw, next);
                    continue;
                }
                let unpacked = Unpacked { place, next, bytes: Arc::new(stored.unpack(pages)?) };
                blocks.keep(&unpacked);
                unpacked
            }
        };
        let behind = held.bytes.len().min(start + length - bytes.len());
        let own = held.bytes.get(start..behind).unwrap_or_default();
        // what lies in one block, as most does, is looked through once, not again as a `String` is made of it
        if own.len() == length {
            return simdutf8::basic::from_utf8(own).map(str::to_owned).map_err(|_| wrong());
        }
        bytes.extend_from_slice(own);
        (start, block) = (start.saturating_sub(held.bytes.len()), held.next);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

//! Sorted tables on disk: from a hash to the numbers that it was met with. Keys are hashes, so they spread
//! evenly: [`leaf`] codes them densely, a filter tells nearly every key that is not there, and one fence for
//! each leaf tells where a key would be.
//!
//! Of a key so many bits are kept as its kind needs; keys that agree in these are the same key. Tables of an older version
//! may have more bits of each; they are asked without their filter, which knows all of these.
//!
//! A table is four sections: the leaves, a page each; the fences; the filter; how many entries and leaves
//! there are, and how many bits a key has. Tables of version 1 ([`v1`]) have whole keys.

mod leaf;
mod v1;

use std::marker::PhantomData;

use crate::band::in_order::first_from;
use crate::error::Result;
use crate::index::pages::{CARRIED, Forward, PageWriter, Pages, Section};
use leaf::{Leaf, Reached, View};

/// Bits of the filter for each key: about one miss in 12 goes on to a leaf.
const FILTER_BITS: u64 = 6;

/// Entries of a table for each key that is looked up in it, up to which all of them are walked through.
const WALKED: u64 = 4;

/// Bytes of one block of the filter.
const BLOCK: usize = 32;

/// A hash of 64 or 128 bits.
pub(crate) trait Key: Copy + Ord + Send + Sync {
    const BITS: u32;
    /// Its 64 high bits, by which keys are ordered first.
    fn high(self) -> u64;
    /// 64 bits that two keys with equal high bits differ in.
    fn low(self) -> u64;
    fn wide(self) -> u128;
    fn narrow(wide: u128) -> Self;

    /// Its first bits; the others are 0.
    fn cut(self, bits: u32) -> Self {
        let rest = Self::BITS - bits;
        Self::narrow(self.wide() >> rest << rest)
    }
}

impl Key for u64 {
    const BITS: u32 = 64;
    fn high(self) -> u64 {
        self
    }
    fn low(self) -> u64 {
        self
    }
    fn wide(self) -> u128 {
        u128::from(self)
    }
    fn narrow(wide: u128) -> Self {
        wide as u64
    }
}

impl Key for u128 {
    const BITS: u32 = 128;
    fn high(self) -> u64 {
        (self >> 64) as u64
    }
    fn low(self) -> u64 {
        self as u64
    }
    fn wide(self) -> u128 {
        self
    }
    fn narrow(wide: u128) -> Self {
        wide
    }
}

/// A key and two numbers; ordered by all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry<K> {
    pub(crate) key: K,
    pub(crate) numbers: [u32; 2],
}

/// Writes a table of entries that come in order, with so many bits of their keys; `most` is at least how many
/// they are.
pub(crate) fn write<K: Key>(
    to: &mut PageWriter,
    (bits, most): (u32, u64),
    entries: impl Iterator<Item = Result<Entry<K>>>,
) -> Result<()> {
    let mut writing = Writing::begin(to, (bits, most))?;
    let runs = Runs::<K>::new(bits, most);
    let mut run = Run::default();
    for entry in entries {
        runs.append(entry?, &mut run);
        if run.pages.len() >= WRITTEN {
            writing.append(to, &mut run)?;
        }
    }
    runs.end(&mut run);
    writing.append(to, &mut run)?;
    writing.finish(to)
}

/// Writes a table of entries that come in runs, some at once, of which `pieces` makes all. So leaves end where these do.
pub(crate) fn write_runs<K: Key>(
    to: &mut PageWriter,
    (bits, most): (u32, u64),
    pieces: impl Fn(&Runs<K>, &mut dyn FnMut(Vec<Run>) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let mut writing = Writing::begin(to, (bits, most))?;
    pieces(&Runs::new(bits, most), &mut |runs| {
        runs.into_iter().try_for_each(|mut run| writing.append(to, &mut run))
    })?;
    writing.finish(to)
}

/// Bytes of leaves that are held before they are written.
const WRITTEN: usize = 64 * CARRIED;

/// A table that is being written.
struct Writing {
    bits: u32,
    start: u64,
    fences: Vec<u64>,
    filter: Filter,
    count: u64,
}

impl Writing {
    fn begin(to: &mut PageWriter, (bits, most): (u32, u64)) -> Result<Self> {
        to.align()?;
        let mut filter = Filter::of(blocks(most));
        filter.words.resize(8 * filter.blocks as usize, 0);
        Ok(Writing { bits, start: to.position(), fences: Vec::new(), filter, count: 0 })
    }

    /// Appends a run, which is empty then.
    fn append(&mut self, to: &mut PageWriter, run: &mut Run) -> Result<()> {
        to.append(&run.pages)?;
        self.fences.append(&mut run.fences);
        self.count += std::mem::take(&mut run.count);
        if let Some(filter) = run.filter.take() {
            self.filter.add(&filter);
        }
        run.pages.clear();
        Ok(())
    }

    fn finish(self, to: &mut PageWriter) -> Result<()> {
        to.end_section(self.start);
        let start = to.position();
        for fence in &self.fences {
            to.append(&fence.to_le_bytes())?;
        }
        to.align()?;
        to.end_section(start);
        let start = to.position();
        for word in &self.filter.words {
            to.append(&word.to_le_bytes())?;
        }
        to.end_section(start);
        let start = to.position();
        for number in [self.count, self.fences.len() as u64, u64::from(self.bits)] {
            to.append(&number.to_le_bytes())?;
        }
        to.end_section(start);
        Ok(())
    }
}

/// Makes runs of a table.
pub(crate) struct Runs<K> {
    bits: u32,
    /// of its filter
    blocks: u64,
    of: PhantomData<fn(K)>,
}

/// Entries of a table that stand together, as whole leaves.
#[derive(Default)]
pub(crate) struct Run {
    leaf: Leaf,
    pages: Vec<u8>,
    fences: Vec<u64>,
    filter: Option<Filter>,
    count: u64,
}

impl<K: Key> Runs<K> {
    fn new(bits: u32, most: u64) -> Self {
        Runs { bits, blocks: blocks(most), of: PhantomData }
    }

    /// A run of entries that come in order.
    pub(crate) fn of(&self, entries: impl Iterator<Item = Entry<K>>) -> Run {
        let mut run = Run::default();
        entries.for_each(|entry| self.append(entry, &mut run));
        self.end(&mut run);
        run
    }

    fn append(&self, Entry { key, numbers }: Entry<K>, to: &mut Run) {
        let key = key.cut(self.bits);
        to.count += 1;
        to.filter.get_or_insert_with(|| Filter::from(key, self.blocks)).insert(key);
        let short = key.wide() >> (K::BITS - self.bits);
        if !to.leaf.takes(short, numbers) {
            self.end(to);
            to.leaf.takes(short, numbers);
        }
    }

    /// Ends the leaf.
    fn end(&self, run: &mut Run) {
        if !run.leaf.is_empty() {
            run.fences.push(K::narrow(run.leaf.first() << (K::BITS - self.bits)).high());
            run.leaf.take(&mut run.pages);
            run.pages.resize(run.pages.len().next_multiple_of(CARRIED), 0);
        }
    }
}

/// Sections that a table takes.
pub(crate) const SECTIONS: usize = 4;

/// A table on disk.
pub(crate) struct Table {
    leaves: Section,
    filter: Section,
    fences: Vec<u64>,
    count: u64,
    /// bits of a key that count
    bits: u32,
    /// bits of a key that it has, not fewer
    stored: u32,
    /// whether it is one of version 1
    has_whole_keys: bool,
}

impl Table {
    /// Opens the table whose first section has this number; its keys have so many bits, of which so many count.
    pub(crate) fn open(pages: &Pages, first_section: usize, [stored, bits]: [u32; 2]) -> Result<Self> {
        let leaves = pages.section(first_section)?;
        let fences = pages.section(first_section + 1)?;
        let filter = pages.section(first_section + 2)?;
        let head = pages.section(first_section + 3)?;
        let counts = pages.read(head[0], head[1] - head[0])?;
        let number = |i: usize| counts.get(i..i + 8)?.try_into().ok().map(u64::from_le_bytes);
        let wrong = || pages.wrong(head[0], "no head of a table");
        let (count, leaf_count) = (number(0).ok_or_else(wrong)?, number(8).ok_or_else(wrong)?);
        let bytes = leaf_count.checked_mul(8).filter(|bytes| *bytes <= fences[1] - fences[0]);
        let raw = pages.read(fences[0], bytes.ok_or_else(wrong)?)?;
        let fences: Vec<u64> =
            raw.chunks_exact(8).filter_map(|b| Some(u64::from_le_bytes(b.try_into().ok()?))).collect();
        let aligned = |section: Section| section[0].is_multiple_of(CARRIED as u64);
        let whole_pages = (leaves[1] - leaves[0]) == leaf_count.saturating_mul(CARRIED as u64);
        if !aligned(leaves)
            || !whole_pages
            || !(filter[1] - filter[0]).is_multiple_of(BLOCK as u64)
            || !fences.is_sorted()
            || count > leaf_count.saturating_mul(u64::from(u16::MAX))
        {
            return Err(wrong());
        }
        let has_whole_keys = pages.version() == 1;
        if !has_whole_keys && number(16) != Some(u64::from(stored)) {
            return Err(pages.wrong(head[0], "a table with another number of bits in its keys"));
        }
        Ok(Table { leaves, filter, fences, count, bits, stored, has_whole_keys })
    }

    /// How many entries it has.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Bytes that it holds while it is open.
    pub(crate) fn size(&self) -> u64 {
        size_of_val(&self.fences[..]) as u64
    }

    /// Looks up keys, which are sorted; tells each entry that is found with its key's index.
    pub(crate) fn find<K: Key>(
        &self,
        pages: &Pages,
        keys: &[K],
        mut tell: impl FnMut(usize, [u32; 2]),
    ) -> Result<()> {
        let rest = K::BITS - self.bits;
        let is_longer = self.has_whole_keys || self.stored > self.bits;
        if K::BITS == u64::BITS && !is_longer && self.is_worth_joining(keys) {
            let wanted: Vec<u64> = keys.iter().map(|key| key.high() >> rest).collect();
            return self.join(pages, &wanted, rest, tell);
        }
        let blocks = (self.filter[1] - self.filter[0]) / BLOCK as u64;
        let mut filter = Forward::new(pages);
        let mut leaves = Forward::new(pages);
        // keys that agree in the bits that count
        let others = if is_longer { K::narrow((1 << rest) - 1).high() } else { 0 };
        let base = self.leaves[0] / CARRIED as u64;
        let limit = base + self.fences.len() as u64;
        let mut decoded = (usize::MAX, Vec::new());
        // of which page, and how far the search in it has come
        let mut reached = (usize::MAX, Reached::default());
        let mut next = 0;
        for (i, key) in keys.iter().map(|key| key.cut(self.bits)).enumerate() {
            if !is_longer && !self.may_hold(key, blocks, &mut filter)? {
                continue;
            }
            next += first_from(&self.fences[next..], |fence| *fence < key.high());
            let mut page = next.saturating_sub(1);
            while page < self.fences.len() && self.fences[page] <= key.high() | others {
                let wrong = || pages.wrong(self.leaves[0] + (page * CARRIED) as u64, "no leaf of a table");
                if is_longer {
                    if decoded.0 != page {
                        let carried = leaves.page(base + page as u64, limit)?;
                        decoded.1.clear();
                        self.decode(carried, &mut decoded.1).ok_or_else(wrong)?;
                        decoded.0 = page;
                    }
                    let leaf: &[Entry<K>] = &decoded.1;
                    let from = leaf.partition_point(|entry| entry.key < key);
                    let same = leaf[from..].iter().take_while(|entry| entry.key.cut(self.bits) == key);
                    same.for_each(|entry| tell(i, entry.numbers));
                } else {
                    if reached.0 != page {
                        reached = (page, Reached::default());
                    }
                    let carried = leaves.page(base + page as u64, limit)?;
                    let leaf = View::new(carried).ok_or_else(wrong)?;
                    let key = key.wide() >> rest;
                    leaf.find(key, &mut reached.1, |numbers| tell(i, numbers)).ok_or_else(wrong)?;
                }
                page += 1;
            }
        }
        Ok(())
    }

    /// Whether keys are so many that a walk through all leaves where they may be costs less than to look for each.
    fn is_worth_joining<K: Key>(&self, keys: &[K]) -> bool {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return false };
        let page = |key: &K| self.fences.partition_point(|fence| *fence <= key.high());
        let pages = (page(last) + 1).saturating_sub(page(first)) as u64;
        let entries = pages * self.count / (self.fences.len() as u64).max(1);
        entries < keys.len() as u64 * WALKED
    }

    /// Looks up keys of 64 bits, which are sorted and come without the `rest` that does not count.
    fn join(
        &self,
        pages: &Pages,
        wanted: &[u64],
        rest: u32,
        mut tell: impl FnMut(usize, [u32; 2]),
    ) -> Result<()> {
        let mut leaves = Forward::new(pages);
        let base = self.leaves[0] / CARRIED as u64;
        let limit = base + self.fences.len() as u64;
        let mut next = 0;
        let first = wanted.first().map_or(0, |key| key << rest);
        let start = self.fences.partition_point(|fence| *fence < first).saturating_sub(1);
        for (page, fence) in (start..).zip(&self.fences[start..]) {
            let Some(sought) = wanted.get(next).map(|key| key << rest) else { break };
            if wanted.last().is_none_or(|last| *fence > last << rest) {
                break;
            }
            if self.fences.get(page + 1).is_some_and(|behind| *behind < sought) {
                continue;
            }
            let carried = leaves.page(base + page as u64, limit)?;
            let leaf = View::new(carried).and_then(|leaf| leaf.join(wanted, &mut next, &mut tell));
            leaf.ok_or_else(|| pages.wrong(self.leaves[0] + (page * CARRIED) as u64, "no leaf of a table"))?;
        }
        Ok(())
    }

    #[inline]
    fn may_hold<K: Key>(&self, key: K, blocks: u64, filter: &mut Forward<'_>) -> Result<bool> {
        if blocks == 0 {
            return Ok(false);
        }
        // blocks are 32 bytes, pages carry no multiple of that: a block may reach into the next page
        let at = self.filter[0] + block_of(key, blocks) * BLOCK as u64;
        let limit = self.filter[1].div_ceil(CARRIED as u64);
        let mut block = [0; BLOCK];
        let block = filter.bytes(at, limit, &mut block)?;
        // all words, without a branch that depends on the key
        let missing = block.chunks_exact(4).zip(bits_of(key)).fold(0, |missing, (word, bit)| {
            missing | (!u32::from_le_bytes([word[0], word[1], word[2], word[3]]) & bit)
        });
        Ok(missing == 0)
    }

    /// All entries, in the order of their keys; those of version 1 with whole keys.
    pub(crate) fn entries<'a, K: Key + 'a>(
        &'a self,
        pages: &'a Pages,
    ) -> impl Iterator<Item = Result<Entry<K>>> + 'a {
        let mut leaves = Forward::new(pages);
        let mut before: Option<K> = None;
        let mut seen = 0;
        let mut decode_page = move |page: usize| -> Result<Vec<Entry<K>>> {
            let base = self.leaves[0] / CARRIED as u64;
            let carried = leaves.page(base + page as u64, base + self.fences.len() as u64)?;
            let mut leaf = Vec::new();
            let wrong = || pages.wrong(self.leaves[0] + (page * CARRIED) as u64, "no leaf of a table");
            self.decode(carried, &mut leaf).ok_or_else(wrong)?;
            seen += leaf.len() as u64;
            let is_behind = leaf.first().is_none_or(|first| before.is_none_or(|before| before <= first.key));
            if !is_behind || !leaf.is_sorted_by_key(|entry| entry.key) || seen > self.count {
                return Err(wrong());
            }
            before = leaf.last().map_or(before, |last| Some(last.key));
            Ok(leaf)
        };
        (0..self.fences.len()).flat_map(move |page| {
            let (entries, error) = match decode_page(page) {
                Ok(entries) => (entries, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            entries.into_iter().map(Ok).chain(error)
        })
    }

    /// Takes the entries out of a page; `None` where it is no leaf.
    fn decode<K: Key>(&self, page: &[u8], into: &mut Vec<Entry<K>>) -> Option<()> {
        if self.has_whole_keys {
            return v1::decode(page, into);
        }
        let rest = K::BITS - self.stored;
        let leaf = View::new(page)?;
        leaf.each(|key, numbers| {
            let whole = K::narrow(key << rest);
            (key >> self.stored == 0).then(|| into.push(Entry { key: whole, numbers }))
        })
    }

    /// Checks order, fences, filter and count.
    pub(crate) fn verify<K: Key>(&self, pages: &Pages) -> Result<()> {
        let blocks = (self.filter[1] - self.filter[0]) / BLOCK as u64;
        let mut filter = Forward::new(pages);
        let mut before: Option<K> = None;
        let mut count = 0;
        for entry in self.entries::<K>(pages) {
            let entry = entry?;
            count += 1;
            if before.is_some_and(|before| before > entry.key) {
                return Err(pages.wrong(self.leaves[0], "a table that is out of order"));
            }
            if !self.may_hold(entry.key, blocks, &mut filter)? {
                return Err(pages.wrong(self.filter[0], "a filter without a key of its table"));
            }
            before = Some(entry.key);
        }
        if count != self.count {
            return Err(pages.wrong(self.leaves[0], "a table with another number of entries than it says"));
        }
        Ok(())
    }
}

/// A split-block Bloom filter (Putze, Sanders, Singler 2007): one bit in each of eight words of a block. The
/// block goes by the key's order, so that sorted keys go forward.
struct Filter {
    /// all that there are
    blocks: u64,
    /// the first one of those here
    first: u64,
    words: Vec<u32>,
}

/// Blocks of a filter for at most so many keys.
fn blocks(most: u64) -> u64 {
    (most * FILTER_BITS).div_ceil(BLOCK as u64 * 8)
}

impl Filter {
    fn of(blocks: u64) -> Self {
        Filter { blocks, first: 0, words: Vec::new() }
    }

    /// For keys from one on.
    fn from<K: Key>(key: K, blocks: u64) -> Self {
        Filter { first: block_of(key, blocks), ..Filter::of(blocks) }
    }

    fn insert<K: Key>(&mut self, key: K) {
        let block = (block_of(key, self.blocks) - self.first) as usize * 8;
        if self.words.len() < block + 8 {
            self.words.resize(block + 8, 0);
        }
        for (word, bit) in self.words[block..block + 8].iter_mut().zip(bits_of(key)) {
            *word |= bit;
        }
    }

    /// Takes in the keys of another one, of which this one has all blocks.
    fn add(&mut self, other: &Filter) {
        let own = self.words[8 * (other.first - self.first) as usize..].iter_mut();
        own.zip(&other.words).for_each(|(word, bits)| *word |= bits);
    }
}

fn block_of<K: Key>(key: K, blocks: u64) -> u64 {
    ((u128::from(key.high()) * u128::from(blocks)) >> 64) as u64
}

fn bits_of<K: Key>(key: K) -> [u32; 8] {
    let mixed = (key.low() ^ 0x2545_F491_4F6C_DD1D).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    std::array::from_fn(|i| 1 << (mixed >> (24 + 5 * i) & 31))
}

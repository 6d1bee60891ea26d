//! Sorted tables on disk: from a hash to the numbers that it was met with. Keys are hashes, so they spread
//! evenly: leaves hold them as differences, a filter tells nearly every key that is not there, and one fence
//! for each leaf tells where a key would be.
//!
//! A table is four sections: how many entries; the filter; the leaves, a page each; the fences.
//!
//! A leaf: entries (u16), width of key differences and of the two numbers in bytes (3 × u8), 3 zeros, the
//! first key (u128), the least first and second number (2 × u32); then the differences to the key before,
//! the first numbers and the second numbers, each less the least, a column each. All little-endian.

use crate::error::Result;
use crate::index::pages::{CARRIED, Forward, PageWriter, Pages, Section};

/// Bits of the filter for each key: about one miss in 200 goes on to a leaf.
const FILTER_BITS: u64 = 10;

/// Bytes of one block of the filter.
const BLOCK: usize = 32;

/// Bytes before the columns of a leaf.
const LEAF_HEAD: usize = 32;

/// A hash of 64 or 128 bits.
pub(crate) trait Key: Copy + Ord + Send + Sync {
    /// Its 64 high bits, by which keys are ordered first.
    fn high(self) -> u64;
    /// 64 bits that two keys with equal high bits differ in.
    fn low(self) -> u64;
    fn wide(self) -> u128;
    fn narrow(wide: u128) -> Self;
}

impl Key for u64 {
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

/// Writes a table of entries that come in order; `most` is at least how many they are.
pub(crate) fn write<K: Key>(
    to: &mut PageWriter,
    most: u64,
    entries: impl Iterator<Item = Result<Entry<K>>>,
) -> Result<()> {
    let mut filter = Filter::new(most);
    let mut fences: Vec<u8> = Vec::new();
    let mut count = 0u64;
    to.align()?;
    let start = to.position();
    let mut leaf = Leaf::default();
    for entry in entries {
        let entry = entry?;
        count += 1;
        filter.insert(entry.key);
        if !leaf.takes(&entry) {
            leaf.write(to, &mut fences)?;
            leaf = Leaf::default();
            leaf.takes(&entry);
        }
    }
    if !leaf.entries.is_empty() {
        leaf.write(to, &mut fences)?;
    }
    to.end_section(start);
    let start = to.position();
    to.append(&fences)?;
    to.align()?;
    to.end_section(start);
    let start = to.position();
    for word in &filter.words {
        to.append(&word.to_le_bytes())?;
    }
    to.end_section(start);
    let start = to.position();
    to.append(&count.to_le_bytes())?;
    to.append(&(fences.len() as u64 / 8).to_le_bytes())?;
    to.end_section(start);
    Ok(())
}

/// Sections that a table takes.
pub(crate) const SECTIONS: usize = 4;

/// The entries of one page.
struct Leaf<K> {
    entries: Vec<Entry<K>>,
    widths: [usize; 3],
    largest_step: u128,
    least: [u32; 2],
    most: [u32; 2],
}

impl<K> Default for Leaf<K> {
    fn default() -> Self {
        Leaf { entries: Vec::new(), widths: [0; 3], largest_step: 0, least: [u32::MAX; 2], most: [0; 2] }
    }
}

/// Bytes that hold a number.
fn width(number: u128) -> usize {
    (128 - number.leading_zeros() as usize).div_ceil(8)
}

impl<K: Key> Leaf<K> {
    /// Appends an entry if the page has room for it.
    fn takes(&mut self, entry: &Entry<K>) -> bool {
        let step = self.entries.last().map_or(0, |last| entry.key.wide() - last.key.wide());
        let largest_step = self.largest_step.max(step);
        let least: [u32; 2] = std::array::from_fn(|i| self.least[i].min(entry.numbers[i]));
        let most: [u32; 2] = std::array::from_fn(|i| self.most[i].max(entry.numbers[i]));
        let spread = |i: usize| width(u128::from(most[i] - least[i]));
        let widths = [width(largest_step), spread(0), spread(1)];
        let count = self.entries.len() + 1;
        if LEAF_HEAD + count * widths.iter().sum::<usize>() > CARRIED || count > usize::from(u16::MAX) {
            return false;
        }
        (self.largest_step, self.least, self.most, self.widths) = (largest_step, least, most, widths);
        self.entries.push(*entry);
        true
    }

    fn write(&self, to: &mut PageWriter, fences: &mut Vec<u8>) -> Result<()> {
        let first = self.entries[0].key;
        fences.extend_from_slice(&first.high().to_le_bytes());
        let mut page = Vec::with_capacity(CARRIED);
        page.extend_from_slice(&(self.entries.len() as u16).to_le_bytes());
        page.extend(self.widths.map(|width| width as u8));
        page.extend([0; 3]);
        page.extend_from_slice(&first.wide().to_le_bytes());
        self.least.iter().for_each(|least| page.extend_from_slice(&least.to_le_bytes()));
        let mut before = first.wide();
        for entry in &self.entries {
            page.extend_from_slice(&(entry.key.wide() - before).to_le_bytes()[..self.widths[0]]);
            before = entry.key.wide();
        }
        for column in 0..2 {
            for entry in &self.entries {
                let number = entry.numbers[column] - self.least[column];
                page.extend_from_slice(&number.to_le_bytes()[..self.widths[1 + column]]);
            }
        }
        to.append(&page)?;
        to.align()
    }
}

/// Takes the entries out of a page; `None` where it is no leaf.
fn decode<K: Key>(page: &[u8], into: &mut Vec<Entry<K>>) -> Option<()> {
    into.clear();
    let head = page.first_chunk::<LEAF_HEAD>()?;
    let count = usize::from(u16::from_le_bytes([head[0], head[1]]));
    let widths = [2, 3, 4].map(|i| usize::from(head[i]));
    if widths[0] > 16 || widths[1] > 4 || widths[2] > 4 {
        return None;
    }
    let mut columns = page.get(LEAF_HEAD..LEAF_HEAD + count * widths.iter().sum::<usize>())?;
    let mut column = |width: usize| {
        let (own, rest) = columns.split_at(count * width);
        columns = rest;
        own
    };
    let [steps, firsts, seconds] = widths.map(&mut column);
    let number = |column: &[u8], i: usize, width: usize| {
        let mut bytes = [0; 16];
        bytes[..width].copy_from_slice(&column[i * width..(i + 1) * width]);
        u128::from_le_bytes(bytes)
    };
    let least = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (least_first, least_second) = (least(24)?, least(28)?);
    let mut key = u128::from_le_bytes(head.get(8..24)?.try_into().ok()?);
    into.reserve(count);
    for i in 0..count {
        key = key.checked_add(number(steps, i, widths[0]))?;
        let first = least_first.checked_add(number(firsts, i, widths[1]) as u32)?;
        let second = least_second.checked_add(number(seconds, i, widths[2]) as u32)?;
        let narrow = K::narrow(key);
        if narrow.wide() != key {
            return None;
        }
        into.push(Entry { key: narrow, numbers: [first, second] });
    }
    Some(())
}

/// A table on disk.
pub(crate) struct Table {
    leaves: Section,
    filter: Section,
    fences: Vec<u64>,
    count: u64,
}

impl Table {
    /// Opens the table whose first section has this number.
    pub(crate) fn open(pages: &Pages, first_section: usize) -> Result<Self> {
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
        Ok(Table { leaves, filter, fences, count })
    }

    /// How many entries it has.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Looks up keys, which are sorted; tells each entry that is found with its key's index.
    pub(crate) fn find<K: Key>(
        &self,
        pages: &Pages,
        keys: &[K],
        mut tell: impl FnMut(usize, [u32; 2]),
    ) -> Result<()> {
        if self.fences.is_empty() {
            return Ok(());
        }
        let blocks = (self.filter[1] - self.filter[0]) / BLOCK as u64;
        let mut filter = Forward::new(pages);
        let mut leaves = Forward::new(pages);
        let mut leaf: Vec<Entry<K>> = Vec::new();
        let mut decoded = usize::MAX;
        for (i, &key) in keys.iter().enumerate() {
            if !self.may_hold(key, blocks, &mut filter)? {
                continue;
            }
            let mut page = self.fences.partition_point(|fence| *fence < key.high()).saturating_sub(1);
            while page < self.fences.len() && self.fences[page] <= key.high() {
                if decoded != page {
                    let base = self.leaves[0] / CARRIED as u64;
                    let limit = base + self.fences.len() as u64;
                    let carried = leaves.page(base + page as u64, limit)?;
                    let wrong =
                        || pages.wrong(self.leaves[0] + (page * CARRIED) as u64, "no leaf of a table");
                    decode(carried, &mut leaf).ok_or_else(wrong)?;
                    decoded = page;
                }
                let from = leaf.partition_point(|entry| entry.key < key);
                leaf[from..].iter().take_while(|entry| entry.key == key).for_each(|e| tell(i, e.numbers));
                if leaf.last().is_some_and(|last| last.key > key) {
                    break;
                }
                page += 1;
            }
        }
        Ok(())
    }

    fn may_hold<K: Key>(&self, key: K, blocks: u64, filter: &mut Forward<'_>) -> Result<bool> {
        if blocks == 0 {
            return Ok(false);
        }
        // blocks are 32 bytes, pages carry no multiple of that: a block may reach into the next page
        let at = self.filter[0] + block_of(key, blocks) * BLOCK as u64;
        let limit = self.filter[1].div_ceil(CARRIED as u64);
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            let byte = at + filled as u64;
            let carried = filter.page(byte / CARRIED as u64, limit)?;
            let rest = &carried[(byte % CARRIED as u64) as usize..];
            let now = rest.len().min(BLOCK - filled);
            block[filled..filled + now].copy_from_slice(&rest[..now]);
            filled += now;
        }
        let word = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|b| block[4 * i + b]));
        Ok(bits_of(key).into_iter().enumerate().all(|(i, bit)| word(i) & bit != 0))
    }

    /// All entries, in order.
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
            decode(carried, &mut leaf).ok_or_else(wrong)?;
            seen += leaf.len() as u64;
            let is_behind = leaf.first().is_none_or(|first| before.is_none_or(|before| before <= first.key));
            if !is_behind || seen > self.count {
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

    /// Checks order, fences, filter and count.
    pub(crate) fn verify<K: Key>(&self, pages: &Pages) -> Result<()> {
        let blocks = (self.filter[1] - self.filter[0]) / BLOCK as u64;
        let mut filter = Forward::new(pages);
        let mut before: Option<Entry<K>> = None;
        let mut count = 0;
        for entry in self.entries::<K>(pages) {
            let entry = entry?;
            count += 1;
            if before.is_some_and(|before| before > entry) {
                return Err(pages.wrong(self.leaves[0], "a table that is out of order"));
            }
            if !self.may_hold(entry.key, blocks, &mut filter)? {
                return Err(pages.wrong(self.filter[0], "a filter without a key of its table"));
            }
            before = Some(entry);
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
    words: Vec<u32>,
}

impl Filter {
    fn new(most: u64) -> Self {
        let blocks = (most * FILTER_BITS).div_ceil(BLOCK as u64 * 8);
        Filter { words: vec![0; blocks as usize * 8] }
    }

    fn insert<K: Key>(&mut self, key: K) {
        let block = block_of(key, self.words.len() as u64 / 8) as usize * 8;
        for (word, bit) in self.words[block..block + 8].iter_mut().zip(bits_of(key)) {
            *word |= bit;
        }
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

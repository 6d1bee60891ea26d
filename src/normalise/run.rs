//! A stretch of word characters of which some are known to the table alone, code point by code point.
//!
//! Normalisation only ever acts inside a *segment*: a boundary character and the combining characters that
//! follow it. A segment whose entries are simple and in canonical order is already in normal form, so its
//! folded bytes are taken from the table; any other is normalised as a string. Either way each token's
//! bytes gather in a buffer, eight stored at a time, and only a token longer than that is put into a vector.

use super::table::{Block, Class, Entry, block, fold};
use super::{MASK, SHORT, TokenHasher, folded_product, halves};

/// Reads runs; keeps the buffers for the rare cases.
#[derive(Default)]
pub(super) struct Runs {
    entries: Entries,
    token: Token,
    folds: Folds,
}

impl Runs {
    /// By a version of the text rules: until the third a mark that stood on nothing started a word.
    pub(super) fn new(version: u32) -> Self {
        let token = Token { keeps_lone_marks: version < 3, ..Token::default() };
        Runs { token, ..Runs::default() }
    }

    /// Calls `emit` for the tokens of the bytes of `text` in `range`, or of as many as there are up to an ASCII
    /// separator or the end of the text; returns where that is. Before the range stands a separator, or nothing
    /// that its first character could combine with; after it a character that combines with nothing before.
    pub(super) fn tokens(
        &mut self,
        hasher: &TokenHasher,
        text: &str,
        range: std::ops::Range<usize>,
        emit: &mut impl FnMut(u64, usize, usize),
    ) -> usize {
        let bytes = text.as_bytes();
        let ends = |at: usize| at >= range.end || ends(bytes, at);
        let mut at = range.start;
        let mut current = self.entries.at(bytes, at);
        if !current.is_boundary()
            && let Some((before, c)) = text[..at].char_indices().next_back()
            && !(c.is_whitespace() || c == '\u{FEFF}')
        {
            // a mark after a separator: they may combine (`=` and U+0338 are one symbol). With white space nothing does
            at = before;
            current = self.entries.at(bytes, at);
        }
        loop {
            if current.is_plain() && self.token.length <= ROOM - 8 {
                let taken = self.plain(hasher, bytes, (at, current), emit);
                if taken.0 > at && ends(taken.0) {
                    self.token.finish(hasher, emit);
                    return taken.0;
                }
                (at, current) = taken;
            }
            let mut end = at + width(bytes[at]);
            let mut next = self.entries.at(bytes, end);
            if current.is_lone() && next.is_fresh() {
                self.token.finish(hasher, emit);
                while current.is_lone() && next.is_fresh() {
                    emit(hasher.short(u64::from(current.bytes()), 0, current.length()), at, end);
                    if ends(end) {
                        return end;
                    }
                    (at, current) = (end, next);
                    end += width(bytes[at]);
                    next = self.entries.at(bytes, end);
                }
                continue;
            }
            if current.is_simple() && next.is_boundary() {
                self.token.take(hasher, current, at..end, emit);
            } else {
                let mut in_order = current.is_simple();
                let mut combining_class = current.combining_class();
                while !next.is_boundary() {
                    in_order &= next.is_simple() && next.combining_class() >= combining_class;
                    combining_class = next.combining_class();
                    end += width(bytes[end]);
                    next = self.entries.at(bytes, end);
                }
                self.segment(hasher, text, (at..end, in_order), emit);
            }
            if ends(end) {
                self.token.finish(hasher, emit);
                return end;
            }
            (at, current) = (end, next);
        }
    }

    /// Takes plain characters, each with a boundary after it, while the token fits into a register: those of
    /// ASCII several at a time. Returns the first that it did not take, and its entry.
    #[inline(always)]
    fn plain(
        &mut self,
        hasher: &TokenHasher,
        bytes: &[u8],
        (mut at, mut current): (usize, Entry),
        emit: &mut impl FnMut(u64, usize, usize),
    ) -> (usize, Entry) {
        if self.token.single {
            self.token.finish(hasher, emit);
        }
        if self.token.length == 0 {
            self.token.start = at;
        }
        let mut length = self.token.length;
        while current.is_plain() && length <= ROOM - 8 {
            let (mut folded, mut taken) = (u64::from(current.bytes()), width(bytes[at]));
            let is_ascii = taken == 1;
            if is_ascii {
                (folded, taken) = ascii_letters(bytes, at);
            }
            let mut next = self.entries.at(bytes, at + taken);
            if !next.is_boundary() {
                if !is_ascii || taken == 1 {
                    break;
                }
                taken -= 1; // a mark after the last one may combine with it
                next = self.entries.at(bytes, at + taken);
            }
            self.token.bytes[length..length + 8].copy_from_slice(&folded.to_le_bytes());
            length += if is_ascii { taken } else { current.length() };
            at += taken;
            current = next;
        }
        if length > self.token.length {
            (self.token.length, self.token.end) = (length, at);
        }
        (at, current)
    }

    /// A segment of several characters, or of one that folds to several.
    fn segment(
        &mut self,
        hasher: &TokenHasher,
        text: &str,
        (range, in_order): (std::ops::Range<usize>, bool),
        emit: &mut impl FnMut(u64, usize, usize),
    ) {
        if in_order {
            let bytes = text.as_bytes();
            let mut at = range.start;
            while at < range.end {
                let entry = self.entries.at(bytes, at);
                let end = at + width(bytes[at]);
                self.token.take(hasher, entry, at..end, emit);
                at = end;
            }
        } else {
            for &entry in self.folds.of(&text[range.clone()]) {
                self.token.take(hasher, entry, range.clone(), emit);
            }
        }
    }
}

/// Segments whose normal form is remembered; a power of two.
const REMEMBERED: usize = 512;

/// An odd number that spreads segments over the places.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The most characters of a normal form that is remembered.
const CHARACTERS: usize = 6;

/// Normal forms of segments. A text that has one has it again and again, and the crates' tables are slow: the last
/// one that has a place here is remembered, unless it is long.
#[derive(Default)]
struct Folds {
    /// none until there is one
    places: Vec<Folded>,
    normal: String,
    entries: Vec<Entry>,
}

/// A segment, and the characters of its normal form.
#[derive(Clone, Default)]
struct Folded {
    segment: [u8; SHORT],
    length: usize,
    count: usize,
    entries: [Entry; CHARACTERS],
}

impl Folds {
    /// The normal form of a segment.
    fn of(&mut self, segment: &str) -> &[Entry] {
        let bytes = segment.as_bytes();
        if bytes.len() > SHORT {
            self.fold(segment);
            return &self.entries;
        }
        let mut key = [0; SHORT];
        key[..bytes.len()].copy_from_slice(bytes);
        let [low, high] = halves(&key);
        let place = (folded_product(low ^ SPREAD, high ^ SPREAD) as usize) % REMEMBERED;
        let is_known =
            self.places.get(place).is_some_and(|known| (known.segment, known.length) == (key, bytes.len()));
        if !is_known {
            self.fold(segment);
            let count = self.entries.len();
            if count > CHARACTERS {
                return &self.entries;
            }
            let mut entries = [Entry::default(); CHARACTERS];
            entries[..count].copy_from_slice(&self.entries);
            self.places.resize(REMEMBERED, Folded::default());
            self.places[place] = Folded { segment: key, length: bytes.len(), count, entries };
        }
        let known = &self.places[place];
        &known.entries[..known.count]
    }

    fn fold(&mut self, segment: &str) {
        fold(segment.chars(), &mut self.normal);
        self.entries.clear();
        self.entries.extend(self.normal.chars().map(Entry::folded));
    }
}

/// Whether a run ends before the byte at `at`: at an ASCII separator or at the end of the text.
#[inline(always)]
fn ends(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
}

/// The ASCII letters and digits from `at` on, at most eight: in lower case, lowest first, and how many.
#[inline(always)]
fn ascii_letters(bytes: &[u8], at: usize) -> (u64, usize) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOP: u64 = 0x80 * ONES;
    let mut eight = [0; 8];
    match bytes.get(at..at + 8) {
        Some(all) => eight.copy_from_slice(all),
        None => eight[..bytes.len() - at].copy_from_slice(&bytes[at..]),
    }
    let eight = u64::from_le_bytes(eight);
    let lower = eight | (0x20 * ONES);
    // the top bit of each byte that is at least `first` and below `behind`; no byte carries into the next
    let within = |bytes: u64, first: u8, behind: u8| {
        let bytes = bytes & !TOP;
        let from = bytes + u64::from(0x80 - first) * ONES;
        let past = bytes + u64::from(0x80 - behind) * ONES;
        from & !past
    };
    let word = (within(lower, b'a', b'z' + 1) | within(eight, b'0', b'9' + 1)) & !eight & TOP;
    let count = (!word & TOP).trailing_zeros() as usize / 8;
    (lower & MASK[count][0], count)
}

/// Bytes of the code point whose first byte is `first`.
#[inline]
fn width(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

/// The table, with the block used last at hand.
struct Entries {
    number: usize,
    block: &'static Block,
}

impl Default for Entries {
    fn default() -> Self {
        Entries { number: 0, block: block(0) }
    }
}

impl Entries {
    /// The entry of the code point at byte `at` of valid UTF-8; after its end, that of a line break.
    #[inline(always)]
    fn at(&mut self, bytes: &[u8], at: usize) -> Entry {
        let continuation = |i: usize| usize::from(bytes[at + i] & 0x3F);
        let Some(&first) = bytes.get(at) else { return self.get(0x0A) };
        let lead = usize::from(first);
        match width(first) {
            1 => self.get(lead),
            2 => self.get((lead & 0x1F) << 6 | continuation(1)),
            3 => self.get((lead & 0x0F) << 12 | continuation(1) << 6 | continuation(2)),
            _ => {
                self.get((lead & 0x07) << 18 | continuation(1) << 12 | continuation(2) << 6 | continuation(3))
            }
        }
    }

    #[inline(always)]
    fn get(&mut self, code_point: usize) -> Entry {
        let number = code_point >> 8;
        if number != self.number {
            self.number = number;
            self.block = block(number);
        }
        self.block[code_point & 0xFF]
    }
}

/// Bytes that a token has room for where it is built; a longer one goes on in a vector.
const ROOM: usize = 64;

/// The token being built.
struct Token {
    /// its bytes, as long as there is room; what is after them means nothing
    bytes: [u8; ROOM + 8],
    length: usize,
    /// all of its bytes, once they are more
    long: Vec<u8>,
    /// it is one character of a script without spaces
    single: bool,
    /// a mark that stands on nothing starts a word, see [`Runs::new`]
    keeps_lone_marks: bool,
    start: usize,
    end: usize,
}

impl Default for Token {
    fn default() -> Self {
        Token {
            bytes: [0; ROOM + 8],
            length: 0,
            long: Vec::new(),
            single: false,
            keeps_lone_marks: false,
            start: 0,
            end: 0,
        }
    }
}

impl Token {
    /// Takes the next normalised character, which stands at `range` of the text.
    #[inline(always)]
    fn take(
        &mut self,
        hasher: &TokenHasher,
        entry: Entry,
        range: std::ops::Range<usize>,
        emit: &mut impl FnMut(u64, usize, usize),
    ) {
        match entry.class() {
            Class::Word if !self.single => {}
            Class::Mark if self.length > 0 || self.keeps_lone_marks => {}
            Class::Mark => return, // there is nothing that it could stand on
            Class::Word => self.finish(hasher, emit),
            Class::Single => {
                self.finish(hasher, emit);
                self.single = true;
            }
            Class::Separator => return self.finish(hasher, emit),
            Class::Ignorable => return,
        }
        if self.length == 0 {
            self.start = range.start;
        }
        self.end = range.end;
        self.append(entry);
    }

    #[inline(always)]
    fn append(&mut self, entry: Entry) {
        let grown = self.length + entry.length();
        if grown <= ROOM {
            let folded = u64::from(entry.bytes());
            self.bytes[self.length..self.length + 8].copy_from_slice(&folded.to_le_bytes());
        } else {
            if self.length <= ROOM {
                self.long.clear();
                self.long.extend_from_slice(&self.bytes[..self.length]);
            }
            self.long.extend_from_slice(&entry.bytes().to_le_bytes()[..entry.length()]);
        }
        self.length = grown;
    }

    /// Hands the token on, if there is one.
    #[inline(always)]
    fn finish(&mut self, hasher: &TokenHasher, emit: &mut impl FnMut(u64, usize, usize)) {
        if self.length == 0 {
            return;
        }
        let hash = if self.length <= SHORT {
            let [low, high] = self.bytes.first_chunk().map_or([0; 2], halves);
            let mask = MASK[self.length];
            hasher.short(low & mask[0], high & mask[1], self.length)
        } else if self.length <= ROOM {
            hasher.hash(&self.bytes[..self.length])
        } else {
            hasher.hash(&self.long)
        };
        emit(hash, self.start, self.end);
        self.length = 0;
        self.single = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_folded_once() {
        let mut folds = Folds::default();
        for segment in ["½", "e\u{301}", "㍿"] {
            let expected: Vec<Entry> = folds.of(segment).to_vec();
            assert!(!expected.is_empty());
            folds.normal = "not folded again".to_owned();
            assert_eq!(folds.of(segment), expected);
            assert_eq!(folds.normal, "not folded again");
        }
    }
}

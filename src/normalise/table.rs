//! What each code point becomes: one table, built a block of 256 at a time when a text first needs it,
//! from the Unicode tables of the crates. The tests hold a golden digest of all of it, so that new tables
//! in a dependency can't silently change what matches.

use std::sync::OnceLock;

use caseless::Caseless;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

/// What a normalised character does to the token being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// punctuation, symbols, white space, controls: ends a token
    Separator = 0,
    /// a letter or number: belongs to a word
    Word = 1,
    /// a character of a script written without spaces: a token of its own
    Single = 2,
    /// a combining mark: belongs to the token before it; after anything else it separates
    Mark = 3,
    /// invisible: as if it were not there
    Ignorable = 4,
}

/// The class of a normalised character.
pub fn class_of(c: char) -> Class {
    let ignorable = matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200C..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
        | 0xFFF0..=0xFFF8 | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF);
    if ignorable {
        return Class::Ignorable;
    }
    if c == '\u{2BC}' {
        return Class::Separator; // the apostrophe that Unicode calls a letter
    }
    match c.general_category_group() {
        GeneralCategoryGroup::Mark => Class::Mark,
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number if unspaced(c) => Class::Single,
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number => Class::Word,
        // text in a private alphabet is still text
        GeneralCategoryGroup::Other if c.general_category() == GeneralCategory::PrivateUse => Class::Word,
        _ => Class::Separator,
    }
}

/// Whether a letter or number is of a script written without spaces between words.
fn unspaced(c: char) -> bool {
    let repeat_or_length_mark = matches!(u32::from(c), 0x3005 | 0x3031..=0x3035 | 0x30FC);
    let script = c.script();
    repeat_or_length_mark
        || matches!(
            script,
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
        )
}

/// Compatibility composition, full case folding, and composition of what folding took apart.
pub(crate) fn fold(text: impl Iterator<Item = char>, into: &mut String) {
    into.clear();
    into.extend(text.nfkc().default_case_fold().nfkc());
}

/// What one code point becomes, in 64 bits: its folded UTF-8 in the low half, then length, class, flags
/// and combining class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Entry(u64);

const BOUNDARY: u64 = 1 << 40;
const SIMPLE: u64 = 1 << 41;
const PLAIN: u64 = 1 << 42;
const LONE: u64 = 1 << 43;
const FRESH: u64 = 1 << 44;

impl Entry {
    /// Nothing before this character can combine with it or with what follows.
    #[inline]
    pub(crate) fn is_boundary(self) -> bool {
        self.0 & BOUNDARY != 0
    }

    /// The folded bytes stand for the character wherever its segment is in canonical order.
    #[inline]
    pub(crate) fn is_simple(self) -> bool {
        self.0 & SIMPLE != 0
    }

    /// It belongs to a word, and its folded bytes stand for it wherever a boundary follows.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.0 & PLAIN != 0
    }

    /// It is a token of its own, and its folded bytes are that token wherever a fresh character follows.
    #[inline]
    pub(crate) fn is_lone(self) -> bool {
        self.0 & LONE != 0
    }

    /// Nothing of it belongs to a token of its own before it.
    #[inline]
    pub(crate) fn is_fresh(self) -> bool {
        self.0 & FRESH != 0
    }

    /// The folded character in UTF-8, first byte lowest; unused bytes are zero.
    #[inline]
    pub(crate) fn bytes(self) -> u32 {
        self.0 as u32
    }

    /// Bytes in [`Entry::bytes`].
    #[inline]
    pub(crate) fn length(self) -> usize {
        ((self.0 >> 32) & 7) as usize
    }

    #[inline]
    pub(crate) fn class(self) -> Class {
        match (self.0 >> 35) & 7 {
            0 => Class::Separator,
            1 => Class::Word,
            2 => Class::Single,
            3 => Class::Mark,
            _ => Class::Ignorable,
        }
    }

    /// The canonical combining class; 0 for a boundary.
    #[inline]
    pub(crate) fn combining_class(self) -> u8 {
        (self.0 >> 48) as u8
    }

    /// A character as it is, with the given class: what the output of [`fold`] is fed as.
    pub(crate) fn folded(c: char) -> Entry {
        let mut utf8 = [0; 4];
        let length = c.encode_utf8(&mut utf8).len() as u64;
        Entry(u64::from(u32::from_le_bytes(utf8)) | length << 32 | (class_of(c) as u64) << 35 | SIMPLE)
    }

    fn new(c: char) -> Entry {
        let one = || std::iter::once(c);
        let mut folded = String::new();
        // most characters stay what they are
        if is_nfkc_quick(one()) == IsNormalized::Yes && one().default_case_fold().eq(one()) {
            folded.push(c);
        } else {
            fold(one(), &mut folded);
        }
        let own_class = canonical_combining_class(c);
        let combines_backwards = |d: Option<char>| {
            d.is_some_and(|d| {
                canonical_combining_class(d) != 0 || is_nfc_quick(std::iter::once(d)) == IsNormalized::Maybe
            })
        };
        let boundary = own_class == 0
            && !combines_backwards(Some(c))
            && !combines_backwards(one().nfkd().next())
            && !combines_backwards(folded.chars().next());
        let mut characters = folded.chars();
        let single = match (characters.next(), characters.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        let simple = match single {
            Some(d) if boundary => canonical_combining_class(d) == 0,
            Some(d) => d == c && own_class != 0 && is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes,
            None => false,
        };
        let mut bits = Entry::folded(single.unwrap_or(c)).0 & !SIMPLE;
        bits |= if boundary { BOUNDARY } else { 0 };
        bits |= if simple { SIMPLE } else { 0 };
        let class = Entry(bits).class();
        bits |= match class {
            Class::Word if boundary && simple => PLAIN | FRESH,
            Class::Single if boundary && simple => LONE | FRESH,
            Class::Separator if boundary && simple => FRESH,
            _ => 0,
        };
        bits |= u64::from(own_class) << 48;
        Entry(bits)
    }
}

/// The entries of 256 neighbouring code points.
pub(crate) type Block = [Entry; 256];

static BLOCKS: [OnceLock<Box<Block>>; 0x1100] = [const { OnceLock::new() }; 0x1100];

/// The block that holds code points `number * 256 ..`.
pub(crate) fn block(number: usize) -> &'static Block {
    BLOCKS[number].get_or_init(|| {
        let entry = |low: usize| {
            // surrogates never occur in a `str`
            char::from_u32((number * 256 + low) as u32).map_or(Entry::folded(' '), Entry::new)
        };
        Box::new(std::array::from_fn(entry))
    })
}

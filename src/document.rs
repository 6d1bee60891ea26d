//! The nouns that flow through a run: where a document came from, where it stands in the corpus, what was
//! skipped and why, and a match with both of its sides. Plain data; no stage's logic lives here.

use std::borrow::Cow;
use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::unit::UnitKind;

/// How the bytes of a source become records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// the whole file is one document
    Text,
    /// every non-blank line is a JSON object; or every item of an array, or every object over several lines
    JsonLines,
    /// rows of comma-separated values, the first with the columns' names; or of values that are separated as it tells
    Csv,
    /// rows of tab-separated values, the first with the columns' names; or as above
    Tsv,
    /// Parquet; read only where the feature `parquet` is on
    Parquet,
    /// Common Crawl's text archives
    Wet,
}

/// How the bytes of a source are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// as they are
    Plain,
    /// gzip, one member or many
    Gzip,
    /// zstandard, one frame or many
    Zstd,
    /// bzip2, one stream or many
    Bzip2,
    /// xz, one stream or many
    Xz,
}

/// One input file.
#[derive(Debug, Clone)]
pub struct Source {
    /// where it is; `None` is standard input
    pub path: Option<PathBuf>,
    /// how reports name it: the path as given, joined with the place below a given folder
    pub name: String,
    /// what its bytes are
    pub format: Format,
    /// what they are packed with
    pub compression: Compression,
    /// its size on disk in bytes, 0 for standard input
    pub size: u64,
    /// when it was last written to, where the system tells; a change during the run is an error
    pub modified: Option<std::time::SystemTime>,
    /// whether it is a file that can be opened again; standard input and pipes can be read only once
    pub regular: bool,
    /// the number of the input in which it was found, from 0
    pub input: u32,
}

/// Why a record was not used (law 4: nothing vanishes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// the line is not JSON
    InvalidJson,
    /// the line is JSON, but no object
    NotAnObject,
    /// the object, or the table, lacks the text field
    MissingText,
    /// the text field, or column, holds something else
    TextNotString,
    /// the bytes are not UTF-8
    InvalidUtf8,
    /// a row has more or fewer fields than there are columns
    FieldCount,
    /// the record is larger than the limit
    TooLarge,
    /// a compressed source ended before its end, or broke inside
    Truncated,
    /// the source could not be opened or read
    Unreadable,
}

impl Format {
    /// The delimiter of a table's fields, unless its row of names tells another.
    pub(crate) fn delimiter(self) -> Option<u8> {
        match self {
            Format::Csv => Some(b','),
            Format::Tsv => Some(b'\t'),
            _ => None,
        }
    }
}

impl SkipReason {
    /// All reasons, in the order of reports.
    pub const ALL: [SkipReason; 9] = [
        SkipReason::InvalidJson,
        SkipReason::NotAnObject,
        SkipReason::MissingText,
        SkipReason::TextNotString,
        SkipReason::InvalidUtf8,
        SkipReason::FieldCount,
        SkipReason::TooLarge,
        SkipReason::Truncated,
        SkipReason::Unreadable,
    ];

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::InvalidJson => "invalid_json",
            SkipReason::NotAnObject => "not_an_object",
            SkipReason::MissingText => "missing_text",
            SkipReason::TextNotString => "text_not_string",
            SkipReason::InvalidUtf8 => "invalid_utf8",
            SkipReason::FieldCount => "field_count",
            SkipReason::TooLarge => "too_large",
            SkipReason::Truncated => "truncated",
            SkipReason::Unreadable => "unreadable",
        }
    }
}

/// Records (or the rest of a source) that were not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// index into the run's sources
    pub source: u32,
    /// the record's number in its source, from 0; `None` when the source itself is the trouble
    pub record: Option<u64>,
    /// how many records from that one on; 0 when the source itself is the trouble
    pub records: u64,
    /// the line in its source, from 1; `None` where a source has no lines
    pub line: Option<u64>,
    /// why
    pub reason: SkipReason,
    /// what exactly was found
    pub detail: String,
}

/// A stretch of a document's text as given, in bytes and in characters (Unicode scalar values).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// bytes `start..end`
    pub bytes: Range<u64>,
    /// characters `start..end`
    pub chars: Range<u64>,
}

impl Span {
    /// The stretch of the text that it is of.
    ///
    /// # Panics
    /// Where that text has no such stretch: it is another one.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        &text[self.bytes.start as usize..self.bytes.end as usize]
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// a whole document
    Document,
    /// one paragraph of one
    Paragraph,
    /// a stretch of one, whatever the paragraph breaks
    Passage,
}

impl Unit {
    /// As it is written in matches.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Document => "document",
            Unit::Paragraph => "paragraph",
            Unit::Passage => "passage",
        }
    }
}

/// How a copy is like its original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// the same tokens in the same order
    Exact,
    /// a Jaccard similarity that reaches the threshold; of passages, agreement but for small differences
    Near,
    /// nearly all of it stands in passages from one earlier document
    Contained,
}

impl Kind {
    /// As it is written in matches.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Exact => "exact",
            Kind::Near => "near",
            Kind::Contained => "contained",
        }
    }
}

/// One side of a match: a place in the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// the document's number in the order in which they passed, from 0: that of the corpus, or of a preference
    pub document: u32,
    /// the paragraph's number in its document, from 0; `None` for the document itself
    pub paragraph: Option<u32>,
}

impl Place {
    /// What stands there.
    #[inline]
    pub(crate) fn unit_kind(&self) -> UnitKind {
        if self.paragraph.is_none() { UnitKind::Document } else { UnitKind::Paragraph }
    }
}

/// A verified match: a copy and the original that it matches best.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Match {
    /// what both sides are
    pub unit: Unit,
    /// in what way
    pub kind: Kind,
    /// shared shingles divided by the different shingles of both sides together, 0 to 1
    pub jaccard: f64,
    /// shared shingles divided by those of the smaller side, 0 to 1
    pub containment: f64,
    /// tokens of copy and original
    pub tokens: [u32; 2],
    /// the later one
    pub copy: Place,
    /// the earlier one, which is itself no copy
    pub original: Place,
    /// the stretches themselves, of copy and original, where they are not the whole of the places: of
    /// passages, and on the original's side of what is contained. The places then name the first paragraphs
    /// touched.
    pub stretches: Option<[Span; 2]>,
}

/// An id as it is told: JSON, of a string with no more escapes than it needs, whichever its record has.
pub(crate) fn told_id(id: &str) -> Cow<'_, str> {
    let string = memchr::memchr(b'\\', id.as_bytes()).and_then(|_| serde_json::from_str::<String>(id).ok());
    let told = string.map_or(Cow::Borrowed(id), |string| Cow::Owned(serde_json::json!(string).to_string()));
    escape_controls(&told).map_or(told, Cow::Owned)
}

/// JSON in which U+007F to U+009F are escaped, too, as JSON does not ask for and terminals do; `None` where there is
/// none of these.
pub fn escape_controls(json: &str) -> Option<String> {
    let is_control = |character: char| ('\u{7F}'..='\u{9F}').contains(&character);
    let bytes = json.as_bytes();
    memchr::memchr2_iter(0x7F, 0xC2, bytes)
        .find(|&at| bytes[at] == 0x7F || bytes.get(at + 1).is_some_and(|next| *next < 0xA0))?;
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_control(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terminals_obey_is_escaped() {
        assert_eq!(
            escape_controls("\"é\u{A0}\u{85}x\u{9B}31m\u{7F}\"").unwrap(),
            "\"é\u{A0}\\u0085x\\u009b31m\\u007f\""
        );
        assert_eq!(escape_controls("\"é Â \u{A0}\""), None);
        assert_eq!(told_id("\"a\u{9B}b\""), "\"a\\u009bb\"");
        assert_eq!(told_id("\"a\\u009bb\""), "\"a\\u009bb\"");
        assert_eq!(told_id("12"), "12");
    }
}

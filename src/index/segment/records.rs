//! The records of fixed width: documents, and copies.

use crate::index::texts::TextPlace;
use crate::verify::Overlap;

/// No document.
const NO_DOCUMENT: u32 = u32::MAX;

/// A document of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DocumentRow {
    /// where its text is; `None` where nothing can match it any more
    pub(crate) text: Option<TextPlace>,
    pub(crate) first_paragraph: u32,
    pub(crate) paragraphs: u32,
    pub(crate) characters: u32,
    /// its tokens, 0 where it equals an earlier document
    pub(crate) tokens: u32,
    pub(crate) source: u32,
    pub(crate) record: u32,
    /// where its id as JSON and the places of its paragraphs are: their block in the section of strings, and
    /// the byte in that; in version 1, whose strings are in no blocks, the byte in the section, and 0
    pub(crate) strings: u64,
    pub(crate) strings_at: u32,
    pub(crate) id_length: u32,
    pub(crate) places_length: u32,
    /// where it is one verbatim passage from end to end: of which document, from which token
    pub(crate) whole: Option<(u32, u32)>,
}

/// Bytes of a document's record.
pub(super) const DOCUMENT: usize = 68;

impl DocumentRow {
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        let text = self.text.unwrap_or(TextPlace { block: u64::MAX, at: 0, length: 0 });
        let whole = self.whole.unwrap_or((NO_DOCUMENT, 0));
        into.extend_from_slice(&text.block.to_le_bytes());
        into.extend_from_slice(&self.strings.to_le_bytes());
        let rest = [
            text.at,
            text.length,
            self.first_paragraph,
            self.paragraphs,
            self.characters,
            self.tokens,
            self.source,
            self.record,
            self.id_length,
            self.places_length,
            whole.0,
            whole.1,
            self.strings_at,
        ];
        rest.iter().for_each(|number| into.extend_from_slice(&number.to_le_bytes()));
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let long = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let short = |i: usize| bytes.get(16 + 4 * i..20 + 4 * i)?.try_into().ok().map(u32::from_le_bytes);
        let block = long(0)?;
        let text = TextPlace { block, at: short(0)?, length: short(1)? };
        let whole = (short(10)?, short(11)?);
        Some(DocumentRow {
            text: (block != u64::MAX).then_some(text),
            strings: long(8)?,
            first_paragraph: short(2)?,
            paragraphs: short(3)?,
            characters: short(4)?,
            tokens: short(5)?,
            source: short(6)?,
            record: short(7)?,
            id_length: short(8)?,
            places_length: short(9)?,
            whole: (whole.0 != NO_DOCUMENT).then_some(whole),
            strings_at: short(12)?,
        })
    }
}

/// A copy that was the first with its tokens: what it was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyRow {
    pub(crate) unit: u32,
    pub(crate) original: u32,
    pub(crate) overlap: Overlap,
}

/// Bytes of a copy's record.
pub(super) const COPY: usize = 20;

impl CopyRow {
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        let Overlap { shared, sizes } = self.overlap;
        for number in [self.unit, self.original, shared, sizes[0], sizes[1]] {
            into.extend_from_slice(&number.to_le_bytes());
        }
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let number = |i: usize| bytes.get(4 * i..4 * i + 4)?.try_into().ok().map(u32::from_le_bytes);
        let overlap = Overlap { shared: number(2)?, sizes: [number(3)?, number(4)?] };
        Some(CopyRow { unit: number(0)?, original: number(1)?, overlap })
    }
}

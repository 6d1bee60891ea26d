//! Where paragraphs stand: a few bytes for each, decoded from the start of their document.

use crate::document::Span;
use crate::varint;

/// Cuts bytes after the places of so many paragraphs.
pub(crate) fn split_places(bytes: &[u8], paragraphs: u32) -> (&[u8], &[u8]) {
    let mut places = Places::new(bytes, paragraphs as usize);
    places.by_ref().for_each(drop);
    bytes.split_at(bytes.len() - places.bytes.len())
}

/// The spans of a document's paragraphs.
pub(crate) struct Places<'a> {
    bytes: &'a [u8],
    left: usize,
    at: u64,
    at_character: u64,
}

impl<'a> Places<'a> {
    /// Of so many paragraphs.
    pub(super) fn new(bytes: &'a [u8], left: usize) -> Self {
        Places { bytes, left, at: 0, at_character: 0 }
    }

    /// The next number; most are a byte.
    #[inline(always)]
    fn number(&mut self) -> u64 {
        match self.bytes {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.bytes = rest;
                u64::from(*byte)
            }
            _ => varint::read(&mut self.bytes).unwrap_or_default(),
        }
    }
}

impl Iterator for Places<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        self.left = self.left.checked_sub(1)?;
        let gap = self.number();
        let multibyte = if gap & 1 == 1 { self.number() } else { 0 };
        let length = self.number();
        let characters = length - self.number();
        let start = self.at + (gap >> 1);
        let first = self.at_character + (gap >> 1) - multibyte;
        self.at = start + length;
        self.at_character = first + characters;
        Some(Span { bytes: start..self.at, chars: first..self.at_character })
    }
}

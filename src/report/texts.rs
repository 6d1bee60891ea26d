//! The texts that a report shows, read again from the corpus. Groups come back to the same few documents, so
//! the last ones stay in memory, up to a bound: a large file with many repeats inside is not read once for
//! each of them.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// Bytes of text that are kept; the last text is kept whatever its size.
const KEPT: usize = 32 << 20;

/// How many texts are kept.
const TEXTS: usize = 64;

/// Reads texts again.
pub(super) struct Texts<'a> {
    outcome: &'a Outcome,
    kept: VecDeque<(u32, Rc<str>)>,
}

/// A part of a document's text.
pub(super) struct Part {
    text: Rc<str>,
    bytes: Range<usize>,
}

impl Part {
    /// The text as it was given.
    pub(super) fn as_str(&self) -> &str {
        &self.text[self.bytes.clone()]
    }

    /// Up to `most` characters before it and after it, and whether there are more.
    #[cfg(feature = "html")]
    pub(super) fn around(&self, most: usize) -> [(&str, bool); 2] {
        let (before, after) = (&self.text[..self.bytes.start], &self.text[self.bytes.end..]);
        let start = most.checked_sub(1).and_then(|last| before.char_indices().rev().nth(last));
        let start = start.map_or(0, |(at, _)| at);
        let end = after.char_indices().nth(most).map_or(after.len(), |(at, _)| at);
        [(&before[start..], start > 0), (&after[..end], end < after.len())]
    }
}

impl<'a> Texts<'a> {
    /// Nothing read yet.
    pub(super) fn new(outcome: &'a Outcome) -> Self {
        Texts { outcome, kept: VecDeque::new() }
    }

    /// The part of a document's text at `bytes`.
    ///
    /// # Errors
    /// Those of [`Outcome::text`]; [`Error::Changed`] where the text is not what it was.
    pub(super) fn part(&mut self, document: u32, bytes: &Range<u64>) -> Result<Part> {
        let text = self.text(document)?;
        let bytes = bytes.start as usize..bytes.end as usize;
        if text.get(bytes.clone()).is_none() {
            let (source, record) = self.outcome.record(document);
            let path = self.outcome.sources()[source as usize].path.clone();
            return Err(Error::Changed {
                path: path.unwrap_or_else(|| "-".into()),
                record: u64::from(record),
            });
        }
        Ok(Part { text, bytes })
    }

    fn text(&mut self, document: u32) -> Result<Rc<str>> {
        let found = self.kept.iter().position(|(kept, _)| *kept == document);
        if let Some(entry) = found.and_then(|at| self.kept.remove(at)) {
            let text = entry.1.clone();
            self.kept.push_back(entry);
            return Ok(text);
        }
        let text: Rc<str> = self.outcome.text(document)?.into();
        self.kept.push_back((document, text.clone()));
        let mut bytes: usize = self.kept.iter().map(|(_, text)| text.len()).sum();
        while self.kept.len() > 1 && (bytes > KEPT || self.kept.len() > TEXTS) {
            bytes -= self.kept.pop_front().map_or(0, |(_, text)| text.len());
        }
        Ok(text)
    }
}

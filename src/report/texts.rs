//! The texts that a report shows, read again from the corpus. Groups come back to the same few documents, so
//! the last ones stay in memory, up to a bound: a large file with many repeats inside is not read once for
//! each of them.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::resolve::NumberMap;

/// The most bytes of text that are kept, less where memory is bounded; the last text is kept whatever its size.
const KEPT: usize = 48 << 20;

/// Reads texts again.
pub(super) struct Texts<'a> {
    outcome: &'a Outcome,
    /// with the turn in which each was last asked for
    kept: NumberMap<(Rc<String>, u64)>,
    /// all turns, the oldest first; only its last one counts for a text
    turns: VecDeque<(u64, u32)>,
    turn: u64,
    /// of those kept, and the most that are
    bytes: usize,
    most: usize,
}

/// A part of a document's text.
pub(super) struct Part {
    text: Rc<String>,
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
        let most = outcome.texts_kept(KEPT);
        Texts { outcome, kept: NumberMap::default(), turns: VecDeque::new(), turn: 0, bytes: 0, most }
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

    fn text(&mut self, document: u32) -> Result<Rc<String>> {
        self.turn += 1;
        self.turns.push_back((self.turn, document));
        if let Some((text, turn)) = self.kept.get_mut(&document) {
            *turn = self.turn;
            return Ok(text.clone());
        }
        let mut text = self.outcome.text(document)?;
        text.shrink_to_fit();
        let text = Rc::new(text);
        self.bytes += text.len();
        self.kept.insert(document, (text.clone(), self.turn));
        while self.bytes > self.most && self.kept.len() > 1 {
            let Some((turn, oldest)) = self.turns.pop_front() else { break };
            if self.kept.get(&oldest).is_some_and(|(_, last)| *last == turn) {
                self.bytes -= self.kept.remove(&oldest).map_or(0, |(text, _)| text.len());
            }
        }
        Ok(text)
    }
}

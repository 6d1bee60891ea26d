//! The items of an array that stay, so that what is written is an array again: of the commas and line ends between two
//! of them those stay that stand right before the later one, and what stands before the first and behind the last item
//! stays there. An array that breaks off is closed.

use std::io;

use crate::write::pack::Packed;

/// What a stretch of an array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// what is of no item: brackets, commas, white space
    Between,
    /// an item that stays
    Stays,
    /// one that is removed, or was skipped
    Goes,
}

/// Stretches of an array, one behind the other.
#[derive(Default)]
pub(super) struct Parts {
    bytes: Vec<u8>,
    /// where each ends
    ends: Vec<(usize, Part)>,
}

impl Parts {
    /// All of it stays: lines, between which nothing stands.
    pub(super) fn all(bytes: Vec<u8>) -> Self {
        let ends = vec![(bytes.len(), Part::Stays)];
        Parts { bytes, ends }
    }

    pub(super) fn push(&mut self, part: Part, bytes: &[u8]) {
        if part != Part::Goes {
            self.bytes.extend_from_slice(bytes);
        }
        self.ends.push((self.bytes.len(), part));
    }
}

/// Puts together what stays of an array.
#[derive(Default)]
pub(super) struct Joined {
    /// what stood before the first item
    before: Vec<u8>,
    /// what stood behind the last item so far
    between: Vec<u8>,
    has_passed: bool,
    has_kept: bool,
    /// brackets of what has been written that are open
    open: i64,
}

impl Joined {
    /// Writes what of these parts can be written before more is known.
    pub(super) fn push(&mut self, parts: &Parts, to: &mut Packed) -> io::Result<()> {
        let mut start = 0;
        for &(end, part) in &parts.ends {
            let bytes = &parts.bytes[start..end];
            start = end;
            match part {
                Part::Between => {
                    self.between.extend_from_slice(bytes);
                    continue;
                }
                Part::Stays => {
                    let is_later = self.has_kept || !self.has_passed;
                    let before = if is_later { &self.between } else { &self.before };
                    self.open += opened(before);
                    to.push(before)?;
                    to.push(bytes)?;
                    self.has_kept = true;
                }
                Part::Goes if !self.has_passed => self.before = std::mem::take(&mut self.between),
                Part::Goes => {}
            }
            self.has_passed = true;
            self.between.clear();
        }
        Ok(())
    }

    /// Writes the end.
    pub(super) fn finish(mut self, to: &mut Packed) -> io::Result<()> {
        let before = if self.has_kept { &[] } else { &self.before[..] };
        let open = self.open + opened(before) + opened(&self.between);
        if self.has_passed && !self.has_kept && opened(before) == 0 {
            return Ok(()); // of records without an array nothing is left, not even a line end
        }
        to.push(before)?;
        if open <= 0 {
            return to.push(&self.between);
        }
        if let Some(comma) = self.between.iter().rposition(|byte| *byte == b',') {
            self.between.remove(comma);
        }
        to.push(&self.between)?;
        (0..open).try_for_each(|_| to.push(b"]"))
    }
}

/// How many brackets are opened and not closed between two items.
fn opened(between: &[u8]) -> i64 {
    let count = |bracket| memchr::memchr_iter(bracket, between).count() as i64;
    count(b'[') - count(b']')
}

//! The items of an array that stay, so that what is written is an array again: of the commas and line ends between two
//! of them those stay that stand right before the later one, and what stands before the first and behind the last item
//! stays there.

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
                    to.push(if is_later { &self.between } else { &self.before })?;
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
    pub(super) fn finish(self, to: &mut Packed) -> io::Result<()> {
        if !self.has_kept {
            to.push(&self.before)?;
        }
        to.push(&self.between)
    }
}

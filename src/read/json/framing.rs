//! Where the records of a piece of a source are, by how they stand in it.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::array::{Shape, item};
use super::split::{Edge, Splitter};
use crate::read::magic::BYTE_ORDER_MARK;

/// How the records of a piece stand, whose bytes begin and end between two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framing {
    pub(crate) shape: Shape,
    /// whether the bracket of an array has been opened before it; of [`Shape::Objects`] alone
    pub(crate) in_array: bool,
    /// whether a record stood before it that has been passed over
    pub(crate) behind_lost: bool,
}

impl Framing {
    /// At the start of a source.
    pub(crate) fn new(shape: Shape) -> Self {
        Framing { shape, in_array: false, behind_lost: false }
    }

    /// The records of `bytes`, maybe not JSON, each with its line in them, from 1; of what is no array, or is one with an object
    /// a line, all that is not blank is a record.
    pub(crate) fn records(self, bytes: &[u8]) -> Records<'_> {
        Records {
            bytes,
            shape: self.shape,
            splitter: Splitter::new(self.in_array),
            at: 0,
            seen: 0,
            lines: 0,
            goes_on: false,
        }
    }
}

/// What [`Framing::records`] gives.
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    shape: Shape,
    splitter: Splitter,
    /// behind the last record
    at: usize,
    /// bytes of which the lines have been counted
    seen: usize,
    lines: u64,
    /// whether the line of the last record has another
    goes_on: bool,
}

impl Records<'_> {
    /// How many lines all of the bytes are, a last one without a line end too where lines are records.
    pub(crate) fn lines(self) -> u64 {
        let rest = &self.bytes[self.seen..];
        let is_open = self.shape != Shape::Objects && rest.last().is_some_and(|last| *last != b'\n');
        self.lines + memchr_iter(b'\n', rest).count() as u64 + u64::from(is_open)
    }

    /// A line, or the item in it; or one after the other, where what was written with several on some lines has been written again.
    fn next_line(&mut self) -> Option<Range<usize>> {
        while self.at < self.bytes.len() {
            let end = memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |at| self.at + at);
            let mut line = self.at..end;
            self.at = (end + 1).min(self.bytes.len());
            self.seen = self.at;
            self.lines += u64::from(!std::mem::take(&mut self.goes_on));
            // not only before the first line: files with a byte-order mark get joined
            if self.bytes[line.clone()].starts_with(BYTE_ORDER_MARK) {
                line.start += BYTE_ORDER_MARK.len();
            }
            if self.shape == Shape::Items {
                let own = item(&self.bytes[line.clone()]);
                line = line.start + own.start..line.start + own.end;
                if let Some(end) = end_of_first(&self.bytes[line.clone()]) {
                    self.at = line.start + end;
                    self.goes_on = true;
                    return Some(line.start..self.at);
                }
            }
            if !self.bytes[line.clone()].trim_ascii().is_empty() {
                return Some(line);
            }
        }
        None
    }

    fn next_object(&mut self) -> Option<Range<usize>> {
        let mut start = self.bytes.len();
        let end = loop {
            match self.splitter.next(self.bytes, self.at) {
                Some(Edge::Starts(at)) => (start, self.at) = (at, at),
                Some(Edge::Ends(at)) => break at,
                None => break self.bytes.len(),
            }
        };
        self.at = end;
        if start == end {
            return None;
        }
        self.lines += memchr_iter(b'\n', &self.bytes[self.seen..start]).count() as u64;
        self.seen = start;
        Some(start..end)
    }
}

/// Where the first object ends, if another one follows it.
fn end_of_first(line: &[u8]) -> Option<usize> {
    let mut splitter = Splitter::new(true);
    let (Some(Edge::Starts(0)), Some(Edge::Ends(end))) = (splitter.next(line, 0), splitter.next(line, 0))
    else {
        return None;
    };
    let behind = line[end..].trim_ascii_start().strip_prefix(b",")?;
    behind.trim_ascii_start().starts_with(b"{").then_some(end)
}

impl Iterator for Records<'_> {
    type Item = (Range<usize>, u64);

    fn next(&mut self) -> Option<Self::Item> {
        match self.shape {
            Shape::Objects => self.next_object().map(|record| (record, self.lines + 1)),
            Shape::Lines | Shape::Items => self.next_line().map(|record| (record, self.lines)),
        }
    }
}

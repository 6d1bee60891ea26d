//! One source of JSON, or a text that can be read only once, cut into chunks: at line ends where records are lines, else
//! between two records, which [`Splitter`] finds. No more is held than a chunk and a record.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use crate::document::{Format, SkipReason, Source};
use crate::error::{Error, Result};
use crate::read::chunks::{Batch, Chunk, Reader};
use crate::read::compression;
use crate::read::json::{self, Edge, Framing, OverLines, Shape, Splitter};
use crate::read::records::too_large;
use crate::read::texts::Spool;
use crate::read::window::fill;

/// Bytes around a line that are not of its record: a byte-order mark, the first half of a line end, and what stands between
/// the items of an array.
const AROUND: usize = 6;

/// One source on its way.
pub(super) struct Lines<'a, 'b> {
    reader: &'a Reader<'a>,
    source: &'a Source,
    number: u32,
    spool: &'a Spool,
    batch: &'a mut Batch<'b>,
    /// bytes handed on (or lost) so far
    offset: u64,
    begun: bool,
    /// whether a record has been passed over since something was handed on
    behind_lost: bool,
    /// the last byte handed on that is no white space
    last: u8,
}

/// What has come of the source.
enum Come {
    /// as much as was wanted
    More,
    /// all
    End,
    /// as much as there is before the damage
    Broken(io::Error),
}

type Input<'a> = Box<dyn Read + Send + 'a>;

impl<'a, 'b> Lines<'a, 'b> {
    /// For the source of this number.
    pub(super) fn new(
        reader: &'a Reader<'a>,
        number: u32,
        spool: &'a Spool,
        batch: &'a mut Batch<'b>,
    ) -> Self {
        let source = &reader.sources.files[number as usize];
        Lines { reader, source, number, spool, batch, offset: 0, begun: false, behind_lost: false, last: 0 }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Those of the spool; [`Error::Interrupted`].
    pub(super) fn read(&mut self, mut input: Input<'_>) -> Result<()> {
        let mut buffer = self.reader.buffers.take();
        if self.source.format == Format::Text {
            return self.whole(input, buffer);
        }
        let mut come = Come::More;
        // how its records stand is known from its first lines, mostly from the first chunk; that no more of them is looked at
        // than a record may have hangs on no chunk
        let limit = self.reader.max_record + AROUND;
        let (mut shape, mut asked) = (None, 0);
        while shape.is_none() {
            let before = buffer.len();
            let want = before + self.reader.buffers.chunk().max(before / 8);
            come = self.more(&mut input, &mut buffer, want)?;
            let are_all = !matches!(come, Come::More) || buffer.len() >= limit;
            // each time all of it is looked at; of a long line not before it is twice as long
            if are_all || buffer.len() >= 2 * asked || memchr(b'\n', &buffer[before..]).is_some() {
                shape = json::shape(&buffer[..buffer.len().min(limit)], are_all);
                asked = buffer.len();
            }
        }
        match shape {
            Some(Shape::Objects) => self.objects(input, Framing::new(Shape::Objects), buffer, come),
            shape => self.lines(input, Framing::new(shape.unwrap_or(Shape::Lines)), buffer, come),
        }
    }

    /// Reads until the buffer holds `want` bytes, or there are no more.
    fn more(&mut self, input: &mut Input<'_>, buffer: &mut Vec<u8>, want: usize) -> Result<Come> {
        if self.reader.progress.is_cancelled() {
            return Err(Error::Interrupted);
        }
        let filled = fill(input, buffer, want);
        self.begun |= !buffer.is_empty();
        Ok(match filled {
            Ok(true) => Come::More,
            Ok(false) => Come::End,
            Err(error) => Come::Broken(error),
        })
    }

    /// Reads the next chunk, behind what is held.
    fn next_chunk(&mut self, input: &mut Input<'_>, buffer: &mut Vec<u8>) -> Result<Come> {
        let chunk = self.reader.buffers.chunk();
        let want = if buffer.len() < chunk { chunk } else { buffer.len() + chunk };
        self.more(input, buffer, want)
    }

    /// What can be read only once, as one text.
    fn whole(&mut self, mut input: Input<'_>, mut buffer: Vec<u8>) -> Result<()> {
        loop {
            let come = self.next_chunk(&mut input, &mut buffer)?;
            self.reader.buffers.meet(buffer.len());
            match come {
                Come::Broken(error) => {
                    let is_record = buffer.iter().any(|byte| !byte.is_ascii_whitespace());
                    self.break_off(is_record, &error);
                    return Ok(());
                }
                _ if buffer.len() > self.reader.max_record => {
                    self.lose_record(0);
                    return Ok(());
                }
                Come::End => return self.hand_on(buffer, Framing::new(Shape::Lines)),
                Come::More => {}
            }
        }
    }

    fn lines(
        &mut self,
        mut input: Input<'_>,
        framing: Framing,
        mut buffer: Vec<u8>,
        mut come: Come,
    ) -> Result<()> {
        // a line that is no more than that too long is judged where its record is
        let limit = self.reader.max_record + AROUND;
        let mut searched = 0; // no line ends before that
        while self.batch.listening {
            if framing.shape == Shape::Items && memchr(b'\n', &buffer[searched..]).is_some() {
                if self.goes_over_lines(&mut input, framing, &mut buffer, &mut come)? {
                    let framing = Framing { shape: Shape::Objects, in_array: true, ..framing };
                    return self.objects(input, framing, buffer, come);
                }
                searched = 0;
            }
            match come {
                Come::More => {}
                Come::End => {
                    if buffer.len() > limit && memchr(b'\n', &buffer).is_none() {
                        self.lose_record(1);
                        return Ok(());
                    }
                    self.hand_on(buffer, framing)?;
                    if framing.shape == Shape::Items && self.last != b']' {
                        self.unclosed();
                    }
                    return Ok(());
                }
                Come::Broken(error) => {
                    // what came before the break is as good as ever
                    let end = memrchr(b'\n', &buffer).map_or(0, |at| at + 1);
                    let in_record = buffer[end..].iter().any(|byte| !byte.is_ascii_whitespace());
                    buffer.truncate(end);
                    self.hand_on(buffer, framing)?;
                    self.break_off(in_record, &error);
                    return Ok(());
                }
            }
            self.reader.buffers.meet(buffer.len());
            if let Some(end) = memrchr(b'\n', &buffer[searched..]).map(|at| searched + at) {
                let rest = self.rest(&mut buffer, end + 1);
                self.hand_on(std::mem::replace(&mut buffer, rest), framing)?;
                searched = buffer.len();
            } else if buffer.len() > limit {
                self.lose_record(1);
                if !self.skip_line(&mut input, &mut buffer)? {
                    return Ok(());
                }
                searched = 0;
            } else {
                searched = buffer.len();
            }
            come = self.next_chunk(&mut input, &mut buffer)?;
        }
        Ok(())
    }

    /// Whether an object of an array with one a line goes on over several. What stands before it, or before one that may, is
    /// handed on.
    fn goes_over_lines(
        &mut self,
        input: &mut Input<'_>,
        framing: Framing,
        buffer: &mut Vec<u8>,
        come: &mut Come,
    ) -> Result<bool> {
        loop {
            let limit = self.reader.max_record + AROUND;
            let over = json::over_lines(buffer, limit, !matches!(come, Come::More));
            let (OverLines::From(at) | OverLines::Maybe(at)) = over else { return Ok(false) };
            if at > 0 {
                let rest = self.rest(buffer, at);
                self.hand_on(std::mem::replace(buffer, rest), framing)?;
            }
            if matches!(over, OverLines::From(_)) {
                return Ok(true);
            }
            // each time all of it is looked at
            let want = self.reader.buffers.chunk().max(2 * buffer.len());
            *come = self.more(input, buffer, want)?;
            self.reader.buffers.meet(buffer.len());
        }
    }

    /// Passes over the rest of a line that is too large; false at the end of the source.
    fn skip_line(&mut self, input: &mut Input<'_>, buffer: &mut Vec<u8>) -> Result<bool> {
        loop {
            self.offset += buffer.len() as u64;
            buffer.clear();
            let come = self.next_chunk(input, buffer)?;
            if let Come::Broken(error) = come {
                self.break_off(false, &error);
                return Ok(false);
            }
            if let Some(at) = memchr(b'\n', buffer) {
                self.offset += at as u64 + 1;
                buffer.drain(..=at);
                return Ok(true);
            }
            if matches!(come, Come::End) {
                return Ok(false);
            }
        }
    }

    /// Records that end where their brackets do.
    fn objects(
        &mut self,
        mut input: Input<'_>,
        mut framing: Framing,
        mut buffer: Vec<u8>,
        mut come: Come,
    ) -> Result<()> {
        let mut splitter = Splitter::new(framing.in_array);
        // bytes that the splitter has seen, and where the record starts in which it is
        let (mut seen, mut start) = (0, None);
        while self.batch.listening {
            while let Some(edge) = splitter.next(&buffer, seen) {
                (seen, start) = match edge {
                    Edge::Starts(at) => (at, Some(at)),
                    Edge::Ends(at) => (at, None),
                };
            }
            if matches!(come, Come::End) && splitter.may_end() {
                start = None;
            }
            let end = start.unwrap_or(buffer.len());
            if end > 0 {
                let rest = self.rest(&mut buffer, end);
                self.hand_on(std::mem::replace(&mut buffer, rest), framing)?;
                framing.in_array = splitter.in_array;
                start = start.map(|_| 0);
            }
            seen = buffer.len();
            self.reader.buffers.meet(buffer.len());
            if start.is_some() && buffer.len() > self.reader.max_record {
                come = self.skip_object((&mut input, come), &mut buffer, &mut splitter)?;
                (seen, start) = (0, None);
                continue;
            }
            match come {
                Come::More => come = self.next_chunk(&mut input, &mut buffer)?,
                Come::End if start.is_some() => {
                    let lines = memchr_iter(b'\n', &buffer).count() as u64;
                    self.lose(
                        true,
                        lines,
                        SkipReason::Truncated,
                        "the file ends inside of a record".to_owned(),
                    );
                    return Ok(());
                }
                Come::End => {
                    if splitter.in_array {
                        self.unclosed();
                    }
                    return Ok(());
                }
                Come::Broken(error) => {
                    self.break_off(start.is_some(), &error);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Passes over the rest of a record that is too large, of which the splitter has seen what is held.
    fn skip_object(
        &mut self,
        (input, mut come): (&mut Input<'_>, Come),
        buffer: &mut Vec<u8>,
        splitter: &mut Splitter,
    ) -> Result<Come> {
        let mut lines = 0;
        let mut end = buffer.len();
        let mut is_within = true;
        loop {
            lines += memchr_iter(b'\n', &buffer[..end]).count() as u64;
            self.offset += end as u64;
            buffer.drain(..end);
            if !is_within || !matches!(come, Come::More) {
                break;
            }
            come = self.next_chunk(input, buffer)?;
            end = match splitter.next(buffer, 0) {
                Some(Edge::Ends(at)) => {
                    is_within = false;
                    at
                }
                _ => buffer.len(),
            };
        }
        if is_within {
            *splitter = Splitter::new(splitter.in_array);
        }
        self.lose_record(lines);
        Ok(come)
    }

    /// Takes what is behind `end` out of the buffer.
    fn rest(&self, buffer: &mut Vec<u8>, end: usize) -> Vec<u8> {
        let mut rest = self.reader.buffers.take();
        rest.extend_from_slice(&buffer[end..]);
        buffer.truncate(end);
        rest
    }

    /// Sends whole records, through the spool where they can't be read again.
    fn hand_on(&mut self, bytes: Vec<u8>, framing: Framing) -> Result<()> {
        if bytes.is_empty() {
            self.reader.buffers.give(bytes);
            return Ok(());
        }
        self.reader.buffers.meet_text(&bytes);
        let offset = if self.source.is_plain_file() { self.offset } else { self.spool.append(&bytes)? };
        self.offset += bytes.len() as u64;
        let length = bytes.len();
        self.last = bytes.trim_ascii_end().last().copied().unwrap_or(self.last);
        let framing = Framing { behind_lost: std::mem::take(&mut self.behind_lost), ..framing };
        self.batch.push(Chunk::Lines { source: self.number, offset, bytes, framing }, length);
        Ok(())
    }

    /// A record of more bytes than are allowed, over so many line ends.
    fn lose_record(&mut self, lines: u64) {
        self.behind_lost = true;
        self.lose(true, lines, SkipReason::TooLarge, too_large(self.reader.max_record as u64));
    }

    /// The rest, from where reading broke off.
    fn break_off(&mut self, in_record: bool, error: &io::Error) {
        let (reason, detail) = compression::why(self.source, self.begun, error);
        self.lose(in_record, u64::from(in_record), reason, detail);
    }

    /// An array without its end.
    fn unclosed(&mut self) {
        let detail = "the array is not closed before the end of the file";
        self.lose(false, 0, SkipReason::Truncated, detail.to_owned());
    }

    fn lose(&mut self, is_record: bool, lines: u64, reason: SkipReason, detail: String) {
        self.batch.push(Chunk::Lost { source: self.number, is_record, lines, reason, detail }, 0);
    }

    /// A source that can't be opened.
    pub(super) fn unreadable(&mut self, error: &io::Error) {
        self.lose(false, 0, SkipReason::Unreadable, error.to_string());
    }
}

//! WET, the text archives of Common Crawl: WARC (ISO 28500) records of type `conversion`, one for each page.
//! The text is the record's block, `Content-Length` bytes behind the blank line. Records of other types are
//! no documents and have no number.
//!
//! A length is believed only if a record, or the end, follows where it leads. If none does, the record is
//! lost, and reading goes on at the next line that starts one; so a wrong length costs one record.
//! [`Archive`] gives each record with the bytes that it stands in.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memmem;

use crate::document::SkipReason;
use crate::error::Result;
use crate::read::digest::Digested;
use crate::read::json::Fields;
use crate::read::magic;
use crate::read::records::Collector;
use crate::read::window::Window;

/// What every record starts with.
const START: &[u8] = b"WARC/1.";

/// A byte-order mark.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// The most bytes of a record's header.
const HEADER: usize = 64 << 10;

/// The most line ends between two records that are taken for nothing else.
const BETWEEN: usize = 64;

/// The records of a stream, one at a time.
pub(crate) struct Archive<'a, R> {
    window: Window<R>,
    limit: usize,
    id_field: &'a str,
    /// bytes of what is at hand
    length: usize,
    /// whether more of a large record follows
    inside: bool,
}

/// What was found next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// line ends between two records, or a byte-order mark before the first
    Between,
    /// a record that is no text, or a part of one
    Other,
    /// a text, its bytes in [`Archive::bytes`]
    Text { block: Range<usize>, id: Option<String> },
    /// something that can't be used; whether it was a text
    Lost { is_text: bool, reason: SkipReason, detail: String },
}

/// What a header says.
#[derive(Default)]
struct Header {
    kind: Option<String>,
    length: Option<usize>,
    uri: Option<String>,
    record_id: Option<String>,
    named: Option<String>,
}

impl Header {
    fn parse(bytes: &[u8], id_field: &str) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut header = Header::default();
        for line in text.lines().skip(1) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim(), value.trim());
            let own = || Some(value.to_owned());
            match name.to_ascii_lowercase().as_str() {
                "warc-type" => header.kind = own(),
                "content-length" => header.length = value.parse().ok(),
                "warc-target-uri" => header.uri = own(),
                "warc-record-id" => header.record_id = own(),
                _ => {}
            }
            if name.eq_ignore_ascii_case(id_field) {
                header.named = own();
            }
        }
        header
    }

    fn is_text(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("conversion"))
    }
}

impl<'a, R: Read> Archive<'a, R> {
    /// The records of `input`, with blocks of at most `limit` bytes.
    pub(crate) fn new(input: R, id_field: &'a str, limit: usize) -> Self {
        Archive { window: Window::new(input), limit, id_field, length: 0, inside: false }
    }

    /// What is at hand, of a record: header, block, and the line ends behind. Nothing of what is lost.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.window.held()[..self.length]
    }

    /// Where the record at hand stands in the stream.
    pub(crate) fn place(&self) -> Range<u64> {
        let start = self.window.position();
        start..start + self.length as u64
    }

    /// Whether anything has come.
    fn has_begun(&self) -> bool {
        self.window.position() > 0 || !self.window.held().is_empty()
    }

    /// Whether more of the record at hand follows.
    pub(crate) fn is_part(&self) -> bool {
        self.inside
    }

    /// Goes to the next record, or to what should have been one; `None` at the end.
    ///
    /// # Errors
    /// Whatever the stream fails with between two records; inside one that is a lost record.
    pub(crate) fn advance(&mut self) -> io::Result<Option<Found>> {
        self.window.pass(self.length);
        self.length = 0;
        if self.window.held().is_empty() && !self.window.more()? {
            return Ok(None);
        }
        if self.inside {
            self.go_on();
            return Ok(Some(Found::Other));
        }
        if self.window.position() == 0 {
            self.window.peek(MARK.len());
        }
        let held = self.window.held();
        self.length = match self.window.position() {
            0 if held.starts_with(MARK) => MARK.len(),
            _ => held.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count(),
        };
        if self.length > 0 {
            return Ok(Some(Found::Between));
        }
        self.record().map(Some)
    }

    /// The next part of a record that is larger than what is held: up to what starts another one.
    fn go_on(&mut self) {
        let keep = START.len() + 1;
        self.window.peek(2 * keep);
        let held = self.window.held().len();
        (self.length, self.inside) = match self.next_record(0) {
            Some(at) => (at, false),
            None if held > keep => (held - keep, true),
            None => (held, false),
        };
    }

    /// Takes the record apart that starts at the window.
    fn record(&mut self) -> io::Result<Found> {
        self.window.peek(START.len());
        if !self.window.held().starts_with(START) {
            let other = if self.window.position() == 0 { magic::told(self.window.held()) } else { None };
            let what = other.unwrap_or_else(|| "expected a record, `WARC/1.`".to_owned());
            return Ok(self.damaged(0, false, &what));
        }
        let Some(end) = self.header_end()? else {
            return Ok(self.damaged(START.len(), false, "a header that does not end"));
        };
        let header = Header::parse(&self.window.held()[..end], self.id_field);
        let is_text = header.is_text();
        let Some(length) = header.length else {
            let what = "a record without a valid `Content-Length`";
            return Ok(self.damaged(end, is_text || header.kind.is_none(), what));
        };
        if length > self.limit && !is_text {
            // with the line end before it, what follows may be found to start a record
            (self.length, self.inside) = (end - 1, true);
            return Ok(Found::Other);
        }
        if length > self.limit {
            self.find_record(end);
            let detail = format!("a record of {length} bytes");
            return Ok(Found::Lost { is_text, reason: SkipReason::TooLarge, detail });
        }
        self.window.peek(end + length + BETWEEN);
        let behind = self.window.held().get(end + length..);
        let blank =
            |rest: &[u8]| rest.iter().take(BETWEEN).take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let believed = behind.filter(|rest| {
            let next = &rest[blank(rest)..];
            next.starts_with(START) || START.starts_with(next) || next.is_empty()
        });
        match believed {
            Some(rest) => {
                let length = end + length + blank(rest);
                self.length = length;
                if !is_text {
                    return Ok(Found::Other);
                }
                let id = header.named.or(header.uri).or(header.record_id);
                let block = end..length - blank(&self.window.held()[end..][header.length.unwrap_or(0)..]);
                Ok(Found::Text { block, id })
            }
            None if behind.is_none() && self.next_record(end).is_none() => {
                // nothing more comes: the stream has ended, or it fails
                let detail = match self.window.more() {
                    Err(error) => error.to_string(),
                    Ok(_) => format!(
                        "a record of {length} bytes, of which {} are there",
                        self.window.held().len() - end
                    ),
                };
                self.window.pass(self.window.held().len());
                Ok(Found::Lost { is_text, reason: SkipReason::Truncated, detail })
            }
            None => {
                let detail = format!("`Content-Length: {length}` leads to no record");
                Ok(self.damaged(end, is_text, &detail))
            }
        }
    }

    /// Where the header at the window ends: behind its blank line.
    fn header_end(&mut self) -> io::Result<Option<usize>> {
        let mut seen = 0;
        loop {
            let held = self.window.held();
            let held = &held[..held.len().min(HEADER)];
            for at in memchr::memchr_iter(b'\n', &held[seen..]).map(|at| seen + at) {
                if held[at + 1..].starts_with(b"\n") {
                    return Ok(Some(at + 2));
                }
                if held[at + 1..].starts_with(b"\r\n") {
                    return Ok(Some(at + 3));
                }
                if held[at + 1..].starts_with(START) {
                    return Ok(None); // the next record: this one's header has no end
                }
            }
            if held.len() == HEADER {
                return Ok(None);
            }
            seen = held.len().saturating_sub(START.len());
            if !self.window.more()? {
                return Ok(None);
            }
        }
    }

    /// Passes over something damaged, to the next record after `from`.
    fn damaged(&mut self, from: usize, is_text: bool, what: &str) -> Found {
        let detail = format!("byte {}: {what}", self.window.position());
        self.find_record(from);
        Found::Lost { is_text, reason: SkipReason::Unreadable, detail }
    }

    /// Where the next line starts that starts a record, at or after `from`, in what is at hand.
    fn next_record(&self, from: usize) -> Option<usize> {
        let held = &self.window.held()[from.min(self.window.held().len())..];
        memmem::find_iter(held, b"\nWARC/1.").next().map(|at| from + at + 1)
    }

    /// Moves the window to the next record after `from`, or to the end. An error is left for later.
    fn find_record(&mut self, from: usize) {
        let mut from = from.saturating_sub(1);
        loop {
            if let Some(at) = self.next_record(from) {
                self.window.pass(at);
                return;
            }
            let keep = START.len() + 1;
            let passed =
                self.window.held().len().saturating_sub(keep).max(from.min(self.window.held().len()));
            self.window.pass(passed);
            from = 0;
            let before = self.window.held().len();
            self.window.peek(before + 1);
            if self.window.held().len() == before {
                self.window.pass(before);
                return;
            }
        }
    }
}

/// Reads all texts of a source.
///
/// # Errors
/// Those of [`Collector`].
pub(crate) fn read(input: impl Read, fields: Fields<'_>, to: &mut Collector<'_, '_>) -> Result<()> {
    let mut input = Digested::new(input);
    read_records(&mut input, fields, to)?;
    to.digest(input.digest());
    Ok(())
}

fn read_records(input: impl Read, fields: Fields<'_>, to: &mut Collector<'_, '_>) -> Result<()> {
    let mut archive = Archive::new(input, fields.id, to.max_record());
    while to.go_on()? {
        match archive.advance() {
            Ok(None) => break,
            Ok(Some(Found::Between | Found::Other)) => {}
            Ok(Some(Found::Text { block, id })) => {
                to.string_id(id.as_deref().map(str::as_bytes));
                let start = archive.place().start;
                let place = start + block.start as u64..start + block.end as u64;
                to.text(&archive.bytes()[block], place, None)?;
            }
            Ok(Some(Found::Lost { is_text: true, reason, detail })) => to.lose(None, reason, detail)?,
            Ok(Some(Found::Lost { reason, detail, .. })) => to.lose_rest(reason, detail)?,
            Err(error) => {
                let (reason, detail) = to.why(archive.has_begun(), &error);
                return to.lose_rest(reason, detail);
            }
        }
    }
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, length: &str, block: &str) -> String {
        let head = format!("WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://{}/\r\n", block.len());
        format!("{head}Content-Length: {length}\r\n\r\n{block}\r\n\r\n")
    }

    fn good(block: &str) -> String {
        record("conversion", &block.len().to_string(), block)
    }

    /// Texts, and `lost` or `lost text` with the reason; checks that places are right.
    fn told(bytes: &str) -> Vec<String> {
        let mut archive = Archive::new(bytes.as_bytes(), "id", 100);
        let mut told = Vec::new();
        while let Some(found) = archive.advance().unwrap() {
            let place = archive.place();
            assert_eq!(archive.bytes(), &bytes.as_bytes()[place.start as usize..place.end as usize]);
            told.push(match found {
                Found::Between | Found::Other => continue,
                Found::Text { block, id } => {
                    let place = archive.place();
                    let raw = &bytes[place.start as usize..place.end as usize];
                    assert_eq!(raw.as_bytes(), archive.bytes());
                    assert!(raw.starts_with("WARC/1.0\r\n"));
                    format!("{} {}", id.unwrap(), &raw[block])
                }
                Found::Lost { is_text, reason, .. } => {
                    format!("lost{} {}", if is_text { " text" } else { "" }, reason.name())
                }
            });
        }
        told
    }

    #[test]
    fn texts_are_blocks_of_conversions() {
        let info = record("warcinfo", "4", "info");
        let all = [info.clone(), good("one\r\n"), good(""), info, good("a\n\nWARC/1. b\n")].concat();
        assert_eq!(told(&all), ["http://5/ one\r\n", "http://0/ ", "http://13/ a\n\nWARC/1. b\n"]);
        assert_eq!(told(&all.replace("\r\n\r\nWARC", "\n\nWARC")).len(), 3);
        assert_eq!(told(&format!("\u{FEFF}{all}")), told(&all));
        assert!(told("\u{FEFF}").is_empty());
    }

    /// However large, they pass in parts.
    #[test]
    fn records_that_are_no_texts_are_given_whole() {
        let large = record("warcinfo", "600000", &"info\r\n".repeat(100_000));
        let all = ["\n\n", &large, &good("one"), &record("request", "3", "get"), "\n", &large].concat();
        let mut archive = Archive::new(all.as_bytes(), "id", 100);
        let (mut given, mut parts, mut texts) = (Vec::new(), 0, 0);
        while let Some(found) = archive.advance().unwrap() {
            given.extend_from_slice(archive.bytes());
            parts += usize::from(archive.is_part());
            texts += usize::from(matches!(found, Found::Text { .. }));
        }
        assert!(given == all.as_bytes());
        assert!(parts > 2 && texts == 1 && !archive.is_part(), "{parts} {texts}");
    }

    #[test]
    fn a_wrong_length_costs_one_record() {
        for length in ["2", "0", "7", "30", "90", "1000", "99999999999999999999999", "-1", "x", ""] {
            let all =
                [good("one"), record("conversion", length, "wrong one"), good("two"), good("3")].concat();
            let told = told(&all);
            assert_eq!(told.len(), 4, "{length}: {told:?}");
            assert!(told[1].starts_with("lost text"), "{length}: {told:?}");
            assert_eq!([&told[0], &told[2], &told[3]], ["http://3/ one", "http://3/ two", "http://1/ 3"]);
        }
    }

    #[test]
    fn what_is_no_record_is_told() {
        let all =
            ["garbage\r\n\r\n", &good("one"), "WARC/1.0\r\nno end", "\r\nWARC/1.0\r\n\r\n\n", &good("two")]
                .concat();
        let lost = "lost unreadable";
        assert_eq!(told(&all), [lost, "http://3/ one", lost, "lost text unreadable", "http://3/ two"]);
        // headers without an end cost themselves
        assert_eq!(told(&("WARC/1.\n".repeat(3) + &good("one"))), [lost, lost, lost, "http://3/ one"]);
        let cut = good("whole") + &good("cut off")[..80];
        assert_eq!(told(&cut)[1..], ["lost unreadable"]);
        let cut = good("whole") + good("cut off").trim_end_matches("off\r\n\r\n");
        assert_eq!(told(&cut)[1..], ["lost text truncated"]);
    }
}

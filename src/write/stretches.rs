//! Rows and archived records without what is cut of their texts: quotes, other fields and headers stay as they
//! were written.

use std::ops::Range;

use crate::read::csv;
use crate::write::seam::{Cut, InOrder, Left};

/// Headers of a record that would be untrue of another block.
const DIGESTS: [&str; 2] = ["warc-block-digest", "warc-payload-digest"];

/// A row, line end included, without what is cut of the field in `column`; `left` is that field then. Where what is
/// left would be read as something else it is put in quotes. `None` where there is no such field.
pub(super) fn cut_row(
    row: &[u8],
    (delimiter, column): (u8, usize),
    cuts: &[Cut],
    left: &str,
) -> Option<Vec<u8>> {
    let field = raw_field(row, delimiter, column)?;
    let with = |inside: &[u8]| [&row[..field.start], inside, &row[field.end..]].concat();
    let is_right = |row: &[u8]| csv::field(row, delimiter, column).as_deref() == Some(left.as_bytes());
    let cut = with(&cut_field(&row[field.clone()], cuts));
    if is_right(&cut) {
        return Some(cut);
    }
    let quoted = with(format!("\"{}\"", left.replace('"', "\"\"")).as_bytes());
    is_right(&quoted).then_some(quoted)
}

/// Where a field stands in its row, quotes included.
fn raw_field(row: &[u8], delimiter: u8, column: usize) -> Option<Range<usize>> {
    let (mut start, mut number, mut quoted) = (0, 0, false);
    let mut at = 0;
    while at <= row.len() {
        match row.get(at).copied() {
            Some(b'"') if at == start => quoted = true,
            Some(b'"') if quoted && row.get(at + 1) == Some(&b'"') => at += 1,
            Some(b'"') if quoted => quoted = false,
            Some(_) if quoted => {}
            Some(byte) if byte != delimiter && !matches!(byte, b'\r' | b'\n') => {}
            _ if number == column => return Some(start..at),
            Some(byte) if byte == delimiter => (start, number) = (at + 1, number + 1),
            _ => return None,
        }
        at += 1;
    }
    None
}

/// A field as it is written, without what is cut of it as it is read.
fn cut_field(field: &[u8], cuts: &[Cut]) -> Vec<u8> {
    let mut to = Vec::with_capacity(field.len());
    let mut cuts = InOrder::new(cuts);
    let mut quoted = field.first() == Some(&b'"');
    let mut raw = usize::from(quoted);
    to.extend_from_slice(&field[..raw]);
    let next_quote = |raw| memchr::memchr(b'"', &field[raw..]).map_or(field.len(), |more| raw + more);
    // up to the next quote a byte of the text is one of the field
    let (mut at, mut quote) = (0, next_quote(raw));
    while raw < field.len() {
        let plain = if quoted { quote } else { field.len() } - raw;
        if plain == 0 && !field[raw..].starts_with(b"\"\"") {
            quoted = false;
            to.push(b'"');
            raw += 1;
            continue;
        }
        let (left, behind) = cuts.left(at);
        let (length, of_text) = if plain == 0 { (2, 1) } else { [plain.min(behind - at); 2].into() };
        match left {
            Left::All => to.extend_from_slice(&field[raw..raw + length]),
            Left::Space => to.push(b' '),
            Left::Nothing => {}
        }
        (at, raw) = (at + of_text, raw + length);
        if quote < raw {
            quote = next_quote(raw);
        }
    }
    to
}

/// A record of an archive with another block: the header with its length, and without digests of what it was.
pub(super) fn cut_record(record: &[u8], block: Range<usize>, left: &str) -> Vec<u8> {
    let mut to = Vec::with_capacity(record.len());
    let mut is_digest = false;
    for line in record[..block.start].split_inclusive(|&byte| byte == b'\n') {
        if is_digest && (line.starts_with(b" ") || line.starts_with(b"\t")) {
            continue; // a value goes on
        }
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = line.split_at(colon.map_or(0, |colon| colon + 1));
        let known = String::from_utf8_lossy(name.strip_suffix(b":").unwrap_or_default());
        let known = known.trim().to_ascii_lowercase();
        is_digest = DIGESTS.contains(&known.as_str());
        if is_digest {
            continue;
        }
        if known != "content-length" {
            to.extend_from_slice(line);
            continue;
        }
        let digits = value.trim_ascii();
        let start = value.len() - value.trim_ascii_start().len();
        to.extend_from_slice(name);
        to.extend_from_slice(&value[..start]);
        to.extend_from_slice(left.len().to_string().as_bytes());
        to.extend_from_slice(&value[start + digits.len()..]);
    }
    to.extend_from_slice(left.as_bytes());
    to.extend_from_slice(&record[block.end..]);
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(row: &str, column: usize, bytes: Range<usize>) -> String {
        let text = String::from_utf8(csv::field(row.as_bytes(), b',', column).unwrap()).unwrap();
        let cuts = [Cut { bytes, space: false }];
        let left = crate::write::seam::apply(&text, &cuts);
        String::from_utf8(cut_row(row.as_bytes(), (b',', column), &cuts, &left).unwrap()).unwrap()
    }

    #[test]
    fn rows_keep_their_quotes() {
        assert_eq!(cut("1,a b c,2\r\n", 1, 1..3), "1,a c,2\r\n");
        assert_eq!(cut("\"1\"\"\",\"a \"\"b\"\"\n,c\",\"2\"\n", 1, 2..5), "\"1\"\"\",\"a \n,c\",\"2\"\n");
        assert_eq!(cut("\"a b\"", 0, 0..3), "\"\"");
        // a row of nothing is no row, and a quote in front opens a field
        assert_eq!(cut("a b\n", 0, 0..3), "\"\"\n");
        assert_eq!(cut("a \"b\" c,1", 0, 0..2), "\"\"\"b\"\" c\",1");
    }

    #[test]
    fn a_header_tells_the_new_length() {
        let head = |length: &str, digest: &str| {
            format!("WARC/1.0\r\nWARC-Type: conversion\r\ncontent-length:  {length} \r\n{digest}\r\n")
        };
        let before = head("3", "WARC-Block-Digest: sha1:X\r\n");
        let record = format!("{before}abc\r\n\r\n");
        let made = cut_record(record.as_bytes(), before.len()..before.len() + 3, "");
        assert_eq!(String::from_utf8(made).unwrap(), format!("{}\r\n\r\n", head("0", "")));
        let folded = head("3", "WARC-Payload-Digest: sha1:\r\n X\r\n\tY\r\nTitle: a\r\n b\r\n");
        let record = format!("{folded}abc\r\n\r\n");
        let made = cut_record(record.as_bytes(), folded.len()..folded.len() + 3, "ab");
        let left = head("2", "Title: a\r\n b\r\n") + "ab\r\n\r\n";
        assert_eq!(String::from_utf8(made).unwrap(), left, "a value may go on in the next line");
    }

    proptest! {
        #[test]
        fn rows_are_read_as_what_is_left(
            fields in prop::collection::vec("[ab\",\n ]{0,8}", 1..4),
            column in 0usize..4,
            bounds in [0usize..8, 0usize..8],
        ) {
            let column = column % fields.len();
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let needs = |field: &String| field.contains(['"', ',', '\n']) || field.is_empty();
            let written: Vec<String> =
                fields.iter().map(|field| if needs(field) { quoted(field) } else { field.clone() }).collect();
            let row = written.join(",") + "\n";
            let from = bounds[0].min(fields[column].len());
            let cuts = [Cut { bytes: from..bounds[1].clamp(from, fields[column].len()), space: false }];
            let left = crate::write::seam::apply(&fields[column], &cuts);
            let made = cut_row(row.as_bytes(), (b',', column), &cuts, &left).unwrap();
            for (i, field) in fields.iter().enumerate() {
                let expected = if i == column { &left } else { field };
                let read = csv::field(&made, b',', i);
                prop_assert_eq!(read.as_deref(), Some(expected.as_bytes()));
            }
        }
    }
}

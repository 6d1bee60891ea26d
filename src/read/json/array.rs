//! How the records of a file of JSON stand: one a line, in an array with one a line, or wherever their brackets are. A file's
//! first lines tell it.

use std::ops::Range;

use memchr::{memchr, memrchr};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::read::magic::BYTE_ORDER_MARK;

/// What to say of an array of objects among lines.
pub(super) const ARRAY: &str = "an array of objects, expected one object a line: `jq -c '.[]'` writes it so";

/// Lines behind a bracket that tell how an array goes.
const TELLING: usize = 3;

/// How the records of a source stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// one a line
    Lines,
    /// in an array, one a line
    Items,
    /// in an array, over several lines or several in one; or one behind the other, over several lines
    Objects,
}

/// How records stand, by the first lines that are not blank; `None` where more of them must be known, unless these are all.
///
/// In an array a comma stands between two objects: where a whole object has none, and more comes, these are lines, whatever
/// stands before them.
pub(crate) fn shape(bytes: &[u8], are_all: bool) -> Option<Shape> {
    if !are_all && bytes.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(bytes) {
        return None;
    }
    let start = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start();
    match start.first() {
        None => are_all.then_some(Shape::Lines),
        Some(b'{') => of_object(start, are_all),
        Some(b'[') => of_array(start, are_all),
        Some(_) => Some(Shape::Lines),
    }
}

/// The same, where the first line begins as an object: where it is not whole there, and goes on, lines are no records.
fn of_object(start: &[u8], are_all: bool) -> Option<Shape> {
    let end = memchr(b'\n', start);
    if has_several(&start[..end.unwrap_or(start.len())], b"") {
        return Some(Shape::Objects);
    }
    let Some(end) = end else { return are_all.then_some(Shape::Lines) };
    if begun(&start[..end]) == Begun::Whole {
        return Some(Shape::Lines);
    }
    let (telling, is_enough) = first_lines(start, are_all);
    match begun(telling) {
        Begun::Whole => Some(Shape::Objects),
        Begun::Broken => Some(Shape::Lines),
        Begun::GoesOn if telling.trim_ascii().len() <= end => are_all.then_some(Shape::Lines),
        Begun::GoesOn => is_enough.then_some(Shape::Objects),
    }
}

/// The same, where the first line begins as an array.
fn of_array(start: &[u8], are_all: bool) -> Option<Shape> {
    let end = memchr(b'\n', start);
    let first = start[..end.unwrap_or(start.len())].trim_ascii();
    let rest = first[1..].trim_ascii_start();
    if !matches!(rest.first(), None | Some(b'{' | b']')) {
        return Some(Shape::Lines);
    }
    if has_several(rest, b",") {
        return Some(Shape::Objects);
    }
    if end.is_none() && !are_all {
        return None;
    }
    let behind = start[first.len()..].trim_ascii();
    if serde_json::from_slice::<IgnoredAny>(first).is_ok() {
        // among lines it is one that can't be used
        let is_alone = behind.is_empty();
        return (are_all || !is_alone).then_some(if is_alone { Shape::Objects } else { Shape::Lines });
    }
    if are_all && behind.is_empty() {
        return Some(if begun(first) == Begun::Broken { Shape::Lines } else { Shape::Objects });
    }
    let (telling, is_enough) = first_lines(start, are_all);
    let goes_on = rest.is_empty() || matches!(rest.last(), Some(b',' | b'{' | b'}'));
    if !goes_on {
        let is_array = rest.starts_with(b"{") && begun(telling) != Begun::Broken;
        return is_enough.then_some(if is_array { Shape::Objects } else { Shape::Lines });
    }
    if !is_enough {
        return None;
    }
    let lines = telling[first.len()..].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first: Vec<&[u8]> =
        std::iter::once(rest).chain(lines).filter(|line| !line.is_empty()).take(TELLING + 1).collect();
    let telling = first.len().min(TELLING);
    // what is the last of an array that breaks off nothing goes behind
    let is_line = |i: usize| is_object(first[i]) && first.get(i + 1).is_some_and(|next| !goes_behind(next));
    if (0..telling).any(is_line) {
        return Some(Shape::Lines);
    }
    let is_several = |line: &&[u8]| has_several(line.strip_prefix(b",").unwrap_or(line).trim_ascii(), b",");
    if first[..telling].iter().any(is_several) {
        return Some(Shape::Objects);
    }
    // one of them may be damaged
    let content = |line: &&&[u8]| line.get(item(line)).is_some_and(|item| item.is_empty() || is_object(item));
    let items = first[..telling].iter().filter(content).count();
    Some(if 2 * items > telling { Shape::Items } else { Shape::Objects })
}

/// The first lines that are not blank, as many as tell how records stand; and whether these are, or are all.
fn first_lines(start: &[u8], are_all: bool) -> (&[u8], bool) {
    let whole = if are_all { start } else { &start[..memrchr(b'\n', start).map_or(0, |at| at + 1)] };
    let (mut end, mut lines) = (0, 0);
    // the bracket of an array may have a line for itself
    while end < whole.len() && lines < TELLING + 2 {
        let next = memchr(b'\n', &whole[end..]).map_or(whole.len(), |at| end + at + 1);
        lines += usize::from(!whole[end..next].trim_ascii().is_empty());
        end = next;
    }
    (&whole[..end], are_all || lines == TELLING + 2)
}

/// What JSON is as far as it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// a whole value, maybe with something behind it
    Whole,
    /// the start of one
    GoesOn,
    Broken,
}

fn begun(json: &[u8]) -> Begun {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    match IgnoredAny::deserialize(&mut deserializer) {
        Ok(_) => Begun::Whole,
        Err(error) if error.is_eof() => Begun::GoesOn,
        Err(_) => Begun::Broken,
    }
}

/// Whether a second object follows on the line, behind `between`.
fn has_several(line: &[u8], between: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(line).into_iter::<IgnoredAny>();
    let is_whole = line.starts_with(b"{") && matches!(values.next(), Some(Ok(_)));
    let behind = line[values.byte_offset()..].trim_ascii_start().strip_prefix(between);
    is_whole && behind.is_some_and(|next| next.trim_ascii_start().starts_with(b"{"))
}

/// Where in an array with an object a line one goes on over the next lines, as what fits in a line is written in one and all
/// else is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OverLines {
    /// in no line that is whole
    Nowhere,
    /// at the start of this line
    From(usize),
    /// maybe there; more has to be known
    Maybe(usize),
}

/// Looks at the lines of `bytes`, which begin between two; no more than `limit` is looked at of what goes on, unless these
/// `are_all` there is.
pub(crate) fn over_lines(bytes: &[u8], limit: usize, are_all: bool) -> OverLines {
    let mut start = 0;
    while let Some(length) = memchr(b'\n', &bytes[start..]) {
        let own = item(&bytes[start..start + length]);
        let line = &bytes[start + own.start..start + own.end];
        if line.starts_with(b"{") && !line.ends_with(b"}") && begun(line) == Begun::GoesOn {
            let rest = &bytes[start + own.start..];
            match goes_over_lines(&rest[..rest.len().min(limit)], are_all || rest.len() >= limit) {
                None => return OverLines::Maybe(start),
                Some(true) => return OverLines::From(start),
                Some(false) => {}
            }
        }
        start += length + 1;
    }
    OverLines::Nowhere
}

/// Whether what begins as an object in its first line goes on over the next; else that line lacks its end, as where a whole object
/// stands in the next one. `None` where more has to be known, unless this `is_enough`.
fn goes_over_lines(bytes: &[u8], is_enough: bool) -> Option<bool> {
    let is_whole = |line: &[u8]| is_object(&line[item(line)]);
    let lines = || bytes.split_inclusive(|byte| *byte == b'\n').skip(1);
    let next = lines().find(|line| !line.trim_ascii().is_empty()).filter(|line| line.ends_with(b"\n"));
    if next.is_some_and(is_whole) {
        return Some(false);
    }
    match begun(bytes) {
        Begun::Whole => Some(true),
        Begun::Broken => Some(false),
        Begun::GoesOn => is_enough.then(|| !lines().any(is_whole)),
    }
}

/// What of a line of an array is its record: all but brackets of the array, commas and white space; nothing where it has none.
pub(crate) fn item(line: &[u8]) -> Range<usize> {
    let mut own = line.trim_ascii();
    if let Some(rest) = own.strip_prefix(b"[").map(<[u8]>::trim_ascii)
        && matches!(rest.first(), None | Some(b'{' | b']'))
    {
        own = rest;
    }
    own = own.strip_prefix(b",").unwrap_or(own).trim_ascii();
    own = own.strip_suffix(b",").unwrap_or(own).trim_ascii();
    if own.starts_with(b"{") || own == b"]" {
        own = own.strip_suffix(b"]").unwrap_or(own).trim_ascii();
    }
    let start = own.as_ptr().addr() - line.as_ptr().addr();
    start..start + own.len()
}

/// Whether a line goes on behind an object of an array.
fn goes_behind(line: &[u8]) -> bool {
    matches!(line.first(), Some(b']' | b','))
}

fn is_object(line: &[u8]) -> bool {
    line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_between_brackets_and_commas() {
        let cases = [
            ("[", ""),
            (" ] \r", ""),
            ("[]", ""),
            ("],", ""),
            ("", ""),
            (",", ""),
            ("  {\"a\":[1]} , \r", "{\"a\":[1]}"),
            ("[{\"a\":1},", "{\"a\":1}"),
            (",{\"a\":1}", "{\"a\":1}"),
            ("{\"a\":1}]", "{\"a\":1}"),
            ("{\"a\":[1]", "{\"a\":[1"),
            ("[1,2],", "[1,2]"),
            ("null", "null"),
        ];
        for (line, expected) in cases {
            assert_eq!(&line[item(line.as_bytes())], expected, "{line}");
        }
    }

    #[test]
    fn a_few_lines_tell_the_shape() {
        let of = |lines: &str| shape(lines.as_bytes(), false);
        assert_eq!(of("[\n{\"a\":1},\n{\"a\":2},\n"), None);
        assert_eq!(of("\u{feff} \n"), None);
        assert_eq!(of("[\n{\"a\":1},\n{\"a\":2},\n{\"a\":3},\n{\"a\":4}\n"), Some(Shape::Items));
        let behind = "[{\"a\":1}\n,{\"a\":2}\n,{\"a\":3}\n,{\"a\":4}\n,{\"a\":5}\n";
        assert_eq!(of(behind), Some(Shape::Items));
        let damaged = "[\n{\"a\":1,},\n{\"a\":2},\n{\"a\":3}\n]\n";
        assert_eq!(of(damaged), Some(Shape::Items), "one is damaged");
        assert_eq!(of("[\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n"), Some(Shape::Lines));
        for breaks_off in
            ["[\n{\"a\":1}", "[\n{\"a\":1}\n", "[\n{\"a\":1},\n{\"a\":2}\n", "[{\"a\":1},\n{\"a\":2}"]
        {
            assert_eq!(shape(breaks_off.as_bytes(), true), Some(Shape::Items), "{breaks_off}");
        }
        assert_eq!(of("[\n{\n\"a\": [\n{\"a\":3},\n{\"a\":4}\n"), Some(Shape::Objects));
        assert_eq!(shape(b"[\n]\n", true), Some(Shape::Items));
        assert_eq!(shape(b"[", true), Some(Shape::Objects));
        assert_eq!(shape(b"\n", true), Some(Shape::Lines));
    }

    #[test]
    fn an_object_goes_on_over_lines_where_it_is_json_so() {
        use OverLines::{From, Maybe, Nowhere};
        let of = |lines: &str| over_lines(lines.as_bytes(), 60, false);
        for nowhere in
            ["", "[", "[\n{\"a\":1},\n", "{\"a\":[\n{\"a\":1}x\n", "{\"a\":\"b\n", "{\"a\":1,\n{\"b\":1}\n"]
        {
            assert_eq!(of(nowhere), Nowhere, "{nowhere}");
        }
        assert_eq!(of("[\n{\"a\":1},\n{\n\"a\":\n2}"), From(11));
        assert_eq!(of(",{\n\"a\":2}\n"), From(0));
        assert_eq!(of("{\"a\":1}\n{\n\"a\":[\n"), Maybe(8));
        let cut = "{\"a\":1}\n{\n\"a\":[\n";
        assert_eq!(over_lines(cut.as_bytes(), 60, true), From(8));
        // a line that lacks its end, and lines as they should be
        let lines = "{\"a\":1},\n".repeat(9);
        assert_eq!(of(&format!("{{\"a\":[\n{lines}")), Nowhere);
        assert_eq!(of("{\"a\":[\n{\"a\":1},\n"), Nowhere);
        assert_eq!(of("{\"a\":[\n{\"a\":1}"), Maybe(0));
        // two of them
        let damaged = format!("{{\"a\":[\n{{\"a\":[\n{lines}");
        assert_eq!(of(&damaged), Nowhere);
        assert_eq!(of(&damaged[..14]), Maybe(0));
        assert_eq!(over_lines(&damaged.as_bytes()[..40], 60, true), Nowhere);
    }

    /// What is one line can be an array only where it is all there is.
    #[test]
    fn a_line_tells_the_shape_where_it_can() {
        let of = |lines: &str| shape(lines.as_bytes(), false);
        for several in [
            "[{\"a\":1},{\"b",
            "\u{feff}\n[ {\"a\":\"]},\"} , {",
            "[{},{}]\n{}\n",
            "{}{",
            "{\"a\":1} {\"b\":2}\n{}\n",
        ] {
            assert_eq!(of(several), Some(Shape::Objects), "{several}");
        }
        for more in [
            "\u{feff}",
            "[",
            "[ {",
            "[{\"a\":1}",
            "[{\"a\":1},",
            "[{\"a\":1}]\n",
            "[]",
            "{\"a\":1",
            "{\n",
            "{\n\"a\":1",
        ] {
            assert_eq!(of(more), None, "{more}");
        }
        for alone in
            ["[{\"a\":1}]", "[]", "[ ]\n", "[{\"a\":1}", "[{\"a\":\n1}]", "{\n\"a\":1\n}", "{\n\"a\":1,\n"]
        {
            assert_eq!(shape(alone.as_bytes(), true), Some(Shape::Objects), "{alone}");
        }
        for lines in [
            "[1,2]\n",
            "[\"a\"",
            "[{\"a\":1}]\n{",
            "[]\n{\"a\":1}\n",
            "{\"a\":1}\n",
            "{\"a\":1\n{\"a\":2}\n",
            "{\"a\":\"b}\n{\"a\":2}\n",
            "{\"a\":1,\n{\"a\":2}\n",
            "{\n{\"a\":2}\n",
            "{\"a\":1}x\n{\"a\":2}\n",
            "[{\"a\":\"b\n{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n",
        ] {
            assert_eq!(of(lines), Some(Shape::Lines), "{lines}");
        }
        assert_eq!(
            [of(""), shape(b"\xEF\xBB", false), shape(b"\xEF", true)],
            [None, None, Some(Shape::Lines)]
        );
        assert_eq!(of("[\n{\"a\":1}, {\"a\":2},\n{\"a\":3}\n]\n\n\n"), None);
        assert_eq!(shape(b"[\n{\"a\":1}, {\"a\":2},\n{\"a\":3}\n]\n", true), Some(Shape::Objects));
        for lines in ["{", "{\"a\":1", "{\"a\":1}", "{\"a\n", "1"] {
            assert_eq!(shape(lines.as_bytes(), true), Some(Shape::Lines), "{lines}");
        }
        for objects in ["{\n\"a\":1,\n\"b\":\n[\n{\n", "{\n}\n", "{\"a\":\n[1]}\n{\"a\":2}\n"] {
            assert_eq!(of(objects), Some(Shape::Objects), "{objects}");
        }
    }
}

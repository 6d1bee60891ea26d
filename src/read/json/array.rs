//! An array of objects where lines of them are expected. It is read where it has one on a line; brackets and commas then
//! stand between the records.

use std::ops::Range;

use serde::de::IgnoredAny;

/// What to say of an array of objects that can't be read.
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
    /// in an array, over several lines or several in one: with what to say of it
    Unreadable(&'static str),
}

/// How records stand, by the first lines that are not blank; `None` where more of them must be known, unless these are all.
///
/// In an array a comma stands between two objects: where a whole object has none, and more comes, these are lines, whatever
/// stands before them.
pub(crate) fn shape(lines: &[u8], are_all: bool) -> Option<Shape> {
    let lines = lines.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(lines);
    let mut lines =
        lines.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return are_all.then_some(Shape::Lines) };
    let Some(rest) = first.strip_prefix(b"[") else { return Some(Shape::Lines) };
    let rest = rest.trim_ascii_start();
    let goes_on =
        rest.is_empty() || rest.starts_with(b"{") && matches!(rest.last(), Some(b',' | b'{' | b'}'));
    if !goes_on {
        return Some(Shape::Lines);
    }
    let first = std::iter::once(rest).filter(|rest| !rest.is_empty()).chain(lines);
    let first: Vec<&[u8]> = first.take(TELLING + 1).collect();
    if first.len() <= TELLING && !are_all {
        return None;
    }
    let telling = first.len().min(TELLING);
    let is_line = |i: usize| is_object(first[i]) && first.get(i + 1).is_none_or(|next| !goes_behind(next));
    if (0..telling).any(is_line) {
        return Some(Shape::Lines);
    }
    // one of them may be damaged
    let content = |line: &&&[u8]| line.get(item(line)).is_some_and(|item| item.is_empty() || is_object(item));
    let items = first[..telling].iter().filter(content).count();
    Some(if 2 * items > telling { Shape::Items } else { Shape::Unreadable(ARRAY) })
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
        assert_eq!(of("[{\"a\":1}\n,{\"a\":2}\n,{\"a\":3}\n,{\"a\":4}\n"), Some(Shape::Items));
        assert_eq!(of("[\n{\"a\":1,},\n{\"a\":2},\n{\"a\":3}\n]\n"), Some(Shape::Items), "one is damaged");
        assert_eq!(of("[\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n"), Some(Shape::Lines));
        assert_eq!(of("[\n{\n\"a\": [\n{\"a\":3},\n{\"a\":4}\n"), Some(Shape::Unreadable(ARRAY)));
        assert_eq!(shape(b"[\n]\n", true), Some(Shape::Items));
        assert_eq!(shape(b"[", true), Some(Shape::Unreadable(ARRAY)));
        assert_eq!(shape(b"\n", true), Some(Shape::Lines));
    }
}

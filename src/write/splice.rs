//! JSON records changed by splicing bytes: all that is not meant stays as it was written, to the last space.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::write::seam::{Cut, InOrder, Left};

/// The name of the field that annotations go into.
pub const FIELD: &str = "redite";

/// The record with `value` in its field [`FIELD`]: in place of what stands there, or behind all others.
/// `None` where the line is no JSON object.
pub(crate) fn annotated(line: &str, value: &str) -> Option<String> {
    let (standing, is_empty) = values(line, FIELD)?;
    let mut to = String::with_capacity(line.len() + value.len() + FIELD.len() + 8);
    if standing.is_empty() {
        let mut end = line.trim_end().len().checked_sub(1)?;
        let behind = line[..end].trim_ascii_end();
        if line[behind.len()..end].contains('\n') {
            end = behind.len(); // the bracket has a line of its own
        }
        to.push_str(&line[..end]);
        let comma = if is_empty { "" } else { "," };
        to.push_str(&format!("{comma}\"{FIELD}\":{value}"));
        to.push_str(&line[end..]);
        return Some(to);
    }
    let mut from = 0;
    for range in standing {
        to.push_str(&line[from..range.start]);
        to.push_str(value);
        from = range.end;
    }
    to.push_str(&line[from..]);
    Some(to)
}

/// The record without what is cut of the string in the field `name`: the last of that name, as it was read.
/// Every escape that stays is the same. `None` where there is no such string.
pub(crate) fn cut_string(line: &str, name: &str, cuts: &[Cut]) -> Option<String> {
    let (standing, _) = values(line, name)?;
    let value = standing.last()?.clone();
    let string = line[value.clone()].strip_prefix('"')?.strip_suffix('"')?;
    let mut to = String::with_capacity(line.len());
    to.push_str(&line[..value.start + 1]);
    let mut cuts = InOrder::new(cuts);
    let next_escape =
        |raw| memchr::memchr(b'\\', &string.as_bytes()[raw..]).map_or(string.len(), |more| raw + more);
    // bytes of the text, and of the string that writes it; up to the next escape they are the same
    let (mut at, mut raw, mut escape) = (0, 0, next_escape(0));
    // whether the first half of a character that has no second one was the last that stayed
    let mut is_half = false;
    while raw < string.len() {
        let (left, behind) = cuts.left(at);
        let (length, of_text) = match escape - raw {
            0 => character(&string[raw..]),
            plain => [plain.min(behind - at); 2].into(),
        };
        let written = &string[raw..raw + length];
        match left {
            // it would become one with the half that stood further before
            Left::All if is_half && is_lone(written, 0xDC00..=0xDFFF) => to.push_str("\\ufffd"),
            Left::All => to.push_str(written),
            Left::Space => to.push(' '),
            Left::Nothing => {}
        }
        if left != Left::Nothing {
            is_half = left == Left::All && is_lone(written, 0xD800..=0xDBFF);
        }
        (at, raw) = (at + of_text, raw + length);
        if escape < raw {
            escape = next_escape(raw);
        }
    }
    to.push_str(&line[value.end - 1..]);
    Some(to)
}

/// The code of the escape of four digits at a byte of a JSON string.
fn unit(string: &str, at: usize) -> Option<u32> {
    let hex = string.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(hex, 16).ok()
}

/// Whether what is written is one escape, of one of these codes.
fn is_lone(written: &str, codes: RangeInclusive<u32>) -> bool {
    written.len() == 6 && unit(written, 0).is_some_and(|code| codes.contains(&code))
}

/// How many bytes the first character of a JSON string takes as it is written, and as it is read: an escape of a
/// lone surrogate is read as U+FFFD.
fn character(string: &str) -> (usize, usize) {
    let unit = |at| unit(string, at);
    match (string.as_bytes().get(..2), unit(0)) {
        (_, Some(0xD800..=0xDBFF)) if matches!(unit(6), Some(0xDC00..=0xDFFF)) => (12, 4),
        (_, Some(code)) => (6, char::from_u32(code).unwrap_or('\u{FFFD}').len_utf8()),
        (Some([b'\\', _]), None) => (2, 1),
        _ => string.chars().next().map_or((1, 1), |c| (c.len_utf8(), c.len_utf8())),
    }
}

/// Where the values of a field stand in an object, and whether the object is empty.
fn values(line: &str, name: &str) -> Option<(Vec<Range<usize>>, bool)> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let (found, is_empty) = Values { line, name }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some((found, is_empty))
}

struct Values<'a> {
    line: &'a str,
    name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Values<'de> {
    type Value = (Vec<Range<usize>>, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Values<'de> {
    type Value = (Vec<Range<usize>>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        let mut is_empty = true;
        while let Some(name) = object.next_key_seed(Named(self.name))? {
            is_empty = false;
            if name {
                let value = object.next_value::<&'de RawValue>()?.get();
                let start = value.as_ptr() as usize - self.line.as_ptr() as usize;
                found.push(start..start + value.len());
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok((found, is_empty))
    }
}

/// Whether a field has this name.
struct Named<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

/// As bytes: a name may hold an escape of a lone surrogate, which is no character.
impl Visitor<'_> for Named<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<bool, E> {
        Ok(name == self.0.as_bytes())
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_of_a_string_keeps_its_escapes() {
        let text = r#"a\u00e9\/\n\ud83d\ude00\ud800 \"b\" é"#;
        let line = format!(r#"{{"text":"no","x":[1, 2.0],"text" : "{text}","text2":"\u0041"}} "#);
        let cut = |bytes: Range<usize>, space| cut_string(&line, "text", &[Cut { bytes, space }]).unwrap();
        // a, é (2), /, a line feed, 😀 (4), U+FFFD (3), a space, a quote, b, a quote, a space, é (2)
        assert_eq!(cut(0..0, false), line);
        assert_eq!(cut(1..3, false), line.replace(r"a\u00e9", "a"));
        assert_eq!(cut(3..5, true), line.replace(r"\/\n", " "));
        assert_eq!(cut(5..9, false), line.replace(r"\ud83d\ude00", ""));
        assert_eq!(cut(15..17, false), line.replace(r#"b\" é"#, "bé"));
        assert_eq!(cut(0..19, false), line.replace(text, ""));
        assert_eq!(cut_string(r#"{"text":1}"#, "text", &[]), None);
    }

    /// Two lone surrogates are two characters that can't be read; beside each other they would be one that can.
    #[test]
    fn what_stood_apart_becomes_no_new_character() {
        let cut = |text: &str, bytes: Range<usize>, space| {
            let line = format!(r#"{{"text":"{text}"}}"#);
            let left = cut_string(&line, "text", &[Cut { bytes, space }]).unwrap();
            left[r#"{"text":""#.len()..left.len() - r#""}"#.len()].to_owned()
        };
        assert_eq!(cut(r"a\ud83d b \ude00", 4..7, false), r"a\ud83d\ufffd");
        assert_eq!(cut(r"a\ud83d b \ude00", 4..7, true), r"a\ud83d \ude00");
        assert_eq!(cut(r"\ud83d b \ude00\ud83d\ude00", 3..6, false), r"\ud83d\ufffd\ud83d\ude00");
        assert_eq!(cut(r"\ud83db\ud83d\ude00", 3..4, false), r"\ud83d\ud83d\ude00");
        assert_eq!(cut(r"\\ud83d b \ude00", 6..9, false), r"\\ud83d\ude00");
    }

    #[test]
    fn annotations_are_spliced_in_and_nothing_else_changes() {
        let with = |line: &str| annotated(line, "1").unwrap();
        assert_eq!(with("{}"), r#"{"redite":1}"#);
        assert_eq!(with("  { } \r"), "  { \"redite\":1} \r");
        assert_eq!(with(r#"{"a" : 1.50,"b":"\u00e9\/"}"#), r#"{"a" : 1.50,"b":"\u00e9\/","redite":1}"#);
        assert_eq!(with("{\n  \"a\": 1\n}"), "{\n  \"a\": 1,\"redite\":1\n}");
        assert_eq!(with("{\r\n}\n"), "{\"redite\":1\r\n}\n");
        assert_eq!(with(r#"{"redite": {"x":[1]} ,"b":2}"#), r#"{"redite": 1 ,"b":2}"#);
        assert_eq!(with(r#"{"r\u0065dite":null,"a":0,"redite":2}"#), r#"{"r\u0065dite":1,"a":0,"redite":1}"#);
        assert_eq!(with(r#"{"a":{"redite":2}}"#), r#"{"a":{"redite":2},"redite":1}"#);
        assert_eq!(with(r#"{"\ud800":"\udfff"}"#), r#"{"\ud800":"\udfff","redite":1}"#);
        for line in ["", "[]", "1", "{", r#"{"a":1} x"#] {
            assert_eq!(annotated(line, "1"), None, "{line}");
        }
    }
}

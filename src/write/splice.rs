//! JSON records changed by splicing bytes: all that is not meant stays as it was written, to the last space.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The name of the field that annotations go into.
pub const FIELD: &str = "redite";

/// The record with `value` in its field [`FIELD`]: in place of what stands there, or behind all others.
/// `None` where the line is no JSON object.
pub(crate) fn annotated(line: &str, value: &str) -> Option<String> {
    let (standing, is_empty) = values(line, FIELD)?;
    let mut to = String::with_capacity(line.len() + value.len() + FIELD.len() + 8);
    if standing.is_empty() {
        let end = line.trim_end().len().checked_sub(1)?;
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
    fn annotations_are_spliced_in_and_nothing_else_changes() {
        let with = |line: &str| annotated(line, "1").unwrap();
        assert_eq!(with("{}"), r#"{"redite":1}"#);
        assert_eq!(with("  { } \r"), "  { \"redite\":1} \r");
        assert_eq!(with(r#"{"a" : 1.50,"b":"\u00e9\/"}"#), r#"{"a" : 1.50,"b":"\u00e9\/","redite":1}"#);
        assert_eq!(with(r#"{"redite": {"x":[1]} ,"b":2}"#), r#"{"redite": 1 ,"b":2}"#);
        assert_eq!(with(r#"{"r\u0065dite":null,"a":0,"redite":2}"#), r#"{"r\u0065dite":1,"a":0,"redite":1}"#);
        assert_eq!(with(r#"{"a":{"redite":2}}"#), r#"{"a":{"redite":2},"redite":1}"#);
        assert_eq!(with(r#"{"\ud800":"\udfff"}"#), r#"{"\ud800":"\udfff","redite":1}"#);
        for line in ["", "[]", "1", "{", r#"{"a":1} x"#] {
            assert_eq!(annotated(line, "1"), None, "{line}");
        }
    }
}

//! One JSON record: its text appended to a buffer, its id as it was written, everything else passed over.

mod array;
mod direct;
mod framing;
mod split;

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::document::SkipReason;
use crate::read::magic;
use crate::read::records::{NAMED, no_such};
pub(crate) use array::{OverLines, Shape, over_lines, shape};
pub(crate) use framing::Framing;
pub(crate) use split::{Edge, Splitter};

/// The fields to look for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) text: &'a str,
    pub(crate) id: &'a str,
    /// others that a run has a use for; no two the same
    pub(crate) also: &'a [String],
}

/// What a record held besides its text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// the id as JSON: a string, a number, `true` or `false`
    pub(crate) id: Option<String>,
    /// the values of [`Fields::also`] as JSON; empty where nothing was asked for
    pub(crate) also: Vec<Option<String>>,
    /// whether escapes of lone surrogates became U+FFFD: in its text, its id, [`Fields::also`] or the name of a field
    pub(crate) has_lone_surrogates: bool,
}

/// Appends what a part of a string stands for: up to where the string ends, or the part does. `None` where no such string
/// has that part.
pub(crate) fn unescape(part: &str, text: &mut String) -> Option<()> {
    direct::unescape(part, text)
}

/// Why a record can't be used, with what was found.
pub(crate) type Refusal = (SkipReason, String);

impl Fields<'_> {
    /// Takes a line apart; appends its text to `text`. Where it fails, `text` is as it was.
    pub(crate) fn parse(&self, line: &str, text: &mut String) -> Result<Record, Refusal> {
        if let Some(record) = direct::parse(self, line, text) {
            return Ok(record);
        }
        let before = text.len();
        let result = match self.attempt(line, text) {
            Err((SkipReason::InvalidJson, _)) if has_surrogate_escape(line) => {
                text.truncate(before);
                // what serde_json refused was in the text or in a name
                let repaired = without_lone_surrogates(line);
                self.attempt(&repaired, text).map(|record| Record { has_lone_surrogates: true, ..record })
            }
            result => result,
        };
        if result.is_err() {
            text.truncate(before);
        }
        result
    }

    /// Where in a line these bytes of its text are, which are in order and where characters start; `None` where the line is
    /// not as nearly all are.
    pub(crate) fn offsets(&self, line: &str, of: &[u32]) -> Option<Vec<u32>> {
        direct::offsets(self, line, of)
    }

    fn attempt(&self, line: &str, text: &mut String) -> Result<Record, Refusal> {
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let invalid = |error: serde_json::Error| (SkipReason::InvalidJson, what_is_wrong(&error, line));
        let found = RecordSeed { fields: *self, text }.deserialize(&mut deserializer).map_err(invalid)?;
        deserializer.end().map_err(invalid)?;
        let Some(found) = found else {
            return Err((SkipReason::NotAnObject, no_object(line)));
        };
        match found.text {
            Some(TextField::String) => {}
            Some(TextField::Other(what)) => {
                return Err((SkipReason::TextNotString, format!("field `{}` holds {what}", self.text)));
            }
            None => return Err((SkipReason::MissingText, no_such_field(self.text, line))),
        }
        let mut has_lone_surrogates = false;
        let mut repaired = |value: &str| {
            let value = without_lone_surrogates(value);
            has_lone_surrogates |= matches!(value, Cow::Owned(_));
            value.into_owned()
        };
        let id = found.id.filter(|id| is_id(id)).map(&mut repaired);
        let also = found.also.into_iter().map(|value| value.map(&mut repaired)).collect();
        Ok(Record { id, also, has_lone_surrogates })
    }
}

/// What serde_json says of one record, which is not the first of its file.
fn what_is_wrong(error: &serde_json::Error, line: &str) -> String {
    if let Some(what) = magic::told(line.as_bytes()) {
        return what;
    }
    match line.trim_ascii() {
        "{" => return "an object over several lines, expected one a line: `jq -c .` writes it so".to_owned(),
        line if !line.starts_with('{') => return no_object(line),
        _ => {}
    }
    let told = error.to_string();
    let (of_lines, byte) = (error.line(), error.column());
    let what = told.strip_suffix(&format!(" at line {of_lines} column {byte}"));
    what.map_or_else(
        || told.clone(),
        |what| match of_lines {
            0 | 1 => format!("{what} at byte {byte}"),
            number => format!("{what} at byte {byte} of its line {number}"),
        },
    )
}

/// What to say of a line that does not begin as an object does.
fn no_object(line: &str) -> String {
    let is_list = line.trim_ascii_start().strip_prefix('[').is_some_and(|rest| {
        let rest = rest.trim_ascii_start();
        rest.is_empty() || rest.starts_with('{')
    });
    match is_list {
        true => array::ARRAY.to_owned(),
        false => format!("expected an object, found {}", start_of(line)),
    }
}

/// What to say of an object without the field of the text.
fn no_such_field(wanted: &str, line: &str) -> String {
    let Names { names, objects } = serde_json::from_str(line).unwrap_or_default();
    let told = no_such(["field", wanted], names.iter());
    match objects.filter(|name| name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphabetic())) {
        Some(name) => {
            format!("{told}; `{name}` holds an array of objects: `jq -c '.{name}[]'` makes lines of it")
        }
        None => told,
    }
}

/// The names of an object's fields, and the first that holds an array of objects.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    objects: Option<String>,
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Names, A::Error> {
        let mut all = Names::default();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value::<&RawValue>()?.get();
            let items = value.strip_prefix('[').map(str::trim_ascii_start);
            if all.objects.is_none() && items.is_some_and(|items| items.starts_with('{')) {
                all.objects = Some(name.clone());
            }
            // no more are told
            if all.names.len() <= NAMED {
                all.names.push(name);
            }
        }
        Ok(all)
    }
}

/// Whether a value may be an id: a string, a number, `true` or `false`.
fn is_id(value: &str) -> bool {
    matches!(value.as_bytes().first(), Some(b'"' | b'-' | b'0'..=b'9' | b't' | b'f'))
}

/// The first characters of a line, for a message.
fn start_of(line: &str) -> String {
    let line = line.trim_start();
    let start: String = line.chars().take(20).collect();
    if start.len() < line.len() { format!("`{start}…`") } else { format!("`{start}`") }
}

/// Whether the line may escape a surrogate.
fn has_surrogate_escape(line: &str) -> bool {
    memchr::memmem::find_iter(line.as_bytes(), b"\\u")
        .any(|at| matches!(line.as_bytes().get(at + 2), Some(b'd' | b'D')))
}

/// JSON with each lone surrogate escape as `\ufffd`; owned where there is one.
fn without_lone_surrogates(line: &str) -> Cow<'_, str> {
    let escape_at = |at: usize| {
        let hex = line.as_bytes().get(at..at + 6)?;
        let hex = std::str::from_utf8(hex.strip_prefix(b"\\u")?).ok()?;
        u16::from_str_radix(hex, 16).ok()
    };
    let mut repaired = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &line.as_bytes()[at..]) {
        at += found;
        match escape_at(at) {
            Some(0xD800..=0xDBFF) if matches!(escape_at(at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                repaired.push_str(&line[copied..at]);
                repaired.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            _ => at = (at + 2).min(line.len()),
        }
    }
    if copied == 0 {
        return Cow::Borrowed(line);
    }
    repaired.push_str(&line[copied..]);
    Cow::Owned(repaired)
}

/// What the text field held.
enum TextField {
    /// a string, now appended
    String,
    /// something else
    Other(&'static str),
}

/// The fields found in an object; the last of equal names counts.
struct Found<'de> {
    text: Option<TextField>,
    id: Option<&'de str>,
    also: Vec<Option<&'de str>>,
}

/// Reads any JSON value; `None` where it is no object.
struct RecordSeed<'a> {
    fields: Fields<'a>,
    text: &'a mut String,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_> {
    type Value = Option<Found<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The visits that pass over a value that is not what is looked for.
macro_rules! pass_over {
    ($value:expr) => {
        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value("a boolean"))
        }
        fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value("a number"))
        }
        fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value("a number"))
        }
        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value("a number"))
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok($value("null"))
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value("an array"))
        }
    };
}

impl<'de> Visitor<'de> for RecordSeed<'_> {
    type Value = Option<Found<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let also = self.fields.also;
        let mut found = Found { text: None, id: None, also: vec![None; also.len()] };
        let start = self.text.len();
        while let Some(name) = object.next_key_seed(NameSeed(self.fields))? {
            match name {
                Name::Text => {
                    self.text.truncate(start);
                    found.text = Some(object.next_value_seed(TextSeed(self.text))?);
                }
                Name::Id => {
                    let value = object.next_value::<&RawValue>()?.get();
                    found.id = Some(value);
                    let same = (0..also.len()).filter(|&i| also[i] == self.fields.id);
                    same.for_each(|i| found.also[i] = Some(value));
                }
                Name::Also(i) => found.also[i] = Some(object.next_value::<&RawValue>()?.get()),
                Name::Other => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(found))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    pass_over!(|_| None);
}

/// Which field a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Text,
    Id,
    Also(usize),
    Other,
}

impl Name {
    fn of(name: &str, fields: &Fields<'_>) -> Self {
        match name {
            _ if name == fields.text => Name::Text,
            _ if name == fields.id => Name::Id,
            _ => fields.also.iter().position(|also| name == also).map_or(Name::Other, Name::Also),
        }
    }
}

struct NameSeed<'a>(Fields<'a>);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
        Ok(Name::of(name, &self.0))
    }
}

/// Appends a string to the buffer.
struct TextSeed<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = TextField;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<TextField, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed<'_> {
    type Value = TextField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<TextField, E> {
        self.0.push_str(text);
        Ok(TextField::String)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<TextField, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(TextField::Other("an object"))
    }

    pass_over!(TextField::Other);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(String, Record), Refusal> {
        let mut text = String::from("before|");
        let record = Fields { text: "text", id: "id", also: &[] }.parse(line, &mut text);
        assert!(text.starts_with("before|"));
        assert!(record.is_ok() || text == "before|", "{text:?}");
        record.map(|record| (text["before|".len()..].to_owned(), record))
    }

    #[test]
    fn text_and_id_are_found_wherever_they_stand() {
        let (text, record) =
            parse(r#"{"a":[1,{"text":"no"}],"text":"l\u2019\u00e9t\u00e9\n","id":"x\"y"}"#).unwrap();
        assert_eq!((text.as_str(), record.id.as_deref()), ("l’été\n", Some(r#""x\"y""#)));
        assert_eq!(parse(r#"{"id":17,"text":""}"#).unwrap().1.id.as_deref(), Some("17"));
        assert_eq!(parse(r#"{"id":{"a":1},"text":""}"#).unwrap().1.id, None);
        assert_eq!(parse(r#"{"text":"one","text":"two"}"#).unwrap().0, "two");
        assert_eq!(parse(r#"{"t\u0065xt":"escaped name"}"#).unwrap().0, "escaped name");
    }

    proptest::proptest! {
        /// Any part of a text is what the bytes of the record between its offsets stand for.
        #[test]
        fn parts_are_where_their_offsets_are(
            pieces in proptest::collection::vec("[a-c]{0,70}|[é日😀]|\\PC|[\n\t\"\\\\/]", 0..30),
            escaped in proptest::collection::vec(proptest::prelude::any::<bool>(), 30),
        ) {
            let fields = Fields { text: "text", id: "id", also: &[] };
            let content: String = pieces.iter().zip(&escaped).map(|(piece, &escaped)| {
                let json = serde_json::Value::from(piece.as_str()).to_string();
                let units = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04X}")).collect();
                let all: String = piece.chars().map(units).collect::<Vec<String>>().concat();
                if escaped { all } else { json[1..json.len() - 1].to_owned() }
            }).collect();
            let line = format!(r#" {{"text":"no","a":{{"text":["\""]}}, "text" : "{content}","id":"\""}}"#);
            let text = pieces.concat();
            proptest::prop_assert_eq!(&parse(&line).unwrap().0, &text);
            let bytes: Vec<u32> = text.char_indices().map(|(at, _)| at as u32).collect();
            let offsets = fields.offsets(&line, &bytes).unwrap();
            let ends = bytes.iter().map(|&byte| byte as usize).chain([text.len()]).skip(1);
            let raw_ends = offsets.iter().map(|&raw| raw as usize).chain([line.len()]).skip(1);
            for (((&byte, &raw), end), raw_end) in bytes.iter().zip(&offsets).zip(ends).zip(raw_ends) {
                let mut part = String::new();
                unescape(&line[raw as usize..raw_end], &mut part).unwrap();
                proptest::prop_assert_eq!(&part, &text[byte as usize..end]);
            }
            proptest::prop_assert_eq!(unescape("a\\", &mut String::new()), None);
        }
    }

    #[test]
    fn refusals_name_their_reason() {
        let reason = |line: &str| parse(line).unwrap_err().0;
        assert_eq!(reason("{"), SkipReason::InvalidJson);
        assert_eq!(reason(r#"{"text":"a"} x"#), SkipReason::InvalidJson);
        assert_eq!(reason("[1,[2]]"), SkipReason::NotAnObject);
        assert_eq!(reason(r#""text""#), SkipReason::NotAnObject);
        let missing = |line: &str| parse(line).unwrap_err().1;
        let told = "no field `text`; there are `id`, `b\u{e9}`; `--text-field` names one";
        assert_eq!(missing(r#"{"id":1,"b\u00e9":{"text":"x"}}"#), told);
        assert_eq!(missing("{}"), "no field `text`, nor any other");
        assert_eq!(reason("-1.5"), SkipReason::NotAnObject);
        assert_eq!(reason(r#"{"id":1}"#), SkipReason::MissingText);
        for value in ["null", "1", "[]", r#"{"text":"x"}"#, "true"] {
            assert_eq!(reason(&format!(r#"{{"text":{value}}}"#)), SkipReason::TextNotString);
        }
        assert_eq!(reason(r#"{"text":"kept","text":1}"#), SkipReason::TextNotString);
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        let (text, record) = parse(r#"{"text":"a\ud800b\uDC00\ud83d\ude00\\ud800"}"#).unwrap();
        assert_eq!((text.as_str(), record.has_lone_surrogates), ("a\u{FFFD}b\u{FFFD}😀\\ud800", true));
        let (_, record) = parse(r#"{"text":"a","id":"\udfff"}"#).unwrap();
        assert_eq!((record.id.as_deref(), record.has_lone_surrogates), (Some(r#""\ufffd""#), true));
    }

    /// Whatever else is in the record: what nobody reads is not counted.
    #[test]
    fn a_record_has_lone_surrogates_where_it_is_read() {
        let also = ["site".to_owned()];
        for (line, expected) in [
            (r#"{"text":"a","id":"\ud83d\ude00","site":"\ud83d\ude00"}"#, false),
            (r#"{"text":"a","other":"\ud800"}"#, false),
            (r#"{"text":"a","other":{"\ud800":"\ud800"}}"#, false),
            (r#"{"text":"a","id":["\ud800"]}"#, false),
            (r#"{"text":"\ud800","other":"\ud800"}"#, true),
            (r#"{"text":"a","site":"\ud800z"}"#, true),
            (r#"{"text":"a","\ud800":1}"#, true),
        ] {
            let mut text = String::new();
            let record = Fields { text: "text", id: "id", also: &also }.parse(line, &mut text).unwrap();
            assert_eq!(record.has_lone_surrogates, expected, "{line}");
            let site = record.also[0].as_deref();
            assert!(site.is_none_or(|site| serde_json::from_str::<String>(site).is_ok()), "{site:?}");
        }
    }
}

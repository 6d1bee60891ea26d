//! Where the records of JSON are that stand in an array, or one behind the other, whatever their line ends: each is found by
//! its brackets and quotes alone, as the bytes come, and what is in it is for who reads it.
//!
//! What is no JSON loses what it has to: a string ends with its line, since a line end in a string is written as an escape,
//! so that a quote too many costs the record in which it stands. What stands where a record should, and is no object, is
//! one that can't be used.

use memchr::memchr3;

/// Passes over bytes; it is told them in order, in pieces of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Splitter {
    /// whether a bracket around records has been opened
    pub(crate) in_array: bool,
    within: Within,
    /// brackets that are open in the record
    depth: u64,
    in_string: bool,
    /// whether a backslash has come just before
    escaped: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// to no record
    Between,
    /// an object, or an array where an object should be
    Brackets,
    /// something else where an object should be
    Other,
}

/// Where a record starts, or what is behind its last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Starts(usize),
    Ends(usize),
}

impl Splitter {
    /// Before, or between, two records.
    pub(crate) fn new(in_array: bool) -> Self {
        Splitter { in_array, within: Within::Between, depth: 0, in_string: false, escaped: false }
    }

    /// Whether it is in a record that may end here: what has no bracket ends where the input does.
    pub(crate) fn may_end(&self) -> bool {
        self.within == Within::Other
    }

    /// The first edge in `bytes` from `from` on, from where it has not been told yet; `None` where there is none. It goes on
    /// from that edge, or from behind all.
    pub(crate) fn next(&mut self, bytes: &[u8], from: usize) -> Option<Edge> {
        match self.within {
            Within::Between => self.between(bytes, from),
            Within::Brackets | Within::Other => self.inside(bytes, from),
        }
    }

    fn between(&mut self, bytes: &[u8], from: usize) -> Option<Edge> {
        for (at, &byte) in bytes.iter().enumerate().skip(from) {
            match byte {
                b'[' if !self.in_array => self.in_array = true,
                b']' => self.in_array = false,
                // byte-order marks, too: files that have them get joined
                b' ' | b'\t' | b'\r' | b'\n' | b',' | 0xEF | 0xBB | 0xBF => {}
                _ => {
                    let has_brackets = matches!(byte, b'{' | b'[');
                    self.within = if has_brackets { Within::Brackets } else { Within::Other };
                    return Some(Edge::Starts(at));
                }
            }
        }
        None
    }

    fn inside(&mut self, bytes: &[u8], from: usize) -> Option<Edge> {
        let has_brackets = self.within == Within::Brackets;
        let mut at = from;
        while at < bytes.len() {
            if self.in_string {
                at = self.string(bytes, at);
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' if has_brackets => self.depth += 1,
                b'}' | b']' if has_brackets => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(self.ends(at + 1));
                    }
                }
                b',' | b']' | b'[' | b'{' | b'\n' if !has_brackets => return Some(self.ends(at)),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// Goes on in a string, up to behind its end, or to that of the bytes.
    fn string(&mut self, bytes: &[u8], mut at: usize) -> usize {
        if std::mem::take(&mut self.escaped) && bytes[at] != b'\n' {
            at += 1;
        }
        while let Some(found) = memchr3(b'"', b'\\', b'\n', &bytes[at..]) {
            at += found + 1;
            if bytes[at - 1] != b'\\' {
                self.in_string = false;
                return at;
            }
            match bytes.get(at) {
                None => self.escaped = true,
                Some(b'\n') => {}
                Some(_) => at += 1,
            }
        }
        bytes.len()
    }

    fn ends(&mut self, at: usize) -> Edge {
        self.within = Within::Between;
        self.depth = 0;
        Edge::Ends(at)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::read::json::{Framing, Shape};

    fn at_once(bytes: &[u8]) -> impl Iterator<Item = (Range<usize>, u64)> {
        Framing::new(Shape::Objects).records(bytes)
    }

    fn of(bytes: &str) -> Vec<(&str, u64)> {
        at_once(bytes.as_bytes()).map(|(range, line)| (&bytes[range], line)).collect()
    }

    /// What is found where the bytes come in pieces of these lengths, over and over.
    fn in_pieces(bytes: &[u8], lengths: &[usize]) -> Vec<Range<usize>> {
        let mut splitter = Splitter::new(false);
        let (mut found, mut start, mut seen) = (Vec::new(), 0, 0);
        for length in lengths.iter().cycle() {
            if seen == bytes.len() {
                break;
            }
            let end = (seen + length).min(bytes.len());
            let mut at = seen;
            while let Some(edge) = splitter.next(&bytes[..end], at) {
                match edge {
                    Edge::Starts(from) => (start, at) = (from, from),
                    Edge::Ends(to) => {
                        found.push(start..to);
                        at = to;
                    }
                }
            }
            seen = end;
        }
        if splitter.within != Within::Between {
            found.push(start..bytes.len());
        }
        found
    }

    #[test]
    fn records_are_found_by_their_brackets_and_quotes() {
        let array = "\u{feff}[ {\"a\":\"]}\\\"\\\\\"} ,{\n\"b\":[{}]}\n,\n{}] \n";
        assert_eq!(of(array), [("{\"a\":\"]}\\\"\\\\\"}", 1), ("{\n\"b\":[{}]}", 1), ("{}", 4)]);
        assert_eq!(of("{\n}\n\n{\"a\":1}{}"), [("{\n}", 1), ("{\"a\":1}", 4), ("{}", 4)]);
        assert_eq!(
            of("[1, \"a,]\" ,[{}],null\n,{}]"),
            [("1", 1), ("\"a,]\" ", 1), ("[{}]", 1), ("null", 1), ("{}", 2),]
        );
        assert_eq!(of("[]\n[{}]\n{}x}\ny"), [("{}", 2), ("{}", 3), ("x}", 3), ("y", 4)]);
        // a string ends with its line
        assert_eq!(of("[{\"a\":\"b},\n{\"c\":1}\n},{}]"), [("{\"a\":\"b},\n{\"c\":1}\n}", 1), ("{}", 3)]);
        assert_eq!(of("[{\"a\\\n}]"), [("{\"a\\\n}", 1)]);
        for nothing in ["", " ", "[", "[ ]", "[,]\n", "[\n]\n[]"] {
            assert_eq!(of(nothing), [], "{nothing:?}");
        }
        assert_eq!(of("[{\"a\":1},{\"b"), [("{\"a\":1}", 1), ("{\"b", 1)]);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[\\[\\]{}\",:\\\\a é\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            let names = "[\\[\\]{}\"\\\\a]{0,3}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Of an array each item is found as serde_json finds it, however it is written and cut.
        #[test]
        fn items_are_those_that_serde_json_finds(
            items in prop::collection::vec(value(), 0..6),
            spaces in prop::collection::vec("[ \n\r\t]{0,3}", 14),
            is_pretty in any::<bool>(),
            lengths in prop::collection::vec(1usize..9, 1..6),
        ) {
            let written = |item: &Value| match is_pretty {
                true => serde_json::to_string_pretty(item).unwrap(),
                false => item.to_string(),
            };
            let mut array = format!("{}[", spaces[0]);
            for (i, item) in items.iter().enumerate() {
                let comma = if i > 0 { "," } else { "" };
                array += &format!("{comma}{}{}{}", spaces[2 * i + 1], written(item), spaces[2 * i + 2]);
            }
            array += &format!("]{}", spaces[13]);
            let raw: Vec<&serde_json::value::RawValue> = serde_json::from_str(&array).unwrap();
            let found = in_pieces(array.as_bytes(), &lengths);
            let texts: Vec<&str> = found.iter().map(|range| array[range.clone()].trim_end()).collect();
            prop_assert_eq!(&texts, &raw.iter().map(|raw| raw.get()).collect::<Vec<_>>());
            let at_once: Vec<Range<usize>> = at_once(array.as_bytes()).map(|(range, _)| range).collect();
            prop_assert_eq!(found, at_once);
        }

        /// Whatever the bytes, and however they are cut, they are told alike.
        #[test]
        fn any_bytes_are_told_alike_however_they_are_cut(
            bytes in prop::collection::vec(prop::sample::select(b"[]{}\",:\\a \n\xEF".to_vec()), 0..60),
            lengths in prop::collection::vec(1usize..9, 1..6),
        ) {
            let at_once: Vec<Range<usize>> = at_once(&bytes).map(|(range, _)| range).collect();
            prop_assert_eq!(in_pieces(&bytes, &lengths), at_once);
        }
    }
}

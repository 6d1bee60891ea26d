//! How a match is told in one line: the JSON object in the columns that `docs/outputs.md` lists, for whoever has both sides
//! of it, be that a run or an index. Shares have six decimals wherever they are told or kept.

use std::io::Write;

use crate::document::{Kind, Match, Place, Span, Unit, escape_controls};

/// What a document is called: its id and its source as JSON, and its record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) id: &'a str,
    pub(crate) source: &'a str,
    pub(crate) record: u32,
}

/// A line being made.
pub(crate) struct Line<'a> {
    pub(crate) to: &'a mut Vec<u8>,
}

impl Line<'_> {
    /// Of both sides of a match: where they stand, and what their documents are called.
    pub(crate) fn push(&mut self, found: &Match, spans: &[Span; 2], names: [Named<'_>; 2]) {
        self.open(found);
        self.name(names[0]);
        self.place(found.copy, &spans[0]);
        self.text(r#","original":"#);
        self.name(names[1]);
        self.place(found.original, &spans[1]);
        self.text("}\n");
    }

    /// Up to the copy.
    pub(crate) fn open(&mut self, found: &Match) {
        let unit = match found.unit {
            Unit::Document => r#"{"unit":"document","kind":"#,
            Unit::Paragraph => r#"{"unit":"paragraph","kind":"#,
            Unit::Passage => r#"{"unit":"passage","kind":"#,
        };
        let kind = match found.kind {
            Kind::Exact => r#""exact","jaccard":"#,
            Kind::Near => r#""near","jaccard":"#,
            Kind::Contained => r#""contained","jaccard":"#,
        };
        self.text(unit);
        self.text(kind);
        self.share(found.jaccard);
        self.text(r#","containment":"#);
        self.share(found.containment);
        self.text(r#","tokens":"#);
        self.pair(u64::from(found.tokens[0]), u64::from(found.tokens[1]));
        self.text(r#","copy":"#);
    }

    /// A side, up to its paragraph.
    pub(crate) fn name(&mut self, name: Named<'_>) {
        self.text(r#"{"id":"#);
        self.text(name.id);
        self.text(r#","source":"#);
        self.text(name.source);
        self.text(r#","record":"#);
        self.number(u64::from(name.record));
        self.text(r#","paragraph":"#);
    }

    /// The rest of a side.
    pub(crate) fn place(&mut self, place: Place, span: &Span) {
        match place.paragraph {
            Some(paragraph) => self.number(u64::from(paragraph)),
            None => self.text("null"),
        }
        self.text(r#","bytes":"#);
        self.pair(span.bytes.start, span.bytes.end);
        self.text(r#","chars":"#);
        self.pair(span.chars.start, span.chars.end);
        self.text("}");
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.to.extend_from_slice(text.as_bytes());
    }

    fn pair(&mut self, first: u64, second: u64) {
        self.to.push(b'[');
        self.number(first);
        self.to.push(b',');
        self.number(second);
        self.to.push(b']');
    }

    /// Two digits at a time, the last ones first.
    pub(crate) fn number(&mut self, mut number: u64) {
        const MOST: usize = 20;
        let mut digits = [0; 2 * MOST];
        let mut at = MOST;
        while number >= 10 {
            let two = (number % 100) as usize * 2;
            at -= 2;
            digits[at..at + 2].copy_from_slice(&PAIRS[two..two + 2]);
            number /= 100;
        }
        if number > 0 || at == MOST {
            at -= 1;
            digits[at] = b'0' + number as u8;
        }
        // as many bytes as may be, which is known beforehand, and then no more than there are
        self.to.extend_from_slice(&digits[at..at + MOST]);
        self.to.truncate(self.to.len() - at);
    }

    fn share(&mut self, share: f64) {
        write_share(share, self.to);
    }
}

/// The digits of the numbers below a hundred.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

/// A share as all matches have it.
pub(crate) fn write_share(share: f64, to: &mut Vec<u8>) {
    if share == 1.0 {
        to.extend_from_slice(b"1.0");
    } else {
        // a vector never fails
        let _ = write!(to, "{:?}", rounded(share));
    }
}

/// To six decimals.
pub(crate) fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

/// A string as JSON.
pub(crate) fn json_string(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    escape_controls(&json).unwrap_or(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_they_are(number in any::<u64>(), digits in 0..64) {
            let number = number >> digits;
            let mut to = Vec::new();
            Line { to: &mut to }.number(number);
            prop_assert_eq!(to, number.to_string().into_bytes());
        }
    }
}

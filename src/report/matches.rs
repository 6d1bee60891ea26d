//! One JSON object a line for each match, in the columns that `docs/outputs.md` lists.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;

use crate::corpus::Places;
use crate::document::{Kind, Match, Place, Span, Unit, escape_controls};
use crate::in_turn::{Weight, in_turn};
use crate::outcome::{KeptMatch, Outcome};
use crate::pool::Pool;
use crate::resolve::NumberMap;

/// Documents and paragraphs whose matches are made into lines at once, by one thread.
const UNITS: u32 = 1024;

/// Writes all matches, sorted by the copy's place in the corpus. The lines are made in parallel, in rayon's
/// current pool, while those before are written.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(outcome: &Outcome, to: &mut (impl Write + Send)) -> io::Result<()> {
    write_those(outcome, to, |_| true)
}

/// Writes the matches for which `wanted` says so, in the same order and columns.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write_those(
    outcome: &Outcome,
    to: &mut (impl Write + Send),
    wanted: impl Fn(&Match) -> bool + Sync,
) -> io::Result<()> {
    let sources = source_names(outcome);
    let pieces = pieces(outcome);
    let free = Pool::default();
    let make = |piece: &Range<u32>| {
        let mut lines = free.take().unwrap_or_else(|| Lines::new(outcome, &sources));
        for place in piece.clone() {
            let matches = outcome.matches_of(outcome.at_place(place));
            matches.iter().filter(|found| wanted(found)).for_each(|found| lines.push(found));
        }
        Ok(lines)
    };
    let units = |place: u32| 1 + u64::from(outcome.paragraphs(outcome.at_place(place)));
    let weight = Weight { of: |piece: usize| pieces[piece].clone().map(units).sum(), most: WAITING };
    in_turn(&pieces, weight, make, |_, mut lines: Lines<'_>| {
        to.write_all(&lines.to)?;
        lines.to.clear();
        free.give(lines);
        Ok(())
    })
}

/// Documents and paragraphs whose lines may be made, or wait to be written.
const WAITING: u64 = 1 << 17;

/// The places of all documents, in pieces of about [`UNITS`].
fn pieces(outcome: &Outcome) -> Vec<Range<u32>> {
    let mut pieces = Vec::new();
    let (mut start, mut units) = (0, 0);
    for place in 0..outcome.own_documents() {
        units += 1 + outcome.paragraphs(outcome.at_place(place));
        if units >= UNITS {
            pieces.push(start..place + 1);
            (start, units) = (place + 1, 0);
        }
    }
    pieces.push(start..outcome.own_documents());
    pieces
}

/// Documents whose paragraphs' places are held at once.
const HELD: usize = 64;

/// Where both sides of a match stand. Neighbouring matches are of few documents, so the places of their
/// paragraphs are decoded once, as far as they are asked for, and held.
pub(crate) struct Spans<'a> {
    outcome: &'a Outcome,
    /// which of `held` are of which document
    numbers: NumberMap<usize>,
    /// as many as there are numbers, and some that were of other documents
    held: Vec<Held<'a>>,
}

/// What is held of a document.
struct Held<'a> {
    spans: Vec<Span>,
    /// places that have yet to be decoded
    rest: Places<'a>,
    /// how lines tell of it, once they have
    open: Vec<u8>,
}

impl<'a> Spans<'a> {
    /// Nothing held yet.
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        Spans { outcome, numbers: HashMap::default(), held: Vec::new() }
    }

    /// The stretches of copy and original.
    pub(crate) fn of(&mut self, found: &Match) -> [Span; 2] {
        match &found.stretches {
            Some(stretches) => stretches.clone(),
            None => [self.span(found.copy), self.span(found.original)],
        }
    }

    fn span(&mut self, place: Place) -> Span {
        match place.paragraph {
            None => self.outcome.span(place),
            Some(paragraph) => self.held(place.document).span(paragraph),
        }
    }

    fn held(&mut self, document: u32) -> &mut Held<'a> {
        if let Some(&number) = self.numbers.get(&document) {
            return &mut self.held[number];
        }
        if self.numbers.len() >= HELD {
            self.numbers.clear();
        }
        let number = self.numbers.len();
        self.numbers.insert(document, number);
        let rest = self.outcome.places(document);
        match self.held.get_mut(number) {
            Some(held) => {
                held.spans.clear();
                held.open.clear();
                held.rest = rest;
            }
            None => self.held.push(Held { spans: Vec::new(), rest, open: Vec::new() }),
        }
        &mut self.held[number]
    }
}

impl Held<'_> {
    fn span(&mut self, paragraph: u32) -> Span {
        let missing = (paragraph as usize + 1).saturating_sub(self.spans.len());
        self.spans.extend(self.rest.by_ref().take(missing));
        self.spans[paragraph as usize].clone()
    }
}

/// Lines being made.
pub(super) struct Lines<'a> {
    outcome: &'a Outcome,
    /// the sources' names as JSON
    sources: &'a [String],
    spans: Spans<'a>,
    pub(super) to: Vec<u8>,
}

/// The sources' names as JSON.
pub(crate) fn source_names(outcome: &Outcome) -> Vec<String> {
    outcome.sources().iter().map(|source| json_string(&source.name)).collect()
}

impl<'a> Lines<'a> {
    /// None yet; `sources` are those of [`source_names`].
    pub(super) fn new(outcome: &'a Outcome, sources: &'a [String]) -> Self {
        Lines { outcome, sources, spans: Spans::new(outcome), to: Vec::new() }
    }

    pub(super) fn push(&mut self, found: &Match) {
        self.open(found);
        Line { to: &mut self.to }.text("}\n");
    }

    /// With the columns that [`crate::report::pairs`] has besides.
    pub(super) fn push_kept(&mut self, kept: &KeptMatch) {
        self.open(&kept.found);
        let mut line = Line { to: &mut self.to };
        if let Some((copy, original)) = kept.units {
            line.text(r#","units":["#);
            line.number(u64::from(copy));
            line.text(",");
            match original {
                Some(original) => line.number(u64::from(original)),
                None => line.text("null"),
            }
            line.text("]");
        }
        if let Some(shingles) = kept.shingles {
            let [shared, copy, original] = shingles.map(u64::from);
            line.text(r#","shingles":["#);
            line.number(shared);
            line.text(",");
            line.number(copy);
            line.text(",");
            line.number(original);
            line.text("]");
        }
        line.text("}\n");
    }

    /// A line but for its end.
    fn open(&mut self, found: &Match) {
        Line { to: &mut self.to }.open(found);
        let [copy, original] = found.stretches.clone().map_or([None, None], |stretches| stretches.map(Some));
        self.side(found.copy, copy);
        Line { to: &mut self.to }.text(r#","original":"#);
        self.side(found.original, original);
    }

    fn side(&mut self, place: Place, stretch: Option<Span>) {
        let (outcome, sources) = (self.outcome, self.sources);
        let held = self.spans.held(place.document);
        if held.open.is_empty() {
            let (source, record) = outcome.record(place.document);
            let id = outcome.id(place.document).unwrap_or("null".into());
            Line { to: &mut held.open }.name(Named { id: &id, source: &sources[source as usize], record });
        }
        self.to.extend_from_slice(&held.open);
        let span = stretch.unwrap_or_else(|| match place.paragraph {
            None => outcome.span(place),
            Some(paragraph) => held.span(paragraph),
        });
        Line { to: &mut self.to }.place(place, &span);
    }
}

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
    fn open(&mut self, found: &Match) {
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
    fn name(&mut self, name: Named<'_>) {
        self.text(r#"{"id":"#);
        self.text(name.id);
        self.text(r#","source":"#);
        self.text(name.source);
        self.text(r#","record":"#);
        self.number(u64::from(name.record));
        self.text(r#","paragraph":"#);
    }

    /// The rest of a side.
    fn place(&mut self, place: Place, span: &Span) {
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

    fn text(&mut self, text: &str) {
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
    fn number(&mut self, mut number: u64) {
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

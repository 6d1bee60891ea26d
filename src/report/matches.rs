//! One JSON object a line for each match, in the columns that `docs/format.md` lists.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;

use rayon::prelude::*;

use crate::corpus::Places;
use crate::document::{Kind, Match, Place, Span, Unit};
use crate::outcome::{KeptMatch, Outcome};
use crate::resolve::NumberMap;

/// Documents and paragraphs whose matches are made into lines at once, by one thread.
const UNITS: u32 = 2048;

/// Such pieces that are made while as many are written.
const PIECES: usize = 32;

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
    let make = |(piece, to): (&Range<u32>, &mut Vec<u8>)| {
        to.clear();
        let mut lines = Lines::new(outcome, &sources);
        lines.to = std::mem::take(to);
        let matches = piece.clone().flat_map(|place| outcome.matches_of(outcome.at_place(place)));
        matches.filter(|found| wanted(found)).for_each(|found| lines.push(&found));
        *to = lines.to;
    };
    // buffers go round: one half is filled, the other written
    let mut buffers = [vec![Vec::new(); PIECES], vec![Vec::new(); PIECES]];
    let mut made = 0;
    for pieces in pieces.chunks(PIECES) {
        let [next, ready] = &mut buffers;
        let fill = || pieces.par_iter().zip(next).for_each(make);
        let (written, ()) = rayon::join(|| write_all(&ready[..made], to), fill);
        written?;
        made = pieces.len();
        buffers.swap(0, 1);
    }
    write_all(&buffers[1][..made], to)
}

fn write_all(pieces: &[Vec<u8>], to: &mut impl Write) -> io::Result<()> {
    pieces.iter().try_for_each(|piece| to.write_all(piece))
}

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
    held: NumberMap<(Vec<Span>, Places<'a>)>,
}

impl<'a> Spans<'a> {
    /// Nothing held yet.
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        Spans { outcome, held: HashMap::default() }
    }

    /// The stretches of copy and original.
    pub(crate) fn of(&mut self, found: &Match) -> [Span; 2] {
        match &found.stretches {
            Some(stretches) => stretches.clone(),
            None => [self.span(found.copy), self.span(found.original)],
        }
    }

    fn span(&mut self, place: Place) -> Span {
        let Some(paragraph) = place.paragraph else { return self.outcome.span(place) };
        if self.held.len() >= HELD && !self.held.contains_key(&place.document) {
            self.held.clear();
        }
        let outcome = self.outcome;
        let held = self.held.entry(place.document);
        let (spans, rest) = held.or_insert_with(|| (Vec::new(), outcome.places(place.document)));
        let missing = (paragraph as usize + 1).saturating_sub(spans.len());
        spans.extend(rest.take(missing));
        spans[paragraph as usize].clone()
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
        let spans = self.spans.of(found);
        let names = [found.copy, found.original].map(|place| {
            let (source, record) = self.outcome.record(place.document);
            let id = self.outcome.id(place.document).unwrap_or("null");
            Named { id, source: &self.sources[source as usize], record }
        });
        Line { to: &mut self.to }.open(found, &spans, names);
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
        self.open(found, spans, names);
        self.text("}\n");
    }

    fn open(&mut self, found: &Match, spans: &[Span; 2], names: [Named<'_>; 2]) {
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
        self.side(names[0], found.copy, &spans[0]);
        self.text(r#","original":"#);
        self.side(names[1], found.original, &spans[1]);
    }

    fn side(&mut self, name: Named<'_>, place: Place, span: &Span) {
        self.text(r#"{"id":"#);
        self.text(name.id);
        self.text(r#","source":"#);
        self.text(name.source);
        self.text(r#","record":"#);
        self.number(u64::from(name.record));
        self.text(r#","paragraph":"#);
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

    fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.to.extend_from_slice(&digits[at..]);
    }

    fn share(&mut self, share: f64) {
        write_share(share, self.to);
    }
}

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
    serde_json::Value::from(text).to_string()
}

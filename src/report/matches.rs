//! One JSON object a line for each match, in the columns that `docs/format.md` lists.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::document::{Kind, Match, Place, Span, Unit};
use crate::outcome::Outcome;
use crate::resolve::NumberMap;

/// Writes all matches, sorted by the copy's place in the corpus.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(outcome: &Outcome, to: &mut impl Write) -> io::Result<()> {
    let sources = outcome.sources().iter().map(|source| json_string(&source.name)).collect();
    let mut sides = Sides { outcome, sources, spans: HashMap::default() };
    for found in outcome.matches() {
        let Match { jaccard, containment, tokens: [copy_tokens, original_tokens], .. } = found;
        let unit = match found.unit {
            Unit::Document => "document",
            Unit::Paragraph => "paragraph",
            Unit::Passage => "passage",
        };
        let kind = match found.kind {
            Kind::Exact => "exact",
            Kind::Near => "near",
            Kind::Contained => "contained",
        };
        let (jaccard, containment) = (rounded(jaccard), rounded(containment));
        write!(
            to,
            r#"{{"unit":"{unit}","kind":"{kind}","jaccard":{jaccard:?},"containment":{containment:?},"#
        )?;
        write!(to, r#""tokens":[{copy_tokens},{original_tokens}],"copy":"#)?;
        let [copy, original] = match found.stretches {
            Some(stretches) => stretches,
            None => [sides.span(found.copy), sides.span(found.original)],
        };
        sides.write(found.copy, &copy, to)?;
        write!(to, r#","original":"#)?;
        sides.write(found.original, &original, to)?;
        to.write_all(b"}\n")?;
    }
    Ok(())
}

/// Documents whose paragraphs' places are held at once.
const HELD: usize = 64;

/// Writes the sides of matches. Neighbouring matches are of few documents, so the places of their paragraphs
/// are decoded once and held.
struct Sides<'a> {
    outcome: &'a Outcome,
    /// the sources' names as JSON
    sources: Vec<String>,
    spans: NumberMap<Vec<Span>>,
}

impl Sides<'_> {
    fn write(&self, place: Place, span: &Span, to: &mut impl Write) -> io::Result<()> {
        let (source, record) = self.outcome.record(place.document);
        let id = self.outcome.id(place.document).unwrap_or("null");
        let source = &self.sources[source as usize];
        write!(to, r#"{{"id":{id},"source":{source},"record":{record},"paragraph":"#)?;
        match place.paragraph {
            Some(paragraph) => write!(to, "{paragraph}")?,
            None => write!(to, "null")?,
        }
        let Span { bytes, chars } = span;
        write!(to, r#","bytes":[{},{}],"chars":[{},{}]}}"#, bytes.start, bytes.end, chars.start, chars.end)
    }

    fn span(&mut self, place: Place) -> Span {
        let Some(paragraph) = place.paragraph else { return self.outcome.span(place) };
        if self.spans.len() >= HELD && !self.spans.contains_key(&place.document) {
            self.spans.clear();
        }
        let spans =
            self.spans.entry(place.document).or_insert_with(|| self.outcome.spans(place.document).collect());
        spans[paragraph as usize].clone()
    }
}

/// To six decimals.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

/// A string as JSON.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

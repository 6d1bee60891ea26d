//! One JSON object a line for each match, in the columns that `docs/format.md` lists.

use std::io::{self, Write};

use crate::document::{Kind, Match, Place, Unit};
use crate::outcome::Outcome;

/// Writes all matches, sorted by the copy's place in the corpus.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(outcome: &Outcome, to: &mut impl Write) -> io::Result<()> {
    let sources: Vec<String> = outcome.sources().iter().map(|source| json_string(&source.name)).collect();
    for found in outcome.matches() {
        let Match { jaccard, containment, tokens: [copy_tokens, original_tokens], .. } = found;
        let unit = match found.unit {
            Unit::Document => "document",
            Unit::Paragraph => "paragraph",
        };
        let kind = match found.kind {
            Kind::Exact => "exact",
            Kind::Near => "near",
        };
        let (jaccard, containment) = (rounded(jaccard), rounded(containment));
        write!(
            to,
            r#"{{"unit":"{unit}","kind":"{kind}","jaccard":{jaccard:?},"containment":{containment:?},"#
        )?;
        write!(to, r#""tokens":[{copy_tokens},{original_tokens}],"copy":"#)?;
        side(outcome, &sources, found.copy, to)?;
        write!(to, r#","original":"#)?;
        side(outcome, &sources, found.original, to)?;
        to.write_all(b"}\n")?;
    }
    Ok(())
}

fn side(outcome: &Outcome, sources: &[String], place: Place, to: &mut impl Write) -> io::Result<()> {
    let (source, record) = outcome.record(place.document);
    let id = outcome.id(place.document).unwrap_or("null");
    let span = outcome.span(place);
    write!(to, r#"{{"id":{id},"source":{},"record":{record},"paragraph":"#, sources[source as usize])?;
    match place.paragraph {
        Some(paragraph) => write!(to, "{paragraph}")?,
        None => write!(to, "null")?,
    }
    let (bytes, chars) = (span.bytes, span.chars);
    write!(to, r#","bytes":[{},{}],"chars":[{},{}]}}"#, bytes.start, bytes.end, chars.start, chars.end)
}

/// To six decimals.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

/// A string as JSON.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

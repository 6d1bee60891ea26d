//! The matches of a run as lines, see [`crate::match_line`]. What a document is called is made once for neighbouring matches.

use crate::document::{Match, Place, Span};
use crate::match_line::{Line, Named, json_string};
use crate::outcome::spans::Spans;
use crate::outcome::{KeptMatch, Outcome};

/// Lines being made.
pub(crate) struct Lines<'a> {
    outcome: &'a Outcome,
    /// the sources' names as JSON
    sources: &'a [String],
    spans: Spans<'a>,
    pub(crate) to: Vec<u8>,
}

/// The sources' names as JSON.
pub(crate) fn source_names(outcome: &Outcome) -> Vec<String> {
    outcome.sources().iter().map(|source| json_string(&source.name)).collect()
}

impl<'a> Lines<'a> {
    /// None yet; `sources` are those of [`source_names`].
    pub(crate) fn new(outcome: &'a Outcome, sources: &'a [String]) -> Self {
        Lines { outcome, sources, spans: Spans::new(outcome), to: Vec::new() }
    }

    pub(crate) fn push(&mut self, found: &Match) {
        self.open(found);
        Line { to: &mut self.to }.text("}\n");
    }

    /// With the columns that [`crate::rethreshold`] reads besides.
    pub(crate) fn push_kept(&mut self, kept: &KeptMatch) {
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
        if held.name.is_empty() {
            let (source, record) = outcome.record(place.document);
            let id = outcome.id(place.document).unwrap_or("null".into());
            Line { to: &mut held.name }.name(Named { id: &id, source: &sources[source as usize], record });
        }
        self.to.extend_from_slice(&held.name);
        let span = stretch.unwrap_or_else(|| match place.paragraph {
            None => outcome.span(place),
            Some(paragraph) => held.span(paragraph),
        });
        Line { to: &mut self.to }.place(place, &span);
    }
}

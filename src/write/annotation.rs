//! What is known of one record, as the JSON value that `--annotate` adds to it: whether it is a copy, of what,
//! and which parts of it stand elsewhere.

use crate::document::{Kind, Place, Unit};
use crate::match_line::rounded;
use crate::outcome::{Fate, Lines, Outcome};

/// Makes the values, one after the other.
pub(super) struct Annotator<'a> {
    outcome: &'a Outcome,
    /// the sources' names as JSON
    sources: &'a [String],
    value: String,
}

impl<'a> Annotator<'a> {
    pub(super) fn new(outcome: &'a Outcome, sources: &'a [String]) -> Self {
        Annotator { outcome, sources, value: String::new() }
    }

    /// The value for a document: `{"fate":…,"copy_of":…,"jaccard":…,"containment":…,"parts":[…]}`. `copy_of`,
    /// `jaccard` and `containment` are null unless the document is a copy; `parts` are the matches of what is
    /// in it, in the columns of the matches.
    pub(super) fn tell(&mut self, document: u32) -> &str {
        let outcome = self.outcome;
        let place = Place { document, paragraph: None };
        let found = outcome.match_of(place);
        let fate = match (outcome.fate(place), found.as_ref().map(|found| found.kind)) {
            (Fate::Original, _) => "original",
            (Fate::Copy, Some(Kind::Exact)) => "exact_copy",
            (Fate::Copy, _) => "near_copy",
            (Fate::Contained, _) => "contained_copy",
            (Fate::Short | Fate::NotCompared, _) => "not_compared",
            (Fate::Empty | Fate::InLeaving, _) => "empty",
        };
        self.value.clear();
        self.value.push_str("{\"fate\":\"");
        self.value.push_str(fate);
        match &found {
            None => self.value.push_str("\",\"copy_of\":null,\"jaccard\":null,\"containment\":null"),
            Some(found) => {
                let (source, record) = outcome.record(found.original.document);
                let id = outcome.id(found.original.document).unwrap_or("null".into());
                let source = &self.sources[source as usize];
                let [jaccard, containment] = [found.jaccard, found.containment].map(rounded);
                self.value.push_str(&format!(
                    "\",\"copy_of\":{{\"id\":{id},\"source\":{source},\"record\":{record}}},\
                     \"jaccard\":{jaccard:?},\"containment\":{containment:?}"
                ));
            }
        }
        self.parts(document);
        &self.value
    }

    fn parts(&mut self, document: u32) {
        self.value.push_str(",\"parts\":[");
        let parts = self.outcome.matches_of(document);
        let mut parts = parts.iter().filter(|part| part.unit != Unit::Document).peekable();
        if parts.peek().is_some() {
            let mut lines = Lines::new(self.outcome, self.sources);
            parts.for_each(|part| lines.push(part));
            let lines = String::from_utf8(lines.to).unwrap_or_default();
            self.value.push_str(&lines.trim_end().replace('\n', ","));
        }
        self.value.push_str("]}");
    }
}

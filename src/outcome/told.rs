//! What became of each unit, and the matches, told as they are asked for.

use crate::corpus::{IS_EMPTY, IS_SHORT, Units};
use crate::document::{Kind, Match, Place, Span};
use crate::error::Result;
use crate::outcome::near::NearCopies;
use crate::outcome::{Fate, LocatedContained, Outcome, Spans};
use crate::params::Params;
use crate::resolve::Near;
use crate::verify::Overlap;

impl Outcome {
    /// What became of a document or paragraph.
    pub fn fate(&self, place: Place) -> Fate {
        let (units, near, unit) = self.unit(place);
        let compared = self.summary.parameters.units;
        let compared = if place.paragraph.is_none() { self.judges_documents() } else { compared.paragraphs };
        if place.paragraph.is_some() && self.corpus.leaving.contains(place.document) {
            return Fate::InLeaving;
        }
        match units.first[unit as usize] {
            IS_EMPTY => Fate::Empty,
            _ if !compared => Fate::NotCompared,
            IS_SHORT => Fate::Short,
            _ if is_copy(units, near, unit) => Fate::Copy,
            _ if self.contained(place).is_some() => Fate::Contained,
            _ => Fate::Original,
        }
    }

    /// Whether documents are compared, or judged by what they contain.
    pub(super) fn judges_documents(&self) -> bool {
        let Params { units, remove, .. } = &self.summary.parameters;
        units.documents || remove.contained
    }

    /// The match of which a document or paragraph is the copy.
    pub fn match_of(&self, place: Place) -> Option<Match> {
        match self.fate(place) {
            Fate::Copy => {
                let (units, near, unit) = self.unit(place);
                Some(self.copy(units, place, unit, near.get(unit)))
            }
            Fate::Contained => {
                self.contained(place).map(|contained| self.contained_match(contained, self.span(place)))
            }
            _ => None,
        }
    }

    /// The shingles that a document that is a near copy has in common with its original, the copy first.
    pub(crate) fn overlap(&self, document: u32) -> Option<Overlap> {
        self.near.documents.get(document).map(|near| near.overlap)
    }

    /// The passages of a document, in the order of its text.
    pub fn passages(&self, document: u32) -> impl Iterator<Item = Match> + '_ {
        self.located.passages.of(document).map(|passage| passage.as_match())
    }

    /// All matches, by the copy's place in the corpus: a document before what is in it.
    pub fn matches(&self) -> impl Iterator<Item = Match> + '_ {
        self.in_corpus_order().flat_map(|document| self.matches_of(document))
    }

    /// What stands on both sides of a match, as it was given: copy, original. Reads both texts again.
    ///
    /// # Errors
    /// Those of [`Outcome::text`].
    pub fn excerpt(&self, found: &Match) -> Result<[String; 2]> {
        let [copy, original] = Spans::new(self).of(found);
        let text = |place: Place, span: &Span| -> Result<String> {
            Ok(span.of(&self.text(place.document)?).to_owned())
        };
        Ok([text(found.copy, &copy)?, text(found.original, &original)?])
    }

    /// The matches of a document and of what is in it, by where they start; a passage before a paragraph.
    pub fn matches_of(&self, document: u32) -> Vec<Match> {
        let mut matches: Vec<Match> =
            self.match_of(Place { document, paragraph: None }).into_iter().collect();
        let mut passages = self.passages(document).peekable();
        let starts_before = |passage: &Match, span: &Span| {
            passage.stretches.as_ref().is_some_and(|[copy, _]| copy.bytes.start <= span.bytes.start)
        };
        if self.summary.parameters.units.paragraphs {
            let mut spans = (0..).zip(self.corpus.places(document));
            self.paragraph_matches(document, |number, found| {
                if passages.peek().is_some() {
                    let span = spans.find(|(of, _)| *of == number).map(|(_, span)| span).unwrap_or_default();
                    while let Some(passage) = passages.next_if(|passage| starts_before(passage, &span)) {
                        matches.push(passage);
                    }
                }
                matches.push(found);
            });
        }
        matches.extend(passages);
        matches
    }

    /// The matches of a document's paragraphs, in order, with their numbers: [`Outcome::match_of`] each.
    pub(crate) fn paragraph_matches(&self, document: u32, mut tell: impl FnMut(u32, Match)) {
        let own = self.corpus.paragraphs(document);
        if self.corpus.leaving.contains(document) || own.is_empty() {
            return;
        }
        let (units, near) = (&self.corpus.units.paragraphs, &self.near.paragraphs);
        let contained = &self.located.contained;
        let first = contained.partition_point(|(of, _)| (of.copy, of.paragraph) < (document, Some(0)));
        let mut contained = contained[first..].iter().take_while(|(of, _)| of.copy == document).peekable();
        let firsts = &units.first[own.start as usize..own.end as usize];
        let mut spans = (0..).zip(self.corpus.places(document));
        for ((number, unit), &first) in (0..).zip(own).zip(firsts) {
            if first >= IS_SHORT {
                continue;
            }
            let is_contained = contained.next_if(|(of, _)| of.paragraph == Some(number));
            let is_near = near.contains(unit);
            if is_near || first != unit {
                let place = Place { document, paragraph: Some(number) };
                let near = if is_near { near.get(unit) } else { None };
                tell(number, self.copy(units, place, unit, near));
            } else if let Some(contained) = is_contained {
                let span = spans.find(|(of, _)| *of == number).map(|(_, span)| span).unwrap_or_default();
                tell(number, self.contained_match(contained, span));
            }
        }
    }

    fn contained(&self, place: Place) -> Option<&LocatedContained> {
        let key = (place.document, place.paragraph);
        let contained = &self.located.contained;
        let found =
            contained.binary_search_by_key(&key, |(contained, _)| (contained.copy, contained.paragraph));
        found.ok().map(|i| &contained[i])
    }

    /// Of a unit that stands there.
    pub(super) fn contained_match(&self, (contained, original): &LocatedContained, own: Span) -> Match {
        let copy = Place { document: contained.copy, paragraph: contained.paragraph };
        Match {
            unit: copy.unit_kind().into(),
            kind: Kind::Contained,
            jaccard: contained.overlap.jaccard(),
            containment: contained.overlap.containment(),
            tokens: [contained.tokens, contained.original_tokens[1] - contained.original_tokens[0]],
            copy,
            original: Place {
                document: contained.original,
                paragraph: contained.paragraph.map(|_| original.paragraph),
            },
            stretches: Some([own, original.span()]),
        }
    }

    /// The match of a unit that is a copy: a near one where there is one, else an exact one.
    pub(super) fn copy(&self, units: &Units, copy: Place, unit: u32, near: Option<Near>) -> Match {
        let first = units.first[unit as usize];
        let original = near.map_or(first, |near| near.original);
        let tokens = |unit: u32| units.row(unit).map_or(0, |row| units.tokens[row]);
        let of_original = tokens(original);
        let of_copy = if first == original { of_original } else { tokens(first) };
        let kind = copy.unit_kind();
        Match {
            unit: kind.into(),
            kind: if near.is_none() { Kind::Exact } else { Kind::Near },
            jaccard: near.map_or(1.0, |near| near.overlap.jaccard()),
            containment: near.map_or(1.0, |near| near.overlap.containment()),
            tokens: [of_copy, of_original],
            copy,
            original: self.corpus.place(kind, original),
            stretches: None,
        }
    }
}

/// Whether a unit that is long enough is a copy by law 1.
pub(super) fn is_copy(units: &Units, near: &NearCopies, unit: u32) -> bool {
    let first = units.first[unit as usize];
    first < IS_SHORT && (first != unit || near.contains(unit))
}

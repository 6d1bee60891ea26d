//! Matches to repeats: what a document match or a passage already says is not said again.
//!
//! A passage, or a paragraph match, is *explained* by the match of its document if its original stands in
//! that document's original, or if the same original has been repeated there. A paragraph match is *covered*
//! where passages hold nearly all of it: then they say it better. Else it says what a passage in it does, where
//! both lead to the same paragraph. And exact paragraphs say what a passage does that is hardly more than they are, and
//! leads elsewhere: a text that stands a hundred times is one group, whatever word follows it in two of them. What is left of the paragraph matches is
//! joined to runs ([`crate::report::runs`]). What is left of a passage whose words a longer one has is told where it
//! is half a passage at least. Everything here is linear in the matches and in the sizes of the
//! documents that have some, but for one search by halving a match, and what an original that contains others holds, which
//! is looked up once in each piece of the corpus.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::document::{Kind, Match, Place, Span, Unit};
use crate::error::Result;
use crate::in_turn::{Weight, batches, in_turn};
use crate::outcome::Outcome;
use crate::report::facts::{Extent, Paragraphs, Repeat, Stretch};
use crate::report::runs;

/// Of a paragraph's characters, the share in percent that has to lie in passages for it to be covered.
const COVERED: u64 = 80;

/// Of a passage's characters, the share in percent that exact copies have where it is hardly more than they are.
const HARDLY_LESS: u64 = 90;

/// What is to tell of one document. Of what is a passage or stands as an original, only the spans of the match
/// are filled in; [`super::facts`] finds the paragraphs of those that it keeps.
#[derive(Default)]
pub(super) struct Told {
    pub(super) document: u32,
    /// its own match
    pub(super) own: Option<Repeat>,
    /// what that explains
    pub(super) explained: Vec<Repeat>,
    /// everything else, in the order of the text
    pub(super) others: Vec<Repeat>,
    /// passages that a told paragraph says
    pub(super) inside: u64,
    /// passages of which so little is left that they are not told
    pub(super) rests: u64,
    /// characters that stood before: those of [`Outcome::copied_parts`]
    pub(super) copied: u64,
    /// where its own match is of a document that contains it: what it has of that
    contained: Vec<Range<u64>>,
    /// for each of its matches, told or not, but for contained paragraphs, which have passages: the document that is
    /// repeated, from a character, up to one
    pub(super) repeated: Vec<(u32, u64, u64)>,
}

impl Told {
    /// Each repeat, the document first; with its match, what that explains.
    pub(super) fn repeats(&self) -> impl Iterator<Item = (&Repeat, &[Repeat])> {
        let own = self.own.iter().map(|own| (own, &self.explained[..]));
        own.chain(self.others.iter().map(|other| (other, &[][..])))
    }

    /// Whether the document is a copy, be it that another contains it.
    pub(super) fn is_copy(&self) -> bool {
        self.own.is_some()
    }
}

/// Documents and paragraphs that one thread looks at, one after the other; and of which what is to tell may be held, some 400
/// bytes of each: at the most, and where memory is bounded.
const UNITS: u64 = 4_096;
const WAITING: [u64; 2] = [1 << 17, 1 << 14];

/// Calls `found` for each of these documents that has matches, in order.
///
/// # Errors
/// Those of `found`.
pub(super) fn walk(
    outcome: &Outcome,
    documents: impl Iterator<Item = u32>,
    mut found: impl FnMut(&Told) -> Result<()> + Send,
) -> Result<()> {
    let documents: Vec<u32> = documents.collect();
    let units = |document: &u32| 1 + u64::from(outcome.paragraphs(*document));
    let waiting = WAITING[usize::from(outcome.spill().is_some())];
    let pieces = batches(&documents, UNITS.min(waiting / 8), units);
    let weight = Weight { of: |piece: usize| pieces[piece].iter().map(units).sum(), most: waiting };
    let make = |documents: &&[u32]| {
        let mut stored = Stored::default();
        let mut sorter = Sorter::default();
        let mut told = Vec::new();
        for &document in *documents {
            let matches = outcome.matches_of(document);
            if !matches.is_empty() {
                told.push(sorter.sort(outcome, document, matches, &mut stored));
            }
        }
        Ok(told)
    };
    in_turn(&pieces, weight, make, |_, told: Vec<Told>| told.iter().try_for_each(&mut found))
}

/// Arranges the matches of one document.
#[derive(Default)]
struct Sorter {
    told: Told,
    /// paragraph matches with their places: explained ones, others
    paragraphs: [Vec<(Match, Span)>; 2],
    /// passages that are told unless such a paragraph says them, with the first paragraph of their original
    told_passages: [Vec<(Repeat, Option<u32>)>; 2],
    /// the characters of all passages
    passages: Vec<Range<u64>>,
    /// how many of these end before the paragraph at hand
    passed: usize,
    /// up to which character copied ones are counted
    counted: u64,
}

impl Sorter {
    fn begin(&mut self, document: u32) {
        self.told = Told { document, ..Told::default() };
        self.paragraphs.iter_mut().for_each(Vec::clear);
        self.told_passages.iter_mut().for_each(Vec::clear);
        self.passages.clear();
        (self.passed, self.counted) = (0, 0);
    }

    fn sort(&mut self, outcome: &Outcome, document: u32, matches: Vec<Match>, stored: &mut Stored) -> Told {
        self.begin(document);
        let passage = outcome.summary().parameters.passage;
        let mut spans = (0..).zip(outcome.spans(document));
        let matches: Vec<(Match, Span)> =
            matches.into_iter().map(|of| of_place(of, &mut spans, outcome)).collect();
        let own = matches.first().map(|(of, _)| of.clone()).filter(|of| of.unit == Unit::Document);
        let explained = |of: &Match| own.as_ref().is_some_and(|own| stored.explains(outcome, own, of));
        let explained: Vec<bool> = matches.iter().map(|(of, _)| of).map(explained).collect();
        let outdone = outdone(&matches, &explained);
        let passages = || matches.iter().zip(&outdone).filter(|((of, _), _)| of.unit == Unit::Passage);
        self.passages
            .extend(passages().filter(|(_, outdone)| !**outdone).map(|((_, span), _)| span.chars.clone()));
        if let Some(own) = own.as_ref().filter(|own| own.kind == Kind::Contained) {
            let of_own = passages().filter(|((of, _), _)| of.original.document == own.original.document);
            self.told.contained = of_own.map(|((_, span), _)| span.chars.clone()).collect();
            // one that equals another that left has no passages of its own
            if self.told.contained.is_empty() {
                self.told.contained = vec![outcome.span(own.copy).chars];
            }
        }
        for (((of, span), is_explained), is_outdone) in matches.into_iter().zip(explained).zip(outdone) {
            match of.unit {
                Unit::Document => self.take_own(&of, span),
                Unit::Passage => {
                    self.count(&of, &span);
                    if of.tokens[0] * 2 < passage {
                        self.told.rests += 1;
                    } else if is_outdone {
                        self.told.inside += 1;
                    } else {
                        let first = of.original.paragraph;
                        self.told_passages[usize::from(!is_explained)].push((repeat(&of, span), first));
                    }
                }
                Unit::Paragraph => {
                    if of.kind != Kind::Contained {
                        self.count(&of, &span);
                    }
                    if !self.covers(&span) {
                        self.paragraphs[usize::from(!is_explained)].push((of, span));
                    }
                }
            }
        }
        self.finish(outcome)
    }

    /// The match of the document itself; where it is contained, what it has of that is known.
    fn take_own(&mut self, of: &Match, span: Span) {
        let mut own = repeat(of, span.clone());
        if of.kind == Kind::Contained {
            own.characters = self.told.contained.iter().map(|of| of.end - of.start).sum();
        }
        self.told.own = Some(own);
        let whole = [span.chars];
        let ranges = if of.kind == Kind::Contained { &self.told.contained[..] } else { &whole[..] };
        let original = of.original.document;
        self.told.repeated.extend(ranges.iter().map(|chars| (original, chars.start, chars.end)));
    }

    /// Puts passages and paragraphs that are told into lists.
    fn finish(&mut self, outcome: &Outcome) -> Told {
        // what is contained counts by its passages; one that equals another that left has none of its own
        let is_whole = |own: &&Repeat| own.kind != Kind::Contained || self.told.copied == 0;
        if let Some(characters) = self.told.own.as_ref().filter(is_whole).map(|own| own.characters) {
            self.told.copied = characters;
        }
        let lists = [&mut self.told.explained, &mut self.told.others];
        let found = self.paragraphs.iter().zip(&mut self.told_passages);
        for (list, (paragraphs, passages)) in lists.into_iter().zip(found) {
            let all = passages.len();
            passages.retain(|(passage, first)| !says(paragraphs, passage, *first));
            self.told.inside += (all - passages.len()) as u64;
            list.extend(passages.drain(..).map(|(passage, _)| passage));
            if !paragraphs.is_empty() {
                runs::join(outcome, paragraphs, list);
                list.sort_by_key(|repeat| repeat.copy.span.bytes.start);
            }
            count_once(list);
        }
        std::mem::take(&mut self.told)
    }

    /// Counts copied characters, each once, and keeps where they are.
    fn count(&mut self, of: &Match, span: &Span) {
        let chars = &span.chars;
        self.told.copied += chars.end.saturating_sub(chars.start.max(self.counted));
        self.counted = chars.end.max(self.counted);
        self.told.repeated.push((of.original.document, chars.start, chars.end));
    }

    /// Whether passages say what is to say of a paragraph.
    fn covers(&mut self, paragraph: &Span) -> bool {
        let chars = &paragraph.chars;
        let to_come = &self.passages[self.passed..];
        self.passed += to_come.iter().take_while(|passage| passage.end <= chars.start).count();
        let touching = self.passages[self.passed..].iter().take_while(|passage| passage.start < chars.end);
        let covered: u64 =
            touching.map(|passage| passage.end.min(chars.end) - passage.start.max(chars.start)).sum();
        covered * 100 >= (chars.end - chars.start) * COVERED && covered > 0
    }
}

/// A match with the place of its copy; `spans` are those of the paragraphs that come.
fn of_place(of: Match, spans: &mut impl Iterator<Item = (u32, Span)>, outcome: &Outcome) -> (Match, Span) {
    let span = match (of.unit, &of.stretches) {
        (Unit::Document, _) => outcome.span(of.copy),
        (Unit::Paragraph, _) => {
            let own = spans.find(|(number, _)| Some(*number) == of.copy.paragraph);
            own.map(|(_, span)| span).unwrap_or_default()
        }
        (Unit::Passage, stretches) => stretches.as_ref().map(|[copy, _]| copy.clone()).unwrap_or_default(),
    };
    (of, span)
}

/// Which of the matches of a document, each with the place of its copy, are passages that are hardly more than exact copies
/// of paragraphs: of one, or of some that stand one behind the other in both texts. These lead to where they stood first;
/// the passage, that is a word or two longer, to another text that has these too.
fn outdone(matches: &[(Match, Span)], explained: &[bool]) -> Vec<bool> {
    let is_exact = |of: &Match| of.unit == Unit::Paragraph && of.kind == Kind::Exact;
    let exact: Vec<&(Match, Span)> = matches.iter().filter(|(of, _)| is_exact(of)).collect();
    let mut passed = 0;
    let is_outdone = |((of, span), is_explained): (&(Match, Span), &bool)| {
        if of.unit != Unit::Passage || *is_explained {
            return false;
        }
        let chars = &span.chars;
        passed += exact[passed..].iter().take_while(|(_, span)| span.chars.end <= chars.start).count();
        let touching = exact[passed..].iter().take_while(|(_, span)| span.chars.start < chars.end);
        let touching = touching.filter(|(exact, _)| exact.original.document != of.original.document);
        let (mut run, mut last) = (0, None);
        touching.into_iter().any(|(exact, span)| {
            let place = |of: &Match| Some((of.copy.paragraph?, of.original.document, of.original.paragraph?));
            let goes_on = last.is_some_and(|(paragraph, document, original)| {
                place(exact) == Some((paragraph + 1, document, original + 1))
            });
            let inside = span.chars.end.min(chars.end) - span.chars.start.max(chars.start);
            run = if goes_on { run + inside } else { inside };
            last = place(exact);
            run * 100 >= (chars.end - chars.start) * HARDLY_LESS
        })
    };
    matches.iter().zip(explained).map(is_outdone).collect()
}

/// Whether one of these paragraph matches, which are in order, says what a passage does: that lies in the paragraph, and
/// its original begins in the paragraph's.
fn says(paragraphs: &[(Match, Span)], passage: &Repeat, first: Option<u32>) -> bool {
    let chars = &passage.copy.span.chars;
    let at = paragraphs.partition_point(|(_, span)| span.chars.end <= chars.start);
    paragraphs.get(at).is_some_and(|(of, span)| {
        let is_within = span.chars.start <= chars.start && chars.end <= span.chars.end;
        let original = (of.original.document, of.original.paragraph);
        is_within && original == (passage.original.document, first)
    })
}

/// Counts what repeats of one document have of the same other one once, where they overlap. They are in the order of the
/// text.
fn count_once(repeats: &mut [Repeat]) {
    // no more than two overlap: of paragraphs, and of passages, each character is in one
    let mut ends: Vec<(u32, u64)> = Vec::new();
    for repeat in repeats {
        let chars = &repeat.copy.span.chars;
        ends.retain(|(_, end)| *end > chars.start);
        let same = ends.iter().filter(|(document, _)| *document == repeat.original.document);
        let from = same.map(|(_, end)| *end).max().unwrap_or(0).max(chars.start);
        repeat.characters = chars.end.saturating_sub(from);
        ends.push((repeat.original.document, chars.end));
    }
}

/// What stands in documents as copies, kept from one copy of them to the next.
#[derive(Default)]
struct Stored {
    documents: BTreeMap<u32, Inside>,
    /// how many matches that is
    matches: usize,
}

/// Matches that are kept at once, at most, unless one document has more.
const KEPT: usize = 1 << 20;

/// What stands in a document as a copy.
#[derive(Default)]
struct Inside {
    /// originals of its paragraphs, ascending
    paragraphs: Vec<Place>,
    /// originals of its passages: document, first character, and behind the last of this one or of any that
    /// starts before it there; ascending
    passages: Vec<(u32, u64, u64)>,
}

impl Stored {
    /// Whether the match `own` of a document tells of the match of something in it.
    fn explains(&mut self, outcome: &Outcome, own: &Match, inner: &Match) -> bool {
        let document = own.original.document;
        if inner.original.document == document {
            return true;
        }
        if !self.documents.contains_key(&document) {
            let inside = Inside::of(outcome, document);
            let matches = inside.paragraphs.len() + inside.passages.len();
            if self.matches + matches > KEPT {
                *self = Stored::default();
            }
            self.matches += matches;
            self.documents.insert(document, inside);
        }
        self.documents.get(&document).is_some_and(|inside| inside.holds(inner))
    }
}

impl Inside {
    /// Whether the original of a match is that of one in the document.
    fn holds(&self, inner: &Match) -> bool {
        match &inner.stretches {
            None => self.paragraphs.binary_search(&inner.original).is_ok(),
            Some([_, original]) => {
                let at = inner.original.document;
                let (start, end) = (original.chars.start, original.chars.end);
                let before =
                    self.passages.partition_point(|&(document, from, _)| (document, from) < (at, end));
                let last = before.checked_sub(1).map(|last| self.passages[last]);
                last.is_some_and(|(document, _, to)| document == at && to > start)
            }
        }
    }

    fn of(outcome: &Outcome, document: u32) -> Self {
        let mut paragraphs = Vec::new();
        if outcome.summary().parameters.units.paragraphs {
            outcome.paragraph_matches(document, |_, of| paragraphs.push(of.original));
        }
        paragraphs.sort_unstable();
        let passages = outcome.passages(document).filter_map(|of| {
            let [_, original] = of.stretches?;
            Some((of.original.document, original.chars.start, original.chars.end))
        });
        let mut passages: Vec<(u32, u64, u64)> = passages.collect();
        passages.sort_unstable();
        for at in 1..passages.len() {
            let (document, _, end) = passages[at - 1];
            if passages[at].0 == document {
                passages[at].2 = passages[at].2.max(end);
            }
        }
        Inside { paragraphs, passages }
    }
}

/// A single match as a repeat.
pub(super) fn repeat(of: &Match, span: Span) -> Repeat {
    let characters = span.chars.end - span.chars.start;
    let whole = |place: Place| match place.paragraph {
        None => Extent::Document,
        Some(number) => Extent::Paragraphs(Paragraphs { first: number, last: number }),
    };
    let stretch = |place: Place, extent, span| Stretch { document: place.document, extent, span };
    let part = Extent::Passage(Paragraphs { first: 0, last: 0 }, [None; 2]);
    let copy = if of.unit == Unit::Passage { part } else { whole(of.copy) };
    let original = match &of.stretches {
        Some([_, original]) => stretch(of.original, part, original.clone()),
        None => stretch(of.original, whole(of.original), Span::default()),
    };
    Repeat {
        unit: of.unit,
        copy: stretch(of.copy, copy, span),
        original,
        kind: of.kind,
        similarity: [of.jaccard; 2],
        matches: 1,
        characters,
    }
}

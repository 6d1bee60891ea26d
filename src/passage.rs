//! Copied passages wherever they stand, in another text or in this one, whatever the paragraph breaks.
//!
//! Documents pass in corpus order. The seeds of each ([`winnow`]) are looked up in the original text so far
//! ([`places`]); each hit becomes the whole verbatim run around it, and the run is followed over small
//! differences ([`align`]). Of all candidates the longest wins, then the one that stood first; what the
//! winners leave of another is kept if it is long enough. Tokens in no passage are original text, and only
//! original text, with as much around it as a run across its border needs, is found from then on.
//!
//! Bounds, by corpus order and counted: a seed lists its first [`places::LISTED`] places; a token lies in at
//! most [`DEPTH`] candidates. So a text costs time in proportion to its tokens, whatever it repeats.

pub(crate) mod align;
pub(crate) mod places;
pub(crate) mod standing;
pub(crate) mod winnow;

use std::collections::BinaryHeap;
use std::ops::Range;

use crate::document::Span;
use crate::locate::{Part, Ruler, Stretch};
use crate::params::Params;
use crate::passage::align::{Alignment, Run, Step, extend, run_around};
use crate::passage::places::{Kept, LISTED, Places, Repeated};
use crate::passage::standing::Cuts;
use crate::passage::winnow::Winnower;
use crate::resolve::NumberMap;
use crate::shingle::Shingler;
use crate::verify::{Overlap, compare};

/// Candidates that one token of the later text may lie in.
const DEPTH: usize = 8;

/// Lengths of a passage that are kept to both sides of a listed seed, and that an alignment may go on for
/// behind the last seed that it shares.
const MARGIN: u32 = 4;

/// A stretch of a document that repeats one of an earlier document, or an earlier one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    /// the later document
    pub(crate) copy: u32,
    /// its tokens
    pub(crate) copy_tokens: [u32; 2],
    /// where they stand, if that is known already
    pub(crate) copy_stretch: Option<Stretch>,
    /// the earlier document
    pub(crate) original: u32,
    /// its tokens
    pub(crate) original_tokens: [u32; 2],
    /// where they are
    pub(crate) original_part: Part,
    /// shingles of both stretches
    pub(crate) overlap: Overlap,
    /// the same tokens on both sides
    pub(crate) is_exact: bool,
}

/// A document or paragraph whose tokens lie, nearly all, in passages from one earlier document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contained {
    /// the document
    pub(crate) copy: u32,
    /// its paragraph; `None` for the document
    pub(crate) paragraph: Option<u32>,
    /// tokens of the document or paragraph
    pub(crate) tokens: u32,
    /// the earlier document
    pub(crate) original: u32,
    /// the stretch of it that the passages repeat, in tokens
    pub(crate) original_tokens: [u32; 2],
    /// and in bytes
    pub(crate) original_bytes: [u32; 2],
    /// shingles of the unit and of what it repeats
    pub(crate) overlap: Overlap,
}

/// A document with its tokens, ready to be searched.
#[derive(Default)]
pub(crate) struct Prepared {
    pub(crate) document: u32,
    pub(crate) text: String,
    /// where its paragraphs stand
    pub(crate) places: Vec<Span>,
    pub(crate) tokens: Vec<u64>,
    /// first byte of each token, and behind its last
    pub(crate) spans: Vec<[u32; 2]>,
    /// behind the last token of each paragraph
    pub(crate) paragraph_ends: Vec<u32>,
    /// whether each paragraph is compared, and the first with its tokens
    pub(crate) is_first: Vec<bool>,
    /// its seeds that occur more than once, in order
    pub(crate) seeds: Vec<Occurrence>,
}

/// The search for passages; documents go through it in corpus order.
pub(crate) struct Finder<'a> {
    params: &'a Params,
    shingler: Shingler,
    seed: usize,
    pub(crate) places: Places,
    passages: Vec<Passage>,
    contained: Vec<Contained>,
    capped: u64,
    workspace: Workspace,
    /// documents that are one verbatim passage from end to end
    whole: NumberMap<(u32, u32)>,
    /// the tokens of verbatim runs: document, first, behind the last; only for an index
    covered: Option<Vec<(u32, Range<u32>)>>,
}

/// A seed of a document that occurs more than once in the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// the seed's number, see [`places::Repeated`]
    pub(crate) number: u32,
    /// the token at which it starts
    pub(crate) at: u32,
}

/// Buffers of the search.
#[derive(Default)]
struct Workspace {
    places: Vec<(u32, u32)>,
    open: Vec<Open>,
    runs: Vec<Run>,
    steps: Vec<Step>,
}

/// An alignment that reaches behind the present seed.
struct Open {
    original: u32,
    /// its runs in the workspace, from the one at or before the present seed
    runs: Range<usize>,
    /// behind its last token of the later text
    end: u32,
}

/// The seeds that occur more than once in this document alone, with nothing seen yet.
fn own_repeats(seeds: &[Occurrence]) -> NumberMap<Vec<u32>> {
    let mut numbers: Vec<u32> = seeds.iter().map(|seed| seed.number).collect();
    numbers.sort_unstable();
    let repeats = numbers.chunk_by(|a, b| a == b).filter(|same| same.len() > 1);
    repeats.map(|same| (same[0], Vec::new())).collect()
}

/// What the search found.
#[derive(Default)]
pub(crate) struct Found {
    /// by copy and place
    pub(crate) passages: Vec<Passage>,
    /// by copy and place; a document before its paragraphs
    pub(crate) contained: Vec<Contained>,
    /// places and candidates that were passed over
    pub(crate) capped: u64,
    /// the tokens of verbatim runs, by document and place; only for an index
    pub(crate) covered: Vec<(u32, Range<u32>)>,
    /// documents that are one verbatim passage from end to end: document, of which, from which token
    pub(crate) whole: Vec<(u32, u32, u32)>,
}

/// Which seeds of a document are found by what comes later.
pub(crate) struct OriginalText {
    pub(crate) passage: u32,
    /// tokens in a seed
    pub(crate) seed: u32,
    /// tokens in the document
    pub(crate) tokens: u32,
}

impl OriginalText {
    /// Whether the seed at a token is one: a seed deep inside of a verbatim run is found where that came from;
    /// near its ends it may be part of a run that goes on into original text, or into a difference, which
    /// stands here first. `covered` are the verbatim runs, in order.
    pub(crate) fn holds(&self, covered: &[Range<u32>], at: u32) -> bool {
        let near = self.passage - 1;
        let before = covered.partition_point(|range| range.start <= at);
        let inside = before.checked_sub(1).map(|i| &covered[i]).filter(|range| at + self.seed <= range.end);
        let Some(run) = inside else { return true };
        (run.end - at <= near && run.end < self.tokens)
            || (at + self.seed - run.start <= near && run.start > 0)
    }
}

/// A candidate: the stretch, and the earlier document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    original: u32,
    alignment: Alignment,
}

/// Longest first, then the one that stood first.
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |candidate: &Candidate| {
            let (copy, original) = (candidate.alignment.copy(), candidate.alignment.original());
            (copy.len(), std::cmp::Reverse((candidate.original, original.start, copy.start)))
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Finder<'a> {
    /// A search among documents with these repeated seeds.
    pub(crate) fn new(params: &'a Params, repeated: &Repeated) -> Self {
        Finder {
            params,
            shingler: Shingler::new(params.shingle),
            seed: Winnower::new(params.passage).seed(),
            places: Places::new(repeated),
            passages: Vec::new(),
            contained: Vec::new(),
            capped: 0,
            workspace: Workspace::default(),
            whole: NumberMap::default(),
            covered: None,
        }
    }

    /// Also tells which tokens are no original text.
    pub(crate) fn tell_covered(&mut self) {
        self.covered = Some(Vec::new());
    }

    /// A document of `tokens` tokens that equals the document `first` to the token.
    pub(crate) fn equal_document(&mut self, document: u32, first: u32, tokens: u32) {
        if tokens < self.params.passage {
            return;
        }
        let whole = self.whole.get(&first).copied();
        let (original, start) = whole.unwrap_or((first, 0));
        let original_tokens = [start, start + tokens];
        self.passages.push(Passage {
            copy: document,
            copy_tokens: [0, tokens],
            copy_stretch: None,
            original,
            original_tokens,
            original_part: if whole.is_some() { Part::Tokens(original_tokens) } else { Part::Whole },
            overlap: Overlap { shared: 1, sizes: [1, 1] },
            is_exact: true,
        });
    }

    /// Finds the passages of the next document.
    pub(crate) fn document(&mut self, prepared: &Prepared) {
        let candidates = self.candidates(prepared);
        let taken = choose(candidates, self.params);
        let mut ruler = Ruler::new(Some(&prepared.text), &prepared.places, &prepared.spans);
        let mut overlaps = Vec::with_capacity(taken.len());
        for candidate in &taken {
            let copy = candidate.alignment.copy();
            overlaps.push(self.tell(prepared, candidate, ruler.measure([copy.start, copy.end])));
        }
        self.tell_contained(prepared, (&taken, &overlaps), |_| true);
        if let [only] = &taken[..]
            && let [run] = only.alignment.runs[..]
            && run.length as usize == prepared.tokens.len()
            && only.original != prepared.document
        {
            self.whole.insert(prepared.document, (only.original, run.original));
        }
        let runs = taken.iter().flat_map(|candidate| &candidate.alignment.runs);
        let covered: Vec<Range<u32>> = runs.map(|run| run.copy..run.end()).collect();
        let text = OriginalText {
            passage: self.params.passage,
            seed: self.seed as u32,
            tokens: prepared.tokens.len() as u32,
        };
        let all = [0, text.tokens];
        self.places.add(prepared, MARGIN * self.params.passage, |found| {
            text.holds(&covered, found.at).then_some(all)
        });
        if let Some(all) = &mut self.covered {
            all.extend(covered.into_iter().map(|range| (prepared.document, range)));
        }
    }

    /// A document of an index: its repeated seeds are places that were listed when its batch came. `leaves` is
    /// what was removed of it then.
    pub(crate) fn archived(&mut self, prepared: &Prepared, leaves: Option<&Cuts>) {
        let (seed, tokens) = (self.seed as u32, prepared.tokens.len() as u32);
        self.places.add(prepared, MARGIN * self.params.passage, |found| {
            leaves.map_or(Some([0, tokens]), |leaves| leaves.around(found.at, seed, tokens))
        });
    }

    /// A document of an index that is one verbatim passage from end to end.
    pub(crate) fn archived_whole(&mut self, (document, original, token): (u32, u32, u32)) {
        self.whole.insert(document, (original, token));
    }

    /// Everything found.
    pub(crate) fn finish(self) -> Found {
        let mut whole: Vec<(u32, u32, u32)> =
            self.whole.into_iter().map(|(document, (original, token))| (document, original, token)).collect();
        whole.sort_unstable();
        Found {
            passages: self.passages,
            contained: self.contained,
            capped: self.capped + self.places.capped,
            covered: self.covered.unwrap_or_default(),
            whole,
        }
    }

    /// All stretches that may be passages: each verbatim run around a hit, followed to both sides.
    fn candidates(&mut self, prepared: &Prepared) -> Vec<Candidate> {
        let Workspace { places, open, runs, steps } = &mut self.workspace;
        open.clear();
        runs.clear();
        let tokens = &prepared.tokens[..];
        let mut own = own_repeats(&prepared.seeds);
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut whole = false;
        for (number, found) in prepared.seeds.iter().enumerate() {
            if whole {
                break; // nothing can be longer than a candidate from end to end
            }
            self.places.of(found.number, places);
            if let Some(here) = own.get_mut(&found.number) {
                places.extend(here.iter().map(|&at| (prepared.document, at)));
                if here.len() < usize::from(LISTED) {
                    here.push(found.at);
                } else {
                    self.capped += 1;
                }
            }
            open.retain_mut(|open| {
                while open.runs.len() > 1 && runs[open.runs.start + 1].copy <= found.at {
                    open.runs.start += 1;
                }
                open.end > found.at
            });
            for &(original, at) in places.iter() {
                let known = open.iter().any(|open| {
                    let run = &runs[open.runs.start];
                    let on_run = run.copy <= found.at && found.at < run.end();
                    open.original == original && on_run && at == run.original + (found.at - run.copy)
                });
                if known {
                    continue;
                }
                let is_own = original == prepared.document;
                let own_text = Kept { tokens, spans: &prepared.spans, start: 0 };
                let kept = if is_own { Some(own_text) } else { self.places.stretch(original, at) };
                let Some(Kept { tokens: stretch, start, spans: stretch_spans }) = kept else { continue };
                let hit = (found.at as usize, (at - start) as usize);
                // a verbatim run inside of one that stood first covers nothing new; what is kept further away than
                // around this seed is kept for other documents, which have no say in it
                let margin = MARGIN * self.params.passage;
                let agrees = |token: u32| {
                    if token.abs_diff(found.at) >= margin {
                        return false;
                    }
                    let there = (hit.1 + token as usize).checked_sub(hit.0).and_then(|i| stretch.get(i));
                    there.is_some() && there == tokens.get(token as usize)
                };
                let lies_in = |run: &Run| {
                    let holds_seed = run.copy <= found.at && found.at + self.seed as u32 <= run.end();
                    holds_seed && !agrees(run.end()) && !run.copy.checked_sub(1).is_some_and(agrees)
                };
                if open.iter().any(|open| open.original <= original && lies_in(&runs[open.runs.start])) {
                    continue;
                }
                if open.len() >= DEPTH {
                    self.capped += 1;
                    continue;
                }
                let reach = if is_own {
                    Kept { tokens: stretch, spans: &[], start }
                } else {
                    let bounds = self.places.reach(&prepared.seeds, number, (original, at), margin);
                    Kept { tokens: stretch, spans: stretch_spans, start }.between(bounds)
                };
                let (stretch, start) = (reach.tokens, reach.start);
                let hit = (hit.0, (at - start) as usize);
                let Some(run) = run_around(tokens, stretch, hit, self.seed) else { continue };
                let first = runs.len();
                extend([tokens, stretch], run, self.params.identity, steps, runs);
                runs[first..].iter_mut().for_each(|run| run.original += start);
                if is_own {
                    keep_behind(runs, first, found.at);
                }
                let Some(last) = runs[first..].last() else { continue };
                let end = last.end();
                if end - runs[first].copy >= self.params.passage {
                    let alignment = Alignment { runs: runs[first..].to_vec() };
                    candidates.push(Candidate { original, alignment });
                }
                whole |= runs[first].copy == 0 && end as usize == tokens.len();
                let before = runs[first..].partition_point(|run| run.copy <= found.at).saturating_sub(1);
                open.push(Open { original, runs: first + before..runs.len(), end });
            }
        }
        candidates
    }

    /// The tokens of a candidate's original side, and their bytes in its text.
    fn original_side<'b>(&'b self, prepared: &'b Prepared, candidate: &Candidate) -> (&'b [u64], [u32; 2]) {
        let range = candidate.alignment.original();
        let stretch = if candidate.original == prepared.document {
            Some(Kept { tokens: &prepared.tokens, spans: &prepared.spans, start: 0 })
        } else {
            self.places.stretch(candidate.original, range.start)
        };
        let Kept { tokens, spans, start } = stretch.unwrap_or_default();
        let range = (range.start - start) as usize..(range.end - start) as usize;
        let bytes = match spans.get(range.clone()) {
            Some([first, .., last]) => [first[0], last[1]],
            Some([only]) => *only,
            _ => [0, 0],
        };
        (tokens.get(range).unwrap_or_default(), bytes)
    }

    fn tell(&mut self, prepared: &Prepared, candidate: &Candidate, copy_stretch: Option<Stretch>) -> Overlap {
        let (copy, original) = (candidate.alignment.copy(), candidate.alignment.original());
        let (original_side, original_bytes) = self.original_side(prepared, candidate);
        let is_exact = candidate.alignment.runs.len() == 1;
        let overlap = if is_exact {
            Overlap { shared: 1, sizes: [1, 1] }
        } else {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            self.shingler.set(&prepared.tokens[copy.start as usize..copy.end as usize], &mut a);
            self.shingler.set(original_side, &mut b);
            compare(&a, &b, 0.0).unwrap_or(Overlap { shared: 0, sizes: [a.len() as u32, b.len() as u32] })
        };
        self.passages.push(Passage {
            copy: prepared.document,
            copy_tokens: [copy.start, copy.end],
            copy_stretch,
            original: candidate.original,
            original_tokens: [original.start, original.end],
            original_part: Part::Bytes(original_bytes),
            overlap,
            is_exact,
        });
        overlap
    }

    /// The document and those of its paragraphs that lie in passages from one earlier document.
    /// Those of them that are `wanted`, by the paragraph's number.
    fn tell_contained(
        &mut self,
        prepared: &Prepared,
        (taken, overlaps): (&[Candidate], &[Overlap]),
        wanted: impl Fn(Option<u32>) -> bool,
    ) {
        if taken.is_empty() {
            return;
        }
        let whole = 0..prepared.tokens.len() as u32;
        let earlier = |candidate: &Candidate| candidate.original != prepared.document;
        let others = taken.iter().zip(overlaps.iter().copied()).filter(|(candidate, _)| earlier(candidate));
        let others: Vec<(&Candidate, Overlap)> = others.collect();
        if wanted(None) {
            self.contained.extend(self.contained_unit(prepared, &others, whole, None));
        }
        if !wanted(Some(0)) {
            return;
        }
        let mut start = 0;
        let mut first = 0;
        for (number, &end) in prepared.paragraph_ends.iter().enumerate() {
            let unit = start..end;
            start = end;
            while first < taken.len() && taken[first].alignment.copy().end <= unit.start {
                first += 1;
            }
            if !prepared.is_first[number] {
                continue; // too short, or equal to an earlier one
            }
            let behind = taken[first..].iter().zip(overlaps[first..].iter().copied());
            let touching = behind.take_while(|(candidate, _)| candidate.alignment.copy().start < unit.end);
            let touching: Vec<(&Candidate, Overlap)> = touching.collect();
            self.contained.extend(self.contained_unit(prepared, &touching, unit, Some(number as u32)));
        }
    }

    fn contained_unit(
        &self,
        prepared: &Prepared,
        passages: &[(&Candidate, Overlap)],
        unit: Range<u32>,
        paragraph: Option<u32>,
    ) -> Option<Contained> {
        let inside = |candidate: &Candidate| {
            let copy = candidate.alignment.copy();
            copy.end.min(unit.end).saturating_sub(copy.start.max(unit.start))
        };
        let mut by_original: Vec<(u32, u32)> = Vec::new();
        for (candidate, _) in passages {
            match by_original.iter_mut().find(|(original, _)| *original == candidate.original) {
                Some((_, covered)) => *covered += inside(candidate),
                None => by_original.push((candidate.original, inside(candidate))),
            }
        }
        let most =
            by_original.into_iter().max_by_key(|&(original, covered)| (covered, std::cmp::Reverse(original)));
        let (original, covered) = most?;
        if f64::from(covered) < self.params.contained * unit.len() as f64 {
            return None;
        }
        let of_original = || passages.iter().filter(|(candidate, _)| candidate.original == original);
        let mut hull: Option<Range<u32>> = None;
        let mut bytes = [u32::MAX, 0];
        let mut stretches = Vec::new();
        for (candidate, _) in of_original() {
            let part = Candidate { original, alignment: candidate.alignment.cut(unit.clone()) };
            let own = part.alignment.original();
            if own.is_empty() {
                continue;
            }
            let before = hull.take().unwrap_or_else(|| own.clone());
            hull = Some(before.start.min(own.start)..before.end.max(own.end));
            let (tokens, of_part) = self.original_side(prepared, &part);
            bytes = [bytes[0].min(of_part[0]), bytes[1].max(of_part[1])];
            stretches.push(tokens);
        }
        let only = of_original().next().filter(|(candidate, _)| candidate.alignment.copy() == unit);
        let overlap = match only {
            Some((_, overlap)) => *overlap, // the unit is the passage
            None => {
                let (mut set, mut there) = (Vec::new(), Vec::new());
                for tokens in stretches {
                    self.shingler.set(tokens, &mut set);
                    there.append(&mut set);
                }
                there.sort_unstable();
                there.dedup();
                self.shingler.set(&prepared.tokens[unit.start as usize..unit.end as usize], &mut set);
                compare(&set, &there, 0.0)?
            }
        };
        let hull = hull?;
        let original_tokens = [hull.start, hull.end];
        let tokens = unit.end - unit.start;
        Some(Contained {
            copy: prepared.document,
            paragraph,
            tokens,
            original,
            original_tokens,
            original_bytes: bytes,
            overlap,
        })
    }
}

/// Of the runs from `first` on, keeps the one that holds token `at`, and its neighbours as far as what is
/// copied stands behind what it is copied from: a text that repeats one sentence agrees with itself.
fn keep_behind(runs: &mut Vec<Run>, first: usize, at: u32) {
    let is_behind = |run: &Run| run.original < run.copy;
    let seed = first + runs[first..].partition_point(|run| run.end() <= at);
    let end = seed + runs[seed..].iter().take_while(|run| is_behind(run)).count();
    runs.truncate(end);
    let start = seed - runs[first..seed.min(end)].iter().rev().take_while(|run| is_behind(run)).count();
    runs.drain(first..start.min(end));
}

/// Gives each token to at most one candidate: the longest takes all of its own, then the next what is left
/// of it. What is left must be half a passage, or be of a verbatim run that was long enough as a whole: of
/// those no token is lost. In the order of the text.
fn choose(candidates: Vec<Candidate>, params: &Params) -> Vec<Candidate> {
    if candidates.len() < 2 {
        return candidates;
    }
    let verbatim = verbatim_tokens(&candidates, params.passage);
    let is_kept = |rest: &Alignment| is_long_enough(rest, &verbatim, params.passage);
    let mut heap = BinaryHeap::from(candidates);
    let mut taken: Vec<Candidate> = Vec::new();
    while let Some(Candidate { original, alignment }) = heap.pop() {
        let range = alignment.copy();
        let first = taken.partition_point(|other| other.alignment.copy().end <= range.start);
        let overlapping = taken[first..].iter().take_while(|other| other.alignment.copy().start < range.end);
        let overlapping: Vec<Range<u32>> = overlapping.map(|other| other.alignment.copy()).collect();
        if overlapping.is_empty() {
            taken.insert(first, Candidate { original, alignment });
            continue;
        }
        let mut start = range.start;
        let ends = overlapping.iter().map(|other| other.end);
        let starts = overlapping.iter().map(|other| other.start).chain([range.end]);
        for (left, next) in starts.zip(ends.chain([range.end])) {
            if left > start {
                let rests = alignment.cut(start..left).apart(params.identity).into_iter();
                heap.extend(rests.filter(is_kept).map(|alignment| Candidate { original, alignment }));
            }
            start = next;
        }
    }
    taken
}

/// Whether what is left of a passage is one: half as long, or of a verbatim run that was long enough.
fn is_long_enough(rest: &Alignment, verbatim: &[Range<u32>], passage: u32) -> bool {
    let range = rest.copy();
    let before = verbatim.partition_point(|run| run.end <= range.start);
    range.len() * 2 >= passage as usize || verbatim.get(before).is_some_and(|run| run.start < range.end)
}

/// The tokens of all verbatim runs of at least `passage` tokens, in order, apart from each other.
fn verbatim_tokens(candidates: &[Candidate], passage: u32) -> Vec<Range<u32>> {
    let runs = candidates.iter().flat_map(|candidate| &candidate.alignment.runs);
    let mut all: Vec<Range<u32>> =
        runs.filter(|run| run.length >= passage).map(|run| run.copy..run.end()).collect();
    all.sort_unstable_by_key(|run| (run.start, run.end));
    all.dedup_by(|next, run| {
        let joined = next.start <= run.end;
        if joined {
            run.end = run.end.max(next.end);
        }
        joined
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_copy_of_where_it_stands_itself() {
        let run = |copy, original, length| Run { copy, original, length };
        let mut runs =
            vec![run(9, 9, 1), run(0, 0, 5), run(6, 6, 4), run(11, 10, 30), run(45, 40, 5), run(50, 50, 9)];
        keep_behind(&mut runs, 1, 20);
        assert_eq!(runs, [run(9, 9, 1), run(11, 10, 30), run(45, 40, 5)]);
    }
}

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
mod contained;
pub(crate) mod places;
pub(crate) mod standing;
pub(crate) mod winnow;

use std::collections::BinaryHeap;
use std::ops::Range;

use crate::document::Span;
use crate::error::{Error, Result};
use crate::locate::{Part, Ruler, Stretch};
use crate::params::Params;
use crate::passage::align::{Alignment, Run, Step, extend, run_around};
use crate::passage::contained::Comparison;
pub(crate) use crate::passage::contained::Contained;
use crate::passage::places::{Kept, LISTED, Listed, Places, Repeated, Sought, Tokens};
use crate::passage::standing::Cuts;
use crate::passage::winnow::Winnower;
use crate::resolve::NumberMap;
use crate::shingle::Shingler;
use crate::verify::Overlap;

/// Candidates that one token of the later text may lie in.
const DEPTH: usize = 8;

/// Seeds that are looked up at once.
const LOOKED_UP: usize = 4096;

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

/// A document with its tokens, ready to be searched.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Prepared<'a> {
    pub(crate) document: u32,
    pub(crate) text: &'a str,
    /// where its paragraphs stand
    pub(crate) places: &'a [Span],
    pub(crate) tokens: &'a [u64],
    /// first byte of each token, and behind its last
    pub(crate) spans: &'a [[u32; 2]],
    /// behind the last token of each paragraph
    pub(crate) paragraph_ends: &'a [u32],
    /// whether each paragraph is compared, and the first with its tokens
    pub(crate) is_first: &'a [bool],
    /// its seeds that occur more than once, in order
    pub(crate) seeds: &'a [Occurrence],
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
    /// reads tokens of a document of an index
    read: Option<Box<Read<'a>>>,
    /// the first thing that could not be read
    failed: Option<Error>,
}

/// Reads tokens of a document, or fails where it has not so many.
pub(crate) type Read<'a> = dyn Fn(u32, Sought) -> Result<Tokens> + Send + Sync + 'a;

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
    listed: Listed,
    places: Vec<(u32, u32)>,
    open: Vec<Open>,
    runs: Vec<Run>,
    steps: Vec<Step>,
    /// by original and diagonal, for this seed and for the one before
    passed: [Vec<Passed>; 2],
    /// the places in this document of seeds that it has more than once
    own: NumberMap<Vec<u32>>,
    comparison: Comparison,
}

/// An alignment that reaches behind the present seed.
struct Open {
    original: u32,
    /// its runs in the workspace, from the one at or before the present seed
    runs: Range<usize>,
    /// behind its last token of the later text
    end: u32,
}

/// A place that was passed over. Those of the seeds to come on the same diagonal are too, for a while.
#[derive(Clone, Copy)]
struct Passed {
    original: u32,
    /// tokens from a place in the later text to the one in the earlier
    diagonal: u32,
    /// the last token at which a seed may start for this to be sure
    until: u32,
    /// that holds while the alignments are these, if there were too many of them already; `None` where the
    /// verbatim run there covers nothing new, since it lies inside of one that stood first
    too_many: Option<u32>,
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
            read: None,
            failed: None,
        }
    }

    /// Also tells which tokens are no original text.
    pub(crate) fn tell_covered(&mut self) {
        self.covered = Some(Vec::new());
    }

    /// How the texts of an index are read.
    pub(crate) fn reads_with(&mut self, read: Box<Read<'a>>) {
        self.read = Some(read);
    }

    /// What could not be read, if anything.
    pub(crate) fn take_failure(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
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
        let mut ruler = Ruler::new(Some(prepared.text), prepared.places, prepared.spans);
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

    /// A document of an index, of so many tokens: its repeated seeds are places that were listed when its batch
    /// came. `leaves` is what was removed of it then. Its text is read when a run in it is looked at.
    pub(crate) fn archived(
        &mut self,
        (document, tokens): (u32, u32),
        seeds: &[Occurrence],
        leaves: Option<&Cuts>,
    ) {
        let seed = self.seed as u32;
        self.places.add_unread((document, seeds), MARGIN * self.params.passage, |found| {
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
        let Workspace { listed, places, open, runs, steps, passed: [passed, before], own, .. } =
            &mut self.workspace;
        open.clear();
        runs.clear();
        passed.clear();
        own.clear();
        let tokens = prepared.tokens;
        let seed = self.seed as u32;
        // what is kept further away than around a seed is kept for other documents, which have no say in it
        let margin = MARGIN * self.params.passage;
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut whole = false;
        // changes with what is open
        let mut alignments = 0;
        for (number, found) in prepared.seeds.iter().enumerate() {
            if whole {
                break; // nothing can be longer than a candidate from end to end
            }
            if number % LOOKED_UP == 0 {
                let end = (number + LOOKED_UP).min(prepared.seeds.len());
                self.places.of(prepared.seeds, number..end, listed);
            }
            places.clear();
            places.extend_from_slice(listed.of(number).unwrap_or_default());
            if let Some(first) = self.places.meet(found.number, (prepared.document, found.at)) {
                let here = own.entry(found.number).or_insert_with(|| vec![first]);
                places.extend(here.iter().map(|&at| (prepared.document, at)));
                if here.len() < usize::from(LISTED) {
                    here.push(found.at);
                } else {
                    self.capped += 1;
                }
            }
            let is_past = |open: &Open| {
                open.end <= found.at || (open.runs.len() > 1 && runs[open.runs.start + 1].copy <= found.at)
            };
            if open.iter().any(is_past) {
                alignments += 1;
                open.retain_mut(|open| {
                    while open.runs.len() > 1 && runs[open.runs.start + 1].copy <= found.at {
                        open.runs.start += 1;
                    }
                    open.end > found.at
                });
            }
            // deep inside of a verbatim run no other run there can be longer: what is further away has no say
            let deep = open.iter().filter(|open| {
                let run = &runs[open.runs.start];
                let is_far = |edge: Option<u32>| edge.is_none_or(|token| token.abs_diff(found.at) >= margin);
                let behind = Some(run.end()).filter(|end| (*end as usize) < tokens.len());
                run.holds(found.at, seed) && is_far(run.copy.checked_sub(1)) && is_far(behind)
            });
            if let Some(first) = deep.map(|open| open.original).min() {
                places.truncate(places.partition_point(|place| place.0 < first));
            }
            std::mem::swap(passed, before);
            passed.clear();
            let mut before = before.iter().filter(|of| found.at <= of.until).peekable();
            for &(original, at) in places.iter() {
                let diagonal = at.wrapping_sub(found.at);
                let key = |of: &Passed| (of.original, of.diagonal.wrapping_add(found.at));
                while let Some(other) = before.next_if(|of| key(of) < (original, at)) {
                    keep_passed(passed, *other);
                }
                let same = before.next_if(|of| key(of) == (original, at));
                if let Some(same) = same.filter(|of| of.too_many.is_none_or(|those| those == alignments)) {
                    self.capped += u64::from(same.too_many.is_some());
                    passed.push(*same);
                    continue;
                }
                let known = open.iter().any(|open| {
                    let run = &runs[open.runs.start];
                    open.original == original && run.holds(found.at, 1) && run.diagonal() == diagonal
                });
                if known {
                    continue;
                }
                let is_own = original == prepared.document;
                let own_text = Kept { tokens, spans: prepared.spans, start: 0 };
                if !is_own && open.len() >= DEPTH && self.places.is_unread(original, at) {
                    self.capped += 1; // whatever stands there
                    continue;
                }
                if let Some(read) = self.read.as_ref().filter(|_| !is_own)
                    && let Err(error) = self.places.read(original, at, |sought| read(original, sought))
                {
                    self.failed.get_or_insert(error);
                    continue;
                }
                let kept = if is_own { Some(own_text) } else { self.places.stretch(original, at) };
                let Some(kept) = kept else { continue };
                // how the tokens there compare with this one, if they are at hand
                let compare = |token: u32| {
                    let there = token.wrapping_add(diagonal).wrapping_sub(kept.start);
                    let there =
                        kept.tokens.get(there as usize).filter(|_| token.abs_diff(found.at) < margin)?;
                    Some(Some(there) == tokens.get(token as usize))
                };
                let agrees = |token: u32| compare(token) == Some(true);
                // whether the run there lies in this one, and the last seed for which that is sure
                let lies_in = |run: &Run| {
                    if !run.holds(found.at, seed) {
                        // until another run of the alignment begins
                        return (false, if run.copy <= found.at { u32::MAX } else { 0 });
                    }
                    let behind = compare(run.end());
                    if behind == Some(true) {
                        return (false, u32::MAX);
                    }
                    match run.copy.checked_sub(1).filter(|before| agrees(*before)) {
                        Some(before) => (false, before + margin - 1),
                        // the token behind has no say as long as it is far away; it may have one after that
                        None if behind.is_none() => (true, run.end().saturating_sub(margin)),
                        None => (true, run.end() - seed),
                    }
                };
                let mut until = u32::MAX;
                let mut earlier = open.iter().filter(|open| open.original <= original).map(|open| {
                    let (lies_in, sure) = lies_in(&runs[open.runs.start]);
                    until = if lies_in { sure } else { until.min(sure) };
                    lies_in
                });
                let lies_in = earlier.any(|lies_in| lies_in);
                let too_many = !lies_in && open.len() >= DEPTH;
                if lies_in || too_many {
                    self.capped += u64::from(too_many);
                    if found.at <= until {
                        let too_many = too_many.then_some(alignments);
                        passed.push(Passed { original, diagonal, until, too_many });
                    }
                    continue;
                }
                let first = runs.len();
                let hit = |kept: &Kept| (found.at as usize, (at - kept.start) as usize);
                let follow = |kept: &Kept, runs: &mut Vec<Run>, steps: &mut Vec<Step>| {
                    let run = run_around(tokens, kept.tokens, hit(kept), self.seed)?;
                    Some(extend([tokens, kept.tokens], run, self.params.identity, steps, runs))
                };
                // most end before it matters how far they may go
                let mut near = kept;
                if !is_own {
                    near = kept.between([at.saturating_sub(margin), at + margin]);
                }
                let Some(is_open) = follow(&near, runs, steps) else { continue };
                if is_open && !is_own {
                    let reach = self.places.reach((prepared.seeds, listed), number, (original, at), margin);
                    let reach = kept.between(reach);
                    if reach.tokens.len() > near.tokens.len() {
                        near = reach;
                        runs.truncate(first);
                        follow(&near, runs, steps);
                    }
                }
                runs[first..].iter_mut().for_each(|run| run.original += near.start);
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
                let from = runs[first..].partition_point(|run| run.copy <= found.at).saturating_sub(1);
                open.push(Open { original, runs: first + from..runs.len(), end });
                alignments += 1;
            }
            before.for_each(|of| keep_passed(passed, *of));
        }
        candidates
    }

    /// The tokens of a candidate's original side, and their bytes in its text.
    fn original_side<'b>(
        places: &'b Places,
        prepared: &Prepared<'b>,
        candidate: &Candidate,
    ) -> (&'b [u64], [u32; 2]) {
        let range = candidate.alignment.original();
        let stretch = if candidate.original == prepared.document {
            Some(Kept { tokens: prepared.tokens, spans: prepared.spans, start: 0 })
        } else {
            places.stretch(candidate.original, range.start)
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
        let (original_side, original_bytes) = Self::original_side(&self.places, prepared, candidate);
        let is_exact = candidate.alignment.runs.len() == 1;
        let overlap = if is_exact {
            Overlap { shared: 1, sizes: [1, 1] }
        } else {
            let sides = [&prepared.tokens[copy.start as usize..copy.end as usize], original_side];
            self.workspace.comparison.compare(&self.shingler, sides, &candidate.alignment.runs)
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
}

/// Remembers it for the next seed, if it is one of a few.
fn keep_passed(passed: &mut Vec<Passed>, of: Passed) {
    if passed.len() < 2 * usize::from(LISTED) {
        passed.push(of);
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

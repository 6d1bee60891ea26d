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
pub(crate) mod winnow;

use std::collections::BinaryHeap;
use std::ops::Range;

use crate::params::Params;
use crate::passage::align::{Alignment, Run, extend, run_around};
use crate::passage::places::{LISTED, Places};
use crate::passage::winnow::{Seed, Winnower};
use crate::resolve::NumberMap;
use crate::shingle::Shingler;
use crate::verify::{Overlap, compare};

/// Candidates that one token of the later text may lie in.
const DEPTH: usize = 128;

/// A stretch of a document that repeats one of an earlier document, or an earlier one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    /// the later document
    pub(crate) copy: u32,
    /// its tokens
    pub(crate) copy_tokens: [u32; 2],
    /// the earlier document
    pub(crate) original: u32,
    /// its tokens
    pub(crate) original_tokens: [u32; 2],
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
    /// the stretch of it that the passages repeat
    pub(crate) original_tokens: [u32; 2],
    /// shingles of the unit and of what it repeats
    pub(crate) overlap: Overlap,
}

/// A document with its tokens, ready to be searched.
pub(crate) struct Prepared {
    pub(crate) document: u32,
    pub(crate) tokens: Vec<u64>,
    /// behind the last token of each paragraph
    pub(crate) paragraph_ends: Vec<u32>,
    /// its seeds that occur more than once
    pub(crate) seeds: Vec<Seed>,
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
    /// documents that are one verbatim passage from end to end
    whole: NumberMap<(u32, u32)>,
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
    /// A search among documents whose seeds, all of them, are `seeds`.
    pub(crate) fn new(params: &'a Params, seeds: &[u64]) -> Self {
        Finder {
            params,
            shingler: Shingler::new(params.shingle),
            seed: Winnower::new(params.passage).seed(),
            places: Places::new(seeds),
            passages: Vec::new(),
            contained: Vec::new(),
            capped: 0,
            whole: NumberMap::default(),
        }
    }

    /// A document of `tokens` tokens that equals the document `first` to the token.
    pub(crate) fn equal_document(&mut self, document: u32, first: u32, tokens: u32) {
        if tokens < self.params.passage {
            return;
        }
        let (original, start) = self.whole.get(&first).copied().unwrap_or((first, 0));
        self.passages.push(Passage {
            copy: document,
            copy_tokens: [0, tokens],
            original,
            original_tokens: [start, start + tokens],
            overlap: Overlap { shared: 1, sizes: [1, 1] },
            is_exact: true,
        });
    }

    /// Finds the passages of the next document.
    pub(crate) fn document(&mut self, prepared: &Prepared) {
        let candidates = self.candidates(prepared);
        let taken = choose(candidates, self.params);
        for candidate in &taken {
            self.tell(prepared, candidate);
        }
        self.tell_contained(prepared, &taken);
        if let [only] = &taken[..]
            && let [run] = only.alignment.runs[..]
            && run.length as usize == prepared.tokens.len()
            && only.original != prepared.document
        {
            self.whole.insert(prepared.document, (only.original, run.original));
        }
        let runs = taken.iter().flat_map(|candidate| &candidate.alignment.runs);
        let covered: Vec<Range<u32>> = runs.map(|run| run.copy..run.end()).collect();
        let (near, seed, end) = (self.params.passage - 1, self.seed as u32, prepared.tokens.len() as u32);
        // a seed deep inside of a verbatim run is found where that came from; near its ends it may be part of
        // a run that goes on into original text, or into a difference, which stands here first
        let is_original = |found: &Seed| {
            let before = covered.partition_point(|range| range.start <= found.at);
            let inside =
                before.checked_sub(1).map(|i| &covered[i]).filter(|range| found.at + seed <= range.end);
            let Some(run) = inside else { return true };
            (run.end - found.at <= near && run.end < end)
                || (found.at + seed - run.start <= near && run.start > 0)
        };
        self.places.add(prepared, 4 * self.params.passage, is_original);
    }

    /// Everything found.
    pub(crate) fn finish(self) -> Found {
        Found { passages: self.passages, contained: self.contained, capped: self.capped + self.places.capped }
    }

    /// All stretches that may be passages: each verbatim run around a hit, followed to both sides.
    fn candidates(&mut self, prepared: &Prepared) -> Vec<Candidate> {
        let tokens = &prepared.tokens[..];
        let mut own: NumberMap<Vec<u32>> = NumberMap::default();
        let mut places = Vec::new();
        let mut candidates: Vec<Candidate> = Vec::new();
        // candidates that reach behind the present seed
        let mut open: Vec<usize> = Vec::new();
        for found in &prepared.seeds {
            self.places.of(found.hash, &mut places);
            let here = own.entry((found.hash >> 32) as u32 ^ found.hash as u32).or_default();
            places.extend(here.iter().map(|&at| (prepared.document, at)));
            if here.len() < LISTED {
                here.push(found.at);
            } else {
                self.capped += 1;
            }
            open.retain(|&i| candidates[i].alignment.copy().end > found.at);
            for &(original, at) in &places {
                let known = open.iter().any(|&i| {
                    let Candidate { original: of, alignment: Alignment { runs } } = &candidates[i];
                    let before = runs.partition_point(|run| run.copy <= found.at);
                    let on_run =
                        |run: &Run| found.at < run.end() && at == run.original + (found.at - run.copy);
                    *of == original && before > 0 && on_run(&runs[before - 1])
                });
                if known {
                    continue;
                }
                if open.len() >= DEPTH {
                    self.capped += 1;
                    continue;
                }
                let stretch = if original == prepared.document {
                    Some((tokens, 0))
                } else {
                    self.places.stretch(original, at)
                };
                let Some((stretch, start)) = stretch else { continue };
                let hit = (found.at as usize, (at - start) as usize);
                let Some(run) = run_around(tokens, stretch, hit, self.seed) else { continue };
                let mut runs = extend(tokens, stretch, run, self.params.identity);
                if original == prepared.document {
                    // what is copied stands behind what it is copied from
                    runs.retain(|run| run.original < run.copy);
                }
                runs.iter_mut().for_each(|run| run.original += start);
                open.push(candidates.len());
                candidates.push(Candidate { original, alignment: Alignment { runs } });
            }
        }
        candidates.retain(|candidate| candidate.alignment.copy().len() >= self.params.passage as usize);
        candidates
    }

    /// The tokens of a candidate's original side.
    fn original_tokens<'b>(&'b self, prepared: &'b Prepared, candidate: &Candidate) -> &'b [u64] {
        let range = candidate.alignment.original();
        let stretch = if candidate.original == prepared.document {
            Some((&prepared.tokens[..], 0))
        } else {
            self.places.stretch(candidate.original, range.start)
        };
        let (tokens, start) = stretch.unwrap_or_default();
        tokens.get((range.start - start) as usize..(range.end - start) as usize).unwrap_or_default()
    }

    fn tell(&mut self, prepared: &Prepared, candidate: &Candidate) {
        let (copy, original) = (candidate.alignment.copy(), candidate.alignment.original());
        let is_exact = candidate.alignment.runs.len() == 1;
        let overlap = if is_exact {
            Overlap { shared: 1, sizes: [1, 1] }
        } else {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            self.shingler.set(&prepared.tokens[copy.start as usize..copy.end as usize], &mut a);
            self.shingler.set(self.original_tokens(prepared, candidate), &mut b);
            compare(&a, &b, 0.0).unwrap_or(Overlap { shared: 0, sizes: [a.len() as u32, b.len() as u32] })
        };
        self.passages.push(Passage {
            copy: prepared.document,
            copy_tokens: [copy.start, copy.end],
            original: candidate.original,
            original_tokens: [original.start, original.end],
            overlap,
            is_exact,
        });
    }

    /// The document and those of its paragraphs that lie in passages from one earlier document.
    fn tell_contained(&mut self, prepared: &Prepared, taken: &[Candidate]) {
        if taken.is_empty() {
            return;
        }
        let whole = 0..prepared.tokens.len() as u32;
        let earlier = |candidate: &&Candidate| candidate.original != prepared.document;
        let others: Vec<&Candidate> = taken.iter().filter(earlier).collect();
        self.contained.extend(self.contained_unit(prepared, &others, whole, None));
        let mut start = 0;
        let mut first = 0;
        for (number, &end) in prepared.paragraph_ends.iter().enumerate() {
            let unit = start..end;
            start = end;
            while first < taken.len() && taken[first].alignment.copy().end <= unit.start {
                first += 1;
            }
            if unit.len() < self.params.min_tokens as usize {
                continue;
            }
            let touching =
                taken[first..].iter().take_while(|candidate| candidate.alignment.copy().start < unit.end);
            let touching: Vec<&Candidate> = touching.collect();
            self.contained.extend(self.contained_unit(prepared, &touching, unit, Some(number as u32)));
        }
    }

    fn contained_unit(
        &self,
        prepared: &Prepared,
        passages: &[&Candidate],
        unit: Range<u32>,
        paragraph: Option<u32>,
    ) -> Option<Contained> {
        let inside = |candidate: &&Candidate| {
            let copy = candidate.alignment.copy();
            copy.end.min(unit.end).saturating_sub(copy.start.max(unit.start))
        };
        let mut by_original: Vec<(u32, u32)> = Vec::new();
        for candidate in passages {
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
        let mut there = Vec::new();
        let mut hull: Option<Range<u32>> = None;
        let mut set = Vec::new();
        for candidate in passages.iter().filter(|candidate| candidate.original == original) {
            let part = Candidate { original, alignment: candidate.alignment.cut(unit.clone()) };
            let own = part.alignment.original();
            if own.is_empty() {
                continue;
            }
            let before = hull.take().unwrap_or_else(|| own.clone());
            hull = Some(before.start.min(own.start)..before.end.max(own.end));
            self.shingler.set(self.original_tokens(prepared, &part), &mut set);
            there.append(&mut set);
        }
        there.sort_unstable();
        there.dedup();
        self.shingler.set(&prepared.tokens[unit.start as usize..unit.end as usize], &mut set);
        let overlap = compare(&set, &there, 0.0)?;
        let tokens = unit.end - unit.start;
        let hull = hull?;
        let original_tokens = [hull.start, hull.end];
        Some(Contained { copy: prepared.document, paragraph, tokens, original, original_tokens, overlap })
    }
}

/// Gives each token to at most one candidate: the longest takes all of its own, then the next what is left
/// of it. What is left must be half a passage, or be of a verbatim run that was long enough as a whole: of
/// those no token is lost. In the order of the text.
fn choose(candidates: Vec<Candidate>, params: &Params) -> Vec<Candidate> {
    let verbatim = verbatim_tokens(&candidates, params.passage);
    let is_kept = |rest: &Alignment| {
        let range = rest.copy();
        let before = verbatim.partition_point(|run| run.end <= range.start);
        range.len() * 2 >= params.passage as usize
            || verbatim.get(before).is_some_and(|run| run.start < range.end)
    };
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

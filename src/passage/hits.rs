//! From seeds to candidates: each place that a seed of a document leads to becomes the verbatim run around it, and
//! the stretch that goes on from there, unless an earlier one says as much.

use std::ops::Range;

use crate::passage::align::{Alignment, Run, Step, extend, run_around};
use crate::passage::contained::Comparison;
use crate::passage::places::{Kept, LISTED, Listed};
use crate::passage::{Candidate, Finder, MARGIN, Prepared};
use crate::resolve::NumberMap;

/// Candidates that one token of the later text may lie in.
pub(super) const DEPTH: usize = 8;

/// Seeds that are looked up at once.
const LOOKED_UP: usize = 4096;

/// Buffers of the search.
#[derive(Default)]
pub(super) struct Workspace {
    listed: Listed,
    places: Vec<(u32, u32)>,
    open: Vec<Open>,
    runs: Vec<Run>,
    steps: Vec<Step>,
    passed: PassedOver,
    /// the places in this document of seeds that it has more than once
    own: NumberMap<Vec<u32>>,
    pub(super) comparison: Comparison,
}

/// An alignment that reaches behind the present seed.
struct Open {
    original: u32,
    /// its runs in the workspace, from the one at or before the present seed
    runs: Range<usize>,
    /// behind its last token of the later text
    end: u32,
}

impl Open {
    /// Whether a seed at `at` needs it to go on to another run, or to be closed.
    fn is_past(&self, runs: &[Run], at: u32) -> bool {
        self.end <= at || (self.runs.len() > 1 && runs[self.runs.start + 1].copy <= at)
    }

    /// Goes on to the run at or before `at`.
    fn go_on(&mut self, runs: &[Run], at: u32) {
        while self.runs.len() > 1 && runs[self.runs.start + 1].copy <= at {
            self.runs.start += 1;
        }
    }
}

/// A place that was passed over. Those of the seeds to come on the same diagonal are too, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The places that were passed over at this seed and at the one before, by original and diagonal. What it forgets
/// is looked at again.
#[derive(Default)]
struct PassedOver {
    now: Vec<Passed>,
    before: Vec<Passed>,
    /// how many of those before have been looked at
    done: usize,
    /// the present seed
    at: u32,
}

impl PassedOver {
    fn clear(&mut self) {
        self.now.clear();
        self.before.clear();
    }

    /// Goes on to the seed at `at`.
    fn go_on(&mut self, at: u32) {
        while self.done < self.before.len() {
            self.keep();
        }
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
        (self.done, self.at) = (0, at);
    }

    /// What is known of the place at `at` of `original`; places are asked for in order.
    fn find(&mut self, original: u32, at: u32) -> Option<Passed> {
        let here = self.at;
        let key = |of: &Passed| (of.original, of.diagonal.wrapping_add(here));
        while self.before.get(self.done).is_some_and(|of| key(of) < (original, at)) {
            self.keep();
        }
        let same = *self.before.get(self.done).filter(|of| key(of) == (original, at))?;
        self.done += 1;
        Some(same).filter(|same| self.at <= same.until)
    }

    /// Remembers one of those before for the next seed, if they are few.
    fn keep(&mut self) {
        let of = self.before[self.done];
        self.done += 1;
        if self.at <= of.until && self.now.len() < 2 * usize::from(LISTED) {
            self.now.push(of);
        }
    }
}

/// A seed of the later text beside a place of it in an earlier one.
struct Hit<'k> {
    tokens: &'k [u64],
    kept: Kept<'k>,
    /// tokens in the seed
    seed: u32,
    /// where it starts in the later text
    at: u32,
    /// tokens from there to the place in the earlier text, modulo 2^32
    diagonal: u32,
    /// what is kept further away than this is kept for other documents, which have no say in it
    margin: u32,
}

impl Hit<'_> {
    /// Whether a token of the later text equals the one across from it, if that is at hand.
    fn compare(&self, token: u32) -> Option<bool> {
        let across = token.wrapping_add(self.diagonal).wrapping_sub(self.kept.start);
        let is_near = token.abs_diff(self.at) < self.margin;
        let across = self.kept.tokens.get(across as usize).filter(|_| is_near)?;
        Some(Some(across) == self.tokens.get(token as usize))
    }

    /// Whether the verbatim run there lies in this one, and the last seed on the diagonal for which that is sure.
    fn lies_in(&self, run: &Run) -> (bool, u32) {
        if !run.holds(self.at, self.seed) {
            // until another run of the alignment begins
            return (false, if run.copy <= self.at { u32::MAX } else { 0 });
        }
        let behind = self.compare(run.end());
        if behind == Some(true) {
            return (false, u32::MAX);
        }
        match run.copy.checked_sub(1).filter(|before| self.compare(*before) == Some(true)) {
            Some(before) => (false, before + self.margin - 1),
            // the token behind has no say as long as it is far away; it may have one after that
            None if behind.is_none() => (true, run.end().saturating_sub(self.margin)),
            None => (true, run.end() - self.seed),
        }
    }

    /// The same for any of these runs.
    fn lies_in_any<'r>(&self, runs: impl Iterator<Item = &'r Run>) -> (bool, u32) {
        let mut until = u32::MAX;
        for (lies_in, sure) in runs.map(|run| self.lies_in(run)) {
            if lies_in {
                return (true, sure);
            }
            until = until.min(sure);
        }
        (false, until)
    }

    /// Whether the seed is so deep inside of a verbatim run that no other run there can be longer: what is further
    /// away has no say.
    fn is_deep_in(run: &Run, (at, seed): (u32, u32), margin: u32, end: usize) -> bool {
        let is_far = |edge: Option<u32>| edge.is_none_or(|token| token.abs_diff(at) >= margin);
        let behind = Some(run.end()).filter(|behind| (*behind as usize) < end);
        run.holds(at, seed) && is_far(run.copy.checked_sub(1)) && is_far(behind)
    }
}

impl Finder<'_> {
    /// All stretches that may be passages: each verbatim run around a hit, followed to both sides.
    pub(super) fn candidates(&mut self, prepared: &Prepared) -> Vec<Candidate> {
        let Workspace { listed, places, open, runs, steps, passed, own, .. } = &mut self.workspace;
        open.clear();
        runs.clear();
        passed.clear();
        own.clear();
        let tokens = prepared.tokens;
        let seed = self.seed as u32;
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
            if open.iter().any(|open| open.is_past(runs, found.at)) {
                alignments += 1;
                open.iter_mut().for_each(|open| open.go_on(runs, found.at));
                open.retain(|open| open.end > found.at);
            }
            let deep = open.iter().filter(|open| {
                Hit::is_deep_in(&runs[open.runs.start], (found.at, seed), margin, tokens.len())
            });
            if let Some(first) = deep.map(|open| open.original).min() {
                places.truncate(places.partition_point(|place| place.0 < first));
            }
            passed.go_on(found.at);
            for &(original, at) in places.iter() {
                let diagonal = at.wrapping_sub(found.at);
                let same = passed.find(original, at);
                if let Some(same) = same.filter(|of| of.too_many.is_none_or(|those| those == alignments)) {
                    self.capped += u64::from(same.too_many.is_some());
                    passed.now.push(same);
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
                let hit = Hit { tokens, kept, seed, at: found.at, diagonal, margin };
                let earlier = open.iter().filter(|open| open.original <= original);
                let (lies_in, until) = hit.lies_in_any(earlier.map(|open| &runs[open.runs.start]));
                if lies_in || open.len() >= DEPTH {
                    self.capped += u64::from(!lies_in);
                    if found.at <= until {
                        let too_many = (!lies_in).then_some(alignments);
                        passed.now.push(Passed { original, diagonal, until, too_many });
                    }
                    continue;
                }
                let first = runs.len();
                let follow = |kept: &Kept, runs: &mut Vec<Run>, steps: &mut Vec<Step>| {
                    let place = (found.at as usize, (at - kept.start) as usize);
                    let run = run_around(tokens, kept.tokens, place, self.seed)?;
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
        }
        candidates
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

    #[test]
    fn what_was_passed_over_is_known_while_it_is_sure() {
        let of = |original, diagonal, until| Passed { original, diagonal, until, too_many: None };
        let mut passed = PassedOver::default();
        passed.go_on(10);
        assert_eq!(passed.find(1, 12), None);
        passed.now.extend([of(1, 2, 20), of(3, 2, 30), of(3, 5, 12)]);
        passed.go_on(13);
        assert_eq!(passed.find(2, 15), None);
        assert_eq!(passed.find(3, 15), Some(of(3, 2, 30)));
        passed.now.push(of(3, 2, 30));
        assert_eq!(passed.find(3, 18), None, "not sure any more");
        passed.go_on(19);
        assert_eq!(passed.find(1, 21), Some(of(1, 2, 20)), "kept, though not asked for");
        assert_eq!(passed.find(3, 21), Some(of(3, 2, 30)));
        passed.clear();
        passed.go_on(0);
        assert_eq!(passed.find(3, 2), None);
    }
}

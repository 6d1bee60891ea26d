//! From seeds to candidates: each place that a seed of a document leads to becomes the verbatim run around it, and
//! the stretch that goes on from there, unless an earlier one says as much.

use std::collections::hash_map::Entry;
use std::ops::Range;

use crate::error::Error;
use crate::params::Params;
use crate::passage::align::{Alignment, Run, Step, entered_late, extend, run_around};
use crate::passage::contained::Comparison;
use crate::passage::near::{Hit, Near};
use crate::passage::passed::{Passed, PassedOver};
use crate::passage::places::reach::{Reach, SeedPlace, Start};
use crate::passage::places::{Kept, LISTED, Listed, Places};
use crate::passage::windows::{WindowMaker, WindowMap};
use crate::passage::{Candidate, Candidates, Finder, Margins, Occurrence, Prepared, ReadTokens};
use crate::resolve::NumberMap;
use crate::shelves::LARGE;

/// Candidates that one token of the later text may lie in.
pub(super) const DEPTH: usize = 8;

/// Alignments may go so many times over the tokens before the present seed, together, beside those that go on: back from
/// where they were found, and on from where another took their place.
pub(super) const AGAIN: u64 = 16;

/// And over so many more.
const AGAIN_MORE: u64 = 1 << 16;

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
    /// the windows of the present seed that no open run holds whole, by their first tokens, where that is known
    uncovered: Vec<Range<u32>>,
    /// the seeds that this document has more than once, in order
    often: Vec<u32>,
    /// of those the places so far
    own: NumberMap<Vec<u32>>,
    /// where windows stood first in this document, of seeds that it has too often to list them
    own_windows: WindowMap<u32>,
    /// of seeds near the present one, by which they are of the document's, what [`Workspace::led`] has of them
    led_to: NumberMap<Range<usize>>,
    /// the places that the windows of each lead to, in order
    led: Vec<(u32, u32)>,
    /// verbatim runs that are a passage, of which an alignment has less
    entered: Vec<Candidate>,
    /// tokens of earlier texts that wait, as far as they are looked at
    pub(super) read: Vec<u64>,
    pub(super) comparison: Comparison,
}

impl Workspace {
    /// For the next document, which has these seeds.
    fn begin(&mut self, seeds: &[Occurrence]) {
        self.often.clear();
        self.often.extend(seeds.iter().map(|seed| seed.number));
        self.often.sort_unstable();
        let mut before = None;
        self.often.retain(|number| before.replace(*number) == Some(*number));
        self.often.dedup();
        self.open.clear();
        self.runs.clear();
        self.passed.clear();
        self.own.clear();
        self.own_windows.clear();
        self.forget_led();
        self.entered.clear();
        if self.read.capacity() > LARGE {
            self.read = Vec::new();
        }
    }

    /// What windows lead to is told again where it is asked for.
    fn forget_led(&mut self) {
        self.led_to.clear();
        self.led.clear();
    }
}

/// An alignment that reaches behind the present seed.
struct Open {
    original: u32,
    /// its runs in the workspace, from the one at or before the present seed
    runs: Range<usize>,
    /// behind its last token of the later text
    end: u32,
    /// whether it ends where no more of the earlier text was looked at
    is_cut: bool,
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

/// The seed that is looked at.
#[derive(Clone, Copy, Default)]
struct Present {
    /// which of the document's seeds
    seed: usize,
    number: u32,
    at: u32,
    /// whether it has a window that no open run holds whole; `None` where nobody has asked since something was opened
    uncovered: Option<bool>,
}

/// The search for all stretches of a document that may be passages.
struct Looking<'f, 'p, 'r> {
    prepared: &'p Prepared<'p>,
    params: &'f Params,
    places: &'f mut Places,
    windows: &'f mut WindowMaker,
    read: Option<&'f mut (dyn ReadTokens + 'r)>,
    failed: &'f mut Option<Error>,
    workspace: &'f mut Workspace,
    candidates: Vec<Candidate>,
    /// tokens in a seed
    seed: u32,
    /// tokens to both sides of a place that have a say
    margin: u32,
    present: Present,
    /// changes with what is open
    alignments: u32,
    /// tokens that alignments went over beside those that go on
    again: u64,
    /// there is a candidate from end to end
    is_whole: bool,
    capped: u64,
}

impl Finder<'_> {
    /// All stretches that may be passages: each verbatim run around a hit, followed to both sides.
    pub(super) fn candidates(&mut self, prepared: &Prepared) -> Candidates {
        self.workspace.begin(prepared.seeds);
        self.windows.begin(prepared.tokens.len());
        let mut looking = Looking {
            prepared,
            params: self.params,
            places: &mut self.places,
            windows: &mut self.windows,
            read: self.read.as_deref_mut(),
            failed: &mut self.failed,
            workspace: &mut self.workspace,
            candidates: Vec::new(),
            seed: self.seed as u32,
            margin: Margins::of(self.params).listed,
            present: Present::default(),
            alignments: 0,
            again: 0,
            is_whole: false,
            capped: 0,
        };
        for seed in 0..prepared.seeds.len() {
            if looking.is_whole {
                break;
            }
            looking.seed(seed);
        }
        let Looking { candidates: all, capped, .. } = looking;
        self.capped += capped;
        Candidates { all, entered: std::mem::take(&mut self.workspace.entered) }
    }
}

impl Looking<'_, '_, '_> {
    /// Looks at all places that a seed of the document leads to: those that are listed, those of windows, and those in
    /// the document itself.
    fn seed(&mut self, seed: usize) {
        let Prepared { document, seeds, tokens, .. } = *self.prepared;
        let found = seeds[seed];
        self.present = Present { seed, number: found.number, at: found.at, ..Present::default() };
        if seed.is_multiple_of(LOOKED_UP) {
            let end = (seed + LOOKED_UP).min(seeds.len());
            self.places.of(seeds, seed..end, &mut self.workspace.listed);
            self.workspace.forget_led();
        }
        let Workspace { places, open, runs, passed, often, own, listed, .. } = &mut *self.workspace;
        let is_often = often.binary_search(&found.number).is_ok();
        let is_again = is_often && own.contains_key(&found.number);
        if is_often && !is_again {
            own.insert(found.number, vec![found.at]);
        }
        if open.iter().any(|open| open.is_past(runs, found.at)) {
            self.alignments += 1;
            open.iter_mut().for_each(|open| open.go_on(runs, found.at));
            open.retain(|open| open.end > found.at);
            if open.is_empty() {
                runs.clear();
            }
        }
        let deep = open.iter().filter(|open| {
            Hit::is_deep_in(&runs[open.runs.start], (found.at, self.seed), self.margin, tokens.len())
        });
        let deep = deep.map(|open| open.original).min();
        places.clear();
        places.extend_from_slice(listed.of(seed).unwrap_or_default());
        if let Some(first) = deep {
            places.truncate(places.partition_point(|place| place.0 < first));
        }
        passed.go_on(found.at);
        for i in 0..places.len() {
            self.look_at(self.workspace.places[i], self.margin);
        }
        if deep.is_none() && self.places.has_windows(found.number) {
            self.windows();
        }
        if is_again {
            self.own(deep.is_none_or(|original| original > document));
        }
    }

    /// Looks at the places of windows that no open run holds whole.
    fn windows(&mut self) {
        if !self.uncovered() {
            return;
        }
        let Workspace { places, uncovered, .. } = &mut *self.workspace;
        places.clear();
        for first in uncovered.iter().cloned().flatten() {
            if self.windows.may_come_again(first) {
                places.extend(self.places.window(self.windows.key(self.prepared.tokens, first)));
            }
        }
        self.look_at_those_of_windows(self.params.passage);
    }

    /// Looks at the places at hand, each once, as long as any window of the present seed is in no open run.
    fn look_at_those_of_windows(&mut self, margin: u32) {
        let places = &mut self.workspace.places;
        places.sort_unstable();
        places.dedup();
        for i in 0..places.len() {
            if self.uncovered() {
                self.look_at(self.workspace.places[i], margin);
            }
        }
    }

    /// Looks at the places of a seed that the document has had before, where they matter, and remembers the present one.
    fn own(&mut self, matters: bool) {
        let document = self.prepared.document;
        let Present { number, at, .. } = self.present;
        let here = self.workspace.own.entry(number).or_default();
        let is_full = here.len() >= usize::from(LISTED);
        let places = &mut self.workspace.places;
        places.clear();
        if matters {
            places.extend(here.iter().map(|&at| (document, at)));
        }
        if !is_full {
            here.push(at);
        }
        for i in 0..places.len() {
            self.look_at(self.workspace.places[i], self.margin);
        }
        if !is_full {
            return;
        }
        self.capped += 1;
        // what is copied has its windows where it stood first
        if !matters || !self.uncovered() {
            return;
        }
        let Workspace { places, uncovered, own_windows, .. } = &mut *self.workspace;
        places.clear();
        for first in uncovered.iter().cloned().flatten() {
            let key = self.windows.key(self.prepared.tokens, first);
            match own_windows.entry(key) {
                Entry::Occupied(first) => places.push((document, *first.get())),
                Entry::Vacant(none) => _ = none.insert(at),
            }
        }
        self.look_at_those_of_windows(self.margin);
    }

    /// Whether the present seed has windows that no open run holds whole.
    fn uncovered(&mut self) -> bool {
        if let Some(known) = self.present.uncovered {
            return known;
        }
        let (at, passage) = (self.present.at, self.params.passage);
        let tokens = self.prepared.tokens;
        let Workspace { open, runs, uncovered, .. } = &mut *self.workspace;
        let holding = || open.iter().map(|open| &runs[open.runs.start]);
        // all that its windows may reach
        let first = (at + self.seed).saturating_sub(passage);
        let end = (at + passage).min(tokens.len() as u32);
        uncovered.clear();
        if !holding().any(|run| run.holds(first, end - first)) {
            uncovered.push(self.windows.of(tokens, at));
            holding().for_each(|run| take_out(uncovered, &run.windows(passage)));
        }
        let is_any = uncovered.iter().any(|stretch| !stretch.is_empty());
        self.present.uncovered = Some(is_any);
        is_any
    }

    /// Looks at a place where the present seed stood, with `margin` tokens around it; what agrees there becomes a
    /// candidate, unless it says no more than one that stood first, or there are enough.
    fn look_at(&mut self, (original, at): (u32, u32), margin: u32) {
        if self.is_whole {
            return; // nothing can be longer
        }
        let here = self.present.at;
        let is_enough = self.again > AGAIN * u64::from(here) + AGAIN_MORE;
        let is_beyond = is_enough || self.workspace.open.len() >= DEPTH;
        let from = SeedPlace { original, at, margin };
        let is_over = is_beyond && !self.uncovered();
        if self.is_known(&from, is_over) {
            return;
        }
        let Some(mut near) = self.near(&from) else { return };
        if self.lies_in_one_that_stood_first(&from, &near) {
            return;
        }
        let first = self.workspace.runs.len();
        let Some((run, is_cut)) = self.align(&from, &mut near, is_beyond) else {
            self.workspace.runs.truncate(first);
            return;
        };
        if is_beyond {
            // only windows count that those which are open do not have
            let whole = run.windows(self.params.passage);
            let is_new = |of: &Range<u32>| of.start.max(whole.start) < of.end.min(whole.end);
            let uncovered = &self.workspace.uncovered;
            if !self.present.uncovered.is_some_and(|is_any| is_any && uncovered.iter().any(is_new)) {
                self.capped += 1;
                return;
            }
            self.workspace.runs.push(run);
        }
        self.enter(&from, &near, (first, run.copy, is_cut));
    }

    /// Whether it is known without a look at a place that it leads to nothing new, or that there are too many already, where
    /// it `is_over` them.
    fn is_known(&mut self, &SeedPlace { original, at, .. }: &SeedPlace, is_over: bool) -> bool {
        let here = self.present.at;
        let diagonal = at.wrapping_sub(here);
        let alignments = self.alignments;
        let Workspace { open, runs, passed, .. } = &mut *self.workspace;
        let same = passed.find(original, at);
        if let Some(same) = same.filter(|of| of.too_many.is_none_or(|those| is_over && those == alignments)) {
            self.capped += u64::from(same.too_many.is_some());
            passed.now.push(same);
            return true;
        }
        let known = open.iter().any(|open| {
            let run = &runs[open.runs.start];
            // what is cut may go on from here
            !open.is_cut && open.original == original && run.holds(here, 1) && run.diagonal() == diagonal
        });
        if is_over && !known {
            self.capped += 1;
            let too_many = Some(alignments);
            passed.now.push(Passed { original, diagonal, until: u32::MAX, too_many });
        }
        known || is_over
    }

    /// What lies around a place; `None` where nothing does, or it can't be read.
    fn near(&mut self, &SeedPlace { original, at, margin }: &SeedPlace) -> Option<Near> {
        let Prepared { document, tokens, .. } = *self.prepared;
        if original == document {
            return Some(Near { stretch: None, tokens: [0, tokens.len() as u32] });
        }
        let stretch = self.places.find((original, at), self.read.as_deref_mut(), self.failed)?;
        let tokens = stretch.within([at.saturating_sub(margin), at + margin]);
        let near = Near { stretch: Some(stretch), tokens };
        near.read(self.places, &mut self.workspace.read, self.failed).then_some(near)
    }

    /// Whether the verbatim run at a place lies in one that is open and stood first.
    fn lies_in_one_that_stood_first(&mut self, from: &SeedPlace, near: &Near) -> bool {
        let &SeedPlace { original, at, margin } = from;
        let tokens = self.prepared.tokens;
        let here = self.present.at;
        let diagonal = at.wrapping_sub(here);
        let Workspace { open, runs, passed, read, .. } = &mut *self.workspace;
        let kept = near.all(tokens, self.places, read);
        let hit = Hit { tokens, kept, seed: self.seed, at: here, diagonal, margin };
        let earlier = open.iter().filter(|open| open.original <= original);
        let runs_there = earlier.map(|open| (open.original, &runs[open.runs.start]));
        let stood_first = runs_there.filter(|(of, run)| *of < original || run.across(here) <= i64::from(at));
        let (lies_in, until) = hit.lies_in_any(stood_first.map(|(_, run)| run));
        if lies_in && here <= until {
            passed.now.push(Passed { original, diagonal, until, too_many: None });
        }
        lies_in
    }

    /// The verbatim run at a place, and whether its alignment, which becomes the last of the runs unless it `is_beyond` what is
    /// aligned, ends where no more of the earlier text was looked at. As much as that takes becomes `near`.
    fn align(&mut self, from: &SeedPlace, near: &mut Near, is_beyond: bool) -> Option<(Run, bool)> {
        let &SeedPlace { original, at, margin } = from;
        let Prepared { tokens, seeds, .. } = *self.prepared;
        let Present { seed: number, at: here, .. } = self.present;
        let Workspace { runs, steps, listed, led_to, led, read, .. } = &mut *self.workspace;
        let first = runs.len();
        let is_own = near.stretch.is_none();
        let run_in = |kept: &Kept| {
            let place = (here as usize, at.checked_sub(kept.start)? as usize);
            run_around(tokens, kept.tokens, place, self.seed as usize)
        };
        let identity = self.params.identity;
        let mut follow = |near: &[u64], run: Run, runs: &mut Vec<Run>| {
            runs.truncate(first);
            if is_beyond {
                return run.original == 0 || run.original + run.length == near.len() as u32;
            }
            extend([tokens, near], (run, is_own), identity, steps, runs)
        };
        // most end before it matters how far they may go
        let kept = near.all(tokens, self.places, read);
        let mut run = run_in(&kept)?;
        let mut is_open = follow(kept.tokens, run, runs) && !is_own;
        let mut is_cut = is_open;
        let mut most = 2 * margin;
        let start = Start { seeds, listed, hit: number, place: *from, margins: Margins::of(self.params) };
        let mut reach = Reach::new(&start);
        while let Some(stretch) = near.stretch.filter(|_| is_open) {
            let mut of_windows = |seed: usize, found: &mut Vec<u32>| {
                let those = led_to.entry(seed as u32).or_insert_with(|| {
                    let windows = self.windows.of(tokens, seeds[seed].at);
                    let windows = windows.filter(|&first| self.windows.may_come_again(first));
                    let keys = windows.map(|first| self.windows.key(tokens, first));
                    let before = led.len();
                    led.extend(keys.filter_map(|key| self.places.window(key)));
                    led[before..].sort_unstable();
                    before..led.len()
                });
                let those = &led[those.clone()];
                let those = &those[those.partition_point(|place| place.0 < original)..];
                found.extend(those.iter().take_while(|place| place.0 == original).map(|place| place.1));
            };
            self.places.reach(&start, most, &mut of_windows, &mut reach);
            let reached = Near { stretch: Some(stretch), tokens: stretch.within(reach.tokens(at)) };
            if reached.length() > near.length() {
                *near = reached;
                if !near.read(self.places, read, self.failed) {
                    return None;
                }
                let kept = near.all(tokens, self.places, read);
                if let Some(longer) = run_in(&kept) {
                    run = longer;
                    is_open = follow(kept.tokens, run, runs);
                }
            }
            is_cut = is_open && near.ends_within(reach.tokens(at));
            is_open &= reach.goes_on();
            most = most.saturating_mul(2);
        }
        Some((run, is_cut))
    }

    /// Makes a candidate of the runs from `first` on, of which the one at the place starts at token `start`; they become open.
    fn enter(&mut self, from: &SeedPlace, near: &Near, (first, start, is_cut): (usize, u32, bool)) {
        let &SeedPlace { original, at, .. } = from;
        let tokens = self.prepared.tokens;
        let here = self.present.at;
        let is_own = near.stretch.is_none();
        let Workspace { open, runs, entered, read, .. } = &mut *self.workspace;
        let (passage, identity) = (self.params.passage, self.params.identity);
        self.again += u64::from(start - runs[first].copy);
        let kept = near.all(tokens, self.places, read);
        let mut late = Vec::new();
        entered_late([tokens, kept.tokens], &runs[first..], passage, &mut late);
        runs[first..].iter_mut().chain(&mut late).for_each(|run| run.original += kept.start);
        late.retain(|run| !is_own || run.original < run.copy);
        let alone = |run| Candidate { original, alignment: Alignment { runs: vec![run] } };
        entered.extend(late.into_iter().map(alone));
        if is_own {
            keep_behind(runs, first, here);
        }
        let Some(last) = runs[first..].last() else { return };
        let end = last.end();
        if end - runs[first].copy >= passage {
            let alignment = Alignment { runs: runs[first..].to_vec() };
            // what was not behind may have been what made up for a difference
            let parts = if is_own { alignment.apart(identity) } else { vec![alignment] };
            let parts = parts.into_iter().filter(|part| part.copy().len() >= passage as usize);
            self.candidates.extend(parts.map(|alignment| Candidate { original, alignment }));
        }
        self.is_whole |= runs[first].copy == 0 && end as usize == tokens.len();
        let from = runs[first..].partition_point(|run| run.copy <= here).saturating_sub(1);
        // what stands further on in the same text, and says no more, takes the place of no other
        let run = runs[first + from];
        open.retain(|open| {
            let other = &runs[open.runs.start];
            let is_further_on = open.original == original && other.across(here) > i64::from(at);
            let gives_way = is_further_on && open.end <= end && run.holds(other.copy, other.length);
            self.again += if gives_way { u64::from(open.end - here) } else { 0 };
            !gives_way
        });
        open.push(Open { original, runs: first + from..runs.len(), end, is_cut });
        self.alignments += 1;
        self.present.uncovered = None;
    }
}

/// Takes a range out of others.
fn take_out(ranges: &mut Vec<Range<u32>>, out: &Range<u32>) {
    for i in 0..ranges.len() {
        let Range { start, end } = ranges[i];
        if start.max(out.start) < end.min(out.end) {
            ranges[i].end = start.max(out.start);
            if out.end < end {
                ranges.push(out.end..end);
            }
        }
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
    use std::collections::BTreeSet;

    use super::*;
    use crate::passage::repeated::Repeated;
    use crate::passage::winnow::{SeedHead, Winnower};

    /// All candidates of a text that nothing stands before.
    fn candidates(tokens: &[u64], params: &Params) -> Vec<Candidate> {
        let mut seeds = Vec::new();
        Winnower::new(params.passage).seeds(tokens, &mut Vec::new(), |seed| seeds.push(seed));
        let heads: Vec<SeedHead> = seeds.iter().map(|seed| SeedHead::of(seed.hash)).collect();
        let mut before = 0;
        let gaps = seeds.iter().map(|seed| seed.at - std::mem::replace(&mut before, seed.at)).collect();
        let mut repeated = Repeated::new(&heads, &gaps, &[seeds.len() as u32]);
        let mut own = Vec::new();
        repeated.of(0, &mut own);
        let mut finder = Finder::new(params, &mut repeated);
        finder.candidates(&Prepared { tokens, seeds: &own, ..Prepared::default() }).all
    }

    /// Lines of one template, each with numbers of its own: each line leads to the first, and from there to the end.
    #[test]
    fn a_text_of_one_template_has_few_candidates() {
        let line = |i: u64| {
            let own = [0, 1, 2].map(|n| 1000 + 3 * i + n);
            [&own[..1], &[1, 2, 3, 4, 5, 6], &own[1..2], &[7, 8, 9, 10, 11], &own[2..]]
                .concat()
                .into_iter()
                .chain(100..120)
                .collect::<Vec<u64>>()
        };
        let text: Vec<u64> = (0..1000).flat_map(line).collect();
        let all = candidates(&text, &Params::dedup());
        let longest = all.iter().max().map(|longest| longest.alignment.copy());
        assert_eq!(longest, Some(35..text.len() as u32));
        let tokens = all.iter().map(|of| of.alignment.copy().len() as u64).sum::<u64>();
        assert!(tokens <= (DEPTH as u64 + AGAIN + 1) * text.len() as u64 + AGAIN_MORE, "{tokens}");
    }

    /// Differences that are stepped over backwards only: behind each block an alignment ends, and from the next one it
    /// goes back to the first.
    #[test]
    fn alignments_do_not_all_go_back_to_the_first() {
        let block = |i: u64| 100 * i..100 * i + 45;
        let first = (1..=3000).flat_map(|i| std::iter::once(100 * i + 50).chain(block(i)));
        let second = (1..=3000)
            .flat_map(|i| (100 * i + 2..100 * i + 6).chain(100 * i + 60..100 * i + 63).chain(block(i)));
        let text: Vec<u64> = first.chain(0..40).chain(second).collect();
        let all = candidates(&text, &Params::dedup());
        let [told, found]: [Vec<Range<u32>>; 2] = [1, 25].map(|least| {
            let long = all.iter().flat_map(|of| &of.alignment.runs).filter(|run| run.length >= least);
            let mut ranges: Vec<Range<u32>> = long.map(|run| run.copy..run.end()).collect();
            ranges.sort_by_key(|range| range.start);
            ranges
        });
        let tokens = told.iter().map(|range| range.len() as u64).sum::<u64>();
        assert!(tokens <= 2 * (AGAIN * text.len() as u64 + AGAIN_MORE), "{tokens}");
        let starts: BTreeSet<u32> = found.into_iter().map(|range| range.start).collect();
        assert_eq!(starts.len(), 3000, "no block is lost");
    }

    proptest::proptest! {
        /// Whatever lies behind a place where a text stands beside itself, what lies before it is the same.
        #[test]
        fn what_is_kept_of_a_text_that_repeats_itself_hangs_on_no_more_than_is_looked_at(
            parts in proptest::collection::vec((proptest::collection::vec(0u64..40, 1..9), 1usize..9), 1..9),
            identity in 0.5f64..1.0,
        ) {
            let parts = parts.into_iter().enumerate().flat_map(|(i, (part, times))| {
                let own = (0..5).map(move |n| 1000 + 5 * i as u64 + n);
                part.repeat(times).into_iter().chain(own)
            });
            let text: Vec<u64> = parts.collect();
            let kept = |run: Run, are_one| {
                let mut runs = Vec::new();
                extend([&text, &text], (run, are_one), identity, &mut Vec::new(), &mut runs);
                keep_behind(&mut runs, 0, run.copy);
                runs
            };
            for at in 0..text.len() {
                for before in 0..at {
                    let Some(run) = run_around(&text, &text, (at, before), 3) else { continue };
                    if run.copy as usize == at {
                        proptest::prop_assert_eq!(kept(run, true), kept(run, false));
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_is_no_copy_of_where_it_stands_itself() {
        let run = |copy, original, length| Run { copy, original, length };
        let mut runs =
            vec![run(9, 9, 1), run(0, 0, 5), run(6, 6, 4), run(11, 10, 30), run(45, 40, 5), run(50, 50, 9)];
        keep_behind(&mut runs, 1, 20);
        assert_eq!(runs, [run(9, 9, 1), run(11, 10, 30), run(45, 40, 5)]);
    }

    #[test]
    fn what_is_taken_out_of_ranges_is_in_none() {
        let mut ranges: Vec<Range<u32>> = std::iter::once(10..20).collect();
        for [start, end] in [[5, 7], [25, 20], [13, 15], [18, 30], [0, 11], [16, 16]] {
            take_out(&mut ranges, &(start..end));
        }
        let left: BTreeSet<u32> = ranges.into_iter().flatten().collect();
        assert_eq!(left, BTreeSet::from([11, 12, 15, 16, 17]));
    }
}

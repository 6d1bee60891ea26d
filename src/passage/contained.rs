//! Which documents and paragraphs lie, nearly all, in passages from one earlier document? And how similar two
//! stretches are, where it is known which runs of theirs agree.

use std::ops::Range;

use crate::passage::align::Run;
use crate::passage::{Candidate, Finder, Prepared};
use crate::shingle::Shingler;
use crate::verify::{Overlap, Side, Tally};

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

/// Compares stretches; its buffers are used again and again.
#[derive(Default)]
pub(crate) struct Comparison {
    tally: Tally,
    shingles: [Vec<u64>; 2],
}

impl Comparison {
    /// What two stretches have in common, which agree in `runs`; the first of these starts both.
    pub(crate) fn compare(&mut self, shingler: &Shingler, sides: [&[u64]; 2], runs: &[Run]) -> Overlap {
        let Comparison { tally, shingles } = self;
        sides.iter().zip(&mut *shingles).for_each(|(tokens, into)| shingler.all(tokens, into));
        let [copy, original] = shingles;
        tally.begin(copy.len() + original.len());
        let starts = runs.first().map_or([0, 0], |run| [run.copy, run.original]);
        let mut done = [0, 0];
        for run in runs {
            // shingles of agreeing tokens are the same on both sides
            let inside = (run.length as usize + 1).saturating_sub(shingler.width());
            let [at, original_at] = [run.copy - starts[0], run.original - starts[1]].map(|at| at as usize);
            if inside > 0 {
                tally.add(Side::First, copy[done[0]..at].iter().copied());
                tally.add(Side::Second, original[done[1]..original_at].iter().copied());
                tally.add(Side::Both, copy[at..at + inside].iter().copied());
                done = [at + inside, original_at + inside];
            }
        }
        tally.add(Side::First, copy[done[0]..].iter().copied());
        tally.add(Side::Second, original[done[1]..].iter().copied());
        tally.overlap()
    }

    /// What a unit and several stretches have in common.
    fn compare_all(&mut self, shingler: &Shingler, unit: &[u64], stretches: &[&[u64]]) -> Overlap {
        let Comparison { tally, shingles: [shingles, _] } = self;
        tally.begin(unit.len() + stretches.iter().map(|stretch| stretch.len()).sum::<usize>());
        let sides = [(Side::First, unit)].into_iter();
        for (side, tokens) in sides.chain(stretches.iter().map(|stretch| (Side::Second, *stretch))) {
            shingler.all(tokens, shingles);
            tally.add(side, shingles.iter().copied());
        }
        tally.overlap()
    }
}

impl Finder<'_> {
    /// Tells of the document and those of its paragraphs that lie in passages from one earlier document, where
    /// they are `wanted`, by the paragraph's number.
    pub(super) fn tell_contained(
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
            let found = self.contained_unit(prepared, &others, whole, None);
            self.contained.extend(found);
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
            let found = self.contained_unit(prepared, &touching, unit, Some(number as u32));
            self.contained.extend(found);
        }
    }

    fn contained_unit(
        &mut self,
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
            let (tokens, of_part) = Self::original_side(&self.places, prepared, &part);
            bytes = [bytes[0].min(of_part[0]), bytes[1].max(of_part[1])];
            stretches.push(tokens);
        }
        let only = of_original().next().filter(|(candidate, _)| candidate.alignment.copy() == unit);
        let overlap = match only {
            Some((_, overlap)) => *overlap, // the unit is the passage
            None => {
                let own = &prepared.tokens[unit.start as usize..unit.end as usize];
                self.workspace.comparison.compare_all(&self.shingler, own, &stretches)
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

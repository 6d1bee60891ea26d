//! Which documents and paragraphs lie, nearly all, in passages from one earlier document? And how similar two
//! stretches are, where it is known which runs of theirs agree.

use std::ops::Range;

use crate::passage::align::Run;
use crate::passage::hits::Workspace;
use crate::passage::{Candidate, Finder, Prepared};
use crate::shingle::{LARGE, Shingler};
use crate::verify::{Overlap, Side, Tally, compare};

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
    /// What a stretch of the later text, from a token on, has in common with some of the earlier one. With each of these it
    /// agrees in runs, of which the first starts the one of the earlier text; all in the order of the later text.
    pub(crate) fn compare<'a>(
        &mut self,
        shingler: &Shingler,
        (copy, start): (&[u64], u32),
        originals: impl Iterator<Item = (&'a [u64], &'a [Run])> + Clone,
    ) -> Overlap {
        let all = copy.len() + originals.clone().map(|(tokens, _)| tokens.len()).sum::<usize>();
        if all > LARGE {
            return Self::of_large(shingler, copy, originals.map(|(tokens, _)| tokens));
        }
        let Comparison { tally, shingles: [of_copy, of_original] } = self;
        shingler.all(copy, of_copy);
        tally.begin(all);
        let mut done = 0;
        for (tokens, runs) in originals {
            shingler.all(tokens, of_original);
            let original_start = runs.first().map_or(0, |run| run.original);
            let mut original_done = 0;
            for run in runs {
                // shingles of agreeing tokens are the same on both sides
                let inside = (run.length as usize + 1).saturating_sub(shingler.width());
                let at = (run.copy - start) as usize;
                let original_at = (run.original - original_start) as usize;
                if inside > 0 {
                    tally.add(Side::First, of_copy[done..at].iter().copied());
                    tally.add(Side::Second, of_original[original_done..original_at].iter().copied());
                    tally.add(Side::Both, of_copy[at..at + inside].iter().copied());
                    (done, original_done) = (at + inside, original_at + inside);
                }
            }
            tally.add(Side::Second, of_original[original_done..].iter().copied());
        }
        tally.add(Side::First, of_copy[done..].iter().copied());
        tally.overlap()
    }

    /// The same from sets in order, which take a quarter of the memory.
    fn of_large<'a>(
        shingler: &Shingler,
        copy: &[u64],
        originals: impl Iterator<Item = &'a [u64]>,
    ) -> Overlap {
        let mut sets = [Vec::new(), Vec::new()];
        shingler.set(copy, &mut sets[0]);
        let mut own = Vec::new();
        for tokens in originals {
            shingler.all(tokens, &mut own);
            if sets[1].is_empty() {
                sets[1] = std::mem::take(&mut own);
            } else {
                sets[1].extend_from_slice(&own);
            }
        }
        sets[1].sort_unstable();
        sets[1].dedup();
        compare(&sets[0], &sets[1], 0.0).unwrap_or_default()
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
        let mut document = None;
        if wanted(None) {
            document = self.contained_unit(prepared, &others, whole.clone(), None);
            self.contained.extend(document);
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
            if unit == whole && wanted(None) && others.len() == taken.len() {
                self.contained.extend(document.map(|of| Contained { paragraph: Some(number as u32), ..of }));
                continue;
            }
            let behind = taken[first..].iter().zip(overlaps[first..].iter().copied());
            let touching = behind.take_while(|(candidate, _)| candidate.alignment.copy().start < unit.end);
            // what a paragraph repeats of itself lies in no earlier text
            let of_itself = |candidate: &Candidate| {
                !earlier(candidate) && candidate.alignment.cut(unit.clone()).original().end > unit.start
            };
            let (repeating, mut touching): (Vec<_>, Vec<_>) =
                touching.partition(|(candidate, _)| of_itself(candidate));
            let before = repeating.iter().map(|(candidate, overlap)| {
                let alignment = candidate.alignment.cut(unit.clone()).cut_original(0..unit.start);
                (Candidate { original: candidate.original, alignment }, *overlap)
            });
            let before: Vec<(Candidate, Overlap)> =
                before.filter(|(of, _)| !of.alignment.runs.is_empty()).collect();
            touching.extend(before.iter().map(|(candidate, overlap)| (candidate, *overlap)));
            touching.sort_by_key(|(candidate, _)| candidate.alignment.copy().start);
            let found = self.contained_unit(prepared, &touching, unit, Some(number as u32));
            self.contained.extend(found);
        }
    }

    /// The same for one unit, between two tokens of the document, with what may lie in earlier text of it.
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
        let mut by_original: Vec<(u32, u32)> =
            passages.iter().map(|(candidate, _)| (candidate.original, inside(candidate))).collect();
        by_original.sort_unstable();
        let sums = by_original
            .chunk_by(|a, b| a.0 == b.0)
            .map(|own| (own[0].0, own.iter().map(|of| of.1).sum::<u32>()));
        let most = sums.max_by_key(|&(original, covered)| (covered, std::cmp::Reverse(original)));
        let (original, covered) = most?;
        // not multiplied: 0.56 times 50 is more than 28
        if f64::from(covered) / (unit.len() as f64) < self.params.contained {
            return None;
        }
        self.in_original((prepared, unit, paragraph), passages, original)
    }

    /// The same, where `original` has enough of it.
    fn in_original(
        &mut self,
        (prepared, unit, paragraph): (&Prepared, Range<u32>, Option<u32>),
        passages: &[(&Candidate, Overlap)],
        original: u32,
    ) -> Option<Contained> {
        let of_original = || passages.iter().filter(|(candidate, _)| candidate.original == original);
        let only = of_original().next().filter(|(candidate, _)| candidate.alignment.copy() == unit);
        let mut hull: Option<Range<u32>> = None;
        let mut bytes = [u32::MAX, 0];
        let mut parts = Vec::new();
        self.workspace.read.clear();
        for (candidate, _) in of_original() {
            let part = Candidate { original, alignment: candidate.alignment.cut(unit.clone()) };
            let own = part.alignment.original();
            if own.is_empty() {
                continue;
            }
            let (side, of_part) = self.original_side(prepared, &part, only.is_none())?;
            bytes = [bytes[0].min(of_part[0]), bytes[1].max(of_part[1])];
            let before = hull.take().unwrap_or_else(|| own.clone());
            hull = Some(before.start.min(own.start)..before.end.max(own.end));
            parts.push((part, side));
        }
        let overlap = match only {
            Some((_, overlap)) => *overlap, // the unit is the passage
            None => {
                let own = &prepared.tokens[unit.start as usize..unit.end as usize];
                let Workspace { read, comparison, .. } = &mut self.workspace;
                let sides = parts
                    .iter()
                    .map(|(part, side)| (side.all(prepared, &self.places, read), &part.alignment.runs[..]));
                comparison.compare(&self.shingler, (own, unit.start), sides)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_stretches_are_compared_alike() {
        let shingler = Shingler::new(3);
        let tokens = |seed: u64| -> Vec<u64> { (0..400).map(|i| (i * i + seed * i) % 19).collect() };
        for [copy, first, second] in [[1, 2, 3], [4, 4, 5], [0, 7, 7]] {
            let [copy, first, second] = [copy, first, second].map(tokens);
            for originals in [vec![&first[..]], vec![&first, &second[..90]], Vec::new()] {
                let without_runs = originals.iter().map(|&tokens| (tokens, &[][..]));
                let tallied = Comparison::default().compare(&shingler, (&copy, 0), without_runs);
                assert_eq!(Comparison::of_large(&shingler, &copy, originals.into_iter()), tallied);
            }
        }
    }
}

//! What another threshold would have told, without another run: law 1 over all verified pairs down to a floor.
//!
//! A run with a floor plans its bands for the floor, whatever its threshold; so runs with one floor have the same
//! candidates, and differ only in which verified pairs count. These are kept, and law 1
//! goes through them once for each threshold that is asked for. Documents and paragraphs are resolved each for
//! themselves; passages do not depend on the threshold.

use serde::Serialize;

use crate::document::Place;
use crate::outcome::UnitSummary;
use crate::resolve::pairs::Pair;

/// Steps of the similarity from 0 to 1.
const STEPS: u32 = 100;

/// The most units of one kind that are told of each step.
pub const TOLD: usize = 5;

/// What each threshold from the floor up would have told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhatIf {
    /// all pairs down to this similarity are known, of those that share a bucket
    pub floor: f64,
    /// pairs of distinct documents, and of distinct paragraphs
    pub pairs: [u64; 2],
    /// pairs that the cap left out
    pub capped: u64,
    /// units of which that is true
    pub capped_units: u64,
    /// by threshold, the least first
    pub levels: Vec<Level>,
}

/// What one threshold would have told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Level {
    /// the least similarity of a match
    pub threshold: f64,
    /// what would have become of the documents
    pub documents: UnitSummary,
    /// what would have become of the paragraphs
    pub paragraphs: UnitSummary,
    /// documents and paragraphs that are copies here but not at the next threshold, nor contained: the longest of each, at
    /// most [`TOLD`]
    #[serde(skip)]
    pub coming: Vec<Coming>,
}

impl Level {
    /// Whether it is one of those that are told in full: each twentieth, and the run's own.
    pub(crate) fn is_told(&self, own: f64) -> bool {
        let twentieths = self.threshold * 20.0;
        (twentieths - twentieths.round()).abs() < 1e-9 || self.threshold == own
    }
}

/// A unit that becomes a copy where the threshold is lowered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coming {
    /// which one
    pub copy: Place,
    /// of this one
    pub original: Place,
    /// their similarity
    pub jaccard: f64,
}

/// The thresholds that are told of: whole hundredths from the floor up, and those of the run.
pub(crate) fn thresholds(floor: f64, threshold: f64) -> Vec<f64> {
    let hundredths = (0..=STEPS).map(|step| f64::from(step) / f64::from(STEPS));
    let mut all: Vec<f64> = hundredths.filter(|step| *step >= floor).chain([floor, threshold]).collect();
    all.sort_unstable_by(f64::total_cmp);
    all.dedup();
    all
}

/// Which of so many units are copies by law 1. `pairs` are by the later unit.
pub(crate) fn copies(pairs: &[Pair], units: usize, threshold: f64) -> Vec<bool> {
    let mut is_copy = vec![false; units];
    for pair in pairs {
        if !is_copy[pair.copy as usize]
            && !is_copy[pair.original as usize]
            && pair.overlap.jaccard() >= threshold
        {
            is_copy[pair.copy as usize] = true;
        }
    }
    is_copy
}

/// The original that is matched best, of pairs with the same unit: their other units, with the pair itself. The
/// earliest of equals, where they come in order.
pub(crate) fn best<'a>(
    pairs: impl Iterator<Item = (u32, &'a Pair)>,
    is_copy: &[bool],
    threshold: f64,
) -> Option<(u32, &'a Pair)> {
    let originals = pairs.filter(|(other, _)| !is_copy[*other as usize]);
    let matches = originals.filter(|(_, pair)| pair.overlap.jaccard() >= threshold);
    matches.fold(None, |best, (other, pair)| match best {
        Some((known, of_known)) => {
            let (one, two) = (of_known.overlap.jaccard(), pair.overlap.jaccard());
            if two > one || (two == one && other < known) { Some((other, pair)) } else { best }
        }
        None => Some((other, pair)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Overlap;

    fn pair(copy: u32, original: u32, shared: u32) -> Pair {
        Pair { copy, original, overlap: Overlap { shared, sizes: [100, shared] } }
    }

    #[test]
    fn a_copy_is_nobodys_original() {
        // 2 is like 1 is like 0
        let pairs = [pair(1, 0, 80), pair(2, 1, 90)];
        assert_eq!(copies(&pairs, 3, 0.8), [false, true, false]);
        assert_eq!(copies(&pairs, 3, 0.85), [false, false, true]);
        assert_eq!(copies(&pairs, 3, 0.95), [false; 3]);
    }

    #[test]
    fn the_best_original_and_of_equals_the_earliest() {
        let pairs = [pair(3, 0, 80), pair(3, 1, 90), pair(3, 2, 90)];
        let of = |is_copy: [bool; 4]| {
            best(pairs.iter().map(|pair| (pair.original, pair)), &is_copy, 0.8).map(|(other, _)| other)
        };
        assert_eq!(of([false; 4]), Some(1));
        assert_eq!(of([false, true, true, false]), Some(0));
        assert_eq!(of([true; 4]), None);
    }

    #[test]
    fn thresholds_from_the_floor_up() {
        let told = thresholds(0.975, 0.983);
        assert_eq!(told, [0.975, 0.98, 0.983, 0.99, 1.0]);
        assert_eq!(thresholds(0.99, 0.99), [0.99, 1.0]);
    }
}

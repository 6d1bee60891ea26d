//! All pairs of distinct units down to a floor below the threshold, for whoever asks what another threshold would
//! have told ([`crate::what_if`]).
//!
//! Where [`crate::resolve`] compares a unit with the originals of its buckets, here it is compared with all
//! earlier units of them. So a cap is needed: a bucket lists its first members, a unit is compared with the first of
//! all that its buckets list, and both cut by corpus order. What that leaves out is counted. Nothing here depends on
//! who is an original, so units of a batch are done in parallel.

use rayon::prelude::*;

use crate::band::Buckets;
use crate::corpus::Units;
use crate::resolve::NumberMap;
use crate::verify::{Digest, Overlap, compare};

/// Earlier units that a unit is compared with, for each original that [`crate::resolve`] would at the most.
const MORE: usize = 4;

/// Sets that are held, whether they are needed or not.
const FULL: usize = 4096;

/// Two distinct units that are at least as similar as the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    /// row of the later one
    pub(crate) copy: u32,
    /// row of the earlier one
    pub(crate) original: u32,
    /// their shingles, the later one first
    pub(crate) overlap: Overlap,
}

/// What was found among the units of one kind.
#[derive(Debug, Default)]
pub(crate) struct KeptPairs {
    /// by the later one, then by the earlier one
    pub(crate) pairs: Vec<Pair>,
    /// pairs of a unit and an earlier one that share a bucket, and were not compared
    pub(crate) capped: u64,
    /// units of which that is true
    pub(crate) capped_units: u64,
}

/// The search among the units of one kind.
pub(crate) struct Pairs<'a> {
    units: &'a Units,
    buckets: Buckets,
    floor: f64,
    cap: usize,
    /// for each row, the last one that is compared with it
    last_use: Vec<u32>,
    sets: NumberMap<(Digest, Box<[u64]>)>,
    /// how many of them are looked through for those that nobody needs any more
    full: usize,
    next_row: usize,
    kept: KeptPairs,
}

impl<'a> Pairs<'a> {
    /// `comparisons` are those of [`crate::params::Params`].
    pub(crate) fn new(units: &'a Units, buckets: Buckets, (floor, comparisons): (f64, u32)) -> Self {
        let cap = comparisons as usize * MORE;
        let mut last_use: Vec<u32> = (0..units.distinct.len() as u32).collect();
        for bucket in 0..buckets.len() as u32 {
            let members = buckets.members(bucket);
            let Some(&last) = members.last() else { continue };
            for &member in members.iter().take(cap) {
                let use_of = &mut last_use[member as usize];
                *use_of = last.max(*use_of);
            }
        }
        let (sets, kept) = (NumberMap::default(), KeptPairs::default());
        Pairs { units, buckets, floor, cap, last_use, sets, full: FULL, next_row: 0, kept }
    }

    /// Takes the set of a row that shares a bucket and has yet to come.
    pub(crate) fn give_set(&mut self, row: u32, set: &[u64]) {
        self.sets.insert(row, (Digest::new(set), set.into()));
    }

    /// Goes through the next units up to number `end`; their sets must be there.
    pub(crate) fn advance(&mut self, end: u32) {
        let distinct = &self.units.distinct;
        let end_row = distinct.partition_point(|unit| *unit < end);
        let rows = self.next_row as u32..end_row as u32;
        let found: Vec<(Vec<Pair>, u64)> = rows.into_par_iter().map(|row| self.pairs_of(row)).collect();
        for (pairs, capped) in found {
            self.kept.pairs.extend(pairs);
            self.kept.capped += capped;
            self.kept.capped_units += u64::from(capped > 0);
        }
        self.next_row = end_row;
        if self.sets.len() >= self.full {
            self.let_go();
            self.full = FULL.max(2 * self.sets.len());
        }
    }

    fn let_go(&mut self) {
        self.sets.retain(|row, _| self.last_use[*row as usize] as usize >= self.next_row);
    }

    /// What was found.
    pub(crate) fn finish(mut self) -> KeptPairs {
        self.let_go();
        debug_assert!(self.sets.is_empty(), "every set has been let go");
        self.kept
    }

    /// The pairs of which a row is the later one, and how many were not compared.
    fn pairs_of(&self, row: u32) -> (Vec<Pair>, u64) {
        let mut earlier: Vec<u32> = Vec::new();
        let mut capped = 0;
        for &bucket in self.buckets.of(row) {
            let members = self.buckets.members(bucket);
            let before = &members[..members.partition_point(|member| *member < row)];
            let (listed, rest) = before.split_at(before.len().min(self.cap));
            earlier.extend_from_slice(listed);
            capped += rest.len() as u64;
        }
        earlier.sort_unstable();
        earlier.dedup();
        capped += earlier.len().saturating_sub(self.cap) as u64;
        earlier.truncate(self.cap);
        let Some((digest, set)) = self.sets.get(&row) else { return (Vec::new(), capped) };
        let pair = |original: u32| {
            let (its_digest, its_set) = self.sets.get(&original)?;
            let hopeful = digest.may_reach(its_digest, self.floor);
            let overlap = hopeful.then(|| compare(set, its_set, self.floor)).flatten()?;
            Some(Pair { copy: row, original, overlap })
        };
        (earlier.into_iter().filter_map(pair).collect(), capped)
    }
}

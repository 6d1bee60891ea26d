//! Candidates to originals and copies: the first law, read out loud.
//!
//! A plain loop over the units in corpus order. A unit that shares no bucket is an original, at no cost. Any
//! other is compared with the *originals* of its buckets; if one matches, the unit is a copy of the best (ties:
//! the earliest), else it is an original and stands in its buckets from now on. The loop is sequential
//! because the law is; what is costly, reading the texts again and making their sets, is done for the next
//! batch of documents, in parallel, while the loop runs over this one.
//!
//! A unit whose tokens stood before is an exact copy of the first such unit if that is an original. If that
//! is a copy itself, the unit is asked again as if it were new, but only if its buckets have changed; the
//! original that was found the first time stays a candidate, whatever the cap leaves out.
//!
//! The cap on comparisons ([`crate::params::Params::comparisons`]): a bucket lists a quarter of so many
//! originals, the first ones; a unit that meets more candidates than that is compared with those that share the most buckets
//! (ties: the earliest). What this leaves out is counted.

pub(crate) mod pairs;
mod sets;
pub(crate) mod standing;
pub(crate) mod twins;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::Path;

use rayon::prelude::*;

use crate::band::Buckets;
use crate::corpus::{IS_SHORT, Units};
use crate::error::{Error, Result};
use crate::resolve::sets::Sets;
use crate::verify::{Overlap, compare, retain_hopeful};

/// A bucket lists this part of the originals that a unit is compared with: crowded buckets are those of
/// boilerplate, and a pair that is alike meets in others too.
const LISTED_SHARE: usize = 4;

/// A copy that is not the same to the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Near {
    /// the unit
    pub(crate) unit: u32,
    /// the original that it matches best
    pub(crate) original: u32,
    /// their shingles: copy first
    pub(crate) overlap: Overlap,
}

/// What the comparisons cost.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// pairs of a unit and an original that shared a bucket
    pub(crate) candidates: u64,
    /// pairs of sets compared
    pub(crate) verified: u64,
    /// pairs that the cap left out
    pub(crate) capped: u64,
}

impl Cost {
    /// Adds that of a part.
    pub(crate) fn add(&mut self, other: &Cost) {
        self.candidates += other.candidates;
        self.verified += other.verified;
        self.capped += other.capped;
    }
}

/// A unit's number as its own hash, spread; never depends on the process.
#[derive(Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(u32::from(byte)));
    }
    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }
    fn write_u64(&mut self, number: u64) {
        self.write_u32((number >> 32) as u32);
        self.write_u32(number as u32);
    }
}

/// A map from a unit's or document's number.
pub(crate) type NumberMap<T> = HashMap<u32, T, BuildHasherDefault<NumberHasher>>;

/// In [`Seen::listed`]: asked in an earlier run.
const NEVER_ASKED: u64 = u64::MAX;

/// The row of the best original, where there is one.
pub(crate) type Verdict = Option<(u32, Overlap)>;

/// How many originals a bucket lists where a unit is compared with so many.
pub(crate) fn listed_originals(comparisons: u32) -> usize {
    (comparisons as usize).div_ceil(LISTED_SHARE)
}

/// A copy that will be seen again.
struct Seen {
    verdict: Verdict,
    /// how many originals its buckets listed when it was asked
    listed: u64,
}

/// The loop's state for one kind of unit. Rows number the distinct units.
pub(crate) struct Resolver<'a> {
    units: &'a Units,
    buckets: Buckets,
    threshold: f64,
    cap: usize,
    /// originals that a bucket lists at the most
    listed_most: usize,
    /// what became of the rows that come from an index, which are the first ones
    archived: &'a [Verdict],
    /// the places of the originals that each bucket lists, where its members were: there are no more than these
    originals: Vec<u32>,
    /// how many originals each bucket lists
    listed: Vec<u32>,
    /// originals that a full bucket does not list
    unlisted: Vec<u32>,
    /// members of each bucket that have yet to come, equal units included
    to_come: Vec<u32>,
    sets: Sets,
    /// later units with the tokens of a linked row
    repeats: NumberMap<u32>,
    /// a bit for each unit: it is the first of a linked row
    linked: Vec<u64>,
    /// copies among the rows that have repeats
    seen: NumberMap<Seen>,
    next_row: usize,
    near: Vec<Near>,
    cost: Cost,
    /// places
    candidates: Vec<u32>,
    /// for each place, how many buckets its unit shares with the one that asks; all zero in between
    shared: Vec<u16>,
    /// which unit of each row counts as the first, where not all do; see [`standing`]
    firsts: Option<Vec<u32>>,
    /// for sets that have to be read
    buffers: [Vec<u64>; 2],
    failed: Option<Error>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(
        (units, archived): (&'a Units, &'a [Verdict]),
        mut buckets: Buckets,
        threshold: f64,
        cap: u32,
    ) -> Self {
        let mut to_come: Vec<u32> =
            (0..buckets.len() as u32).map(|b| buckets.members(b).len() as u32).collect();
        let mut linked = vec![0u64; units.first.len() / 64 + 1];
        for (row, &unit) in units.distinct.iter().enumerate() {
            if !buckets.of(row as u32).is_empty() {
                linked[unit as usize / 64] |= 1 << (unit % 64);
            }
        }
        // the rows of linked units that stood before
        let repeated: Vec<u32> = (0..units.first.len() as u32)
            .into_par_iter()
            .filter_map(|unit| {
                let first = units.first[unit as usize];
                let repeats = first < IS_SHORT && first != unit && has_bit(&linked, first);
                if repeats { units.row(first).map(|row| row as u32) } else { None }
            })
            .collect();
        let mut repeats = NumberMap::<u32>::default();
        for row in repeated {
            *repeats.entry(row).or_default() += 1;
            for &bucket in buckets.of(row) {
                to_come[bucket as usize] += 1;
            }
        }
        Resolver {
            units,
            threshold,
            cap: cap as usize,
            listed_most: listed_originals(cap),
            archived,
            originals: buckets.take_members(),
            listed: vec![0; buckets.len()],
            unlisted: vec![0; buckets.len()],
            to_come,
            sets: Sets::new(if buckets.is_empty() { 0 } else { units.distinct.len() }),
            repeats,
            linked,
            seen: NumberMap::default(),
            next_row: 0,
            near: Vec::new(),
            cost: Cost::default(),
            candidates: Vec::new(),
            shared: Vec::new(),
            firsts: None,
            buffers: Default::default(),
            failed: None,
            buckets,
        }
    }

    /// Holds so many bytes of sets in memory; the others wait in a file in `folder`.
    pub(crate) fn bound(&mut self, folder: &Path, bytes: u64) {
        self.sets.bound(folder, bytes);
    }

    /// What could not be written or read, if anything.
    pub(crate) fn take_failure(&mut self) -> Result<()> {
        self.sets.take_failure()?;
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Whether the distinct unit at this row shares a bucket, so that its set is needed.
    pub(crate) fn needs_set(&self, row: usize) -> bool {
        !self.buckets.of(row as u32).is_empty()
    }

    /// Takes the set of a linked row that has yet to come.
    pub(crate) fn give_set(&mut self, row: u32, set: &[u64]) {
        self.sets.insert(row, set);
    }

    /// Goes through these units, the next ones. The sets of all linked rows among them must be there.
    pub(crate) fn advance(&mut self, units: std::ops::Range<u32>) {
        for unit in units {
            let first = self.units.first[unit as usize];
            if first >= IS_SHORT {
                continue;
            }
            if first == unit {
                let row = self.next_row as u32;
                self.next_row += 1;
                if !self.buckets.of(row).is_empty() {
                    match self.archived.get(row as usize) {
                        Some(&verdict) => self.archived(row, verdict),
                        None => self.first_of_its_tokens(unit, row),
                    }
                }
            } else if has_bit(&self.linked, first) {
                self.repeat(unit, first);
            }
        }
    }

    /// The near copies in corpus order, and what finding them cost.
    pub(crate) fn finish(self) -> (Vec<Near>, Cost) {
        debug_assert!(self.sets.is_empty(), "every set has been let go");
        (self.near, self.cost)
    }

    fn first_of_its_tokens(&mut self, unit: u32, row: u32) {
        let Some(place) = self.sets.place(row) else { return };
        let verdict = self.ask(row, place);
        self.settle((unit, row), place, verdict);
    }

    /// Writes down what has been found of the first unit of a row.
    fn settle(&mut self, (unit, row): (u32, u32), place: u32, verdict: Verdict) {
        let uses = match verdict {
            Some((original, overlap)) => {
                self.near.push(Near { unit, original: self.unit(original), overlap });
                let repeats = self.repeats.get(&row).copied().unwrap_or(0);
                if repeats > 0 {
                    self.seen.insert(row, Seen { verdict, listed: self.listed(row) });
                }
                repeats
            }
            None => self.list(row, place),
        };
        self.keep_set(place, uses);
        self.leave_buckets(row);
    }

    /// Lists an original in its buckets, as far as they have room; returns in how many.
    fn list(&mut self, row: u32, place: u32) -> u32 {
        let mut uses = 0;
        for &bucket in self.buckets.of(row) {
            let listed = &mut self.listed[bucket as usize];
            if (*listed as usize) < self.listed_most {
                self.originals[self.buckets.start(bucket) + *listed as usize] = place;
                *listed += 1;
                uses += 1;
            } else {
                self.unlisted[bucket as usize] += 1;
            }
        }
        uses
    }

    /// A unit of an index: what it is was found when its batch came.
    fn archived(&mut self, row: u32, verdict: Verdict) {
        let Some(place) = self.sets.place(row) else { return };
        let uses = if verdict.is_some() {
            // its buckets may list more by now
            self.seen.insert(row, Seen { verdict, listed: NEVER_ASKED });
            self.repeats.get(&row).copied().unwrap_or(0)
        } else {
            self.list(row, place)
        };
        self.keep_set(place, uses);
        self.leave_buckets(row);
    }

    fn keep_set(&mut self, place: u32, uses: u32) {
        if uses > 0 {
            self.sets.uses[place as usize] = uses;
        } else {
            self.sets.remove(place);
        }
    }

    /// A later unit with the tokens of `first`.
    fn repeat(&mut self, unit: u32, first: u32) {
        let Some(row) = self.units.row(first).map(|row| row as u32) else { return };
        if let (Some(seen), Some(place)) = (self.seen.get(&row), self.sets.place(row)) {
            let listed = self.listed(row);
            let before = seen.verdict;
            let verdict = if seen.listed == listed {
                before
            } else {
                let found = self.ask(row, place);
                self.better(found, before)
            };
            if let Some((original, overlap)) = verdict {
                self.near.push(Near { unit, original: self.unit(original), overlap });
            }
            self.seen.insert(row, Seen { verdict, listed });
            self.sets.let_go(place);
        }
        self.leave_buckets(row);
    }

    /// Originals listed in the row's buckets, counted with repetition: changes whenever the answer may.
    fn listed(&self, row: u32) -> u64 {
        let count = |&bucket: &u32| {
            u64::from(self.listed[bucket as usize]) + u64::from(self.unlisted[bucket as usize])
        };
        self.buckets.of(row).iter().map(count).sum()
    }

    /// The original that the row's set matches best among those that its buckets list.
    fn ask(&mut self, row: u32, place: u32) -> Verdict {
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.clear();
        self.shared.resize(self.sets.len(), 0);
        for &bucket in self.buckets.of(row) {
            self.cost.capped += u64::from(self.unlisted[bucket as usize]);
            let start = self.buckets.start(bucket);
            for &original in &self.originals[start..start + self.listed[bucket as usize] as usize] {
                let shared = &mut self.shared[original as usize];
                if *shared == 0 {
                    candidates.push(original);
                }
                *shared += 1;
            }
        }
        self.cost.candidates += candidates.len() as u64;
        let beyond = candidates.len().saturating_sub(self.cap);
        if beyond > 0 {
            self.cost.capped += beyond as u64;
            let order = |&original: &u32| {
                (
                    std::cmp::Reverse(self.shared[original as usize]),
                    self.rank(self.sets.rows[original as usize]),
                )
            };
            candidates.select_nth_unstable_by_key(self.cap, order);
        }
        candidates.iter().for_each(|&original| self.shared[original as usize] = 0);
        candidates.truncate(self.cap);
        self.cost.verified += candidates.len() as u64;
        let mut buffers = std::mem::take(&mut self.buffers);
        let best = self.best(place, &mut candidates, &mut buffers);
        (self.candidates, self.buffers) = (candidates, buffers);
        best.unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            None
        })
    }

    /// The candidate that the set at a place matches best.
    fn best(
        &self,
        place: u32,
        candidates: &mut Vec<u32>,
        [own_buffer, buffer]: &mut [Vec<u64>; 2],
    ) -> Result<Verdict> {
        let sets = &self.sets;
        let own = &sets.digests[place as usize];
        retain_hopeful(own, &sets.digests, self.threshold, candidates);
        if candidates.is_empty() {
            return Ok(None);
        }
        let set = sets.get(place, own_buffer)?;
        let mut best: Verdict = None;
        for &original in &*candidates {
            let least = best.map_or(self.threshold, |(_, overlap)| overlap.jaccard());
            if !own.may_reach(&sets.digests[original as usize], least) {
                continue;
            }
            let Some(overlap) = compare(set, sets.get(original, buffer)?, least) else { continue };
            best = self.better(best, Some((sets.rows[original as usize], overlap)));
        }
        Ok(best)
    }

    /// The more similar of two; the earlier of equals.
    fn better(&self, a: Verdict, b: Verdict) -> Verdict {
        let (Some((first, of_first)), Some((second, of_second))) = (a, b) else { return a.or(b) };
        let (one, other) = (of_first.jaccard(), of_second.jaccard());
        if one > other || (one == other && self.rank(first) < self.rank(second)) { a } else { b }
    }

    /// What orders rows by where their first units stand.
    fn rank(&self, row: u32) -> u32 {
        self.firsts.as_ref().map_or(row, |firsts| firsts[row as usize])
    }

    /// The first unit of a row.
    fn unit(&self, row: u32) -> u32 {
        self.firsts.as_ref().map_or_else(|| self.units.distinct[row as usize], |firsts| firsts[row as usize])
    }

    /// One member fewer to come in each of the row's buckets; a bucket for which none is left lets its
    /// originals go.
    fn leave_buckets(&mut self, row: u32) {
        for i in 0..self.buckets.of(row).len() {
            let bucket = self.buckets.of(row)[i];
            let to_come = &mut self.to_come[bucket as usize];
            *to_come -= 1;
            if *to_come == 0 {
                let start = self.buckets.start(bucket);
                let listed = std::mem::take(&mut self.listed[bucket as usize]) as usize;
                self.originals[start..start + listed].iter().for_each(|&original| self.sets.let_go(original));
            }
        }
    }
}

/// Whether the bit of this number is set.
fn has_bit(bits: &[u64], number: u32) -> bool {
    bits[number as usize / 64] >> (number % 64) & 1 == 1
}

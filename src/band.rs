//! Signatures to buckets: the plan of bands and rows, its curve, the band keys, and who shares a bucket.
//!
//! Two units with Jaccard similarity `s` agree on all `r` rows of one band with probability `s^r`, so they
//! share one of `b` buckets with probability `1 - (1 - s^r)^b`. Every candidate is verified, so a plan that
//! brings too many costs time, never precision; one that brings too few costs recall. [`Plan::new`] takes
//! the cheapest plan that keeps the promised recall *at* the threshold.

pub(crate) mod in_order;

use rayon::prelude::*;
use serde::Serialize;

use crate::equal::{bits_of_parts, groups, part};
use crate::head::Head;
use crate::params::Params;

/// How many bands of how many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// bands in a signature
    pub bands: usize,
    /// rows in a band
    pub rows: usize,
}

/// What a plan costs a unit, in nanoseconds, as measured on `real.jsonl` with 2 to 6 rows a band (the raw
/// figures are in `benches/results`): a row, a band (its key is stored, sorted and looked up), a needless
/// comparison.
const COST_OF_A_ROW: f64 = 4.0;
const COST_OF_A_BAND: f64 = 30.0;
const COST_OF_A_CANDIDATE: f64 = 480.0;

/// Rows are charged this many at a time, as they were computed when that was measured. Another fit could change plans, and an
/// index keeps its plan for good.
const ROWS_AT_ONCE: usize = 16;

/// How many originals a unit meets that are like it to some degree, but not enough: similarity and number,
/// fitted to the candidates counted in the same runs.
const BACKGROUND: [(f64, f64); 3] = [(0.1, 40.0), (0.2, 5.0), (0.3, 1.0)];

/// The key of a band that takes no part.
pub const ABSENT: u64 = 0;

/// The first bits of a band key; the others are 0. Of a hundred million units each shares one by accident with 0.02
/// others a band, which costs a comparison.
pub(crate) const KEY_BITS: u32 = 32;

/// What is kept of a band key.
pub(crate) type KeyHead = Head<4>;

impl Plan {
    /// The cheapest plan whose curve reaches `recall` at `threshold`.
    pub fn new(threshold: f64, recall: f64) -> Self {
        let plans = (1..=16).filter_map(|rows| {
            let miss = 1.0 - threshold.powi(rows);
            let bands = if miss <= 0.0 { 1.0 } else { ((1.0 - recall).ln() / miss.ln()).ceil().max(1.0) };
            (bands <= 512.0).then_some(Plan { bands: bands as usize, rows: rows as usize })
        });
        let cheapest = plans.min_by(|a, b| a.cost().total_cmp(&b.cost()));
        cheapest.unwrap_or(Plan { bands: 512, rows: 1 })
    }

    /// That of a run with these parameters.
    pub(crate) fn of(params: &Params) -> Self {
        Plan::new(params.planned_for(), params.recall)
    }

    /// The probability that two units of Jaccard similarity `s` become a candidate.
    pub fn probability(&self, s: f64) -> f64 {
        1.0 - (1.0 - s.powi(self.rows as i32)).powi(self.bands as i32)
    }

    /// The curve from 0 to 1 in steps of 0.05: pairs of similarity and probability.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        (0..=20).map(|i| f64::from(i) / 20.0).map(|s| (s, self.probability(s))).collect()
    }

    /// The cost of a unit in nanoseconds.
    fn cost(&self) -> f64 {
        let needless: f64 = BACKGROUND.iter().map(|&(s, count)| self.probability(s) * count).sum();
        let rows = (self.bands * self.rows).next_multiple_of(ROWS_AT_ONCE) as f64;
        rows * COST_OF_A_ROW + self.bands as f64 * COST_OF_A_BAND + needless * COST_OF_A_CANDIDATE
    }

    /// Appends a key for each band of a signature, in the 32 high bits. Keys of different bands are spread apart.
    pub fn keys(&self, signature: &[u32], into: &mut Vec<u64>) {
        for (number, band) in signature.chunks_exact(self.rows).take(self.bands).enumerate() {
            let mut key = 0u64;
            for &row in band {
                key = (key ^ u64::from(row)).wrapping_mul(0x9FB2_1C65_1E98_DF25);
                key ^= key >> 35;
            }
            // an index has the keys of all bands in one table
            let spread = (key.max(1) ^ (number as u64 + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93))
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let rest = u64::BITS - KEY_BITS;
            into.push((spread >> rest).max(ABSENT + 1) << rest);
        }
    }
}

/// A key with the number of its band in the bits that do not count.
pub(crate) fn with_band(key: u64, band: usize) -> u64 {
    key | band as u64
}

/// A key and the number of its band.
pub(crate) fn without_band(bucket: u64) -> (u64, usize) {
    let free = u64::BITS - KEY_BITS;
    (bucket >> free << free, (bucket & ((1 << free) - 1)) as usize)
}

/// The buckets in which two or more units stand. Units go by number; the bands are laid out one after the
/// other, so a bucket's number tells its band apart.
#[derive(Debug, Default, Clone)]
pub struct Buckets {
    /// behind the last member of each bucket, in `members`
    ends: Vec<u32>,
    /// the units of each bucket, ascending
    members: Vec<u32>,
    /// where each unit's memberships start in `memberships`; one more at the end
    starts: Vec<u32>,
    /// the buckets of each unit
    memberships: Vec<u32>,
}

impl Buckets {
    /// Groups units by equal keys, of which the first 32 bits count. `keys` holds `bands` keys for each unit, unit
    /// after unit.
    pub fn new<K: Copy + Into<u64> + Sync>(keys: &[K], bands: usize) -> Self {
        let units = keys.len() / bands;
        let sizes = sizes_of_parts(keys, bands);
        let of_bands = sizes.par_iter().enumerate();
        let shared: Vec<(Vec<u32>, Vec<u32>)> =
            of_bands.map(|(band, sizes)| shared_keys(keys, (bands, band), sizes)).collect();
        let mut buckets = Buckets::default();
        let mut counts = vec![0u32; units + 1];
        for (members, ends) in shared {
            let before = buckets.members.len() as u32;
            members.iter().for_each(|&unit| counts[unit as usize + 1] += 1);
            buckets.members.extend(members);
            buckets.ends.extend(ends.iter().map(|end| before + end));
        }
        for i in 0..units {
            counts[i + 1] += counts[i];
        }
        let mut next = counts.clone();
        let mut memberships = vec![0; buckets.members.len()];
        for bucket in 0..buckets.len() as u32 {
            for &member in buckets.members(bucket) {
                let slot = &mut next[member as usize];
                memberships[*slot as usize] = bucket;
                *slot += 1;
            }
        }
        buckets.memberships = memberships;
        buckets.starts = counts;
        buckets
    }

    /// Takes units out of all their buckets; they must be all of the units of these.
    pub(crate) fn leave_out(&mut self, leaves: impl Fn(u32) -> bool) {
        let mut memberships = Vec::new();
        let mut starts = Vec::with_capacity(self.starts.len());
        starts.push(0);
        for unit in 0..self.starts.len().saturating_sub(1) as u32 {
            if !leaves(unit) {
                memberships.extend_from_slice(self.of(unit));
            }
            starts.push(memberships.len() as u32);
        }
        if memberships.is_empty() {
            *self = Buckets::default();
        } else {
            (self.starts, self.memberships) = (starts, memberships);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no two units share a key.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The units of a bucket, ascending; at least two.
    pub fn members(&self, bucket: u32) -> &[u32] {
        &self.members[self.start(bucket)..self.ends[bucket as usize] as usize]
    }

    /// Where the members of a bucket start among those of all.
    pub(crate) fn start(&self, bucket: u32) -> usize {
        bucket.checked_sub(1).map_or(0, |before| self.ends[before as usize] as usize)
    }

    /// The members of all buckets, which are not known any more then; of which buckets a unit is, is.
    pub(crate) fn take_members(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.members)
    }

    /// The buckets of a unit; none where it shares none.
    pub fn of(&self, unit: u32) -> &[u32] {
        let unit = unit as usize;
        if unit + 1 >= self.starts.len() {
            return &[]; // units that were not banded
        }
        &self.memberships[self.starts[unit] as usize..self.starts[unit + 1] as usize]
    }
}

/// How many keys of each band are in each part of their range.
fn sizes_of_parts<K: Copy + Into<u64>>(keys: &[K], bands: usize) -> Vec<Vec<u32>> {
    let bits = bits_of_parts(keys.len() / bands, KEY_BITS);
    let mut sizes = vec![vec![0; 1 << bits]; bands];
    for of_unit in keys.chunks_exact(bands) {
        for (sizes, &key) in sizes.iter_mut().zip(of_unit) {
            let key = key.into();
            sizes[part(key, bits)] += u32::from(key != ABSENT);
        }
    }
    sizes
}

/// The buckets of one band in which two or more units stand, by their keys: the units, ascending in each, and behind the
/// last one of each. `sizes` are those of its parts.
fn shared_keys<K: Copy + Into<u64>>(
    keys: &[K],
    (bands, band): (usize, usize),
    sizes: &[u32],
) -> (Vec<u32>, Vec<u32>) {
    let of_band = || {
        let all = keys.chunks_exact(bands).map(|of_unit| -> u64 { of_unit[band].into() });
        let rest = u64::BITS - KEY_BITS;
        all.enumerate().filter(|(_, key)| *key != ABSENT).map(move |(unit, key)| (unit, key >> rest << rest))
    };
    let (mut members, mut ends) = (Vec::new(), Vec::new());
    groups(of_band, sizes, |bucket| {
        members.extend(bucket.iter().map(|&entry| entry as u32));
        ends.push(members.len() as u32);
    });
    (members, ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn plans_keep_their_promise() {
        for threshold in [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0] {
            for recall in [0.9, 0.99, 0.999] {
                let plan = Plan::new(threshold, recall);
                assert!(plan.probability(threshold) >= recall, "{threshold} {recall} {plan:?}");
            }
        }
        assert_eq!(Plan::new(0.8, 0.99), Plan { bands: 9, rows: 4 });
        assert_eq!(Plan::new(0.6, 0.99), Plan { bands: 19, rows: 3 });
        assert!((Plan { bands: 14, rows: 8 }.probability(0.8) - 0.923).abs() < 0.001);
    }

    proptest! {
        #[test]
        fn buckets_are_the_groups_of_equal_keys(
            keys in prop::collection::vec((0u64..6, any::<u64>()), 0..60),
            bands in 1usize..5,
        ) {
            let units = keys.len() / bands;
            // in the first part and in others, with bits that do not count
            let key = |&(key, rest): &(u64, u64)| match key {
                0 => ABSENT,
                key => key << 40 | (key & 1) << 62 | rest >> KEY_BITS,
            };
            let keys: Vec<u64> = keys[..units * bands].iter().map(key).collect();
            let buckets = Buckets::new(&keys, bands);
            let mut expected: BTreeMap<(usize, u64), Vec<u32>> = BTreeMap::new();
            for (i, &key) in keys.iter().enumerate() {
                if key != ABSENT {
                    expected.entry((i % bands, key >> 40)).or_default().push((i / bands) as u32);
                }
            }
            let expected: Vec<Vec<u32>> = expected.into_values().filter(|group| group.len() > 1).collect();
            let got: Vec<Vec<u32>> = (0..buckets.len()).map(|b| buckets.members(b as u32).to_vec()).collect();
            prop_assert_eq!(&got, &expected);
            for unit in 0..units as u32 {
                let of: Vec<u32> = (0..got.len()).filter(|&b| got[b].contains(&unit)).map(|b| b as u32).collect();
                prop_assert_eq!(buckets.of(unit), &of);
            }
        }
    }
}

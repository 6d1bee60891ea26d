//! An inverted index of a slice of a sample: which of its units have a shingle. The sets themselves are not kept: what
//! a unit shares with each of the slice, counted, and the sizes of both sets are all that similarity needs.

use rayon::prelude::*;

/// A unit of the sample.
pub(super) struct Drawn {
    pub(super) unit: u32,
    /// how many shingles it has, each once
    pub(super) size: u32,
    pub(super) is_copy: bool,
}

/// Bytes that a shingle takes while an index is made: itself and its unit, in order; then beside them once more, where
/// its units are, the first bits and the filter.
pub(crate) const OF_SHINGLE: u64 = 16 + 8 + 4 + 4 + 4 + 4;

/// Bytes that a unit takes: itself, and what a thread counts for it.
pub(super) const OF_UNIT: u64 = 16 + 24;

/// An inverted index.
#[derive(Default)]
pub(super) struct Index {
    /// in order
    pub(super) drawn: Vec<Drawn>,
    /// a bit for each shingle, by its low bits: most shingles of a corpus stop here
    filter: Vec<u64>,
    /// ascending, each once
    shingles: Vec<u64>,
    /// by the first bits of a shingle, where those that have them start; at last the end
    starts: Vec<u32>,
    /// how many bits come behind those
    behind: u32,
    /// of each shingle, where its units end in `holders`
    ends: Vec<u32>,
    holders: Vec<u32>,
}

impl Index {
    /// Of units in order; of each its shingles, each once, with its number among them.
    pub(super) fn new(drawn: Vec<Drawn>, mut all: Vec<(u64, u32)>) -> Self {
        if all.is_empty() {
            return Index::default();
        }
        all.par_sort_unstable();
        let same = || all.chunk_by(|(a, _), (b, _)| a == b);
        let distinct = same().count();
        let bits = (all.len() * 16).next_power_of_two().max(64);
        let first_bits = (distinct / 2).next_power_of_two().ilog2().max(1);
        let behind = u64::BITS - first_bits;
        let mut filter = vec![0; bits / 64];
        let mut starts = vec![0; (1 << first_bits) + 1];
        let (mut shingles, mut ends) = (Vec::with_capacity(distinct), Vec::with_capacity(distinct));
        let mut end = 0;
        for same in same() {
            let shingle = same[0].0;
            let bit = shingle as usize & (bits - 1);
            filter[bit / 64] |= 1 << (bit % 64);
            shingles.push(shingle);
            starts[(shingle >> behind) as usize + 1] = shingles.len() as u32;
            end += same.len() as u32;
            ends.push(end);
        }
        let mut before = 0;
        for start in &mut starts {
            *start = before.max(*start);
            before = *start;
        }
        let holders = all.into_iter().map(|(_, number)| number).collect::<Vec<u32>>();
        Index { drawn, filter, shingles, starts, behind, ends, holders }
    }

    /// Bytes that it takes.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        size_of_val(&self.drawn[..])
            + size_of_val(&self.filter[..])
            + size_of_val(&self.shingles[..])
            + [&self.starts, &self.ends, &self.holders].iter().map(|of| size_of_val(&of[..])).sum::<usize>()
    }

    /// The number of a shingle, if a unit of the sample has it.
    #[inline]
    pub(super) fn find(&self, shingle: u64) -> Option<u32> {
        let bit = shingle as usize & (self.filter.len() * 64).wrapping_sub(1);
        if self.filter.get(bit / 64)? >> (bit % 64) & 1 == 0 {
            return None;
        }
        let first = (shingle >> self.behind) as usize;
        let [start, end] = [self.starts[first], self.starts[first + 1]];
        let found = self.shingles[start as usize..end as usize].iter().position(|known| *known == shingle);
        found.map(|at| start + at as u32)
    }

    /// The units that have a shingle, by its number; all by their own.
    pub(super) fn holders(&self, number: u32) -> &[u32] {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.holders[start as usize..self.ends[number] as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_index_is_a_map(all in prop::collection::btree_set((0u64..60, 0u32..9), 0..80), spread: bool) {
            let shingle = |of: u64| if spread { of.wrapping_mul(0x9E37_79B9_7F4A_7C15) } else { of };
            let mut map: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
            all.iter().for_each(|&(of, unit)| map.entry(shingle(of)).or_default().push(unit));
            let index = Index::new(Vec::new(), all.iter().map(|&(of, unit)| (shingle(of), unit)).collect());
            for of in (0..70).map(shingle) {
                prop_assert_eq!(index.find(of).map(|number| index.holders(number)), map.get(&of).map(|units| &units[..]));
            }
        }
    }
}

//! The exact collapse: of all units with the same tokens, which came first. Ten million equal lines are one
//! entry here, and are signed once.
//!
//! The table is cut into shards by key. Each shard takes the keys of a batch in corpus order, so that the
//! answer is the same whatever runs in parallel. A unit's entry costs 16 bytes of key, 4 of number, and 5
//! of table at a load of 7/16 to 7/8.

use hashbrown::HashTable;
use rayon::prelude::*;

/// Shards; more than there are threads on most machines.
const SHARDS: usize = 32;

/// A key with the first unit that has it, in 20 bytes; ordered by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Keyed {
    /// the highest bits first
    key: [u32; 4],
    pub(crate) unit: u32,
}

impl Keyed {
    pub(crate) fn new(key: u128, unit: u32) -> Self {
        Keyed { key: [96, 64, 32, 0].map(|shift| (key >> shift) as u32), unit }
    }

    pub(crate) fn key(&self) -> u128 {
        self.key.iter().fold(0, |key, &part| key << 32 | u128::from(part))
    }
}

/// The first unit of each key so far.
pub(crate) struct Exact {
    shards: Vec<Shard>,
}

#[derive(Default)]
struct Shard {
    /// index into the two others
    table: HashTable<u32>,
    keys: Vec<u128>,
    first: Vec<u32>,
}

impl Exact {
    pub(crate) fn new() -> Self {
        Exact { shards: (0..SHARDS).map(|_| Shard::default()).collect() }
    }

    /// Takes the keys of the next units, the first of which has the number `base`. Makes `first[i]` the
    /// number of the first unit with the key of `keys[i]`; a key for which `passed` says so is left alone.
    pub(crate) fn admit(
        &mut self,
        keys: &[u128],
        base: u32,
        passed: impl Fn(u128) -> bool + Sync,
        first: &mut [u32],
    ) {
        let (order, ends) = by_shard(keys, passed);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let own: Vec<&[u32]> = starts.zip(&ends).map(|(start, &end)| &order[start..end]).collect();
        let take = |(shard, own): (&mut Shard, &[u32])| -> Vec<u32> {
            own.iter().map(|&i| shard.first(keys[i as usize], base + i)).collect()
        };
        let found: Vec<Vec<u32>> = self.shards.par_iter_mut().zip(own).map(take).collect();
        for (&i, unit) in order.iter().zip(found.into_iter().flatten()) {
            first[i as usize] = unit;
        }
    }
}

impl Exact {
    /// All keys with the first unit of each, by key.
    pub(crate) fn into_keys(self) -> Vec<Keyed> {
        let mut keys = Vec::with_capacity(self.shards.iter().map(|shard| shard.keys.len()).sum());
        for Shard { keys: own, first, .. } in self.shards {
            keys.extend(own.into_iter().zip(first).map(|(key, unit)| Keyed::new(key, unit)));
        }
        keys.par_sort_unstable();
        keys
    }
}

/// The places of the keys that are not passed, shard after shard, ascending in each; and where each shard's
/// end.
fn by_shard(keys: &[u128], passed: impl Fn(u128) -> bool) -> (Vec<u32>, [usize; SHARDS]) {
    let mut next = [0; SHARDS];
    keys.iter().filter(|key| !passed(**key)).for_each(|&key| next[shard_of(key)] += 1);
    let mut sum = 0;
    for next in &mut next {
        sum += std::mem::replace(next, sum);
    }
    let mut order = vec![0; sum];
    for (i, &key) in (0..).zip(keys).filter(|(_, key)| !passed(**key)) {
        let next = &mut next[shard_of(key)];
        order[*next] = i;
        *next += 1;
    }
    (order, next)
}

impl Shard {
    /// The first unit with this key: one seen before, or `unit` itself.
    fn first(&mut self, key: u128, unit: u32) -> u32 {
        let hash = |key: u128| key as u64;
        let entry =
            self.table.entry(hash(key), |&i| self.keys[i as usize] == key, |&i| hash(self.keys[i as usize]));
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => self.first[*found.get() as usize],
            hashbrown::hash_table::Entry::Vacant(free) => {
                free.insert(self.keys.len() as u32);
                self.keys.push(key);
                self.first.push(unit);
                unit
            }
        }
    }
}

/// By bits that the table inside of a shard does not use first.
fn shard_of(key: u128) -> usize {
    (key >> 64) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn keys_are_ordered_as_numbers(a in any::<(u128, u32)>(), b in any::<(u128, u32)>()) {
            let [first, second] = [a, b].map(|(key, unit)| Keyed::new(key, unit));
            prop_assert_eq!((first.key(), first.unit), a);
            prop_assert_eq!(first.cmp(&second), a.cmp(&b));
        }

        #[test]
        fn equals_a_plain_map(batches in prop::collection::vec(prop::collection::vec(0u128..30, 0..40), 1..5)) {
            let mut exact = Exact::new();
            let mut map: BTreeMap<u128, u32> = BTreeMap::new();
            let mut base = 5;
            for keys in batches {
                let spread: Vec<u128> = keys.iter().map(|k| k << 62 | k).collect();
                let mut first = vec![u32::MAX; keys.len()];
                exact.admit(&spread, base, |key| key == 0, &mut first);
                for (i, &key) in keys.iter().enumerate() {
                    let expected = if key == 0 { u32::MAX } else { *map.entry(key).or_insert(base + i as u32) };
                    prop_assert_eq!(first[i], expected);
                }
                base += keys.len() as u32;
            }
        }
    }
}

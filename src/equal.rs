//! Which of many keys are equal? They are put in order a part of their range at a time, so that what is looked up
//! lies near, and what stands alone is never sorted.

use std::mem::take;

use rayon::prelude::*;

/// Keys of which a part is about as large as a processor's nearest cache.
const KEYS_OF_A_PART: usize = 1 << 13;

/// The least of the keys that are put into parts at once. No more than these, or a quarter of all, are held twice.
const KEYS_AT_ONCE: usize = 1 << 22;

/// What stands in an entry beside the number of a key: as much of the key as its part does not tell.
const KEY: u64 = u64::MAX << u32::BITS;

/// The fewest parts, as a power of two: what a few thousand keys share is sorted in small pieces, too.
const FEWEST: u32 = 4;

/// Into how many parts the range of so many keys is cut, as a power of two; of a key the first `of_key` bits count.
pub(crate) fn bits_of_parts(keys: usize, of_key: u32) -> u32 {
    (keys / KEYS_OF_A_PART).max(1).ilog2().max(of_key.saturating_sub(u32::BITS)).max(FEWEST)
}

/// The part of a key.
pub(crate) fn part(key: u64, bits: u32) -> usize {
    (key >> (u64::BITS - bits)) as usize
}

/// Calls `found` for each group of two or more equal keys, by key, with entries of which the lower half are the numbers of
/// these keys, ascending. `keys` gives all of them with their numbers, ascending; `sizes` tells how many are in each
/// [`part`].
pub(crate) fn groups<I: Iterator<Item = (usize, u64)>>(
    keys: impl Fn() -> I,
    sizes: &[u32],
    mut found: impl FnMut(&[u64]),
) {
    let bits = sizes.len().ilog2();
    let keys_of_parts: usize = sizes.iter().map(|&size| size as usize).sum();
    let at_once = KEYS_AT_ONCE.max(keys_of_parts / 4);
    let mut entries = Vec::new();
    let mut first = 0;
    while first < sizes.len() {
        let mut next = Vec::new();
        let mut all = 0;
        for &size in &sizes[first..] {
            if all + size as usize > at_once && all > 0 {
                break;
            }
            next.push(all);
            all += size as usize;
        }
        entries.clear();
        entries.resize(all, 0u64);
        for (number, key) in keys() {
            if let Some(next) = next.get_mut(part(key, bits).wrapping_sub(first)) {
                entries[*next] = key << bits | number as u64;
                *next += 1;
            }
        }
        first += next.len();
        let mut rest = &mut entries[..];
        let mut start = 0;
        let cut = |end| {
            let (part, behind) = take(&mut rest).split_at_mut(end - start);
            (rest, start) = (behind, end);
            part
        };
        let mut parts: Vec<&mut [u64]> = next.into_iter().map(cut).collect();
        parts.par_iter_mut().with_min_len(8).for_each_init(Vec::new, |met, part| {
            let kept = keep_repeated(part, met);
            *part = &mut take(part)[..kept];
            part.sort_unstable();
        });
        for part in parts {
            part.chunk_by(|a, b| a & KEY == b & KEY).filter(|group| group.len() > 1).for_each(&mut found);
        }
    }
}

/// Moves the entries whose keys may be those of others to the front; returns how many. Two bits for each of 8 times as many
/// slots, side by side, tell nearly all that stand alone.
fn keep_repeated(entries: &mut [u64], met: &mut Vec<u64>) -> usize {
    let slots = (entries.len() * 8).next_power_of_two().max(64);
    met.clear();
    met.resize(slots / 32, 0u64);
    let slot = |entry: u64| {
        let at = (entry >> (u64::BITS - slots.ilog2())) as usize;
        (at / 32, at % 32 * 2)
    };
    for &entry in &*entries {
        let (word, at) = slot(entry);
        let twice = (met[word] >> at & 1) << (at + 1);
        met[word] |= 1 << at | twice;
    }
    let mut kept = 0;
    for i in 0..entries.len() {
        let entry = entries[i];
        let (word, at) = slot(entry);
        entries[kept] = entry;
        kept += (met[word] >> at >> 1 & 1) as usize;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn all_that_are_equal_and_nothing_else(
            keys in prop::collection::vec(prop_oneof![0u64..4, any::<u64>()], 0..200),
            bits in 8u32..12,
        ) {
            let keys: Vec<u64> = keys.iter().map(|key| (key | key << 62) & u64::MAX << 24).collect();
            let mut sizes = vec![0; 1 << bits];
            keys.iter().for_each(|key| sizes[part(*key, bits)] += 1);
            let mut got: Vec<Vec<usize>> = Vec::new();
            groups(|| keys.iter().copied().enumerate(), &sizes, |group| {
                got.push(group.iter().map(|&entry| entry as u32 as usize).collect());
            });
            let mut expected: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
            keys.iter().enumerate().for_each(|(number, key)| expected.entry(*key).or_default().push(number));
            let expected: Vec<Vec<usize>> = expected.into_values().filter(|group| group.len() > 1).collect();
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn more_than_are_put_into_parts_at_once() {
        let keys = || (0..KEYS_AT_ONCE * 2 + 7).map(|number| (number, (number as u64 % 1000) << 54));
        let mut sizes = vec![0; 1 << 10];
        keys().for_each(|(_, key)| sizes[part(key, 10)] += 1);
        let (mut all, mut many) = (0, 0);
        groups(keys, &sizes, |group| {
            assert!(group.windows(2).all(|pair| pair[0] < pair[1]));
            (all, many) = (all + group.len(), many + 1);
        });
        assert_eq!((all, many), (KEYS_AT_ONCE * 2 + 7, 1000));
    }
}

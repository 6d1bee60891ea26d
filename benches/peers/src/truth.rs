//! The exact truth, by a set-similarity join without sketches.
//!
//! Prefix filter: two sets that reach a Jaccard of t share one of the n - ceil(t n) + 1 rarest shingles of
//! each, so a unit is compared with every earlier one that shares one of its rarest. Equal sets are compared
//! once.
//!
//! Two things are true of a unit, and both are written: `earlier`, some earlier unit reaches the threshold;
//! `copy`, some earlier unit that is itself no copy does (Redite's law 1).

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use redite::normalise::Tokenizer;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::records::{THRESHOLD, WIDTH, each};

pub fn write(file: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let mut units = Units::default();
    each(file, |record| units.add(&record.id, &record.text))?;
    let known = join(&units.sets);
    let mut counts = [0; 2];
    let mut out = BufWriter::new(File::create(out)?);
    let mut met = vec![false; units.sets.len()];
    for (id, set) in &units.of {
        let again = std::mem::replace(&mut met[*set as usize], true);
        let known = known[*set as usize];
        let (earlier, copy) = (again || known.earlier, again || known.copy);
        counts = [counts[0] + u32::from(earlier), counts[1] + u32::from(copy)];
        writeln!(out, "{id}\t{}\t{}", u8::from(earlier), u8::from(copy))?;
    }
    out.flush()?;
    println!(
        "{file}: {} units, {} distinct, {} words; {} have an earlier match, {} are copies of an original; Redite \
         sees other words in {} units",
        units.of.len(),
        units.sets.len(),
        units.words,
        counts[0],
        counts[1],
        units.otherwise
    );
    Ok(())
}

/// All units of a file: the number of each one's set, and the sets, sorted, equal ones once.
#[derive(Default)]
struct Units {
    of: Vec<(String, u32)>,
    sets: Vec<Vec<u64>>,
    numbers: HashMap<u128, u32>,
    words: usize,
    otherwise: usize,
}

impl Units {
    fn add(&mut self, id: &str, text: &str) {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let hashes: Vec<u64> = words.iter().map(|word| xxh3_64(word.as_bytes())).collect();
        let shingle = |words: &[u64]| {
            let mut bytes = [0; 8 * WIDTH];
            bytes
                .chunks_exact_mut(8)
                .zip(words)
                .for_each(|(into, word)| into.copy_from_slice(&word.to_le_bytes()));
            xxh3_64(&bytes[..8 * words.len()])
        };
        let mut set: Vec<u64> = hashes.windows(WIDTH.min(words.len())).map(shingle).collect();
        set.sort_unstable();
        set.dedup();
        let mut bytes = Vec::with_capacity(8 * set.len());
        set.iter().for_each(|shingle| bytes.extend_from_slice(&shingle.to_le_bytes()));
        let next = self.sets.len() as u32;
        let number = *self.numbers.entry(xxh3_128(&bytes)).or_insert(next);
        if number == next {
            self.sets.push(set);
        }
        self.of.push((id.to_owned(), number));
        self.words += words.len();
        let mut tokens = Vec::new();
        Tokenizer::new(0).hashes(text, &mut tokens);
        self.otherwise += usize::from(tokens.len() != words.len());
    }
}

#[derive(Clone, Copy, Default)]
struct Known {
    earlier: bool,
    copy: bool,
}

fn join(sets: &[Vec<u64>]) -> Vec<Known> {
    let mut all: Vec<u64> = sets.iter().flatten().copied().collect();
    all.sort_unstable();
    let repeated = all.chunk_by(|a, b| a == b).filter(|same| same.len() > 1);
    let frequency: HashMap<u64, u32> = repeated.map(|same| (same[0], same.len() as u32)).collect();
    drop(all);
    let mut known: Vec<Known> = Vec::with_capacity(sets.len());
    let mut places: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut compared = vec![u32::MAX; sets.len()];
    for (number, set) in sets.iter().enumerate() {
        let mut rarest: Vec<(u32, u64)> =
            set.iter().map(|shingle| (frequency.get(shingle).copied().unwrap_or(1), *shingle)).collect();
        rarest.sort_unstable();
        rarest.truncate(set.len() - (THRESHOLD * set.len() as f64 - 1e-9).ceil() as usize + 1);
        rarest.retain(|(count, _)| *count > 1);
        let mut mine = Known::default();
        for other in rarest.iter().filter_map(|(_, shingle)| places.get(shingle)).flatten() {
            // Nothing more to learn from a copy once there is some earlier match, nor at all once there is an original.
            let theirs = known[*other as usize];
            if mine.copy || (mine.earlier && theirs.copy) {
                continue;
            }
            let before = std::mem::replace(&mut compared[*other as usize], number as u32);
            if before != number as u32 && reaches(set, &sets[*other as usize]) {
                mine.earlier = true;
                mine.copy |= !theirs.copy;
            }
        }
        rarest.iter().for_each(|(_, shingle)| places.entry(*shingle).or_default().push(number as u32));
        known.push(mine);
    }
    known
}

/// Whether the Jaccard similarity of two sorted sets reaches the threshold, computed on all their elements.
fn reaches(a: &[u64], b: &[u64]) -> bool {
    let (few, many) = (a.len().min(b.len()), a.len().max(b.len()));
    if (few as f64) < THRESHOLD * many as f64 {
        return false;
    }
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        shared += usize::from(a[i] == b[j]);
        let (left, right) = (a[i], b[j]);
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    shared as f64 / (a.len() + b.len() - shared) as f64 >= THRESHOLD
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pairs, one by one.
    fn plain(sets: &[Vec<u64>]) -> Vec<(bool, bool)> {
        let mut known: Vec<(bool, bool)> = Vec::new();
        for (number, set) in sets.iter().enumerate() {
            let reach = |other: &usize| {
                let shared = set.iter().filter(|x| sets[*other].contains(x)).count();
                5 * shared >= 4 * (set.len() + sets[*other].len() - shared)
            };
            let others: Vec<usize> = (0..number).filter(reach).collect();
            known.push((!others.is_empty(), others.iter().any(|other| !known[*other].1)));
        }
        known
    }

    #[test]
    fn the_join_finds_what_all_pairs_find() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let (mut both, mut only_earlier) = (0, 0);
        for _ in 0..200 {
            let mut sets: Vec<Vec<u64>> = Vec::new();
            for number in 0..40 {
                let mut set: Vec<u64> = if number > 0 && next() % 4 > 0 {
                    sets[next() as usize % number].clone()
                } else {
                    (0..5 + next() % 20).map(|_| next() % 500).collect()
                };
                for _ in 0..next() % 3 {
                    let at = next() as usize % set.len();
                    set[at] = next() % 500;
                }
                set.sort_unstable();
                set.dedup();
                sets.push(set);
            }
            let found: Vec<(bool, bool)> =
                join(&sets).iter().map(|known| (known.earlier, known.copy)).collect();
            assert_eq!(found, plain(&sets));
            both += found.iter().filter(|known| known.1).count();
            only_earlier += found.iter().filter(|known| known.0 && !known.1).count();
        }
        assert!(both > 1000 && only_earlier > 100, "{both} {only_earlier}");
    }
}

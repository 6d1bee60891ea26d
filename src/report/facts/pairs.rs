//! What pairs of sources, or of folders, add up to. Where memory is bounded no more than [`HELD`] of them are held: others wait
//! in a temporary file, and most are never held at once.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use crate::error::Result;
use crate::report::facts::SourcePair;
use crate::report::facts::sorted::Runs;

/// Pairs that are held where memory is bounded.
const HELD: usize = 1 << 16;

/// The later one and the earlier one; copies, characters, each with its upper half first.
type Row = [u32; 6];

/// Sums by the later one and the earlier one.
pub(super) struct Pairs {
    sums: HashMap<(u32, u32), [u64; 2]>,
    most: usize,
    waiting: Option<Runs<Row>>,
}

impl Pairs {
    /// None; where there is a `folder`, they may wait there.
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Pairs::holding(folder, HELD)
    }

    fn holding(folder: Option<&Path>, most: usize) -> Self {
        Pairs { sums: HashMap::new(), most, waiting: folder.map(Runs::new) }
    }

    /// Adds to the copies and characters of a pair.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn add(&mut self, copy: u32, original: u32, [repeats, characters]: [u64; 2]) -> Result<()> {
        if let Some(waiting) = self.waiting.as_mut().filter(|_| self.sums.len() >= self.most) {
            waiting.push(&rows(std::mem::take(&mut self.sums)))?;
        }
        let sum = self.sums.entry((copy, original)).or_default();
        sum[0] += repeats;
        sum[1] += characters;
        Ok(())
    }

    /// Those with the most characters, these first, at most `most`; and how many pairs there are.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn finish(self, most: usize) -> Result<Ranked> {
        let Pairs { sums, waiting, .. } = self;
        let waiting = waiting.filter(|waiting| waiting.len() > 0);
        let mut ranked = Ranked { first: Vec::new(), count: 0, held: Vec::new(), waiting: None };
        let (held, waiting) = match waiting {
            Some(waiting) => (rows(sums), waiting),
            None => {
                ranked.held = sums.into_iter().map(pair).collect();
                ranked.held.sort_unstable_by_key(order);
                ranked.count = ranked.held.len() as u64;
                ranked.first = ranked.held.iter().take(most).copied().collect();
                return Ok(ranked);
            }
        };
        let (first, count) = (&mut ranked.first, &mut ranked.count);
        each(&held, &waiting, |pair| {
            *count += 1;
            first.push(pair);
            if first.len() >= 2 * most.max(HELD / 16) {
                first.sort_unstable_by_key(order);
                first.truncate(most);
            }
        })?;
        first.sort_unstable_by_key(order);
        first.truncate(most);
        ranked.waiting = Some((held, waiting));
        Ok(ranked)
    }
}

/// All pairs, and those that come first.
pub(super) struct Ranked {
    pub(super) first: Vec<SourcePair>,
    /// how many there are
    pub(super) count: u64,
    // all of them, in their rank; or in the order of the corpus, those that wait with them
    held: Vec<SourcePair>,
    waiting: Option<(Vec<Row>, Runs<Row>)>,
}

impl Ranked {
    /// All for which `wanted` says so, those with the most characters first.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn those(self, wanted: impl Fn(&SourcePair) -> bool) -> Result<Vec<SourcePair>> {
        let mut those: Vec<SourcePair> = self.held.into_iter().filter(&wanted).collect();
        if let Some((held, waiting)) = self.waiting {
            each(&held, &waiting, |pair| those.extend(Some(pair).filter(&wanted)))?;
            those.sort_unstable_by_key(order);
        }
        Ok(those)
    }
}

/// The most characters first; among equals in the order of the corpus.
fn order(pair: &SourcePair) -> (Reverse<u64>, u32, u32) {
    (Reverse(pair.characters), pair.copy, pair.original)
}

fn pair(((copy, original), [repeats, characters]): ((u32, u32), [u64; 2])) -> SourcePair {
    SourcePair { copy, original, repeats, characters }
}

/// In the order of the corpus.
fn rows(sums: HashMap<(u32, u32), [u64; 2]>) -> Vec<Row> {
    let halves = |of: u64| [(of >> 32) as u32, of as u32];
    let row = |((copy, original), [repeats, characters]): ((u32, u32), [u64; 2])| {
        let ([a, b], [c, d]) = (halves(repeats), halves(characters));
        [copy, original, a, b, c, d]
    };
    let mut rows: Vec<Row> = sums.into_iter().map(row).collect();
    rows.sort_unstable();
    rows
}

/// Calls `found` with each pair, in the order of the corpus.
fn each(held: &[Row], waiting: &Runs<Row>, mut found: impl FnMut(SourcePair)) -> Result<()> {
    let whole = |upper: u32, lower: u32| u64::from(upper) << 32 | u64::from(lower);
    let mut at_hand: Option<SourcePair> = None;
    waiting.merge(held, |&[copy, original, a, b, c, d]| {
        let part = SourcePair { copy, original, repeats: whole(a, b), characters: whole(c, d) };
        match &mut at_hand {
            Some(pair) if (pair.copy, pair.original) == (copy, original) => {
                pair.repeats += part.repeats;
                pair.characters += part.characters;
            }
            other => other.replace(part).into_iter().for_each(&mut found),
        }
    })?;
    at_hand.into_iter().for_each(found);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_held_the_sums_are_those_of_all(
            all in prop::collection::vec((0..6u32, 0..6u32, 0..3u64, 0..1u64 << 40), 0..80),
            most in 1..9usize,
            shown in 0..9usize,
        ) {
            let told = |folder: Option<&Path>| {
                let mut pairs = Pairs::holding(folder, most);
                all.iter().for_each(|&(copy, of, repeats, characters)| pairs.add(copy, of, [repeats, characters]).unwrap());
                let ranked = pairs.finish(shown).unwrap();
                (ranked.first.clone(), ranked.count, ranked.those(|pair| pair.copy % 2 == 0).unwrap())
            };
            let (first, count, those) = told(None);
            prop_assert!(first.len() <= shown && first.len() as u64 <= count);
            prop_assert!(first.is_sorted_by_key(order) && those.is_sorted_by_key(order));
            let folder = std::env::temp_dir();
            prop_assert_eq!(told(Some(&folder)), (first, count, those));
        }
    }
}

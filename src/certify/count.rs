//! What the units of a corpus share with those of a sample, counted.

use crate::certify::index::Index;
use crate::verify::Overlap;

/// What one thread counts with.
pub(super) struct Counter<'a> {
    pub(super) index: &'a Index,
    /// all units of the sample, in order
    sample: &'a [u32],
    threshold: f64,
    /// the shingles of the index that the unit that asks has
    hits: Vec<u32>,
    /// for each unit of the index, shingles shared with the one that asks; all zero in between
    shared: Vec<u32>,
    touched: Vec<u32>,
    set: Vec<u64>,
    pub(super) tally: Tally,
}

impl<'a> Counter<'a> {
    pub(super) fn new(index: &'a Index, sample: &'a [u32], threshold: f64) -> Self {
        Counter {
            index,
            sample,
            threshold,
            hits: Vec::new(),
            shared: vec![0; index.drawn.len()],
            touched: Vec::new(),
            set: Vec::new(),
            tally: Tally { best: vec![None; index.drawn.len()], ..Tally::default() },
        }
    }

    /// Holds a unit against the slice of the sample.
    pub(super) fn ask(&mut self, unit: u32, shingles: &[u64], is_copy: impl Fn() -> bool) {
        self.hits.clear();
        self.hits.extend(shingles.iter().filter_map(|shingle| self.index.find(*shingle)));
        self.hits.sort_unstable();
        self.hits.dedup();
        for &number in &self.hits {
            for &holder in self.index.holders(number) {
                let shared = &mut self.shared[holder as usize];
                if *shared == 0 {
                    self.touched.push(holder);
                }
                *shared += 1;
            }
        }
        let mut asking: Option<Asking> = None;
        for holder in self.touched.drain(..) {
            let shared = std::mem::take(&mut self.shared[holder as usize]);
            let drawn = &self.index.drawn[holder as usize];
            // the union is no smaller than the sample's set
            if f64::from(shared) + 1e-6 < self.threshold * f64::from(drawn.size) || drawn.unit == unit {
                continue;
            }
            let asking = asking.get_or_insert_with(|| {
                self.set.clear();
                self.set.extend_from_slice(shingles);
                self.set.sort_unstable();
                self.set.dedup();
                let is_drawn = self.sample.binary_search(&unit).is_ok();
                Asking { size: self.set.len() as u32, is_drawn, best: None }
            });
            let is_earlier = drawn.unit < unit;
            let mut sizes = [asking.size, drawn.size];
            if !is_earlier {
                sizes.reverse();
            }
            let overlap = Overlap { shared, sizes };
            if overlap.jaccard() < self.threshold {
                continue;
            }
            if is_earlier {
                self.tally.pairs.add(&mut asking.best, (drawn.unit, drawn.is_copy), overlap);
            } else if !asking.is_drawn {
                // of two that are both in the sample the later one asks
                let best = &mut self.tally.best[holder as usize];
                self.tally.pairs.add(best, (unit, is_copy()), overlap);
            }
        }
        let best = asking.and_then(|asking| asking.best);
        self.tally.matches.extend(best.map(|best| (unit, best)));
    }

    /// Gives back what a long text took.
    pub(super) fn let_go(&mut self) {
        (self.hits, self.set) = Default::default();
    }
}

/// A unit that is similar to some of the sample.
struct Asking {
    /// how many shingles it has, each once
    size: u32,
    /// whether it is of the sample itself
    is_drawn: bool,
    /// the original before it, of the slice, to which it is most similar
    best: Option<Earlier>,
}

/// An earlier unit that is no copy, and what a later one shares with it.
pub(super) type Earlier = (u32, Overlap);

/// A later unit and the earlier one.
pub(super) type Pair = (u32, Earlier);

/// Similar pairs.
#[derive(Default, Clone, Copy)]
pub(super) struct Pairs {
    pub(super) all: u64,
    pub(super) of_copies: u64,
}

impl Pairs {
    /// Counts a pair; keeps its earlier unit if that is the best one so far.
    fn add(&mut self, best: &mut Option<Earlier>, (earlier, is_copy): (u32, bool), overlap: Overlap) {
        self.all += 1;
        if is_copy {
            self.of_copies += 1;
        } else {
            better(best, (earlier, overlap));
        }
    }

    /// With those of other units.
    fn and(self, other: Self) -> Self {
        Pairs { all: self.all + other.all, of_copies: self.of_copies + other.of_copies }
    }
}

/// Keeps the more similar one, of equals the earlier.
fn better(best: &mut Option<Earlier>, other: Earlier) {
    let order = |(unit, overlap): Earlier| (overlap.jaccard(), std::cmp::Reverse(unit));
    if best.is_none_or(|best| order(other) > order(best)) {
        *best = Some(other);
    }
}

/// What was counted of one kind of unit against a slice of the sample.
#[derive(Default)]
pub(super) struct Tally {
    pairs: Pairs,
    /// of those that asked, each with the original before it, of the slice, to which it is most similar
    matches: Vec<Pair>,
    /// for each unit of the slice, the same of those that asked
    best: Vec<Option<Earlier>>,
}

impl Tally {
    /// With what was counted of other units.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.pairs = self.pairs.and(other.pairs);
        self.matches.extend(other.matches);
        for (own, other) in self.best.iter_mut().zip(other.best) {
            other.into_iter().for_each(|other| better(own, other));
        }
        self
    }
}

/// What was counted of one kind of unit so far.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) pairs: Pairs,
    /// later units, in order, each with the original before it to which it is most similar
    pub(super) matches: Vec<Pair>,
}

impl Counted {
    /// Takes in what was counted against a slice.
    pub(super) fn add(&mut self, index: &Index, tally: Tally) {
        self.pairs = self.pairs.and(tally.pairs);
        self.matches.extend(tally.matches);
        let drawn = index.drawn.iter().zip(tally.best);
        self.matches.extend(drawn.filter_map(|(drawn, best)| Some((drawn.unit, best?))));
        self.matches.sort_unstable_by_key(|(later, _)| *later);
        self.matches.dedup_by(|(later, other), (kept, best)| {
            let is_same = later == kept;
            if is_same {
                let mut both = Some(*best);
                better(&mut both, *other);
                *best = both.unwrap_or(*best);
            }
            is_same
        });
    }
}

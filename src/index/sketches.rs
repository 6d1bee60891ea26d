//! A few bits of each paragraph that stands in buckets: enough to tell of most pairs, without the text, that they
//! are not alike.
//!
//! Two sections: for each 256 paragraphs of the segment how many before them have a sketch (u32), and a bit for
//! each of them (32 bytes); then the sketches, 3 bytes each, in order.

use crate::error::Result;
use crate::index::pages::{CARRIED, Forward, PageWriter, Pages, Section};

/// Paragraphs that are counted together.
const TOGETHER: u32 = 256;

/// Bytes of a count and the bits after it.
const GROUP: usize = 4 + TOGETHER as usize / 8;

/// Bytes of a sketch.
const SKETCH: usize = 3;

/// The most elements of a set that has a sketch.
const MOST: usize = 255;

/// Bits of the table by which sets without repetition are known.
const SEEN: usize = 1 << 13;

/// A set of shingles in 24 bits: its size, and 16 bits of which each tells whether an odd number of its elements
/// falls on it (Mitzenmacher, Pagh, Pham 2014). Where two differ, the sets differ. All zero for a set of more
/// than [`MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sketch(u32);

impl Sketch {
    /// Of the shingles of a unit, which may repeat.
    pub(crate) fn new(shingles: &[u64]) -> Self {
        if shingles.len() > MOST {
            return Sketch::default();
        }
        let mut seen = [0_u64; SEEN / 64];
        let is_new = |shingle: &u64| {
            let at = (shingle >> (u64::BITS - SEEN.ilog2())) as usize;
            let bit = 1 << (at % 64);
            let is_new = seen[at / 64] & bit == 0;
            seen[at / 64] |= bit;
            is_new
        };
        if shingles.iter().all(is_new) {
            return Sketch::of_set(shingles);
        }
        let mut set = shingles.to_vec();
        set.sort_unstable();
        set.dedup();
        Sketch::of_set(&set)
    }

    fn of_set(set: &[u64]) -> Self {
        let odd = set.iter().fold(0_u32, |odd, shingle| odd ^ 1 << (8 + (shingle & 15)));
        Sketch(odd | set.len() as u32)
    }

    /// Whether there is none.
    pub(crate) fn is_none(self) -> bool {
        self == Sketch::default()
    }

    /// Whether two sets can have a Jaccard similarity of `threshold`: never false where they have.
    pub(crate) fn may_reach(self, other: Self, threshold: f64) -> bool {
        if self.is_none() || other.is_none() {
            return true;
        }
        let [a, b] = [self.0 & 0xFF, other.0 & 0xFF];
        // elements that are in one of them alone; as many as both have in all, or an even number less
        let apart = ((self.0 ^ other.0) >> 8).count_ones().max(a.abs_diff(b));
        let apart = apart + (apart ^ (a + b)) % 2;
        // a little less than the threshold, so that rounding can't lose a match
        f64::from((a + b).saturating_sub(apart)) + 1e-6 >= threshold * f64::from(a + b + apart)
    }
}

/// Writes both sections. `each` tells the paragraphs with sketches, in order, as often as it is called.
pub(crate) fn write(
    to: &mut PageWriter,
    [first, behind]: [u32; 2],
    each: impl Fn(&mut dyn FnMut(u32, Sketch) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let start = to.position();
    let mut groups = Groups { group: [0; GROUP], number: 0, count: 0 };
    each(&mut |paragraph, _| {
        let at = paragraph - first;
        groups.go_to(to, at / TOGETHER)?;
        groups.group[4 + (at % TOGETHER / 8) as usize] |= 1 << (at % 8);
        groups.count += 1;
        Ok(())
    })?;
    if groups.count > 0 {
        groups.go_to(to, (behind - first).div_ceil(TOGETHER))?;
    }
    to.end_section(start);
    let start = to.position();
    each(&mut |_, sketch| to.append(&sketch.0.to_le_bytes()[..SKETCH]))?;
    to.end_section(start);
    Ok(())
}

/// The groups on their way to disk.
struct Groups {
    group: [u8; GROUP],
    number: u32,
    count: u32,
}

impl Groups {
    fn go_to(&mut self, to: &mut PageWriter, number: u32) -> Result<()> {
        while self.number < number {
            to.append(&self.group)?;
            self.group = [0; GROUP];
            self.group[..4].copy_from_slice(&self.count.to_le_bytes());
            self.number += 1;
        }
        Ok(())
    }
}

/// Sketches on disk.
pub(crate) struct Sketches {
    groups: Section,
    sketches: Section,
}

impl Sketches {
    /// Opens those in two sections of a segment with so many paragraphs.
    pub(crate) fn open(pages: &Pages, [groups, sketches]: [usize; 2], paragraphs: u32) -> Result<Self> {
        let (groups, sketches) = (pages.section(groups)?, pages.section(sketches)?);
        let length = groups[1] - groups[0];
        let expected = u64::from(paragraphs.div_ceil(TOGETHER)) * GROUP as u64;
        if (length != 0 && length != expected) || !(sketches[1] - sketches[0]).is_multiple_of(SKETCH as u64) {
            return Err(pages.wrong(groups[0], "no sketches of so many paragraphs"));
        }
        Ok(Sketches { groups, sketches })
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.groups[1] - self.groups[0] + self.sketches[1] - self.sketches[0]
    }

    fn group(&self, forward: &mut Forward<'_>, number: u32) -> Result<[u8; GROUP]> {
        let mut group = [0; GROUP];
        let at = self.groups[0] + u64::from(number) * GROUP as u64;
        if at + GROUP as u64 <= self.groups[1] {
            forward.fill(at, self.groups[1].div_ceil(CARRIED as u64), &mut group)?;
        }
        Ok(group)
    }

    fn sketch(&self, pages: &Pages, forward: &mut Forward<'_>, rank: u32) -> Result<Sketch> {
        let at = self.sketches[0] + u64::from(rank) * SKETCH as u64;
        if at + SKETCH as u64 > self.sketches[1] {
            return Err(pages.wrong(self.sketches[0], "a sketch that is not there"));
        }
        let mut bytes = [0; 4];
        forward.fill(at, self.sketches[1].div_ceil(CARRIED as u64), &mut bytes[..SKETCH])?;
        Ok(Sketch(u32::from_le_bytes(bytes)))
    }

    /// Those of ascending paragraphs, counted from the first of the segment; none where there is none.
    pub(crate) fn find(&self, pages: &Pages, paragraphs: impl Iterator<Item = u32>) -> Result<Vec<Sketch>> {
        let mut forwards = [Forward::new(pages), Forward::new(pages)];
        let of = |at: u32| {
            let group = self.group(&mut forwards[0], at / TOGETHER)?;
            let (count, bits) = group.split_at(4);
            let byte = (at % TOGETHER / 8) as usize;
            if bits[byte] >> (at % 8) & 1 == 0 {
                return Ok(Sketch::default());
            }
            let before: u32 = bits[..byte].iter().map(|bits| bits.count_ones()).sum();
            let before = before + (bits[byte] & ((1 << (at % 8)) - 1)).count_ones();
            let count = count.try_into().map_or(0, u32::from_le_bytes);
            self.sketch(pages, &mut forwards[1], count.saturating_add(before))
        };
        paragraphs.map(of).collect()
    }

    /// Tells all, with their paragraphs as counted from the first of the segment.
    pub(crate) fn each(&self, pages: &Pages, tell: &mut dyn FnMut(u32, Sketch) -> Result<()>) -> Result<()> {
        let mut forwards = [Forward::new(pages), Forward::new(pages)];
        let mut rank = 0_u32;
        for number in 0..((self.groups[1] - self.groups[0]) / GROUP as u64) as u32 {
            let group = self.group(&mut forwards[0], number)?;
            if group[..4] != rank.to_le_bytes() {
                return Err(pages.wrong(self.groups[0], "sketches that are counted wrong"));
            }
            for at in (0..TOGETHER).filter(|at| group[4 + (at / 8) as usize] >> (at % 8) & 1 == 1) {
                tell(number * TOGETHER + at, self.sketch(pages, &mut forwards[1], rank)?)?;
                rank += 1;
            }
        }
        if u64::from(rank) * SKETCH as u64 == self.sketches[1] - self.sketches[0] {
            return Ok(());
        }
        Err(pages.wrong(self.sketches[0], "another number of sketches than is counted"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sketches_never_deny_a_match(
            a in prop::collection::vec(0u64..60, 1..80),
            b in prop::collection::vec(0u64..60, 1..80),
            spread in any::<u64>(),
        ) {
            let spread = |set: &[u64]| set.iter().map(|n| (n ^ spread).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect::<Vec<_>>();
            let set = |all: &[u64]| all.iter().copied().collect::<std::collections::BTreeSet<_>>();
            let similar = crate::plain::jaccard(&set(&a), &set(&b));
            let (one, other) = (Sketch::new(&spread(&a)), Sketch::new(&spread(&b)));
            prop_assert!(one.may_reach(other, similar));
            prop_assert_eq!(one.0 & 0xFF, set(&a).len() as u32);
            prop_assert!(one.may_reach(one, 1.0));
        }
    }

    #[test]
    fn sketches_tell_unlike_sets_apart() {
        let set = |from: u64| {
            (from..from + 20).map(|n| (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect::<Vec<_>>()
        };
        let pairs = (0..100u64).map(|i| (Sketch::new(&set(1000 * i)), Sketch::new(&set(1000 * i + 500))));
        let told = pairs.filter(|(a, b)| !a.may_reach(*b, 0.8)).count();
        assert!(told > 90, "{told} of 100 pairs");
        assert!(Sketch::new(&(0..256).collect::<Vec<u64>>()).is_none());
    }
}

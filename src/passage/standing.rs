//! The search where stretches leave: what is an original must stay, whole.
//!
//! Tokens that leave (of removed paragraphs, of passages where these are removed) are no original text and no
//! copy of any. What an earlier document is found by, and followed into, is cut at them. In the document itself
//! a stretch that something else is a copy of must not leave either.

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

use crate::params::Params;
use crate::passage::align::Alignment;
use crate::passage::places::FoundBy;
use crate::passage::{
    Candidate, Candidates, Contained, Finder, Margins, Prepared, is_long_enough, of_whole_characters,
    verbatim_tokens,
};
use crate::varint;

/// What leaves a text, in tokens: in order, apart from each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cuts(Vec<Range<u32>>);

impl Cuts {
    /// Of stretches in any order.
    pub(crate) fn new(mut stretches: Vec<Range<u32>>) -> Self {
        stretches.retain(|stretch| !stretch.is_empty());
        stretches.sort_unstable_by_key(|stretch| (stretch.start, stretch.end));
        stretches.dedup_by(|next, before| {
            let joined = next.start <= before.end;
            if joined {
                before.end = before.end.max(next.end);
            }
            joined
        });
        Cuts(stretches)
    }

    /// Appends them as an index keeps them: what stays before each, and its length.
    pub(crate) fn write(&self, into: &mut Vec<u8>) {
        let mut end = 0;
        for cut in &self.0 {
            varint::write(u64::from(cut.start - end), into);
            varint::write(u64::from(cut.end - cut.start), into);
            end = cut.end;
        }
    }

    /// Reads what [`Cuts::write`] wrote, to the end.
    pub(crate) fn read(mut bytes: &[u8]) -> Self {
        let mut cuts = Vec::new();
        let mut end = 0u32;
        while !bytes.is_empty() {
            let mut number = || varint::read(&mut bytes).unwrap_or_default() as u32;
            let start = end.saturating_add(number());
            end = start.saturating_add(number());
            cuts.push(start..end);
        }
        Cuts::new(cuts)
    }

    /// The stretch around the `length` tokens at `at` in which nothing leaves; `None` where one of them does.
    pub(crate) fn around(&self, at: u32, length: u32, tokens: u32) -> Option<[u32; 2]> {
        let before = self.0.partition_point(|cut| cut.start <= at);
        let start = before.checked_sub(1).map_or(0, |i| self.0[i].end);
        let end = self.0.get(before).map_or(tokens, |cut| cut.start);
        (start <= at && at + length <= end).then_some([start, end])
    }
}

/// Ranges in the making: where each that touches no other starts and ends.
#[derive(Default)]
struct Ranges(BTreeMap<u32, u32>);

impl Ranges {
    fn insert(&mut self, Range { mut start, mut end }: Range<u32>) {
        while let Some((&first, &behind)) = self.0.range(..=end).next_back().filter(|of| *of.1 >= start) {
            (start, end) = (start.min(first), end.max(behind));
            self.0.remove(&first);
        }
        self.0.insert(start, end);
    }

    /// Those that a range touches, in order.
    fn within(&self, range: &Range<u32>) -> Vec<Range<u32>> {
        let before = self.0.range(..range.end).rev();
        let mut touched: Vec<Range<u32>> =
            before.map(|(start, end)| *start..*end).take_while(|of| of.end > range.start).collect();
        touched.reverse();
        touched
    }
}

/// Those of earlier documents first, then the longest, then the one that stood first.
#[derive(PartialEq, Eq)]
struct Ranked {
    is_earlier: bool,
    candidate: Candidate,
    /// where its own verbatim runs were long enough, once some of what it repeats has left: what others have there says
    /// nothing of it any more
    verbatim: Option<Vec<Range<u32>>>,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.is_earlier.cmp(&other.is_earlier).then_with(|| self.candidate.cmp(&other.candidate))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Finder<'_> {
    /// All that may be passages of the next document. [`Finder::pass_over`] or [`Finder::settle`] must follow.
    pub(crate) fn look(&mut self, prepared: &Prepared) -> Candidates {
        self.candidates(prepared)
    }

    /// Whether the document lies, nearly all, in passages from one earlier document; then these are told.
    pub(crate) fn is_contained(&mut self, prepared: &Prepared, candidates: &Candidates) -> bool {
        let taken = self.choose(prepared, candidates.clone(), &Cuts::default());
        let (passages, contained) = (self.passages.len(), self.contained.len());
        let overlaps = self.tell_all(prepared, &taken);
        self.tell_contained(prepared, (&taken, &overlaps), |paragraph| paragraph.is_none());
        let is_contained = self.contained.len() > contained;
        if !is_contained {
            self.passages.truncate(passages);
        }
        is_contained
    }

    /// A document with the tokens of one that is contained, and leaves as that did.
    pub(crate) fn repeat_contained(&mut self, document: u32, first: u32) {
        let found = self.contained.binary_search_by_key(&(first, None), |of| (of.copy, of.paragraph));
        let again = found.ok().map(|at| Contained { copy: document, ..self.contained[at] });
        self.contained.extend(again);
    }

    /// A document that has left before, as others with its tokens may.
    pub(crate) fn is_known_to_be_contained(&mut self, contained: Contained) {
        self.contained.push(contained);
    }

    /// A document that leaves: nothing of it is original text.
    pub(crate) fn pass_over(&mut self, prepared: &Prepared) {
        self.places.add(prepared, Margins::of(self.params), |_, _, _| FoundBy::Nothing);
    }

    /// Finds the passages of a document that stays but for `cut` paragraphs.
    pub(crate) fn settle(&mut self, prepared: &Prepared, candidates: Candidates, cut: Cuts) {
        let remove = self.params.remove;
        let taken = self.choose(prepared, candidates, &cut);
        let overlaps = self.tell_all(prepared, &taken);
        self.tell_contained(prepared, (&taken, &overlaps), |paragraph| {
            paragraph.is_some() || !remove.contained
        });
        let mut leaves = cut;
        if remove.passages {
            let copies = taken.iter().map(|candidate| candidate.alignment.copy());
            leaves = Cuts::new(leaves.0.into_iter().chain(copies).collect());
        }
        self.list(prepared, &taken, &leaves);
    }

    fn choose(&self, prepared: &Prepared, candidates: Candidates, cut: &Cuts) -> Vec<Candidate> {
        let taken = choose(candidates, prepared, self.params, cut);
        of_whole_characters(taken, prepared, self.params)
    }
}

/// As the search does where nothing leaves, but no copy holds a token that leaves already, or that is the
/// original of another copy in this document; and no original in this document holds one that leaves.
fn choose(candidates: Candidates, prepared: &Prepared, params: &Params, cut: &Cuts) -> Vec<Candidate> {
    let of_all = candidates.verbatim_tokens(params.passage);
    let Candidates { all, entered } = candidates;
    let candidates = of_whole_characters([all, entered].concat(), prepared, params);
    let ranked = |candidate: Candidate, verbatim| {
        let is_earlier = candidate.original != prepared.document;
        Ranked { is_earlier, candidate, verbatim }
    };
    let mut heap: BinaryHeap<Ranked> =
        candidates.into_iter().map(|candidate| ranked(candidate, None)).collect();
    let mut leaves = Ranges(cut.0.iter().map(|cut| (cut.start, cut.end)).collect());
    let mut stays = Ranges::default();
    // by where they start; no two overlap
    let mut taken: BTreeMap<u32, Candidate> = BTreeMap::new();
    while let Some(Ranked { is_earlier, candidate: Candidate { original, alignment }, verbatim }) = heap.pop()
    {
        let (copy, from) = (alignment.copy(), alignment.original());
        let bars = Cuts::new([leaves.within(&copy), stays.within(&copy)].concat());
        let own_bars = if is_earlier { Vec::new() } else { leaves.within(&from) };
        let mut some_left = true;
        let rests: Vec<Alignment> = if !own_bars.is_empty() {
            between(&from, &own_bars).map(|rest| alignment.cut_original(rest)).collect()
        } else if !bars.0.is_empty() {
            some_left = false;
            between(&copy, &bars.0).map(|rest| alignment.cut(rest)).collect()
        } else if !is_earlier && from.end > copy.start {
            // a text that goes on repeating itself: what it repeats must not be what leaves
            vec![alignment.cut_original(from.start..copy.start)]
        } else {
            taken.insert(copy.start, Candidate { original, alignment });
            leaves.insert(copy);
            if !is_earlier {
                stays.insert(from);
            }
            continue;
        };
        for alignment in rests.into_iter().flat_map(|rest| rest.apart(params.identity)) {
            let candidate = Candidate { original, alignment };
            let verbatim = match &verbatim {
                _ if some_left => Some(verbatim_tokens(std::iter::once(&candidate), params.passage)),
                verbatim => verbatim.clone(),
            };
            let long_enough = verbatim.as_ref().unwrap_or(&of_all);
            if is_long_enough(&candidate.alignment, long_enough, params.passage) {
                heap.push(ranked(candidate, verbatim));
            }
        }
    }
    taken.into_values().collect()
}

/// What of a range lies between the bars.
pub(super) fn between<'a>(
    range: &Range<u32>,
    bars: &'a [Range<u32>],
) -> impl Iterator<Item = Range<u32>> + use<'a> {
    let starts = [range.start].into_iter().chain(bars.iter().map(|bar| bar.end));
    let ends = bars.iter().map(|bar| bar.start).chain([range.end]);
    starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranges_are_those_of_a_plain_list(
            inserted in prop::collection::vec((0u32..60, 1u32..9), 0..30),
            (start, length) in (0u32..60, 1u32..20),
        ) {
            let inserted: Vec<Range<u32>> = inserted.into_iter().map(|(start, length)| start..start + length).collect();
            let mut ranges = Ranges::default();
            inserted.iter().cloned().for_each(|range| ranges.insert(range));
            let joined = Cuts::new(inserted);
            let all: Vec<Range<u32>> = ranges.0.iter().map(|(start, end)| *start..*end).collect();
            prop_assert_eq!(&all, &joined.0);
            let asked = start..start + length;
            let touched: Vec<Range<u32>> =
                joined.0.into_iter().filter(|of| of.start < asked.end && of.end > asked.start).collect();
            prop_assert_eq!(ranges.within(&asked), touched);
        }
    }

    #[test]
    fn nothing_leaves_around_what_stays() {
        let cuts = Cuts::new(vec![40..50, 10..20, 20..25, 7..7]);
        assert_eq!(cuts.0, [10..25, 40..50]);
        assert_eq!(cuts.around(0, 10, 60), Some([0, 10]));
        assert_eq!(cuts.around(0, 11, 60), None);
        assert_eq!(cuts.around(24, 1, 60), None);
        assert_eq!(cuts.around(25, 15, 60), Some([25, 40]));
        assert_eq!(cuts.around(50, 10, 60), Some([50, 60]));
        let ranges = Ranges(cuts.0.iter().map(|cut| (cut.start, cut.end)).collect());
        assert_eq!(ranges.within(&(25..41)), cuts.0[1..]);
        assert_eq!(ranges.within(&(25..40)), []);
        let parts: Vec<Range<u32>> = between(&(5..45), &ranges.within(&(5..45))).collect();
        assert_eq!(parts, [5..10, 25..40]);
        let mut kept = Vec::new();
        cuts.write(&mut kept);
        assert_eq!(Cuts::read(&kept), cuts);
    }
}

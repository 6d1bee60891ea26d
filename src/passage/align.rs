//! Two texts and a place where they agree, to the stretch over which they mostly agree.
//!
//! From a shared seed the agreement is followed to both sides: token by token while they are equal; where
//! they differ, over the smallest difference behind which [`ANCHOR`] tokens agree again. Each token that is
//! passed over costs what keeps the whole above the identity that was asked for; the stretch ends where the
//! balance was best. So it ends with an agreeing run, at token borders, on both sides.

use std::ops::Range;

/// The largest difference that is stepped over, in tokens of either text.
const STEP: usize = 8;

/// Tokens that must agree behind a difference.
const ANCHOR: usize = 4;

/// How far the balance may fall below its best, in agreeing tokens.
const DROP: f64 = 32.0;

/// A verbatim run: tokens that are equal one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// its first token in the later text
    pub(crate) copy: u32,
    /// its first token in the earlier text
    pub(crate) original: u32,
    /// its tokens
    pub(crate) length: u32,
}

impl Run {
    /// Behind its last token in the later text.
    pub(crate) fn end(&self) -> u32 {
        self.copy + self.length
    }

    /// Tokens from a place in the later text to the one in the earlier, modulo 2^32.
    pub(crate) fn diagonal(&self) -> u32 {
        self.original.wrapping_sub(self.copy)
    }

    /// Where a token of the later text would stand in the earlier if they agreed up to there.
    pub(crate) fn across(&self, token: u32) -> i64 {
        i64::from(token) - i64::from(self.copy) + i64::from(self.original)
    }

    /// The windows of so many tokens that it holds whole, by their first tokens in the later text.
    pub(crate) fn windows(&self, passage: u32) -> Range<u32> {
        self.copy..(self.end() + 1).saturating_sub(passage)
    }

    /// Whether it holds the `length` tokens at `at` of the later text.
    pub(crate) fn holds(&self, at: u32, length: u32) -> bool {
        self.copy <= at && at + length <= self.end()
    }
}

/// The whole verbatim run around a seed at `copy` and `original`; `None` where the seed does not agree
/// after all.
pub(crate) fn run_around(
    copy: &[u64],
    original: &[u64],
    (at, original_at): (usize, usize),
    seed: usize,
) -> Option<Run> {
    if original.get(original_at..original_at + seed)? != copy.get(at..at + seed)? {
        return None;
    }
    let back = agreeing_back(&copy[..at], &original[..original_at]);
    let on = agreeing(&copy[at + seed..], &original[original_at + seed..]);
    Some(Run {
        copy: (at - back) as u32,
        original: (original_at - back) as u32,
        length: (back + seed + on) as u32,
    })
}

/// Tokens that are compared at once where texts agree.
const AT_ONCE: usize = 8;

/// Whether they are the same; without a branch for each, so that a vector compares them.
fn are_equal((a, b): (&[u64; AT_ONCE], &[u64; AT_ONCE])) -> bool {
    a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// With how many tokens both begin.
fn agreeing(a: &[u64], b: &[u64]) -> usize {
    let (chunks, others) = (a.as_chunks().0.iter(), b.as_chunks().0.iter());
    let far = AT_ONCE * chunks.zip(others).take_while(|pair| are_equal(*pair)).count();
    far + a[far..].iter().zip(&b[far..]).take_while(|(a, b)| a == b).count()
}

/// With how many tokens both end.
fn agreeing_back(a: &[u64], b: &[u64]) -> usize {
    let (chunks, others) = (a.as_rchunks().1.iter().rev(), b.as_rchunks().1.iter().rev());
    let far = AT_ONCE * chunks.zip(others).take_while(|pair| are_equal(*pair)).count();
    let rest = |tokens: &[u64]| tokens.len() - far;
    let (a, b) = (&a[..rest(a)], &b[..rest(b)]);
    far + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// Follows the agreement from `run` to both sides over small differences; appends the runs it passes, in
/// order, to `runs`. `steps` is a buffer. Whether it came so near to an end of `original` that more of it might
/// have made a difference. Where both are one text, it goes no further than to where that stands beside itself, or as much
/// further as it takes to tell which runs before that are part of it.
pub(crate) fn extend(
    [copy, original]: [&[u64]; 2],
    (run, are_one): (Run, bool),
    identity: f64,
    steps: &mut Vec<Step>,
    runs: &mut Vec<Run>,
) -> bool {
    // an agreeing token earns 1; one passed over costs so much that the whole stays at the identity
    let cost = if identity < 1.0 { identity / (1.0 - identity) } else { f64::INFINITY };
    let (start, original_start) = (run.copy as usize, run.original as usize);
    let apart = are_one.then(|| start.saturating_sub(original_start));
    let back_copy = Side { tokens: &copy[..start], backwards: true };
    let back_original = Side { tokens: &original[..original_start], backwards: true };
    let is_open_before = follow([&back_copy, &back_original], apart, cost, steps);
    runs.extend(steps.iter().rev().map(|&(i, j, length)| Run {
        copy: (start - i - length) as u32,
        original: (original_start - j - length) as u32,
        length: length as u32,
    }));
    runs.push(run);
    let (end, original_end) = (run.end() as usize, (run.original + run.length) as usize);
    let on_copy = Side { tokens: &copy[end..], backwards: false };
    let on_original = Side { tokens: &original[original_end..], backwards: false };
    let is_open_behind = follow([&on_copy, &on_original], apart, cost, steps);
    runs.extend(steps.iter().map(|&(i, j, length)| Run {
        copy: (end + i) as u32,
        original: (original_end + j) as u32,
        length: length as u32,
    }));
    is_open_before || is_open_behind
}

/// Appends the verbatim runs of at least `passage` tokens that are longer than the run which the alignment has there, since it
/// came from a difference that has some of them on another diagonal.
pub(crate) fn entered_late([copy, original]: [&[u64]; 2], runs: &[Run], passage: u32, into: &mut Vec<Run>) {
    let most = passage as usize;
    for pair in runs.windows(2) {
        let [before, behind] = pair else { continue };
        let to_start = |run: &Run| (run.copy as usize, run.original as usize);
        let (at, across) = to_start(behind);
        let more = agreeing_back(&copy[at.saturating_sub(most)..at], &original[..across]) as u32;
        if more > 0 && behind.length + more >= passage {
            into.push(Run {
                copy: behind.copy - more,
                original: behind.original - more,
                length: behind.length + more,
            });
        }
        let (at, across) = to_start(before);
        let ends = [at, across].map(|start| start + before.length as usize);
        let last = (ends[0] + most).min(copy.len());
        let more = agreeing(&copy[ends[0]..last], &original[ends[1]..]) as u32;
        if more > 0 && before.length + more >= passage {
            into.push(Run { length: before.length + more, ..*before });
        }
    }
}

/// An agreeing run: how far it is in each text, and its length.
pub(crate) type Step = (usize, usize, usize);

/// Tokens read away from where the agreement is.
struct Side<'a> {
    tokens: &'a [u64],
    backwards: bool,
}

impl Side<'_> {
    fn get(&self, i: usize) -> Option<u64> {
        let last = self.tokens.len();
        if self.backwards {
            self.tokens.get(last.checked_sub(i + 1)?).copied()
        } else {
            self.tokens.get(i).copied()
        }
    }

    /// How many tokens agree from here on, up to so many.
    fn agreeing(&self, i: usize, (other, j): (&Side<'_>, usize), most: usize) -> usize {
        let (tokens, others) = (self.tokens, other.tokens);
        if self.backwards {
            let end = tokens.len() - i;
            agreeing_back(&tokens[end.saturating_sub(most)..end], &others[..others.len() - j])
        } else {
            agreeing(&tokens[i..tokens.len().min(i.saturating_add(most))], &others[j..])
        }
    }
}

/// Makes `runs` the agreeing runs up to the best balance. Whether it came to the end of what there is of
/// `original`. Of one text, the sides are `apart` tokens from each other: once they have met, what is still to come
/// is no copy, and has a say only in whether the balance gets any better than it was before.
fn follow([copy, original]: [&Side<'_>; 2], apart: Option<usize>, cost: f64, runs: &mut Vec<Step>) -> bool {
    runs.clear();
    let mut kept = 0;
    let (mut i, mut j) = (0, 0);
    let (mut balance, mut best) = (0.0, 0.0);
    let (mut is_open, mut have_met) = (false, false);
    loop {
        is_open |= j + STEP + ANCHOR > original.tokens.len();
        let Some((skip_i, skip_j)) = smallest_difference(copy, original, (i, j)) else { break };
        balance -= cost * skip_i.max(skip_j) as f64;
        if balance < best - DROP {
            break;
        }
        (i, j) = (i + skip_i, j + skip_j);
        have_met |= apart.is_some_and(|apart| if copy.backwards { i >= j + apart } else { j >= i + apart });
        // one more than gets it above, and one for what is rounded
        let most = if have_met { (best - balance) as usize + 2 } else { usize::MAX };
        let length = copy.agreeing(i, (original, j), most);
        runs.push((i, j, length));
        (i, j) = (i + length, j + length);
        balance += length as f64;
        if balance > best {
            best = balance;
            kept = runs.len();
            if have_met {
                break;
            }
        }
    }
    runs.truncate(kept);
    is_open
}

/// The smallest step over a difference at `(i, j)`: tokens of each text to pass over.
fn smallest_difference(
    copy: &Side<'_>,
    original: &Side<'_>,
    (i, j): (usize, usize),
) -> Option<(usize, usize)> {
    // for each token of one text, a bit for each of the other that equals it
    let others: [Option<u64>; STEP + 1] = std::array::from_fn(|b| original.get(j + b));
    let mut equal = [0u16; STEP + 1];
    for (a, equal) in equal.iter_mut().enumerate() {
        let token = copy.get(i + a);
        for (b, other) in others.iter().enumerate() {
            *equal |= u16::from(token == *other && token.is_some()) << b;
        }
    }
    if equal == [0; STEP + 1] {
        return None;
    }
    let anchored = |a: usize, b: usize| {
        equal[a] >> b & 1 == 1
            && (1..ANCHOR)
                .all(|n| copy.get(i + a + n).is_some() && copy.get(i + a + n) == original.get(j + b + n))
    };
    for larger in 1..=STEP {
        // a replacement first, then ever more one-sided ones
        for smaller in (0..=larger).rev() {
            if anchored(larger, smaller) {
                return Some((larger, smaller));
            }
            if smaller != larger && anchored(smaller, larger) {
                return Some((smaller, larger));
            }
        }
    }
    None
}

/// No difference.
const NONE: usize = usize::MAX;

/// Which difference is the widest, the last of equals; and of those before each and of those behind it, down to the last
/// difference that is wider, the same: a Cartesian tree (Vuillemin 1980).
fn widest_first(differences: &[u32]) -> (usize, [Vec<usize>; 2]) {
    let mut before = vec![NONE; differences.len()];
    let mut behind = vec![NONE; differences.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, difference) in differences.iter().enumerate() {
        while let Some(narrower) = open.pop_if(|last| differences[*last] <= *difference) {
            before[at] = narrower;
        }
        if let Some(wider) = open.last() {
            behind[*wider] = at;
        }
        open.push(at);
    }
    (open.first().copied().unwrap_or(NONE), [before, behind])
}

/// A stretch of the later text and what it repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alignment {
    /// the agreeing runs, in order, apart from each other
    pub(crate) runs: Vec<Run>,
}

impl Alignment {
    /// Tokens of the later text.
    pub(crate) fn copy(&self) -> Range<u32> {
        self.runs.first().map_or(0, |run| run.copy)..self.runs.last().map_or(0, Run::end)
    }

    /// Tokens of the earlier text.
    pub(crate) fn original(&self) -> Range<u32> {
        let end = self.runs.last().map_or(0, |run| run.original + run.length);
        self.runs.first().map_or(0, |run| run.original)..end
    }

    /// What is left of it inside `bounds` of the later text.
    pub(crate) fn cut(&self, bounds: Range<u32>) -> Alignment {
        let first = self.runs.partition_point(|run| run.end() <= bounds.start);
        let touching = self.runs[first..].iter().take_while(|run| run.copy < bounds.end);
        let inside = touching.filter_map(|run| {
            let start = run.copy.max(bounds.start);
            let end = run.end().min(bounds.end);
            let original = run.original + start.checked_sub(run.copy)?;
            (start < end).then(|| Run { copy: start, original, length: end - start })
        });
        Alignment { runs: inside.collect() }
    }

    /// What is left of it inside `bounds` of the earlier text.
    pub(crate) fn cut_original(&self, bounds: Range<u32>) -> Alignment {
        let first = self.runs.partition_point(|run| run.original + run.length <= bounds.start);
        let touching = self.runs[first..].iter().take_while(|run| run.original < bounds.end);
        let inside = touching.filter_map(|run| {
            let start = run.original.max(bounds.start);
            let end = (run.original + run.length).min(bounds.end);
            let copy = run.copy + start.checked_sub(run.original)?;
            (start < end).then(|| Run { copy, original: start, length: end - start })
        });
        Alignment { runs: inside.collect() }
    }

    /// The same in parts that each agree as far as `identity` asks: what was cut off may have been what made
    /// up for a difference. Parted at the widest difference first.
    pub(crate) fn apart(self, identity: f64) -> Vec<Alignment> {
        let agree =
            |agreeing: u64, differing: u64| agreeing as f64 >= identity * (agreeing + differing) as f64;
        let agreeing = self.runs.iter().map(|run| u64::from(run.length)).sum();
        if agree(agreeing, self.differences().map(u64::from).sum()) {
            return if self.runs.is_empty() { Vec::new() } else { vec![self] };
        }
        let differences: Vec<u32> = self.differences().collect();
        let (widest, [before, behind]) = widest_first(&differences);
        // up to each run, and up to the difference behind it
        let sums = |lengths: &mut dyn Iterator<Item = u32>| -> Vec<u64> {
            let mut sum = 0;
            std::iter::once(0)
                .chain(lengths.map(|length| {
                    sum += u64::from(length);
                    sum
                }))
                .collect()
        };
        let agreeing = sums(&mut self.runs.iter().map(|run| run.length));
        let differing = sums(&mut differences.iter().copied());
        let mut parts = Vec::new();
        let mut rest = vec![(0..self.runs.len(), widest)];
        while let Some((runs, widest)) = rest.pop() {
            let Range { start, end } = runs;
            if widest == NONE || agree(agreeing[end] - agreeing[start], differing[end - 1] - differing[start])
            {
                parts.push(Alignment { runs: self.runs[start..end].to_vec() });
                continue;
            }
            rest.push((widest + 1..end, behind[widest]));
            rest.push((start..widest + 1, before[widest]));
        }
        parts
    }

    /// What is passed over between one run and the next, in tokens of the text that has more.
    fn differences(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs.windows(2).map(|pair| {
            let skipped = pair[1].original - (pair[0].original + pair[0].length);
            skipped.max(pair[1].copy - pair[0].end())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<u64> {
        text.split_whitespace().map(|word| word.bytes().fold(7, |sum, b| sum * 31 + u64::from(b))).collect()
    }

    /// One part after the other, each looked through for its widest difference.
    fn apart_plainly(runs: &[Run], identity: f64) -> Vec<Alignment> {
        let whole = Alignment { runs: runs.to_vec() };
        let agreeing: u32 = runs.iter().map(|run| run.length).sum();
        let differing: u32 = whole.differences().sum();
        if f64::from(agreeing) >= identity * f64::from(agreeing + differing) {
            return if runs.is_empty() { Vec::new() } else { vec![whole] };
        }
        let widest = whole.differences().enumerate().max_by_key(|&(_, tokens)| tokens);
        let (before, behind) = runs.split_at(widest.map_or(0, |(i, _)| i + 1));
        [apart_plainly(before, identity), apart_plainly(behind, identity)].concat()
    }

    proptest::proptest! {
        #[test]
        fn apart_equals_its_twin(
            runs in proptest::collection::vec((1u32..9, 0u32..6, 0u32..6), 0..40),
            identity in 0.5f64..=1.0,
        ) {
            let (mut copy, mut original) = (0, 0);
            let runs: Vec<Run> = runs.into_iter().map(|(length, a, b)| {
                let run = Run { copy: copy + a, original: original + b, length };
                (copy, original) = (run.end(), run.original + length);
                run
            }).collect();
            let expected = apart_plainly(&runs, identity);
            proptest::prop_assert_eq!(Alignment { runs }.apart(identity), expected);
        }

        #[test]
        fn tokens_agree_as_far_as_one_by_one(
            (mut a, cut) in (proptest::collection::vec(0u64..2, 0..40), 0usize..40),
            other in proptest::collection::vec(0u64..2, 0..8),
        ) {
            let same = a.split_off(cut.min(a.len()));
            let [a, b] = [a, other].map(|start| [start, same.clone()].concat());
            let plain = |a: &[u64], b: &[u64]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
            let turned = |tokens: &[u64]| tokens.iter().rev().copied().collect::<Vec<u64>>();
            proptest::prop_assert_eq!(agreeing_back(&a, &b), plain(&turned(&a), &turned(&b)));
            let [a, b] = [turned(&a), turned(&b)];
            proptest::prop_assert_eq!(agreeing(&a, &b), plain(&a, &b));
        }
    }

    #[test]
    fn many_differences_take_no_more_stack_than_few() {
        let runs = (0..200_000).map(|i| Run { copy: 4 * i, original: 5 * i, length: 1 }).collect();
        assert_eq!(Alignment { runs }.apart(0.8).len(), 200_000);
    }

    /// Follows the agreement from the first `|` of the later text; what it covers, as words.
    fn covered(copy: &str, original: &str, seed: &str) -> (String, String) {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (a, b, s) = (numbers(copy), numbers(original), numbers(seed));
        let find = |text: &[u64]| text.windows(s.len()).position(|window| window == s).unwrap();
        let run = run_around(&a, &b, (find(&a), find(&b)), s.len()).unwrap();
        let mut runs = Vec::new();
        extend([&a, &b], (run, false), 0.8, &mut Vec::new(), &mut runs);
        let alignment = Alignment { runs };
        let part =
            |text: &str, range: Range<u32>| words(text)[range.start as usize..range.end as usize].join(" ");
        (part(copy, alignment.copy()), part(original, alignment.original()))
    }

    /// Beside itself a text agrees from one end to the other.
    #[test]
    fn a_text_is_followed_not_far_beyond_where_it_stands_beside_itself() {
        let text: Vec<u64> = (0..1000).chain((0..18).map(|i| 5000 + i % 3)).chain(2000..3000).collect();
        let run = run_around(&text, &text, (1003, 1000), 12).unwrap();
        let mut runs = Vec::new();
        extend([&text, &text], (run, true), 0.8, &mut Vec::new(), &mut runs);
        assert!(runs.contains(&run));
        let most = run.length + 2 * (DROP as u32 + 2);
        assert!(runs.iter().map(|run| run.length).sum::<u32>() <= most, "{runs:?}");
    }

    #[test]
    fn a_verbatim_run_is_found_whole_and_not_more() {
        let (copy, original) = covered("x y a b c d e f z", "p a b c d e f q r", "c d e");
        assert_eq!((copy.as_str(), original.as_str()), ("a b c d e f", "a b c d e f"));
    }

    #[test]
    fn small_differences_are_stepped_over() {
        let copy = "a b c d e f g h i j NEW k l m n o p q r s t u";
        let original = "a b c d e f g h i j k l m n o p OLD q r s t u";
        assert_eq!(covered(copy, original, "a b c d"), (copy.to_owned(), original.to_owned()));
        assert_eq!(covered(copy, original, "r s t u"), (copy.to_owned(), original.to_owned()));
    }

    #[test]
    fn a_difference_that_costs_more_than_lies_behind_it_ends_the_passage() {
        let (copy, _) = covered("a b c d e f X Y Z W k l m n", "a b c d e f P Q R S k l m n", "a b c d");
        assert_eq!(copy, "a b c d e f");
    }

    #[test]
    fn what_is_cut_off_an_alignment_is_parted_where_it_agrees_too_little() {
        let run = |copy, original, length| Run { copy, original, length };
        let alignment = Alignment { runs: vec![run(0, 0, 40), run(40, 47, 16), run(58, 63, 30)] };
        assert_eq!(alignment.clone().apart(0.8), std::slice::from_ref(&alignment));
        let parts = alignment.cut(34..56).apart(0.8);
        let runs: Vec<Vec<Run>> = parts.into_iter().map(|part| part.runs).collect();
        assert_eq!(runs, [[run(34, 34, 6)], [run(40, 47, 16)]]);
        assert_eq!(alignment.cut(56..58).apart(0.8), []);
    }
}

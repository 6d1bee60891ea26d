//! Where tokens stand, in a quarter of the memory: most stand behind the one before, and are short.

use std::ops::Range;

/// What a step can't say.
const FAR: u32 = u8::MAX as u32;

/// Tokens between two of which it is known without the steps before.
const MARKED: usize = 64;

/// First byte, and behind the last, of each of some tokens of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// of each token the bytes between the one before and it, and its own
    steps: Box<[[u8; 2]]>,
    /// those of which steps do not tell, by their number here, in order; the first token of a stretch is one
    far: Box<[(u32, [u32; 2])]>,
    /// where each [`MARKED`]th token stands
    marks: Box<[[u32; 2]]>,
}

impl Steps {
    /// Of stretches of tokens, one after the other.
    pub(super) fn of<'a>(stretches: impl Iterator<Item = &'a [[u32; 2]]> + Clone) -> Self {
        let mut steps = Vec::with_capacity(stretches.clone().map(<[_]>::len).sum());
        let mut far = Vec::new();
        let mut marks = Vec::with_capacity(steps.capacity().div_ceil(MARKED));
        for stretch in stretches {
            let mut behind = None;
            for &[start, end] in stretch {
                // a character may stand for several tokens: then these stand in one place
                let gap = behind.and_then(|behind| start.checked_sub(behind)).unwrap_or(FAR);
                let length = end - start;
                if gap.max(length) >= FAR {
                    far.push((steps.len() as u32, [start, end]));
                }
                if steps.len().is_multiple_of(MARKED) {
                    marks.push([start, end]);
                }
                steps.push([gap.min(FAR) as u8, length.min(FAR) as u8]);
                behind = Some(end);
            }
        }
        let (steps, far) = (steps.into_boxed_slice(), far.into_boxed_slice());
        Steps { steps, far, marks: marks.into_boxed_slice() }
    }

    /// Where the token at `i` stands.
    fn span(&self, i: usize) -> Option<[u32; 2]> {
        let marked = i / MARKED * MARKED;
        let far =
            self.far.partition_point(|(at, _)| *at as usize <= i).checked_sub(1).map(|far| self.far[far]);
        let (at, [start, end]) = match far {
            Some((at, span)) if at as usize >= marked => (at as usize, span),
            _ => (marked, *self.marks.get(i / MARKED)?),
        };
        let behind = self.steps.get(at + 1..=i)?;
        let Some(last) = behind.last() else { return Some([start, end]) };
        let end = behind.iter().fold(end, |end, &[gap, length]| end + u32::from(gap) + u32::from(length));
        Some([end - u32::from(last[1]), end])
    }

    /// The bytes of some tokens of one stretch; none of no tokens.
    pub(super) fn bytes(&self, tokens: Range<usize>) -> [u32; 2] {
        let last = tokens.end.checked_sub(1).filter(|last| *last >= tokens.start);
        let both = last.and_then(|last| Some([self.span(tokens.start)?[0], self.span(last)?[1]]));
        both.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn steps_tell_what_they_were_made_of(
            stretches in prop::collection::vec(
                prop::collection::vec(
                    (prop_oneof![0u32..4, 200u32..300, 0u32..100_000], 1u32..600, any::<bool>()),
                    0..40,
                ),
                0..4,
            ),
        ) {
            let mut at = [0, 0];
            let spans: Vec<Vec<[u32; 2]>> = stretches
                .iter()
                .map(|stretch| {
                    let span = |&(gap, length, is_same): &(u32, u32, bool)| {
                        if !is_same || at == [0, 0] {
                            let start = at[1] + gap;
                            at = [start, start + length];
                        }
                        at
                    };
                    stretch.iter().map(span).collect()
                })
                .collect();
            let steps = Steps::of(spans.iter().map(|spans| &spans[..]));
            let mut first = 0;
            for stretch in &spans {
                for (i, start) in stretch.iter().enumerate() {
                    prop_assert_eq!(steps.span(first + i), Some(*start));
                    for (j, end) in stretch.iter().enumerate().skip(i) {
                        prop_assert_eq!(steps.bytes(first + i..first + j + 1), [start[0], end[1]]);
                    }
                }
                first += stretch.len();
            }
            prop_assert_eq!(steps.span(first), None);
            prop_assert_eq!(steps.bytes(0..0), [0, 0]);
        }
    }
}

//! Where tokens stand, in an eighth of the memory: most stand behind the one before, and are short.

use std::ops::Range;

use crate::error::Result;

/// Stands for a step of which a byte can't tell.
const FAR: u8 = u8::MAX;

/// Bits of a step that tell how long its token is; those above, how far it is from the one before.
const LENGTH_BITS: u32 = 5;

/// The longest token, and the widest gap, of which a step tells.
const LONGEST: u32 = (1 << LENGTH_BITS) - 1;
const WIDEST: u32 = (1 << (u8::BITS - LENGTH_BITS)) - 2;

/// Tokens between two of which it is known without the steps before.
const MARKED: usize = 64;

/// First byte, and behind the last, of each of some tokens of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps<'a> {
    /// of each token the bytes between the one before and it, and its own; [`FAR`] where these are too many
    steps: &'a [u8],
    /// those of which steps do not tell, by their number here, in order, and where they stand; the first token of a
    /// stretch is one
    far: &'a [[u64; 2]],
    /// where each [`MARKED`]th token stands
    marks: &'a [u64],
}

/// Two numbers as one, in the same order, and back.
pub(super) fn packed([first, second]: [u32; 2]) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

pub(super) fn unpacked(both: u64) -> [u32; 2] {
    [(both >> 32) as u32, both as u32]
}

impl<'a> Steps<'a> {
    /// Appends the steps of stretches of tokens, one after the other, as numbers that [`Steps::read`] reads.
    pub(super) fn write<'s>(stretches: impl Iterator<Item = &'s [[u32; 2]]>, into: &mut Vec<u64>) {
        let mut written = Written::default();
        for stretch in stretches {
            written.behind = None;
            written.extend(stretch);
        }
        written.append_to(into);
    }

    /// What was written; of nothing, of no token.
    pub(super) fn read(written: &'a [u64]) -> Self {
        let Some((&head, behind)) = written.split_first() else {
            return Steps { steps: &[], far: &[], marks: &[] };
        };
        let [steps, far] = unpacked(head).map(|count| count as usize);
        let (marks, behind) = behind.split_at(steps.div_ceil(MARKED));
        let (far, behind) = behind.split_at(2 * far);
        Steps { steps: &bytemuck::cast_slice(behind)[..steps], far: far.as_chunks().0, marks }
    }

    /// Where the token at `i` stands.
    fn span(&self, i: usize) -> Option<[u32; 2]> {
        let marked = i / MARKED * MARKED;
        let far =
            self.far.partition_point(|[at, _]| *at as usize <= i).checked_sub(1).map(|far| self.far[far]);
        let (at, span) = match far {
            Some([at, span]) if at as usize >= marked => (at as usize, span),
            _ => (marked, *self.marks.get(i / MARKED)?),
        };
        Some(behind(span, self.steps.get(at + 1..=i)?))
    }

    /// The bytes of some tokens of one stretch; none of no tokens.
    pub(super) fn bytes(&self, tokens: Range<usize>) -> [u32; 2] {
        let last = tokens.end.checked_sub(1).filter(|last| *last >= tokens.start);
        let both = last.and_then(|last| Some([self.span(tokens.start)?[0], self.span(last)?[1]]));
        both.unwrap_or_default()
    }
}

/// Appends a part of what was written.
pub(super) type AppendPart<'a> = dyn FnMut(Range<usize>, &mut Vec<u64>) -> Result<()> + 'a;

/// Steps of which no more is read than it takes.
pub(super) struct UnreadSteps<'a> {
    append: &'a mut AppendPart<'a>,
    read: Vec<u64>,
}

impl<'a> UnreadSteps<'a> {
    /// Of what `append` reads.
    pub(super) fn new(append: &'a mut AppendPart<'a>) -> Self {
        UnreadSteps { append, read: Vec::new() }
    }

    /// What [`Steps::bytes`] tells.
    ///
    /// # Errors
    /// Where it can't be read.
    pub(super) fn bytes(&mut self, tokens: Range<usize>) -> Result<[u32; 2]> {
        if tokens.is_empty() {
            return Ok([0; 2]);
        }
        Ok([self.span(tokens.start)?[0], self.span(tokens.end - 1)?[1]])
    }

    /// Where the token at `i` stands, of those that there are.
    fn span(&mut self, i: usize) -> Result<[u32; 2]> {
        let [steps, all_far] = unpacked(self.numbers(0..1)?[0]).map(|count| count as usize);
        let first_far = 1 + steps.div_ceil(MARKED);
        let far = |which: usize| first_far + 2 * which;
        let mut known = [0, self.numbers(1 + i / MARKED..2 + i / MARKED)?[0]];
        known[0] = (i / MARKED * MARKED) as u64;
        // behind the last of those that are at or before it
        let (mut before, mut behind_it) = (0, all_far);
        while before < behind_it {
            let middle = before.midpoint(behind_it);
            let is_before = self.numbers(far(middle)..far(middle) + 1)?[0] as usize <= i;
            (before, behind_it) = if is_before { (middle + 1, behind_it) } else { (before, middle) };
        }
        if let Some(last) = before.checked_sub(1) {
            let last = self.numbers(far(last)..far(last) + 2)?;
            if last[0] >= known[0] {
                known.copy_from_slice(last);
            }
        }
        let [at, span] = known;
        let first = at as usize + 1;
        if first > i {
            return Ok(unpacked(span));
        }
        let in_one = size_of::<u64>();
        let steps = far(all_far) + first / in_one..far(all_far) + i / in_one + 1;
        let steps: &[u8] = bytemuck::cast_slice(self.numbers(steps)?);
        Ok(behind(span, &steps[first % in_one..][..i + 1 - first]))
    }

    fn numbers(&mut self, part: Range<usize>) -> Result<&[u64]> {
        self.read.clear();
        (self.append)(part, &mut self.read)?;
        Ok(&self.read)
    }
}

/// Where the last token of some steps stands, behind one that stands at `span`.
fn behind(span: u64, steps: &[u8]) -> [u32; 2] {
    let [start, end] = unpacked(span);
    let Some(last) = steps.last() else { return [start, end] };
    let end = steps.iter().fold(end, |end, step| end + u32::from(step >> LENGTH_BITS) + length(*step));
    [end - length(*last), end]
}

/// Steps as they are written.
#[derive(Default)]
pub(super) struct Written {
    steps: Vec<u8>,
    far: Vec<[u64; 2]>,
    marks: Vec<u64>,
    /// behind the last token of the stretch
    behind: Option<u32>,
}

impl Written {
    /// The next tokens stand here.
    pub(super) fn extend(&mut self, spans: &[[u32; 2]]) {
        self.steps.reserve(spans.len());
        let mut behind = self.behind;
        for &[start, end] in spans {
            // a character may stand for several tokens: then these stand in one place
            let gap = behind.and_then(|behind| start.checked_sub(behind));
            let near = gap.filter(|gap| *gap <= WIDEST && end - start <= LONGEST);
            if near.is_none() {
                self.far.push([self.steps.len() as u64, packed([start, end])]);
            }
            if self.steps.len().is_multiple_of(MARKED) {
                self.marks.push(packed([start, end]));
            }
            self.steps.push(near.map_or(FAR, |gap| (gap << LENGTH_BITS | (end - start)) as u8));
            behind = Some(end);
        }
        self.behind = behind;
    }

    /// Appends all of them.
    pub(super) fn append_to(&self, into: &mut Vec<u64>) {
        let Written { steps, far, marks, .. } = self;
        into.reserve_exact(1 + marks.len() + 2 * far.len() + steps.len().div_ceil(size_of::<u64>()));
        into.push(packed([steps.len() as u32, far.len() as u32]));
        into.extend_from_slice(marks);
        into.extend_from_slice(far.as_flattened());
        let all = steps.chunks(size_of::<u64>()).map(|eight| {
            let mut bytes = [0; size_of::<u64>()];
            bytes[..eight.len()].copy_from_slice(eight);
            u64::from_ne_bytes(bytes)
        });
        into.extend(all);
    }
}

/// Of the token of a step that is not [`FAR`].
fn length(step: u8) -> u32 {
    u32::from(step) & LONGEST
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
                    (
                        prop_oneof![0u32..10, 200u32..300, 0u32..100_000],
                        prop_oneof![1u32..40, 1u32..600],
                        any::<bool>(),
                    ),
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
            let mut written = vec![7];
            Steps::write(spans.iter().map(|spans| &spans[..]), &mut written);
            let steps = Steps::read(&written[1..]);
            let mut first = 0;
            for stretch in &spans {
                for (i, start) in stretch.iter().enumerate() {
                    prop_assert_eq!(steps.span(first + i), Some(*start));
                    for (j, end) in stretch.iter().enumerate().skip(i) {
                        let tokens = first + i..first + j + 1;
                        prop_assert_eq!(steps.bytes(tokens.clone()), [start[0], end[1]]);
                        let append = &mut |part: Range<usize>, into: &mut Vec<u64>| {
                            into.extend_from_slice(&written[1..][part]);
                            Ok(())
                        };
                        let bytes = UnreadSteps::new(append).bytes(tokens).unwrap();
                        prop_assert_eq!(bytes, [start[0], end[1]]);
                    }
                }
                first += stretch.len();
            }
            prop_assert_eq!(steps.span(first), None);
            prop_assert_eq!(steps.bytes(0..0), [0, 0]);
        }
    }
}

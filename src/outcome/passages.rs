//! The passages that were found, with the places of both sides: as numbers of as many bytes as they need, some 25 bytes
//! each.

use std::path::Path;

use crate::document::{Kind, Match, Place, Unit};
use crate::error::Result;
use crate::locate::Stretch;
use crate::outcome::column::Column;
use crate::passage::Passage;
use crate::varint;
use crate::verify::Overlap;

/// A passage with the places of both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LocatedPassage {
    /// the later document
    pub(super) copy: u32,
    /// the earlier one
    pub(super) original: u32,
    /// how many tokens the copy has, and the original
    pub(super) tokens: [u32; 2],
    /// where they stand
    pub(super) stretches: [Stretch; 2],
    overlap: Overlap,
    is_exact: bool,
}

impl LocatedPassage {
    pub(super) fn new(passage: &Passage, stretches: [Stretch; 2]) -> Self {
        LocatedPassage {
            copy: passage.copy,
            original: passage.original,
            tokens: [passage.copy_tokens, passage.original_tokens].map(|[start, end]| end - start),
            stretches,
            overlap: passage.overlap,
            is_exact: passage.is_exact,
        }
    }

    /// Whether both sides have the same tokens.
    pub(super) fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// As it is told.
    pub(super) fn as_match(&self) -> Match {
        let [copy, original] = &self.stretches;
        Match {
            unit: Unit::Passage,
            kind: if self.is_exact { Kind::Exact } else { Kind::Near },
            jaccard: self.overlap.jaccard(),
            containment: self.overlap.containment(),
            tokens: self.tokens,
            copy: Place { document: self.copy, paragraph: Some(copy.paragraph) },
            original: Place { document: self.original, paragraph: Some(original.paragraph) },
            stretches: Some([copy.span(), original.span()]),
        }
    }

    /// Appends it, but for its later document. What is written are differences that are small for nearly all; they wrap, so that none
    /// is too large. `before` is the later side of the passage before it in the same document.
    fn write(&self, before: &Stretch, into: &mut Vec<u8>) {
        let [copy, original] = &self.stretches;
        let length = |stretch: &Stretch| stretch.bytes[1].wrapping_sub(stretch.bytes[0]);
        let of_chars = |stretch: &Stretch| stretch.chars[1].wrapping_sub(stretch.chars[0]);
        let gap = copy.bytes[0].wrapping_sub(before.bytes[1]);
        let [of_copy, of_original] = self.tokens;
        let Overlap { shared, sizes } = self.overlap;
        let apart = |number: u32, from: u32| varint::zigzag((number.wrapping_sub(from) as i32).into()) as u32;
        let numbers = [
            gap,
            gap.wrapping_sub(copy.chars[0].wrapping_sub(before.chars[1])),
            length(copy),
            length(copy).wrapping_sub(of_chars(copy)),
            copy.paragraph.wrapping_sub(before.paragraph),
            self.original,
            original.bytes[0],
            original.bytes[0].wrapping_sub(original.chars[0]),
            apart(length(original), length(copy)),
            length(original).wrapping_sub(of_chars(original)),
            original.paragraph,
            of_copy,
            apart(of_original, of_copy),
            of_copy.wrapping_sub(sizes[0]),
            apart(sizes[1], sizes[0]),
        ];
        numbers.iter().for_each(|&number| varint::write(number.into(), into));
        varint::write(u64::from(sizes[0].wrapping_sub(shared)) << 1 | u64::from(self.is_exact), into);
    }

    /// Reads what [`LocatedPassage::write`] wrote, and moves `bytes` behind it.
    fn read(copy: u32, before: &Stretch, bytes: &mut &[u8]) -> Option<Self> {
        let mut next = || varint::read(bytes);
        let mut number = || next().map(|number| number as u32);
        let stretch = |bytes: [u32; 2], chars: [u32; 2], paragraph| {
            let ends = |[start, length]: [u32; 2]| [start, start.wrapping_add(length)];
            Stretch { bytes: ends(bytes), chars: ends(chars), paragraph }
        };
        let apart = |number: u32| varint::unzigzag(number.into()) as i32;
        let gap = number()?;
        let start =
            [before.bytes[1].wrapping_add(gap), before.chars[1].wrapping_add(gap.wrapping_sub(number()?))];
        let length = number()?;
        let chars = length.wrapping_sub(number()?);
        let paragraph = before.paragraph.wrapping_add(number()?);
        let of_copy = stretch([start[0], length], [start[1], chars], paragraph);
        let original = number()?;
        let start = number()?;
        let start = [start, start.wrapping_sub(number()?)];
        let length = length.wrapping_add_signed(apart(number()?));
        let chars = length.wrapping_sub(number()?);
        let of_original = stretch([start[0], length], [start[1], chars], number()?);
        let tokens = number()?;
        let tokens = [tokens, tokens.wrapping_add_signed(apart(number()?))];
        let size = tokens[0].wrapping_sub(number()?);
        let sizes = [size, size.wrapping_add_signed(apart(number()?))];
        let last = next()?;
        let overlap = Overlap { shared: size.wrapping_sub((last >> 1) as u32), sizes };
        let stretches = [of_copy, of_original];
        Some(LocatedPassage { copy, original, tokens, stretches, overlap, is_exact: last & 1 == 1 })
    }
}

/// All passages, by their later documents, in each in the order of its text.
#[derive(Debug, Default)]
pub(super) struct Passages {
    /// the later documents
    copies: Vec<u32>,
    /// for each of them, where its passages start in `bytes`
    starts: Vec<u64>,
    bytes: Vec<u8>,
    count: u64,
}

impl Passages {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Bytes that they take.
    pub(super) fn size(&self) -> usize {
        size_of_val(&self.copies[..]) + size_of_val(&self.starts[..]) + self.bytes.len()
    }

    /// Those of a later document.
    pub(super) fn of(&self, document: u32) -> OfDocument<'_> {
        match self.copies.binary_search(&document) {
            Ok(at) => self.at(at),
            Err(_) => OfDocument { document, before: Stretch::default(), bytes: &[] },
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = LocatedPassage> + '_ {
        (0..self.copies.len()).flat_map(|at| self.at(at))
    }

    fn at(&self, at: usize) -> OfDocument<'_> {
        let end = self.starts.get(at + 1).map_or(self.bytes.len(), |end| *end as usize);
        let bytes = &self.bytes[self.starts[at] as usize..end];
        OfDocument { document: self.copies[at], before: Stretch::default(), bytes }
    }

    /// The same, of documents with other numbers in the same order.
    pub(super) fn renumbered(&self, to: impl Fn(u32) -> u32) -> Self {
        let renumbered = |passage: LocatedPassage| LocatedPassage {
            copy: to(passage.copy),
            original: to(passage.original),
            ..passage
        };
        self.iter().map(renumbered).collect()
    }
}

impl FromIterator<LocatedPassage> for Passages {
    fn from_iter<I: IntoIterator<Item = LocatedPassage>>(all: I) -> Self {
        let mut passages = Passages::default();
        let mut before = Stretch::default();
        for passage in all {
            if passages.copies.last() != Some(&passage.copy) {
                passages.copies.push(passage.copy);
                passages.starts.push(passages.bytes.len() as u64);
                before = Stretch::default();
            }
            passage.write(&before, &mut passages.bytes);
            before = passage.stretches[0];
            passages.count += 1;
        }
        passages.bytes.shrink_to_fit();
        passages
    }
}

/// The passages of a document, in the order of its text.
pub(super) struct OfDocument<'a> {
    document: u32,
    /// the later side of the one before
    before: Stretch,
    bytes: &'a [u8],
}

impl Iterator for OfDocument<'_> {
    type Item = LocatedPassage;

    fn next(&mut self) -> Option<LocatedPassage> {
        let passage = LocatedPassage::read(self.document, &self.before, &mut self.bytes)?;
        self.before = passage.stretches[0];
        Some(passage)
    }
}

/// Passages of a corpus in parts: they wait in temporary files until all parts are there.
pub(super) struct WaitingPassages {
    copies: Column<u32>,
    starts: Column<u64>,
    bytes: Column<u8>,
    count: u64,
}

impl WaitingPassages {
    /// None; their files will be in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        WaitingPassages {
            copies: Column::new(folder),
            starts: Column::new(folder),
            bytes: Column::new(folder),
            count: 0,
        }
    }

    /// Bytes when they are held again.
    pub(super) fn size(&self) -> usize {
        self.copies.size() + self.starts.size() + self.bytes.size()
    }

    /// Takes those of documents behind all others.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn append(&mut self, passages: &Passages) -> Result<()> {
        let base = self.bytes.len() as u64;
        self.copies.extend_from_slice(&passages.copies)?;
        self.starts.extend(passages.starts.iter().map(|start| base + start))?;
        self.bytes.extend_from_slice(&passages.bytes)?;
        self.count += passages.count;
        Ok(())
    }

    /// All of them.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn into_passages(self) -> Result<Passages> {
        let (copies, starts) = (self.copies.into_vec()?, self.starts.into_vec()?);
        Ok(Passages { copies, starts, bytes: self.bytes.into_vec()?, count: self.count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers<const N: usize>() -> impl Strategy<Value = [u32; N]> {
        let number = prop_oneof![0..200u32, any::<u32>(), Just(u32::MAX)];
        prop::collection::vec(number, N).prop_map(|all| std::array::from_fn(|at| all[at]))
    }

    fn passage() -> impl Strategy<Value = LocatedPassage> {
        let stretch = || {
            (numbers(), numbers(), 0..9u32).prop_map(|(bytes, chars, paragraph)| Stretch {
                bytes,
                chars,
                paragraph,
            })
        };
        (0..6u32, numbers::<6>(), stretch(), stretch(), any::<bool>()).prop_map(
            |(copy, of, a, b, is_exact)| {
                let overlap = Overlap { shared: of[3], sizes: [of[4], of[5]] };
                LocatedPassage {
                    copy,
                    original: of[0],
                    tokens: [of[1], of[2]],
                    stretches: [a, b],
                    overlap,
                    is_exact,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(mut all in prop::collection::vec(passage(), 0..30), cut in 0..6u32) {
            all.sort_by_key(|passage| passage.copy);
            let passages: Passages = all.iter().copied().collect();
            prop_assert_eq!(passages.count(), all.len() as u64);
            prop_assert_eq!(passages.iter().collect::<Vec<_>>(), all.clone());
            for document in 0..7 {
                let own: Vec<_> = all.iter().filter(|passage| passage.copy == document).copied().collect();
                prop_assert_eq!(passages.of(document).collect::<Vec<_>>(), own);
            }
            let renumbered = passages.renumbered(|document| document.wrapping_add(3));
            let expected: Vec<_> = all.iter().map(|of| LocatedPassage {
                copy: of.copy + 3,
                original: of.original.wrapping_add(3),
                ..*of
            }).collect();
            prop_assert_eq!(renumbered.iter().collect::<Vec<_>>(), expected);
            // the same in two parts
            let mut waiting = WaitingPassages::new(&std::env::temp_dir());
            for is_first in [true, false] {
                let part = all.iter().filter(|passage| (passage.copy < cut) == is_first).copied();
                waiting.append(&part.collect()).unwrap();
            }
            let whole = waiting.into_passages().unwrap();
            prop_assert_eq!(whole.iter().collect::<Vec<_>>(), all);
        }
    }
}

//! The second walk: the copies of the groups that count most, and the pieces of the documents that are
//! copied most.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::outcome::Outcome;
use crate::report::facts::add_up::Sums;
use crate::report::facts::{Copy, Explained, Extent, Facts, Group, PIECES, Repeat, Stretch, Wanted};
use crate::report::walk;

impl Facts {
    /// # Errors
    /// Those of [`walk::walk`].
    pub(super) fn gather(&mut self, outcome: &Outcome, sums: &Sums) -> Result<()> {
        let mut gathered: Vec<Gathered> = (0..sums.groups.len()).map(Gathered::new).collect();
        let mut partly: Vec<&mut super::DocumentShare> = self.shares.partly.iter_mut().collect();
        partly.sort_unstable_by_key(|share| share.document);
        let mut documents: BTreeSet<u32> = sums.documents.iter().copied().collect();
        documents.extend(partly.iter().map(|share| share.document));
        walk::walk(outcome, documents.into_iter(), |told| {
            if let Ok(at) = partly.binary_search_by_key(&told.document, |share| share.document) {
                // a contained document is told by the passages that contain it
                let pieces = told.explained.iter().chain(&told.others);
                let share = &mut *partly[at];
                share.piece_count = (told.explained.len() + told.others.len()) as u64;
                let mut pieces: Vec<&Repeat> = pieces.collect();
                pieces.sort_by_key(|piece| piece.copy.span.chars.start);
                share.pieces = pieces.into_iter().take(PIECES).cloned().collect();
            }
            for (repeat, explained) in told.repeats() {
                if let Some(rank) = sums.rank(&repeat.original) {
                    gathered[rank].add(repeat, explained);
                }
            }
            Ok(())
        })?;
        let groups = gathered.into_iter().zip(&sums.groups).filter_map(|(gathered, sum)| {
            Some(Group {
                original: gathered.original()?,
                copies: gathered.copies,
                count: sum.count.into(),
                exact: sum.exact.into(),
                near: sum.near.into(),
                similarity: sum.similarity,
                characters: sum.characters,
                documents: sum.documents.into(),
                is_boilerplate: false,
                is_template: None,
            })
        });
        self.groups = groups.collect();
        Ok(())
    }
}

/// The first copies of a group.
struct Gathered {
    copies: Vec<Copy>,
    /// how many more of them it is judged by, it keeps; and how much more of what these explain
    room: [usize; 3],
    /// of those that it is judged by how many repeat a whole document, paragraphs, a passage, and the first original of each
    counts: [usize; 3],
    originals: [Option<Box<Stretch>>; 3],
}

impl Gathered {
    /// None yet, of the group of a rank.
    fn new(rank: usize) -> Self {
        Gathered {
            copies: Vec::new(),
            room: Wanted::copies(rank),
            counts: [0; 3],
            originals: Default::default(),
        }
    }

    fn add(&mut self, repeat: &Repeat, explained: &[Repeat]) {
        let [judged, kept, inside] = &mut self.room;
        if *judged == 0 {
            return;
        }
        *judged -= 1;
        let what = match repeat.original.extent {
            Extent::Document => 0,
            Extent::Paragraphs(_) => 1,
            Extent::Passage(..) => 2,
        };
        self.counts[what] += 1;
        self.originals[what].get_or_insert_with(|| Box::new(repeat.original.clone()));
        if *kept > 0 {
            *kept -= 1;
            let explained_count = Explained::of(explained);
            let explained: Vec<_> = explained.iter().take(*inside).cloned().collect();
            *inside -= explained.len();
            self.copies.push(Copy { repeat: repeat.clone(), explained, explained_count });
        }
        if *judged == 0 {
            // what most repeat is known
            let most = self.most();
            self.originals
                .iter_mut()
                .enumerate()
                .filter(|(of, _)| *of != most)
                .for_each(|(_, of)| *of = None);
        }
    }

    /// What most of them repeat; of equally many, the most.
    fn most(&self) -> usize {
        (0..3).rev().max_by_key(|of| self.counts[*of]).unwrap_or_default()
    }

    /// The original of the group: of the first of its copies that repeat what most do, a whole document, paragraphs or a
    /// passage.
    fn original(&self) -> Option<Stretch> {
        self.originals[self.most()].as_deref().cloned()
    }
}

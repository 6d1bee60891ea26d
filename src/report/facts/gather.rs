//! The second walk: the copies of the groups that count most, and the pieces of the documents that are
//! copied most.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::outcome::Outcome;
use crate::report::facts::add_up::Sums;
use crate::report::facts::{
    Copy, EXPLAINED, Explained, Extent, Facts, Group, PIECES, Repeat, Stretch, Wanted,
};
use crate::report::walk;

impl Facts {
    /// # Errors
    /// Those of [`walk::walk`].
    pub(super) fn gather(&mut self, outcome: &Outcome, sums: &Sums) -> Result<()> {
        let mut copies: Vec<Vec<Copy>> = sums.groups.iter().map(|_| Vec::new()).collect();
        let mut room = vec![EXPLAINED; copies.len()];
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
                let rank = sums.rank(&repeat.original);
                let Some(rank) = rank.filter(|rank| copies[*rank].len() < Wanted::copies(*rank)) else {
                    continue;
                };
                let explained_count = Explained::of(explained);
                let explained: Vec<_> = explained.iter().take(room[rank]).cloned().collect();
                room[rank] -= explained.len();
                copies[rank].push(Copy { repeat: repeat.clone(), explained, explained_count });
            }
            Ok(())
        })?;
        let groups = copies.into_iter().zip(&sums.groups).filter_map(|(copies, sum)| {
            Some(Group {
                original: original(&copies)?.clone(),
                copies,
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

/// The original of a group: of the first of its copies that repeat what most of those kept do, a whole document, paragraphs or a
/// passage; of equally many, the most.
fn original(copies: &[Copy]) -> Option<&Stretch> {
    let what = |of: &Stretch| match of.extent {
        Extent::Document => 0,
        Extent::Paragraphs(_) => 1,
        Extent::Passage(..) => 2,
    };
    let mut counts = [0; 3];
    copies.iter().for_each(|copy| counts[what(&copy.repeat.original)] += 1);
    let most = (0..3).rev().max_by_key(|of| counts[*of])?;
    copies.iter().map(|copy| &copy.repeat.original).find(|original| what(original) == most)
}

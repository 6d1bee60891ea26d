//! How much memory there is for the recall certificate of a finished run.

use crate::certify;
use crate::corpus::{Corpus, Units};
use crate::error::Result;
use crate::outcome::{LocatedContained, Outcome, held};
use crate::parts::RESERVED;
use crate::pipeline::{Progress, Surroundings};

/// The least bytes for a slice of the sample: with fewer the corpus would be read again and again. What a report will
/// take is more.
const LEAST: u64 = 16 << 20;

impl Outcome {
    /// Measures recall, see [`certify`]; in what the bound of memory has room for beside the outcome.
    pub(crate) fn certify(&mut self, surroundings: &Surroundings, progress: &Progress) -> Result<()> {
        // half of it: freed memory has holes
        let left = |memory: u64| (memory.saturating_sub(RESERVED + self.held()) / 2).max(LEAST);
        let room = surroundings.memory.map_or(u64::MAX, left);
        self.summary.certificate = Some(certify::measure(self, room, progress)?);
        Ok(())
    }

    /// About how many bytes it holds.
    fn held(&self) -> u64 {
        let Corpus { documents, units, places, ids, pieces, labels, drawn, .. } = &self.corpus;
        let of_units = |units: &Units| {
            held::units([&units.first, &units.distinct, &units.tokens].map(|column| size_of_val(&column[..])))
        };
        let copies = self.near.values().map(|near| near.all.len()).sum::<usize>();
        // the sample is put in order beside
        let drawn = 2 * drawn.values().map(|drawn| size_of_val(&drawn[..])).sum::<usize>();
        let bytes = held::tables(documents, pieces, labels, copies)
            + units.values().map(of_units).sum::<usize>()
            + places.len()
            + ids.len()
            + drawn
            + self.located.passages.size()
            + size_of::<LocatedContained>() * self.located.contained.len();
        bytes as u64
    }
}

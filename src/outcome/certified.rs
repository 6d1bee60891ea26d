//! How much memory there is for the recall certificate of a finished run.

use crate::certify;
use crate::corpus::{Corpus, Document, Units};
use crate::error::Result;
use crate::outcome::{LocatedContained, Outcome};
use crate::parts::RESERVED;
use crate::pipeline::{Progress, Surroundings};
use crate::resolve::Near;
use crate::scan::Piece;

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
        let Corpus { documents, document_units, paragraph_units, places, ids, pieces, labels, drawn, .. } =
            &self.corpus;
        let of_units = |units: &Units| {
            size_of_val(&units.first[..]) * 5 / 4
                + size_of_val(&units.distinct[..])
                + size_of_val(&units.tokens[..])
        };
        let copies = self.near.iter().map(|near| near.all.len()).sum::<usize>();
        // the sample is put in order beside
        let drawn = 2 * drawn.iter().map(|drawn| size_of_val(&drawn[..])).sum::<usize>();
        let bytes = size_of::<Document>() * documents.len()
            + of_units(document_units)
            + of_units(paragraph_units)
            + places.len()
            + ids.len()
            + size_of::<Piece>() * pieces.len()
            + labels.size()
            + drawn
            + size_of::<Near>() * copies
            + self.located.passages.size()
            + size_of::<LocatedContained>() * self.located.contained.len();
        bytes as u64
    }
}

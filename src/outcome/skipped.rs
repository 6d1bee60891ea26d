//! What was not used.

use crate::document::{Skip, SkipReason};
use crate::outcome::Outcome;

impl Outcome {
    /// The first thousand records and files that were not used, in corpus order; [`Outcome::skip_count`] counts all.
    pub fn skips(&self) -> &[Skip] {
        self.skips.listed()
    }

    /// The first three of those that were not used for this reason.
    pub fn skips_for(&self, reason: SkipReason) -> &[Skip] {
        self.skips.of_reason(reason)
    }

    /// How many there are; neighbouring records that were lost together are one.
    pub fn skip_count(&self) -> u64 {
        self.skips.counts().map(|(.., skipped)| skipped.skips).sum()
    }

    /// How many records were skipped for each reason, in the order of [`SkipReason::ALL`].
    pub fn skipped(&self) -> impl Iterator<Item = (SkipReason, u64)> + '_ {
        SkipReason::ALL.into_iter().filter_map(|reason| {
            let count = *self.summary.input.skipped.get(reason.name())?;
            Some((reason, count))
        })
    }

    /// How many records of each source were skipped; sources without are left out, others may come more than once.
    pub(crate) fn skipped_records(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let of_sources = self.skips.counts().map(|(source, _, skipped)| (source, skipped.records));
        of_sources.filter(|(_, records)| *records > 0)
    }

    /// Whether a source, or a part of it whose records can't be counted, could not be read.
    pub(crate) fn has_unreadable_part(&self, source: u32) -> bool {
        self.skips.of(source, SkipReason::Unreadable).parts > 0
    }
}

//! What was skipped: all of it counted by source and reason, and of the places the first ones, so that what is held
//! does not grow with the records that can't be used.

use std::collections::BTreeMap;

use crate::document::{Skip, SkipReason};

/// Places that are kept, in corpus order.
pub(crate) const LISTED: usize = 1_000;

/// Places of each reason that are kept, whatever comes before them.
pub(crate) const OF_REASON: usize = 3;

/// Skips, as they come: sources ascending, and in each its records.
#[derive(Debug, Default, Clone)]
pub(crate) struct Skips {
    /// the first [`LISTED`]
    listed: Vec<Skip>,
    /// the first [`OF_REASON`] of each
    of_reasons: BTreeMap<SkipReason, Vec<Skip>>,
    counts: BTreeMap<(u32, SkipReason), Skipped>,
}

/// How much of a source was skipped for one reason.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// skips that are, or would be, listed
    pub(crate) skips: u64,
    /// records in them
    pub(crate) records: u64,
    /// skips of the source itself, or of a part of it whose records can't be counted
    pub(crate) parts: u64,
}

impl Skipped {
    fn add(&mut self, other: Skipped) {
        self.skips += other.skips;
        self.records += other.records;
        self.parts += other.parts;
    }
}

impl Skips {
    pub(crate) fn push(&mut self, skip: Skip) {
        let Skip { source, records, reason, .. } = skip;
        let one = Skipped { skips: 1, records, parts: u64::from(records == 0) };
        self.counts.entry((source, reason)).or_default().add(one);
        let of_reason = self.of_reasons.entry(reason).or_default();
        if goes_in(of_reason, OF_REASON, &skip) {
            keep(of_reason, OF_REASON, skip.clone());
        }
        keep(&mut self.listed, LISTED, skip);
    }

    /// Takes those of what comes next. `before` tells how many records and lines of a source came before.
    pub(crate) fn append(&mut self, other: &Skips, before: impl Fn(u32) -> (u64, u64)) {
        let moved = |skip: &Skip| {
            let (records, lines) = before(skip.source);
            Skip {
                record: skip.record.map(|record| record + records),
                line: skip.line.map(|line| line + lines),
                ..skip.clone()
            }
        };
        other.listed.iter().for_each(|skip| keep(&mut self.listed, LISTED, moved(skip)));
        for (reason, of_reason) in &other.of_reasons {
            let to = self.of_reasons.entry(*reason).or_default();
            of_reason.iter().for_each(|skip| keep(to, OF_REASON, moved(skip)));
        }
        for (of, skipped) in &other.counts {
            self.counts.entry(*of).or_default().add(*skipped);
        }
    }

    /// Takes those of other sources, or of what comes next, whose numbers are those of their sources.
    pub(crate) fn extend(&mut self, other: &Skips) {
        self.append(other, |_| (0, 0));
    }

    /// None again, with its buffers.
    pub(crate) fn clear(&mut self) {
        self.listed.clear();
        self.of_reasons.clear();
        self.counts.clear();
    }

    /// The first ones, in corpus order.
    pub(crate) fn listed(&self) -> &[Skip] {
        &self.listed
    }

    /// The first ones of a reason, in corpus order.
    pub(crate) fn of_reason(&self, reason: SkipReason) -> &[Skip] {
        self.of_reasons.get(&reason).map_or(&[], |of_reason| of_reason)
    }

    /// How many there are, by source and reason.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (u32, SkipReason, Skipped)> + '_ {
        self.counts.iter().map(|(&(source, reason), &skipped)| (source, reason, skipped))
    }

    /// How much of a source was skipped for a reason.
    pub(crate) fn of(&self, source: u32, reason: SkipReason) -> Skipped {
        self.counts.get(&(source, reason)).copied().unwrap_or_default()
    }
}

impl FromIterator<Skip> for Skips {
    fn from_iter<I: IntoIterator<Item = Skip>>(skips: I) -> Self {
        let mut all = Skips::default();
        skips.into_iter().for_each(|skip| all.push(skip));
        all
    }
}

/// Where a skip is listed: what has no record before what has one.
fn place(skip: &Skip) -> (u32, Option<u64>, Option<u64>) {
    (skip.source, skip.record, skip.line)
}

/// Whether a skip is one of the first `most`.
fn goes_in(first: &[Skip], most: usize, skip: &Skip) -> bool {
    first.len() < most || first.last().is_some_and(|last| place(skip) < place(last))
}

/// Puts a skip in its place, behind those with the same, if it is one of the first `most`.
fn keep(first: &mut Vec<Skip>, most: usize, skip: Skip) {
    if goes_in(first, most, &skip) {
        let at = first.partition_point(|before| place(before) <= place(&skip));
        first.insert(at, skip);
        first.truncate(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(source: u32, record: Option<u64>, reason: SkipReason) -> Skip {
        let (records, line) = (u64::from(record.is_some()), record.map(|record| record + 1));
        Skip { source, record, records, line, reason, detail: format!("{source} {record:?} {reason:?}") }
    }

    /// Some thousand of three sources; now and then a part of one.
    fn many() -> Vec<Skip> {
        let one = |i: u64| {
            let reason = SkipReason::ALL[(i * i % 7) as usize];
            skip((i / 900) as u32, (i % 97 != 5).then_some(i % 900), reason)
        };
        (0..2_700).map(one).collect()
    }

    fn sorted(skips: &[Skip]) -> Vec<Skip> {
        let mut skips = skips.to_vec();
        skips.sort_by_key(place);
        skips
    }

    fn judge(kept: &Skips, all: &[Skip]) {
        let all = sorted(all);
        assert_eq!(kept.listed(), &all[..LISTED.min(all.len())]);
        for reason in SkipReason::ALL {
            let of_reason = all.iter().filter(|skip| skip.reason == reason);
            let first: Vec<Skip> = of_reason.clone().take(OF_REASON).cloned().collect();
            assert_eq!(kept.of_reason(reason), first);
            for source in 0..3 {
                let own: Vec<&Skip> = of_reason.clone().filter(|skip| skip.source == source).collect();
                let expected = Skipped {
                    skips: own.len() as u64,
                    records: own.iter().map(|skip| skip.records).sum(),
                    parts: own.iter().filter(|skip| skip.record.is_none()).count() as u64,
                };
                assert_eq!(kept.of(source, reason), expected);
            }
        }
    }

    #[test]
    fn the_first_are_kept_and_all_are_counted() {
        let all = many();
        judge(&all.iter().cloned().collect(), &all);
        judge(&Skips::default(), &[]);
    }

    /// However they are cut into chunks, whose numbers start anew.
    #[test]
    fn chunks_are_put_together() {
        let all = many();
        for length in [1, 7, 400, 5_000] {
            let mut kept = Skips::default();
            for chunk in all.chunks(length) {
                let first = |source| {
                    let own = chunk.iter().filter(|skip| skip.source == source);
                    own.filter_map(|skip| skip.record).min().unwrap_or_default()
                };
                let of_chunk = chunk.iter().map(|skip| Skip {
                    record: skip.record.map(|record| record - first(skip.source)),
                    line: skip.line.map(|line| line - first(skip.source)),
                    ..skip.clone()
                });
                kept.append(&of_chunk.collect(), |source| (first(source), first(source)));
            }
            judge(&kept, &all);
        }
    }

    #[test]
    fn a_part_of_a_source_is_listed_before_its_records() {
        let mut all: Vec<Skip> =
            (0..LISTED as u64).map(|record| skip(0, Some(record), SkipReason::InvalidJson)).collect();
        all.push(skip(0, None, SkipReason::Truncated));
        let kept: Skips = all.iter().cloned().collect();
        assert_eq!(kept.listed()[0].reason, SkipReason::Truncated);
        judge(&kept, &all);
    }
}

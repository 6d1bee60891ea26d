//! PlagDet and its parts (Potthast, Stein, Barrón-Cedeño, Rosso 2010, "An Evaluation Framework for Plagiarism
//! Detection"), from characters on both sides.
//!
//! A detection *detects* a case when they overlap in the later text and in the earlier one. Recall is the
//! share of a case's characters, of both sides, that the detections that detect it cover, averaged over the
//! cases; precision the same with the parts changed; granularity how many detections detect a case, averaged
//! over those that are detected at all.

use std::ops::Range;

/// A stretch of a later text with the stretch of an earlier one that it repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reuse {
    /// names the two texts
    pub(crate) pair: usize,
    /// characters of the later and the earlier text
    pub(crate) sides: [Range<u64>; 2],
}

impl Reuse {
    fn meets(&self, other: &Reuse) -> bool {
        let overlap = |side: usize| !overlap(&self.sides[side], &other.sides[side]).is_empty();
        self.pair == other.pair && overlap(0) && overlap(1)
    }

    /// The share of its characters that those of `others` that meet it cover.
    fn covered(&self, others: &[&Reuse]) -> f64 {
        let covered = |side: usize| {
            let part = |other: &&&Reuse| overlap(&self.sides[side], &other.sides[side]);
            let mut parts: Vec<Range<u64>> =
                others.iter().filter(|other| self.meets(other)).map(|o| part(&o)).collect();
            parts.sort_unstable_by_key(|part| part.start);
            let mut end = 0;
            let own = |part: &Range<u64>| {
                let own = part.end.saturating_sub(part.start.max(end));
                end = end.max(part.end);
                own
            };
            parts.iter().map(own).sum::<u64>()
        };
        let length = |side: usize| self.sides[side].end - self.sides[side].start;
        (covered(0) + covered(1)) as f64 / (length(0) + length(1)) as f64
    }
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> Range<u64> {
    a.start.max(b.start)..a.end.min(b.end)
}

/// How well detections tell the cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    pub(crate) cases: usize,
    pub(crate) detections: usize,
    pub(crate) precision: f64,
    pub(crate) recall: f64,
    pub(crate) granularity: f64,
}

impl Score {
    pub(crate) fn of(cases: &[Reuse], detections: &[Reuse]) -> Score {
        let of_pair = |all: &[Reuse]| {
            let mut by_pair = std::collections::HashMap::<usize, Vec<usize>>::new();
            all.iter().enumerate().for_each(|(i, reuse)| by_pair.entry(reuse.pair).or_default().push(i));
            by_pair
        };
        let average = |of: &[Reuse], by: &[Reuse]| {
            let numbers = of_pair(by);
            let shares = of.iter().map(|reuse| {
                let others = numbers.get(&reuse.pair).into_iter().flatten().map(|i| &by[*i]);
                reuse.covered(&others.collect::<Vec<_>>())
            });
            if of.is_empty() { 0.0 } else { shares.sum::<f64>() / of.len() as f64 }
        };
        let numbers = of_pair(detections);
        let times = |case: &Reuse| {
            let of_pair = numbers.get(&case.pair).into_iter().flatten();
            of_pair.filter(|i| detections[**i].meets(case)).count()
        };
        let detected: Vec<usize> = cases.iter().map(times).filter(|times| *times > 0).collect();
        let granularity = match detected.len() {
            0 => 1.0,
            count => detected.iter().sum::<usize>() as f64 / count as f64,
        };
        Score {
            cases: cases.len(),
            detections: detections.len(),
            precision: average(detections, cases),
            recall: average(cases, detections),
            granularity,
        }
    }

    pub(crate) fn plagdet(&self) -> f64 {
        let sum = self.precision + self.recall;
        let harmonic = if sum == 0.0 { 0.0 } else { 2.0 * self.precision * self.recall / sum };
        harmonic / (1.0 + self.granularity).log2()
    }
}

//! What is kept beside the matches where a run has a floor: all verified pairs down to it, and every unit that
//! would be contained if it were no copy. See [`crate::what_if`].

use rayon::prelude::*;

use crate::corpus::{IS_SHORT, Units};
use crate::document::{Match, Place, Span};
use crate::outcome::{Outcome, UnitSummary};
use crate::resolve::Near;
use crate::resolve::pairs::{KeptPairs, Pair};
use crate::unit::{PerUnit, UnitKind};
use crate::what_if::{Coming, Level, TOLD, WhatIf, best, copies, thresholds};

/// What is kept beside the matches.
pub(crate) struct Floor {
    pub(super) kept: PerUnit<KeptPairs>,
    /// documents and paragraphs that are nearly all in passages, copies or not, ascending
    pub(super) contained: Vec<super::LocatedContained>,
}

impl Floor {
    /// Of both kinds.
    pub(crate) fn sum(&self, of: fn(&KeptPairs) -> u64) -> u64 {
        self.kept.values().map(of).sum()
    }
}

/// A match that holds at some threshold from the floor up.
pub(crate) struct KeptMatch {
    pub(crate) found: Match,
    /// numbers of copy and original among the units of their kind, in the order in which they pass; of a unit that
    /// is contained only its own, of passages none
    pub(crate) units: Option<(u32, Option<u32>)>,
    /// of a near match: shingles in both, in the copy, in the original
    pub(crate) shingles: Option<[u32; 3]>,
}

/// The units of one kind, for one threshold after the other.
struct Side<'a> {
    units: &'a Units,
    kept: &'a KeptPairs,
    /// what the run itself told
    told: UnitSummary,
    is_compared: bool,
    /// for each row, how many later units have the same tokens
    repeats: Vec<u32>,
    /// rows that are contained where they are no copies, in order
    contained: Vec<u32>,
}

impl Outcome {
    /// What the thresholds from the floor up would have told; `None` for a run without one.
    pub fn what_if(&self) -> Option<WhatIf> {
        let floor = self.floor.as_ref()?;
        let parameters = &self.summary.parameters;
        let least = parameters.floor?;
        let levels = thresholds(least, parameters.threshold);
        let place = |kind: UnitKind, row: u32| {
            self.corpus.place(kind, self.corpus.units[kind].distinct[row as usize])
        };
        let told = PerUnit::from_fn(|kind| self.side(kind, floor).levels(&levels));
        let PerUnit { documents, paragraphs } = told;
        let levels =
            levels.iter().zip(documents).zip(paragraphs).map(|((&threshold, documents), paragraphs)| {
                let coming = PerUnit { documents: documents.1, paragraphs: paragraphs.1 };
                let coming = coming.into_iter().flat_map(|(kind, rows)| {
                    rows.into_iter().map(move |(row, original, jaccard)| (kind, row, original, jaccard))
                });
                let coming = coming.map(|(kind, row, original, jaccard)| Coming {
                    copy: place(kind, row),
                    original: place(kind, original),
                    jaccard,
                });
                Level {
                    threshold,
                    documents: documents.0,
                    paragraphs: paragraphs.0,
                    coming: coming.collect(),
                }
            });
        Some(WhatIf {
            floor: least,
            pairs: [&floor.kept.documents, &floor.kept.paragraphs].map(|kept| kept.pairs.len() as u64),
            capped: floor.sum(|kept| kept.capped),
            capped_units: floor.sum(|kept| kept.capped_units),
            levels: levels.collect(),
        })
    }

    fn side<'a>(&'a self, kind: UnitKind, floor: &'a Floor) -> Side<'a> {
        let compared = self.summary.parameters.units;
        let units = &self.corpus.units[kind];
        let (told, is_compared) = match kind {
            UnitKind::Document => (self.summary.documents, compared.documents),
            UnitKind::Paragraph => (self.summary.paragraphs, compared.paragraphs),
        };
        let mut repeats = vec![0; units.distinct.len()];
        for (unit, &first) in (0..).zip(&units.first) {
            let row = (first < IS_SHORT && first != unit).then(|| units.row(first)).flatten();
            row.into_iter().for_each(|row| repeats[row] += 1);
        }
        let contained = floor.contained.iter();
        let places = contained.map(|(of, _)| Place { document: of.copy, paragraph: of.paragraph });
        let rows =
            places.filter(|place| place.unit_kind() == kind).map(|place| units.row(self.unit(place).2));
        let mut contained: Vec<u32> = rows.flatten().map(|row| row as u32).collect();
        contained.sort_unstable();
        Side { units, kept: &floor.kept[kind], told, is_compared, repeats, contained }
    }

    /// The pairs that are kept, and the matches that no threshold changes, in the order of [`Outcome::matches_of`].
    /// Empty for a run without a floor.
    pub(crate) fn kept_of(&self, document: u32) -> Vec<KeptMatch> {
        let Some(floor) = &self.floor else { return Vec::new() };
        let mut all = Vec::new();
        let compared = self.summary.parameters.units;
        if compared.documents {
            let own = Place { document, paragraph: None };
            self.kept_of_unit((own, self.span(own)), floor, &mut all);
        }
        let passage = |found| KeptMatch { found, units: None, shingles: None };
        let mut passages = self.passages(document).peekable();
        let starts_before = |passage: &Match, span: &Span| {
            passage.stretches.as_ref().is_some_and(|[copy, _]| copy.bytes.start <= span.bytes.start)
        };
        if compared.paragraphs {
            for (number, span) in (0..).zip(self.corpus.places(document)) {
                let before = all.len();
                let own = Place { document, paragraph: Some(number) };
                self.kept_of_unit((own, span.clone()), floor, &mut all);
                if all.len() > before {
                    let own = all.split_off(before);
                    while let Some(found) = passages.next_if(|passage| starts_before(passage, &span)) {
                        all.push(passage(found));
                    }
                    all.extend(own);
                }
            }
        }
        all.extend(passages.map(passage));
        all
    }

    fn kept_of_unit(&self, (place, span): (Place, Span), floor: &Floor, to: &mut Vec<KeptMatch>) {
        let (units, _, unit) = self.unit(place);
        let kept = &floor.kept[place.unit_kind()];
        let first = units.first[unit as usize];
        if first >= IS_SHORT {
            return;
        }
        if first != unit {
            let found = self.copy(units, place, unit, None);
            to.push(KeptMatch { found, units: Some((unit, Some(first))), shingles: None });
            return;
        }
        let Some(row) = units.row(unit).map(|row| row as u32) else { return };
        for pair in pairs_of(&kept.pairs, row) {
            let (original, overlap) = (units.distinct[pair.original as usize], pair.overlap);
            let near = Near { unit, original, overlap };
            to.push(KeptMatch {
                found: self.copy(units, place, unit, Some(near)),
                units: Some((unit, Some(original))),
                shingles: Some([overlap.shared, overlap.sizes[0], overlap.sizes[1]]),
            });
        }
        let key = (place.document, place.paragraph);
        let contained = floor.contained.binary_search_by_key(&key, |(of, _)| (of.copy, of.paragraph));
        if let Ok(at) = contained {
            let found = self.contained_match(&floor.contained[at], span);
            to.push(KeptMatch { found, units: Some((unit, None)), shingles: None });
        }
    }
}

/// The pairs of which a row is the later one.
fn pairs_of(pairs: &[Pair], row: u32) -> &[Pair] {
    let start = pairs.partition_point(|pair| pair.copy < row);
    let end = start + pairs[start..].partition_point(|pair| pair.copy == row);
    &pairs[start..end]
}

/// A row that becomes a copy, the row of its original, how similar they are.
type Row = (u32, u32, f64);

impl Side<'_> {
    /// For each threshold what becomes of the units, and which rows are copies but would not be at the next one.
    fn levels(&self, thresholds: &[f64]) -> Vec<(UnitSummary, Vec<Row>)> {
        let rows = self.units.distinct.len();
        if !self.is_compared {
            return thresholds.iter().map(|_| (self.told, Vec::new())).collect();
        }
        let found: Vec<Vec<bool>> =
            thresholds.par_iter().map(|&threshold| copies(&self.kept.pairs, rows, threshold)).collect();
        let told = thresholds.iter().enumerate().map(|(at, &threshold)| {
            let is_copy = &found[at];
            (self.summary(is_copy), self.coming(is_copy, found.get(at + 1), threshold))
        });
        told.collect()
    }

    fn summary(&self, is_copy: &[bool]) -> UnitSummary {
        let mut told = UnitSummary {
            short: self.told.short,
            empty: self.told.empty,
            not_compared: self.told.not_compared,
            ..UnitSummary::default()
        };
        for (&is_copy, &repeats) in is_copy.iter().zip(&self.repeats) {
            if is_copy {
                told.near_copies += 1 + u64::from(repeats);
            } else {
                told.originals += 1;
                told.exact_copies += u64::from(repeats);
            }
        }
        let contained = self.contained.iter().filter(|row| !is_copy[**row as usize]).count() as u64;
        told.originals -= contained;
        told.contained_copies = contained;
        told
    }

    fn coming(&self, is_copy: &[bool], at_next: Option<&Vec<bool>>, threshold: f64) -> Vec<Row> {
        let is_at_next = |row: &u32| at_next.is_some_and(|at_next| at_next[*row as usize]);
        // what is contained is a copy at any threshold
        let is_new = |row: &u32| {
            is_copy[*row as usize] && !is_at_next(row) && self.contained.binary_search(row).is_err()
        };
        let mut rows: Vec<u32> = (0..is_copy.len() as u32).filter(is_new).collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(self.units.tokens[*row as usize]), *row));
        rows.truncate(TOLD);
        let told = rows.into_iter().filter_map(|row| {
            let pairs = pairs_of(&self.kept.pairs, row).iter().map(|pair| (pair.original, pair));
            best(pairs, is_copy, threshold).map(|(original, pair)| (row, original, pair.overlap.jaccard()))
        });
        told.collect()
    }
}

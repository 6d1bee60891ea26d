//! A finished run judged by the slow twin: its documents are read again, cut, and compared as sets of
//! strings, all with all. Strings are numbered so that this stays bearable; equal numbers are equal strings.

use std::collections::{BTreeMap, BTreeSet};

use redite::band::Plan;
use redite::document::{Kind, Place};
use redite::outcome::{Fate, Outcome, UnitSummary};
use redite::params::Params;
use redite::plain::{self, Verdict};

use crate::language::{place, tell};

/// One unit as the slow twin sees it.
pub(crate) struct Unit {
    pub(crate) place: Place,
    pub(crate) tokens: Vec<String>,
    pub(crate) shingles: BTreeSet<usize>,
    characters: u64,
}

/// All units of a corpus.
pub(crate) struct Twin {
    pub(crate) documents: Vec<Unit>,
    pub(crate) paragraphs: Vec<Unit>,
}

/// How many copies a run could have found among its own originals, and which it did not.
#[derive(Default)]
pub(crate) struct Recall {
    pub(crate) copies: usize,
    pub(crate) missed: Vec<String>,
}

impl Twin {
    /// Reads the corpus of a run again; holds the run's spans against it on the way.
    pub(crate) fn of(outcome: &Outcome) -> Twin {
        let params = &outcome.summary().parameters;
        let mut numbers: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        let mut unit = |place, text: &str| {
            let tokens = plain::tokens(text);
            let shingles = plain::shingles(&tokens, params.shingle as usize);
            let mut number = |shingle| {
                let next = numbers.len();
                *numbers.entry(shingle).or_insert(next)
            };
            let shingles = shingles.into_iter().map(&mut number).collect();
            Unit { place, tokens, shingles, characters: text.chars().count() as u64 }
        };
        let mut twin = Twin { documents: Vec::new(), paragraphs: Vec::new() };
        for document in 0..outcome.documents() {
            let text = outcome.text(document).unwrap();
            let whole = Place { document, paragraph: None };
            let span = outcome.span(whole);
            assert_eq!(span.bytes, 0..text.len() as u64);
            assert_eq!(span.chars, 0..text.chars().count() as u64);
            twin.documents.push(unit(whole, &text));
            let mut ranges = Vec::new();
            redite::split::paragraphs(&text, params.paragraphs, &mut ranges);
            assert_eq!(ranges.len() as u32, outcome.paragraphs(document));
            for (number, range) in ranges.into_iter().enumerate() {
                let place = Place { document, paragraph: Some(number as u32) };
                let span = outcome.span(place);
                assert_eq!(span.bytes, range.start as u64..range.end as u64);
                let before = text[..range.start].chars().count() as u64;
                let own = text[range.clone()].chars().count() as u64;
                assert_eq!(span.chars, before..before + own);
                twin.paragraphs.push(unit(place, &text[range]));
            }
        }
        twin
    }

    /// The units that a run compares, kind by kind.
    pub(crate) fn compared(&self, params: &Params) -> [Vec<&Unit>; 2] {
        let least = |unit: &&Unit| unit.tokens.len() >= params.min_tokens as usize;
        let documents = self.documents.iter().filter(|_| params.units.documents).collect();
        let paragraphs = self.paragraphs.iter().filter(|_| params.units.paragraphs).filter(least).collect();
        [documents, paragraphs]
    }

    /// Everything that must hold whatever the buckets lost. Returns what they lost.
    pub(crate) fn judge(&self, outcome: &Outcome) -> Recall {
        let params = &outcome.summary().parameters;
        let mut recall = Recall::default();
        self.fates(outcome);
        for units in self.compared(params) {
            let numbers: BTreeMap<Place, usize> =
                units.iter().enumerate().map(|(i, u)| (u.place, i)).collect();
            for (i, unit) in units.iter().enumerate() {
                let here = place(unit.place);
                let earlier_originals = units[..i]
                    .iter()
                    .filter(|unit| outcome.fate(unit.place) == Fate::Original && !unit.tokens.is_empty());
                let similar =
                    earlier_originals.map(|other| (plain::jaccard(&unit.shingles, &other.shingles), *other));
                let similar: Vec<_> = similar.filter(|(jaccard, _)| *jaccard >= params.threshold).collect();
                let best = similar.iter().map(|(jaccard, _)| *jaccard).fold(0.0, f64::max);
                recall.copies += usize::from(!similar.is_empty());
                let Some(found) = outcome.match_of(unit.place) else {
                    if !similar.is_empty() {
                        let capped = outcome.summary().capped > 0;
                        assert!(best < 1.0 || capped, "{here}: a copy of Jaccard 1 shares all buckets");
                        let same = similar.iter().find(|(_, other)| other.tokens == unit.tokens);
                        assert!(same.is_none(), "{here}: an exact copy is never lost");
                        recall.missed.push(format!("{here} ({best:.3})"));
                    }
                    continue;
                };
                let told = tell(&found);
                assert_eq!(found.copy, unit.place, "{told}");
                let original = numbers.get(&found.original).map(|&number| units[number]);
                let original = original.unwrap_or_else(|| panic!("{told}: the original is not compared"));
                assert!(found.original < found.copy, "{told}: the copy comes later");
                assert_eq!(outcome.fate(found.original), Fate::Original, "{told}");
                assert_eq!(found.jaccard, plain::jaccard(&unit.shingles, &original.shingles), "{told}");
                assert!(found.jaccard >= params.threshold, "{told}: below {}", params.threshold);
                assert_eq!(found.containment, containment(&unit.shingles, &original.shingles), "{told}");
                assert_eq!(found.tokens, [unit.tokens.len() as u32, original.tokens.len() as u32], "{told}");
                assert_eq!(found.kind == Kind::Exact, unit.tokens == original.tokens, "{told}");
                if found.jaccard < best {
                    recall.missed.push(format!("{here} (best is {best:.3}, {told})"));
                } else {
                    let earliest = similar.iter().find(|(jaccard, _)| *jaccard == best).map(|(_, o)| o.place);
                    if earliest != Some(found.original) {
                        recall.missed.push(format!("{here} (first is {earliest:?}, {told})"));
                    }
                }
            }
        }
        recall
    }

    /// Law 4: every unit has one fate, the summary counts them all, and the list of matches is complete.
    fn fates(&self, outcome: &Outcome) {
        let summary = outcome.summary();
        let params = &summary.parameters;
        let records = outcome.skips().iter().filter(|skip| skip.record.is_some()).count() as u64;
        assert_eq!(summary.input.records, summary.input.documents + records);
        assert_eq!(summary.input.documents, self.documents.len() as u64);
        assert_eq!(summary.input.paragraphs, self.paragraphs.len() as u64);
        assert_eq!(summary.input.skipped.values().sum::<u64>(), outcome.skips().len() as u64);
        assert_eq!(summary.characters.read, self.documents.iter().map(|unit| unit.characters).sum::<u64>());

        let mut listed = Vec::new();
        let mut copied = BTreeSet::new();
        let kinds = [
            (&self.documents, params.units.documents, 0, summary.documents),
            (&self.paragraphs, params.units.paragraphs, params.min_tokens, summary.paragraphs),
        ];
        for (units, compared, least, told) in kinds {
            let mut counted = UnitSummary::default();
            for unit in units {
                let fate = outcome.fate(unit.place);
                let found = outcome.match_of(unit.place);
                assert_eq!(found.is_some(), fate == Fate::Copy, "{}", place(unit.place));
                listed.extend(found.clone());
                match found.as_ref().map(|found| found.kind) {
                    _ if unit.tokens.is_empty() => {
                        assert_eq!(fate, Fate::Empty, "{}", place(unit.place));
                        counted.empty += 1;
                    }
                    _ if !compared => counted.not_compared += 1,
                    _ if unit.tokens.len() < least as usize => {
                        assert_eq!(fate, Fate::Short, "{}", place(unit.place));
                        counted.short += 1;
                    }
                    Some(Kind::Exact) => counted.exact_copies += 1,
                    Some(Kind::Near) => counted.near_copies += 1,
                    Some(Kind::Contained) => counted.contained_copies += 1,
                    None => {
                        assert_eq!(fate, Fate::Original, "{}", place(unit.place));
                        counted.originals += 1;
                    }
                }
                if found.is_some() {
                    copied.insert(unit.place);
                }
            }
            assert_eq!(told, counted);
        }
        listed.sort_by_key(|found| found.copy);
        assert_eq!(outcome.matches().collect::<Vec<_>>(), listed);

        let whole = |place: Place| copied.contains(&Place { paragraph: None, ..place });
        let of_documents = self.documents.iter().filter(|unit| copied.contains(&unit.place));
        let of_others = self.paragraphs.iter().filter(|u| copied.contains(&u.place) && !whole(u.place));
        let characters: u64 = of_documents.chain(of_others).map(|unit| unit.characters).sum();
        assert_eq!(summary.characters.copied, characters);
    }

    /// What law 1 says, with all pairs compared: each copy with its original and their similarity.
    pub(crate) fn law_one(&self, params: &Params) -> BTreeMap<Place, (Place, f64)> {
        let mut copies = BTreeMap::new();
        for units in self.compared(params) {
            let sets: Vec<BTreeSet<usize>> = units.iter().map(|unit| unit.shingles.clone()).collect();
            for (unit, verdict) in units.iter().zip(plain::resolve(&sets, params.threshold)) {
                if let Verdict::Copy { original, jaccard } = verdict {
                    copies.insert(unit.place, (units[original].place, jaccard));
                }
            }
        }
        copies
    }

    /// The greatest chance with which the buckets lose any one pair that reaches the threshold.
    pub(crate) fn risk(&self, params: &Params) -> f64 {
        let plan = Plan::new(params.threshold, params.recall);
        let mut risk: f64 = 0.0;
        for units in self.compared(params) {
            for (i, unit) in units.iter().enumerate() {
                for earlier in &units[..i] {
                    let jaccard = plain::jaccard(&unit.shingles, &earlier.shingles);
                    if jaccard >= params.threshold {
                        risk = risk.max(1.0 - plan.probability(jaccard));
                    }
                }
            }
        }
        risk
    }
}

/// The copies of a run in the shape of [`Twin::law_one`].
pub(crate) fn copies(outcome: &Outcome) -> BTreeMap<Place, (Place, f64)> {
    outcome.matches().map(|found| (found.copy, (found.original, found.jaccard))).collect()
}

fn containment(a: &BTreeSet<usize>, b: &BTreeSet<usize>) -> f64 {
    a.intersection(b).count() as f64 / a.len().min(b.len()) as f64
}

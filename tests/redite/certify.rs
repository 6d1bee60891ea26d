//! The recall certificate against all pairs, and against plans that are made to lose.

use std::collections::BTreeMap;

use redite::certify::Certificate;
use redite::document::Place;
use redite::outcome::{Fate, Outcome};
use redite::params::Params;
use redite::pipeline::{Progress, Surroundings};
use redite::plain;

use crate::language::{audit_inputs, audit_texts, documents_and_paragraphs, words};
use crate::oracle::{CORPORA, corpus};
use crate::twin::Twin;

/// Matches and those found, of documents and of paragraphs; pairs, and pairs of copies; matches and those found
/// by range of similarity.
type Expected = ([[u64; 2]; 2], [u64; 2], BTreeMap<String, [u64; 2]>);

/// What the certificate has to say if all units are in the sample, by comparing all with all.
fn all_pairs(outcome: &Outcome, twin: &Twin) -> Expected {
    let params = &outcome.summary().parameters;
    let (mut measured, mut pairs, mut by_similarity) = ([[0; 2]; 2], [0; 2], BTreeMap::new());
    for (units, measured) in twin.compared(params).into_iter().zip(&mut measured) {
        let mut distinct: Vec<_> = Vec::new();
        for unit in units {
            if unit.tokens.is_empty()
                || distinct.iter().any(|other: &&crate::twin::Unit| other.tokens == unit.tokens)
            {
                continue;
            }
            let mut best: f64 = 0.0;
            for earlier in &distinct {
                let jaccard = plain::jaccard(&earlier.shingles, &unit.shingles);
                if jaccard >= params.threshold {
                    pairs[0] += 1;
                    let is_copy = outcome.fate(earlier.place) == Fate::Copy;
                    pairs[1] += u64::from(is_copy);
                    best = if is_copy { best } else { best.max(jaccard) };
                }
            }
            if best > 0.0 {
                let found = u64::from(outcome.fate(unit.place) == Fate::Copy);
                *measured = [measured[0] + 1, measured[1] + found];
                let from = params.threshold.max((best * 20.0 + 1e-12).floor().min(19.0) / 20.0);
                let range: &mut [u64; 2] = by_similarity.entry(format!("{from:.2}")).or_default();
                *range = [range[0] + 1, range[1] + found];
            }
            distinct.push(unit);
        }
    }
    (measured, pairs, by_similarity)
}

fn certificate(outcome: &Outcome) -> &Certificate {
    outcome.summary().certificate.as_ref().unwrap()
}

#[track_caller]
fn is_what_all_pairs_say(outcome: &Outcome, twin: &Twin) {
    let told = certificate(outcome);
    let units = [&told.documents, &told.paragraphs]
        .map(|of| of.as_ref().map_or([0; 2], |of| [of.measured.matches, of.measured.found]));
    let ranges = told.by_similarity.iter().filter(|range| range.measured.matches > 0);
    let ranges =
        ranges.map(|range| (format!("{:.2}", range.from), [range.measured.matches, range.measured.found]));
    assert_eq!((units, [told.pairs, told.pairs_of_copies], ranges.collect()), all_pairs(outcome, twin));
    assert_eq!(told.measured.matches, units[0][0] + units[1][0]);
    assert_eq!(told.measured.found, units[0][1] + units[1][1]);
    for missed in &told.missed {
        assert!(
            missed.earlier < missed.later
                && missed.overlap.jaccard() >= outcome.summary().parameters.threshold
        );
        assert_eq!([missed.earlier, missed.later].map(|place| outcome.fate(place) == Fate::Copy), [false; 2]);
    }
    let all = told.measured.matches - told.measured.found;
    assert_eq!(told.missed.len() as u64, all.min(redite::certify::MISSED as u64));
}

/// With every unit in the sample, nothing is left to chance.
#[test]
fn a_sample_of_everything_is_the_truth() {
    let mut lost = 0;
    for name in CORPORA {
        for (threshold, recall) in [(0.6, 0.99), (0.6, 0.5), (0.7, 0.5), (0.8, 0.5)] {
            let params = Params { threshold, recall, certify: 100_000, ..documents_and_paragraphs() };
            let outcome = audit_inputs(&[corpus(name)], &params);
            is_what_all_pairs_say(&outcome, &Twin::of(&outcome));
            lost += certificate(&outcome).measured.matches - certificate(&outcome).measured.found;
        }
    }
    assert!(lost > 0, "a recall of 0.5 at the threshold loses something");
}

/// Pairs at a similarity of about 0.63, half of which a plan for that recall loses at a threshold of 0.6.
fn just_above_the_threshold() -> Vec<String> {
    let pair = |number: usize| {
        let text = words(number * 100..number * 100 + 40);
        let changed = text
            .replace(&format!("w{} ", number * 100 + 10), "x ")
            .replace(&format!("w{} ", number * 100 + 20), "y ");
        [text, changed]
    };
    (1..400).flat_map(pair).collect()
}

#[test]
fn a_plan_that_loses_is_found_out() {
    let texts = just_above_the_threshold();
    let run = |recall, certify| {
        let params = Params {
            recall,
            certify,
            units: redite::params::Units { documents: false, ..documents_and_paragraphs().units },
            ..documents_and_paragraphs()
        };
        audit_texts(&texts, &params)
    };
    for recall in [0.5, 0.7, 0.99] {
        let outcome = run(recall, 300);
        let (sample, truth) = (certificate(&outcome).clone(), certificate(&run(recall, 10_000)).measured);
        is_what_all_pairs_say(&run(recall, 10_000), &Twin::of(&outcome));
        assert_eq!((sample.sample, sample.documents), (300, None));
        assert_eq!(truth.matches, 399);
        assert!(sample.measured.matches > 200 && sample.measured.matches < 300, "{:?}", sample.measured);
        let ([low, high], truth) = (sample.measured.interval.unwrap(), truth.recall.unwrap());
        assert!(low <= truth && truth <= high, "{recall}: {truth} in {low}-{high}");
        if recall < 0.99 {
            assert!(high < 0.95, "{recall}: {:?}", sample.measured);
        } else {
            assert!(low > 0.95, "{:?}", sample.measured);
        }
    }
}

#[test]
fn a_certificate_changes_nothing_and_depends_on_nothing_else() {
    let inputs: Vec<_> = CORPORA.map(corpus).into();
    let params = Params { certify: 60, recall: 0.5, ..Params::audit() };
    let outcome = audit_inputs(&inputs, &params);
    let told = certificate(&outcome).clone();
    assert_eq!(told.sample, 60);
    let [documents, paragraphs] =
        [&told.documents, &told.paragraphs].map(|of| of.as_ref().map(|of| of.sample));
    assert_eq!([documents, paragraphs], [Some(30); 2]);
    for (threads, chunk) in [(1, 1), (2, 1000), (8, 1 << 20)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let sources = redite::read::sources::find(&inputs, None).unwrap();
        let surroundings = Surroundings { chunk, ..Surroundings::default() };
        let again = pool
            .install(|| redite::pipeline::audit(sources, &params, &surroundings, &Progress::default()))
            .unwrap();
        assert_eq!(certificate(&again), &told, "{threads} threads");
        assert_eq!(again.matches().collect::<Vec<_>>(), outcome.matches().collect::<Vec<_>>());
    }
    let without = audit_inputs(&inputs, &Params { certify: 0, ..params.clone() });
    assert_eq!(without.summary().certificate, None);
    assert_eq!(without.summary().parameters_digest, outcome.summary().parameters_digest);
    assert_eq!(without.matches().collect::<Vec<_>>(), outcome.matches().collect::<Vec<_>>());
}

#[test]
fn nothing_to_measure_is_no_number() {
    let outcome = audit_texts(&["", "one two three", "…"], &Params { certify: 10, ..Params::audit() });
    let told = certificate(&outcome);
    assert_eq!((told.sample, told.measured.matches, told.measured.recall), (1, 0, None));
    let outcome = audit_texts::<&str>(&[], &Params { certify: 10, ..Params::audit() });
    assert_eq!(certificate(&outcome).sample, 0);
    let original = Place { document: 0, paragraph: None };
    let equal = audit_texts(&[words(0..30), words(0..30)], &Params { certify: 10, ..Params::audit() });
    assert_eq!(equal.fate(original), Fate::Original);
    assert_eq!(
        (certificate(&equal).sample, certificate(&equal).pairs),
        (2, 0),
        "equal texts are always found"
    );
}

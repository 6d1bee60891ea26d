//! Recall and precision against the exact truth, on corpora of any size that fits in memory.
//!
//! `cargo bench --bench accuracy -- [--threshold T]... FILE...` prints a table for `docs/accuracy.md`.
//!
//! The truth does not come from sketches: an exact set-similarity join (prefix filter: two sets that reach a
//! Jaccard of t share one of the n - ceil(t n) + 1 rarest shingles of each) finds *all* pairs of distinct
//! units, and law 1 is applied to them. What is measured: the share of true pairs that share a bucket
//! (`pairs`), the share of the truth's copies that the run calls copies (`copies`), the share of the run's
//! copies whose similarity, computed again, reaches the threshold (`precision`), and the share of the true
//! copies that name the very original that the truth names (`same original`).

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use redite::document::Place;
use redite::normalise::Tokenizer;
use redite::outcome::{Fate, Outcome};
use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;
use redite::shingle::Shingler;
use redite::sign::Signer;
use redite::verify::compare;

fn main() {
    let mut thresholds = Vec::new();
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--threshold" => thresholds.push(arguments.next().unwrap().parse().unwrap()),
            _ => files.push(PathBuf::from(argument)),
        }
    }
    if thresholds.is_empty() {
        thresholds = vec![0.7, 0.8, 0.9];
    }
    println!(
        "| corpus | unit | threshold | units compared | true pairs | found | true copies | found | same original | precision |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for file in &files {
        for &threshold in &thresholds {
            let units = Units { documents: true, paragraphs: true, passages: false };
            measure(file, &Params { threshold, units, ..Params::audit() });
        }
    }
}

/// One kind of unit of one corpus: every unit's place and set, equal sets once.
struct Truth {
    places: Vec<Place>,
    sets: Vec<Vec<u64>>,
}

fn measure(file: &Path, params: &Params) {
    let found = sources::find(&[file.to_path_buf()], None).unwrap();
    let outcome = audit(found, params, &Surroundings::default(), &Progress::default()).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    for (unit, truth) in ["documents", "paragraphs"].into_iter().zip(units(&outcome, params)) {
        let pairs = all_pairs(&truth.sets, params.threshold);
        let shared = share_a_bucket(&truth.sets, &pairs, params);
        let (copies, flagged, same) = compare_copies(&outcome, &truth, &pairs);
        let (right, reported) = precision(&outcome, &truth, params.threshold);
        let percent = |part: usize, of: usize| {
            if of == 0 { "-".to_owned() } else { format!("{:.2} %", 100.0 * part as f64 / of as f64) }
        };
        println!(
            "| {name} | {unit} | {} | {} | {} | {} | {copies} | {} | {} | {} |",
            params.threshold,
            truth.sets.len(),
            pairs.len(),
            percent(shared, pairs.len()),
            percent(flagged, copies),
            percent(same, copies),
            percent(right, reported),
        );
    }
}

/// The sets of all units that are compared, in corpus order; of equal sets of equal tokens the first.
fn units(outcome: &Outcome, params: &Params) -> [Truth; 2] {
    let shingler = Shingler::new(params.shingle);
    let of_document = |document: u32| {
        let text = outcome.text(document).unwrap();
        let mut tokenizer = Tokenizer::new(params.seed);
        let mut made = Vec::new();
        let mut make = |place: Place, text: &str, least: usize| {
            let (mut tokens, mut set) = (Vec::new(), Vec::new());
            tokenizer.hashes(text, &mut tokens);
            if tokens.len() >= least.max(1) {
                shingler.set(&tokens, &mut set);
                let key = xxhash_rust::xxh3::xxh3_128(bytemuck::cast_slice(&tokens));
                made.push((place, key, set));
            }
        };
        make(Place { document, paragraph: None }, &text, 1);
        for (number, span) in outcome.spans(document).enumerate() {
            let place = Place { document, paragraph: Some(number as u32) };
            let text = &text[span.bytes.start as usize..span.bytes.end as usize];
            make(place, text, params.min_tokens as usize);
        }
        made
    };
    let mut truths = [Truth { places: vec![], sets: vec![] }, Truth { places: vec![], sets: vec![] }];
    let mut seen = [HashSet::new(), HashSet::new()];
    for start in (0..outcome.documents()).step_by(4096) {
        let end = (start + 4096).min(outcome.documents());
        let batch: Vec<_> = (start..end).into_par_iter().map(of_document).collect();
        for (place, key, set) in batch.into_iter().flatten() {
            let kind = usize::from(place.paragraph.is_some());
            if seen[kind].insert(key) {
                truths[kind].places.push(place);
                truths[kind].sets.push(set);
            }
        }
    }
    truths
}

/// All pairs (later, earlier) with their Jaccard similarity, sorted.
fn all_pairs(sets: &[Vec<u64>], threshold: f64) -> Vec<(u32, u32, f64)> {
    let mut all: Vec<u64> = sets.iter().flatten().copied().collect();
    all.par_sort_unstable();
    let mut frequency: HashMap<u64, u32> = HashMap::new();
    for same in all.chunk_by(|a, b| a == b) {
        if same.len() > 1 {
            frequency.insert(same[0], same.len() as u32);
        }
    }
    drop(all);
    let prefix = |set: &Vec<u64>| {
        let mut rarest: Vec<(u32, u64)> =
            set.iter().map(|s| (frequency.get(s).copied().unwrap_or(1), *s)).collect();
        rarest.sort_unstable();
        let length = set.len() - (threshold * set.len() as f64 - 1e-9).ceil() as usize + 1;
        rarest.truncate(length.min(set.len()));
        rarest.retain(|(count, _)| *count > 1);
        rarest
    };
    let prefixes: Vec<Vec<(u32, u64)>> = sets.par_iter().map(prefix).collect();
    let mut places: HashMap<u64, Vec<u32>> = HashMap::new();
    for (unit, prefix) in prefixes.iter().enumerate() {
        prefix.iter().for_each(|(_, shingle)| places.entry(*shingle).or_default().push(unit as u32));
    }
    let of_unit = |(unit, prefix): (usize, &Vec<(u32, u64)>)| {
        let earlier = |shingle: &u64| places[shingle].iter().take_while(|other| **other < unit as u32);
        let mut others: Vec<u32> = prefix.iter().flat_map(|(_, shingle)| earlier(shingle)).copied().collect();
        others.sort_unstable();
        others.dedup();
        let verified = |other: u32| {
            let overlap = compare(&sets[unit], &sets[other as usize], threshold)?;
            Some((unit as u32, other, overlap.jaccard()))
        };
        others.into_iter().filter_map(verified).collect::<Vec<_>>()
    };
    prefixes.par_iter().enumerate().flat_map_iter(of_unit).collect()
}

/// How many of the pairs agree on a band.
fn share_a_bucket(sets: &[Vec<u64>], pairs: &[(u32, u32, f64)], params: &Params) -> usize {
    let plan = redite::band::Plan::new(params.threshold, params.recall);
    let signer = Signer::new(plan.bands * plan.rows, params.seed);
    let keys = |unit: u32| {
        let (mut signature, mut keys) = (signer.empty(), Vec::new());
        signer.add(&sets[unit as usize], &mut signature);
        plan.keys(&signature, &mut keys);
        keys
    };
    let meet = |(a, b, _): &&(u32, u32, f64)| keys(*a).iter().zip(keys(*b)).any(|(a, b)| *a == b);
    pairs.par_iter().filter(meet).count()
}

/// Copies by law 1 over the true pairs; of these, the run's copies, and those with the same original.
fn compare_copies(outcome: &Outcome, truth: &Truth, pairs: &[(u32, u32, f64)]) -> (usize, usize, usize) {
    let mut best: HashMap<u32, (u32, f64)> = HashMap::new();
    for of_unit in pairs.chunk_by(|a, b| a.0 == b.0) {
        let originals = of_unit.iter().filter(|(_, earlier, _)| !best.contains_key(earlier));
        let found = originals.fold(None, |best: Option<(u32, f64)>, &(_, earlier, jaccard)| {
            if best.is_none_or(|(_, before)| jaccard > before) { Some((earlier, jaccard)) } else { best }
        });
        if let Some(found) = found {
            best.insert(of_unit[0].0, found);
        }
    }
    let place = |unit: u32| truth.places[unit as usize];
    let flagged = best.keys().filter(|unit| outcome.fate(place(**unit)) == Fate::Copy).count();
    let names = |(unit, (original, _)): &(&u32, &(u32, f64))| {
        outcome.match_of(place(**unit)).is_some_and(|found| found.original == place(*original))
    };
    (best.len(), flagged, best.iter().filter(names).count())
}

/// Of the run's near copies among the distinct units, those that reach the threshold when computed again.
fn precision(outcome: &Outcome, truth: &Truth, threshold: f64) -> (usize, usize) {
    let number: HashMap<Place, usize> =
        truth.places.iter().enumerate().map(|(i, place)| (*place, i)).collect();
    let mut counts = (0, 0);
    for (place, set) in truth.places.iter().zip(&truth.sets) {
        if let Some(found) = outcome.match_of(*place) {
            counts.1 += 1;
            let original = &truth.sets[number[&found.original]];
            let again = compare(set, original, 0.0).map_or(0.0, |overlap| overlap.jaccard());
            counts.0 += usize::from(again >= threshold && again == found.jaccard);
        }
    }
    counts
}

//! PAN 2013 text alignment as a plain audit: all documents at once, sources first, default parameters.
//!
//! `cargo bench --bench pan -- FOLDER` prints a table for `docs/accuracy.md`. The folder holds
//! `pan13-train.docs.jsonl.zst`, `.pairs.tsv.zst` and `.spans.tsv.zst`. What is scored are the passages
//! between the two documents of each labelled pair: the pair is not told to the run, so a passage that stood
//! in a third document before is told as that one's.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use redite::params::Params;
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;

#[path = "pan/score.rs"]
mod score;

use score::{Reuse, Score};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(folder) = arguments.next().map(PathBuf::from) else { return println!("a folder is missing") };
    let found = sources::find(&[folder.join("pan13-train.docs.jsonl.zst")], None).unwrap();
    let params = Params::audit();
    let outcome = audit(found, &params, &Surroundings::default(), &Progress::default()).unwrap();
    let id = |document: u32| outcome.id(document).unwrap().trim_matches('"').to_owned();
    let numbers: HashMap<String, u32> = (0..outcome.documents()).map(|number| (id(number), number)).collect();

    let mut classes: BTreeMap<String, [Vec<Reuse>; 2]> = BTreeMap::new();
    let mut pairs: HashMap<(u32, u32), (usize, String)> = HashMap::new();
    for (number, row) in rows(&folder.join("pan13-train.pairs.tsv.zst")).into_iter().enumerate() {
        let (later, earlier) = (numbers[&row[0]], numbers[&row[1]]);
        assert!(earlier < later, "sources first");
        classes.entry(row[2].clone()).or_default();
        pairs.insert((later, earlier), (number, row[2].clone()));
    }
    for row in rows(&folder.join("pan13-train.spans.tsv.zst")) {
        let (pair, class) = &pairs[&(numbers[&row[0]], numbers[&row[1]])];
        let range = |start: usize| -> Range<u64> {
            let (start, length): (u64, u64) = (row[start].parse().unwrap(), row[start + 1].parse().unwrap());
            start..start + length
        };
        assert_eq!(*class, row[6]);
        classes.get_mut(class).unwrap()[0].push(Reuse { pair: *pair, sides: [range(2), range(4)] });
    }
    let mut elsewhere = 0;
    for found in (0..outcome.documents()).flat_map(|document| outcome.passages(document).collect::<Vec<_>>())
    {
        match pairs.get(&(found.copy.document, found.original.document)) {
            Some((pair, class)) => {
                let sides = found.stretches.unwrap().map(|span| span.chars);
                classes.get_mut(class).unwrap()[1].push(Reuse { pair: *pair, sides });
            }
            None => elsewhere += 1,
        }
    }
    println!("| class | cases | passages | precision | recall | granularity | PlagDet |");
    println!("|---|---|---|---|---|---|---|");
    for (class, [cases, detections]) in &classes {
        let score = Score::of(cases, detections);
        println!(
            "| {class} | {} | {} | {:.4} | {:.4} | {:.4} | {:.4} |",
            score.cases,
            score.detections,
            score.precision,
            score.recall,
            score.granularity,
            score.plagdet()
        );
    }
    println!(
        "\n{elsewhere} passages between documents that are no labelled pair; capped: {}.",
        outcome.summary().capped
    );
    if arguments.next().is_some() {
        explain(&classes);
    }
}

/// The cases of verbatim reuse that are told in part, in pieces or not at all, and passages that are no case.
fn explain(classes: &BTreeMap<String, [Vec<Reuse>; 2]>) {
    let [cases, detections] = &classes["02-no-obfuscation"];
    for (name, of, by) in [("case", cases, detections), ("passage", detections, cases)] {
        for reuse in of {
            let of_pair: Vec<Reuse> = by.iter().filter(|other| other.pair == reuse.pair).cloned().collect();
            let score = Score::of(std::slice::from_ref(reuse), &of_pair);
            if score.recall < 0.95 || score.granularity > 1.0 {
                println!("{name} {reuse:?} {:.3} {} beside {of_pair:?}", score.recall, score.granularity);
            }
        }
    }
}

/// The columns of a packed table.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let bytes = zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

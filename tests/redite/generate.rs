//! The maker of large corpora (`benches/generate.rs`): the same always, goes on where it ended, and what is
//! planted is found.

#[path = "../../benches/generate/woven.rs"]
mod woven;

use std::collections::BTreeMap;
use std::fmt::Write;

use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;
use woven::{Articles, Corpus, Plan, Planted};

/// Articles of generated words, in a script with spaces and in one without.
fn articles() -> Articles {
    let mut state = 7_u64;
    let mut number = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    let mut lines = String::new();
    for article in 0..60 {
        let paragraph = |number: &mut dyn FnMut(u64) -> u64| -> String {
            let words = (0..30 + number(30)).map(|_| match article % 3 {
                0 => char::from_u32(0x4e00 + number(5000) as u32).unwrap().to_string(),
                _ => format!("w{} ", number(5000)),
            });
            words.collect()
        };
        let text: Vec<String> = (0..6).map(|_| paragraph(&mut number)).collect();
        let text = format!("\"{}", text.join("\n"));
        let record = serde_json::json!({"source": format!("s{}", article % 3), "text": text});
        writeln!(lines, "{record}").unwrap();
    }
    Articles::read(&lines).unwrap()
}

#[test]
fn a_corpus_is_the_same_whatever_its_parts() {
    let articles = articles();
    let corpus = Corpus { articles: &articles, plan: Plan::default() };
    let parts = |sizes: &[u64]| {
        let (mut next, mut all) = (0, Vec::new());
        for &size in sizes {
            let before = all.len() as u64;
            let written = corpus.write_part(&mut next, size, &mut all).unwrap();
            assert_eq!(all.len() as u64, before + written);
            assert!(written >= size && all.ends_with(b"\n"));
        }
        all
    };
    let whole = parts(&[900_000]);
    let split = parts(&[1, 500_000, 20_000, 300_000]);
    let same = whole.len().min(split.len());
    assert!(same > 800_000);
    assert!(whole[..same] == split[..same]);
    let other = Corpus { articles: &articles, plan: Plan { seed: 2, ..Plan::default() } };
    let mut text = Vec::new();
    other.write(0, &mut text).unwrap();
    assert!(!whole.starts_with(&text));
}

#[test]
fn what_is_planted_is_found_and_nothing_else() {
    let articles = articles();
    let corpus = Corpus { articles: &articles, plan: Plan { changed: 20, ..Plan::default() } };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("corpus.jsonl");
    let mut next = 0;
    corpus.write_part(&mut next, 2_000_000, std::fs::File::create(&file).unwrap()).unwrap();
    let found = sources::find(std::slice::from_ref(&file), None).unwrap();
    let params =
        Params { units: Units { documents: true, paragraphs: true, passages: false }, ..Params::audit() };
    let outcome = audit(found, &params, &Surroundings::default(), &Progress::default()).unwrap();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for document in 0..next {
        *counts
            .entry(match corpus.planted(document) {
                Planted::Nothing => "nothing",
                Planted::Exact(of) => {
                    assert!(of < document);
                    "exact"
                }
                Planted::Near(of, changed) => {
                    assert!(of < document && changed <= 20);
                    "near"
                }
                Planted::Paragraphs(of) => {
                    assert!(of < document);
                    "paragraphs"
                }
            })
            .or_default() += 1;
    }
    let summary = outcome.summary();
    assert_eq!(summary.input.documents, next);
    // a short text of which few words were to be changed has lost none
    assert!(summary.documents.exact_copies >= counts["exact"]);
    let copies = summary.documents.exact_copies + summary.documents.near_copies;
    assert_eq!(copies, counts["exact"] + counts["near"]);
    assert!(counts.values().all(|count| *count >= 10));
    // one to four of each
    let copied = summary.paragraphs.exact_copies + summary.paragraphs.near_copies;
    assert!(copied > 6 * (counts["exact"] + counts["near"]));
}

#[test]
fn sizes_as_they_are_given() {
    assert_eq!(woven::bytes("50MB"), Some(50_000_000));
    assert_eq!(woven::bytes("1.5GB"), Some(1_500_000_000));
    assert_eq!(woven::bytes("12"), Some(12));
    assert_eq!(woven::bytes("5 apples"), None);
}

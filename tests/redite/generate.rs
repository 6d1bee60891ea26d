//! The maker of large corpora (`benches/generate.rs`): the same always, goes on where it ended, and what is
//! planted is found.

#[path = "../../benches/generate/replicas.rs"]
mod replicas;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;
use replicas::cipher::Cipher;
use replicas::{Articles, Corpus, Plan, Planted};

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
    // the articles of both replicas are used up on the way
    let corpus = Corpus::new(&articles, Plan { replicas: 2, ..Plan::default() });
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
    assert!(same > 800_000 && same as u64 > 2 * articles.bytes());
    assert!(whole[..same] == split[..same]);
    let other = Corpus::new(&articles, Plan { seed: 2, replicas: 2, ..Plan::default() });
    let mut text = Vec::new();
    other.write_part(&mut 0, 1, &mut text).unwrap();
    assert!(!whole.starts_with(&text));
}

#[test]
fn what_is_planted_is_found_and_nothing_else() {
    let articles = articles();
    let corpus = Corpus::new(&articles, Plan { changed: 20, replicas: 30, ..Plan::default() });
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
fn every_article_is_drawn_once_a_replica() {
    let articles = articles();
    let corpus = Corpus::new(&articles, Plan { replicas: 7, ..Plan::default() });
    for round in 0..2 {
        let drawn: Vec<(u64, usize)> = (420 * round..420 * (round + 1)).map(|n| corpus.drawn(n)).collect();
        let replicas: BTreeSet<u64> = drawn[..60].iter().map(|(replica, _)| *replica).collect();
        assert!(replicas.len() > 5, "{replicas:?}");
        let all: BTreeSet<(u64, usize)> = drawn.into_iter().collect();
        assert_eq!(all.len(), 420);
        assert!(all.iter().all(|(replica, article)| replica / 7 == round && *article < 60));
    }
}

#[test]
fn a_cipher_changes_letters_for_others_of_their_kind() {
    let text = "Über 1984: L’Été à Łódź, ΟΔΟΣ – Борис Ёлкин 東京タワーへ 서울에서 ที่ हिन्दी كتب (1+1)";
    let of = |number: u64| -> String {
        text.chars().map(|character| Cipher::new(5, number).of(character)).collect()
    };
    assert_eq!(of(0), text);
    let (first, second) = (of(1), of(2));
    assert!(first != second);
    for other in [&first, &second] {
        for (before, after) in text.chars().zip(other.chars()) {
            assert_eq!(before.len_utf8(), after.len_utf8());
            assert_eq!(before.is_uppercase(), after.is_uppercase(), "{before} {after}");
            assert_eq!(before.is_alphanumeric(), after.is_alphanumeric(), "{before} {after}");
            assert!(before.is_alphanumeric() || before == after, "{before} {after}");
        }
        assert!(other.split(' ').zip(text.split(' ')).filter(|(a, b)| a == b).count() <= 2, "{other}");
    }
    for number in 0..20 {
        let cipher = Cipher::new(1, number);
        let all: BTreeSet<char> = ('\0'..='\u{10ffff}').map(|character| cipher.of(character)).collect();
        assert_eq!(all.len(), ('\0'..='\u{10ffff}').count());
        let lower = |text: String| text.to_lowercase();
        let capitals = "ÀÞĀĹŁŊŹΑΩАЯЁЏ".to_owned();
        let both = [capitals.clone(), lower(capitals)]
            .map(|text| text.chars().map(|character| cipher.of(character)).collect::<String>());
        assert_eq!(lower(both[0].clone()), both[1]);
    }
}

#[test]
fn sizes_as_they_are_given() {
    assert_eq!(replicas::bytes("50MB"), Some(50_000_000));
    assert_eq!(replicas::bytes("1.5GB"), Some(1_500_000_000));
    assert_eq!(replicas::bytes("12"), Some(12));
    assert_eq!(replicas::bytes("5 apples"), None);
}

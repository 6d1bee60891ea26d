//! What boilerplate, templates and chains cost: counted in comparisons, never in seconds. Twenty thousand
//! records show a quadratic stage as well as ten million do.

use redite::document::Unit;
use redite::outcome::{Fate, Outcome};
use redite::params::{Params, Units};

use crate::language::{Numbers, Run, audit_texts, document, documents_and_paragraphs, told_of, words};
use crate::twin::Twin;

const RECORDS: usize = 20_000;

fn documents() -> Params {
    Params {
        units: Units { documents: true, paragraphs: false, passages: false },
        ..documents_and_paragraphs()
    }
}

/// A line of `length` words with the word at `at` replaced by one of its own.
fn changed(length: usize, at: usize, own: usize) -> String {
    let mut line: Vec<String> = (0..length).map(|i| format!("w{i}")).collect();
    line[at] = format!("own{own}");
    line.join(" ")
}

/// Each record is a copy except for the few that stand for the others, and costs at most `each` comparisons.
fn linear(run: &Run, originals: u64, each: u64) {
    let summary = run.summary();
    assert!(summary.documents.originals <= originals, "{} originals", summary.documents.originals);
    assert_eq!(summary.documents.originals + summary.documents.copies(), RECORDS as u64);
    assert!(summary.verified <= each * RECORDS as u64, "{} comparisons", summary.verified);
    assert!(summary.candidates <= 8 * each * RECORDS as u64, "{} candidates", summary.candidates);
}

#[test]
fn equal_lines_cost_nothing() {
    let run = audit_texts(&vec![words(0..20); RECORDS], &documents_and_paragraphs());
    let summary = run.summary();
    assert_eq!((summary.documents.originals, summary.documents.exact_copies), (1, RECORDS as u64 - 1));
    assert_eq!((summary.candidates, summary.verified), (0, 0));
    // the same with a near copy in front of each group of equal lines
    let texts: Vec<String> = (0..RECORDS).map(|i| changed(40, 20, i / (RECORDS / 4))).collect();
    let run = audit_texts(&texts, &documents());
    linear(&run, 1, 1);
    assert!(run.summary().verified <= 8, "{} comparisons", run.summary().verified);
}

#[test]
fn a_text_of_one_paragraph_is_compared_once() {
    let texts: Vec<String> = (0..RECORDS).map(|i| changed(40, i % 40, i)).collect();
    let [alone, both] = [documents(), documents_and_paragraphs()].map(|params| audit_texts(&texts, &params));
    assert!(alone.summary().verified > 0);
    assert_eq!(both.summary().verified, alone.summary().verified);
    assert_eq!(both.summary().paragraphs, both.summary().documents);
}

#[test]
fn one_word_changed_at_a_fixed_place() {
    let texts: Vec<String> = (0..RECORDS).map(|i| changed(40, 20, i)).collect();
    // all match the first: 35 of 41 shingles
    linear(&audit_texts(&texts, &documents()), 1, 1);
    // and none does, but their buckets are as full
    let run = audit_texts(&texts, &Params { threshold: 0.9, ..documents() });
    assert_eq!(run.summary().documents.originals, RECORDS as u64);
    assert!(run.summary().verified <= 64 * RECORDS as u64);
    assert!(run.summary().capped > 0, "what the cap leaves out is counted");
}

#[test]
fn one_word_changed_at_a_random_place() {
    let mut numbers = Numbers(1);
    let texts: Vec<String> = (0..RECORDS).map(|i| changed(40, numbers.below(40), i)).collect();
    linear(&audit_texts(&texts, &documents()), 1, 1);
    // two of them differ in two words: few originals at 0.8, each of which many records meet
    let run = audit_texts(&texts, &Params { threshold: 0.8, ..documents() });
    linear(&run, 20, 20);
}

#[test]
fn articles_with_a_common_paragraph() {
    let boilerplate = words(0..40);
    let articles = RECORDS / 4;
    let text = |i: usize| format!("{}\n{boilerplate}\n{}", words(i * 90..i * 90 + 60), changed(40, 20, i));
    let texts: Vec<String> = (1..=articles).map(text).collect();
    let run = audit_texts(&texts, &documents_and_paragraphs());
    let summary = run.summary();
    assert_eq!(summary.documents.originals, articles as u64);
    assert_eq!(summary.paragraphs.exact_copies, articles as u64 - 1);
    assert!(summary.paragraphs.near_copies >= articles as u64 - 1);
    assert!(summary.verified <= 70 * articles as u64, "{} comparisons", summary.verified);
}

/// A thousand steps from a text to another one: neighbours are alike, the ends share nothing.
#[test]
fn a_chain_does_not_collapse() {
    let texts: Vec<String> = (0..1000).map(|i| words(i * 4..i * 4 + 60)).collect();
    let run = audit_texts(&texts, &documents());
    let twin = Twin::of(&run);
    let recall = twin.judge(&run);
    assert!(recall.missed.len() <= recall.copies / 50, "{:?}", recall.missed);
    let originals = |run: &Outcome| (0..1000).filter(|&i| run.fate(document(i)) == Fate::Original).count();
    // of 60 words, 12 may be others: every fourth step is too far
    assert!((250..=300).contains(&originals(&run)), "{}", originals(&run));
    let far = |run: &Outcome| run.matches().any(|m| m.copy.document - m.original.document > 3);
    assert!(!far(&run), "{:?}", told_of(Unit::Document, &run));
    assert!(run.summary().verified <= 10 * 1000, "{}", run.summary().verified);
}

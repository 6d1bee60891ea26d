//! What reports arrange: who repeats whom, what recurs everywhere, and that a page stays small.

use redite::params::Params;
use redite::report::facts::{Facts, PAIRS, Wanted};
use redite::report::json;

use crate::language::{Dir, audit, audit_inputs, audit_texts, records, words};
use crate::oracle::corpus;

/// The paragraphs that `truth.toml` says stand in several articles.
#[test]
fn what_stands_in_many_documents_is_boilerplate() {
    let outcome = audit_inputs(&[corpus("boilerplate")], &Params::audit());
    let told = |least| Facts::with(&outcome, Wanted { boilerplate: least, ..Wanted::default() });
    let few = told(2).boilerplate;
    assert_eq!(few.documents, 2);
    // each copy of a paragraph is one of these, as no article repeats a paragraph of its own
    assert_eq!(few.copies, outcome.summary().paragraphs.copies());
    assert!(told(2).groups.iter().all(|group| group.is_boilerplate));
    let many = told(7);
    assert!(many.boilerplate.paragraphs > 0 && many.boilerplate.paragraphs < few.paragraphs);
    let marked = many.groups.iter().filter(|group| group.is_boilerplate).count();
    assert!(marked > 0 && marked < many.groups.len(), "{marked} of {}", many.groups.len());
    assert_eq!(told(11).boilerplate.paragraphs, 0, "there are ten articles");
    assert!(told(11).groups.iter().all(|group| !group.is_boilerplate));
}

#[test]
fn a_document_is_no_boilerplate_however_often_it_stands() {
    let outcome = audit_texts(&vec![words(0..50); 20], &Params::audit());
    let facts = Facts::new(&outcome);
    assert_eq!((facts.groups.len(), facts.groups[0].is_boilerplate), (1, false));
    assert_eq!((facts.groups[0].count, facts.groups[0].documents), (19, 20));
}

#[test]
fn pairs_of_documents_have_both_shares() {
    let own = words(100..200);
    let dir = Dir::new()
        .file("1/a.jsonl", records(&[format!("{}\n{}", words(0..50), words(50..100))]))
        .file("2/b.jsonl", records(&[format!("{own}\n{}", words(0..50)), own.clone()]));
    let outcome = audit(&dir, &Params::audit());
    let relations = Facts::new(&outcome).relations;
    let whole = |document: u32| outcome.text(document).unwrap().chars().count() as f64;
    let part = words(0..50).chars().count() as f64;
    let [first, second] = &relations.documents[..] else { panic!("{:?}", relations.documents) };
    assert_eq!((first.copy, first.original, second.copy, second.original), (2, 1, 1, 0));
    let near = |told: f64, expected: f64| assert!((told - expected).abs() < 0.01, "{told}, not {expected}");
    near(second.shares[0], part / whole(1));
    near(second.shares[1], part / whole(0));
    near(first.shares[0], 1.0);
    // these two match as a whole, so their shares are of shingles
    near(first.shares[1], 98.0 / 148.0);
    let sources: Vec<_> =
        relations.sources.iter().map(|pair| (pair.copy, pair.original, pair.repeats)).collect();
    assert_eq!(sources, [(1, 1, 1), (1, 0, 1)]);
    assert_eq!(relations.exact_contained.iter().sum::<u64>() + relations.similarities.iter().sum::<u64>(), 2);
    assert_eq!(relations.document_shares.iter().sum::<u64>(), 3);

    let told = serde_json::to_value(json::report(&outcome, &Facts::new(&outcome))).unwrap();
    let pair = &told["relations"]["documents"][0];
    assert_eq!((pair["copy"]["record"].as_u64(), pair["original"]["record"].as_u64()), (Some(1), Some(0)));
    assert_eq!(told["relations"]["source_pairs"], 2);
    assert_eq!(told["copied_documents"][0]["characters"]["copied"].as_f64(), Some(part));
}

/// Where documents match as a whole, the shares are of shingles.
#[test]
fn near_documents_share_shingles() {
    let text = words(0..102);
    let longer = format!("{text} {}", words(200..220));
    let outcome = audit_texts(&[longer, text], &Params::audit());
    let relations = Facts::new(&outcome).relations;
    let [copy, original] = relations.documents[0].shares;
    assert_eq!(copy, 1.0);
    assert!((original - 100.0 / 120.0).abs() < 1e-9, "{original}");
}

#[test]
fn what_is_kept_is_bounded_and_the_rest_counted() {
    let pairs = 700;
    let texts: Vec<String> = (0..pairs).flat_map(|n| vec![words(n * 50..n * 50 + 40); 2]).collect();
    let outcome = audit_texts(&texts, &Params::audit());
    let facts = Facts::new(&outcome);
    assert_eq!((facts.relations.documents.len(), facts.relations.document_pairs), (PAIRS, pairs as u64));
    assert_eq!((facts.groups.len(), facts.group_count), (500, pairs as u64));
    assert_eq!(facts.relations.group_sizes[0], pairs as u64);
}

/// Far more text than a page may hold.
#[cfg(feature = "html")]
#[test]
fn a_page_is_at_most_20_megabytes() {
    let long = |n: usize| {
        (0..40).map(|m| words(n * 9000 + m * 200..n * 9000 + m * 200 + 190) + "\n").collect::<String>()
    };
    let texts: Vec<String> = (0..600)
        .flat_map(|n| [format!("<<<<<<<<{}", long(n)), format!("<<<<<<<<{} changed", long(n))])
        .collect();
    let outcome = audit_texts(&texts, &Params::audit());
    let mut page = Vec::new();
    let wanted = Wanted { groups: redite::report::html::GROUPS, ..Wanted::default() };
    redite::report::html::write(&outcome, &Facts::with(&outcome, wanted), &mut page).unwrap();
    assert!(page.len() > 10_000_000 && page.len() <= 20_000_000, "{}", page.len());
    let page = String::from_utf8(page).unwrap();
    assert_eq!(page.matches("\"k\":[").count() - page.matches("\"m\":").count(), 600, "all groups are there");
}

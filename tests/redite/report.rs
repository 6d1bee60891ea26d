//! What reports arrange: who repeats whom, what stands in many documents, and that a page stays small.

use std::collections::{BTreeMap, BTreeSet};

use redite::document::Unit;
use redite::params::Params;
use redite::report::facts::{Facts, PAIRS, Wanted};
use redite::report::json;

use crate::language::{Dir, Numbers, audit, audit_inputs, audit_texts, records, words};
use crate::oracle::corpus;
use crate::passages::random_corpus;

/// What a report adds up is what the matches say, each character once: no pair of documents, no source and no group has
/// more than the ranges of its matches hold together.
#[test]
fn no_character_is_counted_twice() {
    let (mut pairs, mut groups) = (0, 0);
    for seed in 0..150 {
        let mut numbers = Numbers(seed);
        let texts = random_corpus(&mut numbers);
        let passage = [8, 12, 25][numbers.below(3)];
        let outcome = audit_texts(&texts, &Params { passage, ..Params::audit() });
        let facts = Facts::new(&outcome).unwrap();
        // characters of each document that repeat one of another; of all others
        let mut by_pair: BTreeMap<(u32, u32), BTreeSet<u64>> = BTreeMap::new();
        let mut by_copy: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        for found in outcome.matches() {
            let span = found.stretches.clone().map(|[copy, _]| copy).filter(|_| found.unit == Unit::Passage);
            let chars = span.unwrap_or_else(|| outcome.span(found.copy)).chars;
            by_pair.entry((found.copy.document, found.original.document)).or_default().extend(chars.clone());
            by_copy.entry(found.copy.document).or_default().extend(chars);
        }
        for pair in &facts.relations.documents {
            let held = by_pair[&(pair.copy, pair.original)].len() as u64;
            assert!(pair.characters <= held, "corpus {seed}: {pair:?} of {held}");
            pairs += 1;
        }
        let of_all: u64 = by_copy.values().map(|chars| chars.len() as u64).sum();
        for source in &facts.relations.sources {
            assert!(source.characters <= of_all, "corpus {seed}: {source:?} of {of_all}");
        }
        for group in &facts.groups {
            let places: BTreeSet<(u32, u64)> = group
                .copies
                .iter()
                .map(|copy| &copy.repeat.copy)
                .flat_map(|copy| copy.span.chars.clone().map(|at| (copy.document, at)))
                .collect();
            let is_all = group.count == group.copies.len() as u64;
            assert!(!is_all || group.characters <= places.len() as u64, "corpus {seed}: {group:?}");
            groups += 1;
        }
    }
    assert!(pairs > 200 && groups > 500, "{pairs} pairs, {groups} groups");
}

/// The paragraphs that `truth.toml` says stand in several articles.
#[test]
fn what_stands_in_many_documents_is_boilerplate() {
    let outcome = audit_inputs(&[corpus("boilerplate")], &Params::audit());
    let told = |least| Facts::with(&outcome, Wanted { boilerplate: least, ..Wanted::default() }).unwrap();
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

/// Nobody knows whether twelve of thirty students have copied it.
#[test]
fn what_stands_in_many_documents_is_not_said_to_be_copied_by_nobody() {
    let outcome = audit_inputs(&[corpus("boilerplate")], &Params::audit());
    let facts = Facts::with(&outcome, Wanted { boilerplate: 5, ..Wanted::default() }).unwrap();
    let [mut page, mut summary] = [Vec::new(), Vec::new()];
    redite::report::html::write(&outcome, &facts, None, &mut page).unwrap();
    redite::report::terminal::write(&outcome, &facts, &mut summary, Default::default()).unwrap();
    let [page, summary] = [page, summary].map(|bytes| String::from_utf8(bytes).unwrap());
    for told in ["Paragraphs in 5 documents or more", "often a notice or a menu; look at them"] {
        assert!(page.contains(told), "{told}");
    }
    assert!(
        page.contains("Paragraphes présents dans 5 documents ou plus")
            && page.contains("souvent une mention ou un menu")
    );
    assert!(summary.contains(" in 5 documents or more, with "), "{summary}");
    assert!(summary.contains(": often a notice or a menu; look at them\n"), "{summary}");
    for claim in ["nobody copied", "recur everywhere", "personne ne", "reviennent partout"] {
        assert!(!page.contains(claim) && !summary.contains(claim), "{claim}");
    }
}

#[test]
fn a_document_is_no_boilerplate_however_often_it_stands() {
    let outcome = audit_texts(&vec![words(0..50); 20], &Params::audit());
    let facts = Facts::new(&outcome).unwrap();
    assert_eq!((facts.groups.len(), facts.groups[0].is_boilerplate), (1, false));
    assert_eq!((facts.groups[0].count, facts.groups[0].documents), (19, 20));
    // nor is what they hold
    let text = format!("{}\n{}", words(0..50), words(60..90));
    let facts = Facts::new(&audit_texts(&vec![text; 20], &Params::audit())).unwrap();
    assert_eq!((facts.boilerplate.paragraphs, facts.boilerplate.copies), (0, 0));
}

/// The sample of filled-in forms, and one of edited news.
#[test]
fn forms_are_templates_and_edited_texts_are_not() {
    let judged = |name: &str| {
        let outcome = audit_inputs(&[corpus(name)], &Params::audit());
        let mut facts = Facts::new(&outcome).unwrap();
        assert!(facts.groups.iter().all(|group| group.is_template.is_none()));
        facts.find_templates(&outcome).unwrap();
        let marked = facts.groups.iter().filter(|group| group.is_template == Some(true)).count() as u64;
        assert_eq!((facts.templates.judged, facts.templates.groups), (facts.groups.len() as u64, marked));
        (marked, facts.templates.judged)
    };
    let (forms, all) = judged("templates");
    assert!(forms > 0 && forms * 2 >= all, "{forms} of {all}");
    let (forms, all) = judged("news-en");
    assert!(all > 4 && forms == 0, "{forms} of {all}");
    let text = "the ferry to Rome leaves at 9 from pier 12 and comes back on Sunday at noon";
    let texts = [text.to_owned(), text.replace("Rome", "Oslo").replace("12", "7"), text.to_owned()];
    let outcome = audit_texts(&texts, &Params { threshold: 0.3, ..Params::audit() });
    let mut facts = Facts::new(&outcome).unwrap();
    facts.find_templates(&outcome).unwrap();
    assert_eq!(facts.groups[0].is_template, Some(true));
}

#[test]
fn pairs_of_documents_have_both_shares() {
    let own = words(100..200);
    let dir = Dir::new()
        .file("1/a.jsonl", records(&[format!("{}\n{}", words(0..50), words(50..100))]))
        .file("2/b.jsonl", records(&[format!("{own}\n{}", words(0..50)), own.clone()]));
    let outcome = audit(&dir, &Params::audit());
    let relations = Facts::new(&outcome).unwrap().relations;
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

    let told = serde_json::to_value(json::report(&outcome, &Facts::new(&outcome).unwrap())).unwrap();
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
    let relations = Facts::new(&outcome).unwrap().relations;
    let [copy, original] = relations.documents[0].shares;
    assert_eq!(copy, 1.0);
    assert!((original - 100.0 / 120.0).abs() < 1e-9, "{original}");
}

#[test]
fn what_is_kept_is_bounded_and_the_rest_counted() {
    let pairs = 700;
    let texts: Vec<String> = (0..pairs).flat_map(|n| vec![words(n * 50..n * 50 + 40); 2]).collect();
    let outcome = audit_texts(&texts, &Params::audit());
    let facts = Facts::new(&outcome).unwrap();
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
    redite::report::html::write(&outcome, &Facts::with(&outcome, wanted).unwrap(), None, &mut page).unwrap();
    assert!(page.len() > 10_000_000 && page.len() <= 20_000_000, "{}", page.len());
    let page = String::from_utf8(page).unwrap();
    assert_eq!(page.matches("\"k\":[").count() - page.matches("\"m\":").count(), 600, "all groups are there");
}

/// Which of two sources came first is told by the dates, in whatever order they were read.
#[test]
fn who_came_first_goes_by_the_dates() {
    let record = |n: usize, date: serde_json::Value| {
        serde_json::json!({ "id": n, "text": words(n * 50..n * 50 + 40), "when": date }).to_string() + "\n"
    };
    let a = [
        record(0, "2026-11-22T12:00:00Z".into()),
        record(1, "Sun, 22 Nov 2026 13:00:00 +0100".into()),
        record(2, 1_795_348_800.into()),
        record(3, "2026-11-22".into()),
        record(4, "soon".into()),
        record(5, serde_json::Value::Null),
    ];
    let b = [
        record(0, "2026-11-22T11:00:00Z".into()),
        record(1, "2026-11-22T14:00:00Z".into()),
        record(2, "2026-11-23T12:00:00Z".into()),
        record(3, "2026-11-22T00:00:00Z".into()),
        record(4, "2026-11-22T00:00:00Z".into()),
    ];
    let dir = Dir::new().file("a.jsonl", a.concat()).file("b.jsonl", b.concat());
    let sources = redite::read::sources::find(&[dir.root().to_path_buf()], None).unwrap();
    let order = redite::order::Order { dates: Some("when".to_owned()), ..Default::default() };
    let inputs = redite::pipeline::Inputs { order, ..sources.into() };
    let outcome =
        redite::pipeline::run(inputs, &Params::audit(), &Default::default(), &Default::default()).unwrap();
    let dates = Facts::new(&outcome).unwrap().dates.unwrap();
    assert_eq!((dates.dated, dates.missing, dates.unreadable), (9, 1, 1));
    assert_eq!((dates.repeats, dates.backwards, dates.source_pairs), (4, 1, 1));
    let [pair] = dates.pairs[..] else { panic!("{:?}", dates.pairs) };
    assert_eq!((pair.sources, pair.first, pair.same), ([0, 1], [2, 1], 1));
    assert_eq!(pair.median_seconds, [Some(13 * 3600), Some(3600)]);
    let told = serde_json::to_value(json::report(&outcome, &Facts::new(&outcome).unwrap())).unwrap();
    assert_eq!(told["dates"]["field"], "when");
    assert!(told["dates"]["pairs"][0]["sources"][0].as_str().unwrap().ends_with("a.jsonl"));
    let without = audit(&dir, &Params::audit());
    assert_eq!(Facts::new(&without).unwrap().dates, None);
}

/// What is told of a night is of that night: the documents of the index are neither counted nor listed.
#[cfg(feature = "cli")]
#[test]
fn a_night_is_told_without_the_documents_of_the_index() {
    use crate::cli::redite;
    let dir = Dir::new()
        .file("1/a.jsonl", records(&(0..30).map(|n| words(n * 50..n * 50 + 40)).collect::<Vec<_>>()))
        .file("2/b.jsonl", records(&[words(0..40), words(9_000..9_040)]));
    redite(&dir, ["dedup", "1", "--output", "one", "--index", "archive"]).ends().ok();
    let told = redite(
        &dir,
        ["dedup", "2", "--output", "two", "--index", "archive", "--report", "two.html", "--json"],
    );
    let told: serde_json::Value = serde_json::from_str(&told.ends().ok()).unwrap();
    let shares = told["relations"]["document_shares"].as_array().unwrap();
    assert_eq!(shares.iter().filter_map(|count| count.as_u64()).sum::<u64>(), 2);
    assert_eq!(told["sources"].as_array().unwrap().len(), 1);
    let page = std::fs::read_to_string(dir.path("two.html")).unwrap();
    assert!(page.contains("said before in it or in the index") && page.contains("1/a.jsonl (index)"));
}

/// Whoever reads `original` must know in which order it was the first, before any number.
#[cfg(feature = "cli")]
#[test]
fn what_original_means_is_told_first_as_the_run_had_it() {
    use crate::cli::redite;
    let texts = [format!("short {}", words(0..40)), format!("a longer {} in the end", words(0..40))];
    let dir = Dir::new().file("in/a.jsonl", records(&texts));
    let run = |flags: &[&str]| {
        let told = redite(&dir, [flags, &["--report", "r.html", "-q"]].concat()).ends().ok();
        let page = std::fs::read_to_string(dir.path("r.html")).unwrap();
        (told.split_whitespace().collect::<Vec<_>>().join(" "), page)
    };
    let (told, page) = run(&["audit", "in"]);
    let plain = "The original is the one that comes first in the order of this run (as the corpus was read); that says \
                 nothing of who wrote it first";
    assert!(told.contains(plain) && page.contains(&format!("{plain}.")), "{told}");
    assert!(page.find(plain) < page.find("class=\"tiles\"") && !page.contains("--prefer"));
    let flags = ["dedup", "in", "--output", "o", "--force", "--index", "archive", "--prefer", "longest"];
    let (told, page) = run(&[&flags[..], &["--protect", "in/b*", "--max-removed", "62.5%"]].concat());
    let ordered = "in the order of this run (protected files (`--protect`), then the longest (`--prefer`), then as the corpus was read)";
    assert!(told.contains(ordered) && page.contains(ordered), "{told}");
    assert!(page.contains(
        "les fichiers protégés (`--protect`), puis les plus longs (`--prefer`), puis l’ordre de lecture"
    ));
    for value in ["Removed (--remove)", "Preferred (--prefer)", "Protected (--protect)", "(--max-removed)"] {
        assert!(page.contains(value), "{value}");
    }
    assert!(page.contains("in/b*") && page.contains("62.5 %") && page.contains("62,5\u{202F}%"));
    for claim in
        ["by the order in which the corpus was read", "premier dans l’ordre du corpus", "stands first;"]
    {
        assert!(!page.contains(claim), "{claim}");
    }
    assert!(page.contains("devraient être trouvées") && !page.contains("sont attendues parmi les trouvées"));
    // what the index has comes before all that is read
    let (told, _) = run(&["audit", "in", "--index", "archive"]);
    assert!(told.contains("of this run (what the index has, then as the corpus was read); that"), "{told}");
}

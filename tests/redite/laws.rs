//! The laws on random corpora, and by hand where chance would rarely go.

use proptest::prelude::*;
use redite::document::Unit;
use redite::outcome::{Fate, Outcome};
use redite::params::{ParagraphMode, Params, Units};
use redite::pipeline::{Progress, Surroundings};

use crate::language::{
    Dir, Numbers, audit, audit_inputs, audit_texts, document, documents_and_paragraphs, gz, matches, records,
    told, told_of, words,
};
use crate::twin::{Twin, copies};

/// How a random paragraph comes about; earlier ones are named by a number that is taken modulo how many
/// there are.
#[derive(Debug, Clone)]
enum Make {
    /// words that hardly any other paragraph has
    Fresh { first: u16, length: usize },
    /// a few words in any order: many shingles in common with all of its kind
    Common(Vec<u8>),
    /// an earlier one again
    Repeat(usize),
    /// an earlier one, otherwise written
    Rewritten(usize),
    /// an earlier one with some words changed
    Edited(usize, Vec<(usize, u8)>),
    /// an earlier one without its beginning
    Cut(usize, usize),
    /// a paragraph that has no token
    Wordless,
}

const COMMON: [&str; 12] =
    ["der", "une", "Ünïcode", "l’été", "水", "ไทย", "ма́ма", "don't", "🙂", "कि", "2027", "ab"];

fn make() -> impl Strategy<Value = Make> {
    prop_oneof![
        3 => (any::<u16>(), 0usize..70).prop_map(|(first, length)| Make::Fresh { first, length }),
        2 => prop::collection::vec(0u8..12, 1..30).prop_map(Make::Common),
        2 => any::<usize>().prop_map(Make::Repeat),
        1 => any::<usize>().prop_map(Make::Rewritten),
        6 => (any::<usize>(), prop::collection::vec((any::<usize>(), any::<u8>()), 1..5))
            .prop_map(|(which, edits)| Make::Edited(which, edits)),
        1 => (any::<usize>(), 1usize..20).prop_map(|(which, words)| Make::Cut(which, words)),
        1 => Just(Make::Wordless),
    ]
}

/// Documents of a few paragraphs; those of one paragraph equal that paragraph.
pub(crate) fn corpus() -> impl Strategy<Value = Vec<String>> {
    let document =
        prop_oneof![3 => prop::collection::vec(make(), 1..2), 2 => prop::collection::vec(make(), 0..6)];
    prop::collection::vec(document, 1..14).prop_map(|documents| {
        let mut made: Vec<String> = Vec::new();
        let mut texts = Vec::new();
        for paragraphs in documents {
            let first = made.len();
            for how in paragraphs {
                let paragraph = written(how, &made);
                made.push(paragraph);
            }
            texts.push(made[first..].join("\n"));
        }
        texts
    })
}

fn written(how: Make, made: &[String]) -> String {
    let earlier = |which: usize| made.get(which % made.len().max(1)).cloned().unwrap_or_default();
    match how {
        Make::Fresh { first, length } => words(usize::from(first)..usize::from(first) + length),
        Make::Common(which) => {
            which.iter().map(|&word| COMMON[usize::from(word)]).collect::<Vec<_>>().join(" ")
        }
        Make::Repeat(which) => earlier(which),
        Make::Rewritten(which) => format!("« {} »", earlier(which).to_uppercase().replace(' ', " — ")),
        Make::Edited(which, edits) => {
            let text = earlier(which);
            let mut words: Vec<&str> = text.split(' ').collect();
            for (at, word) in edits {
                let at = at % words.len();
                words[at] = COMMON[usize::from(word) % COMMON.len()];
            }
            words.join(" ")
        }
        Make::Cut(which, count) => earlier(which).split(' ').skip(count).collect::<Vec<_>>().join(" "),
        Make::Wordless => "… — 🙂 !".to_owned(),
    }
}

pub(crate) fn params() -> impl Strategy<Value = Params> {
    let threshold = prop::sample::select(vec![0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]);
    let units = prop::sample::select(vec![(true, true), (true, true), (true, false), (false, true)]);
    (threshold, 1u32..6, 1u32..15, units, prop::sample::select(vec![1u32, 2, 64]), any::<u64>()).prop_map(
        |(threshold, shingle, min_tokens, (documents, paragraphs), comparisons, seed)| Params {
            threshold,
            shingle,
            min_tokens,
            units: Units { documents, paragraphs, passages: false },
            comparisons,
            seed,
            recall: 0.9999,
            ..documents_and_paragraphs()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Laws 4 and 5, and of law 1 what no loss can excuse; see [`Twin::judge`].
    #[test]
    fn whatever_the_buckets_lose(texts in corpus(), params in params()) {
        let outcome = audit_texts(&texts, &params);
        let _ = Twin::of(&outcome).judge(&outcome);
    }

    /// Law 1 to the letter, wherever the buckets lose a pair with a chance of less than a millionth.
    #[test]
    fn law_one(texts in corpus(), params in params()) {
        let params = Params { comparisons: 64, ..params };
        let outcome = audit_texts(&texts, &params);
        let twin = Twin::of(&outcome);
        prop_assume!(twin.risk(&params) < 1e-6);
        prop_assert_eq!(copies(&outcome), twin.law_one(&params));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Documents of one paragraph are not compared a second time as such; that changes nothing, whatever the
    /// buckets lose and the cap leaves out.
    #[test]
    fn what_is_compared_beside_changes_nothing(texts in corpus(), paragraphs in 0usize..3, params in params()) {
        // a corpus of lines, one in which some texts have more, any one
        let whole = |i: usize| paragraphs == 0 || paragraphs == 1 && !i.is_multiple_of(3);
        let one_line = |(i, text): (usize, &String)| if whole(i) { text.replace('\n', " ") } else { text.clone() };
        let texts: Vec<String> = texts.iter().enumerate().map(one_line).collect();
        let of = |documents, paragraphs| {
            let units = Units { documents, paragraphs, passages: false };
            audit_texts(&texts, &Params { units, ..params.clone() })
        };
        let [both, documents, paragraphs] = [of(true, true), of(true, false), of(false, true)];
        prop_assert_eq!(told_of(Unit::Document, &both), told(&documents));
        prop_assert_eq!(told_of(Unit::Paragraph, &both), told(&paragraphs));
        prop_assert!(both.summary().verified <= documents.summary().verified + paragraphs.summary().verified);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Law 3 where everything is one chunk.
    #[test]
    fn the_same_answer_with_any_number_of_threads(texts in corpus(), params in params()) {
        let dir = Dir::new().file("corpus.jsonl", records(&texts));
        let first = in_pool(1, || matches(&audit(&dir, &params)));
        prop_assert_eq!(in_pool(8, || matches(&audit(&dir, &params))), first);
    }
}

pub(crate) fn in_pool<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// Law 3 where it is hard: several chunks, batches and verification batches, and a spool on disk.
#[test]
fn the_same_answer_whatever_runs_beside_it() {
    let mut numbers = Numbers(7);
    let mut texts: Vec<String> = Vec::new();
    while texts.iter().map(String::len).sum::<usize>() < 9 << 20 {
        let mut paragraphs: Vec<String> = Vec::new();
        for _ in 0..6 {
            let earlier = (!texts.is_empty()).then(|| &texts[numbers.below(texts.len())]);
            let fresh = numbers.below(1 << 40);
            let fresh = words(fresh..fresh + 150);
            paragraphs.push(match (numbers.below(4), earlier) {
                (0, Some(text)) => text.lines().next().unwrap().replace("5 ", "6 "),
                (1, Some(text)) => text.lines().last().unwrap().to_owned(),
                _ => fresh,
            });
        }
        texts.push(paragraphs.join("\n"));
    }
    let dir = Dir::new().file("in/corpus.jsonl.gz", gz(records(&texts))).file("spool/x", "");
    let input = [dir.path("in")];
    let params = Params { threshold: 0.8, ..Params::audit() };
    let run = |threads, temporary: Option<&str>| {
        let sources = redite::read::sources::find(&input, None).unwrap();
        let surroundings =
            temporary.map(|name| Surroundings { temporary: dir.path(name), ..Surroundings::default() });
        let surroundings = surroundings.unwrap_or_default();
        let audit = || redite::pipeline::audit(sources, &params, &surroundings, &Progress::default());
        let outcome = in_pool(threads, audit).unwrap();
        let mut summary = serde_json::to_value(outcome.summary()).unwrap();
        let measured = summary.as_object_mut().unwrap();
        measured.remove("seconds");
        measured.remove("peak_memory_bytes");
        (matches(&outcome), summary)
    };
    let first = run(1, None);
    assert!(first.0.lines().count() > 1000, "{}", first.0.lines().count());
    for threads in [2, 8] {
        // not `assert_eq!`: nobody wants to read megabytes
        assert!(run(threads, Some("spool")) == first, "{threads} threads");
    }
    assert_eq!(std::fs::read_dir(dir.path("spool")).unwrap().count(), 1, "the spool is gone");
}

/// A text of sixty words with those at `changed` replaced.
fn edited(changed: &[usize]) -> String {
    let mut words: Vec<String> = (0..60).map(|i| format!("w{i}")).collect();
    for &at in changed {
        words[at] = format!("changed{at}");
    }
    words.join(" ")
}

fn documents_only(threshold: f64) -> Params {
    let units = Units { documents: true, paragraphs: false, passages: false };
    Params { threshold, recall: 0.9999, units, ..documents_and_paragraphs() }
}

#[test]
fn a_copy_names_the_original_that_it_matches_best() {
    // 0 and 1 are too far apart to match; 2 lies between them, nearer to 1
    let texts = [edited(&[]), edited(&[5, 15, 25, 35, 45]), edited(&[15, 25, 35, 45])];
    assert_eq!(told(&audit_texts(&texts, &documents_only(0.6))), ["2 near 0.902 of 1"]);
    // with equal similarities the earliest
    let texts = [edited(&[5, 15, 25]), edited(&[35, 45, 55]), edited(&[])];
    assert_eq!(told(&audit_texts(&texts, &documents_only(0.7))), ["2 near 0.731 of 0"]);
}

#[test]
fn no_chains() {
    // each is like its neighbour; 0 and 2 are not alike, so 2 is an original and takes 3
    let texts = [edited(&[]), edited(&[5, 15]), edited(&[5, 15, 25, 35]), edited(&[5, 15, 25, 35, 45])];
    let outcome = audit_texts(&texts, &documents_only(0.8));
    assert_eq!(told(&outcome), ["1 near 0.812 of 0", "3 near 0.902 of 2"]);
    assert_eq!(outcome.fate(document(2)), Fate::Original);
}

#[test]
fn the_repeat_of_a_near_copy_is_judged_where_it_stands() {
    // 1 is a copy of 0. 2 matches 0 too little to be a copy, but 1 well. 3 repeats 1: now 2 is best.
    let near = edited(&[15, 25]);
    let texts = [edited(&[]), near.clone(), edited(&[15, 25, 35, 45]), near.clone(), near.clone()];
    let expected = ["1 near 0.812 of 0", "3 near 0.812 of 0", "4 near 0.812 of 0"];
    assert_eq!(told(&audit_texts(&texts, &documents_only(0.8))), expected);
    let texts = [edited(&[]), near.clone(), edited(&[15, 25, 35, 45, 55, 5]), edited(&[15, 25, 35]), near];
    // 3 is no original: it matches 2
    let outcome = audit_texts(&texts, &documents_only(0.7));
    assert_eq!(told(&outcome), ["1 near 0.812 of 0", "3 near 0.731 of 0", "4 near 0.812 of 0"]);
    // 2 shares more with 1 than 0 does
    let texts = [edited(&[1, 5]), edited(&[5, 15, 25]), edited(&[5, 15, 25, 35]), edited(&[5, 15, 25])];
    let outcome = audit_texts(&texts, &documents_only(0.7));
    assert_eq!(told(&outcome)[0], "1 near 0.758 of 0");
    assert_eq!(told(&outcome).last().unwrap(), "3 near 0.902 of 2");
}

#[test]
fn exact_repeats_of_an_original_name_it() {
    let texts = [words(0..30), words(100..130), words(0..30), words(100..130).to_uppercase()];
    let outcome = audit_texts(&texts, &documents_and_paragraphs());
    assert_eq!(told_of(Unit::Document, &outcome), ["2 exact 1.000 of 0", "3 exact 1.000 of 1"]);
    assert_eq!(told_of(Unit::Paragraph, &outcome), ["2.0 exact 1.000 of 0.0", "3.0 exact 1.000 of 1.0"]);
}

#[test]
fn equal_sets_of_other_sequences_are_near_at_jaccard_one() {
    let once = words(0..20);
    let texts = [once.clone(), format!("{once} {once}"), format!("{once} {once} {once}")];
    let outcome = audit_texts(&texts, &documents_only(0.9));
    // the seam brings two shingles: the first text matches neither of the others exactly
    assert_eq!(told(&outcome), ["1 near 0.900 of 0", "2 near 0.900 of 0"]);
    let outcome = audit_texts(&texts[1..], &documents_only(1.0));
    assert_eq!(told(&outcome), ["1 near 1.000 of 0"]);
}

#[test]
fn short_units_match_only_themselves() {
    let texts = ["one", "one two", "One, two!", "two one", "one", "one two three", ""];
    let outcome = audit_texts(&texts, &Params { min_tokens: 1, ..documents_only(0.1) });
    assert_eq!(told(&outcome), ["2 exact 1.000 of 1", "4 exact 1.000 of 0"]);
    assert_eq!(outcome.fate(document(6)), Fate::Empty);
}

#[test]
fn a_document_and_its_paragraphs_are_judged_apart() {
    let (a, b) = (words(0..20), words(100..120));
    let texts = [format!("{a}\n{b}"), b, a];
    let outcome = audit_texts(&texts, &documents_and_paragraphs());
    assert_eq!(told(&outcome), ["1.0 exact 1.000 of 0.1", "2.0 exact 1.000 of 0.0"]);
}

#[test]
fn paragraphs_may_repeat_inside_of_their_document() {
    let line = words(0..20);
    let outcome = audit_texts(&[format!("{line}\n{line}\n{line}")], &documents_and_paragraphs());
    assert_eq!(told(&outcome), ["0.1 exact 1.000 of 0.0", "0.2 exact 1.000 of 0.0"]);
}

/// A cap on comparisons may lose a better original, never make a copy of a copy.
#[test]
fn a_cap_never_loses_what_was_verified() {
    for seed in 0..40 {
        let near = edited(&[5, 15, 25]);
        let mut texts = vec![edited(&[]), near.clone()];
        // originals at the very threshold, any of which may push the first out of the candidates
        texts.extend((0..6).map(|i| edited(&[5, 15, 25, 30 + 4 * i, 33 + 4 * i, 36 + 4 * i, 2])));
        texts.push(near);
        let params = Params { comparisons: 1, seed, ..documents_only(0.72) };
        let outcome = audit_texts(&texts, &params);
        let recall = Twin::of(&outcome).judge(&outcome);
        assert!(recall.missed.len() <= texts.len(), "seed {seed}");
        assert_eq!(
            outcome.match_of(document(8)).map(|found| found.jaccard >= 0.72),
            Some(true),
            "seed {seed}"
        );
    }
}

#[test]
fn order_is_that_of_the_inputs_and_of_paths_in_folders() {
    let text = words(0..20);
    let dir = Dir::new()
        .file("a/2.txt", &text)
        .file("a/10.txt", &text)
        .file("a/b/1.txt", &text)
        .file("a.txt", &text)
        .file("é.txt", &text)
        .file("Z.txt", &text);
    let names = |outcome: &Outcome| -> Vec<String> {
        let root = format!("{}/", dir.root().display());
        outcome.sources().iter().map(|source| source.name.replace(&root, "")).collect()
    };
    let outcome = audit(&dir, &documents_and_paragraphs());
    assert_eq!(names(&outcome), ["Z.txt", "a.txt", "a/10.txt", "a/2.txt", "a/b/1.txt", "é.txt"]);
    let outcome =
        audit_inputs(&[dir.path("é.txt"), dir.path("a/b"), dir.path("Z.txt")], &documents_and_paragraphs());
    assert_eq!(names(&outcome), ["é.txt", "a/b/1.txt", "Z.txt"]);
    assert_eq!(told_of(Unit::Document, &outcome), ["1 exact 1.000 of 0", "2 exact 1.000 of 0"]);
}

#[test]
fn each_way_to_cut_paragraphs_obeys_the_laws() {
    let texts = [format!("{}\n{}\n\n{}", words(0..9), words(9..18), words(50..70)), words(0..18)];
    let run = |paragraphs| {
        let outcome = audit_texts(&texts, &Params { paragraphs, ..documents_and_paragraphs() });
        assert_eq!(Twin::of(&outcome).judge(&outcome).missed, [""; 0]);
        told_of(Unit::Paragraph, &outcome)
    };
    assert_eq!(run(ParagraphMode::Line), [""; 0]);
    assert_eq!(run(ParagraphMode::Blank), ["1.0 exact 1.000 of 0.0"]);
}

/// A mark that combines with nothing before it belongs to the paragraph that it stands in.
#[test]
fn a_paragraph_that_begins_with_a_mark_has_it() {
    let same = words(0..13);
    for mark in [
        "\u{301}",
        "\u{338}",
        "\u{309A}",
        "\u{FF9F}",
        "\u{A0}\u{301}",
        "\u{3000}\u{309A}",
        "\u{FEFF}\u{301}",
        "\u{C}\u{338}",
    ] {
        let texts = [format!("{same}\nUne suite."), format!("{same}\n{mark} suite autre"), same.clone()];
        let found = told_of(Unit::Paragraph, &audit_texts(&texts, &documents_and_paragraphs()));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|found| found.contains("exact")), "{found:?}");
    }
}

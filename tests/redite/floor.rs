//! `--floor`: what another threshold would have told, against the run that has it.

use std::path::Path;

use proptest::prelude::*;
use redite::error::Error;
use redite::order::{Order, Prefer};
use redite::outcome::Outcome;
use redite::params::{Params, Units};
use redite::pipeline::{Inputs, Progress, Surroundings};
use redite::report::facts::Facts;
use redite::report::pairs;
use redite::rethreshold::Pairs;

use crate::language::{Dir, audit, audit_inputs, audit_texts, matches, records, words};
use crate::laws::{corpus, in_pool};
use crate::oracle::{CORPORA, corpus as sample};

fn pairs_of(outcome: &Outcome) -> String {
    let mut bytes = Vec::new();
    pairs::write(outcome, None, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn read(dir: &Dir, pairs: &str) -> Result<Pairs, Error> {
    std::fs::write(dir.path("m.pairs.jsonl"), pairs).unwrap();
    Pairs::read(&dir.path("m.pairs.jsonl"))
}

fn at(pairs: &Pairs, threshold: f64) -> String {
    let mut bytes = Vec::new();
    pairs.at(threshold).unwrap().write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn run(input: &Path, params: &Params, prefer: &Prefer) -> Outcome {
    let sources = redite::read::sources::find(&[input.to_path_buf()], None).unwrap();
    let order = Order { prefer: prefer.clone(), ..Order::default() };
    let inputs = Inputs { order, ..sources.into() };
    redite::pipeline::run(inputs, params, &Surroundings::default(), &Progress::default()).unwrap()
}

/// What the pairs of one run tell of thresholds, against runs with these.
fn judge(input: &Path, params: &Params, prefer: &Prefer, thresholds: &[f64]) {
    let dir = Dir::new();
    let outcome = run(input, params, prefer);
    let known = read(&dir, &pairs_of(&outcome)).unwrap();
    let facts = Facts::new(&outcome).unwrap();
    let what_if = facts.what_if.unwrap();
    assert_eq!((what_if.capped, known.capped()), (0, [0, 0]));
    for &threshold in thresholds {
        let own = run(input, &Params { threshold, ..params.clone() }, prefer);
        if !params.units.passages {
            assert_eq!(own.summary().capped, 0); // what a search for passages passes over is no pair
        }
        assert_eq!(at(&known, threshold), matches(&own), "at {threshold}");
        let told = known.at(threshold).unwrap();
        let expected = (own.summary().documents, own.summary().paragraphs);
        assert_eq!((told.documents, told.paragraphs), expected, "at {threshold}");
        let level = what_if.levels.iter().find(|level| level.threshold == threshold).unwrap();
        assert_eq!((level.documents, level.paragraphs), expected, "at {threshold}");
        for coming in &level.coming {
            let found = own.match_of(coming.copy).unwrap();
            assert_eq!((found.original, found.jaccard), (coming.original, coming.jaccard));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn another_threshold_tells_what_a_run_with_it_tells(
        texts in corpus(),
        units in prop::sample::select(vec![(true, true, true), (true, true, false), (true, false, false), (false, true, true)]),
        (shingle, min_tokens, seed) in (1u32..5, 1u32..12, any::<u64>()),
        recall in prop::sample::select(vec![0.5, 0.9, 0.99]),
        longest in any::<bool>(),
    ) {
        let (documents, paragraphs, passages) = units;
        let units = Units { documents, paragraphs, passages };
        let params = Params { threshold: 0.8, floor: Some(0.4), units, shingle, min_tokens, seed, recall, ..Params::audit() };
        // so many that no cap is ever reached
        let params = Params { comparisons: 1000, ..params };
        let dir = Dir::new().file("corpus.jsonl", records(&texts));
        let prefer = if longest { Prefer::Longest } else { Prefer::First };
        judge(dir.root(), &params, &prefer, &[0.4, 0.5, 0.67, 0.75, 0.8, 0.9, 1.0]);
    }
}

#[test]
fn the_sample_corpora_at_every_threshold() {
    let params = Params { threshold: 0.8, floor: Some(0.5), comparisons: 1000, ..Params::audit() };
    for name in CORPORA {
        judge(&sample(name), &params, &Prefer::First, &[0.5, 0.55, 0.6, 0.7, 0.8, 0.95]);
    }
}

/// Law 3, with pieces of a few bytes.
#[test]
fn pairs_do_not_depend_on_threads_or_chunks() {
    let params = Params { threshold: 0.8, floor: Some(0.5), ..Params::audit() };
    let inputs = CORPORA.map(sample);
    let first = in_pool(1, || pairs_of(&audit_inputs(&inputs, &params)));
    assert!(first.lines().count() > 100);
    assert_eq!(in_pool(5, || pairs_of(&audit_inputs(&inputs, &params))), first);
    let sources = redite::read::sources::find(&inputs, None).unwrap();
    let surroundings = Surroundings { chunk: 700, ..Surroundings::default() };
    let outcome = redite::pipeline::audit(sources, &params, &surroundings, &Progress::default()).unwrap();
    assert_eq!(pairs_of(&outcome), first);
}

/// A floor changes the bands, and nothing else: matches are those of a run without one where neither loses any.
#[test]
fn the_run_itself_stays_what_it_was() {
    let inputs = CORPORA.map(sample);
    let params = Params { threshold: 0.8, recall: 0.9999, ..Params::audit() };
    let with = audit_inputs(&inputs, &Params { floor: Some(0.6), ..params.clone() });
    let without = audit_inputs(&inputs, &params);
    assert_eq!(matches(&with), matches(&without));
    assert_ne!(with.summary().parameters_digest, without.summary().parameters_digest);
    assert_eq!(pairs_of(&without), "");
}

#[test]
fn what_the_cap_leaves_out_is_counted() {
    // 40 versions of one text, each with a word of its own
    let texts: Vec<String> = (0..40).map(|n| words(0..60).replace("w30", &format!("v{n}"))).collect();
    let params = Params { threshold: 0.99, floor: Some(0.6), comparisons: 2, ..Params::audit() };
    let outcome = audit_texts(&texts, &params);
    let what_if = outcome.what_if().unwrap();
    // each is compared with the first eight
    assert_eq!(what_if.pairs[0], (0..40).map(|n: u64| n.min(8)).sum::<u64>());
    assert_eq!(what_if.capped_units, 2 * 31);
    assert!(what_if.capped > 0);
    let dir = Dir::new();
    let known = read(&dir, &pairs_of(&outcome)).unwrap();
    assert_eq!(known.capped(), [what_if.capped, what_if.capped_units]);
    let told = known.at(0.6).unwrap();
    assert_eq!((told.documents.originals, told.documents.near_copies), (1, 39));
}

#[test]
fn thresholds_below_the_floor_are_refused() {
    let dir = Dir::new().file("a.jsonl", records(&[words(0..30), words(0..30)]));
    let outcome = audit(&dir, &Params { threshold: 0.8, floor: Some(0.6), ..Params::audit() });
    let known = read(&dir, &pairs_of(&outcome)).unwrap();
    let error = known.at(0.59).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("`threshold`") && error.contains("0.6"), "{error}");
    assert!(known.at(1.01).is_err() && known.at(f64::NAN).is_err());
    let params = Params { threshold: 0.5, floor: Some(0.6), ..Params::audit() };
    assert!(params.validate().unwrap_err().to_string().contains("`floor`"));
}

/// Whatever is cut out, put in or changed, reading ends with an error that names the line, or with an answer.
#[test]
fn damaged_pairs_are_told() {
    let texts = [words(0..40), words(0..38), words(0..40), words(100..130) + "\n" + &words(0..30)];
    let outcome = audit_texts(&texts, &Params { threshold: 0.8, floor: Some(0.5), ..Params::audit() });
    let whole = pairs_of(&outcome);
    let dir = Dir::new();
    assert!(read(&dir, &whole).is_ok());
    for end in (0..whole.len()).step_by(7) {
        let error = read(&dir, &whole[..end]).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("line ") && error.contains("m.pairs.jsonl"), "{error}");
    }
    for (what, with) in [
        ("\"units\":[1,0]", "\"units\":[0,1]"),
        ("\"unit\":\"paragraph\"", "\"unit\":\"pyragraph\""),
        ("\"shingles\"", "\"shinglez\""),
        ("\"version\":1", "\"version\":2"),
        ("\"copy\"", "\"cpoy\""),
        ("\"tokens\":[", "\"tokens\":{"),
    ] {
        assert!(whole.contains(what), "{what} in {whole}");
        let error = read(&dir, &whole.replacen(what, with, 1)).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("line ") && error.hint().is_some(), "{error}");
    }
}

#[cfg(feature = "cli")]
mod command {
    use insta::assert_snapshot;

    use crate::cli::{redite, small};
    use crate::language::Dir;

    fn texts(dir: &Dir, name: &str) -> String {
        std::fs::read_to_string(dir.path(name)).unwrap()
    }

    #[test]
    fn another_threshold_by_the_command() {
        let dir = small();
        let audit = |threshold: &str, to: &str| {
            redite(&dir, ["audit", "corpus", "--floor", "0.5", "--threshold", threshold, "--matches", to])
                .ends()
                .ok()
        };
        audit("0.9", "m.jsonl");
        audit("0.6", "other.jsonl");
        assert_ne!(texts(&dir, "m.jsonl"), texts(&dir, "other.jsonl"));
        let told = redite(&dir, ["rethreshold", "m.jsonl", "--threshold", "0.6", "--output", "again.jsonl"]);
        assert_snapshot!("rethreshold", told.ends().ok());
        assert_eq!(texts(&dir, "again.jsonl"), texts(&dir, "other.jsonl"));
        let stdout =
            redite(&dir, ["rethreshold", "m.jsonl", "--threshold", "0.6", "--output", "-"]).ends().ok();
        assert_eq!(stdout, texts(&dir, "other.jsonl"));
        let json = redite(&dir, ["rethreshold", "m.pairs.jsonl", "--threshold", "0.6", "--json"]).ends().ok();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let summary =
            redite(&dir, ["audit", "corpus", "--floor", "0.5", "--threshold", "0.6", "--json"]).ends().ok();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(json["documents"], summary["documents"]);
        assert_eq!(json["paragraphs"], summary["paragraphs"]);
        let levels = summary["what_if"]["levels"].as_array().unwrap();
        let level = levels.iter().find(|level| level["threshold"] == 0.6).unwrap();
        assert_eq!((&level["documents"], &level["paragraphs"]), (&json["documents"], &json["paragraphs"]));
    }

    /// Pairs that stand beside the matches of another run are not told as theirs.
    #[test]
    fn pairs_of_another_run_are_refused() {
        let dir = small();
        let audit = |more: &[&str]| redite(&dir, ["audit", "corpus"].iter().chain(more)).ends().ok();
        let again = |matches: &str| redite(&dir, ["rethreshold", matches, "--threshold", "0.6"]).ends();
        audit(&["--floor", "0.5", "--matches", "m.jsonl"]);
        again("m.jsonl").ok();
        audit(&["--threshold", "0.9", "--matches", "m.jsonl"]);
        let refused = again("m.jsonl");
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("was not written with"), "{}", refused.stderr);
        again("m.pairs.jsonl").ok();
        let onto = ["rethreshold", "m.jsonl", "--threshold", "0.6", "--output", "m.jsonl"];
        let refused = redite(&dir, onto).ends();
        assert!(refused.code == 2 && refused.stderr.contains("the output is what is read"), "{refused:?}");
        let to_table = ["rethreshold", "m.pairs.jsonl", "--threshold", "0.6", "--output", "again.parquet"];
        assert_eq!(redite(&dir, to_table).ends().code, 2);
        let nowhere = ["rethreshold", "m.pairs.jsonl", "--threshold", "0.6", "--output", "no/folder.jsonl"];
        let refused = redite(&dir, nowhere).ends();
        assert!(refused.code == 2 && refused.stderr.contains("make it first"), "{refused:?}");
        assert!(!dir.path("again.parquet").exists());
        let packed = ["rethreshold", "m.pairs.jsonl", "--threshold", "0.6", "--output", "again.jsonl.gz"];
        let refused = redite(&dir, packed).ends();
        assert!(
            refused.code == 2 && refused.stderr.contains("the matches would not be packed"),
            "{refused:?}"
        );
        #[cfg(unix)]
        for stdout in ["-", "/dev/stdout"] {
            let twice = ["rethreshold", "m.pairs.jsonl", "--threshold", "0.6", "--json", "--output", stdout];
            let refused = redite(&dir, twice).ends();
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
            let alone =
                redite(&dir, ["rethreshold", "m.pairs.jsonl", "--threshold", "0.6", "--output", stdout]);
            assert!(alone.ends().ok().lines().all(|line| line.starts_with('{')), "{stdout}");
        }
    }

    #[test]
    fn wrong_usage_of_a_floor() {
        let dir = small();
        let seen = [
            vec!["rethreshold", "corpus/c.jsonl", "--threshold", "0.8"],
            vec!["rethreshold", "none.jsonl", "--threshold", "0.8"],
            vec!["rethreshold", "-", "--threshold", "0.8"],
            vec!["audit", "corpus", "--floor", "0.5", "--threshold", "0.4"],
            vec!["audit", "corpus", "--floor", "0.5", "--matches", "-"],
            vec!["dedup", "corpus", "--output", "out", "--index", "archive", "--floor", "0.5"],
        ]
        .map(|arguments| redite(&dir, arguments).ends().seen());
        assert_snapshot!("floor_wrong_usage", seen.join("\n"));
        assert!(!dir.path("out").exists());
    }
}

//! What a run warns of: the same, in the same order, on standard error and in the summary.

use serde_json::Value;

use crate::cli::{redite, small};
use crate::language::{Dir, records, words};

/// Runs loud and quiet; what both warn of.
fn warned(dir: &Dir, arguments: &[&str]) -> Vec<String> {
    let run = |more: &[&str]| redite(dir, arguments.iter().chain(&["--json"]).chain(more)).ends();
    let listed = |stdout: &str| -> Vec<String> {
        let told: Value = serde_json::from_str(stdout).unwrap();
        let listed = told["warnings"].as_array().unwrap().iter();
        listed.map(|warning| warning.as_str().unwrap().to_owned()).collect()
    };
    let (loud, quiet) = (run(&[]), run(&["--quiet"]));
    assert_eq!((loud.code, quiet.code), (0, 0), "{}", loud.stderr);
    let said = loud.stderr.split("warning: ").skip(1).map(|warning| warning.trim_end().to_owned());
    let said: Vec<String> = said.collect();
    assert_eq!(listed(&loud.stdout), said);
    assert_eq!((listed(&quiet.stdout), &*quiet.stderr), (said.clone(), ""));
    said
}

#[track_caller]
fn assert_begin(warnings: &[String], beginnings: &[&str]) {
    assert_eq!(warnings.len(), beginnings.len(), "{warnings:#?}");
    for (warning, beginning) in warnings.iter().zip(beginnings) {
        assert!(warning.starts_with(beginning), "{beginning}\n{warnings:#?}");
    }
}

#[test]
fn an_audit_lists_its_warnings() {
    let dir = small().file("corpus/d.jsonl", "no json\n");
    assert!(warned(&small(), &["audit", "corpus"]).is_empty());
    let all = ["audit", "corpus", "corpus/a.txt", "--date-field", "when", "--id-field", "key"];
    assert_begin(
        &warned(&dir, &all),
        &[
            "`corpus/a.txt` is read twice",
            "`--id-field key`: no record has that field",
            "`--date-field when`: no record has that field",
            "1 record or file was skipped: 1 `invalid_json`; first corpus/d.jsonl",
        ],
    );
    let none = Dir::new().file("in/a.pdf", "");
    assert_begin(&warned(&none, &["audit", "in"]), &["nothing to read: in/a.pdf"]);
}

#[test]
fn a_removal_lists_its_warnings() {
    let mut texts = vec![words(0..40); 5];
    texts.push(words(40..80));
    let dir = Dir::new()
        .file("in/a.jsonl", records(&texts) + "no json\n")
        .file("in/b.txt", words(80..120))
        .file("out/other", "");
    let flags = ["--output", "out", "--force", "--protect", "gold", "--prefer", "oldest:date"];
    let all = [&["dedup", "in"][..], &flags].concat();
    assert_begin(
        &warned(&dir, &all),
        &[
            "`out` holds 1 file that is not of this corpus; it stays",
            "`--protect gold` fits no file of the input",
            "1 file is a text or a text archive, which have no fields",
            "1 record or file was skipped",
            "source `a.jsonl` loses 4 of 6 documents (66.7 %)\n  in/a.jsonl, record 2 repeats",
            "one document and its copies are 5 of 7 documents (71.4 %)",
            "`--prefer oldest:date`: no record has a date there",
        ],
    );
}

/// Three thousand sources that lose all are no three thousand warnings.
#[test]
fn of_many_warnings_the_first_are_told_and_how_many_more() {
    let text = words(0..40);
    let record =
        |source: usize| format!("{}\n", serde_json::json!({"text": text, "site": source.to_string()}));
    let dir = Dir::new().file("in/a.jsonl", (0..3_000).map(record).collect::<String>());
    let run = |more: &[&str]| {
        let flags = ["dedup", "in", "--output", "out", "--force", "--source-field", "site", "--json"];
        redite(&dir, [&flags, more].concat()).ends()
    };
    let told = run(&[]);
    assert!(told.stderr.lines().count() < 60, "{}", told.stderr);
    assert!(
        told.stderr.contains("\nwarning: and 2,979 more sources lose too many documents\n"),
        "{}",
        told.stderr
    );
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let warnings: Vec<&str> = told["warnings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(warnings.iter().filter(|told| told.starts_with("source `")).count(), 20);
    assert_eq!(told["warnings_left_out"], 2_979);
    let refused = run(&["--max-removed", "50%"]);
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.lines().count() < 80, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("\nand 2,979 more sources lose too many documents\n"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("all sources together lose 2,999 of 3,000"), "{}", refused.stderr);
    // names in the flags
    let names: Vec<String> = (0..50).map(|name| format!("none{name}")).collect();
    let told = run(&["--prefer", &format!("source:{}", names.join(","))]);
    assert!(
        told.stderr.contains("warning: and 30 more names in `--prefer`: no such sources\n"),
        "{}",
        told.stderr
    );
}

/// A feed that is empty tonight is a success; who keeps it going must hear of it, and its metrics tell.
#[test]
fn a_night_without_a_record_is_warned_of() {
    let dir = Dir::new().file("in/a.jsonl", "").file("two/a.jsonl", "\n").file("two/b.csv", "id,text\n");
    let one = ["dedup", "in", "--output", "o", "--force", "--index", "archive", "--metrics", "m.prom"];
    assert_begin(&warned(&dir, &one), &["`in/a.jsonl` holds no record: nothing was compared"]);
    let metrics = std::fs::read_to_string(dir.path("m.prom")).unwrap();
    assert!(metrics.lines().any(|line| line == "redite_run_records 0"), "{metrics}");
    assert_begin(&warned(&dir, &["audit", "-"]), &["standard input holds no record: nothing was compared"]);
    assert_begin(&warned(&dir, &["audit", "two"]), &["none of 2 files holds a record: nothing was compared"]);
    let alerts = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/nightly.md")).unwrap();
    assert!(alerts.contains("expr: redite_run_records == 0\n"));
}

//! `redite index forget`: out of all answers at once, off the disk at `compact`.

use serde_json::Value;

use crate::archive::{JAPANESE, after_monday, find_in_folder, index, named, night};
use crate::cli::{names, redite};
use crate::language::{Dir, words};

#[test]
fn what_is_forgotten_is_original_the_next_time_and_gone_after_compact() {
    let dir = after_monday();
    // texts are packed: ids are not, in the strings of a segment
    let has = |text: &str| find_in_folder(&dir.path("archive"), text.as_bytes());
    assert_eq!(index(&dir, &["forget", "archive", "--id", "ja1"]).ok(), "1 document forgotten\n");
    let again = index(&dir, &["forget", "archive", "--id", "ja1"]);
    assert_eq!(
        again.seen(),
        "exit 0\n--- stdout\n0 documents forgotten\n--- stderr\nwarning: all of that was forgotten before\n"
    );
    let asked = redite(&dir, ["query", "--index", "archive", "-"]).given(JAPANESE).ok();
    assert!(asked.contains("documents   0 of 1 are copies"), "{asked}");
    let documents = || index(&dir, &["export", "archive", "--documents", "-"]).ok();
    assert!(!documents().contains("ja1") && documents().contains("fr1"));
    assert!(has("\"ja1\"") && has("\"fr1\""));
    let told = index(&dir, &["compact", "archive"]).ok();
    assert!(told.ends_with(" after\n"), "{told}");
    assert!(!has("\"ja1\"") && has("\"fr1\""));
    assert_eq!(index(&dir, &["forget", "archive", "--id", "ja1"]).code, 1, "nothing is known of it any more");
    assert_eq!(names(&dir.path("archive")).len(), 4, "{:?}", names(&dir.path("archive")));
    index(&dir, &["verify", "archive"]).ok();
    // a text whose original was forgotten is an original the next time it comes
    let told =
        redite(&dir, ["dedup", "tuesday.jsonl", "--output", "clean", "--index", "archive", "--json", "-q"]);
    let told: Value = serde_json::from_str(&told.ends().ok()).unwrap();
    assert_eq!(told["documents"]["originals"], 2);
    let kept = std::fs::read_to_string(dir.path("clean/tuesday.jsonl")).unwrap();
    assert!(kept.contains("ja2") && !kept.contains("fr2"));
    // all of a source at once
    assert_eq!(
        index(&dir, &["forget", "archive", "--source", "monday.jsonl"]).ok(),
        "3 documents forgotten\n"
    );
    index(&dir, &["compact", "archive"]).ok();
    assert!(!has("fr1") && !has("monday") && has("\"ja2\""));
    assert!(!documents().contains("monday"));
    assert_eq!(index(&dir, &["export", "archive"]).ok().lines().count(), 3, "new3 of new2");
}

/// The words of a forgotten text are in no file: they would stand there as such, being too few to be packed.
#[test]
fn a_forgotten_text_is_in_no_file() {
    let secret = "Xq7zKp";
    let dir = Dir::new().file("a.jsonl", named(&[(secret, secret), ("b", &words(0..50))]));
    assert_eq!(
        redite(&dir, ["dedup", "a.jsonl", "-q", "--output", "o", "--index", "archive"]).ends().code,
        0
    );
    let has = || find_in_folder(&dir.path("archive"), secret.as_bytes());
    assert!(has());
    index(&dir, &["forget", "archive", "--id", secret]).ok();
    index(&dir, &["compact", "archive"]).ok();
    assert!(!has());
}

#[test]
fn forgetting_goes_by_the_id_whatever_its_escapes() {
    let text = |at: usize| words(at..at + 20);
    let lines = format!(
        r#"{{"id":"caf\u00e9","text":"{}"}}
{{"id":"http:\/\/x.org\/1","text":"{}"}}
{{"id":1.50,"text":"{}"}}
{{"text":"{}"}}
{{"id":"","text":"{}"}}
{{"id":12345678901234567890123,"text":"{}"}}
{{"id":-5,"text":"{}"}}
"#,
        text(0),
        text(100),
        text(200),
        text(300),
        text(400),
        text(500),
        text(600)
    );
    let dir = Dir::new().file("a.jsonl", lines);
    redite(&dir, ["dedup", "a.jsonl", "-q", "--output", "o", "--index", "archive"]).ends().ok();
    let documents = index(&dir, &["export", "archive", "--documents", "-"]).ok();
    let ids: Vec<&str> =
        documents.lines().map(|line| &line[..line.find(r#","record""#).unwrap_or_default()]).collect();
    assert_eq!(
        ids[2..],
        [r#"{"id":1.50"#, r#"{"id":null"#, r#"{"id":"""#, r#"{"id":12345678901234567890123"#, r#"{"id":-5"#]
    );
    for id in ["café", r#""http://x.org/1""#, "1.50", "", "12345678901234567890123", "-5"] {
        let told = index(&dir, &["forget", "archive", "--id", id]).ok();
        assert_eq!(told, "1 document forgotten\n", "{id}");
    }
    assert_eq!(index(&dir, &["forget", "archive", "--id", "null"]).stdout, "0 documents forgotten\n");
}

/// Whoever has to erase a text must hear of a name that fits nothing, whatever else was named.
#[test]
fn what_is_to_be_forgotten_and_is_not_there_is_told() {
    let dir = after_monday();
    let forget = |named: &[&str]| index(&dir, &[&["forget", "archive"], named].concat());
    let told = forget(&["--id", "ja", "--source", "monday"]);
    assert_eq!(
        told.seen(),
        "exit 1\n--- stdout\n0 documents forgotten\n--- stderr\nerror: the index has no document with `--id ja`, \
         `--source monday`\n\nhint: `redite index export --documents -` lists what it has\n"
    );
    // what is there goes none the less
    let told = forget(&["--id", "ja", "--id", "ja1", "--id", "fr1"]);
    assert_eq!((told.code, &told.stdout[..]), (1, "2 documents forgotten\n"));
    assert!(told.stderr.contains("no document with `--id ja`\n"), "{}", told.stderr);
    let left = index(&dir, &["export", "archive", "--documents", "-"]).ok();
    assert!(!left.contains("\"ja1\"") && !left.contains("\"fr1\"") && left.contains("monday"), "{left}");
    // the same again, as after a kill: nothing is left to do until it is off the disk
    let again = forget(&["--id", "ja1", "--id", "fr1"]);
    assert_eq!((again.code, &again.stdout[..]), (0, "0 documents forgotten\n"));
    let both = forget(&["--source", "monday.jsonl", "--id", "ja1"]);
    assert_eq!(both.code, 0, "{}", both.stderr);
    index(&dir, &["compact", "archive"]).ok();
    for named in [["--id", "ja1"], ["--source", "monday.jsonl"], ["--source", ""], ["--id", ""]] {
        assert_eq!(forget(&named).code, 1, "{named:?}");
    }
}

/// A text that is a verbatim stretch of another from end to end is known to be one; not when that was forgotten.
#[test]
fn a_stretch_of_what_was_forgotten_is_original() {
    let (whole, stretch) = (words(0..200), words(50..100));
    let dir = Dir::new().file("a.jsonl", named(&[("A", &whole)]));
    let own = format!("{stretch} {}", words(300..350));
    let dir = dir.file("b.jsonl", named(&[("B", &stretch)])).file("d.jsonl", named(&[("D", &own)]));
    night(&dir, "a.jsonl", "oa").ok();
    night(&dir, "b.jsonl", "ob").ok();
    index(&dir, &["forget", "archive", "--id", "A"]).ok();
    for is_compact in [false, true] {
        if is_compact {
            index(&dir, &["compact", "archive"]).ok();
        }
        for asked in ["b.jsonl", "d.jsonl"] {
            let told =
                redite(&dir, ["query", "--index", "archive", asked, "--matches", "-", "-q"]).ends().ok();
            assert!(!told.contains(r#""id":"A""#), "{told}");
        }
        let told = redite(&dir, ["query", "--index", "archive", "b.jsonl", "--json", "-q"]).ends().ok();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["documents"]["exact_copies"], 1, "of B itself");
    }
    index(&dir, &["verify", "archive"]).ok();
}

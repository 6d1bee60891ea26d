//! `redite index forget`: out of all answers at once, off the disk at `compact`.

use serde_json::{Value, json};

use crate::archive::{JAPANESE, after_monday, find_in_folder, index, named, night};
use crate::cli::{names, redite};
use crate::language::{Dir, files, words};

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
    let told = index(&dir, &["forget", "archive", "--source", "monday.jsonl"]).ok();
    assert!(told.starts_with("3 documents forgotten\n2 documents stay and repeat some of that:\n"), "{told}");
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
         `--source monday`\n\nhint: with `--id` and `--source` a document has one of the ids and comes from one of the sources; \
         `redite index export --documents -` lists what it has\n"
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
    assert_eq!((both.code, &both.stdout[..]), (0, "0 documents forgotten\n"), "{}", both.stderr);
    assert_eq!(forget(&["--source", "monday.jsonl"]).ok(), "2 documents forgotten\n");
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

/// The documents that an index has, by id and source.
fn left(dir: &Dir) -> Vec<String> {
    let told = index(dir, &["export", "archive", "--documents", "-"]).ok();
    let documents = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    documents.map(|of| format!("{}@{}", of["id"], of["source"]).replace('"', "")).collect()
}

#[test]
fn an_id_and_a_source_mean_that_id_in_that_source() {
    let own = |from: usize| words(from..from + 30);
    let mut dir = Dir::new();
    for (name, at) in [("a.jsonl", 0), ("b.jsonl", 1000), ("c.jsonl", 2000)] {
        let records = named(&[("1", &own(at)), ("2", &own(at + 100)), ("3", &own(at + 200))]);
        dir = dir.file(name, records);
    }
    redite(&dir, ["dedup", "a.jsonl", "b.jsonl", "c.jsonl", "-q", "--output", "o", "--index", "archive"])
        .ends()
        .ok();
    let forget = |named: &[&str]| index(&dir, &[&["forget", "archive"], named].concat());
    let would = forget(&["--id", "1", "--source", "b.jsonl", "--dry-run"]).ok();
    assert_eq!(would, "1 document would be forgotten\n  b.jsonl, record 1, id \"1\"\n");
    assert_eq!(left(&dir).len(), 9, "nothing has changed");
    assert_eq!(forget(&["--id", "1", "--source", "b.jsonl"]).ok(), "1 document forgotten\n");
    assert_eq!(left(&dir)[3..5], ["2@b.jsonl", "3@b.jsonl"]);
    // any of the ids, in any of the sources
    let told = forget(&["--id", "2", "--id", "3", "--source", "a.jsonl", "--source", "c.jsonl"]).ok();
    assert_eq!(told, "4 documents forgotten\n");
    assert_eq!(left(&dir), ["1@a.jsonl", "2@b.jsonl", "3@b.jsonl", "1@c.jsonl"]);
    // an id that another source has is not there
    let told = forget(&["--id", "2", "--source", "b.jsonl", "--source", "none.jsonl", "--id", "4"]);
    assert_eq!((told.code, &told.stdout[..]), (1, "1 document forgotten\n"));
    assert!(told.stderr.contains("no document with `--id 4`, `--source none.jsonl`\n"), "{}", told.stderr);
    assert!(told.stderr.contains("one of the ids and comes from one of the sources"), "{}", told.stderr);
    assert_eq!(left(&dir), ["1@a.jsonl", "3@b.jsonl", "1@c.jsonl"]);
}

#[test]
fn a_dry_run_forgets_nothing_and_names_the_first() {
    let texts: Vec<(String, String)> =
        (0..25).map(|i| (format!("d{i}"), words(100 * i..100 * i + 30))).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(id, text)| (&id[..], &text[..])).collect();
    let dir = Dir::new().file("a.jsonl", named(&texts));
    redite(&dir, ["dedup", "a.jsonl", "-q", "--output", "o", "--index", "archive"]).ends().ok();
    let before = files(&dir.path("archive"));
    let told = index(&dir, &["forget", "archive", "--source", "a.jsonl", "--dry-run"]).ok();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 22);
    assert_eq!(
        [lines[0], lines[20], lines[21]],
        ["25 documents would be forgotten", "  a.jsonl, record 20, id \"d19\"", "  and 5 more",]
    );
    let missing = index(&dir, &["forget", "archive", "--id", "d25", "--dry-run"]);
    assert_eq!(missing.code, 1, "{}", missing.stderr);
    let json = index(&dir, &["forget", "archive", "--id", "d3", "--dry-run", "--json"]).ok();
    let json: Value = serde_json::from_str(&json).unwrap();
    let repeats = json!({"documents": 0, "first": []});
    let first = json!([{"id": "d3", "source": "a.jsonl", "record": 3}]);
    assert_eq!(
        json,
        json!({"dry_run": true, "forgotten": 1, "first": first, "missing": [], "repeats": repeats})
    );
    assert!(files(&dir.path("archive")) == before);
}

/// Whoever has to erase a text must hear of those that hold it too.
#[test]
fn what_stays_and_repeats_what_is_forgotten_is_told() {
    let secret = words(0..60);
    let quoting = format!("{} {} {}", words(200..240), words(5..50), words(300..340));
    let near = secret.replace("w30 ", "other ");
    let first = named(&[("secret", &secret), ("apart", &words(500..560))]);
    let second = named(&[("quoting", &quoting), ("near", &near), ("same", &secret)]);
    let dir = Dir::new().file("a.jsonl", first).file("b.jsonl", second);
    for (input, output) in [("a.jsonl", "oa"), ("b.jsonl", "ob")] {
        assert_eq!(night(&dir, input, output).code, 0);
    }
    let forget = |named: &[&str]| index(&dir, &[&["forget", "archive"], named].concat());
    let repeats = "3 documents stay and repeat some of that:\n\
                   \x20 document, exact: b.jsonl, record 3, id \"same\"\n\
                   \x20 document, near: b.jsonl, record 2, id \"near\"\n\
                   \x20 passage, exact: b.jsonl, record 1, id \"quoting\"\n";
    let would = forget(&["--id", "secret", "--dry-run"]).ok();
    assert_eq!(
        would,
        format!("1 document would be forgotten\n  a.jsonl, record 1, id \"secret\"\n{repeats}")
    );
    // one of the copies: its original, and what repeats that, too
    let would = forget(&["--id", "same", "--dry-run"]).ok();
    assert!(would.contains("3 documents stay and repeat some of that:\n  document, exact: a.jsonl, record 1, id \"secret\"\n  document, near: b.jsonl, record 2"), "{would}");
    assert!(would.ends_with("  passage, exact: b.jsonl, record 1, id \"quoting\"\n"), "{would}");
    assert_eq!(forget(&["--id", "secret"]).ok(), format!("1 document forgotten\n{repeats}"));
    // it is told again as long as the index knows it
    let again = forget(&["--id", "secret", "--json"]);
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((&again["forgotten"], &again["repeats"]["documents"]), (&json!(0), &json!(3)));
    assert_eq!(
        again["repeats"]["first"][2],
        json!({"id": "quoting", "source": "b.jsonl", "record": 0, "unit": "passage", "kind": "exact"})
    );
    // what repeats the same original does, though that is forgotten
    let told = forget(&["--id", "same", "--id", "near"]).ok();
    assert_eq!(
        told,
        "2 documents forgotten\n1 document stays and repeats some of that:\n  \
         passage, exact: b.jsonl, record 1, id \"quoting\"\n"
    );
    // nothing of another text
    assert_eq!(forget(&["--id", "apart"]).ok(), "1 document forgotten\n");
}

#[test]
fn an_index_of_version_1_tells_what_repeats_what_is_forgotten() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("archive")).unwrap();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat/v1")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, dir.path("archive").join(path.file_name().unwrap())).unwrap();
    }
    // document 3 is a copy of document 1
    assert!(index(&dir, &["export", "archive"]).ok().starts_with("{\"copy\":3,\"of\":1}\n"));
    let flags = ["--dry-run", "--json", "--source", "night aa11 0.jsonl", "--id", "7913"];
    let told = index(&dir, &[&["forget", "archive"], &flags[..]].concat()).ok();
    let told: Value = serde_json::from_str(&told).unwrap();
    let listed = told["repeats"]["first"].as_array().unwrap();
    assert!(listed.iter().any(|of| of["id"] == "5ddc" && of["record"] == 3), "{told}");
}

/// What must go can go, though it can't be told any more what stays and repeats it.
#[test]
fn a_text_is_forgotten_though_the_matches_are_damaged() {
    let text = words(0..60);
    // so many matches that they have pages of their own
    let copies: Vec<(String, String)> =
        (0..4000).map(|i| (format!("copy {i}"), format!("{text} {}", words(100 + i..104 + i)))).collect();
    let copies: Vec<(&str, &str)> = copies.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let dir = Dir::new().file("a.jsonl", named(&[("one", &text)])).file("b.jsonl", named(&copies));
    for (input, output) in [("a.jsonl", "oa"), ("b.jsonl", "ob")] {
        assert_eq!(night(&dir, input, output).code, 0);
    }
    let forget =
        |named: &[&str]| index(&dir, &[&["forget", "archive", "--id", "one", "--json"], named].concat());
    let mut damaged = 0;
    for (name, bytes) in
        files(&dir.path("archive")).into_iter().filter(|(name, _)| name.starts_with("segment"))
    {
        let path = dir.path("archive").join(name);
        for at in (100..bytes.len()).step_by(2048) {
            let mut other = bytes.clone();
            other[at] ^= 1;
            std::fs::write(&path, other).unwrap();
            let told = forget(&["--dry-run"]);
            if told.stderr.contains("warning: which documents stay and repeat it can't be told") {
                let told: Value = serde_json::from_str(&told.stdout).unwrap();
                assert_eq!((&told["forgotten"], &told["repeats"]), (&json!(1), &Value::Null));
                damaged += 1;
                if damaged == 1 {
                    let told = forget(&[]);
                    assert_eq!(told.code, 0, "{}", told.stderr);
                    assert!(
                        !index(&dir, &["export", "archive", "--documents", "-"]).stdout.contains("\"one\"")
                    );
                    return;
                }
            }
        }
        std::fs::write(&path, bytes).unwrap();
    }
    panic!("no damage was one of the matches");
}

//! A night that comes again, in the order in which it came or in another.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Ended, redite};
use crate::containers::{archive, bz2, lines, rows};
use crate::language::{Dir, files, gz, words};

/// Two files of a night, in which nothing is repeated.
fn night() -> Dir {
    let record = |id: &str, words: String| format!("{}\n", json!({ "id": id, "text": words }));
    let [a, b, c] = [words(0..20), words(100..125), words(200..240)];
    Dir::new().file("t/a.jsonl", record("a", a)).file("t/b.jsonl", record("b", b) + &record("c", c))
}

fn dedup(dir: &Dir, flags: &[&str]) -> Ended {
    let all = ["dedup", "t", "--index", "ix", "--json", "--quiet"];
    redite(dir, all.iter().chain(flags)).ends()
}

/// The night again with flags that put its records into another order: it would be another batch, of copies of itself.
#[test]
fn in_another_order_it_is_refused() {
    for (first, again) in [
        (&[][..], &["--prefer", "longest"][..]),
        (&[], &["--protect", "t/b.jsonl"]),
        (&["--prefer", "longest"], &[]),
        (&["--protect", "t/b.jsonl"], &["--prefer", "source:a.jsonl"]),
    ] {
        let dir = night();
        let done = dedup(&dir, &[&["--output", "one"], first].concat());
        assert_eq!(done.code, 0, "{done:?}");
        let before = files(&dir.path("ix"));
        for output in ["one", "two"] {
            let refused = dedup(&dir, &[&["--output", output, "--max-removed", "50%"], again].concat());
            assert_eq!(refused.code, 2, "{first:?} {again:?}: {refused:?}");
            assert!(refused.stderr.contains("these records are batch 1 of the index"), "{}", refused.stderr);
        }
        assert!(!dir.path("two").exists());
        assert_eq!(files(&dir.path("ix")), before);
        // and as it was it is known
        let known = dedup(&dir, &[&["--output", "two"], first].concat());
        let told: Value = serde_json::from_str(&known.stdout).unwrap();
        assert_eq!((known.code, &told["index"]["again"]["batch"]), (0, &json!(1)), "{known:?}");
        assert_eq!(files(&dir.path("two")), files(&dir.path("one")));
    }
}

/// The same texts in files of other names, or some of them, are a night like others: all of it is copies.
#[test]
fn other_files_with_its_texts_are_copies() {
    let dir = night();
    assert_eq!(dedup(&dir, &["--output", "one"]).code, 0);
    std::fs::rename(dir.path("t/b.jsonl"), dir.path("t/c.jsonl")).unwrap();
    let copies = dedup(&dir, &["--output", "two", "--prefer", "longest"]);
    let told: Value = serde_json::from_str(&copies.stdout).unwrap();
    assert_eq!((copies.code, &told["dedup"]["kept"]), (0, &json!(0)), "{copies:?}");
}

/// The same files from another folder are another batch, of which nothing stays: not the same batch in another order.
#[test]
fn the_same_files_elsewhere_are_copies() {
    let dir = night();
    assert_eq!(redite(&dir, ["dedup", "t", "--index", "index", "--output", "one"]).ends().code, 0);
    std::fs::create_dir_all(dir.path("u/later")).unwrap();
    for name in ["a.jsonl", "b.jsonl"] {
        std::fs::rename(dir.path("t").join(name), dir.path("u/later").join(name)).unwrap();
    }
    let again = redite(&dir, ["dedup", "u", "--index", "index", "--output", "two", "--json"]).ends();
    let told: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((again.code, &told["dedup"]["kept"]), (0, &json!(0)), "{again:?}");
}

/// Texts from the longest to the shortest, so that `--prefer longest` leaves them in their order; in every container.
fn containers() -> Vec<(&'static str, Vec<u8>)> {
    let texts = [words(100..160), words(200..250), words(300..340)];
    let (table, wet) = (rows(&texts, ',', "\n"), archive(&texts));
    #[cfg_attr(not(feature = "parquet"), expect(unused_mut, reason = "one container less"))]
    let mut all = vec![
        ("a.jsonl", lines(&texts).into_bytes()),
        ("a.jsonl.gz", gz(lines(&texts))),
        ("a.csv.bz2", bz2(&table)),
        ("a.csv", table.into_bytes()),
        ("a.tsv", rows(&texts, '\t', "\r\n").into_bytes()),
        ("b.csv", rows(&texts, ';', "\r\n").into_bytes()),
        ("a.wet.gz", gz(&wet)),
        ("a.wet", wet.into_bytes()),
        ("a.txt", words(0..60).into_bytes()),
    ];
    #[cfg(feature = "parquet")]
    {
        use crate::containers::parquet::{Layout, table};
        all.push(("a.parquet", table(&texts, Layout::plain(2))));
    }
    all
}

/// Which batch of the index this is once more; null for another one.
fn again(ended: &Ended) -> Value {
    assert_eq!(ended.code, 0, "{ended:?}");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    told["index"]["again"]["batch"].clone()
}

/// An order that changes nothing changes nothing of what a night is known by, however its records are packed.
#[test]
fn in_the_same_order_it_is_known_in_every_container() {
    for (name, bytes) in containers() {
        for (first, second) in [
            (&[][..], &["--prefer", "longest"][..]),
            (&["--prefer", "longest"], &[]),
            (&["--prefer", "longest"], &["--prefer", "longest"]),
            (&[], &["--protect", "t"]),
            (&["--protect", "t"], &["--prefer", "source:t"]),
        ] {
            let dir = Dir::new().file(&format!("t/{name}"), &bytes);
            assert_eq!(again(&dedup(&dir, &[&["--output", "one"], first].concat())), Value::Null);
            let known = dedup(&dir, &[&["--output", "two"], second].concat());
            assert_eq!(again(&known), json!(1), "{name}, {first:?}, then {second:?}");
            assert_eq!(files(&dir.path("two")), files(&dir.path("one")), "{name}");
        }
    }
}

/// The same texts in a file of the same name, under other ids: another night, in any order and any container.
#[test]
fn with_other_ids_it_is_another() {
    let texts = [words(0..60), words(100..150)];
    for (name, rows) in
        [("a.csv", rows(&texts, ',', "\n")), ("a.wet", archive(&texts)), ("a.jsonl", lines(&texts))]
    {
        for order in [&[][..], &["--prefer", "longest"], &["--protect", "t"]] {
            let dir = Dir::new().file(&format!("t/{name}"), &rows);
            assert_eq!(again(&dedup(&dir, &[&["--output", "one"], order].concat())), Value::Null);
            let others = match name {
                "a.csv" => rows.replace("\",1,", "\",seven,"),
                "a.wet" => rows.replace("URI: 1\r", "URI: seven\r"),
                _ => rows.replace(r#""id":"1""#, r#""id":"seven""#),
            };
            assert_ne!(others, rows);
            std::fs::write(dir.path("t").join(name), others).unwrap();
            let other = dedup(&dir, &[&["--output", "two"], order].concat());
            assert_eq!(again(&other), Value::Null, "{name} {order:?}");
        }
    }
}

/// Builds before this one named a batch that came in an order of its own without the ids of its rows. What they have put
/// into an index is known when it comes again as it came, and nothing with other ids is taken for it. Where it came as the
/// corpus goes, it is known in corpus order, too.
#[test]
fn a_night_that_an_earlier_build_named_is_known() {
    let compat = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat");
    let nights = [
        ("v6-ordered", [words(0..60), words(100..150)], &[&["--prefer", "longest"][..]][..]),
        ("v6-in-order", [words(100..160), words(0..40)], &[&["--prefer", "longest"], &[]]),
    ];
    for (written, texts, orders) in nights {
        let table = rows(&texts, ',', "\n");
        let other = table.replace("\",1,", "\",seven,");
        assert_ne!(table, other);
        for (rows, batch) in [(table, json!(1)), (other, Value::Null)] {
            for order in orders {
                let mut dir = Dir::new().file("t/a.csv", &rows);
                for (name, bytes) in files(&compat.join(written)) {
                    dir = dir.file(&format!("ix/{name}"), bytes);
                }
                let known = dedup(&dir, &[&["--output", "one"], *order].concat());
                assert_eq!(again(&known), batch, "{written} {order:?}: {known:?}");
            }
        }
    }
}

/// With other ids a night is another one, of which nothing stays: who only named another field hears of it.
#[test]
fn a_night_with_other_ids_is_told() {
    let line = |n: usize| {
        format!("{}\n", json!({"id": n, "url": format!("u{n}"), "text": words(n * 50..n * 50 + 30)}))
    };
    let night = |more: usize| (0..2 + more).map(line).collect::<String>();
    let dir = Dir::new().file("a.jsonl", night(0));
    let run = |flags: &[&str]| {
        let all = ["dedup", "a.jsonl", "--index", "ix", "--output", "out", "--force"];
        let ended = redite(&dir, all.iter().chain(flags)).ends();
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.stderr.contains("all 2 documents are those of batch 1 of the index, word for word")
    };
    assert!(!run(&[]));
    assert!(!run(&[]), "known");
    assert!(run(&["--id-field", "url"]));
    assert!(!run(&["--id-field", "url"]), "known, too");
    assert!(!run(&["--id-field", "no", "--quiet"]));
    std::fs::write(dir.path("a.jsonl"), night(1)).unwrap();
    assert!(!run(&[]), "something is new");
}

/// Nearly every night repeats something that stood before it; one that comes again is told of all the same.
#[test]
fn a_night_with_other_ids_is_told_though_it_repeated_an_earlier_one() {
    let line = |n: usize| {
        format!("{}\n", json!({"id": n, "url": format!("u{n}"), "text": words(n * 50..n * 50 + 30)}))
    };
    let dir = Dir::new()
        .file("a.jsonl", [0, 1].map(line).concat())
        .file("b.jsonl", [1, 2].map(line).concat())
        .file("c.jsonl", [0, 2].map(line).concat());
    let run = |file: &str, flags: &[&str]| {
        let all = ["dedup", file, "--index", "ix", "--output", "out", "--force"];
        let ended = redite(&dir, all.iter().chain(flags)).ends();
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.stderr
    };
    let again = "all 2 documents are those of batch";
    assert!(!run("a.jsonl", &[]).contains(again));
    assert!(!run("b.jsonl", &[]).contains(again));
    assert!(run("b.jsonl", &["--id-field", "url"]).contains("those of batch 2 of the index, word for word"));
    assert!(run("a.jsonl", &["--id-field", "url"]).contains("those of batch 1 of the index, word for word"));
    assert!(!run("c.jsonl", &[]).contains(again), "of several nights");
}

/// What a run takes to find its copies is told, too: the first night sees nothing when it comes again either.
#[test]
fn the_first_night_takes_the_same_again() {
    let [a, b, c] = [words(0..60), words(0..59) + " other", words(3..60)];
    let dir =
        Dir::new().file("t/a.jsonl", [a, b, c].map(|text| format!("{}\n", json!({ "text": text }))).concat());
    let night = |output: &str| {
        let report = format!("{output}.html");
        let units = ["--units", "document,paragraph,passage", "--report", &report];
        let told: Value =
            serde_json::from_str(&dedup(&dir, &[&["--output", output], &units[..]].concat()).stdout).unwrap();
        let cost = ["candidates", "verified", "capped"].map(|count| told[count].clone());
        (cost, std::fs::read(dir.path(&report)).unwrap())
    };
    let ((cost, report), (cost_again, report_again)) = (night("one"), night("two"));
    assert!(cost[1].as_u64() > Some(0));
    assert_eq!(cost, cost_again);
    assert!(report == report_again);
}

/// What was forgotten of a night may have stood anywhere in it; the rest tells that it is the same in another order.
#[test]
fn in_another_order_it_is_refused_though_a_text_was_forgotten() {
    let dir = night();
    assert_eq!(dedup(&dir, &["--output", "one"]).code, 0);
    redite(&dir, ["index", "forget", "ix", "--id", "c"]).ends().ok();
    let before = files(&dir.path("ix"));
    let refused = dedup(&dir, &["--output", "two", "--prefer", "longest"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("these records are batch 1 of the index"), "{}", refused.stderr);
    assert_eq!(files(&dir.path("ix")), before);
}

/// A text without a word is no copy of anything.
#[test]
fn a_night_with_other_ids_is_told_whatever_it_has_that_is_not_compared() {
    let line = |id: &str, text: &str| format!("{}\n", json!({ "id": id, "text": text }));
    let dir = Dir::new().file("t/a.jsonl", line("a", &words(0..20)) + &line("b", "-"));
    assert_eq!(dedup(&dir, &["--output", "one"]).code, 0);
    std::fs::rename(dir.path("t/a.jsonl"), dir.path("t/b.jsonl")).unwrap();
    let told = dedup(&dir, &["--output", "two", "--annotate"]);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let warnings: Vec<&str> = told["warnings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(
        warnings.iter().any(|told| told.starts_with("all 2 documents are those of batch 1")),
        "{warnings:?}"
    );
}

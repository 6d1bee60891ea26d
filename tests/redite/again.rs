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

//! `redite index rollback`: the last night, or what is damaged, undone.

use std::path::Path;

use serde_json::{Value, json};

use crate::archive::{after_monday, index, night};
use crate::cli::{names, redite};
use crate::language::{Dir, files, records, words};

/// Flips a bit near the end of a file, or removes it.
fn damage(path: &Path, is_there: bool) {
    if !is_there {
        return std::fs::remove_file(path).unwrap();
    }
    let mut bytes = std::fs::read(path).unwrap();
    let end = bytes.len() - 20;
    bytes[end] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// What holds nothing takes no more room than before.
#[test]
fn compacting_an_empty_index_does_not_enlarge_it() {
    let dir = Dir::new().file("in.jsonl", records(&[words(0..40)]));
    redite(&dir, ["dedup", "in.jsonl", "--output", "out", "--index", "archive", "-q"]).ends().ok();
    index(&dir, &["rollback", "archive"]);
    let told = index(&dir, &["compact", "archive"]);
    let left = files(&dir.path("archive"));
    assert!(left.iter().all(|(name, bytes)| bytes.len() < 1000 && !name.starts_with("segment")), "{told:?}");
    assert_eq!(left.iter().filter(|(name, _)| name.starts_with("manifest")).count(), 1);
    let again = ["dedup", "in.jsonl", "--output", "again", "--index", "archive", "-q"];
    redite(&dir, again).ends().ok();
    assert_eq!(files(&dir.path("again")), files(&dir.path("out")));
}

/// The hint of a damaged manifest names `rollback`: it must do what it says.
#[test]
fn rollback_goes_back_where_the_latest_generation_can_not_be_read() {
    let dir = after_monday();
    let monday = index(&dir, &["export", "archive"]).ok();
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
    let tuesday = index(&dir, &["export", "archive"]).ok();
    let clean = files(&dir.path("clean"));
    let whole = files(&dir.path("archive"));
    let told = index(&dir, &["verify", "archive"]).ok();
    let both = "generation 2: every file is whole\ngeneration 1, to go back to: every file is whole\n";
    assert_eq!(told, both);
    for (damaged, is_there) in
        [("manifest-0000000002", true), ("segment-0000000003", true), ("segment-0000000003", false)]
    {
        for (name, bytes) in &whole {
            std::fs::write(dir.path(&format!("archive/{name}")), bytes).unwrap();
        }
        damage(&dir.path(&format!("archive/{damaged}")), is_there);
        let wrong = night(&dir, "tuesday.jsonl", "clean");
        assert!(wrong.code == 1 && wrong.stderr.contains(damaged), "{}", wrong.stderr);
        let back = index(&dir, &["rollback", "archive"]);
        let undone = "undone: the last change, which is damaged; the index has 1 batch\n";
        assert_eq!((back.code, back.stdout.as_str()), (0, undone), "{}", back.stderr);
        assert!(back.stderr.contains(damaged) && back.stderr.contains("done again"), "{}", back.stderr);
        assert_eq!(index(&dir, &["export", "archive"]).ok(), monday);
        index(&dir, &["verify", "archive"]).ok();
        std::fs::remove_dir_all(dir.path("clean")).unwrap();
        assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
        assert_eq!(index(&dir, &["export", "archive"]).ok(), tuesday);
        assert!(files(&dir.path("clean")) == clean);
        index(&dir, &["verify", "archive"]).ok();
        std::fs::remove_dir_all(dir.path("archive")).unwrap();
        std::fs::create_dir(dir.path("archive")).unwrap();
    }
    // where the one before is gone, too, the damage is told and nothing changes
    for (name, bytes) in &whole {
        std::fs::write(dir.path(&format!("archive/{name}")), bytes).unwrap();
    }
    for name in ["manifest-0000000002", "manifest-0000000001"] {
        std::fs::write(dir.path(&format!("archive/{name}")), [7; 300]).unwrap();
    }
    let before = files(&dir.path("archive"));
    let told = index(&dir, &["rollback", "archive"]);
    assert!(told.code == 1 && told.stderr.contains("manifest-0000000002"), "{}", told.stderr);
    assert!(files(&dir.path("archive")) == before);
}

/// A night that merged may have to be undone by writing anew what is damaged: then the generation before is the way back.
#[test]
fn rollback_goes_back_where_a_page_of_what_a_night_merged_is_damaged() {
    let dir = nights(4);
    let mut third = String::new();
    for number in 0..4 {
        if number == 3 {
            third = index(&dir, &["export", "archive"]).ok();
        }
        assert_eq!(night(&dir, &format!("{number}.jsonl"), &format!("clean{number}")).code, 0);
    }
    let merged = names(&dir.path("archive")).into_iter().rfind(|name| name.starts_with("segment-")).unwrap();
    let path = dir.path(&format!("archive/{merged}"));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[9000] ^= 0xFF;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(index(&dir, &["verify", "archive"]).code, 1);
    let back = index(&dir, &["rollback", "archive"]);
    let undone = "undone: the last change, which is damaged; the index has 3 batches\n";
    assert_eq!((back.code, back.stdout.as_str()), (0, undone), "{}", back.stderr);
    assert!(back.stderr.contains(&merged), "{}", back.stderr);
    assert_eq!(index(&dir, &["export", "archive"]).ok(), third);
    index(&dir, &["verify", "archive"]).ok();
}

/// So many nights of records that share nothing, in files by their numbers.
fn nights(number: usize) -> Dir {
    let text = |night: usize, record: usize| {
        let words: Vec<String> = (0..40).map(|word| format!("w{night}r{record}x{word}")).collect();
        format!("{{\"id\":\"{night}-{record}\",\"text\":\"{}\"}}\n", words.join(" "))
    };
    (0..number).fold(Dir::new(), |dir, night| {
        dir.file(&format!("{night}.jsonl"), (0..60).map(|record| text(night, record)).collect::<String>())
    })
}

/// A good night is not given up for damage that is older: what would be left is not whole either.
#[test]
fn rollback_undoes_nothing_where_what_is_left_would_be_damaged() {
    let dir = nights(5);
    for number in 0..5 {
        assert_eq!(night(&dir, &format!("{number}.jsonl"), &format!("clean{number}")).code, 0);
    }
    let whole = files(&dir.path("archive"));
    let segments: Vec<&String> =
        whole.iter().map(|(name, _)| name).filter(|name| name.starts_with("segment-")).collect();
    let [merged, last] = segments[..] else { panic!("four nights in one segment, and one: {segments:?}") };
    let flip = |name: &str, at: usize| {
        let path = dir.path(&format!("archive/{name}"));
        let mut bytes = std::fs::read(&path).unwrap();
        let at = if at == 0 { bytes.len() / 2 } else { at };
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    };
    let restore = || {
        std::fs::remove_dir_all(dir.path("archive")).unwrap();
        std::fs::create_dir(dir.path("archive")).unwrap();
        for (name, bytes) in &whole {
            std::fs::write(dir.path(&format!("archive/{name}")), bytes).unwrap();
        }
    };
    // in the middle, and where the file can't even be opened
    for (name, at, why) in [
        ("texts-0000000000", 0, "the generation before is damaged, too"),
        (merged, 0, "earlier batches have that file, too"),
        (merged, 1, "the generation before is damaged, too"),
    ] {
        flip(name, at);
        let before = files(&dir.path("archive"));
        let told = index(&dir, &["rollback", "archive"]);
        assert_eq!((told.code, told.stdout.as_str()), (1, ""), "{name}: {}", told.stderr);
        let expected =
            format!("\n\nnothing was undone: {why}\n\nhint: put a copy of the folder in its place\n");
        let damage = format!("error: `archive/{name}`: damaged at byte ");
        assert!(told.stderr.starts_with(&damage) && told.stderr.ends_with(&expected), "{}", told.stderr);
        let is_lock = |(name, _): &&(String, Vec<u8>)| name == "lock";
        assert!(
            files(&dir.path("archive"))
                .iter()
                .filter(|of| !is_lock(of))
                .eq(before.iter().filter(|of| !is_lock(of)))
        );
        let verified = index(&dir, &["verify", "archive"]);
        let hint = "hint: put a copy of the folder in its place; without the last batch it is damaged, too\n";
        assert!(verified.code == 1 && verified.stderr.starts_with(&damage), "{}", verified.stderr);
        assert!(
            verified.stderr.ends_with(hint) && verified.stderr.matches("hint").count() == 1,
            "{}",
            verified.stderr
        );
        restore();
    }
    // what only the last night has goes with it
    for (name, at) in [(last.as_str(), 0), (last, 1), ("texts-0000000009", 0)] {
        assert!(whole.iter().any(|(has, _)| has == name), "{name}: {segments:?}");
        flip(name, at);
        let verified = index(&dir, &["verify", "archive"]);
        assert!(verified.code == 1 && verified.stderr.contains(name), "{}", verified.stderr);
        assert!(verified.stderr.contains("hint: `redite index rollback` undoes"), "{}", verified.stderr);
        let back = index(&dir, &["rollback", "archive"]);
        assert!(back.code == 0 && back.stdout.starts_with("undone"), "{name}: {}", back.stderr);
        index(&dir, &["verify", "archive"]).ok();
        assert!(index(&dir, &["stats", "archive"]).ok().contains("batches                  4"));
        restore();
    }
}

/// Behind a damaged night something was forgotten: the generation before has the damage, too. The night goes, and what was
/// forgotten of the others stays so; what was forgotten of that night is told.
#[test]
fn rollback_undoes_a_damaged_night_behind_which_something_was_forgotten() {
    for (number, forgotten) in [(3, 2), (4, 2), (1, 1)] {
        let dir = nights(number);
        for night_number in 0..number {
            let told = night(&dir, &format!("{night_number}.jsonl"), &format!("clean{night_number}"));
            assert_eq!(told.code, 0, "{}", told.stderr);
        }
        let texts = names(&dir.path("archive")).into_iter().rfind(|name| name.starts_with("texts-")).unwrap();
        let segment =
            names(&dir.path("archive")).into_iter().rfind(|name| name.starts_with("segment-")).unwrap();
        let of_last = format!("{}-7", number - 1);
        let meant = ["forget", "archive", "--id", "0-5", "--id", of_last.as_str()];
        let count = if forgotten == 1 { "1 document forgotten\n" } else { "2 documents forgotten\n" };
        let meant = if forgotten == 1 { &meant[..4] } else { &meant };
        assert_eq!(index(&dir, meant).ok(), count);
        let whole = files(&dir.path("archive"));
        // a fourth night merges: its segment is that of all, its texts are its own
        let damages = [(&texts, true), (&texts, false), (&segment, true), (&segment, false)].into_iter();
        for (name, is_there) in damages.take(if number == 4 { 2 } else { 4 }) {
            damage(&dir.path(&format!("archive/{name}")), is_there);
            let verified = index(&dir, &["verify", "archive"]);
            assert!(verified.code == 1 && verified.stderr.contains(name.as_str()), "{}", verified.stderr);
            assert!(verified.stderr.contains("hint: `redite index rollback` undoes"), "{}", verified.stderr);
            let back = index(&dir, &["rollback", "archive"]);
            assert_eq!(back.code, 0, "{number} {name}: {}", back.stderr);
            let undone = format!("undone: batch {number} (60 documents");
            assert!(back.stdout.starts_with(&undone), "{}", back.stdout);
            assert!(back.stdout.ends_with("), which is damaged\n"), "{}", back.stdout);
            assert!(back.stderr.contains(name.as_str()), "{}", back.stderr);
            let again = "run that batch again; 1 document of it had been forgotten: when the batch comes again, forget \
                         them again";
            assert!(back.stderr.contains(again), "{}", back.stderr);
            index(&dir, &["verify", "archive"]).ok();
            let left = index(&dir, &["export", "archive", "--documents", "-"]).ok();
            assert_eq!(left.lines().count(), if number == 1 { 0 } else { 60 * (number - 1) - 1 });
            assert!(!left.contains("\"0-5\""), "a text that is forgotten stays so");
            // the night can come again
            let (last, output) = (format!("{}.jsonl", number - 1), format!("clean{}", number - 1));
            std::fs::remove_dir_all(dir.path(&output)).unwrap();
            assert_eq!(night(&dir, &last, &output).code, 0);
            index(&dir, &["verify", "archive"]).ok();
            std::fs::remove_dir_all(dir.path("archive")).unwrap();
            std::fs::create_dir(dir.path("archive")).unwrap();
            for (name, bytes) in &whole {
                std::fs::write(dir.path(&format!("archive/{name}")), bytes).unwrap();
            }
        }
        // and where nothing is damaged that is told, too
        let back = index(&dir, &["rollback", "archive"]);
        assert!(back.code == 0 && back.stdout.ends_with(")\n"), "{}", back.stdout);
        let told =
            "warning: 1 document of it had been forgotten: when the batch comes again, forget them again\n";
        assert_eq!(back.stderr, told);
    }
}

#[test]
fn rollback_undoes_the_last_night() {
    let dir = after_monday();
    let told = |dir: &Dir| {
        index(dir, &["export", "archive"]).ok() + &index(dir, &["export", "archive", "--documents", "-"]).ok()
    };
    let monday = told(&dir);
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
    let tuesday = told(&dir);
    let clean = files(&dir.path("clean"));
    let undone = index(&dir, &["rollback", "archive"]).ok();
    assert!(undone.starts_with("undone: batch 2 (5 documents of tuesday.jsonl, digest "), "{undone}");
    assert_eq!(told(&dir), monday);
    index(&dir, &["verify", "archive"]).ok();
    // the night can come again: its outputs are in the way as those of any other run
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 2);
    std::fs::remove_dir_all(dir.path("clean")).unwrap();
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
    assert_eq!(told(&dir), tuesday);
    assert!(files(&dir.path("clean")) == clean);
    for _ in 0..2 {
        assert!(index(&dir, &["rollback", "archive"]).ok().starts_with("undone"));
    }
    let nothing = index(&dir, &["rollback", "archive"]);
    assert_eq!((nothing.code, nothing.stderr.as_str()), (1, "error: `archive`: there is no batch to undo\n"));
    assert_eq!(told(&dir), "");
}

/// Where a process may open too few files that is told, with what helps: not that an input has changed, though it is what
/// can't be opened.
#[cfg(unix)]
#[test]
fn too_few_files_that_may_be_open_are_told() {
    let dir = Dir::new();
    let night = |number: usize, limit: usize| {
        let text: Vec<String> = (0..20).map(|word| format!("n{number}w{word}")).collect();
        let input = format!("{number}.txt");
        std::fs::write(dir.path(&input), text.join(" ")).unwrap();
        let run = format!(
            "ulimit -n {limit}; exec \"$0\" dedup {input} --threads 1 --output o --force --index archive -q"
        );
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &run, env!("CARGO_BIN_EXE_redite")]).current_dir(dir.path(""));
        let ended = shell.output().unwrap();
        (ended.status.success(), String::from_utf8_lossy(&ended.stderr).into_owned())
    };
    (0..12).for_each(|number| assert!(night(number, 256).0));
    let mut failed = 0;
    for limit in 14.. {
        let (is_done, stderr) = night(12, limit);
        if is_done {
            break;
        }
        failed += 1;
        let is_told = stderr.contains("(os error 24)") && stderr.contains("hint: `ulimit -n` allows more");
        assert!(is_told, "{limit}: {stderr}");
    }
    assert!(failed > 3, "{failed}");
    index(&dir, &["verify", "archive"]).ok();
}

/// Each night's texts are open while the index is, and once: what a process may open is enough for a night and for undoing it.
#[cfg(unix)]
#[test]
fn a_night_that_could_be_added_can_be_undone() {
    let dir = Dir::new();
    for night in 0..24 {
        let text: Vec<String> = (0..20).map(|word| format!("n{night}w{word}")).collect();
        let (input, output) = (format!("{night}.txt"), format!("clean-{night}"));
        std::fs::write(dir.path(&input), text.join(" ")).unwrap();
        redite(&dir, ["dedup", &input, "--output", &output, "--index", "archive"]).ends().ok();
    }
    let limited = "ulimit -n 44; exec \"$0\" index rollback archive";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_redite")]).current_dir(dir.path(""));
    let undone = shell.output().unwrap();
    let stderr = String::from_utf8_lossy(&undone.stderr);
    assert!(undone.status.success(), "{stderr}");
    assert!(String::from_utf8_lossy(&undone.stdout).starts_with("undone: batch 24"), "{undone:?}");
}

/// Whoever undoes a night has to know which one that is.
#[test]
fn a_batch_is_named_by_its_sources() {
    let text = |at: usize| words(at..at + 30);
    let dir = Dir::new()
        .file("1/a.txt", text(0))
        .file("1/b.txt", text(100))
        .file("1/c.txt", text(200))
        .file("2.txt", text(300));
    for (input, output) in [("1", "o1"), ("2.txt", "o2")] {
        redite(&dir, ["dedup", input, "-q", "--output", output, "--index", "archive"]).ends().ok();
    }
    let told = index(&dir, &["stats", "archive"]).ok();
    let lines: Vec<&str> = told.lines().rev().take(3).collect();
    assert_eq!(
        lines,
        [
            "  1                   3   1/a.txt and 2 more sources",
            "  2                   1   2.txt",
            "  batch       documents   of",
        ]
    );
    let batches = || {
        let told: Value = serde_json::from_str(&index(&dir, &["stats", "archive", "--json"]).ok()).unwrap();
        let batches = told["batches"].as_array().unwrap().clone();
        let told = batches
            .iter()
            .map(|of| (of["number"].clone(), of["first_source"].clone(), of["sources"].clone()));
        told.collect::<Vec<_>>()
    };
    assert_eq!(batches(), [(json!(1), json!("1/a.txt"), json!(3)), (json!(2), json!("2.txt"), json!(1))]);
    // what was forgotten names no batch
    index(&dir, &["forget", "archive", "--source", "1/a.txt"]).ok();
    index(&dir, &["compact", "archive"]).ok();
    assert_eq!(batches()[0], (json!(1), json!("1/b.txt"), json!(2)));
    let undone = index(&dir, &["rollback", "archive"]).ok();
    assert!(undone.starts_with("undone: batch 2 (1 document of 2.txt, digest "), "{undone}");
    let undone = index(&dir, &["rollback", "archive"]).stdout;
    assert!(
        undone.starts_with("undone: batch 1 (3 documents of 1/b.txt and 1 more source, digest "),
        "{undone}"
    );
    assert!(!index(&dir, &["stats", "archive"]).ok().contains("  batch  "));
}

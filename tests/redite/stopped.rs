//! `redite index`, asked to end: it cleans up, and ends as every other run does.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cli::{Ended, names, redite};
use crate::language::{Dir, records, words};

/// An index whose texts take a moment to be written.
fn large() -> Dir {
    let texts: Vec<String> = (0..3_000).map(|i| words(i * 400..i * 400 + 400)).collect();
    let dir = Dir::new().file("in.jsonl", records(&texts));
    let flags = ["--units", "document", "--output", "out", "--index", "archive", "-q"];
    redite(&dir, ["dedup", "in.jsonl"].into_iter().chain(flags)).ends();
    dir
}

/// Asks a command to end as soon as a file has appeared in a folder; what it says, and the folder's files before. `None` where it was
/// done first.
fn stopped(dir: &Dir, command: &[&str], folder: &str) -> Option<(Ended, Vec<String>)> {
    let before = names(&dir.path(folder));
    let mut command = redite(dir, command).0;
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while names(&dir.path(folder)).iter().all(|name| before.contains(name)) {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let ended = Ended::of(child.wait_with_output().unwrap());
    (ended.code != 0).then_some((ended, before))
}

#[test]
fn a_compaction_or_an_export_that_is_asked_to_end_cleans_up() {
    let dir = large();
    let export = ["index", "export", "archive", "--documents", "d.jsonl", "--matches", "m.jsonl"];
    for (command, folder) in [(&["index", "compact", "archive"][..], "archive"), (&export, ".")] {
        let (ended, before) = (0..20).find_map(|_| stopped(&dir, command, folder)).unwrap();
        assert_eq!(ended.seen(), "exit 1\n--- stdout\n--- stderr\nerror: interrupted, nothing was written\n");
        assert_eq!(names(&dir.path(folder)), before, "{command:?}");
    }
    let told = redite(&dir, ["index", "verify", "archive"]).ends().ok();
    assert!(told.contains("every file is whole"), "{told}");
}

/// It waits for who reads, and nothing it does could be told of that; the second time it takes the asking at its word.
#[cfg(unix)]
#[test]
fn an_export_that_nobody_reads_ends_where_it_is_asked_again() {
    let dir = Dir::new().file("in.jsonl", records(&[words(0..40)]));
    redite(&dir, ["dedup", "in.jsonl", "--output", "out", "--index", "archive", "-q"]).ends().ok();
    assert!(Command::new("mkfifo").arg(dir.path("p")).status().unwrap().success());
    let mut command = redite(&dir, ["index", "export", "archive", "--documents", "p"]).0;
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for wait in [500, 1500] {
        std::thread::sleep(Duration::from_millis(wait));
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    }
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.starts_with("error: interrupted"), "{ended:?}");
}

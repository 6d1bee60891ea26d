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

/// Where nobody has opened what it writes into, it ends when it is asked, and cleans up.
#[cfg(unix)]
#[test]
fn what_waits_for_a_reader_ends_where_it_is_asked() {
    let texts = [words(0..40), words(0..40)];
    let dir = Dir::new().file("in.jsonl", records(&texts));
    redite(&dir, ["dedup", "in.jsonl", "--output", "out", "--index", "archive", "-q"]).ends().ok();
    assert!(Command::new("mkfifo").arg(dir.path("p")).status().unwrap().success());
    let before = names(dir.root());
    for command in [
        &["audit", "in.jsonl", "--matches", "p", "-q"][..],
        &["audit", "in.jsonl", "--matches", "m.jsonl", "--report", "p", "-q"],
        &["dedup", "in.jsonl", "--output", "other", "--removed", "p", "-q"],
        &["index", "export", "archive", "--documents", "p"],
    ] {
        let mut child = redite(&dir, command).0;
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        assert!(child.try_wait().unwrap().is_none(), "{command:?} waits");
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{command:?}: {ended:?}");
        assert_eq!(ended.stderr, "error: interrupted, nothing was written\n", "{command:?}");
        assert_eq!(names(dir.root()), before, "{command:?}");
    }
    // who comes later gets all of it
    let child = redite(&dir, ["audit", "in.jsonl", "--units", "document", "--matches", "p", "-q"]).start();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(std::fs::read_to_string(dir.path("p")).unwrap().lines().count(), 1);
    assert_eq!(Ended::of(child.wait_with_output().unwrap()).code, 0);
}

/// It waits for who does not read on, and nothing it does could be told of that; the second time it takes the asking at its word.
#[cfg(unix)]
#[test]
fn an_export_that_nobody_reads_ends_where_it_is_asked_again() {
    let dir = large();
    assert!(Command::new("mkfifo").arg(dir.path("p")).status().unwrap().success());
    let _reads_nothing = std::fs::File::options().read(true).write(true).open(dir.path("p")).unwrap();
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

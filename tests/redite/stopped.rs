//! `redite index`, asked to end: it cleans up, and ends as every other run does.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cli::{Ended, names, redite};
use crate::language::{Dir, records, words};
use crate::watched::send;
#[cfg(target_os = "linux")]
use crate::watched::{until, until_it_waits};

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
    send(&child, "TERM");
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
#[cfg(target_os = "linux")]
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
        until_it_waits(&mut child);
        send(&child, "TERM");
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{command:?}: {ended:?}");
        assert_eq!(ended.stderr, "error: interrupted, nothing was written\n", "{command:?}");
        assert_eq!(names(dir.root()), before, "{command:?}");
    }
    // who comes later gets all of it
    let mut child =
        redite(&dir, ["audit", "in.jsonl", "--units", "document", "--matches", "p", "-q"]).start();
    until_it_waits(&mut child);
    assert_eq!(std::fs::read_to_string(dir.path("p")).unwrap().lines().count(), 1);
    assert_eq!(Ended::of(child.wait_with_output().unwrap()).code, 0);
}

/// Asked once it goes on, since what it waits for may come; asked again a second later it ends where it stands.
#[cfg(target_os = "linux")]
#[test]
fn an_export_that_nobody_reads_ends_where_it_is_asked_again() {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;
    let dir = large();
    assert!(Command::new("mkfifo").arg(dir.path("p")).status().unwrap().success());
    let at_once = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let mut pipe = std::fs::File::options();
    let mut pipe = pipe.read(true).write(true).custom_flags(at_once).open(dir.path("p")).unwrap();
    let mut command = redite(&dir, ["index", "export", "archive", "--documents", "p"]).0;
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // it writes, and then the pipe is full
    until("it writes", || pipe.read(&mut [0]).is_ok());
    until_it_waits(&mut child);
    send(&child, "TERM");
    let asked = std::time::Instant::now();
    until("more than a second has passed", || {
        assert!(child.try_wait().unwrap().is_none(), "asked once it has ended");
        asked.elapsed() > Duration::from_millis(1500)
    });
    // where it was told of the first late, a second has not yet passed for it
    until("it ends, asked again", || {
        send(&child, "TERM");
        child.try_wait().unwrap().is_some()
    });
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert_eq!(ended.seen(), "exit 1\n--- stdout\n--- stderr\nerror: interrupted, nothing was written\n");
}

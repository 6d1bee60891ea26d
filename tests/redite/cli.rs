//! The command as a user meets it: what stands on the terminal, what is in the files, how it ends.
//!
//! To take over new wordings: `INSTA_UPDATE=always cargo test --test redite cli`.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;
use serde_json::Value;

use crate::language::{Dir, gz, records, words, zst};
#[cfg(target_os = "linux")]
use crate::watched::{HUP, Mask, is_in, send, until, until_it_waits};

/// The command in a folder.
pub(crate) struct Redite(pub(crate) Command);

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn redite<A: AsRef<OsStr>>(dir: &Dir, arguments: impl IntoIterator<Item = A>) -> Redite {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redite"));
    command.current_dir(dir.root()).args(arguments).env("COLUMNS", "100").stdin(Stdio::null());
    Redite(command)
}

impl Redite {
    pub(crate) fn with(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn start(mut self) -> Child {
        self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn ends(mut self) -> Ended {
        Ended::of(self.0.output().unwrap())
    }

    /// Ends after reading this from standard input.
    pub(crate) fn given(self, input: impl AsRef<[u8]>) -> Ended {
        let mut child = self.start();
        child.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
        Ended::of(child.wait_with_output().unwrap())
    }
}

impl Ended {
    pub(crate) fn of(output: std::process::Output) -> Self {
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output, where all went well and nothing needs to be said.
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// All that the user sees.
    pub(crate) fn seen(&self) -> String {
        let Ended { code, stdout, stderr } = self;
        format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}

/// Two documents, the second with an edited copy of the first one's paragraph; and a third, equal to the first.
pub(crate) fn small() -> Dir {
    let first = words(0..30);
    let edited = first.replace("w20", "changed");
    let own = words(100..120);
    Dir::new()
        .file("corpus/a.txt", &first)
        .file("corpus/b.txt", format!("{own}\n{edited}\n"))
        .file("corpus/c.jsonl", serde_json::json!({ "id": "c1", "text": first }).to_string() + "\n")
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn help() {
    let dir = Dir::new();
    assert_snapshot!("help", redite(&dir, ["--help"]).ends().ok());
    assert_snapshot!("audit_help", redite(&dir, ["audit", "--help"]).ends().ok());
    assert_snapshot!("dedup_help", redite(&dir, ["dedup", "--help"]).ends().ok());
    let version = redite(&dir, ["--version"]).ends().ok();
    assert_eq!(version, format!("redite {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_is_exit_2_and_says_what_would_be_right() {
    let dir = small().file("odd/a.pdf", "%PDF");
    let told = |arguments: &str| {
        let ended = redite(&dir, arguments.split(' ')).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments}");
        format!("$ redite {arguments}\n{}\n", ended.stderr)
    };
    let lines = [
        "audit",
        "audti corpus",
        "audit corpus --treshold 0.7",
        "audit corpus --threshold 2",
        "audit corpus --threshold 0.01",
        "audit corpus --threshold x",
        "audit corpus --threshold NaN",
        "audit corpus --recall 1",
        "audit corpus --shingle 0",
        "audit corpus --shingle -1",
        "audit corpus --units nonsense",
        "audit corpus --max-record 9T",
        "audit corpus --max-record 1G",
        "audit corpus --threads 0",
        "audit corpus --threads x",
        "audit corpus --seed 1.5",
        "audit corpus --format pdf",
        "audit missing.jsonl",
        "audit missing/*.jsonl",
        "audit corpus --certify 10 --index none",
        "audit odd/a.pdf",
        "audit - -",
        "audit corpus --json --matches -",
        "audit corpus --floor 0.5 --matches m.pairs.jsonl",
        "audit corpus --report - --matches -",
        "audit corpus --report same --matches same",
        "audit corpus --matches corpus/c.jsonl",
        "audit corpus --report corpus/../corpus/a.txt",
    ];
    assert_snapshot!("wrong_usage", lines.map(told).concat());
    let nothing = redite(&dir, [""; 0]).ends();
    assert_eq!((nothing.code, nothing.stdout.as_str()), (2, ""));
    assert!(nothing.stderr.contains("Usage: redite <COMMAND>"));
    assert_eq!(names(&dir.path("corpus")), ["a.txt", "b.txt", "c.jsonl"]);
    assert_eq!(std::fs::read_to_string(dir.path("corpus/a.txt")).unwrap(), words(0..30));
}

#[test]
fn the_summary() {
    assert_snapshot!("summary", redite(&small(), ["audit", "corpus"]).ends().ok());
}

#[test]
fn nothing_to_read_is_said() {
    let dir = Dir::new().file("odd/a.pdf", "%PDF");
    std::fs::create_dir(dir.path("empty")).unwrap();
    let odd = redite(&dir, ["audit", "odd"]).ends();
    assert_eq!(odd.code, 0);
    assert_snapshot!(odd.stderr, @r"
    warning: nothing to read: odd/a.pdf was ignored

    hint: where a name tells no format, `--format` does; what a link to a folder leads to is read where that is an input itself
    ");
    assert!(
        odd.stdout.contains("Ignored: 1 file of no known format or kind\n    odd/a.pdf\n"),
        "{}",
        odd.stdout
    );
    let empty = redite(&dir, ["audit", "empty"]).ends();
    assert_eq!(empty.code, 0);
    assert_snapshot!(empty.stderr, @"warning: nothing to read: there are no files in the inputs");
    redite(&dir, ["audit", "empty", "--quiet"]).ends().ok();
    let named = redite(&dir, ["audit", "odd", "--format", "text"]).ends().ok();
    assert!(named.contains("1 file, 1 document"), "{named}");
}

#[test]
fn json_is_one_object_with_the_documented_keys() {
    let told = redite(&small(), ["audit", "corpus", "--json"]).ends().ok();
    let told: Value = serde_json::from_str(&told).unwrap();
    let keys: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    for key in [
        "parameters",
        "input",
        "documents",
        "paragraphs",
        "passages",
        "characters",
        "candidates",
        "verified",
        "capped",
        "recall_curve",
        "seconds",
        "skips",
        "groups",
        "warnings",
    ] {
        assert!(keys.contains(&key), "{key} is not in {keys:?}");
    }
    assert_eq!(told["input"]["files"], 3);
    assert_eq!(told["input"]["documents"], 3);
    assert_eq!(told["documents"]["exact_copies"], 1);
    assert_eq!(told["paragraphs"]["near_copies"], 1);
    assert_eq!(told["skips"], serde_json::json!([]));
}

#[test]
fn explain_adds_the_plan() {
    let plain = redite(&small(), ["audit", "corpus"]).ends().ok();
    let explained = redite(&small(), ["audit", "corpus", "--explain"]).ends().ok();
    let added = explained.strip_prefix(&plain).unwrap();
    assert!(added.starts_with("\nPlan\n  "), "{added}");
    assert!(added.contains("similarity   probability of being found\n"), "{added}");
    assert!(added.contains("(below the threshold)"), "{added}");
}

/// The name decides; what stood there before is replaced as a whole, and nothing is left beside.
#[cfg(feature = "parquet")]
#[test]
fn matches_are_a_table_where_the_name_says_so() {
    let dir = small().file("m.PARQUET", "old");
    redite(&dir, ["audit", "corpus", "--matches", "m.PARQUET"]).ends().ok();
    let bytes = std::fs::read(dir.path("m.PARQUET")).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    redite(&dir, ["audit", "corpus", "--matches", "again.parquet", "--threads", "1"]).ends().ok();
    assert!(std::fs::read(dir.path("again.parquet")).unwrap() == bytes);
    assert_eq!(names(dir.root()), ["again.parquet", "corpus", "m.PARQUET"]);
}

/// `--format` overrules names, and columns and header lines are chosen by the same two flags.
#[test]
fn formats_and_fields_are_chosen_by_flags() {
    let text = words(0..20);
    let rows = format!("key,body\na,{text}\nb,{text}\n");
    let record = |id: &str| {
        let header = format!("WARC/1.0\r\nWARC-Type: conversion\r\nX-Key: {id}\r\nWARC-Target-URI: u\r\n");
        format!("{header}Content-Length: {}\r\n\r\n{text}\r\n\r\n", text.len())
    };
    let dir = Dir::new()
        .file("c.txt", &rows)
        .file("t.txt", rows.replace(',', "\t"))
        .file("w.txt", record("a") + &record("b"));
    for (format, file, id) in [("csv", "c.txt", "key"), ("tsv", "t.txt", "key"), ("wet", "w.txt", "x-key")] {
        let flags = ["--format", format, "--text-field", "body", "--id-field", id, "--matches", "-"];
        let lines = redite(&dir, ["audit", file].iter().chain(&flags)).ends().ok();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!((&first["copy"]["id"], &first["original"]["id"]), (&"b".into(), &"a".into()), "{lines}");
    }
}

#[test]
fn matches_are_lines_of_the_documented_columns() {
    let dir = small();
    redite(&dir, ["audit", "corpus", "--units", "document,paragraph", "--matches", "m.jsonl"]).ends().ok();
    let matches = std::fs::read_to_string(dir.path("m.jsonl")).unwrap();
    assert_snapshot!("matches", matches);
    redite(&dir, ["audit", "corpus", "--matches", "m.jsonl"]).ends().ok();
    let matches = std::fs::read_to_string(dir.path("m.jsonl")).unwrap();
    for line in matches.lines() {
        let told: Value = serde_json::from_str(line).unwrap();
        let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        let sorted = ["containment", "copy", "jaccard", "kind", "original", "tokens", "unit"];
        let mut found = keys(&told);
        found.sort();
        assert_eq!(found, sorted);
        for side in ["copy", "original"] {
            let mut found = keys(&told[side]);
            found.sort();
            assert_eq!(found, ["bytes", "chars", "id", "paragraph", "record", "source"]);
        }
    }
    assert_eq!(names(dir.root()), ["corpus", "m.jsonl"]);
    let stdout = redite(&dir, ["audit", "corpus", "--matches", "-"]).ends().ok();
    assert_eq!(stdout, matches);
}

#[test]
fn threads_change_nothing() {
    let mut texts: Vec<_> = (0..300).map(|i| words(i * 7..i * 7 + 40)).collect();
    texts.extend((0..300).map(|i| words(i * 14..i * 14 + 41)));
    let dir = Dir::new().file("corpus.jsonl", records(&texts));
    let run = |threads: &str| {
        redite(&dir, ["audit", "corpus.jsonl", "--matches", "-", "--threads", threads]).ends().ok()
    };
    let one = run("1");
    assert!(one.lines().count() > 100);
    assert!(one == run("2") && one == run("8"));
}

#[test]
fn the_report_is_written() {
    let dir = small();
    redite(&dir, ["audit", "corpus", "--report", "r.html"]).ends().ok();
    let report = std::fs::read_to_string(dir.path("r.html")).unwrap();
    assert!(report.starts_with("<!DOCTYPE html>"));
    assert_eq!(names(dir.root()), ["corpus", "r.html"]);
    assert_eq!(redite(&dir, ["audit", "corpus", "--report", "-"]).ends().ok(), report);
}

#[test]
fn skipped_records_are_told_and_strict_makes_them_exit_3() {
    let dir = Dir::new().file("a.jsonl", "{\"text\":\"fine\"}\n{\"txet\":1}\nnonsense\n");
    let lax = redite(&dir, ["audit", "a.jsonl"]).ends();
    assert_eq!(lax.code, 0);
    assert_snapshot!(lax.stderr, @"warning: 2 records or files were skipped: 1 `invalid_json`, 1 `missing_text`; first a.jsonl:2: no field `text`; there are `txet`; `--text-field` names one");
    assert!(lax.stdout.contains("Skipped: 2 records and files"), "{}", lax.stdout);
    redite(&dir, ["audit", "a.jsonl", "--quiet"]).ends().ok();
    let strict = redite(&dir, ["audit", "a.jsonl", "--strict", "--matches", "m.jsonl"]).ends();
    assert_eq!(strict.code, 3);
    assert_eq!(names(dir.root()), ["a.jsonl", "m.jsonl"]);
    redite(&small(), ["audit", "corpus", "--strict"]).ends().ok();
}

/// That nothing repeats where nothing was read is no result: nobody looks at a warning behind an exit code of 0.
#[test]
fn an_audit_of_which_nothing_can_be_used_is_refused() {
    let renamed = records(&[words(0..30), words(0..30)]).replace("\"text\"", "\"body\"");
    let dir = Dir::new()
        .file("in/a.jsonl", renamed)
        .file("in/b.csv", zst("id,text\n1,a\n"))
        .file("empty.jsonl", "");
    for more in [&[][..], &["--quiet", "--json"], &["--strict"], &["--memory", "200MiB"]] {
        let all = ["audit", "in", "empty.jsonl", "--matches", "m.jsonl"].iter().chain(more);
        let refused = redite(&dir, all).ends();
        assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{}", refused.stderr);
        let told = "error: nothing was written: of 3 records and files none could be used\n\n  \
            2 without the text field, first in/a.jsonl:1: no field `text`; there are `body`; `--text-field` names one\n  \
            1 could not be read, first in/b.csv: it begins as zstandard does: add `.zst` to its name\n\n\
            hint: say how they are to be read with `--text-field` or `--format`, or leave them out\n";
        assert!(refused.stderr.ends_with(told), "{}", refused.stderr);
        assert_eq!(names(dir.root()), ["empty.jsonl", "in"]);
    }
    redite(&dir, ["audit", "in", "--text-field", "body", "--quiet"]).ends().ok();
    assert_eq!(redite(&dir, ["audit", "empty.jsonl"]).ends().code, 0);
}

#[test]
fn standard_input_is_unpacked() {
    let dir = Dir::new();
    let lines = records(&[words(0..30), words(0..30)]);
    let run = |bytes: Vec<u8>| redite(&dir, ["audit", "-", "--matches", "-"]).given(bytes).ok();
    let plain = run(lines.clone().into());
    assert!(plain.lines().count() > 1);
    assert!(plain.contains(r#""source":"-""#));
    assert_eq!(plain, run(gz(&lines)));
    assert_eq!(plain, run(zst(&lines)));
    let text = redite(&dir, ["audit", "-", "--format", "text"]).given("one text\n").ok();
    assert!(text.contains("1 document, 1 paragraph"), "{text}");
}

#[test]
fn colour_is_for_terminals() {
    assert!(!redite(&small(), ["audit", "corpus"]).ends().ok().contains('\x1b'));
}

/// On a terminal, as `script` from util-linux makes one.
#[cfg(target_os = "linux")]
#[test]
fn terminals_get_colour_unless_told_otherwise() {
    let dir = small();
    let on_terminal = |set: &str| {
        let command = format!("{set} {} audit corpus", env!("CARGO_BIN_EXE_redite"));
        let mut script = Command::new("script");
        script.current_dir(dir.root()).args(["-qec", &command, "/dev/null"]).stdin(Stdio::null());
        script.output().ok().map(|output| String::from_utf8(output.stdout).unwrap())
    };
    let Some(coloured) = on_terminal("") else {
        eprintln!("skipped: there is no `script`");
        return;
    };
    assert!(coloured.contains("\x1b[1mRead\x1b[0m"), "{coloured}");
    assert!(!on_terminal("NO_COLOR=1").unwrap().contains("\x1b[1m"));
    assert!(on_terminal("NO_COLOR=").unwrap().contains("\x1b[1m"));
}

#[test]
fn outputs_without_a_place_are_told_before_the_run() {
    let dir = small();
    for (arguments, told) in [
        (
            ["--matches", "no/m.jsonl"],
            "error: `no/m.jsonl`: the output can't be written: there is no folder `no`\n\nhint: make it first\n",
        ),
        (
            ["--report", "corpus"],
            "error: `corpus`: the output can't be written: it is a folder\n\nhint: name a file\n",
        ),
        (
            ["--matches", "lists/"],
            "error: `lists/`: the output can't be written: a name that ends so is a folder's\n\nhint: name a file\n",
        ),
        (
            ["--matches", "corpus/a.txt/m"],
            "error: `corpus/a.txt/m`: the output can't be written: `corpus/a.txt` is no folder\n\nhint: name a file in a folder\n",
        ),
    ] {
        // standard input never ends: the run would wait
        let mut child = redite(&dir, ["audit", "-"].iter().chain(&arguments)).start();
        assert_eq!(child.wait().unwrap().code(), Some(2));
        let mut stderr = String::new();
        child.stderr.unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, told);
    }
    assert_eq!(names(dir.root()), ["corpus"]);
}

#[test]
fn a_missing_temporary_folder_is_told_before_the_run() {
    let ended = redite(&small(), ["audit", "corpus", "--temp-dir", "none"]).ends();
    assert_snapshot!("no_temporary_folder", ended.seen());
}

#[cfg(target_os = "linux")]
#[test]
fn full_outputs_are_errors() {
    let dir = small();
    let ended = redite(&dir, ["audit", "corpus", "--matches", "/dev/full", "--report", "r.html"]).ends();
    assert_snapshot!("full_output", ended.seen());
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut to_full = redite(&dir, ["audit", "corpus"]);
    to_full.0.stdout(full);
    assert_eq!(to_full.0.output().unwrap().status.code(), Some(1));
    assert_eq!(names(dir.root()), ["corpus"]);
}

/// Needs a small file system, which only root can make.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_nothing_stays() {
    let dir = Dir::new();
    let disk = dir.path("disk");
    std::fs::create_dir(&disk).unwrap();
    // in a mount name space of its own: nothing to undo, whatever happens
    let run = |arguments: &str, after: &str| {
        let redite = env!("CARGO_BIN_EXE_redite");
        let line =
            format!("mount -t tmpfs -o size=1m none disk && {redite} {arguments}; echo \"exit $?\"; {after}");
        let mut command = Command::new("unshare");
        command.current_dir(dir.root()).args(["--mount", "sh", "-c", &line]).output()
    };
    if !run("--version", "").is_ok_and(|output| output.stdout.starts_with(b"redite")) {
        eprintln!("skipped: file systems can't be mounted here");
        return;
    }
    let texts: Vec<_> = (0..12_000).map(|i| format!("{} {}", i % 6000, words(0..200))).collect();
    let lines = records(&texts);
    assert!(lines.len() > 8 << 20);
    std::fs::write(dir.path("a.jsonl.zst"), zst(&lines)).unwrap();
    let spooled = Ended::of(run("audit a.jsonl.zst --temp-dir disk", "ls -A disk").unwrap());
    assert_snapshot!("full_temporary_folder", spooled.seen());
    let written = Ended::of(
        run("audit a.jsonl.zst --matches disk/m.jsonl --report disk/r.html", "ls -A disk").unwrap(),
    );
    assert_snapshot!("full_disk", written.seen());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let texts: Vec<_> = (0..4000).map(|i| words(i % 500..i % 500 + 30)).collect();
    let dir = Dir::new().file("corpus.jsonl", records(&texts));
    for arguments in [&["--json"][..], &["--matches", "-"], &["--report", "-"], &[]] {
        let mut child = redite(&dir, ["audit", "corpus.jsonl"].iter().chain(arguments)).start();
        let mut stdout = child.stdout.take().unwrap();
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        drop(stdout);
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{arguments:?}");
    }
}

/// What the parent has it ignore, a run ignores: `nohup` holds.
#[cfg(target_os = "linux")]
#[test]
fn what_is_ignored_stays_ignored() {
    let dir = Dir::new();
    let line = format!("trap '' HUP; exec {} audit - --json -q", env!("CARGO_BIN_EXE_redite"));
    let mut child = Command::new("sh");
    child.args(["-c", &line]).current_dir(dir.root()).stdin(Stdio::piped());
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let process = child.id();
    // until then it may still be the shell, which ignores it anyway
    until_it_waits(&mut child);
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap();
    assert_eq!(name.trim_end(), "redite");
    assert!(is_in(Mask::Ignored, process, HUP) && !is_in(Mask::Caught, process, HUP));
    send(&child, "HUP");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Asked once it ends a moment later, asked again sooner; what it reads from stays open.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_run_that_waits_for_a_pipe() {
    let dir = Dir::new();
    for is_asked_again in [false, true] {
        let mut child = redite(&dir, ["audit", "-", "--matches", "m.jsonl", "--report", "r.html"]).start();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(records(&[words(0..30)]).as_bytes()).unwrap();
        until_it_waits(&mut child);
        // not INT, which a shell has its background jobs ignore
        send(&child, "TERM");
        until("the run ends", || {
            if is_asked_again {
                send(&child, "TERM");
            }
            child.try_wait().unwrap().is_some()
        });
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!(ended.seen(), "exit 1\n--- stdout\n--- stderr\nerror: interrupted, nothing was written\n");
        assert_eq!(names(dir.root()), [""; 0]);
        drop(stdin);
    }
}

#[test]
fn a_text_on_standard_input_is_told_how_it_would_be_read() {
    let dir = Dir::new();
    let hint = "hint: a text on standard input needs `--format text`";
    let told = |input: &str| redite(&dir, ["audit", "-"]).given(input).stderr.contains(hint);
    assert!(told("Only a text,\n\nof two lines.\n"));
    assert!(!told(&format!("{}no record\n", records(&[words(0..30)]))));
    redite(&dir, ["audit", "-", "--format", "text"]).given("Only a text,\n\nof two lines.\n").ok();
}

#[cfg(unix)]
#[test]
fn open_files_by_name_are_not_renamed_over() {
    let dir = small();
    let mut run = redite(&dir, ["audit", "corpus", "--units", "document", "--matches", "/dev/stdout"]);
    run.0.stdout(std::fs::File::create(dir.path("out")).unwrap());
    assert!(run.0.status().unwrap().success());
    let mut run = redite(&dir, ["audit", "corpus", "--units", "document", "--matches", "/dev/stderr"]);
    run.0.stderr(std::fs::File::create(dir.path("err")).unwrap()).stdout(Stdio::null());
    assert!(run.0.status().unwrap().success());
    let [out, err] = ["out", "err"].map(|name| std::fs::read_to_string(dir.path(name)).unwrap());
    assert_eq!(out.lines().count(), 1);
    assert_eq!(out, err);
    assert!(Path::new("/dev/stdout").is_symlink() && Path::new("/dev/stderr").is_symlink());
}

/// However it is spelled, and by way of a link, too.
#[cfg(target_os = "linux")]
#[test]
fn standard_output_is_known_by_each_of_its_names() {
    let dir = small();
    std::os::unix::fs::symlink("/dev/stdout", dir.path("link")).unwrap();
    for name in ["-", "/dev/../dev/stdout", "/dev//fd/../fd/1", "/proc/self/fd/1", "link", "./link"] {
        let mut run = redite(&dir, ["audit", "corpus", "--units", "document", "--matches", name]);
        run.0.stdout(std::fs::File::create(dir.path("out")).unwrap());
        assert!(run.0.status().unwrap().success(), "{name}");
        assert_eq!(std::fs::read_to_string(dir.path("out")).unwrap().lines().count(), 1, "{name}");
        let refused = redite(&dir, ["audit", "corpus", "--json", "--matches", name]).ends();
        assert!(refused.code == 2 && refused.stderr.contains("standard output"), "{name}: {refused:?}");
    }
    assert!(dir.path("link").is_symlink());
    // the names of other files are no name of it
    redite(&dir, ["audit", "corpus", "--json", "--quiet", "--matches", "./1"]).ends().ok();
    assert!(dir.path("1").is_file());
}

/// Names with spaces, line ends, escapes; names that are no UTF-8 at all.
#[cfg(target_os = "linux")]
#[test]
fn odd_file_names_are_read_and_told_in_one_line() {
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new().file("in/with space.txt", words(0..30)).file("in/line\nend.txt", words(0..30));
    let dir = dir.file("in/\x1b[31mred.txt", words(0..30)).file("in/日本語 عربي été.txt", words(0..30));
    let broken = OsStr::from_bytes(b"in/not utf \xFF.txt");
    std::fs::write(dir.root().join(broken), words(0..30)).unwrap();
    let told = redite(&dir, ["audit", "in"]).ends().ok();
    assert!(told.contains("5 files, 5 documents"), "{told}");
    assert!(!told.contains('\x1b') && !told.contains("line\nend"), "{told}");
    let alone = redite(&dir, ["audit"]).with(broken).ends().ok();
    assert!(alone.contains("1 file, 1 document"), "{alone}");
    let missing = redite(&dir, ["audit", "no\n\x1b[31mred"]).ends();
    assert_eq!(missing.code, 2);
    assert!(!missing.stderr.contains('\x1b'), "{:?}", missing.stderr);
    let matches = redite(&dir, ["audit", "in", "--matches", "-"]).ends().ok();
    assert!(matches.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

/// A bound on memory changes nothing that is told; what is expected is told before.
#[test]
fn memory_is_bounded() {
    let dir = Dir::new().file("in.jsonl", records(&[words(0..80), words(2..80), words(100..130)]));
    let told = |bound: &[&str]| {
        let arguments = ["audit", "in.jsonl", "--matches", "-"].iter().chain(bound);
        redite(&dir, arguments).ends()
    };
    let (free, bounded) = (told(&[]), told(&["--memory", "1GiB"]));
    assert_eq!((free.code, free.stderr.as_str()), (0, ""));
    let folder = std::env::temp_dir();
    let expected = format!(
        "expected: about 1 MiB to read, 96 MiB of memory, 0 MiB of temporary files in `{}`\n",
        folder.display()
    );
    assert_eq!((bounded.code, bounded.stderr), (0, expected));
    assert_eq!(bounded.stdout, free.stdout);
    assert_eq!(told(&["--memory", "1GiB", "--quiet"]).stderr, "");
    assert_eq!(told(&["--memory", "much"]).code, 2);
}

/// Where nights are appended to one file, each is a line.
#[test]
fn an_object_of_json_is_one_line() {
    let dir = small();
    let night = ["dedup", "corpus", "--output", "o", "--force", "--index", "archive", "--json", "-q"];
    let floor =
        ["audit", "corpus", "--floor", "0.5", "--threshold", "0.8", "--matches", "m.jsonl", "--json", "-q"];
    let asked: [&[&str]; 5] = [
        &night,
        &floor,
        &["rethreshold", "m.jsonl", "--threshold", "0.7", "--json"],
        &["index", "stats", "archive", "--json"],
        &["index", "forget", "archive", "--source", "corpus/a.txt", "--dry-run", "--json"],
    ];
    for arguments in asked {
        let told = redite(&dir, arguments).ends().ok();
        assert_eq!(told.matches('\n').count(), 1, "{arguments:?}");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert!(told.is_object());
    }
}

/// `--units document` and `--remove documents`: either takes both numbers.
#[test]
fn units_are_understood_in_the_singular_and_in_the_plural() {
    let dir = small();
    for remove in ["document,paragraph,passage", "documents,paragraphs,passages"] {
        let flags =
            ["dedup", "corpus", "--output", "o", "--force", "-q", "--units", remove, "--remove", remove];
        redite(&dir, flags).ends().ok();
    }
}

#[test]
fn a_page_of_the_manual_names_the_version() {
    let version = concat!("\"redite ", env!("CARGO_PKG_VERSION"), "\"");
    for command in [&["man"][..], &["man", "dedup"], &["man", "index", "forget"]] {
        let page = redite(&Dir::new(), command).ends().ok();
        let title = page.lines().find(|line| line.starts_with(".TH ")).unwrap();
        assert!(title.contains(version), "{title}");
    }
}

#[test]
fn another_threshold_is_told_with_the_numbers_of_all_other_lists() {
    let texts: Vec<String> = (0..1_200).map(|text| words(50 * text..50 * text + 20)).collect();
    let dir = Dir::new().file("a.jsonl", records(&texts));
    let flags = ["--units", "document", "--floor", "0.5", "--matches", "m.jsonl", "-q"];
    redite(&dir, ["audit", "a.jsonl"].iter().chain(&flags)).ends().ok();
    let told = redite(&dir, ["rethreshold", "m.jsonl", "--threshold", "0.7"]).ends().ok();
    assert!(told.contains(" 1,200 originals, 0 copies"), "{told}");
}

/// What README shows is what the command prints.
#[test]
fn the_sample_of_the_readme_is_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, behind) = readme.split_once("```text\n$ redite ").unwrap();
    let (sample, _) = behind.split_once("```").unwrap();
    let (arguments, sample) = sample.split_once('\n').unwrap();
    let printed = Command::new(env!("CARGO_BIN_EXE_redite"))
        .current_dir(root)
        .args(arguments.split(' '))
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let mut rest = printed.as_str();
    for block in sample.split("...\n") {
        let at = rest.find(block).unwrap_or_else(|| panic!("not printed so:\n{block}\nbut:\n{printed}"));
        rest = &rest[at + block.len()..];
    }
}

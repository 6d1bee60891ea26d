//! Where `redite dedup` writes: places that are refused, names, permissions, mounts, and what a broken run leaves.

use std::process::Command;

use insta::assert_snapshot;

use crate::cli::{Ended, names, redite, small};
use crate::dedup::{read, versions};
use crate::language::{Dir, files, records, words, zst};

/// What only some may read stays so.
#[cfg(unix)]
#[test]
fn the_output_may_be_read_by_whoever_may_read_the_input() {
    use std::os::unix::fs::PermissionsExt;
    let dir = versions();
    let mode = |path: &str| std::fs::metadata(dir.path(path)).unwrap().permissions().mode() & 0o777;
    for (file, bits) in [("agency/a.jsonl", 0o600), ("paper/b.jsonl.gz", 0o440), ("paper/c.jsonl", 0o644)] {
        let permissions = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(dir.path(&format!("in/{file}")), permissions).unwrap();
    }
    let folders = [("", 0o750), ("/agency", 0o700), ("/paper", 0o755)];
    for (folder, bits) in folders {
        let permissions = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(dir.path(&format!("in{folder}")), permissions).unwrap();
    }
    std::fs::create_dir_all(dir.path("there/paper")).unwrap();
    assert_eq!(redite(&dir, ["dedup", "in", "--output", "out", "-q"]).ends().code, 0);
    assert_eq!(redite(&dir, ["dedup", "in", "--output", "there", "-q", "--force"]).ends().code, 0);
    assert_eq!(redite(&dir, ["dedup", "in", "in/paper/c.jsonl", "--output", "two", "-q"]).ends().code, 0);
    let more = |path: &str, bits: u32| mode(path) & !bits;
    for (folder, bits) in folders {
        assert_eq!(more(&format!("out{folder}"), bits), 0, "out{folder}");
        assert_eq!(more(&format!("two/in{folder}"), bits), 0, "two/in{folder}");
    }
    assert_eq!(more("there/agency", 0o700), 0);
    let modes =
        ["agency/a.jsonl", "paper/b.jsonl.gz", "paper/c.jsonl"].map(|file| mode(&format!("out/{file}")));
    assert_eq!(modes, [0o600, 0o440, 0o644]);
}

/// Lists that the next run over the folder would take for texts.
#[test]
fn a_list_in_an_input_is_told() {
    let dir = versions();
    let told = |matches: &str| {
        let ended = redite(&dir, ["audit", "in", "--matches", matches]).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stderr.contains("lies in an input: the next run over that would read it, too")
    };
    assert!(told("in/m.jsonl") && !told("m.jsonl") && !told("in/m.list"));
}

/// It would be another night when it is run again: so it is refused the first time.
#[test]
fn a_list_of_a_night_in_an_input_is_refused() {
    let dir = versions();
    for flag in ["--matches", "--removed"] {
        let ended =
            redite(&dir, ["dedup", "in", "--index", "ix", "--output", "out", flag, "in/m.jsonl"]).ends();
        let lies = "`in/m.jsonl`: lies in an input, and would be read when the night is run again";
        assert!(ended.code == 2 && ended.stderr.contains(lies), "{ended:?}");
        assert!(!dir.path("ix").exists() && !dir.path("in/m.jsonl").exists());
    }
    let all =
        ["dedup", "in", "--index", "ix", "--output", "out", "--format", "jsonl", "--removed", "in/m.lst"];
    let ended = redite(&dir, all).ends();
    assert!(ended.code == 2 && ended.stderr.contains("`in/m.lst`: lies in an input"), "{ended:?}");
}

#[test]
fn places_that_would_do_harm_are_refused() {
    let dir = small().file("more/a.txt", words(300..330)).file("odd/a.txt/b.txt", words(400..430));
    let dir = dir.file("table.csv", "id,text\n1,one\n");
    std::fs::create_dir_all(dir.path("full/x")).unwrap();
    let told = |arguments: &str| {
        let ended = redite(&dir, arguments.split(' ')).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments}");
        format!("$ redite {arguments}\n{}\n", ended.stderr)
    };
    let lines = [
        "dedup corpus",
        "dedup corpus --output -",
        "dedup corpus --output corpus",
        "dedup corpus --output corpus/clean",
        "dedup corpus/a.txt --output corpus",
        "dedup corpus --output .",
        "dedup corpus --output corpus/a.txt",
        "dedup corpus --output no/folder",
        "dedup corpus --output full",
        "dedup corpus/a.txt more/a.txt --output out",
        "dedup corpus/a.txt odd --output corpus/../out --prefer shortest",
        "dedup table.csv --output out --annotate",
        "dedup corpus --output out --protect [",
        "dedup corpus --output out --max-removed 101%",
        "dedup corpus --output out --remove everything",
        "dedup corpus --output out --removed - --json",
        "dedup corpus --output out --removed corpus/c.jsonl",
        "dedup corpus --output out --removed x --matches x",
        "dedup corpus --output out --removed removed.jsonl.gz",
        "dedup corpus --output out --annotate --text-field redite",
        "dedup corpus --output out --id-field text",
        "dedup corpus --output out --source-field text",
        "dedup corpus --output out --prefer oldest:text",
        "dedup corpus --output out --prefer newest:body --text-field body",
        "dedup corpus --output out --date-field text",
        "audit corpus --date-field text",
        "dedup corpus --output out --remove documents,paragraphs --floor 0.3",
    ];
    assert_snapshot!("dedup_wrong_usage", lines.map(told).concat());
    assert_eq!(names(dir.root()), ["corpus", "full", "more", "odd", "table.csv"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path("corpus"), dir.path("link")).unwrap();
        assert_eq!(redite(&dir, ["dedup", "corpus", "--output", "link/clean"]).ends().code, 2);
        std::os::unix::fs::symlink(dir.path("nowhere"), dir.path("away")).unwrap();
        let told = redite(&dir, ["dedup", "corpus", "--output", "away"]).ends();
        assert!(told.code == 2 && told.stderr.contains("a link that leads nowhere"), "{}", told.stderr);
    }
}

#[test]
fn several_inputs_keep_their_names() {
    let dir = small().file("more/a.txt", words(300..330)).file("x.jsonl", records(&[words(500..530)]));
    redite(&dir, ["dedup", "corpus", "./more/", "x.jsonl", "--output", "out", "-q"]).ends().ok();
    let places: Vec<String> = files(&dir.path("out")).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["corpus/a.txt", "corpus/b.txt", "corpus/c.jsonl", "more/a.txt", "x.jsonl"]);
    let given =
        redite(&dir, ["dedup", "-", "--output", "piped", "-q"]).given(zst(read(&dir, "x.jsonl").repeat(2)));
    given.ok();
    assert_eq!(read(&dir, "piped/stdin.jsonl"), read(&dir, "x.jsonl"));
    redite(&dir, ["dedup", "-", "--format", "text", "--output", "text", "-q"]).given("one text").ok();
    assert_eq!(read(&dir, "text/stdin.txt"), "one text");
}

#[test]
fn force_replaces_what_the_run_writes_and_nothing_else() {
    let dir = small().file("out/foreign.txt", "stays").file("out/c.jsonl", "old").file("out/a.txt/x", "");
    let failed = redite(&dir, ["dedup", "corpus", "--output", "out", "--force"]).ends();
    // and nothing before it has moved
    assert_eq!(failed.code, 2);
    assert!(
        failed.stderr.contains("`out/a.txt`: the output can't be written: a folder"),
        "{}",
        failed.stderr
    );
    assert_eq!(read(&dir, "out/c.jsonl"), "old");
    std::fs::remove_dir_all(dir.path("out/a.txt")).unwrap();
    let dir = dir.file("in/a.txt", words(0..30)).file("in/b.txt", words(0..30)).file("out/b.txt", "stale");
    // what a killed run left is not told of: it goes
    let dir = dir.file("out/.out.redite-AbC123.tmp/part.jsonl", "left");
    let done = redite(&dir, ["dedup", "in", "--output", "out", "--force"]).ends();
    assert_snapshot!(done.stderr, @"warning: `out` holds 2 files that are not of this corpus; they stay");
    assert_eq!(names(&dir.path("out")), ["a.txt", "c.jsonl", "foreign.txt"]);
    assert_eq!(read(&dir, "out/foreign.txt"), "stays");
    assert_eq!(names(dir.root()), ["corpus", "in", "out"]);
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_leaves_no_debris() {
    let dir = Dir::new();
    let mut child = redite(&dir, ["dedup", "-", "--output", "out", "--removed", "r.jsonl"]).start();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), records(&[words(0..30)]).as_bytes()).unwrap();
    crate::watched::until_it_waits(&mut child);
    crate::watched::send(&child, "TERM");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(names(dir.root()), [""; 0]);
}

/// Runs a line of the shell where mounts are its own; `None` where nothing can be mounted, as only root can.
#[cfg(target_os = "linux")]
fn with_mounts(dir: &Dir, line: &str) -> Option<Ended> {
    let run = |line: &str| {
        Command::new("unshare").current_dir(dir.root()).args(["--mount", "sh", "-c", line]).output()
    };
    if !run("mkdir probe && mount -t tmpfs none probe; rmdir probe 2>&1")
        .is_ok_and(|ended| ended.stderr.is_empty())
    {
        let _ = std::fs::remove_dir(dir.path("probe"));
        eprintln!("skipped: file systems can't be mounted here");
        return None;
    }
    std::fs::remove_dir(dir.path("probe")).unwrap();
    Some(Ended::of(run(&line.replace("$redite", env!("CARGO_BIN_EXE_redite"))).unwrap()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_debris() {
    let texts: Vec<_> = (0..3_000).map(|i| words(i * 9..i * 9 + 200)).collect();
    let dir = Dir::new().file("a.jsonl", records(&texts));
    std::fs::create_dir(dir.path("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=1m none disk";
    let line = format!("{mount} && $redite dedup a.jsonl --output disk/out; echo \"exit $?\"; ls -A disk");
    if let Some(ended) = with_mounts(&dir, &line) {
        assert_snapshot!("dedup_full_disk", ended.seen());
    }
}

/// Nothing can be renamed onto the place of a mount, be it of another file system or of the same.
#[cfg(target_os = "linux")]
#[test]
fn the_output_may_be_a_mount() {
    let texts = [words(0..30), words(40..70), words(0..30)];
    for mount in ["mount -t tmpfs none out", "mount --bind disk out"] {
        let dir = Dir::new().file("in/a.jsonl", records(&texts)).file("in/deep/b.txt", words(80..90));
        ["out", "disk"].iter().for_each(|name| std::fs::create_dir(dir.path(name)).unwrap());
        let run = "$redite dedup in --output out --index ix --quiet >told";
        // what a killed run has left is no file of somebody else's
        let leftover = "mkdir out/.out.redite-AbC123.tmp";
        let seen = "wc -l <out/a.jsonl; find out -type f -o -name '.*' | sort; ls -A";
        let Some(ended) =
            with_mounts(&dir, &format!("{mount} && {leftover} && {run} && {run}; echo $?; {seen}"))
        else {
            return;
        };
        let expected = "0\n2\nout/a.jsonl\nout/deep/b.txt\ndisk\nin\nix\nout\ntold\n";
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), (expected, ""), "{mount}");
    }
}

/// Two files whose names are no UTF-8 are two sources, and an empty folder stays whose it was.
#[cfg(target_os = "linux")]
#[test]
fn names_and_permissions_are_the_system_s() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let texts = [words(0..30), words(100..130)];
    let dir = Dir::new().file("in/x.txt", "");
    std::fs::remove_file(dir.path("in/x.txt")).unwrap();
    for name in [b"a\xE8.jsonl", b"a\xE9.jsonl"] {
        let path = dir.path("in").join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(path, records(&texts)).unwrap();
    }
    std::fs::create_dir(dir.path("out")).unwrap();
    std::fs::set_permissions(dir.path("out"), std::fs::Permissions::from_mode(0o2770)).unwrap();
    let refused = redite(&dir, ["dedup", "in", "--output", "out", "--max-removed", "60%"]).ends();
    assert!(refused.code == 4 && refused.stderr.contains("a\\xE9.jsonl"), "{}", refused.stderr);
    assert_eq!(redite(&dir, ["dedup", "in", "--output", "out", "--quiet"]).ends().code, 0);
    assert_eq!(std::fs::metadata(dir.path("out")).unwrap().permissions().mode() & 0o7777, 0o2770);
    // the second of two files that are equal, named as the system has it and as reports do
    let [as_it_is, as_told] = [&b"in/a\xE9.jsonl"[..], b"in/a\\xE9.jsonl"].map(std::ffi::OsStr::from_bytes);
    for protected in [as_it_is, as_told] {
        let run =
            redite(&dir, ["dedup", "in", "--output", "kept", "--force", "--protect"]).with(protected).ends();
        assert_eq!((run.code, run.stderr.contains("protects nothing")), (0, false), "{}", run.stderr);
        let kept = dir.path("kept").join(std::ffi::OsStr::from_bytes(b"a\xE9.jsonl"));
        assert_eq!(std::fs::read_to_string(kept).unwrap(), records(&texts));
    }
}

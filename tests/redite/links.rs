//! Paths that are not what they seem: links below an output, names that look like patterns.

use crate::cli::redite;
use crate::language::{Dir, files, words};

/// With `--force` too, no file is written through a folder that is a link, and none is removed there.
#[cfg(unix)]
#[test]
fn a_linked_folder_in_the_output_is_refused() {
    for leads_to in ["in/s", "elsewhere"] {
        let dir = Dir::new()
            .file("in/a.txt", words(0..20))
            .file("in/s/b.txt", words(0..20))
            .file("elsewhere/b.txt", "not of this run")
            .file("out/old.txt", "old");
        std::os::unix::fs::symlink(dir.path(leads_to), dir.path("out/s")).unwrap();
        let before = [files(&dir.path("in")), files(&dir.path("elsewhere"))];
        let command = ["dedup", "in", "--output", "out", "--force", "--quiet", "--index", "archive"];
        let refused = redite(&dir, command).ends();
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(!dir.path("archive").exists(), "it was refused before anything was done");
        assert!(refused.stderr.contains("a link stands where a folder goes"), "{}", refused.stderr);
        assert_eq!([files(&dir.path("in")), files(&dir.path("elsewhere"))], before);
    }
}

/// One file under several names is read under each, which is told: by a link, by a hard link, across inputs. Archives of
/// snapshots have such; none is left out.
#[cfg(unix)]
#[test]
fn a_file_with_several_names_is_told() {
    let dir = Dir::new()
        .file("in/a.txt", words(0..20))
        .file("in/b.txt", words(30..50))
        .file("other/d.txt", words(60..80));
    let told = |inputs: &[&str]| {
        let ended = redite(&dir, ["audit"].iter().chain(inputs)).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let quiet = redite(&dir, ["audit", "-q"].iter().chain(inputs)).ends();
        assert_eq!((quiet.stderr.as_str(), &quiet.stdout), ("", &ended.stdout));
        let warning = ended.stderr.lines().find(|line| line.starts_with("warning")).map(str::to_owned);
        (warning.unwrap_or_default(), ended.stdout)
    };
    assert_eq!(told(&["in", "other"]).0, "");
    std::fs::hard_link(dir.path("in/b.txt"), dir.path("other/e.txt")).unwrap();
    assert_eq!(told(&["in"]).0, "");
    let (warning, stdout) = told(&["in", "other"]);
    let expected = "warning: `other/e.txt` is the same file as `in/b.txt`, by a link or a hard link: its texts will be reported as copies of themselves";
    assert_eq!(warning, expected);
    assert!(stdout.contains("1 of 4"), "{stdout}");
    std::os::unix::fs::symlink(dir.path("in/a.txt"), dir.path("in/c.txt")).unwrap();
    let expected = "warning: `in/c.txt` is the same file as `in/a.txt`, by a link or a hard link";
    assert_eq!(told(&["in"]).0, format!("{expected}: its texts will be reported as copies of themselves"));
    assert_eq!(
        told(&["in", "other"]).0,
        format!("{expected}, and so it is with 1 more: its texts will be reported as copies of themselves")
    );
    // the same path is told as before, and only that
    assert!(told(&["in", "in/b.txt"]).0.contains("`in/b.txt` is read twice"));
}

/// A folder whose name has brackets is protected as it is called.
#[test]
fn names_with_brackets_are_protected() {
    for name in ["[a]rch", "a[rch"] {
        let [old, new] = [words(0..30), words(0..30)];
        let dir = Dir::new().file(&format!("{name}/x.txt"), old.clone()).file(&format!("{name}/y.txt"), old);
        let dir = dir.file("new/z.txt", new);
        let done =
            redite(&dir, ["dedup", name, "new", "--output", "out", "--protect", name, "--quiet"]).ends();
        assert_eq!(done.code, 0, "{done:?}");
        let kept: Vec<String> = files(&dir.path("out")).into_iter().map(|(name, _)| name).collect();
        assert_eq!(kept.len(), 2, "{kept:?}");
    }
}

/// `.` is the working folder, and a name in it what lies there, however the inputs are spelled.
#[cfg(unix)]
#[test]
fn what_lies_here_is_protected_however_it_is_spelled() {
    let dir = Dir::new().file("here/in/a.txt", words(0..30)).file("here/in/b.txt", words(0..30));
    std::os::unix::fs::symlink(dir.path("here"), dir.path("link")).unwrap();
    let link = dir.path("link/in").display().to_string();
    for (protect, inputs) in [".", "in", "in/*.txt"]
        .map(|name| (name, ["../here/in", "../link/in", &link]))
        .iter()
        .flat_map(|(protect, inputs)| inputs.iter().map(move |input| (*protect, *input)))
    {
        let mut run = redite(&dir, ["dedup", inputs, "--output", "../out", "--force", "--protect", protect]);
        let done = crate::cli::Ended::of(run.0.current_dir(dir.path("here")).output().unwrap());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{protect} {inputs}");
        assert_eq!(files(&dir.path("out")).len(), 2, "{protect} {inputs}");
    }
    // what lies elsewhere does not
    let dir = dir.file("else/a.txt", words(0..30)).file("else/b.txt", words(0..30));
    let mut run = redite(&dir, ["dedup", "../else", "--output", "../other", "--protect", ".", "-q"]);
    assert!(run.0.current_dir(dir.path("here")).status().unwrap().success());
    assert_eq!(files(&dir.path("other")).len(), 1);
}

/// A path that is no UTF-8 is what it names, brackets and all.
#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_utf8_and_no_pattern_is_protected() {
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new();
    let name = std::ffi::OsStr::from_bytes(b"a[\xFFrch");
    std::fs::create_dir(dir.root().join(name)).unwrap();
    for file in ["x.txt", "y.txt"] {
        std::fs::write(dir.root().join(name).join(file), words(0..30)).unwrap();
    }
    let run = redite(
        &dir,
        ["dedup".as_ref(), name, "--output".as_ref(), "out".as_ref(), "--protect".as_ref(), name],
    );
    let done = run.with("--quiet").ends();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(files(&dir.path("out")).len(), 2);
}

/// A link that leads nowhere is ignored as a file of its name would be: it is no text that was lost.
#[cfg(unix)]
#[test]
fn a_link_without_a_format_is_ignored() {
    let dir = Dir::new().file("in/a.txt", words(0..20));
    for name in ["in/current", "in/lost.txt"] {
        std::os::unix::fs::symlink(dir.path("nowhere"), dir.path(name)).unwrap();
    }
    std::os::unix::fs::symlink("loop", dir.path("in/loop")).unwrap();
    let found = redite::read::sources::find(&[dir.path("in")], None).unwrap();
    let names: Vec<&str> = found.files.iter().map(|file| file.name.rsplit('/').next().unwrap()).collect();
    assert_eq!((names, found.skips.len()), (vec!["a.txt", "lost.txt"], 1));
    let ignored = &found.ignored;
    assert_eq!(ignored.len(), 2, "{ignored:?}");
    assert!(ignored[0].ends_with("in/current (a link that leads nowhere)"), "{ignored:?}");
    assert!(ignored[1].contains("in/loop (a link: "), "{ignored:?}");
    let told = redite(&dir, ["audit", "in"]).ends();
    assert!(told.stderr.contains("1 record or file was skipped"), "{told:?}");
}

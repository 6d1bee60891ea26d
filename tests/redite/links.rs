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

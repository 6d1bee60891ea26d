//! What a killed run leaves: nobody tidies up after it but the next run that writes to the same place. Each
//! temporary name is held by a lock for as long as its run lives, so that what a run that goes on is still
//! writing stays.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

/// The end of every temporary name.
pub(super) const SUFFIX: &str = ".tmp";

/// Bytes of a target's name from which on it is not all in its temporary names: a name has 255 bytes at the most.
const LONG: usize = 230;

/// The start of the temporary names of a target.
pub(super) fn prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    if name.len() < LONG {
        return format!(".{name}.redite-");
    }
    let digest = xxh3_64(name.as_bytes());
    let end = (0..LONG - 30).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!(".{}~{digest:016x}.redite-", &name[..end])
}

/// Removes what killed runs have left in a folder of what was to be a target. What can't be removed stays: it is in nobody's way.
pub(super) fn sweep(folder: &Path, target: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if !is_temporary(&entry.file_name(), target) || !(kind.is_dir() || kind.is_file()) {
            continue;
        }
        let path = entry.path();
        let Ok(held) = File::open(&path) else { continue };
        if held.try_lock().is_ok() {
            let _ = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

/// Whether a name is a temporary one of a target.
pub(super) fn is_temporary(name: &OsStr, target: &Path) -> bool {
    let middle = name.to_str().and_then(|name| name.strip_prefix(&prefix(target))?.strip_suffix(SUFFIX));
    middle.is_some_and(|middle| middle.len() == 6 && middle.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Holds a temporary name while `file`, which is open there, is open. Returns false where the name was taken
/// for a leftover before that, and is gone.
pub(super) fn hold(file: &File, path: &Path) -> bool {
    match file.try_lock() {
        Ok(()) => path.exists(),
        // somebody is about to remove it
        Err(TryLockError::WouldBlock) => false,
        // where there are no locks nothing is taken for a leftover either
        Err(TryLockError::Error(_)) => true,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::write::Pending;
    use crate::write::folder::Folder;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn leftovers_go_and_what_is_being_written_stays() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at(".clean.redite-AbC123.tmp/deep")).unwrap();
        fs::write(at(".clean.redite-AbC123.tmp/deep/a.txt"), "left").unwrap();
        fs::write(at(".m.jsonl.redite-AbC123.tmp"), "left").unwrap();
        // of another target, of a longer name, of somebody else
        let others = [".clean.redite-backup.tmp.old", ".cleaner.redite-AbC123.tmp", ".clean.AbC123.tmp"];
        others.iter().for_each(|name| fs::write(at(name), "").unwrap());
        let folder = Folder::new(&at("clean")).unwrap();
        let file = Pending::write(&at("m.jsonl"), |to| to.write_all(b"first")).unwrap();
        assert_eq!(names(root.path()).len(), others.len() + 2);
        // a second run for the same places, while the first goes on
        let second = Folder::new(&at("clean")).unwrap();
        let second_file = Pending::write(&at("m.jsonl"), |to| to.write_all(b"second")).unwrap();
        assert_eq!(names(root.path()).len(), others.len() + 4);
        drop((second, second_file));
        folder.publish(&[], false).unwrap();
        file.publish().unwrap();
        assert_eq!(fs::read(at("m.jsonl")).unwrap(), b"first");
        let mut left: Vec<&str> = others.to_vec();
        left.extend(["clean", "m.jsonl"]);
        left.sort_unstable();
        assert_eq!(names(root.path()), left);
    }

    #[test]
    fn a_name_may_be_as_long_as_any() {
        let root = tempfile::tempdir().unwrap();
        for of in ["n", "é", "語"] {
            for bytes in [229, 230, 231, 254, 255] {
                let mut name = of.repeat(bytes / of.len());
                name.push_str(&"x".repeat(bytes - name.len()));
                let path = root.path().join(&name);
                let file = Pending::write(&path, |to| to.write_all(b"text")).unwrap();
                let waiting = names(root.path());
                assert!(waiting.iter().all(|name| is_temporary(OsStr::new(name), &path)), "{waiting:?}");
                assert!(
                    waiting.iter().all(|name| !is_temporary(OsStr::new(name), &path.with_extension("y")))
                );
                file.publish().unwrap();
                fs::remove_file(&path).unwrap();
                let folder = Folder::new(&path).unwrap();
                folder.publish(&[], false).unwrap();
                fs::remove_dir(&path).unwrap();
            }
        }
    }
}

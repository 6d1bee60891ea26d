//! A folder that appears whole or not at all: written beside its place, renamed at the end. Where a rename can't put it
//! there, since the place is mounted or only itself may be written to, it is written inside, and its files are moved
//! one by one. The one seam through which the deduplicated corpus reaches the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Result, plain};
use crate::write::leftover;
use crate::write::places::{Places, absolute, check_way};
use crate::write::syncs::Syncs;

/// A folder being written. Where it is dropped, it goes away with all that is in it, and whatever stands in
/// its place stays as it was.
#[derive(Debug)]
pub struct Folder {
    target: PathBuf,
    /// as it was given
    shown: PathBuf,
    /// beside the target, or in it
    temporary: TempDir,
    /// who may look into the folders below it, and into itself, where that may be fewer than usual
    modes: BTreeMap<PathBuf, (u32, Option<fs::Metadata>)>,
    /// files that were written
    syncs: Syncs,
    /// tells other runs that this one goes on; none where a folder can't be opened
    _held: Option<File>,
}

impl Folder {
    /// An empty folder for what is to be in `target`, whose own folder must exist.
    ///
    /// # Errors
    /// [`Error::Io`] where it can't be made.
    pub fn new(target: &Path) -> Result<Self> {
        let shown = target.to_path_buf();
        let target = absolute(target)?;
        let parent = target.parent().unwrap_or(Path::new("/"));
        [parent, &target].into_iter().for_each(|folder| leftover::sweep(folder, &target));
        // nor can the folder be replaced in which the run itself is
        let is_here =
            std::env::current_dir().and_then(fs::canonicalize).is_ok_and(|here| here.starts_with(&target));
        let inside = is_here || is_mounted(&target, parent);
        let made = match Self::hold(if inside { &target } else { parent }, &target) {
            Err(error) if may_not_write(&error) && target.is_dir() => Self::hold(&target, &target),
            made => made,
        };
        let (temporary, held) = made.map_err(|error| Error::io(&shown, "writing", error))?;
        Ok(Folder { target, shown, temporary, modes: BTreeMap::new(), syncs: Syncs::default(), _held: held })
    }

    /// An empty folder in another, and what tells that it is no leftover.
    fn hold(within: &Path, target: &Path) -> io::Result<(TempDir, Option<File>)> {
        let prefix = leftover::prefix(target);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(leftover::SUFFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        loop {
            let temporary = builder.tempdir_in(within).map_err(plain)?;
            let held = match File::open(temporary.path()) {
                Err(error) if cfg!(unix) => return Err(error),
                opened => opened.ok(),
            };
            if held.as_ref().is_none_or(|held| leftover::hold(held, temporary.path())) {
                return Ok((temporary, held));
            }
        }
    }

    /// Whoever may not look into a folder of the input may not look into the one that stands for it.
    #[must_use]
    pub fn as_private_as_inputs(mut self, places: &Places) -> Self {
        #[cfg(unix)]
        for (place, folders) in places.folders() {
            use std::os::unix::fs::PermissionsExt;
            let found: Vec<fs::Metadata> =
                folders.iter().filter_map(|folder| fs::metadata(folder).ok()).collect();
            let modes = found.iter().map(|found| found.permissions().mode());
            let allowed = modes.fold(0o777, |all, mode| all & mode);
            // of several folders the first one's
            self.modes.insert(place.clone(), (allowed | 0o700, found.into_iter().next()));
        }
        #[cfg(not(unix))]
        let _ = places;
        // who owns the output can always say otherwise; where it can't be said here, it stays as it was made
        let _ = self.keep_private(self.temporary.path(), Path::new(""));
        self
    }

    /// Takes from a folder that stands for one of the input what that does not allow.
    fn keep_private(&self, root: &Path, place: &Path) -> io::Result<()> {
        #[cfg(unix)]
        if let Some((allowed, owner)) = self.modes.get(place) {
            use std::os::unix::fs::PermissionsExt;
            let folder = root.join(place);
            if let (Some(owner), Ok(opened)) = (owner, File::open(&folder)) {
                take_owner(&opened, owner);
            }
            let mode = fs::metadata(&folder)?.permissions().mode();
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode & (allowed | !0o777)))?;
        }
        Ok(())
    }

    /// Makes the folders on the way to a place, where they are not there.
    fn make_way(&self, root: &Path, place: &Path) -> io::Result<()> {
        let mut folders: Vec<&Path> = place.ancestors().skip(1).collect();
        folders.reverse();
        for folder in folders {
            match fs::create_dir(root.join(folder)) {
                Ok(()) => self.keep_private(root, folder)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes a file at a place below the folder, with the folders on the way to it.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn create(&self, place: &Path) -> io::Result<File> {
        self.make_way(self.temporary.path(), place)?;
        File::create_new(self.temporary.path().join(place))
    }

    /// Takes a file that was written at a place, so that it is seen onto the disk.
    pub(crate) fn sync_later(&self, place: &Path, file: File) {
        self.syncs.add(self.target(place), file);
    }

    /// Waits until all such files are on the disk.
    ///
    /// # Errors
    /// [`Error::Io`] with one that is not.
    pub(crate) fn wait_for_disk(&self) -> Result<()> {
        self.syncs.wait()
    }

    /// Where a file will be, for messages.
    pub(crate) fn target(&self, place: &Path) -> PathBuf {
        self.shown.join(place)
    }

    /// Refuses to replace a file by another: what a batch that is run again writes is what stands there.
    ///
    /// # Errors
    /// [`Error::Output`] with the first file that would change; [`Error::Io`].
    pub fn check_same(&self, places: &[PathBuf]) -> Result<()> {
        for place in places {
            let (from, to) = (self.temporary.path().join(place), self.target.join(place));
            let same =
                is_same(&from, &to).map_err(|error| Error::io(self.shown.join(place), "reading", error))?;
            if !same {
                return Err(Error::Output {
                    path: self.shown.join(place),
                    wrong: "the index has this batch already, and it would write something else".to_owned(),
                    hint: "`Job::force` replaces it; or name another folder",
                });
            }
        }
        Ok(())
    }

    /// Whether everything can be put in its place: nothing stands there that is not to be replaced (all files may be, where
    /// the run `may_replace`), and no folder where a file goes.
    ///
    /// # Errors
    /// [`Error::Output`] with what is in the way.
    pub fn check_free(&self, places: &[PathBuf], may_replace: bool) -> Result<()> {
        if !may_replace && !self.is_free() {
            return Err(Error::Output {
                path: self.shown.clone(),
                wrong: "files came into it while the run went on".to_owned(),
                hint: "give each run an output of its own; `Job::force` replaces files",
            });
        }
        check_way([&self.target, &self.shown], places)
    }

    /// Who may read and write an empty folder may do so when this one takes its place; where that can't be, it can't.
    fn take_permissions(&self) {
        let Ok(target) = fs::metadata(&self.target) else { return };
        if let Ok(own) = File::open(self.temporary.path()) {
            take_owner(&own, &target);
        }
        let _ = fs::set_permissions(self.temporary.path(), target.permissions());
    }

    /// Whether nothing else stands in its place.
    fn is_free(&self) -> bool {
        match fs::read_dir(&self.target) {
            Ok(mut entries) => {
                let is_temporary = |name: &std::ffi::OsStr| leftover::is_temporary(name, &self.target);
                entries.all(|entry| entry.is_ok_and(|entry| is_temporary(&entry.file_name())))
            }
            // what can't be looked into may hold anything
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Puts everything in its place. Where there is a folder with files in it already, the files are replaced
    /// one by one, if they may be; of the `places` of a run, those that were not written are removed there.
    ///
    /// # Errors
    /// [`Error::Io`] with the place; those of [`Folder::check_free`].
    pub fn publish(self, places: &[PathBuf], may_replace: bool) -> Result<()> {
        let failed = |path: &Path, error| Error::io(path, "writing", error);
        let mut folders: BTreeSet<PathBuf> = BTreeSet::from([PathBuf::new()]);
        let parents = places.iter().flat_map(|place| place.ancestors().skip(1));
        folders.extend(
            parents.filter(|folder| self.temporary.path().join(folder).is_dir()).map(Path::to_path_buf),
        );
        for folder in folders.iter().rev() {
            sync(&self.temporary.path().join(folder)).map_err(|error| failed(&self.shown, error))?;
        }
        if !self.temporary.path().starts_with(&self.target) && self.is_free() {
            self.take_permissions();
            // an empty folder may stand in the way of a rename
            let renamed = fs::rename(self.temporary.path(), &self.target);
            if renamed.is_ok() {
                let _ = self.temporary.keep();
                let parent = self.target.parent().unwrap_or(Path::new("/"));
                return sync(parent).map_err(|error| failed(&self.shown, error));
            }
        }
        self.check_free(places, may_replace)?;
        for place in places {
            let (from, to) = (self.temporary.path().join(place), self.target.join(place));
            let moved = if from.is_file() {
                self.make_way(&self.target, place).and_then(|()| fs::rename(&from, &to))
            } else {
                match fs::remove_file(&to) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                }
            };
            moved.map_err(|error| failed(&self.shown.join(place), error))?;
        }
        // those of which files were removed, too
        folders.extend(places.iter().flat_map(|place| place.ancestors().skip(1)).map(Path::to_path_buf));
        for folder in folders.iter().rev() {
            let folder = self.target.join(folder);
            if folder.is_dir() {
                sync(&folder).map_err(|error| failed(&folder, error))?;
            }
        }
        Ok(())
    }
}

/// Gives a file or folder to whom another belongs, where that may be done: who runs for others does not lock them out.
pub(super) fn take_owner(file: &File, of: &fs::Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        if fchown(file, Some(of.uid()), Some(of.gid())).is_err() {
            let _ = fchown(file, None, Some(of.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (file, of);
}

/// Whether a folder is of another mount than the one that holds it: nothing can be renamed onto it, or from there into it.
pub fn is_mounted(folder: &Path, parent: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
        let mount = |path: &Path| {
            let found = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
            // an older kernel leaves it out
            StatxFlags::from_bits_retain(found.stx_mask)
                .contains(StatxFlags::MNT_ID)
                .then_some(found.stx_mnt_id)
        };
        if let Some((folder, parent)) = mount(folder).zip(mount(parent)) {
            return folder != parent;
        }
    }
    #[cfg(unix)]
    {
        let device =
            |path: &Path| fs::metadata(path).map(|found| std::os::unix::fs::MetadataExt::dev(&found));
        matches!((device(folder), device(parent)), (Ok(folder), Ok(parent)) if folder != parent)
    }
    #[cfg(not(unix))]
    {
        let _ = (folder, parent);
        false
    }
}

fn may_not_write(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Whether a file has the bytes of another, or is not there.
fn is_same(new: &Path, old: &Path) -> io::Result<bool> {
    let old = match File::open(old) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        old => old?,
    };
    let new = match File::open(new) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        new => new?,
    };
    if old.metadata()?.len() != new.metadata()?.len() {
        return Ok(false);
    }
    let (mut old, mut new) = (BufReader::with_capacity(1 << 16, old), BufReader::with_capacity(1 << 16, new));
    loop {
        let (a, b) = (old.fill_buf()?, new.fill_buf()?);
        let length = a.len().min(b.len());
        if a[..length] != b[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(true);
        }
        old.consume(length);
        new.consume(length);
    }
}

/// Sees the names in a folder onto the disk; where a folder can't be opened it can't be synced either.
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        Err(error) if cfg!(unix) && error.kind() != io::ErrorKind::PermissionDenied => Err(error),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("clean");
        let write = |place: &str, text: &str| {
            let folder = Folder::new(&target).unwrap();
            folder.create(Path::new(place)).unwrap().write_all(text.as_bytes()).unwrap();
            folder
        };
        drop(write("a/b.txt", "dropped"));
        assert_eq!(names(root.path()), [""; 0]);
        let places = ["a/b.txt", "a/c.txt"].map(PathBuf::from);
        write("a/b.txt", "first").publish(&places, false).unwrap();
        assert_eq!(fs::read(target.join("a/b.txt")).unwrap(), b"first");
        fs::write(target.join("foreign"), "stays").unwrap();
        fs::write(target.join("a/c.txt"), "stale").unwrap();
        let refused = write("a/b.txt", "second").publish(&places, false).unwrap_err();
        assert!(refused.to_string().contains("came into it"), "{refused}");
        assert_eq!(fs::read(target.join("a/b.txt")).unwrap(), b"first");
        write("a/b.txt", "second").publish(&places, true).unwrap();
        assert_eq!(fs::read(target.join("a/b.txt")).unwrap(), b"second");
        assert_eq!(
            (names(&target), names(&target.join("a"))),
            (vec!["a".into(), "foreign".into()], vec!["b.txt".into()])
        );
        assert_eq!(names(root.path()), ["clean"]);
        // nothing moves where something is in the way of the last
        fs::create_dir_all(target.join("a/d.txt")).unwrap();
        let places = ["a/b.txt", "a/d.txt"].map(PathBuf::from);
        let refused = write("a/b.txt", "third").publish(&places, true).unwrap_err();
        assert!(refused.to_string().contains("a folder stands where a file goes"), "{refused}");
        let places = ["a/b.txt", "foreign/e.txt"].map(PathBuf::from);
        let refused = write("a/b.txt", "third").publish(&places, true).unwrap_err();
        assert!(refused.to_string().contains("a file stands where a folder goes"), "{refused}");
        assert_eq!(fs::read(target.join("a/b.txt")).unwrap(), b"second");
    }
}

//! Files that appear whole or not at all: written beside their place, synced, renamed at the end; and the
//! deduplicated corpus, a folder of which the same is true.

mod annotation;
mod array;
mod copied;
pub mod folder;
mod leftover;
mod pack;
pub mod places;
pub mod records;
mod seam;
mod splice;
mod streams;
mod stretches;
mod syncs;
#[cfg(feature = "parquet")]
mod table;

pub use splice::FIELD;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use folder::is_mounted;
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::Xxh3Default;

use crate::error::{Error, Result};

/// What is smaller is gathered before it is written; what is larger goes to the file as it is.
const GATHERED: usize = 64 << 10;

/// A file that is written, and on disk, but not in its place yet. Where it is dropped it goes away, and
/// whatever stood in its place stays as it was.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    /// none where the path is no regular file: what was written is gone
    temporary: Option<NamedTempFile>,
}

impl Pending {
    /// Writes a file through `content`. A path that is no regular file (a pipe, `/dev/stderr`) is written to
    /// as it comes.
    ///
    /// # Errors
    /// [`Error::Io`] with the path; nothing is left behind.
    pub fn write(path: &Path, content: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> Result<Self> {
        let failed = |source| Error::io(path, "writing", source);
        if is_special(path) {
            let file = File::options().append(true).open(path).map_err(failed)?;
            let mut writer = BufWriter::new(&file);
            content(&mut writer).and_then(|()| writer.flush()).map_err(failed)?;
            return Ok(Pending { path: path.to_path_buf(), temporary: None });
        }
        // a link stays one, and the file that it leads to is replaced
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        leftover::sweep(folder(&path), &path);
        let prefix = leftover::prefix(&path);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(leftover::SUFFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = loop {
            let temporary = builder.tempfile_in(folder(&path)).map_err(failed)?;
            if leftover::hold(temporary.as_file(), temporary.path()) {
                break temporary;
            }
        };
        // who might read what it replaces may read it, and nobody else, from the first byte on
        #[cfg(unix)]
        if let Ok(before) = path.metadata() {
            temporary.as_file().set_permissions(before.permissions()).map_err(failed)?;
        }
        let mut writer = BufWriter::with_capacity(GATHERED, temporary.as_file());
        content(&mut writer).and_then(|()| writer.flush()).map_err(failed)?;
        drop(writer);
        temporary.as_file().sync_all().map_err(failed)?;
        Ok(Pending { path, temporary: Some(temporary) })
    }

    /// Checks that a file can be written and come to a place: that it may be made beside it, under a name that is not too long,
    /// and take its place.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Output`] with the path.
    pub fn check(path: &Path) -> Result<()> {
        if is_special(path) {
            return Ok(());
        }
        if let Ok(found) = path.canonicalize()
            && is_mounted(&found, folder(&found))
        {
            let wrong = "it is mounted by itself: no other file can take its place".to_owned();
            let hint = "mount its folder, or name another file";
            return Err(Error::Output { path: path.to_path_buf(), wrong, hint });
        }
        Pending::write(path, |_| Ok(())).map(drop)
    }

    /// The [`checksum`] of what was written; `None` where that is gone.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn checksum(&self) -> Result<Option<u128>> {
        self.temporary.as_ref().map(|temporary| checksum(temporary.path())).transpose()
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn publish(self) -> Result<()> {
        let failed = |source| Error::io(&self.path, "writing", source);
        let Some(temporary) = self.temporary else { return Ok(()) };
        temporary.persist(&self.path).map_err(|error| failed(error.error))?;
        // the rename itself; where a folder can't be opened it can't be synced either
        if let Ok(folder) = File::open(folder(&self.path)) {
            folder.sync_all().map_err(failed)?;
        }
        Ok(())
    }
}

/// XXH3-128 of what a file holds.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn checksum(path: &Path) -> Result<u128> {
    let mut sum = Xxh3Default::new();
    let mut buffer = vec![0; GATHERED];
    let mut read = || -> io::Result<()> {
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => sum.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    };
    read().map_err(|source| Error::io(path, "reading", source))?;
    Ok(sum.digest128())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether nothing may be renamed to this path: what is no regular file, and the names of open files
/// (`/dev/stderr`, `/dev/fd/3`), which may lead to one.
fn is_special(path: &Path) -> bool {
    let names_open_file = ["/dev", "/proc"].iter().any(|root| path.starts_with(root));
    path.metadata().is_ok_and(|metadata| !metadata.is_file()) || names_open_file && path.is_symlink()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_debris() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("matches.jsonl");
        Pending::write(&path, |to| to.write_all(b"first")).and_then(Pending::publish).unwrap();
        let failed =
            Pending::write(&path, |to| to.write_all(b"half").and(Err(io::ErrorKind::StorageFull.into())));
        assert!(failed.unwrap_err().to_string().contains("matches.jsonl"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        let second = Pending::write(&path, |to| to.write_all(b"second")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        second.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        let nowhere = Pending::write(&path.join("m.jsonl"), |_| Ok(())).unwrap_err().to_string();
        assert!(nowhere.contains("Not a directory") && !nowhere.contains("redite-"), "{nowhere}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_a_file_stays_the_same() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        fs::write(&path, "first").unwrap();
        for mode in [0o600, 0o640, 0o444] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let second = Pending::write(&path, |to| {
                let while_written = to.get_ref().metadata()?.permissions().mode();
                assert_eq!(while_written & 0o777, mode);
                to.write_all(b"second")
            });
            second.and_then(Pending::publish).unwrap();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        fs::write(&file, "first").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        Pending::write(&link, |to| to.write_all(b"second")).and_then(Pending::publish).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"second");
    }
}

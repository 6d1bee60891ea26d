//! The one seam to the disk: every operation that an index does on its files goes through [`Store`], so that
//! tests can put a disk there that loses, tears or refuses writes. [`Folder`] is the real one.
//!
//! Names are those of files in one folder; they are made by [`crate::index`] and hold no separators.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::Result;
use crate::index::Lock;

/// A folder of immutable files. A file is created, appended to, synced, and then only read, renamed or
/// removed. Nothing is on disk before it is synced: a file's bytes by [`Growing::sync`], names by
/// [`Store::sync_folder`].
pub trait Store: Send + Sync {
    /// The names of all files, in byte order.
    ///
    /// # Errors
    /// What the disk says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// What the disk says; [`io::ErrorKind::NotFound`] where there is none.
    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>>;

    /// Creates a file; one of that name is emptied.
    ///
    /// # Errors
    /// What the disk says.
    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>>;

    /// Gives a file another name; a file of that name is replaced, all at once.
    ///
    /// # Errors
    /// What the disk says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Whoever has it open can go on reading.
    ///
    /// # Errors
    /// What the disk says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Brings all creations, renames and removals so far to disk.
    ///
    /// # Errors
    /// What the disk says.
    fn sync_folder(&self) -> io::Result<()>;

    /// The path of a file, for messages.
    fn path(&self, name: &str) -> PathBuf;

    /// Takes the right to change what is in it, which a [`crate::index::Writer`] holds as long as it is there; `None` where
    /// there is no other process that could.
    ///
    /// # Errors
    /// [`crate::error::Error::Locked`] at once where another has it; [`crate::error::Error::NotForAnIndex`],
    /// [`crate::error::Error::Io`].
    fn lock(&self) -> Result<Option<Lock>>;

    /// Whether its files are seen by this process alone, and not kept: then no checksums stand in them.
    fn is_private(&self) -> bool {
        false
    }
}

/// A file open for reading, at any place and from any thread.
pub trait Stored: Send + Sync {
    /// Its length in bytes.
    fn length(&self) -> u64;

    /// Fills `into` with the bytes at `offset`.
    ///
    /// # Errors
    /// What the disk says; [`io::ErrorKind::UnexpectedEof`] where the file is shorter.
    fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;
}

/// A file being written.
pub trait Growing: Send {
    /// Appends bytes.
    ///
    /// # Errors
    /// What the disk says. A failed write is never repeated.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Brings all bytes so far to disk.
    ///
    /// # Errors
    /// What the disk says. A failed sync is never repeated.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    /// which one it is, since it was there: another in its place is not written to
    identity: OnceLock<[u64; 2]>,
}

impl Folder {
    /// The folder at a path, which need not exist before something is created in it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let identity = fs::metadata(&path).map(|found| OnceLock::from(identity(&found))).unwrap_or_default();
        Folder { path, identity }
    }

    /// Makes it where it is not there yet.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::NotFound`] where it was there, and is not any more, or is another.
    pub(crate) fn make(&self) -> io::Result<()> {
        let Some(known) = self.identity.get() else {
            make_folder(&self.path)?;
            let _ = fs::metadata(&self.path).map(|found| self.identity.set(identity(&found)));
            return Ok(());
        };
        match identity(&fs::metadata(&self.path)?) {
            found if found == *known => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "another folder has come in its place")),
        }
    }

    /// Where it is.
    pub fn location(&self) -> &Path {
        &self.path
    }
}

impl Store for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        let file = File::open(self.path.join(name))?;
        let length = file.metadata()?.len();
        Ok(Box::new(OnDisk { file, length }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>> {
        self.make()?;
        let file = File::options().write(true).create(true).truncate(true).open(self.path.join(name))?;
        Ok(Box::new(Written(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        sync_names(&self.path)
    }

    fn path(&self, name: &str) -> PathBuf {
        // without a separator at the end where it is the folder that is meant
        if name.is_empty() { self.path.clone() } else { self.path.join(name) }
    }

    fn lock(&self) -> Result<Option<Lock>> {
        Lock::take(self).map(Some)
    }
}

/// Files that only this process sees, and only while it lives: they have no names in their folder, so however
/// the process ends the system removes them. Nothing is brought to disk before the system wants to.
pub(crate) struct Scratch {
    folder: PathBuf,
    files: Mutex<BTreeMap<String, Arc<File>>>,
}

impl Scratch {
    /// In a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Scratch { folder: folder.to_owned(), files: Mutex::default() }
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Arc<File>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Scratch {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files().keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        let file = self.files().get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        let length = file.metadata()?.len();
        Ok(Box::new(OnDisk { file, length }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>> {
        let file = Arc::new(tempfile::tempfile_in(&self.folder)?);
        self.files().insert(name.to_owned(), file.clone());
        Ok(Box::new(Scratched(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files().remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.folder.clone() } else { self.folder.join(name) }
    }

    fn lock(&self) -> Result<Option<Lock>> {
        Ok(None)
    }

    fn is_private(&self) -> bool {
        true
    }
}

struct Scratched(Arc<File>);

impl Growing for Scratched {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&*self.0).write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes a folder and those above it that are not there yet, so that they last as what will be in them.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = path.parent().unwrap_or(Path::new(""));
    make_folder(above)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    sync_names(if above.as_os_str().is_empty() { Path::new(".") } else { above })
}

/// The device of a file or folder, and its number there; all alike where these are not known.
pub(crate) fn identity(found: &fs::Metadata) -> [u64; 2] {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        [found.dev(), found.ino()]
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        [0; 2]
    }
}

/// Brings the names in a folder to disk.
fn sync_names(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

struct OnDisk<F> {
    file: F,
    length: u64,
}

impl<F: Borrow<File> + Send + Sync> Stored for OnDisk<F> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        crate::read::texts::read_exact_at(self.file.borrow(), offset, into)
    }
}

struct Written(File);

impl Growing for Written {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

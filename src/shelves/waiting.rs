//! Lists that memory has no room for wait in an unnamed temporary file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::read::texts::{read_exact_at, write_all_at};

/// The lists that wait, and how many numbers memory has room for because of the others.
pub(super) struct Waiting {
    folder: PathBuf,
    /// numbers that memory may hold
    most: usize,
    held: usize,
    file: Option<File>,
    /// numbers that the file has room for
    end: u64,
    /// where there is room that nobody uses, by how much it is
    free: BTreeMap<usize, Vec<u64>>,
    /// what could not be written
    failed: Option<Error>,
}

impl Waiting {
    /// Of lists of which memory may hold so many numbers; the file will be in `folder`.
    pub(super) fn new(folder: &Path, most: usize) -> Self {
        let folder = folder.to_owned();
        Waiting { folder, most, held: 0, file: None, end: 0, free: BTreeMap::new(), failed: None }
    }

    /// Writes a list where there is room for `size` numbers, unless memory has room for what it `takes` there; tells where.
    /// What can't be written is held until somebody asks for the failure.
    pub(super) fn put(&mut self, list: &[u64], size: usize, takes: usize) -> Option<u64> {
        if takes > 0 && self.held + takes > self.most {
            match self.write(list, size) {
                Ok(start) => return Some(start),
                Err(source) => self.failed = Some(Error::temporary(&*self.folder, source)),
            }
        }
        self.held += takes;
        None
    }

    /// What could not be written, if anything.
    pub(super) fn take_failure(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn write(&mut self, list: &[u64], size: usize) -> io::Result<u64> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile_in(&self.folder)?),
        };
        let free = self.free.get(&size).and_then(|free| free.last().copied());
        let start = free.unwrap_or(self.end);
        write_all_at(file, start * size_of::<u64>() as u64, bytemuck::cast_slice(list))?;
        match self.free.get_mut(&size).filter(|_| free.is_some()) {
            Some(free) => _ = free.pop(),
            None => self.end += size as u64,
        }
        Ok(start)
    }

    /// Makes `into` a list that waits.
    pub(super) fn read(&self, start: u64, length: usize, into: &mut Vec<u64>) -> io::Result<()> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        into.resize(length, 0);
        read_exact_at(file, start * size_of::<u64>() as u64, bytemuck::cast_slice_mut(into))
    }

    /// A list that waited is nobody's.
    pub(super) fn remove(&mut self, start: u64, size: usize) {
        self.free.entry(size).or_default().push(start);
    }

    /// One that memory held is nobody's.
    pub(super) fn let_go(&mut self, size: usize) {
        self.held -= size;
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

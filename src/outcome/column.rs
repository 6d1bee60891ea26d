//! A column that only grows, and is needed again as a whole when all of it is there: until then it waits in an
//! unnamed temporary file, and memory holds no more than what has yet to be written.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytemuck::Pod;

use crate::error::{Error, Result};
use crate::read::texts::read_exact_at;

/// Bytes that are held before they are written.
const HELD: usize = 1 << 20;

/// Numbers or bytes, in the order in which they came.
pub(super) struct Column<T> {
    folder: PathBuf,
    /// numbers that are held at the most
    most: usize,
    held: Vec<T>,
    file: Option<File>,
    /// numbers in it
    written: usize,
}

impl<T: Pod> Column<T> {
    /// Empty; its file will be in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Column::holding(folder, HELD / size_of::<T>())
    }

    fn holding(folder: &Path, most: usize) -> Self {
        Column { folder: folder.to_owned(), most, held: Vec::new(), file: None, written: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.written + self.held.len()
    }

    /// Bytes of all of them.
    pub(super) fn size(&self) -> usize {
        self.len() * size_of::<T>()
    }

    /// Appends.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(super) fn extend(&mut self, mut values: impl Iterator<Item = T>) -> Result<()> {
        loop {
            let room = self.most - self.held.len();
            self.held.extend(values.by_ref().take(room));
            if self.held.len() < self.most {
                return Ok(());
            }
            self.write().map_err(|source| Error::temporary(&self.folder, source))?;
        }
    }

    /// Appends.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(super) fn extend_from_slice(&mut self, mut values: &[T]) -> Result<()> {
        loop {
            let (now, rest) = values.split_at(values.len().min(self.most - self.held.len()));
            self.held.extend_from_slice(now);
            if self.held.len() < self.most {
                return Ok(());
            }
            self.write().map_err(|source| Error::temporary(&self.folder, source))?;
            values = rest;
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile_in(&self.folder)?),
        };
        file.write_all(bytemuck::cast_slice(&self.held))?;
        self.written += self.held.len();
        self.held.clear();
        Ok(())
    }

    /// All of them.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(super) fn into_vec(self) -> Result<Vec<T>> {
        let length = self.len();
        let Some(file) = self.file else { return Ok(self.held) };
        let mut all = vec![T::zeroed(); length];
        let (written, held) = all.split_at_mut(self.written);
        held.copy_from_slice(&self.held);
        let read = read_exact_at(&file, 0, bytemuck::cast_slice_mut(written));
        read.map_err(|source| Error::temporary(&self.folder, source))?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_came_comes_back(all in prop::collection::vec(any::<u32>(), 0..40), most in 1..12usize, cut in 0..40usize) {
            let mut column = Column::holding(&std::env::temp_dir(), most);
            let (first, second) = all.split_at(cut.min(all.len()));
            column.extend(first.iter().copied()).unwrap();
            column.extend_from_slice(second).unwrap();
            prop_assert_eq!((column.len(), column.size()), (all.len(), 4 * all.len()));
            prop_assert_eq!(column.into_vec().unwrap(), all);
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let mut column = Column::holding(Path::new("no/such/folder"), 2);
        assert!(column.extend([1u8].into_iter()).is_ok());
        let error = column.extend([2u8].into_iter()).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("no/such/folder")));
    }
}

//! What is made before it is its turn to be written: it is held or, where memory is bounded, waits in an unnamed temporary
//! file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::read::texts::read_exact_at;

/// Bytes that are held before they are written, and read at once.
const HELD: usize = 1 << 18;

/// Bytes in the order in which they came.
pub(super) struct Aside {
    /// where they wait; without it all are held
    folder: Option<PathBuf>,
    most: usize,
    held: Vec<u8>,
    file: Option<File>,
    /// bytes in it
    written: u64,
}

impl Aside {
    /// None; where there is a `folder`, they wait there.
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Aside::holding(folder, HELD)
    }

    fn holding(folder: Option<&Path>, most: usize) -> Self {
        Aside { folder: folder.map(Path::to_path_buf), most, held: Vec::new(), file: None, written: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.written as usize + self.held.len()
    }

    /// Appends.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<()> {
        self.held.extend_from_slice(bytes);
        match self.folder.clone().filter(|_| self.held.len() >= self.most) {
            Some(folder) => self.put_away(&folder).map_err(|source| Error::temporary(folder, source)),
            None => Ok(()),
        }
    }

    fn put_away(&mut self, folder: &Path) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile_in(folder)?),
        };
        file.write_all(&self.held)?;
        self.written += self.held.len() as u64;
        self.held = Vec::new(); // one piece may have been much larger than others
        Ok(())
    }

    /// Hands all of them to `take`, piece by piece.
    ///
    /// # Errors
    /// [`Error::Temporary`], and those of `take`.
    pub(super) fn finish(self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut at = 0;
        let mut buffer = Vec::new();
        if let Some((file, folder)) = self.file.zip(self.folder) {
            while at < self.written {
                buffer.resize((self.written - at).min(self.most as u64) as usize, 0);
                let read = read_exact_at(&file, at, &mut buffer);
                read.map_err(|source| Error::temporary(&folder, source))?;
                take(&buffer)?;
                at += buffer.len() as u64;
            }
        }
        take(&self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_came_comes_back(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..9), most in 1..20usize) {
            for folder in [None, Some(std::env::temp_dir())] {
                let mut aside = Aside::holding(folder.as_deref(), most);
                pieces.iter().for_each(|piece| aside.extend(piece).unwrap());
                let mut all = Vec::new();
                prop_assert_eq!(aside.len(), pieces.concat().len());
                prop_assert!(folder.is_none() || aside.held.len() < most);
                aside.finish(|piece| { all.extend_from_slice(piece); Ok(()) }).unwrap();
                prop_assert_eq!(all, pieces.concat());
            }
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let mut aside = Aside::holding(Some(Path::new("no/such/folder")), 2);
        assert!(aside.extend(&[1]).is_ok());
        let error = aside.extend(&[2]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("no/such/folder")));
    }
}

//! A file that is kept as it is: what is read of it, to be held against what it was, goes into its copy. Of a packed file
//! little is held so, however much there is beside its text.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;
use crate::write::pack::Packed;
use crate::write::records::Trouble;

/// Bytes of the file that pass at once where nothing looks at them.
const BLOCK: usize = 128 << 10;

/// Reads a file; what has been read is written.
pub(super) struct Copied<'a> {
    path: &'a Path,
    from: File,
    to: &'a mut Packed,
    trouble: Option<Trouble>,
}

impl<'a> Copied<'a> {
    /// At the start of a file.
    pub(super) fn open(path: &'a Path, to: &'a mut Packed) -> Result<Self, Error> {
        let from = File::open(path).map_err(|error| Error::io(path, "reading it again", error))?;
        Ok(Copied { path, from, to, trouble: None })
    }

    /// Copies what has not been read, unless what has been is another file than it `was`.
    pub(super) fn rest(
        mut self,
        was: impl FnOnce() -> bool,
        changed: impl FnOnce() -> Error,
    ) -> Result<(), Trouble> {
        if self.trouble.is_none() && !was() {
            return Err(changed().into());
        }
        let mut block = vec![0; BLOCK];
        while self.trouble.is_none() && self.read(&mut block).is_ok_and(|count| count > 0) {}
        self.trouble.map_or(Ok(()), Err)
    }
}

impl Read for Copied<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.from.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let passed = match count {
            Ok(count) => self.to.push(&buffer[..count]).map(|()| count).map_err(Trouble::Here),
            Err(error) => Err(Trouble::There(Error::io(self.path, "reading it again", error))),
        };
        passed.map_err(|trouble| {
            self.trouble = Some(trouble);
            io::Error::other("it can't be copied")
        })
    }
}

//! A document's text, read a second time: from its file at its offset, or from the spool. Nothing of a text
//! stays in memory between the passes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::document::{Compression, Format, Source};
use crate::error::{Error, Result};
use crate::pipeline::Progress;
use crate::read::chunks::text_file;
use crate::read::json::Fields;

/// The spool stays in memory up to this many bytes.
const IN_MEMORY: usize = 8 << 20;

/// Files kept open at once.
const OPEN_FILES: usize = 32;

/// What can't be read again: kept in memory while it is small, then in an unnamed temporary file, which the
/// system removes when the run ends, however it ends.
pub(crate) struct Spool {
    folder: PathBuf,
    memory: Vec<u8>,
    file: Option<File>,
    length: u64,
}

impl Spool {
    /// An empty spool that will overflow into `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Spool { folder: folder.to_path_buf(), memory: Vec::new(), file: None, length: 0 }
    }

    /// Appends bytes; returns where they start.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let start = self.length;
        self.write(bytes).map_err(|source| Error::temporary(&self.folder, source))?;
        self.length += bytes.len() as u64;
        Ok(start)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            if self.memory.len() + bytes.len() <= IN_MEMORY {
                self.memory.extend_from_slice(bytes);
                return Ok(());
            }
            let mut file = tempfile::tempfile_in(&self.folder)?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(bytes))
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        match &self.file {
            Some(file) => read_exact_at(file, offset, into),
            None => {
                let bytes = self.memory.get(offset as usize..offset as usize + into.len());
                into.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

/// Where a record's bytes are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locator {
    /// index into the sources
    pub(crate) source: u32,
    /// its number in its source, from 0
    pub(crate) record: u32,
    /// its first byte in the source or in the spool
    pub(crate) offset: u64,
    /// its length in bytes
    pub(crate) length: u32,
    /// its text's length in bytes, by which a change is noticed
    pub(crate) text_length: u32,
}

/// Reads texts again.
pub(crate) struct Texts {
    sources: Vec<Source>,
    spool: Spool,
    text_field: String,
    id_field: String,
    max_record: usize,
    open: Mutex<VecDeque<(u32, Arc<File>)>>,
}

impl Texts {
    pub(crate) fn new(sources: Vec<Source>, spool: Spool, params: &crate::params::Params) -> Self {
        Texts {
            sources,
            spool,
            text_field: params.text_field.clone(),
            id_field: params.id_field.clone(),
            max_record: params.max_record as usize,
            open: Mutex::new(VecDeque::new()),
        }
    }

    /// The run's sources, in corpus order.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Reads the text of the record at `locator`, as it was given.
    ///
    /// # Errors
    /// [`Error::Io`] where it can't be read, [`Error::Changed`] where it is not what it was.
    pub(crate) fn read(&self, locator: &Locator) -> Result<String> {
        let source = &self.sources[locator.source as usize];
        let changed = || self.changed(locator);
        let text = match (source.regular, source.format) {
            (true, Format::Text) => {
                text_file(source, self.max_record, &Progress::default()).map_err(|_| changed())?
            }
            (regular, format) => {
                let mut bytes = vec![0; locator.length as usize];
                let result = if regular && source.compression == Compression::Plain {
                    self.file(locator.source)
                        .and_then(|file| read_exact_at(&file, locator.offset, &mut bytes))
                } else {
                    self.spool.read(locator.offset, &mut bytes)
                };
                match result {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(changed()),
                    Err(error) => {
                        return Err(Error::io(self.path(locator.source), "reading it again", error));
                    }
                }
                let line = simdutf8::basic::from_utf8(&bytes).map_err(|_| changed())?;
                if format == Format::Text {
                    line.to_owned()
                } else {
                    let mut text = String::with_capacity(locator.text_length as usize);
                    let fields = Fields { text: &self.text_field, id: &self.id_field };
                    fields.parse(line, &mut text).map_err(|_| changed())?;
                    text
                }
            }
        };
        if text.len() == locator.text_length as usize { Ok(text) } else { Err(changed()) }
    }

    /// The error for a record that is not what it was.
    pub(crate) fn changed(&self, locator: &Locator) -> Error {
        Error::Changed { path: self.path(locator.source), record: u64::from(locator.record) }
    }

    fn path(&self, source: u32) -> PathBuf {
        self.sources[source as usize].path.clone().unwrap_or_else(|| PathBuf::from("-"))
    }

    /// The source's file, opened at most once while it is in use.
    fn file(&self, source: u32) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, file)) = open.iter().find(|(number, _)| *number == source) {
            return Ok(file.clone());
        }
        let path = self.sources[source as usize].path.clone().unwrap_or_default();
        let file = Arc::new(File::open(path)?);
        if open.len() == OPEN_FILES {
            open.pop_front();
        }
        open.push_back((source, file.clone()));
        Ok(file)
    }
}

/// Fills `into` from the file's bytes at `offset`, whatever other threads read from it.
#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

/// Fills `into` from the file's bytes at `offset`, whatever other threads read from it.
#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut into: &mut [u8]) -> io::Result<()> {
    while !into.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, into, offset)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        offset += n as u64;
        into = &mut into[n..];
    }
    Ok(())
}

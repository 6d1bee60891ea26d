//! Tables of values and text archives, written again: what a second reading by the same reader gives is passed
//! on as bytes, but for the rows and records that are removed or were skipped.
//!
//! Records are known by their numbers, which hold only if the second reading sees what the first saw. That is
//! held against the digest of the first at the end, before anything is in its place.

use std::io::Read;
use std::sync::atomic::AtomicU64;

use crate::error::{Error, Result};
use crate::pipeline::Progress;
use crate::read::compression;
use crate::read::csv::{Row, Rows};
use crate::read::digest::Digested;
use crate::read::wet::{Archive, Found};
use crate::write::folder::Folder;
use crate::write::pack::Packed;
use crate::write::records::{OfFile, Passed, Passing, Records, Trouble};

/// Records from one look at whether the run has been asked to stop to the next.
const RECORDS: usize = 1024;

impl Records<'_> {
    /// A file of rows, or an archive. One of which nothing could be used is not written.
    pub(super) fn stream(&self, file: &OfFile<'_>, folder: &Folder, progress: &Progress) -> Result<Passed> {
        let texts = &self.outcome.corpus().texts;
        let Some(digest) = texts.digest(file.number) else { return Ok(Passed::default()) };
        texts.check(file.number)?;
        let taken = AtomicU64::new(0);
        let input = compression::open(file.source, &taken)
            .map_err(|error| Error::io(file.path(), "reading it again", error))?;
        let mut input = Digested::new(input);
        let mut passing = Passing::new(self, file);
        self.create(file, file.source.compression, folder, |to| {
            let mut stream = Stream { max_record: texts.max_record(), passing: &mut passing, to, progress };
            match file.source.format.delimiter() {
                Some(delimiter) => stream.rows(&mut input, delimiter),
                None => stream.archive(&mut input),
            }
        })?;
        texts.check(file.number)?;
        if input.digest() != digest {
            let what = "its content is not what it was".to_owned();
            return Err(Error::SourceChanged { path: file.path(), what });
        }
        Ok(passing.all())
    }
}

/// What passes from a source to its output.
struct Stream<'a, 'b> {
    max_record: usize,
    passing: &'a mut Passing<'b>,
    to: &'a mut Packed,
    progress: &'a Progress,
}

// Where the stream fails here it failed before, or its digest is another: in both cases there is no more.
impl Stream<'_, '_> {
    fn rows(&mut self, input: impl Read, delimiter: u8) -> std::result::Result<(), Trouble> {
        let mut rows = Rows::new(input, delimiter, self.max_record);
        let mut is_header = true;
        for number in 0.. {
            self.check(number)?;
            let Ok(Some(row)) = rows.advance() else { break };
            let stays = match row {
                Row::Between => true,
                _ if is_header => std::mem::take(&mut is_header),
                _ => self.passing.stays(),
            };
            if stays {
                self.to.push(rows.bytes())?;
            }
        }
        Ok(())
    }

    fn archive(&mut self, input: impl Read) -> std::result::Result<(), Trouble> {
        let mut archive = Archive::new(input, "", self.max_record);
        for number in 0.. {
            self.check(number)?;
            let Ok(Some(found)) = archive.advance() else { break };
            let (stays, is_record) = match found {
                Found::Between => (true, false),
                Found::Other => (true, !archive.is_part()),
                Found::Text { .. } => (self.passing.stays(), true),
                // nothing is at hand
                Found::Lost { is_text, .. } => (is_text && self.passing.stays(), false),
            };
            if stays {
                self.to.push(archive.bytes())?;
                if is_record {
                    self.to.end_record();
                }
            }
        }
        Ok(())
    }

    fn check(&self, number: usize) -> Result<()> {
        if number.is_multiple_of(RECORDS) { self.progress.check() } else { Ok(()) }
    }
}

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
use crate::write::stretches::{cut_record, cut_row};

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
            let (max_record, column) = (texts.max_record(), texts.column(file.number).unwrap_or(0));
            let mut stream = Stream { max_record, column, passing: &mut passing, to, progress };
            match texts.delimiter(file.number) {
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
    /// of the texts, in a file of rows
    column: usize,
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
            if row == Row::Between || is_header {
                is_header &= row == Row::Between;
                self.to.push(rows.bytes())?;
            } else if self.passing.stays() {
                match self.passing.cut()? {
                    None => self.to.push(rows.bytes())?,
                    Some((cuts, left)) => {
                        let cut = cut_row(rows.bytes(), (delimiter, self.column), &cuts, &left);
                        self.to.push(&cut.ok_or_else(|| self.passing.changed())?)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn archive(&mut self, input: impl Read) -> std::result::Result<(), Trouble> {
        let mut archive = Archive::new(input, "", self.max_record);
        for number in 0.. {
            self.check(number)?;
            let Ok(Some(found)) = archive.advance() else { break };
            let (stays, is_record) = match &found {
                Found::Between => (true, false),
                Found::Other => (true, !archive.is_part()),
                Found::Text { .. } => (self.passing.stays(), true),
                // nothing is at hand
                Found::Lost { is_text, .. } => (*is_text && self.passing.stays(), false),
            };
            if stays {
                let cut = match &found {
                    Found::Text { .. } => self.passing.cut()?,
                    _ => None,
                };
                match (cut, found) {
                    (Some((_, left)), Found::Text { block, .. }) => {
                        self.to.push(&cut_record(archive.bytes(), block, &left))?;
                    }
                    _ => self.to.push(archive.bytes())?,
                }
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

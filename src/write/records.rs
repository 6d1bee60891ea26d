//! The deduplicated corpus: what was read, without what is removed, and byte for byte the same otherwise.
//!
//! A text file is kept as it is on the disk, packing included, block by block, or is not there. A file of lines loses the lines
//! of removed and of skipped records; all other bytes stay, blank lines, byte-order marks and line ends too.
//! Before a piece is passed on it is held against the digest of what was read: an input that changes during a
//! run ends it. Files are written side by side, the pieces of one made in parallel and written in order. Rows and
//! archives are in `streams`, Parquet in `table`.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::dedup::Removal;
use crate::document::{Compression, Format, Source};
use crate::error::{Error, Result};
use crate::in_turn::{Weight, batches, in_turn};
use crate::normalise::Tokenizers;
use crate::outcome::{Outcome, source_names};
use crate::pipeline::Progress;
use crate::read::compression::{decompressed, window};
use crate::read::json::Shape;
use crate::read::magic::BYTE_ORDER_MARK;
use crate::read::texts::Locator;
use crate::scan::Piece;
use crate::write::annotation::Annotator;
use crate::write::array::{Joined, Part, Parts};
use crate::write::copied::Copied;
use crate::write::folder::{Folder, take_owner};
use crate::write::pack::{self, Packed};
use crate::write::places::Places;
use crate::write::seam::{self, Cut};
use crate::write::splice::{annotated, cut_string};

/// Bytes of files that are written one after the other, and what one of them counts at least.
const GROUP: u64 = 1 << 20;
const LEAST: u64 = 16 << 10;

/// Pieces of one file that are made at once.
const PIECES: usize = 16;

/// What is written, and from what.
pub struct Records<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) removal: &'a Removal,
    places: &'a Places,
    /// the sources' names as JSON, where each record tells what is known of it
    names: Option<Vec<String>>,
    tokenizers: Tokenizers,
}

/// Documents of one file that were written or left out, for the sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) kept: u64,
    pub(super) removed: u64,
}

impl std::ops::AddAssign for Passed {
    fn add_assign(&mut self, other: Self) {
        self.kept += other.kept;
        self.removed += other.removed;
    }
}

/// A file of the corpus, with what was read of it.
pub(super) struct OfFile<'a> {
    pub(super) source: &'a Source,
    pub(super) number: u32,
    pub(super) place: &'a Path,
    pieces: &'a [Piece],
    /// its documents, as places of the corpus
    pub(super) documents: Range<u32>,
}

impl OfFile<'_> {
    /// Where it is, for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.source.path.clone().unwrap_or_else(|| PathBuf::from(&self.source.name))
    }

    /// Holds what has passed against what there is.
    pub(super) fn all(&self, passed: Passed) -> Passed {
        let documents = u64::from(self.documents.end - self.documents.start);
        assert_eq!(passed.kept + passed.removed, documents, "every document of the file has passed");
        passed
    }
}

/// The records of a file as they pass one after the other: those that are documents, and stay.
pub(super) struct Passing<'a> {
    records: &'a Records<'a>,
    file: &'a OfFile<'a>,
    /// the next document, as a place of the corpus
    place: u32,
    /// the number of the next record
    record: u64,
    passed: Passed,
}

impl<'a> Passing<'a> {
    /// Before the first record.
    pub(super) fn new(records: &'a Records<'a>, file: &'a OfFile<'a>) -> Self {
        Passing { records, file, place: file.documents.start, record: 0, passed: Passed::default() }
    }

    /// Where the next record stands, if it is a document.
    pub(super) fn document(&self) -> Option<Locator> {
        let there = self.place < self.file.documents.end;
        let locator = there.then(|| self.records.locator(self.place));
        locator.filter(|locator| u64::from(locator.record) == self.record)
    }

    /// What goes of the text of the document that has just passed, with what is left; `None` of most.
    pub(super) fn cut(&self) -> Result<Option<(Vec<Cut>, String)>> {
        let document = self.records.outcome.at_place(self.place - 1);
        if !self.records.removal.is_cut(document) {
            return Ok(None);
        }
        let text = self.records.outcome.text(document)?;
        let cuts = self.records.cuts(document, &text);
        let left = seam::apply(&text, &cuts);
        Ok(Some((cuts, left)))
    }

    /// The error for the document that has just passed, where it is not what it was.
    pub(super) fn changed(&self) -> Error {
        self.records.outcome.corpus().texts.changed(&self.records.locator(self.place - 1))
    }

    /// Whether the next record is a document that stays; passes it.
    pub(super) fn stays(&mut self) -> bool {
        let is_document = self.document().is_some();
        self.record += 1;
        if !is_document {
            return false;
        }
        let is_removed = self.records.removal.is_removed(self.records.outcome.at_place(self.place));
        self.place += 1;
        self.passed.removed += u64::from(is_removed);
        self.passed.kept += u64::from(!is_removed);
        !is_removed
    }

    /// The sums, when all have passed.
    pub(super) fn all(self) -> Passed {
        self.file.all(self.passed)
    }
}

impl<'a> Records<'a> {
    /// What `removal` leaves of a run, or, to `annotate`, all of it.
    pub fn new(outcome: &'a Outcome, removal: &'a Removal, places: &'a Places, annotate: bool) -> Self {
        let names = annotate.then(|| source_names(outcome));
        let tokenizers = Tokenizers::of(&outcome.summary().parameters);
        Records { outcome, removal, places, names, tokenizers }
    }

    /// Writes everything into `folder`, in rayon's current pool; the packers of the files that are open at once take
    /// a small part of `memory`, in bytes, or are one.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Changed`] where an input is not what it was, [`Error::Interrupted`].
    pub fn write(&self, folder: &Folder, memory: Option<u64>, progress: &Progress) -> Result<()> {
        let files = self.files();
        // small ones one after the other, large ones each for itself
        let groups = batches(&files, GROUP, |file| file.source.size.max(LEAST));
        let weight = Weight {
            of: |group: usize| {
                let weights = groups[group].iter().map(|file| {
                    // a text that is kept is unpacked, to be compared
                    let unpacks = file.source.format == Format::Text;
                    pack::weight(file.source.compression) + if unpacks { window(file.source) } else { 0 }
                });
                weights.max().unwrap_or(0)
            },
            most: memory.map_or(u64::MAX, |memory| memory / 8),
        };
        let make = |group: &&[OfFile<'_>]| {
            group.iter().try_fold(Passed::default(), |mut all, file| {
                all += self.file(file, folder, progress)?;
                Ok(all)
            })
        };
        let mut all = Passed::default();
        in_turn(&groups, weight, make, |_, passed| {
            all += passed;
            Ok(())
        })?;
        folder.wait_for_disk()?;
        let told = &self.removal.all;
        assert_eq!((all.kept, all.removed), (told.kept, told.removed), "what is written is what is told");
        Ok(())
    }

    /// What goes of the text of a document; nothing of most.
    pub(super) fn cuts(&self, document: u32, text: &str) -> Vec<Cut> {
        let stretches = self.removal.stretches(self.outcome, document);
        let ranges = stretches.iter().map(|span| span.bytes.start as usize..span.bytes.end as usize);
        let ranges: Vec<Range<usize>> = ranges.collect();
        self.tokenizers.with(|tokenizer| seam::cuts(text, &ranges, tokenizer))
    }

    fn files(&self) -> Vec<OfFile<'_>> {
        let corpus = self.outcome.corpus();
        let mut pieces = &corpus.pieces[..];
        let mut document = 0;
        let files = self.outcome.sources().iter().zip(self.places.paths()).zip(0..);
        let files = files.map(|((source, place), number)| {
            let (own, rest) = pieces.split_at(pieces.partition_point(|piece| piece.source <= number));
            pieces = rest;
            let first = document;
            let total = self.outcome.own_documents();
            while document < total && self.locator(document).source == number {
                document += 1;
            }
            OfFile { source, number, place, pieces: own, documents: first..document }
        });
        files.collect()
    }

    pub(super) fn locator(&self, place: u32) -> Locator {
        self.outcome.corpus().locator(self.outcome.at_place(place))
    }

    fn file(&self, file: &OfFile<'_>, folder: &Folder, progress: &Progress) -> Result<Passed> {
        progress.check()?;
        let nothing = || file.pieces.is_empty() && file.documents.is_empty();
        match file.source.format {
            Format::Text => self.text(file, folder),
            // it could not be read
            _ if nothing() && self.outcome.has_unreadable_part(file.number) => Ok(Passed::default()),
            Format::JsonLines => self.lines(file, folder, progress),
            Format::Csv | Format::Tsv | Format::Wet => self.stream(file, folder, progress),
            #[cfg(feature = "parquet")]
            Format::Parquet => self.table(file, folder, progress),
            // could not be read either
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => Ok(Passed::default()),
        }
    }

    fn text(&self, file: &OfFile<'_>, folder: &Folder) -> Result<Passed> {
        let (Some(place), Some(piece)) = (file.documents.clone().next(), file.pieces.first()) else {
            return Ok(Passed::default());
        };
        let document = self.outcome.at_place(place);
        if self.removal.is_removed(document) {
            return Ok(Passed { kept: 0, removed: 1 });
        }
        if self.removal.is_cut(document) {
            let text = self.outcome.text(document)?;
            let left = seam::apply(&text, &self.cuts(document, &text));
            let compression = file.source.compression;
            self.create(file, compression, folder, |to| to.push(left.as_bytes()).map_err(Into::into))?;
            return Ok(Passed { kept: 1, removed: 0 });
        }
        let changed = || self.outcome.corpus().texts.changed(&self.locator(place));
        let compression = file.source.compression;
        match file.source.path.as_deref().filter(|_| file.source.regular) {
            Some(path) => self.create(file, Compression::Plain, folder, |to| {
                let mut copied = Copied::open(path, to)?;
                let is_same = decompressed(&mut copied, compression).and_then(|text| piece.is_all_of(text));
                copied.rest(|| is_same.is_ok_and(|is_same| is_same), changed)
            }),
            None => {
                let bytes = self.piece(piece)?;
                self.create(file, compression, folder, |to| to.push(&bytes).map_err(Into::into))
            }
        }?;
        Ok(Passed { kept: 1, removed: 0 })
    }

    fn lines(&self, file: &OfFile<'_>, folder: &Folder, progress: &Progress) -> Result<Passed> {
        let mut all = Passed::default();
        let mut joined = Joined::default();
        self.create(file, file.source.compression, folder, |to| {
            for pieces in file.pieces.chunks(PIECES) {
                progress.check()?;
                let made = pieces.par_iter().map(|piece| match piece.framing.shape {
                    Shape::Lines => self.kept_lines(file, piece),
                    Shape::Items | Shape::Objects => self.kept_items(file, piece),
                });
                let made: Vec<(Parts, Passed)> = made.collect::<Result<_>>()?;
                for (parts, passed) in made {
                    joined.push(&parts, to)?;
                    all += passed;
                }
            }
            Ok(joined.finish(to)?)
        })?;
        Ok(file.all(all))
    }

    pub(super) fn create(
        &self,
        file: &OfFile<'_>,
        compression: Compression,
        folder: &Folder,
        content: impl FnOnce(&mut Packed) -> std::result::Result<(), Trouble>,
    ) -> Result<()> {
        let written = || {
            let made = folder.create(file.place)?;
            // whoever may not read the input may not read what is left of it
            if let Some(input) = file.source.path.as_deref().and_then(|path| fs::metadata(path).ok()) {
                take_owner(&made, &input);
                made.set_permissions(input.permissions())?;
            }
            let mut to = Packed::new(made, compression)?;
            content(&mut to)?;
            folder.sync_later(file.place, to.finish()?);
            Ok(())
        };
        written().map_err(|trouble| match trouble {
            Trouble::Here(error) => Error::io(folder.target(file.place), "writing", error),
            Trouble::There(error) => error,
        })
    }

    /// The bytes of a piece, as they were when it was read.
    fn piece(&self, piece: &Piece) -> Result<Vec<u8>> {
        let texts = &self.outcome.corpus().texts;
        let record = self.first_at(piece).map_or(0, |place| self.locator(place).record);
        let (source, offset, length) = (piece.source, piece.offset, piece.length as u32);
        let locator = Locator { source, record, offset, length, text_length: 0, checksum: 0 };
        let bytes = texts.bytes(&locator)?;
        if piece.is(&bytes) { Ok(bytes) } else { Err(texts.changed(&locator)) }
    }

    /// The first document of a piece, or after it, as a place of the corpus.
    fn first_at(&self, piece: &Piece) -> Option<u32> {
        let (mut from, mut to) = (0, self.outcome.own_documents());
        while from < to {
            let middle = from + (to - from) / 2;
            let locator = self.locator(middle);
            if (locator.source, locator.offset) < (piece.source, piece.offset) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        (from < self.outcome.own_documents()).then_some(from)
    }

    /// The documents of a piece, from the first on.
    fn of_piece(&self, file: &OfFile<'_>, piece: &Piece) -> OfPiece<'_> {
        OfPiece {
            records: self,
            place: self.first_at(piece).unwrap_or(file.documents.end).min(file.documents.end),
            end: file.documents.end,
            annotator: self.names.as_deref().map(|names| Annotator::new(self.outcome, names)),
            passed: Passed::default(),
        }
    }

    /// The lines of a piece without those of removed and of skipped records.
    fn kept_lines(&self, file: &OfFile<'_>, piece: &Piece) -> Result<(Parts, Passed)> {
        let bytes = self.piece(piece)?;
        let mut made = Vec::with_capacity(bytes.len());
        let mut documents = self.of_piece(file, piece);
        // lines that stay are copied together
        let mut from = 0;
        for whole in lines(&bytes) {
            let line = behind_mark(&bytes, &whole);
            let stays = match documents.next(piece.offset + line.start as u64) {
                Some((document, stays)) => {
                    if let Some(told) = documents.rewritten(document, &bytes[line.clone()])? {
                        made.extend_from_slice(&bytes[from..line.start]);
                        made.extend_from_slice(told.as_bytes());
                        from = line.end;
                    }
                    stays
                }
                None => bytes[line].trim_ascii().is_empty(),
            };
            if !stays {
                made.extend_from_slice(&bytes[from..whole.start]);
                from = whole.end;
            }
        }
        made.extend_from_slice(&bytes[from..]);
        Ok((Parts::all(made), documents.passed))
    }

    /// The items of a piece of an array, or other records that do not end with their lines, and what stands between them.
    fn kept_items(&self, file: &OfFile<'_>, piece: &Piece) -> Result<(Parts, Passed)> {
        let bytes = self.piece(piece)?;
        let mut parts = Parts::default();
        let mut documents = self.of_piece(file, piece);
        let mut from = 0;
        if piece.framing.behind_lost {
            parts.push(Part::Goes, &[]);
        }
        for (item, _) in piece.framing.records(&bytes) {
            parts.push(Part::Between, &bytes[from..item.start]);
            from = item.end;
            let own = &bytes[item.clone()];
            match documents.next(piece.offset + item.start as u64) {
                Some((document, true)) => {
                    let told = documents.rewritten(document, own)?;
                    parts.push(Part::Stays, told.as_deref().map_or(own, str::as_bytes));
                }
                _ => parts.push(Part::Goes, own),
            }
        }
        parts.push(Part::Between, &bytes[from..]);
        Ok((parts, documents.passed))
    }
}

/// Where the lines of a piece are, each with its end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).map_or(bytes.len(), |at| start + at + 1);
        Some(std::mem::replace(&mut start, end)..end)
    })
}

/// A line without a byte-order mark before it.
fn behind_mark(bytes: &[u8], line: &Range<usize>) -> Range<usize> {
    let mark = if bytes[line.clone()].starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    line.start + mark..line.end
}

/// The documents of a piece of a file as they pass.
struct OfPiece<'a> {
    records: &'a Records<'a>,
    /// the next one, and behind the last of the file, as places of the corpus
    place: u32,
    end: u32,
    annotator: Option<Annotator<'a>>,
    passed: Passed,
}

impl OfPiece<'_> {
    /// The document at an offset of the source, if there is one, and whether it stays; passes it.
    fn next(&mut self, offset: u64) -> Option<(u32, bool)> {
        if self.place >= self.end || self.records.locator(self.place).offset != offset {
            return None;
        }
        let document = self.records.outcome.at_place(self.place);
        self.place += 1;
        let is_removed = self.records.removal.is_removed(document);
        self.passed.removed += u64::from(is_removed);
        self.passed.kept += u64::from(!is_removed);
        Some((document, !is_removed))
    }

    /// The record of the document that has just passed with what is told of it, or without what is cut out of it; `None`
    /// where it stays as it is.
    fn rewritten(&mut self, document: u32, record: &[u8]) -> Result<Option<String>> {
        let Records { outcome, removal, .. } = self.records;
        if let Some(annotator) = &mut self.annotator {
            let text = std::str::from_utf8(record).unwrap_or_default();
            return Ok(annotated(text, annotator.tell(document)));
        }
        if !removal.is_cut(document) {
            return Ok(None);
        }
        let (texts, locator) = (&outcome.corpus().texts, self.records.locator(self.place - 1));
        let changed = || texts.changed(&locator);
        let read = simdutf8::basic::from_utf8(record).map_err(|_| changed())?;
        let cuts = self.records.cuts(document, &texts.of_line(&locator, read)?);
        let field = &outcome.summary().parameters.text_field;
        cut_string(read, field, &cuts).ok_or_else(changed).map(Some)
    }
}

/// What went wrong while a file was written: with the file, or with what is written into it.
pub(super) enum Trouble {
    Here(io::Error),
    There(Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Here(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::There(error)
    }
}

//! The matches of a batch's copies, so that provenance survives the files they came from.
//!
//! A block is a list of columns: how many rows (varint); then for each column its length (varint) and bytes.
//! Most numbers are told as differences to the row before, or to the other side, as zigzag varints; a block
//! starts from 0.
//!
//! | column | of each row |
//! |---|---|
//! | 0 | one byte: unit (0 to 2), 4 × kind (0 to 2), 16 if both shares are 1; 255: a line of version 1 |
//! | 1 | copy, less that of the row before; original, less that of the row before |
//! | 2 | Jaccard and containment in millionths, unless both are 1 |
//! | 3 | tokens of the copy; tokens of the original, less those |
//! | 4 | paragraph of either side + 1 (0: none), less that of the row before |
//! | 5 | of the copy: first byte, less the end of that in the row before; bytes |
//! | 6 | of the original: the same |
//! | 7 | of either side: first character, less the end in the row before; bytes less characters |
//! | 8 | a line of version 1: length and bytes |

use crate::document::{Kind, Match, Place, Span, Unit};
use crate::error::Result;
use crate::index::pages::{PageWriter, Pages};
use crate::index::texts::{BlockWriter, read_block};
use crate::match_line::rounded;
use crate::varint;

/// Bytes of columns that are compressed together.
const TOGETHER: usize = 256 << 10;

const COLUMNS: usize = 9;

/// In column 0.
const IS_LINE: u8 = 255;
const IS_WHOLE: u8 = 16;

const MILLION: f64 = 1e6;

/// A match of a batch. Its documents are numbered as in the index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) copy: u32,
    pub(crate) original: u32,
    pub(crate) told: Told,
}

/// How a match is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// with the stretches of both sides
    Match(Match),
    /// as the line of `--matches`: what version 1 wrote
    Line(Vec<u8>),
}

/// What the differences are taken from.
#[derive(Default)]
struct Before {
    documents: [u64; 2],
    paragraphs: [u64; 2],
    bytes: [u64; 2],
    chars: [u64; 2],
}

/// Writes the section of all rows that are told.
pub(super) fn write(
    to: &mut PageWriter,
    each: impl FnOnce(&mut dyn FnMut(&Row) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let start = to.position();
    let mut rows = RowsWriter::default();
    each(&mut |row| rows.append(to, row))?;
    rows.end_block(to)?;
    to.end_section(start);
    Ok(())
}

/// Writes rows in blocks.
#[derive(Default)]
struct RowsWriter {
    columns: [Vec<u8>; COLUMNS],
    rows: u64,
    before: Before,
}

fn write_difference(number: u64, from: u64, into: &mut Vec<u8>) {
    let difference = number.wrapping_sub(from) as i64;
    varint::write(varint::zigzag(difference), into);
}

impl RowsWriter {
    fn append(&mut self, to: &mut PageWriter, row: &Row) -> Result<()> {
        let columns = &mut self.columns;
        let before = &mut self.before;
        for (document, before) in [row.copy, row.original].into_iter().zip(&mut before.documents) {
            write_difference(document.into(), *before, &mut columns[1]);
            *before = document.into();
        }
        match &row.told {
            Told::Line(line) => {
                columns[0].push(IS_LINE);
                varint::write(line.len() as u64, &mut columns[8]);
                columns[8].extend_from_slice(line);
            }
            Told::Match(found) => {
                let unit = match found.unit {
                    Unit::Document => 0,
                    Unit::Paragraph => 1,
                    Unit::Passage => 2,
                };
                let kind = match found.kind {
                    Kind::Exact => 0,
                    Kind::Near => 1,
                    Kind::Contained => 2,
                };
                let shares = [found.jaccard, found.containment].map(|share| (share * MILLION).round() as u64);
                let is_whole = shares == [MILLION as u64; 2];
                columns[0].push(unit | kind << 2 | if is_whole { IS_WHOLE } else { 0 });
                if !is_whole {
                    shares.iter().for_each(|share| varint::write(*share, &mut columns[2]));
                }
                varint::write(found.tokens[0].into(), &mut columns[3]);
                write_difference(found.tokens[1].into(), found.tokens[0].into(), &mut columns[3]);
                for (place, before) in [found.copy, found.original].iter().zip(&mut before.paragraphs) {
                    let paragraph = place.paragraph.map_or(0, |paragraph| u64::from(paragraph) + 1);
                    write_difference(paragraph, *before, &mut columns[4]);
                    *before = paragraph;
                }
                for (side, span) in found.stretches.clone().unwrap_or_default().iter().enumerate() {
                    let Span { bytes, chars } = span;
                    write_difference(bytes.start, before.bytes[side], &mut columns[5 + side]);
                    varint::write(bytes.end - bytes.start, &mut columns[5 + side]);
                    write_difference(chars.start, before.chars[side], &mut columns[7]);
                    let fewer = (bytes.end - bytes.start).wrapping_sub(chars.end - chars.start);
                    varint::write(fewer, &mut columns[7]);
                    (before.bytes[side], before.chars[side]) = (bytes.end, chars.end);
                }
            }
        }
        self.rows += 1;
        if self.columns.iter().map(Vec::len).sum::<usize>() >= TOGETHER { self.end_block(to) } else { Ok(()) }
    }

    fn end_block(&mut self, to: &mut PageWriter) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut block = Vec::new();
        varint::write(self.rows, &mut block);
        for column in &self.columns {
            varint::write(column.len() as u64, &mut block);
            block.extend_from_slice(column);
        }
        let mut blocks = BlockWriter::new(0);
        blocks.append(to, &block)?;
        blocks.end_block(to)?;
        *self = RowsWriter::default();
        Ok(())
    }
}

/// Reads the rows of the block at a byte, and returns where the next one starts.
pub(crate) fn read(pages: &Pages, at: u64, mut tell: impl FnMut(Row) -> Result<()>) -> Result<u64> {
    let (block, next) = read_block(pages, at)?;
    let wrong = || pages.wrong(at, "no matches where some should be");
    if pages.version() == 1 {
        let mut rest = &block[..];
        while !rest.is_empty() {
            tell(read_line(&mut rest).ok_or_else(wrong)?)?;
        }
        return Ok(next);
    }
    let mut columns = Columns::new(&block).ok_or_else(wrong)?;
    for _ in 0..columns.rows {
        tell(columns.next().ok_or_else(wrong)?)?;
    }
    Ok(next)
}

/// A row of version 1: copy, original, length (u32), the line.
fn read_line(bytes: &mut &[u8]) -> Option<Row> {
    let number = |i: usize| bytes.get(4 * i..4 * i + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (copy, original, length) = (number(0)?, number(1)?, number(2)? as usize);
    let line = bytes.get(12..12 + length)?.to_vec();
    *bytes = &bytes[12 + length..];
    Some(Row { copy, original, told: Told::Line(line) })
}

struct Columns<'a> {
    columns: [&'a [u8]; COLUMNS],
    rows: u64,
    before: Before,
}

fn difference(bytes: &mut &[u8], from: u64) -> Option<u64> {
    Some(from.wrapping_add_signed(varint::unzigzag(varint::read(bytes)?)))
}

impl<'a> Columns<'a> {
    fn new(block: &'a [u8]) -> Option<Self> {
        let mut rest = block;
        let rows = varint::read(&mut rest)?;
        let mut columns = [&block[..0]; COLUMNS];
        for column in &mut columns {
            let length = usize::try_from(varint::read(&mut rest)?).ok()?;
            (*column, rest) = rest.split_at_checked(length)?;
        }
        Some(Columns { columns, rows, before: Before::default() })
    }

    fn next(&mut self) -> Option<Row> {
        let [tags, documents, shares, tokens, paragraphs, bytes_of_copy, bytes_of_original, chars, lines] =
            &mut self.columns;
        let before = &mut self.before;
        let (&tag, rest) = tags.split_first()?;
        *tags = rest;
        for before in &mut before.documents {
            *before = difference(documents, *before)?;
        }
        let [copy, original] = before.documents.map(u32::try_from);
        let (copy, original) = (copy.ok()?, original.ok()?);
        if tag == IS_LINE {
            let length = usize::try_from(varint::read(lines)?).ok()?;
            let (line, rest) = lines.split_at_checked(length)?;
            *lines = rest;
            return Some(Row { copy, original, told: Told::Line(line.to_vec()) });
        }
        let unit = [Unit::Document, Unit::Paragraph, Unit::Passage].into_iter().nth(usize::from(tag & 3))?;
        let kind = [Kind::Exact, Kind::Near, Kind::Contained].into_iter().nth(usize::from(tag >> 2 & 3))?;
        let mut share = || -> Option<f64> {
            if tag & IS_WHOLE > 0 { Some(1.0) } else { Some(rounded(varint::read(shares)? as f64 / MILLION)) }
        };
        let (jaccard, containment) = (share()?, share()?);
        let own = varint::read(tokens)?;
        let tokens = [own, difference(tokens, own)?].map(u32::try_from);
        for before in &mut before.paragraphs {
            *before = difference(paragraphs, *before)?;
        }
        let place = |side: usize, document: u32| -> Option<Place> {
            let paragraph = match before.paragraphs[side].checked_sub(1) {
                Some(paragraph) => Some(u32::try_from(paragraph).ok()?),
                None => None,
            };
            Some(Place { document, paragraph })
        };
        let (copy_place, original_place) = (place(0, copy)?, place(1, original)?);
        let mut stretches = [Span::default(), Span::default()];
        for (side, column) in [bytes_of_copy, bytes_of_original].into_iter().enumerate() {
            let start = difference(column, before.bytes[side])?;
            let length = varint::read(column)?;
            let first = difference(chars, before.chars[side])?;
            let count = length.wrapping_sub(varint::read(chars)?);
            let bytes = start..start.checked_add(length)?;
            stretches[side] = Span { bytes, chars: first..first.checked_add(count)? };
            (before.bytes[side], before.chars[side]) = (stretches[side].bytes.end, stretches[side].chars.end);
        }
        let [own, of_original] = tokens;
        let found = Match {
            unit,
            kind,
            jaccard,
            containment,
            tokens: [own.ok()?, of_original.ok()?],
            copy: copy_place,
            original: original_place,
            stretches: Some(stretches),
        };
        Some(Row { copy, original, told: Told::Match(found) })
    }
}

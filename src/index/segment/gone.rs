//! Documents that left, being contained in another, and are found by their tokens all the same: the next one with
//! these tokens is told as contained, too, unless it is a copy of something that came between. From then on it is
//! the one that they are found by. Both are told in rows of their own, which are few: they are held while a segment
//! is open.

use crate::error::Result;
use crate::index::pages::{PageWriter, Pages};
use crate::index::segment::CopyRow;
use crate::passage::Contained;
use crate::verify::Overlap;

/// The section.
const SECTION: usize = 34;

/// Bytes of a row.
const ROW: usize = 44;

/// What is told of a document that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GoneRow {
    pub(crate) document: u32,
    pub(crate) told: GoneTold,
}

/// What is told in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoneTold {
    /// that it was contained, and in what
    Contained(Contained),
    /// a later one with its tokens, which is a copy
    Copy(CopyRow),
}

impl GoneRow {
    /// The document, and the one that brought the row; rows are in the order of these.
    fn key(&self) -> [u32; 2] {
        [self.document, self.came()]
    }

    /// The document that brought it.
    pub(crate) fn came(&self) -> u32 {
        match self.told {
            GoneTold::Contained(_) => self.document,
            GoneTold::Copy(copy) => copy.unit,
        }
    }

    /// What the one that brought it is contained in, or a copy of.
    pub(super) fn original(&self) -> u32 {
        match self.told {
            GoneTold::Contained(of) => of.original,
            GoneTold::Copy(of) => of.original,
        }
    }

    fn encode(&self, into: &mut Vec<u8>) {
        let (original, overlap, rest) = match self.told {
            GoneTold::Contained(of) => {
                let [[first, end], bytes] = [of.original_tokens, of.original_bytes];
                (of.original, of.overlap, [of.tokens, first, end, bytes[0], bytes[1]])
            }
            GoneTold::Copy(of) => (of.original, of.overlap, [0; 5]),
        };
        let Overlap { shared, sizes } = overlap;
        let numbers = [self.document, self.came(), original, shared, sizes[0], sizes[1]];
        numbers.iter().chain(&rest).for_each(|number| into.extend_from_slice(&number.to_le_bytes()));
    }

    fn decode(bytes: &[u8]) -> Self {
        let number = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|b| bytes[4 * i + b]));
        let (document, came, original) = (number(0), number(1), number(2));
        let overlap = Overlap { shared: number(3), sizes: [number(4), number(5)] };
        let told = if document == came {
            GoneTold::Contained(Contained {
                copy: document,
                paragraph: None,
                tokens: number(6),
                original,
                original_tokens: [number(7), number(8)],
                original_bytes: [number(9), number(10)],
                overlap,
            })
        } else {
            GoneTold::Copy(CopyRow { unit: came, original, overlap })
        };
        GoneRow { document, told }
    }
}

/// Puts rows in order.
pub(crate) fn sort(rows: &mut [GoneRow]) {
    rows.sort_unstable_by_key(GoneRow::key);
}

/// Writes rows, which are in order.
pub(super) fn write(to: &mut PageWriter, rows: &[GoneRow]) -> Result<()> {
    let start = to.position();
    let mut bytes = Vec::with_capacity(ROW * rows.len());
    rows.iter().for_each(|row| row.encode(&mut bytes));
    to.append(&bytes)?;
    to.end_section(start);
    Ok(())
}

/// Reads the rows of a segment.
pub(super) fn read(pages: &Pages) -> Result<Vec<GoneRow>> {
    if pages.version() < 4 {
        return Ok(Vec::new());
    }
    let [start, end] = pages.section(SECTION)?;
    let rows: Vec<GoneRow> = pages.read(start, end - start)?.chunks_exact(ROW).map(GoneRow::decode).collect();
    if (end - start) % ROW as u64 != 0 || !rows.is_sorted_by_key(GoneRow::key) {
        return Err(pages.wrong(start, "no rows of documents that left"));
    }
    Ok(rows)
}

/// Those of one document.
pub(crate) fn of(rows: &[GoneRow], document: u32) -> &[GoneRow] {
    let start = rows.partition_point(|row| row.document < document);
    let end = start + rows[start..].partition_point(|row| row.document == document);
    &rows[start..end]
}

/// Bytes of rows on disk.
pub(super) fn bytes(rows: &[GoneRow]) -> u64 {
    (rows.len() * ROW) as u64
}

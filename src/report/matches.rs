//! One JSON object a line for each match, in the columns that `docs/outputs.md` lists.

use std::io::{self, Write};
use std::ops::Range;

use crate::document::Match;
use crate::in_turn::{Weight, in_turn};
use crate::outcome::{Lines, Outcome, source_names};
use crate::pool::Pool;

/// Documents and paragraphs whose matches are made into lines at once, by one thread.
const UNITS: u32 = 1024;

/// Writes all matches, sorted by the copy's place in the corpus. The lines are made in parallel, in rayon's
/// current pool, while those before are written.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(outcome: &Outcome, to: &mut (impl Write + Send)) -> io::Result<()> {
    write_those(outcome, to, |_| true)
}

/// Writes the matches for which `wanted` says so, in the same order and columns.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write_those(
    outcome: &Outcome,
    to: &mut (impl Write + Send),
    wanted: impl Fn(&Match) -> bool + Sync,
) -> io::Result<()> {
    let sources = source_names(outcome);
    let pieces = pieces(outcome);
    let free = Pool::default();
    let make = |piece: &Range<u32>| {
        let mut lines = free.take().unwrap_or_else(|| Lines::new(outcome, &sources));
        for place in piece.clone() {
            let matches = outcome.matches_of(outcome.at_place(place));
            matches.iter().filter(|found| wanted(found)).for_each(|found| lines.push(found));
        }
        Ok(lines)
    };
    let units = |place: u32| 1 + u64::from(outcome.paragraphs(outcome.at_place(place)));
    let weight = Weight { of: |piece: usize| pieces[piece].clone().map(units).sum(), most: WAITING };
    in_turn(&pieces, weight, make, |_, mut lines: Lines<'_>| {
        to.write_all(&lines.to)?;
        lines.to.clear();
        free.give(lines);
        Ok(())
    })
}

/// Documents and paragraphs whose lines may be made, or wait to be written.
const WAITING: u64 = 1 << 17;

/// The places of all documents, in pieces of about [`UNITS`].
fn pieces(outcome: &Outcome) -> Vec<Range<u32>> {
    let mut pieces = Vec::new();
    let (mut start, mut units) = (0, 0);
    for place in 0..outcome.own_documents() {
        units += 1 + outcome.paragraphs(outcome.at_place(place));
        if units >= UNITS {
            pieces.push(start..place + 1);
            (start, units) = (place + 1, 0);
        }
    }
    pieces.push(start..outcome.own_documents());
    pieces
}

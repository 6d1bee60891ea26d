//! What a run with a floor leaves for [`crate::rethreshold`]: the columns of the matches and two more, see
//! `docs/outputs.md`. One line for each verified pair down to the floor, each exact copy, each unit that would be
//! contained, and each passage; in the order of the matches.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::outcome::{Lines, Outcome, source_names};
use crate::rethreshold::{Head, VERSION};

/// Documents whose lines are made at once, by one thread.
const DOCUMENTS: usize = 256;

/// Such pieces that are made before they are written.
const PIECES: usize = 32;

/// Where the pairs stand beside a file of matches: `matches.pairs.jsonl` beside `matches.jsonl`.
pub fn beside(matches: &Path) -> PathBuf {
    matches.with_extension("pairs.jsonl")
}

/// Whether a name is one that [`beside`] gives.
pub fn is_pairs(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b".pairs.jsonl")
}

/// Writes the pairs of a run with a floor, beside matches of that checksum ([`crate::write::checksum`]); nothing for any
/// other run.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(outcome: &Outcome, matches: Option<u128>, to: &mut (impl Write + Send)) -> io::Result<()> {
    let Some(kept) = &outcome.floor else { return Ok(()) };
    let summary = outcome.summary();
    let sources = source_names(outcome);
    let places: Vec<u32> = (0..outcome.own_documents()).collect();
    let make = |places: &[u32]| {
        let mut lines = Lines::new(outcome, &sources);
        places
            .iter()
            .flat_map(|place| outcome.kept_of(outcome.at_place(*place)))
            .for_each(|kept| lines.push_kept(&kept));
        lines.to
    };
    let pieces: Vec<&[u32]> = places.chunks(DOCUMENTS).collect();
    // twice: a file that breaks off is known by its length, which its first line tells
    let bytes: usize = pieces.par_iter().map(|places| make(places).len()).sum();
    let head = Head {
        unit: "floor".to_owned(),
        version: VERSION,
        floor: summary.parameters.planned_for(),
        threshold: summary.parameters.threshold,
        documents: summary.documents,
        paragraphs: summary.paragraphs,
        capped: kept.sum(|kept| kept.capped),
        capped_units: kept.sum(|kept| kept.capped_units),
        bytes: bytes as u64,
        matches: matches.map(Head::told),
    };
    serde_json::to_writer(&mut *to, &head)?;
    to.write_all(b"\n")?;
    for pieces in pieces.chunks(PIECES) {
        let made: Vec<Vec<u8>> = pieces.par_iter().map(|places| make(places)).collect();
        made.iter().try_for_each(|lines| to.write_all(lines))?;
    }
    Ok(())
}

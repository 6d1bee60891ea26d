//! What a run with a floor leaves for [`crate::rethreshold`]: the columns of the matches and two more, see
//! `docs/outputs.md`. One line for each verified pair down to the floor, each exact copy, each unit that would be
//! contained, and each passage; in the order of the matches.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::outcome::{Outcome, UnitSummary};
use crate::report::matches::{Lines, source_names};

/// The version of the columns.
pub(crate) const VERSION: u32 = 1;

/// Documents whose lines are made at once, by one thread.
const DOCUMENTS: usize = 256;

/// Such pieces that are made before they are written.
const PIECES: usize = 32;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Head {
    /// always `floor`
    pub(crate) unit: String,
    pub(crate) version: u32,
    /// pairs are there from this similarity up
    pub(crate) floor: f64,
    /// that of the run
    pub(crate) threshold: f64,
    /// what the run told
    pub(crate) documents: UnitSummary,
    pub(crate) paragraphs: UnitSummary,
    /// pairs that the cap left out, and the units of which that is true
    pub(crate) capped: u64,
    pub(crate) capped_units: u64,
    /// bytes of all lines behind this one
    pub(crate) bytes: u64,
    /// XXH3-128 of the file of matches beside it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) matches: Option<String>,
}

impl Head {
    /// How a checksum of matches is told.
    pub(crate) fn told(checksum: u128) -> String {
        format!("{checksum:032x}")
    }
}

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

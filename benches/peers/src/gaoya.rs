//! gaoya's `MinHashIndex` with `MinHasher32`: 128 rows in the bands that its `calculate_minhash_params` gives
//! for the threshold; candidates are filtered by the estimate, as `query` does.
//!
//! `strings` is what its documentation shows: its `whitespace_split` of the text in lower case, and its
//! `shingle_tokens`. `slices` hashes the runs of words where they stand, which no documentation shows, but its
//! `create_signature` allows.
//!
//! Keep-first: a unit with a match in the index is flagged, another one is inserted.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use gaoya::minhash::{MinHashIndex, MinHasher, MinHasher32, calculate_minhash_params};
use gaoya::text::{shingle_tokens, whitespace_split};

use crate::records::{THRESHOLD, WIDTH, each};

pub fn flag(shingles: &str, file: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let (bands, rows) = calculate_minhash_params(THRESHOLD, 128);
    let hasher = MinHasher32::new(bands * rows);
    let mut index: MinHashIndex<u32, u32> = MinHashIndex::new(bands, rows, THRESHOLD);
    let mut flagged = Vec::new();
    let mut number = 0;
    each(file, |record| {
        let signature = if shingles == "strings" {
            let text = record.text.to_lowercase();
            let words: Vec<&str> = whitespace_split(&text).collect();
            hasher.create_signature(shingle_tokens(&words, WIDTH.min(words.len())))
        } else {
            let words: Vec<&str> = record.text.split_ascii_whitespace().collect();
            hasher.create_signature(words.windows(WIDTH.min(words.len())))
        };
        if index.query(&signature).is_empty() {
            index.insert(number, signature);
        } else {
            flagged.push(record.id.into_owned());
        }
        number += 1;
    })?;
    let mut out = BufWriter::new(File::create(out)?);
    flagged.iter().try_for_each(|id| writeln!(out, "{id}"))?;
    out.flush()?;
    eprintln!("gaoya: {bands} bands of {rows} rows, {number} units, {} flagged", flagged.len());
    Ok(())
}

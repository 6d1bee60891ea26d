//! What the comparison with other tools needs in Rust: the exact truth, and gaoya, which is a library.
//!
//! `peers truth FILE.jsonl TRUTH.tsv` and `peers gaoya strings|slices FILE.jsonl FLAGGED.txt`. The words of a
//! record are what white space separates; a unit is the set of its runs of five words, or of all its words if
//! fewer.

mod gaoya;
mod records;
mod truth;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["truth", file, out] => truth::write(file, out),
        ["gaoya", shingles @ ("strings" | "slices"), file, out] => gaoya::flag(shingles, file, out),
        _ => Err("usage: peers truth FILE.jsonl OUT, or peers gaoya strings|slices FILE.jsonl OUT".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

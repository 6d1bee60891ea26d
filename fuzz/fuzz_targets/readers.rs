//! Any bytes as a file of any format: the run ends, and read = documents + skipped (the summary asserts it).
//!
//! The input: format and packing (a byte), then the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redite::params::Params;
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;

const NAMES: [&str; 8] =
    ["x.jsonl", "x.jsonl", "x.csv", "x.tsv", "x.wet", "x.txt", "x.jsonl.gz", "x.parquet"];

fuzz_target!(|data: &[u8]| {
    let [kind, bytes @ ..] = data else { return };
    let folder = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let file = folder.path().join(NAMES[usize::from(*kind) % NAMES.len()]);
    std::fs::write(&file, bytes).expect("a file in it");
    let Ok(found) = sources::find(&[file], None) else { return };
    let params = Params { min_tokens: 1, max_record: 1 << 16, ..Params::audit() };
    let surroundings = Surroundings { temporary: folder.path().to_path_buf(), ..Surroundings::default() };
    if let Ok(outcome) = audit(found, &params, &surroundings, &Progress::default()) {
        let input = &outcome.summary().input;
        let skipped: u64 = input.skipped.values().sum();
        assert!(input.documents <= input.records && input.records <= input.documents + skipped);
        for found in outcome.matches() {
            let copy = outcome.text(found.copy.document);
            assert!(copy.is_ok_and(|text| outcome.span(found.copy).bytes.end <= text.len() as u64));
        }
    }
});

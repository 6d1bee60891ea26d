//! Any bytes as a file of any format: the run ends, and read = documents + skipped (the summary asserts it); and where
//! copies leave, what is written is read again without a record that was not there.
//!
//! The input: format and packing, and what is done with it (a byte), then the file.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use redite::dedup::{Removal, Rules};
use redite::order::Order;
use redite::params::{Params, Remove};
use redite::pipeline::{Inputs, Progress, Surroundings, audit, run};
use redite::read::sources;
use redite::write::{folder::Folder, places::Places, records::Records};

const NAMES: [&str; 12] = [
    "x.jsonl",
    "x.csv",
    "x.tsv",
    "x.wet",
    "x.txt",
    "x.parquet",
    "x.jsonl.gz",
    "x.jsonl.zst",
    "x.csv.bz2",
    "x.jsonl.xz",
    "x.wet.gz",
    "x.wet.zst",
];

fuzz_target!(|data: &[u8]| {
    let [kind, bytes @ ..] = data else { return };
    let (kind, done) = (usize::from(*kind) % NAMES.len(), usize::from(*kind) / NAMES.len() % 4);
    let folder = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let file = folder.path().join(NAMES[kind]);
    std::fs::write(&file, bytes).expect("a file in it");
    // small chunks, so that small files have several
    let surroundings =
        Surroundings { temporary: folder.path().to_path_buf(), chunk: 256, ..Surroundings::default() };
    let params = Params { min_tokens: 1, passage: 8, max_record: 1 << 16, ..Params::audit() };
    if done > 0 {
        let parts = Remove { documents: true, contained: true, paragraphs: true, passages: true };
        let remove = if done == 1 { parts } else { Remove::default() };
        let params = Params { remove, ..params };
        let _ = deduplicated(&file, folder.path(), &params, &surroundings, done == 3);
        return;
    }
    let Ok(found) = sources::find(&[file], None) else { return };
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

fn deduplicated(
    file: &Path,
    folder: &Path,
    params: &Params,
    surroundings: &Surroundings,
    annotate: bool,
) -> redite::error::Result<()> {
    let inputs = [file.to_path_buf()];
    let found = sources::find(&inputs, None)?;
    let places = Places::new(&inputs, &found.files)?;
    if annotate && redite::write::places::check_annotated(&found.files).is_err() {
        return Ok(());
    }
    let rules = Rules { annotate, ..Rules::default() };
    let inputs = Inputs { order: Order::default().for_files(&places), ..found.into() };
    let outcome = run(inputs, params, surroundings, &Progress::default())?;
    let removal = Removal::new(&outcome, &rules)?;
    let output = folder.join("out");
    let written = Folder::new(&output)?;
    Records::new(&outcome, &removal, &places, annotate).write(&written, None, &Progress::default())?;
    written.publish(places.paths(), true)?;
    let again = audit(sources::find(&[output], None)?, params, surroundings, &Progress::default())?;
    let kept = (0..outcome.documents()).filter(|&document| !removal.is_removed(document)).count() as u64;
    // an annotated record may have become longer than the longest that is read
    let documents = again.summary().input.documents;
    assert!(documents == kept || annotate && documents < kept, "{documents} of {kept} read again");
    Ok(())
}

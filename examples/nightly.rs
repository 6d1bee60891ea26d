//! Tonight's files without what came before, tonight or on another night; what stays is kept for the nights to come:
//! `cargo run --example nightly -- archive clean/tuesday corpus/news-fr`
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use redite::archive::Archive;
use redite::dedup::{Job, Rules};
use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings};

fn main() -> redite::error::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let archive = arguments.next().unwrap_or_default();
    let output = arguments.next().unwrap_or_default();
    let inputs: Vec<PathBuf> = arguments.collect();

    // locked until it is dropped; the first night makes it, the others go on with what it was made with
    let mut archive = Archive::adding(archive)?;
    let all = Units { documents: true, paragraphs: true, passages: true };
    let params = archive.params(Params { units: all, ..Params::dedup() });
    let rules = Rules { max_removed: Some(0.5), ..Rules::default() };
    let surroundings = Surroundings { memory: Some(1 << 30), ..Surroundings::default() };
    let job = Job { inputs, output, rules, ..Job::default() };
    let done = job.run(&mut archive, &params, &surroundings, &Progress::default())?;

    let all = done.removal.all;
    println!("{} read, {} kept, {} removed, {} skipped", all.read, all.kept, all.removed, all.skipped);
    if let Some(night) = &done.outcome.summary().index {
        println!("{} nights came before, with {} documents", night.batches, night.documents);
    }
    Ok(())
}

//! Who repeats what in some files and folders: `cargo run --example audit -- corpus/news-en`
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use redite::document::Place;
use redite::params::Params;
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;

fn main() -> redite::error::Result<()> {
    let inputs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let sources = sources::find(&inputs, None)?;
    let outcome = audit(sources, &Params::audit(), &Surroundings::default(), &Progress::default())?;

    let name = |place: Place| {
        let (source, record) = outcome.record(place.document);
        format!("{}, record {}", outcome.sources()[source as usize].name, record + 1)
    };
    for found in outcome.matches() {
        let [copy, original] = outcome.excerpt(&found)?;
        println!("{} {}, Jaccard {:.3}", found.unit.name(), found.kind.name(), found.jaccard);
        println!("  {}: {copy}", name(found.copy));
        println!("  {}: {original}", name(found.original));
    }
    let summary = outcome.summary();
    println!("{} documents, of which originals: {}", summary.input.documents, summary.documents.originals);
    Ok(())
}

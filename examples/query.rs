//! Where a text, or a part of it, stood before: `cargo run --example query -- archive corpus/news-fr/024-revue-semaine.txt`
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use redite::archive::Archive;
use redite::params::Params;
use redite::pipeline::{Progress, Surroundings, run};
use redite::read::sources;

fn main() -> redite::error::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let archive = Archive::reading(arguments.next().unwrap_or_default())?;
    let texts: Vec<PathBuf> = arguments.collect();

    let params = archive.params(Params::audit());
    let inputs = archive.inputs(sources::find(&texts, None)?);
    let outcome = run(inputs, &params, &Surroundings::default(), &Progress::default())?;
    for found in outcome.matches() {
        let [copy, original] = outcome.excerpt(&found)?;
        let (source, record) = outcome.record(found.original.document);
        let source = &outcome.sources()[source as usize].name;
        println!("{} {}, Jaccard {:.3}", found.unit.name(), found.kind.name(), found.jaccard);
        println!("  {copy}\n  stands in {source}, record {}: {original}", record + 1);
    }
    Ok(())
}

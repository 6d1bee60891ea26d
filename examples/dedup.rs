//! A corpus without its copies, unless that would take more than half of a source:
//! `cargo run --example dedup -- clean corpus/news-en`
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use redite::dedup::{self, Rules};
use redite::params::Params;

fn main() -> redite::error::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let output = arguments.next().unwrap_or_default();
    let inputs: Vec<PathBuf> = arguments.collect();

    let rules = Rules { max_removed: Some(0.5), ..Rules::default() };
    let done = dedup::run(&inputs, &output, &Params::dedup(), &rules)?;
    for account in &done.removal.accounts {
        println!("{}: {} kept, {} removed", account.name, account.counts.kept, account.counts.removed);
    }
    Ok(())
}

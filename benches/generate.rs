//! Makes a corpus of any size, woven from real articles: see `generate/woven.rs`.
//!
//! `cargo bench --bench generate -- ARTICLES.jsonl FOLDER --sizes 5GB,50MB [--seed 1] [--copies 10]
//! [--changed 60]` writes `part-0.jsonl`, `part-1.jsonl` and so on: successive parts of one corpus, each at
//! least so large, by less than a document. Of a hundred documents `--copies` repeat an earlier one, of any
//! part; of those with other words up to `--changed` of a thousand are others. The same arguments give the
//! same bytes.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

#[path = "generate/woven.rs"]
mod woven;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use woven::{Articles, Corpus, Plan};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        arguments.iter().position(|argument| argument == name).map(|at| arguments[at + 1].as_str())
    };
    let number = |name: &str, default: u64| value(name).map_or(default, |value| value.parse().unwrap());
    let ([articles, folder, ..], Some(sizes)) = (&arguments[..], value("--sizes")) else {
        println!("cargo bench --bench generate -- ARTICLES.jsonl FOLDER --sizes 5GB,50MB");
        return;
    };
    let default = Plan::default();
    let plan = Plan {
        seed: number("--seed", default.seed),
        copies: number("--copies", default.copies),
        changed: number("--changed", default.changed),
    };
    let articles = Articles::read(&fs::read_to_string(articles).unwrap()).unwrap();
    let corpus = Corpus { articles: &articles, plan };
    fs::create_dir_all(folder).unwrap();
    let mut next = 0;
    for (part, size) in sizes.split(',').enumerate() {
        let start = Instant::now();
        let file = Path::new(folder).join(format!("part-{part}.jsonl"));
        let first = next;
        let to = BufWriter::with_capacity(1 << 20, File::create(&file).unwrap());
        let bytes = corpus.write_part(&mut next, woven::bytes(size).unwrap(), to).unwrap();
        let rate = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
        println!("{}: {bytes} bytes, {} documents, {rate:.0} MB/s", file.display(), next - first);
    }
}

//! Makes a corpus of any size of real articles: see `generate/replicas.rs`.
//!
//! `cargo bench --bench generate -- ARTICLES.jsonl FOLDER --sizes 5GB,50MB [--seed 1] [--copies 10]
//! [--changed 60] [--replicas N]` writes `part-0.jsonl`, `part-1.jsonl` and so on: successive parts of one
//! corpus, each at least so large, by less than a document. Without `--replicas` there are as many as the sizes
//! need. Of a hundred documents `--copies` repeat an earlier one, of any part; of those with other words up to
//! `--changed` of a thousand are others. The same arguments give the same bytes.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

#[path = "generate/replicas.rs"]
mod replicas;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use replicas::{Articles, Corpus, Plan};

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
    let sizes: Vec<u64> = sizes.split(',').map(|size| replicas::bytes(size).unwrap()).collect();
    let articles = Articles::read(&fs::read_to_string(articles).unwrap()).unwrap();
    let needed = sizes.iter().sum::<u64>().div_ceil(articles.bytes().max(1));
    let default = Plan::default();
    let plan = Plan {
        seed: number("--seed", default.seed),
        replicas: number("--replicas", needed),
        copies: number("--copies", default.copies),
        changed: number("--changed", default.changed),
    };
    let corpus = Corpus::new(&articles, plan);
    fs::create_dir_all(folder).unwrap();
    let mut next = 0;
    for (part, size) in sizes.into_iter().enumerate() {
        let start = Instant::now();
        let file = Path::new(folder).join(format!("part-{part}.jsonl"));
        let first = next;
        let to = BufWriter::with_capacity(1 << 20, File::create(&file).unwrap());
        let bytes = corpus.write_part(&mut next, size, to).unwrap();
        let rate = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
        println!("{}: {bytes} bytes, {} documents, {rate:.0} MB/s", file.display(), next - first);
    }
    println!("{} replicas", plan.replicas);
}

//! What no tool can avoid, on one thread: read JSON lines, find and unescape the text, check its UTF-8, hash it
//! once. And how many times that redite costs.
//!
//! `cargo bench --bench floor -- FILE.jsonl [RUNS]` prints CPU seconds (user and system, medians of `RUNS`, 5 by
//! default, all in turn) and multiples as a table. Needs `/proc`.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::borrow::Cow;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// A record, borrowed from its line wherever nothing is escaped.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// The jobs that are held against the floor: name, `--units`, `--threads`.
const JOBS: [(&str, &str, &str); 4] = [
    ("documents, paragraphs; 1 thread", "document,paragraph", "1"),
    ("documents, paragraphs; 2 threads", "document,paragraph", "2"),
    ("with passages; 1 thread", "document,paragraph,passage", "1"),
    ("with passages; 2 threads", "document,paragraph,passage", "2"),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(file) = arguments.next().map(PathBuf::from) else {
        println!("cargo bench --bench floor -- FILE.jsonl [RUNS]");
        return;
    };
    let runs: usize = arguments.next().map_or(5, |runs| runs.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); 1 + JOBS.len()];
    let mut hashed = 0;
    for _ in 0..runs {
        let start = cpu_seconds(OWN);
        hashed = floor(&file);
        seconds[0].push(cpu_seconds(OWN) - start);
        for (job, (_, units, threads)) in JOBS.into_iter().enumerate() {
            let start = cpu_seconds(CHILDREN);
            let matches = folder.path().join("matches.jsonl");
            let status = Command::new(env!("CARGO_BIN_EXE_redite"))
                .args(["audit", "--threshold", "0.8", "--quiet", "--json", "--units", units])
                .args(["--threads", threads, "--matches"])
                .args([&matches, &file])
                .stdout(std::process::Stdio::null())
                .status();
            assert!(status.unwrap().success());
            seconds[1 + job].push(cpu_seconds(CHILDREN) - start);
        }
    }
    let megabytes = file.metadata().unwrap().len() as f64 / 1e6;
    println!("{megabytes:.1} MB, {:.1} MB of text, {runs} runs each", hashed as f64 / 1e6);
    println!("| job | CPU s, median (least) | MB a CPU-second | of the floor |");
    println!("|---|---|---|---|");
    let medians: Vec<f64> = seconds.iter_mut().map(|of| median(of)).collect();
    let names = std::iter::once("the floor").chain(JOBS.map(|(name, ..)| name));
    for ((name, median), all) in names.zip(&medians).zip(&seconds) {
        let (rate, of_floor) = (megabytes / median, median / medians[0]);
        println!("| {name} | {median:.2} ({:.2}) | {rate:.0} | {of_floor:.1} |", all[0]);
    }
}

/// Returns the bytes of text that were hashed.
fn floor(path: &Path) -> usize {
    let mut file = File::open(path).unwrap();
    let mut buffer = Vec::new();
    let mut bytes = 0;
    loop {
        let kept = buffer.len();
        buffer.resize(kept + PIECE, 0);
        let read = file.read(&mut buffer[kept..]).unwrap();
        buffer.truncate(kept + read);
        // whole lines; at the end of the file what is left
        let end =
            if read == 0 { buffer.len() } else { memchr::memrchr(b'\n', &buffer).map_or(0, |at| at + 1) };
        let lines = simdutf8::basic::from_utf8(&buffer[..end]).unwrap();
        let mut start = 0;
        while start < end {
            let line = memchr::memchr(b'\n', &lines.as_bytes()[start..]).map_or(end, |at| start + at);
            if line > start {
                let record: Record<'_> = serde_json::from_str(&lines[start..line]).unwrap();
                black_box(xxh3_64(record.text.as_bytes()));
                bytes += record.text.len();
            }
            start = line + 1;
        }
        buffer.drain(..end);
        if read == 0 {
            return bytes;
        }
    }
}

/// Leaves the list sorted.
fn median(of: &mut [f64]) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Where `/proc/self/stat` has the user time, behind the name: of this process, of its children.
const OWN: usize = 11;
const CHILDREN: usize = 13;

/// User and system time.
fn cpu_seconds(of: usize) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[of].parse::<f64>().unwrap() + fields[of + 1].parse::<f64>().unwrap()) / 100.0
}

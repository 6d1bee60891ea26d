//! What repetitive corpora cost a record, beside distinct texts of the same size.
//!
//! `cargo bench --bench linear [-- RECORDS]` writes corpora of generated words to a temporary folder, audits
//! each, and prints CPU time a record as a multiple of that for distinct texts of the same length, with the
//! comparisons counted. The lines are a million by default, the texts of the last two have a million sentences.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;

/// A small generator with a fixed seed: the corpora are the same on every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 16] =
            ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "xo", "zu", "or"];
        (0..2 + self.next(3)).map(|_| SYLLABLES[self.next(16) as usize]).collect()
    }

    fn words(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.word()).collect()
    }
}

/// A corpus: its name, how many records, and the text of each.
type Corpus<'a> = (&'a str, usize, Box<dyn FnMut(&mut Numbers, usize) -> String + 'a>);

fn main() {
    let million = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let articles = million / 5;
    let thousands = million / 50;
    let mut start = Numbers(7);
    let line = start.words(20);
    let boilerplate = start.words(40).join(" ");
    let long = start.words(400);
    let thousandfold: Vec<Vec<String>> = (0..=thousands / 1000).map(|_| start.words(400)).collect();
    let pieces = million / 40;
    let whole = start.words(40 * pieces);
    let change = |line: &[String], at: usize, to: String| {
        let mut words = line.to_vec();
        words[at] = to;
        words.join(" ")
    };
    let corpora: Vec<Vec<Corpus<'_>>> = vec![
        vec![
            ("distinct lines of 20 words", million, Box::new(|n, _| n.words(20).join(" "))),
            ("equal lines", million, Box::new(|_, _| line.join(" "))),
            (
                "one word changed, anywhere",
                million,
                Box::new(|n, _| {
                    let at = n.next(20) as usize;
                    let to = n.word();
                    change(&line, at, to)
                }),
            ),
            (
                "one word changed, always the same, each another",
                million,
                Box::new(|_, i| change(&line, 10, format!("nr{i}"))),
            ),
        ],
        vec![
            ("distinct articles of 160 words", articles, Box::new(|n, _| n.words(160).join(" "))),
            (
                "articles of 120 words and a common paragraph of 40",
                articles,
                Box::new(|n, _| format!("{}\n{boilerplate}", n.words(120).join(" "))),
            ),
        ],
        vec![
            ("distinct articles of 400 words", thousands, Box::new(|n, _| n.words(400).join(" "))),
            (
                "articles of 400 words, each a thousand times, another word changed in each",
                thousands,
                Box::new(|n, i| {
                    let (at, to) = (n.next(400) as usize, n.word());
                    change(&thousandfold[i / 1000], at, to)
                }),
            ),
            (
                "one article of 400 words, another word changed in each",
                thousands,
                Box::new(|n, i| {
                    let to = n.word();
                    change(&long, i % 400, to)
                }),
            ),
        ],
        vec![
            ("distinct pieces of 40 words", pieces, Box::new(|n, _| n.words(40).join(" "))),
            (
                "a text, and behind it all of it in pieces of 40 words",
                pieces,
                Box::new(|_, i| match i.checked_sub(1) {
                    None => whole.join(" "),
                    Some(piece) => whole[40 * piece..][..40].join(" "),
                }),
            ),
            (
                "a text in pieces of 40 words, and behind them all of it",
                pieces,
                Box::new(|_, i| match whole.chunks(40).nth(i) {
                    Some(piece) if i + 1 < pieces => piece.join(" "),
                    _ => whole.join(" "),
                }),
            ),
            (
                "a text, and behind it all of it in one text of lines",
                pieces,
                Box::new(|_, i| match i {
                    0 => whole.join(" "),
                    1 => format!(
                        "of lines\n{}",
                        whole.chunks(12).map(|line| line.join(" ")).collect::<Vec<_>>().join("\n")
                    ),
                    _ => String::new(),
                }),
            ),
        ],
        vec![
            (
                "a text of distinct sentences",
                1,
                Box::new(|n, _| (0..million).map(|_| n.words(10).join(" ") + ". ").collect()),
            ),
            (
                "a text of one sentence, again and again",
                1,
                Box::new(|_, _| (line[..10].join(" ") + ". ").repeat(million)),
            ),
            (
                "a text of verses of 28 words, behind each a line of 4 words seven times",
                1,
                Box::new(|n, _| {
                    let mut verse =
                        || n.words(28).join(" ") + "\n" + &(n.words(4).join(" ") + "\n").repeat(7);
                    (0..million * 10 / 56).map(|_| verse()).collect()
                }),
            ),
            (
                "a text of lines of 40 words that differ in 3",
                1,
                Box::new(|_, _| {
                    let [a, b, c] = [&long[..7], &long[7..17], &long[17..37]].map(|part| part.join(" "));
                    (0..million / 4).map(|i| format!("a{i} {a} b{i} {b} c{i} {c}\n")).collect()
                }),
            ),
        ],
    ];
    println!("| corpus | records | units | CPU µs a record | of distinct | compared a record | capped |");
    println!("|---|---|---|---|---|---|---|");
    let folder = tempfile::tempdir().unwrap();
    for group in corpora {
        let mut distinct = [0.0; 2];
        for (name, records, text) in group {
            let file = folder.path().join("corpus.jsonl");
            write(&file, records, text);
            for (which, passages) in [false, true].into_iter().enumerate() {
                let units = Units { passages, ..Params::audit().units };
                let params = Params { units, max_record: 1 << 29, ..Params::dedup() };
                let start = cpu_seconds();
                let wall = Instant::now();
                let found = sources::find(std::slice::from_ref(&file), None).unwrap();
                let outcome = audit(found, &params, &Surroundings::default(), &Progress::default()).unwrap();
                let seconds =
                    start.map_or(wall.elapsed().as_secs_f64(), |start| cpu_seconds().unwrap() - start);
                let each = seconds / records as f64 * 1e6;
                if distinct[which] == 0.0 {
                    distinct[which] = each;
                }
                let summary = outcome.summary();
                println!(
                    "| {name} | {records} | {} | {each:.2} | {:.2} | {:.1} | {} |",
                    if passages { "all" } else { "documents, paragraphs" },
                    each / distinct[which],
                    summary.verified as f64 / records as f64,
                    summary.capped,
                );
            }
        }
    }
}

fn write(file: &Path, records: usize, mut text: impl FnMut(&mut Numbers, usize) -> String) {
    let mut to = BufWriter::new(File::create(file).unwrap());
    let mut numbers = Numbers(11);
    for i in 0..records {
        let text = serde_json::Value::from(text(&mut numbers, i));
        writeln!(to, "{{\"id\":{i},\"text\":{text}}}").unwrap();
    }
    to.flush().unwrap();
}

/// User and system time of this process, where the system tells.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

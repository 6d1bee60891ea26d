//! Counts the instructions of the hot stages with callgrind, and fails where one costs more than it did.
//!
//! `cargo bench --bench instructions` compares with `benches/instructions/baseline.tsv`; `-- --write` makes that
//! anew. Counts hardly depend on the machine: valgrind shows every program the same processor, without
//! AVX-512, so that on any x86-64 with AVX2 the kernels for AVX2 are counted. A stage may grow by
//! [`TOLERANCE`] percent, by [`OTHER_COMPILER`] where the baseline was made by another compiler. Nothing is
//! compared on other machines, or without valgrind; that is said.
//!
//! A stage runs in a process of its own (`--stage NAME`), and only what it does inside of [`measured`] counts.
//! The whole runs count the `redite` command from start to end.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use redite::band::Buckets;
use redite::normalise::Tokenizer;
use redite::params::ParagraphMode;
use redite::shingle::Shingler;
use redite::sign::Signer;
use redite::split::paragraphs;
use redite::verify::{Digest, compare};

/// Growth that fails, in percent.
const TOLERANCE: f64 = 3.0;

/// The same where the compiler is not that of the baseline.
const OTHER_COMPILER: f64 = 10.0;

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/baseline.tsv");

/// A stage: its name, what it counts, and how many of these; what runs once, and what is measured.
struct Stage {
    name: &'static str,
    unit: &'static str,
    count: usize,
    run: Box<dyn FnMut()>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--stage") {
        // a pool of threads would count how often they look for work, which is chance
        rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
        let mut stages = stages();
        let stage = stages.iter_mut().find(|stage| stage.name == arguments[at + 1]);
        measured(&mut stage.unwrap().run);
        return ExitCode::SUCCESS;
    }
    let valgrind = Command::new("valgrind").arg("--version").output();
    let Some(valgrind) = valgrind.ok().filter(|output| output.status.success()) else {
        println!("not compared: there is no valgrind here");
        return ExitCode::SUCCESS;
    };
    if !has_avx2() {
        println!("not compared: the baseline is that of an x86-64 with AVX2");
        return ExitCode::SUCCESS;
    }
    let compiler = compiler();
    let counts = count();
    let mut table = format!("# {compiler}; {}", String::from_utf8_lossy(&valgrind.stdout));
    table.push_str("# stage\tinstructions\tof what\thow many\n");
    for (name, instructions, unit, how_many) in &counts {
        writeln!(table, "{name}\t{instructions}\t{unit}\t{how_many}").unwrap();
    }
    if arguments.iter().any(|argument| argument == "--write") {
        fs::write(BASELINE, table).unwrap();
        println!("written to {BASELINE}");
        return ExitCode::SUCCESS;
    }
    judge(&compiler, &counts)
}

/// Name, instructions, of what, how many of these.
type Counted = (String, u64, &'static str, usize);

fn judge(compiler: &str, counts: &[Counted]) -> ExitCode {
    let baseline = fs::read_to_string(BASELINE).unwrap();
    let same = baseline.lines().next().is_some_and(|first| first.starts_with(&format!("# {compiler};")));
    let tolerance = if same { TOLERANCE } else { OTHER_COMPILER };
    let mut failed = false;
    println!("| stage | instructions | each | of the baseline |");
    println!("|---|---|---|---|");
    for (name, instructions, unit, how_many) in counts {
        let each = *instructions as f64 / *how_many as f64;
        let row = baseline.lines().find_map(|line| line.strip_prefix(&format!("{name}\t")));
        let before: Option<u64> = row.and_then(|row| row.split('\t').next()?.parse().ok());
        let grown = before.map(|before| (*instructions as f64 / before as f64 - 1.0) * 100.0);
        let mark = match grown {
            Some(grown) if grown <= tolerance => "",
            Some(_) => " **too many**",
            None => " **not in the baseline**",
        };
        failed |= !mark.is_empty();
        let grown = grown.unwrap_or_default();
        println!("| {name} | {instructions} | {each:.1} a {unit} | {grown:+.2} %{mark} |");
    }
    if !same {
        println!("\nthe baseline was made by another compiler than {compiler}: {tolerance} % are allowed");
    }
    if failed {
        println!(
            "\na stage grew by more than {tolerance} %; where that is wanted, commit a new baseline with it:"
        );
        println!("cargo bench --bench instructions -- --write");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Counts every stage, two at a time.
fn count() -> Vec<Counted> {
    let folder = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    let mut jobs: Vec<(String, &'static str, usize, Command)> = Vec::new();
    for stage in stages() {
        let mut command = callgrind(folder.path(), stage.name);
        command.args(["--collect-atstart=no", "--toggle-collect=*instructions*measured*"]).arg(&own);
        command.args(["--stage", stage.name]);
        jobs.push((stage.name.to_owned(), stage.unit, stage.count, command));
    }
    let corpus = folder.path().join("corpus.jsonl");
    let bytes = write_corpus(&corpus);
    for (name, units) in [
        ("whole run, documents and paragraphs", "document,paragraph"),
        ("whole run, passages too", "document,paragraph,passage"),
    ] {
        let mut command = callgrind(folder.path(), name);
        command.arg(env!("CARGO_BIN_EXE_redite"));
        // without it the command begins again, where callgrind does not follow
        command.env("REDITE_ALLOCATOR", "as it is");
        command.args([
            "audit",
            "--threshold",
            "0.8",
            "--threads",
            "1",
            "--quiet",
            "--json",
            "--units",
            units,
        ]);
        command.arg("--matches").arg(folder.path().join(format!("{name}.jsonl"))).arg(&corpus);
        jobs.push((name.to_owned(), "byte", bytes, command));
    }
    let mut counts = Vec::new();
    while !jobs.is_empty() {
        let pair: Vec<_> = jobs.drain(..jobs.len().min(2)).collect();
        let running: Vec<_> = pair
            .into_iter()
            .map(|(name, unit, how_many, mut command)| (name, unit, how_many, command.spawn().unwrap()))
            .collect();
        for (name, unit, how_many, mut process) in running {
            assert!(process.wait().unwrap().success(), "{name} failed under valgrind");
            let out = fs::read_to_string(callgrind_file(folder.path(), &name)).unwrap();
            let total = out.lines().find_map(|line| line.strip_prefix("totals: "));
            let total = total.and_then(|total| total.split(' ').next()?.parse().ok()).unwrap();
            counts.push((name, total, unit, how_many));
        }
    }
    counts
}

fn callgrind_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.out", name.replace([' ', ','], "-")))
}

fn callgrind(folder: &Path, name: &str) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", callgrind_file(folder, name).display()));
    command.stdout(Stdio::null());
    command
}

/// The function that callgrind counts, by its name.
#[inline(never)]
fn measured(run: &mut dyn FnMut()) {
    black_box(run)();
}

fn has_avx2() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The compiler's name and version.
fn compiler() -> String {
    let cargo = Path::new(env!("CARGO")).with_file_name("rustc");
    let output = Command::new(cargo).arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const TEXTS: [(&str, &str); 4] = [
    (
        "tokens, English",
        "The committee met again on Tuesday; it's said that nothing was decided, and that 17 of 23 left. ",
    ),
    (
        "tokens, French",
        "Réunis mardi à l’hôtel de ville, les élus n’ont « rien décidé » : 17 des 23 sont partis déçus. ",
    ),
    (
        "tokens, Russian",
        "Во вторник комитет снова собрался, но, как говорят, ничего не решил: 17 из 23 ушли раньше. ",
    ),
    (
        "tokens, Japanese",
        "委員会は火曜日に再び開かれたが、何も決まらず、23人のうち17人が途中で退席したという。",
    ),
];

fn stages() -> Vec<Stage> {
    let mut stages = Vec::new();
    for (name, sentence) in TEXTS {
        let text = sentence.repeat(500);
        let mut tokenizer = Tokenizer::new(0);
        let mut tokens = Vec::new();
        tokenizer.hashes(&text, &mut tokens);
        let count = tokens.len();
        let run = move || {
            tokens.clear();
            tokenizer.hashes(black_box(&text), &mut tokens);
        };
        stages.push(Stage { name, unit: "token", count, run: Box::new(run) });
    }
    let text = (TEXTS[1].1.repeat(20).replace(". ", ".\n") + "\n").repeat(50);
    let mut ranges = Vec::new();
    let (unit, count) = ("byte", text.len());
    let run = move || {
        ranges.clear();
        paragraphs(black_box(&text), ParagraphMode::Auto, &mut ranges);
    };
    stages.push(Stage { name: "paragraphs", unit, count, run: Box::new(run) });

    let tokens: Vec<u64> = (1..=20_000u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let (unit, count) = ("shingle", tokens.len());
    let (of, mut shingles) = (tokens.clone(), Vec::with_capacity(count));
    let run = move || Shingler::new(3).rolled(black_box(&of), &mut shingles);
    stages.push(Stage { name: "shingles", unit, count, run: Box::new(run) });
    let (of, mut set) = (tokens.clone(), Vec::with_capacity(count));
    let run = move || of.chunks(100).for_each(|of| Shingler::new(3).set(black_box(of), &mut set));
    stages.push(Stage { name: "sets of 98", unit, count, run: Box::new(run) });
    for (name, rows) in [("signatures of 36 rows", 36), ("signatures of 57 rows", 57)] {
        let signer = Signer::new(rows, 0);
        let mut signature = signer.empty();
        let of = tokens.clone();
        let run = move || of.chunks(100).for_each(|of| signer.add(black_box(of), &mut signature));
        stages.push(Stage { name, unit, count, run: Box::new(run) });
    }

    let sets: Vec<Vec<u64>> = tokens
        .chunks(100)
        .map(|set| {
            let mut set = set.to_vec();
            set.sort_unstable();
            set
        })
        .collect();
    let (unit, count) = ("pair", sets.len());
    let cut: Vec<Vec<u64>> =
        sets.iter().map(|set| set.iter().copied().filter(|x| x % 10 != 0).collect()).collect();
    for (name, other) in [("comparisons, alike", cut.clone()), ("comparisons, unlike", rotated(cut))] {
        let of = sets.clone();
        let run = move || {
            of.iter().zip(&other).for_each(|(a, b)| {
                black_box(compare(black_box(a), black_box(b), 0.8));
            });
        };
        stages.push(Stage { name, unit, count, run: Box::new(run) });
    }
    let digests: Vec<Digest> = sets.iter().map(|set| Digest::new(set)).collect();
    let (unit, count) = ("pair", digests.len() * digests.len());
    let run = move || {
        let may = |a: &Digest| digests.iter().filter(|b| a.may_reach(b, 0.8)).count();
        black_box(digests.iter().map(may).sum::<usize>());
    };
    stages.push(Stage { name: "digests", unit, count, run: Box::new(run) });

    // of ten thousand units, one in ten has the keys of the one before
    let key = |i: u64| (i - u64::from(i % 90 < 9) * 9).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let keys: Vec<u64> = (9..90_009).map(key).collect();
    let run = move || {
        black_box(Buckets::new(black_box(&keys), 9));
    };
    stages.push(Stage { name: "buckets", unit: "unit", count: 10_000, run: Box::new(run) });
    stages
}

fn rotated(mut sets: Vec<Vec<u64>>) -> Vec<Vec<u64>> {
    sets.rotate_left(1);
    sets
}

/// Articles of a few paragraphs in two scripts, of which some are repeated, in part or changed. Returns the bytes.
fn write_corpus(path: &Path) -> usize {
    const SYLLABLES: [&str; 24] = [
        "ba", "cé", "di", "fo", "gu", "la", "mè", "ni", "po", "ru", "sa", "te", "vi", "xo", "zû", "or", "en",
        "tion", "able", "st", "а", "ми", "го", "ск",
    ];
    let mut state = 7u64;
    let mut below = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) % limit as u64) as usize
    };
    let mut articles: Vec<Vec<String>> = Vec::new();
    for _ in 0..700 {
        let mut article: Vec<String> = Vec::new();
        for _ in 0..1 + below(8) {
            let earlier = articles.get(below(articles.len().max(1)));
            let earlier = earlier.map(|article| article[below(article.len())].clone());
            let mut words = || {
                let mut word = || (0..1 + below(3)).map(|_| SYLLABLES[below(24)]).collect::<String>();
                (0..45).map(|_| word()).collect::<Vec<_>>()
            };
            let fresh = words();
            article.push(match (below(10), earlier) {
                (0, Some(earlier)) => earlier,
                (1, Some(earlier)) => earlier.replacen(' ', &format!(" {} ", fresh[0]), 1 + below(3)),
                (2, Some(earlier)) => {
                    format!("{} {earlier} {}", fresh[..20].join(" "), fresh[20..].join(" "))
                }
                _ => format!("{}, “{}”.", fresh[..30].join(" "), fresh[30..].join(" ")),
            });
        }
        articles.push(article);
    }
    let mut lines = String::new();
    for (id, article) in articles.iter().enumerate() {
        let text = serde_json::Value::from(article.join("\n"));
        writeln!(lines, "{{\"id\":{id},\"text\":{text}}}").unwrap();
    }
    fs::write(path, &lines).unwrap();
    lines.len()
}

//! `--memory` bounds what the process has resident, whatever the corpus; looked at from outside while it runs.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::language::{Dir, Numbers};

/// What a process has, in bytes.
struct Memory {
    /// of its own: no pages of files
    own: u64,
    /// pages of files, as of the program itself
    of_files: u64,
    /// of both, the most so far
    most: u64,
}

impl Memory {
    /// Of now; `None` where the process has ended.
    fn of(process: u32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? << 10)
        };
        Some(Memory { own: of("RssAnon:")?, of_files: of("RssFile:")?, most: of("VmHWM:")? })
    }
}

/// The most that a run with two threads has resident, in MiB.
fn peak_of(folder: &Path, arguments: &[&str]) -> u64 {
    peak_with("2", folder, arguments)
}

/// The same with so many threads.
fn peak_with(threads: &str, folder: &Path, arguments: &[&str]) -> u64 {
    peak_of_command(folder, &[arguments, &["--quiet", "--threads", threads]].concat())
}

/// The same for a command that says all that it takes.
///
/// A peak between two looks is seen, too: the system keeps the most of all pages, of which those of files are no more than the
/// most of them so far.
fn peak_of_command(folder: &Path, arguments: &[&str]) -> u64 {
    let mut run = Command::new(env!("CARGO_BIN_EXE_redite"));
    let mut run = run.current_dir(folder).args(arguments).stdout(Stdio::null()).spawn().unwrap();
    let (mut most, mut of_files) = (0, 0);
    let ended = loop {
        if let Some(memory) = Memory::of(run.id()) {
            of_files = memory.of_files.max(of_files);
            most = memory.own.max(memory.most.saturating_sub(of_files)).max(most);
        }
        if let Some(ended) = run.try_wait().unwrap() {
            break ended;
        }
        sleep(Duration::from_millis(2));
    };
    assert!(ended.success());
    most >> 20
}

/// The most that an audit of all units has resident, in MiB, and the matches that it writes.
fn peak(folder: &Path, memory: &str) -> (u64, Vec<u8>) {
    let most = peak_of(folder, &["audit", "in.jsonl", "--matches", "m.jsonl", "--memory", memory]);
    (most, std::fs::read(folder.join("m.jsonl")).unwrap())
}

/// Within a tenth of the bound, with the answers of a run without one.
fn judge(corpus: &str, bound: u64) {
    let dir = Dir::new().file("in.jsonl", corpus);
    let (_, expected) = peak(dir.root(), "8GiB");
    let (peak, matches) = peak(dir.root(), &format!("{bound}MiB"));
    assert!(matches == expected, "other matches in {bound} MiB");
    assert!(peak * 10 <= bound * 11, "{peak} MiB resident in {bound} MiB");
}

fn record(corpus: &mut String, text: &str) {
    writeln!(corpus, "{{\"text\":\"{text}\"}}").unwrap();
}

fn random(numbers: &mut Numbers, words: usize, of: usize) -> Vec<usize> {
    (0..words).map(|_| numbers.below(of)).collect()
}

fn text(words: &[usize]) -> String {
    words.iter().map(|word| format!("{word:x}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn texts_that_are_all_distinct() {
    let mut numbers = Numbers(1);
    let mut corpus = String::new();
    (0..300_000).for_each(|_| record(&mut corpus, &text(&random(&mut numbers, 26, 4000))));
    judge(&corpus, 120);
}

#[test]
fn texts_that_are_nearly_equal() {
    let mut numbers = Numbers(2);
    let mut corpus = String::new();
    let families: Vec<Vec<usize>> = (0..4000).map(|_| random(&mut numbers, 300, 4000)).collect();
    for _ in 0..50_000 {
        let mut words = families[numbers.below(4000)].clone();
        (0..4).for_each(|_| words[numbers.below(300)] = numbers.below(4000));
        record(&mut corpus, &text(&words));
    }
    judge(&corpus, 120);
}

/// What each repeats stands as far before it as may be: until then all texts are kept.
#[test]
fn copies_that_come_late() {
    let mut numbers = Numbers(4);
    let mut corpus = String::new();
    let originals: Vec<Vec<usize>> = (0..10_000).map(|_| random(&mut numbers, 1000, 4000)).collect();
    for _ in 0..4 {
        for words in &originals {
            let mut words = words.clone();
            (0..30).for_each(|_| words[numbers.below(1000)] = numbers.below(4000));
            record(&mut corpus, &text(&words));
        }
    }
    judge(&corpus, 260);
}

/// Nothing has led back when the first copies come: that they do is asked of the index while they are read.
#[test]
fn paragraphs_that_come_back_late() {
    let mut numbers = Numbers(6);
    let mut corpus = String::new();
    let texts: Vec<Vec<Vec<usize>>> =
        (0..24_000).map(|_| (0..20).map(|_| random(&mut numbers, 12, 4000)).collect()).collect();
    let lines = |paragraphs: &[Vec<usize>], most: usize| {
        paragraphs.iter().map(|words| text(&words[..most])).collect::<Vec<_>>().join("\\n")
    };
    texts.iter().for_each(|paragraphs| record(&mut corpus, &lines(paragraphs, 12)));
    texts.iter().for_each(|paragraphs| record(&mut corpus, &lines(paragraphs, 11)));
    judge(&corpus, 160);
}

/// So many texts of so many words, of which there are so many; each again as far from itself as may be, one word in 500
/// changed.
fn long_texts(
    numbers: &mut Numbers,
    (texts, words, of): (usize, usize, usize),
    written: impl Fn(&[usize]) -> String,
) -> String {
    let mut corpus = String::new();
    let texts: Vec<Vec<usize>> = (0..texts).map(|_| random(numbers, words, of)).collect();
    for own in texts.iter().chain(texts.iter().rev()) {
        let mut own = own.clone();
        (0..words / 500).for_each(|_| own[numbers.below(words)] = numbers.below(of));
        record(&mut corpus, &written(&own));
    }
    corpus
}

/// What is kept of each is too long to wait in one piece.
#[test]
fn texts_of_some_hundred_kilobytes() {
    let mut numbers = Numbers(7);
    judge(&long_texts(&mut numbers, (100, 150_000, 16), text), 150);
}

/// What is read again at once goes by what is held for it, however many threads there are.
#[test]
fn long_texts_and_many_threads() {
    let mut numbers = Numbers(8);
    let paragraphs = |words: &[usize]| words.chunks(150).map(text).collect::<Vec<_>>().join("\\n");
    let corpus = long_texts(&mut numbers, (80, 100_000, 256), paragraphs);
    let dir = Dir::new().file("in.jsonl", corpus);
    let peak = peak_with("16", dir.root(), &["audit", "in.jsonl", "--memory", "200MiB"]);
    assert!(peak <= 210, "{peak} MiB resident in 200 MiB");
}

/// Of groups, copies and texts no more is held than a page shows, and what is made of it waits in a file.
#[test]
fn a_page_of_many_groups() {
    let mut numbers = Numbers(9);
    let texts: Vec<[String; 3]> =
        (0..20_000).map(|_| [0; 3].map(|_| text(&random(&mut numbers, 14, 4000)))).collect();
    let mut corpus = String::new();
    for turn in 0..8 {
        for paragraphs in &texts {
            let mut paragraphs = paragraphs.clone();
            if turn > 0 {
                paragraphs[turn % 3] = format!("x{turn} {}", paragraphs[turn % 3]);
            }
            record(&mut corpus, &paragraphs.join("\\n"));
        }
    }
    let dir = Dir::new().file("in.jsonl", corpus);
    let page = |memory| {
        let peak = peak_of(dir.root(), &["audit", "in.jsonl", "--report", "r.html", "--memory", memory]);
        (peak, std::fs::read(dir.path("r.html")).unwrap())
    };
    let ((_, expected), (peak, page)) = (page("8GiB"), page("120MiB"));
    assert!(page == expected, "another page in 120 MiB");
    assert!(peak <= 100, "{peak} MiB resident in 120 MiB");
}

/// One token in two bytes: what is held goes by tokens.
#[test]
fn large_records_of_short_words() {
    let mut numbers = Numbers(3);
    let mut corpus = String::new();
    let words = random(&mut numbers, 2_200_000, 16);
    (0..3).for_each(|i| record(&mut corpus, &text(&words[i * 100_000..][..2_000_000])));
    judge(&corpus, 150);
}

/// A packed text is kept as it is, block by block: what stands behind it may be any length.
#[test]
fn a_packed_text_with_much_behind_it() {
    use std::os::unix::fs::FileExt;
    let dir = Dir::new().file("in/a.txt.gz", crate::language::gz(text(&random(&mut Numbers(5), 20, 16))));
    let path = dir.path("in/a.txt.gz");
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    file.set_len(320 << 20).unwrap();
    let peak = peak_of(dir.root(), &["dedup", "in", "--output", "out", "--memory", "120MiB"]);
    assert!(peak <= 120, "{peak} MiB resident");
    let copy = std::fs::File::open(dir.path("out/a.txt.gz")).unwrap();
    assert_eq!(copy.metadata().unwrap().len(), 320 << 20);
    let [mut before, mut after] = [[0; 200], [1; 200]];
    file.read_exact_at(&mut before, 0).unwrap();
    copy.read_exact_at(&mut after, 0).unwrap();
    assert_eq!(before, after);
}

/// A night whose records are as long as those of the first night might be that one run again, until all of it is read; then it
/// is searched again. Its lines are like very many of the archive, and equal to none.
#[test]
fn a_night_that_might_have_been_an_earlier_one() {
    let mut numbers = Numbers(8);
    let families: Vec<Vec<usize>> = (0..60_000)
        .map(|_| random(&mut numbers, 12, 4000).into_iter().map(|word| 4096 + word).collect())
        .collect();
    // lines of a family differ in one word of twelve: of ten shingles seven are the same
    let mut line = |family: &Vec<usize>| {
        let mut words = family.clone();
        words[1] = 4096 + numbers.below(4000);
        text(&words)
    };
    let mut night = |lines_of_each: usize| {
        let mut corpus = String::new();
        let all = (0..lines_of_each).flat_map(|_| &families).map(&mut line).collect::<Vec<_>>();
        all.chunks(12).for_each(|lines| record(&mut corpus, &lines.join("\\n")));
        corpus
    };
    let dir = Dir::new().file("first.jsonl", night(12)).file("second.jsonl", night(1));
    let dedup = |input: &str, memory: &str| {
        let output = format!("out-{input}");
        let removing = ["--remove", "documents,paragraphs", "--index", "index", "--output", &output];
        peak_of(dir.root(), &[&["dedup", input, "--memory", memory], &removing[..]].concat())
    };
    dedup("first.jsonl", "8GiB");
    let peak = dedup("second.jsonl", "120MiB");
    assert!(peak <= 132, "{peak} MiB resident in 120 MiB");
}

/// What works through an index holds little for each of its documents, however many they are.
#[test]
fn an_index_of_many_small_documents() {
    let mut corpus = String::new();
    (0..500_000).for_each(|i| record(&mut corpus, &format!("{i} {i}")));
    let dir = Dir::new().file("in.jsonl", corpus);
    peak_of(dir.root(), &["dedup", "in.jsonl", "--index", "index", "--output", "out"]);
    for command in ["verify", "compact"] {
        let peak = peak_of_command(dir.root(), &["index", command, "index"]);
        assert!(peak <= 48, "{command} has {peak} MiB resident");
    }
    let peak = peak_of_command(dir.root(), &["index", "export", "index", "--documents", "documents.jsonl"]);
    assert!(peak <= 48, "export has {peak} MiB resident");
}

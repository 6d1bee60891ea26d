//! Records that are skipped, in great numbers: all counted, the first ones listed.

use redite::document::SkipReason;
use redite::params::Params;
use redite::pipeline::{self, Progress, Surroundings};
use redite::read::sources;

use crate::language::{Dir, words, zst};
use crate::memory::told;

/// Good records of a file, bad ones before, between and behind them, and the blank lines among all.
fn lines(good: usize, bad: usize) -> String {
    let mut lines = String::new();
    for i in 0..bad {
        lines += ["{\n", "[]\n", "{\"id\":1}\n", "\n{\"text\":7}\n", "x\n"][i % 5];
        if i % (bad / good) == 3 {
            lines += &format!("{{\"text\":\"{}\"}}\n", words(20 * i..20 * (i + 1)));
        }
    }
    lines
}

fn many() -> Dir {
    Dir::new()
        .file("in/1.jsonl", lines(7, 701))
        .file("in/2.jsonl.zst", zst(lines(5, 1_400).into_bytes()))
        .file("in/3.jsonl", lines(3, 90))
        .file("in/4.txt", b"\xFF")
        .file("in/5.csv", format!("id,text\n{}", "1\n".repeat(300)))
}

/// Whatever the chunks, the parts and the threads.
#[test]
fn all_are_counted_and_the_first_are_listed() {
    let dir = many();
    let run = |surroundings: &Surroundings, threads: usize| {
        let found = sources::find(&[dir.path("in")], None).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| pipeline::audit(found, &Params::audit(), surroundings, &Progress::default()).unwrap())
    };
    let outcome = run(&Surroundings::default(), 2);
    let all = 701 + 1_400 + 90 + 1 + 300;
    assert_eq!((outcome.skip_count(), outcome.skips().len()), (all, 1_000));
    assert_eq!(outcome.summary().input.skipped.values().sum::<u64>(), all);
    assert!(outcome.skips().iter().rev().take(299).all(|skip| skip.source == 1));
    let [skip] = outcome.skips_for(SkipReason::InvalidUtf8) else { panic!("one text") };
    assert_eq!((skip.source, skip.record, skip.line), (3, Some(0), None));
    let rows = outcome.skips_for(SkipReason::FieldCount);
    assert_eq!(rows.iter().map(|skip| skip.line).collect::<Vec<_>>(), [2, 3, 4].map(Some));
    let listed = outcome.skips().to_vec();
    let expected = told(&outcome);
    for (chunk, part, threads) in [(1, u64::MAX, 1), (1, 0, 2), (500, 0, 1), (4_000, 3_000, 2)] {
        let again = run(&Surroundings { chunk, part, ..Surroundings::default() }, threads);
        assert_eq!(again.skips(), listed);
        assert_eq!(told(&again), expected, "chunks of {chunk}, parts of {part}");
    }
}

/// Of each source, what is written, removed and skipped is what was read.
#[cfg(feature = "cli")]
#[test]
fn sources_add_up_and_outputs_lack_what_was_skipped() {
    use crate::cli::redite;
    let dir = many();
    let run = |flags: &[&str]| {
        let all = ["dedup", "in", "--output", "out", "--force", "--json", "-q", "--strict"];
        let ended = redite(&dir, all.iter().chain(flags)).ends();
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        told["dedup"].clone()
    };
    let told = run(&[]);
    let of = |name: &str| told[name].as_u64().unwrap();
    assert_eq!(of("read"), of("kept") + of("removed") + of("skipped"));
    assert_eq!(of("skipped"), 2_492);
    assert_eq!(run(&["--memory", "200MiB", "--threads", "1"]), told);
    let written = std::fs::read_to_string(dir.path("out/1.jsonl")).unwrap();
    let is_good = |line: &str| line.is_empty() || line.starts_with("{\"text\":\"w");
    assert!(written.lines().all(is_good) && written.lines().count() > 7);
    let summary = redite(&dir, ["audit", "in"]).ends();
    assert!(summary.stdout.contains("Skipped: 2,492 records and files"), "{}", summary.stdout);
    assert!(summary.stdout.contains("    and 297 more\n"), "{}", summary.stdout);
}

/// Links that lead nowhere are files that can't be read, each at its place among those that can.
#[cfg(unix)]
#[test]
fn many_links_that_lead_nowhere() {
    let dir = Dir::new();
    for i in 0..600 {
        let name = format!("in/{i:03}.txt");
        std::fs::create_dir_all(dir.path("in")).unwrap();
        match i % 3 {
            0 => std::fs::write(dir.path(&name), words(20 * i..20 * (i + 1))).unwrap(),
            _ => std::os::unix::fs::symlink("nowhere", dir.path(&name)).unwrap(),
        }
    }
    let outcome = crate::language::audit(&dir, &Params::audit());
    assert_eq!((outcome.documents(), outcome.skip_count()), (200, 400));
    let sources: Vec<u32> = outcome.skips().iter().map(|skip| skip.source).collect();
    assert_eq!(sources, (0..600).filter(|i| i % 3 > 0).collect::<Vec<_>>());
    assert!(outcome.skips().iter().all(|skip| skip.reason == SkipReason::Unreadable));
}

/// Such a source is called what other readers of JSON would call it, and not by its quotes and escapes.
#[cfg(feature = "cli")]
#[test]
fn lone_surrogates_in_the_name_of_a_source() {
    use crate::cli::redite;
    let line = |site: &str, id: &str, at: usize| {
        format!("{{\"id\":\"{id}\",\"site\":\"{site}\",\"text\":\"{}\"}}\n", words(at..at + 20))
    };
    let lines = line("\\ud800z", "a", 0) + &line("\\udfffz", "\\udfff", 100) + &line("y", "\\ud800", 200);
    let dir = Dir::new().file("a.jsonl", lines);
    let all = ["dedup", "a.jsonl", "--output", "out", "--json", "-q", "--source-field", "site"];
    let told: serde_json::Value = serde_json::from_str(&redite(&dir, all).ends().ok()).unwrap();
    assert_eq!(told["input"]["lone_surrogates"], 3, "records, not escapes");
    let sources = told["dedup"]["sources"].as_array().unwrap();
    let names: Vec<_> = sources.iter().map(|source| (&source["name"], &source["kept"])).collect();
    assert_eq!(format!("{names:?}"), r#"[(String("�z"), Number(2)), (String("y"), Number(1))]"#);
}

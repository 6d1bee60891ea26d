//! `redite dedup`: what is written, what is not, and what is refused.

use std::path::Path;

use insta::assert_snapshot;
use proptest::prelude::*;
use redite::document::Unit;
use redite::error::Error;
use redite::order::Prefer;
use redite::params::Params;
use redite::pipeline::Surroundings;
use serde_json::{Value, json};

use crate::cli::{names, redite, small};
use crate::containers::{bz2, xz};
use crate::language::{Dir, Numbers, dedup, document, files, gz, records, words, zst};

pub(crate) fn read(dir: &Dir, name: &str) -> String {
    String::from_utf8(std::fs::read(dir.path(name)).unwrap()).unwrap()
}

/// A record with fields, one line.
pub(crate) fn record(id: &str, text: &str, more: &Value) -> String {
    let mut record = json!({ "id": id, "text": text });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{record}\n")
}

/// Ids of the records in a file of lines.
pub(crate) fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    lines.lines().map(id).collect()
}

/// The same text five times, each a word longer than the one before, but for the third.
pub(crate) fn versions() -> Dir {
    let text = |length: usize| words(0..length);
    Dir::new()
        .file(
            "in/agency/a.jsonl",
            record("a1", &text(60), &json!({ "date": "2026-03-01", "of": "x" }))
                + &record("a2", &text(61), &json!({ "date": "2026-01-31T23:00:00-02:00", "of": "y" })),
        )
        .file(
            "in/paper/b.jsonl.gz",
            gz(record("b1", &text(63), &json!({ "date": "soon", "of": "z" }))
                + &record("b2", &text(62), &json!({ "date": 1_769_907_601, "of": "y" }))),
        )
        .file("in/paper/c.jsonl", record("c1", &text(63), &json!({})))
}

#[test]
fn what_a_user_sees() {
    let dir = small();
    assert_snapshot!("dedup", redite(&dir, ["dedup", "corpus", "--output", "clean"]).ends().seen());
    assert_eq!(names(&dir.path("clean")), ["a.txt", "b.txt", "c.jsonl"]);
    assert_eq!(read(&dir, "clean/a.txt"), read(&dir, "corpus/a.txt"));
    assert_eq!(read(&dir, "clean/c.jsonl"), "");
    assert_eq!(names(dir.root()), ["clean", "corpus"]);
}

/// Spaces, escapes, order and doubled names of fields, blank lines, marks and line ends: all as they were.
#[test]
fn kept_lines_are_the_same_bytes() {
    let [one, two, three] = [words(0..30), words(100..130), words(200..230)];
    let first = format!("\u{feff}{{ \"text\" : \"{one} \\u00e9\\/\" , \"n\":1.50,\"n\": 1e3 }}\r\n");
    let copy = format!("{{\"text\":\"{one} é/\"}}\r\n");
    let second = format!("\t{{\"x\":\"\\ud800\",\"text\":\"{two}\"}} \n");
    let last = format!("{{\"text\":\"{three}\"}}");
    let whole = format!("{first}\n  \n{copy}nonsense\n{second}{{\"text\":null}}\n\r\n{last}");
    let clean = format!("{first}\n  \n{second}\r\n{last}");
    let dir = Dir::new()
        .file("in/a.jsonl", &whole)
        .file("in/deep/b.ndjson.gz", gz(whole.replace('w', "v")))
        .file("in/deep/c.json.zst", zst(whole.replace('w', "u")));
    redite(&dir, ["dedup", "in", "--output", "out", "--quiet"]).ends().ok();
    assert_eq!(read(&dir, "out/a.jsonl"), clean);
    let mut unpacked = String::new();
    let packed = std::fs::read(dir.path("out/deep/b.ndjson.gz")).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, clean.replace('w', "v"));
    let packed = std::fs::read(dir.path("out/deep/c.json.zst")).unwrap();
    assert_eq!(zstd::decode_all(&packed[..]).unwrap(), clean.replace('w', "u").as_bytes());
}

#[test]
fn every_packing_is_packed_again() {
    let lines = records(&[words(0..30), words(0..30), words(50..90)]);
    let kept = records(&[words(0..30), words(50..90)]);
    let dir =
        Dir::new().file("in/a/x.jsonl.bz2", bz2(&lines)).file("in/b/x.jsonl.xz", xz(lines.replace('w', "v")));
    redite(&dir, ["dedup", "in", "--output", "out", "-q"]).ends().ok();
    redite(&dir, ["dedup", "out", "--output", "again", "-q"]).ends().ok();
    assert!(files(&dir.path("out")) == files(&dir.path("again")));
    let unpacked = |mut packed: Box<dyn std::io::Read>| {
        let mut text = String::new();
        packed.read_to_string(&mut text).unwrap();
        text
    };
    let open = |name: &str| std::fs::File::open(dir.path(name)).unwrap();
    assert_eq!(unpacked(Box::new(bzip2::read::BzDecoder::new(open("out/a/x.jsonl.bz2")))), kept);
    let packed = liblzma::read::XzDecoder::new(open("out/b/x.jsonl.xz"));
    assert_eq!(unpacked(Box::new(packed)), kept.replace('w', "v"));
}

#[test]
fn texts_stay_as_they_are_on_the_disk_or_are_gone() {
    let packed = gz(format!("{}\r\n", words(0..30)));
    let dir = Dir::new()
        .file("in/a.txt.gz", &packed)
        .file("in/b.txt", words(0..30))
        .file("in/c/d.md", format!("\u{feff}{}", words(50..80)))
        .file("in/e.txt", "")
        .file("in/broken.txt", b"\xFF\xFE")
        .file("in/empty.jsonl", "")
        .file("in/other.pdf", "%PDF");
    redite(&dir, ["dedup", "in", "--output", "out", "--quiet"]).ends().ok();
    let told: Vec<_> = files(&dir.path("out"));
    let places: Vec<&str> = told.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["a.txt.gz", "c/d.md", "e.txt", "empty.jsonl"]);
    assert_eq!(told[0].1, packed);
    assert_eq!(read(&dir, "out/c/d.md"), read(&dir, "in/c/d.md"));
}

/// Copies, edited copies and fresh texts in random files.
fn random(seed: u64) -> Dir {
    let mut numbers = Numbers(seed);
    let mut texts: Vec<String> = Vec::new();
    for _ in 0..60 {
        let first = 40 * numbers.below(1000);
        let text = match texts.get(numbers.below(texts.len() * 2 + 1)).cloned() {
            None => words(first..first + 5 + numbers.below(60)),
            Some(text) => {
                let mut edited: Vec<&str> = text.split(' ').collect();
                for _ in 0..numbers.below(4) {
                    let at = numbers.below(edited.len());
                    edited[at] = "edited";
                }
                edited.join(" ")
            }
        };
        texts.push(text);
    }
    let date = |i: usize| (!i.is_multiple_of(7)).then(|| format!("2026-0{}-11", 1 + i * 5 % 9));
    let line = |(i, text): (usize, &String)| record(&i.to_string(), text, &json!({ "date": date(i) }));
    let lines: Vec<String> = texts.iter().enumerate().map(line).collect();
    let skipped = "{\"text\":1}\n";
    Dir::new()
        .file("in/a.jsonl", lines[..20].concat() + skipped)
        .file("in/b/c.jsonl.gz", gz(lines[20..30].concat()))
        .file("in/b/d.jsonl.zst", zst(skipped.to_owned() + &lines[30..50].concat()))
        .file("in/e/f.txt", &texts[50])
        .file("in/e/g.txt", &texts[51])
        .file("in/h.jsonl", lines[52..].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn originals_are_kept_and_doing_it_again_does_nothing(seed in any::<u64>(), which in 0usize..5) {
        let prefer = [
            Prefer::First,
            Prefer::Longest,
            Prefer::Oldest("date".into()),
            Prefer::Newest("date".into()),
            Prefer::Sources(vec!["h.jsonl".into(), "b".into()]),
        ][which].clone();
        let dir = random(seed);
        let protect: &[&str] = if seed.is_multiple_of(3) { &["e", "**/*.zst"] } else { &[] };
        let [input, out, again, small] = ["in", "out", "again", "small"].map(|name| dir.path(name));
        let params = Params::dedup();
        let default = Surroundings::default();
        let first = dedup((&input, &out), &params, (prefer.clone(), protect), &default).unwrap();
        for document in 0..first.outcome.documents() {
            if first.removal.is_removed(document) {
                let found = first.outcome.match_of(crate::language::document(document)).unwrap();
                prop_assert!(found.unit == Unit::Document && found.jaccard >= params.threshold);
                prop_assert!(!first.removal.is_removed(found.original.document));
            }
        }
        let all = &first.removal.all;
        prop_assert_eq!((all.read, all.skipped), (62, 2));
        let kept: usize = files(&out).iter().map(|(place, bytes)| match place.rsplit_once('.').unwrap().1 {
            "jsonl" => bytes.split(|&byte| byte == b'\n').count() - 1,
            "gz" => {
                let mut lines = String::new();
                std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut lines).unwrap();
                lines.lines().count()
            }
            "zst" => zstd::decode_all(&bytes[..]).unwrap().split(|&byte| byte == b'\n').count() - 1,
            _ => 1,
        }).sum();
        prop_assert_eq!(kept as u64, all.kept);
        let second = dedup((&out, &again), &params, (prefer.clone(), protect), &default).unwrap();
        prop_assert_eq!(second.removal.all.removed, 0);
        prop_assert!(files(&out) == files(&again));
        let part = [u64::MAX, 0, 10_000][seed as usize % 3];
        let tiny = Surroundings { chunk: 100, part, ..Surroundings::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + seed as usize % 8).build().unwrap();
        pool.install(|| dedup((&input, &small), &params, (prefer, protect), &tiny)).unwrap();
        prop_assert!(files(&out) == files(&small));
    }
}

#[test]
fn threads_change_no_byte() {
    let dir = random(7);
    let run = |threads: &str| {
        let out = format!("out{threads}");
        let told =
            redite(&dir, ["dedup", "in", "-q", "--removed", "-", "--threads", threads, "--output", &out]);
        let told = told.ends().ok();
        (told, files(&dir.path(&out)))
    };
    let one = run("1");
    assert!(one.0.lines().count() > 5);
    assert!(one == run("2") && one == run("8"));
}

/// What is contained and stays is told as JSON, too.
#[test]
fn contained_documents_that_stay_are_counted() {
    let contained = format!("{} and some more", words(0..60));
    let dir = Dir::new().file("in.jsonl", records(&[words(0..180), contained, words(0..180)]));
    let told = |remove: &str| {
        let flags =
            ["--output", "out", "--force", "--json", "--units", "document,passage", "--remove", remove];
        let told = redite(&dir, ["dedup", "in.jsonl"].into_iter().chain(flags)).ends();
        let told: Value = serde_json::from_str(&told.stdout).unwrap();
        ["kept", "removed", "contained"].map(|name| told["dedup"][name].as_u64().unwrap())
    };
    assert_eq!(told("documents"), [2, 1, 1]);
    assert_eq!(told("documents,contained"), [1, 2, 0]);
}

/// Whose texts are all copies of themselves.
#[test]
fn an_input_that_is_read_twice_is_told() {
    let dir = versions();
    let told = |inputs: &[&str]| {
        let ended = redite(&dir, ["audit"].iter().chain(inputs)).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stderr.contains("is read twice")
    };
    assert!(told(&["in/agency", "in/paper", "./in/agency"]) && told(&["in/paper/c.jsonl", "in"]));
    assert!(!told(&["in/agency", "in/paper"]) && !told(&["in"]));
}

/// In the columns and the order of the matches, whatever was preferred.
#[test]
fn what_is_removed_is_listed_with_its_original() {
    let dir = versions();
    let flags = [
        "dedup",
        "in",
        "--output",
        "out",
        "-q",
        "--prefer",
        "longest",
        "--removed",
        "r.jsonl",
        "--matches",
        "m.jsonl",
    ];
    redite(&dir, flags).ends().ok();
    assert_eq!(read(&dir, "r.jsonl"), read(&dir, "m.jsonl"));
    redite(&dir, ["dedup", "in", "--output", "t", "-q", "--removed", "r.parquet"]).ends().ok();
    assert!(std::fs::read(dir.path("r.parquet")).unwrap().ends_with(b"PAR1"));
    let sides = |line: &str| {
        let told: Value = serde_json::from_str(line).unwrap();
        let id = |side: &str| told[side]["id"].as_str().unwrap().to_owned();
        format!("{} of {} {}", id("copy"), id("original"), told["kind"].as_str().unwrap())
    };
    let told: Vec<String> = read(&dir, "r.jsonl").lines().map(sides).collect();
    assert_eq!(told, ["a1 of b1 near", "a2 of b1 near", "b2 of b1 near", "c1 of b1 exact"]);
}

#[test]
fn a_guard_refuses_and_nothing_is_written() {
    let dir = versions();
    let run = |arguments: &[&str]| {
        redite(&dir, ["dedup", "in", "--output", "out", "--removed", "r.jsonl"].iter().chain(arguments))
            .ends()
    };
    let refused = run(&["--max-removed", "60%"]);
    assert_snapshot!("dedup_refused", refused.seen());
    assert_eq!(names(dir.root()), ["in"]);
    let by_field = run(&["--max-removed", "0.9", "--source-field", "of"]);
    assert_eq!(by_field.code, 4);
    assert!(by_field.stderr.contains("source `y` loses 2 of 2 documents (100 %)"), "{}", by_field.stderr);
    assert!(!by_field.stderr.contains("`x`"), "{}", by_field.stderr);
    assert_eq!(run(&["--max-removed", "100%"]).code, 0);
    let dir = versions();
    let warned = redite(&dir, ["dedup", "in", "--output", "out"]).ends();
    assert_eq!(warned.code, 0);
    assert_snapshot!("dedup_warned", warned.stderr);
}

#[test]
fn annotations_tell_what_is_known_and_change_nothing_else() {
    let one = words(0..40);
    let lines = format!(
        "{{\"id\":1,\"text\":\"{one}\"}}\n\n{{ \"redite\" : {{\"old\":1}}, \"id\":\"b\",\"text\":\"{one} more\" }}\r\nnonsense\n{{\"text\":\"\"}}"
    );
    let dir = Dir::new().file("in/a.jsonl", lines).file("in/b.txt", words(0..40));
    let run = |input: &str, output: &str| {
        let ended =
            redite(&dir, ["dedup", input, "--output", output, "--annotate", "--max-removed", "0%"]).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended
    };
    let seen = run("in", "out");
    assert!(seen.stderr.contains("1 text file has no place for annotations"), "{}", seen.stderr);
    assert_snapshot!("dedup_annotated", read(&dir, "out/a.jsonl"));
    assert_eq!(read(&dir, "out/b.txt"), read(&dir, "in/b.txt"));
    run("out", "twice");
    assert_eq!(read(&dir, "twice/a.jsonl"), read(&dir, "out/a.jsonl").replace("\"in/", "\"out/"));
}

#[test]
fn an_input_that_changes_during_the_run_is_noticed() {
    for name in ["a.jsonl", "a.txt", "a.txt.gz"] {
        let text = records(&[words(0..30), words(50..80)]);
        let bytes = if name.ends_with("gz") { gz(&text) } else { text.clone().into() };
        let dir = Dir::new().file(&format!("in/{name}"), bytes);
        let inputs = [dir.path("in")];
        let sources = redite::read::sources::find(&inputs, None).unwrap();
        let places = redite::write::places::Places::new(&inputs, &sources.files).unwrap();
        let outcome = crate::language::audit_inputs(&inputs, &Params::dedup());
        let removal = redite::dedup::Removal::new(&outcome, &redite::dedup::Rules::default()).unwrap();
        // the same length
        let changed = text.replace("w10", "w99");
        let changed = if name.ends_with("gz") { gz(&changed) } else { changed.into() };
        std::fs::write(dir.path(&format!("in/{name}")), changed).unwrap();
        let folder = redite::write::folder::Folder::new(&dir.path("out")).unwrap();
        let records = redite::write::records::Records::new(&outcome, &removal, &places, false);
        let written = records.write(&folder, None, &redite::pipeline::Progress::default());
        let noticed = matches!(written, Err(Error::Changed { .. } | Error::SourceChanged { .. }));
        assert!(noticed, "{name}: {written:?}");
        drop(folder);
        assert_eq!(names(dir.root()), ["in"]);
    }
}

/// A whole run over the sample corpora, dirty ones among them, and again over what it wrote.
#[test]
fn the_sample_corpora_twice() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let dir = Dir::new();
    let default = Surroundings::default();
    let [out, again] = ["out", "again"].map(|name| dir.path(name));
    let first = dedup((&corpus, &out), &Params::dedup(), (Prefer::First, &[]), &default).unwrap();
    assert!(first.removal.all.removed > 50 && first.removal.all.skipped > 20);
    for found in first.outcome.matches().filter(|found| found.unit == Unit::Document) {
        assert!(first.removal.is_removed(found.copy.document));
        assert!(!first.removal.is_removed(document(found.original.document).document));
    }
    let second = dedup((&out, &again), &Params::dedup(), (Prefer::First, &[]), &default).unwrap();
    assert_eq!((second.removal.all.removed, second.removal.all.skipped), (0, 0));
    assert!(files(&out) == files(&again));
}

/// Characters of several tokens: where a passage ends inside of one, the character is not of it.
#[test]
fn a_character_leaves_whole_or_stays() {
    let words = words(0..30);
    let thai = "ถึงกรุงเทพมหานครเมื่อวานนี้พร้อมคณะผู้แทนจากหลายประเทศเพื่อร่วมประชุม";
    let left = |first: &str, second: &str| {
        let dir = Dir::new().file("in.jsonl", records(&[first, second]));
        let run =
            ["dedup", "in.jsonl", "--output", "out", "--remove", "passages", "-q", "--removed", "r.jsonl"];
        redite(&dir, run).ends().ok();
        let told = std::fs::read_to_string(dir.path("r.jsonl")).unwrap();
        assert_eq!(told.lines().count(), 1, "{told}");
        let out = std::fs::read_to_string(dir.path("out/in.jsonl")).unwrap();
        let texts: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(texts[0]["text"], first);
        texts[1]["text"].as_str().unwrap().to_owned()
    };
    let second = left(&format!("นายกเดินทางมา{thai}สุดยอด"), &format!("รายงานข่าวประจำ{thai}ครั้งใหญ่"));
    assert_eq!(second, "รายงานข่าวประจำครั้งใหญ่");
    assert_eq!(left(&format!("Il faut 2 {words}"), &format!("Une durée de 1½ {words}")), "Une durée de 1½");
    assert_eq!(
        left(
            &format!("Il faut {words} 1 verre de lait."),
            &format!("La recette veut {words} ½ tasse de sel.")
        ),
        "La recette veut ½ tasse de sel."
    );
    let dir = Dir::new().file("in.jsonl", records(&["ﷺ".repeat(60)]));
    redite(&dir, ["dedup", "in.jsonl", "--output", "out", "--remove", "passages", "-q"]).ends().ok();
}

/// What is left of a run whose other part has left, and is no original any more, is no passage.
#[test]
fn a_word_beside_what_left_stays() {
    let own = format!("alpha beta gamma delta epsilon zeta {} fin du premier.", words(0..100));
    let again = format!("Tout autre chose ici puis zeta {} et enfin rien.", words(0..70));
    let texts = [words(0..100), format!("{own}\n{again}")];
    let dir = Dir::new().file("in.jsonl", records(&texts));
    redite(&dir, ["dedup", "in.jsonl", "--output", "out", "--remove", "passages", "-q"]).ends().ok();
    let out = std::fs::read_to_string(dir.path("out/in.jsonl")).unwrap();
    assert!(out.contains("Tout autre chose ici puis zeta et enfin rien."), "{out}");
}

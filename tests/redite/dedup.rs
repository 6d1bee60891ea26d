//! `redite dedup`: what is written, what is not, who is kept, and what is refused.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use proptest::prelude::*;
use redite::document::Unit;
use redite::error::Error;
use redite::order::Prefer;
use redite::params::Params;
use redite::pipeline::Surroundings;
use serde_json::{Value, json};

use crate::cli::{Ended, names, redite, small};
use crate::containers::{bz2, xz};
use crate::language::{Dir, Numbers, dedup, document, files, gz, records, words, zst};

fn read(dir: &Dir, name: &str) -> String {
    String::from_utf8(std::fs::read(dir.path(name)).unwrap()).unwrap()
}

/// A record with fields, one line.
fn record(id: &str, text: &str, more: &Value) -> String {
    let mut record = json!({ "id": id, "text": text });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{record}\n")
}

/// Ids of the records in a file of lines.
fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    lines.lines().map(id).collect()
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

/// The same text five times, each a word longer than the one before, but for the third.
fn versions() -> Dir {
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
fn a_preference_chooses_the_original() {
    let dir = versions();
    let kept = |arguments: &[&str]| {
        let _ = std::fs::remove_dir_all(dir.path("out"));
        let all = ["dedup", "in", "--output", "out", "-q", "--json"].iter().chain(arguments);
        let told: Value = serde_json::from_str(&redite(&dir, all).ends().ok()).unwrap();
        let lines = read(&dir, "out/agency/a.jsonl") + &read(&dir, "out/paper/c.jsonl");
        let packed = std::fs::read(dir.path("out/paper/b.jsonl.gz")).unwrap();
        let mut more = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut more).unwrap();
        assert_eq!(told["dedup"]["read"], 5);
        format!("{} undated {}", ids(&(lines + &more)).join(" "), told["dedup"]["undated"])
    };
    assert_eq!(kept(&[]), "a1 undated 0");
    assert_eq!(kept(&["--prefer", "first"]), "a1 undated 0");
    assert_eq!(kept(&["--prefer", "longest"]), "b1 undated 0");
    assert_eq!(kept(&["--prefer", "oldest:date"]), "a2 undated 2");
    assert_eq!(kept(&["--prefer", "newest:date"]), "a1 undated 2");
    assert_eq!(kept(&["--prefer", "newest:no"]), "a1 undated 5");
    assert_eq!(kept(&["--prefer", "source:paper,agency"]), "b1 undated 0");
    assert_eq!(kept(&["--prefer", "source:nobody"]), "a1 undated 0");
    assert_eq!(kept(&["--prefer", "source:y,x", "--source-field", "of"]), "a2 undated 0");
    let warned = |flags: &[&str]| {
        let all = ["dedup", "in", "--output", "out", "--force"].iter().chain(flags);
        let told = redite(&dir, all).ends();
        told.stderr.lines().filter(|line| line.starts_with("warning: `--")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        warned(&["--prefer", "source:nobody,paper"]),
        "warning: `--prefer source:nobody`: there is no such source"
    );
    assert_eq!(warned(&["--source-field", "no"]), "warning: `--source-field no`: no record has that field");
    assert_eq!(warned(&["--id-field", "no"]), "warning: `--id-field no`: no record has that field");
    assert_eq!(warned(&["--date-field", "no"]), "warning: `--date-field no`: no record has that field");
    assert_eq!(
        warned(&["--prefer", "oldest:no"]),
        "warning: `--prefer oldest:no`: no record has a date there"
    );
    assert_eq!(warned(&["--source-field", "of", "--prefer", "source:y,x"]), "");
    assert_eq!(kept(&["--protect", "in/paper/b.*"]), "b1 b2 undated 0");
    assert_eq!(kept(&["--protect", "paper"]), "c1 b1 b2 undated 0");
    assert_eq!(kept(&["--protect", "paper", "--prefer", "longest"]), "c1 b1 b2 undated 0");
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

/// A pattern that fits nothing protects nothing: who wrote it must hear of it.
#[test]
fn a_pattern_that_fits_no_file_is_told() {
    let dir = versions();
    let told = |patterns: &[&str]| {
        let protect = patterns.iter().flat_map(|pattern| ["--protect", pattern]);
        let all = ["dedup", "in", "--output", "out", "--force"].into_iter().chain(protect);
        let ended = redite(&dir, all).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stderr.lines().filter(|line| line.contains("protects")).map(str::to_owned).collect::<Vec<_>>()
    };
    let fits_none = |pattern: &str| {
        format!("warning: `--protect {pattern}` fits no file of the input: it protects nothing")
    };
    assert_eq!(told(&["in/paper/b.jsonl"]), [fits_none("in/paper/b.jsonl")]);
    assert_eq!(told(&["paper", "gold/**", "in/agency/*"]), [fits_none("gold/**")]);
    // no warning is printed with `--quiet`: then it is in the summary
    let flags = ["--output", "out", "--force", "--quiet", "--json", "--protect", "gold/**"];
    let quiet: Value =
        serde_json::from_str(&redite(&dir, ["dedup", "in"].into_iter().chain(flags)).ends().ok()).unwrap();
    assert_eq!(quiet["warnings"][0], fits_none("gold/**")["warning: ".len()..]);
    // from the root it is the same folder
    let absolute = dir.path("in/paper").display().to_string();
    assert!(told(&[&absolute]).is_empty());
    let ids = ids(&read(&dir, "out/paper/c.jsonl"));
    assert_eq!(ids, ["c1"]);
}

/// `.` is all that lies in the working folder, `/` all that lies in any.
#[test]
fn the_working_folder_and_the_root_are_patterns() {
    let dir = versions();
    std::fs::create_dir(dir.path("here")).unwrap();
    let fits = |here: &str, input: &str, pattern: &str| {
        let mut run = redite(&dir, ["dedup", input, "--output", "out", "--force", "--protect", pattern]);
        run.0.current_dir(dir.path(here));
        let ended = run.ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        !ended.stderr.contains("protects nothing")
    };
    let absolute = dir.path("in").display().to_string();
    for input in ["in", "./in", absolute.as_str(), "here/../in"] {
        for pattern in [".", "./", "/", "//"] {
            assert!(fits(".", input, pattern), "{input}, {pattern}");
        }
    }
    for input in ["../in", absolute.as_str()] {
        assert!(!fits("here", input, "."), "{input}");
        assert!(fits("here", input, "/"), "{input}");
    }
}

/// What only some may read stays so.
#[cfg(unix)]
#[test]
fn the_output_may_be_read_by_whoever_may_read_the_input() {
    use std::os::unix::fs::PermissionsExt;
    let dir = versions();
    let mode = |path: &str| std::fs::metadata(dir.path(path)).unwrap().permissions().mode() & 0o777;
    for (file, bits) in [("agency/a.jsonl", 0o600), ("paper/b.jsonl.gz", 0o440), ("paper/c.jsonl", 0o644)] {
        let permissions = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(dir.path(&format!("in/{file}")), permissions).unwrap();
    }
    let folders = [("", 0o750), ("/agency", 0o700), ("/paper", 0o755)];
    for (folder, bits) in folders {
        let permissions = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(dir.path(&format!("in{folder}")), permissions).unwrap();
    }
    std::fs::create_dir_all(dir.path("there/paper")).unwrap();
    assert_eq!(redite(&dir, ["dedup", "in", "--output", "out", "-q"]).ends().code, 0);
    assert_eq!(redite(&dir, ["dedup", "in", "--output", "there", "-q", "--force"]).ends().code, 0);
    assert_eq!(redite(&dir, ["dedup", "in", "in/paper/c.jsonl", "--output", "two", "-q"]).ends().code, 0);
    let more = |path: &str, bits: u32| mode(path) & !bits;
    for (folder, bits) in folders {
        assert_eq!(more(&format!("out{folder}"), bits), 0, "out{folder}");
        assert_eq!(more(&format!("two/in{folder}"), bits), 0, "two/in{folder}");
    }
    assert_eq!(more("there/agency", 0o700), 0);
    let modes =
        ["agency/a.jsonl", "paper/b.jsonl.gz", "paper/c.jsonl"].map(|file| mode(&format!("out/{file}")));
    assert_eq!(modes, [0o600, 0o440, 0o644]);
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

/// Lists that the next run over the folder would take for texts.
#[test]
fn a_list_in_an_input_is_told() {
    let dir = versions();
    let told = |matches: &str| {
        let ended = redite(&dir, ["audit", "in", "--matches", matches]).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stderr.contains("lies in an input: the next run over that would read it, too")
    };
    assert!(told("in/m.jsonl") && !told("m.jsonl") && !told("in/m.list"));
}

/// It would be another night when it is run again: so it is refused the first time.
#[test]
fn a_list_of_a_night_in_an_input_is_refused() {
    let dir = versions();
    for flag in ["--matches", "--removed"] {
        let ended =
            redite(&dir, ["dedup", "in", "--index", "ix", "--output", "out", flag, "in/m.jsonl"]).ends();
        let lies = "`in/m.jsonl`: lies in an input, and would be read when the night is run again";
        assert!(ended.code == 2 && ended.stderr.contains(lies), "{ended:?}");
        assert!(!dir.path("ix").exists() && !dir.path("in/m.jsonl").exists());
    }
    let all =
        ["dedup", "in", "--index", "ix", "--output", "out", "--format", "jsonl", "--removed", "in/m.lst"];
    let ended = redite(&dir, all).ends();
    assert!(ended.code == 2 && ended.stderr.contains("`in/m.lst`: lies in an input"), "{ended:?}");
}

/// Columns are fields, too; texts and archives have none.
#[test]
fn columns_tell_dates_and_sources() {
    let row = |id: &str, date: &str, of: &str, text: &str| format!("{id},{date},{of},{text}\n");
    let header = "id,date,of,text\n".to_owned();
    let table = header
        + &row("a", "2026-03-01", "x", &words(0..40))
        + &row("b", "2026-01-31", "y", &words(0..40))
        + &row("c", "", "y", &words(0..40));
    #[cfg_attr(not(feature = "parquet"), expect(unused_mut, reason = "one container less"))]
    let mut dir = Dir::new().file("in/a.csv", &table).file("in/b.txt", words(0..40));
    #[cfg(feature = "parquet")]
    {
        use crate::containers::parquet::{Column, Layout, file, strings};
        let schema = "message m { optional binary id (STRING); optional int64 date (TIMESTAMP(MILLIS,true)); \
            optional binary of (STRING); optional binary text (STRING); }";
        let moments = Column::Integers(vec![Some(1_780_000_000_000), Some(1_700_000_000_000), None]);
        let columns = [
            strings(&["p", "q", "r"]),
            moments,
            strings(&["x", "y", "y"]),
            strings(&[words(50..90), words(50..90), words(50..90)]),
        ];
        dir = dir.file("in/c.parquet", file(schema, &columns, Layout::plain(2)));
    }
    let run = |flags: &[&str]| {
        let _ = std::fs::remove_dir_all(dir.path("out"));
        let ended = redite(&dir, ["dedup", "in", "--output", "out", "--json"].iter().chain(flags)).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let kept = std::fs::read_to_string(dir.path("out/a.csv")).unwrap();
        let kept: Vec<String> = kept.lines().skip(1).map(|row| row[..1].to_owned()).collect();
        let told: Value = serde_json::from_str(&ended.stdout).unwrap();
        (kept.join(""), told["dedup"].clone(), ended.stderr)
    };
    assert_eq!(run(&[]).0, "a");
    let (kept, told, stderr) = run(&["--prefer", "oldest:date"]);
    assert_eq!(kept, "b");
    let undated = if cfg!(feature = "parquet") { 3 } else { 2 };
    assert_eq!(told["undated"], undated);
    assert!(stderr.contains("1 file is a text or a text archive, which have no fields"), "{stderr}");
    assert_eq!(run(&["--prefer", "newest:date"]).0, "a");
    let (kept, told, _) = run(&["--source-field", "of", "--prefer", "source:y"]);
    assert_eq!(kept, "b");
    let names: Vec<&str> =
        told["sources"].as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["x", "y", "in"]);
    #[cfg(feature = "parquet")]
    for (prefer, id) in [("oldest:date", "q"), ("newest:date", "p"), ("first", "p")] {
        run(&["--prefer", prefer]);
        let found = crate::language::audit_inputs(&[dir.path("out/c.parquet")], &Params::audit());
        assert_eq!((found.documents(), found.id(0).as_deref()), (1, Some(&*format!("\"{id}\""))));
    }
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
fn places_that_would_do_harm_are_refused() {
    let dir = small().file("more/a.txt", words(300..330)).file("odd/a.txt/b.txt", words(400..430));
    let dir = dir.file("table.csv", "id,text\n1,one\n");
    std::fs::create_dir_all(dir.path("full/x")).unwrap();
    let told = |arguments: &str| {
        let ended = redite(&dir, arguments.split(' ')).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments}");
        format!("$ redite {arguments}\n{}\n", ended.stderr)
    };
    let lines = [
        "dedup corpus",
        "dedup corpus --output -",
        "dedup corpus --output corpus",
        "dedup corpus --output corpus/clean",
        "dedup corpus/a.txt --output corpus",
        "dedup corpus --output .",
        "dedup corpus --output corpus/a.txt",
        "dedup corpus --output no/folder",
        "dedup corpus --output full",
        "dedup corpus/a.txt more/a.txt --output out",
        "dedup corpus/a.txt odd --output corpus/../out --prefer shortest",
        "dedup table.csv --output out --annotate",
        "dedup corpus --output out --protect [",
        "dedup corpus --output out --max-removed 101%",
        "dedup corpus --output out --remove everything",
        "dedup corpus --output out --removed - --json",
        "dedup corpus --output out --removed corpus/c.jsonl",
        "dedup corpus --output out --removed x --matches x",
        "dedup corpus --output out --removed removed.jsonl.gz",
        "dedup corpus --output out --annotate --text-field redite",
        "dedup corpus --output out --id-field text",
        "dedup corpus --output out --source-field text",
        "dedup corpus --output out --prefer oldest:text",
        "dedup corpus --output out --prefer newest:body --text-field body",
        "dedup corpus --output out --date-field text",
        "audit corpus --date-field text",
        "dedup corpus --output out --remove documents,paragraphs --floor 0.3",
    ];
    assert_snapshot!("dedup_wrong_usage", lines.map(told).concat());
    assert_eq!(names(dir.root()), ["corpus", "full", "more", "odd", "table.csv"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path("corpus"), dir.path("link")).unwrap();
        assert_eq!(redite(&dir, ["dedup", "corpus", "--output", "link/clean"]).ends().code, 2);
        std::os::unix::fs::symlink(dir.path("nowhere"), dir.path("away")).unwrap();
        let told = redite(&dir, ["dedup", "corpus", "--output", "away"]).ends();
        assert!(told.code == 2 && told.stderr.contains("a link that leads nowhere"), "{}", told.stderr);
    }
}

#[test]
fn several_inputs_keep_their_names() {
    let dir = small().file("more/a.txt", words(300..330)).file("x.jsonl", records(&[words(500..530)]));
    redite(&dir, ["dedup", "corpus", "./more/", "x.jsonl", "--output", "out", "-q"]).ends().ok();
    let places: Vec<String> = files(&dir.path("out")).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["corpus/a.txt", "corpus/b.txt", "corpus/c.jsonl", "more/a.txt", "x.jsonl"]);
    let given =
        redite(&dir, ["dedup", "-", "--output", "piped", "-q"]).given(zst(read(&dir, "x.jsonl").repeat(2)));
    given.ok();
    assert_eq!(read(&dir, "piped/stdin.jsonl"), read(&dir, "x.jsonl"));
    redite(&dir, ["dedup", "-", "--format", "text", "--output", "text", "-q"]).given("one text").ok();
    assert_eq!(read(&dir, "text/stdin.txt"), "one text");
}

#[test]
fn force_replaces_what_the_run_writes_and_nothing_else() {
    let dir = small().file("out/foreign.txt", "stays").file("out/c.jsonl", "old").file("out/a.txt/x", "");
    let failed = redite(&dir, ["dedup", "corpus", "--output", "out", "--force"]).ends();
    // and nothing before it has moved
    assert_eq!(failed.code, 2);
    assert!(
        failed.stderr.contains("`out/a.txt`: the output can't be written: a folder"),
        "{}",
        failed.stderr
    );
    assert_eq!(read(&dir, "out/c.jsonl"), "old");
    std::fs::remove_dir_all(dir.path("out/a.txt")).unwrap();
    let dir = dir.file("in/a.txt", words(0..30)).file("in/b.txt", words(0..30)).file("out/b.txt", "stale");
    // what a killed run left is not told of: it goes
    let dir = dir.file("out/.out.redite-AbC123.tmp/part.jsonl", "left");
    let done = redite(&dir, ["dedup", "in", "--output", "out", "--force"]).ends();
    assert_snapshot!(done.stderr, @"warning: `out` holds 2 files that are not of this corpus; they stay");
    assert_eq!(names(&dir.path("out")), ["a.txt", "c.jsonl", "foreign.txt"]);
    assert_eq!(read(&dir, "out/foreign.txt"), "stays");
    assert_eq!(names(dir.root()), ["corpus", "in", "out"]);
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

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_debris() {
    let dir = Dir::new();
    let mut child = redite(&dir, ["dedup", "-", "--output", "out", "--removed", "r.jsonl"]).start();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), records(&[words(0..30)]).as_bytes()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(names(dir.root()), [""; 0]);
}

/// Runs a line of the shell where mounts are its own; `None` where nothing can be mounted, as only root can.
#[cfg(target_os = "linux")]
fn with_mounts(dir: &Dir, line: &str) -> Option<Ended> {
    let run = |line: &str| {
        Command::new("unshare").current_dir(dir.root()).args(["--mount", "sh", "-c", line]).output()
    };
    if !run("mkdir probe && mount -t tmpfs none probe; rmdir probe 2>&1")
        .is_ok_and(|ended| ended.stderr.is_empty())
    {
        let _ = std::fs::remove_dir(dir.path("probe"));
        eprintln!("skipped: file systems can't be mounted here");
        return None;
    }
    std::fs::remove_dir(dir.path("probe")).unwrap();
    Some(Ended::of(run(&line.replace("$redite", env!("CARGO_BIN_EXE_redite"))).unwrap()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_debris() {
    let texts: Vec<_> = (0..3_000).map(|i| words(i * 9..i * 9 + 200)).collect();
    let dir = Dir::new().file("a.jsonl", records(&texts));
    std::fs::create_dir(dir.path("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=1m none disk";
    let line = format!("{mount} && $redite dedup a.jsonl --output disk/out; echo \"exit $?\"; ls -A disk");
    if let Some(ended) = with_mounts(&dir, &line) {
        assert_snapshot!("dedup_full_disk", ended.seen());
    }
}

/// Nothing can be renamed onto the place of a mount, be it of another file system or of the same.
#[cfg(target_os = "linux")]
#[test]
fn the_output_may_be_a_mount() {
    let texts = [words(0..30), words(40..70), words(0..30)];
    for mount in ["mount -t tmpfs none out", "mount --bind disk out"] {
        let dir = Dir::new().file("in/a.jsonl", records(&texts)).file("in/deep/b.txt", words(80..90));
        ["out", "disk"].iter().for_each(|name| std::fs::create_dir(dir.path(name)).unwrap());
        let run = "$redite dedup in --output out --index ix --quiet >told";
        // what a killed run has left is no file of somebody else's
        let leftover = "mkdir out/.out.redite-AbC123.tmp";
        let seen = "wc -l <out/a.jsonl; find out -type f -o -name '.*' | sort; ls -A";
        let Some(ended) =
            with_mounts(&dir, &format!("{mount} && {leftover} && {run} && {run}; echo $?; {seen}"))
        else {
            return;
        };
        let expected = "0\n2\nout/a.jsonl\nout/deep/b.txt\ndisk\nin\nix\nout\ntold\n";
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), (expected, ""), "{mount}");
    }
}

/// What a program is called is for who calls it, and may be what one of its commands is called.
#[cfg(unix)]
#[test]
fn flags_in_a_file_are_for_the_command_and_not_the_program() {
    use std::os::unix::process::CommandExt;
    let dir = versions().file("redite.toml", "inputs = ['in']\noutput = 'out'\n");
    let mut run = redite(&dir, ["dedup", "--config", "redite.toml", "--json", "-q"]);
    run.0.arg0("dedup");
    let told: Value = serde_json::from_str(&run.ends().ok()).unwrap();
    assert_eq!(told["input"]["files"], 3);
}

#[test]
fn flags_may_stand_in_a_file() {
    let dir = versions();
    let write = |text: &str| std::fs::write(dir.path("redite.toml"), text).unwrap();
    let run = |arguments: &[&str]| {
        redite(&dir, ["dedup", "--config", "redite.toml"].iter().chain(arguments)).ends()
    };
    write(
        "inputs = ['in']\noutput = 'out'\nthreshold = 1.0\nprefer = 'longest'\nquiet = true\nforce = false\nunits = ['document', 'paragraph']\njson = true\n",
    );
    let told: Value = serde_json::from_str(&run(&[]).ok()).unwrap();
    assert_eq!(told["parameters"]["threshold"], 1.0);
    assert_eq!(
        told["parameters"]["units"],
        json!({ "documents": true, "paragraphs": true, "passages": false })
    );
    assert_eq!((&told["dedup"]["prefer"], &told["dedup"]["removed"]), (&json!("longest"), &json!(1)));
    let told: Value =
        serde_json::from_str(&run(&["in/paper", "--output=other", "--threshold", "0.5"]).ok()).unwrap();
    assert_eq!(told["parameters"]["threshold"], 0.5);
    assert_eq!((&told["input"]["files"], &told["dedup"]["removed"]), (&json!(2), &json!(2)));
    #[cfg(unix)]
    {
        // a pipe is read once, though the run begins twice
        let told =
            redite(&dir, ["audit", "in", "--config", "/dev/stdin", "--json", "-q", "--memory", "1GiB"]);
        let told: Value = serde_json::from_str(&told.given("threshold = 0.9").ok()).unwrap();
        assert_eq!(told["parameters"]["threshold"], 0.9);
    }
    let wrong = [
        "treshold = 0.5",
        "annotate = 'yes'",
        "threshold = [0.5, 0.6]",
        "threshold = 7",
        "threshold = {}",
        "report = 1979-05-27",
        "config = 'x'",
        "quiett = true",
        "threads = 1.5",
        "threshold = 0.5\nthreshold = 0.6",
        "nonsense",
        "[dedup]\nforce = true",
    ];
    let told = wrong.map(|text| {
        write(text);
        let ended = run(&["in", "--output", "none"]);
        assert_eq!(ended.code, 2, "{text}");
        format!("{text}\n  {}\n", ended.stderr.replace('\n', "\n  "))
    });
    assert_snapshot!("config_wrong", told.concat());
    // larger than a number of TOML
    for number in [
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9_223_372_036_854_775_809",
        "0xFFFFFFFFFFFFFFFFFF",
        "99999999999999999999999999999999999999999",
    ] {
        for text in [format!("seed = {number}"), format!("seed = [1, # one\n {number}]")] {
            write(&format!("quiet = true\n{text}"));
            let told = run(&["in", "--output", "none"]);
            let expected = format!(": key `seed` holds {:.40}", number);
            assert!(told.code == 2 && told.stderr.contains(&expected), "{}", told.stderr);
            let expected = "expected a number from -9223372036854775808 to 9223372036854775807\n\nhint: numbers go up to";
            assert!(told.stderr.starts_with("error: `redite.toml`, line ") && told.stderr.contains(expected));
        }
    }
    write("seed = '18446744073709551615'\njson = true\nquiet = true");
    let told: Value = serde_json::from_str(&run(&["in", "--output", "seeded"]).ok()).unwrap();
    assert_eq!(told["parameters"]["seed"], u64::MAX);
    write("max-removed = '10%'");
    let other = redite(&dir, ["audit", "in", "--config", "redite.toml"]).ends();
    assert_snapshot!(other.stderr, @"error: `redite.toml`: key `max-removed` is a flag of `redite dedup`, not of `redite audit`");
    assert_eq!(redite(&dir, ["audit", "in", "--config", "none.toml"]).ends().code, 2);
    assert!(!dir.path("none").exists());
}

#[test]
fn shells_and_manual_know_every_flag() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = redite(&dir, ["completions", shell]).ends().ok();
        assert!(script.contains("max-removed") && script.contains("min-tokens"), "{shell}");
    }
    // what an index overrules is offered by no shell
    let script = redite(&dir, ["completions", "bash"]).ends().ok();
    let query = script.lines().skip_while(|line| line.trim() != "redite__subcmd__query)").nth(1);
    let query = query.expect("what `query` takes");
    assert!(
        query.contains("--index") && !query.contains("--threshold") && !query.contains("--certify"),
        "{query}"
    );
    let page = redite(&dir, ["man"]).ends().ok();
    assert!(page.contains(".TH redite 1") && page.contains("dedup"), "{page}");
    let page = redite(&dir, ["man", "dedup"]).ends().ok();
    assert!(page.contains(".TH redite-dedup 1") && page.contains("\\-\\-max\\-removed"), "{page}");
    assert!(page.contains("\\fBredite dedup\\fR"), "{page}");
    let synopsis = page.lines().skip_while(|line| *line != ".SH SYNOPSIS").nth(1).unwrap();
    for told in [
        " \\fB\\-\\-output\\fR \\fIDIR\\fR",
        " [\\fB\\-\\-index\\fR \\fIDIR\\fR]",
        " [\\fB\\-\\-annotate\\fR]",
        " \\fIINPUT\\fR...",
    ] {
        assert!(synopsis.contains(told), "{told}: {synopsis}");
    }
    let sections = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect::<Vec<_>>();
    assert!(sections.starts_with(&["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"]), "{sections:?}");
    assert!(sections.ends_with(&["\"EXIT STATUS\"", "EXAMPLES"]), "{sections:?}");
    assert!(page.contains(".TP\n\\fB4\\fR\nrefused by \\-\\-max\\-removed, "), "{page}");
    let page = redite(&dir, ["man", "index", "verify"]).ends().ok();
    assert!(page.contains(".TH redite-index-verify 1"), "{page}");
    assert!(page.contains("\\fBredite index verify\\fR"), "{page}");
    for wrong in [&["man", "nothing"][..], &["man", "dedup", "verify"], &["man", "index", "nothing"]] {
        assert_eq!(redite(&dir, wrong).ends().code, 2);
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

/// Two files whose names are no UTF-8 are two sources, and an empty folder stays whose it was.
#[cfg(target_os = "linux")]
#[test]
fn names_and_permissions_are_the_system_s() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let texts = [words(0..30), words(100..130)];
    let dir = Dir::new().file("in/x.txt", "");
    std::fs::remove_file(dir.path("in/x.txt")).unwrap();
    for name in [b"a\xE8.jsonl", b"a\xE9.jsonl"] {
        let path = dir.path("in").join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(path, records(&texts)).unwrap();
    }
    std::fs::create_dir(dir.path("out")).unwrap();
    std::fs::set_permissions(dir.path("out"), std::fs::Permissions::from_mode(0o2770)).unwrap();
    let refused = redite(&dir, ["dedup", "in", "--output", "out", "--max-removed", "60%"]).ends();
    assert!(refused.code == 4 && refused.stderr.contains("a\\xE9.jsonl"), "{}", refused.stderr);
    assert_eq!(redite(&dir, ["dedup", "in", "--output", "out", "--quiet"]).ends().code, 0);
    assert_eq!(std::fs::metadata(dir.path("out")).unwrap().permissions().mode() & 0o7777, 0o2770);
    // the second of two files that are equal, named as the system has it and as reports do
    let [as_it_is, as_told] = [&b"in/a\xE9.jsonl"[..], b"in/a\\xE9.jsonl"].map(std::ffi::OsStr::from_bytes);
    for protected in [as_it_is, as_told] {
        let run =
            redite(&dir, ["dedup", "in", "--output", "kept", "--force", "--protect"]).with(protected).ends();
        assert_eq!((run.code, run.stderr.contains("protects nothing")), (0, false), "{}", run.stderr);
        let kept = dir.path("kept").join(std::ffi::OsStr::from_bytes(b"a\xE9.jsonl"));
        assert_eq!(std::fs::read_to_string(kept).unwrap(), records(&texts));
    }
}

//! What is told by source: by files, or by what `--source-field` names.

use insta::assert_snapshot;
use proptest::prelude::*;
use redite::order::Order;
use redite::outcome::Outcome;
use redite::params::Params;
use redite::pipeline::{self, Inputs, Progress, Surroundings};
use redite::read::sources;
use redite::report::facts::Facts;
use redite::report::json;
use serde_json::{Value, json};

use crate::cli::redite;
use crate::language::{Dir, Numbers, records, words};
use crate::laws::corpus;
use crate::memory::{files, told};
use crate::passages::random_corpus;

/// Of a night of many sources a person sees a few, and how many more there are.
#[test]
fn sources_of_a_night_that_are_not_told_are_counted() {
    let two = |at: usize| records(&[words(at * 100..at * 100 + 12), words(at * 100 + 50..at * 100 + 62)]);
    let dir = (0..1_010).fold(Dir::new(), |dir, at| dir.file(&format!("in/{at}.jsonl"), two(at)));
    let night = ["dedup", "in", "--output", "out", "--index", "archive", "--units", "document", "-q"];
    let told = redite(&dir, night).ends().ok();
    assert!(told.contains("\n    and 1,002 more\n"), "{told}");
}

/// Articles of four outlets in one file: three tell one story, one of them another's, too.
fn outlets() -> String {
    let [story, other, third] = [0..40, 100..140, 200..240].map(words);
    let article = |id: &str, outlet: Value, text: &str| -> String {
        let record = json!({ "id": id, "outlet": outlet, "text": text });
        record.to_string() + "\n"
    };
    [
        article("a1", json!("agency"), &story),
        article("a2", json!("agency"), &other),
        article("p1", json!("Le Papier"), &story),
        article("p2", json!("Le Papier"), &format!("{} und mehr", &other)),
        article("r1", json!("radio 1"), &format!("{story}\n{third}\n{}", words(300..320))),
        article("r2", json!("radio 1"), &words(400..430)),
        article("n1", json!(null), &third),
        article("n2", json!(17), &story),
    ]
    .concat()
}

/// The parts of a JSON summary that tell of sources.
fn by_source(told: &str) -> String {
    let told: Value = serde_json::from_str(told).unwrap();
    let parts = json!({
        "source_field": told["source_field"],
        "sources": told["sources"],
        "relations": { "sources": told["relations"]["sources"], "documents": told["relations"]["documents"] },
        "dedup": { "sources": told["dedup"]["sources"] },
        "index": { "sources": told["index"]["sources"] },
    });
    serde_json::to_string_pretty(&parts).unwrap()
}

const FIELD: [&str; 2] = ["--source-field", "outlet"];

#[test]
fn an_audit_tells_by_the_sources_that_a_field_names() {
    let dir = Dir::new().file("in.jsonl", outlets());
    let audit = |flags: &[&str]| redite(&dir, ["audit", "in.jsonl"].iter().chain(flags)).ends();
    let told = audit(&[&FIELD[..], &["--report", "r.html"]].concat());
    assert_snapshot!("sources_named_by_a_field", told.seen());
    let summary = audit(&[&FIELD[..], &["--json", "-q"]].concat()).ok();
    assert_snapshot!("sources_named_by_a_field_json", by_source(&summary));
    let page = std::fs::read_to_string(dir.path("r.html")).unwrap();
    for said in [
        "The field “outlet” names the sources. Of 1 document without it, the place of the file does.",
        "Le champ «\u{A0}outlet\u{A0}» nomme les sources. Pour 1 document qui ne l’a pas, c’est l’emplacement du fichier.",
        "<th scope=\"row\"><bdi class=\"source\">radio 1</bdi></th>",
        "<th scope=\"row\">2 <bdi class=\"source\">Le Papier</bdi></th>",
        "id <bdi class=\"id\">p1</bdi>, <span class=\"en\" lang=\"en\">from</span><span class=\"fr\" lang=\"fr\">de</span> <bdi class=\"source\">Le Papier</bdi>",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    // whatever the threads
    for threads in ["1", "2", "8"] {
        let flags = ["--threads", threads, "--report", "again.html"];
        assert_eq!(audit(&[&FIELD[..], &flags].concat()).stdout, told.stdout, "{threads} threads");
        assert_eq!(std::fs::read_to_string(dir.path("again.html")).unwrap(), page, "{threads} threads");
    }
    // a single file is no source that another could repeat
    let without = audit(&["--report", "r.html"]);
    assert!(!without.stdout.contains("Le Papier") && !without.stdout.contains("Who repeats whom"));
    assert!(!std::fs::read_to_string(dir.path("r.html")).unwrap().contains("Le Papier"));
    let of_no = audit(&["--source-field", "no"]);
    assert!(
        of_no.stderr.contains("warning: `--source-field no`: no record has that field\n"),
        "{}",
        of_no.stderr
    );
    let of_text = audit(&["--source-field", "text"]);
    assert_eq!((of_text.code, of_text.stdout.as_str()), (2, ""));
    assert!(of_text.stderr.starts_with("error: `--source-field text`: that is the text of a record"));
}

/// What `dedup` counts for its guard, and what its reports tell of, are the same sources.
#[test]
fn a_removal_and_its_reports_tell_by_the_same_sources() {
    let dir = Dir::new().file("in.jsonl", outlets());
    let flags =
        [&["dedup", "in.jsonl", "--output", "out", "--units", "document,passage"], &FIELD[..]].concat();
    let told = redite(&dir, flags.iter().chain(&["--report", "r.html", "--json"])).ends();
    assert_snapshot!("sources_of_a_removal", by_source(&told.stdout));
    let page = std::fs::read_to_string(dir.path("r.html")).unwrap();
    // kept and removed; copied text; who repeats whom
    assert_eq!(page.matches("<th scope=\"row\"><bdi class=\"source\">Le Papier</bdi></th>").count(), 2);
    assert_eq!(page.matches("<th scope=\"row\">2 <bdi class=\"source\">Le Papier</bdi></th>").count(), 1);
}

/// An index keeps no field: its documents are told by their files, and a report says so.
#[test]
fn what_an_index_has_is_told_by_its_files() {
    let dir = Dir::new().file("monday.jsonl", outlets()).file("tuesday.jsonl", outlets());
    let night = |input: &str| {
        let all = ["dedup", input, "--output", "out", "--force", "--index", "archive", "--report", "r.html"];
        redite(&dir, all.iter().chain(&FIELD)).ends()
    };
    assert_eq!(night("monday.jsonl").code, 0);
    let page = std::fs::read_to_string(dir.path("r.html")).unwrap();
    assert!(!page.contains("does not keep that field"), "there was no index before");
    let audit = |flags: &[&str]| {
        let all = ["audit", "tuesday.jsonl", "--index", "archive", "-q"];
        redite(&dir, all.iter().chain(&FIELD).chain(flags)).ends().ok()
    };
    assert_snapshot!("sources_beside_an_index", audit(&["--report", "r.html"]));
    assert_snapshot!("sources_beside_an_index_json", by_source(&audit(&["--json"])));
    let page = std::fs::read_to_string(dir.path("r.html")).unwrap();
    for said in [
        "The index does not keep that field: its documents are told by their files.",
        "L’index ne conserve pas ce champ\u{A0}: ses documents sont désignés par leur fichier.",
        "<bdi class=\"source\">monday.jsonl (index)</bdi></th>",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    let told = night("tuesday.jsonl");
    assert!(told.stdout.contains("  Le Papier\n") && told.stdout.contains("  17\n"), "{}", told.stdout);
}

/// A column names sources as a field does.
#[test]
fn columns_name_sources() {
    let lines = outlets();
    let rows = lines.lines().map(|line| {
        let record: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| record[name].as_str().map_or(record[name].to_string(), str::to_owned);
        let outlet = if record["outlet"].is_null() { String::new() } else { field("outlet") };
        format!("{},{outlet},\"{}\"\n", field("id"), field("text"))
    });
    let table = "id,outlet,text\n".to_owned() + &rows.collect::<String>();
    let dir = Dir::new().file("in/a.jsonl", lines).file("in/b.csv", table);
    let told = |file: &str| {
        let summary = redite(&dir, ["audit", file, "--json", "-q"].iter().chain(&FIELD)).ends().ok();
        by_source(&summary).replace(file, "FILE").replace(&file[3..], "FILE")
    };
    assert_eq!(told("in/a.jsonl"), told("in/b.csv"));
}

/// However many sources a field names: a page and a summary hold the first of them, and say how many there are.
#[test]
fn many_sources_are_counted() {
    let record = |at: usize| {
        let text = words(at / 2 * 12..at / 2 * 12 + 12);
        json!({ "outlet": format!("outlet {at}"), "text": text }).to_string() + "\n"
    };
    let dir = Dir::new().file("in.jsonl", (0..5_000).map(record).collect::<String>());
    let flags = ["audit", "in.jsonl", "--units", "document", "--report", "r.html", "-q"];
    let told = redite(&dir, flags.iter().chain(&FIELD)).ends().ok();
    assert!(told.contains("\n  5,000 sources, named by the field `outlet`\n"), "{told}");
    assert!(told.contains("\n  and 2,495 more pairs\n"), "{told}");
    let summary = redite(&dir, flags.iter().chain(&FIELD).chain(&["--json"])).ends().ok();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let field = json!({ "field": "outlet", "named": 5_000, "unnamed": 0, "sources": 5_000 });
    assert_eq!(summary["source_field"], field);
    assert_eq!(summary["sources"].as_array().unwrap().len(), 1_000);
    assert_eq!(summary["sources"][999]["name"], "outlet 999");
    let relations = &summary["relations"];
    assert_eq!(
        (relations["sources"].as_array().unwrap().len(), &relations["source_pairs"]),
        (500, &json!(2_500))
    );
    let page = std::fs::read_to_string(dir.path("r.html")).unwrap();
    assert!(page.contains("2,500 of 5,000 sources hold text that stood before. The first 100 are listed."));
    assert_eq!(page.matches("<th scope=\"row\"><bdi class=\"source\">outlet ").count(), 100);
}

/// The summary of a run over a folder, by files or by what a field names.
fn run(dir: &Dir, source_field: Option<&str>, part: u64) -> Outcome {
    let found = sources::find(&[dir.path("in")], None).unwrap();
    let file_sources = found.files.iter().map(|file| file.name.clone()).collect();
    let source_field = source_field.map(str::to_owned);
    let order = Order { source_field, file_sources, dates: Some("date".to_owned()), ..Order::default() };
    let surroundings = Surroundings { chunk: 1, part, ..Surroundings::default() };
    let inputs = Inputs { order, ..found.into() };
    pipeline::run(inputs, &Params::audit(), &surroundings, &Progress::default()).unwrap()
}

/// Texts that stand in as many files as there are sources, and the same in one file: of either kind of source the
/// same is told, in one part and in several.
fn judge(texts: &[String], cuts: [usize; 2]) {
    let mut ends = cuts.map(|cut| cut % (texts.len() + 1));
    ends.sort_unstable();
    let parts = [0..ends[0], ends[0]..ends[1], ends[1]..texts.len()];
    let dir = Dir::new();
    let folder = dir.path("in");
    let name = |part: usize| folder.join(format!("{part}.jsonl")).to_string_lossy().into_owned();
    let line = |(part, at): (usize, usize)| {
        // some records are without the field, in the file of which it would name the source
        let outlet = if part == 0 && at % 3 == 0 { Value::Null } else { json!(name(part)) };
        json!({ "id": at, "text": texts[at], "outlet": outlet, "date": at * 7 % 5 }).to_string() + "\n"
    };
    let lines = |part: usize| parts[part].clone().map(|at| line((part, at))).collect::<String>();
    let by_file = (0..3).fold(Dir::new(), |dir, part| dir.file(&format!("in/{part}.jsonl"), lines(part)));
    let in_one = dir.file("in/0.jsonl", (0..3).map(lines).collect::<String>());
    let told = |dir: &Dir, field: Option<&str>, part: u64| {
        let outcome = run(dir, field, part);
        let report = serde_json::to_string(&json::report(&outcome, &Facts::new(&outcome).unwrap())).unwrap();
        let root = dir.path("in").to_string_lossy().into_owned();
        let report = report.replace(&root, "").replace(&in_one.path("in").to_string_lossy().into_owned(), "");
        let report: Value = serde_json::from_str(&report).unwrap();
        // of a file without a record there is nothing to tell
        let is_read = |source: &&Value| source["documents"] != 0;
        let sources: Vec<Value> =
            report["sources"].as_array().unwrap().iter().filter(is_read).cloned().collect();
        let relations = &report["relations"];
        json!([sources, relations["sources"], relations["source_pairs"], report["dates"]])
    };
    let expected = told(&by_file, None, u64::MAX);
    for part in [u64::MAX, 0, 900] {
        assert_eq!(told(&in_one, Some("outlet"), part), expected, "parts of {part} bytes: {texts:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_field_names_sources_as_files_do(texts in corpus(), cuts in prop::array::uniform2(any::<usize>())) {
        judge(&texts, cuts);
    }
}

#[test]
fn passages_by_source() {
    for seed in 0..20 {
        let mut numbers = Numbers(seed);
        let texts = random_corpus(&mut numbers);
        judge(&texts, [(); 2].map(|()| numbers.below(1000)));
    }
}

/// Nothing is told by a field that was not asked for.
#[test]
fn without_a_field_sources_are_files() {
    let texts = random_corpus(&mut Numbers(7));
    let dir = files(&texts);
    let (_, report) = told(&run(&dir, None, u64::MAX));
    assert_eq!(report.get("source_field"), None);
    let name = |source: &Value| source["name"].as_str().unwrap().to_owned();
    let names: Vec<String> = report["sources"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(names.len(), 4);
    assert!(names[0].ends_with("in/1.jsonl"), "{names:?}");
}

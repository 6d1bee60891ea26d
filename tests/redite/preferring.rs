//! `redite dedup --prefer`, `--protect`, `--source-field`: which of several versions stays.

use serde_json::Value;

use crate::cli::redite;
use crate::dedup::{ids, read, versions};
use crate::language::{Dir, words};

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
        let found =
            crate::language::audit_inputs(&[dir.path("out/c.parquet")], &redite::params::Params::audit());
        assert_eq!((found.documents(), found.id(0).as_deref()), (1, Some(&*format!("\"{id}\""))));
    }
}

//! Flags from a file, and where they are listed: completions and manual.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cli::redite;
use crate::dedup::versions;
use crate::language::Dir;

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

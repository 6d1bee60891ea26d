//! Tables by what separates them: their row of names tells it, whatever the ending of their name.

use redite::document::SkipReason;
use redite::params::Params;
use serde_json::Value;

use crate::cli::redite;
use crate::containers::rows;
use crate::language::{Dir, audit, files, gz, words};

/// The ids and texts that are read of a table, and why others are not.
fn read(name: &str, table: &str) -> (Vec<(String, String)>, Vec<String>) {
    let dir = Dir::new().file(name, table);
    let outcome = audit(&dir, &Params::audit());
    let id = |document| outcome.id(document).unwrap_or_default().trim_matches('"').to_owned();
    let all = (0..outcome.documents()).map(|document| (id(document), outcome.text(document).unwrap()));
    (all.collect(), outcome.skips().iter().map(|skip| skip.detail.clone()).collect())
}

fn both(pairs: &[[&str; 2]]) -> Vec<(String, String)> {
    pairs.iter().map(|[id, text]| (id.to_string(), text.to_string())).collect()
}

#[test]
fn the_row_of_names_tells_what_separates_a_table() {
    let cases: [(&str, &str, &[[&str; 2]]); 12] = [
        (
            "a.csv",
            "id;text\n1;a, \"b\", c\n2;\"d;e\n\"\"f\"\"\"\n",
            &[["1", "a, \"b\", c"], ["2", "d;e\n\"f\""]],
        ),
        ("a.csv", "\u{feff}\r\n\"id\";\"text\"\r\n1;1,5\r\n", &[["1", "1,5"]]),
        ("a.csv", "\"te;xt\";\"text\"\r1;a\r", &[["", "a"]]),
        // a name with a line end, which is none where nothing opens a quote
        ("a.csv", "id;\"a\nb\";text\n1;x;a\n", &[["1", "a"]]),
        ("a.csv", "id;\"a,b\";text;\"c,text\"\n1;x;a;z\n", &[["1", "a"]]),
        ("a.csv", "id|text\n1|a;b,c\n", &[["1", "a;b,c"]]),
        ("a.csv", "id\ttext\n1\ta;b,c\n", &[["1", "a;b,c"]]),
        ("a.tsv", "id,text\n1,\"a,b\"\n", &[["1", "a,b"]]),
        ("a.tsv", "id;text\n1;a\tb\n", &[["1", "a\tb"]]),
        // where several would do it is that of the format, else the first
        ("a.csv", "a;b,text,id\nx,a;b,1\n", &[["1", "a;b"]]),
        ("a.csv", "text,x;text\na,b;c\n", &[["", "a"]]),
        ("a.tsv", "text,x;text\tid\na,b\t1\n", &[["", "a"]]),
    ];
    for (name, table, expected) in cases {
        let (found, skipped) = read(name, table);
        assert_eq!((found, skipped), (both(expected), vec![]), "{table}");
    }
    // without a record, and without a line end
    for table in ["id;text", "id;text\r\n", "\u{feff}id;text\n\n\n"] {
        assert_eq!(read("a.csv", table), (vec![], vec![]), "{table:?}");
    }
    // rows are held against the names by the same separator
    let (found, skipped) = read("a.csv", "id;text\n1;a;b\n2;a\n3,a\n4;\"open\n");
    assert_eq!(found, both(&[["2", "a"]]));
    let told =
        ["3 fields, the first row names 2", "1 fields, the first row names 2", "a quote is not closed"];
    assert!(
        skipped.len() == 3 && skipped.iter().zip(told).all(|(got, told)| got.starts_with(told)),
        "{skipped:?}"
    );
}

/// The names are told that it has by what most likely separates it.
#[test]
fn a_table_without_the_column_tells_its_names() {
    for (name, table) in [
        ("a.csv", "id;titre;texte\n1;a;b\n"),
        ("a.tsv", "id;titre;texte\n1;a;b\n"),
        ("a.csv", "id|titre|texte\n1|a|b\n"),
        ("a.csv", "id,titre,texte\n1,a,b\n"),
    ] {
        let outcome = audit(&Dir::new().file(name, table), &Params::audit());
        let skip = &outcome.skips()[0];
        let told = "no column `text`; there are `id`, `titre`, `texte`; `--text-field` names one";
        assert_eq!((skip.reason, skip.detail.as_str()), (SkipReason::MissingText, told), "{table}");
        let by_name = Params { text_field: "texte".to_owned(), ..Params::audit() };
        assert_eq!(audit(&Dir::new().file(name, table), &by_name).text(0).unwrap(), "b");
    }
    // lines of JSON are no table, whatever stands in their texts
    let (found, skipped) = read("a.csv", "{\"id\":\";text;\",\"text\":\"|text|\"}\n");
    assert!(found.is_empty() && skipped[0].starts_with("it begins as JSON lines do"), "{skipped:?}");
}

/// What breaks off in the row of names, as another separator takes it, is told.
#[test]
fn a_broken_row_of_names_is_told() {
    let whole = gz("id;\"te\nxt\";text\n1;2;a\n");
    for length in 12..whole.len() {
        let outcome = audit(&Dir::new().file("a.csv.gz", &whole[..length]), &Params::audit());
        let told = outcome.skips().iter().any(|skip| skip.reason == SkipReason::Truncated);
        assert!(told, "{length}: {:?}", outcome.skips());
    }
}

/// Nights of the same records are the same night, and keep what they keep, however they are separated.
#[test]
fn a_night_is_the_same_by_any_separator() {
    let mut texts: Vec<String> = (0..400).map(|n| words(40 * (n % 300)..40 * (n % 300) + 35)).collect();
    texts[7] = format!("a;b,c|\"{}\"\r\n\r\n{}", words(9000..9020), words(40..75));
    let tables = [(',', "\n"), (';', "\r\n"), ('|', "\n"), ('\t', "\r")];
    let index_of = |delimiter: char, end: &str| {
        let dir = Dir::new().file("n/a.csv", rows(&texts[..350], delimiter, end));
        let first = redite(&dir, ["dedup", "n", "--index", "index", "--output", "one", "--json"]).ends().ok();
        std::fs::write(dir.path("n/a.csv"), rows(&texts, delimiter, end)).unwrap();
        let flags = ["dedup", "n", "--index", "index", "--output", "two", "--json", "--matches", "m.jsonl"];
        let second =
            redite(&dir, flags.iter().chain(&["--threads", "3", "--max-removed", "100%"])).ends().ok();
        let told =
            |told: &str| serde_json::from_str::<Value>(told).unwrap()["dedup"]["kept"].as_u64().unwrap();
        let segments: Vec<_> =
            files(&dir.path("index")).into_iter().filter(|(name, _)| name != "lock").collect();
        let matches = std::fs::read_to_string(dir.path("m.jsonl")).unwrap();
        // what came again as another night's table is told as that night
        std::fs::write(dir.path("n/a.csv"), rows(&texts[..350], ',', "\n")).unwrap();
        let flags =
            ["dedup", "n", "--index", "index", "--output", "three", "--json", "--max-removed", "100%"];
        let again: Value = serde_json::from_str(&redite(&dir, flags).ends().ok()).unwrap();
        assert_eq!(again["index"]["again"]["batch"], 1);
        // a question is one of these, too
        std::fs::write(dir.path("q.csv"), rows(&texts[..1], delimiter, end)).unwrap();
        let asked = redite(&dir, ["query", "--index", "index", "q.csv", "--json", "--quiet"]).ends().ok();
        let asked: Value = serde_json::from_str(&asked).unwrap();
        assert_eq!(asked["documents"]["exact_copies"], 1, "{asked}");
        (told(&first), told(&second), matches, segments.len())
    };
    let expected = index_of(',', "\n");
    assert_eq!((expected.0, expected.1), (301, 0));
    for (delimiter, end) in tables {
        assert_eq!(index_of(delimiter, end), expected, "{delimiter:?}");
    }
}

/// Fields that are written again are quoted by what separates the table.
#[test]
fn what_is_cut_is_quoted_by_what_separates_the_table() {
    let [one, two] = [words(0..40), words(100..140)];
    let texts = [format!("{one}\n\nfirst"), format!("{one}\n\n{two}; and, more|\t")];
    for (delimiter, cut) in [
        (';', format!("\"{two}; and, more|\t\"")),
        (',', format!("\"{two}; and, more|\t\"")),
        ('|', format!("\"{two}; and, more|\t\"")),
    ] {
        let dir = Dir::new().file("in/a.csv", rows(&texts, delimiter, "\r\n"));
        redite(&dir, ["dedup", "in", "--output", "out", "--remove", "paragraphs", "--quiet"]).ends().ok();
        let left = std::fs::read_to_string(dir.path("out/a.csv")).unwrap();
        assert!(left.contains(&format!("{delimiter}{cut}{delimiter}\r\n")), "{left}");
        assert!(left.starts_with(&rows(&texts[..1], delimiter, "\r\n")), "{left}");
        let (found, skipped) = read("a.csv", &left);
        assert_eq!((found[1].1.as_str(), skipped.len()), (&cut[1..cut.len() - 1], 0));
    }
    // unquoted: a comma is of no concern where semicolons separate
    let table = format!("id;text\n1;{one}\n2;{two}, and more, {}\n3;{two}\n", words(300..340));
    let dir = Dir::new().file("in/a.csv", &table);
    redite(&dir, ["dedup", "in", "--output", "out", "--remove", "passages", "--quiet"]).ends().ok();
    let left = std::fs::read_to_string(dir.path("out/a.csv")).unwrap();
    assert_eq!(left, table.replace(&format!("3;{two}\n"), "3;\"\"\n").replace("3;\"\"", "3;"));
}

use super::*;
use crate::params::Params;
use crate::pipeline::{Progress, Surroundings, audit};
use crate::report::hostile;

/// A run over files of these names and texts; of JSON lines each text is a line.
fn run(files: &[(&str, &[String])], params: &Params) -> (Outcome, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, texts) in files {
        let is_text = name.ends_with(".txt");
        let record = |text: &String| {
            if is_text { text.clone() } else { serde_json::json!({ "text": text }).to_string() + "\n" }
        };
        std::fs::write(folder.path().join(name), texts.iter().map(record).collect::<String>()).unwrap();
    }
    let sources = crate::read::sources::find(&[folder.path().to_path_buf()], None).unwrap();
    (audit(sources, params, &Surroundings::default(), &Progress::default()).unwrap(), folder)
}

/// What stands below a heading.
fn below<'a>(told: &'a str, heading: &str) -> Vec<&'a str> {
    let lines = told.lines().skip_while(|line| !line.starts_with(heading));
    lines.skip(1).take_while(|line| !line.is_empty()).collect()
}

fn told(outcome: &Outcome, options: Options) -> String {
    let mut told = Vec::new();
    write(outcome, &Facts::new(outcome).unwrap(), &mut told, options).unwrap();
    String::from_utf8(told).unwrap()
}

#[test]
fn nothing_that_a_terminal_obeys_gets_through() {
    let harmless = hostile::run(&hostile::strings()[0]);
    let lines = told(&harmless.0, Options::default()).lines().count();
    for hostile in hostile::strings() {
        let (outcome, _folder) = hostile::run(&hostile);
        let summary = told(&outcome, Options::default());
        let obeyed = |c: &char| {
            (c.is_control() && *c != '\n') || ('\u{202A}'..='\u{202E}').contains(c) || *c == '\u{2067}'
        };
        assert_eq!(summary.chars().find(obeyed), None, "{}", hostile.text);
        let surrogates = usize::from(outcome.summary().input.lone_surrogates > 0);
        assert_eq!(summary.lines().count(), lines + surrogates, "{}", hostile.text);
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let (outcome, _folder) = hostile::run(&hostile::strings()[6]);
    let coloured = told(&outcome, Options { colour: true, ..Options::default() });
    assert!(coloured.starts_with("\x1b[1mRead\x1b[0m\n"));
    let plain = coloured.replace("\x1b[1m", "").replace("\x1b[0m", "");
    assert_eq!(plain, told(&outcome, Options::default()));
}

#[test]
fn the_summary_says_what_a_person_wants_to_know() {
    let (outcome, _folder) = hostile::run(&hostile::strings()[0]);
    let expected = "\
Read
  2 files, 4 documents, 9 paragraphs, 4,515 characters

Repeated
  documents   2 of 4 are copies (1 exact, 1 near)
  paragraphs  5 of 9 are copies (4 exact, 1 near)
  passages    4 stood before (3 exact, 1 near), with 2,714 characters; 2 of them inside other copies
    by words  50-99: 2, 100-199: 2
  characters  2,714 of 4,515 in copies or passages (60.1 %)
";
    let summary = told(&outcome, Options::default());
    assert!(summary.starts_with(expected), "{summary}");
    for line in [
        "    original  folder harmless/harmless.jsonl, record 1, id harmless, whole document",
        "    copy      folder harmless/harmless.jsonl, record 4: whole document, exact",
        "record 3, id harmless: paragraph 3 repeats paragraph 2, exact",
        "    folder harmless/harmless.jsonl:8: ",
        "Ignored: 1 file of no known format",
    ] {
        assert!(summary.contains(line), "{line}\n{summary}");
    }
    assert!(summary.lines().filter(|line| line.contains("word1n1")).all(|line| line.chars().count() <= 80));
}

#[test]
fn json_has_the_numbers_and_the_skips() {
    for hostile in hostile::strings() {
        let (outcome, _folder) = hostile::run(&hostile);
        let facts = Facts::new(&outcome).unwrap();
        let json = serde_json::to_string(&crate::report::json::report(&outcome, &facts)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["input"]["documents"], 4);
        assert_eq!(json["groups"], 2);
        let [read, missing] = &json["sources"].as_array().unwrap()[..] else { panic!("two sources") };
        assert_eq!(read["name"], format!("folder {0}/{0}.jsonl", hostile.text));
        assert_eq!(read["documents"], 4);
        assert_eq!(read["characters"], json["characters"]);
        assert_eq!((&missing["documents"], &missing["characters"]["read"]), (&0.into(), &0.into()));
        let skips = json["skips"].as_array().unwrap();
        assert_eq!(skips.len(), 5);
        assert_eq!(skips[0]["reason"], "text_not_string");
        assert_eq!(skips[0]["record"], 4);
        assert_eq!(skips[0]["line"], 5);
        assert_eq!(skips[4]["detail"], hostile.text);
        assert!(json["parameters"]["threshold"].is_number());
    }
}

/// Copies as a whole are at 100 % all of them, and tell nothing that the numbers do not.
#[test]
fn documents_are_listed_that_are_no_copies_but_hold_copied_text() {
    let [original, other] = [hostile::words(1), hostile::words(2)];
    let partly = format!("{other}{original}");
    let texts = [original.clone(), original.clone(), partly.clone(), original.clone()];
    let (outcome, _folder) = run(&[("a.jsonl", &texts), ("b.jsonl", &texts[..1])], &Params::audit());
    let summary = told(&outcome, Options::default());
    let listed = below(&summary, "Documents that hold copied text, no copies as a whole");
    assert!(listed.len() == 1 && listed[0].ends_with("a.jsonl, record 3"), "{summary}");
    assert!(listed[0].starts_with("       49.9 %  439 of 880  "), "{summary}");
    let sources = below(&summary, "Sources with the largest copied share");
    assert!(sources.len() == 2 && sources[0].ends_with("a.jsonl"), "b is one document: {summary}");

    let texts = texts.each_ref().map(std::slice::from_ref);
    let files = [("a.txt", texts[0]), ("b.txt", texts[1]), ("c.txt", texts[2]), ("d.txt", texts[3])];
    let (outcome, _folder) = run(&files, &Params::audit());
    let summary = told(&outcome, Options::default());
    assert!(!summary.contains("Sources with"), "each is one document: {summary}");
    let listed = below(&summary, "Documents that hold copied text, no copies as a whole");
    assert!(listed.len() == 1 && listed[0].ends_with("c.txt"), "{summary}");
}

#[test]
fn the_summary_says_what_is_not_compared() {
    let (outcome, _folder) = hostile::run(&hostile::strings()[0]);
    let words = told(&outcome, Options::default()).split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = "- Case, punctuation and spacing are not compared; in scripts written without spaces each \
                    character counts as a word";
    assert!(words.contains(sentence), "{words}");
}

/// Columns of a line of which Japanese characters take two.
fn columns(line: &str) -> usize {
    line.chars().map(|c| if ('\u{3000}'..'\u{A000}').contains(&c) { 2 } else { 1 }).sum()
}

#[test]
fn excerpts_are_cut_by_columns() {
    let text: String = (0x4E00..0x4E00 + 200).filter_map(char::from_u32).collect();
    let texts = [text.clone(), text];
    let (outcome, _folder) = run(&[("a.jsonl", &texts)], &Params::audit());
    for width in [80, 101] {
        let summary = told(&outcome, Options { width, ..Options::default() });
        let excerpt = summary.lines().find(|line| line.ends_with('…')).unwrap();
        assert!((width - 1..=width).contains(&columns(excerpt)), "{excerpt}");
    }
}

#[test]
fn other_thresholds_fit_a_narrow_terminal() {
    let [a, b, c] = [1, 2, 3].map(hostile::words);
    let texts = [format!("{a}\n{b}\n{c}"), a.clone(), format!("{c} other words"), c];
    let params = Params { floor: Some(0.5), ..Params::audit() };
    let (outcome, _folder) = run(&[("a.jsonl", &texts)], &params);
    let summary = told(&outcome, Options::default());
    let table = below(&summary, "What if the threshold were another");
    assert!(table.len() > 5 && table.iter().all(|line| line.len() <= 80), "{summary}");
    assert_eq!(table.iter().filter(|line| line.starts_with("> ")).count(), 1, "{summary}");
}

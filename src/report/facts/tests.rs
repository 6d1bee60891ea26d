use super::*;
use crate::params::Params;
use crate::pipeline::{Progress, Surroundings, audit};

/// The facts of a corpus in one file: a document is a list of paragraphs.
fn facts(documents: &[&[&str]]) -> Facts {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.jsonl");
    let line = |paragraphs: &&[&str]| serde_json::json!({ "text": paragraphs.join("\n") }).to_string() + "\n";
    std::fs::write(&path, documents.iter().map(line).collect::<String>()).unwrap();
    let sources = crate::read::sources::find(&[path], None).unwrap();
    let run = audit(sources, &Params::audit(), &Surroundings::default(), &Progress::default()).unwrap();
    Facts::new(&run)
}

/// Twelve words that no other number's share.
fn paragraph(number: u32) -> String {
    (0..12).map(|word| format!("p{number}w{word} ")).collect()
}

fn told(stretch: Stretch) -> String {
    match stretch.paragraphs {
        Some(Paragraphs { first, last }) => format!("{}:{first}-{last}", stretch.document),
        None => stretch.document.to_string(),
    }
}

/// Each group as `original < copies`.
fn groups(facts: &Facts) -> Vec<String> {
    let tell = |group: &Group| {
        let copies: Vec<String> = group.copies.iter().map(|copy| told(copy.repeat.copy)).collect();
        format!("{} < {}", told(group.original), copies.join(" "))
    };
    facts.groups.iter().map(tell).collect()
}

/// A corpus of numbered paragraphs; 0 is a short one.
fn numbered(documents: &[&[u32]]) -> Facts {
    let texts: Vec<Vec<String>> = documents
        .iter()
        .map(|numbers| numbers.iter().map(|&n| if n == 0 { "short".into() } else { paragraph(n) }).collect())
        .collect();
    let texts: Vec<Vec<&str>> =
        texts.iter().map(|texts| texts.iter().map(String::as_str).collect()).collect();
    let texts: Vec<&[&str]> = texts.iter().map(Vec::as_slice).collect();
    facts(&texts)
}

#[test]
fn neighbours_are_one_run() {
    let facts = numbered(&[&[1, 2, 3, 4, 5, 6, 7], &[11, 12, 13, 14, 15, 2, 3, 4, 16, 17, 7]]);
    assert_eq!(groups(&facts), ["0:1-3 < 1:5-7", "0:6-6 < 1:10-10"]);
    let run = &facts.groups[0].copies[0].repeat;
    assert_eq!((run.matches, run.kind, run.similarity), (3, Kind::Exact, [1.0, 1.0]));
    assert_eq!(run.characters, run.bytes.end - run.bytes.start);
    assert_eq!((facts.group_count, facts.repeats, facts.explained), (2, 2, 0));
}

#[test]
fn other_order_or_other_documents_end_a_run() {
    let facts = numbered(&[&[1, 2, 3, 4, 5, 6], &[7, 8, 9], &[11, 12, 2, 1, 13, 14, 15, 3, 7, 16, 17]]);
    assert_eq!(groups(&facts), ["0:0-0 < 2:3-3", "0:1-1 < 2:2-2", "0:2-2 < 2:7-7", "1:0-0 < 2:8-8"]);
}

#[test]
fn a_document_can_repeat_itself() {
    assert_eq!(groups(&numbered(&[&[1, 2, 3, 9, 1, 2, 3]])), ["0:0-2 < 0:4-6"]);
}

#[test]
fn short_paragraphs_are_bridged_where_both_sides_have_them() {
    let rest = [21, 22, 23, 24, 25];
    let both = numbered(&[&[1, 0, 0, 2, 3, 4, 5], &[&[1, 0, 0, 2][..], &rest].concat()]);
    assert_eq!(groups(&both), ["0:0-3 < 1:0-3"]);
    let one = numbered(&[&[1, 0, 0, 2, 3, 4, 5], &[&[1, 0, 2][..], &rest].concat()]);
    assert_eq!(groups(&one), ["0:0-0 < 1:0-0", "0:3-3 < 1:2-2"]);
    let compared = numbered(&[&[1, 0, 2, 3, 4, 5], &[&[1, 9, 2][..], &rest].concat()]);
    assert_eq!(groups(&compared), ["0:0-0 < 1:0-0", "0:2-2 < 1:2-2"]);
}

#[test]
fn a_document_match_explains_its_paragraphs() {
    // document 1 has paragraph 9 from document 0, document 2 is 1 with paragraph 8 of document 0 at its end
    let facts =
        numbered(&[&[9, 8, 30, 31, 32, 33, 34], &[1, 2, 3, 9, 4, 5, 6, 7], &[1, 2, 3, 9, 4, 5, 6, 7, 8]]);
    assert_eq!(groups(&facts), ["1 < 2", "0:0-0 < 1:3-3", "0:1-1 < 2:8-8"]);
    let copy = &facts.groups[0].copies[0];
    let explained: Vec<String> =
        copy.explained.iter().map(|run| format!("{} < {}", told(run.original), told(run.copy))).collect();
    assert_eq!(explained, ["1:0-2 < 2:0-2", "0:0-0 < 2:3-3", "1:4-7 < 2:4-7"]);
    assert_eq!((copy.explained_count, facts.explained), (8, 8));
}

#[test]
fn groups_go_by_characters_then_by_place() {
    let facts = numbered(&[&[1, 2, 3], &[4, 5, 6], &[2, 11, 12], &[5, 13, 14], &[16, 5, 17], &[2, 18, 19]]);
    assert_eq!(groups(&facts), ["0:1-1 < 2:0-0 5:0-0", "1:1-1 < 3:0-0 4:1-1"]);
    let facts = numbered(&[&[1, 2, 3], &[4, 5, 6], &[2, 11, 12], &[5, 13, 14], &[16, 5, 17]]);
    assert_eq!(groups(&facts), ["1:1-1 < 3:0-0 4:1-1", "0:1-1 < 2:0-0"]);
}

#[test]
fn a_line_copied_a_thousand_times_is_one_group() {
    let line = [paragraph(1)];
    let document: Vec<&str> = line.iter().map(String::as_str).cycle().take(1000).collect();
    let facts = facts(&[&document]);
    assert_eq!((facts.group_count, facts.groups.len(), facts.repeats), (1, 1, 999));
    let group = &facts.groups[0];
    assert_eq!((group.count, group.exact, group.copies.len()), (999, 999, COPIES));
    let length = paragraph(1).trim_end().len() as u64;
    assert_eq!(group.bytes, 0..length);
}

#[test]
fn only_the_largest_groups_are_kept() {
    let numbers: Vec<u32> = (1..=600).chain((1..=600).rev()).collect();
    let facts = numbered(&[&numbers]);
    assert_eq!((facts.group_count, facts.groups.len()), (600, GROUPS));
    // three digits are longer than two, and stand behind them
    assert_eq!(told(facts.groups[0].original), "0:99-99");
    assert!(facts.groups.iter().all(|group| group.copies.len() == 1 && !group.bytes.is_empty()));
}

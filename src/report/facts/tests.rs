use super::*;
use crate::params::Params;
use crate::pipeline::{Progress, Surroundings, audit};
use crate::report::wording;

/// The facts of a corpus in one file: a document is a list of paragraphs. Passages are looked for or not.
fn facts(documents: &[&[&str]], passages: bool) -> Facts {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.jsonl");
    let line = |paragraphs: &&[&str]| serde_json::json!({ "text": paragraphs.join("\n") }).to_string() + "\n";
    std::fs::write(&path, documents.iter().map(line).collect::<String>()).unwrap();
    let sources = crate::read::sources::find(&[path], None).unwrap();
    let mut params = Params::audit();
    params.units.passages = passages;
    let run = audit(sources, &params, &Surroundings::default(), &Progress::default()).unwrap();
    let facts = Facts::new(&run).unwrap();
    let copied: u64 = facts.shares.sources.iter().map(|source| source.copied).sum();
    assert_eq!(copied, run.summary().characters.copied);
    // of one source all that is copied repeats that source
    assert_eq!(copied, facts.relations.sources.iter().map(|pair| pair.characters).sum::<u64>());
    facts
}

/// Twelve words that no other number's share.
fn paragraph(number: u32) -> String {
    (0..12).map(|word| format!("p{number}w{word} ")).collect()
}

fn told(stretch: &Stretch) -> String {
    match stretch.extent {
        Extent::Document => stretch.document.to_string(),
        Extent::Paragraphs(Paragraphs { first, last }) => format!("{}:{first}-{last}", stretch.document),
        Extent::Passage(..) => format!("{} {}", stretch.document, wording::extent(stretch)),
    }
}

/// Each group as `original < copies`.
fn groups(facts: &Facts) -> Vec<String> {
    let tell = |group: &Group| {
        let copies: Vec<String> = group.copies.iter().map(|copy| told(&copy.repeat.copy)).collect();
        format!("{} < {}", told(&group.original), copies.join(" "))
    };
    facts.groups.iter().map(tell).collect()
}

/// The number of a paragraph without a word.
const EMPTY: u32 = u32::MAX;

/// A corpus of numbered paragraphs, without passages; 0 is a short one.
fn numbered(documents: &[&[u32]]) -> Facts {
    of_numbers(documents, false)
}

fn of_numbers(documents: &[&[u32]], passages: bool) -> Facts {
    let texts: Vec<Vec<String>> = documents
        .iter()
        .map(|numbers| {
            let text = |&n: &u32| match n {
                0 => "short".into(),
                EMPTY => "* * *".into(),
                n => paragraph(n),
            };
            numbers.iter().map(text).collect()
        })
        .collect();
    of_texts(&texts, passages)
}

fn of_texts(texts: &[Vec<String>], passages: bool) -> Facts {
    let texts: Vec<Vec<&str>> =
        texts.iter().map(|texts| texts.iter().map(String::as_str).collect()).collect();
    let texts: Vec<&[&str]> = texts.iter().map(Vec::as_slice).collect();
    facts(&texts, passages)
}

/// A passage that lacks a word of its paragraph is not all of it, however short the word is; what lacks a full stop is.
#[test]
fn a_word_at_the_edge_is_no_edge() {
    let stretch = (0..4).map(paragraph).collect::<String>();
    let text = |own: u32, last: &str| {
        let around: String = (own..own + 4).map(paragraph).collect();
        vec![around, format!("{stretch}{last}")]
    };
    for (ends, whole) in [(["5", "7"], false), (["三", "九"], false), ([".", " !"], true)] {
        let facts = of_texts(&[text(10, ends[0]), text(20, ends[1])], true);
        let told = groups(&facts);
        let expected = if whole { "0 paragraph 2 < 1 paragraph 2" } else { "0 paragraph 2 (characters" };
        assert!(told.len() == 1 && told[0].starts_with(expected), "{ends:?}: {told:?}");
    }
}

/// A near paragraph and a passage in it are one copy; its characters are counted once.
#[test]
fn a_paragraph_says_what_a_passage_in_it_does() {
    let stretch = (0..4).map(paragraph).collect::<String>();
    let text =
        |own: u32| vec![paragraph(90 + own), format!("{stretch}{}", paragraph(own)), paragraph(80 + own)];
    let facts = of_texts(&[text(5), text(6)], true);
    assert_eq!(groups(&facts), ["0:1-1 < 1:1-1"]);
    assert_eq!((facts.groups[0].count, facts.explained.passages), (1, 1));
    let copied = facts.shares.sources[0].copied;
    assert_eq!(facts.groups[0].characters, copied);
    let relations = &facts.relations;
    assert_eq!((relations.sources[0].repeats, relations.sources[0].characters), (1, copied));
    assert_eq!(relations.documents[0].characters, copied);
}

/// A text that stands four times is one group, though a passage of two of its places is a word longer.
#[test]
fn a_word_behind_a_paragraph_makes_no_other_text() {
    let notice: String = (0..30).map(|word| format!("notice{word} ")).collect();
    let behind = |start: &str, number: u32| start.to_owned() + " " + &paragraph(number);
    let documents: Vec<Vec<String>> = [behind("now", 1), behind("so", 2), behind("so", 3), behind("then", 4)]
        .into_iter()
        .map(|behind| vec![notice.clone(), behind])
        .collect();
    let facts = of_texts(&documents, true);
    assert_eq!(groups(&facts), ["0 paragraph 1 < 1 paragraph 1 2:0-0 3 paragraph 1"]);
    assert_eq!(facts.explained.passages, 1);
    // where the passage is much longer it says more
    let documents: Vec<Vec<String>> = (0..3)
        .map(|number| {
            vec![
                notice.clone(),
                paragraph(number.min(1)),
                [2, 3, 4].map(|of| paragraph(10 * number + of)).concat(),
            ]
        })
        .collect();
    let facts = of_texts(&documents, true);
    assert_eq!(groups(&facts), ["1 paragraphs 1-2 < 2 paragraphs 1-2", "0 paragraph 1 < 1 paragraph 1"]);
}

/// What a text has of two others is told of both, though it is a copy of one of them as a whole.
#[test]
fn text_that_a_longer_copy_tells_counts_for_its_own_original_too() {
    let numbers = |numbers: std::ops::Range<u32>| numbers.map(paragraph).collect::<Vec<String>>();
    let edited = numbers(1..5).iter().map(|text| text.replacen("w5", "edited", 1)).collect();
    let documents = [
        [numbers(1..5), numbers(30..40)].concat(),
        [edited, numbers(11..30)].concat(),
        [numbers(1..5), numbers(11..30)].concat(),
    ];
    let facts = of_texts(&documents, true);
    let copied: usize = documents[0][..4].iter().map(|text| text.trim_end().len()).sum();
    let all = documents[2].join("\n").len() as u64;
    let told = |pair: &DocumentPair| (pair.copy, pair.original, pair.characters);
    let told: Vec<(u32, u32, u64)> = facts.relations.documents.iter().map(told).collect();
    assert!(told.contains(&(2, 1, all)), "{told:?}, {all}");
    let of_first = told.iter().find(|pair| (pair.0, pair.1) == (2, 0)).map(|pair| pair.2);
    // passages may have the line breaks between the paragraphs too
    assert!(of_first.is_some_and(|of| (copied..copied + 10).contains(&(of as usize))), "{told:?}, {copied}");
}

/// What a document that stands in two parts of another has of it, and that has of the document.
#[test]
fn a_document_in_two_parts_of_another() {
    let part = |name: &str, words: u32| (0..words).map(|word| format!("{name}{word} ")).collect::<String>();
    let [first, between, last] = [part("a", 30), part("g", 2000), part("b", 30)];
    let facts = of_texts(&[vec![first.clone() + &between + &last], vec![first.clone() + &last]], true);
    let copied = (first.trim_end().len() + last.trim_end().len()) as u64;
    let [pair] = facts.relations.documents[..] else { panic!("one pair") };
    assert_eq!(pair.characters, copied);
    let [of_copy, of_original] = pair.shares;
    assert!((0.99..1.0).contains(&of_copy) && of_original < 0.03, "{:?}", pair.shares);
    assert_eq!(facts.groups[0].characters, copied);
    assert_eq!(facts.relations.sources[0].characters, copied);
    assert_eq!(facts.shares.sources[0].copied, copied);
}

/// What longer passages leave of others is no text of its own.
#[test]
fn rests_are_counted_and_not_told() {
    let words = |range: std::ops::Range<u32>| range.map(|word| format!("w{word} ")).collect::<String>();
    // of 40 to 69, which stands in the second, the third has all but three words from the first
    let texts = [vec![words(0..67)], vec![words(200..230) + &words(40..70)], vec![words(10..70)]];
    let facts = of_texts(&texts, true);
    assert_eq!(facts.rests, 1);
    // of the third nothing but what it has of the first is told
    let copies = facts.groups.iter().flat_map(|group| &group.copies).map(|copy| &copy.repeat);
    let of_third: Vec<u32> =
        copies.filter(|of| of.copy.document == 2).map(|of| of.original.document).collect();
    assert_eq!(of_third, [0], "{:?}", groups(&facts));
}

#[test]
fn neighbours_are_one_run() {
    let facts = numbered(&[&[1, 2, 3, 4, 5, 6, 7], &[11, 12, 13, 14, 15, 2, 3, 4, 16, 17, 7]]);
    assert_eq!(groups(&facts), ["0:1-3 < 1:5-7", "0:6-6 < 1:10-10"]);
    let run = &facts.groups[0].copies[0].repeat;
    assert_eq!((run.matches, run.kind, run.similarity), (3, Kind::Exact, [1.0, 1.0]));
    let bytes = &run.copy.span.bytes;
    assert_eq!(run.characters, bytes.end - bytes.start);
    assert_eq!((facts.group_count, facts.repeats, facts.explained), (2, 2, Explained::default()));
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
fn paragraphs_without_a_word_are_bridged_where_both_sides_have_them() {
    let rest = [21, 22, 23, 24, 25];
    let both = numbered(&[&[1, EMPTY, EMPTY, 2, 3, 4, 5], &[&[1, EMPTY, EMPTY, 2][..], &rest].concat()]);
    assert_eq!(groups(&both), ["0:0-3 < 1:0-3"]);
    let one = numbered(&[&[1, EMPTY, EMPTY, 2, 3, 4, 5], &[&[1, EMPTY, 2][..], &rest].concat()]);
    assert_eq!(groups(&one), ["0:0-0 < 1:0-0", "0:3-3 < 1:2-2"]);
    // nobody has compared these
    let short = numbered(&[&[1, 0, 2, 3, 4, 5], &[&[1, 0, 2][..], &rest].concat()]);
    assert_eq!(groups(&short), ["0:0-0 < 1:0-0", "0:2-2 < 1:2-2"]);
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
        copy.explained.iter().map(|run| format!("{} < {}", told(&run.original), told(&run.copy))).collect();
    assert_eq!(explained, ["1:0-2 < 2:0-2", "0:0-0 < 2:3-3", "1:4-7 < 2:4-7"]);
    let all = Explained { passages: 0, paragraphs: 8 };
    assert_eq!((copy.explained_count, facts.explained), (all, all));
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
    let facts = facts(&[&document], false);
    assert_eq!((facts.group_count, facts.groups.len(), facts.repeats), (1, 1, 999));
    let group = &facts.groups[0];
    assert_eq!((group.count, group.exact, group.copies.len()), (999, 999, COPIES));
    let length = paragraph(1).trim_end().len() as u64;
    assert_eq!(group.original.span.bytes, 0..length);
}

#[test]
fn only_the_largest_groups_are_kept() {
    let numbers: Vec<u32> = (1..=600).chain((1..=600).rev()).collect();
    let facts = numbered(&[&numbers]);
    assert_eq!((facts.group_count, facts.groups.len()), (600, GROUPS));
    // three digits are longer than two, and stand behind them
    assert_eq!(told(&facts.groups[0].original), "0:99-99");
    assert!(
        facts.groups.iter().all(|group| group.copies.len() == 1 && !group.original.span.bytes.is_empty())
    );
}

/// Each repeat of each group in words.
fn sentences(facts: &Facts) -> Vec<String> {
    let copies = facts.groups.iter().flat_map(|group| &group.copies);
    copies.map(|copy| format!("{}: {}", copy.repeat.copy.document, wording::repeats(&copy.repeat))).collect()
}

#[test]
fn a_dispatch_sent_twice_in_one_document_is_one_repeat() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/news-fr/003-barrage-verdanne.txt");
    let sources = crate::read::sources::find(&[path], None).unwrap();
    let run = audit(sources, &Params::audit(), &Surroundings::default(), &Progress::default()).unwrap();
    let facts = Facts::new(&run).unwrap();
    assert_eq!(sentences(&facts), ["0: paragraphs 9-15 repeat paragraphs 2-8"]);
    assert_eq!((facts.group_count, facts.repeats, facts.explained), (1, 1, Explained::default()));
    assert_eq!(facts.groups[0].copies[0].repeat.unit, Unit::Passage);
}

#[test]
fn a_passage_says_it_for_its_paragraphs_and_a_paragraph_where_there_is_no_passage() {
    // three paragraphs are long enough for a passage, one is not
    let facts = of_numbers(&[&[1, 2, 3, 4, 5, 6, 7], &[11, 12, 13, 1, 2, 3, 14, 15, 16, 6, 17]], true);
    assert_eq!(
        sentences(&facts),
        ["1: paragraphs 4-6 repeat paragraphs 1-3", "1: paragraph 10 repeats paragraph 6"]
    );
    let units: Vec<Unit> = facts.groups.iter().map(|group| group.copies[0].repeat.unit).collect();
    assert_eq!(units, [Unit::Passage, Unit::Paragraph]);
}

#[test]
fn passages_start_and_end_anywhere() {
    let words = |name: &str, count: u32| (0..count).map(|n| format!("{name}{n} ")).collect::<String>();
    let copied = words("same", 40);
    let first = vec![words("a", 40), format!("{}{copied}{}", words("b", 5), words("c", 60)), words("d", 40)];
    let (head, tail) = copied.split_at(copied.find("same20").unwrap());
    let second =
        vec![words("e", 30), format!("{}{head}", words("f", 60)), format!("{tail}{}", words("g", 80))];
    let facts = of_texts(&[first, second], true);
    let expected = "1: paragraphs 2 (from character 231) to 3 (up to character 139) repeats";
    let sentences = sentences(&facts);
    assert_eq!(sentences.len(), 1);
    let from = words("f", 60).len() + 1;
    let upto = tail.trim_end().len();
    let original = [words("b", 5).len() + 1, words("b", 5).len() + copied.trim_end().len()];
    let expected = expected.replace("231", &from.to_string()).replace("139", &upto.to_string());
    let expected = expected.replace("repeats", "repeat");
    assert_eq!(sentences[0], format!("{expected} paragraph 2 (characters {}-{})", original[0], original[1]));
}

#[test]
fn originals_that_are_the_same_for_the_most_part_are_one_group() {
    let long: Vec<u32> = (1..=12).collect();
    let copy = |numbers: &[u32], rest: u32| -> Vec<u32> {
        (rest..rest + 9).chain(numbers.iter().copied()).chain(rest + 9..rest + 18).collect()
    };
    let documents = [
        [&(60..80).collect::<Vec<u32>>()[..], &long].concat(),
        copy(&long[..6], 100),
        copy(&long[..4], 200),
        copy(&long[1..7], 300),
        copy(&long[8..], 400),
    ];
    let documents: Vec<&[u32]> = documents.iter().map(Vec::as_slice).collect();
    let facts = of_numbers(&documents, true);
    let told: Vec<Vec<String>> = facts
        .groups
        .iter()
        .map(|group| group.copies.iter().map(|copy| wording::extent(&copy.repeat.original)).collect())
        .collect();
    assert_eq!(
        told,
        [vec!["paragraphs 21-26", "paragraphs 21-24", "paragraphs 22-27"], vec!["paragraphs 29-32"]]
    );
    assert_eq!(facts.groups[0].original, facts.groups[0].copies[0].repeat.original);
    assert_eq!((facts.group_count, facts.repeats), (2, 4));
}

#[test]
fn a_document_match_explains_its_passages() {
    // document 2 is nearly 1, with the passage that 1 has from 0 at another place, and with another from 0
    let own: Vec<u32> = (10..30).collect();
    let first: Vec<u32> = (1..=9).chain(50..70).collect();
    let second = [&own[..10], &[1, 2, 3], &own[10..]].concat();
    let third = [&own[..], &[81, 1, 2, 3, 82, 5, 6, 7]].concat();
    let facts = of_numbers(&[&first, &second, &third], true);
    assert_eq!(
        sentences(&facts),
        [
            "2: whole document",
            "1: paragraphs 11-13 repeat paragraphs 1-3",
            "2: paragraphs 26-28 repeat paragraphs 5-7"
        ]
    );
    let copy = &facts.groups[0].copies[0];
    let explained: Vec<String> = copy
        .explained
        .iter()
        .map(|inner| format!("{} of {}", wording::repeats(inner), inner.original.document))
        .collect();
    assert_eq!(
        explained,
        [
            "paragraphs 1-10 repeat paragraphs 1-10 of 1",
            "paragraphs 11-20 repeat paragraphs 14-23 of 1",
            "paragraphs 22-24 repeat paragraphs 1-3 of 0"
        ]
    );
    let all = Explained { passages: 3, paragraphs: 0 };
    assert_eq!((copy.explained_count, facts.explained), (all, all));
}

#[test]
fn shares_add_up_and_pieces_tell_where_copied_text_stands() {
    let facts = of_numbers(&[&[1, 2, 3, 4], &[11, 12, 13, 14, 15, 16, 1, 2, 3], &[1, 2, 3, 4]], true);
    let [source] = facts.shares.sources[..] else { panic!("one source") };
    assert_eq!(source.documents, 3);
    let [partly] = &facts.shares.partly[..] else { panic!("one document") };
    assert_eq!((partly.document, partly.piece_count, facts.shares.partly_count), (1, 1, 1));
    assert!(partly.copied < source.copied, "a copy as a whole counts for its source");
    assert_eq!(wording::repeats(&partly.pieces[0]), "paragraphs 7-9 repeat paragraphs 1-3");
}

/// A text that repeats itself has fewer shingles than a shorter one that does not.
#[test]
fn shares_of_documents_are_those_of_their_shingles() {
    let word = |word: usize| format!("w{word}");
    let words = |numbers: &[usize]| numbers.iter().map(|number| word(*number)).collect::<Vec<_>>().join(" ");
    let original: Vec<usize> = (0..118).collect();
    let copy: Vec<usize> = (0..100).chain(0..40).collect();
    let facts = of_texts(&[vec![words(&original)], vec![words(&copy)]], false);
    assert_eq!(facts.relations.documents[0].shares, [98.0 / 100.0, 98.0 / 116.0]);
    let facts = of_texts(&[vec![words(&copy)], vec![words(&original)]], false);
    assert_eq!(facts.relations.documents[0].shares, [98.0 / 116.0, 98.0 / 100.0]);
    let facts = of_texts(&[vec![words(&copy)], vec![words(&copy)]], false);
    assert_eq!(facts.relations.documents[0].shares, [1.0, 1.0]);
}

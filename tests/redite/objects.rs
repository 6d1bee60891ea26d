//! JSON whose records do not end with their lines: arrays in one line or over many, objects over several lines. They are read
//! as lines are, and what is left of them is written as it stood.

use redite::document::SkipReason;
use redite::order::Prefer;
use redite::outcome::Outcome;
use redite::params::{Params, Remove};
use redite::pipeline::{Progress, Surroundings};
use redite::read::sources;
use serde_json::Value;

use crate::cli::redite;
use crate::language::{Dir, audit, dedup, gz, told, words, zst};
use crate::writers::{PACKS, only, unpacked};

/// Records of which the third and the last are copies, with brackets and quotes in them.
fn records() -> Vec<String> {
    let text = |n: usize| {
        format!("{} ]}}\\\"\\n\\n{}", words(100 * n..100 * n + 30), words(100 * n + 50..100 * n + 80))
    };
    let record = |(id, n): (usize, &usize)| {
        format!("{{\"id\": {id}, \"x\":[{{}},\"[\\\\\"],\n  \"text\":\"{}\", \"n\":1.50}}", text(*n))
    };
    [1, 2, 1, 3, 4, 2].iter().enumerate().map(|(id, n)| record((id, n))).collect()
}

/// Ways to write records that do not end with their lines, or not all of them.
fn ways(records: &[String]) -> [String; 8] {
    let on_a_line: Vec<String> = records.iter().map(|record| record.replace("\n ", "")).collect();
    let pretty = |record: &String| {
        let value: Value = serde_json::from_str(record).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    };
    let pretty: Vec<String> = records.iter().map(pretty).collect();
    let some = |(at, of): (usize, &String)| if at % 3 == 2 { pretty[at].clone() } else { of.clone() };
    let some: Vec<String> = on_a_line.iter().enumerate().map(some).collect();
    [
        format!("[{}]", on_a_line.join(",")),
        format!("\u{feff}\r\n [ {} ] \r\n", on_a_line.join(" , ")),
        format!("[\n  {}\n]\n", pretty.join(",\n  ").replace('\n', "\n  ")),
        format!("[{}]", records.join(",")),
        format!("[\n{}\n]\n", on_a_line.chunks(2).map(|two| two.join(", ")).collect::<Vec<_>>().join(",\n")),
        pretty.join("\n") + "\n",
        format!("\u{feff}{}", records.join("")),
        format!("[\n{}\n]\n", some.join(",\n")),
    ]
}

/// Whether that way is no array.
fn are_bare(way: usize) -> bool {
    matches!(way, 5 | 6)
}

fn all() -> Remove {
    Remove { documents: true, contained: false, paragraphs: false, passages: false }
}

fn run(dir: &Dir, name: &str, chunk: usize) -> Outcome {
    let surroundings = Surroundings { chunk, ..Surroundings::default() };
    let found = sources::find(&[dir.path(name)], None).unwrap();
    redite::pipeline::audit(found, &Params::audit(), &surroundings, &Progress::default()).unwrap()
}

#[test]
fn records_are_found_by_their_brackets() {
    let records = records();
    let lines: Vec<String> = records.iter().map(|record| record.replace('\n', "")).collect();
    let lines = told(&audit(&Dir::new().file("x.jsonl", lines.join("\n")), &Params::audit()));
    assert!(lines.len() >= 2);
    for (way, json) in ways(&records).iter().enumerate() {
        for (ending, pack) in PACKS {
            let name = format!("x.json{ending}");
            let dir = Dir::new().file(&name, pack(json.as_bytes()));
            for chunk in [1, 7, 200, 128 << 10] {
                let outcome = run(&dir, &name, chunk);
                assert!(outcome.skips().is_empty(), "{way}, {name}, {chunk}: {:?}", outcome.skips());
                assert_eq!(told(&outcome), lines, "{way}, {name}, {chunk}");
                assert_eq!(outcome.id(5).as_deref(), Some("5"));
            }
        }
    }
}

/// Kept records are the same bytes, an array stays one, a second run changes nothing.
#[test]
fn what_is_left_is_written_as_it_stood() {
    let records = records();
    for (way, json) in ways(&records).iter().enumerate() {
        // one, and then all of them, are in a file before
        for (before, expected) in [(1, vec![1, 3, 4]), (6, vec![]), (0, vec![0, 1, 3, 4])] {
            let first: Vec<String> =
                records[..before].iter().map(|record| record.replace('\n', "") + "\n").collect();
            for (ending, pack) in [PACKS[0], PACKS[1], PACKS[2]] {
                let name = format!("b.json{ending}");
                let dir = Dir::new()
                    .file("in/a.jsonl", first.concat())
                    .file(&format!("in/{name}"), pack(json.as_bytes()));
                let params = Params { remove: all(), ..Params::dedup() };
                let surroundings = Surroundings { chunk: 100, ..Surroundings::default() };
                let (input, output) = (dir.path("in"), dir.path("out"));
                let found = dedup((&input, &output), &params, (Prefer::First, &[]), &surroundings).unwrap();
                assert_eq!((found.removal.all.read, found.removal.all.skipped), (6 + before as u64, 0));
                let written = std::fs::read(output.join(&name)).unwrap();
                let left = String::from_utf8(unpacked(&name, &written)).unwrap();
                let bare = left.trim_start_matches('\u{feff}');
                let ids: Vec<u64> = match are_bare(way) {
                    false => serde_json::from_str::<Vec<Value>>(bare).unwrap(),
                    true => serde_json::Deserializer::from_str(bare)
                        .into_iter()
                        .collect::<Result<_, _>>()
                        .unwrap(),
                }
                .iter()
                .map(|of| of["id"].as_u64().unwrap())
                .collect();
                assert_eq!(ids, expected, "{way}: {left}");
                // what stays is in what there was, and so is what stands around it
                let at = |part: &str| json.find(part).is_some_and(|_| left.contains(part));
                assert!(!json.starts_with('\u{feff}') || way == 6 || left.starts_with('\u{feff}'));
                assert!(expected.is_empty() || at("\"n\":1.50}") || at("\"n\": 1.5"), "{left}");
                let again = Dir::new().file(&name, &written);
                run_again(&again, &name, &written);
            }
        }
        // all stays
        let json = &ways(&records[1..5])[way];
        for (ending, pack) in [PACKS[0], PACKS[4]] {
            let name = format!("a.json{ending}");
            let dir = Dir::new().file(&format!("in/{name}"), pack(json.as_bytes()));
            let (input, output) = (dir.path("in"), dir.path("out"));
            dedup((&input, &output), &Params::dedup(), (Prefer::First, &[]), &Surroundings::default())
                .unwrap();
            let left = unpacked(&name, &only(&output));
            assert_eq!(String::from_utf8(left).unwrap(), *json, "{way}");
        }
    }
}

/// The same bytes come out.
fn run_again(dir: &Dir, name: &str, written: &[u8]) {
    let (input, output) = (dir.root().to_path_buf(), dir.path("out"));
    let out = Dir::new();
    dedup((&input, &out.path("out")), &Params::dedup(), (Prefer::First, &[]), &Surroundings::default())
        .unwrap();
    assert!(!output.exists());
    let left = unpacked(name, &only(&out.path("out")));
    assert_eq!(String::from_utf8(left), String::from_utf8(unpacked(name, written)));
}

/// Annotations, and what is cut out of texts, stand in the records as they were written.
#[test]
fn records_are_written_again_where_they_stand() {
    let records = records();
    for (way, json) in ways(&records).iter().enumerate() {
        for more in [&["--annotate"][..], &["--remove", "paragraphs"], &["--remove", "passages"]] {
            let dir = Dir::new().file("in/a.json", json);
            let flags = ["dedup", "in", "--output", "out", "--quiet", "--max-removed", "100%"];
            redite(&dir, flags.iter().chain(more)).ends().ok();
            let left = std::fs::read_to_string(dir.path("out/a.json")).unwrap();
            let bare = left.trim_start_matches('\u{feff}');
            let all: Vec<Value> = match are_bare(way) {
                false => serde_json::from_str(bare).unwrap(),
                true => {
                    serde_json::Deserializer::from_str(bare).into_iter().collect::<Result<_, _>>().unwrap()
                }
            };
            assert_eq!(all.len(), 6);
            assert_eq!(all[2].get("redite").is_some(), more.len() == 1, "{left}");
            assert!(more.len() == 1 || all[2]["text"].as_str().unwrap().len() < 12, "{left}");
            if way != 2 && way != 5 {
                let same = [0, 1, 3].map(|at| ways(&records[at..=at])[0].clone());
                let first = same[0].trim_matches(['[', ']']).to_owned();
                assert!(more.len() == 1 || left.replace("\n ", "").contains(&first), "{left}");
            }
        }
    }
}

/// What of an array can't be used is told with its place, and leaves; the rest of it is an array.
#[test]
fn what_cant_be_used_is_told_with_its_place() {
    use SkipReason::{InvalidJson, MissingText, NotAnObject, TextNotString, TooLarge, Truncated};
    let good = |n: usize| format!("{{\"id\":{n},\n\"text\":\"{}\"}}", words(100 * n..100 * n + 30));
    let large = format!("{{\"text\":\n\"{}\"\n}}", "x".repeat(5000));
    type Told<'a> = (&'a str, String, &'a [(SkipReason, Option<u64>, Option<u64>)], &'a str);
    let [one, two, three] = [1, 2, 3].map(good);
    let cases: [Told<'_>; 13] = [
        ("a scalar", format!("[{one},7,{two}]"), &[(NotAnObject, Some(1), Some(2))], "[1,2]"),
        ("an array", format!("[{one}\n,[{two}],\n{two}]"), &[(NotAnObject, Some(1), Some(3))], "[1,2]"),
        ("no text", format!("[{{\"id\":0}},{one},{two}]"), &[(MissingText, Some(0), Some(1))], "[1,2]"),
        ("no string", format!("[{one},{{\"text\":1}}]"), &[(TextNotString, Some(1), Some(2))], "[1]"),
        (
            "a quote",
            format!("[{{\"text\":\"a}},\n\"id\":{{}}}},{one},{two}]"),
            &[(InvalidJson, Some(0), Some(1))],
            "[1,2]",
        ),
        ("a comma", format!("[{{\"text\":\"a\",}},{one}]"), &[(InvalidJson, Some(0), Some(1))], "[1]"),
        ("the first is large", format!("[{large},{one},{two}]"), &[(TooLarge, Some(0), Some(1))], "[1,2]"),
        (
            "one is large",
            format!("[{one},{large} ,{two},8]"),
            &[(TooLarge, Some(1), Some(2)), (NotAnObject, Some(3), Some(5))],
            "[1,2]",
        ),
        (
            "the last is large",
            format!("[{one},{two}, {large}\n]\n"),
            &[(TooLarge, Some(2), Some(3))],
            "[1,2]",
        ),
        ("it is not closed", format!("[{one},{two}"), &[(Truncated, None, None)], "[1,2]"),
        ("nor behind a comma", format!("[{one},{two},\n"), &[(Truncated, None, None)], "[1,2]"),
        (
            "a large one is not",
            format!("[{one},{two},{}", &large[..4500]),
            &[(Truncated, None, None), (TooLarge, Some(2), Some(3))],
            "[1,2]",
        ),
        (
            "a record is not",
            format!("[{one},{two},{}", &three[..50]),
            &[(Truncated, Some(2), Some(3))],
            "[1,2]",
        ),
    ];
    for (what, json, expected, left) in &cases {
        for chunk in [1, 64, 128 << 10] {
            for (ending, pack) in [PACKS[0], PACKS[1]] {
                let name = format!("in/a.json{ending}");
                let dir = Dir::new().file(&name, pack(json.as_bytes()));
                let params = Params { max_record: 4000, ..Params::dedup() };
                let surroundings = Surroundings { chunk, ..Surroundings::default() };
                let (input, output) = (dir.path("in"), dir.path("out"));
                let found = dedup((&input, &output), &params, (Prefer::First, &[]), &surroundings).unwrap();
                let skips = found.outcome.skips();
                let told: Vec<_> = skips.iter().map(|skip| (skip.reason, skip.record, skip.line)).collect();
                assert_eq!(told, *expected, "{what}, {chunk}: {skips:?}");
                let written = String::from_utf8(unpacked(&name, &only(&output))).unwrap();
                let all: Vec<Value> =
                    serde_json::from_str(&written).unwrap_or_else(|e| panic!("{what}: {e}: {written}"));
                let ids: Vec<String> = all.iter().map(|record| record["id"].to_string()).collect();
                assert_eq!(format!("[{}]", ids.join(",")), *left, "{what}: {written}");
            }
        }
    }
}

/// With an object a line, too, what is lost leaves an array, and is told.
#[test]
fn an_array_of_lines_that_breaks_off_is_closed() {
    let items: Vec<String> =
        (0..5).map(|n| format!("{{\"text\":\"{}\"}}", words(40 * n..40 * n + 30))).collect();
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(5000));
    let items = items.join(",\n");
    for (json, skipped) in [
        (format!("[\n{items}"), 1),
        (format!("[\n{items},\n"), 1),
        (format!("[\n{items},\n{{\"te"), 2),
        (format!("[\n{items},\n{large}\n]\n"), 1),
        (format!("[\n{large},\n{items}\n]\n"), 1),
    ] {
        let dir = Dir::new().file("in/a.json", &json);
        let params = Params { max_record: 4000, ..Params::dedup() };
        let surroundings = Surroundings { chunk: 300, ..Surroundings::default() };
        let (input, output) = (dir.path("in"), dir.path("out"));
        let found = dedup((&input, &output), &params, (Prefer::First, &[]), &surroundings).unwrap();
        assert_eq!(found.outcome.skips().len(), skipped, "{:?}", found.outcome.skips());
        let written = String::from_utf8(only(&output)).unwrap();
        let all: Vec<Value> =
            serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
        assert_eq!(all.len(), 5, "{written}");
    }
}

/// A packed array that breaks off gives what was unpacked.
#[test]
fn a_packed_array_that_breaks_off_is_used_as_far_as_it_goes() {
    let records: Vec<String> =
        (0..4000).map(|n| format!("{{\"text\":\"{}\"}}", words(40 * n..40 * n + 30))).collect();
    let array = format!("[{}]", records.join(", "));
    for (name, packed) in [("a.json.gz", gz(&array)), ("a.json.zst", zst(&array))] {
        let dir = Dir::new().file(&format!("in/{name}"), &packed[..packed.len() * 2 / 3]);
        let (input, output) = (dir.path("in"), dir.path("out"));
        let found =
            dedup((&input, &output), &Params::dedup(), (Prefer::First, &[]), &Surroundings::default())
                .unwrap();
        let skips = found.outcome.skips();
        assert_eq!((skips.len(), skips[0].reason), (1, SkipReason::Truncated), "{name}: {skips:?}");
        let left: Vec<Value> = serde_json::from_slice(&unpacked(name, &only(&output))).unwrap();
        assert_eq!(left.len() as u32, found.outcome.documents());
        assert!(left.len() > 500, "{name}: {}", left.len());
    }
}

/// With several objects on some lines, and one on most: all of them are records, however the first lines are written.
#[test]
fn several_on_a_line_among_single_ones_are_found() {
    let record = |n: usize| format!("{{\"id\":{n},\"text\":\"{}, {{\"}}", words(100 * n..100 * n + 30));
    let lines =
        [1..2, 2..3, 3..4, 4..5, 5..8, 8..9, 9..11].map(|of| of.map(record).collect::<Vec<_>>().join(", "));
    for json in [format!("[\n{}\n]\n", lines.join(",\n")), format!("[{}]", lines.join("\n,"))] {
        let dir =
            Dir::new().file("in/a.json", &json).file("in/b.json", json.replace("\"id\":6", "\"id\":66"));
        let damaged = json.replace("9,\"text\":", "9,\"text\"");
        let outcome = audit(&Dir::new().file("a.json", damaged), &Params::audit());
        let skip = &outcome.skips()[0];
        assert_eq!(
            (outcome.documents(), skip.record, skip.line),
            (9, Some(8), Some(lines.len() as u64 + u64::from(json.starts_with("[\n"))))
        );
        let (input, output) = (dir.path("in"), dir.path("out"));
        let found =
            dedup((&input, &output), &Params::dedup(), (Prefer::First, &[]), &Surroundings::default())
                .unwrap();
        assert!(found.outcome.skips().is_empty(), "{:?}", found.outcome.skips());
        assert_eq!((found.removal.all.kept, found.removal.all.removed), (10, 10));
        assert_eq!(std::fs::read_to_string(output.join("a.json")).unwrap(), json);
        let left: Vec<Value> =
            serde_json::from_slice(&std::fs::read(output.join("b.json")).unwrap()).unwrap();
        assert!(left.is_empty());
    }
}

/// Whatever stands in a broken object has its line and place in the message.
#[test]
fn errors_tell_the_line_of_the_record() {
    let outcome =
        audit(&Dir::new().file("a.json", "{\n  \"id\": 1,\n  \"text\": \"a\" \"b\"\n}\n"), &Params::audit());
    assert_eq!(outcome.skips()[0].line, Some(1), "{:?}", outcome.skips());
    assert_eq!(outcome.skips()[0].reason, SkipReason::InvalidJson);
    let array = "[{\n  \"id\": 1,\n  \"text\": \"a\" \"b\"\n},\n{\n  \"text\": \"a\"}]\n";
    let outcome = audit(&Dir::new().file("a.json", array), &Params::audit());
    let skip = &outcome.skips()[0];
    assert_eq!((outcome.documents(), skip.line), (1, Some(1)));
    assert!(skip.detail.ends_with("of its line 3"), "{}", skip.detail);
}

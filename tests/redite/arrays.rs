//! JSON arrays where lines of objects are expected: with an object a line they are read and written as arrays.

use redite::params::Params;
use serde_json::{Value, json};

use crate::cli::redite;
use crate::language::{Dir, audit, gz, told, words};

/// Records of which the first, the third and the last are removed where the first stands in another file, too.
fn records() -> Vec<String> {
    let text =
        |n: usize| format!("{}\\n\\n{}", words(100 * n..100 * n + 30), words(100 * n + 50..100 * n + 80));
    let record =
        |(id, n): (usize, &usize)| format!("{{\"id\": {id}, \"text\":\"{}\", \"n\":1.50}}", text(*n));
    [1, 2, 1, 3, 4, 2].iter().enumerate().map(|(id, n)| record((id, n))).collect()
}

/// Ways to write an array with an object a line.
fn arrays(records: &[String]) -> [String; 5] {
    [
        format!("[\n{}\n]\n", records.join(",\n")),
        format!("[{}]", records.join(",\n")),
        format!("\u{feff}\r\n [ \r\n  {}\r\n]\r\n", records.join(" ,\r\n\r\n  ")),
        format!("[\n\t{}\n]", records.join("\n\t,")),
        format!("[{}\n]\n", records.join("\n, ")),
    ]
}

#[test]
fn an_array_with_an_object_a_line_is_read_as_lines_are() {
    let records = records();
    let lines = audit(&Dir::new().file("x.jsonl", records.join("\n")), &Params::audit());
    for array in arrays(&records) {
        for (name, bytes) in [("x.jsonl", array.clone().into_bytes()), ("x.jsonl.gz", gz(&array))] {
            let outcome = audit(&Dir::new().file(name, bytes), &Params::audit());
            assert_eq!((outcome.documents(), outcome.skips().len()), (6, 0), "{array}");
            assert_eq!(told(&outcome), told(&lines), "{array}");
        }
    }
}

/// Nothing of it is lost: what stays is an array again, and the same bytes where all stays.
#[test]
fn what_is_left_of_an_array_is_an_array() {
    let records = records();
    let first = records[0].clone() + "\n";
    for (array, annotate) in arrays(&records).into_iter().zip([false, true, false, true, false]) {
        let unlike = array.replace('w', "v");
        let copy = "[\n".to_owned() + first.trim() + "\n]\n";
        let dir = Dir::new()
            .file("in/a.jsonl", &first)
            .file("in/b.json", &array)
            .file("in/c.jsonl", copy)
            .file("in/d.jsonl", "[\n]\n")
            .file("in/e.json.gz", gz(array.replace(": ", ":")));
        let all = ["dedup", "in", "--output", "out", "--json", "--quiet", "--max-removed", "100%"];
        let told: Value = serde_json::from_str(&redite(&dir, all).ends().ok()).unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path(name)).unwrap();
        let told = ["read", "kept", "removed", "skipped"].map(|name| told["dedup"][name].as_u64().unwrap());
        assert_eq!(told, [14, 4, 10, 0]);
        let left: Value = serde_json::from_str(read("out/b.json").trim_start_matches('\u{feff}')).unwrap();
        let ids: Vec<u64> = left.as_array().unwrap().iter().map(|of| of["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, [1, 3, 4], "{array}");
        assert_eq!(serde_json::from_str::<Value>(&read("out/c.jsonl")).unwrap(), json!([]));
        assert_eq!(read("out/d.jsonl"), "[\n]\n");
        let dir = Dir::new().file("in/a.jsonl", &array).file("in/b.jsonl", unlike);
        let all =
            ["dedup", "in", "--output", "out", "--quiet", "--max-removed", "100%", "--prefer", "longest"];
        let more = if annotate { &["--annotate"][..] } else { &["--remove", "paragraphs"] };
        redite(&dir, all.iter().chain(more)).ends().ok();
        for name in ["out/a.jsonl", "out/b.jsonl"] {
            let left = std::fs::read_to_string(dir.path(name)).unwrap();
            let left: Value = serde_json::from_str(left.trim_start_matches('\u{feff}')).unwrap();
            let left = left.as_array().unwrap();
            assert_eq!((left.len(), left[2].get("redite").is_some()), (6, annotate));
        }
        // all stays
        let dir = Dir::new().file("a.jsonl", arrays(&records[1..5])[2].clone());
        redite(&dir, ["dedup", "a.jsonl", "--output", "out", "--quiet"]).ends().ok();
        assert_eq!(
            std::fs::read(dir.path("out/a.jsonl")).unwrap(),
            std::fs::read(dir.path("a.jsonl")).unwrap()
        );
    }
}

/// A damaged item is skipped with its line, and leaves; a large array comes in many pieces.
#[test]
fn a_damaged_item_is_skipped_alone() {
    let mut items: Vec<String> =
        (0..3000).map(|n| format!("{{\"text\":\"{}\"}}", words(40 * n..40 * n + 30))).collect();
    let whole = format!("[\n{}\n]\n", items.join(",\n"));
    for (at, item) in [(0, "{\"text\":\"a}"), (1500, "[1,2]"), (2999, "{\"text\":1}")] {
        items[at] = item.to_owned();
    }
    let dir = Dir::new().file("a.jsonl", format!("[\n{}\n]\n", items.join(",\n"))).file("b.jsonl", &whole);
    let outcome = audit(&dir, &Params::audit());
    let lines: Vec<Option<u64>> = outcome.skips().iter().map(|skip| skip.line).collect();
    assert_eq!(lines, [Some(2), Some(1502), Some(3001)]);
    for name in ["a.jsonl", "b.jsonl"] {
        let out = format!("out-{name}");
        redite(&dir, ["dedup", name, "--output", &out, "--quiet"]).ends().ok();
        let left = std::fs::read_to_string(dir.path(&out).join(name)).unwrap();
        let told: Value = serde_json::from_str(&left).unwrap();
        assert_eq!(told.as_array().unwrap().len(), if name == "a.jsonl" { 2997 } else { 3000 });
        assert!(name == "a.jsonl" || left == whole, "not one byte is another");
    }
}

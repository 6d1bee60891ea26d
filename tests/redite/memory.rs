//! Law 3 across memory bounds: a corpus that is taken in parts gives what one run gives.

use proptest::prelude::*;
use redite::document::{Kind, Unit};
use redite::order::{Order, Prefer};
use redite::outcome::Outcome;
use redite::params::{Params, Remove, Units};
use redite::pipeline::{self, Inputs, Progress, Surroundings};
use redite::read::sources;
use redite::report::facts::Facts;
use redite::report::{json, matches};

use crate::language::{Dir, Numbers, gz, words, zst};
use crate::laws::{corpus, params};
use crate::passages::random_corpus;
use crate::removing::{combinations, removing, repetitive};

/// Everything that is told of a run, but for what is measured.
pub(crate) fn told(outcome: &Outcome) -> (String, serde_json::Value) {
    let mut lines = Vec::new();
    matches::write(outcome, &mut lines).unwrap();
    let facts = Facts::new(outcome).unwrap();
    let mut report = serde_json::to_value(json::report(outcome, &facts)).unwrap();
    for measured in ["seconds", "peak_memory_bytes", "candidates", "verified", "capped"] {
        report.as_object_mut().unwrap().remove(measured).unwrap();
    }
    (String::from_utf8(lines).unwrap(), report)
}

/// JSON whose characters outside of ASCII are escapes.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    let escaped = |c: char, units: &mut [u16; 2]| -> String {
        c.encode_utf16(units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    };
    let one = |c: char| if c.is_ascii() { c.to_string() } else { escaped(c, &mut units) };
    json.chars().map(one).collect()
}

/// The texts in several files of several formats, a bad record among them.
pub(crate) fn files(texts: &[String]) -> Dir {
    let line = |(i, text): (usize, &String)| {
        let source = ["a", "b", "c"][i % 3];
        let date = if i % 4 == 3 { serde_json::json!("soon") } else { serde_json::json!(i * 7 % 5) };
        let json = serde_json::json!({"id": i, "text": text, "source": source, "date": date}).to_string();
        (if i % 2 == 0 { json } else { ascii(&json) }) + "\n"
    };
    let lines = |range: std::ops::Range<usize>| -> String {
        texts.iter().enumerate().skip(range.start).take(range.len()).map(line).collect()
    };
    let third = texts.len().div_ceil(3);
    Dir::new()
        .file("in/1.jsonl", lines(0..third) + "{\"text\":\n" + "{\"id\":7}\n")
        .file("in/2.jsonl.zst", zst((lines(third..2 * third) + "[]\n").into_bytes()))
        .file("in/3.txt", texts.get(2 * third).cloned().unwrap_or_default())
        .file("in/4.jsonl", lines(2 * third + 1..texts.len()))
}

/// Whatever the parts, one run's answers.
fn judge(texts: &[String], params: &Params, order: &Order, (chunk, parts): (usize, &[u64])) {
    let dir = files(texts);
    let run = |surroundings: &Surroundings| {
        let found = sources::find(&[dir.path("in")], None).unwrap();
        let inputs = Inputs { order: order.clone(), ..found.into() };
        pipeline::run(inputs, params, surroundings, &Progress::default()).unwrap()
    };
    let surroundings = Surroundings { chunk, ..Surroundings::default() };
    let expected = run(&surroundings);
    let expected = told(&expected);
    // and as few sets and texts are held, and once all in one part
    let in_parts = parts.iter().map(|&part| [part; 2]);
    for [part, held] in in_parts.chain(std::iter::once([u64::MAX, parts[parts.len() - 1]])) {
        let outcome = run(&Surroundings { part, sets: held, texts: held, ..surroundings.clone() });
        let (lines, report) = told(&outcome);
        let of = format!("parts of {part} bytes, {held} held: {texts:#?}");
        assert_eq!(lines, expected.0, "{of}");
        for (name, value) in expected.1.as_object().unwrap() {
            assert_eq!(&report[name], value, "{name}, {of}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn documents_and_paragraphs_in_parts(texts in corpus(), params in params()) {
        judge(&texts, &params, &Order::default(), (1, &[0, 600]));
    }
}

#[test]
fn passages_in_parts() {
    for seed in 0..200 {
        let texts = random_corpus(&mut Numbers(seed));
        let units = Units { documents: seed % 3 > 0, paragraphs: seed % 4 > 0, passages: true };
        let params = Params { units, certify: [0, 5][seed as usize % 2], ..Params::audit() };
        judge(&texts, &params, &Order::default(), (1, &[0, 2000]));
    }
}

/// Of long texts no more is read again than lies around what is looked at, wherever that is in the record.
#[test]
fn passages_of_long_texts_in_parts() {
    let mut numbers = Numbers(7);
    let units = Units { documents: false, paragraphs: false, passages: true };
    for _ in 0..8 {
        let copied: Vec<String> = (0..6).map(|i| words(50_000 + 40 * i..50_000 + 40 * (i + 1))).collect();
        let paragraph = |numbers: &mut Numbers| {
            let [kind, at] = [numbers.below(40), numbers.below(6)];
            let first = 100 * numbers.below(400);
            match kind {
                0..3 => copied[at].clone(),
                3..5 => format!("« {} » \"😀\"\t{}", copied[at], words(first..first + 9)),
                5..8 => "日本語の文章 \\ n’est 𝄞 pas".to_owned(),
                _ => words(first..first + 60),
            }
        };
        let text = |_| (0..90).map(|_| paragraph(&mut numbers)).collect::<Vec<_>>().join("\n");
        let texts: Vec<String> = (0..7).map(text).collect();
        let params = Params { units, ..Params::audit() };
        judge(&texts, &params, &Order::default(), (1, &[0, 20_000]));
    }
}

/// An alignment that goes on and on asks for more and more of an earlier text, of which little is held.
#[test]
fn passages_as_long_as_their_texts_in_parts() {
    let mut numbers = Numbers(11);
    let units = Units { documents: false, paragraphs: false, passages: true };
    let text = |first: usize| -> Vec<String> {
        (0..110).map(|i| words(first + 100 * i..first + 100 * (i + 1))).collect()
    };
    let mut changed = |text: &[String]| -> String {
        text.iter().map(|words| format!("{words} x{}\n", numbers.below(1000))).collect()
    };
    let [first, second] = [0, 50_000].map(text);
    let texts = [
        first.join("\n"),
        changed(&first),
        second.join(" "),
        changed(&second[30..]) + &changed(&first[..70]),
        changed(&[&first[90..], &second[..20], &first[..90]].concat()),
    ];
    judge(&texts, &Params { units, ..Params::audit() }, &Order::default(), (1, &[0, 20_000]));
}

/// With another order, and with what records say of themselves.
#[test]
fn preferred_versions_in_parts() {
    for seed in 0..60 {
        let texts = random_corpus(&mut Numbers(seed));
        let prefer = [Prefer::Longest, Prefer::Newest("date".to_owned()), Prefer::First];
        let order = Order {
            prefer: prefer[seed as usize % 3].clone(),
            source_field: Some("source".to_owned()),
            dates: (seed % 2 == 0).then(|| "date".to_owned()),
            file_sources: vec!["in".to_owned(); 4],
            file_places: ["1.jsonl", "2.jsonl.zst", "3.txt", "4.jsonl"].map(str::to_owned).to_vec(),
            ..Order::default()
        };
        judge(&texts, &Params::audit(), &order, (1, &[0, 1500]));
    }
}

/// What can't wait in a file is not held instead.
#[test]
fn sets_and_texts_that_can_not_wait_are_an_error() {
    let texts: Vec<String> = (0..40).map(|i| format!("{} {i}", words(0..60))).collect();
    let dir = files(&texts);
    for [sets, texts] in [[0, u64::MAX], [u64::MAX, 0]] {
        let found = sources::find(&[dir.path("in/1.jsonl")], None).unwrap();
        let temporary = dir.path("none");
        let surroundings = Surroundings { sets, texts, temporary, ..Surroundings::default() };
        let result = pipeline::audit(found, &Params::audit(), &surroundings, &Progress::default());
        let error = result.err().expect("there is no folder for them");
        assert!(matches!(error, redite::error::Error::Temporary { .. }), "{error}");
    }
}

/// A bound that is too low for what is known of a corpus is an error, not a promise broken.
#[test]
fn too_little_memory_is_an_error() {
    let texts: Vec<String> =
        (0..40).map(|i| format!("text number {i} of forty, and no other says so")).collect();
    let dir = files(&texts);
    let found = sources::find(&[dir.path("in")], None).unwrap();
    let surroundings = Surroundings { chunk: 1, memory: Some(1 << 20), part: 0, ..Surroundings::default() };
    let result = pipeline::audit(found, &Params::audit(), &surroundings, &Progress::default());
    let error = result.err().expect("1 MiB can't do");
    assert!(matches!(error, redite::error::Error::TooLittleMemory { .. }), "{error}");
    assert!(error.to_string().contains("1 MiB of memory are not enough"), "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.ends_with("in several batches with `Archive`"), "{hint}");
    // which is refused beside a floor
    let found = sources::find(&[dir.path("in")], None).unwrap();
    let params = Params { floor: Some(0.5), ..Params::audit() };
    let error = pipeline::audit(found, &params, &surroundings, &Progress::default()).err().unwrap();
    let hint = error.hint().unwrap();
    assert!(hint.ends_with("leave out `Params::floor`, which takes the corpus in one piece"), "{hint}");
}

/// A part ends where something follows, not behind all.
#[test]
fn what_fits_into_a_batch_is_no_part() {
    let texts: Vec<String> = (0..60).map(|text| words(40 * text..40 * (text + 1))).collect();
    let dir = files(&texts);
    for threads in [1, 2, 8] {
        let spilling = |chunk: usize| {
            let found = sources::find(&[dir.path("in")], None).unwrap();
            let surroundings = Surroundings { chunk, part: 0, ..Surroundings::default() };
            let run = || pipeline::audit(found, &Params::audit(), &surroundings, &Progress::default());
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(run)
                .unwrap()
                .summary()
                .seconds
                .spilling
        };
        assert_eq!(spilling(1 << 20), 0.0);
        assert!(spilling(1) > 0.0);
    }
}

/// Records that are larger than others change nothing, and are an error where a bound has no room for them.
#[test]
fn outsized_records_are_counted() {
    let mut texts: Vec<String> = (0..30).map(|text| words(40 * text..40 * (text + 1))).collect();
    let large: Vec<String> = (100..2_500).map(|part| words(15 * part..15 * (part + 1))).collect();
    texts.insert(7, large.join(" ")); // some 240 kB
    texts.insert(21, large[3..].join("\n"));
    texts.push(texts[3].clone());
    let dir = files(&texts);
    for prefer in [Prefer::First, Prefer::Longest] {
        let run = |memory| {
            let found = sources::find(&[dir.path("in")], None).unwrap();
            let inputs =
                Inputs { order: Order { prefer: prefer.clone(), ..Order::default() }, ..found.into() };
            let surroundings = Surroundings { memory, chunk: 16 << 10, ..Surroundings::default() };
            pipeline::run(inputs, &Params::audit(), &surroundings, &Progress::default())
        };
        let expected = told(&run(None).unwrap());
        let bounded = told(&run(Some(100 << 20)).unwrap());
        assert_eq!(bounded.0, expected.0);
        let error = run(Some(25 << 20)).err().expect("the records alone take as much");
        assert!(matches!(error, redite::error::Error::TooLittleMemory { .. }), "{error}");
        assert!(error.hint().unwrap().contains("`Params::max_record`"), "{error}");
    }
}

/// Where temporary files can't be written, the error names their folder, and nothing is left in it.
#[test]
fn parts_without_a_folder_for_them() {
    let texts: Vec<String> =
        (0..10).map(|i| format!("text number {i} of ten, and no other says so")).collect();
    no_folder_for_parts(&files(&texts), 1);
}

/// Nor is that forgotten where the file breaks off that was being read then.
#[test]
fn parts_without_a_folder_for_them_and_a_broken_file() {
    let line = |from: usize| format!("{}\n", serde_json::json!({"text": words(from..from + 200)}));
    let mut broken = gz(line(200));
    broken.truncate(broken.len() - 4);
    no_folder_for_parts(&Dir::new().file("in/1.jsonl", line(0)).file("in/2.jsonl.gz", broken), 64);
}

fn no_folder_for_parts(dir: &Dir, chunk: usize) {
    let temporary = dir.path("nowhere");
    let surroundings =
        Surroundings { chunk, part: 0, temporary: temporary.clone(), ..Surroundings::default() };
    for threads in [1, 2, 8] {
        let found = sources::find(&[dir.path("in")], None).unwrap();
        let run = || pipeline::audit(found, &Params::audit(), &surroundings, &Progress::default());
        let result = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run);
        let error = result.err().expect("no folder, no files");
        assert!(error.to_string().contains(temporary.to_str().unwrap()), "{error}");
    }
}

/// With everything that can leave.
#[test]
fn removals_in_parts() {
    for (number, remove) in combinations().enumerate() {
        for seed in 0..16 {
            let mut numbers = Numbers(seed + 1000 * number as u64);
            let texts = if seed % 3 == 0 { random_corpus(&mut numbers) } else { repetitive(&mut numbers) };
            let params = Params { passage: [25, 12][seed as usize % 2], ..removing(remove) };
            judge(&texts, &params, &Order::default(), (1, &[0, 3000]));
        }
    }
}

/// A document leaves, being contained; the next one with its tokens is a copy of what came between.
#[test]
fn what_left_is_told_until_a_copy_comes() {
    let long = words(0..200);
    let contained = format!("{} {}", words(20..115), words(900..905));
    let between = format!("{contained} {}", words(950..959));
    let again = [&contained, &contained, &contained];
    let texts: Vec<String> =
        [&long, &contained, &contained, &between].into_iter().chain(again).cloned().collect();
    let params = removing(Remove { contained: true, ..Remove::default() });
    let outcome = crate::language::audit_texts(&texts, &params);
    let kinds: Vec<Kind> =
        outcome.matches().filter(|of| of.unit == Unit::Document).map(|of| of.kind).collect();
    assert_eq!(kinds, [Kind::Contained, Kind::Contained, Kind::Near, Kind::Near, Kind::Near]);
    judge(&texts, &params, &Order::default(), (1, &[0, 1 << 14]));
}

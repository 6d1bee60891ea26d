//! A night that is too large for memory is taken in parts: it tells what a night in one piece tells, and leaves
//! an index of the same bytes.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use redite::index::store::{Folder, Store};
use redite::index::{Index, Writer};
use redite::keep::keep;
use redite::order::{Order, Prefer};
use redite::outcome::Outcome;
use redite::params::{Params, Units};
use redite::past::Past;
use redite::pipeline::{self, Inputs, Progress, Surroundings};
use redite::read::sources;

use crate::language::{Dir, Numbers, cases, files};
use crate::laws::{corpus, params};
use crate::memory::{files as corpus_files, told};
use crate::passages::{random_corpus, stock_corpus};
use crate::removing::{combinations, removing, repetitive};

/// How a night goes.
struct Night<'a> {
    params: &'a Params,
    order: &'a Order,
    surroundings: Surroundings,
}

impl Night<'_> {
    fn run(&self, folder: &Path, past: Option<Past>) -> Outcome {
        let found = sources::find(&[folder.join("in")], None).unwrap();
        let inputs = Inputs { order: self.order.clone(), past, ..found.into() };
        pipeline::run(inputs, self.params, &self.surroundings, &Progress::default()).unwrap()
    }

    fn batch(&self, folder: &Path, writer: &Writer) -> Outcome {
        self.run(folder, Some(Past::adding_to(writer)))
    }
}

/// What a night tells, asks and leaves.
#[derive(PartialEq, Debug)]
struct Left {
    is_new: bool,
    told: (String, serde_json::Value),
    asked: (String, serde_json::Value),
    again: (String, serde_json::Value),
    files: Vec<(String, Vec<u8>)>,
    matches: Vec<u8>,
    before: Vec<(String, Vec<u8>)>,
}

/// A copy of an index, and one more night in it: told, told again, only asked.
fn one_more(archive: &Dir, night: &Night<'_>, inputs: &Dir) -> Left {
    let mut copy = Dir::new();
    for (name, bytes) in files(archive.root()) {
        copy = copy.file(&name, bytes);
    }
    let store: Arc<dyn Store> = Arc::new(Folder::new(copy.root()));
    let mut writer = Writer::open(store.clone()).unwrap();
    let asked = told(&night.run(inputs.root(), writer.index().cloned().map(Past::asking)));
    let outcome = night.batch(inputs.root(), &writer);
    let is_new = keep(&outcome, &mut writer).unwrap();
    let index = Index::open(store.clone()).unwrap().unwrap();
    index.verify().unwrap();
    let mut matches = Vec::new();
    let each = index.matches(|line| {
        matches.extend_from_slice(line);
        Ok(())
    });
    each.unwrap();
    let files_of = |dir: &Dir| files(dir.root()).into_iter().filter(|(name, _)| name != "lock").collect();
    let left = files_of(&copy);
    let again = night.batch(inputs.root(), &writer);
    assert!(!keep(&again, &mut writer).unwrap(), "the batch is known");
    assert_eq!(files_of(&copy), left);
    let undone = writer.rollback().unwrap().unwrap();
    assert!(!is_new || undone.batch.digest == outcome.identity().digest);
    writer.index().unwrap().verify().unwrap();
    let before = files_of(&copy);
    Left { is_new, told: told(&outcome), asked, again: told(&again), files: left, matches, before }
}

/// The texts up to some place are in an index, in so many nights; the others come tonight, in parts of so many bytes.
fn judge(texts: &[String], (nights, parts): (&[usize], &[u64]), params: &Params, order: &Order) {
    let mut cuts: Vec<usize> = nights.iter().map(|cut| cut % (texts.len() + 1)).collect();
    cuts.sort_unstable();
    let surroundings = Surroundings { chunk: 1, ..Surroundings::default() };
    let mut night = Night { params, order, surroundings };
    let archive = Dir::new();
    let mut writer = Writer::open(Arc::new(Folder::new(archive.root()))).unwrap();
    let mut start = 0;
    for end in cuts {
        let inputs = corpus_files(&texts[start..end]);
        let outcome = night.batch(inputs.root(), &writer);
        keep(&outcome, &mut writer).unwrap();
        start = end;
    }
    let inputs = corpus_files(&texts[start..]);
    let expected = one_more(&archive, &night, &inputs);
    for &part in parts {
        night.surroundings.part = part;
        let left = one_more(&archive, &night, &inputs);
        let about = || format!("parts of {part} bytes from {start} on: {texts:#?}");
        assert_eq!(left.told.0, expected.told.0, "{}", about());
        for (got, wanted) in
            [(&left.told, &expected.told), (&left.asked, &expected.asked), (&left.again, &expected.again)]
        {
            assert_eq!(got.0, wanted.0, "{}", about());
            for (name, value) in wanted.1.as_object().unwrap() {
                assert_eq!(&got.1[name], value, "{name}, {}", about());
            }
        }
        assert_eq!(left.matches, expected.matches, "{}", about());
        for ((name, bytes), wanted) in left.files.iter().zip(&expected.files) {
            assert!((name, bytes) == (&wanted.0, &wanted.1), "{name} differs, {}", about());
        }
        assert!(left == expected, "{}", about());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(40) as u32))]

    #[test]
    fn documents_and_paragraphs_of_a_night_in_parts(
        texts in corpus(),
        params in params(),
        cuts in prop::collection::vec(any::<usize>(), 0..3),
    ) {
        judge(&texts, (&cuts, &[0, 600]), &params, &Order::default());
    }
}

#[test]
fn passages_of_a_night_in_parts() {
    for seed in 0..cases(32) {
        let mut numbers = Numbers(seed);
        let texts = match seed % 4 {
            1 => stock_corpus(&mut numbers, 40, 25),
            _ => random_corpus(&mut numbers),
        };
        let cuts: Vec<usize> = (0..numbers.below(3)).map(|_| numbers.below(1000)).collect();
        let units = Units { documents: seed % 3 > 0, paragraphs: seed % 4 > 0, passages: true };
        let params = Params { units, ..Params::audit() };
        judge(&texts, (&cuts, &[0, 2000]), &params, &Order::default());
    }
}

#[test]
fn removals_of_a_night_in_parts() {
    for (number, remove) in combinations().enumerate() {
        for seed in 0..cases(4) {
            let mut numbers = Numbers(seed + 1000 * number as u64);
            let texts = if seed % 3 == 0 { random_corpus(&mut numbers) } else { repetitive(&mut numbers) };
            let cuts: Vec<usize> = (0..numbers.below(3)).map(|_| numbers.below(1000)).collect();
            let params = Params { passage: [25, 12][seed as usize % 2], ..removing(remove) };
            judge(&texts, (&cuts, &[0, 3000]), &params, &Order::default());
        }
    }
}

#[test]
fn preferred_versions_of_a_night_in_parts() {
    for seed in 0..cases(18) {
        let mut numbers = Numbers(seed);
        let texts = random_corpus(&mut numbers);
        let cuts: Vec<usize> = (0..numbers.below(3)).map(|_| numbers.below(1000)).collect();
        let prefer = [Prefer::Longest, Prefer::Newest("date".to_owned()), Prefer::First];
        let order = Order {
            prefer: prefer[seed as usize % 3].clone(),
            source_field: Some("source".to_owned()),
            file_sources: vec!["in".to_owned(); 4],
            file_places: ["1.jsonl", "2.jsonl.zst", "3.txt", "4.jsonl"].map(str::to_owned).to_vec(),
            ..Order::default()
        };
        judge(&texts, (&cuts, &[0, 1500]), &Params::audit(), &order);
    }
}

/// A batch of which something is gone is not presumed to be known, but is.
#[test]
fn a_night_that_is_known_by_its_digest_alone() {
    for seed in 0..20 {
        let texts = random_corpus(&mut Numbers(seed));
        let archive = Dir::new();
        let params = Params::audit();
        let surroundings = Surroundings { chunk: 1, ..Surroundings::default() };
        let mut night = Night { params: &params, order: &Order::default(), surroundings };
        let mut writer = Writer::open(Arc::new(Folder::new(archive.root()))).unwrap();
        let inputs = corpus_files(&texts);
        keep(&night.batch(inputs.root(), &writer), &mut writer).unwrap();
        writer.forget(|id, _| id == "0").unwrap();
        writer.compact().unwrap();
        let expected = one_more(&archive, &night, &inputs);
        assert!(!expected.is_new);
        night.surroundings.part = 0;
        assert!(one_more(&archive, &night, &inputs) == expected, "{texts:#?}");
    }
}

/// A file that has grown since the night before is presumed to be that batch, and is not.
fn judge_grown(texts: &[String], params: &Params) {
    let archive = Dir::new();
    let surroundings = Surroundings { chunk: 1, ..Surroundings::default() };
    let mut night = Night { params, order: &Order::default(), surroundings };
    let mut writer = Writer::open(Arc::new(Folder::new(archive.root()))).unwrap();
    let lines = |texts: &[String]| -> String {
        texts.iter().map(|text| format!("{}\n", serde_json::json!({ "text": text }))).collect()
    };
    let most = &texts[..texts.len() - 1];
    let grown = Dir::new().file("in/a.jsonl", lines(most));
    let outcome = night.batch(grown.root(), &writer);
    keep(&outcome, &mut writer).unwrap();
    let grown = grown.file("in/a.jsonl", lines(texts));
    let expected = one_more(&archive, &night, &grown);
    night.surroundings.part = 0;
    assert!(one_more(&archive, &night, &grown) == expected, "{texts:#?}");
}

#[test]
fn a_night_that_begins_as_one_before() {
    for seed in 0..20 {
        judge_grown(&random_corpus(&mut Numbers(seed)), &Params::audit());
    }
}

/// The same where documents leave: those of the parts that are searched again stay until then.
#[test]
fn a_night_that_begins_as_one_before_and_leaves_documents_out() {
    for (number, remove) in combinations().enumerate() {
        let mut numbers = Numbers(number as u64);
        let mut texts: Vec<String> = (0..4).flat_map(|_| repetitive(&mut numbers)).collect();
        while texts.len() < 75 {
            let again = texts[numbers.below(texts.len())].clone();
            texts.push(again);
        }
        judge_grown(&texts, &removing(remove));
    }
}

/// Of a long text in the index, of which a part needs one paragraph in the middle, that one is read.
#[test]
fn paragraphs_of_a_long_text_before_parts() {
    let paragraph = |number: usize, changed: usize| -> String {
        let word = |i| if i == changed { "changed ".to_owned() } else { format!("word{number}x{i} ") };
        (0..100).map(word).collect()
    };
    let long: Vec<String> = (0..200).map(|number| paragraph(number, 100)).collect();
    let mut texts = vec![long.join("\n\n")];
    assert!(texts[0].len() > 150_000);
    texts.extend(
        [150, 7, 90].map(|number| format!("{}\n\n{}", paragraph(number, 50), paragraph(number + 500, 0))),
    );
    let params = Params { units: Units { passages: false, ..Params::audit().units }, ..Params::audit() };
    judge(&texts, (&[1], &[0, 600]), &params, &Order::default());

    let archive = Dir::new();
    let mut writer = Writer::open(Arc::new(Folder::new(archive.root()))).unwrap();
    let surroundings = Surroundings { part: 0, ..Surroundings::default() };
    let night = Night { params: &params, order: &Order::default(), surroundings };
    keep(&night.batch(corpus_files(&texts[..1]).root(), &writer), &mut writer).unwrap();
    let inputs = corpus_files(&texts[1..]);
    let outcome = night.batch(inputs.root(), &writer);
    assert_eq!(outcome.summary().paragraphs.near_copies, 3);
}

//! An index: one night or many, to the byte (law 2); and a night that is run again.

use std::sync::Arc;

use proptest::prelude::*;
use redite::index::store::{Folder, Store};
use redite::index::{Index, Writer};
use redite::keep::keep;
use redite::outcome::Outcome;
use redite::params::{Params, Remove, Units};
use redite::past::Past;
use redite::pipeline::{self, Inputs, Progress, Surroundings};
use redite::read::sources;

use crate::language::{Dir, Numbers};
use crate::laws::{corpus, params};
use crate::passages::{random_corpus, stock_corpus};
use crate::removing::{combinations, removing, repetitive};

/// An index in a folder of its own.
struct Archive {
    folder: Dir,
    store: Arc<dyn Store>,
    writer: Writer,
    counts: Counts,
}

/// Documents and paragraphs: originals, exact, near and contained copies.
type Counts = [[u64; 4]; 2];

fn counts(outcome: &Outcome) -> Counts {
    let summary = outcome.summary();
    [&summary.documents, &summary.paragraphs]
        .map(|of| [of.originals, of.exact_copies, of.near_copies, of.contained_copies])
}

impl Archive {
    fn new() -> Self {
        let folder = Dir::new();
        let store: Arc<dyn Store> = Arc::new(Folder::new(folder.path("archive")));
        let writer = Writer::open(store.clone()).unwrap();
        Archive { folder, store, writer, counts: Counts::default() }
    }

    /// One night; what it told.
    fn night(&mut self, texts: &[String], first: usize, params: &Params) -> Vec<String> {
        let folder = Dir::new().file("night.jsonl", named(texts, first));
        let sources = sources::find(&[folder.path("night.jsonl")], None).unwrap();
        let inputs = Inputs { past: Some(Past::adding_to(&self.writer)), ..sources.into() };
        let outcome =
            pipeline::audit(inputs, params, &Surroundings::default(), &Progress::default()).unwrap();
        if keep(&outcome, &mut self.writer).unwrap() {
            let all = self.counts.iter_mut().flatten().zip(counts(&outcome).into_iter().flatten());
            all.for_each(|(all, more)| *all += more);
        }
        lines(&outcome)
    }
}

/// Records with ids that go through all nights.
fn named(texts: &[String], first: usize) -> String {
    let line = |(i, text): (usize, &String)| {
        format!("{}\n", serde_json::json!({"id": format!("d{}", first + i), "text": text}))
    };
    texts.iter().enumerate().map(line).collect()
}

/// The matches without what depends on the file that a record was in.
fn lines(outcome: &Outcome) -> Vec<String> {
    let mut written = Vec::new();
    redite::report::matches::write(outcome, &mut written).unwrap();
    let text = String::from_utf8(written).unwrap();
    let strip = |line: &str| {
        let mut found: serde_json::Value = serde_json::from_str(line).unwrap();
        for side in ["copy", "original"] {
            let side = found[side].as_object_mut().unwrap();
            side.remove("source");
            side.remove("record");
        }
        found.to_string()
    };
    text.lines().map(strip).collect()
}

/// What one run over all tells and counts.
fn at_once(texts: &[String], params: &Params) -> (Vec<String>, Counts) {
    let folder = Dir::new().file("all.jsonl", named(texts, 0));
    let sources = sources::find(&[folder.path("all.jsonl")], None).unwrap();
    let outcome = pipeline::audit(sources, params, &Surroundings::default(), &Progress::default()).unwrap();
    (lines(&outcome), counts(&outcome))
}

/// Any split into nights tells what one run tells; and each night again what it told the first time.
fn judge(texts: &[String], cuts: &[usize], params: &Params) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (texts.len() + 1)).collect();
    cuts.extend([0, texts.len()]);
    cuts.sort_unstable();
    let mut archive = Archive::new();
    let mut nights = Vec::new();
    for night in cuts.windows(2) {
        let own = &texts[night[0]..night[1]];
        nights.push(archive.night(own, night[0], params));
    }
    let index = Index::open(archive.store.clone()).unwrap();
    if let Some(index) = &index {
        index.verify().unwrap();
    }
    let told = (nights.concat(), archive.counts);
    assert_eq!(told, at_once(texts, params), "{texts:#?} {cuts:?}");
    let generation = index.map(|index| index.generation());
    for (night, told) in cuts.windows(2).zip(&nights) {
        let again = archive.night(&texts[night[0]..night[1]], night[0], params);
        assert_eq!(again, *told, "{cuts:?}");
    }
    assert_eq!(archive.writer.index().map(|index| index.generation()), generation);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Law 2 for documents and paragraphs.
    #[test]
    fn one_night_or_many(texts in corpus(), params in params(), cuts in prop::collection::vec(any::<usize>(), 1..4)) {
        judge(&texts, &cuts, &params);
    }
}

/// Law 2 for everything that can leave.
#[test]
fn removals_of_many_nights() {
    for (number, remove) in combinations().enumerate() {
        for seed in 0..24 {
            let mut numbers = Numbers(seed + 1000 * number as u64);
            let texts = if seed % 3 == 0 { random_corpus(&mut numbers) } else { repetitive(&mut numbers) };
            let cuts: Vec<usize> = (0..1 + numbers.below(3)).map(|_| numbers.below(1000)).collect();
            let params = Params { passage: [25, 12][seed as usize % 2], ..removing(remove) };
            judge(&texts, &cuts, &params);
        }
    }
}

/// Another removal than its own is refused.
#[test]
fn what_leaves_is_a_parameter_of_an_index() {
    let mut archive = Archive::new();
    let texts = [crate::language::words(0..40), crate::language::words(50..90)];
    let remove = Remove { paragraphs: true, passages: true, ..Remove::default() };
    archive.night(&texts, 0, &removing(remove));
    let index = Index::open(archive.store.clone()).unwrap().unwrap();
    assert_eq!(index.params().remove, remove);
    for other in combinations().chain([Remove::default()]) {
        let params = Params { remove: other, ..removing(remove) };
        let told = index.check_params(&params, true).map_err(|error| error.to_string());
        match &told {
            Ok(()) => assert_eq!(other, remove),
            Err(_) if other == remove => panic!("{told:?}"),
            Err(told) => assert!(told.contains("remove") && told.contains("documents,paragraphs,passages")),
        }
    }
}

/// What left, being contained, is told of as long as what it stood in is kept; and so is the copy that came after it.
#[test]
fn contained_documents_are_remembered() {
    use crate::language::words;
    let remove = Remove { contained: true, ..Remove::default() };
    let whole = format!("{}\n{}", words(0..40), words(100..160));
    let longer = format!("{} {}", words(0..40), words(300..305));
    let params = removing(remove);
    let texts = [whole, words(0..40), words(0..40), longer, words(0..40), words(0..40)];
    for cuts in [&[1, 2, 3, 4, 5][..], &[2, 4], &[3], &[]] {
        judge(&texts, cuts, &params);
    }
    let mut archive = Archive::new();
    let told = |archive: &mut Archive, number: usize, text: &String| -> (String, String) {
        let lines = archive.night(std::slice::from_ref(text), number, &params);
        let found = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let of_documents = found.filter(|found| found["unit"] == "document");
        let told: Vec<(String, String)> = of_documents
            .map(|found| [&found["kind"], &found["original"]["id"]].map(|of| of.as_str().unwrap().to_owned()))
            .map(|[kind, id]| (kind, id))
            .collect();
        assert!(told.len() < 2, "{told:?}");
        told.into_iter().next().unwrap_or_default()
    };
    let is = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
    let expected =
        [("", ""), ("contained", "d0"), ("contained", "d0"), ("", ""), ("near", "d3"), ("near", "d3")];
    for (number, (text, (kind, id))) in texts.iter().zip(expected).enumerate() {
        assert_eq!(told(&mut archive, number, text), is(kind, id), "{number}");
    }
    let text = &texts[1];
    for compact in [false, true] {
        if compact {
            archive.writer.compact().unwrap();
        }
        archive.writer.forget(|id, _| id == "\"d3\"").unwrap();
        assert_eq!(told(&mut archive, 6, text), is("contained", "d0"));
        archive.writer.rollback().unwrap();
        archive.writer.index().unwrap().verify().unwrap();
    }
    archive.writer.forget(|id, _| id == "\"d0\"").unwrap();
    assert_eq!(told(&mut archive, 6, text), is("", ""));
    assert_eq!(told(&mut archive, 7, text), is("exact", "d6"));
    archive.writer.compact().unwrap();
    assert_eq!(told(&mut archive, 8, text), is("exact", "d6"));
}

/// What is told of a night's first records does not depend on those behind them, where buckets are full and some of what
/// filled them has been forgotten.
#[test]
fn what_comes_behind_changes_nothing_where_documents_were_forgotten() {
    let units = Units { documents: true, paragraphs: false, passages: false };
    let params = Params { units, comparisons: 4, ..Params::dedup() };
    for seed in 0..16 {
        let mut numbers = Numbers(seed);
        let base: Vec<usize> = (0..30).map(|_| numbers.below(5000)).collect();
        let edited = |numbers: &mut Numbers| {
            let mut words = base.clone();
            for _ in 0..1 + numbers.below(6) {
                words[numbers.below(30)] = numbers.below(5000);
            }
            words.iter().map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ")
        };
        let first: Vec<String> = (0..200).map(|_| edited(&mut numbers)).collect();
        let again = |numbers: &mut Numbers| match numbers.below(10) {
            0..4 => first[numbers.below(first.len())].clone(),
            _ => edited(numbers),
        };
        let night: Vec<String> = (0..200).map(|_| again(&mut numbers)).collect();
        let forgotten: Vec<String> = (0..first.len())
            .filter(|_| numbers.below(10) < 6)
            .map(|number| format!("\"d{number}\""))
            .collect();
        let told = |records: usize| {
            let mut archive = Archive::new();
            archive.night(&first, 0, &params);
            archive.writer.forget(|id, _| forgotten.iter().any(|forgotten| forgotten == id)).unwrap();
            archive.night(&night[..records], first.len(), &params)
        };
        let part = told(60);
        let is_of_part = |line: &&String| {
            let found: serde_json::Value = serde_json::from_str(line).unwrap();
            let id = found["copy"]["id"].as_str().unwrap()[1..].parse::<usize>().unwrap();
            id < first.len() + 60
        };
        let whole = told(night.len());
        let of_part: Vec<&String> = whole.iter().filter(is_of_part).collect();
        assert_eq!(part.iter().collect::<Vec<_>>(), of_part, "seed {seed}");
    }
}

/// Law 2 where lists of seeds are full, and windows lead on.
#[test]
fn stock_phrases_of_many_nights() {
    for seed in 0..24 {
        let mut numbers = Numbers(seed);
        let texts = stock_corpus(&mut numbers, 60, 25);
        let cuts: Vec<usize> = (0..1 + numbers.below(4)).map(|_| numbers.below(1000)).collect();
        let remove = [Remove::default(), Remove { documents: true, passages: true, ..Remove::default() }];
        let units = Units { documents: true, paragraphs: seed % 2 > 0, passages: true };
        let params = Params { units, remove: remove[seed as usize / 2 % 2], ..Params::audit() };
        judge(&texts, &cuts, &params);
    }
}

/// Law 2 for all units.
#[test]
fn passages_of_many_nights() {
    for seed in 0..300 {
        let mut numbers = Numbers(seed);
        let texts = random_corpus(&mut numbers);
        let cuts: Vec<usize> = (0..1 + numbers.below(3)).map(|_| numbers.below(1000)).collect();
        let params = Params {
            units: Units { documents: seed % 3 > 0, paragraphs: seed % 4 > 0, passages: true },
            ..Params::audit()
        };
        judge(&texts, &cuts, &params);
    }
}

/// An index goes on with the text rules by which it was begun: to the first two versions a mark that stood on nothing began
/// a word.
#[test]
fn nights_by_older_text_rules() {
    let mut differ = 0;
    for seed in 0..12 {
        let texts = random_corpus(&mut Numbers(seed));
        let texts: Vec<String> = texts.iter().map(|text| text.replace("w7", "¨")).collect();
        let params = Params { normaliser: 2, passage: 12, ..Params::audit() };
        judge(&texts, &[seed as usize, 2], &params);
        differ += usize::from(
            at_once(&texts, &params) != at_once(&texts, &Params { normaliser: 3, ..params.clone() }),
        );
    }
    assert!(differ > 0);
    // the command asks the index, and nobody mixes them
    let accented = "l´an dernier l´usine d´en face s´est arrêtée et l´on n´en a rien su";
    let mut archive = Archive::new();
    let params = Params { normaliser: 2, ..Params::audit() };
    archive.night(&[accented.to_owned()], 0, &params);
    let index = Index::open(archive.store.clone()).unwrap().unwrap();
    assert_eq!(index.params().normaliser, 2);
    assert!(index.check_params(&params, true).is_ok());
    let refused = index.check_params(&Params::audit(), true).unwrap_err().to_string();
    assert!(refused.contains("version of the text rules"), "{refused}");
    #[cfg(feature = "cli")]
    {
        use crate::cli::redite;
        drop(archive.writer); // its lock
        let dir = archive.folder.file("a.txt", accented).file("b.txt", accented.replace('´', "'"));
        let dedup = |input: &str, output: &str| {
            let flags = ["--threshold", "0.6", "--units", "document,paragraph,passage", "--quiet"];
            let night = ["dedup", input, "--index", "archive", "--output", output, "--matches", "m.jsonl"];
            redite(&dir, night.iter().chain(&flags)).ends().ok();
            std::fs::read_to_string(dir.path("m.jsonl")).unwrap()
        };
        assert!(dedup("a.txt", "of-a").contains(r#""unit":"document","kind":"exact""#));
        assert!(!dedup("b.txt", "of-b").contains(r#""kind":"exact""#));
        let stats = redite(&dir, ["index", "stats", "archive"]).ends().ok();
        assert!(stats.contains("text rules 2"), "{stats}");
    }
}

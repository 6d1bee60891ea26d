//! One door for each job of a program that uses the library: they do all in its order, and refuse by themselves.

use std::path::{Path, PathBuf};

use redite::archive::Archive;
use redite::dedup::{self, Job, Removal, Rules};
use redite::document::Unit;
use redite::error::{Error, Kind};
use redite::order::{Order, Prefer, Protect};
use redite::params::{Params, Remove};
use redite::pipeline::{self, Inputs, Progress, Surroundings, audit};
use redite::read::sources;

use crate::language::{Dir, files, records, words};

/// A corpus of which the second file repeats two of three records.
fn corpus() -> Dir {
    let [one, two, three, four] = [words(0..40), words(50..90), words(100..140), words(150..190)];
    let edited = two.replace("w70", "edited");
    Dir::new()
        .file("in/a.jsonl", records(&[&one, &two, &three]))
        .file("in/b.jsonl", records(&[&one, &edited, &four]))
}

fn run(job: &Job, archive: &mut Archive, params: &Params) -> redite::error::Result<dedup::Done> {
    job.run(archive, params, &Surroundings::default(), &Progress::default())
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_corpus_without_its_copies() {
    let dir = corpus();
    let (inputs, output) = ([dir.path("in")], dir.path("out"));
    let done = dedup::run(&inputs, &output, &Params::dedup(), &Rules::default()).unwrap();
    assert_eq!((done.removal.all.kept, done.removal.all.removed), (4, 2));
    assert_eq!(done.removal.accounts.len(), 2);
    assert_eq!(std::fs::read_to_string(dir.path("out/b.jsonl")).unwrap(), records(&[words(150..190)]));
    #[cfg(feature = "cli")]
    {
        crate::cli::redite(&dir, ["dedup", "in", "--output", "told", "--quiet"]).ends().ok();
        assert!(files(&dir.path("told")) == files(&output));
    }
    // what is there is not written over
    let again = dedup::run(&inputs, &output, &Params::dedup(), &Rules::default());
    assert!(matches!(again, Err(Error::Output { .. })));
    let inside = dedup::run(&inputs, &dir.path("in/out"), &Params::dedup(), &Rules::default());
    assert!(matches!(inside, Err(Error::Output { .. })));
}

/// A guard that is a caller's business is no guard.
#[test]
fn what_is_refused_leaves_nothing() {
    let dir = corpus();
    let rules = Rules { max_removed: Some(0.5), ..Rules::default() };
    let job = Job { inputs: vec![dir.path("in")], output: dir.path("out"), rules, ..Job::default() };
    let mut archive = Archive::adding(dir.path("archive")).unwrap();
    let refused = |done: redite::error::Result<dedup::Done>, expected: Kind| match done {
        Err(error) if error.kind() == expected => (error.to_string(), error.hint().unwrap()),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("nothing was refused"),
    };
    let (told, hint) = refused(run(&job, &mut archive, &Params::dedup()), Kind::Refused);
    assert!(told.contains("more than 50 % would be removed"), "{told}");
    assert!(hint.ends_with("or raise `Rules::max_removed`") && !told.contains("--"), "{told}, {hint}");
    let unread = dir.path("other.jsonl");
    std::fs::write(&unread, "{\"body\":\"a text in another field\"}\n").unwrap();
    let unusable = Job { inputs: vec![unread], ..job.clone() };
    refused(run(&unusable, &mut archive, &Params::dedup()), Kind::Refused);
    for share in [1.5, -0.1, f64::NAN] {
        let rules = Rules { max_removed: Some(share), ..Rules::default() };
        let (told, _) =
            refused(run(&Job { rules, ..job.clone() }, &mut archive, &Params::dedup()), Kind::Usage);
        assert!(told.contains("`max-removed` must be from 0 to 1"), "{told}");
    }
    assert!(!dir.path("out").exists());
    assert_eq!(names(&dir.path("archive")), ["lock"]);
    assert!(archive.index().is_none());
}

#[test]
fn night_after_night() {
    let dir = corpus();
    let night = |name: &str| Job {
        inputs: vec![dir.path(&format!("in/{name}.jsonl"))],
        output: dir.path(name),
        ..Job::default()
    };
    let mut archive = Archive::adding(dir.path("archive")).unwrap();
    let params = Params { remove: Remove::default(), ..Params::dedup() };
    assert_eq!(run(&night("a"), &mut archive, &params).unwrap().removal.all.removed, 0);
    let tuesday = run(&night("b"), &mut archive, &params).unwrap();
    assert_eq!(tuesday.removal.all.removed, 2);
    assert_eq!(tuesday.outcome.summary().index.as_ref().unwrap().batches, 1);
    let written = files(&dir.path("b"));
    // once more, it writes the same, and adds nothing
    assert_eq!(run(&night("b"), &mut archive, &params).unwrap().removal.all.removed, 2);
    assert!(files(&dir.path("b")) == written);
    assert_eq!(archive.index().unwrap().batches().len(), 2);
    // what is no batch of the index does not go where one was written, and not into the index
    let third = Job { inputs: vec![dir.path("in")], ..night("b") };
    assert!(matches!(run(&third, &mut archive, &params), Err(Error::Output { .. })));
    // nor what was found with other parameters
    let lower = Params { threshold: 0.5, ..params };
    let other = Job { output: dir.path("c"), ..third };
    assert!(matches!(run(&other, &mut archive, &lower), Err(Error::OtherParameter { .. })));
    assert!(files(&dir.path("b")) == written && !dir.path("c").exists());
    assert_eq!(archive.index().unwrap().batches().len(), 2);
}

/// Who comes first in the search is who stays in the output: the rules have no order of their own.
#[test]
fn the_order_of_the_search_is_that_of_the_removal() {
    let dir = corpus();
    let protect = Protect::new(&["b.jsonl"]).unwrap();
    let job = Job { inputs: vec![dir.path("in")], output: dir.path("out"), ..Job::default() };
    let protecting = Job { order: Order { protect, ..Order::default() }, ..job.clone() };
    let preferring = Job {
        order: Order { prefer: Prefer::Sources(vec!["b.jsonl".to_owned()]), ..Order::default() },
        output: dir.path("other"),
        ..job
    };
    for job in [protecting, preferring] {
        let done = run(&job, &mut Archive::default(), &Params::dedup()).unwrap();
        assert_eq!(done.outcome.order().file_places, ["a.jsonl", "b.jsonl"]);
        let removed: Vec<(&str, u64)> =
            done.removal.accounts.iter().map(|of| (of.name.as_str(), of.counts.removed)).collect();
        assert_eq!(removed, [("a.jsonl", 2), ("b.jsonl", 0)]);
    }
}

/// A run that was told of no places has the files' own names.
#[test]
fn protected_files_without_places() {
    let dir = corpus();
    let order = Order { protect: Protect::new(&["b.jsonl"]).unwrap(), ..Order::default() };
    let found = sources::find(&[dir.path("in")], None).unwrap();
    let inputs = Inputs { order, ..found.into() };
    let (params, surroundings) = (Params::dedup(), Surroundings::default());
    let outcome = pipeline::run(inputs, &params, &surroundings, &Progress::default()).unwrap();
    let removal = Removal::new(&outcome, &Rules::default()).unwrap();
    let removed = outcome.in_corpus_order().filter(|document| removal.is_removed(*document));
    let sources: Vec<u32> = removed.map(|document| outcome.record(document).0).collect();
    assert_eq!(sources, [0, 0], "copies of what is protected");
}

#[test]
fn both_sides_of_every_match() {
    let texts = [
        format!("{}\n{}", words(0..40), words(100..140)),
        format!("é {}\n{}", words(300..310), words(0..40).to_uppercase()),
        format!("{} {} {}", words(400..440), words(100..140), words(500..540)),
    ];
    let sources = sources::texts(texts.iter().map(|text| ("d", text)));
    let outcome = audit(sources, &Params::audit(), &Surroundings::default(), &Progress::default()).unwrap();
    let mut told: Vec<(Unit, [String; 2])> = Vec::new();
    for found in outcome.matches() {
        told.push((found.unit, outcome.excerpt(&found).unwrap()));
    }
    let copied = [words(0..40).to_uppercase(), words(0..40)];
    assert!(told.contains(&(Unit::Paragraph, copied)), "{told:#?}");
    let passage = [words(100..140), words(100..140)];
    let trimmed = |of: &[String; 2]| of.each_ref().map(|text| text.trim().to_owned());
    let has = |(unit, of): &(Unit, [String; 2])| *unit == Unit::Passage && trimmed(of) == passage;
    assert!(told.iter().any(has), "{told:#?}");
}

/// What stands in the folder of the examples is what the documentation names.
#[test]
fn every_example_is_told_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let told = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let mut examples: Vec<PathBuf> =
        std::fs::read_dir(root.join("examples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    examples.sort();
    assert_eq!(examples.len(), 4);
    for example in examples {
        let name = example.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        assert!(told.contains(&format!("`{name}`")), "{name}");
    }
}

/// What finds and keeps copies knows nothing of how they are told: only [`redite::dedup::Job`] does, whose refusals are.
#[test]
fn nothing_below_the_reports_names_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let above = ["report.rs", "report", "bin", "dedup/job.rs"].map(|above| root.join(above));
    let mut folders = vec![root];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if above.contains(&path) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            let named =
                text.lines().find(|line| line.contains("crate::report") && !line.trim().starts_with("//"));
            assert_eq!(named, None, "{}", path.display());
        }
    }
    assert!(files > 100, "{files}");
}

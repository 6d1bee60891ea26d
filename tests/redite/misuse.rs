//! What the library refuses, so that no index is written that would be wrong: a program that calls it in another order,
//! or with something else, hears of it.

use std::sync::Arc;

use redite::archive::Archive;
use redite::error::{Error, Result};
use redite::index::Writer;
use redite::index::store::{Folder, Store};
use redite::index::undoing::{Undoing, undo};
use redite::keep::keep;
use redite::outcome::Outcome;
use redite::params::{Params, Units};
use redite::past::Past;
use redite::pipeline::{self, Inputs, Progress, Surroundings};
use redite::read::sources;

use crate::language::{Dir, words};

/// A run over these texts; the first of them has the id `first`.
fn run(texts: &[String], first: usize, past: Option<Past>, params: &Params) -> Result<Outcome> {
    let named = texts.iter().enumerate().map(|(number, text)| (format!("d{}", first + number), text.clone()));
    let inputs = Inputs { past, ..sources::texts(named).into() };
    pipeline::run(inputs, params, &Surroundings::default(), &Progress::default())
}

/// An index of nothing.
fn nothing() -> (Dir, Writer) {
    let folder = Dir::new();
    let writer = Writer::open(Arc::new(Folder::new(folder.path("archive")))).unwrap();
    (folder, writer)
}

/// An index of one batch of two texts.
fn archive(params: &Params) -> (Dir, Writer) {
    let (folder, mut writer) = nothing();
    let texts = [words(0..40), words(50..90)];
    assert!(keep(&run(&texts, 0, batch(&writer), params).unwrap(), &mut writer).unwrap());
    (folder, writer)
}

fn batch(writer: &Writer) -> Option<Past> {
    Some(Past::adding_to(writer))
}

fn query(writer: &Writer) -> Option<Past> {
    writer.index().cloned().map(Past::asking)
}

/// The parameter that differs.
fn other(done: Result<impl Sized>) -> String {
    match done {
        Err(Error::OtherParameter { name, .. }) => name,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("nothing was refused"),
    }
}

#[test]
fn another_threshold_or_text_rule_than_that_of_the_index() {
    let params = Params::audit();
    let (_folder, mut writer) = archive(&params);
    let (_empty, none) = nothing();
    let text = [words(100..140)];
    let others = [
        ("threshold", Params { threshold: 0.7, ..params.clone() }),
        ("version of the text rules", Params { normaliser: 2, ..params.clone() }),
        ("shingle", Params { shingle: 4, ..params.clone() }),
    ];
    for (name, wrong) in &others {
        assert_eq!(other(run(&text, 2, batch(&writer), wrong)), *name);
        assert_eq!(other(run(&text, 2, query(&writer), wrong)), *name);
        // what was found without the index does not go into it either
        let alone = run(&text, 2, batch(&none), wrong).unwrap();
        assert_eq!(other(keep(&alone, &mut writer)), *name);
    }
    // who only asks may look for less
    let units = Units { passages: false, ..params.units };
    let less = Params { units, ..params.clone() };
    assert!(run(&text, 2, query(&writer), &less).is_ok());
    assert_eq!(other(run(&text, 2, batch(&writer), &less)), "units");
    assert_eq!(writer.index().unwrap().batches().len(), 1);
}

/// What is wrong with a run for an index, as it is told.
fn wrong(outcome: &Outcome, writer: &mut Writer) -> String {
    let before = writer.index().map(|index| index.generation());
    let told = keep(outcome, writer).expect_err("it was kept").to_string();
    assert_eq!(writer.index().map(|index| index.generation()), before);
    told
}

/// Without its exact keys and original text a run would leave an index in which nothing of it is found.
#[test]
fn a_run_that_was_not_made_to_be_kept() {
    let params = Params::audit();
    let (_folder, mut writer) = archive(&params);
    let (_empty, mut none) = nothing();
    let text = [words(100..140)];
    let audit = run(&text, 2, None, &params).unwrap();
    for writer in [&mut writer, &mut none] {
        let told = wrong(&audit, writer);
        assert!(told.contains("was not made to be added to an index"), "{told}");
    }
    let query = run(&text, 2, query(&writer), &params).unwrap();
    let told = wrong(&query, &mut writer);
    assert!(told.contains("was not made to be added to an index"), "{told}");
}

/// Its copies of what came before would become originals there, or name others than theirs.
#[test]
fn a_run_that_was_made_against_another_index_or_none() {
    let params = Params::audit();
    let (_folder, mut writer) = archive(&params);
    let text = [words(0..40), words(100..140)];
    let (_empty, mut none) = nothing();
    let alone = run(&text, 2, batch(&none), &params).unwrap();
    let told = wrong(&alone, &mut writer);
    assert!(told.contains("was made against no index"), "{told}");
    // of the same documents, with one more
    let (_folder, mut more) = archive(&params);
    assert!(keep(&run(&[words(200..240)], 9, batch(&more), &params).unwrap(), &mut more).unwrap());
    let night = run(&text, 2, batch(&more), &params).unwrap();
    let told = wrong(&night, &mut writer);
    assert!(told.contains("was made against generation 2") && told.contains("has generation 1"), "{told}");
    let told = wrong(&night, &mut none);
    assert!(told.contains("was made against generation 2") && told.contains("has nothing"), "{told}");
    // as many batches, but others
    let other = run(&[words(300..340)], 9, batch(&writer), &params).unwrap();
    assert!(keep(&other, &mut writer).unwrap());
    let told = wrong(&night, &mut writer);
    assert!(told.contains("another index"), "{told}");
    assert!(keep(&night, &mut more).unwrap());
}

#[test]
fn a_run_that_was_made_before_the_last_change() {
    let params = Params::audit();
    let (_folder, mut writer) = archive(&params);
    let [first, second] =
        [[words(100..140)], [words(100..141)]].map(|text| run(&text, 2, batch(&writer), &params).unwrap());
    assert!(keep(&first, &mut writer).unwrap());
    assert!(!keep(&first, &mut writer).unwrap(), "it is there already");
    let told = wrong(&second, &mut writer);
    assert!(told.contains("was made against generation 1") && told.contains("has generation 2"), "{told}");
    let asked = run(&[words(0..40)], 3, batch(&writer), &params).unwrap();
    writer.forget(|id, _| id == "\"d0\"").unwrap();
    let told = wrong(&asked, &mut writer);
    assert!(told.contains("was made against generation 2") && told.contains("has generation 3"), "{told}");
}

/// Two that change an index at the same time would each take the files of the other away.
#[test]
fn a_second_writer() {
    let params = Params::audit();
    let (folder, mut writer) = archive(&params);
    let dir = folder.path("archive");
    let locked = |done: Result<()>| {
        let told = done.expect_err("it was not locked").to_string();
        assert!(told.contains("the index is being changed by process"), "{told}");
    };
    locked(Writer::open(Arc::new(Folder::new(&dir))).map(drop));
    locked(Writer::go_back(Arc::new(Folder::new(&dir))).map(drop));
    locked(Archive::adding(&dir).map(drop));
    let store: Arc<dyn Store> = Arc::new(Folder::new(&dir));
    locked(undo(&store).map(drop));
    // who only asks does so meanwhile
    assert!(Archive::reading(&dir).unwrap().index().is_some());
    let night = run(&[words(100..140)], 2, batch(&writer), &params).unwrap();
    assert!(keep(&night, &mut writer).unwrap());
    drop(writer);
    let mut archive = Archive::adding(&dir).unwrap();
    assert_eq!(archive.index().unwrap().batches().len(), 2);
    assert!(!archive.keep(&night).unwrap(), "it is there already");
}

/// The door that does all in its order, from nothing to a batch that is undone.
#[test]
fn an_archive_from_its_folder() {
    let folder = Dir::new();
    let dir = folder.path("archive");
    let refused = |done: Result<Archive>| match done {
        Err(error @ Error::NoIndex { .. }) => (error.to_string(), error.hint().unwrap()),
        _ => panic!("nothing was refused"),
    };
    let (told, hint) = refused(Archive::reading(&dir));
    assert!(told.ends_with("there is no index") && hint == "`Archive::adding` makes one", "{told}, {hint}");
    assert!(!dir.exists());
    let file = folder.path("file");
    std::fs::write(&file, "a file").unwrap();
    for done in [Archive::reading(&file), Archive::adding(&file)] {
        assert!(refused(done).0.ends_with("that is a file"));
    }
    let texts = |first: usize| sources::texts([("d", words(first..first + 40))]);
    for (night, first) in [0, 50].into_iter().enumerate() {
        let mut archive = Archive::adding(&dir).unwrap();
        let params = archive.params(Params { threshold: 0.7, ..Params::audit() });
        assert_eq!(params.threshold, 0.7);
        let inputs = archive.inputs(texts(first));
        let outcome = pipeline::run(inputs, &params, &Surroundings::default(), &Progress::default()).unwrap();
        archive.check_order(&outcome).unwrap();
        assert!(archive.keep(&outcome).unwrap() && archive.knows(outcome.identity()));
        assert_eq!(outcome.summary().index.as_ref().unwrap().batches, night as u64);
    }
    let archive = Archive::reading(&dir).unwrap();
    let params = archive.params(Params::audit());
    let inputs = archive.inputs(texts(50));
    let outcome = pipeline::run(inputs, &params, &Surroundings::default(), &Progress::default()).unwrap();
    assert_eq!(outcome.summary().documents.exact_copies, 1);
    let store: Arc<dyn Store> = Arc::new(Folder::new(&dir));
    for expected in [1, 0] {
        match undo(&store).unwrap() {
            Undoing::Batch { undone, stats, left } => {
                assert_eq!((undone.batch.documents(), left), (1, expected));
                assert_eq!(stats.unwrap().number, expected + 1);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(undo(&store).unwrap(), Undoing::Nothing));
}

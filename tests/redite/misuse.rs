//! What the library refuses, so that no index is written that would be wrong: a program that calls it in another order,
//! or with something else, hears of it.

use std::sync::Arc;

use redite::error::{Error, Result};
use redite::index::Writer;
use redite::index::store::Folder;
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
    let writer = Writer::open(Arc::new(Folder::new(folder.path("archive"))), None).unwrap();
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

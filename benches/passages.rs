//! The guarantee on real text: runs of 25 to 80 tokens taken from earlier documents are planted into later
//! ones, whole, and it is counted how many of them passages cover.
//!
//! `cargo bench --bench passages -- [--plants 50000] FILE.jsonl` prints tables for `docs/accuracy.md`;
//! `--show 40` prints that many passages of the corpus itself instead, chosen by a hash of their text, to be
//! judged by eye; `--missed` lists the plants that were not found. A record's `lang` names its language.
//!
//! A plant is taken from a document as it stands in the corpus, plants and all, and goes behind any token of
//! a later one: as it is, wrapped anew, over paragraph breaks, in capitals, with other punctuation and
//! quotes. Where the same words stand at an earlier place too, passages name that one: a plant is found when
//! passages cover all of its tokens, whatever they name. With tokens changed, it is found when half of it is
//! covered.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use redite::document::{Kind, Match};
use redite::normalise::Tokenizer;
use redite::outcome::Outcome;
use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings, audit};
use redite::read::sources;
use serde_json::Value;

#[path = "passages/plant.rs"]
mod plant;

use plant::{Corpus, Plant, Text};

const ALL: Units = Units { documents: true, paragraphs: true, passages: true };
const PASSAGES: Units = Units { documents: false, paragraphs: false, passages: true };

fn main() {
    let (mut plants, mut show, mut missed, mut files) = (50_000, 0, false, Vec::new());
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--plants" => plants = arguments.next().unwrap().parse().unwrap(),
            "--show" => show = arguments.next().unwrap().parse().unwrap(),
            "--missed" => missed = true,
            _ => files.push(PathBuf::from(argument)),
        }
    }
    for file in &files {
        if show > 0 {
            show_passages(&run(file, PASSAGES), show);
            continue;
        }
        let texts = read(file);
        for changed in [0.0, 0.02, 0.05] {
            let corpus = Corpus::plant(texts.clone(), plants, changed);
            let to = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
            write(&corpus, to.path());
            let kinds = if changed == 0.0 { vec![PASSAGES, ALL] } else { vec![PASSAGES] };
            for units in kinds {
                measure(&corpus, &run(to.path(), units), changed, missed);
            }
        }
    }
}

fn run(file: &Path, units: Units) -> Outcome {
    let found = sources::find(&[file.to_path_buf()], None).unwrap();
    let params = Params { units, ..Params::audit() };
    audit(found, &params, &Surroundings::default(), &Progress::default()).unwrap()
}

fn read(file: &Path) -> Vec<Text> {
    let lines = std::fs::read_to_string(file).unwrap();
    let text = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let language = record["lang"].as_str().unwrap_or("-").split(['-', '_']).next().unwrap_or("-");
        Text { text: record["text"].as_str().unwrap().to_owned(), language: language.to_owned() }
    };
    lines.par_lines().map(text).collect()
}

fn write(corpus: &Corpus, file: &Path) {
    let mut to = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    for Text { text, .. } in &corpus.texts {
        serde_json::to_writer(&mut to, &serde_json::json!({ "text": text })).unwrap();
        to.write_all(b"\n").unwrap();
    }
    to.flush().unwrap();
}

/// What became of the plants of one language.
#[derive(Default, Clone, Copy)]
struct Tally {
    plants: usize,
    /// all their tokens are covered
    whole: usize,
    /// at least half are
    half: usize,
    /// one passage, from where it was taken
    from_source: usize,
    /// of these, verbatim, from the first to the last token that agree, on both sides
    exact: usize,
    characters: usize,
    covered: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.plants += other.plants;
        self.whole += other.whole;
        self.half += other.half;
        self.from_source += other.from_source;
        self.exact += other.exact;
        self.characters += other.characters;
        self.covered += other.covered;
    }
}

fn measure(corpus: &Corpus, outcome: &Outcome, changed: f64, missed: bool) {
    let of_document = |plants: &[Plant]| {
        let document = plants[0].document;
        let text = &corpus.texts[document].text;
        let passages: Vec<Match> = outcome.passages(document as u32).collect();
        plants.iter().map(|plant| (plant.language.clone(), judge(corpus, plant, text, &passages))).collect()
    };
    let groups: Vec<&[Plant]> = corpus.plants.chunk_by(|a, b| a.document == b.document).collect();
    let judged: Vec<Vec<(String, Tally)>> = groups.into_par_iter().map(of_document).collect();
    let judged: Vec<(String, Tally)> = judged.into_iter().flatten().collect();
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut total = Tally::default();
    for ((language, tally), plant) in judged.iter().zip(&corpus.plants) {
        tallies.entry(language).or_default().add(*tally);
        total.add(*tally);
        if missed && changed == 0.0 && tally.whole == 0 {
            let text = &corpus.texts[plant.document].text[plant.bytes.clone()];
            println!("missed: {plant:?}, {} of {} characters: {text:?}", tally.covered, tally.characters);
        }
    }
    let units = outcome.summary().parameters.units;
    println!(
        "\n{} % of the tokens changed, {}; {} passages, capped: {}\n",
        100.0 * changed,
        if units.documents { "all units" } else { "passages only" },
        outcome.summary().passages.count,
        outcome.summary().capped
    );
    println!(
        "| language | plants | all covered | half covered | characters covered | one passage from the source | with exact ranges |"
    );
    println!("|---|---|---|---|---|---|---|");
    let percent = |part: usize, of: usize| {
        if of == 0 { "-".to_owned() } else { format!("{:.2} %", 100.0 * part as f64 / of as f64) }
    };
    for (language, tally) in tallies.into_iter().chain([("all", total)]) {
        println!(
            "| {language} | {} | {} | {} | {} | {} | {} |",
            tally.plants,
            percent(tally.whole, tally.plants),
            percent(tally.half, tally.plants),
            percent(tally.covered, tally.characters),
            percent(tally.from_source, tally.plants),
            percent(tally.exact, tally.from_source)
        );
    }
}

fn judge(corpus: &Corpus, plant: &Plant, text: &str, passages: &[Match]) -> Tally {
    let bytes = |found: &Match, side: usize| -> Range<usize> {
        let span = &found.stretches.as_ref().unwrap()[side];
        span.bytes.start as usize..span.bytes.end as usize
    };
    let overlap = |a: &Range<usize>, b: &Range<usize>| a.start.max(b.start)..a.end.min(b.end);
    let (mut tokens, mut covered_tokens, mut covered) = (0, 0, 0);
    let parts: Vec<Range<usize>> = passages
        .iter()
        .map(|found| overlap(&bytes(found, 0), &plant.bytes))
        .filter(|part| !part.is_empty())
        .collect();
    Tokenizer::new(0).tokens(&text[plant.bytes.clone()], |_, start, end| {
        let (start, end) = (start + plant.bytes.start, end + plant.bytes.start);
        tokens += 1;
        covered_tokens += usize::from(parts.iter().any(|part| part.start <= start && end <= part.end));
    });
    parts.iter().for_each(|part| covered += text[part.clone()].chars().count());
    let around = passages.iter().find(|found| {
        let (copy, original) = (bytes(found, 0), bytes(found, 1));
        copy.start <= plant.bytes.start
            && plant.bytes.end <= copy.end
            && found.original.document as usize == plant.source
            && !overlap(&original, &plant.source_bytes).is_empty()
    });
    let is_exact = |found: &&Match| {
        let (copy, original) = corpus.agreeing(plant);
        found.kind == Kind::Exact && bytes(found, 0) == copy && bytes(found, 1) == original
    };
    Tally {
        plants: 1,
        whole: usize::from(covered_tokens == tokens),
        half: usize::from(2 * covered_tokens >= tokens),
        from_source: usize::from(around.is_some()),
        exact: usize::from(around.filter(is_exact).is_some()),
        characters: text[plant.bytes.clone()].chars().count(),
        covered,
    }
}

/// The passages whose text has the least hashes, both sides, shortened.
fn show_passages(outcome: &Outcome, count: usize) {
    let of_document = |document: u32| {
        let passages: Vec<Match> = outcome.passages(document).collect();
        let text = if passages.is_empty() { String::new() } else { outcome.text(document).unwrap() };
        let hashed = |found: Match| {
            let [copy, _] = found.stretches.clone().unwrap();
            let text = &text[copy.bytes.start as usize..copy.bytes.end as usize];
            (xxhash_rust::xxh3::xxh3_64(text.as_bytes()), found)
        };
        passages.into_iter().map(hashed).collect::<Vec<_>>()
    };
    let mut all: Vec<(u64, Match)> =
        (0..outcome.documents()).into_par_iter().flat_map_iter(of_document).collect();
    let short = all.iter().filter(|(_, found)| found.tokens[0] < 25).count();
    let tiny = all.iter().filter(|(_, found)| found.tokens[0] < 13).count();
    println!("{} passages, {short} below 25 tokens, {tiny} below 13", all.len());
    all.sort_by_key(|(hash, _)| *hash);
    all.dedup_by_key(|(hash, _)| *hash);
    for (number, (_, found)) in all.iter().take(count).enumerate() {
        println!("{number}. {:?} {:?} {:.3}", found.kind, found.tokens, found.jaccard);
        for (side, place) in [found.copy, found.original].into_iter().enumerate() {
            let span = &found.stretches.as_ref().unwrap()[side];
            let text = outcome.text(place.document).unwrap();
            let text = text[span.bytes.start as usize..span.bytes.end as usize].replace('\n', " / ");
            let short: String = text.chars().take(260).collect();
            println!("   {}: {short}", outcome.id(place.document).unwrap_or("-".into()));
        }
    }
}

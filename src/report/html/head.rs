//! The head: the numbers, the sources, the method.

use std::cmp::Reverse;

use askama::Template;

use crate::outcome::{Outcome, UnitSummary};
use crate::report::clean;
use crate::report::facts::{Facts, SourceShare};
use crate::report::html::NAME;
use crate::report::wording::{self, count, number, percent};

/// Sources that are listed.
const SOURCES: usize = 100;

/// Sources up to which the list is open at first.
const OPEN: usize = 20;

/// The numbers and the method.
#[derive(Template)]
#[template(path = "report/head.html")]
pub(super) struct Head {
    version: &'static str,
    lead: String,
    tiles: Vec<Tile>,
    input: String,
    columns: [&'static str; 8],
    rows: Vec<Row<&'static str>>,
    lengths: Vec<Named>,
    has_skips: bool,
    skipped: String,
    sources: Option<Sources>,
    method: Vec<String>,
    parameters: Vec<Named>,
    curve: Vec<Named>,
    groups: String,
}

struct Sources {
    is_open: bool,
    told: String,
    rows: Vec<Row<String>>,
}

struct Tile {
    name: &'static str,
    value: String,
    detail: String,
}

struct Row<Name> {
    name: Name,
    cells: Vec<String>,
}

struct Named {
    name: String,
    value: String,
}

impl Head {
    pub(super) fn new(outcome: &Outcome, facts: &Facts) -> Self {
        let summary = outcome.summary();
        let (input, characters) = (&summary.input, summary.characters);
        let copies = |units: &UnitSummary, all| {
            let detail = wording::kinds(units);
            (percent(units.copies(), all), format!("{} of {}: {detail}", number(units.copies()), number(all)))
        };
        let tile = |name, (value, detail)| Tile { name, value, detail };
        let mut tiles = Vec::new();
        if summary.parameters.units.documents {
            tiles.push(tile("Documents that are copies", copies(&summary.documents, input.documents)));
        }
        if summary.parameters.units.paragraphs {
            tiles.push(tile("Paragraphs that are copies", copies(&summary.paragraphs, input.paragraphs)));
        }
        if summary.parameters.units.passages {
            let passages = &summary.passages;
            let characters = wording::characters(passages.characters);
            let told = format!("{}; {characters}", wording::passage_kinds(summary));
            tiles.push(tile("Passages that stood before", (number(passages.count), told)));
        }
        let told = format!("{} of {}", number(characters.copied), number(characters.read));
        tiles.push(tile("Characters that stood before", (percent(characters.copied, characters.read), told)));
        let skipped = outcome.skips().len() as u64;
        Head {
            version: env!("CARGO_PKG_VERSION"),
            lead: lead(outcome),
            tiles,
            input: format!(
                "{} with {}, {} and {} were read.",
                count(input.files, "file", "files"),
                count(input.documents, "document", "documents"),
                count(input.paragraphs, "paragraph", "paragraphs"),
                count(characters.read, "character", "characters"),
            ),
            columns: [
                "read",
                "originals",
                "exact copies",
                "near copies",
                "contained",
                "short",
                "empty",
                "not compared",
            ],
            rows: vec![
                row("Documents", input.documents, &summary.documents),
                row("Paragraphs", input.paragraphs, &summary.paragraphs),
            ],
            lengths: lengths(outcome),
            has_skips: skipped > 0,
            skipped: format!("{} could not be used", count(skipped, "record or file", "records and files")),
            sources: sources(outcome, facts),
            method: method(outcome),
            parameters: parameters(outcome),
            curve: curve(outcome),
            groups: groups(outcome, facts),
        }
    }
}

fn lead(outcome: &Outcome) -> String {
    let summary = outcome.summary();
    let characters = summary.characters;
    if characters.copied == 0 {
        return "No text in this corpus repeats another.".to_owned();
    }
    let share = percent(characters.copied, characters.read);
    format!("{share} of this corpus, counted in characters, has been said before in it.")
}

fn row(name: &'static str, read: u64, units: &UnitSummary) -> Row<&'static str> {
    let numbers = [
        read,
        units.originals,
        units.exact_copies,
        units.near_copies,
        units.contained_copies,
        units.short,
        units.empty,
        units.not_compared,
    ];
    Row { name, cells: numbers.into_iter().map(number).collect() }
}

/// Passages by their words.
fn lengths(outcome: &Outcome) -> Vec<Named> {
    let named = |(name, count): (&str, u64)| Named { name: name.to_owned(), value: number(count) };
    wording::passage_lengths(outcome.summary()).into_iter().map(named).collect()
}

/// The sources, where there are several and something stood before.
fn sources(outcome: &Outcome, facts: &Facts) -> Option<Sources> {
    let shares = &facts.shares.sources;
    let read = shares.iter().filter(|share| share.documents > 0).count();
    if read < 2 || outcome.summary().characters.copied == 0 {
        return None;
    }
    let mut order: Vec<(&SourceShare, usize)> = shares.iter().zip(0..).collect();
    order.sort_by_key(|(share, at)| (Reverse(share.copied), *at));
    let copied = shares.iter().filter(|share| share.copied > 0).count();
    let told = format!(
        "{} of {} hold text that stood before.{}",
        number(copied as u64),
        count(read as u64, "source", "sources"),
        if copied > SOURCES {
            format!(" The first {SOURCES} by copied characters are listed.")
        } else {
            String::new()
        }
    );
    let row = |(share, at): &(&SourceShare, usize)| Row {
        name: clean::name(&outcome.sources()[*at].name, NAME),
        cells: vec![
            number(share.documents),
            number(share.characters),
            number(share.copied),
            percent(share.copied, share.characters),
        ],
    };
    let rows: Vec<_> =
        order.iter().take_while(|(share, _)| share.copied > 0).take(SOURCES).map(row).collect();
    Some(Sources { is_open: rows.len() <= OPEN, told, rows })
}

fn method(outcome: &Outcome) -> Vec<String> {
    let summary = outcome.summary();
    let mut told = vec![
        wording::matching(summary),
        "Case, punctuation and spacing are not compared; in scripts written without spaces each character \
         counts as a word"
            .to_owned(),
        wording::compared(summary),
        wording::cutting(summary).to_owned(),
    ];
    told.extend(wording::matching_passages(summary));
    told.push(
        "The original is the one that stands first; a copy names the original that it matches best"
            .to_owned(),
    );
    told.extend(wording::sureness(summary));
    told
}

fn parameters(outcome: &Outcome) -> Vec<Named> {
    let summary = outcome.summary();
    let parameters = &summary.parameters;
    let named = |name: &str, value: String| Named { name: name.to_owned(), value };
    vec![
        named("Threshold of similarity", parameters.threshold.to_string()),
        named("Recall asked for at the threshold", parameters.recall.to_string()),
        named("Words in a sequence", parameters.shingle.to_string()),
        named("Fewest words of a paragraph", parameters.min_tokens.to_string()),
        named("Most comparisons of a text", number(u64::from(parameters.comparisons))),
        named("Bands and rows", format!("{} × {}", summary.plan.bands, summary.plan.rows)),
        named("Field of the text", clean::name(&parameters.text_field, NAME)),
        named("Field of the id", clean::name(&parameters.id_field, NAME)),
        named("Largest record in bytes", number(parameters.max_record)),
        named("Seed", parameters.seed.to_string()),
        named("Digest of all parameters", summary.parameters_digest.clone()),
    ]
}

fn curve(outcome: &Outcome) -> Vec<Named> {
    let summary = outcome.summary();
    let threshold = summary.parameters.threshold;
    let mut points = vec![threshold];
    points.extend(summary.recall_curve.iter().map(|point| point.0).filter(|&s| s > threshold + 1e-9));
    let point = |s: f64| Named {
        name: wording::share(s, 2),
        value: format!("{} %", wording::share(summary.plan.probability(s) * 100.0, 2)),
    };
    points.into_iter().map(point).collect()
}

fn groups(outcome: &Outcome, facts: &Facts) -> String {
    if facts.group_count == 0 {
        return "Nothing does.".to_owned();
    }
    let texts = count(facts.group_count, "text has", "texts have");
    let copies = count(facts.repeats, "copy", "copies");
    let joined = match outcome.summary().parameters.units.passages {
        true => "Passages whose originals are the same for the most part count as one text.",
        false => "Neighbouring paragraphs that repeat neighbouring paragraphs count as one text.",
    };
    let explained = match wording::explained(facts.explained) {
        None => String::new(),
        Some(told) => format!(" Told with the copied documents in which they stand: {told}."),
    };
    format!("{texts} been repeated, in {copies}. {joined}{explained}")
}

//! The head: the numbers; and what stands behind the documents: the sources, the method.

use std::cmp::Reverse;

use askama::Template;

use crate::dedup::{Removal, Rules};
use crate::document::Source;
use crate::order::Order;
use crate::outcome::{Outcome, UnitSummary};
use crate::report::facts::{Facts, SourceShare};
use crate::report::html::both::{Both, both, count, nombre, number, percent, same};
use crate::report::html::charts::{self, Chart};
use crate::report::html::dates::DatesView;
use crate::report::html::method::{self, Certified};
use crate::report::html::night::NightView;
use crate::report::html::relations::{self, RelationsView};
use crate::report::html::what_if::WhatIfView;
use crate::report::html::written::WrittenView;
use crate::report::html::{NAME, Named, STYLE, digest, script, sources};
use crate::report::{clean, original, wording};

/// Sources that are listed.
const SOURCES: usize = 100;

/// Sources up to which the list is open at first.
const OPEN: usize = 20;

/// Thousandths of a bar.
const BAR: u64 = 1_000;

/// The numbers.
#[derive(Template)]
#[template(path = "report/head.html")]
pub(super) struct Head {
    version: &'static str,
    script_digest: String,
    style: &'static str,
    /// what was read
    name: String,
    lead: Both,
    original: Option<Both>,
    tiles: Vec<Tile>,
    input: Both,
    columns: Vec<Both>,
    rows: Vec<(Both, Vec<Both>)>,
    lengths: Vec<Named>,
    skipped: Option<Both>,
    written: Option<WrittenView>,
    night: Option<NightView>,
    groups: Both,
    charts: Vec<Chart>,
    /// which sections there are
    has: Sections,
}

struct Sections {
    documents: bool,
    relations: bool,
    dates: bool,
    what_if: bool,
}

/// The sources, who repeats whom, the method.
#[derive(Template)]
#[template(path = "report/more.html")]
pub(super) struct More {
    has_documents: bool,
    sources: Option<Sources>,
    relations: Option<RelationsView>,
    dates: Option<DatesView>,
    what_if: Option<WhatIfView>,
    method: Vec<Both>,
    certified: Option<Certified>,
    parameters: Vec<Named>,
    curve: Vec<[Both; 2]>,
}

impl More {
    pub(super) fn new(outcome: &Outcome, facts: &Facts, rules: Option<&Rules>) -> Self {
        More {
            has_documents: !facts.shares.partly.is_empty(),
            sources: sources(outcome, facts),
            relations: RelationsView::new(outcome, facts),
            dates: DatesView::new(outcome, facts),
            what_if: WhatIfView::new(outcome, facts),
            method: method::method(outcome),
            certified: outcome.summary().certificate.as_ref().map(method::certified),
            parameters: method::parameters(outcome, rules),
            curve: method::curve(outcome),
        }
    }
}

struct Sources {
    is_open: bool,
    told: Both,
    rows: Vec<SourceRow>,
}

struct SourceRow {
    name: String,
    cells: [Both; 4],
    bar: u64,
}

struct Tile {
    name: Both,
    value: Both,
    detail: Both,
}

impl Head {
    pub(super) fn new(outcome: &Outcome, facts: &Facts, removal: Option<(&Removal, &Rules)>) -> Self {
        let skipped: u64 = outcome.skipped().map(|(_, count)| count).sum();
        let summary = outcome.summary();
        Head {
            version: env!("CARGO_PKG_VERSION"),
            script_digest: digest::of(&script(outcome)),
            style: STYLE,
            name: name(outcome),
            lead: lead(outcome),
            original: original(outcome, removal.map(|_| outcome.order())),
            tiles: tiles(outcome, facts),
            input: input(outcome),
            columns: columns(outcome),
            rows: vec![
                (same("Documents"), row(outcome, summary.input.documents, &summary.documents)),
                (
                    both("Paragraphs", "Paragraphes"),
                    row(outcome, summary.input.paragraphs, &summary.paragraphs),
                ),
            ],
            lengths: lengths(outcome),
            skipped: (skipped > 0).then(|| {
                both(
                    format!(
                        "{} could not be used",
                        wording::count(skipped, "record or file", "records and files")
                    ),
                    format!(
                        "{} être utilisés",
                        nombre(
                            skipped,
                            "enregistrement ou fichier n’a pas pu",
                            "enregistrements et fichiers n’ont pas pu"
                        )
                    )
                    .replace("n’a pas pu être utilisés", "n’a pas pu être utilisé"),
                )
            }),
            written: removal.map(|(removal, rules)| WrittenView::new(removal, rules)),
            night: NightView::new(outcome),
            groups: groups(outcome, facts),
            charts: charts::charts(outcome, facts),
            has: Sections {
                documents: facts.shares.partly_count > 0,
                relations: relations::are_shown(facts),
                dates: facts.dates.is_some(),
                what_if: facts.what_if.is_some(),
            },
        }
    }
}

/// What an original is in this run.
fn original(outcome: &Outcome, order: Option<&Order>) -> Option<Both> {
    let told = || both(original::english(outcome, order) + ".", original::french(outcome, order) + ".");
    (outcome.summary().input.documents > 0).then(told)
}

fn tiles(outcome: &Outcome, facts: &Facts) -> Vec<Tile> {
    let summary = outcome.summary();
    let (input, characters) = (&summary.input, summary.characters);
    let of = |part: u64, all: u64, rest: [String; 2]| {
        let [part, all] = [part, all].map(number);
        both(
            format!("{} of {}{}", part.en, all.en, rest[0]),
            format!("{} sur {}{}", part.fr, all.fr, rest[1]),
        )
    };
    let copies = |name: Both, units: &UnitSummary, all: u64| Tile {
        name,
        value: percent(units.copies(), all),
        detail: of(
            units.copies(),
            all,
            [format!(": {}", wording::kinds(units)), format!("\u{A0}: {}", kinds_in_french(units))],
        ),
    };
    let mut tiles = Vec::new();
    if summary.parameters.units.documents {
        let name = both("Documents that are copies", "Documents qui sont des copies");
        tiles.push(copies(name, &summary.documents, input.documents));
    }
    if summary.parameters.units.paragraphs {
        let name = both("Paragraphs that are copies", "Paragraphes qui sont des copies");
        tiles.push(copies(name, &summary.paragraphs, input.paragraphs));
    }
    if summary.parameters.units.passages {
        let passages = &summary.passages;
        let near = passages.count - passages.exact;
        tiles.push(Tile {
            name: both("Passages that stood before", "Passages déjà présents"),
            value: number(passages.count),
            detail: both(
                format!("{}; {}", wording::passage_kinds(summary), wording::characters(passages.characters)),
                format!(
                    "{}, {}\u{A0}; {}",
                    nombre(passages.exact, "exact", "exacts"),
                    nombre(near, "proche", "proches"),
                    nombre(passages.characters, "caractère", "caractères")
                ),
            ),
        });
    }
    tiles.push(Tile {
        name: both("Characters in copies or passages", "Caractères dans des copies ou passages"),
        value: percent(characters.copied, characters.read),
        detail: of(characters.copied, characters.read, [String::new(), String::new()]),
    });
    let boilerplate = facts.boilerplate;
    if boilerplate.paragraphs > 0 {
        let [copies, least] = [boilerplate.copies, boilerplate.documents.into()].map(number);
        tiles.push(Tile {
            name: both(
                format!("Paragraphs in {} documents or more", least.en),
                format!("Paragraphes présents dans {} documents ou plus", least.fr),
            ),
            value: number(boilerplate.paragraphs),
            detail: both(
                format!(
                    "with {} copies: often a notice or a menu; look at them, among the texts below where they stand alone",
                    copies.en
                ),
                format!(
                    "avec {} copies\u{A0}: souvent une mention ou un menu\u{A0}; à regarder, parmi les textes ci-dessous là où ils sont seuls",
                    copies.fr
                ),
            ),
        });
    }
    tiles
}

fn kinds_in_french(units: &UnitSummary) -> String {
    let contained = match units.contained_copies {
        0 => String::new(),
        contained => {
            format!(
                ", {}",
                nombre(contained, "contenue dans un texte plus long", "contenues dans un texte plus long")
            )
        }
    };
    let exact = nombre(units.exact_copies, "exacte", "exactes");
    format!("{exact}, {}{contained}", nombre(units.near_copies, "proche", "proches"))
}

fn input(outcome: &Outcome) -> Both {
    let input = &outcome.summary().input;
    let files = count(input.files, ["file", "files"], ["fichier", "fichiers"]);
    let documents = count(input.documents, ["document", "documents"], ["document", "documents"]);
    let paragraphs = count(input.paragraphs, ["paragraph", "paragraphs"], ["paragraphe", "paragraphes"]);
    let characters =
        count(outcome.summary().characters.read, ["character", "characters"], ["caractère", "caractères"]);
    let name = name(outcome);
    let name = if name.is_empty() { name } else { format!(" ({name})") };
    both(
        format!(
            "{}{name} with {}, {} and {} were read.",
            files.en, documents.en, paragraphs.en, characters.en
        ),
        format!(
            "Lu\u{A0}: {}{name}, avec {}, {} et {}.",
            files.fr, documents.fr, paragraphs.fr, characters.fr
        ),
    )
}

/// What was read by its names: the source, or both, or the first and the last, each in its own writing direction; nothing of
/// standard input.
fn name(outcome: &Outcome) -> String {
    let named = |source: &Source| format!("\u{2068}{}\u{2069}", clean::name(&source.name, NAME));
    match outcome.own_sources() {
        [] => String::new(),
        [one] if one.name == "-" => String::new(),
        [one] => named(one),
        [first, second] => format!("{}, {}", named(first), named(second)),
        [first, .., last] => format!("{} … {}", named(first), named(last)),
    }
}

/// What was looked for, what was not: `document or paragraph`, `passages`.
fn units(outcome: &Outcome) -> [Vec<[&'static str; 4]>; 2] {
    let units = outcome.summary().parameters.units;
    let names = [
        (units.documents, ["document", "documents", "document", "les documents"]),
        (units.paragraphs, ["paragraph", "paragraphs", "paragraphe", "les paragraphes"]),
        (units.passages, ["passage", "passages", "passage", "les passages"]),
    ];
    let (sought, unsought): (Vec<_>, Vec<_>) = names.into_iter().partition(|(is_sought, _)| *is_sought);
    [sought, unsought].map(|units| units.into_iter().map(|(_, names)| names).collect())
}

/// One of the names of each, with a word between.
fn joined(units: &[[&'static str; 4]], name: usize, with: &str) -> String {
    units.iter().map(|names| names[name]).collect::<Vec<_>>().join(with)
}

/// The first letter as sentences begin.
fn begun(told: &str) -> String {
    let mut rest = told.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

fn lead(outcome: &Outcome) -> Both {
    let characters = outcome.summary().characters;
    let index = match outcome.summary().index {
        Some(_) => [
            " or in the index",
            " ou se trouve dans l’index",
            ", or one of the index",
            ", ni aucun de l’index",
        ],
        None => [""; 4],
    };
    let skipped = &outcome.summary().input.skipped;
    let [skipped, saute] = match skipped.values().sum() {
        0 => [String::new(), String::new()],
        all => [
            format!(
                " {} skipped: see below.",
                wording::count(all, "record or file was", "records or files were")
            ),
            format!(
                " {}\u{A0}: voir plus bas.",
                nombre(
                    all,
                    "enregistrement ou fichier n’a pas été lu",
                    "enregistrements ou fichiers n’ont pas été lus"
                )
            ),
        ],
    };
    if outcome.summary().input.documents == 0 {
        return both(
            format!("Nothing was read that could repeat anything.{skipped}"),
            format!("Rien n’a été lu qui puisse répéter quoi que ce soit.{saute}"),
        );
    }
    let [sought, unsought] = units(outcome);
    let unsought = match unsought.is_empty() {
        true => [String::new(), String::new()],
        false => [
            format!(" {} were not looked for.", begun(&joined(&unsought, 1, " and "))),
            format!(" {} n’ont pas été recherchés.", begun(&joined(&unsought, 3, " et "))),
        ],
    };
    if characters.copied == 0 {
        let [text, texte] = match sought.len() {
            3 => ["text".to_owned(), "texte".to_owned()],
            _ => [joined(&sought, 0, " or "), joined(&sought, 2, " ni ")],
        };
        return both(
            format!("No {text} of this corpus repeats another{}.{}{skipped}", index[2], unsought[0]),
            format!("Aucun {texte} de ce corpus n’en répète un autre{}.{}{saute}", index[3], unsought[1]),
        );
    }
    let share = percent(characters.copied, characters.read);
    both(
        format!(
            "{} of this corpus, counted in characters, has been said before in it{}; near copies count whole, with the words that differ.{}{skipped}",
            begun(&share.en),
            index[0],
            unsought[0]
        ),
        format!(
            "{} de ce corpus, en caractères, y a déjà été dit{}\u{A0}; les copies proches comptent en entier, avec les mots qui diffèrent.{}{saute}",
            begun(&share.fr),
            index[1],
            unsought[1]
        ),
    )
}

/// What may become of what was read; of what documents that leave hold only where some do.
fn columns(outcome: &Outcome) -> Vec<Both> {
    let columns = [
        both("read", "lus"),
        both("originals", "originaux"),
        both("exact copies", "copies exactes"),
        both("near copies", "copies proches"),
        both("contained", "contenus"),
        both("short", "courts"),
        both("empty", "vides"),
        both("not compared", "non comparés"),
        both("in removed documents", "dans des documents retirés"),
    ];
    let count = columns.len() - usize::from(!has_leaving(outcome));
    columns.into_iter().take(count).collect()
}

fn has_leaving(outcome: &Outcome) -> bool {
    outcome.summary().paragraphs.in_leaving > 0
}

fn row(outcome: &Outcome, read: u64, units: &UnitSummary) -> Vec<Both> {
    let parts = units.parts();
    let count = parts.len() - usize::from(!has_leaving(outcome));
    std::iter::once(read).chain(parts.into_iter().take(count).map(|(_, count)| count)).map(number).collect()
}

/// Passages by their words.
fn lengths(outcome: &Outcome) -> Vec<Named> {
    let french = ["moins de 50", "50-99", "100-199", "200-499", "500-999", "1\u{202F}000 et plus"];
    let names = wording::PASSAGE_LENGTHS.into_iter().zip(french);
    let counted = names.zip(outcome.summary().passages.by_tokens).filter(|(_, count)| *count > 0);
    counted.map(|((en, fr), count)| Named { name: both(en, fr), value: number(count) }).collect()
}

/// The sources, where there are several and something stood before.
fn sources(outcome: &Outcome, facts: &Facts) -> Option<Sources> {
    let shares = &facts.shares.sources;
    let read = shares.iter().filter(|share| share.documents > 0).count();
    if read < 2 || outcome.summary().characters.copied == 0 {
        return None;
    }
    let mut order: Vec<(&SourceShare, usize)> = shares.iter().zip(0..).collect();
    // one with a single document is that document, and a copied one would stand before all that copy in part
    order.sort_by_key(|(share, at)| (share.documents < 2, Reverse(share.copied), *at));
    let copied = shares.iter().filter(|share| share.copied > 0).count();
    let cut = if copied > SOURCES {
        [format!(" The first {SOURCES} are listed."), format!(" Les {SOURCES} premières sont listées.")]
    } else {
        [String::new(), String::new()]
    };
    let singles = shares.iter().filter(|share| share.copied > 0 && share.documents < 2).count();
    let behind = match singles > 0 && singles < copied {
        true => {
            [" Those of a single document come last.", " Celles qui n’ont qu’un document viennent à la fin."]
        }
        false => [""; 2],
    };
    let told = both(
        format!(
            "{} of {} {} text that stood before.{}{}",
            wording::number(copied as u64),
            wording::count(read as u64, "source", "sources"),
            if copied == 1 { "holds" } else { "hold" },
            behind[0],
            cut[0]
        ),
        format!(
            "{} sur {} {} du texte déjà présent.{}{}",
            nombre(copied as u64, "source", "sources"),
            number(read as u64).fr,
            if copied < 2 { "a" } else { "ont" },
            behind[1],
            cut[1]
        ),
    );
    let row = |(share, at): &(&SourceShare, usize)| SourceRow {
        name: clean::name(outcome.source_name(*at as u32), NAME),
        cells: [
            number(share.documents),
            number(share.characters),
            number(share.copied),
            percent(share.copied, share.characters),
        ],
        bar: share.copied * BAR / share.characters.max(1),
    };
    let rows: Vec<_> = order.iter().filter(|(share, _)| share.copied > 0).take(SOURCES).map(row).collect();
    Some(Sources { is_open: rows.len() <= OPEN, told: sources::after(told, outcome), rows })
}

fn groups(outcome: &Outcome, facts: &Facts) -> Both {
    if facts.group_count == 0 {
        return both("Nothing does.", "Rien.");
    }
    let texts =
        count(facts.group_count, ["text has", "texts have"], ["texte est répété", "textes sont répétés"]);
    let copies = count(facts.repeats, ["copy", "copies"], ["copie", "copies"]);
    let units = outcome.summary().parameters.units;
    let joined = match units.passages {
        _ if !(units.paragraphs || units.passages) => [""; 2],
        true => [
            "Passages whose originals are the same for the most part count as one text.",
            "Des passages dont l’original est pour l’essentiel le même comptent pour un seul texte.",
        ],
        false => [
            "Neighbouring paragraphs that repeat neighbouring paragraphs count as one text.",
            "Des paragraphes voisins qui répètent des paragraphes voisins comptent pour un seul texte.",
        ],
    };
    let explained = match wording::explained(facts.explained) {
        None => [String::new(), String::new()],
        Some(told) => {
            let names = [
                (facts.explained.passages, "passage", "passages"),
                (facts.explained.paragraphs, "paragraphe", "paragraphes"),
            ];
            let some = names.into_iter().filter(|(count, ..)| *count > 0);
            let french: Vec<String> =
                some.map(|(count, un, plusieurs)| nombre(count, un, plusieurs)).collect();
            let french = french.join(", ");
            [
                format!(
                    " Told with the copied documents and paragraphs in which they stand: {told}; paragraphs that these passages hold are not counted again."
                ),
                format!(
                    " Montrés avec les documents et paragraphes copiés où ils se trouvent\u{A0}: {french}\u{A0}; les paragraphes que contiennent ces passages ne sont pas comptés de nouveau."
                ),
            ]
        }
    };
    let rests = match facts.rests {
        0 => [String::new(), String::new()],
        rests => {
            let least = outcome.summary().parameters.passage.div_ceil(2);
            let others = count(rests, ["other", "others"], ["autre", "autres"]);
            let (en, fr) = (others.en, others.fr);
            [
                format!(" Not shown: what longer passages leave of {en}, fewer than {least} words each."),
                format!(
                    " Non montré\u{A0}: ce que des passages plus longs laissent de {fr}, moins de {least} mots chaque fois."
                ),
            ]
        }
    };
    both(
        format!("{} been repeated, in {}. {}{}{}", texts.en, copies.en, joined[0], explained[0], rests[0]),
        format!("{}, en {}. {}{}{}", texts.fr, copies.fr, joined[1], explained[1], rests[1]),
    )
}

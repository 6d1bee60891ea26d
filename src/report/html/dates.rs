//! Who came first: two sources, how often either had a text before the other, and how long.

use crate::outcome::Outcome;
use crate::report::clean;
use crate::report::facts::{Dates, Facts};
use crate::report::html::NAME;
use crate::report::html::both::{Both, both, count, number};
use crate::report::wording::{self, TimeUnit};

/// Pairs of sources that are listed.
const PAIRS: usize = 100;

/// Who came first.
pub(super) struct DatesView {
    pub(super) told: Vec<Both>,
    pub(super) rows: Vec<Row>,
}

/// Two sources.
pub(super) struct Row {
    pub(super) sources: [String; 2],
    /// for either how often it was first, and by how long
    pub(super) first: [[Both; 2]; 2],
    pub(super) same: Both,
}

impl DatesView {
    pub(super) fn new(outcome: &Outcome, facts: &Facts) -> Option<Self> {
        let dates = facts.dates.as_ref()?;
        let name = |source: u32| clean::name(outcome.source_name(source), NAME);
        let rows = dates.pairs.iter().take(PAIRS).map(|pair| Row {
            sources: pair.sources.map(name),
            first: [0, 1].map(|side| [number(pair.first[side]), delay(pair.median_seconds[side])]),
            same: number(pair.same),
        });
        Some(DatesView { told: told(outcome, dates), rows: rows.collect() })
    }
}

fn told(outcome: &Outcome, dates: &Dates) -> Vec<Both> {
    let field = clean::name(&dates.field, NAME);
    let dated = count(dates.dated, ["document has", "documents have"], ["document a", "documents ont"]);
    let [missing, unreadable] = [dates.missing, dates.unreadable].map(number);
    let repeats = count(dates.repeats, ["copy", "copies"], ["copie", "copies"]);
    let mut told = vec![both(
        format!(
            "{} a date in the field “{field}”; it is missing in {}, and can't be read as a date in {}.",
            dated.en, missing.en, unreadable.en
        ),
        format!(
            "{} une date dans le champ «\u{A0}{field}\u{A0}»\u{A0}; elle manque à {}, et n’est pas lisible comme date dans {}.",
            dated.fr, missing.fr, unreadable.fr
        ),
    )];
    if dates.repeats > 0 {
        let backwards = count(dates.backwards, ["is", "are"], ["est plus ancienne", "sont plus anciennes"]);
        told.push(both(
            format!(
                "Of {} in other documents with both dates known, {} older than the original: “original” goes by the \
                 order of this run.",
                repeats.en, backwards.en
            ),
            format!(
                "Sur {} dans d’autres documents dont les deux dates sont connues, {} que l’original\u{A0}: «\u{A0}original\u{A0}» \
                 s’entend dans l’ordre de cette analyse.",
                repeats.fr, backwards.fr
            ),
        ));
    }
    if dates.repeats == 0 && dates.dated > 0 {
        told.push(both(
            "No copy and its original, in two documents, both have a date.",
            "Aucune copie n’est datée en même temps que son original, dans un autre document.",
        ));
    }
    if outcome.summary().index.as_ref().is_some_and(|night| night.documents > 0) {
        told.push(both(
            "An index does not keep dates: those of its originals are not known.",
            "Un index ne conserve pas les dates\u{A0}: celles de ses originaux ne sont pas connues.",
        ));
    }
    if dates.source_pairs > PAIRS as u64 {
        let all = number(dates.source_pairs);
        told.push(both(
            format!("{} pairs of sources; here are the {PAIRS} with the most copies.", all.en),
            format!("{} paires de sources\u{A0}; voici les {PAIRS} qui ont le plus de copies.", all.fr),
        ));
    }
    told
}

/// The median of so many seconds; a dash where there is none.
fn delay(seconds: Option<u64>) -> Both {
    let Some(seconds) = seconds else { return both("–", "–") };
    let (amount, unit) = wording::delay(seconds);
    let french = match unit {
        TimeUnit::Second => ["seconde", "secondes"],
        TimeUnit::Minute => ["minute", "minutes"],
        TimeUnit::Hour => ["heure", "heures"],
        TimeUnit::Day => ["jour", "jours"],
    };
    count(amount, unit.names(), french)
}

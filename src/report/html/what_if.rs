//! What other thresholds would have told: a curve, a table, and for the script the numbers of each.

use serde::Serialize;

use crate::outcome::{Outcome, UnitSummary};
use crate::report::facts::Facts;
use crate::report::html::both::{Both, both, count, french, number};
use crate::report::wording;
use crate::what_if::{Level, WhatIf};

/// The curve's field in units of its view.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 100.0;

/// What other thresholds would have told.
pub(super) struct WhatIfView {
    pub(super) told: Vec<Both>,
    /// copies among documents, among paragraphs
    pub(super) curves: [Option<Curve>; 2],
    /// where the run's own threshold stands
    pub(super) own: u64,
    pub(super) ends: [Both; 2],
    pub(super) rows: Vec<Row>,
}

/// How many copies there are by threshold.
pub(super) struct Curve {
    pub(super) points: String,
    /// where the curve is highest
    pub(super) most: Both,
}

/// One threshold.
pub(super) struct Row {
    pub(super) threshold: Both,
    pub(super) is_own: bool,
    /// originals, exact, near, contained; of documents, then of paragraphs
    pub(super) cells: Vec<Both>,
}

/// The numbers of one threshold, for the script: itself, then as in [`Row`].
#[derive(Serialize)]
pub(super) struct LevelData(f64, [u64; 4], [u64; 4]);

impl LevelData {
    pub(super) fn new(level: &Level) -> Self {
        LevelData(level.threshold, numbers(&level.documents), numbers(&level.paragraphs))
    }
}

fn numbers(units: &UnitSummary) -> [u64; 4] {
    [units.originals, units.exact_copies, units.near_copies, units.contained_copies]
}

impl WhatIfView {
    pub(super) fn new(outcome: &Outcome, facts: &Facts) -> Option<Self> {
        let what_if = facts.what_if.as_ref()?;
        let own = outcome.summary().parameters.threshold;
        let compared = outcome.summary().parameters.units;
        let x = |threshold: f64| (threshold - what_if.floor) / (1.0 - what_if.floor).max(1e-9) * WIDTH;
        let curve = |of: fn(&Level) -> &UnitSummary| {
            let copies = |level: &Level| of(level).copies();
            let most = what_if.levels.iter().map(copies).max().unwrap_or(0).max(1);
            let points = what_if.levels.iter().map(|level| {
                let y = HEIGHT * (1.0 - copies(level) as f64 / most as f64);
                format!("{:.1},{:.1}", x(level.threshold), y + 4.0)
            });
            Curve { points: points.collect::<Vec<_>>().join(" "), most: number(most) }
        };
        let row = |level: &Level| Row {
            threshold: share(level.threshold),
            is_own: level.threshold == own,
            cells: [&level.documents, &level.paragraphs].into_iter().flat_map(numbers).map(number).collect(),
        };
        Some(WhatIfView {
            told: told(what_if, own),
            curves: [
                compared.documents.then(|| curve(|level| &level.documents)),
                compared.paragraphs.then(|| curve(|level| &level.paragraphs)),
            ],
            own: x(own) as u64,
            ends: [share(what_if.floor), share(1.0)],
            rows: what_if.levels.iter().filter(|level| level.is_told(own)).map(row).collect(),
        })
    }
}

fn share(value: f64) -> Both {
    let told = wording::threshold(value);
    both(told.clone(), french(&told))
}

fn told(what_if: &WhatIf, own: f64) -> Vec<Both> {
    let [floor, own] = [share(what_if.floor), share(own)];
    let [documents, paragraphs] = what_if.pairs.map(number);
    let mut told = vec![both(
        format!(
            "All pairs that share a bucket and are at least {} similar are known: {} of documents, {} of paragraphs. So \
             it is known what any threshold from there up would have told; this report is made at {}. Passages do not \
             depend on it.",
            floor.en, documents.en, paragraphs.en, own.en
        ),
        format!(
            "Toutes les paires qui partagent un compartiment et sont semblables à {} au moins sont connues\u{A0}: {} de documents, {} \
             de paragraphes. On sait donc ce qu’aurait dit tout seuil à partir de là\u{A0}; ce rapport est fait à {}. Les \
             passages n’en dépendent pas.",
            floor.fr, documents.fr, paragraphs.fr, own.fr
        ),
    )];
    if what_if.capped_units > 0 {
        let texts = count(
            what_if.capped_units,
            ["text shares", "texts share"],
            ["texte partage", "textes partagent"],
        );
        let [it, them] = match what_if.capped_units {
            1 => ["it is", "il est comparé"],
            _ => ["they are", "ils sont comparés"],
        };
        let pairs = count(what_if.capped, ["pair", "pairs"], ["paire omise", "paires omises"]);
        told.push(both(
            format!(
                "{} a bucket with more texts than {it} compared with ({} left out): a run, this one too, may tell \
                 otherwise there.",
                texts.en, pairs.en
            ),
            format!(
                "{} un compartiment avec plus de textes que ceux auxquels {them} ({})\u{A0}: une exécution, celle-ci \
                 aussi, peut y donner autre chose.",
                texts.fr, pairs.fr
            ),
        ));
    }
    told
}

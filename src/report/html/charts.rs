//! Histograms as plain SVG, each with its table.

use crate::outcome::Outcome;
use crate::report::facts::Facts;
use crate::report::html::both::{Both, both, nombre, number, same};
use crate::report::wording;

/// Units of a chart's height that the tallest bar takes.
const HEIGHT: u64 = 100;

/// Units from one bar to the next; a chart has room for twelve.
const STEP: u64 = 40;

/// A histogram.
pub(super) struct Chart {
    pub(super) name: Both,
    /// what the bars are, what they count
    pub(super) columns: [Both; 2],
    pub(super) bars: Vec<Bar>,
}

/// One bar of it.
pub(super) struct Bar {
    pub(super) name: Both,
    pub(super) count: Both,
    pub(super) x: u64,
    pub(super) y: u64,
    pub(super) height: u64,
}

/// All charts that have something to show.
pub(super) fn charts(outcome: &Outcome, facts: &Facts) -> Vec<Chart> {
    let relations = &facts.relations;
    // passages may be less similar than the threshold; what is below it, or below one half, is one bar
    let first = ((outcome.summary().parameters.threshold * 20.0 + 1e-9) as usize).clamp(10, 19);
    let below: u64 = relations.similarities[..first].iter().sum();
    let percent = |step: usize| same(format!("{}-{}", step * 5, step * 5 + 5));
    let mut similar: Vec<(Both, u64)> =
        (first..20).map(|step| (percent(step), relations.similarities[step])).collect();
    if below > 0 {
        let most = first * 5;
        similar.insert(0, (both(format!("< {most}"), format!("<\u{202F}{most}")), below));
    }
    similar.push((both("exact", "exactes"), relations.exact_contained[0]));
    let size = |step: usize| match (step, 1u64 << step) {
        (0 | 1, most) => same(most.to_string()),
        (11, _) => both("1,025 +", "1\u{202F}025 +"),
        (_, most) => same(format!("{}-{most}", most / 2 + 1)),
    };
    let mut sizes: Vec<(Both, u64)> = (0..12).map(|step| (size(step), relations.group_sizes[step])).collect();
    while sizes.len() > 1 && sizes.last().is_some_and(|(_, count)| *count == 0) {
        sizes.pop();
    }
    let share = |step: usize| match step {
        0 => both("none", "rien"),
        10 => both("< 100", "<\u{202F}100"),
        11 => both("all", "tout"),
        step => both(format!("≤ {}", step * 10), format!("≤\u{202F}{}", step * 10)),
    };
    let shares = (0..12).map(|step| (share(step), relations.document_shares[step])).collect();
    let [en, fr] = match relations.exact_contained[1] {
        0 => [String::new(), String::new()],
        contained => [
            format!("; {} not in it", wording::count(contained, "contained copy is", "contained copies are")),
            format!(
                "\u{A0}; {} pas",
                nombre(contained, "copie contenue n’y est", "copies contenues n’y sont")
            ),
        ],
    };
    let below_it = match outcome.summary().parameters.units.passages {
        true => ["; passages have no threshold", "\u{A0}; les passages n’ont pas de seuil"],
        false => [""; 2],
    };
    let charts = [
        (
            both(
                format!("Copies listed below, by similarity (%){}{en}", below_it[0]),
                format!("Copies listées ci-dessous, par similarité (%){}{fr}", below_it[1]),
            ),
            [both("similarity, %", "similarité, %"), both("copies", "copies")],
            similar,
        ),
        (
            both("Repeated texts by their number of copies", "Textes répétés par nombre de copies"),
            [both("copies", "copies"), both("texts", "textes")],
            sizes,
        ),
        (
            both("Documents by the share (%) that stood before", "Documents par part (%) déjà présente"),
            [both("share, %", "part, %"), both("documents", "documents")],
            shares,
        ),
    ];
    let charts = charts.into_iter().filter(|_| facts.group_count > 0);
    charts.map(|(name, columns, bars)| chart(name, columns, bars)).collect()
}

fn chart(name: Both, columns: [Both; 2], counts: Vec<(Both, u64)>) -> Chart {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let bars = counts.into_iter().zip(0..).map(|((name, count), at)| {
        // what is there is seen
        let height = (u128::from(count) * u128::from(HEIGHT) / u128::from(most)) as u64;
        let height = if count > 0 { height.max(1) } else { 0 };
        Bar { name, count: number(count), x: at * STEP + 4, y: HEIGHT - height + 14, height }
    });
    Chart { name, columns, bars: bars.collect() }
}

//! What an original is in this run: the one that comes first in its order, whatever that is; nothing tells who wrote it.

use crate::order::{Order, Prefer};
use crate::outcome::Outcome;
use crate::report::clean;
use crate::report::terminal::NAME;

/// In one sentence.
pub(super) fn english(outcome: &Outcome, order: Option<&Order>) -> String {
    let by_field =
        |field: &str, which: &str| format!("those with the {which} `{}`", clean::line(field, NAME));
    let preferred = |prefer: &Prefer| match prefer {
        Prefer::First => None,
        Prefer::Longest => Some("the longest".to_owned()),
        Prefer::Oldest(field) => Some(by_field(field, "earliest or least")),
        Prefer::Newest(field) => Some(by_field(field, "latest or greatest")),
        Prefer::Sources(names) => Some(format!("those of {}", clean::line(&names.join(", "), NAME))),
    };
    let steps = [
        has_index(outcome).then(|| "what the index has".to_owned()),
        order.filter(|order| order.protect.is_given()).map(|_| "protected files (`--protect`)".to_owned()),
        order.and_then(|order| preferred(&order.prefer)).map(|which| format!("{which} (`--prefer`)")),
        Some("as the corpus was read".to_owned()),
    ];
    let steps: Vec<String> = steps.into_iter().flatten().collect();
    format!(
        "The original is the one that comes first in the order of this run ({}); that says nothing of who wrote it first",
        steps.join(", then ")
    )
}

/// The same in French.
#[cfg(feature = "html")]
pub(super) fn french(outcome: &Outcome, order: Option<&Order>) -> String {
    let by_field = |field: &str, which: &str| {
        format!("ceux dont «\u{A0}{}\u{A0}» est le plus {which}", clean::line(field, NAME))
    };
    let preferred = |prefer: &Prefer| match prefer {
        Prefer::First => None,
        Prefer::Longest => Some("les plus longs".to_owned()),
        Prefer::Oldest(field) => Some(by_field(field, "ancien ou le plus petit")),
        Prefer::Newest(field) => Some(by_field(field, "récent ou le plus grand")),
        Prefer::Sources(names) => Some(format!("ceux de {}", clean::line(&names.join(", "), NAME))),
    };
    let steps = [
        has_index(outcome).then(|| "ce que contient l’index".to_owned()),
        order
            .filter(|order| order.protect.is_given())
            .map(|_| "les fichiers protégés (`--protect`)".to_owned()),
        order.and_then(|order| preferred(&order.prefer)).map(|which| format!("{which} (`--prefer`)")),
        Some("l’ordre de lecture du corpus".to_owned()),
    ];
    let steps: Vec<String> = steps.into_iter().flatten().collect();
    format!(
        "L’original est celui qui vient en premier dans l’ordre de cette analyse ({})\u{A0}; cela ne dit pas qui l’a écrit en premier",
        steps.join(", puis ")
    )
}

/// Whether something of an index stands before all that was read.
fn has_index(outcome: &Outcome) -> bool {
    outcome.summary().index.as_ref().is_some_and(|night| night.documents > 0)
}

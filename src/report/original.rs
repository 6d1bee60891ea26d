//! What an original is in this run: the one that comes first in its order, whatever that is; nothing tells who wrote it.

use crate::order::{Order, Prefer};
use crate::outcome::Outcome;
use crate::report::name;

/// How a language says what comes first.
struct Words {
    index: &'static str,
    protected: &'static str,
    longest: &'static str,
    /// by a field
    oldest: fn(&str) -> String,
    newest: fn(&str) -> String,
    sources: fn(&str) -> String,
    as_read: &'static str,
    then: &'static str,
    /// all of that, in a sentence
    whole: fn(&str) -> String,
}

const ENGLISH: Words = Words {
    index: "what the index has",
    protected: "protected files (`--protect`)",
    longest: "the longest",
    oldest: |field| format!("those with the earliest or least `{field}`"),
    newest: |field| format!("those with the latest or greatest `{field}`"),
    sources: |names| format!("those of {names}"),
    as_read: "as the corpus was read",
    then: ", then ",
    whole: |steps| {
        format!(
            "The original is the one that comes first in the order of this run ({steps}); that says nothing of who wrote it first"
        )
    },
};

#[cfg(feature = "html")]
const FRENCH: Words = Words {
    index: "ce que contient l’index",
    protected: "les fichiers protégés (`--protect`)",
    longest: "les plus longs",
    oldest: |field| format!("ceux dont «\u{A0}{field}\u{A0}» est le plus ancien ou le plus petit"),
    newest: |field| format!("ceux dont «\u{A0}{field}\u{A0}» est le plus récent ou le plus grand"),
    sources: |names| format!("ceux de {names}"),
    as_read: "l’ordre de lecture du corpus",
    then: ", puis ",
    whole: |steps| {
        format!(
            "L’original est celui qui vient en premier dans l’ordre de cette analyse ({steps})\u{A0}; cela ne dit pas qui l’a écrit en premier"
        )
    },
};

/// In one sentence.
pub(super) fn english(outcome: &Outcome, order: Option<&Order>) -> String {
    ENGLISH.tell(outcome, order)
}

/// The same in French.
#[cfg(feature = "html")]
pub(super) fn french(outcome: &Outcome, order: Option<&Order>) -> String {
    FRENCH.tell(outcome, order)
}

impl Words {
    fn tell(&self, outcome: &Outcome, order: Option<&Order>) -> String {
        // something of an index stands before all that was read
        let has_index = outcome.summary().index.as_ref().is_some_and(|night| night.documents > 0);
        let is_protected = order.is_some_and(|order| order.protect.is_given());
        let preferred = order.and_then(|order| self.preferred(&order.prefer));
        let steps = [
            has_index.then(|| self.index.to_owned()),
            is_protected.then(|| self.protected.to_owned()),
            preferred.map(|which| format!("{which} (`--prefer`)")),
            Some(self.as_read.to_owned()),
        ];
        let steps: Vec<String> = steps.into_iter().flatten().collect();
        (self.whole)(&steps.join(self.then))
    }

    fn preferred(&self, prefer: &Prefer) -> Option<String> {
        match prefer {
            Prefer::First => None,
            Prefer::Longest => Some(self.longest.to_owned()),
            Prefer::Oldest(field) => Some((self.oldest)(&name(field))),
            Prefer::Newest(field) => Some((self.newest)(&name(field))),
            Prefer::Sources(names) => Some((self.sources)(&name(&names.join(", ")))),
        }
    }
}

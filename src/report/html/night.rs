//! The run beside the batches of the index that it was made against.

use crate::document::Unit;
use crate::index::stats::BatchStats;
use crate::outcome::Outcome;
use crate::report::html::both::{Both, both, count, nombre, number, percent};
use crate::report::wording;

/// The run and the last batches before it.
pub(super) struct NightView {
    pub(super) told: Vec<Both>,
    /// batch; documents, originals, copies, their share
    pub(super) rows: Vec<(Both, [Both; 4])>,
}

impl NightView {
    pub(super) fn new(outcome: &Outcome) -> Option<Self> {
        let night = outcome.summary().index.as_ref()?;
        let batches = count(night.batches, ["batch", "batches"], ["lot", "lots"]);
        let documents = count(night.documents, ["document", "documents"], ["document", "documents"]);
        let (mut told_en, mut told_fr) = (Vec::new(), Vec::new());
        for (unit, counts) in night.of_each_unit() {
            let [of, all] = counts.map(number);
            let [one, many, un, plusieurs] = match unit {
                Unit::Document => {
                    ["copied document", "copied documents", "document copié", "documents copiés"]
                }
                Unit::Paragraph => ["paragraph", "paragraphs", "paragraphe", "paragraphes"],
                Unit::Passage => ["passage", "passages", "passage", "passages"],
            };
            told_en.push(format!("{} of {}", of.en, wording::count(counts[1], one, many)));
            told_fr.push(format!("{} sur {}", nombre(counts[0], un, plusieurs), all.fr));
        }
        let told = vec![both(
            format!(
                "The index had {} with {} before. It has the originals of {}; where a place is named, it has “(index)” \
                 behind it.",
                batches.en,
                documents.en,
                told_en.join(", ")
            ),
            format!(
                "L’index avait déjà {} avec {}. L’original y est pour\u{A0}: {}\u{A0}; la place d’un tel document est suivie de \
                 «\u{A0}(index)\u{A0}».",
                batches.fr,
                documents.fr,
                told_fr.join(", ")
            ),
        )];
        let row = |name: Both, batch: &BatchStats| {
            let of = batch.of_documents;
            let copies = of.copies();
            let cells = [
                number(batch.documents),
                number(of.originals),
                number(copies),
                percent(copies, batch.documents),
            ];
            (name, cells)
        };
        let before = night.batches_before.iter().zip((1..=night.batches).rev());
        let before = before.map(|(batch, at)| row(number(at), batch));
        let rows = std::iter::once(row(both("this one", "celui-ci"), &night.batch)).chain(before).collect();
        Some(NightView { told, rows })
    }
}

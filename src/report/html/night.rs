//! The run beside the batches of the index that it was made against.

use crate::index::stats::BatchStats;
use crate::outcome::Outcome;
use crate::report::html::both::{Both, both, count, number, percent};

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
        let (of, all) = (night.copies_of_index, night.copies);
        let [documents_of, paragraphs_of, passages_of] =
            [of.documents, of.paragraphs, of.passages].map(number);
        let [all_documents, all_paragraphs, all_passages] =
            [all.documents, all.paragraphs, all.passages].map(number);
        let told = vec![both(
            format!(
                "The index had {} with {} before. The original is there of {} of {} copied documents, {} of {} paragraphs, \
                 {} of {} passages; where a place is named, it has “(index)” behind it.",
                batches.en,
                documents.en,
                documents_of.en,
                all_documents.en,
                paragraphs_of.en,
                all_paragraphs.en,
                passages_of.en,
                all_passages.en
            ),
            format!(
                "L’index avait déjà {} avec {}. L’original y est pour {} documents copiés sur {}, {} paragraphes sur {}, {} \
                 passages sur {}\u{A0}; la place d’un tel document est suivie de «\u{A0}(index)\u{A0}».",
                batches.fr,
                documents.fr,
                documents_of.fr,
                all_documents.fr,
                paragraphs_of.fr,
                all_paragraphs.fr,
                passages_of.fr,
                all_passages.fr
            ),
        )];
        let row = |name: Both, batch: &BatchStats| {
            let of = batch.of_documents;
            let copies = of.exact_copies + of.near_copies + of.contained_copies;
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

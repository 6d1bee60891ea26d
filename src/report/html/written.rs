//! What a run of `redite dedup` kept and removed, and of which source.

use std::cmp::Reverse;

use crate::dedup::{Account, Counts, Removal, Texts};
use crate::report::clean;
use crate::report::html::NAME;
use crate::report::html::both::{Both, both, count, nombre, number, percent};

/// Sources that are listed.
const SOURCES: usize = 100;

/// What became of the records.
pub(super) struct WrittenView {
    pub(super) told: Vec<Both>,
    /// source; records read, kept, removed, their share, skipped
    pub(super) rows: Vec<(String, [Both; 5])>,
}

impl WrittenView {
    pub(super) fn new(removal: &Removal) -> Self {
        let mut told = vec![records(&removal.all)];
        told.extend(removal.all.texts.as_ref().map(parts));
        if removal.protected > 0 {
            let copies =
                count(removal.protected, ["copy is", "copies are"], ["copie gardée", "copies gardées"]);
            told.push(both(format!("{} kept: protected.", copies.en), format!("{}, protégées.", copies.fr)));
        }
        let mut accounts: Vec<&Account> = removal.accounts.iter().collect();
        accounts.sort_by_key(|account| Reverse(account.counts.removed));
        if accounts.len() > SOURCES {
            told.push(both(
                format!("The first {SOURCES} sources by removed records are listed."),
                format!("Les {SOURCES} premières sources en enregistrements retirés sont listées."),
            ));
        }
        let row = |account: &&Account| (clean::name(&account.name, NAME), cells(&account.counts));
        let rows = if accounts.len() < 2 { &[] } else { &accounts[..accounts.len().min(SOURCES)] };
        WrittenView { told, rows: rows.iter().map(row).collect() }
    }
}

fn cells(counts: &Counts) -> [Both; 5] {
    let share = percent(counts.removed, counts.kept + counts.removed);
    let [read, kept, removed, skipped] =
        [counts.read, counts.kept, counts.removed, counts.skipped].map(number);
    [read, kept, removed, share, skipped]
}

fn records(counts: &Counts) -> Both {
    let [_, kept, removed, share, skipped] = cells(counts);
    let read = count(counts.read, ["record", "records"], ["enregistrement", "enregistrements"]);
    both(
        format!(
            "{}: {} kept, {} removed ({}), {} skipped.",
            read.en, kept.en, removed.en, share.en, skipped.en
        ),
        format!(
            "{}\u{A0}: {}, {} ({}), {}.",
            read.fr,
            nombre(counts.kept, "gardé", "gardés"),
            nombre(counts.removed, "retiré", "retirés"),
            share.fr,
            nombre(counts.skipped, "écarté", "écartés")
        ),
    )
}

/// What leaves the texts.
fn parts(texts: &Texts) -> Both {
    let [kept, removed, inside, gone] = [
        texts.paragraphs_kept,
        texts.paragraphs_removed,
        texts.paragraphs_in_removed,
        texts.characters_removed,
    ]
    .map(number);
    let read = count(texts.paragraphs, ["paragraph", "paragraphs"], ["paragraphe", "paragraphes"]);
    let passages =
        count(texts.passages_removed, ["passage", "passages"], ["passage retiré", "passages retirés"]);
    let all = count(texts.characters, ["character", "characters"], ["caractère", "caractères"]);
    let share = percent(texts.characters_removed, texts.characters);
    let emptied = count(
        texts.emptied,
        ["record is", "records are"],
        ["enregistrement gardé a un texte vide", "enregistrements gardés ont un texte vide"],
    );
    let [emptied_en, emptied_fr] = match texts.emptied {
        0 => [String::new(), String::new()],
        _ => [
            format!(" {} kept with an empty text: all of it stands elsewhere.", emptied.en),
            format!(" {}\u{A0}: tout s’en trouve ailleurs.", emptied.fr),
        ],
    };
    both(
        format!(
            "{}: {} kept, {} removed, {} in removed documents; {} removed; in all {} of {} ({}).{emptied_en}",
            read.en, kept.en, removed.en, inside.en, passages.en, gone.en, all.en, share.en
        ),
        format!(
            "{}\u{A0}: {}, {}, {} dans des documents retirés\u{A0}; {}\u{A0}; en tout {} sur {} ({}).{emptied_fr}",
            read.fr,
            nombre(texts.paragraphs_kept, "gardé", "gardés"),
            nombre(texts.paragraphs_removed, "retiré", "retirés"),
            inside.fr,
            passages.fr,
            gone.fr,
            all.fr,
            share.fr
        ),
    )
}

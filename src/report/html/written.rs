//! What a run of `redite dedup` kept and removed, and of which source.

use std::cmp::Reverse;

use crate::dedup::{Account, Counts, Removal, Rules, Texts};
use crate::report::html::NAME;
use crate::report::html::both::{Both, both, nombre, number, percent, sentences};
use crate::report::{clean, removal};

/// Sources that are listed.
const SOURCES: usize = 100;

/// What became of the records.
pub(super) struct WrittenView {
    pub(super) told: Vec<Both>,
    /// source; records read, kept, removed, their share, skipped
    pub(super) rows: Vec<(String, [Both; 5])>,
}

impl WrittenView {
    pub(super) fn new(removal: &Removal, rules: &Rules) -> Self {
        if rules.annotate {
            let told = both(
                "All records are kept, and copies say in a field what they are copies of.",
                "Tous les enregistrements sont gardés, et un champ des copies dit de quoi elles sont la copie.",
            );
            return WrittenView { told: vec![told], rows: Vec::new() };
        }
        let told = sentences(removal::sentences(removal), french(removal));
        let mut told: Vec<Both> = told.map(|Both { en, fr }| both(en + ".", fr + ".")).collect();
        let mut accounts: Vec<&Account> = removal.accounts.iter().collect();
        accounts.sort_by_key(|account| Reverse(account.counts.removed));
        if accounts.len() > SOURCES {
            told.push(both(
                format!("The first {SOURCES} sources by removed records are listed."),
                format!("Seules sont listées les {SOURCES} sources qui ont perdu le plus d’enregistrements."),
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

/// What [`removal::sentences`] says, in the same order.
fn french(removal: &Removal) -> Vec<String> {
    let all = &removal.all;
    let mut told = vec![format!(
        "{}\u{A0}: {}, {} ({}), {}",
        nombre(all.read, "enregistrement", "enregistrements"),
        nombre(all.kept, "gardé", "gardés"),
        nombre(all.removed, "retiré", "retirés"),
        percent(all.removed, all.kept + all.removed).fr,
        nombre(all.skipped, "écarté", "écartés")
    )];
    told.extend(all.texts.iter().flat_map(parts));
    if removal.protected > 0 {
        told.push(nombre(removal.protected, "copie gardée, car protégée", "copies gardées, car protégées"));
    }
    if removal.contained > 0 {
        let contained = nombre(removal.contained, "copie contenue reste", "copies contenues restent");
        told.push(format!("{contained} (`--remove documents,contained`)"));
    }
    if removal.undated > 0 {
        let [one, many] =
            ["document n’a pas de date lisible et vient", "documents n’ont pas de date lisible et viennent"];
        told.push(format!("{} en dernier", nombre(removal.undated, one, many)));
    }
    told
}

/// What leaves the texts.
fn parts(texts: &Texts) -> Vec<String> {
    let mut told = vec![
        format!(
            "{}\u{A0}: {}, {}, {} dans des documents retirés",
            nombre(texts.paragraphs, "paragraphe", "paragraphes"),
            nombre(texts.paragraphs_kept, "gardé", "gardés"),
            nombre(texts.paragraphs_removed, "retiré", "retirés"),
            number(texts.paragraphs_in_removed).fr
        ),
        format!(
            "{}\u{A0}; en tout, {} sur {} ({})",
            nombre(texts.passages_removed, "passage retiré", "passages retirés"),
            nombre(texts.characters_removed, "caractère retiré", "caractères retirés"),
            number(texts.characters).fr,
            percent(texts.characters_removed, texts.characters).fr
        ),
    ];
    if texts.emptied > 0 {
        let [one, many] =
            ["enregistrement gardé a un texte vide", "enregistrements gardés ont un texte vide"];
        let emptied = nombre(texts.emptied, one, many);
        told.push(format!("{emptied}\u{A0}: tout ce qui s’y trouvait se trouve ailleurs"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(removal: &Removal) -> (Vec<String>, Vec<String>) {
        let view = WrittenView::new(removal, &Rules::default());
        view.told.into_iter().map(|told| (told.en, told.fr.replace(['\u{A0}', '\u{202F}'], " "))).unzip()
    }

    #[test]
    fn what_became_of_records_is_told_in_both_languages() {
        let mut removal = Removal::default();
        removal.all = Counts { read: 1203, kept: 1201, removed: 1, skipped: 1, texts: None };
        (removal.protected, removal.contained, removal.undated) = (1, 7, 2);
        let (english, french) = told(&removal);
        assert_eq!(
            english,
            [
                "1,203 records: 1,201 kept, 1 removed (under 0.1 %), 1 skipped.",
                "1 copy is kept: protected.",
                "7 copies are contained and stay (`--remove documents,contained`).",
                "2 documents have no date that can be read, and came last.",
            ]
        );
        assert_eq!(
            french,
            [
                "1 203 enregistrements : 1 201 gardés, 1 retiré (moins de 0,1 %), 1 écarté.",
                "1 copie gardée, car protégée.",
                "7 copies contenues restent (`--remove documents,contained`).",
                "2 documents n’ont pas de date lisible et viennent en dernier.",
            ]
        );
        let texts = Texts {
            paragraphs: 9,
            paragraphs_kept: 6,
            paragraphs_removed: 1,
            paragraphs_in_removed: 2,
            passages_removed: 1,
            characters: 4000,
            characters_removed: 1500,
            emptied: 1,
        };
        removal = Removal::default();
        removal.all.texts = Some(texts);
        let (english, french) = told(&removal);
        assert_eq!(
            english[1..],
            [
                "9 paragraphs: 6 kept, 1 removed, 2 in removed documents.",
                "1 passage removed; in all 1,500 of 4,000 characters (37.5 %).",
                "1 record is kept with an empty text: all of it stands elsewhere.",
            ]
        );
        assert_eq!(
            french[1..],
            [
                "9 paragraphes : 6 gardés, 1 retiré, 2 dans des documents retirés.",
                "1 passage retiré ; en tout, 1 500 caractères retirés sur 4 000 (37,5 %).",
                "1 enregistrement gardé a un texte vide : tout ce qui s’y trouvait se trouve ailleurs.",
            ]
        );
    }

    #[test]
    fn the_sources_that_lose_most_are_listed() {
        for (sources, rows, sentences) in [(0, 0, 1), (1, 0, 1), (2, 2, 1), (101, 100, 2)] {
            let mut removal = Removal::default();
            removal.accounts = (0..sources)
                .map(|removed| Account {
                    name: format!("source {removed}"),
                    counts: Counts { read: 200, kept: 200 - removed, removed, skipped: 0, texts: None },
                })
                .collect();
            let view = WrittenView::new(&removal, &Rules::default());
            assert_eq!((view.rows.len(), view.told.len()), (rows, sentences));
            let first = view.rows.first().map(|(name, _)| name.clone());
            assert_eq!(first, (rows > 0).then(|| format!("source {}", sources - 1)));
        }
        let annotated = WrittenView::new(&Removal::default(), &Rules { annotate: true, ..Rules::default() });
        assert!(annotated.rows.is_empty() && annotated.told[0].en.starts_with("All records are kept"));
    }
}

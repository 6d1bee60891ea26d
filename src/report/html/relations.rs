//! Who repeats whom: a matrix of sources, and the documents that have most in common.

use crate::outcome::Outcome;
use crate::report::clean;
use crate::report::facts::{AMONG, Facts, named};
use crate::report::html::both::{Both, both, count, number, percent_of};
use crate::report::html::{NAME, PlaceView, archived, sources};

/// Pairs of documents that are listed.
const PAIRS: usize = 100;

/// Shades of a cell.
const SHADES: u64 = 5;

/// Sources and documents with each other.
pub(super) struct RelationsView {
    pub(super) matrix: Option<Matrix>,
    pub(super) pairs_told: Both,
    pub(super) pairs: Vec<PairView>,
}

/// Rows repeat columns.
pub(super) struct Matrix {
    pub(super) told: Both,
    /// the numbers of the columns
    pub(super) numbers: Vec<usize>,
    pub(super) rows: Vec<MatrixRow>,
}

/// A source or folder, and what it repeats of each.
pub(super) struct MatrixRow {
    /// of its own column
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
}

/// How much one repeats of another.
pub(super) struct Cell {
    /// from 0, for nothing, to [`SHADES`]
    pub(super) shade: u64,
    pub(super) characters: Both,
}

/// Two documents with text in common.
pub(super) struct PairView {
    pub(super) copy: PlaceView,
    pub(super) original: PlaceView,
    pub(super) characters: Both,
    /// of the copy in the original, and the other way round
    pub(super) shares: [Both; 2],
}

/// Whether there is anything to show.
pub(super) fn are_shown(facts: &Facts) -> bool {
    !facts.relations.documents.is_empty() || facts.relations.source_pairs > 1
}

impl RelationsView {
    pub(super) fn new(outcome: &Outcome, facts: &Facts) -> Option<Self> {
        let relations = &facts.relations;
        if !are_shown(facts) {
            return None;
        }
        let pairs: Vec<PairView> = relations
            .documents
            .iter()
            .take(PAIRS)
            .map(|pair| PairView {
                copy: PlaceView::new(outcome, pair.copy),
                original: PlaceView::new(outcome, pair.original),
                characters: number(pair.characters),
                shares: pair.shares.map(percent_of),
            })
            .collect();
        let all = number(relations.document_pairs);
        let (en, fr) = match relations.document_pairs > pairs.len() as u64 {
            true => (
                format!(
                    "{} pairs of documents have text in common; here are the {} with the most.",
                    all.en,
                    pairs.len()
                ),
                format!(
                    "{} paires de documents ont du texte en commun\u{A0}; voici les {} qui en ont le plus.",
                    all.fr,
                    pairs.len()
                ),
            ),
            false => (
                format!("Pairs of documents with text in common: {}.", all.en),
                format!("Paires de documents avec du texte en commun\u{A0}: {}.", all.fr),
            ),
        };
        Some(RelationsView { matrix: matrix(outcome, facts), pairs_told: both(en, fr), pairs })
    }
}

/// The sources with the most characters in pairs, in corpus order; or their folders, where there are too many
/// sources.
fn matrix(outcome: &Outcome, facts: &Facts) -> Option<Matrix> {
    let relations = &facts.relations;
    let has_many = named(&relations.sources, AMONG + 1).len() > AMONG;
    let are_folders = has_many && relations.folders.len() > 1;
    let (pairs, all) = match are_folders {
        true => (&relations.folder_pairs, relations.folder_pairs.len() as u64),
        false => (&relations.among_first, relations.source_pairs),
    };
    let mut sources = named(pairs, AMONG);
    if sources.len() < 2 {
        return None;
    }
    sources.sort_unstable();
    let of = |copy: u32, original: u32| {
        let found = pairs.iter().find(|pair| (pair.copy, pair.original) == (copy, original));
        found.map_or(0, |pair| pair.characters)
    };
    let name = |source: u32| match are_folders {
        true => clean::name(&relations.folders[source as usize], NAME),
        false => {
            let is_archived = source as usize >= outcome.own_source_count();
            archived(clean::name(outcome.source_name(source), NAME), is_archived)
        }
    };
    let most = pairs.iter().map(|pair| pair.characters).max().unwrap_or(0).max(1);
    let cell = |characters: u64| Cell {
        // a step down for each fifth of its digits
        shade: if characters == 0 {
            0
        } else {
            let [part, whole] = [characters, most].map(|count| u64::from((count + 1).ilog2()).max(1));
            (part * SHADES).div_ceil(whole)
        },
        characters: number(characters),
    };
    let rows = sources.iter().zip(1..).map(|(&copy, number)| MatrixRow {
        number,
        name: name(copy),
        cells: sources.iter().map(|&original| cell(of(copy, original))).collect(),
    });
    let rows: Vec<MatrixRow> = rows.collect();
    let shown = sources.iter().flat_map(|copy| sources.iter().map(|original| of(*copy, *original)));
    let shown = shown.filter(|characters| *characters > 0).count() as u64;
    let what = if are_folders { ["folder", "un dossier"] } else { ["source", "une source"] };
    let told = sources::after(matrix_told(what, all - shown), outcome);
    Some(Matrix { told, numbers: (1..=sources.len()).collect(), rows })
}

/// What rows and columns say, and how many pairs are in none.
fn matrix_told([what, quoi]: [&str; 2], not_shown: u64) -> Both {
    let mut en = format!(
        "Each row is a {what}, and says how many of its characters repeat that of each column; on the diagonal, \
         itself. A text that stands in several columns is counted in each."
    );
    let mut fr = format!(
        "Chaque ligne est {quoi}, et dit combien de ses caractères répètent ceux de chaque colonne\u{A0}; sur la \
         diagonale, les siens. Un texte qui se trouve dans plusieurs colonnes compte dans chacune."
    );
    if not_shown > 0 {
        let rest = count(not_shown, ["other pair", "other pairs"], ["autre paire", "autres paires"]);
        en.push_str(&format!(" Not shown: {}, with fewer characters for the most part.", rest.en));
        fr.push_str(&format!(" Non montré\u{A0}: {}, pour la plupart avec moins de caractères.", rest.fr));
    }
    both(en, fr)
}

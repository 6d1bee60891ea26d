//! The documents that hold copied text: a bar along the length of each, and the same in words.

use askama::Template;

use crate::outcome::Outcome;
use crate::report::facts::{DocumentShare, Facts, Repeat};
use crate::report::html::PlaceView;
use crate::report::html::both::{Both, both, french, nombre};
use crate::report::wording::{self, count, number, percent};

/// Units of a bar's length.
const LENGTH: u64 = 1_000;

/// Units from which on copied text in no listed piece is drawn; a full stop is none.
const VISIBLE: u64 = 3;

/// Colours of a bar; originals take them in turn.
const COLOURS: usize = 6;

/// What stands between the groups and the documents.
#[derive(Template)]
#[template(path = "report/documents.html")]
pub(super) struct Documents {
    unshown: Option<String>,
    unheld: Option<Both>,
    told: Option<Both>,
}

impl Documents {
    /// With how many groups were shown without script, and how many are held for it.
    pub(super) fn new(facts: &Facts, shown: usize, held: usize) -> Self {
        let unshown = facts.group_count - shown as u64;
        let unshown = (unshown > 0).then(|| {
            let texts = count(unshown, "repeated text is", "repeated texts are");
            format!("{texts} not shown without script; each repeats fewer characters than those above, or as many.")
        });
        let unheld = facts.group_count - held as u64;
        let unheld = (unheld > 0).then(|| {
            let texts = count(unheld, "repeated text is", "repeated texts are");
            both(
                format!("{texts} not in this file, because it would be too large; each repeats fewer characters than those in it, or as many. The file of matches has all."),
                format!(
                    "{} pas dans ce fichier, qui serait trop grand\u{A0}; chacun répète moins de caractères que ceux qui y sont, ou autant. Le fichier des rapprochements les a tous.",
                    nombre(unheld, "texte répété n’est", "textes répétés ne sont")
                ),
            )
        });
        let all = facts.shares.partly_count;
        let listed = facts.shares.partly.len() as u64;
        let told = (all > 0).then(|| {
            let documents = count(all, "document is", "documents are");
            let cut = match listed < all {
                true => format!(" Here are the {} with the most copied characters.", number(listed)),
                false => String::new(),
            };
            let en = format!("{documents} no copies as a whole, but hold text that stood before.{cut}")
                .replace("is no copies as a whole, but hold ", "is no copy as a whole, but holds ");
            let cut = match listed < all {
                true => format!(" Voici les {} qui ont le plus de caractères copiés.", french(&number(listed))),
                false => String::new(),
            };
            let documents = nombre(
                all,
                "document n’est pas une copie, mais a du texte déjà présent",
                "documents ne sont pas des copies, mais ont du texte déjà présent",
            );
            both(
                format!("{en} The bar is the document from its start to its end; what stood before is coloured, in turn by original, or dark grey where no listed piece tells it; light grey stands here first."),
                format!("{documents}.{cut} La barre est le document, du début à la fin\u{A0}; ce qui était déjà présent est en couleur, selon l’original, ou gris foncé si aucun morceau listé ne le dit\u{A0}; gris clair\u{A0}: présent ici d’abord."),
            )
        });
        Documents { unshown, unheld, told }
    }
}

/// One document.
#[derive(Template)]
#[template(path = "report/document.html")]
pub(super) struct DocumentView {
    place: PlaceView,
    share: String,
    length: u64,
    /// copied text that is in no listed piece
    others: Vec<Mark>,
    marks: Vec<Mark>,
    pieces: Vec<PieceView>,
    pieces_told: String,
    unlisted: Option<String>,
}

/// A part of a bar.
struct Mark {
    start: u64,
    length: u64,
    colour: usize,
}

struct PieceView {
    colour: usize,
    repeats: String,
    original: Option<PlaceView>,
    likeness: String,
}

impl DocumentView {
    pub(super) fn new(outcome: &Outcome, share: &DocumentShare) -> Self {
        let mut originals: Vec<u32> = Vec::new();
        let mut colour = |piece: &Repeat| {
            let document = piece.original.document;
            let at = originals.iter().position(|known| *known == document).unwrap_or(originals.len());
            if at == originals.len() {
                originals.push(document);
            }
            at % COLOURS + 1
        };
        let colours: Vec<usize> = share.pieces.iter().map(&mut colour).collect();
        let mark = |start: u64, end: u64, colour| {
            let scale = |at: u64| at * LENGTH / share.characters.max(1);
            let start = scale(start).min(LENGTH - 1);
            Mark { start, length: scale(end).max(start + 1) - start, colour }
        };
        let view = |(piece, &colour): (&Repeat, &usize)| PieceView {
            colour,
            repeats: wording::repeats(piece),
            original: (piece.original.document != share.document)
                .then(|| PlaceView::new(outcome, piece.original.document)),
            likeness: wording::likeness(piece),
        };
        let marks: Vec<Mark> = share
            .pieces
            .iter()
            .zip(&colours)
            .map(|(piece, &colour)| {
                let chars = &piece.copy.span.chars;
                mark(chars.start, chars.end, colour)
            })
            .collect();
        let mut others: Vec<Mark> = Vec::new();
        let mut listed = share.pieces.iter().map(|piece| piece.copy.span.chars.clone()).peekable();
        for part in outcome.copied_parts(share.document) {
            let mut at = part.start;
            while let Some(piece) = listed.next_if(|piece| piece.start < part.end) {
                others.extend((piece.start > at).then(|| mark(at, piece.start, 0)));
                at = at.max(piece.end);
            }
            others.extend((part.end > at).then(|| mark(at, part.end, 0)));
        }
        others.retain(|mark| mark.length >= VISIBLE);
        let unlisted = share.piece_count - share.pieces.len() as u64;
        DocumentView {
            place: PlaceView::new(outcome, share.document),
            share: format!(
                "{} stood before: {} of {} characters",
                percent(share.copied, share.characters),
                number(share.copied),
                number(share.characters)
            ),
            length: LENGTH,
            others,
            marks,
            pieces: share.pieces.iter().zip(&colours).map(view).collect(),
            pieces_told: count(share.piece_count, "piece", "pieces"),
            unlisted: (unlisted > 0).then(|| count(unlisted, "more piece", "more pieces")),
        }
    }
}

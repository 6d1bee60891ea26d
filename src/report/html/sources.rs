//! What the sources are, where a field of the records names them.

use crate::outcome::Outcome;
use crate::report::clean;
use crate::report::html::NAME;
use crate::report::html::both::{Both, both, count};

/// What was `told`, and behind it which field names the sources, and what does so where it is missing.
pub(super) fn after(told: Both, outcome: &Outcome) -> Both {
    let Some(field) = outcome.source_field() else { return told };
    let name = clean::name(&field.field, NAME);
    let Both { mut en, mut fr } = told;
    en.push_str(&format!(" The field “{name}” names the sources."));
    fr.push_str(&format!(" Le champ «\u{A0}{name}\u{A0}» nomme les sources."));
    if field.unnamed > 0 {
        let french = ["document qui ne l’a pas", "documents qui ne l’ont pas"];
        let documents = count(field.unnamed, ["document without it", "documents without it"], french);
        en.push_str(&format!(" Of {}, the place of the file does.", documents.en));
        fr.push_str(&format!(" Pour {}, c’est l’emplacement du fichier.", documents.fr));
    }
    if outcome.first_document() > 0 {
        en.push_str(" The index does not keep that field: its documents are told by their files.");
        fr.push_str(" L’index ne conserve pas ce champ\u{A0}: ses documents sont désignés par leur fichier.");
    }
    both(en, fr)
}

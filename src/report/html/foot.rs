//! The foot: what was not read, not used.

use askama::Template;

use crate::document::{Skip, SkipReason};
use crate::outcome::Outcome;
use crate::report::html::NAME;
use crate::report::html::both::{Both, both, nombre, number};
use crate::report::{clean, json, wording};

/// Ignored files that are listed.
const IGNORED: usize = 200;

/// What was not read, not used.
#[derive(Template)]
#[template(path = "report/foot.html")]
pub(super) struct Foot {
    skipped: Option<Both>,
    skips: Vec<SkipView>,
    ignored: Option<Both>,
    ignored_files: Vec<String>,
}

struct SkipView {
    source: String,
    at: String,
    reason: Both,
    detail: String,
}

impl Foot {
    pub(super) fn new(outcome: &Outcome) -> Self {
        let skips = outcome.skips();
        let skipped = (!skips.is_empty()).then(|| skipped(outcome));
        let view = |skip: &Skip| SkipView {
            source: clean::name(&outcome.sources()[skip.source as usize].name, NAME),
            at: wording::skipped_at(skip, outcome.has_records(skip.source)),
            reason: reason(skip.reason),
            detail: clean::name(&skip.detail, NAME),
        };
        let ignored = outcome.ignored();
        let told = (!ignored.is_empty()).then(|| {
            let all = ignored.len() as u64;
            let files = wording::count(all, "file was", "files were");
            let fichiers = nombre(all, "fichier n’a pas été lu", "fichiers n’ont pas été lus");
            let [cut, coupe] = match ignored.len() > IGNORED {
                true => [
                    format!("; the first {IGNORED} are listed"),
                    format!("\u{A0}; les {IGNORED} premiers sont listés"),
                ],
                false => [String::new(), String::new()],
            };
            both(
                format!("{files} not read, because the name tells no known format, or it is no file{cut}."),
                format!("{fichiers}, le nom ne disant aucun format connu, ou n’étant pas un fichier{coupe}."),
            )
        });
        Foot {
            skipped,
            skips: skips.iter().take(json::SKIPS).map(view).collect(),
            ignored: told,
            ignored_files: ignored.iter().take(IGNORED).map(|file| clean::name(file, NAME)).collect(),
        }
    }
}

fn skipped(outcome: &Outcome) -> Both {
    let told: Vec<Both> = outcome
        .skipped()
        .map(|(why, count)| {
            let (count, why) = (number(count), reason(why));
            both(format!("{} {}", count.en, why.en), format!("{} {}", count.fr, why.fr))
        })
        .collect();
    let cut = outcome.skip_count() > json::SKIPS as u64;
    let most = number(json::SKIPS as u64);
    let join = |of: fn(&Both) -> &str| told.iter().map(of).collect::<Vec<_>>();
    let [listed, listes] = match cut {
        true => {
            [format!(" The first {} are listed.", most.en), format!(" Les {} premiers sont listés.", most.fr)]
        }
        false => [String::new(), String::new()],
    };
    both(
        format!("{}.{listed}", join(|of| &of.en).join("; ")),
        format!("{}.{listes}", join(|of| &of.fr).join("\u{A0}; ")),
    )
}

fn reason(reason: SkipReason) -> Both {
    let fr = match reason {
        SkipReason::InvalidJson => "JSON invalide",
        SkipReason::NotAnObject => "pas un objet JSON",
        SkipReason::MissingText => "sans le champ du texte",
        SkipReason::TextNotString => "champ du texte qui n’est pas une chaîne",
        SkipReason::InvalidUtf8 => "UTF-8 invalide",
        SkipReason::TooLarge => "trop grand",
        SkipReason::FieldCount => "un autre nombre de champs que l’en-tête",
        SkipReason::Truncated => "données coupées ou abîmées",
        SkipReason::Unreadable => "illisible",
    };
    both(wording::reason(reason), fr)
}

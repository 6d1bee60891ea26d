//! The foot: what was not read, not used.

use askama::Template;

use crate::document::Skip;
use crate::outcome::Outcome;
use crate::report::facts::Facts;
use crate::report::html::NAME;
use crate::report::wording::{self, count, number};
use crate::report::{clean, json};

/// Ignored files that are listed.
const IGNORED: usize = 200;

/// What was not read, not used.
#[derive(Template)]
#[template(path = "report/foot.html")]
pub(super) struct Foot {
    has_documents: bool,
    skipped: Option<String>,
    skips: Vec<SkipView>,
    ignored: Option<String>,
    ignored_files: Vec<String>,
}

struct SkipView {
    source: String,
    at: String,
    reason: &'static str,
    detail: String,
}

impl Foot {
    pub(super) fn new(outcome: &Outcome, facts: &Facts) -> Self {
        let skips = outcome.skips();
        let skipped = (!skips.is_empty()).then(|| skipped(outcome));
        let view = |skip: &Skip| SkipView {
            source: clean::name(&outcome.sources()[skip.source as usize].name, NAME),
            at: wording::skipped_at(skip, outcome.has_records(skip.source)),
            reason: wording::reason(skip.reason),
            detail: clean::name(&skip.detail, NAME),
        };
        let ignored = outcome.ignored();
        let told = (!ignored.is_empty()).then(|| {
            let files = count(ignored.len() as u64, "file was", "files were");
            let listed = if ignored.len() > IGNORED {
                format!("; the first {IGNORED} are listed")
            } else {
                String::new()
            };
            format!("{files} not read, because the name tells no known format{listed}.")
        });
        Foot {
            has_documents: !facts.shares.partly.is_empty(),
            skipped,
            skips: skips.iter().take(json::SKIPS).map(view).collect(),
            ignored: told,
            ignored_files: ignored.iter().take(IGNORED).map(|file| clean::name(file, NAME)).collect(),
        }
    }
}

fn skipped(outcome: &Outcome) -> String {
    let reasons: Vec<String> = outcome
        .skipped()
        .map(|(reason, count)| format!("{} {}", number(count), wording::reason(reason)))
        .collect();
    let all = outcome.skips().len();
    let listed = match all > json::SKIPS {
        true => format!(" The first {} are listed.", number(json::SKIPS as u64)),
        false => String::new(),
    };
    format!("{}.{listed}", reasons.join("; "))
}

//! What a run of `redite dedup` kept and removed, by source: for a person, and as JSON; and the words of its
//! guards.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::dedup::{Account, Counts, Finding, Outstanding, Removal, Rules, Texts};
use crate::document::{Kind, Place, SkipReason, Source};
use crate::error::Refusal;
use crate::order::Order;
use crate::outcome::Outcome;
use crate::report::clean;
use crate::report::terminal::{NAME, line_of_place};
use crate::report::wording::{self, count, number, percent};

/// Sources that a person sees.
const SOURCES: usize = 20;

/// Findings of a kind that are told.
pub const TOLD: usize = 20;

/// The most sources that are listed as JSON.
pub const LISTED: usize = 1_000;

/// The object `dedup` of the JSON summary.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// the folder as given
    pub output: String,
    /// what is removed
    pub remove: Vec<&'static str>,
    /// whether everything is kept and annotated instead
    pub annotate: bool,
    /// which of several versions is the original
    pub prefer: String,
    /// all sources together
    #[serde(flatten)]
    pub all: Counts,
    /// copies that are kept because they are protected
    pub protected: u64,
    /// copies that are kept, where copies leave, because they are contained and these do not
    pub contained: u64,
    /// documents without the date that was asked for
    pub undated: u64,
    /// the first [`LISTED`] sources
    pub sources: Vec<&'a Account>,
}

/// The numbers as JSON.
pub fn report<'a>(outcome: &Outcome, removal: &'a Removal, rules: &Rules, output: &str) -> Report<'a> {
    Report {
        output: output.to_owned(),
        remove: outcome.summary().parameters.remove.names(),
        annotate: rules.annotate,
        prefer: outcome.order().prefer.to_string(),
        all: removal.all,
        protected: removal.protected,
        contained: removal.contained,
        undated: removal.undated,
        sources: removal.accounts.iter().take(LISTED).collect(),
    }
}

/// What to say of patterns that protect nothing.
pub fn idle<'a>(order: &'a Order, sources: &[Source]) -> impl Iterator<Item = String> + use<'a> {
    let idle = order.protect.idle(sources, &order.file_places).into_iter();
    idle.map(|pattern| format!("`--protect {pattern}` fits no file of the input: it protects nothing"))
}

/// Writes the numbers for a person, behind the summary of what was found.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(removal: &Removal, output: &str, colour: bool, to: &mut impl Write) -> io::Result<()> {
    let [bold, plain] = if colour { ["\x1b[1m", "\x1b[0m"] } else { [""; 2] };
    writeln!(to, "\n{bold}Written to {}{plain}", clean::line(output, NAME))?;
    sentences(removal).iter().try_for_each(|sentence| writeln!(to, "  {sentence}"))?;
    if removal.accounts.len() < 2 {
        return Ok(());
    }
    let mut accounts: Vec<&Account> = removal.accounts.iter().collect();
    accounts.sort_by_key(|account| std::cmp::Reverse(account.counts.removed));
    for account in accounts.iter().take(SOURCES) {
        writeln!(to, "    {}: {}", clean::line(&account.name, NAME), numbers(&account.counts))?;
    }
    if accounts.len() > SOURCES {
        writeln!(to, "    and {} more", count((accounts.len() - SOURCES) as u64, "source", "sources"))?;
    }
    Ok(())
}

/// What became of all records together, and of the texts, where parts of them leave.
pub(super) fn sentences(removal: &Removal) -> Vec<String> {
    let mut told = vec![numbers(&removal.all)];
    told.extend(removal.all.texts.iter().flat_map(parts));
    if removal.protected > 0 {
        told.push(format!("{} kept: protected", count(removal.protected, "copy is", "copies are")));
    }
    if removal.contained > 0 {
        let contained =
            count(removal.contained, "copy is contained and stays", "copies are contained and stay");
        told.push(format!("{contained} (`--remove documents,contained`)"));
    }
    if removal.undated > 0 {
        let undated = count(removal.undated, "document has", "documents have");
        told.push(format!("{undated} no date that can be read, and came last"));
    }
    told
}

/// What leaves the texts.
fn parts(texts: &Texts) -> Vec<String> {
    let [kept, removed, inside] =
        [texts.paragraphs_kept, texts.paragraphs_removed, texts.paragraphs_in_removed].map(number);
    let read = count(texts.paragraphs, "paragraph", "paragraphs");
    let passages = count(texts.passages_removed, "passage", "passages");
    let (gone, all) = (number(texts.characters_removed), count(texts.characters, "character", "characters"));
    let share = percent(texts.characters_removed, texts.characters);
    let mut told = vec![
        format!("{read}: {kept} kept, {removed} removed, {inside} in removed documents"),
        format!("{passages} removed; in all {gone} of {all} ({share})"),
    ];
    if texts.emptied > 0 {
        let records = count(texts.emptied, "record is", "records are");
        told.push(format!("{records} kept with an empty text: all of it stands elsewhere"));
    }
    told
}

fn numbers(counts: &Counts) -> String {
    let [kept, removed, skipped] = [counts.kept, counts.removed, counts.skipped].map(number);
    let share = percent(counts.removed, counts.kept + counts.removed);
    let read = count(counts.read, "record", "records");
    format!("{read}: {kept} kept, {removed} removed ({share}), {skipped} skipped")
}

/// What guards say: of each kind the first [`TOLD`] findings, and how many more there are of it; and how many those are in
/// all.
pub fn all_told(outcome: &Outcome, findings: &[Finding]) -> (Vec<String>, u64) {
    let mut all = Vec::new();
    // sources, their texts, crowds; what all together lose is one
    let mut of_kind = [0; 4];
    for finding in findings {
        let kind = match finding.what {
            Outstanding::Source(_) => 0,
            Outstanding::SourceText(_) => 1,
            Outstanding::Crowd { .. } => 2,
            Outstanding::All | Outstanding::AllText => 3,
        };
        of_kind[kind] += 1;
        if of_kind[kind] <= TOLD || kind == 3 {
            all.push(told(outcome, finding));
        }
    }
    let kinds = [
        ["more source loses too many documents", "more sources lose too many documents"],
        ["more source loses too many characters", "more sources lose too many characters"],
        ["more document has as many copies", "more documents have as many copies"],
    ];
    let mut left_out = 0;
    for (found, [one, many]) in of_kind.into_iter().zip(kinds) {
        let more = found.saturating_sub(TOLD) as u64;
        left_out += more;
        all.extend((more > 0).then(|| format!("and {}", count(more, one, many))));
    }
    (all, left_out)
}

/// What a guard says, with examples; on several lines.
fn told(outcome: &Outcome, finding: &Finding) -> String {
    let unit = match finding.what {
        Outstanding::SourceText(_) | Outstanding::AllText => ["character", "characters"],
        _ => ["document", "documents"],
    };
    let (some, of) = (number(finding.documents), count(finding.of, unit[0], unit[1]));
    let share = percent(finding.documents, finding.of);
    let mut told = match &finding.what {
        Outstanding::Source(name) | Outstanding::SourceText(name) => {
            let name = clean::line(name, NAME);
            format!("source `{name}` loses {some} of {of} ({share})")
        }
        Outstanding::All | Outstanding::AllText => {
            format!("all sources together lose {some} of {of} ({share})")
        }
        Outstanding::Crowd { original } => {
            let original = line_of_place(outcome, *original);
            format!("one document and its copies are {some} of {of} ({share}): {original}")
        }
    };
    for &document in &finding.examples {
        let Some(found) = outcome.match_of(Place { document, paragraph: None }) else { continue };
        let (copy, original) =
            (line_of_place(outcome, document), line_of_place(outcome, found.original.document));
        let kind = match found.kind {
            Kind::Exact => "exact copy".to_owned(),
            Kind::Near => format!("similarity {}", wording::share(found.jaccard, 2)),
            Kind::Contained => "contained".to_owned(),
        };
        told.push_str(&format!("\n  {copy} repeats {original}, {kind}"));
    }
    told
}

/// The first of what could not be used: its place, and why.
pub fn first_skipped(outcome: &Outcome) -> Option<String> {
    outcome.skips().first().map(|skip| wording::skipped(outcome, skip))
}

/// Why nothing is written where there were records, or files, and none could be used: as a night of another feed's
/// fields, which would be added as an empty one, or pass for a corpus that repeats nothing. `None` where some could, or there were none.
pub fn unusable(outcome: &Outcome) -> Option<Refusal> {
    if outcome.own_documents() > 0 || outcome.skips().is_empty() {
        return None;
    }
    let mut told = String::new();
    for (reason, skipped) in outcome.skipped().filter(|(_, skipped)| *skipped > 0) {
        let first = outcome.skips_for(reason).first().map(|skip| wording::skipped(outcome, skip));
        told += &format!(
            "\n  {} {}, first {}",
            number(skipped),
            wording::reason(reason),
            first.unwrap_or_default()
        );
    }
    let all =
        count(outcome.skipped().map(|(_, skipped)| skipped).sum(), "record or file", "records and files");
    let is_lost =
        |reason| matches!(reason, SkipReason::Unreadable | SkipReason::Truncated | SkipReason::TooLarge);
    let mut reasons = outcome.skipped().filter(|(_, skipped)| *skipped > 0);
    let hint = if is_text_as_records(outcome) {
        "a text on standard input needs `Format::Text`"
    } else if reasons.all(|(reason, _)| is_lost(reason)) {
        "do what is told of the first, get the files once more, or leave them out"
    } else {
        "say how they are to be read with `Params::text_field` or `document::Format`, or leave them out"
    };
    Some(Refusal::Unusable { told: format!("of {all} none could be used\n{told}"), hint })
}

/// Whether nothing but standard input was read, as records, and none of its lines is one.
fn is_text_as_records(outcome: &Outcome) -> bool {
    let input = &outcome.summary().input;
    let invalid = input.skipped.get(SkipReason::InvalidJson.name()).copied().unwrap_or_default();
    outcome.own_sources().iter().all(|source| source.path.is_none())
        && invalid > 0
        && invalid == input.records
}

/// Why nothing is written; `index` is the one that the run was matched against.
pub fn refusal(outcome: &Outcome, removal: &Removal, limit: f64, index: Option<&Path>) -> Refusal {
    let (findings, _) = all_told(outcome, &removal.refusals);
    Refusal::TooMuch {
        limit: format!("{} %", (limit * 1e8).round() / 1e6),
        findings: findings.join("\n"),
        index: index.map(Path::to_path_buf),
    }
}

//! Facts in words: numbers, shares, places and parameters as people read them. One voice for the terminal
//! and for the HTML report. Records and paragraphs are counted from 1 here, and only here.

use crate::certify::{Certificate, Measured};
use crate::document::{Kind, Skip, SkipReason};
use crate::outcome::{Outcome, Summary, UnitSummary};
use crate::report::clean;
#[cfg(feature = "html")]
use crate::report::facts::Explained;
use crate::report::facts::{Copy, Extent, Group, Repeat, Stretch};
use crate::report::terminal::{NAME, named};

/// Lengths by which passages are counted, in words.
pub(super) const PASSAGE_LENGTHS: [&str; 6] =
    ["under 50", "50-99", "100-199", "200-499", "500-999", "1,000 and more"];

/// An id longer than this is shown as it was written, in bytes.
const LONGEST_ID: usize = 4096;

/// `1,234,567`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// `1 file`, `2 files`.
pub fn count(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A share in percent to one decimal; something is never 0, and all is never less.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    percent_told(if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 })
}

/// A number of percent in the same way.
pub(super) fn percent_told(percent: f64) -> String {
    match percent {
        0.0 => "0 %".to_owned(),
        100.0.. => "100 %".to_owned(),
        ..0.1 => "under 0.1 %".to_owned(),
        _ => format!("{:.1} %", percent.min(99.9)),
    }
}

/// A threshold with all of its digits behind the point, at least two.
pub(super) fn threshold(threshold: f64) -> String {
    let told = threshold.to_string();
    let digits = told.split_once('.').map_or(0, |(_, digits)| digits.len());
    if digits < 2 { format!("{threshold:.2}") } else { told }
}

/// A similarity or a probability to `decimals`, rounded down, so that what misses a limit never seems to
/// reach it.
pub(super) fn share(share: f64, decimals: usize) -> String {
    let scale = 10f64.powi(decimals as i32);
    format!("{:.decimals$}", (share * scale + 1e-6).floor() / scale)
}

/// What a delay is told in.
#[derive(Clone, Copy)]
pub(super) enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
}

impl TimeUnit {
    /// One of it, and several.
    pub(super) fn names(self) -> [&'static str; 2] {
        match self {
            TimeUnit::Second => ["second", "seconds"],
            TimeUnit::Minute => ["minute", "minutes"],
            TimeUnit::Hour => ["hour", "hours"],
            TimeUnit::Day => ["day", "days"],
        }
    }
}

/// Seconds in the largest unit of which there are two.
pub(super) fn delay(seconds: u64) -> (u64, TimeUnit) {
    match seconds {
        0..120 => (seconds, TimeUnit::Second),
        120..7_200 => (seconds / 60, TimeUnit::Minute),
        7_200..172_800 => (seconds / 3_600, TimeUnit::Hour),
        _ => (seconds / 86_400, TimeUnit::Day),
    }
}

/// How a copy is like its original: `exact`, `similarity 0.83`, `similarity 0.71 to 1.00`.
pub(super) fn likeness(repeat: &Repeat) -> String {
    let [low, high] = repeat.similarity.map(|jaccard| share(jaccard, 2));
    match repeat.kind {
        Kind::Exact => "exact".to_owned(),
        Kind::Contained => "contained".to_owned(),
        Kind::Near if low == high => format!("similarity {low}"),
        Kind::Near => format!("similarity {low} to {high}"),
    }
}

/// `whole document`, `paragraph 3`, `paragraphs 2-8`; where a passage does not hold all of its paragraphs:
/// `paragraph 4 (characters 120-480)`, `paragraphs 3 (from character 31) to 5 (up to character 80)`.
pub(super) fn extent(stretch: &Stretch) -> String {
    let nth = |from_zero: u64| number(from_zero + 1);
    let (paragraphs, edges) = match stretch.extent {
        Extent::Document => return "whole document".to_owned(),
        Extent::Paragraphs(paragraphs) => (paragraphs, [None; 2]),
        Extent::Passage(paragraphs, edges) => (paragraphs, edges),
    };
    let [first, last] = [paragraphs.first, paragraphs.last].map(|number| nth(number.into()));
    let length = stretch.span.chars.end - stretch.span.chars.start;
    match (first == last, edges) {
        (true, [None, None]) => format!("paragraph {first}"),
        (true, [from, _]) => {
            let from = from.unwrap_or(0);
            let upto = edges[1].unwrap_or(from + length.saturating_sub(1));
            format!("paragraph {first} (characters {}-{})", nth(from), nth(upto))
        }
        (false, [None, None]) => format!("paragraphs {first}-{last}"),
        (false, [from, upto]) => {
            let from = from.map(|from| format!(" (from character {})", nth(from))).unwrap_or_default();
            let upto = upto.map(|upto| format!(" (up to character {})", nth(upto))).unwrap_or_default();
            format!("paragraphs {first}{from} to {last}{upto}")
        }
    }
}

/// `5 copies of a document`, `5 copies of a document or of parts of it`, `12 copies of 4 paragraphs`, `2 documents contained in
/// another`.
pub(super) fn copies_of(group: &Group) -> String {
    if let Some(contained) = all_contained(group) {
        let (one, many) = match contained {
            Extent::Document => ("document", "documents"),
            _ => ("paragraph", "paragraphs"),
        };
        return format!("{} contained in another", count(group.count, one, many));
    }
    let what = match group.original.extent {
        Extent::Document if group.copies.iter().any(is_of_part) => "a document or of parts of it".to_owned(),
        Extent::Document => "a document".to_owned(),
        Extent::Paragraphs(paragraphs) | Extent::Passage(paragraphs, [None, None]) => {
            match u64::from(paragraphs.last - paragraphs.first) + 1 {
                1 => "a paragraph".to_owned(),
                several => format!("{} paragraphs", number(several)),
            }
        }
        Extent::Passage(..) => "a passage".to_owned(),
    };
    format!("{} of {what}", count(group.count, "copy", "copies"))
}

/// Whether a copy repeats a part of a document.
fn is_of_part(copy: &Copy) -> bool {
    copy.repeat.original.extent != Extent::Document
}

/// What the copies of a group are, where all are contained and alike in that.
pub(super) fn all_contained(group: &Group) -> Option<Extent> {
    let is_document = |copy: &Copy| copy.repeat.copy.extent == Extent::Document;
    let first = group.copies.first()?;
    let is_alike =
        |copy: &Copy| copy.repeat.kind == Kind::Contained && is_document(copy) == is_document(first);
    let is_all = group.count == group.copies.len() as u64 && group.copies.iter().all(is_alike);
    is_all.then_some(first.repeat.copy.extent)
}

/// What repeats what: `whole document`, `paragraphs 9-15 repeat paragraphs 2-8`.
pub(super) fn repeats(repeat: &Repeat) -> String {
    if [&repeat.copy, &repeat.original].iter().all(|stretch| stretch.extent == Extent::Document) {
        return "whole document".to_owned();
    }
    let is_several = match repeat.copy.extent {
        Extent::Document => false,
        Extent::Paragraphs(paragraphs) | Extent::Passage(paragraphs, _) => paragraphs.first < paragraphs.last,
    };
    let verb = if is_several { "repeat" } else { "repeats" };
    format!("{} {verb} {}", extent(&repeat.copy), extent(&repeat.original))
}

/// Where a document stands; names and ids as they were given, not cleaned.
pub(super) struct Place<'a> {
    pub(super) source: &'a str,
    /// where its source has several
    pub(super) record: Option<String>,
    pub(super) id: Option<String>,
    /// its source, where a field names it
    pub(super) from: Option<&'a str>,
    /// whether it is in the index that the run was made against
    pub(super) is_archived: bool,
}

/// Names a document.
pub(super) fn place(outcome: &Outcome, document: u32) -> Place<'_> {
    let (source, record) = outcome.record(document);
    let decoded = |id: &str| {
        let string = (id.len() <= LONGEST_ID).then(|| serde_json::from_str::<String>(id).ok());
        string.flatten().unwrap_or_else(|| id.to_owned())
    };
    Place {
        source: &outcome.sources()[source as usize].name,
        record: outcome.has_records(source).then(|| format!("record {}", number(u64::from(record) + 1))),
        id: outcome.id(document).map(|id| decoded(&id)),
        from: outcome.named_source(document),
        is_archived: document < outcome.first_document(),
    }
}

/// Why a record was not used.
pub(super) fn reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::InvalidJson => "not valid JSON",
        SkipReason::NotAnObject => "not a JSON object",
        SkipReason::MissingText => "without the text field",
        SkipReason::TextNotString => "text field is not a string",
        SkipReason::InvalidUtf8 => "not valid UTF-8",
        SkipReason::FieldCount => "more or fewer fields than columns",
        SkipReason::TooLarge => "too large",
        SkipReason::Truncated => "data cut short or damaged",
        SkipReason::Unreadable => "could not be read",
    }
}

/// Where something was skipped, and why: `a.jsonl:12: expected value at byte 1`.
pub(super) fn skipped(outcome: &Outcome, skip: &Skip) -> String {
    let source = named(&outcome.sources()[skip.source as usize].name);
    let at = skipped_at(skip, outcome.has_records(skip.source));
    format!("{source}{at}: {}", clean::line(&skip.detail, NAME))
}

/// The place of something skipped, behind its source's name: `:12` for a line, else nothing or its record.
pub(super) fn skipped_at(skip: &Skip, has_records: bool) -> String {
    match (skip.line, skip.record) {
        (Some(line), _) => format!(":{line}"),
        (None, Some(record)) if skip.records > 1 => {
            format!(", records {}-{}", number(record + 1), number(record + skip.records))
        }
        (None, Some(record)) if has_records => format!(", record {}", number(record + 1)),
        _ => String::new(),
    }
}

/// What counts as a match.
pub(super) fn matching(summary: &Summary) -> String {
    let parameters = &summary.parameters;
    let threshold = percent_of(parameters.threshold);
    let sequences = match parameters.shingle {
        1 => "different words".to_owned(),
        shingle => format!("different sequences of {shingle} words"),
    };
    format!("Two texts match when they share at least {threshold} of all {sequences} that either of them has")
}

/// What of a text is not compared.
pub(super) const NOT_COMPARED: &str = "Case, punctuation and spacing are not compared; in scripts written without \
                                       spaces each character counts as a word";

/// What counts as a passage, and as contained.
pub(super) fn matching_passages(summary: &Summary) -> Option<String> {
    let parameters = &summary.parameters;
    parameters.units.passages.then(|| {
        format!(
            "A passage is at least {} words in a row that stood before, whatever the paragraph breaks, followed \
             over small differences while at least {} of the words agree; of two that overlap, the longer has the \
             words of both, and less may be left of the other; a text is contained when at least {} of its words lie in passages from one earlier document",
            number(u64::from(parameters.passage)),
            percent_of(parameters.identity),
            percent_of(parameters.contained)
        )
    })
}

/// `12 of 3,456 are copies (10 exact, 2 near)`.
pub(super) fn copies(units: &UnitSummary, all: u64) -> String {
    format!("{} of {} are copies ({})", number(units.copies()), number(all), kinds(units))
}

/// `10 exact, 2 near`, and how many are contained where some are.
pub(super) fn kinds(units: &UnitSummary) -> String {
    let contained = match units.contained_copies {
        0 => String::new(),
        contained => format!(", {} contained in a longer text", number(contained)),
    };
    format!("{} exact, {} near{contained}", number(units.exact_copies), number(units.near_copies))
}

/// How many passages there are: `14 stood before (11 exact, 3 near), with 9,187 characters`.
pub(super) fn passages(summary: &Summary) -> String {
    let passages = &summary.passages;
    format!(
        "{} stood before ({}), with {}",
        number(passages.count),
        passage_kinds(summary),
        characters(passages.characters)
    )
}

/// `11 exact, 3 near`.
pub(super) fn passage_kinds(summary: &Summary) -> String {
    let passages = &summary.passages;
    format!("{} exact, {} near", number(passages.exact), number(passages.count - passages.exact))
}

/// Passages by length: `under 50 words` and how many; lengths that none has are left out.
pub(super) fn passage_lengths(summary: &Summary) -> Vec<(&'static str, u64)> {
    PASSAGE_LENGTHS.into_iter().zip(summary.passages.by_tokens).filter(|(_, count)| *count > 0).collect()
}

/// `3 passages`, `2 paragraphs`, `3 passages and 2 paragraphs`; nothing where there are none.
#[cfg(feature = "html")]
pub(super) fn explained(explained: Explained) -> Option<String> {
    let Explained { passages, paragraphs } = explained;
    let passages = (passages > 0).then(|| count(passages, "passage", "passages"));
    let paragraphs = (paragraphs > 0).then(|| count(paragraphs, "paragraph", "paragraphs"));
    let told: Vec<String> = [passages, paragraphs].into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join(" and "))
}

/// `1,234 characters`.
pub(super) fn characters(characters: u64) -> String {
    count(characters, "character", "characters")
}

/// What was compared.
pub(super) fn compared(summary: &Summary) -> String {
    let parameters = &summary.parameters;
    let units = parameters.units;
    let words = |least: u32| number(u64::from(least));
    let told = [
        units.documents.then(|| "whole documents".to_owned()),
        units.paragraphs.then(|| format!("paragraphs of at least {} words", words(parameters.min_tokens))),
        units.passages.then(|| format!("passages of at least {} words", words(parameters.passage))),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    format!("Looked for: {}", told.join(", "))
}

/// How documents were cut into paragraphs.
#[cfg(feature = "html")]
pub(super) fn cutting(summary: &Summary) -> &'static str {
    use crate::params::ParagraphMode;
    match summary.parameters.paragraphs {
        ParagraphMode::Auto | ParagraphMode::AutoV1 => {
            "A paragraph is a line; in hard-wrapped documents it is a block between blank lines"
        }
        ParagraphMode::Line => "A paragraph is a line",
        ParagraphMode::Blank => "A paragraph is a block between blank lines",
    }
}

/// What share of the pairs at the threshold is expected to be found, in percent; where any may be lost it is not all.
pub(super) fn recall(summary: &Summary) -> String {
    let found = summary.plan.probability(summary.parameters.threshold);
    share(if found < 1.0 { (found * 100.0).min(99.9) } else { 100.0 }, 1)
}

/// What can be trusted, and what may be missing.
pub(super) fn sureness(summary: &Summary) -> Vec<String> {
    let threshold = summary.parameters.threshold;
    let recall = recall(summary);
    let mut told = vec![
        "Every match was compared word by word: no near copy of a document or paragraph is below the threshold"
            .to_owned(),
        format!(
            "Of the pairs exactly at the threshold ({}), {recall} % are expected to be found; of more similar \
             ones, more; equal texts always",
            self::threshold(threshold)
        ),
    ];
    if summary.parameters.units.passages {
        told.push(format!(
            "Every passage of at least {} words that stood before word for word is found",
            number(u64::from(summary.parameters.passage))
        ));
    }
    if summary.capped > 0 {
        told.push(capped(summary));
    }
    told
}

/// Measured recall: the result, then what was measured.
pub(super) fn certificate(certificate: &Certificate) -> [String; 2] {
    let kinds = [(&certificate.documents, "document"), (&certificate.paragraphs, "paragraph")];
    let kinds = kinds
        .into_iter()
        .filter_map(|(of, name)| of.as_ref().map(|of| count(of.sample, name, &format!("{name}s"))));
    let kinds: Vec<String> = kinds.collect();
    let sample = format!("a sample of {} ({})", count(certificate.sample, "text", "texts"), kinds.join(", "));
    let told = if certificate.measured.matches == 0 {
        format!("{sample} has no true match, so there is nothing to measure recall by")
    } else {
        let matches = count(certificate.measured.matches, "true match", "true matches");
        let found = count(certificate.measured.found, "was", "were");
        format!("Of {matches} of {sample}, {found} found: {}", measured(&certificate.measured))
    };
    let meaning = "A true match is a text that has to be a copy: compared exactly, by all its sequences of \
                   words, it reaches the threshold with an earlier original, and one of both is in the \
                   sample; it is found if the run calls it a copy. Texts that are equal word for word are always \
                   found and not counted. Recall is measured by this definition of similarity, not by another";
    let mut characters = told.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    [first.chain(characters).collect(), meaning.to_owned()]
}

/// `99.6 %, 95 % interval 99.0 to 99.8 %`; nothing where there is nothing to measure.
pub(super) fn measured(measured: &Measured) -> String {
    let (Some(recall), Some([low, high])) = (measured.recall, measured.interval) else {
        return "-".to_owned();
    };
    let [recall, low, high] = [recall, low, high].map(|part| share(part * 100.0, 1));
    format!("{recall} %, 95 % interval {low} to {high} %")
}

/// By unit and by range of similarity: what it is, found of how many, the share.
pub(super) fn certified(certificate: &Certificate) -> Vec<[String; 3]> {
    let row = |name: String, of: &Measured| {
        [name, format!("{} of {}", number(of.found), number(of.matches)), measured(of)]
    };
    let units = [(&certificate.documents, "documents"), (&certificate.paragraphs, "paragraphs")];
    let units = units.into_iter().filter_map(|(of, name)| Some(row(name.to_owned(), &of.as_ref()?.measured)));
    let ranges = certificate.by_similarity.iter().filter(|range| range.measured.matches > 0);
    let ranges = ranges.map(|range| {
        row(format!("similarity {} to {}", share(range.from, 2), share(range.to, 2)), &range.measured)
    });
    units.chain(ranges).collect()
}

/// What was passed over to keep a run linear.
fn capped(summary: &Summary) -> String {
    let units = summary.parameters.units;
    let comparisons = number(u64::from(summary.parameters.comparisons));
    let texts = (units.documents || units.paragraphs)
        .then(|| format!("a text is compared with at most {comparisons} others"));
    let passages = units.passages.then(|| {
        "of places that begin alike and of passages that compete for the same words, only the first are \
         looked at, and those that have a whole verbatim passage which these have not"
            .to_owned()
    });
    let missing = match (texts.is_some(), passages.is_some()) {
        (true, true) => "a few matches may be missing there, but no verbatim passage",
        (false, true) => "a few passages with differences may be missing there, but no verbatim one",
        _ => "a few matches may be missing there",
    };
    let caps: Vec<String> = [texts, passages].into_iter().flatten().collect();
    format!(
        "To bound the work, {}: {} passed over so; {missing}",
        caps.join("; "),
        count(summary.capped, "comparison or place was", "comparisons and places were")
    )
}

/// `60 %`, `62.5 %`.
pub(super) fn percent_of(share: f64) -> String {
    let percent = format!("{:.1}", share * 100.0);
    format!("{} %", percent.strip_suffix(".0").unwrap_or(&percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_match_was_found() {
        let told = |found: u64| {
            let measured = Measured { matches: 1, found, recall: Some(found as f64), interval: None };
            let (by_similarity, missed) = Default::default();
            let certificate = Certificate {
                sample: 10,
                measured,
                documents: None,
                paragraphs: None,
                by_similarity,
                pairs: 1,
                pairs_of_copies: 0,
                missed,
            };
            super::certificate(&certificate)[0].clone()
        };
        assert!(told(1).contains("Of 1 true match of a sample of 10 texts (), 1 was found: "), "{}", told(1));
        assert!(told(0).contains(", 0 were found: "), "{}", told(0));
    }

    #[test]
    fn numbers_and_shares() {
        let told: Vec<String> = [0, 999, 1000, 123_456, 1_234_567].into_iter().map(number).collect();
        assert_eq!(told, ["0", "999", "1,000", "123,456", "1,234,567"]);
        assert_eq!(percent(1, 100_000), "under 0.1 %");
        assert_eq!(percent(99_999, 100_000), "99.9 %");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(share(0.58, 2), "0.58");
        assert_eq!(share(0.999, 2), "0.99");
        assert_eq!(share(1.0, 2), "1.00");
    }
}

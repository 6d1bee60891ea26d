//! Who comes first: the total order in which the units of a batch pass, where that is not the corpus order.
//!
//! Law 1 makes the first of several versions the original; a preference is another order and nothing else.
//! Protected documents come first of all, so that whatever is like one of them is its copy; then the preferred
//! ones; ties by corpus order. The corpus is read once for what the order needs (no tokens, no signatures),
//! then a second time in that order, by the same stages as ever ([`crate::pipeline`]).

mod mail;

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::document::Source;
use crate::error::{Error, Result};
use crate::read::sources::shown;
use crate::write::places::Places;

/// Which of several versions is the original.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Prefer {
    /// the one that stands first
    #[default]
    First,
    /// the one whose text has the most characters
    Longest,
    /// the one with the earliest date or the least number in this field; what has none comes last
    Oldest(String),
    /// the one with the latest date or the greatest number in this field; what has none comes last
    Newest(String),
    /// one from the first of these sources that has one; all other sources come last
    Sources(Vec<String>),
}

impl std::str::FromStr for Prefer {
    type Err = String;

    fn from_str(given: &str) -> std::result::Result<Self, String> {
        let (name, value) = given.split_once(':').unwrap_or((given, ""));
        match (name, value) {
            ("longest", "") => Ok(Prefer::Longest),
            ("first", "") => Ok(Prefer::First),
            ("oldest", field) if !field.is_empty() => Ok(Prefer::Oldest(field.to_owned())),
            ("newest", field) if !field.is_empty() => Ok(Prefer::Newest(field.to_owned())),
            ("source", names) if !names.is_empty() => {
                Ok(Prefer::Sources(names.split(',').map(str::to_owned).collect()))
            }
            _ => {
                Err("expected `first`, `longest`, `oldest:FIELD`, `newest:FIELD` or `source:A,B`".to_owned())
            }
        }
    }
}

impl std::fmt::Display for Prefer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Prefer::First => f.write_str("first"),
            Prefer::Longest => f.write_str("longest"),
            Prefer::Oldest(field) => write!(f, "oldest:{field}"),
            Prefer::Newest(field) => write!(f, "newest:{field}"),
            Prefer::Sources(names) => write!(f, "source:{}", names.join(",")),
        }
    }
}

/// The order of a run, and what its sources are called.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// which of several versions is the original
    pub prefer: Prefer,
    /// files whose documents come first, and are never removed
    pub protect: Protect,
    /// the field of a record that names its source; without it the place of its file does
    pub source_field: Option<String>,
    /// for each file, what its place calls the source; see [`Order::for_files`]
    pub file_sources: Vec<String>,
    /// the place of each file below its input
    pub file_places: Vec<String>,
    /// the field of a record that holds its date, for reports; see [`crate::outcome::Outcome::date`]
    pub dates: Option<String>,
}

impl Order {
    /// The same, with what the places of the files call them.
    #[must_use]
    pub fn for_files(self, places: &Places) -> Self {
        Order { file_sources: places.sources().to_vec(), file_places: places.names(), ..self }
    }

    /// Whether documents pass in corpus order.
    pub fn is_corpus_order(&self) -> bool {
        self.prefer == Prefer::First && self.protect.patterns.is_empty()
    }

    /// Whether anything has to be known of each record beside its text and id.
    pub fn asks_fields(&self) -> bool {
        self.source_field.is_some() || self.date_field().is_some()
    }

    /// What a file calls its source, by its number among all: its place does, or its name where that is not known.
    pub(crate) fn file_source<'a>(&'a self, file: usize, files: &'a [Source]) -> &'a str {
        let placed = self.file_sources.get(file).map(String::as_str);
        placed.or_else(|| files.get(file).map(|file| &*file.name)).unwrap_or_default()
    }

    /// What the files of a run are called, wherever they lie: their places, or their own names where they have none.
    pub(crate) fn names<'a>(&'a self, files: &'a [Source]) -> impl Iterator<Item = &'a str> {
        let place = |at: usize| self.file_places.get(at).map(String::as_str);
        files.iter().enumerate().map(move |(at, source)| place(at).unwrap_or_else(|| file_name(&source.name)))
    }

    /// Of each of the files of a run whether it is protected.
    pub(crate) fn protects(&self, files: &[Source]) -> Vec<bool> {
        // where no file can be, none is looked for
        let files = if self.protect.is_given() { files } else { &[] };
        files.iter().zip(self.names(files)).map(|(source, name)| self.protect.holds(source, name)).collect()
    }

    /// The fields that have to be known of each record.
    pub(crate) fn fields(&self) -> Vec<String> {
        let all = self.source_field.iter().chain(self.date_field()).chain(&self.dates);
        let mut fields: Vec<String> = all.cloned().collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// The field that holds the date of a record.
    pub(crate) fn date_field(&self) -> Option<&String> {
        match &self.prefer {
            Prefer::Oldest(field) | Prefer::Newest(field) => Some(field),
            _ => None,
        }
    }

    /// Where a document stands in the order: less comes first.
    pub(crate) fn rank(&self, of: &Ranked<'_>) -> (bool, bool, i128) {
        let (last, rank) = match &self.prefer {
            Prefer::First => (false, 0),
            Prefer::Longest => (false, -i128::from(of.characters)),
            Prefer::Oldest(_) => (of.date.is_none(), of.date.unwrap_or(0)),
            Prefer::Newest(_) => (of.date.is_none(), -of.date.unwrap_or(0)),
            Prefer::Sources(names) => {
                let at = names.iter().position(|name| name == of.source);
                (at.is_none(), at.unwrap_or(0) as i128)
            }
        };
        (!of.is_protected, last, rank)
    }
}

/// What the place of a document in the order depends on.
pub(crate) struct Ranked<'a> {
    pub(crate) is_protected: bool,
    pub(crate) characters: u32,
    pub(crate) date: Option<i128>,
    pub(crate) source: &'a str,
}

/// The patterns that fit all that lies in the working folder, and all that lies in any.
const HERE: &str = ".";
const ROOT: &str = "/";

/// Patterns of files that are protected.
#[derive(Debug, Clone, Default)]
pub struct Protect {
    patterns: Vec<Pattern>,
}

impl Protect {
    /// Reads patterns: `*` and `?` stay inside of a folder's or file's name, `**` leads through folders. A
    /// pattern that fits a folder protects all that is in it: `.` what lies in the working folder, `/` every file. One that
    /// is no UTF-8 is the path as reports name it.
    ///
    /// # Errors
    /// [`Error::Parameter`] for what is no pattern.
    pub fn new(patterns: &[impl AsRef<Path>]) -> Result<Self> {
        let read = |path: &Path| {
            let is_there = path.exists();
            let given = path.to_str().map_or_else(|| shown(path), str::to_owned);
            let path = match given.trim_end_matches('/') {
                "" if !given.is_empty() => ROOT,
                path => plain(path),
            };
            // what is there needs no pattern
            let literal = || Some(Pattern::new(&Pattern::escape(path))).filter(|_| is_there);
            Pattern::new(path).or_else(|error| literal().unwrap_or(Err(error))).map_err(|error| {
                Error::Parameter {
                    name: "protect",
                    expected: format!("a pattern of paths ({})", error.msg).into(),
                    got: given.clone(),
                    hint: "`archive/**/*.jsonl`, or `archive` for all that is in a folder",
                }
            })
        };
        Ok(Protect {
            patterns: patterns.iter().map(|pattern| read(pattern.as_ref())).collect::<Result<_>>()?,
        })
    }

    /// Whether there are some.
    pub fn is_given(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// The patterns.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(Pattern::as_str)
    }

    /// Whether a file is protected: its path as given, its place below the input, or a folder of either. A path
    /// from the root and one from the working folder are the same.
    pub fn holds(&self, source: &Source, place: &str) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let names = Names::of(source, place);
        self.patterns.iter().any(|pattern| names.fit(pattern))
    }

    /// The patterns that fit none of these files, which have these places.
    pub fn idle<'a>(&'a self, sources: &[Source], places: &[String]) -> Vec<&'a str> {
        if self.patterns.is_empty() {
            return Vec::new();
        }
        let names: Vec<Names> = sources.iter().zip(places).map(|(of, place)| Names::of(of, place)).collect();
        let idle = self.patterns.iter().filter(|pattern| !names.iter().any(|names| names.fit(pattern)));
        idle.map(Pattern::as_str).collect()
    }
}

/// What a pattern of paths may call a file.
struct Names {
    /// as it was given, and its place below the input
    told: [String; 2],
    /// from the root
    absolute: Option<String>,
    /// from the working folder, where it is there and was given from the root, by way of `..` or of a link
    relative: Option<String>,
    /// whether it lies in the working folder
    is_here: bool,
}

impl Names {
    fn of(source: &Source, place: &str) -> Self {
        let absolute = source.path.as_ref().and_then(|path| std::path::absolute(path).ok());
        let here = std::env::current_dir().ok();
        let below = here.and_then(|here| absolute.as_ref()?.strip_prefix(here).ok().map(Path::to_path_buf));
        let is_plainly_here = below.as_ref().is_some_and(|below| stays_below(below));
        let (is_here, relative) = if is_plainly_here {
            (true, below.filter(|_| source.path.as_ref().is_some_and(|path| path.is_absolute())))
        } else {
            let found = source.path.as_deref().and_then(found_here);
            (found.is_some(), found)
        };
        let text = |path: PathBuf| shown(&path);
        Names {
            told: [plain(&source.name).to_owned(), place.to_owned()],
            absolute: absolute.map(text),
            relative: relative.map(text),
            is_here,
        }
    }

    fn fit(&self, pattern: &Pattern) -> bool {
        match pattern.as_str() {
            HERE => return self.is_here,
            ROOT => return self.absolute.is_some(),
            _ => {}
        }
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        // only what is meant from the root: `**/data` would fit a folder far above the input
        let is_from_root = Path::new(pattern.as_str()).is_absolute();
        let other = if is_from_root { &self.absolute } else { &self.relative };
        self.told.iter().chain(other).any(|path| {
            let ends = path.match_indices(['/', std::path::MAIN_SEPARATOR]).map(|(at, _)| at);
            let mut prefixes = ends.chain([path.len()]).map(|end| &path[..end]);
            // a name with brackets is also meant as it stands
            prefixes.any(|prefix| pattern.matches_with(prefix, options) || pattern.as_str() == prefix)
        })
    }
}

/// Where a file lies from the working folder, however its path leads there; `None` where it does not lie in it.
fn found_here(path: &Path) -> Option<PathBuf> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok()?;
    path.canonicalize().ok()?.strip_prefix(here).ok().map(Path::to_path_buf)
}

/// Whether a path that begins in a folder does not lead out of it.
fn stays_below(path: &Path) -> bool {
    let depths = path.components().scan(0i64, |depth, part| {
        *depth += match part {
            Component::Normal(_) => 1,
            Component::ParentDir => -1,
            _ => 0,
        };
        Some(*depth)
    });
    depths.min().is_none_or(|least| least >= 0)
}

/// What a file is called, without its folders.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or_default()
}

/// A path without what says that it is of this folder.
fn plain(mut path: &str) -> &str {
    while let Some(rest) = path.strip_prefix("./").filter(|rest| !rest.is_empty()) {
        path = rest.trim_start_matches('/');
    }
    path
}

/// The moment that a JSON value names, in nanoseconds since 1970: a date (RFC 3339, or as much of it as
/// `2026`, `2026-11`, `2026-11-22`, `2026-11-22T15:51`; without an offset it is UTC; or RFC 2822), or a number, as a
/// string or as it is. One whose digits are those of a date (`20261122`, `20261122155134`) is that date; any other counts
/// the seconds since 1970, or if that were after the year 5138 the milliseconds, or micro- or nanoseconds.
pub(crate) fn moment(json: &str) -> Option<i128> {
    let text: String = match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok()?,
        b'-' | b'0'..=b'9' => return number(json),
        _ => return None,
    };
    let text = text.trim();
    date(text).or_else(|| mail::date(text)).or_else(|| number(text))
}

/// The largest count of seconds: the one a thousand times as large is in a unit a thousand times smaller.
const SECONDS: i128 = 100_000_000_000;

fn number(text: &str) -> Option<i128> {
    let whole: Option<i64> = text.parse().ok();
    if let Some(whole) = whole {
        let units =
            [1_000_000_000, 1_000_000, 1_000, 1].into_iter().zip([1, 1_000, 1_000_000, i128::MAX / SECONDS]);
        let whole = i128::from(whole);
        let unit = units.into_iter().find(|(_, times)| whole.abs() < SECONDS * times);
        return digits_of_date(text).or_else(|| unit.map(|(unit, _)| whole * unit));
    }
    // with a fraction, to the nanosecond
    if let Some((seconds, fraction)) = text.split_once('.')
        && let (Ok(seconds), true) = (seconds.parse::<i64>(), (1..=9).contains(&fraction.len()))
        && let Some(part) = self::whole(fraction)
    {
        let part = i128::from(part) * 10i128.pow(9 - fraction.len() as u32);
        let seconds = i128::from(seconds) * 1_000_000_000;
        return Some(if text.starts_with('-') { seconds - part } else { seconds + part });
    }
    let number: f64 = text.parse().ok()?;
    // what lies beyond is the same to a comparison of dates
    number.is_finite().then(|| (number.clamp(-1e18, 1e18) * 1e9).round() as i128)
}

/// The date of which 8 digits, or 14 with the time of day, are those.
fn digits_of_date(text: &str) -> Option<i128> {
    if !matches!(text.len(), 8 | 14) || !text.starts_with(['1', '2']) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range).filter(|part| whole(part).is_some());
    let day = format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?);
    if text.len() == 8 {
        return date(&day);
    }
    date(&format!("{day}T{}:{}:{}", part(8..10)?, part(10..12)?, part(12..14)?))
}

fn date(text: &str) -> Option<i128> {
    let (day, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim_start())),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let mut part = |digits: usize| match parts.next() {
        Some(part) if part.len() == digits => whole(part).map(Some),
        Some(_) => None,
        None => Some(None),
    };
    let (year, month, of_month) = (part(4)??, part(2)?, part(2)?);
    if parts.next().is_some() || (time.is_some() && of_month.is_none()) {
        return None;
    }
    let (month, of_month) = (month.unwrap_or(1), of_month.unwrap_or(1));
    if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&of_month) {
        return None;
    }
    let nanoseconds = time.map_or(Some(0), time_of_day)?;
    Some(i128::from(days_since_1970(year, month, of_month)) * 86_400_000_000_000 + nanoseconds)
}

/// Nanoseconds since midnight UTC of `15:51[:34[.5]]` with or without an offset.
fn time_of_day(text: &str) -> Option<i128> {
    let at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = (text[..at].trim_end(), &text[at..]);
    let offset = match zone.as_bytes() {
        [] | b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), digits @ ..] => {
            let digits: Vec<u8> = digits.iter().copied().filter(|&byte| byte != b':').collect();
            let digits = std::str::from_utf8(&digits).ok()?;
            offset(*sign, digits)?
        }
        _ => return None,
    };
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let mut parts = clock.split(':');
    let mut part = |limit: i64| {
        let part = parts.next().filter(|part| part.len() == 2);
        part.map(|part| whole(part).filter(|&value| value <= limit))
    };
    let (hour, minute, second) = (part(24)??, part(59)??, part(60));
    let second = second.unwrap_or(Some(0))?;
    if parts.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if hour == 24 && (minute, second) != (0, 0) {
        return None; // midnight, at the end of the day
    }
    let digits = &fraction[..fraction.len().min(9)];
    let nanoseconds = if digits.is_empty() { 0 } else { whole(digits)? * 10i64.pow(9 - digits.len() as u32) };
    let seconds = hour * 3600 + (minute - offset) * 60 + second;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds))
}

/// The minutes of an offset from UTC of two digits, or four.
fn offset(sign: u8, digits: &str) -> Option<i64> {
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = match minutes.len() {
        0 => 0,
        2 => whole(minutes).filter(|minutes| *minutes < 60)?,
        _ => return None,
    };
    let minutes = whole(hours).filter(|hours| *hours < 24)? * 60 + minutes;
    Some(if sign == b'-' { -minutes } else { minutes })
}

fn whole(digits: &str) -> Option<i64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar: years begin in March, so that leap days end them.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let days_before = (153 * since_march + 2) / 5;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + days_before + day
        - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_every_spelling() {
        // in milliseconds
        let at = |json: &str| moment(json).map(|nanoseconds| nanoseconds / 1_000_000);
        assert_eq!(at("\"1970-01-01\""), Some(0));
        assert_eq!(at("\"2000-03-01\""), Some(951_868_800_000));
        assert_eq!(at("\"2026-11-22T15:51:34Z\""), Some(1_795_362_694_000));
        assert_eq!(at("\"2026-11-22T16:51:34.25+01:00\""), Some(1_795_362_694_250));
        assert_eq!(at("\"2026-11-22 10:51-0500\""), Some(1_795_362_660_000));
        assert_eq!(at("\"2026-11-22T24:00\""), at("\"2026-11-23\""));
        assert_eq!(at("\"2024\""), at("\"2024-01-01\""));
        assert_eq!(at("\"2024-02\""), at("\"2024-02-01T00:00\""));
        assert_eq!(at("951868800"), at("\"2000-03-01\""));
        for same in
            ["951868800000", "\"951868800000000\"", "951868800000000000", "20000301", "\"20000301000000\""]
        {
            assert_eq!(at(same), at("\"2000-03-01\""), "{same}");
        }
        assert_eq!(at("20261122155134"), at("\"2026-11-22T15:51:34Z\""));
        assert_eq!((at("20261322"), at("99999999999")), (Some(20_261_322_000), Some(99_999_999_999_000)));
        assert_eq!(at("-100000000000"), Some(-100_000_000_000));
        assert_eq!(at("\"951868800.5\""), Some(951_868_800_500));
        assert_eq!(at("-1.5e3"), Some(-1_500_000));
        assert_eq!(at("\"1969-12-31T23:59:59\""), Some(-1000));
        for none in [
            "null",
            "true",
            "\"\"",
            "\"soon\"",
            "\"2026-13-01\"",
            "\"2026-02-29\"",
            "\"2026-1-1\"",
            "\"2026-11-22T\"",
            "\"2026-11-22T25:00\"",
            "\"2026-11T10:00\"",
            "\"NaN\"",
            "\"2026-11-22T10:00+1\"",
            "\"2026-11-22T10:00+0é1\"",
            "\"2026-11-22T10:00Z05\"",
            "\"2026-11-22T10:00+99:99\"",
            "\"2026-11-22T10:00+0160\"",
            "\"2026-11-22T24:00:01\"",
        ] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn patterns_protect_files_and_all_that_is_in_folders() {
        let source = |name: &str| Source {
            path: None,
            name: name.to_owned(),
            format: crate::document::Format::Text,
            compression: crate::document::Compression::Plain,
            size: 0,
            modified: None,
            regular: true,
            input: 0,
        };
        let holds = |pattern: &str, name: &str, place: &str| {
            Protect::new(&[pattern.to_owned()]).unwrap().holds(&source(name), place)
        };
        assert!(holds("corpus/gold", "corpus/gold/a/b.txt", "gold/a/b.txt"));
        assert!(holds("gold", "corpus/gold/a/b.txt", "gold/a/b.txt"));
        assert!(holds("*.jsonl", "in/a.jsonl", "a.jsonl"));
        assert!(holds("**/a.*", "in/deep/a.jsonl", "deep/a.jsonl"));
        assert!(!holds("in/*.jsonl", "in/deep/a.jsonl", "deep/a.jsonl"));
        assert!(!holds("gol", "corpus/gold/a.txt", "gold/a.txt"));
        assert!(holds("./corpus/gold", "corpus/gold/a.txt", "gold/a.txt"));
        assert!(holds("corpus/gold", "./corpus/gold/a.txt", "gold/a.txt"));
        assert!(holds(".//corpus", "././corpus/gold/a.txt", "gold/a.txt"));
        let here = std::env::current_dir().unwrap();
        let from_root = |path: &str| here.join(path).display().to_string();
        let found = |path: &str| Source { path: Some(path.into()), ..source(path) };
        let protect = |pattern: &str| Protect::new(&[pattern.to_owned()]).unwrap();
        assert!(protect(&from_root("corpus/gold")).holds(&found("corpus/gold/a.txt"), "gold/a.txt"));
        assert!(protect("corpus/gold").holds(&found(&from_root("corpus/gold/a.txt")), "gold/a.txt"));
        assert!(!protect(&from_root("corpus/gol")).holds(&found("corpus/gold/a.txt"), "gold/a.txt"));
        // a folder above the input is not meant by a pattern that begins anywhere
        let above = here.file_name().unwrap().to_str().unwrap();
        assert!(!protect(&format!("**/{above}")).holds(&found("corpus/a.txt"), "corpus/a.txt"));
        let both = Protect::new(&["gold".to_owned(), "silver/*".to_owned()]).unwrap();
        assert_eq!(both.idle(&[source("in/gold/a.txt")], &["gold/a.txt".to_owned()]), ["silver/*"]);
        assert!(Protect::new(&["a[".to_owned()]).unwrap_err().to_string().contains("protect"));
    }
}

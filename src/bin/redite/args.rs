//! Flags to plain data. What changes an answer becomes [`Params`] and rules; the rest stays in [`RunArgs`].

use std::fmt::Debug;
use std::ops::{Bound, RangeBounds};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Arg, Args, Parser, Subcommand, ValueEnum};
use redite::document::Format;
use redite::order::Order;
use redite::params::{ParagraphMode, Params, Units};
use redite::read::sources::Sources;
use redite::report::facts::Wanted;
use redite::report::html;
use redite::write::places;

use crate::index::IndexCommand;

mod removing;

pub(crate) use removing::DedupArgs;

/// A request that contradicts itself.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Finds what a corpus says twice.
///
/// Near-duplicate articles, repeated paragraphs and copied passages, every match verified, both sides named.
#[derive(Debug, Parser)]
#[command(name = "redite", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell what is repeated in a corpus, where, and how similar it is; changes nothing
    #[command(after_help = AUDIT_HELP)]
    Audit(Box<AuditArgs>),

    /// Write a corpus again without its copies, and otherwise unchanged
    ///
    /// The same files below DIR, in the same format and compression, every kept record byte for byte as it
    /// was. A copy is removed only where the original that it matches is kept. Records that can't be used
    /// are not in the output; they are counted and listed. Inputs are never changed.
    #[command(after_help = DEDUP_HELP)]
    Dedup(Box<DedupArgs>),

    /// Look up where a text, or part of it, already stands in an index; its source files are not needed
    ///
    /// Where a text stands in several places, one is told: the most similar original, of these the first. What
    /// repeats that place, word for word or nearly, is in the matches of `redite index export`.
    ///
    /// Several texts are matched with each other too, as in an audit, and what comes first may be the original of what comes
    /// later. Ask for one at a time to hear of the index alone.
    #[command(after_help = QUERY_HELP)]
    #[command(mut_args(of_query))]
    Query(Box<QueryArgs>),

    /// Look after an index
    #[command(subcommand)]
    Index(IndexCommand),

    /// Tell originals and copies at another threshold, without another run
    ///
    /// Reads what a run with `--floor` left beside its matches. Equal to a run with this threshold and that floor
    /// wherever no cap was reached.
    #[command(after_help = RETHRESHOLD_HELP)]
    Rethreshold(RethresholdArgs),

    /// Print a script that completes commands and flags in a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },

    /// Print the manual page (roff) of redite, or of one of its commands
    Man {
        /// A command, such as `dedup` or `index verify`
        command: Vec<String>,
    },
}

impl Command {
    /// Whether it may take so much memory that what is freed has to go back to the system.
    #[cfg(all(feature = "jemalloc", unix))]
    pub(crate) fn gives_back(&self) -> bool {
        match self {
            Command::Audit(_) | Command::Dedup(_) => true,
            Command::Query(args) => args.run.memory.is_some(),
            _ => false,
        }
    }
}

const AUDIT_HELP: &str = "Exit codes:
  0  done
  1  failed or interrupted, nothing half-written
  2  wrong usage
  3  done, but records were skipped (only with --strict)
  4  refused because no record could be used; nothing written

Example:
  redite audit articles/ wire.jsonl.zst --matches matches.jsonl --report report.html";

const DEDUP_HELP: &str = "Exit codes:
  0  done
  1  failed or interrupted, nothing half-written
  2  wrong usage
  3  done, but records were skipped (only with --strict)
  4  refused by --max-removed, or because no record could be used; nothing written

Example:
  redite dedup tonight/*.jsonl.zst --output clean --removed removed.jsonl --max-removed 50%";

/// What a flag says where an index is asked: its parameters are those of the index, so what would be refused is not listed.
fn of_query(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "inputs" => arg.help(QUERY_INPUTS),
        "index" => arg.required(true).help("The index to ask; its parameters hold"),
        "units" => arg.help("What is looked for, of what the index has [default: all of it]"),
        "threshold" | "recall" | "shingle" | "min_tokens" | "passage" | "identity" | "contained"
        | "paragraphs" | "comparisons" | "seed" | "floor" | "certify" => arg.hide(true),
        _ => arg,
    }
}

const QUERY_INPUTS: &str = "Files, folders, or `-` for a text on standard input (JSON lines with `--format jsonl`, or beside other \
                            inputs); names as for `redite audit`";

const QUERY_HELP: &str = "Exit codes:
  0  done
  1  failed or interrupted
  2  wrong usage
  3  done, but records were skipped (only with --strict)
  4  refused because nothing of the input could be used

Example:
  redite query --index archive article.txt";

const RETHRESHOLD_HELP: &str = "Exit codes:
  0  done
  1  failed, nothing half-written
  2  wrong usage

Example:
  redite audit articles/ --floor 0.6 --threshold 0.8 --matches matches.jsonl
  redite rethreshold matches.jsonl --threshold 0.75 --output matches-75.jsonl";

#[derive(Debug, Args)]
pub(crate) struct RethresholdArgs {
    /// Matches of a run with `--floor`, or the pairs beside them
    #[arg(value_name = "MATCHES")]
    pub(crate) matches: PathBuf,

    /// Least similarity of a match, from the floor of the run up to 1
    #[arg(long, value_name = "0.1..1", value_parser = share)]
    pub(crate) threshold: f64,

    /// Write the matches at this threshold, one JSON object a line; `-` is standard output, in place of the summary
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Print the numbers as one JSON object: one line, where standard output is not a terminal
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What every run takes.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Files, folders, or `-` for standard input (JSON lines unless `--format` says otherwise); .txt .text .md
    /// .jsonl .ndjson .json .csv .tsv .parquet .wet, plain, .gz, .zst, .bz2 or .xz
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Match against an index as well: audit and query read it and take its parameters; dedup adds to it,
    /// and makes it where there is none
    #[arg(long, value_name = "DIR")]
    pub(crate) index: Option<PathBuf>,

    /// Write a report to look at and to hand on: one HTML file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Write all matches, one JSON object a line, or as Parquet where the name ends in `.parquet`; `-` is
    /// standard output, in place of the summary
    #[arg(long, value_name = "FILE")]
    pub(crate) matches: Option<PathBuf>,

    /// Measure recall: find all true matches of N units by an exact pass, and tell how many the run found
    #[arg(long, value_name = "1..1000000", value_parser = whole(1..=1_000_000_u32))]
    certify: Option<u32>,

    /// Count a paragraph as boilerplate (often a notice or a menu) when it stands in at least N documents; a repeated text
    /// counts too when half of it is such paragraphs. The report marks these [default: 10]
    #[arg(long, value_name = "2..", value_parser = whole(2_u32..))]
    boilerplate: Option<u32>,

    /// Keep every verified pair down to this similarity, so that the report and `redite rethreshold` can answer for other
    /// thresholds. The pairs go to `M.pairs.jsonl` beside `--matches M.jsonl`
    #[arg(long, value_name = "0.1..THRESHOLD", value_parser = share)]
    pub(crate) floor: Option<f64>,

    /// Field of a record that holds its date: who came first is told, and how long before; dates as in RFC 3339
    /// (or `2026-11-22`, `20261122`) and RFC 2822, and numbers since 1970
    #[arg(long, value_name = "NAME")]
    pub(crate) date_field: Option<String>,

    /// Field or column of a record that names its source, for all that is told by source; of a record without it that is
    /// the first folder of its file's place, or the file
    #[arg(long, value_name = "NAME")]
    pub(crate) source_field: Option<String>,

    /// Print the summary as one JSON object: one line, where standard output is not a terminal
    #[arg(long)]
    pub(crate) json: bool,

    /// Also print the plan of bands and rows, and its recall curve (`--json` has both anyway)
    #[arg(long)]
    pub(crate) explain: bool,

    /// No progress and no warnings
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Exit with 3 if a record was skipped
    #[arg(long)]
    pub(crate) strict: bool,

    /// Threads that work [default: one a core]
    #[arg(long, value_name = "1..4096", value_parser = whole(1..=4096_u16))]
    pub(crate) threads: Option<u16>,

    /// Memory that the run may hold; what does not fit goes to temporary files, and the answer is the same.
    /// K, M, G (or KiB, MiB, GiB) are understood; below 120 MiB a run may hold more than that, and below
    /// 1 MiB none is taken [default: no bound]
    #[arg(long, value_name = "BYTES", value_parser = memory)]
    pub(crate) memory: Option<u64>,

    /// Folder for temporary files [default: the system's]
    #[arg(long, value_name = "DIR")]
    pub(crate) temp_dir: Option<PathBuf>,

    /// Flags in a file, `memory = "2GiB"` or `units = ["document"]`; those of the command line win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Read every input as this format, whatever its name says
    #[arg(long, value_enum)]
    format: Option<FormatArg>,

    #[command(flatten)]
    comparing: ComparingArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What counts as the same")]
struct ComparingArgs {
    /// Least share of shingles in common (Jaccard) of a match [default: 0.6, dedup 0.8, an index its own]
    #[arg(long, value_name = "0.1..1", value_parser = share)]
    threshold: Option<f64>,

    /// Least share of the pairs at the threshold that is found [default: 0.99]
    #[arg(long, value_name = "0.5..0.9999", value_parser = share)]
    recall: Option<f64>,

    /// Tokens in a shingle [default: 3]
    #[arg(long, value_name = "1..32", value_parser = whole(0_u32..))]
    shingle: Option<u32>,

    /// A paragraph with fewer tokens is not compared as a paragraph [default: 10]
    #[arg(long, value_name = "1..", value_parser = whole(0_u32..))]
    min_tokens: Option<u32>,

    /// What is looked for [default: document,paragraph,passage; of dedup what it removes, to which this adds]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST")]
    units: Vec<UnitArg>,

    /// Every verbatim run of this many tokens is part of a passage; shorter ones are not looked for. Whoever looks for
    /// plagiarism sets 15 or 12, and gets more, among these stock phrases [default: 25]
    #[arg(long, value_name = "8..10000", value_parser = whole(0_u32..))]
    passage: Option<u32>,

    /// Least share of a passage's tokens that agree [default: 0.8]
    #[arg(long, value_name = "0.5..1", value_parser = share)]
    identity: Option<f64>,

    /// A text is contained when at least this share of it lies in passages from one earlier document [default: 0.9]
    #[arg(long, value_name = "0.5..1", value_parser = share)]
    contained: Option<f64>,

    /// How a text is cut into paragraphs [default: auto]
    #[arg(long, value_enum)]
    paragraphs: Option<ParagraphsArg>,

    /// Field or column that holds a record's text; `a.b` is a field inside a Parquet column [default: text]
    #[arg(long, value_name = "NAME")]
    text_field: Option<String>,

    /// Field or column that names a record; for WET a header line [default: id]
    #[arg(long, value_name = "NAME")]
    id_field: Option<String>,

    /// Largest record; K, M, G (or KiB, MiB, GiB) are understood; less than 1 GiB [default: 64MiB]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    max_record: Option<u64>,

    /// Most originals that a unit is compared with; what that leaves out is counted [default: 64]
    #[arg(long, value_name = "1..", value_parser = whole(0_u32..))]
    comparisons: Option<u32>,

    /// Seed of every hash [default: 0]
    #[arg(long, value_name = "N", value_parser = whole(0_u64..))]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    /// a file is a document
    Text,
    /// a line, or an item of an array, is a JSON object
    Jsonl,
    /// commas, or `;`, tabs or `|`, between values; the first row names the columns
    Csv,
    /// tabs, or as above, between values; the first row names the columns
    Tsv,
    /// a row of a table is a document
    Parquet,
    /// Common Crawl's text archives
    Wet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UnitArg {
    #[value(alias = "documents")]
    Document,
    #[value(alias = "paragraphs")]
    Paragraph,
    #[value(alias = "passages")]
    Passage,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ParagraphsArg {
    /// blank for hard-wrapped texts, line for all others
    Auto,
    /// every non-empty line
    Line,
    /// blocks between blank lines
    Blank,
}

/// What to do where a text is named for a date.
const DATED: &str = "name the field that says when a record is from";

impl RunArgs {
    /// Whether the fields that the flags of every run name are apart; the parameters may be those of an index.
    pub(crate) fn check_fields(&self, params: &Params) -> Result<(), Usage> {
        let fields = [
            ("date", &self.date_field, DATED),
            ("source", &self.source_field, "name the field that says where a record is from"),
        ];
        match fields.into_iter().find(|(_, field, _)| field.as_ref() == Some(&params.text_field)) {
            Some((what, _, hint)) => {
                let wrong = format!("`--{what}-field {}`: that is the text of a record", params.text_field);
                Err(Usage(format!("{wrong}\n\nhint: {hint}")))
            }
            None => Ok(()),
        }
    }

    /// What the sources of an audit are called, and the fields that tell of them.
    pub(crate) fn order(&self, sources: &Sources) -> Order {
        let (dates, source_field) = (self.date_field.clone(), self.source_field.clone());
        let placed = source_field.as_ref().map(|_| places::sources(&self.inputs, &sources.files));
        Order { dates, source_field, file_sources: placed.unwrap_or_default(), ..Order::default() }
    }

    /// What can be told from the flags alone.
    pub(crate) fn check(&self) -> Result<(), Usage> {
        if self.inputs.iter().filter(|input| *input == Path::new("-")).count() > 1 {
            return Err(Usage("`-`: standard input can be read only once".to_owned()));
        }
        if self.floor.is_some() && self.index.is_some() {
            let hint = "hint: the bands of an index are planned for its threshold; audit the batch alone";
            return Err(Usage(format!("`--floor` and `--index` can't be together\n\n{hint}")));
        }
        if self.certify.is_some() && self.index.is_some() {
            let hint = "hint: what an index holds can't be read whole for a sample; certify an audit of the batch alone";
            return Err(Usage(format!("`--certify` and `--index` can't be together\n\n{hint}")));
        }
        Ok(())
    }

    /// The field of ids, where it was given.
    pub(crate) fn id_field(&self) -> Option<&str> {
        self.comparing.id_field.as_deref()
    }

    /// Whether `--units` was given.
    fn names_units(&self) -> bool {
        !self.comparing.units.is_empty()
    }

    /// The parameters: `defaults`, and what was given.
    pub(crate) fn params(&self, defaults: Params) -> Params {
        let given = &self.comparing;
        let units = if given.units.is_empty() {
            defaults.units
        } else {
            Units {
                documents: given.units.contains(&UnitArg::Document),
                paragraphs: given.units.contains(&UnitArg::Paragraph),
                passages: given.units.contains(&UnitArg::Passage),
            }
        };
        Params {
            threshold: given.threshold.unwrap_or(defaults.threshold),
            recall: given.recall.unwrap_or(defaults.recall),
            shingle: given.shingle.unwrap_or(defaults.shingle),
            min_tokens: given.min_tokens.unwrap_or(defaults.min_tokens),
            units,
            passage: given.passage.unwrap_or(defaults.passage),
            identity: given.identity.unwrap_or(defaults.identity),
            contained: given.contained.unwrap_or(defaults.contained),
            paragraphs: match given.paragraphs {
                None => defaults.paragraphs,
                Some(ParagraphsArg::Auto) => ParagraphMode::Auto,
                Some(ParagraphsArg::Line) => ParagraphMode::Line,
                Some(ParagraphsArg::Blank) => ParagraphMode::Blank,
            },
            seed: given.seed.unwrap_or(defaults.seed),
            comparisons: given.comparisons.unwrap_or(defaults.comparisons),
            text_field: given.text_field.clone().unwrap_or(defaults.text_field),
            id_field: given.id_field.clone().unwrap_or(defaults.id_field),
            max_record: given.max_record.unwrap_or(defaults.max_record),
            certify: self.certify.unwrap_or(defaults.certify),
            remove: defaults.remove,
            floor: self.floor.or(defaults.floor),
            normaliser: defaults.normaliser,
        }
    }

    /// What the reports need.
    pub(crate) fn wanted(&self) -> Wanted {
        let defaults = Wanted::default();
        Wanted {
            groups: if self.report.is_some() { html::GROUPS } else { defaults.groups },
            boilerplate: self.boilerplate.unwrap_or(defaults.boilerplate),
        }
    }

    /// The format that overrules the names.
    pub(crate) fn format(&self) -> Option<Format> {
        self.format.map(|format| match format {
            FormatArg::Text => Format::Text,
            FormatArg::Jsonl => Format::JsonLines,
            FormatArg::Csv => Format::Csv,
            FormatArg::Tsv => Format::Tsv,
            FormatArg::Parquet => Format::Parquet,
            FormatArg::Wet => Format::Wet,
        })
    }
}

/// A whole number in a range.
fn whole<T>(
    range: impl RangeBounds<T> + Debug + Clone + Send + Sync + 'static,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync
where
    T: FromStr + PartialOrd + Debug + 'static,
{
    move |given| match given.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ if !given.is_empty() && given.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("expected {}, got {given}", in_words(&range)))
        }
        _ => Err("expected a whole number such as `4`".to_owned()),
    }
}

/// A range that has a least number.
fn in_words<T: Debug>(range: &impl RangeBounds<T>) -> String {
    let least = match range.start_bound() {
        Bound::Included(least) | Bound::Excluded(least) => format!("{least:?}"),
        Bound::Unbounded => "0".to_owned(),
    };
    match range.end_bound() {
        Bound::Included(most) => format!("{least} to {most:?}"),
        Bound::Excluded(behind) => format!("{least} or more, below {behind:?}"),
        Bound::Unbounded => format!("{least} or more"),
    }
}

/// A share; its range is checked with the other parameters.
fn share(given: &str) -> Result<f64, String> {
    given.parse().map_err(|_| "expected a number such as `0.8`".to_owned())
}

/// A share, as such or in percent.
fn percentage(given: &str) -> Result<f64, String> {
    let expected = || "expected a share such as `50%` or `0.5`".to_owned();
    let share = match given.strip_suffix('%') {
        Some(percent) => percent.trim().parse().map(|percent: f64| percent / 100.0),
        None => given.parse(),
    };
    share.ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(expected)
}

/// Bytes that a run may hold: `2` was meant to be something else.
fn memory(given: &str) -> Result<u64, String> {
    let bytes = bytes(given)?;
    let too_little = || format!("{bytes} bytes hold no run; expected at least `1MiB`, such as `2GiB`");
    if bytes < 1 << 20 { Err(too_little()) } else { Ok(bytes) }
}

/// A number of bytes, with or without a binary unit.
fn bytes(given: &str) -> Result<u64, String> {
    let digits = given.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match given[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        _ => return Err("expected a number of bytes such as `65536`, `64MiB` or `512M`".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "expected a whole number of bytes".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large a number of bytes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bytes_have_units() {
        assert_eq!(bytes("17"), Ok(17));
        assert_eq!(bytes("64MiB"), Ok(64 << 20));
        assert_eq!(bytes("2 G"), Ok(2 << 30));
        assert!(memory("0").is_err() && memory("2").is_err() && memory("2G") == Ok(2 << 30));
        assert!(bytes("1.5G").is_err() && bytes("9T").is_err() && bytes("").is_err());
    }
}

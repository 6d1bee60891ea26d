//! What a run says beside its answer: what it will take, and what its user may not have meant. Warnings are made here;
//! they are said on standard error, unless that is to be quiet, and stand in the summary (`--json`) in any case.

use std::path::{Path, PathBuf};

use redite::dedup::{Removal, Rules};
use redite::document::{Format, Source};
use redite::expect::Expected;
use redite::order::{Order, Prefer};
use redite::outcome::Outcome;
use redite::params::Params;
use redite::read::sources::Sources;
use redite::report::removal::{TOLD, all_told, first_skipped, idle};
use redite::report::{count, number};
use redite::write::places::Places;

use crate::args::RunArgs;

/// Memory of which is told even where nothing bounds it.
const MUCH: u64 = 1 << 30;

/// All warnings of a run, in the order in which they came up.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    all: Vec<String>,
    /// how many are not among them, since there are many of their kind
    left_out: u64,
    /// how many of them have been said
    said: usize,
    quiet: bool,
}

impl Warnings {
    /// None so far; nothing is said where it is to be quiet.
    pub(crate) fn new(quiet: bool) -> Self {
        Warnings { quiet, ..Warnings::default() }
    }

    /// Keeps some, to be said later on.
    pub(crate) fn add(&mut self, more: impl IntoIterator<Item = String>) {
        self.all.extend(more);
    }

    /// Keeps some of one kind: the first [`TOLD`], and how many more there are; `one` and `many` say what that is.
    pub(crate) fn add_kind(&mut self, more: impl IntoIterator<Item = String>, [one, many]: [&str; 2]) {
        let mut more = more.into_iter();
        self.all.extend(more.by_ref().take(TOLD));
        let left_out = more.count() as u64;
        self.left_out += left_out;
        self.all.extend((left_out > 0).then(|| format!("and {}", count(left_out, one, many))));
    }

    /// Keeps what to say of what a removal takes, and of names in its flags that no record has.
    pub(crate) fn of_removal(&mut self, outcome: &Outcome, removal: &Removal) {
        let (told, left_out) = all_told(outcome, &removal.warnings);
        self.all.extend(told);
        self.left_out += left_out;
        let unknown =
            ["more name in `--prefer`: no such source", "more names in `--prefer`: no such sources"];
        self.add_kind(unknown_names(outcome, removal), unknown);
    }

    /// Says those that have not been said.
    pub(crate) fn say(&mut self) {
        let unsaid = &self.all[self.said..];
        if !self.quiet {
            unsaid.iter().for_each(|warning| crate::say("warning", warning));
        }
        self.said = self.all.len();
    }

    /// All of them, for the summary.
    pub(crate) fn all(&self) -> &[String] {
        &self.all
    }

    /// How many more there are than these.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// What the run will take, where that is bounded or much.
pub(crate) fn expected(args: &RunArgs, sources: &Sources, params: &Params) -> Option<String> {
    let expected = Expected::of(sources, params)?;
    if args.memory.is_none() && expected.memory < MUCH {
        return None;
    }
    let size = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
    let Expected { text, memory, disk, parts } = expected;
    let cut = args.memory.filter(|bound| *bound < memory);
    let held = match cut {
        Some(bound) if bound < Expected::LEAST => {
            format!("{} of memory or more (a run may need {})", size(bound), size(Expected::LEAST))
        }
        Some(bound) => format!("{} of memory, in parts (at once: {})", size(bound), size(memory)),
        None => format!("{} of memory", size(memory)),
    };
    let disk = disk + if cut.is_some() { parts } else { 0 };
    let folder = args.temp_dir.clone().unwrap_or_else(std::env::temp_dir);
    Some(format!(
        "about {} to read, {held}, {} of temporary files in `{}`",
        size(text),
        size(disk),
        folder.display()
    ))
}

/// What to say where there is no file to read.
pub(crate) fn nothing_to_read(sources: &Sources) -> Option<String> {
    if !sources.files.is_empty() {
        return None;
    }
    Some(match &sources.ignored[..] {
        [] => "nothing to read: there are no files in the inputs".to_owned(),
        [first, others @ ..] => {
            let others = match others.len() {
                0 => " was ignored".to_owned(),
                1 => " and another file were ignored".to_owned(),
                others => format!(" and {others} other files were ignored"),
            };
            let hint = "hint: where a name tells no format, `--format` does; what a link to a folder leads to is read where that is an \
                        input itself";
            format!("nothing to read: {first}{others}\n\n{hint}")
        }
    })
}

/// What to say where files were read and none has a record, as where a feed is empty tonight.
pub(crate) fn no_record(outcome: &Outcome) -> Option<String> {
    let is_empty = outcome.own_documents() == 0 && outcome.skips().is_empty();
    match outcome.own_sources() {
        [] => None,
        [one] if one.name == "-" => Some("standard input holds no record: nothing was compared".to_owned()),
        [one] => Some(format!("`{}` holds no record: nothing was compared", one.name)),
        files => {
            Some(format!("none of {} files holds a record: nothing was compared", number(files.len() as u64)))
        }
    }
    .filter(|_| is_empty)
}

/// What to say where one input is another, or lies in it: each text there is a copy of itself.
pub(crate) fn read_twice(inputs: &[PathBuf]) -> Option<String> {
    let found = inputs.iter().filter_map(|input| Some((input.canonicalize().ok()?, input)));
    let mut found: Vec<(PathBuf, &PathBuf)> = found.collect();
    found.sort();
    // what lies in a folder comes right behind it
    let twice = found.windows(2).find(|pair| pair[1].0.starts_with(&pair[0].0))?;
    let [outer, inner] = [&twice[0].1, &twice[1].1].map(|path| path.display());
    Some(format!(
        "`{inner}` is read twice: it is an input, and so is `{outer}`; its texts will be reported as copies of themselves"
    ))
}

/// What to say where a file has several names, which may be meant.
pub(crate) fn linked(sources: &Sources) -> Option<String> {
    let ([first, again], count) = sources.linked()?;
    let more = if count > 1 { format!(", and so it is with {} more", count - 1) } else { String::new() };
    Some(format!(
        "`{again}` is the same file as `{first}`, by a link or a hard link{more}: its texts will be reported as copies of themselves"
    ))
}

/// What to say of a list in the folder that it is about.
pub(crate) fn would_be_read(path: &Path) -> String {
    format!("`{}` lies in an input: the next run over that would read it, too", path.display())
}

/// What to say where an output is written to in which there is something else.
pub(crate) fn stays(output: &Path, places: &Places) -> Option<String> {
    let own: std::collections::BTreeSet<&Path> = places.paths().iter().map(|path| path.as_path()).collect();
    let mut others = 0;
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(output.join(&folder)).into_iter().flatten().flatten() {
            let place = folder.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(place),
                _ => others += usize::from(!own.contains(place.as_path())),
            }
        }
    }
    let (files, stay) =
        if others == 1 { ("file that is", "it stays") } else { ("files that are", "they stay") };
    (others > 0).then(|| format!("`{}` holds {others} {files} not of this corpus; {stay}", output.display()))
}

/// Keeps what to say before the search of what a removal is asked to do.
pub(crate) fn before_removal(rules: &Rules, order: &Order, sources: &Sources, warnings: &mut Warnings) {
    warnings.add(if rules.annotate { not_annotated(sources) } else { None });
    let more = ["more `--protect` fits no file of the input", "more `--protect` fit no file of the input"];
    warnings.add_kind(idle(order, &sources.files), more);
    warnings.add(if order.asks_fields() { without_fields(sources) } else { None });
}

/// What to say where texts are to be annotated.
fn not_annotated(sources: &Sources) -> Option<String> {
    let texts = sources.files.iter().filter(|source| source.format == Format::Text).count();
    let files = if texts == 1 { "text file has" } else { "text files have" };
    (texts > 0).then(|| format!("{texts} {files} no place for annotations, and stay as they are"))
}

/// What to say where fields are asked for of what has none.
pub(crate) fn without_fields(sources: &Sources) -> Option<String> {
    let has_none = |source: &&Source| matches!(source.format, Format::Text | Format::Wet);
    let files = sources.files.iter().filter(has_none).count();
    let what =
        if files == 1 { "file is a text or a text archive" } else { "files are texts or text archives" };
    (files > 0).then(|| {
        format!(
            "{files} {what}, which have no fields: their documents have no date, and their source is the place \
             of their file"
        )
    })
}

/// What to say of a night that is an earlier one with other ids or file names.
pub(crate) fn repeated(batch: u64, outcome: &Outcome) -> String {
    let documents = match outcome.own_documents() {
        1 => "the document is".to_owned(),
        documents => format!("all {documents} documents are"),
    };
    let hint = "hint: with other ids (`--id-field`) or file names it is another night; where it was to replace that batch, undo both with \
                `redite index rollback`, this one first, and run it again";
    format!("{documents} those of batch {batch} of the index, word for word\n\n{hint}")
}

/// What to say of records that were not used.
pub(crate) fn skipped(outcome: &Outcome) -> Option<String> {
    let reasons = &outcome.summary().input.skipped;
    let listed = reasons.iter().filter(|(_, count)| **count > 0);
    let listed: Vec<_> = listed.map(|(reason, count)| format!("{count} `{reason}`")).collect();
    let all: u64 = reasons.values().sum();
    let what = if all == 1 { "record or file was" } else { "records or files were" };
    let first = first_skipped(outcome).map(|first| format!("; first {first}")).unwrap_or_default();
    (all > 0).then(|| format!("{all} {what} skipped: {}{first}", listed.join(", ")))
}

/// Fields in the flags that no record has, of those that every run may name.
pub(crate) fn unknown_fields(args: &RunArgs, outcome: &Outcome) -> Vec<String> {
    let mut told = Vec::new();
    let has_records = outcome.own_documents() > 0;
    let own = outcome.first_document()..outcome.documents();
    if let Some(field) =
        args.id_field().filter(|_| has_records && own.clone().all(|document| outcome.id(document).is_none()))
    {
        told.push(format!("`--id-field {field}`: no record has that field"));
    }
    if let Some(field) = args.date_field.as_ref().filter(|_| has_records) {
        match outcome.dated() {
            Some((_, [0, _, 0])) => told.push(format!("`--date-field {field}`: no record has that field")),
            Some((_, [0, ..])) => told.push(format!("`--date-field {field}`: no record has a date there")),
            _ => {}
        }
    }
    if let Some(field) = outcome.source_field().filter(|field| has_records && field.named == 0) {
        told.push(format!("`--source-field {}`: no record has that field", field.field));
    }
    told
}

/// Names in the flags that no record has.
fn unknown_names(outcome: &Outcome, removal: &Removal) -> Vec<String> {
    let is_there = |name: &str| removal.accounts.iter().any(|account| account.name == name);
    let mut told = Vec::new();
    let has_records = removal.all.read > removal.all.skipped;
    // that no record has the field of sources is told already
    let tells_sources = outcome.source_field().is_none_or(|field| field.named > 0);
    if let (Prefer::Sources(names), true) = (&outcome.order().prefer, tells_sources) {
        let unknown = names.iter().filter(|name| has_records && !is_there(name));
        told.extend(unknown.map(|name| format!("`--prefer source:{name}`: there is no such source")));
    }
    if let prefer @ (Prefer::Oldest(_) | Prefer::Newest(_)) = &outcome.order().prefer {
        let is_idle = has_records && removal.undated == removal.all.read - removal.all.skipped;
        told.extend(is_idle.then(|| format!("`--prefer {prefer}`: no record has a date there")));
    }
    told
}

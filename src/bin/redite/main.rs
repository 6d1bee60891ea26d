//! The command line: flags to parameters, the library's answer to files and to the terminal. No logic.

mod allocator;
mod args;
mod config;
mod index;
mod interrupt;
mod manual;
mod outputs;
mod progress;
mod rethreshold;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use args::{Cli, Command, DedupArgs, RunArgs, Usage};
use index::Archive;
use interrupt::Interrupt;
use outputs::{Outputs, Target};
use progress::Bar;
use redite::dedup::{Removal, Rules};
use redite::document::{Format, Match, escape_controls};
use redite::error::{Error, Kind};
use redite::expect::Expected;
use redite::order::{Order, Prefer};
use redite::outcome::Outcome;
use redite::params::Params;
use redite::pipeline::{self, Inputs, Surroundings};
use redite::read::sources::{self, Sources};
use redite::report::facts::Facts;
use redite::report::{self, html, json, matches, terminal};
use redite::write::FIELD;
use redite::write::Pending;
use redite::write::folder::Folder;
use redite::write::places::{self, Places, check_annotated};
use redite::write::records::Records;

fn main() -> ExitCode {
    let result = config::arguments(std::env::args_os().collect()).and_then(|arguments| {
        let Cli { command } = arguments.parse()?;
        if command.gives_back() {
            allocator::give_back(&arguments.all);
        }
        open_many_files();
        match command {
            Command::Audit(args) => audit(&args.run, None),
            Command::Query(args) => query(&args.run),
            Command::Index(command) => index::run(&command),
            Command::Dedup(args) => dedup(&args),
            Command::Rethreshold(args) => rethreshold::run(&args),
            Command::Completions { shell } => manual::completions(shell),
            Command::Man { command } => manual::page(&command),
        }
    });
    result.unwrap_or_else(|error| {
        let known = error.downcast_ref::<Error>();
        // the text of a known error holds what it comes from
        let told = known.map_or_else(|| format!("{error:#}"), Error::to_string);
        say("error", &told);
        match known.map(Error::kind) {
            Some(Kind::Usage) => ExitCode::from(2),
            Some(Kind::Refused) => ExitCode::from(4),
            None if error.is::<Usage>() => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    })
}

/// As many files as the system lets us have open: an index has one for each night, for years.
fn open_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // where it can't be raised it stays what it is
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// An audit against an index, of a text or two.
fn query(args: &RunArgs) -> anyhow::Result<ExitCode> {
    // what is typed or piped is a text rather than records
    let is_piped = args.inputs.iter().all(|input| input == Path::new("-"));
    audit(args, is_piped.then_some(Format::Text))
}

fn audit(args: &RunArgs, format: Option<Format>) -> anyhow::Result<ExitCode> {
    args.check()?;
    let archive = Archive::reading(args.index.as_deref())?;
    let params = args.params(archive.params(Params::audit()));
    params.validate()?;
    let sources = sources::find(&args.inputs, args.format().or(format))?;
    let outputs = Outputs::of(args, [None; 2], None, &sources)?;
    let run = Run::prepare(args, &sources, &params)?;
    outputs.read_next.iter().for_each(|path| warn(args, Some(would_be_read(path))));
    let inputs = archive.inputs(sources, &params)?;
    let order = Order { dates: args.date_field.clone(), ..inputs.order };
    let (mut outcome, bar) = run.search(Inputs { order, ..inputs }, &params)?;
    run.pool.install(|| archive.look_back(&mut outcome));
    run.interrupt.writing()?;
    let written = run.pool.install(|| written(args, &outputs, (&outcome, None), &run.interrupt));
    // whatever a writer that was stopped may call it
    run.interrupt.check()?;
    let (summary, files) = written?;
    for file in files {
        file.publish()?;
    }
    drop(bar);
    run.end(args, &outputs, (&outcome, None), &summary)
}

fn dedup(args: &DedupArgs) -> anyhow::Result<ExitCode> {
    let DedupArgs { run: common, removing } = args;
    common.check()?;
    if removing.output == Path::new("-") {
        let hint = "hint: name a folder; one that is called `-` is `./-`";
        return Err(Usage(format!("`--output -`: a corpus does not go to standard output\n\n{hint}")).into());
    }
    args.params(Params::dedup()).validate()?;
    let sources = sources::find(&common.inputs, common.format())?;
    let places = Places::new(&common.inputs, &sources.files)?;
    if removing.annotate {
        check_annotated(&sources.files)?;
    }
    let rules = args.rules(&places)?;
    // a night that is run again writes its outputs again
    let may_replace = removing.force || index::is_there(common.index.as_deref())?;
    let replaces = places::check(&removing.output, may_replace, &common.inputs, &sources.files)?;
    if replaces {
        places::check_way([&removing.output; 2], places.paths())?;
    }
    let (removed, metrics) = (removing.removed.as_deref(), removing.metrics.as_deref());
    let outputs = Outputs::of(common, [removed, metrics], Some(&removing.output), &sources)?;
    // it may be made here: so not before all else is known to be right
    let mut archive = Archive::adding(common.index.as_deref())?;
    let params = args.params(archive.params(Params::dedup()));
    params.validate()?;
    if rules.order.source_field.as_ref() == Some(&params.text_field) {
        let wrong = format!("`--source-field {}`: that is the text of a record", params.text_field);
        return Err(Usage(format!("{wrong}\n\nhint: name the field that says where a record is from")).into());
    }
    if removing.annotate && params.text_field == FIELD {
        let wrong = format!("`--annotate` adds a field `{FIELD}`, and `--text-field` names that as the text");
        return Err(Usage(format!(
            "{wrong}\n\nhint: leave `--annotate` out, or rename the field of the text"
        ))
        .into());
    }
    if removing.annotate && params.id_field == FIELD {
        let wrong = format!("`--annotate` writes a field `{FIELD}`, and `--id-field` names that as the id");
        return Err(
            Usage(format!("{wrong}\n\nhint: leave `--annotate` out, or rename the field of the id")).into()
        );
    }
    let run = Run::prepare(common, &sources, &params)?;
    outputs.read_next.iter().for_each(|path| warn(common, Some(would_be_read(path))));
    warn(common, replaces.then(|| stays(&removing.output, &places)).flatten());
    warn(common, removing.annotate.then(|| not_annotated(&sources)).flatten());
    rules.order.protect.idle(&sources.files, &rules.order.file_places).into_iter().for_each(|pattern| {
        warn(common, Some(format!("`--protect {pattern}` fits no file of the input: it protects nothing")));
    });
    warn(common, rules.order.asks_fields().then(|| without_fields(&sources)).flatten());
    let inputs = Inputs { order: rules.order.clone(), ..archive.inputs(sources, &params)? };
    // that it can't be written is better known before the search, which may end at once
    drop(Folder::new(&removing.output)?);
    let (mut outcome, bar) = run.search(inputs, &params)?;
    run.pool.install(|| archive.look_back(&mut outcome));
    archive.check_order(&outcome)?;
    if replaces && !removing.force && !archive.knows(outcome.identity()) {
        places::check(&removing.output, false, &common.inputs, outcome.own_sources())?;
    }
    let removal = run.pool.install(|| Removal::new(&outcome, &rules))?;
    if let (Some(limit), false) = (rules.max_removed, removal.refusals.is_empty()) {
        return Err(Error::Refused(report::removal::refusal(&outcome, &removal, limit)).into());
    }
    let removed = Removed { removal: &removal, rules: &rules, output: &removing.output };
    run.interrupt.writing()?;
    let written = run.pool.install(|| -> anyhow::Result<_> {
        let folder = Folder::new(&removing.output)?.as_private_as_inputs(&places);
        let records = Records::new(&outcome, &removal, &places, removing.annotate);
        records.write(&folder, common.memory, run.interrupt.progress())?;
        if replaces && !removing.force {
            folder.check_same(places.paths())?;
        }
        Ok((folder, written(common, &outputs, (&outcome, Some(&removed)), &run.interrupt)?))
    });
    run.interrupt.check()?;
    let (folder, (summary, files)) = written?;
    let may_replace = replaces || removing.force;
    folder.check_free(places.paths(), may_replace)?;
    run.pool.install(|| archive.keep(&outcome))?;
    folder.publish(places.paths(), may_replace)?;
    for file in files {
        file.publish()?;
    }
    metrics.map_or(Ok(()), |path| archive.metrics(path, &outcome, &removal))?;
    drop(bar);
    for warning in &removal.warnings {
        warn(common, Some(report::removal::told(&outcome, warning)));
    }
    unknown_names(&rules, &removal).into_iter().for_each(|told| warn(common, Some(told)));
    run.end(common, &outputs, (&outcome, Some(&removed)), &summary)
}

/// Names in the flags that no record has.
fn unknown_names(rules: &Rules, removal: &Removal) -> Vec<String> {
    let is_there = |name: &str| removal.accounts.iter().any(|account| account.name == name);
    let mut told = Vec::new();
    let has_records = removal.all.read > removal.all.skipped;
    if let Some(field) = rules.order.source_field.as_ref().filter(|_| has_records && !removal.tells_sources) {
        told.push(format!("`--source-field {field}`: no record has that field"));
    } else if let Prefer::Sources(names) = &rules.order.prefer {
        let unknown = names.iter().filter(|name| has_records && !is_there(name));
        told.extend(unknown.map(|name| format!("`--prefer source:{name}`: there is no such source")));
    }
    told
}

/// What a removal adds to what is told.
struct Removed<'a> {
    removal: &'a Removal,
    rules: &'a Rules,
    output: &'a Path,
}

/// What the library needs to run.
struct Run {
    surroundings: Surroundings,
    interrupt: Interrupt,
    pool: rayon::ThreadPool,
    quiet: bool,
}

impl Run {
    fn prepare(args: &RunArgs, sources: &Sources, params: &Params) -> anyhow::Result<Self> {
        let mut surroundings = Surroundings { memory: args.memory, ..Surroundings::default() };
        if let Some(folder) = &args.temp_dir {
            outputs::check_temporary(folder)?;
            surroundings.temporary.clone_from(folder);
        }
        warn(args, nothing_to_read(sources));
        warn(args, read_twice(&args.inputs));
        if let Some(told) = expected(args, sources, params).filter(|_| !args.quiet) {
            say("expected", &told);
        }
        let interrupt = Interrupt::watch()?;
        let threads = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0).into());
        let pool = threads.build().context("starting the threads failed")?;
        Ok(Run { surroundings, interrupt, pool, quiet: args.quiet })
    }

    fn search(&self, inputs: Inputs, params: &Params) -> anyhow::Result<(Outcome, Bar)> {
        let progress = self.interrupt.progress();
        let bar = Bar::follow(progress, self.quiet);
        let search = || pipeline::run(inputs, params, &self.surroundings, progress);
        let outcome = self.pool.install(search)?;
        bar.writing();
        Ok((outcome, bar))
    }

    /// Everything is in its place; what is left is to print.
    fn end(
        &self,
        args: &RunArgs,
        outputs: &Outputs<'_>,
        (outcome, removed): (&Outcome, Option<&Removed<'_>>),
        summary: &[u8],
    ) -> anyhow::Result<ExitCode> {
        self.interrupt.printing();
        warn(args, skipped(outcome));
        match self.pool.install(|| print(outputs, summary, (outcome, removed))) {
            // whoever reads has seen enough
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            printed => printed.context("writing to standard output failed")?,
        }
        self.interrupt.done();
        let strictly_failed = args.strict && !outcome.skips().is_empty();
        Ok(if strictly_failed { ExitCode::from(3) } else { ExitCode::SUCCESS })
    }
}

/// The files, still beside their places, and what will be printed; so that all of it is there or nothing.
fn written(
    args: &RunArgs,
    outputs: &Outputs<'_>,
    (outcome, removed): (&Outcome, Option<&Removed<'_>>),
    interrupt: &Interrupt,
) -> anyhow::Result<(Vec<u8>, Vec<Pending>)> {
    let mut stdout = Vec::new();
    let mut files = Vec::new();
    let matches = || match outputs.matches {
        Some(Target::File(path)) => listed(path, outcome, interrupt, |_| true).map(Some),
        _ => Ok(None),
    };
    let wants_facts = outputs.report.is_some() || outputs.leave_stdout();
    let (facts, matches) = rayon::join(|| wants_facts.then(|| Facts::with(outcome, args.wanted())), matches);
    let matches = matches?;
    if let Some(path) = &outputs.pairs {
        let sum = matches.as_ref().map_or(Ok(None), Pending::checksum)?;
        files.push(Pending::write(path, |to| report::pairs::write(outcome, sum, &mut interrupt.stops(to)))?);
    }
    files.extend(matches);
    if let (Some(Target::File(path)), Some(removed)) = (outputs.removed, removed) {
        let wanted = |found: &Match| removed.removal.removes(found);
        files.push(listed(path, outcome, interrupt, wanted)?);
    }
    let Some(mut facts) = facts else { return Ok((stdout, files)) };
    facts.find_templates(outcome)?;
    if let Some(target) = outputs.report {
        let mut page = Vec::new();
        let removal = removed.map(|removed| (removed.removal, removed.rules));
        html::write(outcome, &facts, removal, &mut interrupt.stops(&mut page))?;
        match target {
            Target::File(path) => files.push(Pending::write(path, |to| to.write_all(&page))?),
            Target::Stdout => stdout = page,
        }
    }
    if outputs.leave_stdout() {
        summary(args, (outcome, removed), &facts, &mut stdout)?;
    }
    Ok((stdout, files))
}

/// The matches for which `wanted` says so, as lines or as a table, as the file's name asks for.
fn listed(
    path: &Path,
    outcome: &Outcome,
    interrupt: &Interrupt,
    wanted: impl Fn(&Match) -> bool + Sync,
) -> Result<Pending, Error> {
    Pending::write(path, |to| {
        let mut to = interrupt.stops(to);
        match outputs::names_table(path) {
            #[cfg(feature = "parquet")]
            true => report::table::write_those(outcome, to, wanted),
            _ => matches::write_those(outcome, &mut to, wanted),
        }
    })
}

/// What `--json` prints.
#[derive(serde::Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    report: json::Report<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup: Option<report::removal::Report<'a>>,
}

/// The result: one JSON object, or a summary for people.
fn summary(
    args: &RunArgs,
    (outcome, removed): (&Outcome, Option<&Removed<'_>>),
    facts: &Facts,
    to: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let output = removed.map(|removed| removed.output.to_string_lossy()).unwrap_or_default();
    if args.json {
        let dedup = removed.map(|of| report::removal::report(outcome, of.removal, of.rules, &output));
        let told = Told { report: json::report(outcome, facts), dedup };
        let json = serde_json::to_string_pretty(&told)?;
        writeln!(to, "{}", escape_controls(&json).unwrap_or(json))?;
        return Ok(());
    }
    let colour = io::stdout().is_terminal() && shows_colour();
    let options = terminal::Options { colour, brief: removed.is_some(), ..Default::default() };
    terminal::write(outcome, facts, to, options)?;
    if let Some(night) = &outcome.summary().index {
        night.write(removed.is_some(), colour, to)?;
    }
    if let Some(Removed { removal, .. }) = removed {
        report::removal::write(removal, &output, colour, to)?;
    }
    if args.explain {
        explain(outcome, to)?;
    }
    Ok(())
}

/// Whether a terminal shows bold text and colours, and whoever sits there wants them.
fn shows_colour() -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    variable("NO_COLOR").is_none() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// On standard output: what has been made for it, or the matches, of which there may be many.
fn print(
    outputs: &Outputs<'_>,
    made: &[u8],
    (outcome, removed): (&Outcome, Option<&Removed<'_>>),
) -> io::Result<()> {
    let mut to = io::BufWriter::with_capacity(1 << 16, io::stdout());
    to.write_all(made)?;
    if let Some(Target::Stdout) = outputs.matches {
        matches::write(outcome, &mut to)?;
    }
    if let (Some(Target::Stdout), Some(removed)) = (outputs.removed, removed) {
        matches::write_those(outcome, &mut to, |found| removed.removal.removes(found))?;
    }
    to.flush()
}

/// A warning, on standard error.
fn warn(args: &RunArgs, warning: Option<String>) {
    if let Some(warning) = warning.filter(|_| !args.quiet) {
        say("warning", &warning);
    }
}

/// A message, on standard error. It may name a file, and a file's name may hold terminal escapes.
fn say(kind: &str, message: &str) {
    let harmless = |c: char| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c };
    let message: String = message.chars().map(harmless).collect();
    let _ = writeln!(io::stderr(), "{kind}: {message}");
}

/// Memory of which is told even where nothing bounds it.
const MUCH: u64 = 1 << 30;

/// What the run will take, where that is bounded or much.
fn expected(args: &RunArgs, sources: &Sources, params: &Params) -> Option<String> {
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
fn nothing_to_read(sources: &Sources) -> Option<String> {
    if !sources.files.is_empty() {
        return None;
    }
    Some(match &sources.ignored[..] {
        [] => "nothing to read: there are no files in the inputs".to_owned(),
        [first, others @ ..] => {
            let others = match others.len() {
                0 => String::new(),
                others => format!(", nor {others} more"),
            };
            let hint = "hint: where a name tells no format, `--format` does; what a link to a folder leads to is read where that is an \
                        input itself";
            format!("nothing to read: {first} is not read{others}\n\n{hint}")
        }
    })
}

/// What to say where one input is another, or lies in it: each text there is a copy of itself.
fn read_twice(inputs: &[PathBuf]) -> Option<String> {
    let found = inputs.iter().filter_map(|input| Some((input.canonicalize().ok()?, input)));
    let mut found: Vec<(PathBuf, &PathBuf)> = found.collect();
    found.sort();
    // what lies in a folder comes right behind it
    let twice = found.windows(2).find(|pair| pair[1].0.starts_with(&pair[0].0))?;
    let [outer, inner] = [&twice[0].1, &twice[1].1].map(|path| path.display());
    Some(format!(
        "`{inner}` is read twice: it is an input, and so is `{outer}`; what it says is told as copied"
    ))
}

/// What to say of a list in the folder that it is about.
fn would_be_read(path: &Path) -> String {
    format!("`{}` lies in an input: the next run over that would read it, too", path.display())
}

/// What to say where an output is written to in which there is something else.
fn stays(output: &Path, places: &Places) -> Option<String> {
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

/// What to say where texts are to be annotated.
fn not_annotated(sources: &Sources) -> Option<String> {
    let texts = sources.files.iter().filter(|source| source.format == Format::Text).count();
    let files = if texts == 1 { "text file has" } else { "text files have" };
    (texts > 0).then(|| format!("{texts} {files} no place for annotations, and stay as they are"))
}

/// What to say where fields are asked for of what has none.
fn without_fields(sources: &Sources) -> Option<String> {
    let has_none = |source: &&redite::document::Source| matches!(source.format, Format::Text | Format::Wet);
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

/// What to say of records that were not used.
fn skipped(outcome: &Outcome) -> Option<String> {
    let reasons = &outcome.summary().input.skipped;
    let listed = reasons.iter().filter(|(_, count)| **count > 0);
    let listed: Vec<_> = listed.map(|(reason, count)| format!("{count} `{reason}`")).collect();
    let all: u64 = reasons.values().sum();
    let what = if all == 1 { "record or file was" } else { "records or files were" };
    let hint = if is_text_as_records(outcome) {
        "\n\nhint: a text on standard input needs `--format text`"
    } else {
        ""
    };
    (all > 0).then(|| format!("{all} {what} skipped: {}{hint}", listed.join(", ")))
}

/// Whether nothing but standard input was read, as records, and none of its lines is one.
fn is_text_as_records(outcome: &Outcome) -> bool {
    let input = &outcome.summary().input;
    let invalid = input.skipped.get("invalid_json").copied().unwrap_or_default();
    outcome.sources().iter().all(|source| source.path.is_none()) && invalid > 0 && invalid == input.records
}

/// The plan of bands and rows, and how sure it makes a pair of each similarity to be found.
fn explain(outcome: &Outcome, to: &mut impl Write) -> io::Result<()> {
    let summary = outcome.summary();
    let (bands, rows) = (summary.plan.bands, summary.plan.rows);
    writeln!(
        to,
        "\nPlan\n  {bands} bands of {rows} rows; candidates {}, compared {}",
        summary.candidates, summary.verified
    )?;
    writeln!(to, "  similarity   probability of being found")?;
    for (similarity, probability) in summary.recall_curve.iter().filter(|(similarity, _)| *similarity >= 0.2)
    {
        let bar = "#".repeat((probability * 40.0).round() as usize);
        let mark = if *similarity >= summary.parameters.threshold { "" } else { "  (below the threshold)" };
        writeln!(to, "  {similarity:>10.2}   {probability:.4} {bar}{mark}")?;
    }
    Ok(())
}

//! The command line: flags to parameters, the library's answer to files and to the terminal. No logic.

#[cfg(all(feature = "jemalloc", unix))]
mod allocator;
mod args;
mod config;
mod dedup;
mod hints;
mod index;
mod interrupt;
mod manual;
mod outputs;
mod progress;
mod rethreshold;
mod warnings;

use std::fs::File;
use std::io::{self, IsTerminal, Seek, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use args::{Cli, Command, RunArgs, Usage};
use interrupt::Interrupt;
use outputs::{Outputs, Target};
use progress::Bar;
use redite::archive::Archive;
use redite::dedup::{Removal, Rules};
use redite::document::{Format, Match};
use redite::error::{Error, Kind};
use redite::outcome::Outcome;
use redite::params::Params;
use redite::pipeline::{self, Inputs, Surroundings};
use redite::read::sources::{self, Sources};
use redite::report::facts::Facts;
use redite::report::{self, html, json, matches, terminal};
use redite::write::Pending;
use warnings::Warnings;

fn main() -> ExitCode {
    let result = config::arguments(std::env::args_os().collect()).and_then(|arguments| {
        let Cli { command } = arguments.parse()?;
        #[cfg(all(feature = "jemalloc", unix))]
        if command.gives_back() {
            allocator::give_back(&arguments.all);
        }
        open_many_files();
        match command {
            Command::Audit(args) => audit(&args.run, None),
            Command::Query(args) => query(&args.run),
            Command::Index(command) => index::run(&command),
            Command::Dedup(args) => dedup::run(&args),
            Command::Rethreshold(args) => rethreshold::run(&args),
            Command::Completions { shell } => manual::completions(shell),
            Command::Man { command } => manual::page(&command),
        }
    });
    result.unwrap_or_else(|error| {
        let known = error.downcast_ref::<Error>();
        // the text of a known error holds what it comes from
        let told = known.map_or_else(|| format!("{error:#}"), hints::told);
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
    let interrupt = Interrupt::watch()?;
    args.check()?;
    let archive = args.index.as_deref().map_or_else(|| Ok(Archive::default()), Archive::reading)?;
    let params = args.params(archive.params(Params::audit()));
    params.validate()?;
    args.check_fields(&params)?;
    let sources = sources::find(&args.inputs, args.format().or(format))?;
    let outputs = Outputs::of(args, [None; 2], None, &sources)?;
    let mut run = Run::prepare(args, &sources, &params, interrupt)?;
    run.warnings.add(args.source_field.as_ref().and_then(|_| warnings::without_fields(&sources)));
    run.warnings.add(outputs.read_next.iter().map(|path| warnings::would_be_read(path)));
    run.warnings.say();
    let order = args.order(&sources);
    let inputs = Inputs { order, ..archive.inputs(sources) };
    let (outcome, bar) = run.search(args, inputs, &params)?;
    run.interrupt.writing()?;
    let answers = run.pool.install(|| Answers::make(args, &outputs, (&outcome, None), &run));
    // whatever a writer that was stopped may call it
    run.interrupt.check()?;
    let printed = answers?.publish()?;
    drop(bar);
    run.end(args, &outputs, (&outcome, None), printed)
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
    warnings: Warnings,
    quiet: bool,
}

impl Run {
    fn prepare(
        args: &RunArgs,
        sources: &Sources,
        params: &Params,
        interrupt: Interrupt,
    ) -> anyhow::Result<Self> {
        let mut surroundings = Surroundings { memory: args.memory, ..Surroundings::default() };
        if let Some(folder) = &args.temp_dir {
            outputs::check_temporary(folder)?;
            surroundings.temporary.clone_from(folder);
        }
        let mut warnings = Warnings::new(args.quiet);
        warnings.add(warnings::nothing_to_read(sources));
        warnings.add(warnings::read_twice(&args.inputs).or_else(|| warnings::linked(sources)));
        warnings.say();
        if let Some(told) = warnings::expected(args, sources, params).filter(|_| !args.quiet) {
            say("expected", &told);
        }
        let threads = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0).into());
        let pool = threads.build().context("starting the threads failed")?;
        Ok(Run { surroundings, interrupt, pool, warnings, quiet: args.quiet })
    }

    fn search(&mut self, args: &RunArgs, inputs: Inputs, params: &Params) -> anyhow::Result<(Outcome, Bar)> {
        let progress = self.interrupt.progress();
        let bar = Bar::follow(progress, self.quiet);
        let search = || pipeline::run(inputs, params, &self.surroundings, progress);
        let outcome = self.pool.install(search)?;
        if let Some(refusal) = report::removal::unusable(&outcome) {
            return Err(Error::Refused(refusal).into());
        }
        bar.writing();
        self.warnings.add(warnings::no_record(&outcome));
        self.warnings.add(warnings::unknown_fields(args, &outcome));
        self.warnings.add(warnings::skipped(&outcome));
        Ok((outcome, bar))
    }

    /// Everything is in its place; what is left is to print.
    fn end(
        mut self,
        args: &RunArgs,
        outputs: &Outputs<'_>,
        (outcome, removed): (&Outcome, Option<&Removed<'_>>),
        printed: Printed,
    ) -> anyhow::Result<ExitCode> {
        self.interrupt.printing();
        self.warnings.say();
        match self.pool.install(|| print(outputs, printed, (outcome, removed))) {
            // whoever reads has seen enough
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            done => done.context("writing to standard output failed")?,
        }
        self.interrupt.done();
        let strictly_failed = args.strict && !outcome.skips().is_empty();
        Ok(if strictly_failed { ExitCode::from(3) } else { ExitCode::SUCCESS })
    }
}

/// What a run answers, all of it made before anything is in its place. Each file then appears whole; where one can't, those
/// before it are there.
struct Answers {
    /// what will be printed
    stdout: Printed,
    /// still beside their places
    files: Vec<Pending>,
}

impl Answers {
    fn make(
        args: &RunArgs,
        outputs: &Outputs<'_>,
        (outcome, removed): (&Outcome, Option<&Removed<'_>>),
        run: &Run,
    ) -> anyhow::Result<Self> {
        let interrupt = &run.interrupt;
        let mut stdout = Printed::default();
        let mut files = Vec::new();
        let matches = || match outputs.matches {
            Some(Target::File(path)) => listed(path, outcome, interrupt, |_| true).map(Some),
            _ => Ok(None),
        };
        let wants_facts = outputs.report.is_some() || outputs.leave_stdout();
        let facts = || wants_facts.then(|| Facts::with(outcome, args.wanted())).transpose();
        let (facts, matches) = rayon::join(facts, matches);
        let (facts, matches) = (facts?, matches?);
        if let Some(path) = &outputs.pairs {
            let sum = matches.as_ref().map_or(Ok(None), Pending::checksum)?;
            files.push(interrupt.write(path, |to| report::pairs::write(outcome, sum, to))?);
        }
        files.extend(matches);
        if let (Some(Target::File(path)), Some(removed)) = (outputs.removed, removed) {
            let wanted = |found: &Match| removed.removal.removes(found);
            files.push(listed(path, outcome, interrupt, wanted)?);
        }
        let Some(mut facts) = facts else { return Ok(Answers { stdout, files }) };
        facts.find_templates(outcome)?;
        if let Some(target) = outputs.report {
            let removal = removed.map(|removed| (removed.removal, removed.rules));
            let page = |mut to: &mut dyn Write| html::write(outcome, &facts, removal, &mut to);
            match target {
                Target::File(path) => files.push(paged(path, interrupt, page)?),
                Target::Stdout => {
                    let page = |to: &mut dyn Write| page(&mut interrupt.stops(to));
                    stdout.page = Some(aside(&run.surroundings.temporary, page)?);
                }
            }
        }
        if outputs.leave_stdout() {
            let told = (&facts, &run.warnings);
            summary(args, (outcome, removed), told, &mut stdout.summary)?;
        }
        Ok(Answers { stdout, files })
    }

    /// Puts the files in their places, one after the other; returns what is left to print.
    fn publish(self) -> Result<Printed, Error> {
        for file in self.files {
            file.publish()?;
        }
        Ok(self.stdout)
    }
}

/// What has been made for standard output.
#[derive(Default)]
struct Printed {
    summary: Vec<u8>,
    /// in a temporary file, from its start
    page: Option<File>,
}

/// The page that `content` writes, as a file.
fn paged(
    path: &Path,
    interrupt: &Interrupt,
    content: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<Pending, Error> {
    let mut told = None;
    let written = interrupt.write(path, |to| {
        content(to).map_err(|error| match error {
            Error::Io { path, source, .. } if path == Path::new(html::WRITING) => source,
            error => {
                let source = io::Error::other("the page could not be made");
                told = Some(error);
                source
            }
        })
    });
    told.map_or(written, Err)
}

/// The page that `content` writes, in a temporary file.
fn aside(folder: &Path, content: impl FnOnce(&mut dyn Write) -> Result<(), Error>) -> Result<File, Error> {
    let failed = |source| Error::Temporary { folder: folder.to_owned(), source };
    let mut to = io::BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(folder).map_err(failed)?);
    content(&mut to).map_err(|error| match error {
        Error::Io { path, source, .. } if path == Path::new(html::WRITING) => failed(source),
        error => error,
    })?;
    let mut file = to.into_inner().map_err(|error| failed(error.into_error()))?;
    file.rewind().map_err(failed)?;
    Ok(file)
}

/// The matches for which `wanted` says so, as lines or as a table, as the file's name asks for.
fn listed(
    path: &Path,
    outcome: &Outcome,
    interrupt: &Interrupt,
    wanted: impl Fn(&Match) -> bool + Sync,
) -> Result<Pending, Error> {
    interrupt.write(path, |to| match outputs::names_table(path) {
        #[cfg(feature = "parquet")]
        true => report::table::write_those(outcome, to, wanted),
        _ => matches::write_those(outcome, to, wanted),
    })
}

/// What `--json` prints.
#[derive(serde::Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    report: json::Report<'a>,
    warnings: &'a [String],
    /// how many more there are of kinds of which there are many
    warnings_left_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup: Option<report::removal::Report<'a>>,
}

/// The result: one JSON object, or a summary for people.
fn summary(
    args: &RunArgs,
    (outcome, removed): (&Outcome, Option<&Removed<'_>>),
    (facts, warnings): (&Facts, &Warnings),
    to: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let output = removed.map(|removed| removed.output.to_string_lossy()).unwrap_or_default();
    if args.json {
        let dedup = removed.map(|of| report::removal::report(outcome, of.removal, of.rules, &output));
        let (report, warnings_left_out) = (json::report(outcome, facts), warnings.left_out());
        let told = Told { report, warnings: warnings.all(), warnings_left_out, dedup };
        writeln!(to, "{}", outputs::json(&told)?)?;
        return Ok(());
    }
    let colour = io::stdout().is_terminal() && shows_colour();
    let mut options = terminal::Options { colour, brief: removed.is_some(), ..Default::default() };
    options.order = removed.map(|_| outcome.order());
    // a file, or a pipe, is the same wherever it is made
    if let Some((terminal_size::Width(columns), _)) = terminal_size::terminal_size_of(io::stdout()) {
        options.width = columns.into();
    }
    terminal::write(outcome, facts, to, options)?;
    if let Some(night) = &outcome.summary().index {
        report::night::write(night, removed.is_some(), colour, to)?;
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
    made: Printed,
    (outcome, removed): (&Outcome, Option<&Removed<'_>>),
) -> io::Result<()> {
    let mut to = io::BufWriter::with_capacity(1 << 16, io::stdout());
    to.write_all(&made.summary)?;
    if let Some(mut page) = made.page {
        io::copy(&mut page, &mut to)?;
    }
    if let Some(Target::Stdout) = outputs.matches {
        matches::write(outcome, &mut to)?;
    }
    if let (Some(Target::Stdout), Some(removed)) = (outputs.removed, removed) {
        matches::write_those(outcome, &mut to, |found| removed.removal.removes(found))?;
    }
    to.flush()
}

/// A message, on standard error. It may name a file, and a file's name may hold terminal escapes.
fn say(kind: &str, message: &str) {
    let harmless = |c: char| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c };
    let message: String = message.chars().map(harmless).collect();
    let _ = writeln!(io::stderr(), "{kind}: {message}");
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

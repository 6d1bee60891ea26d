//! The command line: flags to parameters, the library's answer to files and to the terminal. No logic.

mod args;
mod interrupt;
mod outputs;
mod progress;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use args::{AuditArgs, Cli, Command, Usage};
use clap::Parser;
use interrupt::Interrupt;
use outputs::{Outputs, Target};
use redite::error::{Error, Kind};
use redite::outcome::Outcome;
use redite::pipeline::{self, Surroundings};
use redite::read::sources::{self, Sources};
use redite::report::facts::Facts;
use redite::report::{html, json, matches, terminal};
use redite::write::Pending;

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Audit(args) => audit(&args),
    };
    result.unwrap_or_else(|error| {
        let known = error.downcast_ref::<Error>();
        // the text of a known error holds what it comes from
        let told = known.map_or_else(|| format!("{error:#}"), Error::to_string);
        say("error", &told);
        match known.map(Error::kind) {
            Some(Kind::Usage) => ExitCode::from(2),
            None if error.is::<Usage>() => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    })
}

fn audit(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    args.check()?;
    let params = args.params();
    params.validate()?;
    let sources = sources::find(&args.inputs, args.format())?;
    let outputs = Outputs::of(args, &sources)?;
    let mut surroundings = Surroundings::default();
    if let Some(folder) = &args.temp_dir {
        outputs::check_temporary(folder)?;
        surroundings.temporary.clone_from(folder);
    }
    warn(args, nothing_to_read(&sources));
    let interrupt = Interrupt::watch()?;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0).into());
    let pool = threads.build().context("starting the threads failed")?;
    let bar = progress::Bar::follow(interrupt.progress(), args.quiet);
    let outcome = pool.install(|| pipeline::audit(sources, &params, &surroundings, interrupt.progress()))?;
    bar.writing();
    interrupt.writing()?;
    let written = pool.install(|| written(args, &outputs, &outcome, &interrupt));
    // whatever a writer that was stopped may call it
    interrupt.check()?;
    let (summary, files) = written?;
    for file in files {
        file.publish()?;
    }
    drop(bar);
    interrupt.printing();
    warn(args, skipped(&outcome));
    match pool.install(|| print(&outputs, &summary, &outcome)) {
        // whoever reads has seen enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed.context("writing to standard output failed")?,
    }
    let strictly_failed = args.strict && !outcome.skips().is_empty();
    Ok(if strictly_failed { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// The files, still beside their places, and what will be printed; so that all of it is there or nothing.
fn written(
    args: &AuditArgs,
    outputs: &Outputs<'_>,
    outcome: &Outcome,
    interrupt: &Interrupt,
) -> anyhow::Result<(Vec<u8>, Vec<Pending>)> {
    let mut stdout = Vec::new();
    let mut files = Vec::new();
    let matches = || match outputs.matches {
        Some(Target::File(path)) => {
            let written = Pending::write(path, |to| {
                let mut to = interrupt.stops(to);
                match outputs.is_table {
                    #[cfg(feature = "parquet")]
                    true => redite::report::table::write(outcome, to),
                    _ => matches::write(outcome, &mut to),
                }
            });
            written.map(Some)
        }
        _ => Ok(None),
    };
    let (facts, matches) = rayon::join(|| Facts::new(outcome), matches);
    files.extend(matches?);
    if let Some(target) = outputs.report {
        let mut page = Vec::new();
        html::write(outcome, &facts, &mut interrupt.stops(&mut page))?;
        match target {
            Target::File(path) => files.push(Pending::write(path, |to| to.write_all(&page))?),
            Target::Stdout => stdout = page,
        }
    }
    if outputs.leave_stdout() {
        summary(args, outcome, &facts, &mut stdout)?;
    }
    Ok((stdout, files))
}

/// The result: one JSON object, or a summary for people.
fn summary(args: &AuditArgs, outcome: &Outcome, facts: &Facts, to: &mut Vec<u8>) -> anyhow::Result<()> {
    if args.json {
        serde_json::to_writer_pretty(&mut *to, &json::report(outcome, facts))?;
        writeln!(to)?;
        return Ok(());
    }
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = io::stdout().is_terminal() && !no_colour;
    terminal::write(outcome, facts, to, terminal::Options { colour, ..Default::default() })?;
    if args.explain {
        explain(outcome, to)?;
    }
    Ok(())
}

/// On standard output: what has been made for it, or the matches, of which there may be many.
fn print(outputs: &Outputs<'_>, made: &[u8], outcome: &Outcome) -> io::Result<()> {
    let mut to = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    to.write_all(made)?;
    if let Some(Target::Stdout) = outputs.matches {
        matches::write(outcome, &mut to)?;
    }
    to.flush()
}

/// A warning, on standard error.
fn warn(args: &AuditArgs, warning: Option<String>) {
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

/// What to say where there is no file to read.
fn nothing_to_read(sources: &Sources) -> Option<String> {
    if !sources.files.is_empty() {
        return None;
    }
    Some(if sources.ignored.is_empty() {
        "nothing to read: there are no files in the inputs".to_owned()
    } else {
        "nothing to read: the name of no file tells a known format\n\nhint: name the format with `--format`"
            .to_owned()
    })
}

/// What to say of records that were not used.
fn skipped(outcome: &Outcome) -> Option<String> {
    let reasons = &outcome.summary().input.skipped;
    let listed = reasons.iter().filter(|(_, count)| **count > 0);
    let listed: Vec<_> = listed.map(|(reason, count)| format!("{count} `{reason}`")).collect();
    let all: u64 = reasons.values().sum();
    let what = if all == 1 { "record or file was" } else { "records or files were" };
    (all > 0).then(|| format!("{all} {what} skipped: {}", listed.join(", ")))
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

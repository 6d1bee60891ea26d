//! The command line: flags to parameters, the library's answer to files and to the terminal. No logic.

mod args;
mod progress;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use args::{AuditArgs, Cli, Command};
use clap::Parser;
use redite::error::{Error, Kind};
use redite::outcome::Outcome;
use redite::pipeline::{self, Progress, Surroundings};
use redite::read::sources;
use redite::report::facts::Facts;
use redite::report::{self, html, json, terminal};
use redite::write;

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Audit(args) => audit(&args),
    };
    result.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error:#}");
        match error.downcast_ref::<Error>().map(Error::kind) {
            Some(Kind::Usage) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    })
}

fn audit(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let params = args.params();
    params.validate()?;
    let sources = sources::find(&args.inputs, args.format())?;
    let surroundings = Surroundings {
        temporary: args.temp_dir.clone().unwrap_or_else(std::env::temp_dir),
        ..Surroundings::default()
    };
    let progress = stoppable()?;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0));
    let pool = threads.build().context("starting the threads failed")?;
    let outcome = {
        let _bar = progress::Bar::follow(&progress, args.quiet);
        pool.install(|| pipeline::audit(sources, &params, &surroundings, &progress))?
    };
    let facts = Facts::new(&outcome);
    if let Some(path) = &args.matches {
        write::beside(path, |to| report::matches::write(&outcome, to))?;
    }
    if let Some(path) = &args.report {
        let mut page = Vec::new();
        html::write(&outcome, &facts, &mut page)?;
        write::beside(path, |to| to.write_all(&page))?;
    }
    if progress.is_cancelled() {
        return Err(Error::Interrupted.into());
    }
    match print(args, &outcome, &facts) {
        // whoever reads has seen enough
        Err(error) if is_broken_pipe(&error) => {}
        printed => printed.context("writing to standard output failed")?,
    }
    let skipped = !outcome.skips().is_empty();
    Ok(if args.strict && skipped { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// The result, on standard output: one JSON object, or a summary for people.
fn print(args: &AuditArgs, outcome: &Outcome, facts: &Facts) -> anyhow::Result<()> {
    let mut to = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut to, &json::report(outcome, facts)).map_err(io::Error::from)?;
        writeln!(to)?;
    } else {
        let is_terminal = to.is_terminal();
        let colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let mut text = Vec::new();
        terminal::write(outcome, facts, &mut text, terminal::Options { colour, ..Default::default() })?;
        to.write_all(&text)?;
        if args.explain {
            explain(outcome, &mut to)?;
        }
    }
    to.flush()?;
    Ok(())
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

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// Progress that Ctrl-C stops: once politely, twice at once.
fn stoppable() -> anyhow::Result<Arc<Progress>> {
    let progress = Arc::new(Progress::default());
    let stopped = progress.clone();
    ctrlc::set_handler(move || {
        if stopped.is_cancelled() {
            std::process::exit(1);
        }
        stopped.cancel();
    })
    .context("watching for Ctrl-C failed")?;
    Ok(progress)
}

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
use redite::report;
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
    if let Some(path) = &args.matches {
        write::beside(path, |to| report::matches::write(&outcome, to))?;
    }
    if progress.is_cancelled() {
        return Err(Error::Interrupted.into());
    }
    let printed = print(args, &outcome);
    match printed {
        // whoever reads has seen enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed.context("writing to standard output failed")?,
    }
    let skipped = !outcome.skips().is_empty();
    Ok(if args.strict && skipped { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn print(args: &AuditArgs, outcome: &Outcome) -> io::Result<()> {
    let mut to = io::stdout().lock();
    serde_json::to_writer_pretty(&mut to, outcome.summary())?;
    let _ = (args.json, args.explain, to.is_terminal());
    writeln!(to)
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

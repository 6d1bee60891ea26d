//! `redite rethreshold`: the pairs beside a file of matches, told at another threshold.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use redite::error::Error;
use redite::outcome::UnitSummary;
use redite::report::{count, number, pairs};
use redite::rethreshold::{Pairs, Rethresholded};
use redite::write::{self, Pending};

use crate::args::{RethresholdArgs, Usage};
use crate::outputs::{self, Files, Form, Target};

/// What `--json` prints.
#[derive(serde::Serialize)]
struct Told {
    threshold: f64,
    floor: f64,
    documents: UnitSummary,
    paragraphs: UnitSummary,
    capped: u64,
    capped_units: u64,
}

pub(crate) fn run(args: &RethresholdArgs) -> anyhow::Result<ExitCode> {
    let path = pairs_of(&args.matches)?;
    let output = args.output.as_deref().map(outputs::target);
    let to_stdout = matches!(output, Some(Target::Stdout));
    if to_stdout && args.json {
        return Err(Usage("only one of `--json` and `--output -` can have standard output".to_owned()).into());
    }
    if let Some(Target::File(output)) = output {
        if same(output, &path) || same(output, &args.matches) {
            return Err(Usage(format!("`{}`: the output is what is read", output.display())).into());
        }
        Files::default().take(output, "matches", Form::Lines)?;
    }
    let known = Pairs::read(&path)?;
    let is_beside = !same(&args.matches, &path) && args.matches.is_file();
    if is_beside && !known.are_of(write::checksum(&args.matches)?) {
        let (matches, path) = (args.matches.display(), path.display());
        let wrong =
            format!("`{path}` was not written with `{matches}`: another run has replaced one of them");
        let hint = format!("hint: run it again with `--floor`; or name `{path}`, to be told of that run");
        return Err(Usage(format!("{wrong}\n\n{hint}")).into());
    }
    let told = known.at(args.threshold)?;
    let pending = match output {
        Some(Target::File(output)) => {
            Some(Pending::write(output, |to| told.write(to).map_err(as_of_output))?)
        }
        _ => None,
    };
    if let Some(file) = pending {
        file.publish()?;
    }
    match print(args, (&known, &told), to_stdout) {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        printed => printed.map(|()| ExitCode::SUCCESS),
    }
}

/// What failed in writing matches, for who names the file that they were written to.
fn as_of_output(error: Error) -> io::Error {
    match error {
        Error::Io { doing: "writing", source, .. } => source,
        error => io::Error::other(error),
    }
}

/// The pairs beside a file of matches, or the file itself where it holds pairs.
fn pairs_of(matches: &Path) -> anyhow::Result<PathBuf> {
    let beside = pairs::beside(matches);
    let found = std::fs::metadata(matches);
    if found.is_ok() && pairs::is_pairs(matches) {
        return Ok(matches.to_path_buf());
    }
    if beside.is_file() {
        return Ok(beside);
    }
    if let Err(source) = found {
        let wrong = format!("`{}`: the matches can't be read: {source}", matches.display());
        let hint = "hint: name the file that `--matches` of a run with `--floor` wrote";
        return Err(Usage(format!("{wrong}\n\n{hint}")).into());
    }
    let hint = "hint: `redite audit INPUT --floor 0.6 --matches M.jsonl` writes them";
    let (matches, beside) = (matches.display(), beside.display());
    Err(Usage(format!("`{matches}`: there are no pairs beside it, expected `{beside}`\n\n{hint}")).into())
}

fn same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| path.canonicalize().ok();
    one == other || place(one).is_some_and(|one| place(other) == Some(one))
}

fn print(
    args: &RethresholdArgs,
    (known, told): (&Pairs, &Rethresholded<'_>),
    matches: bool,
) -> anyhow::Result<()> {
    let mut to = io::BufWriter::with_capacity(1 << 16, io::stdout());
    let [capped, capped_units] = known.capped();
    let (documents, paragraphs) = (told.documents, told.paragraphs);
    if matches {
        told.write(&mut to)?;
    } else if args.json {
        let (threshold, floor) = (args.threshold, known.floor());
        let told = Told { threshold, floor, documents, paragraphs, capped, capped_units };
        writeln!(to, "{}", outputs::json(&told)?)?;
    } else {
        writeln!(
            to,
            "At threshold {} (the run had {}, with a floor of {})",
            args.threshold,
            known.threshold(),
            known.floor()
        )?;
        for (name, units) in [("documents", documents), ("paragraphs", paragraphs)] {
            writeln!(
                to,
                "  {name:<11} {} {}, {} {}: {} exact, {} near, {} contained",
                number(units.originals),
                if units.originals == 1 { "original" } else { "originals" },
                number(units.copies()),
                if units.copies() == 1 { "copy" } else { "copies" },
                number(units.exact_copies),
                number(units.near_copies),
                number(units.contained_copies)
            )?;
        }
        if capped_units > 0 {
            let (units, them, these) = match capped_units {
                1 => ("document or paragraph was", "it", "this"),
                _ => ("documents and paragraphs were", "them", "these"),
            };
            let (capped_units, capped) = (number(capped_units), count(capped, "pair", "pairs"));
            writeln!(
                to,
                "  {capped_units} {units} not compared with all that share a bucket with {them} ({capped}): a run may \
                 tell {these} otherwise"
            )?;
        }
    }
    to.flush()?;
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let of = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    match error.downcast_ref::<Error>() {
        Some(Error::Io { source, .. }) => of(source),
        _ => error.downcast_ref::<io::Error>().is_some_and(of),
    }
}

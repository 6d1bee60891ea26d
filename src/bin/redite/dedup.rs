//! `redite dedup`: what is asked for is checked, then searched, then written beside its place; only then it appears,
//! the index first.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use redite::archive::Archive;
use redite::dedup::{Checked, Job, Removal};
use redite::error::Error;
use redite::index::Index;
use redite::metrics::Metrics;
use redite::outcome::Outcome;
use redite::params::Params;
use redite::read::sources::{self, Sources};
use redite::write::Pending;

use crate::args::{DedupArgs, Usage};
use crate::interrupt::Interrupt;
use crate::outputs::Outputs;
use crate::warnings::{self, Warnings};
use crate::{Answers, Removed, Run};

pub(crate) fn run(args: &DedupArgs) -> anyhow::Result<ExitCode> {
    let DedupArgs { run: common, removing } = args;
    // outputs are tried before the run begins, and leave nothing either
    let interrupt = Interrupt::watch()?;
    common.check()?;
    args.params(Params::dedup()).validate()?;
    let sources = sources::find(&common.inputs, common.format())?;
    let job = job(args)?;
    // a night that is run again writes its outputs again
    let has_index = common.index.as_deref().map_or(Ok(None), Index::at)?.is_some();
    let checked = job.check(&sources, has_index)?;
    let named = [removing.removed.as_deref(), removing.metrics.as_deref()];
    let outputs = Outputs::of(common, named, Some(&removing.output), &sources)?;
    // it may be made here: so not before all else is known to be right
    let mut archive = archive(common.index.as_deref(), removing.no_new_index)?;
    let params = args.params(archive.params(Params::dedup()));
    params.validate()?;
    args.check_fields(&params)?;
    let mut run = Run::prepare(common, &sources, &params, interrupt)?;
    // that it can't be written is better known before the search, which may end at once; and what a killed run left goes
    checked.try_output()?;
    warn((&job, &checked), &outputs, &sources, &mut run.warnings);
    let (outcome, bar) = run.search(common, checked.inputs(sources, &archive), &params)?;
    let removal = run.pool.install(|| checked.decide(&outcome, &archive))?;
    let removed = Removed { removal: &removal, rules: &job.rules, output: &removing.output };
    run.warnings.of_removal(&outcome, &removal);
    let repeated = archive.repeated_batch(&outcome);
    run.warnings.add(repeated.map(|batch| warnings::repeated(batch, &outcome)));
    run.interrupt.writing()?;
    let written = run.pool.install(|| -> anyhow::Result<_> {
        let written = checked.write(&outcome, &removal, &run.surroundings, run.interrupt.progress())?;
        Ok((written, Answers::make(common, &outputs, (&outcome, Some(&removed)), &run)?))
    });
    run.interrupt.check()?;
    let (written, answers) = written?;
    run.pool.install(|| written.publish(&mut archive, &outcome))?;
    let printed = answers.publish()?;
    if let Some(path) = &removing.metrics {
        metrics(path, &archive, &outcome, &removal)?;
    }
    drop(bar);
    run.end(common, &outputs, (&outcome, Some(&removed)), printed)
}

/// What the flags ask for.
fn job(args: &DedupArgs) -> anyhow::Result<Job> {
    let DedupArgs { run: common, removing } = args;
    if removing.output == Path::new("-") {
        let hint = "hint: name a folder; one that is called `-` is `./-`";
        return Err(Usage(format!("`--output -`: a corpus does not go to standard output\n\n{hint}")).into());
    }
    Ok(Job {
        inputs: common.inputs.clone(),
        output: removing.output.clone(),
        format: common.format(),
        order: args.order()?,
        rules: args.rules(),
        force: removing.force,
    })
}

/// Says what its user may not have meant.
fn warn(
    (job, checked): (&Job, &Checked<'_>),
    outputs: &Outputs<'_>,
    sources: &Sources,
    warnings: &mut Warnings,
) {
    warnings.add(outputs.read_next.iter().map(|path| warnings::would_be_read(path)));
    let stays = checked.replaces().then(|| warnings::stays(&job.output, checked.places()));
    warnings.add(stays.flatten());
    warnings::before_removal(&job.rules, checked.order(), sources, warnings);
    warnings.say();
}

/// The index that the flags name, to add to; it need not be there yet, unless that is asked for.
fn archive(dir: Option<&Path>, is_there: bool) -> Result<Archive, Error> {
    let Some(dir) = dir else { return Ok(Archive::default()) };
    if is_there {
        let hint = "is its volume mounted? The first night, which makes it, goes without `--no-new-index`";
        Index::there(dir).map_err(|error| match error {
            Error::NoIndex { path, wrong, .. } => Error::NoIndex { path, wrong, hint },
            error => error,
        })?;
    }
    Archive::adding(dir)
}

/// Writes the metrics of a run that is done.
fn metrics(path: &Path, archive: &Archive, outcome: &Outcome, removal: &Removal) -> anyhow::Result<()> {
    let index = archive.index().map(|index| index.stats()).transpose()?;
    let ended = SystemTime::now();
    let metrics = Metrics { outcome, removal: Some(removal), index: index.as_ref(), ended };
    Ok(Pending::write(path, |to| metrics.write(to))?.publish()?)
}

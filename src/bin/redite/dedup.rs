//! `redite dedup`: what is asked for is checked, then searched, then written beside its place; only then it appears,
//! the index first.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use redite::archive::Archive;
use redite::dedup::{Removal, Rules};
use redite::error::Error;
use redite::index::Index;
use redite::metrics::Metrics;
use redite::outcome::Outcome;
use redite::params::Params;
use redite::pipeline::Inputs;
use redite::read::sources::{self, Sources};
use redite::report;
use redite::write::Pending;
use redite::write::folder::Folder;
use redite::write::places::{self, Places, check_annotated};
use redite::write::records::Records;

use crate::args::{DedupArgs, Usage};
use crate::interrupt::Interrupt;
use crate::outputs::Outputs;
use crate::warnings::{self, Warnings};
use crate::{Answers, Removed, Run};

/// What is asked for, as far as it can be known to be right before an index is opened.
struct Asked<'a> {
    args: &'a DedupArgs,
    places: Places,
    rules: Rules,
    outputs: Outputs<'a>,
    /// whether the output holds something already that may be replaced
    replaces: bool,
}

pub(crate) fn run(args: &DedupArgs) -> anyhow::Result<ExitCode> {
    let DedupArgs { run: common, removing } = args;
    // outputs are tried before the run begins, and leave nothing either
    let interrupt = Interrupt::watch()?;
    common.check()?;
    args.params(Params::dedup()).validate()?;
    let sources = sources::find(&common.inputs, common.format())?;
    let asked = Asked::of(args, &sources)?;
    // it may be made here: so not before all else is known to be right
    let mut archive = archive(common.index.as_deref(), removing.no_new_index)?;
    let params = args.params(archive.params(Params::dedup()));
    params.validate()?;
    args.check_fields(&params)?;
    let mut run = Run::prepare(common, &sources, &params, interrupt)?;
    // that it can't be written is better known before the search, which may end at once; and what a killed run left goes
    drop(Folder::new(&removing.output)?);
    asked.warn(&sources, &mut run.warnings);
    let Asked { places, rules, outputs, replaces, .. } = &asked;
    let inputs = Inputs { order: rules.order.clone(), ..archive.inputs(sources) };
    let (outcome, bar) = run.search(common, inputs, &params)?;
    archive.check_order(&outcome)?;
    let repeated = archive.repeated_batch(&outcome);
    if *replaces && !removing.force && !archive.knows(outcome.identity()) {
        places::check(&removing.output, false, &common.inputs, outcome.own_sources())?;
    }
    let removal = run.pool.install(|| Removal::new(&outcome, rules))?;
    if let (Some(limit), false) = (rules.max_removed, removal.refusals.is_empty()) {
        let index = common.index.as_deref().filter(|_| archive.index().is_some());
        return Err(Error::Refused(report::removal::refusal(&outcome, &removal, limit, index)).into());
    }
    let removed = Removed { removal: &removal, rules, output: &removing.output };
    run.warnings.of_removal(&outcome, rules, &removal);
    run.warnings.add(repeated.map(|batch| warnings::repeated(batch, &outcome)));
    run.interrupt.writing()?;
    let written = run.pool.install(|| asked.written(&run, &outcome, &removed));
    run.interrupt.check()?;
    let (folder, answers) = written?;
    let may_replace = *replaces || removing.force;
    folder.check_free(places.paths(), may_replace)?;
    run.pool.install(|| archive.keep(&outcome))?;
    folder.publish(places.paths(), may_replace)?;
    let printed = answers.publish()?;
    if let Some(path) = &removing.metrics {
        metrics(path, &archive, &outcome, &removal)?;
    }
    drop(bar);
    run.end(common, outputs, (&outcome, Some(&removed)), printed)
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

impl<'a> Asked<'a> {
    fn of(args: &'a DedupArgs, sources: &Sources) -> anyhow::Result<Self> {
        let DedupArgs { run: common, removing } = args;
        if removing.output == Path::new("-") {
            let hint = "hint: name a folder; one that is called `-` is `./-`";
            return Err(
                Usage(format!("`--output -`: a corpus does not go to standard output\n\n{hint}")).into()
            );
        }
        let places = Places::new(&common.inputs, &sources.files)?;
        if removing.annotate {
            check_annotated(&sources.files)?;
        }
        let rules = args.rules(&places)?;
        // a night that is run again writes its outputs again
        let index = common.index.as_deref().map_or(Ok(None), Index::at)?;
        let may_replace = removing.force || index.is_some();
        let replaces = places::check(&removing.output, may_replace, &common.inputs, &sources.files)?;
        if replaces {
            places::check_way([&removing.output; 2], places.paths())?;
        }
        let (removed, metrics) = (removing.removed.as_deref(), removing.metrics.as_deref());
        let outputs = Outputs::of(common, [removed, metrics], Some(&removing.output), sources)?;
        Ok(Asked { args, places, rules, outputs, replaces })
    }

    /// Says what its user may not have meant.
    fn warn(&self, sources: &Sources, warnings: &mut Warnings) {
        let Asked { args: DedupArgs { removing, .. }, places, rules, outputs, replaces } = self;
        warnings.add(outputs.read_next.iter().map(|path| warnings::would_be_read(path)));
        warnings.add(replaces.then(|| warnings::stays(&removing.output, places)).flatten());
        warnings::before_removal(rules, sources, warnings);
        warnings.say();
    }

    /// The corpus and the answers, still beside their places.
    fn written(
        &self,
        run: &Run,
        outcome: &Outcome,
        removed: &Removed<'_>,
    ) -> anyhow::Result<(Folder, Answers)> {
        let Asked { args: DedupArgs { run: common, removing }, places, outputs, replaces, .. } = self;
        let folder = Folder::new(&removing.output)?.as_private_as_inputs(places);
        let records = Records::new(outcome, removed.removal, places, removing.annotate);
        records.write(&folder, common.memory, run.interrupt.progress())?;
        if *replaces && !removing.force {
            folder.check_same(places.paths())?;
        }
        Ok((folder, Answers::make(common, outputs, (outcome, Some(removed)), run)?))
    }
}

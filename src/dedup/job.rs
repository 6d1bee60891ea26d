//! A deduplication from its inputs to its output, in steps of which each refuses what the next must not do. `redite dedup`
//! takes the same ones, with its reports between them.

use std::path::{Path, PathBuf};

use crate::archive::Archive;
use crate::dedup::{Removal, Rules};
use crate::document::Format;
use crate::error::{Error, Result};
use crate::order::Order;
use crate::outcome::Outcome;
use crate::params::Params;
use crate::pipeline::{self, Inputs, Progress, Surroundings};
use crate::read::sources::{self, Sources};
use crate::report::removal::{refusal, unusable};
use crate::write::folder::Folder;
use crate::write::places::{self, Places, check_annotated, check_way};
use crate::write::records::Records;

/// Writes a corpus without the copies in it, under `output`: the same files, each kept record byte for byte as it was.
/// `params` are those of [`Params::dedup`], or more. [`Job`] takes an index, an order, and what bounds a run.
///
/// # Errors
/// Those of [`Job::run`]; nothing is written then.
pub fn run(inputs: &[PathBuf], output: &Path, params: &Params, rules: &Rules) -> Result<Done> {
    let job =
        Job { inputs: inputs.to_vec(), output: output.to_path_buf(), rules: rules.clone(), ..Job::default() };
    job.run(&mut Archive::default(), params, &Surroundings::default(), &Progress::default())
}

/// What is deduplicated, and where to.
#[derive(Debug, Clone, Default)]
pub struct Job {
    /// files and folders
    pub inputs: Vec<PathBuf>,
    /// the folder that appears when all is done; that which it is in must be there
    pub output: PathBuf,
    /// what the inputs are, where their names do not tell
    pub format: Option<Format>,
    /// who comes first; what the files are called is filled in
    pub order: Order,
    /// what becomes of copies, and how much may go
    pub rules: Rules,
    /// whether files in the output may be replaced
    pub force: bool,
}

/// A deduplication that is done.
pub struct Done {
    /// what was found
    pub outcome: Outcome,
    /// what was removed of it
    pub removal: Removal,
}

impl Job {
    /// Searches the inputs and an index, writes what stays under the output, and adds the run to the index where it is one
    /// to add to ([`Archive::adding`]); by default there is none. What the index has already it is matched against.
    ///
    /// # Errors
    /// [`Error::Refused`] where nothing of the input could be used, or more would be removed than the rules allow;
    /// [`Error::Output`]; those of [`pipeline::run`], of [`Archive::check_order`] and [`Archive::keep`]. Nothing is written
    /// then; where the output can't be put in its place at the end, the index has the batch, and the same job again writes
    /// it.
    pub fn run(
        &self,
        archive: &mut Archive,
        params: &Params,
        surroundings: &Surroundings,
        progress: &Progress,
    ) -> Result<Done> {
        let sources = sources::find(&self.inputs, self.format)?;
        let checked = self.check(&sources, archive.index().is_some())?;
        checked.try_output()?;
        let outcome = pipeline::run(checked.inputs(sources, archive), params, surroundings, progress)?;
        let removal = checked.decide(&outcome, archive)?;
        let written = checked.write(&outcome, &removal, surroundings, progress)?;
        written.publish(archive, &outcome)?;
        Ok(Done { outcome, removal })
    }

    /// Whether its output can be written, as far as that can be known before the search. Where there is an index, the
    /// batch may be in it, and then the output may be there.
    ///
    /// # Errors
    /// [`Error::Output`]; [`Error::Parameter`] where the share of the rules is none.
    pub fn check(&self, sources: &Sources, has_index: bool) -> Result<Checked<'_>> {
        let Job { inputs, output, force, rules, .. } = self;
        if let Some(share) = rules.max_removed.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(Error::Parameter {
                name: "max-removed",
                expected: "from 0 to 1".into(),
                got: share.to_string(),
                hint: "0.5 lets no source lose more than half of its records",
            });
        }
        let places = Places::new(inputs, &sources.files)?;
        if rules.annotate {
            check_annotated(&sources.files)?;
        }
        let replaces = places::check(output, *force || has_index, inputs, &sources.files)?;
        if replaces {
            check_way([output.as_path(); 2], places.paths())?;
        }
        let order = self.order.clone().for_files(&places);
        Ok(Checked { job: self, order, places, replaces })
    }
}

/// A [`Job`] whose output can be written, as far as is known.
pub struct Checked<'a> {
    job: &'a Job,
    order: Order,
    places: Places,
    replaces: bool,
}

impl Checked<'_> {
    /// The order in which documents pass, with what the files are called.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// Where each file goes.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Whether the output holds something already that may be replaced.
    pub fn replaces(&self) -> bool {
        self.replaces
    }

    /// Begins to write the output, and leaves nothing; what a run that was killed has left beside it goes.
    ///
    /// # Errors
    /// [`Error::Io`] where it can't be written.
    pub fn try_output(&self) -> Result<()> {
        Folder::new(&self.job.output).map(drop)
    }

    /// What [`pipeline::run`] reads: these sources in their order, against an index.
    pub fn inputs(&self, sources: Sources, archive: &Archive) -> Inputs {
        Inputs { order: self.order.clone(), ..archive.inputs(sources) }
    }

    /// Decides what is removed, and whether it may be.
    ///
    /// # Errors
    /// [`Error::Refused`], those of [`Archive::check_order`] and of [`Removal::new`]; [`Error::Output`] where the output
    /// holds something, and this is no batch that the index has.
    pub fn decide(&self, outcome: &Outcome, archive: &Archive) -> Result<Removal> {
        let Job { inputs, output, rules, force, .. } = self.job;
        if let Some(refusal) = unusable(outcome) {
            return Err(Error::Refused(refusal));
        }
        archive.check_order(outcome)?;
        if self.replaces && !force && !archive.knows(outcome.identity()) {
            places::check(output, false, inputs, outcome.own_sources())?;
        }
        let removal = Removal::new(outcome, rules)?;
        match rules.max_removed {
            Some(limit) if !removal.refusals.is_empty() => {
                let dir = archive.dir().filter(|_| archive.index().is_some());
                Err(Error::Refused(refusal(outcome, &removal, limit, dir)))
            }
            _ => Ok(removal),
        }
    }

    /// Writes what stays beside its place.
    ///
    /// # Errors
    /// [`Error::Output`], [`Error::Io`], [`Error::Changed`], [`Error::Interrupted`]; nothing is left then.
    pub fn write(
        &self,
        outcome: &Outcome,
        removal: &Removal,
        surroundings: &Surroundings,
        progress: &Progress,
    ) -> Result<Written<'_>> {
        let Job { output, rules, force, .. } = self.job;
        let folder = Folder::new(output)?.as_private_as_inputs(&self.places);
        let records = Records::new(outcome, removal, &self.places, rules.annotate);
        records.write(&folder, surroundings.memory, progress)?;
        if self.replaces && !force {
            folder.check_same(self.places.paths())?;
        }
        Ok(Written { folder, places: &self.places, may_replace: self.replaces || *force })
    }
}

/// An output beside its place; where it is dropped, it goes, and nothing has happened.
pub struct Written<'a> {
    folder: Folder,
    places: &'a Places,
    may_replace: bool,
}

impl Written<'_> {
    /// Adds the run to the index, if there is one to add to, and then puts the output in its place.
    ///
    /// # Errors
    /// [`Error::Output`] where something has come into its place, and those of [`Archive::keep`]; nothing has happened then.
    /// [`Error::Io`].
    pub fn publish(self, archive: &mut Archive, outcome: &Outcome) -> Result<()> {
        let Written { folder, places, may_replace } = self;
        folder.check_free(places.paths(), may_replace)?;
        archive.keep(outcome)?;
        folder.publish(places.paths(), may_replace)
    }
}

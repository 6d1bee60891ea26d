//! An index in a folder, as a run needs it: to be asked, or to be added to, with all that has to happen in its order.
//!
//! ```no_run
//! # fn main() -> redite::error::Result<()> {
//! use redite::archive::Archive;
//! use redite::params::Params;
//! use redite::pipeline::{Progress, Surroundings, run};
//! use redite::read::sources;
//!
//! let mut archive = Archive::adding("archive")?; // locked until it is dropped; it need not be there yet
//! let params = archive.params(Params::audit()); // those that it was made with
//! let inputs = archive.inputs(sources::find(&["tonight".into()], None)?);
//! let outcome = run(inputs, &params, &Surroundings::default(), &Progress::default())?;
//! archive.check_order(&outcome)?; // before anything is written of what was found
//! archive.keep(&outcome)?;
//! # Ok(())
//! # }
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;
use crate::index::store::Folder;
use crate::index::{Identity, Index, Writer};
use crate::keep;
use crate::outcome::Outcome;
use crate::params::Params;
use crate::past::Past;
use crate::pipeline::Inputs;
use crate::read::sources::Sources;

/// The index that a run is matched against, and may add to; by default there is none.
#[derive(Default)]
pub struct Archive {
    dir: Option<PathBuf>,
    /// what is asked; of one that is added to, what was there when it was opened
    index: Option<Arc<Index>>,
    writer: Option<Writer>,
}

impl Archive {
    /// An index to ask, as it is now: any number of runs may, also while it is changed.
    ///
    /// # Errors
    /// [`crate::error::Error::NoIndex`], and those of [`Index::open`].
    pub fn reading(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        Ok(Archive { dir: Some(dir.to_path_buf()), index: Some(Index::there(dir)?), writer: None })
    }

    /// An index to add to, under its lock; it is begun where there is none.
    ///
    /// # Errors
    /// [`crate::error::Error::NoIndex`] where a file is in its place, and those of [`Writer::open`].
    pub fn adding(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        Index::check_folder(dir)?;
        let writer = Writer::open(Arc::new(Folder::new(dir)))?;
        let index = writer.index().cloned();
        Ok(Archive { dir: Some(dir.to_path_buf()), index, writer: Some(writer) })
    }

    /// Its folder.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// The parameters of the index, where there is something in it; else these. A run has to have them, see
    /// [`Index::check_params`].
    pub fn params(&self, defaults: Params) -> Params {
        self.index.as_ref().map_or(defaults, |index| index.params().clone())
    }

    /// What a run reads: these sources, against the index.
    pub fn inputs(&self, sources: Sources) -> Inputs {
        let past = match (&self.writer, &self.index) {
            (Some(writer), _) => Some(Past::adding_to(writer)),
            (None, index) => index.clone().map(Past::asking),
        };
        Inputs { past, ..sources.into() }
    }

    /// What the index has now; `None` where there is none, or nothing in it yet.
    pub fn index(&self) -> Option<&Arc<Index>> {
        self.writer.as_ref().map_or(self.index.as_ref(), Writer::index)
    }

    /// Whether the index has this batch already.
    pub fn knows(&self, identity: Identity) -> bool {
        self.index().is_some_and(|index| index.knows(identity))
    }

    /// Refuses a batch that the index has in another order, see [`keep::check_order`].
    ///
    /// # Errors
    /// As there.
    pub fn check_order(&self, outcome: &Outcome) -> Result<()> {
        self.added_to().map_or(Ok(()), |index| keep::check_order(outcome, index))
    }

    /// The batch (from 1) that this one is once more, with other ids or file names.
    pub fn repeated_batch(&self, outcome: &Outcome) -> Option<u64> {
        self.added_to().and_then(|index| keep::repeated_batch(outcome, index))
    }

    /// Makes the run's documents part of the index, if it is one to add to. Returns whether there was anything to do.
    ///
    /// # Errors
    /// Those of [`keep::keep`].
    pub fn keep(&mut self, outcome: &Outcome) -> Result<bool> {
        self.writer.as_mut().map_or(Ok(false), |writer| keep::keep(outcome, writer))
    }

    /// The index, where it is one to add to and has something.
    fn added_to(&self) -> Option<&Arc<Index>> {
        self.writer.as_ref().and_then(Writer::index)
    }
}

//! A corpus of which more would have to be held than memory allows is taken in parts, one after the other:
//! each is matched against those before, whose keys are in an index in the temporary folder, and goes into
//! that index itself. By law 2 what is found does not depend on where the cuts are.
//!
//! What stays in memory is what a report may ask for: where each document and paragraph stands, which are
//! equal, and what was found; see [`Whole::size`]. Texts are read again where they are.

use std::sync::Arc;

use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::index::Writer;
use crate::index::store::Scratch;
use crate::keep;
use crate::outcome::Outcome;
use crate::outcome::whole::Whole;
use crate::past::{Before, Past};
use crate::pipeline::{Clock, Stages};
use crate::read::sources::Sources;

/// Bytes that a process holds whatever it reads: its code, its threads, the chunks on their way.
pub(crate) const RESERVED: u64 = 96 << 20;

/// Bytes that a part may take at least: with less the run would take more time for its parts than for what is
/// in them.
const LEAST: u64 = 64 << 20;

/// The parts of a run.
pub(crate) struct Parts<'a> {
    stages: Stages<'a>,
    /// a batch of an index is one part: it is in or out
    may_cut: bool,
    whole: Whole,
    index: Option<Writer>,
    /// all documents as they were measured, and the order in which they pass; only where that is not the
    /// order of the corpus
    pub(crate) measured: Option<(Corpus, Vec<u32>)>,
}

impl<'a> Parts<'a> {
    /// None yet.
    pub(crate) fn new(stages: Stages<'a>, sources: &Sources, may_cut: bool) -> Self {
        let whole = Whole::new(stages.params, sources.files.len());
        Parts { stages, may_cut, whole, index: None, measured: None }
    }

    /// Whether everything is one part so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_none()
    }

    /// Whether a part of which so many bytes have to be held is as much as there is room for.
    ///
    /// # Errors
    /// [`Error::TooLittleMemory`] where there may be no parts.
    pub(crate) fn are_full(&self, working: u64) -> Result<bool> {
        let surroundings = self.stages.surroundings;
        let room = surroundings
            .memory
            .map_or(u64::MAX, |memory| memory.saturating_sub(RESERVED + self.whole.size()).max(LEAST));
        match self.may_cut {
            false if working > room => Err(self.too_little(working)),
            may_cut => Ok(may_cut && working >= room.min(surroundings.part)),
        }
    }

    fn too_little(&self, held: u64) -> Error {
        let memory = self.stages.surroundings.memory.unwrap_or(u64::MAX);
        Error::TooLittleMemory { memory, held: RESERVED + held }
    }

    /// Searches a part, and lets those that come find it.
    ///
    /// # Errors
    /// Those of [`crate::pipeline::run`]; [`Error::TooLittleMemory`].
    pub(crate) fn add(&mut self, corpus: Corpus, clock: &mut Clock) -> Result<()> {
        let outcome = self.search(corpus, true, clock)?;
        let folder = &self.stages.surroundings.temporary;
        let index = match &mut self.index {
            Some(index) => index,
            None => self.index.insert(Writer::scratch(Arc::new(Scratch::new(folder)))),
        };
        keep::keep_part(&outcome, index).map_err(|error| match error {
            Error::Io { source, .. } => Error::temporary(folder, source),
            error => error,
        })?;
        self.whole.absorb(outcome);
        let held = self.whole.size() + LEAST;
        if self.stages.surroundings.memory.is_some_and(|memory| memory < RESERVED + held) {
            return Err(self.too_little(held));
        }
        clock.lap(|seconds| &mut seconds.spilling);
        Ok(())
    }

    /// Searches the last part, and puts all of them together.
    ///
    /// # Errors
    /// Those of [`Parts::add`].
    pub(crate) fn finish(mut self, corpus: Corpus, sources: Sources, clock: &mut Clock) -> Result<Outcome> {
        let last = self.search(corpus, false, clock)?;
        let texts = self.whole.absorb(last);
        texts.check_sources()?;
        let Stages { params, plan, .. } = self.stages;
        Ok(self.whole.finish((texts, self.measured), sources, (params, plan)))
    }

    fn search(&self, corpus: Corpus, keep: bool, clock: &mut Clock) -> Result<Outcome> {
        clock.lap(|seconds| &mut seconds.reading);
        self.whole.check_room(&corpus)?;
        let index = self.index.as_ref().and_then(Writer::index);
        let past = index.map(|index| Past { index: index.clone(), before: u32::MAX, is_batch: false });
        let before = past.as_ref().map(|past| Before::with_own(past, 0, self.whole.all_documents()));
        let found = self.stages.search(corpus, before.as_ref(), keep, clock)?;
        Ok(Outcome::of_part(found, (self.stages.params, self.stages.plan)))
    }
}

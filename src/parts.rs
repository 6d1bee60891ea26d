//! A corpus of which more would have to be held than memory allows is taken in parts, one after the other:
//! each is matched against those before, whose keys are in an index in the temporary folder, and goes into
//! that index itself. By law 2 what is found does not depend on where the cuts are. Where the run is matched
//! against an index of its own, that one goes on after it, and what is on disk stays as it is until
//! [`crate::keep`] makes one batch of all parts.
//!
//! Only when all is read can be told whether the index has this batch already. Until then that is presumed of a
//! corpus that begins as one of the batches does; where that was wrong, the parts are searched again.
//!
//! What a report may ask for (where each document and paragraph stands, which are equal, and what was found) is
//! held at the end, and waits in temporary files until then; see [`Whole::size`]. Texts are read again where they
//! are.

use std::sync::Arc;

use crate::corpus::{Builder, Corpus};
use crate::document::Source;
use crate::error::{Error, Result};
use crate::index::store::Scratch;
use crate::index::{Identity, Writer};
use crate::keep;
use crate::outcome::Outcome;
use crate::outcome::whole::{Ends, Whole};
use crate::past::led_to::LedTo;
use crate::past::{Before, Seen};
use crate::pipeline::{Clock, Stages, Surroundings};
use crate::read::sources::Sources;
use crate::unit::PerUnit;

/// Bytes that a process holds whatever it reads: its code, its threads, the chunks on their way.
pub(crate) const RESERVED: u64 = 96 << 20;

/// Bytes of these that a run can't do without: one is refused where not even they are left.
const NEEDED: u64 = 48 << 20;

/// Bytes that a part may take at least: with less the run would take more time for its parts than for what is
/// in them.
pub(crate) const LEAST: u64 = 24 << 20;

/// Bytes held for each unit of an earlier part that something of a part leads to: what it was and its verdict, and for each band
/// its key, and what says that it is in the bucket.
const JOINED: u64 = 60;
const JOINED_BAND: u64 = 16;

/// Bytes held for each window of a seed with a full list, after earlier parts.
const OF_A_WINDOW: u64 = 96;

/// Units of parts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Drawn {
    /// those of earlier parts that something led to, in the last part
    earlier: u64,
    /// its own, and those of all parts so far
    own: u64,
    all: u64,
    /// seeds of the last part, and windows of seeds with full lists
    seeds: u64,
    windows: u64,
}

impl Drawn {
    /// Another part: units of earlier ones and its own, seeds and windows.
    fn add(&mut self, [earlier, own]: [u64; 2], [seeds, windows]: [u64; 2]) {
        *self = Drawn { earlier, own, all: self.all + own, seeds, windows };
    }

    /// About how many windows a part with so many seeds will have, of seeds with full lists: as many each as the last one.
    fn windows(&self, seeds: u64) -> u64 {
        (self.windows as f64 / self.seeds.max(1) as f64 * seeds as f64) as u64
    }

    /// About how many of earlier parts a part of so many units will lead to: as many each as in the last one, and more as
    /// there are more to lead to.
    fn expected(&self, own: u64) -> u64 {
        let before = self.all - self.own;
        if before == 0 {
            return own / 2; // nothing is known yet, and that is a great deal
        }
        let share = self.earlier as f64 / self.own.max(1) as f64;
        (share * own as f64 * self.all as f64 / before as f64) as u64
    }
}

/// Bytes that are held for a file, to read it again. What else is known of it has room in what is reserved; measured with
/// 200,000 files.
fn of_file(file: &Source) -> u64 {
    let path = file.path.as_ref().map_or(0, |path| path.as_os_str().len());
    (size_of::<Source>() + file.name.len() + path) as u64
}

/// The parts of a run.
pub(crate) struct Parts<'a> {
    stages: Stages<'a>,
    /// whether the corpus may be cut
    may_cut: bool,
    /// what the whole run is matched against
    past: Option<&'a Seen>,
    /// whether the run becomes a batch of an index
    keep: bool,
    /// documents of the index that the parts see: those before this number; known from the first part on
    sees: Option<u32>,
    whole: Whole,
    index: Option<Writer>,
    drawn: Drawn,
    /// what the part that is read leads to
    led_to: LedTo,
    /// bytes held beside, by what is known of the files
    files: u64,
    /// bytes held beside, by what is read again
    pub(crate) beside: u64,
    /// bytes held beside, by what is larger than most is: at least, and at most
    pub(crate) unforeseen: [u64; 2],
    /// bytes held beside, by what is read again at once, that are more than what is reserved
    in_flight: u64,
    /// bytes that memory has room for beside the part that is read, as it was asked last
    left: u64,
    /// bytes that are for texts in what that part takes
    texts: u64,
    /// all documents as they were measured, and the order in which they pass; only where that is not the
    /// order of the corpus
    pub(crate) measured: Option<(Corpus, Vec<u32>)>,
}

impl<'a> Parts<'a> {
    /// None yet.
    pub(crate) fn new(stages: Stages<'a>, sources: &Sources, (past, keep): (Option<&'a Seen>, bool)) -> Self {
        let first = past.map_or_else(PerUnit::default, |past| past.index.end());
        let whole = Whole::new(stages.params, sources.files.len(), first, &stages.surroundings.temporary);
        let may_cut = stages.params.floor.is_none();
        let drawn = Drawn::default();
        Parts {
            stages,
            may_cut,
            past,
            keep,
            sees: None,
            whole,
            index: None,
            drawn,
            led_to: LedTo::default(),
            files: sources.files.iter().map(of_file).sum(),
            beside: 0,
            unforeseen: [0; 2],
            in_flight: 0,
            left: 0,
            texts: 0,
            measured: None,
        }
    }

    /// None again, but in those that come the index is seen up to document `sees`. All that was read of the
    /// sources comes back, the last part with it.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(crate) fn restart(&mut self, last: Corpus, sees: u32) -> Result<(Corpus, Vec<u32>)> {
        let first = self.past.map_or_else(PerUnit::default, |past| past.index.end());
        let Stages { params, surroundings, .. } = self.stages;
        let next = Whole::new(params, last.counts.records.len(), first, &surroundings.temporary);
        let before = std::mem::replace(&mut self.whole, next);
        (self.index, self.sees) = (None, Some(sees));
        (self.drawn, self.led_to) = (Drawn::default(), LedTo::default());
        if let Some(measured) = self.measured.take() {
            return Ok(measured);
        }
        let measured = before.measured(last)?;
        let ranked = (0..measured.documents.len() as u32).collect();
        Ok((measured, ranked))
    }

    /// The id of a document of a run with an order of its own, by its number in that; the last part is `last`.
    pub(crate) fn id<'c>(&'c self, last: &'c Corpus, document: u32) -> &'c str {
        let measured = self.measured.as_ref();
        let (of, number) =
            measured.map_or((last, document), |(all, ranked)| (all, ranked[document as usize]));
        of.id(number).unwrap_or_default()
    }

    /// Whether everything is one part so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_none()
    }

    /// What the parts would have had to see of the index, if that is not what they have seen.
    pub(crate) fn should_have_seen(&self, identity: Identity) -> Option<u32> {
        let right = self.past.map(|past| past.clone().unless_known(identity).before);
        right.filter(|right| self.sees.is_some_and(|sees| sees != *right))
    }

    /// Whether what has been read is as much as there is room for in a part.
    ///
    /// # Errors
    /// [`Error::TooLittleMemory`] where there may be no parts.
    pub(crate) fn are_full(&mut self, read: &Builder<'_>) -> Result<bool> {
        let is_alone = self.past.is_none() && self.is_empty();
        let earlier = if is_alone { 0 } else { self.drawn.expected(read.distinct()).max(self.asked(read)?) };
        let windows = self.drawn.windows(read.seeds());
        let joined = (JOINED + JOINED_BAND * self.stages.plan.bands as u64) * earlier;
        let working = read.working_size(is_alone) + joined + OF_A_WINDOW * windows;
        let surroundings = self.stages.surroundings;
        self.in_flight = surroundings.read_again_beside(rayon::current_num_threads(), read.heaviest);
        let room = surroundings
            .memory
            .map_or(u64::MAX, |memory| memory.saturating_sub(RESERVED + self.held()).max(LEAST));
        (self.left, self.texts) = (room.saturating_sub(working), read.texts_size());
        // what is reserved is more than most runs need
        let least = self.unforeseen[0] + LEAST;
        if self.unforeseen[0] > 0 && surroundings.memory.is_some_and(|memory| memory < least) {
            return Err(self.too_little(NEEDED + least));
        }
        match self.may_cut {
            false if working > room => Err(self.too_little(RESERVED + self.held() + working)),
            may_cut => Ok(may_cut && !read.is_empty() && working >= room.min(surroundings.part)),
        }
    }

    /// About how many earlier units what has been read leads to.
    fn asked(&mut self, read: &Builder<'_>) -> Result<u64> {
        if self.stages.surroundings.memory.is_none() {
            return Ok(0);
        }
        // of the first part it is the index of the run, if any
        let Some(past) = self.before().or_else(|| self.past.cloned()) else { return Ok(0) };
        self.led_to.ask(read, &past, self.stages.plan.bands)
    }

    /// What stands before a part: all that the run has put into an index, and what that is before.
    fn before(&self) -> Option<Seen> {
        let index = self.index.as_ref().and_then(Writer::index)?;
        Some(Seen::all(index.clone()))
    }

    /// What what has been read is searched in.
    pub(crate) fn surroundings(&self) -> Surroundings {
        self.stages.surroundings.with_room(self.left, self.texts)
    }

    /// Bytes that are held beside a part: what is known of those before, and what an open index takes.
    fn held(&self) -> u64 {
        // of outsized records what is read again is in what they take
        self.unforeseen[1].max(self.in_flight) + self.known()
    }

    /// Bytes that are held beside a part, without what no run foresees: that makes parts smaller, and is no reason to give up.
    fn known(&self) -> u64 {
        let index = self.index.as_ref().and_then(Writer::index).or(self.past.map(|past| &past.index));
        self.files + self.beside + self.whole.held(self.keep) + index.map_or(0, |index| index.size())
    }

    /// Bytes that are held at some time from now on, whatever comes: beside one more part, or when all parts are put
    /// together. Then the index of those before is gone, unless it is kept.
    fn at_least(&self) -> u64 {
        let index = self.index.as_ref().and_then(Writer::index).map_or(0, |index| index.size());
        let archive = self.past.map_or(0, |past| past.index.size());
        let gone = if self.keep { 0 } else { index.saturating_sub(archive) };
        let waiting = self.whole.size(self.keep) - self.whole.held(self.keep);
        let known = self.known();
        (known + LEAST).max(known - gone + waiting)
    }

    fn too_little(&self, held: u64) -> Error {
        let memory = self.stages.surroundings.memory.unwrap_or(u64::MAX);
        Error::TooLittleMemory { memory, held, has_floor: self.stages.params.floor.is_some() }
    }

    /// Searches a part, and lets those that come find it.
    ///
    /// # Errors
    /// Those of [`crate::pipeline::run`]; [`Error::TooLittleMemory`].
    pub(crate) fn add(&mut self, corpus: Corpus, clock: &mut Clock) -> Result<()> {
        if self.index.is_none() {
            let past = self.past;
            let sees = *self.sees.get_or_insert_with(|| past.map_or(u32::MAX, |past| past.presumed(&corpus)));
            let store = Arc::new(Scratch::new(&self.stages.surroundings.temporary));
            self.index = Some(Writer::scratch(store, past.map(|past| (&*past.index, sees))));
        }
        self.led_to = LedTo::default();
        let seeds = corpus.seeds.len() as u64;
        let outcome = self.search(corpus, true, clock)?;
        let (earlier, own) = outcome.distinct();
        self.drawn.add([earlier, own], [seeds, outcome.windows()]);
        self.keep(&outcome)?;
        self.whole.absorb(outcome)?;
        let needed = NEEDED + self.at_least();
        if self.stages.surroundings.memory.is_some_and(|memory| memory < needed) {
            return Err(self.too_little(needed));
        }
        clock.lap(|seconds| &mut seconds.spilling);
        Ok(())
    }

    /// Puts the keys of a part where the next ones find them.
    fn keep(&mut self, part: &Outcome) -> Result<()> {
        let folder = &self.stages.surroundings.temporary;
        let Some(index) = &mut self.index else { return Ok(()) };
        // nothing else tells of documents of earlier parts
        let tells = self.keep || self.stages.params.units.passages;
        keep::keep_part(part, index, [tells, self.keep]).map_err(|error| match error {
            Error::Io { source, .. } => Error::temporary(folder, source),
            error => error,
        })
    }

    /// Searches the last part, and puts all of them together.
    ///
    /// # Errors
    /// Those of [`Parts::add`].
    pub(crate) fn finish(mut self, corpus: Corpus, sources: Sources, clock: &mut Clock) -> Result<Outcome> {
        let last = self.search(corpus, self.keep, clock)?;
        if self.keep {
            self.keep(&last)?;
        }
        let mut texts = self.whole.absorb(last)?;
        texts.check_sources()?;
        clock.lap(|seconds| &mut seconds.spilling);
        let Stages { params, plan, .. } = self.stages;
        // what nobody needs any more makes room
        texts.let_go();
        let index = self.index.take().filter(|_| self.keep);
        let ends = Ends {
            texts,
            measured: self.measured,
            past: self.past.map(|past| past.index.clone()),
            spilled: index.as_ref().and_then(Writer::index).cloned(),
        };
        self.whole.finish(ends, sources, (params, plan))
    }

    fn search(&self, corpus: Corpus, keep: bool, clock: &mut Clock) -> Result<Outcome> {
        clock.lap(|seconds| &mut seconds.reading);
        self.whole.check_room(&corpus)?;
        let past = self.before();
        let own = (self.whole.first().documents, self.whole.all_documents(), self.whole.starts());
        let before = past.as_ref().map(|past| Before::with_own(past, own));
        let surroundings = &self.surroundings();
        let stages = Stages { surroundings, ..self.stages };
        let found = stages.search(corpus, before.as_ref(), keep, clock)?;
        Ok(Outcome::of_part(found, (self.stages.params, self.stages.plan)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;
    use crate::pipeline::{Progress, Surroundings, audit};
    use crate::read::sources::find;

    #[test]
    fn what_a_part_leads_to_is_expected_from_the_last_one() {
        let mut drawn = Drawn::default();
        assert_eq!(drawn.expected(1000), 500);
        drawn.add([0, 1000], [0; 2]);
        assert_eq!(drawn.expected(1000), 500);
        drawn.add([200, 1000], [0; 2]);
        assert_eq!(drawn.expected(1000), 400, "the same share of each, and two parts before it");
        drawn.add([100, 250], [0; 2]);
        assert_eq!(drawn.expected(500), 225);
    }

    #[test]
    fn windows_are_expected_from_the_last_part() {
        let mut drawn = Drawn::default();
        assert_eq!(drawn.windows(1000), 0);
        drawn.add([0; 2], [1000, 3000]);
        assert_eq!(drawn.windows(500), 1500);
        drawn.add([0; 2], [500, 100]);
        assert_eq!(drawn.windows(500), 100);
    }

    /// It is as large as a tenth of the text, and the texts of the last part still knew it.
    #[test]
    fn the_index_of_the_parts_is_gone_when_they_are_put_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.jsonl");
        let line =
            |i: u32| format!("{{\"text\":\"Le conseil a voté hier soir le budget, numéro {}.\"}}\n", i / 2);
        std::fs::write(&path, (0..40).map(line).collect::<String>()).unwrap();
        let surroundings = Surroundings { part: 1, chunk: 64, ..Surroundings::default() };
        let sources = find(&[path], None).unwrap();
        let outcome = audit(sources, &Params::audit(), &surroundings, &Progress::default()).unwrap();
        assert!(outcome.summary().seconds.spilling > 0.0, "it was not taken in parts");
        assert!(!outcome.corpus().texts.has_index());
    }
}

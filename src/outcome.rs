//! What a run found, as plain data: every report and every test reads it from here.
//!
//! Exact copies are not listed anywhere: a unit that is neither its own first nor a near copy *is* one. So
//! ten million equal lines cost their numbers and nothing else, and [`Outcome::matches`] tells them as it
//! goes.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::band::Plan;
use crate::corpus::{Corpus, Document, Places, Units};
use crate::document::{Format, Place, Source, Span, told_id};
use crate::error::Result;
use crate::index::{Identity, Index};
use crate::locate::{Part, Sought, Stretch, locate};
use crate::night::Night;
use crate::order::Order;
use crate::params::Params;
use crate::passage::places::Window;
use crate::passage::{Contained, Found, Verbatim};
use crate::past::Past;
use crate::pipeline::{Searched, Surroundings};
use crate::read::sources::Sources;
use crate::resolve::{Cost, Near};
use crate::skips::Skips;
use crate::unit::{PerUnit, UnitKind};

mod certified;
mod column;
mod counting;
mod floor;
mod held;
mod leaving;
mod lines;
mod near;
mod passages;
mod recurring;
mod skipped;
mod sources;
mod spans;
mod summary;
mod told;
pub(crate) mod whole;

use near::NearCopies;
use passages::{LocatedPassage, Passages};

pub(crate) use floor::{Floor, KeptMatch};
pub(crate) use lines::{Lines, source_names};
pub(crate) use recurring::Recurring;
pub use sources::SourceField;
pub(crate) use spans::Spans;
pub use summary::{CharacterSummary, InputSummary, PassageSummary, Seconds, Summary, UnitSummary};

/// A finished run.
pub struct Outcome {
    corpus: Corpus,
    near: PerUnit<NearCopies>,
    located: Located,
    skips: Skips,
    ignored: Vec<String>,
    summary: Summary,
    /// what an index needs of the search for passages
    found: Covered,
    /// what is kept beside, where that is asked for
    pub(crate) floor: Option<Floor>,
    /// the keys of all documents, of a run in parts that is kept: an index of temporary files
    spilled: Option<Arc<Index>>,
    /// in which its documents passed
    order: Order,
    /// the index that the run was made for, if it was
    past: Option<Past>,
    /// where what a report adds up waits, and how much memory the process may hold; only where that is bounded
    spill: Option<(PathBuf, u64)>,
}

/// Bytes that a report holds at any time where memory is bounded, about: copies, and the groups that come of them; then these
/// groups, and what a page shows of them. A run counts with them before there is a report.
pub(crate) const HELD_BY_REPORTS: usize = 32 << 20;

/// The part of memory that the texts of a report take which are kept at hand.
const TEXTS_IN_MEMORY: u64 = 16;

/// A contained unit, and the stretch that it repeats.
type LocatedContained = (Contained, Stretch);

/// Which tokens are no original text, and which windows are new, see [`Found`].
#[derive(Default)]
pub(crate) struct Covered {
    pub(crate) runs: Vec<(u32, Range<u32>)>,
    pub(crate) windows: Vec<Window>,
    pub(crate) verbatim: Vec<Verbatim>,
}

/// Passages and contained units with the places of both sides.
#[derive(Default)]
pub(crate) struct Located {
    passages: Passages,
    contained: Vec<(Contained, Stretch)>,
    capped: u64,
    found: Covered,
}

impl Located {
    /// Finds the tokens of all passages in their texts.
    pub(crate) fn new(corpus: &Corpus, params: &Params, mut found: Found) -> Result<Self> {
        // what left before is told of no more
        found.contained.retain(|contained| contained.copy >= corpus.archived.documents());
        let mut sought = Vec::with_capacity(found.passages.len() + found.contained.len());
        for passage in &found.passages {
            sought.push(Sought { document: passage.original, part: passage.original_part });
            if passage.copy_stretch.is_none() {
                sought.push(Sought { document: passage.copy, part: Part::Whole });
            }
        }
        for contained in &found.contained {
            sought.push(Sought { document: contained.original, part: Part::Bytes(contained.original_bytes) });
        }
        let mut stretches = locate(corpus, params, &sought)?.into_iter();
        let mut next = || stretches.next().unwrap_or_default();
        let passages = found.passages.into_iter().map(|passage| {
            let original = next();
            LocatedPassage::new(&passage, [passage.copy_stretch.unwrap_or_else(&mut next), original])
        });
        let passages = passages.collect();
        let contained = found.contained.into_iter().map(|contained| (contained, next())).collect();
        let covered = Covered { runs: found.covered, windows: found.windows, verbatim: found.verbatim };
        Ok(Located { passages, contained, capped: found.capped, found: covered })
    }
}

/// What became of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fate {
    /// it matches no earlier original
    Original,
    /// it is a copy
    Copy,
    /// it matches no earlier original, but nearly all of it stands in passages from one earlier document
    Contained,
    /// it has too few tokens to be compared
    Short,
    /// its kind is not asked for by `--units`
    NotCompared,
    /// it has no token
    Empty,
    /// it is a paragraph of a document that leaves, and so neither original nor copy; only where paragraphs or
    /// passages leave, too
    InLeaving,
}

impl Outcome {
    /// What was found in the whole corpus.
    pub(crate) fn new(found: Searched, sources: Sources, how: (&Params, Plan)) -> Self {
        let mut outcome = Outcome::of_part(found, how);
        outcome.skips = sources.skips.into_iter().collect();
        outcome.skips.extend(&std::mem::take(&mut outcome.corpus.skips));
        outcome.ignored = sources.ignored;
        outcome.count();
        outcome
    }

    /// What was found in a part, before anything is counted.
    pub(crate) fn of_part(found: Searched, (params, plan): (&Params, Plan)) -> Self {
        let Searched { corpus, near, located, kept } = found;
        let total = |of: fn(&Cost) -> u64| near.values().map(|(_, cost)| of(cost)).sum::<u64>();
        let summary = Summary {
            parameters: params.clone(),
            parameters_digest: format!("{:016x}", params.digest()),
            input: InputSummary::default(),
            documents: UnitSummary::default(),
            paragraphs: UnitSummary::default(),
            passages: PassageSummary::default(),
            characters: CharacterSummary { read: corpus.counts.text_characters, copied: 0 },
            candidates: total(|cost| cost.candidates),
            verified: total(|cost| cost.verified),
            capped: total(|cost| cost.capped) + located.capped,
            plan,
            recall_curve: plan.curve(),
            certificate: None,
            index: None,
            seconds: Seconds::default(),
            peak_memory_bytes: None,
        };
        let near = near.zip(corpus.units.each_ref());
        let near = near.map(|((near, _), units)| NearCopies::new(near, units.first.len()));
        let mut located = located;
        let found = std::mem::take(&mut located.found);
        let floor = kept.map(|kept| Floor { kept, contained: located.contained.clone() });
        let (skips, ignored) = Default::default();
        let (order, spilled, past, spill) = Default::default();
        let mut outcome = Outcome {
            corpus,
            near,
            located,
            skips,
            ignored,
            summary,
            found,
            floor,
            spilled,
            order,
            past,
            spill,
        };
        outcome.keep_contained_originals();
        outcome
    }

    /// A unit that is a copy by law 1 is not called contained beside, and only what is compared is.
    fn keep_contained_originals(&mut self) {
        let contained = std::mem::take(&mut self.located.contained);
        let is_kept = |(contained, _): &(Contained, Stretch)| {
            let place = Place { document: contained.copy, paragraph: contained.paragraph };
            self.fate(place) == Fate::Original
        };
        let kept = contained.into_iter().filter(is_kept).collect();
        self.located.contained = kept;
    }

    /// Notes how long the stages took, and what they held.
    pub(crate) fn took(&mut self, seconds: Seconds) {
        self.summary.seconds = seconds;
        self.summary.peak_memory_bytes = peak_memory();
    }

    /// Lets what a report adds up wait in the temporary folder, if memory is bounded.
    pub(crate) fn bound(&mut self, surroundings: &Surroundings) {
        self.spill = surroundings.memory.map(|memory| (surroundings.temporary.clone(), memory));
    }

    /// Where what a report adds up waits, if it does.
    pub(crate) fn spill(&self) -> Option<&Path> {
        self.spill.as_ref().map(|(folder, _)| folder.as_path())
    }

    /// Bytes of text that a report may keep at hand, if it is to keep so many at the most.
    pub(crate) fn texts_kept(&self, most: usize) -> usize {
        self.spill.as_ref().map_or(most, |(_, memory)| most.min((memory / TEXTS_IN_MEMORY) as usize))
    }

    /// Notes the order in which its documents passed, and what that calls their sources.
    pub(crate) fn pass_in(&mut self, order: Order) {
        self.name_sources(&order);
        self.order = order;
    }

    /// The order in which its documents passed, and what its sources are called.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// Notes the index that the run was made for, and tells in the summary how it stands beside the batches of that.
    pub(crate) fn look_back(&mut self, past: Past) {
        self.summary.index = Some(Night::new(self, &past));
        self.past = Some(past);
    }

    /// The index that the run was made for, as it was then.
    pub(crate) fn past(&self) -> Option<&Past> {
        self.past.as_ref()
    }

    /// The numbers.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Files in given folders that no format fits.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The files read, in corpus order; then those of documents of an index.
    pub fn sources(&self) -> &[Source] {
        self.corpus.texts.sources()
    }

    /// The files read, in corpus order.
    pub fn own_sources(&self) -> &[Source] {
        let sources = self.sources();
        if self.first_document() == 0 {
            sources
        } else {
            &sources[..self.corpus.archived.own_sources as usize]
        }
    }

    /// Whether a source is made of records that have numbers; a text file is one document.
    ///
    /// # Panics
    /// Where the run has no such source.
    pub fn has_records(&self, source: u32) -> bool {
        self.sources()[source as usize].format != Format::Text
    }

    /// The number of the first document that was read; those before come from an index.
    pub fn first_document(&self) -> u32 {
        self.corpus.archived.documents()
    }

    /// How many documents were read.
    pub fn own_documents(&self) -> u32 {
        self.documents() - self.first_document()
    }

    /// Names the batch; of no meaning where no index was asked.
    pub fn identity(&self) -> Identity {
        self.corpus.identity
    }

    /// What a unit is a near copy of.
    #[inline]
    pub(crate) fn near(&self, kind: UnitKind, unit: u32) -> Option<Near> {
        self.near[kind].get(unit)
    }

    /// What is no original text.
    pub(crate) fn covered(&self) -> &Covered {
        &self.found
    }

    /// How many distinct units of an index something led to, and how many there are besides.
    pub(crate) fn distinct(&self) -> (u64, u64) {
        let all: usize = self.corpus.units.values().map(|units| units.distinct.len()).sum();
        let earlier: usize = self.corpus.archived.verdicts.values().map(Vec::len).sum();
        (earlier as u64, (all - earlier) as u64)
    }

    /// Windows of seeds with full lists: those that it tells an index, and those of an index that led somewhere.
    pub(crate) fn windows(&self) -> u64 {
        (self.covered().windows.len() + self.corpus.archived.windows.len()) as u64
    }

    /// The documents that are contained in another, and were compared.
    pub(crate) fn contained_documents(&self) -> impl Iterator<Item = &Contained> {
        self.located.contained.iter().map(|(contained, _)| contained).filter(|of| of.paragraph.is_none())
    }

    /// The index with the keys of all documents, where the run was made in parts and is kept.
    pub(crate) fn spilled(&self) -> Option<&Index> {
        self.spilled.as_deref()
    }

    /// Behind the number of the last document.
    pub fn documents(&self) -> u32 {
        self.corpus.documents.len() as u32
    }

    /// All documents, by source and record.
    pub fn in_corpus_order(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.own_documents()).map(|place| self.corpus.at_place(place))
    }

    /// The document at a place of the corpus, from 0.
    pub fn at_place(&self, place: u32) -> u32 {
        self.corpus.at_place(place)
    }

    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// How many paragraphs a document has.
    ///
    /// # Panics
    /// Where the run has no such document.
    pub fn paragraphs(&self, document: u32) -> u32 {
        self.corpus.paragraphs(document).len() as u32
    }

    /// A document's source, as an index into [`Outcome::sources`], and its record number there, from 0.
    ///
    /// # Panics
    /// Where the run has no such document.
    pub fn record(&self, document: u32) -> (u32, u32) {
        let locator = &self.document(document).locator;
        (locator.source, locator.record)
    }

    /// A document's id as JSON (a string with no more escapes than it needs, a number, `true` or `false`); `None`
    /// where its record has none.
    pub fn id(&self, document: u32) -> Option<Cow<'_, str>> {
        self.corpus.id(document).map(told_id)
    }

    /// When a document came out, in nanoseconds since 1970, where [`crate::order::Order::dates`] names the field that
    /// tells; `None` where it has no date, and for documents of an index.
    pub fn date(&self, document: u32) -> Option<i128> {
        let own = document.checked_sub(self.first_document())?;
        self.corpus.labels.told_dates.get(own as usize).copied().flatten()
    }

    /// The field that tells dates, and how many documents have one, lack the field, have no date in it.
    pub fn dated(&self) -> Option<(&str, [u64; 3])> {
        let labels = &self.corpus.labels;
        let [missing, unreadable] = labels.undated;
        let dated = labels.told_dates.len() as u64 - missing - unreadable;
        Some((labels.told_field.as_deref()?, [dated, missing, unreadable]))
    }

    /// Where a unit stands in its document's text; nothing of a paragraph that it does not have.
    ///
    /// # Panics
    /// Where the run has no such document.
    pub fn span(&self, place: Place) -> Span {
        let document = self.document(place.document);
        match place.paragraph {
            None => Span {
                bytes: 0..u64::from(document.locator.text_length),
                chars: 0..u64::from(document.characters),
            },
            Some(paragraph) => self.corpus.places(place.document).nth(paragraph as usize).unwrap_or_default(),
        }
    }

    /// Where each paragraph of a document stands, in order: one step for each, where [`Outcome::span`] walks
    /// from the first.
    pub fn spans(&self, document: u32) -> impl Iterator<Item = Span> + '_ {
        self.places(document)
    }

    /// The same, by a name that can be held.
    pub(crate) fn places(&self, document: u32) -> Places<'_> {
        self.corpus.places(document)
    }

    /// Reads a document's text again.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] where it can't be read, [`crate::error::Error::Changed`] where it is not
    /// what it was.
    ///
    /// # Panics
    /// Where the run has no such document.
    pub fn text(&self, document: u32) -> Result<String> {
        self.corpus.text(document)
    }

    fn document(&self, document: u32) -> &Document {
        &self.corpus.documents[document as usize]
    }

    fn unit(&self, place: Place) -> (&Units, &NearCopies, u32) {
        let kind = place.unit_kind();
        let unit = match place.paragraph {
            None => place.document,
            Some(paragraph) => self.document(place.document).first_paragraph + paragraph,
        };
        (&self.corpus.units[kind], &self.near[kind], unit)
    }
}

/// The process's peak resident memory in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

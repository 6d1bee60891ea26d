//! What a run brought to an index, beside the batches before it: whether tonight was a night like others.

mod groups;

use std::io::{self, Write};

use serde::Serialize;

use crate::document::Unit;
use crate::index::BatchUnits;
use crate::index::stats::BatchStats;
use crate::night::groups::Tally;
use crate::outcome::{Outcome, UnitSummary};
use crate::params::Units;
use crate::past::Past;
use crate::report::clean::line as clean_line;
use crate::report::terminal::NAME;
use crate::report::wording::{count, number, percent};

pub use groups::{GROUPS, Group, GroupCounts, Groups, SOURCES, SourceOfNight};

/// The most batches that are told of.
pub const BATCHES: usize = 7;

/// Groups and sources that are told of to a person.
const TOLD: usize = 8;

/// A run against an index. But for `again` the same when the batch is run again: what came after it is not looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Night {
    /// where the index has these records as a batch already, so that the run adds nothing to it; else `None`
    pub again: Option<Again>,
    /// batches that the index had before
    pub batches: u64,
    /// documents that it had numbered before, forgotten ones included
    pub documents: u64,
    /// what was looked for
    #[serde(skip)]
    pub units: Units,
    /// copies whose original is in the index
    pub copies_of_index: Repeats,
    /// all copies of the run
    pub copies: Repeats,
    /// the first [`SOURCES`] sources of the run, in corpus order
    pub sources: Vec<SourceOfNight>,
    /// how many it has
    #[serde(skip)]
    pub source_count: u64,
    /// originals to which the run brought copies
    pub groups: Groups,
    /// the run itself
    pub batch: BatchStats,
    /// the last [`BATCHES`] batches before it, the latest first
    pub batches_before: Vec<BatchStats>,
}

/// A batch that is run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Again {
    /// which one of the index, counted from 1
    pub batch: u64,
    /// of its documents, forgotten since: they stay so
    pub forgotten: u64,
}

/// What repeats something, by unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// documents
    pub documents: u64,
    /// paragraphs
    pub paragraphs: u64,
    /// passages
    pub passages: u64,
}

impl Repeats {
    fn and(self, other: Repeats) -> Repeats {
        Repeats {
            documents: self.documents + other.documents,
            paragraphs: self.paragraphs + other.paragraphs,
            passages: self.passages + other.passages,
        }
    }
}

impl Night {
    /// Of a run that was made for this index.
    pub(crate) fn new(outcome: &Outcome, past: &Past) -> Self {
        let (index, is_batch) = (past.index().map(|index| &**index), past.is_batch());
        let batches = index.map_or(&[][..], |index| index.batches());
        let known = batches.iter().position(|batch| is_batch && outcome.identity().is_of(batch));
        let before = &batches[..known.unwrap_or(batches.len())];
        let again = known
            .zip(index)
            .map(|(at, index)| Again { batch: at as u64 + 1, forgotten: index.forgotten_of(&batches[at]) });
        let last = index
            .into_iter()
            .flat_map(|index| (0..before.len()).rev().take(BATCHES).map(move |at| index.batch_stats(at)));
        let summary = outcome.summary();
        let tally = Tally::of(outcome);
        Night {
            again,
            batches: before.len() as u64,
            documents: before.last().map_or(0, |batch| u64::from(batch.end_document)),
            units: summary.parameters.units,
            copies_of_index: tally.of_index,
            copies: tally.all,
            sources: tally.sources(outcome),
            source_count: outcome.own_source_count() as u64,
            groups: tally.groups(outcome),
            batch: BatchStats {
                number: before.len() as u64 + 1,
                first_source: outcome.own_sources().first().map(|source| source.name.clone()),
                sources: outcome.own_sources().len() as u64,
                digest: format!(
                    "{:032x}",
                    known.map_or(outcome.identity().digest, |known| batches[known].digest)
                ),
                documents: summary.input.documents,
                of_documents: units(&summary.documents),
                of_paragraphs: units(&summary.paragraphs),
                passages: summary.passages.count,
                text_bytes: summary.input.bytes,
            },
            batches_before: last.collect(),
        }
    }

    /// The units that are looked for: how many copies have their original in the index, and how many there are.
    pub(crate) fn of_each_unit(&self) -> impl Iterator<Item = (Unit, [u64; 2])> {
        let (of, all, units) = (self.copies_of_index, self.copies, self.units);
        let told = [
            (units.documents, Unit::Document, [of.documents, all.documents]),
            (units.paragraphs, Unit::Paragraph, [of.paragraphs, all.paragraphs]),
            (units.passages, Unit::Passage, [of.passages, all.passages]),
        ];
        told.into_iter().filter(|(is_looked_for, ..)| *is_looked_for).map(|(_, unit, counts)| (unit, counts))
    }

    fn not_looked_for(&self) -> Vec<&'static str> {
        let Units { documents, paragraphs, passages } = self.units;
        let all = [(documents, "documents"), (paragraphs, "paragraphs"), (passages, "passages")];
        all.into_iter().filter(|(is_looked_for, _)| !is_looked_for).map(|(_, name)| name).collect()
    }

    /// Writes it for a person, behind the summary of what was found. `adds` says whether the run becomes a
    /// batch of the index.
    ///
    /// # Errors
    /// Whatever `to` fails with.
    pub fn write(&self, adds: bool, colour: bool, to: &mut impl Write) -> io::Result<()> {
        let [bold, plain] = if colour { ["\x1b[1m", "\x1b[0m"] } else { [""; 2] };
        writeln!(to, "\n{bold}Against the index{plain}")?;
        let batches = count(self.batches, "batch", "batches");
        let documents = count(self.documents, "document", "documents");
        writeln!(to, "  {batches}, {documents} came before")?;
        let told = self.of_each_unit().map(|(unit, [of, all])| {
            let name = match unit {
                Unit::Document => "copied documents",
                Unit::Paragraph => "paragraphs",
                Unit::Passage => "passages",
            };
            format!("{} of {} {name}", number(of), number(all))
        });
        let told: Vec<String> = told.collect();
        writeln!(to, "  with their original there: {}", told.join(", "))?;
        let missing = self.not_looked_for();
        if !missing.is_empty() {
            writeln!(
                to,
                "  not looked for: {} (not among the `--units` of this run, or of the index)",
                missing.join(", ")
            )?;
        }
        if !adds {
            // of what was only looked up, it is asked where it stands
            return writeln!(
                to,
                "  where a text stands in several places, one is told: the most similar original, of these the first"
            );
        }
        if let Some(Again { batch, forgotten }) = self.again {
            writeln!(
                to,
                "  batch {} of it once more: it has these records, and nothing is added",
                number(batch)
            )?;
            if forgotten > 0 {
                let documents = count(forgotten, "document of it has", "documents of it have");
                writeln!(
                    to,
                    "  {documents} been forgotten since: the index does not have them, whatever the output has"
                )?;
            }
        }
        self.write_groups(to)?;
        self.write_sources(to)?;
        writeln!(to, "  batch       documents    originals       copies")?;
        let mut at = self.batches + 1;
        for batch in std::iter::once(&self.batch).chain(&self.batches_before) {
            let of = batch.of_documents;
            let share = percent(of.copies(), batch.documents);
            let name = if at > self.batches { "this one".to_owned() } else { number(at) };
            let [documents, originals, copies] = [batch.documents, of.originals, of.copies()].map(number);
            writeln!(to, "  {name:<8} {documents:>12} {originals:>12} {copies:>12} ({share})")?;
            at = at.saturating_sub(1);
        }
        Ok(())
    }
}

impl Night {
    fn write_groups(&self, to: &mut impl Write) -> io::Result<()> {
        let Groups { documents, paragraphs, largest } = &self.groups;
        let told =
            |[groups, copies]: [u64; 2]| format!("{} (+{})", number(groups), count(copies, "copy", "copies"));
        let [of_documents, of_paragraphs] =
            [documents, paragraphs].map(|of| told([of.new, of.copies_in_new]));
        writeln!(to, "  new groups     {of_documents} of documents, {of_paragraphs} of paragraphs")?;
        let [of_documents, of_paragraphs] =
            [documents, paragraphs].map(|of| told([of.grown, of.copies_in_grown]));
        writeln!(to, "  groups grown   {of_documents} of documents, {of_paragraphs} of paragraphs")?;
        for group in largest.iter().take(TOLD) {
            let copies = number(group.copies);
            let state = if group.is_new { "new" } else { "grown" };
            let source = clean_line(&group.source, NAME);
            let id = group.id.as_ref().map_or(String::new(), |id| {
                let id = serde_json::from_str(id.get()).unwrap_or_else(|_| id.get().to_owned());
                format!(", id {}", clean_line(&id, NAME))
            });
            let record = match group.has_records {
                true => format!(", record {}", number(u64::from(group.record) + 1)),
                false => String::new(),
            };
            writeln!(to, "    +{copies} {state}: {source}{record}{id}")?;
        }
        Ok(())
    }

    /// By source, where there are several: those with the most copies first.
    fn write_sources(&self, to: &mut impl Write) -> io::Result<()> {
        // files of one text each tell nothing that the batch does not
        if self.sources.len() < 2 || self.sources.iter().all(|source| source.documents < 2) {
            return Ok(());
        }
        let mut sources: Vec<&SourceOfNight> = self.sources.iter().collect();
        sources.sort_by_key(|source| std::cmp::Reverse(source.copies));
        writeln!(to, "  documents    originals       copies   of index  source")?;
        for SourceOfNight { name, documents, originals, copies, copies_of_index } in
            sources.iter().copied().take(TOLD)
        {
            let name = clean_line(name, NAME);
            let [documents, originals, copies, copies_of_index] =
                [*documents, *originals, *copies, *copies_of_index].map(number);
            writeln!(to, "  {documents:>9} {originals:>12} {copies:>12} {copies_of_index:>10}  {name}")?;
        }
        match self.source_count.saturating_sub(TOLD as u64) {
            0 => Ok(()),
            more => writeln!(to, "    and {} more", number(more)),
        }
    }
}

/// The numbers of a run as an index keeps them.
pub(crate) fn units(of: &UnitSummary) -> BatchUnits {
    BatchUnits {
        originals: of.originals,
        exact_copies: of.exact_copies,
        near_copies: of.near_copies,
        contained_copies: of.contained_copies,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::index::Writer;
    use crate::index::store::Folder;
    use crate::params::Params;
    use crate::pipeline::{Inputs, Progress, Surroundings, run};

    #[test]
    fn numbers_are_told_alike() {
        let folder = tempfile::tempdir().unwrap();
        let sources = crate::read::sources::find(&[folder.path().to_path_buf()], None).unwrap();
        let writer = Writer::open(Arc::new(Folder::new(folder.path().join("archive")))).unwrap();
        let inputs = Inputs { past: Some(Past::adding_to(&writer)), ..sources.into() };
        let params = Params::audit();
        let outcome = run(inputs, &params, &Surroundings::default(), &Progress::default()).unwrap();
        let mut night = outcome.summary().index.clone().unwrap();
        (night.batches, night.documents) = (1, 1083);
        night.copies_of_index = Repeats { documents: 7609, paragraphs: 1, passages: 1000 };
        night.copies = Repeats { documents: 8585, paragraphs: 2, passages: 2000 };
        night.batch.documents = 10_000;
        let mut told = Vec::new();
        night.write(true, false, &mut told).unwrap();
        let told = String::from_utf8(told).unwrap();
        for line in [
            "  1 batch, 1,083 documents came before",
            "  with their original there: 7,609 of 8,585 copied documents, 1 of 2 paragraphs, 1,000 of 2,000 passages",
            "  this one       10,000            0            0 (0 %)",
        ] {
            assert!(told.lines().any(|told| told == line), "{line}\n{told}");
        }
    }
}

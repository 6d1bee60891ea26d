//! The numbers of a run in the text format of Prometheus, for the textfile collector of its node exporter.
//! The labels are those below and no others, however many sources a run reads.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::dedup::Removal;
use crate::document::SkipReason;
use crate::index::stats::Stats;
use crate::outcome::Outcome;

/// What is told.
#[derive(Clone, Copy)]
pub struct Metrics<'a> {
    /// what was found
    pub outcome: &'a Outcome,
    /// what was removed
    pub removal: Option<&'a Removal>,
    /// the index after the run
    pub index: Option<&'a Stats>,
    /// when all of it was in place
    pub ended: SystemTime,
}

impl Metrics<'_> {
    /// Writes all of it. Each number is a gauge: it is about one run, or about the index now.
    ///
    /// # Errors
    /// Whatever `to` fails with.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut to = Exposition { to };
        self.run(&mut to)?;
        if let Some(stats) = self.index {
            index(stats, &mut to)?;
        }
        let ended = self.ended.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        to.one("last_success_timestamp_seconds", "When a run was last done, in seconds since 1970", ended)
    }

    fn run<W: Write>(&self, to: &mut Exposition<'_, W>) -> io::Result<()> {
        let summary = self.outcome.summary();
        let input = &summary.input;
        to.one("run_records", "Records read, good and bad", input.records)?;
        to.one("run_text_bytes", "Text read, in bytes of UTF-8", input.bytes)?;
        to.family("run_skipped", "Records and files that were not used, by reason")?;
        for reason in SkipReason::ALL {
            let count = input.skipped.get(reason.name()).copied().unwrap_or(0);
            to.sample("run_skipped", &[("reason", reason.name())], count)?;
        }
        to.family("run_units", "What became of the documents and paragraphs")?;
        for (unit, of) in [("document", &summary.documents), ("paragraph", &summary.paragraphs)] {
            for (fate, count) in of.parts() {
                to.sample("run_units", &[("unit", unit), ("fate", fate)], count)?;
            }
        }
        to.one("run_passages", "Passages that stood before", summary.passages.count)?;
        if let Some(night) = &summary.index {
            let again = u8::from(night.again.is_some());
            to.one("run_is_again", "1 where the index had these records as a batch already, else 0", again)?;
            let of = night.copies_of_index;
            let counts = [("document", of.documents), ("paragraph", of.paragraphs), ("passage", of.passages)];
            to.family("run_copies_of_index", "Copies whose original was in the index before")?;
            for (unit, count) in counts {
                to.sample("run_copies_of_index", &[("unit", unit)], count)?;
            }
            to.family(
                "run_groups",
                "Originals to which the run brought copies: new ones, and those of the index",
            )?;
            for (unit, of) in [("document", night.groups.documents), ("paragraph", night.groups.paragraphs)] {
                to.sample("run_groups", &[("unit", unit), ("state", "new")], of.new)?;
                to.sample("run_groups", &[("unit", unit), ("state", "grown")], of.grown)?;
            }
        }
        if let Some(removal) = self.removal {
            to.one("run_removed_documents", "Documents that are not in the output", removal.all.removed)?;
        }
        to.family("run_seconds", "Wall-clock seconds by stage")?;
        let seconds = summary.seconds;
        for (stage, seconds) in [
            ("reading", seconds.reading),
            ("linking", seconds.linking),
            ("spilling", seconds.spilling),
            ("verifying", seconds.verifying),
            ("locating", seconds.locating),
            ("certifying", seconds.certifying),
        ] {
            to.sample("run_seconds", &[("stage", stage)], seconds)?;
        }
        match summary.peak_memory_bytes {
            Some(bytes) => to.one("run_peak_memory_bytes", "The most memory that the run held", bytes),
            None => Ok(()),
        }
    }
}

fn index<W: Write>(stats: &Stats, to: &mut Exposition<'_, W>) -> io::Result<()> {
    to.one("index_generation", "One more with each change of the index", stats.generation)?;
    to.one("index_batches", "Runs that were added to the index", stats.batches.len())?;
    to.one("index_documents", "Documents numbered by the index, forgotten ones included", stats.documents)?;
    to.one("index_forgotten_documents", "Documents that are out of all answers", stats.forgotten)?;
    to.one("index_paragraphs", "Paragraphs of the documents of the index", stats.paragraphs)?;
    to.one("index_segments", "Files of keys in the index", stats.segments)?;
    to.one("index_text_bytes", "Text read for the index, in bytes of UTF-8", stats.text_bytes)?;
    to.one(
        "index_size_bytes",
        "The index on disk, without what only the generation before has, in bytes",
        stats.bytes.total,
    )?;
    to.family("index_part_bytes", "The parts of the index on disk, in bytes")?;
    for (part, bytes) in stats.bytes.parts() {
        to.sample("index_part_bytes", &[("part", part)], bytes)?;
    }
    Ok(())
}

/// The text format, version 0.0.4.
struct Exposition<'a, W> {
    to: &'a mut W,
}

impl<W: Write> Exposition<'_, W> {
    fn family(&mut self, name: &str, help: &str) -> io::Result<()> {
        writeln!(self.to, "# HELP redite_{name} {help}.\n# TYPE redite_{name} gauge")
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) -> io::Result<()> {
        let labels: Vec<String> = labels.iter().map(|(label, of)| format!("{label}=\"{of}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(self.to, "redite_{name}{labels} {value}")
    }

    /// A family of one number.
    fn one(&mut self, name: &str, help: &str, value: impl Display) -> io::Result<()> {
        self.family(name, help)?;
        self.sample(name, &[], value)
    }
}

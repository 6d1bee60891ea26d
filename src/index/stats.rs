//! What an index holds and what that costs on disk.

use serde::Serialize;

use crate::error::Result;
use crate::index::{Batch, BatchUnits, Index};
use crate::params::Params;

/// What an index holds.
#[derive(Debug, Clone, Serialize)]
pub struct Stats {
    /// one more with each change
    pub generation: u64,
    /// what it was made with
    pub parameters: Params,
    /// the version of the text rules by which it goes on
    pub text_rules: u32,
    /// what is removed, and so no original: the words of `--remove`
    pub remove: Vec<&'static str>,
    /// one for each run that was added, in order
    pub batches: Vec<BatchStats>,
    /// documents that it has numbered, forgotten ones included
    pub documents: u64,
    /// their paragraphs
    pub paragraphs: u64,
    /// documents that are out of all answers
    pub forgotten: u64,
    /// bytes of text that was read
    pub text_bytes: u64,
    /// bytes on disk
    pub bytes: Bytes,
    /// files of keys; few, whatever the number of batches
    pub segments: u64,
}

/// A batch as it is told.
#[derive(Debug, Clone, Serialize)]
pub struct BatchStats {
    /// which one of the index, counted from 1
    pub number: u64,
    /// the first of its sources that is known; `None` where it has none, or all of them were forgotten
    pub first_source: Option<String>,
    /// its sources that are known
    pub sources: u64,
    /// names its records and its files
    pub digest: String,
    /// documents read
    pub documents: u64,
    /// what became of the documents
    pub of_documents: BatchUnits,
    /// what became of the paragraphs
    pub of_paragraphs: BatchUnits,
    /// passages found in it
    pub passages: u64,
    /// its text in bytes
    pub text_bytes: u64,
}

impl Index {
    /// A batch, counted from 0, as it is told.
    pub(crate) fn batch_stats(&self, at: usize) -> BatchStats {
        let batch: &Batch = &self.manifest.batches[at];
        let first = at.checked_sub(1).map_or(0, |before| self.manifest.batches[before].end_source);
        let end = batch.end_source;
        let of_segments = self.segments.iter().flat_map(|segment| {
            let [start, behind] = segment.entry.sources;
            (first.max(start)..end.min(behind)).filter_map(|source| segment.source(source))
        });
        let mut sources = of_segments.filter(|name| !name.is_empty());
        let first_source = sources.next().map(str::to_owned);
        BatchStats {
            number: at as u64 + 1,
            sources: u64::from(first_source.is_some()) + sources.count() as u64,
            first_source,
            digest: format!("{:032x}", batch.digest),
            documents: batch.documents(),
            of_documents: batch.documents,
            of_paragraphs: batch.paragraphs,
            passages: batch.passages,
            text_bytes: batch.text_bytes,
        }
    }
}

/// Bytes on disk, by part.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Bytes {
    /// texts, compressed
    pub texts: u64,
    /// documents: where each came from, and where its paragraphs are
    pub documents: u64,
    /// exact keys
    pub exact: u64,
    /// band keys
    pub bands: u64,
    /// seeds of passages
    pub seeds: u64,
    /// matches of all copies, compressed
    pub matches: u64,
    /// padding, checksums, the tails of files, the manifest
    pub other: u64,
    /// all files, checksums and the manifest included
    pub total: u64,
}

impl Bytes {
    /// The parts by name, which add up to the total.
    pub fn parts(&self) -> [(&'static str, u64); 7] {
        [
            ("texts", self.texts),
            ("bands", self.bands),
            ("seeds", self.seeds),
            ("exact", self.exact),
            ("documents", self.documents),
            ("matches", self.matches),
            ("other", self.other),
        ]
    }
}

impl Index {
    /// Its last batch as it is told.
    pub fn last_batch(&self) -> Option<BatchStats> {
        self.manifest.batches.len().checked_sub(1).map(|at| self.batch_stats(at))
    }

    /// What it holds and costs.
    ///
    /// # Errors
    /// [`crate::error::Error::Damaged`].
    pub fn stats(&self) -> Result<Stats> {
        let manifest = &self.manifest;
        let mut bytes = Bytes::default();
        for pages in &self.texts {
            bytes.texts += pages.length();
            bytes.total += pages.length();
        }
        for segment in &self.segments {
            let parts = segment.bytes()?;
            bytes.documents += parts.documents;
            bytes.exact += parts.exact;
            bytes.bands += parts.bands;
            bytes.seeds += parts.seeds;
            bytes.matches += parts.matches;
            bytes.total += segment.pages.length();
        }
        bytes.total += manifest.encode().map_or(0, |bytes| bytes.len() as u64);
        let named: u64 = bytes.parts().iter().map(|(_, bytes)| bytes).sum();
        bytes.other = bytes.total.saturating_sub(named);
        Ok(Stats {
            generation: manifest.generation,
            parameters: manifest.params.clone(),
            text_rules: self.manifest.normaliser,
            remove: manifest.params.remove.names(),
            batches: (0..manifest.batches.len()).map(|at| self.batch_stats(at)).collect(),
            documents: u64::from(manifest.documents),
            paragraphs: u64::from(manifest.paragraphs),
            forgotten: manifest.forgotten.iter().map(|range| u64::from(range[1] - range[0])).sum(),
            text_bytes: manifest.batches.iter().map(|batch| batch.text_bytes).sum(),
            bytes,
            segments: self.segments.len() as u64,
        })
    }
}

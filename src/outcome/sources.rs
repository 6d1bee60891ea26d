//! The sources that reports tell by: the files that were read, or what a field of the records names. Where a document
//! stands is told by its file in either case.

use serde::Serialize;

use crate::order::Order;
use crate::outcome::Outcome;

/// A field of the records that names their source, see [`Order::source_field`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SourceField {
    /// its name
    pub field: String,
    /// documents that it names the source of
    pub named: u64,
    /// documents without it: the place of their file names their source
    pub unnamed: u64,
    /// how many sources there are
    pub sources: u64,
}

impl Outcome {
    /// Names the source of each document, where a field tells it.
    pub(super) fn name_sources(&mut self, order: &Order) {
        let Some(field) = &order.source_field else { return };
        let mut labels = std::mem::take(&mut self.corpus.labels);
        let files = self.own_sources();
        let called: Vec<&str> = (0..files.len()).map(|file| order.file_source(file, files)).collect();
        let first = self.first_document();
        let documents = self.in_corpus_order().map(|document| {
            let file = self.corpus.locator(document).source;
            ((document - first) as usize, file as usize)
        });
        labels.settle(field, documents, &called);
        self.corpus.labels = labels;
    }

    /// The field that names sources, where one does.
    pub fn source_field(&self) -> Option<&SourceField> {
        self.corpus.labels.settled.as_ref()
    }

    /// How many sources of the run reports tell by: they have the first numbers, in corpus order.
    pub fn own_source_count(&self) -> usize {
        match self.source_field() {
            Some(_) => self.corpus.labels.names.len(),
            None => self.own_sources().len(),
        }
    }

    /// How many sources reports tell by, those of documents of an index among them: these are files, as an index keeps no
    /// other name of them.
    pub fn source_count(&self) -> usize {
        self.own_source_count() + self.sources().len() - self.own_sources().len()
    }

    /// The number of the source that reports tell a document by.
    pub fn source_of(&self, document: u32) -> u32 {
        let (file, _) = self.record(document);
        if self.source_field().is_none() {
            return file;
        }
        match document.checked_sub(self.first_document()) {
            Some(own) => self.corpus.labels.sources[own as usize],
            None => file - self.own_sources().len() as u32 + self.own_source_count() as u32,
        }
    }

    /// The name of a source by its number.
    pub fn source_name(&self, source: u32) -> &str {
        let named = self.source_field().and_then(|_| self.corpus.labels.names.get(source as usize));
        match named {
            Some(name) => name,
            None => {
                let file = source as usize + self.own_sources().len() - self.own_source_count();
                &self.sources()[file].name
            }
        }
    }

    /// What the field of sources says of a document; `None` where none is asked for or it says nothing.
    pub fn named_source(&self, document: u32) -> Option<&str> {
        Some(self.source_name(self.source_by_field(document)?))
    }

    /// The same by its number.
    pub(crate) fn source_by_field(&self, document: u32) -> Option<u32> {
        self.source_field()?;
        let own = document.checked_sub(self.first_document())?;
        self.corpus.labels.told(own as usize, self.record(document).0 as usize)
    }
}

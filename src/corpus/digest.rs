//! What names a batch: the digest of its records, their ids and texts, in the order in which they pass.

use xxhash_rust::xxh3::Xxh3;

use crate::document::{Format, Source};
use crate::index::Identity;
use crate::scan::Scanned;

/// The digest while records come.
#[derive(Clone, Default)]
pub(super) struct RecordsDigest {
    all: Xxh3,
    /// with the ids of JSON lines alone, and which sources these are; see [`Identity::earlier`]
    json: Option<(Xxh3, Vec<bool>)>,
}

impl RecordsDigest {
    /// Of nothing yet.
    pub(super) fn new(sources: &[Source]) -> Self {
        let have_ids = |source: &Source| !matches!(source.format, Format::JsonLines | Format::Text);
        let are_json = || sources.iter().map(|source| source.format == Format::JsonLines).collect();
        // in corpus order, too: an order of its own may have been the same
        let json = sources.iter().any(have_ids).then(|| (Xxh3::new(), are_json()));
        RecordsDigest { all: Xxh3::new(), json }
    }

    /// Takes in of each document of a chunk its record, id and text; `base` is the number of the chunk's first record
    /// of a source.
    pub(super) fn add(&mut self, scanned: &Scanned, base: impl Fn(u32) -> u32) {
        let mut start = 0;
        for (document, text) in scanned.documents.iter().zip(&scanned.text_hashes) {
            let source = document.locator.source;
            let record = document.locator.record + base(source);
            let end = document.ids_end as usize;
            let id = &scanned.ids[start..end];
            start = end;
            update(&mut self.all, record, id, *text);
            if let Some((digest, are_json)) = &mut self.json {
                let id = if are_json[source as usize] { id } else { "" };
                update(digest, record, id, *text);
            }
        }
    }

    pub(super) fn finish(&self) -> Identity {
        Identity::of_records(self.all.digest128(), self.json.as_ref().map(|(digest, _)| digest.digest128()))
    }
}

fn update(digest: &mut Xxh3, record: u32, id: &str, text: u64) {
    let length = (id.len() as u32).to_le_bytes();
    for part in [&record.to_le_bytes()[..], &length, id.as_bytes(), &text.to_le_bytes()] {
        digest.update(part);
    }
}

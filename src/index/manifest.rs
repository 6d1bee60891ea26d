//! What an index is made of: the one file whose appearance under its name is a commit.
//!
//! `manifest-` and the generation in ten digits: magic (8 bytes), format version (u32), length of the record
//! (u64), the record (bincode, fixed-width little-endian; after it a byte, where more than documents is
//! removed), XXH3-128 of all before. The highest generation
//! counts; the one before stays until the next commit.

use std::io;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use crate::error::{Error, Result};
use crate::index::pages::{FORMAT_VERSION, FileEntry, bincode_config};
use crate::index::segment::SegmentEntry;
use crate::index::store::Store;
use crate::params::{ParagraphMode, Params, Remove};

const MAGIC: [u8; 8] = *b"redite\x00\x1b";

const PREFIX: &str = "manifest-";

/// Bytes before the record.
const HEAD: usize = 20;

/// The longest manifest that is believed, in bytes.
pub(crate) const MOST: u64 = 1 << 26;

/// A texts file and the documents whose texts are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TextsEntry {
    pub(crate) file: FileEntry,
    pub(crate) documents: [u32; 2],
}

/// How many units of one kind a batch brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchUnits {
    /// that match no earlier original
    pub originals: u64,
    /// the same tokens as an earlier one
    pub exact_copies: u64,
    /// at least as similar as the threshold
    pub near_copies: u64,
    /// standing nearly whole in passages of one earlier document
    pub contained_copies: u64,
}

impl BatchUnits {
    /// Exact, near and contained copies.
    pub fn copies(&self) -> u64 {
        self.exact_copies + self.near_copies + self.contained_copies
    }
}

/// One run's addition to an index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// names its inputs, see [`Identity`]
    pub digest: u128,
    /// its documents: first, and the one past the last
    pub(crate) first_document: u32,
    pub(crate) end_document: u32,
    pub(crate) end_paragraph: u32,
    pub(crate) end_source: u32,
    /// documents
    pub documents: BatchUnits,
    /// paragraphs
    pub paragraphs: BatchUnits,
    /// passages
    pub passages: u64,
    /// bytes of text read
    pub text_bytes: u64,
}

/// A batch that is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// what it brought
    pub batch: Batch,
    /// documents of it that had been forgotten: nothing knows that any more when they come again
    pub forgotten: u64,
}

/// What names a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Identity {
    /// of its records, their ids and texts, and of what its files are called; an index keeps it
    pub digest: u128,
    /// without what files are called, as indexes before version 5 have it
    pub(crate) records: u128,
    /// both with the ids of JSON lines alone: an index may name so what passed in an order of its own
    json: Option<[u128; 2]>,
}

impl Identity {
    /// Of records with this digest, until what their files are called is known; `json` is the digest with the ids of
    /// JSON lines alone, where others may have ids.
    pub(crate) fn of_records(digest: u128, json: Option<u128>) -> Self {
        Identity { digest, records: digest, json: json.map(|json| [json; 2]) }
    }

    /// The identity of these records in files that are called so: the same records under other names are another batch.
    pub(crate) fn named<'a>(self, names: impl Iterator<Item = &'a str>) -> Self {
        let mut behind = Vec::new();
        for name in names {
            behind.extend_from_slice(&(name.len() as u64).to_le_bytes());
            behind.extend_from_slice(name.as_bytes());
        }
        let named = |records: u128| xxh3_128(&[&records.to_le_bytes()[..], &behind].concat());
        let json = self.json.map(|[_, records]| [named(records), records]);
        Identity { digest: named(self.records), json, ..self }
    }

    /// The identity with the ids of JSON lines alone, by which an index may have it, where that is another.
    pub(crate) fn earlier(self) -> Option<Self> {
        let [digest, records] = self.json.filter(|[_, records]| *records != self.records)?;
        Some(Identity { digest, records, json: None })
    }

    /// Whether it names this batch.
    pub fn is_of(&self, batch: &Batch) -> bool {
        batch.digest == self.digest || batch.digest == self.records
    }
}

impl Batch {
    /// How many documents came with it, forgotten ones included.
    pub fn documents(&self) -> u64 {
        u64::from(self.end_document - self.first_document)
    }
}

/// The record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) generation: u64,
    /// which index this is
    pub(crate) identity: u64,
    pub(crate) normaliser: u32,
    pub(crate) params: Params,
    /// the number of the next file
    pub(crate) next_file: u64,
    pub(crate) documents: u32,
    pub(crate) paragraphs: u32,
    pub(crate) sources: u32,
    pub(crate) segments: Vec<SegmentEntry>,
    pub(crate) texts: Vec<TextsEntry>,
    pub(crate) batches: Vec<Batch>,
    /// documents that are no more, as ranges in order
    pub(crate) forgotten: Vec<[u32; 2]>,
}

impl Manifest {
    pub(crate) fn new(params: &Params, first_batch: u128) -> Self {
        Manifest {
            generation: 0,
            identity: xxh3_64_with_seed(&first_batch.to_le_bytes(), params.digest()),
            normaliser: params.text_rules(),
            params: params.clone(),
            next_file: 0,
            documents: 0,
            paragraphs: 0,
            sources: 0,
            segments: Vec::new(),
            texts: Vec::new(),
            batches: Vec::new(),
            forgotten: Vec::new(),
        }
    }

    /// The name and identity of the next file of a kind. The identity comes from all that stands here, so it
    /// differs between indexes, copies of one included, as soon as what they hold does.
    pub(crate) fn next_file(&mut self, kind: &str) -> (String, u64) {
        let number = self.next_file;
        self.next_file += 1;
        // where it can't be encoded it won't be published either
        let encoded = self.encode().unwrap_or_default();
        (format!("{kind}-{number:010}"), xxh3_64_with_seed(&encoded, number))
    }

    /// Whether all ranges go forward, and those of forgotten documents are in order.
    fn is_sound(&self) -> bool {
        let segments = self.segments.iter();
        let mut ranges: Vec<[u32; 2]> =
            segments.flat_map(|s| [s.documents, s.paragraphs, s.sources]).collect();
        ranges.extend(self.texts.iter().map(|texts| texts.documents));
        ranges.extend(self.batches.iter().map(|batch| [batch.first_document, batch.end_document]));
        let is_forgotten_in_order = self.forgotten.windows(2).all(|pair| pair[0][1] <= pair[1][0]);
        let ends = [self.documents, self.paragraphs, self.sources];
        let mut segments = self.segments.iter().map(|of| [of.documents, of.paragraphs, of.sources]);
        ranges.iter().chain(&self.forgotten).all(|[start, end]| start <= end)
            && is_forgotten_in_order
            && segments.all(|ranges| ranges.iter().zip(ends).all(|(range, end)| range[1] <= end))
            && self.texts.iter().all(|texts| texts.documents[1] <= self.documents)
            && self.texts.is_sorted_by_key(|texts| texts.documents[1])
            && self.batches.iter().all(|batch| batch.end_document <= self.documents)
            && self.is_in_order()
            && self.next_is_free()
    }

    /// Whether segments and batches follow one another, and the documents are those of the segments: so many are borne
    /// out by files.
    fn is_in_order(&self) -> bool {
        let follow = |of: fn(&SegmentEntry) -> [u32; 2]| {
            self.segments.windows(2).all(|pair| of(&pair[0])[1] <= of(&pair[1])[0])
        };
        let mut behind = 0;
        let is_gapless = self.segments.iter().all(|segment| {
            let [start, end] = segment.documents;
            std::mem::replace(&mut behind, end) == start
        });
        is_gapless
            && behind == self.documents
            && follow(|of| of.paragraphs)
            && follow(|of| of.sources)
            && self.batches.windows(2).all(|pair| pair[0].end_document <= pair[1].first_document)
    }

    /// Whether the next files are none of those that it names: they would be written over.
    fn next_is_free(&self) -> bool {
        let is_before =
            |file: &FileEntry| Manifest::number_of(&file.name).is_some_and(|n| n < self.next_file);
        self.next_file < u64::MAX / 2 && self.files().all(is_before)
    }

    /// All files that it names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &FileEntry> {
        let segments = self.segments.iter().map(|segment| &segment.file);
        segments.chain(self.texts.iter().map(|texts| &texts.file))
    }

    /// Which of the texts files holds the text of a document.
    pub(crate) fn texts_of(&self, document: u32) -> Option<usize> {
        let at = self.texts.partition_point(|texts| texts.documents[1] <= document);
        self.texts.get(at).filter(|texts| texts.documents[0] <= document).map(|_| at)
    }

    pub(crate) fn is_forgotten(&self, document: u32) -> bool {
        let behind = self.forgotten.partition_point(|range| range[0] <= document);
        behind > 0 && document < self.forgotten[behind - 1][1]
    }

    /// The name of a generation's file.
    pub(crate) fn name(generation: u64) -> String {
        format!("{PREFIX}{generation:010}")
    }

    /// The generation that a file of this name would be.
    pub(crate) fn generation_of(name: &str) -> Option<u64> {
        let digits = name.strip_prefix(PREFIX)?;
        let is_ours = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_ours.then(|| digits.parse().ok())?
    }

    /// How many documents of a batch are forgotten.
    pub(crate) fn forgotten_of(&self, batch: &Batch) -> u64 {
        let inside = |range: &[u32; 2]| {
            let end = range[1].min(batch.end_document);
            u64::from(end.saturating_sub(range[0].max(batch.first_document)))
        };
        self.forgotten.iter().map(inside).sum()
    }

    /// What is left without the last batch, and what goes; `None` where there is none. The last segment and the last file
    /// of texts may reach beyond what is left.
    pub(crate) fn without_last_batch(&self) -> Option<(Self, Undone)> {
        let mut manifest = self.clone();
        let batch = manifest.batches.pop()?;
        let forgotten = self.forgotten_of(&batch);
        manifest.generation += 1;
        let end = manifest.batches.last();
        let documents = batch.first_document;
        let sources = end.map_or(0, |batch| batch.end_source);
        manifest.documents = documents;
        manifest.paragraphs = end.map_or(0, |batch| batch.end_paragraph);
        manifest.sources = sources;
        // a batch without documents still has sources
        manifest.segments.retain(|segment| segment.documents[0] < documents || segment.sources[0] < sources);
        manifest.texts.retain_mut(|texts| {
            texts.documents[1] = texts.documents[1].min(documents);
            texts.documents[0] < documents
        });
        manifest.forgotten.retain_mut(|range| {
            range[1] = range[1].min(documents);
            range[0] < range[1]
        });
        Some((manifest, Undone { batch, forgotten }))
    }

    /// Whether a file of this name is of an index, or was on its way to be: nothing else is ever removed.
    pub(crate) fn is_ours(name: &str) -> bool {
        let name = name.strip_suffix(".tmp").unwrap_or(name);
        Manifest::generation_of(name).is_some() || Manifest::number_of(name).is_some()
    }

    /// The number of a segment or a texts file.
    pub(crate) fn number_of(name: &str) -> Option<u64> {
        let digits = name.strip_prefix("segment-").or_else(|| name.strip_prefix("texts-"))?;
        let is_ours = digits.len() >= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_ours.then(|| digits.parse().ok())?
    }

    /// As it stands in its file.
    ///
    /// # Errors
    /// What can't be encoded.
    pub(crate) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut record = match self.params.paragraphs {
            ParagraphMode::AutoV1 => {
                let mut then = self.clone();
                then.params.paragraphs = ParagraphMode::Auto;
                bincode::serde::encode_to_vec(&then, bincode_config())
            }
            _ => bincode::serde::encode_to_vec(self, bincode_config()),
        }
        .map_err(io::Error::other)?;
        if self.params.remove.is_by_parts() {
            record.push(self.params.remove.bits());
        }
        let mut bytes = Vec::with_capacity(record.len() + HEAD + 16);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(record.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&record);
        let sum = xxh3_128(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        Ok(bytes)
    }

    /// Reads the manifest of a generation.
    pub(crate) fn read(store: &dyn Store, generation: u64) -> Result<Self> {
        let name = Manifest::name(generation);
        let path = store.path(&name);
        let file = store.open(&name).map_err(|e| Error::io(&path, "opening", e))?;
        let damaged =
            |offset: u64, found: &str| Error::Damaged { path: path.clone(), offset, found: found.to_owned() };
        let length = file.length();
        if length < (HEAD + 16) as u64 || length > MOST {
            return Err(damaged(0, "a length that no manifest has"));
        }
        let mut bytes = vec![0; length as usize];
        file.read(0, &mut bytes).map_err(|source| Error::NotReadable {
            path: path.clone(),
            offset: 0,
            source,
        })?;
        if bytes[..8] != MAGIC {
            return Err(damaged(0, "the first bytes of something else"));
        }
        let version = u32::from_le_bytes([8, 9, 10, 11].map(|i| bytes[i]));
        let (all, sum) = bytes.split_at(bytes.len() - 16);
        if xxh3_128(all).to_le_bytes() != sum {
            return Err(damaged(0, "a record whose checksum is wrong"));
        }
        if !(1..=FORMAT_VERSION).contains(&version) {
            return Err(Error::OtherVersion { path, version, known: FORMAT_VERSION });
        }
        let record = &all[HEAD..];
        let decoded = bincode::serde::decode_from_slice::<Manifest, _>(record, bincode_config());
        let remove = |used: usize| match &record[used..] {
            [] => Some(Remove::default()),
            [bits] => Remove::from_bits(*bits).filter(|remove| remove.is_by_parts()),
            _ => None,
        };
        match decoded.map(|(manifest, used)| (remove(used), manifest)) {
            Ok((Some(remove), mut manifest)) if manifest.generation == generation && manifest.is_sound() => {
                manifest.params.remove = remove;
                manifest.params.normaliser = manifest.normaliser;
                if manifest.normaliser == 1 && manifest.params.paragraphs == ParagraphMode::Auto {
                    manifest.params.paragraphs = ParagraphMode::AutoV1;
                }
                Ok(manifest)
            }
            _ => Err(damaged(HEAD as u64, "no record of a manifest")),
        }
    }
}

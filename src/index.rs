//! The originals kept so far, on disk: immutable files named by one manifest (`docs/format.md`).
//!
//! An [`Index`] is a snapshot for reading: it holds its files open, so whatever a writer does meanwhile, its
//! answers stay those of its generation. A [`Writer`] holds the lock, adds batches and changes what is kept;
//! each change is one new manifest, and before that is on disk nothing has happened.

pub mod forgetting;
mod found;
pub(crate) mod manifest;
pub(crate) mod pages;
mod provenance;
pub(crate) mod rows;
pub(crate) mod segment;
pub(crate) mod sketches;
pub mod stats;
pub mod store;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod texts;
pub mod undoing;
mod writer;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::document::told_id;
use crate::error::{Error, Result};
use crate::index::found::ExactEntry;
use crate::index::manifest::Manifest;
use crate::index::pages::{Pages, Purpose};
use crate::index::segment::gone::{self, GoneTold};
use crate::index::segment::{CopyRow, DocumentRow, Held, Mark, Segment, documents_of};
use crate::index::sketches::Sketch;
use crate::index::store::{Folder, Store};
use crate::index::table::{Key, Table};
use crate::index::texts::{Blocks, TextPlace, read_part};
use crate::params::{NORMALISER_VERSION, Params};
use crate::unit::{PerUnit, UnitKind};

pub(crate) use found::{BandHit, ExactHit, Known, SeedPlace};
pub use manifest::{Batch, BatchUnits, Identity, Undone};
pub(crate) use writer::{Addition, Base};
pub use writer::{Lock, Writer};

/// Keys that are looked up by one thread at once.
const LOOKED_UP: usize = 4096;

/// A snapshot of an index.
pub struct Index {
    store: Arc<dyn Store>,
    manifest: Manifest,
    segments: Vec<Arc<Segment>>,
    texts: Vec<Arc<Pages>>,
    blocks: Blocks,
}

impl Index {
    /// Opens the latest generation in a folder; `None` where there is no index yet.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::NoManifest`], [`Error::OtherVersion`], [`Error::Io`].
    #[expect(clippy::needless_pass_by_value, reason = "an index keeps its store; trying twice takes clones")]
    pub fn open(store: Arc<dyn Store>) -> Result<Option<Arc<Self>>> {
        let mut missed: Option<(u64, Error)> = None;
        loop {
            let names = match store.list() {
                Ok(names) => names,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(Error::io(store.path(""), "looking into the index", error)),
            };
            let latest = names.iter().filter_map(|name| Manifest::generation_of(name)).max();
            let Some(generation) = latest else { return has_no_parts(&*store, &names).map(|()| None) };
            if let Some((_, error)) = missed.filter(|(missed, _)| *missed == generation) {
                return Err(match error {
                    Error::Io { path, .. } => Error::Damaged {
                        path,
                        offset: 0,
                        found: "no file where its manifest names one".to_owned(),
                    },
                    error => error,
                });
            }
            let opened = Manifest::read(&*store, generation)
                .and_then(|manifest| Index::of(store.clone(), manifest, &[]));
            match opened {
                // a writer may have gone on meanwhile, and removed what this generation was made of
                Err(error) if error.is_not_found() => missed = Some((generation, error)),
                opened => return opened.map(|index| Some(Arc::new(index))),
            }
        }
    }

    /// The index in a folder of the file system; `None` where it has not been begun.
    ///
    /// # Errors
    /// [`Error::NoIndex`] where a file is in its place, and those of [`Index::open`].
    pub fn at(dir: impl AsRef<Path>) -> Result<Option<Arc<Self>>> {
        let dir = dir.as_ref();
        Index::check_folder(dir)?;
        Index::open(Arc::new(Folder::new(dir)))
    }

    /// The index in a folder of the file system that must have one.
    ///
    /// # Errors
    /// [`Error::NoIndex`], and those of [`Index::open`].
    pub fn there(dir: impl AsRef<Path>) -> Result<Arc<Self>> {
        let dir = dir.as_ref();
        Index::at(dir)?.ok_or_else(|| Error::no_index(dir))
    }

    /// Refuses a file where the folder of an index is meant.
    ///
    /// # Errors
    /// [`Error::NoIndex`].
    pub fn check_folder(dir: &Path) -> Result<()> {
        let hint = "an index is a folder, which `Archive::adding` makes";
        let refused = || Err(Error::NoIndex { path: dir.to_path_buf(), wrong: "that is a file", hint });
        if dir.is_file() { refused() } else { Ok(()) }
    }

    /// The index that a manifest describes. Files that `before` has open are not opened again.
    fn of(store: Arc<dyn Store>, manifest: Manifest, before: &[&Index]) -> Result<Self> {
        let segment = |entry: &segment::SegmentEntry| {
            let open = before.iter().flat_map(|index| &index.segments).find(|open| open.entry == *entry);
            open.map_or_else(|| Segment::open(&*store, entry).map(Arc::new), |open| Ok(open.clone()))
        };
        let segments = manifest.segments.iter().map(segment).collect::<Result<_>>()?;
        let texts = |entry: &manifest::TextsEntry| {
            let open = before.iter().find_map(|index| {
                let at = index.manifest.texts.iter().position(|texts| texts.file == entry.file)?;
                Some(index.texts[at].clone())
            });
            open.map_or_else(|| Pages::open(&*store, &entry.file, Purpose::Texts).map(Arc::new), Ok)
        };
        let texts = manifest.texts.iter().map(texts).collect::<Result<_>>()?;
        Ok(Index { store, manifest, segments, texts, blocks: Blocks::default() })
    }

    /// A copy of this index, as if nothing had come from document `before` on. The numbers go on where they end here, and files
    /// that are added stand in another store.
    fn up_to(&self, before: u32, store: Arc<dyn Store>) -> Self {
        let mut manifest = self.manifest.clone();
        if before < manifest.documents {
            manifest.forgotten.retain_mut(|range| {
                range[1] = range[1].min(before);
                range[0] < range[1]
            });
            manifest.forgotten.push([before, manifest.documents]);
        }
        let (segments, texts, blocks) = (self.segments.clone(), self.texts.clone(), Blocks::default());
        Index { store, manifest, segments, texts, blocks }
    }

    /// The first numbers that are free.
    pub(crate) fn end(&self) -> PerUnit<u32> {
        let Manifest { documents, paragraphs, .. } = self.manifest;
        PerUnit { documents, paragraphs }
    }

    /// The segments of what came from document `first` on.
    pub(crate) fn segments_from(&self, first: u32) -> impl Iterator<Item = &Segment> {
        self.segments.iter().map(|segment| &**segment).filter(move |of| of.entry.documents[0] >= first)
    }

    /// About how many bytes it holds while it is open.
    pub(crate) fn size(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size()).sum()
    }

    /// The parameters that it was made with.
    pub fn params(&self) -> &Params {
        &self.manifest.params
    }

    /// The folder, for messages.
    #[cfg(feature = "parquet")]
    pub(crate) fn location(&self) -> std::path::PathBuf {
        self.store.path("")
    }

    /// Its generation: one more with each change.
    pub fn generation(&self) -> u64 {
        self.manifest.generation
    }

    /// Whether two snapshots hold the same, to the byte: what one is made of its manifest tells.
    pub(crate) fn is_same(&self, other: &Index) -> bool {
        let encoded = |index: &Index| index.manifest.encode().ok();
        encoded(self).is_some_and(|own| Some(own) == encoded(other))
    }

    /// The batches that it holds, in order.
    pub fn batches(&self) -> &[Batch] {
        &self.manifest.batches
    }

    /// How many documents of a batch are forgotten.
    pub(crate) fn forgotten_of(&self, batch: &Batch) -> u64 {
        self.manifest.forgotten_of(batch)
    }

    /// The generation before, which is kept to go back to; `None` where there is none, or a writer has removed it.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn before(&self) -> Result<Option<Self>> {
        let Some(generation) = self.manifest.generation.checked_sub(1) else { return Ok(None) };
        let opened = Manifest::read(&*self.store, generation)
            .and_then(|manifest| Index::of(self.store.clone(), manifest, &[self]));
        match opened {
            Err(error) if error.is_not_found() => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// The number of the latest generation, whether that can be opened or not.
    fn latest(store: &Arc<dyn Store>) -> Result<u64> {
        let names = store.list().map_err(|e| Error::io(store.path(""), "looking into", e))?;
        Ok(names.iter().filter_map(|name| Manifest::generation_of(name)).max().unwrap_or_default())
    }

    /// The generation before the latest, whether that one can be opened or not.
    fn before_latest(store: &Arc<dyn Store>) -> Result<Self> {
        let manifest = Manifest::read(&**store, Index::latest(store)?.saturating_sub(1))?;
        Index::of(store.clone(), manifest, &[])
    }

    /// The latest generation without its last batch, of whose own files none is opened.
    fn without_last_batch(store: &Arc<dyn Store>) -> Result<(Self, Undone)> {
        let manifest = Manifest::read(&**store, Index::latest(store)?)?;
        let none = || Error::NoManifest { path: store.path("") };
        let (left, undone) = manifest.without_last_batch().ok_or_else(none)?;
        Ok((Index::of(store.clone(), left, &[])?, undone))
    }

    /// Whether an index that is damaged would be whole without its last batch, or is without its last change: what
    /// [`Writer::rollback`] and [`Writer::go_back`] lead to. Reads all of that.
    pub fn can_go_back(store: &Arc<dyn Store>) -> bool {
        let undone = || Index::without_last_batch(store).and_then(|(left, _)| left.verify());
        let before = || Index::before_latest(store).and_then(|before| before.verify());
        undone().is_ok() || before().is_ok()
    }

    /// The documents that are kept: calls `tell` with the id of each (JSON, empty where it
    /// has none), its source, its record number, and its text where the index has one.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`], and what `tell` fails with.
    pub fn each_document(
        &self,
        mut tell: impl FnMut(&str, &str, u32, Option<&str>) -> Result<()>,
    ) -> Result<()> {
        for segment in &self.segments {
            let mut held = Held::default();
            for document in segment.documents() {
                let (document, row) = document?;
                if self.manifest.is_forgotten(document) {
                    continue;
                }
                let (id, _) = segment.next_strings(&row, &mut held)?;
                let text = row.text.map(|_| self.text(document, &row)).transpose()?;
                tell(
                    &told_id(&id),
                    segment.source(row.source).unwrap_or_default(),
                    row.record,
                    text.as_deref(),
                )?;
            }
        }
        Ok(())
    }

    /// Whether it has this batch already.
    pub fn knows(&self, identity: Identity) -> bool {
        self.batches().iter().any(|batch| identity.is_of(batch))
    }

    /// Checks that a run with these parameters may use it; `adds` says whether the run adds to it.
    ///
    /// # Errors
    /// [`Error::OtherParameter`] with the first field that differs, and both values.
    pub fn check_params(&self, params: &Params, adds: bool) -> Result<()> {
        let (rules, given) = (self.manifest.normaliser, params.text_rules());
        if rules > NORMALISER_VERSION {
            return Err(Error::OtherRules {
                path: self.store.path(""),
                version: rules,
                known: NORMALISER_VERSION,
            });
        }
        if rules != given {
            return Err(Error::OtherParameter {
                path: self.store.path(""),
                name: "version of the text rules".to_owned(),
                index: rules.to_string(),
                given: given.to_string(),
            });
        }
        let [own, other] = [&self.manifest.params, params].map(|params| params.remove);
        if own != other {
            return Err(Error::OtherParameter {
                path: self.store.path(""),
                name: "remove".to_owned(),
                index: own.names().join(","),
                given: other.names().join(","),
            });
        }
        let own = serde_json::to_value(&self.manifest.params).unwrap_or_default();
        let given = serde_json::to_value(params).unwrap_or_default();
        // how records are read changes no answer about their texts
        let free = ["text_field", "id_field", "max_record", "certify"];
        let has = |units: &serde_json::Value, unit: &str| units[unit] == serde_json::Value::Bool(true);
        let fields = own.as_object().into_iter().flatten();
        for (name, own) in fields.filter(|(name, _)| !free.contains(&name.as_str())) {
            let given = &given[name];
            // who only reads may look for less
            let is_part = |unit: &&str| !has(given, unit) || has(own, unit);
            let is_less =
                !adds && name == "units" && ["documents", "paragraphs", "passages"].iter().all(is_part);
            if given != own && !is_less {
                return Err(Error::OtherParameter {
                    path: self.store.path(""),
                    name: name.replace('_', "-"),
                    index: as_flag(own),
                    given: as_flag(given),
                });
            }
        }
        Ok(())
    }

    /// Units with these exact keys. Keys are sorted.
    pub(crate) fn find_exact(&self, kind: UnitKind, keys: &[u128], before: u32) -> Result<Vec<ExactHit>> {
        let kept = |segment: usize, key: u32, [unit, copy]: [u32; 2]| {
            self.is_kept(segment, kind, unit, before).then_some(ExactEntry { key, segment, unit, copy })
        };
        let found = self.find(keys, |segment| Some(&segment.exact[kind]), kept)?;
        let mut hits = Vec::with_capacity(found.len());
        for ExactEntry { key, segment, unit, copy } in found {
            let segment = &self.segments[segment];
            let copy = copy.checked_sub(1).map(|index| segment.copy(kind, index)).transpose()?;
            let lost = |copy: &CopyRow| {
                let owner = self.segment_of(kind, copy.original);
                owner.is_none_or(|owner| !self.is_kept(owner, kind, copy.original, before))
            };
            // a text whose original was forgotten is as good as new
            if !copy.as_ref().is_some_and(lost) {
                let found = Known { unit, copy: copy.map(Box::new), contained: None };
                let now = match kind {
                    UnitKind::Document => self.instead(found, before),
                    UnitKind::Paragraph => Some(found),
                };
                hits.extend(now.map(|known| ExactHit { key, known }));
            }
        }
        // where one was forgotten another may have come: the first counts
        hits.sort_unstable_by_key(|hit| (hit.key, hit.known.unit));
        hits.dedup_by_key(|hit| hit.key);
        Ok(hits)
    }

    /// What is told of a document that was found, where it left: the last row counts of which all is kept. Without
    /// one the text is as good as new.
    fn instead(&self, found: Known, before: u32) -> Option<Known> {
        let is_kept = |document: u32| self.keeps(document, before);
        let rows = self.segments.iter().flat_map(|segment| gone::of(&segment.gone, found.unit));
        let (mut left, mut told) = (false, None);
        for row in rows {
            left = true;
            match row.told {
                GoneTold::Contained(contained) if is_kept(contained.original) => {
                    told = Some(Known { contained: Some(Box::new(contained)), ..found.clone() });
                }
                GoneTold::Copy(copy) if is_kept(copy.unit) && is_kept(copy.original) => {
                    told = Some(Known { unit: copy.unit, copy: Some(Box::new(copy)), contained: None });
                }
                _ => {}
            }
        }
        if left { told } else { Some(found) }
    }

    /// Originals with these keys of bands, sorted. Keys are sorted.
    pub(crate) fn find_bands(&self, kind: UnitKind, keys: &[u64], before: u32) -> Result<Vec<BandHit>> {
        let kept = |segment: usize, key: u32, numbers: [u32; 2]| {
            let hit = BandHit::new(key, numbers);
            self.is_kept(segment, kind, hit.unit, before).then_some(hit)
        };
        self.find(keys, |segment| Some(&segment.bands[kind]), kept)
    }

    /// The sketches of these paragraphs, which are in order; none of those that have none.
    pub(crate) fn sketches(&self, paragraphs: &[u32]) -> Result<Vec<Sketch>> {
        let mut found = Vec::with_capacity(paragraphs.len());
        let mut rest = paragraphs;
        for segment in &self.segments {
            let [first, end] = segment.entry.paragraphs;
            let (own, behind) = rest.split_at(rest.partition_point(|paragraph| *paragraph < end));
            let own = own.iter().filter_map(|paragraph| paragraph.checked_sub(first));
            found.extend(segment.sketches(own)?);
            rest = behind;
        }
        found.resize(paragraphs.len(), Sketch::default());
        Ok(found)
    }

    /// Places of these seeds in original text, sorted. Keys are sorted.
    pub(crate) fn find_seeds(&self, keys: &[u64], before: u32) -> Result<Vec<SeedPlace>> {
        self.places(keys, |segment| Some(&segment.seeds), before)
    }

    /// Where these windows stood first, as far as segments (since version 4) know; sorted. Keys are sorted.
    pub(crate) fn find_windows(&self, keys: &[u64], before: u32) -> Result<Vec<SeedPlace>> {
        let mut places = self.places(keys, |segment| segment.windows.as_ref(), before)?;
        // where one was forgotten another may have come: the first counts
        places.dedup_by_key(|place| place.key);
        Ok(places)
    }

    fn places(
        &self,
        keys: &[u64],
        table: impl Fn(&Segment) -> Option<&Table> + Sync,
        before: u32,
    ) -> Result<Vec<SeedPlace>> {
        self.find(keys, table, |segment, key, [document, token]| {
            let place = SeedPlace { key, document, token };
            self.is_kept(segment, UnitKind::Document, document, before).then_some(place)
        })
    }

    /// Whether something was forgotten, so that lists may have room again.
    pub(crate) fn has_forgotten(&self) -> bool {
        !self.manifest.forgotten.is_empty()
    }

    /// Looks up sorted keys in all segments that have the table. What `tell` makes of segment, the key's index and the
    /// numbers, it makes with the key's index first; sorted.
    fn find<K: Key, T: Ord + Send>(
        &self,
        keys: &[K],
        table: impl Fn(&Segment) -> Option<&Table> + Sync,
        tell: impl Fn(usize, u32, [u32; 2]) -> Option<T> + Sync,
    ) -> Result<Vec<T>> {
        let in_segment = |number: usize, start: usize| -> Result<Vec<T>> {
            let segment = &self.segments[number];
            let keys = &keys[start..(start + LOOKED_UP).min(keys.len())];
            let mut found = Vec::new();
            if let Some(table) = table(segment) {
                table.find(&segment.pages, keys, |i, numbers| {
                    found.extend(tell(number, (start + i) as u32, numbers));
                })?;
            }
            Ok(found)
        };
        let piece = |start: usize| -> Result<Vec<T>> {
            let found = (0..self.segments.len()).into_par_iter().map(|number| in_segment(number, start));
            let mut found = found.collect::<Result<Vec<Vec<T>>>>()?.into_iter().flatten().collect::<Vec<T>>();
            // what is of one segment is in order: a sort by merging
            found.sort();
            Ok(found)
        };
        let starts: Vec<usize> = (0..keys.len()).step_by(LOOKED_UP).collect();
        let found: Vec<Vec<T>> = starts.into_par_iter().map(piece).collect::<Result<_>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Whether a unit of a segment is kept, and stands before a document.
    fn is_kept(&self, segment: usize, kind: UnitKind, unit: u32, before: u32) -> bool {
        if before == u32::MAX && self.manifest.forgotten.is_empty() {
            return true;
        }
        self.keeps(self.segments[segment].document_with(kind, unit), before)
    }

    /// Whether a document is kept, and stands before another.
    pub(crate) fn keeps(&self, document: u32, before: u32) -> bool {
        document < before && !self.manifest.is_forgotten(document)
    }

    /// Which segment a unit is of.
    fn segment_of(&self, kind: UnitKind, unit: u32) -> Option<usize> {
        self.segments.iter().position(|segment| segment.units(kind).contains(&unit))
    }

    /// The document in which a paragraph stands.
    pub(crate) fn document_of(&self, paragraph: u32) -> Option<u32> {
        let segment = self.segment_of(UnitKind::Paragraph, paragraph)?;
        Some(self.segments[segment].document_of(paragraph))
    }

    /// A document, and the segment that it is of.
    pub(crate) fn document(&self, document: u32) -> Result<(DocumentRow, &Arc<Segment>)> {
        let segment = self.segment(document)?;
        Ok((segment.document(document)?, segment))
    }

    /// Documents, which are in order.
    pub(crate) fn documents(&self, numbers: &[u32]) -> Result<Vec<DocumentRow>> {
        let mut rows = Vec::with_capacity(numbers.len());
        let mut rest = numbers;
        for segment in &self.segments {
            let (own, behind) =
                rest.split_at(rest.partition_point(|number| *number < segment.entry.documents[1]));
            let own = own.iter().copied().filter(|number| segment.holds(*number));
            for row in segment.document_rows(own) {
                rows.push(row?);
            }
            rest = behind;
        }
        match numbers.get(rows.len()) {
            None => Ok(rows),
            Some(&number) => Err(self.no_document(number)),
        }
    }

    fn no_document(&self, document: u32) -> Error {
        Error::Damaged {
            path: self.store.path(&Manifest::name(self.manifest.generation)),
            offset: 0,
            found: format!("no segment with document {document}"),
        }
    }

    /// The segment that a document is of.
    pub(crate) fn segment(&self, document: u32) -> Result<&Arc<Segment>> {
        let segment = self.segments.iter().find(|segment| segment.holds(document));
        segment.ok_or_else(|| self.no_document(document))
    }

    /// Where one can start to read in a document.
    pub(crate) fn marks(&self, document: u32) -> &[Mark] {
        self.segments
            .iter()
            .find(|segment| segment.holds(document))
            .map_or(&[], |segment| segment.marks(document))
    }

    /// A document's text.
    pub(crate) fn text(&self, document: u32, row: &DocumentRow) -> Result<String> {
        self.text_at(document, row.text)
    }

    /// The text of a document, of which its record says where it is.
    pub(crate) fn text_at(&self, document: u32, place: Option<TextPlace>) -> Result<String> {
        self.text_part(document, place, 0..place.map_or(0, |place| place.length))
    }

    /// Some bytes of it.
    pub(crate) fn text_part(
        &self,
        document: u32,
        place: Option<TextPlace>,
        part: Range<u32>,
    ) -> Result<String> {
        let pages = self.manifest.texts_of(document).map(|at| &self.texts[at]);
        match (pages, place) {
            (Some(pages), Some(place)) => read_part((pages, &self.blocks), place, part),
            _ => Err(Error::Damaged {
                path: self.store.path(&Manifest::name(self.manifest.generation)),
                offset: 0,
                found: format!("no text of document {document}"),
            }),
        }
    }

    /// Checks every file: all checksums, the order of all keys, and that every document, paragraph, source, row and text
    /// that is named is there. What is said of a text (where a seed starts, what a match shares) is not computed again.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the file and the byte.
    pub fn verify(&self) -> Result<()> {
        self.verify_beside(None)
    }

    /// [`Index::verify`] of the files that another generation, which is whole, does not have.
    ///
    /// # Errors
    /// As there.
    pub fn verify_beside(&self, other: Option<&Index>) -> Result<()> {
        let has_texts = |of: &Arc<Pages>| other.is_some_and(|o| o.texts.iter().any(|t| Arc::ptr_eq(t, of)));
        let has = |of: &Arc<Segment>| other.is_some_and(|o| o.segments.iter().any(|s| Arc::ptr_eq(s, of)));
        self.texts.par_iter().filter(|pages| !has_texts(pages)).try_for_each(|pages| pages.verify())?;
        let own: Vec<&Arc<Segment>> = self.segments.iter().filter(|segment| !has(segment)).collect();
        own.par_iter().try_for_each(|segment| segment.verify())?;
        for segment in own {
            // it may have more than its index, as where a batch is to be undone
            for document in
                documents_of(&segment.entry).filter(|document| *document < self.manifest.documents)
            {
                let (row, _) = self.document(document)?;
                if row.text.is_some() && !self.manifest.is_forgotten(document) {
                    self.text(document, &row)?;
                }
            }
        }
        Ok(())
    }
}

/// Refuses the files of an index that has lost its manifests. A first batch that broke off leaves no more than a file of
/// texts and a segment.
fn has_no_parts(store: &dyn Store, names: &[String]) -> Result<()> {
    let is_later = |name: &&String| Manifest::number_of(name).is_some_and(|number| number > 1);
    let lost = |name: &String| Err(Error::NoManifest { path: store.path(name) });
    names.iter().find(is_later).map_or(Ok(()), lost)
}

/// A parameter's value as its flag takes it.
fn as_flag(value: &serde_json::Value) -> String {
    let Some(units) = value.as_object() else { return value.to_string() };
    let names = units.iter().filter(|(_, is_wanted)| **is_wanted == serde_json::Value::Bool(true));
    let names: Vec<&str> = names.map(|(name, _)| name.trim_end_matches('s')).collect();
    names.join(",")
}

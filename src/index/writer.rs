//! Changing an index: one writer at a time, one manifest for each change.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::index::Index;
use crate::index::forgetting::Meant;
use crate::index::manifest::{self, Batch, Manifest, TextsEntry, Undone};
use crate::index::pages::FileEntry;
use crate::index::segment::gather::Gathered;
use crate::index::segment::{self, Content, Segment, SegmentEntry};
use crate::index::store::{Folder, Store, identity};
use crate::index::texts::{TextPlace, TextPlaces, TextsWriter};
use crate::params::Params;

/// As soon as so many segments at the end are of like size they become one.
const MERGED: usize = 4;

/// The right to change an index, held until it is dropped, or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    /// the folder was made for it: it goes again where nothing comes into it
    made: bool,
}

impl Lock {
    /// Takes the lock of a folder, which is a file in it: so not where an index could not be begun.
    ///
    /// # Errors
    /// [`Error::Locked`] at once where another process has it; [`Error::NotForAnIndex`], [`Error::Io`].
    pub fn take(folder: &Folder) -> Result<Self> {
        check_beginning(folder)?;
        let path = folder.path("lock");
        let failed = |e| Error::io(&path, "locking the index", e);
        let made = !folder.location().is_dir();
        let mut attempts = 0..100;
        loop {
            folder.make().map_err(failed)?;
            let mut file =
                match File::options().read(true).write(true).create(true).truncate(false).open(&path) {
                    // its folder went when somebody else had no use for it
                    Err(error) if error.kind() == io::ErrorKind::NotFound && attempts.next().is_some() => {
                        continue;
                    }
                    opened => opened.map_err(failed)?,
                };
            return match file.try_lock() {
                Ok(()) if !is_at(&file, &path) && attempts.next().is_some() => continue,
                Ok(()) => {
                    let _ = file.set_len(0);
                    let _ = write!(file, "process {}", std::process::id());
                    Ok(Lock { file, path, made })
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.rewind().and_then(|()| (&file).take(64).read_to_string(&mut holder));
                    Err(Error::Locked { path: Path::new(folder.location()).to_owned(), holder })
                }
                Err(TryLockError::Error(error)) => Err(failed(error)),
            };
        }
    }

    /// Removes the folder that was made for it, where nothing has come into it.
    fn tidy_up(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|_| self.made && cfg!(unix));
        let Some(folder) = folder else { return Ok(()) };
        if fs::read_dir(folder)?.all(|entry| entry.is_ok_and(|entry| entry.path() == self.path)) {
            fs::remove_file(&self.path)?;
            fs::remove_dir(folder)?;
        }
        Ok(())
    }
}

/// Whether a file that is open is still the one of that name.
fn is_at(file: &File, path: &Path) -> bool {
    let [open, named] = [file.metadata(), fs::metadata(path)].map(|found| found.map(|of| identity(&of)));
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
}

/// Refuses to begin an index in a folder of other things: among an input's files its own would be taken for some. What
/// a file system or a tool puts into each folder is no matter.
///
/// # Errors
/// [`Error::NotForAnIndex`].
fn check_beginning(store: &dyn Store) -> Result<()> {
    let names = store.list().unwrap_or_default();
    let is_other = |name: &&String| {
        let is_free = name.starts_with('.') || ["lock", "lost+found"].contains(&name.as_str());
        !is_free && !Manifest::is_ours(name)
    };
    let has = |other: &String| Err(Error::NotForAnIndex { path: store.path(""), other: other.clone() });
    let has_index = names.iter().any(|name| Manifest::generation_of(name).is_some());
    names.iter().find(is_other).filter(|_| !has_index).map_or(Ok(()), has)
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.tidy_up();
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// The one that may change an index.
pub struct Writer {
    store: Arc<dyn Store>,
    /// `None` until there is something in it
    index: Option<Arc<Index>>,
    /// a change broke off after its manifest may have got its name: only opening anew tells what there is
    is_stale: bool,
    /// whether segments of like size become one
    merges: bool,
    /// there may be files that no manifest names
    has_unnamed: AtomicBool,
    _lock: Option<Lock>,
}

impl Drop for Writer {
    /// What a change that broke off has written goes at once: it may be why the disk is full. Where it is not known which
    /// manifest holds, the next writer decides.
    fn drop(&mut self) {
        if *self.has_unnamed.get_mut() && self.merges && !self.is_stale {
            let _ = self.clean_up(true);
        }
    }
}

/// The first numbers that are free in an index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base {
    pub(crate) documents: u32,
    pub(crate) paragraphs: u32,
    pub(crate) sources: u32,
}

/// A batch on its way into an index: its texts are written as they come.
pub(crate) struct Addition {
    manifest: Manifest,
    texts: TextsWriter,
}

impl Writer {
    /// Opens an index for changes, under its lock, and removes what a run that was cut off has left. What it finds is on
    /// disk from then on, even where the last folder sync of the change before has failed.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Damaged`], [`Error::NoManifest`], [`Error::NotForAnIndex`], [`Error::OtherVersion`],
    /// [`Error::Io`].
    pub fn open(store: Arc<dyn Store>) -> Result<Self> {
        let lock = store.lock()?;
        let index = Index::open(store.clone())?;
        let writer = Writer::of(store, index, lock);
        if writer.index.is_some() {
            writer.sync_folder()?;
        } else {
            check_beginning(&*writer.store)?;
        }
        let _ = writer.clean_up(true); // what can't be removed now is tried again by the next writer
        Ok(writer)
    }

    fn of(store: Arc<dyn Store>, index: Option<Arc<Index>>, lock: Option<Lock>) -> Self {
        Writer {
            store,
            index,
            is_stale: false,
            merges: true,
            has_unnamed: AtomicBool::new(false),
            _lock: lock,
        }
    }

    /// In a store that is gone with the process, after what an index has before a document; that stays where it
    /// is. Its few segments stay as they are: they are looked through from end to end, and not often enough for a
    /// merger to pay.
    pub(crate) fn scratch(store: Arc<dyn Store>, past: Option<(&Index, u32)>) -> Self {
        let index = past.map(|(index, before)| Arc::new(index.up_to(before, store.clone())));
        let mut writer = Writer::of(store, index, None);
        writer.merges = false;
        writer
    }

    /// The folder, for messages.
    pub(crate) fn location(&self) -> PathBuf {
        self.store.path("")
    }

    /// What the index holds; `None` where nothing has been added yet.
    pub fn index(&self) -> Option<&Arc<Index>> {
        self.index.as_ref()
    }

    /// Removes every file of ours that is named neither by this generation nor, if `keeps_before`, by the one
    /// before. Goes on where something can't be removed; the first error is told.
    fn clean_up(&self, keeps_before: bool) -> Result<()> {
        let names = self.store.list().map_err(|e| Error::io(self.store.path(""), "looking into", e))?;
        let generation = self.index.as_ref().map(|index| index.generation());
        let mut named: Vec<String> = Vec::new();
        if let (Some(index), Some(generation)) = (&self.index, generation) {
            named.extend(index.manifest.files().map(|file| file.name.clone()));
            named.push(Manifest::name(generation));
            if let Some(before) = generation.checked_sub(1).filter(|_| keeps_before) {
                match Manifest::read(&*self.store, before) {
                    Ok(manifest) => {
                        named.extend(manifest.files().map(|file| file.name.clone()));
                        named.push(Manifest::name(before));
                    }
                    // it can't be gone back to: what it names is nobody's any more
                    Err(Error::Damaged { .. } | Error::OtherVersion { .. }) => {}
                    Err(error) if error.is_not_found() => {}
                    // what can't be read now may be whole
                    Err(error) => return Err(error),
                }
            }
        }
        let mut done = Ok(());
        for name in names.iter().filter(|name| Manifest::is_ours(name) && !named.contains(name)) {
            let removed = self.store.remove(name);
            done = done.and(removed.map_err(|e| Error::io(self.store.path(name), "removing", e)));
        }
        done
    }

    fn sync_folder(&self) -> Result<()> {
        self.store.sync_folder().map_err(|e| Error::io(self.store.path(""), "syncing the folder", e))
    }

    /// Refuses a change where it is not known what the last one has left.
    fn check_state(&self) -> Result<()> {
        let unknown = || io::Error::other("the change before broke off at its end; open the index anew");
        if self.is_stale {
            return Err(Error::io(self.store.path(""), "changing the index", unknown()));
        }
        Ok(())
    }

    /// Starts a batch with this digest.
    pub(crate) fn begin(&self, params: &Params, digest: u128) -> Result<Addition> {
        self.check_state()?;
        let mut manifest = match &self.index {
            Some(index) => index.manifest.clone(),
            None => Manifest::new(params, digest),
        };
        manifest.generation += 1;
        let (name, identity) = manifest.next_file("texts");
        // two batches on the same ground are told apart by what they bring
        let identity = identity ^ digest as u64;
        self.has_unnamed.store(true, Ordering::Relaxed);
        let texts = TextsWriter::create(&*self.store, &name, identity)?;
        Ok(Addition { manifest, texts })
    }

    /// Makes a batch part of the index. The numbers in `content` go on where the index ends.
    pub(crate) fn commit(&mut self, addition: Addition, content: &Content<'_>, batch: Batch) -> Result<()> {
        self.commit_as(addition, batch, |store, name, identity| {
            segment::write(store, name, identity, content)
        })
    }

    /// [`Writer::commit`] of a batch that was searched in parts.
    pub(crate) fn commit_parts(
        &mut self,
        addition: Addition,
        gathered: &Gathered<'_>,
        batch: Batch,
    ) -> Result<()> {
        self.commit_as(addition, batch, |store, name, identity| gathered.write(store, name, identity))
    }

    fn commit_as(
        &mut self,
        addition: Addition,
        batch: Batch,
        write: impl FnOnce(&dyn Store, &str, u64) -> Result<FileEntry>,
    ) -> Result<()> {
        let Addition { mut manifest, texts } = addition;
        let file = texts.finish()?;
        let documents = [manifest.documents, batch.end_document];
        manifest.texts.push(TextsEntry { file, documents });
        let (name, identity) = manifest.next_file("segment");
        let file = write(&*self.store, &name, identity ^ batch.digest as u64)?;
        manifest.segments.push(SegmentEntry {
            file,
            documents,
            paragraphs: [manifest.paragraphs, batch.end_paragraph],
            sources: [manifest.sources, batch.end_source],
        });
        manifest.documents = batch.end_document;
        manifest.paragraphs = batch.end_paragraph;
        manifest.sources = batch.end_source;
        manifest.batches.push(batch);
        if self.merges {
            self.merge_like_ones(&mut manifest)?;
        }
        self.publish(manifest)?;
        let _ = self.clean_up(true);
        Ok(())
    }

    /// Merges the last segments while they are of like size: of n batches about log n segments are left.
    fn merge_like_ones(&self, manifest: &mut Manifest) -> Result<()> {
        loop {
            let sizes: Vec<u64> = manifest.segments.iter().map(|segment| segment.file.pages).collect();
            let Some(last) = sizes.len().checked_sub(MERGED).map(|start| &sizes[start..]) else {
                return Ok(());
            };
            let total: u64 = last.iter().sum();
            if last[0] * 2 > total {
                return Ok(()); // the first is larger than the others together: it would be written for little
            }
            let start = sizes.len() - MERGED;
            self.merge(manifest, start, &Rewrite::default())?;
        }
    }

    /// Writes one segment in place of those from `start` on.
    fn merge(&self, manifest: &mut Manifest, start: usize, rewrite: &Rewrite<'_>) -> Result<()> {
        let old = manifest.segments.split_off(start);
        let open = |entry: &SegmentEntry| {
            let known = self.index.iter().flat_map(|index| &index.segments).find(|open| open.entry == *entry);
            known.map_or_else(|| Segment::open(&*self.store, entry).map(Arc::new), |open| Ok(open.clone()))
        };
        let segments: Vec<Arc<Segment>> = old.iter().map(open).collect::<Result<_>>()?;
        let segments: Vec<&Segment> = segments.iter().map(|segment| &**segment).collect();
        let (name, identity) = manifest.next_file("segment");
        self.has_unnamed.store(true, Ordering::Relaxed);
        let merged = segment::merge(&*self.store, (&name, identity), &segments, rewrite)?;
        manifest.segments.push(merged);
        Ok(())
    }

    /// Brings a manifest to disk; from then on it is the index. An error before the rename leaves the index
    /// what it was. After it only syncing the folder can fail: then the one that opens the index next finds this
    /// generation or the one before, either whole.
    fn publish(&mut self, manifest: Manifest) -> Result<()> {
        let name = Manifest::name(manifest.generation);
        let temporary = format!("{name}.tmp");
        let path = self.store.path(&temporary);
        let failed = |doing: &'static str| {
            let path = path.clone();
            move |e| Error::io(path, doing, e)
        };
        self.check_state()?;
        self.sync_folder()?;
        let bytes = manifest.encode().map_err(failed("encoding"))?;
        if bytes.len() as u64 > manifest::MOST {
            let path = self.store.path(&name);
            return Err(Error::FullManifest { path, bytes: bytes.len() as u64, limit: manifest::MOST });
        }
        // what can't be opened must not become the index
        let before: Vec<&Index> = self.index.iter().map(|index| &**index).collect();
        let index = Index::of(self.store.clone(), manifest, &before)?;
        self.has_unnamed.store(true, Ordering::Relaxed);
        let mut file = self.store.create(&temporary).map_err(failed("creating"))?;
        file.append(&bytes).map_err(failed("writing"))?;
        file.sync().map_err(failed("syncing"))?;
        drop(file);
        self.is_stale = true;
        let renamed = self.store.rename(&temporary, &name);
        renamed.map_err(|e| Error::io(self.store.path(&name), "renaming", e))?;
        let synced = self.store.sync_folder();
        synced.map_err(|e| Error::io(self.store.path(&name), "syncing the folder of", e))?;
        (self.index, self.is_stale) = (Some(Arc::new(index)), false);
        self.has_unnamed.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Where the latest generation can't be opened: makes the one before the index again, which is kept until the next
    /// change. What the last change did is undone, whatever it was. Where that one is not whole either, as where something
    /// was forgotten after the batch that is damaged, the last batch is undone, of whose own files nothing is read, and
    /// told; what was forgotten of the others stays forgotten.
    ///
    /// # Errors
    /// [`Error::Locked`]; [`Error::Damaged`], [`Error::Io`] where neither is whole; nothing has changed then.
    pub fn go_back(store: Arc<dyn Store>) -> Result<(Self, Option<Undone>)> {
        let lock = store.lock()?;
        let before = Index::before_latest(&store).and_then(|before| before.verify().map(|()| before));
        let (index, manifest, undone) = match before {
            Ok(before) => {
                let mut manifest = before.manifest.clone();
                manifest.generation += 2;
                (before, manifest, None)
            }
            Err(error) if error.is_damage() || error.is_not_found() => {
                match Index::without_last_batch(&store) {
                    Ok((left, undone)) => {
                        let manifest = left.manifest.clone();
                        (left, manifest, Some(undone))
                    }
                    Err(_) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        let mut writer = Writer::of(store, Some(Arc::new(index)), lock);
        // until it is done nothing is removed: what is damaged is still the index
        let done = if undone.is_some() { writer.publish_cut(manifest) } else { writer.publish(manifest) };
        writer.is_stale |= done.is_err();
        done?;
        let _ = writer.clean_up(false); // what is damaged is nothing to go back to
        Ok((writer, undone))
    }

    /// Undoes the last batch. Returns what went; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Damaged`] where what would be left is not whole, [`Error::Io`]; the index is then what it was.
    pub fn rollback(&mut self) -> Result<Option<Undone>> {
        let Some(index) = &self.index else { return Ok(None) };
        let Some((manifest, undone)) = index.manifest.without_last_batch() else { return Ok(None) };
        self.publish_cut(manifest)?;
        let _ = self.clean_up(true);
        Ok(Some(undone))
    }

    /// Makes a manifest the index whose last segment may reach beyond it: that is written anew. It must be whole.
    fn publish_cut(&mut self, mut manifest: Manifest) -> Result<()> {
        let (documents, sources) = (manifest.documents, manifest.sources);
        let reaches_beyond =
            |segment: &&SegmentEntry| segment.documents[1] > documents || segment.sources[1] > sources;
        if let Some(last) = manifest.segments.last().filter(reaches_beyond) {
            let end = segment::Ends {
                documents,
                paragraphs: manifest.paragraphs.max(last.paragraphs[0]),
                sources: manifest.sources.max(last.sources[0]),
            };
            let start = manifest.segments.len() - 1;
            self.merge(&mut manifest, start, &Rewrite { end: Some(end), ..Rewrite::default() })?;
        }
        // a batch is not given up for what the others would still be damaged by
        let before: Vec<&Index> = self.index.iter().map(|index| &**index).collect();
        Index::of(self.store.clone(), manifest.clone(), &before)?.verify()?;
        self.publish(manifest)
    }

    /// Takes documents out of all answers, from now on: those for which `is_meant` says so, as [`Index::meant`] asks it.
    /// Returns how many went. From disk they go at [`Writer::compact`].
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`]; the index is then what it was.
    pub fn forget(&mut self, is_meant: impl FnMut(&str, &str) -> bool) -> Result<u64> {
        let Some(index) = &self.index else { return Ok(0) };
        let meant = index.meant(is_meant)?;
        self.forget_those(&meant)
    }

    /// Takes documents that were found before out of all answers. Returns how many there were.
    ///
    /// # Errors
    /// Those of [`Writer::forget`]; [`Error::Io`] where they were found in another generation, too.
    pub fn forget_those(&mut self, meant: &Meant) -> Result<u64> {
        let Some(index) = &self.index else { return Ok(0) };
        if meant.generation != index.generation() {
            let wrong = io::Error::other("what is to be forgotten was looked up before the last change");
            return Err(Error::io(self.store.path(""), "changing the index", wrong));
        }
        let mut manifest = index.manifest.clone();
        let meant = &meant.kept;
        if meant.is_empty() {
            return Ok(0);
        }
        let mut ranges: Vec<[u32; 2]> = meant.iter().map(|&document| [document, document + 1]).collect();
        ranges.append(&mut manifest.forgotten);
        ranges.sort_unstable();
        for range in ranges {
            match manifest.forgotten.last_mut() {
                Some(last) if last[1] >= range[0] => last[1] = last[1].max(range[1]),
                _ => manifest.forgotten.push(range),
            }
        }
        manifest.generation += 1;
        self.publish(manifest)?;
        let _ = self.clean_up(true);
        Ok(meant.len() as u64)
    }

    /// Writes everything anew, without what has been forgotten, as one segment and one file of texts. Unlike
    /// other changes it leaves nothing of the generation before: what has been forgotten is gone from the
    /// folder when this returns.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`]; the index is then what it was, unless a file of the generation
    /// before can't be removed.
    pub fn compact(&mut self) -> Result<()> {
        let Some(index) = &self.index else { return Ok(()) };
        let mut manifest = index.manifest.clone();
        if manifest.documents == 0 {
            // of nothing files need not be made
            self.clean_up(false)?;
            return self.sync_folder();
        }
        manifest.generation += 1;
        let is_kept = |document: u32| !index.manifest.is_forgotten(document);
        manifest.texts.clear();
        let (name, identity) = manifest.next_file("texts");
        self.has_unnamed.store(true, Ordering::Relaxed);
        let mut texts = TextsWriter::create(&*self.store, &name, identity)?;
        let mut places = TextPlaces::with_room(manifest.documents);
        for segment in &index.segments {
            for document in segment.documents() {
                let (document, row) = document?;
                let has_text = row.text.is_some() && index.manifest.texts_of(document).is_some();
                if is_kept(document) && has_text {
                    places.set(document, texts.append(&index.text(document, &row)?)?);
                }
            }
        }
        manifest.texts.push(TextsEntry { file: texts.finish()?, documents: [0, manifest.documents] });
        let rewrite = Rewrite { keep: Some(&is_kept), places: Some(&places), end: None };
        self.merge(&mut manifest, 0, &rewrite)?;
        self.publish(manifest)?;
        self.clean_up(false)?;
        self.sync_folder()
    }
}

pub(crate) use segment::Rewrite;

impl Addition {
    /// Keeps a text.
    pub(crate) fn text(&mut self, text: &str) -> Result<TextPlace> {
        self.texts.append(text)
    }

    /// The first numbers that the batch may use.
    pub(crate) fn base(&self) -> Base {
        let Manifest { documents, paragraphs, sources, .. } = self.manifest;
        Base { documents, paragraphs, sources }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::store::Folder;

    /// That is some millions of forgotten documents between others: splitting a night would not help.
    #[test]
    fn a_manifest_that_is_too_large_says_what_helps() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(Arc::new(Folder::new(folder.path()))).unwrap();
        let forgotten = (0..manifest::MOST as u32 / 8).map(|i| [2 * i, 2 * i + 1]).collect();
        let manifest = Manifest { generation: 1, forgotten, ..Manifest::new(&Params::dedup(), 1) };
        let error = writer.publish(manifest).unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("manifest-0000000001`: the list of batches, files and forgotten documents"),
            "{told}"
        );
        assert!(told.ends_with("expected at most 67108864"), "{told}");
        assert!(error.hint().is_some_and(|hint| hint.contains("begin a new index")));
        let names = Folder::new(folder.path()).list().unwrap();
        assert_eq!(names, ["lock"]);
    }
}

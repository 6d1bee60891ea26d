//! A disk that can lose, tear and refuse. It keeps apart what is seen and what is sure: bytes are sure once
//! their file was synced, names once the folder was. Every change is in a journal, so that a test can ask what
//! a crash after any of them may leave.
//!
//! The medium is as hostile as a file system may be: after a crash each name that was not synced stands
//! for anything that it stood for since, each by itself, and each block of 512 bytes that was not synced is there
//! or not, or is rubbish. What was pending when a sync failed is never sure, whatever is synced later.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use super::Numbers;
use crate::error::Result;
use crate::index::Lock;
use crate::index::store::{Growing, Store, Stored};

const BLOCK: usize = 512;

/// A change of the disk.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Create { name: String, file: usize },
    Append { file: usize, bytes: Arc<[u8]> },
    Sync { file: usize },
    SyncFailed { file: usize },
    Rename { from: String, to: String },
    Remove { name: String },
    SyncFolder,
}

/// What a crash does to what is not sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    Nothing,
    AllLost,
    SomeLost,
    LastTorn,
}

pub(super) const DAMAGES: [Damage; 4] =
    [Damage::Nothing, Damage::AllLost, Damage::SomeLost, Damage::LastTorn];

impl Damage {
    /// Whether it comes out differently each time.
    pub(super) fn is_random(self) -> bool {
        matches!(self, Damage::SomeLost | Damage::LastTorn)
    }
}

#[derive(Debug, Clone)]
enum Piece {
    Emptied,
    Appended(Arc<[u8]>),
}

#[derive(Debug, Clone, Default)]
struct File {
    sure: Arc<Vec<u8>>,
    /// since the last sync
    pending: Vec<Piece>,
    seen: Arc<Vec<u8>>,
    /// a sync of it has failed
    is_broken: bool,
}

impl File {
    fn apply(&mut self, piece: Piece) {
        match &piece {
            Piece::Emptied => (self.seen, self.is_broken) = (Arc::default(), false),
            Piece::Appended(bytes) => Arc::make_mut(&mut self.seen).extend_from_slice(bytes),
        }
        self.pending.push(piece);
    }

    fn sync(&mut self) {
        if !self.is_broken {
            self.sure = self.seen.clone();
            self.pending.clear();
        }
    }

    fn damaged(&self, damage: Damage, numbers: &mut Numbers) -> Arc<Vec<u8>> {
        if self.pending.is_empty() {
            return self.sure.clone();
        }
        match damage {
            Damage::AllLost => self.sure.clone(),
            Damage::Nothing | Damage::LastTorn if !self.is_broken => self.seen.clone(),
            _ => {
                let mut bytes = self.sure.to_vec();
                for piece in &self.pending {
                    match piece {
                        Piece::Emptied if numbers.below(2) == 0 => return Arc::new(bytes),
                        Piece::Emptied => bytes.clear(),
                        Piece::Appended(all) => {
                            let kept = numbers.below(all.len() as u64 + 1) as usize;
                            let whole = numbers.below(3) == 0;
                            let all = if whole { &all[..] } else { &all[..kept] };
                            let start = bytes.len();
                            bytes.extend_from_slice(all);
                            for block in bytes[start..].chunks_mut(BLOCK) {
                                match numbers.below(12) {
                                    0 => block.fill(0),
                                    1 => block.fill(0xA5),
                                    _ => {}
                                }
                            }
                        }
                    }
                }
                Arc::new(bytes)
            }
        }
    }
}

/// What is on it: names and files.
#[derive(Debug, Clone, Default)]
pub(super) struct Medium {
    /// what each name has stood for since the folder was synced, the present last
    names: BTreeMap<String, Vec<Option<usize>>>,
    files: Vec<File>,
    /// the file appended to last
    last: Option<usize>,
}

impl Medium {
    fn seen(&self, name: &str) -> Option<usize> {
        *self.names.get(name)?.last()?
    }

    fn set(&mut self, name: &str, file: Option<usize>) {
        self.names.entry(name.to_owned()).or_insert_with(|| vec![None]).push(file);
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Create { name, file } => {
                if self.seen(name) != Some(*file) {
                    self.set(name, Some(*file));
                }
                self.files.resize_with(self.files.len().max(file + 1), File::default);
                self.files[*file].apply(Piece::Emptied);
            }
            Change::Append { file, bytes } => {
                self.files[*file].apply(Piece::Appended(bytes.clone()));
                self.last = Some(*file);
            }
            Change::Sync { file } => self.files[*file].sync(),
            Change::SyncFailed { file } => self.files[*file].is_broken = true,
            Change::Rename { from, to } => {
                let file = self.seen(from);
                self.set(to, file);
                self.set(from, None);
            }
            Change::Remove { name } => self.set(name, None),
            Change::SyncFolder => {
                self.names.retain(|_, stood| {
                    stood.drain(..stood.len() - 1);
                    stood[0].is_some()
                });
            }
        }
    }

    /// What is left after a crash.
    pub(super) fn after(&self, damage: Damage, numbers: &mut Numbers) -> Medium {
        let mut left = Medium::default();
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        for (name, stood) in &self.names {
            let at = match damage {
                Damage::AllLost => 0,
                Damage::SomeLost => numbers.below(stood.len() as u64) as usize,
                Damage::Nothing | Damage::LastTorn => stood.len() - 1,
            };
            let Some(file) = stood[at] else { continue };
            let next = *moved.entry(file).or_insert_with(|| {
                let is_last = self.last == Some(file);
                let mut bytes = self.files[file].damaged(damage, numbers);
                if damage == Damage::LastTorn && is_last {
                    bytes = self.files[file].torn(numbers);
                }
                left.files.push(File { sure: bytes.clone(), seen: bytes, ..File::default() });
                left.files.len() - 1
            });
            left.names.insert(name.clone(), vec![Some(next)]);
        }
        left
    }
}

impl File {
    /// The last bytes appended reach the disk in part.
    fn torn(&self, numbers: &mut Numbers) -> Arc<Vec<u8>> {
        match self.pending.last() {
            Some(Piece::Appended(bytes)) if !self.is_broken => {
                let kept = self.seen.len() - bytes.len() + numbers.below(bytes.len() as u64) as usize;
                Arc::new(self.seen[..kept].to_vec())
            }
            _ => self.damaged(Damage::LastTorn, numbers),
        }
    }
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// any operation, nothing done
    Broken,
    /// creating and appending, nothing done
    Full,
    /// appending, done in part
    Short,
    /// syncing; what was pending is never sure
    Unsynced,
}

pub(super) const REFUSALS: [Refusal; 4] = [Refusal::Broken, Refusal::Full, Refusal::Short, Refusal::Unsynced];

/// An operation, of whichever kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    List,
    Open,
    Read,
    Create,
    Append,
    Sync,
    Rename,
    Remove,
    SyncFolder,
}

impl Refusal {
    pub(super) fn concerns(self, operation: Operation) -> bool {
        match self {
            Refusal::Broken => true,
            Refusal::Full => matches!(operation, Operation::Create | Operation::Append),
            Refusal::Short => operation == Operation::Append,
            Refusal::Unsynced => matches!(operation, Operation::Sync | Operation::SyncFolder),
        }
    }

    fn error(self) -> io::Error {
        match self {
            Refusal::Full | Refusal::Short => io::Error::new(ErrorKind::StorageFull, "no room"),
            Refusal::Broken | Refusal::Unsynced => io::Error::other("the medium is broken"),
        }
    }
}

/// From which operation on the disk refuses, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) refusal: Refusal,
    /// all operations from there on that it concerns, not only the one
    pub(super) lasts: bool,
}

#[derive(Debug, Default)]
struct State {
    medium: Medium,
    journal: Vec<Change>,
    /// every operation with the name that it was on
    operations: Vec<(Operation, String)>,
    is_traced: bool,
    count: usize,
    fault: Option<Fault>,
    refused: Vec<(Operation, String)>,
}

impl State {
    /// Counts an operation; says how it is refused, if it is.
    fn pass(&mut self, operation: Operation, name: &str) -> Option<Refusal> {
        let number = self.count;
        self.count += 1;
        if self.is_traced {
            self.operations.push((operation, name.to_owned()));
        }
        let fault = self.fault?;
        let is_due = if fault.lasts { number >= fault.at } else { number == fault.at };
        if is_due && fault.refusal.concerns(operation) {
            self.refused.push((operation, name.to_owned()));
            return Some(fault.refusal);
        }
        None
    }

    fn change(&mut self, change: Change) {
        self.medium.apply(&change);
        self.journal.push(change);
    }
}

/// The disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    state: Arc<Mutex<State>>,
}

impl Disk {
    pub(super) fn new(medium: Medium) -> Self {
        Disk { state: Arc::new(Mutex::new(State { medium, ..State::default() })) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    /// How many changes there have been.
    pub(super) fn changes(&self) -> usize {
        self.state().journal.len()
    }

    pub(super) fn journal(&self) -> Vec<Change> {
        self.state().journal.clone()
    }

    pub(super) fn medium(&self) -> Medium {
        self.state().medium.clone()
    }

    /// Counts operations from here, and refuses some.
    pub(super) fn arm(&self, fault: Option<Fault>) {
        let mut state = self.state();
        (state.count, state.fault, state.is_traced) = (0, fault, fault.is_none());
        state.refused.clear();
        state.operations.clear();
    }

    /// Refuses nothing any more; tells what was refused.
    pub(super) fn disarm(&self) -> Vec<(Operation, String)> {
        let mut state = self.state();
        state.fault = None;
        std::mem::take(&mut state.refused)
    }

    /// All operations since it was armed without a fault.
    pub(super) fn operations(&self) -> Vec<(Operation, String)> {
        self.state().operations.clone()
    }

    /// The bytes of a file.
    pub(super) fn bytes(&self, name: &str) -> Arc<Vec<u8>> {
        let state = self.state();
        state.medium.files[state.medium.seen(name).unwrap()].seen.clone()
    }

    /// Puts other bytes in the place of a file, or none.
    pub(super) fn put(&self, name: &str, bytes: Option<Vec<u8>>) {
        let mut state = self.state();
        let Some(bytes) = bytes.map(Arc::new) else {
            state.medium.names.remove(name);
            return;
        };
        state.medium.files.push(File { sure: bytes.clone(), seen: bytes, ..File::default() });
        let file = state.medium.files.len() - 1;
        state.medium.names.insert(name.to_owned(), vec![Some(file)]);
    }
}

impl Store for Disk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.state();
        if let Some(refusal) = state.pass(Operation::List, "") {
            return Err(refusal.error());
        }
        let seen = state.medium.names.iter().filter(|(_, stood)| stood.last().is_some_and(Option::is_some));
        Ok(seen.map(|(name, _)| name.clone()).collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        let mut state = self.state();
        if let Some(refusal) = state.pass(Operation::Open, name) {
            return Err(refusal.error());
        }
        let file = state.medium.seen(name).ok_or(ErrorKind::NotFound)?;
        let length = state.medium.files[file].seen.len() as u64;
        Ok(Box::new(Reading { disk: self.clone(), name: name.to_owned(), file, length }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>> {
        let mut state = self.state();
        if let Some(refusal) = state.pass(Operation::Create, name) {
            return Err(refusal.error());
        }
        let file = state.medium.seen(name).unwrap_or(state.medium.files.len());
        state.change(Change::Create { name: name.to_owned(), file });
        Ok(Box::new(Writing { disk: self.clone(), name: name.to_owned(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(refusal) = state.pass(Operation::Rename, to) {
            return Err(refusal.error());
        }
        state.medium.seen(from).ok_or(ErrorKind::NotFound)?;
        state.change(Change::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(refusal) = state.pass(Operation::Remove, name) {
            return Err(refusal.error());
        }
        state.medium.seen(name).ok_or(ErrorKind::NotFound)?;
        state.change(Change::Remove { name: name.to_owned() });
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.state();
        if let Some(refusal) = state.pass(Operation::SyncFolder, "") {
            return Err(refusal.error());
        }
        state.change(Change::SyncFolder);
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/archive").join(name)
    }

    fn lock(&self) -> Result<Option<Lock>> {
        Ok(None)
    }
}

struct Reading {
    disk: Disk,
    name: String,
    file: usize,
    length: u64,
}

impl Stored for Reading {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        if let Some(refusal) = state.pass(Operation::Read, &self.name) {
            return Err(refusal.error());
        }
        let bytes = &state.medium.files[self.file].seen;
        let range = offset as usize..offset as usize + into.len();
        into.copy_from_slice(bytes.get(range).ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

struct Writing {
    disk: Disk,
    name: String,
    file: usize,
}

impl Growing for Writing {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let refusal = state.pass(Operation::Append, &self.name);
        let bytes = match refusal {
            None => bytes,
            Some(Refusal::Short) => &bytes[..bytes.len() / 2],
            Some(refusal) => return Err(refusal.error()),
        };
        state.change(Change::Append { file: self.file, bytes: bytes.into() });
        refusal.map_or(Ok(()), |refusal| Err(refusal.error()))
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        if let Some(refusal) = state.pass(Operation::Sync, &self.name) {
            state.change(Change::SyncFailed { file: self.file });
            return Err(refusal.error());
        }
        state.change(Change::Sync { file: self.file });
        Ok(())
    }
}

#[test]
fn what_is_not_synced_is_lost() {
    let disk = Disk::default();
    let mut numbers = Numbers::new(1);
    let names = |disk: &Disk, damage| {
        let left = Disk::new(disk.medium().after(damage, &mut Numbers::new(1)));
        left.list().unwrap().iter().map(|name| (name.clone(), left.bytes(name).to_vec())).collect::<Vec<_>>()
    };
    let mut file = disk.create("a").unwrap();
    file.append(b"one").unwrap();
    file.sync().unwrap();
    assert!(names(&disk, Damage::AllLost).is_empty(), "its name was not synced");
    disk.sync_folder().unwrap();
    file.append(b"two").unwrap();
    assert_eq!(names(&disk, Damage::AllLost), [("a".to_owned(), b"one".to_vec())]);
    assert_eq!(names(&disk, Damage::Nothing), [("a".to_owned(), b"onetwo".to_vec())]);
    let torn = disk.medium().after(Damage::LastTorn, &mut numbers);
    assert!((3..6).contains(&Disk::new(torn).bytes("a").len()));
    disk.rename("a", "b").unwrap();
    assert_eq!(names(&disk, Damage::AllLost), [("a".to_owned(), b"one".to_vec())]);
    let mut stood = std::collections::BTreeSet::new();
    for _ in 0..200 {
        stood.insert(Disk::new(disk.medium().after(Damage::SomeLost, &mut numbers)).list().unwrap());
    }
    assert_eq!(stood.len(), 4, "each name by itself: {stood:?}");
    // a sync that failed once: what it was to bring to disk is never sure
    disk.arm(Some(Fault { at: 0, refusal: Refusal::Unsynced, lasts: false }));
    file.sync().unwrap_err();
    file.sync().unwrap();
    disk.sync_folder().unwrap();
    assert_eq!(names(&disk, Damage::AllLost), [("b".to_owned(), b"one".to_vec())]);
}

//! An operation fails, once or from then on, for each operation of each change.

use std::sync::{Arc, Mutex};

use super::Numbers;
use super::crash::no_debris;
use super::disk::{Damage, Disk, Fault, Medium, Operation, REFUSALS, Refusal};
use super::plain::{Change, Plain, apply};
use crate::error::{Error, Result};
use crate::index::store::{Growing, Store, Stored};
use crate::index::{Index, Lock, Writer};

/// A medium with so many batches, and a forgotten document or two.
fn stocked(batches: usize, numbers: &mut Numbers) -> (Medium, Plain) {
    let disk = Disk::default();
    let mut plain = Plain::leaving();
    let mut writer = Writer::open(disk.store()).unwrap();
    for i in 0..batches {
        let change = Change::Add(plain.night(numbers, 4));
        apply(&mut writer, &change).unwrap();
        plain.apply(&change);
        if i == 1 {
            let change = Change::ForgetIds(3);
            apply(&mut writer, &change).unwrap();
            plain.apply(&change);
        }
    }
    (disk.medium(), plain)
}

/// Whether there is anything to change.
fn changes(plain: &Plain, change: &Change) -> bool {
    let mut after = plain.clone();
    after.apply(change);
    after.generation > plain.generation
}

/// Whether a change may succeed though this was refused: it only removes what is not needed any more.
fn is_clean_up((operation, name): &(Operation, String)) -> bool {
    match operation {
        Operation::Remove | Operation::List => true,
        Operation::Open | Operation::Read => name.starts_with("manifest-"),
        _ => false,
    }
}

/// Whether a change may have happened though it failed on this: its manifest has its name, and what fails is
/// bringing that name to disk, or (of a compaction) removing what was before.
fn is_at_end((operation, _): &(Operation, String)) -> bool {
    matches!(operation, Operation::SyncFolder | Operation::Remove | Operation::List)
}

struct Outcome {
    refused: bool,
    failed: bool,
    moved_on: bool,
}

struct Case<'a> {
    medium: &'a Medium,
    before: &'a Plain,
    change: &'a Change,
    fault: Fault,
}

/// What a change did under a fault.
struct Ran {
    /// the writer, where it could be opened
    writer: Option<Writer>,
    done: std::result::Result<(), String>,
    /// operations that failed
    refused: Vec<(Operation, String)>,
    /// all of it, for messages
    told: String,
}

impl Case<'_> {
    /// Opens the index and makes the change, under the fault. Either it succeeds, and only cleaning up failed, or its error names
    /// a file that failed.
    fn run(&self, disk: &Disk) -> Ran {
        disk.arm(Some(self.fault));
        let (writer, done) = match Writer::open(disk.store()) {
            Ok(mut writer) => {
                let done = apply(&mut writer, self.change);
                (Some(writer), done)
            }
            Err(error) => (None, Err(error)),
        };
        let done = done.map_err(|error| error.to_string());
        let refused = disk.disarm();
        let name = format!("{:?}", self.change);
        let name: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
        let told = format!("{name} with {:?}, refused {refused:?}: {done:?}", self.fault);
        match &done {
            Ok(()) => assert!(refused.iter().all(is_clean_up), "{told}"),
            Err(error) => {
                let is_named = |(_, name): &(Operation, String)| match name.as_str() {
                    "" => error.contains("`/archive/`") || error.contains("syncing the folder of"),
                    name => error.contains(name),
                };
                assert!(refused.iter().any(is_named), "{told}");
            }
        }
        Ran { writer, done, refused, told }
    }

    /// Whether the index has moved on: done is done, and what failed left everything as it was, or failed at the very end. It
    /// answers as the plain model of the one or the other, which is returned.
    fn check_state(&self, disk: &Disk, Ran { done, refused, told, .. }: &Ran) -> (bool, Plain) {
        let mut after = self.before.clone();
        after.apply(self.change);
        let index = Index::open(disk.store()).unwrap();
        let generation = index.as_ref().map_or(0, |index| index.generation());
        let moved_on = generation == after.generation;
        assert!(moved_on || generation == self.before.generation, "{told}");
        match done {
            Ok(()) => assert!(moved_on, "{told}"),
            Err(_) => assert!(!moved_on || refused.iter().any(is_at_end), "{told}"),
        }
        let found = if moved_on { after } else { self.before.clone() };
        if let Some(index) = &index {
            index.verify().unwrap();
            found.answers(u32::MAX).check(index);
        }
        (moved_on, found)
    }
}

/// The writer of a failed change goes on, or says that it can't; it never harms what is there.
fn go_on(
    writer: &mut Writer,
    now: &mut Plain,
    (refused, told): (&[(Operation, String)], &str),
    numbers: &mut Numbers,
) {
    let next = Change::Add(now.night(numbers, 2));
    match apply(writer, &next) {
        Ok(()) => {
            assert_eq!(writer.index().map_or(0, |index| index.generation()), now.generation + 1, "{told}");
            now.apply(&next);
        }
        Err(error) => {
            let at_rename = |(operation, _): &(Operation, String)| {
                matches!(operation, Operation::Rename | Operation::SyncFolder)
            };
            assert!(refused.iter().any(at_rename), "{told}, then {error}");
            assert!(error.to_string().contains("open the index anew"), "{told}, then {error}");
        }
    }
}

/// The next run finds what is there and goes on, and leaves nothing lying about.
fn run_again(disk: &Disk, now: &mut Plain, told: &str, numbers: &mut Numbers) {
    let mut writer = Writer::open(disk.store()).unwrap();
    if let Some(index) = writer.index() {
        assert_eq!(index.generation(), now.generation);
        index.verify().unwrap();
        now.answers(u32::MAX).check(index);
    }
    let next = Change::Add(now.night(numbers, 2));
    apply(&mut writer, &next).unwrap_or_else(|e| panic!("{told}, then {e}"));
    now.apply(&next);
    let index = Index::open(disk.store()).unwrap().unwrap();
    no_debris(disk, &index);
}

/// One change under one fault, and what comes after it.
fn suffer(case: &Case<'_>, numbers: &mut Numbers) -> Outcome {
    let disk = Disk::new(case.medium.clone());
    let mut ran = case.run(&disk);
    let (moved_on, mut now) = case.check_state(&disk, &ran);
    let told = ran.told.as_str();
    if let Some(writer) = &mut ran.writer {
        go_on(writer, &mut now, (&ran.refused, told), numbers);
    }
    drop(ran.writer);
    run_again(&disk, &mut now, told, numbers);
    // and after that a crash: what a failed sync was to bring to disk is gone, and not needed
    let left = Disk::new(disk.medium().after(Damage::AllLost, numbers));
    let index = Index::open(left.store()).unwrap().unwrap();
    assert_eq!(index.generation(), now.generation, "{told}");
    index.verify().unwrap();
    now.answers(u32::MAX).check(&index);
    Outcome { refused: !ran.refused.is_empty(), failed: ran.done.is_err(), moved_on }
}

#[test]
fn every_operation_fails() {
    let numbers = &mut Numbers::new(5);
    let (mut cases, mut failed, mut moved_on) = (0, 0, 0);
    // the fourth batch is merged with those before; rolling it back writes that segment anew
    for batches in [0, 1, 3, 4] {
        let (medium, before) = stocked(batches, numbers);
        let night = Change::Add(before.night(numbers, 4));
        let forget = (0..7).map(Change::ForgetIds).find(|change| changes(&before, change));
        let all = [Some(night), forget, Some(Change::Rollback), Some(Change::Compact)];
        for change in all.into_iter().flatten().filter(|change| changes(&before, change)) {
            let disk = Disk::new(medium.clone());
            disk.arm(None);
            apply(&mut Writer::open(disk.store()).unwrap(), &change).unwrap();
            let operations = disk.operations();
            for (at, (operation, _)) in operations.iter().enumerate() {
                for refusal in REFUSALS.into_iter().filter(|refusal| refusal.concerns(*operation)) {
                    for lasts in [false, true] {
                        let fault = Fault { at, refusal, lasts };
                        let case = Case { medium: &medium, before: &before, change: &change, fault };
                        let outcome = suffer(&case, numbers);
                        assert!(outcome.refused);
                        cases += 1;
                        failed += u64::from(outcome.failed);
                        moved_on += u64::from(outcome.failed && outcome.moved_on);
                    }
                }
            }
        }
    }
    println!(
        "{cases} failures: {failed} made the change fail, {moved_on} of them after its manifest was there"
    );
    assert!(cases > 1000 && failed > cases / 2 && moved_on > 0);
}

/// A change that finds no room leaves the room that it took.
#[test]
fn a_change_that_breaks_off_leaves_no_files() -> Result<()> {
    let numbers = &mut Numbers::new(6);
    let (medium, before) = stocked(3, numbers);
    let night = Change::Add(before.night(numbers, 4));
    let mut cases = 0;
    for change in [night, Change::Rollback, Change::Compact, Change::ForgetIds(2)] {
        let disk = Disk::new(medium.clone());
        disk.arm(None);
        apply(&mut Writer::open(disk.store())?, &change)?;
        for (at, (operation, _)) in disk.operations().iter().enumerate() {
            for refusal in REFUSALS.into_iter().filter(|refusal| refusal.concerns(*operation)) {
                if !matches!(operation, Operation::Create | Operation::Append | Operation::Sync) {
                    continue;
                }
                let disk = Disk::new(medium.clone());
                // a full disk still removes files
                disk.arm(Some(Fault { at, refusal, lasts: refusal == Refusal::Full }));
                let mut writer = Writer::open(disk.store())?;
                assert!(apply(&mut writer, &change).is_err(), "{change:?}, {operation:?}, {refusal:?}");
                drop(writer);
                disk.disarm();
                no_debris(&disk, &Index::open(disk.store())?.unwrap());
                cases += 1;
            }
        }
    }
    println!("{cases} changes broke off");
    assert!(cases > 50);
    Ok(())
}

/// Whoever meets a medium that has lost a part must hear which, and what brings the index back.
#[test]
fn what_cannot_be_read_is_told_with_its_place_and_what_helps() {
    let (medium, _) = stocked(3, &mut Numbers::new(7));
    let look = |disk: &Disk| Index::open(disk.store()).and_then(|index| index.unwrap().verify());
    let disk = Disk::new(medium.clone());
    disk.arm(None);
    look(&disk).unwrap();
    let (mut reads, mut behind) = (0, 0);
    for at in 0..disk.operations().len() {
        let disk = Disk::new(medium.clone());
        disk.arm(Some(Fault { at, refusal: Refusal::Broken, lasts: false }));
        let error = look(&disk).unwrap_err();
        // files are read side by side: which read is the one is another each time
        let refused = disk.disarm();
        let (Operation::Read, name) = &refused[0] else { continue };
        let told = error.to_string();
        assert!(
            error.is_damage() && told.starts_with(&format!("`/archive/{name}`: reading failed at byte "))
        );
        assert!(told.ends_with("the medium is broken"), "{told}");
        assert!(error.hint().is_some_and(|hint| hint.contains("`index::undoing::undo`")));
        reads += 1;
        behind += usize::from(!told.contains("at byte 0:"));
    }
    assert!(reads > 10 && behind > 3, "{reads}, {behind}");
}

/// A disk on which something happens just before a file is opened.
struct Busy {
    disk: Disk,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Store for Busy {
    fn list(&self) -> std::io::Result<Vec<String>> {
        self.disk.list()
    }
    fn open(&self, name: &str) -> std::io::Result<Box<dyn Stored>> {
        if name.starts_with("segment-")
            && let Some(meanwhile) = self.meanwhile.lock().unwrap().take()
        {
            meanwhile();
        }
        self.disk.open(name)
    }
    fn create(&self, name: &str) -> std::io::Result<Box<dyn Growing>> {
        self.disk.create(name)
    }
    fn rename(&self, from: &str, to: &str) -> std::io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, name: &str) -> std::io::Result<()> {
        self.disk.remove(name)
    }
    fn sync_folder(&self) -> std::io::Result<()> {
        self.disk.sync_folder()
    }
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.disk.path(name)
    }
    fn lock(&self) -> Result<Option<Lock>> {
        self.disk.lock()
    }
}

#[test]
fn a_reader_that_a_writer_overtakes_opens_what_came() {
    let (medium, mut plain) = stocked(3, &mut Numbers::new(8));
    let disk = Disk::new(medium);
    plain.apply(&Change::Compact);
    let writes = disk.clone();
    let meanwhile = Box::new(move || Writer::open(writes.store()).unwrap().compact().unwrap());
    let busy = Busy { disk, meanwhile: Mutex::new(Some(meanwhile)) };
    let index = Index::open(Arc::new(busy)).unwrap().unwrap();
    assert_eq!(index.generation(), plain.generation);
    plain.answers(u32::MAX).check(&index);
}

#[test]
fn a_compaction_leaves_nothing_of_the_forgotten() -> Result<()> {
    let (medium, mut plain) = stocked(4, &mut Numbers::new(9));
    let disk = Disk::new(medium);
    let mut writer = Writer::open(disk.store())?;
    for change in [Change::ForgetIds(1), Change::Compact] {
        apply(&mut writer, &change)?;
        plain.apply(&change);
    }
    // the generation before is gone, and a crash does not bring it back
    let left = Disk::new(disk.medium().after(Damage::AllLost, &mut Numbers::new(1)));
    let index = writer.index().unwrap();
    let mut expected: Vec<String> = index.manifest.files().map(|file| file.name.clone()).collect();
    expected.push(crate::index::manifest::Manifest::name(plain.generation));
    expected.sort_unstable();
    assert_eq!(left.list().unwrap(), expected);
    // where it can't be removed, the compaction says so
    disk.arm(None);
    drop(writer);
    Writer::open(disk.store())?.compact()?;
    let removal = disk.operations().iter().position(|(operation, _)| *operation == Operation::Remove);
    let disk = Disk::new(left.medium());
    disk.arm(Some(Fault { at: removal.unwrap(), refusal: REFUSALS[0], lasts: true }));
    let error: Error = Writer::open(disk.store())?.compact().unwrap_err();
    assert!(error.to_string().contains("removing failed"), "{error}");
    Ok(())
}

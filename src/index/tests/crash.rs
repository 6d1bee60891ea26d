//! Cut after every operation, with what a crash may leave; then again while recovering from that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::disk::{self, DAMAGES, Damage, Disk, Fault, Medium, Refusal};
use super::plain::{Change, Plain, apply};
use super::{Numbers, is_long};
use crate::index::manifest::Manifest;
use crate::index::{Index, Writer};

/// A stretch of the journal in which the index went from one state to another.
struct Step {
    begun: usize,
    done: usize,
    to: Arc<Plain>,
}

/// Changes of an index, and what the disk was told.
struct Script {
    from: Arc<Plain>,
    /// what was done
    journal: Vec<disk::Change>,
    /// the disk before and after each of it
    media: Vec<Medium>,
    steps: Vec<Step>,
}

impl Script {
    /// Runs changes until there have been so many. `plain` is what is on the medium.
    fn run(medium: Medium, plain: &Plain, numbers: &mut Numbers, changes: usize) -> Script {
        let disk = Disk::new(medium.clone());
        let mut now = plain.clone();
        let mut steps = Vec::new();
        let mut writer: Option<Writer> = None;
        let mut made = 0;
        while made < changes {
            // each opening is a step too: what it has found may not get lost again
            let begun = disk.changes();
            if writer.is_none() || numbers.below(6) == 0 {
                drop(writer.take());
                writer = Some(Writer::open(disk.store()).unwrap());
            } else if let Some(writer) = &mut writer {
                let change = match made {
                    0 if changes == 1 => Change::Add(now.night(numbers, 3)),
                    _ => now.change(numbers, 3),
                };
                apply(writer, &change).unwrap();
                now.apply(&change);
                made += 1;
            }
            steps.push(Step { begun, done: disk.changes(), to: Arc::new(now.clone()) });
        }
        let journal = disk.journal();
        let media = replay(medium, &journal, |_| true);
        Script { from: Arc::new(plain.clone()), journal, media, steps }
    }

    /// What the index must be after a cut, and what it may be instead.
    fn allowed(&self, cut: usize) -> (&Arc<Plain>, Option<&Arc<Plain>>) {
        let done = self.steps.iter().rev().find(|step| step.done <= cut).map_or(&self.from, |step| &step.to);
        let on_its_way = self.steps.iter().find(|step| step.begun <= cut && cut < step.done);
        (done, on_its_way.map(|step| &step.to))
    }
}

/// The medium before and after each change. One that does not count leaves no trace.
fn replay(medium: Medium, journal: &[disk::Change], counts: impl Fn(usize) -> bool) -> Vec<Medium> {
    let mut media = vec![medium];
    for (number, change) in journal.iter().enumerate() {
        let mut next = media[number].clone();
        if counts(number) {
            next.apply(change);
        }
        media.push(next);
    }
    media
}

/// Opens what is left, for reading and for writing; it must be whole, and one of the two.
fn reopen(left: &Medium, (done, next): (&Arc<Plain>, Option<&Arc<Plain>>)) -> (Disk, Writer, Arc<Plain>) {
    let disk = Disk::new(left.clone());
    let index = Index::open(disk.store()).unwrap();
    let generation = index.as_ref().map_or(0, |index| index.generation());
    let found = [Some(done), next].into_iter().flatten().find(|plain| plain.generation == generation);
    let found = found.unwrap_or_else(|| panic!("generation {generation}, not {}", done.generation)).clone();
    if let Some(index) = index {
        index.verify().unwrap();
        found.answers(u32::MAX).check(&index);
    }
    let writer = Writer::open(disk.store()).unwrap();
    assert_eq!(writer.index().map_or(0, |index| index.generation()), generation);
    (disk, writer, found)
}

/// The next change must succeed, and leave no file behind that nothing names.
fn go_on(disk: &Disk, writer: &mut Writer, plain: &Plain, numbers: &mut Numbers) {
    let mut plain = plain.clone();
    let change = Change::Add(plain.night(numbers, 2));
    apply(writer, &change).unwrap();
    plain.apply(&change);
    let index = Index::open(disk.store()).unwrap().unwrap();
    assert_eq!(index.generation(), plain.generation);
    index.verify().unwrap();
    plain.answers(u32::MAX).check(&index);
    no_debris(disk, &index);
}

/// Nothing may be there but what this generation and the one before name.
pub(super) fn no_debris(disk: &Disk, index: &Index) {
    let store = disk.store();
    let mut named = Vec::new();
    for generation in [Some(index.generation()), index.generation().checked_sub(1)].into_iter().flatten() {
        let Ok(manifest) = Manifest::read(&*store, generation) else { continue };
        named.push(Manifest::name(generation));
        named.extend(manifest.files().map(|file| file.name.clone()));
    }
    let names = store.list().unwrap();
    let left: Vec<&String> = names.iter().filter(|name| !named.contains(name)).collect();
    assert!(left.is_empty(), "debris: {left:?}");
}

/// How often each damage is done.
fn draws(damage: Damage) -> u64 {
    if !damage.is_random() {
        1
    } else if is_long() {
        6
    } else {
        1
    }
}

#[derive(Default)]
struct Counts {
    cuts: AtomicU64,
    crashes: AtomicU64,
    recovery_cuts: AtomicU64,
    recovery_crashes: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn cut_after_every_operation() {
    let changes = 64;
    let mut numbers = Numbers::new(11);
    let script = Script::run(Medium::default(), &Plain::leaving(), &mut numbers, changes);
    let counts = Counts::default();
    (0..script.media.len()).into_par_iter().for_each(|cut| {
        count(&counts.cuts);
        for (i, damage) in DAMAGES.into_iter().enumerate() {
            if !is_long() && cut % DAMAGES.len() != i {
                continue;
            }
            for draw in 0..draws(damage) {
                let numbers = &mut Numbers::new(((cut as u64) << 16) + ((i as u64) << 8) + draw);
                let left = script.media[cut].after(damage, numbers);
                let (disk, mut writer, found) = reopen(&left, script.allowed(cut));
                go_on(&disk, &mut writer, &found, numbers);
                count(&counts.crashes);
            }
        }
    });
    let [cuts, crashes] = [&counts.cuts, &counts.crashes].map(|counter| counter.load(Ordering::Relaxed));
    println!("{changes} changes: {cuts} cuts, {crashes} crashes");
    assert!(cuts > 500 && crashes >= cuts);
}

#[test]
fn cut_while_recovering() {
    let mut numbers = Numbers::new(12);
    let script = Script::run(Medium::default(), &Plain::leaving(), &mut numbers, 56);
    let counts = Counts::default();
    let stride = if is_long() { 1 } else { 31 };
    // the most delicate moment: a manifest has its name, which is not synced yet
    let is_renamed = |cut: usize| cut > 0 && matches!(script.journal[cut - 1], disk::Change::Rename { .. });
    let chosen = (0..script.media.len()).into_par_iter().filter(|cut| cut % stride == 0 || is_renamed(*cut));
    chosen.for_each(|cut| {
        count(&counts.cuts);
        // the process dies and the disk does not, or both
        let firsts = [None, Some(Damage::AllLost), Some(Damage::SomeLost)];
        for (i, first) in firsts.into_iter().enumerate() {
            let chosen = if is_renamed(cut) { 0 } else { cut / stride % firsts.len() };
            if !is_long() && chosen != i {
                continue;
            }
            let numbers = &mut Numbers::new(((cut as u64) << 16) + i as u64);
            let left = first.map(|damage| script.media[cut].after(damage, numbers));
            let left = left.unwrap_or_else(|| script.media[cut].clone());
            count(&counts.crashes);
            let (_, _, found) = reopen(&left, script.allowed(cut));
            let mut recovery = Script::run(left, &found, numbers, 1);
            // until it is opened for writing, what was found may be lost again
            recovery.from = script.allowed(cut).0.clone();
            recover(&recovery, numbers, &counts);
        }
    });
    let all = [&counts.cuts, &counts.crashes, &counts.recovery_cuts, &counts.recovery_crashes];
    let [cuts, crashes, recovery_cuts, recovery_crashes] = all.map(|counter| counter.load(Ordering::Relaxed));
    println!(
        "{cuts} cuts, {crashes} crashes; while recovering {recovery_cuts} cuts, {recovery_crashes} crashes"
    );
    assert!(recovery_crashes > 500);
}

/// The tests above would not pass if a sync were missing: those of each kind are taken out of the journal.
#[test]
fn a_missing_sync_is_noticed() {
    use disk::Change::{Create, Rename, Sync, SyncFolder};
    let script = Script::run(Medium::default(), &Plain::leaving(), &mut Numbers::new(13), 12);
    let journal = &script.journal;
    let is_manifest = |file: usize| {
        let is_it = |change: &disk::Change| matches!(change, Create { name, file: it } if *it == file && name.starts_with("manifest-"));
        journal.iter().any(is_it)
    };
    let kind = |number: usize| match &journal[number] {
        Sync { file } => Some(usize::from(is_manifest(*file))),
        SyncFolder if number > 0 && matches!(journal[number - 1], Rename { .. }) => Some(2),
        SyncFolder if matches!(journal.get(number + 1), Some(Create { name, .. }) if name.starts_with("manifest-")) => {
            Some(3)
        }
        _ => None,
    };
    for missing in 0..4 {
        assert!((0..journal.len()).any(|number| kind(number) == Some(missing)));
        let media = replay(Medium::default(), journal, |number| kind(number) != Some(missing));
        let is_noticed = (0..media.len() * 16).any(|draw| {
            let (cut, numbers) = (draw / 16, &mut Numbers::new(draw as u64));
            let damage = if draw % 16 == 0 { Damage::AllLost } else { Damage::SomeLost };
            let left = media[cut].after(damage, numbers);
            let reopened = || drop(reopen(&left, script.allowed(cut)));
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(reopened)).is_err()
        });
        assert!(is_noticed, "missing syncs of kind {missing}");
    }
}

fn recover(recovery: &Script, numbers: &mut Numbers, counts: &Counts) {
    for cut in 0..recovery.media.len() {
        count(&counts.recovery_cuts);
        for (i, damage) in DAMAGES.into_iter().enumerate() {
            if !is_long() && cut % DAMAGES.len() != i {
                continue;
            }
            let left = recovery.media[cut].after(damage, numbers);
            let (disk, mut writer, found) = reopen(&left, recovery.allowed(cut));
            go_on(&disk, &mut writer, &found, numbers);
            count(&counts.recovery_crashes);
        }
    }
}

/// A night's texts are gone, and something was forgotten after it: going back is cut after every operation, and done again.
#[test]
fn cut_while_going_back() {
    for batches in [1, 2, 3, 4, 5] {
        let mut numbers = Numbers::new(14 + batches);
        let (disk, mut plain) = (Disk::default(), Plain::leaving());
        let mut writer = Writer::open(disk.store()).unwrap();
        for number in 0..batches + 7 {
            let change = match number.checked_sub(batches) {
                None => Change::Add(plain.night(&mut numbers, 9)),
                Some(remainder) => Change::ForgetIds(remainder),
            };
            apply(&mut writer, &change).unwrap();
            plain.apply(&change);
            if plain.generation > batches {
                break;
            }
        }
        assert_eq!(plain.generation, batches + 1, "something was forgotten, once");
        let texts = writer.index().unwrap().manifest.texts.last().unwrap().file.name.clone();
        drop(writer);
        disk.store().remove(&texts).unwrap();
        disk.store().sync_folder().unwrap();
        assert!(Index::open(disk.store()).is_err());
        let (medium, begun) = (disk.medium(), disk.changes());
        let go_back = |disk: &Disk| assert!(Writer::go_back(disk.store()).unwrap().1.is_some());
        go_back(&disk);
        plain.apply(&Change::Rollback);
        let journal = disk.journal().split_off(begun);
        for (cut, medium) in replay(medium.clone(), &journal, |_| true).into_iter().enumerate() {
            for (i, damage) in DAMAGES.into_iter().enumerate() {
                let numbers = &mut Numbers::new(((cut as u64) << 16) + i as u64);
                let disk = Disk::new(medium.after(damage, numbers));
                let is_done = Index::open(disk.store()).is_ok();
                assert!(is_done || cut < journal.len(), "what has returned stays");
                if !is_done {
                    go_back(&disk);
                }
                let (disk, mut writer, found) = reopen(&disk.medium(), (&Arc::new(plain.clone()), None));
                go_on(&disk, &mut writer, &found, numbers);
            }
        }
        // where it fails nothing that the damaged generation has is gone
        let disk = Disk::new(medium);
        let names = disk.store().list().unwrap();
        for at in 0..200 {
            disk.arm(Some(Fault { at, refusal: Refusal::Full, lasts: true }));
            let is_done = Writer::go_back(disk.store()).is_ok();
            disk.arm(None);
            if is_done {
                break;
            }
            let left = disk.store().list().unwrap();
            assert!(names.iter().all(|name| left.contains(name)), "{left:?}");
        }
        assert!(Index::open(disk.store()).is_ok());
    }
}

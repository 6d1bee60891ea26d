//! Damaged, missing and foreign files: an error that names the file, or the right answers.

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::disk::Disk;
use super::plain::{Answers, Change, Plain, apply};
use super::{Numbers, is_long};
use crate::error::Error;
use crate::index::manifest::Manifest;
use crate::index::pages::{CARRIED, FORMAT_VERSION, PAGE, checksum};
use crate::index::{Index, Writer};

/// An index of two batches of which something was forgotten, and what it should answer.
fn small(seed: u64) -> (Disk, Plain) {
    let make = |seed: u64| {
        let numbers = &mut Numbers::new(seed);
        let disk = Disk::default();
        let mut plain = Plain::leaving();
        let mut writer = Writer::open(disk.store()).unwrap();
        for step in 0..3 {
            let change = if step < 2 { Change::Add(plain.night(numbers, 6)) } else { Change::ForgetIds(2) };
            apply(&mut writer, &change).unwrap();
            plain.apply(&change);
        }
        let length: usize = files(&disk).iter().map(|name| disk.bytes(name).len()).sum();
        (plain.generation == 3 && plain.documents() > 6 && length < 160_000).then_some((disk, plain))
    };
    (1000 * seed..).find_map(make).unwrap()
}

/// The files of the present generation.
fn files(disk: &Disk) -> Vec<String> {
    let index = Index::open(disk.store()).unwrap().unwrap();
    let mut names: Vec<String> = index.manifest.files().map(|file| file.name.clone()).collect();
    names.push(Manifest::name(index.generation()));
    names
}

/// Opens and verifies what must be damaged: the error names one of these files. Then asks all the same: no
/// answer may be wrong. Returns how many were right.
fn refuses(disk: &Disk, names: &[&str], answers: &Answers) -> u64 {
    let names_one = |error: &Error| {
        let told = error.to_string();
        assert!(names.iter().any(|name| told.contains(name)), "{names:?}: {told}");
    };
    match Index::open(disk.store()) {
        Err(error) => {
            names_one(&error);
            0
        }
        Ok(index) => {
            let index = index.unwrap();
            names_one(&index.verify().expect_err(names[0]));
            let (errors, right) = answers.compare(&index);
            errors.iter().for_each(names_one);
            right
        }
    }
}

#[test]
fn flipped_bits_and_cut_files() {
    let (disk, plain) = small(1);
    let medium = disk.medium();
    let answers = plain.answers(u32::MAX);
    let stride = if is_long() { 1 } else { 61 };
    let mut all = [0; 4];
    for name in files(&disk) {
        let bytes = disk.bytes(&name).to_vec();
        let flipped = (0..bytes.len()).into_par_iter().filter(|at| at % stride == 0 || *at < 64);
        let counts = flipped.map(|at| {
            let mut other = bytes.clone();
            other[at] ^= 1 << (at * 7 % 8);
            let disk = Disk::new(medium.clone());
            disk.put(&name, Some(other));
            (1, refuses(&disk, &[&name], &answers))
        });
        let (flips, right) = counts.reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let cut = (0..bytes.len() + 2).into_par_iter().filter(|length| {
            *length != bytes.len() && (length % stride == 0 || bytes.len().abs_diff(*length) < 64)
        });
        let cuts = cut.map(|length| {
            let mut other = bytes.clone();
            other.resize(length, 0);
            let disk = Disk::new(medium.clone());
            disk.put(&name, Some(other));
            refuses(&disk, &[&name], &answers);
            1
        });
        all = [all[0] + 1, all[1] + flips, all[2] + cuts.sum::<u64>(), all[3] + right];
    }
    let [files, flips, cuts, right] = all;
    println!("{files} files: {flips} bytes flipped, {cuts} lengths; {right} answers all the same, all right");
    assert!(flips > 1000 && cuts > 1000 && right > 0);
}

#[test]
fn missing_swapped_and_foreign_files() {
    let (disk, plain) = small(1);
    let medium = disk.medium();
    let answers = plain.answers(u32::MAX);
    let names = files(&disk);
    let latest = Manifest::name(plain.generation);
    let mut count = 0;
    for name in names.iter().filter(|name| **name != latest) {
        let disk = Disk::new(medium.clone());
        disk.put(name, None);
        refuses(&disk, &[name], &answers);
        count += 1;
    }
    let before = Manifest::name(plain.generation - 1);
    for (i, name) in names.iter().enumerate() {
        for other in names[..i].iter().chain([&before]) {
            let disk = Disk::new(medium.clone());
            let (first, second) = (disk.bytes(name).to_vec(), disk.bytes(other).to_vec());
            disk.put(name, Some(second));
            disk.put(other, Some(first));
            refuses(&disk, &[name, other], &answers);
            count += 1;
        }
    }
    // of an index with other texts, and of one that began as a copy of this one
    let (mut other, mut copy) = (Disk::default(), Disk::new(medium.clone()));
    for (disk, seed) in [(&mut other, 77), (&mut copy, 78)] {
        let mut plain = if seed == 77 { Plain::leaving() } else { plain.clone() };
        let numbers = &mut Numbers::new(seed);
        let mut writer = Writer::open(disk.store()).unwrap();
        for _ in 0..3 {
            let change = Change::Add(plain.night(numbers, 6));
            apply(&mut writer, &change).unwrap();
            plain.apply(&change);
        }
    }
    let known: Vec<Vec<u8>> = names.iter().map(|name| disk.bytes(name).to_vec()).collect();
    for foreign in [&other, &copy] {
        for name in foreign.store().list().unwrap() {
            let bytes = foreign.bytes(&name).to_vec();
            if known.contains(&bytes) {
                continue; // the copy still has it in common
            }
            for place in &names {
                let disk = Disk::new(medium.clone());
                disk.put(place, Some(bytes.clone()));
                // a manifest of another index names files that are not like that, or not there
                if *place == latest && name == latest {
                    assert!(Index::open(disk.store()).is_err());
                } else {
                    refuses(&disk, &[place], &answers);
                }
                count += 1;
            }
        }
    }
    println!("{count} files missing, swapped or of another index");
}

/// Two copies of one index that took different ways to the same last batch: their files are told apart.
#[test]
fn files_of_a_copy_that_went_another_way() {
    let (disk, plain) = small(1);
    let numbers = &mut Numbers::new(4);
    let ways: Vec<(Disk, Plain)> = (0..2)
        .map(|_| {
            let way = Disk::new(disk.medium());
            let mut plain = plain.clone();
            let mut writer = Writer::open(way.store()).unwrap();
            for change in
                [Change::Add(plain.night(numbers, 0)), Change::Rollback, Change::ForgetIds(numbers.below(2))]
            {
                apply(&mut writer, &change).unwrap();
                plain.apply(&change);
            }
            apply(&mut writer, &Change::Compact).unwrap();
            plain.apply(&Change::Compact);
            (way, plain)
        })
        .collect();
    for (way, other) in [(0, 1), (1, 0)] {
        for name in files(&ways[way].0) {
            let Ok(names) = ways[other].0.store().list() else { continue };
            if !names.contains(&name) || ways[way].0.bytes(&name) == ways[other].0.bytes(&name) {
                continue;
            }
            let disk = Disk::new(ways[way].0.medium());
            disk.put(&name, Some(ways[other].0.bytes(&name).to_vec()));
            if name.starts_with("manifest-") {
                let (errors, _) = match Index::open(disk.store()) {
                    Err(error) => (vec![error], 0),
                    Ok(index) => ways[way].1.answers(u32::MAX).compare(&index.unwrap()),
                };
                assert!(!errors.is_empty());
            } else {
                refuses(&disk, &[&name], &ways[way].1.answers(u32::MAX));
            }
        }
    }
}

/// What the generation before has left is no part of the index: damage there changes nothing, and nothing
/// stands in its way. Where the latest manifest is gone, the one before is the index, and it is whole.
#[test]
fn the_generation_before() {
    let (disk, plain) = small(1);
    let before = Manifest::name(plain.generation - 1);
    let bytes = disk.bytes(&before).to_vec();
    let stride = if is_long() { 1 } else { 13 };
    for at in (0..bytes.len()).step_by(stride) {
        let disk = Disk::new(disk.medium());
        let mut other = bytes.clone();
        other[at] ^= 1 << (at % 8);
        disk.put(&before, Some(other));
        let mut writer = Writer::open(disk.store()).unwrap();
        writer.index().unwrap().verify().unwrap();
        plain.answers(u32::MAX).check(writer.index().unwrap());
        let mut plain = plain.clone();
        let change = Change::Add(plain.night(&mut Numbers::new(at as u64), 2));
        apply(&mut writer, &change).unwrap();
        plain.apply(&change);
        plain.answers(u32::MAX).check(writer.index().unwrap());
    }
    disk.put(&Manifest::name(plain.generation), None);
    let index = Index::open(disk.store()).unwrap().unwrap();
    assert_eq!(index.generation(), plain.generation - 1);
    index.verify().unwrap();
}

/// Wrong bytes under right checksums, as no disk but a faulty program makes them: no panic, whatever is asked
/// or changed. What is claimed can't be checked, so answers may be wrong.
#[test]
fn forged_pages() {
    let (disk, plain) = small(1);
    let medium = disk.medium();
    let answers = plain.answers(u32::MAX);
    let index = Index::open(disk.store()).unwrap().unwrap();
    let rounds: u64 = if is_long() { 40_000 } else { 600 };
    let entries: Vec<_> = index.manifest.files().cloned().collect();
    let survived: u64 = (0..rounds)
        .into_par_iter()
        .map(|round| {
            let numbers = &mut Numbers::new(round);
            let entry = &entries[numbers.below(entries.len() as u64) as usize];
            let mut bytes = disk.bytes(&entry.name).to_vec();
            let page = numbers.below(entry.pages);
            let start = page as usize * PAGE;
            // most of a page is often zeros: forge where something stands, too
            let used =
                bytes[start..start + CARRIED].iter().rposition(|byte| *byte != 0).map_or(1, |at| at + 1);
            for _ in 0..1 + numbers.below(4) {
                let end = if numbers.below(4) == 0 { CARRIED } else { used };
                let at = start + numbers.below(end as u64) as usize;
                bytes[at] = match numbers.below(4) {
                    0 => 0xFF,
                    1 => bytes[at].wrapping_add(1),
                    2 => 0,
                    _ => numbers.next() as u8,
                };
            }
            let sum = checksum(&bytes[start..start + CARRIED], entry.identity, page);
            bytes[start + CARRIED..start + PAGE].copy_from_slice(&sum.to_le_bytes());
            let forged = Disk::new(medium.clone());
            forged.put(&entry.name, Some(bytes));
            let Ok(mut writer) = Writer::open(forged.store()) else { return 0 };
            let index = writer.index().unwrap();
            let _ = index.verify();
            answers.ask(index);
            let change = plain.change(numbers, 2);
            let _ = apply(&mut writer, &change);
            let _ = writer.compact();
            1
        })
        .sum();
    println!("{rounds} forged pages, {survived} of them opened");
    assert!(survived > 0);
}

#[test]
fn a_newer_version_is_refused() {
    let (disk, plain) = small(1);
    let name = Manifest::name(plain.generation);
    let mut bytes = disk.bytes(&name).to_vec();
    bytes[8] = FORMAT_VERSION as u8 + 1;
    let behind = bytes.len() - 16;
    let sum = xxh3_128(&bytes[..behind]).to_le_bytes();
    bytes[behind..].copy_from_slice(&sum);
    disk.put(&name, Some(bytes));
    let refusal = Index::open(disk.store()).err().unwrap();
    let told = refusal.to_string();
    insta::assert_snapshot!(told, @"`/archive/manifest-0000000003`: format version 7, this program knows up to 6");
    let hint = "use the version of redite that wrote the index, or a later one";
    assert_eq!(refusal.hint(), Some(hint));
    assert_eq!(Writer::open(disk.store()).err().unwrap().to_string(), told);
}

/// What would be subtracted, held for, or written over the files that there are, is known before.
#[test]
fn a_manifest_that_contradicts_itself_is_damaged() {
    let (disk, plain) = small(1);
    let index = Index::open(disk.store()).unwrap().unwrap();
    let name = Manifest::name(plain.generation);
    let forge: [fn(&mut Manifest); 9] = [
        |manifest| manifest.forgotten = vec![[3, 1]],
        |manifest| manifest.forgotten = vec![[4, 6], [1, 2]],
        |manifest| manifest.batches[0].end_document = 0,
        |manifest| manifest.segments[0].documents = [9, 2],
        |manifest| manifest.documents = u32::MAX,
        |manifest| manifest.segments[1].paragraphs[0] = 0,
        |manifest| manifest.segments.swap(0, 1),
        |manifest| manifest.next_file -= 1,
        |manifest| manifest.next_file = u64::MAX,
    ];
    for (i, forge) in forge.into_iter().enumerate() {
        let mut manifest = index.manifest.clone();
        manifest.batches[0].first_document = u32::from(i == 2);
        forge(&mut manifest);
        let disk = Disk::new(disk.medium());
        disk.put(&name, Some(manifest.encode().unwrap()));
        let refusal = Index::open(disk.store()).err().unwrap().to_string();
        assert!(refusal.contains(&name) && refusal.contains("no record of a manifest"), "{refusal}");
    }
}

//! Indexes of each version of the format, kept under `tests/compat`, are opened by every later version. That of
//! the present version is written again, byte for byte: the format can't change unnoticed.
//!
//! `REDITE_MAKE_COMPAT=1 cargo test --lib golden` writes it, which is allowed until the version is released.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Numbers;
use super::plain::{Change, Plain, apply};
use crate::index::pages::FORMAT_VERSION;
use crate::index::store::{Folder, Scratch, Store};
use crate::index::{Index, Writer};

fn kept(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/compat/v{version}"))
}

/// Two batches, of which something was forgotten, as one segment; a third batch.
fn make(store: &Arc<dyn Store>, mut plain: Plain) -> Plain {
    let numbers = &mut Numbers::new(7);
    let mut writer = Writer::open(store.clone()).unwrap();
    for step in 0..5 {
        let change = match step {
            2 => {
                let counts = |change: &Change| {
                    let mut next = plain.clone();
                    next.apply(change);
                    next.generation > plain.generation
                };
                (0..7).map(Change::ForgetIds).find(counts).unwrap()
            }
            3 => Change::Compact,
            _ => Change::Add(plain.night(numbers, 5)),
        };
        apply(&mut writer, &change).unwrap();
        plain.apply(&change);
    }
    plain
}

/// Names and bytes of all files of the index.
fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let names = Folder::new(folder).list().unwrap();
    names
        .into_iter()
        .filter(|name| name != "lock")
        .map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap()))
        .collect()
}

#[test]
fn golden_files_are_opened_and_written_again() {
    let made = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Folder::new(made.path()));
    let plain = make(&store, Plain::leaving());
    let before = make(&(Arc::new(Scratch::new(made.path())) as Arc<dyn Store>), Plain::default());
    let present = kept(FORMAT_VERSION);
    if std::env::var_os("REDITE_MAKE_COMPAT").is_some() {
        let _ = std::fs::remove_dir_all(&present);
        std::fs::create_dir_all(&present).unwrap();
        for (name, bytes) in bytes(made.path()) {
            std::fs::write(present.join(name), bytes).unwrap();
        }
    }
    // text rules: to the fourth version of the format the first, to the fifth the second, to the sixth first these
    let folders = (1..=FORMAT_VERSION).map(|version| (version, kept(version)));
    let older_rules = (FORMAT_VERSION, present.with_file_name("v6-rules-2"));
    for ((version, folder), rules) in folders.chain([older_rules]).zip([1, 1, 1, 1, 2, 3, 2]) {
        let index = Index::open(Arc::new(Folder::new(folder))).unwrap().unwrap();
        assert_eq!((index.generation(), index.params().normaliser), (5, rules));
        index.verify().unwrap();
        let plain = if version < 4 { &before } else { &plain };
        plain.answers(u32::MAX).check(&index);
        plain.answers(3).check(&index);
    }
    let (kept, made) = (bytes(&present), bytes(made.path()));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&made));
    for ((name, kept), (_, made)) in kept.iter().zip(&made) {
        let differs = kept.iter().zip(made).position(|(a, b)| a != b);
        assert!(kept == made, "{name} is written otherwise than before, from byte {differs:?} on");
    }
}

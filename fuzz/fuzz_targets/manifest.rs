//! Manifests with any record, under right magic, length and checksum, beside the files of a kept index.
//!
//! The input: version (a byte); then either whole records, or, where the next byte is even, changes of three
//! bytes to the record that is kept: place (two), byte.

#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use redite_fuzz::Memory;

static KEPT: OnceLock<[Memory; 5]> = OnceLock::new();

/// Bytes before the record.
const HEAD: usize = 20;

fuzz_target!(|data: &[u8]| {
    let kept = KEPT.get_or_init(|| [1, 2, 3, 4, 5].map(Memory::kept));
    let [version, whole, rest @ ..] = data else { return };
    let mut memory = kept[usize::from(version % 5)].clone();
    let name = "manifest-0000000005";
    let file = &memory.files[name];
    let mut record = file[HEAD..file.len() - 16].to_vec();
    if whole % 2 == 1 {
        record = rest.to_vec();
    } else {
        for change in rest.chunks_exact(3) {
            let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % record.len();
            record[place] = change[2];
        }
    }
    let mut bytes = file[..12].to_vec();
    bytes.extend_from_slice(&(record.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&record);
    let sum = xxhash_rust::xxh3::xxh3_128(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    memory.files.insert(name.to_owned(), Arc::new(bytes));
    memory.exercise();
});

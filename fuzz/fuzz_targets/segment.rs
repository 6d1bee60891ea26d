//! Segments and texts of an index with other bytes in their pages, under right checksums: no panic, no
//! allocation that the file's length does not bear out, whatever is asked.
//!
//! The input: version and file (a byte each), then changes of four bytes: page, place (two), byte.

#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use redite_fuzz::{CARRIED, Memory, PAGE, identity, seal};

static KEPT: OnceLock<[Memory; 5]> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let kept = KEPT.get_or_init(|| [1, 2, 3, 4, 5].map(Memory::kept));
    let [version, which, changes @ ..] = data else { return };
    let mut memory = kept[usize::from(version % 5)].clone();
    let files: Vec<String> =
        memory.files.keys().filter(|name| !name.starts_with("manifest")).cloned().collect();
    let name = &files[usize::from(*which) % files.len()];
    let mut bytes = memory.files[name].to_vec();
    let identity = identity(&bytes);
    for change in changes.chunks_exact(4) {
        let page = usize::from(change[0]) % (bytes.len() / PAGE);
        let place = usize::from(u16::from_le_bytes([change[1], change[2]])) % CARRIED;
        bytes[page * PAGE + place] = change[3];
    }
    seal(&mut bytes, identity);
    memory.files.insert(name.clone(), Arc::new(bytes));
    memory.exercise();
});

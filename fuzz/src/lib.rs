//! What the targets share: an index held in memory, whose bytes can be changed under right checksums.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use redite::index::store::{Folder, Growing, Store, Stored};
use redite::index::{Index, Lock, Writer};
use redite::keep::keep;
use redite::params::Params;
use redite::past::Past;
use redite::pipeline::{Inputs, Progress, Surroundings, run};
use redite::read::sources;

/// Bytes of a page, and of what it carries (`docs/format.md`).
pub const PAGE: usize = 4096;
pub const CARRIED: usize = PAGE - 8;

/// A folder in memory, for reading. What is written to it is lost.
#[derive(Clone, Default)]
pub struct Memory {
    pub files: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Memory {
    /// The index of a version that is kept for the tests.
    pub fn kept(version: u32) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/compat/v{version}"));
        let names = Folder::new(&folder).list().expect("an index of each version is kept");
        let file = |name: String| {
            let bytes = std::fs::read(folder.join(&name)).expect("a file that was listed");
            (name, Arc::new(bytes))
        };
        Memory { files: names.into_iter().map(file).collect() }
    }

    /// Opens it and asks all that a user may ask; then changes it, without keeping the change.
    pub fn exercise(&self) {
        let Ok(Some(index)) = Index::open(Arc::new(self.clone())) else { return };
        let _ = index.stats();
        let _ = index.verify();
        let _ = index.matches(|_| Ok(()));
        let _ = index.each_document(|_, _, _, _| Ok(()));
        let _ = redite::report::table::write_kept_matches(&index, io::sink());
        let _ = redite::report::table::write_kept_documents(&index, io::sink());
        if let Ok(mut writer) = Writer::open(Arc::new(self.clone())) {
            let _ = writer.compact();
        }
        if let Ok(mut writer) = Writer::open(Arc::new(self.clone())) {
            let _ = writer.forget(|id, _| id.len() % 2 == 1);
        }
        if let Ok(mut writer) = Writer::open(Arc::new(self.clone())) {
            let _ = writer.rollback();
        }
        let _ = self.night(&index);
    }

    /// Another night of what the kept indexes hold, found in this one and added to it.
    fn night(&self, index: &Arc<Index>) -> redite::error::Result<()> {
        let folder = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
        let file = folder.path().join("night.jsonl");
        std::fs::write(&file, NIGHT.get_or_init(Memory::texts)).expect("a file in it");
        let surroundings = Surroundings { temporary: folder.path().to_path_buf(), ..Surroundings::default() };
        // fields by which the records can be read
        let params = Params {
            text_field: "text".to_owned(),
            id_field: "id".to_owned(),
            max_record: 1 << 20,
            ..index.params().clone()
        };
        if params.validate().is_err() || index.check_params(&params, true).is_err() {
            return Ok(());
        }
        let mut writer = Writer::open(Arc::new(self.clone()))?;
        let past = Some(Past::adding_to(&writer));
        let inputs = Inputs { past, ..sources::find(&[file], None)?.into() };
        let outcome = run(inputs, &params, &surroundings, &Progress::default())?;
        let _ = redite::report::matches::write(&outcome, &mut io::sink());
        keep(&outcome, &mut writer)?;
        Ok(())
    }

    /// The texts of all kept indexes, as lines, some of them edited.
    fn texts() -> Vec<u8> {
        let mut lines = Vec::new();
        for version in 1..=5 {
            let index = Index::open(Arc::new(Memory::kept(version))).ok().flatten().expect("it is sound");
            let told = index.each_document(|_, _, number, text| {
                let text = text.unwrap_or_default();
                let text = text.replacen(' ', if version % 2 == 0 { " edited " } else { " " }, 1);
                let line = format!("{{\"id\":\"v{version}-{number}\",\"text\":{}}}\n", quoted(&text));
                lines.extend_from_slice(line.as_bytes());
                Ok(())
            });
            told.expect("it is sound");
        }
        lines
    }
}

static NIGHT: OnceLock<Vec<u8>> = OnceLock::new();

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

impl Store for Memory {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        let bytes = self.files.get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Bytes(bytes)))
    }

    fn create(&self, _: &str) -> io::Result<Box<dyn Growing>> {
        Ok(Box::new(Lost))
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new("/memory").join(name)
    }

    fn lock(&self) -> redite::error::Result<Option<Lock>> {
        Ok(None)
    }
}

struct Bytes(Arc<Vec<u8>>);

impl Stored for Bytes {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let bytes = start.checked_add(into.len()).and_then(|end| self.0.get(start..end));
        into.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

struct Lost;

impl Growing for Lost {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives each page of a file the checksum of what it carries. The identity stands in the tail.
pub fn seal(file: &mut [u8], identity: u64) {
    for (number, page) in file.chunks_exact_mut(PAGE).enumerate() {
        let seed = identity ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&page[..CARRIED], seed);
        page[CARRIED..].copy_from_slice(&sum.to_le_bytes());
    }
}

/// The identity of a file, from its tail: behind the length of the record, magic, version and purpose.
pub fn identity(file: &[u8]) -> u64 {
    let tail = file.len() - PAGE + 4 + 8 + 4 + 4;
    u64::from_le_bytes(file[tail..tail + 8].try_into().expect("eight bytes"))
}

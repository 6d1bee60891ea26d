//! Which files a run reads, in corpus order: inputs as given, folders walked in byte order of their paths.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::Utf8Chunk;

use crate::document::{Compression, Format, Skip, SkipReason, Source};
use crate::error::{Error, Result};
use crate::params::Params;

/// The endings that are known, for messages.
const ENDINGS: &str = "`.txt`, `.text`, `.md`, `.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv`, `.parquet` or `.wet`, \
                       plain, `.gz`, `.zst`, `.zstd`, `.bz2` or `.xz`";

/// What the inputs of a run turned out to be.
#[derive(Debug, Default)]
pub struct Sources {
    /// the files to read, in corpus order
    pub files: Vec<Source>,
    /// files inside given folders whose names tell no format; and what is no file, which is said behind the name
    pub ignored: Vec<String>,
    /// files and folders that could not be looked at; `source` indexes `files`, and ascends
    pub skips: Vec<Skip>,
    /// the bytes of what has no file, where it is given and does not come from standard input
    pub(crate) given: Option<Vec<u8>>,
    /// the number of the input that is being looked at
    input: u32,
    /// which file each is, with its number
    #[cfg(unix)]
    identities: Vec<([u64; 2], u32)>,
}

/// Finds the sources behind `inputs`; `-` is standard input. `format` overrules what the names say.
///
/// # Errors
/// [`Error::Input`] where an input as given does not exist, [`Error::UnknownFormat`] where its name tells
/// no format.
pub fn find(inputs: &[PathBuf], format: Option<Format>) -> Result<Sources> {
    let mut sources = Sources::default();
    for (number, input) in (0..).zip(inputs) {
        sources.input = number;
        if input == Path::new("-") {
            sources.files.push(Source {
                path: None,
                name: "-".to_owned(),
                format: format.unwrap_or(Format::JsonLines),
                compression: Compression::Plain,
                size: 0,
                modified: None,
                regular: false,
                input: number,
            });
            continue;
        }
        let metadata = fs::metadata(input).map_err(|source| Error::Input { path: input.clone(), source })?;
        if metadata.is_dir() {
            sources.walk(input, format)?;
        } else {
            let (guessed, compression) = by_name(input);
            let format =
                format.or(guessed).or(if metadata.is_file() { None } else { Some(Format::JsonLines) });
            let format =
                format.ok_or_else(|| Error::UnknownFormat { path: input.clone(), expected: ENDINGS })?;
            sources.push(input, format, compression, Some(&metadata));
        }
    }
    Ok(sources)
}

/// Texts that are in memory, as a corpus without files: each is a document with its id, in the order in which they come. They are
/// taken as JSON lines are, by [`Params::text_field`] `text` and [`Params::id_field`] `id`, the defaults; a run refuses others. A copy of all of them is held while the run
/// reads, which [`Surroundings::memory`](crate::pipeline::Surroundings::memory) does not count.
pub fn texts<I: AsRef<str>, T: AsRef<str>>(texts: impl IntoIterator<Item = (I, T)>) -> Sources {
    let mut given = Vec::new();
    for (id, text) in texts {
        let record = serde_json::json!({ "id": id.as_ref(), "text": text.as_ref() });
        given.extend_from_slice(record.to_string().as_bytes());
        given.push(b'\n');
    }
    let source = Source {
        path: None,
        name: "texts".to_owned(),
        format: Format::JsonLines,
        compression: Compression::Plain,
        size: given.len() as u64,
        modified: None,
        regular: false,
        input: 0,
    };
    Sources { files: vec![source], given: Some(given), ..Sources::default() }
}

impl Sources {
    /// Refuses other names for the fields of texts that are in memory.
    pub(crate) fn check_fields(&self, params: &Params) -> Result<()> {
        let fields = [("text_field", &params.text_field, "text"), ("id_field", &params.id_field, "id")];
        let other = fields.into_iter().find(|(_, asked, own)| self.given.is_some() && asked != own);
        other.map_or(Ok(()), |(name, asked, own)| {
            Err(Error::Parameter {
                name,
                expected: format!("`{own}`, the default").into(),
                got: asked.clone(),
                hint: "texts in memory have no other fields",
            })
        })
    }

    /// All files below `root`, in byte order of their paths. Links to folders are not followed (they may
    /// lead back), links to files are.
    fn walk(&mut self, root: &Path, format: Option<Format>) -> Result<()> {
        let mut files = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
            let entries = match entries {
                Ok(entries) => entries,
                Err(source) if folder == root => return Err(Error::Input { path: folder, source }),
                Err(error) => {
                    files.push((folder, Err(error)));
                    continue;
                }
            };
            for entry in entries {
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(path),
                    Ok(_) => files.push((path.clone(), fs::metadata(&path))),
                    Err(error) => files.push((path, Err(error))),
                }
            }
        }
        files.sort_by(|a, b| a.0.as_os_str().as_encoded_bytes().cmp(b.0.as_os_str().as_encoded_bytes()));
        for (path, metadata) in files {
            let (guessed, compression) = by_name(&path);
            match (metadata, format.or(guessed)) {
                (Ok(metadata), Some(format)) if metadata.is_file() => {
                    self.push(&path, format, compression, Some(&metadata));
                }
                (Ok(metadata), _) => {
                    let why = match () {
                        () if metadata.is_dir() => " (a link to a folder)",
                        () if !metadata.is_file() => " (not a file: a pipe, a socket or a device)",
                        () => "",
                    };
                    self.ignored.push(format!("{}{why}", shown(&path)));
                }
                // were it there it would be ignored
                (Err(error), None) if path.is_symlink() => {
                    let why = match error.kind() {
                        io::ErrorKind::NotFound => "a link that leads nowhere".to_owned(),
                        _ => format!("a link: {error}"),
                    };
                    self.ignored.push(format!("{} ({why})", shown(&path)));
                }
                (Err(error), format) => {
                    self.push(&path, format.unwrap_or(Format::Text), compression, None);
                    self.skips.push(Skip {
                        source: self.files.len() as u32 - 1,
                        record: None,
                        records: 0,
                        line: None,
                        reason: SkipReason::Unreadable,
                        detail: error.to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    fn push(
        &mut self,
        path: &Path,
        format: Format,
        compression: Compression,
        metadata: Option<&fs::Metadata>,
    ) {
        let name = shown(path);
        let size = metadata.map_or(0, fs::Metadata::len);
        let regular = metadata.is_some_and(fs::Metadata::is_file);
        let modified = metadata.and_then(|metadata| metadata.modified().ok());
        #[cfg(unix)]
        if let Some(metadata) = metadata.filter(|_| regular) {
            self.identities.push((crate::index::store::identity(metadata), self.files.len() as u32));
        }
        let (path, input) = (Some(path.to_path_buf()), self.input);
        self.files.push(Source { path, name, format, compression, size, modified, regular, input });
    }

    /// Files that are one under several names, by a link or a hard link: the first of them and the one behind it; and how many
    /// are another again. None where the system does not tell.
    pub fn linked(&self) -> Option<([&str; 2], usize)> {
        #[cfg(unix)]
        {
            let mut all = self.identities.clone();
            all.sort_unstable();
            let pairs = all.windows(2).filter(|pair| pair[0].0 == pair[1].0);
            let again: Vec<[u32; 2]> = pairs.map(|pair| [pair[0].1, pair[1].1]).collect();
            let first = again.iter().min_by_key(|[_, behind]| *behind)?;
            Some((first.map(|number| self.files[number as usize].name.as_str()), again.len()))
        }
        #[cfg(not(unix))]
        None
    }

    /// Whether the source at this index is already known to be unreadable.
    pub(crate) fn is_lost(&self, source: usize) -> bool {
        self.skips.binary_search_by_key(&source, |skip| skip.source as usize).is_ok()
    }
}

/// A path for people: bytes of it that are no UTF-8 as `\xFF`, so that two are not told as one. Where such are, or where it
/// looks so, each backslash of the path itself is two.
pub(crate) fn shown(path: &Path) -> String {
    let chunks = || path.as_os_str().as_encoded_bytes().utf8_chunks();
    let is_escaped = |chunk: Utf8Chunk<'_>| !chunk.invalid().is_empty() || chunk.valid().contains("\\x");
    let escapes = cfg!(unix) && chunks().any(is_escaped);
    let mut shown = String::new();
    for chunk in chunks() {
        match escapes {
            true => shown.push_str(&chunk.valid().replace('\\', "\\\\")),
            false => shown.push_str(chunk.valid()),
        }
        chunk.invalid().iter().for_each(|byte| shown.push_str(&format!("\\x{byte:02X}")));
    }
    shown
}

/// Whether a file of this name is read where it lies in an input.
pub fn is_read(path: &Path) -> bool {
    by_name(path).0.is_some()
}

/// What a file's name tells of its format and compression.
pub(crate) fn by_name(path: &Path) -> (Option<Format>, Compression) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (name, compression) = match name.rsplit_once('.') {
        Some((stem, "gz")) => (stem, Compression::Gzip),
        Some((stem, "zst" | "zstd")) => (stem, Compression::Zstd),
        Some((stem, "bz2")) => (stem, Compression::Bzip2),
        Some((stem, "xz")) => (stem, Compression::Xz),
        _ => (name.as_str(), Compression::Plain),
    };
    let format = match name.rsplit_once('.') {
        Some((_, "txt" | "text" | "md")) => Some(Format::Text),
        Some((_, "jsonl" | "ndjson" | "json")) => Some(Format::JsonLines),
        Some((_, "csv")) => Some(Format::Csv),
        Some((_, "tsv")) => Some(Format::Tsv),
        Some((_, "parquet")) => Some(Format::Parquet),
        Some((_, "wet")) => Some(Format::Wet),
        _ => None,
    };
    (format, compression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn no_name_looks_like_another() {
        use std::os::unix::ffi::OsStrExt;
        let told = |name: &[u8]| shown(Path::new(std::ffi::OsStr::from_bytes(name)));
        assert_eq!(
            (told(b"a\\b\xc3\xa9.txt"), told(b"b\xE9.txt")),
            ("a\\bé.txt".into(), "b\\xE9.txt".into())
        );
        let names: [&[u8]; 6] = [b"\xE9", b"\\xE9", b"\\\xE9", b"\\\\xE9", b"\\\\\xE9", b"\\\xE9\\xE9"];
        let mut all = names.map(told).to_vec();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), names.len(), "{all:?}");
    }

    #[test]
    fn names_tell_format_and_compression() {
        let told = |name: &str| by_name(Path::new(name));
        assert_eq!(told("a/b.TXT"), (Some(Format::Text), Compression::Plain));
        assert_eq!(told("b.jsonl.zst"), (Some(Format::JsonLines), Compression::Zstd));
        assert_eq!(told("b.md.gz"), (Some(Format::Text), Compression::Gzip));
        assert_eq!(told("b.tsv.bz2"), (Some(Format::Tsv), Compression::Bzip2));
        assert_eq!(told("b.CSV.xz"), (Some(Format::Csv), Compression::Xz));
        assert_eq!(told("c.warc.wet.gz"), (Some(Format::Wet), Compression::Gzip));
        assert_eq!(told("c.parquet"), (Some(Format::Parquet), Compression::Plain));
        assert_eq!(told("README"), (None, Compression::Plain));
        assert_eq!(told(".txt"), (Some(Format::Text), Compression::Plain));
    }
}

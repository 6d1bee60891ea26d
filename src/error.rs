//! What can go wrong, told so that the reader knows the next move: the file, the place in it, what was
//! expected, what was found, and a hint. One [`Kind`] maps every error to an exit
//! code. Records that can't be used are no errors: see [`crate::document::SkipReason`].

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// How a caller should react to an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request itself is wrong: a flag, a parameter, an input that does not exist.
    Usage,
    /// Something outside failed: a disk, a file that changed, a full temporary folder.
    Failed,
    /// The run was asked to stop.
    Interrupted,
    /// A guard refused to write what the run found.
    Refused,
}

/// An error of a whole run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter outside of its range.
    #[error("`{name}` must be {expected}, got `{got}`\n\nhint: {hint}")]
    Parameter {
        /// the flag's name without dashes
        name: &'static str,
        /// the range it must lie in
        expected: Cow<'static, str>,
        /// what was given
        got: String,
        /// the next move
        hint: &'static str,
    },
    /// An input path that does not exist or can't be looked at.
    #[error("`{}`: input can't be read: {source}\n\nhint: {}", path.display(), about_input(path))]
    Input {
        /// the input as given
        path: PathBuf,
        /// what the system said
        source: io::Error,
    },
    /// An input whose name tells no format.
    #[error("`{}`: unknown format, expected {expected}\n\nhint: name the format with `--format`", path.display())]
    UnknownFormat {
        /// the input as given
        path: PathBuf,
        /// the endings that are known
        expected: &'static str,
    },
    /// Reading, writing or spooling failed.
    #[error("`{}`: {doing} failed: {source}{}", path.display(), about_files(source))]
    Io {
        /// the file
        path: PathBuf,
        /// the operation
        doing: &'static str,
        /// what the system said
        source: io::Error,
    },
    /// The temporary folder fails, or is full.
    #[error("`{}`: writing a temporary file failed: {source}\n\nhint: `--temp-dir` takes a folder that exists and has room", folder.display())]
    Temporary {
        /// the folder
        folder: PathBuf,
        /// what the system said
        source: io::Error,
    },
    /// A document was read a second time and is not what it was.
    #[error("`{}`: record {} changed while the run was reading it\n\nhint: run again when nothing writes to the input", path.display(), record + 1)]
    Changed {
        /// the file
        path: PathBuf,
        /// the record's number, from 0
        record: u64,
    },
    /// A file is not what it was when the run began.
    #[error("`{}`: the file changed while the run was reading it: {what}\n\nhint: run again when nothing writes to the input, or on a copy of it", path.display())]
    SourceChanged {
        /// the file
        path: PathBuf,
        /// in what way
        what: String,
    },
    /// More units than the tables can number.
    #[error("the corpus has more than {limit} {what}\n\nhint: split it into batches")]
    TooMany {
        /// what there is too much of
        what: &'static str,
        /// the limit
        limit: u64,
    },
    /// The manifest of an index would be larger than one may be.
    #[error("`{}`: the list of batches, files and forgotten documents would take {bytes} bytes, expected at most {limit}\n\nhint: what is forgotten stays listed, 8 bytes for documents in a row, and `compact` does not shorten that; forget whole sources or nights, or begin a new index with what `redite index export --documents` gives", path.display())]
    FullManifest {
        /// the manifest
        path: PathBuf,
        /// bytes that it would take
        bytes: u64,
        /// the limit
        limit: u64,
    },
    /// The run would have to hold more than it may.
    #[error("{} of memory are not enough: so far about {} are needed\n\nhint: allow more with `--memory`, look for fewer units with `--units`, leave out large records with `--max-record`, or {}", bytes(*memory), bytes(*held), in_pieces(*has_floor))]
    TooLittleMemory {
        /// bytes that the run may hold
        memory: u64,
        /// bytes that it would have to
        held: u64,
        /// it keeps all pairs down to a floor, and takes the corpus in one piece
        has_floor: bool,
    },
    /// The system gives no more threads.
    #[error(
        "a thread could not be started: {0}\n\nhint: work with fewer (`--threads 1`), or raise the limit of processes"
    )]
    Thread(#[source] io::Error),
    /// The folder of the deduplicated corpus is not one that can be written to.
    #[error("`{}`: the output can't be written: {wrong}\n\nhint: {hint}", path.display())]
    Output {
        /// the output, or a place in it
        path: PathBuf,
        /// what is in the way
        wrong: String,
        /// the next move
        hint: &'static str,
    },
    /// A run would remove more than its guard allows, or could use nothing of what it read; nothing was written.
    #[error("{0}")]
    Refused(String),
    /// A file of an index is not what was written.
    #[error("`{}`: damaged at byte {offset}: {found}\n\nhint: `redite index verify` looks through all files, and says what brings the index back", path.display())]
    Damaged {
        /// the file
        path: PathBuf,
        /// where in it, in bytes
        offset: u64,
        /// what stands there
        found: String,
    },
    /// A part of an index can't be read, though its file is there.
    #[error("`{}`: reading failed at byte {offset}: {source}\n\nhint: try again; where it fails again the disk has lost that part: `redite index verify` looks through all files, and says what brings the index back", path.display())]
    NotReadable {
        /// the file
        path: PathBuf,
        /// where in it, in bytes
        offset: u64,
        /// what the system said
        source: io::Error,
    },
    /// Parts of an index that has lost its manifests.
    #[error("`{}`: part of an index, but the folder has no manifest\n\nhint: put a copy of the folder in its place", path.display())]
    NoManifest {
        /// one of the files
        path: PathBuf,
    },
    /// A folder in which an index would be begun among other files.
    #[error("`{}`: it is not empty (there is `{other}`), and holds no index\n\nhint: name a folder of its own", path.display())]
    NotForAnIndex {
        /// the folder
        path: PathBuf,
        /// what is in it
        other: String,
    },
    /// An index of another version of the format.
    #[error("`{}`: format version {version}, this program knows up to {known}\n\nhint: use the version of redite that wrote the index, or a later one", path.display())]
    OtherVersion {
        /// the manifest
        path: PathBuf,
        /// what it says
        version: u32,
        /// the latest that is known
        known: u32,
    },
    /// No index where one must be.
    #[error("`{}`: {wrong}\n\nhint: {hint}", path.display())]
    NoIndex {
        /// its folder
        path: PathBuf,
        /// what is there
        wrong: &'static str,
        /// the next move
        hint: &'static str,
    },
    /// Of an index that is damaged nothing can be undone so that what is left is whole.
    #[error("{}\n\nnothing was undone: {why}\n\nhint: put a copy of the folder in its place", damage.without_hint())]
    NotUndone {
        /// what is damaged
        damage: Box<Error>,
        /// why it stays
        why: &'static str,
    },
    /// An index whose text rules are of a later version.
    #[error("`{}`: version {version} of the text rules, this program knows up to {known}\n\nhint: use the version of redite that wrote the index, or a later one", path.display())]
    OtherRules {
        /// the index
        path: PathBuf,
        /// what it says
        version: u32,
        /// the latest that is known
        known: u32,
    },
    /// An index that was made with other parameters.
    #[error("`{}`: the index was made with {name} {index}, this run has {given}\n\nhint: leave the flag out, or make another index", path.display())]
    OtherParameter {
        /// the index
        path: PathBuf,
        /// the parameter
        name: String,
        /// its value in the index
        index: String,
        /// its value in the run
        given: String,
    },
    /// A run that an index can't take, since it was made for another one, for none, or before the last change.
    #[error("`{}`: {wrong}\n\nhint: run it again with `Past::adding_to` the writer that is to keep it", path.display())]
    NotForIndex {
        /// the index
        path: PathBuf,
        /// what the run was made for
        wrong: String,
    },
    /// Another process is changing the index.
    #[error("`{}`: the index is being changed by {holder}\n\nhint: wait until it ends; reading is possible meanwhile", path.display())]
    Locked {
        /// the index
        path: PathBuf,
        /// who does
        holder: String,
    },
    /// A file that is not what a run with a floor writes beside its matches.
    #[error("`{}`: line {line}: {wrong}\n\nhint: `redite audit INPUT --floor 0.6 --matches M.jsonl` writes what `redite rethreshold M.jsonl` reads", path.display())]
    Pairs {
        /// the file
        path: PathBuf,
        /// which line, from 1
        line: u64,
        /// what is wrong with it
        wrong: String,
    },
    /// The records of a batch that an index has, in another order than it had them.
    #[error(
        "these records are batch {batch} of the index, which had them in another order: each would be a copy of itself there, and none would be kept\n\nhint: run it again with the `--prefer` and `--protect` that it was added with; or undo it first, with `redite index rollback` if it is the last one"
    )]
    OtherOrder {
        /// which one, counted from 1
        batch: u64,
    },
    /// The run was asked to stop and did; nothing was written.
    #[error("interrupted, nothing was written")]
    Interrupted,
}

impl Error {
    /// How to react.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Parameter { .. }
            | Error::Input { .. }
            | Error::UnknownFormat { .. }
            | Error::Output { .. }
            | Error::NotForAnIndex { .. }
            | Error::OtherParameter { .. }
            | Error::NotForIndex { .. }
            | Error::NoIndex { .. }
            | Error::OtherOrder { .. } => Kind::Usage,
            Error::Io { .. }
            | Error::Temporary { .. }
            | Error::Changed { .. }
            | Error::SourceChanged { .. }
            | Error::TooMany { .. }
            | Error::FullManifest { .. }
            | Error::TooLittleMemory { .. }
            | Error::Damaged { .. }
            | Error::NotReadable { .. }
            | Error::NoManifest { .. }
            | Error::NotUndone { .. }
            | Error::Thread(_)
            | Error::OtherVersion { .. }
            | Error::OtherRules { .. }
            | Error::Pairs { .. }
            | Error::Locked { .. } => Kind::Failed,
            Error::Refused(_) => Kind::Refused,
            Error::Interrupted => Kind::Interrupted,
        }
    }

    /// An [`Error::Io`] at `path` while `doing` something.
    pub(crate) fn io(path: impl Into<PathBuf>, doing: &'static str, source: io::Error) -> Self {
        Error::Io { path: path.into(), doing, source: plain(source) }
    }

    /// A folder without the index that must be there.
    pub(crate) fn no_index(path: impl Into<PathBuf>) -> Self {
        let hint = "`redite dedup --index` makes one";
        Error::NoIndex { path: path.into(), wrong: "there is no index", hint }
    }

    /// What it says, but for the next move.
    pub fn without_hint(&self) -> String {
        let told = self.to_string();
        told.split_once("\n\nhint: ").map_or_else(|| told.clone(), |(told, _)| told.to_owned())
    }

    /// Whether a part of an index is not what was written, or can't be read: an earlier generation may be whole.
    pub fn is_damage(&self) -> bool {
        matches!(self, Error::Damaged { .. } | Error::NotReadable { .. })
    }

    /// Whether a file is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// An [`Error::Temporary`] in `folder`.
    pub(crate) fn temporary(folder: impl Into<PathBuf>, source: io::Error) -> Self {
        Error::Temporary { folder: folder.into(), source: plain(source) }
    }
}

/// How a corpus is taken in pieces.
fn in_pieces(has_floor: bool) -> &'static str {
    match has_floor {
        true => "leave out `--floor`, which takes the corpus in one piece",
        false => "take the corpus in several batches with `--index`",
    }
}

/// The next move where an input can't be read.
fn about_input(path: &Path) -> &'static str {
    let is_pattern = path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte));
    match is_pattern {
        true => "no file fits that pattern; give the folder in its place, whose files are all read",
        false => "inputs are files, folders or `-` for standard input",
    }
}

/// What helps where a process has as many files open as it may.
fn about_files(error: &io::Error) -> &'static str {
    // some come with what else was known
    match cfg!(unix) && error.to_string().contains("(os error 24)") {
        true => {
            "\n\nhint: `ulimit -n` allows more; an index of many nights has fewer after `redite index compact`"
        }
        false => "",
    }
}

/// Bytes for people.
fn bytes(count: u64) -> String {
    format!("{} MiB", count.div_ceil(1 << 20))
}

/// What the system said. `tempfile` adds the random name that it tried, which tells a user nothing.
pub(crate) fn plain(error: io::Error) -> io::Error {
    let told = error.to_string();
    match told.split_once(" at path \"") {
        Some((told, _)) if error.raw_os_error().is_none() => io::Error::new(error.kind(), told),
        _ => error,
    }
}

//! What can go wrong: the file, the place in it, what was expected, what was found. The next move is told beside it, by
//! [`Error::hint`], in the names of this library; a program that has names of its own (flags, fields of a form) puts these
//! in their place. One [`Kind`] maps every error to an exit code. Records that can't be used are no errors: see
//! [`crate::document::SkipReason`].

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
    #[error("`{name}` must be {expected}, got `{got}`")]
    Parameter {
        /// its name, with dashes between the words where a flag has it, too
        name: &'static str,
        /// the range it must lie in
        expected: Cow<'static, str>,
        /// what was given
        got: String,
        /// the next move
        hint: &'static str,
    },
    /// An input path that does not exist or can't be looked at.
    #[error("`{}`: input can't be read: {source}", path.display())]
    Input {
        /// the input as given
        path: PathBuf,
        /// what the system said
        source: io::Error,
    },
    /// An input whose name tells no format.
    #[error("`{}`: unknown format, expected {expected}", path.display())]
    UnknownFormat {
        /// the input as given
        path: PathBuf,
        /// the endings that are known
        expected: &'static str,
    },
    /// Reading, writing or spooling failed.
    #[error("`{}`: {doing} failed: {source}", path.display())]
    Io {
        /// the file
        path: PathBuf,
        /// the operation
        doing: &'static str,
        /// what the system said
        source: io::Error,
    },
    /// The temporary folder fails, or is full.
    #[error("`{}`: writing a temporary file failed: {source}", folder.display())]
    Temporary {
        /// the folder
        folder: PathBuf,
        /// what the system said
        source: io::Error,
    },
    /// A document was read a second time and is not what it was.
    #[error("`{}`: record {} changed while the run was reading it", path.display(), record + 1)]
    Changed {
        /// the file
        path: PathBuf,
        /// the record's number, from 0
        record: u64,
    },
    /// A file is not what it was when the run began.
    #[error("`{}`: the file changed while the run was reading it: {what}", path.display())]
    SourceChanged {
        /// the file
        path: PathBuf,
        /// in what way
        what: String,
    },
    /// More units than the tables can number.
    #[error("the corpus has more than {limit} {what}")]
    TooMany {
        /// what there is too much of
        what: &'static str,
        /// the limit
        limit: u64,
    },
    /// The manifest of an index would be larger than one may be.
    #[error("`{}`: the list of batches, files and forgotten documents would take {bytes} bytes, expected at most {limit}", path.display())]
    FullManifest {
        /// the manifest
        path: PathBuf,
        /// bytes that it would take
        bytes: u64,
        /// the limit
        limit: u64,
    },
    /// The run would have to hold more than it may.
    #[error("{} of memory are not enough: so far about {} are needed", bytes(*memory), bytes(*held))]
    TooLittleMemory {
        /// bytes that the run may hold
        memory: u64,
        /// bytes that it would have to
        held: u64,
        /// it keeps all pairs down to a floor, and takes the corpus in one piece
        has_floor: bool,
    },
    /// The system gives no more threads.
    #[error("a thread could not be started: {0}")]
    Thread(#[source] io::Error),
    /// The folder of the deduplicated corpus is not one that can be written to.
    #[error("`{}`: the output can't be written: {wrong}", path.display())]
    Output {
        /// the output, or a place in it
        path: PathBuf,
        /// what is in the way
        wrong: String,
        /// the next move
        hint: &'static str,
    },
    /// A run would remove more than its guard allows, or could use nothing of what it read; nothing was written.
    #[error("nothing was written: {0}")]
    Refused(Refusal),
    /// A file of an index is not what was written.
    #[error("`{}`: damaged at byte {offset}: {found}", path.display())]
    Damaged {
        /// the file
        path: PathBuf,
        /// where in it, in bytes
        offset: u64,
        /// what stands there
        found: String,
    },
    /// A part of an index can't be read, though its file is there.
    #[error("`{}`: reading failed at byte {offset}: {source}", path.display())]
    NotReadable {
        /// the file
        path: PathBuf,
        /// where in it, in bytes
        offset: u64,
        /// what the system said
        source: io::Error,
    },
    /// Parts of an index that has lost its manifests.
    #[error("`{}`: part of an index, but the folder has no manifest", path.display())]
    NoManifest {
        /// one of the files
        path: PathBuf,
    },
    /// A folder in which an index would be begun among other files.
    #[error("`{}`: it is not empty (there is `{other}`), and holds no index", path.display())]
    NotForAnIndex {
        /// the folder
        path: PathBuf,
        /// what is in it
        other: String,
    },
    /// An index of another version of the format.
    #[error("`{}`: format version {version}, this program knows up to {known}", path.display())]
    OtherVersion {
        /// the manifest
        path: PathBuf,
        /// what it says
        version: u32,
        /// the latest that is known
        known: u32,
    },
    /// No index where one must be.
    #[error("`{}`: {wrong}", path.display())]
    NoIndex {
        /// its folder
        path: PathBuf,
        /// what is there
        wrong: &'static str,
        /// the next move
        hint: &'static str,
    },
    /// Of an index that is damaged nothing can be undone so that what is left is whole.
    #[error("{damage}\n\nnothing was undone: {why}")]
    NotUndone {
        /// what is damaged
        damage: Box<Error>,
        /// why it stays
        why: &'static str,
    },
    /// An index whose text rules are of a later version.
    #[error("`{}`: version {version} of the text rules, this program knows up to {known}", path.display())]
    OtherRules {
        /// the index
        path: PathBuf,
        /// what it says
        version: u32,
        /// the latest that is known
        known: u32,
    },
    /// An index that was made with other parameters.
    #[error("`{}`: the index was made with {name} {index}, this run has {given}", path.display())]
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
    #[error("`{}`: {wrong}", path.display())]
    NotForIndex {
        /// the index
        path: PathBuf,
        /// what the run was made for
        wrong: String,
    },
    /// Another process is changing the index.
    #[error("`{}`: the index is being changed by {holder}", path.display())]
    Locked {
        /// the index
        path: PathBuf,
        /// who does
        holder: String,
    },
    /// A file that is not what a run with a floor writes beside its matches.
    #[error("`{}`: line {line}: {wrong}", path.display())]
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
        "these records are batch {batch} of the index, which had them in another order: each would be a copy of itself there, and none would be kept"
    )]
    OtherOrder {
        /// which one, counted from 1
        batch: u64,
    },
    /// The run was asked to stop and did; nothing was written.
    #[error("interrupted, nothing was written")]
    Interrupted,
}

/// Why a run is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing of what was read can be used.
    #[error("{told}")]
    Unusable {
        /// how much, with the reasons and the first place of each, on several lines
        told: String,
        /// the next move
        hint: &'static str,
    },
    /// More would be removed than [`crate::dedup::Rules::max_removed`] allows.
    #[error("more than {limit} would be removed (`Rules::max_removed`)\n\n{findings}")]
    TooMuch {
        /// the share that may be: `50 %`
        limit: String,
        /// what exceeds it, with examples, on several lines
        findings: String,
        /// the index that the run was matched against
        index: Option<PathBuf>,
    },
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
        let hint = "`Archive::adding` makes one";
        Error::NoIndex { path: path.into(), wrong: "there is no index", hint }
    }

    /// The next move, in the names of this library.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Error::Parameter { hint, .. } | Error::Output { hint, .. } | Error::NoIndex { hint, .. } => hint,
            Error::Input { path, .. } => about_input(path),
            Error::UnknownFormat { .. } => "name the format with `document::Format`",
            Error::Io { source, .. } => return about_files(source),
            Error::Temporary { .. } => "`Surroundings::temporary` takes a folder that exists and has room",
            Error::Changed { .. } => "run again when nothing writes to the input",
            Error::SourceChanged { .. } => "run again when nothing writes to the input, or on a copy of it",
            Error::TooMany { .. } => "split it into batches",
            Error::FullManifest { .. } => FORGET_WHOLE,
            Error::TooLittleMemory { has_floor, .. } => about_memory(*has_floor),
            Error::Thread(_) => {
                "work with fewer (`rayon::ThreadPoolBuilder`), or raise the limit of processes"
            }
            Error::Refused(Refusal::Unusable { hint, .. }) => hint,
            Error::Refused(Refusal::TooMuch { .. }) => {
                "look at the copies with `pipeline::audit`, or raise `Rules::max_removed`"
            }
            Error::Damaged { .. } => {
                "`Index::verify` looks through all files, `index::undoing::undo` goes back to what is whole"
            }
            Error::NotReadable { .. } => {
                "try again; where it fails again the disk has lost that part: `index::undoing::undo` goes back to what is whole"
            }
            Error::NoManifest { .. } | Error::NotUndone { .. } => "put a copy of the folder in its place",
            Error::NotForAnIndex { .. } => "name a folder of its own",
            Error::OtherVersion { .. } | Error::OtherRules { .. } => {
                "use the version of redite that wrote the index, or a later one"
            }
            Error::OtherParameter { .. } => {
                "take the parameters from `Archive::params`, or make another index"
            }
            Error::NotForIndex { .. } => "run it again with `Past::adding_to` the writer that is to keep it",
            Error::Locked { .. } => "wait until it ends; reading is possible meanwhile",
            Error::Pairs { .. } => "`report::pairs::write` writes them, of a run with `Params::floor`",
            Error::OtherOrder { .. } => {
                "run it again with the `Order` that it was added with; or undo it first, with `index::undoing::undo` if it is the last one"
            }
            Error::Interrupted => return None,
        })
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

/// What helps where the list of what is forgotten is full.
const FORGET_WHOLE: &str = "what is forgotten stays listed, 8 bytes for documents in a row, and `compact` does not \
                            shorten that; forget whole sources or nights, or begin a new index with what \
                            `Index::each_document` gives";

/// What helps where memory is too small.
fn about_memory(has_floor: bool) -> &'static str {
    match has_floor {
        true => {
            "allow more with `Surroundings::memory`, look for fewer units with `Params::units`, leave out large records \
             with `Params::max_record`, or leave out `Params::floor`, which takes the corpus in one piece"
        }
        false => {
            "allow more with `Surroundings::memory`, look for fewer units with `Params::units`, leave out large records \
             with `Params::max_record`, or take the corpus in several batches with `Archive`"
        }
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

/// What helps where a process has as many files open as it may, or where an error of this library came through a writer.
fn about_files(error: &io::Error) -> Option<&'static str> {
    if let Some(within) = error.get_ref().and_then(|within| within.downcast_ref::<Error>()) {
        return within.hint();
    }
    // some come with what else was known
    let is_full = cfg!(unix) && error.to_string().contains("(os error 24)");
    is_full.then_some("`ulimit -n` allows more; an index of many nights has fewer after `Writer::compact`")
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

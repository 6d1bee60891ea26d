//! `redite index`: looking after what has been kept.

mod forget;
mod stats;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use clap::Subcommand;
use redite::dedup::Removal;
use redite::error::Error;
use redite::index::stats::BatchStats;
use redite::index::store::{Folder, Store};
use redite::index::{Identity, Index, Lock, Undone, Writer};
use redite::metrics::Metrics;
use redite::outcome::Outcome;
use redite::params::Params;
use redite::past::Past;
use redite::pipeline::Inputs;
use redite::read::sources::Sources;
use redite::report;
use redite::write::Pending;

use crate::args::Usage;
use crate::index::forget::ForgetArgs;
use crate::interrupt::{Interrupt, StopsWriting};
#[cfg(feature = "parquet")]
use crate::outputs::names_table;
use crate::outputs::{Files, Form, Target, not_in, target};

/// What can be done with an index.
#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    /// Tell what an index holds: batches, documents, paragraphs, parameters, bytes on disk by part
    Stats {
        /// The index
        dir: PathBuf,
        /// As one JSON object: one line, where standard output is not a terminal
        #[arg(long)]
        json: bool,
    },
    /// Read every file: checksums, order, and that whatever is named is there; names file and byte
    Verify {
        /// The index
        dir: PathBuf,
    },
    /// Take documents out of all answers at once; `compact` takes them off the disk
    ///
    /// With `--id` and `--source` those that have one of the ids and come from one of the sources. A record without an id
    /// is forgotten with its source, which takes all records of that. Nothing undoes it: `rollback` undoes batches, and
    /// does not bring back what was forgotten. So look with `--dry-run` first.
    ///
    /// It tells which documents stay and repeat what is forgotten, as far as the matches of the index tell.
    ///
    /// What is named and not there is an error (exit code 1); all else that is named is forgotten none the less.
    Forget(ForgetArgs),
    /// Write all of it anew, without what has been forgotten
    Compact {
        /// The index
        dir: PathBuf,
    },
    /// Undo the last batch; or, where that is damaged, the last change
    ///
    /// If the last change forgot documents and the batch before it is damaged, that batch is removed; documents forgotten
    /// from other batches stay forgotten.
    ///
    /// What would be left is read and checked first: where that is damaged, too, nothing is undone (exit code 1), as where
    /// there is no batch.
    Rollback {
        /// The index
        dir: PathBuf,
    },
    /// Write what an index knows, one JSON object a line, or as Parquet where a name ends in `.parquet`
    Export {
        /// The index
        dir: PathBuf,
        /// The matches of all copies, as `--matches` wrote them; `-` is standard output [default: -, where
        /// no documents are asked for]
        #[arg(long, value_name = "FILE")]
        matches: Option<PathBuf>,
        /// All documents with their id, source, record and, where something can match it, text; `-` is
        /// standard output
        #[arg(long, value_name = "FILE")]
        documents: Option<PathBuf>,
    },
}

/// Does it.
pub(crate) fn run(command: &IndexCommand) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::watch()?;
    let mut to = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let done = interrupt.told(tell(command, &interrupt, &mut to)).and_then(|()| {
        interrupt.printing();
        Ok(to.flush()?)
    });
    interrupt.done();
    let is_closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    match done {
        // whoever reads has seen enough
        Err(error) if error.downcast_ref().is_some_and(is_closed) => {}
        done => done?,
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(command: &IndexCommand, interrupt: &Interrupt, to: &mut impl Write) -> anyhow::Result<()> {
    match command {
        IndexCommand::Stats { dir, json } => stats::tell(&*open(dir)?, *json, to)?,
        IndexCommand::Verify { dir } => verify(dir, to)?,
        IndexCommand::Forget(args) => forget::run(args, interrupt, to)?,
        IndexCommand::Compact { dir } => {
            let mut writer = writer(dir, interrupt)?;
            let before = writer.index().map(|index| index.stats()).transpose()?.map_or(0, |s| s.bytes.total);
            writer.compact()?;
            let after = writer.index().map(|index| index.stats()).transpose()?.map_or(0, |s| s.bytes.total);
            writeln!(to, "{} bytes before, {} after", report::number(before), report::number(after))?;
        }
        IndexCommand::Rollback { dir } => rollback(dir, interrupt, to)?,
        IndexCommand::Export { dir, matches, documents } => {
            let files = [matches.as_deref(), documents.as_deref()];
            files.into_iter().flatten().try_for_each(|path| not_in(path, (dir, "index")))?;
            export(&*open(dir)?, files, interrupt, to)?;
        }
    }
    Ok(())
}

/// The index that a run is matched against, and may add to.
pub(crate) struct Archive {
    index: Option<Arc<Index>>,
    writer: Option<Writer>,
}

impl Archive {
    /// The index that the flags name, to read.
    pub(crate) fn reading(dir: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Archive { index: dir.map(open).transpose()?, writer: None })
    }

    /// The index that the flags name, to add to; it need not be there yet, unless that is asked for.
    pub(crate) fn adding(dir: Option<&Path>, is_there: bool) -> anyhow::Result<Self> {
        let Some(dir) = dir else { return Ok(Archive { index: None, writer: None }) };
        if is_there {
            there(
                dir,
                "is its volume mounted? The first night, which makes it, goes without `--no-new-index`",
            )?;
        }
        let folder = Folder::new(dir);
        // the lock is a file in it, too
        Writer::check_beginning(&folder)?;
        let lock = Lock::take(&folder)?;
        let writer = Writer::open(Arc::new(folder), Some(lock))?;
        Ok(Archive { index: writer.index().cloned(), writer: Some(writer) })
    }

    /// The parameters of the index, else these.
    pub(crate) fn params(&self, defaults: Params) -> Params {
        self.index.as_ref().map_or(defaults, |index| index.params().clone())
    }

    /// What a run reads: these sources, against the index.
    pub(crate) fn inputs(&self, sources: Sources) -> Inputs {
        let past = match (&self.writer, &self.index) {
            (Some(writer), _) => Some(Past::adding_to(writer)),
            (None, index) => index.clone().map(Past::asking),
        };
        Inputs { past, ..sources.into() }
    }

    /// Whether there is something in it.
    pub(crate) fn has_index(&self) -> bool {
        self.index.is_some()
    }

    /// Whether the index has this batch already.
    pub(crate) fn knows(&self, identity: Identity) -> bool {
        self.index.as_ref().is_some_and(|index| index.knows(identity))
    }

    /// Refuses a batch that the index has in another order.
    pub(crate) fn check_order(&self, outcome: &Outcome) -> anyhow::Result<()> {
        let index = self.index.as_ref().filter(|_| self.writer.is_some());
        Ok(index.map_or(Ok(()), |index| redite::keep::check_order(outcome, index))?)
    }

    /// The batch that this one is once more, with other ids or file names.
    pub(crate) fn repeated_batch(&self, outcome: &Outcome) -> Option<u64> {
        let index = self.index.as_ref().filter(|_| self.writer.is_some());
        index.and_then(|index| redite::keep::repeated_batch(outcome, index))
    }

    /// Writes the metrics of a run that is done.
    pub(crate) fn metrics(&self, path: &Path, outcome: &Outcome, removal: &Removal) -> anyhow::Result<()> {
        let stats = self.writer.as_ref().and_then(Writer::index).map(|index| index.stats()).transpose()?;
        let ended = SystemTime::now();
        let metrics = Metrics { outcome, removal: Some(removal), index: stats.as_ref(), ended };
        Ok(Pending::write(path, |to| metrics.write(to))?.publish()?)
    }

    /// Makes the run's documents part of the index, if it is one to add to.
    pub(crate) fn keep(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        if let Some(writer) = &mut self.writer {
            redite::keep::keep(outcome, writer)?;
        }
        Ok(())
    }
}

/// Whether the flags name an index, and it has been begun.
pub(crate) fn is_there(dir: Option<&Path>) -> anyhow::Result<bool> {
    let Some(dir) = dir else { return Ok(false) };
    is_folder(dir)?;
    Ok(Index::open(Arc::new(Folder::new(dir)))?.is_some())
}

/// A snapshot of an index that must be there.
fn open(dir: &Path) -> anyhow::Result<Arc<Index>> {
    there(dir, "`redite dedup --index` makes one")
}

/// The same, with what to do where it is not there.
fn there(dir: &Path, hint: &str) -> anyhow::Result<Arc<Index>> {
    is_folder(dir)?;
    let none = || Usage(format!("`{}`: there is no index\n\nhint: {hint}", dir.display()));
    Ok(Index::open(Arc::new(Folder::new(dir)))?.ok_or_else(none)?)
}

fn is_folder(dir: &Path) -> Result<(), Usage> {
    if dir.is_file() {
        let hint = "hint: an index is a folder, which `redite dedup --index` makes";
        return Err(Usage(format!("`{}`: that is a file\n\n{hint}", dir.display())));
    }
    Ok(())
}

/// The writer of an index that must be there.
fn writer(dir: &Path, interrupt: &Interrupt) -> anyhow::Result<Writer> {
    open(dir)?;
    let (store, lock) = store(dir, interrupt)?;
    Ok(Writer::open(store, Some(lock))?)
}

/// Where an index is changed, and the right to.
fn store(dir: &Path, interrupt: &Interrupt) -> anyhow::Result<(Arc<dyn Store>, Lock)> {
    let folder = Folder::new(dir);
    let lock = Lock::take(&folder)?;
    Ok((Arc::new(StopsWriting::new(folder, interrupt)), lock))
}

/// Undoes the last batch.
fn undo(dir: &Path, interrupt: &Interrupt, to: &mut impl Write) -> anyhow::Result<()> {
    let mut writer = writer(dir, interrupt)?;
    let none = || anyhow::anyhow!("`{}`: there is no batch to undo", dir.display());
    let last = writer.index().and_then(|index| index.last_batch());
    let undone = writer.rollback()?.ok_or_else(none)?;
    tell_undone((&writer, &undone), last.as_ref(), "", to)?;
    if let Some(hint) = forget_again(&undone) {
        crate::say("warning", &hint);
    }
    Ok(())
}

/// Tells of a batch that is undone; `last` is the same as the index told it, where that could be opened.
fn tell_undone(
    (writer, undone): (&Writer, &Undone),
    last: Option<&BatchStats>,
    how: &str,
    to: &mut impl Write,
) -> io::Result<()> {
    let left = writer.index().map_or(0, |index| index.batches().len());
    let documents = report::count(undone.batch.documents(), "document", "documents");
    let sources = last.and_then(stats::sources).map(|sources| format!(" of {sources}"));
    let sources = sources.unwrap_or_default();
    let digest = undone.batch.digest;
    writeln!(to, "undone: batch {} ({documents}{sources}, digest {digest:032x}){how}", left + 1)
}

/// Who has to erase a text must hear of it where nothing knows that any more.
fn forget_again(undone: &Undone) -> Option<String> {
    let forgotten = report::count(undone.forgotten, "document", "documents");
    let again = "of it had been forgotten: when the batch comes again, forget them again";
    (undone.forgotten > 0).then(|| format!("{forgotten} {again}"))
}

/// Reads both generations. What is damaged is told with what helps.
fn verify(dir: &Path, to: &mut impl Write) -> anyhow::Result<()> {
    let whole = |error| {
        let store: Arc<dyn Store> = Arc::new(Folder::new(dir));
        with_hint(error, |damage| match Index::can_go_back(&store) {
            true => format!(
                "{damage}\n\nhint: `redite index rollback` undoes the last change, and leaves an index that is whole"
            ),
            false => format!("{damage}\n\nhint: {COPY}; without the last batch it is damaged, too"),
        })
    };
    let index = open(dir).and_then(|index| Ok(index.verify().map(|()| index)?)).map_err(whole)?;
    writeln!(to, "generation {}: every file is whole", index.generation())?;
    let before = || -> anyhow::Result<_> {
        let Some(before) = index.before()? else { return Ok(None) };
        before.verify_beside(Some(&index))?;
        Ok(Some(before.generation()))
    };
    let hint = "hint: only the previous generation, which `rollback` would restore, is damaged; the next change replaces it";
    if let Some(before) =
        before().map_err(|error| with_hint(error, |damage| format!("{damage}\n\n{hint}")))?
    {
        writeln!(to, "generation {before}, to go back to: every file is whole")?;
    }
    Ok(())
}

/// The next move where no generation is whole.
const COPY: &str = "put a copy of the folder in its place";

/// An error that tells of damage, told anew: its text without its hint is given.
fn with_hint(error: anyhow::Error, tell: impl FnOnce(&str) -> String) -> anyhow::Error {
    match error.downcast_ref::<Error>() {
        Some(damaged) if damaged.is_damage() => anyhow::Error::msg(tell(&without_hint(damaged))),
        _ => error,
    }
}

fn without_hint(error: &Error) -> String {
    let told = error.to_string();
    told.split_once("\n\nhint: ").map_or_else(|| told.clone(), |(damage, _)| damage.to_owned())
}

/// Undoes the last batch; where the index, or what has to be written anew, is damaged, the last change, or the last batch
/// without a look at its files. What is left is whole, or nothing is undone.
fn rollback(dir: &Path, interrupt: &Interrupt, to: &mut impl Write) -> anyhow::Result<()> {
    let opened = open(dir);
    let last = opened.as_ref().ok().and_then(|index| index.last_batch());
    let opened = opened.map(drop);
    let is_open = opened.is_ok();
    let damage =
        match opened.and_then(|()| undo(dir, interrupt, to)).map_err(anyhow::Error::downcast::<Error>) {
            Ok(()) => return Ok(()),
            Err(Ok(damage)) if damage.is_damage() => without_hint(&damage),
            Err(Ok(error)) => return Err(error.into()),
            Err(Err(error)) => return Err(error),
        };
    let stays = |before: &str| {
        let why = if is_open { "earlier batches have that file, too" } else { before };
        anyhow::anyhow!("{damage}\n\nnothing was undone: {why}\n\nhint: {COPY}")
    };
    let (store, lock) = store(dir, interrupt)?;
    // where the generation before is not whole either, what is wrong with the last one is told
    let (writer, undone) = match Writer::go_back(store, Some(lock)) {
        Ok(back) => back,
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Err(stays("there is no generation before to go back to"));
        }
        Err(error) if error.is_damage() => return Err(stays("the generation before is damaged, too")),
        Err(error) => return Err(error.into()),
    };
    if let Some(undone) = undone {
        tell_undone((&writer, &undone), last.as_ref(), ", which is damaged", to)?;
        let again =
            forget_again(&undone).unwrap_or_else(|| "all that was forgotten stays forgotten".to_owned());
        crate::say("warning", &format!("{damage}\n\nhint: run that batch again; {again}"));
        return Ok(());
    }
    let batches = writer.index().map_or(0, |index| index.batches().len());
    let batches = format!("{batches} {}", if batches == 1 { "batch" } else { "batches" });
    writeln!(to, "undone: the last change, which is damaged; the index has {batches}")?;
    let hint = "hint: what that change brought, or made forgotten, has to be done again";
    crate::say("warning", &format!("{damage}\n\n{hint}"));
    Ok(())
}

/// Each list goes to its file, or to standard output.
fn export(
    index: &Index,
    [matches, documents]: [Option<&Path>; 2],
    interrupt: &Interrupt,
    to: &mut impl Write,
) -> anyhow::Result<()> {
    let matches = if documents.is_none() { matches.or(Some(Path::new("-"))) } else { matches };
    let lists @ [matches, documents] = [matches, documents].map(|path| path.map(target));
    if let [Some(Target::Stdout), Some(Target::Stdout)] = lists {
        let wrong = "only one of `--matches -` and `--documents -` can have standard output";
        return Err(Usage(format!("{wrong}\n\nhint: give one of them a file")).into());
    }
    let mut places = Files::default();
    for (to, name) in lists.into_iter().zip(["matches", "list of documents"]) {
        if let Some(Target::File(path)) = to {
            places.take(path, name, Form::Rows)?;
        }
    }
    let lists = [(documents, List::Documents), (matches, List::Matches)];
    let mut named = Vec::new();
    let mut printed = Vec::new();
    for (place, list) in lists {
        match place {
            Some(Target::Stdout) => printed.push(list),
            Some(Target::File(path)) => named.push((path, list)),
            None => {}
        }
    }
    if !named.is_empty() {
        interrupt.writing()?;
    }
    let written = named.into_iter().map(|(path, list)| {
        interrupt.write(path, |to| list.write(index, path, to).map_err(io::Error::other))
    });
    let written = written.collect::<Result<Vec<_>, _>>();
    // whatever a writer that was stopped may call it
    interrupt.check()?;
    written?.into_iter().try_for_each(Pending::publish)?;
    interrupt.printing();
    printed.into_iter().try_for_each(|list| list.lines(index, to))
}

/// A list of the index.
#[derive(Clone, Copy)]
enum List {
    Matches,
    Documents,
}

impl List {
    fn lines(self, index: &Index, to: &mut dyn Write) -> anyhow::Result<()> {
        match self {
            List::Matches => each_match(index, to),
            List::Documents => each_document(index, to),
        }
    }

    /// A table where the name ends in `.parquet`.
    fn write(self, index: &Index, path: &Path, to: &mut (impl Write + Send)) -> anyhow::Result<()> {
        #[cfg(feature = "parquet")]
        if names_table(path) {
            use redite::report::table::{write_kept_documents, write_kept_matches};
            return told(match self {
                List::Matches => write_kept_matches(index, to),
                List::Documents => write_kept_documents(index, to),
            });
        }
        #[cfg(not(feature = "parquet"))]
        let _ = path;
        self.lines(index, to)
    }
}

fn each_match(index: &Index, to: &mut dyn Write) -> anyhow::Result<()> {
    told(index.matches(|line| to.write_all(line).map_err(broken)))
}

fn each_document(index: &Index, to: &mut dyn Write) -> anyhow::Result<()> {
    told(index.each_document(|id, source, record, text| {
        // as in its record: a number has its digits
        let id = if id.is_empty() { "null" } else { id };
        let [source, text] = [Some(source), text].map(serde_json::Value::from);
        writeln!(to, r#"{{"id":{id},"record":{record},"source":{source},"text":{text}}}"#).map_err(broken)
    }))
}

/// A failure of whatever is written to, on its way through the index.
fn broken(source: io::Error) -> Error {
    Error::Io { path: PathBuf::new(), doing: "writing", source }
}

fn told(done: Result<(), Error>) -> anyhow::Result<()> {
    done.map_err(|error| match error {
        Error::Io { path, source, .. } if path.as_os_str().is_empty() => source.into(),
        error => error.into(),
    })
}

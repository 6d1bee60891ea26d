//! `redite index`: looking after what has been kept.

mod forget;
mod stats;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use redite::error::Error;
use redite::index::stats::BatchStats;
use redite::index::store::{Folder, Store};
use redite::index::undoing::{Undoing, undo};
use redite::index::{Index, Undone, Writer};
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
        IndexCommand::Stats { dir, json } => stats::tell(&*Index::there(dir)?, *json, to)?,
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
            export(&*Index::there(dir)?, files, interrupt, to)?;
        }
    }
    Ok(())
}

/// The writer of an index that must be there.
fn writer(dir: &Path, interrupt: &Interrupt) -> Result<Writer, Error> {
    Index::there(dir)?;
    Writer::open(store(dir, interrupt))
}

/// Where an index is changed.
fn store(dir: &Path, interrupt: &Interrupt) -> Arc<dyn Store> {
    Arc::new(StopsWriting::new(Folder::new(dir), interrupt))
}

/// Tells of a batch that is undone, of which the index may have told more, and of which so many are left.
fn tell_undone(
    undone: &Undone,
    (stats, left): (Option<&BatchStats>, u64),
    how: &str,
    to: &mut impl Write,
) -> io::Result<()> {
    let documents = report::count(undone.batch.documents(), "document", "documents");
    let sources = stats.and_then(stats::sources).map(|sources| format!(" of {sources}"));
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
    let index = Index::there(dir).and_then(|index| index.verify().map(|()| index)).map_err(whole)?;
    writeln!(to, "generation {}: every file is whole", index.generation())?;
    let before = || -> Result<_, Error> {
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

/// An error that tells of damage, told with another hint: its text is given.
fn with_hint(error: Error, tell: impl FnOnce(&str) -> String) -> anyhow::Error {
    match error.is_damage() {
        true => anyhow::Error::msg(tell(&error.to_string())),
        false => error.into(),
    }
}

/// Undoes the last batch; where something is damaged, what helps.
fn rollback(dir: &Path, interrupt: &Interrupt, to: &mut impl Write) -> anyhow::Result<()> {
    Index::check_folder(dir)?;
    match undo(&store(dir, interrupt))? {
        Undoing::Nothing => anyhow::bail!("`{}`: there is no batch to undo", dir.display()),
        Undoing::Batch { undone, stats, left } => {
            tell_undone(&undone, (stats.as_ref(), left), "", to)?;
            if let Some(hint) = forget_again(&undone) {
                crate::say("warning", &hint);
            }
        }
        Undoing::DamagedBatch { undone, stats, left, damage } => {
            tell_undone(&undone, (stats.as_ref(), left), ", which is damaged", to)?;
            let again =
                forget_again(&undone).unwrap_or_else(|| "all that was forgotten stays forgotten".to_owned());
            crate::say("warning", &format!("{damage}\n\nhint: run that batch again; {again}"));
        }
        Undoing::DamagedChange { left, damage } => {
            let batches = format!("{left} {}", if left == 1 { "batch" } else { "batches" });
            writeln!(to, "undone: the last change, which is damaged; the index has {batches}")?;
            let hint = "hint: what that change brought, or made forgotten, has to be done again";
            crate::say("warning", &format!("{damage}\n\n{hint}"));
        }
    }
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
    let written = named
        .into_iter()
        .map(|(path, list)| interrupt.write(path, |to| list.write(index, path, to).map_err(through_writer)));
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

/// An error on its way through what is written to, which can tell its hint behind that, too.
fn through_writer(error: anyhow::Error) -> io::Error {
    error.downcast::<Error>().map_or_else(io::Error::other, io::Error::other)
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

//! `redite index forget`: which documents are named, that they go, and what stays and repeats them.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use redite::index::Index;
use redite::index::forgetting::{DocumentName, Meant, Repeats};
use redite::report::{count, name, number};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::args::Usage;
use crate::interrupt::Interrupt;
use crate::{hints, outputs};

/// The most documents of a list that are told.
const LISTED: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// The index
    dir: PathBuf,
    /// Documents with this id; may be given again, and then any of them will do
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    id: Vec<String>,
    /// Documents from the file of this name, as the matches tell it; may be given again, and then any of them will do
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    source: Vec<String>,
    /// Tell what would be forgotten, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// As one JSON object: one line, where standard output is not a terminal
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told {
    dry_run: bool,
    /// documents that are forgotten now, or would be
    forgotten: u64,
    /// the first [`LISTED`] of them
    first: Vec<DocumentName>,
    /// flags that fit no document
    missing: Vec<String>,
    /// what stays and repeats them; `None` where the matches of the index are damaged
    repeats: Option<Repeats>,
}

/// Forgets all that was named and is there; that something is not there is an error behind that.
pub(super) fn run(args: &ForgetArgs, interrupt: &Interrupt, to: &mut impl Write) -> anyhow::Result<()> {
    if args.id.is_empty() && args.source.is_empty() {
        let hint = "hint: name them with `--id` or `--source`";
        return Err(Usage(format!("nothing to forget was named\n\n{hint}")).into());
    }
    let mut named = Named::new(args);
    let told = if args.dry_run {
        Told { dry_run: true, ..named.find(&*Index::there(&args.dir)?)?.1 }
    } else {
        let mut writer = super::writer(&args.dir, interrupt)?;
        let index = writer.index().cloned().context("the index is gone")?;
        let (meant, told) = named.find(&index)?;
        writer.forget_those(&meant)?;
        told
    };
    if args.json {
        writeln!(to, "{}", outputs::json(&told)?)?;
    } else {
        tell(&told, to)?;
    }
    if !told.missing.is_empty() {
        let both =
            "with `--id` and `--source` a document has one of the ids and comes from one of the sources; ";
        let both = if args.id.is_empty() || args.source.is_empty() { "" } else { both };
        let hint = format!("hint: {both}`redite index export --documents -` lists what it has");
        anyhow::bail!("the index has no document with {}\n\n{hint}", told.missing.join(", "));
    }
    if told.forgotten == 0 {
        crate::say("warning", "all of that was forgotten before");
    }
    Ok(())
}

fn tell(told: &Told, to: &mut impl Write) -> anyhow::Result<()> {
    let documents = count(told.forgotten, "document", "documents");
    if told.dry_run {
        writeln!(to, "{documents} would be forgotten")?;
        for DocumentName { id, source, record } in &told.first {
            writeln!(to, "  {}", line(source, *record, id.as_deref()))?;
        }
        more(told.forgotten, told.first.len(), to)?;
    } else {
        writeln!(to, "{documents} forgotten")?;
    }
    if let Some(Repeats { documents, first }) = &told.repeats
        && *documents > 0
    {
        let stay = count(*documents, "document stays and repeats", "documents stay and repeat");
        writeln!(to, "{stay} some of that:")?;
        for repeat in first {
            let [unit, kind] = [repeat.unit.name(), repeat.kind.name()];
            writeln!(to, "  {unit}, {kind}: {}", line(&repeat.source, repeat.record, repeat.id.as_deref()))?;
        }
        more(*documents, first.len(), to)?;
    }
    Ok(())
}

/// A document in one line, its record counted from 1.
fn line(source: &str, record: u32, id: Option<&RawValue>) -> String {
    let id = id.map(|id| format!(", id {}", name(id.get())));
    format!("{}, record {}{}", name(source), number(u64::from(record) + 1), id.unwrap_or_default())
}

fn more(all: u64, listed: usize, to: &mut impl Write) -> anyhow::Result<()> {
    match all.saturating_sub(listed as u64) {
        0 => Ok(()),
        more => Ok(writeln!(to, "  and {} more", number(more))?),
    }
}

/// All that is named. A document is meant that fits one of the ids and one of the sources, as far as there are some.
struct Named {
    ids: Vec<Id>,
    sources: Vec<Source>,
}

/// An id to be forgotten.
struct Id {
    name: String,
    /// the string that it is as JSON
    quoted: Option<String>,
    is_there: bool,
}

/// A source to be forgotten.
struct Source {
    name: String,
    is_there: bool,
}

impl Named {
    fn new(args: &ForgetArgs) -> Self {
        let id = |name: &String| {
            let quoted = serde_json::from_str(name).ok();
            Id { name: name.clone(), quoted, is_there: false }
        };
        let source = |name: &String| Source { name: name.clone(), is_there: false };
        let (ids, sources) = (args.id.iter().map(id), args.source.iter().map(source));
        Named { ids: ids.collect(), sources: sources.collect() }
    }

    /// The documents that are meant, and what there is to tell of them.
    fn find(&mut self, index: &Index) -> anyhow::Result<(Meant, Told)> {
        let meant = index.meant(|id, source| self.meets(id, source))?;
        let repeats = match index.repeats_of(&meant, LISTED) {
            // what must go goes none the less
            Err(error) if error.is_damage() => {
                let why = hints::told(&error);
                crate::say("warning", &format!("which documents stay and repeat it can't be told: {why}"));
                None
            }
            repeats => Some(repeats?),
        };
        let told = Told {
            dry_run: false,
            forgotten: meant.count(),
            first: index.names_of(&meant, LISTED)?,
            missing: self.missing(),
            repeats,
        };
        Ok((meant, told))
    }

    /// Whether a document is meant, given its id as JSON; then what it was named by is there.
    fn meets(&mut self, id: &str, source: &str) -> bool {
        let string = serde_json::from_str::<String>(id).ok();
        let fits_id = |named: &Id| named.fits(id, string.as_deref());
        let fits_source = |named: &Source| !source.is_empty() && named.name == source;
        let is_meant = (self.ids.is_empty() || self.ids.iter().any(fits_id))
            && (self.sources.is_empty() || self.sources.iter().any(fits_source));
        if is_meant {
            self.ids.iter_mut().for_each(|named| named.is_there |= fits_id(named));
            self.sources.iter_mut().for_each(|named| named.is_there |= fits_source(named));
        }
        is_meant
    }

    /// The flags that fit nothing.
    fn missing(&self) -> Vec<String> {
        let ids = self.ids.iter().filter(|named| !named.is_there);
        let sources = self.sources.iter().filter(|named| !named.is_there);
        let ids = ids.map(|named| format!("`--id {}`", named.name));
        ids.chain(sources.map(|named| format!("`--source {}`", named.name))).collect()
    }
}

impl Id {
    /// Whether it is the id of a document, of which is known that as JSON, and as a string where it is one. An id is meant
    /// as it stands in its record, a string also without quotes, whatever its escapes. A document without one (empty)
    /// never is.
    fn fits(&self, id: &str, string: Option<&str>) -> bool {
        let same = |name: &str| string == Some(name);
        !id.is_empty() && (self.name == id || same(&self.name) || self.quoted.as_deref().is_some_and(same))
    }
}

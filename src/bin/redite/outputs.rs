//! Where the answers go: files, or standard output. All that can be known to be wrong is told before the run.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use redite::document::escape_controls;
use redite::error::Error;
use redite::read::sources::{Sources, is_read};
use redite::report::pairs;
use redite::write::Pending;
use redite::write::places::{absolute, is_same, lies_in};

use crate::args::{RunArgs, Usage};

/// What `--json` prints: one object, on a line of its own, so that the nights of a year can stand in one file; where
/// standard output is a terminal on many lines.
pub(crate) fn json(told: &impl serde::Serialize) -> serde_json::Result<String> {
    let json = match io::stdout().is_terminal() {
        true => serde_json::to_string_pretty(told),
        false => serde_json::to_string(told),
    }?;
    Ok(escape_controls(&json).unwrap_or(json))
}

/// The most links that are followed from a name to standard output.
const LINKS: usize = 40;

/// Where one answer goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    File(&'a Path),
    Stdout,
}

/// Where the matches, the report and the list of what is removed go.
#[derive(Debug)]
pub(crate) struct Outputs<'a> {
    pub(crate) matches: Option<Target<'a>>,
    pub(crate) report: Option<Target<'a>>,
    pub(crate) removed: Option<Target<'a>>,
    /// the pairs beside the matches, where there is a floor
    pub(crate) pairs: Option<PathBuf>,
    /// files that lie in an input and that the next run would read
    pub(crate) read_next: Vec<PathBuf>,
}

impl<'a> Outputs<'a> {
    /// Checks that the answers have a place, each its own, and none the place of an input or in the folder of another
    /// answer or of the index. `folder` is where the records go.
    pub(crate) fn of(
        args: &'a RunArgs,
        [removed, metrics]: [Option<&'a Path>; 2],
        folder: Option<&'a Path>,
        sources: &Sources,
    ) -> anyhow::Result<Self> {
        let given = [args.matches.as_deref(), args.report.as_deref(), removed];
        let all @ [matches, report, removed] = given.map(|path| path.map(target));
        let to_stdout = all.iter().filter(|to| matches!(to, Some(Target::Stdout))).count();
        if to_stdout + usize::from(args.json || args.explain) > 1 {
            let hint = "hint: give `--matches`, `--report` or `--removed` a file";
            let wrong = "only one of `--matches -`, `--report -`, `--removed -` and the summary (`--json`, `--explain`) can have standard output";
            return Err(Usage(format!("{wrong}\n\n{hint}")).into());
        }
        let pairs = match (matches, args.floor) {
            (Some(Target::File(path)), Some(_)) if pairs::is_pairs(path) => {
                let hint = "hint: leave `.pairs` away: the pairs get a file of their own beside the matches";
                let wrong = format!(
                    "`{}`: with `--floor` that is the name of the pairs, not of the matches",
                    path.display()
                );
                return Err(Usage(format!("{wrong}\n\n{hint}")).into());
            }
            (Some(Target::File(path)), Some(_)) => Some(pairs::beside(path)),
            (Some(Target::Stdout), Some(_)) => {
                let hint = "hint: give `--matches` a file";
                let wrong = "`--floor`: the pairs are written beside the matches, which have no place";
                return Err(Usage(format!("{wrong}\n\n{hint}")).into());
            }
            _ => None,
        };
        if let Some((path, Target::Stdout)) = metrics.map(|path| (path.display(), target(path))) {
            let hint = "hint: `--metrics` takes a file, such as `redite.prom`";
            return Err(Usage(format!("`{path}`: the metrics can't go to standard output\n\n{hint}")).into());
        }
        let more = [pairs.as_deref().map(Target::File), metrics.map(Target::File)];
        let names = ["matches", "report", "list of what is removed", "pairs beside the matches", "metrics"];
        let folders = [(folder, "output"), (args.index.as_deref(), "index")];
        let folders = folders.into_iter().filter_map(|(folder, name)| Some((folder?, name)));
        let folders: Vec<(&Path, &str)> = folders.collect();
        apart(&folders)?;
        if let (Some(index), Some(_)) = (&args.index, folder) {
            beside_inputs(index, &args.inputs)?;
        }
        let inputs: Vec<PathBuf> = args.inputs.iter().filter_map(|input| absolute(input).ok()).collect();
        let mut read_next = Vec::new();
        let forms = [Form::Rows, Form::Other, Form::Rows, Form::Other, Form::Other];
        let mut files = Files::default();
        for ((to, name), form) in all.into_iter().chain(more).zip(names).zip(forms) {
            let Some(Target::File(path)) = to else { continue };
            not_an_input(path, sources)?;
            let own = files.take(path, name, form)?;
            folders.iter().try_for_each(|folder| not_in(path, *folder))?;
            let is_inside = inputs.iter().any(|input| *input != own && own.starts_with(input));
            if is_inside && (is_read(path) || args.format().is_some()) {
                // a night must be what it was when it is run again
                if let (Some(_), Some(_)) = (&args.index, folder) {
                    let hint = format!("hint: the {name} of a night goes beside the inputs, not into them");
                    let wrong = "lies in an input, and would be read when the night is run again";
                    return Err(Usage(format!("`{}`: {wrong}\n\n{hint}", path.display())).into());
                }
                read_next.push(path.to_path_buf());
            }
        }
        Ok(Outputs { matches, report, removed, pairs, read_next })
    }

    /// Whether standard output is free for the summary.
    pub(crate) fn leave_stdout(&self) -> bool {
        ![self.matches, self.report, self.removed].iter().any(|to| matches!(to, Some(Target::Stdout)))
    }
}

/// What is written into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON lines, or a table where the name asks for one
    Rows,
    /// JSON lines alone
    Lines,
    /// a page, metrics, pairs
    Other,
}

/// The files that answers go to, as they are taken: each is good for its answer, and is one answer's.
#[derive(Default)]
pub(crate) struct Files(Vec<(PathBuf, &'static str)>);

impl Files {
    /// Takes a file for the answer that is called `name`; returns where the file is, without links.
    pub(crate) fn take(&mut self, path: &Path, name: &'static str, form: Form) -> anyhow::Result<PathBuf> {
        let refuse = |wrong: &str, hint: &str| {
            Err(Usage(format!("`{}`: {wrong}\n\nhint: {hint}", path.display())).into())
        };
        not_packed(path, name)?;
        match form {
            Form::Lines if names_table(path) => {
                return refuse(
                    &format!("the {name} come as JSON lines"),
                    "name a file that ends in `.jsonl`",
                );
            }
            Form::Rows if names_table(path) && cfg!(not(feature = "parquet")) => {
                return refuse("this build has no Parquet", "give it a name that ends in `.jsonl`");
            }
            _ => {}
        }
        has_a_place(path)?;
        let own = absolute(path)?;
        if let Some((_, other)) = self.0.iter().find(|(file, _)| *file == own) {
            return refuse(&format!("the {other} and the {name} can't be one file"), "name a file for each");
        }
        self.0.push((own.clone(), name));
        Ok(own)
    }
}

/// Refuses a file in a folder that is not for it.
pub(crate) fn not_in(path: &Path, (folder, name): (&Path, &str)) -> anyhow::Result<()> {
    let is_file = fs::metadata(path).map_or(true, |metadata| metadata.is_file());
    if is_file && absolute(path)?.starts_with(absolute(folder)?) {
        let hint = format!("hint: write it outside of `{}`", folder.display());
        return Err(Usage(format!("`{}`: it lies in the {name}\n\n{hint}", path.display())).into());
    }
    Ok(())
}

/// Refuses an index among the inputs: its files would be read, or ignored, with theirs.
fn beside_inputs(index: &Path, inputs: &[PathBuf]) -> anyhow::Result<()> {
    let target = absolute(index)?;
    for input in inputs.iter().filter(|input| input.is_dir()) {
        if lies_in(&target, &absolute(input)?) {
            let (index, input) = (index.display(), input.display());
            let hint = "hint: give it a folder of its own, beside the inputs";
            return Err(
                Usage(format!("`{index}`: the index can't lie in the input `{input}`\n\n{hint}")).into()
            );
        }
    }
    Ok(())
}

/// Refuses folders of which one is, or lies in, another.
fn apart(folders: &[(&Path, &str)]) -> anyhow::Result<()> {
    for (folder, name) in folders {
        let others = folders.iter().filter(|(_, other)| other != name);
        for (other, other_name) in others {
            if absolute(folder)?.starts_with(absolute(other)?) {
                let (folder, other) = (folder.display(), other.display());
                let hint = "hint: give each a folder of its own";
                let wrong = format!("`{folder}`: the {name} can't lie in the {other_name} `{other}`");
                return Err(Usage(format!("{wrong}\n\n{hint}")).into());
            }
        }
    }
    Ok(())
}

/// Whether a name asks for Parquet.
pub(crate) fn names_table(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

/// The names that standard output goes by are known, so that nothing is ever renamed onto them.
pub(crate) fn target(path: &Path) -> Target<'_> {
    if path == Path::new("-") || leads_to_stdout(path) { Target::Stdout } else { Target::File(path) }
}

/// Whether a path names standard output, however it is spelled, or is a link that leads to such a name.
fn leads_to_stdout(path: &Path) -> bool {
    let names = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(Path::new);
    let of_process = Path::new("/proc/self/fd").canonicalize().ok();
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        if names.contains(&&*path) {
            return true;
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Ok(folder) = folder.canonicalize() else { return false };
        let plain = folder.join(name);
        if names.contains(&&*plain) || of_process.as_ref() == Some(&folder) && name == "1" {
            return true;
        }
        let Ok(leads_to) = fs::read_link(&plain) else { return false };
        path = folder.join(leads_to);
    }
    false
}

/// Answers are written as they are: a name that promises a packed file would not be true.
fn not_packed(path: &Path, name: &str) -> anyhow::Result<()> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ["gz", "zst", "bz2", "xz"].iter().any(|packed| ending.eq_ignore_ascii_case(packed)) {
        let wrong = format!("`{}`: the {name} would not be packed", path.display());
        let hint = format!("hint: leave `.{ending}` away, and pack the file afterwards");
        return Err(Usage(format!("{wrong}\n\n{hint}")).into());
    }
    Ok(())
}

/// Inputs are never changed.
fn not_an_input(path: &Path, sources: &Sources) -> anyhow::Result<()> {
    let Some(metadata) = fs::metadata(path).ok().filter(fs::Metadata::is_file) else { return Ok(()) };
    // equal sizes first: they are known, and looking at each of a million inputs would take a while
    let same_size = sources.files.iter().filter(|source| source.size == metadata.len());
    let mut same_size = same_size.filter_map(|source| source.path.as_deref());
    if same_size.any(|input| is_same(input, path)) {
        let path = path.display();
        let wrong = format!("`{path}`: the output is an input of this run");
        return Err(Usage(format!("{wrong}\n\nhint: write it outside of the inputs")).into());
    }
    Ok(())
}

/// A run may take hours; that its output has no folder is better known before.
fn has_a_place(path: &Path) -> anyhow::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return Ok(());
    }
    let refuse = |wrong: String, hint| Err(Error::Output { path: path.to_path_buf(), wrong, hint }.into());
    if path.is_dir() || path.file_name().is_none() {
        return refuse("it is a folder".to_owned(), "name a file");
    }
    if path.to_string_lossy().ends_with(std::path::is_separator) {
        return refuse("a name that ends so is a folder's".to_owned(), "name a file");
    }
    if path.is_symlink() && !path.exists() {
        return refuse("it is a link that leads nowhere".to_owned(), "remove it, or name another file");
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(Pending::check(path)?),
        Ok(_) => refuse(format!("`{}` is no folder", folder.display()), "name a file in a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse(format!("there is no folder `{}`", folder.display()), "make it first")
        }
        Err(source) => Err(Error::Io { path: path.to_path_buf(), doing: "writing", source }.into()),
    }
}

/// The same for the folder of temporary files, where the user names one.
pub(crate) fn check_temporary(folder: &Path) -> Result<(), Error> {
    let refuse = |hint| {
        let (name, expected) = ("temp-dir", "a folder that is there".into());
        Err(Error::Parameter { name, expected, got: folder.display().to_string(), hint })
    };
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => refuse("that is a file: name a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => refuse("make it first"),
        Err(source) => Err(Error::Temporary { folder: folder.to_path_buf(), source }),
    }
}

//! Where each file of the deduplicated corpus goes, and what the place says of its source.
//!
//! One folder given: its files keep their places below it. Several inputs, or files: as `cp -r` does, each
//! under its own name. Nothing that the inputs hold can lead out of the output's folder: places are made of
//! the names of files and folders alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::document::{Format, Source};
use crate::error::{Error, Result};
#[cfg(unix)]
use crate::index::store::identity;
use crate::read::sources::shown;
use crate::write::folder::is_mounted;
use crate::write::leftover;

/// A place below the output for each source, in corpus order.
#[derive(Debug, Clone, Default)]
pub struct Places {
    paths: Vec<PathBuf>,
    sources: Vec<String>,
    /// the folders of the inputs that those below the output stand for
    folders: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

impl Places {
    /// Places for `files`, which were found in `inputs`.
    ///
    /// # Errors
    /// [`Error::Output`] where two files would have one place, or one can't be written again.
    ///
    /// # Panics
    /// Where a file was found in none of these inputs.
    pub fn new(inputs: &[PathBuf], files: &[Source]) -> Result<Self> {
        let only_folder = inputs.len() == 1;
        let roots: Vec<PathBuf> = inputs.iter().map(|input| root(input, only_folder)).collect();
        let mut places = Places::default();
        for file in files {
            can_be_written(file)?;
            let input = &inputs[file.input as usize];
            let path = below(input, &roots[file.input as usize], file);
            places.sources.push(source_name(&path, input, file));
            let root = &roots[file.input as usize];
            if let Some(found) = file.path.as_deref().filter(|found| *found != input) {
                let pairs = path.ancestors().zip(found.ancestors()).skip(1);
                for (place, folder) in pairs.take_while(|(place, _)| place.starts_with(root)) {
                    places.folders.entry(place.to_path_buf()).or_default().insert(folder.to_path_buf());
                }
            }
            places.paths.push(path);
        }
        places.apart(files)?;
        Ok(places)
    }

    /// The place of each file, relative to the output.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The same for people and patterns; no two are alike.
    pub fn names(&self) -> Vec<String> {
        self.paths.iter().map(|path| shown(path)).collect()
    }

    /// The folders of the inputs that each folder below the output stands for; it is itself the empty place.
    pub(crate) fn folders(&self) -> &BTreeMap<PathBuf, BTreeSet<PathBuf>> {
        &self.folders
    }

    /// What the place of each file calls its source: the first folder on the way to it; a file with records
    /// that lies in none is a source itself; texts that lie in none belong to their input.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// Checks that no two files share a place, and none is where another needs a folder.
    fn apart(&self, files: &[Source]) -> Result<()> {
        let mut taken: BTreeMap<&Path, usize> = BTreeMap::new();
        let mut folders: BTreeSet<&Path> = BTreeSet::new();
        for (i, path) in self.paths.iter().enumerate() {
            folders.extend(path.ancestors().skip(1));
            if let Some(other) = taken.insert(path, i) {
                let (first, second) = (&files[other].name, &files[i].name);
                let wrong = format!("`{first}` and `{second}` would both be written there");
                let hint = "give the folder that holds both, or one of them another name";
                return Err(Error::Output { path: path.clone(), wrong, hint });
            }
        }
        if let Some(path) = self.paths.iter().find(|path| folders.contains(path.as_path())) {
            let wrong = "it would have to be a file and a folder".to_owned();
            let hint = "give the inputs in a folder of their own";
            return Err(Error::Output { path: path.clone(), wrong, hint });
        }
        Ok(())
    }
}

/// Whether what is read of a file can be read once more, to be written.
fn can_be_written(file: &Source) -> Result<()> {
    let refuse = |wrong: &str, hint| {
        let path = PathBuf::from(&file.name);
        Err(Error::Output { path, wrong: wrong.to_owned(), hint })
    };
    if file.format == Format::Parquet && cfg!(not(feature = "parquet")) {
        return refuse("built without the feature `parquet`", "build it with, or leave the file out");
    }
    let by_lines = matches!(file.format, Format::Text | Format::JsonLines);
    // a link that leads nowhere is no pipe, but skipped
    let is_pipe = !file.regular && (file.path.is_none() || file.modified.is_some());
    if !by_lines && is_pipe {
        let hint = "save it to a file first; texts and JSON lines may come through a pipe";
        return refuse("tables and archives are read twice, which a pipe can't be", hint);
    }
    Ok(())
}

/// Checks that every file can hold annotations, or stays as it is.
///
/// # Errors
/// [`Error::Output`] with the first that has columns, or headers, that annotations would not fit into.
pub fn check_annotated(files: &[Source]) -> Result<()> {
    let has_columns = |file: &&Source| !matches!(file.format, Format::Text | Format::JsonLines);
    files.iter().find(has_columns).map_or(Ok(()), |file| {
        let wrong = "its format has no place for annotations: they would change what it is".to_owned();
        let hint =
            "`matches::write_those` lists what is removed, each with its original; or convert it to JSON lines";
        Err(Error::Output { path: PathBuf::from(&file.name), wrong, hint })
    })
}

/// The folder below the output for what is in an input.
fn root(input: &Path, only_folder: bool) -> PathBuf {
    if only_folder || !input.is_dir() {
        return PathBuf::new();
    }
    let own = || input.canonicalize().ok()?.file_name().map(OsString::from);
    let named = input.file_name().map(OsString::from).or_else(own);
    named.map(PathBuf::from).unwrap_or_default()
}

fn below(input: &Path, root: &Path, file: &Source) -> PathBuf {
    let ending = match file.format {
        Format::Text => "txt",
        _ => "jsonl",
    };
    let Some(path) = &file.path else { return PathBuf::from(format!("stdin.{ending}")) };
    let relative = path.strip_prefix(input).unwrap_or(path);
    let inside = relative.components().filter(|part| matches!(part, Component::Normal(_)));
    let inside: PathBuf = inside.collect();
    if inside.as_os_str().is_empty() {
        // the input is the file
        let mut name = path.file_name().map(OsString::from).unwrap_or_else(|| OsString::from("input"));
        if !file.regular && Path::new(&name).extension().is_none() {
            name.push(".");
            name.push(ending);
        }
        return PathBuf::from(name);
    }
    root.join(inside)
}

/// What the place of each of `files`, which were found in `inputs`, calls its source, as [`Places::sources`] has it, though
/// nothing is written.
pub fn sources(inputs: &[PathBuf], files: &[Source]) -> Vec<String> {
    let only_folder = inputs.len() == 1;
    let roots: Vec<PathBuf> = inputs.iter().map(|input| root(input, only_folder)).collect();
    let of = |file: &Source| {
        let at = file.input as usize;
        source_name(&below(&inputs[at], &roots[at], file), &inputs[at], file)
    };
    files.iter().map(of).collect()
}

fn source_name(place: &Path, input: &Path, file: &Source) -> String {
    let mut parts = place.components();
    let first = parts.next().map(|part| shown(Path::new(part.as_os_str())));
    if parts.next().is_none() && file.format == Format::Text && file.path.is_some() && input.is_dir() {
        return shown(input);
    }
    first.unwrap_or_default()
}

/// Checks that the output neither lies in an input nor holds one, and whether it may be written: `Ok(true)`
/// where there is something already, and `force` allows to replace files in it.
///
/// # Errors
/// [`Error::Output`] with what is in the way.
pub fn check(output: &Path, force: bool, inputs: &[PathBuf], files: &[Source]) -> Result<bool> {
    let refuse = |wrong: String, hint| Err(Error::Output { path: output.to_path_buf(), wrong, hint });
    let target = absolute(output)?;
    let outside = "write it to a folder of its own, beside the inputs";
    for input in inputs.iter().filter(|input| *input != Path::new("-")) {
        let own = absolute(input)?;
        let shown = input.display();
        if target == own || is_same(&target, &own) {
            return refuse(format!("it is the input `{shown}`"), outside);
        }
        if input.is_dir() && lies_in(&target, &own) {
            return refuse(format!("it lies in the input `{shown}`"), outside);
        }
        if lies_in(&own, &target) {
            return refuse(format!("it holds the input `{shown}`"), outside);
        }
    }
    // a link in an input may lead here
    for file in files.iter().filter_map(|file| file.path.as_deref()) {
        let leads_away = fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_symlink());
        if leads_away && absolute(file)?.starts_with(&target) {
            return refuse(format!("it holds the input `{}`", file.display()), outside);
        }
    }
    match fs::metadata(&target) {
        Ok(found) if !found.is_dir() => refuse("it is a file".to_owned(), "name a folder"),
        Ok(_) => {
            let mut entries = fs::read_dir(&target).map_err(|e| Error::io(output, "reading", e))?;
            // what a run writes in it, or has left, is nothing yet
            let is_something = |name: &OsStr| !leftover::is_temporary(name, &target);
            let there_is_something =
                entries.any(|entry| entry.map_or(true, |entry| is_something(&entry.file_name())));
            match (there_is_something, force) {
                (true, false) => {
                    let hint = "`Job::force` replaces the files that this run writes, and leaves all others";
                    refuse("it exists, and is not empty".to_owned(), hint)
                }
                _ => Ok(there_is_something),
            }
        }
        Err(_) if fs::symlink_metadata(&target).is_ok() => {
            refuse("it is a link that leads nowhere".to_owned(), "remove it, or name another folder")
        }
        Err(_) => {
            let parent = output.parent().unwrap_or(Path::new("/"));
            if target.parent().is_some_and(Path::is_dir) {
                Ok(false)
            } else {
                refuse(format!("there is no folder `{}`", parent.display()), "make it first")
            }
        }
    }
}

/// Checks that files can go to these places below a folder, which is shown under another name: that no folder stands where
/// a file goes, and no file or link where a folder goes.
///
/// # Errors
/// [`Error::Output`] with what is in the way.
pub fn check_way([folder, shown]: [&Path; 2], places: &[PathBuf]) -> Result<()> {
    let refuse = |at: &Path, wrong: &str| {
        let hint = "move it away, or name another folder";
        Err(Error::Output { path: shown.join(at), wrong: wrong.to_owned(), hint })
    };
    for place in places {
        let within = || place.ancestors().skip(1).filter(|at| !at.as_os_str().is_empty());
        if let Some(link) = within().find(|at| folder.join(at).is_symlink()) {
            return refuse(link, "a link stands where a folder goes: what it leads to may be an input");
        }
        if let Some(file) = within().find(|at| folder.join(at).is_file()) {
            return refuse(file, "a file stands where a folder goes");
        }
        if folder.join(place).is_dir() {
            return refuse(place, "a folder stands where a file goes");
        }
    }
    let folders: BTreeSet<&Path> = places.iter().flat_map(|place| place.ancestors().skip(1)).collect();
    let is_mount = |at: &&&Path| {
        let (at, above) = (folder.join(at), at.parent().map(|above| folder.join(above)));
        above.is_some_and(|above| at.exists() && is_mounted(&at, &above))
    };
    match folders.iter().find(is_mount) {
        Some(mount) => refuse(mount, "something is mounted there: nothing can be moved to it"),
        None => Ok(()),
    }
}

/// Whether two paths lead to one file or folder, as they may where it is mounted in two places.
pub fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    let found = [one, other].map(|path| fs::metadata(path).map(|found| identity(&found)));
    #[cfg(not(unix))]
    let found = [one, other].map(Path::canonicalize);
    matches!(&found, [Ok(one), Ok(other)] if one == other)
}

/// Whether a path without links is a folder, or leads into it, by its names or by what they lead to.
pub fn lies_in(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder) || path.ancestors().any(|above| is_same(above, folder))
}

/// A path without links, as far as it exists: where it leads, however it is spelled.
///
/// # Errors
/// [`Error::Io`] where the present folder is not known.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    if let Ok(found) = path.canonicalize() {
        return Ok(found);
    }
    let path = std::path::absolute(path).map_err(|error| Error::io(path, "finding", error))?;
    let mut existing = path.clone();
    let mut rest = Vec::new();
    while let (Some(name), Some(parent)) = (existing.file_name().map(OsString::from), existing.parent()) {
        rest.push(name);
        existing = parent.to_path_buf();
        if let Ok(found) = existing.canonicalize() {
            return Ok(rest.iter().rev().fold(found, |path, name| path.join(name)));
        }
    }
    Ok(path)
}

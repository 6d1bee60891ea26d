//! A folder of inputs, a run over it, what it told.

use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use redite::document::{Kind, Match, Place, Unit};
use redite::outcome::Outcome;
use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings};

/// A temporary folder of inputs.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Dir(tempfile::tempdir().unwrap())
    }

    /// With a file in it; `name` may lead into a folder.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }
}

/// Runs over the whole folder.
pub(crate) fn audit(dir: &Dir, params: &Params) -> Outcome {
    audit_inputs(&[dir.root().to_path_buf()], params)
}

/// Runs over files and folders.
pub(crate) fn audit_inputs(inputs: &[PathBuf], params: &Params) -> Outcome {
    let sources = redite::read::sources::find(inputs, None).unwrap();
    redite::pipeline::audit(sources, params, &Surroundings::default(), &Progress::default()).unwrap()
}

/// A run, with the folder that it read: its texts can still be read again.
pub(crate) struct Run {
    outcome: Outcome,
    _dir: Dir,
}

impl Deref for Run {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        &self.outcome
    }
}

/// Runs over texts, one record each.
pub(crate) fn audit_texts<T: AsRef<str>>(texts: &[T], params: &Params) -> Run {
    let dir = Dir::new().file("corpus.jsonl", records(texts));
    Run { outcome: audit(&dir, params), _dir: dir }
}

/// Texts as JSON lines.
pub(crate) fn records<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(|text| serde_json::json!({ "text": text.as_ref() }).to_string() + "\n").collect()
}

/// One gzip member.
pub(crate) fn gz(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    to.write_all(bytes.as_ref()).unwrap();
    to.finish().unwrap()
}

/// One zstandard frame.
pub(crate) fn zst(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 3).unwrap()
}

/// The matches file.
pub(crate) fn matches(outcome: &Outcome) -> String {
    let mut bytes = Vec::new();
    redite::report::matches::write(outcome, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The defaults of an audit without passages: what law 1 is about.
pub(crate) fn documents_and_paragraphs() -> Params {
    let units = Units { passages: false, ..Params::audit().units };
    Params { units, ..Params::audit() }
}

/// The matches as a reader would tell them: `2 near 0.833 of 0` for documents, `2.1 exact 1.000 of 0.3` for
/// paragraphs.
pub(crate) fn told(outcome: &Outcome) -> Vec<String> {
    outcome.matches().map(|found| tell(&found)).collect()
}

/// One match as a reader would tell it.
pub(crate) fn tell(found: &Match) -> String {
    let kind = match found.kind {
        Kind::Exact => "exact",
        Kind::Near => "near",
        Kind::Contained => "contained",
    };
    format!("{} {kind} {:.3} of {}", place(found.copy), found.jaccard, place(found.original))
}

/// Those of `told` that are about units of one kind.
pub(crate) fn told_of(unit: Unit, outcome: &Outcome) -> Vec<String> {
    outcome.matches().filter(|found| found.unit == unit).map(|found| tell(&found)).collect()
}

pub(crate) fn place(place: Place) -> String {
    match place.paragraph {
        None => place.document.to_string(),
        Some(paragraph) => format!("{}.{paragraph}", place.document),
    }
}

/// The place of a document.
pub(crate) fn document(document: u32) -> Place {
    Place { document, paragraph: None }
}

/// So many cases of a test, five times as many with `REDITE_LONG_TESTS`.
pub(crate) fn cases(usual: u64) -> u64 {
    if std::env::var_os("REDITE_LONG_TESTS").is_some() { 5 * usual } else { usual }
}

/// Words that stand nowhere else: `w17 w18 …`.
pub(crate) fn words(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ")
}

/// Numbers that look random and are the same everywhere (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

/// What [`dedup`] found and wrote.
pub(crate) struct Deduplicated {
    pub(crate) outcome: Outcome,
    pub(crate) removal: redite::dedup::Removal,
}

/// Deduplicates a folder into another; `how` says who comes first.
pub(crate) fn dedup(
    (input, output): (&Path, &Path),
    params: &Params,
    (prefer, protect): (redite::order::Prefer, &[&str]),
    surroundings: &Surroundings,
) -> redite::error::Result<Deduplicated> {
    use redite::write::{folder::Folder, places::Places, records::Records};
    let inputs = [input.to_path_buf()];
    let sources = redite::read::sources::find(&inputs, None)?;
    let places = Places::new(&inputs, &sources.files)?;
    let protect: Vec<String> = protect.iter().map(|&pattern| pattern.to_owned()).collect();
    let order = redite::order::Order {
        prefer,
        protect: redite::order::Protect::new(&protect)?,
        ..Default::default()
    };
    let inputs = redite::pipeline::Inputs { order: order.for_files(&places), ..sources.into() };
    let outcome = redite::pipeline::run(inputs, params, surroundings, &Progress::default())?;
    let removal = redite::dedup::Removal::new(&outcome, &redite::dedup::Rules::default()).unwrap();
    let folder = Folder::new(output)?;
    Records::new(&outcome, &removal, &places, false).write(&folder, None, &Progress::default())?;
    folder.publish(places.paths(), true)?;
    Ok(Deduplicated { outcome, removal })
}

/// All files below a folder, by their places, with their bytes.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let place = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                files.push((place, std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The rows of a Parquet file.
#[cfg(feature = "parquet")]
pub(crate) fn rows(file: &Path) -> Vec<serde_json::Value> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use serde_json::{Value, json};

    fn value(field: &Field) -> Value {
        match field {
            Field::Null => Value::Null,
            Field::Long(number) => json!(number),
            Field::Double(number) => json!(number),
            Field::Str(text) => json!(text),
            Field::Group(row) => {
                row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
            }
            Field::ListInternal(list) => list.elements().iter().map(value).collect(),
            other => panic!("{other:?}"),
        }
    }

    let reader = SerializedFileReader::new(std::fs::File::open(file).unwrap()).unwrap();
    reader.get_row_iter(None).unwrap().map(|row| value(&Field::Group(row.unwrap()))).collect()
}

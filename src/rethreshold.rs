//! Another threshold without another run: reads the pairs that a run with a floor left beside its matches, tells
//! originals and copies at a threshold from the floor up, and writes the matches that such a run would have written.
//!
//! The file is read twice: for what law 1 needs (28 bytes a unit that is in it, 28 a pair), then for the lines.
//! Documents and paragraphs are resolved each for themselves, as an audit does.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::match_line::write_share;
use crate::outcome::UnitSummary;
use crate::resolve::NumberMap;
use crate::resolve::pairs::Pair;
use crate::unit::{PerUnit, UnitKind};
use crate::verify::Overlap;
use crate::what_if::{best, copies};

/// The version of the columns of such a file, see `docs/outputs.md`.
pub(crate) const VERSION: u32 = 1;

/// The first line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Head {
    /// always `floor`
    pub(crate) unit: String,
    pub(crate) version: u32,
    /// pairs are there from this similarity up
    pub(crate) floor: f64,
    /// that of the run
    pub(crate) threshold: f64,
    /// what the run told
    pub(crate) documents: UnitSummary,
    pub(crate) paragraphs: UnitSummary,
    /// pairs that the cap left out, and the units of which that is true
    pub(crate) capped: u64,
    pub(crate) capped_units: u64,
    /// bytes of all lines behind this one
    pub(crate) bytes: u64,
    /// XXH3-128 of the file of matches beside it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) matches: Option<String>,
}

impl Head {
    /// How a checksum of matches is told.
    pub(crate) fn told(checksum: u128) -> String {
        format!("{checksum:032x}")
    }
}

/// A line behind the first.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    unit: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    tokens: [u32; 2],
    #[serde(borrow)]
    copy: &'a RawValue,
    #[serde(borrow)]
    original: &'a RawValue,
    units: Option<(u32, Option<u32>)>,
    shingles: Option<[u32; 3]>,
}

/// What the lines of a document or paragraph are.
enum Told {
    Near { copy: u32, original: u32, overlap: Overlap },
    Exact { copy: u32, first: u32 },
    Contained { copy: u32 },
    Passage,
}

/// What is known of a unit.
#[derive(Clone, Copy)]
struct Known {
    tokens: u32,
    /// where a side that names it stands in the file, and its bytes
    at: (u64, u32),
}

/// The units of one kind while the file is read, by their numbers.
#[derive(Default)]
struct Gathered {
    known: NumberMap<Known>,
    pairs: Vec<(u32, u32, Overlap)>,
    exact: Vec<(u32, u32)>,
    contained: Vec<u32>,
}

/// The units of one kind, ascending.
struct Units {
    numbers: Vec<u32>,
    known: Vec<Known>,
    /// for each unit, the first with the same tokens
    first: Vec<u32>,
    /// by the later one, then by the earlier one
    pairs: Vec<Pair>,
    /// where the pairs of each unit start in `pairs_of`; one more at the end
    starts: Vec<u32>,
    /// pairs in which a unit is either side
    pairs_of: Vec<u32>,
    contained: Vec<u32>,
}

/// The pairs of a run with a floor.
pub struct Pairs {
    path: PathBuf,
    head: Head,
    units: PerUnit<Units>,
}

/// What a threshold tells.
pub struct Rethresholded<'a> {
    pairs: &'a Pairs,
    threshold: f64,
    is_copy: PerUnit<Vec<bool>>,
    /// what becomes of the documents
    pub documents: UnitSummary,
    /// what becomes of the paragraphs
    pub paragraphs: UnitSummary,
}

impl Pairs {
    /// Reads the pairs at `path`.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Pairs`] for what is not such a file.
    pub fn read(path: &Path) -> Result<Self> {
        let mut lines = Lines::open(path)?;
        let is_there = lines.advance()?;
        let head = if is_there { serde_json::from_slice(&lines.line).ok() } else { None };
        let head: Head =
            head.filter(|head: &Head| head.unit == "floor" && head.version == VERSION).ok_or_else(|| {
                lines.wrong("expected the line that a run with `Params::floor` begins its pairs with")
            })?;
        let mut gathered: PerUnit<Gathered> = PerUnit::default();
        let start = lines.end;
        while lines.advance()? {
            lines.parse(|line, kind, told, offset| gathered[kind].take(line, &told, offset))?;
        }
        if lines.end - start != head.bytes {
            let wrong =
                format!("{} bytes behind the first line, {} were written", lines.end - start, head.bytes);
            return Err(lines.wrong(wrong));
        }
        let finish = |gathered: Gathered| gathered.finish().map_err(|wrong| lines.wrong(wrong));
        let PerUnit { documents, paragraphs } = gathered;
        let units = PerUnit { documents: finish(documents)?, paragraphs: finish(paragraphs)? };
        Ok(Pairs { path: path.to_path_buf(), head, units })
    }

    /// Whether they were written with the matches of this checksum; `true` where nobody noted that.
    pub fn are_of(&self, matches: u128) -> bool {
        self.head.matches.as_ref().is_none_or(|noted| *noted == Head::told(matches))
    }

    /// The least threshold that can be told of.
    pub fn floor(&self) -> f64 {
        self.head.floor
    }

    /// The threshold of the run.
    pub fn threshold(&self) -> f64 {
        self.head.threshold
    }

    /// Pairs that were not compared, and the units of which that is true: what is told of these, and of what is like
    /// them, may be other than a run would tell.
    pub fn capped(&self) -> [u64; 2] {
        [self.head.capped, self.head.capped_units]
    }

    /// What a run with this threshold, and the same floor, would have told.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a threshold below the floor or above 1.
    pub fn at(&self, threshold: f64) -> Result<Rethresholded<'_>> {
        if !(threshold >= self.head.floor && threshold <= 1.0) {
            return Err(Error::Parameter {
                name: "threshold",
                expected: format!("from {}, the floor of the pairs, up to 1", self.head.floor).into(),
                got: threshold.to_string(),
                hint: "a run with a lower `Params::floor` keeps more pairs",
            });
        }
        let is_copy = self.units.each_ref().map(|units| copies(&units.pairs, units.numbers.len(), threshold));
        let documents = self.units.documents.summary(&is_copy.documents, self.head.documents);
        let paragraphs = self.units.paragraphs.summary(&is_copy.paragraphs, self.head.paragraphs);
        Ok(Rethresholded { pairs: self, threshold, is_copy, documents, paragraphs })
    }
}

impl Rethresholded<'_> {
    /// Writes the matches, as [`crate::report::matches::write`] does.
    ///
    /// # Errors
    /// [`Error::Io`] where `to` fails; those of [`Pairs::read`].
    pub fn write(&self, to: &mut impl Write) -> Result<()> {
        let failed = |source| Error::io("matches", "writing", source);
        let mut lines = Lines::open(&self.pairs.path)?;
        lines.advance()?;
        let mut sides = File::open(&self.pairs.path).map_err(|source| lines.failed(source))?;
        let mut made = Vec::new();
        while lines.advance()? {
            made.clear();
            let mut composed = Ok(());
            lines.parse(|line, kind, told, _| {
                composed = self.tell(line, (kind, told), &mut sides, &mut made);
                Ok(())
            })?;
            composed.map_err(|source| lines.failed(source))?;
            if !made.is_empty() {
                to.write_all(&made).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The line of a match that holds.
    fn tell(
        &self,
        line: &Parsed<'_>,
        (kind, told): (UnitKind, Told),
        sides: &mut (impl Read + Seek),
        to: &mut Vec<u8>,
    ) -> io::Result<()> {
        let (units, is_copy) = (&self.pairs.units[kind], &self.is_copy[kind]);
        let at = |number: u32| units.at(number).unwrap_or_default();
        let holds = match told {
            Told::Passage => true,
            Told::Contained { copy } => !is_copy[at(copy) as usize],
            Told::Near { copy, original, .. } => {
                is_copy[at(copy) as usize]
                    && units
                        .best(at(copy), at(copy), (is_copy, self.threshold))
                        .is_some_and(|(best, _)| best == at(original))
            }
            Told::Exact { copy, first } => {
                let first = at(first);
                let near = is_copy[first as usize]
                    .then(|| units.best(first, at(copy), (is_copy, self.threshold)))
                    .flatten();
                if let Some((original, pair)) = near {
                    return units.compose(line, ([first, original], pair.overlap), sides, to);
                }
                true
            }
        };
        if holds {
            to.extend_from_slice(line.columns);
            to.extend_from_slice(b"}\n");
        }
        Ok(())
    }
}

impl Gathered {
    fn take(&mut self, line: &Parsed<'_>, told: &Told, offset: u64) -> std::result::Result<(), String> {
        let side = |value: &RawValue, tokens: u32| {
            let start = value.get().as_ptr() as usize - line.line.as_ptr() as usize;
            Known { tokens, at: (offset + start as u64, value.get().len() as u32) }
        };
        let copy = side(line.parsed.copy, line.parsed.tokens[0]);
        let original = side(line.parsed.original, line.parsed.tokens[1]);
        match *told {
            Told::Near { copy: number, original: other, overlap } => {
                if other >= number || overlap.shared > overlap.sizes[0].min(overlap.sizes[1]) {
                    return Err("an original that does not come before its copy, or more shared shingles than there are".to_owned());
                }
                self.known.insert(number, copy);
                self.known.insert(other, original);
                self.pairs.push((number, other, overlap));
            }
            Told::Exact { copy: number, first } => {
                if first >= number {
                    return Err("an original that does not come before its copy".to_owned());
                }
                self.known.insert(number, copy);
                self.known.insert(first, original);
                self.exact.push((number, first));
            }
            Told::Contained { copy: number } => {
                self.known.insert(number, copy);
                self.contained.push(number);
            }
            Told::Passage => {}
        }
        Ok(())
    }

    fn finish(self) -> std::result::Result<Units, String> {
        let mut numbers: Vec<u32> = self.known.keys().copied().collect();
        numbers.sort_unstable();
        let known = numbers.iter().filter_map(|number| self.known.get(number).copied()).collect();
        let at = |number: u32| numbers.binary_search(&number).unwrap_or_default() as u32;
        let mut first: Vec<u32> = (0..numbers.len() as u32).collect();
        for &(copy, original) in &self.exact {
            first[at(copy) as usize] = at(original);
        }
        let is_first = |unit: u32| first[unit as usize] == unit;
        let pair = |&(copy, original, overlap): &(u32, u32, Overlap)| Pair {
            copy: at(copy),
            original: at(original),
            overlap,
        };
        let mut pairs: Vec<Pair> = self.pairs.iter().map(pair).collect();
        pairs.sort_unstable_by_key(|pair| (pair.copy, pair.original));
        let contained: Vec<u32> = self.contained.into_iter().map(at).collect();
        let of_pairs = pairs.iter().flat_map(|pair| [pair.copy, pair.original]);
        if !of_pairs.chain(first.iter().copied()).chain(contained.iter().copied()).all(is_first) {
            return Err("a unit is the first with its tokens on one line, and not on another".to_owned());
        }
        let mut starts = vec![0u32; numbers.len() + 1];
        for pair in &pairs {
            starts[pair.copy as usize + 1] += 1;
            starts[pair.original as usize + 1] += 1;
        }
        for unit in 0..numbers.len() {
            starts[unit + 1] += starts[unit];
        }
        let mut next = starts.clone();
        let mut pairs_of = vec![0; 2 * pairs.len()];
        for (number, pair) in (0..).zip(&pairs) {
            for unit in [pair.copy, pair.original] {
                let slot = &mut next[unit as usize];
                pairs_of[*slot as usize] = number;
                *slot += 1;
            }
        }
        Ok(Units { numbers, known, first, pairs, starts, pairs_of, contained })
    }
}

impl Units {
    fn at(&self, number: u32) -> Option<u32> {
        self.numbers.binary_search(&number).ok().map(|at| at as u32)
    }

    /// The original that a unit matches best among those before `end`.
    fn best(&self, unit: u32, end: u32, (is_copy, threshold): (&[bool], f64)) -> Option<(u32, &Pair)> {
        let [start, stop] = [unit, unit + 1].map(|unit| self.starts[unit as usize] as usize);
        let pairs = self.pairs_of[start..stop].iter().map(|&pair| {
            let pair = &self.pairs[pair as usize];
            (if pair.copy == unit { pair.original } else { pair.copy }, pair)
        });
        best(pairs.filter(|(other, _)| *other < end), is_copy, threshold)
    }

    fn summary(&self, is_copy: &[bool], run: UnitSummary) -> UnitSummary {
        let mut told = UnitSummary {
            originals: run.originals + run.copies(),
            exact_copies: 0,
            near_copies: 0,
            contained_copies: self.contained.iter().filter(|unit| !is_copy[**unit as usize]).count() as u64,
            ..run
        };
        for (unit, &first) in (0..).zip(&self.first) {
            match is_copy[first as usize] {
                true => told.near_copies += 1,
                false => told.exact_copies += u64::from(first != unit),
            }
        }
        told.originals = told.originals.saturating_sub(told.copies());
        told
    }

    /// The near match of a unit with the tokens of another.
    fn compose(
        &self,
        line: &Parsed<'_>,
        ([first, original], overlap): ([u32; 2], Overlap),
        sides: &mut (impl Read + Seek),
        to: &mut Vec<u8>,
    ) -> io::Result<()> {
        let (first, original) = (self.known[first as usize], self.known[original as usize]);
        let (at, bytes) = original.at;
        write!(to, r#"{{"unit":"{}","kind":"near","jaccard":"#, line.parsed.unit)?;
        write_share(overlap.jaccard(), to);
        to.extend_from_slice(br#","containment":"#);
        write_share(overlap.containment(), to);
        let (tokens, copy) = ([first.tokens, original.tokens], line.parsed.copy.get());
        write!(to, r#","tokens":[{},{}],"copy":{copy},"original":"#, tokens[0], tokens[1])?;
        sides.seek(SeekFrom::Start(at))?;
        let before = to.len();
        to.resize(before + bytes as usize, 0);
        sides.read_exact(&mut to[before..])?;
        to.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// A line and what it says.
struct Parsed<'a> {
    line: &'a str,
    parsed: Line<'a>,
    /// the columns that all matches have
    columns: &'a [u8],
}

/// The lines of a file.
struct Lines {
    path: PathBuf,
    from: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    /// where the line starts, and ends
    start: u64,
    end: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io(path, "reading", source))?;
        let from = BufReader::with_capacity(1 << 18, file);
        Ok(Lines { path: path.to_path_buf(), from, line: Vec::new(), number: 0, start: 0, end: 0 })
    }

    fn advance(&mut self) -> Result<bool> {
        self.line.clear();
        let read = self.from.read_until(b'\n', &mut self.line);
        let read = read.map_err(|source| Error::io(&self.path, "reading", source))?;
        self.start = self.end;
        self.end += read as u64;
        self.number += 1;
        Ok(read > 0)
    }

    /// Leads the line at hand to `take`: with the units of which it tells, and where it starts.
    fn parse(
        &self,
        mut take: impl FnMut(&Parsed<'_>, UnitKind, Told, u64) -> std::result::Result<(), String>,
    ) -> Result<()> {
        let line = std::str::from_utf8(&self.line).map_err(|_| self.wrong("no UTF-8"))?;
        let parsed: Line<'_> = serde_json::from_str(line).map_err(|error| self.wrong(error.to_string()))?;
        let kind = match &*parsed.unit {
            "document" | "passage" => UnitKind::Document,
            "paragraph" => UnitKind::Paragraph,
            other => return Err(self.wrong(format!("`unit` is `{other}`"))),
        };
        let told = match (&*parsed.unit, &*parsed.kind, parsed.units, parsed.shingles) {
            ("passage", ..) => Told::Passage,
            (_, "exact", Some((copy, Some(first))), _) => Told::Exact { copy, first },
            (_, "contained", Some((copy, _)), _) => Told::Contained { copy },
            (_, "near", Some((copy, Some(original))), Some([shared, one, other])) => {
                Told::Near { copy, original, overlap: Overlap { shared, sizes: [one, other] } }
            }
            _ => return Err(self.wrong("expected `units` and, where it is near, `shingles`")),
        };
        let original = parsed.original.get();
        let end = original.as_ptr() as usize - line.as_ptr() as usize + original.len();
        let line = Parsed { line, parsed, columns: &self.line[..end] };
        take(&line, kind, told, self.start).map_err(|wrong| self.wrong(wrong))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::io(&self.path, "reading", source)
    }

    fn wrong(&self, wrong: impl Into<String>) -> Error {
        Error::Pairs { path: self.path.clone(), line: self.number, wrong: wrong.into() }
    }
}

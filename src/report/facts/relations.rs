//! Who repeats whom: sources and sources, documents and documents; and how similar, how many, how much.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::convert::Infallible;

use serde::Serialize;

use crate::document::{Kind, Match, Place, Span, Unit};
use crate::error::Result;
use crate::outcome::Outcome;
use crate::report::facts::pairs::Pairs;
use crate::report::walk;
use crate::verify::Overlap;

/// The most pairs of sources, and of documents, that are kept.
pub const PAIRS: usize = 500;

/// The most sources of which all pairs are kept.
pub(in crate::report) const AMONG: usize = 16;

/// What repeats what, in numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relations {
    /// pairs of sources, those with the most characters first; at most [`PAIRS`]
    pub sources: Vec<SourcePair>,
    /// how many such pairs there are
    pub source_pairs: u64,
    /// all pairs among the first sixteen sources that these name, those with the most characters first
    pub among_first: Vec<SourcePair>,
    /// the folders of the sources, in corpus order; none where a field names the sources
    pub folders: Vec<String>,
    /// pairs of folders, by index; those with the most characters first
    pub folder_pairs: Vec<SourcePair>,
    /// pairs of documents, those with the most characters first; at most [`PAIRS`]
    pub documents: Vec<DocumentPair>,
    /// how many such pairs there are
    pub document_pairs: u64,
    /// near copies by their (lowest) similarity: twenty steps of 0.05, the last with 1
    pub similarities: [u64; 20],
    /// copies that are exact, and contained
    pub exact_contained: [u64; 2],
    /// groups by their copies: 1, 2, 3-4, 5-8 and so on, doubling; the last one is open
    pub group_sizes: [u64; 12],
    /// documents by the share of them that stood before: none, up to 10 %, up to 20 % ... less than all, all
    pub document_shares: [u64; 12],
}

/// What one source repeats of another, or of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SourcePair {
    /// index of the later one
    pub copy: u32,
    /// index of the earlier one
    pub original: u32,
    /// copies that are told: documents, passages, runs of paragraphs
    pub repeats: u64,
    /// characters of the later one in documents, paragraphs and passages that stand in the earlier one, each once
    pub characters: u64,
}

/// What one document repeats of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DocumentPair {
    /// the later one
    pub copy: u32,
    /// the earlier one
    pub original: u32,
    /// characters of the copy that it repeats of the original
    pub characters: u64,
    /// the share of the copy that is in the original, and of the original that is in the copy: of shingles
    /// where the documents match as a whole, else of characters in what stands in both
    pub shares: [f64; 2],
}

/// Adds up relations.
pub(super) struct Sums {
    sources: Pairs,
    folders: Pairs,
    pairs: Vec<(Reverse<u64>, u32, u32)>,
    pair_count: u64,
    made: Relations,
    /// the folder of each file
    folder_of: Vec<u32>,
    /// of one document: the folder, source or document that is repeated, from a character, up to one
    own: [Vec<(u32, u64, u64)>; 3],
}

impl Sums {
    pub(super) fn new(outcome: &Outcome) -> Self {
        let (folders, folder_of) = folders(outcome);
        Sums {
            sources: Pairs::new(outcome.spill()),
            folders: Pairs::new(outcome.spill()),
            pairs: Vec::new(),
            pair_count: 0,
            made: Relations { folders, ..Relations::default() },
            folder_of,
            own: Default::default(),
        }
    }

    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn add(&mut self, outcome: &Outcome, told: &walk::Told) -> Result<()> {
        let source = outcome.source_of(told.document);
        let folder_of = |document: u32| self.folder_of.get(outcome.record(document).0 as usize).copied();
        let folder = folder_of(told.document);
        let characters = outcome.span(Place { document: told.document, paragraph: None }).chars.end;
        self.made.document_shares[share_step(told.copied, characters)] += 1;
        for (repeat, _) in told.repeats() {
            let original = repeat.original.document;
            self.sources.add(source, outcome.source_of(original), [1, 0])?;
            if let Some((folder, of)) = folder.zip(folder_of(original)) {
                self.folders.add(folder, of, [1, 0])?;
            }
            match repeat.kind {
                Kind::Exact => self.made.exact_contained[0] += 1,
                Kind::Contained => self.made.exact_contained[1] += 1,
                Kind::Near => self.made.similarities[similarity_step(repeat.similarity[0])] += 1,
            }
        }
        self.own.iter_mut().for_each(Vec::clear);
        let [of_folders, of_sources, of_documents] = &mut self.own;
        for &(original, start, end) in &told.repeated {
            of_documents.push((original, start, end));
            of_sources.push((outcome.source_of(original), start, end));
            of_folders.extend(folder_of(original).map(|of| (of, start, end)));
        }
        each_once(of_folders, |of, sum| {
            folder.map_or(Ok(()), |folder| self.folders.add(folder, of, [0, sum]))
        })?;
        each_once(of_sources, |of, sum| self.sources.add(source, of, [0, sum]))?;
        each_once(of_documents, |original, sum| -> Result<()> {
            if original != told.document {
                self.pair_count += 1;
                self.pairs.push((Reverse(sum), told.document, original));
            }
            Ok(())
        })?;
        if self.pairs.len() >= 8 * PAIRS {
            self.cut();
        }
        Ok(())
    }

    fn cut(&mut self) {
        self.pairs.sort_unstable();
        self.pairs.truncate(PAIRS);
    }

    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn finish(mut self, outcome: &Outcome) -> Result<Relations> {
        self.cut();
        let mut made = self.made;
        let told: u64 = made.document_shares.iter().sum();
        made.document_shares[0] += u64::from(outcome.own_documents()) - told;
        made.folder_pairs = self.folders.finish(0)?.those(|_| true)?;
        let mut sources = self.sources.finish(PAIRS)?;
        made.source_pairs = sources.count;
        made.sources = std::mem::take(&mut sources.first);
        // so many pairs name as many sources, or all
        const { assert!(PAIRS > AMONG * AMONG) };
        let first = named(&made.sources, AMONG);
        let is_among =
            |pair: &SourcePair| [pair.copy, pair.original].iter().all(|source| first.contains(source));
        made.among_first = sources.those(is_among)?;
        let pair = |&(Reverse(characters), copy, original): &(Reverse<u64>, u32, u32)| DocumentPair {
            copy,
            original,
            characters,
            shares: [0.0; 2],
        };
        made.documents = self.pairs.iter().map(pair).collect();
        let spans = |original| outcome.spans(original).collect();
        share(outcome, &mut made.documents, |copy| outcome.matches_of(copy), spans);
        made.document_pairs = self.pair_count;
        Ok(made)
    }
}

impl Relations {
    /// Counts a group by its copies.
    pub(super) fn count_group(&mut self, copies: u64) {
        let step = copies.saturating_sub(1).checked_ilog2().map_or(0, |log| log as usize + 1);
        self.group_sizes[step.min(self.group_sizes.len() - 1)] += 1;
    }
}

/// Tells of each that is repeated how many characters are, each once.
fn each_once<E>(
    ranges: &mut [(u32, u64, u64)],
    mut told: impl FnMut(u32, u64) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    ranges.sort_unstable();
    for same in ranges.chunk_by(|a, b| a.0 == b.0) {
        let mut upto = 0;
        let sum = same.iter().map(|&(_, start, end)| {
            let from = start.max(upto);
            upto = end.max(upto);
            end.saturating_sub(from)
        });
        told(same[0].0, sum.sum())?;
    }
    Ok(())
}

/// The sources or folders that pairs name first, at most `most`.
pub(in crate::report) fn named(pairs: &[SourcePair], most: usize) -> Vec<u32> {
    let mut named: Vec<u32> = Vec::new();
    for source in pairs.iter().flat_map(|pair| [pair.copy, pair.original]) {
        if named.len() == most {
            break;
        }
        if !named.contains(&source) {
            named.push(source);
        }
    }
    named
}

/// The folders of the files in corpus order, and which is that of each; none where files are not what sources are.
fn folders(outcome: &Outcome) -> (Vec<String>, Vec<u32>) {
    if outcome.source_field().is_some() {
        return Default::default();
    }
    let mut folders: Vec<String> = Vec::new();
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let of_source = outcome.sources().iter().map(|source| {
        let folder = source.name.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder);
        *numbers.entry(folder).or_insert_with(|| {
            folders.push(folder.to_owned());
            folders.len() as u32 - 1
        })
    });
    let of_source = of_source.collect();
    (folders, of_source)
}

fn share_step(copied: u64, characters: u64) -> usize {
    match copied {
        0 => 0,
        copied if copied >= characters => 11,
        copied => (copied * 10).div_ceil(characters).max(1) as usize,
    }
}

/// `similarity` is a fraction; a step starts with its lowest value.
fn similarity_step(similarity: f64) -> usize {
    ((similarity * 20.0 + 1e-9) as usize).min(19)
}

/// Tells of each pair how much of the copy is in the original, so many characters where it is not all of it, and the
/// other way round. The matches of a copy, and where the paragraphs of an original stand, are asked for once.
fn share(
    outcome: &Outcome,
    pairs: &mut [DocumentPair],
    mut matches_of: impl FnMut(u32) -> Vec<Match>,
    mut spans_of: impl FnMut(u32) -> Vec<Span>,
) {
    let mut by_copy: Vec<&mut DocumentPair> = pairs.iter_mut().collect();
    by_copy.sort_unstable_by_key(|pair| pair.copy);
    let mut by_original = Vec::new();
    for pairs in by_copy.chunk_by_mut(|a, b| a.copy == b.copy) {
        let mut matches = matches_of(pairs[0].copy);
        matches.sort_by_key(|of| of.original.document);
        for pair in pairs {
            let original = pair.original;
            let first = matches.partition_point(|of| of.original.document < original);
            let between = matches[first..].iter().take_while(|of| of.original.document == original);
            match whole(outcome, between.clone()) {
                Some(shares) => pair.shares = shares,
                None => by_original.push((&mut **pair, Told::new(between))),
            }
        }
    }
    by_original.sort_unstable_by_key(|(pair, _)| pair.original);
    for pairs in by_original.chunk_by_mut(|(a, _), (b, _)| a.original == b.original) {
        let has_paragraphs = pairs.iter().any(|(_, told)| !told.paragraphs.is_empty());
        let spans = if has_paragraphs { spans_of(pairs[0].0.original) } else { Vec::new() };
        for (pair, told) in pairs {
            let share = |document: u32, characters: u64| {
                let all = outcome.span(Place { document, paragraph: None }).chars.end;
                characters as f64 / all.max(1) as f64
            };
            let of_original = std::mem::take(told).characters(&spans);
            pair.shares = [share(pair.copy, pair.characters), share(pair.original, of_original)];
        }
    }
}

/// The shares of two documents that match as a whole, if they do.
fn whole<'a>(outcome: &Outcome, mut between: impl Iterator<Item = &'a Match>) -> Option<[f64; 2]> {
    let whole = between.find(|of| of.unit == Unit::Document && of.kind != Kind::Contained)?;
    let overlap = outcome.overlap(whole.copy.document).filter(|_| whole.kind == Kind::Near);
    Some(overlap.map_or([1.0; 2], of_shingles))
}

/// What of an original is repeated.
#[derive(Default)]
struct Told {
    /// the paragraphs by their numbers, each once
    paragraphs: Vec<u32>,
    /// stretches, from a character up to one
    stretches: Vec<(u64, u64)>,
}

impl Told {
    fn new<'a>(between: impl Iterator<Item = &'a Match>) -> Self {
        let mut told = Told::default();
        // what is contained has its passages
        for of in between.filter(|of| of.unit != Unit::Document && of.kind != Kind::Contained) {
            match &of.stretches {
                Some([_, original]) => told.stretches.push((original.chars.start, original.chars.end)),
                None => told.paragraphs.extend(of.original.paragraph),
            }
        }
        told.paragraphs.sort_unstable();
        told.paragraphs.dedup();
        told
    }

    /// How many characters that is, each once; `spans` are those of the paragraphs of the original.
    fn characters(self, spans: &[Span]) -> u64 {
        let paragraphs = self.paragraphs.into_iter().filter_map(|paragraph| spans.get(paragraph as usize));
        let paragraphs = paragraphs.map(|span| (0, span.chars.start, span.chars.end));
        let stretches = self.stretches.into_iter().map(|(start, end)| (0, start, end));
        let mut sum = 0;
        let Ok(()) = each_once(&mut paragraphs.chain(stretches).collect::<Vec<_>>(), |_, of_all| {
            sum = of_all;
            Ok::<(), Infallible>(())
        });
        sum
    }
}

/// Shared shingles divided by those of each side.
fn of_shingles(overlap: Overlap) -> [f64; 2] {
    overlap.sizes.map(|size| f64::from(overlap.shared) / f64::from(size.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;
    use crate::pipeline::{Progress, Surroundings, audit};
    use crate::read::sources::find;
    use crate::report::facts::Facts;

    #[test]
    fn steps() {
        assert_eq!(
            [(0, 10), (1, 100), (10, 100), (11, 100), (99, 100), (100, 100)].map(|(a, b)| share_step(a, b)),
            [0, 1, 1, 2, 10, 11]
        );
        assert_eq!([0.6, 0.649, 0.65, 0.95, 1.0].map(similarity_step), [12, 12, 13, 19, 19]);
        let mut made = Relations::default();
        [1, 2, 3, 4, 5, 8, 9, u64::MAX].into_iter().for_each(|copies| made.count_group(copies));
        assert_eq!(made.group_sizes, [1, 1, 2, 2, 1, 0, 0, 0, 0, 0, 0, 1]);
    }

    /// A digest of many texts is asked for its matches once, and a text that many repeat for its paragraphs.
    #[test]
    fn what_pairs_have_in_common_is_asked_for_once() {
        let paragraph =
            |name: &str| (0..12).map(|word| format!(" {name}w{word}")).collect::<String>().trim().to_owned();
        let texts = (0..5).map(|of| ["a", "b", "c"].map(|name| paragraph(&format!("{name}{of}"))).join("\n"));
        let digest = (0..5).map(|of| paragraph(&format!("a{of}")) + "\n").collect::<String>();
        let other = [paragraph("d"), paragraph("b0"), paragraph("c0"), paragraph("b1")].join("\n");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corpus.jsonl");
        let line = |text: String| serde_json::json!({ "text": text }).to_string() + "\n";
        std::fs::write(&path, texts.chain([digest, other]).map(line).collect::<String>()).unwrap();
        let mut params = Params::audit();
        params.units.passages = false;
        let sources = find(&[path], None).unwrap();
        let outcome = audit(sources, &params, &Surroundings::default(), &Progress::default()).unwrap();
        let told = Facts::new(&outcome).unwrap().relations.documents;
        let mut pairs = told.clone();
        pairs.iter_mut().for_each(|pair| pair.shares = [0.0; 2]);
        let (mut copies, mut originals) = (Vec::new(), Vec::new());
        let matches_of = |copy| {
            copies.push(copy);
            outcome.matches_of(copy)
        };
        let spans_of = |original| {
            originals.push(original);
            outcome.spans(original).collect()
        };
        share(&outcome, &mut pairs, matches_of, spans_of);
        assert_eq!(pairs, told);
        assert_eq!((pairs.len(), copies, originals), (7, vec![5, 6], vec![0, 1, 2, 3, 4]));
        let length = |document| outcome.span(Place { document, paragraph: None }).chars.end as f64;
        let of_first = pairs.iter().find(|pair| (pair.copy, pair.original) == (6, 0)).unwrap();
        let characters = [of_first.characters as f64, 2.0 * paragraph("b0").len() as f64];
        assert_eq!(of_first.shares, [characters[0] / length(6), characters[1] / length(0)]);
    }
}

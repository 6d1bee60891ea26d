//! What an index knows of a corpus, put before it: the originals that share a key, a bucket or a seed with
//! it become its first documents, and everything after goes on as in one run over all (law 2).
//!
//! Of an index with a billion paragraphs only those documents are read that something of the corpus may
//! match. Their units are what they were when their batch came: originals stand in their buckets, copies
//! keep their originals, listed seeds their places. None of them is searched again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::band::in_order::InOrder;
use crate::band::{ABSENT, with_band};
use crate::corpus::{
    Corpus, Document, IS_EMPTY, IS_SHORT, Ranks, Units, check_numbers, document_starts, split_places,
};
use crate::document::{Compression, Format, Source};
use crate::error::Result;
use crate::index::segment::{DocumentRow, Held};
use crate::index::sketches::Sketch;
use crate::index::{Batch, Index, Known};
use crate::params::Params;
use crate::passage::places::LISTED;
use crate::passage::standing::Cuts;
use crate::passage::{Contained, Found};
use crate::read::texts::Locator;
use crate::reread::Resolved;
use crate::resolve::{Verdict, listed_originals};
use crate::scan::read_varint;
use crate::verify::Overlap;

/// Exact keys that are looked up at once.
const LOOKED_UP: usize = 1 << 20;

/// An index, as far as a run may look into it.
#[derive(Clone)]
pub struct Past {
    /// the index
    pub index: Arc<Index>,
    /// documents from this number on are not seen: a batch that is run again stands where it stood
    pub before: u32,
    /// whether the run is a batch, which must not see itself when it is run again; who only asks sees all
    pub is_batch: bool,
}

impl Past {
    /// The same, but a batch that the index has already sees only what came before it.
    pub(crate) fn unless_known(self, digest: u128) -> Self {
        let known = self.index.batches().iter().find(|batch| self.is_batch && batch.digest == digest);
        let before = known.map_or(self.before, |batch| self.before.min(batch.first_document));
        Past { before, ..self }
    }

    /// What [`Past::unless_known`] will say of a corpus, by its first documents.
    pub(crate) fn presumed(&self, corpus: &Corpus) -> u32 {
        let begins_so = |batch: &&Batch| {
            let own = corpus.documents.iter();
            own.zip(batch.first_document..).all(|(own, number)| {
                number < batch.end_document
                    && self.index.document(number).is_ok_and(|(row, _)| {
                        (row.record, row.characters) == (own.locator.record, own.characters)
                    })
            })
        };
        let known = self.index.batches().iter().find(|batch| self.is_batch && begins_so(batch));
        known.map_or(self.before, |batch| self.before.min(batch.first_document))
    }
}

/// How many places an index lists for a key of a band, or for a seed, beside which stands a 0; ascending.
pub(crate) type Listed = Vec<((u64, u32), u32)>;

/// What was there before a corpus: an index, and what the run itself has put into it.
pub(crate) struct Before<'a> {
    past: &'a Past,
    own: Own<'a>,
}

/// What the run itself has put into an index.
#[derive(Clone, Copy)]
struct Own<'a> {
    /// the number of its first document there
    first: u32,
    /// its documents; their texts are where they were read
    documents: &'a [Document],
}

impl Own<'_> {
    /// Whether anything is told of the documents before the run: of a part of it only where passages are looked for.
    fn is_told(&self, passages: bool) -> bool {
        self.first == u32::MAX || passages
    }
}

impl<'a> Before<'a> {
    /// An index alone.
    pub(crate) fn archive(past: &'a Past) -> Self {
        Before { past, own: Own { first: u32::MAX, documents: &[] } }
    }

    /// An index in which the documents from a number on are these.
    pub(crate) fn with_own(past: &'a Past, (first, documents): (u32, &'a [Document])) -> Self {
        Before { past, own: Own { first, documents } }
    }
}

/// The documents at the head of a corpus that come from an index.
#[derive(Default)]
pub(crate) struct Archived {
    /// their numbers in the index, ascending; in the corpus they go from 0
    pub(crate) numbers: Vec<u32>,
    /// their paragraphs
    pub(crate) paragraphs: u32,
    /// the first paragraph of each in the index, and here
    pub(crate) first_paragraphs: Vec<(u32, u32)>,
    /// where only the paragraphs that something leads to are here, and nothing is told of them: their numbers in the
    /// index, ascending
    pub(crate) some_paragraphs: Option<Vec<u32>>,
    /// how many sources of the corpus are its own; those of the index come behind
    pub(crate) own_sources: u32,
    /// what became of their documents and paragraphs, by row
    pub(crate) verdicts: [Vec<Verdict>; 2],
    /// documents that are one verbatim passage from end to end: document, of which, from which token
    pub(crate) whole: Vec<(u32, u32, u32)>,
    /// how many originals the index lists for band keys of the corpus; of documents and paragraphs
    pub(crate) listed: [Listed; 2],
    /// how many places the index lists for seeds of the corpus
    pub(crate) listed_seeds: Listed,
    /// what was removed of their texts, in tokens; of those that are told
    pub(crate) cuts: BTreeMap<u32, Cuts>,
    /// those that are contained in another
    pub(crate) contained: BTreeMap<u32, Contained>,
    /// of these: the first with the same tokens that counts, where one has come
    pub(crate) replaced: Vec<(u32, u32)>,
    /// rows of paragraphs that no paragraph of the corpus can match, in order: their texts need not be read
    pub(crate) hopeless: Vec<u32>,
    /// ids and places of those of which something has to be told; [`tell`] fills in more
    pub(crate) told: BTreeMap<u32, Told>,
}

/// The id of a document of an index, as JSON, and the places of its paragraphs.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) places: Vec<u8>,
}

impl Archived {
    /// A paragraph of the index, as it is numbered there.
    pub(crate) fn paragraph_in_index(&self, paragraph: u32) -> u32 {
        if let Some(some) = &self.some_paragraphs {
            return some[paragraph as usize];
        }
        let of = self.first_paragraphs.partition_point(|(_, here)| *here <= paragraph).saturating_sub(1);
        let (there, here) = self.first_paragraphs[of];
        there + (paragraph - here)
    }

    /// A paragraph of the index, as it is numbered here; one that something leads to.
    fn paragraph_here(&self, paragraph: u32) -> Option<u32> {
        if let Some(some) = &self.some_paragraphs {
            return some.binary_search(&paragraph).ok().map(|at| at as u32);
        }
        let of = self.first_paragraphs.partition_point(|(first, _)| *first <= paragraph).checked_sub(1)?;
        Some(self.first_paragraphs[of].1 + (paragraph - self.first_paragraphs[of].0))
    }

    /// Where a paragraph stands among those of its document, which is of the index.
    pub(crate) fn number_in_document(&self, document: u32, paragraph: u32) -> u32 {
        self.paragraph_in_index(paragraph) - self.first_paragraphs[document as usize].0
    }

    /// How many documents there are.
    pub(crate) fn documents(&self) -> u32 {
        self.numbers.len() as u32
    }
}

/// A source of an index.
pub(crate) fn of_index(name: &str) -> Source {
    Source {
        path: None,
        name: name.to_owned(),
        format: Format::Text,
        compression: Compression::Plain,
        size: 0,
        regular: false,
        input: 0,
        modified: None,
    }
}

/// What the index knows of one kind of unit.
struct Hits {
    exact: Equals,
    /// originals of the index, each with a band in which it shares a bucket and its key; ascending
    bands: Vec<(u32, u32, u64)>,
    /// see [`Archived::listed`]
    listed: Listed,
    /// units of the index that share a bucket, but can't match
    hopeless: Vec<u32>,
}

/// Units of the index with the tokens of a unit of the corpus, by the one that is first with them there.
struct Equals {
    units: Ranks,
    known: Vec<Known>,
}

impl Equals {
    fn get(&self, unit: u32) -> Option<&Known> {
        self.units.rank(unit).map(|at| &self.known[at])
    }

    /// Those that left, being contained in another.
    fn contained(&self) -> impl Iterator<Item = &Contained> {
        self.known.iter().filter_map(|known| known.contained.as_ref())
    }

    /// The units of the index, and the originals of those that are copies.
    fn in_index(&self) -> impl Iterator<Item = u32> {
        let both = self.known.iter().map(|known| [Some(known.unit), known.copy.map(|copy| copy.original)]);
        both.flatten().flatten()
    }
}

impl Hits {
    /// The units of the index, ascending.
    fn units(&self) -> Vec<u32> {
        let mut units: Vec<u32> = self.exact.in_index().collect();
        units.extend(self.bands.iter().map(|(unit, _, _)| unit));
        sort(&mut units);
        units
    }
}

/// Puts what the index knows before the corpus.
pub(crate) fn join(corpus: Corpus, before: &Before<'_>, params: &Params, bands: usize) -> Result<Corpus> {
    let &Before { past, own } = before;
    let hits = [
        find(0, (&corpus.document_units, &corpus.exact[0]), past, (params, bands))?,
        find(1, (&corpus.paragraph_units, &corpus.exact[1]), past, (params, bands))?,
    ];
    let (seeds, listed_seeds) = find_seeds(&corpus, past)?;
    let paragraphs = hits[1].units();
    let wanted = Wanted::new(&hits, &paragraphs, &seeds, (before, params))?;
    let passages = params.units.passages;
    Joining { corpus, past, own, hits, seeds, listed_seeds, wanted, paragraphs, bands, passages }.run()
}

fn find(
    kind: usize,
    (units, exact): (&Units, &[(u128, u32)]),
    past: &Past,
    (params, bands): (&Params, usize),
) -> Result<Hits> {
    let mut equal: Vec<(u32, Known)> = Vec::new();
    for exact in exact.chunks(LOOKED_UP) {
        let keys: Vec<u128> = exact.iter().map(|(key, _)| *key).collect();
        let known = past.index.find_exact(kind, &keys, past.before)?;
        equal.extend(known.into_iter().map(|(key, known)| (exact[key as usize].1, known)));
    }
    equal.sort_unstable_by_key(|(unit, _)| *unit);
    equal.dedup_by_key(|(unit, _)| *unit);
    let exact = Equals {
        units: Ranks::new(equal.iter().map(|(unit, _)| *unit), units.first.len()),
        known: equal.into_iter().map(|(_, known)| known).collect(),
    };
    // what equals an original of the index is its copy, and asks nobody else
    let stays = |known: &Known| known.copy.is_none() && known.contained.is_none();
    let asks = |unit: u32| exact.get(unit).is_none_or(|known| !stays(known));
    let asking: Vec<bool> = units.distinct.iter().map(|unit| asks(*unit)).collect();
    let most = listed_originals(params.comparisons);
    let mut hits = Hits { exact, bands: Vec::new(), listed: Listed::new(), hopeless: Vec::new() };
    let in_order = InOrder::new(&units.keys, bands);
    for number in 0..in_order.pieces() {
        let own = in_order.piece(number, |row| asking[row]);
        let keys = own.keys();
        let found = past.index.find_bands(kind, &keys, past.before)?;
        let mut own = (0..own.len()).filter_map(|at| own.get(at)).peekable();
        for same in found.chunk_by(|a, b| a.0 == b.0) {
            let key = keys[same[0].0 as usize];
            while own.next_if(|own| own.key < key).is_some() {}
            let mut of_bands = BTreeSet::new();
            while let Some(own) = own.next_if(|own| own.key == key) {
                of_bands.insert(own.band);
            }
            for band in of_bands {
                // they come by unit
                let listed = same.iter().filter(|(_, _, of)| *of == 0 || *of == band + 1).take(most);
                let before = hits.bands.len();
                hits.bands.extend(listed.map(|(_, unit, _)| (*unit, band, key)));
                match (hits.bands.len() - before) as u32 {
                    0 => {}
                    count => hits.listed.push(((key, band), count)),
                }
            }
        }
    }
    hits.bands.sort_unstable();
    if !units.sketches.is_empty() {
        hits.hopeless = hopeless(units, &asking, &hits, past, (params, bands))?;
    }
    Ok(hits)
}

/// Those of the index that share a bucket with asking rows of the corpus, but by their sketches match none of them.
fn hopeless(
    units: &Units,
    asking: &[bool],
    hits: &Hits,
    past: &Past,
    (params, bands): (&Params, usize),
) -> Result<Vec<u32>> {
    let mut equal: Vec<u32> = hits.exact.known.iter().map(|known| known.unit).collect();
    sort(&mut equal);
    let mut found: Vec<u32> = hits.bands.iter().map(|(unit, _, _)| *unit).collect();
    found.dedup();
    found.retain(|unit| equal.binary_search(unit).is_err());
    let sketches = past.index.sketches(&found)?;
    let mut hopes: Vec<bool> = sketches.iter().map(|sketch| sketch.is_none()).collect();
    let bucket = |&(unit, band, key): &(u32, u32, u64)| {
        let at = found.binary_search(&unit).ok()?;
        Some((with_band(key, band as usize), at as u32))
    };
    let mut buckets: Vec<(u64, u32)> = hits.bands.iter().filter_map(bucket).collect();
    buckets.sort_unstable();
    // most keys are in no bucket: a bit for each of 16 times as many slots tells nearly all of them
    let slots = (buckets.len() * 16).next_power_of_two().max(64);
    let slot = |key: u64| {
        let at = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize & (slots - 1);
        (at / 64, 1u64 << (at % 64))
    };
    let mut taken = vec![0u64; slots / 64];
    buckets.iter().map(|bucket| slot(bucket.0)).for_each(|(word, bit)| taken[word] |= bit);
    for row in (0..asking.len()).filter(|row| asking[*row]) {
        let keys = units.keys.get(row * bands..(row + 1) * bands).unwrap_or_default();
        for key in keys.iter().enumerate().map(|(band, &key)| with_band(key, band)) {
            let (word, bit) = slot(key);
            if taken[word] & bit == 0 {
                continue;
            }
            let first = buckets.partition_point(|bucket| bucket.0 < key);
            for &(_, at) in buckets[first..].iter().take_while(|bucket| bucket.0 == key) {
                let hope = &mut hopes[at as usize];
                *hope = *hope || units.sketches[row].may_reach(sketches[at as usize], params.threshold);
            }
        }
    }
    Ok(found.into_iter().zip(hopes).filter(|(_, hope)| !hope).map(|(unit, _)| unit).collect())
}

/// A seed that no text has, another one for each place.
fn no_seed(document: u32, at: u32) -> u64 {
    (u64::from(document) << 32 | u64::from(at)).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1
}

/// Places in the index of seeds of the corpus: by document, the tokens with their seeds.
type Seeds = BTreeMap<u32, Vec<(u32, u64)>>;

fn find_seeds(corpus: &Corpus, past: &Past) -> Result<(Seeds, Listed)> {
    let mut keys = corpus.seeds.clone();
    keys.par_sort_unstable();
    keys.dedup();
    let found = past.index.find_seeds(&keys, past.before)?;
    let mut seeds = Seeds::new();
    let mut listed = Listed::new();
    for same in found.chunk_by(|a, b| a.0 == b.0) {
        let hash = keys[same[0].0 as usize];
        let same = &same[..same.len().min(usize::from(LISTED))];
        listed.push(((hash, 0), same.len() as u32));
        for (_, document, at) in same {
            seeds.entry(*document).or_default().push((*at, hash));
        }
    }
    seeds.values_mut().for_each(|places| places.sort_unstable());
    Ok((seeds, listed))
}

/// The documents of the index that anything leads to, ascending.
#[derive(Default)]
struct Wanted {
    numbers: Vec<u32>,
    rows: Vec<DocumentRow>,
    /// those of which it is known that something will be told, ascending
    told: Vec<u32>,
}

impl Wanted {
    /// Those that lead there are hits, of which `paragraphs` are the paragraphs of the index, and seeds.
    fn new(
        hits: &[Hits; 2],
        paragraphs: &[u32],
        seeds: &Seeds,
        (before, params): (&Before<'_>, &Params),
    ) -> Result<Self> {
        let &Before { past, own } = before;
        let document = |paragraph: u32| past.index.document_of(paragraph);
        let mut numbers = hits[0].units();
        numbers.extend(seeds.keys());
        numbers.extend(paragraphs.iter().copied().filter_map(document));
        numbers.extend(hits[0].exact.contained().map(|contained| contained.original));
        sort(&mut numbers);
        let mut told = Vec::new();
        if own.is_told(params.units.passages) {
            told.extend(hits[0].exact.in_index());
            told.extend(hits[1].exact.in_index().filter_map(document));
            // what was cut of a text bounds what is found in it
            if params.remove.cuts_texts() && params.units.passages {
                told.extend(seeds.keys());
            }
            sort(&mut told);
        }
        let mut rows = past.index.documents(&numbers)?;
        let mut behind: Vec<u32> = rows.iter().filter_map(|row| row.whole.map(|(of, _)| of)).collect();
        sort(&mut behind);
        behind.retain(|of| numbers.binary_search(of).is_err());
        if !behind.is_empty() {
            let more = past.index.documents(&behind)?;
            let mut all: Vec<(u32, DocumentRow)> =
                numbers.into_iter().chain(behind).zip(rows.into_iter().chain(more)).collect();
            all.sort_unstable_by_key(|(number, _)| *number);
            (numbers, rows) = all.into_iter().unzip();
        }
        Ok(Wanted { numbers, rows, told })
    }
}

/// Puts numbers in order, each once.
fn sort(numbers: &mut Vec<u32>) {
    numbers.sort_unstable();
    numbers.dedup();
}

/// Documents whose strings are read at once.
const READ: usize = 64;

/// Reads ids and places of documents of the index, which are in order: calls `tell` with what each has besides,
/// the tokens of its paragraphs and what was removed of it, too.
fn read_strings(
    past: &Past,
    documents: &[(u32, u32, DocumentRow)],
    mut tell: impl FnMut(u32, Told, &[u8]),
) -> Result<()> {
    let read = |documents: &[(u32, u32, DocumentRow)]| -> Result<Vec<(String, Vec<u8>)>> {
        // what is held is of one segment
        let (mut held, mut of) = (Held::default(), None);
        let strings = documents.iter().map(|(_, number, row)| {
            let segment = past.index.segment(*number)?;
            if of.replace(segment.entry.documents) != Some(segment.entry.documents) {
                held = Held::default();
            }
            segment.next_strings(row, &mut held)
        });
        strings.collect()
    };
    let strings: Vec<Vec<(String, Vec<u8>)>> = documents.par_chunks(READ).map(read).collect::<Result<_>>()?;
    for ((document, _, row), (id, of_paragraphs)) in documents.iter().zip(strings.into_iter().flatten()) {
        let (places, of_tokens) = split_places(&of_paragraphs, row.paragraphs);
        tell(*document, Told { id, places: places.to_vec() }, of_tokens);
    }
    Ok(())
}

/// Reads what has to be told of the originals in the index, if anything is told of them.
pub(crate) fn tell(corpus: &mut Corpus, before: &Before<'_>, resolved: &Resolved) -> Result<()> {
    if corpus.archived.some_paragraphs.is_some() {
        return Ok(());
    }
    let near = resolved.documents.0.iter().map(|near| near.original);
    let near_paragraphs = resolved.paragraphs.0.iter().map(|near| corpus.document_of(near.original));
    let Found { passages, contained, .. } = &resolved.passages;
    let passages = passages.iter().map(|passage| passage.original);
    let contained = contained.iter().flat_map(|contained| [contained.copy, contained.original]);
    let documents = near.chain(near_paragraphs).chain(passages).chain(contained);
    let archived = &corpus.archived;
    let is_new = |document: &u32| *document < archived.documents() && !archived.told.contains_key(document);
    let wanted: BTreeSet<u32> = documents.filter(is_new).collect();
    let numbers: Vec<u32> = wanted.iter().map(|document| archived.numbers[*document as usize]).collect();
    let rows = before.past.index.documents(&numbers)?;
    let wanted: Vec<(u32, u32, DocumentRow)> = wanted
        .into_iter()
        .zip(numbers)
        .zip(rows)
        .map(|((document, number), row)| (document, number, row))
        .collect();
    read_strings(before.past, &wanted, |document, told, mut of_tokens| {
        let units = &mut corpus.paragraph_units;
        let first = corpus.documents[document as usize].first_paragraph;
        let end = corpus.documents.get(document as usize + 1).map_or(first, |next| next.first_paragraph);
        for paragraph in first..end {
            let tokens = read_varint(&mut of_tokens) as u32;
            if let Some(row) = units.row(paragraph) {
                units.tokens[row] = tokens;
            }
        }
        corpus.archived.told.insert(document, told);
    })
}

/// The two being put together.
struct Joining<'a> {
    corpus: Corpus,
    past: &'a Past,
    own: Own<'a>,
    hits: [Hits; 2],
    seeds: Seeds,
    listed_seeds: Listed,
    wanted: Wanted,
    /// paragraphs of the index that something leads to, ascending
    paragraphs: Vec<u32>,
    bands: usize,
    passages: bool,
}

impl Joining<'_> {
    fn run(mut self) -> Result<Corpus> {
        let own_sources = self.corpus.texts.sources().len() as u32;
        let Wanted { numbers, rows, told } = std::mem::take(&mut self.wanted);
        let mut archived = Archived { numbers, own_sources, ..Archived::default() };
        archived.some_paragraphs = (!self.own.is_told(self.passages)).then(Vec::new);
        let mut documents = Vec::with_capacity(archived.numbers.len() + self.corpus.documents.len());
        let mut sources: BTreeMap<u32, u32> = BTreeMap::new();
        let mut names: Vec<Source> = Vec::new();
        let mut tokens = [Vec::with_capacity(archived.numbers.len()), Vec::new()];
        let mut paragraphs = &self.paragraphs[..];
        let index = &self.past.index;
        let mut of_archive = |row: &DocumentRow, number: u32| {
            let source = *sources.entry(row.source).or_insert_with(|| {
                let segment = index.segment(number).ok();
                let name = segment.and_then(|segment| segment.source(row.source)).unwrap_or_default();
                names.push(of_index(name));
                own_sources + names.len() as u32 - 1
            });
            Locator::in_index((source, row.record), number, row.text)
        };
        for (document, (&number, row)) in archived.numbers.iter().zip(&rows).enumerate() {
            let own = number.checked_sub(self.own.first).and_then(|own| self.own.documents.get(own as usize));
            let locator = own.map_or_else(|| of_archive(row, number), |own| own.locator);
            documents.push(Document {
                locator,
                first_paragraph: archived.paragraphs,
                characters: row.characters,
                places: 0, // see `Archived::told`
                id: 0,
            });
            tokens[0].push((document as u32, row.tokens));
            archived.first_paragraphs.push((row.first_paragraph, archived.paragraphs));
            archived.paragraphs += match &mut archived.some_paragraphs {
                None => row.paragraphs,
                Some(some) => {
                    let end = row.first_paragraph + row.paragraphs;
                    let before = paragraphs.partition_point(|paragraph| *paragraph < row.first_paragraph);
                    let behind = paragraphs.partition_point(|paragraph| *paragraph < end);
                    some.extend_from_slice(&paragraphs[before..behind]);
                    paragraphs = &paragraphs[behind..];
                    (behind - before) as u32
                }
            };
            if let Some((of, at)) = row.whole
                && let Ok(of) = archived.numbers.binary_search(&of)
            {
                archived.whole.push((document as u32, of as u32, at));
            }
        }
        for contained in self.hits[0].exact.contained() {
            let here = |document: u32| archived.numbers.binary_search(&document).ok().map(|at| at as u32);
            if let (Some(copy), Some(original)) = (here(contained.copy), here(contained.original)) {
                archived.contained.insert(copy, Contained { copy, original, ..*contained });
            }
        }
        check_numbers(u64::from(archived.paragraphs), self.corpus.counts.paragraphs, "paragraphs")?;
        let numbered =
            (0..).zip(&archived.numbers).zip(rows).map(|((document, &number), row)| (document, number, row));
        let told: Vec<(u32, u32, DocumentRow)> =
            numbered.filter(|(_, number, _)| told.binary_search(number).is_ok()).collect();
        read_strings(self.past, &told, |document, told, mut of_tokens| {
            let (_, first) = archived.first_paragraphs[document as usize];
            let next = archived.first_paragraphs.get(document as usize + 1);
            for paragraph in first..next.map_or(archived.paragraphs, |(_, next)| *next) {
                tokens[1].push((paragraph, read_varint(&mut of_tokens) as u32));
            }
            if !of_tokens.is_empty() {
                archived.cuts.insert(document, Cuts::read(of_tokens));
            }
            archived.told.insert(document, told);
        })?;
        let here = |kind: usize, unit: u32| -> Option<u32> {
            if kind == 0 {
                return archived.numbers.binary_search(&unit).ok().map(|at| at as u32);
            }
            archived.paragraph_here(unit)
        };
        let counts = [archived.numbers.len() as u32, archived.paragraphs];
        let Corpus { document_units, paragraph_units, exact, .. } = &mut self.corpus;
        let mut joined = Vec::new();
        for (kind, units) in [document_units, paragraph_units].into_iter().enumerate() {
            let hits = &self.hits[kind];
            let join = UnitJoin { hits, count: counts[kind], bands: self.bands, kind, tokens: &tokens[kind] };
            let (units, verdicts, dropped) = join.run(std::mem::take(units), |unit| here(kind, unit));
            exact[kind].retain_mut(|(_, unit)| {
                let is_own = hits.exact.get(*unit).is_none();
                *unit += counts[kind];
                is_own
            });
            joined.push((units, verdicts, dropped));
        }
        let mut joined = joined.into_iter();
        let mut next = || joined.next().unwrap_or_default();
        let (document_units, document_verdicts, dropped) = next();
        let (paragraph_units, paragraph_verdicts, _) = next();
        self.join_seeds(&archived.numbers, &dropped);
        let mut corpus = self.corpus;
        documents.extend(corpus.documents.into_iter().map(|document| Document {
            first_paragraph: document.first_paragraph + archived.paragraphs,
            ..document
        }));
        corpus.documents = documents;
        (corpus.document_units, corpus.paragraph_units) = (document_units, paragraph_units);
        let paragraphs = u64::from(archived.paragraphs) + corpus.counts.paragraphs;
        corpus.document_starts = document_starts(&corpus.documents, paragraphs);
        let hopeless = self.hits[1].hopeless.iter().filter_map(|unit| here(1, *unit));
        archived.hopeless =
            hopeless.filter_map(|unit| Some(corpus.paragraph_units.row(unit)? as u32)).collect();
        archived.verdicts = [document_verdicts, paragraph_verdicts];
        archived.listed = self.hits.map(|hits| hits.listed);
        archived.listed_seeds = self.listed_seeds;
        corpus.by_place.iter_mut().for_each(|document| *document += archived.documents());
        corpus.texts.archive(self.past.index.clone(), names);
        corpus.archived = archived;
        Ok(corpus)
    }

    /// Puts the listed seeds of the index before those of the corpus; the seeds of `dropped` rows go.
    fn join_seeds(&mut self, numbers: &[u32], dropped: &[usize]) {
        let corpus = &mut self.corpus;
        if !self.passages {
            return;
        }
        let (mut seeds, mut gaps, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for number in numbers {
            let before = seeds.len();
            let mut last = 0;
            for &(at, hash) in self.seeds.get(number).into_iter().flatten() {
                // a gap has 16 bits: what stands between is a seed that nothing else has
                while at - last > u32::from(u16::MAX) {
                    last += u32::from(u16::MAX);
                    seeds.push(no_seed(*number, last));
                    gaps.push(u16::MAX);
                }
                seeds.push(hash);
                gaps.push((at - last) as u16);
                last = at;
            }
            counts.push((seeds.len() - before) as u32);
        }
        let mut dropped = dropped.iter().copied().peekable();
        let mut at = 0;
        for (row, &count) in corpus.seed_counts.iter().enumerate() {
            let own = at..at + count as usize;
            at = own.end;
            if dropped.next_if_eq(&row).is_none() {
                seeds.extend_from_slice(&corpus.seeds[own.clone()]);
                gaps.extend_from_slice(&corpus.seed_gaps[own]);
                counts.push(count);
            }
        }
        (corpus.seeds, corpus.seed_gaps, corpus.seed_counts) = (seeds, gaps, counts);
    }
}

/// Units of one kind being put together.
struct UnitJoin<'a> {
    hits: &'a Hits,
    /// units of the index, all paragraphs of its documents included
    count: u32,
    bands: usize,
    kind: usize,
    /// tokens of the units of the index that something leads to, ascending
    tokens: &'a [(u32, u32)],
}

impl UnitJoin<'_> {
    /// The units, the verdicts of those of the index, and the rows of the corpus that are gone.
    fn run(&self, own: Units, here: impl Fn(u32) -> Option<u32>) -> (Units, Vec<Verdict>, Vec<usize>) {
        let bands = if own.keys.is_empty() && self.hits.bands.is_empty() { 0 } else { self.bands };
        // units of the index that take part, as they are numbered here
        let equals: Vec<Option<u32>> = self.hits.exact.known.iter().map(|known| here(known.unit)).collect();
        let known = self.known(&equals, &here);
        let rows = Ranks::new(known.iter().map(|(unit, _)| *unit), self.count as usize);
        let Units { first, distinct, tokens, mut keys, sketches, .. } = own;
        let mut units = Units::default();
        units.first.reserve_exact(self.count as usize + first.len());
        units.first.resize(self.count as usize, IS_SHORT);
        units.distinct.reserve_exact(known.len() + distinct.len());
        units.tokens.reserve_exact(known.len() + distinct.len());
        units.sketches = vec![Sketch::default(); if sketches.is_empty() { 0 } else { known.len() }];
        let mut of_known = vec![ABSENT; known.len() * bands];
        let mut verdicts = Vec::with_capacity(known.len());
        for &(unit, copy) in &known {
            units.first[unit as usize] = unit;
            units.distinct.push(unit);
            let count = self.tokens.binary_search_by_key(&unit, |(unit, _)| *unit);
            units.tokens.push(count.map_or(0, |at| self.tokens[at].1));
            verdicts.push(copy.and_then(|(original, overlap)| Some((rows.rank(original)? as u32, overlap))));
        }
        for &(unit, band, key) in &self.hits.bands {
            if let Some(row) = here(unit).and_then(|unit| rows.rank(unit)) {
                of_known[row * bands + band as usize] = key;
            }
        }
        // the corpus: what the index knows leads there
        let mut dropped = Vec::new();
        let mut kept = 0;
        let has_keys = bands > 0 && !keys.is_empty();
        for (row, &unit) in distinct.iter().enumerate() {
            let of_row = row * bands..(row + 1) * bands;
            let equal = self.hits.exact.units.rank(unit).and_then(|at| equals[at]);
            let Some(equal) = equal else {
                units.distinct.push(unit + self.count);
                units.tokens.push(tokens[row]);
                units.sketches.extend(sketches.get(row));
                if has_keys {
                    keys.copy_within(of_row, kept * bands);
                }
                kept += 1;
                continue;
            };
            dropped.push(row);
            let Some(row_here) = rows.rank(equal) else { continue };
            if has_keys {
                of_known[row_here * bands..(row_here + 1) * bands].copy_from_slice(&keys[of_row]);
            }
            units.tokens[row_here] = tokens[row];
        }
        if has_keys {
            // in place: there is no room for all of them twice
            keys.truncate(kept * bands);
            keys.reserve_exact(of_known.len());
            keys.resize(kept * bands + of_known.len(), ABSENT);
            keys.copy_within(..kept * bands, of_known.len());
            keys[..of_known.len()].copy_from_slice(&of_known);
            units.keys = keys;
        } else {
            units.keys = of_known;
        }
        units.first.extend(first.iter().map(|&first| match first {
            IS_EMPTY | IS_SHORT => first,
            first => {
                let equal = self.hits.exact.units.rank(first).and_then(|at| equals[at]);
                equal.unwrap_or(first + self.count)
            }
        }));
        (units.finished(), verdicts, dropped)
    }

    /// The units of the index that take part, ascending, with what they are copies of; `equals` are those with
    /// the tokens of a unit of the corpus.
    fn known(
        &self,
        equals: &[Option<u32>],
        here: &impl Fn(u32) -> Option<u32>,
    ) -> Vec<(u32, Option<(u32, Overlap)>)> {
        let mut known: Vec<(u32, Option<(u32, Overlap)>)> = Vec::new();
        for (of, unit) in self.hits.exact.known.iter().zip(equals) {
            let copy = of.copy.and_then(|copy| Some((here(copy.original)?, copy.overlap)));
            known.extend(unit.map(|unit| (unit, copy)));
        }
        let copied_from =
            self.hits.exact.known.iter().filter_map(|known| known.copy.map(|copy| copy.original));
        let bands = self.hits.bands.chunk_by(|a, b| a.0 == b.0).map(|same| same[0].0);
        known.extend(bands.chain(copied_from).filter_map(here).map(|unit| (unit, None)));
        if self.kind == 0 {
            known.extend((0..self.count).map(|document| (document, None)));
        }
        known.sort_unstable_by_key(|(unit, copy)| (*unit, copy.is_none()));
        known.dedup_by_key(|(unit, _)| *unit);
        known
    }
}

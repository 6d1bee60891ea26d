//! What an index knows of a corpus, put before it: the originals that share a key, a bucket or a seed with
//! it become its first documents, and everything after goes on as in one run over all (law 2).
//!
//! Of an index with a billion paragraphs only those documents are read that something of the corpus may
//! match. Their units are what they were when their batch came: originals stand in their buckets, copies
//! keep their originals, listed seeds their places. None of them is searched again.

mod hits;
mod join;
pub(crate) mod led_to;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::corpus::{Corpus, Document, Ranks, Start, Starts, split_places};
use crate::document::{Compression, Format, Source};
use crate::error::Result;
use crate::index::segment::{DocumentRow, Held};
use crate::index::{Batch, Identity, Index, SeedPlace, Writer};
use crate::params::Params;
use crate::passage::places::{LISTED, MOST_LISTED};
use crate::passage::standing::Cuts;
use crate::passage::{ArchivedWindow, Contained, Found, Verbatim};
use crate::read::sources::by_name;
use crate::reread::Resolved;
use crate::resolve::Verdict;
use crate::unit::{PerUnit, UnitKind};
use crate::varint;
use hits::Hits;
use join::Joining;
use windows::IndexWindow;

/// The index of a run: what it is matched against, and whether it becomes a batch of that.
#[derive(Clone)]
pub struct Past {
    /// `None` where there is nothing in it yet
    index: Option<Arc<Index>>,
    is_batch: bool,
}

impl Past {
    /// Of a run that only asks: it is matched against all that the index has, and leaves nothing there.
    pub fn asking(index: Arc<Index>) -> Self {
        Past { index: Some(index), is_batch: false }
    }

    /// Of a run that [`crate::keep::keep`] then makes a batch of what the writer changes, where nothing else is changed
    /// meanwhile. A batch that is there already is matched against what came before it, as it was the first time.
    pub fn adding_to(writer: &Writer) -> Self {
        Past { index: writer.index().cloned(), is_batch: true }
    }

    /// What the run is matched against; `None` where it begins an index.
    pub fn index(&self) -> Option<&Arc<Index>> {
        self.index.as_ref()
    }

    /// Whether the run is made to become a batch of the index.
    pub fn is_batch(&self) -> bool {
        self.is_batch
    }

    /// All of the index.
    pub(crate) fn seen(&self) -> Option<Seen> {
        let &Past { ref index, is_batch } = self;
        index.clone().map(|index| Seen { is_batch, ..Seen::all(index) })
    }
}

/// An index, as far as a run may look into it.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) index: Arc<Index>,
    /// documents from this number on are not seen: a batch that is run again stands where it stood
    pub(crate) before: u32,
    /// whether the run is a batch, which must not see itself when it is run again; who only asks sees all
    is_batch: bool,
}

impl Seen {
    /// All that an index has.
    pub(crate) fn all(index: Arc<Index>) -> Self {
        Seen { index, before: u32::MAX, is_batch: false }
    }

    /// This view, but a batch that the index has already sees only what came before it.
    pub(crate) fn unless_known(self, identity: Identity) -> Self {
        let known = self.index.batches().iter().find(|batch| self.is_batch && identity.is_of(batch));
        let before = known.map_or(self.before, |batch| self.before.min(batch.first_document));
        Seen { before, ..self }
    }

    /// Whether there is anything to see.
    pub(crate) fn sees_any(&self) -> bool {
        self.before.min(self.index.end().documents) > 0
    }

    /// The identity of a batch, or the one with the ids of JSON lines alone by which the index has it. That is blind to other
    /// ids, so they are looked at: `id` tells that of the batch's document of this number.
    ///
    /// # Errors
    /// Those of reading the index.
    pub(crate) fn identity<'c>(&self, own: Identity, id: impl Fn(u32) -> &'c str) -> Result<Identity> {
        let index = &*self.index;
        let earlier = own.earlier().filter(|_| self.is_batch && !index.knows(own));
        let Some(earlier) = earlier else { return Ok(own) };
        for batch in index.batches().iter().filter(|batch| earlier.is_of(batch)) {
            let documents = batch.first_document..batch.end_document;
            let mut kept = documents.zip(0..).filter(|(document, _)| index.keeps(*document, u32::MAX));
            let are_same = kept.try_fold(true, |are_same, (document, number)| {
                let (row, segment) = index.document(document)?;
                Ok(are_same && segment.strings(&row)?.0 == id(number))
            });
            if are_same? {
                return Ok(earlier);
            }
        }
        Ok(own)
    }

    /// What [`Seen::unless_known`] will say of a corpus, by its first documents.
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

/// What an index lists, ascending: keys [with their bands](crate::band::with_band), or seeds, each as often as there are places of it.
pub(crate) type Listed = Vec<u64>;

/// What was there before a corpus: an index, and what the run itself has put into it.
pub(crate) struct Before<'a> {
    past: &'a Seen,
    own: Own<'a>,
}

/// What the run itself has put into an index.
#[derive(Clone, Copy)]
struct Own<'a> {
    /// the number of its first document there
    first: u32,
    /// its documents; their texts are where they were read
    documents: &'a [Document],
    /// where one can start in these
    starts: Option<&'a Starts>,
}

impl Own<'_> {
    /// Whether anything is told of the documents before the run: of a part of it only where passages are looked for.
    fn is_told(&self, passages: bool) -> bool {
        self.first == u32::MAX || passages
    }
}

impl<'a> Before<'a> {
    /// An index alone.
    pub(crate) fn archive(past: &'a Seen) -> Self {
        Before { past, own: Own { first: u32::MAX, documents: &[], starts: None } }
    }

    /// An index in which the documents from a number on are these.
    pub(crate) fn with_own(
        past: &'a Seen,
        (first, documents, starts): (u32, &'a [Document], &'a Starts),
    ) -> Self {
        Before { past, own: Own { first, documents, starts: Some(starts) } }
    }
}

/// From the numbers of a run to those of the index, or of all parts.
pub(crate) struct Numbers<'a> {
    pub(crate) archived: &'a Archived,
    /// after the documents and paragraphs that were there before
    pub(crate) base: PerUnit<u32>,
}

impl Numbers<'_> {
    pub(crate) fn document(&self, document: u32) -> u32 {
        match document.checked_sub(self.archived.documents()) {
            Some(own) => self.base.documents + own,
            None => self.archived.numbers[document as usize],
        }
    }

    pub(crate) fn paragraph(&self, paragraph: u32) -> u32 {
        match paragraph.checked_sub(self.archived.paragraphs) {
            Some(own) => self.base.paragraphs + own,
            None => self.archived.paragraph_in_index(paragraph),
        }
    }

    #[inline]
    pub(crate) fn unit(&self, kind: UnitKind, unit: u32) -> u32 {
        match kind {
            UnitKind::Document => self.document(unit),
            UnitKind::Paragraph => self.paragraph(unit),
        }
    }

    pub(crate) fn contained(&self, of: &Contained) -> Contained {
        Contained { copy: self.document(of.copy), original: self.document(of.original), ..*of }
    }
}

/// The documents at the head of a corpus that come from an index.
#[derive(Default)]
pub(crate) struct Archived {
    /// their numbers in the index, ascending; in the corpus they go from 0
    pub(crate) numbers: Vec<u32>,
    /// their paragraphs
    pub(crate) paragraphs: u32,
    /// the first paragraph of each
    pub(crate) first_paragraphs: Vec<FirstParagraph>,
    /// where only the paragraphs that something leads to are here, and nothing is told of them: their numbers in the
    /// index, ascending
    pub(crate) some_paragraphs: Option<Vec<u32>>,
    /// how many sources of the corpus are its own; those of the index come after
    pub(crate) own_sources: u32,
    /// what became of their documents and paragraphs, by row
    pub(crate) verdicts: PerUnit<Vec<Verdict>>,
    /// by document
    pub(crate) verbatim: Vec<Verbatim>,
    /// what the index lists of the band keys of the corpus
    pub(crate) listed: PerUnit<Listed>,
    /// and of its seeds
    pub(crate) listed_seeds: Listed,
    /// windows that the corpus shares with them, of seeds whose lists are full; in order
    pub(crate) windows: Vec<ArchivedWindow>,
    /// what was removed of their texts, in tokens; of those that are told
    pub(crate) cuts: BTreeMap<u32, Cuts>,
    /// those that are contained in another
    pub(crate) contained: BTreeMap<u32, Contained>,
    /// of these: the first with the same tokens that counts, where one has come
    pub(crate) replaced: Vec<(u32, u32)>,
    /// rows of paragraphs that no paragraph of the corpus can match, in order: their texts need not be read
    pub(crate) hopeless: Vec<u32>,
    /// ids and places of those of which something has to be told; [`tell`] fills in more
    pub(crate) told: BTreeMap<u32, Strings>,
    /// where one can start to read in those that the run itself has put into the index, by their numbers from this on
    pub(crate) starts: (u32, Starts),
}

/// The number of a document's first paragraph: in the index, and here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstParagraph {
    pub(crate) there: u32,
    pub(crate) here: u32,
}

/// The id of a document of an index, as JSON, and the places of its paragraphs.
#[derive(Default)]
pub(crate) struct Strings {
    pub(crate) id: String,
    pub(crate) places: Vec<u8>,
}

impl Archived {
    /// A paragraph of the index, as it is numbered there.
    pub(crate) fn paragraph_in_index(&self, paragraph: u32) -> u32 {
        if let Some(some) = &self.some_paragraphs {
            return some[paragraph as usize];
        }
        let of = self.first_paragraphs.partition_point(|of| of.here <= paragraph).saturating_sub(1);
        let FirstParagraph { there, here } = self.first_paragraphs[of];
        there + (paragraph - here)
    }

    /// A paragraph of the index, as it is numbered here; one that something leads to.
    fn paragraph_here(&self, paragraph: u32) -> Option<u32> {
        if let Some(some) = &self.some_paragraphs {
            return some.binary_search(&paragraph).ok().map(|at| at as u32);
        }
        let of = self.first_paragraphs.partition_point(|of| of.there <= paragraph).checked_sub(1)?;
        let FirstParagraph { there, here } = self.first_paragraphs[of];
        Some(here + (paragraph - there))
    }

    /// A document of the index, as it is numbered here; one that something leads to.
    fn document_here(&self, document: u32) -> Option<u32> {
        self.numbers.binary_search(&document).ok().map(|at| at as u32)
    }

    fn unit_here(&self, kind: UnitKind, unit: u32) -> Option<u32> {
        match kind {
            UnitKind::Document => self.document_here(unit),
            UnitKind::Paragraph => self.paragraph_here(unit),
        }
    }

    /// Where a paragraph stands among those of its document, which is of the index.
    pub(crate) fn number_in_document(&self, document: u32, paragraph: u32) -> u32 {
        self.paragraph_in_index(paragraph) - self.first_paragraphs[document as usize].there
    }

    /// Where one can start to read in one that an earlier part of the run has put into the index.
    pub(crate) fn starts_of(&self, document: u32) -> &[Start] {
        let (first, starts) = &self.starts;
        let own = self.numbers.get(document as usize).and_then(|number| number.checked_sub(*first));
        own.map_or(&[], |own| starts.of(own))
    }

    /// How many documents there are.
    pub(crate) fn documents(&self) -> u32 {
        self.numbers.len() as u32
    }

    /// How many units there are: behind them come those of the corpus itself.
    pub(crate) fn counts(&self) -> PerUnit<u32> {
        PerUnit { documents: self.documents(), paragraphs: self.paragraphs }
    }
}

/// A source of an index: of its format its name tells, and where it does not, it may well have had several records.
pub(crate) fn of_index(name: &str) -> Source {
    Source {
        path: None,
        name: name.to_owned(),
        format: by_name(Path::new(name)).0.unwrap_or(Format::JsonLines),
        compression: Compression::Plain,
        size: 0,
        regular: false,
        input: 0,
        modified: None,
    }
}

/// Puts what the index knows before the corpus.
pub(crate) fn join(corpus: Corpus, before: &Before<'_>, params: &Params, bands: usize) -> Result<Corpus> {
    let &Before { past, own } = before;
    let hits = PerUnit::try_from_fn(|kind| {
        hits::find(kind, (&corpus.units[kind], &corpus.exact[kind]), past, (params, bands))
    })?;
    let seeds = find_seeds(&corpus, past, &hits.documents.exact.units, params)?;
    let wanted = Wanted::new(&hits, &seeds.seeds, (before, params))?;
    let passages = params.units.passages;
    Joining { corpus, past, own, hits, seeds, wanted, bands, passages }.run()
}

/// A seed of the corpus in a document of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SeedAt {
    /// the token at which it starts
    token: u32,
    hash: u64,
}

/// Seeds of the corpus, by the documents of the index in which they stand.
type Seeds = BTreeMap<u32, Vec<SeedAt>>;

struct FoundSeeds {
    seeds: Seeds,
    listed: Listed,
    windows: Vec<IndexWindow>,
}

/// Places in the index that seeds of the corpus have, the windows of places past those that are listed, and how many are.
fn find_seeds(corpus: &Corpus, past: &Seen, known: &Ranks, params: &Params) -> Result<FoundSeeds> {
    let mut keys: Vec<u64> = corpus.seeds.iter().map(|&seed| seed.into()).collect();
    keys.par_sort_unstable();
    keys.dedup();
    let found = past.index.find_seeds(&keys, past.before)?;
    let mut seeds = Seeds::new();
    let mut listed = Listed::new();
    for same in found.chunk_by(|a, b| a.key == b.key) {
        let hash = keys[same[0].key as usize];
        let same = &same[..same.len().min(usize::from(MOST_LISTED))];
        listed.resize(listed.len() + same.len(), hash);
        for &SeedPlace { document, token, .. } in same {
            seeds.entry(document).or_default().push(SeedAt { token, hash });
        }
    }
    // where something was forgotten, lists were full that have room now
    let least = if past.index.has_forgotten() { 1 } else { usize::from(LISTED) };
    let full =
        listed.chunk_by(|a, b| a == b).filter(|same| same.len() >= least).map(|same| same[0]).collect();
    let windows = windows::find(corpus, past, (known, &full), params)?;
    for window in &windows {
        let &IndexWindow { document, seed, hash, .. } = window;
        seeds.entry(document).or_default().push(SeedAt { token: seed, hash });
    }
    for places in seeds.values_mut() {
        places.sort_unstable();
        places.dedup();
    }
    Ok(FoundSeeds { seeds, listed, windows })
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
    /// Those that lead there are hits and seeds.
    fn new(hits: &PerUnit<Hits>, seeds: &Seeds, (before, params): (&Before<'_>, &Params)) -> Result<Self> {
        let &Before { past, own } = before;
        let document = |paragraph: u32| past.index.document_of(paragraph);
        let mut numbers = hits.documents.units.clone();
        numbers.extend(seeds.keys());
        numbers.extend(hits.paragraphs.units.iter().copied().filter_map(document));
        numbers.extend(hits.documents.exact.contained().map(|contained| contained.original));
        sort(&mut numbers);
        let mut told = Vec::new();
        if own.is_told(params.units.passages) {
            told.extend(hits.documents.exact.in_index());
            told.extend(hits.paragraphs.exact.in_index().filter_map(document));
            // what was cut of a text bounds what is found in it
            if params.remove.cuts_texts() && params.units.passages {
                told.extend(seeds.keys());
            }
            sort(&mut told);
        }
        let mut rows = past.index.documents(&numbers)?;
        // what was forgotten is named by nothing any more
        let is_kept = |of: &u32| past.index.keeps(*of, past.before);
        let wholes = rows.iter().filter_map(|row| row.whole.map(|(of, _)| of));
        let mut behind: Vec<u32> = wholes.filter(is_kept).collect();
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

/// A document of the index of which something is to be told.
struct Untold {
    /// its number here
    document: u32,
    /// its number in the index
    number: u32,
    row: DocumentRow,
}

/// Documents whose strings are read at once.
const READ: usize = 64;

/// Reads ids and places of documents of the index, which are in order: calls `tell` with what each has besides,
/// the tokens of its paragraphs and what was removed of it, too.
fn read_strings(past: &Seen, documents: &[Untold], mut tell: impl FnMut(u32, Strings, &[u8])) -> Result<()> {
    let read = |documents: &[Untold]| -> Result<Vec<(String, Vec<u8>)>> {
        // what is held is of one segment
        let (mut held, mut of) = (Held::default(), None);
        let strings = documents.iter().map(|Untold { number, row, .. }| {
            let segment = past.index.segment(*number)?;
            if of.replace(segment.entry.documents) != Some(segment.entry.documents) {
                held = Held::default();
            }
            segment.next_strings(row, &mut held)
        });
        strings.collect()
    };
    let strings: Vec<Vec<(String, Vec<u8>)>> = documents.par_chunks(READ).map(read).collect::<Result<_>>()?;
    for (of, (id, of_paragraphs)) in documents.iter().zip(strings.into_iter().flatten()) {
        let (places, of_tokens) = split_places(&of_paragraphs, of.row.paragraphs);
        tell(of.document, Strings { id, places: places.to_vec() }, of_tokens);
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
    let wanted = wanted.into_iter().zip(numbers).zip(rows);
    let wanted: Vec<Untold> =
        wanted.map(|((document, number), row)| Untold { document, number, row }).collect();
    read_strings(before.past, &wanted, |document, told, mut of_tokens| {
        let paragraphs = corpus.paragraphs(document);
        let units = &mut corpus.units.paragraphs;
        for paragraph in paragraphs {
            let tokens = varint::read(&mut of_tokens).unwrap_or_default() as u32;
            if let Some(row) = units.row(paragraph) {
                units.tokens[row] = tokens;
            }
        }
        corpus.archived.told.insert(document, told);
    })
}

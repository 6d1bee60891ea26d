//! The outcomes of the parts of a corpus, put together as that of one run over all of it.

mod archive;

use std::sync::Arc;

use crate::band::Plan;
use crate::certify::Draw;
use crate::corpus::{
    Corpus, Counts, Document, IS_SHORT, Labels, Ranks, Units, check_numbers, document_starts,
};
use crate::document::Skip;
use crate::error::Result;
use crate::index::segment::CopyRow;
use crate::index::{Index, Known};
use crate::locate::Stretch;
use crate::outcome::near::NearCopies;
use crate::outcome::{Located, Outcome};
use crate::params::Params;
use crate::passage::{Contained, Passage};
use crate::past::{AllGone, Archived, Gone};
use crate::pipeline::Searched;
use crate::read::sources::Sources;
use crate::read::texts::Texts;
use crate::resolve::{Cost, Near};
use crate::scan::Piece;

/// What is known of the parts so far. Documents and paragraphs are numbered through all of them, behind those of
/// the index that the run is matched against.
pub(crate) struct Whole {
    /// the first numbers that are free in that index: of documents, of paragraphs
    first: [u32; 2],
    documents: Vec<Document>,
    document_units: Units,
    paragraph_units: Units,
    places: Vec<u8>,
    ids: String,
    counts: Counts,
    skips: Vec<Skip>,
    pieces: Vec<Piece>,
    labels: Labels,
    draws: [Draw; 2],
    near: [(Vec<Near>, Cost); 2],
    passages: Vec<(Passage, [Stretch; 2])>,
    contained: Vec<(Contained, Stretch)>,
    capped: u64,
    /// documents that leave, see [`crate::standing`]
    leaving: Vec<u32>,
    /// see [`AllGone`]
    gone: AllGone,
    digest: u128,
}

/// Bytes that making a batch of an index takes for each document, and for each near copy.
const KEEPING: [usize; 2] = [44, 20];

/// What comes to the parts at their end.
pub(crate) struct Ends {
    /// reads texts again
    pub(crate) texts: Texts,
    /// where the documents did not pass in the order of the corpus: what was measured of them, and their order
    pub(crate) measured: Option<(Corpus, Vec<u32>)>,
    /// the index that the run is matched against
    pub(crate) past: Option<Arc<Index>>,
    /// see [`Outcome::spilled`]
    pub(crate) spilled: Option<Arc<Index>>,
}

/// From the numbers of a part to those of the whole.
struct Numbers<'a> {
    archived: &'a Archived,
    /// behind the documents and paragraphs of the parts before
    base: [u32; 2],
}

impl Numbers<'_> {
    fn document(&self, document: u32) -> u32 {
        match document.checked_sub(self.archived.documents()) {
            Some(own) => self.base[0] + own,
            None => self.archived.numbers[document as usize],
        }
    }

    fn paragraph(&self, paragraph: u32) -> u32 {
        match paragraph.checked_sub(self.archived.paragraphs) {
            Some(own) => self.base[1] + own,
            None => self.archived.paragraph_in_index(paragraph),
        }
    }

    fn unit(&self, kind: usize, unit: u32) -> u32 {
        if kind == 0 { self.document(unit) } else { self.paragraph(unit) }
    }

    fn contained(&self, of: &Contained) -> Contained {
        Contained { copy: self.document(of.copy), original: self.document(of.original), ..*of }
    }

    /// The units of a part of the corpus itself, behind those of the parts before.
    fn append(&self, kind: usize, own: &Units, to: &mut Units) {
        let first_own = if kind == 0 { self.archived.documents() } else { self.archived.paragraphs };
        let firsts = own.first[first_own as usize..].iter();
        to.first.extend(firsts.map(|&first| if first >= IS_SHORT { first } else { self.unit(kind, first) }));
        let behind = own.distinct.partition_point(|unit| *unit < first_own);
        to.distinct.extend(own.distinct[behind..].iter().map(|unit| self.unit(kind, *unit)));
        to.tokens.extend_from_slice(&own.tokens[behind..]);
    }
}

/// Notes which documents of a part left being contained, where their tokens are found by their keys; and what has come
/// in place of such of earlier parts.
fn note_gone(
    gone: &mut AllGone,
    (corpus, near, located): (&Corpus, &NearCopies, &Located),
    numbers: &Numbers<'_>,
) {
    let found = corpus.exact[0].iter().map(|(_, unit)| *unit).filter(|unit| corpus.leaving.contains(*unit));
    let mut found: Vec<u32> = found.collect();
    found.sort_unstable();
    for (contained, _) in &located.contained {
        if contained.paragraph.is_none() && found.binary_search(&contained.copy).is_ok() {
            gone.insert(numbers.document(contained.copy), Gone::Contained(numbers.contained(contained)));
        }
    }
    for &(document, by) in &corpus.archived.replaced {
        let Some(Near { original, overlap, .. }) = near.get(by) else { continue };
        let unit = numbers.document(by);
        let copy = CopyRow { unit, original: numbers.document(original), overlap };
        gone.insert(numbers.document(document), Gone::Copy(Known { unit, copy: Some(copy) }));
    }
}

impl Whole {
    /// Of no part.
    pub(crate) fn new(params: &Params, sources: usize, first: [u32; 2]) -> Self {
        Whole {
            first,
            documents: Vec::new(),
            document_units: Units::default(),
            paragraph_units: Units::default(),
            places: Vec::new(),
            ids: String::new(),
            counts: Counts { records: vec![0; sources], lines: vec![0; sources], ..Counts::default() },
            skips: Vec::new(),
            pieces: Vec::new(),
            labels: Labels::default(),
            draws: [(); 2].map(|()| Draw::new(params.certify)),
            near: Default::default(),
            passages: Vec::new(),
            contained: Vec::new(),
            capped: 0,
            leaving: Vec::new(),
            gone: AllGone::new(),
            digest: 0,
        }
    }

    /// The first numbers of its own: of documents, of paragraphs.
    pub(crate) fn first(&self) -> [u32; 2] {
        self.first
    }

    /// Behind the last ones.
    fn end(&self) -> [u32; 2] {
        let [documents, paragraphs] = self.first;
        [documents + self.documents.len() as u32, paragraphs + self.paragraph_units.first.len() as u32]
    }

    /// Documents that left and have to be remembered.
    pub(crate) fn gone(&self) -> &AllGone {
        &self.gone
    }

    /// The documents, in their order.
    pub(crate) fn all_documents(&self) -> &[Document] {
        &self.documents
    }

    /// About how many bytes it holds, and the summary beside it: 8 a distinct unit; and what making a batch of an
    /// index takes, if it `is_kept`.
    pub(crate) fn size(&self, is_kept: bool) -> u64 {
        let units = |units: &Units| 4 * units.first.len() + (8 + 8) * units.distinct.len();
        let copies = self.near.iter().map(|(near, _)| near.len()).sum::<usize>();
        let bytes = size_of::<Document>() * self.documents.len()
            + units(&self.document_units)
            + units(&self.paragraph_units)
            + self.places.len()
            + self.ids.len()
            + size_of::<Piece>() * self.pieces.len()
            + size_of::<Near>() * copies
            + size_of::<(Passage, [Stretch; 2])>() * self.passages.len()
            + size_of::<(Contained, Stretch)>() * self.contained.len()
            + size_of_val(&self.leaving[..])
            + 2 * size_of::<(u32, Gone)>() * self.gone.len()
            + if is_kept { KEEPING[0] * self.documents.len() + KEEPING[1] * copies } else { 0 };
        bytes as u64
    }

    /// Whether what was read of a part can be numbered behind the others.
    ///
    /// # Errors
    /// [`crate::error::Error::TooMany`].
    pub(crate) fn check_room(&self, part: &Corpus) -> Result<()> {
        let [documents, paragraphs] = self.end();
        check_numbers(documents.into(), part.documents.len() as u64, "documents")?;
        check_numbers(paragraphs.into(), part.counts.paragraphs, "paragraphs")
    }

    /// Takes the documents of a part, from its own first ones on; their paragraphs go on at `base`.
    fn append(&mut self, corpus: &Corpus, [document, paragraph]: [u32; 2], base: u32) {
        let own = &corpus.documents[document as usize..];
        let (places, ids) = own.first().map_or((0, 0), |first| (first.places, first.id));
        let shift = (self.places.len() as u64, self.ids.len() as u64);
        self.documents.extend(own.iter().map(|document| Document {
            locator: document.locator,
            first_paragraph: base + (document.first_paragraph - paragraph),
            characters: document.characters,
            places: document.places - places + shift.0,
            id: document.id - ids + shift.1,
        }));
        if !own.is_empty() {
            self.places.extend_from_slice(&corpus.places[places as usize..]);
            self.ids.push_str(&corpus.ids[ids as usize..]);
        }
    }

    /// What was read of the sources: all parts so far, and one that was not searched.
    pub(crate) fn measured(mut self, last: Corpus) -> Corpus {
        let base = self.end()[1];
        self.append(&last, [0; 2], base);
        self.counts.add(&last.counts);
        self.skips.extend(last.skips);
        self.pieces.extend(last.pieces);
        self.labels.append(last.labels);
        let first = self.first[1];
        self.documents.iter_mut().for_each(|document| document.first_paragraph -= first);
        let units = [Units::default(), Units::default()];
        self.corpus(last.texts, units, Archived::default())
    }

    /// Takes a part in; gives back what reads texts again.
    pub(crate) fn absorb(&mut self, part: Outcome) -> Texts {
        let Outcome { corpus, near, located, summary, .. } = part;
        let base = self.end();
        let numbers = Numbers { archived: &corpus.archived, base };
        numbers.append(0, &corpus.document_units, &mut self.document_units);
        numbers.append(1, &corpus.paragraph_units, &mut self.paragraph_units);
        let first_own = [corpus.archived.documents(), corpus.archived.paragraphs];
        self.append(&corpus, first_own, base[1]);
        note_gone(&mut self.gone, (&corpus, &near[0], &located), &numbers);
        for (kind, of_part) in near.into_iter().enumerate() {
            let own = of_part.all.into_iter().filter(|near| near.unit >= first_own[kind]);
            self.near[kind].0.extend(own.map(|near| Near {
                unit: numbers.unit(kind, near.unit),
                original: numbers.unit(kind, near.original),
                ..near
            }));
            if kind == 1 || summary.parameters.units.documents {
                let distinct = corpus.exact[kind].iter();
                distinct.for_each(|&(key, unit)| self.draws[kind].offer(key, numbers.unit(kind, unit)));
            }
        }
        let leaving =
            (first_own[0]..corpus.documents.len() as u32).filter(|own| corpus.leaving.contains(*own));
        self.leaving.extend(leaving.map(|own| numbers.document(own)));
        self.near[0].1.add(&Cost { candidates: summary.candidates, verified: summary.verified, capped: 0 });
        self.capped += summary.capped;
        let Located { passages, contained, .. } = located;
        self.passages.extend(passages.into_iter().map(|(passage, stretches)| {
            let [copy, original] =
                [passage.copy, passage.original].map(|document| numbers.document(document));
            (Passage { copy, original, ..passage }, stretches)
        }));
        let own = contained.into_iter().filter(|(contained, _)| contained.copy >= first_own[0]);
        self.contained.extend(own.map(|(contained, stretch)| (numbers.contained(&contained), stretch)));
        self.counts.add(&corpus.counts);
        self.skips.extend(corpus.skips);
        self.pieces.extend(corpus.pieces);
        self.labels.append(corpus.labels);
        self.digest = corpus.digest;
        corpus.texts
    }

    /// The outcome of all parts.
    ///
    /// # Errors
    /// Those of the index.
    pub(crate) fn finish(
        mut self,
        Ends { texts, measured, past, spilled }: Ends,
        sources: Sources,
        (params, plan): (&Params, Plan),
    ) -> Result<Outcome> {
        let own_sources = sources.files.len() as u32;
        let (archived, names) = match &past {
            Some(index) => self.put_behind(index, own_sources)?,
            None => Default::default(),
        };
        let near = std::mem::take(&mut self.near);
        let located = Located {
            passages: std::mem::take(&mut self.passages),
            contained: std::mem::take(&mut self.contained),
            capped: self.capped,
            ..Located::default()
        };
        let units = [&mut self.document_units, &mut self.paragraph_units].map(std::mem::take);
        let mut corpus = self.corpus(texts, units, archived);
        if let Some((measured, ranked)) = measured {
            corpus.complete(measured, &ranked);
            let first = corpus.archived.documents();
            corpus.by_place.iter_mut().for_each(|document| *document += first);
        }
        if let Some(index) = past {
            corpus.texts.archive(index, names);
        }
        let mut outcome =
            Outcome::new(Searched { corpus, near, located, kept: None }, sources, (params, plan));
        outcome.spilled = spilled;
        Ok(outcome)
    }

    /// The tables; `units` are those of documents and paragraphs.
    fn corpus(self, texts: Texts, [documents, paragraphs]: [Units; 2], archived: Archived) -> Corpus {
        let end = self.documents.len();
        let paragraphs_end = u64::from(archived.paragraphs) + self.counts.paragraphs;
        Corpus {
            texts,
            document_starts: document_starts(&self.documents, paragraphs_end),
            documents: self.documents,
            document_units: documents.finished(),
            paragraph_units: paragraphs.finished(),
            places: self.places,
            ids: self.ids,
            exact: Default::default(),
            digest: self.digest,
            archived,
            seeds: Vec::new(),
            seed_gaps: Vec::new(),
            seed_counts: Vec::new(),
            marks: Vec::new(),
            counts: self.counts,
            skips: self.skips,
            pieces: self.pieces,
            labels: self.labels,
            by_place: Vec::new(),
            drawn: self.draws.map(Draw::finish),
            leaving: Ranks::new(self.leaving.into_iter(), end),
        }
    }
}

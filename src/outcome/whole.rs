//! The outcomes of the parts of a corpus, put together as that of one run over all of it.

mod archive;

use std::path::Path;
use std::sync::Arc;

use crate::band::Plan;
use crate::certify::Draw;
use crate::corpus::{
    Corpus, Counts, Document, IS_SHORT, Labels, Ranks, Starts, Units, check_numbers, document_starts,
};
use crate::error::Result;
use crate::index::{Identity, Index};
use crate::locate::Stretch;
use crate::outcome::column::Column;
use crate::outcome::held;
use crate::outcome::passages::{Passages, WaitingPassages};
use crate::outcome::{HELD_BY_REPORTS, Located, Outcome};
use crate::params::Params;
use crate::passage::Contained;
use crate::passage::gaps::Gaps;
use crate::past::{Archived, Numbers};
use crate::pipeline::Searched;
use crate::read::sources::Sources;
use crate::read::texts::Texts;
use crate::resolve::{Cost, Near};
use crate::scan::Piece;
use crate::skips::Skips;
use crate::unit::{PerUnit, UnitKind};

/// What is known of the parts so far; what only the end needs waits in temporary files. Documents and paragraphs are numbered through all of them, behind those of
/// the index that the run is matched against.
pub(crate) struct Whole {
    /// the first numbers that are free in that index
    first: PerUnit<u32>,
    documents: Vec<Document>,
    /// where one can start in long ones
    starts: Starts,
    waiting: Waiting,
    // these are empty until all that waits is there
    units: PerUnit<Units>,
    places: Vec<u8>,
    ids: String,
    passages: Passages,
    counts: Counts,
    skips: Skips,
    pieces: Vec<Piece>,
    labels: Labels,
    draws: PerUnit<Draw>,
    near: PerUnit<(Vec<Near>, Cost)>,
    contained: Vec<(Contained, Stretch)>,
    capped: u64,
    /// documents that leave, see [`crate::standing`]
    leaving: Vec<u32>,
    identity: Identity,
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

/// The tables of all units, of places, of ids and of passages, while parts come.
struct Waiting {
    units: PerUnit<UnitColumns>,
    places: Column<u8>,
    ids: Column<u8>,
    passages: WaitingPassages,
}

impl Waiting {
    fn new(folder: &Path) -> Self {
        Waiting {
            units: PerUnit::from_fn(|_| UnitColumns::new(folder)),
            places: Column::new(folder),
            ids: Column::new(folder),
            passages: WaitingPassages::new(folder),
        }
    }

    /// Bytes when they are held again.
    fn size(&self) -> usize {
        let units: usize = self.units.values().map(UnitColumns::size).sum();
        units + self.places.size() + self.ids.size() + self.passages.size()
    }
}

/// All units of a kind, as [`Units`] has them.
struct UnitColumns {
    first: Column<u32>,
    distinct: Column<u32>,
    tokens: Column<u32>,
}

impl UnitColumns {
    fn new(folder: &Path) -> Self {
        let [first, distinct, tokens] = [(); 3].map(|()| Column::new(folder));
        UnitColumns { first, distinct, tokens }
    }

    /// Bytes when they are held again, with the numbers in `distinct`.
    fn size(&self) -> usize {
        held::units([self.first.size(), self.distinct.size(), self.tokens.size()])
    }

    fn into_units(self) -> Result<Units> {
        let mut units = Units::default();
        units.first = self.first.into_vec()?;
        units.distinct = self.distinct.into_vec()?;
        units.tokens = self.tokens.into_vec()?;
        Ok(units)
    }
}

impl Numbers<'_> {
    /// The units of a part of the corpus itself, behind those of the parts before.
    fn append(&self, kind: UnitKind, own: &Units, to: &mut UnitColumns) -> Result<()> {
        let first_own = self.archived.counts()[kind];
        let firsts = own.first[first_own as usize..].iter();
        to.first
            .extend(firsts.map(|&first| if first >= IS_SHORT { first } else { self.unit(kind, first) }))?;
        let behind = own.distinct.partition_point(|unit| *unit < first_own);
        to.distinct.extend(own.distinct[behind..].iter().map(|unit| self.unit(kind, *unit)))?;
        to.tokens.extend_from_slice(&own.tokens[behind..])
    }
}

impl Whole {
    /// Of no part; its files will be in `folder`.
    pub(crate) fn new(params: &Params, sources: usize, first: PerUnit<u32>, folder: &Path) -> Self {
        Whole {
            first,
            documents: Vec::new(),
            starts: Starts::default(),
            waiting: Waiting::new(folder),
            units: PerUnit::default(),
            places: Vec::new(),
            ids: String::new(),
            passages: Passages::default(),
            counts: Counts { records: vec![0; sources], lines: vec![0; sources], ..Counts::default() },
            skips: Skips::default(),
            pieces: Vec::new(),
            labels: Labels::default(),
            draws: PerUnit::from_fn(|_| Draw::new(params.certify)),
            near: Default::default(),
            contained: Vec::new(),
            capped: 0,
            leaving: Vec::new(),
            identity: Identity::default(),
        }
    }

    /// The first numbers of its own.
    pub(crate) fn first(&self) -> PerUnit<u32> {
        self.first
    }

    /// Behind the last ones.
    fn end(&self) -> PerUnit<u32> {
        PerUnit {
            documents: self.first.documents + self.documents.len() as u32,
            paragraphs: self.first.paragraphs + self.waiting.units.paragraphs.first.len() as u32,
        }
    }

    /// Where one can start to read in them.
    pub(crate) fn starts(&self) -> &Starts {
        &self.starts
    }

    /// The documents, in their order.
    pub(crate) fn all_documents(&self) -> &[Document] {
        &self.documents
    }

    /// About how many bytes it will hold at the end; with what making a batch of an index takes, if it `is_kept`.
    pub(crate) fn size(&self, is_kept: bool) -> u64 {
        // what recurs is counted when the sums are gone
        let report = HELD_BY_REPORTS.max(self.waiting.units.paragraphs.distinct.len());
        self.held(is_kept) + (self.waiting.size() + report) as u64
    }

    /// About how many bytes it holds while parts come; with what making a batch of an index takes, if it
    /// `is_kept`.
    pub(crate) fn held(&self, is_kept: bool) -> u64 {
        let copies = self.near.values().map(|(near, _)| near.len()).sum::<usize>();
        let bytes = held::tables(&self.documents, &self.pieces, &self.labels, copies)
            + self.starts.size()
            + size_of::<(Contained, Stretch)>() * self.contained.len()
            + size_of_val(&self.leaving[..])
            + self.draws.values().map(Draw::size).sum::<usize>()
            + if is_kept { KEEPING[0] * self.documents.len() + KEEPING[1] * copies } else { 0 };
        bytes as u64
    }

    /// Whether what was read of a part can be numbered behind the others.
    ///
    /// # Errors
    /// [`crate::error::Error::TooMany`].
    pub(crate) fn check_room(&self, part: &Corpus) -> Result<()> {
        let PerUnit { documents, paragraphs } = self.end();
        check_numbers(documents.into(), part.documents.len() as u64, "documents")?;
        check_numbers(paragraphs.into(), part.counts.paragraphs, "paragraphs")
    }

    /// Takes the documents of a part, from its own first ones on; their paragraphs go on at `base`.
    fn append(&mut self, corpus: &Corpus, first: PerUnit<u32>, base: u32) -> Result<()> {
        let own = &corpus.documents[first.documents as usize..];
        let (places, ids) = own.first().map_or((0, 0), |document| (document.places, document.id));
        let shift = (self.waiting.places.len() as u64, self.waiting.ids.len() as u64);
        self.starts.append(&corpus.starts, self.documents.len() as u32);
        self.documents.extend(own.iter().map(|document| Document {
            locator: document.locator,
            first_paragraph: base + (document.first_paragraph - first.paragraphs),
            characters: document.characters,
            places: document.places - places + shift.0,
            id: document.id - ids + shift.1,
        }));
        if !own.is_empty() {
            self.waiting.places.extend_from_slice(&corpus.places[places as usize..])?;
            self.waiting.ids.extend_from_slice(&corpus.ids.as_bytes()[ids as usize..])?;
        }
        Ok(())
    }

    /// Takes back what waits.
    fn gather(&mut self) -> Result<()> {
        let none = Waiting::new(Path::new(""));
        let Waiting { units, places, ids, passages } = std::mem::replace(&mut self.waiting, none);
        let PerUnit { documents, paragraphs } = units;
        self.units = PerUnit { documents: documents.into_units()?, paragraphs: paragraphs.into_units()? };
        self.places = places.into_vec()?;
        self.passages = passages.into_passages()?;
        // what came as text is text
        self.ids = String::from_utf8(ids.into_vec()?).unwrap_or_default();
        Ok(())
    }

    /// What was read of the sources: all parts so far, and one that was not searched.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(crate) fn measured(mut self, last: Corpus) -> Result<Corpus> {
        let base = self.end().paragraphs;
        self.append(&last, PerUnit::default(), base)?;
        self.gather()?;
        self.counts.add(&last.counts);
        self.skips.extend(&last.skips);
        self.pieces.extend(last.pieces);
        self.labels.append(last.labels);
        // what leaves is decided again
        self.leaving.clear();
        let first = self.first.paragraphs;
        self.documents.iter_mut().for_each(|document| document.first_paragraph -= first);
        Ok(self.corpus(last.texts, PerUnit::default(), Archived::default()))
    }

    /// Takes a part in; gives back what reads texts again.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(crate) fn absorb(&mut self, part: Outcome) -> Result<Texts> {
        let Outcome { mut corpus, near, located, summary, .. } = part;
        // held once, these are appended to where they are
        corpus.archived.starts = Default::default();
        let base = self.end();
        let numbers = Numbers { archived: &corpus.archived, base };
        for (kind, (own, to)) in corpus.units.each_ref().zip(self.waiting.units.each_mut()) {
            numbers.append(kind, own, to)?;
        }
        let first_own = corpus.archived.counts();
        self.append(&corpus, first_own, base.paragraphs)?;
        for (kind, of_part) in near {
            let own = of_part.all.into_iter().filter(|near| near.unit >= first_own[kind]);
            self.near[kind].0.extend(own.map(|near| Near {
                unit: numbers.unit(kind, near.unit),
                original: numbers.unit(kind, near.original),
                ..near
            }));
            if kind == UnitKind::Paragraph || summary.parameters.units.documents {
                let distinct = corpus.exact[kind].iter();
                distinct.for_each(|keyed| {
                    self.draws[kind].offer(keyed.key(), numbers.unit(kind, keyed.unit));
                });
            }
        }
        let leaving =
            (first_own.documents..corpus.documents.len() as u32).filter(|own| corpus.leaving.contains(*own));
        self.leaving.extend(leaving.map(|own| numbers.document(own)));
        let cost = Cost { candidates: summary.candidates, verified: summary.verified, capped: 0 };
        self.near.documents.1.add(&cost);
        self.capped += summary.capped;
        let Located { passages, contained, .. } = located;
        self.waiting.passages.append(&passages.renumbered(|document| numbers.document(document)))?;
        let own = contained.into_iter().filter(|(contained, _)| contained.copy >= first_own.documents);
        self.contained.extend(own.map(|(contained, stretch)| (numbers.contained(&contained), stretch)));
        self.counts.add(&corpus.counts);
        self.skips.extend(&corpus.skips);
        self.pieces.extend(corpus.pieces);
        self.labels.append(corpus.labels);
        self.identity = corpus.identity;
        Ok(corpus.texts)
    }

    /// The outcome of all parts.
    ///
    /// # Errors
    /// Those of the index; [`crate::error::Error::Temporary`].
    pub(crate) fn finish(
        mut self,
        Ends { texts, measured, past, spilled }: Ends,
        sources: Sources,
        (params, plan): (&Params, Plan),
    ) -> Result<Outcome> {
        self.gather()?;
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
        let units = std::mem::take(&mut self.units);
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

    /// The tables.
    fn corpus(self, texts: Texts, units: PerUnit<Units>, archived: Archived) -> Corpus {
        let end = self.documents.len();
        let paragraphs_end = u64::from(archived.paragraphs) + self.counts.paragraphs;
        Corpus {
            texts,
            document_starts: document_starts(&self.documents, paragraphs_end),
            documents: self.documents,
            units: units.map(Units::finished),
            places: self.places,
            ids: self.ids,
            exact: Default::default(),
            identity: self.identity,
            archived,
            seeds: Vec::new(),
            seed_gaps: Gaps::default(),
            seed_counts: Vec::new(),
            recurring: None,
            starts: Vec::new(),
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

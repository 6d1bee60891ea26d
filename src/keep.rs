//! What a batch brings to an index: its originals with their keys, its original text with its seeds, all its
//! texts that are not there yet, and the matches of its copies. Written beside, and part of the index only
//! when the commit has brought the manifest to disk.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::band::in_order::{Banded, InOrder};
use crate::band::with_band;
use crate::collapse::Keyed;
use crate::corpus::{Corpus, IS_EMPTY, IS_SHORT, check_numbers};
use crate::document::Place;
use crate::error::{Error, Result};
use crate::in_turn::{Weight, batches, in_turn};
use crate::index::rows::{Row, Told};
use crate::index::segment::gather::Gathered;
use crate::index::segment::gone::{self, GoneRow, GoneTold};
use crate::index::segment::{Content, CopyRow, DocumentRow, EachRow, Made, Mark, Ordered, Segment};
use crate::index::sketches::Sketch;
use crate::index::table::Entry;
use crate::index::texts::TextPlace;
use crate::index::{Addition, Base, Batch, Index, Writer};
use crate::night::units;
use crate::normalise::Tokenizers;
use crate::order::file_name;
use crate::outcome::{Outcome, Spans};
use crate::passage::places::{LISTED, Window};
use crate::passage::standing::Cuts;
use crate::passage::winnow::Winnower;
use crate::passage::{OriginalText, Verbatim};
use crate::past::{Listed, Numbers};
use crate::resolve::{Near, listed_originals};
use crate::unit::{PerUnit, UnitKind};
use crate::varint;

/// Bytes of texts that are read again one after the other, and of those that wait to be packed.
const GROUP: u64 = 256 << 10;
const WAITING: u64 = 16 << 20;

/// Refuses the records of a batch that the index has in another order, as `--prefer` and `--protect` make it: that is
/// another batch by its identity, of which nothing would stay.
///
/// # Errors
/// [`Error::OtherOrder`]; those of reading the index.
pub fn check_order(outcome: &Outcome, index: &Index) -> Result<()> {
    let summary = outcome.summary();
    let units = summary.parameters.units;
    let of_units = [(units.documents, &summary.documents), (units.paragraphs, &summary.paragraphs)];
    // what was forgotten is original when it comes again
    let has_originals = of_units.iter().any(|(are_compared, of)| *are_compared && of.originals > 0);
    if has_originals && !index.has_forgotten() || index.knows(outcome.identity()) {
        return Ok(());
    }
    let corpus = outcome.corpus();
    let place = |document: u32| {
        let locator = corpus.locator(document);
        (locator.source, locator.record)
    };
    let mut own: Vec<u32> = (outcome.first_document()..outcome.documents()).collect();
    own.sort_unstable_by_key(|document| place(*document));
    // the document of the run that a document of the index is, by its place and all that is known of it
    let same = |document: u32, first_source: u32| -> Result<Option<u32>> {
        let (row, segment) = index.document(document)?;
        let source = row.source.wrapping_sub(first_source);
        let at = own.binary_search_by_key(&(source, row.record), |document| place(*document));
        let Some(&same) = at.ok().and_then(|at| own.get(at)) else { return Ok(None) };
        let named = outcome.own_sources().get(source as usize).map(|of| file_name(&of.name));
        let is_same = named == segment.source(row.source).map(file_name)
            && corpus.documents[same as usize].characters == row.characters
            && corpus.id(same).unwrap_or_default() == segment.strings(&row)?.0
            && (row.text.is_none() || index.text(document, &row)? == outcome.text(same)?);
        Ok(is_same.then_some(same))
    };
    let mut first_source = 0;
    for (number, batch) in (1..).zip(index.batches()) {
        let first_source = std::mem::replace(&mut first_source, batch.end_source);
        let documents = batch.first_document..batch.end_document;
        if own.is_empty() || documents.len() != own.len() {
            continue;
        }
        // what was forgotten may have been anything: so most must be there
        let kept = documents.clone().filter(|document| index.keeps(*document, u32::MAX)).count();
        let [mut are_same, mut in_order] = [2 * kept > documents.len(), true];
        for (document, in_turn) in documents.zip(outcome.first_document()..) {
            if !are_same || !index.keeps(document, u32::MAX) {
                continue;
            }
            let Some(same) = same(document, first_source)? else {
                are_same = false;
                continue;
            };
            in_order &= same == in_turn;
        }
        // in the same order it is not the order that tells them apart: the same texts from elsewhere are copies
        if are_same && !in_order {
            return Err(Error::OtherOrder { batch: number });
        }
    }
    Ok(())
}

/// The batch of an index (from 1) whose documents those of a run are once more, word for word, where it is not that batch:
/// as where a night comes again with other ids, or in files of other names. It is told by the last original that one of them
/// equals, and by how long all of them are.
pub fn repeated_batch(outcome: &Outcome, index: &Index) -> Option<u64> {
    let own = outcome.own_documents();
    let of_documents = &outcome.summary().documents;
    let [copies, others] = [of_documents.exact_copies, of_documents.empty + of_documents.short];
    if copies == 0 || copies + others < own.into() || index.knows(outcome.identity()) {
        return None;
    }
    let corpus = outcome.corpus();
    let firsts = outcome.first_document()..outcome.documents();
    let firsts = firsts.map(|document| corpus.units.documents.first[document as usize]);
    let in_index =
        firsts.filter(|first| *first < IS_SHORT).map(|first| corpus.archived.numbers.get(first as usize));
    // what stood before that batch, too, was in it as copies
    let last = in_index.collect::<Option<Vec<&u32>>>()?.into_iter().max()?;
    let batch = index.batches().partition_point(|batch| batch.end_document <= *last);
    let of_batch = &index.batches()[batch];
    let numbers: Vec<u32> = (of_batch.first_document..of_batch.end_document).collect();
    if numbers.len() != own as usize {
        return None;
    }
    let mut lengths: Vec<u32> = index.documents(&numbers).ok()?.iter().map(|row| row.characters).collect();
    let own = corpus.documents[outcome.first_document() as usize..].iter();
    let mut own: Vec<u32> = own.map(|document| document.characters).collect();
    lengths.sort_unstable();
    own.sort_unstable();
    (lengths == own).then_some(batch as u64 + 1)
}

/// Makes the documents of a run part of an index; nothing is done where they are already. The run must have been made
/// with [`crate::past::Past::adding_to`] this writer, or another of the same index, and nothing have changed since: the numbers of
/// its copies' originals are of the index as it was then. Returns whether there was anything to do.
///
/// # Errors
/// [`Error::NotForIndex`] where the run was made for something else,
/// [`Error::OtherParameter`] and [`Error::OtherRules`] where the index was made with other parameters or text rules,
/// [`Error::Io`], [`Error::Changed`], [`Error::TooMany`], and those of [`check_order`]; the index is then what it was.
pub fn keep(outcome: &Outcome, writer: &mut Writer) -> Result<bool> {
    let not_for = |wrong| Error::NotForIndex { path: writer.location(), wrong };
    let past = outcome.past().filter(|past| past.is_batch());
    let past = past.ok_or_else(|| not_for("the run was not made to be added to an index".to_owned()))?;
    if let Some(index) = writer.index() {
        index.check_params(&outcome.summary().parameters, true)?;
        if index.knows(outcome.identity()) {
            return Ok(false);
        }
    }
    check_same(past.index(), writer.index()).map_err(not_for)?;
    if let Some(index) = writer.index() {
        check_order(outcome, index)?;
    }
    let params = &outcome.summary().parameters;
    let mut addition = writer.begin(params, outcome.identity().digest)?;
    let base = addition.base();
    let corpus = outcome.corpus();
    let own = outcome.own_documents();
    let paragraphs = corpus.end_paragraph() - corpus.archived.paragraphs;
    check_numbers(u64::from(base.documents), u64::from(own), "documents")?;
    check_numbers(u64::from(base.paragraphs), u64::from(paragraphs), "paragraphs")?;
    check_numbers(u64::from(base.sources), outcome.own_sources().len() as u64, "sources")?;
    let keeping = Keeping { outcome, corpus, base, cuts: BTreeMap::new(), tells: true, tells_texts: true };
    let summary = outcome.summary();
    let batch = Batch {
        digest: outcome.identity().digest,
        first_document: base.documents,
        end_document: base.documents + own,
        end_paragraph: base.paragraphs + paragraphs,
        end_source: base.sources + outcome.own_sources().len() as u32,
        documents: units(&summary.documents),
        paragraphs: units(&summary.paragraphs),
        passages: summary.passages.count,
        text_bytes: summary.input.bytes,
    };
    if let Some(parts) = outcome.spilled() {
        let mut texts = vec![None; own as usize];
        keeping.texts(&mut addition, |at, place| texts[at] = Some(place))?;
        let parts: Vec<&Segment> = parts.segments_from(base.documents).collect();
        let gathered = Gathered { sources: keeping.sources(), parts, texts, rows: keeping.rows() };
        writer.commit_parts(addition, &gathered, batch)?;
    } else {
        let keeping = Keeping { cuts: cuts(outcome, corpus)?, ..keeping };
        let mut content = keeping.content();
        keeping.texts(&mut addition, |at, place| content.documents[at].text = Some(place))?;
        writer.commit(addition, &content, batch)?;
    }
    Ok(true)
}

/// Whether a run was made against what an index is now; if not, what is wrong.
fn check_same(made: Option<&Arc<Index>>, now: Option<&Arc<Index>>) -> std::result::Result<(), String> {
    let generation = |index: &Arc<Index>| format!("generation {}", index.generation());
    match (made, now) {
        (None, None) => Ok(()),
        (Some(made), Some(now)) if made.is_same(now) => Ok(()),
        (Some(made), Some(now)) if made.generation() == now.generation() => {
            Err(format!("the run was made against {} of another index", generation(made)))
        }
        (made, now) => {
            let made = made.map_or("no index".to_owned(), generation);
            let now = now.map_or("nothing yet".to_owned(), generation);
            Err(format!("the run was made against {made}, the index has {now}"))
        }
    }
}

/// Makes the documents of a part of a run findable for the parts behind: their keys, but not their texts and
/// matches; their ids and places where `tells` says so, and where one can start to read, where their texts come later.
///
/// # Errors
/// Those of [`keep`].
pub(crate) fn keep_part(
    outcome: &Outcome,
    writer: &mut Writer,
    [tells, tells_texts]: [bool; 2],
) -> Result<()> {
    let number = writer.index().map_or(0, |index| index.batches().len());
    let addition = writer.begin(&outcome.summary().parameters, number as u128)?;
    let base = addition.base();
    let corpus = outcome.corpus();
    let keeping = Keeping { outcome, corpus, base, cuts: cuts(outcome, corpus)?, tells, tells_texts };
    let exact = PerUnit::from_fn(|kind| keeping.exact(kind));
    let bands = PerUnit::from_fn(|kind| keeping.bands(kind));
    let mut content = keeping.keys();
    content.made = Some(Made {
        exact: exact.each_ref().map(Exact::ordered),
        bands: bands.each_ref().map(Bands::ordered),
    });
    let batch = Batch {
        digest: number as u128,
        first_document: base.documents,
        end_document: base.documents + outcome.own_documents(),
        end_paragraph: base.paragraphs + (corpus.end_paragraph() - corpus.archived.paragraphs),
        // the names of all sources come with the batch
        end_source: base.sources,
        ..Batch::default()
    };
    writer.commit(addition, &content, batch)
}

struct Keeping<'a> {
    outcome: &'a Outcome,
    corpus: &'a Corpus,
    base: Base,
    /// what leaves the texts of documents that stay
    cuts: BTreeMap<u32, Cuts>,
    /// whether ids and places of the documents are asked for
    tells: bool,
    /// whether their texts will be in the index
    tells_texts: bool,
}

impl Keeping<'_> {
    fn numbers(&self) -> Numbers<'_> {
        let Base { documents, paragraphs, .. } = self.base;
        Numbers { archived: &self.corpus.archived, base: PerUnit { documents, paragraphs } }
    }

    /// The number in the index of a unit of the run.
    #[inline]
    fn number(&self, kind: UnitKind, unit: u32) -> u32 {
        self.numbers().unit(kind, unit)
    }

    /// The same of a document.
    fn document(&self, document: u32) -> u32 {
        self.numbers().document(document)
    }

    /// Everything but the texts.
    fn content(&self) -> Content<'_> {
        let mut content = self.keys();
        (content.rows, content.sources) = (Some(self.rows()), self.sources());
        // how large a filter is hangs on how many entries there are, so these are counted
        content.keys.exact = PerUnit::from_fn(|kind| self.exact(kind).all());
        content.keys.bands = PerUnit::from_fn(|kind| self.bands(kind).all());
        content
    }

    fn sources(&self) -> Vec<String> {
        self.outcome.own_sources().iter().map(|source| source.name.clone()).collect()
    }

    /// Documents, and what they are found by, but for exact keys and keys of bands.
    fn keys(&self) -> Content<'_> {
        let mut content = Content::default();
        self.documents(&mut content);
        content.copies = PerUnit::from_fn(|kind| self.copies(kind));
        content.keys.seeds = self.seeds();
        content.keys.windows = self.windows();
        if self.tells_texts {
            let marks = self.corpus.starts.iter().map(|start| start.mark).filter(|mark| mark.byte > 0);
            let own = |mark: Mark| Mark { document: self.base.documents + mark.document, ..mark };
            content.marks = marks.map(own).collect();
        }
        content.paragraphs =
            [self.base.paragraphs, self.base.paragraphs + self.corpus.counts.paragraphs as u32];
        content.sketches = self.sketches();
        content.gone = self.gone();
        content
    }

    fn documents(&self, content: &mut Content<'_>) {
        let corpus = self.corpus;
        let (units, numbers) = (&corpus.units.documents, self.numbers());
        let verbatim: BTreeMap<u32, &Verbatim> =
            self.outcome.covered().verbatim.iter().map(|of| (of.document, of)).collect();
        for number in self.outcome.first_document()..self.outcome.documents() {
            let document = &corpus.documents[number as usize];
            let paragraphs = corpus.paragraphs(number);
            let id = corpus.id(number).filter(|_| self.tells).unwrap_or_default();
            let strings = content.strings.len() as u64;
            if self.tells {
                content.strings.extend_from_slice(id.as_bytes());
                content.strings.extend_from_slice(corpus.place_bytes(number));
                for paragraph in paragraphs.clone() {
                    let row = corpus.units.paragraphs.row(paragraph);
                    let tokens = row.map_or(0, |row| corpus.units.paragraphs.tokens[row]);
                    varint::write(u64::from(tokens), &mut content.strings);
                }
                if let Some(cuts) = self.cuts.get(&number) {
                    cuts.write(&mut content.strings);
                }
            }
            let is_first = units.first[number as usize] == number;
            let row = if is_first { units.row(number) } else { None };
            content.documents.push(DocumentRow {
                text: None,
                first_paragraph: numbers.paragraph(document.first_paragraph.max(corpus.archived.paragraphs)),
                paragraphs: paragraphs.len() as u32,
                characters: document.characters,
                tokens: row.map_or(0, |row| units.tokens[row]),
                source: self.base.sources + document.locator.source,
                record: document.locator.record,
                strings,
                strings_at: 0,
                id_length: id.len() as u32,
                places_length: (content.strings.len() as u64 - strings) as u32 - id.len() as u32,
                whole: verbatim.get(&number).map(|of| (numbers.document(of.original), of.token)),
            });
        }
    }

    /// What the copies among the units with exact keys were found to be, in the order of these.
    fn copies(&self, kind: UnitKind) -> Vec<CopyRow> {
        let copies = self.corpus.exact[kind].iter().filter_map(|&Keyed { unit, .. }| {
            let near = self.outcome.near(kind, unit)?;
            Some(CopyRow {
                unit: self.number(kind, unit),
                original: self.number(kind, near.original),
                overlap: near.overlap,
            })
        });
        copies.collect()
    }

    fn exact(&self, kind: UnitKind) -> Exact<'_> {
        let exact = &self.corpus.exact[kind];
        let copies = |keyed: &[Keyed]| {
            keyed.iter().filter(|keyed| self.outcome.near(kind, keyed.unit).is_some()).count() as u32
        };
        let mut before: Vec<u32> = exact.par_chunks(STRETCH).map(copies).collect();
        let mut sum = 0;
        before.iter_mut().for_each(|copies| sum += std::mem::replace(copies, sum));
        Exact { keeping: self, kind, before }
    }

    fn bands(&self, kind: UnitKind) -> Bands<'_> {
        let units = &self.corpus.units[kind];
        let archived = self.corpus.archived.verdicts[kind].len();
        let leaves = |unit: u32| kind == UnitKind::Document && self.corpus.leaving.contains(unit);
        let is_original = |(row, &unit): (usize, &u32)| {
            row >= archived && self.outcome.near(kind, unit).is_none() && !leaves(unit)
        };
        let originals = units.distinct.iter().enumerate().map(is_original).collect();
        Bands { keeping: self, kind, originals }
    }

    /// The sketches of the originals among paragraphs.
    fn sketches(&self) -> Vec<(u32, Sketch)> {
        let units = &self.corpus.units.paragraphs;
        let own =
            units.distinct.iter().zip(&units.sketches).skip(self.corpus.archived.verdicts.paragraphs.len());
        let is_original = |unit: u32| self.outcome.near(UnitKind::Paragraph, unit).is_none();
        let originals = own.filter(|(unit, sketch)| !sketch.is_none() && is_original(**unit));
        let numbers = self.numbers();
        originals.map(|(&unit, &sketch)| (numbers.paragraph(unit), sketch)).collect()
    }

    /// Which documents left, being contained, and are found by their exact keys; and what has come in place of such
    /// of the index.
    fn gone(&self) -> Vec<GoneRow> {
        let leaving = &self.corpus.leaving;
        let found =
            self.corpus.exact.documents.iter().map(|keyed| keyed.unit).filter(|unit| leaving.contains(*unit));
        let mut found: Vec<u32> = found.collect();
        found.sort_unstable();
        let own = self.outcome.contained_documents().filter(|of| found.binary_search(&of.copy).is_ok());
        let contained = own.map(|of| {
            let contained = self.numbers().contained(of);
            GoneRow { document: contained.copy, told: GoneTold::Contained(contained) }
        });
        let replaced = self.corpus.archived.replaced.iter().filter_map(|&(document, by)| {
            let Near { original, overlap, .. } = self.outcome.near(UnitKind::Document, by)?;
            let copy = CopyRow { unit: self.document(by), original: self.document(original), overlap };
            Some(GoneRow { document: self.document(document), told: GoneTold::Copy(copy) })
        });
        let mut rows: Vec<GoneRow> = contained.chain(replaced).collect();
        gone::sort(&mut rows);
        rows
    }

    /// The seeds of original text, as far as their lists have room.
    fn seeds(&self) -> Vec<Entry<u64>> {
        let params = &self.outcome.summary().parameters;
        let seed = Winnower::new(params.passage).seed() as u32;
        let corpus = self.corpus;
        let units = &corpus.units.documents;
        let mut entries = Vec::new();
        let mut covered = &self.outcome.covered().runs[..];
        let mut start = 0;
        for (row, &count) in corpus.seed_counts.iter().enumerate() {
            let own = start..start + count as usize;
            start = own.end;
            let document = units.distinct[row];
            if document < corpus.archived.documents() || corpus.leaving.contains(document) {
                continue;
            }
            let before = covered.partition_point(|(of, _)| *of < document);
            let behind = covered.partition_point(|(of, _)| *of <= document);
            let runs: Vec<Range<u32>> = covered[before..behind].iter().map(|(_, run)| run.clone()).collect();
            covered = &covered[behind..];
            let text = OriginalText { passage: params.passage, seed, tokens: units.tokens[row] };
            let number = self.document(document);
            let cuts = self.cuts.get(&document);
            let mut at = 0;
            for (&head, gap) in corpus.seeds[own.clone()].iter().zip(corpus.seed_gaps.of(own)) {
                at += gap;
                let stays = cuts.is_none_or(|cuts| cuts.around(at, seed, units.tokens[row]).is_some());
                if stays && text.holds(&runs, at) {
                    entries.push(Entry { key: head.into(), numbers: [number, at] });
                }
            }
        }
        entries.par_sort_unstable();
        let mut rooms = Rooms::new(usize::from(LISTED), &corpus.archived.listed_seeds);
        entries.retain(|entry| rooms.takes(entry.key, 0));
        entries
    }

    /// The windows that are new, of seeds whose lists had no room.
    fn windows(&self) -> Vec<Entry<u64>> {
        let entry =
            |&(key, document, first): &Window| Entry { key, numbers: [self.document(document), first] };
        self.outcome.covered().windows.iter().map(entry).collect()
    }

    /// The matches, with both stretches, by the numbers of the index.
    fn rows(&self) -> EachRow<'_> {
        Box::new(|tell| {
            let mut spans = Spans::new(self.outcome);
            for document in self.outcome.first_document()..self.outcome.documents() {
                for mut found in self.outcome.matches_of(document) {
                    found.stretches = Some(spans.of(&found));
                    let in_index = |place: Place| Place { document: self.document(place.document), ..place };
                    (found.copy, found.original) = (in_index(found.copy), in_index(found.original));
                    let (copy, original) = (found.copy.document, found.original.document);
                    tell(&Row { copy, original, told: Told::Match(found) })?;
                }
            }
            Ok(())
        })
    }

    /// Adds the texts of all documents that something may match, in order; tells where each is, from the first
    /// document of the run on.
    fn texts(&self, addition: &mut Addition, mut tell: impl FnMut(usize, TextPlace) + Send) -> Result<()> {
        let first = self.outcome.first_document();
        let units = &self.corpus.units.documents;
        let paragraphs = &self.corpus.units.paragraphs.first;
        let is_new = |document: &u32| match units.first[*document as usize] {
            IS_EMPTY => false,
            first if first == *document || first == IS_SHORT => true,
            // the same tokens, but other paragraphs
            _ => {
                self.corpus.paragraphs(*document).any(|paragraph| paragraphs[paragraph as usize] == paragraph)
            }
        };
        let wanted: Vec<u32> = (first..self.outcome.documents()).filter(is_new).collect();
        let corpus = self.corpus;
        let length = |document: &u32| u64::from(corpus.documents[*document as usize].locator.text_length);
        let groups = batches(&wanted, GROUP, length);
        let weight = Weight { of: |group: usize| groups[group].iter().map(length).sum(), most: WAITING };
        let read = |group: &&[u32]| group.iter().map(|document| corpus.text(*document)).collect();
        in_turn(&groups, weight, read, |group, texts: Vec<String>| {
            for (document, text) in groups[group].iter().zip(&texts) {
                tell((document - first) as usize, addition.text(text)?);
            }
            Ok(())
        })
    }
}

/// What leaves the texts of the documents that stay, in tokens; needed only where passages are looked for.
fn cuts(outcome: &Outcome, corpus: &Corpus) -> Result<BTreeMap<u32, Cuts>> {
    let params = &outcome.summary().parameters;
    if !params.remove.cuts_texts() || !params.units.passages {
        return Ok(BTreeMap::new());
    }
    let tokenizers = Tokenizers::of(params);
    let own = (outcome.first_document()..outcome.documents()).into_par_iter();
    let of_document = |document: u32| {
        let stretches = outcome.leaving_stretches(document, params.remove);
        if stretches.is_empty() {
            return Ok(None);
        }
        let text = corpus.text(document)?;
        let mut starts: Vec<u64> = Vec::new();
        tokenizers.with(|tokenizer| tokenizer.tokens(&text, |_, start, _| starts.push(start as u64)));
        let token = |byte: u64| starts.partition_point(|start| *start < byte) as u32;
        let cuts = stretches.iter().map(|span| token(span.bytes.start)..token(span.bytes.end));
        Ok(Some((document, Cuts::new(cuts.collect()))))
    };
    own.filter_map(|document| of_document(document).transpose()).collect()
}

/// Exact keys that are made together, and of these as many as one thread makes.
const PIECE: usize = 1 << 20;
const STRETCH: usize = 1 << 14;

/// The exact keys of one kind of unit.
struct Exact<'a> {
    keeping: &'a Keeping<'a>,
    kind: UnitKind,
    /// how many copies there are before each [`STRETCH`] of keys
    before: Vec<u32>,
}

impl Exact<'_> {
    /// Makes something of each stretch of a piece, with all threads; in their order.
    fn make<T: Send>(
        &self,
        piece: u64,
        make: impl Fn(&mut dyn Iterator<Item = Entry<u128>>) -> T + Sync,
    ) -> Vec<T> {
        let &Exact { keeping, kind, ref before } = self;
        let exact = keeping.corpus.exact[kind].chunks(PIECE).nth(piece as usize).unwrap_or_default();
        let before = &before[piece as usize * (PIECE / STRETCH)..];
        let of_stretch = |(keyed, &before): (&[Keyed], &u32)| {
            let mut copies = before;
            make(&mut keyed.iter().map(|keyed| {
                let (key, unit) = (keyed.key(), keyed.unit);
                let is_copy = keeping.outcome.near(kind, unit).is_some();
                copies += u32::from(is_copy);
                Entry { key, numbers: [keeping.number(kind, unit), if is_copy { copies } else { 0 }] }
            }))
        };
        exact.par_chunks(STRETCH).zip(before).map(of_stretch).collect()
    }

    fn len(&self) -> usize {
        self.keeping.corpus.exact[self.kind].len()
    }

    fn pieces(&self) -> u64 {
        self.len().div_ceil(PIECE) as u64
    }

    fn all(&self) -> Vec<Entry<u128>> {
        (0..self.pieces())
            .flat_map(|piece| self.make(piece, |entries| entries.collect::<Vec<_>>()))
            .flatten()
            .collect()
    }

    fn ordered(&self) -> Ordered<'_, u128> {
        Ordered {
            most: self.len() as u64,
            pieces: Box::new(|runs, tell| {
                (0..self.pieces()).try_for_each(|piece| tell(self.make(piece, |entries| runs.of(entries))))
            }),
        }
    }
}

/// The keys of bands of the originals of one kind, as far as their buckets have room.
struct Bands<'a> {
    keeping: &'a Keeping<'a>,
    kind: UnitKind,
    /// which rows are originals
    originals: Vec<bool>,
}

impl Bands<'_> {
    /// Makes something of each stretch, with all threads, and calls back with what was made of each piece; in their order.
    fn make<T: Send, E>(
        &self,
        make: impl Fn(&mut dyn Iterator<Item = Entry<u64>>) -> T + Sync,
        tell: &mut dyn FnMut(Vec<T>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let &Bands { keeping, kind, ref originals } = self;
        let summary = keeping.outcome.summary();
        let most = listed_originals(summary.parameters.comparisons);
        let listed = &keeping.corpus.archived.listed[kind];
        let units = &keeping.corpus.units[kind];
        let in_order = InOrder::new((&units.keys, summary.plan.bands), &units.distinct, originals);
        let mut buffer = Vec::new();
        (0..in_order.pieces()).try_for_each(|number| {
            tell(in_order.piece(number, &mut buffer).make(|entries| {
                let mut rooms = Rooms::new(most, listed);
                let listed = entries.filter(|of| rooms.takes(of.key, of.band));
                make(&mut listed.map(|Banded { key, unit, band }| Entry {
                    key,
                    numbers: [keeping.number(kind, unit), band + 1],
                }))
            }))
        })
    }

    fn all(&self) -> Vec<Entry<u64>> {
        let mut all = Vec::new();
        let mut tell = |made: Vec<Vec<Entry<u64>>>| {
            all.extend(made.into_iter().flatten());
            Ok::<(), Infallible>(())
        };
        let Ok(()) = self.make(|entries| entries.collect(), &mut tell);
        all
    }

    fn ordered(&self) -> Ordered<'_, u64> {
        let count = self.originals.iter().filter(|is_original| **is_original).count();
        let count = count * self.keeping.outcome.summary().plan.bands;
        Ordered {
            most: count.min(self.keeping.corpus.units[self.kind].keys.len()) as u64,
            pieces: Box::new(|runs, tell| self.make(|entries| runs.of(entries), tell)),
        }
    }
}

/// How many entries a list has room for, by its key and band, see [`ListLength`]; lists are asked by their keys, ascending.
/// Entries of one key stand together; by accident those of two lists have one.
struct Rooms<'a> {
    most: usize,
    /// what there is of each list already
    listed: &'a [u64],
    key: Option<u64>,
    rooms: Vec<(u32, usize)>,
}

impl<'a> Rooms<'a> {
    fn new(most: usize, listed: &'a Listed) -> Self {
        Rooms { most, listed, key: None, rooms: Vec::new() }
    }

    /// Whether the list has room for one more entry, which it then takes.
    fn takes(&mut self, key: u64, band: u32) -> bool {
        if self.key != Some(key) {
            let behind = match self.key {
                None => self.listed.partition_point(|of| *of < key),
                Some(_) => self.listed.iter().take_while(|of| **of < key).count(),
            };
            self.listed = &self.listed[behind..];
            self.key = Some(key);
            self.rooms.clear();
        }
        let at = self.rooms.iter().position(|(known, _)| *known == band).unwrap_or_else(|| {
            let own = with_band(key, band as usize);
            let before = self.listed.iter().take_while(|of| **of <= own).filter(|of| **of == own).count();
            self.rooms.push((band, self.most.saturating_sub(before)));
            self.rooms.len() - 1
        });
        let room = &mut self.rooms[at].1;
        let fits = *room > 0;
        *room = room.saturating_sub(1);
        fits
    }
}

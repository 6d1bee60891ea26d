//! The second pass: the documents in which something may be repeated are read again, in corpus order, and
//! go through the searches: documents and paragraphs through [`crate::resolve`], tokens through
//! [`crate::passage`].
//!
//! The searches are sequential, as law 1 is. What is costly (reading, tokens, sets) is done in parallel for
//! the next batch of documents while the searches run over this one.

use std::ops::Range;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use crate::corpus::{Corpus, IS_SHORT};
use crate::error::Result;
use crate::normalise::Tokenizers;
use crate::params::Params;
use crate::passage::places::Repeated;
use crate::passage::{Finder, Found, Prepared};
use crate::pipeline::{Progress, Surroundings};
use crate::resolve::pairs::{Kept, Pairs};
use crate::resolve::{Cost, Near, Resolver};
use crate::shingle::Shingler;
use crate::split::paragraphs;
use crate::standing::{Decided, Decisions, Searching};

/// Chunks of text that are held at once.
const CHUNKS: u64 = 16;

/// The searches of a run.
pub(crate) struct Searches<'a> {
    pub(crate) documents: Resolver<'a>,
    pub(crate) paragraphs: Resolver<'a>,
    pub(crate) passages: Option<(Finder<'a>, Repeated)>,
    /// all pairs of documents, of paragraphs, where they are kept
    pub(crate) pairs: Option<[Pairs<'a>; 2]>,
}

/// What the searches found.
pub(crate) struct Resolved {
    /// near copies among documents, with what it took
    pub(crate) documents: (Vec<Near>, Cost),
    /// near copies among paragraphs
    pub(crate) paragraphs: (Vec<Near>, Cost),
    /// passages
    pub(crate) passages: Found,
    /// what stays, where that was decided document by document
    pub(crate) decided: Option<Decided>,
    /// all pairs of documents, of paragraphs
    pub(crate) pairs: Option<[Kept; 2]>,
}

/// A document that has to be read again, and what for.
struct Wanted {
    document: u32,
    /// row of the document, where its own set is needed
    own: Option<u32>,
    /// rows of its paragraphs whose sets are needed, with the paragraphs' numbers in the document
    paragraphs: Vec<(u32, u32)>,
    /// row of the document, where one of its seeds occurs more than once
    seeds: Option<usize>,
}

/// What a document was read again for.
#[derive(Default)]
struct Made {
    document: Option<(u32, Box<[u64]>)>,
    paragraphs: Vec<(u32, Box<[u64]>)>,
    passages: Option<Prepared>,
}

/// Reads again what is needed, and searches it.
pub(crate) fn search(
    corpus: &Corpus,
    (params, surroundings): (&Params, &Surroundings),
    searches: Searches<'_>,
    progress: &Progress,
) -> Result<Resolved> {
    let Searches { mut documents, mut paragraphs, passages, mut pairs } = searches;
    let (mut finder, repeated) = passages.unzip();
    let wanted = wanted(corpus, [&documents, &paragraphs], repeated.as_ref());
    let length = |wanted: &Wanted| u64::from(corpus.documents[wanted.document as usize].locator.text_length);
    progress.text_total.store(wanted.iter().map(length).sum(), Ordering::Relaxed);
    let batches = batches(&wanted, CHUNKS * surroundings.chunk as u64, length);
    let tokenizers = Tokenizers::new(params.seed);
    let prepare = |batch: &[Wanted]| -> Result<Vec<Made>> {
        progress.check()?;
        let made = batch
            .par_iter()
            .map(|wanted| make(corpus, (params, &tokenizers), wanted, repeated.as_ref()))
            .collect();
        progress.text_done.fetch_add(batch.iter().map(length).sum(), Ordering::Relaxed);
        made
    };
    let by_parts = params.remove.is_by_parts();
    let mut decisions = by_parts.then(|| Decisions::new(params.remove, [&mut documents, &mut paragraphs]));
    let mut done = (0, 0);
    let mut ready = batches.first().map_or(Ok(Vec::new()), |batch| prepare(batch))?;
    for i in 0..batches.len().max(1) {
        let next = batches.get(i + 1);
        // up to the first document that is not ready yet
        let end = next.map_or(corpus.documents.len() as u32, |batch| batch[0].document);
        let end_paragraph = next.map_or(corpus.end_paragraph(), |batch| {
            corpus.documents[batch[0].document as usize].first_paragraph
        });
        let mut made = std::mem::take(&mut ready);
        let prepared;
        (prepared, ()) = rayon::join(
            || next.map_or(Ok(Vec::new()), |batch| prepare(batch)),
            || {
                if let Some(pairs) = &mut pairs {
                    keep_pairs(pairs, &made, [end, end_paragraph]);
                }
                for made in &mut made {
                    made.document.take().into_iter().for_each(|(row, set)| documents.give_set(row, set));
                    made.paragraphs.drain(..).for_each(|(row, set)| paragraphs.give_set(row, set));
                }
                if let Some(decisions) = &mut decisions {
                    let (documents, paragraphs) = (&mut documents, &mut paragraphs);
                    let mut searching = Searching { documents, paragraphs, finder: finder.as_mut() };
                    let mut prepared = made.iter().filter_map(|made| made.passages.as_ref()).peekable();
                    for document in done.0..end {
                        let own = prepared.next_if(|prepared| prepared.document == document);
                        decisions.decide(corpus, document, own, &mut searching);
                    }
                    return;
                }
                documents.advance(done.0..end);
                paragraphs.advance(done.1..end_paragraph);
                if let Some(finder) = &mut finder {
                    let prepared = made.iter().filter_map(|made| made.passages.as_ref());
                    find_passages(corpus, finder, done.0..end, prepared);
                }
            },
        );
        ready = prepared?;
        done = (end, end_paragraph);
    }
    let decided = decisions.map(|decisions| decisions.finish(&mut documents, &mut paragraphs));
    Ok(Resolved {
        documents: documents.finish(),
        paragraphs: paragraphs.finish(),
        passages: finder.map(Finder::finish).unwrap_or_default(),
        decided,
        pairs: pairs.map(|pairs| pairs.map(Pairs::finish)),
    })
}

/// Leads documents and paragraphs up to these numbers through the search for all pairs.
fn keep_pairs([documents, paragraphs]: &mut [Pairs<'_>; 2], made: &[Made], ends: [u32; 2]) {
    for made in made {
        made.document.iter().for_each(|(row, set)| documents.give_set(*row, set));
        made.paragraphs.iter().for_each(|(row, set)| paragraphs.give_set(*row, set));
    }
    documents.advance(ends[0]);
    paragraphs.advance(ends[1]);
}

/// Leads the documents of a range through the search for passages.
fn find_passages<'a>(
    corpus: &Corpus,
    finder: &mut Finder<'_>,
    documents: Range<u32>,
    prepared: impl Iterator<Item = &'a Prepared>,
) {
    let units = &corpus.document_units;
    let mut prepared = prepared.peekable();
    for document in documents {
        let first = units.first[document as usize];
        if first < document {
            let tokens = units.row(first).map_or(0, |row| units.tokens[row]);
            finder.equal_document(document, first, tokens);
        } else if let Some(prepared) = prepared.next_if(|prepared| prepared.document == document) {
            if document < corpus.archived.documents() {
                finder.archived(prepared, None);
            } else {
                finder.document(prepared);
            }
        }
    }
}

/// Cuts the documents into batches of about `full` bytes of text.
fn batches(wanted: &[Wanted], full: u64, length: impl Fn(&Wanted) -> u64) -> Vec<&[Wanted]> {
    let mut batches = Vec::new();
    let mut rest = wanted;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|wanted| {
            let before = bytes;
            bytes += length(wanted);
            before < full
        });
        let (batch, behind) = rest.split_at(fits.count());
        batches.push(batch);
        rest = behind;
    }
    batches
}

/// The documents that a search needs, in corpus order.
fn wanted(corpus: &Corpus, resolvers: [&Resolver<'_>; 2], repeated: Option<&Repeated>) -> Vec<Wanted> {
    let [documents, paragraphs] = resolvers;
    let of_paragraphs = corpus.paragraph_units.distinct.iter().enumerate();
    let mut of_paragraphs = of_paragraphs.filter(|(row, _)| paragraphs.needs_set(*row)).peekable();
    let mut distinct = corpus.document_units.distinct.iter().enumerate().peekable();
    let mut wanted: Vec<Wanted> = Vec::new();
    for document in 0..corpus.documents.len() as u32 {
        let row = distinct.next_if(|(_, unit)| **unit == document).map(|(row, _)| row);
        let own = row.filter(|&row| documents.needs_set(row)).map(|row| row as u32);
        let range = corpus.paragraphs(document);
        let mut rows = Vec::new();
        while let Some((row, &unit)) = of_paragraphs.next_if(|(_, unit)| range.contains(unit)) {
            rows.push((row as u32, unit - range.start));
        }
        let seeds = row.filter(|&row| repeated.is_some_and(|repeated| repeated.has_some(row)));
        if own.is_some() || !rows.is_empty() || seeds.is_some() {
            wanted.push(Wanted { document, own, paragraphs: rows, seeds });
        }
    }
    wanted
}

/// Reads a document again and makes of it what is wanted.
fn make(
    corpus: &Corpus,
    (params, tokenizers): (&Params, &Tokenizers),
    wanted: &Wanted,
    repeated: Option<&Repeated>,
) -> Result<Made> {
    let text = corpus.text(wanted.document)?;
    let shingler = Shingler::new(params.shingle);
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let mut set = Vec::new();
    let mut made = Made::default();
    let mut ranges = Vec::new();
    paragraphs(&text, params.paragraphs, &mut ranges);
    if ranges.len() != corpus.paragraphs(wanted.document).len() {
        return Err(corpus.texts.changed(&corpus.documents[wanted.document as usize].locator));
    }
    if wanted.own.is_none() && wanted.seeds.is_none() {
        tokenizers.with(|tokenizer| {
            for &(row, number) in &wanted.paragraphs {
                tokens.clear();
                tokenizer.hashes(&text[ranges[number as usize].clone()], &mut tokens);
                shingler.set(&tokens, &mut set);
                made.paragraphs.push((row, set.as_slice().into()));
            }
        });
        return Ok(made);
    }
    let mut spans: Vec<[u32; 2]> = Vec::with_capacity(text.len() / 5);
    tokenizers.with(|tokenizer| {
        tokenizer.tokens(&text, |hash, start, end| {
            tokens.push(hash);
            spans.push([start as u32, end as u32]);
        });
    });
    let mut end = 0;
    let ends = ranges.iter().map(|range| {
        end += spans[end..].iter().take_while(|span| (span[0] as usize) < range.end).count();
        end as u32
    });
    let ends: Vec<u32> = ends.collect();
    if let Some(row) = wanted.own {
        shingler.set(&tokens, &mut set);
        made.document = Some((row, set.as_slice().into()));
    }
    for &(row, number) in &wanted.paragraphs {
        let start = if number == 0 { 0 } else { ends[number as usize - 1] as usize };
        let own = &tokens[start..ends[number as usize] as usize];
        if own.len() < tokens.len() || wanted.own.is_none() {
            shingler.set(own, &mut set);
        } // else the paragraph is the document, and its set is at hand
        made.paragraphs.push((row, set.as_slice().into()));
    }
    if let (Some(row), Some(repeated)) = (wanted.seeds, repeated) {
        let seeds = repeated.of(row);
        let document = wanted.document;
        let places = corpus.places(document).collect();
        let units = corpus.paragraphs(document);
        // where what leaves decides which one counts as the first, that is known later
        let any = params.remove.is_by_parts();
        let is_first = |unit: u32| {
            let first = corpus.paragraph_units.first[unit as usize];
            first == unit || (any && first < IS_SHORT)
        };
        let is_first = units.map(is_first).collect();
        made.passages =
            Some(Prepared { document, text, places, tokens, spans, paragraph_ends: ends, is_first, seeds });
    }
    debug_assert!(corpus.document_units.first[wanted.document as usize] != IS_SHORT);
    Ok(made)
}

//! The second pass: the documents in which something may be repeated are read again, in corpus order, and
//! go through the searches: documents and paragraphs through [`crate::resolve`], tokens through
//! [`crate::passage`].
//!
//! Each search is sequential, as law 1 is, but knows nothing of the others: the three run side by side. What is
//! costly (reading, tokens, sets) is done ahead, in parallel, a group of documents at a time ([`crate::in_turn`]).

use std::ops::Range;
use std::sync::atomic::Ordering;

use crate::corpus::{Around, Corpus};
use crate::error::Result;
use crate::in_turn::{Weight, batches, in_turn};
use crate::normalise::Tokenizers;
use crate::params::Params;
use crate::passage::places::SoughtTokens;
use crate::passage::repeated::Repeated;
use crate::passage::{ArchivedDocument, Finder, Found, Prepared, ReadTokens, Tokens};
use crate::pipeline::{Progress, Surroundings};
use crate::pool::Pool;
use crate::read::texts::Ahead;
use crate::resolve::pairs::{KeptPairs, Pairs};
use crate::resolve::{Cost, Near, Resolver};
use crate::standing::{Decided, Decisions, Searching};
use crate::unit::PerUnit;

mod making;

use making::{Group, Making};

/// The searches of a run.
pub(crate) struct Searches<'a> {
    pub(crate) documents: Resolver<'a>,
    pub(crate) paragraphs: Resolver<'a>,
    pub(crate) passages: Option<(Finder<'a>, Repeated)>,
    /// all pairs, where they are kept
    pub(crate) pairs: Option<PerUnit<Pairs<'a>>>,
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
    /// all pairs
    pub(crate) pairs: Option<PerUnit<KeptPairs>>,
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

/// Bytes that are held for each token of what is read again: its hash and its place, two sets of shingles that it may be in, and
/// what these are made in; and as much again of lists that grow.
const OF_A_TOKEN: u64 = 56;

/// About how many bytes are held for a text that is read again, of a record of so many bytes and of so many tokens.
pub(crate) fn weight(record: u32, tokens: u32) -> u64 {
    u64::from(record) + OF_A_TOKEN * u64::from(tokens)
}

impl Wanted {
    /// See [`weight`]; of one of which only some paragraphs are needed tokens of these.
    fn weight(&self, corpus: &Corpus) -> u64 {
        let locator = &corpus.documents[self.document as usize].locator;
        let of_paragraphs = || {
            let rows = self.paragraphs.iter();
            rows.map(|(row, _)| corpus.units.paragraphs.tokens[*row as usize]).sum()
        };
        let tokens = self.row().map_or_else(of_paragraphs, |row| corpus.units.documents.tokens[row]);
        weight(locator.length.max(locator.text_length), tokens)
    }

    /// The row of the document, where all of it is needed.
    fn row(&self) -> Option<usize> {
        self.seeds.or(self.own.map(|row| row as usize))
    }
}

/// Reads again what is needed, and searches it.
pub(crate) fn search(
    corpus: &Corpus,
    (params, surroundings): (&Params, &Surroundings),
    searches: Searches<'_>,
    progress: &Progress,
) -> Result<Resolved> {
    let tokenizers = Tokenizers::of(params);
    let Searches { mut documents, mut paragraphs, passages, pairs } = searches;
    let (mut finder, repeated) = passages.unzip();
    let resolvers = PerUnit { documents: &documents, paragraphs: &paragraphs };
    let wanted = wanted(corpus, resolvers, repeated.as_ref());
    for &row in &corpus.archived.hopeless {
        if paragraphs.needs_set(row as usize) {
            paragraphs.give_set(row, &[]); // is like no other
        }
    }
    if let Some(finder) = &mut finder {
        finder.reads_with(Box::new(Rereading::new(corpus, &tokenizers)));
    }
    let length = |wanted: &Wanted| u64::from(corpus.documents[wanted.document as usize].locator.text_length);
    progress.text_total.store(wanted.iter().map(length).sum(), Ordering::Relaxed);
    let groups = batches(&wanted, surroundings.chunk.max(1) as u64, length);
    let making = Making { corpus, params, tokenizers: &tokenizers, repeated: repeated.as_ref() };
    let free = Pool::default();
    let make = |wanted: &&[Wanted]| {
        progress.check()?;
        making.group(wanted, free.take().unwrap_or_default())
    };
    let by_parts = params.remove.is_by_parts();
    let decisions = by_parts.then(|| Decisions::new(params.remove, [&mut documents, &mut paragraphs]));
    let repeated = repeated.as_ref();
    let mut underway = Underway {
        corpus,
        documents,
        paragraphs,
        finder,
        repeated,
        pairs,
        decisions,
        done: PerUnit::default(),
    };
    let weight = Weight {
        of: |number: usize| groups[number].iter().map(|wanted| wanted.weight(corpus)).sum(),
        most: surroundings.read_again(rayon::current_num_threads()),
    };
    in_turn(&groups, weight, make, |number, group| {
        let last = groups[number].last().map_or(0, |wanted| wanted.document);
        let ends = PerUnit { documents: last + 1, paragraphs: corpus.paragraphs(last).end };
        underway.take(&group, ends)?;
        progress.text_done.fetch_add(groups[number].iter().map(length).sum(), Ordering::Relaxed);
        free.give(group.cleared(surroundings.chunk.max(1)));
        Ok(())
    })?;
    let ends = PerUnit { documents: corpus.documents.len() as u32, paragraphs: corpus.end_paragraph() };
    underway.take(&Group::default(), ends)?;
    Ok(underway.finish())
}

/// The searches, as far as they have come.
struct Underway<'a> {
    corpus: &'a Corpus,
    documents: Resolver<'a>,
    paragraphs: Resolver<'a>,
    finder: Option<Finder<'a>>,
    repeated: Option<&'a Repeated>,
    pairs: Option<PerUnit<Pairs<'a>>>,
    decisions: Option<Decisions>,
    /// units that have passed
    done: PerUnit<u32>,
}

impl Underway<'_> {
    /// Leads documents and paragraphs up to these numbers through the searches: those of a group, and before them
    /// those that nobody needs again.
    fn take(&mut self, group: &Group, ends: PerUnit<u32>) -> Result<()> {
        let Underway { corpus, documents, paragraphs, finder, repeated, pairs, decisions, done } = self;
        let starts = std::mem::replace(done, ends);
        let PerUnit { documents: of_documents, paragraphs: of_paragraphs } =
            starts.zip(ends).map(|(start, end)| start..end);
        if let Some(pairs) = pairs {
            keep_pairs(pairs, group, ends);
        }
        let give = |resolver: &mut Resolver<'_>, sets: &[(u32, Range<usize>)]| {
            group.sets(sets).for_each(|(row, set)| resolver.give_set(row, set));
        };
        let finder = finder.as_mut();
        if let Some(decisions) = decisions {
            give(documents, &group.documents);
            give(paragraphs, &group.paragraphs);
            let finder = finder.zip(*repeated);
            let mut searching = Searching { documents, paragraphs, finder };
            let mut prepared = group.prepared().peekable();
            for document in of_documents {
                let own = prepared.next_if(|prepared| prepared.document == document);
                decisions.decide(corpus, document, own.as_ref(), &mut searching);
            }
        } else {
            let compare_documents = || {
                give(documents, &group.documents);
                documents.advance(of_documents.clone());
            };
            let compare_paragraphs = || {
                give(paragraphs, &group.paragraphs);
                paragraphs.advance(of_paragraphs);
            };
            let find_passages = || {
                if let Some((finder, repeated)) = finder.zip(*repeated) {
                    find_passages(corpus, (finder, repeated), of_documents.clone(), group.prepared());
                }
            };
            rayon::join(find_passages, || rayon::join(compare_paragraphs, compare_documents));
        }
        self.documents.take_failure()?;
        self.paragraphs.take_failure()?;
        self.finder.as_mut().map_or(Ok(()), Finder::take_failure)
    }

    fn finish(mut self) -> Resolved {
        let (documents, paragraphs) = (&mut self.documents, &mut self.paragraphs);
        let decided = self.decisions.map(|decisions| decisions.finish(documents, paragraphs));
        Resolved {
            documents: self.documents.finish(),
            paragraphs: self.paragraphs.finish(),
            passages: self.finder.map(Finder::finish).unwrap_or_default(),
            decided,
            pairs: self.pairs.map(|pairs| pairs.map(Pairs::finish)),
        }
    }
}

/// Leads documents and paragraphs up to these numbers through the search for all pairs.
fn keep_pairs(pairs: &mut PerUnit<Pairs<'_>>, group: &Group, ends: PerUnit<u32>) {
    let PerUnit { documents, paragraphs } = pairs;
    group.sets(&group.documents).for_each(|(row, set)| documents.give_set(row, set));
    group.sets(&group.paragraphs).for_each(|(row, set)| paragraphs.give_set(row, set));
    documents.advance(ends.documents);
    paragraphs.advance(ends.paragraphs);
}

/// Leads the documents of a range through the search for passages.
fn find_passages<'a>(
    corpus: &Corpus,
    (finder, repeated): (&mut Finder<'_>, &Repeated),
    documents: Range<u32>,
    prepared: impl Iterator<Item = Prepared<'a>>,
) {
    let units = &corpus.units.documents;
    let mut prepared = prepared.peekable();
    for document in documents {
        if document < corpus.archived.documents() {
            archived(corpus, (finder, repeated), document);
            continue;
        }
        let first = units.first[document as usize];
        if first < document {
            let tokens = units.row(first).map_or(0, |row| units.tokens[row]);
            finder.equal_document(document, first, tokens);
        } else if let Some(prepared) = prepared.next_if(|prepared| prepared.document == document) {
            finder.document(&prepared);
        }
    }
}

/// Leads a document of an index through the search for passages.
pub(crate) fn archived(corpus: &Corpus, (finder, repeated): (&mut Finder<'_>, &Repeated), document: u32) {
    let units = &corpus.units.documents;
    if let Some(row) = units.row(document).filter(|row| repeated.has_some(*row)) {
        let mut seeds = Vec::new();
        repeated.of(row, &mut seeds);
        let archived = &corpus.archived;
        let windows = &archived.windows;
        let first = windows.partition_point(|window| window.document < document);
        let behind = first + windows[first..].partition_point(|window| window.document == document);
        let known =
            ArchivedDocument { windows: &windows[first..behind], leaves: archived.cuts.get(&document) };
        finder.archived((document, units.tokens[row]), &seeds, known);
    }
}

/// Bytes of a text that are taken apart at once where only some of its tokens are wanted.
const PIECE: usize = 1 << 10;

/// Bytes of a text from the start of which one had better not start often.
const LONG: u32 = 16 << 10;

/// The longest text for which what it took is held for the next one.
const HELD: usize = 1 << 18;

/// Reads the tokens of documents that came before, one after the other.
struct Rereading<'a> {
    corpus: &'a Corpus,
    tokenizers: &'a Tokenizers,
    ahead: Ahead,
    raw: Vec<u8>,
    text: String,
    tokens: Vec<u64>,
    spans: Vec<[u32; 2]>,
}

/// Tokens that are handed on at once.
const TOKENS: usize = 4 << 10;

impl<'a> Rereading<'a> {
    fn new(corpus: &'a Corpus, tokenizers: &'a Tokenizers) -> Self {
        let (ahead, raw, text, tokens, spans) = Default::default();
        Rereading { corpus, tokenizers, ahead, raw, text, tokens, spans }
    }

    /// Makes `text` a part of a document's text, of one that can only be read whole all of it; returns where in it the part
    /// is.
    fn read(&mut self, document: u32, Around { bytes, raw, .. }: &Around) -> Result<Range<usize>> {
        let Rereading { corpus, ahead, text, raw: buffer, .. } = self;
        let locator = &corpus.documents[document as usize].locator;
        let changed = || corpus.texts.changed(locator);
        text.clear();
        if corpus.is_in_index(document) {
            *text = corpus.text_part(document, bytes.clone())?;
        } else if let Some(raw) = raw {
            corpus.texts.append_between(locator, raw.clone(), (buffer, text))?;
        } else {
            corpus.texts.append(std::iter::once(*locator), ahead, text)?;
            return Ok(bytes.start as usize..text.len().min(bytes.end as usize));
        }
        let length = bytes.end.min(locator.text_length).checked_sub(bytes.start);
        if length.is_some_and(|length| length as usize == text.len()) {
            Ok(0..text.len())
        } else {
            Err(changed())
        }
    }
}

impl ReadTokens for Rereading<'_> {
    /// Of a long text that can only be read from its start all that may be needed is taken apart at once.
    fn tokens(
        &mut self,
        document: u32,
        sought: SoughtTokens,
        take: &mut dyn FnMut(Tokens<'_>),
    ) -> Result<()> {
        let SoughtTokens { first, mut behind, last } = sought;
        let corpus = self.corpus;
        let locator = &corpus.documents[document as usize].locator;
        let around = corpus.around(document, [first, behind]).unwrap_or_else(|| {
            behind = if corpus.is_in_index(document) && locator.text_length <= LONG { behind } else { last };
            Around { token: 0, bytes: 0..u32::MAX, raw: None }
        });
        let part = self.read(document, &around)?;
        let Rereading { text, tokens, spans, .. } = self;
        let text = text.get(part).ok_or_else(|| corpus.texts.changed(locator))?;
        let base = around.bytes.start;
        let mut next = around.token;
        let mut hand_on = |tokens: &mut Vec<u64>, spans: &mut Vec<[u32; 2]>| {
            take(Tokens { start: next, tokens, spans });
            next += tokens.len() as u32;
            tokens.clear();
            spans.clear();
        };
        let mut count = 0;
        let wanted = behind.saturating_sub(around.token);
        let mut start = 0;
        self.tokenizers.with(|tokenizer| {
            while start < text.len() && count < wanted {
                // a line break is in no token
                let least = (start + PIECE).min(text.len());
                let end =
                    memchr::memchr(b'\n', &text.as_bytes()[least..]).map_or(text.len(), |at| least + at + 1);
                let from = base + start as u32;
                tokenizer.tokens(&text[start..end], |hash, first, end| {
                    if tokens.len() == TOKENS {
                        hand_on(tokens, spans);
                    }
                    tokens.push(hash);
                    spans.push([from + first as u32, from + end as u32]);
                    count += 1;
                });
                start = end;
            }
        });
        hand_on(tokens, spans);
        if count < wanted {
            return Err(corpus.texts.changed(locator));
        }
        if text.len() > HELD {
            *self = Rereading::new(corpus, self.tokenizers);
        }
        Ok(())
    }
}

/// The documents that a search needs, in corpus order.
fn wanted(corpus: &Corpus, resolvers: PerUnit<&Resolver<'_>>, repeated: Option<&Repeated>) -> Vec<Wanted> {
    let PerUnit { documents, paragraphs } = resolvers;
    let of_paragraphs = corpus.units.paragraphs.distinct.iter().enumerate();
    let is_hopeless = |row: usize| corpus.archived.hopeless.binary_search(&(row as u32)).is_ok();
    let needs_text = |row: usize| paragraphs.needs_set(row) && !is_hopeless(row);
    let mut of_paragraphs = of_paragraphs.filter(|(row, _)| needs_text(*row)).peekable();
    let mut distinct = corpus.units.documents.distinct.iter().enumerate().peekable();
    let mut wanted: Vec<Wanted> = Vec::new();
    for document in 0..corpus.documents.len() as u32 {
        let row = distinct.next_if(|(_, unit)| **unit == document).map(|(row, _)| row);
        let own = row.filter(|&row| documents.needs_set(row)).map(|row| row as u32);
        let range = corpus.paragraphs(document);
        let mut rows = Vec::new();
        while let Some((row, &unit)) = of_paragraphs.next_if(|(_, unit)| range.contains(unit)) {
            rows.push((row as u32, corpus.number_in_document(document, unit)));
        }
        // of an index only what a run is looked at in is read, and then
        let is_own = document >= corpus.archived.documents();
        let seeds = row.filter(|&row| is_own && repeated.is_some_and(|repeated| repeated.has_some(row)));
        if own.is_some() || !rows.is_empty() || seeds.is_some() {
            wanted.push(Wanted { document, own, paragraphs: rows, seeds });
        }
    }
    wanted
}

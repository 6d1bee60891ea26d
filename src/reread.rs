//! The second pass: the documents in which something may be repeated are read again, in corpus order, and
//! go through the searches: documents and paragraphs through [`crate::resolve`], tokens through
//! [`crate::passage`].
//!
//! Each search is sequential, as law 1 is, but knows nothing of the others: the three run side by side. What is
//! costly (reading, tokens, sets) is done ahead, in parallel, a group of documents at a time ([`crate::in_turn`]).

use std::ops::Range;
use std::sync::atomic::Ordering;

use crate::corpus::{Corpus, IS_SHORT, LongText};
use crate::document::Span;
use crate::error::Result;
use crate::in_turn::{Weight, in_turn};
use crate::normalise::{Sink, Tokenizer, Tokenizers};
use crate::params::Params;
use crate::passage::places::{Sought, Tokens};
use crate::passage::repeated::Repeated;
use crate::passage::{Archived, Finder, Found, Occurrence, Prepared};
use crate::pipeline::{Progress, Surroundings};
use crate::pool::Pool;
use crate::read::texts::Ahead;
use crate::resolve::pairs::{Kept, Pairs};
use crate::resolve::{Cost, Near, Resolver};
use crate::scan::tokens_of_paragraphs;
use crate::shingle::Shingler;
use crate::split::paragraphs;
use crate::standing::{Decided, Decisions, Searching};
use crate::verify::Sorter;

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

impl Wanted {
    /// The row of the document, where all of it is needed.
    fn row(&self) -> Option<usize> {
        self.seeds.or(self.own.map(|row| row as usize))
    }
}

/// Documents that were read again, one after the other, in buffers that go round.
#[derive(Default)]
struct Group {
    /// rows of documents, and where their sets are
    documents: Vec<(u32, Range<usize>)>,
    /// rows of paragraphs, and where their sets are
    paragraphs: Vec<(u32, Range<usize>)>,
    /// sets, one after the other
    sets: Vec<u64>,
    /// those in which passages are looked for
    extents: Vec<Extent>,
    text: String,
    places: Vec<Span>,
    tokens: Vec<u64>,
    spans: Vec<[u32; 2]>,
    paragraph_ends: Vec<u32>,
    is_first: Vec<bool>,
    seeds: Vec<Occurrence>,
    set: Vec<u64>,
    sorter: Sorter,
    ranges: Vec<Range<usize>>,
    ahead: Ahead,
}

/// Where the parts of a document are in its group.
struct Extent {
    document: u32,
    text: Range<usize>,
    tokens: Range<usize>,
    paragraphs: Range<usize>,
    seeds: Range<usize>,
}

impl Group {
    /// The sets of documents, or of paragraphs, with their rows.
    fn sets<'a>(&'a self, of: &'a [(u32, Range<usize>)]) -> impl Iterator<Item = (u32, &'a [u64])> {
        of.iter().map(|(row, set)| (*row, &self.sets[set.clone()]))
    }

    /// Its documents, ready to be searched for passages.
    fn prepared(&self) -> impl Iterator<Item = Prepared<'_>> {
        self.extents.iter().map(|extent| Prepared {
            document: extent.document,
            text: &self.text[extent.text.clone()],
            places: &self.places[extent.paragraphs.clone()],
            tokens: &self.tokens[extent.tokens.clone()],
            spans: &self.spans[extent.tokens.clone()],
            paragraph_ends: &self.paragraph_ends[extent.paragraphs.clone()],
            is_first: &self.is_first[extent.paragraphs.clone()],
            seeds: &self.seeds[extent.seeds.clone()],
        })
    }

    /// Empty, with its buffers; without them if they are large.
    fn cleared(mut self, usual: usize) -> Self {
        if self.text.capacity() > 2 * usual {
            return Group::default();
        }
        self.documents.clear();
        self.paragraphs.clear();
        self.sets.clear();
        self.extents.clear();
        self.text.clear();
        self.places.clear();
        self.tokens.clear();
        self.spans.clear();
        self.paragraph_ends.clear();
        self.is_first.clear();
        self.seeds.clear();
        self.ahead.let_go();
        self
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
    let wanted = wanted(corpus, [&documents, &paragraphs], repeated.as_ref());
    for &row in &corpus.archived.hopeless {
        if paragraphs.needs_set(row as usize) {
            paragraphs.give_set(row, &[]); // is like no other
        }
    }
    if let Some(finder) = &mut finder {
        let tokenizers = &tokenizers;
        finder.reads_with(Box::new(move |document, sought| tokens_of(corpus, tokenizers, document, sought)));
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
    let mut turns = Turns { corpus, documents, paragraphs, finder, repeated, pairs, decisions, done: [0, 0] };
    let weight = Weight {
        of: |number: usize| groups[number].iter().map(length).sum(),
        most: surroundings.read_again(rayon::current_num_threads()),
    };
    in_turn(&groups, weight, make, |number, group| {
        let last = groups[number].last().map_or(0, |wanted| wanted.document);
        turns.take(&group, [last + 1, corpus.paragraphs(last).end])?;
        progress.text_done.fetch_add(groups[number].iter().map(length).sum(), Ordering::Relaxed);
        free.give(group.cleared(surroundings.chunk.max(1)));
        Ok(())
    })?;
    turns.take(&Group::default(), [corpus.documents.len() as u32, corpus.end_paragraph()])?;
    Ok(turns.finish())
}

/// The searches, as far as they have come.
struct Turns<'a> {
    corpus: &'a Corpus,
    documents: Resolver<'a>,
    paragraphs: Resolver<'a>,
    finder: Option<Finder<'a>>,
    repeated: Option<&'a Repeated>,
    pairs: Option<[Pairs<'a>; 2]>,
    decisions: Option<Decisions>,
    /// documents and paragraphs that have passed
    done: [u32; 2],
}

impl Turns<'_> {
    /// Leads documents and paragraphs up to these numbers through the searches: those of a group, and before them
    /// those that nobody needs again.
    fn take(&mut self, group: &Group, ends: [u32; 2]) -> Result<()> {
        let Turns { corpus, documents, paragraphs, finder, repeated, pairs, decisions, done } = self;
        let starts = std::mem::replace(done, ends);
        let [of_documents, of_paragraphs] = [0, 1].map(|kind| starts[kind]..ends[kind]);
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
fn keep_pairs([documents, paragraphs]: &mut [Pairs<'_>; 2], group: &Group, ends: [u32; 2]) {
    group.sets(&group.documents).for_each(|(row, set)| documents.give_set(row, set));
    group.sets(&group.paragraphs).for_each(|(row, set)| paragraphs.give_set(row, set));
    documents.advance(ends[0]);
    paragraphs.advance(ends[1]);
}

/// Leads the documents of a range through the search for passages.
fn find_passages<'a>(
    corpus: &Corpus,
    (finder, repeated): (&mut Finder<'_>, &Repeated),
    documents: Range<u32>,
    prepared: impl Iterator<Item = Prepared<'a>>,
) {
    let units = &corpus.document_units;
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
    let units = &corpus.document_units;
    if let Some(row) = units.row(document).filter(|row| repeated.has_some(*row)) {
        let mut seeds = Vec::new();
        repeated.of(row, &mut seeds);
        let archived = &corpus.archived;
        let windows = &archived.windows;
        let first = windows.partition_point(|window| window.document < document);
        let behind = first + windows[first..].partition_point(|window| window.document == document);
        let known = Archived { windows: &windows[first..behind], leaves: archived.cuts.get(&document) };
        finder.archived((document, units.tokens[row]), &seeds, known);
    }
}

/// Bytes of a text that are taken apart at once where only some of its tokens are wanted.
const PIECE: usize = 1 << 10;

/// Bytes of a text from the start of which one had better not start often.
const LONG: u32 = 16 << 10;

/// Tokens of a document, at least from one to another. Of a long text that can only be read from its start all that
/// may be needed is read at once.
fn tokens_of(
    corpus: &Corpus,
    tokenizers: &Tokenizers,
    document: u32,
    Sought { first, behind, last }: Sought,
) -> Result<Tokens> {
    let marks = corpus.marks(document);
    let is_long = corpus.documents[document as usize].locator.text_length > LONG;
    let behind = if is_long && marks.is_empty() { last } else { behind };
    let before = marks.partition_point(|mark| mark.token <= first).checked_sub(1).map(|i| marks[i]);
    let after = marks.iter().find(|mark| mark.token >= behind);
    let base = before.map_or(0, |mark| mark.byte);
    let end = after.map_or(u32::MAX, |mark| mark.byte);
    let text = corpus.text_part(document, base..end)?;
    let mut made = Tokens { start: before.map_or(0, |mark| mark.token), ..Tokens::default() };
    let wanted = behind.saturating_sub(made.start) as usize;
    let room = (wanted + PIECE / 4).min(text.len());
    made.tokens.reserve_exact(room);
    made.spans.reserve_exact(room);
    let mut start = 0;
    tokenizers.with(|tokenizer| {
        while start < text.len() && made.tokens.len() < wanted {
            // a line break is in no token
            let least = (start + PIECE).min(text.len());
            let end =
                memchr::memchr(b'\n', &text.as_bytes()[least..]).map_or(text.len(), |at| least + at + 1);
            let from = base + start as u32;
            tokenizer.tokens(&text[start..end], |hash, first, end| {
                made.tokens.push(hash);
                made.spans.push([from + first as u32, from + end as u32]);
            });
            start = end;
        }
    });
    if made.tokens.len() < wanted {
        return Err(corpus.texts.changed(&corpus.documents[document as usize].locator));
    }
    Ok(made)
}

/// Cuts the documents into batches of about `full` bytes of text.
pub(crate) fn batches<T>(wanted: &[T], full: u64, length: impl Fn(&T) -> u64) -> Vec<&[T]> {
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
    let is_hopeless = |row: usize| corpus.archived.hopeless.binary_search(&(row as u32)).is_ok();
    let needs_text = |row: usize| paragraphs.needs_set(row) && !is_hopeless(row);
    let mut of_paragraphs = of_paragraphs.filter(|(row, _)| needs_text(*row)).peekable();
    let mut distinct = corpus.document_units.distinct.iter().enumerate().peekable();
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

/// What documents are read again with.
struct Making<'a> {
    corpus: &'a Corpus,
    params: &'a Params,
    tokenizers: &'a Tokenizers,
    repeated: Option<&'a Repeated>,
}

impl Making<'_> {
    /// Reads documents again and makes of them what is wanted, in an empty group.
    fn group(&self, wanted: &[Wanted], mut group: Group) -> Result<Group> {
        let locator = |wanted: &Wanted| self.corpus.documents[wanted.document as usize].locator;
        let tokens = |wanted: &Wanted| wanted.row().map_or(0, |row| self.corpus.document_units.tokens[row]);
        let [mut bytes, mut all] = [0, 0];
        for wanted in wanted {
            bytes += locator(wanted).text_length as usize;
            all += tokens(wanted) as usize;
        }
        group.text.reserve_exact(bytes);
        group.tokens.reserve_exact(all);
        if self.repeated.is_some() {
            group.spans.reserve_exact(all);
        }
        self.tokenizers.with(|tokenizer| {
            for (i, one) in wanted.iter().enumerate() {
                if one.row().is_none()
                    && let Some(long) = self.corpus.long_text(one.document)?
                {
                    self.some_paragraphs(one, &long, tokenizer, &mut group)?;
                    continue;
                }
                let start = group.text.len();
                let to_come = wanted[i..].iter().map(locator);
                self.corpus.texts.append(to_come, &mut group.ahead, &mut group.text)?;
                self.document(one, tokenizer, &mut group, start)?;
            }
            Ok(())
        })?;
        Ok(group)
    }

    /// Reads paragraphs of a long text of an index, without the rest of it.
    fn some_paragraphs(
        &self,
        wanted: &Wanted,
        long: &LongText<'_>,
        tokenizer: &mut Tokenizer,
        group: &mut Group,
    ) -> Result<()> {
        let shingler = Shingler::new(self.params.shingle);
        let mut tokens = Vec::new();
        for &(row, number) in &wanted.paragraphs {
            tokens.clear();
            tokenizer.hashes(&long.paragraph(number)?, &mut tokens);
            shingler.all(&tokens, &mut group.set);
            group.sorter.set(&mut group.set);
            group.paragraphs.push((row, append(&group.set, &mut group.sets)));
        }
        Ok(())
    }

    /// Makes of one what is wanted; its text stands in the group from `start` on.
    fn document(
        &self,
        wanted: &Wanted,
        tokenizer: &mut Tokenizer,
        group: &mut Group,
        start: usize,
    ) -> Result<()> {
        let &Making { corpus, params, repeated, .. } = self;
        let document = wanted.document;
        let Group { text, tokens, spans, paragraph_ends, sets, set, sorter, ranges, .. } = group;
        let shingler = Shingler::new(params.shingle);
        let end = text.len();
        let text = &text[start..];
        ranges.clear();
        paragraphs(text, params.paragraphs, ranges);
        let last = wanted.paragraphs.last().map_or(0, |(_, number)| *number as usize + 1);
        if corpus.paragraph_count(document).map_or(ranges.len() < last, |count| count != ranges.len()) {
            return Err(corpus.texts.changed(&corpus.documents[document as usize].locator));
        }
        let first = tokens.len();
        if wanted.own.is_none() && wanted.seeds.is_none() {
            for &(row, number) in &wanted.paragraphs {
                tokens.truncate(first);
                tokenizer.hashes(&text[ranges[number as usize].clone()], tokens);
                shingler.all(&tokens[first..], set);
                sorter.set(set);
                group.paragraphs.push((row, append(set, sets)));
            }
            tokens.truncate(first);
            group.text.truncate(start);
            return Ok(());
        }
        let first_paragraph = paragraph_ends.len();
        if wanted.seeds.is_some() && repeated.is_some() {
            tokenizer.give(text, &mut Spanned { tokens, spans });
            let own_spans = &spans[first..];
            let mut behind = 0;
            paragraph_ends.extend(ranges.iter().map(|range| {
                let inside = |span: &&[u32; 2]| (span[0] as usize) < range.end;
                behind += own_spans[behind..].iter().take_while(inside).count();
                behind as u32
            }));
        } else {
            // nobody asks where they stand
            tokens_of_paragraphs(tokenizer, text, ranges, tokens, paragraph_ends);
            paragraph_ends[first_paragraph..].iter_mut().for_each(|end| *end -= first as u32);
        }
        let own_tokens = &tokens[first..];
        let ends = &paragraph_ends[first_paragraph..];
        if let Some(row) = wanted.own {
            shingler.all(own_tokens, set);
            sorter.set(set);
            group.documents.push((row, append(set, sets)));
        }
        for &(row, number) in &wanted.paragraphs {
            let start = if number == 0 { 0 } else { ends[number as usize - 1] as usize };
            let own = &own_tokens[start..ends[number as usize] as usize];
            if own.len() < own_tokens.len() || wanted.own.is_none() {
                shingler.all(own, set);
                sorter.set(set);
            } // else the paragraph is the document, and its set is at hand
            group.paragraphs.push((row, append(set, sets)));
        }
        let (Some(row), Some(repeated)) = (wanted.seeds, repeated) else {
            tokens.truncate(first);
            spans.truncate(first);
            paragraph_ends.truncate(first_paragraph);
            group.text.truncate(start);
            return Ok(());
        };
        let first_seed = group.seeds.len();
        repeated.of(row, &mut group.seeds);
        group.places.extend(corpus.places(document));
        // where what leaves decides which one counts as the first, that is known later
        let any = params.remove.is_by_parts();
        group.is_first.extend(corpus.paragraphs(document).map(|unit| {
            let first = corpus.paragraph_units.first[unit as usize];
            first == unit || (any && first < IS_SHORT)
        }));
        debug_assert!(corpus.document_units.first[document as usize] != IS_SHORT);
        group.extents.push(Extent {
            document,
            text: start..end,
            tokens: first..tokens.len(),
            paragraphs: first_paragraph..paragraph_ends.len(),
            seeds: first_seed..group.seeds.len(),
        });
        Ok(())
    }
}

/// Takes tokens, and where they stand.
struct Spanned<'a> {
    tokens: &'a mut Vec<u64>,
    spans: &'a mut Vec<[u32; 2]>,
}

impl Sink for Spanned<'_> {
    fn several(&mut self, hashes: &[u64], starts: &[u16], ends: &[u16], base: usize) {
        let base = base as u32;
        let spans =
            starts.iter().zip(ends).map(|(&start, &end)| [base + u32::from(start), base + u32::from(end)]);
        self.tokens.extend_from_slice(hashes);
        self.spans.extend(spans);
    }

    fn one(&mut self, hash: u64, start: usize, end: usize) {
        self.tokens.push(hash);
        self.spans.push([start as u32, end as u32]);
    }
}

/// Appends a set to others; returns where it is.
fn append(set: &[u64], sets: &mut Vec<u64>) -> Range<usize> {
    let start = sets.len();
    sets.extend_from_slice(set);
    start..sets.len()
}

//! What is made of documents that are read again: tokens, sets, occurrences of seeds. A group of documents at a
//! time, by one thread, in buffers that go round.

use std::ops::Range;

use crate::corpus::{Corpus, IS_SHORT, LongText};
use crate::document::Span;
use crate::error::Result;
use crate::normalise::{Sink, Tokenizer, Tokenizers};
use crate::params::Params;
use crate::passage::repeated::Repeated;
use crate::passage::{Occurrence, Prepared};
use crate::read::texts::Ahead;
use crate::reread::Wanted;
use crate::scan::tokens_of_paragraphs;
use crate::shingle::{LARGE, Shingler};
use crate::split::paragraphs;
use crate::verify::Sorter;

/// Documents that were read again, one after the other, in buffers that go round.
#[derive(Default)]
pub(super) struct Group {
    /// rows of documents, and where their sets are
    pub(super) documents: Vec<(u32, Range<usize>)>,
    /// rows of paragraphs, and where their sets are
    pub(super) paragraphs: Vec<(u32, Range<usize>)>,
    sets: Sets,
    /// those in which passages are looked for
    extents: Vec<Extent>,
    text: String,
    places: Vec<Span>,
    tokens: Vec<u64>,
    spans: Vec<[u32; 2]>,
    /// tokens of a document before the end of each of its paragraphs
    paragraph_ends: Vec<u32>,
    is_first: Vec<bool>,
    seeds: Vec<Occurrence>,
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

/// Where the parts of the document at hand start in its group.
#[derive(Clone, Copy)]
struct Start {
    text: usize,
    tokens: usize,
    paragraphs: usize,
}

impl Group {
    /// The sets of documents, or of paragraphs, with their rows.
    pub(super) fn sets<'a>(
        &'a self,
        of: &'a [(u32, Range<usize>)],
    ) -> impl Iterator<Item = (u32, &'a [u64])> {
        of.iter().map(|(row, set)| (*row, &self.sets.all[set.clone()]))
    }

    /// Its documents, ready to be searched for passages.
    pub(super) fn prepared(&self) -> impl Iterator<Item = Prepared<'_>> {
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
    pub(super) fn cleared(mut self, usual: usize) -> Self {
        if self.text.capacity() > 2 * usual {
            return Group::default();
        }
        self.documents.clear();
        self.paragraphs.clear();
        self.sets.all.clear();
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

    /// Where the next document starts.
    fn end(&self) -> Start {
        Start { text: self.text.len(), tokens: self.tokens.len(), paragraphs: self.paragraph_ends.len() }
    }

    /// Lets go of what only the sets of the document at hand were made of.
    fn cut_off(&mut self, from: Start) {
        self.text.truncate(from.text);
        self.tokens.truncate(from.tokens);
        self.spans.truncate(from.tokens);
        self.paragraph_ends.truncate(from.paragraphs);
    }
}

/// Sets of shingles, one after the other.
#[derive(Default)]
struct Sets {
    all: Vec<u64>,
    /// buffers
    next: Vec<u64>,
    sorter: Sorter,
}

impl Sets {
    /// Appends the set of these tokens; returns where it is.
    fn push(&mut self, shingler: &Shingler, tokens: &[u64]) -> Range<usize> {
        shingler.all(tokens, &mut self.next);
        self.sorter.set(&mut self.next);
        let start = self.all.len();
        if self.next.capacity() > LARGE {
            self.sorter = Sorter::default();
            self.all.reserve_exact(self.next.len());
        }
        self.all.extend_from_slice(&self.next);
        if self.next.capacity() > LARGE {
            self.next = Vec::new();
        }
        start..self.all.len()
    }
}

/// What documents are read again with.
pub(super) struct Making<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) params: &'a Params,
    pub(super) tokenizers: &'a Tokenizers,
    pub(super) repeated: Option<&'a Repeated>,
}

impl Making<'_> {
    /// Reads documents again and makes of them what is wanted, in an empty group.
    pub(super) fn group(&self, wanted: &[Wanted], mut group: Group) -> Result<Group> {
        let locator = |wanted: &Wanted| self.corpus.documents[wanted.document as usize].locator;
        let tokens = |wanted: &Wanted| wanted.row().map_or(0, |row| self.corpus.units.documents.tokens[row]);
        let [mut bytes, mut spare, mut all] = [0; 3];
        for wanted in wanted {
            let locator = locator(wanted);
            bytes += locator.text_length as usize;
            // room is made for a text as it is written in its record
            spare = spare.max((locator.length as usize).saturating_sub(locator.text_length as usize));
            all += tokens(wanted) as usize;
        }
        group.text.reserve_exact(bytes + spare);
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
                let start = group.end();
                let to_come = wanted[i..].iter().map(locator);
                self.corpus.texts.append(to_come, &mut group.ahead, &mut group.text)?;
                group.ahead.let_go();
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
        let shingler = self.shingler();
        let mut tokens = Vec::new();
        for &(row, number) in &wanted.paragraphs {
            tokens.clear();
            tokenizer.hashes(&long.paragraph(number)?, &mut tokens);
            group.paragraphs.push((row, group.sets.push(&shingler, &tokens)));
        }
        Ok(())
    }

    /// Makes of one what is wanted; its text is the last one in the group.
    fn document(
        &self,
        wanted: &Wanted,
        tokenizer: &mut Tokenizer,
        group: &mut Group,
        start: Start,
    ) -> Result<()> {
        self.find_paragraphs(wanted, group, start)?;
        if wanted.row().is_some() {
            self.all_tokens(wanted, tokenizer, group, start);
            self.sets(wanted, group, start);
        } else {
            self.sets_of_paragraphs(wanted, tokenizer, group, start);
        }
        match wanted.seeds.zip(self.repeated) {
            Some(seeds) => self.keep(wanted.document, seeds, group, start),
            None => group.cut_off(start),
        }
        Ok(())
    }

    /// Finds the paragraphs, of which there are as many as there were.
    fn find_paragraphs(&self, wanted: &Wanted, group: &mut Group, start: Start) -> Result<()> {
        let Making { corpus, params, .. } = self;
        group.ranges.clear();
        paragraphs(&group.text[start.text..], params.paragraphs, &mut group.ranges);
        let found = group.ranges.len();
        let least = wanted.paragraphs.last().map_or(0, |(_, number)| *number as usize + 1);
        if corpus.paragraph_count(wanted.document).map_or(found < least, |count| count != found) {
            return Err(corpus.texts.changed(&corpus.documents[wanted.document as usize].locator));
        }
        Ok(())
    }

    /// The sets of paragraphs whose document is not looked at as a whole.
    fn sets_of_paragraphs(
        &self,
        wanted: &Wanted,
        tokenizer: &mut Tokenizer,
        group: &mut Group,
        start: Start,
    ) {
        let shingler = self.shingler();
        let Group { text, tokens, ranges, .. } = group;
        let text = &text[start.text..];
        for &(row, number) in &wanted.paragraphs {
            tokens.truncate(start.tokens);
            tokenizer.hashes(&text[ranges[number as usize].clone()], tokens);
            let set = group.sets.push(&shingler, &tokens[start.tokens..]);
            group.paragraphs.push((row, set));
        }
    }

    /// All tokens, how many of them come before the end of each paragraph, and where they stand, if passages are
    /// looked for.
    fn all_tokens(&self, wanted: &Wanted, tokenizer: &mut Tokenizer, group: &mut Group, start: Start) {
        let Group { text, tokens, spans, paragraph_ends, ranges, .. } = group;
        let text = &text[start.text..];
        if wanted.seeds.is_none() {
            tokens_of_paragraphs(tokenizer, text, ranges, tokens, paragraph_ends);
            paragraph_ends[start.paragraphs..].iter_mut().for_each(|end| *end -= start.tokens as u32);
            return;
        }
        tokenizer.give(text, &mut Spanned { tokens, spans });
        let spans = &spans[start.tokens..];
        let mut behind = 0;
        paragraph_ends.extend(ranges.iter().map(|range| {
            let inside = |span: &&[u32; 2]| (span[0] as usize) < range.end;
            behind += spans[behind..].iter().take_while(inside).count();
            behind as u32
        }));
    }

    /// The sets of the document and of its paragraphs, from its tokens.
    fn sets(&self, wanted: &Wanted, group: &mut Group, start: Start) {
        let shingler = self.shingler();
        let tokens = &group.tokens[start.tokens..];
        let ends = &group.paragraph_ends[start.paragraphs..];
        if let Some(row) = wanted.own {
            group.documents.push((row, group.sets.push(&shingler, tokens)));
        }
        for &(row, number) in &wanted.paragraphs {
            let first = if number == 0 { 0 } else { ends[number as usize - 1] as usize };
            let own = &tokens[first..ends[number as usize] as usize];
            let set = if own.len() < tokens.len() || wanted.own.is_none() {
                group.sets.push(&shingler, own)
            } else {
                // the paragraph is the document
                group.documents.last().map_or(0..0, |(_, set)| set.clone())
            };
            group.paragraphs.push((row, set));
        }
    }

    /// Keeps all of the document for the search for passages; of its row `repeated` has the seeds.
    fn keep(&self, document: u32, (row, repeated): (usize, &Repeated), group: &mut Group, start: Start) {
        let Making { corpus, params, .. } = self;
        debug_assert!(corpus.units.documents.first[document as usize] != IS_SHORT);
        let first_seed = group.seeds.len();
        repeated.of(row, &mut group.seeds);
        group.places.extend(corpus.places(document));
        // where what leaves decides which one counts as the first, that is known later
        let any = params.remove.is_by_parts();
        group.is_first.extend(corpus.paragraphs(document).map(|unit| {
            let first = corpus.units.paragraphs.first[unit as usize];
            first == unit || (any && first < IS_SHORT)
        }));
        let end = group.end();
        group.extents.push(Extent {
            document,
            text: start.text..end.text,
            tokens: start.tokens..end.tokens,
            paragraphs: start.paragraphs..end.paragraphs,
            seeds: first_seed..group.seeds.len(),
        });
    }

    fn shingler(&self) -> Shingler {
        Shingler::new(self.params.shingle)
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

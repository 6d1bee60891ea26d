//! Token ranges to places in a text: bytes, characters, and the first paragraph touched. The last look at
//! the documents that passages were found in, each read once more, in parallel.

use std::ops::Range;

use rayon::prelude::*;

use crate::corpus::Corpus;
use crate::document::Span;
use crate::error::Result;
use crate::normalise::Tokenizer;
use crate::params::Params;
use crate::split::bytecount;

/// A stretch of a document between two tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stretch {
    bytes: [u32; 2],
    chars: [u32; 2],
    /// the first paragraph that it touches
    pub(crate) paragraph: u32,
}

impl Stretch {
    /// Its bytes and characters.
    pub(crate) fn span(&self) -> Span {
        let range = |[start, end]: [u32; 2]| u64::from(start)..u64::from(end);
        Span { bytes: range(self.bytes), chars: range(self.chars) }
    }
}

/// Tokens of a document, to be found in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tokens {
    pub(crate) document: u32,
    /// first token, and behind the last
    pub(crate) range: [u32; 2],
}

/// Finds all of them, in the order given.
pub(crate) fn locate(corpus: &Corpus, params: &Params, tokens: &[Tokens]) -> Result<Vec<Stretch>> {
    let mut order: Vec<u32> = (0..tokens.len() as u32).collect();
    order.par_sort_unstable_by_key(|&i| (tokens[i as usize], i));
    let of_document: Vec<&[u32]> =
        order.chunk_by(|a, b| tokens[*a as usize].document == tokens[*b as usize].document).collect();
    let found: Vec<Vec<Stretch>> = of_document
        .par_iter()
        .map(|group| {
            let ranges: Vec<[u32; 2]> = group.iter().map(|&i| tokens[i as usize].range).collect();
            in_document(corpus, params, tokens[group[0] as usize].document, &ranges)
        })
        .collect::<Result<_>>()?;
    let mut stretches = vec![Stretch::default(); tokens.len()];
    for (group, found) in of_document.iter().zip(found) {
        for (&i, stretch) in group.iter().zip(found) {
            stretches[i as usize] = stretch;
        }
    }
    Ok(stretches)
}

/// The stretches of one document; the ranges are sorted by their first token.
fn in_document(corpus: &Corpus, params: &Params, document: u32, ranges: &[[u32; 2]]) -> Result<Vec<Stretch>> {
    let text = corpus.text(document)?;
    let mut spans: Vec<(u32, u32)> = Vec::new();
    Tokenizer::new(params.seed).tokens(&text, |_, start, end| spans.push((start as u32, end as u32)));
    let places: Vec<Span> = corpus.places(document).collect();
    // characters up to a byte: from the start of its paragraph, or from the byte asked for last
    let mut known = (0usize, 0usize);
    let mut characters = |at: usize| {
        let paragraph = places.partition_point(|place| place.bytes.start <= at as u64).checked_sub(1);
        let from = paragraph.map_or((0, 0), |i| {
            let place: &Span = &places[i];
            (place.bytes.start as usize, place.chars.start as usize)
        });
        if known.0 > at || known.0 < from.0 {
            known = from;
        }
        known = (at, known.1 + bytecount(&text.as_bytes()[known.0..at]));
        known.1 as u32
    };
    let stretch = |&[first, end]: &[u32; 2]| {
        let changed = || corpus.texts.changed(&corpus.documents[document as usize].locator);
        let (start, _) = *spans.get(first as usize).ok_or_else(changed)?;
        let (_, end) = *spans.get(end as usize - 1).ok_or_else(changed)?;
        let paragraph = places.partition_point(|place| place.bytes.end <= u64::from(start));
        let bytes: Range<usize> = start as usize..end as usize;
        Ok(Stretch {
            bytes: [start, end],
            chars: [characters(bytes.start), characters(bytes.end)],
            paragraph: paragraph as u32,
        })
    };
    ranges.iter().map(stretch).collect()
}

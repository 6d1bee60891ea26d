//! Token ranges to places in a text: bytes, characters, and the first paragraph touched. The last look at
//! the documents that passages were found in, each read once more, in parallel.

use rayon::prelude::*;

use crate::corpus::Corpus;
use crate::document::Span;
use crate::error::Result;
use crate::normalise::Tokenizers;
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
    let tokenizers = Tokenizers::new(params.seed);
    let mut order: Vec<u32> = (0..tokens.len() as u32).collect();
    order.par_sort_unstable_by_key(|&i| (tokens[i as usize], i));
    let of_document: Vec<&[u32]> =
        order.chunk_by(|a, b| tokens[*a as usize].document == tokens[*b as usize].document).collect();
    let found: Vec<Vec<Stretch>> = of_document
        .par_iter()
        .map(|group| {
            let document = tokens[group[0] as usize].document;
            let text = corpus.text(document)?;
            let mut spans = Vec::new();
            tokenizers.with(|tokenizer| {
                tokenizer.tokens(&text, |_, start, end| spans.push([start as u32, end as u32]));
            });
            let places: Vec<Span> = corpus.places(document).collect();
            let mut ruler = Ruler::new(&text, &places, &spans);
            let changed = || corpus.texts.changed(&corpus.documents[document as usize].locator);
            group.iter().map(|&i| ruler.measure(tokens[i as usize].range).ok_or_else(changed)).collect()
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

/// Measures stretches of one text.
pub(crate) struct Ruler<'a> {
    text: &'a str,
    /// where its paragraphs are
    places: &'a [Span],
    /// first byte of each token, and behind its last
    spans: &'a [[u32; 2]],
    /// a byte, and how many characters stand before it
    known: (usize, usize),
}

impl<'a> Ruler<'a> {
    pub(crate) fn new(text: &'a str, places: &'a [Span], spans: &'a [[u32; 2]]) -> Self {
        Ruler { text, places, spans, known: (0, 0) }
    }

    /// The stretch from a token up to another, which it does not hold; `None` where there are no such tokens.
    pub(crate) fn measure(&mut self, [first, end]: [u32; 2]) -> Option<Stretch> {
        let start = self.spans.get(first as usize)?[0];
        let end = self.spans.get(end.checked_sub(1)? as usize)?[1];
        let paragraph = self.places.partition_point(|place| place.bytes.end <= u64::from(start)) as u32;
        let chars = [self.characters(start as usize), self.characters(end as usize)];
        Some(Stretch { bytes: [start, end], chars, paragraph })
    }

    /// Characters before a byte: counted from the start of its paragraph, or from the byte asked for last.
    fn characters(&mut self, at: usize) -> u32 {
        let paragraph = self.places.partition_point(|place| place.bytes.start <= at as u64).checked_sub(1);
        let start = paragraph.map_or((0, 0), |i| {
            let place = &self.places[i];
            (place.bytes.start as usize, place.chars.start as usize)
        });
        if self.known.0 > at || self.known.0 < start.0 {
            self.known = start;
        }
        self.known = (at, self.known.1 + bytecount(&self.text.as_bytes()[self.known.0..at]));
        self.known.1 as u32
    }
}

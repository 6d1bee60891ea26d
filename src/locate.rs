//! Token ranges to places in a text: bytes, characters, and the first paragraph touched. The last look at
//! the documents that passages were found in, each read once more, in parallel.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::corpus::Corpus;
use crate::document::Span;
use crate::error::Result;
use crate::normalise::{Tokenizer, Tokenizers};
use crate::params::Params;
use crate::split::bytecount;

/// A stretch of a document between two tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) bytes: [u32; 2],
    pub(crate) chars: [u32; 2],
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

/// A stretch of a document, to be found in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sought {
    pub(crate) document: u32,
    pub(crate) part: Part,
}

/// What is known of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// from the first token of the document to its last
    Whole,
    /// from a token up to another, which it does not hold
    Tokens([u32; 2]),
    /// its bytes
    Bytes([u32; 2]),
}

/// Finds all of them, in the order given.
pub(crate) fn locate(corpus: &Corpus, params: &Params, sought: &[Sought]) -> Result<Vec<Stretch>> {
    let tokenizers = Tokenizers::of(params);
    let mut order: Vec<u32> = (0..sought.len() as u32).collect();
    order.par_sort_unstable_by_key(|&i| (sought[i as usize], i));
    let of_document: Vec<&[u32]> =
        order.chunk_by(|a, b| sought[*a as usize].document == sought[*b as usize].document).collect();
    let in_document = |group: &&[u32]| {
        let parts: Vec<Part> = group.iter().map(|&i| sought[i as usize].part).collect();
        tokenizers.with(|tokenizer| find(corpus, tokenizer, sought[group[0] as usize].document, &parts))
    };
    let found: Vec<Vec<Stretch>> = of_document.par_iter().map(in_document).collect::<Result<_>>()?;
    let mut stretches = vec![Stretch::default(); sought.len()];
    for (group, found) in of_document.iter().zip(found) {
        for (&i, stretch) in group.iter().zip(found) {
            stretches[i as usize] = stretch;
        }
    }
    Ok(stretches)
}

/// Finds parts of one document. Its text is read only if they can't be told without: bytes of paragraphs that are
/// all ASCII are their characters.
fn find(corpus: &Corpus, tokenizer: &mut Tokenizer, document: u32, parts: &[Part]) -> Result<Vec<Stretch>> {
    let of = &corpus.documents[document as usize];
    let places: Vec<Span> = corpus.places(document).collect();
    let is_ascii = of.characters == of.locator.text_length;
    let bytes_known = parts.iter().all(|part| matches!(part, Part::Bytes(_)));
    let is_told = |part: &Part| matches!(part, Part::Bytes(bytes) if bytes.iter().all(|&at| told(&places, at as usize).is_some()));
    let mut base = 0;
    let text = if bytes_known && (is_ascii || parts.iter().all(is_told)) {
        None
    } else if bytes_known && document < corpus.archived.documents() {
        // of a text of an index no more than what is counted
        let bytes =
            || parts.iter().flat_map(|part| if let Part::Bytes(bytes) = part { *bytes } else { [0, 0] });
        let first = bytes().min().map_or(0, |first| start_of(&places, first as usize).0);
        base = first;
        Some(corpus.text_part(document, first as u32..bytes().max().unwrap_or(0))?)
    } else {
        Some(corpus.text(document)?)
    };
    let mut spans = Vec::new();
    if let Some(text) = &text
        && parts.iter().any(|part| matches!(part, Part::Tokens(_)))
    {
        tokenizer.tokens(text, |_, start, end| spans.push([start as u32, end as u32]));
    }
    let mut ruler = Ruler { base, ..Ruler::new(text.as_deref(), &places, &spans) };
    let changed = || corpus.texts.changed(&of.locator);
    let mut stretch = |part: &Part| match *part {
        Part::Tokens(tokens) => ruler.measure(tokens),
        Part::Bytes(bytes) => Some(ruler.stretch(bytes)),
        Part::Whole => {
            let text = text.as_deref()?;
            let mut of_place = |place: &Span| {
                let base = place.bytes.start as u32;
                let mut bytes: Option<[u32; 2]> = None;
                tokenizer.tokens(&text[base as usize..place.bytes.end as usize], |_, start, end| {
                    let start = bytes.map_or(base + start as u32, |bytes| bytes[0]);
                    bytes = Some([start, base + end as u32]);
                });
                bytes
            };
            let first = places.iter().find_map(&mut of_place)?;
            let last = places.iter().rev().find_map(&mut of_place)?;
            Some(ruler.stretch([first[0], last[1]]))
        }
    };
    // in order: of equal ones the first is found
    let mut found: Vec<Stretch> = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let known = found.last().filter(|_| at > 0 && parts[at - 1] == *part).copied();
        found.push(known.or_else(|| stretch(part)).ok_or_else(changed)?);
    }
    Ok(found)
}

/// Bytes after which it is noted how many characters a text has so far.
const NOTED: usize = 4 << 10;

/// Measures stretches of one text. They may come in any order: no more is counted than the text once, and a
/// little for each.
pub(crate) struct Ruler<'a> {
    /// from a byte on; `None` where paragraphs tell, or bytes and characters are the same
    text: Option<&'a str>,
    base: usize,
    /// where its paragraphs are
    places: &'a [Span],
    /// first byte of each token, and behind its last
    spans: &'a [[u32; 2]],
    /// where the last stretch began and ended: a byte, and how many characters stand before it
    known: [(usize, usize); 2],
    /// the same of bytes that long counts have passed
    noted: BTreeMap<usize, usize>,
}

impl<'a> Ruler<'a> {
    pub(crate) fn new(text: Option<&'a str>, places: &'a [Span], spans: &'a [[u32; 2]]) -> Self {
        Ruler { text, base: 0, places, spans, known: [(0, 0); 2], noted: BTreeMap::new() }
    }

    /// The stretch from a token up to another, which it does not hold; `None` where there are no such tokens.
    pub(crate) fn measure(&mut self, [first, end]: [u32; 2]) -> Option<Stretch> {
        let start = self.spans.get(first as usize)?[0];
        let end = self.spans.get(end.checked_sub(1)? as usize)?[1];
        Some(self.stretch([start, end]))
    }

    /// The stretch of these bytes.
    pub(crate) fn stretch(&mut self, [start, end]: [u32; 2]) -> Stretch {
        let paragraph = self.places.partition_point(|place| place.bytes.end <= u64::from(start)) as u32;
        let begun = self.characters(start as usize);
        self.known[0] = begun;
        self.known[1] = self.characters(end as usize);
        Stretch { bytes: [start, end], chars: self.known.map(|(_, characters)| characters as u32), paragraph }
    }

    /// A byte, and the characters before it.
    fn characters(&mut self, at: usize) -> (usize, usize) {
        let Some(text) = self.text else { return (at, told(self.places, at).unwrap_or(at)) };
        let counted = |from: usize, to: usize| bytecount(&text.as_bytes()[from - self.base..to - self.base]);
        let (mut byte, mut characters) = self.nearest(at);
        while at - byte > NOTED {
            characters += counted(byte, byte + NOTED);
            byte += NOTED;
            self.noted.insert(byte, characters);
        }
        (at, characters + counted(byte, at))
    }

    /// From where the characters before a byte are counted: the start of its paragraph, or what is known behind that.
    fn nearest(&self, at: usize) -> (usize, usize) {
        let known = self.known.into_iter().filter(|(byte, _)| *byte <= at);
        let noted = self.noted.range(..=at).next_back().map(|(byte, characters)| (*byte, *characters));
        known.chain(noted).fold(start_of(self.places, at), std::cmp::max)
    }
}

/// Where the paragraph starts that a byte is in, or behind: byte and character; where there is none, the text.
fn start_of(places: &[Span], at: usize) -> (usize, usize) {
    paragraph_of(places, at).map_or((0, 0), |place| (place.bytes.start as usize, place.chars.start as usize))
}

/// The paragraph that a byte is in, or behind.
fn paragraph_of(places: &[Span], at: usize) -> Option<&Span> {
    places[..places.partition_point(|place| place.bytes.start <= at as u64)].last()
}

/// How many characters stand before a byte, where the paragraph that it is in tells that, being all ASCII.
fn told(places: &[Span], at: usize) -> Option<usize> {
    let Span { bytes, chars } = paragraph_of(places, at)?;
    let is_ascii = bytes.end - bytes.start == chars.end - chars.start;
    (is_ascii && at as u64 <= bytes.end).then(|| (chars.start + at as u64 - bytes.start) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_of_ascii_tell_their_characters() {
        let text = "één\ntwee\ndrieë\n\nvier";
        let mut places = Vec::new();
        let (mut byte, mut character) = (0, 0);
        for line in text.split('\n') {
            let [bytes, chars] = [line.len() as u64, line.chars().count() as u64];
            if !line.is_empty() {
                places.push(Span { bytes: byte..byte + bytes, chars: character..character + chars });
            }
            (byte, character) = (byte + bytes + 1, character + chars + 1);
        }
        let mut with_text = Ruler::new(Some(text), &places, &[]);
        let mut without = Ruler::new(None, &places, &[]);
        let ends = (0..=text.len()).filter(|&at| text.is_char_boundary(at) && told(&places, at).is_some());
        let ends: Vec<u32> = ends.map(|at| at as u32).collect();
        assert_eq!(ends, [6, 7, 8, 9, 10, 19, 20, 21, 22, 23]);
        for bytes in ends.windows(2).map(|pair| [pair[0], pair[1]]) {
            assert_eq!(without.stretch(bytes), with_text.stretch(bytes));
        }
    }

    #[test]
    fn a_text_is_counted_once_in_whatever_order_its_stretches_come() {
        let word = "mañana, größer, ½ шаг; ";
        let before = "een twee\n";
        let text = before.to_owned() + &word.repeat(4_000);
        let (start, end) = (before.len() as u64, text.len() as u64);
        let all = text.chars().count() as u64;
        let places = [
            Span { bytes: 0..start - 1, chars: 0..start - 1 },
            Span { bytes: start..end, chars: start..all },
        ];
        let mut ruler = Ruler::new(Some(&text), &places, &[]);
        let mut counted = 0;
        for i in 0..2_000 {
            let words = [i, 2_000 + i * 1_237 % 2_000];
            let bytes = words.map(|words| (before.len() + word.len() * words) as u32);
            for byte in bytes.map(|byte| byte as usize) {
                counted += byte - ruler.nearest(byte).0;
            }
            let stretch = ruler.stretch(bytes);
            let expected = words.map(|words| (before.len() + word.chars().count() * words) as u32);
            assert_eq!((stretch.chars, stretch.paragraph), (expected, 1));
        }
        assert!(counted < text.len() + 4_000 * NOTED, "{counted} of {}", text.len());
    }
}

//! Corpora of any size, woven from real articles, with a chosen share of copies planted in them.
//!
//! A text takes its paragraphs and their lengths from one real article. Each of its words is, by the toss of a
//! coin, the next one of that article or the next one of another text of the same source and language. So
//! words are as frequent, paragraphs as long and short lines as often repeated as in the real texts, but two
//! texts that were not planted hardly share three words in a row, however often an article is used again.
//!
//! Document `n` depends on the articles, the parameters and `n` alone. So it can be made in parallel, made
//! again where a copy of it is planted, and a corpus goes on where a shorter one of the same seed ends.

use std::io::{self, Write};

use rayon::prelude::*;
use serde::Deserialize;

/// Documents that are made at once by one thread.
const TOGETHER: u64 = 64;

/// Pieces of that many documents between two writes.
const PIECES: u64 = 64;

/// What is planted, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// other seeds give other corpora
    pub(crate) seed: u64,
    /// how many documents of a hundred repeat an earlier one: one in four of them to the letter, two with
    /// some words changed, and one in a few of its paragraphs
    pub(crate) copies: u64,
    /// the most words of a thousand that are changed in a copy
    pub(crate) changed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Plan { seed: 1, copies: 10, changed: 60 }
    }
}

/// What a document repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    /// nothing
    Nothing,
    /// all of this document
    Exact(u64),
    /// all of it, with so many words of a thousand changed
    Near(u64, u64),
    /// some of its paragraphs
    Paragraphs(u64),
}

#[derive(Deserialize)]
struct Record {
    text: String,
    source: Option<String>,
    lang: Option<String>,
}

/// Real articles, cut into words. Their text is held as it stands inside a JSON string.
pub(crate) struct Articles {
    /// each word with the space behind it
    text: Vec<u8>,
    /// where each word starts, and where the last one ends
    words: Vec<u32>,
    /// the first word of each paragraph, and the end of the last
    paragraphs: Vec<u32>,
    /// its paragraphs, and those of all articles of its kind
    articles: Vec<[u32; 4]>,
}

impl Articles {
    /// Takes JSON lines with `text`, and maybe `source` and `lang`. More than 4 GiB are not read.
    pub(crate) fn read(lines: &str) -> Result<Self, serde_json::Error> {
        let mut records = lines
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(serde_json::from_str)
            .collect::<Result<Vec<Record>, _>>()?;
        records.sort_by(|a, b| (&a.source, &a.lang).cmp(&(&b.source, &b.lang)));
        let mut all =
            Articles { text: Vec::new(), words: Vec::new(), paragraphs: Vec::new(), articles: Vec::new() };
        for kind in records.chunk_by(|a, b| (&a.source, &a.lang) == (&b.source, &b.lang)) {
            let first = all.articles.len();
            let start = all.paragraphs.len() as u32;
            for record in kind {
                let own = all.paragraphs.len() as u32;
                record.text.lines().for_each(|line| all.push_paragraph(line));
                if all.text.len() > u32::MAX as usize - (1 << 30) {
                    break;
                }
                if all.paragraphs.len() as u32 > own {
                    all.articles.push([own, all.paragraphs.len() as u32, start, 0]);
                }
            }
            let end = all.paragraphs.len() as u32;
            all.articles[first..].iter_mut().for_each(|article| article[3] = end);
        }
        all.paragraphs.push(all.words.len() as u32);
        all.words.push(all.text.len() as u32);
        Ok(all)
    }

    fn push_paragraph(&mut self, line: &str) {
        let before = self.words.len();
        for word in line.split_whitespace() {
            let escaped = serde_json::Value::from(word).to_string();
            let inner = &escaped[1..escaped.len() - 1];
            let mut starts_word = true;
            for (at, character) in inner.char_indices() {
                // scripts without spaces: each character is a word
                let is_alone = character >= '\u{2e80}';
                if starts_word || is_alone {
                    self.words.push((self.text.len() + at) as u32);
                }
                starts_word = is_alone;
            }
            self.text.extend_from_slice(inner.as_bytes());
            self.text.push(b' ');
        }
        if self.words.len() > before {
            self.paragraphs.push(before as u32);
        }
    }

    fn word(&self, number: u32) -> &[u8] {
        &self.text[self.words[number as usize] as usize..self.words[number as usize + 1] as usize]
    }
}

/// Numbers that depend on a seed alone (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    fn from(&mut self, range: [u32; 2]) -> u32 {
        range[0] + self.below(u64::from(range[1] - range[0])) as u32
    }
}

/// A corpus of any length.
pub(crate) struct Corpus<'a> {
    pub(crate) articles: &'a Articles,
    pub(crate) plan: Plan,
}

impl Corpus<'_> {
    fn numbers(&self, document: u64, purpose: u64) -> Numbers {
        let mut numbers = Numbers(self.plan.seed.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ purpose << 56);
        numbers.0 = numbers.next() ^ document;
        numbers.next();
        numbers
    }

    /// What a document repeats; never one that repeats something itself.
    pub(crate) fn planted(&self, document: u64) -> Planted {
        let mut numbers = self.numbers(document, 1);
        if document == 0 || numbers.below(100) >= self.plan.copies {
            return Planted::Nothing;
        }
        let mut of = numbers.below(document);
        while of > 0 && self.planted(of) != Planted::Nothing {
            of = numbers.below(of);
        }
        match numbers.below(4) {
            0 => Planted::Exact(of),
            1 => Planted::Paragraphs(of),
            _ => Planted::Near(of, 1 + numbers.below(self.plan.changed.max(1))),
        }
    }

    /// Appends a document as a line: `id`, `source`, `text`, and what it repeats: `planted`, `of`.
    pub(crate) fn write(&self, document: u64, into: &mut Vec<u8>) -> io::Result<()> {
        write!(into, "{{\"id\":\"w{document:09}\",\"source\":\"s{:02}\",\"text\":\"", document % 40)?;
        let planted = self.planted(document);
        let mut weaving = Weaving { articles: self.articles, into: &mut *into };
        match planted {
            Planted::Nothing => weaving.text(&mut self.numbers(document, 0)),
            Planted::Exact(of) => weaving.text(&mut self.numbers(of, 0)),
            Planted::Near(of, changed) => {
                weaving.changed(&mut self.numbers(of, 0), &mut self.numbers(document, 2), changed);
            }
            Planted::Paragraphs(of) => {
                let mut own = self.numbers(document, 0);
                let mut choice = self.numbers(document, 2);
                weaving.text(&mut own);
                weaving.some_paragraphs(&mut self.numbers(of, 0), &mut choice);
            }
        }
        let (planted, of) = match planted {
            Planted::Nothing => return into.write_all(b"\"}\n"),
            Planted::Exact(of) => ("exact", of),
            Planted::Near(of, _) => ("near", of),
            Planted::Paragraphs(of) => ("paragraphs", of),
        };
        writeln!(into, "\",\"planted\":\"{planted}\",\"of\":\"w{of:09}\"}}")
    }

    /// Writes documents from `next` on until `bytes` are reached, and sets `next` behind them. What is left of
    /// the pieces that were made is made again for the next part.
    pub(crate) fn write_part(&self, next: &mut u64, bytes: u64, mut to: impl Write) -> io::Result<u64> {
        let mut written = 0;
        while written < bytes {
            let piece = |piece: u64| {
                let start = *next + piece * TOGETHER;
                let (mut lines, mut ends) = (Vec::new(), Vec::new());
                for document in start..start + TOGETHER {
                    self.write(document, &mut lines)?;
                    ends.push(lines.len());
                }
                Ok((lines, ends))
            };
            let pieces: Vec<(Vec<u8>, Vec<usize>)> =
                (0..PIECES).into_par_iter().map(piece).collect::<io::Result<_>>()?;
            for (lines, ends) in pieces {
                let room = bytes - written;
                // the document that reaches the size is the last one
                let whole = ends.partition_point(|end| (*end as u64) < room);
                let count = (whole + 1).min(ends.len());
                to.write_all(&lines[..ends[count - 1]])?;
                written += ends[count - 1] as u64;
                *next += count as u64;
                if written >= bytes {
                    break;
                }
            }
        }
        to.flush()?;
        Ok(written)
    }
}

/// A text on its way.
struct Weaving<'a> {
    articles: &'a Articles,
    into: &'a mut Vec<u8>,
}

/// Words of a kind of text, one after the other.
struct Thread {
    at: u32,
    end: u32,
    start: u32,
}

impl Thread {
    /// Starts at any paragraph of the kind.
    fn new(articles: &Articles, kind: [u32; 2], numbers: &mut Numbers) -> Self {
        let at = numbers.from(kind);
        let word = |paragraph: u32| articles.paragraphs[paragraph as usize];
        Thread { at: word(at), end: word(kind[1]), start: word(kind[0]) }
    }

    fn next(&mut self) -> u32 {
        if self.at == self.end {
            self.at = self.start;
        }
        self.at += 1;
        self.at - 1
    }
}

impl Weaving<'_> {
    /// The article whose form a text takes: its paragraphs, and those of its kind.
    fn form(&self, numbers: &mut Numbers) -> ([u32; 2], [u32; 2]) {
        let [start, end, first, last] =
            self.articles.articles[numbers.below(self.articles.articles.len() as u64) as usize];
        ([start, end], [first, last])
    }

    fn text(&mut self, numbers: &mut Numbers) {
        let (own, kind) = self.form(numbers);
        for paragraph in own[0]..own[1] {
            let mut other = Thread::new(self.articles, kind, numbers);
            self.paragraph(paragraph, &mut other, numbers, |word| word);
        }
        self.trim();
    }

    /// The same text, with some words changed.
    fn changed(&mut self, numbers: &mut Numbers, choice: &mut Numbers, changed: u64) {
        let (own, kind) = self.form(numbers);
        let mut foreign = Thread::new(self.articles, kind, choice);
        let gap = 2000 / changed;
        let mut rest = choice.below(gap);
        for paragraph in own[0]..own[1] {
            let mut other = Thread::new(self.articles, kind, numbers);
            self.paragraph(paragraph, &mut other, numbers, |word| {
                if rest > 0 {
                    rest -= 1;
                    return word;
                }
                rest = choice.below(gap);
                foreign.next()
            });
        }
        self.trim();
    }

    /// Up to four neighbouring paragraphs of a text, behind what is there.
    fn some_paragraphs(&mut self, numbers: &mut Numbers, choice: &mut Numbers) {
        let (own, kind) = self.form(numbers);
        let first = choice.from(own);
        self.into.extend_from_slice(b"\\n");
        for paragraph in own[0]..own[1].min(first + 4) {
            let mut other = Thread::new(self.articles, kind, numbers);
            let kept = self.into.len();
            self.paragraph(paragraph, &mut other, numbers, |word| word);
            if paragraph < first {
                self.into.truncate(kept);
            }
        }
        self.trim();
    }

    fn paragraph(
        &mut self,
        paragraph: u32,
        other: &mut Thread,
        numbers: &mut Numbers,
        mut change: impl FnMut(u32) -> u32,
    ) {
        let words = &self.articles.paragraphs[paragraph as usize..][..2];
        let (mut coins, mut left) = (0, 0);
        for word in words[0]..words[1] {
            if left == 0 {
                (coins, left) = (numbers.next(), 64);
            }
            let word = if coins & 1 == 0 { word } else { other.next() };
            (coins, left) = (coins >> 1, left - 1);
            self.into.extend_from_slice(self.articles.word(change(word)));
        }
        if self.into.last() == Some(&b' ') {
            self.into.pop();
        }
        self.into.extend_from_slice(b"\\n");
    }

    /// Takes the line break off the end.
    fn trim(&mut self) {
        let length = self.into.len() - 2;
        self.into.truncate(length);
    }
}

/// A size as it is given: bytes, or with a unit of a thousand (`50MB`, `1.5GB`).
pub(crate) fn bytes(size: &str) -> Option<u64> {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("", 1.0)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((size.strip_suffix(name)?, unit)))?;
    Some((number.parse::<f64>().ok()? * unit) as u64)
}

//! Corpora of any size, made of replicas of real articles, with a chosen share of copies planted in them.
//!
//! Each replica is all articles, in letters of its own (`cipher.rs`). So a corpus has the words, lines, lengths,
//! repetitions and near-duplicates of the real articles, as often as there are replicas, and replicas have no
//! more than chance in common. Documents stand in an order drawn by hash: any part is a sample of all.
//!
//! Document `n` depends on the articles, the parameters and `n` alone. So it can be made in parallel, made
//! again where a copy of it is planted, and a corpus goes on where its last part ends.

#[path = "cipher.rs"]
pub(crate) mod cipher;

use std::collections::HashMap;
use std::io::{self, Write};

use cipher::{Cipher, Numbers};
use rayon::prelude::*;
use serde::Deserialize;

/// Documents that are made at once by one thread.
const TOGETHER: u64 = 64;

/// Pieces of that many documents between two writes.
const PIECES: u64 = 64;

/// What is made, and what is planted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// other seeds give other corpora
    pub(crate) seed: u64,
    /// among how many replicas documents are drawn; behind all their articles come as many replicas more
    pub(crate) replicas: u64,
    /// how many documents of a hundred repeat an earlier one: one in four of them to the letter, two with
    /// some words changed, and one in a few of its paragraphs
    pub(crate) copies: u64,
    /// the most words of a thousand that are changed in a copy
    pub(crate) changed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Plan { seed: 1, replicas: 1, copies: 10, changed: 60 }
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

/// A line of JSON lines.
#[derive(Deserialize)]
struct Record {
    text: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    lang: String,
}

/// Real articles.
pub(crate) struct Articles {
    /// those of one source and language stand together
    records: Vec<Record>,
    /// the first, and the end, of those of the same kind
    kinds: Vec<[usize; 2]>,
}

impl Articles {
    /// Takes JSON lines with `text`, and maybe `source` and `lang`.
    pub(crate) fn read(lines: &str) -> Result<Self, serde_json::Error> {
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        let mut records = lines.map(serde_json::from_str).collect::<Result<Vec<Record>, _>>()?;
        let kind = |record: &Record| (record.source.clone(), record.lang.clone());
        records.sort_by_cached_key(kind);
        let mut kinds = Vec::with_capacity(records.len());
        for same in records.chunk_by(|a, b| (&a.source, &a.lang) == (&b.source, &b.lang)) {
            let first = kinds.len();
            kinds.extend(same.iter().map(|_| [first, first + same.len()]));
        }
        Ok(Articles { records, kinds })
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> u64 {
        self.records.iter().map(|record| record.text.len() as u64).sum()
    }
}

/// A corpus of any length.
pub(crate) struct Corpus<'a> {
    articles: &'a Articles,
    plan: Plan,
}

/// Ciphers that are at hand.
type Ciphers = HashMap<u64, Cipher>;

impl<'a> Corpus<'a> {
    /// Of some articles at least.
    pub(crate) fn new(articles: &'a Articles, plan: Plan) -> Self {
        assert!(!articles.records.is_empty() && plan.replicas > 0, "nothing to make a corpus of");
        Corpus { articles, plan }
    }

    fn numbers(&self, document: u64, purpose: u64) -> Numbers {
        let mut numbers = Numbers(self.plan.seed.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ purpose << 56);
        numbers.0 = numbers.next() ^ document;
        numbers.next();
        numbers
    }

    /// The replica and the article that a document is, if it repeats nothing: each of both once.
    pub(crate) fn drawn(&self, document: u64) -> (u64, usize) {
        let articles = self.articles.records.len() as u64;
        let all = articles * self.plan.replicas;
        let (round, mut place) = (document / all, document % all);
        // a Feistel network over a power of four that holds all; what leads outside is led on
        let half = (64 - (all - 1).leading_zeros()).div_ceil(2).max(1);
        let mask = (1 << half) - 1;
        loop {
            for step in 0..6 {
                let (left, right) = (place >> half, place & mask);
                let mixed = self.numbers(right, 16 + step).next() ^ round;
                place = right << half | (left ^ Numbers(mixed).next() & mask);
            }
            if place < all {
                return (round * self.plan.replicas + place / articles, (place % articles) as usize);
            }
        }
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

    /// Appends a document as a line: `id`, `source` and `lang` of the article, `text`, its `replica`, and what
    /// it repeats: `planted`, `of`.
    fn write(&self, document: u64, ciphers: &mut Ciphers, into: &mut Vec<u8>) -> io::Result<()> {
        let planted = self.planted(document);
        let of = match planted {
            Planted::Nothing | Planted::Paragraphs(_) => document,
            Planted::Exact(of) | Planted::Near(of, _) => of,
        };
        let (replica, article) = self.drawn(of);
        let mut text = String::new();
        self.text((replica, article), ciphers, &mut text);
        match planted {
            Planted::Nothing | Planted::Exact(_) => {}
            Planted::Near(_, changed) => {
                let mut numbers = self.numbers(document, 2);
                let [first, end] = self.articles.kinds[article];
                let other = first + numbers.below((end - first) as u64) as usize;
                let mut foreign = String::new();
                self.text((replica, other), ciphers, &mut foreign);
                text = with_words_changed(&text, &foreign, (changed, &mut numbers));
            }
            Planted::Paragraphs(of) => {
                let mut other = String::new();
                self.text(self.drawn(of), ciphers, &mut other);
                let paragraphs: Vec<&str> = other.lines().collect();
                let first = self.numbers(document, 2).below(paragraphs.len() as u64) as usize;
                paragraphs[first..].iter().take(4).for_each(|paragraph| {
                    text.push('\n');
                    text.push_str(paragraph);
                });
            }
        }
        let Record { source, lang, .. } = &self.articles.records[article];
        let [source, lang, text] = [source, lang, &text].map(|field| serde_json::Value::from(field.as_str()));
        write!(into, "{{\"id\":\"w{document:09}\",\"source\":{source},\"lang\":{lang},\"text\":{text}")?;
        write!(into, ",\"replica\":{replica}")?;
        let (planted, of) = match planted {
            Planted::Nothing => return into.write_all(b"}\n"),
            Planted::Exact(of) => ("exact", of),
            Planted::Near(of, _) => ("near", of),
            Planted::Paragraphs(of) => ("paragraphs", of),
        };
        writeln!(into, ",\"planted\":\"{planted}\",\"of\":\"w{of:09}\"}}")
    }

    fn text(&self, (replica, article): (u64, usize), ciphers: &mut Ciphers, into: &mut String) {
        let cipher = ciphers.entry(replica).or_insert_with(|| Cipher::new(self.plan.seed, replica));
        into.extend(self.articles.records[article].text.chars().map(|character| cipher.of(character)));
    }

    /// Writes documents from `next` on until `bytes` are reached, and sets `next` behind them. What is left of
    /// the pieces that were made is made again for the next part.
    pub(crate) fn write_part(&self, next: &mut u64, bytes: u64, mut to: impl Write) -> io::Result<u64> {
        let mut written = 0;
        while written < bytes {
            let piece = |ciphers: &mut Ciphers, piece: u64| {
                let start = *next + piece * TOGETHER;
                let (mut lines, mut ends) = (Vec::new(), Vec::new());
                for document in start..start + TOGETHER {
                    self.write(document, ciphers, &mut lines)?;
                    ends.push(lines.len());
                }
                Ok((lines, ends))
            };
            let pieces: Vec<(Vec<u8>, Vec<usize>)> =
                (0..PIECES).into_par_iter().map_init(Ciphers::new, piece).collect::<io::Result<_>>()?;
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

/// A text in which up to so many words of a thousand are those of another one.
fn with_words_changed(text: &str, foreign: &str, (changed, numbers): (u64, &mut Numbers)) -> String {
    let gap = 2000 / changed;
    let mut rest = numbers.below(gap);
    let mut others = words(foreign).filter(|word| !word.trim().is_empty()).cycle();
    let mut into = String::with_capacity(text.len());
    for word in words(text) {
        if word.trim().is_empty() || rest > 0 {
            rest = rest.saturating_sub(u64::from(!word.trim().is_empty()));
            into.push_str(word);
        } else {
            rest = numbers.below(gap);
            into.push_str(others.next().unwrap_or(word));
        }
    }
    into
}

/// Words, and the white space between them; a character of a script without spaces is a word.
fn words(text: &str) -> impl Iterator<Item = &str> + Clone {
    let kind = |character: char| match character {
        '\u{2e80}'.. => 0,
        _ if character.is_whitespace() => 1,
        _ => 2,
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut characters = rest.char_indices();
        let (_, first) = characters.next()?;
        let mut behind = characters.skip_while(|(_, next)| kind(first) > 0 && kind(*next) == kind(first));
        let end = behind.next().map_or(rest.len(), |(at, _)| at);
        let (word, others) = rest.split_at(end);
        rest = others;
        Some(word)
    })
}

/// A size as it is given: bytes, or with a unit of a thousand (`50MB`, `1.5GB`).
pub(crate) fn bytes(size: &str) -> Option<u64> {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("", 1.0)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((size.strip_suffix(name)?, unit)))?;
    Some((number.parse::<f64>().ok()? * unit) as u64)
}

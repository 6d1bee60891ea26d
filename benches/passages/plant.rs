//! Planting runs of earlier documents into later ones, the same on every machine.

use std::ops::Range;

use redite::normalise::Tokenizer;

/// A document.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) language: String,
}

/// A run that was planted.
#[derive(Debug, Clone)]
pub(crate) struct Plant {
    /// the later document
    pub(crate) document: usize,
    /// from its first token to its last, there
    pub(crate) bytes: Range<usize>,
    /// the earlier document
    pub(crate) source: usize,
    /// and where it was taken from
    pub(crate) source_bytes: Range<usize>,
    /// of the source
    pub(crate) language: String,
}

/// Documents with what was planted into them.
pub(crate) struct Corpus {
    pub(crate) texts: Vec<Text>,
    /// by document and place
    pub(crate) plants: Vec<Plant>,
}

/// Tokens of a plant, at the least: a passage.
const LEAST: usize = 25;

/// A token: its hash and its bytes.
type Token = (u64, Range<usize>);

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    Tokenizer::new(0).tokens(text, |hash, start, end| tokens.push((hash, start..end)));
    tokens
}

impl Corpus {
    /// Plants `count` runs, with a share of `changed` of their tokens changed.
    pub(crate) fn plant(texts: Vec<Text>, count: usize, changed: f64) -> Corpus {
        let mut numbers = Numbers(count as u64);
        let mut of_document = vec![0; texts.len()];
        // behind the first that is long enough to be drawn from
        let first = 1 + texts.iter().position(|text| tokens(&text.text).len() >= LEAST).unwrap();
        (0..count).for_each(|_| of_document[first + numbers.below(texts.len() - first)] += 1);
        let mut corpus = Corpus { texts, plants: Vec::with_capacity(count) };
        for (document, &count) in of_document.iter().enumerate() {
            if count > 0 {
                corpus.plant_into(document, count, changed, &mut numbers);
            }
        }
        corpus
    }

    fn plant_into(&mut self, document: usize, count: usize, changed: f64, numbers: &mut Numbers) {
        let text = &self.texts[document].text;
        let ends: Vec<usize> = tokens(text).into_iter().map(|(_, bytes)| bytes.end).collect();
        let mut places: Vec<usize> = (0..count)
            .map(|_| if ends.is_empty() { text.len() } else { ends[numbers.below(ends.len())] })
            .collect();
        places.sort_unstable();
        let (mut new, mut done) = (String::new(), 0);
        for place in places {
            new.push_str(&text[done..place]);
            done = place;
            let (source, source_bytes) = self.take(document, numbers);
            let run = &self.texts[source].text[source_bytes.clone()];
            let planted = disguised(&change(run, changed, numbers), numbers);
            new.push_str([" ", "\n", ". ", "\n\n", " « "][numbers.below(5)]);
            let range = tokens(&planted);
            let bytes = new.len() + range[0].1.start..new.len() + range[range.len() - 1].1.end;
            new.push_str(&planted);
            new.push_str([" ", "\n", ". ", "\n\n", " » "][numbers.below(5)]);
            let language = self.texts[source].language.clone();
            self.plants.push(Plant { document, bytes, source, source_bytes, language });
        }
        new.push_str(&text[done..]);
        self.texts[document].text = new;
    }

    /// A run of an earlier document.
    fn take(&self, before: usize, numbers: &mut Numbers) -> (usize, Range<usize>) {
        loop {
            let source = numbers.below(before);
            let length = LEAST + numbers.below(56);
            let tokens = tokens(&self.texts[source].text);
            // the first documents may be short, all of them
            let length = if before < 100 { length.min(tokens.len()).max(LEAST) } else { length };
            if tokens.len() >= length {
                let first = numbers.below(tokens.len() - length + 1);
                return (source, tokens[first].1.start..tokens[first + length - 1].1.end);
            }
        }
    }

    /// The whole verbatim run around a plant, in both texts.
    pub(crate) fn agreeing(&self, plant: &Plant) -> (Range<usize>, Range<usize>) {
        let copy = tokens(&self.texts[plant.document].text);
        let original = tokens(&self.texts[plant.source].text);
        let at = |tokens: &[Token], byte: usize| tokens.partition_point(|(_, bytes)| bytes.start < byte);
        let first = (at(&copy, plant.bytes.start), at(&original, plant.source_bytes.start));
        let end = (at(&copy, plant.bytes.end), at(&original, plant.source_bytes.end));
        let same = |(a, b): &(&Token, &Token)| a.0 == b.0;
        let back =
            copy[..first.0].iter().rev().zip(original[..first.1].iter().rev()).take_while(same).count();
        let on = copy[end.0..].iter().zip(&original[end.1..]).take_while(same).count();
        let bytes = |tokens: &[Token], first: usize, end: usize| {
            tokens[first - back].1.start..tokens[end + on - 1].1.end
        };
        (bytes(&copy, first.0, end.0), bytes(&original, first.1, end.1))
    }
}

/// With a share of its tokens replaced by others of its own.
fn change(run: &str, share: f64, numbers: &mut Numbers) -> String {
    let tokens = tokens(run);
    let (mut new, mut done) = (String::new(), 0);
    for (hash, bytes) in &tokens {
        if (numbers.below(1_000_000) as f64) < share * 1e6 {
            let (other, other_bytes) = &tokens[numbers.below(tokens.len())];
            if other != hash {
                new.push_str(&run[done..bytes.start]);
                new.push_str(&run[other_bytes.clone()]);
                done = bytes.end;
            }
        }
    }
    new + &run[done..]
}

/// The same tokens, dressed otherwise.
fn disguised(run: &str, numbers: &mut Numbers) -> String {
    let spaced = |run: &str, with: &[&str], numbers: &mut Numbers| -> String {
        let one = |c: char, numbers: &mut Numbers| match c {
            ' ' | '\n' => with[numbers.below(with.len())].to_owned(),
            _ => c.to_string(),
        };
        run.chars().map(|c| one(c, numbers)).collect()
    };
    let other = match numbers.below(5) {
        0 => run.to_owned(),
        1 => spaced(run, &[" ", " ", " ", " ", " ", " ", " ", "\n"], numbers),
        2 => spaced(run, &[" ", " ", " ", " ", ".\n\n", " \u{201c}", "\u{201d} "], numbers),
        3 => run.to_uppercase(),
        _ => {
            let punctuation = |c| match c {
                ',' | '.' => ';',
                '\'' | '’' => '`',
                '，' | '、' => '；',
                '"' | '«' | '“' => '„',
                _ => c,
            };
            run.chars().map(punctuation).collect()
        }
    };
    // what changes a token (capitals in Turkish, a mark on its own) is not put on
    let hashes = |text: &str| tokens(text).into_iter().map(|(hash, _)| hash).collect::<Vec<_>>();
    if hashes(&other) == hashes(run) { other } else { run.to_owned() }
}

/// Numbers that look random and are the same everywhere (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

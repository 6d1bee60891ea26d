//! Two texts side by side, with the words marked in which they differ. The words are the tokens that the
//! run itself compared, so an exact copy has no mark, and what is marked is what lowered the similarity.
//! Long texts are cut, by size and never by time, so that a report is the same on every machine.

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::normalise::Tokenizer;
use crate::report::clean;

/// The most words of a text that are shown.
const WORDS: usize = 2_000;

/// The most bytes of a text that are shown.
const BYTES: usize = 24 << 10;

/// A text to show, cleaned.
pub(super) struct Marked {
    /// the pieces of the text, in order
    pub(super) segments: Vec<Segment>,
    /// characters shown, where the text goes on behind them
    pub(super) cut: Option<u64>,
}

/// A piece of a text.
pub(super) struct Segment {
    pub(super) text: String,
    /// whether the other text lacks it
    pub(super) differs: bool,
}

/// Cuts texts and compares them.
pub(super) struct Marker(Tokenizer);

/// The shown part of a text as tokens.
struct Words<'a> {
    text: &'a str,
    hashes: Vec<u64>,
    ranges: Vec<Range<usize>>,
    is_cut: bool,
}

impl Marker {
    /// A marker for runs with this seed.
    pub(super) fn new(seed: u64) -> Self {
        Marker(Tokenizer::new(seed))
    }

    /// A text without marks.
    pub(super) fn plain(&mut self, text: &str) -> Marked {
        self.words(text).marked(&[])
    }

    /// Both texts, each with the words marked that the other lacks.
    pub(super) fn pair(&mut self, original: &str, copy: &str) -> [Marked; 2] {
        let (original, copy) = (self.words(original), self.words(copy));
        let mut differences = capture_diff_slices(Algorithm::Myers, &original.hashes, &copy.hashes);
        differences.retain(|difference| difference.tag() != DiffTag::Equal);
        if original.is_cut || copy.is_cut {
            // what stands at the cut may go on behind it in the other text
            let ends = [original.hashes.len(), copy.hashes.len()];
            differences.pop_if(|last| [last.old_range().end, last.new_range().end] == ends);
        }
        let [mut in_original, mut in_copy] = [Vec::new(), Vec::new()];
        for difference in differences {
            in_original.push(difference.old_range());
            in_copy.push(difference.new_range());
        }
        [original.marked(&in_original), copy.marked(&in_copy)]
    }

    fn words<'a>(&mut self, text: &'a str) -> Words<'a> {
        let shown = &text[..boundary(text, BYTES)];
        let mut words = Words { text: shown, hashes: Vec::new(), ranges: Vec::new(), is_cut: false };
        self.0.tokens(shown, |hash, start, end| {
            words.hashes.push(hash);
            words.ranges.push(start..end);
        });
        if words.hashes.len() > WORDS {
            words.hashes.truncate(WORDS);
            words.ranges.truncate(WORDS);
            let end = words.ranges.last().map_or(0, |last| last.end);
            words.text = &shown[..boundary(shown, end)];
        }
        words.is_cut = words.text.len() < text.len();
        words
    }
}

impl Words<'_> {
    /// Marks ranges of words, ascending.
    fn marked(&self, ranges: &[Range<usize>]) -> Marked {
        let mut segments = Vec::new();
        let mut add = |bytes: Range<usize>, differs: bool| {
            let text = self.text.get(bytes).unwrap_or_default();
            if !text.is_empty() {
                segments.push(Segment { text: clean::text(text), differs });
            }
        };
        let mut at = 0;
        for range in ranges.iter().filter(|range| !range.is_empty()) {
            // one character can be several tokens, so neighbours may overlap
            let start = boundary(self.text, self.ranges[range.start].start).max(at);
            let end = boundary(self.text, self.ranges[range.end - 1].end).max(start);
            add(at..start, false);
            add(start..end, true);
            at = end;
        }
        add(at..self.text.len(), false);
        Marked { segments, cut: self.is_cut.then(|| self.text.chars().count() as u64) }
    }
}

/// The last border of characters that is not behind `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(marked: &Marked) -> String {
        let tell = |segment: &Segment| {
            if segment.differs { format!("[{}]", segment.text) } else { segment.text.clone() }
        };
        marked.segments.iter().map(tell).collect()
    }

    #[test]
    fn only_words_that_differ_are_marked() {
        let mut marker = Marker::new(0);
        let [original, copy] = marker
            .pair("The harbour, closed on Monday, reopens.", "The  HARBOUR closed on a Tuesday reopens!");
        assert_eq!(told(&original), "The harbour, closed on [Monday], reopens.");
        assert_eq!(told(&copy), "The  HARBOUR closed on [a Tuesday] reopens!");
        let [original, copy] = marker.pair("東京の大雪", "東京で大雪 ½");
        assert_eq!(told(&original), "東京[の]大雪");
        assert_eq!(told(&copy), "東京[で]大雪 [½]");
        assert_eq!(told(&marker.pair("", "x")[1]), "[x]");
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let mut marker = Marker::new(0);
        let text: String = (0..3000).map(|i| format!("w{i} ")).collect();
        let [original, copy] = marker.pair(&text, &format!("new {text}"));
        assert!(original.cut.is_some() && copy.cut.is_some());
        assert!(told(&copy).starts_with("[new] w0 ") && told(&copy).ends_with("w1998"));
        assert!(told(&original).ends_with("w1999"), "the word behind the copy's cut is not marked");
        let endless = marker.plain(&"é".repeat(100_000));
        assert_eq!(endless.cut, Some(BYTES as u64 / 2));
    }
}

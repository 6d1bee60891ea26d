//! Two texts side by side, with the words marked in which they differ. The words are the tokens that the
//! run itself compared, so an exact copy has no mark, and what is marked is what lowered the similarity.
//! Long texts are cut, by size and never by time, so that a report is the same on every machine.

use std::ops::Range;

use similar::algorithms::{Capture, Replace, myers};
use similar::{DiffOp, DiffTag};

use crate::normalise::Tokenizer;
use crate::params::Params;
use crate::report::clean;

/// The most words of a text that are shown.
const WORDS: usize = 2_000;

/// The most bytes of a text that are shown.
const BYTES: usize = 24 << 10;

/// So many times what is shown of a text is compared: what one has at its start moves the words of the other.
const BEYOND: usize = 4;

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

/// Two texts, cleaned, and where they differ.
pub(super) struct Aligned {
    /// original and copy
    pub(super) texts: [String; 2],
    /// where each difference starts in the original and how long it is, and the same of the copy, in units of
    /// UTF-16; in order
    pub(super) differences: Vec<[u32; 4]>,
    /// characters shown of each, where the text goes on behind them
    pub(super) cut: [Option<u64>; 2],
    /// whether the texts differ, and only by numbers and names
    pub(super) is_template: bool,
}

/// Cuts texts and compares them.
pub(super) struct Marker(Tokenizer);

/// The start of a text as tokens.
struct Words<'a> {
    text: &'a str,
    /// its bytes that are shown
    shown: usize,
    hashes: Vec<u64>,
    ranges: Vec<Range<usize>>,
    /// bytes of the whole text
    whole: usize,
    /// whether the text goes on behind the tokens
    is_cut: bool,
}

impl Marker {
    /// A marker by the text rules of a run.
    pub(super) fn of(params: &Params) -> Self {
        Marker(Tokenizer::of(params))
    }

    /// A text without marks.
    pub(super) fn plain(&mut self, text: &str) -> Marked {
        self.words(text, [BYTES; 2]).marked(&[])
    }

    /// Both texts, each with the words marked that the other lacks.
    pub(super) fn pair(&mut self, original: &str, copy: &str) -> [Marked; 2] {
        let (original, copy) = (self.words(original, [BYTES; 2]), self.words(copy, [BYTES; 2]));
        let [mut in_original, mut in_copy] = [Vec::new(), Vec::new()];
        for [of_original, of_copy] in differences(&original, &copy) {
            in_original.push(of_original);
            in_copy.push(of_copy);
        }
        [original.marked(&in_original), copy.marked(&in_copy)]
    }

    /// A text alone, cleaned, at most `most` bytes of it; and the characters shown, where it goes on.
    pub(super) fn alone(&mut self, text: &str, most: usize) -> (String, Option<u64>) {
        let words = self.words(text, [most; 2]);
        (Side::new(&words).finish(), words.cut())
    }

    /// Original and copy, with the places where they differ; at most `most` bytes of each.
    pub(super) fn aligned(&mut self, [original, copy]: [&str; 2], most: usize) -> Aligned {
        let sizes = [most, most.saturating_mul(BEYOND)];
        let (original, copy) = (self.words(original, sizes), self.words(copy, sizes));
        let mut found = differences(&original, &copy);
        let is_shown = |words: &Words<'_>, range: &Range<usize>| words.bytes(range).start < words.shown;
        found.retain(|[a, b]| is_shown(&original, a) || is_shown(&copy, b));
        let is_variable = |[of_original, of_copy]: &[Range<usize>; 2]| {
            original.are_numbers_or_names(of_original) && copy.are_numbers_or_names(of_copy)
        };
        let is_template = !found.is_empty() && found.iter().all(is_variable);
        let mut sides = [Side::new(&original), Side::new(&copy)];
        let places = found.iter().map(|ranges| {
            let [a, b] = [sides[0].upto(&ranges[0]), sides[1].upto(&ranges[1])];
            [a[0], a[1], b[0], b[1]]
        });
        let differences = places.collect();
        let cut = [original.cut(), copy.cut()];
        let [original, copy] = sides.map(Side::finish);
        Aligned { texts: [original, copy], differences, cut, is_template }
    }

    /// Of a text so many bytes at most, to be shown and to be compared.
    fn words<'a>(&mut self, text: &'a str, [shown, compared]: [usize; 2]) -> Words<'a> {
        let compared = &text[..boundary(text, compared.min(BYTES))];
        let shown = boundary(compared, shown);
        let mut words = Words {
            text: compared,
            shown,
            whole: text.len(),
            hashes: Vec::new(),
            ranges: Vec::new(),
            is_cut: false,
        };
        self.0.tokens(compared, |hash, start, end| {
            words.hashes.push(hash);
            words.ranges.push(start..end);
        });
        if words.hashes.len() > WORDS {
            words.hashes.truncate(WORDS);
            words.ranges.truncate(WORDS);
            let end = words.ranges.last().map_or(0, |last| last.end);
            words.text = &compared[..boundary(compared, end)];
            words.shown = words.shown.min(words.text.len());
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
        Marked { segments, cut: self.cut() }
    }

    fn cut(&self) -> Option<u64> {
        let shown = &self.text[..self.shown];
        (self.shown < self.whole).then(|| shown.chars().count() as u64)
    }

    /// Whether each of these words holds a digit or starts with a capital.
    fn are_numbers_or_names(&self, words: &Range<usize>) -> bool {
        self.ranges[words.clone()].iter().all(|bytes| {
            let word = self.text.get(bytes.clone()).unwrap_or_default();
            word.chars().any(char::is_numeric) || word.chars().next().is_some_and(char::is_uppercase)
        })
    }

    /// The bytes of words; of none, the place where they would be.
    fn bytes(&self, words: &Range<usize>) -> Range<usize> {
        if words.is_empty() {
            let at = self.ranges.get(words.start).map_or(self.text.len(), |range| range.start);
            let at = boundary(self.text, at);
            return at..at;
        }
        let start = boundary(self.text, self.ranges[words.start].start);
        start..boundary(self.text, self.ranges[words.end - 1].end).max(start)
    }
}

/// The words in which two texts differ, in order: of the original, of the copy.
fn differences(original: &Words<'_>, copy: &Words<'_>) -> Vec<[Range<usize>; 2]> {
    let mut found = Replace::new(Capture::new());
    let (old, new) = (&original.hashes[..], &copy.hashes[..]);
    // without shortcuts: a block that one of them lacks must not pull what follows apart
    let Ok(()) = myers::diff_deadline_raw(&mut found, old, 0..old.len(), new, 0..new.len(), None);
    let mut differences: Vec<DiffOp> = found.into_inner().into_ops();
    differences.retain(|difference| difference.tag() != DiffTag::Equal);
    if original.is_cut || copy.is_cut {
        // what stands at the cut may go on behind it in the other text
        let ends = [original.hashes.len(), copy.hashes.len()];
        differences.pop_if(|last| [last.old_range().end, last.new_range().end] == ends);
    }
    differences.into_iter().map(|difference| [difference.old_range(), difference.new_range()]).collect()
}

/// A text being cleaned, and measured in units of UTF-16.
struct Side<'a> {
    words: &'a Words<'a>,
    at: usize,
    clean: String,
    units: u32,
}

impl<'a> Side<'a> {
    fn new(words: &'a Words<'a>) -> Self {
        Side { words, at: 0, clean: String::with_capacity(words.text.len()), units: 0 }
    }

    fn push(&mut self, upto: usize) {
        let upto = upto.min(self.words.shown);
        let clean = clean::text(self.words.text.get(self.at..upto).unwrap_or_default());
        self.units += clean.encode_utf16().count() as u32;
        self.clean.push_str(&clean);
        self.at = upto.max(self.at);
    }

    /// Goes on behind a difference; tells where that starts and how long it is.
    fn upto(&mut self, words: &Range<usize>) -> [u32; 2] {
        let bytes = self.words.bytes(words);
        // one character can be several tokens, so neighbours may overlap
        self.push(bytes.start.max(self.at));
        let start = self.units;
        self.push(bytes.end.max(self.at));
        [start, self.units - start]
    }

    fn finish(mut self) -> String {
        self.push(self.words.shown);
        self.clean
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
        let mut marker = Marker::of(&Params::audit());
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
    fn differences_are_found_again_in_the_cleaned_texts() {
        let mut marker = Marker::of(&Params::audit());
        let aligned = |marker: &mut Marker, a: &str, b: &str| {
            let aligned = marker.aligned([a, b], BYTES);
            let slice = |side: usize, [start, length]: [u32; 2]| {
                let units: Vec<u16> = aligned.texts[side].encode_utf16().collect();
                String::from_utf16(&units[start as usize..(start + length) as usize]).unwrap()
            };
            let differences = aligned.differences.iter();
            let told = differences.map(|[a, b, c, d]| [slice(0, [*a, *b]), slice(1, [*c, *d])]);
            (told.collect::<Vec<_>>(), aligned.is_template)
        };
        let told = aligned(&mut marker, "🙂 one\r\ntwo\0 𝒳 three", "🙂 one\ntwo 𝒳 four three ½");
        assert_eq!(told.0, [["", "four"], ["", "½"]].map(|pair| pair.map(str::to_owned)));
        assert!(!told.1);
        let told =
            aligned(&mut marker, "\u{202E}one \u{2067}two three", "\u{202E}one two four\u{2069} three");
        assert_eq!(told.0, [["", "four"].map(str::to_owned)], "what is replaced is as long as it was");
        let told = aligned(&mut marker, "Flight 12 to Rome leaves at 9.", "Flight 7 to Oslo leaves at 10.");
        assert_eq!(told.0, [["12", "7"], ["Rome", "Oslo"], ["9", "10"]].map(|pair| pair.map(str::to_owned)));
        assert!(told.1);
        assert!(!aligned(&mut marker, "Flight 12 leaves", "Flight 12 lands").1);
        assert!(!aligned(&mut marker, "Flight 12 leaves", "flight 12 leaves").1, "the same is no template");
        assert_eq!(aligned(&mut marker, "", "x").0.len(), 1);
    }

    /// A block that only one text has is one difference, however long it is; also where it moves what is shown.
    #[test]
    fn a_block_that_one_text_lacks_is_one_difference() {
        let mut marker = Marker::of(&Params::audit());
        let mut numbers = 7u64;
        let mut words = |count: usize, of: u64| -> String {
            let mut word = || {
                numbers = numbers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                format!("w{} ", (numbers >> 33) % of)
            };
            (0..count).map(|_| word()).collect()
        };
        for block in [10, 100, 400, 800] {
            let (text, block) = (words(1200, 300), words(block, 300).replace('w', "x"));
            for start in [0, text.len() / 2, text.len()] {
                let start = text[..start].rfind(' ').map_or(0, |at| at + 1);
                let longer = format!("{}{block}{}", &text[..start], &text[start..]);
                let aligned = marker.aligned([&text, &longer], BYTES);
                let [place] = &aligned.differences[..] else { panic!("{:?}", aligned.differences) };
                assert_eq!((place[1], place[3] as usize), (0, block.trim_end().len()));
                let short = marker.aligned([&text, &longer], 1000);
                let beyond: u32 = short.differences.iter().map(|place| place[1]).sum();
                assert!(
                    beyond == 0 || block.len() > 3000,
                    "{start} {}: {:?}",
                    block.len(),
                    short.differences
                );
            }
        }
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let mut marker = Marker::of(&Params::audit());
        let text: String = (0..3000).map(|i| format!("w{i} ")).collect();
        let [original, copy] = marker.pair(&text, &format!("new {text}"));
        assert!(original.cut.is_some() && copy.cut.is_some());
        assert!(told(&copy).starts_with("[new] w0 ") && told(&copy).ends_with("w1998"));
        assert!(told(&original).ends_with("w1999"), "the word behind the copy's cut is not marked");
        let endless = marker.plain(&"é".repeat(100_000));
        assert_eq!(endless.cut, Some(BYTES as u64 / 2));
    }
}

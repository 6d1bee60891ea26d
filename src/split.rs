//! A document's text to paragraphs: stretches of it, in order, without the white space around them.

use std::ops::Range;

use memchr::memchr;

use crate::params::ParagraphMode;

/// A hard-wrapped line, as of RFCs and e-books, has at most this many characters.
const WRAPPED_CHARACTERS: usize = 90;

/// A line inside a hard-wrapped block is nearly full: half of them have at least this many characters.
const FULL_CHARACTERS: usize = 40;

/// Appends the byte range of each paragraph of `text`. White space around a paragraph is not part of it; a
/// stretch of nothing else is no paragraph.
pub fn paragraphs(text: &str, mode: ParagraphMode, into: &mut Vec<Range<usize>>) {
    let first = into.len();
    // blank lines after a line, and between lines
    let (mut behind, mut between) = (false, false);
    for line in lines(text) {
        let trimmed = trim(text, line);
        if trimmed.is_empty() {
            behind |= into.len() > first;
        } else {
            between |= behind;
            into.push(trimmed);
        }
    }
    let blank = match mode {
        ParagraphMode::Line => false,
        ParagraphMode::Blank => true,
        ParagraphMode::Auto => between && is_hard_wrapped(text, &into[first..]),
        ParagraphMode::AutoV1 => behind && is_hard_wrapped(text, &into[first..]),
    };
    if blank {
        join_blocks(text, into, first);
    }
}

/// Joins the lines of each block between blank lines.
fn join_blocks(text: &str, ranges: &mut Vec<Range<usize>>, first: usize) {
    let mut kept = first;
    for i in first + 1..ranges.len() {
        if same_block(text, &ranges[kept], &ranges[i]) {
            ranges[kept].end = ranges[i].end;
        } else {
            kept += 1;
            ranges[kept] = ranges[i].clone();
        }
    }
    ranges.truncate((kept + 1).min(ranges.len()));
}

/// Whether exactly one line break stands between two neighbouring lines.
fn same_block(text: &str, above: &Range<usize>, below: &Range<usize>) -> bool {
    let between = &text.as_bytes()[above.end..below.start];
    memchr(b'\n', between).is_some_and(|at| memchr(b'\n', &between[at + 1..]).is_none())
}

/// Whether the lines are those of hard-wrapped text: nearly all are short, most stand in blocks of several,
/// and the lines inside a block are filled. Called only where a blank line separates blocks.
fn is_hard_wrapped(text: &str, lines: &[Range<usize>]) -> bool {
    let characters = |line: &Range<usize>| bytecount(&text.as_bytes()[line.clone()]);
    let mut short = 0;
    let mut in_blocks = 0;
    let mut inner = 0;
    let mut filled = 0;
    for (i, line) in lines.iter().enumerate() {
        let joined_above = i > 0 && same_block(text, &lines[i - 1], line);
        let joined_below = i + 1 < lines.len() && same_block(text, line, &lines[i + 1]);
        // a character has one to four bytes: most lines need no counting
        let counted = line.len() <= 4 * WRAPPED_CHARACTERS && line.len() >= FULL_CHARACTERS;
        let length = if counted { characters(line) } else { line.len() };
        short += usize::from(length <= WRAPPED_CHARACTERS);
        in_blocks += usize::from(joined_above || joined_below);
        inner += usize::from(joined_below);
        filled += usize::from(joined_below && length >= FULL_CHARACTERS);
    }
    short * 10 >= lines.len() * 9 && in_blocks * 2 >= lines.len() && filled * 2 >= inner
}

/// Characters in valid UTF-8: the bytes that start one.
pub(crate) fn bytecount(utf8: &[u8]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("popcnt") {
        // SAFETY: the CPU has AVX-512BW (and with it F) and POPCNT, as just checked.
        return unsafe { bytecount_avx512(utf8) };
    }
    bytecount_portable(utf8)
}

/// AVX-512 version of [`bytecount`]: takes 64 bytes at once, the rest of a paragraph too, and gives the same number.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,popcnt")]
fn bytecount_avx512(utf8: &[u8]) -> usize {
    use std::arch::x86_64::*;
    let starts = |piece: &[u8]| {
        let read = u64::MAX >> (64 - piece.len());
        // SAFETY: `piece` is so many readable bytes; none after them is read.
        let v = unsafe { _mm512_maskz_loadu_epi8(read, piece.as_ptr().cast()) };
        _mm512_mask_cmpge_epi8_mask(read, v, _mm512_set1_epi8(-0x40)).count_ones() as usize
    };
    utf8.chunks(64).map(starts).sum()
}

/// The twin of the kernel.
fn bytecount_portable(utf8: &[u8]) -> usize {
    // sums of a byte each, so that a vector holds as many as can be
    let starts = |part: &[u8]| part.iter().map(|&byte| u8::from((byte as i8) >= -0x40)).sum::<u8>();
    utf8.chunks(240).map(|part| usize::from(starts(part))).sum()
}

/// The byte ranges between line feeds.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        if start > bytes.len() {
            return None;
        }
        let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let line = start..end;
        start = end + 1;
        Some(line)
    })
}

/// Without white space (and byte-order marks) at either end.
#[inline]
fn trim(text: &str, line: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let visible = |b: u8| (0x21..0x80).contains(&b);
    if line.is_empty() || (visible(bytes[line.start]) && visible(bytes[line.end - 1])) {
        return line;
    }
    let invisible = |c: char| c.is_whitespace() || c == '\u{FEFF}';
    let slice = &text[line.clone()];
    let behind = slice.trim_start_matches(invisible);
    let start = line.end - behind.len();
    start..start + behind.trim_end_matches(invisible).len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str, mode: ParagraphMode) -> Vec<&str> {
        let mut ranges = Vec::new();
        paragraphs(text, mode, &mut ranges);
        ranges.into_iter().map(|range| &text[range]).collect()
    }

    const WRAPPED: &str = "The first paragraph of this text was wrapped by hand at a width\nthat typewriters had, and its second line goes on here.\n\nSo was the second, which also needs more than a single line to\nsay what it has to say.\n";

    #[test]
    fn a_line_is_a_paragraph() {
        let text = "\u{FEFF}Titre\r\n\r\n  Un « deux ». \u{A0}\n\t\n\u{3000}trois";
        assert_eq!(split(text, ParagraphMode::Line), ["Titre", "Un « deux ».", "trois"]);
        assert_eq!(split(text, ParagraphMode::Auto), ["Titre", "Un « deux ».", "trois"]);
        assert_eq!(split("", ParagraphMode::Auto), [""; 0]);
        assert_eq!(split("\n \n", ParagraphMode::Blank), [""; 0]);
    }

    #[test]
    fn only_a_line_feed_ends_a_line() {
        let text = "un\rdeux\u{85}trois\u{2028}quatre\u{2029}cinq\u{B}six\u{C}sept\u{2028}\r\nhuit\r";
        let lines = [text.split('\n').next().unwrap().trim_end(), "huit"];
        for mode in [ParagraphMode::Line, ParagraphMode::Auto] {
            assert_eq!(split(text, mode), lines);
        }
    }

    #[test]
    fn hard_wrapped_text_is_cut_at_blank_lines() {
        let blocks: Vec<&str> = WRAPPED.trim_end().split("\n\n").collect();
        assert_eq!(split(WRAPPED, ParagraphMode::Auto), blocks);
        assert_eq!(split(WRAPPED, ParagraphMode::Line).len(), 4);
        let crlf = WRAPPED.replace('\n', "\r\n");
        assert_eq!(split(&crlf, ParagraphMode::Auto).len(), 2);
    }

    /// A line break ends the last line; what is after it is no blank line.
    #[test]
    fn a_line_break_at_the_end_changes_nothing() {
        let lines = "The minister said on Monday that the old bridge would be closed until spring.\nNobody in the \
                     town had expected that the works would take as long as they did.";
        for end in ["", "\n", "\r\n", "\n\n\n", "\n \n"] {
            let text = format!("{lines}{end}");
            assert_eq!(split(&text, ParagraphMode::Auto).len(), 2, "{end:?}");
            assert_eq!(
                split(&text, ParagraphMode::AutoV1).len(),
                if end.is_empty() { 2 } else { 1 },
                "{end:?}"
            );
        }
        assert_eq!(split(WRAPPED.trim_end(), ParagraphMode::Auto), split(WRAPPED, ParagraphMode::Auto));
    }

    #[test]
    fn auto_leaves_lists_verses_and_news_alone() {
        let verses = "Sous le pont Mirabeau\ncoule la Seine\n\nEt nos amours\nfaut-il qu'il m'en souvienne\n";
        assert_eq!(split(verses, ParagraphMode::Auto).len(), 4);
        let line = "Une dépêche dont chaque ligne est un paragraphe entier, bien plus long qu'une ligne de machine à écrire.";
        let news = format!("{line}\n{line}\n\n{line}\n{line}");
        assert_eq!(split(&news, ParagraphMode::Auto).len(), 4);
    }

    proptest! {
        #[test]
        fn characters_are_counted_as_they_are(text in "[a\u{E9}\u{3000}\u{1F642}]{0,400}", start in 0usize..400) {
            let start = text.char_indices().nth(start).map_or(0, |(at, _)| at);
            let count = text[start..].chars().count();
            prop_assert_eq!(bytecount(&text.as_bytes()[start..]), count);
            prop_assert_eq!(bytecount_portable(&text.as_bytes()[start..]), count);
        }

        #[test]
        fn every_visible_character_is_in_exactly_one_paragraph(text in "[ab\u{E9} \u{3000}\r\n\u{FEFF}]{0,60}") {
            for mode in [ParagraphMode::Auto, ParagraphMode::Line, ParagraphMode::Blank] {
                let mut ranges = Vec::new();
                paragraphs(&text, mode, &mut ranges);
                let mut end = 0;
                for range in &ranges {
                    prop_assert!(range.start >= end && range.end > range.start);
                    prop_assert_eq!(text[end..range.start].trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}'), "");
                    prop_assert_eq!(text[range.clone()].trim(), &text[range.clone()]);
                    end = range.end;
                }
                prop_assert_eq!(text[end..].trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}'), "");
            }
        }
    }
}

//! Stretches cut out of a text, and the seams closed: what stays keeps its bytes, and between two tokens that
//! meet now stands one of the two separators that stood there, never both, never none.
//!
//! Where a cut ends a line, or begins one, the line break stays that keeps more apart; punctuation that belonged
//! to what is cut goes with it: quotes and brackets around it, a full stop behind it where one stands before it
//! already. What is neither white space nor punctuation (`€`, `%`, `++`, `★`, a bullet) is no separator: it stays, but for that
//! of lines of which no word stays. Nothing is written into a text but a space, where two words would become one.

use std::ops::Range;

use crate::normalise::Tokenizer;

/// Bytes of a text that go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) bytes: Range<usize>,
    /// whether a space comes in their place
    pub(crate) space: bool,
}

/// Cuts, met as a text is gone through.
pub(super) struct InOrder<'a> {
    to_come: &'a [Cut],
}

/// What is left of a stretch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    All,
    /// it is a cut, from its beginning on, that leaves one
    Space,
    Nothing,
}

impl<'a> InOrder<'a> {
    /// Of these, which are in order.
    pub(super) fn new(cuts: &'a [Cut]) -> Self {
        InOrder { to_come: cuts }
    }

    /// What is left of what starts at a byte of the text, behind where this was asked before; and up to where.
    pub(super) fn left(&mut self, at: usize) -> (Left, usize) {
        loop {
            match self.to_come {
                [cut, ..] if at < cut.bytes.start => return (Left::All, cut.bytes.start),
                [cut, behind @ ..] if cut.bytes.end <= at => self.to_come = behind,
                [cut, ..] if cut.bytes.start == at && cut.space => return (Left::Space, cut.bytes.end),
                [cut, ..] => return (Left::Nothing, cut.bytes.end),
                [] => return (Left::All, usize::MAX),
            }
        }
    }
}

/// What belongs to the word behind it.
const OPENING: &[char] = &[
    '(', '[', '{', '«', '‹', '“', '‘', '„', '‚', '¿', '¡', '「', '『', '（', '【', '《', '〈', '［', '｛',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{202A}', '\u{202B}', '\u{202D}', '\u{202E}',
];

/// What closes what [`OPENING`] has opened, in its order.
const CLOSING: &[&[char]] = &[
    &[')'],
    &[']'],
    &['}'],
    &['»'],
    &['›'],
    &['”', '»'],
    &['’'],
    &['“', '”'],
    &['‘', '’'],
    &['?'],
    &['!'],
    &['」'],
    &['』'],
    &['）'],
    &['】'],
    &['》'],
    &['〉'],
    &['］'],
    &['｝'],
    // directions that are said of what is inside
    &['\u{2069}'],
    &['\u{2069}'],
    &['\u{2069}'],
    &['\u{202C}'],
    &['\u{202C}'],
    &['\u{202C}'],
    &['\u{202C}'],
];

/// What opens and closes alike: quotes, emphasis.
const ALIKE: &[char] = &['"', '*', '_', '`', '~'];

/// What parts words, or parts of a sentence, beside white space, brackets and quotes.
const BETWEEN: &[char] =
    &[',', ';', ':', '،', '؛', '、', '，', '；', '：', '・', '"', '\'', '’', '-', '‐', '‑', '–', '—', '―'];

/// The dashes among them: at the start of a line they are bullets.
const DASHES: &[char] = &['-', '‐', '‑', '–', '—', '―'];

/// What ends a sentence.
const ENDS: &[char] = &['.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।', '॥', '።'];

/// What must go so that the `removed` stretches, which are in order and end at the borders of tokens, leave
/// a text. All of it goes where no token stays.
pub(crate) fn cuts(text: &str, removed: &[Range<usize>], tokenizer: &mut Tokenizer) -> Vec<Cut> {
    let mut tokens: Vec<Range<usize>> = Vec::new();
    tokenizer.tokens(text, |_, start, end| tokens.push(start..end));
    let merged = merged(text, removed, &tokens);
    let mut leaving = &merged[..];
    tokens.retain(|token| {
        while let [_, behind @ ..] = leaving
            && leaving[0].end <= token.start
        {
            leaving = behind;
        }
        leaving.first().is_none_or(|range| token.start < range.start)
    });
    let kept = tokens;
    if kept.is_empty() {
        return if merged.is_empty() { Vec::new() } else { vec![Cut { bytes: 0..text.len(), space: false }] };
    }
    let mut cuts: Vec<Cut> = Vec::new();
    let mut rest = &merged[..];
    while let Some(first) = rest.first() {
        // those with the same tokens before and behind them
        let behind = kept.partition_point(|token| token.start < first.start);
        let before = behind.checked_sub(1).map(|at| &kept[at]);
        let after = kept.get(behind);
        let [start, end] =
            [before.map_or(0, |token| token.end), after.map_or(text.len(), |token| token.start)];
        let together = rest.partition_point(|range| after.is_none_or(|after| range.start <= after.start));
        let seam = Seam { text, is_first: before.is_none(), is_last: after.is_none() };
        let first_cut = cuts.len();
        for (i, range) in rest[..together].iter().enumerate() {
            let floor = cuts.last().map_or(0, |cut: &Cut| cut.bytes.end);
            let ceiling = rest.get(i + 1).map_or(text.len(), |next| next.start);
            let (from, to) = (start.max(floor), end.min(ceiling));
            // a character that stays in part stays
            let range = range.start.max(from)..range.end.min(to);
            if !range.is_empty() {
                cuts.push(Cut { bytes: seam.close(from, range, to), space: false });
            }
        }
        rest = &rest[together..];
        keep_apart(text, [before, after], &mut cuts[first_cut..], tokenizer);
    }
    cuts
}

/// Makes cuts between two tokens, or an end of the text and a token, leave spaces where these would be others without: one
/// word, or with a mark that stood on nothing before.
fn keep_apart(
    text: &str,
    [before, after]: [Option<&Range<usize>>; 2],
    cuts: &mut [Cut],
    tokenizer: &mut Tokenizer,
) {
    let bounds = before.map_or(0, |token| token.start)..after.map_or(text.len(), |token| token.end);
    let between = before.map_or(0, |token| token.end)..after.map_or(text.len(), |token| token.start);
    let stays = left(text, between, cuts);
    // nothing in ASCII combines
    let is_apart = before.is_none() || after.is_none() || stays.contains(char::is_whitespace);
    if cuts.is_empty() || stays.is_ascii() && is_apart {
        return;
    }
    let mut hashes = |text: &str| {
        let mut hashes = Vec::new();
        tokenizer.hashes(text, &mut hashes);
        hashes
    };
    let tokens = [before, after].into_iter().flatten();
    let tokens: Vec<u64> = tokens.flat_map(|token| hashes(&text[token.clone()])).collect();
    let mut are_apart = |cuts: &[Cut]| hashes(&left(text, bounds.clone(), cuts)) == tokens;
    if are_apart(cuts) {
        return;
    }
    if let Some(last) = cuts.last_mut() {
        last.space = true;
    }
    if !are_apart(cuts) {
        cuts.iter_mut().for_each(|cut| cut.space = true);
    }
}

/// What cuts leave of a stretch of a text.
fn left(text: &str, stretch: Range<usize>, cuts: &[Cut]) -> String {
    let mut to = String::with_capacity(stretch.len());
    let mut from = stretch.start;
    for cut in cuts {
        to.push_str(&text[from..cut.bytes.start.max(from)]);
        if cut.space {
            to.push(' ');
        }
        from = cut.bytes.end.clamp(from, stretch.end);
    }
    to.push_str(&text[from..stretch.end]);
    to
}

/// The text without what is cut.
pub(crate) fn apply(text: &str, cuts: &[Cut]) -> String {
    left(text, 0..text.len(), cuts)
}

/// Stretches with no token between them as one, where they are of one line, or nothing visible parts them, or both are of
/// lines of which nothing is left before them and no line of its own stands between, nor the mark of one of which words
/// stay.
fn merged(text: &str, removed: &[Range<usize>], tokens: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(removed.len());
    let starts_line = |at: usize| {
        let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let next = tokens.partition_point(|token| token.start < line);
        tokens.get(next).is_none_or(|token| token.start >= at)
    };
    let has_line = |between: &str| {
        let (first, last) = (between.find('\n'), between.rfind('\n'));
        first.zip(last).is_none_or(|(first, last)| !between[first..last].trim().is_empty())
    };
    let ends_line = |at: usize, behind: &[Range<usize>]| {
        let end = text[at..].find('\n').map_or(text.len(), |break_at| at + break_at);
        let rest = &tokens[tokens.partition_point(|token| token.start < at)..];
        let leaves = |token: &Range<usize>| {
            let before = behind.partition_point(|range| range.end <= token.start);
            behind.get(before).is_some_and(|range| range.start <= token.start)
        };
        rest.iter().take_while(|token| token.start < end).all(leaves)
    };
    // whether the last one starts its line, once that was asked: a line may hold all of them
    let mut last_starts_line = None;
    for (number, range) in removed.iter().enumerate() {
        if let Some(last) = merged.last_mut() {
            if range.start <= last.end {
                last.end = last.end.max(range.end);
                continue;
            }
            let between = &text[last.end..range.start];
            let next = tokens.partition_point(|token| token.start < last.end);
            let has_token = tokens.get(next).is_some_and(|token| token.start < range.start);
            let is_of_line = !between.contains(is_symbol) && !between.contains('\n');
            let own_mark = || between[between.rfind('\n').unwrap_or(0)..].contains(is_mark);
            let keeps_mark = || own_mark() && !ends_line(range.end, &removed[number + 1..]);
            let mut starts = || *last_starts_line.get_or_insert_with(|| starts_line(last.start));
            let mut are_lines = || !has_line(between) && starts() && !keeps_mark();
            if !has_token && (between.trim().is_empty() || is_of_line || are_lines()) {
                last.end = range.end;
                continue;
            }
        }
        merged.push(range.clone());
        last_starts_line = None;
    }
    merged
}

/// A cut between two tokens that stay, or an end of the text.
struct Seam<'a> {
    text: &'a str,
    is_first: bool,
    is_last: bool,
}

impl Seam<'_> {
    /// What goes, of `from..to`, so that `range` does.
    fn close(&self, from: usize, range: Range<usize>, to: usize) -> Range<usize> {
        let (mut start, mut end) = (range.start, range.end);
        while let Some((before, behind)) = pair(&self.text[from..start], &self.text[end..to]) {
            (start, end) = (from + before, end + behind);
        }
        let (left, right) = (&self.text[from..start], &self.text[end..to]);
        let (starts_line, ends_line) =
            (self.is_first || left.contains('\n'), self.is_last || right.contains('\n'));
        if starts_line && ends_line {
            return self.line(from, start..end, to);
        }
        // symbols stay, as words do
        let from = from + left.rfind(is_symbol).map_or(0, |at| at + next_length(&left[at..]));
        let to = end + right.find(is_symbol).unwrap_or(right.len());
        let line = left.rfind('\n').map_or(0, |at| at + 1);
        let has_mark = starts_line && left[line..].contains(is_mark);
        let (left, right) = (&self.text[from..start], &self.text[end..to]);
        let ends_line = ends_line && (self.is_last && to == self.text.len() || right.contains('\n'));
        match (starts_line, ends_line) {
            (true, _) if has_mark => start..to - opening(right),
            (true, _) => from + line_start(left)..to - opening(right),
            (false, true) if ends_sentence(left) => {
                from + left.trim_end().len()..end + first_break(right).unwrap_or(right.len())
            }
            (false, true) => from + closing(left)..end,
            (false, false) => {
                let (before, behind) = (strength(left), strength(right));
                let keeps_left = before > behind || before == 2;
                if keeps_left { start..to - opening(right) } else { from + closing(left)..end }
            }
        }
    }

    /// A cut of whole lines: of the breaks on both sides the wider one stays, at the end of a text the one there.
    fn line(&self, from: usize, range: Range<usize>, to: usize) -> Range<usize> {
        let (left, right) = (&self.text[from..range.start], &self.text[range.end..to]);
        let breaks = |part: &str| part.bytes().filter(|&byte| byte == b'\n').count();
        let run = blank_run(right);
        let own = left.len() - line_start(left);
        let last = left[..left.len() - own].trim_end().len();
        let wider = breaks(&right[run.clone()]) > breaks(&left[last..]);
        if (self.is_last || wider) && !self.is_first {
            // the break before it goes
            let behind = first_break(right).unwrap_or(right.len());
            let before = left[..line_start(left)].trim_end().len();
            let before = before + first_break(&left[before..]).unwrap_or(0);
            return from + before..range.end + behind;
        }
        let behind = right[run.clone()].rfind('\n').map_or(right.len(), |at| run.start + at + 1);
        from + line_start(left)..range.end + behind
    }
}

/// The white space around the first line break, up to what is seen behind it.
fn blank_run(right: &str) -> Range<usize> {
    let Some(at) = right.find('\n') else { return 0..right.len() };
    let start = right[..at].trim_end().len();
    let end = right.len() - right[at..].trim_start().len();
    start..end
}

/// Where the first line break stands.
fn first_break(part: &str) -> Option<usize> {
    let at = part.find('\n')?;
    Some(if part[..at].ends_with('\r') { at - 1 } else { at })
}

/// Behind the last line break, and the white space that the line begins with.
fn line_start(left: &str) -> usize {
    let line = left.rfind('\n').map_or(0, |at| at + 1);
    line + left[line..].len() - left[line..].trim_start().len()
}

/// How much of an end belongs to the word behind it.
fn opening(right: &str) -> usize {
    let own = right.trim_end();
    let kept = own.trim_end_matches(OPENING).len();
    if kept == own.len() { 0 } else { right.len() - kept }
}

/// How much of a start belongs to the word before it.
fn closing(left: &str) -> usize {
    let closes = |c: char| CLOSING.iter().any(|all| all.contains(&c) && !['?', '!', '’'].contains(&c));
    let visible = left.trim_start();
    let behind = visible.trim_start_matches(closes);
    if behind.len() == visible.len() { 0 } else { left.len() - behind.len() }
}

/// Whether it is no separator: neither white space nor punctuation.
fn is_symbol(c: char) -> bool {
    let is_direction = |c: char| matches!(c, '\u{2066}'..='\u{2069}' | '\u{202A}'..='\u{202E}');
    let encloses = || OPENING.contains(&c) || CLOSING.iter().any(|all| all.contains(&c));
    let is_separator = c.is_whitespace() || ENDS.contains(&c) || BETWEEN.contains(&c);
    !is_separator && (is_direction(c) || !encloses())
}

/// Whether it may be a bullet.
fn is_mark(c: char) -> bool {
    is_symbol(c) || DASHES.contains(&c)
}

fn next_length(part: &str) -> usize {
    part.chars().next().map_or(0, char::len_utf8)
}

fn ends_sentence(part: &str) -> bool {
    part.contains(ENDS)
}

/// What a separator keeps apart: sentences 2, clauses 1, words 0; nothing -1, as a hyphen or apostrophe.
fn strength(part: &str) -> i8 {
    let is_blank = part.trim().is_empty();
    match part {
        _ if ends_sentence(part) => 2,
        _ if !part.contains(char::is_whitespace) && part.trim_matches(['-', '\'', '’', '‐']).is_empty() => {
            -1
        }
        _ if is_blank => 0,
        _ => 1,
    }
}

/// Where a bracket or quote opens right before a cut and closes right behind it: what is left of either side.
fn pair(left: &str, right: &str) -> Option<(usize, usize)> {
    let before = left.trim_end();
    let open = before.chars().next_back()?;
    let opened = OPENING.iter().position(|&opening| opening == open);
    let closes = |c: char| match opened {
        Some(at) => CLOSING[at].contains(&c),
        None => c == open && ALIKE.contains(&open),
    };
    // what marks an emphasis touches it; elsewhere it is a bullet, or a line
    let touches = open != '"' && ALIKE.contains(&open);
    if touches && before.len() < left.len() {
        return None;
    }
    // a full stop inside of them goes, too
    let inside = |c: char| c == ',' || ENDS.contains(&c) || (c.is_whitespace() && !touches);
    let (at, close) =
        right.char_indices().find(|&(_, c)| closes(c) || !inside(c)).filter(|(_, c)| closes(*c))?;
    Some((before.len() - open.len_utf8(), at + close.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A million stretches on one line, with a symbol between each two: where each looked for the start of its line this took
    /// minutes.
    #[test]
    fn a_line_of_symbols_is_gone_through_once() {
        let (text, mut removed) = ("begin ★ ".to_owned() + &"w ★ ".repeat(1_000_000) + "end", Vec::new());
        removed.extend((0..1_000_000).map(|i| 10 + 6 * i..11 + 6 * i));
        let cuts = cuts(&text, &removed, &mut Tokenizer::new(0));
        assert_eq!((cuts.len(), apply(&text, &cuts).matches('w').count()), (1_000_000, 0));
    }

    /// The text without what stands between ⟦ and ⟧.
    fn without(marked: &str) -> String {
        let (mut text, mut removed) = (String::new(), Vec::new());
        for part in marked.split('⟦') {
            match part.split_once('⟧') {
                Some((cut, rest)) => {
                    removed.push(text.len()..text.len() + cut.len());
                    text.push_str(cut);
                    text.push_str(rest);
                }
                None => text.push_str(part),
            }
        }
        apply(&text, &cuts(&text, &removed, &mut Tokenizer::new(0)))
    }

    #[test]
    fn paragraphs_leave_with_their_line_break() {
        assert_eq!(without("one.\n⟦two.⟧\nthree."), "one.\nthree.");
        assert_eq!(without("one.\n\n⟦two.⟧\n\nthree.\n"), "one.\n\nthree.\n");
        assert_eq!(without("one.\n\n⟦two.⟧\nthree.\n"), "one.\n\nthree.\n");
        assert_eq!(without("one.\n⟦two.⟧\n\nthree.\n"), "one.\n\nthree.\n");
        assert_eq!(without("⟦one.⟧\r\n\r\n  two.\r\n"), "  two.\r\n");
        assert_eq!(without("one.\r\n⟦two.⟧\r\n⟦three.⟧\r\n"), "one.\r\n");
        assert_eq!(without("one.\n\n⟦two.⟧"), "one.");
        assert_eq!(without("one.\n***\n⟦two.⟧\n***\nthree."), "one.\n***\n***\nthree.");
        assert_eq!(without("⟦one.⟧\n***\n⟦two.⟧\nthree."), "***\nthree.");
        assert_eq!(without("⟦one.⟧\n⟦two.⟧\n"), "");
    }

    #[test]
    fn passages_leave_one_separator() {
        assert_eq!(without("a b ⟦c d⟧ e f"), "a b e f");
        assert_eq!(without("a b, ⟦c d⟧. E f"), "a b. E f");
        assert_eq!(without("A b. ⟦C d⟧, e f"), "A b. e f");
        assert_eq!(without("A b. ⟦C d⟧. E f"), "A b. E f");
        assert_eq!(without("A b: ⟦c d⟧.\nE f"), "A b.\nE f");
        assert_eq!(without("A b. ⟦C d⟧.\nE f"), "A b.\nE f");
        assert_eq!(without("A b.\n⟦C d⟧, e f"), "A b.\ne f");
        assert_eq!(without("A b.\n« ⟦C d⟧ », e « f »"), "A b.\ne « f »");
        assert_eq!(without("a (⟦b c⟧) d"), "a d");
        assert_eq!(without("a \"⟦b c⟧\", d"), "a, d");
        assert_eq!(without("a : « ⟦B c⟧. » D e"), "a : D e");
        assert_eq!(without("« A » ⟦b c⟧.\nD"), "« A ».\nD");
        assert_eq!(without("l’⟦offensive b⟧ c"), "l c");
        assert_eq!(without("A\n\n⟦B c.⟧\n\n⟦D⟧ e.\n"), "A\n\ne.\n");
        assert_eq!(without("A ¿⟦b c⟧? D"), "A D");
        assert_eq!(without("A. ¡⟦b c⟧! D"), "A. D");
        assert_eq!(without("a **⟦b c⟧** d"), "a d");
        assert_eq!(without("a \u{2067}⟦b c⟧\u{2069} d"), "a d");
        assert_eq!(without("⟦a b⟧ c"), "c");
        assert_eq!(without("a ⟦b c⟧"), "a");
        assert_eq!(without("a b. ⟦c d.⟧\n"), "a b.\n");
    }

    #[test]
    fn symbols_stay() {
        assert_eq!(without("Prix : 20 € ⟦a b⟧. C"), "Prix : 20 €. C");
        assert_eq!(without("100 % ⟦a b⟧. C"), "100 %. C");
        assert_eq!(without("C++ ⟦a b⟧\nC"), "C++\nC");
        assert_eq!(without("d ★★★★★ ⟦a b⟧. C"), "d ★★★★★. C");
        for mark in ["•", "#", "-"] {
            assert_eq!(without(&format!("A\n⟦B c⟧\n{mark} ⟦d e⟧ f\ng")), format!("A\n{mark} f\ng"));
            assert_eq!(without(&format!("A\n⟦B c⟧\n{mark} ⟦d e⟧ ⟦f⟧\ng")), "A\ng");
        }
        assert_eq!(without("d <b>⟦a b⟧</b> c"), "d <b></b> c");
        assert_eq!(without("d 😀 ⟦a b⟧ 👍 c"), "d 😀 👍 c");
        assert_eq!(without("d ❤\u{fe0f} ⟦a b⟧. C"), "d ❤\u{fe0f}. C");
        assert_eq!(without("⟦a b⟧ =1+1"), "=1+1");
        assert_eq!(without("d. ⟦a b⟧ ★\nc"), "d. ★\nc");
        assert_eq!(without("d\n⟦a b⟧ € 20"), "d\n€ 20");
        // a bullet stays with what stays of its line, and goes with what goes
        assert_eq!(without("d.\n- ⟦a b⟧. C d"), "d.\n- C d");
        assert_eq!(without("d.\n* ⟦a b⟧.\n* C d"), "d.\n* C d");
        assert_eq!(without("⟦a b⟧ ★ ⟦a b⟧ c"), "★ c");
    }

    #[test]
    fn lines_that_leave_side_by_side_leave_no_seam() {
        assert_eq!(without("one two.\n⟦a b⟧.\n⟦c d.⟧\nlast"), "one two.\nlast");
        assert_eq!(without("one two.\n⟦a b⟧.\n⟦c d⟧.\n⟦e f⟧ tail"), "one two.\ntail");
        assert_eq!(without("one two ⟦a b⟧.\n⟦c d.⟧\nlast"), "one two.\nlast");
        assert_eq!(without("one.\n\n⟦a b⟧.\n***\n⟦c d⟧.\nlast"), "one.\n\n***\nlast");
    }

    #[test]
    fn words_are_not_glued() {
        assert_eq!(without("abc⟦甲乙⟧def"), "abc def");
        assert_eq!(without("甲⟦乙丙⟧丁"), "甲丁");
        assert_eq!(without("甲⟦乙丙⟧。丁"), "甲。丁");
        // a character of several words
        assert_eq!(without("a 2⟦甲⟧½ b"), "a 2 ½ b");
        assert_eq!(without("a ½⟦甲⟧X9 b"), "a ½ X9 b");
    }

    /// Whether words stay on both sides of what goes.
    fn goes_inside(tokens: &[Range<usize>], removed: &[(usize, usize)]) -> bool {
        let ends = removed.first().zip(removed.last());
        ends.is_some_and(|(first, last)| first.0 > 0 && last.1 < tokens.len())
    }

    proptest! {
        /// Whatever is cut: of the tokens exactly those that were meant to go are gone, and of the rest no byte.
        #[test]
        fn tokens_that_stay_are_the_same(
            text in "([a-c]{1,3}|[甲乙か]|é|คน|ক্ষ|\u{301}|\u{3099}|ﾞ|´|[ .,;«»()\"’\\-\n\r—…?¿*€%★]){0,60}",
            picks in prop::collection::vec((0usize..60, 1usize..8), 1..5),
        ) {
            let mut tokenizer = Tokenizer::new(0);
            let mut tokens: Vec<Range<usize>> = Vec::new();
            tokenizer.tokens(&text, |_, start, end| tokens.push(start..end));
            let mut removed: Vec<(usize, usize)> = picks.into_iter()
                .filter(|(first, _)| *first < tokens.len())
                .map(|(first, count)| (first, (first + count).min(tokens.len())))
                .collect();
            removed.sort_unstable();
            let goes = |at: usize| removed.iter().any(|(first, end)| (*first..*end).contains(&at));
            let stays: Vec<&str> = (0..tokens.len()).filter(|&at| !goes(at)).map(|at| &text[tokens[at].clone()]).collect();
            let mut ranges: Vec<Range<usize>> = Vec::new();
            for &(first, end) in &removed {
                let range = tokens[first].start..tokens[end - 1].end;
                match ranges.last_mut() {
                    Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                    _ => ranges.push(range),
                }
            }
            let made = cuts(&text, &ranges, &mut tokenizer);
            prop_assert!(made.windows(2).all(|pair| pair[0].bytes.end <= pair[1].bytes.start), "{:?}", made);
            let left = apply(&text, &made);
            let mut told: Vec<String> = Vec::new();
            tokenizer.tokens(&left, |_, start, end| told.push(left[start..end].to_owned()));
            prop_assert_eq!(told, stays, "{:?} {:?}", text, left);
            // of a line with a word that stays, no symbol goes but emphasis around what does
            let symbols = |text: &str| text.chars().filter(|c| "€%★".contains(*c)).count();
            let one_line = text.replace(['\n', '\r'], " ");
            let made = cuts(&one_line, &ranges, &mut tokenizer);
            if ranges.len() == 1 && goes_inside(&tokens, &removed) {
                let inside = symbols(&text[ranges[0].clone()]);
                prop_assert_eq!(symbols(&apply(&one_line, &made)), symbols(&text) - inside, "{:?}", text);
            }
            if !removed.is_empty() {
                let breaks = |text: &str| text.split('\n').map(str::trim).collect::<Vec<_>>().windows(2)
                    .filter(|pair| pair.iter().all(|line| line.is_empty())).count();
                prop_assert!(breaks(&left) <= breaks(&text), "{:?} {:?}", text, left);
            }
        }
    }
}

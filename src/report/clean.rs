//! Hostile text to harmless text. What the corpus says (texts, ids, file names, field names, error details)
//! may hold controls, terminal escapes and characters that turn the writing direction around; every report
//! for people passes it through here first. What a medium needs beyond that (escaping, isolation) is the
//! matter of its own writer.

use unicode_width::UnicodeWidthChar;

/// What stands for a character that is not shown.
const REPLACEMENT: char = '\u{FFFD}';

/// What some texts begin with.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Characters for each column of a line.
const PILED: usize = 8;

/// Line ends that are no controls.
#[cfg(feature = "html")]
const LINE_ENDS: [char; 2] = ['\u{2028}', '\u{2029}'];

/// A text for HTML: line ends as line feeds, tabs as they are; any other control, and what turns the direction, replaced.
#[cfg(feature = "html")]
pub(super) fn text(raw: &str) -> String {
    let mut clean = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        clean.push(match c {
            '\r' => {
                characters.next_if_eq(&'\n');
                '\n'
            }
            '\n' | '\t' => c,
            c if c.is_control() || turns_direction(c) => REPLACEMENT,
            c => c,
        });
    }
    clean
}

/// A name for HTML: one line, controls and what turns the direction replaced, at most `most` characters.
#[cfg(feature = "html")]
pub(super) fn name(raw: &str, most: usize) -> String {
    let is_replaced = |c: char| c.is_control() || LINE_ENDS.contains(&c) || turns_direction(c);
    cut(raw.chars().map(|c| if is_replaced(c) { REPLACEMENT } else { c }), most)
}

/// One line for a terminal: white space as single spaces; controls, escapes and direction marks replaced; at
/// most `most` columns, of which a Chinese character takes two.
pub(crate) fn line(raw: &str, most: usize) -> String {
    let hidden = |c| MARKS.contains(&c) || turns_direction(c);
    cut_by(in_one_line(raw, hidden), most, |c| c.width().unwrap_or(0)).trim_end().to_owned()
}

/// The first words of a text for HTML: as [`line`], but with the marks of Hebrew and Arabic; who shows it isolates it.
#[cfg(feature = "html")]
pub(super) fn excerpt(raw: &str, most: usize) -> String {
    cut(in_one_line(raw, turns_direction), most).trim_end().to_owned()
}

fn in_one_line(raw: &str, is_replaced: impl Fn(char) -> bool) -> impl Iterator<Item = char> {
    let mut after_space = true;
    // a byte-order mark, which takes no place, is nothing to be told
    raw.chars().filter(|c| *c != BYTE_ORDER_MARK).filter_map(move |c| {
        let space = c.is_whitespace();
        let skip = space && after_space;
        after_space = space;
        let hidden = c.is_control() || is_replaced(c);
        (!skip).then_some(if space {
            ' '
        } else if hidden {
            REPLACEMENT
        } else {
            c
        })
    })
}

/// The first `most` characters; an ellipsis is the last of them where there are more.
#[cfg(feature = "html")]
fn cut(characters: impl Iterator<Item = char>, most: usize) -> String {
    cut_by(characters, most, |_| 1)
}

/// What has a place in `most`, each character taking some of it; an ellipsis is the last where there are more. Of those that
/// take none (accents behind their letters) there are no more than [`PILED`] for each that could stand there.
fn cut_by(characters: impl Iterator<Item = char>, most: usize, takes: impl Fn(char) -> usize) -> String {
    let mut kept = String::new();
    // where it would be cut
    let mut end = 0;
    let mut used = 0;
    for (c, before) in characters.zip(0..) {
        used += takes(c);
        if used > most || before >= most * PILED {
            kept.truncate(end);
            kept.push('…');
            break;
        }
        kept.push(c);
        if used < most {
            end = kept.len();
        }
    }
    kept
}

/// The direction of what stands beside them is all that these change.
const MARKS: [char; 3] = ['\u{61C}', '\u{200E}', '\u{200F}'];

/// The bidirectional controls that reach further: embeddings, overrides, isolates.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_nothing_that_a_terminal_obeys() {
        assert_eq!(line("\u{1b}[31mred\u{7} \u{9b}x", 80), "\u{FFFD}[31mred\u{FFFD} \u{FFFD}x");
        assert_eq!(line("  a\r\n\t b\u{2028}c ", 80), "a b c");
        assert_eq!(line("a\u{202E}b\u{2066}c\u{200F}", 80), "a\u{FFFD}b\u{FFFD}c\u{FFFD}");
        assert_eq!(line("\u{FEFF} a\u{FEFF}b", 80), "ab");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line("abcd", 4), "abcd");
        assert_eq!([4, 5, 6, 7].map(|most| line("日本語文", most)), ["日…", "日本…", "日本…", "日本語…"]);
        assert_eq!(line("日本語", 6), "日本語");
        assert_eq!(line("e\u{301}e\u{301}", 2), "e\u{301}e\u{301}");
        assert!(line(&format!("e{}", "\u{301}".repeat(1_000)), 9).chars().count() <= 9 * PILED + 1);
    }

    #[cfg(feature = "html")]
    #[test]
    fn texts_keep_their_lines_and_nothing_else_that_is_invisible() {
        assert_eq!(text("a\r\nb\rc\n\td\0\u{85}"), "a\nb\nc\n\td\u{FFFD}\u{FFFD}");
        assert_eq!(
            text("\u{200F}a\u{202E}b\u{202C}\u{2066}\u{2069}"),
            "\u{200F}a\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}"
        );
        assert_eq!(
            excerpt(" \u{200F}א\u{200E}\n\u{61C}b\u{202E}c\u{2067}\0 ", 80),
            "\u{200F}א\u{200E} \u{61C}b\u{FFFD}c\u{FFFD}\u{FFFD}"
        );
        assert_eq!(name("a\nb\u{2028}c", 9), "a\u{FFFD}b\u{FFFD}c");
        assert_eq!(name("a\u{202E}b\u{200F}c", 9), "a\u{FFFD}b\u{200F}c");
    }
}

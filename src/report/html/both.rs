//! What the page says in English and in French. Both stand in it; the reader's browser shows one. Without
//! script that is the English one.

use crate::report::wording;

/// A sentence or a word in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Both {
    pub(super) en: String,
    pub(super) fr: String,
}

/// In both languages.
pub(super) fn both(en: impl Into<String>, fr: impl Into<String>) -> Both {
    Both { en: en.into(), fr: fr.into() }
}

/// Sentences in both languages, each of one beside the same of the other.
pub(super) fn sentences(en: Vec<String>, fr: Vec<String>) -> impl Iterator<Item = Both> {
    debug_assert_eq!(en.len(), fr.len(), "a sentence is missing in one language: {en:?} {fr:?}");
    en.into_iter().zip(fr).map(|(en, fr)| both(en, fr))
}

/// The same in both.
pub(super) fn same(text: impl Into<String>) -> Both {
    let text = text.into();
    Both { fr: text.clone(), en: text }
}

/// A number, as each language writes it.
pub(super) fn number(value: u64) -> Both {
    both(wording::number(value), french(&wording::number(value)))
}

/// A share in percent, as each language writes it.
pub(super) fn percent(part: u64, whole: u64) -> Both {
    in_percent(&wording::percent(part, whole))
}

/// The same of a share from 0 to 1.
pub(super) fn percent_of(share: f64) -> Both {
    in_percent(&wording::percent_told(share * 100.0))
}

fn in_percent(told: &str) -> Both {
    let fr = french(&told.replace("under", "moins de"));
    both(told.replace(" %", "\u{A0}%"), fr)
}

/// Digits, separators and the sign of percent as French has them.
pub(super) fn french(told: &str) -> String {
    let mut fr = String::with_capacity(told.len() + 8);
    let mut characters = told.chars().peekable();
    let mut before = ' ';
    while let Some(c) = characters.next() {
        let next_is_digit = characters.peek().is_some_and(char::is_ascii_digit);
        fr.push(match c {
            ',' if before.is_ascii_digit() && next_is_digit => '\u{202F}',
            '.' if before.is_ascii_digit() && next_is_digit => ',',
            ' ' if before.is_ascii_digit() && characters.peek() == Some(&'%') => '\u{202F}',
            c => c,
        });
        before = c;
    }
    fr
}

/// `1 fichier`, `2 fichiers`; of none, the singular.
pub(super) fn nombre(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", french(&wording::number(count)), if count < 2 { one } else { many })
}

/// `1 file`, `2 files`, in both languages.
pub(super) fn count(count: u64, [one, many]: [&str; 2], [un, plusieurs]: [&str; 2]) -> Both {
    both(wording::count(count, one, many), nombre(count, un, plusieurs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_french() {
        assert_eq!(
            french("1,234,567 of 99.6 %, 3 and 4."),
            "1\u{202F}234\u{202F}567 of 99,6\u{202F}%, 3 and 4."
        );
        assert_eq!(nombre(0, "copie", "copies"), "0 copie");
        assert_eq!(nombre(1_204, "copie", "copies"), "1\u{202F}204 copies");
    }
}

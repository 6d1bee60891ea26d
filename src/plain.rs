//! The slow twin: every definition of this crate once more, written so that it is unlikely to be wrong.
//! Whole strings are normalised by the Unicode crates, sets are `BTreeSet`s, all pairs are compared,
//! of texts all pairs of places.
//! The tests and the accuracy measurements judge the fast stages by it; nothing else calls it.

use std::collections::BTreeSet;

use crate::normalise::table::{Class, class_of, fold};

/// The tokens of a text, as normalised strings.
pub fn tokens(text: &str) -> Vec<String> {
    let mut normal = String::new();
    fold(text.chars(), &mut normal);
    let mut tokens: Vec<String> = Vec::new();
    let mut open = false; // the last token may still grow
    let mut single = false; // it is a character of a script without spaces
    for c in normal.chars() {
        let class = class_of(c);
        match class {
            Class::Ignorable => {}
            Class::Separator => open = false,
            Class::Mark if open => tokens.last_mut().expect("a token is open").push(c),
            Class::Mark => {} // there is nothing that it could stand on
            Class::Word if open && !single => tokens.last_mut().expect("a token is open").push(c),
            Class::Word | Class::Single => {
                tokens.push(c.to_string());
                open = true;
                single = class == Class::Single;
            }
        }
    }
    tokens
}

/// The set of a unit's shingles: of all `w` consecutive tokens, or of all its tokens where it has fewer.
pub fn shingles(tokens: &[String], w: usize) -> BTreeSet<Vec<String>> {
    if tokens.is_empty() {
        return BTreeSet::new();
    }
    tokens.windows(w.min(tokens.len())).map(<[String]>::to_vec).collect()
}

/// Shared shingles divided by the different shingles of both sides together; 0 where both are empty.
pub fn jaccard<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    let shared = a.intersection(b).count();
    let union = a.len() + b.len() - shared;
    if union == 0 { 0.0 } else { shared as f64 / union as f64 }
}

/// What law 1 says of one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// it matches no earlier original
    Original,
    /// it matches this earlier original best, with this Jaccard similarity
    Copy {
        /// index of the original
        original: usize,
        /// true Jaccard similarity
        jaccard: f64,
    },
    /// it has no token
    Empty,
}

/// Law 1 over all pairs: originals and copies among units in corpus order.
pub fn resolve<T: Ord>(units: &[BTreeSet<T>], threshold: f64) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(units.len());
    for (i, unit) in units.iter().enumerate() {
        let mut verdict = if unit.is_empty() { Verdict::Empty } else { Verdict::Original };
        for (j, earlier) in units[..i].iter().enumerate() {
            if unit.is_empty() || verdicts[j] != Verdict::Original {
                continue;
            }
            let similarity = jaccard(unit, earlier);
            let best = if let Verdict::Copy { jaccard, .. } = verdict { jaccard } else { 0.0 };
            if similarity >= threshold && similarity > best {
                verdict = Verdict::Copy { original: j, jaccard: similarity };
            }
        }
        verdicts.push(verdict);
    }
    verdicts
}

/// A run of equal tokens that can't be made longer at either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommonRun {
    /// the later text and its first token there
    pub copy: (usize, usize),
    /// the earlier text, or the same one, and its first token there
    pub original: (usize, usize),
    /// how many tokens
    pub length: usize,
}

/// All maximal common runs of at least `least` tokens between each text and an earlier one or an earlier
/// place of its own (the two may overlap).
pub fn maximal_runs(texts: &[Vec<String>], least: usize) -> Vec<CommonRun> {
    let mut runs = Vec::new();
    for (later, copy) in texts.iter().enumerate() {
        for (earlier, original) in texts[..=later].iter().enumerate() {
            for i in 0..copy.len() {
                let end = if earlier == later { i } else { original.len() };
                for j in 0..end {
                    if i > 0 && j > 0 && copy[i - 1] == original[j - 1] {
                        continue;
                    }
                    let length = copy[i..].iter().zip(&original[j..]).take_while(|(a, b)| a == b).count();
                    if length >= least {
                        runs.push(CommonRun { copy: (later, i), original: (earlier, j), length });
                    }
                }
            }
        }
    }
    runs
}

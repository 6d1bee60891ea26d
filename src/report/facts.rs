//! What a run found, arranged for people: which text repeats which, most important first, and how much of
//! each source and document stood before.
//!
//! The outcome tells its matches one by one, in corpus order; nobody reads half a million of those. Here what
//! says the same is told once (see the private module `walk`), and everything that repeats the same original
//! stands in one [`Group`]. Two walks over the matches: the first only adds up, so that it is known which
//! groups count most; the second goes to the documents with copies of these. What is kept is bounded,
//! whatever the corpus: [`GROUPS`] groups (or as many as are asked for) with [`COPIES`] copies each, those behind the first 500 with fewer, and [`DOCUMENTS`] documents with
//! [`PIECES`] pieces each; the rest is counted. While it is made, each of the first [`COPIES`] copies of an original
//! costs 28 bytes, with dates 20 more; each source costs 24, and each two of which one repeats the other an entry of a
//! map. Where memory is bounded copies and such pairs wait in temporary files, and about as much is held as a run counts with
//! for its reports (`HELD_BY_REPORTS` in `outcome.rs`).

mod add_up;
mod boilerplate;
mod copies;
mod dates;
mod gather;
mod overlap;
mod pairs;
mod places;
mod relations;
mod shares;
mod sorted;
mod templates;

use serde::Serialize;

use crate::document::{Kind, Span, Unit};
use crate::error::Result;
use crate::outcome::Outcome;
use crate::what_if::WhatIf;

#[cfg(feature = "html")]
pub(super) use add_up::in_thousandths;
pub use dates::{DatedPair, Dates};
#[cfg(feature = "html")]
pub(super) use relations::{AMONG, named};
pub use relations::{DocumentPair, PAIRS, Relations, SourcePair};
pub(super) use shares::share_of;
pub use shares::{DocumentShare, Shares, SourceShare};
pub use templates::Templates;

/// The most groups that are kept, unless more are asked for.
pub const GROUPS: usize = 500;

/// Groups that keep [`COPIES`] copies, and what these explain; those behind them keep [`FEW`], and of what these explain how
/// much it is: a page shows no more of them.
const LARGE: usize = 500;

/// The most copies of one of the smaller groups that are kept.
const FEW: usize = 4;

/// Groups of which [`COPIES`] copies say what most of them repeat; of those behind them [`FEW_JUDGED`] do.
const WELL_JUDGED: usize = 1_000;
const FEW_JUDGED: usize = 8;

/// The most copies of one group that are kept.
pub const COPIES: usize = 50;

/// The most explained repeats of one group that are kept.
pub const EXPLAINED: usize = 50;

/// The most documents whose copied pieces are kept.
pub const DOCUMENTS: usize = 100;

/// The most pieces of one document that are kept.
pub const PIECES: usize = 100;

/// A document, or a stretch of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// the document's number in corpus order, from 0
    pub document: u32,
    /// what of it
    pub extent: Extent,
    /// where it stands in the document's text
    pub span: Span,
}

/// How much of a document a stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// all of it
    Document,
    /// whole paragraphs
    Paragraphs(Paragraphs),
    /// a passage: the paragraphs that it touches; the character of the first with which it starts, and the
    /// last that it has of the last, from 0, where it does not hold (but for marks) all of that paragraph
    Passage(Paragraphs, [Option<u64>; 2]),
}

/// Neighbouring paragraphs, by their numbers in the document, from 0; both ends belong to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paragraphs {
    /// the first one
    pub first: u32,
    /// the last one
    pub last: u32,
}

/// A stretch that repeats an earlier one: a document match, a passage, or a run of paragraph matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// what was matched
    pub unit: Unit,
    /// the later one
    pub copy: Stretch,
    /// the earlier one
    pub original: Stretch,
    /// exact if all matches of it are
    pub kind: Kind,
    /// the lowest and the highest Jaccard similarity of its matches
    pub similarity: [f64; 2],
    /// how many matches it was joined from
    pub matches: u32,
    /// characters of the copy that no earlier repeat of its document from the same one holds
    pub characters: u64,
}

/// How many matches a document match explains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Explained {
    /// passages
    pub passages: u64,
    /// paragraph matches that no passage covers
    pub paragraphs: u64,
}

/// A copy of a [`Group`].
#[derive(Debug, Clone, PartialEq)]
pub struct Copy {
    /// what repeats what
    pub repeat: Repeat,
    /// what a document match explains, the first of it
    pub explained: Vec<Repeat>,
    /// how much that is
    pub explained_count: Explained,
}

/// An original with its copies. Passages whose originals are the same for the most part belong together; the
/// original is then that of the first copy among those that repeat what most do: all of the document, paragraphs, or a
/// passage.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// what is repeated
    pub original: Stretch,
    /// the first [`COPIES`] copies, in corpus order
    pub copies: Vec<Copy>,
    /// how many copies there are
    pub count: u64,
    /// how many of these are exact
    pub exact: u64,
    /// how many are near; all others are contained
    pub near: u64,
    /// the lowest and the highest Jaccard similarity of those that are near, in thousandths, rounded down; `[1000, 0]` where
    /// there are none
    pub similarity: [u16; 2],
    /// characters of all copies
    pub characters: u64,
    /// in how many documents it stands, the original's among them; at least so many where several originals
    /// belong together
    pub documents: u64,
    /// whether these are [`Wanted::boilerplate`] or more, or half of it lies in paragraphs of which that is true
    pub is_boilerplate: bool,
    /// whether its near copies differ from it by numbers and names alone; `None` where that is not known
    pub is_template: Option<bool>,
}

/// What is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// the most groups
    pub groups: usize,
    /// a paragraph or passage that stands in so many documents is boilerplate
    pub boilerplate: u32,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted { groups: GROUPS, boilerplate: 10 }
    }
}

impl Wanted {
    /// How many copies the group of a rank is judged by, and keeps; and how much of what these explain.
    fn copies(rank: usize) -> [usize; 3] {
        let judged = if rank < WELL_JUDGED { COPIES } else { FEW_JUDGED };
        let [kept, inside] = if rank < LARGE { [COPIES, EXPLAINED] } else { [FEW, 0] };
        [judged, kept, inside]
    }
}

/// Paragraphs that stand in many documents: often notices and menus. Whether somebody copied them is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Boilerplate {
    /// in so many documents, or more
    pub documents: u32,
    /// how many such paragraphs there are
    pub paragraphs: u64,
    /// their copies
    pub copies: u64,
    /// the characters of these
    pub characters: u64,
}

/// What repeats what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// those that repeat the most characters, the most first; at most [`GROUPS`]
    pub groups: Vec<Group>,
    /// how many groups there are
    pub group_count: u64,
    /// how many copies all groups have: documents, passages, and runs of paragraphs
    pub repeats: u64,
    /// what is explained by the match of its document or paragraph, and stands in no group of its own
    pub explained: Explained,
    /// passages of which longer ones have so much that less than half a passage is left; in no group
    pub rests: u64,
    /// how much of each source and document stood before
    pub shares: Shares,
    /// who repeats whom
    pub relations: Relations,
    /// what recurs everywhere
    pub boilerplate: Boilerplate,
    /// what is alike but for numbers and names; all zero before [`Facts::find_templates`]
    pub templates: Templates,
    /// who came first, where dates are known
    pub dates: Option<Dates>,
    /// what other thresholds would have told, where a run has a floor
    pub what_if: Option<WhatIf>,
}

impl Facts {
    /// Arranges what a run found.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`], of a run whose memory is bounded.
    pub fn new(outcome: &Outcome) -> Result<Self> {
        Facts::with(outcome, Wanted::default())
    }

    /// Arranges what a run found, and keeps what is wanted of it.
    ///
    /// # Errors
    /// Those of [`Facts::new`].
    pub fn with(outcome: &Outcome, wanted: Wanted) -> Result<Self> {
        let mut facts = Facts::default();
        let sums = facts.add_up(outcome, wanted)?;
        facts.gather(outcome, &sums)?;
        drop(sums); // what comes takes as much
        let ((), recurring) = rayon::join(|| facts.place(outcome), || outcome.recurring(wanted.boilerplate));
        facts.find_boilerplate(outcome, wanted, &recurring);
        facts.what_if = outcome.what_if();
        Ok(facts)
    }
}

impl Explained {
    fn of(repeats: &[Repeat]) -> Self {
        let mut explained = Explained::default();
        for repeat in repeats {
            match repeat.unit {
                Unit::Passage => explained.passages += 1,
                _ => explained.paragraphs += u64::from(repeat.matches),
            }
        }
        explained
    }
}

#[cfg(test)]
mod tests;

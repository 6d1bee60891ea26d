//! Every knob that can change an answer, and no other. Threads, memory and progress are not here: they
//! must not change one. [`Params`] is checked once, then passed down; below it nobody reads flags,
//! environment or clock. Its [digest](Params::digest) names a set of parameters in reports and indexes.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The version of the text rules in [`crate::split`] and [`crate::normalise`]. Raised whenever the same
/// bytes could give other tokens or paragraphs.
pub const NORMALISER_VERSION: u32 = 3;

/// What a run compares with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    /// whole documents
    pub documents: bool,
    /// paragraphs of at least [`Params::min_tokens`] tokens
    pub paragraphs: bool,
    /// stretches of at least [`Params::passage`] tokens, wherever they stand
    pub passages: bool,
}

impl Units {
    /// The words of `--units` that are meant.
    pub fn names(self) -> Vec<&'static str> {
        let all = [(self.documents, "document"), (self.paragraphs, "paragraph"), (self.passages, "passage")];
        all.into_iter().filter(|(is_meant, _)| *is_meant).map(|(_, name)| name).collect()
    }
}

/// What leaves a corpus. It decides what can be an original, so it is a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remove {
    /// copies of whole documents
    pub documents: bool,
    /// documents that stand, to [`Params::contained`], inside one kept document
    pub contained: bool,
    /// copied paragraphs, out of their texts
    pub paragraphs: bool,
    /// copied passages, out of their texts
    pub passages: bool,
}

impl Default for Remove {
    fn default() -> Self {
        Remove { documents: true, contained: false, paragraphs: false, passages: false }
    }
}

impl Remove {
    /// The words of `--remove`, in the order in which they are resolved.
    pub const NAMES: [&str; 4] = ["documents", "contained", "paragraphs", "passages"];

    fn flags(self) -> [bool; 4] {
        [self.documents, self.contained, self.paragraphs, self.passages]
    }

    /// The words that are meant.
    pub fn names(self) -> Vec<&'static str> {
        Remove::NAMES
            .into_iter()
            .zip(self.flags())
            .filter(|(_, is_meant)| *is_meant)
            .map(|(n, _)| n)
            .collect()
    }

    /// Whether anything but copies of whole documents leaves, so that what stays is decided document by document.
    pub fn is_by_parts(self) -> bool {
        self != Remove::default()
    }

    /// Whether stretches leave texts that stay.
    pub fn cuts_texts(self) -> bool {
        self.paragraphs || self.passages
    }

    /// A bit for each of [`Remove::NAMES`], the first the lowest.
    pub(crate) fn bits(self) -> u8 {
        self.flags().into_iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(flag))
    }

    /// What [`Remove::bits`] stands for.
    pub(crate) fn from_bits(bits: u8) -> Option<Self> {
        let bit = |at: u8| bits >> at & 1 == 1;
        let remove = Remove { documents: bit(0), contained: bit(1), paragraphs: bit(2), passages: bit(3) };
        (bits < 16 && bits > 0).then_some(remove)
    }
}

/// How a document's text is cut into paragraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParagraphMode {
    /// each document decides by its own text: [`ParagraphMode::Blank`] if it is hard-wrapped, else
    /// [`ParagraphMode::Line`]
    Auto,
    /// every non-empty line
    Line,
    /// blocks between blank lines
    Blank,
    /// [`ParagraphMode::Auto`] by version 1 of the text rules, to which a line break at the end of a text was a blank
    /// line: an index of that version goes on with it
    #[serde(rename = "auto of version 1")]
    AutoV1,
}

impl ParagraphMode {
    /// The word of `--paragraphs`.
    pub fn name(self) -> &'static str {
        match self {
            ParagraphMode::Auto => "auto",
            ParagraphMode::Line => "line",
            ParagraphMode::Blank => "blank",
            ParagraphMode::AutoV1 => "auto of version 1",
        }
    }
}

/// The parameters of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// the least Jaccard similarity of a match, 0.1 to 1
    pub threshold: f64,
    /// the least share of the pairs *at* the threshold that become candidates, 0.5 to 0.9999
    pub recall: f64,
    /// tokens in a shingle
    pub shingle: u32,
    /// a paragraph with fewer tokens is not compared as a paragraph
    pub min_tokens: u32,
    /// what is compared
    pub units: Units,
    /// every verbatim run of this many tokens is part of a passage
    pub passage: u32,
    /// the least share of a passage's tokens that agree, 0.5 <= i <= 1
    pub identity: f64,
    /// the least share of a unit's tokens in passages from one earlier document that makes it contained
    pub contained: f64,
    /// how documents are cut
    pub paragraphs: ParagraphMode,
    /// seeds every hash
    pub seed: u64,
    /// the most candidates of one unit that are compared; a bucket lists a quarter as many originals
    pub comparisons: u32,
    /// the field of a record that holds its text
    pub text_field: String,
    /// the field of a record that names it
    pub id_field: String,
    /// the most bytes of one record
    pub max_record: u64,
    /// units of which all true matches are looked for, to measure recall ([`crate::certify`]); 0 for none. It
    /// changes no match, so it is no part of the record that names a set of parameters.
    #[serde(skip)]
    pub certify: u32,
    /// what leaves the corpus. No part of the serialised record, which is older; [`Params::digest`] takes it in,
    /// and an index keeps it beside.
    #[serde(skip)]
    pub remove: Remove,
    /// all verified pairs down to this similarity are kept, so that other thresholds can be told of
    /// ([`crate::what_if`]); 0.1 <= f <= threshold. Bands are planned for it in place of the threshold. No index
    /// is made with one, so it is no part of the record that names a set of parameters there.
    #[serde(skip)]
    pub floor: Option<f64>,
    /// the version of the text rules: [`NORMALISER_VERSION`], unless an index goes on with older ones
    #[serde(skip, default = "latest_rules")]
    pub normaliser: u32,
}

fn latest_rules() -> u32 {
    NORMALISER_VERSION
}

impl Params {
    /// The defaults where matches are only shown: threshold 0.6.
    pub fn audit() -> Self {
        Params {
            threshold: 0.6,
            recall: 0.99,
            shingle: 3,
            min_tokens: 10,
            units: Units { documents: true, paragraphs: true, passages: true },
            passage: 25,
            identity: 0.8,
            contained: 0.9,
            paragraphs: ParagraphMode::Auto,
            seed: 0,
            comparisons: 64,
            text_field: "text".to_owned(),
            id_field: "id".to_owned(),
            max_record: 64 << 20,
            certify: 0,
            remove: Remove::default(),
            floor: None,
            normaliser: NORMALISER_VERSION,
        }
    }

    /// The defaults where copies are removed: threshold 0.8, and nothing is looked for but what is removed,
    /// documents.
    pub fn dedup() -> Self {
        let units = Units { documents: true, paragraphs: false, passages: false };
        Params { threshold: 0.8, units, ..Params::audit() }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for the first parameter outside of its range.
    pub fn validate(&self) -> Result<()> {
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            let hint = "0.8 is about 4 % of the words changed, 0.6 about 9 %";
            return fail("threshold", "from 0.1 to 1", self.threshold.to_string(), hint);
        }
        if self.threshold < 0.1 {
            let hint = "below 0.1 nearly all pairs of a corpus are candidates";
            return fail("threshold", "at least 0.1", self.threshold.to_string(), hint);
        }
        if let Some(floor) = self.floor.filter(|floor| !(*floor >= 0.1 && *floor <= self.threshold)) {
            let hint = "pairs are kept from the floor up, and matches told from the threshold up";
            return fail("floor", "at least 0.1 and at most the threshold", floor.to_string(), hint);
        }
        if !(self.recall >= 0.5 && self.recall <= 0.9999) {
            let hint = "0.99 loses at most one in a hundred of the pairs at the threshold";
            return fail("recall", "from 0.5 to 0.9999", self.recall.to_string(), hint);
        }
        if !(1..=32).contains(&self.shingle) {
            let hint = "3 suits paragraphs, 5 long documents";
            return fail("shingle", "from 1 to 32", self.shingle.to_string(), hint);
        }
        if self.min_tokens < 1 {
            let hint = "a paragraph without a token matches nothing";
            return fail("min-tokens", "at least 1", self.min_tokens.to_string(), hint);
        }
        if !(self.units.documents || self.units.paragraphs || self.units.passages) {
            let hint = "`Params::audit` looks for all three";
            return fail("units", "a list of `document`, `paragraph` and `passage`", String::new(), hint);
        }
        self.validate_removal()?;
        if !(8..=10_000).contains(&self.passage) {
            let hint = "25 tokens are about two lines; below 12 chance repeats abound";
            return fail("passage", "from 8 to 10000", self.passage.to_string(), hint);
        }
        if !(self.identity >= 0.5 && self.identity <= 1.0) {
            let hint = "1 finds verbatim runs only";
            return fail("identity", "from 0.5 to 1", self.identity.to_string(), hint);
        }
        if !(self.contained >= 0.5 && self.contained <= 1.0) {
            let hint = "0.9 leaves room for a changed word or two";
            return fail("contained", "from 0.5 to 1", self.contained.to_string(), hint);
        }
        if self.id_field == self.text_field {
            let hint = "`Params::id_field` names what tells the record from others";
            return fail("id-field", "another field than that of the text", self.id_field.clone(), hint);
        }
        if self.comparisons < 1 {
            let hint = "64 is the default";
            return fail("comparisons", "at least 1", self.comparisons.to_string(), hint);
        }
        if !(1..1 << 30).contains(&self.max_record) {
            let hint = "a record is held in memory as a whole";
            return fail("max-record", "from 1 byte to less than 1 GiB", self.max_record.to_string(), hint);
        }
        Ok(())
    }

    /// Whether what leaves is looked for, and can be.
    fn validate_removal(&self) -> Result<()> {
        let Remove { contained, paragraphs, passages, .. } = self.remove;
        if !self.remove.is_by_parts() {
            return Ok(());
        }
        if self.remove.names().is_empty() {
            let hint = "`Remove::documents` is the default";
            return fail("remove", "at least one word", String::new(), hint);
        }
        let Units { documents, paragraphs: has_paragraphs, passages: has_passages } = self.units;
        let is_sought = (documents || !self.remove.documents)
            && (has_paragraphs || !paragraphs)
            && (has_passages || !(passages || contained));
        if !is_sought {
            let hint = "what leaves must be looked for; `contained` is found by passages";
            let expected = "all that `Params::remove` names, or that the index was made to remove";
            return fail("units", expected, self.units.names().join(","), hint);
        }
        if documents && !self.remove.documents && has_passages {
            let hint = "add `documents` to `Params::remove`, or leave `document` out of `Params::units`; passages are looked for \
                        where they, or contained documents, leave";
            let expected =
                "without `document` where passages are looked for and `Params::remove` has no `documents`";
            return fail("units", expected, self.units.names().join(","), hint);
        }
        if let Some(floor) = self.floor {
            let hint = "what leaves depends on the threshold; audit with a floor, or remove documents alone";
            return fail("floor", "left out where more than documents leaves", floor.to_string(), hint);
        }
        if self.certify > 0 {
            let hint = "certify an audit with the same threshold";
            return fail("certify", "0 where more than documents leaves", self.certify.to_string(), hint);
        }
        Ok(())
    }

    /// Whether equal documents are one for the search: not where passages of the later ones are wanted.
    pub(crate) fn collapses_documents(&self) -> bool {
        !self.remove.is_by_parts() || self.remove.documents || !self.units.passages
    }

    /// The version of the text rules.
    pub(crate) fn text_rules(&self) -> u32 {
        if self.paragraphs == ParagraphMode::AutoV1 { 1 } else { self.normaliser }
    }

    /// The similarity at which [`Params::recall`] is promised.
    pub fn planned_for(&self) -> f64 {
        self.floor.unwrap_or(self.threshold)
    }

    /// 64 bits that differ when any parameter, or the version of the text rules, does. The same on every
    /// machine: XXH3 of the bincode record (fixed-width little-endian).
    pub fn digest(&self) -> u64 {
        let config = bincode::config::standard().with_little_endian().with_fixed_int_encoding();
        let (rules, params) = match self.paragraphs {
            ParagraphMode::AutoV1 => (1, Params { paragraphs: ParagraphMode::Auto, ..self.clone() }),
            _ => (self.text_rules(), self.clone()),
        };
        let encoded = bincode::serde::encode_to_vec((rules, params), config);
        let mut bytes = encoded.expect("numbers and strings always fit into a vector");
        if self.remove.is_by_parts() {
            bytes.push(self.remove.bits());
        }
        bytes.extend(self.floor.iter().flat_map(|floor| floor.to_le_bytes()));
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }
}

/// The error of a parameter outside of its range.
fn fail(name: &'static str, expected: &'static str, got: String, hint: &'static str) -> Result<()> {
    Err(Error::Parameter { name, expected: expected.into(), got, hint })
}

//! What a run removes: the copies of the first law, by the [`Rules`] of `redite dedup`; told by source, and
//! held against the guards before anything is written.
//!
//! Nothing is removed unless something verified to be at least as similar as the threshold is kept: copies go,
//! originals stay. Documents that are protected stay too, even as copies of each other. Records that can't be
//! used are neither kept nor removed: they are skipped, counted and listed, and are not in the output.

mod job;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::document::{Kind, Match, Place, Span, Unit};
use crate::error::Result;
use crate::outcome::{Fate, Outcome};
use crate::params::Remove;

pub use job::{Checked, Done, Job, Written, run};

/// A source loses more than this share of its documents: a warning.
const MUCH: f64 = 0.5;

/// An original and its copies are more than this share of all documents: a warning.
const CROWD: f64 = 0.05;

/// An original with fewer copies than this is no crowd, however small the corpus.
const CROWD_COPIES: u64 = 3;

/// Documents that are decided about at once.
const AT_ONCE: usize = 4_096;

/// Copies that are shown of what a guard refuses.
const EXAMPLES: usize = 3;

/// What becomes of copies, and how much may go; who stays says the order of the run ([`Outcome::order`]).
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// keep all records, and say in each what is known of it
    pub annotate: bool,
    /// the largest share of the documents of one source, and of all, that may be removed: 0 to 1; where texts
    /// lose parts, of their characters as well
    pub max_removed: Option<f64>,
}

/// What became of the records of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// what the source is called
    pub name: String,
    /// its records
    #[serde(flatten)]
    pub counts: Counts,
}

/// What became of some records: `read` is the sum of the three others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// all of them
    pub read: u64,
    /// of these, in the output
    pub kept: u64,
    /// copies of something kept
    pub removed: u64,
    /// that can't be used
    pub skipped: u64,
    /// of the texts, where parts of them leave
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
}

/// What became of the texts of one source, where parts of them leave: `paragraphs` is the sum of the three below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Texts {
    /// of all documents
    pub paragraphs: u64,
    /// in the output, though passages may be cut out of them
    pub paragraphs_kept: u64,
    /// copies of paragraphs that are kept
    pub paragraphs_removed: u64,
    /// of removed documents
    pub paragraphs_in_removed: u64,
    /// stretches that are cut out
    pub passages_removed: u64,
    /// Unicode scalar values of all documents
    pub characters: u64,
    /// of these, in removed documents, paragraphs and passages; each once
    pub characters_removed: u64,
    /// documents that are kept without a word of their text
    pub emptied: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.read += other.read;
        self.kept += other.kept;
        self.removed += other.removed;
        self.skipped += other.skipped;
        if let (Some(texts), Some(other)) = (&mut self.texts, &other.texts) {
            texts.add(other);
        }
    }
}

impl Texts {
    fn add(&mut self, other: &Texts) {
        self.paragraphs += other.paragraphs;
        self.paragraphs_kept += other.paragraphs_kept;
        self.paragraphs_removed += other.paragraphs_removed;
        self.paragraphs_in_removed += other.paragraphs_in_removed;
        self.passages_removed += other.passages_removed;
        self.characters += other.characters;
        self.characters_removed += other.characters_removed;
        self.emptied += other.emptied;
    }
}

/// What is removed of a corpus.
#[derive(Debug, Clone, Default)]
pub struct Removal {
    /// a bit for each document
    removed: Vec<u64>,
    /// a bit for each document of whose text parts leave
    cut: Vec<u64>,
    remove: Remove,
    /// copies that are kept because they are protected
    pub protected: u64,
    /// copies that are kept, where copies leave, because they are contained and these do not
    pub contained: u64,
    /// documents without a date, where one was asked for
    pub undated: u64,
    /// by source, in the order in which they are met
    pub accounts: Vec<Account>,
    /// over all sources
    pub all: Counts,
    /// what a person should look at
    pub warnings: Vec<Finding>,
    /// why nothing may be written
    pub refusals: Vec<Finding>,
}

/// Something that stands out in a removal, with the first copies it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// what stands out
    pub what: Outstanding,
    /// documents that it is about; characters, where it is about texts
    pub documents: u64,
    /// of so many
    pub of: u64,
    /// the first of these that are removed
    pub examples: Vec<u32>,
}

/// What stands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outstanding {
    /// a source loses a large share
    Source(String),
    /// all together do
    All,
    /// a source loses a large share of its characters
    SourceText(String),
    /// all together do
    AllText,
    /// one original has very many copies
    Crowd {
        /// the original
        original: u32,
    },
}

/// A removal being counted, document by document.
struct Counting<'a> {
    outcome: &'a Outcome,
    rules: &'a Rules,
    /// for each source of the run, whether it is protected
    protected: Vec<bool>,
    removal: Removal,
    /// the number of each account, by its name
    numbers: BTreeMap<&'a str, usize>,
    /// of each account, the first documents that are removed
    examples: Vec<Vec<u32>>,
    /// by original, how many documents are removed as its copies, and the first of them
    crowds: BTreeMap<u32, (u64, Vec<u32>)>,
}

impl<'a> Counting<'a> {
    fn new(outcome: &'a Outcome, rules: &'a Rules) -> Self {
        let labels = &outcome.corpus().labels;
        let bits = || vec![0; outcome.documents() as usize / 64 + 1];
        let removal = Removal {
            removed: bits(),
            cut: bits(),
            remove: outcome.summary().parameters.remove,
            undated: labels.dates.iter().filter(|date| date.is_none()).count() as u64,
            ..Removal::default()
        };
        let protected = outcome.order().protects(outcome.own_sources());
        let (numbers, examples, crowds) = Default::default();
        Counting { outcome, rules, protected, removal, numbers, examples, crowds }
    }

    fn is_protected(&self, document: u32) -> bool {
        self.protected.get(self.outcome.record(document).0 as usize) == Some(&true)
    }

    /// What becomes of its text, where parts of texts leave.
    fn texts_of(&self, document: u32) -> Result<Option<Texts>> {
        let remove = self.removal.remove;
        let loses = !self.rules.annotate && !self.is_protected(document);
        remove.is_by_parts().then(|| told(self.outcome, document, loses.then_some(remove))).transpose()
    }

    /// Decides about the next document.
    fn add(&mut self, document: u32, texts: Option<Texts>) {
        let at = self.account_of(document);
        let place = Place { document, paragraph: None };
        let fate = self.outcome.fate(place);
        let is_copy = takes(self.removal.remove, fate);
        let stays = fate == Fate::Contained && !is_copy && self.removal.remove.documents;
        let is_protected = self.is_protected(document);
        let removal = &mut self.removal;
        removal.protected += u64::from(is_copy && is_protected);
        removal.contained += u64::from(stays && !self.rules.annotate);
        let is_removed = is_copy && !is_protected && !self.rules.annotate;
        let bit = 1 << (document % 64);
        if !is_removed && texts.is_some_and(|texts| texts.characters_removed > 0) {
            removal.cut[document as usize / 64] |= bit;
        }
        let [kept, removed] = [!is_removed, is_removed].map(u64::from);
        removal.accounts[at].counts.add(&Counts { read: 1, kept, removed, skipped: 0, texts });
        if !is_removed {
            return;
        }
        removal.removed[document as usize / 64] |= bit;
        let examples = &mut self.examples[at];
        if examples.len() < EXAMPLES {
            examples.push(document);
        }
        if let Some(found) = self.outcome.match_of(place) {
            let (copies, first) = self.crowds.entry(found.original.document).or_default();
            *copies += 1;
            if first.len() < EXAMPLES {
                first.push(document);
            }
        }
    }

    /// The number of the account of its source.
    fn account_of(&mut self, document: u32) -> usize {
        let Counting { outcome, removal, numbers, examples, .. } = self;
        let name = outcome.corpus().source_name(document, outcome.order());
        *numbers.entry(name).or_insert_with(|| {
            removal.accounts.push(removal.account(name));
            examples.push(Vec::new());
            removal.accounts.len() - 1
        })
    }
}

impl Removal {
    /// Decides about every document, and counts; law 4 is held against the sums.
    ///
    /// # Errors
    /// Those of [`Outcome::text`]: where texts lose parts, some are looked through.
    ///
    /// # Panics
    /// Where the sums are not those of law 4: that is a fault of this crate.
    pub fn new(outcome: &Outcome, rules: &Rules) -> Result<Self> {
        let mut counting = Counting::new(outcome, rules);
        let mut in_order = outcome.in_corpus_order();
        loop {
            let documents: Vec<u32> = in_order.by_ref().take(AT_ONCE).collect();
            if documents.is_empty() {
                break;
            }
            // where texts lose parts, some have to be looked through
            let texts = documents.par_iter().map(|document| counting.texts_of(*document));
            let texts: Vec<Option<Texts>> = texts.collect::<Result<_>>()?;
            documents.into_iter().zip(texts).for_each(|(document, texts)| counting.add(document, texts));
        }
        let Counting { mut removal, numbers, examples, crowds, .. } = counting;
        let numbers = numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
        removal.count_skips(outcome, numbers);
        removal.look(rules, &examples);
        removal.look_at_crowds(crowds);
        Ok(removal)
    }

    /// Whether a document is not in the output.
    ///
    /// # Panics
    /// Where the run has no such document.
    pub fn is_removed(&self, document: u32) -> bool {
        self.removed[document as usize / 64] >> (document % 64) & 1 == 1
    }

    /// Whether a match is why something is removed.
    pub fn removes(&self, found: &Match) -> bool {
        let is_cut = self.is_cut(found.copy.document);
        match found.unit {
            Unit::Document => self.is_removed(found.copy.document),
            Unit::Paragraph => is_cut && self.remove.paragraphs && found.kind != Kind::Contained,
            Unit::Passage => is_cut && self.remove.passages,
        }
    }

    /// Whether parts of texts may leave.
    #[cfg(feature = "parquet")]
    pub(crate) fn cuts_texts(&self) -> bool {
        self.remove.cuts_texts()
    }

    /// Whether a document is in the output without parts of its text.
    ///
    /// # Panics
    /// Where the run has no such document.
    pub fn is_cut(&self, document: u32) -> bool {
        self.cut[document as usize / 64] >> (document % 64) & 1 == 1
    }

    /// The stretches that leave the text of a document that [stays](Removal::is_cut), by where they start.
    pub(crate) fn stretches(&self, outcome: &Outcome, document: u32) -> Vec<Span> {
        if self.is_cut(document) { outcome.leaving_stretches(document, self.remove) } else { Vec::new() }
    }

    fn account(&self, name: &str) -> Account {
        Account { name: name.to_owned(), counts: self.nothing() }
    }

    /// What nothing has been added to.
    fn nothing(&self) -> Counts {
        Counts { texts: self.remove.is_by_parts().then(Texts::default), ..Counts::default() }
    }

    fn count_skips(&mut self, outcome: &Outcome, mut numbers: BTreeMap<String, usize>) {
        for (source, records) in outcome.skipped_records() {
            let name = outcome.order().file_source(source as usize, outcome.sources()).to_owned();
            let at = *numbers.entry(name).or_insert_with_key(|name| {
                self.accounts.push(self.account(name));
                self.accounts.len() - 1
            });
            self.accounts[at].counts.read += records;
            self.accounts[at].counts.skipped += records;
        }
        self.all = self.nothing();
        self.accounts.iter().for_each(|account| self.all.add(&account.counts));
        assert_eq!(self.all.read, outcome.summary().input.records, "every record belongs to a source");
        for Account { name, counts } in &self.accounts {
            let told = counts.kept + counts.removed + counts.skipped;
            assert_eq!(told, counts.read, "{name}: kept + removed + skipped = read");
            if let Some(texts) = &counts.texts {
                let told = texts.paragraphs_kept + texts.paragraphs_removed + texts.paragraphs_in_removed;
                assert_eq!(told, texts.paragraphs, "{name}: paragraphs kept + removed = read");
            }
        }
    }

    /// Holds the guards against each source, and against all.
    fn look(&mut self, rules: &Rules, examples: &[Vec<u32>]) {
        let mut refusals = Vec::new();
        let mut warnings = Vec::new();
        let mut hold = |what: Outstanding, [part, of]: [u64; 2], examples: Vec<u32>| {
            let exceeds = |share: f64| part as f64 > share * of as f64;
            let is_of_source = matches!(what, Outstanding::Source(_) | Outstanding::SourceText(_));
            let finding = Finding { what, documents: part, of, examples };
            match rules.max_removed {
                Some(limit) if exceeds(limit) => refusals.push(finding),
                None if exceeds(MUCH) && is_of_source => warnings.push(finding),
                _ => {}
            }
        };
        let mut look = |counts: &Counts, [of_text, of_documents]: [Outstanding; 2], examples: Vec<u32>| {
            if let Some(texts) = &counts.texts {
                hold(of_text, [texts.characters_removed, texts.characters], Vec::new());
            }
            hold(of_documents, [counts.removed, counts.kept + counts.removed], examples);
        };
        // those of which all records are skipped come behind the others, without examples
        let own = examples.iter().cloned().chain(std::iter::repeat(Vec::new()));
        for (Account { name, counts }, own) in self.accounts.iter().zip(own) {
            look(counts, [Outstanding::SourceText(name.clone()), Outstanding::Source(name.clone())], own);
        }
        let first = examples.iter().flatten().copied().take(EXAMPLES).collect();
        look(&self.all, [Outstanding::AllText, Outstanding::All], first);
        // the copies of one source are examples enough
        let mut told = refusals.iter_mut().filter(|finding| !finding.examples.is_empty());
        if let (Some(_), Some(Finding { what: Outstanding::All, examples, .. })) =
            (told.next(), told.next_back())
        {
            examples.clear();
        }
        (self.refusals, self.warnings) = (refusals, warnings);
    }

    fn look_at_crowds(&mut self, crowds: BTreeMap<u32, (u64, Vec<u32>)>) {
        let of = self.all.kept + self.all.removed;
        let mut crowds: Vec<Finding> = crowds
            .into_iter()
            .filter(|(_, (copies, _))| *copies >= CROWD_COPIES && (copies + 1) as f64 > CROWD * of as f64)
            .map(|(original, (copies, examples))| Finding {
                what: Outstanding::Crowd { original },
                documents: copies + 1,
                of,
                examples,
            })
            .collect();
        crowds.sort_by_key(|crowd| std::cmp::Reverse(crowd.documents));
        self.warnings.append(&mut crowds);
    }
}

/// Whether documents with this fate leave.
fn takes(remove: Remove, fate: Fate) -> bool {
    (fate == Fate::Copy && remove.documents) || (fate == Fate::Contained && remove.contained)
}

/// What becomes of the text of one document; nothing leaves it without `remove`.
fn told(outcome: &Outcome, document: u32, remove: Option<Remove>) -> Result<Texts> {
    let place = Place { document, paragraph: None };
    let (paragraphs, characters) = (u64::from(outcome.paragraphs(document)), outcome.span(place).chars.end);
    let kept = Texts { paragraphs, paragraphs_kept: paragraphs, characters, ..Texts::default() };
    let Some(remove) = remove else { return Ok(kept) };
    if takes(remove, outcome.fate(place)) {
        return Ok(Texts {
            paragraphs_kept: 0,
            paragraphs_in_removed: paragraphs,
            characters_removed: characters,
            ..kept
        });
    }
    let stretches = outcome.leaving_stretches(document, remove);
    if stretches.is_empty() {
        return Ok(kept);
    }
    let paragraphs_removed =
        if remove.paragraphs { outcome.copied_paragraphs(document).count() as u64 } else { 0 };
    Ok(Texts {
        paragraphs_kept: paragraphs - paragraphs_removed,
        paragraphs_removed,
        passages_removed: if remove.passages { outcome.passages(document).count() as u64 } else { 0 },
        characters_removed: stretches.iter().map(|span| span.chars.end - span.chars.start).sum(),
        emptied: u64::from(outcome.is_emptied_by(document, &stretches)?),
        ..kept
    })
}

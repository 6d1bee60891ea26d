//! The summary that a person sees when a run is done: what was read, what repeats, the groups that repeat
//! most, what was skipped, how sure all this is. Plain lines that say everything without colour; what the
//! corpus says is cleaned before it gets here.

use std::cmp::Reverse;
use std::io::{self, Write};

use crate::document::SkipReason;
use crate::error::{Error, Result};
use crate::order::Order;
use crate::outcome::{Outcome, SourceField};
use crate::report::clean;
use crate::report::facts::{Copy, DocumentShare, Facts, Group, SourceShare, share_of};
use crate::report::original;
use crate::report::texts::Texts;
use crate::report::wording::{self, count, number, percent};

/// Groups that are shown.
const GROUPS: usize = 10;

/// Copies of a group that are shown.
const COPIES: usize = 3;

/// Sources, and documents, that are shown with their shares.
const SHARES: usize = 10;

/// Pairs of sources, and of documents, that are shown.
const PAIRS: usize = 5;

/// Places that are shown for each reason of skipping, and ignored files.
const PLACES: usize = crate::skips::OF_REASON;

/// Columns that a sentence takes, whatever the width: longer lines are hard to read.
const PROSE: usize = 100;

/// The most columns of a file's name or of an id.
pub(crate) const NAME: usize = 120;

/// How the summary looks.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// whether headings are bold
    pub colour: bool,
    /// columns of a line; only the lines of text are cut to it
    pub width: usize,
    /// whether to leave out which texts repeat, and where
    pub brief: bool,
    /// who comes first, where that is not the corpus order
    pub order: Option<&'a Order>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { colour: false, width: 80, brief: false, order: None }
    }
}

/// Writes the summary.
///
/// # Errors
/// Those of [`Outcome::text`] for the texts that are shown; [`Error::Io`] where `to` fails.
pub fn write(outcome: &Outcome, facts: &Facts, to: &mut impl Write, options: Options<'_>) -> Result<()> {
    let mut lines = Vec::new();
    let mut summary = Summary { outcome, facts, options, texts: Texts::new(outcome), to: &mut lines };
    summary.write()?;
    to.write_all(&lines).map_err(|source| Error::io("summary", "writing", source))
}

struct Summary<'a> {
    outcome: &'a Outcome,
    facts: &'a Facts,
    options: Options<'a>,
    texts: Texts<'a>,
    to: &'a mut Vec<u8>,
}

/// How often, and by how long.
fn first(times: u64, median_seconds: Option<u64>) -> String {
    let Some(seconds) = median_seconds else { return number(times) };
    let (amount, unit) = wording::delay(seconds);
    let [one, several] = unit.names();
    format!("{} (median {})", number(times), count(amount, one, several))
}

/// A source for a person.
pub(super) fn named(source: &str) -> String {
    if source == "-" { "standard input".to_owned() } else { clean::line(source, NAME) }
}

/// The place of a document in one line.
pub(super) fn line_of_place(outcome: &Outcome, document: u32) -> String {
    let place = wording::place(outcome, document);
    let mut told = named(place.source);
    let id = place.id.map(|id| format!("id {id}"));
    let from = place.from.map(|from| format!("from {from}"));
    let archived = place.is_archived.then(|| "in the index".to_owned());
    for part in [place.record, id, from, archived].into_iter().flatten() {
        told.push_str(", ");
        told.push_str(&clean::line(&part, NAME));
    }
    told
}

impl Summary<'_> {
    fn write(&mut self) -> Result<()> {
        let excerpts = if self.options.brief { Vec::new() } else { self.excerpts()? };
        let written = self
            .read()
            .and_then(|()| self.repeats())
            .and_then(|()| if self.options.brief { Ok(()) } else { self.details(&excerpts) })
            .and_then(|()| self.what_if())
            .and_then(|()| self.skipped())
            .and_then(|()| self.ignored())
            .and_then(|()| self.sureness());
        written.map_err(|source| Error::io("summary", "writing", source))
    }

    fn details(&mut self, excerpts: &[String]) -> io::Result<()> {
        self.sources()?;
        self.documents()?;
        self.relations()?;
        self.dates()?;
        self.groups(excerpts)
    }

    fn excerpts(&mut self) -> Result<Vec<String>> {
        let width = self.options.width.saturating_sub(4).max(20);
        let mut excerpt = |group: &Group| -> Result<String> {
            let part = self.texts.part(group.original.document, &group.original.span.bytes)?;
            Ok(clean::line(part.as_str(), width))
        };
        self.facts.groups.iter().take(GROUPS).map(&mut excerpt).collect()
    }

    /// A heading, behind an empty line unless it is the first one.
    fn heading(&mut self, title: &str) -> io::Result<()> {
        if !self.to.is_empty() {
            writeln!(self.to)?;
        }
        let [bold, plain] = if self.options.colour { ["\x1b[1m", "\x1b[0m"] } else { [""; 2] };
        writeln!(self.to, "{bold}{title}{plain}")
    }

    fn read(&mut self) -> io::Result<()> {
        let summary = self.outcome.summary();
        let input = &summary.input;
        self.heading("Read")?;
        writeln!(
            self.to,
            "  {}, {}, {}, {}",
            count(input.files, "file", "files"),
            count(input.documents, "document", "documents"),
            count(input.paragraphs, "paragraph", "paragraphs"),
            count(summary.characters.read, "character", "characters"),
        )?;
        if input.lone_surrogates > 0 {
            let records = count(input.lone_surrogates, "record", "records");
            writeln!(self.to, "  lone surrogates became U+FFFD in {records}")?;
        }
        self.outcome.source_field().map_or(Ok(()), |field| self.source_field(field))
    }

    /// What the sources are, where a field names them.
    fn source_field(&mut self, field: &SourceField) -> io::Result<()> {
        let sources = count(field.sources, "source", "sources");
        let mut told = format!("{sources}, named by the field `{}`", clean::line(&field.field, NAME));
        if field.unnamed > 0 {
            let documents = count(field.unnamed, "document", "documents");
            told.push_str(&format!(" (of {documents} without it, by the place of the file)"));
        }
        if self.outcome.first_document() > 0 {
            told.push_str("; the index does not keep that field: its documents are told by their files");
        }
        self.prose(" ", &told)
    }

    fn repeats(&mut self) -> io::Result<()> {
        let summary = self.outcome.summary();
        let units = summary.parameters.units;
        self.heading("Repeated")?;
        if units.documents {
            writeln!(
                self.to,
                "  documents   {}",
                wording::copies(&summary.documents, summary.input.documents)
            )?;
        }
        if units.paragraphs {
            let told = wording::copies(&summary.paragraphs, summary.input.paragraphs);
            let explained = match self.facts.explained.paragraphs {
                0 => String::new(),
                _ if units.passages => String::new(),
                explained => format!("; {} of them inside copied documents", number(explained)),
            };
            writeln!(self.to, "  paragraphs  {told}{explained}")?;
        }
        if units.passages {
            self.passages()?;
        }
        let boilerplate = self.facts.boilerplate;
        if boilerplate.paragraphs > 0 {
            writeln!(
                self.to,
                "  in many     {} in {} documents or more, with {} of {}: often a notice or a menu; look at them",
                count(boilerplate.paragraphs, "paragraph stands", "paragraphs stand"),
                boilerplate.documents,
                count(boilerplate.copies, "copy", "copies"),
                wording::characters(boilerplate.characters),
            )?;
        }
        let templates = self.facts.templates;
        if templates.groups > 0 {
            let groups = count(templates.groups, "repeated text is", "repeated texts are");
            writeln!(
                self.to,
                "  templates   {groups} alike but for numbers and names, of the {} that repeat the most",
                number(templates.judged)
            )?;
        }
        let characters = summary.characters;
        writeln!(
            self.to,
            "  characters  {} of {} in copies or passages ({})",
            number(characters.copied),
            number(characters.read),
            percent(characters.copied, characters.read)
        )?;
        match summary.input.documents {
            0 => Ok(()),
            _ => self.prose(" ", &original::english(self.outcome, self.options.order)),
        }
    }

    fn passages(&mut self) -> io::Result<()> {
        let summary = self.outcome.summary();
        let explained = match self.facts.explained.passages {
            0 => String::new(),
            explained => format!("; {} of them inside other copies", number(explained)),
        };
        writeln!(self.to, "  passages    {}{explained}", wording::passages(summary))?;
        let lengths = wording::passage_lengths(summary);
        let lengths: Vec<String> =
            lengths.into_iter().map(|(name, count)| format!("{name}: {}", number(count))).collect();
        if !lengths.is_empty() {
            writeln!(self.to, "    by words  {}", lengths.join(", "))?;
        }
        if self.facts.rests > 0 {
            let least = summary.parameters.passage.div_ceil(2);
            let rests = count(self.facts.rests, "is", "are");
            writeln!(self.to, "    not told  {rests} what longer ones left, of fewer than {least} words")?;
        }
        Ok(())
    }

    fn groups(&mut self, excerpts: &[String]) -> io::Result<()> {
        if excerpts.is_empty() {
            return Ok(());
        }
        let all = self.facts.group_count;
        let title = match all {
            1 => "The repeated text".to_owned(),
            all if all <= GROUPS as u64 => format!("The {all} repeated texts"),
            all => format!("Most repeated: {GROUPS} of {} texts", number(all)),
        };
        self.heading(&title)?;
        let facts = self.facts;
        for (rank, (group, excerpt)) in facts.groups.iter().zip(excerpts).enumerate() {
            let boilerplate = if group.is_boilerplate { ", in many documents" } else { "" };
            let template = if group.is_template == Some(true) { ", template" } else { "" };
            let copies = wording::copies_of(group);
            let characters = count(group.characters, "character", "characters");
            writeln!(self.to, "{:>2}. {copies}, {characters}{boilerplate}{template}", rank + 1)?;
            writeln!(self.to, "    {excerpt}")?;
            let within = |copy: &Copy| copy.repeat.copy.document == group.original.document;
            if !group.copies.first().is_some_and(within) {
                let place = line_of_place(self.outcome, group.original.document);
                writeln!(self.to, "    original  {place}, {}", wording::extent(&group.original))?;
            }
            for copy in group.copies.iter().take(COPIES) {
                let place = line_of_place(self.outcome, copy.repeat.copy.document);
                let name = if within(copy) { "within" } else { "copy  " };
                let told = wording::repeats(&copy.repeat);
                writeln!(self.to, "    {name}    {place}: {told}, {}", wording::likeness(&copy.repeat))?;
            }
            if group.count > COPIES as u64 {
                let more = count(group.count - COPIES as u64, "more copy", "more copies");
                writeln!(self.to, "              and {more}")?;
            }
        }
        Ok(())
    }

    /// The sources of which the largest share stood before, if there is more than one, and not each is a document. Those that are
    /// come last: of many one or the other is a copy as a whole.
    fn sources(&mut self) -> io::Result<()> {
        let sources = &self.facts.shares.sources;
        let mut copied: Vec<(&SourceShare, usize)> = sources.iter().zip(0..).collect();
        copied.retain(|(share, _)| share.copied > 0);
        if sources.iter().filter(|share| share.documents > 0).count() < 2
            || sources.iter().all(|share| share.documents < 2)
            || copied.is_empty()
        {
            return Ok(());
        }
        copied.sort_unstable_by_key(|(share, at)| {
            let part = share_of(share.copied, share.characters);
            (share.documents < 2, Reverse(part), Reverse(share.copied), *at)
        });
        self.heading("Sources with the largest copied share")?;
        for (share, at) in copied.into_iter().take(SHARES) {
            let name = named(self.outcome.source_name(at as u32));
            self.share(share.copied, share.characters, &name)?;
        }
        Ok(())
    }

    /// The documents with the most copied text, but for those that are copies as a whole.
    fn documents(&mut self) -> io::Result<()> {
        let shares = &self.facts.shares;
        if shares.partly.is_empty() {
            return Ok(());
        }
        self.heading("Documents that hold copied text, no copies as a whole")?;
        for &DocumentShare { document, characters, copied, .. } in shares.partly.iter().take(SHARES) {
            let name = line_of_place(self.outcome, document);
            self.share(copied, characters, &name)?;
        }
        self.more([shares.partly_count, SHARES as u64], "document", "documents")
    }

    /// Which sources repeat which the most, and which documents.
    fn relations(&mut self) -> io::Result<()> {
        let relations = &self.facts.relations;
        if relations.source_pairs > 1 {
            self.heading("Who repeats whom")?;
            for pair in relations.sources.iter().take(PAIRS) {
                let [copy, original] =
                    [pair.copy, pair.original].map(|source| named(self.outcome.source_name(source)));
                let own = self.outcome.own_source_count() as u32;
                let original =
                    if pair.original < own { original } else { format!("{original} (in the index)") };
                let characters = wording::characters(pair.characters);
                let what = if pair.copy == pair.original { "itself".to_owned() } else { original };
                // what all is told by longer copies has none of its own
                let copies = match pair.repeats {
                    0 => String::new(),
                    copies => format!(", {}", count(copies, "copy", "copies")),
                };
                writeln!(self.to, "  {copy} repeats {what}: {characters}{copies}")?;
            }
            self.more([relations.source_pairs, PAIRS as u64], "pair", "pairs")?;
        }
        if !relations.documents.is_empty() {
            self.heading("Documents with the most in common")?;
            for pair in relations.documents.iter().take(PAIRS) {
                let [copy, original] =
                    [pair.copy, pair.original].map(|document| line_of_place(self.outcome, document));
                let [of_copy, of_original] = pair.shares.map(|share| wording::percent_told(share * 100.0));
                writeln!(self.to, "  {of_copy} of {copy}")?;
                writeln!(self.to, "    is in {original}, {of_original} of that in it")?;
            }
            self.more([relations.document_pairs, PAIRS as u64], "pair", "pairs")?;
        }
        Ok(())
    }

    /// Which sources had first what others have too.
    fn dates(&mut self) -> io::Result<()> {
        let Some(dates) = &self.facts.dates else { return Ok(()) };
        self.heading("Who came first")?;
        writeln!(
            self.to,
            "  {} a date in `{}`; missing in {}, not readable in {}",
            count(dates.dated, "document has", "documents have"),
            clean::line(&dates.field, NAME),
            number(dates.missing),
            number(dates.unreadable)
        )?;
        if dates.repeats > 0 {
            let copies = count(dates.repeats, "copy", "copies");
            let older = count(dates.backwards, "is", "are");
            writeln!(self.to, "  of {copies} with both dates, {older} older than the original")?;
        }
        for pair in dates.pairs.iter().take(PAIRS) {
            let [a, b] = pair.sources.map(|source| named(self.outcome.source_name(source)));
            let same =
                if pair.same > 0 { format!(", {} of one date", number(pair.same)) } else { String::new() };
            if pair.sources[0] == pair.sources[1] {
                writeln!(
                    self.to,
                    "  {a} with itself: {}{same}",
                    first(pair.first[0], pair.median_seconds[0])
                )?;
                continue;
            }
            let [of_a, of_b] = [0, 1].map(|side| first(pair.first[side], pair.median_seconds[side]));
            writeln!(self.to, "  {a} before {b}: {of_a}; after it: {of_b}{same}")?;
        }
        self.more([dates.source_pairs, PAIRS as u64], "pair", "pairs")
    }

    /// What other thresholds would have told.
    fn what_if(&mut self) -> io::Result<()> {
        let Some(what_if) = &self.facts.what_if else { return Ok(()) };
        let compared = self.outcome.summary().parameters.units;
        let own = self.outcome.summary().parameters.threshold;
        self.heading("What if the threshold were another (> is this run)")?;
        let units = [("documents", compared.documents), ("paragraphs", compared.paragraphs)];
        let names = units.into_iter().filter(|(_, is_compared)| *is_compared);
        let [names, columns]: [String; 2] = names.fold(Default::default(), |[names, columns], (name, _)| {
            [
                format!("{names}{name:>36}"),
                format!("{columns}{:>13}{:>11}{:>12}", "originals", "copies", "contained"),
            ]
        });
        writeln!(self.to, "      {names}\n      {columns}")?;
        for level in what_if.levels.iter().filter(|level| level.is_told(own)) {
            let here = if level.threshold == own { '>' } else { ' ' };
            write!(self.to, "{here} {:<4}", wording::threshold(level.threshold))?;
            let told = [(level.documents, compared.documents), (level.paragraphs, compared.paragraphs)];
            for (units, _) in told.into_iter().filter(|(_, is_compared)| *is_compared) {
                let [originals, copies, contained] =
                    [units.originals, units.copies(), units.contained_copies].map(number);
                write!(self.to, "{originals:>13}{copies:>11}{contained:>12}")?;
            }
            writeln!(self.to)?;
        }
        if what_if.capped_units > 0 {
            let units = count(what_if.capped_units, "text was", "texts were");
            writeln!(
                self.to,
                "  {units} not compared with all that share a bucket: a run may tell these otherwise"
            )?;
        }
        Ok(())
    }

    /// What a list of so many leaves out.
    fn more(&mut self, [all, listed]: [u64; 2], one: &str, many: &str) -> io::Result<()> {
        match all.saturating_sub(listed) {
            0 => Ok(()),
            more => {
                writeln!(self.to, "  and {}", count(more, &format!("more {one}"), &format!("more {many}")))
            }
        }
    }

    fn share(&mut self, copied: u64, characters: u64, name: &str) -> io::Result<()> {
        let (share, copied) = (percent(copied, characters), number(copied));
        writeln!(self.to, "  {share:>11}  {copied} of {}  {name}", number(characters))
    }

    fn skipped(&mut self) -> io::Result<()> {
        let outcome = self.outcome;
        if outcome.skips().is_empty() {
            return Ok(());
        }
        let all = outcome.skipped().map(|(_, count)| count).sum();
        self.heading(&format!("Skipped: {}", count(all, "record or file", "records and files")))?;
        for (reason, of_reason) in outcome.skipped() {
            writeln!(self.to, "  {} {}", number(of_reason), wording::reason(reason))?;
            self.skipped_for(reason, of_reason)?;
        }
        Ok(())
    }

    fn skipped_for(&mut self, reason: SkipReason, all: u64) -> io::Result<()> {
        let outcome = self.outcome;
        let mut more = all;
        for skip in outcome.skips_for(reason) {
            more = more.saturating_sub(skip.records.max(1));
            writeln!(self.to, "    {}", wording::skipped(outcome, skip))?;
        }
        if more > 0 {
            writeln!(self.to, "    and {} more", number(more))?;
        }
        Ok(())
    }

    fn ignored(&mut self) -> io::Result<()> {
        let ignored = self.outcome.ignored();
        if ignored.is_empty() {
            return Ok(());
        }
        let files = count(ignored.len() as u64, "file", "files");
        self.heading(&format!("Ignored: {files} of no known format or kind"))?;
        for file in ignored.iter().take(PLACES) {
            writeln!(self.to, "    {}", clean::line(file, NAME))?;
        }
        if ignored.len() > PLACES {
            writeln!(self.to, "    and {} more", number((ignored.len() - PLACES) as u64))?;
        }
        Ok(())
    }

    fn sureness(&mut self) -> io::Result<()> {
        let summary = self.outcome.summary();
        self.heading("How sure")?;
        let mut sentences =
            vec![wording::matching(summary), wording::NOT_COMPARED.to_owned(), wording::compared(summary)];
        sentences.extend(wording::matching_passages(summary));
        sentences.extend(wording::sureness(summary));
        for sentence in sentences {
            self.item(&sentence)?;
        }
        self.certificate()
    }

    /// Measured recall, where it was asked for.
    fn certificate(&mut self) -> io::Result<()> {
        let Some(certificate) = &self.outcome.summary().certificate else { return Ok(()) };
        self.heading("Measured recall")?;
        for sentence in wording::certificate(certificate) {
            self.item(&sentence)?;
        }
        for [name, found, share] in wording::certified(certificate) {
            writeln!(self.to, "    {name:<24} {found:>15}  {share}")?;
        }
        Ok(())
    }

    /// A sentence behind a dash.
    fn item(&mut self, sentence: &str) -> io::Result<()> {
        self.prose("  -", sentence)
    }

    /// A sentence behind what the first line begins with, broken between words where a line ends.
    fn prose(&mut self, begin: &str, sentence: &str) -> io::Result<()> {
        write!(self.to, "{begin}")?;
        let mut column = begin.len();
        for word in sentence.split(' ') {
            let length = word.chars().count() + 1;
            if column + length > self.options.width.clamp(40, PROSE) {
                write!(self.to, "\n{:1$}", "", begin.len())?;
                column = begin.len();
            }
            write!(self.to, " {word}")?;
            column += length;
        }
        writeln!(self.to)
    }
}

#[cfg(test)]
mod tests;

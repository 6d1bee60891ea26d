//! A run beside the batches of the index that it was made against, for a person, behind the summary of what was found.

use std::io::{self, Write};

use crate::document::Unit;
use crate::night::{Again, Group, Groups, Night, SourceOfNight};
use crate::params::Units;
use crate::report::clean;
use crate::report::terminal::NAME;
use crate::report::wording::{count, number, percent};

/// Groups and sources that are told of.
const TOLD: usize = 8;

/// Writes it. `adds` says whether the run becomes a batch of the index.
///
/// # Errors
/// Whatever `to` fails with.
pub fn write(night: &Night, adds: bool, colour: bool, to: &mut impl Write) -> io::Result<()> {
    let [bold, plain] = if colour { ["\x1b[1m", "\x1b[0m"] } else { [""; 2] };
    writeln!(to, "\n{bold}Against the index{plain}")?;
    let batches = count(night.batches, "batch", "batches");
    let documents = count(night.documents, "document", "documents");
    writeln!(to, "  {batches}, {documents} came before")?;
    units(night, to)?;
    if !adds {
        // of what was only looked up, it is asked where it stands
        return writeln!(
            to,
            "  where a text stands in several places, one is told: the most similar original, of these the first"
        );
    }
    again(night, to)?;
    groups(&night.groups, to)?;
    sources(night, to)?;
    batch_rows(night, to)
}

/// How many copies of each unit have their original in the index.
fn units(night: &Night, to: &mut impl Write) -> io::Result<()> {
    let told = night.of_each_unit().map(|(unit, [of, all])| {
        let name = match unit {
            Unit::Document => "copied documents",
            Unit::Paragraph => "paragraphs",
            Unit::Passage => "passages",
        };
        format!("{} of {} {name}", number(of), number(all))
    });
    let told: Vec<String> = told.collect();
    writeln!(to, "  with their original there: {}", told.join(", "))?;
    let Units { documents, paragraphs, passages } = night.units;
    let all = [(documents, "documents"), (paragraphs, "paragraphs"), (passages, "passages")];
    let missing = all.into_iter().filter(|(is_looked_for, _)| !is_looked_for).map(|(_, name)| name);
    let missing: Vec<&str> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "  not looked for: {} (not among the `--units` of this run, or of the index)",
        missing.join(", ")
    )
}

/// That the index has these records, if it has.
fn again(night: &Night, to: &mut impl Write) -> io::Result<()> {
    let Some(Again { batch, forgotten }) = night.again else { return Ok(()) };
    writeln!(to, "  batch {} of it once more: it has these records, and nothing is added", number(batch))?;
    if forgotten == 0 {
        return Ok(());
    }
    let documents = count(forgotten, "document of it has", "documents of it have");
    writeln!(to, "  {documents} been forgotten since: the index does not have them, whatever the output has")
}

fn groups(Groups { documents, paragraphs, largest }: &Groups, to: &mut impl Write) -> io::Result<()> {
    let told =
        |[groups, copies]: [u64; 2]| format!("{} (+{})", number(groups), count(copies, "copy", "copies"));
    let [of_documents, of_paragraphs] = [documents, paragraphs].map(|of| told([of.new, of.copies_in_new]));
    writeln!(to, "  new groups     {of_documents} of documents, {of_paragraphs} of paragraphs")?;
    let [of_documents, of_paragraphs] =
        [documents, paragraphs].map(|of| told([of.grown, of.copies_in_grown]));
    writeln!(to, "  groups grown   {of_documents} of documents, {of_paragraphs} of paragraphs")?;
    largest.iter().take(TOLD).try_for_each(|of| group(of, to))
}

fn group(group: &Group, to: &mut impl Write) -> io::Result<()> {
    let copies = number(group.copies);
    let state = if group.is_new { "new" } else { "grown" };
    let source = clean::line(&group.source, NAME);
    let id = group.id.as_ref().map_or(String::new(), |id| {
        let id = serde_json::from_str(id.get()).unwrap_or_else(|_| id.get().to_owned());
        format!(", id {}", clean::line(&id, NAME))
    });
    let record = match group.has_records {
        true => format!(", record {}", number(u64::from(group.record) + 1)),
        false => String::new(),
    };
    writeln!(to, "    +{copies} {state}: {source}{record}{id}")
}

/// By source, where there are several: those with the most copies first.
fn sources(night: &Night, to: &mut impl Write) -> io::Result<()> {
    // files of one text each tell nothing that the batch does not
    if night.sources.len() < 2 || night.sources.iter().all(|source| source.documents < 2) {
        return Ok(());
    }
    let mut sources: Vec<&SourceOfNight> = night.sources.iter().collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.copies));
    writeln!(to, "  documents    originals       copies   of index  source")?;
    for SourceOfNight { name, documents, originals, copies, copies_of_index } in
        sources.iter().copied().take(TOLD)
    {
        let name = clean::line(name, NAME);
        let [documents, originals, copies, copies_of_index] =
            [*documents, *originals, *copies, *copies_of_index].map(number);
        writeln!(to, "  {documents:>9} {originals:>12} {copies:>12} {copies_of_index:>10}  {name}")?;
    }
    match night.source_count.saturating_sub(TOLD as u64) {
        0 => Ok(()),
        more => writeln!(to, "    and {} more", number(more)),
    }
}

/// The run and the last batches before it.
fn batch_rows(night: &Night, to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "  batch       documents    originals       copies")?;
    let mut at = night.batches + 1;
    for batch in std::iter::once(&night.batch).chain(&night.batches_before) {
        let of = batch.of_documents;
        let share = percent(of.copies(), batch.documents);
        let name = if at > night.batches { "this one".to_owned() } else { number(at) };
        let [documents, originals, copies] = [batch.documents, of.originals, of.copies()].map(number);
        writeln!(to, "  {name:<8} {documents:>12} {originals:>12} {copies:>12} ({share})")?;
        at = at.saturating_sub(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::index::Writer;
    use crate::index::store::Folder;
    use crate::night::Repeats;
    use crate::params::Params;
    use crate::past::Past;
    use crate::pipeline::{Inputs, Progress, Surroundings, run};

    #[test]
    fn numbers_are_told_alike() {
        let folder = tempfile::tempdir().unwrap();
        let sources = crate::read::sources::find(&[folder.path().to_path_buf()], None).unwrap();
        let writer = Writer::open(Arc::new(Folder::new(folder.path().join("archive")))).unwrap();
        let inputs = Inputs { past: Some(Past::adding_to(&writer)), ..sources.into() };
        let params = Params::audit();
        let outcome = run(inputs, &params, &Surroundings::default(), &Progress::default()).unwrap();
        let mut night = outcome.summary().index.clone().unwrap();
        (night.batches, night.documents) = (1, 1083);
        night.copies_of_index = Repeats { documents: 7609, paragraphs: 1, passages: 1000 };
        night.copies = Repeats { documents: 8585, paragraphs: 2, passages: 2000 };
        night.batch.documents = 10_000;
        let mut told = Vec::new();
        write(&night, true, false, &mut told).unwrap();
        let told = String::from_utf8(told).unwrap();
        for line in [
            "  1 batch, 1,083 documents came before",
            "  with their original there: 7,609 of 8,585 copied documents, 1 of 2 paragraphs, 1,000 of 2,000 passages",
            "  this one       10,000            0            0 (0 %)",
        ] {
            assert!(told.lines().any(|told| told == line), "{line}\n{told}");
        }
    }
}

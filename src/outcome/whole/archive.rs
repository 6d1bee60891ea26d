//! What the parts repeat of an index, put before them: as in a run that was made at once, but no more than
//! what is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::corpus::{Document, IS_SHORT, check_numbers, split_places};
use crate::document::Source;
use crate::error::Result;
use crate::index::Index;
use crate::outcome::whole::Whole;
use crate::past::{Archived, FirstParagraph, Strings, of_index};
use crate::read::texts::Locator;
use crate::unit::{PerUnit, UnitKind};
use crate::varint;

/// Numbers of which many are the same are held once, as soon as they are so many.
const MANY: usize = 1 << 18;

/// Distinct numbers.
#[derive(Default)]
struct Distinct {
    numbers: Vec<u32>,
    sorted: usize,
}

impl Distinct {
    fn add(&mut self, number: u32) {
        self.numbers.push(number);
        if self.numbers.len() > 2 * self.sorted + MANY {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.numbers.sort_unstable();
        self.numbers.dedup();
        self.sorted = self.numbers.len();
    }

    fn finish(mut self) -> Vec<u32> {
        self.sort();
        self.numbers
    }
}

/// From the numbers of an index, and of parts that go on behind them, to those of the outcome.
struct Renumbering<'a> {
    archived: &'a Archived,
    /// the first numbers that are no longer of the index
    first: PerUnit<u32>,
}

impl Renumbering<'_> {
    fn document(&self, document: u32) -> u32 {
        match document.checked_sub(self.first.documents) {
            Some(own) => self.archived.documents() + own,
            None => self.archived.numbers.partition_point(|number| *number < document) as u32,
        }
    }

    fn paragraph(&self, paragraph: u32) -> u32 {
        match paragraph.checked_sub(self.first.paragraphs) {
            Some(own) => self.archived.paragraphs + own,
            None => {
                let firsts = &self.archived.first_paragraphs;
                let behind = firsts.partition_point(|of| of.there <= paragraph);
                let FirstParagraph { there, here } = firsts[behind.saturating_sub(1)];
                here + (paragraph - there)
            }
        }
    }

    #[inline]
    fn unit(&self, kind: UnitKind, unit: u32) -> u32 {
        match kind {
            UnitKind::Document => self.document(unit),
            UnitKind::Paragraph => self.paragraph(unit),
        }
    }
}

impl Whole {
    /// Puts all that is told of an index before the documents of the parts, and numbers them as those of an
    /// outcome. Returns what comes from the index, and its sources, which go behind so many.
    pub(super) fn put_behind(
        &mut self,
        index: &Arc<Index>,
        own_sources: u32,
    ) -> Result<(Archived, Vec<Source>)> {
        let mut units = self.units_of_index();
        let numbers = self.documents_of_index(&units, index);
        let mut archived = Archived { own_sources, ..Archived::default() };
        let mut names = Vec::new();
        let mut sources: BTreeMap<u32, u32> = BTreeMap::new();
        let mut documents = Vec::with_capacity(numbers.len());
        let counts = PerUnit { documents: numbers.len(), paragraphs: units.paragraphs.len() };
        let mut tokens = counts.map(Vec::with_capacity);
        for &number in &numbers {
            let (row, segment) = index.document(number)?;
            let (id, of_paragraphs) = segment.strings(&row)?;
            let source = *sources.entry(row.source).or_insert_with(|| {
                names.push(of_index(segment.source(row.source).unwrap_or_default()));
                own_sources + names.len() as u32 - 1
            });
            documents.push(Document {
                locator: Locator::in_index((source, row.record), number, row.text),
                first_paragraph: archived.paragraphs,
                characters: row.characters,
                places: 0, // see `Archived::told`
                id: 0,
            });
            let (of_places, mut of_tokens) = split_places(&of_paragraphs, row.paragraphs);
            let told = Strings { id, places: of_places.to_vec() };
            archived.told.insert(documents.len() as u32 - 1, told);
            tokens.documents.push(row.tokens);
            for paragraph in row.first_paragraph..row.first_paragraph + row.paragraphs {
                let count = varint::read(&mut of_tokens).unwrap_or_default() as u32;
                if units.paragraphs.get(tokens.paragraphs.len()) == Some(&paragraph) {
                    tokens.paragraphs.push(count);
                }
            }
            let first = FirstParagraph { there: row.first_paragraph, here: archived.paragraphs };
            archived.first_paragraphs.push(first);
            archived.paragraphs += row.paragraphs;
        }
        archived.numbers = numbers;
        // every document of the index is distinct, as far as is told of it
        units.documents.clone_from(&archived.numbers);
        check_numbers(u64::from(archived.paragraphs), self.counts.paragraphs, "paragraphs")?;
        let counts = archived.counts();
        let renumbering = Renumbering { archived: &archived, first: self.first };
        self.renumber(&renumbering);
        for (kind, (to, (units, tokens))) in self.units.each_mut().zip(units.zip(tokens)) {
            let units: Vec<u32> = units.into_iter().map(|unit| renumbering.unit(kind, unit)).collect();
            to.first.splice(0..0, std::iter::repeat_n(IS_SHORT, counts[kind] as usize));
            units.iter().for_each(|&unit| to.first[unit as usize] = unit);
            to.distinct.splice(0..0, units);
            to.tokens.splice(0..0, tokens);
        }
        for document in &mut self.documents {
            document.first_paragraph = document.first_paragraph - self.first.paragraphs + archived.paragraphs;
        }
        self.documents.splice(0..0, documents);
        Ok((archived, names))
    }

    /// The documents and the paragraphs of the index that something is a copy of, or has the tokens of.
    fn units_of_index(&self) -> PerUnit<Vec<u32>> {
        PerUnit::from_fn(|kind| {
            let originals = self.near[kind].0.iter().map(|near| near.original);
            let mut units = Distinct::default();
            let all = self.units[kind].first.iter().copied().chain(originals);
            all.filter(|unit| *unit < self.first[kind]).for_each(|unit| units.add(unit));
            units.finish()
        })
    }

    /// The documents of the index in which these are, or of which there are passages.
    fn documents_of_index(&self, units: &PerUnit<Vec<u32>>, index: &Index) -> Vec<u32> {
        let mut documents = Distinct { numbers: units.documents.clone(), sorted: units.documents.len() };
        let of_paragraphs = units.paragraphs.iter().filter_map(|paragraph| index.document_of(*paragraph));
        let of_passages = self.passages.iter().map(|passage| passage.original);
        let of_contained = self.contained.iter().map(|(contained, _)| contained.original);
        let originals = of_passages.chain(of_contained).filter(|document| *document < self.first.documents);
        of_paragraphs.chain(originals).for_each(|document| documents.add(document));
        documents.finish()
    }

    fn renumber(&mut self, to: &Renumbering<'_>) {
        for (kind, units) in self.units.each_mut() {
            let compared = units.first.iter_mut().filter(|first| **first < IS_SHORT);
            compared.for_each(|first| *first = to.unit(kind, *first));
            units.distinct.iter_mut().for_each(|unit| *unit = to.unit(kind, *unit));
            for near in &mut self.near[kind].0 {
                (near.unit, near.original) = (to.unit(kind, near.unit), to.unit(kind, near.original));
            }
        }
        self.passages = self.passages.renumbered(|document| to.document(document));
        for (contained, _) in &mut self.contained {
            (contained.copy, contained.original) =
                (to.document(contained.copy), to.document(contained.original));
        }
        self.leaving.iter_mut().for_each(|document| *document = to.document(*document));
    }
}

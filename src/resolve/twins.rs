//! Documents of one paragraph: what is found of the document holds for its paragraph.
//!
//! Both are the same set, so they stand in the same buckets. Where these hold nothing but such documents, on the one
//! side, and nothing but their paragraphs on the other, and the same goes for all that can be reached from
//! bucket to bucket, law 1 takes the same course twice. The paragraphs are then left out of their resolver,
//! and their near copies written down from those of the documents.

use rayon::prelude::*;

use crate::band::Buckets;
use crate::corpus::{Corpus, IS_SHORT, Units};
use crate::resolve::Near;
use crate::unit::{PerUnit, UnitKind};

/// In [`Pairs`]: none.
const NONE: u32 = u32::MAX;

/// Which documents tell of their paragraphs.
pub(crate) struct Twins {
    /// by row of the document
    told: Vec<bool>,
}

/// The rows that belong together.
struct Pairs {
    /// for each document's row, that of its only paragraph, and the other way round; [`NONE`] where either has
    /// no such partner
    partners: PerUnit<Vec<u32>>,
}

/// A distinct unit, by its row.
type Row = (UnitKind, u32);

impl Twins {
    /// Finds them, and takes the paragraphs out of their buckets.
    pub(crate) fn part(corpus: &Corpus, buckets: &mut PerUnit<Buckets>) -> Self {
        if buckets.values().any(Buckets::is_empty) {
            return Twins { told: Vec::new() };
        }
        let pairs = Pairs::new(corpus);
        if pairs.partners.documents.iter().all(|partner| *partner == NONE) {
            return Twins { told: Vec::new() };
        }
        let alone = pairs.without_partner(corpus, buckets);
        let linked = |row: &u32| !buckets.documents.of(*row).is_empty();
        let rows = 0..corpus.units.documents.distinct.len() as u32;
        let told: Vec<bool> = rows.map(|row| linked(&row) && !alone.documents[row as usize]).collect();
        let of_paragraph = |row: u32| {
            let document = pairs.partners.paragraphs[row as usize];
            document != NONE && told[document as usize]
        };
        buckets.paragraphs.leave_out(of_paragraph);
        Twins { told }
    }

    /// Adds the near copies among the paragraphs that were left out.
    pub(crate) fn complete(&self, corpus: &Corpus, documents: &[Near], paragraphs: &mut Vec<Near>) {
        let units = &corpus.units.documents;
        let first = |unit: u32| units.row(units.first[unit as usize]);
        let told = documents.iter().filter(|near| {
            first(near.unit).is_some_and(|row| self.told.get(row).copied().unwrap_or_default())
        });
        let paragraph = |document: u32| corpus.documents[document as usize].first_paragraph;
        let before = paragraphs.len();
        paragraphs.extend(told.map(|near| Near {
            unit: paragraph(near.unit),
            original: paragraph(near.original),
            overlap: near.overlap,
        }));
        if before > 0 && before < paragraphs.len() {
            paragraphs.sort_unstable_by_key(|near| near.unit);
        }
    }
}

impl Pairs {
    fn new(corpus: &Corpus) -> Self {
        let PerUnit { documents, paragraphs } = &corpus.units;
        let mut partners = corpus.units.each_ref().map(|units| vec![NONE; units.distinct.len()]);
        for (row, &document) in (0..).zip(&documents.distinct) {
            let own = corpus.paragraphs(document);
            let paragraph = paragraphs.row(own.start).filter(|_| own.len() == 1);
            if let Some(paragraph) = paragraph {
                partners.documents[row as usize] = paragraph as u32;
                partners.paragraphs[paragraph] = row;
            }
        }
        Pairs { partners }
    }

    /// The rows, of documents and of paragraphs, from which one without a partner can be reached from bucket to
    /// bucket; or one that is repeated where its partner is not.
    fn without_partner(&self, corpus: &Corpus, buckets: &PerUnit<Buckets>) -> PerUnit<Vec<bool>> {
        let mut alone = corpus.units.each_ref().map(|units| vec![false; units.distinct.len()]);
        let mut left: Vec<Row> = Vec::new();
        let leave = |alone: &mut PerUnit<Vec<bool>>, left: &mut Vec<Row>, (kind, row): Row| {
            let linked = !buckets[kind].of(row).is_empty();
            if !std::mem::replace(&mut alone[kind][row as usize], true) && linked {
                left.push((kind, row));
            }
        };
        for (kind, partners) in self.partners.iter() {
            for (row, _) in (0..).zip(partners).filter(|(_, partner)| **partner == NONE) {
                leave(&mut alone, &mut left, (kind, row));
            }
        }
        let documents = 0..corpus.documents.len() as u32;
        let unequal: Vec<Vec<Row>> =
            documents.into_par_iter().map(|document| self.unequal(corpus, document)).collect();
        for row in unequal.into_iter().flatten() {
            leave(&mut alone, &mut left, row);
        }
        let mut seen = buckets.each_ref().map(|buckets| vec![false; buckets.len()]);
        while let Some((kind, row)) = left.pop() {
            let partner = self.partners[kind][row as usize];
            if partner != NONE {
                leave(&mut alone, &mut left, (kind.other(), partner));
            }
            for &bucket in buckets[kind].of(row) {
                if !std::mem::replace(&mut seen[kind][bucket as usize], true) {
                    for &member in buckets[kind].members(bucket) {
                        leave(&mut alone, &mut left, (kind, member));
                    }
                }
            }
        }
        alone
    }

    /// The rows of a document, and of its paragraphs, that it repeats without repeating their partner.
    fn unequal(&self, corpus: &Corpus, document: u32) -> Vec<Row> {
        let PerUnit { documents, paragraphs } = &corpus.units;
        let own = corpus.paragraphs(document);
        let repeated = |units: &Units, unit: u32| {
            let first = units.first[unit as usize];
            if first < IS_SHORT && first != unit { units.row(first).map(|row| row as u32) } else { None }
        };
        let of_document = repeated(documents, document);
        let expected =
            of_document.map(|row| self.partners.documents[row as usize]).filter(|_| own.len() == 1);
        let mut unequal = Vec::new();
        let mut met = false;
        for paragraph in own {
            let Some(row) = repeated(paragraphs, paragraph) else { continue };
            met = expected == Some(row);
            if !met {
                unequal.push((UnitKind::Paragraph, row));
            }
        }
        unequal.extend(of_document.filter(|_| !met).map(|row| (UnitKind::Document, row)));
        unequal
    }
}

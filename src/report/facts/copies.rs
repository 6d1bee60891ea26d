//! All copies, sorted by what they repeat: 28 bytes each. Where memory is bounded they wait in a temporary file, sorted
//! in runs, and no more than [`HELD`] bytes of them are held.

use std::collections::HashMap;
use std::path::Path;

use rayon::prelude::*;

use crate::error::Result;
use crate::report::facts::add_up::in_thousandths;
use crate::report::facts::sorted::Runs;
use crate::report::facts::{COPIES, Extent, Repeat, Stretch};

/// Bytes of copies that are held where memory is bounded, and at first where it is not.
const HELD: usize = 20 << 20;

/// Names an original: document; 0 for all of it, 1 for paragraphs, 2 for a passage; which paragraphs or
/// characters of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) document: u32,
    pub(super) what: u32,
    pub(super) range: [u32; 2],
}

impl From<&Stretch> for Key {
    fn from(stretch: &Stretch) -> Self {
        let chars = &stretch.span.chars;
        let (what, range) = match stretch.extent {
            Extent::Document => (0, [0; 2]),
            Extent::Paragraphs(paragraphs) => (1, [paragraphs.first, paragraphs.last]),
            Extent::Passage(..) => (2, [chars.start as u32, chars.end as u32]),
        };
        Key { document: stretch.document, what, range }
    }
}

/// A copy: the key of its original (4), its document, its characters; its kind (0 exact, 1 near, 2 contained) behind
/// its lowest and before its highest similarity in thousandths, ten bits each. Sorted, the copies of an original
/// stand together in the order of their documents.
type Row = [u32; 7];

fn row(document: u32, repeat: &Repeat) -> Row {
    let Key { document: original, what, range: [first, last] } = Key::from(&repeat.original);
    let [low, high] = repeat.similarity.map(|of| u32::from(in_thousandths(of)));
    let how = low << 12 | (repeat.kind as u32) << 10 | high;
    [original, what, first, last, document, repeat.characters as u32, how]
}

fn key(&[document, what, first, last, ..]: &Row) -> Key {
    Key { document, what, range: [first, last] }
}

/// The similarity of near copies, where there are none.
const NONE_NEAR: [u16; 2] = [1000, 0];

/// What copies of an original add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) characters: u64,
    pub(super) count: u32,
    pub(super) exact: u32,
    pub(super) near: u32,
    /// see [`crate::report::facts::Group::similarity`]
    pub(super) similarity: [u16; 2],
    /// documents with it, the original's among them, and the last of these
    pub(super) documents: u32,
    last: u32,
}

impl Sum {
    /// Of no copy; `last` is the document of the original.
    fn none(last: u32) -> Self {
        Sum { characters: 0, count: 0, exact: 0, near: 0, similarity: NONE_NEAR, documents: 1, last }
    }

    /// Adds a copy that stands behind all others.
    fn add(&mut self, &[.., document, characters, how]: &Row) {
        self.characters += u64::from(characters);
        self.count += 1;
        self.documents += u32::from(self.last != document);
        self.last = document;
        match how >> 10 & 3 {
            0 => self.exact += 1,
            1 => {
                self.near += 1;
                self.spread([how >> 12, how & 0x3FF].map(|of| of as u16));
            }
            _ => {}
        }
    }

    fn spread(&mut self, [from, upto]: [u16; 2]) {
        let [low, high] = self.similarity;
        self.similarity = [low.min(from), high.max(upto)];
    }

    /// Adds what another original adds up to that is the same for the most part: it stands in so many documents at
    /// least.
    pub(super) fn take_in(&mut self, other: &Sum) {
        self.characters += other.characters;
        self.count = self.count.saturating_add(other.count);
        self.exact = self.exact.saturating_add(other.exact);
        self.near = self.near.saturating_add(other.near);
        self.spread(other.similarity);
        self.documents = self.documents.max(other.documents);
    }
}

/// An original with its copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) key: Key,
    pub(super) sum: Sum,
}

/// Copies of an original behind its first [`COPIES`] ones.
struct More {
    sum: Sum,
    /// in which run the first ones are
    run: usize,
}

/// Gathers copies.
pub(super) struct Copies {
    held: Vec<Row>,
    /// copies that are held before they are looked through
    most: usize,
    /// where they wait; without it they are held
    waiting: Option<Runs<Row>>,
    more: HashMap<Key, More>,
}

impl Copies {
    /// None; where there is a `folder`, they may wait there.
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Copies::holding(folder, HELD / size_of::<Row>())
    }

    fn holding(folder: Option<&Path>, most: usize) -> Self {
        let waiting = folder.map(Runs::new);
        // a list that grows by doubling is twice there while it does; room that nothing is written to takes nothing
        let room = if waiting.is_some() { most } else { 0 };
        Copies { held: Vec::with_capacity(room), most, waiting, more: HashMap::new() }
    }

    /// Adds a copy, whose document is none before that of the last one.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn add(&mut self, document: u32, repeat: &Repeat) -> Result<()> {
        self.push(row(document, repeat))
    }

    fn push(&mut self, row: Row) -> Result<()> {
        if self.held.len() == self.most {
            self.fold();
            match &mut self.waiting {
                Some(waiting) if self.held.len() > self.most / 2 => {
                    waiting.push(&self.held)?;
                    self.held.clear();
                }
                Some(_) => {}
                None => self.most = self.most.max(self.held.len() * 2),
            }
        }
        self.held.push(row);
        Ok(())
    }

    /// Sorts what is held, and adds up what stands behind the first copies of an original.
    fn fold(&mut self) {
        self.held.par_sort_unstable();
        let run = self.runs();
        let (mut of, mut count, mut document) = (None, 0, 0);
        let more = &mut self.more;
        self.held.retain(|row| {
            let key = key(row);
            if of != Some(key) {
                // the first ones may have been written already
                let are_written = more.get(&key).is_some_and(|more| more.run < run);
                (of, count) = (Some(key), if are_written { COPIES } else { 0 });
            }
            if count < COPIES {
                (count, document) = (count + 1, row[4]);
                return true;
            }
            let new = || More { sum: Sum { documents: 0, ..Sum::none(document) }, run };
            more.entry(key).or_insert_with(new).sum.add(row);
            false
        });
    }

    /// How many runs wait.
    fn runs(&self) -> usize {
        self.waiting.as_ref().map_or(0, Runs::len)
    }

    /// Calls `found` with each original, in the order of their keys, and with the documents of its first [`COPIES`]
    /// copies, ascending.
    ///
    /// # Errors
    /// [`crate::error::Error::Temporary`].
    pub(super) fn finish(mut self, mut found: impl FnMut(Tally, &[u32])) -> Result<()> {
        self.fold();
        let more = std::mem::take(&mut self.more);
        let mut documents = Vec::with_capacity(COPIES);
        let mut tally: Option<Tally> = None;
        let mut end = |Tally { key, mut sum }: Tally, documents: &[u32]| {
            if let Some(More { sum: behind, .. }) = more.get(&key) {
                let documents = sum.documents + behind.documents;
                sum.take_in(behind);
                sum.documents = documents;
            }
            found(Tally { key, sum }, documents);
        };
        let each = |row: &Row| {
            let key = key(row);
            if let Some(tally) = tally.take_if(|tally| tally.key != key) {
                end(tally, &documents);
                documents.clear();
            }
            tally.get_or_insert(Tally { key, sum: Sum::none(key.document) }).sum.add(row);
            if documents.len() < COPIES {
                documents.push(row[4]);
            }
        };
        match &self.waiting {
            Some(waiting) => waiting.merge(&self.held, each)?,
            None => self.held.iter().for_each(each),
        }
        if let Some(tally) = tally {
            end(tally, &documents);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Copies of few originals, in the order of their documents; runs of them are of one original.
    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let how = (0..=2u32, 0..=1000u32, 0..=1000u32);
        let run = (0..4u32, 0..3u32, 0..2u32, 0..3u32, 1..9u32, how, 1..70usize);
        prop::collection::vec(run, 0..12).prop_map(|runs| {
            let mut document = 0;
            let mut rows = Vec::new();
            for (original, what, first, step, characters, (kind, low, high), count) in runs {
                for _ in 0..count {
                    document += step;
                    let how = low.min(high) << 12 | kind << 10 | low.max(high);
                    rows.push([original, what, first, first + 1, document, characters, how]);
                }
            }
            rows
        })
    }

    /// The same with all at hand.
    fn plain(rows: &[Row]) -> Vec<(Tally, Vec<u32>)> {
        let mut by_key: BTreeMap<Key, Vec<Row>> = BTreeMap::new();
        rows.iter().for_each(|of| by_key.entry(key(of)).or_default().push(*of));
        let tally = |(key, rows): (Key, Vec<Row>)| {
            let documents: Vec<u32> = rows.iter().map(|row| row[4]).collect();
            // a document that comes twice comes at once; the original's may come again
            let mut distinct: BTreeSet<(bool, u32)> = documents.iter().map(|of| (true, *of)).collect();
            if documents[0] != key.document {
                distinct.insert((false, key.document));
            }
            let of_kind = |kind| rows.iter().filter(move |row| row[6] >> 10 & 3 == kind);
            let sum = Sum {
                characters: rows.iter().map(|row| u64::from(row[5])).sum(),
                count: rows.len() as u32,
                exact: of_kind(0).count() as u32,
                near: of_kind(1).count() as u32,
                similarity: [
                    of_kind(1).map(|row| row[6] >> 12).min().unwrap_or(1000) as u16,
                    of_kind(1).map(|row| row[6] & 0x3FF).max().unwrap_or(0) as u16,
                ],
                documents: distinct.len() as u32,
                last: documents[documents.len() - 1],
            };
            (Tally { key, sum }, documents.into_iter().take(COPIES).collect())
        };
        by_key.into_iter().map(tally).collect()
    }

    fn gathered(rows: &[Row], most: usize, folder: Option<&Path>) -> (Vec<(Tally, Vec<u32>)>, usize) {
        let mut copies = Copies::holding(folder, most);
        rows.iter().for_each(|row| copies.push(*row).unwrap());
        let (mut found, runs) = (Vec::new(), copies.runs());
        copies.finish(|tally, documents| found.push((tally, documents.to_vec()))).unwrap();
        found.iter_mut().for_each(|(tally, documents)| tally.sum.last = documents[documents.len() - 1]);
        (found, runs)
    }

    proptest! {
        #[test]
        fn whatever_is_held_the_sums_are_those_of_all(rows in rows(), most in 1..150usize) {
            let mut expected = plain(&rows);
            expected.iter_mut().for_each(|(tally, documents)| tally.sum.last = documents[documents.len() - 1]);
            let folder = std::env::temp_dir();
            prop_assert_eq!(&gathered(&rows, most, None).0, &expected);
            prop_assert_eq!(&gathered(&rows, most, Some(&folder)).0, &expected);
        }
    }

    #[test]
    fn copies_wait_in_runs_and_those_of_one_original_are_added_up() {
        let folder = std::env::temp_dir();
        let row = |original, document| [original, 0, 0, 0, document, 1, 0];
        let distinct: Vec<Row> = (0..1000).map(|number| row(number, 1000 + number)).collect();
        let (found, runs) = gathered(&distinct, 100, Some(&folder));
        assert_eq!((found.len(), runs), (1000, 9));
        let same: Vec<Row> = (0..10_000).map(|number| row(7, 1000 + number)).collect();
        let (found, runs) = gathered(&same, 101, Some(&folder));
        assert_eq!(
            (found[0].0.sum.count, found[0].0.sum.documents, found[0].1.len()),
            (10_000, 10_001, COPIES)
        );
        assert_eq!(runs, 0, "what is added up needs no room");
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let mut copies = Copies::holding(Some(Path::new("no/such/folder")), 1);
        let error = (0..9).find_map(|number| copies.push([number; 7]).err()).map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("no/such/folder")));
    }
}

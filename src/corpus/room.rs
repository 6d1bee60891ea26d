//! Room for what is still to come in the tables. A list that has doubled its room has been copied once over by the end; where it
//! is known about how much comes, that is an eighth of it. Room that nothing is written to takes no memory.

use crate::corpus::{Builder, Units};
use crate::document::{Compression, Format, Source};
use crate::scan::{Scanned, Signed, SignedUnits};

/// How many times as much a list has room for when it has none any more: at least and at most where it is known what comes, and
/// else.
const LEAST: f64 = 1.125;
const MOST: f64 = 8.0;
const USUAL: f64 = 2.0;

/// More than what is read so far tells, since texts differ.
const MARGIN: f64 = 1.06;

/// Bytes that these files have, where that tells how much text: no less than they have of it.
pub(super) fn to_read(sources: &[Source]) -> Option<u64> {
    let of_text = |file: &Source| {
        file.regular && file.compression == Compression::Plain && file.format != Format::Parquet
    };
    sources.iter().all(of_text).then(|| sources.iter().map(|file| file.size).sum())
}

/// Makes room for so many more.
fn make_room<T>(list: &mut Vec<T>, more: usize, growth: f64) {
    let needed = list.len() + more;
    if needed > list.capacity() {
        list.reserve_exact((needed as f64 * growth) as usize - list.len());
    }
}

impl Units {
    fn make_room<'a>(&mut self, units: usize, signed: impl Iterator<Item = &'a SignedUnits>, growth: f64) {
        let (mut distinct, mut keys) = (0, 0);
        for signed in signed {
            distinct += signed.tokens.len();
            keys += signed.keys.len();
        }
        make_room(&mut self.first, units, growth);
        make_room(&mut self.distinct, distinct, growth);
        make_room(&mut self.tokens, distinct, growth);
        make_room(&mut self.keys, keys, growth);
    }
}

impl Builder<'_> {
    /// Makes room for a batch.
    pub(super) fn make_room(&mut self, batch: &[Scanned], signed: &[Signed]) {
        let sum = |of: fn(&Scanned) -> usize| batch.iter().map(of).sum::<usize>();
        let read = self.counts.text_bytes + batch.iter().map(|scanned| scanned.text_bytes).sum::<u64>();
        let growth =
            self.to_read.map_or(USUAL, |all| (all as f64 / read.max(1) as f64 * MARGIN).clamp(LEAST, MOST));
        let (documents, paragraphs) = (sum(|of| of.documents.len()), sum(|of| of.paragraph_keys.len()));
        make_room(&mut self.documents, documents, growth);
        self.units.documents.make_room(documents, signed.iter().map(|signed| &signed.documents), growth);
        self.units.paragraphs.make_room(paragraphs, signed.iter().map(|signed| &signed.paragraphs), growth);
        make_room(&mut self.places, sum(|of| of.places.len()), growth);
        let seeds = signed.iter().map(|signed| signed.seeds.len()).sum();
        make_room(&mut self.seeds, seeds, growth);
        self.seed_gaps.make_room(seeds, |near, more| make_room(near, more, growth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_once_for_what_is_expected() {
        let mut list = vec![0u8; 100];
        list.shrink_to_fit();
        make_room(&mut list, 20, 4.0);
        assert!((480..500).contains(&list.capacity()), "{}", list.capacity());
        let before = list.capacity();
        make_room(&mut list, 300, 2.0);
        assert_eq!(list.capacity(), before);
    }

    #[test]
    fn only_plain_files_tell_how_much_there_is() {
        let file = |name: &str, size| Source { size, regular: true, ..crate::past::of_index(name) };
        let packed = Source { compression: Compression::Gzip, ..file("a.jsonl", 5) };
        assert_eq!(to_read(&[file("a.jsonl", 5), file("b.txt", 7)]), Some(12));
        assert_eq!(to_read(&[file("a.jsonl", 5), packed]), None);
        assert_eq!(to_read(&[file("a.parquet", 5)]), None);
    }
}

//! What will be held when what has been read is searched.

use crate::band::KeyHead;
use crate::certify::Draw;
use crate::corpus::{Builder, Document};
use crate::passage::recurring::WindowMarks;
use crate::passage::winnow::SeedHead;
use crate::reread::weight;
use crate::scan::Scanned;
use crate::unit::UnitKind;

/// Bytes held for each document beside its own: its row in the index of parts and that of all parts together.
const OF_A_DOCUMENT: usize = 156;

/// Bytes held for each byte of band keys, and of seeds, while they are linked, at the most: some keys in order, what earlier parts
/// know of them.
const KEYS_LINKED: usize = 3;
const SEEDS_LINKED: usize = 2;

/// Bytes held for each byte of band keys after linking: they may be kept, and buckets come of them.
const KEYS_WORKING: usize = 2;

/// Bytes held for each byte of seeds after linking: where nothing comes before, and after earlier parts, to whose texts many
/// lead.
const SEEDS_WORKING: [usize; 2] = [3, 8];

/// What of [`SEEDS_WORKING`] is for texts that may be repeated by passages, whatever comes before: where they take more, it
/// waits in a file, which costs less than smaller parts do.
const TEXTS_WORKING: usize = 1;

/// Bytes held for each window of a seed whose list may be full, where more is to come: nearly all of them are told to the index
/// of the parts, and are held twice then.
const OF_A_TOLD_WINDOW: usize = 40;

impl Builder<'_> {
    /// About how many bytes will be held when this is searched as a part: the tables, and what linking, reading again and
    /// keeping take beside them, where it `is_first` or earlier parts come before. Measured on `real.jsonl`, where it is
    /// mostly more than that.
    pub(crate) fn working_size(&self, is_first: bool) -> u64 {
        let keys: usize = self.units.values().map(|units| size_of_val(&units.keys[..])).sum();
        let distinct: usize = self.units.values().map(|units| units.distinct.len()).sum();
        let units: usize = self.units.values().map(|units| size_of_val(&units.first[..])).sum();
        let tables = (size_of::<Document>() + OF_A_DOCUMENT) * self.documents.len()
            + units
            + (8 + 25) * distinct
            + self.places.len()
            + self.ids.len()
            + size_of_val(&self.seed_counts[..])
            + size_of_val(&self.pieces[..])
            + self.labels.size()
            + self.draws.values().map(Draw::size).sum::<usize>();
        let of_windows = |windows: &WindowMarks| windows.size() + OF_A_TOLD_WINDOW * windows.marked();
        let windows = self.windows.as_ref().map_or(0, of_windows);
        let linking = keys * KEYS_LINKED + self.seeds_size() * SEEDS_LINKED;
        let seeds = self.seeds_size() * SEEDS_WORKING[usize::from(!is_first)];
        let searching = keys * KEYS_WORKING + seeds;
        (tables * 5 / 4 + windows + linking.max(searching)) as u64
    }

    /// Notes of a batch what its heaviest text takes.
    pub(super) fn note_heaviest(&mut self, batch: &[Scanned]) {
        let weights = batch.iter().flat_map(Scanned::sizes).map(|(record, tokens)| weight(record, tokens));
        self.heaviest = weights.fold(self.heaviest, u64::max);
    }

    fn seeds_size(&self) -> usize {
        (size_of::<SeedHead>() + size_of::<u8>()) * self.seeds.len()
    }

    /// How many bytes of that are for texts.
    pub(crate) fn texts_size(&self) -> u64 {
        (self.seeds_size() * TEXTS_WORKING) as u64
    }

    /// How many units of a kind have tokens of their own.
    pub(crate) fn distinct_of(&self, kind: UnitKind) -> usize {
        self.units[kind].distinct.len()
    }

    /// The band keys of some of them, one after the other; none where there are none.
    pub(crate) fn keys_of(
        &self,
        kind: UnitKind,
        rows: impl Iterator<Item = usize>,
        bands: usize,
    ) -> Vec<KeyHead> {
        let keys = &self.units[kind].keys;
        rows.flat_map(|row| keys.get(row * bands..(row + 1) * bands).unwrap_or_default()).copied().collect()
    }

    /// How many units have tokens of their own.
    pub(crate) fn distinct(&self) -> u64 {
        self.units.values().map(|units| units.distinct.len() as u64).sum()
    }

    /// How many seeds its distinct documents have.
    pub(crate) fn seeds(&self) -> u64 {
        self.seeds.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::digest::RecordsDigest;
    use crate::order::Order;
    use crate::params::Params;
    use crate::scan::Counted;

    /// Records are numbered in 32 bits, good and bad ones, through all parts of a run.
    #[test]
    fn more_records_than_can_be_numbered_are_an_error() {
        let order = Order::default();
        let params = Params::audit();
        let chunk = |records: u64| {
            let mut scanned = Scanned::default();
            scanned.counted.push(Counted { source: 1, records, lines: records });
            scanned
        };
        for (known, chunks, is_too_many) in [
            ([0, 0], vec![(1 << 32) - 1], true),
            ([0, 0], vec![1 << 31, (1 << 31) - 1], true),
            ([1 << 31, (1 << 31) - 9], vec![4, 4], true),
            ([1 << 31, (1 << 31) - 9], vec![4, 2], false),
        ] {
            let mut builder = Builder::empty(2, RecordsDigest::default(), &params, &order);
            (builder.before[0][1], builder.counts.records[1]) = (known[0], known[1]);
            let chunks: Vec<Scanned> = chunks.into_iter().map(chunk).collect();
            let told = builder.admit(&chunks).err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(told.contains("4294967294 records in one file"), is_too_many, "{known:?}: {told}");
        }
    }

    /// Where texts are much alike, these are most of what a part takes.
    #[test]
    fn windows_that_will_be_told_count() {
        let order = Order::default();
        let mut builder = Builder::new(&[], &Params::audit(), &order);
        let before = builder.working_size(true);
        let mut windows = WindowMarks::new();
        let seeds = [7u64 << 30; 100];
        let marks: Vec<u32> = (0..100).collect();
        windows.add(&[], &seeds, (&[1; 100], &marks));
        // the list of a seed has room for the first ones
        assert_eq!(windows.marked(), 92);
        builder.windows = Some(windows);
        assert!(builder.working_size(true) >= before + 92 * OF_A_TOLD_WINDOW as u64);
    }
}

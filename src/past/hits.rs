//! Which units of an index equal units of a corpus, or share a bucket with them? All that is compared with the index comes of this.

use crate::band::in_order::{Asked, InOrder};
use crate::band::{with_band, without_band};
use crate::collapse::Keyed;
use crate::corpus::{Ranks, Units};
use crate::error::Result;
use crate::index::Known;
use crate::params::Params;
use crate::passage::Contained;
use crate::past::{Listed, Seen, sort};
use crate::resolve::listed_originals;
use crate::unit::UnitKind;

/// Exact keys that are looked up at once.
const LOOKED_UP: usize = 1 << 20;

/// Keys of bands that are looked up at once: what is found takes several times as much as they do.
const BANDS_LOOKED_UP: usize = 1 << 18;

/// What the index knows of one kind of unit.
pub(super) struct Hits {
    pub(super) exact: Equals,
    pub(super) bands: BandHits,
    /// all that it knows, ascending: equal units, their originals, and originals that share a bucket
    pub(super) units: Vec<u32>,
    /// units of the index that share a bucket, but can't match
    pub(super) hopeless: Vec<u32>,
}

/// Originals of an index that share a bucket with units of a corpus, by bucket: there may be many times as many as units, so
/// each takes no more than it must.
#[derive(Default)]
pub(super) struct BandHits {
    pub(super) buckets: Listed,
    pub(super) units: Vec<u32>,
}

impl BandHits {
    fn push(&mut self, bucket: u64, units: impl Iterator<Item = u32>) {
        self.units.extend(units);
        self.buckets.resize(self.units.len(), bucket);
    }

    /// Makes room for `more`: where there is none, a quarter more than there are, not twice as many.
    fn reserve(&mut self, more: usize) {
        let count = self.units.len();
        if self.units.capacity() - count < more {
            let more = more.max(count / 4);
            self.buckets.reserve_exact(more);
            self.units.reserve_exact(more);
        }
    }

    /// The units that stand in a bucket.
    fn of(&self, bucket: u64) -> &[u32] {
        let first = self.buckets.partition_point(|of| *of < bucket);
        let count = self.buckets[first..].iter().take_while(|of| **of == bucket).count();
        &self.units[first..first + count]
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = SharedBucket> {
        self.units.iter().zip(&self.buckets).map(|(&unit, &bucket)| {
            let (key, band) = without_band(bucket);
            SharedBucket { unit, key, band }
        })
    }
}

/// An original of the index in a bucket of the corpus.
pub(super) struct SharedBucket {
    pub(super) unit: u32,
    pub(super) key: u64,
    pub(super) band: usize,
}

/// Units of the index with the tokens of a unit of the corpus, by the one that is first with them there.
pub(super) struct Equals {
    pub(super) units: Ranks,
    pub(super) known: Vec<Known>,
}

impl Equals {
    pub(super) fn get(&self, unit: u32) -> Option<&Known> {
        self.units.rank(unit).map(|at| &self.known[at])
    }

    /// Those that left, being contained in another.
    pub(super) fn contained(&self) -> impl Iterator<Item = &Contained> {
        self.known.iter().filter_map(|known| known.contained.as_deref())
    }

    /// The units of the index, and the originals of those that are copies.
    pub(super) fn in_index(&self) -> impl Iterator<Item = u32> {
        let both =
            self.known.iter().map(|known| [Some(known.unit), known.copy.as_ref().map(|copy| copy.original)]);
        both.flatten().flatten()
    }
}

pub(super) fn find(
    kind: UnitKind,
    (units, exact): (&Units, &[Keyed]),
    past: &Seen,
    (params, bands): (&Params, usize),
) -> Result<Hits> {
    let mut equal: Vec<(u32, Known)> = Vec::new();
    for exact in exact.chunks(LOOKED_UP) {
        let keys: Vec<u128> = exact.iter().map(Keyed::key).collect();
        let found = past.index.find_exact(kind, &keys, past.before)?;
        equal.extend(found.into_iter().map(|hit| (exact[hit.key as usize].unit, hit.known)));
    }
    equal.sort_unstable_by_key(|(unit, _)| *unit);
    equal.dedup_by_key(|(unit, _)| *unit);
    let exact = Equals {
        units: Ranks::new(equal.iter().map(|(unit, _)| *unit), units.first.len()),
        known: equal.into_iter().map(|(_, known)| known).collect(),
    };
    // what equals an original of the index is its copy, and asks nobody else
    let stays = |known: &Known| known.copy.is_none() && known.contained.is_none();
    let asks = |unit: u32| exact.get(unit).is_none_or(|known| !stays(known));
    let asking: Vec<bool> = units.distinct.iter().map(|unit| asks(*unit)).collect();
    let found = find_bands(kind, (units, &asking), past, (params, bands))?;
    let mut all: Vec<u32> = exact.in_index().chain(found.units.iter().copied()).collect();
    sort(&mut all);
    let mut hits = Hits { exact, bands: found, units: all, hopeless: Vec::new() };
    if !units.sketches.is_empty() {
        hits.hopeless = hopeless(units, &asking, &hits, past, (params, bands))?;
    }
    Ok(hits)
}

/// Originals of the index that share a bucket with `asking` rows of the corpus, as many of each as are compared.
fn find_bands(
    kind: UnitKind,
    (units, asking): (&Units, &[bool]),
    past: &Seen,
    (params, bands): (&Params, usize),
) -> Result<BandHits> {
    let most = listed_originals(params.comparisons);
    let mut hits = BandHits::default();
    let in_order = InOrder::new((&units.keys, bands), &units.distinct, asking);
    let (mut buffer, mut keys) = (Vec::new(), Vec::new());
    for number in 0..in_order.pieces() {
        let own = in_order.piece(number, &mut buffer);
        own.keys(&mut keys);
        let mut asked = Asked::default();
        for keys in keys.chunks(BANDS_LOOKED_UP) {
            let found = past.index.find_bands(kind, keys, past.before)?;
            hits.reserve(found.len());
            for same in found.chunk_by(|a, b| a.key == b.key) {
                let key = keys[same[0].key as usize];
                own.bands_of(key, &mut asked);
                for &band in &asked.bands {
                    // they come by unit
                    let listed = same.iter().filter(|hit| hit.may_be_of(band)).take(most);
                    hits.push(with_band(key, band as usize), listed.map(|hit| hit.unit));
                }
            }
        }
    }
    Ok(hits)
}

/// Those of the index that share a bucket with asking rows of the corpus, but by their sketches match none of them.
fn hopeless(
    units: &Units,
    asking: &[bool],
    hits: &Hits,
    past: &Seen,
    (params, bands): (&Params, usize),
) -> Result<Vec<u32>> {
    let mut equal: Vec<u32> = hits.exact.known.iter().map(|known| known.unit).collect();
    sort(&mut equal);
    let mut found = hits.bands.units.clone();
    sort(&mut found);
    found.retain(|unit| equal.binary_search(unit).is_err());
    let sketches = past.index.sketches(&found)?;
    let mut hopes: Vec<bool> = sketches.iter().map(|sketch| sketch.is_none()).collect();
    // most keys are in no bucket: a bit for each of 16 times as many slots tells nearly all of them
    let buckets = &hits.bands.buckets;
    let slots = (buckets.len() * 16).next_power_of_two().max(64);
    let slot = |key: u64| {
        let at = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize & (slots - 1);
        (at / 64, 1u64 << (at % 64))
    };
    let mut taken = vec![0u64; slots / 64];
    buckets.iter().map(|bucket| slot(*bucket)).for_each(|(word, bit)| taken[word] |= bit);
    for row in (0..asking.len()).filter(|row| asking[*row]) {
        let keys = units.keys.get(row * bands..(row + 1) * bands).unwrap_or_default();
        for bucket in keys.iter().enumerate().map(|(band, &key)| with_band(key.into(), band)) {
            let (word, bit) = slot(bucket);
            if taken[word] & bit == 0 {
                continue;
            }
            for at in hits.bands.of(bucket).iter().filter_map(|unit| found.binary_search(unit).ok()) {
                let hope = &mut hopes[at];
                *hope = *hope || units.sketches[row].may_reach(sketches[at], params.threshold);
            }
        }
    }
    Ok(found.into_iter().zip(hopes).filter(|(_, hope)| !hope).map(|(unit, _)| unit).collect())
}

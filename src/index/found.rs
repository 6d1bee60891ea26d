//! What an index answers with. Keys are looked up many at once, so each answer names the key by its place among those;
//! answers are in the order of their fields.

use crate::index::segment::CopyRow;
use crate::passage::Contained;

/// A unit of the index with the tokens looked for. What only copies have is boxed: most units are originals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) unit: u32,
    /// what it is a copy of; `None` of an original
    pub(crate) copy: Option<Box<CopyRow>>,
    /// in what it is contained, where it left for that
    pub(crate) contained: Option<Box<Contained>>,
}

/// The first unit with an exact key that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExactHit {
    /// the key's place among those looked up
    pub(crate) key: u32,
    pub(crate) known: Known,
}

/// A unit with an exact key, as a segment has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ExactEntry {
    /// the key's place among those looked up
    pub(super) key: u32,
    /// which of the index's segments
    pub(super) segment: usize,
    pub(super) unit: u32,
    /// 0 of an original, else 1 + the index of its copy row
    pub(super) copy: u32,
}

/// An original with a key of a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BandHit {
    /// the key's place among those looked up
    pub(crate) key: u32,
    pub(crate) unit: u32,
    /// 1 + the band, or 0 where a segment (of version 1) does not say of which band a key is
    band: u32,
}

impl BandHit {
    /// Of a key's place, and the numbers that stand beside the key.
    #[inline]
    pub(super) fn new(key: u32, [unit, band]: [u32; 2]) -> Self {
        BandHit { key, unit, band }
    }

    /// Whether the key may be one of this band.
    #[inline]
    pub(crate) fn may_be_of(&self, band: u32) -> bool {
        self.band == 0 || self.band == band + 1
    }
}

/// Where a seed, or a window, stands in original text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeedPlace {
    /// the key's place among those looked up
    pub(crate) key: u32,
    pub(crate) document: u32,
    /// the token at which it starts
    pub(crate) token: u32,
}

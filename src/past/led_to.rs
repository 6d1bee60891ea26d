//! To how many units of an index does what is being read lead? A part may begin to repeat what came before when nothing in
//! the last one did.

use crate::band::in_order::InOrder;
use crate::corpus::Builder;
use crate::error::Result;
use crate::past::{Seen, sort};
use crate::unit::{PerUnit, UnitKind};

/// Units of a kind that are looked up each time, at most.
const SAMPLE: usize = 2048;

/// They are looked up again when there are so many times as many.
const GROWTH: f64 = 1.125;

/// What has been found so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LedTo {
    /// documents and paragraphs that have been asked for
    asked: PerUnit<usize>,
    /// units that they lead to, about
    found: u64,
}

impl LedTo {
    /// About how many units of the index all that was read leads to, by some of it; none twice, but where several stretches
    /// of the corpus lead to one.
    ///
    /// # Errors
    /// Those of reading the index.
    pub(crate) fn ask(&mut self, read: &Builder<'_>, past: &Seen, bands: usize) -> Result<u64> {
        for kind in UnitKind::ALL {
            let all = read.distinct_of(kind);
            let asked = self.asked[kind];
            if all < SAMPLE || (all as f64) < asked as f64 * GROWTH {
                continue;
            }
            let step = (all - asked).div_ceil(SAMPLE);
            let keys = read.keys_of(kind, (asked..all).step_by(step), bands);
            self.asked[kind] = all;
            let rows = keys.len() / bands;
            let units: Vec<u32> = (0..rows as u32).collect();
            let wanted = vec![true; rows];
            let in_order = InOrder::new((&keys, bands), &units, &wanted);
            let (mut buffer, mut sought, mut found) = (Vec::new(), Vec::new(), Vec::new());
            for piece in 0..in_order.pieces() {
                in_order.piece(piece, &mut buffer).keys(&mut sought);
                let hits = past.index.find_bands(kind, &sought, past.before)?;
                found.extend(hits.into_iter().map(|hit| hit.unit));
            }
            sort(&mut found);
            self.found += (found.len() * step) as u64;
        }
        Ok(self.found)
    }
}

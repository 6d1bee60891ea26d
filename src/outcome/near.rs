//! The near copies among the units of one kind.

use crate::corpus::Ranks;
use crate::resolve::Near;

/// The near copies of one kind of unit, ascending, and which units they are.
pub(super) struct NearCopies {
    pub(super) all: Vec<Near>,
    units: Ranks,
}

impl NearCopies {
    pub(super) fn new(all: Vec<Near>, units: usize) -> Self {
        let units = Ranks::new(all.iter().map(|near| near.unit), units);
        NearCopies { all, units }
    }

    pub(super) fn contains(&self, unit: u32) -> bool {
        self.units.contains(unit)
    }

    pub(super) fn get(&self, unit: u32) -> Option<Near> {
        self.units.rank(unit).map(|at| self.all[at])
    }
}

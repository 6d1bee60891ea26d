//! Units that count only where their document stays: one after the other, as their documents are decided.
//!
//! A unit of a removed document is neither original nor copy, and is passed over. So the first unit with its
//! tokens that counts may be a later one than the first of the corpus; it is asked when it comes.

use crate::corpus::IS_SHORT;
use crate::resolve::Resolver;

/// In [`Resolver::firsts`]: none that counts has come.
pub(crate) const NONE: u32 = u32::MAX;

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// empty, short, or of a kind that nobody asked for
    NotCompared,
    Original,
    Copy,
    /// it would be an original, but leaves for another reason
    Leaves,
}

impl Resolver<'_> {
    /// From now on units go through [`Resolver::decide`] and [`Resolver::pass_over`], and not through
    /// [`Resolver::advance`].
    pub(crate) fn one_by_one(&mut self) {
        self.firsts = Some(vec![NONE; self.units.distinct.len()]);
    }

    /// The first unit of each row that counted, or [`NONE`].
    pub(crate) fn take_firsts(&mut self) -> Vec<u32> {
        self.firsts.take().unwrap_or_default()
    }

    /// Goes to the next unit. One that is no copy `leaves` where that says so; it is then no original either.
    pub(crate) fn decide(&mut self, unit: u32, leaves: impl FnOnce() -> bool) -> Standing {
        let Some((row, is_first)) = self.next(unit) else { return Standing::NotCompared };
        let is_linked = !self.buckets.of(row).is_empty();
        if self.unit(row) != NONE {
            if is_linked {
                self.repeat(unit, self.units.first[unit as usize]);
            }
            return Standing::Copy;
        }
        if let Some(&verdict) = self.archived.get(row as usize).filter(|_| is_first) {
            self.set_first(row, unit);
            if is_linked {
                self.archived(row, verdict);
            }
            return if verdict.is_some() { Standing::Copy } else { Standing::Original };
        }
        let place = if is_linked { self.sets.place(row) } else { None };
        let verdict = place.and_then(|place| self.ask(row, place));
        if verdict.is_none() && leaves() {
            self.leave(row, is_first);
            return Standing::Leaves;
        }
        if !is_first {
            self.one_repeat_fewer(row);
        }
        self.set_first(row, unit);
        if let Some(place) = place {
            self.settle((unit, row), place, verdict);
        }
        if verdict.is_some() { Standing::Copy } else { Standing::Original }
    }

    /// Goes past the next unit, which is of a document that leaves.
    pub(crate) fn pass_over(&mut self, unit: u32) {
        let Some((row, is_first)) = self.next(unit) else { return };
        if self.unit(row) == NONE {
            self.leave(row, is_first);
        } else if !self.buckets.of(row).is_empty() {
            if let (true, Some(place)) = (self.seen.contains_key(&row), self.sets.place(row)) {
                self.sets.let_go(place);
            }
            self.leave_buckets(row);
        }
    }

    /// The row of a unit, and whether it is the first of the corpus with its tokens.
    fn next(&mut self, unit: u32) -> Option<(u32, bool)> {
        let first = self.units.first[unit as usize];
        if first >= IS_SHORT {
            return None;
        }
        if first == unit {
            self.next_row += 1;
            return Some((self.next_row as u32 - 1, true));
        }
        Some((self.units.row(first)? as u32, false))
    }

    fn set_first(&mut self, row: u32, unit: u32) {
        if let Some(firsts) = &mut self.firsts {
            firsts[row as usize] = unit;
        }
    }

    /// A unit of a row of which none counts yet: its set stays at hand while others are to come.
    fn leave(&mut self, row: u32, is_first: bool) {
        if self.buckets.of(row).is_empty() {
            return;
        }
        if let Some(place) = self.sets.place(row) {
            if is_first {
                self.keep_set(place, self.repeats.get(&row).copied().unwrap_or(0));
            } else {
                self.one_repeat_fewer(row);
                self.sets.let_go(place);
            }
        }
        self.leave_buckets(row);
    }

    fn one_repeat_fewer(&mut self, row: u32) {
        if let Some(repeats) = self.repeats.get_mut(&row) {
            *repeats -= 1;
        }
    }
}

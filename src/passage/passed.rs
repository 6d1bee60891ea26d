//! Places that were passed over, so that those of the seeds to come on the same diagonal need not be looked at.

use crate::passage::places::LISTED;

/// A place that was passed over. Those of the seeds to come on the same diagonal are too, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) original: u32,
    /// tokens from a place in the later text to the one in the earlier
    pub(super) diagonal: u32,
    /// the last token at which a seed may start for this to be sure
    pub(super) until: u32,
    /// that holds while the alignments are these, if there were too many of them already; `None` where the
    /// verbatim run there covers nothing new, since it lies inside of one that stood first
    pub(super) too_many: Option<u32>,
}

/// The places that were passed over at this seed and at the one before, by original and diagonal. What it forgets
/// is looked at again.
#[derive(Default)]
pub(super) struct PassedOver {
    pub(super) now: Vec<Passed>,
    before: Vec<Passed>,
    /// how many of those before have been looked at
    done: usize,
    /// the present seed
    at: u32,
}

impl PassedOver {
    pub(super) fn clear(&mut self) {
        self.now.clear();
        self.before.clear();
    }

    /// Goes on to the seed at `at`.
    pub(super) fn go_on(&mut self, at: u32) {
        while self.done < self.before.len() {
            self.keep();
        }
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
        (self.done, self.at) = (0, at);
    }

    /// What is known of the place at `at` of `original`; places are asked for in order.
    pub(super) fn find(&mut self, original: u32, at: u32) -> Option<Passed> {
        let here = self.at;
        let key = |of: &Passed| (of.original, of.diagonal.wrapping_add(here));
        while self.before.get(self.done).is_some_and(|of| key(of) < (original, at)) {
            self.keep();
        }
        let same = *self.before.get(self.done).filter(|of| key(of) == (original, at))?;
        self.done += 1;
        Some(same).filter(|same| self.at <= same.until)
    }

    /// Remembers one of those before for the next seed, if they are few.
    fn keep(&mut self) {
        let of = self.before[self.done];
        self.done += 1;
        if self.at <= of.until && self.now.len() < 2 * usize::from(LISTED) {
            self.now.push(of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_passed_over_is_known_while_it_is_sure() {
        let of = |original, diagonal, until| Passed { original, diagonal, until, too_many: None };
        let mut passed = PassedOver::default();
        passed.go_on(10);
        assert_eq!(passed.find(1, 12), None);
        passed.now.extend([of(1, 2, 20), of(3, 2, 30), of(3, 5, 12)]);
        passed.go_on(13);
        assert_eq!(passed.find(2, 15), None);
        assert_eq!(passed.find(3, 15), Some(of(3, 2, 30)));
        passed.now.push(of(3, 2, 30));
        assert_eq!(passed.find(3, 18), None, "not sure any more");
        passed.go_on(19);
        assert_eq!(passed.find(1, 21), Some(of(1, 2, 20)), "kept, though not asked for");
        assert_eq!(passed.find(3, 21), Some(of(3, 2, 30)));
        passed.clear();
        passed.go_on(0);
        assert_eq!(passed.find(3, 2), None);
    }
}

//! What lies around a place that a seed leads to: as much of the earlier text as is looked at, and whether what agrees
//! there lies in a run that is known.

use crate::error::Error;
use crate::passage::align::Run;
use crate::passage::places::{Kept, KeptStretch, Places};

/// A seed of the later text beside a place of it in an earlier one.
pub(super) struct Hit<'k> {
    pub(super) tokens: &'k [u64],
    pub(super) kept: Kept<'k>,
    /// tokens in the seed
    pub(super) seed: u32,
    /// where it starts in the later text
    pub(super) at: u32,
    /// tokens from there to the place in the earlier text, modulo 2^32
    pub(super) diagonal: u32,
    /// what is kept further away than this is kept for other documents, which have no say in it
    pub(super) margin: u32,
}

impl Hit<'_> {
    /// Whether a token of the later text equals the one across from it, if that is at hand.
    fn compare(&self, token: u32) -> Option<bool> {
        let across = token.wrapping_add(self.diagonal).wrapping_sub(self.kept.start);
        let is_near = token.abs_diff(self.at) < self.margin;
        let across = self.kept.tokens.get(across as usize).filter(|_| is_near)?;
        Some(Some(across) == self.tokens.get(token as usize))
    }

    /// Whether the verbatim run there lies in this one, and the last seed on the diagonal for which that is sure.
    fn lies_in(&self, run: &Run) -> (bool, u32) {
        if !run.holds(self.at, self.seed) {
            // until another run of the alignment begins
            return (false, if run.copy <= self.at { u32::MAX } else { 0 });
        }
        let behind = self.compare(run.end());
        if behind == Some(true) {
            return (false, u32::MAX);
        }
        match run.copy.checked_sub(1).filter(|before| self.compare(*before) == Some(true)) {
            Some(before) => (false, before + self.margin - 1),
            // the token behind has no say as long as it is far away; it may have one after that
            None if behind.is_none() => (true, run.end().saturating_sub(self.margin)),
            None => (true, run.end() - self.seed),
        }
    }

    /// The same for any of these runs.
    pub(super) fn lies_in_any<'r>(&self, runs: impl Iterator<Item = &'r Run>) -> (bool, u32) {
        let mut until = u32::MAX;
        for (lies_in, sure) in runs.map(|run| self.lies_in(run)) {
            if lies_in {
                return (true, sure);
            }
            until = until.min(sure);
        }
        (false, until)
    }

    /// Whether the seed is so deep inside of a verbatim run that no other run there can be longer: what is further
    /// away has no say.
    pub(super) fn is_deep_in(run: &Run, (at, seed): (u32, u32), margin: u32, end: usize) -> bool {
        let is_far = |edge: Option<u32>| edge.is_none_or(|token| token.abs_diff(at) >= margin);
        let behind = Some(run.end()).filter(|behind| (*behind as usize) < end);
        run.holds(at, seed) && is_far(run.copy.checked_sub(1)) && is_far(behind)
    }
}

/// What is looked at of the text that a seed leads to.
pub(super) struct Near {
    /// where it is kept; `None` of the document itself
    pub(super) stretch: Option<KeptStretch>,
    /// its first token in that text, and behind its last
    pub(super) tokens: [u32; 2],
}

impl Near {
    pub(super) fn length(&self) -> u32 {
        self.tokens[1] - self.tokens[0]
    }

    /// Whether more may lie on either side of what an alignment may reach, of which it is as much as there is: only the text's
    /// own ends, and what leaves of it, make that less. What is kept beside it is kept for other documents, and has no say.
    pub(super) fn ends_within(&self, [start, end]: [u32; 2]) -> bool {
        (start > 0 && self.tokens[0] == start) || self.tokens[1] == end
    }

    /// Makes `read` its tokens if they wait; whether it could.
    pub(super) fn read(&self, places: &mut Places, read: &mut Vec<u64>, failed: &mut Option<Error>) -> bool {
        read.clear();
        let done = self.stretch.map_or(Ok(()), |stretch| places.read(&stretch, self.tokens, read));
        let is_done = done.is_ok();
        *failed = failed.take().or(done.err());
        is_done
    }

    /// Its tokens, in the document itself, in memory, or where they were read.
    pub(super) fn all<'k>(&self, own: &'k [u64], places: &'k Places, read: &'k [u64]) -> Kept<'k> {
        match &self.stretch {
            Some(stretch) => places.tokens(stretch, self.tokens, read),
            None => Kept { tokens: own, start: 0 },
        }
    }
}

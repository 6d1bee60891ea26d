//! What a run may take: memory, and folders.

use std::path::PathBuf;

use crate::in_turn;

/// What must not change an answer (law 3).
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// folder for temporary files
    pub temporary: PathBuf,
    /// bytes that one worker takes at once
    pub chunk: usize,
    /// bytes that the process may hold; a corpus of which more would have to be held is taken in parts
    pub memory: Option<u64>,
    /// a part ends in any case when so many bytes have to be held for it
    pub part: u64,
    /// bytes of sets that may still be compared, of each kind of unit: more of them wait in a temporary file
    pub sets: u64,
    /// bytes of texts that may still be repeated by passages: more of them wait in a temporary file
    pub texts: u64,
}

/// Chunks that memory must have room for: up to some 400 of their size are held, read ahead or read again, with their
/// tokens.
const CHUNKS_IN_MEMORY: u64 = 4096;

/// The part of memory that sets of each kind of unit may take, and texts, at least.
const SETS_IN_MEMORY: u64 = 32;

/// Bytes that may be held for what each thread reads again ahead of its turn, and the part of memory that all of that may take.
const READ_AGAIN: u64 = 128 << 20;
const READ_AGAIN_IN_MEMORY: u64 = 12;

/// Bytes of these that are in what is reserved for every run.
const READ_AGAIN_RESERVED: u64 = 24 << 20;

/// About how many bytes are held for each of a text of words of usual lengths that is read again.
const OF_A_BYTE: u64 = 10;

/// The least bytes of a chunk that memory makes it.
const LEAST_CHUNK: usize = 16 << 10;

impl Surroundings {
    /// With chunks and sets that memory has room for.
    pub(crate) fn fitting(&self) -> Self {
        let fits = self.memory.map_or(usize::MAX, |memory| (memory / CHUNKS_IN_MEMORY) as usize);
        let sets = self.memory.map_or(u64::MAX, |memory| memory / SETS_IN_MEMORY);
        Surroundings {
            chunk: self.chunk.min(fits.max(LEAST_CHUNK)),
            sets: self.sets.min(sets),
            texts: self.texts.min(sets),
            ..self.clone()
        }
    }

    /// A copy of these surroundings whose limits grow with `left` bytes of memory that what is searched does not take, beside
    /// `texts` bytes that are for texts: a quarter of `left` is for sets of each kind of unit and one for texts, unless less
    /// was asked for.
    pub(crate) fn with_room(&self, left: u64, texts: u64) -> Self {
        let fits = self.memory.map(|memory| memory / SETS_IN_MEMORY);
        let at_least = |asked: u64, room: u64| if fits == Some(asked) { asked.max(room) } else { asked };
        let (sets, texts) = (at_least(self.sets, left / 4), at_least(self.texts, texts + left / 4));
        Surroundings { sets, texts, ..self.clone() }
    }

    /// Bytes that may be held for what so many threads read again, unless one text alone takes more; see
    /// [`crate::reread::weight`].
    pub(crate) fn read_again(&self, threads: usize) -> u64 {
        let most = threads as u64 * READ_AGAIN;
        self.memory.map_or(most, |memory| most.min(memory / READ_AGAIN_IN_MEMORY))
    }

    /// About how many bytes that is more than what is reserved, where the heaviest text weighs so much.
    pub(crate) fn read_again_beside(&self, threads: usize, heaviest: u64) -> u64 {
        let group = heaviest.saturating_add(OF_A_BYTE * self.chunk as u64);
        let all = group.saturating_mul(in_turn::ahead(threads) as u64);
        all.min(self.read_again(threads)).saturating_sub(READ_AGAIN_RESERVED)
    }
}

impl Default for Surroundings {
    fn default() -> Self {
        let temporary = std::env::temp_dir();
        let all = u64::MAX;
        Surroundings { temporary, chunk: 128 << 10, memory: None, part: all, sets: all, texts: all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_and_sets_fit_into_memory() {
        let chunk = |memory| Surroundings { memory, ..Surroundings::default() }.fitting().chunk;
        let bounds = [None, Some(4 << 30), Some(1 << 30), Some(256 << 20), Some(1 << 20)];
        assert_eq!(bounds.map(chunk), [128 << 10, 128 << 10, 128 << 10, 64 << 10, 16 << 10]);
        let sets = |memory| Surroundings { memory, ..Surroundings::default() }.fitting().sets;
        assert_eq!([None, Some(1 << 30)].map(sets), [u64::MAX, 32 << 20]);
        let fitting = Surroundings { memory: Some(1 << 30), ..Surroundings::default() }.fitting();
        assert_eq!([0, 400 << 20].map(|left| fitting.with_room(left, 0).sets), [32 << 20, 100 << 20]);
        assert_eq!(
            [1, 400 << 20].map(|texts| fitting.with_room(400 << 20, texts).texts),
            [(100 << 20) + 1, 500 << 20]
        );
        let asked = Surroundings { sets: 5, ..fitting };
        assert_eq!(asked.with_room(400 << 20, 0).sets, 5);
        let asked = Surroundings { memory: Some(1 << 30), chunk: 1, ..Surroundings::default() };
        assert_eq!(asked.fitting().chunk, 1);
    }

    #[test]
    fn what_is_read_again_fits_into_memory() {
        let of = |memory| Surroundings { memory, ..Surroundings::default() }.fitting();
        assert_eq!([1, 4].map(|threads| of(None).read_again(threads)), [128 << 20, 512 << 20]);
        assert_eq!([1, 16].map(|threads| of(Some(600 << 20)).read_again(threads)), [50 << 20; 2]);
        let beside = |threads, heaviest| of(Some(600 << 20)).read_again_beside(threads, heaviest);
        // of usual texts what few threads need is reserved
        assert_eq!([beside(1, 100_000), beside(2, 100_000)], [0; 2]);
        assert!(beside(2, 5 << 20) > beside(1, 5 << 20));
        assert_eq!([beside(16, 100_000), beside(16, u64::MAX)], [26 << 20; 2]);
    }
}

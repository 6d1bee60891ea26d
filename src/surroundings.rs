//! What a run may take: memory, and folders.

use std::path::PathBuf;

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

/// Bytes of text that each thread may read again ahead of its turn.
const READ_AGAIN: u64 = 16 << 20;

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

    /// The same, where memory has room for so many bytes more than what is searched takes, in which so many are for texts: a
    /// quarter of the room is for sets of each kind of unit and one for texts, unless less was asked for.
    pub(crate) fn with_room(&self, left: u64, texts: u64) -> Self {
        let fits = self.memory.map(|memory| memory / SETS_IN_MEMORY);
        let at_least = |asked: u64, room: u64| if fits == Some(asked) { asked.max(room) } else { asked };
        let (sets, texts) = (at_least(self.sets, left / 4), at_least(self.texts, texts + left / 4));
        Surroundings { sets, texts, ..self.clone() }
    }

    /// Bytes of text that may be read again at once by so many threads, unless one text alone is longer. With tokens and
    /// sets some six times as much is held.
    pub(crate) fn read_again(&self, threads: usize) -> u64 {
        let most = threads as u64 * READ_AGAIN;
        self.memory.map_or(most, |memory| most.min(memory / 64))
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
}

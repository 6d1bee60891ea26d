//! What a stream held, in one number: by it a second reading is known to have seen the same bytes.

use std::io::{self, Read};

use xxhash_rust::xxh3::Xxh3;

/// The length of a stream, as far as it could be read, and XXH3 of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteDigest {
    pub(crate) length: u64,
    pub(crate) hash: u64,
}

/// Passes a stream on, and takes note.
pub(crate) struct Digested<R> {
    input: R,
    length: u64,
    hash: Xxh3,
}

impl<R> Digested<R> {
    /// At the start of a stream.
    pub(crate) fn new(input: R) -> Self {
        Digested { input, length: 0, hash: Xxh3::new() }
    }

    /// Of what has passed.
    pub(crate) fn digest(&self) -> ByteDigest {
        ByteDigest { length: self.length, hash: self.hash.digest() }
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.hash.update(&buffer[..n]);
        self.length += n as u64;
        Ok(n)
    }
}

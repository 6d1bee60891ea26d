//! A window that moves over a stream: what a reader needs to see at once, and no more. All positions are
//! counted from its start, so they stay right while it grows.
//!
//! An error of the stream is told only when everything before it has been seen.

use std::io::{self, ErrorKind, Read};

/// Bytes asked for at once.
const STEP: usize = 256 << 10;

/// The bytes at hand.
pub(crate) struct Window<R> {
    input: R,
    bytes: Vec<u8>,
    /// bytes that have been passed and not been dropped yet
    passed: usize,
    /// of the stream, at `bytes[0]`
    offset: u64,
    ended: bool,
    failed: Option<io::Error>,
}

impl<R: Read> Window<R> {
    /// At the start of a stream.
    pub(crate) fn new(input: R) -> Self {
        Window { input, bytes: Vec::new(), passed: 0, offset: 0, ended: false, failed: None }
    }

    /// What is at hand.
    pub(crate) fn held(&self) -> &[u8] {
        &self.bytes[self.passed..]
    }

    /// Where the window starts in the stream.
    pub(crate) fn position(&self) -> u64 {
        self.offset + self.passed as u64
    }

    /// Moves the start forward.
    pub(crate) fn pass(&mut self, bytes: usize) {
        self.passed += bytes;
    }

    /// Takes in more of the stream; false at its end.
    ///
    /// # Errors
    /// Whatever the stream fails with; after that it has ended.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if let Some(error) = self.failed.take() {
            self.ended = true;
            return Err(error);
        }
        if self.ended {
            return Ok(false);
        }
        if self.passed >= STEP || self.passed == self.bytes.len() {
            self.bytes.drain(..self.passed);
            self.offset += self.passed as u64;
            self.passed = 0;
        }
        let before = self.bytes.len();
        match fill(&mut self.input, &mut self.bytes, before + STEP) {
            Ok(true) => Ok(true),
            Ok(false) => {
                self.ended = true;
                Ok(self.bytes.len() > before)
            }
            Err(error) if self.bytes.len() > before => {
                self.failed = Some(error);
                Ok(true)
            }
            Err(error) => {
                self.ended = true;
                Err(error)
            }
        }
    }

    /// Takes in more until at least `bytes` are held; false where the stream ends before.
    ///
    /// # Errors
    /// Those of [`Window::more`].
    pub(crate) fn hold(&mut self, bytes: usize) -> io::Result<bool> {
        while self.held().len() < bytes {
            if !self.more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes in more until at least `bytes` are held, or as many as there are. An error comes back when more
    /// is asked for again.
    pub(crate) fn peek(&mut self, bytes: usize) {
        if let Err(error) = self.hold(bytes) {
            self.failed = Some(error);
        }
    }
}

/// Reads until `buffer` holds `want` bytes; false at the end of the input.
pub(crate) fn fill(input: &mut impl Read, buffer: &mut Vec<u8>, want: usize) -> io::Result<bool> {
    let mut length = buffer.len();
    buffer.resize(want.max(length), 0);
    let result = loop {
        if length >= want {
            break Ok(true);
        }
        match input.read(&mut buffer[length..]) {
            Ok(0) => break Ok(false),
            Ok(n) => length += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    buffer.truncate(length);
    result
}

//! Decompressors that keep what they have unpacked where they find damage: all of it is handed on, and the error comes
//! behind it. So what of a damaged file can be used goes by one rule in every compression, whatever the buffers are.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::{Decompress, FlushDecompress, Status};
use liblzma::stream::{Action, CONCATENATED, Stream};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// Unpacks what is at hand.
pub(super) trait Unpack {
    /// Unpacks some of `input`, which is empty where nothing comes any more: how many bytes of it were taken and how many
    /// given, damage or not, and whether the input may end behind the former.
    fn unpack(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, io::Result<bool>);
}

/// A packed stream, unpacked.
pub(super) struct Unpacked<R, U> {
    input: R,
    unpacker: U,
    failed: Option<io::Error>,
    has_ended: bool,
}

impl<R: BufRead, U: Unpack> Unpacked<R, U> {
    pub(super) fn new(input: R, unpacker: U) -> Self {
        Unpacked { input, unpacker, failed: None, has_ended: false }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.failed.take().map_or(Ok(()), Err)?;
            let input = self.input.fill_buf()?;
            let is_last = input.is_empty();
            let (taken, given, unpacked) = self.unpacker.unpack(input, buffer);
            self.input.consume(taken);
            match unpacked {
                Err(error) => self.failed = Some(error),
                Ok(_) if given > 0 => {}
                Ok(true) if is_last => return Ok(0),
                Ok(false) if is_last => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the packed data breaks off"));
                }
                Ok(_) if taken == 0 => return Err(damaged("nothing can be made of it")),
                Ok(_) => {}
            }
            if given > 0 {
                return Ok(given);
            }
        }
    }
}

impl<R: BufRead, U: Unpack> Read for Unpacked<R, U> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.has_ended || buffer.is_empty() {
            return Ok(0);
        }
        let filled = self.fill(buffer);
        self.has_ended = match &filled {
            Ok(count) => *count == 0,
            Err(error) => error.kind() != ErrorKind::Interrupted,
        };
        filled
    }
}

/// What is told of bytes behind the end of packed data that are none themselves: nothing is missing before them.
#[derive(Debug)]
pub(super) struct BehindEnd;

impl std::fmt::Display for BehindEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("something else is behind the end of the packed data, which were read")
    }
}

impl std::error::Error for BehindEnd {}

fn behind_end() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, BehindEnd)
}

fn damaged(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the packed data is damaged: {what}"))
}

/// The members of a gzip file, and behind the last one the zeros that tapes and block devices fill up with.
pub(super) struct Gzip {
    member: Decompress,
    at: Place,
}

#[derive(PartialEq, Eq)]
enum Place {
    Inside,
    Behind,
    Padding,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Gzip { member: Decompress::new_gzip(15), at: Place::Inside }
    }
}

impl Unpack for Gzip {
    fn unpack(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, io::Result<bool>) {
        if self.at != Place::Inside {
            match input.iter().position(|byte| *byte != 0) {
                None if input.is_empty() => return (0, 0, Ok(true)),
                None => {
                    self.at = Place::Padding;
                    return (input.len(), 0, Ok(true));
                }
                Some(0) if self.at == Place::Behind && input[0] == 0x1F => {
                    self.member.reset(true);
                    self.at = Place::Inside;
                }
                Some(zeros) => return (zeros, 0, Err(behind_end())),
            }
        }
        let before = [self.member.total_in(), self.member.total_out()];
        let flush = if input.is_empty() { FlushDecompress::Finish } else { FlushDecompress::None };
        let result = self.member.decompress(input, output, flush);
        let [taken, given] = [self.member.total_in() - before[0], self.member.total_out() - before[1]];
        let result = match result {
            Ok(Status::StreamEnd) => {
                self.at = Place::Behind;
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => Err(damaged(error.message().unwrap_or("no gzip"))),
        };
        (taken as usize, given as usize, result)
    }
}

/// The streams of a bzip2 file.
pub(super) struct Bzip2 {
    stream: bzip2::Decompress,
    has_ended: bool,
}

impl Bzip2 {
    pub(super) fn new() -> Self {
        Bzip2 { stream: bzip2::Decompress::new(false), has_ended: false }
    }
}

impl Unpack for Bzip2 {
    fn unpack(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, io::Result<bool>) {
        if self.has_ended && input.is_empty() {
            return (0, 0, Ok(true));
        }
        if self.has_ended && input[0] != b'B' {
            return (0, 0, Err(behind_end()));
        }
        if std::mem::take(&mut self.has_ended) {
            self.stream = bzip2::Decompress::new(false);
        }
        let before = [self.stream.total_in(), self.stream.total_out()];
        let result = self.stream.decompress(input, output);
        let [taken, given] = [self.stream.total_in() - before[0], self.stream.total_out() - before[1]];
        self.has_ended = matches!(result, Ok(bzip2::Status::StreamEnd));
        (taken as usize, given as usize, result.map(|_| self.has_ended).map_err(damaged))
    }
}

/// The streams of an xz file.
pub(super) struct Xz {
    streams: Stream,
    has_ended: bool,
}

impl Xz {
    /// Which may hold so many bytes.
    pub(super) fn new(memory: u64) -> io::Result<Self> {
        Ok(Xz { streams: Stream::new_stream_decoder(memory, CONCATENATED)?, has_ended: false })
    }
}

impl Unpack for Xz {
    fn unpack(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, io::Result<bool>) {
        if self.has_ended {
            return (0, 0, Ok(true));
        }
        let before = [self.streams.total_in(), self.streams.total_out()];
        let action = if input.is_empty() { Action::Finish } else { Action::Run };
        let result = self.streams.process(input, output, action);
        let [taken, given] = [self.streams.total_in() - before[0], self.streams.total_out() - before[1]];
        self.has_ended = matches!(result, Ok(liblzma::stream::Status::StreamEnd));
        (taken as usize, given as usize, result.map(|_| self.has_ended).map_err(io::Error::from))
    }
}

/// A decompressor that is asked for `N` bytes at once, whoever asks. That of xz loses what it has unpacked in the same call
/// where it finds damage in the data themselves: so that is little, and the same whatever the buffers behind it are. As slow
/// as a decompressor is, as small may `N` be.
pub(super) struct Steady<R, const N: usize> {
    inner: R,
    held: [u8; N],
    start: usize,
    end: usize,
    failed: Option<io::Error>,
}

impl<R: Read, const N: usize> Steady<R, N> {
    pub(super) fn new(inner: R) -> Self {
        Steady { inner, held: [0; N], start: 0, end: 0, failed: None }
    }

    fn fill(&mut self) -> io::Result<()> {
        (self.start, self.end) = (0, 0);
        while self.end < N {
            match self.inner.read(&mut self.held[self.end..]) {
                Ok(0) => break,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if self.end == 0 => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read, const N: usize> Read for Steady<R, N> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            self.failed.take().map_or(Ok(()), Err)?;
            self.fill()?;
        }
        let count = (self.end - self.start).min(buffer.len());
        buffer[..count].copy_from_slice(&self.held[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

/// The frames of a zstandard file.
pub(super) struct Zstd {
    frames: Decoder<'static>,
    is_between: bool,
}

impl Zstd {
    /// With windows of at most 2 to this power.
    pub(super) fn new(window_log: u32) -> io::Result<Self> {
        let mut frames = Decoder::new()?;
        frames.set_parameter(DParameter::WindowLogMax(window_log))?;
        Ok(Zstd { frames, is_between: false })
    }
}

impl Unpack for Zstd {
    /// It tells not how much it has unpacked where it finds damage. So it is given no room while it takes, and nothing to take
    /// while it gives.
    fn unpack(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, io::Result<bool>) {
        let mut out = OutBuffer::around(output);
        let given = self.frames.run(&mut InBuffer::around(&[]), &mut out);
        if let Err(error) = given {
            return (0, 0, Err(error));
        }
        self.is_between |= matches!(given, Ok(0));
        if out.pos() > 0 || input.is_empty() {
            return (0, out.pos(), Ok(self.is_between));
        }
        // a frame, or one that is passed over (RFC 8878, 3.1)
        if self.is_between && !matches!(input[0], 0x28 | 0x50..=0x5F) {
            return (0, 0, Err(behind_end()));
        }
        let mut from = InBuffer::around(input);
        let taken = self.frames.run(&mut from, &mut OutBuffer::around(&mut [][..]));
        self.is_between = matches!(taken, Ok(0));
        (from.pos(), 0, taken.map(|_| self.is_between))
    }
}

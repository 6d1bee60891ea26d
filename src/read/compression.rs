//! One reader for every compression. Decompressors stream with fixed buffers, read all members of a gzip
//! file, all frames of a zstandard file and all streams of a bzip2 or xz file, and tell a file that ends too early from one that ends.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use crate::document::{Compression, SkipReason, Source};

/// Bytes read from a compressed file at once.
const BUFFER: usize = 256 << 10;

/// The largest window that a zstandard frame may ask for: 2^31 bytes, what `zstd --long=31` writes.
const ZSTD_WINDOW_LOG: u32 = 31;

/// The most bytes that an xz stream may ask for: enough for `xz -9` with a dictionary of 1.5 GiB.
const XZ_MEMORY: u64 = 1 << 31;

/// Opens a source for reading what is in it; `read` counts the bytes taken from the disk.
pub(crate) fn open<'a>(source: &Source, read: &'a AtomicU64) -> io::Result<Box<dyn Read + Send + 'a>> {
    let Some(path) = &source.path else {
        return sniffed(Counted { inner: io::stdin(), read });
    };
    let file = Counted { inner: File::open(path)?, read };
    if source.regular { decompressed(file, source.compression) } else { sniffed(file) }
}

fn decompressed<'a>(
    file: impl Read + Send + 'a,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    Ok(match compression {
        Compression::Plain => Box::new(file),
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(BufReader::with_capacity(BUFFER, file))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(Steady::<_, 512>::new(decoder))
        }
        Compression::Bzip2 => {
            let decoder = MultiBzDecoder::new(BufReader::with_capacity(BUFFER, file));
            Box::new(Steady::<_, 64>::new(decoder))
        }
        Compression::Xz => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
            let decoder = XzDecoder::new_stream(BufReader::with_capacity(BUFFER, file), stream);
            Box::new(Steady::<_, 64>::new(decoder))
        }
    })
}

/// What a packed file holds, if that is no more than `length` bytes.
pub(crate) fn unpacked(bytes: &[u8], compression: Compression, length: u64) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::with_capacity(length as usize + 1);
    decompressed(bytes, compression)?.take(length + 1).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// Standard input has no name, and that of a pipe tells little; their first bytes tell how they are packed.
fn sniffed<'a>(mut input: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut magic = Vec::with_capacity(6);
    input.by_ref().take(6).read_to_end(&mut magic)?;
    let compression = match magic[..] {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Compression::Zstd,
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Bzip2,
        [0xFD, b'7', b'z', b'X', b'Z', 0] => Compression::Xz,
        _ => Compression::Plain,
    };
    decompressed(io::Cursor::new(magic).chain(input), compression)
}

/// Why reading stopped, as a reason for the report: a compressed file that broke after it had begun is
/// truncated, anything else is unreadable.
pub(crate) fn reason(source: &Source, begun: bool, error: &io::Error) -> SkipReason {
    // what can be read only once may be packed, whatever its name says
    let packed = source.compression != Compression::Plain || !source.regular;
    let broken = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
    ) || error.raw_os_error().is_none();
    let ended_early = error.kind() == io::ErrorKind::UnexpectedEof;
    if packed && broken && (begun || ended_early) { SkipReason::Truncated } else { SkipReason::Unreadable }
}

/// A decompressor that is asked for `N` bytes at once, whoever asks. Where it finds damage, what it has unpacked in the
/// same call is lost: so that is little, and the same whatever the buffers behind it are. As slow as a decompressor is,
/// as small may `N` be.
struct Steady<R, const N: usize> {
    inner: R,
    held: [u8; N],
    start: usize,
    end: usize,
    failed: Option<io::Error>,
}

impl<R: Read, const N: usize> Steady<R, N> {
    fn new(inner: R) -> Self {
        Steady { inner, held: [0; N], start: 0, end: 0, failed: None }
    }

    fn fill(&mut self) -> io::Result<()> {
        (self.start, self.end) = (0, 0);
        while self.end < N {
            match self.inner.read(&mut self.held[self.end..]) {
                Ok(0) => break,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
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

/// Counts what passes.
struct Counted<'a, R> {
    inner: R,
    read: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

//! One reader for every compression. Decompressors stream with fixed buffers, read all members of a gzip
//! file, all frames of a zstandard file and all streams of a bzip2 or xz file, and tell a file that ends too early from one that ends.

mod unpacker;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::document::{Compression, SkipReason, Source};
use crate::read::compression::unpacker::{BehindEnd, Bzip2, Gzip, Steady, Unpacked, Xz, Zstd};
use crate::read::magic;

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

pub(crate) fn decompressed<'a>(
    file: impl Read + Send + 'a,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    Ok(match compression {
        Compression::Plain => Box::new(file),
        Compression::Gzip => Box::new(Unpacked::new(buffered(file), Gzip::new())),
        Compression::Zstd => Box::new(Unpacked::new(buffered(file), Zstd::new(ZSTD_WINDOW_LOG)?)),
        Compression::Bzip2 => Box::new(Unpacked::new(buffered(file), Bzip2::new())),
        Compression::Xz => Box::new(Steady::<_, 64>::new(Unpacked::new(buffered(file), Xz::new(XZ_MEMORY)?))),
    })
}

fn buffered<R: Read>(file: R) -> BufReader<R> {
    BufReader::with_capacity(BUFFER, file)
}

/// Bytes that what unpacks a source will hold, where the source says so at its start: a zstandard frame the size of its
/// window, an xz block that of its dictionary. 0 where it does not, or holds little.
pub(crate) fn window(source: &Source) -> u64 {
    let tells = source.regular && matches!(source.compression, Compression::Zstd | Compression::Xz);
    let Some(path) = source.path.as_ref().filter(|_| tells) else { return 0 };
    let mut start = Vec::with_capacity(HEAD as usize);
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut start));
    let window = read.ok().and_then(|_| match source.compression {
        // what asks for more is refused
        Compression::Zstd => zstd_window(&start).filter(|window| *window <= 1 << ZSTD_WINDOW_LOG),
        Compression::Xz => xz_dictionary(&start).filter(|dictionary| *dictionary <= XZ_MEMORY),
        _ => None,
    });
    window.unwrap_or_default()
}

/// Bytes at the start of a packed source that tell of its window.
const HEAD: u64 = 64;

/// The window of a zstandard frame (RFC 8878, 3.1.1.1).
fn zstd_window(frame: &[u8]) -> Option<u64> {
    let header = frame.strip_prefix(&[0x28, 0xB5, 0x2F, 0xFD])?;
    let descriptor = *header.first()?;
    let is_single = descriptor & 0x20 != 0;
    if !is_single {
        let window = *header.get(1)?;
        let base = 1u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    // a frame in one segment: what it holds
    let id = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let bytes = header.get(1 + id..1 + id + size)?;
    let content = bytes.iter().rev().fold(0, |content, byte| content << 8 | u64::from(*byte));
    Some(content.saturating_add(if size == 2 { 256 } else { 0 }))
}

/// The dictionary of the first block of an xz file (the .xz file format, 3.1 and 5.3.1).
fn xz_dictionary(file: &[u8]) -> Option<u64> {
    let block = file.strip_prefix(&[0xFD, b'7', b'z', b'X', b'Z', 0])?.get(6..)?;
    let flags = *block.get(1)?;
    let mut rest = block.get(2..)?;
    // its sizes, packed and not
    for _ in 0..(flags >> 6).count_ones() {
        let length = rest.iter().position(|byte| byte & 0x80 == 0)? + 1;
        rest = &rest[length..];
    }
    for _ in 0..=flags & 3 {
        let (&[filter, length], behind) = rest.split_first_chunk::<2>()?;
        let properties = behind.get(..usize::from(length))?;
        if let (0x21, &[bits]) = (filter, properties) {
            return match bits {
                40 => Some(u64::from(u32::MAX)),
                0..40 => Some(u64::from(2 | bits & 1) << (bits / 2 + 11)),
                _ => None,
            };
        }
        rest = &behind[usize::from(length)..];
    }
    None
}

/// Standard input has no name, and that of a pipe tells little; their first bytes tell how they are packed.
fn sniffed<'a>(mut input: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut start = Vec::with_capacity(magic::START);
    input.by_ref().take(magic::START as u64).read_to_end(&mut start)?;
    let compression = magic::packed(&start);
    decompressed(io::Cursor::new(start).chain(input), compression)
}

/// Why reading stopped, as a reason and a detail for the report: a compressed file that broke after it had begun is
/// truncated, anything else is unreadable, as is what stands behind packed data that are whole.
pub(crate) fn why(source: &Source, begun: bool, error: &io::Error) -> (SkipReason, String) {
    // what can be read only once may be packed, whatever its name says
    let packed = source.compression != Compression::Plain || !source.regular;
    let broken = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
    ) || error.raw_os_error().is_none();
    let ended_early = error.kind() == io::ErrorKind::UnexpectedEof;
    let is_whole = error.get_ref().is_some_and(|inner| inner.is::<BehindEnd>());
    let reason = if packed && broken && (begun || ended_early) && !is_whole {
        SkipReason::Truncated
    } else {
        SkipReason::Unreadable
    };
    let other = if packed && broken && !begun { not_packed(source, error) } else { None };
    (reason, other.unwrap_or_else(|| error.to_string()))
}

/// What to say of a file that is not packed as its name says; `None` where it begins so.
fn not_packed(source: &Source, error: &io::Error) -> Option<String> {
    let path = source.path.as_ref().filter(|_| source.regular)?;
    let mut start = Vec::with_capacity(magic::START);
    File::open(path).and_then(|file| file.take(magic::START as u64).read_to_end(&mut start)).ok()?;
    let [name, ending] = magic::named(source.compression);
    match magic::packed(&start) {
        _ if start.is_empty() => Some(format!("an empty file, expected {name}")),
        found if found == source.compression => None,
        // a text as short as that may be the start of anything
        Compression::Plain if error.kind() != io::ErrorKind::UnexpectedEof && magic::is_text(&start) => {
            Some(format!("it begins as a text does, expected {name}: name it without `{ending}`"))
        }
        Compression::Plain => Some(format!("{error} (expected {name})")),
        found => {
            let [found, its_ending] = magic::named(found);
            Some(format!(
                "it begins as {found} does, expected {name}: name it `{its_ending}`, not `{ending}`"
            ))
        }
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use liblzma::stream::{Check, Filters, LzmaOptions, Stream};

    use super::*;

    /// So many members of some hundred bytes.
    fn members(count: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut packed, mut plain) = (Vec::new(), Vec::new());
        for number in 0..count {
            let text = format!("member {number} of {count}, ").repeat(number % 7 * 5);
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(number as u32 % 10));
            encoder.write_all(text.as_bytes()).unwrap();
            packed.extend(encoder.finish().unwrap());
            plain.extend(text.into_bytes());
        }
        (packed, plain)
    }

    /// What can be read, and the error behind it; through buffers of so many bytes.
    fn unpack(packed: &[u8], buffer: usize) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut reader = Unpacked::new(BufReader::with_capacity(buffer, packed), Gzip::new());
        let mut plain = Vec::new();
        let error = reader.read_to_end(&mut plain).err().map(|error| error.kind());
        assert_eq!(reader.read(&mut [0; 9]).ok(), Some(0), "nothing comes behind the end");
        (plain, error)
    }

    #[test]
    fn zeros_behind_a_gzip_file_are_no_damage() {
        for count in [1, 2, 30] {
            let (packed, plain) = members(count);
            for zeros in [0, 1, 7, 8, 511, 10_000, 3 * BUFFER] {
                let padded = [&packed[..], &vec![0; zeros]].concat();
                for buffer in [1, 2, 61, 4096, BUFFER] {
                    let at = format!("{count} members, {zeros} zeros, buffers of {buffer}");
                    assert_eq!(unpack(&padded, buffer), (plain.clone(), None), "{at}");
                    for garbage in [&b"x"[..], &[0x1F, 0x8B], &packed] {
                        let (read, error) = unpack(&[&padded[..], garbage].concat(), buffer);
                        if zeros == 0 && garbage == packed {
                            assert_eq!((read, error), (plain.repeat(2), None), "{at}");
                        } else {
                            let truncated = zeros == 0;
                            let kinds = [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
                            assert_eq!(read, plain, "{at}");
                            assert!(error == Some(kinds[0]) || truncated && error == Some(kinds[1]), "{at}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn zeros_are_no_gzip_file_and_end_no_member() {
        let (packed, plain) = members(3);
        for buffer in [1, 61, BUFFER] {
            for zeros in [1, 2, 10, 600] {
                let (read, error) = unpack(&vec![0; zeros], buffer);
                assert!(read.is_empty() && error.is_some(), "{zeros} zeros alone");
            }
            assert_eq!(unpack(&[], buffer).1, Some(io::ErrorKind::UnexpectedEof));
            for cut in 1..20 {
                let mut padded = packed[..packed.len() - cut].to_vec();
                assert_eq!(unpack(&padded, buffer).1, Some(io::ErrorKind::UnexpectedEof), "{cut} bytes less");
                padded.resize(padded.len() + 600, 0);
                let (read, error) = unpack(&padded, buffer);
                // the length at the end of a member ends with zeros itself
                assert!(error.is_some() || cut <= 3 && read == plain, "{cut} bytes less, and zeros");
            }
        }
    }

    /// A text packed in each way, with its checksum; and the bytes of that, and how many at the end are no data.
    fn packed(text: &[u8]) -> [(Compression, Vec<u8>, Vec<usize>, usize); 4] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        gzip.write_all(text).unwrap();
        let gzip = gzip.finish().unwrap();
        let mut zstd = zstd::Encoder::new(Vec::new(), 3).unwrap();
        zstd.include_checksum(true).unwrap();
        zstd.write_all(text).unwrap();
        let zstd = zstd.finish().unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(9));
        bzip2.write_all(text).unwrap();
        let bzip2 = bzip2.finish().unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
        xz.write_all(text).unwrap();
        let xz = xz.finish().unwrap();
        let index = 4 * (1 + usize::from(xz[xz.len() - 8]));
        let (gzip_sums, zstd_sums) = (gzip.len() - 8..gzip.len(), zstd.len() - 4..zstd.len());
        let xz_sums = xz.len() - 20 - index..xz.len() - 12 - index;
        // the sum of the first block, and all but the last bits of that of the stream
        let bzip2_sums = (10..14).chain(bzip2.len() - 4..bzip2.len() - 1);
        [
            (Compression::Gzip, gzip, gzip_sums.collect(), 8),
            (Compression::Zstd, zstd, zstd_sums.collect(), 4),
            (Compression::Bzip2, bzip2, bzip2_sums.collect(), 4),
            (Compression::Xz, xz, xz_sums.collect(), 12 + index + 8),
        ]
    }

    /// What can be read of it, and whether there is an error behind it; asked for so many bytes at once.
    fn readable(packed: &[u8], compression: Compression, at_once: usize) -> (Vec<u8>, bool) {
        let mut reader = decompressed(packed, compression).unwrap();
        let (mut plain, mut buffer) = (Vec::new(), vec![0; at_once]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return (plain, false),
                Ok(count) => plain.extend_from_slice(&buffer[..count]),
                Err(_) => {
                    assert_eq!(reader.read(&mut buffer).ok(), Some(0), "nothing comes behind it");
                    return (plain, true);
                }
            }
        }
    }

    /// One rule for all of them, however much is asked for at once.
    #[test]
    fn what_is_before_the_damage_is_read() {
        let long: String =
            (0..9000_u64).map(|i| format!("{:x} ", i.wrapping_mul(0x9E37_79B9) >> 7)).collect();
        for text in ["", "one line of it\n", &"a line of some words\n".repeat(30), &long] {
            for (compression, packed, sums, behind) in packed(text.as_bytes()) {
                let whole = (text.as_bytes().to_vec(), false);
                assert_eq!(readable(&packed, compression, 7), whole, "{compression:?}");
                if text.is_empty() {
                    continue;
                }
                for sum in sums {
                    let mut flipped = packed.clone();
                    flipped[sum] ^= 1;
                    for at_once in [1, 100, 512, 1 << 17] {
                        let (read, failed) = readable(&flipped, compression, at_once);
                        assert!(failed && read == text.as_bytes(), "{compression:?}, {} bytes", text.len());
                    }
                }
                let mut before = 0;
                let cuts = (1..packed.len())
                    .step_by(packed.len() / 90 + 1)
                    .chain(packed.len() - behind..packed.len());
                for cut in cuts {
                    let (read, failed) = readable(&packed[..cut], compression, 1 << 17);
                    let at = format!("{compression:?}, {cut} of {} bytes", packed.len());
                    assert!(failed && text.as_bytes().starts_with(&read) && read.len() >= before, "{at}");
                    assert!(cut < packed.len() - behind || read == text.as_bytes(), "{at}");
                    before = read.len();
                    for at_once in [3, 600] {
                        assert!(
                            readable(&packed[..cut], compression, at_once) == (read.clone(), true),
                            "{at}"
                        );
                    }
                    let mut flipped = packed.clone();
                    flipped[cut] ^= 4;
                    let read = readable(&flipped, compression, 1 << 17);
                    for at_once in [3, 600, 70_000] {
                        assert!(readable(&flipped, compression, at_once) == read, "{at}, flipped");
                    }
                }
            }
        }
    }

    #[test]
    fn what_unpacks_tells_what_it_holds() {
        let text = b"what is said once, and what is said again ".repeat(9000);
        for log in [12, 20, 24, 27] {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.window_log(log).unwrap();
            encoder.write_all(&text).unwrap();
            assert_eq!(zstd_window(&encoder.finish().unwrap()), Some(1 << log));
        }
        for length in [200, 300, 70_000, text.len()] {
            // all in one frame whose content is known
            let whole = zstd::bulk::compress(&text[..length], 3).unwrap();
            let window = zstd_window(&whole).unwrap();
            assert!((length as u64..2 * length as u64).contains(&window), "{window} for {length}");
        }
        for (dictionary, is_told) in
            [(4096, 4096), (1 << 20, 1 << 20), (3 << 22, 3 << 22), (5 << 20, 6 << 20)]
        {
            let mut options = LzmaOptions::new_preset(1).unwrap();
            options.dict_size(dictionary);
            let mut filters = Filters::new();
            filters.x86().lzma2(&options);
            let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
            let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
            encoder.write_all(&text).unwrap();
            assert_eq!(xz_dictionary(&encoder.finish().unwrap()), Some(is_told));
        }
        for end in 0..14 {
            assert_eq!(zstd_window(&[0x28, 0xB5, 0x2F, 0xFD, 0xE4][..end.min(5)]), None);
            assert_eq!(
                xz_dictionary(&[0xFD, b'7', b'z', b'X', b'Z', 0, 0, 4, 0, 0, 0, 0, 2, 1][..end]),
                None
            );
        }
    }
}

//! A file being written, packed as its source was. The bytes depend on what is written and on nothing else.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use liblzma::write::XzEncoder;

use crate::document::Compression;

/// Bytes that go to the disk at once.
const BUFFER: usize = 256 << 10;

/// The packers' own defaults: what `gzip`, `bzip2`, `zstd` and `xz` do when nothing is said.
const ZSTD_LEVEL: i32 = 3;

/// Of `xz`.
const XZ_LEVEL: u32 = 6;

/// Bytes that a packer is given at once: what comes out depends on how it is fed.
const BLOCK: usize = 128 << 10;

/// About the bytes that a packer takes while a file is open.
pub(crate) fn weight(compression: Compression) -> u64 {
    let packer = match compression {
        Compression::Plain => 0,
        Compression::Gzip => 1 << 19,
        Compression::Zstd => 4 << 20,
        Compression::Bzip2 => 8 << 20,
        Compression::Xz => 96 << 20,
    };
    packer + BUFFER as u64
}

/// A packer around a file, fed in blocks of one size. What follows the end of a record goes into another member
/// where the packing is gzip: readers of archives find one record by its member.
pub(crate) struct Packed {
    block: Vec<u8>,
    /// whether what comes next starts a member
    ended: bool,
    to: Packer,
}

enum Packer {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
    Bzip2(BzEncoder<BufWriter<File>>),
    Xz(XzEncoder<BufWriter<File>>),
    /// between two of the others
    None,
}

impl Packed {
    pub(crate) fn new(file: File, compression: Compression) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER, file);
        let to = match compression {
            Compression::Plain => Packer::Plain(file),
            Compression::Gzip => Packer::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(file, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Packer::Zstd(encoder)
            }
            Compression::Bzip2 => Packer::Bzip2(BzEncoder::new(file, bzip2::Compression::best())),
            Compression::Xz => Packer::Xz(XzEncoder::new(file, XZ_LEVEL)),
        };
        Ok(Packed { block: Vec::new(), ended: false, to })
    }

    /// Appends bytes.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        if let Packer::Plain(to) = &mut self.to {
            return to.write_all(bytes);
        }
        if std::mem::take(&mut self.ended) && !bytes.is_empty() {
            self.next_member()?;
        }
        while self.block.len() + bytes.len() >= BLOCK {
            let (first, rest) = bytes.split_at(BLOCK - self.block.len());
            self.block.extend_from_slice(first);
            self.to.write_all(&self.block)?;
            self.block.clear();
            bytes = rest;
        }
        self.block.extend_from_slice(bytes);
        Ok(())
    }

    /// Tells that a record of an archive has been pushed whole.
    pub(crate) fn end_record(&mut self) {
        self.ended = matches!(self.to, Packer::Gzip(_));
    }

    fn next_member(&mut self) -> io::Result<()> {
        self.to.write_all(&self.block)?;
        self.block.clear();
        let file = std::mem::replace(&mut self.to, Packer::None).finish()?;
        self.to = Packer::Gzip(GzEncoder::new(file, flate2::Compression::default()));
        Ok(())
    }

    /// Ends the file, which need not be on the disk yet.
    pub(crate) fn finish(mut self) -> io::Result<File> {
        self.to.write_all(&self.block)?;
        self.to.finish()?.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Packer {
    fn finish(self) -> io::Result<BufWriter<File>> {
        match self {
            Packer::Plain(file) => Ok(file),
            Packer::Gzip(encoder) => encoder.finish(),
            Packer::Zstd(encoder) => encoder.finish(),
            Packer::Bzip2(encoder) => encoder.finish(),
            Packer::Xz(encoder) => encoder.finish(),
            Packer::None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Packer::Plain(to) => to.write_all(bytes),
            Packer::Gzip(to) => to.write_all(bytes),
            Packer::Zstd(to) => to.write_all(bytes),
            Packer::Bzip2(to) => to.write_all(bytes),
            Packer::Xz(to) => to.write_all(bytes),
            Packer::None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

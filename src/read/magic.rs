//! What bytes are by how they begin, for the messages about those that are not what their file's name says.

use crate::document::Compression;

/// What may stand before a text in UTF-8, and is no part of it.
pub(crate) const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Bytes by which all of these are known.
pub(crate) const START: usize = 10;

/// How packed bytes begin.
pub(crate) fn packed(bytes: &[u8]) -> Compression {
    match bytes {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Compression::Zstd,
        // behind its level comes a block, or the end
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => {
            Compression::Bzip2
        }
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
        _ => Compression::Plain,
    }
}

/// What something packed is called, and the end of the names of such files.
pub(crate) fn named(compression: Compression) -> [&'static str; 2] {
    match compression {
        Compression::Plain => ["plain", ""],
        Compression::Gzip => ["gzip", ".gz"],
        Compression::Zstd => ["zstandard", ".zst"],
        Compression::Bzip2 => ["bzip2", ".bz2"],
        Compression::Xz => ["xz", ".xz"],
    }
}

/// What these bytes, which are no text, begin as, and what to do; `None` where they begin as nothing that is known.
pub(crate) fn told(bytes: &[u8]) -> Option<String> {
    let known = match bytes {
        // with its mark, or as two characters of ASCII without one
        [0xFF, 0xFE, ..]
        | [0xFE, 0xFF, ..]
        | [1..=0x7F, 0, 1..=0x7F, 0, ..]
        | [0, 1..=0x7F, 0, 1..=0x7F, ..] => "UTF-16 does: convert it to UTF-8",
        [b'P', b'A', b'R', b'1', ..] => "Parquet does: name it `.parquet`",
        [b'P', b'K', 3, 4, ..] => "a zip archive does: unpack it first",
        [b'%', b'P', b'D', b'F', ..] => "PDF does: take the text out of it first",
        _ => match packed(bytes) {
            Compression::Plain => return None,
            compression => {
                let [name, ending] = named(compression);
                return Some(format!("it begins as {name} does: add `{ending}` to its name"));
            }
        },
    };
    Some(format!("it begins as {known}"))
}

/// Whether these may be the first bytes of a text; the last character may be cut.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let is_utf8 = std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_utf8 && !bytes.contains(&0)
}

/// What to say of bytes of which so many are UTF-8 and those behind them are not.
pub(crate) fn not_utf8(bytes: &[u8], valid: usize) -> String {
    told(bytes)
        .unwrap_or_else(|| format!("not UTF-8 at byte {} (`iconv` converts other encodings)", valid + 1))
}

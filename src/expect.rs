//! What a run will take, as far as the sizes of its inputs tell before anything is read.

use crate::certify::OF_SHINGLE;
use crate::document::{Compression, Format};
use crate::params::Params;
use crate::parts::{LEAST, RESERVED};
use crate::pipeline::Surroundings;
use crate::read::sources::Sources;

/// What a run is expected to take; measured on `real.jsonl`, so that a corpus with shorter paragraphs takes
/// more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// bytes to read, unpacked
    pub text: u64,
    /// bytes to be held where nothing bounds them
    pub memory: u64,
    /// bytes of temporary files where nothing bounds memory: what can't be read again where it is
    pub disk: u64,
    /// bytes of temporary files that parts take beside
    pub parts: u64,
}

/// Whether a run over these sources is expected to come in parts, as far as their sizes tell.
pub(crate) fn parts(sources: &Sources, params: &Params, surroundings: &Surroundings) -> bool {
    let expected = || Expected::of(sources, params);
    let is_more = |memory: u64| expected().is_none_or(|expected| expected.memory > memory);
    surroundings.part < u64::MAX || surroundings.memory.is_some_and(is_more)
}

/// Thousandths of a byte for each byte of text: held, and written where there are parts; of documents,
/// paragraphs, passages.
const EACH: [(u64, u64); 3] = [(200, 170), (300, 330), (300, 210)];

/// Bytes of text for each shingle, and shingles of a unit that is drawn for the certificate.
const SHINGLE: u64 = 6;
const DRAWN: u64 = 300;

impl Expected {
    /// Bytes that a run may need however small its parts are: a bound below may not be held.
    pub const LEAST: u64 = RESERVED + LEAST;

    /// Of a run over these sources; `None` where the size of one is not known.
    pub fn of(sources: &Sources, params: &Params) -> Option<Self> {
        let mut text = 0;
        let mut disk = 0;
        for source in &sources.files {
            if !source.regular {
                return None;
            }
            let unpacked = source.size * grows(source.compression, source.format);
            text += unpacked;
            disk += if source.is_plain_file() && source.format != Format::Parquet { 0 } else { unpacked };
        }
        let wanted = [true, params.units.paragraphs, params.units.passages];
        let sum = |of: fn(&(u64, u64)) -> u64| -> u64 {
            EACH.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(each, _)| of(each)).sum()
        };
        let share = |thousandths: u64| text / 1000 * thousandths;
        let kinds = u64::from(params.units.documents) + u64::from(params.units.paragraphs);
        let drawn = (DRAWN * u64::from(params.certify)).min(text / SHINGLE * kinds);
        Some(Expected {
            text,
            memory: RESERVED + share(sum(|each| each.0)) + OF_SHINGLE * drawn,
            disk,
            parts: share(sum(|each| each.1)),
        })
    }
}

/// Bytes of text in a byte of a file.
fn grows(compression: Compression, format: Format) -> u64 {
    let packed = match compression {
        Compression::Plain => 1,
        Compression::Gzip => 3,
        _ => 4,
    };
    if format == Format::Parquet { 3 } else { packed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::sources::find;

    #[test]
    fn a_certificate_is_expected_to_take_what_its_sample_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corpus.jsonl");
        std::fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
        let sources = find(&[path], None).unwrap();
        let memory = |certify| Expected::of(&sources, &Params { certify, ..Params::audit() }).unwrap().memory;
        assert_eq!(memory(100_000) - memory(0), 100_000 * DRAWN * OF_SHINGLE);
        // no more than all there is, once in documents and once in paragraphs
        assert_eq!(memory(u32::MAX) - memory(0), 2 * ((1 << 30) / SHINGLE) * OF_SHINGLE);
    }
}

//! Where the reading of a long text can start: at some of its paragraphs. So of a text that is looked at again for some of
//! its tokens, as those of earlier parts are, no more is read than lies around them.

use std::ops::Range;
use std::sync::Arc;

use crate::index::segment::Mark;

/// A paragraph at which one can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) mark: Mark,
    /// where it is in the bytes of the record, as these are stored; or [`NOWHERE`]
    pub(crate) raw: u32,
}

/// Where a paragraph is of which it is not known where it is in the record.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Those of the documents of a run's parts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Starts(Arc<Parts>);

#[derive(Debug, Default, Clone)]
struct Parts {
    /// by document
    starts: Vec<Start>,
    /// where those of each [`TOGETHER`] documents begin
    firsts: Vec<u32>,
}

/// Documents whose starts are looked through for those of one.
const TOGETHER: u32 = 32;

/// What of a text some of its tokens are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Around {
    /// the first token of it
    pub(crate) token: u32,
    /// its bytes in the text; to the end, where they end at the last number there is
    pub(crate) bytes: Range<u32>,
    /// the same in the record, where that is known
    pub(crate) raw: Option<Range<u32>>,
}

impl Around {
    /// Of these places in a text, in order, those at or before the token `first` and at or after the token `behind`.
    fn of<T: Copy>(places: &[T], mark: impl Fn(&T) -> Mark, [first, behind]: [u32; 2]) -> [Option<T>; 2] {
        let before = places.partition_point(|place| mark(place).token <= first).checked_sub(1);
        let after = places.partition_point(|place| mark(place).token < behind);
        [before.map(|at| places[at]), places.get(after).copied()]
    }

    fn between([before, after]: [Option<Mark>; 2], raw: Option<Range<u32>>) -> Self {
        let [start, end] = [before.map_or(0, |mark| mark.byte), after.map_or(u32::MAX, |mark| mark.byte)];
        Around { token: before.map_or(0, |mark| mark.token), bytes: start..end, raw }
    }

    /// By marks of a document of an index.
    pub(crate) fn marks(marks: &[Mark], tokens: [u32; 2]) -> Self {
        Around::between(Around::of(marks, |mark| *mark, tokens), None)
    }

    /// By those of a document of an earlier part.
    pub(crate) fn starts(starts: &[Start], tokens: [u32; 2]) -> Self {
        let found = Around::of(starts, |start| start.mark, tokens);
        let raw = found[0].map(|start| start.raw..found[1].map_or(u32::MAX, |after| after.raw));
        Around::between(found.map(|start| start.map(|start| start.mark)), raw)
    }
}

impl Starts {
    /// Appends those of the documents of another part, whose first one has this number.
    pub(crate) fn append(&mut self, starts: &[Start], first: u32) {
        let Parts { starts: all, firsts } = Arc::make_mut(&mut self.0);
        for start in starts.iter().filter(|start| start.raw != NOWHERE) {
            let document = first + start.mark.document;
            while firsts.len() as u32 <= document / TOGETHER {
                firsts.push(all.len() as u32);
            }
            all.push(Start { mark: Mark { document, ..start.mark }, ..*start });
        }
    }

    /// Those of a document.
    pub(crate) fn of(&self, document: u32) -> &[Start] {
        let Parts { starts, firsts } = &*self.0;
        let first = |at: usize| firsts.get(at).map_or(starts.len(), |first| *first as usize);
        let at = (document / TOGETHER) as usize;
        let near = &starts[first(at)..first(at + 1)];
        let start = near.partition_point(|start| start.mark.document < document);
        let count = near[start..].partition_point(|start| start.mark.document == document);
        &near[start..start + count]
    }

    /// Bytes that they take.
    pub(crate) fn size(&self) -> usize {
        size_of_val(&self.0.starts[..]) + size_of_val(&self.0.firsts[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(document: u32, token: u32, byte: u32, raw: u32) -> Start {
        Start { mark: Mark { document, token, byte }, raw }
    }

    #[test]
    fn what_is_around_tokens_is_between_two_starts() {
        let mut starts = Starts::default();
        starts.append(&[start(0, 0, 0, 9), start(0, 50, 400, 420), start(0, 90, 800, 830)], 3);
        starts.append(&[start(1, 0, 0, 9), start(1, 7, 60, NOWHERE)], 7);
        starts.append(&[start(0, 0, 0, 5), start(90, 0, 0, 7), start(90, 8, 70, 80)], 100);
        let around = |tokens| Around::starts(starts.of(3), tokens);
        assert_eq!(around([10, 50]), Around { token: 0, bytes: 0..400, raw: Some(9..420) });
        assert_eq!(around([50, 51]), Around { token: 50, bytes: 400..800, raw: Some(420..830) });
        assert_eq!(around([49, 91]), Around { token: 0, bytes: 0..u32::MAX, raw: Some(9..u32::MAX) });
        assert_eq!(around([95, 96]), Around { token: 90, bytes: 800..u32::MAX, raw: Some(830..u32::MAX) });
        assert_eq!(starts.of(8), [start(8, 0, 0, 9)]);
        assert_eq!(starts.of(100), [start(100, 0, 0, 5)]);
        assert_eq!(starts.of(190), [start(190, 0, 0, 7), start(190, 8, 70, 80)]);
        assert!([0, 4, 99, 101, 191, 1000].iter().all(|document| starts.of(*document).is_empty()));
        let marks = [Mark { document: 1, token: 50, byte: 400 }];
        assert_eq!(Around::marks(&marks, [10, 20]), Around { token: 0, bytes: 0..400, raw: None });
    }
}

//! What is kept of a document of an index: nothing, until somebody looks at it; then what lies around its listed seeds, of
//! which several stretches are in one list.

use crate::passage::places::KeptStretch;
use crate::passage::steps::Written;
use crate::passage::texts::KeptTexts;
use crate::shelves::Spot;

/// Numbers of a list behind which no more stretches are put into it.
const FULL: usize = 1 << 12;

/// Tokens around listed seeds of a document of an index.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) start: u32,
    pub(super) end: u32,
    /// where its tokens are in a list, with where they stand behind them; none as long as nobody has looked at them
    list: Spot,
    at: u32,
}

impl Stretch {
    /// Between two tokens.
    pub(super) fn unread([start, end]: [u32; 2]) -> Self {
        Stretch { start, end, list: Spot::default(), at: 0 }
    }

    pub(super) fn is_read(&self) -> bool {
        !self.list.is_empty()
    }

    /// Where it is kept, if it was read.
    pub(super) fn kept(&self) -> Option<KeptStretch> {
        let &Stretch { start, end, list, at } = self;
        let kept = KeptStretch { start, end, list, at, first: 0, steps: at + (end - start) };
        self.is_read().then_some(kept)
    }

    /// The list in which it is, where it is the first of it.
    pub(super) fn own_list(&self) -> Option<Spot> {
        (self.is_read() && self.at == 0).then_some(self.list)
    }
}

/// Tokens of a document, one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    /// the number of the first
    pub(crate) start: u32,
    pub(crate) tokens: &'a [u64],
    /// first byte of each token, and behind its last
    pub(crate) spans: &'a [[u32; 2]],
}

/// Stretches that are being read.
pub(super) struct Filling<'a> {
    stretches: &'a mut [Stretch],
    texts: &'a mut KeptTexts,
    next: usize,
    /// what there is of the list, and which stretches are in it
    list: &'a mut Vec<u64>,
    filled: Vec<usize>,
    /// where in it the next one is, and its steps
    at: usize,
    steps: Written,
}

impl<'a> Filling<'a> {
    /// Of those of a document; `list` is a buffer.
    pub(super) fn new(
        stretches: &'a mut [Stretch],
        texts: &'a mut KeptTexts,
        list: &'a mut Vec<u64>,
    ) -> Self {
        list.clear();
        Filling { stretches, texts, next: 0, list, filled: Vec::new(), at: 0, steps: Written::default() }
    }

    /// Takes the tokens that come next; a stretch that starts before the first of all stays unread.
    pub(super) fn take(&mut self, Tokens { start, tokens, spans }: Tokens<'_>) {
        let behind = start + tokens.len() as u32;
        while let Some(stretch) = self.stretches.get_mut(self.next) {
            let from = stretch.start + (self.list.len() - self.at) as u32;
            if stretch.is_read() || from < start {
                self.next += 1;
                continue;
            }
            if from >= behind {
                return;
            }
            let to = stretch.end.min(behind);
            let range = (from - start) as usize..(to - start) as usize;
            self.list.extend_from_slice(&tokens[range.clone()]);
            self.steps.extend(&spans[range]);
            if to < stretch.end {
                return;
            }
            std::mem::take(&mut self.steps).append_to(self.list);
            stretch.at = self.at as u32;
            self.at = self.list.len();
            self.filled.push(self.next);
            self.next += 1;
            if self.at >= FULL {
                self.put();
            }
        }
    }

    /// Holds those that were read to their ends.
    pub(super) fn finish(mut self) {
        self.put();
    }

    fn put(&mut self) {
        self.list.truncate(self.at);
        let list = self.texts.put(self.list);
        self.filled.drain(..).for_each(|i| self.stretches[i].list = list);
        self.list.clear();
        self.at = 0;
    }
}

//! Copied passages wherever they stand, in another text or in this one, whatever the paragraph breaks.
//!
//! Documents pass in corpus order. The seeds of each ([`winnow`]) are looked up in the original text so far
//! ([`places`]); each hit becomes the whole verbatim run around it ([`hits`]), and the run is followed over small
//! differences ([`align`]). Of all candidates the longest wins, then the one that stood first (where one spans the whole
//! text, no others are looked for); what the
//! winners leave of another is kept if it is long enough. Tokens in no passage are original text, and only
//! original text, with as much around it as a run across its border needs, is found from then on.
//!
//! Bounds, by corpus order and counted: a seed lists its first [`places::LISTED`] places, and of those behind each
//! whole window that is new ([`windows`]); a token lies in at most [`hits::DEPTH`] candidates that go on, and on average in
//! [`hits::AGAIN`] others, and beyond them in
//! verbatim runs that have a window which those have not. So a text costs time in proportion to its tokens, whatever
//! it repeats, and no run of a passage's length is lost.

pub(crate) mod align;
mod contained;
mod filling;
pub(crate) mod gaps;
mod hits;
mod near;
mod passed;
pub(crate) mod places;
pub(crate) mod recurring;
pub(crate) mod repeated;
pub(crate) mod standing;
mod steps;
mod texts;
pub(crate) mod windows;
pub(crate) mod winnow;

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;
use std::path::Path;

use crate::document::Span;
use crate::error::{Error, Result};
use crate::locate::{Part, Ruler, Stretch};
use crate::params::Params;
use crate::passage::align::Alignment;
pub(crate) use crate::passage::contained::Contained;
pub(crate) use crate::passage::filling::Tokens;
use crate::passage::hits::Workspace;
use crate::passage::places::{AtToken, FoundBy, KeptStretch, Places, SoughtTokens, Window};
use crate::passage::recurring::RecurringWindows;
use crate::passage::repeated::Repeated;
use crate::passage::standing::{Cuts, between};
use crate::passage::windows::WindowMaker;
use crate::passage::winnow::Winnower;
use crate::resolve::NumberMap;
use crate::shingle::Shingler;
use crate::verify::Overlap;

/// Lengths of a passage that are kept to both sides of a listed seed, and that an alignment may go on for
/// behind the last seed that it shares.
const MARGIN: u32 = 4;

/// Tokens that are kept to both sides of a seed, and that have a say in a run there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Margins {
    /// of a seed that is listed
    pub(crate) listed: u32,
    /// of one that windows lead to: no more than these, since there are many
    pub(crate) by_window: u32,
}

impl Margins {
    fn of(params: &Params) -> Self {
        Margins { listed: MARGIN * params.passage, by_window: params.passage }
    }
}

/// A stretch of a document that repeats one of an earlier document, or an earlier one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    /// the later document
    pub(crate) copy: u32,
    /// its tokens
    pub(crate) copy_tokens: [u32; 2],
    /// where they stand, if that is known already
    pub(crate) copy_stretch: Option<Stretch>,
    /// the earlier document
    pub(crate) original: u32,
    /// its tokens
    pub(crate) original_tokens: [u32; 2],
    /// where they are
    pub(crate) original_part: Part,
    /// shingles of both stretches
    pub(crate) overlap: Overlap,
    /// the same tokens on both sides
    pub(crate) is_exact: bool,
}

/// A document with its tokens, ready to be searched.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Prepared<'a> {
    pub(crate) document: u32,
    pub(crate) text: &'a str,
    /// where its paragraphs stand
    pub(crate) places: &'a [Span],
    pub(crate) tokens: &'a [u64],
    /// first byte of each token, and behind its last
    pub(crate) spans: &'a [[u32; 2]],
    /// behind the last token of each paragraph
    pub(crate) paragraph_ends: &'a [u32],
    /// whether each paragraph is compared, and the first with its tokens
    pub(crate) is_first: &'a [bool],
    /// its seeds that occur more than once, in order
    pub(crate) seeds: &'a [Occurrence],
}

/// The search for passages; documents go through it in corpus order.
pub(crate) struct Finder<'a> {
    params: &'a Params,
    shingler: Shingler,
    seed: usize,
    pub(crate) places: Places,
    passages: Vec<Passage>,
    contained: Vec<Contained>,
    capped: u64,
    workspace: Workspace,
    windows: WindowMaker,
    /// by document
    verbatim: NumberMap<Verbatim>,
    /// the tokens of verbatim runs: document, first, behind the last; only for an index
    covered: Option<Vec<(u32, Range<u32>)>>,
    /// reads tokens of a document of an index
    read: Option<Box<dyn ReadTokens + 'a>>,
    /// the first thing that could not be read
    failed: Option<Error>,
}

/// Reads the tokens of documents that came before.
pub(crate) trait ReadTokens: Send {
    /// Calls `take` with tokens of a document, a piece after the other: at least with those that are sought.
    ///
    /// # Errors
    /// Where it can't be read, or has not so many.
    fn tokens(&mut self, document: u32, sought: SoughtTokens, take: &mut dyn FnMut(Tokens<'_>))
    -> Result<()>;
}

/// A seed of a document that occurs more than once in the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// the seed's number, see [`repeated::Repeated`]
    pub(crate) number: u32,
    /// the token at which it starts
    pub(crate) at: u32,
}

/// A window of a document of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ArchivedWindow {
    pub(crate) document: u32,
    /// where its seed starts
    pub(crate) seed: u32,
    /// its first token
    pub(crate) first: u32,
    pub(crate) key: u64,
}

/// What is known of a document of an index.
#[derive(Clone, Copy)]
pub(crate) struct ArchivedDocument<'a> {
    /// windows that lead to it, in order
    pub(crate) windows: &'a [ArchivedWindow],
    /// what was removed of it when its batch came
    pub(crate) leaves: Option<&'a Cuts>,
}

/// What the search found.
#[derive(Default)]
pub(crate) struct Found {
    /// by copy and place
    pub(crate) passages: Vec<Passage>,
    /// by copy and place; a document before its paragraphs
    pub(crate) contained: Vec<Contained>,
    /// places and candidates that were passed over
    pub(crate) capped: u64,
    /// the tokens of verbatim runs, by document and place; only for an index
    pub(crate) covered: Vec<(u32, Range<u32>)>,
    /// windows that stood nowhere before, of seeds whose lists were full, by key; only for an index
    pub(crate) windows: Vec<Window>,
    /// by document
    pub(crate) verbatim: Vec<Verbatim>,
}

/// A document that is one verbatim passage from end to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Verbatim {
    pub(crate) document: u32,
    pub(crate) original: u32,
    /// the token at which it starts there
    pub(crate) token: u32,
}

/// Which seeds of a document are found by what comes later.
pub(crate) struct OriginalText {
    pub(crate) passage: u32,
    /// tokens in a seed
    pub(crate) seed: u32,
    /// tokens in the document
    pub(crate) tokens: u32,
}

impl OriginalText {
    /// Appends those of the windows of the seed at a token that lie between two others, and not whole in one of the runs:
    /// there they have been copied from where they stood before. Of what does not come again none is needed but by an index.
    pub(crate) fn windows(
        &self,
        (maker, tokens): (&mut WindowMaker, &[u64]),
        (covered, [first, behind]): (&[Range<u32>], [u32; 2]),
        at: u32,
        into: &mut Vec<AtToken>,
    ) {
        let is_new = |&start: &u32| {
            let end = start + self.passage;
            let run = covered.partition_point(|run| run.end < end);
            first <= start && end <= behind && covered.get(run).is_none_or(|run| run.start > start)
        };
        for start in maker.of(tokens, at).filter(is_new) {
            let (is_told, comes_again) = maker.is_told(start);
            if is_told {
                into.push(AtToken { key: maker.key(tokens, start), first: start, comes_again });
            }
        }
    }

    /// Whether the seed at a token is one: a seed deep inside of a verbatim run is found where that came from;
    /// near its ends it may be part of a run that goes on into original text, or into a difference, which
    /// stands here first. `covered` are the verbatim runs, in order.
    pub(crate) fn holds(&self, covered: &[Range<u32>], at: u32) -> bool {
        let near = self.passage - 1;
        let before = covered.partition_point(|range| range.start <= at);
        let inside = before.checked_sub(1).map(|i| &covered[i]).filter(|range| at + self.seed <= range.end);
        let Some(run) = inside else { return true };
        (run.end - at <= near && run.end < self.tokens)
            || (at + self.seed - run.start <= near && run.start > 0)
    }
}

/// A candidate: the stretch, and the earlier document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    original: u32,
    alignment: Alignment,
}

/// The side of a candidate that stood earlier.
struct OriginalSide {
    /// where it is kept; `None` of the document itself
    stretch: Option<KeptStretch>,
    tokens: Range<u32>,
    /// which of the tokens that were read it is, where it waits
    read: Range<usize>,
}

impl OriginalSide {
    /// Its tokens, if they were wanted.
    fn all<'b>(&self, prepared: &Prepared<'b>, places: &'b Places, read: &'b [u64]) -> &'b [u64] {
        let Range { start, end } = self.tokens;
        match &self.stretch {
            Some(stretch) => places.tokens(stretch, [start, end], &read[self.read.clone()]).tokens,
            None => &prepared.tokens[start as usize..end as usize],
        }
    }
}

/// All that may be passages of a document.
#[derive(Clone, Default)]
pub(crate) struct Candidates {
    all: Vec<Candidate>,
    /// verbatim runs that are a passage, of which an alignment has less: they count where that is cut
    entered: Vec<Candidate>,
}

impl Candidates {
    /// The tokens of all verbatim runs of at least `passage` tokens, in order, apart from each other.
    fn verbatim_tokens(&self, passage: u32) -> Vec<Range<u32>> {
        verbatim_tokens(self.all.iter().chain(&self.entered), passage)
    }
}

/// Longest first, then the one that stood first.
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |candidate: &Candidate| {
            let (copy, original) = (candidate.alignment.copy(), candidate.alignment.original());
            (copy.len(), std::cmp::Reverse((candidate.original, original.start, copy.start)))
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Finder<'a> {
    /// A search among documents with these repeated seeds.
    pub(crate) fn new(params: &'a Params, repeated: &mut Repeated) -> Self {
        Finder {
            params,
            shingler: Shingler::new(params.shingle),
            seed: Winnower::new(params.passage).seed(),
            places: Places::new(&repeated.take_counts()),
            passages: Vec::new(),
            contained: Vec::new(),
            capped: 0,
            workspace: Workspace::default(),
            windows: WindowMaker::new(params.passage),
            verbatim: NumberMap::default(),
            covered: None,
            read: None,
            failed: None,
        }
    }

    /// Holds no more than about so many bytes of texts in memory, and the rest in a file in `folder`. There are none yet.
    pub(crate) fn bound(&mut self, folder: &Path, bytes: u64) {
        self.places.bound(folder, bytes);
    }

    /// Also tells what an index needs: which tokens are no original text, and which windows are new.
    pub(crate) fn tell_covered(&mut self) {
        self.covered = Some(Vec::new());
        self.places.tell_windows();
        self.windows.tell_all();
    }

    /// Of a corpus that nothing comes before: which windows may come again in it.
    pub(crate) fn expect(&mut self, recurring: RecurringWindows) {
        self.windows.expect(recurring);
    }

    /// How the texts of an index are read.
    pub(crate) fn reads_with(&mut self, read: Box<dyn ReadTokens + 'a>) {
        self.read = Some(read);
    }

    /// What could not be read or held, if anything.
    pub(crate) fn take_failure(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.places.take_failure()
    }

    /// A document of `tokens` tokens that equals the document `first` to the token.
    pub(crate) fn equal_document(&mut self, document: u32, first: u32, tokens: u32) {
        if tokens < self.params.passage {
            return;
        }
        let within = self.verbatim.get(&first).copied();
        let (original, start) = within.map_or((first, 0), |within| (within.original, within.token));
        let original_tokens = [start, start + tokens];
        self.passages.push(Passage {
            copy: document,
            copy_tokens: [0, tokens],
            copy_stretch: None,
            original,
            original_tokens,
            original_part: if within.is_some() { Part::Tokens(original_tokens) } else { Part::Whole },
            overlap: Overlap { shared: 1, sizes: [1, 1] },
            is_exact: true,
        });
    }

    /// Finds the passages of the next document.
    pub(crate) fn document(&mut self, prepared: &Prepared) {
        let candidates = self.candidates(prepared);
        let taken = choose(candidates, prepared, self.params);
        let overlaps = self.tell_all(prepared, &taken);
        self.tell_contained(prepared, (&taken, &overlaps), |_| true);
        if let [only] = &taken[..]
            && let [run] = only.alignment.runs[..]
            && run.length as usize == prepared.tokens.len()
            && only.original != prepared.document
        {
            let (document, original, token) = (prepared.document, only.original, run.original);
            self.verbatim.insert(document, Verbatim { document, original, token });
        }
        self.list(prepared, &taken, &Cuts::default());
    }

    /// Lists what of a document is original text: nothing that its passages took over word for word, unless they leave, and
    /// nothing that `leaves`.
    fn list(&mut self, prepared: &Prepared, taken: &[Candidate], leaves: &Cuts) {
        let runs = taken.iter().flat_map(|candidate| &candidate.alignment.runs);
        let covered: Vec<Range<u32>> = runs.map(|run| run.copy..run.end()).collect();
        let (seed, tokens) = (self.seed as u32, prepared.tokens.len() as u32);
        let text = OriginalText { passage: self.params.passage, seed, tokens };
        let all_leave = self.params.remove.passages;
        self.places.add(prepared, Margins::of(self.params), |found, is_full, windows| {
            let is_original = all_leave || text.holds(&covered, found.at);
            let around = leaves.around(found.at, seed, tokens).filter(|_| is_original);
            match around {
                None => FoundBy::Nothing,
                Some(around) if !is_full => FoundBy::Seed(around),
                Some(around) => {
                    text.windows((&mut self.windows, prepared.tokens), (&covered, around), found.at, windows);
                    FoundBy::Windows(around)
                }
            }
        });
        if let Some(all) = self.covered.as_mut().filter(|_| !all_leave) {
            all.extend(covered.into_iter().map(|range| (prepared.document, range)));
        }
    }

    /// A document of an index, of so many tokens: its repeated seeds are places that were listed when its batch
    /// came, but for those to which only `windows` lead. Its text is read when a run in it is looked at.
    pub(crate) fn archived(
        &mut self,
        (document, tokens): (u32, u32),
        seeds: &[Occurrence],
        ArchivedDocument { windows, leaves }: ArchivedDocument<'_>,
    ) {
        let seed = self.seed as u32;
        self.places.add_unread((document, seeds), Margins::of(self.params), |found, _, into| {
            let around = leaves.map_or(Some([0, tokens]), |leaves| leaves.around(found.at, seed, tokens));
            let first = windows.partition_point(|window| window.seed < found.at);
            let own = windows[first..].iter().take_while(|window| window.seed == found.at);
            into.extend(own.map(|&ArchivedWindow { key, first, .. }| AtToken {
                key,
                first,
                comes_again: true,
            }));
            match around {
                None => FoundBy::Nothing,
                Some(around) if into.is_empty() => FoundBy::Seed(around),
                Some(around) => FoundBy::Windows(around),
            }
        });
    }

    /// A document of an index that is one verbatim passage from end to end.
    pub(crate) fn archived_verbatim(&mut self, verbatim: Verbatim) {
        self.verbatim.insert(verbatim.document, verbatim);
    }

    /// Everything found.
    pub(crate) fn finish(mut self) -> Found {
        let windows = self.places.take_told();
        let mut verbatim: Vec<Verbatim> = self.verbatim.into_values().collect();
        verbatim.sort_unstable();
        Found {
            passages: self.passages,
            contained: self.contained,
            capped: self.capped + self.places.capped,
            covered: self.covered.unwrap_or_default(),
            windows,
            verbatim,
        }
    }

    /// Where the original side of a candidate is kept, its tokens behind those that were read before if they are `wanted`, and
    /// its bytes in its text; `None` where the search fails.
    fn original_side(
        &mut self,
        prepared: &Prepared,
        candidate: &Candidate,
        wanted: bool,
    ) -> Option<(OriginalSide, [u32; 2])> {
        let Finder { places, read, failed, workspace, .. } = self;
        let tokens = candidate.alignment.original();
        if candidate.original == prepared.document {
            let spans = &prepared.spans[tokens.start as usize..tokens.end as usize];
            let bytes = spans.first().zip(spans.last()).map(|(first, last)| [first[0], last[1]]);
            return Some((OriginalSide { stretch: None, tokens, read: 0..0 }, bytes.unwrap_or_default()));
        }
        let stretch = places.find((candidate.original, tokens.start), read.as_deref_mut(), failed)?;
        let before = workspace.read.len();
        let within = [tokens.start, tokens.end];
        let mut all = || {
            if wanted {
                places.read(&stretch, within, &mut workspace.read)?;
            }
            places.bytes(&stretch, tokens.clone())
        };
        match all() {
            Ok(bytes) => {
                let read = before..workspace.read.len();
                Some((OriginalSide { stretch: Some(stretch), tokens, read }, bytes))
            }
            Err(error) => {
                failed.get_or_insert(error);
                None
            }
        }
    }

    /// Tells of passages; returns how similar each is.
    fn tell_all(&mut self, prepared: &Prepared, taken: &[Candidate]) -> Vec<Overlap> {
        let mut ruler = Ruler::new(Some(prepared.text), prepared.places, prepared.spans);
        let mut overlaps = Vec::with_capacity(taken.len());
        for candidate in taken {
            let copy = candidate.alignment.copy();
            overlaps.push(self.tell(prepared, candidate, ruler.measure([copy.start, copy.end])));
        }
        overlaps
    }

    fn tell(&mut self, prepared: &Prepared, candidate: &Candidate, copy_stretch: Option<Stretch>) -> Overlap {
        let (copy, original) = (candidate.alignment.copy(), candidate.alignment.original());
        let is_one_run = candidate.alignment.runs.len() == 1;
        self.workspace.read.clear();
        let Some((side, original_bytes)) = self.original_side(prepared, candidate, !is_one_run) else {
            return Overlap::default(); // the search fails
        };
        let own = &prepared.tokens[copy.start as usize..copy.end as usize];
        let original_side =
            if is_one_run { own } else { side.all(prepared, &self.places, &self.workspace.read) };
        // in a text that repeats itself an alignment may leave its diagonal, and come back
        let is_exact = is_one_run || own == original_side;
        let overlap = if is_exact {
            Overlap { shared: 1, sizes: [1, 1] }
        } else {
            let original = (original_side, &candidate.alignment.runs[..]);
            self.workspace.comparison.compare(&self.shingler, (own, copy.start), std::iter::once(original))
        };
        self.passages.push(Passage {
            copy: prepared.document,
            copy_tokens: [copy.start, copy.end],
            copy_stretch,
            original: candidate.original,
            original_tokens: [original.start, original.end],
            original_part: Part::Bytes(original_bytes),
            overlap,
            is_exact,
        });
        overlap
    }
}

/// Gives each token to at most one candidate: the longest takes all of its own, then the next what is left
/// of it. What is left must be half a passage, or be of a verbatim run that was long enough as a whole: of
/// those no token is lost. In the order of the text, and of whole characters: before one is chosen, so that what it can't
/// hold is left to the next.
fn choose(candidates: Candidates, prepared: &Prepared, params: &Params) -> Vec<Candidate> {
    let whole = |candidates| of_whole_characters(candidates, prepared, params);
    if candidates.all.len() < 2 {
        return whole(candidates.all);
    }
    let verbatim = candidates.verbatim_tokens(params.passage);
    let is_kept = |rest: &Alignment| is_long_enough(rest, &verbatim, params.passage);
    let mut entered = candidates.entered;
    let mut heap = BinaryHeap::from(whole(candidates.all));
    // by where they start; no two overlap
    let mut taken: BTreeMap<u32, Candidate> = BTreeMap::new();
    while let Some(Candidate { original, alignment }) = heap.pop() {
        let range = alignment.copy();
        let before = taken.range(..range.end).rev().map(|(_, other)| other.alignment.copy());
        let mut overlapping: Vec<Range<u32>> = before.take_while(|other| other.end > range.start).collect();
        overlapping.reverse();
        if overlapping.is_empty() {
            taken.insert(range.start, Candidate { original, alignment });
            continue;
        }
        // none of these is longer than what had the rest of it
        heap.extend(whole(std::mem::take(&mut entered)));
        for gap in between(&range, &overlapping) {
            let rests = alignment.cut(gap).apart(params.identity).into_iter();
            heap.extend(rests.filter(is_kept).map(|alignment| Candidate { original, alignment }));
        }
    }
    whole(taken.into_values().collect())
}

/// The same without the ends that are part of a character: `½` is two tokens and one place, and what holds one of them has
/// no place of its own.
fn of_whole_characters(taken: Vec<Candidate>, prepared: &Prepared, params: &Params) -> Vec<Candidate> {
    let is_split = |at: u32| {
        let at = at as usize;
        at > 0 && prepared.spans.get(at).is_some_and(|next| next[0] < prepared.spans[at - 1][1])
    };
    if !taken.iter().map(|of| of.alignment.copy()).any(|of| is_split(of.start) || is_split(of.end)) {
        return taken;
    }
    let mut whole = Vec::with_capacity(taken.len());
    for Candidate { original, alignment } in taken {
        let mut rests = vec![alignment];
        while let Some(mut rest) = rests.pop() {
            let Range { mut start, mut end } = rest.copy();
            if !is_split(start) && !is_split(end) {
                whole.push(Candidate { original, alignment: rest });
                continue;
            }
            while start < end && is_split(start) {
                start += 1;
            }
            while start < end && is_split(end) {
                end -= 1;
            }
            rest = rest.cut(start..end);
            rests.extend(rest.apart(params.identity).into_iter().rev());
        }
    }
    whole
}

/// Whether what is left of a passage is one: half as long, or of a verbatim run that was long enough.
fn is_long_enough(rest: &Alignment, verbatim: &[Range<u32>], passage: u32) -> bool {
    let range = rest.copy();
    let before = verbatim.partition_point(|run| run.end <= range.start);
    range.len() * 2 >= passage as usize || verbatim.get(before).is_some_and(|run| run.start < range.end)
}

/// The tokens of the verbatim runs of at least `passage` tokens of candidates, in order, apart from each other.
fn verbatim_tokens<'c>(candidates: impl Iterator<Item = &'c Candidate>, passage: u32) -> Vec<Range<u32>> {
    let runs = candidates.flat_map(|candidate| &candidate.alignment.runs);
    let mut all: Vec<Range<u32>> =
        runs.filter(|run| run.length >= passage).map(|run| run.copy..run.end()).collect();
    all.sort_unstable_by_key(|run| (run.start, run.end));
    all.dedup_by(|next, run| {
        let joined = next.start <= run.end;
        if joined {
            run.end = run.end.max(next.end);
        }
        joined
    });
    all
}

//! Where seeds stand in the original text so far: from a seed to its places, earliest first.
//!
//! Only seeds that occur again have a number here ([`Repeated`]), and places are kept only as long as a seed has occurrences to come: one whose last has passed is
//! forgotten, and a text of which no seed is left with it. That keeps it all small however large the corpus.
//!
//! A seed lists its first places. Of later ones the windows are kept ([`crate::passage::windows`]).

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};
use crate::passage::filling::{Filling, Stretch};
use crate::passage::steps::{Steps, UnreadSteps, packed, unpacked};
use crate::passage::texts::KeptTexts;
use crate::passage::windows::{OfSeed, Windows};
use crate::passage::{Margins, Occurrence, Prepared, ReadTokens};
use crate::resolve::NumberMap;
use crate::shelves::{LARGE, Spot};

pub(crate) mod reach;

/// Places that a seed lists; of later ones, which are counted, windows are kept.
pub(crate) const LISTED: u8 = 8;

/// Places that a seed lists in an index of before version 4, at the most.
pub(crate) const MOST_LISTED: u8 = 32;

/// No node.
const NONE: u32 = u32::MAX;

/// A place, and the one listed before it.
#[derive(Clone, Copy)]
struct Node {
    document: u32,
    at: u32,
    before: u32,
}

/// The listed places of some seeds of a document, one after the other.
#[derive(Default)]
pub(crate) struct Listed {
    /// which of its seeds is the first
    first: usize,
    places: Vec<(u32, u32)>,
    /// behind the last place of each seed
    ends: Vec<usize>,
    /// the latest place of each
    latest: Vec<u32>,
    nodes: Vec<Option<Node>>,
}

impl Listed {
    /// The places of the document's seed at `i`, the earliest first; `None` if it is not among these.
    pub(crate) fn of(&self, i: usize) -> Option<&[(u32, u32)]> {
        let i = i.checked_sub(self.first)?;
        let end = *self.ends.get(i)?;
        Some(&self.places[i.checked_sub(1).map_or(0, |before| self.ends[before])..end])
    }
}

/// What is known of a seed.
#[derive(Clone, Copy)]
struct Entry {
    /// occurrences that have yet to come
    to_come: u32,
    /// its latest place
    last: u32,
    /// windows of places that are not listed
    windows: OfSeed,
    /// places listed
    listed: u8,
}

/// How a place is found from then on.
#[derive(Clone, Copy)]
pub(crate) enum FoundBy {
    /// it is not
    Nothing,
    /// by its seed, with what is between these two tokens
    Seed([u32; 2]),
    /// by those of its windows that are new, with the same
    Windows([u32; 2]),
}

/// Tokens of a document that are kept for comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept<'a> {
    pub(crate) tokens: &'a [u64],
    /// the number of the first token in its document
    pub(crate) start: u32,
}

/// The kept stretches of a document, in order, one after the other.
#[derive(Default)]
struct Text {
    /// of each stretch its first token in the document, and behind that, where it is among the tokens; then the tokens, and
    /// where they stand. In one piece: they are looked at together, and there are many
    all: Spot,
    stretches: u32,
    tokens: u32,
    /// listed seeds in them, and windows
    uses: u32,
    /// whether windows lead to them
    has_windows: bool,
    /// where parts of it leave: the first tokens of those between in which there is something; else empty
    parts: Box<[u32]>,
    known: Known,
}

/// Where it is known which stretches a text has.
#[derive(Default)]
enum Known {
    /// at the start of its list
    #[default]
    There,
    /// here, as it is there, since the list waits
    Here(Box<[u64]>),
    /// of a document of an index, of which each stretch has a list of its own
    Archived(Box<[Stretch]>),
}

/// A stretch that is kept of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptStretch {
    /// its first token in the document, and behind its last
    pub(super) start: u32,
    pub(super) end: u32,
    /// the list in which it is, where in that its tokens start, and which of the list's tokens is their first
    pub(super) list: Spot,
    pub(super) at: u32,
    pub(super) first: u32,
    /// where in it the steps of all its tokens start
    pub(super) steps: u32,
}

impl KeptStretch {
    /// Those of some tokens of the document that are in it: the first, and behind the last.
    pub(crate) fn within(&self, [first, behind]: [u32; 2]) -> [u32; 2] {
        let first = first.clamp(self.start, self.end);
        [first, behind.clamp(first, self.end)]
    }

    /// Where tokens that are in it are in the list.
    fn part(&self, [first, behind]: [u32; 2]) -> Range<usize> {
        let at = |token: u32| (self.at + (token - self.start)) as usize;
        at(first)..at(behind)
    }
}

impl Text {
    /// Appends to an empty list what is kept of a document: what lies between these pairs of its tokens.
    fn keep(&mut self, prepared: &Prepared, bounds: &[[u32; 2]], all: &mut Vec<u64>) {
        let ranges = || bounds.iter().map(|&[start, end]| start as usize..end as usize);
        let mut first = 0;
        for &[start, end] in bounds {
            all.push(packed([start, first]));
            first += end - start;
        }
        ranges().for_each(|range| all.extend_from_slice(&prepared.tokens[range]));
        Steps::write(ranges().map(|range| &prepared.spans[range]), all);
        (self.stretches, self.tokens) = (bounds.len() as u32, first);
    }

    /// The tokens around one that stay with it: nothing of what leaves is among them, nor behind that.
    fn part(&self, at: u32) -> Range<u32> {
        let behind = self.parts.partition_point(|first| *first <= at);
        let first = behind.checked_sub(1).map_or(0, |part| self.parts[part]);
        first..self.parts.get(behind).copied().unwrap_or(u32::MAX)
    }

    /// The stretch in which a token is.
    fn stretch(&self, token: u32, texts: &KeptTexts) -> Option<KeptStretch> {
        let known = match &self.known {
            Known::There => &texts.get(self.all)[..self.stretches as usize],
            Known::Here(known) => known,
            Known::Archived(stretches) => {
                let behind = stretches.partition_point(|stretch| stretch.start <= token);
                return stretches[behind.checked_sub(1)?].kept();
            }
        };
        let behind = known.partition_point(|stretch| unpacked(*stretch)[0] <= token);
        let [start, first] = unpacked(known[behind.checked_sub(1)?]);
        let end = known.get(behind).map_or(self.tokens, |next| unpacked(*next)[1]);
        let (end, at) = (start + (end - first), self.stretches + first);
        Some(KeptStretch { start, end, list: self.all, at, first, steps: self.stretches + self.tokens })
    }
}

/// What was listed of a document.
#[derive(Default)]
struct ListedOf {
    /// how many of its seeds
    seeds: u32,
    /// and how many windows of others
    windows: u32,
    /// the tokens that are kept around them, in order: the first, and behind the last
    bounds: Vec<[u32; 2]>,
    /// see [`Text::parts`]
    parts: Vec<u32>,
}

impl ListedOf {
    /// Its text, as far as it is known without the tokens; `None` where nothing leads to it.
    fn text(self) -> Option<(Text, Vec<[u32; 2]>)> {
        let ListedOf { seeds, windows, bounds, parts } = self;
        let (uses, has_windows, parts) = (seeds + windows, windows > 0, parts.into());
        (uses > 0).then(|| (Text { uses, has_windows, parts, ..Text::default() }, bounds))
    }
}

/// A window of a document.
#[derive(Clone, Copy)]
pub(crate) struct AtToken {
    pub(crate) key: u64,
    /// the token at which it starts
    pub(crate) first: u32,
    /// whether it may come again before the end of the corpus, or of the part of it that is searched
    pub(crate) comes_again: bool,
}

/// A window that nothing had before: its key, its document, the token at which it starts.
pub(crate) type Window = (u64, u32, u32);

/// Which tokens of a document are needed.
#[derive(Clone, Copy)]
pub(crate) struct SoughtTokens {
    pub(crate) first: u32,
    pub(crate) behind: u32,
    /// behind the last that may be needed later
    pub(crate) last: u32,
}

/// The places of all repeated seeds, and the texts around them.
pub(crate) struct Places {
    seeds: Vec<Entry>,
    nodes: Vec<Node>,
    free: u32,
    texts: NumberMap<Text>,
    /// what is kept of them
    kept: KeptTexts,
    /// for the next one
    all: Vec<u64>,
    windows: Windows,
    /// all windows that came: key, document, first token; only for an index
    told: Option<Vec<Window>>,
    /// places that were not listed
    pub(crate) capped: u64,
}

impl Places {
    /// No places yet, of seeds of which each occurs so often.
    pub(crate) fn new(counts: &[u32]) -> Self {
        let entry = |&to_come: &u32| Entry { to_come, last: NONE, windows: OfSeed::NONE, listed: 0 };
        Places {
            seeds: counts.iter().map(entry).collect(),
            nodes: Vec::new(),
            free: NONE,
            texts: NumberMap::default(),
            kept: KeptTexts::new(),
            all: Vec::new(),
            windows: Windows::default(),
            told: None,
            capped: 0,
        }
    }

    /// Holds no more than about so many bytes of texts in memory, and the rest in a file in `folder`. There are none yet.
    pub(crate) fn bound(&mut self, folder: &Path, bytes: u64) {
        self.kept.bound(folder, bytes);
    }

    /// What could not be written of texts, if anything.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(crate) fn take_failure(&mut self) -> Result<()> {
        self.kept.take_failure()
    }

    /// Also tells which windows are new, those of seeds that do not occur again, too.
    pub(crate) fn tell_windows(&mut self) {
        self.told = Some(Vec::new());
    }

    /// All that were, in order.
    pub(crate) fn take_told(&mut self) -> Vec<Window> {
        let mut told = self.told.take().unwrap_or_default();
        told.sort_unstable();
        told.dedup_by_key(|(key, _, _)| *key);
        told
    }

    /// Whether a seed has places that only windows lead to.
    pub(crate) fn has_windows(&self, number: u32) -> bool {
        !self.seeds[number as usize].windows.is_empty()
    }

    /// Where a window stood first: the document, and the token at which its seed starts.
    pub(crate) fn window(&self, key: u64) -> Option<(u32, u32)> {
        self.windows.find(key)
    }

    /// Makes `into` the listed places of those of a document's seeds, of each the earliest first: documents and
    /// tokens. They are scattered over memory; looked up side by side, they are waited for together.
    pub(crate) fn of(&self, seeds: &[Occurrence], those: Range<usize>, into: &mut Listed) {
        into.first = those.start;
        into.places.clear();
        into.ends.clear();
        into.latest.clear();
        into.latest.extend(seeds[those].iter().map(|seed| self.seeds[seed.number as usize].last));
        into.nodes.clear();
        into.nodes.extend(into.latest.iter().map(|&node| self.nodes.get(node as usize).copied()));
        for latest in &into.nodes {
            let first = into.places.len();
            let mut next = *latest;
            while let Some(Node { document, at, before }) = next {
                into.places.push((document, at));
                next = self.nodes.get(before as usize).copied();
            }
            into.places[first..].reverse();
            into.ends.push(into.places.len());
        }
    }

    /// The listed places of a seed, the latest first.
    fn listed(&self, number: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut node = self.seeds[number as usize].last;
        std::iter::from_fn(move || {
            let found = self.nodes.get(node as usize)?;
            node = found.before;
            Some((found.document, found.at))
        })
    }

    /// The stretch that is kept around a place in another document; of one of an index it is read where nobody has looked at it
    /// yet.
    pub(super) fn find(
        &mut self,
        (document, at): (u32, u32),
        reader: Option<&mut (dyn ReadTokens + '_)>,
        failed: &mut Option<Error>,
    ) -> Option<KeptStretch> {
        let text = self.texts.get_mut(&document)?;
        if let Known::Archived(stretches) = &mut text.known {
            let before = stretches.partition_point(|stretch| stretch.start <= at);
            let i = before.checked_sub(1)?;
            if !stretches[i].is_read() {
                let last = stretches.last().map_or(0, |last| last.end);
                let sought = SoughtTokens { first: stretches[i].start, behind: stretches[i].end, last };
                let mut filling = Filling::new(stretches, &mut self.kept, &mut self.all);
                let read = reader?.tokens(document, sought, &mut |tokens| filling.take(tokens));
                filling.finish();
                self.let_go_of_buffer();
                if let Err(error) = read {
                    failed.get_or_insert(error);
                    return None;
                }
            }
        }
        self.texts.get(&document)?.stretch(at, &self.kept)
    }

    /// Appends tokens of a stretch that waits, from one to behind another; nothing of one that [`Places::tokens`] has.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(super) fn read(&mut self, of: &KeptStretch, tokens: [u32; 2], into: &mut Vec<u64>) -> Result<()> {
        self.kept.read(of.list, of.part(tokens), into)
    }

    /// Tokens of a stretch, from one to behind another; where it waits, those that were read.
    #[inline]
    pub(super) fn tokens<'a>(&'a self, of: &KeptStretch, tokens: [u32; 2], read: &'a [u64]) -> Kept<'a> {
        let start = tokens[0];
        match of.list.waits_at() {
            Some(_) => Kept { tokens: read, start },
            None => Kept { tokens: &self.kept.get(of.list)[of.part(tokens)], start },
        }
    }

    /// Where tokens of a stretch stand in its text: the first byte, and behind the last.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(crate) fn bytes(&mut self, of: &KeptStretch, tokens: Range<u32>) -> Result<[u32; 2]> {
        let at = |token: u32| (of.first + (token - of.start)) as usize;
        let (tokens, steps) = (at(tokens.start)..at(tokens.end), of.steps as usize);
        if of.list.waits_at().is_none() {
            return Ok(Steps::read(&self.kept.get(of.list)[steps..]).bytes(tokens));
        }
        let kept = &mut self.kept;
        let append = &mut |part: Range<usize>, into: &mut Vec<u64>| {
            kept.read(of.list, steps + part.start..steps + part.end, into)
        };
        UnreadSteps::new(append).bytes(tokens)
    }

    /// Takes leave of a document's seeds. `found_by` tells of each, by whether its list is full, how it is to be found,
    /// if it occurs again later, and may append its windows; then as many tokens around it are kept as `margins` says.
    pub(crate) fn add(
        &mut self,
        prepared: &Prepared,
        margins: Margins,
        found_by: impl FnMut(&Occurrence, bool, &mut Vec<AtToken>) -> FoundBy,
    ) {
        let &Prepared { document, seeds, .. } = prepared;
        let listed = self.list((document, seeds), margins, found_by);
        if let Some((mut text, bounds)) = listed.text() {
            self.all.clear();
            text.keep(prepared, &bounds, &mut self.all);
            text.all = self.kept.put(&mut self.all);
            text.known = match text.all.waits_at() {
                Some(_) => Known::Here(self.all[..text.stretches as usize].into()),
                None => Known::There,
            };
            self.texts.insert(document, text);
            self.let_go_of_buffer();
        }
    }

    /// Of what was written to a file as a long list nothing is held for the next one.
    fn let_go_of_buffer(&mut self) {
        if self.all.len() > LARGE {
            self.all = Vec::new();
        }
    }

    /// As [`Places::add`], of a document whose text nobody has looked at; [`Places::find`] does where one has to.
    pub(crate) fn add_unread(
        &mut self,
        (document, seeds): (u32, &[Occurrence]),
        margins: Margins,
        found_by: impl FnMut(&Occurrence, bool, &mut Vec<AtToken>) -> FoundBy,
    ) {
        // its windows were told when its batch came
        let told = self.told.take();
        let listed = self.list((document, seeds), margins, found_by);
        self.told = told;
        if let Some((text, bounds)) = listed.text() {
            let known = Known::Archived(bounds.into_iter().map(Stretch::unread).collect());
            self.texts.insert(document, Text { known, ..text });
        }
    }

    /// Lists a document's seeds and windows.
    fn list(
        &mut self,
        (document, seeds): (u32, &[Occurrence]),
        margins: Margins,
        mut found_by: impl FnMut(&Occurrence, bool, &mut Vec<AtToken>) -> FoundBy,
    ) -> ListedOf {
        for seed in seeds {
            self.seeds[seed.number as usize].to_come -= 1;
        }
        let mut of = ListedOf::default();
        let mut windows = Vec::new();
        for seed in seeds {
            let entry = &mut self.seeds[seed.number as usize];
            let is_last = entry.to_come == 0;
            if is_last && self.told.is_none() {
                continue;
            }
            let before = of.seeds + of.windows;
            windows.clear();
            let ([first, behind], margin) = match found_by(seed, entry.listed >= LISTED, &mut windows) {
                FoundBy::Nothing => continue,
                FoundBy::Seed(around) => {
                    entry.listed += 1;
                    if !is_last {
                        let node = Node { document, at: seed.at, before: entry.last };
                        entry.last = insert(&mut self.nodes, &mut self.free, node);
                        of.seeds += 1;
                    }
                    (around, margins.listed)
                }
                FoundBy::Windows(around) => {
                    self.capped += 1;
                    for &AtToken { key, first, comes_again } in &windows {
                        if self.windows.find(key).is_some() {
                            continue;
                        }
                        if let Some(told) = &mut self.told {
                            told.push((key, document, first));
                        }
                        if comes_again && !is_last {
                            self.windows.insert(&mut entry.windows, key, (document, seed.at));
                            of.windows += 1;
                        }
                    }
                    (around, margins.by_window)
                }
            };
            if of.seeds + of.windows == before {
                continue;
            }
            let start = seed.at.saturating_sub(margin).max(first);
            let end = (seed.at + margin).min(behind);
            while of.bounds.last().is_some_and(|last| last[0] > start) {
                of.bounds.pop(); // one with a smaller margin
            }
            match of.bounds.last_mut() {
                Some(last) if start <= last[1] => last[1] = last[1].max(end),
                _ => of.bounds.push([start, end]),
            }
            if of.parts.last() != Some(&first) {
                of.parts.push(first);
            }
        }
        // not before: what is known already is not told again
        for seed in seeds {
            if self.seeds[seed.number as usize].to_come == 0 {
                self.forget(seed.number);
            }
        }
        if of.parts.len() == 1 {
            of.parts.clear();
        }
        of
    }

    /// Forgets the places of a seed that will not occur again.
    fn forget(&mut self, number: u32) {
        let entry = &mut self.seeds[number as usize];
        let mut node = std::mem::replace(&mut entry.last, NONE);
        let mut windows = std::mem::replace(&mut entry.windows, OfSeed::NONE);
        while node != NONE {
            let Node { document, before, .. } = self.nodes[node as usize];
            self.nodes[node as usize].before = self.free;
            self.free = node;
            node = before;
            self.let_go(document);
        }
        while let Some(document) = self.windows.remove_one(&mut windows) {
            self.let_go(document);
        }
    }

    /// Something in a document is not to be found any more.
    fn let_go(&mut self, document: u32) {
        let Some(text) = self.texts.get_mut(&document) else { return };
        text.uses -= 1;
        if text.uses == 0 {
            if let Known::Archived(stretches) = &text.known {
                stretches.iter().filter_map(Stretch::own_list).for_each(|list| self.kept.remove(list));
            }
            self.kept.remove(text.all);
            self.texts.remove(&document);
        }
    }
}

/// Puts a node where one is free.
fn insert(nodes: &mut Vec<Node>, free: &mut u32, node: Node) -> u32 {
    let at = *free;
    if at == NONE {
        nodes.push(node);
        return nodes.len() as u32 - 1;
    }
    *free = nodes[at as usize].before;
    nodes[at as usize] = node;
    at
}

#[cfg(test)]
mod tests;

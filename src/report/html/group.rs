//! One group: an original with its copies, side by side where they differ or stand in other surroundings.

use askama::Template;

use crate::document::{Kind, Unit};
use crate::error::Result;
use crate::outcome::Outcome;
use crate::report::clean;
use crate::report::facts::{Copy, Extent, Group, Repeat, Stretch};
use crate::report::html::PlaceView;
use crate::report::marks::{Marked, Marker, Segment};
use crate::report::texts::{Part, Texts};
use crate::report::wording::{self, count, number};

/// Copies of a group that are shown beside their original, where their texts differ.
const PAIRS: usize = 10;

/// Bytes of text in a group after which no other copy is shown beside its original.
const PAIR_BYTES: usize = 32 << 10;

/// Characters that are shown before and after a stretch.
const AROUND: usize = 300;

/// Characters of these within which a word has to end for them to be cut there.
const WORD: usize = 30;

/// Characters of a group's text that stand in its heading.
const EXCERPT: usize = 240;

/// One group.
#[derive(Template)]
#[template(path = "report/group.html")]
pub(super) struct GroupView {
    is_open: bool,
    title: String,
    excerpt: String,
    original: PlaceView,
    extent: String,
    text: Option<TextView>,
    copies: Vec<CopyView>,
    more: Option<String>,
}

struct TextView {
    before: String,
    segments: Vec<Segment>,
    after: String,
    cut: Option<String>,
}

struct CopyView {
    number: String,
    place: PlaceView,
    repeats: String,
    is_within: bool,
    likeness: String,
    /// original and copy
    pair: Option<[TextView; 2]>,
    /// before and after a copy of which the text is not shown again
    around: Option<[String; 2]>,
    explained: Option<String>,
    runs: Vec<RunView>,
    unlisted: Option<&'static str>,
}

struct RunView {
    repeats: String,
    likeness: String,
    original: PlaceView,
}

/// What is shown of a copy's text.
struct Shown {
    likeness: String,
    pair: Option<[TextView; 2]>,
    around: Option<[String; 2]>,
}

/// What still fits into a group.
struct Room {
    pairs: usize,
    bytes: usize,
    /// copies that were not compared with the original's text, for want of room
    unpaired: u64,
}

/// Makes the views of groups.
pub(super) struct Viewer<'a> {
    outcome: &'a Outcome,
    texts: Texts<'a>,
    marker: Marker,
}

impl<'a> Viewer<'a> {
    pub(super) fn new(outcome: &'a Outcome) -> Self {
        let marker = Marker::of(&outcome.summary().parameters);
        Viewer { outcome, texts: Texts::new(outcome), marker }
    }

    /// What texts are read with; some are at hand.
    pub(super) fn into_texts(self) -> Texts<'a> {
        self.texts
    }

    pub(super) fn group(&mut self, group: &Group, rank: usize, is_open: bool) -> Result<GroupView> {
        let original = self.part(&group.original)?;
        let mut room = Room { pairs: PAIRS, bytes: PAIR_BYTES, unpaired: 0 };
        let mut copies = Vec::with_capacity(group.copies.len());
        for (copy, at) in group.copies.iter().zip(1..) {
            let shown = self.shown(group, copy, at == 1, &mut room)?;
            copies.push(self.copy(group, copy, at, shown));
        }
        let first_has_pair = copies.first().is_some_and(|copy| copy.pair.is_some());
        let text = (!first_has_pair).then(|| {
            let marked = self.marker.plain(original.as_str());
            view(marked, around(&original, &group.original))
        });
        Ok(GroupView {
            is_open,
            title: title(group, rank),
            excerpt: clean::excerpt(original.as_str(), EXCERPT),
            original: PlaceView::new(self.outcome, group.original.document),
            extent: wording::extent(&group.original),
            text,
            copies,
            more: more(group, &room),
        })
    }

    fn part(&mut self, stretch: &Stretch) -> Result<Part> {
        self.texts.part(stretch.document, &stretch.span.bytes)
    }

    fn copy(&self, group: &Group, copy: &Copy, at: u64, shown: Shown) -> CopyView {
        let document = copy.repeat.copy.document;
        // what is equal as a whole is equal in all its parts
        let explained = wording::explained(copy.explained_count).filter(|_| copy.repeat.kind != Kind::Exact);
        let runs: &[Repeat] = if explained.is_some() { &copy.explained } else { &[] };
        let listed: u64 = runs.iter().map(|run| u64::from(run.matches)).sum();
        let run = |run: &Repeat| RunView {
            repeats: wording::repeats(run),
            likeness: wording::likeness(run),
            original: PlaceView::new(self.outcome, run.original.document),
        };
        let all = copy.explained_count.passages + copy.explained_count.paragraphs;
        CopyView {
            number: number(at),
            place: PlaceView::new(self.outcome, document),
            repeats: wording::repeats(&copy.repeat),
            is_within: document == group.original.document,
            likeness: shown.likeness,
            pair: shown.pair,
            around: shown.around,
            runs: runs.iter().map(run).collect(),
            unlisted: (explained.is_some() && listed < all).then_some("and others"),
            explained: explained.map(|told| format!("What stood before in it: {told}")),
        }
    }

    /// How a copy is like its original, in words and side by side. The first copy of a passage always stands
    /// beside it, for what is around both.
    fn shown(&mut self, group: &Group, copy: &Copy, is_first: bool, room: &mut Room) -> Result<Shown> {
        let repeat = &copy.repeat;
        let told = |likeness: String| Shown { likeness, pair: None, around: None };
        let likeness = match repeat.kind {
            Kind::Exact => "the same words".to_owned(),
            Kind::Near | Kind::Contained => wording::likeness(repeat),
        };
        if room.pairs == 0 || room.bytes == 0 {
            room.unpaired += 1;
            return Ok(told(likeness));
        }
        let is_part = matches!(repeat.original.extent, Extent::Passage(..)) || repeat.unit == Unit::Passage;
        let is_shown = repeat.original.span == group.original.span && !(is_part && is_first);
        let (original, text) = (self.part(&repeat.original)?, self.part(&repeat.copy)?);
        let [a, b] = [original.as_str(), text.as_str()];
        let likeness = match repeat.kind {
            _ if a == b => "the same text, letter for letter".to_owned(),
            Kind::Exact if looks_same(a, b) => "the same text; only spacing or line breaks differ".to_owned(),
            Kind::Exact => {
                format!("{likeness}; only case, punctuation, spacing or the form of characters differ")
            }
            Kind::Near | Kind::Contained => likeness,
        };
        let surroundings = around(&text, &repeat.copy);
        if is_shown && (a == b || (repeat.kind == Kind::Exact && looks_same(a, b))) {
            let around =
                (is_part && surroundings.iter().any(|text| !text.is_empty())).then_some(surroundings);
            room.bytes = room.bytes.saturating_sub(around.iter().flatten().map(String::len).sum());
            return Ok(Shown { likeness, pair: None, around });
        }
        let [a, b] = self.marker.pair(a, b);
        let pair = [view(a, around(&original, &repeat.original)), view(b, surroundings)];
        room.pairs -= 1;
        room.bytes = room.bytes.saturating_sub(pair.iter().map(TextView::bytes).sum());
        Ok(Shown { likeness, pair: Some(pair), around: None })
    }
}

/// What stands before and after a passage, cleaned; nothing for what is told as a whole.
pub(super) fn around(part: &Part, stretch: &Stretch) -> [String; 2] {
    if !matches!(stretch.extent, Extent::Passage(..)) {
        return [String::new(), String::new()];
    }
    let [(before, more_before), (after, more_after)] = part.around(AROUND);
    // begin and end between words, where there are some
    let start = before.char_indices().take(WORD).find(|(_, c)| c.is_whitespace()).map_or(0, |(at, _)| at);
    let end = after.char_indices().rev().take(WORD).find(|(_, c)| c.is_whitespace());
    let end = end.map_or(after.len(), |(at, _)| at);
    let before =
        if more_before { format!("… {}", before[start..].trim_start()) } else { before.to_owned() };
    let after = if more_after { format!("{} …", after[..end].trim_end()) } else { after.to_owned() };
    [clean::text(before.trim_start()), clean::text(after.trim_end())]
}

fn view(marked: Marked, [before, after]: [String; 2]) -> TextView {
    let told = |characters| {
        let characters = count(characters, "character is", "characters are");
        format!("The text goes on: its first {characters} shown.")
    };
    let after = if marked.cut.is_some() { String::new() } else { after };
    TextView { before, segments: marked.segments, after, cut: marked.cut.map(told) }
}

impl TextView {
    /// How much text is shown.
    fn bytes(&self) -> usize {
        let marked: usize = self.segments.iter().map(|segment| segment.text.len()).sum();
        marked + self.before.len() + self.after.len()
    }
}

/// `3. 12 copies of 4 paragraphs, 10 of them exact: 23,456 characters repeated`, `4. 2 documents contained in
/// another: 900 characters repeated`.
fn title(group: &Group, rank: usize) -> String {
    let characters = count(group.characters, "character", "characters");
    let copies = wording::copies_of(group);
    if wording::all_contained(group).is_some() {
        return format!("{rank}. {copies}: {characters} repeated");
    }
    let is_contained = group.exact + group.near < group.count;
    let exact = match (group.exact, group.count) {
        (0, 1) if is_contained => "contained".to_owned(),
        (0, 1) => "near".to_owned(),
        (1, 1) => "exact".to_owned(),
        (exact, count) if exact == count => "all exact".to_owned(),
        (0, _) if is_contained => "none exact".to_owned(),
        (0, _) => "all near".to_owned(),
        (exact, _) => format!("{} of them exact", number(exact)),
    };
    format!("{rank}. {copies}, {exact}: {characters} repeated")
}

/// Whether two texts with the same words are equal but for white space and byte-order marks.
pub(super) fn looks_same(a: &str, b: &str) -> bool {
    let visible = |c: &char| !c.is_whitespace() && *c != '\u{FEFF}';
    a.chars().filter(visible).eq(b.chars().filter(visible))
}

/// What a group has and does not show.
fn more(group: &Group, room: &Room) -> Option<String> {
    let mut told = Vec::new();
    if room.unpaired > 0 {
        told.push(format!("The last {} listed here are not shown side by side.", number(room.unpaired)));
    }
    let unlisted = group.count - group.copies.len() as u64;
    if unlisted > 0 {
        told.push(format!("{} not listed.", count(unlisted, "more copy is", "more copies are")));
    }
    (!told.is_empty()).then(|| told.join(" "))
}

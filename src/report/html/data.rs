//! What the script of a page shows, as JSON: groups, their copies, texts side by side with where they
//! differ, and the documents that hold copied text. As many groups as fit, the most important first; the texts
//! of as many of them as fit. What the corpus says is cleaned; `<` never stands in it, so that nothing in it
//! can end the element that holds it.
//!
//! Field names are short because they are written a hundred thousand times; the structures here say what they
//! are, and the script reads them. What is most often is left out: all of a document, an exact copy.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use serde::{Serialize, Serializer};

use crate::document::Place;
use crate::document::{Kind, Unit};
use crate::error::Result;
use crate::outcome::Outcome;
use crate::report::aside::Aside;
use crate::report::clean;
use crate::report::facts::{Copy, DocumentShare, Extent, Facts, Group, Repeat, Stretch, in_thousandths};
use crate::report::html::group::{around, looks_same};
use crate::report::html::what_if::LevelData;
use crate::report::html::{NAME, archived, failed};
use crate::report::marks::Marker;
use crate::report::texts::Texts;
use crate::report::wording;
use crate::what_if::{Coming, WhatIf};

/// The most bytes of all.
const BYTES: usize = 14_500_000;

/// Bytes that texts may take in any case; more where that leaves [`BARE`] for each group to come.
const TEXT_BYTES: usize = 8_000_000;

/// Bytes that a group takes without its texts, about.
const BARE: usize = 400;

/// What a group may hold at least, by its rank.
struct Room {
    /// groups before this rank have it
    before: usize,
    /// copies that are listed
    copies: usize,
    /// of these, copies that have a text of their own
    pairs: usize,
    /// the bytes of a text that are shown
    text: usize,
    /// the bytes of texts after which no other copy has one
    texts: usize,
}

/// The largest groups have most.
const ROOMS: [Room; 3] = [
    Room { before: 10, copies: 50, pairs: 10, text: 24 << 10, texts: 48 << 10 },
    Room { before: 200, copies: 50, pairs: 3, text: 4 << 10, texts: 8 << 10 },
    Room { before: usize::MAX, copies: 4, pairs: 2, text: 1 << 10, texts: 1 << 10 },
];

/// Groups with a longer excerpt.
const LARGE: usize = 200;

/// Characters of a group's text that stand in its heading.
const EXCERPT: usize = 160;

/// The same of the groups behind these.
const SHORT_EXCERPT: usize = 120;

/// The most pieces of a document.
const PIECES: usize = 60;

/// What a page holds for its script.
pub(super) struct Held<'a> {
    maker: Maker<'a>,
    partly: Vec<Partly>,
    what_if: Option<WhatIfData>,
    /// as JSON, with commas between them
    groups: Aside,
    count: usize,
}

#[derive(Serialize)]
struct Top<'a> {
    sources: &'a [String],
    documents: Named<'a>,
    #[serde(flatten)]
    named: Option<NamedData>,
    #[serde(rename = "groupCount")]
    group_count: u64,
    boilerplate: u32,
    partly: Vec<Partly>,
    /// when each document came out, in seconds since 1970, where dates are known
    #[serde(skip_serializing_if = "Option::is_none")]
    dates: Option<Vec<Option<i64>>>,
    #[serde(rename = "whatIf", skip_serializing_if = "Option::is_none")]
    what_if: Option<WhatIfData>,
}

/// The documents that are named: source, record from 1 or 0 where its source has just one, id or null.
struct Named<'a>(&'a Maker<'a>);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let maker = self.0;
        serializer.collect_seq(maker.document_list.iter().map(|&document| {
            let place = wording::place(maker.outcome, document);
            let (source, record) = maker.outcome.record(document);
            let record = if place.record.is_some() { u64::from(record) + 1 } else { 0 };
            (maker.sources[&source], record, place.id.map(|id| clean::name(&id, NAME)))
        }))
    }
}

/// Sources that a field names, and for each document which of them is its own.
#[derive(Serialize)]
struct NamedData {
    named: Vec<String>,
    from: Vec<Option<usize>>,
}

/// Thresholds from the floor up, the run's own, and for each what becomes a copy there.
#[derive(Serialize)]
struct WhatIfData {
    own: f64,
    levels: Vec<LevelData>,
    coming: Vec<Vec<ComingData>>,
}

#[derive(Serialize)]
struct ComingData {
    /// document and what of it, of the original the same, similarity in thousandths
    d: u32,
    x: ExtentData,
    o: u32,
    y: ExtentData,
    s: u16,
}

/// 0 all of a document; 1 paragraphs, 2 a passage: first and last paragraph from 1; the character of the first
/// with which it starts, and the last that it has of the last, from 1, or 0 where it has all of it.
type ExtentData = [u64; 5];

#[derive(Serialize)]
struct GroupData {
    /// copies, exact ones, characters of them, documents that it stands in
    n: [u64; 4],
    /// lowest and highest similarity of near copies, in thousandths; 1000 where there are none
    #[serde(skip_serializing_if = "is_exact")]
    s: [u16; 2],
    /// bit 0 boilerplate, bit 1 template, bit 2 some are contained, bit 3 some are near
    #[serde(skip_serializing_if = "is_zero")]
    f: u32,
    /// document of the original, what of it
    d: u32,
    #[serde(skip_serializing_if = "is_whole")]
    x: ExtentData,
    /// its first words
    e: String,
    /// its text
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<TextData>,
    /// the copies
    k: Vec<CopyData>,
}

#[derive(Serialize)]
struct CopyData {
    d: u32,
    #[serde(skip_serializing_if = "is_whole")]
    x: ExtentData,
    /// 0 exact, 1 near, 2 contained
    #[serde(skip_serializing_if = "is_zero")]
    k: u32,
    /// similarity in thousandths, lowest and highest
    #[serde(skip_serializing_if = "is_exact")]
    s: [u16; 2],
    /// what the original is, where it is not the group's
    #[serde(skip_serializing_if = "Option::is_none")]
    o: Option<ExtentData>,
    /// 0 not compared with the original's text, 1 equal to the letter, 2 but for spacing, 3 but for case,
    /// punctuation or form, 4 in words
    #[serde(skip_serializing_if = "is_zero")]
    l: u32,
    /// passages and paragraphs that it explains
    #[serde(skip_serializing_if = "Option::is_none")]
    i: Option<[u64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<PairData>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_exact(similarity: &[u16; 2]) -> bool {
    *similarity == [1000; 2]
}

fn is_whole(extent: &ExtentData) -> bool {
    *extent == [0; 5]
}

/// Both texts; where they differ, see [`crate::report::marks::Aligned`].
#[derive(Serialize)]
struct PairData {
    /// the original's, where it is not the group's
    #[serde(skip_serializing_if = "Option::is_none")]
    o: Option<TextData>,
    c: TextData,
    r: Vec<[u32; 4]>,
}

impl PairData {
    /// How much text it holds.
    fn bytes(&self) -> usize {
        let texts = self.o.iter().chain([&self.c]);
        texts.map(|text| text.t.as_deref().map_or(0, str::len) + text.a.len() + text.b.len()).sum()
    }
}

#[derive(Serialize)]
struct TextData {
    #[serde(skip_serializing_if = "String::is_empty")]
    b: String,
    /// none where it is the original's, letter for letter, of which as much is shown
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    a: String,
    /// characters shown, where it goes on
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<u64>,
}

#[derive(Serialize)]
struct Partly {
    d: u32,
    /// its characters, and those that stood before
    n: [u64; 2],
    /// stretches that stood before
    q: Vec<[u64; 2]>,
    k: Vec<Piece>,
    /// all pieces
    m: u64,
}

#[derive(Serialize)]
struct Piece {
    /// characters, what of it, the original's document and what of that, kind, similarity
    q: [u64; 2],
    x: ExtentData,
    d: u32,
    o: ExtentData,
    k: u32,
    s: [u16; 2],
}

/// Makes the data of a page, with texts read by `texts`.
pub(super) fn make<'a>(outcome: &'a Outcome, facts: &Facts, texts: Texts<'a>) -> Result<Held<'a>> {
    let mut maker = Maker {
        outcome,
        texts,
        marker: Marker::of(&outcome.summary().parameters),
        documents: HashMap::new(),
        document_list: Vec::new(),
        sources: HashMap::new(),
        source_list: Vec::new(),
        named: BTreeMap::new(),
        names: 0,
        text: 0,
    };
    let partly = facts.shares.partly.iter().map(|share| maker.partly(share)).collect();
    let what_if = facts.what_if.as_ref().map(|what_if| maker.what_if(what_if));
    let mut groups = Aside::new(outcome.spill());
    let mut count = 0;
    let mut json = Vec::new();
    for (rank, group) in facts.groups.iter().enumerate() {
        let to_come = facts.groups.len() - rank;
        let free = BYTES.saturating_sub(groups.len() + maker.names + to_come * BARE);
        let has_room = maker.text < TEXT_BYTES || free > 0;
        let made = maker.group(group, rank, has_room.then_some(free / to_come))?;
        json.clear();
        if count > 0 {
            json.push(b',');
        }
        write_json(&made, &mut json)?;
        if groups.len() + json.len() + maker.names > BYTES {
            break;
        }
        groups.extend(&json)?;
        count += 1;
    }
    maker.put_sources_in_order();
    Ok(Held { maker, partly, what_if, groups, count })
}

impl Held<'_> {
    /// How many groups are in it.
    pub(super) fn groups(&self) -> usize {
        self.count
    }

    /// Writes it as one object, without a `<`.
    pub(super) fn write(self, facts: &Facts, to: &mut impl Write) -> Result<()> {
        let Held { maker, partly, what_if, groups, .. } = self;
        let top = Top {
            dates: facts.dates.is_some().then(|| maker.dates()),
            what_if,
            sources: &maker.source_list,
            documents: Named(&maker),
            named: maker.named(),
            group_count: facts.group_count,
            boilerplate: facts.boilerplate.documents,
            partly,
        };
        let mut to = Open { to, last: None };
        write_json(&top, &mut to)?;
        let Open { to, .. } = to;
        let mut put = |bytes: &[u8]| to.write_all(bytes).map_err(failed);
        put(b",\"groups\":[")?;
        groups.finish(&mut put)?;
        put(b"]}")
    }
}

/// Takes JSON, with `<` escaped: it stands in strings alone.
struct Inert<W>(W);

impl<W: Write> Write for Inert<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut at = 0;
        for found in memchr::memchr_iter(b'<', bytes) {
            self.0.write_all(&bytes[at..found])?;
            self.0.write_all(br"\u003c")?;
            at = found + 1;
        }
        self.0.write_all(&bytes[at..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Takes an object and keeps its last bracket back: more is to come into it.
struct Open<W> {
    to: W,
    last: Option<u8>,
}

impl<W: Write> Write for Open<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some((last, before)) = bytes.split_last() {
            self.last.replace(*last).map_or(Ok(()), |last| self.to.write_all(&[last]))?;
            self.to.write_all(before)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

fn write_json(of: &impl Serialize, to: impl Write) -> Result<()> {
    serde_json::to_writer(Inert(to), of).map_err(|error| failed(error.into()))
}

struct Maker<'a> {
    outcome: &'a Outcome,
    texts: Texts<'a>,
    marker: Marker,
    documents: HashMap<u32, u32>,
    /// by their numbers
    document_list: Vec<u32>,
    sources: HashMap<u32, u32>,
    source_list: Vec<String>,
    /// the names of those that a field names
    named: BTreeMap<u32, String>,
    /// bytes of names and documents; of texts
    names: usize,
    text: usize,
}

impl Maker<'_> {
    /// The number of a document in the data.
    fn document(&mut self, document: u32) -> u32 {
        if let Some(&known) = self.documents.get(&document) {
            return known;
        }
        let place = wording::place(self.outcome, document);
        let (source, _) = self.outcome.record(document);
        let next = self.source_list.len() as u32;
        self.sources.entry(source).or_insert_with(|| {
            let name = archived(clean::name(place.source, NAME), place.is_archived);
            self.names += weight(&name) + 3;
            self.source_list.push(name);
            next
        });
        if let Some(source) = self.outcome.source_by_field(document) {
            self.named.entry(source).or_insert_with(|| {
                let name = clean::name(self.outcome.source_name(source), NAME);
                self.names += weight(&name) + 3;
                name
            });
        }
        let id = place.id.map(|id| clean::name(&id, NAME));
        let of_date = if self.outcome.dated().is_some() { 20 } else { 0 };
        let of_source = if self.outcome.source_field().is_some() { 8 } else { 0 };
        self.names += 24 + of_date + of_source + id.as_deref().map_or(4, weight);
        let number = self.document_list.len() as u32;
        self.document_list.push(document);
        self.documents.insert(document, number);
        number
    }

    /// Numbers sources anew, as they stand in the corpus, those of an index first: by them and by records the script knows
    /// the order of documents.
    fn put_sources_in_order(&mut self) {
        let own = self.outcome.own_sources().len() as u32;
        let mut order: Vec<(u32, &mut u32)> =
            self.sources.iter_mut().map(|(&source, number)| (source, number)).collect();
        order.sort_unstable_by_key(|(source, _)| (*source < own, *source));
        let mut names = Vec::with_capacity(order.len());
        for ((_, number), now) in order.into_iter().zip(0..) {
            names.push(std::mem::take(&mut self.source_list[*number as usize]));
            *number = now;
        }
        self.source_list = names;
    }

    /// With the bytes that are its share of those left, where it may have texts at all.
    fn group(&mut self, group: &Group, rank: usize, fair: Option<usize>) -> Result<GroupData> {
        let room = ROOMS.iter().find(|room| rank < room.before).unwrap_or(&ROOMS[ROOMS.len() - 1]);
        let has_room = fair.is_some();
        // where there are few groups, each has as much as its share
        let fair = fair.unwrap_or(0);
        let most = room.text.max(fair / 3);
        let pairs = if fair / 2 > room.texts { room.copies } else { room.pairs };
        let (mut pairs, mut left) = (pairs, room.texts.max(fair / 2));
        let original = self.texts.part(group.original.document, &group.original.span.bytes)?;
        let excerpt = clean::excerpt(original.as_str(), if rank < LARGE { EXCERPT } else { SHORT_EXCERPT });
        let (mut templates, mut others) = (0, 0);
        let (mut text, mut cut) = (None, None);
        if has_room {
            let shown;
            (shown, cut) = self.marker.alone(original.as_str(), most);
            let surroundings = around(&original, &group.original);
            text = Some(self.text(Some(shown), surroundings, cut));
        }
        let mut copies = Vec::with_capacity(group.copies.len());
        for copy in group.copies.iter().take(room.copies) {
            let repeat = &copy.repeat;
            let mut made = self.copy(copy, group);
            if has_room && pairs > 0 && left > 0 {
                pairs -= 1;
                let is_template = self.pair(repeat, (group, cut), &mut made, most)?;
                left = left.saturating_sub(made.p.as_ref().map_or(0, PairData::bytes));
                match (repeat.kind, is_template) {
                    (Kind::Near, true) => templates += 1,
                    (Kind::Exact, _) => {}
                    _ => others += 1,
                }
            }
            copies.push(made);
        }
        let is_template = group.is_template.unwrap_or(templates > 0 && others == 0);
        Ok(GroupData {
            n: [group.count, group.exact, group.characters, group.documents],
            s: if group.near == 0 { [1000; 2] } else { group.similarity },
            f: u32::from(group.is_boilerplate)
                | u32::from(is_template) << 1
                | u32::from(group.exact + group.near < group.count) << 2
                | u32::from(group.near > 0) << 3,
            d: self.document(group.original.document),
            x: extent(&group.original),
            e: excerpt,
            t: text,
            k: copies,
        })
    }

    fn text(&mut self, text: Option<String>, [b, a]: [String; 2], cut: Option<u64>) -> TextData {
        // what is cut ends where it is cut
        let a = if cut.is_some() { String::new() } else { a };
        self.text += text.as_deref().map_or(0, weight) + weight(&b) + weight(&a);
        TextData { b, t: text, a, c: cut }
    }

    fn copy(&mut self, copy: &Copy, group: &Group) -> CopyData {
        let repeat = &copy.repeat;
        let inside = copy.explained_count;
        // what is equal as a whole is equal in all its parts
        let is_told = repeat.kind != Kind::Exact && inside.passages + inside.paragraphs > 0;
        CopyData {
            d: self.document(repeat.copy.document),
            x: extent(&repeat.copy),
            k: kind(repeat),
            s: thousandths(repeat),
            o: (repeat.original != group.original).then(|| extent(&repeat.original)),
            l: 0,
            i: is_told.then_some([inside.passages, inside.paragraphs]),
            p: None,
        }
    }

    /// Puts both texts side by side; whether they differ by numbers and names alone. Of the group's text so many characters are
    /// shown, if not all.
    fn pair(
        &mut self,
        repeat: &Repeat,
        (group, cut): (&Group, Option<u64>),
        made: &mut CopyData,
        most: usize,
    ) -> Result<bool> {
        let original = self.texts.part(repeat.original.document, &repeat.original.span.bytes)?;
        let copy = self.texts.part(repeat.copy.document, &repeat.copy.span.bytes)?;
        let [a, b] = [original.as_str(), copy.as_str()];
        made.l = match repeat.kind {
            _ if a == b => 1,
            Kind::Exact if looks_same(a, b) => 2,
            Kind::Exact => 3,
            Kind::Near | Kind::Contained => 4,
        };
        let is_group = repeat.original.span == group.original.span;
        let is_part = matches!(repeat.original.extent, Extent::Passage(..)) || repeat.unit == Unit::Passage;
        let surroundings = if is_part { around(&copy, &repeat.copy) } else { [String::new(), String::new()] };
        let is_template;
        if is_group && made.l == 1 {
            is_template = false;
            let text = self.text(None, surroundings, cut);
            if !text.a.is_empty() || !text.b.is_empty() {
                made.p = Some(PairData { o: None, c: text, r: Vec::new() });
            }
        } else {
            let aligned = self.marker.aligned([a, b], most);
            is_template = aligned.is_template;
            let [of_original, of_copy] = aligned.texts;
            let own = (!is_group).then(|| {
                let surroundings = around(&original, &repeat.original);
                self.text(Some(of_original), surroundings, aligned.cut[0])
            });
            let text = self.text(Some(of_copy), surroundings, aligned.cut[1]);
            made.p = Some(PairData { o: own, c: text, r: aligned.differences });
        }
        Ok(is_template)
    }

    fn what_if(&mut self, what_if: &WhatIf) -> WhatIfData {
        let of_place = |place: Place| match place.paragraph {
            None => [0; 5],
            Some(paragraph) => [1, u64::from(paragraph) + 1, u64::from(paragraph) + 1, 0, 0],
        };
        let mut coming = |coming: &Coming| ComingData {
            d: self.document(coming.copy.document),
            x: of_place(coming.copy),
            o: self.document(coming.original.document),
            y: of_place(coming.original),
            s: in_thousandths(coming.jaccard),
        };
        let all = what_if.levels.iter().map(|level| level.coming.iter().map(&mut coming).collect());
        let coming: Vec<Vec<ComingData>> = all.collect();
        self.names += coming.iter().map(|coming| 100 + 70 * coming.len()).sum::<usize>();
        WhatIfData {
            own: self.outcome.summary().parameters.threshold,
            levels: what_if.levels.iter().map(LevelData::new).collect(),
            coming,
        }
    }

    /// Of the documents that are named, where a field names sources.
    fn named(&self) -> Option<NamedData> {
        self.outcome.source_field()?;
        let numbers: HashMap<u32, usize> = self.named.keys().copied().zip(0..).collect();
        let from = |document: &u32| numbers.get(&self.outcome.source_by_field(*document)?).copied();
        let from = self.document_list.iter().map(from).collect();
        Some(NamedData { named: self.named.values().cloned().collect(), from })
    }

    /// Of the documents that are named.
    fn dates(&self) -> Vec<Option<i64>> {
        let mut dates = vec![None; self.document_list.len()];
        for (&document, &number) in &self.documents {
            let seconds = self.outcome.date(document).map(|date| date.div_euclid(1_000_000_000));
            dates[number as usize] = seconds.and_then(|seconds| i64::try_from(seconds).ok());
        }
        dates
    }

    fn partly(&mut self, share: &DocumentShare) -> Partly {
        let pieces = share.pieces.iter().take(PIECES).map(|piece| {
            let chars = &piece.copy.span.chars;
            Piece {
                q: [chars.start, chars.end],
                x: extent(&piece.copy),
                d: self.document(piece.original.document),
                o: extent(&piece.original),
                k: kind(piece),
                s: thousandths(piece),
            }
        });
        let k: Vec<Piece> = pieces.collect();
        let parts = self.outcome.copied_parts(share.document);
        let q = parts.iter().take(4 * PIECES).map(|part| [part.start, part.end]).collect();
        self.names += 24 * parts.len().min(4 * PIECES) + 100 * k.len() + 60;
        Partly {
            d: self.document(share.document),
            n: [share.characters, share.copied],
            q,
            k,
            m: share.piece_count,
        }
    }
}

/// Bytes of a string as inert JSON.
fn weight(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\t' => 1,
        b'<' => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(escaped).sum::<usize>()
}

fn kind(repeat: &Repeat) -> u32 {
    match repeat.kind {
        Kind::Exact => 0,
        Kind::Near => 1,
        Kind::Contained => 2,
    }
}

fn thousandths(repeat: &Repeat) -> [u16; 2] {
    match repeat.kind {
        Kind::Exact => [1000; 2],
        _ => repeat.similarity.map(in_thousandths),
    }
}

fn extent(stretch: &Stretch) -> ExtentData {
    let (number, paragraphs, edges) = match stretch.extent {
        Extent::Document => return [0; 5],
        Extent::Paragraphs(paragraphs) => (1, paragraphs, [None; 2]),
        Extent::Passage(paragraphs, edges) => (2, paragraphs, edges),
    };
    let length = stretch.span.chars.end - stretch.span.chars.start;
    let edges = match edges {
        // within one paragraph, both ends are told
        [from, upto] if paragraphs.first == paragraphs.last && (from.is_some() || upto.is_some()) => {
            let from = from.unwrap_or(0);
            [from + 1, upto.unwrap_or(from + length.saturating_sub(1)) + 1]
        }
        edges => edges.map(|edge| edge.map_or(0, |edge| edge + 1)),
    };
    [number, u64::from(paragraphs.first) + 1, u64::from(paragraphs.last) + 1, edges[0], edges[1]]
}

//! What the templates show: facts in words, every string from the corpus cleaned. The templates escape them;
//! nothing here makes HTML.

use askama::Template;

use crate::document::{Kind, Skip};
use crate::error::Result;
use crate::outcome::{Outcome, UnitSummary};
use crate::report::facts::{Copy, Facts, Group, Repeat, Stretch};
use crate::report::marks::{Marked, Marker, Segment};
use crate::report::texts::{Part, Texts};
use crate::report::wording::{self, count, number, percent};
use crate::report::{clean, json};

/// Copies of a group that are shown beside their original, where their texts differ.
const PAIRS: usize = 10;

/// Bytes of text in a group after which no other copy is shown beside its original.
const PAIR_BYTES: usize = 32 << 10;

/// Explained stretches that are listed in a group.
const RUNS: usize = 50;

/// The most characters of a name, an id or a detail.
const NAME: usize = 300;

/// Characters of a group's text that stand in its heading.
const EXCERPT: usize = 240;

/// Ignored files that are listed.
const IGNORED: usize = 200;

/// The numbers and the method.
#[derive(Template)]
#[template(path = "report/head.html")]
pub(super) struct Head {
    version: &'static str,
    lead: String,
    tiles: Vec<Tile>,
    input: String,
    columns: [&'static str; 8],
    rows: Vec<Row>,
    has_skips: bool,
    skipped: String,
    method: Vec<String>,
    parameters: Vec<Named>,
    curve: Vec<Named>,
    groups: String,
}

struct Tile {
    name: &'static str,
    value: String,
    detail: String,
}

struct Row {
    name: &'static str,
    cells: Vec<String>,
}

struct Named {
    name: String,
    value: String,
}

impl Head {
    pub(super) fn new(outcome: &Outcome, facts: &Facts) -> Self {
        let summary = outcome.summary();
        let (input, characters) = (&summary.input, summary.characters);
        let copies = |units: &UnitSummary, all| {
            let detail = wording::kinds(units);
            (percent(units.copies(), all), format!("{} of {}: {detail}", number(units.copies()), number(all)))
        };
        let tile = |name, (value, detail)| Tile { name, value, detail };
        let mut tiles = Vec::new();
        if summary.parameters.units.documents {
            tiles.push(tile("Documents that are copies", copies(&summary.documents, input.documents)));
        }
        if summary.parameters.units.paragraphs {
            tiles.push(tile("Paragraphs that are copies", copies(&summary.paragraphs, input.paragraphs)));
        }
        if summary.parameters.units.passages {
            let passages = &summary.passages;
            let characters = wording::characters(passages.characters);
            let told =
                format!("{} exact; {characters}; listed in the file of matches", number(passages.exact));
            tiles.push(tile("Passages that stood before", (number(passages.count), told)));
        }
        let told = format!("{} of {}", number(characters.copied), number(characters.read));
        tiles.push(tile("Characters that stood before", (percent(characters.copied, characters.read), told)));
        let skipped = outcome.skips().len() as u64;
        Head {
            version: env!("CARGO_PKG_VERSION"),
            lead: lead(outcome),
            tiles,
            input: format!(
                "{} with {}, {} and {} were read.",
                count(input.files, "file", "files"),
                count(input.documents, "document", "documents"),
                count(input.paragraphs, "paragraph", "paragraphs"),
                count(characters.read, "character", "characters"),
            ),
            columns: [
                "read",
                "originals",
                "exact copies",
                "near copies",
                "contained",
                "short",
                "empty",
                "not compared",
            ],
            rows: vec![
                row("Documents", input.documents, &summary.documents),
                row("Paragraphs", input.paragraphs, &summary.paragraphs),
            ],
            has_skips: skipped > 0,
            skipped: format!("{} could not be used", count(skipped, "record or file", "records and files")),
            method: method(outcome),
            parameters: parameters(outcome),
            curve: curve(outcome),
            groups: groups(facts),
        }
    }
}

fn lead(outcome: &Outcome) -> String {
    let summary = outcome.summary();
    let characters = summary.characters;
    if characters.copied == 0 {
        return "No text in this corpus repeats another.".to_owned();
    }
    let share = percent(characters.copied, characters.read);
    format!("{share} of this corpus, counted in characters, has been said before in it.")
}

fn row(name: &'static str, read: u64, units: &UnitSummary) -> Row {
    let numbers = [
        read,
        units.originals,
        units.exact_copies,
        units.near_copies,
        units.contained_copies,
        units.short,
        units.empty,
        units.not_compared,
    ];
    Row { name, cells: numbers.into_iter().map(number).collect() }
}

fn method(outcome: &Outcome) -> Vec<String> {
    let summary = outcome.summary();
    let mut told = vec![
        wording::matching(summary),
        "Case, punctuation and spacing are not compared; in scripts written without spaces each character \
         counts as a word"
            .to_owned(),
        wording::compared(summary),
        wording::cutting(summary).to_owned(),
        "The original is the one that stands first; a copy names the original that it matches best"
            .to_owned(),
    ];
    told.extend(wording::sureness(summary));
    told
}

fn parameters(outcome: &Outcome) -> Vec<Named> {
    let summary = outcome.summary();
    let parameters = &summary.parameters;
    let named = |name: &str, value: String| Named { name: name.to_owned(), value };
    vec![
        named("Threshold of similarity", parameters.threshold.to_string()),
        named("Recall asked for at the threshold", parameters.recall.to_string()),
        named("Words in a sequence", parameters.shingle.to_string()),
        named("Fewest words of a paragraph", parameters.min_tokens.to_string()),
        named("Most comparisons of a text", number(u64::from(parameters.comparisons))),
        named("Bands and rows", format!("{} × {}", summary.plan.bands, summary.plan.rows)),
        named("Field of the text", clean::name(&parameters.text_field, NAME)),
        named("Field of the id", clean::name(&parameters.id_field, NAME)),
        named("Largest record in bytes", number(parameters.max_record)),
        named("Seed", parameters.seed.to_string()),
        named("Digest of all parameters", summary.parameters_digest.clone()),
    ]
}

fn curve(outcome: &Outcome) -> Vec<Named> {
    let summary = outcome.summary();
    let threshold = summary.parameters.threshold;
    let mut points = vec![threshold];
    points.extend(summary.recall_curve.iter().map(|point| point.0).filter(|&s| s > threshold + 1e-9));
    let point = |s: f64| Named {
        name: wording::share(s, 2),
        value: format!("{} %", wording::share(summary.plan.probability(s) * 100.0, 2)),
    };
    points.into_iter().map(point).collect()
}

fn groups(facts: &Facts) -> String {
    if facts.group_count == 0 {
        return "Nothing does.".to_owned();
    }
    let texts = count(facts.group_count, "text has", "texts have");
    let copies = count(facts.repeats, "copy", "copies");
    let explained = match facts.explained {
        0 => String::new(),
        explained => {
            let paragraphs = count(explained, "copied paragraph is", "copied paragraphs are");
            format!(" {paragraphs} told with the copied documents in which they stand.")
        }
    };
    format!(
        "{texts} been repeated, in {copies}. Neighbouring paragraphs that repeat neighbouring paragraphs count \
         as one text.{explained}"
    )
}

/// One group.
#[derive(Template)]
#[template(path = "report/group.html")]
pub(super) struct GroupView {
    is_open: bool,
    title: String,
    excerpt: String,
    original: PlaceView,
    text: Option<TextView>,
    copies: Vec<CopyView>,
    more: Option<String>,
}

struct PlaceView {
    source: String,
    record: Option<String>,
    id: Option<String>,
    extent: String,
}

struct TextView {
    segments: Vec<Segment>,
    cut: Option<String>,
}

struct PairView {
    original: TextView,
    copy: TextView,
}

struct CopyView {
    number: String,
    place: PlaceView,
    likeness: String,
    pair: Option<PairView>,
    explained: Option<String>,
    runs: Vec<RunView>,
    unlisted: Option<&'static str>,
}

/// What still fits into a group.
struct Room {
    pairs: usize,
    bytes: usize,
    runs: usize,
    /// copies that were not compared with the original's text, for want of room
    unpaired: u64,
}

struct RunView {
    extent: String,
    likeness: String,
    original: PlaceView,
}

/// Makes the views of groups.
pub(super) struct Viewer<'a> {
    outcome: &'a Outcome,
    texts: Texts<'a>,
    marker: Marker,
}

impl<'a> Viewer<'a> {
    pub(super) fn new(outcome: &'a Outcome) -> Self {
        let marker = Marker::new(outcome.summary().parameters.seed);
        Viewer { outcome, texts: Texts::new(outcome), marker }
    }

    pub(super) fn group(&mut self, group: &Group, rank: usize, is_open: bool) -> Result<GroupView> {
        let original = self.texts.part(group.original.document, &group.bytes)?;
        let mut room = Room { pairs: PAIRS, bytes: PAIR_BYTES, runs: RUNS, unpaired: 0 };
        let copies: Result<Vec<CopyView>> = group
            .copies
            .iter()
            .zip(1..)
            .map(|(copy, at)| self.copy(&original, copy, at, &mut room))
            .collect();
        let copies = copies?;
        let first_has_pair = copies.first().is_some_and(|copy| copy.pair.is_some());
        let text = (!first_has_pair).then(|| self.marker.plain(original.as_str()).into());
        Ok(GroupView {
            is_open,
            title: title(group, rank),
            excerpt: clean::line(original.as_str(), EXCERPT),
            original: self.place(group.original),
            text,
            copies,
            more: more(group, &room),
        })
    }

    fn copy(&mut self, original: &Part, copy: &Copy, at: u64, room: &mut Room) -> Result<CopyView> {
        let (likeness, pair) = self.likeness(original, &copy.repeat, room)?;
        let explained = self.explained(copy);
        let listed = if explained.is_some() { copy.explained.len().min(room.runs) } else { 0 };
        room.runs -= listed;
        let run = |run: &Repeat| RunView {
            extent: wording::extent(run.copy),
            likeness: wording::likeness(run),
            original: self.place(run.original),
        };
        Ok(CopyView {
            number: number(at),
            place: self.place(copy.repeat.copy),
            likeness,
            pair,
            runs: copy.explained[..listed].iter().map(run).collect(),
            unlisted: (listed < copy.explained.len()).then_some("and others"),
            explained,
        })
    }

    /// How many paragraphs of a copied document match on their own; nothing where the document is just one.
    fn explained(&self, copy: &Copy) -> Option<String> {
        let all = u64::from(self.outcome.paragraphs(copy.repeat.copy.document));
        let told = format!("{} of its {} paragraphs", number(copy.explained_count), number(all));
        match copy.explained_count {
            0 => None,
            _ if all == 1 => None,
            1 => Some(format!("{told} matches on its own too")),
            _ => Some(format!("{told} match on their own too")),
        }
    }

    /// How a copy is like its original, in words and side by side.
    fn likeness(
        &mut self,
        original: &Part,
        repeat: &Repeat,
        room: &mut Room,
    ) -> Result<(String, Option<PairView>)> {
        let told = match repeat.kind {
            Kind::Exact => "the same words".to_owned(),
            Kind::Near | Kind::Contained => wording::likeness(repeat),
        };
        if room.pairs == 0 || room.bytes == 0 {
            room.unpaired += 1;
            return Ok((told, None));
        }
        let copy = self.texts.part(repeat.copy.document, &repeat.bytes)?;
        if copy.as_str() == original.as_str() {
            return Ok(("the same text, letter for letter".to_owned(), None));
        }
        if repeat.kind == Kind::Exact && looks_same(original.as_str(), copy.as_str()) {
            return Ok(("the same text; only spacing or line breaks differ".to_owned(), None));
        }
        let [original, copy] = self.marker.pair(original.as_str(), copy.as_str());
        room.pairs -= 1;
        room.bytes = room.bytes.saturating_sub(original.bytes() + copy.bytes());
        let told = match repeat.kind {
            Kind::Exact => {
                format!("{told}; only case, punctuation, spacing or the form of characters differ")
            }
            Kind::Near | Kind::Contained => told,
        };
        Ok((told, Some(PairView { original: original.into(), copy: copy.into() })))
    }

    fn place(&self, stretch: Stretch) -> PlaceView {
        let place = wording::place(self.outcome, stretch);
        PlaceView {
            source: clean::name(place.source, NAME),
            record: place.record,
            id: place.id.map(|id| clean::name(&id, NAME)),
            extent: place.extent,
        }
    }
}

/// `3. 12 copies of 4 paragraphs, 10 of them exact: 23,456 characters repeated`.
fn title(group: &Group, rank: usize) -> String {
    let copies = count(group.count, "copy", "copies");
    let what = match group.original.paragraphs {
        None => "a document".to_owned(),
        Some(paragraphs) if paragraphs.first == paragraphs.last => "a paragraph".to_owned(),
        Some(paragraphs) => {
            format!("{} paragraphs", number(u64::from(paragraphs.last - paragraphs.first) + 1))
        }
    };
    let exact = match (group.exact, group.count) {
        (0, 1) => "near".to_owned(),
        (1, 1) => "exact".to_owned(),
        (exact, count) if exact == count => "all exact".to_owned(),
        (0, _) => "all near".to_owned(),
        (exact, _) => format!("{} of them exact", number(exact)),
    };
    let characters = count(group.characters, "character", "characters");
    format!("{rank}. {copies} of {what}, {exact}: {characters} repeated")
}

/// Whether two texts with the same words are equal but for white space and byte-order marks.
fn looks_same(a: &str, b: &str) -> bool {
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

impl From<Marked> for TextView {
    fn from(marked: Marked) -> Self {
        let told = |characters| {
            let characters = count(characters, "character is", "characters are");
            format!("The text goes on: its first {characters} shown.")
        };
        TextView { segments: marked.segments, cut: marked.cut.map(told) }
    }
}

/// What was not shown, not read, not used.
#[derive(Template)]
#[template(path = "report/foot.html")]
pub(super) struct Foot {
    unshown: Option<String>,
    skipped: Option<String>,
    skips: Vec<SkipView>,
    ignored: Option<String>,
    ignored_files: Vec<String>,
}

struct SkipView {
    source: String,
    at: String,
    reason: &'static str,
    detail: String,
}

impl Foot {
    pub(super) fn new(outcome: &Outcome, facts: &Facts, shown: usize) -> Self {
        let unshown = facts.group_count - shown as u64;
        let unshown = (unshown > 0).then(|| {
            let texts = count(unshown, "repeated text is", "repeated texts are");
            format!("{texts} not shown, because the page would be too long; each repeats fewer characters than those above.")
        });
        let skips = outcome.skips();
        let skipped = (!skips.is_empty()).then(|| skipped(outcome));
        let view = |skip: &Skip| SkipView {
            source: clean::name(&outcome.sources()[skip.source as usize].name, NAME),
            at: wording::skipped_at(skip, outcome.has_lines(skip.source)),
            reason: wording::reason(skip.reason),
            detail: clean::name(&skip.detail, NAME),
        };
        let ignored = outcome.ignored();
        let told = (!ignored.is_empty()).then(|| {
            let files = count(ignored.len() as u64, "file was", "files were");
            let listed = if ignored.len() > IGNORED {
                format!("; the first {IGNORED} are listed")
            } else {
                String::new()
            };
            format!("{files} not read, because the name tells no known format{listed}.")
        });
        Foot {
            unshown,
            skipped,
            skips: skips.iter().take(json::SKIPS).map(view).collect(),
            ignored: told,
            ignored_files: ignored.iter().take(IGNORED).map(|file| clean::name(file, NAME)).collect(),
        }
    }
}

fn skipped(outcome: &Outcome) -> String {
    let reasons: Vec<String> = outcome
        .skipped()
        .map(|(reason, count)| format!("{} {}", number(count), wording::reason(reason)))
        .collect();
    let all = outcome.skips().len();
    let listed = match all > json::SKIPS {
        true => format!(" The first {} are listed.", number(json::SKIPS as u64)),
        false => String::new(),
    };
    format!("{}.{listed}", reasons.join("; "))
}

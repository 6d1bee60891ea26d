//! The first pass over the text, a chunk at a time, on any thread: records, paragraphs, tokens, exact keys;
//! then, for the units that turned out to be new, signatures and band keys.
//!
//! Between the two halves stands the exact collapse ([`crate::collapse`]), so that what stood before is
//! never signed. Each shingle of a document is signed once: a paragraph's signature merges into its
//! document's.

mod made;

use std::ops::Range;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::band::Plan;
use crate::corpus::{Corpus, NOWHERE, Start};
use crate::document::{Format, Skip, SkipReason, Source};
use crate::error::Result;
use crate::index::segment::Mark;
use crate::index::sketches::Sketch;
use crate::normalise::{Sink, Tokenizer, before};
use crate::params::Params;
use crate::passage::winnow::Winnower;
use crate::pipeline::Progress;
use crate::pool::Pool;
use crate::read::chunks::{Buffers, Chunk, about_tokens, text_file};
use crate::read::json::Fields;
use crate::read::magic;
use crate::read::records::{self, Entry, Records};
use crate::read::texts::{Locator, checksum};
pub(crate) use crate::scan::made::{Counted, Piece, Scanned, ScannedDocument, Signed, SignedUnits};
use crate::shingle::Shingler;
use crate::sign::{Signer, merge};
use crate::split::{bytecount, paragraphs};
use crate::varint;

/// The key of a unit without a token.
pub(crate) const EMPTY: u128 = 0;

/// The key of a paragraph with too few tokens to be compared.
pub(crate) const SHORT: u128 = 1;

/// About how many bytes of a record make a token: a list that is not too short need not be moved as it grows.
const BYTES_OF_A_TOKEN: usize = 5;

/// Everything a worker needs, and the workspaces that go round among the workers.
pub(crate) struct Scanner<'a> {
    params: &'a Params,
    sources: &'a [Source],
    progress: &'a Progress,
    buffers: &'a Buffers,
    pub(crate) shingler: Shingler,
    signer: Signer,
    winnower: Winnower,
    pub(crate) plan: Plan,
    /// fields that are kept of each record, besides
    pub(crate) also: Vec<String>,
    /// whether texts are only measured
    pub(crate) only_measures: bool,
    /// whether the batch may go into an index, which knows it by its texts
    pub(crate) hash_texts: bool,
    /// whether it is asked where in their records one can start to read long texts
    pub(crate) finds_starts: bool,
    /// whether windows are marked, see [`crate::passage::recurring`]
    pub(crate) mark_windows: AtomicBool,
    free: Pool<Workspace>,
    scanned: Pool<Scanned>,
    signed: Pool<Signed>,
}

/// How a text is stored.
#[derive(Clone, Copy)]
enum Stored<'a> {
    /// its bytes are those of its record
    AsItIs,
    /// in this line of JSON
    Line(&'a str),
    Otherwise,
}

/// What one worker writes into, again and again.
struct Workspace {
    tokenizer: Tokenizer,
    text: String,
    ranges: Vec<Range<usize>>,
    shingles: Vec<u64>,
    paragraph: Vec<u32>,
    document: Vec<u32>,
}

/// A chunk being scanned.
struct Work {
    workspace: Workspace,
    scanned: Scanned,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(
        params: &'a Params,
        sources: &'a [Source],
        progress: &'a Progress,
        buffers: &'a Buffers,
    ) -> Self {
        let plan = Plan::of(params);
        Scanner {
            params,
            sources,
            progress,
            buffers,
            shingler: Shingler::new(params.shingle),
            winnower: Winnower::new(params.passage),
            signer: Signer::new(plan.bands * plan.rows, params.seed),
            plan,
            also: Vec::new(),
            only_measures: false,
            hash_texts: false,
            finds_starts: false,
            mark_windows: AtomicBool::new(false),
            free: Pool::default(),
            scanned: Pool::default(),
            signed: Pool::default(),
        }
    }

    fn workspace(&self) -> Workspace {
        self.free.take().unwrap_or_else(|| Workspace {
            tokenizer: Tokenizer::of(self.params),
            text: String::new(),
            ranges: Vec::new(),
            shingles: Vec::new(),
            paragraph: self.signer.empty(),
            document: self.signer.empty(),
        })
    }

    /// For a chunk.
    fn work(&self) -> Work {
        Work { workspace: self.workspace(), scanned: self.scanned.take().unwrap_or_default() }
    }

    /// Frees what is kept for the chunks to come.
    pub(crate) fn let_go(&self) {
        self.scanned.let_go();
        self.signed.let_go();
        self.buffers.let_go();
    }

    /// Takes back what is in the tables now, for the chunks to come, unless an outsized record has blown it up.
    pub(crate) fn give_back(&self, scanned: Vec<Scanned>, signed: Vec<Signed>) {
        let usual = 2 * self.buffers.chunk();
        for (scanned, signed) in scanned.into_iter().zip(signed) {
            let strings = scanned.ids.capacity().max(scanned.places.capacity());
            if strings.max(scanned.tokens.capacity() * BYTES_OF_A_TOKEN) <= usual {
                self.scanned.give(scanned.cleared());
                self.signed.give(signed.cleared());
            }
        }
    }

    /// Reads the records of a chunk and their tokens.
    pub(crate) fn scan(&self, chunk: Chunk) -> Scanned {
        let mut work = self.work();
        match chunk {
            Chunk::Lines { source, offset, bytes, framing } => {
                if !self.only_measures {
                    let is_outsized = self.buffers.is_outsized(bytes.len());
                    let tokens =
                        if is_outsized { about_tokens(&bytes) } else { bytes.len() / BYTES_OF_A_TOKEN };
                    work.scanned.tokens.reserve(tokens);
                }
                if self.sources[source as usize].format == Format::Text {
                    self.whole(source, offset, &bytes, &mut work);
                } else {
                    let piece = Piece { framing, ..Piece::of(source, offset, &bytes) };
                    self.lines(piece, &bytes, &mut work);
                }
                self.buffers.give(bytes);
            }
            Chunk::Records(records) => {
                self.records(&records, &mut work);
                self.buffers.give(records.bytes);
            }
            Chunk::Files { sources } => {
                for source in sources {
                    self.file(source, &mut work);
                }
            }
            Chunk::Lost { source, is_record, lines, reason, detail } => {
                let has_lines = self.sources[source as usize].format == Format::JsonLines;
                let record = is_record.then_some(0);
                let line = (is_record && has_lines).then_some(1);
                let records = u64::from(is_record);
                work.scanned.skips.push(Skip { source, record, records, line, reason, detail });
                work.scanned.counted.push(Counted { source, records, lines });
            }
        }
        self.done(work)
    }

    /// Takes back what a chunk was read with.
    fn done(&self, work: Work) -> Scanned {
        let Work { workspace, scanned } = work;
        self.take_back(workspace);
        scanned
    }

    /// Takes a workspace back, unless an outsized record has blown it up.
    fn take_back(&self, workspace: Workspace) {
        let lists = workspace.ranges.capacity().max(workspace.shingles.capacity());
        if workspace.text.capacity().max(lists * BYTES_OF_A_TOKEN) <= 2 * self.buffers.chunk() {
            self.free.give(workspace);
        }
    }

    fn lines(&self, piece: Piece, bytes: &[u8], work: &mut Work) {
        let fields = self.fields();
        let Piece { source, offset, framing, .. } = piece;
        work.scanned.pieces.push(piece);
        let all_utf8 = simdutf8::basic::from_utf8(bytes).ok();
        let mut counted = Counted { source, records: 0, lines: 0 };
        let mut found = framing.records(bytes);
        for (line, number) in found.by_ref() {
            let record = counted.records;
            counted.records += 1;
            let raw = &bytes[line.clone()];
            let parsed = if raw.strip_suffix(b"\r").unwrap_or(raw).len() as u64 > self.params.max_record {
                Err((SkipReason::TooLarge, records::too_large(self.params.max_record)))
            } else {
                let text = match all_utf8 {
                    Some(all) => Ok(&all[line.clone()]),
                    None => simdutf8::compat::from_utf8(raw)
                        .map_err(|e| (SkipReason::InvalidUtf8, magic::not_utf8(raw, e.valid_up_to()))),
                };
                work.workspace.text.clear();
                text.and_then(|text| fields.parse(text, &mut work.workspace.text))
            };
            match parsed {
                Ok(found) => {
                    work.scanned.lone_surrogates += u64::from(found.has_lone_surrogates);
                    work.scanned.ids.push_str(found.id.as_deref().unwrap_or_default());
                    let locator = Locator {
                        source,
                        record: record as u32,
                        offset: offset + line.start as u64,
                        length: raw.len() as u32,
                        text_length: work.workspace.text.len() as u32,
                        checksum: checksum(&work.workspace.text),
                    };
                    let text = std::mem::take(&mut work.workspace.text);
                    let line = all_utf8.map_or(Stored::Otherwise, |all| Stored::Line(&all[line]));
                    self.document(&text, (locator, found.also), line, work);
                    work.workspace.text = text;
                }
                Err((reason, detail)) => work.scanned.skips.push(Skip {
                    source,
                    record: Some(record),
                    records: 1,
                    line: Some(number),
                    reason,
                    detail,
                }),
            }
        }
        counted.lines = found.lines();
        work.scanned.counted.push(counted);
    }

    /// Standard input as one text.
    fn whole(&self, source: u32, offset: u64, bytes: &[u8], work: &mut Work) {
        work.scanned.pieces.push(Piece::of(source, offset, bytes));
        match simdutf8::compat::from_utf8(bytes) {
            Ok(text) => {
                let locator = whole(source, offset, text);
                self.document(text, (locator, Vec::new()), Stored::Otherwise, work);
            }
            Err(error) => work.scanned.skips.push(Skip {
                source,
                record: Some(0),
                records: 1,
                line: None,
                reason: SkipReason::InvalidUtf8,
                detail: magic::not_utf8(bytes, error.valid_up_to()),
            }),
        }
        work.scanned.counted.push(Counted { source, records: 1, lines: 0 });
    }

    /// Records that the reader has taken apart.
    fn records(&self, records: &Records, work: &mut Work) {
        let source = records.source;
        let is_quoted = self.sources[source as usize].is_plain_file()
            && self.sources[source as usize].format.delimiter().is_some();
        let stored = if is_quoted { Stored::Otherwise } else { Stored::AsItIs };
        let all_utf8 = simdutf8::basic::from_utf8(&records.bytes).ok();
        let mut counted = Counted { source, records: 0, lines: 0 };
        for entry in &records.entries {
            let record = counted.records;
            let lost = |records, line, reason, detail| {
                let record = (records > 0).then_some(record);
                Skip { source, record, records, line, reason, detail }
            };
            match entry {
                Entry::Lost { records, line, reason, detail } => {
                    work.scanned.skips.push(lost(*records, *line, *reason, detail.clone()));
                    counted.records += records;
                }
                Entry::Text { text, id, place, line, also } => {
                    counted.records += 1;
                    let bytes = &records.bytes[text.clone()];
                    // the bytes of a chunk may be UTF-8, and those of its texts not
                    let text = match all_utf8.and_then(|all| all.get(text.clone())) {
                        Some(text) => Ok(text),
                        None => simdutf8::compat::from_utf8(bytes),
                    };
                    match text {
                        Ok(text) => {
                            work.scanned.ids.push_str(&records.ids[id.clone()]);
                            let locator = Locator {
                                source,
                                record: record as u32,
                                offset: place.start,
                                length: (place.end - place.start) as u32,
                                text_length: text.len() as u32,
                                checksum: checksum(text),
                            };
                            self.document(text, (locator, also.clone()), stored, work);
                        }
                        Err(error) => {
                            let detail = magic::not_utf8(bytes, error.valid_up_to());
                            work.scanned.skips.push(lost(1, *line, SkipReason::InvalidUtf8, detail));
                        }
                    }
                }
            }
        }
        work.scanned.counted.push(counted);
    }

    fn file(&self, source: u32, work: &mut Work) {
        match text_file(&self.sources[source as usize], self.params.max_record as usize, self.progress) {
            Ok(text) => {
                self.buffers.meet_text(text.as_bytes());
                work.scanned.pieces.push(Piece::of(source, 0, text.as_bytes()));
                let locator = whole(source, 0, &text);
                self.document(&text, (locator, Vec::new()), Stored::Otherwise, work);
            }
            Err((reason, detail)) => {
                let (record, records) = (Some(0), 1);
                work.scanned.skips.push(Skip { source, record, records, line: None, reason, detail });
            }
        }
        work.scanned.counted.push(Counted { source, records: 1, lines: 0 });
    }

    /// Reads these documents, which were `measured`, again, whatever their order. Of most containers a text alone is
    /// read: its id is the one that it was measured with.
    ///
    /// # Errors
    /// Those of [`crate::read::texts::Texts::read`].
    pub(crate) fn again(&self, measured: &Corpus, documents: &[u32]) -> Result<Scanned> {
        let mut work = self.work();
        for &document in documents {
            let locator = measured.locator(document);
            let (text, found) = measured.texts.record(&locator, &self.also)?;
            work.scanned.lone_surrogates += u64::from(found.has_lone_surrogates);
            work.scanned.ids.push_str(measured.id(document).unwrap_or_default());
            self.document(&text, (locator, found.also), Stored::Otherwise, &mut work);
        }
        Ok(self.done(work))
    }

    /// Where chunks' buffers come from and go back to.
    pub(crate) fn buffers(&self) -> &'a Buffers {
        self.buffers
    }

    /// Splits and tokenises a text. Its id has been appended to the chunk's ids.
    fn document(
        &self,
        text: &str,
        (locator, also): (Locator, Vec<Option<String>>),
        stored: Stored<'_>,
        work: &mut Work,
    ) {
        let Work { workspace: Workspace { tokenizer, ranges, .. }, scanned } = work;
        ranges.clear();
        if !self.only_measures {
            paragraphs(text, self.params.paragraphs, ranges);
        }
        let first_token = scanned.tokens.len();
        let first_paragraph = scanned.paragraph_ends.len();
        if !self.only_measures {
            tokens_of_paragraphs(tokenizer, text, ranges, &mut scanned.tokens, &mut scanned.paragraph_ends);
        }
        let mut start = first_token;
        for &end in &scanned.paragraph_ends[first_paragraph..] {
            let tokens = &scanned.tokens[start..end as usize];
            scanned.paragraph_keys.push(self.key(tokens, self.params.min_tokens as usize));
            start = end as usize;
        }
        scanned.document_keys.push(self.key(&scanned.tokens[first_token..], 0));
        let characters = write_places(text, ranges, &mut scanned.places);
        if self.hash_texts {
            scanned.text_hashes.push(xxh3_64(text.as_bytes()));
        }
        if (self.hash_texts || self.finds_starts) && text.len() > MARKED {
            let first = scanned.starts.len();
            mark(scanned, ranges, (first_token, first_paragraph));
            if self.finds_starts {
                self.find_starts(&mut scanned.starts[first..], stored);
            }
        }
        scanned.text_bytes += text.len() as u64;
        scanned.text_characters += characters;
        scanned.documents.push(ScannedDocument {
            locator,
            characters: characters as u32,
            also,
            tokens_end: scanned.tokens.len() as u32,
            paragraphs_end: scanned.paragraph_ends.len() as u32,
            places_end: scanned.places.len() as u32,
            ids_end: scanned.ids.len() as u32,
        });
    }

    /// Finds where in the record of a text the starts are.
    fn find_starts(&self, starts: &mut [Start], stored: Stored<'_>) {
        match stored {
            Stored::AsItIs => starts.iter_mut().for_each(|start| start.raw = start.mark.byte),
            Stored::Line(line) => {
                let bytes: Vec<u32> = starts.iter().map(|start| start.mark.byte).collect();
                let offsets = self.fields().offsets(line, &bytes);
                let found = starts.iter_mut().zip(offsets.into_iter().flatten());
                found.for_each(|(start, offset)| start.raw = offset);
            }
            Stored::Otherwise => {}
        }
    }

    fn fields(&self) -> Fields<'_> {
        Fields { text: &self.params.text_field, id: &self.params.id_field, also: &self.also }
    }

    /// 128 bits that only equal token sequences share.
    fn key(&self, tokens: &[u64], least: usize) -> u128 {
        if tokens.is_empty() {
            return EMPTY;
        }
        if tokens.len() < least {
            return SHORT;
        }
        let hash = |bytes: &[u8]| xxh3_128_with_seed(bytes, self.params.seed);
        let key = if cfg!(target_endian = "little") {
            hash(bytemuck::cast_slice(tokens))
        } else {
            hash(&tokens.iter().flat_map(|t| t.to_le_bytes()).collect::<Vec<u8>>())
        };
        key.max(SHORT + 1)
    }

    /// Signs the units of a chunk for which `new_document` and `new_paragraph` say so, by their number in it.
    pub(crate) fn sign(
        &self,
        scanned: &Scanned,
        new_document: impl Fn(usize) -> bool,
        new_paragraph: impl Fn(usize) -> bool,
    ) -> Signed {
        let mut workspace = self.workspace();
        let mut signed = self.signed.take().unwrap_or_default();
        let (mut token, mut paragraph) = (0, 0);
        for (i, document) in scanned.documents.iter().enumerate() {
            let tokens = token..document.tokens_end as usize;
            let paragraphs = paragraph..document.paragraphs_end as usize;
            (token, paragraph) = (tokens.end, paragraphs.end);
            let new_paragraphs = paragraphs.clone().filter(|&i| new_paragraph(i)).collect();
            let document = ToSign { tokens, new: new_document(i), new_paragraphs };
            self.sign_document(scanned, &document, &mut workspace, &mut signed);
        }
        self.take_back(workspace);
        signed
    }

    fn sign_document(
        &self,
        scanned: &Scanned,
        document: &ToSign,
        workspace: &mut Workspace,
        signed: &mut Signed,
    ) {
        let Workspace { shingles, paragraph: signature, document: whole, .. } = workspace;
        let width = self.shingler.width();
        let base = document.tokens.start;
        whole.fill(u32::MAX);
        if document.new && self.params.units.passages {
            self.list_seeds(&scanned.tokens[document.tokens.clone()], shingles, signed);
        }
        let sign_whole = document.new && self.params.units.documents;
        if sign_whole {
            self.shingler.all(&scanned.tokens[document.tokens.clone()], shingles);
        }
        // shingles before this one are in the document's signature
        let mut done = 0;
        for &number in &document.new_paragraphs {
            let start = number.checked_sub(1).map_or(0, |before| scanned.paragraph_ends[before] as usize);
            let tokens = start..scanned.paragraph_ends[number] as usize;
            signature.fill(u32::MAX);
            let short;
            let of_paragraph: &[u64] = if sign_whole && tokens.len() >= width {
                let own = tokens.start - base..tokens.end - base + 1 - width;
                self.signer.add(&shingles[own.clone()], signature);
                self.signer.add(&shingles[done..own.start], whole);
                merge(whole, signature);
                done = own.end;
                &shingles[own]
            } else if tokens.len() < width {
                short = [self.shingler.short(&scanned.tokens[tokens.clone()])];
                self.signer.add(&short, signature);
                &short
            } else {
                // the document is an old one, in other paragraphs: its shingles were not rolled
                self.shingler.rolled(&scanned.tokens[tokens.clone()], shingles);
                self.signer.add(shingles, signature);
                shingles
            };
            self.plan.keys(signature, &mut signed.paragraphs.keys);
            if self.hash_texts {
                signed.paragraphs.sketches.push(Sketch::new(of_paragraph));
            }
            signed.paragraphs.tokens.push(tokens.len() as u32);
        }
        if sign_whole {
            self.signer.add(&shingles[done..], whole);
            self.plan.keys(whole, &mut signed.documents.keys);
        }
        if document.new {
            signed.documents.tokens.push(document.tokens.len() as u32);
        }
    }

    /// Lists the seeds of a document, and marks its windows where that is asked for; `shingles` is a buffer.
    fn list_seeds(&self, tokens: &[u64], shingles: &mut Vec<u64>, signed: &mut Signed) {
        let before = signed.seeds.len();
        let [mut last, mut window] = [0; 2];
        let mark_windows = self.mark_windows.load(Ordering::Relaxed);
        self.winnower.seeds(tokens, shingles, |seed| {
            signed.seeds.push(seed.hash);
            signed.seed_gaps.push((seed.at - last) as u16);
            if mark_windows && seed.window > window {
                signed.seed_windows.push((seed.window - window) as u16);
            }
            (last, window) = (seed.at, seed.window);
        });
        let seeds = signed.seeds.len() - before;
        signed.seed_counts.push(seeds as u32);
        if mark_windows && seeds > 0 {
            let windows = self.winnower.marks(shingles, &mut signed.window_marks);
            signed.seed_windows.push((windows - window as usize) as u16);
        }
    }
}

/// Bytes of a text from one mark to the next, at least; shorter ones have none.
pub(crate) const MARKED: usize = 4 << 10;

/// Notes which token starts the text, and some of its paragraphs.
fn mark(scanned: &mut Scanned, paragraphs: &[Range<usize>], (first_token, first_paragraph): (usize, usize)) {
    let document = scanned.documents.len() as u32;
    let start = |token, byte| Start { mark: Mark { document, token, byte }, raw: NOWHERE };
    scanned.starts.push(start(0, 0));
    let mut next = MARKED;
    for (paragraph, end) in paragraphs.iter().skip(1).zip(&scanned.paragraph_ends[first_paragraph..]) {
        if paragraph.start >= next {
            scanned.starts.push(start(end - first_token as u32, paragraph.start as u32));
            next = paragraph.start + MARKED;
        }
    }
}

/// The locator of a source that is one text.
fn whole(source: u32, offset: u64, text: &str) -> Locator {
    let length = text.len() as u32;
    Locator { source, record: 0, offset, length, text_length: length, checksum: checksum(text) }
}

/// A document's share of a chunk.
struct ToSign {
    tokens: Range<usize>,
    new: bool,
    /// numbers of its new paragraphs in the chunk
    new_paragraphs: Vec<usize>,
}

/// Appends the token hashes of a text, and for each of its paragraphs the end of its own.
pub(crate) fn tokens_of_paragraphs(
    tokenizer: &mut Tokenizer,
    text: &str,
    paragraphs: &[Range<usize>],
    tokens: &mut Vec<u64>,
    ends: &mut Vec<u32>,
) {
    let target = ends.len() + paragraphs.len();
    let mut left = paragraphs.get(1..).unwrap_or_default().iter();
    let next_start = left.next().map_or(usize::MAX, |range| range.start);
    tokenizer.give(text, &mut OfParagraphs { tokens, ends, left, next_start });
    while ends.len() < target {
        ends.push(tokens.len() as u32);
    }
}

/// Takes tokens, and tells paragraphs apart.
struct OfParagraphs<'a> {
    tokens: &'a mut Vec<u64>,
    ends: &'a mut Vec<u32>,
    /// the paragraphs behind the next
    left: slice::Iter<'a, Range<usize>>,
    /// where the next starts
    next_start: usize,
}

impl OfParagraphs<'_> {
    fn end(&mut self, tokens: usize) {
        self.ends.push(tokens as u32);
        self.next_start = self.left.next().map_or(usize::MAX, |range| range.start);
    }
}

impl Sink for OfParagraphs<'_> {
    fn several(&mut self, hashes: &[u64], starts: &[u16], _: &[u16], base: usize) {
        let mut done = 0;
        while let Some(&last) = starts.last()
            && self.next_start <= base + usize::from(last)
        {
            let next = self.next_start.saturating_sub(base) as u16;
            done += before(&starts[done..], next);
            self.end(self.tokens.len() + done);
        }
        self.tokens.extend_from_slice(hashes);
    }

    fn one(&mut self, hash: u64, _: usize, end: usize) {
        // where a mark follows white space, its token starts with that
        while end > self.next_start {
            self.end(self.tokens.len());
        }
        self.tokens.push(hash);
    }
}

/// Writes where the paragraphs of a text stand: for each, the gap before it and its length in bytes, each
/// with how many fewer characters that are. Returns the characters of the whole text.
fn write_places(text: &str, paragraphs: &[Range<usize>], into: &mut Vec<u8>) -> u64 {
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut characters = 0;
    for paragraph in paragraphs {
        let gap = &bytes[end..paragraph.start];
        let gap_characters = if gap.len() == 1 { 1 } else { bytecount(gap) };
        let multibyte = gap.len() - gap_characters;
        varint::write((gap.len() as u64) << 1 | u64::from(multibyte > 0), into);
        if multibyte > 0 {
            varint::write(multibyte as u64, into);
        }
        let own = bytecount(&bytes[paragraph.clone()]);
        varint::write(paragraph.len() as u64, into);
        varint::write((paragraph.len() - own) as u64, into);
        characters += gap_characters + own;
        end = paragraph.end;
    }
    (characters + bytecount(&bytes[end..])) as u64
}

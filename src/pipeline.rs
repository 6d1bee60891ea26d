//! The whole run, in order; the only file that names every stage.
//!
//! Two passes over the corpus. The first *reads, splits, normalises, shingles, signs* every record and keeps
//! only band keys; the second reads again just the documents with a unit that shares a bucket, makes their
//! exact sets, *verifies* and *resolves*. What comes out is an [`Outcome`]: facts, for any report.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use rayon::prelude::*;

use crate::band::{Buckets, Plan};
use crate::corpus::{Builder, Corpus, Document, check_numbers, link};
use crate::error::{Error, Result};
use crate::expect;
use crate::in_turn::{Turns, batches};
use crate::order::Order;
use crate::outcome::{Located, Outcome, Seconds};
use crate::params::Params;
use crate::parts::Parts;
use crate::passage::Finder;
use crate::passage::gaps::Gaps;
use crate::passage::recurring::WindowMarks;
use crate::passage::repeated::Repeated;
use crate::passage::winnow::SeedHead;
use crate::past::{self, Before, Past};
use crate::read::chunks::{self, Buffers, Chunk, QUEUE, Reader};
use crate::read::json::Fields;
use crate::read::sources::Sources;
use crate::read::texts::{Spool, Texts};
use crate::reread::{self, Searches};
use crate::resolve::pairs::{KeptPairs, Pairs};
use crate::resolve::twins::Twins;
use crate::resolve::{Cost, Near, Resolver};
use crate::scan::{Scanned, Scanner, Signed};
pub use crate::surroundings::Surroundings;

/// What a run reads.
pub struct Inputs {
    /// the corpus
    pub sources: Sources,
    /// in which its documents pass
    pub order: Order,
    /// what it is matched against beside itself
    pub past: Option<Past>,
    /// whether what an index needs is kept, see [`crate::keep`]
    pub keep: bool,
}

impl From<Sources> for Inputs {
    fn from(sources: Sources) -> Self {
        Inputs { sources, order: Order::default(), past: None, keep: false }
    }
}

/// What a run is doing, for whoever looks; and the way to stop it.
#[derive(Debug, Default)]
pub struct Progress {
    /// bytes of the sources, as far as their sizes are known
    pub bytes_total: AtomicU64,
    /// bytes taken from the sources so far
    pub bytes_read: AtomicU64,
    /// text in the second pass, in bytes
    pub text_total: AtomicU64,
    /// text done in the second pass
    pub text_done: AtomicU64,
    stage: AtomicU8,
    cancelled: AtomicBool,
}

/// The stages that a run goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// the first pass
    Reading,
    /// finding who shares a bucket
    Linking,
    /// the second pass
    Verifying,
    /// measuring recall
    Certifying,
}

impl Stage {
    /// All of them, by number.
    const ALL: [Stage; 4] = [Stage::Reading, Stage::Linking, Stage::Verifying, Stage::Certifying];
}

impl Progress {
    /// Asks the run to stop; it ends with [`Error::Interrupted`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it has been asked to.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// What the run is doing.
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    /// Begins a stage; an error where the run has been asked to stop.
    pub(crate) fn enter(&self, stage: Stage) -> Result<()> {
        self.stage.store(stage as u8, Ordering::Relaxed);
        self.check()
    }

    /// An error where the run has been asked to stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Finds what the sources say twice. Runs in rayon's current pool of threads.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Io`] where the temporary folder fails, [`Error::Changed`] and
/// [`Error::SourceChanged`] where an input changes during the run, [`Error::TooMany`], [`Error::Interrupted`].
pub fn audit(
    inputs: impl Into<Inputs>,
    params: &Params,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<Outcome> {
    run(inputs.into(), params, surroundings, progress)
}

/// [`audit`] of all that can be asked for.
///
/// # Errors
/// Those of [`audit`], and those of the index.
pub fn run(
    Inputs { sources, order, past, keep }: Inputs,
    params: &Params,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<Outcome> {
    params.validate()?;
    sources.check_fields(params)?;
    let for_index = keep || past.is_some();
    if for_index {
        check_beside_index(params, past.as_ref())?;
    }
    let plan = Plan::of(params);
    let surroundings = &surroundings.fitting();
    let mut clock = Clock::start();
    progress.enter(Stage::Reading)?;
    let stages = Stages { params, plan, surroundings, progress };
    let reading = Reading { stages, sources: &sources, order: &order, for_index };
    let mut parts = Parts::new(stages, &sources, (past.as_ref(), keep));
    let mut corpus = if order.is_corpus_order() {
        reading.pass(&mut parts, &mut clock)?
    } else {
        reading.ordered(&mut parts, &mut clock)?
    };
    corpus.identity = corpus.identity.named(order.names(&sources.files));
    if let Some(past) = &past {
        corpus.identity = past.identity(corpus.identity, |document| parts.id(&corpus, document))?;
    }
    if let Some(sees) = parts.should_have_seen(corpus.identity) {
        let identity = corpus.identity;
        let (measured, ranked) = parts.restart(corpus, sees)?;
        corpus = reading.again((measured, ranked), &mut parts, &mut clock)?;
        corpus.identity = identity;
    }
    let mut outcome = if parts.is_empty() {
        clock.lap(|seconds| &mut seconds.reading);
        let surroundings = &parts.surroundings();
        drop(parts);
        let stages = Stages { surroundings, ..stages };
        let past = past.map(|past| past.unless_known(corpus.identity));
        // where it sees nothing, all is as it is without an index: what it takes, too
        let before = past.as_ref().filter(|past| past.sees_any()).map(Before::archive);
        let found = stages.search(corpus, before.as_ref(), keep, &mut clock)?;
        found.corpus.texts.check_sources()?;
        Outcome::new(found, sources, (params, plan))
    } else {
        parts.finish(corpus, sources, &mut clock)?
    };
    if params.certify > 0 {
        progress.enter(Stage::Certifying)?;
        clock.skip();
        outcome.certify(surroundings, progress)?;
        clock.lap(|seconds| &mut seconds.certifying);
    }
    outcome.bound(surroundings);
    outcome.took(clock.seconds);
    Ok(outcome)
}

/// Whether nothing is asked for that can't be told beside an index: the run's own, or one that it is matched against.
fn check_beside_index(params: &Params, past: Option<&Past>) -> Result<()> {
    if params.certify > 0 && past.is_some() {
        return Err(Error::Parameter {
            name: "certify",
            expected: "0 where a run is matched against an index".into(),
            got: params.certify.to_string(),
            hint: "what an index holds can't be read whole for a sample; certify an audit of the batch alone",
        });
    }
    if let Some(floor) = params.floor {
        return Err(Error::Parameter {
            name: "floor",
            expected: "left out where there is an index".into(),
            got: floor.to_string(),
            hint: "the bands of an index are planned for its threshold; audit the batch alone",
        });
    }
    Ok(())
}

/// What every stage is told.
#[derive(Clone, Copy)]
pub(crate) struct Stages<'a> {
    pub(crate) params: &'a Params,
    pub(crate) plan: Plan,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) progress: &'a Progress,
}

/// What was found in a corpus.
pub(crate) struct Searched {
    pub(crate) corpus: Corpus,
    /// near copies, with what they took: documents, paragraphs
    pub(crate) near: [(Vec<Near>, Cost); 2],
    pub(crate) located: Located,
    /// all pairs of documents, of paragraphs, where they are kept
    pub(crate) kept: Option<[KeptPairs; 2]>,
}

impl Stages<'_> {
    /// Everything behind the first pass: finds who shares a bucket or a seed, reads those again, verifies and
    /// resolves. What an index needs is kept if `keep` says so.
    pub(crate) fn search(
        &self,
        mut corpus: Corpus,
        before: Option<&Before<'_>>,
        keep: bool,
        clock: &mut Clock,
    ) -> Result<Searched> {
        let &Stages { params, plan, surroundings, progress } = self;
        progress.enter(Stage::Linking)?;
        if let Some(before) = before {
            corpus = past::join(corpus, before, params, plan.bands)?;
        }
        check_numbers(corpus.seeds.len() as u64, 0, "seeds of passages")?;
        for units in [&corpus.document_units, &corpus.paragraph_units] {
            check_numbers(units.keys.len() as u64, 0, "band keys in one part")?;
        }
        let seeds = Seeds::take(&mut corpus);
        // what comes from an index has no twin, nor has what may leave alone; pairs are kept of all that are compared
        let have_twins = before.is_none() && !params.remove.is_by_parts() && params.floor.is_none();
        let link_units = || {
            let [documents, mut paragraphs] = link(&mut corpus, plan.bands, keep);
            let twins = have_twins.then(|| Twins::part(&corpus, &documents, &mut paragraphs));
            (documents, paragraphs, twins)
        };
        let link_seeds = || params.units.passages.then(|| seeds.link(params, keep)).unzip();
        let ((documents, paragraphs, twins), (mut passages, seeds)) = rayon::join(link_units, link_seeds);
        seeds.into_iter().for_each(|seeds| seeds.give_back(&mut corpus));
        if let Some((finder, _)) = &mut passages {
            if surroundings.texts < u64::MAX {
                finder.bound(&surroundings.temporary, surroundings.texts);
            }
            if keep {
                finder.tell_covered();
            }
            if let Some(recurring) = corpus.recurring.take() {
                finder.expect(recurring);
            }
            corpus.archived.whole.iter().for_each(|whole| finder.archived_whole(*whole));
        }
        clock.lap(|seconds| &mut seconds.linking);

        progress.enter(Stage::Verifying)?;
        let pairs = params.floor.map(|floor| {
            let pairs =
                |units, buckets: &Buckets| Pairs::new(units, buckets.clone(), (floor, params.comparisons));
            [pairs(&corpus.document_units, &documents), pairs(&corpus.paragraph_units, &paragraphs)]
        });
        let resolver = |units, buckets| Resolver::new(units, buckets, params.threshold, params.comparisons);
        let [of_documents, of_paragraphs] = &corpus.archived.verdicts;
        let (mut documents, mut paragraphs) = rayon::join(
            || resolver((&corpus.document_units, of_documents), documents),
            || resolver((&corpus.paragraph_units, of_paragraphs), paragraphs),
        );
        if surroundings.sets < u64::MAX {
            documents.bound(&surroundings.temporary, surroundings.sets);
            paragraphs.bound(&surroundings.temporary, surroundings.sets);
        }
        let searches = Searches { documents, paragraphs, passages, pairs };
        let mut resolved = reread::search(&corpus, (params, surroundings), searches, progress)?;
        if let Some(twins) = twins {
            twins.complete(&corpus, &resolved.documents.0, &mut resolved.paragraphs.0);
        }
        clock.lap(|seconds| &mut seconds.verifying);

        if let Some(decided) = resolved.decided.take() {
            decided.apply(&mut corpus);
        }
        progress.check()?;
        if let Some(before) = before {
            past::tell(&mut corpus, before, &resolved)?;
        }
        let located = Located::new(&corpus, params, resolved.passages)?;
        clock.lap(|seconds| &mut seconds.locating);
        let near = [resolved.documents, resolved.paragraphs];
        Ok(Searched { corpus, near, located, kept: resolved.pairs })
    }
}

/// Seconds from one stage to the next.
pub(crate) struct Clock {
    since: Instant,
    seconds: Seconds,
}

impl Clock {
    fn start() -> Self {
        Clock { since: Instant::now(), seconds: Seconds::default() }
    }

    /// Counts the time since the last lap for no stage.
    fn skip(&mut self) {
        self.since = Instant::now();
    }

    /// Counts the time since the last lap for a stage.
    pub(crate) fn lap(&mut self, stage: impl FnOnce(&mut Seconds) -> &mut f64) {
        let now = Instant::now();
        *stage(&mut self.seconds) += (now - self.since).as_secs_f64();
        self.since = now;
    }
}

/// How the corpus is read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    stages: Stages<'a>,
    sources: &'a Sources,
    order: &'a Order,
    /// whether an index is asked or added to
    for_index: bool,
}

impl<'a> Reading<'a> {
    fn scanner<'b>(&self, buffers: &'b Buffers) -> Scanner<'b>
    where
        'a: 'b,
    {
        let Stages { params, progress, surroundings, .. } = self.stages;
        let mut scanner = Scanner::new(params, &self.sources.files, progress, buffers);
        scanner.also = self.order.fields();
        scanner.hash_texts = self.for_index;
        scanner.finds_starts = params.units.passages && expect::parts(self.sources, params, surroundings);
        *scanner.mark_windows.get_mut() = self.marks_windows();
        scanner
    }

    fn builder(&self) -> Builder<'a> {
        let mut builder = Builder::new(&self.sources.files, self.stages.params, self.order);
        builder.windows = self.marks_windows().then(WindowMarks::new);
        builder.to_read = builder.to_read.filter(|_| self.stages.surroundings.memory.is_none());
        builder
    }

    /// Whether it may be that nothing comes before the corpus or after it. What an index holds is found by all windows.
    fn marks_windows(&self) -> bool {
        self.stages.params.units.passages && !self.for_index
    }

    fn texts(&self, spool: &Spool) -> Texts {
        Texts::new(self.sources.files.clone(), spool.clone(), self.stages.params)
    }

    /// Reads everything in corpus order. What is more than memory may hold goes into `parts`; what comes back
    /// is the rest.
    fn pass(self, parts: &mut Parts<'_>, clock: &mut Clock) -> Result<Corpus> {
        let buffers = Buffers::new(self.stages.surroundings.chunk.max(1));
        let scanner = self.scanner(&buffers);
        let spool = Spool::new(&self.stages.surroundings.temporary);
        let builder = self.read(&scanner, &spool, &mut |builder| {
            parts.unforeseen = buffers.unforeseen(self.stages.params.units.passages);
            if !parts.are_full(builder)? {
                return Ok(());
            }
            scanner.let_go();
            scanner.mark_windows.store(false, Ordering::Relaxed);
            let following = builder.following(self.stages.params);
            let full = std::mem::replace(builder, following);
            parts.add(full.finish(self.texts(&spool), true), clock)?;
            self.stages.progress.enter(Stage::Reading)
        })?;
        scanner.let_go();
        Ok(builder.finish(self.texts(&spool), self.for_index || !parts.is_empty()))
    }

    /// Reads everything once. One thread reads, all others work on what it has read; where there is but one,
    /// it does both in turn. `grown` sees the tables before each batch.
    fn read(&self, scanner: &Scanner<'_>, spool: &Spool, grown: Grown<'_, 'a>) -> Result<Builder<'a>> {
        let Stages { params, progress, .. } = self.stages;
        chunks::announce(self.sources, progress);
        let mut work = Work { scanner, builder: self.builder(), grown };
        let fields = Fields { text: &params.text_field, id: &params.id_field, also: &scanner.also };
        let max_record = params.max_record as usize;
        let (sources, buffers, batch) = (self.sources, scanner.buffers(), chunks::in_a_batch());
        let reader = Reader { sources, max_record, fields, buffers, batch, progress };
        if rayon::current_num_threads() == 1 {
            let mut worked = Ok(());
            let read = reader.run(spool, &mut |batch| {
                let scan = || batch.into_iter().map(|chunk| scanner.scan(chunk)).collect();
                worked = work.make_room().and_then(|()| work.enter(scan()));
                worked.is_ok()
            });
            worked.and(read)?;
        } else {
            let (to, batches) = mpsc::sync_channel(QUEUE);
            std::thread::scope(|scope| {
                let read = move || reader.run(spool, &mut |batch| to.send(batch).is_ok());
                let reading = std::thread::Builder::new().spawn_scoped(scope, read).map_err(Error::Thread)?;
                let worked = work.all(batches, self);
                let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                worked.and(read)
            })?;
        }
        Ok(work.builder)
    }

    /// Puts the documents in order by a first reading, then reads them in that order.
    fn ordered(self, parts: &mut Parts<'_>, clock: &mut Clock) -> Result<Corpus> {
        let surroundings = self.stages.surroundings;
        let buffers = Buffers::new(surroundings.chunk.max(1));
        let spool = Spool::new(&surroundings.temporary);
        let mut scanner = self.scanner(&buffers);
        (scanner.only_measures, scanner.hash_texts) = (true, false);
        let measured = self.read(&scanner, &spool, &mut |_| Ok(()))?.finish(self.texts(&spool), false);
        let ranked = measured.ranked(self.order);
        self.again((measured, ranked), parts, clock)
    }

    /// Reads documents that were `measured` again, in another order.
    fn again(
        self,
        (measured, ranked): (Corpus, Vec<u32>),
        parts: &mut Parts<'_>,
        clock: &mut Clock,
    ) -> Result<Corpus> {
        let Stages { params, surroundings, progress, .. } = self.stages;
        let buffers = Buffers::new(surroundings.chunk.max(1));
        let spool = measured.texts.spool().clone();
        progress.enter(Stage::Reading)?;
        let scanner = self.scanner(&buffers);
        let of_document = size_of::<Document>() + size_of::<u32>();
        parts.beside = (of_document * ranked.len() + measured.ids.len() + measured.labels.size()) as u64;
        let length = |document: &u32| measured.locator(*document).text_length as usize;
        let chunk = surroundings.chunk.max(1) as u64;
        let chunks = batches(&ranked, chunk, |document| length(document) as u64);
        // nothing is read beside an outsized record, where memory is bounded
        let is_alone = |chunk: &[u32]| {
            let is_outsized = |document| buffers.is_outsized(length(document));
            surroundings.memory.is_some() && chunk.iter().any(is_outsized)
        };
        let batches = chunks.chunk_by(|one, next| !is_alone(one) && !is_alone(next));
        let mut builder = self.builder();
        for batch in batches.flat_map(|batch| batch.chunks(chunks::in_a_batch())) {
            progress.check()?;
            batch.iter().copied().flatten().for_each(|document| buffers.meet(length(document)));
            parts.unforeseen = buffers.unforeseen(params.units.passages);
            if parts.are_full(&builder)? {
                scanner.let_go();
                scanner.mark_windows.store(false, Ordering::Relaxed);
                let following = builder.following(params);
                let full = std::mem::replace(&mut builder, following);
                parts.add(full.finish(self.texts(&spool), true), clock)?;
                progress.enter(Stage::Reading)?;
            }
            let scanned = batch.par_iter().map(|documents| scanner.again(&measured, documents));
            let scanned: Vec<Scanned> = scanned.collect::<Result<_>>()?;
            let admitted = builder.admit(&scanned)?;
            let signed = sign(&scanner, &scanned, &admitted);
            builder.append(&scanned, &signed, &admitted);
            scanner.give_back(scanned, signed);
        }
        scanner.let_go();
        let mut corpus = builder.finish(self.texts(&spool), self.for_index || !parts.is_empty());
        if parts.is_empty() {
            corpus.complete(measured, &ranked);
        } else {
            parts.measured = Some((measured, ranked));
        }
        Ok(corpus)
    }
}

/// Batches that are scanned ahead, where several threads do it.
const AHEAD: usize = 3;

/// Sees the tables, if something is in them, before each batch, and may put others in their place.
type Grown<'f, 'a> = &'f mut (dyn FnMut(&mut Builder<'a>) -> Result<()> + Send);

/// The first pass over what has been read.
struct Work<'w, 'a> {
    scanner: &'w Scanner<'w>,
    builder: Builder<'a>,
    grown: Grown<'w, 'a>,
}

impl Work<'_, '_> {
    /// Scans all batches in parallel, while those before them go into the tables.
    fn all(&mut self, batches: mpsc::Receiver<Vec<Chunk>>, reading: &Reading<'_>) -> Result<()> {
        let (scanner, Stages { surroundings, progress, .. }) = (self.scanner, reading.stages);
        let is_bounded = surroundings.memory.is_some();
        let is_outsized = |chunk: &Chunk| scanner.buffers().is_outsized(chunk.bytes(&reading.sources.files));
        rayon::scope_fifo(move |scope| {
            let mut chunks = Turns::new();
            // of the batches that are being scanned how many chunks each has
            let mut lengths = VecDeque::new();
            let mut next = None;
            loop {
                progress.check()?;
                while lengths.len() < AHEAD {
                    let batch = match next.take() {
                        None if lengths.is_empty() => batches.recv().ok(),
                        None => batches.try_recv().ok(),
                        batch => batch,
                    };
                    let Some(batch) = batch else { break };
                    if is_bounded && batch.iter().any(is_outsized) {
                        if !lengths.is_empty() {
                            next = Some(batch); // there may have to be room for it first
                            break;
                        }
                        self.make_room()?;
                    }
                    lengths.push_back(batch.len());
                    batch.into_iter().for_each(|chunk| chunks.begin(scope, move || scanner.scan(chunk)));
                }
                let Some(&length) = lengths.front() else { return Ok(()) };
                if let Some(batch) = chunks.take(length) {
                    lengths.pop_front();
                    self.make_room()?;
                    self.enter(batch)?;
                }
            }
        })
    }

    /// Lets the tables be seen, with another batch to come.
    fn make_room(&mut self) -> Result<()> {
        (self.grown)(&mut self.builder)
    }

    /// Puts a batch that was scanned into the tables.
    fn enter(&mut self, batch: Vec<Scanned>) -> Result<()> {
        let Work { scanner, builder, .. } = self;
        let admitted = builder.admit(&batch)?;
        let signed = sign(scanner, &batch, &admitted);
        builder.append(&batch, &signed, &admitted);
        scanner.give_back(batch, signed);
        Ok(())
    }
}

/// Signs the new units of a batch.
fn sign(scanner: &Scanner<'_>, batch: &[Scanned], admitted: &crate::corpus::Admitted) -> Vec<Signed> {
    let mut starts = Vec::with_capacity(batch.len());
    let (mut document, mut paragraph) = (0, 0);
    for scanned in batch {
        starts.push((document, paragraph));
        document += scanned.document_keys.len();
        paragraph += scanned.paragraph_keys.len();
    }
    let one = |(scanned, (document, paragraph)): (&Scanned, (usize, usize))| {
        scanner.sign(
            scanned,
            |i| admitted.is_new_document(document + i),
            |i| admitted.is_new_paragraph(paragraph + i),
        )
    };
    batch.par_iter().zip(starts).map(one).collect()
}

/// The seeds of a corpus.
#[derive(Default)]
struct Seeds {
    heads: Vec<SeedHead>,
    gaps: Gaps,
    counts: Vec<u32>,
}

impl Seeds {
    fn take(corpus: &mut Corpus) -> Self {
        let Corpus { seeds, seed_gaps, seed_counts, .. } = corpus;
        let (heads, gaps, counts) = (take(seeds), take(seed_gaps), take(seed_counts));
        Seeds { heads, gaps, counts }
    }

    fn give_back(self, corpus: &mut Corpus) {
        (corpus.seeds, corpus.seed_gaps, corpus.seed_counts) = (self.heads, self.gaps, self.counts);
    }

    /// The search for passages, and which seeds occur more than once. The seeds themselves are needed after only
    /// for an index.
    fn link(self, params: &Params, keep: bool) -> ((Finder<'_>, Repeated), Self) {
        let mut repeated = Repeated::new(&self.heads, &self.gaps, &self.counts);
        let left = if keep { self } else { Seeds::default() };
        ((Finder::new(params, &mut repeated), repeated), left)
    }
}

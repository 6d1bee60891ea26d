//! The whole run, in order; the only file that names every stage.
//!
//! Two passes over the corpus. The first *reads, splits, normalises, shingles, signs* every record and keeps
//! only band keys; the second reads again just the documents with a unit that shares a bucket, makes their
//! exact sets, *verifies* and *resolves*. What comes out is an [`Outcome`]: facts, for any report.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use rayon::prelude::*;

use crate::band::Plan;
use crate::corpus::{Builder, Corpus, link};
use crate::error::{Error, Result};
use crate::order::Order;
use crate::outcome::{Located, Outcome, Seconds};
use crate::params::Params;
use crate::passage::Finder;
use crate::passage::places::Repeated;
use crate::past::{self, Past};
use crate::read::chunks::{self, Buffers, Chunk, QUEUE, Reader};
use crate::read::json::Fields;
use crate::read::sources::Sources;
use crate::read::texts::{Locator, Spool, Texts};
use crate::reread::{self, Searches};
use crate::resolve::Resolver;
use crate::resolve::twins::Twins;
use crate::scan::{Scanned, Scanner, Signed};

/// What must not change an answer (law 3).
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// folder for temporary files
    pub temporary: PathBuf,
    /// bytes that one worker takes at once
    pub chunk: usize,
}

impl Default for Surroundings {
    fn default() -> Self {
        Surroundings { temporary: std::env::temp_dir(), chunk: 256 << 10 }
    }
}

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
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Reading,
            1 => Stage::Linking,
            2 => Stage::Verifying,
            _ => Stage::Certifying,
        }
    }

    fn enter(&self, stage: Stage) -> Result<()> {
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
    let mut clock = Clock(Instant::now());
    let mut seconds = Seconds::default();

    progress.enter(Stage::Reading)?;
    let for_index = keep || past.is_some();
    if params.certify > 0 && past.is_some() {
        return Err(Error::Parameter {
            name: "certify",
            expected: "0 where a run is matched against an index",
            got: params.certify.to_string(),
            hint: "what an index holds can't be read whole for a sample; certify an audit of the batch alone",
        });
    }
    let how = How { params, order: &order, for_index };
    let (mut corpus, plan) = if order.is_corpus_order() {
        first_pass(&sources, how, surroundings, progress)?
    } else {
        ordered_pass(&sources, how, surroundings, progress)?
    };
    seconds.reading = clock.lap();

    progress.enter(Stage::Linking)?;
    let past = past.map(|past| past.unless_known(corpus.digest));
    if let Some(past) = &past {
        corpus = past::join(corpus, past, params, plan.bands)?;
    }
    let [documents, mut paragraphs] = link(&mut corpus, plan.bands, keep);
    // what comes from an index has no twin
    let twins = past.is_none().then(|| Twins::part(&corpus, &documents, &mut paragraphs));
    let mut passages = params.units.passages.then(|| link_seeds(&mut corpus, params, keep));
    if let Some((finder, _)) = &mut passages {
        if keep {
            finder.tell_covered();
        }
        corpus.archived.whole.iter().for_each(|whole| finder.archived_whole(*whole));
    }
    seconds.linking = clock.lap();

    progress.enter(Stage::Verifying)?;
    let resolver = |units, buckets| Resolver::new(units, buckets, params.threshold, params.comparisons);
    let [of_documents, of_paragraphs] = &corpus.archived.verdicts;
    let (documents, paragraphs) = rayon::join(
        || resolver((&corpus.document_units, of_documents), documents),
        || resolver((&corpus.paragraph_units, of_paragraphs), paragraphs),
    );
    let searches = Searches { documents, paragraphs, passages };
    let mut resolved = reread::search(&corpus, (params, surroundings), searches, progress)?;
    if let Some(twins) = twins {
        twins.complete(&corpus, &resolved.documents.0, &mut resolved.paragraphs.0);
    }
    seconds.verifying = clock.lap();

    progress.check()?;
    let located = Located::new(&corpus, params, resolved.passages)?;
    corpus.texts.check_sources()?;
    seconds.locating = clock.lap();

    let near = [resolved.documents, resolved.paragraphs];
    let mut outcome = Outcome::new(corpus, sources, (params, plan), (near, located), seconds);
    if params.certify > 0 {
        progress.enter(Stage::Certifying)?;
        clock.lap();
        outcome.certify(progress)?;
        outcome.took(|seconds| seconds.certifying = clock.lap());
    }
    Ok(outcome)
}

/// How the corpus is read.
#[derive(Clone, Copy)]
struct How<'a> {
    params: &'a Params,
    order: &'a Order,
    /// whether an index is asked or added to
    for_index: bool,
}

/// Seconds from one stage to the next.
struct Clock(Instant);

impl Clock {
    fn lap(&mut self) -> f64 {
        let seconds = self.0.elapsed().as_secs_f64();
        self.0 = Instant::now();
        seconds
    }
}

/// Reads everything once. One thread reads, all others work on what it has read; where there is but one, it
/// does both in turn.
fn first_pass(
    sources: &Sources,
    How { params, order, for_index }: How<'_>,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<(Corpus, Plan)> {
    let buffers = Buffers::new(surroundings.chunk.max(1));
    let mut scanner = Scanner::new(params, &sources.files, progress, &buffers);
    scanner.also = order.fields();
    scanner.only_measures = !order.is_corpus_order();
    chunks::announce(sources, progress);
    let mut spool = Spool::new(&surroundings.temporary);
    scanner.hash_texts = for_index;
    let builder = Builder::new(sources.files.len(), params, order);
    let mut work = Work { scanner: &scanner, builder, scanned: Vec::new() };
    let fields = Fields { text: &params.text_field, id: &params.id_field, also: &[] };
    let max_record = params.max_record as usize;
    let reader = Reader { sources, max_record, fields, buffers: &buffers, progress };
    if rayon::current_num_threads() == 1 {
        let mut worked = Ok(());
        reader.run(&mut spool, &mut |batch| {
            worked = work.take(batch);
            worked.is_ok()
        })?;
        worked?;
    } else {
        let (to, batches) = mpsc::sync_channel(QUEUE);
        std::thread::scope(|scope| {
            let spool = &mut spool;
            let reading = scope.spawn(move || reader.run(spool, &mut |batch| to.send(batch).is_ok()));
            let worked = batches.into_iter().try_for_each(|batch| {
                progress.check()?;
                work.take(batch)
            });
            let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            worked.and(read)
        })?;
    }
    work.take(Vec::new())?;
    let texts = Texts::new(sources.files.clone(), spool, params);
    Ok((work.builder.finish(texts, for_index), scanner.plan))
}

/// Puts the documents in order by a first reading, then reads them in that order.
fn ordered_pass(
    sources: &Sources,
    how: How<'_>,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<(Corpus, Plan)> {
    let How { params, order, for_index } = how;
    let (measured, plan) = first_pass(sources, How { for_index: false, ..how }, surroundings, progress)?;
    let ranked = measured.ranked(order);
    progress.enter(Stage::Reading)?;
    let buffers = Buffers::new(surroundings.chunk.max(1));
    let mut scanner = Scanner::new(params, &sources.files, progress, &buffers);
    scanner.also = order.fields();
    scanner.hash_texts = for_index;
    let mut builder = Builder::new(sources.files.len(), params, order);
    let locators: Vec<Locator> = ranked.iter().map(|&document| measured.locator(document)).collect();
    let mut bytes = 0;
    let chunks: Vec<&[Locator]> = locators
        .chunk_by(|locator, _| {
            bytes += u64::from(locator.text_length);
            let goes_on = bytes < surroundings.chunk as u64;
            bytes = if goes_on { bytes } else { 0 };
            goes_on
        })
        .collect();
    for batch in chunks.chunks(chunks::CHUNKS) {
        progress.check()?;
        let scanned = batch.par_iter().map(|locators| scanner.again(&measured.texts, locators));
        let scanned: Vec<Scanned> = scanned.collect::<Result<_>>()?;
        let admitted = builder.admit(&scanned)?;
        let signed = sign(&scanner, &scanned, &admitted);
        builder.append(scanned, signed, &admitted);
    }
    Ok((builder.finish_ordered(measured, &ranked, for_index), plan))
}

/// The first pass over what has been read.
struct Work<'a> {
    scanner: &'a Scanner<'a>,
    builder: Builder<'a>,
    /// a batch that is scanned, and not yet in the tables
    scanned: Vec<Scanned>,
}

impl Work<'_> {
    /// Scans a batch in parallel, while the one before goes into the tables.
    fn take(&mut self, batch: Vec<Chunk>) -> Result<()> {
        let scanner = self.scanner;
        let before = std::mem::take(&mut self.scanned);
        let builder = &mut self.builder;
        let (scanned, entered) = rayon::join(
            || batch.into_par_iter().map(|chunk| scanner.scan(chunk)).collect(),
            || {
                let admitted = builder.admit(&before)?;
                let signed = sign(scanner, &before, &admitted);
                builder.append(before, signed, &admitted);
                Ok(())
            },
        );
        self.scanned = scanned;
        entered
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

/// The search for passages, and which seeds occur more than once. The seeds themselves are needed after only
/// for an index.
fn link_seeds<'a>(corpus: &mut Corpus, params: &'a Params, keep: bool) -> (Finder<'a>, Repeated) {
    let gaps = if keep { corpus.seed_gaps.clone() } else { std::mem::take(&mut corpus.seed_gaps) };
    let repeated = Repeated::new(&corpus.seeds, gaps, &corpus.seed_counts);
    if !keep {
        (corpus.seeds, corpus.seed_counts) = (Vec::new(), Vec::new());
    }
    (Finder::new(params, &repeated), repeated)
}

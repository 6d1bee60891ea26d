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
use crate::normalise::Tokenizer;
use crate::outcome::{Outcome, Seconds};
use crate::params::Params;
use crate::read::chunks::{self, Buffers, QUEUE, Reader};
use crate::read::sources::Sources;
use crate::read::texts::{Spool, Texts};
use crate::resolve::Resolver;
use crate::scan::{Scanned, Scanner, Signed, tokens_of_paragraphs};
use crate::shingle::Shingler;
use crate::split::paragraphs;

/// Chunks of text that the second pass holds at once.
const CHUNKS: u64 = 8;

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
        Surroundings { temporary: std::env::temp_dir(), chunk: 512 << 10 }
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
            _ => Stage::Verifying,
        }
    }

    fn enter(&self, stage: Stage) -> Result<()> {
        self.stage.store(stage as u8, Ordering::Relaxed);
        if self.is_cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Finds what the sources say twice. Runs in rayon's current pool of threads.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Io`] where the temporary folder fails, [`Error::Changed`] where an input
/// changes during the run, [`Error::TooMany`], [`Error::Interrupted`].
pub fn audit(
    sources: Sources,
    params: &Params,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<Outcome> {
    params.validate()?;
    let mut clock = Clock(Instant::now());
    let mut seconds = Seconds::default();

    progress.enter(Stage::Reading)?;
    let (mut corpus, plan) = first_pass(&sources, params, surroundings, progress)?;
    seconds.reading = clock.lap();

    progress.enter(Stage::Linking)?;
    let [documents, paragraphs] = link(&mut corpus, plan.bands);
    seconds.linking = clock.lap();

    progress.enter(Stage::Verifying)?;
    let resolver = |units, buckets| Resolver::new(units, buckets, params.threshold, params.comparisons);
    let documents = resolver(&corpus.document_units, documents);
    let paragraphs = resolver(&corpus.paragraph_units, paragraphs);
    let resolved = second_pass(&corpus, (params, surroundings), [documents, paragraphs], progress)?;
    seconds.verifying = clock.lap();

    Ok(Outcome::new(corpus, sources, params, resolved, (plan, seconds)))
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

/// Reads everything once. One thread reads, all others work on what it has read.
fn first_pass(
    sources: &Sources,
    params: &Params,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<(Corpus, Plan)> {
    chunks::announce(sources, progress);
    let buffers = Buffers::new(surroundings.chunk.max(1));
    let mut spool = Spool::new(&surroundings.temporary);
    let scanner = Scanner::new(params, &sources.files, progress, &buffers);
    let mut builder = Builder::new(sources.files.len(), params.units);
    let reader = Reader { sources, max_record: params.max_record as usize, buffers: &buffers, progress };
    let (to, batches) = mpsc::sync_channel(QUEUE);
    let read = std::thread::scope(|scope| {
        let spool = &mut spool;
        let reading = scope.spawn(move || reader.run(spool, &to));
        for batch in batches {
            if progress.is_cancelled() {
                break;
            }
            let scanned: Vec<Scanned> = batch.into_par_iter().map(|chunk| scanner.scan(chunk)).collect();
            let admitted = builder.admit(&scanned)?;
            let signed = sign(&scanner, &scanned, &admitted);
            builder.append(scanned, signed, &admitted);
        }
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    read?;
    let plan = scanner.plan;
    let texts = Texts::new(sources.files.clone(), spool, params);
    Ok((builder.finish(texts), plan))
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

/// Near copies among documents and paragraphs, with what it took.
pub(crate) type Resolved = [(Vec<crate::resolve::Near>, crate::resolve::Cost); 2];

/// A document that has to be read again, and what for.
struct Wanted {
    document: u32,
    /// row of the document, where its own set is needed
    own: Option<u32>,
    /// rows of its paragraphs whose sets are needed, with the paragraphs' numbers in the document
    paragraphs: Vec<(u32, u32)>,
}

/// The shingle sets of one document's units, by row.
#[derive(Default)]
struct Sets {
    document: Option<(u32, Box<[u64]>)>,
    paragraphs: Vec<(u32, Box<[u64]>)>,
}

/// Makes the sets of a batch of documents while the batch before is resolved.
fn second_pass(
    corpus: &Corpus,
    (params, surroundings): (&Params, &Surroundings),
    [mut documents, mut paragraphs]: [Resolver<'_>; 2],
    progress: &Progress,
) -> Result<Resolved> {
    let wanted = wanted(corpus, &documents, &paragraphs);
    let length = |wanted: &Wanted| u64::from(corpus.documents[wanted.document as usize].locator.text_length);
    progress.text_total.store(wanted.iter().map(length).sum(), Ordering::Relaxed);
    let mut batches = Vec::new();
    let mut rest = &wanted[..];
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|wanted| {
            let before = bytes;
            bytes += length(wanted);
            before < CHUNKS * surroundings.chunk as u64
        });
        let (batch, behind) = rest.split_at(fits.count());
        batches.push(batch);
        rest = behind;
    }
    let prepare = |batch: &[Wanted]| -> Result<Vec<Sets>> {
        progress.enter(Stage::Verifying)?;
        let sets = batch.par_iter().map(|wanted| sets_of(corpus, params, wanted)).collect();
        progress.text_done.fetch_add(batch.iter().map(length).sum(), Ordering::Relaxed);
        sets
    };
    let (mut done_documents, mut done_paragraphs) = (0, 0);
    let mut ready = batches.first().map_or(Ok(Vec::new()), |batch| prepare(batch))?;
    for i in 0..=batches.len() {
        let next = batches.get(i + 1);
        // the units up to the first document that is not ready yet
        let end = next.map_or(corpus.documents.len() as u32, |batch| batch[0].document);
        let end_paragraph = next.map_or(corpus.counts.paragraphs as u32, |batch| {
            corpus.documents[batch[0].document as usize].first_paragraph
        });
        let sets = std::mem::take(&mut ready);
        let (prepared, ()) = rayon::join(
            || next.map_or(Ok(Vec::new()), |batch| prepare(batch)),
            || {
                for sets in sets {
                    sets.document.into_iter().for_each(|(row, set)| documents.give_set(row, set));
                    sets.paragraphs.into_iter().for_each(|(row, set)| paragraphs.give_set(row, set));
                }
                documents.advance(done_documents..end);
                paragraphs.advance(done_paragraphs..end_paragraph);
            },
        );
        ready = prepared?;
        (done_documents, done_paragraphs) = (end, end_paragraph);
        if next.is_none() {
            break;
        }
    }
    Ok([documents.finish(), paragraphs.finish()])
}

/// The documents with a unit that shares a bucket, in corpus order.
fn wanted(corpus: &Corpus, documents: &Resolver<'_>, paragraphs: &Resolver<'_>) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut linked_documents = corpus.document_units.distinct.iter().enumerate();
    let mut linked_documents =
        std::iter::from_fn(|| linked_documents.by_ref().find(|(row, _)| documents.needs_set(*row)))
            .peekable();
    let of_paragraphs = corpus.paragraph_units.distinct.iter().enumerate();
    let mut of_paragraphs = of_paragraphs.filter(|(row, _)| paragraphs.needs_set(*row)).peekable();
    for document in 0..corpus.documents.len() as u32 {
        let own = linked_documents.next_if(|(_, unit)| **unit == document).map(|(row, _)| row as u32);
        let range = corpus.paragraphs(document);
        let mut rows = Vec::new();
        while let Some((row, &unit)) = of_paragraphs.next_if(|(_, unit)| range.contains(unit)) {
            rows.push((row as u32, unit - range.start));
        }
        if own.is_some() || !rows.is_empty() {
            wanted.push(Wanted { document, own, paragraphs: rows });
        }
    }
    wanted
}

/// Reads a document again and makes the sets that are wanted of it.
fn sets_of(corpus: &Corpus, params: &Params, wanted: &Wanted) -> Result<Sets> {
    let text = corpus.text(wanted.document)?;
    let shingler = Shingler::new(params.shingle);
    let mut tokenizer = Tokenizer::new(params.seed);
    let mut tokens = Vec::new();
    let mut set = Vec::new();
    let mut sets = Sets::default();
    let mut ranges = Vec::new();
    if !wanted.paragraphs.is_empty() {
        paragraphs(&text, params.paragraphs, &mut ranges);
        if ranges.len() != corpus.paragraphs(wanted.document).len() {
            return Err(corpus.texts.changed(&corpus.documents[wanted.document as usize].locator));
        }
    }
    if let Some(row) = wanted.own {
        let mut ends = Vec::new();
        tokens_of_paragraphs(&mut tokenizer, &text, &ranges, &mut tokens, &mut ends);
        shingler.set(&tokens, &mut set);
        sets.document = Some((row, set.as_slice().into()));
        for &(row, number) in &wanted.paragraphs {
            let start = if number == 0 { 0 } else { ends[number as usize - 1] };
            shingler.set(&tokens[start as usize..ends[number as usize] as usize], &mut set);
            sets.paragraphs.push((row, set.as_slice().into()));
        }
    } else {
        for &(row, number) in &wanted.paragraphs {
            tokens.clear();
            tokenizer.hashes(&text[ranges[number as usize].clone()], &mut tokens);
            shingler.set(&tokens, &mut set);
            sets.paragraphs.push((row, set.as_slice().into()));
        }
    }
    Ok(sets)
}

//! The first pass: every record is read, split, normalised, shingled and signed, and what the searches need of it goes
//! into the tables of a [`Corpus`]; in corpus order, or once more in another.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use rayon::prelude::*;

use crate::corpus::{Admitted, Builder, Corpus, Document};
use crate::error::{Error, Result};
use crate::expect;
use crate::in_turn::{Turns, batches};
use crate::order::Order;
use crate::parts::Parts;
use crate::passage::recurring::WindowMarks;
use crate::pipeline::{Clock, Stages};
use crate::progress::Stage;
use crate::read::chunks::{self, Buffers, Chunk, QUEUE, Reader};
use crate::read::json::Fields;
use crate::read::sources::Sources;
use crate::read::texts::{Spool, Texts};
use crate::scan::{Scanned, Scanner, Signed};
use crate::unit::UnitKind;

/// How the corpus is read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) stages: Stages<'a>,
    pub(crate) sources: &'a Sources,
    pub(crate) order: &'a Order,
    /// whether an index is asked or added to
    pub(crate) for_index: bool,
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
    pub(crate) fn pass(self, parts: &mut Parts<'_>, clock: &mut Clock) -> Result<Corpus> {
        let buffers = Buffers::new(self.stages.surroundings.chunk.max(1));
        let scanner = self.scanner(&buffers);
        let spool = Spool::new(&self.stages.surroundings.temporary);
        let builder = self.read(&scanner, &spool, &mut |builder| {
            parts.unforeseen = buffers.unforeseen(self.stages.params.units.passages);
            if !parts.are_full(builder)? {
                return Ok(());
            }
            self.close_part(builder, (&scanner, &spool), parts, clock)
        })?;
        scanner.let_go();
        Ok(builder.finish(self.texts(&spool), self.for_index || !parts.is_empty()))
    }

    /// What has been read becomes a part, and the tables those of the next.
    fn close_part(
        &self,
        builder: &mut Builder<'a>,
        (scanner, spool): (&Scanner<'_>, &Spool),
        parts: &mut Parts<'_>,
        clock: &mut Clock,
    ) -> Result<()> {
        scanner.let_go();
        scanner.mark_windows.store(false, Ordering::Relaxed);
        let following = builder.following(self.stages.params);
        let full = std::mem::replace(builder, following);
        parts.add(full.finish(self.texts(spool), true), clock)?;
        self.stages.progress.enter(Stage::Reading)
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
    pub(crate) fn ordered(self, parts: &mut Parts<'_>, clock: &mut Clock) -> Result<Corpus> {
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
    pub(crate) fn again(
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
                self.close_part(&mut builder, (&scanner, &spool), parts, clock)?;
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
fn sign(scanner: &Scanner<'_>, batch: &[Scanned], admitted: &Admitted) -> Vec<Signed> {
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
            |i| admitted.is_new(UnitKind::Document, document + i),
            |i| admitted.is_new(UnitKind::Paragraph, paragraph + i),
        )
    };
    batch.par_iter().zip(starts).map(one).collect()
}

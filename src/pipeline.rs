//! The whole run, in order; the only file that names every stage.
//!
//! Two passes over the corpus. The first *reads, splits, normalises, shingles, signs* every record and keeps
//! only band keys; the second reads again just the documents with a unit that shares a bucket, makes their
//! exact sets, *verifies* and *resolves*. What comes out is an [`Outcome`]: facts, for any report.

use std::mem::take;
use std::time::Instant;

use crate::band::{Buckets, Plan};
use crate::corpus::{Corpus, check_numbers, link};
use crate::error::{Error, Result};
use crate::first_pass::Reading;
use crate::order::Order;
use crate::outcome::{Located, Outcome, Seconds};
use crate::params::Params;
use crate::parts::Parts;
use crate::passage::Finder;
use crate::passage::gaps::Gaps;
use crate::passage::repeated::Repeated;
use crate::passage::winnow::SeedHead;
use crate::past::{self, Before, Past};
pub use crate::progress::{Progress, Stage};
use crate::read::sources::Sources;
use crate::reread::{self, Resolved, Searches};
use crate::resolve::pairs::{KeptPairs, Pairs};
use crate::resolve::twins::Twins;
use crate::resolve::{Cost, Near, Resolver};
pub use crate::surroundings::Surroundings;
use crate::unit::{PerUnit, UnitKind};

/// What a run reads.
pub struct Inputs {
    /// the corpus
    pub sources: Sources,
    /// in which its documents pass
    pub order: Order,
    /// what it is matched against beside itself, and whether it becomes part of that
    pub past: Option<Past>,
}

impl From<Sources> for Inputs {
    fn from(sources: Sources) -> Self {
        Inputs { sources, order: Order::default(), past: None }
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
/// Those of [`audit`], and those of the index; [`Error::OtherParameter`] and [`Error::OtherRules`] where that was made
/// with other parameters or text rules.
pub fn run(
    Inputs { sources, order, past: of_run }: Inputs,
    params: &Params,
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<Outcome> {
    params.validate()?;
    sources.check_fields(params)?;
    let for_index = of_run.is_some();
    let keep = of_run.as_ref().is_some_and(Past::is_batch);
    of_run.as_ref().map_or(Ok(()), |past| check_beside_index(params, past))?;
    let past = of_run.as_ref().and_then(Past::seen);
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
    outcome.pass_in(order);
    outcome.bound(surroundings);
    outcome.took(clock.seconds);
    if let Some(past) = of_run {
        outcome.look_back(past);
    }
    Ok(outcome)
}

/// Whether nothing is asked for that can't be told beside an index: the run's own, or one that it is matched against.
/// What that was made with decides what its keys say, so a run with other parameters may not ask it.
fn check_beside_index(params: &Params, past: &Past) -> Result<()> {
    if params.certify > 0 && past.index().is_some() {
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
    past.index().map_or(Ok(()), |index| index.check_params(params, past.is_batch()))
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
    /// near copies, with what they took
    pub(crate) near: PerUnit<(Vec<Near>, Cost)>,
    pub(crate) located: Located,
    /// all pairs, where they are kept
    pub(crate) kept: Option<PerUnit<KeptPairs>>,
}

/// Who shares a bucket or a seed.
struct Linked<'a> {
    buckets: PerUnit<Buckets>,
    /// texts of one paragraph, which are compared once
    twins: Option<Twins>,
    passages: Option<(Finder<'a>, Repeated)>,
}

impl<'a> Stages<'a> {
    /// Everything after the first pass: finds who shares a bucket or a seed, reads those again, verifies and
    /// resolves. What an index needs is kept if `keep` says so.
    pub(crate) fn search(
        &self,
        mut corpus: Corpus,
        before: Option<&Before<'_>>,
        keep: bool,
        clock: &mut Clock,
    ) -> Result<Searched> {
        let &Stages { params, plan, progress, .. } = self;
        progress.enter(Stage::Linking)?;
        if let Some(before) = before {
            corpus = past::join(corpus, before, params, plan.bands)?;
        }
        let linked = self.link(&mut corpus, before.is_none(), keep)?;
        clock.lap(|seconds| &mut seconds.linking);

        progress.enter(Stage::Verifying)?;
        let mut resolved = self.verify(&corpus, linked)?;
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
        let near = PerUnit { documents: resolved.documents, paragraphs: resolved.paragraphs };
        Ok(Searched { corpus, near, located, kept: resolved.pairs })
    }

    /// Finds who shares a bucket or a seed. Nothing of an index is in a corpus that `is_alone`.
    fn link(&self, corpus: &mut Corpus, is_alone: bool, keep: bool) -> Result<Linked<'a>> {
        let &Stages { params, plan, surroundings, .. } = self;
        check_numbers(corpus.seeds.len() as u64, 0, "seeds of passages")?;
        for units in corpus.units.values() {
            check_numbers(units.keys.len() as u64, 0, "band keys in one part")?;
        }
        let seeds = Seeds::take(corpus);
        // what comes from an index has no twin, nor has what may leave alone; pairs are kept of all that are compared
        let have_twins = is_alone && !params.remove.is_by_parts() && params.floor.is_none();
        let link_units = || {
            let mut buckets = link(corpus, plan.bands, keep);
            let twins = have_twins.then(|| Twins::part(corpus, &mut buckets));
            (buckets, twins)
        };
        let link_seeds = || params.units.passages.then(|| seeds.link(params, keep)).unzip();
        let ((buckets, twins), (mut passages, seeds)) = rayon::join(link_units, link_seeds);
        seeds.into_iter().for_each(|seeds| seeds.give_back(corpus));
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
            corpus.archived.verbatim.iter().for_each(|of| finder.archived_verbatim(*of));
        }
        Ok(Linked { buckets, twins, passages })
    }

    /// Reads again what shares a bucket or a seed, compares it, and decides what is a copy of what.
    fn verify(&self, corpus: &Corpus, linked: Linked<'_>) -> Result<Resolved> {
        let &Stages { params, surroundings, progress, .. } = self;
        let Linked { buckets, twins, passages } = linked;
        let pairs = params.floor.map(|floor| {
            let bounds = (floor, params.comparisons);
            PerUnit::from_fn(|kind| Pairs::new(&corpus.units[kind], buckets[kind].clone(), bounds))
        });
        let resolver = |kind: UnitKind, buckets| {
            let of_kind = (&corpus.units[kind], &corpus.archived.verdicts[kind][..]);
            Resolver::new(of_kind, buckets, params.threshold, params.comparisons)
        };
        let PerUnit { documents, paragraphs } = buckets;
        let (mut documents, mut paragraphs) = rayon::join(
            || resolver(UnitKind::Document, documents),
            || resolver(UnitKind::Paragraph, paragraphs),
        );
        if surroundings.sets < u64::MAX {
            documents.bound(&surroundings.temporary, surroundings.sets);
            paragraphs.bound(&surroundings.temporary, surroundings.sets);
        }
        let searches = Searches { documents, paragraphs, passages, pairs };
        let mut resolved = reread::search(corpus, (params, surroundings), searches, progress)?;
        if let Some(twins) = twins {
            twins.complete(corpus, &resolved.documents.0, &mut resolved.paragraphs.0);
        }
        Ok(resolved)
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

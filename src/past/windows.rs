//! Which windows of a corpus stand in an index? They are made when that is asked, from the texts: the first pass can't tell
//! which seeds will have full lists, and there are more windows than seeds.

use rayon::prelude::*;

use crate::corpus::{Corpus, Ranks};
use crate::error::Result;
use crate::in_turn::batches;
use crate::index::SeedPlace;
use crate::normalise::Tokenizers;
use crate::params::Params;
use crate::passage::ArchivedWindow;
use crate::passage::windows::{SeedSet, WindowMaker};
use crate::past::Seen;
use crate::read::texts::{Ahead, Locator};

/// Bytes of texts that are read by one thread at once, and such groups whose windows are looked up together.
const GROUP: u64 = 256 << 10;
const GROUPS: usize = 8;

/// A window of the corpus, and where it stood first in the index.
pub(super) struct IndexWindow {
    pub(super) document: u32,
    /// the token at which its seed starts there
    pub(super) seed: u32,
    /// its first token
    first: u32,
    key: u64,
    /// of its seed
    pub(super) hash: u64,
}

impl IndexWindow {
    /// This window, its document numbered as in the corpus; `None` where that is not in it.
    pub(super) fn here(&self, numbers: &[u32]) -> Option<ArchivedWindow> {
        let &IndexWindow { document, seed, first, key, .. } = self;
        let document = numbers.binary_search(&document).ok()? as u32;
        Some(ArchivedWindow { document, seed, first, key })
    }
}

/// A window that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sought {
    key: u64,
    /// of its seed
    hash: u64,
    /// how many tokens after its start its seed begins
    behind: u32,
}

/// A document to be read.
struct ToRead {
    row: usize,
    first_seed: usize,
}

/// Windows of the corpus that stand in the index, of seeds that are `full` there. Documents that are `known` to the
/// index are not searched.
pub(super) fn find(
    corpus: &Corpus,
    past: &Seen,
    (known, full): (&Ranks, &SeedSet),
    params: &Params,
) -> Result<Vec<IndexWindow>> {
    let mut found = Vec::new();
    if full.is_empty() {
        return Ok(found);
    }
    let looking = Looking { corpus, full, params, tokenizers: Tokenizers::of(params) };
    let rows = looking.rows(known);
    let groups: Vec<&[ToRead]> = batches(&rows, GROUP, |of| u64::from(looking.locator(of).text_length));
    for groups in groups.chunks(GROUPS) {
        let sought = groups.par_iter().map(|rows| looking.windows(rows));
        let of_groups: Vec<Vec<Sought>> = sought.collect::<Result<_>>()?;
        let mut sought = of_groups.concat();
        drop(of_groups);
        sought.par_sort_unstable();
        sought.dedup_by_key(|window| window.key);
        let keys: Vec<u64> = sought.iter().map(|window| window.key).collect();
        let places = past.index.find_windows(&keys, past.before)?.into_iter();
        found.extend(places.map(|SeedPlace { key, document, token: first }| {
            let Sought { key, hash, behind } = sought[key as usize];
            IndexWindow { document, seed: first + behind, first, key, hash }
        }));
    }
    found.sort_unstable_by_key(|window| (window.key, window.document, window.first));
    found.dedup_by_key(|window| window.key);
    Ok(found)
}

/// What documents are read with.
struct Looking<'a> {
    corpus: &'a Corpus,
    full: &'a SeedSet,
    params: &'a Params,
    tokenizers: Tokenizers,
}

impl Looking<'_> {
    /// The documents with a full seed; those that are `known` left out.
    fn rows(&self, known: &Ranks) -> Vec<ToRead> {
        let corpus = self.corpus;
        let mut rows = Vec::new();
        let mut start = 0;
        for (row, &count) in corpus.seed_counts.iter().enumerate() {
            let own = start..start + count as usize;
            start = own.end;
            let has_full = || corpus.seeds[own.clone()].iter().any(|&seed| self.full.contains(&seed.into()));
            if known.rank(corpus.units.documents.distinct[row]).is_none() && has_full() {
                rows.push(ToRead { row, first_seed: own.start });
            }
        }
        rows
    }

    fn locator(&self, of: &ToRead) -> Locator {
        self.corpus.documents[self.corpus.units.documents.distinct[of.row] as usize].locator
    }

    /// Reads documents, and makes the windows of their full seeds.
    fn windows(&self, rows: &[ToRead]) -> Result<Vec<Sought>> {
        let corpus = self.corpus;
        let mut maker = WindowMaker::new(self.params.passage);
        let (mut ahead, mut text, mut tokens) = (Ahead::default(), String::new(), Vec::new());
        let mut sought = Vec::new();
        for (i, &ToRead { row, first_seed }) in rows.iter().enumerate() {
            text.clear();
            tokens.clear();
            let to_come = rows[i..].iter().map(|of| self.locator(of));
            corpus.texts.append(to_come, &mut ahead, &mut text)?;
            self.tokenizers.with(|tokenizer| tokenizer.hashes(&text, &mut tokens));
            maker.begin(tokens.len());
            let own = first_seed..first_seed + corpus.seed_counts[row] as usize;
            let mut at = 0;
            for (&seed, gap) in corpus.seeds[own.clone()].iter().zip(corpus.seed_gaps.of(own)) {
                at += gap;
                let hash = seed.into();
                if self.full.contains(&hash) {
                    let windows = maker.of(&tokens, at);
                    sought.extend(windows.map(|first| Sought {
                        key: maker.key(&tokens, first),
                        hash,
                        behind: at - first,
                    }));
                }
            }
        }
        Ok(sought)
    }
}

//! Undoing what an index was given last, whatever is damaged of it: what is left is whole, or nothing is undone.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::index::stats::BatchStats;
use crate::index::store::Store;
use crate::index::{Index, Undone, Writer};

/// What was undone.
#[derive(Debug)]
pub enum Undoing {
    /// nothing: there is no batch
    Nothing,
    /// the last batch
    Batch {
        /// what went
        undone: Undone,
        /// the same as the index told it
        stats: Option<BatchStats>,
        /// batches that are left
        left: u64,
    },
    /// the last batch, of whose own files nothing was read; what was forgotten of the others stays forgotten
    DamagedBatch {
        /// what went
        undone: Undone,
        /// the same as the index told it, where that could be opened
        stats: Option<BatchStats>,
        /// batches that are left
        left: u64,
        /// why
        damage: Error,
    },
    /// the last change, whatever it was: it has to be made again
    DamagedChange {
        /// batches that are left
        left: u64,
        /// why
        damage: Error,
    },
}

/// Undoes the last batch ([`Writer::rollback`]); where the index, or what has to be written anew, is damaged, the last
/// change, or the last batch without a look at its files ([`Writer::go_back`]).
///
/// # Errors
/// [`Error::NoIndex`]; [`Error::NotUndone`] where what would be left is damaged, too; those of [`Writer::open`]. The index
/// is then what it was.
pub fn undo(store: &Arc<dyn Store>) -> Result<Undoing> {
    let opened = Index::open(store.clone());
    if let Ok(None) = opened {
        return Err(Error::no_index(store.path("")));
    }
    let is_open = opened.is_ok();
    let last = opened.as_ref().ok().and_then(Option::as_ref).and_then(|index| index.last_batch());
    // it has files open, of which there may be no more
    let damage = match opened.map(drop).and_then(|()| undo_batch(store)) {
        Err(error) if error.is_damage() => error,
        done => return done,
    };
    let (writer, undone) = match Writer::go_back(store.clone()) {
        Ok(back) => back,
        Err(error) if error.is_damage() || error.is_not_found() => {
            let why = match (is_open, error.is_damage()) {
                (true, _) => "earlier batches have that file, too",
                (false, true) => "the generation before is damaged, too",
                (false, false) => "there is no generation before to go back to",
            };
            // where the generation before is not whole either, what is wrong with the last one is told
            return Err(Error::NotUndone { damage: Box::new(damage), why });
        }
        Err(error) => return Err(error),
    };
    let left = batches(&writer);
    Ok(match undone {
        Some(undone) => Undoing::DamagedBatch { undone, stats: last, left, damage },
        None => Undoing::DamagedChange { left, damage },
    })
}

fn undo_batch(store: &Arc<dyn Store>) -> Result<Undoing> {
    let mut writer = Writer::open(store.clone())?;
    let stats = writer.index().and_then(|index| index.last_batch());
    let Some(undone) = writer.rollback()? else { return Ok(Undoing::Nothing) };
    Ok(Undoing::Batch { undone, stats, left: batches(&writer) })
}

fn batches(writer: &Writer) -> u64 {
    writer.index().map_or(0, |index| index.batches().len() as u64)
}

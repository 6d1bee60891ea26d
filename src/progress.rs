//! What a run is doing, for whoever looks, and the way to stop it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::error::{Error, Result};

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

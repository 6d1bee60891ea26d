//! Ctrl-C. A run is asked to stop, and stopped where it does not: it may be waiting for a pipe that says
//! nothing. While outputs, or files of an index, are being written it ends by itself, so that it can clean up; at once where it
//! is asked again later, since it may be waiting for who reads on. What it leaves then the next run removes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use redite::error::Error;
use redite::index::Lock;
use redite::index::store::{Folder, Growing, Store, Stored};
use redite::pipeline::Progress;
use redite::write::Pending;

/// How long a run may take to stop by itself.
const GRACE: Duration = Duration::from_secs(1);

/// How often it is looked whether somebody reads a pipe.
const POLL: Duration = Duration::from_millis(20);

/// Nothing has a name yet that would be left behind.
const WORKING: u8 = 0;
/// Files are being written beside their places.
const WRITING: u8 = 1;
/// Files are where they belong; what is left is to print.
const PRINTING: u8 = 2;
/// Everything is done, and said.
const DONE: u8 = 3;

/// Calls back on Ctrl-C, and whatever else asks a process to end, but for what its parent has it ignore.
#[cfg(unix)]
fn on_signals(mut asked: impl FnMut() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let signals = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal));
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(|_| asked()))?;
    Ok(())
}

/// Whether a signal is ignored, as far as the system tells.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(not(unix))]
fn on_signals(asked: impl FnMut() + Send + 'static) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(asked)
}

/// Watches for Ctrl-C.
pub(crate) struct Interrupt {
    progress: Arc<Progress>,
    phase: Arc<AtomicU8>,
    /// a change of an index broke off
    has_stopped: Arc<AtomicBool>,
}

impl Interrupt {
    /// Starts watching.
    pub(crate) fn watch() -> anyhow::Result<Self> {
        let progress = Arc::new(Progress::default());
        let phase = Arc::new(AtomicU8::new(WORKING));
        let of_handler = (progress.clone(), phase.clone());
        let mut first = None;
        on_signals(move || {
            let (progress, phase) = &of_handler;
            let again = progress.is_cancelled();
            let since = first.get_or_insert_with(Instant::now).elapsed();
            progress.cancel();
            match phase.load(Ordering::SeqCst) {
                PRINTING => process::exit(1),
                WORKING if again => end(),
                WORKING => {
                    let phase = phase.clone();
                    let wait = move || {
                        thread::sleep(GRACE);
                        if phase.load(Ordering::SeqCst) == WORKING {
                            end();
                        }
                    };
                    // without it the run ends by itself, or when it is asked again
                    let _ = thread::Builder::new().spawn(wait);
                }
                WRITING if again && since > GRACE => end(),
                _ => {}
            }
        })
        .context("watching for Ctrl-C failed")?;
        Ok(Interrupt { progress, phase, has_stopped: Arc::default() })
    }

    /// What the run tells of itself, and is stopped by.
    pub(crate) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// From here on the run ends by itself.
    pub(crate) fn writing(&self) -> Result<(), Error> {
        self.phase.store(WRITING, Ordering::SeqCst);
        self.check()
    }

    /// Outputs are in place: from here on Ctrl-C only cuts off what is printed.
    pub(crate) fn printing(&self) {
        self.phase.store(PRINTING, Ordering::SeqCst);
    }

    /// From here on the run has succeeded, whatever comes.
    pub(crate) fn done(&self) {
        self.phase.store(DONE, Ordering::SeqCst);
    }

    /// An error where the run has been asked to stop.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.progress.is_cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// What a change of an index ended with: an error that comes of having been asked to stop is told as such.
    pub(crate) fn told<T>(&self, done: anyhow::Result<T>) -> anyhow::Result<T> {
        match done {
            Err(_) if self.has_stopped.load(Ordering::SeqCst) => Err(Error::Interrupted.into()),
            done => done,
        }
    }

    /// Writes a file through `content`, until the run is asked to stop. Where it is a pipe that nobody has opened it waits for
    /// who reads it.
    ///
    /// # Errors
    /// Those of [`Pending::write`]; [`Error::Interrupted`] where the run is asked to stop while it waits.
    pub(crate) fn write(
        &self,
        path: &Path,
        content: impl FnOnce(&mut Stops<'_, &mut BufWriter<&File>>) -> io::Result<()>,
    ) -> Result<Pending, Error> {
        let _is_read = self.opened(path)?;
        Pending::write(path, |to| content(&mut self.stops(to)))
    }

    /// A pipe, once somebody has opened it: opening it again does not wait. `None` for what is no pipe.
    #[cfg(unix)]
    fn opened(&self, path: &Path) -> Result<Option<File>, Error> {
        use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
        if !path.metadata().is_ok_and(|found| found.file_type().is_fifo()) {
            return Ok(None);
        }
        let at_once = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        loop {
            self.check()?;
            match File::options().write(true).custom_flags(at_once).open(path) {
                Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
                    thread::sleep(POLL);
                }
                opened => {
                    let failed = |source| Error::Io { path: path.to_path_buf(), doing: "writing", source };
                    return opened.map(Some).map_err(failed);
                }
            }
        }
    }

    #[cfg(not(unix))]
    fn opened(&self, _: &Path) -> Result<Option<File>, Error> {
        Ok(None)
    }

    /// A writer that fails once the run has been asked to stop.
    pub(crate) fn stops<W: Write>(&self, to: W) -> Stops<'_, W> {
        Stops { to, progress: &self.progress }
    }
}

/// Writes until the run is asked to stop.
pub(crate) struct Stops<'a, W> {
    to: W,
    progress: &'a Progress,
}

impl<W: Write> Write for Stops<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // not `ErrorKind::Interrupted`: that would be tried again
        if self.progress.is_cancelled() { Err(io::Error::other("interrupted")) } else { self.to.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// An index's folder in which nothing is written any more once the run has been asked to stop: the change breaks off, and what
/// it had written goes. Behind its last write a change is in, whatever is asked for.
pub(crate) struct StopsWriting {
    folder: Folder,
    phase: Arc<AtomicU8>,
    progress: Arc<Progress>,
    has_stopped: Arc<AtomicBool>,
}

impl StopsWriting {
    pub(crate) fn new(folder: Folder, interrupt: &Interrupt) -> Self {
        StopsWriting {
            folder,
            phase: interrupt.phase.clone(),
            progress: interrupt.progress.clone(),
            has_stopped: interrupt.has_stopped.clone(),
        }
    }

    /// From here on the change ends by itself. What was read before may have taken long.
    fn writing(&self) {
        self.phase.store(WRITING, Ordering::SeqCst);
    }
}

impl Store for StopsWriting {
    fn list(&self) -> io::Result<Vec<String>> {
        self.folder.list()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        self.folder.open(name)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>> {
        self.writing();
        let (progress, has_stopped) = (self.progress.clone(), self.has_stopped.clone());
        Ok(Box::new(StopsGrowing { file: self.folder.create(name)?, progress, has_stopped }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.writing();
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.writing();
        self.folder.remove(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.folder.sync_folder()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    fn lock(&self) -> Result<Option<Lock>, Error> {
        self.folder.lock()
    }
}

struct StopsGrowing {
    file: Box<dyn Growing>,
    progress: Arc<Progress>,
    has_stopped: Arc<AtomicBool>,
}

impl Growing for StopsGrowing {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.progress.is_cancelled() {
            self.has_stopped.store(true, Ordering::SeqCst);
            return Err(io::Error::other("interrupted"));
        }
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

/// Ends the process where it stands; temporary files without a name go with it.
fn end() -> ! {
    let _ = writeln!(io::stderr(), "error: {}", Error::Interrupted);
    process::exit(1)
}

//! What a person sees while a run goes on: one bar on a terminal, nothing anywhere else.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use redite::pipeline::{Progress, Stage};

const BYTES: &str = "{msg:>9} [{bar:30}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
const STREAM: &str = "{msg:>9} {bytes}  {bytes_per_sec}  {elapsed}";
const NO_BYTES: &str = "{msg:>9} {elapsed}";

/// A bar that follows a run; it goes away when dropped.
pub(crate) struct Bar {
    done: Arc<AtomicBool>,
    writing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Follows `progress` if standard error is a terminal and the user wants to see it.
    pub(crate) fn follow(progress: &Arc<Progress>, quiet: bool) -> Self {
        let [done, writing] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let shown = !quiet && std::io::stderr().is_terminal();
        let start = || {
            let (progress, done, writing) = (progress.clone(), done.clone(), writing.clone());
            thread::Builder::new().spawn(move || draw(&progress, &done, &writing)).ok()
        };
        let thread = if shown { start() } else { None };
        Bar { done, writing, thread }
    }

    /// The search is over, its answers are being written.
    pub(crate) fn writing(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // a bar that failed is no reason to fail
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, done: &AtomicBool, writing: &AtomicBool) {
    let bar = ProgressBar::new(0);
    let mut shown = None;
    // a run that is being stopped leaves the line to what is said about it
    while !done.load(Ordering::Relaxed) && !progress.is_cancelled() {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (name, total, at) = match progress.stage() {
            _ if writing.load(Ordering::Relaxed) => ("writing", 0, 0),
            Stage::Reading => ("reading", load(&progress.bytes_total), load(&progress.bytes_read)),
            Stage::Linking => ("linking", 0, 0),
            Stage::Verifying => ("verifying", load(&progress.text_total), load(&progress.text_done)),
            Stage::Certifying => ("measuring", load(&progress.text_total), load(&progress.text_done)),
        };
        let template = match (total, at) {
            (0, 0) => NO_BYTES,
            (0, _) => STREAM,
            _ => BYTES,
        };
        if shown != Some((name, template)) {
            shown = Some((name, template));
            // before anything is drawn
            bar.set_style(style(template));
            bar.set_length(total);
            bar.set_message(name);
            bar.reset();
        }
        bar.set_length(total);
        bar.set_position(at);
        bar.tick();
        thread::sleep(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

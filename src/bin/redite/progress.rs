//! What a person sees while a run goes on: one bar on a terminal, nothing anywhere else.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use redite::pipeline::{Progress, Stage};

const BYTES: &str = "{msg:>9} [{bar:30}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
const STREAM: &str = "{msg:>9} {bytes}  {bytes_per_sec}  {elapsed}";

/// A bar that follows a run; it goes away when dropped.
pub(crate) struct Bar {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Follows `progress` if standard error is a terminal and the user wants to see it.
    pub(crate) fn follow(progress: &Arc<Progress>, quiet: bool) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let shown = !quiet && std::io::stderr().is_terminal();
        let thread = shown.then(|| {
            let (progress, done) = (progress.clone(), done.clone());
            thread::spawn(move || draw(&progress, &done))
        });
        Bar { done, thread }
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

fn draw(progress: &Progress, done: &AtomicBool) {
    let bar = ProgressBar::new(0);
    let style = |template| {
        ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ")
    };
    let mut stage = None;
    while !done.load(Ordering::Relaxed) {
        let load = |number: &std::sync::atomic::AtomicU64| number.load(Ordering::Relaxed);
        let now = progress.stage();
        let (name, total, at) = match now {
            Stage::Reading => ("reading", load(&progress.bytes_total), load(&progress.bytes_read)),
            Stage::Linking => ("linking", 0, 0),
            Stage::Verifying => ("verifying", load(&progress.text_total), load(&progress.text_done)),
        };
        if stage != Some(now) {
            stage = Some(now);
            bar.reset();
            bar.set_style(style(if total > 0 { BYTES } else { STREAM }));
            bar.set_message(name);
        }
        bar.set_length(total);
        bar.set_position(at);
        thread::sleep(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}

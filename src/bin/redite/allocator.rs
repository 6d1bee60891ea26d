//! What a run has freed goes back to the system.
//!
//! GNU's allocator keeps what is freed in holes between blocks that are held longer: where `--memory` bounds a run that was
//! a quarter of the bound, at its end. jemalloc gives such pages back, ten seconds later unless its environment said otherwise
//! when the process began; nothing else can tell it without code that is not safe. So a run begins once more, as the same
//! process, in that environment.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Says that it has begun again.
const AGAIN: &str = "REDITE_ALLOCATOR";

/// The variable, and what it holds: milliseconds until pages that nothing uses again are back; what stands in it already wins.
const VARIABLE: &str = "_RJEM_MALLOC_CONF";
const GIVES_BACK: &str = "dirty_decay_ms:100,muzzy_decay_ms:0";

/// Arenas, each of which has pages that nothing uses for a while. Where `--memory` bounds the run there are fewer: 16 threads in
/// 150 MiB took 131 to 140 MB in place of 135 to 178 (`benches/results`, `memory-in-flight.txt`).
const ARENAS: usize = 4;
const ARENAS_BOUND: usize = 2;

/// Begins again with an allocator that gives back what is freed, and these arguments, which hold what a configuration adds: it
/// may have come through a pipe. Returns where it does already, or where that can't be had.
pub(crate) fn give_back(arguments: &[OsString]) {
    if env::var_os(AGAIN).is_some() {
        return;
    }
    let is_bound = arguments.iter().any(|argument| argument.as_encoded_bytes().starts_with(b"--memory"));
    let arenas = if is_bound { ARENAS_BOUND } else { ARENAS };
    let mut settings = OsString::from(format!("narenas:{arenas},{GIVES_BACK}"));
    if let Some(given) = env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        settings.push(",");
        settings.push(given);
    }
    let Some((name, arguments)) = arguments.split_first() else { return };
    let Ok(program) = env::current_exe() else { return };
    // it returns only where it failed, and then the run goes on as it is
    let mut again = process::Command::new(program);
    let _ = again.arg0(name).args(arguments).env(VARIABLE, settings).env(AGAIN, "gives back").exec();
}

//! What a run has freed goes back to the system where its memory is bounded, or passages are looked for.
//!
//! The allocator of the GNU system keeps freed blocks of up to 32 MiB for later, unless its environment said
//! otherwise when the process began; nothing else can tell it without code that is not safe. So such a run
//! begins once more, as the same process, in that environment. Other systems have other allocators, and pass
//! over it.

use std::env;
use std::ffi::OsString;

/// Says that it has begun again: a loader may drop the other variable.
const AGAIN: &str = "REDITE_ALLOCATOR";

/// The variable, and what it holds.
const VARIABLE: &str = "GLIBC_TUNABLES";
const GIVES_BACK: &str =
    "glibc.malloc.mmap_threshold=1048576:glibc.malloc.trim_threshold=1048576:glibc.malloc.arena_max=4";

/// Begins again with an allocator that gives back what is freed, and these arguments, which hold what a configuration adds: it
/// may have come through a pipe. Returns where it does already, or where that can't be had.
pub(crate) fn give_back(arguments: &[OsString]) {
    let before = env::var_os(VARIABLE).unwrap_or_default();
    if before.to_string_lossy().contains("glibc.malloc.mmap_threshold") || env::var_os(AGAIN).is_some() {
        return;
    }
    let mut tunables = before;
    if !tunables.is_empty() {
        tunables.push(":");
    }
    tunables.push(GIVES_BACK);
    begin_again(arguments, &tunables);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn begin_again(arguments: &[OsString], tunables: &OsString) {
    use std::os::unix::process::CommandExt;
    let Some((name, arguments)) = arguments.split_first() else { return };
    let Ok(program) = env::current_exe() else { return };
    // it returns only where it failed, and then the run goes on as it is
    let mut again = std::process::Command::new(program);
    let _ = again.arg0(name).args(arguments).env(VARIABLE, tunables).env(AGAIN, "gives back").exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn begin_again(_: &[OsString], _: &OsString) {}

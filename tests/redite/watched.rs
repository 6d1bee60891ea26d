//! A process, looked at from outside while it runs: what is waited for is a condition, never a length of time.

use std::process::{Child, Command};
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

/// How long anything that must come may take, on a machine with much else to do.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
#[cfg(target_os = "linux")]
const LOOK: Duration = Duration::from_millis(5);

/// Waits until something holds.
///
/// # Panics
/// Where it does not within a minute.
#[cfg(target_os = "linux")]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        std::thread::sleep(LOOK);
    }
}

/// Sends a signal, by its name without `SIG`.
pub(crate) fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Which signals a process handles, or ignores, as `/proc` tells it.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
pub(crate) enum Mask {
    Caught,
    Ignored,
}

/// Whether a signal, by its number, is in a mask of a process.
#[cfg(target_os = "linux")]
pub(crate) fn is_in(mask: Mask, process: u32, signal: u32) -> bool {
    let name = match mask {
        Mask::Caught => "SigCgt:",
        Mask::Ignored => "SigIgn:",
    };
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix(name));
    bits.is_some_and(|bits| u64::from_str_radix(bits.trim(), 16).unwrap() >> (signal - 1) & 1 == 1)
}

#[cfg(target_os = "linux")]
pub(crate) const HUP: u32 = 1;
#[cfg(target_os = "linux")]
pub(crate) const TERM: u32 = 15;

/// Waits until `redite` handles signals and all its threads sleep, seen ten times in a row: it has come to where somebody else
/// must do something. One that wants a processor, or the disk, does not sleep.
///
/// # Panics
/// Where it ends instead.
#[cfg(target_os = "linux")]
pub(crate) fn until_it_waits(child: &mut Child) {
    let process = child.id();
    let mut looks = 0;
    until("the process waits", || {
        assert!(child.try_wait().unwrap().is_none(), "the process has ended");
        looks = if is_in(Mask::Caught, process, TERM) && sleeps(process) { looks + 1 } else { 0 };
        looks == 10
    });
}

/// Whether all threads of a process sleep.
#[cfg(target_os = "linux")]
fn sleeps(process: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return false };
    threads.flatten().all(|thread| {
        let told = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // behind the name, which is in brackets and may hold any
        told.rsplit_once(')').is_some_and(|(_, told)| told.trim_start().starts_with('S'))
    })
}

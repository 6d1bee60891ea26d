//! What is told by source.

use crate::cli::redite;
use crate::language::{Dir, records, words};

/// Of a night of many sources a person sees a few, and how many more there are.
#[test]
fn sources_of_a_night_that_are_not_told_are_counted() {
    let two = |at: usize| records(&[words(at * 100..at * 100 + 12), words(at * 100 + 50..at * 100 + 62)]);
    let dir = (0..1_010).fold(Dir::new(), |dir, at| dir.file(&format!("in/{at}.jsonl"), two(at)));
    let night = ["dedup", "in", "--output", "out", "--index", "archive", "--units", "document", "-q"];
    let told = redite(&dir, night).ends().ok();
    assert!(told.contains("\n    and 1,002 more\n"), "{told}");
}

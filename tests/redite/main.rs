//! Every test of the library as a user meets it: a folder of inputs, a run, what came out.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

/// Texts packed into every container.
mod containers;
/// How the other pages talk: a folder, a run over it, what it told.
mod language;
/// The slow twin beside a finished run: sets of strings, all pairs.
mod twin;

/// A night that comes again, in its order or another.
#[cfg(feature = "cli")]
mod again;
/// An index as its user meets it.
#[cfg(feature = "cli")]
mod archive;
/// JSON arrays where lines are expected.
#[cfg(feature = "cli")]
mod arrays;
/// What each damaged table, archive or packed file gives; files that change.
mod bad_containers;
/// What each unreadable, odd or hostile input gives, and `corpus/dirty`.
mod bad_input;
/// Measured recall against all pairs.
mod certify;
/// The command itself: output, files, exit codes, signals.
#[cfg(feature = "cli")]
mod cli;
/// Flags from a file; completions and manual.
#[cfg(feature = "cli")]
mod config;
/// `redite dedup`: what is written, what is not, and what is refused.
#[cfg(feature = "cli")]
mod dedup;
/// One door for each job of a program.
mod doors;
/// What another threshold would have told.
mod floor;
/// Texts taken out of an index.
#[cfg(feature = "cli")]
mod forgetting;
/// One corpus in every container; ranges in every script.
mod formats;
/// The maker of large corpora.
mod generate;
/// The process, killed at random times.
#[cfg(all(feature = "cli", unix))]
mod killed;
/// The laws on random corpora, and by hand where chance would rarely go.
mod laws;
/// Links below an output, and names with brackets.
#[cfg(feature = "cli")]
mod links;
/// Runs in parts, held against runs in one piece.
mod memory;
/// Licences and versions of what we depend on; the parameter record's bytes.
mod metadata;
/// What the library refuses, so that no index is written that would be wrong.
mod misuse;
/// An index: one night or many, to the byte.
mod nightly;
/// JSON whose records do not end with their lines.
#[cfg(feature = "cli")]
mod objects;
/// The sample corpora against the slow twin and their planted truth.
mod oracle;
/// What scores the PAN measurement, on cases made by hand.
mod pan;
/// Copied passages: all of them, nothing else, the same always.
mod passages;
/// Where `redite dedup` writes, and what a broken run leaves there.
#[cfg(feature = "cli")]
mod places;
/// Which of several versions `redite dedup` keeps.
#[cfg(feature = "cli")]
mod preferring;
/// `redite dedup --remove`: every combination, what is left of each text, in every container.
mod removing;
/// What reports arrange.
mod report;
/// `--memory` against what the process has resident.
#[cfg(all(feature = "jemalloc", feature = "cli", target_os = "linux"))]
mod resident;
/// Nights undone.
#[cfg(feature = "cli")]
mod rollback;
/// What boilerplate and templates cost, in comparisons counted.
mod scale;
/// Tables by what separates them: semicolons, tabs, bars.
#[cfg(feature = "cli")]
mod separators;
/// Records that are skipped, in great numbers.
mod skipped;
/// What is told by source.
#[cfg(feature = "cli")]
mod sources;
/// Nights in parts, held against nights in one piece, down to the bytes of the index.
mod spilled;
/// `redite index`, asked to end.
#[cfg(all(feature = "cli", unix))]
mod stopped;
/// `redite dedup` on Parquet: every type, packing, and what a file says of itself.
#[cfg(all(feature = "cli", feature = "parquet"))]
mod tables;
/// What a run warns of, on standard error and in the summary.
#[cfg(feature = "cli")]
mod warnings;
/// A process, looked at from outside while it runs.
#[cfg(all(feature = "cli", unix))]
mod watched;
/// `redite dedup` on rows and archives: kept bytes, damage, changes.
#[cfg(feature = "cli")]
mod writers;

//! Finds what a corpus says twice: near-duplicate documents, repeated paragraphs and copied passages, every
//! match verified, both sides named.
//!
//! ```
//! use redite::document::Unit;
//! use redite::params::Params;
//! use redite::pipeline::{Progress, Surroundings, audit};
//! use redite::read::sources;
//!
//! # fn main() -> redite::error::Result<()> {
//! let vote = "Le conseil a voté mardi soir le budget de la ville, sans surprise et sans débat.";
//! let texts = [
//!     ("monday", format!("La séance a duré trois heures.\n{vote}")),
//!     ("tuesday", format!("{}\nLes travaux du pont commencent demain.", vote.to_uppercase())),
//! ];
//!
//! let outcome =
//!     audit(sources::texts(texts), &Params::audit(), &Surroundings::default(), &Progress::default())?;
//! let found = outcome.matches().find(|found| found.unit == Unit::Paragraph).expect("a copied paragraph");
//! let ids = [found.copy, found.original].map(|place| outcome.id(place.document).unwrap_or_default());
//! assert_eq!(ids, ["\"tuesday\"", "\"monday\""]);
//! assert_eq!(outcome.excerpt(&found)?, [vote.to_uppercase(), vote.to_owned()]);
//! assert_eq!(found.jaccard, 1.0);
//! # Ok(())
//! # }
//! ```
//!
//! | to do | door | example |
//! |---|---|---|
//! | find what repeats what | [`pipeline::audit`]; [`read::sources::texts`] takes texts in memory, [`read::sources::find`] files and folders | `examples/audit.rs` |
//! | write a corpus without its copies | [`dedup::run`] | `examples/dedup.rs` |
//! | the same night after night | [`archive::Archive::adding`], [`dedup::Job::run`] | `examples/nightly.rs` |
//! | ask where a text stood before | [`archive::Archive::reading`], [`pipeline::run`] | `examples/query.rs` |
//! | look after an index | [`index::Index`], [`index::Writer`], [`index::undoing::undo`] | |
//!
//! The stages, in the order of the data; [`pipeline`] is the only module that names them all:
//! [`read`], [`split`], [`normalise`], [`shingle`], [`sign`], [`band`], [`verify`], then [`outcome`], [`report`]
//! and [`mod@write`]. [`plain`] is the slow twin that judges them.

pub mod archive;
pub mod band;
pub mod certify;
mod collapse;
mod corpus;
pub mod dedup;
pub mod document;
mod equal;
pub mod error;
pub mod expect;
mod first_pass;
mod head;
mod in_turn;
pub mod index;
pub mod keep;
mod locate;
mod match_line;
pub mod metrics;
pub mod night;
pub mod normalise;
pub mod order;
pub mod outcome;
pub mod params;
mod parts;
mod passage;
pub mod past;
pub mod pipeline;
#[allow(clippy::expect_used)]
pub mod plain;
mod pool;
mod progress;
pub mod read;
pub mod report;
mod reread;
mod resolve;
pub mod rethreshold;
mod scan;
mod shelves;
pub mod shingle;
pub mod sign;
mod skips;
pub mod split;
mod standing;
mod surroundings;
mod unit;
mod varint;
pub mod verify;
pub mod what_if;
pub mod write;

/// The examples of the README, which are tests, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

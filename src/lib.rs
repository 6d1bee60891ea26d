//! Finds what a corpus says twice: near-duplicate documents, repeated paragraphs and copied passages, every
//! match verified, both sides named.
//!
//! ```
//! use redite::params::Params;
//! use redite::pipeline::{Progress, Surroundings, audit};
//! use redite::read::sources;
//!
//! # fn main() -> redite::error::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! let text = "Le conseil a voté mardi soir le budget de la ville, sans surprise et sans débat.";
//! let records = format!("{{\"id\":1,\"text\":\"{text}\"}}\n{{\"id\":2,\"text\":\"{}\"}}\n", text.to_uppercase());
//! let file = folder.path().join("articles.jsonl");
//! std::fs::write(&file, records).expect("written");
//!
//! let found = sources::find(&[file], None)?;
//! let outcome = audit(found, &Params::audit(), &Surroundings::default(), &Progress::default())?;
//! assert_eq!(outcome.summary().documents.exact_copies, 1);
//! let first = outcome.matches().next().expect("the second record repeats the first");
//! assert_eq!((first.copy.document, first.original.document), (1, 0));
//! # Ok(())
//! # }
//! ```
//!
//! The stages, in the order of the data; [`pipeline`] is the only module that names them all:
//! [`read`], [`split`], [`normalise`], [`shingle`], [`sign`], [`band`], [`verify`], then [`outcome`], [`report`]
//! and [`mod@write`]. [`plain`] is the slow twin that judges them.

pub mod band;
pub mod certify;
mod collapse;
mod corpus;
pub mod dedup;
pub mod document;
mod equal;
pub mod error;
pub mod expect;
mod head;
mod in_turn;
pub mod index;
pub mod keep;
mod locate;
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
mod varint;
pub mod verify;
pub mod what_if;
pub mod write;

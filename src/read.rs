//! Inputs to records. [`sources`] finds the files in corpus order, `chunks` reads them in pieces of
//! whole records (`lines` those of one source), `json` takes a record apart, `texts` reads a document a second time. `csv`, `parquet` and
//! `wet` know where a record of theirs ends, and collect what is in it through `records`.
//!
//! A piece is about an eighth of a mebibyte, so that all cores are busy on one big file as well as on many small ones;
//! what is read is handed on as bytes and decoded by the workers.

pub(crate) mod chunks;
pub(crate) mod compression;
pub(crate) mod csv;
pub(crate) mod digest;
pub(crate) mod json;
mod lines;
pub(crate) mod magic;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
pub(crate) mod records;
pub mod sources;
pub(crate) mod texts;
pub(crate) mod wet;
mod window;

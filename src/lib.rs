//! Finds what a corpus says twice.
pub mod band;
mod collapse;
mod corpus;
pub mod document;
pub mod error;
mod locate;
pub mod normalise;
pub mod outcome;
pub mod params;
mod passage;
pub mod pipeline;
#[allow(clippy::expect_used)]
pub mod plain;
pub mod read;
pub mod report;
mod reread;
mod resolve;
mod scan;
pub mod shingle;
pub mod sign;
pub mod split;
pub mod verify;
pub mod write;

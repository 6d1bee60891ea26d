//! Finds what a corpus says twice.
pub mod band;
mod collapse;
mod corpus;
pub mod document;
pub mod error;
pub mod normalise;
pub mod outcome;
pub mod params;
pub mod pipeline;
#[allow(clippy::expect_used)]
pub mod plain;
pub mod read;
pub mod report;
mod resolve;
mod scan;
pub mod shingle;
pub mod sign;
pub mod split;
pub mod verify;
pub mod write;

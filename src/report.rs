//! Facts to something to read or to hand on: the JSON lines of all matches, the JSON summary, the terminal
//! summary, the HTML report. All of them read the same [`crate::outcome::Outcome`]; none of them decides
//! anything. What is for people goes through [`facts`] first, which says what belongs together.

#[cfg(feature = "html")]
mod aside;
pub(crate) mod clean;
pub mod facts;
#[cfg(test)]
mod hostile;
#[cfg(feature = "html")]
pub mod html;
pub mod json;
#[cfg(feature = "html")]
mod marks;
pub mod matches;
pub mod night;
mod original;
pub mod pairs;
pub mod removal;
mod runs;
#[cfg(feature = "parquet")]
pub mod table;
pub mod terminal;
mod texts;
mod walk;
pub(crate) mod wording;

pub use wording::{count, number};

/// A name as a person is shown it: in one line, with nothing in it that does harm, and not too long.
pub fn name(raw: &str) -> String {
    clean::line(raw, terminal::NAME)
}

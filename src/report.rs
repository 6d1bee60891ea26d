//! Facts to something to read or to hand on: the JSON lines of all matches, the terminal summary, the HTML
//! report. All of them read the same [`crate::outcome::Outcome`]; none of them decides anything.

pub mod matches;

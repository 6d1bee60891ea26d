//! The HTML report: one file that needs no network, no script and nothing beside it, to read or to hand on.
//!
//! Three templates (`templates/report/`): a head with the numbers and the method, one piece for each group,
//! a foot with what was skipped. They are written one after the other, so that only one group's texts are in
//! memory. Everything that the corpus says is cleaned (`clean`), escaped by the templates
//! without exception, and isolated in its writing direction. A page depends on the facts alone: no seconds,
//! no memory, no order of hashes; and it has a size that browsers open.

mod views;

use std::io::{self, Write};

use askama::Template;

use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::report::facts::Facts;
use crate::report::html::views::{Foot, Head, Viewer};

/// The most bytes that the groups of a report take; what does not fit is counted.
const MOST_BYTES: usize = 16_000_000;

/// Groups that are open at first.
const OPEN: usize = 3;

/// Writes the report.
///
/// # Errors
/// Those of [`Outcome::text`] for the texts that are shown; [`Error::Io`] where `to` fails.
pub fn write(outcome: &Outcome, facts: &Facts, to: &mut impl Write) -> Result<()> {
    put(to, &Head::new(outcome, facts))?;
    let mut viewer = Viewer::new(outcome);
    let (mut shown, mut bytes) = (0, 0);
    for group in &facts.groups {
        let view = viewer.group(group, shown + 1, shown < OPEN)?;
        let page = view.render().map_err(|error| failed(io::Error::other(error)))?;
        bytes += page.len();
        if bytes > MOST_BYTES {
            break;
        }
        to.write_all(page.as_bytes()).map_err(failed)?;
        shown += 1;
    }
    put(to, &Foot::new(outcome, facts, shown))
}

fn put(to: &mut impl Write, view: &impl Template) -> Result<()> {
    let page = view.render().map_err(|error| failed(io::Error::other(error)))?;
    to.write_all(page.as_bytes()).map_err(failed)
}

fn failed(source: io::Error) -> Error {
    Error::io("report", "writing", source)
}

#[cfg(test)]
mod tests;

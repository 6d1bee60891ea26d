//! The HTML report: one file that needs no network and nothing beside it, to read or to hand on.
//!
//! It can be read without script: the numbers, the largest groups, the documents. The one script in it
//! (`templates/report/report.js`) shows all groups that the file holds, to search and to filter, from data
//! that stand beside it as JSON; in English or French.
//!
//! Templates (`templates/report/`): a head with the numbers and the method, one piece for each group, one for
//! each document that holds copied text, a foot with what was skipped. They are written one after the other,
//! so that only one group's texts are in memory. Everything that the corpus says is cleaned
//! (`clean`), escaped by the templates without exception, and isolated in its writing
//! direction. A page depends on the facts alone: no seconds, no memory, no order of hashes; and it has a size
//! that browsers open.

mod both;
mod charts;
mod data;
mod dates;
mod digest;
mod documents;
mod foot;
mod group;
mod head;
mod method;
mod night;
mod relations;
mod sources;
mod what_if;
mod written;

use std::borrow::Cow;
use std::io::{self, Write};

use askama::Template;

use crate::dedup::{Removal, Rules};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::report::facts::Facts;
use crate::report::html::both::{Both, both, french};
use crate::report::html::documents::{DocumentView, Documents};
use crate::report::html::foot::Foot;
use crate::report::html::group::Viewer;
use crate::report::html::head::{Head, More};
use crate::report::{clean, wording};

/// The one script of a page; the policy names it by its digest.
const SCRIPT: &str = include_str!("../../templates/report/report.js");

/// How lines of it end that are for pages whose sources a field names, and in no other.
const OF_NAMED: &str = " // sources are named\n";

/// The page's style.
const STYLE: &str = include_str!("../../templates/report/style.css");

/// What [`Error::Io`] names where the page can't be written.
pub const WRITING: &str = "report";

/// Groups that are worth asking [`Facts`] for: as many as a page holds.
pub const GROUPS: usize = 20_000;

/// The most groups that are shown without script.
const SHOWN: usize = 100;

/// The most bytes that these take.
const SHOWN_BYTES: usize = 1_500_000;

/// The most bytes that the documents take that are shown without script.
const DOCUMENT_BYTES: usize = 600_000;

/// Groups that are open at first.
const OPEN: usize = 3;

/// The most characters of a name, an id or a detail.
const NAME: usize = 300;

/// Writes the report, with what was removed where something was written without its copies.
///
/// # Errors
/// Those of [`Outcome::text`] for the texts that are shown; [`Error::Temporary`], of a run whose memory is bounded;
/// [`Error::Io`] of [`WRITING`] where `to` fails.
pub fn write(
    outcome: &Outcome,
    facts: &Facts,
    removal: Option<(&Removal, &Rules)>,
    to: &mut impl Write,
) -> Result<()> {
    put(to, &Head::new(outcome, facts, removal))?;
    let mut viewer = Viewer::new(outcome);
    let (mut shown, mut bytes) = (0, 0);
    for group in facts.groups.iter().take(SHOWN) {
        let page = render(&viewer.group(group, shown + 1, shown < OPEN)?)?;
        bytes += page.len();
        if bytes > SHOWN_BYTES {
            break;
        }
        to.write_all(page.as_bytes()).map_err(failed)?;
        shown += 1;
    }
    let mut documents = Vec::new();
    for share in &facts.shares.partly {
        let page = render(&DocumentView::new(outcome, share))?;
        if documents.len() + page.len() > DOCUMENT_BYTES {
            break;
        }
        documents.extend_from_slice(page.as_bytes());
    }
    let data = data::make(outcome, facts, viewer.into_texts())?;
    put(to, &Documents::new(facts, shown, data.groups()))?;
    to.write_all(&documents).map_err(failed)?;
    put(to, &More::new(outcome, facts, removal.map(|(_, rules)| rules)))?;
    put(to, &Foot::new(outcome))?;
    // megabytes that no template need copy; `<` stands nowhere in them
    to.write_all(br#"<script type="application/json" id="data">"#).map_err(failed)?;
    data.write(facts, to)?;
    let script = ["</script>\n<script>", &script(outcome), "</script>\n</body>\n</html>\n"];
    script.iter().try_for_each(|part| to.write_all(part.as_bytes())).map_err(failed)
}

/// The script of a page.
fn script(outcome: &Outcome) -> Cow<'static, str> {
    if outcome.source_field().is_some() {
        return SCRIPT.into();
    }
    SCRIPT.split_inclusive('\n').filter(|line| !line.ends_with(OF_NAMED)).collect()
}

/// A name and a value, in a table.
struct Named {
    name: Both,
    value: Both,
}

/// Where a document stands, cleaned.
struct PlaceView {
    source: String,
    record: Option<Both>,
    id: Option<String>,
    from: Option<String>,
}

impl PlaceView {
    fn new(outcome: &Outcome, document: u32) -> Self {
        let place = wording::place(outcome, document);
        PlaceView {
            source: archived(clean::name(place.source, NAME), place.is_archived),
            record: place.record.map(|record| {
                let french = french(&record).replace("record", "enregistrement");
                both(record, french)
            }),
            id: place.id.map(|id| clean::name(&id, NAME)),
            from: place.from.map(|from| clean::name(from, NAME)),
        }
    }
}

/// The name of a source; told apart where it is in the index.
fn archived(name: String, is_archived: bool) -> String {
    if is_archived { name + " (index)" } else { name }
}

fn put(to: &mut impl Write, view: &impl Template) -> Result<()> {
    to.write_all(render(view)?.as_bytes()).map_err(failed)
}

fn render(view: &impl Template) -> Result<String> {
    view.render().map_err(|error| failed(io::Error::other(error)))
}

fn failed(source: io::Error) -> Error {
    Error::io(WRITING, "writing", source)
}

#[cfg(test)]
mod tests;

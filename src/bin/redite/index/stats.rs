//! `redite index stats`: what an index holds, what that costs, and its last batches.

use std::io::Write;

use redite::index::Index;
use redite::index::stats::BatchStats;
use redite::report::{count, name, number};

use crate::outputs;

/// Batches that are told.
const BATCHES: usize = 20;

/// What an index holds, for a person or as one JSON object.
pub(super) fn tell(index: &Index, json: bool, to: &mut impl Write) -> anyhow::Result<()> {
    let stats = index.stats()?;
    if json {
        writeln!(to, "{}", outputs::json(&stats)?)?;
        return Ok(());
    }
    // of no text there is no share
    let share = |bytes: u64| match stats.text_bytes {
        0 => String::new(),
        text => format!(", {:.3} of the text", bytes as f64 / text as f64),
    };
    writeln!(to, "Index, generation {}", stats.generation)?;
    writeln!(to, "  batches     {:>14}", number(stats.batches.len() as u64))?;
    writeln!(to, "  documents   {:>14}   forgotten {}", number(stats.documents), number(stats.forgotten))?;
    writeln!(to, "  paragraphs  {:>14}", number(stats.paragraphs))?;
    writeln!(to, "  text read   {:>14} bytes", number(stats.text_bytes))?;
    let parts = [("on disk", stats.bytes.total)].into_iter().chain(stats.bytes.parts());
    for (name, bytes) in parts {
        let name = match name {
            "bands" => "band keys",
            "exact" => "exact keys",
            "other" => "all else",
            name => name,
        };
        writeln!(to, "  {name:<11} {:>14} bytes{}", number(bytes), share(bytes))?;
    }
    let p = &stats.parameters;
    let (units, removed) = (p.units.names().join(","), p.remove.names().join(","));
    writeln!(
        to,
        "  made with   units {units}, remove {removed}, threshold {}, recall {}",
        p.threshold, p.recall
    )?;
    let mode = p.paragraphs.name();
    writeln!(to, "              shingle {}, min-tokens {}, paragraphs {mode}", p.shingle, p.min_tokens)?;
    writeln!(to, "              passage {}, identity {}, contained {}", p.passage, p.identity, p.contained)?;
    let (comparisons, seed, rules) = (p.comparisons, p.seed, stats.text_rules);
    writeln!(to, "              comparisons {comparisons}, seed {seed}, text rules {rules}")?;
    batches(&stats.batches, to)
}

/// `monday.jsonl`, `monday.jsonl and 3 more sources`; nothing where no source is known.
pub(super) fn sources(batch: &BatchStats) -> Option<String> {
    let first = name(batch.first_source.as_deref()?);
    Some(match batch.sources {
        ..2 => first,
        all => format!("{first} and {}", count(all - 1, "more source", "more sources")),
    })
}

/// The last batches, the latest first: `rollback` undoes that.
fn batches(all: &[BatchStats], to: &mut impl Write) -> anyhow::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(to, "  batch       documents   of")?;
    for batch in all.iter().rev().take(BATCHES) {
        let [at, documents] = [batch.number, batch.documents].map(number);
        let sources = sources(batch).unwrap_or_else(|| "no source that is known".to_owned());
        writeln!(to, "  {at:<8} {documents:>12}   {sources}")?;
    }
    if all.len() > BATCHES {
        writeln!(to, "  and {} before", number((all.len() - BATCHES) as u64))?;
    }
    Ok(())
}

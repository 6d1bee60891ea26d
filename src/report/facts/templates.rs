//! Groups whose texts are alike but for numbers and names: often a form that was filled in. Whether somebody copied them is
//! not known.

use serde::Serialize;

use crate::document::Kind;
use crate::error::Result;
use crate::normalise::Tokenizer;
use crate::outcome::Outcome;
use crate::report::facts::{Facts, Group, Stretch};
use crate::report::texts::Texts;

/// The most groups that are judged, those that repeat the most first.
const GROUPS: usize = 100;

/// The most bytes of a text that are looked at; longer ones are no templates.
const BYTES: usize = 64 << 10;

/// The most copies of a group that are judged.
const COPIES: usize = 20;

/// How many groups are templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Templates {
    /// groups judged: those that repeat the most characters
    pub judged: u64,
    /// of these, groups of near copies that differ by numbers and names alone
    pub groups: u64,
}

impl Facts {
    /// Judges the groups that repeat the most: reads their texts again.
    ///
    /// # Errors
    /// Those of [`Outcome::text`].
    pub fn find_templates(&mut self, outcome: &Outcome) -> Result<()> {
        let mut judge =
            Judge { texts: Texts::new(outcome), tokenizer: Tokenizer::of(&outcome.summary().parameters) };
        for group in self.groups.iter_mut().take(GROUPS) {
            let is_template = judge.is_template(group)?;
            group.is_template = Some(is_template);
            self.templates.judged += 1;
            self.templates.groups += u64::from(is_template);
        }
        Ok(())
    }
}

struct Judge<'a> {
    texts: Texts<'a>,
    tokenizer: Tokenizer,
}

impl Judge<'_> {
    /// Whether there are near copies, and the first of them are filled in otherwise, and nothing else.
    fn is_template(&mut self, group: &Group) -> Result<bool> {
        let near = group.copies.iter().filter(|copy| copy.repeat.kind != Kind::Exact).take(COPIES);
        let mut is_template = false;
        for copy in near {
            let (original, copy) = (&copy.repeat.original, &copy.repeat);
            is_template = copy.kind == Kind::Near;
            if is_template {
                let original = self.fixed(original)?;
                is_template = original.is_some() && original == self.fixed(&copy.copy)?;
            }
            if !is_template {
                break;
            }
        }
        Ok(is_template)
    }

    /// The words of a text that are no number and no name: that hold no digit, and start with no capital; `None` of a text
    /// that is too long.
    fn fixed(&mut self, stretch: &Stretch) -> Result<Option<Vec<u64>>> {
        let bytes = &stretch.span.bytes;
        if bytes.end - bytes.start > BYTES as u64 {
            return Ok(None);
        }
        let part = self.texts.part(stretch.document, bytes)?;
        let text = part.as_str();
        let mut fixed = Vec::new();
        self.tokenizer.tokens(text, |hash, start, end| {
            let word = text.get(start..end).unwrap_or_default();
            let is_variable =
                word.chars().any(char::is_numeric) || word.chars().next().is_some_and(char::is_uppercase);
            if !is_variable {
                fixed.push(hash);
            }
        });
        Ok(Some(fixed))
    }
}

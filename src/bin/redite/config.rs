//! Flags from a file. `--config redite.toml` holds any flag under its long name: `threshold = 0.7`,
//! `units = ["document"]`, `strict = true`; `inputs` are the inputs. They become arguments, unless the command
//! line gives the same flag, so that there is one definition of each.

use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, Parser};
use toml::{Table, Value};

use crate::args::{Cli, Usage};

/// The key of the inputs, which are no flag.
const INPUTS: &str = "inputs";

/// The arguments of a run.
pub(crate) struct Arguments {
    pub(crate) all: Vec<OsString>,
    /// the configuration, and the keys that stand for flags among them
    added: Option<(PathBuf, Vec<String>)>,
}

impl Arguments {
    /// What they say. Usage that is wrong ends the process, as a request for help does.
    pub(crate) fn parse(&self) -> anyhow::Result<Cli> {
        Cli::try_parse_from(&self.all).or_else(|error| {
            let flag = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::String(flag)) => {
                    flag.strip_prefix("--").and_then(|flag| flag.split(' ').next())
                }
                _ => None,
            };
            let added = self.added.as_ref().zip(flag);
            match added.filter(|((_, keys), flag)| keys.iter().any(|key| key == flag)) {
                Some(((path, _), key)) => {
                    let told = error.to_string();
                    let told = told.strip_prefix("error: ").unwrap_or(&told);
                    let told = told.split("\n\nFor more information").next().unwrap_or(told);
                    Err(At { path, key }.wrong(&format!("does not hold what it may: {told}")))
                }
                None => error.exit(),
            }
        })
    }
}

/// The command line, with what its configuration adds.
pub(crate) fn arguments(given: Vec<OsString>) -> anyhow::Result<Arguments> {
    // what is missing here may stand in the configuration; what is wrong is told when all is together
    let lenient = Cli::command().ignore_errors(true).try_get_matches_from(&given);
    let as_given = |given| Ok(Arguments { all: given, added: None });
    let Ok(found) = lenient else { return as_given(given) };
    let Some((name, found)) = found.subcommand() else { return as_given(given) };
    let Ok(Some(path)) = found.try_get_one::<PathBuf>("config") else { return as_given(given) };
    let all = Cli::command();
    let Some(command) = all.find_subcommand(name) else { return as_given(given) };
    let text = fs::read_to_string(path)
        .map_err(|error| Usage(format!("`{}`: the configuration can't be read: {error}", path.display())))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let place = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let line = place.map(|line| format!(", line {line}")).unwrap_or_default();
        let told = error.span().and_then(|span| too_large(&text, span));
        let told = told.unwrap_or_else(|| error.message().to_owned());
        Usage(format!("`{}`{line}: {told}", path.display()))
    })?;
    let mut added = Vec::new();
    let mut keys = Vec::new();
    let mut inputs = Vec::new();
    for (key, value) in &table {
        let at = At { path, key };
        if key == INPUTS {
            if !is_given(found, INPUTS) {
                inputs = at.strings(value)?;
            }
            continue;
        }
        let flag = command.get_arguments().find(|flag| flag.get_long() == Some(key) && key != "config");
        let flag = flag.ok_or_else(|| match value {
            Value::Table(_) => at.wrong("is a section\n\nhint: keys stand at the top, without sections"),
            _ => at.unknown(command, &all),
        })?;
        if !is_given(found, flag.get_id().as_str()) {
            added.extend(at.arguments(flag, value)?);
            keys.push(key.clone());
        }
    }
    // behind the command's name; the program may be called so as well
    let at = given.iter().skip(1).position(|argument| *argument == *name).map_or(given.len(), |at| at + 2);
    let mut arguments = given;
    arguments.splice(at..at, added);
    if !inputs.is_empty() {
        arguments.push("--".into());
        arguments.extend(inputs.into_iter().map(OsString::from));
    }
    Ok(Arguments { all: arguments, added: Some((path.clone(), keys)) })
}

/// What to say of a number that TOML has no room for, where there is one in this stretch of the text.
fn too_large(text: &str, stretch: Range<usize>) -> Option<String> {
    let is_beyond = |token: &&str| {
        let plain = token.replace('_', "");
        let digits = plain.trim_start_matches(['+', '-']);
        let (digits, radix) = match digits.get(..2) {
            Some("0x") => (&digits[2..], 16),
            Some("0o") => (&digits[2..], 8),
            Some("0b") => (&digits[2..], 2),
            _ => (digits, 10),
        };
        let sign = if plain.starts_with('-') { "-" } else { "" };
        let is_integer = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        is_integer && i64::from_str_radix(&format!("{sign}{digits}"), radix).is_err()
    };
    let is_between = |c: char| !c.is_ascii_alphanumeric() && !"_+-.".contains(c);
    let number = text.get(stretch.clone())?.split(is_between).find(is_beyond)?;
    let start = stretch.start + text[stretch].find(number)?;
    let before = &text[..text[..start].rfind('=')?];
    let key = before.rsplit(['\n', '{', ',']).next()?.trim().trim_matches(['"', '\'']);
    let digits: String = number.chars().take(40).collect();
    let more = if digits.len() < number.len() { "…" } else { "" };
    let [least, most] = [i64::MIN, i64::MAX];
    Some(format!(
        "key `{key}` holds {digits}{more}, expected a number from {least} to {most}\n\nhint: numbers go up to {most} in TOML; in \
         quotation marks a larger one is taken as the flag takes it"
    ))
}

fn is_given(found: &ArgMatches, id: &str) -> bool {
    matches!(found.try_contains_id(id), Ok(true)) && found.value_source(id) == Some(ValueSource::CommandLine)
}

/// A place in the file, for messages.
struct At<'a> {
    path: &'a Path,
    key: &'a str,
}

impl At<'_> {
    fn wrong(&self, what: &str) -> anyhow::Error {
        Usage(format!("`{}`: key `{}` {what}", self.path.display(), self.key)).into()
    }

    /// The value of a flag as arguments.
    fn arguments(&self, flag: &Arg, value: &Value) -> anyhow::Result<Vec<OsString>> {
        if !flag.get_action().takes_values() {
            return match value {
                Value::Boolean(true) => Ok(vec![format!("--{}", self.key).into()]),
                Value::Boolean(false) => Ok(Vec::new()),
                _ => Err(self.wrong("is a switch, expected `true` or `false`")),
            };
        }
        let values = self.strings(value)?;
        if values.is_empty() {
            return Err(self.wrong("is an empty list: name something, or leave it out"));
        }
        if values.len() > 1 && !matches!(flag.get_action(), clap::ArgAction::Append) {
            return Err(self.wrong("takes one value, found a list"));
        }
        Ok(values.into_iter().map(|value| format!("--{}={value}", self.key).into()).collect())
    }

    /// A value, or a list of some.
    fn strings(&self, value: &Value) -> anyhow::Result<Vec<String>> {
        match value {
            Value::String(text) => Ok(vec![text.clone()]),
            Value::Integer(number) => Ok(vec![number.to_string()]),
            Value::Float(number) => Ok(vec![number.to_string()]),
            Value::Array(values) => {
                let each = values.iter().map(|value| match value {
                    Value::Array(_) => Err(self.wrong("holds a list of lists")),
                    value => self.strings(value),
                });
                Ok(each.collect::<anyhow::Result<Vec<_>>>()?.concat())
            }
            _ => Err(self.wrong("holds neither text nor a number nor a list of these")),
        }
    }

    fn unknown(&self, command: &Command, all: &Command) -> anyhow::Error {
        let known = |command: &Command| -> Vec<String> {
            let flags = command.get_arguments().filter_map(|flag| flag.get_long());
            flags.filter(|flag| !["help", "config"].contains(flag)).map(str::to_owned).collect()
        };
        let name = command.get_name();
        let elsewhere = all.get_subcommands().find(|other| known(other).iter().any(|flag| flag == self.key));
        if let Some(other) = elsewhere {
            return self
                .wrong(&format!("is a flag of `redite {}`, not of `redite {name}`", other.get_name()));
        }
        let own = known(command).into_iter().chain([INPUTS.to_owned()]);
        let near = own.map(|flag| (distance(&flag, self.key), flag)).min();
        let hint = match near.filter(|(distance, flag)| 3 * distance <= flag.len()) {
            Some((_, nearest)) => format!("the nearest known key is `{nearest}`"),
            None => {
                format!("keys are called as the flags of `redite {name}`, which `redite help {name}` lists")
            }
        };
        self.wrong(&format!("is unknown\n\nhint: {hint}"))
    }
}

/// Characters to insert, remove or replace to come from one word to another.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, one) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(one != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("threshold", "treshold"), 1);
        assert_eq!(distance("été", "ete"), 2);
    }
}

//! Sources and dates as the records themselves tell them.

use std::collections::BTreeMap;

use crate::order::{Order, moment};
use crate::outcome::SourceField;

/// What the records say of themselves besides, for [`crate::order`] and the guards.
#[derive(Default)]
pub(crate) struct Labels {
    /// for each document, the name of its source, where a field tells it; see [`Labels::settle`]
    pub(crate) sources: Vec<u32>,
    /// these names
    pub(crate) names: Vec<String>,
    /// for each file what documents without the field are told by, if there are some; only when that is settled
    of_files: Vec<u32>,
    /// what they add up to; only when that is settled
    pub(crate) settled: Option<SourceField>,
    /// for each document its date, where one is asked for
    pub(crate) dates: Vec<Option<i128>>,
    /// for each document the date that reports tell, where one is asked for
    pub(crate) told_dates: Vec<Option<i128>>,
    /// of these, documents that have none: for want of the field or of a value, and of a date in it
    pub(crate) undated: [u64; 2],
    /// the field of these
    pub(crate) told_field: Option<String>,
    known: BTreeMap<String, u32>,
    /// bytes of the names
    name_bytes: usize,
}

/// Stands for no number.
const NONE: u32 = u32::MAX;

/// What a name takes beside its bytes, here twice and in what is told of each source; measured with 1.5 million of them.
const NAME: usize = 480;

impl Labels {
    /// About how many bytes they take in the end.
    pub(crate) fn size(&self) -> usize {
        size_of_val(&self.sources[..])
            + size_of_val(&self.dates[..])
            + size_of_val(&self.told_dates[..])
            + size_of_val(&self.of_files[..])
            + NAME * self.names.len()
            + 3 * self.name_bytes
    }

    /// None yet; `told_field` holds the date that is only told.
    pub(super) fn new(told_field: Option<String>) -> Self {
        Labels { told_field, ..Labels::default() }
    }

    /// Takes what the next document says; `also` are the values of [`Order::fields`].
    pub(super) fn push(&mut self, order: &Order, fields: &[String], also: &[Option<String>]) {
        let value = |name: &String| {
            let at = fields.iter().position(|field| field == name)?;
            also.get(at)?.as_deref()
        };
        if let Some(field) = &order.source_field {
            let name = match value(field) {
                Some(json) if json != "null" => {
                    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
                }
                _ => String::new(),
            };
            let number = self.number(name);
            self.sources.push(number);
        }
        if let Some(field) = order.date_field() {
            self.dates.push(value(field).and_then(moment));
        }
        if let Some(field) = &order.dates {
            let json = value(field).filter(|json| !matches!(*json, "null" | "\"\""));
            let date = json.and_then(moment);
            if date.is_none() {
                self.undated[usize::from(json.is_some())] += 1;
            }
            self.told_dates.push(date);
        }
    }
}

impl Labels {
    /// The number of a name.
    fn number(&mut self, name: String) -> u32 {
        let next = self.names.len() as u32;
        *self.known.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            self.name_bytes += name.len();
            next
        })
    }

    /// Names the source of every document: one without the field is of what its file is `called`. From now on names are
    /// numbered in corpus order, in which `documents` are, each with its file, and no more names can come.
    pub(crate) fn settle(
        &mut self,
        field: &str,
        documents: impl Iterator<Item = (usize, usize)>,
        called: &[&str],
    ) {
        let without = self.known.get("").copied();
        let mut settled = SourceField { field: field.to_owned(), ..SourceField::default() };
        let mut names = Vec::with_capacity(self.names.len());
        let mut now = vec![NONE; self.names.len()];
        let mut of_files = vec![NONE; called.len()];
        for (document, file) in documents {
            let mut number = self.sources[document];
            if Some(number) == without {
                settled.unnamed += 1;
                if of_files[file] == NONE {
                    of_files[file] = self.number(called[file].to_owned());
                    now.resize(self.names.len(), NONE);
                }
                number = of_files[file];
            } else {
                settled.named += 1;
            }
            let now = &mut now[number as usize];
            if *now == NONE {
                *now = names.len() as u32;
                names.push(std::mem::take(&mut self.names[number as usize]));
            }
            self.sources[document] = *now;
        }
        of_files.iter_mut().filter(|of| **of != NONE).for_each(|of| *of = now[*of as usize]);
        settled.sources = names.len() as u64;
        (self.names, self.of_files, self.settled) = (names, of_files, Some(settled));
        self.known.clear();
    }

    /// The number of the source of a document in this file, if the field names it.
    pub(crate) fn told(&self, document: usize, file: usize) -> Option<u32> {
        let number = *self.sources.get(document)?;
        (self.of_files.get(file) != Some(&number)).then_some(number)
    }

    /// Appends those of the documents that come next.
    pub(crate) fn append(&mut self, other: Labels) {
        let numbers: Vec<u32> = other.names.into_iter().map(|name| self.number(name)).collect();
        self.sources.extend(other.sources.iter().map(|&source| numbers[source as usize]));
        self.dates.extend(other.dates);
        self.told_dates.extend(other.told_dates);
        self.undated.iter_mut().zip(other.undated).for_each(|(undated, more)| *undated += more);
        self.told_field = other.told_field;
    }

    /// These labels for documents in another order: where a table's row is read again alone, it does not tell them.
    pub(super) fn ranked(self, ranked: &[u32]) -> Self {
        fn of<T: Copy>(all: &[T], ranked: &[u32]) -> Vec<T> {
            ranked.iter().filter_map(|&place| all.get(place as usize).copied()).collect()
        }
        Labels {
            sources: of(&self.sources, ranked),
            dates: of(&self.dates, ranked),
            told_dates: of(&self.told_dates, ranked),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_go_with_their_documents() {
        let of = |names: &[&str], dates: &[Option<i128>]| Labels {
            sources: (0..names.len() as u32).collect(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            dates: dates.to_vec(),
            told_dates: dates.iter().map(|date| date.map(|date| date + 100)).collect(),
            undated: [1, 2],
            told_field: Some("date".to_owned()),
            ..Labels::default()
        };
        let mut labels = Labels::default();
        labels.append(of(&["a", "b"], &[Some(1), None]));
        labels.append(of(&["b", "c"], &[Some(3), Some(4)]));
        assert_eq!(
            (&labels.sources[..], &labels.names[..]),
            (&[0, 1, 1, 2][..], &["a", "b", "c"].map(str::to_owned)[..])
        );
        assert_eq!((labels.undated, labels.told_field.as_deref()), ([2, 4], Some("date")));
        let ranked = labels.ranked(&[3, 0, 1, 2]);
        assert_eq!(ranked.sources, [2, 0, 1, 1]);
        assert_eq!(ranked.dates, [Some(4), Some(1), None, Some(3)]);
        assert_eq!(ranked.told_dates, [Some(104), Some(101), None, Some(103)]);
    }
}

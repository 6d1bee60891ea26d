//! Rows in order, of which most wait in an unnamed temporary file: in runs, which are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytemuck::Pod;

use crate::error::{Error, Result};
use crate::read::texts::read_exact_at;

/// Bytes of one run that are read at once.
const READ: usize = 56 << 10;

/// Rows that wait.
pub(super) struct Runs<Row> {
    folder: PathBuf,
    file: Option<File>,
    /// of each run its first row in the file, and the one behind its last
    runs: Vec<[u64; 2]>,
    rows: std::marker::PhantomData<Row>,
}

impl<Row: Pod + Ord> Runs<Row> {
    /// None; the file will be in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Runs { folder: folder.to_owned(), file: None, runs: Vec::new(), rows: std::marker::PhantomData }
    }

    /// How many runs there are.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// Adds a run of rows, which are in order.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(super) fn push(&mut self, rows: &[Row]) -> Result<()> {
        self.write(rows).map_err(|source| Error::temporary(&self.folder, source))
    }

    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile_in(&self.folder)?),
        };
        file.write_all(bytemuck::cast_slice(rows))?;
        let start = self.runs.last().map_or(0, |[_, end]| *end);
        self.runs.push([start, start + rows.len() as u64]);
        Ok(())
    }

    /// Calls `found` with all rows in order, those that are `held`, which are in order, among them.
    ///
    /// # Errors
    /// [`Error::Temporary`].
    pub(super) fn merge(&self, held: &[Row], mut found: impl FnMut(&Row)) -> Result<()> {
        let Some(file) = &self.file else {
            held.iter().for_each(found);
            return Ok(());
        };
        let mut held = held.iter().copied();
        let mut runs: Vec<Run<Row>> =
            self.runs.iter().map(|rows| Run { rows: *rows, read: Vec::new() }).collect();
        let mut next = |run: usize| match runs.get_mut(run) {
            Some(run) => run.next(file).map_err(|source| Error::temporary(&self.folder, source)),
            None => Ok(held.next()),
        };
        let mut heads = BinaryHeap::new();
        for run in 0..=self.runs.len() {
            heads.extend(next(run)?.map(|row| Reverse((row, run))));
        }
        while let Some(Reverse((row, run))) = heads.pop() {
            found(&row);
            heads.extend(next(run)?.map(|row| Reverse((row, run))));
        }
        Ok(())
    }
}

/// A run that is read again.
struct Run<Row> {
    /// those that are still to be read
    rows: [u64; 2],
    /// what was read, the next one last
    read: Vec<Row>,
}

impl<Row: Pod> Run<Row> {
    fn next(&mut self, file: &File) -> io::Result<Option<Row>> {
        let [start, end] = self.rows;
        if self.read.is_empty() && start < end {
            let count = (end - start).min((READ / size_of::<Row>()) as u64);
            self.read.resize(count as usize, Row::zeroed());
            read_exact_at(file, start * size_of::<Row>() as u64, bytemuck::cast_slice_mut(&mut self.read))?;
            self.read.reverse();
            self.rows = [start + count, end];
        }
        Ok(self.read.pop())
    }
}

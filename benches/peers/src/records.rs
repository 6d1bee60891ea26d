//! The records of a prepared file.

use std::borrow::Cow;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};

/// Threshold of every job.
pub const THRESHOLD: f64 = 0.8;
/// Words of a shingle.
pub const WIDTH: usize = 5;

#[derive(serde::Deserialize)]
pub struct Record<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

/// Calls `each` with every record of the file, in order.
pub fn each(path: &str, mut each: impl FnMut(Record<'_>)) -> Result<(), Box<dyn Error>> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(|e| format!("{path}: {e}"))?);
    let (mut line, mut number) = (String::new(), 0);
    while file.read_line(&mut line)? > 0 {
        number += 1;
        each(serde_json::from_str(&line).map_err(|e| format!("{path}, line {number}: {e}"))?);
        line.clear();
    }
    Ok(())
}

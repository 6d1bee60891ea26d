//! Random changes and questions, beside plain lists.

use super::disk::Disk;
use super::plain::{Answers, Plain, apply};
use super::{Numbers, is_long};
use crate::index::{Index, Writer};

/// Sequences of changes.
const SEQUENCES: u64 = 400;
const LONG_SEQUENCES: u64 = 12_000;

#[test]
fn an_index_answers_as_plain_lists_do() {
    let sequences = if is_long() { LONG_SEQUENCES } else { SEQUENCES };
    let mut counts = [0u64; 4];
    for seed in 0..sequences {
        let numbers = &mut Numbers::new(seed);
        let disk = Disk::default();
        let mut writer = Writer::open(disk.store()).unwrap();
        let mut plain = Plain::leaving();
        let mut snapshots: Vec<(std::sync::Arc<Index>, Answers)> = Vec::new();
        for _ in 0..1 + numbers.below(24) {
            let most = if numbers.below(4) == 0 { 0 } else { 5 };
            match numbers.below(8) {
                0 => {
                    drop(writer);
                    writer = Writer::open(disk.store()).unwrap();
                    counts[1] += 1;
                }
                1 | 2 => {
                    if let Some(index) = Index::open(disk.store()).unwrap() {
                        let before = numbers.below(u64::from(plain.documents()) + 2) as u32;
                        plain.answers(before).check(&index);
                        let answers = plain.answers(u32::MAX);
                        answers.check(&index);
                        snapshots.push((index, answers));
                        counts[2] += 1;
                    }
                }
                _ => {
                    let change = plain.change(numbers, most);
                    apply(&mut writer, &change).unwrap_or_else(|e| panic!("seed {seed}, {change:?}: {e}"));
                    plain.apply(&change);
                    let generation = writer.index().map_or(0, |index| index.generation());
                    assert_eq!(generation, plain.generation, "seed {seed}, {change:?}");
                    counts[0] += 1;
                }
            }
        }
        if let Some(index) = writer.index() {
            index.verify().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            plain.answers(u32::MAX).check(index);
            let index = Index::open(disk.store()).unwrap().unwrap();
            plain.answers(u32::MAX).check(&index);
        }
        // whatever came after them
        for (index, answers) in &snapshots {
            answers.check(index);
            counts[3] += 1;
        }
    }
    let [changes, reopened, asked, snapshots] = counts;
    assert!(changes > 4 * sequences && reopened > sequences && asked > sequences && snapshots == asked);
    println!(
        "{sequences} sequences: {changes} changes, {reopened} times reopened, {asked} times asked, \
         {snapshots} snapshots asked again"
    );
}

//! What scores the PAN measurement (`benches/pan.rs`), on cases made by hand.

use std::ops::Range;

#[path = "../../benches/pan/score.rs"]
mod score;

use score::{Reuse, Score};

fn reuse(pair: usize, later: Range<u64>, earlier: Range<u64>) -> Reuse {
    Reuse { pair, sides: [later, earlier] }
}

fn close(score: Score, precision: f64, recall: f64, granularity: f64, plagdet: f64) {
    let got = [score.precision, score.recall, score.granularity, score.plagdet()];
    let expected = [precision, recall, granularity, plagdet];
    assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?}, not {expected:?}");
}

#[test]
fn a_case_told_as_it_is() {
    let cases = [reuse(0, 0..100, 50..150), reuse(1, 10..20, 0..10)];
    close(Score::of(&cases, &cases), 1.0, 1.0, 1.0, 1.0);
}

#[test]
fn nothing_told_and_nothing_to_tell() {
    let cases = [reuse(0, 0..100, 0..100)];
    close(Score::of(&cases, &[]), 0.0, 0.0, 1.0, 0.0);
    close(Score::of(&[], &cases), 0.0, 0.0, 1.0, 0.0);
}

#[test]
fn half_of_it_and_as_much_beside() {
    let cases = [reuse(0, 0..100, 0..100)];
    let told = [reuse(0, 50..150, 50..150)];
    close(Score::of(&cases, &told), 0.5, 0.5, 1.0, 0.5);
}

#[test]
fn both_sides_must_meet() {
    let cases = [reuse(0, 0..100, 0..100)];
    close(Score::of(&cases, &[reuse(0, 0..100, 100..200)]), 0.0, 0.0, 1.0, 0.0);
    close(Score::of(&cases, &[reuse(1, 0..100, 0..100)]), 0.0, 0.0, 1.0, 0.0);
    // one side right, the other by half
    close(Score::of(&cases, &[reuse(0, 0..100, 50..150)]), 0.75, 0.75, 1.0, 0.75);
}

#[test]
fn a_case_told_in_pieces_costs_granularity() {
    let cases = [reuse(0, 0..100, 0..100), reuse(0, 200..300, 200..300)];
    let told = [reuse(0, 0..60, 0..60), reuse(0, 40..100, 40..100), reuse(0, 200..250, 200..250)];
    let granularity = 1.5;
    let f1: f64 = 2.0 * 0.75 / 1.75;
    close(Score::of(&cases, &told), 1.0, 0.75, granularity, f1 / 2.5f64.log2());
}

#[test]
fn each_case_and_each_detection_counts_the_same() {
    let cases = [reuse(0, 0..1000, 0..1000), reuse(1, 0..10, 0..10)];
    let told = [reuse(0, 0..1000, 0..1000), reuse(2, 0..10, 0..10)];
    close(Score::of(&cases, &told), 0.5, 0.5, 1.0, 0.5);
}

//! The hot stages on their own: tokens, shingles, signatures, comparisons; throughput by criterion.

#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use redite::normalise::Tokenizer;
use redite::params::ParagraphMode;
use redite::shingle::Shingler;
use redite::sign::Signer;
use redite::split::paragraphs;
use redite::verify::compare;
use std::hint::black_box;

const TEXTS: [(&str, &str); 4] = [
    (
        "english",
        "The committee met again on Tuesday; it's said that nothing was decided, and that 17 of 23 left. ",
    ),
    (
        "french",
        "Réunis mardi à l’hôtel de ville, les élus n’ont « rien décidé » : 17 des 23 sont partis déçus. ",
    ),
    (
        "russian",
        "Во вторник комитет снова собрался, но, как говорят, ничего не решил: 17 из 23 ушли раньше. ",
    ),
    ("japanese", "委員会は火曜日に再び開かれたが、何も決まらず、23人のうち17人が途中で退席したという。"),
];

fn stages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tokens");
    for (name, sentence) in TEXTS {
        let text = sentence.repeat(100);
        group.throughput(Throughput::Bytes(text.len() as u64));
        let mut tokenizer = Tokenizer::new(0);
        let mut tokens = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                tokens.clear();
                tokenizer.hashes(black_box(&text), &mut tokens);
            });
        });
    }
    group.finish();

    let text = TEXTS[1].1.repeat(20).replace(". ", ".\n").repeat(10);
    let mut group = criterion.benchmark_group("split");
    group.throughput(Throughput::Bytes(text.len() as u64));
    let mut ranges = Vec::new();
    group.bench_function("lines", |bencher| {
        bencher.iter(|| {
            ranges.clear();
            paragraphs(black_box(&text), ParagraphMode::Auto, &mut ranges);
        });
    });
    group.finish();

    let tokens: Vec<u64> = (0..1000u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let mut group = criterion.benchmark_group("shingles");
    group.throughput(Throughput::Elements(tokens.len() as u64));
    for width in [3, 5, 12] {
        let mut shingles = Vec::new();
        group.bench_function(format!("width {width}"), |bencher| {
            bencher.iter(|| Shingler::new(width).rolled(black_box(&tokens), &mut shingles));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("sign");
    group.throughput(Throughput::Elements(tokens.len() as u64));
    for rows in [36, 57, 128] {
        let signer = Signer::new(rows, 0);
        let mut signature = signer.empty();
        group.bench_function(format!("{rows} rows"), |bencher| {
            bencher.iter(|| signer.add(black_box(&tokens), &mut signature));
        });
    }
    group.finish();

    let mut a = tokens.clone();
    a.sort_unstable();
    let b: Vec<u64> = a.iter().copied().filter(|x| x % 10 != 0).collect();
    let mut group = criterion.benchmark_group("compare");
    group.throughput(Throughput::Elements((a.len() + b.len()) as u64));
    group.bench_function("alike", |bencher| bencher.iter(|| compare(black_box(&a), black_box(&b), 0.8)));
    let c: Vec<u64> = a.iter().map(|x| x ^ 1).collect();
    group.bench_function("unlike", |bencher| bencher.iter(|| compare(black_box(&a), black_box(&c), 0.8)));
    group.finish();
}

criterion_group!(kernels, stages);
criterion_main!(kernels);

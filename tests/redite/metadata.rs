//! What we depend on, as cargo tells it; and the bytes of the parameter record.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use redite::params::{NORMALISER_VERSION, ParagraphMode, Params, Units};
use serde_json::Value;

/// The licences that `deny.toml` allows too.
const ALLOWED: [&str; 14] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "BSL-1.0",
    "CC0-1.0",
    "Unlicense",
    "0BSD",
    "MIT-0",
    "bzip2-1.0.6",
];

/// The packages that end up in the program, with all features, on this machine.
fn normal_dependencies() -> Vec<Value> {
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--locked",
        "--all-features",
        "--filter-platform",
        host,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| (n["id"].as_str().unwrap(), n))
        .collect();
    let mut wanted = vec![metadata["resolve"]["root"].as_str().unwrap()];
    let mut reached = BTreeSet::new();
    while let Some(id) = wanted.pop() {
        if reached.insert(id) {
            let normal = |dependency: &&Value| {
                dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null())
            };
            let dependencies = nodes[id]["deps"].as_array().unwrap().iter().filter(normal);
            wanted.extend(dependencies.map(|dependency| dependency["pkg"].as_str().unwrap()));
        }
    }
    // the features of other platforms are in the metadata too, with what they depend on; not in the tree
    let tree = ["tree", "--edges", "normal", "--all-features", "--prefix", "none", "--offline", "--locked"];
    let tree = cargo(&tree);
    let built: BTreeSet<String> =
        tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let packages = packages.filter(|package| reached.contains(package["id"].as_str().unwrap()));
    let name = |package: &Value| {
        format!("{} v{}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap())
    };
    let packages: Vec<Value> = packages.filter(|package| built.contains(&name(package))).cloned().collect();
    assert_eq!(packages.len(), built.len(), "every package that is built is looked at");
    packages
}

/// Whether an SPDX expression can be met with the allowed licences. `/` is an old way to write `OR`.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut at = 0;
    let met = any_of(&words, &mut at);
    assert_eq!(at, words.len(), "{expression}");
    met
}

fn any_of(words: &[&str], at: &mut usize) -> bool {
    let mut met = all_of(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(words, at);
    }
    met
}

fn all_of(words: &[&str], at: &mut usize) -> bool {
    let mut met = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at);
    }
    met
}

fn one(words: &[&str], at: &mut usize) -> bool {
    *at += 1;
    if words[*at - 1] == "(" {
        let met = any_of(words, at);
        *at += 1;
        return met;
    }
    let mut licence = words[*at - 1].to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words[*at + 1]);
        *at += 2;
    }
    ALLOWED.contains(&licence.as_str())
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    assert!(allowed("MIT OR GPL-3.0"));
    assert!(allowed("GPL-3.0/MIT"));
    assert!(allowed("(MIT OR GPL-3.0) AND Unicode-3.0"));
    assert!(allowed("Apache-2.0 WITH LLVM-exception OR GPL-3.0"));
    assert!(!allowed("MIT AND GPL-3.0"));
    assert!(!allowed("(MIT OR Apache-2.0) AND MPL-2.0"));
    assert!(!allowed("GPL-3.0 WITH Classpath-exception-2.0"));
}

#[test]
fn every_dependency_may_be_used_freely() {
    for package in normal_dependencies() {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(allowed(licence), "{} is under {licence}", package["name"]);
    }
}

#[test]
fn no_dependency_comes_in_two_versions() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in normal_dependencies() {
        let of = versions.entry(package["name"].to_string()).or_default();
        of.push(package["version"].to_string());
    }
    assert!(versions.len() > 10, "{versions:?}");
    versions.retain(|_, versions| versions.len() > 1);
    assert!(versions.is_empty(), "{versions:?}");
}

#[test]
fn bincode_is_the_version_that_was_chosen() {
    let bincode = normal_dependencies().into_iter().find(|package| package["name"] == "bincode").unwrap();
    assert_eq!(bincode["version"], "2.0.1");
}

/// The record whose XXH3 names a set of parameters, written out: 3.0.0 of a dependency, another field order
/// or a varint would give another name to the same run.
#[test]
fn the_parameter_record_is_these_bytes() {
    let config = bincode::config::standard().with_little_endian().with_fixed_int_encoding();
    let bytes = bincode::serde::encode_to_vec((NORMALISER_VERSION, Params::audit()), config).unwrap();
    let expected: Vec<&[u8]> = vec![
        &[3, 0, 0, 0],                                     // NORMALISER_VERSION
        &[0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0xE3, 0x3F], // threshold 0.6
        &[0xAE, 0x47, 0xE1, 0x7A, 0x14, 0xAE, 0xEF, 0x3F], // recall 0.99
        &[3, 0, 0, 0],                                     // shingle
        &[10, 0, 0, 0],                                    // min_tokens
        &[1, 1, 1],                                        // units
        &[25, 0, 0, 0],                                    // passage
        &[0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xE9, 0x3F], // identity 0.8
        &[0xCD, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xEC, 0x3F], // contained 0.9
        &[0, 0, 0, 0],                                     // paragraphs: Auto
        &[0, 0, 0, 0, 0, 0, 0, 0],                         // seed
        &[64, 0, 0, 0],                                    // comparisons
        &[4, 0, 0, 0, 0, 0, 0, 0],                         // text_field
        b"text",
        &[2, 0, 0, 0, 0, 0, 0, 0], // id_field
        b"id",
        &[0, 0, 0, 4, 0, 0, 0, 0], // max_record
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(xxhash_rust::xxh3::xxh3_64(&bytes), Params::audit().digest());
    let (back, length): ((u32, Params), usize) = bincode::serde::decode_from_slice(&bytes, config).unwrap();
    assert_eq!((back.1, length), (Params::audit(), bytes.len()));
}

#[test]
fn every_parameter_is_part_of_the_digest() {
    let audit = Params::audit;
    let all = [
        audit(),
        Params { threshold: 0.7, ..audit() },
        Params { normaliser: 2, ..audit() },
        Params { recall: 0.9, ..audit() },
        Params { shingle: 4, ..audit() },
        Params { min_tokens: 9, ..audit() },
        Params { units: Units { documents: false, ..audit().units }, ..audit() },
        Params { units: Units { paragraphs: false, ..audit().units }, ..audit() },
        Params { units: Units { passages: false, ..audit().units }, ..audit() },
        Params { passage: 26, ..audit() },
        Params { identity: 0.9, ..audit() },
        Params { contained: 0.8, ..audit() },
        Params { paragraphs: ParagraphMode::Line, ..audit() },
        Params { seed: 1, ..audit() },
        Params { comparisons: 65, ..audit() },
        Params { text_field: "body".to_owned(), ..audit() },
        Params { id_field: "key".to_owned(), ..audit() },
        Params { max_record: 1, ..audit() },
    ];
    let digests: BTreeSet<u64> = all.iter().map(Params::digest).collect();
    assert_eq!(digests.len(), all.len());
}

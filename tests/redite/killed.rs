//! The real process, killed at random times while it runs nights: whatever the moment, the index is whole and
//! running the night again ends in what undisturbed nights give, to the byte, with nothing left over.
//!
//! `REDITE_KILLS=1000 cargo test --test redite killed -- --nocapture` for more of it.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redite::index::Index;
use redite::index::store::Folder;
use serde_json::json;

use crate::cli::{names, redite};
use crate::language::{Dir, Numbers, cases, files, words};

/// Nights of one archive; after the fourth it is compacted.
const NIGHTS: usize = 8;

const COMPACTED: usize = 4;

/// Kills in the usual run.
const KILLS: u64 = 108;

/// Records that repeat those of nights before, each other, and a sentence.
fn nights() -> Dir {
    let mut numbers = Numbers(7);
    let mut texts: Vec<String> = Vec::new();
    let mut dir = Dir::new().file("quiet.toml", "quiet = true\n");
    for night in 0..NIGHTS {
        let mut lines = String::new();
        for record in 0..30 {
            let first = 100 * numbers.below(2000);
            let text = match texts.get(numbers.below(2 * texts.len() + 1)).cloned() {
                None => format!(
                    "{}\nLa séance est levée.\n{}",
                    words(first..first + 60),
                    words(first + 60..first + 90)
                ),
                Some(text) => text.replacen("w1", "edited", numbers.below(3)),
            };
            let id = format!("n{night}-{record}");
            lines += &format!("{}\n", json!({ "id": id, "text": text }));
            texts.push(text);
        }
        dir = dir.file(&format!("night-{night}.jsonl"), lines);
    }
    dir
}

/// The command of a step: a night, or `compact`.
fn step(dir: &Dir, world: &str, step: &Step) -> Command {
    let at = |name: String| format!("{world}/{name}");
    let archive = at("archive".to_owned());
    let arguments: Vec<String> = match step {
        Step::Compact => ["index", "compact", &archive].map(str::to_owned).into(),
        Step::Night(night) => [
            ["dedup".to_owned(), format!("night-{night}.jsonl")],
            ["--output".to_owned(), at(format!("clean-{night}"))],
            ["--index".to_owned(), archive],
            ["--matches".to_owned(), at(format!("m-{night}.jsonl"))],
            ["--units".to_owned(), "document,paragraph,passage".to_owned()],
            ["--threads".to_owned(), "2".to_owned()],
            ["--config".to_owned(), "quiet.toml".to_owned()],
        ]
        .concat(),
    };
    redite(dir, arguments).0
}

enum Step {
    Night(usize),
    Compact,
}

fn steps() -> impl Iterator<Item = Step> {
    (0..NIGHTS).flat_map(|night| {
        let compacts = night == COMPACTED;
        [Some(Step::Night(night)), compacts.then_some(Step::Compact)].into_iter().flatten()
    })
}

/// Everything in a folder but what the lock says.
fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    files(folder).into_iter().filter(|(name, _)| name != "archive/lock").collect()
}

fn exported(dir: &Dir, world: &str) -> String {
    let archive = format!("{world}/archive");
    let of = |list: &str| redite(dir, ["index", "export", &archive, list, "-"]).ends().ok();
    of("--matches") + &of("--documents")
}

#[test]
fn killed_at_random_times() {
    let kills = std::env::var("REDITE_KILLS").map_or(cases(KILLS) as usize, |of| of.parse().unwrap());
    let dir = nights();
    std::fs::create_dir(dir.path("calm")).unwrap();
    let began = Instant::now();
    for of in steps() {
        assert!(step(&dir, "calm", &of).output().unwrap().status.success());
    }
    // a bit more than a step takes, so that every part of it is hit, its end too
    let longest = began.elapsed().as_micros() as usize * 5 / 4 / steps().count();
    let calm = (all(&dir.path("calm")), exported(&dir, "calm"));
    assert!(calm.1.lines().count() > 100);
    let mut numbers = Numbers(11);
    let (mut before, mut after, mut finished, mut worlds) = (0, 0, 0, 0);
    // so many, and on until the commit was hit from both sides
    while before + after < kills || (before == 0 || after == 0) && before + after < 10 * KILLS as usize {
        let world = format!("world-{worlds}");
        std::fs::create_dir(dir.path(&world)).unwrap();
        let store = Arc::new(Folder::new(dir.path(&world).join("archive")));
        for (generation, of) in (0..).zip(steps()) {
            let mut command = step(&dir, &world, &of);
            let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(numbers.below(longest) as u64));
            child.kill().unwrap();
            let ended = child.wait().unwrap();
            assert!(ended.success() || ended.signal() == Some(9), "{ended}");
            let index = Index::open(store.clone()).unwrap();
            let found = index.as_ref().map_or(0, |index| index.generation());
            if let Some(index) = index {
                index.verify().unwrap();
                let mut ids = Vec::new();
                let mut tell = |id: &str| ids.push(id.to_owned());
                index
                    .each_document(|id, _, _, _| {
                        tell(id);
                        Ok(())
                    })
                    .unwrap();
                let mut once = ids.clone();
                once.sort();
                once.dedup();
                assert_eq!(once.len(), ids.len(), "nothing is in twice");
            }
            assert!(found == generation || found == generation + 1, "{found} after {generation}");
            assert!(found == generation + 1 || !ended.success(), "what was told to be done is done");
            match (ended.success(), found > generation) {
                (true, _) => finished += 1,
                (false, true) => after += 1,
                (false, false) => before += 1,
            }
            // compacting twice is one generation more, and otherwise the same: done is done
            if matches!(of, Step::Night(_)) || found == generation {
                let again = step(&dir, &world, &of).output().unwrap();
                assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
            }
        }
        if let Some((name, _)) =
            all(&dir.path(&world)).iter().find(|(name, _)| !calm.0.iter().any(|(of, _)| of == name))
        {
            panic!("{world}: {name} is left over; {:?}", names(&dir.path(&world)));
        }
        assert!(all(&dir.path(&world)) == calm.0, "{world}: other bytes than undisturbed");
        assert_eq!(exported(&dir, &world), calm.1);
        std::fs::remove_dir_all(dir.path(&world)).unwrap();
        worlds += 1;
    }
    eprintln!(
        "{before} runs killed before their commit, {after} after it, {finished} had ended; {worlds} archives"
    );
    assert!(before > 0 && after > 0, "kills hit one side of the commit only");
}

/// Outputs are tried before anything is read: a run that is asked to end then cleans up as later.
#[test]
fn asked_to_end_as_it_begins() {
    let dir = Dir::new().file("in.jsonl", json!({ "text": "Il pleut." }).to_string());
    let mut numbers = Numbers(13);
    let [mut ended_first, mut cleaned_up, mut by_signal] = [0; 3];
    for run in 0..10 * cases(40) {
        if run >= cases(40) && cleaned_up + by_signal > 0 {
            break;
        }
        let wanted = ["dedup", "in.jsonl", "--output", "clean", "--force", "--removed", "removed.jsonl"];
        let mut command = redite(&dir, wanted).0;
        let quiet = std::process::Stdio::null;
        let mut child = command.stdout(quiet()).stderr(quiet()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(numbers.below(12_000) as u64));
        Command::new("kill").args(["-TERM", &child.id().to_string()]).output().unwrap();
        let ended = child.wait().unwrap();
        match (ended.code(), ended.signal()) {
            (Some(0), _) => ended_first += 1,
            (Some(1), _) => cleaned_up += 1,
            (_, Some(15)) => by_signal += 1, // before it can know better
            _ => panic!("{ended}"),
        }
        let names = names(&dir.path(""));
        assert!(names.iter().all(|name| !name.ends_with(".tmp")), "{ended}: {names:?}");
    }
    eprintln!("{cleaned_up} ended with 1, {by_signal} by the signal, {ended_first} had ended before");
    assert!(cleaned_up + by_signal > 0, "no run was caught");
}

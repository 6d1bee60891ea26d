//! An index as its user meets it: nights on the real command, questions, care, and what goes wrong.

use std::path::Path;

use insta::assert_snapshot;
use redite::index::Lock;
use redite::index::store::{Folder, Store};
use serde_json::{Value, json};

use crate::cli::{Ended, names, redite};
use crate::language::{Dir, files, records, words};

const FRENCH: &str = "Les engins ont recommencé lundi à creuser la rive gauche du fleuve, à deux pas de \
    l’ancienne usine, malgré l’avis de la commission. Le préfet a rappelé que l’enquête publique s’achève \
    vendredi et que les riverains peuvent encore déposer leurs remarques en mairie.";
pub(crate) const JAPANESE: &str = "東京都は月曜日、隅田川沿いの旧工場跡地で掘削作業を再開したと発表した。地元住民からは騒音と振動を\
    懸念する声が上がっており、都は金曜日まで意見を受け付けるとしている。作業は来年三月まで続く見通しだ。";
const ARABIC: &str = "استأنفت الجرافات يوم الاثنين حفر الضفة اليسرى للنهر على بعد خطوات من المصنع القديم رغم رأي \
    اللجنة وذكر المحافظ أن التحقيق العام ينتهي يوم الجمعة وأن السكان يمكنهم تقديم ملاحظاتهم في البلدية قبل ذلك الموعد.";

const ALL: &str = "document,paragraph,passage";

/// Records with ids.
pub(crate) fn named(texts: &[(&str, &str)]) -> String {
    texts.iter().map(|(id, text)| format!("{}\n", json!({ "id": id, "text": text }))).collect()
}

/// Monday's and tuesday's records; nothing has been run yet.
fn week() -> Dir {
    let own = words(100..150);
    let monday = [("fr1", FRENCH), ("ja1", JAPANESE), ("ar1", ARABIC), ("own1", own.as_str())];
    let mardi = FRENCH.replace("lundi", "mardi");
    let arabic = format!("مقدمة جديدة. {ARABIC}");
    let fresh = words(300..350);
    let tuesday = [
        ("fr2", mardi.as_str()),
        ("ja2", JAPANESE),
        ("ar2", arabic.as_str()),
        ("new2", fresh.as_str()),
        ("new3", fresh.as_str()),
    ];
    Dir::new().file("monday.jsonl", named(&monday)).file("tuesday.jsonl", named(&tuesday))
}

pub(crate) fn night(dir: &Dir, input: &str, output: &str) -> Ended {
    redite(dir, ["dedup", input, "--output", output, "--index", "archive", "--units", ALL]).ends()
}

/// Monday is in the index, and its file and output are gone.
pub(crate) fn after_monday() -> Dir {
    let dir = week();
    assert_eq!(night(&dir, "monday.jsonl", "clean").code, 0);
    std::fs::remove_file(dir.path("monday.jsonl")).unwrap();
    std::fs::remove_dir_all(dir.path("clean")).unwrap();
    dir
}

/// Both nights are in the index.
fn after_tuesday() -> Dir {
    let dir = after_monday();
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
    dir
}

pub(crate) fn index(dir: &Dir, arguments: &[&str]) -> Ended {
    redite(dir, ["index"].iter().chain(arguments)).ends()
}

pub(crate) fn find_in_folder(folder: &Path, text: &[u8]) -> bool {
    files(folder).iter().any(|(_, bytes)| memchr::memmem::find(bytes, text).is_some())
}

#[test]
fn a_second_night_finds_copies_of_the_first_whose_file_is_gone() {
    let dir = week();
    assert_snapshot!("first_night", night(&dir, "monday.jsonl", "clean-1").seen());
    let monday = std::fs::read(dir.path("monday.jsonl")).unwrap();
    assert_eq!(std::fs::read(dir.path("clean-1/monday.jsonl")).unwrap(), monday);
    std::fs::remove_file(dir.path("monday.jsonl")).unwrap();
    std::fs::remove_dir_all(dir.path("clean-1")).unwrap();
    let flags = ["--output", "clean-2", "--index", "archive", "--units", ALL, "--matches", "m.jsonl"];
    let told = redite(&dir, ["dedup", "tuesday.jsonl"].iter().chain(&flags)).ends();
    assert_snapshot!("second_night", told.seen());
    assert_snapshot!("second_night_matches", std::fs::read_to_string(dir.path("m.jsonl")).unwrap());
    let kept = std::fs::read_to_string(dir.path("clean-2/tuesday.jsonl")).unwrap();
    assert_eq!(kept, named(&[("new2", &words(300..350))]));
    assert_eq!(names(dir.root()), ["archive", "clean-2", "m.jsonl", "tuesday.jsonl"]);
}

/// What stands in the output of another run is not replaced because the index knows the batch.
#[test]
fn a_batch_that_is_run_again_replaces_nothing_else() {
    let dir = after_monday();
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
    std::fs::write(dir.path("clean/tuesday.jsonl"), "another night\n").unwrap();
    let told = night(&dir, "tuesday.jsonl", "clean");
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("tuesday.jsonl") && told.stderr.contains("--force"), "{}", told.stderr);
    assert_eq!(std::fs::read_to_string(dir.path("clean/tuesday.jsonl")).unwrap(), "another night\n");
    std::fs::remove_file(dir.path("clean/tuesday.jsonl")).unwrap();
    std::fs::write(dir.path("clean/stays.txt"), "").unwrap();
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
    assert!(dir.path("clean/tuesday.jsonl").is_file() && dir.path("clean/stays.txt").is_file());
}

#[test]
fn a_finished_night_run_again_changes_nothing_and_tells_the_same() {
    let dir = after_monday();
    let run = || {
        let flags =
            ["--output", "clean", "--index", "archive", "--units", ALL, "--matches", "m.jsonl", "--json"];
        let told = redite(&dir, ["dedup", "tuesday.jsonl", "-q"].iter().chain(&flags)).ends().ok();
        let mut told: Value = serde_json::from_str(&told).unwrap();
        told["seconds"].take();
        told["peak_memory_bytes"].take();
        let again = told["index"]["again"].take();
        (told, again)
    };
    let (first, again) = run();
    assert_eq!(again, Value::Null);
    let before = files(dir.root());
    let again = json!({"batch": 2, "forgotten": 0});
    assert_eq!(run(), (first.clone(), again.clone()));
    assert!(files(dir.root()) == before);
    // a batch that came later is not seen by one that is run again
    std::fs::write(dir.path("wednesday.jsonl"), named(&[("fr3", FRENCH)])).unwrap();
    assert_eq!(night(&dir, "wednesday.jsonl", "clean-3").code, 0);
    assert_eq!(run(), (first.clone(), again));
    assert_eq!(first["index"]["copies_of_index"], json!({"documents": 3, "paragraphs": 3, "passages": 3}));
    assert_eq!(first["index"]["copies"], json!({"documents": 4, "paragraphs": 4, "passages": 4}));
    assert_eq!(first["index"]["batch"]["documents"], 5);
    assert_eq!(first["index"]["batches_before"][0]["documents"], 4);
    assert_eq!(first["index"]["batches_before"][0]["of_documents"]["originals"], 4);
    // other records in the same place need `--force`, as ever
    std::fs::write(dir.path("tuesday.jsonl"), named(&[("other", &words(500..550))])).unwrap();
    let other = night(&dir, "tuesday.jsonl", "clean");
    assert_eq!((other.code, other.stdout.as_str()), (2, ""), "{}", other.stderr);
    assert!(other.stderr.contains("not empty"), "{}", other.stderr);
}

/// The same records in files of other names are another night, all of whose texts stood before; where the files lie
/// does not matter.
#[test]
fn the_same_records_under_another_name_are_another_batch() {
    let dir = after_tuesday();
    let clean = files(&dir.path("clean"));
    std::fs::create_dir(dir.path("moved")).unwrap();
    std::fs::copy(dir.path("tuesday.jsonl"), dir.path("moved/tuesday.jsonl")).unwrap();
    let moved = std::fs::canonicalize(dir.path("moved/tuesday.jsonl")).unwrap();
    let told = night(&dir, moved.to_str().unwrap(), "clean-1");
    assert!(told.stdout.contains("batch 2 of it once more"), "{}", told.stdout);
    assert!(files(&dir.path("clean-1")) == clean);
    std::fs::rename(dir.path("tuesday.jsonl"), dir.path("wednesday.jsonl")).unwrap();
    let told = night(&dir, "wednesday.jsonl", "clean-2");
    assert!(told.stdout.contains("5 records: 0 kept, 5 removed"), "{}", told.stdout);
    let stats: Value = serde_json::from_str(&index(&dir, &["stats", "archive", "--json"]).ok()).unwrap();
    assert_eq!((&stats["documents"], stats["batches"].as_array().unwrap().len()), (&json!(14), 3));
}

/// That nothing comes of it must be seen.
#[test]
fn a_batch_that_the_index_has_is_told() {
    let dir = after_tuesday();
    index(&dir, &["forget", "archive", "--id", "new2"]).ok();
    let flags = ["--output", "clean-2", "--index", "archive", "--units", ALL, "--metrics", "m.prom"];
    let told = redite(&dir, ["dedup", "tuesday.jsonl"].iter().chain(&flags)).ends();
    assert_snapshot!("batch_once_more", told.seen());
    let metrics = std::fs::read_to_string(dir.path("m.prom")).unwrap();
    assert!(metrics.contains("\nredite_run_is_again 1\n"), "{metrics}");
    assert_snapshot!("stats_of_two_nights", index(&dir, &["stats", "archive"]).ok());
    let told: Value = serde_json::from_str(&index(&dir, &["stats", "archive", "--json"]).ok()).unwrap();
    assert_eq!((&told["remove"], told["batches"].as_array().unwrap().len()), (&json!(["documents"]), 2));
}

/// A generation that is only there to go back to is looked through as well.
#[test]
fn verify_looks_through_the_generation_before() {
    let dir = after_tuesday();
    let path = dir.path("archive/manifest-0000000001");
    std::fs::write(&path, [7; 300]).unwrap();
    let told = index(&dir, &["verify", "archive"]);
    assert!(told.code == 1 && told.stderr.contains("manifest-0000000001"), "{}", told.stderr);
    assert!(told.stderr.contains("only the previous generation"), "{}", told.stderr);
    // some do without it
    std::fs::remove_file(&path).unwrap();
    assert_eq!(index(&dir, &["verify", "archive"]).ok(), "generation 2: every file is whole\n");
}

/// Escapes are a matter of who wrote the record: an id is told the same with and without them.
#[test]
fn an_id_is_the_same_however_it_is_escaped() {
    let texts = [words(0..40), words(0..40)];
    let plain = named(&[("café/1", &texts[0]), ("b\n\"", &texts[1])]);
    let escaped = plain.replace("é", "\\u00e9").replace('/', "\\/").replace("\\n", "\\u000a");
    assert_ne!(plain, escaped);
    let told = |records: &str| {
        let dir = Dir::new().file("in.jsonl", records);
        let flags =
            ["--output", "out", "--index", "ix", "--matches", "m.jsonl", "--json", "-q", "--annotate"];
        redite(&dir, ["dedup", "in.jsonl"].iter().chain(&flags)).ends().ok();
        let matches = std::fs::read_to_string(dir.path("m.jsonl")).unwrap();
        assert_eq!(index(&dir, &["export", "ix"]).ok(), matches);
        let kept = std::fs::read_to_string(dir.path("out/in.jsonl")).unwrap();
        let copy_of = kept.split("copy_of").nth(2).unwrap().to_owned();
        let documents = index(&dir, &["export", "ix", "--documents", "-"]).ok();
        assert!(index(&dir, &["forget", "ix", "--id", "café/1"]).ok().starts_with("1 document forgotten\n"));
        (matches, copy_of, documents)
    };
    assert_eq!(told(&plain), told(&escaped));
    assert!(told(&plain).0.contains(r#"{"id":"café/1","#));
}

/// One file for two lists would lose one of them, however it is spelled.
#[test]
fn exported_lists_have_files_of_their_own() {
    let dir = after_monday();
    let before = files(dir.root());
    let twice = |matches: &str, documents: &str| {
        let ended = index(&dir, &["export", "archive", "--matches", matches, "--documents", documents]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{matches} {documents}: {ended:?}");
        assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    };
    twice("e.jsonl", "./e.jsonl");
    twice("e.jsonl", "archive/../e.jsonl");
    twice("m.jsonl", "d.jsonl.zst");
    #[cfg(unix)]
    {
        twice("-", "/dev/stdout");
        std::os::unix::fs::symlink(dir.path("e.jsonl"), dir.path("link.jsonl")).unwrap();
        std::fs::write(dir.path("e.jsonl"), "").unwrap();
        twice("e.jsonl", "link.jsonl");
        for name in ["e.jsonl", "link.jsonl"] {
            std::fs::remove_file(dir.path(name)).unwrap();
        }
    }
    assert_eq!(files(dir.root()), before);
}

#[test]
fn other_parameters_are_refused_with_both_values() {
    let dir = after_monday();
    let before = files(&dir.path("archive"));
    let told = |arguments: &str| {
        let ended = redite(&dir, arguments.split(' ')).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments}");
        format!("$ redite {arguments}\n{}\n", ended.stderr)
    };
    let lines = [
        "dedup tuesday.jsonl --output o --index archive --threshold 0.7",
        "dedup tuesday.jsonl --output o --index archive --units document",
        "dedup tuesday.jsonl --output o --index archive --seed 1",
        "audit tuesday.jsonl --index archive --min-tokens 5",
        "query tuesday.jsonl --index archive --passage 30",
        "query tuesday.jsonl",
        "query tuesday.jsonl --index none",
        "audit tuesday.jsonl --index none",
        "index stats none",
        "index forget none --id a",
        "index forget archive",
        "index compact none",
        "index export archive --matches - --documents -",
        "dedup tuesday.jsonl --output o --metrics -",
        "dedup tuesday.jsonl --output o --metrics x --matches x",
        "dedup tuesday.jsonl --output o --metrics tuesday.jsonl",
    ];
    assert_snapshot!("index_wrong_usage", lines.map(told).concat());
    assert!(files(&dir.path("archive")) == before);
    assert_eq!(names(dir.root()), ["archive", "tuesday.jsonl"]);
    // how records are read is free, and who only reads may look for less
    redite(&dir, ["audit", "tuesday.jsonl", "--index", "archive", "--units", "document", "-q"]).ends().ok();
}

/// A request that is wrong makes no folder for an index that was never begun.
#[test]
fn wrong_usage_leaves_no_index() {
    let dir = week().file("full/a.txt", "");
    for wrong in [
        "dedup missing.jsonl --output o --index archive",
        "dedup monday.jsonl --output none/o --index archive",
        "dedup monday.jsonl --output full --index archive",
        "dedup monday.jsonl --output o --index archive --threshold 2",
        "dedup monday.jsonl --output o --index archive --metrics monday.jsonl",
    ] {
        assert_eq!(redite(&dir, wrong.split(' ')).ends().code, 2, "{wrong}");
        assert_eq!(names(dir.root()), ["full", "monday.jsonl", "tuesday.jsonl"], "{wrong}");
    }
}

/// A volume that is not mounted is an empty folder, or none.
#[test]
fn an_index_that_has_to_be_there_is_not_begun() {
    let dir = week();
    std::fs::create_dir(dir.path("empty")).unwrap();
    let night = |index: &str, output: &str| {
        let flags = ["--index", index, "--no-new-index", "--output", output, "--quiet"];
        redite(&dir, ["dedup", "monday.jsonl"].into_iter().chain(flags)).ends()
    };
    for index in ["none", "empty"] {
        let ended = night(index, "o");
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{index}");
        assert!(ended.stderr.contains(&format!("`{index}`: there is no index")), "{}", ended.stderr);
        assert_eq!(names(dir.root()), ["empty", "monday.jsonl", "tuesday.jsonl"]);
        assert_eq!(names(&dir.path("empty")).len(), 0);
    }
    redite(&dir, ["dedup", "monday.jsonl", "--index", "archive", "--output", "first", "-q"]).ends().ok();
    night("archive", "again").ok();
}

#[test]
fn a_file_where_the_index_should_be_is_told() {
    let dir = week();
    let of = |arguments: &[&str]| {
        let ended = redite(&dir, arguments).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        ended.stderr
    };
    let stats = of(&["index", "stats", "monday.jsonl"]);
    assert!(stats.contains("monday.jsonl") && stats.contains("that is a file"), "{stats}");
    let dedup = of(&["dedup", "tuesday.jsonl", "--output", "o", "--index", "monday.jsonl"]);
    assert!(dedup.contains("monday.jsonl") && dedup.contains("that is a file"), "{dedup}");
    assert_eq!(names(dir.root()), ["monday.jsonl", "tuesday.jsonl"]);
}

/// An index of which nothing comes is not there afterwards.
#[test]
fn a_first_night_that_is_refused_leaves_no_index() {
    let dir = Dir::new().file("night.jsonl", records(&[words(0..30), words(0..30)]));
    for (flags, code) in [(&["--max-removed", "10%"][..], 4), (&["--source-field", "text"], 2)] {
        let flags = ["dedup", "night.jsonl", "--output", "o", "--index", "ix"].iter().chain(flags);
        assert_eq!(redite(&dir, flags).ends().code, code);
        assert_eq!(names(dir.root()), ["night.jsonl"]);
    }
    // what was there stays
    std::fs::create_dir(dir.path("ix")).unwrap();
    drop(Lock::take(&Folder::new(dir.path("ix"))).unwrap());
    assert_eq!(names(&dir.path("ix")), ["lock"]);
}

/// Of an archive the copies are seen only beside it, and none are told twice.
#[test]
fn a_refused_night_says_how_its_copies_are_looked_at() {
    let dir = after_tuesday()
        .file("more/a.jsonl", named(&[("x1", JAPANESE)]))
        .file("more/b.jsonl", named(&[("x2", FRENCH)]));
    let refused = redite(&dir, "dedup more --output o --index archive --max-removed 60%".split(' ')).ends();
    assert_eq!(refused.code, 4);
    let told = refused.stderr.split_once("all sources together").expect("both lose all").1;
    let expected = " lose 2 of 2 documents (100 %)\n\nhint: look at the copies with `redite audit INPUT --index archive`, or raise `--max-removed`\n";
    assert_eq!(told, expected);
    assert!(
        refused.stderr.contains("id x1 repeats") && refused.stderr.contains("id x2 repeats"),
        "{}",
        refused.stderr
    );
}

/// A folder that is moved away during a night is not begun anew in its place.
#[test]
fn an_index_that_is_moved_away_is_missed() {
    let dir = after_monday();
    let folder = Folder::new(dir.path("archive"));
    std::fs::rename(dir.path("archive"), dir.path("away")).unwrap();
    assert!(folder.create("segment-0000000009").is_err());
    assert!(!dir.path("archive").exists());
    std::fs::create_dir(dir.path("archive")).unwrap();
    assert!(folder.create("segment-0000000009").is_err());
    assert_eq!(names(&dir.path("archive")), [""; 0]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path("nowhere"), dir.path("link")).unwrap();
        let ended = night_into(&dir, "link");
        assert!(ended.code == 1 && ended.stderr.contains("locking the index failed"), "{ended:?}");
    }
}

#[cfg(unix)]
fn night_into(dir: &Dir, index: &str) -> Ended {
    redite(dir, ["dedup", "tuesday.jsonl", "--output", "o", "--index", index, "-q"]).ends()
}

/// Neither a writer nor one of the commands that change it waits; who only reads need not.
#[test]
fn a_second_writer_is_told_at_once_who_is_there() {
    let dir = after_monday();
    let lock = Lock::take(&Folder::new(dir.path("archive"))).unwrap();
    let told = format!(
        "exit 1\n--- stdout\n--- stderr\nerror: `archive`: the index is being changed by process {}\n\n\
         hint: wait until it ends; reading is possible meanwhile\n",
        std::process::id()
    );
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").seen(), told);
    for command in
        [&["forget", "archive", "--id", "fr1"][..], &["compact", "archive"], &["rollback", "archive"]]
    {
        assert_eq!(index(&dir, command).seen(), told);
    }
    redite(&dir, ["audit", "tuesday.jsonl", "--index", "archive", "-q"]).ends().ok();
    assert_eq!(index(&dir, &["verify", "archive"]).ok(), "generation 1: every file is whole\n");
    drop(lock);
    assert_eq!(night(&dir, "tuesday.jsonl", "clean").code, 0);
    assert_eq!(names(dir.root()), ["archive", "clean", "tuesday.jsonl"]);
}

/// Permissions mean nothing to root, so times and names are looked at too.
#[cfg(unix)]
#[test]
fn reading_writes_not_one_byte() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = after_tuesday();
    let archive = dir.path("archive");
    let mode = |folder: u32, file: u32| {
        for name in names(&archive) {
            std::fs::set_permissions(archive.join(name), PermissionsExt::from_mode(file)).unwrap();
        }
        std::fs::set_permissions(&archive, PermissionsExt::from_mode(folder)).unwrap();
    };
    let looks = || {
        let of = |path: &Path| {
            let metadata = path.metadata().unwrap();
            (metadata.ino(), metadata.mtime_nsec(), metadata.ctime_nsec(), metadata.len())
        };
        let mut looks: Vec<_> = names(&archive).iter().map(|name| of(&archive.join(name))).collect();
        looks.push(of(&archive));
        looks
    };
    mode(0o555, 0o444);
    let before = (looks(), files(&archive));
    redite(&dir, ["audit", "tuesday.jsonl", "--index", "archive", "-q"]).ends().ok();
    redite(&dir, ["query", "tuesday.jsonl", "--index", "archive", "-q"]).ends().ok();
    for command in ["stats", "verify", "export"] {
        index(&dir, &[command, "archive"]).ok();
    }
    assert!((looks(), files(&archive)) == before);
    mode(0o755, 0o644);
}

#[test]
fn a_text_piped_in_is_found() {
    let dir = after_tuesday();
    std::fs::remove_file(dir.path("tuesday.jsonl")).unwrap();
    let quoting = format!("Une phrase qui n’est nulle part ailleurs.\n{FRENCH}\n");
    assert_snapshot!("query", redite(&dir, ["query", "--index", "archive", "-"]).given(&quoting).seen());
    for (text, id) in [(JAPANESE, "ja1"), (ARABIC, "ar1"), (FRENCH, "fr1")] {
        let lines = redite(&dir, ["query", "--index", "archive", "-", "--matches", "-"]).given(text).ok();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!((&first["original"]["id"], &first["kind"]), (&id.into(), &"exact".into()), "{lines}");
    }
    let none = redite(&dir, ["query", "--index", "archive", "-"]).given("nothing of this is known").ok();
    assert!(none.contains("documents   0 of 1 are copies"), "{none}");
}

/// Who asks about what is a whole batch of the index is told where it stands, not what came before it.
#[test]
fn a_question_that_is_a_batch_is_found() {
    let dir = after_tuesday();
    let told = |command: &str| {
        let told = redite(&dir, [command, "tuesday.jsonl", "--index", "archive", "--json"]).ends().ok();
        serde_json::from_str::<Value>(&told).unwrap()
    };
    for told in ["query", "audit"].map(told) {
        assert_eq!(told["documents"]["originals"], 0);
        assert_eq!(told["index"]["copies_of_index"]["documents"], 5);
        assert_eq!(told["index"]["batches"], 2);
    }
}

#[test]
fn what_an_index_holds_and_that_it_is_whole() {
    let dir = after_tuesday();
    assert_snapshot!("stats", index(&dir, &["stats", "archive"]).ok());
    let stats: Value = serde_json::from_str(&index(&dir, &["stats", "archive", "--json"]).ok()).unwrap();
    assert_eq!(
        stats["batches"][1]["of_documents"],
        json!({
            "originals": 1, "exact_copies": 2, "near_copies": 2, "contained_copies": 0
        })
    );
    let bytes: u64 = files(&dir.path("archive"))
        .iter()
        .filter(|(name, _)| name != "lock")
        .filter(|(name, _)| name != "manifest-0000000001")
        .map(|(_, bytes)| bytes.len() as u64)
        .sum();
    assert_eq!(stats["bytes"]["total"], bytes);
    let both = "generation 2: every file is whole\ngeneration 1, to go back to: every file is whole\n";
    assert_eq!(index(&dir, &["verify", "archive"]).ok(), both);
    for (name, bytes) in files(&dir.path("archive")) {
        if name == "lock" || name == "manifest-0000000001" {
            continue;
        }
        let path = dir.path("archive").join(&name);
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        let told = index(&dir, &["verify", "archive"]);
        assert_eq!((told.code, told.stdout.as_str()), (1, ""), "{name}");
        let start = format!("error: `archive/{name}`: damaged at byte ");
        let at = told.stderr.strip_prefix(&start).unwrap_or_else(|| panic!("{}", told.stderr));
        let at: usize = at.split(':').next().unwrap().parse().unwrap();
        // a page is checked as a whole, a manifest too
        assert!(at <= bytes.len() / 2, "{}", told.stderr);
        assert!(name.starts_with("manifest") || at + 4096 > bytes.len() / 2, "{}", told.stderr);
        std::fs::write(&path, bytes).unwrap();
    }
    index(&dir, &["verify", "archive"]).ok();
}

#[test]
fn what_is_not_of_an_index_stays_in_its_folder() {
    let dir = week();
    redite(&dir, ["dedup", "monday.jsonl", "--index", "data", "--output", "clean", "-q"]).ends().ok();
    let others = ["texts-2026.jsonl", "manifest-fr.jsonl", "segment-1", "texts-00000000001.md"];
    for name in others {
        std::fs::copy(dir.path("monday.jsonl"), dir.path("data").join(name)).unwrap();
    }
    redite(&dir, ["dedup", "tuesday.jsonl", "--index", "data", "--output", "clean-2", "-q"]).ends().ok();
    index(&dir, &["compact", "data"]).ok();
    let monday = std::fs::read(dir.path("monday.jsonl")).unwrap();
    for name in others {
        assert_eq!(std::fs::read(dir.path("data").join(name)).unwrap(), monday, "{name}");
    }
}

/// No answer is written over another one, into the records' folder or into the index, however its path is spelled.
#[test]
fn each_output_has_a_place_of_its_own() {
    let dir = after_monday();
    let before = files(&dir.path("archive"));
    let root = dir.root().to_str().unwrap().to_owned();
    let dedup = "dedup tuesday.jsonl --output clean";
    let refused = [
        format!("{dedup} --matches m.jsonl --removed ./m.jsonl"),
        format!("audit tuesday.jsonl --matches {root}/x --report x"),
        format!("{dedup} --floor 0.5 --matches f.jsonl --metrics f.pairs.jsonl"),
        format!("{dedup} --index archive --matches clean"),
        format!("{dedup} --index archive --report archive/texts-0000000000"),
        format!("{dedup} --index clean"),
        format!("{dedup} --index clean/archive"),
        "audit tuesday.jsonl --index archive --matches archive/lock".to_owned(),
        "index export archive --documents archive/texts-0000000000".to_owned(),
    ];
    std::fs::create_dir(dir.path("clean")).unwrap();
    for line in refused.iter().chain([&format!("{dedup} --removed clean/tuesday.jsonl")]) {
        let ended = redite(&dir, line.split(' ')).ends();
        assert_eq!(ended.code, 2, "{line}: {}", ended.stderr);
        assert!(names(&dir.path("clean")).is_empty(), "{line}");
        assert_eq!(files(&dir.path("archive")), before, "{line}");
    }
}

#[test]
fn an_index_without_its_manifests_is_not_begun_anew() {
    let dir = after_tuesday();
    let manifests: Vec<String> =
        names(&dir.path("archive")).into_iter().filter(|name| name.starts_with("manifest-")).collect();
    assert_eq!(manifests.len(), 2);
    let kept: Vec<Vec<u8>> =
        manifests.iter().map(|name| std::fs::read(dir.path("archive").join(name)).unwrap()).collect();
    manifests.iter().for_each(|name| std::fs::remove_file(dir.path("archive").join(name)).unwrap());
    let before = files(&dir.path("archive"));
    for line in [
        "dedup tuesday.jsonl --output new --index archive",
        "audit tuesday.jsonl --index archive",
        "index stats archive",
        "index verify archive",
        "index rollback archive",
        "index compact archive",
    ] {
        let refused = redite(&dir, line.split(' ')).ends();
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{line}");
        let told = "part of an index, but the folder has no manifest\n\nhint: put a copy of the folder in its place\n";
        assert!(refused.stderr.ends_with(told), "{line}: {}", refused.stderr);
    }
    assert_eq!(files(&dir.path("archive")), before);
    for (name, bytes) in manifests.iter().zip(kept) {
        std::fs::write(dir.path("archive").join(name), bytes).unwrap();
    }
    index(&dir, &["verify", "archive"]).ok();
}

/// Nor among other files, or in an input, however that is called: its files would be taken for records.
#[test]
fn an_index_is_begun_in_a_folder_of_its_own() {
    let dir = week().file("in/a.txt", words(0..30)).file("other/notes.txt", "x");
    let before = names(dir.root());
    let refused = |line: &str, told: &str| {
        let ended = redite(&dir, line.split(' ')).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{line}");
        assert!(ended.stderr.contains(told), "{line}: {}", ended.stderr);
        assert_eq!(names(dir.root()), before);
        assert_eq!(
            (names(&dir.path("in")), names(&dir.path("other"))),
            (vec!["a.txt".into()], vec!["notes.txt".into()])
        );
    };
    let other = "`other`: it is not empty (there is `notes.txt`), and holds no index\n\nhint: name a folder of its own";
    refused("dedup monday.jsonl --output o --index other", other);
    let lies =
        "the index can't lie in the input `in`\n\nhint: give it a folder of its own, beside the inputs";
    for index in ["in", "in/archive", "./other/../in/x"] {
        refused(&format!("dedup monday.jsonl in --output o --index {index}"), lies);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("in", dir.path("link")).unwrap();
        let ended = redite(&dir, "dedup in --output o --index link/archive".split(' ')).ends();
        assert!(ended.code == 2 && ended.stderr.contains(lies), "{}", ended.stderr);
    }
    // what a first night leaves that is interrupted, and what a file system has everywhere
    for name in
        ["lock", "texts-0000000000", "segment-0000000001", "manifest-0000000001.tmp", "lost+found/x", ".keep"]
    {
        let path = dir.path("archive").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    assert_eq!(night(&dir, "monday.jsonl", "clean").code, 0);
    index(&dir, &["verify", "archive"]).ok();
}

#[test]
fn export_is_what_the_nights_told() {
    let dir = week();
    let mut matches = String::new();
    for (input, output) in [("monday.jsonl", "c1"), ("tuesday.jsonl", "c2")] {
        let flags = ["--output", output, "--index", "archive", "--units", ALL, "--matches", "m.jsonl", "-q"];
        redite(&dir, ["dedup", input].iter().chain(&flags)).ends().ok();
        matches += &std::fs::read_to_string(dir.path("m.jsonl")).unwrap();
    }
    assert_eq!(index(&dir, &["export", "archive"]).ok(), matches);
    assert_eq!(index(&dir, &["export", "archive", "--matches", "-"]).ok(), matches);
    assert_eq!(
        index(&dir, &["export", "archive", "--matches", "e.jsonl", "--documents", "d.jsonl"]).ok(),
        ""
    );
    assert_eq!(std::fs::read_to_string(dir.path("e.jsonl")).unwrap(), matches);
    let documents = std::fs::read_to_string(dir.path("d.jsonl")).unwrap();
    assert_eq!(index(&dir, &["export", "archive", "--documents", "-"]).ok(), documents);
    let told: Vec<Value> = documents.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = json!({"id": "fr1", "source": "monday.jsonl", "record": 0, "text": FRENCH});
    assert_eq!((told.len(), &told[0]), (9, &first));
    assert!(!names(dir.root()).contains(&"-".to_owned()), "a file called `-`");
}

#[cfg(feature = "parquet")]
#[test]
fn export_as_tables_has_the_same_rows() {
    let dir = after_tuesday();
    // ids of other types, and none: as strings, since a column has one type
    let odd = format!("{}\n{}\n", json!({"id": 7, "text": FRENCH}), json!({"text": JAPANESE}));
    std::fs::write(dir.path("wednesday.jsonl"), odd).unwrap();
    assert_eq!(night(&dir, "wednesday.jsonl", "clean-3").code, 0);
    let tables = ["export", "archive", "--matches", "e.parquet", "--documents", "d.Parquet"];
    assert_eq!(index(&dir, &tables).ok(), "");
    let with_string_ids = |line: &str| -> Value {
        let mut row: Value = serde_json::from_str(line).unwrap();
        for at in ["/id", "/copy/id", "/original/id"] {
            if let Some(id) = row.pointer_mut(at).filter(|id| !id.is_null() && !id.is_string()) {
                *id = json!(id.to_string());
            }
        }
        row
    };
    for (list, file, least) in [("--matches", "e.parquet", 10), ("--documents", "d.Parquet", 11)] {
        let lines = index(&dir, &["export", "archive", list, "-"]).ok();
        let lines: Vec<Value> = lines.lines().map(with_string_ids).collect();
        assert_eq!(crate::language::rows(&dir.path(file)), lines);
        assert!(lines.len() >= least, "{}", lines.len());
    }
}

#[test]
fn a_night_tells_new_groups_grown_ones_and_sources() {
    let dir = after_monday();
    let flags = ["--output", "clean", "--index", "archive", "--units", ALL, "-q", "--json"];
    std::fs::write(dir.path("extra.jsonl"), named(&[("fr3", FRENCH), ("other", &words(700..760))])).unwrap();
    let told = redite(&dir, ["dedup", "tuesday.jsonl", "extra.jsonl"].iter().chain(&flags)).ends().ok();
    let told: Value = serde_json::from_str(&told).unwrap();
    let night = &told["index"];
    // new2 and new3 are a group of their own; fr2, fr3, ja2 and ar2 came to groups of monday
    let counts = json!({"new": 1, "copies_in_new": 1, "grown": 3, "copies_in_grown": 4});
    assert_eq!(night["groups"]["documents"], counts);
    assert_eq!(night["groups"]["paragraphs"], counts);
    let largest = &night["groups"]["largest"];
    assert_eq!(largest.as_array().unwrap().len(), 4);
    let first = json!({"id": "fr1", "source": "monday.jsonl", "record": 0, "is_new": false, "copies": 2});
    assert_eq!(largest[0], first);
    assert_eq!(largest[3]["id"], "new2");
    assert_eq!(largest[3]["is_new"], true);
    let sources = json!([
        {"name": "tuesday.jsonl", "documents": 5, "originals": 1, "copies": 4, "copies_of_index": 3},
        {"name": "extra.jsonl", "documents": 2, "originals": 1, "copies": 1, "copies_of_index": 1},
    ]);
    assert_eq!(night["sources"], sources);
    // the same for a person, when it is run again
    let told = redite(&dir, ["dedup", "tuesday.jsonl", "extra.jsonl"].iter().chain(&flags[..7])).ends().ok();
    let start = told.find("  new groups").unwrap();
    assert_snapshot!(told[start..told.find("  batch  ").unwrap()], @r"
    new groups     1 (+1 copy) of documents, 1 (+1 copy) of paragraphs
    groups grown   3 (+4 copies) of documents, 3 (+4 copies) of paragraphs
      +2 grown: monday.jsonl, record 1, id fr1
      +1 grown: monday.jsonl, record 2, id ja1
      +1 grown: monday.jsonl, record 3, id ar1
      +1 new: tuesday.jsonl, record 4, id new2
    documents    originals       copies   of index  source
            5            1            4          3  tuesday.jsonl
            2            1            1          1  extra.jsonl
    ");
    // what is told adds up
    let groups = &night["groups"]["documents"];
    let copies = groups["copies_in_new"].as_u64().unwrap() + groups["copies_in_grown"].as_u64().unwrap();
    assert_eq!(night["copies"]["documents"], copies);
    assert_eq!(night["copies_of_index"]["documents"], groups["copies_in_grown"]);
}

/// `| head` of all that tells much.
#[test]
fn a_reader_that_has_seen_enough_of_an_export_is_no_error() {
    let texts: Vec<_> = (0..3000).map(|i| words(i % 500..i % 500 + 30)).collect();
    let dir = Dir::new().file("corpus.jsonl", records(&texts));
    redite(&dir, ["dedup", "corpus.jsonl", "--output", "o", "--index", "archive", "-q"]).ends().ok();
    for list in ["--matches", "--documents"] {
        let mut child = redite(&dir, ["index", "export", "archive", list, "-"]).start();
        let mut stdout = child.stdout.take().unwrap();
        std::io::Read::read_exact(&mut stdout, &mut [0]).unwrap();
        drop(stdout);
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{list}");
    }
}

#[test]
fn nights_that_bring_nothing() {
    let dir = Dir::new()
        .file("empty.jsonl", "")
        .file("bad.jsonl", "nonsense\n{\"x\":1}\n")
        .file("a.jsonl", records(&[words(0..40)]));
    std::fs::create_dir(dir.path("nobody")).unwrap();
    let run = |input: &str, output: &str| {
        redite(&dir, ["dedup", input, "--output", output, "--index", "archive", "-q", "--json"]).ends().ok()
    };
    run("empty.jsonl", "o1");
    run("empty.jsonl", "o1");
    run("nobody", "o3");
    assert_eq!(std::fs::read(dir.path("o1/empty.jsonl")).unwrap(), b"");
    let stats = index(&dir, &["stats", "archive"]).ok();
    assert!(stats.contains("documents                0") && !stats.contains("of the text"), "{stats}");
    index(&dir, &["verify", "archive"]).ok();
    run("a.jsonl", "o4");
    let asked = redite(&dir, ["query", "--index", "archive", "-"]).given(words(0..40)).ok();
    assert!(asked.contains("documents   1 of 1 are copies"), "{asked}");
}

/// A feed that has renamed its fields is no empty night: it neither passes for a good one nor becomes a batch.
#[test]
fn a_night_of_which_nothing_can_be_used_is_refused() {
    let record = |i: usize| format!("{{\"id\":{i},\"body\":\"{}\"}}\n", words(20 * i..20 * (i + 1)));
    let renamed = (1_000..1_060).map(record).collect::<String>() + "nonsense\n";
    let dir = after_monday().file("tonight/feed.jsonl", renamed).file("tonight/empty.jsonl", "");
    let before = files(&dir.path("archive"));
    let flags = [
        "--index",
        "archive",
        "--output",
        "clean",
        "--max-removed",
        "50%",
        "--metrics",
        "m.prom",
        "--units",
        ALL,
    ];
    let run = |more: &[&str]| redite(&dir, ["dedup", "tonight"].iter().chain(&flags).chain(more)).ends();
    for more in [&["-q", "--json"][..], &["--strict"], &["--memory", "200MiB"]] {
        let refused = run(more);
        assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{}", refused.stderr);
        assert!(refused.stderr.ends_with("error: nothing was written: of 61 records and files none could be used\n\n  \
            1 not valid JSON, first tonight/feed.jsonl:61: expected an object, found `nonsense`\n  \
            60 without the text field, first tonight/feed.jsonl:1: no field `text`; there are `id`, `body`; `--text-field` names one\n\n\
            hint: say how they are to be read with `--text-field` or `--format`, or leave them out\n"), "{}", refused.stderr);
        assert_eq!(names(dir.root()), ["archive", "tonight", "tuesday.jsonl"]);
        assert!(files(&dir.path("archive")) == before);
    }
    assert_eq!(run(&["-q", "--text-field", "body"]).code, 0);
}

/// The numbers of the run and of the index, each family told once with its type, in a file that any reader of
/// the format takes.
#[test]
fn metrics_are_what_the_textfile_collector_reads() {
    let dir = after_monday().file("redite.prom", "old");
    let flags = ["--output", "clean", "--index", "archive", "--units", ALL, "--metrics", "redite.prom", "-q"];
    redite(&dir, ["dedup", "tuesday.jsonl"].iter().chain(&flags)).ends().ok();
    let told = std::fs::read_to_string(dir.path("redite.prom")).unwrap();
    let mut family = String::new();
    let mut families = Vec::new();
    let mut masked = String::new();
    for line in told.lines() {
        if let Some(of) = line.strip_prefix("# HELP ") {
            family = of.split(' ').next().unwrap().to_owned();
            assert!(!families.contains(&family), "{family} is told twice");
            families.push(family.clone());
        } else if line.starts_with('#') {
            assert_eq!(line, format!("# TYPE {family} gauge"));
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next().unwrap(), family);
            assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
            let is_measured = ["_seconds", "memory"].iter().any(|of| name.contains(of));
            masked += &if is_measured { format!("{name} …\n") } else { format!("{line}\n") };
        }
    }
    assert!(told.ends_with('\n'));
    assert_snapshot!("metrics", masked);
    let sum = |of: &str| -> u64 {
        let of = masked.lines().filter(|line| line.starts_with(of));
        of.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!(sum("redite_run_units{unit=\"document\""), sum("redite_run_records"));
    assert_eq!(names(dir.root()), ["archive", "clean", "redite.prom", "tuesday.jsonl"]);
    // a run that fails leaves the numbers of the last one that did not
    let failed = redite(
        &dir,
        [
            "dedup",
            "tuesday.jsonl",
            "--output",
            "clean",
            "--index",
            "archive",
            "--seed",
            "1",
            "--metrics",
            "redite.prom",
        ],
    );
    assert_eq!(failed.ends().code, 2);
    assert_eq!(std::fs::read_to_string(dir.path("redite.prom")).unwrap(), told);
}

#[test]
fn a_query_says_that_it_names_the_first_place() {
    let dir = after_tuesday();
    let asked = redite(&dir, ["query", "--index", "archive", "-"]).given(JAPANESE).ok();
    assert!(asked.contains("original  monday.jsonl, record 2, id ja1, in the index"), "{asked}");
    assert!(asked.contains("one is told: the most similar original, of these the first\n"), "{asked}");
    let help = redite(&dir, ["query", "--help"]).ends().ok();
    assert!(help.contains("stands in several places, one is told: the most similar original"), "{help}");
}

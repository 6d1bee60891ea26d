//! `redite dedup` on tables and archives: what is kept is kept as it was, in every format and packing.

use std::io::Read;
use std::path::Path;

use insta::assert_snapshot;
use redite::dedup::{Removal, Rules};
use redite::error::Error;
use redite::order::Prefer;
use redite::params::Params;
use redite::pipeline::{Progress, Surroundings};
use redite::write::{folder::Folder, places::Places, records::Records};

use crate::cli::{names, redite};
use crate::containers::{archive, bz2, conversion, rows, xz};
use crate::language::{Deduplicated, Dir, Numbers, dedup, files, gz, words, zst};

pub(crate) type Pack = fn(&[u8]) -> Vec<u8>;

/// Every packing, in several members where there may be.
pub(crate) const PACKS: [(&str, Pack); 5] = [
    ("", |bytes| bytes.to_vec()),
    (".gz", |bytes| bytes.chunks(997).flat_map(gz).collect()),
    (".zst", |bytes| bytes.chunks(997).flat_map(zst).collect()),
    (".bz2", |bytes| bytes.chunks(997).flat_map(bz2).collect()),
    (".xz", |bytes| bytes.chunks(997).flat_map(xz).collect()),
];

pub(crate) fn unpacked(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut from: Box<dyn Read + '_> = match name.rsplit_once('.').unwrap().1 {
        "gz" => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        "zst" => Box::new(zstd::Decoder::new(bytes).unwrap()),
        "bz2" => Box::new(bzip2::read::MultiBzDecoder::new(bytes)),
        "xz" => Box::new(liblzma::read::XzDecoder::new_multi_decoder(bytes)),
        _ => Box::new(bytes),
    };
    from.read_to_end(&mut plain).unwrap();
    plain
}

/// Texts of which some are copies or edited copies of others, with quotes, delimiters and line ends in them.
pub(crate) fn texts(seed: u64, count: usize) -> Vec<String> {
    let mut numbers = Numbers(seed);
    let mut texts: Vec<String> = Vec::new();
    for _ in 0..count {
        let first = 40 * numbers.below(1000);
        let text = match texts.get(numbers.below(texts.len() * 2 + 1)).cloned() {
            None => {
                let text = words(first..first + 5 + numbers.below(60));
                [text.clone(), text.replacen(' ', "\r\n\"said\", \tand\n\n", 3)][numbers.below(2)].clone()
            }
            Some(text) => text.replacen(&format!("w{}", 40 * numbers.below(1000) + 7), "edited", 1),
        };
        texts.push(text);
    }
    texts
}

pub(crate) fn run(dir: &Dir, input: &str, output: &str) -> Deduplicated {
    let (input, output) = (dir.path(input), dir.path(output));
    dedup((&input, &output), &Params::dedup(), (Prefer::First, &[]), &Surroundings::default()).unwrap()
}

/// The ids of what is kept.
pub(crate) fn kept(of: &Deduplicated) -> Vec<usize> {
    let kept = (0..of.outcome.documents()).filter(|&document| !of.removal.is_removed(document));
    kept.map(|document| of.outcome.id(document).unwrap().trim_matches('"').parse().unwrap()).collect()
}

/// The only file below a folder.
pub(crate) fn only(folder: &Path) -> Vec<u8> {
    let mut all = files(folder);
    assert_eq!(all.len(), 1);
    all.remove(0).1
}

#[test]
fn kept_rows_and_records_are_the_same_bytes_in_every_packing() {
    let texts = texts(5, 120);
    let lines = Dir::new().file("in/x.jsonl", crate::containers::lines(&texts));
    let expected = kept(&run(&lines, "in", "out"));
    assert!(expected.len() > 30 && expected.len() < 100, "{}", expected.len());
    // headers and records by themselves, and how they stand together
    let of_rows = |delimiter, end: &str| -> Vec<String> {
        let row =
            |i: usize| rows(&texts[i..=i], delimiter, end).replacen(&rows(&[""; 0], delimiter, end), "", 1);
        let numbered = |i: usize| {
            let with = |i: usize| format!("\"{delimiter}{i}{delimiter}");
            row(i).replacen(&with(0), &with(i), 1)
        };
        (0..texts.len()).map(numbered).collect()
    };
    let table = |head: String, rows: Vec<String>, between: &str, behind: &str| {
        let only: Vec<String> = expected.iter().map(|&i| rows[i].clone()).collect();
        // what stands between two rows stays, whatever becomes of them
        let mut clean = head.clone();
        for (i, row) in rows.iter().enumerate() {
            clean += if expected.contains(&i) { row } else { "" };
            clean += between;
        }
        let all: String = rows.iter().map(|row| row.clone() + between).collect();
        assert!(!only.is_empty());
        (head + &all + behind, clean + behind)
    };
    let head = |delimiter, end: &str| rows(&[""; 0], delimiter, end);
    let records: Vec<String> =
        texts.iter().enumerate().map(|(i, text)| conversion(i, text.len(), text)).collect();
    let info = "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 6\r\n\r\ninfo\r\n\r\n\r\n";
    let cases = [
        ("x.csv", table(head(',', "\n"), of_rows(',', "\n"), "", "")),
        ("x.csv", table(format!("\u{feff}{}", head(',', "\r\n")), of_rows(',', "\r\n"), "\r\n", "\n\n")),
        ("x.tsv", table(head('\t', "\n"), of_rows('\t', "\n"), "\n", "")),
        ("x.csv", table(head(',', "\r"), of_rows(',', "\r"), "", "\n")),
        ("x.csv", table(format!("\u{feff}{}", head(';', "\r\n")), of_rows(';', "\r\n"), "", "\r\n")),
        ("x.tsv", table(head('|', "\n"), of_rows('|', "\n"), "\n", "")),
        ("x.warc.wet", table(info.to_owned(), records.clone(), "", info)),
        ("x.wet", table("\r\n".to_owned() + info, records, info, "")),
    ];
    for (case, (name, (whole, clean))) in cases.iter().enumerate() {
        for (ending, pack) in PACKS {
            let name = format!("{name}{ending}");
            let dir = Dir::new().file(&format!("in/{name}"), pack(whole.as_bytes()));
            let first = run(&dir, "in", "out");
            assert_eq!(kept(&first), expected, "{case}: {name}");
            let all = &first.removal.all;
            assert_eq!((all.read, all.skipped, all.kept), (120, 0, expected.len() as u64));
            let written = only(&dir.path("out"));
            let found = String::from_utf8(unpacked(&name, &written)).unwrap();
            assert!(&found == clean, "{case}: {name}: {found}");
            assert_eq!(run(&dir, "out", "again").removal.all.removed, 0);
            assert!(only(&dir.path("again")) == written, "{case}: {name}");
        }
    }
    // the sample in the tests and the one here are the same
    assert_eq!(table(head(',', "\n"), of_rows(',', "\n"), "", "").0, rows(&texts, ',', "\n"));
    assert!(archive(&texts).contains(info));
}

/// Tools that read single records of an archive want each in a member of its own.
#[test]
fn a_packed_archive_has_a_member_for_each_record() {
    let dir = Dir::new().file("in/x.wet.gz", gz(archive(&[words(0..30), words(0..30), words(50..80)])));
    run(&dir, "in", "out");
    let written = only(&dir.path("out"));
    let mut left = &written[..];
    let mut members = Vec::new();
    while !left.is_empty() {
        let mut member = String::new();
        let mut decoder = flate2::bufread::GzDecoder::new(left);
        decoder.read_to_string(&mut member).unwrap();
        left = decoder.into_inner();
        members.push(member);
    }
    assert_eq!(members.len(), 4);
    assert!(members.iter().all(|member| member.starts_with("WARC/1.0\r\n")), "{members:?}");
}

#[test]
fn bad_rows_are_left_out_and_counted() {
    let [one, two, three] = [words(0..30), words(100..130), words(200..230)];
    let table = format!(
        "\u{feff}id,text\r\n\r\n1,{one}\r\n2,{one},x\r\n3\r\n4,\"{two}\"\r\n5,{one}\r\n6,{three}\r\n7,\"open\r\n8,{two}\r\n"
    );
    let clean = format!("\u{feff}id,text\r\n\r\n1,{one}\r\n4,\"{two}\"\r\n6,{three}\r\n");
    let dir = Dir::new().file("in/a.csv", &table);
    let found = run(&dir, "in", "out").removal.all;
    assert_eq!((found.read, found.kept, found.removed, found.skipped), (7, 3, 1, 3));
    assert_eq!(only(&dir.path("out")), clean.as_bytes());
    // a large row, and bytes that are no text
    let large = format!("id,text\n1,{one}\n2,\"{}\n{}\"\n3,", "x".repeat(600_000), "y".repeat(600_000));
    let table = [large.as_bytes(), b"\xFF\xFE\n4,", two.as_bytes()].concat();
    let dir = Dir::new().file("in/a.csv", table);
    let params = Params { max_record: 1 << 20, ..Params::dedup() };
    let (input, output) = (dir.path("in"), dir.path("out"));
    let found = dedup((&input, &output), &params, (Prefer::First, &[]), &Surroundings::default()).unwrap();
    assert_eq!((found.removal.all.kept, found.removal.all.skipped), (2, 2));
    assert_eq!(only(&dir.path("out")), format!("id,text\n1,{one}\n4,{two}").as_bytes());
}

#[test]
fn bad_records_of_an_archive_are_left_out_and_counted() {
    let info = "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 6\r\n\r\ninfo\r\n\r\n\r\n";
    let [one, two] = [words(0..30), words(100..130)];
    let good = [conversion(1, one.len(), &one), conversion(2, two.len(), &two)];
    let wrong = conversion(3, 7, "longer than it says");
    let whole = ["garbage\r\n", info, &good[0], &wrong, info, &good[0], &good[1], &good[1][..90]].concat();
    let dir = Dir::new().file("in/a.wet", whole);
    let found = run(&dir, "in", "out");
    let all = &found.removal.all;
    assert_eq!((all.read, all.kept, all.removed), (all.skipped + 3, 2, 1));
    let written = String::from_utf8(only(&dir.path("out"))).unwrap();
    assert_eq!(written, [info, &good[0], info, &good[1]].concat());
}

/// Of a file that breaks off what was readable is written, as a whole file.
#[test]
fn truncated_files_give_what_was_readable() {
    let texts: Vec<String> = (0..400).map(|i| words(i / 2 * 50..i / 2 * 50 + 40)).collect();
    for name in ["a.csv.gz", "a.csv.zst", "a.csv.bz2", "a.csv.xz", "a.wet.gz", "a.wet.zst"] {
        let whole = if name.contains("csv") { rows(&texts, ',', "\n") } else { archive(&texts) };
        let pack = PACKS.iter().find(|(ending, _)| name.ends_with(ending) && !ending.is_empty()).unwrap().1;
        let packed = pack(whole.as_bytes());
        let dir = Dir::new().file(&format!("in/{name}"), &packed[..packed.len() * 3 / 4]);
        let found = run(&dir, "in", "out");
        let all = found.removal.all;
        assert!(all.kept > 100 && all.kept < 200 && !found.outcome.skips().is_empty(), "{name}: {all:?}");
        let again = run(&dir, "out", "again").removal.all;
        assert_eq!((again.kept, again.removed, again.skipped), (all.kept, 0, 0), "{name}");
        assert!(only(&dir.path("out")) == only(&dir.path("again")), "{name}");
    }
}

/// No column of texts, or no header that ends: there is nothing to write.
#[test]
fn files_of_which_nothing_can_be_used_are_not_written() {
    let dir = Dir::new()
        .file("in/a.csv", "id,body\n1,one\n")
        .file("in/b.tsv", "\"id\ttext\n")
        .file("in/c.wet.gz", "this is no archive at all, and not packed")
        .file("in/d.parquet", "no table")
        .file("in/e.csv", "")
        .file("in/f.wet", "nothing of the kind");
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", dir.path("in/g.csv")).unwrap();
    run(&dir, "in", "out");
    assert_eq!(names(&dir.path("out")), ["e.csv"]);
}

#[test]
fn an_input_that_changes_during_the_run_is_noticed() {
    let texts = [words(0..30), words(50..80), words(0..30)];
    #[cfg_attr(not(feature = "parquet"), expect(unused_mut, reason = "one container less"))]
    let mut cases: Vec<(&str, Vec<u8>)> = vec![
        ("a.csv", rows(&texts, ',', "\n").into()),
        ("b.csv", rows(&texts, ';', "\n").into()),
        ("a.wet", archive(&texts).into()),
        ("a.tsv.gz", gz(rows(&texts, '\t', "\n"))),
    ];
    #[cfg(feature = "parquet")]
    {
        use crate::containers::parquet::{Layout, table};
        cases.push(("a.parquet", table(&texts, Layout::plain(2))));
        cases.push(("b.parquet.gz", gz(table(&texts, Layout::plain(2)))));
    }
    for (name, bytes) in cases {
        let dir = Dir::new().file(&format!("in/{name}"), &bytes);
        let inputs = [dir.path("in")];
        // as if the system told no times: the content alone gives it away
        let mut sources = redite::read::sources::find(&inputs, None).unwrap();
        sources.files[0].modified = None;
        let places = Places::new(&inputs, &sources.files).unwrap();
        let (surroundings, progress) = (Surroundings::default(), Progress::default());
        let outcome = redite::pipeline::audit(sources, &Params::dedup(), &surroundings, &progress).unwrap();
        let removal = Removal::new(&outcome, &Rules::default()).unwrap();
        assert_eq!(removal.all.removed, 1);
        let plain = unpacked(name, &bytes);
        let at = plain.windows(3).position(|window| window == b"w55").unwrap();
        let changed = [&plain[..at], b"w99", &plain[at + 3..]].concat();
        let changed = if name.ends_with("gz") { gz(changed) } else { changed };
        std::fs::write(dir.path(&format!("in/{name}")), changed).unwrap();
        let folder = Folder::new(&dir.path("out")).unwrap();
        let written = Records::new(&outcome, &removal, &places, false).write(&folder, None, &progress);
        let noticed = matches!(written, Err(Error::Changed { .. } | Error::SourceChanged { .. }));
        assert!(noticed, "{name}: {written:?}");
    }
}

/// The order of a preference, and its ids, in formats that are read again by place.
#[test]
fn a_preference_keeps_ids_and_chooses_rows() {
    let texts = [words(0..60), words(0..61), words(200..230), words(0..62)];
    let dir = Dir::new().file("in/a.csv.gz", gz(rows(&texts, ',', "\n")));
    let (input, output) = (dir.path("in"), dir.path("out"));
    let default = Surroundings::default();
    let found = dedup((&input, &output), &Params::dedup(), (Prefer::Longest, &[]), &default).unwrap();
    let mut ids = kept(&found);
    ids.sort_unstable();
    assert_eq!(ids, [2, 3]);
    let written = String::from_utf8(unpacked("a.csv.gz", &only(&dir.path("out")))).unwrap();
    assert!(
        written.contains(&texts[3])
            && written.contains(&texts[2])
            && !written.contains(&format!("{},", texts[1]))
    );
}

#[test]
fn what_a_user_sees_of_refusals() {
    let dir =
        Dir::new().file("a.csv", rows(&[words(0..30)], ',', "\n")).file("b.wet", archive(&[words(0..30)]));
    let told = |arguments: &str| {
        let ended = redite(&dir, arguments.split(' ')).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments}");
        format!("$ redite {arguments}\n{}\n", ended.stderr)
    };
    let lines = [
        "dedup a.csv --output out --annotate",
        "dedup b.wet --output out --annotate",
        "dedup - --format csv --output out",
    ];
    assert_snapshot!("writers_refused", lines.map(told).concat());
    assert_eq!(names(dir.root()), ["a.csv", "b.wet"]);
}

#[test]
fn threads_pieces_and_parts_change_no_byte() {
    let texts = texts(11, 300);
    #[cfg_attr(not(feature = "parquet"), expect(unused_mut, reason = "one container less"))]
    let mut dir = Dir::new()
        .file("in/a.csv", rows(&texts[..100], ',', "\r\n"))
        .file("in/b/c.tsv.zst", zst(rows(&texts[50..150], '\t', "\n")))
        .file("in/d.wet.gz", gz(archive(&texts[100..250])));
    #[cfg(feature = "parquet")]
    {
        use crate::containers::parquet::{Layout, table};
        dir = dir.file("in/e.parquet", table(&texts[200..], Layout::plain(17)));
    }
    let write = |threads: usize, chunk: usize, part: u64| {
        let name = format!("out{threads}-{chunk}-{part}");
        let (input, output) = (dir.path("in"), dir.path(&name));
        let surroundings = Surroundings { chunk, part, ..Surroundings::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let run = || dedup((&input, &output), &Params::dedup(), (Prefer::First, &[]), &surroundings);
        let removal = pool.install(run).unwrap().removal;
        assert_eq!(removal.all.kept + removal.all.removed, removal.all.read);
        (removal.all, files(&output))
    };
    let expected = write(1, 256 << 10, u64::MAX);
    assert!(expected.0.removed > 100);
    assert!(write(2, 100, u64::MAX) == expected && write(8, 5_000, 20_000) == expected);
    assert!(write(2, 100, 0) == expected);
}

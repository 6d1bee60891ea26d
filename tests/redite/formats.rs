//! One corpus in every container gives one answer; and ranges are exact in every script.

use redite::document::{Match, Place, Span};
use redite::outcome::Outcome;
use redite::params::Params;
use redite::read::sources;

use crate::containers::{archive, bz2, lines, rows, xz};
use crate::language::{Dir, audit, audit_inputs, audit_texts, documents_and_paragraphs, gz, records, zst};
use crate::oracle::corpus;
use crate::twin::Twin;

/// The texts of a sample corpus.
fn texts(name: &str) -> Vec<String> {
    let outcome = audit_inputs(&[corpus(name)], &documents_and_paragraphs());
    (0..outcome.documents()).map(|document| outcome.text(document).unwrap()).collect()
}

/// The texts in an array of one line.
fn compact(texts: &[String]) -> String {
    format!("[{}]", lines(texts).trim_end().replace('\n', ","))
}

/// An array with some items in a line and some over several.
fn mixed(texts: &[String]) -> String {
    let value = |line: &str| serde_json::from_str(line).unwrap();
    let item = |(i, line): (usize, &str)| match i % 4 {
        3 => String::from_utf8(pretty(&value(line))).unwrap(),
        _ => format!("  {line}"),
    };
    let items: Vec<String> = lines(texts).lines().enumerate().map(item).collect();
    format!("[\n{}\n]\n", items.join(",\n"))
}

/// JSON over several lines.
fn pretty(value: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap()
}

/// All that a run says of its matches but the names of sources.
fn answer(outcome: &Outcome) -> Vec<(Match, Span, Span)> {
    let spans = |found: Match| (found.clone(), outcome.span(found.copy), outcome.span(found.original));
    outcome.matches().map(spans).collect()
}

/// Cuts bytes into pieces of odd lengths, wherever that is.
fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.chunks(997).collect()
}

#[test]
fn texts_in_memory_are_what_they_are_in_a_file() {
    let (surroundings, progress) = Default::default();
    let run = |found| redite::pipeline::audit(found, &Params::audit(), &surroundings, &progress);
    for name in ["news-fr", "scripts"] {
        let texts = texts(name);
        let file = audit_texts(&texts, &Params::audit());
        let memory = run(sources::texts((0..).map(|id: u32| id.to_string()).zip(&texts))).unwrap();
        assert!(!answer(&file).is_empty());
        assert_eq!(answer(&memory), answer(&file));
        assert_eq!(memory.id(1).as_deref(), Some("\"1\""));
        assert_eq!((0..memory.documents()).map(|i| memory.text(i).unwrap()).collect::<Vec<_>>(), texts);
        assert_eq!((memory.sources().len(), memory.sources()[0].name.as_str()), (1, "texts"));
    }
    let odd = run(sources::texts([("\"\n", "[\n\u{0}\u{FEFF}"), ("", "")])).unwrap();
    assert_eq!((odd.text(0).unwrap().as_str(), odd.documents()), ("[\n\u{0}\u{FEFF}", 2));
    assert_eq!(run(sources::texts([("", ""); 0])).unwrap().documents(), 0);
    let params = Params { text_field: "body".to_owned(), ..Params::audit() };
    let refused = redite::pipeline::audit(sources::texts([("1", "one")]), &params, &surroundings, &progress);
    let refused = refused.err().unwrap().to_string();
    assert!(refused.contains("`text_field` must be `text`, the default, got `body`"), "{refused}");
}

#[test]
fn every_container_gives_the_same_matches() {
    for name in ["news-fr", "scripts", "wrapped"] {
        let texts = texts(name);
        let lines = records(&texts);
        let members: Vec<u8> = pieces(lines.as_bytes()).into_iter().flat_map(gz).collect();
        let frames: Vec<u8> = pieces(lines.as_bytes()).into_iter().flat_map(zst).collect();
        let folder = |ending: &str, pack: &dyn Fn(&str) -> Vec<u8>| {
            let with =
                |dir: Dir, (i, text): (usize, &String)| dir.file(&format!("{i:03}.{ending}"), pack(text));
            texts.iter().enumerate().fold(Dir::new(), with)
        };
        let (first, second) = texts.split_at(texts.len() / 2);
        let containers = [
            folder("txt", &|text| text.into()),
            folder("md.gz", &|text| gz(text)),
            folder("txt.zst", &|text| zst(text)),
            folder("json", &|text| records(&[text]).into()),
            folder("json", &|text| pretty(&serde_json::json!({"text": text}))),
            folder("json.gz", &|text| gz(serde_json::json!([{"text": text}]).to_string())),
            Dir::new().file("x.jsonl", &lines),
            Dir::new().file("x.ndjson", format!("\u{FEFF}{}", lines.trim_end().replace('\n', "\r\n\r\n"))),
            Dir::new().file("x.jsonl.gz", gz(&lines)),
            Dir::new().file("x.jsonl.gz", members),
            Dir::new().file("x.jsonl.zst", zst(&lines)),
            Dir::new().file("x.jsonl.zst", frames),
            Dir::new().file("1.jsonl", records(first)).file("2.jsonl.zst", zst(records(second))),
        ];
        let answers = containers.iter().map(|dir| answer(&audit(dir, &documents_and_paragraphs())));
        let answers: Vec<_> = answers.collect();
        assert!(!answers[0].is_empty());
        for (i, other) in answers.iter().enumerate() {
            assert_eq!(other, &answers[0], "{name}, container {i}");
        }
    }
}

/// The matches file without the names of the sources.
fn nameless(outcome: &Outcome, names: &[&str]) -> String {
    let mut file = crate::language::matches(outcome);
    for name in names {
        file = file.replace(name, "source");
    }
    file
}

/// Law 3: the matches of one corpus are the same bytes whatever holds it, ids and record numbers included.
#[test]
fn every_container_of_records_gives_the_same_bytes() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let packs: [(&str, Pack); 5] = [
        ("", |bytes| bytes.to_vec()),
        (".gz", |bytes| pieces(bytes).into_iter().flat_map(gz).collect()),
        (".zst", |bytes| pieces(bytes).into_iter().flat_map(zst).collect()),
        (".bz2", |bytes| pieces(bytes).into_iter().flat_map(bz2).collect()),
        (".xz", |bytes| pieces(bytes).into_iter().flat_map(xz).collect()),
    ];
    for name in ["news-fr", "scripts", "wrapped"] {
        let texts = texts(name);
        let expected = {
            let dir = Dir::new().file("x.jsonl", lines(&texts));
            nameless(&audit(&dir, &Params::audit()), &[&dir.path("x.jsonl").to_string_lossy()])
        };
        assert!(expected.lines().count() > 3 && expected.contains(r#""id":"3""#), "{expected}");
        #[cfg_attr(not(feature = "parquet"), expect(unused_mut, reason = "one container less"))]
        let mut files: Vec<(&str, Vec<u8>)> = vec![
            ("x.jsonl", lines(&texts).into()),
            ("x.json", format!("[\n{}\n]\n", lines(&texts).trim_end().replace('\n', ",\n")).into()),
            ("x.json", mixed(&texts).into()),
            ("x.json", compact(&texts).into()),
            ("x.json", format!("\u{FEFF}\r\n{}\r\n", compact(&texts)).into()),
            ("x.jsonl", pretty(&serde_json::from_str(&compact(&texts)).unwrap())),
            (
                "x.json",
                lines(&texts).lines().flat_map(|line| pretty(&serde_json::from_str(line).unwrap())).collect(),
            ),
            ("x.csv", rows(&texts, ',', "\n").into()),
            ("x.csv", format!("\u{FEFF}{}", rows(&texts, ',', "\r\n\r\n")).into()),
            ("x.csv", rows(&texts, ',', "\r").trim_end().into()),
            ("x.tsv", rows(&texts, '\t', "\n").into()),
            ("x.csv", rows(&texts, ';', "\n").into()),
            ("x.csv", format!("\u{FEFF}{}", rows(&texts, ';', "\r\n\r\n")).into()),
            ("x.csv", format!("sep=;\r\n{}", rows(&texts, ';', "\r\n")).into()),
            ("x.csv", format!("\u{FEFF}sep=,\r{}", rows(&texts, ',', "\r")).into()),
            ("x.csv", rows(&texts, '|', "\n").into()),
            ("x.csv", rows(&texts, '\t', "\r").into()),
            ("x.tsv", rows(&texts, ';', "\r\n").trim_end().into()),
            ("x.tsv", rows(&texts, ',', "\n").into()),
            ("x.wet", archive(&texts).into()),
            ("x.warc.wet", archive(&texts).trim_end_matches("\r\n\r\n").into()),
        ];
        #[cfg(feature = "parquet")]
        files.extend(tables(&texts).map(|table| ("x.parquet", table)));
        for (at, (file, bytes)) in files.iter().enumerate() {
            for (ending, pack) in packs {
                let file = format!("{file}{ending}");
                let dir = Dir::new().file(&file, pack(bytes));
                let outcome = audit(&dir, &Params::audit());
                let found = nameless(&outcome, &[&dir.path(&file).to_string_lossy()]);
                assert!(found == expected, "{name}, {at}: {file}: {:?}", outcome.skips());
                assert!(outcome.skips().is_empty(), "{name}, {at}: {file}");
            }
        }
    }
}

/// The texts in Parquet files of many kinds.
#[cfg(feature = "parquet")]
fn tables(texts: &[String]) -> impl Iterator<Item = Vec<u8>> + '_ {
    use crate::containers::parquet::{Layout, table};
    use parquet::basic::Compression::{BROTLI, GZIP, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    let layouts = [
        (1000, false, false, UNCOMPRESSED, 1 << 20),
        (3, false, false, SNAPPY, 1 << 20),
        (7, true, false, ZSTD(Default::default()), 1 << 20),
        (1, true, true, GZIP(Default::default()), 1 << 20),
        (5, false, true, LZ4_RAW, 1 << 20),
        (1000, true, true, BROTLI(Default::default()), 100),
        (1000, false, false, SNAPPY, 100),
    ];
    layouts.into_iter().map(|(group, dictionary, version_2, compression, page)| {
        table(texts, Layout { group, dictionary, version_2, compression, page })
    })
}

/// However small the pieces that the reader hands on.
#[test]
fn containers_are_cut_anywhere() {
    let texts = texts("news-fr");
    let expected = audit_texts(&texts, &documents_and_paragraphs());
    for chunk in [1, 100, 5000] {
        let dir = Dir::new().file("1.csv", rows(&texts, ',', "\n")).file("2.wet.zst", zst(archive(&texts)));
        let found = sources::find(&[dir.path("1.csv")], None).unwrap();
        let surroundings = redite::pipeline::Surroundings { chunk, ..Default::default() };
        let progress = Default::default();
        let outcome =
            redite::pipeline::audit(found, &documents_and_paragraphs(), &surroundings, &progress).unwrap();
        assert_eq!(answer(&outcome), answer(&expected));
        let found = sources::find(&[dir.path("2.wet.zst")], None).unwrap();
        let outcome =
            redite::pipeline::audit(found, &documents_and_paragraphs(), &surroundings, &progress).unwrap();
        assert_eq!(answer(&outcome), answer(&expected));
    }
}

#[cfg(feature = "parquet")]
#[test]
fn columns_are_found_by_path_and_ids_keep_their_type() {
    use crate::containers::parquet::{Column, Layout, file, strings};
    let texts = ["eins", "zwei"];
    let one = |schema: &str, ids: Column, id_field: &str, text_field: &str| {
        let bytes = file(&format!("message m {{ {schema} }}"), &[ids, strings(&texts)], Layout::plain(1));
        let dir = Dir::new().file("x.parquet", bytes);
        let (text_field, id_field) = (text_field.to_owned(), id_field.to_owned());
        let outcome = audit(&dir, &Params { text_field, id_field, ..documents_and_paragraphs() });
        assert!(outcome.skips().is_empty(), "{:?}", outcome.skips());
        let read: Vec<String> = (0..outcome.documents()).map(|i| outcome.text(i).unwrap()).collect();
        assert_eq!(read, texts);
        [0, 1].map(|i| outcome.id(i).map(std::borrow::Cow::into_owned))
    };
    let some = |first: &str, second: &str| [Some(first.to_owned()), Some(second.to_owned())];
    let text = "optional binary text;";
    let numbers = Column::Integers(vec![Some(-7), None]);
    let nested = "required group a { optional int64 n; required group b { optional binary t (STRING); } }";
    assert_eq!(one(nested, numbers.clone(), "a.n", "a.b.t"), [Some("-7".to_owned()), None]);
    let dotted = "optional int64 id; optional binary a.b (STRING);";
    assert_eq!(one(dotted, numbers, "id", "a.b"), [Some("-7".to_owned()), None]);
    let ones = Column::Integers(vec![Some(-1), Some(1)]);
    let unsigned = format!("optional int64 id (INTEGER(64,false)); {text}");
    assert_eq!(one(&unsigned, ones, "id", "text"), some("18446744073709551615", "1"));
    let small = Column::Small(vec![Some(-1), Some(1)]);
    assert_eq!(one(&format!("optional int32 id; {text}"), small.clone(), "id", "text"), some("-1", "1"));
    let unsigned = format!("optional int32 id (UINT_32); {text}");
    assert_eq!(one(&unsigned, small, "id", "text"), some("4294967295", "1"));
    let doubles = Column::Doubles(vec![Some(0.5), Some(f64::NAN)]);
    assert_eq!(
        one(&format!("optional double id; {text}"), doubles, "id", "text"),
        [Some("0.5".into()), None]
    );
    let odd = Column::Bytes(vec![Some(b"\"\xFF".to_vec()), None]);
    assert_eq!(
        one(&format!("optional binary id; {text}"), odd, "id", "text"),
        [Some("\"\\\"\u{FFFD}\"".into()), None]
    );
}

/// The matches as Parquet are those of the JSON lines, nested in the same way, with ids as strings.
#[cfg(feature = "parquet")]
#[test]
fn the_table_of_matches_holds_what_the_lines_do() {
    use serde_json::{Value, json};

    let texts = texts("news-fr");
    let id = |i: usize| [json!("a\"b"), json!(7), json!(true), Value::Null, json!(1.5)][i % 5].clone();
    let lines =
        texts.iter().enumerate().map(|(i, text)| json!({"id": id(i), "text": text}).to_string() + "\n");
    let dir = Dir::new().file("x.jsonl", lines.collect::<String>());
    for outcome in [audit(&dir, &Params::audit()), audit(&Dir::new(), &Params::audit())] {
        let mut bytes = Vec::new();
        redite::report::table::write(&outcome, &mut bytes).unwrap();
        let file = Dir::new().file("m.parquet", &bytes);
        let rows = crate::language::rows(&file.path("m.parquet"));
        let with_string_ids = |line: &str| {
            let mut found: Value = serde_json::from_str(line).unwrap();
            for side in ["copy", "original"] {
                let id = &mut found[side]["id"];
                if !id.is_null() && !id.is_string() {
                    *id = json!(id.to_string());
                }
            }
            found
        };
        let lines: Vec<Value> = crate::language::matches(&outcome).lines().map(with_string_ids).collect();
        assert_eq!(lines.len() as u64, outcome.matches().count() as u64);
        assert_eq!(rows, lines);
    }
}

#[test]
fn what_a_format_is_told_to_be_overrules_its_name() {
    let dir = Dir::new().file("1.log", records(&["eins"])).file("2.txt", records(&["zwei"]));
    let found =
        sources::find(&[dir.root().to_path_buf()], Some(redite::document::Format::JsonLines)).unwrap();
    let (surroundings, progress) = Default::default();
    let outcome =
        redite::pipeline::audit(found, &documents_and_paragraphs(), &surroundings, &progress).unwrap();
    let read: Vec<String> = (0..outcome.documents()).map(|i| outcome.text(i).unwrap()).collect();
    assert_eq!(read, ["eins", "zwei"]);
}

#[test]
fn fields_have_the_names_that_were_given() {
    let dir = Dir::new().file("x.jsonl", r#"{"text":"no","body":"yes","key":"k\"1","id":1}"#);
    let params = Params { text_field: "body".into(), id_field: "key".into(), ..documents_and_paragraphs() };
    let outcome = audit(&dir, &params);
    assert_eq!(outcome.text(0).unwrap(), "yes");
    assert_eq!(outcome.id(0).as_deref(), Some(r#""k\"1""#));
    let outcome = audit(&dir, &documents_and_paragraphs());
    assert_eq!((outcome.text(0).unwrap().as_str(), outcome.id(0).as_deref()), ("no", Some("1")));
}

/// A paragraph in each script, and how to write it otherwise without saying something else.
const PARAGRAPHS: [&str; 10] = [
    "L’été dernier, « la fanfare » du village a joué jusqu’à minuit sous les tilleuls de la place.",
    "Größere Straßenfeste fanden früher überall statt, heute müssen die Vereine dafür lange kämpfen.",
    "أغلقت المدرسة القديمة أبوابها في الصيف الماضي وانتقل التلاميذ جميعا إلى المبنى الجديد قرب النهر.",
    "गाँव के लोगों ने पिछले साल मिलकर पुराने कुएँ की मरम्मत की और अब वहाँ साफ़ पानी मिलता है।",
    "ชาวบ้านช่วยกันซ่อมสะพานไม้เก่าที่ถูกน้ำพัดไปเมื่อปีก่อน",
    "去年夏天村里的老桥被洪水冲垮,今年大家一起把它修好了。",
    "昨年の夏、村の古い橋が洪水で流され、ことし住民がカタカナと漢字で看板を直した。",
    "지난여름 마을의 오래된 다리가 홍수에 떠내려갔고 올해 주민들이 힘을 모아 다시 고쳐 놓았다고 한다.",
    "🎺 The band 👩‍👩‍👧 played 🇫🇷 until midnight 🕛 under the old lime trees of the little market square.",
    "e\u{301}te\u{301} pre\u{301}ce\u{301}dent, le cafe\u{301} de\u{301}borde\u{301} fe\u{302}tait de\u{301}ja\u{300} ses mille ans de succe\u{300}s inoui\u{308}s",
];

#[test]
fn ranges_are_exact_in_every_script() {
    let whole: Vec<String> = PARAGRAPHS.iter().rev().map(|p| format!("\u{3000}{p}\u{A0}")).collect();
    let ways = [
        ("LF", PARAGRAPHS.join("\n")),
        ("CR LF", PARAGRAPHS.join("\r\n")),
        ("blank lines", PARAGRAPHS.join(" \n\u{3000}\n\t")),
        ("a byte-order mark", format!("\u{FEFF}{}\r\n", PARAGRAPHS.join("\r\n\u{FEFF}"))),
        ("another order", whole.join("\n\n")),
    ];
    for (name, text) in ways {
        let texts = [PARAGRAPHS.join("\n"), text.clone()];
        let outcome = audit_texts(&texts, &Params { min_tokens: 5, ..documents_and_paragraphs() });
        let _ = Twin::of(&outcome).judge(&outcome);
        assert_eq!(outcome.paragraphs(1) as usize, PARAGRAPHS.len(), "{name}");
        let characters: Vec<char> = text.chars().collect();
        for number in 0..PARAGRAPHS.len() {
            let place = Place { document: 1, paragraph: Some(number as u32) };
            let original = if name == "another order" { PARAGRAPHS.len() - 1 - number } else { number };
            let Span { bytes, chars } = outcome.span(place);
            assert_eq!(&text[bytes.start as usize..bytes.end as usize], PARAGRAPHS[original], "{name}");
            let of_characters = &characters[chars.start as usize..chars.end as usize];
            assert_eq!(of_characters.iter().collect::<String>(), PARAGRAPHS[original], "{name}");
            let found = outcome.match_of(place).unwrap_or_else(|| panic!("{name}: {number}"));
            assert_eq!(found.original, Place { document: 0, paragraph: Some(original as u32) }, "{name}");
            assert_eq!(found.jaccard, 1.0, "{name}");
        }
    }
}

/// The same ranges in the matches file, as a program would use them.
#[test]
fn ranges_in_the_matches_file_lead_back_to_the_text() {
    let texts = [PARAGRAPHS.join("\n"), format!("…\r\n{}", PARAGRAPHS.join("\r\n"))];
    let outcome = audit_texts(&texts, &Params { min_tokens: 5, ..documents_and_paragraphs() });
    let mut seen = 0;
    for line in crate::language::matches(&outcome).lines() {
        let found: serde_json::Value = serde_json::from_str(line).unwrap();
        if found["unit"] == "document" {
            continue;
        }
        let side = |side: &str| {
            let number = |field: &str, i: usize| found[side][field][i].as_u64().unwrap() as usize;
            let text = &texts[found[side]["record"].as_u64().unwrap() as usize];
            let of_bytes = text[number("bytes", 0)..number("bytes", 1)].to_owned();
            let of_chars: String =
                text.chars().skip(number("chars", 0)).take(number("chars", 1) - number("chars", 0)).collect();
            assert_eq!(of_bytes, of_chars);
            of_bytes
        };
        assert_eq!(side("copy"), side("original"));
        seen += 1;
    }
    assert_eq!(seen, PARAGRAPHS.len());
}

/// Names and ids are data: nothing in them can break out of the matches file.
#[test]
fn names_and_ids_are_escaped_in_the_matches_file() {
    let text = crate::language::words(0..20);
    let id = "\\\"},\\u001b[31m\\u0000</script>\\ud800";
    let lines = format!("{{\"id\":\"{id}\",\"text\":\"{text}\"}}\n").repeat(2);
    let dir = Dir::new().file("quote\" new\nline \u{1b}[31m.jsonl", lines);
    let outcome = audit(&dir, &documents_and_paragraphs());
    let file = crate::language::matches(&outcome);
    assert_eq!(file.lines().count(), 2);
    assert!(file.bytes().all(|byte| byte >= b' ' || byte == b'\n'), "{file}");
    for line in file.lines() {
        let found: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(found["copy"]["id"], "\"},\u{1b}[31m\0</script>\u{FFFD}");
        assert!(found["copy"]["source"].as_str().unwrap().ends_with("quote\" new\nline \u{1b}[31m.jsonl"));
    }
}

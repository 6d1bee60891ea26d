//! One corpus in every container gives one answer; and ranges are exact in every script.

use redite::document::{Match, Place, Span};
use redite::outcome::Outcome;
use redite::params::Params;
use redite::read::sources;

use crate::language::{Dir, audit, audit_inputs, audit_texts, documents_and_paragraphs, gz, records, zst};
use crate::oracle::corpus;
use crate::twin::Twin;

/// The texts of a sample corpus.
fn texts(name: &str) -> Vec<String> {
    let outcome = audit_inputs(&[corpus(name)], &documents_and_paragraphs());
    (0..outcome.documents()).map(|document| outcome.text(document).unwrap()).collect()
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
    assert_eq!(outcome.id(0), Some(r#""k\"1""#));
    let outcome = audit(&dir, &documents_and_paragraphs());
    assert_eq!((outcome.text(0).unwrap().as_str(), outcome.id(0)), ("no", Some("1")));
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

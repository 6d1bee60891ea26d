//! What each unreadable, odd or hostile input gives: which records are good, what is skipped, where and why.
//! Never a panic, never a loss without a word.

use redite::document::SkipReason::{self, *};
use redite::outcome::Outcome;
use redite::params::Params;
use redite::read::sources;

use crate::containers::conversion;
use crate::language::{Dir, audit, audit_inputs, document, documents_and_paragraphs, gz, told, words, zst};
use crate::oracle::{Truth, corpus};
use crate::twin::Twin;

/// A skip: reason, record from 0, line from 1.
type Skipped = (SkipReason, Option<u64>, Option<u64>);

/// One bad file, and what reading it must give.
pub(crate) struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    max_record: u64,
    texts: Vec<String>,
    skipped: Vec<Skipped>,
    lone_surrogates: u64,
}

/// A case that is good so far.
pub(crate) fn case(name: &'static str, file: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    let bytes = bytes.as_ref().to_vec();
    let (texts, skipped) = (Vec::new(), Vec::new());
    Case {
        name,
        file,
        bytes,
        max_record: documents_and_paragraphs().max_record,
        texts,
        skipped,
        lone_surrogates: 0,
    }
}

/// A line that can't be used between two that can.
fn between(name: &'static str, reason: SkipReason, line: impl AsRef<[u8]>) -> Case {
    let line = [b"{\"text\":\"before\"}\n", line.as_ref(), b"\n{\"text\":\"after\"}\n"].concat();
    case(name, "x.jsonl", line).gives(["before", "after"]).skips(reason, 1, 2)
}

/// A line that is fine, if odd, between two others.
fn fine(name: &'static str, line: impl AsRef<[u8]>, text: &str) -> Case {
    let line = [b"{\"text\":\"before\"}\n", line.as_ref(), b"\n{\"text\":\"after\"}\n"].concat();
    case(name, "x.jsonl", line).gives(["before", text, "after"])
}

impl Case {
    pub(crate) fn gives<const N: usize>(mut self, texts: [&str; N]) -> Self {
        self.texts = texts.map(str::to_owned).into();
        self
    }

    /// A record of a file of lines.
    pub(crate) fn skips(mut self, reason: SkipReason, record: u64, line: u64) -> Self {
        self.skipped.push((reason, Some(record), Some(line)));
        self
    }

    /// A record of a file without lines.
    pub(crate) fn skips_record(mut self, reason: SkipReason, record: u64) -> Self {
        self.skipped.push((reason, Some(record), None));
        self
    }

    /// A file that is one record.
    pub(crate) fn skips_text(mut self, reason: SkipReason) -> Self {
        self.skipped.push((reason, Some(0), None));
        self
    }

    /// A file, or the rest of one.
    pub(crate) fn skips_rest(mut self, reason: SkipReason) -> Self {
        self.skipped.push((reason, None, None));
        self
    }

    fn gives_all(mut self, texts: &[&str]) -> Self {
        self.texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self
    }

    pub(crate) fn limit(mut self, max_record: u64) -> Self {
        self.max_record = max_record;
        self
    }

    fn lone(mut self, lone_surrogates: u64) -> Self {
        self.lone_surrogates = lone_surrogates;
        self
    }

    pub(crate) fn holds(&self) {
        let params = Params { max_record: self.max_record, ..documents_and_paragraphs() };
        let dir = Dir::new().file(self.file, &self.bytes);
        let outcome = audit(&dir, &params);
        let skipped: Vec<Skipped> =
            outcome.skips().iter().map(|skip| (skip.reason, skip.record, skip.line)).collect();
        assert_eq!(skipped, self.skipped, "{}", self.name);
        let texts: Vec<String> = (0..outcome.documents()).map(|i| outcome.text(i).unwrap()).collect();
        assert!(texts == self.texts, "{}: {}", self.name, start(&texts));
        let input = &outcome.summary().input;
        assert_eq!(input.lone_surrogates, self.lone_surrogates, "{}", self.name);
        for skip in outcome.skips() {
            assert!(!skip.detail.is_empty() && skip.detail.len() < 300, "{}: {:?}", self.name, skip.detail);
        }
        let _ = Twin::of(&outcome).judge(&outcome);
    }
}

fn start(texts: &[String]) -> String {
    format!("{:.300}", format!("{texts:?}"))
}

/// A good line with this text.
fn line(text: &str) -> String {
    format!("{{\"text\":\"{text}\"}}\n")
}

/// `bytes` without the last `count`.
pub(crate) fn cut(mut bytes: Vec<u8>, count: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() - count);
    bytes
}

#[test]
fn lines_that_are_no_records() {
    let deep = format!("{{\"text\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let unclosed = format!("{{\"text\":{}", "[".repeat(100_000));
    let cases = [
        between("not JSON", InvalidJson, "this is no JSON"),
        between("an open object", InvalidJson, "{\"text\":\"a\""),
        between("an open string", InvalidJson, "{\"text\":\"a"),
        between("a lone brace", InvalidJson, "{"),
        between("a comma too many", InvalidJson, "{\"text\":\"a\",}"),
        between("a comma too few", InvalidJson, "{\"text\":\"a\" \"b\":1}"),
        between("single quotes", InvalidJson, "{'text':'a'}"),
        between("a bare key", InvalidJson, "{text:\"a\"}"),
        between("a key that is a number", InvalidJson, "{1:\"a\"}"),
        between("two objects", InvalidJson, "{\"text\":\"a\"} {\"text\":\"b\"}"),
        between("something behind", InvalidJson, "{\"text\":\"a\"} x"),
        between("NaN", InvalidJson, "{\"text\":\"a\",\"score\":NaN}"),
        between("Infinity", InvalidJson, "{\"text\":\"a\",\"score\":-Infinity}"),
        between("a leading zero", InvalidJson, "{\"text\":\"a\",\"n\":01}"),
        between("a comment", InvalidJson, "{\"text\":\"a\"} // b"),
        between("a raw tab in a string", InvalidJson, "{\"text\":\"a\tb\"}"),
        between("a raw NUL in a string", InvalidJson, "{\"text\":\"a\0b\"}"),
        between("a NUL", InvalidJson, "\0"),
        between("an unknown escape", InvalidJson, "{\"text\":\"a\\xb\"}"),
        between("a short escape", InvalidJson, "{\"text\":\"a\\u12\"}"),
        between("a cut surrogate escape", InvalidJson, "{\"text\":\"\\ud8\"}"),
        between("an open array, nested deeply", InvalidJson, &unclosed),
        between("an open array, nested deeply, elsewhere", InvalidJson, unclosed.replace("text", "other")),
        between("a number that no machine holds", InvalidJson, "1e999"),
        between("an array", NotAnObject, "[\"text\",\"a\"]"),
        between("a string", NotAnObject, "\"text\""),
        between("a number", NotAnObject, "-12.5e3"),
        between("null", NotAnObject, "null"),
        between("true", NotAnObject, "true"),
        between("an array of objects", NotAnObject, "[{\"text\":\"a\"}]"),
        between("an empty object", MissingText, "{}"),
        between("no text", MissingText, "{\"id\":1,\"Text\":\"a\",\"text \":\"b\"}"),
        between("text further in", MissingText, "{\"document\":{\"text\":\"a\"}}"),
        between("text null", TextNotString, "{\"text\":null}"),
        between("text a number", TextNotString, "{\"text\":17}"),
        between("text an array", TextNotString, "{\"text\":[\"a\"]}"),
        between("text an object", TextNotString, "{\"text\":{\"text\":\"a\"}}"),
        between("text a boolean", TextNotString, "{\"text\":false}"),
        between("text an array, nested deeply", TextNotString, deep),
        between("a text first, then none", TextNotString, "{\"text\":\"a\",\"text\":null}"),
        between("no UTF-8 in the text", InvalidUtf8, b"{\"text\":\"caf\xE9\"}"),
        between("no UTF-8 in a key", InvalidUtf8, b"{\"text\":\"a\",\"\xFF\":1}"),
        between("no UTF-8 outside", InvalidUtf8, b"{\"text\":\"a\"}\xC3"),
        between("no UTF-8 and no JSON", InvalidUtf8, b"\x80"),
        between("a surrogate in UTF-8", InvalidUtf8, b"{\"text\":\"\xED\xA0\x80\"}"),
        between("an overlong form", InvalidUtf8, b"{\"text\":\"\xC0\xAF\"}"),
    ];
    cases.iter().for_each(Case::holds);
}

#[test]
fn odd_lines_that_are_fine() {
    let deep = format!("{{\"other\":{}1{},\"text\":\"deep\"}}", "[".repeat(100_000), "]".repeat(100_000));
    let key = format!("{{\"{}\":1,\"text\":\"key\"}}", "k".repeat(1 << 20));
    let numbers = "{\"n\":123456789012345678901234567890,\"m\":1e999,\"text\":\"numbers\",\"id\":1e999}";
    let cases = [
        fine("blanks around", "  \t{ \"text\" : \"a\" } \t ", "a"),
        fine("a carriage return", "{\"text\":\"a\"}\r", "a"),
        fine("an empty text", "{\"text\":\"\"}", ""),
        fine("an escaped NUL", "{\"text\":\"a\\u0000b\"}", "a\0b"),
        fine("escaped line ends", "{\"text\":\"a\\nb\\r\\nc\"}", "a\nb\r\nc"),
        fine("an escaped key", "{\"t\\u0065\\u0078t\":\"a\"}", "a"),
        fine("a key twice", "{\"text\":\"a\",\"text\":\"b\"}", "b"),
        fine("first no text, then one", "{\"text\":[1],\"text\":\"b\"}", "b"),
        fine("a field nested deeply", deep, "deep"),
        fine("a key of a mebibyte", key, "key"),
        fine("large numbers", numbers, "numbers"),
        fine("a pair of surrogates", "{\"text\":\"\\ud83d\\ude00\"}", "😀"),
        fine("an escaped backslash", "{\"text\":\"\\\\ud800\"}", "\\ud800"),
        fine("a high surrogate alone", "{\"text\":\"a\\uD800\"}", "a\u{FFFD}").lone(1),
        fine("a low surrogate alone", "{\"text\":\"\\udc00b\"}", "\u{FFFD}b").lone(1),
        fine("surrogates the wrong way round", "{\"text\":\"\\ude00\\ud83d\"}", "\u{FFFD}\u{FFFD}").lone(1),
        fine("high, then a pair", "{\"text\":\"\\ud800\\ud83d\\ude00\"}", "\u{FFFD}😀").lone(1),
        fine("high, then another escape", "{\"text\":\"\\ud800\\n\"}", "\u{FFFD}\n").lone(1),
        fine("a lone surrogate in the id", "{\"id\":\"x\\ud800\",\"text\":\"a\"}", "a").lone(1),
        fine("in id and text", "{\"id\":\"\\ud800\",\"text\":\"\\udc00\\udc00\"}", "\u{FFFD}\u{FFFD}")
            .lone(1),
        fine("where nobody reads", "{\"other\":\"\\ud800\",\"text\":\"a\"}", "a"),
        fine("a lone surrogate in a key", "{\"\\ud800\":1,\"text\":\"a\"}", "a").lone(1),
        fine("a noncharacter", "{\"text\":\"\u{FFFF}\"}", "\u{FFFF}"),
        fine("line separators that end no line", "{\"text\":\"a\u{2028}b\u{85}c\"}", "a\u{2028}b\u{85}c"),
        fine("a byte-order mark before a line", "\u{FEFF}{\"text\":\"a\"}", "a"),
        fine("a blank line", "\r\n{\"text\":\"a\"}\n  \n\u{FEFF}", "a"),
    ];
    cases.iter().for_each(Case::holds);
}

#[test]
fn files_that_are_odd() {
    let all = |file, bytes: &[u8]| case("-", file, bytes);
    let cases = [
        case("an empty file of lines", "x.jsonl", ""),
        case("only newlines", "x.jsonl", "\n\r\n\n"),
        case("only a byte-order mark", "x.jsonl", "\u{FEFF}"),
        case("a byte-order mark", "x.jsonl", format!("\u{FEFF}{}", line("a"))).gives(["a"]),
        case("CR LF", "x.jsonl", "{\"text\":\"a\"}\r\n\r\n{\"text\":\"b\"}\r\n").gives(["a", "b"]),
        case("no last newline", "x.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}").gives(["a", "b"]),
        case("the last line is cut", "x.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b").gives(["a"]).skips(
            InvalidJson,
            1,
            2,
        ),
        case("blank lines count as lines", "x.jsonl", "\n\n{\"text\":\"a\"}\n\nx\n").gives(["a"]).skips(
            InvalidJson,
            1,
            5,
        ),
        case("UTF-16", "x.jsonl", b"\xFF\xFE{\0}\0\n\0").skips(InvalidUtf8, 0, 1).skips(InvalidJson, 1, 2),
        case("an empty text", "x.txt", "").gives([""]),
        case("a text of blanks", "x.md", " \n\u{FEFF}\u{3000}").gives([" \n\u{FEFF}\u{3000}"]),
        case("a text with a byte-order mark", "x.txt", "\u{FEFF}a\r\nb\0c").gives(["\u{FEFF}a\r\nb\0c"]),
        case("a text in UTF-16", "x.txt", b"\xFF\xFEa\0").skips_text(InvalidUtf8),
        case("a text in ISO 8859-1", "x.txt", b"caf\xE9").skips_text(InvalidUtf8),
        case("a text cut inside of a character", "x.txt", b"\xC3").skips_text(InvalidUtf8),
        case("a text that is too large", "x.txt", "abcdef").limit(5).skips_text(TooLarge),
        case("a text that just fits", "x.txt", "abcde").limit(5).gives(["abcde"]),
        all("x.txt.gz", &gz("abcdef")).limit(5).skips_text(TooLarge),
        all("x.json", line("a").as_bytes()).gives(["a"]),
        all("x.ndjson", line("a").as_bytes()).gives(["a"]),
    ];
    cases.iter().for_each(Case::holds);
}

/// One rule in every format: what ends a record, or marks the order of bytes before it, does not count.
#[test]
fn what_ends_a_record_does_not_count() {
    // the last ones where one chunk ends, and behind it
    for length in [20, 90, (128 << 10) - 11, (256 << 10) - 2, 300_000] {
        let text = "x".repeat(length);
        let json = format!("{{\"text\":\"{text}\"}}");
        let (row, quoted) = (format!("1,{text}"), format!("1,\"{text}\""));
        let tabs = format!("1\t{text}");
        for (mark, end, behind) in [
            ("", "\n", true),
            ("", "\r\n", true),
            ("\u{FEFF}", "\r\n", true),
            ("", "\r\n", false),
            ("", "", false),
        ] {
            let lines = |names: &str, record: &str, other: &str| {
                let names = if names.is_empty() { String::new() } else { format!("{names}\r\n") };
                let other = if behind { format!("{other}{end}") } else { String::new() };
                format!("{mark}{names}{record}{end}{other}")
            };
            let texts = if behind { vec![&*text, "y"] } else { vec![&*text] };
            let jsonl = lines("", &json, "{\"text\":\"y\"}");
            let csv = |record: &str| lines("id,text", record, "2,y");
            let tsv = lines("id\ttext", &tabs, "2\ty");
            for (file, bytes, record, line) in [
                ("x.jsonl", jsonl.clone().into_bytes(), &json, 1),
                ("x.jsonl.gz", gz(&jsonl), &json, 1),
                ("x.csv", csv(&row).into_bytes(), &row, 2),
                ("x.csv", csv(&quoted).into_bytes(), &quoted, 2),
                ("x.csv", csv(&row).replace("\r\n", "\r").into_bytes(), &row, 1),
                ("x.tsv.zst", zst(&tsv), &tabs, 2),
            ] {
                let most = record.len() as u64;
                case("it fits", file, &bytes).limit(most).gives_all(&texts).holds();
                let large = case("a byte more", file, &bytes).limit(most - 1);
                large.gives_all(&texts[1..]).skips(TooLarge, 0, line).holds();
            }
        }
        for end in ["\n", "\r\n"] {
            let archive = conversion(1, length, &text).replace("\r\n", end);
            case("a block", "x.wet", &archive).limit(length as u64).gives([&*text]).holds();
            case("a block", "x.wet", &archive).limit(length as u64 - 1).skips_record(TooLarge, 0).holds();
        }
    }
}

#[test]
fn records_that_are_too_large() {
    let large = |bytes: usize| line(&"x".repeat(bytes));
    let small = |bytes: usize| case("small limit", "x.jsonl", large(bytes)).limit(100);
    let lines = |name, lines: &[String]| case(name, "x.jsonl", lines.concat());
    // more than a chunk, and more than a chunk behind a chunk
    let (huge, vast) = (large(600 << 10), large(3 << 20));
    let fits = "y".repeat(900 << 10);
    let cases = [
        small(100 - 11).gives([&"x".repeat(89)]),
        small(100 - 10).skips(TooLarge, 0, 1),
        case("without newline", "x.jsonl", large(500).trim_end()).limit(100).skips(TooLarge, 0, 1),
        lines("first", &[large(200), line("a")]).limit(100).gives(["a"]).skips(TooLarge, 0, 1),
        lines("middle", &[line("a"), large(200), line("b")])
            .limit(100)
            .gives(["a", "b"])
            .skips(TooLarge, 1, 2),
        lines("last", &[line("a"), large(200)]).limit(100).gives(["a"]).skips(TooLarge, 1, 2),
        lines("huge first", &[huge.clone(), line("a")]).limit(1000).gives(["a"]).skips(TooLarge, 0, 1),
        lines("huge middle", &[line("a"), "\n".into(), huge.clone(), line("b"), "x".into()])
            .limit(1000)
            .gives(["a", "b"])
            .skips(TooLarge, 1, 3)
            .skips(InvalidJson, 3, 5),
        lines("huge last", &[line("a"), huge.clone()]).limit(1000).gives(["a"]).skips(TooLarge, 1, 2),
        lines("huge without newline", &[line("a"), huge.trim_end().into()])
            .limit(1000)
            .gives(["a"])
            .skips(TooLarge, 1, 2),
        lines("huge and cut", &[line("a"), huge[..huge.len() - 9].into()])
            .limit(1000)
            .gives(["a"])
            .skips(TooLarge, 1, 2),
        lines("two vast ones", &[vast.clone(), line("a"), vast.clone(), line("b"), vast.clone()])
            .limit(1 << 20)
            .gives(["a", "b"])
            .skips(TooLarge, 0, 1)
            .skips(TooLarge, 2, 3)
            .skips(TooLarge, 4, 5),
        lines("larger than a chunk, and fine", &[line(&fits), line("a")]).gives([&fits, "a"]),
        case("vast, compressed", "x.jsonl.gz", gz([&*line("a"), &*vast, &*line("b")].concat()))
            .limit(1 << 20)
            .gives(["a", "b"])
            .skips(TooLarge, 1, 2),
    ];
    cases.iter().for_each(Case::holds);
}

#[test]
fn compressed_files_that_are_broken() {
    let (a, b) = (line("a"), line("b"));
    let noise = words(0..20_000);
    let of = |file, name, bytes: Vec<u8>| case(name, file, bytes);
    let gzip = |name, bytes| of("x.jsonl.gz", name, bytes);
    let zstd = |name, bytes| of("x.jsonl.zst", name, bytes);
    let cases = [
        gzip("two members", [gz(&a), gz(&b)].concat()).gives(["a", "b"]),
        gzip("a line across members", [gz("{\"text\":"), gz("\"a\"}\n"), gz(&b)].concat()).gives(["a", "b"]),
        gzip("an empty member between", [gz(&a), gz(""), gz(&b)].concat()).gives(["a", "b"]),
        gzip("an empty member alone", gz("")),
        gzip("an empty file", Vec::new()).skips_rest(Truncated),
        gzip("the header is cut", gz(&a)[..7].to_vec()).skips_rest(Truncated),
        gzip("the magic is cut", gz(&a)[..1].to_vec()).skips_rest(Truncated),
        gzip("the last byte is missing", cut(gz(&a), 1)).gives(["a"]).skips_rest(Truncated),
        gzip("the trailer is missing", cut(gz(&a), 8)).gives(["a"]).skips_rest(Truncated),
        gzip("the second header is cut", [gz(&a), gz(&b)[..5].to_vec()].concat())
            .gives(["a"])
            .skips_rest(Truncated),
        gzip("the second member is cut", [gz(&a), gz(line(&noise))[..2000].to_vec()].concat())
            .gives(["a"])
            .skips(Truncated, 1, 2),
        gzip("garbage behind", [gz(&a), b"garbage!".repeat(4)].concat()).gives(["a"]).skips_rest(Unreadable),
        gzip("zeros behind", [gz(&a), gz(&b), vec![0; 700_000]].concat()).gives(["a", "b"]),
        gzip("zeros, then another member", [gz(&a), vec![0; 9], gz(&b)].concat())
            .gives(["a"])
            .skips_rest(Unreadable),
        gzip("zeros alone", vec![0; 600]).skips_rest(Unreadable),
        gzip("no gzip", a.clone().into_bytes()).skips_rest(Unreadable),
        gzip("a wrong checksum", {
            let mut bytes = gz(&a);
            let at = bytes.len() - 6;
            bytes[at] ^= 1;
            bytes
        })
        .gives(["a"])
        .skips_rest(Truncated),
        gzip("zstandard under another name", zst(&a)).skips_rest(Unreadable),
        zstd("two frames", [zst(&a), zst(&b)].concat()).gives(["a", "b"]),
        zstd("a line across frames", [zst("{\"text\":"), zst("\"a\"}\n"), zst(&b)].concat())
            .gives(["a", "b"]),
        zstd("a skippable frame", [b"\x50\x2A\x4D\x18\x03\0\0\0abc".to_vec(), zst(&a)].concat()).gives(["a"]),
        zstd("an empty frame alone", zst("")),
        zstd("the last byte of a frame is missing", cut(zst(&a), 1)).skips(Truncated, 0, 1),
        zstd("the header is cut", zst(&a)[..5].to_vec()).skips_rest(Truncated),
        zstd("the magic is cut", zst(&a)[..2].to_vec()).skips_rest(Truncated),
        zstd("the second frame is cut", [zst(&a), cut(zst(line(&noise)), 9)].concat())
            .gives(["a"])
            .skips_rest(Truncated),
        zstd("garbage behind", [zst(&a), b"garbage!".to_vec()].concat()).gives(["a"]).skips_rest(Unreadable),
        zstd("no zstandard", a.clone().into_bytes()).skips_rest(Unreadable),
        of("x.txt.gz", "a text that is cut", cut(gz(&noise), 100)).skips_text(Truncated),
        of("x.txt.gz", "a text that is none", b"this is no gzip".to_vec()).skips_text(Unreadable),
        of("x.txt.zst", "a text that is cut", cut(zst(&noise), 100)).skips_text(Truncated),
        of("x.md.zst", "a text", zst("text")).gives(["text"]),
    ];
    cases.iter().for_each(Case::holds);
}

/// What a run says of its files.
fn skipped(outcome: &Outcome) -> Vec<(SkipReason, String)> {
    let name = |skip: &redite::document::Skip| {
        let path = outcome.sources()[skip.source as usize].path.clone().unwrap();
        path.file_name().unwrap().to_string_lossy().into_owned()
    };
    outcome.skips().iter().map(|skip| (skip.reason, name(skip))).collect()
}

#[cfg(unix)]
#[test]
fn files_that_are_none() {
    let text = words(0..20);
    let dir = Dir::new()
        .file("a.txt", &text)
        .file("folder.txt/inside.txt", &text)
        .file("folder.jsonl/x.unknown", "")
        .file("z.txt", &text);
    std::os::unix::fs::symlink("nowhere", dir.path("b.txt")).unwrap();
    std::os::unix::fs::symlink("nowhere", dir.path("c.jsonl.gz")).unwrap();
    std::os::unix::fs::symlink("d.txt", dir.path("d.txt")).unwrap();
    std::os::unix::fs::symlink("folder.txt", dir.path("linked.txt")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(dir.path("pipe.jsonl")).status().unwrap();
    assert!(made.success());
    let outcome = audit(&dir, &documents_and_paragraphs());
    let lost = ["b.txt", "c.jsonl.gz", "d.txt"].map(|name| (Unreadable, name.to_owned()));
    assert_eq!(skipped(&outcome), lost);
    // links to folders and pipes inside of folders are passed over, and told
    let mut ignored = outcome.ignored().to_vec();
    ignored.sort();
    let expected = [
        "folder.jsonl/x.unknown",
        "linked.txt (a link to a folder)",
        "pipe.jsonl (not a file: a pipe, a socket or a device)",
    ];
    assert_eq!(ignored, expected.map(|name| dir.path(name).to_string_lossy().into_owned()));
    assert_eq!(outcome.documents(), 3);
    assert_eq!(told(&outcome).len(), 4);
    let _ = Twin::of(&outcome).judge(&outcome);
}

/// `redite audit <(producer)`: a pipe with a name, which can be read only once.
#[cfg(unix)]
#[test]
fn a_pipe_is_read_once() {
    let lines = format!("{}{}", line(&words(0..20)), line(&words(0..20)));
    let two = ["0", "1"].map(|_| words(0..20));
    for (name, bytes, texts) in [
        ("pipe", lines.clone().into_bytes(), &two[..]),
        ("pipe.jsonl", lines.clone().into_bytes(), &two[..]),
        ("pipe.jsonl.gz", gz(&lines), &two[..]),
        ("packed", zst(&lines), &two[..]),
        ("pipe.txt", words(0..20).into_bytes(), &two[..1]),
        ("pipe.csv", crate::containers::rows(&two, ',', "\n").into_bytes(), &two[..]),
        ("pipe.csv", crate::containers::bz2(crate::containers::rows(&two, ',', "\n")), &two[..]),
        ("pipe.wet.gz", gz(crate::containers::archive(&two)), &two[..]),
        #[cfg(feature = "parquet")]
        (
            "pipe.parquet",
            {
                use crate::containers::parquet::{Layout, table};
                table(&two, Layout::plain(1))
            },
            &two[..],
        ),
    ] {
        let dir = Dir::new();
        let pipe = dir.path(name);
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, bytes)
        });
        let outcome = audit_inputs(&[pipe], &documents_and_paragraphs());
        writer.join().unwrap().unwrap();
        let read: Vec<String> = (0..outcome.documents()).map(|i| outcome.text(i).unwrap()).collect();
        assert_eq!(read, texts, "{name}");
        assert_eq!(outcome.match_of(document(0)), None);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_breaks_off_is_truncated() {
    let dir = Dir::new();
    let pipe = dir.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let bytes = cut([gz(line("a")), gz(line("b"))].concat(), 3);
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, bytes)
    });
    let outcome = audit_inputs(&[pipe], &documents_and_paragraphs());
    writer.join().unwrap().unwrap();
    assert_eq!(skipped(&outcome), [(Truncated, "pipe".to_owned())]);
    assert_eq!(outcome.documents(), 2);
}

#[test]
fn inputs_that_are_wrong_end_the_run() {
    let dir = Dir::new().file("x.unknown", "").file("x.gz", "");
    let error = |name: &str| sources::find(&[dir.path(name)], None).unwrap_err();
    assert!(error("missing.txt").to_string().contains("input can't be read"), "{}", error("missing.txt"));
    assert!(error("x.unknown").to_string().contains("unknown format"), "{}", error("x.unknown"));
    assert!(error("x.gz").to_string().contains("unknown format"), "{}", error("x.gz"));
    for name in ["missing.txt", "x.unknown"] {
        assert_eq!(error(name).kind(), redite::error::Kind::Usage);
    }
}

#[test]
fn a_bad_file_does_no_harm_to_its_neighbours() {
    let text = words(0..20);
    let dir = Dir::new()
        .file("1.txt", &text)
        .file("2.jsonl.gz", "this is no gzip")
        .file("3.jsonl", format!("x\n{}", line(&text)))
        .file("4.txt", b"\xFF")
        .file("5.jsonl.zst", cut(zst(line("a")), 3))
        .file("6.jsonl", format!("{}\ny\n", line(&text)));
    let outcome = audit(&dir, &documents_and_paragraphs());
    let expected = [
        (Unreadable, "2.jsonl.gz"),
        (InvalidJson, "3.jsonl"),
        (InvalidUtf8, "4.txt"),
        (Truncated, "5.jsonl.zst"),
        (InvalidJson, "6.jsonl"),
    ];
    assert_eq!(skipped(&outcome), expected.map(|(reason, name)| (reason, name.to_owned())));
    let expected =
        ["1 exact 1.000 of 0", "1.0 exact 1.000 of 0.0", "2 exact 1.000 of 0", "2.0 exact 1.000 of 0.0"];
    assert_eq!(told(&outcome), expected);
    assert_eq!((outcome.record(1), outcome.record(2)), ((2, 1), (5, 0)));
}

#[test]
fn the_dirty_corpus_gives_what_its_truth_says() {
    let truth = Truth::of("dirty");
    let outcome = audit_inputs(&[corpus("dirty")], &documents_and_paragraphs());
    truth.holds("dirty", &outcome);
    let _ = Twin::of(&outcome).judge(&outcome);
    let mut lone_surrogates = 0;
    let mut seen = 0;
    for (number, source) in outcome.sources().iter().enumerate() {
        let name = source.path.as_ref().unwrap().file_name().unwrap().to_string_lossy();
        let file = truth.file.iter().find(|file| file.file == name);
        let file = file.unwrap_or_else(|| panic!("{name} is not in the truth"));
        let records = (0..outcome.documents()).filter(|&d| outcome.record(d).0 == number as u32).count();
        assert_eq!(records as u64, file.records, "{name}");
        let skips = outcome.skips().iter().filter(|skip| skip.source == number as u32);
        let skips: Vec<_> =
            skips.map(|skip| (skip.record, skip.line, skip.reason.name().to_owned())).collect();
        let expected: Vec<_> =
            file.skipped.iter().map(|skip| (skip.record, skip.line, skip.reason.clone())).collect();
        assert_eq!(skips, expected, "{name}");
        lone_surrogates += file.lone_surrogates;
        seen += 1;
    }
    assert_eq!(seen, truth.file.len());
    assert_eq!(outcome.summary().input.lone_surrogates, lone_surrogates);
    // only the truth and the README are no input
    assert_eq!(outcome.ignored().len(), 2);
}

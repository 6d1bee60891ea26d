//! What each damaged table, archive or packed file gives: which records are good, what is skipped, where and
//! why; and files that change while they are read.

use std::io::Write;

use redite::document::SkipReason::*;
use redite::error::{Error, Kind};
use redite::params::Params;
use redite::pipeline::{Inputs, Progress, Surroundings};
use redite::read::sources;

use crate::bad_input::{Case, case, cut};
use crate::containers::{archive, bz2, conversion, lines, rows, xz};
use crate::language::{Dir, audit, documents_and_paragraphs, gz, records, words, zst};

#[test]
fn rows_that_cannot_be_used() {
    let csv = |name, bytes: &str| case(name, "x.csv", bytes);
    let cases = [
        csv("an empty file", ""),
        csv("only blank lines", "\n\r\n\n"),
        csv("only the names", "id,text\n"),
        csv("a byte-order mark alone", "\u{FEFF}"),
        csv("no text column", "id,body\n1,a\n").skips_rest(MissingText),
        csv("names in quotes", "\"id\",\"text\"\n1,a\n").gives(["a"]),
        csv("names in another case", "id,Text\n1,a\n").skips_rest(MissingText),
        csv("semicolons", "id;text\n1;a\n").gives(["a"]),
        csv("semicolons and a comma", "id;text;price, net;\n1;a;2,5;\n2;b,\n")
            .gives(["a"])
            .skips(FieldCount, 1, 3),
        csv("what a spreadsheet wants to be told", "sep=;\r\nid;text\r\n1;a\r\n2\r\n")
            .gives(["a"])
            .skips(FieldCount, 1, 4),
        csv("that alone", "sep=;\n"),
        csv("that of nothing that separates", "sep=x\nid,text\n1,a\n").skips_rest(MissingText),
        csv("bars in quotes", "\"id\"|\"text\"\n1|a\n").gives(["a"]),
        csv("a semicolon in a name", "id;number,body\n1,a\n").skips_rest(MissingText),
        csv("a name twice", "text,text\na,b\n").gives(["b"]),
        csv("one column", "text\na\n\nb\n").gives(["a", "b"]),
        csv("an empty text", "id,text\n1,\n2,\"\"\n").gives(["", ""]),
        csv("too few fields", "id,text\n1,a\n2\n3,c\n").gives(["a", "c"]).skips(FieldCount, 1, 3),
        csv("too many fields", "id,text\n1,a\n2,b,c\n3,d\n").gives(["a", "d"]).skips(FieldCount, 1, 3),
        csv("lines are counted through quotes", "id,text\n1,\"a\n\n\"\n\n2\n")
            .gives(["a\n\n"])
            .skips(FieldCount, 1, 6),
        csv("an open quote", "id,text\n1,a\n2,\"b\n3,c\n").gives(["a"]).skips(Truncated, 1, 3),
        csv("an open quote in the names", "id,\"text\n1,a\n").skips_rest(Unreadable),
        csv("a quote inside of a field", "id,text\n1,a\"b\"\n").gives(["a\"b\""]),
        csv("something behind a quote", "id,text\n1,\"a\"b\n").gives(["ab"]),
        csv("a NUL", "id,text\n1,a\0b\n").gives(["a\0b"]),
        csv("too large", "id,text\n1,0123456789\n2,a\n").limit(9).gives(["a"]).skips(TooLarge, 0, 2),
        csv("too large, last", "id,text\n1,a\n2,0123456789").limit(9).gives(["a"]).skips(TooLarge, 1, 3),
        csv("too large, in quotes", "id,text\n1,\"0123\n\n\n\n456789\"\n2,a\n3\n")
            .limit(9)
            .gives(["a"])
            .skips(TooLarge, 0, 2)
            .skips(FieldCount, 2, 8),
        csv("an open quote, and too large", "id,text\n1,a\n2,\"b\n3,c\n4,d\n")
            .limit(9)
            .gives(["a"])
            .skips(TooLarge, 1, 3),
        csv("names that are too large", "id,text,more,columns\n1,a\n").limit(9).skips_rest(Unreadable),
        case("not UTF-8", "x.csv", b"id,text\n1,a\n2,\xFF\n3,c\n").gives(["a", "c"]).skips(InvalidUtf8, 1, 3),
        case("halves of a character", "x.csv", b"text,id\nx\xC3,\xA9y\nb,\n").gives(["b"]).skips(
            InvalidUtf8,
            0,
            2,
        ),
        case("UTF-16", "x.csv", b"\xFF\xFEt\0e\0x\0t\0\n\0").skips_rest(Unreadable),
        case("tabs", "x.tsv", "id\ttext\n1\ta,b\n2\n").gives(["a,b"]).skips(FieldCount, 1, 3),
        case("huge", "x.csv", format!("id,text\n1,{}\n2,a\n", "x".repeat(3 << 20)))
            .limit(1 << 20)
            .gives(["a"])
            .skips(TooLarge, 0, 2),
        case("a fence of commas", "x.csv", format!("id,text\n{}\n2,a\n", ",".repeat(1 << 20)))
            .gives(["a"])
            .skips(FieldCount, 0, 2),
    ];
    cases.iter().for_each(Case::holds);
}

#[test]
fn archives_that_are_damaged() {
    let wet = |name, bytes: String| case(name, "x.wet", bytes);
    let good = |text: &str| conversion(1, text.len(), text);
    let wrong = |length| [good("a"), conversion(2, length, "wrong"), good("b"), good("c")].concat();
    let cases = [
        wet("an empty file", String::new()),
        wet("only other records", archive::<&str>(&[])),
        wet("an empty text", good("")).gives([""]),
        wet("bare newlines", archive(&["a", "b"]).replace('\r', "")).gives(["a", "b"]),
        wet("no archive", "{\"text\":\"a\"}\n".into()).skips_rest(Unreadable),
        wet("garbage before", format!("garbage\n{}", good("a"))).gives(["a"]).skips_rest(Unreadable),
        wet("length too short", wrong(2)).gives(["a", "b", "c"]).skips_record(Unreadable, 1),
        wet("length too long", wrong(40)).gives(["a", "b", "c"]).skips_record(Unreadable, 1),
        wet("length beyond the end", wrong(4000)).gives(["a", "b", "c"]).skips_record(Unreadable, 1),
        wet("length beyond any limit", wrong(1 << 40)).gives(["a", "b", "c"]).skips_record(TooLarge, 1),
        wet("too large", [good("a"), good(&"x".repeat(50)), good("b")].concat())
            .limit(20)
            .gives(["a", "b"])
            .skips_record(TooLarge, 1),
        wet("cut", cut(good("abcdef").into_bytes(), 6).into_iter().map(char::from).collect())
            .skips_record(Truncated, 0),
        wet("cut in the header", format!("{}{}", good("a"), &good("b")[..40]))
            .gives(["a"])
            .skips_rest(Unreadable),
        case(
            "not UTF-8",
            "x.wet",
            [good("a").into_bytes(), good("XX").into_bytes(), good("b").into_bytes()]
                .concat()
                .into_iter()
                .map(|b| if b == b'X' { 0xFF } else { b })
                .collect::<Vec<u8>>(),
        )
        .gives(["a", "b"])
        .skips_record(InvalidUtf8, 1),
        case("a member is cut", "x.wet.gz", [gz(good("a")), cut(gz(good(&words(0..2000))), 500)].concat())
            .gives(["a"])
            .skips_record(Truncated, 1),
    ];
    cases.iter().for_each(Case::holds);
}

#[test]
fn packed_files_that_are_broken() {
    let (a, b) = (lines(&["a"]), lines(&["b"]));
    let noise: String = (0..300).map(|i| lines(&[words(i..i + 20)])).collect();
    let bzip2 = |name, bytes: Vec<u8>| case(name, "x.jsonl.bz2", bytes);
    let lzma = |name, bytes: Vec<u8>| case(name, "x.jsonl.xz", bytes);
    let flip = |mut bytes: Vec<u8>, from_end: usize| {
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        bytes
    };
    let summed = |text: &str| {
        let mut to = zstd::Encoder::new(Vec::new(), 3).unwrap();
        to.include_checksum(true).unwrap();
        to.write_all(text.as_bytes()).unwrap();
        to.finish().unwrap()
    };
    let cases = [
        bzip2("two streams", [bz2(&a), bz2(&b)].concat()).gives(["a", "b"]),
        bzip2("an empty stream", bz2("")),
        bzip2("an empty file", Vec::new()).skips_rest(Truncated),
        bzip2("the second is cut", [bz2(&a), cut(bz2(&noise), 20)].concat())
            .gives(["a"])
            .skips_rest(Truncated),
        bzip2("the magic is cut", bz2(&a)[..2].to_vec()).skips_rest(Truncated),
        bzip2("no bzip2", a.clone().into_bytes()).skips_rest(Unreadable),
        bzip2("garbage behind", [bz2(&a), b"garbage!".to_vec()].concat()).gives(["a"]).skips_rest(Unreadable),
        // what was unpacked before that was found is used, as in gzip
        bzip2("a wrong checksum", [bz2(&a), flip(bz2(&b), 3)].concat())
            .gives(["a", "b"])
            .skips_rest(Truncated),
        case("a wrong checksum", "x.jsonl.gz", [gz(&a), flip(gz(&b), 6)].concat())
            .gives(["a", "b"])
            .skips_rest(Truncated),
        case("a wrong checksum", "x.jsonl.zst", [zst(&a), flip(summed(&b), 1)].concat())
            .gives(["a", "b"])
            .skips_rest(Truncated),
        lzma("a wrong checksum", [xz(&a), flip(xz(&b), 24)].concat()).gives(["a", "b"]).skips_rest(Truncated),
        lzma("two streams", [xz(&a), xz(&b)].concat()).gives(["a", "b"]),
        lzma("padding between", [xz(&a), vec![0; 8], xz(&b)].concat()).gives(["a", "b"]),
        lzma("an empty stream", xz("")),
        lzma("an empty file", Vec::new()).skips_rest(Truncated),
        lzma("the second is cut", [xz(&a), xz(&b)[..20].to_vec()].concat())
            .gives(["a"])
            .skips_rest(Truncated),
        lzma("the end is missing", cut(xz(&a), 12)).gives(["a"]).skips_rest(Truncated),
        lzma("the magic is cut", xz(&a)[..3].to_vec()).skips_rest(Truncated),
        lzma("no xz", a.clone().into_bytes()).skips_rest(Unreadable),
        lzma("garbage behind", [xz(&a), b"garbage!".to_vec()].concat()).gives(["a"]).skips_rest(Truncated),
        case("a table, cut", "x.csv.gz", cut(gz(rows(&["a", "b"], ',', "\n")), 8))
            .gives(["a", "b"])
            .skips_rest(Truncated),
        case("a table, cut in a row", "x.csv.zst", cut([zst("id,text\n1,a\n2,"), zst("b\n")].concat(), 3))
            .gives(["a"])
            .skips(Truncated, 1, 3),
        case("a text", "x.txt.xz", xz("text")).gives(["text"]),
        case("a text that is cut", "x.txt.bz2", cut(bz2(&noise), 100)).skips_text(Truncated),
    ];
    cases.iter().for_each(Case::holds);
}

/// Whoever looks at night is told what a file is that is not what its name says, and what to do.
#[test]
fn files_that_are_not_what_they_are_called() {
    let plain = lines(&["a text of some words", "another one"]);
    let utf_16 = |bytes: &str| {
        let units = bytes.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect::<Vec<u8>>()
    };
    let table = b"PAR1\x15\x00\x15 \x15\xC3\n".to_vec();
    let json = [
        (
            "an array in a line",
            "{\"text\":\"a\"}\n[{\"text\":\"b\"}]",
            "an array of objects, expected one object a line",
        ),
        (
            "pretty-printed in lines",
            "{\"text\":\"a\"}\n{\n",
            "an object over several lines, expected one a line: `jq -c .`",
        ),
        (
            "an object around records",
            "{\n  \"n\": [1],\n  \"data\": [\n    {\"text\": \"a\"}\n  ]\n}\n",
            "no field `text`; there are `n`, `data`; `--text-field` names one; `data` holds an array of objects: \
             `jq -c '.data[]'` makes lines of it",
        ),
        ("another array", "[1,2]", "expected an object, found `[1,2]`"),
        ("rows", "id,text\n1,a\n", "expected an object, found `id,text`"),
    ];
    let others = [
        ("x.jsonl", gz(&plain), "it begins as gzip does: add `.gz` to its name"),
        ("x.jsonl", zst(&plain), "it begins as zstandard does: add `.zst` to its name"),
        ("x.jsonl", bz2(&plain), "it begins as bzip2 does: add `.bz2` to its name"),
        ("x.jsonl", xz(&plain), "it begins as xz does: add `.xz` to its name"),
        ("x.txt", xz(&plain), "it begins as xz does: add `.xz` to its name"),
        ("x.csv", gz(&plain), "it begins as gzip does: add `.gz` to its name"),
        ("x.wet", gz(&plain), "byte 0: it begins as gzip does: add `.gz` to its name"),
        ("x.jsonl", table.clone(), "it begins as Parquet does: name it `.parquet`"),
        ("x.txt", table, "it begins as Parquet does: name it `.parquet`"),
        ("x.jsonl", b"PK\x03\x04\xFF".to_vec(), "it begins as a zip archive does: unpack it first"),
        ("x.txt", b"%PDF-1.7\n%\xE2\xE3".to_vec(), "it begins as PDF does: take the text out of it first"),
        ("x.jsonl", utf_16(&plain), "it begins as UTF-16 does: convert it to UTF-8"),
        ("x.csv", utf_16("id,text\n"), "it begins as UTF-16 does: convert it to UTF-8"),
        ("x.jsonl.gz", gz(utf_16(&plain)), "it begins as UTF-16 does: convert it to UTF-8"),
        ("x.txt", b"caf\xE9".to_vec(), "not UTF-8 at byte 4 (`iconv` converts other encodings)"),
        (
            "x.csv",
            plain.clone().into(),
            "it begins as JSON lines do: name it `.jsonl`, or say `--format jsonl`",
        ),
        (
            "x.jsonl.gz",
            plain.clone().into(),
            "it begins as a text does, expected gzip: name it without `.gz`",
        ),
        (
            "x.jsonl.zst",
            plain.clone().into(),
            "it begins as a text does, expected zstandard: name it without `.zst`",
        ),
        (
            "x.txt.bz2",
            plain.clone().into(),
            "it begins as a text does, expected bzip2: name it without `.bz2`",
        ),
        ("x.csv.xz", plain.clone().into(), "it begins as a text does, expected xz: name it without `.xz`"),
        ("x.wet.xz", zst(&plain), "it begins as zstandard does, expected xz: name it `.zst`, not `.xz`"),
        ("x.jsonl.zst", vec![0; 40], "(expected zstandard)"),
        ("x.jsonl.gz", Vec::new(), "an empty file, expected gzip"),
        ("x.jsonl.zst", Vec::new(), "an empty file, expected zstandard"),
        ("x.txt.bz2", Vec::new(), "an empty file, expected bzip2"),
        ("x.csv.xz", Vec::new(), "an empty file, expected xz"),
    ];
    let json = json.map(|(_, bytes, told)| ("x.jsonl", bytes.as_bytes().to_vec(), told));
    for (name, bytes, expected) in json.into_iter().chain(others) {
        let outcome = audit(&Dir::new().file(name, bytes), &Params::audit());
        let detail = &outcome.skips()[0].detail;
        assert!(detail.contains(expected), "{name}: {detail}, expected {expected}");
    }
}

/// An array, or what begins as one, among lines.
#[test]
fn an_array_among_lines_is_told_as_such() {
    // what is one line alone spoils no other
    for line in ["[{\"text\":\"a\"}]", "[{\"text\":\"a\"}", "[1,", "["] {
        let bytes = format!("{line}\n{{\"text\":\"b\"}}\n");
        let outcome = audit(&Dir::new().file("x.jsonl", bytes), &Params::audit());
        assert_eq!((outcome.documents(), outcome.skips().len()), (1, 1), "{line}");
    }
}

/// In an array a comma stands behind each but the last: where none does, these are lines, whatever stands before them.
#[test]
fn lines_behind_a_bracket_are_read() {
    let records: String = (0..20).map(|n| format!("{{\"text\":\"of record {n}\"}}\n")).collect();
    for (before, behind, skipped) in
        [("[\n", "", 1), ("[{\"text\":\"a\"},\n", "", 1), ("[\n", "]\n", 2), ("\n[\n\n", "", 1)]
    {
        let bytes = format!("{before}{records}{behind}");
        let outcome = audit(&Dir::new().file("x.jsonl", bytes), &Params::audit());
        assert_eq!((outcome.documents(), outcome.skips().len()), (20, skipped), "{before:?} {behind:?}");
    }
}

/// An array of few records that breaks off has those that are whole, in whichever of them that is.
#[test]
fn a_short_array_breaks_off_anywhere() {
    for count in 1..6 {
        let records: Vec<String> = (0..count).map(|n| format!("{{\"text\":\"of record {n}\"}}")).collect();
        let array = format!("[\n{}\n]\n", records.join(",\n"));
        for cut in 3..array.len() - 2 {
            let part = &array[..cut];
            let whole = part.matches('}').count();
            let outcome = audit(&Dir::new().file("x.json", part), &Params::audit());
            assert_eq!(outcome.documents() as usize, whole, "{part:?}");
            // the array, and a record that is cut
            assert!((1..=2).contains(&outcome.skips().len()), "{part:?}");
        }
    }
}

/// A table that is none is no table without the column of the texts.
#[test]
fn a_table_that_is_something_else_is_told_as_unreadable() {
    let utf_16 = |bytes: &str| bytes.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let cases = [
        ("x.csv", gz("id,text\n1,a\n"), "it begins as gzip does: add `.gz` to its name"),
        ("x.tsv", b"\x1F\x8B\x08\0\t\"\xFF".to_vec(), "it begins as gzip does: add `.gz` to its name"),
        ("x.csv", utf_16("\u{feff}id,text\n"), "it begins as UTF-16 does: convert it to UTF-8"),
        ("x.csv", utf_16("id,text\n"), "it begins as UTF-16 does: convert it to UTF-8"),
        ("x.csv", b"{\"text\":\"a\"}\n".to_vec(), "it begins as JSON lines do: name it `.jsonl`"),
        ("x.csv", b"[{\"text\":\"a\"}]\n".to_vec(), "it begins as a JSON array does: name it `.json`"),
        (
            "x.tsv",
            b"[\n  {\n\"text\":\"a\"}\n]\n".to_vec(),
            "it begins as a JSON array does: name it `.json`",
        ),
        ("x.csv", b"[\n               {\"text\":1}]".to_vec(), "it begins as a JSON array does"),
        // what is not packed in it could be read as a table
        ("x.csv", b"PK\x03\x04\x0A\0\0\0\0\0a.csv,text\n1,a\n".to_vec(), "it begins as a zip archive does"),
        ("x.csv", b"[a],[b]\n1,2\n".to_vec(), "no column `text`"),
    ];
    for (name, bytes, expected) in cases {
        let outcome = audit(&Dir::new().file(name, bytes), &Params::audit());
        let skip = &outcome.skips()[0];
        assert!(skip.detail.starts_with(expected), "{}", skip.detail);
        let reason = if expected.starts_with("no column") { MissingText } else { Unreadable };
        assert_eq!((skip.reason, outcome.documents()), (reason, 0), "{expected}");
    }
    let lines = audit(&Dir::new().file("x.jsonl", utf_16("{\"text\":\"a\"}\n")), &Params::audit());
    assert!(lines.skips()[0].detail.starts_with("it begins as UTF-16 does"), "{}", lines.skips()[0].detail);
}

/// What stands behind packed data that are whole is no part of them: nothing breaks off.
#[test]
fn what_is_behind_packed_data_is_told_as_that() {
    let line = "{\"text\":\"a\"}\n";
    for (name, packed) in [("x.jsonl.gz", gz(line)), ("x.jsonl.zst", zst(line)), ("x.jsonl.bz2", bz2(line))] {
        for behind in ["x", "garbage!"] {
            let outcome =
                audit(&Dir::new().file(name, [&packed, behind.as_bytes()].concat()), &Params::audit());
            let skip = &outcome.skips()[0];
            assert_eq!((skip.reason, outcome.documents()), (Unreadable, 1), "{name}");
            assert_eq!(skip.detail, "something else is behind the end of the packed data, which were read");
        }
    }
}

/// The only column may have no name; it can be asked for.
#[test]
fn a_column_without_a_name() {
    let dir = Dir::new().file("x.csv", "\"\"\nsome text\n\"more text\"\n");
    let outcome = audit(&dir, &Params::audit());
    assert_eq!(outcome.skips()[0].detail, "no column `text`; the only one has no name (`--text-field ''`)");
    let outcome = audit(&dir, &Params { text_field: String::new(), ..Params::audit() });
    assert_eq!((outcome.documents(), outcome.skips().len()), (2, 0));
}

#[cfg(feature = "parquet")]
mod tables {
    use super::*;
    use crate::containers::parquet::{Column, Layout, file, strings, table};
    use crate::language::{cases, told};
    use parquet::basic::Compression;

    fn numbered(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("text number {i} of them all")).collect()
    }

    #[test]
    fn columns_that_cannot_be_used() {
        let one = |schema: &str, column: Column| {
            file(&format!("message m {{ {schema} }}"), &[column], Layout::plain(2))
        };
        let odd = vec![
            Some(b"a".to_vec()),
            None,
            Some(b"\xFF".to_vec()),
            Some(b"too long".to_vec()),
            Some(b"b".to_vec()),
        ];
        let numbers = Column::Integers(vec![Some(1)]);
        let tables = |name, bytes| case(name, "x.parquet", bytes);
        let cases = [
            tables("rows", one("optional binary text;", Column::Bytes(odd)))
                .limit(7)
                .gives(["a", "b"])
                .skips_record(TextNotString, 1)
                .skips_record(InvalidUtf8, 2)
                .skips_record(TooLarge, 3),
            tables("another column", one("optional binary body;", strings(&["a"]))).skips_rest(MissingText),
            tables("numbers", one("optional int64 text;", numbers.clone())).skips_rest(TextNotString),
            tables("decimals", one("optional binary text (DECIMAL(9,2));", strings(&["a"]))).skips_rest(TextNotString),
            tables("a group", one("required group text { optional binary b; }", strings(&["a"]))).skips_rest(MissingText),
            tables("a list", {
                let schema = "message m { required group text (LIST) { repeated group list { required binary element; } } }";
                let schema = std::sync::Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
                parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Default::default())
                    .and_then(|writer| writer.into_inner())
                    .unwrap()
            })
            .skips_rest(MissingText),
            tables("no rows", table::<&str>(&[], Layout::plain(1))),
            tables("an empty file", Vec::new()).skips_rest(Unreadable),
            tables("no table", b"this is no table".to_vec()).skips_rest(Unreadable),
            tables("the footer is cut", cut(table(&["a"], Layout::plain(1)), 1)).skips_rest(Unreadable),
            case("packed, and cut", "x.parquet.gz", cut(gz(table(&["a"], Layout::plain(1))), 9)).skips_rest(Truncated),
            case("packed", "x.parquet.gz", gz(table(&["a"], Layout::plain(1)))).gives(["a"]),
        ];
        cases.iter().for_each(Case::holds);
        let named = |bytes: Vec<u8>| {
            audit(&Dir::new().file("x.parquet", bytes), &Params::audit()).skips()[0].detail.clone()
        };
        assert_eq!(named(Vec::new()), "an empty file, expected Parquet");
        let detail = named(lines(&["a"]).into());
        let hint = "say what it is with `--format`, or name it so";
        assert_eq!(detail, format!("it does not begin as Parquet does, but as a text does: {hint}"));
        assert_eq!(named(gz(lines(&["a"]))), "it begins as gzip does: add `.gz` to its name");
        let detail = named(cut(table(&["a"], Layout::plain(1)), 1));
        assert_eq!(
            detail,
            "it begins as Parquet does and has no footer: it was cut, or is still being written"
        );
        let detail = named(one("optional binary body;", strings(&["a"])));
        assert_eq!(detail, "no column `text`; there are `body`; `--text-field` names one");
        // what it names does hold texts, where anything does
        let detail = named(file(
            "message m { optional int64 n; optional binary body; }",
            &[numbers.clone(), strings(&["a"])],
            Layout::plain(1),
        ));
        assert_eq!(detail, "no column `text`; there are `body`; `--text-field` names one");
        let detail = named(one("optional int64 n;", numbers.clone()));
        assert_eq!(detail, "no column `text`, nor one that holds a text a row; there are `n` (INT64)");
        // a list of strings is offered nowhere, since it would be refused
        let list = "optional group tags (LIST) { repeated group list { optional binary element (STRING); } }";
        for (others, expected) in [
            (
                "optional int64 n;",
                "no column `text`, nor one that holds a text a row; there are `n` (INT64), `tags.list.element` (lists)",
            ),
            ("optional binary body;", "no column `text`; there are `body`; `--text-field` names one"),
            ("optional int64 text;", "column `text` does not hold texts but INT64; no column does"),
        ] {
            let schema = format!("message m {{ {others} {list} }}");
            let schema = std::sync::Arc::new(parquet::schema::parser::parse_message_type(&schema).unwrap());
            let written =
                parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Default::default())
                    .and_then(|writer| writer.into_inner());
            assert_eq!(named(written.unwrap()), expected);
        }
        let detail = named(file(
            "message m { optional int64 text; optional binary body; }",
            &[numbers, strings(&["a"])],
            Layout::plain(1),
        ));
        assert_eq!(detail, "column `text` does not hold texts but INT64; those that do: `body`");
    }

    /// A damaged row group loses its own rows only, and the rows behind it keep their numbers.
    #[test]
    fn a_damaged_row_group_costs_its_own_rows() {
        for layout in [
            Layout { compression: Compression::ZSTD(Default::default()), ..Layout::plain(4) },
            Layout { compression: Compression::SNAPPY, page: 40, ..Layout::plain(4) },
            Layout {
                dictionary: true,
                compression: Compression::GZIP(Default::default()),
                ..Layout::plain(4)
            },
        ] {
            let texts = numbered(12);
            let mut bytes = table(&texts, layout);
            let (start, length) = place(&bytes, 1);
            bytes[start + length / 2..start + length].fill(0xFF);
            let dir = Dir::new().file("x.parquet", bytes);
            let outcome = audit(&dir, &documents_and_paragraphs());
            let read: Vec<String> = (0..outcome.documents()).map(|i| outcome.text(i).unwrap()).collect();
            let [skip] = outcome.skips() else { panic!("{:?}", outcome.skips()) };
            assert_eq!(skip.reason, Unreadable);
            assert!(skip.detail.starts_with("row group 1: "), "{}", skip.detail);
            let first = skip.record.unwrap() as usize;
            assert!((4..8).contains(&first) && first + skip.records as usize == 8, "{skip:?}");
            assert_eq!(read, [&texts[..first], &texts[8..]].concat());
            assert_eq!(outcome.record(outcome.documents() - 1), (0, 11));
            assert_eq!(outcome.summary().input.records, 12);
            assert_eq!(outcome.summary().input.skipped["unreadable"], skip.records);
        }
    }

    /// One skip may stand for several records: all numbers are of these.
    #[test]
    fn skipped_records_are_counted_alike_everywhere() {
        let layout = Layout { compression: Compression::ZSTD(Default::default()), ..Layout::plain(4) };
        let mut bytes = table(&numbered(24), layout);
        for group in 1..6 {
            let (start, length) = place(&bytes, group);
            bytes[start + length / 2..start + length].fill(0xFF);
        }
        let dir = Dir::new().file("x.parquet", bytes);
        let outcome = audit(&dir, &documents_and_paragraphs());
        let skips: Vec<u64> = outcome.skips().iter().map(|skip| skip.records).collect();
        assert!(skips.len() == 5 && skips[4] > 1, "{skips:?}");
        let all: u64 = skips.iter().sum();
        let facts = redite::report::facts::Facts::new(&outcome).unwrap();
        let mut summary = Vec::new();
        redite::report::terminal::write(&outcome, &facts, &mut summary, Default::default()).unwrap();
        let summary = String::from_utf8(summary).unwrap();
        let more = skips[3] + skips[4];
        for line in [
            format!("Skipped: {all} records and files\n  {all} could not be read\n"),
            format!("    and {more} more\n"),
        ] {
            assert!(summary.contains(&line), "{line}{summary}");
        }
        #[cfg(feature = "html")]
        {
            let mut page = Vec::new();
            redite::report::html::write(&outcome, &facts, None, &mut page).unwrap();
            let page = String::from_utf8(page).unwrap();
            assert!(page.contains(&format!("{all} records and files could not be used")));
            assert!(page.contains(&format!("{all} could not be read.")));
        }
    }

    /// Where pages have checksums (this file is pyarrow's, in two row groups, packed with nothing), a byte that is another
    /// one is damage, though it would be a text as good as any.
    #[test]
    fn a_page_with_another_checksum_is_damage() {
        let bytes = include_bytes!("../fixtures/checksums.parquet");
        let run = |bytes: &[u8]| audit(&Dir::new().file("x.parquet", bytes), &documents_and_paragraphs());
        let outcome = run(bytes);
        assert_eq!((outcome.documents(), outcome.skips().len(), told(&outcome).len()), (3, 0, 2));
        let at = memchr::memmem::find(bytes, b"Monday").unwrap();
        let mut damaged = bytes.to_vec();
        damaged[at] = b'S';
        let outcome = run(&damaged);
        let [skip] = outcome.skips() else { panic!("{:?}", outcome.skips()) };
        assert_eq!((skip.reason, skip.record, skip.records), (Unreadable, Some(0), 2));
        assert!(skip.detail.contains("row group 0") && skip.detail.contains("checksum"), "{}", skip.detail);
        assert_eq!(outcome.documents(), 1);
    }

    /// A page that unpacks to more than its header says is damage, found while it is unpacked.
    #[test]
    fn pages_that_unpack_to_more_than_they_say() {
        let texts: Vec<String> = (0..3).map(|i| format!("{i} of three ").repeat(200)).collect();
        for version_2 in [false, true] {
            for compression in
                [Compression::GZIP(Default::default()), Compression::BROTLI(Default::default())]
            {
                let whole = table(&texts, Layout { compression, version_2, ..Layout::plain(1) });
                let (start, _) = place(&whole, 1);
                let mut bytes = whole.clone();
                assert_eq!([bytes[start], bytes[start + 2]], [0x15; 2], "kind and size, unpacked");
                assert_eq!([bytes[start + 3] >> 7, bytes[start + 4] >> 7], [1, 0], "two bytes of it");
                bytes[start + 3..start + 5].copy_from_slice(&[0x90, 0x03]);
                let outcome = audit(&Dir::new().file("x.parquet", bytes), &documents_and_paragraphs());
                let [skip] = outcome.skips() else { panic!("{:?}", outcome.skips()) };
                let says = "a page that unpacks to more than the 200 bytes that its header says";
                assert!(skip.detail.contains(says), "{}", skip.detail);
                assert_eq!((skip.record, skip.records, outcome.documents()), (Some(1), 1, 2));
                let outcome = audit(&Dir::new().file("x.parquet", whole), &documents_and_paragraphs());
                assert_eq!((outcome.skips().len(), outcome.documents()), (0, 3));
            }
        }
    }

    /// Where the text column of a row group stands.
    fn place(bytes: &[u8], group: usize) -> (usize, usize) {
        use parquet::file::reader::{FileReader, SerializedFileReader};
        let dir = Dir::new().file("x", bytes);
        let reader = SerializedFileReader::new(std::fs::File::open(dir.path("x")).unwrap()).unwrap();
        let (start, length) = reader.metadata().row_group(group).column(1).byte_range();
        (start as usize, length as usize)
    }

    /// Any byte may be anything: never a panic, never a record that is neither read nor told.
    #[test]
    fn no_damage_ends_a_run() {
        let texts = numbered(6);
        for (dictionary, compression) in [
            (true, Compression::SNAPPY),
            (false, Compression::UNCOMPRESSED),
            (true, Compression::ZSTD(Default::default())),
        ] {
            let bytes = table(&texts, Layout { dictionary, compression, ..Layout::plain(3) });
            for at in 0..bytes.len() {
                // of two ways one a byte, in turn
                for flip in [0x01, 0xFF].into_iter().cycle().skip(at % 2).take(cases(1).min(2) as usize) {
                    let mut bytes = bytes.clone();
                    bytes[at] ^= flip;
                    // that law 4 holds is asserted where the summary is made
                    let dir = Dir::new().file("x.parquet", bytes);
                    let _ = audit(&dir, &documents_and_paragraphs());
                }
            }
            for length in 0..bytes.len() {
                let dir = Dir::new().file("x.parquet", &bytes[..length]);
                assert_eq!(audit(&dir, &documents_and_paragraphs()).skips().len(), 1);
            }
        }
    }
}

/// Changes a file between the passes: the first has read it when the second asks for room for its texts.
fn error_of_changing(name: &str, bytes: &[u8], change: impl Fn(&std::path::Path)) -> Error {
    let dir = Dir::new().file(name, bytes);
    let path = dir.path(name);
    let found = sources::find(std::slice::from_ref(&path), None).unwrap();
    change(&path);
    redite::pipeline::audit(found, &Params::audit(), &Surroundings::default(), &Progress::default())
        .err()
        .unwrap()
}

#[test]
fn a_file_that_changes_during_the_run_is_noticed() {
    use std::time::{Duration, SystemTime};
    let text = words(0..60);
    let texts = [&text, &text];
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("x.txt", text.clone().into()),
        ("x.jsonl", lines(&texts).into()),
        ("x.jsonl.gz", gz(lines(&texts))),
        ("x.csv", rows(&texts, ',', "\n").into()),
        ("x.tsv.bz2", bz2(rows(&texts, '\t', "\n"))),
        ("x.wet", archive(&texts).into()),
        #[cfg(feature = "parquet")]
        ("x.parquet", {
            use crate::containers::parquet::{Layout, table};
            table(&texts, Layout::plain(1))
        }),
    ];
    for (name, bytes) in files {
        let longer = error_of_changing(name, &bytes, |path| {
            std::fs::write(path, [&bytes[..], b"\n"].concat()).unwrap();
        });
        let told = longer.to_string();
        let sizes = format!("it had {} bytes, now it has {}", bytes.len(), bytes.len() + 1);
        assert!(told.contains(name) && told.contains(&sizes) && longer.hint().is_some(), "{told}");
        assert_eq!(longer.kind(), Kind::Failed);
        let touched = error_of_changing(name, &bytes, |path| {
            let file = std::fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
        });
        assert!(touched.to_string().contains("it has been written to"), "{touched}");
    }
}

/// A change that leaves length and time as they were, between the run and a report that reads again.
#[test]
fn other_content_is_noticed() {
    for (name, of) in [
        ("x.txt", (|text| text.into()) as fn(&str) -> Vec<u8>),
        ("x.jsonl", |text| lines(&[text]).into()),
        ("x.csv", |text| rows(&[text], ',', "\n").into()),
        ("x.wet", |text| archive(&[text]).into()),
    ] {
        let dir = Dir::new().file(name, of("the old text"));
        let outcome = audit(&dir, &documents_and_paragraphs());
        assert_eq!(outcome.text(0).unwrap(), "the old text");
        let path = dir.path(name);
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::write(&path, of("the new text")).unwrap();
        std::fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
        let error = outcome.text(0).unwrap_err();
        assert!(matches!(error, Error::Changed { record: 0, .. }), "{name}: {error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// What is good before damage does not depend on how much is read at once, and little of it is lost.
#[test]
fn damage_loses_the_same_whatever_is_read_at_once() {
    let texts: Vec<String> = (0..300).map(|at| words(at..at + 30)).collect();
    let lines = records(&texts);
    let mut summed = zstd::Encoder::new(Vec::new(), 3).unwrap();
    summed.include_checksum(true).unwrap();
    summed.write_all(lines.as_bytes()).unwrap();
    let summed = summed.finish().unwrap();
    let packed = [("zst", summed), ("gz", gz(&lines)), ("bz2", bz2(&lines)), ("xz", xz(&lines))];
    for (ending, bytes) in packed {
        for from_end in [1, 3, 11, 25, bytes.len() / 2] {
            let mut bytes = bytes.clone();
            let at = bytes.len() - from_end;
            bytes[at] ^= 4;
            let name = format!("x.jsonl.{ending}");
            let dir = Dir::new().file(&name, bytes);
            let read = |chunk| {
                let sources = sources::find(&[dir.path(&name)], None).unwrap();
                let surroundings = Surroundings { chunk, ..Surroundings::default() };
                let params = documents_and_paragraphs();
                let outcome = redite::pipeline::audit(
                    Inputs::from(sources),
                    &params,
                    &surroundings,
                    &Progress::default(),
                );
                outcome.unwrap().summary().input.documents
            };
            let all = [1 << 10, 10_000, 1 << 20].map(read);
            assert_eq!(all, [all[0]; 3], "{ending} {from_end}");
            // damage at the end is of the checksums
            assert!(from_end > 3 || all[0] == 300, "{ending} {from_end}: {}", all[0]);
        }
    }
}

/// A file that is empty is told as that, not to be read by another field.
#[cfg(feature = "cli")]
#[test]
fn what_to_do_with_an_empty_file_is_told() {
    let dir = Dir::new().file("a.jsonl.gz", "");
    let ended = crate::cli::redite(&dir, ["audit", "a.jsonl.gz"]).ends();
    let told = &ended.stderr;
    assert!(ended.code == 4 && !told.contains("--text-field"), "{told}");
    assert!(
        told.contains("an empty file, expected gzip") && told.contains("hint: do what is told"),
        "{told}"
    );
}

//! Texts packed into every container that is read.

use std::io::Write;

/// One bzip2 stream.
pub(crate) fn bz2(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut to = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    to.write_all(bytes.as_ref()).unwrap();
    to.finish().unwrap()
}

/// One xz stream.
pub(crate) fn xz(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut to = liblzma::write::XzEncoder::new(Vec::new(), 1);
    to.write_all(bytes.as_ref()).unwrap();
    to.finish().unwrap()
}

/// A field, quoted where it has to be.
fn field(text: &str, delimiter: char) -> String {
    if text.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into()
    }
}

/// Texts as rows, with their numbers as ids, between columns that are of no concern.
pub(crate) fn rows<T: AsRef<str>>(texts: &[T], delimiter: char, end: &str) -> String {
    let row =
        |fields: [&str; 4]| fields.map(|text| field(text, delimiter)).join(&delimiter.to_string()) + end;
    let rows =
        texts.iter().enumerate().map(|(i, text)| row(["x,\"y\"\t\n", &i.to_string(), text.as_ref(), ""]));
    std::iter::once(row(["other", "id", "text", "la, st"])).chain(rows).collect()
}

/// Texts as a text archive, one record each, with other records between them.
pub(crate) fn archive<T: AsRef<str>>(texts: &[T]) -> String {
    let info = "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 6\r\n\r\ninfo\r\n\r\n\r\n".to_owned();
    let records = texts.iter().enumerate().map(|(i, text)| conversion(i, text.as_ref().len(), text.as_ref()));
    std::iter::once(info.clone()).chain(records).chain([info]).collect()
}

/// A record of a text archive, which says that its text has `length` bytes.
pub(crate) fn conversion(id: usize, length: usize, text: &str) -> String {
    let head = "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\n";
    format!("{head}WARC-Target-URI: {id}\r\nContent-Length: {length}\r\n\r\n{text}\r\n\r\n")
}

/// Texts as JSON lines, with their numbers as ids.
pub(crate) fn lines<T: AsRef<str>>(texts: &[T]) -> String {
    let line = |(i, text): (usize, &T)| serde_json::json!({"id": i.to_string(), "text": text.as_ref()});
    texts.iter().enumerate().map(|record| line(record).to_string() + "\n").collect()
}

#[cfg(feature = "parquet")]
pub(crate) mod parquet {
    use std::sync::Arc;

    use parquet::basic::Compression;
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    /// How a file is written.
    #[derive(Clone, Copy)]
    pub(crate) struct Layout {
        pub(crate) group: usize,
        pub(crate) dictionary: bool,
        pub(crate) version_2: bool,
        pub(crate) compression: Compression,
        /// bytes of a page, about
        pub(crate) page: usize,
    }

    impl Layout {
        pub(crate) fn plain(group: usize) -> Self {
            let compression = Compression::UNCOMPRESSED;
            Layout { group, dictionary: false, version_2: false, compression, page: 1 << 20 }
        }
    }

    /// A column, and what it holds in each row.
    #[derive(Clone)]
    pub(crate) enum Column {
        Bytes(Vec<Option<Vec<u8>>>),
        Integers(Vec<Option<i64>>),
        Small(Vec<Option<i32>>),
        Doubles(Vec<Option<f64>>),
    }

    /// A file with this schema, whose columns are all optional at one level.
    pub(crate) fn file(schema: &str, columns: &[Column], layout: Layout) -> Vec<u8> {
        use parquet::file::properties::WriterVersion;
        let version = if layout.version_2 { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_compression(layout.compression)
            .set_dictionary_enabled(layout.dictionary)
            .set_data_page_size_limit(layout.page)
            .set_write_batch_size(if layout.page < 1 << 20 { 1 } else { 1024 })
            .build();
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        let rows = match &columns[0] {
            Column::Bytes(values) => values.len(),
            Column::Integers(values) => values.len(),
            Column::Small(values) => values.len(),
            Column::Doubles(values) => values.len(),
        };
        for start in (0..rows).step_by(layout.group) {
            let range = start..rows.min(start + layout.group);
            let mut group = writer.next_row_group().unwrap();
            for column in columns {
                let mut to = group.next_column().unwrap().unwrap();
                macro_rules! write {
                    ($values:expr, $type:ty, $value:expr) => {{
                        let values = &$values[range.clone()];
                        let levels: Vec<i16> =
                            values.iter().map(|value| i16::from(value.is_some())).collect();
                        let values: Vec<_> = values.iter().flatten().cloned().map($value).collect();
                        to.typed::<$type>().write_batch(&values, Some(&levels), None).unwrap();
                    }};
                }
                match column {
                    Column::Bytes(values) => write!(values, ByteArrayType, ByteArray::from),
                    Column::Integers(values) => write!(values, Int64Type, |value| value),
                    Column::Small(values) => write!(values, Int32Type, |value| value),
                    Column::Doubles(values) => write!(values, DoubleType, |value| value),
                }
                to.close().unwrap();
            }
            group.close().unwrap();
        }
        writer.into_inner().unwrap()
    }

    /// Strings of a column, none missing.
    pub(crate) fn strings<T: AsRef<str>>(texts: &[T]) -> Column {
        Column::Bytes(texts.iter().map(|text| Some(text.as_ref().into())).collect())
    }

    /// A table of texts with their numbers as ids.
    pub(crate) fn table<T: AsRef<str>>(texts: &[T], layout: Layout) -> Vec<u8> {
        let numbers: Vec<String> = (0..texts.len()).map(|i| i.to_string()).collect();
        let other = Column::Integers(vec![None; texts.len()]);
        let schema =
            "message m { optional int64 n; optional binary text (STRING); optional binary id (STRING); }";
        file(schema, &[other, strings(texts), strings(&numbers)], layout)
    }
}

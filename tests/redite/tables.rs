//! `redite dedup` on Parquet: every type, nested or not, every packing, and all that a file says of itself.

use std::sync::Arc;

use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    FloatType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::{Row, RowAccessor};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use redite::document::SkipReason;
use redite::order::Prefer;
use redite::params::Params;
use redite::pipeline::Surroundings;

use crate::cli::{names, redite};
use crate::containers::parquet::{Layout, table};
use crate::language::{Dir, audit, dedup, words};
use crate::writers::{PACKS, kept, only, run, texts, unpacked};

const SCHEMA: &str = "message m {
    required boolean flag;
    optional int32 small (INTEGER(8,false));
    required binary text (STRING);
    optional group tags (LIST) { repeated group list { optional binary element (STRING); } }
    required int96 moment;
    optional float f;
    required double d;
    required fixed_len_byte_array(5) price (DECIMAL(10,2));
    optional group map (MAP) { repeated group key_value { required int64 key; optional double value; } }
    optional group deep { optional group er { optional binary id (STRING); } }
}";

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    rows: &[usize],
    of: impl Fn(usize) -> (Vec<T::T>, Vec<i16>, Vec<i16>),
) {
    let mut all: (Vec<T::T>, Vec<i16>, Vec<i16>) = Default::default();
    for &row in rows {
        let (values, levels, repeated) = of(row);
        all.0.extend(values);
        all.1.extend(levels);
        all.2.extend(repeated);
    }
    let mut to = group.next_column().unwrap().unwrap();
    to.typed::<T>().write_batch(&all.0, Some(&all.1), Some(&all.2)).unwrap();
    to.close().unwrap();
}

/// Every physical type, with nulls and lists, in row groups of these lengths.
fn wide(texts: &[String], lengths: &[usize], properties: WriterPropertiesBuilder) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    let mut rows: Vec<usize> = (0..texts.len()).collect();
    let string = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    for &length in lengths {
        let rest = rows.split_off(length.min(rows.len()));
        let mut group = writer.next_row_group().unwrap();
        column::<BoolType>(&mut group, &rows, |i| (vec![i % 3 == 0], vec![0], vec![0]));
        column::<Int32Type>(&mut group, &rows, |i| match i % 5 {
            0 => (vec![], vec![0], vec![0]),
            _ => (vec![i as i32], vec![1], vec![0]),
        });
        column::<ByteArrayType>(&mut group, &rows, |i| (vec![string(&texts[i])], vec![0], vec![0]));
        column::<ByteArrayType>(&mut group, &rows, |i| match i % 4 {
            0 => (vec![], vec![0], vec![0]),
            1 => (vec![], vec![1], vec![0]),
            2 => (vec![string("a")], vec![2, 3], vec![0, 1]),
            _ => (vec![string("x"), string(&i.to_string()), string("")], vec![3; 3], vec![0, 1, 1]),
        });
        column::<Int96Type>(&mut group, &rows, |i| {
            let mut moment = Int96::new();
            moment.set_data(i as u32, 7, 2_440_589);
            (vec![moment], vec![0], vec![0])
        });
        column::<FloatType>(&mut group, &rows, |i| match i % 2 {
            0 => (vec![i as f32 / 3.0], vec![1], vec![0]),
            _ => (vec![], vec![0], vec![0]),
        });
        column::<DoubleType>(&mut group, &rows, |i| (vec![1.0 / (i as f64 + 0.5)], vec![0], vec![0]));
        column::<FixedLenByteArrayType>(&mut group, &rows, |i| {
            let price = vec![0, 0, 1, (i / 256) as u8, i as u8];
            (vec![FixedLenByteArray::from(price)], vec![0], vec![0])
        });
        column::<Int64Type>(&mut group, &rows, |i| match i % 3 {
            0 => (vec![], vec![0], vec![0]),
            1 => (vec![], vec![1], vec![0]),
            _ => (vec![i as i64, -1], vec![2, 2], vec![0, 1]),
        });
        column::<DoubleType>(&mut group, &rows, |i| match i % 3 {
            0 => (vec![], vec![0], vec![0]),
            1 => (vec![], vec![1], vec![0]),
            _ => (vec![i as f64], vec![3, 2], vec![0, 1]),
        });
        column::<ByteArrayType>(&mut group, &rows, |i| (vec![string(&i.to_string())], vec![3], vec![0]));
        group.close().unwrap();
        rows = rest;
    }
    assert!(rows.is_empty());
    writer.into_inner().unwrap()
}

fn opened(bytes: Vec<u8>) -> SerializedFileReader<bytes::Bytes> {
    let options = ReadOptionsBuilder::new().with_page_index().build();
    SerializedFileReader::new_with_options(bytes::Bytes::from(bytes), options).unwrap()
}

fn all_rows(reader: &SerializedFileReader<bytes::Bytes>) -> Vec<Row> {
    reader.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

/// What a file says of itself, but for where things are and how long.
fn told(reader: &SerializedFileReader<bytes::Bytes>) -> String {
    let of_file = reader.metadata().file_metadata();
    let groups = reader.metadata().row_groups().iter().filter(|group| group.num_rows() > 0);
    let chunks = groups.map(|group| {
        let chunk = |chunk: &parquet::file::metadata::ColumnChunkMetaData| {
            let indexed = [
                // that of lists would be wrong
                chunk.column_index_offset().is_some() && chunk.column_descr().max_rep_level() == 0,
                chunk.offset_index_offset().is_some(),
                chunk.bloom_filter_offset().is_some(),
                chunk.statistics().is_some(),
                chunk.dictionary_page_offset().is_some(),
            ];
            format!("{} {:?} {indexed:?}", chunk.column_path(), chunk.compression())
        };
        let chunks: Vec<String> = group.columns().iter().map(chunk).collect();
        (chunks, group.sorting_columns().cloned())
    });
    let mut chunks: Vec<_> = chunks.collect();
    chunks.dedup();
    let (schema, keys) = (of_file.schema(), of_file.key_value_metadata());
    format!("{schema:?} {keys:?} {:?} {} {chunks:?}", of_file.created_by(), of_file.version())
}

fn properties() -> Vec<WriterPropertiesBuilder> {
    let path = |name: &str| ColumnPath::from(name.split('.').map(str::to_owned).collect::<Vec<_>>());
    let named =
        vec![KeyValue::new("ARROW:schema".into(), "/////w==".to_owned()), KeyValue::new("none".into(), None)];
    let sorted = SortingColumn { column_idx: 0, descending: true, nulls_first: false };
    vec![
        WriterProperties::builder(),
        WriterProperties::builder()
            .set_created_by("somebody 1.2".to_owned())
            .set_key_value_metadata(Some(named))
            .set_sorting_columns(Some(vec![sorted]))
            .set_compression(Compression::SNAPPY)
            .set_column_compression(path("text"), Compression::ZSTD(ZstdLevel::default()))
            .set_column_compression(path("flag"), Compression::GZIP(GzipLevel::default()))
            .set_column_compression(path("moment"), Compression::BROTLI(BrotliLevel::default()))
            .set_column_compression(path("d"), Compression::LZ4_RAW)
            .set_column_compression(path("tags.list.element"), Compression::LZ4)
            .set_column_bloom_filter_enabled(path("deep.er.id"), true)
            .set_data_page_size_limit(200)
            .set_write_batch_size(3),
        WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_dictionary_enabled(false)
            .set_offset_index_disabled(true)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_column_statistics_enabled(path("d"), EnabledStatistics::Chunk)
            .set_column_dictionary_enabled(path("tags.list.element"), true)
            .set_column_encoding(path("text"), Encoding::DELTA_LENGTH_BYTE_ARRAY)
            .set_column_encoding(path("deep.er.id"), Encoding::DELTA_BYTE_ARRAY)
            .set_column_encoding(path("small"), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding(path("d"), Encoding::BYTE_STREAM_SPLIT)
            .set_column_encoding(path("flag"), Encoding::RLE)
            .set_data_page_size_limit(500),
        // a reader of lists looks at the header of the page to come
        WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_compression(Compression::GZIP(GzipLevel::default()))
            .set_column_compression(path("map.key_value.key"), Compression::BROTLI(BrotliLevel::default()))
            .set_dictionary_enabled(false)
            .set_data_page_size_limit(40)
            .set_write_batch_size(3),
    ]
}

#[test]
fn kept_rows_are_the_same_in_every_column() {
    // a row group without rows, one without copies, one of nothing but copies, and others
    let mut all: Vec<String> = (0..30).map(|i| words(9_000 * (i + 20)..9_000 * (i + 20) + 30)).collect();
    all.extend(all[..20].to_vec());
    all.extend(texts(3, 150));
    let lengths = [0, 30, 20, 1, 100, 49];
    let params = Params { id_field: "deep.er.id".into(), ..Params::dedup() };
    let default = Surroundings::default();
    for (case, properties) in properties().into_iter().enumerate() {
        let bytes = wide(&all, &lengths, properties);
        for (ending, pack) in [PACKS[0], PACKS[2], PACKS[4]] {
            let name = format!("in/x.parquet{ending}");
            let dir = Dir::new().file(&name, pack(&bytes));
            let [input, output, again] = ["in", "out", "again"].map(|name| dir.path(name));
            let first = dedup((&input, &output), &params, (Prefer::First, &[]), &default).unwrap();
            let expected = kept(&first);
            let removed = all.len() - expected.len();
            assert!(removed > 50 && expected.len() > 60, "{case}: {removed}");
            let written = only(&output);
            let reader = opened(unpacked(&name, &written));
            let before = opened(bytes.clone());
            let rows = all_rows(&before);
            let rows: Vec<Row> = expected.iter().map(|&i| rows[i].clone()).collect();
            let found = all_rows(&reader);
            assert_eq!(found.len(), rows.len(), "{case}");
            for (found, row) in found.iter().zip(&rows) {
                assert_eq!(found, row, "{case}");
            }
            assert_eq!(told(&reader), told(&before), "{case}");
            // one row group for each that has rows left; the first is whole
            let groups: Vec<i64> =
                reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
            let mut at = 0;
            let counts = lengths.map(|length| {
                at += length;
                expected.iter().filter(|&&i| at - length <= i && i < at).count() as i64
            });
            let counts: Vec<i64> = counts.into_iter().filter(|&count| count > 0).collect();
            assert_eq!((groups[0], groups), (30, counts), "{case}");
            let second = dedup((&output, &again), &params, (Prefer::First, &[]), &default).unwrap();
            assert_eq!(second.removal.all.removed, 0);
            let twice = only(&again);
            let twice = opened(unpacked(&name, &twice));
            assert!(all_rows(&twice) == rows && told(&twice) == told(&reader), "{case}");
        }
    }
}

/// A page of lists with as many nulls as rows is none of nulls alone, and no index says that it is.
#[test]
fn pages_of_lists_are_not_told_empty() {
    let schema = "message m { required binary text (STRING);
        optional group tags (LIST) { repeated group list { optional int32 element; } } }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = [words(0..20), words(30..50), words(0..20)];
    column::<ByteArrayType>(&mut group, &[0, 1, 2], |i| {
        (vec![ByteArray::from(&texts[i][..])], vec![0], vec![0])
    });
    column::<Int32Type>(&mut group, &[0, 1, 2], |_| (vec![5], vec![2, 3], vec![0, 1]));
    group.close().unwrap();
    let dir = Dir::new().file("in/x.parquet", writer.into_inner().unwrap());
    redite(&dir, ["dedup", "in", "--output", "out", "-q"]).ends().ok();
    let reader = opened(only(&dir.path("out")));
    assert_eq!(all_rows(&reader).len(), 2);
    let chunks = reader.metadata().row_group(0).columns();
    assert!(chunks[0].column_index_offset().is_some());
    assert!(chunks[1].column_index_offset().is_none() && chunks[1].statistics().is_some());
}

/// A row group without rows before all others, as streaming writers leave it; pyarrow gives it no index.
#[test]
fn an_empty_row_group_is_no_pattern() {
    let bytes = include_bytes!("../fixtures/empty_group.parquet");
    let dir = Dir::new().file("in/x.parquet", bytes);
    redite(&dir, ["dedup", "in", "--output", "out", "-q"]).ends().ok();
    let reader = opened(only(&dir.path("out")));
    let numbers: Vec<String> =
        all_rows(&reader).iter().map(|row| row.get_long(1).unwrap().to_string()).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "6"]);
    // one row group is whole, the other is not, and both are as they were
    let groups = reader.metadata().row_groups();
    assert_eq!(groups.iter().map(|group| group.num_rows()).collect::<Vec<_>>(), [3, 2]);
    let indexed = |chunk: &parquet::file::metadata::ColumnChunkMetaData| {
        [
            chunk.column_index_offset().is_some(),
            chunk.offset_index_offset().is_some(),
            chunk.statistics().is_some(),
        ]
    };
    assert!(groups.iter().flat_map(|group| group.columns()).all(|chunk| indexed(chunk) == [true; 3]));
    assert_eq!(reader.metadata().file_metadata().version(), 2);
}

/// A column of lists whose last page is empty, as Arrow's C++ writes it where pages are tiny.
#[test]
fn pages_without_a_value_are_passed_over() {
    let dir = Dir::new().file("in/x.parquet", include_bytes!("../fixtures/empty_page.parquet"));
    redite(&dir, ["dedup", "in", "--output", "out", "-q"]).ends().ok();
    let kept = all_rows(&opened(only(&dir.path("out"))));
    let told: Vec<String> = kept.iter().map(Row::to_string).collect();
    assert_eq!(told, [r#"{text: "one two three four", n: [1]}"#, r#"{text: "five six seven", n: [3]}"#]);
}

/// Nulls, damaged row groups: skipped, counted, not written; the rest is.
#[test]
fn what_is_damaged_is_left_out() {
    let texts: Vec<String> = (0..60).map(|i| words(i / 2 * 50..i / 2 * 50 + 40)).collect();
    let bytes = table(&texts, Layout::plain(20));
    let at = bytes.windows(4).position(|window| window == b"w500").unwrap();
    // the header of the page of texts of the second row group
    let reader = opened(bytes.clone());
    let page = reader.metadata().row_group(1).column(1).data_page_offset() as usize;
    assert!(page < at);
    let mut damaged = bytes;
    damaged[page..page + 8].fill(0xFF);
    let dir = Dir::new().file("in/x.parquet", damaged);
    let found = run(&dir, "in", "out");
    let all = &found.removal.all;
    assert_eq!((all.read, all.kept, all.removed, all.skipped), (60, 20, 20, 20));
    let written = opened(only(&dir.path("out")));
    assert_eq!(written.metadata().num_row_groups(), 2);
    assert_eq!(all_rows(&written).len(), 20);
}

/// A column that nobody looked at before can't be filtered: the run ends and says which.
#[test]
fn damage_in_another_column_ends_the_run() {
    let texts: Vec<String> = (0..40).map(|i| words(i / 2 * 50..i / 2 * 50 + 40)).collect();
    let bytes = table(&texts, Layout::plain(20));
    let reader = opened(bytes.clone());
    let page = reader.metadata().row_group(1).column(0).data_page_offset() as usize;
    let mut damaged = bytes;
    damaged[page..page + 8].fill(0xFF);
    let dir = Dir::new().file("in/x.parquet", damaged);
    let ended = redite(&dir, ["dedup", "in", "--output", "out"]).ends();
    assert_eq!((ended.code, names(dir.root())), (1, vec!["in".to_owned()]));
    let says = "`in/x.parquet`: reading it again failed: row group 1, column `n`:";
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
}

/// An id of 32 bits is told as short as it is, not as the double that is nearest to it.
#[test]
fn short_numbers_are_ids_as_they_stand() {
    let texts = [words(0..20), words(30..50), words(0..20)];
    let dir = Dir::new().file("a.parquet", wide(&texts, &[3], WriterProperties::builder()));
    let ended = redite(&dir, ["audit", "a.parquet", "--id-field", "f", "--matches", "-", "--quiet"]).ends();
    let line = ended.stdout.lines().find(|line| line.contains(r#""unit":"document""#)).unwrap_or_default();
    let found: serde_json::Value = serde_json::from_str(line).expect(&ended.stderr);
    assert_eq!(
        (&found["copy"]["id"].to_string()[..], &found["original"]["id"].to_string()[..]),
        ("0.6666667", "0.0")
    );
}

/// What suits one of two columns of one name need not suit the other.
#[test]
fn columns_of_one_name_are_kept() {
    let texts = [words(0..20), words(0..20), words(30..50)];
    let schema = "message m { required binary text (STRING); required int64 x; required boolean x; }";
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_writer_version(WriterVersion::PARQUET_2_0);
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let rows = [0, 1, 2];
    let string = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    column::<ByteArrayType>(&mut group, &rows, |i| (vec![string(&texts[i])], vec![0], vec![0]));
    column::<Int64Type>(&mut group, &rows, |i| (vec![i as i64], vec![0], vec![0]));
    column::<BoolType>(&mut group, &rows, |i| (vec![i == 2], vec![0], vec![0]));
    group.close().unwrap();
    let bytes = writer.into_inner().unwrap();
    let whole = all_rows(&opened(bytes.clone()));
    let dir = Dir::new().file("a.parquet", bytes);
    let ended = redite(&dir, ["dedup", "a.parquet", "--output", "out", "--quiet"]).ends();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let kept = all_rows(&opened(std::fs::read(dir.path("out/a.parquet")).unwrap()));
    assert_eq!(kept, [whole[0].clone(), whole[2].clone()]);
}

/// The file with another footer.
fn with_footer(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let end = bytes.len() - 8;
    let start = end - u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
    let mut footer = bytes[start..end].to_vec();
    change(&mut footer);
    let length = (footer.len() as u32).to_le_bytes();
    [&bytes[..start], &footer, &length, b"PAR1"].concat()
}

/// Texts and categories, of which the first row group tells what there may be, in their order.
fn categories(texts: &[String], length: usize, told: Option<&str>, rows_of_page: usize) -> Vec<u8> {
    let schema = "message m { required binary text (STRING); optional binary q (STRING); \
                  optional group tags (LIST) { repeated group list { optional double element; } } }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let pairs = told.map(|told| vec![KeyValue::new("pandas".into(), told.to_owned())]);
    let properties = WriterProperties::builder()
        .set_key_value_metadata(pairs)
        .set_compression(Compression::SNAPPY)
        .set_data_page_row_count_limit(rows_of_page)
        .set_write_batch_size(7)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let string = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    for start in (0..texts.len()).step_by(length) {
        let rows: Vec<usize> = (start..texts.len().min(start + length)).collect();
        let mut group = writer.next_row_group().unwrap();
        column::<ByteArrayType>(&mut group, &rows, |i| (vec![string(&texts[i])], vec![0], vec![0]));
        column::<ByteArrayType>(&mut group, &rows, |i| match i - start {
            at @ 0..5 => (vec![string(LEVELS[at])], vec![1], vec![0]),
            at if at % 9 == 0 => (vec![], vec![0], vec![0]),
            at => (vec![string(LEVELS[4 - at % 4])], vec![1], vec![0]),
        });
        column::<DoubleType>(&mut group, &rows, |i| match i % 3 {
            0 => (vec![], vec![1], vec![0]),
            1 => (vec![-0.0], vec![3], vec![0]),
            _ => (vec![i as f64 / 3.0, 0.0], vec![3; 2], vec![0, 1]),
        });
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

const LEVELS: [&str; 5] = ["none", "low", "mid", "high", "top"];

/// What a table calls categories are the values of its dictionaries, in their order, used or not.
#[test]
fn categories_keep_their_order() {
    // of the second row group the first rows are copies, so what stays meets the values in another order
    let mut all: Vec<String> = (0..60).map(|i| words(50 * i..50 * i + 40)).collect();
    all.extend(all[..7].to_vec());
    all.extend((60..113).map(|i| words(50 * i..50 * i + 40)));
    let values = |reader: &SerializedFileReader<bytes::Bytes>, group: usize, column: usize| {
        let group = reader.get_row_group(group).unwrap();
        let page = group.get_column_page_reader(column).unwrap().get_next_page().unwrap().unwrap();
        let parquet::column::page::Page::DictionaryPage { buf, num_values, .. } = page else {
            panic!("no dictionary");
        };
        (buf, num_values)
    };
    let told = r#"{"columns": [{"name": "q", "field_name": "q", "pandas_type": "categorical"},
        {"name": "t", "field_name": "tags.list.element", "pandas_type": "categorical"}, {"name": null}]}"#;
    for rows_of_page in [20_000, 10] {
        let bytes = categories(&all, 60, Some(told), rows_of_page);
        let dir = Dir::new().file("a.parquet", bytes.clone());
        let ended = redite(&dir, ["dedup", "a.parquet", "--output", "out", "--quiet"]).ends();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let [before, after] = [bytes, std::fs::read(dir.path("out/a.parquet")).unwrap()].map(opened);
        let rows = all_rows(&before);
        assert_eq!(all_rows(&after), [&rows[..60], &rows[67..]].concat());
        for (group, column) in [(0, 1), (1, 1), (0, 2), (1, 2)] {
            let own = values(&after, group, column);
            assert_eq!(own, values(&before, group, column), "{group} {column}");
        }
        assert_eq!(values(&after, 1, 1).1, 5);
        // what is told of the chunk is told of the rows that stay
        let chunk = |reader: &SerializedFileReader<bytes::Bytes>, column: usize| {
            reader.metadata().row_group(1).column(column).clone()
        };
        let bounds = chunk(&after, 1);
        let statistics = bounds.statistics().unwrap();
        let of_rows = (statistics.min_bytes_opt(), statistics.max_bytes_opt(), statistics.null_count_opt());
        assert_eq!((of_rows, bounds.num_values()), ((Some(&b"high"[..]), Some(&b"top"[..]), Some(6)), 53));
        let options = ReadOptionsBuilder::new().with_page_index().build();
        let written = bytes::Bytes::from(std::fs::read(dir.path("out/a.parquet")).unwrap());
        let indexed = SerializedFileReader::new_with_options(written, options).unwrap();
        let index = indexed.metadata().page_index().unwrap();
        for column in [1, 2] {
            let pages = index.offset_index(1, column).unwrap().page_locations();
            let chunk = chunk(&after, column);
            assert_eq!(pages[0].offset, chunk.data_page_offset());
            assert_eq!(pages[0].first_row_index, 0);
            let sizes: i64 = pages.iter().map(|page| i64::from(page.compressed_page_size)).sum();
            let dictionary = chunk.data_page_offset() - chunk.dictionary_page_offset().unwrap();
            assert_eq!(dictionary + sizes, chunk.compressed_size(), "column {column}");
        }
    }
    // of other columns nothing stays that no row has
    let bytes = categories(&all, 60, None, 20_000);
    let dir = Dir::new().file("a.parquet", bytes);
    assert_eq!(redite(&dir, ["dedup", "a.parquet", "--output", "out", "--quiet"]).ends().code, 0);
    let after = opened(std::fs::read(dir.path("out/a.parquet")).unwrap());
    assert_eq!(values(&after, 1, 1).1, 4);
}

/// Bounds of numbers that are not whole are in the order of their type, as nearly all writers say; the output would say
/// that they are in another.
#[test]
fn bounds_in_another_order_are_not_passed_on() {
    let mut all: Vec<String> = (0..60).map(|i| words(50 * i..50 * i + 40)).collect();
    all.extend(all[..7].to_vec());
    all.extend((60..113).map(|i| words(50 * i..50 * i + 40)));
    let bytes = categories(&all, 60, None, 20_000);
    // `IEEE_754_TOTAL_ORDER`, an empty structure in a union, becomes `TYPE_ORDER`
    let of_type = with_footer(&bytes, |footer| {
        let order = [0x2C, 0, 0];
        let at = footer.windows(3).rposition(|window| window == order).unwrap();
        footer[at] = 0x1C;
    });
    for (bytes, expected) in [(bytes, true), (of_type, false)] {
        let dir = Dir::new().file("a.parquet", bytes);
        assert_eq!(redite(&dir, ["dedup", "a.parquet", "--output", "out", "--quiet"]).ends().code, 0);
        let after = opened(std::fs::read(dir.path("out/a.parquet")).unwrap());
        for group in after.metadata().row_groups() {
            let has = |column: usize| group.column(column).statistics().is_some();
            assert_eq!([has(0), has(1), has(2)], [true, true, expected]);
        }
    }
}

/// What would be passed on could be read by nobody: the keys are in the footer.
#[test]
fn an_encrypted_column_is_not_passed_on() {
    let texts: Vec<String> = (0..20).map(|i| words(50 * i..50 * i + 40)).collect();
    let bytes = with_footer(&table(&texts, Layout::plain(20)), |footer| {
        // the next field: a union of an empty structure
        assert_eq!(footer.pop(), Some(0));
        footer.extend([0x1C, 0x1C, 0, 0, 0]);
    });
    let dir = Dir::new().file("in/a.parquet", bytes).file("in/b.parquet", table(&texts, Layout::plain(20)));
    let ended = redite(&dir, ["dedup", "in", "--output", "out", "--json"]).ends();
    assert!(ended.code == 0 && ended.stdout.contains("encrypted"), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(names(&dir.path("out")), ["b.parquet"]);
}

/// Texts that are cut are in no order any more.
#[test]
fn what_is_cut_is_sorted_by_nothing() {
    let texts: Vec<String> =
        (0..20).map(|i| format!("{}\n{}", words(50 * i..50 * i + 40), words(0..30))).collect();
    let by = |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    let schema = "message m { required int64 n; required binary text (STRING); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    for (sorted, expected) in
        [(vec![by(1)], None), (vec![by(0), by(1)], Some(vec![by(0)])), (vec![by(0)], Some(vec![by(0)]))]
    {
        let properties = WriterProperties::builder().set_sorting_columns(Some(sorted.clone())).build();
        let mut writer = SerializedFileWriter::new(Vec::new(), schema.clone(), Arc::new(properties)).unwrap();
        let rows: Vec<usize> = (0..texts.len()).collect();
        let mut group = writer.next_row_group().unwrap();
        column::<Int64Type>(&mut group, &rows, |i| (vec![i as i64], vec![0], vec![0]));
        let string = |text: &str| ByteArray::from(text.as_bytes().to_vec());
        column::<ByteArrayType>(&mut group, &rows, |i| (vec![string(&texts[i])], vec![0], vec![0]));
        group.close().unwrap();
        let dir = Dir::new().file("a.parquet", writer.into_inner().unwrap());
        for (remove, expected) in [("paragraphs", expected), ("documents", Some(sorted))] {
            let arguments = ["dedup", "a.parquet", "--output", remove, "--remove", remove, "--quiet"];
            assert_eq!(redite(&dir, arguments).ends().code, 0);
            let path = format!("{remove}/a.parquet");
            let after = opened(std::fs::read(dir.path(&path)).unwrap());
            assert_eq!(after.metadata().row_group(0).sorting_columns().cloned(), expected, "{remove}");
        }
    }
}

/// The reader of the format takes none of such a file; what it is about is told.
#[test]
fn metadata_that_are_no_utf8_are_told_as_such() {
    let written = |pairs: &[[&str; 2]]| {
        let schema = "message m { required binary text (STRING); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let pairs = pairs.iter().map(|[key, value]| KeyValue::new((*key).to_owned(), (*value).to_owned()));
        let properties = WriterProperties::builder().set_key_value_metadata(Some(pairs.collect())).build();
        let writer = SerializedFileWriter::new(Vec::new(), schema, properties.into());
        let mut bytes = writer.unwrap().into_inner().unwrap();
        let foreign = (0..bytes.len() - 3).filter(|at| &bytes[*at..*at + 3] == b"ZZZ").collect::<Vec<_>>();
        foreign.iter().for_each(|at| bytes[*at] = 0xE9);
        bytes
    };
    let skips = |bytes: Vec<u8>| {
        let outcome = audit(&Dir::new().file("x.parquet", bytes), &Params::audit());
        outcome.skips().iter().map(|skip| (skip.reason, skip.detail.clone())).collect::<Vec<_>>()
    };
    assert_eq!(skips(written(&[["author", "someone"], ["note", "café"]])), []);
    let told = "in its footer is not UTF-8, which the format demands: write the file again without it";
    for (key, value, shown) in [("note", "cafZZZ", "note"), ("kZZZ", "", "k\u{FFFD}ZZ")] {
        let found = skips(written(&[["author", "someone"], [key, value]]));
        assert_eq!(found, [(SkipReason::Unreadable, format!("the metadata `{shown}` {told}"))]);
    }
}

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
use parquet::record::Row;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use redite::order::Prefer;
use redite::params::Params;
use redite::pipeline::Surroundings;

use crate::cli::{names, redite};
use crate::containers::parquet::{Layout, table};
use crate::language::{Dir, dedup, words};
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
    let chunks = reader.metadata().row_groups().iter().map(|group| {
        let chunk = |chunk: &parquet::file::metadata::ColumnChunkMetaData| {
            let indexed = [
                chunk.column_index_offset().is_some(),
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
    ]
}

#[test]
fn kept_rows_are_the_same_in_every_column() {
    // one row group without copies, one of nothing else, and others
    let mut all: Vec<String> = (0..30).map(|i| words(9_000 * (i + 20)..9_000 * (i + 20) + 30)).collect();
    all.extend(all[..20].to_vec());
    all.extend(texts(3, 150));
    let lengths = [30, 20, 1, 100, 49];
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

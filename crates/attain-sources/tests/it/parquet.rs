//! Events as Parquet: the same events as in CSV, whoever wrote the file and however; broken files are told, never counted.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use attain_model::Catalogue;
use attain_model::indicator::MetricKind;
use attain_model::source::{CsvLayout, SourceKind};
use attain_sources::{Answers, Options, discover, propose, read};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::*;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::make::*;
use crate::mutated::Noise;
use crate::rows;

fn events(file: &str) -> Catalogue {
    rows::events(file, true)
}

/// What was counted and what could not be read, without names and positions of files.
fn told(catalogue: &Catalogue, base: &Path) -> String {
    let text = read_text(catalogue, base, &Options::default());
    assert!(!text.starts_with("error"), "{text}");
    text.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("  file"))
        .map(|line| match line.strip_prefix("  unparsed ") {
            Some(unparsed) => format!("unparsed {}\n", unparsed.split_once(": ").unwrap().1),
            None => format!("{line}\n"),
        })
        .collect()
}

/// The values of a column by row.
enum Cells {
    Bool(Vec<Option<bool>>),
    Int32(Vec<Option<i32>>),
    Int64(Vec<Option<i64>>),
    Int96(Vec<Option<Int96>>),
    Float(Vec<Option<f32>>),
    Double(Vec<Option<f64>>),
    Bytes(Vec<Option<ByteArray>>),
    Fixed(Vec<Option<FixedLenByteArray>>),
}

/// Writes row groups of so many rows.
fn write(
    path: &Path,
    schema: &str,
    properties: WriterProperties,
    group_rows: usize,
    columns: &[Cells],
) {
    macro_rules! put {
        ($type:ty, $writer:expr, $cells:expr, $start:expr) => {{
            let end = $cells.len().min($start + group_rows);
            let cells = &$cells[$start..end];
            let values: Vec<_> = cells.iter().flatten().cloned().collect();
            let levels: Vec<i16> = cells.iter().map(|cell| cell.is_some().into()).collect();
            let writer = $writer.typed::<$type>();
            writer.write_batch(&values, Some(&levels), None).unwrap();
        }};
    }
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let rows = match &columns[0] {
        Cells::Int64(cells) => cells.len(),
        Cells::Int96(cells) => cells.len(),
        Cells::Double(cells) => cells.len(),
        Cells::Bytes(cells) => cells.len(),
        _ => unreachable!("a time"),
    };
    for start in (0..rows).step_by(group_rows) {
        let mut group = writer.next_row_group().unwrap();
        for cells in columns {
            let mut writer = group.next_column().unwrap().unwrap();
            match cells {
                Cells::Bool(cells) => put!(BoolType, writer, cells, start),
                Cells::Int32(cells) => put!(Int32Type, writer, cells, start),
                Cells::Int64(cells) => put!(Int64Type, writer, cells, start),
                Cells::Int96(cells) => put!(Int96Type, writer, cells, start),
                Cells::Float(cells) => put!(FloatType, writer, cells, start),
                Cells::Double(cells) => put!(DoubleType, writer, cells, start),
                Cells::Bytes(cells) => put!(ByteArrayType, writer, cells, start),
                Cells::Fixed(cells) => put!(FixedLenByteArrayType, writer, cells, start),
            }
            writer.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// One event as it is meant; how it is written is another matter.
struct Meant {
    /// Milliseconds since 1970.
    at: i64,
    segment: Option<&'static str>,
    status: i32,
    /// Thousandths of a millisecond.
    micros: Option<i64>,
    n: Option<i64>,
    route: &'static str,
    seen_at: Option<i64>,
}

fn meant(rows: usize) -> Vec<Meant> {
    let mut noise = Noise(5);
    let mut pick = |of: usize| noise.below(of);
    (0..rows)
        .map(|row| {
            let at = 1_793_612_400_000 + row as i64 * 137 + pick(100) as i64;
            Meant {
                at,
                segment: [Some("premium"), Some("standard"), Some("gold"), None][pick(4)],
                status: [200, 200, 200, 404, 500, 503][pick(6)],
                micros: (pick(20) > 0).then(|| pick(400_000) as i64),
                n: [None, Some(1), Some(1), Some(7)][pick(4)],
                route: ["/checkout", "/checkout", "/caf\u{e9}"][pick(3)],
                seen_at: (pick(10) == 0).then_some(at + 300_000),
            }
        })
        .collect()
}

fn write_csv(path: &Path, meant: &[Meant]) {
    let mut text = "at,segment,status,ms,n,route,seen_at\n".to_owned();
    let or_empty = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
    for row in meant {
        let ms = row.micros.map_or(String::new(), |micros| {
            format!("{}.{:03}", micros / 1000, micros % 1000)
        });
        let _ = writeln!(
            text,
            "{},{},{},{ms},{},{},{}",
            row.at,
            row.segment.unwrap_or(""),
            row.status,
            or_empty(row.n),
            row.route,
            or_empty(row.seen_at),
        );
    }
    std::fs::write(path, text).unwrap();
}

/// A column of what each row gives.
macro_rules! cells {
    ($kind:ident, $meant:expr, $value:expr) => {
        Cells::$kind($meant.iter().map($value).collect())
    };
}

fn bytes(text: &str) -> ByteArray {
    ByteArray::from(text)
}

#[test]
fn whatever_a_column_is_written_as_it_says_the_same_as_in_csv() {
    let dir = tempfile::tempdir().unwrap();
    let meant = meant(20_000);
    write_csv(&dir.path().join("e.csv"), &meant);
    let want = told(&events("e.csv"), dir.path());
    assert!(want.lines().count() > 500, "{want}");
    let properties = WriterProperties::builder;
    let stamp = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();

    // As arrow's writers do: timestamps, dictionaries, doubles.
    write(
        &dir.path().join("arrow.parquet"),
        "message m { optional int64 at (TIMESTAMP(MICROS,true)); optional binary segment (STRING); optional int32 status \
         (INTEGER(16,false)); optional double ms; optional int64 n; optional binary route (STRING); optional int64 seen_at \
         (TIMESTAMP(NANOS,false)); optional boolean extra; }",
        properties().set_compression(Compression::SNAPPY).build(),
        7_000,
        &[
            cells!(Int64, meant, |row| Some(row.at * 1000)),
            cells!(Bytes, meant, |row| row.segment.map(bytes)),
            cells!(Int32, meant, |row| Some(row.status)),
            cells!(Double, meant, |row| row.micros.map(|us| us as f64 / 1000.0)),
            cells!(Int64, meant, |row| row.n),
            cells!(Bytes, meant, |row| Some(bytes(row.route))),
            cells!(Int64, meant, |row| row.seen_at.map(|ms| ms * 1_000_000)),
            cells!(Bool, meant, |row| Some(row.status < 500)),
        ],
    );
    // As older ones do: 96-bit times, decimals, pages of the second version.
    write(
        &dir.path().join("older.parquet"),
        "message m { optional int96 at; optional binary segment (UTF8); optional binary status (UTF8); optional \
         fixed_len_byte_array(9) ms (DECIMAL(20,3)); optional int32 n (UINT_8); optional binary route; optional int64 \
         seen_at (TIMESTAMP_MILLIS); }",
        properties()
            .set_compression(Compression::ZSTD(Default::default()))
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_dictionary_enabled(false)
            .set_encoding(Encoding::DELTA_BYTE_ARRAY)
            .set_column_encoding("n".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("seen_at".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("at".into(), Encoding::PLAIN)
            .set_column_encoding("ms".into(), Encoding::PLAIN)
            .build(),
        20_000,
        &[
            cells!(Int96, meant, |row| {
                let (days, ms) = (row.at / 86_400_000, row.at % 86_400_000);
                let nanoseconds = ms as u64 * 1_000_000;
                let mut value = Int96::new();
                let (low, high) = (nanoseconds as u32, (nanoseconds >> 32) as u32);
                value.set_data(low, high, (days + 2_440_588) as u32);
                Some(value)
            }),
            cells!(Bytes, meant, |row| row.segment.map(bytes)),
            cells!(Bytes, meant, |row| Some(bytes(&row.status.to_string()))),
            cells!(Fixed, meant, |row| row.micros.map(|us| {
                let bytes = i128::from(us).to_be_bytes()[7..].to_vec();
                FixedLenByteArray::from(ByteArray::from(bytes))
            })),
            cells!(Int32, meant, |row| row.n.map(|n| n as i32)),
            cells!(Bytes, meant, |row| Some(bytes(row.route))),
            cells!(Int64, meant, |row| row.seen_at),
        ],
    );
    // As nobody should: texts and floats everywhere, and a label that holds blanks for nothing.
    write(
        &dir.path().join("texts.parquet"),
        "message m { optional double at; optional binary segment; optional double status; optional binary ms; optional \
         float n; optional binary route; optional binary seen_at; }",
        properties()
            .set_compression(Compression::GZIP(Default::default()))
            .set_statistics_enabled(EnabledStatistics::None)
            .build(),
        1_234,
        &[
            cells!(Double, meant, |row| Some(row.at as f64 / 1000.0)),
            cells!(Bytes, meant, |row| Some(bytes(row.segment.unwrap_or(" ")))),
            cells!(Double, meant, |row| Some(row.status.into())),
            cells!(Bytes, meant, |row| row
                .micros
                .map(|us| bytes(&format!("{}e-3", us)))),
            cells!(Float, meant, |row| row.n.map(|n| n as f32)),
            cells!(Bytes, meant, |row| Some(bytes(row.route))),
            cells!(Bytes, meant, |row| row.seen_at.map(|ms| bytes(&stamp(ms)))),
        ],
    );
    for file in ["arrow.parquet", "older.parquet", "texts.parquet"] {
        assert!(told(&events(file), dir.path()) == want, "{file}");
    }
}

#[test]
fn files_of_two_other_writers() {
    let base = testdata().join("parquet");
    let want = told(&events("events.csv"), &base);
    assert!(want.lines().count() > 20, "{want}");
    assert_eq!(told(&events("duckdb.parquet"), &base), want);
    assert_eq!(told(&events("polars.parquet"), &base), want);
}

#[test]
fn a_first_catalogue_is_the_one_of_the_same_table_in_csv() {
    let base = testdata().join("parquet");
    let text = |file: &str| {
        let discovery = discover(&base.join(file)).unwrap();
        let answers = Answers {
            file: Some("events".to_owned()),
            ..Answers::default()
        };
        propose(&discovery, &answers).replace(file, "events")
    };
    let want = text("events.csv");
    assert!(
        want.contains("layout: events") && want.contains("field: ms"),
        "{want}"
    );
    assert_eq!(text("duckdb.parquet"), want);
    assert_eq!(text("polars.parquet"), want);
}

/// 300 rows with three that cannot be read, in row groups of 100.
fn small(path: &Path) {
    let rows = 0..300_i64;
    let at = rows.clone().map(|row| match row {
        17 => None,
        _ => Some(1_793_612_400 + row),
    });
    let n = rows.clone().map(|row| (row % 100 == 50).then_some(-1));
    let segment = rows
        .clone()
        .map(|row| Some(bytes(["premium", "standard"][row as usize % 2])));
    let ms = rows.clone().map(|row| Some(row as f64));
    let status = rows.map(|row| Some(200 + row as i32 % 400));
    write(
        path,
        "message m { optional int64 at; optional int32 n; optional binary segment (UTF8); optional double ms; optional \
         int32 status; }",
        WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build(),
        100,
        &[
            Cells::Int64(at.collect()),
            Cells::Int32(n.collect()),
            Cells::Bytes(segment.collect()),
            Cells::Double(ms.collect()),
            Cells::Int32(status.collect()),
        ],
    );
}

fn small_catalogue(file: &str) -> Catalogue {
    let mut source = csv(&[file], CsvLayout::Events, "at");
    source.duration = Some(field_unit((
        "ms",
        attain_model::quantity::Unit::Milliseconds,
    )));
    source.count = Some("n".to_owned());
    let bad = [("status", "5xx")];
    empty()
        .segment("premium", &["premium"])
        .source("events", SourceKind::Csv(source))
        .slo(
            "checkout",
            metric("requests", MetricKind::Histogram, only(&[]), &bad),
            &[200],
        )
}

#[test]
fn a_row_that_cannot_be_read_is_told_with_its_number() {
    let dir = tempfile::tempdir().unwrap();
    small(&dir.path().join("e.parquet"));
    let text = read_text(
        &small_catalogue("e.parquet"),
        dir.path(),
        &Options::default(),
    );
    let unparsed: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("unparsed "))
        .collect();
    assert_eq!(
        unparsed,
        [
            "  unparsed e.parquet:18: its time is null",
            "  unparsed e.parquet:51: `-1` is not a whole number of events",
            "  unparsed e.parquet:151: `-1` is not a whole number of events",
            "  unparsed e.parquet:251: `-1` is not a whole number of events",
        ]
    );
    assert!(text.contains("events: 300 lines, 4 unparsed"), "{text}");
    assert!(text.contains("0..300"), "{text}");
}

#[test]
fn rows_taken_before_are_not_read_again_and_a_copy_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    small(&dir.path().join("e.parquet"));
    std::fs::copy(dir.path().join("e.parquet"), dir.path().join("f.parquet")).unwrap();
    let catalogue = small_catalogue("*.parquet");
    let mut ranges = Vec::new();
    let mut origins = Vec::new();
    let options = Options {
        chunk_bytes: 64 * 64,
        ..Options::default()
    };
    let mut sink = |delivery: attain_model::delivery::Delivery| {
        ranges.push(delivery.range);
        origins.push(delivery.origin);
        Ok(())
    };
    let reading = read(&catalogue, dir.path(), &options, &mut sink, &mut |_| {}).unwrap();
    assert_eq!(ranges, [0..64, 64..128, 128..192, 192..256, 256..300]);
    let source = reading.sources.values().next().unwrap();
    assert_eq!(
        source.files[1].same_as.as_deref(),
        Some(Path::new("e.parquet"))
    );
    let options = Options {
        taken: taken(&catalogue, "events", &origins[0], 0..192),
        ..Options::default()
    };
    let events = total_events(&catalogue, dir.path(), &options);
    // Of 108 rows, one cannot be read.
    assert_eq!(events, 107);
}

#[test]
fn nothing_of_a_pipe_is_lost_by_a_look_whether_it_is_parquet() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let rows = 50_000_u64;
    let writer = std::thread::spawn(move || {
        let mut text = "at,n,segment,ms,status\n".to_owned();
        for row in 0..rows {
            let _ = writeln!(text, "{},1,premium,{row},200", 1_793_612_400 + row);
        }
        std::fs::write(path, text).unwrap();
    });
    let catalogue = small_catalogue("e.csv");
    let pipe = dir.path().join("pipe").display().to_string();
    let options = override_files("events", &[&pipe]);
    assert_eq!(total_events(&catalogue, dir.path(), &options), rows);
    writer.join().unwrap();
}

#[test]
fn whoever_stops_keeps_what_was_read() {
    let dir = tempfile::tempdir().unwrap();
    small(&dir.path().join("e.parquet"));
    let catalogue = small_catalogue("e.parquet");
    let stop = Options {
        stop: Some(Arc::new(true.into())),
        ..Options::default()
    };
    let mut ranges = Vec::new();
    let mut origin = String::new();
    let mut sink = |delivery: attain_model::delivery::Delivery| {
        ranges.push(delivery.range);
        origin = delivery.origin;
        Ok(())
    };
    let reading = read(&catalogue, dir.path(), &stop, &mut sink, &mut |_| {}).unwrap();
    // The first row group.
    assert!(reading.stopped);
    assert_eq!((ranges.len(), &ranges[0]), (1, &(0..100)));
    let go_on = Options {
        taken: taken(&catalogue, "events", &origin, 0..100),
        ..Options::default()
    };
    // Of each of the other two row groups, one row cannot be read.
    assert_eq!(total_events(&catalogue, dir.path(), &go_on), 198);
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("e.parquet");
    let error = |catalogue: &Catalogue| {
        let text = read_text(catalogue, dir.path(), &Options::default());
        text.replace(&format!("{}/", dir.path().display()), "")
            .trim_end()
            .to_owned()
    };
    std::fs::write(&path, "at,status\n0,200\n").unwrap();
    assert_eq!(
        error(&small_catalogue("e.parquet")),
        "error: e.parquet: it does not begin as Parquet does; if it is compressed, unpack it (Parquet is compressed \
         inside)"
    );
    std::fs::write(&path, "PAR1 and no more").unwrap();
    let text = error(&small_catalogue("e.parquet"));
    assert!(
        text.starts_with("error: e.parquet: it begins as Parquet, but: "),
        "{text}"
    );

    small(&path);
    let mut catalogue = small_catalogue("e.parquet");
    let SourceKind::Csv(source) = &mut catalogue.sources.get_mut("events").unwrap().kind else {
        unreachable!()
    };
    source.time = "when".to_owned();
    let text = error(&catalogue);
    let want = "no column `when` for the time; it has `at`, `n`, `segment`, `ms`, `status`";
    assert!(text.contains(want), "{text}");
    let SourceKind::Csv(source) = &mut catalogue.sources.get_mut("events").unwrap().kind else {
        unreachable!()
    };
    source.layout = CsvLayout::Samples;
    let text = error(&catalogue);
    assert!(text.contains("`layout: events`"), "{text}");

    let group = "optional group http { optional binary route (UTF8); optional int32 status; }";
    let nested = [
        (group, "http.status"),
        ("repeated int32 status;", "status"),
        (
            "optional group status (LIST) { repeated group list { optional int32 element; } }",
            "status",
        ),
    ];
    for (column, name) in nested {
        let schema = format!("message m {{ required int64 at; {column} }}");
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let file = std::fs::File::create(&path).unwrap();
        let writer = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
        writer.close().unwrap();
        let catalogue = empty()
            .source(
                "events",
                SourceKind::Csv(csv(&["e.parquet"], CsvLayout::Events, "at")),
            )
            .slo(
                "s",
                metric("requests", MetricKind::Counter, only(&[]), &[(name, "5xx")]),
                &[],
            );
        let text = error(&catalogue);
        assert!(
            text.contains(&format!("e.parquet: column `{name}` is nested")),
            "{text}"
        );
    }
}

#[test]
fn noise_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("e.parquet");
    small(&path);
    let whole = std::fs::read(&path).unwrap();
    let catalogue = small_catalogue("e.parquet");
    let mut noise = Noise(77);
    let (mut read_on, mut refused) = (0, 0);
    for round in 0..600 {
        let mut bytes = whole.clone();
        if round % 3 == 0 {
            bytes.truncate(noise.below(whole.len()));
        } else {
            for _ in 0..=noise.below(3) {
                let at = 4 + noise.below(whole.len() - 4);
                bytes[at] ^= 1 << noise.below(8);
            }
        }
        std::fs::write(&path, &bytes).unwrap();
        let mut next = 0;
        let mut sink = |delivery: attain_model::delivery::Delivery| {
            assert_eq!(delivery.range.start, next);
            next = delivery.range.end;
            Ok(())
        };
        match read(
            &catalogue,
            dir.path(),
            &Options::default(),
            &mut sink,
            &mut |_| {},
        ) {
            Ok(_) => read_on += 1,
            Err(error) => {
                assert!(error.to_string().contains("e.parquet"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(
        read_on > 25 && refused > 300,
        "{read_on} read, {refused} refused"
    );
}

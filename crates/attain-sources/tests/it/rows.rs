//! Rows of CSV and JSON lines.

use attain_model::Catalogue;
use attain_model::indicator::{MetricKind, Part};
use attain_model::quantity::Unit;
use attain_model::source::{CsvLayout, SourceKind};
use attain_sources::Options;

use crate::make::*;

pub fn events(file: &str, received: bool) -> Catalogue {
    let mut source = csv(&[file], CsvLayout::Events, "at");
    source.duration = Some(field_unit(("ms", Unit::Milliseconds)));
    source.count = Some("n".to_owned());
    source.received = received.then(|| "seen_at".to_owned());
    let route = if received { "route" } else { "http.route" };
    empty()
        .segment("premium", &["premium"])
        .segment("standard", &["standard"])
        .source("events", SourceKind::Csv(source))
        .slo(
            "checkout",
            metric(
                "requests",
                MetricKind::Histogram,
                only(&[(route, "/checkout")]),
                &[("status", "5xx")],
            ),
            &[200],
        )
}

#[test]
fn events_as_csv() {
    check(
        "events-csv",
        &read_text(
            &events("events.csv", true),
            &testdata(),
            &Options::default(),
        ),
    );
}

#[test]
fn events_as_json_lines() {
    check(
        "events-jsonl",
        &read_text(
            &events("events.jsonl", false),
            &testdata(),
            &Options::default(),
        ),
    );
}

#[test]
fn a_column_that_is_not_there() {
    let mut catalogue = events("events.csv", true);
    let SourceKind::Csv(csv) = &mut catalogue.sources.get_mut("events").unwrap().kind else {
        unreachable!()
    };
    csv.time = "when".to_owned();
    let text = read_text(&catalogue, &testdata(), &Options::default());
    let want = "no column `when` for the time; it has `at`, `segment`, `status`, `ms`, `n`, `route`, `seen_at`";
    assert!(text.contains(want), "{text}");
}

/// The PetShop layout: three header rows, a share of requests as availability, latency as a gauge.
pub fn petshop() -> Catalogue {
    let mut source = csv(&["petshop/metrics.csv"], CsvLayout::Wide, "unix_timestamp");
    source.header_rows = ["microservice", "metric", "statistic"]
        .map(str::to_owned)
        .to_vec();
    source.name = Some("metric".to_owned());
    source.slot = Some(std::time::Duration::from_secs(300));
    let served = totals(
        ("requests", only(&[("statistic", "Sum")])),
        Part::Ratio,
        ("availability", only(&[("statistic", "Average")])),
        Some(Unit::Percent),
    );
    let quick = metric(
        "latency",
        MetricKind::Gauge,
        only(&[("statistic", "p99")]),
        &[],
    );
    empty()
        .service("pet-site", "PetSite")
        .service(
            "adoptions-db",
            "adoptions@services-database.us-west-2.rds.amazonaws.com_Database::SQL",
        )
        .service("site-quick", "PetSite")
        .source("petshop", SourceKind::Csv(source))
        .labels("petshop", "segment", Some("microservice"), None)
        .slo("pet-site", served.clone(), &[])
        .slo("adoptions-db", served, &[])
        .slo("site-quick", quick, &[])
}

#[test]
fn a_wide_table_with_shares_and_gauges() {
    check(
        "petshop",
        &read_text(&petshop(), &testdata(), &Options::default()),
    );
}

#[test]
fn a_wide_table_whose_header_is_another() {
    let mut catalogue = petshop();
    let SourceKind::Csv(csv) = &mut catalogue.sources.get_mut("petshop").unwrap().kind else {
        unreachable!()
    };
    csv.header_rows.swap(0, 1);
    let text = read_text(&catalogue, &testdata(), &Options::default());
    assert!(
        text.contains("row 1 begins with `microservice`, not with `metric`"),
        "{text}"
    );
}

#[test]
fn shares_are_rounded_to_whole_events_and_bad_upward() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = csv(&["w.csv"], CsvLayout::Wide, "time");
    source.slot = Some(std::time::Duration::from_secs(60));
    let counting = totals(
        ("requests", only(&[])),
        Part::Ratio,
        ("share", only(&[])),
        Some(Unit::Percent),
    );
    let catalogue = empty()
        .source("w", SourceKind::Csv(source))
        .slo("s", counting, &[]);
    let rows = [
        // 33.333333333333336 % of 3 went through a float: 2 bad, not 3.
        ("3", "33.333333333333336"),
        ("1000", "99.95"),
        ("1000", "99.99"),
        ("7", "100.00000000000001"),
        ("7", ""),
        ("", "50"),
        ("7", "150"),
    ];
    let mut text = "time,requests,share\n".to_owned();
    for (minute, (total, share)) in rows.iter().enumerate() {
        text.push_str(&format!("2026-11-02 09:0{minute}:00,{total},{share}\n"));
    }
    std::fs::write(dir.path().join("w.csv"), text).unwrap();
    check(
        "shares",
        &read_text(&catalogue, dir.path(), &Options::default()),
    );
}

pub fn long() -> Catalogue {
    let mut source = csv(&["long.csv"], CsvLayout::Long, "start");
    source.name = Some("metric".to_owned());
    source.slot = Some(std::time::Duration::from_secs(300));
    empty()
        .segment("premium", &["premium"])
        .source("long", SourceKind::Csv(source))
        .slo(
            "counter",
            metric(
                "requests",
                MetricKind::Counter,
                only(&[]),
                &[("code", "5xx")],
            ),
            &[],
        )
        .slo(
            "histogram",
            metric(
                "latency",
                MetricKind::Histogram,
                only(&[]),
                &[("code", "5xx")],
            ),
            &[100, 200],
        )
        .slo(
            "pair",
            totals(("calls", only(&[])), Part::Bad, ("errors", only(&[])), None),
            &[],
        )
        .slo(
            "gauge",
            metric("up", MetricKind::Gauge, only(&[]), &[]),
            &[],
        )
}

#[test]
fn a_long_table() {
    check(
        "long",
        &read_text(&long(), &testdata(), &Options::default()),
    );
}

pub fn samples() -> Catalogue {
    let mut source = csv(&["samples.csv"], CsvLayout::Samples, "t");
    source.name = Some("name".to_owned());
    source.created = Some("born".to_owned());
    source.received = Some("seen".to_owned());
    empty()
        .segment("premium", &["premium"])
        .source("samples", SourceKind::Csv(source))
        .slo(
            "histogram",
            metric("http", MetricKind::Histogram, only(&[]), &[("code", "5xx")]),
            &[100, 500],
        )
        .slo(
            "counter",
            metric("requests_total", MetricKind::Counter, only(&[]), &[]),
            &[],
        )
        .slo(
            "pair",
            totals(
                ("requests_total", only(&[])),
                Part::Bad,
                ("errors_total", only(&[])),
                None,
            ),
            &[],
        )
        .slo(
            "gauge",
            metric("temperature", MetricKind::Gauge, only(&[]), &[]),
            &[],
        )
}

#[test]
fn samples_of_counters() {
    check(
        "samples",
        &read_text(&samples(), &testdata(), &Options::default()),
    );
}

/// Reads `w.csv` of a wide table with a share and a gauge.
fn sparse(slot: Option<std::time::Duration>, rows: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut source = csv(&["w.csv"], CsvLayout::Wide, "time");
    source.slot = slot;
    let pair = totals(
        ("requests", only(&[])),
        Part::Ratio,
        ("share", only(&[])),
        None,
    );
    let catalogue = empty()
        .source("w", SourceKind::Csv(source))
        .slo("pair", pair, &[])
        .slo(
            "gauge",
            metric("up", MetricKind::Gauge, only(&[]), &[]),
            &[],
        )
        .slo(
            "nowhere",
            metric("down", MetricKind::Gauge, only(&[]), &[]),
            &[],
        );
    std::fs::write(
        dir.path().join("w.csv"),
        format!("time,requests,share,up\n{rows}"),
    )
    .unwrap();
    let text = read_text(&catalogue, dir.path(), &Options::default());
    let is_told = |line: &&str| {
        ["  observed", "  <", "  note"]
            .iter()
            .any(|s| line.starts_with(s))
    };
    text.lines()
        .filter(is_told)
        .map(|line| line.replace("1970-01-01T", ""))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_column_with_empty_cells_is_silent_while_its_table_is_heard() {
    // A slot without traffic (0, no share) was heard; requests without their share were not.
    let rows = "0,3,1,1\n300,0,,1\n600,,1,1\n900,7,,\n1200,7,1,\n";
    assert_eq!(
        sparse(Some(std::time::Duration::from_secs(300)), rows),
        "  observed 00:00:00Z to 00:25:00Z\n  <w|down:Gauge> \n  \
         <w|requests|ratio=share> 00:00:00Z to 00:10:00Z, 00:20:00Z to 00:25:00Z\n  \
         <w|up:Gauge> 00:00:00Z to 00:15:00Z"
    );
}

#[test]
fn a_slot_that_nobody_gave_is_as_long_as_rows_are_apart() {
    let rows = "0,3,1,1\n300,3,1,1\n600,3,1,1\n1800,3,1,\n";
    assert_eq!(
        sparse(None, rows),
        "  observed 00:00:00Z to 00:15:00Z\n  observed 00:30:00Z to 00:35:00Z\n  <w|down:Gauge> \n  \
         <w|requests|ratio=share> 00:00:00Z to 00:15:00Z, 00:30:00Z to 00:35:00Z\n  \
         <w|up:Gauge> 00:00:00Z to 00:15:00Z\n  \
         note: no `slot` is given; a row is taken for 5m, the most frequent step between rows: write `slot: 5m`"
    );
    assert!(sparse(None, "0,3,1,1\n").contains("a row is taken for 1m, as there is one row only"));
}

#[test]
fn an_slo_that_its_source_cannot_serve_is_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("e.csv"), "at,status\n0,200\n").unwrap();
    std::fs::write(dir.path().join("w.csv"), "at,requests\n0,1\n60,1\n").unwrap();
    let mut wide = csv(&["w.csv"], CsvLayout::Wide, "at");
    wide.slot = Some(std::time::Duration::from_secs(60));
    let pair = totals(
        ("requests", only(&[])),
        Part::Bad,
        ("errors", only(&[])),
        None,
    );
    let mut catalogue = empty()
        .source(
            "e",
            SourceKind::Csv(csv(&["e.csv"], CsvLayout::Events, "at")),
        )
        .source("w", SourceKind::Csv(wide))
        .slo("lines", log_lines(only(&[])), &[])
        .slo("pair", pair, &[])
        .slo("up", metric("up", MetricKind::Gauge, only(&[]), &[]), &[]);
    let notes = |catalogue: &Catalogue| {
        let text = read_text(catalogue, dir.path(), &Options::default());
        let notes = text
            .lines()
            .filter_map(|line| line.strip_prefix("  note: "));
        notes.map(str::to_owned).collect::<Vec<_>>()
    };
    // Whoever names no source means those that can.
    assert_eq!(notes(&catalogue), [""; 0]);
    let mut name = |slo: &str, source: &str| {
        catalogue.slos.get_mut(slo).unwrap().indicator.sources = vec![source.into()];
    };
    name("lines", "w");
    name("pair", "e");
    name("up", "e");
    assert_eq!(
        notes(&catalogue),
        [
            "`pair` cannot be counted from this source: it asks for two metrics, and each row is one event; say which \
             rows are `bad`",
            "`up` cannot be counted from this source: a gauge has values over time, and each row is one event",
            "`lines` cannot be counted from this source: it counts lines, and a table of numbers has none; name the \
             `metric`, or use `layout: events`",
        ]
    );
}

#[test]
fn requests_beside_an_empty_cell_of_errors_were_not_heard() {
    let slot = Some(std::time::Duration::from_secs(60));
    let pair = totals(
        ("requests", only(&[])),
        Part::Bad,
        ("errors", only(&[])),
        None,
    );
    let mut wide = csv(&["f.csv"], CsvLayout::Wide, "at");
    wide.slot = slot;
    let mut long = csv(&["f.csv"], CsvLayout::Long, "at");
    (long.slot, long.name) = (slot, Some("name".to_owned()));
    let long_rows = "at,name,value\n0,requests,10\n0,errors,1\n60,requests,10\n60,errors,\n\
                     120,requests,0\n120,errors,\n180,requests,10\n";
    let cases = [
        (
            wide,
            "at,requests,errors\n0,10,1\n60,10,\n120,0,\n180,10,NaN\n",
            "f.csv:3",
        ),
        (long, long_rows, "f.csv:5"),
    ];
    for (source, rows, place) in cases {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f.csv"), rows).unwrap();
        let is_wide = source.layout == CsvLayout::Wide;
        let catalogue = empty()
            .source("s", SourceKind::Csv(source))
            .slo("pair", pair.clone(), &[]);
        let text = read_text(&catalogue, dir.path(), &Options::default());
        assert!(
            text.contains("01T00:00:00Z unknown [outcome=bad] untimed 1 "),
            "{text}"
        );
        assert!(!text.contains("01T00:01:00Z unknown"), "{text}");
        assert!(
            text.contains(&format!(
                "unparsed {place}: 10 requests without their errors"
            )),
            "{text}"
        );
        // A slot without requests was heard; in a long table a series without a row was never born.
        let heard = if is_wide {
            "<s|requests|bad=errors> 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z, 1970-01-01T00:02:00Z to 1970-01-01T00:03:00Z\n"
        } else {
            "<s|requests|bad=errors> 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z, 1970-01-01T00:02:00Z to 1970-01-01T00:04:00Z\n"
        };
        assert!(text.contains(heard), "{text}");
    }
}

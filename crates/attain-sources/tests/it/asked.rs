//! What a catalogue looks at and the files do not say is told, never counted as good.

use attain_model::Catalogue;
use attain_model::indicator::MetricKind;
use attain_model::quantity::Unit;
use attain_model::selector::Pattern;
use attain_model::source::{CsvLayout, LogFormat, SourceKind};
use attain_sources::Options;

use crate::make::*;

fn text_of(catalogue: &Catalogue, file: &str, content: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(file), content).unwrap();
    read_text(catalogue, dir.path(), &Options::default())
}

fn csv_of(layout: CsvLayout, bad: &str) -> Catalogue {
    let kind = SourceKind::Csv(csv(&["rows.csv"], layout, "at"));
    let counting = metric("requests", MetricKind::Counter, only(&[]), &[(bad, "5xx")]);
    empty().source("rows", kind).slo("checkout", counting, &[])
}

#[test]
fn a_column_that_an_slo_looks_at() {
    let rows = "at,status,value\n2026-11-02T09:00:00Z,200,1\n";
    for layout in [CsvLayout::Events, CsvLayout::Long, CsvLayout::Samples] {
        let text = text_of(&csv_of(layout, "code"), "rows.csv", rows);
        let want = "no column `code`, which `bad:` of SLO `checkout` looks at; it has `at`, `status`, `value`";
        assert!(text.contains(want), "{text}");
        let text = text_of(&csv_of(layout, "status"), "rows.csv", rows);
        assert!(!text.contains("error:"), "{text}");
    }
}

#[test]
fn a_column_that_the_source_names_as_a_label() {
    let rows = "at,status,value\n2026-11-02T09:00:00Z,200,1\n";
    let catalogue = csv_of(CsvLayout::Events, "status").labels("rows", "tier", None, None);
    let text = text_of(&catalogue, "rows.csv", rows);
    let want = "no column `tier`, which `labels.segment` of source `rows` looks at";
    assert!(text.contains(want), "{text}");
}

#[test]
fn a_group_that_the_pattern_lacks() {
    let pattern = Pattern::new(r"(?<time>\S+) (?<code>\d+) (?<ms>\d+)").unwrap();
    let make = |duration| {
        let kind = log(
            &["app.log"],
            LogFormat::Pattern(pattern.clone()),
            &[],
            Some((duration, Unit::Milliseconds)),
        );
        empty().source("app", kind)
    };
    let line = "2026-11-02T09:00:00Z 200 12\n";
    let text = text_of(
        &make("ms").slo("calls", log_lines(only(&[])), &[]),
        "app.log",
        line,
    );
    let want =
        "no group `status`, which `bad:` of SLO `calls` looks at; it has `time`, `code`, `ms`";
    assert!(text.contains(want), "{text}");
    let text = text_of(&make("seconds"), "app.log", line);
    assert!(
        text.contains("no group `seconds`, which `duration` of source `app`"),
        "{text}"
    );
}

fn json(bad: &[(&str, &str)]) -> Catalogue {
    let counting = attain_model::indicator::Counting::Log {
        selector: only(&[]),
        outcome: attain_model::selector::Outcome::Bad(matches(bad)),
    };
    empty()
        .source("app", log(&["app.log"], LogFormat::Json, &[], None))
        .slo("calls", counting, &[])
}

#[test]
fn a_field_that_no_json_line_has() {
    let line = "{\"time\":\"2026-11-02T09:00:00Z\",\"status\":200,\"path\":\"/\"}\n";
    let want = "no line of `app.log` has the field `code`, which `bad:` of SLO `calls` looks at; \
                fields seen: `path`, `status`, `time`";
    let text = text_of(&json(&[("code", "5xx")]), "app.log", &line.repeat(100));
    assert!(text.contains(&format!("error: {want}")), "{text}");
    let text = text_of(&json(&[("code", "5xx")]), "app.log", &line.repeat(99));
    assert!(text.contains(&format!("note: {want}")), "{text}");
    // Without a failure, no line says `error`.
    let text = text_of(&json(&[("error", "~.+")]), "app.log", &line.repeat(100));
    assert!(text.contains("note: no line of"), "{text}");
    let text = text_of(&json(&[("status", "5xx")]), "app.log", &line.repeat(100));
    assert!(!text.contains("no line of"), "{text}");
}

#[test]
fn a_latency_that_no_line_has() {
    let append = &["request_time", "http_x_api_key"];
    let make = |under: &[u64]| {
        let duration = Some(("request_time", Unit::Seconds));
        empty()
            .source(
                "access",
                log(&["access.log"], LogFormat::Combined, append, duration),
            )
            .slo("calls", log_lines(only(&[])), under)
    };
    let start = r#"10.0.0.1 - - [02/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl" "#;
    let swapped = format!("{start}\"pk_live_7c1f\" 0.012\n").repeat(100);
    let text = text_of(&make(&[200]), "access.log", &swapped);
    let want = "no line of `access.log` has a latency in `request_time`, which `duration` names: `pk_l...` is not a \
                number; check the order of the fields; fields there are: `request_time`, `http_x_api_key`";
    assert!(text.contains(&format!("error: {want}")), "{text}");
    let text = text_of(&make(&[]), "access.log", &swapped);
    assert!(text.contains(&format!("note: {want}")), "{text}");
    let right = format!("{start}0.012 \"pk_live_7c1f\"\n").repeat(100);
    let text = text_of(&make(&[200]), "access.log", &right);
    assert!(!text.contains("no line of"), "{text}");
}

#[test]
fn requests_that_no_segment_claims() {
    let make = || {
        empty()
            .segment("premium", &["premium"])
            .source("app", log(&["app.log"], LogFormat::Json, &[], None))
            .slo("calls", log_lines(only(&[])), &[])
    };
    let line = "{\"time\":\"2026-11-02T09:00:00Z\",\"status\":200,\"plan\":\"gold\"}\n";
    let text = text_of(&make(), "app.log", &line.repeat(100));
    let start = "note: no request of source `app` could be told to a segment:";
    assert!(
        text.contains(&format!("{start} no line has the field `segment`")),
        "{text}"
    );
    let catalogue = make().labels("app", "plan", None, None);
    let text = text_of(&catalogue, "app.log", &line.repeat(100));
    let want = format!("{start} no segment claims what `plan` says, most often `gold`");
    assert!(text.contains(&want), "{text}");
    let one = line.replace("gold", "premium");
    let text = text_of(&catalogue, "app.log", &format!("{}{one}", line.repeat(100)));
    assert!(!text.contains(start), "{text}");
}

#[test]
fn lines_that_no_slo_selects() {
    let make = |path| {
        empty()
            .source("app", log(&["app.log"], LogFormat::Json, &[], None))
            .slo("orders", log_lines(only(&[("path", path)])), &[])
    };
    let line = "{\"time\":\"2026-11-02T09:00:00Z\",\"status\":200,\"path\":\"/api/orders\"}\n";
    let text = text_of(&make("/api/order"), "app.log", &line.repeat(100));
    let want = "note: 100 lines were read, none is selected by SLO `orders`; most frequent in `path`: `/api/orders`";
    assert!(text.contains(want), "{text}");
    let text = text_of(&make("/api/orders"), "app.log", &line.repeat(100));
    assert!(!text.contains("none is selected"), "{text}");
}

#[test]
fn a_last_field_of_keys() {
    use attain_sources::{FileForm, discover};
    let append_of = |values: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.log");
        let start =
            r#"10.0.0.1 - - [02/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl""#;
        let lines = values
            .iter()
            .map(|value| format!("{start} 0.012 \"{value}\"\n"));
        std::fs::write(&path, lines.collect::<String>().repeat(20)).unwrap();
        match discover(&path).unwrap().form {
            FileForm::Combined { append } => append,
            other => panic!("{other:?}"),
        }
    };
    let keys = ["request_time", "http_x_api_key"];
    assert_eq!(
        append_of(&["pk_free_7c1f", "pk_pro_09ab", "pk_pro_1c22"]),
        keys
    );
    assert_eq!(append_of(&["7c1f7c1f7c1f7c1f", "09ab7c1f7c1fffff"]), keys);
    assert_eq!(
        append_of(&["team-v2", "plan-2024"]),
        ["request_time", "segment"]
    );
}

/// A quote too much would swallow a thousand failures into one unreadable row, and the rest would look well.
#[test]
fn rows_that_a_stray_quote_swallows_are_unreadable_each_of_them() {
    let mut rows = "at,status,note\n".to_owned();
    for _ in 0..300 {
        rows.push_str("2026-11-02T09:00:00Z,200,well\n");
    }
    rows.push_str("2026-11-02T09:00:00Z,200,\"well\n");
    for _ in 0..1000 {
        rows.push_str("2026-11-02T09:00:00Z,500,bad\n");
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), rows).unwrap();
    let reading = attain_sources::read(
        &csv_of(CsvLayout::Events, "status"),
        dir.path(),
        &Options::default(),
        &mut |_| Ok(()),
        &mut |_| {},
    )
    .unwrap();
    let read = reading.sources.values().next().unwrap();
    assert_eq!((read.lines, read.unparsed), (1301, 1001));
}

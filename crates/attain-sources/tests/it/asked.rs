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

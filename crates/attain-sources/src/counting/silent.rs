//! What a catalogue asks of a file source that it cannot give, and that would show as no data without a word. Knows
//! kinds; reads nothing.

use attain_model::Catalogue;
use attain_model::company::RosterFrom;
use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::source::{CsvLayout, Source, SourceKind};

use super::roster::Customers;

/// What a person should know of a file source before it is read.
pub(crate) fn notes(catalogue: &Catalogue, source: &Source, customers: &Customers) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(roster_note(catalogue, source));
    if asks_roster(catalogue, source) {
        notes.extend(customers.doubts(catalogue));
    }
    for slo in catalogue.slos.values() {
        if let Some(why) = asks_in_vain(catalogue, &slo.indicator, source) {
            notes.push(format!(
                "`{}` cannot be counted from this source: {why}",
                slo.id
            ));
        }
    }
    notes
}

/// A roster over HTTP is not read; that matters where customers are looked up in it.
fn roster_note(catalogue: &Catalogue, source: &Source) -> Option<String> {
    let Some(RosterFrom::Http { .. }) = catalogue.roster.as_ref().map(|roster| &roster.from) else {
        return None;
    };
    asks_roster(catalogue, source).then(|| {
        "the roster is at a URL, which is not read for files: customers that only the roster knows count as unknown; \
         save it as CSV and name it in `roster`"
            .to_owned()
    })
}

/// Whether the customers of a source are looked up in the roster.
fn asks_roster(catalogue: &Catalogue, source: &Source) -> bool {
    let has_events = match &source.kind {
        SourceKind::Log(_) => true,
        SourceKind::Csv(csv) => csv.layout == CsvLayout::Events,
        _ => false,
    };
    let mut edge = catalogue.edge.iter().flat_map(|edge| &edge.identify);
    let by_edge = has_events && edge.any(|rule| rule.lookup.is_some());
    by_edge || source.labels.customer.is_some()
}

/// Why an indicator that means this source gets nothing from it. One that names no source means all, and is served if
/// any of them can.
fn asks_in_vain(
    catalogue: &Catalogue,
    indicator: &Indicator,
    source: &Source,
) -> Option<&'static str> {
    let why = cannot_count(&indicator.counting, source)
        .or_else(|| not_exposed(&indicator.counting, source))?;
    let is_served_elsewhere = || {
        let mut others = catalogue.sources.values();
        others.any(|other| cannot_count(&indicator.counting, other).is_none())
    };
    let means_it = if indicator.sources.is_empty() {
        !is_served_elsewhere()
    } else {
        indicator.sources.contains(&source.id)
    };
    means_it.then_some(why)
}

/// Why such an indicator can never be counted from such a source; `None` if it can.
fn cannot_count(counting: &Counting, source: &Source) -> Option<&'static str> {
    let csv = match &source.kind {
        SourceKind::Log(_) => None,
        SourceKind::Csv(csv) => Some(csv.layout),
        _ => return None,
    };
    match (counting, csv) {
        (Counting::Log { .. }, None | Some(CsvLayout::Events)) => None,
        (Counting::Log { .. }, Some(_)) => Some(
            "it counts lines, and a table of numbers has none; name the `metric`, or use `layout: events`",
        ),
        (Counting::PromQl { .. }, _) => Some("PromQL asks a Prometheus, not a file"),
        (_, None) => Some("it asks for a metric, and a log has lines; use `log`"),
        (Counting::Totals { .. }, Some(CsvLayout::Events)) => {
            Some("it asks for two metrics, and each row is one event; say which rows are `bad`")
        }
        (Counting::Metric { kind, .. }, Some(CsvLayout::Events)) => (*kind == MetricKind::Gauge)
            .then_some("a gauge has values over time, and each row is one event"),
        (Counting::Metric { .. } | Counting::Totals { .. }, Some(_)) => None,
    }
}

/// Why such an indicator is in no exposition text, which is what files of a source of metrics are.
fn not_exposed(counting: &Counting, source: &Source) -> Option<&'static str> {
    match (counting, &source.kind) {
        (_, SourceKind::Log(_) | SourceKind::Csv(_)) => None,
        (Counting::PromQl { .. }, _) => Some("PromQL asks a Prometheus, not a file"),
        (Counting::Log { .. }, _) => {
            Some("it counts lines, and these files hold samples; name the `metric`")
        }
        (Counting::Metric { .. } | Counting::Totals { .. }, _) => None,
    }
}

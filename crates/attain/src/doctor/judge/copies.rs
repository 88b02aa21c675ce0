//! Whether what is pulled is there several times. Knows what was compared; which label it is, is attain_sources::fit's.

use attain_sources::fit::MetricSeen;
use attain_view::number;

use super::some_of;
use crate::doctor::finding::Diagnosis;

/// Values that are quoted.
const VALUES_SHOWN: usize = 3;

/// Finds a metric whose series all come in equal copies.
pub fn judge(about: &str, metric: &MetricSeen, out: &mut Diagnosis) {
    let Some(copies) = &metric.copies else {
        return;
    };
    let (label, count) = (&copies.label, copies.values.len());
    let times = match count {
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    };
    let seen = format!(
        "`{}` is there {times}: its series differ in `{label}` alone ({}) and rise alike, all {} that were compared",
        metric.name,
        some_of(copies.values.iter().map(String::as_str), VALUES_SHOWN),
        number::grouped(copies.series as u64)
    );
    let why = "every event counts so many times; shares stay, numbers of events and what depends on them do not";
    let fix = format!(
        "have one copy: deduplicate where it is asked (Thanos: `--query.replica-label={label}`; Mimir: its tracker of pairs), or \
         pull one of them: indicator: {{…, where: {{{label}: {}}}}}, which counts nothing while that one is away. What is sent by \
         remote write goes on with the other: `labels: {{replica: {label}}}` at a source `remote_write`",
        copies.values[0]
    );
    out.find_for("series-in-copies", about, &metric.slos, seen, why, fix);
}

#[cfg(test)]
mod tests {
    use attain_sources::fit::Copies;

    use super::*;

    #[test]
    fn a_pair_is_named_with_what_to_write() {
        let mut metric = MetricSeen {
            name: "x_total".to_owned(),
            ..MetricSeen::default()
        };
        let mut out = Diagnosis::default();
        judge("source prom", &metric, &mut out);
        assert!(out.findings.is_empty());
        metric.copies = Some(Copies {
            label: "prometheus".to_owned(),
            values: vec!["a".to_owned(), "b".to_owned()],
            series: 12,
        });
        judge("source prom", &metric, &mut out);
        let found = &out.findings[0];
        assert_eq!(found.code, "series-in-copies");
        assert_eq!(
            found.seen,
            "`x_total` is there twice: its series differ in `prometheus` alone (`a`, `b`) and rise alike, all 12 that were compared"
        );
        assert!(
            found.fix.contains("where: {prometheus: a}"),
            "{}",
            found.fix
        );
    }
}

//! Whether the limits of latency promises lie on edges of the histogram that shall tell. Knows edges; knows no series.

use std::collections::BTreeSet;

use attain_model::quantity::Threshold;
use attain_sources::fit::{MetricSeen, Shape};

use crate::doctor::finding::Diagnosis;

/// Finds limits that no edge is at.
pub fn judge(about: &str, metric: &MetricSeen, out: &mut Diagnosis) {
    if metric.shape != Shape::Histogram || metric.edges.is_empty() {
        return;
    }
    let mut on_edges = Vec::new();
    for limit in &metric.thresholds {
        if metric.edges.contains(limit) {
            on_edges.push(limit.to_string());
            continue;
        }
        let (below, above) = around(*limit, &metric.edges);
        let near: Vec<String> = [below, above]
            .iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        let seen = format!(
            "no edge of `{}` is at {limit}; the nearest: {}",
            metric.name,
            near.join(" and ")
        );
        let why = match (below, above) {
            (_, None) => {
                "all its finite edges are below: nobody can tell a request within the limit from one that hangs"
            }
            (None, _) => {
                "all its edges are above: nobody can tell a request within the limit from one that is slower"
            }
            _ => {
                "requests between these edges count as slower than the limit: the promise looks worse than it is"
            }
        };
        let fix = format!(
            "promise {} instead, or give the program's histogram a bucket at {}",
            near.join(" or "),
            in_unit(*limit, metric.unit_billionths)
        );
        out.find_for("edge-missing", about, &metric.slos, seen, why, fix);
    }
    if !on_edges.is_empty() {
        let limits = on_edges.join(", ");
        let mut said = format!("`{}`: an edge at {limits}", metric.name);
        if !metric.edges.is_subset(&metric.kept) {
            let edges: Vec<String> = metric.edges.iter().map(ToString::to_string).collect();
            said += &format!(
                "; nothing is kept by its others. With `buckets: [{}]` at the indicator a limit that moves finds its past",
                edges.join(", ")
            );
        }
        out.look(about, said);
    }
}

fn around(limit: Threshold, edges: &BTreeSet<Threshold>) -> (Option<Threshold>, Option<Threshold>) {
    let below = edges.range(..limit).next_back().copied();
    let above = edges.range(limit..).next().copied();
    (below, above)
}

/// As the program writes its edges: `0.25`, or `250` in milliseconds.
fn in_unit(limit: Threshold, billionths: i128) -> String {
    let (ns, unit) = (i128::from(limit.nanoseconds()), billionths.max(1));
    let (whole, rest) = (ns / unit, ns % unit);
    let digits = format!("{:09}", rest * 1_000_000_000 / unit);
    match digits.trim_end_matches('0') {
        "" => whole.to_string(),
        digits => format!("{whole}.{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Threshold {
        Threshold::from_nanoseconds(ms * 1_000_000)
    }

    #[test]
    fn a_limit_between_edges_is_shown_with_its_neighbours() {
        let metric = MetricSeen {
            name: "d_bucket".to_owned(),
            shape: Shape::Histogram,
            unit_billionths: 1_000_000_000,
            thresholds: [ms(250), ms(300), ms(5), ms(9000)].into(),
            edges: [ms(100), ms(250), ms(500)].into(),
            ..MetricSeen::default()
        };
        let mut out = Diagnosis::default();
        judge("source prom", &metric, &mut out);
        let seen: Vec<&str> = out.findings.iter().map(|found| &*found.seen).collect();
        assert_eq!(
            seen,
            [
                "no edge of `d_bucket` is at 5ms; the nearest: 100ms",
                "no edge of `d_bucket` is at 300ms; the nearest: 250ms and 500ms",
                "no edge of `d_bucket` is at 9s; the nearest: 500ms",
            ]
        );
        assert_eq!(
            out.findings[1].fix,
            "promise 250ms or 500ms instead, or give the program's histogram a bucket at 0.3"
        );
        assert_eq!(
            out.looked[0].said,
            "`d_bucket`: an edge at 250ms; nothing is kept by its others. With `buckets: [100ms, 250ms, 500ms]` at the \
             indicator a limit that moves finds its past"
        );
        let in_ms = MetricSeen {
            unit_billionths: 1_000_000,
            ..metric.clone()
        };
        let mut out = Diagnosis::default();
        judge("source prom", &in_ms, &mut out);
        assert!(out.findings[1].fix.ends_with("a bucket at 300"));
        let named = MetricSeen {
            kept: metric.edges.clone(),
            ..metric
        };
        let mut out = Diagnosis::default();
        judge("source prom", &named, &mut out);
        assert_eq!(out.looked[0].said, "`d_bucket`: an edge at 250ms");
    }
}

//! A fleet of services and what is promised of it, said three times: as a catalogue, as rules of the shape that Sloth
//! generates, and as the numbers that the example `fleet` is started with. Knows no server.

use std::fmt::Write as _;

/// Segments of every service, and the percentage that each is promised.
const SEGMENTS: [(&str, &str, f64); 3] = [
    ("premium", "99.95%", 0.9995),
    ("standard", "99.9%", 0.999),
    ("free", "99%", 0.99),
];

/// Services of three segments.
#[derive(Debug, Clone, Copy)]
pub struct Fleet {
    pub name: &'static str,
    pub services: u64,
    pub pods: u64,
    pub days: u64,
}

impl Fleet {
    pub fn slo_segments(self) -> u64 {
        self.services * SEGMENTS.len() as u64
    }

    /// For attain.
    pub fn catalogue(self) -> String {
        let mut text = "attain: 1\ncatalogue: {name: fleet}\nsegments:\n".to_string();
        for (rank, (segment, ..)) in SEGMENTS.iter().enumerate() {
            let rank = rank + 1;
            let _ = writeln!(text, "  {segment}: {{rank: {rank}, contract: best-effort}}");
        }
        text += "sources:\n  live: {remote_write: {}}\n  \
                 past: {csv: {files: [past.csv], layout: long, time: time, name: metric, slot: 1m}}\n\
                 defaults: {source: [past, live], window: 30d, owner: shop-team}\nslos:\n";
        let targets: Vec<String> = SEGMENTS
            .iter()
            .map(|(segment, target, _)| format!("{segment}: {target}"))
            .collect();
        for service in 0..self.services {
            let _ = writeln!(
                text,
                "  svc-{service:04}: {{outcome: Requests are answered, service: shop, indicator: {{metric: \
                 http_requests_total, where: {{job: svc-{service:04}}}, bad: {{code: 5xx}}}}, objectives: \
                 {{availability: {{{}}}}}}}",
                targets.join(", ")
            );
        }
        text
    }

    /// For Prometheus and vmalert: of each SLO and segment 8 ratios, 7 facts about it and 2 alerts.
    pub fn rules(self) -> String {
        let mut text = "groups:\n".to_string();
        for service in 0..self.services {
            for (segment, _, target) in SEGMENTS {
                Rules::new(service, segment, target).write(&mut text);
            }
        }
        text
    }
}

/// The rules of one SLO and segment.
struct Rules {
    job: String,
    segment: &'static str,
    id: String,
    target: f64,
    /// Labels of every recorded series, as YAML.
    labels: String,
    /// The same, as a selector.
    own: String,
}

impl Rules {
    fn new(service: u64, segment: &'static str, target: f64) -> Self {
        let job = format!("svc-{service:04}");
        let id = format!("{job}-availability-{segment}");
        Self {
            labels: format!(
                "owner: shop-team, segment: {segment}, sloth_id: {id}, sloth_service: {job}, \
                 sloth_slo: availability-{segment}"
            ),
            own: format!(
                "{{sloth_id=\"{id}\", sloth_service=\"{job}\", sloth_slo=\"availability-{segment}\"}}"
            ),
            job,
            segment,
            id,
            target,
        }
    }

    fn write(&self, text: &mut String) {
        self.ratios(text);
        self.facts(text);
        self.alerts(text);
    }

    fn ratios(&self, text: &mut String) {
        let Self {
            job, segment, own, ..
        } = self;
        let _ = writeln!(
            text,
            "- name: sloth-slo-sli-recordings-{}\n  rules:",
            self.id
        );
        for window in ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] {
            let of = format!("http_requests_total{{job=\"{job}\",segment=\"{segment}\"");
            let expression = format!(
                "(sum(rate({of},code=~\"(5..|429)\"}}[{window}]))) / (sum(rate({of}}}[{window}])))"
            );
            let name = format!("slo:sli_error:ratio_rate{window}");
            self.record(
                text,
                &name,
                &expression,
                &format!(", sloth_window: {window}"),
            );
        }
        let recorded = format!("slo:sli_error:ratio_rate5m{own}[30d]");
        let expression = format!(
            "sum_over_time({recorded}) / ignoring (sloth_window) count_over_time({recorded})"
        );
        let name = "slo:sli_error:ratio_rate30d";
        self.record(text, name, &expression, ", sloth_window: 30d");
    }

    fn facts(&self, text: &mut String) {
        let Self { own, target, .. } = self;
        let _ = writeln!(
            text,
            "- name: sloth-slo-meta-recordings-{}\n  rules:",
            self.id
        );
        let by_budget = format!(
            "/ on(sloth_id, sloth_slo, sloth_service) group_left slo:error_budget:ratio{own}"
        );
        for (name, expression) in [
            ("slo:objective:ratio", format!("vector({target})")),
            ("slo:error_budget:ratio", format!("vector(1-{target})")),
            ("slo:time_period:days", "vector(30)".to_string()),
            (
                "slo:current_burn_rate:ratio",
                format!("slo:sli_error:ratio_rate5m{own} {by_budget}"),
            ),
            (
                "slo:period_burn_rate:ratio",
                format!("slo:sli_error:ratio_rate30d{own} {by_budget}"),
            ),
            (
                "slo:period_error_budget_remaining:ratio",
                format!("1 - slo:period_burn_rate:ratio{own}"),
            ),
            ("sloth_slo_info", "vector(1)".to_string()),
        ] {
            self.record(text, name, &expression, "");
        }
    }

    fn alerts(&self, text: &mut String) {
        let _ = writeln!(text, "- name: sloth-slo-alerts-{}\n  rules:", self.id);
        let burns = |short: &str, factor: f64, long: &str| {
            let over = |window: &str| {
                format!(
                    "max(slo:sli_error:ratio_rate{window}{} > ({factor} * {})) without (sloth_window)",
                    self.own,
                    1.0 - self.target
                )
            };
            format!("({} and {})", over(short), over(long))
        };
        for (severity, one, other) in [
            ("page", burns("5m", 14.4, "1h"), burns("30m", 6.0, "6h")),
            ("ticket", burns("2h", 3.0, "1d"), burns("6h", 1.0, "3d")),
        ] {
            let _ = writeln!(
                text,
                "  - alert: {}-{}-HighErrorRate\n    expr: {one} or {other}\n    labels: {{sloth_severity: {severity}}}",
                self.job, self.segment
            );
        }
    }

    fn record(&self, text: &mut String, name: &str, expression: &str, more: &str) {
        let _ = writeln!(
            text,
            "  - record: {name}\n    expr: {expression}\n    labels: {{{}{more}}}",
            self.labels
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slo_and_segment_has_seventeen_rules() {
        let fleet = Fleet {
            name: "small",
            services: 2,
            pods: 1,
            days: 30,
        };
        let rules = fleet.rules();
        let count = rules.matches("- record:").count() + rules.matches("- alert:").count();
        assert_eq!(count as u64, 17 * fleet.slo_segments());
        assert_eq!(
            fleet
                .catalogue()
                .matches("metric: http_requests_total")
                .count(),
            2
        );
    }
}

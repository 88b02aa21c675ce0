//! Whether the label that says the segment is there and says one of the catalogue's. Knows the catalogue's segments and
//! the values that were seen.

use std::collections::BTreeSet;

use attain_model::Catalogue;
use attain_model::source::Source;
use attain_sources::fit::{MetricSeen, Misfit, Tagged, claimed_by, nearness};
use attain_view::{number, visible};

use super::{percent, some_of};
use crate::doctor::finding::Diagnosis;

/// More values than this are customers, not segments.
const VALUES_AT_MOST: usize = 50;
/// Values that are quoted.
const VALUES_SHOWN: usize = 5;
/// Untagged traffic beyond this share, in thousandths, is worth a finding: below it is health checks and scanners.
const UNTAGGED_THOUSANDTHS: u64 = 10;
/// A share of the most series of one stream and segment, in percent, from which on it is said.
const NEAR_FULL_PERCENT: u64 = 80;

/// How a source is tagged.
pub struct Read<'a> {
    /// Whom it is about.
    pub about: &'a str,
    /// The source.
    pub source: &'a Source,
    /// What is promised of it, and to whom.
    pub catalogue: &'a Catalogue,
    /// How many series of one stream and segment count, where that is limited.
    pub most_series: Option<u64>,
}

/// Judges the tags of one metric.
pub fn judge(read: &Read<'_>, metric: &MetricSeen, misfits: &[Misfit], out: &mut Diagnosis) {
    let (source, catalogue) = (read.source, read.catalogue);
    let label = &source.labels.segment;
    let tags = Tags {
        about: read.about,
        source: source.id.as_str(),
        label,
        metric,
        claimed: claimed_by(catalogue),
    };
    for misfit in misfits {
        if let Misfit::NoSegmentLabel { other } = misfit {
            tags.absent(other.as_deref(), out);
        }
    }
    let is_tagged = metric.tagged.keys().any(|value| !value.is_empty());
    if catalogue.segments.is_empty() || source.add.contains_key(label) || !is_tagged {
        return;
    }
    let by_customer = source.labels.customer.is_some();
    if metric.tagged.len() > VALUES_AT_MOST {
        tags.too_many(out);
    } else {
        tags.unclaimed(by_customer, out);
        tags.idle(catalogue, out);
    }
    if let Some(most) = read.most_series {
        tags.near_full(most, out);
    }
}

/// The series of a metric that lack a label, as PromQL selects them.
fn without(metric: &str, label: &str) -> String {
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let label = match is_plain(label) {
        true => label.to_owned(),
        false => format!("{label:?}"),
    };
    match is_plain(metric) {
        true => format!("{metric}{{{label}=\"\"}}"),
        false => format!("{{__name__={metric:?},{label}=\"\"}}"),
    }
}

struct Tags<'a> {
    about: &'a str,
    source: &'a str,
    label: &'a str,
    metric: &'a MetricSeen,
    claimed: BTreeSet<&'a str>,
}

const UNKNOWN: &str =
    "requests that no segment claims are counted as unknown: they are in no segment's promise";

impl Tags<'_> {
    fn find(&self, code: &'static str, seen: String, why: &str, fix: String, out: &mut Diagnosis) {
        out.find_for(code, self.about, &self.metric.slos, seen, why, fix);
    }

    /// No series has the label.
    fn absent(&self, other: Option<&str>, out: &mut Diagnosis) {
        let Self {
            source,
            label,
            metric,
            ..
        } = self;
        let seen = format!("no series of `{}` has the label `{label}`", metric.name);
        let fix = match other.and_then(|other| metric.labels.get_key_value(other)) {
            Some((other, values)) => format!(
                "sources: {{{source}: {{…, labels: {{segment: {other}}}}}}}; `{other}` is {}",
                some_of(values.iter().map(String::as_str), VALUES_SHOWN)
            ),
            None => format!(
                "add the label to the metric where requests are counted, or name the label that has it: \
                 sources: {{{source}: {{…, labels: {{segment: LABEL}}}}}}; there are {}",
                some_of(metric.labels.keys().map(String::as_str), 2 * VALUES_SHOWN)
            ),
        };
        self.find("segment-label-missing", seen, UNKNOWN, fix, out);
    }

    fn too_many(&self, out: &mut Diagnosis) {
        let Self {
            source,
            label,
            metric,
            ..
        } = self;
        let values = metric.tagged.keys().filter(|value| !value.is_empty());
        let values: Vec<&str> = values.map(String::as_str).collect();
        let seen = format!(
            "`{label}` of `{}` has {} values: {}",
            metric.name,
            values.len(),
            some_of(values.iter().copied(), VALUES_SHOWN)
        );
        let why = "these are customers or requests, not segments: what no segment claims is counted as unknown";
        let fix = format!(
            "if they are customers: sources: {{{source}: {{…, labels: {{customer: {label}}}}}}}, and whose they are in `roster`"
        );
        self.find("segment-values-many", seen, why, fix, out);
    }

    /// Values that no segment claims, and traffic without any.
    fn unclaimed(&self, by_customer: bool, out: &mut Diagnosis) {
        let Self { label, metric, .. } = self;
        let (mut unknown, mut absent) = (Tagged::default(), Tagged::default());
        let mut values: Vec<&str> = Vec::new();
        for (value, tagged) in &metric.tagged {
            let sum = match value.as_str() {
                "" => &mut absent,
                value if self.claimed.contains(value) => continue,
                value if self.meant(value).is_some() => {
                    self.misspelt(value, out);
                    continue;
                }
                value => {
                    values.push(value);
                    &mut unknown
                }
            };
            sum.series += tagged.series;
            sum.events = sum.events.saturating_add(tagged.events);
        }
        if !values.is_empty() {
            let seen = format!(
                "`{label}` of `{}` has values that no segment claims: {} ({})",
                metric.name,
                some_of(values.iter().copied(), VALUES_SHOWN),
                self.share(unknown)
            );
            let fix = format!(
                "segments: {{SEGMENT: {{…, match: [SEGMENT, {}]}}}}, or a segment of their own",
                quoted(values[0])
            );
            self.find("segment-value-unclaimed", seen, UNKNOWN, fix, out);
        }
        if !by_customer && self.is_much(absent) {
            let seen = format!(
                "{} of the events of `{}` ({} of its series) have no `{label}`",
                self.share_of_events(absent),
                metric.name,
                absent.series
            );
            let fix = format!(
                "see which: query `topk(10, {})`, and add the label where these are counted; \
                 what is no customer's (health checks) belongs under `except`",
                without(&metric.name, label)
            );
            self.find("untagged", seen, UNKNOWN, fix, out);
        }
    }

    /// A value that is one of the segments' but for its spelling.
    fn misspelt(&self, value: &str, out: &mut Diagnosis) {
        let Some(meant) = self.meant(value) else {
            return;
        };
        let Self { label, metric, .. } = self;
        let tagged = metric.tagged.get(value).copied().unwrap_or_default();
        let seen = format!(
            "`{label}` of `{}` is `{value}` in {}, spelled nearly as `{meant}`",
            metric.name,
            self.share(tagged)
        );
        let fix = format!(
            "if it is meant: segments: {{{meant}: {{…, match: [{meant}, {}]}}}}; better, mend it where it is set",
            quoted(value)
        );
        self.find("segment-misspelt", seen, UNKNOWN, fix, out);
    }

    fn meant(&self, value: &str) -> Option<&str> {
        // A word within another is a relation, not a mistake.
        let near = |claimed: &&&str| nearness(claimed, value).is_some_and(|apart| apart <= 3);
        self.claimed.iter().find(near).copied()
    }

    /// Segments that nobody is in.
    fn idle(&self, catalogue: &Catalogue, out: &mut Diagnosis) {
        let is_seen = |value: &String| self.metric.tagged.contains_key(value);
        let idle = catalogue.segments.values();
        let idle: Vec<&str> = idle
            .filter(|segment| !segment.matches.iter().any(is_seen))
            .map(|segment| segment.id.as_str())
            .collect();
        let of = self.metric.tagged.keys().filter(|value| !value.is_empty());
        let of: Vec<&str> = of.map(String::as_str).collect();
        // Where no segment is seen at all the finding about the values says it.
        if !idle.is_empty() && idle.len() < catalogue.segments.len() {
            let said = format!(
                "`{}`: no series is of {}; `{}` is {}",
                self.metric.name,
                some_of(idle.into_iter(), VALUES_SHOWN),
                self.label,
                some_of(of.into_iter(), VALUES_SHOWN)
            );
            out.look(self.about, said);
        }
    }

    fn near_full(&self, most: u64, out: &mut Diagnosis) {
        for (value, tagged) in &self.metric.tagged {
            if tagged.series * 100 < most * NEAR_FULL_PERCENT {
                continue;
            }
            let seen = format!(
                "{} series of `{}` have `{}` = {}, of {} that are counted",
                number::grouped(tagged.series),
                self.metric.name,
                self.label,
                quoted(value),
                number::grouped(most)
            );
            let why = "series beyond the most are refused: their events are counted nowhere";
            let fix = "sum away what tells requests apart and no promise asks for (path, pod, user), where they are counted"
                .to_owned();
            self.find("series-near-limit", seen, why, fix, out);
        }
    }

    /// The share of events; of series where nothing has happened yet.
    fn share(&self, of: Tagged) -> String {
        let (part, whole) = self.part(of);
        let events = self.metric.tagged.values().any(|tagged| tagged.events > 0);
        let what = if events { "events" } else { "series" };
        format!("{} of its {what}", percent(part, whole))
    }

    fn share_of_events(&self, of: Tagged) -> String {
        let (part, whole) = self.part(of);
        percent(part, whole)
    }

    fn is_much(&self, of: Tagged) -> bool {
        let (part, whole) = self.part(of);
        part > 0 && u128::from(part) * 1000 >= u128::from(whole) * u128::from(UNTAGGED_THOUSANDTHS)
    }

    fn part(&self, of: Tagged) -> (u64, u64) {
        let all = self.metric.tagged.values();
        match all.clone().map(|tagged| tagged.events).sum::<u64>() {
            0 => (of.series, all.map(|tagged| tagged.series).sum()),
            events => (of.events, events),
        }
    }
}

/// As a catalogue writes it.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_word = value.starts_with(|c: char| c.is_ascii_alphabetic());
    match is_word && value.chars().all(is_plain) {
        true => value.to_owned(),
        false => {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{}\"", visible(&value))
        }
    }
}

#[cfg(test)]
mod tests {
    use attain_sources::fit::misfits;
    use attain_spec::{Input, parse};

    use super::*;

    const CATALOGUE: &str = "
attain: 1
segments:
  premium:  {rank: 1, contract: best-effort}
  standard: {rank: 2, contract: best-effort, match: [standard, basic]}
sources:
  prom: {prometheus: {url: \"http://prom\"}, labels: {segment: tier}}
  customers: {prometheus: {url: \"http://prom\"}, labels: {segment: tier, customer: account}}
  constant: {prometheus: {url: \"http://prom\"}, labels: {segment: tier}, add: {tier: premium}}
defaults: {source: prom, owner: shop, indicator: {metric: x_total, bad: {code: 5xx}}}
slos:
  by-plan: {objectives: {availability: {premium: 99.9%, standard: 99%}}}
  as-one: {objectives: {availability: 99%}}
";

    fn judged(source: &str, tagged: &[(&str, u64, u64)], most: Option<u64>) -> Diagnosis {
        judged_for(&["as-one", "by-plan"], source, tagged, most)
    }

    fn judged_for(
        slos: &[&str],
        source: &str,
        tagged: &[(&str, u64, u64)],
        most: Option<u64>,
    ) -> Diagnosis {
        let parsed = parse(&[Input {
            name: "shop.yaml".to_owned(),
            text: CATALOGUE.to_owned(),
        }]);
        let catalogue = parsed.catalogue.expect("a catalogue");
        let source = (catalogue.sources.values())
            .find(|known| known.id.as_str() == source)
            .expect("a source");
        let mut metric = MetricSeen {
            name: "x_total".to_owned(),
            slos: slos.iter().map(|slo| (*slo).to_owned()).collect(),
            series: 1,
            ..MetricSeen::default()
        };
        for (value, series, events) in tagged {
            let (series, events) = (*series, *events);
            let tagged = Tagged { series, events };
            metric.tagged.insert((*value).to_owned(), tagged);
        }
        let plans = ["Premium", "basic"].map(str::to_owned);
        metric.labels.insert("plan".to_owned(), plans.into());
        let mut out = Diagnosis::default();
        let read = Read {
            about: "source prom",
            source,
            catalogue: &catalogue,
            most_series: most,
        };
        let misfits = misfits(&catalogue, source, &metric);
        judge(&read, &metric, &misfits, &mut out);
        out
    }

    fn codes(source: &str, tagged: &[(&str, u64, u64)]) -> Vec<&'static str> {
        let found = judged(source, tagged, None).findings;
        found.iter().map(|found| found.code).collect()
    }

    #[test]
    fn a_missing_label_is_found_under_another_name() {
        let found = judged("prom", &[("", 4, 100)], None).findings.remove(0);
        assert_eq!(found.code, "segment-label-missing");
        // What is promised to all as one needs no label.
        let none = judged_for(&["as-one"], "prom", &[("", 4, 100)], None);
        assert!(none.findings.is_empty());
        assert_eq!(
            found.fix,
            "sources: {prom: {…, labels: {segment: plan}}}; `plan` is `Premium`, `basic`"
        );
        assert!(codes("customers", &[("", 4, 100)]).is_empty());
        assert!(codes("constant", &[("", 4, 100)]).is_empty());
    }

    #[test]
    fn values_that_no_segment_claims_are_told_from_misspelt_ones() {
        assert!(codes("prom", &[("premium", 1, 9), ("basic", 1, 90)]).is_empty());
        assert_eq!(
            codes("prom", &[("premium", 1, 9), ("Premium", 1, 1)]),
            ["segment-misspelt"]
        );
        let both = judged(
            "prom",
            &[("premium", 1, 96), ("premum", 1, 1), ("gold", 1, 3)],
            None,
        );
        let seen: Vec<&str> = both.findings.iter().map(|found| &*found.seen).collect();
        assert_eq!(
            seen,
            [
                "`tier` of `x_total` is `premum` in 1.0% of its events, spelled nearly as `premium`",
                "`tier` of `x_total` has values that no segment claims: `gold` (3.0% of its events)",
            ]
        );
    }

    #[test]
    fn untagged_traffic_is_found_from_one_percent_on() {
        assert!(codes("prom", &[("premium", 1, 995), ("", 1, 5)]).is_empty());
        assert_eq!(
            codes("prom", &[("premium", 1, 990), ("", 1, 10)]),
            ["untagged"]
        );
        // Before anything has happened, series are all there is.
        assert_eq!(
            codes("prom", &[("premium", 9, 0), ("", 1, 0)]),
            ["untagged"]
        );
        assert!(codes("customers", &[("premium", 1, 0), ("", 99, 9)]).is_empty());
    }

    #[test]
    fn a_label_of_customers_is_no_label_of_segments() {
        let names: Vec<String> = (0..60).map(|number| format!("account-{number}")).collect();
        let tagged: Vec<(&str, u64, u64)> = names.iter().map(|name| (&**name, 1, 1)).collect();
        let found = judged("prom", &tagged, None).findings;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, "segment-values-many");
        assert!(found[0].fix.contains("labels: {customer: tier}"));
    }

    #[test]
    fn a_segment_that_is_nearly_full_is_found() {
        let tagged = [("premium", 41_000, 9), ("standard", 39_000, 9)];
        let found = judged("prom", &tagged, Some(50_000)).findings;
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].seen,
            "41,000 series of `x_total` have `tier` = premium, of 50,000 that are counted"
        );
    }
}

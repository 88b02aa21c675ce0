//! What an indicator counts, as PromQL for people who want to look at it elsewhere. Knows no segment and asks nobody; what
//! attain asks by itself is query.rs's.

use attain_model::indicator::{Counting, Indicator, MetricKind, Part, Selection};
use attain_model::selector::{Match, Matches, Outcome};

use super::query::{matcher, selected};

/// What each query counts, and the query: events per second over five minutes. Nothing for a log.
#[must_use]
pub fn shown(indicator: &Indicator) -> Vec<(String, String)> {
    match &indicator.counting {
        Counting::Metric {
            metric,
            kind,
            selector,
            outcome,
            ..
        } => {
            let all = selected(&counted(metric, *kind), selector, None);
            let mut shown = vec![("All requests", rate(&all))];
            match outcome {
                Outcome::Bad(matches) => {
                    shown.push(("Bad requests", rate_of_any(&all, matches)));
                }
                Outcome::Good(matches) => {
                    let good = matches.iter();
                    let good = good.fold(all, |all, (label, value)| with_one(&all, label, value));
                    shown.push(("Good requests", rate(&good)));
                }
                Outcome::AllGood | Outcome::GoodIf(_) => {}
            }
            named(shown)
        }
        Counting::Totals {
            total, part, of, ..
        } => named(vec![
            ("All requests", rate(&selection(total))),
            (part_name(*part), rate(&selection(of))),
        ]),
        Counting::PromQl {
            part,
            part_query,
            total_query,
        } => {
            let mut shown = vec![(part_name(*part), part_query.clone())];
            shown.extend(total_query.clone().map(|total| ("All requests", total)));
            named(shown)
        }
        Counting::Log { .. } => Vec::new(),
    }
}

fn named(shown: Vec<(&str, String)>) -> Vec<(String, String)> {
    let named = shown
        .into_iter()
        .map(|(name, query)| (format!("{name}, PromQL"), query));
    named.collect()
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Good => "Good requests",
        Part::Bad => "Bad requests",
        Part::Ratio => "Good share",
    }
}

/// The series of a metric that counts requests.
fn counted(metric: &str, kind: MetricKind) -> String {
    match kind {
        MetricKind::Histogram => format!("{metric}_count"),
        _ => metric.to_owned(),
    }
}

fn selection(selection: &Selection) -> String {
    selected(&selection.metric, &selection.selector, None)
}

fn rate(selected: &str) -> String {
    format!("sum(rate({selected}[5m]))")
}

/// Requests of which any line holds, each once: `or` leaves out series that are there already.
fn rate_of_any(selected: &str, matches: &Matches) -> String {
    let each = matches.iter();
    let each = each.map(|(label, value)| format!("rate({}[5m])", with_one(selected, label, value)));
    format!("sum({})", each.collect::<Vec<_>>().join(" or "))
}

/// A label may be looked at already, so a matcher is added and replaces none.
fn with_one(selected: &str, label: &str, value: &Match) -> String {
    let inside = selected.strip_suffix('}').unwrap_or(selected);
    format!("{inside},{}}}", matcher(label, value, true))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use attain_model::selector::Selector;

    use super::*;

    #[test]
    fn what_is_bad_is_what_any_line_says_and_what_is_good_all_of_them() {
        let code = (String::from("code"), Match::Class('5'));
        let slow = (String::from("slow"), Match::Exact("yes".to_owned()));
        let queries = |outcome: Outcome, kind: MetricKind| {
            let indicator = Indicator {
                id: None,
                sources: Vec::new(),
                counting: Counting::Metric {
                    metric: "logins".to_owned(),
                    kind,
                    unit: None,
                    selector: Selector::default(),
                    outcome,
                },
                buckets: Vec::new(),
                slice: Duration::from_secs(10),
            };
            let shown = shown(&indicator).into_iter();
            shown.map(|(_, query)| query).collect::<Vec<_>>()
        };
        let bad = Outcome::Bad(Matches::from([code.clone(), slow.clone()]));
        assert_eq!(
            queries(bad, MetricKind::Counter),
            [
                "sum(rate({__name__=\"logins\"}[5m]))",
                "sum(rate({__name__=\"logins\",code=~\"5..\"}[5m]) or rate({__name__=\"logins\",slow=\"yes\"}[5m]))",
            ]
        );
        let good = Outcome::Good(Matches::from([code, slow]));
        assert_eq!(
            queries(good, MetricKind::Histogram)[1],
            "sum(rate({__name__=\"logins_count\",code=~\"5..\",slow=\"yes\"}[5m]))"
        );
    }
}

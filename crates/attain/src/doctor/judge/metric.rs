//! Whether a metric is there, fresh, and read after all of it has arrived. Knows one metric of one source.

use std::time::Duration;

use super::some_of;
use crate::doctor::finding::Diagnosis;
use attain_model::source::Source;
use attain_sources::fit::{MetricSeen, Misfit, Shape};
use attain_sources::pull::{arrives_after, delay_for, delay_of_late};
use attain_view::number;

/// A Prometheus-compatible system forgets a series that said nothing for so long.
const STALE: Duration = Duration::from_secs(300);
/// Values that are quoted.
const VALUES_SHOWN: usize = 5;

/// How a source is read.
pub struct Read<'a> {
    /// Whom it is about.
    pub about: &'a str,
    /// Its name in the catalogue.
    pub source: &'a str,
    /// It is pulled, minute by minute; else it is scraped.
    pub is_pulled: bool,
    /// It is sent to a server, which was asked.
    pub is_sent: bool,
    /// Its `delay`, as somebody wrote it. Without one a server waits as long as it finds that samples take.
    pub delay: Option<Duration>,
}

/// Whether it is there; what else is judged of it makes no sense otherwise.
pub fn is_there(
    read: &Read<'_>,
    metric: &MetricSeen,
    misfits: &[Misfit],
    out: &mut Diagnosis,
) -> bool {
    let name = &metric.name;
    if metric.series > 0 {
        return true;
    }
    let nothing = "no event is counted for these promises: they stay unknown, however it goes";
    let (code, seen, fix) = if metric.lately > 0 {
        let series = number::grouped(metric.lately);
        let seen = format!(
            "`{name}` has gone silent: {series} series said something within the last day, none does now"
        );
        let fix = format!(
            "see whether its scrape target is up: query `up == 0`, then `{name}` over the last day"
        );
        ("metric-silent", seen, fix)
    } else if misfits.contains(&Misfit::NoneCounts) {
        (
            "metric-unmatched",
            unmatched(metric),
            format!(
                "write one of these values under `where`, or the service's `match`, of what looks at `{name}`"
            ),
        )
    } else if metric.native > 0 {
        let whole = name.trim_end_matches("_bucket");
        let seen = format!(
            "`{whole}` is a native histogram, not counted: it has {} series, and no buckets `{name}`",
            number::grouped(metric.native)
        );
        let fix = "have its buckets kept, too: `always_scrape_classic_histograms: true` in the scrape configuration; or send it \
                   by remote write, with `send_native_histograms: true`, to a source `remote_write`"
            .to_owned();
        ("histogram-native", seen, fix)
    } else if metric.plain > 0 {
        let whole = name.trim_end_matches("_bucket");
        let seen = format!(
            "`{whole}` is no histogram, and is taken for one: it has {} series, and no buckets",
            number::grouped(metric.plain)
        );
        let fix = format!("write `type: counter` beside `metric: {whole}`, if it counts up");
        ("metric-missing", seen, fix)
    } else {
        let seen = match read.is_sent {
            true => format!("it sends, and no series of `{name}` is among what has arrived"),
            false => format!("it has no metric `{name}`"),
        };
        let fix = match metric.alike.as_slice() {
            [] if read.is_sent => "see what arrives: `others` at /api/v1/heard of the server; write the name as `metric:`, or have it sent"
                .to_owned(),
            [] => "see what there is: query `count by (__name__) ({__name__=~\".+\"})`, and write the name as `metric:`"
                .to_owned(),
            names => format!(
                "write `metric: {}` if that is meant; alike are {}",
                names[0].trim_end_matches("_bucket"),
                some_of(names.iter().map(String::as_str), VALUES_SHOWN)
            ),
        };
        ("metric-missing", seen, fix)
    };
    out.find_for(code, read.about, &metric.slos, seen, nothing, fix);
    false
}

fn unmatched(metric: &MetricSeen) -> String {
    let asked: Vec<String> = (metric.unmet().into_iter())
        .map(|(label, wanted)| match metric.labels.get(label) {
            Some(values) => format!(
                "`{label}` shall be {wanted} and is {}",
                some_of(values.iter().map(String::as_str), VALUES_SHOWN)
            ),
            None => format!("`{label}` shall be {wanted}, and there is no such label"),
        })
        .collect();
    let named = metric.named;
    let why = match asked.is_empty() {
        true => "what is excepted takes all of them".to_owned(),
        false => asked.join("; "),
    };
    format!(
        "none of the {named} series of `{}` counts: {why}",
        metric.name
    )
}

/// Finds a histogram without the bucket that says how many events there are.
pub fn wholes(read: &Read<'_>, metric: &MetricSeen, misfits: &[Misfit], out: &mut Diagnosis) {
    if !misfits.contains(&Misfit::NoWhole) {
        return;
    }
    let name = &metric.name;
    let seen = format!("no series of `{name}` has `le=\"+Inf\"`");
    let why =
        "that bucket says how many events there are: without it none is counted, fast or slow";
    let fix = format!(
        "see whether a relabelling drops `{name}` by `le`, and whether the program writes that bucket"
    );
    out.find_for("infinity-missing", read.about, &metric.slos, seen, why, fix);
}

/// Finds labels that say good from bad and that no series has: nothing can count as bad, or nothing as good.
pub fn classes(read: &Read<'_>, metric: &MetricSeen, misfits: &[Misfit], out: &mut Diagnosis) {
    for misfit in misfits {
        let Misfit::NoClassLabel { label, slos, other } = misfit else {
            continue;
        };
        let seen = format!(
            "no series of `{}` has the label `{label}`, which `good:` or `bad:` looks at",
            metric.name
        );
        let why = "where it is absent every event is the same: with `bad:` all count as good, with `good:` as bad";
        let write = match other
            .as_ref()
            .zip(other.as_ref().and_then(|other| metric.labels.get(other)))
        {
            Some((other, values)) => format!(
                "write `{other}` for it under `good:` or `bad:`; `{other}` is {}",
                some_of(values.iter().map(String::as_str), VALUES_SHOWN)
            ),
            None => {
                let labels = metric.labels.keys().map(String::as_str);
                let labels = some_of(labels, 2 * VALUES_SHOWN);
                format!("write the label that says it under `good:` or `bad:`; they have {labels}")
            }
        };
        let fix = format!(
            "{write}. If it comes with the first failure: sources: {{{}: {{…, add: {{{label}: none}}}}}}",
            read.source
        );
        out.find_for("label-missing", read.about, slos, seen, why, fix);
    }
    let is_missing = |label: &str| {
        let mut misfits = misfits.iter();
        misfits.any(|misfit| matches!(misfit, Misfit::NoClassLabel { label: missing, .. } if missing == label))
    };
    for class in &metric.classes {
        if !metric.labels.contains_key(&class.label) && !is_missing(&class.label) {
            let (name, label) = (&metric.name, &class.label);
            let said =
                format!("`{name}`: no series has `{label}` so far, which comes with a failure");
            out.look(read.about, said);
        }
    }
}

/// Whether its samples are fresh and frequent, and there when they are asked for.
pub fn judge(read: &Read<'_>, metric: &MetricSeen, held_back: Duration, out: &mut Diagnosis) {
    let name = &metric.name;
    let mut said = format!("`{name}`: {} series count", number::grouped(metric.series));
    if let Some(age) = metric.age {
        said += &format!(", the newest sample is {} old", number::about(age));
    }
    if let Some(interval) = metric.interval {
        said += &format!(", one every {}", number::about(interval));
    }
    out.look(read.about, said);
    if !read.is_pulled {
        return;
    }
    if let Some(age) = metric.age.filter(|age| *age >= STALE) {
        let seen = format!(
            "the newest sample of `{name}` is {} old",
            number::about(age)
        );
        let why = "nothing newer is counted: the promises stand still";
        let fix = "see whether its scrape target is up: query `up == 0`".to_owned();
        out.find_for("metric-stale", read.about, &metric.slos, seen, why, fix);
        return;
    }
    if let Some(interval) = metric
        .interval
        .filter(|interval| *interval > Duration::from_secs(60))
    {
        let seen = format!(
            "`{name}` has a sample only every {}",
            number::about(interval)
        );
        let why = "it is pulled a minute at a time: minutes without a sample are unheard, and coverage falls";
        let fix = "scrape its targets every 30 s or more often: `scrape_interval: 30s`".to_owned();
        out.find_for("interval-long", read.about, &metric.slos, seen, why, fix);
    }
    late(read, metric, held_back, out);
}

/// Samples that are not there yet when their minute is asked for.
fn late(read: &Read<'_>, metric: &MetricSeen, held_back: Duration, out: &mut Diagnosis) {
    let arrives = arrives_after(metric.age.unwrap_or_default(), metric.interval);
    // Queries that hold back hide what has arrived as well.
    let (behind, is_held_back) = match held_back >= arrives {
        true => (held_back, true),
        false => (arrives, false),
    };
    let Some(delay) = read.delay else {
        if !is_held_back && arrives > Source::USUAL_DELAY {
            let said = format!(
                "samples of `{}` take {} or more to arrive: `attain serve` waits so long, as no `delay` is written",
                metric.name,
                number::about(arrives)
            );
            out.look(read.about, said);
        }
        return;
    };
    if behind <= delay.saturating_add(Duration::from_secs(1)) {
        return;
    }
    let enough = match is_held_back {
        true => delay_for(behind),
        false => delay_of_late(behind),
    };
    let enough = enough.as_secs();
    let seen = if is_held_back {
        format!(
            "its queries see nothing that is younger than {} (VictoriaMetrics holds back 30 s unless told otherwise); `delay` is {}",
            number::about(behind),
            number::about(delay)
        )
    } else {
        format!(
            "samples of `{}` take {} or more to arrive; `delay` is {}",
            metric.name,
            number::about(behind),
            number::about(delay)
        )
    };
    let why = match metric.shape {
        Shape::Gauge => {
            "a minute is asked for before its readings are there: they are never counted"
        }
        _ => {
            "a minute is asked for before all of it is there: what arrives later is counted minutes later, or never"
        }
    };
    let fix = format!("sources: {{{}: {{…, delay: {enough}s}}}}", read.source);
    out.find_for("delay-short", read.about, &metric.slos, seen, why, fix);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(delay_seconds: u64) -> Read<'static> {
        Read {
            about: "source prom",
            source: "prom",
            is_pulled: true,
            is_sent: false,
            delay: Some(Duration::from_secs(delay_seconds)),
        }
    }

    fn metric(age: u64, interval: u64) -> MetricSeen {
        MetricSeen {
            name: "x_total".to_owned(),
            slos: vec!["pay".to_owned()],
            series: 4,
            age: Some(Duration::from_secs(age)),
            interval: Some(Duration::from_secs(interval)),
            ..MetricSeen::default()
        }
    }

    fn codes(read: &Read<'_>, metric: &MetricSeen, held_back: u64) -> Vec<&'static str> {
        let mut out = Diagnosis::default();
        judge(read, metric, Duration::from_secs(held_back), &mut out);
        out.findings.iter().map(|found| found.code).collect()
    }

    #[test]
    fn a_sample_as_old_as_its_interval_is_fresh() {
        assert!(codes(&read(10), &metric(59, 60), 0).is_empty());
        assert_eq!(codes(&read(10), &metric(45, 15), 0), ["delay-short"]);
        assert!(codes(&read(30), &metric(45, 15), 0).is_empty());
    }

    #[test]
    fn without_a_delay_the_server_waits_as_long_as_samples_take() {
        let unwritten = Read {
            delay: None,
            ..read(0)
        };
        let mut out = Diagnosis::default();
        judge(&unwritten, &metric(45, 15), Duration::ZERO, &mut out);
        assert!(out.findings.is_empty());
        let said = out.looked.last().map(|looked| looked.said.as_str());
        assert!(said.is_some_and(|said| said.starts_with("samples of `x_total` take 30s or more")));
    }

    #[test]
    fn a_native_histogram_in_place_of_buckets_is_said() {
        let (mut out, mut seen) = (Diagnosis::default(), metric(1, 15));
        (seen.series, seen.native) = (0, 3);
        seen.name = "x_seconds_bucket".to_owned();
        assert!(!is_there(&read(10), &seen, &[], &mut out));
        let found = &out.findings[0];
        assert_eq!(found.code, "histogram-native");
        assert!(
            found
                .seen
                .starts_with("`x_seconds` is a native histogram, not counted")
        );
    }

    #[test]
    fn a_number_that_is_taken_for_a_histogram_lacks_its_type() {
        let (mut out, mut seen) = (Diagnosis::default(), metric(1, 15));
        (seen.series, seen.plain) = (0, 2);
        seen.name = "job:x:sum_bucket".to_owned();
        seen.alike = vec!["job:x:sum".to_owned()];
        assert!(!is_there(&read(10), &seen, &[Misfit::Absent], &mut out));
        let fix = "write `type: counter` beside `metric: job:x:sum`, if it counts up";
        assert_eq!(out.findings[0].fix, fix);
    }

    #[test]
    fn queries_that_hold_back_need_a_longer_delay() {
        assert_eq!(codes(&read(10), &metric(31, 15), 30), ["delay-short"]);
        assert!(codes(&read(30), &metric(31, 15), 30).is_empty());
        // A second is how well clocks can be compared.
        assert!(codes(&read(30), &metric(31, 15), 31).is_empty());
        let mut out = Diagnosis::default();
        judge(
            &read(10),
            &metric(31, 15),
            Duration::from_secs(30),
            &mut out,
        );
        assert_eq!(out.findings[0].fix, "sources: {prom: {…, delay: 30s}}");
    }

    #[test]
    fn what_is_stale_or_rare_is_said() {
        assert_eq!(codes(&read(10), &metric(600, 15), 0), ["metric-stale"]);
        assert_eq!(codes(&read(10), &metric(20, 150), 0), ["interval-long"]);
    }

    #[test]
    fn a_metric_that_does_not_count_says_what_its_labels_are() {
        let mut out = Diagnosis::default();
        let mut seen = metric(0, 15);
        (seen.series, seen.named) = (0, 7);
        // What is as it shall be is not said.
        let asked = [("handler", "/pay"), ("job", "shop or mall")];
        seen.asked = asked
            .map(|(label, wanted)| (label.to_owned(), wanted.to_owned()))
            .into();
        let jobs = std::collections::BTreeSet::from(["shop".to_owned()]);
        seen.labels.insert("job".to_owned(), jobs);
        let values = ["/checkout", "/search"].map(str::to_owned);
        seen.labels.insert("handler".to_owned(), values.into());
        let misfits = [Misfit::NoneCounts];
        assert!(!is_there(&read(10), &seen, &misfits, &mut out));
        assert_eq!(
            out.findings[0].seen,
            "none of the 7 series of `x_total` counts: `handler` shall be /pay and is `/checkout`, `/search`"
        );
        seen.named = 0;
        seen.alike = vec!["xs_total".to_owned()];
        is_there(&read(10), &seen, &[], &mut out);
        assert_eq!(out.findings[1].code, "metric-missing");
        assert!(out.findings[1].fix.starts_with("write `metric: xs_total`"));
        seen.lately = 3;
        is_there(&read(10), &seen, &[], &mut out);
        assert_eq!(out.findings[2].code, "metric-silent");
    }

    /// What is said of a label that no series has.
    fn without(outcome: &str, add: &str) -> (Vec<String>, Vec<String>) {
        let text = format!(
            "
attain: 1
sources: {{prom: {{remote_write: {{}}, {add}}}}}
slos:
  pay:
    owner: pay
    indicator: {{source: prom, metric: x_total, {outcome}}}
    objectives: {{availability: 99%}}
"
        );
        let input = attain_spec::Input {
            name: "shop.yaml".to_owned(),
            text,
        };
        let catalogue = attain_spec::parse(&[input]).catalogue.expect("valid");
        let source = catalogue.sources.values().next().expect("a source");
        let wanted = attain_sources::fit::Wanted::of(&catalogue, source);
        let seen = MetricSeen {
            series: 2,
            named: 2,
            labels: [("code".to_owned(), ["200".to_owned()].into())].into(),
            ..wanted[0].unseen()
        };
        let misfits = attain_sources::fit::misfits(&catalogue, source, &seen);
        let mut out = Diagnosis::default();
        classes(&read(10), &seen, &misfits, &mut out);
        let found = out.findings.into_iter().map(|found| found.fix);
        let said = out.looked.into_iter().map(|looked| looked.said);
        (found.collect(), said.collect())
    }

    #[test]
    fn a_label_that_comes_with_a_failure_is_expected_to_be_absent() {
        let nothing: Vec<String> = Vec::new();
        for outcome in [
            "bad: {error.type: timeout}",
            "bad: {error_type: [timeout, \"500\"]}",
            "bad: {reason: ~.+}",
        ] {
            let (found, said) = without(outcome, "");
            assert_eq!(found, nothing, "{outcome}");
            assert!(said[0].contains("so far"), "{said:?}");
        }
        assert_eq!(without("good: {error.type: \"\"}", "").0, nothing);
        assert_eq!(
            without("bad: {reason: timeout}", "add: {reason: none}").0,
            nothing
        );
        let (found, _) = without("bad: {reason: timeout}", "");
        assert!(found[0].ends_with("{…, add: {reason: none}}}"), "{found:?}");
        let (found, _) = without("good: {status: 2xx}", "");
        assert!(found[0].starts_with("write `code` for it"), "{found:?}");
    }
}

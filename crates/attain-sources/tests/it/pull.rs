//! What is asked of a Prometheus-compatible API, and what its answers count.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_model::delivery::Delivery;
use attain_model::indicator::{Counting, MetricKind, Part};
use attain_model::selector::Selector;
use attain_model::source::{ApiSource, SourceKind};
use attain_model::{Bucket, Catalogue};
use attain_sources::Customers;
use attain_sources::pull::{Api, Ask, Line, Puller, Trouble};
use fastrand::Rng;
use jiff::Timestamp;

use crate::make::*;

fn prometheus() -> SourceKind {
    SourceKind::Prometheus(ApiSource {
        url: "http://127.0.0.1:9090".to_owned(),
        ..ApiSource::default()
    })
}

fn puller(catalogue: &Catalogue) -> Puller {
    let source = &catalogue.sources["prom"];
    Puller::new(
        catalogue,
        source,
        &Customers::default(),
        Duration::from_secs(60),
    )
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

/// `slice segment class bucket events`, sorted.
fn counted(delivery: &Delivery) -> Vec<String> {
    let rows = delivery.counted.iter().flat_map(|row| {
        row.tally
            .cells
            .iter()
            .map(|((class, Bucket(bucket)), events)| {
                let slice = row.slice.as_second() / 60;
                format!(
                    "{slice} {} {} {bucket} {events}",
                    row.segment,
                    class.as_str()
                )
            })
    });
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    rows
}

#[test]
fn a_counter_is_asked_for_once_by_segment_and_class() {
    let http = metric(
        "http_requests_total",
        MetricKind::Counter,
        only(&[("route", "/pay")]),
        &[("code", "5xx")],
    );
    let catalogue = empty()
        .segment("premium", &["gold"])
        .source("prom", prometheus())
        .slo("pay", http, &[]);
    let mut puller = puller(&catalogue);
    let asks: Vec<Ask> = puller.asks().to_vec();
    assert_eq!(asks.len(), 1);
    assert!(asks[0].query.near().starts_with("sum by (code, segment) ("));
    assert!(asks[0].query.near().contains(r#"route="/pay""#));

    let mut answers = puller.answers(&asks[0].stream, 10..14).unwrap();
    let ok = labels(&[("segment", "gold"), ("code", "200")]);
    let failed = labels(&[("segment", "gold"), ("code", "503")]);
    let untagged = labels(&[("code", "200")]);
    answers.take(&asks[0], &ok, 10, "100");
    answers.take(&asks[0], &failed, 10, "3");
    answers.take(&asks[0], &untagged, 11, "7");
    // 12: nothing was said. 13: not a number, so nothing of the slice counts.
    answers.take(&asks[0], &ok, 13, "5");
    answers.take(&asks[0], &failed, 13, "NaN");
    answers.take(&asks[0], &ok, 14, "1000");
    answers.unborn("9");
    let pulled = answers.finish();
    assert_eq!(
        counted(&pulled.delivery),
        [
            "10 premium code=200 65535 100",
            "10 premium code=503 65535 3",
            "11 unknown code=200 65535 7",
        ]
    );
    assert_eq!(pulled.unborn, 9);
    let heard = &pulled.delivery.observed_streams[&asks[0].stream];
    let heard: Vec<(i64, i64)> = (heard.iter())
        .map(|h| (h.start.as_second() / 60, h.end.as_second() / 60))
        .collect();
    assert_eq!(heard, [(10, 12)]);
    assert_eq!(
        pulled.delivery.unparsed[0].why,
        "http_requests_total is NaN"
    );
    assert_eq!(pulled.delivery.range, 10..14);
}

#[test]
fn buckets_and_pairs_are_cut_like_those_of_files() {
    let latency = metric(
        "http_seconds",
        MetricKind::Histogram,
        Selector::default(),
        &[],
    );
    let errors = totals(
        ("calls_total", Selector::default()),
        Part::Bad,
        ("failures_total", Selector::default()),
        None,
    );
    let catalogue = empty()
        .segment("premium", &["premium"])
        .source("prom", prometheus())
        .slo("latency", latency, &[200])
        .slo("calls", errors, &[]);
    let mut puller = puller(&catalogue);
    let asks: Vec<Ask> = puller.asks().to_vec();
    let metrics: Vec<&str> = asks.iter().map(|ask| ask.metric.as_str()).collect();
    assert_eq!(
        metrics,
        ["calls_total", "failures_total", "http_seconds_bucket"]
    );

    let premium = labels(&[("segment", "premium")]);
    let mut answers = puller.answers(&asks[0].stream, 1..3).unwrap();
    answers.take(&asks[0], &premium, 1, "50");
    answers.take(&asks[1], &premium, 1, "2");
    // No error series yet: that is zero.
    answers.take(&asks[0], &premium, 2, "50");
    let pulled = answers.finish();
    assert_eq!(
        counted(&pulled.delivery),
        [
            "1 premium outcome=bad 65535 2",
            "1 premium outcome=good 65535 48",
            "2 premium outcome=good 65535 50",
        ]
    );

    let mut answers = puller.answers(&asks[2].stream, 1..2).unwrap();
    for (le, value) in [("0.1", "80"), ("0.2", "90"), ("+Inf", "100")] {
        let at = labels(&[("segment", "premium"), ("le", le)]);
        answers.take(&asks[2], &at, 1, value);
    }
    let pulled = answers.finish();
    assert_eq!(
        counted(&pulled.delivery),
        ["1 premium  0 90", "1 premium  1 10"]
    );
}

#[test]
fn what_cannot_be_pulled_is_said() {
    let native = metric("x", MetricKind::NativeHistogram, Selector::default(), &[]);
    let catalogue = empty()
        .source("prom", prometheus())
        .slo("native", native, &[100]);
    let puller = puller(&catalogue);
    assert!(puller.asks().is_empty());
    assert!(puller.notes()[0].contains("native histogram"));
}

/// Answers written queries minute by minute, and fails at others.
struct Written<'a>(&'a [(&'a str, &'a str, i64, &'a str)]);

impl Api for Written<'_> {
    fn range(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Line>, Trouble> {
        assert_eq!(step, Duration::from_secs(60));
        let mut lines = Vec::new();
        for (asked, segment, minute, value) in self.0 {
            let time = Timestamp::from_millisecond((minute + 1) * 60_000 - 1).unwrap();
            if *asked == query && (from..=to).contains(&time) {
                lines.push(Line {
                    labels: labels(&[("segment", segment)]),
                    points: vec![(time, (*value).to_owned())],
                });
            }
        }
        match self.0.iter().any(|(asked, ..)| *asked == query) {
            true => Ok(lines),
            false => Err(Trouble::Refused(format!("nobody wrote {query}"))),
        }
    }

    fn samples(&self, query: &str, _: Timestamp) -> Result<Vec<Line>, Trouble> {
        Err(Trouble::Refused(format!("nobody wrote {query}")))
    }
}

fn promql(part: Part, part_query: &str, total: Option<&str>) -> Counting {
    Counting::PromQl {
        part,
        part_query: part_query.to_owned(),
        total_query: total.map(str::to_owned),
    }
}

fn written(part: Part) -> Catalogue {
    empty()
        .segment("premium", &["premium", "gold"])
        .source("prom", prometheus())
        .slo("written", promql(part, "part", Some("total")), &[])
}

#[test]
fn raw_promql_is_asked_as_it_was_written() {
    let answers = [
        ("total", "gold", 10, "100.2"),
        ("total", "gold", 11, "50"),
        ("total", "", 11, "7"),
        ("total", "gold", 12, "30"),
        ("part", "gold", 10, "3"),
        ("part", "gold", 12, "NaN"),
    ];
    let catalogue = written(Part::Bad);
    let mut puller = puller(&catalogue);
    assert!(puller.notes().is_empty(), "{:?}", puller.notes());
    let stream = puller.asks()[0].stream.clone();
    let pulled = puller.pull(&Written(&answers), &stream, 10..14);
    let pulled = pulled.unwrap().unwrap();
    assert_eq!(
        counted(&pulled.delivery),
        [
            "10 premium outcome=bad 65535 3",
            "10 premium outcome=good 65535 97",
            // Nothing was bad.
            "11 premium outcome=good 65535 50",
            "11 unknown outcome=good 65535 7",
        ]
    );
    let heard: Vec<(i64, i64)> = (pulled.delivery.observed_streams[&stream].iter())
        .map(|h| (h.start.as_second() / 60, h.end.as_second() / 60))
        .collect();
    // What is no number and what was not told are gaps, not good.
    assert_eq!(heard, [(10, 12)]);
    assert_eq!(pulled.delivery.unparsed[0].why, "`bad` of promql is NaN");
}

#[test]
fn a_share_of_raw_promql_is_of_its_total() {
    let answers = [
        ("total", "gold", 10, "200"),
        ("part", "gold", 10, "0.985"),
        ("total", "gold", 11, "0"),
        ("part", "gold", 11, "NaN"),
    ];
    let catalogue = written(Part::Ratio);
    let mut puller = puller(&catalogue);
    let stream = puller.asks()[0].stream.clone();
    let pulled = puller.pull(&Written(&answers), &stream, 10..12);
    assert_eq!(
        counted(&pulled.unwrap().unwrap().delivery),
        [
            "10 premium outcome=bad 65535 3",
            "10 premium outcome=good 65535 197",
        ]
    );
}

#[test]
fn raw_promql_that_cannot_be_pulled_says_what_to_write() {
    let note = |slice: u64, total| {
        let mut catalogue = empty().source("prom", prometheus()).slo(
            "written",
            promql(Part::Ratio, "a / b", total),
            &[],
        );
        let slo = catalogue.slos.get_mut("written").unwrap();
        slo.indicator.slice = Duration::from_secs(slice);
        let puller = puller(&catalogue);
        assert!(puller.asks().is_empty());
        puller.notes()[0].clone()
    };
    let said = note(60, None);
    assert!(said.contains("write `total:` beside it"), "{said}");
    let said = note(300, Some("c"));
    assert!(
        said.contains("slices of 5m") && said.contains("write `slice: 1m`"),
        "{said}"
    );
}

/// A series as Prometheus would have it: milliseconds and values.
struct Scraped {
    labels: BTreeMap<String, String>,
    samples: BTreeMap<i64, u64>,
}

/// Answers the queries of one stream from samples, and fails now and then.
struct Fake<'a> {
    series: &'a [Scraped],
    ask: Ask,
    rng: RefCell<Rng>,
    fails: u8,
}

impl Fake<'_> {
    fn last<'s>(&self, series: &'s Scraped, from: i64, to: i64) -> Option<&'s u64> {
        series.samples.range(from..=to).next_back().map(|(_, v)| v)
    }

    /// One query at one instant, by the labels that it is summed by; the test of what PromQL would say.
    fn at(&self, query: &str, time: i64) -> BTreeMap<BTreeMap<String, String>, u64> {
        let far = query == self.ask.query.far() || query == self.ask.query.unborn();
        let back = if far { 86_400_000 } else { 300_000 };
        let now = |s: &Scraped| self.last(s, time - 60_000, time).copied();
        let before = |s: &Scraped| self.last(s, time - 60_000 - back, time - 60_000).copied();
        let thing = |s: &Scraped| s.labels.get("instance").cloned();
        let seen: BTreeSet<Option<String>> = (self.series.iter())
            .filter(|s| before(s).is_some())
            .map(thing)
            .collect();
        let mut sums = BTreeMap::new();
        for series in self.series {
            let Some(now) = now(series) else { continue };
            let known = seen.contains(&thing(series));
            let value = match before(series) {
                _ if query == self.ask.query.absent() => match before(series) {
                    None => 1,
                    Some(_) => continue,
                },
                before if query == self.ask.query.unborn() => match before {
                    None if !known => now,
                    _ => continue,
                },
                Some(before) => now.checked_sub(before).unwrap_or(now),
                None if far && known => now,
                None => continue,
            };
            let mut labels = series.labels.clone();
            labels.retain(|name, _| name == "segment" || name == "code");
            if query == self.ask.query.absent() {
                labels.clear();
            }
            *sums.entry(labels).or_insert(0) += value;
        }
        sums
    }
}

impl Api for Fake<'_> {
    fn range(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Line>, Trouble> {
        if self.rng.borrow_mut().u8(0..100) < self.fails {
            return Err(Trouble::Away("connection reset".to_owned()));
        }
        let mut lines: BTreeMap<BTreeMap<String, String>, Line> = BTreeMap::new();
        let step = i64::try_from(step.as_millis()).unwrap();
        let mut time = from.as_millisecond();
        while time <= to.as_millisecond() {
            for (labels, value) in self.at(query, time) {
                let line = lines.entry(labels.clone()).or_default();
                line.labels = labels;
                let at = Timestamp::from_millisecond(time).unwrap();
                line.points.push((at, value.to_string()));
            }
            time += step;
        }
        Ok(lines.into_values().collect())
    }

    fn samples(&self, _: &str, _: Timestamp) -> Result<Vec<Line>, Trouble> {
        Ok(Vec::new())
    }
}

/// Instances that come, go silent, restart, and get series of failures later.
fn scraped(rng: &mut Rng) -> Vec<Scraped> {
    let mut all = Vec::new();
    for instance in 0..rng.usize(1..4) {
        let birth = if instance == 0 {
            0
        } else {
            rng.i64(0..40) * 60_000
        };
        let offset = rng.i64(0..15_000);
        let away = (rng.i64(10..50) * 60_000, rng.i64(1..20) * 60_000);
        let restart = birth + rng.i64(1..60) * 60_000;
        for (code, since) in [("200", 0), ("500", rng.i64(0..60) * 60_000)] {
            let mut value = if rng.bool() { 0 } else { rng.u64(0..10_000) };
            let mut samples = BTreeMap::new();
            let mut time = birth + offset;
            let mut restarted = false;
            while time < 90 * 60_000 {
                if time >= restart && !restarted {
                    (value, restarted) = (0, true);
                }
                value += rng.u64(0..20);
                let silent = (away.0..away.0 + away.1).contains(&time);
                if !silent && time >= birth + since && rng.u8(0..20) > 0 {
                    samples.insert(time, value);
                }
                time += 15_000;
            }
            let labels = labels(&[
                ("segment", "premium"),
                ("code", code),
                ("instance", &instance.to_string()),
            ]);
            all.push(Scraped { labels, samples });
        }
    }
    all
}

/// What the last samples of slices add up to, without any query.
fn oracle(series: &[Scraped]) -> BTreeMap<(i64, String), u64> {
    let mut counted = BTreeMap::new();
    for one in series {
        let mut lasts: BTreeMap<i64, u64> = BTreeMap::new();
        lasts.extend((one.samples.iter()).map(|(time, value)| (time.div_euclid(60_000), *value)));
        let mut before: Option<u64> = None;
        for (slice, value) in lasts {
            let was_seen = |other: &Scraped| {
                let is_of_it = other.labels["instance"] == one.labels["instance"];
                is_of_it && other.samples.range(..slice * 60_000).next().is_some()
            };
            let added = match before {
                Some(before) => value.checked_sub(before).unwrap_or(value),
                None if series.iter().any(was_seen) => value,
                // A new instance: its first value is a baseline.
                None => 0,
            };
            if added > 0 {
                let key = (slice, one.labels["code"].clone());
                *counted.entry(key).or_insert(0) += added;
            }
            before = Some(value);
        }
    }
    counted
}

#[test]
fn what_is_pulled_in_pieces_through_a_failing_api_is_what_samples_add_up_to() {
    let http = metric(
        "http_requests_total",
        MetricKind::Counter,
        Selector::default(),
        &[("code", "5xx")],
    );
    let catalogue = empty()
        .segment("premium", &["premium"])
        .source("prom", prometheus())
        .slo("pay", http, &[]);
    let mut rng = Rng::with_seed(90);
    for _ in 0..20 {
        let series = scraped(&mut rng);
        let mut puller = puller(&catalogue);
        let ask = puller.asks()[0].clone();
        let fake = Fake {
            series: &series,
            ask: ask.clone(),
            rng: RefCell::new(Rng::with_seed(rng.u64(..))),
            fails: 20,
        };
        let mut got: BTreeMap<(i64, String), u64> = BTreeMap::new();
        let mut from = 0;
        while from < 90 {
            let to = (from + rng.i64(1..30)).min(90);
            let Ok(pulled) = puller.pull(&fake, &ask.stream, from..to) else {
                continue;
            };
            for row in pulled.unwrap().delivery.counted {
                for ((class, _), events) in row.tally.cells {
                    let key = (row.slice.as_second() / 60, class.label("code").to_owned());
                    *got.entry(key).or_insert(0) += events;
                }
            }
            from = to;
        }
        assert_eq!(got, oracle(&series));
    }
}

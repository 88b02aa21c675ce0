//! What is asked of a Prometheus-compatible API, and what its answers count.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
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
use crate::promql;

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
    answers.unborn(&asks[0], &ok, "9");
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

/// The metric that says when processes began.
const STARTED: &str = "process_start_time_seconds";

/// A series as Prometheus would have it: milliseconds and values.
struct Scraped {
    labels: BTreeMap<String, String>,
    samples: BTreeMap<i64, u64>,
}

/// Answers queries from samples, and fails now and then.
struct Fake<'a> {
    series: &'a [Scraped],
    rng: RefCell<Rng>,
    fails: u8,
    /// Ranges hold their first instant, too, as before Prometheus 3.
    is_closed: bool,
    /// Questions, and samples that were given out.
    asked: Cell<u64>,
    samples: Cell<u64>,
}

impl Fake<'_> {
    fn may_fail(&self) -> Result<(), Trouble> {
        self.asked.set(self.asked.get() + 1);
        match self.rng.borrow_mut().u8(0..100) < self.fails {
            true => Err(Trouble::Away("connection reset".to_owned())),
            false => Ok(()),
        }
    }

    fn world(&self) -> promql::World<'_> {
        promql::World {
            series: (self.series.iter())
                .map(|one| (&one.labels, &one.samples))
                .collect(),
            is_closed: self.is_closed,
        }
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
        self.may_fail()?;
        let mut lines: BTreeMap<BTreeMap<String, String>, Line> = BTreeMap::new();
        let step = i64::try_from(step.as_millis()).unwrap();
        let world = self.world();
        let query = promql::parsed(query);
        let mut time = from.as_millisecond();
        while time <= to.as_millisecond() {
            for (labels, value) in world.at(&query, time) {
                let line = lines.entry(labels.clone()).or_default();
                line.labels = labels;
                let at = Timestamp::from_millisecond(time).unwrap();
                line.points.push((at, value.to_string()));
            }
            time += step;
        }
        Ok(lines.into_values().collect())
    }

    fn samples(&self, query: &str, at: Timestamp) -> Result<Vec<Line>, Trouble> {
        self.may_fail()?;
        let lines = self.world().samples(query, at.as_millisecond());
        let lines: Vec<Line> = (lines.into_iter())
            .map(|(labels, points)| Line {
                labels,
                points: (points.into_iter())
                    .map(|(time, value)| {
                        let time = Timestamp::from_millisecond(time).unwrap();
                        (time, value.to_string())
                    })
                    .collect(),
            })
            .collect();
        let given: usize = lines.iter().map(|line| line.points.len()).sum();
        self.samples.set(self.samples.get() + given as u64);
        Ok(lines)
    }
}

/// How random histories are.
#[derive(Clone, Copy)]
struct Wild {
    minutes: i64,
    /// Of a thousand samples: before how many the process began again.
    restarts: u32,
    /// Events between two samples, at most.
    events: u64,
}

/// Instances that come and go, fall silent, restart at any instant, and get series of failures later.
fn scraped(rng: &mut Rng, wild: Wild) -> Vec<Scraped> {
    let mut all = Vec::new();
    let end = wild.minutes * 60_000;
    for instance in 0..rng.usize(1..5) {
        let birth = if instance == 0 { 0 } else { rng.i64(0..end) };
        let death = if rng.bool() {
            end
        } else {
            rng.i64(birth..=end)
        };
        let every = [5_000, 15_000, 30_000][rng.usize(0..3)];
        let away = rng.i64(birth..=end);
        let away = away..away + rng.i64(1..20 * 60_000);
        let mut times = Vec::new();
        let mut time = birth + rng.i64(0..every);
        while time < death {
            // Now and then to the millisecond of a minute's end.
            if rng.u8(0..50) == 0 {
                time = (time / 60_000 + 1) * 60_000 - rng.i64(0..2);
            }
            if time < end && !away.contains(&time) && rng.u8(0..20) > 0 {
                times.push((time, rng.u32(0..1000) < wild.restarts));
            }
            time += every;
        }
        let of_it = |name: &str, code: &str| {
            let instance = format!("10.0.0.{instance}:80");
            let mut pairs = vec![("__name__", name), ("job", "shop"), ("instance", &instance)];
            if !code.is_empty() {
                pairs.extend([("segment", "premium"), ("code", code)]);
            }
            labels(&pairs)
        };
        // Some say when they began; one that was there long before it was scraped is no birth.
        if rng.bool() {
            let mut began = (birth - [0, 0, 3_600_000][rng.usize(0..3)]).max(0);
            let mut samples = BTreeMap::new();
            for (time, is_restart) in &times {
                began = if *is_restart { *time } else { began };
                samples.insert(*time, (began / 1000).cast_unsigned());
            }
            let labels = of_it(STARTED, "");
            all.push(Scraped { labels, samples });
        }
        for code in ["200", "404", "500"] {
            let since = if code == "200" { 0 } else { rng.i64(0..end) };
            let mut value = if rng.bool() { 0 } else { rng.u64(0..10_000) };
            let mut samples = BTreeMap::new();
            for (time, is_restart) in &times {
                if *is_restart {
                    value = 0;
                }
                // Sometimes many, so that it is beyond its peak at once.
                value += rng.u64(0..wild.events) * if rng.u8(0..10) == 0 { 100 } else { 1 };
                if *time >= since {
                    samples.insert(*time, value);
                }
            }
            let labels = of_it("http_requests_total", code);
            all.push(Scraped { labels, samples });
        }
    }
    all
}

/// What samples add up to, one by one and without any query: a lower one began again at zero.
fn oracle(series: &[Scraped]) -> BTreeMap<(i64, String), u64> {
    let mut counted = BTreeMap::new();
    for one in series
        .iter()
        .filter(|one| one.labels["__name__"] != STARTED)
    {
        let mut before: Option<u64> = None;
        for (time, value) in &one.samples {
            let slice = time.div_euclid(60_000);
            let is_of_it = |other: &&Scraped| other.labels["instance"] == one.labels["instance"];
            let mut others = series.iter().filter(is_of_it);
            let mut is_new = || {
                others.any(|other| match other.labels["__name__"] == STARTED {
                    // A process that began in this minute or the five before it.
                    true => {
                        let end = (slice + 1) * 60_000 - 1;
                        let newest = other.samples.range(..=end).next_back();
                        newest.is_some_and(|(_, began)| began.cast_signed() * 1000 > end - 360_000)
                    }
                    false => other.samples.range(..slice * 60_000).next().is_some(),
                })
            };
            let added = match before {
                Some(before) => value.checked_sub(before).unwrap_or(*value),
                // Of a new instance the first sample is a baseline.
                None if is_new() => *value,
                None => 0,
            };
            let key = (slice, one.labels["code"].clone());
            *counted.entry(key).or_insert(0) += added;
            before = Some(*value);
        }
    }
    counted.retain(|_, events| *events > 0);
    counted
}

fn pay() -> Catalogue {
    let http = metric(
        "http_requests_total",
        MetricKind::Counter,
        Selector::default(),
        &[("code", "5xx")],
    );
    empty()
        .segment("premium", &["premium"])
        .source("prom", prometheus())
        .started("prom", STARTED)
        .slo("pay", http, &[])
}

/// Pulls all slices in pieces, and again where the API failed.
fn pulled(fake: &Fake<'_>, minutes: i64, rng: &mut Rng) -> BTreeMap<(i64, String), u64> {
    let mut puller = puller(&pay());
    let stream = puller.asks()[0].stream.clone();
    let mut got: BTreeMap<(i64, String), u64> = BTreeMap::new();
    let mut from = 0;
    while from < minutes {
        let to = (from + rng.i64(1..30)).min(minutes);
        let Ok(pulled) = puller.pull(fake, &stream, from..to) else {
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
    got.retain(|_, events| *events > 0);
    got
}

#[test]
fn what_is_pulled_in_pieces_through_a_failing_api_is_what_samples_add_up_to() {
    let mut rng = Rng::with_seed(90);
    let (minutes, mut events, mut resets, mut fetched) = (45, 0, 0, 0);
    for round in 0..32 {
        // From no restart at all to one every fifth sample.
        let wild = Wild {
            minutes,
            restarts: [0, 5, 50, 200][round % 4],
            events: [2, 20][round % 2],
        };
        let series = scraped(&mut rng, wild);
        let fake = Fake {
            series: &series,
            rng: RefCell::new(Rng::with_seed(rng.u64(..))),
            fails: [0, 10][round % 2],
            is_closed: rng.bool(),
            asked: Cell::new(0),
            samples: Cell::new(0),
        };
        let got = pulled(&fake, minutes, &mut rng);
        let expected = oracle(&series);
        assert_eq!(got, expected, "round {round}");
        events += expected.values().sum::<u64>();
        for one in &series {
            let values: Vec<&u64> = one.samples.values().collect();
            resets += values.windows(2).filter(|two| two[1] < two[0]).count();
        }
        fetched += fake.samples.get();
    }
    // The cases that are meant did happen.
    let said = format!("{events} events, {resets} resets, {fetched} samples");
    assert!(
        events > 100_000 && resets > 500 && fetched > 1_000,
        "{said}"
    );
}

#[test]
fn a_minute_is_not_there_before_it_is_over() {
    let mut puller = puller(&pay());
    let ask = puller.asks()[0].clone();
    let mut answers = puller.answers(&ask.stream, 10..12).unwrap();
    let told = labels(&[("segment", "premium"), ("code", "500")]);
    answers.take(&ask, &told, 10, "3");
    answers.take(&ask, &told, 11, "4");
    let delivery = answers.finish().delivery;
    let counted = delivery.counted.iter().map(|row| row.slice.as_second());
    assert_eq!(Vec::from_iter(counted), [650, 710]);
    // It was heard all the same.
    let heard = &delivery.observed_streams[&ask.stream];
    let heard = heard
        .iter()
        .map(|h| (h.start.as_second(), h.end.as_second()));
    assert_eq!(Vec::from_iter(heard), [(600, 720)]);
}

#[test]
fn two_questions_are_asked_where_nothing_began_again() {
    let series: Vec<Scraped> = ["200", "500"]
        .map(|code| Scraped {
            labels: labels(&[
                ("__name__", "http_requests_total"),
                ("segment", "premium"),
                ("code", code),
                ("instance", "a"),
            ]),
            samples: (0..400).map(|n| (n * 15_000, 7 * n as u64)).collect(),
        })
        .into();
    let fake = Fake {
        series: &series,
        rng: RefCell::new(Rng::with_seed(1)),
        fails: 0,
        is_closed: true,
        asked: Cell::new(0),
        samples: Cell::new(0),
    };
    let mut puller = puller(&pay());
    let stream = puller.asks()[0].stream.clone();
    let pulled = puller.pull(&fake, &stream, 10..90).unwrap().unwrap();
    let events = |row: &attain_model::delivery::Counted| row.tally.cells.values().sum::<u64>();
    let events: u64 = pulled.delivery.counted.iter().map(events).sum();
    assert_eq!(events, 80 * 4 * 7 * 2);
    assert_eq!((fake.asked.get(), fake.samples.get()), (2, 0));
}

/// A counter that nobody scraped for more than a day, of an instance that was there all along, goes on from where it stood.
#[test]
fn a_counter_that_was_away_for_days_counts_what_it_rose_by() {
    let day = 24 * 60;
    let of = |code: &str, samples: BTreeMap<i64, u64>| Scraped {
        labels: labels(&[
            ("__name__", "http_requests_total"),
            ("job", "shop"),
            ("instance", "a"),
            ("segment", "premium"),
            ("code", code),
        ]),
        samples,
    };
    // It rose meanwhile; it began again while it was away; it begins again in the minute in which it is back.
    for (first, again_at) in [(6_000, None), (300, None), (6_000, Some(2)), (300, Some(1))] {
        let back = 2 * day + 7;
        let at = |n: i64| n * 15_000 + 1_000;
        let ok = (0..(2 * day + 30) * 4).map(|n| (at(n), 3 * n.unsigned_abs()));
        let before = (0..80).map(|n| (at(n), 5_000 + n.unsigned_abs()));
        let after = (0..60).map(|n| {
            let value = match again_at {
                Some(again) if n >= again => n - again,
                _ => first + n,
            };
            (at(back * 4 + n), value.unsigned_abs())
        });
        let series = [
            of("200", ok.collect()),
            of("500", before.chain(after).collect()),
            // New, and its instance is known.
            of(
                "404",
                (0..40)
                    .map(|n| (at(back * 4 + n), 7 + n.unsigned_abs()))
                    .collect(),
            ),
        ];
        let fake = Fake {
            series: &series,
            rng: RefCell::new(Rng::with_seed(1)),
            fails: 0,
            is_closed: true,
            asked: Cell::new(0),
            samples: Cell::new(0),
        };
        let mut puller = puller(&pay());
        let stream = puller.asks()[0].stream.clone();
        let slices = back - 5..back + 15;
        let pulled = puller
            .pull(&fake, &stream, slices.clone())
            .unwrap()
            .unwrap();
        let mut got: BTreeMap<(i64, String), u64> = BTreeMap::new();
        for row in pulled.delivery.counted {
            for ((class, _), events) in row.tally.cells {
                let key = (row.slice.as_second() / 60, class.label("code").to_owned());
                *got.entry(key).or_insert(0) += events;
            }
        }
        let mut expected = oracle(&series);
        expected.retain(|(slice, _), _| slices.contains(slice));
        assert_eq!(got, expected, "{first} {again_at:?}");
    }
}

/// A Prometheus is reloaded with another external label, or adds one: what it says of every process goes on under other labels.
#[test]
fn counters_that_go_on_under_other_labels_are_not_counted_again() {
    let shop = [("segment", "premium"), ("job", "shop")];
    let at = |n: i64| n * 15_000 + 4_000;
    // By process, class and method: what it rises by at each scrape.
    let counters = [
        ("a", "200", "GET", 7_u64),
        ("a", "200", "POST", 3),
        ("a", "500", "GET", 1),
        ("b", "200", "GET", 11),
    ];
    for (was, is) in [("c1", "c2"), ("", "c2"), ("c1", "")] {
        for changed_at in [40_i64, 41, 43] {
            let mut series = Vec::new();
            for (instance, code, method, rise) in counters {
                for (cluster, scrapes) in [(was, 0..changed_at), (is, changed_at..100)] {
                    let mut all = vec![
                        ("__name__", "http_requests_total"),
                        ("instance", instance),
                        ("code", code),
                        ("method", method),
                    ];
                    all.extend(shop);
                    if !cluster.is_empty() {
                        all.push(("cluster", cluster));
                    }
                    let samples = scrapes.map(|n| (at(n), 900_000 + n.unsigned_abs() * rise));
                    series.push(Scraped {
                        labels: labels(&all),
                        samples: samples.collect(),
                    });
                }
            }
            // Its first failures come with the change, and another's later: they are new.
            for (instance, method, from) in
                [("b", "GET", changed_at), ("a", "PUT", changed_at + 17)]
            {
                let mut all = vec![
                    ("__name__", "http_requests_total"),
                    ("instance", instance),
                    ("code", "500"),
                    ("method", method),
                ];
                all.extend(shop);
                if !is.is_empty() {
                    all.push(("cluster", is));
                }
                series.push(Scraped {
                    labels: labels(&all),
                    samples: (from..100)
                        .map(|n| (at(n), 5 + (n - from).unsigned_abs()))
                        .collect(),
                });
            }
            let fake = Fake {
                series: &series,
                rng: RefCell::new(Rng::with_seed(1)),
                fails: 0,
                is_closed: true,
                asked: Cell::new(0),
                samples: Cell::new(0),
            };
            let mut puller = puller(&pay());
            let stream = puller.asks()[0].stream.clone();
            let pulled = puller.pull(&fake, &stream, 6..20).unwrap().unwrap();
            let mut got: BTreeMap<String, u64> = BTreeMap::new();
            for row in pulled.delivery.counted {
                for ((class, _), events) in row.tally.cells {
                    *got.entry(class.label("code").to_owned()).or_default() += events;
                }
            }
            // 14 minutes of four scrapes.
            let born = |from: i64| 5 + (79 - from).unsigned_abs();
            let failures = 56 + born(changed_at) + born(changed_at + 17);
            let expected =
                BTreeMap::from([("200".to_owned(), 56 * 21), ("500".to_owned(), failures)]);
            assert_eq!(got, expected, "{was:?} to {is:?} at {changed_at}");
            assert!(fake.asked.get() < 40, "{}", fake.asked.get());
        }
    }
}

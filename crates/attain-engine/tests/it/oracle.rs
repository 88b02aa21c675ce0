//! Random histories against an oracle that shares nothing with the engine but the definitions.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use attain_engine::Ledger;
use attain_model::delivery::{Counted, Delivery, Sample};
use attain_model::quantity::CalendarPeriod;
use attain_model::{
    AsOf, Bucket, Catalogue, GapReason, Interval, Promises, SourceId, Stream, Tally, Window,
};
use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::build::*;

const SEED: u64 = 20_260_307;
const BATCH: u64 = 50;
const SPAN: i64 = 30 * 86_400;
const ZONES: [&str; 5] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
];
/// Thirty days from here hold a change of clocks in most of the zones, or none.
const STARTS: [&str; 5] = [
    "2026-02-24T00:00:00Z",
    "2026-03-15T00:00:00Z",
    "2026-10-10T00:00:00Z",
    "2025-09-20T00:00:00Z",
    "2026-06-20T00:00:00Z",
];

#[test]
fn histories_match_the_oracle() {
    let (count, seed) = if std::env::var_os("ATTAIN_SOAK").is_some() {
        (10_000, SEED + 1_000)
    } else {
        (500, SEED)
    };
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Compared::default();
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            if batch * BATCH >= count {
                return sum;
            }
            sum.add(&compare(seed + batch));
        }
    };
    let sum = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut sum = work();
        sum.add(&other.join().unwrap());
        sum
    });
    println!("soak: {} of {count}, seed {seed}", sum.histories);
    println!(
        "{} instants over {} observations, 0 events of difference",
        sum.instants, sum.observations
    );
    assert_eq!(sum.histories, count);
}

#[derive(Default)]
struct Compared {
    histories: u64,
    instants: usize,
    observations: usize,
}

impl Compared {
    fn add(&mut self, more: &Compared) {
        self.histories += more.histories;
        self.instants += more.instants;
        self.observations += more.observations;
    }
}

/// Compares one batch, which depends on its seed alone.
fn compare(seed: u64) -> Compared {
    let mut rng = Rng::with_seed(seed);
    let histories: Vec<History> = (0..BATCH).map(|_| History::random(&mut rng)).collect();
    let expected = ask(&histories, None);
    let mut sum = Compared::default();
    for (number, (history, expected)) in histories.iter().zip(&expected).enumerate() {
        let difference = history.difference(expected);
        assert_eq!(
            difference, None,
            "history {number} of the batch with seed {seed}"
        );
        sum.histories += 1;
        sum.instants += history.queries.len();
        sum.observations += history.samples.len() + history.rows.len();
    }
    sum
}

#[test]
fn an_oracle_that_is_off_by_one_is_noticed() {
    for mutant in ["reset", "birth", "edge", "dst"] {
        let mut rng = Rng::with_seed(SEED);
        let histories: Vec<History> = (0..20).map(|_| History::random(&mut rng)).collect();
        let wrong = ask(&histories, Some(mutant));
        let noticed = histories
            .iter()
            .zip(&wrong)
            .filter(|(history, answers)| history.difference(answers).is_some())
            .count();
        assert!(noticed > 0, "nobody notices the mutant `{mutant}`");
        println!("{mutant}: noticed in {noticed} of 20");
    }
}

/// Thirty days of a service with counters and counted rows.
pub(crate) struct History {
    pub(crate) catalogue: Catalogue,
    /// As they came.
    pub(crate) deliveries: Vec<Delivery>,
    ledger: Ledger,
    samples: Vec<Value>,
    rows: Vec<Value>,
    slos: Vec<Value>,
    /// Instants to look back from, and what is known then if that is not everything.
    pub(crate) queries: Vec<(Timestamp, Option<Timestamp>)>,
}

impl History {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let zone = rng.choice(ZONES).unwrap();
        let start = at(rng.choice(STARTS).unwrap()).as_second() + rng.i64(0..86_400);
        let (catalogue, slos) = promises(rng, zone, start);
        let observations = match rng.u8(0..6) {
            0 => rng.usize(900..2000),
            _ => rng.usize(220..600),
        };
        let mut counters = counters(rng, &catalogue, start, observations * 4 / 5);
        let mut rows = rows(rng, &catalogue, start, observations / 5);
        let queries = queries(rng, zone, start, &counters);

        // Out of order, and some twice.
        for _ in 0..counters.len() / 20 {
            let again = rng.choice(&counters).unwrap().clone();
            counters.push(again);
        }
        rng.shuffle(&mut counters);
        rng.shuffle(&mut rows);
        let deliveries = deliveries(rng, &counters, &rows);
        let mut ledger = Ledger::new(&Stream::all(&catalogue), 60, None);
        for delivery in &deliveries {
            assert_eq!(ledger.take(delivery.clone()).refused, None);
        }
        Self {
            samples: counters
                .iter()
                .map(|(source, s)| sample_json(source, s))
                .collect(),
            rows: rows
                .iter()
                .map(|(position, row)| row_json(*position, row))
                .collect(),
            catalogue,
            deliveries,
            ledger,
            slos,
            queries,
        }
    }

    fn json(&self) -> Value {
        let queries = self.queries.iter();
        let queries: Vec<Value> = queries
            .map(|(instant, known)| json!([instant.as_second(), known.map(Timestamp::as_second)]))
            .collect();
        json!({
            "zone": self.catalogue.timezone.iana_name(),
            "samples": self.samples,
            "rows": self.rows,
            "slos": self.slos,
            "queries": queries,
        })
    }

    /// The first answer in which the engine differs.
    fn difference(&self, expected: &Value) -> Option<String> {
        let promises = Promises::of(self.catalogue.clone());
        for ((instant, known), expected) in self.queries.iter().zip(expected.as_array()?) {
            let as_of = AsOf {
                instant: *instant,
                known_until: known.unwrap_or(Timestamp::MAX),
            };
            let found = attain_engine::evaluate(&promises, &self.ledger, as_of);
            let expected = expected.as_array()?;
            assert_eq!(found.verdicts.len(), expected.len());
            for (verdict, expected) in found.verdicts.iter().zip(expected) {
                let name = verdict.name.to_string();
                let births = found.gaps.iter().filter(|gap| gap.about == name);
                let births: u64 = births
                    .map(|gap| match gap.why {
                        GapReason::UnknownBirth(value) => value,
                        _ => 0,
                    })
                    .sum();
                let ours = json!([
                    verdict.window.start.as_second(),
                    verdict.window.end.as_second(),
                    verdict.window_closes.as_second(),
                    verdict.attainment.good,
                    verdict.attainment.bad,
                    verdict.budget.allowed_billionths.to_string(),
                    verdict.budget.spent,
                    births,
                ]);
                if ours != *expected {
                    return Some(format!("{name} at {as_of:?}: {ours}, oracle {expected}"));
                }
            }
        }
        None
    }
}

/// Two SLOs over the same requests, with goals that may change on a day of the thirty.
fn promises(rng: &mut Rng, zone: &str, start: i64) -> (Catalogue, Vec<Value>) {
    let timezone = TimeZone::get(zone).unwrap();
    let windows = [
        (Window::Rolling(days(7)), json!(7 * 86_400)),
        (Window::Rolling(days(30)), json!(30 * 86_400)),
        (Window::Rolling(Duration::from_secs(90_061)), json!(90_061)),
        (calendar(CalendarPeriod::Week, &timezone), json!("week")),
        (calendar(CalendarPeriod::Month, &timezone), json!("month")),
        (
            calendar(CalendarPeriod::Quarter, &timezone),
            json!("quarter"),
        ),
    ];
    let (mut slos, mut shown) = (Vec::new(), Vec::new());
    for name in ["first", "second"] {
        let (window, window_json) = rng.choice(&windows).unwrap().clone();
        let changed = second(start + rng.i64(0..SPAN))
            .to_zoned(timezone.clone())
            .date();
        let has_all = rng.bool();
        let old = goals(rng, has_all);
        let new = goals(rng, has_all);
        let oldest = rng.bool().then(|| changed.checked_sub(9.days()).unwrap());
        let mut terms = vec![(Some(changed), new), (oldest, old)];
        if rng.bool() {
            terms.remove(0);
        }
        let texts: Vec<(_, Vec<(&str, &str)>)> = terms
            .iter()
            .map(|(since, goals)| {
                let goals = goals.iter().map(|(scope, goal)| (*scope, goal.as_str()));
                (*since, goals.collect())
            })
            .collect();
        let texts: Vec<TermText<'_>> = texts.iter().map(|(since, g)| (*since, &g[..])).collect();
        let mut slo = slo(name, window, &[objective("availability", &texts)]);
        slo.indicator.sources.push(SourceId::from("aux"));
        slo.alerting = None;
        slos.push(slo);
        shown.push(json!({
            "window": window_json,
            "terms": terms.iter().map(|(since, goals)| {
                let goals: serde_json::Map<String, Value> = goals.iter().map(|(scope, text)| {
                    let target = goal(text).promised().map(|p| p.target.ppb());
                    ((*scope).to_owned(), json!(target))
                }).collect();
                json!([since.map(|day| day.to_string()), goals])
            }).collect::<Vec<_>>(),
        }));
    }
    let mut catalogue = catalogue(&slos);
    catalogue.timezone = timezone;
    (catalogue, shown)
}

fn calendar(period: CalendarPeriod, zone: &TimeZone) -> Window {
    Window::Calendar(period, zone.clone())
}

fn goals(rng: &mut Rng, has_all: bool) -> Vec<(&'static str, String)> {
    let mut goals: Vec<(&str, String)> = Vec::new();
    for segment in ["premium", "standard", "free"] {
        let text = [
            "99.95%",
            "99.9%",
            "99.5%",
            "99%",
            "98.7654321%",
            "best effort",
        ];
        goals.push((segment, rng.choice(text).unwrap().to_owned()));
    }
    if has_all {
        goals.push(("all", "99.9%".to_owned()));
    }
    goals
}

/// Samples of some counters of two sources: births, resets, silences, late arrivals.
fn counters(
    rng: &mut Rng,
    catalogue: &Catalogue,
    start: i64,
    observations: usize,
) -> Vec<(SourceId, Sample)> {
    let key = Stream::all(catalogue)[0].key.clone();
    let count = rng.usize(2..9);
    let mut samples = Vec::new();
    let times: Vec<Vec<i64>> = (0..2)
        .map(|_| scrapes(rng, start, observations / count))
        .collect();
    for number in 0..count {
        let source = rng.usize(0..2);
        let times = &times[source];
        let who = rng
            .choice(["premium", "standard", "free", "unknown"])
            .unwrap();
        let class = rng.choice(["200", "404", "500", "503"]).unwrap();
        let first = if rng.bool() {
            0
        } else {
            rng.usize(0..times.len())
        };
        let says_start = rng.bool();
        let mut created = times[first] - rng.i64(0..2 * 3600);
        let mut value = rng.u64(0..50);
        let mut silent = 0;
        for &time in &times[first..] {
            let is_reset = rng.u8(0..40) == 0;
            if is_reset {
                value = rng.u64(0..value / 2 + 3);
                created = time - rng.i64(0..200);
            } else {
                value += rng.u64(0..4) * rng.u64(0..100);
            }
            if silent == 0 && rng.u8(0..30) == 0 {
                silent = rng.usize(1..20);
            }
            if silent > 0 {
                silent -= 1;
                continue;
            }
            let series = format!("requests{{n=\"{number}\"}}");
            samples.push((
                SourceId::from(["main", "aux"][source]),
                Sample {
                    segment: segment(who),
                    class: status(class),
                    created: says_start.then(|| second(created)),
                    received: received(rng, time),
                    ..sample(&key, &series, time, value)
                },
            ));
        }
    }
    samples
}

/// Instants of one source, each once; some on the minute, some on the edge of a local day.
fn scrapes(rng: &mut Rng, start: i64, count: usize) -> Vec<i64> {
    let mut times: Vec<i64> = (0..count.max(2))
        .map(|_| {
            let time = start + rng.i64(0..SPAN);
            match rng.u8(0..10) {
                0..3 => time - time % 60,
                3 => time - time % 1800,
                _ => time,
            }
        })
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}

fn received(rng: &mut Rng, time: i64) -> Option<Timestamp> {
    match rng.u8(0..20) {
        0 => Some(second(time + rng.i64(0..2 * 86_400))),
        1 => Some(second(time + rng.i64(0..120))),
        _ => None,
    }
}

/// Counted rows with their positions.
fn rows(rng: &mut Rng, catalogue: &Catalogue, start: i64, count: usize) -> Vec<(u64, Counted)> {
    let key = Stream::all(catalogue)[0].key.clone();
    let mut rows = Vec::new();
    for position in 0..count as u64 {
        let time = start + rng.i64(0..SPAN);
        let time = time - time % 60;
        let mut tally = Tally::default();
        tally.add(status("200"), Bucket::UNTIMED, rng.u64(0..500));
        tally.add(status("500"), Bucket::UNTIMED, rng.u64(0..3));
        let who = rng
            .choice(["premium", "standard", "free", "unknown"])
            .unwrap();
        let row = Counted {
            stream: key.clone(),
            segment: segment(who),
            slice: second(time),
            tally,
            received: received(rng, time),
        };
        rows.push((position, row));
    }
    rows
}

/// Twenty random instants, and every edge a second before, at, and a second after.
fn queries(
    rng: &mut Rng,
    zone: &str,
    start: i64,
    counters: &[(SourceId, Sample)],
) -> Vec<(Timestamp, Option<Timestamp>)> {
    let zone = TimeZone::get(zone).unwrap();
    let mut instants: Vec<i64> = (0..20).map(|_| start + rng.i64(0..SPAN + 86_400)).collect();
    let mut edges = Vec::new();
    let mut day = second(start).to_zoned(zone.clone()).date();
    while day < second(start + SPAN).to_zoned(zone.clone()).date() {
        if day.day() == 1 || day.weekday() == jiff::civil::Weekday::Monday {
            edges.push(day.to_zoned(zone.clone()).unwrap().timestamp().as_second());
        }
        day = day.tomorrow().unwrap();
    }
    // Where an observation enters its slice, where the slice closes, and where it leaves a window of seven days.
    for _ in 0..3 {
        let time = rng
            .choice(counters)
            .map_or(start, |(_, s)| s.time.as_second());
        edges.extend([time, time - time % 60 + 60, time + 7 * 86_400]);
    }
    instants.extend(edges.iter().flat_map(|edge| [edge - 1, *edge, edge + 1]));
    instants
        .into_iter()
        .enumerate()
        .map(|(i, instant)| {
            let instant = second(instant);
            (instant, (i % 3 == 0).then_some(instant))
        })
        .collect()
}

/// Delivers in pieces of random size, rows one position at a time.
fn deliveries(
    rng: &mut Rng,
    samples: &[(SourceId, Sample)],
    rows: &[(u64, Counted)],
) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    let observed = Interval {
        start: Timestamp::UNIX_EPOCH,
        end: Timestamp::UNIX_EPOCH,
    };
    for source in ["main", "aux"] {
        let own: Vec<&Sample> = samples
            .iter()
            .filter(|(id, _)| id.as_str() == source)
            .map(|(_, s)| s)
            .collect();
        let mut rest = &own[..];
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rng.usize(1..=rest.len().min(50)));
            let mut delivery = Delivery::new(SourceId::from(source), "scrape", 0..0);
            delivery.samples = piece.iter().map(|s| (*s).clone()).collect();
            deliveries.push(delivery);
            rest = more;
        }
    }
    for (position, row) in rows {
        let range = *position..position + 1;
        let mut delivery = Delivery::new(SourceId::from("main"), "rows", range);
        delivery.counted.push(row.clone());
        delivery.observed = Some(vec![observed]);
        for _ in 0..rng.usize(1..3) {
            deliveries.push(delivery.clone());
        }
    }
    deliveries
}

fn sample_json(source: &SourceId, sample: &Sample) -> Value {
    json!([
        source.as_str(),
        sample.series,
        sample.segment.to_string(),
        u8::from(sample.class.label("status").starts_with('5')),
        sample.time.as_second(),
        sample.value,
        sample.created.map(Timestamp::as_second),
        sample.received.map(Timestamp::as_second),
    ])
}

fn row_json(position: u64, row: &Counted) -> Value {
    let events = |code| {
        row.tally
            .cells
            .get(&(status(code), Bucket::UNTIMED))
            .copied()
    };
    json!([
        position,
        row.segment.to_string(),
        row.slice.as_second(),
        events("200").unwrap_or(0),
        events("500").unwrap_or(0),
        row.received.map(Timestamp::as_second),
    ])
}

/// Asks the oracle about many histories at once.
fn ask(histories: &[History], mutant: Option<&str>) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let mut command = Command::new("python3");
    command.arg(script);
    if let Some(mutant) = mutant {
        command.args(["--mutant", mutant]);
    }
    let mut oracle = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the oracle");
    let question: Vec<Value> = histories.iter().map(History::json).collect();
    let mut stdin = oracle.stdin.take().unwrap();
    let text = serde_json::to_string(&question).unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = oracle.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the oracle failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

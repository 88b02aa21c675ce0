//! Outages in simulated time: after the catch-up the ledger has what the samples add up to, whatever broke meanwhile.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use attain_engine::Ledger;
use attain_model::{Catalogue, SourceId, Stream};
use attain_spec::{Input, parse};
use attain_store::{Access, Store};
use fastrand::Rng;

use super::fake::{Fake, MINUTE_MS, Scraped, World};
use super::*;

const METRICS: [&str; 3] = ["login_total", "pay_total", "search_total"];
const MINUTES_BEFORE: i64 = 40;
const MINUTES_AFTER: i64 = 20;
/// 2026-03-01 00:00 UTC.
const BEGUN_MS: i64 = 1_772_323_200_000;

fn catalogue(metrics: &[&str]) -> Catalogue {
    let mut text = "
attain: 1
segments: {premium: {rank: 1, contract: best effort}, free: {rank: 2, contract: best effort}}
sources: {prom: {prometheus: {url: \"http://127.0.0.1:9\"}, interval: 15s, delay: 10s}}
teams: {shop: {seat: engineering, members: [ann]}}
services: {shop: {owner: shop}}
slos:
"
    .to_owned();
    for metric in metrics {
        text += &format!(
            "  {}: {{service: shop, layer: service, audience: internal, window: 1d, indicator: {{metric: {metric}, \
             bad: {{code: 5xx}}}}, objectives: {{availability: {{premium: 99%, free: 99%}}}}}}\n",
            metric.replace('_', "-")
        );
    }
    let input = Input {
        name: "shop.yaml".to_owned(),
        text,
    };
    let parsed = parse(&[input]);
    let said = format!("{:?}", parsed.diagnostics);
    parsed.catalogue.unwrap_or_else(|| panic!("{said}"))
}

/// A ledger, and a clock that is told what time it is.
struct Simulated {
    now_ms: Cell<i64>,
    ledger: RefCell<Ledger>,
    /// Where deliveries are put on disk first, as a server does.
    store: Option<RefCell<Store>>,
    uncertain: Cell<u64>,
    troubles: RefCell<Vec<Option<String>>>,
    delays: RefCell<Vec<Duration>>,
    late: RefCell<Vec<Option<String>>>,
    /// The metric of each stream.
    metrics: BTreeMap<StreamKey, String>,
}

impl Side for Simulated {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms.get()).unwrap()
    }

    fn is_stopped(&self) -> bool {
        false
    }

    fn wanted(&self, range: Range<u64>) -> Result<Vec<Wanted>, ()> {
        let ledger = self.ledger.borrow();
        Ok(ledger.wanted(&SourceId::from("prom"), ORIGIN, range))
    }

    fn deliver(&self, delivery: Delivery) -> Result<(), String> {
        if let Some(store) = &self.store {
            let mut store = store.borrow_mut();
            let kept = store.append(&BTreeMap::new(), std::slice::from_ref(&delivery));
            kept.map_err(|error| error.to_string())?;
        }
        self.ledger.borrow_mut().take(delivery);
        Ok(())
    }

    fn uncertain(&self, events: u64) {
        self.uncertain.set(self.uncertain.get() + events);
    }

    fn trouble(&self, why: Option<String>) {
        self.troubles.borrow_mut().push(why);
    }

    fn delay(&self, delay: Duration) {
        self.delays.borrow_mut().push(delay);
    }

    fn late(&self, why: Option<String>) {
        self.late.borrow_mut().push(why);
    }
}

/// Metric, minute, segment and class to events.
type Counted = BTreeMap<(String, i64, String, String), u64>;

impl Simulated {
    fn counted(&self) -> Counted {
        let mut counted = Counted::new();
        for (key, stream) in self.ledger.borrow().facts().streams {
            let metric = self.metrics[&key].clone();
            for column in stream.columns {
                let of = |slice: i64| {
                    let (segment, class) = (column.segment.to_string(), &column.class);
                    (
                        metric.clone(),
                        slice / 6,
                        segment,
                        class.as_str().to_owned(),
                    )
                };
                for (slice, events) in column.on_time {
                    *counted.entry(of(slice)).or_default() += events;
                }
                for (slice, _, events) in column.late {
                    *counted.entry(of(slice)).or_default() += events;
                }
            }
        }
        counted
    }
}

/// Instances that come, go silent and restart, and get series of failures later.
fn scraped(rng: &mut Rng, minutes: i64) -> Vec<Scraped> {
    let mut all = Vec::new();
    for metric in METRICS {
        for instance in 0..rng.usize(1..3) {
            let birth = if instance == 0 {
                0
            } else {
                rng.i64(0..minutes)
            };
            let silent = rng.i64(birth..birth + minutes);
            let silent = silent * MINUTE_MS..(silent + rng.i64(1..20)) * MINUTE_MS;
            let restart = (birth * MINUTE_MS) + rng.i64(0..minutes * MINUTE_MS);
            let since = rng.i64(birth..birth + minutes) * MINUTE_MS;
            for (segment, code) in [("premium", "200"), ("premium", "500"), ("free", "200")] {
                let mut samples = BTreeMap::new();
                let mut value = rng.u64(0..10_000);
                let mut time = birth * MINUTE_MS + rng.i64(0..30_000);
                let mut has_restarted = false;
                while time < minutes * MINUTE_MS {
                    if time >= restart && !has_restarted {
                        (value, has_restarted) = (0, true);
                    }
                    value += rng.u64(0..20);
                    if !silent.contains(&time) && (code != "500" || time >= since) {
                        samples.insert(BEGUN_MS + time, value);
                    }
                    time += 30_000;
                }
                all.push(Scraped {
                    metric,
                    segment,
                    code,
                    instance,
                    samples,
                    late_ms: 0,
                });
            }
        }
    }
    all
}

/// What the samples add up to, one by one and without any query.
fn oracle(world: &World) -> Counted {
    let mut counted = Counted::new();
    for one in &world.series {
        let (mut before, mut birth) = (None, None);
        for (time, value) in &one.samples {
            let minute = time.div_euclid(MINUTE_MS);
            let was_seen = |other: &Scraped| {
                let day = (minute * MINUTE_MS - 86_400_000)..minute * MINUTE_MS;
                let is_of_it = other.metric == one.metric && other.instance == one.instance;
                is_of_it && other.samples.range(day).next().is_some()
            };
            if before.is_none() {
                birth = (!world.series.iter().any(was_seen)).then_some(minute);
            }
            let added = match before {
                // What a new instance stood at when it was first seen is a baseline.
                None if birth == Some(minute) => 0,
                Some(before) => value.checked_sub(before).unwrap_or(*value),
                None => *value,
            };
            before = Some(*value);
            if added > 0 && !world.broken.contains(&(one.metric, minute)) {
                let class = format!("code={}", one.code);
                let key = (one.metric.to_owned(), minute, one.segment.to_owned(), class);
                *counted.entry(key).or_default() += added;
            }
        }
    }
    counted
}

/// An API that breaks, and who pulls it.
struct Case {
    fake: Fake,
    side: Simulated,
    pulling: Pulling,
    api: HttpApi,
}

impl Case {
    fn new(rng: &mut Rng, minutes: i64) -> Self {
        let catalogue = catalogue(&METRICS);
        let broken: BTreeSet<(&str, i64)> = (0..rng.usize(0..4))
            .map(|_| {
                (
                    METRICS[rng.usize(0..3)],
                    BEGUN_MS / MINUTE_MS + rng.i64(0..minutes),
                )
            })
            .collect();
        let series = scraped(rng, minutes);
        Self::over(&catalogue, series, broken, rng.fork())
    }

    fn over(
        catalogue: &Catalogue,
        series: Vec<Scraped>,
        broken: BTreeSet<(&'static str, i64)>,
        rng: Rng,
    ) -> Self {
        let source = &catalogue.sources["prom"];
        let pulling = Pulling::new(catalogue, source, &Customers::default());
        let asks = pulling.puller.asks().iter();
        let metrics = asks.map(|ask| (ask.stream.clone(), ask.metric.clone()));
        let metrics = metrics.collect();
        let fake = Fake::open(World {
            series,
            now_ms: None,
            looks: 0,
            broken,
            is_away: false,
            spoilt: 0,
            is_half_open: false,
            held_back_seconds: 0,
            refused: None,
            rng,
        });
        let ledger = Ledger::new(&Stream::all(catalogue), 10, None);
        Self {
            // So long is waited for an answer that never comes.
            api: HttpApi::new(
                &format!("http://{}", fake.address),
                Some(Duration::from_secs(1)),
            ),
            fake,
            side: Simulated {
                now_ms: Cell::new(BEGUN_MS),
                ledger: RefCell::new(ledger),
                store: None,
                uncertain: Cell::new(0),
                troubles: RefCell::default(),
                delays: RefCell::default(),
                late: RefCell::default(),
                metrics,
            },
            pulling,
        }
    }

    /// Lets it pull until a time, and then until nothing is missing. Nobody waits but the clock.
    fn until(&mut self, time_ms: i64, step: Duration) {
        for _ in 0..50_000 {
            if let Some(now_ms) = &mut self.fake.world.lock().unwrap().now_ms {
                *now_ms = self.side.now_ms.get();
            }
            let round = self.pulling.round(&self.side, &self.api);
            let wait = match round {
                Round::More => continue,
                Round::Done if self.side.now_ms.get() >= time_ms => return,
                Round::Done => step,
                Round::Later(_) if self.fake.world.lock().unwrap().is_away => {
                    if self.side.now_ms.get() >= time_ms {
                        return;
                    }
                    step
                }
                Round::Later(wait) => wait,
                Round::End => panic!("it ended"),
            };
            let passed = i64::try_from(wait.as_millis()).unwrap();
            self.side.now_ms.set(self.side.now_ms.get() + passed);
        }
        panic!(
            "it never caught up: {:?}",
            self.side.troubles.borrow().last()
        );
    }
}

fn outage(seed: u64, away_minutes: i64) {
    let mut rng = Rng::with_seed(seed);
    let minutes = MINUTES_BEFORE + away_minutes + MINUTES_AFTER;
    let mut case = Case::new(&mut rng, minutes);
    let at = |minute: i64| BEGUN_MS + minute * MINUTE_MS + 15_000;
    let minute = Duration::from_secs(60);
    case.fake.world.lock().unwrap().spoilt = 20;
    case.until(at(MINUTES_BEFORE), minute);
    case.fake.world.lock().unwrap().is_away = true;
    let steps = u32::try_from(away_minutes.min(16)).unwrap();
    let step = minute * u32::try_from(away_minutes).unwrap() / steps;
    // It may have waited until then for answers that broke off: at least one minute is asked for in vain.
    let back = at(MINUTES_BEFORE + away_minutes).max(case.side.now_ms.get() + 2 * MINUTE_MS);
    case.until(back, step);
    let is_troubled = case
        .side
        .troubles
        .borrow()
        .last()
        .is_some_and(Option::is_some);
    assert!(is_troubled, "seed {seed}: nothing was said");
    {
        let mut world = case.fake.world.lock().unwrap();
        (world.is_away, world.is_half_open) = (false, true);
    }
    case.until(at(minutes), minute);
    let expected = oracle(&case.fake.world.lock().unwrap());
    let counted = case.side.counted();
    let differs = expected
        .iter()
        .find(|(key, events)| counted.get(key) != Some(events));
    assert_eq!(differs, None, "seed {seed}");
    assert_eq!(counted, expected, "seed {seed}");
    assert_eq!(
        case.side.troubles.borrow().last(),
        Some(&None),
        "seed {seed}"
    );
}

#[test]
fn after_an_outage_the_ledger_has_what_the_samples_add_up_to() {
    let is_soak = std::env::var_os("ATTAIN_SOAK").is_some();
    let cases: u64 = if is_soak { 100 } else { 20 };
    let slos = if is_soak { 100 } else { 5 };
    let took = a_day_for_all(slos);
    // Only where it runs at its full size, and by itself, is its time worth anything.
    assert!(!is_soak || took < Duration::from_secs(60), "{took:?}");
    let threads = 4;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for case in (thread..cases).step_by(4) {
                    let away = [10, 6 * 60, 24 * 60][usize::try_from(case % 3).unwrap()];
                    outage(7_000 + case, away);
                }
            });
        }
    });
    println!(
        "soak: {cases} of {cases}, seed 7000; 24 h for {slos} SLOs were caught up and on disk within {:.1} s",
        took.as_secs_f64()
    );
}

/// A day without the API, for so many SLOs of two segments: how long until all of it is counted and on disk.
fn a_day_for_all(slos: usize) -> Duration {
    let names = (0..slos).map(|number| format!("shop_{number:03}_total"));
    let metrics: Vec<&'static str> = names.map(|name| &*name.leak()).collect();
    let minutes = MINUTES_BEFORE + 24 * 60 + MINUTES_AFTER;
    let mut rng = Rng::with_seed(7_000);
    let mut series = Vec::new();
    for metric in &metrics {
        for (segment, code) in [("premium", "200"), ("premium", "500"), ("free", "200")] {
            let mut value = 0;
            let samples = (0..2 * minutes).map(|half| {
                value += rng.u64(0..20);
                (BEGUN_MS + half * MINUTE_MS / 2 + 5_000, value)
            });
            series.push(Scraped {
                metric,
                segment,
                code,
                instance: 0,
                samples: samples.collect(),
                late_ms: 0,
            });
        }
    }
    let mut case = Case::over(&catalogue(&metrics), series, BTreeSet::new(), rng);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("data"), Access::WriteOrCreate).unwrap();
    case.side.store = Some(RefCell::new(store));
    let at = |minute: i64| BEGUN_MS + minute * MINUTE_MS + 15_000;
    let minute = Duration::from_secs(60);
    case.until(at(MINUTES_BEFORE), minute);
    case.fake.world.lock().unwrap().is_away = true;
    case.until(at(MINUTES_BEFORE + 24 * 60), 90 * minute);
    case.fake.world.lock().unwrap().is_away = false;
    let begun = std::time::Instant::now();
    case.until(at(MINUTES_BEFORE + 24 * 60), minute);
    let took = begun.elapsed();
    let due = BEGUN_MS / MINUTE_MS + MINUTES_BEFORE + 24 * 60;
    let mut expected = oracle(&case.fake.world.lock().unwrap());
    expected.retain(|(_, minute, _, _), _| *minute < due);
    assert_eq!(case.side.counted(), expected);
    took
}

#[test]
fn what_a_new_instance_stood_at_is_said_to_be_uncertain() {
    let metric = METRICS[0];
    let scraped = |instance: usize, from: i64, code: &'static str, first: u64| Scraped {
        metric,
        segment: "premium",
        code,
        instance,
        samples: (2 * from..80)
            .map(|half| {
                (
                    BEGUN_MS + half * MINUTE_MS / 2 + 5_000,
                    first + half.unsigned_abs(),
                )
            })
            .collect(),
        late_ms: 0,
    };
    let series = vec![
        scraped(0, 0, "200", 1_000),
        scraped(1, 20, "200", 700),
        // Its instance is known: from zero on.
        scraped(1, 25, "500", 30),
    ];
    let rng = Rng::with_seed(1);
    let mut case = Case::over(&catalogue(&[metric]), series, BTreeSet::new(), rng);
    case.until(BEGUN_MS + 40 * MINUTE_MS, Duration::from_secs(60));
    assert_eq!(case.side.uncertain.get(), 1_000 + 700 + 40);
}

#[test]
fn a_question_that_is_refused_holds_up_no_other() {
    let mut case = Case::new(&mut Rng::with_seed(1), 30);
    case.fake.world.lock().unwrap().broken.clear();
    case.fake.world.lock().unwrap().refused = Some(METRICS[0]);
    let end = BEGUN_MS + 31 * MINUTE_MS;
    case.until(end, Duration::from_secs(60));
    let expected = oracle(&case.fake.world.lock().unwrap());
    let (refused, others): (Counted, Counted) = expected
        .into_iter()
        .partition(|(key, _)| key.0 == METRICS[0]);
    assert_eq!(case.side.counted(), others);
    let said = case.side.troubles.borrow().last().cloned().flatten();
    assert!(said.unwrap().contains("no such thing"));

    // Somebody mends it.
    case.fake.world.lock().unwrap().refused = None;
    case.side.now_ms.set(end + 6 * MINUTE_MS);
    case.until(end + 6 * MINUTE_MS, Duration::from_secs(60));
    let all: Counted = refused.into_iter().chain(others).collect();
    assert_eq!(case.side.counted(), all);
    assert_eq!(case.side.troubles.borrow().last(), Some(&None));
}

/// A catalogue whose source says nothing of a delay.
fn without_delay() -> Catalogue {
    let mut catalogue = catalogue(&METRICS);
    let source = catalogue.sources.values_mut().next().unwrap();
    source.delay = None;
    catalogue
}

/// The newest minute that was counted, from the first one on.
fn newest(case: &Case) -> Option<i64> {
    let counted = case.side.counted();
    let minutes = counted.keys().map(|key| key.1 - BEGUN_MS / MINUTE_MS);
    minutes.max()
}

#[test]
fn what_an_api_holds_back_is_found_out_and_waited_for() {
    let mut rng = Rng::with_seed(30);
    let series = scraped(&mut rng, 40);
    let mut case = Case::over(&without_delay(), series, BTreeSet::new(), rng);
    case.fake.world.lock().unwrap().held_back_seconds = 30;
    let second = Duration::from_secs(1);
    let at = |minute: i64, seconds: i64| BEGUN_MS + minute * MINUTE_MS + seconds * 1000;
    case.until(at(20, 29), second);
    assert_eq!(*case.side.delays.borrow(), [Duration::from_secs(30)]);
    assert_eq!(newest(&case), Some(18));
    case.until(at(20, 30), second);
    assert_eq!(newest(&case), Some(19));

    // It comes back with another setting.
    case.fake.world.lock().unwrap().is_away = true;
    case.until(at(22, 0), Duration::from_secs(60));
    {
        let mut world = case.fake.world.lock().unwrap();
        (world.is_away, world.held_back_seconds) = (false, 0);
    }
    case.until(at(25, 10), second);
    assert_eq!(newest(&case), Some(24));
    let said = case.side.delays.borrow().last().copied();
    assert_eq!(said, Some(Duration::from_secs(10)));
}

#[test]
fn a_delay_that_is_written_stays_and_is_said_to_be_too_short() {
    let mut case = Case::new(&mut Rng::with_seed(31), 30);
    case.fake.world.lock().unwrap().held_back_seconds = 30;
    case.until(BEGUN_MS + 20 * MINUTE_MS + 10_000, Duration::from_secs(1));
    assert!(case.side.delays.borrow().is_empty());
    assert_eq!(newest(&case), Some(19));
    let said = case.side.late.borrow().last().cloned().flatten();
    let said = said.unwrap();
    assert!(
        said.starts_with("its queries see nothing younger than 3"),
        "{said}"
    );
    assert!(
        said.ends_with(
            "`delay` is 10s: what arrives later counts minutes later, or never; write `delay: 30s`"
        ),
        "{said}"
    );
}

/// Two processes that are scraped every so often, one half of that after the other, for an hour.
fn steady(every_seconds: i64, late_seconds: i64) -> Vec<Scraped> {
    let mut all = Vec::new();
    for metric in METRICS {
        for (instance, code) in [(0, "200"), (1, "200"), (1, "500")] {
            let mut value = 0;
            let begins = i64::try_from(instance).unwrap() * every_seconds / 2 + 3;
            let times = (0..3_600 / every_seconds).map(|scrape| begins + scrape * every_seconds);
            let sample = |seconds: i64| {
                value += 1 + (seconds * 7 % 11).unsigned_abs();
                (BEGUN_MS + seconds * 1000, value)
            };
            all.push(Scraped {
                metric,
                segment: "premium",
                code,
                instance,
                samples: times.map(sample).collect(),
                late_ms: late_seconds * 1000,
            });
        }
    }
    all
}

/// Pulls so from a minute on until another, second by second, and has all that the samples add up to.
fn late_case(catalogue: &Catalogue, every_seconds: i64, late_seconds: i64) -> Case {
    let series = steady(every_seconds, late_seconds);
    let mut case = Case::over(catalogue, series, BTreeSet::new(), Rng::with_seed(40));
    let begins = BEGUN_MS + 10 * MINUTE_MS + 47_000;
    case.fake.world.lock().unwrap().now_ms = Some(begins);
    case.side.now_ms.set(begins);
    case.until(BEGUN_MS + 20 * MINUTE_MS, Duration::from_secs(1));
    case
}

/// What the samples add up to in the minutes before one.
fn due_before(case: &Case, minute: i64) -> Counted {
    let mut expected = oracle(&case.fake.world.lock().unwrap());
    expected.retain(|key, _| key.1 < BEGUN_MS / MINUTE_MS + minute);
    expected
}

#[test]
fn samples_that_come_late_are_waited_for() {
    for every in [15, 30, 60] {
        for late in (0..=120).step_by(24) {
            let case = late_case(&without_delay(), every, late);
            let delay = i64::try_from(case.pulling.delay().as_secs()).unwrap();
            assert!(delay >= late, "{every} s, {late} s: {delay}");
            assert!(delay <= (late + 12).max(10), "{every} s, {late} s: {delay}");
            // No minute was asked for too early, not even the first.
            let expected = due_before(&case, 20 - (delay + 59) / 60);
            assert_eq!(case.side.counted(), expected, "{every} s, {late} s");
            let looks = case.fake.world.lock().unwrap().looks;
            assert!(looks <= 3 * 40, "{every} s, {late} s: {looks}");
        }
    }
}

#[test]
fn a_written_delay_that_is_too_short_for_the_samples_is_said() {
    let case = late_case(&catalogue(&METRICS), 15, 37);
    assert!(case.side.delays.borrow().is_empty());
    let said = case.side.late.borrow().last().cloned().flatten().unwrap();
    assert!(said.starts_with("samples of `"), "{said}");
    assert!(
        said.contains(
            "`delay` is 10s: what arrives later counts minutes later, or never; write `delay: 40s`"
        ),
        "{said}"
    );
    let in_time = late_case(&catalogue(&METRICS), 15, 8);
    assert!(in_time.side.late.borrow().is_empty());
}

#[test]
fn what_says_nothing_any_more_raises_no_delay() {
    let mut series = steady(15, 0);
    for one in &mut series {
        // Two metrics ended a moment before anybody looked.
        if one.metric != METRICS[0] {
            one.samples = one.samples.split_off(&0);
            one.samples
                .retain(|time, _| *time < BEGUN_MS + 9 * MINUTE_MS);
        }
    }
    let mut case = Case::over(
        &without_delay(),
        series,
        BTreeSet::new(),
        Rng::with_seed(41),
    );
    let begins = BEGUN_MS + 10 * MINUTE_MS + 47_000;
    case.fake.world.lock().unwrap().now_ms = Some(begins);
    case.side.now_ms.set(begins);
    case.until(BEGUN_MS + 30 * MINUTE_MS, Duration::from_secs(1));
    assert_eq!(*case.side.delays.borrow(), [Duration::from_secs(10)]);
    assert_eq!(case.side.counted(), due_before(&case, 29));
}

#[test]
fn a_delay_rises_when_samples_come_later_and_falls_when_the_api_is_met_anew() {
    let mut case = late_case(&without_delay(), 15, 0);
    let late = |case: &Case, seconds: i64| {
        for one in &mut case.fake.world.lock().unwrap().series {
            one.late_ms = seconds * 1000;
        }
    };
    let delays = |case: &Case| -> Vec<u64> {
        let delays = case.side.delays.borrow();
        delays.iter().map(Duration::as_secs).collect()
    };
    let second = Duration::from_secs(1);
    late(&case, 38);
    case.until(BEGUN_MS + 35 * MINUTE_MS, second);
    assert_eq!(delays(&case), [10, 40]);
    // One that is late now and then is late.
    late(&case, 0);
    case.until(BEGUN_MS + 50 * MINUTE_MS, second);
    assert_eq!(delays(&case), [10, 40]);
    case.fake.world.lock().unwrap().is_away = true;
    case.until(BEGUN_MS + 52 * MINUTE_MS, Duration::from_secs(30));
    case.fake.world.lock().unwrap().is_away = false;
    case.until(BEGUN_MS + 55 * MINUTE_MS, second);
    assert_eq!(delays(&case), [10, 40, 10]);
}

#[test]
fn what_comes_after_its_minute_was_pulled_is_counted_once() {
    for late in [0, 37, 200] {
        let mut case = late_case(&catalogue(&METRICS), 15, late);
        let short: u64 = case.side.counted().values().sum();
        let all: u64 = due_before(&case, 19).values().sum();
        assert_eq!(short < all, late > 0, "{late}");
        case.until(BEGUN_MS + 32 * MINUTE_MS, Duration::from_secs(5));
        // Everything that has been settled since.
        let until = BEGUN_MS / MINUTE_MS + 20;
        let counted = |case: &Case| {
            let mut counted = case.side.counted();
            counted.retain(|key, _| key.1 < until && key.1 >= BEGUN_MS / MINUTE_MS + 10);
            counted
        };
        let mut expected = due_before(&case, 20);
        expected.retain(|key, _| key.1 >= BEGUN_MS / MINUTE_MS + 10);
        assert_eq!(counted(&case), expected, "{late}");

        // A server that starts anew has forgotten what it gave, and gives nothing twice.
        let catalogue = catalogue(&METRICS);
        let source = &catalogue.sources["prom"];
        case.pulling = Pulling::new(&catalogue, source, &Customers::default());
        case.until(BEGUN_MS + 62 * MINUTE_MS, Duration::from_secs(5));
        assert_eq!(counted(&case), expected, "{late}");
        let (counted, all) = (
            case.side.counted(),
            oracle(&case.fake.world.lock().unwrap()),
        );
        for (key, events) in counted {
            assert!(Some(&events) <= all.get(&key), "{late}: {key:?}");
        }
    }
}

/// Two replicas that take turns say each minute a little else: that adds up to no more than one says.
#[test]
fn an_api_that_says_something_else_each_time_adds_nothing() {
    let mut series = steady(15, 0);
    series.retain(|one| one.metric == METRICS[0] && one.code == "200" && one.instance == 0);
    let all = series[0].samples.clone();
    let shifted = |by: i64| -> BTreeMap<i64, u64> {
        let kept = all.iter().enumerate();
        let kept = kept.filter(|(number, _)| i64::try_from(*number).unwrap() % 2 == by);
        kept.map(|(_, (time, value))| (*time, *value)).collect()
    };
    let metrics = [METRICS[0]];
    let mut case = Case::over(
        &catalogue(&metrics),
        series,
        BTreeSet::new(),
        Rng::with_seed(42),
    );
    let begins = BEGUN_MS + 10 * MINUTE_MS + 15_000;
    case.side.now_ms.set(begins);
    for minute in 10..58 {
        case.fake.world.lock().unwrap().series[0].samples = shifted(minute % 2);
        case.until(
            BEGUN_MS + minute * MINUTE_MS + 15_000,
            Duration::from_secs(30),
        );
    }
    let counted: u64 = case.side.counted().values().sum();
    let before = *all
        .range(..BEGUN_MS + 57 * MINUTE_MS)
        .next_back()
        .unwrap()
        .1;
    let first = *all.values().next().unwrap();
    // What two scrapes have, each way.
    assert!(
        counted <= before - first + 30,
        "{counted} of {}",
        before - first
    );
}

/// VictoriaMetrics as it is: fresh samples, the newest 30 s of which no query sees.
#[test]
fn fresh_samples_that_are_held_back_need_no_more_than_that() {
    let series = steady(15, 0);
    let none = BTreeSet::new();
    let mut case = Case::over(&without_delay(), series, none, Rng::with_seed(43));
    let begins = BEGUN_MS + 10 * MINUTE_MS + 3_000;
    case.side.now_ms.set(begins);
    {
        let mut world = case.fake.world.lock().unwrap();
        (world.now_ms, world.held_back_seconds) = (Some(begins), 30);
    }
    case.until(BEGUN_MS + 14 * MINUTE_MS, Duration::from_secs(1));
    assert_eq!(*case.side.delays.borrow(), [Duration::from_secs(30)]);
    for one in &mut case.fake.world.lock().unwrap().series {
        one.late_ms = 52_000;
    }
    case.until(BEGUN_MS + 27 * MINUTE_MS, Duration::from_secs(1));
    let delay = case.side.delays.borrow().last().copied().unwrap();
    assert!((50..=60).contains(&delay.as_secs()), "{delay:?}");
}

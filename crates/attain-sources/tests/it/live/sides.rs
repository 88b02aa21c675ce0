//! A histogram that comes in two forms counts once: whichever came first, in whatever requests, across restarts, and when
//! one form ends and the other goes on. A meter counts, as in a server.

use attain_engine::Meter;
use attain_model::delivery::Delivery;
use attain_model::{Bucket, Stream};
use fastrand::Rng;

use super::*;

const STEP_MS: i64 = 15_000;
const MINUTE_MS: i64 = 60_000;

/// How requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Classic buckets and a native histogram.
    RemoteWrite,
    /// Explicit bounds and exponential buckets, since the process began or since the last time.
    Otlp { temporality: u8 },
}

/// What is sent at an instant: the process' counts, in these forms.
#[derive(Debug, Clone, Copy)]
struct Said {
    fast: u64,
    all: u64,
    at_ms: i64,
    since_ms: i64,
}

struct World {
    way: Way,
    made: Catalogue,
    intake: Intake,
    meter: Meter,
    /// Events by whether they were fast.
    fast: u64,
    all: u64,
    unknown: u64,
}

impl World {
    fn new(way: Way) -> Self {
        let made = catalogue("request_seconds");
        let mut meter = Meter::new(10);
        meter.count(&Stream::all(&made));
        Self {
            way,
            intake: intake(&made),
            made,
            meter,
            fast: 0,
            all: 0,
            unknown: 0,
        }
    }

    /// Takes a request that arrives at an instant.
    fn take(&mut self, body: &[u8], arrived_ms: i64) {
        let arrived = Timestamp::from_millisecond(arrived_ms).unwrap();
        let (batch, outcome) = match self.way {
            Way::RemoteWrite => self.intake.remote_write(body, arrived).unwrap(),
            Way::Otlp { .. } => self.intake.otlp_json(body, arrived).unwrap(),
        };
        assert_eq!(outcome.refused, 0);
        let metered = self.meter.take(&batch);
        self.unknown += metered.unknown_births;
        let until = Timestamp::from_millisecond(arrived_ms - 2 * MINUTE_MS).unwrap();
        let closed = self.meter.close(until);
        self.add(&closed);
    }

    fn add(&mut self, deliveries: &[Delivery]) {
        for counted in deliveries.iter().flat_map(|delivery| &delivery.counted) {
            assert!(counted.stream.as_str().contains("request_seconds"));
            for ((_, bucket), events) in &counted.tally.cells {
                self.all += events;
                self.fast += if *bucket == Bucket(0) { *events } else { 0 };
            }
        }
    }

    /// Everything that was counted so far.
    fn counted(&self) -> (u64, u64) {
        let mut rest = Self::new(self.way);
        rest.add(&self.meter.clone().close(Timestamp::MAX));
        (self.fast + rest.fast, self.all + rest.all)
    }

    /// Another process goes on where this one left off.
    fn restart(&mut self) {
        let facts = self.meter.facts();
        self.intake = intake(&self.made);
        self.intake.restore(&facts);
        self.meter = Meter::restore(facts, 10);
        self.meter.count(&Stream::all(&self.made));
    }

    fn request(
        &self,
        bounds: Option<Said>,
        powers: Option<Said>,
        is_powers_first: bool,
    ) -> Vec<u8> {
        match self.way {
            Way::RemoteWrite => {
                let bounds = bounds.map(classic).unwrap_or_default();
                let powers = powers.map(native).unwrap_or_default();
                let series = if is_powers_first {
                    [powers, bounds]
                } else {
                    [bounds, powers]
                };
                attain_wire::snappy::pack(&series.concat())
            }
            Way::Otlp { temporality } => {
                let mut metrics: Vec<String> = Vec::new();
                metrics.extend(bounds.map(|said| otlp("histogram", temporality, said)));
                metrics.extend(powers.map(|said| otlp("exponentialHistogram", temporality, said)));
                if is_powers_first {
                    metrics.reverse();
                }
                let resource =
                    r#"{"attributes":[{"key":"segment","value":{"stringValue":"free"}}]}"#;
                let metrics = metrics.join(",");
                format!(r#"{{"resourceMetrics":[{{"resource":{resource},"scopeMetrics":[{{"metrics":[{metrics}]}}]}}]}}"#).into_bytes()
            }
        }
    }
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn nested(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], &varint(bytes.len() as u64)[..], bytes].concat()
}

fn label(name: &str, value: &str) -> Vec<u8> {
    nested(
        1,
        &[nested(1, name.as_bytes()), nested(2, value.as_bytes())].concat(),
    )
}

/// The series of a classic histogram: at or under 0.1 s are the fast ones.
fn classic(said: Said) -> Vec<u8> {
    let buckets = [("+Inf", said.all), ("0.1", said.fast), ("1", said.all)];
    let series = buckets.map(|(le, count)| {
        let time = varint(said.at_ms.cast_unsigned());
        let sample = [
            &[1 << 3 | 1],
            &(count as f64).to_le_bytes()[..],
            &[2 << 3],
            &time[..],
        ]
        .concat();
        let labels = [
            label("__name__", "request_seconds_bucket"),
            label("le", le),
            label("segment", "free"),
        ];
        nested(1, &[labels.concat(), nested(2, &sample)].concat())
    });
    series.concat()
}

/// A native histogram of scale 0: the fast ones took 1/32 to 1/16 s, the others 1/2 to 1 s.
fn native(said: Said) -> Vec<u8> {
    let zigzag = |number: i64| varint(((number << 1) ^ (number >> 63)).cast_unsigned());
    let span = |offset: i64| nested(11, &[&[1 << 3], &zigzag(offset)[..], &[2 << 3, 1]].concat());
    let (fast, slow) = (said.fast as i64, (said.all - said.fast) as i64);
    let deltas = [zigzag(fast), zigzag(slow - fast)].concat();
    let histogram = [
        [&[1 << 3], &varint(said.all)[..]].concat(),
        vec![4 << 3, 0],
        span(-4),
        span(3),
        nested(12, &deltas),
        [&[15 << 3], &varint(said.at_ms.cast_unsigned())[..]].concat(),
    ];
    let labels = [
        label("__name__", "request_seconds"),
        label("segment", "free"),
    ];
    nested(
        1,
        &[labels.concat(), nested(4, &histogram.concat())].concat(),
    )
}

/// The same in OTLP.
fn otlp(kind: &str, temporality: u8, said: Said) -> String {
    let (fast, slow) = (said.fast, said.all - said.fast);
    let counts = match kind {
        // Bounds of which none is an edge of the stream: what is surely fast enough is the same.
        "histogram" => {
            format!(r#""explicitBounds":[0.1,1],"bucketCounts":["{fast}","{slow}","0"]"#)
        }
        _ => format!(
            r#""scale":0,"zeroCount":0,"positive":{{"offset":-5,"bucketCounts":["{fast}","0","0","0","{slow}"]}}"#
        ),
    };
    format!(
        r#"{{"name":"request_seconds","unit":"s","{kind}":{{"aggregationTemporality":{temporality},"dataPoints":[{{"startTimeUnixNano":"{}000000","timeUnixNano":"{}000000","count":"{}",{counts}}}]}}}}"#,
        said.since_ms, said.at_ms, said.all
    )
}

/// A process that counts requests.
struct App {
    fast: u64,
    all: u64,
    at_ms: i64,
    began_ms: i64,
    last: (u64, u64, i64),
}

impl App {
    fn new() -> Self {
        Self {
            fast: 1000,
            all: 3000,
            at_ms: NOW_MS,
            began_ms: NOW_MS - 86_400_000,
            last: (0, 0, NOW_MS - STEP_MS),
        }
    }

    fn step(&mut self, rng: &mut Rng, way: Way) -> Said {
        let (fast, slow) = (rng.u64(0..50), rng.u64(0..50));
        (self.fast, self.all) = (self.fast + fast, self.all + fast + slow);
        self.at_ms += STEP_MS;
        match way {
            Way::Otlp { temporality: 1 } => {
                let since_ms = std::mem::replace(&mut self.last, (0, 0, self.at_ms)).2;
                Said {
                    fast,
                    all: fast + slow,
                    at_ms: self.at_ms,
                    since_ms,
                }
            }
            _ => Said {
                fast: self.fast,
                all: self.all,
                at_ms: self.at_ms,
                since_ms: self.began_ms,
            },
        }
    }
}

const WAYS: [Way; 3] = [
    Way::RemoteWrite,
    Way::Otlp { temporality: 2 },
    Way::Otlp { temporality: 1 },
];

/// Sends some steps of both forms, each in the same request or in two, in any order; which forms are sent is said.
fn go(
    world: &mut World,
    app: &mut App,
    rng: &mut Rng,
    steps: usize,
    (bounds, powers): (bool, bool),
) {
    for _ in 0..steps {
        let said = app.step(rng, world.way);
        let (bounds, powers) = (bounds.then_some(said), powers.then_some(said));
        let arrived_ms = said.at_ms + 200;
        let is_first = rng.bool();
        if rng.bool() {
            let body = world.request(bounds, powers, is_first);
            world.take(&body, arrived_ms);
        } else {
            let one = world.request(bounds, None, false);
            let other = world.request(None, powers, false);
            let bodies = if is_first { [other, one] } else { [one, other] };
            for body in bodies {
                world.take(&body, arrived_ms);
            }
        }
    }
}

/// What the world counted between two moments is what the app did.
#[track_caller]
fn agree(world: &World, app: &App, (counted, did): ((u64, u64), (u64, u64)), what: &str) {
    let now = world.counted();
    let got = (now.0 - counted.0, now.1 - counted.1);
    assert_eq!(
        got,
        (app.fast - did.0, app.all - did.1),
        "{what} {:?}",
        world.way
    );
}

#[test]
fn a_histogram_in_two_forms_counts_once() {
    let mut rng = Rng::with_seed(41);
    for round in 0..12 {
        for way in WAYS {
            let (mut world, mut app) = (World::new(way), App::new());
            // From the first sample of both.
            go(&mut world, &mut app, &mut rng, 1, (true, true));
            let start = (world.counted(), (app.fast, app.all));
            for _ in 0..4 {
                let steps = rng.usize(1..30);
                go(&mut world, &mut app, &mut rng, steps, (true, true));
                if rng.bool() {
                    world.restart();
                }
            }
            go(&mut world, &mut app, &mut rng, 1, (true, true));
            agree(&world, &app, start, &format!("round {round}"));
            assert_eq!(world.intake.counters().histograms_twice, 1);
        }
    }
}

#[test]
fn the_second_form_of_a_histogram_is_no_birth() {
    let mut rng = Rng::with_seed(42);
    for round in 0..12 {
        for way in WAYS {
            let is_bounds_first = rng.bool();
            let first = (is_bounds_first, !is_bounds_first);
            let (mut world, mut app) = (World::new(way), App::new());
            go(&mut world, &mut app, &mut rng, 1, first);
            let start = (world.counted(), (app.fast, app.all));
            let unknown = world.unknown;
            // Long enough that whatever comes first now is known to be born.
            go(&mut world, &mut app, &mut rng, 60, first);
            if rng.bool() && way == Way::RemoteWrite {
                world.restart();
            }
            go(&mut world, &mut app, &mut rng, 40, (true, true));
            agree(&world, &app, start, &format!("round {round}"));
            assert_eq!(world.unknown, unknown, "{way:?}");
        }
    }
}

#[test]
fn when_one_form_of_a_histogram_ends_the_other_goes_on_from_there() {
    let mut rng = Rng::with_seed(43);
    for round in 0..24 {
        for way in WAYS {
            let (mut world, mut app) = (World::new(way), App::new());
            go(&mut world, &mut app, &mut rng, 1, (true, true));
            let start = (world.counted(), (app.fast, app.all));
            let steps = rng.usize(2..40);
            go(&mut world, &mut app, &mut rng, steps, (true, true));
            let is_bounds_left = rng.bool();
            let left = (is_bounds_left, !is_bounds_left);
            let steps = rng.usize(0..30);
            go(&mut world, &mut app, &mut rng, steps, left);
            if rng.bool() {
                world.restart();
            }
            // Twenty minutes of silence, and more.
            go(&mut world, &mut app, &mut rng, 81, left);
            let what = format!("round {round}, left {left:?}");
            if way != (Way::Otlp { temporality: 1 }) {
                agree(&world, &app, start, &what);
            }
            let now = (world.counted(), (app.fast, app.all));
            go(&mut world, &mut app, &mut rng, 40, left);
            agree(&world, &app, now, &what);
            // And back: who took over goes on, also after a restart.
            go(&mut world, &mut app, &mut rng, 60, (true, true));
            world.restart();
            go(&mut world, &mut app, &mut rng, 60, (true, true));
            agree(&world, &app, now, &what);
        }
    }
}

/// A sender that was cut off sends hours at once, and one form of all of it before the other.
#[test]
fn a_backlog_of_both_forms_counts_once() {
    let mut rng = Rng::with_seed(44);
    for is_bounds_first in [false, true] {
        for way in WAYS {
            let (mut world, mut app) = (World::new(way), App::new());
            go(&mut world, &mut app, &mut rng, 2, (true, true));
            let start = (world.counted(), (app.fast, app.all));
            let backlog: Vec<Said> = (0..400).map(|_| app.step(&mut rng, way)).collect();
            let arrived_ms = app.at_ms + 200;
            for is_bounds in [is_bounds_first, !is_bounds_first] {
                for said in &backlog {
                    let said = Some(*said);
                    let (bounds, powers) = if is_bounds {
                        (said, None)
                    } else {
                        (None, said)
                    };
                    let body = world.request(bounds, powers, false);
                    world.take(&body, arrived_ms);
                }
            }
            go(&mut world, &mut app, &mut rng, 40, (true, true));
            agree(
                &world,
                &app,
                start,
                &format!("bounds first: {is_bounds_first}"),
            );
        }
    }
}

/// One promise asks for the buckets alone, the other for the histogram: each counts, and counts once.
#[test]
fn who_asks_for_buckets_alone_has_them_whatever_else_comes() {
    let mut rng = Rng::with_seed(45);
    for is_powers_first in [false, true] {
        let mut made = catalogue("request_seconds");
        let buckets = metric(
            "request_seconds_bucket",
            MetricKind::Histogram,
            only(&[]),
            &[],
        );
        made = made.slo("buckets", buckets, &[100, 300]);
        let mut world = World::new(Way::RemoteWrite);
        world.intake = intake(&made);
        world.meter.count(&Stream::all(&made));
        world.made = made;
        let mut app = App::new();
        let first = (!is_powers_first, is_powers_first);
        go(&mut world, &mut app, &mut rng, 1, first);
        go(&mut world, &mut app, &mut rng, 1, (true, true));
        let start = (world.counted(), (app.fast, app.all));
        go(&mut world, &mut app, &mut rng, 50, (true, true));
        world.restart();
        go(&mut world, &mut app, &mut rng, 50, (true, true));
        let now = world.counted();
        let got = (now.0 - start.0.0, now.1 - start.0.1);
        let did = (app.fast - start.1.0, app.all - start.1.1);
        assert_eq!(got, (2 * did.0, 2 * did.1));
    }
}

//! Two Prometheus that look at the same targets and send the same: every event counts once, whoever of the two is there, and
//! across restarts. A meter counts, as in a server.

use attain_engine::Meter;
use attain_model::Stream;
use fastrand::Rng;

use super::*;

const MINUTE_MS: i64 = 60_000;
const EVERY_MS: i64 = 15_000;
const PODS: usize = 4;

struct World {
    made: Catalogue,
    intake: Intake,
    meter: Meter,
    counted: u64,
    unknown: u64,
}

impl World {
    fn new(made: Catalogue) -> Self {
        let mut meter = Meter::new(10);
        meter.count(&Stream::all(&made));
        Self {
            intake: intake(&made),
            made,
            meter,
            counted: 0,
            unknown: 0,
        }
    }

    fn take(&mut self, body: &[u8], arrived_ms: i64) {
        let arrived = Timestamp::from_millisecond(arrived_ms).unwrap();
        let (batch, outcome) = self.intake.remote_write(body, arrived).unwrap();
        assert_eq!(outcome.refused, 0);
        let metered = self.meter.take(&batch);
        self.unknown += metered.unknown_births;
        self.close(Timestamp::from_millisecond(arrived_ms - 2 * MINUTE_MS).unwrap());
    }

    fn close(&mut self, until: Timestamp) {
        let closed = self.meter.close(until);
        let counted = closed.iter().flat_map(|delivery| &delivery.counted);
        let cells = counted.flat_map(|counted| counted.tally.cells.values());
        self.counted += cells.sum::<u64>();
    }

    /// Another process goes on where this one left off.
    fn restart(&mut self) {
        let facts = self.meter.facts();
        self.intake = intake(&self.made);
        self.intake.restore(&facts);
        self.meter = Meter::restore(facts, 10);
        self.meter.count(&Stream::all(&self.made));
    }
}

/// What a replica scraped of the pods at an instant, in a request of its own or behind another's.
fn page(label: &str, replica: &str, pods: &[[u64; 2]], at_ms: i64) -> Vec<u8> {
    let names: Vec<String> = (0..pods.len()).map(|pod| format!("pod-{pod}")).collect();
    let mut all = Vec::new();
    for (pod, name) in pods.iter().zip(&names) {
        // A series of failures appears with the first.
        let codes = [("200", pod[0]), ("500", pod[1])];
        for (code, events) in codes.into_iter().filter(|one| one.0 == "200" || one.1 > 0) {
            let labels = vec![
                ("__name__", "http_requests_total"),
                ("code", code),
                ("instance", name.as_str()),
                ("job", "shop"),
                ("segment", "free"),
                (label, replica),
            ];
            all.push((labels, [(events as f64, at_ms)]));
        }
    }
    let all: Vec<_> = (all.iter())
        .map(|(labels, at)| (labels.as_slice(), at.as_slice()))
        .collect();
    attain_wire::remote_write::encode(&all)
}

/// An hour of two replicas that come and go, and of attain that is stopped now and then; all events, and those that count.
fn an_hour(rng: &mut Rng, label: &str, made: Catalogue) -> (u64, World) {
    let mut world = World::new(made);
    let mut pods = [[0_u64; 2]; PODS];
    let phases = [0, rng.i64(1..EVERY_MS)];
    let mut away = [0, 0].map(|_: i64| i64::MIN);
    let mut waiting = Vec::new();
    let end = NOW_MS + 60 * MINUTE_MS;
    let mut at = NOW_MS;
    while at < end + 5 * MINUTE_MS {
        for (replica, phase) in phases.into_iter().enumerate() {
            let scraped = at + phase;
            let name = ["a", "b"][replica];
            if at > NOW_MS && at < end {
                // Never both: then nothing is known of what a process counted before it was first seen.
                let other_is_there = away[1 - replica] < scraped;
                if away[replica] < scraped && other_is_there && rng.u8(0..40) == 0 {
                    away[replica] = scraped + rng.i64(1..10 * MINUTE_MS);
                }
                for pod in &mut pods {
                    pod[0] += rng.u64(0..20);
                    pod[1] += u64::from(rng.u8(0..20) == 0);
                }
            }
            if away[replica] < scraped {
                waiting.push(page(label, name, &pods, scraped));
            }
            // What is sent is behind now and then.
            if rng.u8(0..5) > 0 || at >= end {
                for body in waiting.drain(..) {
                    world.take(&body, scraped);
                }
            }
            if rng.u8(0..30) == 0 {
                world.close(Timestamp::from_millisecond(scraped - 2 * MINUTE_MS).unwrap());
                world.restart();
            }
        }
        at += EVERY_MS;
    }
    world.close(Timestamp::MAX);
    (pods.iter().flatten().sum(), world)
}

#[test]
fn what_two_replicas_send_counts_once_whoever_of_them_is_there() {
    let mut rng = Rng::with_seed(41);
    for round in 0..16 {
        let mut made = catalogue("request_seconds");
        let mut label = ["__replica__", "prometheus_replica"][round % 2];
        if round % 4 == 3 {
            label = "replica";
            for source in made.sources.values_mut() {
                source.labels.replica = Some("replica".to_owned());
            }
        }
        let (all, world) = an_hour(&mut rng, label, made);
        assert!(all > 10_000);
        assert_eq!((world.counted, world.unknown), (all, 0), "round {round}");
    }
}

#[test]
fn a_label_that_nobody_named_tells_two_things_apart() {
    let mut world = World::new(catalogue("request_seconds"));
    for (at, events) in [(0, 0), (15_000, 7)] {
        for replica in ["a", "b"] {
            let body = page("replica", replica, &[[events, 0]], NOW_MS + at);
            world.take(&body, NOW_MS + at);
        }
    }
    world.close(Timestamp::MAX);
    assert_eq!(world.counted, 14);
}

/// An indicator that selects one replica says itself which one counts.
#[test]
fn a_label_that_an_indicator_looks_at_is_no_replica_to_it() {
    let made = empty()
        .segment("free", &["free"])
        .source("live", SourceKind::RemoteWrite { token: None })
        .slo(
            "requests",
            metric(
                "http_requests_total",
                MetricKind::Counter,
                only(&[("prometheus_replica", "b")]),
                &[("code", "5xx")],
            ),
            &[],
        );
    let mut world = World::new(made);
    for (at, events) in [(0, 0), (15_000, 7)] {
        for replica in ["a", "b"] {
            let body = page("prometheus_replica", replica, &[[events, 0]], NOW_MS + at);
            world.take(&body, NOW_MS + at);
        }
    }
    world.close(Timestamp::MAX);
    assert_eq!(world.counted, 7);
}

/// Two pairs send to one source; who passes both on may put them into one request.
#[test]
fn each_pair_has_its_own_leader_and_requests_may_be_mixed() {
    let made = catalogue("request_seconds");
    let mut intake = intake(&made);
    let all = [of("eu", "1"), of("eu", "2"), of("us", "2"), of("us", "1")];
    let mut send = |series: &[usize], time_ms: i64| {
        let at = [(1.0, NOW_MS + time_ms)];
        let given: Vec<_> = (series.iter())
            .map(|one| (all[*one].as_slice(), &at[..]))
            .collect();
        let body = attain_wire::remote_write::encode(&given);
        let (batch, outcome) = intake.remote_write(&body, now()).unwrap();
        let slots: Vec<u32> = batch.samples.iter().map(|sample| sample.slot).collect();
        (slots, outcome.unmatched)
    };
    assert_eq!(send(&[0, 1], 0), (vec![0], 1));
    assert_eq!(send(&[2, 3], 0), (vec![1], 1));
    assert_eq!(send(&[3, 2, 1, 0], 15_000), (vec![1, 0], 2));
    // The first of one cluster falls silent; the other cluster's stays.
    assert_eq!(send(&[2], 75_000), (vec![1], 0));
    assert_eq!(send(&[1], 75_000), (vec![], 1));
    assert_eq!(send(&[1, 2, 3, 0], 75_001), (vec![0, 1], 2));
}

/// A series of a replica of a pair.
fn of<'l>(cluster: &'l str, replica: &'l str) -> [(&'l str, &'l str); 6] {
    [
        ("__name__", "http_requests_total"),
        ("__replica__", replica),
        ("cluster", cluster),
        ("code", "200"),
        ("job", "shop"),
        ("segment", "free"),
    ]
}

/// Who passes on what many send has one order, mostly, and something of its own in front.
#[test]
fn a_request_of_many_senders_is_of_all_of_them_whoever_stands_first() {
    let own = [("__name__", "agent_requests_total"), ("job", "agent")];
    let (eu, us) = (of("eu", "1"), of("us", "1"));
    let (eu_too, us_too) = (of("eu", "2"), of("us", "2"));
    let mut intake = intake(&catalogue("request_seconds"));
    let mut send = |series: &[&[(&str, &str)]], time_ms: i64| {
        let at = [(1.0, NOW_MS + time_ms)];
        let given: Vec<_> = series.iter().map(|labels| (*labels, &at[..])).collect();
        let body = attain_wire::remote_write::encode(&given);
        let arrived = Timestamp::from_millisecond(NOW_MS + time_ms).unwrap();
        let (batch, outcome) = intake.remote_write(&body, arrived).unwrap();
        let slots: Vec<u32> = batch.samples.iter().map(|sample| sample.slot).collect();
        (slots, outcome.unmatched)
    };
    // Nobody says who it is in the first series.
    assert_eq!(send(&[&own, &eu], 0), (vec![0], 1));
    for time_ms in (0..20).map(|round| round * 15_000) {
        let all: [&[_]; 5] = [&own, &eu_too, &us, &eu, &us_too];
        assert_eq!(send(&all, time_ms), (vec![1, 0], 3), "{time_ms}");
    }
    // One falls silent, and the other one goes on.
    let rest: [&[_]; 4] = [&own, &us_too, &eu_too, &eu];
    assert_eq!(send(&rest, 340_000), (vec![0], 3));
    assert_eq!(send(&rest, 350_000), (vec![1, 0], 2));
}

#[test]
fn a_time_that_is_refused_says_nothing_of_who_is_there() {
    let mut intake = intake(&catalogue("request_seconds"));
    let mut send = |replica: &str, time_ms: i64, arrived_ms: i64| {
        let (labels, at) = (of("eu", replica), [(1.0, NOW_MS + time_ms)]);
        let body = attain_wire::remote_write::encode(&[(&labels, &at)]);
        let arrived = Timestamp::from_millisecond(NOW_MS + arrived_ms).unwrap();
        let (batch, outcome) = intake.remote_write(&body, arrived).unwrap();
        (batch.samples.len(), outcome.refused)
    };
    const YEAR_MS: i64 = 365 * 86_400_000;
    assert_eq!(send("1", 0, 0), (1, 0));
    // A clock runs wild: it neither takes over nor stays for a year.
    assert_eq!(send("2", YEAR_MS, 0), (0, 1));
    assert_eq!(send("1", 15_000, 15_000), (1, 0));
    assert_eq!(send("1", YEAR_MS, 15_000), (0, 1));
    assert_eq!(send("2", 90_000, 90_000), (1, 0));
}

/// Who counted series with that label before it was known to be a replica's goes on with them.
#[test]
fn series_that_counted_with_the_label_go_on() {
    let mut made = catalogue("request_seconds");
    let mut world = World::new(made.clone());
    for (at, events) in [(0, 1_000), (15_000, 1_007)] {
        world.take(
            &page("replica", "a", &[[events, 0]], NOW_MS + at),
            NOW_MS + at,
        );
    }
    for source in made.sources.values_mut() {
        source.labels.replica = Some("replica".to_owned());
    }
    world.made = made;
    world.restart();
    for (at, events) in [(30_000, 1_009), (45_000, 1_012)] {
        for replica in ["a", "b"] {
            let body = page("replica", replica, &[[events, 0]], NOW_MS + at);
            world.take(&body, NOW_MS + at);
        }
    }
    world.close(Timestamp::MAX);
    assert_eq!((world.counted, world.unknown), (12, 1_000));
}

//! The monitor against `evaluate`, tick by tick: the same evaluation, with late counts, silence, pauses and a new start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use attain_engine::board::Layout;
use attain_engine::{Counts, Ledger, Monitor, Shelf, Shelved};
use attain_model::delivery::{Counted, Delivery};
use attain_model::facts::{Damage, StreamFacts};
use attain_model::policy::{AlertPolicy, Spends, Tier};
use attain_model::quantity::CalendarPeriod;
use attain_model::slo::Budgeting;
use attain_model::verdict::{AlertRule, AlertState, Verdict};
use attain_model::{
    Bucket, Catalogue, Evaluation, Interval, Multiple, PolicyId, Promises, SourceId, Stream,
    StreamKey, Tally, Threshold, Window,
};
use fastrand::Rng;
use jiff::tz::TimeZone;

use crate::build::*;

pub const SLICE: i64 = 10;
const WHO: [&str; 4] = ["premium", "standard", "free", "unknown"];

/// SLOs of a few hours: what the running sums carry, and what they do not.
pub fn promised(rng: &mut Rng) -> Catalogue {
    let hours = |rng: &mut Rng| Window::Rolling(Duration::from_secs(3600 + 10 * rng.u64(0..1500)));
    let target = |rng: &mut Rng| *rng.choice(&["90%", "99%", "99.9%", "97.123%"]).unwrap();
    let mut slos = Vec::new();
    let own = [
        ("premium", target(rng)),
        ("standard", target(rng)),
        ("free", "best effort"),
        ("all", target(rng)),
    ];
    slos.push(slo(
        "own",
        hours(rng),
        &[objective("availability", &[(None, &own)])],
    ));
    let pooled = [("premium", target(rng)), ("standard", target(rng))];
    let fast = [("premium", "99% < 200ms"), ("standard", "95% < 200ms")];
    let mut both = slo(
        "pooled",
        hours(rng),
        &[
            objective("availability", &[(None, &pooled)]),
            objective("speed", &[(None, &fast)]),
        ],
    );
    both.alerting = Some(PolicyId::from("own"));
    slos.push(both);
    let all = [("all", target(rng))];
    let term = [objective("availability", &[(None, &all)])];
    let paris = TimeZone::get("Europe/Paris").unwrap();
    slos.push(slo(
        "month",
        Window::Calendar(CalendarPeriod::Month, paris),
        &term,
    ));
    let mut slices = slo("slices", hours(rng), &term);
    slices.budgeting = Budgeting::Timeslices {
        slice: Duration::from_secs(60),
        good_at: share("90%"),
    };
    slos.push(slices);
    let mut edited = objective("availability", &[(None, &all)]);
    let soon = objective(
        "availability",
        &[(Some(jiff::civil::date(2026, 3, 2)), &[("all", "95%")])],
    );
    edited.terms.splice(0..0, soon.terms);
    slos.push(slo("edited", hours(rng), &[edited]));
    let mut retired = slo("retired", hours(rng), &term);
    retired.retired = Some(jiff::civil::date(2026, 3, 2));
    slos.push(retired);
    for slo in &mut slos {
        slo.indicator.buckets = vec![Threshold::from_nanoseconds(200_000_000)];
    }
    let mut catalogue = catalogue(&slos);
    let tier = |rng: &mut Rng, long: u64| Tier {
        long: Duration::from_secs(long * 60),
        short: Duration::from_secs(long * 5),
        spends: Spends::Burn(Multiple::from_millionths(rng.u64(1_000_000..9_000_000))),
    };
    let policy = AlertPolicy {
        id: PolicyId::from("own"),
        page: vec![tier(rng, 12), tier(rng, 60)],
        ticket: vec![tier(rng, 150)],
        ..AlertPolicy::workbook()
    };
    catalogue.alert_policies.insert(policy.id.clone(), policy);
    catalogue
}

/// Traffic that comes and goes, fails and recovers; some of it late.
pub struct World {
    rng: Rng,
    key: StreamKey,
    /// Events of a slice at most, and failures per thousand, of each segment.
    phase: [(u64, u64); 4],
    is_heard: bool,
    delivered: u64,
}

impl World {
    pub fn new(rng: Rng, key: StreamKey) -> Self {
        Self {
            rng,
            key,
            phase: [(40, 0), (2000, 2), (3, 0), (0, 0)],
            is_heard: true,
            delivered: 0,
        }
    }

    /// What is delivered when a slice is over: its counts, and now and then some of earlier and later ones.
    pub fn slice(&mut self, slice: i64) -> Delivery {
        let at = self.delivered;
        self.delivered += 1;
        let mut delivery = Delivery::new(SourceId::from("main"), "live", at..at + 1);
        let mut heard = Vec::new();
        if self.rng.u16(0..if self.is_heard { 1500 } else { 15 }) == 0 {
            self.is_heard = !self.is_heard;
        }
        if self.is_heard {
            heard.push(Interval {
                start: second(slice * SLICE),
                end: second((slice + 1) * SLICE),
            });
        }
        for (who, name) in WHO.iter().enumerate() {
            if self.rng.u8(0..60) == 0 {
                let traffic = *self.rng.choice(&[0, 3, 40, 2000, 2000]).unwrap();
                let failing = *self.rng.choice(&[0, 0, 0, 2, 30, 400]).unwrap();
                self.phase[who] = (traffic, failing);
            }
            if self.is_heard {
                self.count(&mut delivery, name, who, slice);
            }
            if self.rng.u16(0..400) == 0 {
                let other = slice + self.rng.i64(-300..4);
                self.count(&mut delivery, name, who, other);
            }
        }
        delivery.observed = Some(heard);
        delivery
    }

    fn count(&mut self, delivery: &mut Delivery, name: &str, who: usize, slice: i64) {
        let (traffic, failing) = self.phase[who];
        let total = self.rng.u64(0..=traffic);
        let bad = total * self.rng.u64(0..=failing) / 1000;
        let slow = (total - bad) * self.rng.u64(0..=failing) / 1000;
        let mut tally = Tally::default();
        for (code, bucket, events) in [
            ("200", 0, total - bad - slow),
            ("200", 1, slow),
            ("500", 0, bad),
        ] {
            tally.add(status(code), Bucket(bucket), events);
        }
        delivery.counted.push(Counted {
            stream: self.key.clone(),
            segment: segment(name),
            slice: second(slice * SLICE),
            tally,
            received: None,
        });
    }
}

/// Counts that were moved out, in pieces.
#[derive(Default)]
pub struct Memory(pub BTreeMap<StreamKey, StreamFacts>);

impl Shelf for Memory {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        (self.0.get(stream).cloned().unwrap_or_default(), Vec::new())
    }

    fn damage(&self) -> Vec<Damage> {
        Vec::new()
    }

    fn stream_within(&self, stream: &StreamKey, range: Interval) -> (StreamFacts, Vec<Damage>) {
        let (mut facts, damage) = self.stream(stream);
        let (start, end) = (range.start.as_second(), range.end.as_second());
        for column in &mut facts.columns {
            let is_in = |slice: i64| slice * SLICE < end && start < (slice + 1) * SLICE;
            column.on_time.retain(|(slice, _)| is_in(*slice));
            column.late.retain(|(slice, _, _)| is_in(*slice));
        }
        (facts, damage)
    }
}

pub fn whole(promises: &Promises, counts: &dyn Counts, slice: i64) -> Evaluation {
    attain_engine::evaluate(promises, counts, as_of(second(slice * SLICE)))
}

pub fn compare(is: &Evaluation, should: &Evaluation) {
    assert_eq!(is.as_of, should.as_of);
    let about = |verdict: &Verdict| format!("{} at {}", verdict.name, verdict.window.end);
    for (is, should) in is.verdicts.iter().zip(&should.verdicts) {
        assert_eq!(is, should, "{}", about(should));
    }
    assert_eq!(is.verdicts.len(), should.verdicts.len());
    assert_eq!(is.masked, should.masked, "{}", should.as_of.instant);
    assert_eq!(is.untagged, should.untagged, "{}", should.as_of.instant);
    assert_eq!(is.gaps, should.gaps, "{}", should.as_of.instant);
}

/// Ticks a monitor through a random past beside `evaluate`; how often each word was seen.
fn follow(rng: &mut Rng, seen: &mut BTreeMap<String, u32>) {
    let catalogue = promised(rng);
    let promises = Arc::new(Promises::of(catalogue.clone()));
    let streams = Stream::all(&catalogue);
    let mut ledger = Ledger::new(&streams, 10, None);
    let mut memory = Memory::default();
    let mut world = World::new(rng.fork(), streams[0].key.clone());
    // Late in the evening, so that a term begins and an SLO is retired on the way.
    let first = at("2026-03-01T21:00:00Z").as_second() / SLICE;
    let mut slice = first;
    for _ in 0..rng.i64(0..1200) {
        ledger.take(world.slice(slice));
        slice += 1;
    }
    drop(ledger.changes());
    let layout = Layout::new(rng.u32(20..400), rng.u32(5..70));
    let begun = |counts: &dyn Counts, slice: i64| {
        let until = second(slice * SLICE);
        Monitor::with_layout(Arc::clone(&promises), counts, until, layout)
            .with_rest_every(Duration::from_secs(1))
    };
    let mut monitor = begun(&Shelved::new(&ledger, &memory), slice);
    for tick in 0..450 {
        // A pause now and then: several slices at once.
        let slices = if rng.u8(0..30) == 0 {
            rng.i64(2..40)
        } else {
            1
        };
        for _ in 0..slices {
            ledger.take(world.slice(slice));
            slice += 1;
        }
        let changes = ledger.changes();
        if rng.u8(0..50) == 0 {
            for (stream, facts) in ledger.unload() {
                memory.0.entry(stream).or_default().merge(facts);
            }
        }
        let counts = Shelved::new(&ledger, &memory);
        let before = monitor.evaluation().verdicts.clone();
        let changed = monitor.push(changes, &counts, second(slice * SLICE));
        for verdict in &monitor.evaluation().verdicts {
            let old = before.iter().find(|old| old.name == verdict.name);
            let is_same = old.is_some_and(|old| {
                old.standing == verdict.standing && old.alerts == verdict.alerts
            });
            assert_eq!(
                !is_same,
                changed.contains(&verdict.name),
                "{}",
                verdict.name
            );
        }
        if tick % 10 == 0 || slices > 20 {
            let should = whole(&promises, &counts, slice);
            compare(monitor.evaluation(), &should);
            note(&should, &monitor, seen);
        }
        if tick % 300 == 299 {
            // A monitor that is made now is the one that ticked up to now.
            let again = begun(&counts, slice);
            assert_eq!(monitor.evaluation(), again.evaluation());
        }
    }
}

fn note(found: &Evaluation, monitor: &Monitor, seen: &mut BTreeMap<String, u32>) {
    let mut add = |word: String| *seen.entry(word).or_default() += 1;
    let rest: Vec<String> = monitor.rest().map(ToString::to_string).collect();
    for verdict in &found.verdicts {
        if rest.contains(&verdict.name.slo.to_string()) {
            continue;
        }
        add(verdict.standing.word().to_owned());
        for condition in &verdict.alerts {
            match condition.state {
                AlertState::Firing(_) if matches!(condition.rule, AlertRule::LowTraffic { .. }) => {
                    add("evidence".to_owned());
                }
                AlertState::Firing(_) => add("firing".to_owned()),
                other => add(format!("{other:?}")),
            }
        }
        if verdict.pooled && verdict.overspent_since.is_some() {
            add("pool overspent".to_owned());
        }
    }
    for masked in &found.masked {
        if !rest.contains(&masked.name.slo.to_string()) {
            add("masked".to_owned());
        }
    }
    for slo in rest {
        add(format!("rest {slo}"));
    }
}

#[test]
fn a_monitor_says_what_evaluate_says() {
    let mut rng = Rng::with_seed(10);
    let mut seen = BTreeMap::new();
    for _ in 0..6 {
        follow(&mut rng, &mut seen);
    }
    println!("{seen:?}");
    for word in [
        "met",
        "breached",
        "unknown",
        "firing",
        "Quiet",
        "masked",
        "pool overspent",
        "TooFewEvents",
        "evidence",
    ] {
        assert!(seen.contains_key(word), "no {word} was seen: {seen:?}");
    }
    // Now and then a test of few requests must be run anew.
    let all = seen["rest month"];
    for slo in ["rest own", "rest pooled"] {
        let rest = seen.get(slo).copied().unwrap_or(0);
        assert!(rest < all / 10, "{seen:?}");
    }
}

/// A log that is long already when a server begins to follow it.
#[test]
fn a_past_that_comes_after_the_monitor_was_made_counts() {
    for is_heard in [false, true] {
        let mut rng = Rng::with_seed(12);
        let promises = Arc::new(Promises::of(promised(&mut rng)));
        let streams = Stream::all(promises.catalogue());
        let mut ledger = Ledger::new(&streams, 10, None);
        let key = streams[0].key.clone();
        let end = at("2026-03-01T12:00:00Z").as_second() / SLICE;
        let start = |slice: i64| second(slice * SLICE);
        drop(ledger.changes());
        let mut monitor = Monitor::new(Arc::clone(&promises), &ledger, start(end));
        let mut world = World {
            rng: Rng::with_seed(13),
            key,
            phase: [(40, 30); 4],
            is_heard,
            delivered: 0,
        };
        let mut delivery = Delivery::new(SourceId::from("main"), "live", 0..1);
        for slice in end - 900..end - 100 {
            for (who, name) in WHO.iter().enumerate() {
                world.count(&mut delivery, name, who, slice);
            }
        }
        if is_heard {
            delivery.observed = Some(vec![Interval {
                start: start(end - 900),
                end: start(end - 100),
            }]);
        }
        ledger.take(delivery);
        monitor.push(ledger.changes(), &ledger, start(end + 1));
        let rest: Vec<&str> = monitor.rest().map(|slo| slo.as_str()).collect();
        assert_eq!(rest, ["month", "slices"]);
        let should = whole(&promises, &ledger, end + 1);
        let carried = |verdict: &&Verdict| !rest.contains(&verdict.name.slo.as_str());
        let is = monitor.evaluation().verdicts.iter().filter(carried);
        let should = should.verdicts.iter().filter(carried);
        assert!(is.eq(should), "heard: {is_heard}");
    }
}

/// A server that was just installed: whoever sends begins after the first slices.
#[test]
fn what_is_counted_first_is_judged_with_its_slice() {
    for is_heard in [false, true] {
        let promises = Arc::new(Promises::of(promised(&mut Rng::with_seed(12))));
        let streams = Stream::all(promises.catalogue());
        let mut ledger = Ledger::new(&streams, 10, None);
        let key = streams[0].key.clone();
        let end = at("2026-03-01T12:00:10Z").as_second() / SLICE;
        let start = |slice: i64| second(slice * SLICE);
        drop(ledger.changes());
        let mut monitor = Monitor::new(Arc::clone(&promises), &ledger, start(end));
        let mut world = World {
            rng: Rng::with_seed(13),
            key,
            phase: [(4, 900); 4],
            is_heard,
            delivered: 0,
        };
        // Counts of a slice come before it is closed, and with it.
        for (tick, counted) in [None, Some(3), Some(2), None, Some(4), None]
            .iter()
            .enumerate()
        {
            let end = end + tick as i64;
            if let Some(ahead) = counted {
                world.delivered += 1;
                let position = world.delivered..world.delivered + 1;
                let mut delivery = Delivery::new(SourceId::from("main"), "live", position);
                world.count(&mut delivery, "premium", 0, end + ahead);
                if is_heard {
                    let observed = Interval {
                        start: start(end),
                        end: start(end + ahead),
                    };
                    delivery.observed = Some(vec![observed]);
                }
                ledger.take(delivery);
            }
            monitor.push(ledger.changes(), &ledger, start(end + 1));
            let rest: Vec<&str> = monitor.rest().map(|slo| slo.as_str()).collect();
            let begun = whole(&promises, &ledger, end + 1);
            let own = |verdict: &&Verdict| verdict.name.slo.as_str() == "own";
            let is = monitor.evaluation().verdicts.iter().filter(own);
            let should = begun.verdicts.iter().filter(own);
            let totals = |verdict: &Verdict| verdict.attainment.total();
            assert!(
                is.map(totals).eq(should.map(totals)),
                "heard: {is_heard}, tick {tick}, rest {rest:?}"
            );
        }
    }
}

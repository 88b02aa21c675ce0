//! A ledger that is kept: unloaded at any moment, restored, filled in and damaged.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use attain_engine::{Counts, Heard, Ledger, Refusal, Shelf, Shelved, export};
use attain_model::delivery::{Delivery, Sample, Unparsed};
use attain_model::facts::{Damage, StreamFacts};
use attain_model::selector::Outcome;
use attain_model::slo::{Budgeting, NoTraffic};
use attain_model::verdict::Coverage;
use attain_model::{
    AsOf, Bucket, Catalogue, Evaluation, GapReason, Interval, Promises, SegmentNames, SourceId,
    Standing, Stream, StreamKey,
};
use fastrand::Rng;
use jiff::Timestamp;

use crate::build::*;
use crate::deliveries::{LATENESS, START, Told, catalogue_, empty};
use crate::oracle::History;

const SEED: u64 = 4_711;

/// What was unloaded, in the pieces in which it was.
#[derive(Default)]
struct Memory {
    pieces: BTreeMap<StreamKey, Vec<StreamFacts>>,
    damage: Vec<Damage>,
    /// How often a stream was asked for.
    asked: RefCell<BTreeMap<StreamKey, usize>>,
}

impl Memory {
    fn keep(&mut self, unloaded: BTreeMap<StreamKey, StreamFacts>) {
        for (stream, facts) in unloaded {
            self.pieces.entry(stream).or_default().push(facts);
        }
    }
}

impl Shelf for Memory {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        *self.asked.borrow_mut().entry(stream.clone()).or_default() += 1;
        let mut all = StreamFacts::default();
        // The last piece first: nothing is said about their order.
        for facts in self.pieces.get(stream).into_iter().flatten().rev() {
            all.merge(facts.clone());
        }
        (all, Vec::new())
    }

    fn damage(&self) -> Vec<Damage> {
        self.damage.clone()
    }
}

/// Takes deliveries in turn, and now and then unloads, or dies and goes on with what was written down.
fn keep(
    rng: &mut Rng,
    streams: &[Stream],
    lateness: Option<Duration>,
    deliveries: &[Delivery],
) -> (Ledger, Memory) {
    let mut ledger = Ledger::new(streams, 60, lateness);
    let mut memory = Memory::default();
    for delivery in deliveries {
        assert_eq!(ledger.take(delivery.clone()).refused, None);
        if rng.u8(0..4) == 0 {
            memory.keep(ledger.unload());
        }
        if rng.u8(0..8) == 0 {
            memory.keep(ledger.unload());
            let state = ledger.state();
            ledger = Ledger::restore(state.clone(), lateness);
            assert_eq!(ledger.state(), state);
            ledger.count(streams);
            assert_eq!(ledger.state(), state);
        }
        if rng.u8(0..8) == 0 {
            ledger.take(rng.choice(deliveries).unwrap().clone());
        }
    }
    (ledger, memory)
}

/// What is in memory and on the shelf, as text.
fn exported(ledger: &Ledger, memory: &Memory) -> String {
    let mut facts = ledger.facts();
    for stream in memory.pieces.keys() {
        let unloaded = memory.stream(stream).0;
        facts
            .streams
            .entry(stream.clone())
            .or_default()
            .merge(unloaded);
    }
    export(facts)
}

fn judged(catalogue: &Catalogue, counts: &dyn Counts, as_of: AsOf) -> Evaluation {
    attain_engine::evaluate(&Promises::of(catalogue.clone()), counts, as_of)
}

#[test]
fn a_ledger_that_was_unloaded_judges_like_one_that_was_not() {
    let count = if std::env::var_os("ATTAIN_SOAK").is_some() {
        2_000
    } else {
        40
    };
    let mut rng = Rng::with_seed(SEED);
    for _ in 0..count {
        let history = History::random(&mut rng);
        let streams = Stream::all(&history.catalogue);
        let mut whole = Ledger::new(&streams, 60, None);
        for delivery in &history.deliveries {
            whole.take(delivery.clone());
        }
        let (ledger, memory) = keep(&mut rng, &streams, None, &history.deliveries);
        assert_eq!(exported(&ledger, &memory), whole.export(), "seed {SEED}");
        let shelved = Shelved::new(&ledger, &memory);
        for (instant, known) in history.queries.iter().take(12) {
            let as_of = AsOf {
                instant: *instant,
                known_until: known.unwrap_or(Timestamp::MAX),
            };
            assert_eq!(
                judged(&history.catalogue, &shelved, as_of),
                judged(&history.catalogue, &whole, as_of),
                "seed {SEED}"
            );
        }
        assert!(memory.asked.borrow().len() <= streams.len());
    }
    println!("soak: {count} of {count}, seed {SEED}");
}

#[test]
fn late_rows_and_readings_are_kept_too_in_any_order() {
    let mut rng = Rng::with_seed(SEED + 1);
    let catalogue = catalogue_();
    let streams = Stream::all(&catalogue);
    for _ in 0..100 {
        let told = Told::random(&mut rng, &catalogue);
        let mut whole = empty(&catalogue);
        for delivery in told.pieces(&mut rng) {
            whole.take(delivery);
        }
        let pieces = told.pieces(&mut rng);
        let (ledger, memory) = keep(&mut rng, &streams, Some(LATENESS), &pieces);
        assert_eq!(exported(&ledger, &memory), whole.export());
        memory.asked.borrow_mut().clear();
        let shelved = Shelved::new(&ledger, &memory);
        for minutes in [10, 30, 50, 70] {
            let instant = second(START + minutes * 60);
            for known_until in [instant, Timestamp::MAX] {
                let as_of = AsOf {
                    instant,
                    known_until,
                };
                assert_eq!(
                    judged(&catalogue, &shelved, as_of),
                    judged(&catalogue, &whole, as_of)
                );
            }
        }
        assert_eq!(memory.asked.borrow().values().max(), Some(&1));
    }
}

/// Two streams of one source: everything, and the requests of one path.
fn two() -> (Catalogue, StreamKey, StreamKey) {
    let objective = objective("availability", &[(None, &[("all", "99.9%")])]);
    let first = slo("api", rolling(30), std::slice::from_ref(&objective));
    let mut second = slo("pay", rolling(30), &[objective]);
    if let attain_model::indicator::Counting::Metric { metric, .. } = &mut second.indicator.counting
    {
        *metric = "pay_seconds".to_owned();
    }
    let catalogue = catalogue(&[first, second]);
    let key = |name: &str| {
        let slo = &catalogue.slos[&attain_model::SloId::from(name)];
        Stream::key_of(&catalogue, slo)
    };
    let (api, pay) = (key("api"), key("pay"));
    (catalogue, api, pay)
}

fn only(catalogue: &Catalogue, key: &StreamKey) -> Vec<Stream> {
    let mut streams = Stream::all(catalogue);
    streams.retain(|stream| stream.key == *key);
    streams
}

/// One row a minute for each of these streams: the minutes are the positions.
fn file(keys: &[&StreamKey], minutes: std::ops::Range<u64>) -> Delivery {
    let mut delivery = Delivery::new(SourceId::from("main"), "access.log", minutes.clone());
    for key in keys {
        for minute in minutes.clone() {
            let mut tally = attain_model::Tally::default();
            tally.add(status("200"), Bucket(0), 5);
            delivery.counted.push(attain_model::delivery::Counted {
                stream: (*key).clone(),
                segment: segment("free"),
                slice: second(START + minute as i64 * 60),
                tally,
                received: None,
            });
        }
    }
    delivery.observed = Some(vec![Interval {
        start: second(START + minutes.start as i64 * 60),
        end: second(START + minutes.end as i64 * 60),
    }]);
    delivery
}

fn named(keys: &[&StreamKey]) -> Option<Arc<BTreeSet<StreamKey>>> {
    Some(Arc::new(keys.iter().map(|key| (*key).clone()).collect()))
}

#[test]
fn a_new_stream_is_filled_in_by_the_old_files_and_nobody_counts_twice() {
    let (catalogue, api, pay) = two();
    let main = SourceId::from("main");
    let bad_line = Unparsed {
        place: "access.log:3".to_owned(),
        why: "no time".to_owned(),
    };
    let piece = |keys: &[&StreamKey], minutes| Delivery {
        unparsed: vec![bad_line.clone()],
        ..file(keys, minutes)
    };
    // From the beginning.
    let mut whole = Ledger::new(&Stream::all(&catalogue), 60, None);
    for start in [0, 100, 200] {
        let taken = whole.take(piece(&[&api, &pay], start..start + 100));
        assert_eq!(taken.counted, 1000);
    }
    // The second stream is asked for later.
    let mut ledger = Ledger::new(&only(&catalogue, &api), 60, None);
    assert_eq!(ledger.take(piece(&[&api], 0..100)).counted, 500);
    assert_eq!(ledger.take(piece(&[&api], 100..200)).counted, 500);
    let now = second(START + 300 * 60);
    let gaps = |ledger: &Ledger| -> Vec<(String, GapReason)> {
        let found = evaluate(&catalogue, ledger, now).gaps.into_iter();
        found.map(|gap| (gap.about, gap.why)).collect()
    };
    let not_counted = ("pay".to_owned(), GapReason::NotCounted);
    assert!(gaps(&ledger).contains(&not_counted), "nobody asked for it");
    ledger.count(&Stream::all(&catalogue));
    assert!(gaps(&ledger).contains(&not_counted), "nor was it read");
    // What comes new counts for both, and the old one did not hear more than it did.
    assert_eq!(ledger.take(piece(&[&api, &pay], 200..300)).counted, 1000);
    assert!(!gaps(&ledger).contains(&not_counted));
    let found = evaluate(&catalogue, &ledger, now);
    let since = found.gaps.iter().find(|gap| gap.about == "pay").unwrap();
    assert_eq!(since.why, GapReason::NotYet);
    assert_eq!(since.interval.unwrap().end, second(START + 200 * 60));
    let window = Duration::from_secs(30 * DAY).as_secs() / 60;
    let share = |minutes: u64| Coverage::Share(share_of(minutes, window));
    assert_eq!(verdict(&found, "pay/availability/all").coverage, share(100));
    assert_eq!(verdict(&found, "api/availability/all").coverage, share(300));
    // The reader is told what is missing for whom, and delivers just that.
    let wanted = ledger.wanted(&main, "access.log", 0..300);
    assert_eq!(wanted.len(), 1);
    assert_eq!(
        (wanted[0].range.clone(), wanted[0].streams.len()),
        (0..200, 1)
    );
    let rest = Delivery {
        streams: Some(Arc::new(wanted[0].streams.clone())),
        ..piece(&[&api, &pay], 0..200)
    };
    let taken = ledger.take(rest.clone());
    assert_eq!((taken.counted, taken.no_stream), (1000, 1000));
    assert!(ledger.wanted(&main, "access.log", 0..300).is_empty());
    // All of it again: known, and no line is unreadable twice.
    let again = ledger.take(piece(&[&api, &pay], 0..200));
    assert_eq!((again.counted, again.already), (0, 2000));
    assert_eq!(ledger.take(rest).already, 1000);
    let unparsed = ("source main".to_owned(), GapReason::Unparsed(3));
    assert!(gaps(&ledger).contains(&unparsed));
    assert_eq!(
        evaluate(&catalogue, &ledger, now),
        evaluate(&catalogue, &whole, now)
    );
}

fn share_of(part: u64, of: u64) -> attain_model::Share {
    attain_model::Share::from_ppb(u32::try_from(part * 1_000_000_000 / of).unwrap()).unwrap()
}

#[test]
fn an_overlap_is_refused_stream_by_stream() {
    let (catalogue, api, pay) = two();
    let mut ledger = Ledger::new(&Stream::all(&catalogue), 60, None);
    let of_api = Delivery {
        streams: named(&[&api]),
        ..file(&[&api], 0..10)
    };
    assert_eq!(ledger.take(of_api).counted, 50);
    // Of the other nothing was taken.
    let of_pay = Delivery {
        streams: named(&[&pay]),
        ..file(&[&pay], 5..15)
    };
    assert_eq!(ledger.take(of_pay).counted, 50);
    let both = ledger.take(file(&[&api, &pay], 0..10));
    assert_eq!((both.counted, both.already), (0, 0));
    assert_eq!(
        both.refused,
        Some(Refusal::Overlap {
            origin: "access.log".to_owned(),
            range: 0..10,
            taken: 5..10,
        })
    );
    let main = SourceId::from("main");
    let wanted = ledger.wanted(&main, "access.log", 0..20);
    let found: Vec<_> = wanted
        .iter()
        .map(|w| (w.range.clone(), w.streams.len()))
        .collect();
    assert_eq!(found, [(0..5, 1), (10..15, 1), (15..20, 2)]);
    for piece in wanted {
        let taken = ledger.take(Delivery {
            streams: Some(Arc::new(piece.streams.clone())),
            ..file(&piece.streams.iter().collect::<Vec<_>>(), piece.range)
        });
        assert_eq!(taken.refused, None);
    }
    let mut whole = Ledger::new(&Stream::all(&catalogue), 60, None);
    whole.take(file(&[&api, &pay], 0..20));
    let counts = |ledger: &Ledger| ledger.facts().streams;
    assert_eq!(counts(&ledger), counts(&whole));
    assert_eq!(
        ledger.taken(&main, "access.log"),
        whole.taken(&main, "access.log")
    );
}

#[test]
fn a_stream_that_nobody_asks_for_any_more_keeps_what_it_has() {
    let (catalogue, api, pay) = two();
    let mut ledger = Ledger::new(&Stream::all(&catalogue), 60, None);
    ledger.take(file(&[&api, &pay], 0..100));
    ledger.count(&only(&catalogue, &api));
    let taken = ledger.take(file(&[&api, &pay], 100..200));
    assert_eq!((taken.counted, taken.no_stream), (500, 500));
    ledger.count(&Stream::all(&catalogue));
    ledger.take(file(&[&api, &pay], 200..300));
    let found = evaluate(&catalogue, &ledger, second(START + 300 * 60));
    let total = |name| verdict(&found, name).attainment.total();
    assert_eq!(total("api/availability/all"), 1500);
    assert_eq!(total("pay/availability/all"), 1000);
    let Heard::Slices(heard) = ledger.heard(&pay) else {
        panic!("it says when it was heard");
    };
    let first = START.div_euclid(60);
    assert_eq!(
        heard.ranges(),
        [first..first + 100, first + 200..first + 300]
    );
}

#[test]
fn a_counter_that_is_first_counted_late_was_not_born_then() {
    let (catalogue, api, pay) = two();
    let scrape = |keys: &[&StreamKey], minute: i64| {
        let mut delivery = Delivery::new(SourceId::from("main"), "scrape", 0..0);
        delivery.samples = (keys.iter())
            .map(|key| sample(key, "a", START + minute * 60, 1_000_000 + minute as u64))
            .collect();
        delivery
    };
    let mut ledger = Ledger::new(&only(&catalogue, &api), 60, None);
    for minute in 0..10 {
        ledger.take(scrape(&[&api], minute));
    }
    ledger.count(&Stream::all(&catalogue));
    for minute in 10..20 {
        ledger.take(scrape(&[&api, &pay], minute));
    }
    // One that appears while its stream is counted is.
    let mut born = Delivery::new(SourceId::from("main"), "scrape", 0..0);
    born.samples = vec![sample(&pay, "b", START + 20 * 60, 7)];
    ledger.take(born);
    let found = evaluate(&catalogue, &ledger, second(START + 30 * 60));
    let total = |name| verdict(&found, name).attainment.total();
    assert_eq!(total("api/availability/all"), 19);
    assert_eq!(total("pay/availability/all"), 9 + 7);
    let births = found
        .gaps
        .iter()
        .filter(|gap| gap.about == "pay/availability/all");
    let births: Vec<_> = births.map(|gap| gap.why.clone()).collect();
    assert_eq!(births, [GapReason::UnknownBirth(1_000_010)]);
}

/// An SLO of latency under a threshold, of counted requests.
fn timed(under: &str) -> Catalogue {
    let goal = format!("99% < {under}");
    let objective = objective("speed", &[(None, &[("all", &goal)])]);
    catalogue(&[slo("api", rolling(30), &[objective])])
}

#[test]
fn counts_are_judged_as_they_were_cut_whatever_is_asked_for_now() {
    let (before, after) = (timed("200ms"), timed("300ms"));
    let key = Stream::all(&before)[0].key.clone();
    assert_eq!(
        Stream::all(&after)[0].key,
        key,
        "a threshold is no identity"
    );
    // Bucket 0 is under the edge, 1 is the rest.
    let row = |minute: i64, bucket: u16| {
        let mut rows = Rows::of(&before);
        let time = second(START + minute * 60);
        rows.timed(time, "free", &[("200", bucket, 10)]);
        let position = minute as u64 * 2 + u64::from(bucket);
        rows.delivery.range = position..position + 1;
        rows.delivery
    };
    let mut memory = Memory::default();
    let mut hot = Ledger::new(&Stream::all(&before), 60, None);
    hot.take(row(0, 0));
    hot.take(row(0, 1));
    let mut unloaded = hot.clone();
    memory.keep(unloaded.unload());
    let mut restored = Ledger::restore(unloaded.state(), None);
    for ledger in [&mut hot, &mut restored] {
        ledger.count(&Stream::all(&after));
        ledger.take(row(1, 0));
        ledger.take(row(1, 1));
    }
    let as_of = as_of(second(START + 600));
    let shelved = Shelved::new(&restored, &memory);
    let (one, other) = (judged(&after, &hot, as_of), judged(&after, &shelved, as_of));
    assert_eq!(one, other);
    // Under 200 ms is under 300 ms; what took longer was not told apart at 300 ms.
    let speed = verdict(&one, "api/speed/all");
    assert_eq!((speed.attainment.good, speed.attainment.bad), (20, 20));
    assert_eq!(speed.uncertain, 10);
    let gap = one.gaps.iter().find(|gap| gap.about == "api/speed/all");
    assert_eq!(gap.unwrap().why, GapReason::BetweenBuckets(10));
    // The old promise reads the old counts as ever.
    let old = judged(&before, &shelved, as_of);
    let speed = verdict(&old, "api/speed/all");
    assert_eq!((speed.attainment.good, speed.attainment.bad), (10, 30));
    let read = shelved.read(
        &key,
        &indicator(),
        &SegmentNames::default(),
        i64::MIN..i64::MAX,
        Timestamp::MAX,
    );
    assert_eq!((read.layouts.len(), read.columns.len()), (2, 4));
    let again = row(0, 0);
    assert_eq!(restored.take(again).already, 10);
}

#[test]
fn samples_that_are_cut_otherwise_begin_anew_without_a_birth() {
    let (before, after) = (timed("200ms"), timed("300ms"));
    let key = Stream::all(&before)[0].key.clone();
    let scrape = |minute: i64| {
        let mut delivery = Delivery::new(SourceId::from("main"), "scrape", 0..0);
        delivery.samples.push(Sample {
            bucket: Bucket(0),
            ..sample(&key, "a", START + minute * 60, 1_000_000 + minute as u64)
        });
        delivery
    };
    let mut ledger = Ledger::new(&Stream::all(&before), 60, None);
    for minute in 0..20 {
        if minute == 10 {
            ledger.count(&Stream::all(&after));
        }
        ledger.take(scrape(minute));
    }
    let found = evaluate(&after, &ledger, second(START + 1200));
    let speed = verdict(&found, "api/speed/all");
    assert_eq!(speed.attainment.total(), 9 + 9);
    let births = found.gaps.iter().map(|gap| gap.why.clone());
    let births: Vec<_> = births
        .filter(|why| matches!(why, GapReason::UnknownBirth(_)))
        .collect();
    assert_eq!(births, [GapReason::UnknownBirth(1_000_000 + 1_000_010)]);
}

#[test]
fn damage_is_named_and_was_not_heard() {
    let (mut catalogue, api, pay) = two();
    for slo in catalogue.slos.values_mut() {
        slo.window = rolling(1);
        slo.coverage = share("90%");
    }
    let day: i64 = 1440;
    let now = second(START + day * 60);
    let damaged = Interval {
        start: second(START + 600 * 60),
        end: second(START + 900 * 60 + 30),
    };
    let mut delivery = file(&[&api, &pay], 0..day as u64);
    let lost = |row: &attain_model::delivery::Counted| damaged.contains(row.slice);
    delivery
        .counted
        .retain(|row| row.stream == api || !lost(row));
    let observed = delivery.observed.clone();
    for is_known in [true, false] {
        delivery.observed = observed.clone().filter(|_| is_known);
        let mut ledger = Ledger::new(&Stream::all(&catalogue), 60, None);
        ledger.take(delivery.clone());
        let mut memory = Memory::default();
        memory.keep(ledger.unload());
        let clean = judged(&catalogue, &Shelved::new(&ledger, &memory), as_of(now));
        let coverage = match is_known {
            true => Coverage::Share(share("100%")),
            false => Coverage::NotKnown,
        };
        assert_eq!(verdict(&clean, "pay/availability/all").coverage, coverage);
        memory.damage.push(Damage {
            stream: Some(pay.clone()),
            interval: Some(damaged),
            why: "page 7 fails its checksum".to_owned(),
        });
        let found = judged(&catalogue, &Shelved::new(&ledger, &memory), as_of(now));
        let (api, pay) = (
            verdict(&found, "api/availability/all"),
            verdict(&found, "pay/availability/all"),
        );
        assert_eq!(api, verdict(&clean, "api/availability/all"));
        let heard = Coverage::Share(share_of(1440 - 301, 1440));
        assert_eq!((pay.coverage, pay.standing), (heard, Standing::Unknown));
        let new: Vec<_> = found
            .gaps
            .iter()
            .filter(|g| !clean.gaps.contains(g))
            .collect();
        assert_eq!(new.len(), 1);
        assert_eq!(
            (new[0].about.as_str(), new[0].interval),
            ("pay", Some(damaged))
        );
        assert_eq!(new[0].why, memory.damage[0].gap());
        // Outside the window it concerns nobody; with no time it may be anywhere.
        memory.damage[0].interval = Some(Interval {
            start: second(START - 3 * 86_400),
            end: second(START - 2 * 86_400),
        });
        let found = judged(&catalogue, &Shelved::new(&ledger, &memory), as_of(now));
        assert_eq!(found.gaps, clean.gaps);
        memory.damage[0].interval = None;
        memory.damage[0].stream = None;
        let found = judged(&catalogue, &Shelved::new(&ledger, &memory), as_of(now));
        for verdict in &found.verdicts {
            assert_eq!(verdict.coverage, Coverage::Share(share("0%")));
            assert_eq!(verdict.standing, Standing::Unknown);
        }
    }
}

#[test]
fn a_lost_time_slice_is_not_a_quiet_one() {
    let (mut catalogue, _, pay) = two();
    for slo in catalogue.slos.values_mut() {
        slo.window = rolling(1);
        slo.no_traffic = NoTraffic::Good;
        slo.budgeting = Budgeting::RatioTimeslices {
            slice: Duration::from_secs(300),
        };
    }
    let start = START - START % 300;
    let mut delivery = file(&[&pay], 0..1440);
    delivery.observed = None;
    let lost = Interval {
        start: second(start + 6_000),
        end: second(start + 9_000),
    };
    delivery.counted.retain(|row| !lost.contains(row.slice));
    let mut ledger = Ledger::new(&Stream::all(&catalogue), 60, None);
    ledger.take(delivery);
    let mut memory = Memory::default();
    let now = as_of(second(start + 86_400));
    let total = |memory: &Memory| {
        let found = judged(&catalogue, &Shelved::new(&ledger, memory), now);
        verdict(&found, "pay/availability/all").attainment.total() / attain_engine::RATIO_UNITS
    };
    let quiet = total(&memory);
    memory.damage.push(Damage {
        stream: None,
        interval: Some(lost),
        why: "torn".to_owned(),
    });
    assert_eq!(total(&memory), quiet - 10);
}

#[test]
fn readings_that_two_slos_judge_otherwise_are_read_from_the_shelf_once() {
    use attain_model::delivery::Reading;
    use attain_model::quantity::Measure;
    use attain_model::selector::{Comparison, Condition};
    let objective = objective("up", &[(None, &[("all", "99%")])]);
    let mut slos = [
        slo("one", rolling(1), std::slice::from_ref(&objective)),
        slo("two", rolling(1), &[objective]),
    ];
    for (slo, at_most) in slos.iter_mut().zip([5, 50]) {
        if let attain_model::indicator::Counting::Metric { outcome, .. } =
            &mut slo.indicator.counting
        {
            *outcome = Outcome::GoodIf(Condition {
                comparison: Comparison::AtMost,
                value: Measure(at_most),
            });
        }
    }
    let catalogue = catalogue(&slos);
    let streams = Stream::all(&catalogue);
    let mut ledger = Ledger::new(&streams, 60, None);
    let mut memory = Memory::default();
    for minute in 0..60 {
        let mut delivery = Delivery::new(SourceId::from("main"), "gauge", 0..0);
        delivery.readings.push(Reading {
            stream: streams[0].key.clone(),
            segment: segment("free"),
            series: "depth".to_owned(),
            time: second(START + minute * 60),
            value: Measure(i128::from(minute)),
            received: None,
        });
        ledger.take(delivery);
        memory.keep(ledger.unload());
    }
    let shelved = Shelved::new(&ledger, &memory);
    let found = judged(&catalogue, &shelved, as_of(second(START + 3600)));
    let bad = |name| verdict(&found, name).attainment.bad;
    assert_eq!((bad("one/up/all"), bad("two/up/all")), (54, 9));
    assert_eq!(memory.asked.borrow()[&streams[0].key], 1);
}

//! A segment or a source that is called otherwise from some moment on: nothing that was counted before is lost.
//!
//! The catalogue of these histories calls it `premium` all along; what was delivered earlier says `gold` or `silver`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use attain_engine::board::Layout;
use attain_engine::{Counts, Ledger, Meter, Monitor, Shelf, Shelved, detail, evaluate};
use attain_model::delivery::{Counted, Delivery};
use attain_model::facts::{Damage, StreamFacts};
use attain_model::indicator::{Counting, MetricKind, Part, Selection};
use attain_model::live::{
    CountsFor, LiveBatch, LiveRole, LiveSample, LiveSeries, LiveValue, SeriesId,
};
use attain_model::selector::Selector;
use attain_model::{
    AsOf, Catalogue, CountedSegment, Promises, SegmentId, SegmentNames, SeriesName, SourceId,
    SourceNames, Stream, StreamKey,
};
use fastrand::Rng;
use jiff::Timestamp;

use crate::build::*;
use crate::monitor::{Memory, SLICE, World, compare, promised, whole};
use crate::oracle::History;

const EARLIER: [&str; 2] = ["silver", "gold"];

/// The same delivery when the segment had another name.
fn called(mut delivery: Delivery, name: &str) -> Delivery {
    let call = |segment: &mut CountedSegment| {
        if *segment == crate::build::segment("premium") {
            *segment = CountedSegment::Known(SegmentId::from(name));
        }
    };
    delivery
        .counted
        .iter_mut()
        .for_each(|c| call(&mut c.segment));
    delivery
        .samples
        .iter_mut()
        .for_each(|s| call(&mut s.segment));
    delivery
        .readings
        .iter_mut()
        .for_each(|r| call(&mut r.segment));
    delivery
}

/// The catalogue after the last renaming.
fn after(mut catalogue: Catalogue) -> Catalogue {
    let premium = catalogue.segments.get_mut("premium").unwrap();
    premium.meta.formerly = EARLIER.map(str::to_owned).to_vec();
    catalogue
}

/// Deliveries of which the first say an earlier name: two renamings, at any moment.
fn renamed(rng: &mut Rng, deliveries: &[Delivery]) -> Vec<Delivery> {
    let second = rng.usize(0..=deliveries.len());
    let first = rng.usize(0..=second);
    let name = |at: usize| match at {
        at if at < first => EARLIER[0],
        at if at < second => EARLIER[1],
        _ => "premium",
    };
    let each = deliveries.iter().enumerate();
    each.map(|(at, delivery)| called(delivery.clone(), name(at)))
        .collect()
}

#[test]
fn a_history_with_renamings_is_judged_like_one_without() {
    let is_soak = std::env::var_os("ATTAIN_SOAK").is_some();
    let (seed, count) = (1_123, if is_soak { 2_000 } else { 15 });
    let mut rng = Rng::with_seed(seed);
    let mut differ = 0;
    for _ in 0..count {
        let history = History::random(&mut rng);
        let catalogue = after(history.catalogue.clone());
        let streams = Stream::all(&catalogue);
        let mut plain = Ledger::new(&streams, 60, None);
        let mut ledger = Ledger::new(&streams, 60, None);
        let mut shelf = One::default();
        let told = renamed(&mut rng, &history.deliveries);
        for (one, other) in history.deliveries.iter().zip(&told) {
            plain.take(one.clone());
            ledger.take(other.clone());
            if rng.u8(0..4) == 0 {
                for (stream, facts) in ledger.unload() {
                    shelf.0.entry(stream).or_default().merge(facts);
                }
            }
        }
        let counts = Shelved::new(&ledger, &shelf);
        let (before, after) = (
            Promises::of(history.catalogue.clone()),
            Promises::of(catalogue),
        );
        for (instant, known) in history.queries.iter().take(12) {
            let as_of = AsOf {
                instant: *instant,
                known_until: known.unwrap_or(Timestamp::MAX),
            };
            let should = evaluate(&after, &plain, as_of);
            compare(&evaluate(&after, &counts, as_of), &should);
            let names: Vec<SeriesName> = should.verdicts.iter().map(|v| v.name.clone()).collect();
            assert_eq!(
                detail(&after, &counts, &names, as_of),
                detail(&after, &plain, &names, as_of),
                "seed {seed}"
            );
            // Who is not told of the earlier names does not see them: that they are followed is what is tested here.
            differ += usize::from(evaluate(&before, &counts, as_of) != should);
        }
    }
    assert!(differ > count, "{differ}");
    println!("soak: {count} of {count}, seed {seed}");
}

/// A catalogue comes into force while counts of the one before it are still on their way.
#[test]
fn a_monitor_goes_on_across_a_renaming() {
    let mut rng = Rng::with_seed(31);
    for _ in 0..2 {
        let catalogue = after(promised(&mut rng));
        let streams = Stream::all(&catalogue);
        let promises = Arc::new(Promises::of(catalogue));
        let mut plain = Ledger::new(&streams, 10, None);
        let mut ledger = Ledger::new(&streams, 10, None);
        let mut memory = Memory::default();
        let mut world = World::new(rng.fork(), streams[0].key.clone());
        let mut slice = at("2026-03-01T18:00:00Z").as_second() / SLICE;
        for tick in 0..1000 {
            let delivery = world.slice(slice);
            slice += 1;
            plain.take(delivery.clone());
            ledger.take(called(delivery, EARLIER[usize::from(tick > 300)]));
        }
        drop(ledger.changes());
        let layout = Layout::new(rng.u32(20..400), rng.u32(5..70));
        let shelved = Shelved::new(&ledger, &memory);
        let until = second(slice * SLICE);
        let mut monitor = Monitor::with_layout(Arc::clone(&promises), &shelved, until, layout)
            .with_rest_every(Duration::from_secs(1));
        compare(monitor.evaluation(), &whole(&promises, &plain, slice));
        for tick in 0..300 {
            let delivery = world.slice(slice);
            slice += 1;
            plain.take(delivery.clone());
            let is_old = tick < 3 || rng.u8(0..10) == 0;
            let name = if is_old { "gold" } else { "premium" };
            ledger.take(called(delivery, name));
            let changes = ledger.changes();
            if rng.u8(0..50) == 0 {
                for (stream, facts) in ledger.unload() {
                    memory.0.entry(stream).or_default().merge(facts);
                }
            }
            let counts = Shelved::new(&ledger, &memory);
            monitor.push(changes, &counts, second(slice * SLICE));
            if tick % 10 == 0 {
                compare(monitor.evaluation(), &whole(&promises, &plain, slice));
            }
        }
    }
}

/// Gives back all that it holds of a stream.
#[derive(Default)]
struct One(BTreeMap<StreamKey, StreamFacts>);

impl Shelf for One {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        (self.0.get(stream).cloned().unwrap_or_default(), Vec::new())
    }

    fn damage(&self) -> Vec<Damage> {
        Vec::new()
    }
}

#[test]
fn whoever_goes_back_to_the_old_catalogue_finds_what_was_there() {
    let mut rng = Rng::with_seed(5);
    let today = promised(&mut rng);
    let streams = Stream::all(&today);
    let mut ledger = Ledger::new(&streams, 10, None);
    let mut world = World::new(rng.fork(), streams[0].key.clone());
    let first = at("2026-03-01T18:00:00Z").as_second() / SLICE;
    for slice in first..first + 200 {
        ledger.take(world.slice(slice));
    }
    // Afterwards `premium` is called `standard`, and there is no `premium` any more.
    let mut later = today.clone();
    later.segments.remove("premium");
    let standard = later.segments.get_mut("standard").unwrap();
    standard.meta.formerly = vec!["premium".to_owned()];
    let shelf = One(ledger.unload());
    let counts = Shelved::new(&ledger, &shelf);
    let judged = |catalogue: &Catalogue, counts: &dyn Counts| {
        whole(&Promises::of(catalogue.clone()), counts, first + 200)
    };
    let events = |catalogue: &Catalogue, scope: &str| {
        let found = judged(catalogue, &counts).verdicts.into_iter();
        let mut own = found.filter(|v| v.name.to_string() == format!("own/availability/{scope}"));
        own.next().unwrap().attainment.total()
    };
    let (premium, standard) = (events(&today, "premium"), events(&today, "standard"));
    assert!(premium > 0 && standard > 0);
    assert_eq!(events(&later, "standard"), premium + standard);
    // In turn, of the same counts in memory.
    assert_eq!(events(&today, "premium"), premium);
    assert_eq!(events(&today, "standard"), standard);
}

/// The catalogue in which the source `main` has another name; that it had these before is said or not.
fn sourced(catalogue: &Catalogue, name: &str, earlier: &[&str]) -> Catalogue {
    let mut made = catalogue.clone();
    let mut source = made.sources.remove("main").unwrap();
    source.id = SourceId::from(name);
    source.meta.formerly = earlier.iter().map(|name| (*name).to_owned()).collect();
    made.sources.insert(source.id.clone(), source);
    for slo in made.slos.values_mut() {
        let own = slo.indicator.sources.iter_mut();
        own.filter(|source| source.as_str() == "main")
            .for_each(|source| *source = SourceId::from(name));
    }
    made
}

/// What was unloaded under whatever names, as whoever reads a folder has it.
#[derive(Default)]
struct Named {
    names: SourceNames,
    pieces: Vec<(StreamKey, StreamFacts)>,
}

impl Shelf for Named {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        let mut all = StreamFacts::default();
        for (key, facts) in &self.pieces {
            if self.names.stream_today(key) == *stream {
                all.merge(facts.clone().renamed(&self.names));
            }
        }
        (all, Vec::new())
    }

    fn damage(&self) -> Vec<Damage> {
        Vec::new()
    }
}

#[test]
fn a_history_of_a_source_that_was_renamed_is_judged_like_one_that_was_not() {
    let mut rng = Rng::with_seed(1_124);
    let mut repeated = 0;
    for _ in 0..12 {
        let history = History::random(&mut rng);
        let streams = Stream::all(&history.catalogue);
        let mut plain = Ledger::new(&streams, 60, None);
        for delivery in &history.deliveries {
            plain.take(delivery.clone());
        }
        let known_as: [(&str, &[&str]); 3] = [
            ("old", &[]),
            ("newer", &["old"]),
            ("main", &["newer", "old"]),
        ];
        let catalogues = known_as.map(|(name, earlier)| sourced(&history.catalogue, name, earlier));
        let mut ledger = Ledger::new(&Stream::all(&catalogues[0]), 60, None);
        let mut shelf = Named::default();
        let mut taken: Vec<Delivery> = Vec::new();
        let count = history.deliveries.len();
        let second = rng.usize(0..=count);
        let moments = [rng.usize(0..=second), second];
        // What is on its way has whatever name it was sent off with: here that of today, as the last catalogue has it.
        let mut back = SourceNames::default();
        for (number, delivery) in history.deliveries.iter().enumerate() {
            for (moment, catalogue) in moments.iter().zip(&catalogues[1..]) {
                if *moment == number {
                    shelf.pieces.extend(ledger.unload());
                    shelf.names = SourceNames::of(catalogue);
                    ledger.call(&shelf.names);
                    ledger.count(&Stream::all(catalogue));
                }
            }
            let age = moments.iter().filter(|moment| **moment <= number).count();
            let as_then = sourced(&history.catalogue, known_as[age].0, &["main"]);
            back.clone_from(&SourceNames::of(&as_then));
            let mut told = delivery.clone();
            told.rename(&back);
            // Now and then one that was counted comes again, under the name of now.
            if !taken.is_empty() && rng.u8(0..3) == 0 {
                let mut again: Delivery = taken[rng.usize(0..taken.len())].clone();
                again.rename(&back);
                ledger.take(again);
                repeated += 1;
            }
            ledger.take(told);
            taken.push(delivery.clone());
            if rng.u8(0..4) == 0 {
                shelf.pieces.extend(ledger.unload());
            }
        }
        shelf.pieces.extend(ledger.unload());
        let today = &catalogues[2];
        shelf.names = SourceNames::of(today);
        ledger.call(&shelf.names);
        ledger.count(&Stream::all(today));
        let counts = Shelved::new(&ledger, &shelf);
        let (before, after) = (
            Promises::of(history.catalogue.clone()),
            Promises::of(today.clone()),
        );
        for (instant, known) in history.queries.iter().take(12) {
            let as_of = AsOf {
                instant: *instant,
                known_until: known.unwrap_or(Timestamp::MAX),
            };
            let should = evaluate(&before, &plain, as_of);
            compare(&evaluate(&after, &counts, as_of), &should);
        }
    }
    assert!(repeated > 20, "{repeated}");
}

/// A pair of metrics, half counted when its segment and its source get other names.
#[test]
fn a_pair_that_is_open_goes_on_under_the_new_names() {
    let pair = |catalogue: Catalogue| {
        let mut made = catalogue;
        let slo = made.slos.values_mut().next().unwrap();
        let metric = |name: &str| Selection {
            metric: name.to_owned(),
            selector: Selector::default(),
        };
        slo.indicator.counting = Counting::Totals {
            total: metric("all"),
            part: Part::Good,
            of: metric("fine"),
            kind: MetricKind::Counter,
            unit: None,
        };
        made
    };
    let goal = objective("availability", &[(None, &[("premium", "99%")])]);
    let was = pair(catalogue(&[slo("checkout", rolling(30), &[goal])]));
    let mut is = sourced(&was, "push", &["main"]);
    let mut premium = is.segments.remove("premium").unwrap();
    premium.id = SegmentId::from("gold");
    premium.meta.formerly = vec!["premium".to_owned()];
    is.segments.insert(premium.id.clone(), premium);
    let (streams, later) = (Stream::all(&was), Stream::all(&is));
    let names = (SourceNames::of(&is), SegmentNames::of(&is));
    let series = |slot: u32, streams: &[Stream], name: &str| LiveSeries {
        slot,
        id: SeriesId(u128::from(slot)),
        source: streams[0].sources[0].clone(),
        thing: 1,
        to: vec![CountsFor {
            stream: streams[0].key.clone(),
            segment: crate::build::segment(name),
            role: [LiveRole::Total, LiveRole::Part][slot as usize].clone(),
        }],
    };
    let both = |streams: &[Stream], name: &str| [0, 1].map(|slot| series(slot, streams, name));
    let mut rng = Rng::with_seed(77);
    for _ in 0..200 {
        let (mut meter, mut plain) = (Meter::new(10), Meter::new(10));
        meter.count(&streams);
        plain.count(&later);
        let (mut told, mut should) = (Vec::new(), Vec::new());
        let (mut all, mut fine) = (1000_u64, 900_u64);
        let moment = rng.i64(1..40);
        for step in 0..40 {
            all += rng.u64(0..20);
            // The part runs ahead at times, and never for good.
            fine = (fine + rng.u64(0..20)).min(all + 15);
            if step == moment {
                let facts = meter.facts().renamed(&names.0, &names.1);
                meter = Meter::restore(facts, 10);
                meter.count(&later);
            }
            let time_ms = step * 5_000 + rng.i64(0..4_000);
            let sample = |slot: u32, value: u64| LiveSample {
                slot,
                time_ms,
                says: LiveValue::Stands {
                    value,
                    created_ms: None,
                },
            };
            let batch = |series: [LiveSeries; 2]| LiveBatch {
                source: series[0].source.clone(),
                arrived: Timestamp::from_millisecond(time_ms).unwrap(),
                forgotten: Vec::new(),
                series: series.to_vec(),
                samples: vec![sample(0, all), sample(1, fine)],
                readings: Vec::new(),
                newest_ms: Some(time_ms),
            };
            meter.take(&batch(match step < moment {
                true => both(&streams, "premium"),
                false => both(&later, "gold"),
            }));
            plain.take(&batch(both(&later, "gold")));
            if rng.bool() {
                let until = second(time_ms / 1000 - 5);
                told.extend(meter.close(until));
                should.extend(plain.close(until));
            }
        }
        told.extend(meter.close(Timestamp::MAX));
        should.extend(plain.close(Timestamp::MAX));
        let counted = |deliveries: Vec<Delivery>| -> Vec<Counted> {
            let all = deliveries.into_iter().map(|mut delivery| {
                delivery.rename(&names.0);
                delivery.counted
            });
            let renamed = all.flatten().map(|counted| Counted {
                segment: names.1.renamed(counted.segment),
                ..counted
            });
            renamed.collect()
        };
        assert_eq!(counted(told), counted(should));
    }
}

//! A segment that is called otherwise from some moment on: nothing that was counted before is lost.
//!
//! The catalogue of these histories calls it `premium` all along; what was delivered earlier says `gold` or `silver`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use attain_engine::board::Layout;
use attain_engine::{Counts, Ledger, Monitor, Shelf, Shelved, detail, evaluate};
use attain_model::delivery::Delivery;
use attain_model::facts::{Damage, StreamFacts};
use attain_model::{
    AsOf, Catalogue, CountedSegment, Promises, SegmentId, SeriesName, Stream, StreamKey,
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

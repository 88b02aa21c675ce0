//! Live samples, through the meter: counts per slice, whatever the order, the repetition and the stops.

use std::collections::BTreeMap;

use attain_engine::{Meter, Metered};
use attain_model::delivery::{Counted, Delivery};
use attain_model::live::{
    CountsFor, LiveBatch, LiveEntry, LiveRole, LiveSample, LiveSeries, LiveValue, SeriesId,
};
use attain_model::{Bucket, Class, SourceId, Stream, StreamKey, Tally, Threshold};
use fastrand::Rng;

use crate::build::*;

const SLICE: i64 = 10;

fn streams() -> Vec<Stream> {
    let catalogue = catalogue(&[slo(
        "checkout",
        rolling(30),
        &[objective("availability", &[(None, &[("premium", "99%")])])],
    )]);
    let mut streams = Stream::all(&catalogue);
    streams[0].edges = vec![
        Threshold::from_nanoseconds(200_000_000),
        Threshold::from_nanoseconds(500_000_000),
    ];
    streams
}

fn source() -> SourceId {
    SourceId::new("push")
}

fn series(slot: u32, role: LiveRole) -> LiveSeries {
    LiveSeries {
        slot,
        id: SeriesId(u128::from(slot) + 1),
        source: source(),
        thing: 1,
        to: vec![CountsFor {
            stream: streams()[0].key.clone(),
            segment: segment("premium"),
            role,
        }],
    }
}

fn stands(slot: u32, second: i64, value: u64) -> LiveSample {
    LiveSample {
        slot,
        time_ms: second * 1000,
        says: LiveValue::Stands {
            value,
            created_ms: None,
        },
    }
}

fn happened(slot: u32, from: i64, to: i64, events: u64) -> LiveSample {
    LiveSample {
        slot,
        time_ms: to * 1000,
        says: LiveValue::Happened {
            events,
            start_ms: from * 1000,
        },
    }
}

fn batch(series: &[LiveSeries], samples: &[LiveSample]) -> LiveBatch {
    let newest_ms = samples.iter().map(|sample| sample.time_ms).max();
    LiveBatch {
        source: source(),
        arrived: second(newest_ms.unwrap_or(0) / 1000),
        series: series.to_vec(),
        samples: samples.to_vec(),
        readings: Vec::new(),
        newest_ms,
    }
}

fn meter() -> Meter {
    let mut meter = Meter::new(u32::try_from(SLICE).unwrap());
    meter.count(&streams());
    meter
}

/// One that goes on where another left off, and knows what that knew.
fn restored(meter: &Meter) -> Meter {
    let facts = meter.facts();
    let mut restored = Meter::restore(facts.clone(), u32::try_from(SLICE).unwrap());
    restored.count(&streams());
    assert_eq!(restored.facts(), facts);
    restored
}

/// Events by slice and cell.
type Cells = BTreeMap<(StreamKey, i64, Class, Bucket), u64>;

fn cells(deliveries: &[Delivery]) -> Cells {
    let mut cells = Cells::new();
    let counted = deliveries.iter().flat_map(|delivery| &delivery.counted);
    for Counted {
        stream,
        slice,
        tally: Tally { cells: tally },
        ..
    } in counted
    {
        for ((class, bucket), events) in tally {
            let key = (
                stream.clone(),
                slice.as_second() / SLICE,
                class.clone(),
                *bucket,
            );
            *cells.entry(key).or_default() += events;
        }
    }
    cells
}

fn by_slice(deliveries: &[Delivery]) -> Vec<(i64, u64)> {
    let mut slices = BTreeMap::new();
    for ((_, slice, _, _), events) in cells(deliveries) {
        *slices.entry(slice).or_insert(0) += events;
    }
    slices.into_iter().collect()
}

fn all_of(meter: &mut Meter, batches: &[LiveBatch], until: i64) -> Vec<(i64, u64)> {
    for batch in batches {
        meter.take(batch);
    }
    by_slice(&meter.close(second(until)))
}

#[test]
fn a_counter_is_a_baseline_first_and_then_telescopes() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let first = batch(&[ok], &[stands(0, 5, 1_000)]);
    let mut meter = meter();
    let counted = all_of(
        &mut meter,
        &[
            first,
            batch(&[], &[stands(0, 15, 1_010)]),
            // Nothing came for 60 seconds: the slice after it catches up.
            batch(&[], &[stands(0, 75, 1_100)]),
            // The process began anew.
            batch(&[], &[stands(0, 85, 4)]),
        ],
        100,
    );
    assert_eq!(counted, [(1, 10), (7, 90), (8, 4)]);
}

#[test]
fn a_counter_that_appears_beside_others_is_born_and_one_of_a_new_thing_is_not() {
    let mut meter = meter();
    let ok = series(0, LiveRole::Events(Class::good()));
    let failed = series(1, LiveRole::Events(Class::bad()));
    let mut other = series(2, LiveRole::Events(Class::bad()));
    other.thing = 2;
    meter.take(&batch(&[ok], &[stands(0, 5, 1_000)]));
    // The first failure of a thing that was looked at before: all of it is new.
    meter.take(&batch(&[failed], &[stands(1, 15, 7)]));
    let taken = meter.take(&batch(&[other], &[stands(2, 15, 9_000)]));
    assert_eq!(taken.unknown_births, 9_000);
    assert_eq!(by_slice(&meter.close(second(20))), [(1, 7)]);
}

/// A threshold moves to another edge of a histogram: nobody looked at that bucket before, and it is as old as the process.
#[test]
fn a_bucket_that_another_catalogue_asks_for_is_a_baseline_first() {
    let under = |limit: Option<u64>| {
        LiveRole::AtOrUnder(Class::good(), limit.map(Threshold::from_nanoseconds))
    };
    let cut_at = |edges: &[u64]| {
        let mut streams = streams();
        streams[0].sources = vec![source()];
        streams[0].edges = (edges.iter())
            .map(|edge| Threshold::from_nanoseconds(*edge))
            .collect();
        streams
    };
    for is_restored in [false, true] {
        let mut meter = Meter::new(u32::try_from(SLICE).unwrap());
        meter.count(&cut_at(&[250_000_000]));
        let known = [series(0, under(None)), series(1, under(Some(250_000_000)))];
        meter.take(&batch(
            &known,
            &[stands(0, 5, 900_000), stands(1, 5, 800_000)],
        ));
        for second in (15..1_000).step_by(10) {
            meter.take(&batch(
                &[],
                &[stands(0, second, 900_000), stands(1, second, 800_000)],
            ));
            meter.close(super::build::second(second));
        }
        if is_restored {
            meter = Meter::restore(meter.facts(), u32::try_from(SLICE).unwrap());
        }
        meter.count(&cut_at(&[100_000_000]));
        let edge = series(2, under(Some(100_000_000)));
        let mut old = series(1, under(None));
        old.to.clear();
        let first = batch(
            &[edge, old],
            &[stands(0, 1_005, 900_000), stands(2, 1_005, 700_000)],
        );
        assert_eq!(meter.take(&first).unknown_births, 700_000, "{is_restored}");
        meter.take(&batch(
            &[],
            &[stands(0, 1_015, 900_010), stands(2, 1_015, 700_007)],
        ));
        let counted = cells(&meter.close(second(1_020)));
        let good: u64 = (counted
            .iter()
            .filter(|((_, _, _, bucket), _)| *bucket == Bucket(0)))
        .map(|(_, events)| *events)
        .sum();
        assert_eq!(
            (good, counted.values().sum::<u64>()),
            (7, 10),
            "{is_restored}"
        );
    }
}

/// A sender with several queues sends again what nobody took: the buckets of a histogram come in any order, and slices
/// close meanwhile.
#[test]
fn a_histogram_that_comes_in_pieces_counts_each_event_once() {
    let under = |slot: u32, limit: Option<u64>| {
        let limit = limit.map(Threshold::from_nanoseconds);
        series(slot, LiveRole::AtOrUnder(Class::good(), limit))
    };
    let known = [
        under(0, None),
        under(1, Some(200_000_000)),
        under(2, Some(500_000_000)),
    ];
    let mut orders: Vec<[usize; 3]> = Vec::new();
    for first in 0..3 {
        for second in (0..3).filter(|second| *second != first) {
            orders.push([first, second, 3 - first - second]);
        }
    }
    // After which of the pieces slices close, from the one with the samples on.
    for (order, closing) in orders
        .iter()
        .flat_map(|order| (0..8).map(move |closing: u32| (order, closing)))
    {
        let mut meter = meter();
        meter.take(&batch(
            &known,
            &[stands(0, 5, 1_000), stands(1, 5, 800), stands(2, 5, 900)],
        ));
        let mut now = 31;
        let close = |meter: &mut Meter, now: i64| {
            let until = second((now - 1) / 10 * 10);
            let (_, deliveries) = meter.apply(&LiveEntry::Closed {
                at: second(now),
                until,
            });
            deliveries
        };
        let mut deliveries = close(&mut meter, 21);
        for (place, piece) in order.iter().enumerate() {
            let stood = [1_100, 890, 995][*piece];
            let mut piece = batch(&[], &[stands(*piece as u32, 25, stood)]);
            piece.arrived = second(now);
            meter.take(&piece);
            if closing & (1 << place) > 0 {
                deliveries.extend(close(&mut meter, now));
                meter = restored(&meter);
                now += 14;
            }
        }
        for _ in 0..15 {
            deliveries.extend(close(&mut meter, now));
            now += 10;
        }
        let cells = cells(&deliveries);
        let of = |number: u16| -> u64 {
            let own = cells
                .iter()
                .filter(|((_, _, _, bucket), _)| *bucket == Bucket(number));
            own.map(|(_, events)| *events).sum()
        };
        // When all of it came first and its slice closed, what came of it was slower for all that was known.
        let whole = order.iter().position(|piece| *piece == 0).unwrap();
        let first_close = (0..2).find(|place| closing & (1 << place) > 0);
        let is_cut = first_close.is_some_and(|close| whole <= close);
        let counted = [of(0), of(1), of(2)];
        match is_cut {
            false => assert_eq!(counted, [90, 5, 5], "{order:?} {closing:b}"),
            true => assert_eq!(counted.iter().sum::<u64>(), 100, "{order:?} {closing:b}"),
        }
    }
}

/// A Prometheus is reloaded with another external label: each series of it is another one, and none is born.
#[test]
fn counters_that_go_on_under_other_labels_count_on() {
    let good = |slot| series(slot, LiveRole::Events(Class::good()));
    let bad = |slot| series(slot, LiveRole::Events(Class::bad()));
    // What the new series stand at, whether an old one goes on, and what is counted of it.
    for (values, is_beside, counted) in [
        ([700_010, 59], false, 10),
        ([700_010, 61], false, 12),
        // The process began anew.
        ([8, 1], false, 9),
        // Others of it go on: what is new is born.
        ([30, 2], true, 32),
    ] {
        for is_restored in [false, true] {
            let mut meter = meter();
            let known = [good(0), bad(1), good(4)];
            meter.take(&batch(
                &known,
                &[stands(0, 5, 699_000), stands(1, 5, 50), stands(4, 5, 0)],
            ));
            let before = [stands(0, 15, 700_000), stands(1, 15, 59), stands(4, 15, 0)];
            meter.take(&batch(&[], &before));
            meter.close(second(20));
            let mut later = vec![stands(2, 25, values[0]), stands(3, 25, values[1])];
            if is_beside {
                later.push(stands(4, 25, 0));
            }
            meter.take(&batch(&[good(2), bad(3)], &later));
            if is_restored {
                meter = restored(&meter);
            }
            let sum: u64 = by_slice(&meter.close(second(30)))
                .iter()
                .map(|(_, events)| events)
                .sum();
            assert_eq!(sum, counted, "{values:?} {is_restored}");
            // And from then on like any other.
            let next = [stands(2, 35, values[0] + 3), stands(3, 35, values[1])];
            meter.take(&batch(&[], &next));
            assert_eq!(by_slice(&meter.close(second(40))), [(3, 3)]);
        }
    }
}

/// The pages of two targets, each scraped in its own time: what is new on one is new whatever came of the other.
#[test]
fn a_counter_is_born_whatever_came_earlier_from_other_things() {
    let ok = |slot, thing| LiveSeries {
        thing,
        ..series(slot, LiveRole::Events(Class::good()))
    };
    let mut meter = meter();
    meter.take(&batch(&[ok(0, 1), ok(1, 2)], &[stands(0, 5, 100)]));
    meter.take(&batch(&[], &[stands(1, 6, 200)]));
    // The page of the other target, which was taken later, is there first.
    meter.take(&batch(&[], &[stands(1, 16, 200)]));
    meter.take(&batch(&[ok(2, 1)], &[stands(0, 15, 100), stands(2, 15, 3)]));
    // A thing that is new has its own first contact, whatever was heard meanwhile.
    meter.take(&batch(&[ok(3, 3)], &[stands(3, 14, 1_000)]));
    assert_eq!(by_slice(&meter.close(second(30))), [(1, 3)]);
}

#[test]
fn what_was_missed_of_new_things_is_told_and_what_was_there_at_first_is_not() {
    let of = |slot, thing, role| LiveSeries {
        thing,
        ..series(slot, role)
    };
    let ok = || LiveRole::Events(Class::good());
    let mut meter = meter();
    let missed = |taken: Metered| taken.missed.into_values().sum::<u64>();
    let first = meter.take(&batch(&[of(0, 1, ok())], &[stands(0, 0, 70_000)]));
    assert_eq!((first.unknown_births, missed(first)), (70_000, 0));
    // Too near to that: it may have been there.
    let near = meter.take(&batch(&[of(1, 2, ok())], &[stands(1, 200, 500)]));
    assert_eq!((near.unknown_births, missed(near)), (500, 0));
    let later = meter.take(&batch(&[of(2, 3, ok())], &[stands(2, 310, 40)]));
    assert_eq!((later.unknown_births, missed(later)), (40, 40));
    // An event is in several buckets and missing once.
    let under = |limit: Option<u64>| {
        LiveRole::AtOrUnder(Class::good(), limit.map(Threshold::from_nanoseconds))
    };
    let buckets = [of(3, 4, under(Some(200_000_000))), of(4, 4, under(None))];
    let bucket = meter.take(&batch(&buckets, &[stands(3, 320, 7), stands(4, 320, 9)]));
    assert_eq!(missed(bucket), 9);
}

#[test]
fn a_start_time_tells_births_and_restarts() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let began = |at: i64, value: u64, created: i64| LiveSample {
        slot: 0,
        time_ms: at * 1000,
        says: LiveValue::Stands {
            value,
            created_ms: Some(created * 1000),
        },
    };
    let mut meter = meter();
    let counted = all_of(
        &mut meter,
        &[batch(
            &[ok],
            // Born a moment ago; then it began anew and counted past its old value.
            &[began(10_005, 7, 10_001), began(10_015, 9, 10_012)],
        )],
        10_100,
    );
    assert_eq!(counted, [(1_000, 7), (1_001, 9)]);
}

/// What happened before anybody counted is none of it, though a counter says since when it counts.
#[test]
fn a_start_long_before_its_source_was_first_heard_is_a_baseline() {
    let counter = |slot, thing| LiveSeries {
        thing,
        ..series(slot, LiveRole::Events(Class::good()))
    };
    for is_restored in [false, true] {
        let mut meter = meter();
        // An export of a minute, and a process that was there for ten.
        let first = [begun(0, 10_005, 9_945, 3), begun(1, 10_005, 9_405, 500)];
        meter.take(&batch(&[counter(0, 1), counter(1, 2)], &first));
        meter.close(second(10_010));
        if is_restored {
            meter = restored(&meter);
        }
        // One of before that is found later, and one that came since.
        let later = [
            begun(1, 10_905, 9_405, 507),
            begun(2, 10_905, 9_605, 900),
            begun(3, 10_905, 10_305, 11),
        ];
        meter.take(&batch(&[counter(2, 3), counter(3, 4)], &later));
        let counted = by_slice(&meter.close(second(20_000)));
        assert_eq!(counted, [(1_090, 18)], "{is_restored}");
    }
}

/// OpenTelemetry: a point that begins when it was taken does not know when it began; those after it begin there, too.
#[test]
fn a_start_that_is_not_known_is_a_baseline_for_those_that_share_it() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let began = |at_ms: i64, value: u64, created_ms: i64| LiveSample {
        slot: 0,
        time_ms: at_ms,
        says: LiveValue::Stands {
            value,
            created_ms: Some(created_ms),
        },
    };
    // What is told of a point that begins when it was taken, and of one whose start is even after it.
    for start_ms in [5_001, 5_008] {
        let mut meter = meter();
        let first = meter.take(&batch(
            std::slice::from_ref(&ok),
            &[began(5_000, 700, start_ms)],
        ));
        assert_eq!(first.unknown_births, 700);
        let shared = if start_ms == 5_001 { 5_000 } else { start_ms };
        meter.take(&batch(&[], &[began(15_000, 712, shared)]));
        // Another such beginning that stands lower is a reset; what it counted until then is new.
        meter.take(&batch(&[], &[began(25_000, 9, 25_001)]));
        meter.take(&batch(&[], &[began(35_000, 10, 25_000)]));
        // It is known to the millisecond, and stands higher than before.
        meter.take(&batch(&[], &[began(45_000, 40, 45_000)]));
        let counted = by_slice(&meter.close(second(60)));
        assert_eq!(counted, [(1, 12), (2, 9), (3, 1), (4, 40)], "{start_ms}");
    }
}

/// The stream, and one that is counted from a later catalogue on.
fn two_streams() -> Vec<Stream> {
    let mut streams = streams();
    streams.truncate(1);
    streams[0].sources = vec![source()];
    let mut later = streams[0].clone();
    later.key = StreamKey::new("later");
    streams.push(later);
    streams
}

/// A series of a thing that counts for the later stream.
fn later_series(slot: u32, thing: u64) -> LiveSeries {
    let mut series = series(slot, LiveRole::Events(Class::good()));
    series.thing = thing;
    series.to[0].stream = StreamKey::new("later");
    series
}

/// A meter that heard two things every 15 s until second 600, and counts one stream more since then.
fn that_counts_more() -> Meter {
    let mut meter = Meter::new(u32::try_from(SLICE).unwrap());
    meter.count(&two_streams()[..1]);
    let mut other = series(1, LiveRole::Events(Class::good()));
    other.thing = 2;
    meter.take(&batch(
        &[series(0, LiveRole::Events(Class::good())), other],
        &[stands(0, 0, 10), stands(1, 0, 10)],
    ));
    heard(&mut meter, 15, 600);
    meter.count(&two_streams());
    meter
}

/// Both things go on.
fn heard(meter: &mut Meter, from: i64, until: i64) {
    for second in (from..=until).step_by(15) {
        meter.take(&batch(&[], &[stands(0, second, 10)]));
        meter.take(&batch(&[], &[stands(1, second, 10)]));
    }
}

#[test]
fn what_stood_there_before_it_was_counted_does_not_count() {
    let mut meter = that_counts_more();
    // A round comes in pieces, each a little later than the one before.
    let first = meter.take(&batch(&[later_series(2, 1)], &[stands(2, 615, 800_000)]));
    let other = meter.take(&batch(&[later_series(3, 2)], &[stands(3, 616, 600_000)]));
    let next = meter.take(&batch(&[later_series(4, 1)], &[stands(4, 630, 500_000)]));
    let unknown = [first, other, next].map(|taken| taken.unknown_births);
    assert_eq!(unknown, [800_000, 600_000, 500_000]);

    // From then on it counts, and after a while so does what is new.
    heard(&mut meter, 630, 900);
    let rows = [stands(2, 905, 800_007), stands(5, 905, 4)];
    let taken = meter.take(&batch(&[later_series(5, 2)], &rows));
    assert_eq!(taken.unknown_births, 0);
    assert_eq!(by_slice(&meter.close(second(1_000))), [(90, 11)]);
}

#[test]
fn nobody_knows_what_was_there_when_it_was_silent_since_the_edit() {
    let mut meter = that_counts_more();
    let hour = 3_600;
    meter.take(&batch(&[], &[stands(0, hour, 10)]));
    let taken = meter.take(&batch(
        &[later_series(2, 2)],
        &[stands(2, hour + 1, 600_000)],
    ));
    assert_eq!(taken.unknown_births, 600_000);

    // Once it was heard for a while, a silence hides nothing but when.
    heard(&mut meter, hour + 15, hour + 330);
    meter.take(&batch(&[], &[stands(0, 3 * hour, 10)]));
    let taken = meter.take(&batch(&[later_series(3, 2)], &[stands(3, 3 * hour + 1, 4)]));
    assert_eq!(taken.unknown_births, 0);
}

#[test]
fn a_start_before_it_was_counted_is_not_believed() {
    let mut meter = that_counts_more();
    let starts = |slot, at: i64, value, start: i64| LiveSample {
        slot,
        time_ms: at * 1000,
        says: LiveValue::Stands {
            value,
            created_ms: Some(start * 1000),
        },
    };
    let rows = [starts(2, 615, 243, 300), starts(3, 615, 5, 605)];
    let taken = meter.take(&batch(&[later_series(2, 1), later_series(3, 1)], &rows));
    assert_eq!(taken.unknown_births, 243);

    // An old process does something for the first time.
    let day = 86_400;
    heard(&mut meter, 630, day);
    let taken = meter.take(&batch(
        &[later_series(4, 2)],
        &[starts(4, day + 15, 3, 300)],
    ));
    assert_eq!(taken.unknown_births, 0);
    // And the pieces of a thing that is new are all as old as it is.
    meter.take(&batch(
        &[later_series(5, 9)],
        &[starts(5, day + 16, 90_000, 300)],
    ));
    let taken = meter.take(&batch(
        &[later_series(6, 9)],
        &[starts(6, day + 17, 70_000, 300)],
    ));
    assert_eq!(taken.unknown_births, 70_000);
}

#[test]
fn stretches_count_once_and_what_overlaps_is_of_another_writer() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let happened = |from: i64, to: i64, events: u64| happened(0, from, to, events);
    let mut meter = meter();
    let taken = meter.take(&batch(
        &[ok],
        &[
            happened(30, 40, 5),
            happened(10, 20, 3),
            happened(20, 30, 4),
            happened(20, 30, 4),
            happened(25, 45, 50),
            happened(45, 46, 60),
            happened(25, 45, 50),
        ],
    ));
    let expected = Metered {
        new: 5,
        already: 2,
        ..Metered::default()
    };
    assert_eq!(taken, expected);
    assert_eq!(
        by_slice(&meter.close(second(50))),
        [(2, 3), (3, 4), (4, 115)]
    );
    // What was told before it was closed is not told apart from what is another's: it does not count.
    let taken = meter.take(&batch(&[], &[happened(10, 20, 3), happened(31, 39, 1)]));
    assert_eq!((taken.new, taken.too_late), (0, 2));
}

#[test]
fn another_value_at_the_same_instant_is_counted_apart_and_the_first_stays() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(&[ok], &[stands(0, 5, 100), stands(0, 15, 110)]));
    let taken = meter.take(&batch(&[], &[stands(0, 15, 110), stands(0, 15, 170)]));
    let expected = Metered {
        already: 1,
        conflicting: 1,
        ..Metered::default()
    };
    assert_eq!(taken, expected);
    // Also of a sample that has others after it.
    meter.take(&batch(&[], &[stands(0, 25, 130)]));
    assert_eq!(meter.take(&batch(&[], &[stands(0, 15, 9)])).conflicting, 1);
    assert_eq!(by_slice(&meter.close(second(30))), [(1, 10), (2, 20)]);
}

/// When streams were heard that were heard apart from their source.
fn heard_apart(deliveries: &[Delivery]) -> Vec<(i64, i64)> {
    let apart = deliveries.iter().flat_map(|d| d.observed_streams.values());
    let mut apart: Vec<(i64, i64)> = apart
        .flatten()
        .map(|heard| (heard.start.as_second(), heard.end.as_second()))
        .collect();
    apart.sort_unstable();
    apart.dedup_by(|next, kept| {
        let goes_on = next.0 <= kept.1;
        if goes_on {
            kept.1 = kept.1.max(next.1);
        }
        goes_on
    });
    apart
}

#[test]
fn history_that_is_sent_at_once_was_heard_where_samples_of_a_series_are_close() {
    let (ok, failed) = (
        series(0, LiveRole::Events(Class::good())),
        series(1, LiveRole::Events(Class::bad())),
    );
    let mut meter = meter();
    meter.close(second(100_000));
    let hour = |slot, from: i64| -> Vec<LiveSample> {
        let minutes = (0..60).map(|minute| from + 60 * minute);
        minutes.map(|at| stands(slot, at, at as u64)).collect()
    };
    // An hour of each series at once, then the next; then one an hour later; then a single sample.
    meter.take(&batch(
        &[ok, failed],
        &[hour(0, 3600), hour(1, 3600)].concat(),
    ));
    meter.take(&batch(&[], &[hour(0, 7200), hour(1, 7200)].concat()));
    meter.take(&batch(&[], &hour(0, 14_400)));
    meter.take(&batch(&[], &[stands(0, 30_000, 40_000)]));
    let heard = heard_apart(&meter.close(second(100_010)));
    // A sample by itself tells of its own instant.
    let alone = (30_000, 30_000);
    assert_eq!(heard, [(3600, 10_740), (14_400, 17_940), alone]);
    // It is told once.
    assert_eq!(heard_apart(&meter.close(second(100_020))), []);
}

#[test]
fn history_goes_on_into_what_is_open_without_a_hole() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.close(second(1_000));
    let minutes = (0..20).map(|minute| stands(0, 60 * minute, 7));
    meter.take(&batch(&[ok], &minutes.collect::<Vec<_>>()));
    assert_eq!(heard_apart(&meter.close(second(1_010))), [(0, 1_140)]);
    // What comes in time is heard with its source.
    meter.take(&batch(&[], &[stands(0, 1_200, 7)]));
    let deliveries = meter.close(second(1_300));
    assert_eq!(heard_apart(&deliveries), []);
    let observed = deliveries[0].observed.as_ref().unwrap();
    assert_eq!(observed[0].end.as_second(), 1_200);
}

#[test]
fn a_histogram_is_cut_at_the_edges_of_its_stream() {
    let at_or_under = |slot, ms: Option<u64>| {
        let edge = ms.map(|ms| Threshold::from_nanoseconds(ms * 1_000_000));
        series(slot, LiveRole::AtOrUnder(Class::good(), edge))
    };
    let all = [
        at_or_under(0, Some(200)),
        at_or_under(1, Some(500)),
        at_or_under(2, None),
    ];
    let mut meter = meter();
    meter.take(&batch(
        &all,
        &[stands(0, 5, 0), stands(1, 5, 0), stands(2, 5, 0)],
    ));
    meter.take(&batch(&[], &[stands(0, 15, 90), stands(1, 15, 97)]));
    meter.take(&batch(&[], &[stands(2, 15, 100)]));
    let deliveries = meter.close(second(20));
    let buckets: Vec<(u16, u64)> = (cells(&deliveries).into_iter())
        .map(|((_, _, _, bucket), events)| (bucket.0, events))
        .collect();
    assert_eq!(buckets, [(0, 90), (1, 7), (2, 3)]);
}

#[test]
fn what_comes_after_its_slice_was_closed_counts_at_its_own_time() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(&[ok], &[stands(0, 5, 100), stands(0, 15, 110)]));
    assert_eq!(by_slice(&meter.close(second(60))), [(1, 10)]);
    let mut late = batch(&[], &[stands(0, 12, 104), stands(0, 45, 150)]);
    late.arrived = second(61);
    let taken = meter.take(&late);
    assert_eq!((taken.too_late, taken.late_events), (1, 40));
    let deliveries = meter.close(second(60));
    assert_eq!(by_slice(&deliveries), [(4, 40)]);
    let counted = deliveries.iter().flat_map(|d| &d.counted);
    let received: Vec<_> = counted.map(|row| row.received).collect();
    assert_eq!(received, [Some(second(61))]);
}

/// Random entries about counters that rise, restart and vanish, and the order of their samples in time.
fn random(rng: &mut Rng) -> (Vec<LiveSeries>, Vec<LiveSample>) {
    let count = rng.u32(1..5);
    let all: Vec<LiveSeries> = (0..count)
        .map(|slot| series(slot, LiveRole::Events(Class::good())))
        .collect();
    let mut samples = Vec::new();
    for slot in 0..count {
        let (mut at, mut value) = (rng.i64(0..20), rng.u64(0..50));
        for _ in 0..rng.usize(1..12) {
            samples.push(stands(slot, at, value));
            at += rng.i64(1..25);
            value = if rng.u8(0..8) == 0 {
                rng.u64(0..5)
            } else {
                value + rng.u64(0..30)
            };
        }
    }
    (all, samples)
}

/// Every first sample is a baseline; what follows adds up.
fn naive(samples: &[LiveSample]) -> BTreeMap<i64, u64> {
    let mut by_series: BTreeMap<u32, BTreeMap<i64, u64>> = BTreeMap::new();
    for sample in samples {
        let LiveValue::Stands { value, .. } = sample.says else {
            continue;
        };
        let points = by_series.entry(sample.slot).or_default();
        points.entry(sample.time_ms).or_insert(value);
    }
    let mut slices = BTreeMap::new();
    for points in by_series.values() {
        for ((_, before), (time, value)) in points.iter().zip(points.iter().skip(1)) {
            let added = value.checked_sub(*before).unwrap_or(*value);
            if added > 0 {
                *slices.entry(time / 1000 / SLICE).or_insert(0) += added;
            }
        }
    }
    slices
}

#[test]
fn the_order_and_repetition_of_samples_do_not_matter_while_slices_are_open() {
    let mut rng = Rng::with_seed(4711);
    for _ in 0..300 {
        let (all, samples) = random(&mut rng);
        let expected: Vec<_> = naive(&samples).into_iter().collect();
        let mut meter = meter();
        // First contact with every series at once, so that none is born later.
        let firsts: Vec<LiveSample> = (all.iter())
            .filter_map(|s| samples.iter().find(|sample| sample.slot == s.slot))
            .copied()
            .collect();
        meter.take(&batch(&all, &[]));
        for first in &firsts {
            let mut alone = batch(&[], &[*first]);
            alone.newest_ms = None;
            meter.take(&alone);
        }
        let mut shuffled = samples.clone();
        shuffled.extend((0..5).map(|_| samples[rng.usize(..samples.len())]));
        rng.shuffle(&mut shuffled);
        let mut rest = &shuffled[..];
        while !rest.is_empty() {
            let (some, others) = rest.split_at(rng.usize(1..=rest.len()));
            meter.take(&batch(&[], some));
            rest = others;
        }
        assert_eq!(by_slice(&meter.close(second(10_000))), expected);
    }
}

#[test]
fn a_meter_that_is_restored_goes_on_like_one_that_was_never_stopped() {
    let mut rng = Rng::with_seed(12);
    for _ in 0..300 {
        let (all, mut samples) = random(&mut rng);
        if rng.bool() {
            samples.sort_by_key(|sample| sample.time_ms);
        }
        let mut entries = vec![LiveEntry::Arrived(batch(&all, &[]))];
        for some in samples.chunks(3) {
            entries.push(LiveEntry::Arrived(batch(&[], some)));
            let newest = some.iter().map(|s| s.time_ms / 1000).max().unwrap_or(0);
            let until = second(newest - rng.i64(0..40));
            entries.push(LiveEntry::Closed { at: until, until });
        }
        entries.push(LiveEntry::Closed {
            at: second(10_000),
            until: second(10_000),
        });
        let whole = run(meter(), &entries);
        // What it knows is written down after slices were closed.
        let is_closing = |entry: &LiveEntry| matches!(entry, LiveEntry::Closed { .. });
        let stops = (0..entries.len()).filter(|at| *at == 0 || is_closing(&entries[at - 1]));
        let stops: Vec<usize> = stops.collect();
        let stop = stops[rng.usize(..stops.len())];
        let mut first = meter();
        let mut deliveries: Vec<Delivery> = Vec::new();
        for entry in &entries[..stop] {
            deliveries.extend(first.apply(entry).1);
        }
        let facts = first.facts();
        let mut second_ = Meter::restore(facts.clone(), u32::try_from(SLICE).unwrap());
        second_.count(&streams());
        assert_eq!(second_.facts(), facts);
        deliveries.extend(run(second_, &entries[stop..]));
        assert_eq!(deliveries, whole);
    }
}

/// Stretches of several series, each told where it does not overlap another one of its series.
#[test]
fn stretches_in_any_order_and_told_twice_count_once_whenever_it_is_stopped() {
    let mut rng = Rng::with_seed(31);
    for _ in 0..300 {
        let mut expected: BTreeMap<i64, u64> = BTreeMap::new();
        let mut samples = Vec::new();
        let count = rng.u32(1..4);
        for slot in 0..count {
            let mut at = rng.i64(0..20);
            for _ in 0..rng.usize(1..10) {
                let (from, to) = (at + rng.i64(0..3), at + rng.i64(3..15));
                let events = rng.u64(0..30);
                samples.push(LiveSample {
                    slot,
                    time_ms: to * 1000,
                    says: LiveValue::Happened {
                        events,
                        start_ms: from * 1000,
                    },
                });
                if events > 0 {
                    *expected.entry(to / SLICE).or_default() += events;
                }
                at = to;
            }
        }
        let all: Vec<LiveSeries> = (0..count)
            .map(|slot| series(slot, LiveRole::Events(Class::good())))
            .collect();
        let again = samples.clone();
        samples.extend(again.iter().filter(|_| rng.bool()));
        rng.shuffle(&mut samples);
        let mut meter = meter();
        meter.take(&batch(&all, &[]));
        for sample in &samples {
            if rng.u8(0..10) == 0 {
                meter = restored(&meter);
            }
            meter.take(&batch(&[], &[*sample]));
        }
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(by_slice(&meter.close(second(10_000))), expected);
    }
}

/// Requests that overtake each other, by as much as their slices are closed long since.
#[test]
fn stretches_that_are_told_late_count_once_at_their_own_time_whenever_it_is_stopped() {
    let mut rng = Rng::with_seed(37);
    let mut late_events = 0;
    for _ in 0..300 {
        let mut expected: BTreeMap<i64, u64> = BTreeMap::new();
        let mut samples = Vec::new();
        let count = rng.u32(1..4);
        for slot in 0..count {
            let mut at = rng.i64(4000..4020);
            for _ in 0..rng.usize(1..14) {
                let (from, to) = (at + rng.i64(0..3), at + rng.i64(4..15));
                let events = rng.u64(0..30);
                samples.push(happened(slot, from, to, events));
                if events > 0 {
                    *expected.entry(to / SLICE).or_default() += events;
                }
                at = to;
            }
        }
        let all: Vec<LiveSeries> = (0..count)
            .map(|slot| series(slot, LiveRole::Events(Class::good())))
            .collect();
        let again = samples.clone();
        samples.extend(again.iter().filter(|_| rng.bool()));
        rng.shuffle(&mut samples);
        let mut meter = meter();
        meter.take(&batch(&all, &[]));
        let mut deliveries = Vec::new();
        for sample in &samples {
            let taken = meter.take(&batch(&[], &[*sample]));
            assert_eq!(taken.new + taken.already + taken.too_late, 1);
            late_events += taken.late_events;
            if rng.u8(0..4) == 0 {
                deliveries.extend(meter.close(second(sample.time_ms / 1000 + rng.i64(-20..20))));
                meter = restored(&meter);
            }
        }
        deliveries.extend(meter.close(second(10_000)));
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(by_slice(&deliveries), expected);
    }
    assert!(late_events > 1000, "{late_events}");
}

#[test]
fn what_was_told_or_may_have_been_counts_no_more_however_late() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(&[ok], &[]));
    let at_first = [happened(0, 4000, 4010, 1), happened(0, 4040, 4050, 1)];
    meter.take(&batch(&[], &at_first));
    meter.close(second(5000));
    for (from, to, counts) in [
        (4000, 4010, false),
        // A part of it was told.
        (4005, 4015, false),
        (4035, 4045, false),
        (4010, 4020, true),
        (4010, 4020, false),
        (4012, 4018, false),
        (4025, 4030, true),
        (4020, 4025, true),
        (4020, 4040, false),
        (4030, 4040, true),
        // Before the first, but not for ever.
        (3990, 4000, true),
        (390, 400, false),
    ] {
        let taken = meter.take(&batch(&[], &[happened(0, from, to, 7)]));
        let expected = (u64::from(counts), u64::from(!counts));
        assert_eq!((taken.new, taken.too_late), expected, "{from} to {to}");
    }
    // Where several tell, what one has not told another may have.
    meter.take(&batch(&[], &[happened(0, 5000, 5020, 1)]));
    meter.take(&batch(&[], &[happened(0, 5010, 5030, 1)]));
    meter.close(second(6000));
    let taken = meter.take(&batch(&[], &[happened(0, 4060, 4070, 7)]));
    assert_eq!((taken.new, taken.too_late), (0, 1));
}

/// Each series observes something else, so that none is born.
fn of_several_things<T>((mut all, samples): (Vec<LiveSeries>, T)) -> (Vec<LiveSeries>, T) {
    for series in &mut all {
        series.thing = u64::from(series.slot);
    }
    (all, samples)
}

/// Counters that are heard already, and then all that they said before, in whatever order and however often.
#[test]
fn what_was_before_the_first_sample_counts_at_its_own_time_whenever_it_is_stopped() {
    let mut rng = Rng::with_seed(38);
    let mut late_events = 0;
    for _ in 0..300 {
        let (all, samples) = of_several_things(random(&mut rng));
        let first = rng.i64(0..150_000);
        let (mut before, mut live): (Vec<_>, Vec<_>) =
            samples.iter().copied().partition(|s| s.time_ms < first);
        // Of a series that says nothing later, there is no past.
        before.retain(|s| live.iter().any(|later| later.slot == s.slot));
        live.sort_by_key(|sample| sample.time_ms);
        let expected = naive(&[before.clone(), live.clone()].concat());
        before.extend(before.clone().iter().filter(|_| rng.bool()));
        rng.shuffle(&mut before);
        let mut meter = meter();
        meter.take(&batch(&all, &[]));
        let mut deliveries = Vec::new();
        for sample in &live {
            meter.take(&batch(&[], &[*sample]));
            deliveries.extend(meter.close(second(sample.time_ms / 1000 - rng.i64(0..30))));
        }
        for some in before.chunks(3) {
            let mut late = batch(&[], some);
            (late.newest_ms, late.arrived) = (None, second(1000));
            let taken = meter.take(&late);
            assert_eq!(taken.new + taken.already, some.len() as u64);
            if rng.bool() {
                deliveries.extend(meter.close(second(1001)));
                meter = restored(&meter);
            }
        }
        let closed = LiveEntry::Closed {
            at: second(1200),
            until: second(1200),
        };
        let (metered, last) = meter.apply(&closed);
        late_events += metered.late_events;
        deliveries.extend(last);
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(by_slice(&deliveries), expected);
    }
    assert!(late_events > 1000, "{late_events}");
}

/// Whatever comes when: never more than there was, and if it is less, samples were said to be too late.
#[test]
fn whatever_comes_when_no_event_counts_twice() {
    let mut rng = Rng::with_seed(39);
    let (mut exact, mut less) = (0, 0);
    for _ in 0..500 {
        let (all, mut samples) = of_several_things(random(&mut rng));
        let there_were: u64 = naive(&samples).values().sum();
        samples.extend(samples.clone().iter().filter(|_| rng.u8(0..3) == 0));
        rng.shuffle(&mut samples);
        let mut meter = meter();
        meter.take(&batch(&all, &[]));
        let (mut deliveries, mut too_late, mut now) = (Vec::new(), 0, 300);
        for sample in &samples {
            let mut alone = batch(&[], &[*sample]);
            alone.arrived = second(now);
            too_late += meter.take(&alone).too_late;
            now += rng.i64(0..40);
            if rng.bool() {
                deliveries.extend(meter.close(second(now)));
                meter = restored(&meter);
            }
        }
        deliveries.extend(meter.close(second(now + 100)));
        let counted: u64 = by_slice(&deliveries).iter().map(|(_, n)| n).sum();
        assert!(counted <= there_were, "{counted} of {there_were}");
        match counted == there_were {
            true => exact += 1,
            false => less += 1,
        }
        assert!(counted == there_were || too_late > 0);
    }
    assert!(exact > 300 && less > 0, "{exact} {less}");
}

#[test]
fn the_past_of_a_series_is_of_whom_it_counted_for_and_not_of_several_writers() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let before = |meter: &mut Meter, sample: LiveSample| {
        let mut late = batch(&[], &[sample]);
        (late.newest_ms, late.arrived) = (None, second(6000));
        meter.take(&late)
    };
    let counted = |meter: &mut Meter, until: i64| by_slice(&meter.close(second(until)));
    let mut meter = meter();
    meter.take(&batch(std::slice::from_ref(&ok), &[stands(0, 5000, 100)]));
    assert_eq!(counted(&mut meter, 6000), []);
    assert_eq!(before(&mut meter, stands(0, 4980, 90)).new, 1);
    assert_eq!(before(&mut meter, stands(0, 4980, 90)).already, 1);
    assert_eq!(before(&mut meter, stands(0, 4980, 91)).conflicting, 1);
    assert_eq!(before(&mut meter, stands(0, 5000, 100)).already, 1);
    assert_eq!(counted(&mut meter, 6059), []);
    assert_eq!(counted(&mut meter, 6060), [(500, 10)]);
    // Between two that are known: the sum stays.
    assert_eq!(before(&mut meter, stands(0, 4990, 95)).too_late, 1);
    assert_eq!(before(&mut meter, stands(0, 4970, 95)).new, 1);
    // It counts for others from now on: not what it counted before.
    let mut bad = series(0, LiveRole::Events(Class::bad()));
    bad.id = ok.id;
    meter.take(&batch(&[bad], &[]));
    assert_eq!(before(&mut meter, stands(0, 4960, 80)).too_late, 1);
    let cells = cells(&meter.close(second(6200)));
    let counted: Vec<_> = cells.iter().map(|(of, n)| (of.1, &of.2, *n)).collect();
    assert_eq!(counted, [(498, &Class::good(), 90)]);

    // Two processes that nothing but their starts tell apart.
    let ok = series(1, LiveRole::Events(Class::good()));
    meter.take(&batch(&[ok], &[begun(1, 90_000, 1_000, 100)]));
    meter.take(&batch(&[], &[begun(1, 90_010, 2_000, 50)]));
    meter.close(second(91_000));
    let taken = meter.take(&batch(&[], &[begun(1, 89_000, 1_000, 70)]));
    assert_eq!((taken.new, taken.too_late), (0, 1));
}

#[test]
fn a_bucket_that_became_coarser_before_its_first_sample_did_not_begin_again() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(
        &[ok],
        &[begun(0, 5000, 1000, 85), begun(0, 5010, 1000, 86)],
    ));
    let mut deliveries = meter.close(second(6000));
    let mut late = batch(&[], &[begun(0, 4980, 1000, 90), begun(0, 4970, 1000, 80)]);
    late.arrived = second(6000);
    assert_eq!(meter.take(&late).new, 2);
    deliveries.extend(meter.close(second(6060)));
    assert_eq!(by_slice(&deliveries), [(498, 10), (501, 1)]);
}

#[test]
fn what_is_long_after_the_first_sample_is_not_waited_for() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(&[ok], &[stands(0, 5000, 100), stands(0, 5010, 101)]));
    meter.close(second(6000));
    assert_eq!(meter.facts().pasts.len(), 1);
    meter.close(second(5000 + 86_400 + 3600));
    assert_eq!(meter.facts().pasts.len(), 0);
    assert_eq!(meter.take(&batch(&[], &[stands(0, 4980, 90)])).too_late, 1);
}

/// Processes that nothing but their starts tell apart: each counts since its beginning, some end and others begin.
#[test]
fn writers_of_one_series_count_each_for_itself_whenever_it_is_stopped() {
    let mut rng = Rng::with_seed(19);
    for _ in 0..300 {
        let mut expected: BTreeMap<i64, u64> = BTreeMap::new();
        // One that is there when it is first looked at, whose past does not count.
        let mut samples = vec![begun(0, 5, -9_000, 70_000)];
        for writer in 0..rng.i64(1..6) {
            let (start, mut value) = match writer {
                0 => (-9_000, 70_000),
                _ => (writer * 37 + rng.i64(-30..5), 0),
            };
            let mut at = start.max(5);
            for _ in 0..rng.usize(1..10) {
                at += rng.i64(1..25);
                let events = rng.u64(0..30);
                value += events;
                // Two that are told at the same instant are two.
                samples.push(begun(0, at, start, value));
                if events > 0 {
                    *expected.entry(at / SLICE).or_default() += events;
                }
            }
        }
        // As they come: by time, some of them twice.
        samples.sort_by_key(|sample| sample.time_ms);
        let again = samples.clone();
        let mut meter = meter();
        let ok = series(0, LiveRole::Events(Class::good()));
        meter.take(&batch(&[ok], &samples[..1]));
        let mut deliveries = Vec::new();
        for (place, sample) in samples.iter().enumerate() {
            meter.take(&batch(&[], &[*sample, again[rng.usize(..=place)]]));
            if rng.u8(0..4) == 0 {
                deliveries.extend(meter.close(second(sample.time_ms / 1000 - rng.i64(0..30))));
                meter = restored(&meter);
            }
        }
        deliveries.extend(meter.close(second(10_000)));
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(by_slice(&deliveries), expected);
    }
}

/// Processes without a number of their own, each of which tells what happened since it told last.
#[test]
fn stretches_of_several_writers_count_whoever_they_are_of() {
    let mut rng = Rng::with_seed(23);
    for _ in 0..300 {
        let mut expected: BTreeMap<i64, u64> = BTreeMap::new();
        let mut samples = Vec::new();
        for _ in 0..rng.usize(1..6) {
            let mut at = rng.i64(0..60_000);
            for _ in 0..rng.usize(1..12) {
                let until = at + rng.i64(9_000..11_000);
                let events = rng.u64(0..30);
                // Nothing is said of stretches without events.
                if events > 0 {
                    let says = LiveValue::Happened {
                        events,
                        start_ms: at,
                    };
                    samples.push(LiveSample {
                        slot: 0,
                        time_ms: until,
                        says,
                    });
                    *expected.entry(until / 1000 / SLICE).or_default() += events;
                }
                at = until;
            }
        }
        samples.sort_by_key(|sample| sample.time_ms);
        let mut meter = meter();
        meter.take(&batch(&[series(0, LiveRole::Events(Class::good()))], &[]));
        let mut deliveries = Vec::new();
        for (place, sample) in samples.iter().enumerate() {
            let newest = samples[rng.usize(place.saturating_sub(3)..=place)];
            meter.take(&batch(&[], &[*sample, newest]));
            if rng.u8(0..4) == 0 {
                deliveries.extend(meter.close(second(sample.time_ms / 1000 - 15)));
                meter = restored(&meter);
            }
        }
        deliveries.extend(meter.close(second(10_000)));
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(by_slice(&deliveries), expected);
    }
}

#[test]
fn writers_that_end_are_forgotten_after_a_day_and_so_is_the_most_silent_of_too_many() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(&[ok], &[begun(0, 5, 1, 1)]));
    for process in 1..100 {
        meter.take(&batch(&[], &[begun(0, 5 + process * 10, process * 10, 1)]));
    }
    assert_eq!(meter.facts().series.len(), 64);
    let oldest = meter
        .facts()
        .series
        .iter()
        .map(|one| one.points[0].time_ms)
        .min();
    assert_eq!(oldest, Some(365_000));
    meter.close(second(370 + 86_400));
    assert_eq!(meter.facts().series.len(), 63);
    meter.close(second(10_000 + 86_400));
    assert_eq!(meter.facts().series.len(), 1);
}

/// A fleet of processes that say the same of themselves: what is counted is what happened, of as many as can be told apart.
#[test]
fn of_more_writers_than_can_be_told_apart_nothing_counts_twice() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(&[ok], &[begun(0, 5, 1, 1)]));
    let mut counted = 0;
    let mut metered = Metered::default();
    for round in 1..=30 {
        for writer in 1..100 {
            let start = 10 + writer * 2;
            let at = 300 + round * 10;
            let one = meter.take(&batch(&[], &[begun(0, at, start, round as u64)]));
            metered.overlapping += one.overlapping;
        }
        counted += by_slice(&meter.close(second(290 + round * 10)))
            .iter()
            .map(|slice| slice.1)
            .sum::<u64>();
        meter = restored(&meter);
    }
    counted += by_slice(&meter.close(second(10_000)))
        .iter()
        .map(|slice| slice.1)
        .sum::<u64>();
    // The first has ended, so that there is room for 64.
    assert_eq!((counted, metered.overlapping), (1 + 64 * 30, 35 * 30));
}

/// One that was silent for a while made room for another; it comes again, and what it counted was counted.
#[test]
fn a_writer_that_was_forgotten_and_comes_again_counts_nothing_twice() {
    let ok = series(0, LiveRole::Events(Class::good()));
    let mut meter = meter();
    meter.take(&batch(&[ok], &[begun(0, 5, 1, 1)]));
    meter.take(&batch(&[], &[begun(0, 30, 20, 1_000)]));
    for writer in 0..64 {
        meter.take(&batch(
            &[],
            &[begun(0, 1_000 + writer, 900 + 2 * writer, 1)],
        ));
    }
    let again = meter.take(&batch(&[], &[begun(0, 1_100, 20, 1_005)]));
    assert_eq!((again.overlapping, again.unknown_births), (1, 0));
    // There is room again for one whose beginning nobody remembers.
    let again = meter.take(&batch(&[], &[begun(0, 2_000, 20, 1_010)]));
    assert_eq!((again.overlapping, again.unknown_births), (0, 1_010));
    meter.take(&batch(&[], &[begun(0, 2_010, 20, 1_013)]));
    let counted: u64 = by_slice(&meter.close(second(10_000)))
        .iter()
        .map(|slice| slice.1)
        .sum();
    assert_eq!(counted, 1 + 1_000 + 64 + 3);
}

/// Two processes of one series when no more writers of any can be remembered: one of them counts.
#[test]
fn when_no_more_writers_are_remembered_what_they_say_is_refused() {
    let mut meter = meter();
    let all = 1_600;
    let told: Vec<_> = (0..all)
        .map(|slot| series(slot, LiveRole::Events(Class::good())))
        .collect();
    let first: Vec<_> = (0..all).map(|slot| begun(slot, 5, 1, 0)).collect();
    meter.take(&batch(&told, &first));
    for writer in 1..64 {
        let samples: Vec<_> = (0..all)
            .map(|slot| begun(slot, 300 + writer, 10 + 2 * writer, 0))
            .collect();
        meter.take(&batch(&[], &samples));
    }
    let last = all - 1;
    let mut overlapping = 0;
    for round in 0..20 {
        let at = 400 + 10 * round;
        // The one that is with its series, and one that is too many.
        let samples = [begun(last, at, 1, 5_000), begun(last, at + 5, 200, 3_000)];
        overlapping += meter.take(&batch(&[], &samples)).overlapping;
    }
    let counted: u64 = by_slice(&meter.close(second(10_000)))
        .iter()
        .map(|slice| slice.1)
        .sum();
    assert_eq!((counted, overlapping), (5_000, 20));
    // A process that begins when the one before has ended follows it.
    let follows = meter.take(&batch(&[], &[begun(last, 90_000, 89_990, 7)]));
    assert_eq!((follows.new, follows.overlapping), (1, 0));
}

#[test]
fn counters_that_stand_as_high_as_can_be_are_no_end() {
    let all: Vec<_> = (0..3)
        .map(|slot| series(slot, LiveRole::Events(Class::good())))
        .collect();
    let mut meter = meter();
    let at = |second: i64, value: u64| [0, 1, 2].map(|slot| stands(slot, second, value));
    let first = meter.take(&batch(&all, &at(5, u64::MAX)));
    assert_eq!(first.unknown_births, u64::MAX);
    meter.take(&batch(&[], &at(15, 0)));
    meter.close(second(20));
    let late = meter.take(&batch(&[], &at(18, u64::MAX)));
    assert_eq!(late.late_events, u64::MAX);
    let mut all = first.clone();
    all.add(&first);
    all.add(&late);
    assert_eq!((all.new, all.unknown_births), (9, u64::MAX));
    assert_eq!(by_slice(&meter.close(second(40))), [(1, u64::MAX)]);
}

/// Where a counter stands that says when it began.
fn begun(slot: u32, second: i64, start: i64, value: u64) -> LiveSample {
    LiveSample {
        slot,
        time_ms: second * 1000,
        says: LiveValue::Stands {
            value,
            created_ms: Some(start * 1000),
        },
    }
}

fn run(mut meter: Meter, entries: &[LiveEntry]) -> Vec<Delivery> {
    let all = entries.iter().map(|entry| meter.apply(entry).1);
    all.collect::<Vec<_>>().concat()
}

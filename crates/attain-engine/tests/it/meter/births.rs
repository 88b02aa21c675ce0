//! Whether what a counter stands at first happened now, or before anybody counted.

use super::*;

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

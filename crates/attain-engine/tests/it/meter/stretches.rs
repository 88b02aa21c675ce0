//! Events that are told as stretches.

use super::*;

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

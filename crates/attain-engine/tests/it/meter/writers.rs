//! Several processes that say the same of themselves.

use super::*;

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

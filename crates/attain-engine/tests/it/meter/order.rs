//! Samples in whatever order, however often, whenever it is stopped.

use super::*;

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

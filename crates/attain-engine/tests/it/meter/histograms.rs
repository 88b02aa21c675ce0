//! Buckets: which of them count, and each event once.

use super::*;

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
            meter.close(crate::build::second(second));
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

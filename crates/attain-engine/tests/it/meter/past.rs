//! What comes from before the first sample of a series.

use super::*;

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

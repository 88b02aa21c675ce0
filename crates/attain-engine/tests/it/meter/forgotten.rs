//! Series that are given up for others to find room: what they said stays counted, and none of it counts again.

use super::*;

fn ok(slot: u32, id: u128, thing: u64) -> LiveSeries {
    LiveSeries {
        id: SeriesId(id),
        thing,
        ..series(slot, LiveRole::Events(Class::good()))
    }
}

fn giving_up(slots: &[u32], series: &[LiveSeries], samples: &[LiveSample]) -> LiveBatch {
    LiveBatch {
        forgotten: slots.to_vec(),
        ..batch(series, samples)
    }
}

fn total(deliveries: &[Delivery]) -> u64 {
    by_slice(deliveries).iter().map(|(_, events)| events).sum()
}

#[test]
fn what_comes_again_after_it_was_given_up_is_a_baseline() {
    let mut meter = meter();
    meter.take(&batch(&[ok(0, 1, 1)], &[stands(0, 5, 1_000)]));
    meter.take(&batch(&[ok(1, 2, 2)], &[stands(1, 5, 500)]));
    // Something of the first thing is born and counts.
    meter.take(&batch(&[ok(2, 3, 1)], &[stands(2, 15, 7)]));
    let mut deliveries = meter.close(second(100));
    meter.take(&batch(&[], &[stands(1, 100_000, 501)]));
    meter.take(&giving_up(&[0, 2], &[], &[]));
    deliveries.extend(meter.close(second(100_010)));
    let mut meter = restored(&meter);
    assert_eq!(meter.facts().series.len(), 1);

    // The other thing goes on, and what is born beside it is.
    let taken = meter.take(&batch(&[ok(5, 9, 2)], &[stands(5, 100_015, 3)]));
    assert_eq!(taken.unknown_births, 0);
    // The first one comes again: nobody saw it meanwhile, and what it stands at was counted.
    let again = [ok(3, 1, 1), ok(4, 3, 1)];
    let taken = meter.take(&batch(
        &again,
        &[stands(3, 100_020, 1_100), stands(4, 100_020, 9)],
    ));
    assert_eq!(taken.unknown_births, 1_109);
    meter.take(&batch(
        &[],
        &[stands(3, 100_030, 1_102), stands(4, 100_030, 10)],
    ));
    deliveries.extend(meter.close(second(200_000)));
    assert_eq!(total(&deliveries), 7 + 1 + 3 + 2 + 1);
}

#[test]
fn a_backlog_that_is_sent_again_after_its_series_were_given_up_counts_once() {
    let mut meter = meter();
    let stood: Vec<_> = (0..10)
        .map(|at| stands(0, 10 * at, 5 * at as u64))
        .collect();
    let told: Vec<_> = (0..9)
        .map(|at| happened(1, 10 * at, 10 * at + 10, 3))
        .collect();
    let all = |slot| [ok(slot, 1, 1), ok(slot + 1, 2, 2)];
    let first = [&stood[..], &told[..]].concat();
    meter.take(&batch(&all(0), &first));
    let counted = total(&meter.close(second(10_000)));
    assert_eq!(counted, 9 * 5 + 9 * 3);

    let again: Vec<_> = (first.iter())
        .map(|sample| LiveSample {
            slot: sample.slot + 2,
            ..*sample
        })
        .collect();
    let taken = meter.take(&giving_up(&[0, 1], &all(2), &again));
    assert_eq!((taken.new, taken.too_late), (0, again.len() as u64));
    // What goes on behind it is news, but for where the counter stands first.
    meter.take(&batch(
        &[],
        &[stands(2, 20_000, 60), happened(3, 19_990, 20_000, 4)],
    ));
    meter.take(&batch(&[], &[stands(2, 20_010, 61)]));
    // A stretch that came late lies where nothing is known any more.
    let late = meter.take(&batch(&[], &[happened(3, 80, 90, 3)]));
    assert_eq!((late.new, late.too_late), (0, 1));
    assert_eq!(total(&meter.close(second(30_000))), 4 + 1);
}

/// A start that lies behind all that was given up is that of another process; one that does not may be the same.
#[test]
fn a_start_tells_whether_it_may_have_been_given_up() {
    let mut meter = meter();
    meter.take(&batch(
        &[ok(0, 1, 1), ok(1, 2, 2)],
        &[stands(1, 0, 0), begun(0, 5, 1, 10)],
    ));
    meter.take(&batch(&[], &[stands(1, 1_000, 0), begun(0, 1_000, 1, 30)]));
    meter.close(second(1_010));
    let again = [ok(2, 1, 1), ok(3, 3, 3)];
    let samples = [begun(2, 2_000, 1, 40), begun(3, 2_000, 1_500, 6)];
    let taken = meter.take(&giving_up(&[0], &again, &samples));
    assert_eq!(taken.unknown_births, 40);
    assert_eq!(total(&meter.close(second(3_000))), 6);
}

/// Whatever comes when, and whichever series are given up meanwhile: never more than there was.
#[test]
fn whatever_is_given_up_when_no_event_counts_twice() {
    let mut rng = Rng::with_seed(40);
    let (mut exact, mut less) = (0, 0);
    for _ in 0..500 {
        let (all, mut samples) = of_several_things(random(&mut rng));
        let there_were: u64 = naive(&samples).values().sum();
        samples.extend(samples.clone().iter().filter(|_| rng.u8(0..3) == 0));
        match rng.bool() {
            true => rng.shuffle(&mut samples),
            false => samples.sort_by_key(|sample| sample.time_ms),
        }
        let mut slots: Vec<u32> = (0..all.len() as u32).collect();
        let mut is_given_up = vec![false; all.len()];
        let mut next = slots.len() as u32;
        let mut meter = meter();
        meter.take(&batch(&all, &[]));
        let (mut deliveries, mut now) = (Vec::new(), 300);
        for sample in &samples {
            let which = sample.slot as usize;
            let (mut gone, mut told) = (Vec::new(), Vec::new());
            for (at, is_gone) in is_given_up.iter_mut().enumerate() {
                if !*is_gone && rng.u8(0..20) == 0 {
                    *is_gone = true;
                    gone.push(slots[at]);
                }
            }
            if std::mem::take(&mut is_given_up[which]) {
                slots[which] = next;
                next += 1;
                told.push(LiveSeries {
                    slot: slots[which],
                    ..all[which].clone()
                });
            }
            let sample = LiveSample {
                slot: slots[which],
                ..*sample
            };
            let mut alone = giving_up(&gone, &told, &[sample]);
            alone.arrived = second(now);
            meter.take(&alone);
            now += rng.i64(0..40);
            if rng.bool() {
                deliveries.extend(meter.close(second(now)));
                meter = restored(&meter);
            }
        }
        deliveries.extend(meter.close(second(now + 100)));
        let counted = total(&deliveries);
        assert!(counted <= there_were, "{counted} of {there_were}");
        match counted == there_were {
            true => exact += 1,
            false => less += 1,
        }
    }
    assert!(exact > 100 && less > 100, "{exact} {less}");
}

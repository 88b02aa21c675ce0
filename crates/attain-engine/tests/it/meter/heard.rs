//! When a source was heard.

use super::*;

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

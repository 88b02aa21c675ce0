//! From readings of a gauge to events: one per series and slice of the indicator, good if all its readings hold.
//!
//! Knows readings and a condition. The condition is applied when counts are read, so that editing it re-reads history.

use attain_model::quantity::Measure;
use attain_model::selector::Outcome;
use jiff::Timestamp;

use crate::counter::is_known;
use crate::grid::{Grid, floor_second};

/// A reading: time, arrival if that was later than the slice, and value.
pub(crate) type ReadingFacts = (Timestamp, Option<Timestamp>, Measure);

/// The events of one series: slice of the ledger and whether it was good, ascending.
///
/// Readings ascend, each instant once. An event stands in the last slice of the ledger that its own slice touches: it is not over before that.
pub(crate) fn events(
    readings: &[ReadingFacts],
    outcome: &Outcome,
    slice_seconds: i64,
    grid: Grid,
    known_until: Timestamp,
) -> Vec<(i64, bool)> {
    let slice_seconds = slice_seconds.max(1);
    let mut events: Vec<(i64, i64, bool)> = Vec::new();
    for &(time, late, value) in readings {
        if !is_known(time, late, known_until) {
            continue;
        }
        let slice = floor_second(time).div_euclid(slice_seconds);
        let holds = match outcome {
            Outcome::GoodIf(condition) => condition.holds(value),
            Outcome::AllGood | Outcome::Good(_) | Outcome::Bad(_) => true,
        };
        match events.last_mut() {
            Some((last, _, good)) if *last == slice => *good &= holds,
            _ => {
                let last_second = (slice + 1) * slice_seconds - 1;
                events.push((slice, last_second.div_euclid(grid.seconds()), holds));
            }
        }
    }
    events.into_iter().map(|(_, at, good)| (at, good)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use attain_model::selector::{Comparison, Condition};

    #[test]
    fn a_slice_is_good_if_all_its_readings_hold() {
        let up = Outcome::GoodIf(Condition {
            comparison: Comparison::Equal,
            value: Measure(1),
        });
        let readings: Vec<ReadingFacts> = [(0, 1), (299, 1), (300, 1), (310, 0), (900, 0)]
            .into_iter()
            .map(|(t, v)| (Timestamp::from_second(t).unwrap(), None, Measure(v)))
            .collect();
        let found = events(&readings, &up, 300, Grid::new(60), Timestamp::MAX);
        assert_eq!(found, [(4, true), (9, false), (19, false)]);
    }
}

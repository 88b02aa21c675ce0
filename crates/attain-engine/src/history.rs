//! How a series came to be what it is: attainment and budget at many instants, for a burn-down chart.

use std::time::Duration;

use attain_model::detail::Point;
use attain_model::slo::Budgeting;
use attain_model::{Promises, SeriesName};
use jiff::{SignedDuration, Timestamp};

use crate::counts::Counts;
use crate::look::Reader;
use crate::window;

/// The most points of one history.
const POINTS_AT_MOST: usize = 100_000;

/// A series at `from`, and every `step` after it up to and including `to`, with all that is known today.
///
/// The counts of its windows are read once; each point costs as much as one window. Empty for a name that the catalogue lacks and for
/// a step of zero; at most 100,000 points.
#[must_use]
pub fn history(
    promises: &Promises,
    counts: &dyn Counts,
    name: &SeriesName,
    from: Timestamp,
    to: Timestamp,
    step: Duration,
) -> Vec<Point> {
    let slo = promises.catalogue().slos.get(&name.slo);
    let Some((slo, objective)) = slo.and_then(|s| Some((s, s.objectives.get(&name.objective)?)))
    else {
        return Vec::new();
    };
    let grid = counts.grid();
    let mut reader = Reader::new(promises, counts, to, Timestamp::MAX);
    if slo.budgeting == Budgeting::Occurrences {
        // Time slices without traffic depend on when data began; events do not. Whole hours, for loads are by the minute.
        let first = window::resolve(&slo.window, from.min(to), grid)
            .interval
            .start;
        reader = reader.since(grid.index(first) - grid.slices(3600));
    }
    let looked = reader.look(slo);
    let judged = looked.judge(objective, &name.scope);
    let step = SignedDuration::try_from(step).unwrap_or(SignedDuration::MAX);
    let mut points = Vec::new();
    let mut at = from;
    while at <= to && points.len() < POINTS_AT_MOST && step > SignedDuration::ZERO {
        let end = grid.index(at);
        let sums = judged.sum(&looked.window_at(end));
        let is_promised = sums.allowed_billionths > 0;
        points.push(Point {
            at: grid.start(end),
            attainment: if is_promised {
                sums.promised
            } else {
                sums.other
            },
            budget: sums.budget(),
        });
        match at.checked_add(step) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    points
}

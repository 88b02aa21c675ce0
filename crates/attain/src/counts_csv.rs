//! What was counted, slice by slice, as CSV: for a spreadsheet, another program, or whoever wants to add it up.
//!
//! One row per slice and series with events in it: `slice,slo,objective,segment,total,good`. Ids hold no comma and no
//! quote, so that nothing needs quoting.

use std::fmt::Write as _;

use attain_engine::{Counts, slices};
use attain_model::{AsOf, Promises, SeriesName};
use jiff::Timestamp;

/// The table of all series, in the order of slice and series.
pub fn counts_csv(promises: &Promises, counts: &dyn Counts, names: &[SeriesName]) -> String {
    let as_of = AsOf {
        instant: Timestamp::MAX,
        known_until: Timestamp::MAX,
    };
    let mut rows = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let of_series = slices(promises, counts, name, as_of);
        rows.extend(
            of_series
                .into_iter()
                .map(|(at, events)| (at, place, events)),
        );
    }
    rows.sort_unstable_by_key(|(at, place, _)| (*at, *place));
    let mut text = String::from("slice,slo,objective,segment,total,good\n");
    for (at, place, events) in rows {
        let SeriesName {
            slo,
            objective,
            scope,
        } = &names[place];
        let (total, good) = (events.total(), events.good);
        let _ = writeln!(text, "{at},{slo},{objective},{scope},{total},{good}");
    }
    text
}

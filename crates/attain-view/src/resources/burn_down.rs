//! The burn-down of one SLO for programs: columns of numbers, an hour a place. Knows no HTTP.

use attain_model::detail::Point;
use attain_model::{Evaluation, SeriesName, SloId, Verdict};
use serde::Serialize;

use super::VERSION;
use crate::status_json::utc;

/// Seconds between two places.
const STEP_SECONDS: u32 = 3600;

#[derive(Serialize)]
struct BurnDown<'a> {
    version: u32,
    slo: &'a str,
    as_of: String,
    first: String,
    step_seconds: u32,
    series: Vec<Column<'a>>,
}

/// A place is a window: the last one ends with the instant that is judged, the others with whole hours.
#[derive(Serialize)]
struct Column<'a> {
    objective: &'a str,
    segment: String,
    good: Vec<u64>,
    bad: Vec<u64>,
    allowed_billionths: Vec<String>,
}

/// The windows of an SLO's series as they stood at whole hours, and as they are judged: at most `points` places, the
/// newest. `hours` are those of each series before the instant, an hour apart and oldest first, as many of each.
#[must_use]
pub fn burn_down_json(
    evaluation: &Evaluation,
    slo: &SloId,
    hours: &[(SeriesName, Vec<Point>)],
    points: usize,
) -> String {
    let verdicts = evaluation.verdicts.iter();
    let verdicts: Vec<&Verdict> = verdicts
        .filter(|verdict| verdict.name.slo == *slo)
        .collect();
    let of = |verdict: &Verdict| {
        let own = hours.iter().find(|(name, _)| *name == verdict.name);
        let own = own.map_or(&[][..], |(_, points)| points);
        &own[own.len().saturating_sub(points.saturating_sub(1))..]
    };
    let first = verdicts.first().and_then(|verdict| of(verdict).first());
    let said = BurnDown {
        version: VERSION,
        slo: slo.as_str(),
        as_of: utc(evaluation.as_of.instant),
        first: utc(first.map_or(evaluation.as_of.instant, |point| point.at)),
        step_seconds: STEP_SECONDS,
        series: verdicts
            .iter()
            .map(|verdict| column(verdict, of(verdict)))
            .collect(),
    };
    // In one line: so many numbers are for no one's eyes.
    let mut text = serde_json::to_string(&said).unwrap_or_default();
    text.push('\n');
    text
}

fn column<'a>(verdict: &'a Verdict, hours: &[Point]) -> Column<'a> {
    let now = (verdict.attainment, verdict.budget);
    let places = hours.iter().map(|point| (point.attainment, point.budget));
    let places: Vec<_> = places.chain([now]).collect();
    Column {
        objective: verdict.name.objective.as_str(),
        segment: verdict.name.scope.to_string(),
        good: places.iter().map(|(events, _)| events.good).collect(),
        bad: places.iter().map(|(events, _)| events.bad).collect(),
        allowed_billionths: (places.iter())
            .map(|(_, budget)| budget.allowed_billionths.to_string())
            .collect(),
    }
}

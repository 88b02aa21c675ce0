//! The budget of one series over its window. Knows which points; how they are drawn is attain-view's.

use std::time::Duration;

use attain_engine::{Grid, history, window};
use attain_model::{Catalogue, Interval, Promises, Scope, SeriesName};
use attain_view::Look;
use attain_view::burndown::{Burndown, Point, burndown};
use jiff::Timestamp;

use crate::asked::Asked;
use crate::exit::Failure;
use crate::facts::SLICE_SECONDS;
use crate::terminal::Terminal;

/// Points of a drawing at most, about: a minute each for a window of 30 days.
const CHART_POINTS: u64 = 43_200;

/// `slo/objective/segment` of the catalogue.
pub(super) fn series(catalogue: &Catalogue, text: &str) -> Result<SeriesName, Failure> {
    let known = all_series(catalogue);
    known
        .iter()
        .find(|name| name.to_string() == text)
        .cloned()
        .ok_or_else(|| {
            let names: Vec<String> = known.iter().map(ToString::to_string).collect();
            Failure::new(format!("there is no series `{text}` in this catalogue"))
                .help(format!("it has {}", names.join(", ")))
        })
}

pub fn all_series(catalogue: &Catalogue) -> Vec<SeriesName> {
    let mut names = Vec::new();
    for slo in catalogue.slos.values() {
        for objective in slo.objectives.values() {
            let mut scopes: Vec<Scope> = objective
                .current()
                .targets
                .iter()
                .map(|(scope, _)| scope)
                .collect();
            if !scopes.contains(&Scope::All) {
                scopes.push(Scope::All);
            }
            names.extend(scopes.into_iter().map(|scope| SeriesName {
                slo: slo.id.clone(),
                objective: objective.id.clone(),
                scope,
            }));
        }
    }
    names
}

/// The budget of one series over its window.
pub(super) fn draw(
    asked: &Asked,
    name: &SeriesName,
    ascii: bool,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let promises = &asked.promises;
    let slo = &promises.catalogue().slos[&name.slo];
    let grid = Grid::new(SLICE_SECONDS);
    let window = window::resolve(&slo.window, asked.as_of.instant, grid).interval;
    // Exact to the slice where that is affordable: "first overspent" is read off the points.
    let seconds = (window.seconds() / CHART_POINTS).max(1);
    let step = seconds.div_ceil(u64::from(SLICE_SECONDS)) * u64::from(SLICE_SECONDS);
    let step = Duration::from_secs(step);
    let points = asked
        .facts
        .with(|counts| history(promises, counts, name, window.start, window.end, step));
    let series = Burndown {
        title: name.to_string(),
        points: points
            .into_iter()
            .map(|point| Point {
                at: point.at,
                budget: (point.budget.allowed_billionths > 0).then_some(point.budget),
            })
            .collect(),
        changes: changes(promises, name, window),
        zone: promises.catalogue().timezone.clone(),
    };
    let look = terminal.look();
    let look = Look {
        ascii: look.ascii || ascii,
        ..look
    };
    terminal.print(&burndown(&series, &look))
}

/// Changes of the target inside the window.
fn changes(promises: &Promises, name: &SeriesName, window: Interval) -> Vec<(Timestamp, String)> {
    let objective = &promises.catalogue().slos[&name.slo].objectives[&name.objective];
    promises
        .goals(objective, &name.scope, window)
        .into_iter()
        .skip(1)
        .map(|span| {
            let goal = span
                .goal
                .map_or("nothing promised".to_owned(), |goal| goal.to_string());
            (span.interval.start, goal)
        })
        .collect()
}

//! Where the counts of an SLO may be added up before they are judged: between two cuts nothing begins or ends that the
//! answer depends on.
//!
//! Knows windows, terms and exclusions. Knows no counts: whoever reads them adds them up.

use std::ops::Range;

use attain_model::facts::StreamFacts;
use attain_model::slo::{Budgeting, Objective};
use attain_model::{Goal, Interval, Promises, Scope, Slo};
use jiff::Timestamp;

use crate::exclusions::Excluded;
use crate::grid::Grid;
use crate::window;

/// Slices at which something begins or ends.
///
/// Invariant: the sum over a window is the same whether events stand in their slice or in the last cut up to it, for every
/// window, term and exclusion begins and ends with a cut. What comes before the first cut is in no window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cuts {
    /// Ascending, each once; never empty.
    slices: Vec<i64>,
}

impl Cuts {
    /// For the windows of some objectives of an SLO that end with these instants, as of another.
    ///
    /// `None` where a sum depends on more than the windows' ends: time slices, and minutes above a load.
    pub(crate) fn of(
        promises: &Promises,
        slo: &Slo,
        objectives: &[&Objective],
        instants: &[Timestamp],
        (as_of, grid): (Timestamp, Grid),
    ) -> Option<Self> {
        if slo.budgeting != Budgeting::Occurrences {
            return None;
        }
        let mut slices = window_edges(slo, instants, grid);
        let first = *slices.iter().min()?;
        let over = first..grid.index(as_of);
        for objective in objectives {
            slices.extend(term_edges(promises, objective, grid.interval(&over), grid)?);
        }
        let excluded = Excluded::of(promises.catalogue(), slo, grid, &over);
        slices.extend(excluded.edges().filter(|edge| *edge > first));
        slices.sort_unstable();
        slices.dedup();
        Some(Self { slices })
    }

    /// The cuts, ascending.
    #[must_use]
    pub fn slices(&self) -> &[i64] {
        &self.slices
    }

    /// Moves events to the last cut up to their slice, those of before the first to the slice before it. Samples and
    /// readings stay.
    pub fn add_up(&self, facts: &mut StreamFacts) {
        for column in &mut facts.columns {
            for (slice, _) in &mut column.on_time {
                *slice = self.before(*slice);
            }
            column.on_time.dedup_by(|next, sum| {
                let is_same = next.0 == sum.0;
                if is_same {
                    sum.1 = sum.1.saturating_add(next.1);
                }
                is_same
            });
            for (slice, ..) in &mut column.late {
                *slice = self.before(*slice);
            }
        }
    }

    fn before(&self, slice: i64) -> i64 {
        let after = self.slices.partition_point(|cut| *cut <= slice);
        match after.checked_sub(1) {
            Some(place) => self.slices[place],
            None => self.slices[0] - 1,
        }
    }
}

/// Where windows begin and end.
fn window_edges(slo: &Slo, instants: &[Timestamp], grid: Grid) -> Vec<i64> {
    let mut slices = Vec::with_capacity(instants.len() * 2);
    let mut known: Option<Range<Timestamp>> = None;
    for instant in instants {
        let end = grid.start(grid.index(*instant));
        slices.push(grid.index(end));
        // Of a calendar period is asked once.
        if known
            .as_ref()
            .is_some_and(|p| p.start < end && end <= p.end)
        {
            continue;
        }
        let resolved = window::resolve(&slo.window, *instant, grid);
        slices.push(grid.index(resolved.interval.start));
        known = Some(resolved.interval.start..resolved.closes)
            .filter(|_| resolved.closes > resolved.interval.end);
    }
    slices
}

/// Where the goals of an objective change; `None` if one depends on a load.
fn term_edges(
    promises: &Promises,
    objective: &Objective,
    over: Interval,
    grid: Grid,
) -> Option<Vec<i64>> {
    let segments = promises.catalogue().segments.keys().cloned();
    let mut edges = Vec::new();
    for scope in segments.map(Scope::Segment).chain([Scope::All]) {
        for span in promises.goals(objective, &scope, over) {
            let promised = span.goal.as_ref().and_then(Goal::promised);
            if promised.is_some_and(|promised| promised.load.is_some()) {
                return None;
            }
            edges.extend([span.interval.start, span.interval.end].map(|at| grid.index(at)));
        }
    }
    Some(edges)
}

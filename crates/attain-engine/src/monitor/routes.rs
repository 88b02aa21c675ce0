//! From cells to rows: which running sums a class and bucket of a segment is good or bad for.
//!
//! Knows objectives and how a stream is cut. Knows no time and no counts; see monitor.rs. A cell is looked at once.

use std::collections::BTreeMap;

use attain_model::facts::Layout;
use attain_model::indicator::Indicator;
use attain_model::verdict::Attainment;
use attain_model::{CountedSegment, Promises, Scope, SegmentNames, StreamKey, Threshold};

use super::watched::Watched;
use crate::board::{Board, What};
use crate::cells::CellKey;
use crate::counts::Counts;
use crate::look::covers;
use crate::projection::{Fate, Projection};

/// Where the cells of one stream go.
pub(super) struct Routes {
    layout: Layout,
    names: SegmentNames,
    looking: Vec<Looking>,
    known: BTreeMap<CellKey, Route>,
}

/// A running sum that looks at a stream.
struct Looking {
    /// Its place among the monitor's SLOs.
    slo: usize,
    /// On the board.
    series: usize,
    what: What,
    scope: Scope,
    indicator: Indicator,
    under: Option<Threshold>,
}

/// Where one cell goes.
#[derive(Default)]
pub(super) struct Route {
    /// On the board: good there, or bad.
    series: Vec<(usize, bool)>,
    /// SLOs for which it cannot be told whether it is good.
    pub(super) unclear: Vec<usize>,
}

impl Routes {
    pub(super) fn of<'s>(
        promises: &Promises,
        counts: &dyn Counts,
        board: &Board,
        slos: impl Iterator<Item = (usize, &'s Watched)>,
        stream: &StreamKey,
    ) -> Self {
        let mut looking = Vec::new();
        for (at, watched) in slos {
            let Some(slo) = promises.catalogue().slos.get(&watched.id) else {
                continue;
            };
            for series in watched.series() {
                let Some((name, what)) = board.about(series) else {
                    continue;
                };
                let goal = watched
                    .goal(series)
                    .and_then(|goal| goal.promised().copied());
                looking.push(Looking {
                    slo: at,
                    series,
                    what,
                    scope: name.scope.clone(),
                    indicator: slo.indicator.clone(),
                    under: goal.and_then(|promised| promised.under),
                });
            }
        }
        let kept = counts.kept(stream);
        Self {
            layout: kept.map_or_else(Layout::default, |kept| kept.layout.clone()),
            names: SegmentNames::of(promises.catalogue()),
            looking,
            known: BTreeMap::new(),
        }
    }

    pub(super) fn of_cell(&mut self, cell: &CellKey) -> &Route {
        if !self.known.contains_key(cell) {
            let route = self.route(cell);
            self.known.insert(cell.clone(), route);
        }
        &self.known[cell]
    }

    fn route(&self, (segment, class, bucket): &CellKey) -> Route {
        // What was counted before another catalogue came may be told after it.
        let segment = self.names.today(segment);
        let mut route = Route::default();
        for looking in &self.looking {
            if looking.what == What::Tagged {
                let is_known = *segment != CountedSegment::Unknown;
                route.series.push((looking.series, is_known));
                continue;
            }
            if !covers(&looking.scope, segment) {
                continue;
            }
            let projection = Projection::new(&self.layout, &looking.indicator, looking.under);
            match projection.fate(class, *bucket) {
                Fate::Good => route.series.push((looking.series, true)),
                Fate::Bad => route.series.push((looking.series, false)),
                Fate::Unclear(_) => {
                    // It counts as bad; the verdict says that it is not sure.
                    route.series.push((looking.series, false));
                    route.unclear.push(looking.slo);
                }
            }
        }
        route
    }
}

impl Route {
    /// What so many events add to each row.
    pub(super) fn rows(&self, events: u64) -> impl Iterator<Item = (usize, Attainment)> + '_ {
        self.series.iter().map(move |(series, is_good)| {
            let (good, bad) = if *is_good { (events, 0) } else { (0, events) };
            (*series, Attainment { good, bad })
        })
    }
}

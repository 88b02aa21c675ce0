//! One series of one objective, judged by what was promised when: events in, sums over any window out.
//!
//! Knows goals over time, load conditions and time slices. Knows no verdict and no alert; see evaluate.rs and alerts.rs.

use std::collections::BTreeMap;
use std::ops::Range;

use attain_model::promises::GoalSpan;
use attain_model::slo::{Load, Objective, OverLoad};
use attain_model::{
    CountedSegment, Gap, Goal, Interval, Promised, Promises, Scope, SegmentId, Slo, Stream,
};
use jiff::Timestamp;

use crate::counts::{Column, Counts, Heard, Read};
use crate::grid::Grid;
use crate::load::Minutes;
use crate::projection::{Fate, Projection, Why, split_totals};
use crate::series::{Entry, Series, Sums};
use crate::timeslices::Rule;
use crate::window;

/// The counts that an SLO looks at, read once for all its objectives.
pub(crate) struct Looked<'a> {
    pub(crate) promises: &'a Promises,
    pub(crate) slo: &'a Slo,
    /// As it is counted; `None` if nobody counts it.
    pub(crate) kept: Option<&'a Stream>,
    pub(crate) read: Read,
    pub(crate) heard: Heard,
    pub(crate) grid: Grid,
    /// From the first slice with counts or in which a source was heard, to the instant.
    pub(crate) span: Range<i64>,
}

impl<'a> Looked<'a> {
    /// Reads what an SLO looks at, in slices before `until`.
    pub(crate) fn new(
        promises: &'a Promises,
        slo: &'a Slo,
        counts: &'a dyn Counts,
        until: i64,
        known_until: Timestamp,
    ) -> Self {
        let key = Stream::key_of(promises.catalogue(), slo);
        let mut read = counts.read(&key, &slo.indicator, until, known_until);
        split_totals(&mut read, &slo.indicator);
        let heard = counts.heard(&key);
        let first_heard = match &heard {
            Heard::Slices(slices) => slices.ranges().first().map(|range| range.start),
            Heard::Never | Heard::NotKnown => None,
        };
        let first = [read.first(), first_heard].into_iter().flatten().min();
        Self {
            promises,
            slo,
            kept: counts.kept(&key),
            read,
            heard,
            grid: counts.grid(),
            span: first.map_or(until, |first| first.min(until))..until,
        }
    }

    /// The slices of the SLO's window as seen from the end of a slice.
    pub(crate) fn window_at(&self, end: i64) -> Range<i64> {
        let resolved = window::resolve(&self.slo.window, self.grid.start(end), self.grid);
        self.grid.index(resolved.interval.start)..end
    }

    pub(crate) fn interval(&self, slices: &Range<i64>) -> Interval {
        Interval {
            start: self.grid.start(slices.start),
            end: self.grid.start(slices.end),
        }
    }

    /// All events of some segments in a range of slices, whatever their outcome.
    pub(crate) fn events(
        &self,
        include: impl Fn(&CountedSegment) -> bool,
        range: &Range<i64>,
    ) -> u64 {
        let columns = self.read.columns.iter().filter(|c| include(&c.segment));
        columns
            .flat_map(|column| within(column, range))
            .map(|(_, events)| *events)
            .sum()
    }

    /// The goals that are judged over everything that matters at the instant.
    pub(crate) fn goals(&self, objective: &Objective, scope: &Scope) -> Vec<GoalSpan> {
        let window = self.window_at(self.span.end);
        let over = self.span.start.min(window.start)..self.span.end;
        self.promises.goals(objective, scope, self.interval(&over))
    }

    /// Judges one scope by its own goals.
    pub(crate) fn judge(&self, objective: &Objective, scope: &Scope) -> Judged {
        let spans = self.goals(objective, scope);
        let whose = |segment: &CountedSegment| covers(scope, segment);
        let mut builder = Builder::default();
        self.collect(&mut builder, &whose, &spans);
        builder.finish(self, spans)
    }

    /// Judges all traffic of a per-segment objective without a goal for all: each segment by its own promise, and what
    /// was promised nothing by the loosest promise of the map then in force.
    pub(crate) fn judge_pooled(&self, objective: &Objective) -> Judged {
        let segments: BTreeMap<&SegmentId, Vec<GoalSpan>> = self
            .promises
            .catalogue()
            .segments
            .keys()
            .map(|id| (id, self.goals(objective, &Scope::Segment(id.clone()))))
            .collect();
        let pieces = pieces(segments.values());
        let loosest: Vec<GoalSpan> = pieces
            .iter()
            .map(|piece| GoalSpan {
                interval: *piece,
                goal: loosest(segments.values().filter_map(|s| goal_at(s, piece.start))),
            })
            .collect();
        let mut builder = Builder::default();
        let mut counted: Vec<&CountedSegment> =
            self.read.columns.iter().map(|c| &c.segment).collect();
        counted.dedup();
        for segment in counted {
            let own = match segment {
                CountedSegment::Known(id) => segments.get(id),
                CountedSegment::Unknown => None,
            };
            let spans = loosest.iter().map(|span| GoalSpan {
                interval: span.interval,
                goal: own
                    .and_then(|own| goal_at(own, span.interval.start))
                    .filter(|goal| goal.promised().is_some())
                    .or(span.goal),
            });
            let whose = |other: &CountedSegment| other == segment;
            self.collect(&mut builder, &whose, &spans.collect::<Vec<_>>());
        }
        let unnamed = pieces.into_iter().map(|interval| GoalSpan {
            interval,
            goal: None,
        });
        builder.finish(self, unnamed.collect())
    }

    /// Adds the events of some segments, judged by these goals.
    fn collect(
        &self,
        builder: &mut Builder,
        whose: &dyn Fn(&CountedSegment) -> bool,
        spans: &[GoalSpan],
    ) {
        let Some(kept) = self.kept else {
            return;
        };
        let (mut inside, mut over) = (Vec::new(), Vec::new());
        for span in spans {
            let range = self.grid.index(span.interval.start)..self.grid.index(span.interval.end);
            let promised = span.goal.as_ref().and_then(Goal::promised);
            let projection =
                Projection::new(kept, &self.slo.indicator, promised.and_then(|p| p.under));
            let minutes = promised
                .and_then(|p| p.load)
                .map(|load| self.minutes(load, whose));
            let set_aside = minutes
                .as_ref()
                .filter(|_| self.slo.over_load == OverLoad::Separate);
            for column in self.read.columns.iter().filter(|c| whose(&c.segment)) {
                let fate = projection.fate(&column.class, column.bucket);
                let counts = within(column, &range);
                if let Fate::Unclear(why) = fate {
                    builder.unclear(&projection, why, counts);
                }
                for (slice, events) in counts {
                    let entry = entry(*slice, *events, fate, promised);
                    match set_aside {
                        Some(minutes) if minutes.is_over(*slice, self.grid) => over.push(entry),
                        _ => inside.push(entry),
                    }
                }
            }
            builder.minutes.extend(minutes.map(|m| (range, m)));
        }
        builder.add(self, inside, over, spans);
    }

    /// The minutes of a load condition: the load of the whole SLO, or of these segments alone.
    fn minutes(&self, load: Load, whose: &dyn Fn(&CountedSegment) -> bool) -> Minutes {
        let mut events: BTreeMap<i64, u64> = BTreeMap::new();
        let columns = self.read.columns.iter();
        for column in columns.filter(|c| !load.own || whose(&c.segment)) {
            for (slice, n) in &column.counts {
                let sum = events.entry(*slice).or_insert(0);
                *sum = sum.saturating_add(*n);
            }
        }
        Minutes::new(events, load.up_to, self.grid)
    }
}

/// One judged series.
pub(crate) struct Judged {
    /// What the promise covers at any load.
    pub(crate) inside: Series,
    /// What lay above the load, as far as it is set aside.
    pub(crate) over: Series,
    /// Load conditions and the slices they hold for.
    minutes: Vec<(Range<i64>, Minutes)>,
    /// Goals over everything that matters at the instant.
    pub(crate) spans: Vec<GoalSpan>,
    /// Events that could not be told apart: why, with the text of the gap, and where.
    pub(crate) unclear: Vec<Unclear>,
    grid: Grid,
}

/// Events that could not be told apart for one reason.
pub(crate) struct Unclear {
    pub(crate) why: Why,
    gap: attain_model::GapReason,
    counts: Vec<(i64, u64)>,
}

/// What a load condition set aside in a window.
pub(crate) struct Aside {
    pub(crate) minutes: u64,
    pub(crate) of_minutes: u64,
    pub(crate) judged_minutes: u64,
    pub(crate) sums: Sums,
}

impl Judged {
    /// What counts within a window.
    pub(crate) fn sum(&self, window: &Range<i64>) -> Sums {
        self.sum_within(window, window)
    }

    /// What counts within a part of a window: minutes above the load count once the window's share of them is used up.
    pub(crate) fn sum_within(&self, window: &Range<i64>, part: &Range<i64>) -> Sums {
        let mut sums = self.inside.sum(part.clone());
        if self.over.slices().is_empty() {
            return sums;
        }
        for (range, minutes) in &self.minutes {
            let (_, from) = minutes.judged(&clip(window, range), self.grid);
            let judged = part.start.max(from).max(range.start)..part.end.min(range.end);
            sums = sums.plus(&self.over.sum(judged));
        }
        sums
    }

    /// What lay above the load in a window; `None` without a load condition.
    pub(crate) fn aside(&self, window: &Range<i64>, rule: OverLoad) -> Option<Aside> {
        if self.minutes.is_empty() {
            return None;
        }
        let mut aside = Aside {
            minutes: 0,
            of_minutes: 0,
            judged_minutes: 0,
            sums: self.over.sum(window.clone()),
        };
        for (range, minutes) in &self.minutes {
            let range = clip(window, range);
            aside.minutes += minutes.over_in(&range, self.grid);
            aside.of_minutes += minutes.busy_in(&range, self.grid);
            aside.judged_minutes += match rule {
                OverLoad::Separate => minutes.judged(&range, self.grid).0,
                OverLoad::Count => minutes.over_in(&range, self.grid),
            };
        }
        Some(aside)
    }

    /// What could not be told apart in a window.
    pub(crate) fn gaps(&self, about: &str, window: &Range<i64>, interval: Interval) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for unclear in &self.unclear {
            let inside = unclear.counts.iter().filter(|(s, _)| window.contains(s));
            let events: u64 = inside.map(|(_, events)| *events).sum();
            if events > 0 {
                gaps.push(Gap {
                    about: about.to_owned(),
                    interval: Some(interval),
                    why: with_events(&unclear.gap, events),
                });
            }
        }
        gaps
    }
}

#[derive(Default)]
struct Builder {
    inside: Vec<Entry>,
    over: Vec<Entry>,
    minutes: Vec<(Range<i64>, Minutes)>,
    unclear: Vec<Unclear>,
}

impl Builder {
    fn unclear(&mut self, projection: &Projection<'_>, why: Why, counts: &[(i64, u64)]) {
        let gap = projection.gap(why, 0);
        match self
            .unclear
            .iter_mut()
            .find(|u| u.why == why && u.gap == gap)
        {
            Some(unclear) => unclear.counts.extend_from_slice(counts),
            None => self.unclear.push(Unclear {
                why,
                gap,
                counts: counts.to_vec(),
            }),
        }
    }

    /// Adds the entries of one group of segments; time slices are made group by group.
    fn add(
        &mut self,
        looked: &Looked<'_>,
        inside: Vec<Entry>,
        over: Vec<Entry>,
        spans: &[GoalSpan],
    ) {
        let rule = Rule {
            budgeting: looked.slo.budgeting,
            no_traffic: looked.slo.no_traffic,
            missing_data: looked.slo.missing_data,
            heard: &looked.heard,
            grid: looked.grid,
        };
        let target_at = |slice: i64| {
            let goal = goal_at(spans, looked.grid.start(slice));
            goal.and_then(|goal| goal.promised().map(|p| p.target.ppb()))
        };
        let nothing = looked.span.end..looked.span.end;
        self.inside
            .extend(rule.apply(inside, looked.span.clone(), target_at, &over));
        self.over.extend(rule.apply(over, nothing, target_at, &[]));
    }

    fn finish(self, looked: &Looked<'_>, spans: Vec<GoalSpan>) -> Judged {
        Judged {
            inside: Series::new(self.inside),
            over: Series::new(self.over),
            minutes: self.minutes,
            spans,
            unclear: self.unclear,
            grid: looked.grid,
        }
    }
}

/// Whether a scope covers a counted segment.
pub(crate) fn covers(scope: &Scope, segment: &CountedSegment) -> bool {
    match (scope, segment) {
        (Scope::All, _) => true,
        (Scope::Segment(id), CountedSegment::Known(other)) => id == other,
        (Scope::Segment(_), CountedSegment::Unknown) => false,
    }
}

/// The counts of a column in a range of slices.
pub(crate) fn within<'c>(column: &'c Column, range: &Range<i64>) -> &'c [(i64, u64)] {
    let counts = &column.counts;
    let start = counts.partition_point(|(slice, _)| *slice < range.start);
    let end = counts.partition_point(|(slice, _)| *slice < range.end);
    &counts[start..end.max(start)]
}

fn entry(slice: i64, events: u64, fate: Fate, promised: Option<&Promised>) -> Entry {
    let is_good = fate == Fate::Good;
    let is_unclear = matches!(fate, Fate::Unclear(_));
    Entry {
        slice,
        good: if is_good { events } else { 0 },
        bad: if is_good { 0 } else { events },
        uncertain: if is_unclear { events } else { 0 },
        target_ppb: promised.map(|p| p.target.ppb()),
    }
}

fn goal_at(spans: &[GoalSpan], instant: Timestamp) -> Option<Goal> {
    let at = spans.partition_point(|span| span.interval.end <= instant);
    spans.get(at).or(spans.last()).and_then(|span| span.goal)
}

/// The stretches in which no goal of any segment changes.
fn pieces<'s>(all: impl Iterator<Item = &'s Vec<GoalSpan>>) -> Vec<Interval> {
    let mut edges: Vec<Timestamp> = all
        .flatten()
        .flat_map(|span| [span.interval.start, span.interval.end])
        .collect();
    edges.sort();
    edges.dedup();
    let pairs = edges.windows(2);
    pairs
        .map(|pair| Interval {
            start: pair[0],
            end: pair[1],
        })
        .collect()
}

/// The promise with the lowest target; of equal ones that with the highest threshold.
fn loosest(goals: impl Iterator<Item = Goal>) -> Option<Goal> {
    goals
        .filter(|goal| goal.promised().is_some())
        .min_by_key(|goal| {
            goal.promised()
                .map(|p| (p.target, std::cmp::Reverse(p.under)))
        })
}

fn clip(window: &Range<i64>, range: &Range<i64>) -> Range<i64> {
    window.start.max(range.start)..window.end.min(range.end)
}

fn with_events(gap: &attain_model::GapReason, events: u64) -> attain_model::GapReason {
    use attain_model::GapReason;
    match gap {
        GapReason::BetweenBuckets(_) => GapReason::BetweenBuckets(events),
        GapReason::Untimed(_) => GapReason::Untimed(events),
        other => other.clone(),
    }
}

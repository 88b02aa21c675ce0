//! One series of one objective, judged by what was promised when: events in, sums over any window out.
//!
//! Knows goals over time, load conditions and time slices. Knows no verdict and no alert; see evaluate.rs and alerts.rs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use attain_model::detail::Cause;
use attain_model::promises::GoalSpan;
use attain_model::slo::{Budgeting, Load, Objective, OverLoad};
use attain_model::verdict::{Attainment, ErrorBudget, ExcludedShare, OverLoadShare};
use attain_model::{Class, CountedSegment, Gap, GapReason, Goal, Interval, Scope, Window};
use jiff::Timestamp;

use crate::by_slice::BySlice;
use crate::causes::{Causes, Home, Shares};
use crate::grid::Grid;
use crate::load::Minutes;
use crate::look::{Looked, covers, within};
use crate::projection::{Fate, Projection, Why};
use crate::ranges::RangeSet;
use crate::series::{Entry, Series, Sums};
use crate::timeslices::Rule;

impl Looked<'_> {
    /// The goals over everything that matters at the instant.
    fn goals(&self, objective: &Objective, scope: &Scope) -> Vec<GoalSpan> {
        let over = self.span.start.min(self.window.start)..self.span.end;
        self.promises.goals(objective, scope, self.interval(&over))
    }

    /// Judges one scope: by its own goals, or as a pool.
    pub(crate) fn judge(&self, objective: &Objective, scope: &Scope) -> Judged {
        self.judge_into(Builder::default(), objective, scope)
    }

    /// The same, with what the bad events were; see [`Judged::causes`].
    pub(crate) fn judge_with_causes(&self, objective: &Objective, scope: &Scope) -> Judged {
        let builder = Builder {
            causes: Some(Causes::default()),
            ..Builder::default()
        };
        self.judge_into(builder, objective, scope)
    }

    /// Judges a scope by other goals than its objective's.
    pub(crate) fn judge_by(&self, scope: &Scope, spans: Vec<GoalSpan>) -> Judged {
        let whose = |segment: &CountedSegment| covers(scope, segment);
        let mut builder = Builder::default();
        let outside = self.excluded.of_scope(scope);
        self.collect(&mut builder, &whose, &spans, outside, None);
        builder.finish(self, scope, spans)
    }

    fn judge_into(&self, mut builder: Builder, objective: &Objective, scope: &Scope) -> Judged {
        if self.is_pooled(objective, scope) {
            return self.judge_pooled(builder, objective);
        }
        let spans = self.goals(objective, scope);
        let whose = |segment: &CountedSegment| covers(scope, segment);
        let outside = self.excluded.of_scope(scope);
        self.collect(&mut builder, &whose, &spans, outside, None);
        builder.finish(self, scope, spans)
    }

    /// Judges a per-segment objective without a goal for all: what was promised to somebody, each by its own promise.
    ///
    /// Where nobody was promised anything, everything is measured.
    fn judge_pooled(&self, mut builder: Builder, objective: &Objective) -> Judged {
        let goals: BTreeMap<CountedSegment, Vec<GoalSpan>> = self
            .promises
            .catalogue()
            .segments
            .keys()
            .map(|id| {
                let spans = self.goals(objective, &Scope::Segment(id.clone()));
                (CountedSegment::Known(id.clone()), spans)
            })
            .collect();
        let pieces = pieces(goals.values());
        let promised_at = |spans: &[GoalSpan], piece: &Interval| {
            goal_at(spans, piece.start).filter(|goal| goal.promised().is_some())
        };
        let is_open = |piece: &Interval| goals.values().all(|s| promised_at(s, piece).is_none());
        // A segment without traffic may have a budget all the same, of time slices.
        let counted = self.read.columns.iter().map(|c| &c.segment);
        let born = self.read.births.iter().map(|birth| &birth.segment);
        let segments: BTreeSet<&CountedSegment> = counted.chain(born).chain(goals.keys()).collect();
        let mut pool = Pool::new();
        for segment in segments {
            let own = goals.get(segment).map_or(&[][..], Vec::as_slice);
            let mut spans = Vec::new();
            let mut inside = RangeSet::default();
            for piece in &pieces {
                let goal = promised_at(own, piece);
                if goal.is_some() || is_open(piece) {
                    inside.insert(self.grid.index(piece.start)..self.grid.index(piece.end));
                }
                spans.push(GoalSpan {
                    interval: *piece,
                    goal,
                });
            }
            if !inside.ranges().is_empty() {
                let whose = |other: &CountedSegment| other == segment;
                let outside = self.excluded.of_segment(segment);
                self.collect(&mut builder, &whose, &spans, outside, Some(&inside));
                pool.insert(segment.clone(), inside);
            }
        }
        let unnamed = pieces.into_iter().map(|interval| GoalSpan {
            interval,
            goal: None,
        });
        let mut judged = builder.finish(self, &Scope::All, unnamed.collect());
        judged.pool = Some(pool);
        judged
    }

    /// Adds the events of some segments, judged by these goals; of a pool only those in some slices. In the slices
    /// `outside` all of them are excluded.
    fn collect(
        &self,
        builder: &mut Builder,
        whose: &dyn Fn(&CountedSegment) -> bool,
        spans: &[GoalSpan],
        outside: &RangeSet<i64>,
        only: Option<&RangeSet<i64>>,
    ) {
        let is_counted = self.slo.over_load == OverLoad::Count;
        let mut group = Group::default();
        for span in spans {
            let range = self.grid.index(span.interval.start)..self.grid.index(span.interval.end);
            if only.is_some_and(|only| !only.overlaps(&range)) {
                continue;
            }
            let promised = span.goal.as_ref().and_then(Goal::promised);
            let under = promised.and_then(|p| p.under);
            let layouts = self.read.layouts.iter();
            let projections: Vec<Projection<'_>> = layouts
                .map(|layout| Projection::new(layout, &self.slo.indicator, under))
                .collect();
            let minutes = promised
                .and_then(|p| p.load)
                .map(|load| self.minutes(load, whose).without(outside, self.grid));
            let columns: Vec<_> = (self.read.columns.iter())
                .filter(|column| whose(&column.segment))
                .map(|column| {
                    let excluded = self.excluded.of_segment(&column.segment);
                    (column, split(within(column, &range), excluded))
                })
                .collect();
            let is_any_over = minutes.as_ref().is_some_and(Minutes::is_any_over);
            let room = || BySlice::of(columns.iter().map(|(_, (counts, _))| &counts[..]));
            let (mut inside, mut over) = (room(), minutes.as_ref().map(|_| room()));
            let mut aside = BySlice::of(columns.iter().map(|(_, (_, aside))| &aside[..]));
            for (column, (counts, excluded)) in &columns {
                let Some(projection) = projections.get(column.layout) else {
                    continue;
                };
                let fate = projection.fate(&column.class, column.bucket);
                let cause = builder.cause(projection, &column.class, fate);
                aside.add_all(excluded, fate);
                if let Fate::Unclear(why) = fate {
                    builder.unclear(projection, why, counts);
                }
                if cause.is_none() && !is_any_over {
                    inside.add_all(counts, fate);
                    continue;
                }
                for (slice, events) in counts.iter() {
                    let is_over = |minutes: &Minutes| minutes.is_over(*slice, self.grid);
                    let is_over = minutes.as_ref().is_some_and(is_over);
                    if let Some(cause) = cause {
                        let home = (is_over && !is_counted)
                            .then_some(builder.over.len() + group.over.len());
                        let home = home.map_or(Home::Inside, Home::Over);
                        builder.because(home, (*slice, *events), cause);
                    }
                    match &mut over {
                        Some(over) if is_over => over.add(*slice, *events, fate),
                        _ => inside.add(*slice, *events, fate),
                    }
                }
            }
            let target_ppb = promised.map(|p| p.target.ppb());
            group.excluded.extend(aside.entries(target_ppb));
            append(&mut group.inside, inside.entries(target_ppb));
            if let (Some(minutes), Some(over)) = (minutes, over) {
                group.over.push((range, minutes, over.entries(target_ppb)));
            }
        }
        builder.add(self, group, spans, outside, only);
    }

    /// The minutes of a load condition: the load of the whole SLO, or of these segments alone.
    fn minutes(&self, load: Load, whose: &dyn Fn(&CountedSegment) -> bool) -> Minutes {
        let columns = self.read.columns.iter();
        let columns: Vec<&[(i64, u64)]> = columns
            .filter(|c| !load.own || whose(&c.segment))
            .map(|column| &column.counts[..])
            .collect();
        let mut events = BySlice::of(columns.iter().copied());
        for column in columns {
            events.add_all(column, Fate::Good);
        }
        let events = events.entries(None).into_iter();
        let events = events.map(|entry| (entry.slice, entry.good));
        Minutes::new(events, load.up_to, self.grid)
    }
}

/// One judged series.
pub(crate) struct Judged {
    /// What the promise covers at any load.
    inside: Series,
    /// What lay above a load, for each condition and group of segments.
    over: Vec<Over>,
    /// What was counted outside the promise by agreement, in the slices in which anything of it is.
    excluded: Series,
    excluded_slices: RangeSet<i64>,
    /// Minutes above the load are judged like all others and shown besides.
    is_counted: bool,
    /// Goals over everything that matters at the instant.
    pub(crate) spans: Vec<GoalSpan>,
    /// Events that could not be told apart: why, with the text of the gap, and where.
    unclear: Vec<Unclear>,
    /// Of a pool: who is in it, and in which slices.
    pool: Option<Pool>,
    /// What the bad events were, if that was asked for.
    causes: Option<Causes>,
    grid: Grid,
}

/// Segments of a pool, each with the slices in which it was promised something.
type Pool = BTreeMap<CountedSegment, RangeSet<i64>>;

/// What lay above one load condition, in the slices for which it holds.
struct Over {
    range: Range<i64>,
    minutes: Minutes,
    series: Series,
}

/// Events that could not be told apart for one reason.
struct Unclear {
    why: Why,
    gap: GapReason,
    counts: Vec<(i64, u64)>,
}

impl Judged {
    /// What counts within a window.
    pub(crate) fn sum(&self, window: &Range<i64>) -> Sums {
        self.sum_within(window, window)
    }

    /// What counts within a part of a window: minutes above the load count once the window's share of them is used up.
    pub(crate) fn sum_within(&self, window: &Range<i64>, part: &Range<i64>) -> Sums {
        let mut sums = self.inside.sum(part.clone());
        if self.is_plain() {
            return sums;
        }
        for over in &self.over {
            let (_, from) = over.minutes.judged(&clip(window, &over.range), self.grid);
            let judged = part.start.max(from)..part.end;
            sums = sums.plus(&over.series.sum(judged));
        }
        sums
    }

    /// What counts within a part of the window that ends with the part.
    pub(crate) fn sum_before(&self, looked: &Looked<'_>, part: &Range<i64>) -> Sums {
        if self.is_plain() {
            return self.inside.sum(part.clone());
        }
        self.sum_within(&looked.window_at(part.end), part)
    }

    /// The budget of a part of the window that ends with the part.
    pub(crate) fn budget_before(&self, looked: &Looked<'_>, part: &Range<i64>) -> ErrorBudget {
        if self.is_plain() {
            return self.inside.budget(part.clone());
        }
        self.sum_within(&looked.window_at(part.end), part).budget()
    }

    /// The end of the last earlier window whose sums may be others: all windows that end after it, up to this one, have
    /// the same events in them.
    pub(crate) fn change_before(&self, looked: &Looked<'_>, window: &Range<i64>) -> i64 {
        let one_before = window.end - 1;
        if !self.is_plain() || window.is_empty() {
            return one_before;
        }
        let leaving = self.inside.last_before(window.end);
        let entering = match &looked.slo.window {
            Window::Rolling(_) => {
                let last = self.inside.last_before(window.start);
                last.map(|slice| slice + (window.end - window.start))
            }
            Window::Calendar(..) => Some(window.start),
        };
        let change = leaving.max(entering).unwrap_or(i64::MIN);
        change.min(one_before)
    }

    /// Whether the window does not matter to what counts in a part of it: it limits the minutes above a load, no more.
    fn is_plain(&self) -> bool {
        self.over.is_empty() || self.is_counted
    }

    /// What lay above the load in a window; `None` without a load condition.
    pub(crate) fn over_load(&self, window: &Range<i64>) -> Option<OverLoadShare> {
        let mut shares = self.over.iter().map(|over| {
            let range = clip(window, &over.range);
            let minutes = over.minutes.over_in(&range, self.grid);
            OverLoadShare {
                minutes,
                of_minutes: over.minutes.busy_in(&range, self.grid),
                attainment: over.series.sum(range.clone()).all(),
                judged_minutes: if self.is_counted {
                    minutes
                } else {
                    over.minutes.judged(&range, self.grid).0
                },
            }
        });
        let first = shares.next()?;
        Some(shares.fold(first, |sum, next| OverLoadShare {
            minutes: sum.minutes + next.minutes,
            of_minutes: sum.of_minutes + next.of_minutes,
            attainment: Attainment {
                good: sum.attainment.good.saturating_add(next.attainment.good),
                bad: sum.attainment.bad.saturating_add(next.attainment.bad),
            },
            judged_minutes: sum.judged_minutes + next.judged_minutes,
        }))
    }

    /// What exclusions took out of a window; `None` if nothing.
    pub(crate) fn excluded(&self, window: &Range<i64>) -> Option<ExcludedShare> {
        let slices = self.excluded_slices.count_in(window);
        (slices > 0).then(|| ExcludedShare {
            seconds: slices.saturating_mul(self.grid.seconds().unsigned_abs()),
            attainment: self.excluded.sum(window.clone()).all(),
        })
    }

    /// Whether what a segment did in a slice is part of this series, as far as the scope covers the segment.
    pub(crate) fn includes(&self, segment: &CountedSegment, slice: i64) -> bool {
        self.pool.as_ref().is_none_or(|pool| {
            let slices = pool.get(segment);
            slices.is_some_and(|slices| slices.contains(&one(slice)))
        })
    }

    /// Whether the tally keeps what the objective asks of all events in a window; else nothing can be said of them.
    pub(crate) fn is_kept(&self, window: &Range<i64>) -> bool {
        let lacking = self.unclear.iter().filter(|u| u.why == Why::NotKept);
        !lacking
            .flat_map(|unclear| &unclear.counts)
            .any(|(slice, _)| window.contains(slice))
    }

    /// Whether anything was promised in a window: with or without traffic, of a pool only with.
    pub(crate) fn is_promised(&self, window: &Range<i64>) -> bool {
        if self.sum(window).promised.total() > 0 {
            return true;
        }
        let is_in = |span: &&GoalSpan| {
            let own = self.grid.index(span.interval.start)..self.grid.index(span.interval.end);
            (own.end > window.start || own.end == window.end)
                && (own.start < window.end || own.start == window.start)
        };
        let goals = self.spans.iter().filter(is_in).map(|span| &span.goal);
        self.pool.is_none() && goals.flatten().any(|goal: &Goal| goal.promised().is_some())
    }

    /// What the bad events of a window were, most frequent first; they add up to the bad ones of its sum. Empty unless
    /// judged with causes.
    pub(crate) fn causes(&self, looked: &Looked<'_>, window: &Range<i64>) -> Vec<Cause> {
        let Some(causes) = &self.causes else {
            return Vec::new();
        };
        let length = match looked.slo.budgeting {
            Budgeting::Occurrences => 1,
            Budgeting::Timeslices { slice, .. } | Budgeting::RatioTimeslices { slice } => {
                self.grid.slices(slice.as_secs())
            }
        };
        let is_promised = self.is_promised(window);
        let mut shares = Shares::default();
        let mut add = |home: Home, series: &Series, range: Range<i64>| {
            for (slice, sums) in series.each(range) {
                let of = if is_promised {
                    sums.promised
                } else {
                    sums.other
                };
                if of.bad > 0 {
                    let (from, to) = (slice + 1 - length, slice + 1);
                    shares.add(causes, (home, from, to), of.bad, || {
                        if looked.is_heard(&(from..to)) {
                            "no traffic"
                        } else {
                            "no data"
                        }
                    });
                }
            }
        };
        add(Home::Inside, &self.inside, window.clone());
        if !self.is_plain() {
            for (number, over) in self.over.iter().enumerate() {
                let (_, from) = over.minutes.judged(&clip(window, &over.range), self.grid);
                let judged = window.start.max(from)..window.end;
                add(Home::Over(number), &over.series, judged);
            }
        }
        shares.finish()
    }

    /// What could not be told apart in a window.
    pub(crate) fn gaps(&self, about: &str, window: &Range<i64>, interval: Interval) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for unclear in &self.unclear {
            let inside = unclear.counts.iter().filter(|(s, _)| window.contains(s));
            let events = inside.map(|(_, events)| *events);
            let events = events.fold(0, u64::saturating_add);
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
    excluded: Vec<Entry>,
    over: Vec<Over>,
    unclear: Vec<Unclear>,
    causes: Option<Causes>,
}

/// The events of segments that are judged together.
#[derive(Default)]
struct Group {
    inside: Vec<Entry>,
    excluded: Vec<Entry>,
    over: Vec<(Range<i64>, Minutes, Vec<Entry>)>,
}

impl Builder {
    /// The number of what went wrong, if it did and anybody asks.
    fn cause(&mut self, projection: &Projection<'_>, class: &Class, fate: Fate) -> Option<usize> {
        self.causes.as_mut()?.sort(projection, class, fate)
    }

    fn because(&mut self, home: Home, (slice, bad): (i64, u64), cause: usize) {
        if let Some(causes) = &mut self.causes {
            causes.add(home, slice, cause, bad);
        }
    }

    fn unclear(&mut self, projection: &Projection<'_>, why: Why, counts: &[(i64, u64)]) {
        if counts.is_empty() {
            return;
        }
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
        mut group: Group,
        spans: &[GoalSpan],
        outside: &RangeSet<i64>,
        only: Option<&RangeSet<i64>>,
    ) {
        let rule = Rule {
            budgeting: looked.slo.budgeting,
            no_traffic: looked.slo.no_traffic,
            missing_data: looked.slo.missing_data,
            heard: &looked.heard,
            damaged: &looked.damaged,
            excluded: outside,
            grid: looked.grid,
        };
        let target_at = |slice: i64| {
            let goal = goal_at(spans, looked.grid.start(slice));
            goal.and_then(|goal| goal.promised().map(|p| p.target.ppb()))
        };
        let all_over = group.over.iter().flat_map(|(_, _, over)| over);
        let aside = all_over.chain(&group.excluded);
        let set_aside: Vec<i64> = aside.map(|entry| entry.slice).collect();
        let is_counted = looked.slo.over_load == OverLoad::Count;
        let nothing = looked.span.end..looked.span.end;
        for (range, minutes, over) in group.over {
            if is_counted {
                group.inside.extend_from_slice(&over);
            }
            let over = rule.apply(over, nothing.clone(), target_at, &[]);
            self.over.push(Over {
                range,
                minutes,
                series: Series::new(over),
            });
        }
        let span = looked.span.clone();
        let mut inside = rule.apply(group.inside, span, target_at, &set_aside);
        let is_in = |entry: &Entry| only.is_none_or(|only| only.contains(&one(entry.slice)));
        inside.retain(is_in);
        append(&mut self.inside, inside);
        let excluded = rule.apply(group.excluded, nothing, target_at, &[]);
        self.excluded.extend(excluded.into_iter().filter(is_in));
    }

    fn finish(self, looked: &Looked<'_>, scope: &Scope, spans: Vec<GoalSpan>) -> Judged {
        let is_counted = looked.slo.over_load == OverLoad::Count;
        Judged {
            inside: Series::new(self.inside),
            over: self.over,
            excluded: Series::new(self.excluded),
            excluded_slices: looked.excluded.touching(scope),
            is_counted,
            spans,
            unclear: self.unclear,
            pool: None,
            causes: self.causes.map(Causes::sorted),
            grid: looked.grid,
        }
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

/// Slices and events.
type Events = [(i64, u64)];

/// The counts of a column that are judged, and those in excluded slices.
fn split<'c>(counts: &'c Events, excluded: &RangeSet<i64>) -> (Cow<'c, Events>, Vec<(i64, u64)>) {
    let is_in = |(slice, _): &&(i64, u64)| excluded.contains(&one(*slice));
    if excluded.ranges().is_empty() {
        return (Cow::Borrowed(counts), Vec::new());
    }
    let (aside, judged): (Vec<_>, Vec<_>) = counts.iter().partition(is_in);
    (Cow::Owned(judged), aside)
}

fn append(entries: &mut Vec<Entry>, mut more: Vec<Entry>) {
    if entries.is_empty() {
        *entries = more;
    } else {
        entries.append(&mut more);
    }
}

fn one(slice: i64) -> Range<i64> {
    slice..slice + 1
}

fn clip(window: &Range<i64>, range: &Range<i64>) -> Range<i64> {
    window.start.max(range.start)..window.end.min(range.end)
}

fn with_events(gap: &GapReason, events: u64) -> GapReason {
    match gap {
        GapReason::BetweenBuckets(_) => GapReason::BetweenBuckets(events),
        GapReason::Untimed(_) => GapReason::Untimed(events),
        other => other.clone(),
    }
}

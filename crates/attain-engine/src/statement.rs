//! What was promised in a past period, and what was kept of it.
//!
//! Knows promises, their terms and exclusions by date, judged as evaluate.rs judges them, over a period instead of a
//! window. How a statement is written and hashed is attain-view's.

use std::ops::Range;

use attain_model::company::Exclusion;
use attain_model::promises::{GoalSpan, day_start};
use attain_model::slo::{Budgeting, Commitment, CommittedTargets, Objective};
use attain_model::statement::{
    Committed, CommittedWindow, Day, Entry, Excluded, Statement, Term, Unit, Whole,
};
use attain_model::{
    Audience, Gap, GapReason, Goal, Interval, Promises, Scope, SeriesName, Slo, SloId, Standing,
    Window,
};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::counts::{Counts, Heard};
use crate::detail::day_ranges;
use crate::evaluate::{births, damage, gaps};
use crate::exclusions::{self, Excluded as Outside};
use crate::judge::Judged;
use crate::look::{Looked, Reader, within};
use crate::period::Period;
use crate::silence::Silence;
use crate::standing::{coverage, standing};
use crate::window::{self, Resolved};

/// States a period: each objective and scope of the SLOs promised to customers, or of those named in `only` and no others.
///
/// - What was promised is judged by date: an SLO that began, changed or was retired within the period is judged by each
///   part. A commitment is judged by its own numbers, with what counts under its own threshold.
/// - What arrived by `known_until` counts; `None` is all that is known.
/// - Nothing outside the period matters, so that more data of later days change no statement. Lines that could not be
///   read are of no day and therefore not in it.
///
/// A period that is not over is stated all the same: what is to come was not observed.
#[must_use]
pub fn statement(
    promises: &Promises,
    counts: &dyn Counts,
    period: &Period,
    only: &[SloId],
    known_until: Option<Timestamp>,
) -> Statement {
    let catalogue = promises.catalogue();
    let interval = period.interval(&catalogue.timezone);
    let mut entries = Vec::new();
    for slo in catalogue.live_slos(period.first()) {
        let is_asked = match only {
            [] => slo.audience == Audience::Customer,
            named => named.contains(&slo.id),
        };
        if is_asked {
            let known_until = known_until.unwrap_or(Timestamp::MAX);
            stated(promises, counts, slo, interval, known_until, &mut entries);
        }
    }
    Statement {
        company: catalogue.name.clone(),
        period: period.to_string(),
        interval,
        timezone: catalogue.timezone.clone(),
        known_until,
        only: only.to_vec(),
        entries,
    }
}

/// States one SLO.
fn stated(
    promises: &Promises,
    counts: &dyn Counts,
    slo: &Slo,
    period: Interval,
    known_until: Timestamp,
    entries: &mut Vec<Entry>,
) {
    let zone = &promises.catalogue().timezone;
    let retired = slo.retired.map(|day| day_start(day, zone));
    let end = retired.map_or(period.end, |retired| retired.min(period.end));
    let mut reader = Reader::new(promises, counts, end, known_until);
    let grid = counts.grid();
    let resolved = Resolved {
        interval: Interval {
            start: grid.start(grid.index(period.start)),
            end: grid.start(grid.index(end)),
        },
        closes: end,
    };
    let mut looked = reader.look_over(slo, resolved);
    let missing = missing(&looked, counts);
    for objective in slo.objectives.values() {
        for scope in scopes(&looked, objective) {
            entries.push(entry(&mut looked, objective, scope, &missing));
        }
    }
}

fn entry(looked: &mut Looked<'_>, objective: &Objective, scope: Scope, missing: &[Gap]) -> Entry {
    let range = looked.window.clone();
    let name = SeriesName {
        slo: looked.slo.id.clone(),
        objective: objective.id.clone(),
        scope,
    };
    let judged = looked.judge(objective, &name.scope);
    let commitments = commitments(looked, objective, &name.scope);
    let goals = commitments.iter().map(|part| GoalSpan {
        interval: part.interval,
        goal: part.goal,
    });
    let committed = looked.judge_by(&name.scope, goals.collect());
    let is_published = commitments.iter().any(|part| part.goal.is_some());
    let windows = windows(looked, &name.scope, (&committed, &commitments));
    let mut published = is_published.then(|| whole(looked, &name.scope, &committed, &range));
    if let Some(published) = published.as_mut().filter(|_| !windows.is_empty()) {
        let days = |interval: Interval| interval.start.duration_until(interval.end);
        let promised = commitments.iter().filter(|part| part.goal.is_some());
        let promised: SignedDuration = promised.map(|part| days(part.interval)).sum();
        let whole = windows.iter().map(|window| days(window.interval)).sum();
        published.kept = kept_in_all(&windows, promised == whole);
    }
    let about = name.to_string();
    let mut gaps = missing.to_vec();
    gaps.extend(judged.gaps(&about, &range, looked.resolved.interval));
    gaps.extend(births(looked, &judged, &name.scope, &about));
    Entry {
        outcome: looked.slo.outcome.clone(),
        audience: looked.slo.audience,
        unit: unit(looked.slo),
        terms: terms(looked, &name.scope, &judged, (&committed, &commitments)),
        objective: whole(looked, &name.scope, &judged, &range),
        committed: published,
        windows,
        is_pooled: looked.is_pooled(objective, &name.scope),
        coverage: coverage(looked, &name.scope, &range),
        excluded: excluded(looked, objective, &name.scope),
        uncertain: judged.sum(&range).uncertain,
        gaps,
        days: days(looked, &judged),
        name,
    }
}

fn unit(slo: &Slo) -> Unit {
    match slo.budgeting {
        Budgeting::Occurrences => Unit::Events,
        Budgeting::Timeslices { slice, .. } => Unit::Slices(slice),
        Budgeting::RatioTimeslices { slice } => Unit::SliceBillionths(slice),
    }
}

/// Every scope that was aimed at or promised to in the period: segments by rank, then all.
fn scopes(looked: &Looked<'_>, objective: &Objective) -> Vec<Scope> {
    let period = looked.resolved.interval;
    let catalogue = looked.promises.catalogue();
    let is_aimed = |scope: &Scope| {
        let goals = looked.promises.goals(objective, scope, period);
        goals.iter().any(|span| span.goal.is_some())
    };
    let segments = catalogue.segments_by_rank().into_iter();
    let mut scopes: Vec<Scope> = segments.map(|s| Scope::Segment(s.id.clone())).collect();
    let is_named = |scope: &Scope| {
        let parts = commitments_of(looked, objective, |targets| match targets {
            CommittedTargets::All(_) => None,
            own => own.goal(scope).copied(),
        });
        parts.iter().any(|part| part.goal.is_some())
    };
    // Where no limit of time was promised, no limit says which requests were fast.
    let is_measured = |scope: &Scope| {
        let goals = looked.promises.goals(objective, scope, period);
        let mut goals = goals.iter().filter_map(|span| span.goal);
        !objective.is_latency() || goals.any(|goal| goal != Goal::BestEffort)
    };
    scopes.retain(|scope| (is_aimed(scope) && is_measured(scope)) || is_named(scope));
    scopes.push(Scope::All);
    scopes
}

/// A stretch of the period with one commitment.
struct Published<'s> {
    interval: Interval,
    commitment: Option<&'s Commitment>,
    goal: Option<Goal>,
}

/// What was published for a scope when, oldest first, without holes.
fn commitments<'s>(
    looked: &Looked<'s>,
    objective: &Objective,
    scope: &Scope,
) -> Vec<Published<'s>> {
    commitments_of(looked, objective, |targets| targets.goal(scope).copied())
}

fn commitments_of<'s>(
    looked: &Looked<'s>,
    objective: &Objective,
    goal: impl Fn(&CommittedTargets) -> Option<Goal>,
) -> Vec<Published<'s>> {
    let period = looked.resolved.interval;
    let zone = &looked.promises.catalogue().timezone;
    let mut parts = Vec::new();
    let mut end = period.end;
    // Newest first: each holds until the next newer one.
    for commitment in &looked.slo.commitments {
        let start = day_start(commitment.since, zone).max(period.start);
        if start < end {
            let goal = commitment.targets.get(&objective.id).and_then(&goal);
            parts.push(Published {
                interval: Interval { start, end },
                commitment: Some(commitment).filter(|_| goal.is_some()),
                goal,
            });
            end = start;
        }
    }
    if end > period.start || parts.is_empty() {
        parts.push(Published {
            interval: Interval {
                start: period.start,
                end,
            },
            commitment: None,
            goal: None,
        });
    }
    parts.reverse();
    parts
}

/// Over which window a commitment is judged.
fn window_of<'s>(slo: &'s Slo, commitment: &'s Commitment) -> &'s Window {
    commitment.window.as_ref().unwrap_or(&slo.window)
}

/// The whole calendar windows of the commitments that lie in the period.
fn windows(
    looked: &mut Looked<'_>,
    scope: &Scope,
    (judged, published): (&Judged, &[Published<'_>]),
) -> Vec<CommittedWindow> {
    let period = looked.window.clone();
    let mut windows = Vec::new();
    for part in published {
        let Some(commitment) = part.commitment else {
            continue;
        };
        let Window::Calendar(calendar, zone) = window_of(looked.slo, commitment) else {
            continue;
        };
        let mut at = part.interval.start;
        while at < part.interval.end {
            let interval = window::period_at(*calendar, zone, at);
            at = interval.end;
            let range = looked.grid.index(interval.start)..looked.grid.index(interval.end);
            let is_inside = period.start <= range.start && range.end <= period.end;
            // A window that a commitment begins in is its first only if it begins with it.
            let is_whole =
                part.interval.start <= interval.start && interval.end <= part.interval.end;
            if is_inside && is_whole {
                let whole = whole(looked, scope, judged, &range);
                windows.push(CommittedWindow { interval, whole });
            }
        }
    }
    windows
}

/// Whether a commitment was kept in each of these windows; `None` if none was broken and that cannot be said of one, or they
/// are not all there are.
fn kept_in_all(windows: &[CommittedWindow], are_all: bool) -> Option<bool> {
    let are = |kept| move |window: &CommittedWindow| window.whole.kept == Some(kept);
    if windows.iter().any(are(false)) {
        return Some(false);
    }
    (are_all && windows.iter().all(are(true))).then_some(true)
}

/// The parts of the period in which neither the objective nor the commitment changes.
fn terms(
    looked: &mut Looked<'_>,
    scope: &Scope,
    judged: &Judged,
    (committed, published): (&Judged, &[Published<'_>]),
) -> Vec<Term> {
    let period = looked.window.clone();
    let aimed = judged.spans.iter().map(|span| span.interval);
    let all = aimed.chain(published.iter().map(|part| part.interval));
    let mut edges: Vec<i64> = all
        .flat_map(|interval| [interval.start, interval.end])
        .map(|edge| looked.grid.index(edge).clamp(period.start, period.end))
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let mut terms: Vec<Term> = Vec::new();
    for pair in edges.windows(2) {
        let part = pair[0]..pair[1];
        let interval = looked.interval(&part);
        let goal = judged.spans.iter().find(|span| {
            span.interval.start <= interval.start && interval.start < span.interval.end
        });
        let published = published.iter().find(|published| {
            looked.grid.index(published.interval.start) <= part.start
                && part.start < looked.grid.index(published.interval.end)
        });
        let commitment = published.and_then(|part| part.commitment.zip(part.goal));
        let commitment = commitment.map(|(commitment, goal)| {
            let whole = whole(looked, scope, committed, &part);
            Committed {
                goal,
                since: commitment.since,
                window: window_of(looked.slo, commitment).clone(),
                published: commitment.published.clone(),
                kept: whole.kept,
                budget: whole.budget,
                attainment: whole.attainment,
            }
        });
        terms.push(Term {
            interval,
            objective: goal.and_then(|span| span.goal),
            commitment,
            attainment: judged.sum_within(&period, &part).all(),
        });
    }
    terms
}

/// A part of the period, or all of it.
fn whole(looked: &mut Looked<'_>, scope: &Scope, judged: &Judged, part: &Range<i64>) -> Whole {
    let period = std::mem::replace(&mut looked.window, part.clone());
    let sums = judged.sum_within(&period, part);
    let is_promised = judged.is_promised(part);
    let attainment = if is_promised {
        sums.promised
    } else {
        sums.other
    };
    let coverage = coverage(looked, scope, part);
    let budget = sums.budget();
    let is_any = || looked.events(|_| true, &looked.window) > 0;
    let standing = standing(
        looked,
        scope,
        is_promised,
        attainment,
        budget,
        coverage,
        is_any,
    );
    looked.window = period;
    Whole {
        attainment,
        budget,
        kept: match standing {
            // What was counted and is lost may have been what broke it, or the traffic that allowed it.
            _ if looked.damaged.overlaps(part) => None,
            Standing::Met if judged.is_kept(part) => Some(true),
            Standing::Breached if judged.is_kept(part) => Some(false),
            _ => None,
        },
    }
}

fn days(looked: &Looked<'_>, judged: &Judged) -> Vec<Day> {
    let zone = &looked.promises.catalogue().timezone;
    let is_promised = judged.is_promised(&looked.window);
    let days = day_ranges(looked, &looked.window, zone).into_iter();
    days.map(|day| {
        let sums = judged.sum_within(&looked.window, &day);
        // A slice that begins before midnight belongs to the day that it ends in.
        let end = looked.grid.start(day.end);
        let last = end.checked_sub(1.second()).unwrap_or(end);
        Day {
            date: last.to_zoned(zone.clone()).date(),
            attainment: if is_promised {
                sums.promised
            } else {
                sums.other
            },
        }
    })
    .collect()
}

/// The exclusions that touch the period, those that hold nothing too.
fn excluded(looked: &mut Looked<'_>, objective: &Objective, scope: &Scope) -> Vec<Excluded> {
    let catalogue = looked.promises.catalogue();
    let period = looked.resolved.interval;
    let mut found = Vec::new();
    for exclusion in catalogue.exclusions.values() {
        if exclusions::touches(exclusion, looked.slo) && exclusions::is_about(exclusion, scope) {
            let times = exclusions::times(exclusion, looked.slo, &catalogue.timezone, period);
            for (times, holds) in [(times.holding, true), (times.untold, false)] {
                if !times.is_empty() {
                    let judged = only(looked, objective, scope, exclusion, &times);
                    let share = judged.excluded(&looked.window);
                    found.push(Excluded {
                        id: exclusion.id.clone(),
                        reason: exclusion.reason.clone(),
                        announced: exclusion.announced,
                        holds,
                        intervals: times.iter().map(|time| clip(time, period)).collect(),
                        attainment: share.map(|share| share.attainment).unwrap_or_default(),
                    });
                }
            }
        }
    }
    found
}

/// Judged as if these times of one exclusion were all that is excluded.
fn only(
    looked: &mut Looked<'_>,
    objective: &Objective,
    scope: &Scope,
    exclusion: &Exclusion,
    times: &[Interval],
) -> Judged {
    let outside = Outside::only(exclusion, times, looked.slo, looked.grid);
    let all = std::mem::replace(&mut looked.excluded, outside);
    let judged = looked.judge(objective, scope);
    looked.excluded = all;
    judged
}

fn clip(time: &Interval, period: Interval) -> Interval {
    Interval {
        start: time.start.max(period.start),
        end: time.end.min(period.end),
    }
}

/// What is missing of an SLO in the period.
fn missing(looked: &Looked<'_>, counts: &dyn Counts) -> Vec<Gap> {
    let mut missing = gaps(looked, looked.is_empty(&looked.window));
    missing.extend(damage(looked));
    missing.extend(end(looked));
    let mut silence = Silence::default();
    let alone = silence.add(looked, counts);
    missing.extend(silence.gaps(looked.grid));
    missing.extend(alone);
    missing
}

/// The days at the end of the period of which nothing was counted, where that may be silence: a log does not say.
fn end(looked: &Looked<'_>) -> Option<Gap> {
    let Heard::NotKnown = looked.heard else {
        return None;
    };
    let window = &looked.window;
    let columns = looked.read.columns.iter();
    let last = columns.filter_map(|column| within(column, window).last());
    let last = last.map(|(slice, _)| *slice).max()?;
    let zone = &looked.promises.catalogue().timezone;
    let mut days = day_ranges(looked, window, zone).into_iter();
    // A quiet evening is none.
    days.find(|day| day.start > last)?;
    let interval = looked.interval(&(last + 1..window.end));
    Some(Gap {
        about: looked.slo.id.to_string(),
        interval: Some(interval),
        why: GapReason::NoData,
    })
}

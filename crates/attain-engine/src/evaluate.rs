//! What the counts mean: a verdict for every objective and scope.
//!
//! Knows promises, counts and an instant. Reads no clock, keeps no state: the same three give the same bytes.

use std::ops::Range;
use std::time::Duration;

use attain_math::budget::time_to_exhaustion;
use attain_model::slo::Objective;
use attain_model::verdict::{ErrorBudget, Masked, Part, Untagged};
use attain_model::{
    AsOf, CountedSegment, Evaluation, Gap, GapReason, Interval, Promises, Scope, SeriesName, SloId,
    Standing, Targets, Verdict,
};
use jiff::Timestamp;

use crate::alerts;
use crate::counts::{Counts, Heard};
use crate::judge::Judged;
use crate::look::{Looked, Reader, covers};
use crate::masking;
use crate::silence::Silence;
use crate::standing::{coverage, standing};
use crate::window;

/// Judges every SLO that is not retired, with what had arrived by `as_of.known_until`, at `as_of.instant`.
///
/// - A segment's verdict sums that segment's counts alone; `all` with a goal sums every segment and untagged traffic.
/// - A per-segment objective without a goal for all gets a pooled verdict besides: what was promised to somebody, taken
///   together. The budget is the sum of the segments' budgets; best-effort and untagged requests are not in it. Where
///   nobody was promised anything, everything is measured.
/// - A window that spans a change of goal is judged in parts: allowed is the sum of the parts, and it is met if the bad
///   events of all parts are at most that. Parts without a promise are outside.
/// - What the tally does not keep as the objective asks for it is counted as bad and the verdict `unknown`: without
///   alerts, and overspent since never.
/// - Coverage below the SLO's is `unknown`, unless it cannot be known at all. With `missing_data: bad` missing time slices
///   are bad ones; of missing events nobody knows the number, and coverage below the SLO's since data began is a breach.
///
/// - Slices that an exclusion of the catalogue covers whole are outside: neither good nor bad, in no alert, and no part of
///   the coverage. One of an SLO that is promised to customers holds only if it was announced by the day it begins.
///
/// Slices that are not over at the instant are out.
#[must_use]
pub fn evaluate(promises: &Promises, counts: &dyn Counts, as_of: AsOf) -> Evaluation {
    evaluate_only(promises, counts, as_of, &|_| true)
}

/// As [`evaluate`], of some SLOs alone: of these it says the same, at the price of these.
#[must_use]
pub fn evaluate_only(
    promises: &Promises,
    counts: &dyn Counts,
    as_of: AsOf,
    is_asked: &dyn Fn(&SloId) -> bool,
) -> Evaluation {
    let catalogue = promises.catalogue();
    let day = window::last_judged(as_of.instant, counts.grid())
        .to_zoned(catalogue.timezone.clone())
        .date();
    let mut evaluation = Evaluation {
        as_of,
        verdicts: Vec::new(),
        masked: Vec::new(),
        untagged: Vec::new(),
        gaps: Vec::new(),
    };
    let mut silence = Silence::default();
    let mut reader = Reader::new(promises, counts, as_of.instant, as_of.known_until);
    for slo in catalogue.live_slos(day).filter(|slo| is_asked(&slo.id)) {
        let looked = reader.look(slo);
        Said::of(&looked, counts, &mut silence).append_to(&mut evaluation);
    }
    let mut of_sources = counts.gaps();
    of_sources.extend(silence.gaps(counts.grid()));
    evaluation.gaps.splice(0..0, of_sources);
    evaluation
}

/// What is said of one SLO.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) masked: Vec<Masked>,
    pub(crate) untagged: Vec<Untagged>,
    pub(crate) gaps: Vec<Gap>,
}

impl Said {
    /// What is said before any objective is judged.
    pub(crate) fn before(
        looked: &Looked<'_>,
        untagged: Untagged,
        counts: &dyn Counts,
        silence: &mut Silence,
    ) -> Self {
        let missing = gaps(looked, untagged.total == 0);
        let mut gaps: Vec<Gap> = damage(looked).collect();
        // Where all of the window is silent, that is said already.
        let is_all = missing.iter().any(|gap| gap.why == GapReason::NoData);
        gaps.extend(missing);
        if !is_all {
            gaps.extend(silence.add(looked, counts));
        }
        Self {
            gaps,
            untagged: vec![untagged],
            ..Self::default()
        }
    }

    /// Everything that is said of an SLO, from its counts.
    pub(crate) fn of(looked: &Looked<'_>, counts: &dyn Counts, silence: &mut Silence) -> Self {
        let mut said = Self::before(looked, untagged(looked), counts, silence);
        for objective in looked.slo.objectives.values() {
            judge(looked, objective, &mut said);
        }
        said
    }

    pub(crate) fn append_to(self, evaluation: &mut Evaluation) {
        evaluation.verdicts.extend(self.verdicts);
        evaluation.masked.extend(self.masked);
        evaluation.untagged.extend(self.untagged);
        evaluation.gaps.extend(self.gaps);
    }
}

/// Judges one objective: segments by rank, then all.
pub(crate) fn judge(looked: &Looked<'_>, objective: &Objective, found: &mut Said) {
    let mut segments: Vec<(Verdict, Judged)> = Vec::new();
    for scope in scopes(looked, objective) {
        let judged = looked.judge(objective, &scope);
        let verdict = verdict(looked, objective, scope, &judged);
        found.gaps.extend(unclear(looked, &verdict, &judged));
        if verdict.name.scope == Scope::All {
            let hidden = masking::masked(looked, (&verdict, &judged), &segments);
            found.masked.extend(hidden);
            found.verdicts.extend(segments.drain(..).map(|(v, _)| v));
            found.verdicts.push(verdict);
        } else {
            segments.push((verdict, judged));
        }
    }
}

/// The scopes of an objective in the order in which they are shown; always `all` at the end.
pub(crate) fn scopes(looked: &Looked<'_>, objective: &Objective) -> Vec<Scope> {
    let Some(Targets::PerSegment { segments, .. }) = looked.targets(objective) else {
        return vec![Scope::All];
    };
    let by_rank = looked.promises.catalogue().segments_by_rank().into_iter();
    let named = by_rank.filter(|segment| segments.contains_key(&segment.id));
    named
        .map(|segment| Scope::Segment(segment.id.clone()))
        .chain([Scope::All])
        .collect()
}

pub(crate) fn verdict(
    looked: &Looked<'_>,
    objective: &Objective,
    scope: Scope,
    judged: &Judged,
) -> Verdict {
    let (slo, range) = (looked.slo, &looked.window);
    let pooled = looked.is_pooled(objective, &scope);
    let sums = judged.sum(range);
    let coverage = coverage(looked, &scope, range);
    let promised = judged.is_promised(range);
    let attainment = if promised { sums.promised } else { sums.other };
    // At the very midnight that begins a new term the window lies in the old one, and the goal is the new one.
    let term = objective.on(looked.day);
    let goal = term.and_then(|term| term.targets.goal(&scope)).copied();
    let policy = alerts::policy(looked, &scope);
    let is_kept = judged.is_kept(range);
    let alerts = match (policy, pooled) {
        // What cannot be told wakes nobody.
        (Some(policy), false) if is_kept => alerts::conditions(looked, judged, policy, goal),
        _ => Vec::new(),
    };
    Verdict {
        layer: slo.layer,
        audience: slo.audience,
        goal,
        pooled,
        window: looked.resolved.interval,
        window_closes: looked.resolved.closes,
        attainment,
        budget: sums.budget(),
        parts: parts(looked, judged, range),
        standing: if is_kept {
            standing(
                looked,
                &scope,
                promised,
                attainment,
                sums.budget(),
                coverage,
                || looked.events(|_| true, &looked.window) > 0,
            )
        } else {
            Standing::Unknown
        },
        overspent_since: overspent_since(looked, judged).filter(|_| is_kept),
        coverage,
        burn: policy.map_or_else(Vec::new, |p| alerts::burns(looked, judged, p)),
        alerts,
        // The segments of a pool each have their own minutes.
        over_load: judged.over_load(range).filter(|_| !pooled),
        excluded: judged.excluded(range),
        uncertain: sums.uncertain,
        exhausted_in: exhausted_in(looked, judged),
        name: SeriesName {
            slo: slo.id.clone(),
            objective: objective.id.clone(),
            scope,
        },
    }
}

/// The parts of a window by what was aimed at.
fn parts(looked: &Looked<'_>, judged: &Judged, range: &Range<i64>) -> Vec<Part> {
    let mut parts = Vec::new();
    for span in &judged.spans {
        let start = looked.grid.index(span.interval.start).max(range.start);
        let end = looked.grid.index(span.interval.end).min(range.end);
        if start >= end {
            continue;
        }
        let part = start..end;
        parts.push(Part {
            interval: looked.interval(&part),
            goal: span.goal,
            attainment: judged.sum_within(range, &part).all(),
        });
    }
    parts
}

/// The first slice of the run in which the budget was overspent without a break; `None` if it is not at the instant.
pub(crate) fn overspent_since(looked: &Looked<'_>, judged: &Judged) -> Option<Timestamp> {
    let is_overspent = |window: &Range<i64>| !judged.budget_before(looked, window).is_met();
    is_overspent(&looked.window).then(|| {
        looked
            .grid
            .start(looked.first_of_run(&[judged], is_overspent))
    })
}

/// How long the budget lasts if it goes on burning as in the last hour.
///
/// A calendar period's budget is what it allows by its end at the traffic so far. An extrapolation is an estimate, no
/// count: nothing is decided by it, so that floats are exact enough. The same counts give the same bits everywhere, for
/// IEEE 754 fixes what these four operations give.
fn exhausted_in(looked: &Looked<'_>, judged: &Judged) -> Option<Duration> {
    let range = &looked.window;
    let hour = range.end - looked.grid.slices(3600)..range.end;
    let (spent, hourly) = (judged.sum(range), judged.sum_within(range, &hour));
    exhausted_at(looked, spent.budget(), hourly.budget())
}

/// The same, from the budget of the window and of its last hour.
pub(crate) fn exhausted_at(
    looked: &Looked<'_>,
    spent: ErrorBudget,
    hourly: ErrorBudget,
) -> Option<Duration> {
    let resolved = looked.resolved;
    let whole = resolved.closes.as_second() - resolved.interval.start.as_second();
    let so_far = resolved.interval.seconds();
    if spent.allowed_billionths == 0 || hourly.allowed_billionths == 0 || so_far == 0 {
        return None;
    }
    let burn = hourly.spent as f64 * 1e9 / hourly.allowed_billionths as f64;
    let allowed = spent.allowed_billionths as f64 / 1e9 * (whole as f64 / so_far as f64);
    let remaining = 1.0 - spent.spent as f64 / allowed;
    let seconds = time_to_exhaustion(burn, remaining, whole as f64)?;
    (remaining > 0.0)
        .then(|| Duration::try_from_secs_f64(seconds.floor()).ok())
        .flatten()
}

pub(crate) fn untagged(looked: &Looked<'_>) -> Untagged {
    let range = &looked.window;
    Untagged {
        slo: looked.slo.id.clone(),
        unknown: looked.events(|segment| *segment == CountedSegment::Unknown, range),
        total: looked.events(|_| true, range),
    }
}

/// What an SLO as a whole is missing; `is_empty` says whether nothing was counted in its window.
pub(crate) fn gaps(looked: &Looked<'_>, is_empty: bool) -> Vec<Gap> {
    let range = &looked.window;
    let interval = looked.interval(range);
    let about = looked.slo.id.to_string();
    let why = if !looked.is_counted {
        Some((interval, GapReason::NotCounted))
    } else if looked.span.is_empty() {
        Some((interval, GapReason::NoData))
    } else if looked.span.start > range.start {
        let until = looked.grid.start(looked.span.start.min(range.end));
        let missing = attain_model::Interval {
            end: until,
            ..interval
        };
        Some((missing, GapReason::NotYet))
    } else if is_empty && is_silent(looked, range) {
        Some((interval, GapReason::NoData))
    } else {
        None
    };
    let gap = why.map(|(interval, why)| Gap {
        about,
        interval: Some(interval),
        why,
    });
    gap.into_iter().collect()
}

/// What of an SLO's window can no longer be read.
pub(crate) fn damage<'l>(looked: &'l Looked<'_>) -> impl Iterator<Item = Gap> + 'l {
    let window = looked.resolved.interval;
    let of_window = looked.damage.iter().filter_map(move |damage| {
        let lost = damage.interval.unwrap_or(window);
        let interval = Interval {
            start: lost.start.max(window.start),
            end: lost.end.min(window.end),
        };
        (interval.start < interval.end).then(|| (interval, damage.gap()))
    });
    of_window.map(|(interval, why)| Gap {
        about: looked.slo.id.to_string(),
        interval: Some(interval),
        why,
    })
}

/// Whether no source was heard in a range of slices, as far as that can be told.
fn is_silent(looked: &Looked<'_>, range: &Range<i64>) -> bool {
    match &looked.heard {
        Heard::Slices(slices) => slices.count_in(range) == 0,
        Heard::Never | Heard::NotKnown => true,
    }
}

/// What could not be told of one series.
fn unclear(looked: &Looked<'_>, verdict: &Verdict, judged: &Judged) -> Vec<Gap> {
    let about = verdict.name.to_string();
    let births = births(looked, judged, &verdict.name.scope, &about);
    if verdict.pooled {
        // Its segments have said the rest.
        return births.into_iter().collect();
    }
    let mut gaps = judged.gaps(&about, &looked.window, verdict.window);
    gaps.extend(births);
    gaps
}

/// Counters first seen in the window whose beginning is unknown.
pub(crate) fn births(
    looked: &Looked<'_>,
    judged: &Judged,
    scope: &Scope,
    about: &str,
) -> Option<Gap> {
    let births = looked.read.births.iter();
    let inside: Vec<_> = births
        .filter(|birth| looked.window.contains(&birth.slice))
        .filter(|birth| covers(scope, &birth.segment))
        .filter(|birth| judged.includes(&birth.segment, birth.slice))
        .collect();
    let first = inside.iter().map(|birth| birth.slice).min()?;
    let last = inside.iter().map(|birth| birth.slice).max()?;
    let values = inside.iter().map(|birth| birth.value);
    let value = values.fold(0, u64::saturating_add);
    Some(Gap {
        about: about.to_owned(),
        interval: Some(looked.interval(&(first..last + 1))),
        why: GapReason::UnknownBirth(value),
    })
}

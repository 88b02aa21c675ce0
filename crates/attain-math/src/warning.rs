//! Does one sort of event come before another more often than chance? Recall, precision, lead, and what chance gives.
//!
//! Knows intervals of time in whole slots. Knows neither what an event is of nor who is told; see attain-cascade.
//!
//! The chance level is a circular shift: one side is turned against the other by every number of slots there is, which
//! keeps its own rhythm (clusters, long events) and forgets what it had to do with the other. A dependency that is
//! always broken "warns" of everything, and its chance level says so.

use crate::interval::{Interval, Z_95, quantile_ranks, wilson};

/// A stretch of time, half-open, in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Its first slot.
    pub start: i64,
    /// The slot after its last.
    pub end: i64,
}

/// The runs of bad slots, those with fewer than `gap` slots between them taken as one. Slots may come in any order.
///
/// ```
/// use attain_math::warning::{Event, events};
/// assert_eq!(events([7, 3, 4], 2), [Event { start: 3, end: 5 }, Event { start: 7, end: 8 }]);
/// assert_eq!(events([7, 3, 4], 3), [Event { start: 3, end: 8 }]);
/// ```
#[must_use]
pub fn events(bad: impl IntoIterator<Item = i64>, gap: i64) -> Vec<Event> {
    let mut bad: Vec<i64> = bad.into_iter().collect();
    bad.sort_unstable();
    let mut events: Vec<Event> = Vec::new();
    for start in bad {
        let end = start.saturating_add(1);
        match events.last_mut() {
            // Slots side by side have no gap, whatever is asked.
            Some(last) if start - last.end < gap.max(1) => last.end = last.end.max(end),
            _ => events.push(Event { start, end }),
        }
    }
    events
}

/// When an event counts as a warning of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The longest lead, in slots. An event that is still open warns however long ago it began.
    pub horizon: i64,
    /// The shortest lead, in slots. A warning at the same slot is none: at least 1.
    pub lead_min: i64,
}

/// What was found: counts, and the leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Events to be warned of.
    pub targets: u64,
    /// Those that were preceded by a warning.
    pub warned: u64,
    /// Those that were not, and with which a warning began at the same time or less than the shortest lead before: both
    /// broke at once, as far as the slots can tell.
    pub together: u64,
    /// Warnings whose horizon ended before the data did; the others are censored.
    pub eligible: u64,
    /// Those of them that an event followed.
    pub followed: u64,
    /// Of each warned event, how many slots before it its earliest warning began; ascending.
    pub leads: Vec<i64>,
}

/// A median with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Median {
    /// The upper median of the sample.
    pub value: i64,
    /// The order-statistic interval of 95 %; `None` where the sample is too small for one.
    pub between: Option<(i64, i64)>,
}

impl Found {
    /// The share of events that were warned of; `None` without events.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.warned, self.targets)
    }

    /// Wilson's interval of the recall, 95 %.
    #[must_use]
    pub fn recall_interval(&self) -> Option<Interval> {
        wilson(self.warned, self.targets, Z_95)
    }

    /// The share of warnings that an event followed; `None` without warnings.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.followed, self.eligible)
    }

    /// Wilson's interval of the precision, 95 %.
    #[must_use]
    pub fn precision_interval(&self) -> Option<Interval> {
        wilson(self.followed, self.eligible, Z_95)
    }

    /// The median lead in slots; `None` when nothing was warned of.
    #[must_use]
    pub fn lead(&self) -> Option<Median> {
        let value = *self.leads.get(self.leads.len() / 2)?;
        let ranks = quantile_ranks(self.leads.len() as u64, 0.5, 0.95)?;
        let at = |rank: u64| self.leads.get(usize::try_from(rank).ok()?.checked_sub(1)?);
        let between = ranks.lower.and_then(at).zip(ranks.upper.and_then(at));
        Some(Median {
            value,
            between: between.map(|(low, high)| (*low, *high)),
        })
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How often, and how early, `warnings` came before `targets`, in data that end before the slot `data_end`.
///
/// A target is warned of when a warning started at least `lead_min` before it, and at most `horizon` before it or is still
/// open `lead_min` before it. A warning is followed when a target starts at least `lead_min` after it began, within
/// `horizon` or before it is over.
///
/// Both must be ascending and apart, as [`events`] gives them.
#[must_use]
pub fn measure(warnings: &[Event], targets: &[Event], rule: Rule, data_end: i64) -> Found {
    let mut leads: Vec<i64> = targets
        .iter()
        .filter_map(|target| {
            let last = target.start - rule.lead_min;
            // Starts and ends ascend alike, so that what matches is one run.
            let first =
                warnings.partition_point(|w| w.start < target.start - rule.horizon && w.end < last);
            let earliest = warnings.get(first)?;
            (earliest.start <= last).then(|| target.start - earliest.start)
        })
        .collect();
    leads.sort_unstable();
    let is_together = |target: &&Event| {
        let begins =
            |w: &Event| (target.start - rule.lead_min + 1..=target.start).contains(&w.start);
        let first = warnings.partition_point(|w| w.start <= target.start - rule.lead_min);
        let before = &warnings[..first];
        let is_warned = before.last().is_some_and(|w| {
            w.start >= target.start - rule.horizon || w.end >= target.start - rule.lead_min
        });
        !is_warned && warnings[first..].iter().take(1).any(begins)
    };
    let eligible = || {
        let ends = |w: &&Event| w.start.saturating_add(rule.horizon) <= data_end;
        warnings.iter().filter(ends)
    };
    let is_followed = |w: &&Event| {
        let first = targets.partition_point(|t| t.start < w.start + rule.lead_min);
        let until = w.end.max(w.start + rule.horizon);
        targets.get(first).is_some_and(|t| t.start <= until)
    };
    Found {
        targets: targets.len() as u64,
        warned: leads.len() as u64,
        together: targets.iter().filter(is_together).count() as u64,
        eligible: eligible().count() as u64,
        followed: eligible().filter(is_followed).count() as u64,
        leads,
    }
}

/// What recall chance gives if warnings fall evenly over `slots` slots: `1 - exp(-rate * (horizon - lead_min))`.
///
/// A rough number: it forgets that events cluster and last. [`shifted`] does not. Zero without slots.
#[must_use]
pub fn chance_if_even(warnings: u64, slots: u64, rule: Rule) -> f64 {
    if slots == 0 {
        return 0.0;
    }
    let reach = (rule.horizon - rule.lead_min).max(0) as f64;
    -(-(warnings as f64) / slots as f64 * reach).exp_m1()
}

/// What chance gives, by all circular shifts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// The mean recall over all shifts.
    pub recall: f64,
    /// The mean precision over all shifts; zero without warnings.
    pub precision: f64,
    /// The share of shifts that warn of at least as many as was observed, the shift by nothing included: the chance of so
    /// high a recall if the two had nothing to do with each other.
    pub p_value: f64,
}

/// Turns the warnings against the targets by each number of slots within `slots` slots and measures again.
///
/// `warned` is what was observed. Exact and without dice: two runs say the same. Costs targets times runs of warnings.
/// `None` without slots.
#[must_use]
pub fn shifted(
    warnings: &[Event],
    targets: &[Event],
    rule: Rule,
    slots: u64,
    warned: u64,
) -> Option<Chance> {
    let length = i64::try_from(slots).ok().filter(|slots| *slots > 0)?;
    // The places, relative to a target, at which something turned by k lies so that it warns: the same set for every
    // target but for where the target is.
    let reaches = warnings.iter().map(|w| {
        let reach = rule.horizon.max(rule.lead_min + (w.end - w.start));
        (-reach - w.start, -rule.lead_min - w.start)
    });
    let (runs, covered) = runs_on_circle(reaches, length);
    let mut rises = vec![0_i64; slots as usize + 1];
    for target in targets {
        for (start, end) in &runs {
            let from = (start + target.start).rem_euclid(length);
            let to = from + (end - start);
            rises[from as usize] += 1;
            rises[to.min(length) as usize] -= 1;
            if to > length {
                rises[0] += 1;
                rises[(to - length) as usize] -= 1;
            }
        }
    }
    let warned = i64::try_from(warned).unwrap_or(i64::MAX);
    let mut so_many = 0_i64;
    let mut at_least = 0_u64;
    for rise in &rises[..slots as usize] {
        so_many += rise;
        at_least += u64::from(so_many >= warned);
    }
    Some(Chance {
        recall: covered as f64 / length as f64,
        precision: chance_precision(warnings, targets, rule, length),
        p_value: at_least.max(1) as f64 / slots as f64,
    })
}

/// The mean share of warnings that a target follows, over all shifts: of each warning, the share of the circle that lies
/// within reach before a target.
fn chance_precision(warnings: &[Event], targets: &[Event], rule: Rule, length: i64) -> f64 {
    if warnings.is_empty() {
        return 0.0;
    }
    let gaps: Vec<i64> = (0..targets.len())
        .map(|i| {
            let before = targets[(i + targets.len() - 1) % targets.len()].start;
            match targets[i].start - before {
                0 => length,
                gap => gap.rem_euclid(length),
            }
        })
        .collect();
    let within = |w: &Event| -> i64 {
        let reach = rule.horizon.max(w.end - w.start) - rule.lead_min + 1;
        gaps.iter().map(|gap| reach.clamp(0, *gap)).sum()
    };
    let covered: i64 = warnings.iter().map(within).sum();
    (covered as f64 / length as f64 / warnings.len() as f64).min(1.0)
}

/// Closed ranges, wrapped on a circle, as half-open runs that begin on the circle and may run over its end; and how much
/// of it they cover.
fn runs_on_circle(ranges: impl Iterator<Item = (i64, i64)>, length: i64) -> (Vec<(i64, i64)>, i64) {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for (first, last) in ranges {
        let long = (last - first + 1).clamp(0, length);
        let from = first.rem_euclid(length);
        parts.push((from, (from + long).min(length)));
        if from + long > length {
            parts.push((0, from + long - length));
        }
    }
    parts.sort_unstable();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for (start, end) in parts {
        match runs.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ if end > start => runs.push((start, end)),
            _ => {}
        }
    }
    let covered = runs.iter().map(|(start, end)| end - start).sum();
    (runs, covered)
}

/// Holm's correction: p-values of many questions asked at once, each raised so that the chance of a single false "yes"
/// among all of them stays what it says. In the order given; none above 1.
///
/// Source: Holm 1979. Needs no independence: dependencies of one service break together.
///
/// ```
/// let corrected = attain_math::warning::holm(&[0.01, 0.04, 0.03]);
/// assert_eq!(corrected, [0.03, 0.06, 0.06]);
/// ```
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut corrected = vec![1.0; p_values.len()];
    let mut highest: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        let questions = (p_values.len() - rank) as f64;
        highest = highest.max((p_values[place] * questions).min(1.0));
        corrected[place] = highest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        horizon: 6,
        lead_min: 1,
    };

    fn every_shift(warnings: &[Event], targets: &[Event], slots: i64) -> Vec<u64> {
        let warns = |w: &Event, t: &Event, k: i64| {
            let lead = (t.start - w.start - k).rem_euclid(slots);
            let reach = RULE.horizon.max(RULE.lead_min + w.end - w.start);
            // A reach of the whole circle warns of everything, also of what lies a whole turn ahead.
            (RULE.lead_min..=reach).contains(&lead) || reach - RULE.lead_min + 1 >= slots
        };
        let warned = |k: i64| {
            let of = |t: &&Event| warnings.iter().any(|w| warns(w, t, k));
            targets.iter().filter(of).count() as u64
        };
        (0..slots).map(warned).collect()
    }

    #[test]
    fn all_shifts_at_once_agree_with_one_after_the_other() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..300 {
            let slots = rng.i64(20..120);
            let mut some = |share: f64| {
                let bad: Vec<i64> = (0..slots).filter(|_| rng.f64() < share).collect();
                events(bad, 2)
            };
            let (warnings, targets) = (some(0.08), some(0.06));
            let warned = measure(&warnings, &targets, RULE, slots).warned;
            let ours = shifted(&warnings, &targets, RULE, slots as u64, warned).unwrap();
            let naive = every_shift(&warnings, &targets, slots);
            let at_least = naive.iter().filter(|n| **n >= warned).count().max(1);
            assert_eq!(ours.p_value, at_least as f64 / slots as f64);
            if !targets.is_empty() {
                let mean = naive.iter().sum::<u64>() as f64 / (slots * targets.len() as i64) as f64;
                assert!((ours.recall - mean).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_dependency_that_is_always_broken_warns_of_nothing() {
        let always = events(0..1000, 1);
        let targets = events([100, 300, 700], 1);
        let found = measure(&always, &targets, RULE, 1000);
        assert_eq!((found.warned, found.targets), (3, 3));
        let chance = shifted(&always, &targets, RULE, 1000, 3).unwrap();
        assert_eq!((chance.recall, chance.p_value), (1.0, 1.0));
    }

    #[test]
    fn what_begins_with_it_is_no_warning() {
        let both = events([100, 300, 700], 1);
        let found = measure(&both, &both, RULE, 1000);
        assert_eq!((found.warned, found.followed, found.lead()), (0, 0, None));
        assert_eq!(found.together, 3);
    }

    #[test]
    fn nothing_at_all_is_no_panic() {
        let none: [Event; 0] = [];
        let found = measure(&none, &none, RULE, 0);
        assert_eq!((found.recall(), found.precision()), (None, None));
        assert_eq!(shifted(&none, &none, RULE, 0, 0), None);
        let chance = shifted(&none, &none, RULE, 10, 0).unwrap();
        assert_eq!((chance.recall, chance.p_value), (0.0, 1.0));
        assert!(holm(&[]).is_empty());
    }
}

//! Early warning: which internal breaches come before a customer's, how often, how early, and whether that is more than
//! chance.
//!
//! Knows pairs of series and the slots in which each was breached. Knows no counts and no clock: the caller says which
//! slots were breached. The numbers are attain-math's.
//!
//! What is said is about order in time, not about cause: a common cause that reaches the inside first warns as well. Who
//! did it is diagnosis.

mod pairs;

use std::ops::Range;
use std::time::Duration;

use attain_math::warning::{Chance, Event, Found, Rule, events, holm, measure, shifted};
use attain_model::verdict::{Attainment, ErrorBudget};
use attain_model::{Interval, Multiple, SeriesName, SloId};
use jiff::Timestamp;

pub use pairs::{Candidate, candidates};

/// Warned events below which nothing is called predictive: two coincidences are no history.
pub const WARNED_MIN: u64 = 3;
/// The chance, over all dependencies of one promise together, of calling one predictive that is not.
pub const FALSE_MAX: f64 = 0.05;
/// How often a warning must have come true before people are told of the next.
pub const PRECISION_MIN: f64 = 0.5;

/// How events are made and matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matching {
    /// A breach warns of what follows within this; at least three slots.
    pub horizon: Duration,
    /// Breaches with less than this between them are one; at least two slots.
    pub gap: Duration,
}

impl Default for Matching {
    /// An hour, and ten minutes.
    fn default() -> Self {
        Self {
            horizon: Duration::from_secs(3600),
            gap: Duration::from_secs(600),
        }
    }
}

/// A slot of a series in which anything was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it begins.
    pub at: Timestamp,
    /// Whether it was breached: whether its budget was spent as fast as was asked about.
    pub breached: bool,
}

impl Slot {
    /// A slot in which so much happened and so much was allowed, breached when its budget was spent at least `burn` times as
    /// fast as allowed. Where no error rate reaches that, half of what can be reached is enough.
    #[must_use]
    pub fn new(at: Timestamp, events: Attainment, budget: ErrorBudget, burn: Multiple) -> Self {
        const BILLION: u128 = 1_000_000_000;
        const MILLION: u128 = 1_000_000;
        let spent = u128::from(events.bad) * BILLION;
        let asked =
            (u128::from(burn.millionths()).saturating_mul(budget.allowed_billionths)) / MILLION;
        let half = u128::from(events.total()) * BILLION / 2;
        Self {
            at,
            breached: events.bad > 0 && spent >= asked.min(half),
        }
    }
}

/// A series over time, oldest first, each slot once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Which.
    pub name: SeriesName,
    /// The length of its slots, as its sources declare it; where many slots tell of a longer one, that is taken.
    pub slot: Duration,
    /// Its slots with counts.
    pub slots: Vec<Slot>,
}

/// What may warn, with its history.
#[derive(Debug, Clone, Copy)]
pub struct Inside<'a> {
    /// From the customer's SLO to the one inside, both included.
    pub path: &'a [SloId],
    /// What happened.
    pub history: &'a History,
}

/// What was found of one promise to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Warnings {
    /// The promise.
    pub customer: SeriesName,
    /// The time that it has data for; empty where it has none.
    pub period: Interval,
    /// What may warn, predictive ones first, then by how often they warned.
    pub pairs: Vec<Pair>,
    /// A breach of any of them taken as a warning. With many dependencies chance alone finds one before almost
    /// everything. `None` for fewer than two.
    pub any: Option<Measured>,
    /// Whether the customer's promise is being breached at the end of the period.
    pub is_breached: bool,
}

/// How often, how early, and what chance gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The length of a slot: that of the coarser source. No lead below it can be seen.
    pub slot: Duration,
    /// The rule as it was used, in slots.
    pub rule: Rule,
    /// Breaches inside.
    pub events: u64,
    /// Counts and leads, in slots.
    pub found: Found,
    /// What all circular shifts give; `None` without data.
    pub chance: Option<Chance>,
}

/// One internal series and the customer's.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The series inside.
    pub inside: SeriesName,
    /// From the customer's SLO to it.
    pub path: Vec<SloId>,
    /// What was measured.
    pub measured: Measured,
    /// The p-value after Holm's correction over all pairs of the promise.
    pub p_corrected: f64,
    /// What that comes to.
    pub verdict: Verdict,
    /// A breach inside that is open at the end of the period, or began within the horizon before it: since when.
    pub breached_since: Option<Timestamp>,
}

impl Pair {
    /// Whether its next breach is worth a ticket: it comes before the customer's more often than chance, and at least
    /// every second time something follows.
    #[must_use]
    pub fn has_earned_a_ticket(&self) -> bool {
        let precision = self.measured.found.precision();
        self.verdict == Verdict::Predictive && precision.is_some_and(|p| p >= PRECISION_MIN)
    }
}

/// What a pair is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It comes before the customer's breaches more often than chance, corrected for how many were asked.
    Predictive,
    /// It does not: its recall is what chance gives, or cannot be told from it.
    NotAboveChance,
    /// Too few breaches on one side to tell.
    TooFew,
}

impl Verdict {
    /// `predictive`, `not above chance`, `too few`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Predictive => "predictive",
            Verdict::NotAboveChance => "not above chance",
            Verdict::TooFew => "too few",
        }
    }
}

/// Measures everything that may warn of one promise.
///
/// Slots are as long as the coarser of two sources makes them: a count of five minutes is known when they are over, and so
/// what happened within them has no order. Only the time for which both have data is looked at.
#[must_use]
pub fn warnings(customer: &History, insides: &[Inside<'_>], matching: Matching) -> Warnings {
    let each: Vec<(Measured, Option<Timestamp>)> = insides
        .iter()
        .map(|inside| measured(customer, &[inside.history], matching))
        .collect();
    let p_values: Vec<f64> = each.iter().map(|(measured, _)| p_value(measured)).collect();
    let mut pairs: Vec<Pair> = (insides.iter().zip(each))
        .zip(holm(&p_values))
        .map(|((inside, (measured, breached_since)), p_corrected)| Pair {
            inside: inside.history.name.clone(),
            path: inside.path.to_vec(),
            verdict: verdict(&measured, p_corrected),
            p_corrected,
            breached_since,
            measured,
        })
        .collect();
    pairs.sort_by(|a, b| {
        let rank = |pair: &Pair| (pair.verdict, std::cmp::Reverse(pair.measured.found.warned));
        let p = a.p_corrected.total_cmp(&b.p_corrected);
        rank(a).cmp(&rank(b)).then(p).then(a.inside.cmp(&b.inside))
    });
    let histories: Vec<&History> = insides.iter().map(|inside| inside.history).collect();
    let step = customer.step_seconds();
    let range = common(&[customer], step);
    let at = |slot: i64| Timestamp::from_second(slot.saturating_mul(step)).unwrap_or_default();
    Warnings {
        customer: customer.name.clone(),
        period: Interval {
            start: at(range.start),
            end: at(range.end),
        },
        any: (pairs.len() > 1).then(|| measured(customer, &histories, matching).0),
        pairs,
        is_breached: is_breached(customer, matching),
    }
}

/// Breaches of any of these as warnings of the customer's; and since when one is open, or was within the horizon.
fn measured(
    customer: &History,
    insides: &[&History],
    matching: Matching,
) -> (Measured, Option<Timestamp>) {
    let cut = Cut::of(customer, insides, matching);
    let targets = cut.events(&[customer]);
    let inside = cut.events(insides);
    let length = cut.range.end - cut.range.start;
    let shift = |event: &Event| Event {
        start: event.start - cut.range.start,
        end: event.end - cut.range.start,
    };
    let targets: Vec<Event> = targets.iter().map(shift).collect();
    let warnings: Vec<Event> = inside.iter().map(shift).collect();
    let found = measure(&warnings, &targets, cut.rule, length);
    let last = warnings
        .last()
        .filter(|event| event.end + cut.gap > length || event.start + cut.rule.horizon > length);
    let since = last.and_then(|event| {
        let second = (event.start + cut.range.start).checked_mul(cut.seconds)?;
        Timestamp::from_second(second).ok()
    });
    let measured = Measured {
        slot: Duration::from_secs(cut.seconds.unsigned_abs()),
        rule: cut.rule,
        events: warnings.len() as u64,
        chance: shifted(
            &warnings,
            &targets,
            cut.rule,
            length.unsigned_abs(),
            found.warned,
        ),
        found,
    };
    (measured, since)
}

fn is_breached(customer: &History, matching: Matching) -> bool {
    let cut = Cut::of(customer, &[customer], matching);
    let events = cut.events(&[customer]);
    events
        .last()
        .is_some_and(|event| event.end + cut.gap > cut.range.end)
}

/// Time cut into slots that two sides have in common.
struct Cut {
    seconds: i64,
    range: Range<i64>,
    rule: Rule,
    gap: i64,
}

impl Cut {
    fn of(customer: &History, insides: &[&History], matching: Matching) -> Self {
        let seconds = insides
            .iter()
            .fold(customer.step_seconds(), |a, b| lcm(a, b.step_seconds()));
        let slots_in = |length: Duration| {
            let slots = length.as_secs().div_ceil(seconds.unsigned_abs());
            i64::try_from(slots).unwrap_or(i64::MAX / 4)
        };
        // Of several only the customer's own data limit the time: what one of them lacks, another may have.
        let limits = match insides {
            [one] => vec![customer, *one],
            _ => vec![customer],
        };
        Self {
            range: common(&limits, seconds),
            rule: Rule {
                horizon: slots_in(matching.horizon).max(3),
                lead_min: 1,
            },
            gap: slots_in(matching.gap).max(2),
            seconds,
        }
    }

    fn events(&self, of: &[&History]) -> Vec<Event> {
        let slots = of.iter().flat_map(|history| &history.slots);
        let bad = slots.filter(|slot| slot.breached);
        let bad = bad.map(|slot| slot.at.as_second().div_euclid(self.seconds));
        events(bad.filter(|slot| self.range.contains(slot)), self.gap)
    }
}

fn p_value(measured: &Measured) -> f64 {
    measured.chance.map_or(1.0, |chance| chance.p_value)
}

/// Invariant: nothing at or below chance is predictive, whatever its p-value.
fn verdict(measured: &Measured, p_corrected: f64) -> Verdict {
    let (found, chance) = (&measured.found, measured.chance);
    if found.targets < WARNED_MIN || measured.events < WARNED_MIN {
        return Verdict::TooFew;
    }
    let is_above = (found.recall().zip(chance)).is_some_and(|(recall, c)| recall > c.recall);
    match is_above && found.warned >= WARNED_MIN && p_corrected <= FALSE_MAX {
        true => Verdict::Predictive,
        false => Verdict::NotAboveChance,
    }
}

/// The slots that all of these have data for.
fn common(histories: &[&History], seconds: i64) -> Range<i64> {
    let slot = |slot: &Slot| slot.at.as_second().div_euclid(seconds);
    let mut range = i64::MIN..i64::MAX;
    for history in histories {
        match (history.slots.first(), history.slots.last()) {
            (Some(first), Some(last)) => {
                range.start = range.start.max(slot(first));
                range.end = range.end.min(slot(last) + 1);
            }
            _ => return 0..0,
        }
    }
    match range.start < range.end {
        true => range,
        false => 0..0,
    }
}

impl History {
    /// The declared length, or a longer one that lies between any two slots a whole number of times: a row for each hour in a
    /// file that declares nothing. A few slots tell nothing: they lie apart by chance.
    fn step_seconds(&self) -> i64 {
        const MANY: usize = 50;
        let declared = i64::try_from(self.slot.as_secs()).unwrap_or(60).max(1);
        if self.slots.len() < MANY {
            return declared;
        }
        let pairs = self.slots.iter().zip(self.slots.iter().skip(1));
        let gaps = pairs.map(|(a, b)| b.at.as_second() - a.at.as_second());
        gaps.fold(0, |step, gap| gcd(step, gap.abs())).max(declared)
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn lcm(a: i64, b: i64) -> i64 {
    (a / gcd(a, b).max(1)).saturating_mul(b)
}

#[cfg(test)]
mod tests;

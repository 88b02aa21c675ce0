//! The conditions of an alert policy: which fire at an instant, and since when without a break.
//!
//! Knows judged counts. Everything is derived from closed slices and nothing is remembered, so that alert state depends
//! on event time and not on how long a process has been up.

use std::ops::Range;
use std::time::Duration;

use attain_math::burn::{ONE_BURN_MILLIONTHS, threshold_millionths};
use attain_math::sequential::Sequential;
use attain_math::{ONE_PPB, burn};
use attain_model::policy::{AlertPolicy, LowTraffic, Spends, Tier, Urgency};
use attain_model::slo::Budgeting;
use attain_model::verdict::{AlertCondition, AlertRule, AlertState, Burn, ErrorBudget};
use attain_model::{Goal, Multiple, Scope};
use jiff::{SignedDuration, Timestamp};

use crate::grid::Grid;
use crate::judge::Judged;
use crate::look::Looked;
use crate::timeslices::RATIO_UNITS;

/// Length of a slot of the sequential test, in seconds.
const SLOT_SECONDS: u64 = 300;

/// An alarm of the sequential test ends when this long burnt no faster than allowed.
const RECOVERY: Duration = Duration::from_secs(3600);

/// The policy for a scope: the segment's own, else the SLO's. `alerting: none` on the SLO silences all of it.
pub(crate) fn policy<'a>(looked: &Looked<'a>, scope: &Scope) -> Option<&'a AlertPolicy> {
    let catalogue = looked.promises.catalogue();
    let of_slo = looked.slo.alerting.as_ref()?;
    let own = match scope {
        Scope::Segment(id) => catalogue.segments.get(id)?.alerting.as_ref(),
        Scope::All => None,
    };
    catalogue.alert_policies.get(own.unwrap_or(of_slo))
}

/// Burn rates over the windows of a policy, shortest first; none is longer than the SLO's own window.
pub(crate) fn burns(looked: &Looked<'_>, judged: &Judged, policy: &AlertPolicy) -> Vec<Burn> {
    let windows = windows(looked, policy);
    let end = looked.span.end;
    let burn = |window: Duration| {
        let sums = judged.sum_before(looked, &back(looked, end, window));
        Burn {
            window,
            attainment: sums.promised,
            allowed_billionths: sums.allowed_billionths,
        }
    };
    windows.into_iter().map(burn).collect()
}

/// The windows of a policy, shortest first; none is longer than the SLO's own window.
pub(crate) fn windows(looked: &Looked<'_>, policy: &AlertPolicy) -> Vec<Duration> {
    let tiers = policy.page.iter().chain(&policy.ticket);
    let longest = looked.slo.window.nominal();
    let windows = tiers.flat_map(|tier| [tier.short, tier.long]);
    let mut windows: Vec<Duration> = windows.map(|window| window.min(longest)).collect();
    windows.sort();
    windows.dedup();
    windows
}

/// The conditions of a policy: those that page, those that open a ticket, then the one for few requests.
///
/// Nothing is asked where nothing is promised. During adoption what would page opens a ticket.
pub(crate) fn conditions(
    looked: &Looked<'_>,
    judged: &Judged,
    policy: &AlertPolicy,
    goal: Option<Goal>,
) -> Vec<AlertCondition> {
    let Some(Goal::Promised(promised)) = goal else {
        return Vec::new();
    };
    let target_ppb = promised.target.ppb();
    let page = if is_adopting(looked) {
        Urgency::Ticket
    } else {
        Urgency::Page
    };
    let tiers = (policy.page.iter().map(|tier| (page, tier)))
        .chain(policy.ticket.iter().map(|tier| (Urgency::Ticket, tier)));
    let mut conditions = Vec::new();
    for (urgency, tier) in tiers {
        let burn = threshold(tier, looked);
        let watch = Watch {
            looked,
            judged,
            tier: *tier,
            burn,
        };
        conditions.push(AlertCondition {
            policy: policy.id.clone(),
            urgency,
            rule: AlertRule::BurnRate { tier: *tier, burn },
            state: watch.state(target_ppb),
        });
    }
    let is_needed = conditions
        .iter()
        .any(|condition| condition.state == AlertState::TooFewEvents);
    let rule = low_traffic(looked, policy);
    conditions.push(AlertCondition {
        policy: policy.id.clone(),
        urgency: if policy.page.is_empty() {
            Urgency::Ticket
        } else {
            page
        },
        rule: AlertRule::LowTraffic { rule },
        state: if is_needed {
            Evidence::of(looked, judged, rule).state(looked.grid)
        } else {
            AlertState::Standby
        },
    });
    conditions
}

/// The rule for few requests: the SLO's own, else the policy's.
pub(crate) fn low_traffic(looked: &Looked<'_>, policy: &AlertPolicy) -> LowTraffic {
    looked.slo.low_traffic.unwrap_or(policy.low_traffic)
}

/// The burn rate of a tier for the SLO's window, at least 1. A tier that is longer than the window looks at the window.
fn threshold(tier: &Tier, looked: &Looked<'_>) -> Multiple {
    let millionths = match tier.spends {
        Spends::Burn(multiple) => multiple.millionths().max(ONE_BURN_MILLIONTHS),
        Spends::BudgetShare(share) => {
            let window = looked.slo.window.nominal().as_secs();
            let long = tier.long.as_secs().min(window);
            threshold_millionths(share.ppb(), window, long).unwrap_or(u64::MAX)
        }
    };
    Multiple::from_millionths(millionths)
}

/// One tier, watched slice by slice.
struct Watch<'w, 'l> {
    looked: &'w Looked<'l>,
    judged: &'w Judged,
    tier: Tier,
    burn: Multiple,
}

impl Watch<'_, '_> {
    fn state(&self, target_ppb: u32) -> AlertState {
        if !burn::reachable(self.burn.millionths(), target_ppb) {
            return AlertState::Unreachable;
        }
        let end = self.looked.span.end;
        let long = self.budget(end, self.tier.long);
        if self.is_too_few(&long) {
            return AlertState::TooFewEvents;
        }
        let mut since = end;
        while since > self.looked.earliest() && self.fires(since) {
            since -= 1;
        }
        if since == end {
            AlertState::Quiet
        } else {
            AlertState::Firing(self.looked.grid.start(since))
        }
    }

    /// Whether both windows that end with a slice's start burn faster than the threshold, and hold enough events.
    fn fires(&self, end: i64) -> bool {
        if !exceeds(&self.budget(end, self.tier.short), self.burn) {
            return false;
        }
        let long = self.budget(end, self.tier.long);
        exceeds(&long, self.burn) && !self.is_too_few(&long)
    }

    /// Whether the long window holds too few events for a burn rate to mean anything.
    fn is_too_few(&self, long: &ErrorBudget) -> bool {
        let ten = u128::from(burn::LOW_TRAFFIC_EXPECTED_BAD) * u128::from(ONE_PPB);
        long.allowed_billionths / u128::from(unit(self.looked)) < ten
    }

    fn budget(&self, end: i64, window: Duration) -> ErrorBudget {
        self.judged
            .budget_before(self.looked, &back(self.looked, end, window))
    }
}

fn exceeds(budget: &ErrorBudget, burn: Multiple) -> bool {
    burn::exceeds_allowed(budget.spent, budget.allowed_billionths, burn.millionths())
}

/// The sequential test over slots of five minutes, from the first event on or for 400 days.
///
/// An alarm needs evidence (the statistic) and impact (so many bad events in so much time); evidence begins anew with
/// each alarm and with each change of target. It ends when the last hour burnt no faster than allowed.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// Slots between two false alarms.
    between: u64,
    test: Option<(u32, Sequential)>,
    firing: Option<i64>,
}

/// One slot of the sequential test.
pub(crate) struct Slot {
    /// Its first slice.
    pub(crate) start: i64,
    /// What was promised as it began.
    pub(crate) target_ppb: Option<u32>,
    pub(crate) total: u64,
    pub(crate) bad: u64,
    /// Its slices.
    pub(crate) length: i64,
}

impl Evidence {
    fn new(rule: LowTraffic, grid: Grid) -> Self {
        let seconds = slot(grid).unsigned_abs() * grid.seconds().unsigned_abs();
        Self {
            between: rule.false_page_every.as_secs() / seconds,
            test: None,
            firing: None,
        }
    }

    /// From everything that was counted, up to the last slot that is over.
    pub(crate) fn of(looked: &Looked<'_>, judged: &Judged, rule: LowTraffic) -> Self {
        let slot = slot(looked.grid);
        let end = looked.span.end.div_euclid(slot);
        let mut evidence = Self::new(rule, looked.grid);
        for at in first_slot(looked)..end {
            let range = at * slot..(at + 1) * slot;
            let (total, bad) = slot_counts(looked, judged, &range);
            let found = Slot {
                start: range.start,
                target_ppb: target_at(judged, looked.grid.start(range.start)),
                total,
                bad,
                length: slot,
            };
            let has_impact = |later: u64| {
                let within = back(looked, range.end, rule.within);
                let bad_within = judged.budget_before(looked, &within).spent / unit(looked);
                bad_within.saturating_sub(later) >= rule.at_least_bad
            };
            let begun =
                |slices: i64| slot_counts(looked, judged, &(range.start..range.start + slices));
            let is_burning = || {
                let hour = back(looked, range.end, RECOVERY);
                exceeds(&judged.budget_before(looked, &hour), Multiple::ONE)
            };
            evidence.step(&found, has_impact, begun, is_burning);
        }
        evidence
    }

    /// Takes the next slot. Whether there were enough bad ones without so many of the last, how many there were of all and
    /// bad ones in so many of its first slices, and whether the last hour burnt faster than allowed, is asked only where it
    /// matters.
    pub(crate) fn step(
        &mut self,
        slot: &Slot,
        has_impact: impl Fn(u64) -> bool,
        begun: impl Fn(i64) -> (u64, u64),
        is_burning: impl FnOnce() -> bool,
    ) {
        if self.test.as_ref().map(|(ppb, _)| *ppb) != slot.target_ppb {
            let target = slot.target_ppb;
            self.test = target.and_then(|ppb| Some((ppb, Sequential::new(ppb, self.between)?)));
        }
        let Some((_, test)) = &mut self.test else {
            self.firing = None;
            return;
        };
        let before = test.clone();
        let alarm = test.step_if(slot.total, slot.bad, || has_impact(0));
        self.firing = match self.firing {
            Some(since) if is_burning() => Some(since),
            _ if alarm => Some(crossing(&before, slot, has_impact, begun)),
            _ => None,
        };
    }

    pub(crate) fn state(&self, grid: Grid) -> AlertState {
        self.firing.map_or(AlertState::Quiet, |slice| {
            AlertState::Firing(grid.start(slice))
        })
    }
}

/// The slice of a slot with which the evidence and the bad events were enough.
fn crossing(
    before: &Sequential,
    slot: &Slot,
    has_impact: impl Fn(u64) -> bool,
    begun: impl Fn(i64) -> (u64, u64),
) -> i64 {
    let is_enough = |slices: &i64| {
        let (total, bad) = begun(*slices);
        let later = slot.bad.saturating_sub(bad);
        (before.clone()).step_if(total, bad, || has_impact(later))
    };
    // With all of them it was.
    let slices = (1..slot.length).find(is_enough).unwrap_or(slot.length);
    slot.start + slices - 1
}

/// The slot with which the sequential test begins.
pub(crate) fn first_slot(looked: &Looked<'_>) -> i64 {
    looked.earliest().div_euclid(slot(looked.grid))
}

/// Slices of a slot.
pub(crate) fn slot(grid: Grid) -> i64 {
    grid.slices(SLOT_SECONDS)
}

/// The slices of what the sequential test looks back on besides its slot: for impact, and for an end.
pub(crate) fn looks_back(looked: &Looked<'_>, rule: LowTraffic) -> (i64, i64) {
    let slices = |window| {
        let back = back(looked, 0, window);
        back.end - back.start
    };
    (slices(rule.within), slices(RECOVERY))
}

/// All and bad events of a slot; a part of a slice budgeted by ratio counts as bad.
fn slot_counts(looked: &Looked<'_>, judged: &Judged, range: &Range<i64>) -> (u64, u64) {
    let sums = judged.sum_before(looked, range).promised;
    let unit = unit(looked);
    (sums.total().div_ceil(unit), sums.bad.div_ceil(unit))
}

fn target_at(judged: &Judged, instant: Timestamp) -> Option<u32> {
    let at = judged
        .spans
        .partition_point(|span| span.interval.end <= instant);
    let goal = judged.spans.get(at)?.goal?;
    Some(goal.promised()?.target.ppb())
}

fn is_adopting(looked: &Looked<'_>) -> bool {
    let Some(adoption) = looked.slo.adoption else {
        return false;
    };
    let zone = &looked.promises.catalogue().timezone;
    let from = attain_model::promises::day_start(adoption.from, zone);
    let length = SignedDuration::try_from(adoption.length).unwrap_or(SignedDuration::MAX);
    let until = from.saturating_add(length).unwrap_or(Timestamp::MAX);
    from <= looked.instant && looked.instant < until
}

/// The slices of a window that ends at a slice's start; no longer than the SLO's own window.
fn back(looked: &Looked<'_>, end: i64, window: Duration) -> Range<i64> {
    let window = window.min(looked.slo.window.nominal());
    end - looked.grid.slices(window.as_secs())..end
}

/// Into how many parts a unit of the budget is counted.
fn unit(looked: &Looked<'_>) -> u64 {
    match looked.slo.budgeting {
        Budgeting::RatioTimeslices { .. } => RATIO_UNITS,
        Budgeting::Occurrences | Budgeting::Timeslices { .. } => 1,
    }
}

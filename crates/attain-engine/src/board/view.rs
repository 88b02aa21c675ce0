//! What a board says of one series: the numbers of a verdict, from sums that are at hand.
//!
//! Knows lanes and what they were judged to be. Derives nothing from the past; see evaluate.rs for that.

use std::time::Duration;

use attain_math::budget::time_to_exhaustion;
use attain_math::ppb;
use attain_model::policy::Urgency;
use attain_model::verdict::{
    AlertCondition, AlertRule, AlertState, Attainment, Burn, Coverage, ErrorBudget,
};
use attain_model::{SeriesName, Standing};
use jiff::Timestamp;

use super::hearing::Hearing;
use super::lane::{Lane, NO_TRAFFIC, OVERSPENT, Run, TOO_FEW};
use super::limit::Word;
use super::{Series, SloFacts};
use crate::grid::Grid;

/// No condition is said to have fired for longer than this: 400 days, as [`evaluate`](crate::evaluate) has it.
const LOOK_BACK_SECONDS: u64 = 400 * 86_400;

/// What the counts of one series mean at the end of the last closed slice; equal to what
/// [`evaluate`](crate::evaluate) says of it at that instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Which series.
    pub name: SeriesName,
    /// What was counted in the SLO's window.
    pub attainment: Attainment,
    /// The budget over the window.
    pub budget: ErrorBudget,
    /// The verdict.
    pub standing: Standing,
    /// Since which slice the budget has been overspent without a break.
    pub overspent_since: Option<Timestamp>,
    /// How much of the window was observed.
    pub coverage: Coverage,
    /// Burn rates over the alert policy's windows, shortest first.
    pub burn: Vec<Burn>,
    /// The conditions of the alert policy; the one for few requests only while it stands by.
    pub alerts: Vec<AlertCondition>,
    /// A tier has too few events: ask [`evaluate`](crate::evaluate) what the sequential test says.
    pub needs_sequential: bool,
    /// At the burn rate of the last hour the budget is gone after this.
    pub exhausted_in: Option<Duration>,
}

/// Where and when a series is looked at.
pub(super) struct Looking<'b, W> {
    pub(super) lane: &'b Lane<W>,
    pub(super) column: usize,
    pub(super) run: &'b Run,
    pub(super) series: &'b Series,
    pub(super) slo: &'b SloFacts,
    pub(super) hearing: &'b Hearing,
    pub(super) grid: Grid,
    pub(super) end: i64,
    /// What the sequential test says, if anybody knows.
    pub(super) evidence: Option<AlertState>,
}

impl<W: Word> Looking<'_, W> {
    pub(super) fn view(&self) -> View {
        let whole = self.sums(self.lane.shape.whole);
        View {
            name: self.series.name.clone(),
            attainment: whole.0,
            budget: whole.1,
            standing: self.standing(whole.0),
            overspent_since: self.has(OVERSPENT).then(|| self.since(self.tiers())),
            coverage: self.hearing.coverage(),
            burn: self.burns(),
            alerts: self.alerts(),
            needs_sequential: self.needs_sequential(),
            exhausted_in: self.exhausted_in(whole.1),
        }
    }

    fn standing(&self, attainment: Attainment) -> Standing {
        let is_promised = self.run.target_ppb.is_some();
        let is_empty = self.has(NO_TRAFFIC);
        let is_covered = self.hearing.is_covered(self.end)
            || (self.hearing.trusts_events() && attainment.total() > 0);
        match (is_promised, is_covered) {
            (false, _) if !is_empty => Standing::BestEffort,
            (_, false) => Standing::Unknown,
            _ if is_empty => Standing::NoTraffic,
            _ if self.has(OVERSPENT) => Standing::Breached,
            _ => Standing::Met,
        }
    }

    fn burns(&self) -> Vec<Burn> {
        let burn = |(length, window): &(Duration, usize)| {
            let (attainment, budget) = self.sums(*window);
            // What was promised to nobody burns no budget.
            let promised = self
                .run
                .target_ppb
                .map_or(Attainment::default(), |_| attainment);
            Burn {
                window: *length,
                attainment: promised,
                allowed_billionths: budget.allowed_billionths,
            }
        };
        self.run.burns.iter().map(burn).collect()
    }

    fn alerts(&self) -> Vec<AlertCondition> {
        let mut alerts = self.run.conditions.clone();
        let watched = self.tiers();
        for (tier, condition) in alerts.iter_mut().enumerate() {
            condition.state = match condition.rule {
                AlertRule::LowTraffic { .. } => AlertState::Standby,
                AlertRule::BurnRate { .. } if tier >= watched => AlertState::Quiet,
                AlertRule::BurnRate { .. } => self.state(tier),
            };
            let pages = condition.urgency == Urgency::Page;
            if pages && self.slo.is_adopting(self.grid.start(self.end)) {
                condition.urgency = Urgency::Ticket;
            }
        }
        if self.needs_sequential() {
            match (self.evidence, alerts.last_mut()) {
                (Some(state), Some(last)) => last.state = state,
                _ => drop(alerts.pop()),
            }
        }
        alerts
    }

    fn state(&self, tier: usize) -> AlertState {
        if !self.run.watched.iter().any(|(watched, _)| *watched == tier) {
            AlertState::Unreachable
        } else if self.has(TOO_FEW + tier as u32) {
            AlertState::TooFewEvents
        } else if self.has(tier as u32) {
            AlertState::Firing(self.since(tier))
        } else {
            AlertState::Quiet
        }
    }

    fn needs_sequential(&self) -> bool {
        self.lane.flags(self.column) >> TOO_FEW & 0xff != 0
    }

    /// How long the budget lasts if it goes on burning as in the last hour; the same operations as in evaluate.rs.
    fn exhausted_in(&self, whole: ErrorBudget) -> Option<Duration> {
        let hourly = self.sums(self.lane.shape.hour).1;
        if whole.allowed_billionths == 0 || hourly.allowed_billionths == 0 {
            return None;
        }
        let seconds = self.lane.shape.windows[self.lane.shape.whole] * self.grid.seconds();
        let burn = hourly.spent as f64 * 1e9 / hourly.allowed_billionths as f64;
        let allowed = whole.allowed_billionths as f64 / 1e9;
        let remaining = 1.0 - whole.spent as f64 / allowed;
        let left = time_to_exhaustion(burn, remaining, seconds as f64)?;
        (remaining > 0.0)
            .then(|| Duration::try_from_secs_f64(left.floor()).ok())
            .flatten()
    }

    fn sums(&self, window: usize) -> (Attainment, ErrorBudget) {
        let (total, bad) = self.lane.sum(self.column, window);
        let attainment = Attainment {
            good: total.saturating_sub(bad),
            bad,
        };
        let budget = self.run.target_ppb.map(|target| ErrorBudget {
            allowed_billionths: ppb::allowed_bad_billionths(total, target),
            spent: bad,
        });
        (attainment, budget.unwrap_or_default())
    }

    fn since(&self, which: usize) -> Timestamp {
        let earliest = self.end - self.grid.slices(LOOK_BACK_SECONDS);
        self.grid
            .start(self.lane.since(self.column, which).max(earliest))
    }

    fn has(&self, bit: u32) -> bool {
        self.lane.flags(self.column) >> bit & 1 == 1
    }

    fn tiers(&self) -> usize {
        self.lane.shape.tiers.len()
    }
}

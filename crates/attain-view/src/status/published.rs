//! The number that was published beside the goal that is aimed at: both stand in the catalogue, and the published one is the
//! one that is owed. Says only what the same counts over the same window tell; a period that is settled is a statement's.

use attain_model::promises::day_start;
use attain_model::slo::{Judged, Promised};
use attain_model::verdict::ErrorBudget;
use attain_model::{Standing, Verdict};

use super::Desk;

/// What was published to whoever a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Published {
    /// The number.
    pub(crate) promised: Promised,
    /// Whether what was counted holds it.
    pub(crate) is_held: bool,
}

/// `None` where nothing was published, or where these counts do not tell: another window, another limit of time, each
/// customer for itself.
pub(crate) fn published(desk: &Desk<'_>, verdict: &Verdict) -> Option<Published> {
    let own = verdict.goal.as_ref()?.promised()?;
    let slo = desk.slo(verdict)?;
    let zone = &desk.promises.catalogue().timezone;
    let mut commitments = slo.commitments.iter();
    // Newest first: each holds until the next newer one.
    let newest = commitments.find(|one| day_start(one.since, zone) <= verdict.window.end)?;
    let promised = *newest
        .targets
        .get(&verdict.name.objective)?
        .goal(&verdict.name.scope)?
        .promised()?;
    let is_same_window = newest
        .window
        .as_ref()
        .is_none_or(|window| *window == slo.window);
    let is_whole = day_start(newest.since, zone) <= verdict.window.start;
    let is_same_kind = promised.under == own.under && promised.load == own.load;
    let is_judged = matches!(verdict.standing, Standing::Met | Standing::Breached);
    let is_told = is_same_window && is_whole && is_same_kind && is_judged;
    if !is_told || newest.judged != Judged::PerSegment {
        return None;
    }
    let allowed = u128::from(verdict.attainment.total()) * u128::from(promised.target.budget_ppb());
    let budget = ErrorBudget {
        allowed_billionths: allowed,
        spent: verdict.attainment.bad,
    };
    Some(Published {
        promised,
        is_held: budget.is_met(),
    })
}

/// `Our own goal of 99.2% is broken; the published 98.5% is held.` Of what is broken only.
pub(crate) fn beside(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    let published = published(desk, verdict)?;
    let own = verdict.goal.as_ref()?.promised()?;
    if verdict.standing != Standing::Breached {
        return None;
    }
    Some(match published.is_held {
        true => format!(
            "Our own goal of {} is broken; the published {} is held.",
            own.target, published.promised.target
        ),
        false if own.target == published.promised.target => {
            format!("That is the published {}.", own.target)
        }
        false => format!(
            "The published {} is broken, too.",
            published.promised.target
        ),
    })
}

//! Whether a fault has begun that pages in a moment: the short window of a page burns as fast as it pages at, the long one
//! not yet. Knows the rules of alerts; what fires is the engine's.

use attain_model::policy::{Tier, Urgency};
use attain_model::verdict::{AlertRule, AlertState, Burn};
use attain_model::{Multiple, Standing, Verdict};

use super::headline::firing;
use super::is_promise;
use super::lately::burns;

/// Bad events that a short window has at least if it says how fast a budget burns: of one nobody can tell.
pub(super) const TELLING: u64 = 3;

/// Whether nothing fires yet, and a page soon will if it goes on like this.
pub(crate) fn is_starting(verdict: &Verdict) -> bool {
    // The shortest window first: asked of every promise several times for a page, and most burn nothing.
    verdict.burn.first().is_some_and(burns)
        && is_promise(verdict)
        && matches!(verdict.standing, Standing::Met | Standing::Breached)
        && firing(verdict).next().is_none()
        && about_to_page(verdict).is_some()
}

/// The shortest pair of windows of a page whose short one burns fast enough, and the burn rate that it pages at.
pub(super) fn about_to_page(verdict: &Verdict) -> Option<(Tier, Multiple)> {
    let quiet = verdict
        .alerts
        .iter()
        .filter(|alert| alert.urgency == Urgency::Page && alert.state == AlertState::Quiet);
    let tiers = quiet.filter_map(|alert| match alert.rule {
        AlertRule::BurnRate { tier, burn } => Some((tier, burn)),
        AlertRule::LowTraffic { .. } => None,
    });
    let fast = tiers.filter(|(tier, burn)| {
        let short = verdict.burn.iter().find(|one| one.window == tier.short);
        // A shorter window that burns no more says that it is over.
        let mut within = verdict.burn.iter().filter(|one| one.window <= tier.short);
        within.all(burns) && short.is_some_and(|short| is_as_fast(short, *burn))
    });
    fast.min_by_key(|(tier, _)| (tier.short, tier.long))
}

fn is_as_fast(burn: &Burn, pages_at: Multiple) -> bool {
    let bad = u128::from(burn.attainment.bad) * 1_000_000_000 * 1_000_000;
    let pages_at = u128::from(pages_at.millionths());
    burn.attainment.bad >= TELLING
        && bad >= burn.allowed_billionths.saturating_mul(pages_at)
        && burn.allowed_billionths > 0
}

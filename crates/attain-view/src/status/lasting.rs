//! Whether a budget runs out as it burns now, and when. Knows that a rolling window's budget comes back: what would be gone
//! only after the window has passed once is not gone at all.
//!
//! While an alert fires or is about to, now is what its windows say: the mean of an hour in which a fault of a minute lies is many times
//! too kind to somebody who was woken for it. Otherwise it is the last hour.

use std::time::Duration;

use attain_model::quantity::duration_text;
use attain_model::verdict::{AlertRule, AlertState, Burn};
use attain_model::{Verdict, Window};

use super::Desk;
use super::ended::has_ended;
use super::lately::{Lately, burns, lately};
use super::matrix::{is_firing, recent_burn};
use super::starting::{TELLING, about_to_page, is_starting};

/// What a rate is measured over where no alert says otherwise.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// What becomes of a budget that something is spent of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// It is gone after this, before the window has passed once or the period ends.
    GoneIn {
        /// After how long.
        length: Duration,
        /// Over which window up to now the rate was measured.
        measured: Duration,
    },
    /// It lasts.
    Lasts,
}

/// `None` where nothing is spent now, or nothing is left; nor is it said that a budget lasts while an alert fires.
pub(crate) fn lasting(desk: &Desk<'_>, verdict: &Verdict) -> Option<Lasting> {
    let in_an_hour = verdict.exhausted_in?;
    let is_starting = desk.is_page && is_starting(verdict);
    let is_burning =
        recent_burn(verdict).is_none_or(burns) && !matches!(lately(verdict), Lately::Quiet(_));
    let is_fast = is_starting || is_burning && !has_ended(desk, verdict);
    let (length, measured) = fastest_alerted(verdict)
        .and_then(|burn| Some((gone_after(verdict, burn)?, burn.window)))
        .unwrap_or((in_an_hour, HOUR));
    if is_fast && length <= horizon(desk, verdict) {
        return Some(Lasting::GoneIn { length, measured });
    }
    (!is_firing(verdict) && !is_starting).then_some(Lasting::Lasts)
}

/// Of the shortest pair of windows that fires, or is about to, the one that burns faster.
fn fastest_alerted(verdict: &Verdict) -> Option<&Burn> {
    let firing = verdict
        .alerts
        .iter()
        .filter(|alert| matches!(alert.state, AlertState::Firing(_)));
    let tiers = firing.filter_map(|alert| match alert.rule {
        AlertRule::BurnRate { tier, .. } => Some(tier),
        AlertRule::LowTraffic { .. } => None,
    });
    let tier = tiers.min_by_key(|tier| (tier.short, tier.long));
    let tier = tier.or_else(|| Some(about_to_page(verdict)?.0))?;
    // No window is longer than that of the SLO.
    let of = |window: Duration| {
        let mut longest_first = verdict.burn.iter().rev();
        longest_first.find(|burn| burn.window <= window)
    };
    let long = of(tier.long).filter(|burn| burns(burn));
    let short = of(tier.short).filter(|burn| burns(burn) && burn.attainment.bad >= TELLING);
    let rate =
        |burn: &&Burn| burn.attainment.bad as f64 / (burn.allowed_billionths as f64).max(1.0);
    // Of two that burn alike the longer: it knows more.
    long.into_iter().chain(short).reduce(|one, other| {
        if rate(&other) > rate(&one) {
            other
        } else {
            one
        }
    })
}

/// How long what is left lasts at the burn rate of a window; of a calendar period what it allows by its end at the traffic
/// so far. An estimate: nothing is decided by it. `None` if nothing is left.
fn gone_after(verdict: &Verdict, burn: &Burn) -> Option<Duration> {
    let start = verdict.window.start.as_second();
    let whole = (verdict.window_closes.as_second() - start).max(0) as f64;
    let so_far = (verdict.window.end.as_second() - start).max(1) as f64;
    let allowed = verdict.budget.allowed_billionths as f64 / 1e9 * (whole / so_far);
    let left = 1.0 - verdict.budget.spent as f64 / allowed;
    let rate = burn.attainment.bad as f64 * 1e9 / burn.allowed_billionths as f64;
    let seconds = (left * whole / rate).floor();
    (left > 0.0 && rate.is_finite())
        .then(|| Duration::try_from_secs_f64(seconds).ok())
        .flatten()
}

/// `hour`, `5m`: what stands behind `in the last`.
pub(crate) fn measured_text(measured: Duration) -> String {
    match measured {
        HOUR => "hour".to_owned(),
        other => duration_text(other),
    }
}

/// How far ahead a budget can run out.
fn horizon(desk: &Desk<'_>, verdict: &Verdict) -> Duration {
    match desk.slo(verdict).map(|slo| &slo.window) {
        Some(Window::Rolling(length)) => *length,
        Some(Window::Calendar(..)) => {
            let seconds = verdict.window_closes.as_second() - verdict.window.end.as_second();
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        }
        None => Duration::MAX,
    }
}

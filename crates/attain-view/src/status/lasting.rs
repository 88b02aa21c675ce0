//! Whether a budget runs out at the rate of the last hour, and when. Knows that a rolling window's budget comes back: what
//! would be gone only after the window has passed once is not gone at all.

use std::time::Duration;

use attain_model::{Verdict, Window};

use super::Desk;
use super::lately::{Lately, burns, lately};
use super::matrix::recent_burn;

/// What becomes of a budget that something is spent of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// It is gone after this, before the window has passed once or the period ends.
    GoneIn(Duration),
    /// It lasts.
    Lasts,
}

/// `None` where nothing is spent now, or nothing is left.
pub(crate) fn lasting(desk: &Desk<'_>, verdict: &Verdict) -> Option<Lasting> {
    let length = verdict.exhausted_in?;
    let is_fast =
        recent_burn(verdict).is_none_or(burns) && !matches!(lately(verdict), Lately::Quiet(_));
    Some(if is_fast && length <= horizon(desk, verdict) {
        Lasting::GoneIn(length)
    } else {
        Lasting::Lasts
    })
}

/// How far ahead a budget can run out.
pub(crate) fn horizon(desk: &Desk<'_>, verdict: &Verdict) -> Duration {
    match desk.slo(verdict).map(|slo| &slo.window) {
        Some(Window::Rolling(length)) => *length,
        Some(Window::Calendar(..)) => {
            let seconds = verdict.window_closes.as_second() - verdict.window.end.as_second();
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        }
        None => Duration::MAX,
    }
}

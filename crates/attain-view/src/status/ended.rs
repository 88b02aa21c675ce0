//! Whether what was lost lately is over: by its slices where somebody asked who spent it, which know the second; else by the
//! windows of alerts, which hold a fault for as long as they reach back. One answer for every sentence, row and order.

use std::time::Duration;

use attain_model::{Scope, SeriesName, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::Desk;
use super::lately::{Lately, burns, lately};
use super::matrix::recent_burn;
use super::starting::is_starting;
use crate::why::cause;

/// How old an answer about slices may be that says something of now.
const OLD_AT_MOST: Duration = Duration::from_secs(90);

/// Whether what was lost lately is over.
pub(crate) fn has_ended(desk: &Desk<'_>, verdict: &Verdict) -> bool {
    over_since(desk, verdict).is_some() || is_quiet(verdict)
}

/// Since when it is over, where the slices say so.
pub(crate) fn over_since(desk: &Desk<'_>, verdict: &Verdict) -> Option<Timestamp> {
    let why = desk.told?;
    // What a segment lost is in what all lost: where all were not asked about, it speaks for them.
    let own = why.findings.iter().find(|one| one.name == verdict.name);
    let of_segments = || {
        let findings = why
            .findings
            .iter()
            .filter(|one| is_segment_of(&one.name, &verdict.name));
        findings.max_by_key(|one| one.episode.as_ref().map(|episode| episode.until))
    };
    let episode = own.or_else(of_segments)?.episode.as_ref()?;
    let age = desk.evaluation.as_of.instant.duration_since(why.instant);
    let shortest = verdict.burn.iter().map(|burn| burn.window).min();
    let at_most = shortest.unwrap_or(OLD_AT_MOST).min(OLD_AT_MOST);
    let is_fresh = SignedDuration::try_from(at_most).is_ok_and(|at_most| age < at_most);
    let is_over = episode.until < why.instant && (cause::is_telling(episode) || is_quiet(verdict));
    (is_fresh && is_over).then_some(episode.until)
}

/// Whether a series is that of a segment, and another that of all traffic of the same promise.
pub(crate) fn is_segment_of(one: &SeriesName, all: &SeriesName) -> bool {
    all.scope == Scope::All
        && one.scope != Scope::All
        && (&one.slo, &one.objective) == (&all.slo, &all.objective)
}

/// The same by windows alone: there was traffic, it was lost no faster than it may be, and nothing is about
/// to page.
pub(crate) fn is_quiet(verdict: &Verdict) -> bool {
    let Some(recent) = recent_burn(verdict).filter(|_| !is_starting(verdict)) else {
        return false;
    };
    let is_slow = recent.attainment.total() > 0 && !burns(recent);
    is_slow || matches!(lately(verdict), Lately::Quiet(_))
}

/// Whether more is lost now than may be, by the shortest window that says enough.
pub(crate) fn goes_on(verdict: &Verdict) -> bool {
    let is_burning = recent_burn(verdict).is_some_and(burns);
    is_burning && matches!(lately(verdict), Lately::Burns)
}

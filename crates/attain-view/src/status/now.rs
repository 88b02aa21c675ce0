//! What a page says of a broken promise to people who do not know budgets: how many failed of how many, when too many had
//! failed, and whether it is over.

use std::time::Duration;

use attain_model::slo::Budgeting;
use attain_model::verdict::Burn;
use attain_model::{Standing, Verdict, Window};
use jiff::Timestamp;

use super::Desk;
use super::ended::over_since;
use super::headline::{counts_slices, firing, is_latency, unit, window_words};
use super::lasting::measured_text;
use super::lately::{Lately, Quiet, burns, lately};
use super::matrix::recent_burn;
use super::shared::window_text;
use super::starting::{about_to_page, is_starting};
use crate::number::{self, counted, thousands};

const BILLION: u128 = 1_000_000_000;

/// What is longer than this says little of how it is now.
const AT_ONCE: Duration = Duration::from_secs(300);

/// How it begins where it is not over.
pub(crate) const GOES_ON: &str = "still going on";

/// What to do where the promise has a runbook; where the cause has one, the page names that.
pub(crate) const FOLLOW: &str = "Follow the runbook below.";

/// What to do where it has none.
pub(crate) const ASK: &str = "Ask the owners below.";

/// `14 of 2,235 requests failed over 1d, 1 was allowed. Nothing is left of its budget of 1d, used up since 2026-11-02
/// 09:44:00 UTC: 1150% more was lost than is allowed.`
pub(super) fn spent(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    if verdict.standing != Standing::Breached {
        return None;
    }
    let window = match desk.slo(verdict).map(|slo| &slo.window) {
        Some(Window::Rolling(_)) => window_text(desk, verdict).unwrap_or_default(),
        _ => window_words(desk, verdict).replacen("of ", "in ", 1),
    };
    let mut text = format!(
        "{} of {} {} {window}, {}",
        thousands(units(
            desk,
            verdict,
            u128::from(verdict.attainment.bad) * BILLION
        )),
        things(desk, verdict, verdict.attainment.total()),
        did(desk, verdict),
        allowed(units(desk, verdict, verdict.budget.allowed_billionths)),
    );
    // Each share says of what it is one: there are budgets of several windows on a page.
    let of = window_words(desk, verdict);
    text.push_str(&format!(". Nothing is left of its budget {of}"));
    if let Some(since) = verdict.overspent_since {
        // It may have been so before; only the last time is known.
        text.push_str(&format!(", used up since {}", desk.event(since)));
    }
    // What is below zero is said as what it is: more was lost than there was.
    let left = number::budget_left(verdict.budget);
    if let Some(over) = left.as_deref().and_then(|left| left.strip_prefix('-')) {
        text.push_str(&format!(": {over} more was lost than is allowed"));
    }
    Some(text + ".")
}

fn allowed(count: u128) -> String {
    match count {
        0 => "less than 1 was allowed".to_owned(),
        1 => "1 was allowed".to_owned(),
        many => format!("{} were allowed", thousands(many)),
    }
}

/// Requests or slices of billionths of what is counted.
pub(crate) fn units(desk: &Desk<'_>, verdict: &Verdict, billionths: u128) -> u128 {
    match desk.slo(verdict).map(|slo| slo.budgeting) {
        // A slice that counts by its good share is a billion.
        Some(Budgeting::RatioTimeslices { .. }) => billionths / BILLION / BILLION,
        _ => billionths / BILLION,
    }
}

fn things(desk: &Desk<'_>, verdict: &Verdict, count: u64) -> String {
    let count = units(desk, verdict, u128::from(count) * BILLION);
    counted(
        u64::try_from(count).unwrap_or(u64::MAX),
        unit(desk, verdict),
    )
}

fn did(desk: &Desk<'_>, verdict: &Verdict) -> &'static str {
    match (counts_slices(desk, verdict), is_latency(verdict)) {
        (true, _) => "were bad",
        (false, true) => "were too slow",
        (false, false) => "failed",
    }
}

/// Whether it still happens, and what that means.
pub(super) fn now(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    let recent = recent_burn(verdict)?;
    let window = length(recent);
    let did = did(desk, verdict);
    let things = things(desk, verdict, recent.attainment.total());
    let help = match desk.slo(verdict).is_some_and(|slo| slo.runbook.is_some()) {
        true => FOLLOW,
        false => ASK,
    };
    if let Some(short) = starting(verdict) {
        let rate = rate(short);
        let seen = bad_of(desk, verdict, short);
        return match over_since(desk, verdict) {
            Some(since) => Some(over(desk, verdict, short, since)),
            None => Some(format!(
                "{GOES_ON}: {seen} in the last {}{rate}. {help}",
                length(short)
            )),
        };
    }
    // The slices know the second; a window holds a fault for as long as it reaches back.
    if let Some((since, shortest)) = over_since(desk, verdict).zip(shortest(verdict))
        && burns(shortest)
    {
        return Some(over(desk, verdict, shortest, since));
    }
    if recent.attainment.total() == 0 {
        return Some(format!("not known: no traffic in the last {window}."));
    }
    if recent.attainment.bad == 0 {
        let over = format!("over: 0 of {things} {did} in the last {window}.");
        return Some(over + &until(desk, verdict));
    }
    let failing = number::failing(recent.attainment)?;
    let rate = rate(recent);
    let mut seen = format!("{failing} of {things} {did} in the last {window}{rate}.");
    if !burns(recent) {
        return Some(format!("no faster than promised: {seen}") + &until(desk, verdict));
    }
    let mut lead = GOES_ON.to_owned();
    match lately(verdict) {
        // The window that says that it goes on is the one that is shown.
        Lately::Burns => {
            if let Some(shortest) = shortest(verdict).filter(|one| one.window != recent.window) {
                let last = bad_of(desk, verdict, shortest);
                seen = format!("{last} in the last {}; {seen}", length(shortest));
            }
        }
        Lately::Quiet(quiet) => {
            return Some(stopped(desk, verdict, quiet) + &until(desk, verdict));
        }
        Lately::TooFew(quiet) => {
            let last = length(quiet.window);
            lead = match quiet.window.attainment.total() {
                0 => format!("not known: no traffic in the last {last}; before that"),
                _ => format!(
                    "perhaps over: {} in the last {last}, too few to tell; before that",
                    bad_of(desk, verdict, quiet.window)
                ),
            };
        }
    }
    Some(format!("{lead}: {seen} {help}"))
}

/// `, 3.1 times what is allowed`.
fn rate(burn: &Burn) -> String {
    let rate = number::burn(burn.attainment.bad, burn.allowed_billionths);
    rate.map_or_else(String::new, |rate| {
        format!(", {} times what is allowed", rate.trim_end_matches('x'))
    })
}

/// The window that burns as fast as a page needs while nothing fires.
fn starting(verdict: &Verdict) -> Option<&Burn> {
    let (tier, _) = about_to_page(verdict).filter(|_| is_starting(verdict))?;
    let mut windows = verdict.burn.iter();
    windows.find(|burn| burn.window == tier.short)
}

/// `stopped: since 15:05:20 UTC (under 1m ago) no more failed than is allowed; 255 of 640 requests failed in the last 1m. The
/// alert clears when the last 1m is clean.`
fn over(desk: &Desk<'_>, verdict: &Verdict, burn: &Burn, since: Timestamp) -> String {
    let mut text = format!(
        "stopped: since {} no more {} than is allowed; {} in the last {}.",
        desk.event(since),
        did(desk, verdict),
        bad_of(desk, verdict, burn),
        length(burn),
    );
    if firing(verdict).next().is_some() {
        let window = length(burn);
        text.push_str(&format!(
            " The alert clears when the last {window} is clean."
        ));
    }
    text + &until(desk, verdict)
}

fn shortest(verdict: &Verdict) -> Option<&Burn> {
    verdict.burn.iter().min_by_key(|burn| burn.window)
}

/// The window that says how badly it burns now: the longest up to five minutes, or else the shortest, if it burns.
pub(super) fn burning(verdict: &Verdict) -> Option<&Burn> {
    let up_to_now = verdict.burn.iter().filter(|burn| burn.window <= AT_ONCE);
    let now = up_to_now.max_by_key(|burn| burn.window);
    now.or_else(|| shortest(verdict)).filter(|burn| burns(burn))
}

/// `stopped by 2026-11-22 10:48:20 UTC: 0 of 640 requests failed in the last 1m; 255 in the last 5m.`
fn stopped(desk: &Desk<'_>, verdict: &Verdict, quiet: Quiet<'_>) -> String {
    let Quiet { window, before } = quiet;
    let since = jiff::SignedDuration::try_from(window.window)
        .ok()
        .and_then(|length| verdict.window.end.checked_sub(length).ok())
        .map_or_else(String::new, |since| format!(" by {}", desk.event(since)));
    // A stray failure after the end is none of what was lost.
    let word = if window.attainment.bad == 0 || over_since(desk, verdict).is_some() {
        "stopped"
    } else {
        "slowed down"
    };
    format!(
        "{word}{since}: {} in the last {}; {} in the last {}.",
        bad_of(desk, verdict, window),
        length(window),
        thousands(units(
            desk,
            verdict,
            u128::from(before.attainment.bad) * BILLION
        )),
        length(before),
    )
}

/// `stopped by 10:48:20 UTC (2m ago): 0 of 640 requests failed`, without its time.
pub(crate) fn without_when(now: &str) -> String {
    match now.split_once(": ") {
        Some((lead, rest)) if lead.starts_with("stopped by") => format!("stopped: {rest}"),
        _ => now.to_owned(),
    }
}

/// The same for somebody who has nothing to do about it now: without the runbook and the alert.
pub(crate) fn without_help(now: &str) -> String {
    let is_help = |sentence: &&str| {
        ["Follow the runbook", "Ask the owners", "The alert clears"]
            .iter()
            .any(|help| sentence.starts_with(help))
    };
    let sentences = now.split_inclusive(". ").filter(|one| !is_help(one));
    sentences.collect::<String>().trim_end().to_owned()
}

/// `3 of 640 requests failed`.
fn bad_of(desk: &Desk<'_>, verdict: &Verdict, burn: &Burn) -> String {
    let bad = units(desk, verdict, u128::from(burn.attainment.bad) * BILLION);
    let things = things(desk, verdict, burn.attainment.total());
    format!("{} of {things} {}", thousands(bad), did(desk, verdict))
}

/// A window as it is said after `the last`.
pub(super) fn length(burn: &Burn) -> String {
    measured_text(burn.window)
}

/// Why a promise stays broken that nobody breaks any more.
fn until(desk: &Desk<'_>, verdict: &Verdict) -> String {
    if verdict.standing != Standing::Breached {
        return String::new();
    }
    match desk.slo(verdict).map(|slo| &slo.window) {
        Some(Window::Rolling(_)) => {
            let of = window_words(desk, verdict);
            match back_at(desk, verdict) {
                Some(at) => format!(
                    " The promise stays broken until about {}, when enough failures have left the window {of}, if nothing else \
                     fails.",
                    number::moment_near(at, verdict.window.end, desk.zone)
                ),
                None => {
                    format!(" The promise stays broken until the failures leave the window {of}.")
                }
            }
        }
        Some(Window::Calendar(period, _)) => format!(
            " The promise stays broken for this {}, unless enough good traffic follows.",
            period.word()
        ),
        None => String::new(),
    }
}

/// When enough of what failed has left the window, where somebody asked.
fn back_at(desk: &Desk<'_>, verdict: &Verdict) -> Option<Timestamp> {
    let mut findings = desk.told?.findings.iter();
    let finding = findings.find(|finding| finding.name == verdict.name)?;
    finding.back_at.filter(|at| *at > verdict.window.end)
}

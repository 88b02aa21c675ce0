//! What is said of one series, in words and numbers; the page and the Markdown both say it like this.

use attain_model::slo::Budgeting;
use attain_model::verdict::{Attainment, Coverage, ErrorBudget};
use attain_model::{Goal, Scope, Standing, Verdict};

use super::Sheet;
use crate::html::parts::State;
use crate::number::{self, thousands};
use crate::status::calm::is_low;
use crate::status::headline::counts_slices;
use crate::status::lasting::{HOUR, Lasting, lasting, measured_text};
use crate::status::matrix::{firing_words, has_budget, is_firing, pooled_target};
use crate::status::published;
use crate::status::shared::coverage_percent;
use crate::status::starting::is_starting;
use crate::status::{is_promise, target_ppb, units};

/// Units of one slice where a slice counts by its good share.
const RATIO_UNITS: u128 = BILLION;
const BILLION: u128 = 1_000_000_000;

/// How a verdict looks.
pub(crate) fn state(verdict: &Verdict) -> State {
    match verdict.standing {
        Standing::Breached => State::Bad,
        Standing::Met
            if is_firing(verdict)
                || is_starting(verdict)
                || is_promise(verdict) && is_low(verdict) =>
        {
            State::Warn
        }
        Standing::Met => State::Ok,
        Standing::Unknown => State::Unknown,
        Standing::BestEffort | Standing::NoTraffic => State::Quiet,
    }
}

/// `kept`, `kept, in danger`, `broken`: what stands beside the mark. One state has one word, here and in a count.
pub(crate) fn word(verdict: &Verdict) -> &'static str {
    match state(verdict) {
        State::Warn => super::top::word(State::Warn),
        _ => standing(verdict.standing),
    }
}

/// How a promise stands, in a reader's words.
fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Met => "kept",
        Standing::Breached => "broken",
        Standing::BestEffort | Standing::NoTraffic | Standing::Unknown => standing.word(),
    }
}

/// Whose requests: `premium`, `all`, `all (pooled)`.
pub(crate) fn whose(verdict: &Verdict) -> String {
    match (&verdict.name.scope, verdict.pooled) {
        (Scope::All, true) => "all (pooled)".to_owned(),
        (scope, _) => scope.to_string(),
    }
}

/// `97.000%`; `None` without events.
pub(crate) fn attained(verdict: &Verdict) -> Option<String> {
    // A pooled target is computed and has no end of decimals.
    let told_from = target_ppb(verdict).filter(|_| !verdict.pooled);
    number::attained(verdict.attainment, told_from)
}

/// `99.95%`, `p99 < 200ms`, `best effort`; what a pooled budget comes to.
pub(crate) fn target(verdict: &Verdict) -> String {
    match verdict.goal {
        Some(goal) => goal_text(&goal),
        None => pooled_target(verdict).unwrap_or_else(|| "-".to_owned()),
    }
}

/// `under 200ms`, where that is what is promised.
pub(crate) fn under(verdict: &Verdict) -> Option<String> {
    let under = verdict.goal?.promised()?.under?;
    Some(format!("under {under}"))
}

/// The share that is promised: `99.95%`; what a pooled budget comes to.
pub(crate) fn promised(verdict: &Verdict) -> String {
    match verdict.goal.as_ref().and_then(|goal| goal.promised()) {
        Some(promised) => promised.target.to_string(),
        None => target(verdict),
    }
}

pub(crate) fn goal_text(goal: &Goal) -> String {
    goal.to_string()
}

/// What was published where it is not what is aimed at: `98.5%, held`.
pub(crate) fn published(sheet: &Sheet<'_>, verdict: &Verdict) -> Option<String> {
    let published = published::published(&sheet.desk, verdict)?;
    let word = if published.is_held { "held" } else { "broken" };
    let is_own = verdict.goal.as_ref()?.promised()?.target == published.promised.target;
    (!is_own).then(|| format!("{}, {word}", published.promised.target))
}

/// What is left of its budget, if it has one and anything was counted.
pub(crate) fn left(verdict: &Verdict) -> Option<String> {
    number::budget_left(verdict.budget)
        .filter(|_| verdict.attainment.total() > 0 && has_budget(verdict))
}

/// What is left of a budget in words, given as [`left`] gives it: `31% left`, `none left, 31% over`.
pub(crate) fn left_words(left: &str) -> String {
    match left.strip_prefix('-') {
        Some(over) if !over.is_empty() => format!("none left, {over} over"),
        _ if left == "0%" => "none left".to_owned(),
        _ => format!("{left} left"),
    }
}

/// Whether what was counted is what the objective is about.
pub(crate) fn is_measured(sheet: &Sheet<'_>, verdict: &Verdict) -> bool {
    sheet.desk.is_measured(verdict)
}

/// `met`, `met, paging since ...`, `breached since ...`: in Markdown, which is read beside the JSON, in its words.
pub(crate) fn words(sheet: &Sheet<'_>, verdict: &Verdict) -> String {
    let mut words = verdict.standing.word().to_owned();
    if let Some(since) = verdict.overspent_since {
        words.push_str(" since ");
        words.push_str(&sheet.desk.event(since));
    }
    if let Some(firing) = firing_words(&sheet.desk, verdict) {
        words.push_str(", ");
        words.push_str(&firing);
    }
    words
}

/// `600 of 10 allowed`.
pub(crate) fn spent(sheet: &Sheet<'_>, verdict: &Verdict) -> String {
    let spent = u128::from(verdict.budget.spent).saturating_mul(BILLION);
    format!(
        "{} of {} allowed",
        quantity(sheet, verdict, spent),
        quantity(sheet, verdict, verdict.budget.allowed_billionths),
    )
}

/// How many may be bad: `10`.
pub(crate) fn allowed(sheet: &Sheet<'_>, verdict: &Verdict) -> String {
    quantity(sheet, verdict, verdict.budget.allowed_billionths)
}

/// `failed`, `too slow`, `bad slices`.
pub(crate) fn bad_what(sheet: &Sheet<'_>, verdict: &Verdict) -> &'static str {
    match (counts_slices(&sheet.desk, verdict), under(verdict)) {
        (true, _) => "bad slices",
        (false, Some(_)) => "too slow",
        (false, None) => "failed",
    }
}

/// `of requests`, `of slices`.
pub(crate) fn of_what(sheet: &Sheet<'_>, verdict: &Verdict) -> &'static str {
    if counts_slices(&sheet.desk, verdict) {
        "of slices"
    } else {
        "of requests"
    }
}

/// The budget as time, where slices of time are what is counted: `spent 12m of 43m`.
pub(crate) fn minutes(sheet: &Sheet<'_>, verdict: &Verdict) -> Option<String> {
    let (slice, billionths_each) = match sheet.desk.slo(verdict)?.budgeting {
        Budgeting::Occurrences => return None,
        Budgeting::Timeslices { slice, .. } => (slice, BILLION),
        Budgeting::RatioTimeslices { slice } => (slice, BILLION * RATIO_UNITS),
    };
    let time = |billionths: u128| {
        let seconds = billionths.saturating_mul(u128::from(slice.as_secs())) / billionths_each;
        number::about(std::time::Duration::from_secs(
            u64::try_from(seconds).unwrap_or(u64::MAX),
        ))
    };
    Some(format!(
        "{} of {}",
        time(u128::from(verdict.budget.spent).saturating_mul(BILLION)),
        time(verdict.budget.allowed_billionths)
    ))
}

fn quantity(sheet: &Sheet<'_>, verdict: &Verdict, billionths: u128) -> String {
    thousands(units(&sheet.desk, verdict, billionths))
}

/// A count of what is counted, as it is printed in tables.
pub(crate) fn count(sheet: &Sheet<'_>, verdict: &Verdict, events: u64) -> String {
    quantity(sheet, verdict, u128::from(events).saturating_mul(BILLION))
}

/// `observed 42%`; `None` when everything was.
pub(crate) fn observed(verdict: &Verdict) -> Option<String> {
    match verdict.coverage {
        Coverage::Share(attain_model::Share::WHOLE) => None,
        Coverage::Share(share) => Some(format!("{} of the window", coverage_percent(share))),
        Coverage::NotKnown => Some("not known".to_owned()),
    }
}

/// How much of a budget is spent, for comparing.
pub(crate) fn spent_millionths(verdict: &Verdict) -> u128 {
    let spent = u128::from(verdict.budget.spent) * BILLION;
    spent.saturating_mul(1_000_000) / verdict.budget.allowed_billionths.max(1)
}

/// Whether not even one bad event is allowed.
fn is_thin(verdict: &Verdict) -> bool {
    has_budget(verdict) && verdict.budget.allowed_billionths < BILLION
}

/// What becomes of the budget at the rate of the last hour: `gone in 1h 40m`, `it lasts`; while an alert fires at that of its
/// windows: `gone in 4m (last 5m)`.
pub(crate) fn lasts(sheet: &Sheet<'_>, verdict: &Verdict) -> Option<String> {
    Some(match lasting(&sheet.desk, verdict)? {
        Lasting::GoneIn { length, measured } => {
            let over = match measured {
                HOUR => String::new(),
                other => format!(" (last {})", measured_text(other)),
            };
            format!("gone in {}{over}", number::about(length))
        }
        Lasting::Lasts => "it lasts".to_owned(),
    })
}

/// What there is to do about a series that has no number.
pub(crate) fn advice(sheet: &Sheet<'_>, verdict: &Verdict) -> Option<String> {
    Some(match verdict.standing {
        Standing::BestEffort => {
            "Best effort: measured, not promised. A target in the catalogue would give it a budget.".to_owned()
        }
        Standing::NoTraffic => {
            "No traffic in the window. If there should have been some, look at how its segment is recognised.".to_owned()
        }
        Standing::Unknown if sheet.desk.is_unheard(verdict) => {
            "Never heard of: no source sends anything that counts for it. The notes say what is sent instead.".to_owned()
        }
        Standing::Unknown if sheet.desk.is_blind(verdict) => {
            "Not judged: nothing tells good events from bad ones. The notes say which label is missing.".to_owned()
        }
        Standing::Unknown => {
            let enough = sheet
                .desk
                .slo(verdict)
                .map_or_else(String::new, |slo| format!("; {} would be enough: `coverage:` of the SLO", coverage_percent(slo.coverage)));
            let seen = match verdict.coverage {
                Coverage::Share(share) => format!("only {} of the window was observed", coverage_percent(share)),
                Coverage::NotKnown => "what was observed cannot be told".to_owned(),
            };
            // A page of a server may be about much more than this, and has no notes on all of it.
            let notes = match sheet.place {
                Some(_) => "",
                None => " The notes below say what is missing.",
            };
            format!("Not judged: {seen}{enough}.{notes}")
        }
        Standing::Met | Standing::Breached if is_thin(verdict) => {
            "Too few requests to judge: one failure breaks it.".to_owned()
        }
        Standing::Met | Standing::Breached => return None,
    })
}

/// How many times what was allowed: `0.3x`; `bad` where nothing was allowed; `0x` without bad events.
pub(crate) fn times(attainment: Attainment, budget: ErrorBudget) -> String {
    match number::burn(budget.spent, budget.allowed_billionths) {
        Some(times) => times,
        None if attainment.bad == 0 => "0x".to_owned(),
        None => "-".to_owned(),
    }
}

/// A number as a page shows it: with a minus sign.
pub(crate) fn signed(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => format!("\u{2212}{rest}"),
        _ => text.to_owned(),
    }
}

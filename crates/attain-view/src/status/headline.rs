//! The first sentence: who is hurt and how badly, then who owns it and what to do (next.rs), then who else is hurt
//! (others.rs). For a tired reader.
//!
//! Knows an order of hurt: a page whose loss goes on; a fault that pages in a moment, and a broken promise to customers that
//! burns; then what is broken inside and burns, a page whose loss is over, one that broke earlier and is quiet now; then a
//! ticket. Within each of these four, what was promised to customers before what is internal. Among equals the segment that is saved first before the others, what burns faster now before the slower.

use std::cmp::Reverse;

use attain_math::ppb::percent_of_ppb;
use attain_model::policy::Urgency;
use attain_model::quantity::duration_text;
use attain_model::slo::Budgeting;
use attain_model::verdict::{AlertCondition, AlertState, Masked};
use attain_model::{Audience, Scope, SeriesName, Standing, Verdict};

use super::ended::{has_ended, is_quiet, is_segment_of};
use super::lasting::{Lasting, lasting, measured_text};
use super::lately::burns;
use super::matrix::pooled_target;
use super::next::facts;
use super::others::{Also, also};
use super::starting::is_starting;
use super::{Desk, Run, calm, is_promise, now, published, target_ppb, total};
use crate::look::{Tone, wrap};
use crate::number;

/// Where the text of a fact begins.
const FACT_INDENT: usize = "  severity ".len();

/// What is said first, before it is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// The first sentence.
    pub(crate) title: String,
    /// Budget, speed and mask; where nothing is known, what to do about it; else empty.
    pub(crate) body: String,
    /// Who and what next, by name.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Who else is hurt.
    pub(crate) also: Vec<Also>,
    /// The series it is about; `None` where nobody is hurt.
    pub(crate) worst: Option<SeriesName>,
}

/// How it is said of a promise that stays broken by what is over.
pub(crate) const WAS_BROKEN: &str = "was broken";

/// The same where it was kept.
pub(crate) const WAS_IN_DANGER: &str = "was in danger";

/// Who is hurt and what to do, or that nobody is.
pub(crate) fn summary(desk: &Desk<'_>, run: &Run) -> Summary {
    let mut hurt: Vec<&Verdict> = hurt(desk).collect();
    hurt.sort_by_key(|verdict| order_of_hurt(desk, verdict));
    match hurt.split_first() {
        Some((worst, others)) => alarm(desk, worst, others),
        None => calm::calm(desk, run),
    }
}

/// The series that is hurt worst among some.
pub(crate) fn worst(desk: &Desk<'_>, is_meant: &dyn Fn(&SeriesName) -> bool) -> Option<SeriesName> {
    let meant = hurt(desk).filter(|verdict| is_meant(&verdict.name));
    let worst = meant.min_by_key(|verdict| order_of_hurt(desk, verdict))?;
    Some(worst.name.clone())
}

/// Series that are asked about because they page or are about to.
const PAGING_MOST: usize = 6;

/// Those among some that page or are about to, the worst first; not all traffic where one of its segments is among them.
pub(crate) fn paging(desk: &Desk<'_>, is_meant: &dyn Fn(&SeriesName) -> bool) -> Vec<SeriesName> {
    let paging = hurt(desk).filter(|verdict| {
        let hurt = Hurt::of(desk, verdict);
        let pages = matches!(hurt, Hurt::Paging | Hurt::Starting | Hurt::PagingEnded);
        pages && is_meant(&verdict.name)
    });
    let mut paging: Vec<&Verdict> = paging.collect();
    paging.sort_by_key(|verdict| order_of_hurt(desk, verdict));
    let all = paging.clone();
    paging.retain(|verdict| {
        !all.iter()
            .any(|one| is_segment_of(&one.name, &verdict.name))
    });
    let names = paging.into_iter().take(PAGING_MOST);
    names.map(|verdict| verdict.name.clone()).collect()
}

fn hurt<'d>(desk: &'d Desk<'_>) -> impl Iterator<Item = &'d Verdict> {
    let verdicts = desk.evaluation.verdicts.iter();
    verdicts.filter(|verdict| hurts(desk, verdict))
}

/// Whether a promise is hurt; on a page also by a fault that pages in a moment.
pub(crate) fn hurts(desk: &Desk<'_>, verdict: &Verdict) -> bool {
    let is_starting = || desk.is_page && is_starting(verdict) && !has_ended(desk, verdict);
    is_promise(verdict) && (is_hurt(verdict) || is_starting())
}

/// A few lines that end in a newline.
pub(super) fn headline(desk: &Desk<'_>, run: &Run) -> String {
    let summary = summary(desk, run);
    let width = desk.look.columns();
    let mut out = desk
        .look
        .paint(summary.tone, &wrap(&summary.title, width, 2));
    out.push('\n');
    if !summary.body.is_empty() || !summary.facts.is_empty() {
        out.push_str(&desk.wrapped(&summary.body));
    }
    for (name, text) in summary.facts {
        let text = wrap(&text, width - FACT_INDENT, 0);
        let text = text.replace('\n', &format!("\n{:FACT_INDENT$}", ""));
        out.push_str(&format!("  {name:<9}{text}\n"));
    }
    for line in summary.also {
        out.push_str(&desk.wrapped(&line.text()));
    }
    out
}

pub(crate) fn is_hurt(verdict: &Verdict) -> bool {
    verdict.standing == Standing::Breached || firing(verdict).next().is_some()
}

/// How it hurts now, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hurt {
    /// A page fires and its loss goes on, whether the budget is gone or not.
    Paging,
    /// Nothing fires yet, and a page will in a moment.
    Starting,
    /// The budget is gone, and more of it goes than may.
    BrokenBurning,
    /// A page fires still, and what it was about is over.
    PagingEnded,
    /// The budget went earlier; now it is spent no faster than it may be.
    BrokenEarlier,
    /// A ticket fires.
    Ticket,
}

impl Hurt {
    /// Of a verdict that is hurt, as its slices and its windows say.
    pub(super) fn of(desk: &Desk<'_>, verdict: &Verdict) -> Self {
        Self::by(verdict, has_ended(desk, verdict), desk.is_page)
    }

    fn by(verdict: &Verdict, has_ended: bool, is_page: bool) -> Self {
        if firing(verdict).any(|(alert, _)| alert.urgency == Urgency::Page) {
            return match has_ended {
                true => Hurt::PagingEnded,
                false => Hurt::Paging,
            };
        }
        if is_page && !has_ended && is_starting(verdict) {
            return Hurt::Starting;
        }
        let is_burning = super::matrix::recent_burn(verdict).is_some_and(burns);
        let is_burning = is_burning && !has_ended;
        match (verdict.standing == Standing::Breached, is_burning) {
            (true, true) => Hurt::BrokenBurning,
            (true, false) => Hurt::BrokenEarlier,
            (false, _) => Hurt::Ticket,
        }
    }
}

fn order_of_hurt(desk: &Desk<'_>, verdict: &Verdict) -> impl Ord + use<> {
    let recent = super::matrix::recent_burn(verdict).map_or(0, |recent| {
        times_billion(recent.attainment.bad, recent.allowed_billionths)
    });
    let overspent = times_billion(verdict.budget.spent, verdict.budget.allowed_billionths);
    let hurt = Hurt::of(desk, verdict);
    let is_internal = verdict.audience == Audience::Internal;
    (
        // Somebody is needed now where a page's loss goes on, or is about to page, however far inside. Else what carries a
        // promise to customers does not take its place.
        match hurt {
            Hurt::Paging => 0,
            Hurt::Starting => 1,
            Hurt::BrokenBurning if !is_internal => 1,
            Hurt::BrokenBurning | Hurt::PagingEnded | Hurt::BrokenEarlier => 2,
            Hurt::Ticket => 3,
        },
        is_internal,
        hurt,
        desk.rank(&verdict.name.scope),
        Reverse(recent),
        Reverse(overspent),
        verdict.name.clone(),
    )
}

/// Whether a page fires whose loss goes on: somebody is needed now.
pub(crate) fn needs_somebody(desk: &Desk<'_>, verdict: &Verdict) -> bool {
    is_promise(verdict) && Hurt::of(desk, verdict) == Hurt::Paging
}

/// The same by its windows alone.
pub(crate) fn pages_now(verdict: &Verdict) -> bool {
    is_promise(verdict) && Hurt::by(verdict, is_quiet(verdict), true) == Hurt::Paging
}

/// Bad events for each billionth of one that is allowed, times 1,000,000,000.
fn times_billion(bad: u64, allowed_billionths: u128) -> u128 {
    u128::from(bad) * 1_000_000_000 * 1_000_000_000 / allowed_billionths.max(1)
}

pub(crate) fn firing(
    verdict: &Verdict,
) -> impl Iterator<Item = (&AlertCondition, jiff::Timestamp)> {
    verdict.alerts.iter().filter_map(|alert| match alert.state {
        AlertState::Firing(since) => Some((alert, since)),
        _ => None,
    })
}

fn alarm(desk: &Desk<'_>, worst: &Verdict, others: &[&Verdict]) -> Summary {
    let masked = desk
        .evaluation
        .masked
        .iter()
        .find(|masked| masked.name == worst.name);
    let mut facts = facts(desk, worst);
    if desk.is_page
        && let Some(now) = now::now(desk, worst)
    {
        facts.insert(0, ("now", now));
    }
    Summary {
        tone: Tone::Bad,
        title: what_happens(desk, worst),
        body: how_bad(desk, worst, masked),
        facts,
        also: also(desk, worst, others),
        worst: Some(worst.name.clone()),
    }
}

/// `checkout-completes (availability) is broken for premium: 3% of requests fail where 0.05% may, 60x as many.`
fn what_happens(desk: &Desk<'_>, verdict: &Verdict) -> String {
    let promise = format!("{} ({})", verdict.name.slo, verdict.name.objective);
    let whose = match &verdict.name.scope {
        Scope::Segment(id) => id.to_string(),
        Scope::All => "all traffic".to_owned(),
    };
    if verdict.standing == Standing::Breached {
        // Whoever looks on wants to know whether it is over before anything else.
        let is = match desk.is_live && has_ended(desk, verdict) {
            true => WAS_BROKEN,
            false => "is broken",
        };
        let many = how_many(desk, verdict);
        if let Some(kept) = total::kept_beside(desk, verdict) {
            return format!("{promise} {is} in total: {many}, while {kept}.");
        }
        return format!("{promise} {is} for {whose}: {many}.");
    }
    let left = number::budget_left(verdict.budget).unwrap_or_else(|| "none".to_owned());
    let gone = gone(desk, verdict).map_or_else(String::new, |text| format!(", {text}"));
    // A page has one word for one state, and its tables say this one.
    let word = match desk.is_page {
        true if desk.is_live && has_ended(desk, verdict) => WAS_IN_DANGER,
        true => "is in danger",
        false => "is burning",
    };
    let of = match desk.is_page {
        true => format!("its budget {}", window_words(desk, verdict)),
        false => "the budget".to_owned(),
    };
    format!(
        "{promise} {word} for {whose}: {left} of {} is left{gone}.",
        of.trim_end()
    )
}

/// `gone in 4m at the rate of the last 5m`.
fn gone(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    match lasting(desk, verdict)? {
        Lasting::GoneIn { length, measured } => Some(format!(
            "gone in {} at the rate of the last {}",
            number::about(length),
            measured_text(measured)
        )),
        Lasting::Lasts => None,
    }
}

/// `3% of requests fail where 0.05% may, 60x as many`.
fn how_many(desk: &Desk<'_>, verdict: &Verdict) -> String {
    let promised = verdict.goal.as_ref().and_then(|goal| goal.promised());
    let is_over = desk.is_live && has_ended(desk, verdict);
    // While it burns, how badly it does now; what it comes to over the whole window stands in the next sentence.
    let burning = now::burning(verdict).filter(|_| desk.is_live && !is_over);
    let attainment = burning.map_or(verdict.attainment, |burn| burn.attainment);
    let failing = number::failing(attainment).unwrap_or_else(|| "0%".to_owned());
    let under = promised.and_then(|promised| promised.under);
    // Nobody shall look for slow requests where there are none.
    let or_unknown = match verdict.uncertain {
        0 => "",
        _ => ", as far as can be told,",
    };
    let mut text = match (under, is_over) {
        (_, false) if counts_slices(desk, verdict) => format!("{failing} of slices are bad"),
        (_, true) if counts_slices(desk, verdict) => format!("{failing} of slices were bad"),
        (Some(under), false) => format!("{failing} of requests take {under} or more{or_unknown}"),
        (Some(under), true) => format!("{failing} of requests took {under} or more{or_unknown}"),
        (None, false) => format!("{failing} of requests fail"),
        (None, true) => format!("{failing} of requests failed"),
    };
    if let Some(burn) = burning {
        text.push_str(&format!(" in the last {}", now::length(burn)));
    }
    if let Some(promised) = promised {
        let may = percent_of_ppb(promised.target.budget_ppb());
        text.push_str(&match desk.is_page {
            true => format!(", {may}% is allowed"),
            false => format!(" where {may}% may"),
        });
    }
    let times = number::burn(verdict.budget.spent, verdict.budget.allowed_billionths);
    // `1x as many` would say that nothing is wrong. A page says it in the next sentence.
    if let Some(times) = times.filter(|times| times != "1x" && !desk.is_page) {
        text.push_str(&format!(", {times} as many"));
    }
    text
}

/// Budget, speed and mask in one or two sentences.
fn how_bad(desk: &Desk<'_>, verdict: &Verdict, masked: Option<&Masked>) -> String {
    let mut sentences = Vec::new();
    let window = window_words(desk, verdict);
    if desk.is_page {
        sentences.extend(now::spent(desk, verdict));
        sentences.extend(published::beside(desk, verdict));
    } else if verdict.standing == Standing::Breached {
        let left = number::budget_left(verdict.budget).unwrap_or_else(|| "none".to_owned());
        let since = verdict
            .overspent_since
            .map_or_else(String::new, |since| format!(" since {}", desk.event(since)));
        sentences.push(format!(
            "The budget {window} is overspent ({left} left){since}."
        ));
    }
    sentences.extend(total::from_nobody(desk, verdict));
    if !desk.is_page {
        sentences.extend(speed_now(desk, verdict));
    }
    if let Some(masked) = masked {
        sentences.push(hidden(desk, verdict, masked));
    }
    if desk.is_page && verdict.audience == Audience::Internal {
        sentences.extend(customers(desk));
    }
    sentences.join(" ")
}

/// How customers are, where something internal is worse.
fn customers(desk: &Desk<'_>) -> Option<String> {
    let promised = || {
        let verdicts = desk.evaluation.verdicts.iter();
        verdicts.filter(|other| other.audience == Audience::Customer && is_promise(other))
    };
    let mut hurt: Vec<&Verdict> = promised().filter(|other| hurts(desk, other)).collect();
    hurt.sort_by_key(|other| order_of_hurt(desk, other));
    if let Some(worst) = hurt.first() {
        let more = match hurt.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let is = match (worst.standing == Standing::Breached, has_ended(desk, worst)) {
            (true, false) => "is broken",
            (true, true) => WAS_BROKEN,
            (false, false) => "is in danger",
            (false, true) => WAS_IN_DANGER,
        };
        return Some(format!("Promised to customers: {} {is}{more}.", worst.name));
    }
    promised().next()?;
    let mut text = match promised().any(|other| other.standing == Standing::Unknown) {
        true => "No promise to customers is known to be hurt so far.".to_owned(),
        false => "No promise to customers is hurt so far.".to_owned(),
    };
    let low = promised().filter(|other| calm::is_low(other));
    let low =
        low.max_by_key(|other| times_billion(other.budget.spent, other.budget.allowed_billionths));
    if let Some((low, left)) = low.and_then(|low| Some((low, number::budget_left(low.budget)?))) {
        text.push_str(&format!(
            " Closest: {}, {left} of its budget left.",
            low.name
        ));
    }
    Some(text)
}

pub(super) fn window_words(desk: &Desk<'_>, verdict: &Verdict) -> String {
    desk.slo(verdict)
        .map_or_else(String::new, |slo| match &slo.window {
            attain_model::Window::Rolling(length) => format!("of {}", duration_text(*length)),
            attain_model::Window::Calendar(period, _) => format!("of this {}", period.word()),
        })
}

/// Whether it still happens, from the window that pages look at first.
fn speed_now(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    let recent = super::matrix::recent_burn(verdict)?;
    let window = match duration_text(recent.window).as_str() {
        "1h" => "hour".to_owned(),
        text => text.to_owned(),
    };
    if recent.attainment.total() == 0 {
        return Some(format!("In the last {window} nothing was counted."));
    }
    let what = match (counts_slices(desk, verdict), is_latency(verdict)) {
        (true, _) => "were bad",
        (false, true) => "were too slow",
        (false, false) => "failed",
    };
    if recent.attainment.bad == 0 {
        // How many there were says how much that is worth.
        let of = number::plural(recent.attainment.total(), unit(desk, verdict));
        return Some(format!("In the last {window} none of {of} {what}."));
    }
    let rate = number::burn(recent.attainment.bad, recent.allowed_billionths)?;
    let failing = number::failing(recent.attainment)?;
    Some(format!(
        "In the last {window} {failing} {what}, a burn rate of {rate}."
    ))
}

/// Whether the counts are slices of time and not requests.
pub(crate) fn counts_slices(desk: &Desk<'_>, verdict: &Verdict) -> bool {
    desk.slo(verdict)
        .is_some_and(|slo| !matches!(slo.budgeting, Budgeting::Occurrences))
}

pub(crate) fn unit(desk: &Desk<'_>, verdict: &Verdict) -> &'static str {
    if counts_slices(desk, verdict) {
        "slice"
    } else {
        "request"
    }
}

pub(super) fn is_latency(verdict: &Verdict) -> bool {
    verdict.goal.is_some_and(|goal| {
        goal.promised()
            .is_some_and(|promised| promised.under.is_some())
    })
}

fn hidden(desk: &Desk<'_>, verdict: &Verdict, masked: &Masked) -> String {
    let all = desk.evaluation.verdicts.iter().find(|other| {
        other.name.slo == verdict.name.slo
            && other.name.objective == verdict.name.objective
            && other.name.scope == Scope::All
    });
    let fine = all
        // A pooled target is computed and has no end of decimals.
        .and_then(|all| number::attained(all.attainment, target_ppb(all).filter(|_| !all.pooled)))
        .map_or_else(String::new, |text| format!(" at {text}"));
    // Nobody promised what a pooled goal comes to.
    let asked = all.filter(|_| !desk.is_page && !fine.is_empty());
    let asked = asked.and_then(pooled_target);
    let fine = fine
        + &asked.map_or_else(String::new, |asked| {
            format!(" where all promises together ask for {asked}")
        });
    // One time for one event: where a page says when the budget was used up, that is it.
    let since = if verdict.overspent_since == Some(masked.since)
        || desk.is_page && verdict.overspent_since.is_some()
    {
        String::new()
    } else {
        format!(" since {}", desk.event(masked.since))
    };
    if desk.is_page {
        return format!(
            "Whoever looks at all traffic together does not see it{since}: that looks fine{fine}, because {} is {} of all requests.",
            verdict.name.scope,
            short_share(masked.share.ppb()),
        );
    }
    format!(
        "The aggregate hides it{since}: all together look fine{fine}, because {} is {} of the traffic.",
        verdict.name.scope,
        short_share(masked.share.ppb()),
    )
}

pub(crate) fn short_share(ppb: u32) -> String {
    // One decimal is enough for a share of traffic; never 0% for somebody.
    if ppb > 0 && ppb < 1_000_000 {
        return "<0.1%".to_owned();
    }
    let tenths = ppb / 1_000_000;
    match tenths % 10 {
        0 => format!("{}%", tenths / 10),
        tenth => format!("{}.{tenth}%", tenths / 10),
    }
}

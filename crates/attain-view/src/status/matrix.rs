//! The table: every SLO and objective, a row per segment. Knows cells and remarks.
//!
//! Customers come first, then the layers downwards; within a layer the order is the catalogue's. What holds for all rows
//! of a group stands once, in its heading (shared.rs). What is special about a row stands behind its verdict, or under it
//! where the line is too short.

use std::time::Duration;

use attain_model::policy::Urgency;
use attain_model::quantity::duration_text;
use attain_model::verdict::{AlertRule, AlertState, Burn};
use attain_model::{Audience, Goal, Layer, Multiple, Scope, Standing, Verdict};
use jiff::Timestamp;

use super::shared::{Common, Everywhere, coverage_text, heading};
use super::{Desk, target_ppb};
use crate::look::Tone;
use crate::number;
use crate::table::{Align, Cell, Line, Table};

const HOUR: Duration = Duration::from_secs(3600);

/// The table as text.
pub(super) fn matrix(desk: &Desk<'_>) -> String {
    let mut groups: Vec<&[Verdict]> = desk
        .evaluation
        .verdicts
        .chunk_by(|a, b| a.name.slo == b.name.slo && a.name.objective == b.name.objective)
        .collect();
    groups.sort_by_key(|group| group.first().map(section));
    let window = shared_burn_window(&desk.evaluation.verdicts);
    // Invariant: nothing is dropped in a narrow terminal. What does not fit moves under its row.
    let table = [Shape::Wide, Shape::Middle]
        .into_iter()
        .map(|shape| build(desk, &groups, window, shape))
        .find(|table| table.width() <= desk.look.columns())
        .unwrap_or_else(|| build(desk, &groups, window, Shape::Narrow));
    table.render(desk.look)
}

/// How much stands in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Everything.
    Wide,
    /// Remarks stand under their row.
    Middle,
    /// Burn rate and remarks stand under their row.
    Narrow,
}

/// The burn rate over the window that is looked at first: an hour, or the shortest one from an hour on.
pub(super) fn recent_burn(verdict: &Verdict) -> Option<&Burn> {
    verdict
        .burn
        .iter()
        .filter(|burn| burn.window >= HOUR)
        .min_by_key(|burn| burn.window)
        .or_else(|| verdict.burn.iter().max_by_key(|burn| burn.window))
}

/// That window, if it is the same in every row that has one.
fn shared_burn_window(verdicts: &[Verdict]) -> Option<Duration> {
    let mut windows = verdicts
        .iter()
        .filter_map(recent_burn)
        .map(|burn| burn.window);
    let first = windows.next()?;
    windows.all(|window| window == first).then_some(first)
}

fn build(desk: &Desk<'_>, groups: &[&[Verdict]], window: Option<Duration>, shape: Shape) -> Table {
    let burn = window.map_or("burn".to_owned(), |w| format!("burn {}", duration_text(w)));
    let mut table = Table {
        columns: vec![
            ("segment".to_owned(), Align::Left),
            ("attained".to_owned(), Align::Right),
            ("target".to_owned(), Align::Right),
            ("budget left".to_owned(), Align::Right),
            (burn, Align::Right),
            ("verdict".to_owned(), Align::Left),
        ],
        lines: Vec::new(),
    };
    let everywhere = Everywhere::of(desk);
    for (i, group) in groups.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|before| groups.get(before));
        let is_new_section = before.is_none_or(|before| section_of(before) != section_of(group));
        // Groups of one row stand close together.
        if before.is_some_and(|b| is_new_section || group.len() > 1 || b.len() > 1) {
            table.lines.push(Line::Blank);
        }
        if is_new_section && let Some(first) = group.first() {
            table.lines.push(Line::Section(section_title(first)));
        }
        let common = Common::of(group);
        table.lines.push(heading(desk, group, &common, &everywhere));
        for verdict in *group {
            let cells = row(desk, verdict, &common, window.is_some(), shape);
            table.lines.push(Line::Row(cells));
            if shape != Shape::Wide {
                table.lines.extend(under(desk, verdict, &common, shape));
            }
        }
    }
    table
}

/// Customers before ourselves, products before what they run on.
fn section(verdict: &Verdict) -> (Audience, Layer) {
    (verdict.audience, verdict.layer)
}

fn section_of(group: &[Verdict]) -> Option<(Audience, Layer)> {
    group.first().map(section)
}

/// `promised to customers`, `internal, service layer`.
fn section_title(verdict: &Verdict) -> String {
    match verdict.audience {
        Audience::Customer => "promised to customers".to_owned(),
        Audience::Internal => format!("internal, {} layer", verdict.layer.word()),
    }
}

fn row(
    desk: &Desk<'_>,
    verdict: &Verdict,
    common: &Common,
    shared_window: bool,
    shape: Shape,
) -> Vec<Cell> {
    // A pooled target is computed and has no end of decimals: both sides are shown with three, rounded apart.
    let told_from = target_ppb(verdict).filter(|_| !verdict.pooled);
    let attained =
        number::attained(verdict.attainment, told_from).filter(|_| desk.is_measured(verdict));
    let left = number::budget_left(verdict.budget)
        .filter(|_| verdict.attainment.total() > 0 && has_budget(verdict))
        .filter(|_| !desk.is_blind(verdict));
    let (word, tone) = standing(desk, verdict);
    let mut said = vec![word.to_owned()];
    if shape == Shape::Wide {
        said.extend(remarks(desk, verdict, common));
    }
    let burn = match shape {
        Shape::Narrow => Cell::empty(),
        _ => burn(verdict, shared_window).into(),
    };
    vec![
        segment(verdict),
        Cell::new(attained.unwrap_or_else(|| "-".to_owned()), tone),
        target(verdict, common).into(),
        Cell::new(left.unwrap_or_else(|| "-".to_owned()), tone),
        burn,
        Cell::new(said.join(", "), tone),
    ]
}

/// The line under a row that has something to say.
fn under(desk: &Desk<'_>, verdict: &Verdict, common: &Common, shape: Shape) -> Option<Line> {
    let mut said = Vec::new();
    let burns =
        has_budget(verdict) && recent_burn(verdict).is_some_and(|recent| recent.attainment.bad > 0);
    if shape == Shape::Narrow && burns {
        said.push(format!("burns {}", burn(verdict, false)));
    }
    said.extend(remarks(desk, verdict, common));
    (!said.is_empty()).then(|| Line::Remark(Cell::new(said.join(", "), Tone::Warn)))
}

pub(crate) fn has_budget(verdict: &Verdict) -> bool {
    verdict.pooled || verdict.goal.is_some_and(|goal| goal.promised().is_some())
}

fn segment(verdict: &Verdict) -> Cell {
    match (&verdict.name.scope, verdict.pooled) {
        (Scope::All, true) => "all (pooled)".into(),
        (scope, _) => scope.to_string().into(),
    }
}

fn target(verdict: &Verdict, common: &Common) -> String {
    match verdict.goal {
        Some(Goal::Promised(mut promised)) => {
            if promised.load == common.load {
                promised.load = None;
            }
            promised.to_string()
        }
        Some(Goal::BestEffort) => "-".to_owned(),
        None => pooled_target(verdict).unwrap_or_else(|| "-".to_owned()),
    }
}

/// With the decimals of the attainment beside it, rounded up.
pub(crate) fn pooled_target(verdict: &Verdict) -> Option<String> {
    let ppb = target_ppb(verdict).filter(|_| verdict.pooled)?;
    let ratio = attain_math::Fraction::new(i128::from(ppb), 1_000_000_000)?;
    Some(ratio.percent_ceil(3) + "%")
}

fn burn(verdict: &Verdict, shared_window: bool) -> String {
    let Some(recent) = recent_burn(verdict) else {
        return String::new();
    };
    if !has_budget(verdict) {
        return "-".to_owned();
    }
    match number::burn(recent.attainment.bad, recent.allowed_billionths) {
        Some(rate) if shared_window => rate,
        Some(rate) => format!("{rate} in {}", duration_text(recent.window)),
        None => "-".to_owned(),
    }
}

fn standing(desk: &Desk<'_>, verdict: &Verdict) -> (&'static str, Tone) {
    let tone = match verdict.standing {
        Standing::Met if is_firing(verdict) => Tone::Warn,
        Standing::Met => Tone::Good,
        Standing::Breached => Tone::Bad,
        Standing::BestEffort | Standing::NoTraffic => Tone::Quiet,
        Standing::Unknown => Tone::Warn,
    };
    let word = match desk.is_unheard(verdict) {
        true => "never heard",
        false => verdict.standing.word(),
    };
    (word, tone)
}

pub(crate) fn is_firing(verdict: &Verdict) -> bool {
    verdict
        .alerts
        .iter()
        .any(|alert| matches!(alert.state, AlertState::Firing(_)))
}

/// What is special about a row, most important first.
fn remarks(desk: &Desk<'_>, verdict: &Verdict, common: &Common) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(masked) = desk
        .evaluation
        .masked
        .iter()
        .find(|m| m.name == verdict.name)
    {
        remarks.push(format!("masked since {}", desk.event(masked.since)));
    }
    remarks.extend(firing_words(desk, verdict));
    if let Some(next) = looked_at_next(desk, verdict) {
        remarks.push(format!(
            "too few events for its page; looked at again {next}"
        ));
    }
    if desk.is_blind(verdict) {
        remarks.push("nothing tells good from bad".to_owned());
    }
    if common.coverage.is_none() {
        remarks.extend(coverage_text(verdict.coverage));
    }
    if let [.., before, _] = verdict.parts.as_slice() {
        let goal = before
            .goal
            .map_or("nothing".to_owned(), |goal| goal.to_string());
        remarks.push(format!("{goal} until {}", desk.near(before.interval.end)));
    }
    remarks
}

/// When few events are looked at next, where a page would fire if there were more: a person expects one, and none is there.
fn looked_at_next(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    /// Few events are judged in slots of five minutes.
    const SLOT_SECONDS: i64 = 300;
    let burns = |window: Duration, burn: Multiple| {
        // No window is longer than the promise's own.
        let all = verdict.burn.iter().filter(|one| one.window <= window);
        all.max_by_key(|one| one.window).is_some_and(|one| {
            let bad = u128::from(one.attainment.bad).saturating_mul(1_000_000_000);
            let allowed = one
                .allowed_billionths
                .saturating_mul(u128::from(burn.millionths()));
            bad > 0 && bad.saturating_mul(1_000_000) > allowed
        })
    };
    let is_held_back = verdict.alerts.iter().any(|alert| {
        let AlertRule::BurnRate { tier, burn } = alert.rule else {
            return false;
        };
        let is_few = alert.state == AlertState::TooFewEvents && alert.urgency == Urgency::Page;
        is_few && burns(tier.long, burn) && burns(tier.short, burn)
    });
    if !is_held_back || is_firing(verdict) {
        return None;
    }
    let now = desk.evaluation.as_of.instant;
    let next = (now.as_second().div_euclid(SLOT_SECONDS) + 1) * SLOT_SECONDS;
    Some(desk.near(Timestamp::from_second(next).ok()?))
}

/// `paging since 14:25`; pages before tickets.
pub(crate) fn firing_words(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    let (urgency, since) = verdict
        .alerts
        .iter()
        .filter_map(|alert| match alert.state {
            AlertState::Firing(since) => Some((alert.urgency, since)),
            _ => None,
        })
        .min()?;
    let word = match urgency {
        Urgency::Page => "paging",
        Urgency::Ticket => "ticket",
        Urgency::None => "recorded",
    };
    Some(format!("{word} since {}", desk.event(since)))
}

//! A card for each segment of an objective: how much budget is left, how it came to that, how long it lasts.

use std::collections::BTreeSet;

use attain_model::detail::{Detail, Point};
use attain_model::verdict::ErrorBudget;
use attain_model::{Interval, Verdict};
use jiff::Timestamp;

use super::{Sheet, filling, series, shown};
use crate::burndown::left_percent;
use crate::html::Html;
use crate::html::chart::line::{self, Line, line};
use crate::html::parts::{State, badge};
use crate::number;
use crate::status::lasting::{Lasting, lasting};
use crate::status::matrix::has_budget;

/// The cards, by rank.
pub(crate) fn cards(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    // Three beside each other, unless that would leave one alone.
    let class = match shown(sheet, objective).count() {
        0 | 1 => "cards lone",
        cards if cards % 3 == 1 => "cards four",
        _ => "cards",
    };
    html.element("div", &[("class", class)], |html| {
        for verdict in shown(sheet, objective) {
            card(html, sheet, verdict);
        }
    });
    let mut details =
        shown(sheet, objective).filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?)));
    if details.any(|(verdict, detail)| {
        series::left(verdict).is_some() && filling::is_filling(sheet, verdict, detail)
    }) {
        let text = "The window is still filling: lines are drawn against what is allowed now.";
        html.line("p", &[("class", "hint")], text);
    }
}

fn card(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict) {
    let state = series::state(verdict);
    let class = format!("card {}", state.class());
    html.element("article", &[("class", &class)], |html| {
        html.small_heading(|html| {
            html.text(&series::whose(verdict));
            badge(html, state, series::word(verdict));
        });
        match series::left(verdict) {
            Some(left) => {
                html.element("p", &[("class", "figure")], |html| {
                    match left.strip_prefix('-') {
                        Some(over) => {
                            html.line("b", &[], "none");
                            let text = format!(
                                " of the budget left: {over} more was lost than is allowed"
                            );
                            html.text(&text);
                        }
                        None => {
                            html.line("b", &[], &left);
                            html.text(" budget left");
                        }
                    }
                });
                if let Some(detail) = sheet.detail(&verdict.name) {
                    draw(html, sheet, verdict, detail);
                }
            }
            None => {
                let attained = series::attained(verdict);
                if let Some(attained) = attained.filter(|_| series::is_measured(sheet, verdict)) {
                    html.element("p", &[("class", "figure")], |html| {
                        html.line("b", &[], &attained);
                        let what = series::under(verdict).unwrap_or_else(|| "good".to_owned());
                        html.text(&format!(" {what}"));
                    });
                }
            }
        }
        if let Some(advice) = series::advice(sheet, verdict) {
            html.element("p", &[("class", "advice")], |html| html.prose(&advice));
        }
        numbers(html, sheet, verdict, state);
    });
}

fn numbers(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict, state: State) {
    let mut rows: Vec<(&str, String)> = Vec::new();
    if has_budget(verdict) {
        rows.extend(
            series::attained(verdict).map(|text| match series::under(verdict) {
                Some(under) => ("attained", format!("{text} {under}")),
                None => ("attained", text),
            }),
        );
        rows.push(("promised", series::target(verdict)));
        rows.extend(series::published(sheet, verdict).map(|text| ("published", text)));
        if series::left(verdict).is_some() {
            rows.push((
                series::bad_what(sheet, verdict),
                series::spent(sheet, verdict),
            ));
            rows.extend(series::minutes(sheet, verdict).map(|text| ("as time", text)));
        }
    }
    if let Some(since) = verdict.overspent_since {
        rows.push(("used up since", sheet.desk.event(since)));
    }
    if matches!(state, State::Bad | State::Warn)
        && let Some(firing) = crate::status::matrix::firing_words(&sheet.desk, verdict)
    {
        rows.push(("alert", firing));
    }
    rows.extend(series::lasts(sheet, verdict).map(|text| ("at this rate", text)));
    rows.extend(series::observed(verdict).map(|text| ("coverage", text)));
    html.element("dl", &[], |html| {
        for (name, text) in rows {
            html.element("div", &[], |html| {
                html.line("dt", &[], name);
                html.line("dd", &[], &text);
            });
        }
    });
}

fn draw(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict, detail: &Detail) {
    let (Some(first), Some(last)) = (detail.burn_down.first(), detail.burn_down.last()) else {
        return;
    };
    let drawn = Interval {
        start: first.at,
        end: last.at,
    };
    if drawn.seconds() == 0 {
        return;
    }
    let place = |at: Timestamp| share(drawn, at);
    let budget = |point: &Point| filling::budget(sheet, verdict, detail, point);
    let is_silent = |at: Timestamp| {
        let mut silent = detail.silent.iter();
        silent.any(|silent| {
            silent.start < at && at < silent.end && silent.seconds() * 50 > drawn.seconds()
        })
    };
    let points: Vec<(f64, Option<f64>)> = drawn_points(sheet, detail)
        .map(|point| {
            let is_known = point.at == last.at || !is_silent(point.at);
            (
                place(point.at),
                budget(point).and_then(left_percent).filter(|_| is_known),
            )
        })
        .collect();
    let lowest = detail
        .burn_down
        .iter()
        .filter_map(budget)
        .min_by(|a, b| order(*a).total_cmp(&order(*b)));
    let seconds = drawn.seconds() as f64;
    line(
        html,
        &Line {
            label: label(sheet, verdict, detail, lowest),
            hatched: hatched(detail, &points, &place),
            points: points.clone(),
            changes: changes(verdict).map(place).collect(),
            zero_in: match lasting(&sheet.desk, verdict) {
                Some(Lasting::GoneIn { length, .. }) => Some(length.as_secs_f64() / seconds),
                _ => None,
            },
            ends: sheet.ends_at(first.at, last.at),
            now: series::left(verdict).map_or_else(String::new, |left| series::signed(&left)),
            titles: titles(sheet, verdict, detail, &place),
            filled: true,
        },
    );
    let mut hints = Vec::new();
    let can_be_seen = |(from, to): &(f64, f64)| to - from > 0.01;
    let begins_late = hatched(detail, &points, &place)
        .iter()
        .any(|stretch| stretch.0 <= 0.0 && can_be_seen(stretch));
    if begins_late {
        hints.push("Hatched: no data yet.".to_owned());
    } else if hatched(detail, &points, &place).iter().any(can_be_seen) {
        hints.push("Hatched: no data.".to_owned());
    }
    // An arrow says it where it is so now.
    let is_said = left_percent(verdict.budget).is_some_and(|left| left < -100.0);
    if let Some(lowest) = lowest.filter(|budget| !is_said && order(*budget) < -100.0)
        && let Some(text) = number::budget_left(lowest)
    {
        hints.push(format!(
            "Cut off at \u{2212}100%; lowest {}.",
            series::signed(&text)
        ));
    }
    if !verdict.parts.is_empty() && changes(verdict).next().is_some() {
        hints.push("Dotted: the promise changed.".to_owned());
    }
    if !hints.is_empty() {
        html.line("p", &[("class", "hint")], &hints.join(" "));
    }
}

fn order(budget: ErrorBudget) -> f64 {
    left_percent(budget).unwrap_or(100.0)
}

/// `Budget left, checkout/availability/premium: from 3 Oct, lowest 5%, now 64%`.
fn label(
    sheet: &Sheet<'_>,
    verdict: &Verdict,
    detail: &Detail,
    lowest: Option<ErrorBudget>,
) -> String {
    let mut text = format!("Budget left, {}", verdict.name);
    if let Some(first) = detail.burn_down.first() {
        text.push_str(&format!(
            ": from {}",
            number::day(first.at, sheet.desk.zone)
        ));
    }
    if let Some(lowest) = lowest.and_then(number::budget_left) {
        text.push_str(&format!(", lowest {}", series::signed(&lowest)));
    }
    if let Some(now) = series::left(verdict) {
        text.push_str(&format!(", now {}", series::signed(&now)));
    }
    text
}

/// Where nobody was heard, and before the first number.
fn hatched(
    detail: &Detail,
    points: &[(f64, Option<f64>)],
    place: &dyn Fn(Timestamp) -> f64,
) -> Vec<(f64, f64)> {
    let silent = detail.silent.iter();
    let mut hatched: Vec<(f64, f64)> = silent
        .map(|silent| (place(silent.start), place(silent.end)))
        .filter(|(_, end)| *end > 0.0)
        .collect();
    let first = points.iter().find(|(_, left)| left.is_some());
    hatched.extend(first.map(|(begins, _)| (0.0, *begins)));
    hatched
}

/// A brief page draws as many points as can be told apart on a card, the last one always.
fn drawn_points<'a>(sheet: &Sheet<'_>, detail: &'a Detail) -> impl Iterator<Item = &'a Point> {
    const POINTS_IF_DENSE: usize = 60;
    let points = &detail.burn_down;
    let every = match sheet.is_dense {
        true => points.len().div_ceil(POINTS_IF_DENSE),
        false => 1,
    };
    let last = points.len().saturating_sub(1);
    let is_drawn = move |at: usize| (last - at).is_multiple_of(every.max(1));
    let drawn = points
        .iter()
        .enumerate()
        .filter(move |(at, _)| is_drawn(*at));
    drawn.map(|(_, point)| point)
}

/// The dates under both ends of a line, with the time where the window is short.
fn ends(sheet: &Sheet<'_>, first: Timestamp, last: Timestamp) -> (String, String) {
    const SHORT_SECONDS: i64 = 4 * 86_400;
    let zone = sheet.desk.zone;
    if last.as_second() - first.as_second() <= SHORT_SECONDS {
        let first = number::instant_of_year(first, zone);
        return (first, number::instant_of_year(last, zone));
    }
    (
        number::day_of_year(first, zone),
        number::day_of_year(last, zone),
    )
}

impl Sheet<'_> {
    /// First and last instants of all lines, once each.
    fn all_ends(&self) -> Vec<(Timestamp, Timestamp)> {
        let lines = self
            .details
            .iter()
            .filter_map(|detail| Some((detail.burn_down.first()?.at, detail.burn_down.last()?.at)));
        let all: BTreeSet<(Timestamp, Timestamp)> = lines.collect();
        all.into_iter().collect()
    }

    fn ends_at(&self, first: Timestamp, last: Timestamp) -> String {
        let mut all = self.all_ends().into_iter();
        all.position(|ends| ends == (first, last))
            .map_or_else(String::new, |i| format!("#ends-{}", i + 1))
    }
}

/// What lines of the same time share.
pub(crate) fn shared(html: &mut Html, sheet: &Sheet<'_>) {
    for (i, (first, last)) in sheet.all_ends().into_iter().enumerate() {
        let (left, right) = ends(sheet, first, last);
        line::ends(html, &format!("ends-{}", i + 1), &left, &right);
    }
}

fn changes(verdict: &Verdict) -> impl Iterator<Item = Timestamp> + '_ {
    verdict.parts.iter().skip(1).map(|part| part.interval.start)
}

/// At the end of each day; the table of days says the same.
fn titles(
    sheet: &Sheet<'_>,
    verdict: &Verdict,
    detail: &Detail,
    place: &dyn Fn(Timestamp) -> f64,
) -> Vec<(f64, f64, String)> {
    if !sheet.has_titles {
        return Vec::new();
    }
    if sheet.place.is_some() && is_short(detail) {
        return point_titles(sheet, verdict, detail, place);
    }
    detail
        .days
        .iter()
        .filter_map(|day| {
            let left = super::days::left_after(sheet, verdict, detail, day)?;
            let title = format!(
                "{}: {} left, {} bad",
                number::day(day.interval.start, sheet.day_zone()),
                series::signed(&left),
                series::count(sheet, verdict, day.attainment.bad),
            );
            Some((place(day.interval.start), place(day.interval.end), title))
        })
        .collect()
}

/// Whether days are too coarse to read its values by.
pub(crate) fn is_short(detail: &Detail) -> bool {
    detail.days.len() < 4
}

/// Points that are said one by one: at most 48 of them, the last one always.
pub(crate) fn said_points(detail: &Detail) -> impl Iterator<Item = &Point> {
    const SAID_AT_MOST: usize = 48;
    let points = &detail.burn_down;
    let every = points.len().div_ceil(SAID_AT_MOST).max(1);
    let last = points.len().saturating_sub(1);
    let points = points.iter().enumerate();
    points
        .filter(move |(at, _)| (last - at).is_multiple_of(every))
        .map(|(_, point)| point)
}

/// What is left at a point: `72%`; `None` where nothing was counted.
pub(crate) fn left_at(
    sheet: &Sheet<'_>,
    verdict: &Verdict,
    detail: &Detail,
    point: &Point,
) -> Option<String> {
    let budget = filling::budget(sheet, verdict, detail, point)?;
    number::budget_left(budget).map(|left| series::signed(&left))
}

fn point_titles(
    sheet: &Sheet<'_>,
    verdict: &Verdict,
    detail: &Detail,
    place: &dyn Fn(Timestamp) -> f64,
) -> Vec<(f64, f64, String)> {
    let points: Vec<&Point> = said_points(detail).collect();
    let ends = points
        .iter()
        .skip(1)
        .map(|point| place(point.at))
        .chain([1.0]);
    let titles = points.iter().zip(ends).map(|(point, end)| {
        let left = left_at(sheet, verdict, detail, point);
        let at = number::instant_of_year(point.at, sheet.desk.zone);
        let left = left.unwrap_or_else(|| "nothing".to_owned());
        (place(point.at), end, format!("{at}: {left} left"))
    });
    titles.collect()
}

fn share(whole: Interval, at: Timestamp) -> f64 {
    let seconds = (at.as_second() - whole.start.as_second()) as f64;
    seconds / whole.seconds().max(1) as f64
}

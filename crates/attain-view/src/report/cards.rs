//! A card for each segment of an objective: how much budget is left, how it came to that, how long it lasts.

use attain_model::detail::{Detail, Point};
use attain_model::{Interval, Verdict};
use jiff::Timestamp;

use super::{Sheet, series, shown};
use crate::burndown::left_percent;
use crate::html::Html;
use crate::html::chart::line::{Line, line};
use crate::html::parts::{State, badge};
use crate::number;
use crate::status::lasting::{Lasting, lasting};
use crate::status::matrix::has_budget;

/// The cards, by rank.
pub(super) fn cards(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let class = if objective.len() == 1 {
        "cards lone"
    } else {
        "cards"
    };
    html.element("div", &[("class", class)], |html| {
        for verdict in shown(sheet, objective) {
            card(html, sheet, verdict);
        }
    });
}

fn card(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict) {
    let state = series::state(verdict);
    let class = format!("card {}", state.class());
    html.element("article", &[("class", &class)], |html| {
        html.element("h4", &[], |html| {
            html.text(&series::whose(verdict));
            badge(html, state, series::word(verdict));
        });
        match series::left(verdict) {
            Some(left) => {
                html.element("p", &[("class", "figure")], |html| {
                    html.line("b", &[], &series::signed(&left));
                    html.text(" budget left");
                });
                if let Some(detail) = sheet.detail(&verdict.name) {
                    draw(html, sheet, verdict, detail);
                }
            }
            None => {
                if let Some(attained) = series::attained(verdict) {
                    html.element("p", &[("class", "figure")], |html| {
                        html.line("b", &[], &attained);
                        html.text(" good");
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
        rows.extend(series::attained(verdict).map(|text| ("attained", text)));
        rows.push(("target", series::target(verdict)));
        if series::left(verdict).is_some() {
            rows.push((
                series::bad_what(sheet, verdict),
                series::spent(sheet, verdict),
            ));
            rows.extend(series::minutes(sheet, verdict).map(|text| ("as time", text)));
        }
    }
    if let Some(since) = verdict.overspent_since {
        rows.push(("overspent since", sheet.desk.near(since)));
    }
    if matches!(state, State::Bad | State::Warn)
        && let Some(firing) = crate::status::matrix::firing_words(&sheet.desk, verdict)
    {
        rows.push(("alert", firing));
    }
    rows.extend(series::lasts(sheet, verdict).map(|text| ("at this rate", text)));
    rows.extend(series::observed(verdict).map(|text| ("observed", text)));
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
    let points: Vec<(f64, Option<f64>)> = drawn_points(sheet, detail)
        .map(|point| (place(point.at), left_of(point)))
        .collect();
    let seconds = drawn.seconds() as f64;
    line(
        html,
        &Line {
            label: "Budget left over time".to_owned(),
            hatched: hatched(detail, &points, &place),
            points,
            changes: changes(verdict).map(place).collect(),
            zero_in: match lasting(&sheet.desk, verdict) {
                Some(Lasting::GoneIn(length)) => Some(length.as_secs_f64() / seconds),
                _ => None,
            },
            ends: ends(sheet, first.at, last.at),
            titles: titles(sheet, verdict, detail, &place),
            filled: !sheet.is_dense,
        },
    );
    if let Some(lowest) = below_the_drawing(detail) {
        let text = format!(
            "cut off at \u{2212}100%; lowest {}",
            series::signed(&lowest)
        );
        html.line("p", &[("class", "hint")], &text);
    }
}

/// What was left at a point, in percent; `None` where nothing was counted.
fn left_of(point: &Point) -> Option<f64> {
    left_percent(point.budget).filter(|_| point.attainment.total() > 0)
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

/// The lowest that was left, where that is too low to be drawn.
fn below_the_drawing(detail: &Detail) -> Option<String> {
    let lefts = detail
        .burn_down
        .iter()
        .filter_map(|point| Some((left_of(point)?, point.budget)));
    let (left, budget) = lefts.min_by(|a, b| a.0.total_cmp(&b.0))?;
    number::budget_left(budget).filter(|_| left < -100.0)
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

/// On a brief page the days under the cards say it. Where the window is short, days would not.
fn ends(sheet: &Sheet<'_>, first: Timestamp, last: Timestamp) -> (String, String) {
    const SHORT_SECONDS: i64 = 4 * 86_400;
    let zone = sheet.desk.zone;
    if sheet.is_dense {
        return (String::new(), String::new());
    }
    if last.as_second() - first.as_second() <= SHORT_SECONDS {
        let first = number::instant_of_year(first, zone);
        return (first, number::instant_of_year(last, zone));
    }
    (
        number::day_of_year(first, zone),
        number::day_of_year(last, zone),
    )
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
    if sheet.is_dense {
        return Vec::new();
    }
    detail
        .days
        .iter()
        .filter_map(|day| {
            let left = super::days::left_after(detail, day)?;
            let title = format!(
                "{}: {} left, {} bad",
                number::day(day.interval.start, sheet.desk.zone),
                series::signed(&left),
                series::count(sheet, verdict, day.attainment.bad),
            );
            Some((place(day.interval.start), place(day.interval.end), title))
        })
        .collect()
}

fn share(whole: Interval, at: Timestamp) -> f64 {
    let seconds = (at.as_second() - whole.start.as_second()) as f64;
    seconds / whole.seconds().max(1) as f64
}

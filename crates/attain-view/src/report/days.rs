//! Day by day: a strip with a cell for each day and segment, and the table that says the same in numbers.

use attain_model::detail::{Detail, Stretch};
use attain_model::verdict::Coverage;
use attain_model::{Interval, Verdict};

use super::{Sheet, series};
use crate::html::Html;
use crate::html::chart::strip::{Cell, strip};
use crate::html::parts::{block, disclosure, table as scrolling};
use crate::number;
use crate::status::matrix::has_budget;

/// The strips of an objective.
pub(super) fn strips(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let days = days(sheet, objective);
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return;
    };
    block(html, "days", "Day by day", |html| {
        for (verdict, detail) in with_detail(sheet, objective) {
            html.element("div", &[("class", "row")], |html| {
                html.line("span", &[("class", "whose")], &series::whose(verdict));
                let cells: Vec<Cell> = days
                    .iter()
                    .map(|day| cell(verdict, find(detail, *day)))
                    .collect();
                let titles: Vec<String> = days
                    .iter()
                    .map(|day| title(sheet, verdict, *day, find(detail, *day)))
                    .collect();
                let label = format!("{} by day", verdict.name);
                strip(html, &label, &cells, (!sheet.is_dense).then_some(&titles));
            });
        }
        html.element("div", &[("class", "row ends")], |html| {
            html.element("span", &[("class", "whose")], |_| {});
            html.line(
                "span",
                &[],
                &number::day_of_year(first.start, sheet.desk.zone),
            );
            html.line(
                "span",
                &[],
                &number::day_of_year(last.start, sheet.desk.zone),
            );
        });
    });
}

/// The table under the charts of an objective: every day, every segment.
pub(super) fn table(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let days = days(sheet, objective);
    let series: Vec<(&Verdict, &Detail)> = with_detail(sheet, objective).collect();
    if days.is_empty() {
        return;
    }
    disclosure(html, "The same as a table: every day in numbers", |html| {
        scrolling(html, "by-day", |html| {
            head(html, sheet, &series);
            html.element("tbody", &[], |html| {
                for day in &days {
                    html.element("tr", &[], |html| {
                        html.line("th", &[], &number::day(day.start, sheet.desk.zone));
                        for (verdict, detail) in &series {
                            numbers(html, sheet, verdict, detail, find(detail, *day));
                        }
                    });
                }
            });
        });
    });
}

fn head(html: &mut Html, sheet: &Sheet<'_>, series: &[(&Verdict, &Detail)]) {
    html.element("thead", &[], |html| {
        html.element("tr", &[], |html| {
            html.element("th", &[], |_| {});
            for (verdict, _) in series {
                let columns = columns(sheet, verdict).len().to_string();
                html.line(
                    "th",
                    &[("colspan", &columns), ("scope", "colgroup")],
                    &series::whose(verdict),
                );
            }
        });
        html.element("tr", &[], |html| {
            html.line("th", &[("scope", "col")], "day");
            for (verdict, _) in series {
                for column in columns(sheet, verdict) {
                    html.line("th", &[("scope", "col")], column);
                }
            }
        });
    });
}

/// What is said of each day; a brief page leaves out what the JSON says.
fn columns(sheet: &Sheet<'_>, verdict: &Verdict) -> &'static [&'static str] {
    match (has_budget(verdict), sheet.is_dense) {
        (true, false) => &["bad", "of", "times allowed", "left after"],
        (true, true) => &["bad", "left after"],
        (false, false) => &["bad", "of"],
        (false, true) => &["bad"],
    }
}

fn numbers(
    html: &mut Html,
    sheet: &Sheet<'_>,
    verdict: &Verdict,
    detail: &Detail,
    day: Option<&Stretch>,
) {
    let known = day.filter(|day| !is_missing(day));
    for column in columns(sheet, verdict) {
        let text = match (*column, known, day) {
            ("left after", _, Some(day)) => {
                left_after(detail, day).map(|left| series::signed(&left))
            }
            ("bad", None, _) => Some("no data".to_owned()),
            ("bad", Some(day), _) => Some(series::count(sheet, verdict, day.attainment.bad)),
            ("of", Some(day), _) => Some(series::count(sheet, verdict, day.attainment.total())),
            ("times allowed", Some(day), _) => Some(series::times(day.attainment, day.budget)),
            _ => None,
        };
        html.line("td", &[], &text.unwrap_or_else(|| "-".to_owned()));
    }
}

/// Every day that any series has, oldest first.
fn days(sheet: &Sheet<'_>, objective: &[Verdict]) -> Vec<Interval> {
    let mut days: Vec<Interval> = with_detail(sheet, objective)
        .flat_map(|(_, detail)| detail.days.iter().map(|day| day.interval))
        .collect();
    days.sort();
    days.dedup();
    days
}

fn with_detail<'a>(
    sheet: &'a Sheet<'_>,
    objective: &'a [Verdict],
) -> impl Iterator<Item = (&'a Verdict, &'a Detail)> {
    objective
        .iter()
        .filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?)))
}

fn find(detail: &Detail, day: Interval) -> Option<&Stretch> {
    detail.days.iter().find(|other| other.interval == day)
}

/// What was left of the budget at the last point of a day; `None` if the window was not drawn then.
pub(super) fn left_after(detail: &Detail, day: &Stretch) -> Option<String> {
    let point = detail
        .burn_down
        .iter()
        .rev()
        .find(|point| point.at <= day.interval.end)?;
    let is_of_day = point.at > day.interval.start && point.attainment.total() > 0;
    number::budget_left(point.budget).filter(|_| is_of_day)
}

/// Nothing was counted, and nothing says that there was nothing to count.
fn is_missing(day: &Stretch) -> bool {
    day.attainment.total() == 0
        && match day.coverage {
            Coverage::NotKnown => true,
            Coverage::Share(share) => share.ppb() == 0,
        }
}

fn cell(verdict: &Verdict, day: Option<&Stretch>) -> Cell {
    let Some(day) = day.filter(|day| !is_missing(day)) else {
        return Cell::Missing;
    };
    if day.attainment.total() == 0 {
        return Cell::Empty;
    }
    if !has_budget(verdict) {
        return Cell::Measured;
    }
    let spent = u128::from(day.budget.spent) * 1_000_000_000;
    match day.budget.allowed_billionths {
        _ if spent == 0 => Cell::Clean,
        allowed if spent <= allowed => Cell::Within,
        allowed if spent / 10 <= allowed => Cell::Over,
        _ => Cell::FarOver,
    }
}

fn title(sheet: &Sheet<'_>, verdict: &Verdict, day: Interval, stretch: Option<&Stretch>) -> String {
    let date = number::day(day.start, sheet.desk.zone);
    let Some(stretch) = stretch.filter(|stretch| !is_missing(stretch)) else {
        return format!("{date}: no data");
    };
    let mut text = format!(
        "{date}: {} bad of {}",
        series::count(sheet, verdict, stretch.attainment.bad),
        series::count(sheet, verdict, stretch.attainment.total()),
    );
    if has_budget(verdict) && stretch.attainment.total() > 0 {
        text.push_str(&format!(
            ", {} what the day allowed",
            series::times(stretch.attainment, stretch.budget)
        ));
    }
    text
}

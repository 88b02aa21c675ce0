//! Day by day: a strip with a cell for each day and segment, and the table that says the same in numbers.

use attain_model::detail::{Detail, Stretch};
use attain_model::verdict::Coverage;
use attain_model::{Interval, Share, Verdict};

use super::{Sheet, filling, series, shown};
use crate::html::Html;
use crate::html::chart::strip::{self, Cell, strip};
use crate::html::parts::{block, disclosure, table as scrolling};
use crate::number;
use crate::status::matrix::has_budget;
use crate::status::shared::coverage_percent;

/// The strips of an objective.
pub(crate) fn strips(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let days = days(sheet, objective);
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return;
    };
    if days.len() < 2 {
        return;
    }
    block(html, "days", "Day by day", |html| {
        for (verdict, detail) in with_detail(sheet, objective) {
            html.element("div", &[("class", "row")], |html| {
                html.line("span", &[("class", "whose")], &series::whose(verdict));
                let cells: Vec<strip::Stretch> = days
                    .iter()
                    .map(|day| find(detail, *day))
                    .map(|day| strip::Stretch {
                        cell: cell(verdict, day),
                        is_partial: day.is_some_and(|day| partly(day).is_some()),
                        is_broken: day
                            .is_some_and(|day| was_overspent(sheet, verdict, detail, day)),
                    })
                    .collect();
                let label = format!("Day by day, {}", series::whose(verdict));
                let titles: Vec<String> = days
                    .iter()
                    .map(|day| title(sheet, verdict, *day, find(detail, *day)))
                    .collect();
                strip(html, &label, &cells, sheet.has_titles.then_some(&titles));
            });
        }
        html.element("div", &[("class", "row ends")], |html| {
            html.element("span", &[("class", "whose")], |_| {});
            let first = number::day_of_year(first.start, sheet.day_zone());
            let last = number::day_of_year(last.start, sheet.day_zone());
            match days.len() {
                few if few < strip::IN_FULL_WIDTH => {
                    html.line("span", &[], &format!("{first} to {last}"));
                }
                _ => {
                    html.line("span", &[], &first);
                    html.line("span", &[], &last);
                }
            }
        });
    });
}

/// The table under the charts of an objective: every day, every segment.
pub(crate) fn table(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let days = days(sheet, objective);
    let series: Vec<(&Verdict, &Detail)> = with_detail(sheet, objective).collect();
    if days.is_empty() {
        return;
    }
    disclosure(html, "The same as a table: every day in numbers", |html| {
        scrolling(html, "by-day", "Every day in numbers", |html| {
            head(html, sheet, &series);
            html.element("tbody", &[], |html| {
                for day in &days {
                    html.element("tr", &[], |html| {
                        let date = match sheet.is_dense {
                            true => number::day_of_year(day.start, sheet.day_zone()),
                            false => number::day(day.start, sheet.day_zone()),
                        };
                        html.line("th", &[], &date);
                        for (verdict, detail) in &series {
                            numbers(html, sheet, verdict, detail, find(detail, *day));
                        }
                    });
                }
            });
        });
    });
}

/// The segments, and under them what is said of each.
fn head(html: &mut Html, sheet: &Sheet<'_>, series: &[(&Verdict, &Detail)]) {
    html.element("thead", &[], |html| {
        html.element("tr", &[], |html| {
            let corner = if sheet.is_dense {
                "bad, left after"
            } else {
                ""
            };
            html.line("th", &[], corner);
            for (verdict, _) in series {
                match columns(sheet, verdict).len() {
                    1 => html.line("th", &[], &series::whose(verdict)),
                    columns => {
                        let span = [("colspan", &*columns.to_string()), ("scope", "colgroup")];
                        html.line("th", &span, &series::whose(verdict));
                    }
                }
            }
        });
        if sheet.is_dense {
            return;
        }
        html.element("tr", &[], |html| {
            html.line("th", &[], "day");
            for column in series
                .iter()
                .flat_map(|(verdict, _)| columns(sheet, verdict))
            {
                html.line("th", &[], column);
            }
        });
    });
}

/// What is said of each day; a brief page leaves out what the JSON says.
fn columns(sheet: &Sheet<'_>, verdict: &Verdict) -> &'static [&'static str] {
    match (has_budget(verdict), sheet.is_dense) {
        (true, false) => &["bad", "of", "burn", "left"],
        (true, true) => &["bad, left after"],
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
    let bad = known.map_or_else(
        || "no data".to_owned(),
        |day| {
            let bad = series::count(sheet, verdict, day.attainment.bad);
            let partly = partly(day).map_or_else(String::new, |text| format!(" ({text})"));
            bad + &partly
        },
    );
    let left = day
        .and_then(|day| left_after(sheet, verdict, detail, day))
        .map_or_else(|| "-".to_owned(), |left| series::signed(&left));
    for column in columns(sheet, verdict) {
        let text = match *column {
            "bad" => bad.clone(),
            "bad, left after" => format!("{bad}, {left}"),
            "left" => left.clone(),
            "of" => known.map_or_else(
                || "-".to_owned(),
                |day| series::count(sheet, verdict, day.attainment.total()),
            ),
            _ => known.map_or_else(
                || "-".to_owned(),
                |day| series::times(day.attainment, day.budget),
            ),
        };
        html.line("td", &[], &text);
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
    shown(sheet, objective).filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?)))
}

fn find(detail: &Detail, day: Interval) -> Option<&Stretch> {
    detail.days.iter().find(|other| other.interval == day)
}

/// What was left of the budget at the last point of a day; `None` if the window was not drawn then.
pub(crate) fn left_after(
    sheet: &Sheet<'_>,
    verdict: &Verdict,
    detail: &Detail,
    day: &Stretch,
) -> Option<String> {
    let point = detail
        .burn_down
        .iter()
        .rev()
        .find(|point| point.at <= day.interval.end)?;
    let budget = filling::budget(sheet, verdict, detail, point)?;
    number::budget_left(budget).filter(|_| point.at > day.interval.start)
}

/// Whether the budget was overspent at some time of a day.
fn was_overspent(sheet: &Sheet<'_>, verdict: &Verdict, detail: &Detail, day: &Stretch) -> bool {
    let of_day = detail
        .burn_down
        .iter()
        .filter(|point| point.at > day.interval.start && point.at <= day.interval.end);
    of_day
        .into_iter()
        .filter_map(|point| filling::budget(sheet, verdict, detail, point))
        .any(|budget| !budget.is_met())
}

/// Nothing was counted, and nothing says that there was nothing to count.
fn is_missing(day: &Stretch) -> bool {
    day.attainment.total() == 0
        && match day.coverage {
            Coverage::NotKnown => true,
            Coverage::Share(share) => share.ppb() == 0,
        }
}

/// How much of a day was observed, where it was not all of it: `38% observed`.
fn partly(day: &Stretch) -> Option<String> {
    match day.coverage {
        Coverage::Share(share) if share != Share::WHOLE && share.ppb() > 0 => {
            Some(format!("{} observed", coverage_percent(share)))
        }
        _ => None,
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
    let date = number::day(day.start, sheet.day_zone());
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
    if let Some(partly) = partly(stretch) {
        text.push_str(", ");
        text.push_str(&partly);
    }
    text
}

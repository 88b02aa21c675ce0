//! When and by what the budget was burned: the worst hours, and the bad events by class.

use attain_model::detail::{Cause, Detail, Stretch};
use attain_model::{Interval, Scope, Verdict};

use super::{Sheet, series};
use crate::burndown::left_percent;
use crate::html::Html;
use crate::html::chart::bar;
use crate::html::parts::{State, block, head, spanning, table};
use crate::number::{self, thousands};

/// Hours that are shown of a series that is not hurt.
const HOURS_IF_CALM: usize = 2;
/// Causes that are named; the rest is added up.
const CAUSES: usize = 4;

/// The hours with the most bad events of each series that has some.
pub(crate) fn hours(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let rows = worst_hours(sheet, objective);
    if rows.is_empty() {
        let mut details = told(sheet, objective);
        if details.any(|(_, detail)| !detail.worst_hours.is_empty()) {
            block(html, "worst", "Worst hours", |html| {
                html.line(
                    "p",
                    &[("class", "answer")],
                    "Nothing notable: no hour has 1% of it.",
                );
            });
        }
        return;
    }
    let again = again(sheet, objective);
    block(html, "worst", "Worst hours", |html| {
        for text in &again {
            html.line("p", &[("class", "answer")], text);
        }
        table(html, "hours stacks", "Worst hours", |html| {
            let (bad, of) = rows.first().map_or(("bad", "of"), |(verdict, _)| {
                (
                    series::bad_what(sheet, verdict),
                    series::of_what(sheet, verdict),
                )
            });
            head(html, ["segment", "from, to", bad, of, "of the budget"], 2);
            html.element("tbody", &[], |html| {
                let mut before = None;
                for (verdict, hour) in &rows {
                    let is_new = before != Some(&verdict.name);
                    before = Some(&verdict.name);
                    html.element("tr", &[], |html| {
                        if is_new {
                            let same = rows.iter().filter(|(other, _)| other.name == verdict.name);
                            spanning(html, same.count(), &series::whose(verdict));
                        }
                        let attributes = [("class", "word"), ("data-of", "from, to")];
                        html.line("td", &attributes, &span(sheet, hour));
                        let counted = hour.attainment;
                        for (name, text) in [
                            (bad, series::count(sheet, verdict, counted.bad)),
                            (of, series::count(sheet, verdict, counted.total())),
                            ("of the budget", of_budget(verdict, hour)),
                        ] {
                            html.line("td", &[("data-of", name)], &text);
                        }
                    });
                }
            });
        });
    });
}

/// `premium: 4 of its 5 worst hours begin at 09:00.` What comes back every day has a cause that does.
fn again(sheet: &Sheet<'_>, objective: &[Verdict]) -> Vec<String> {
    const OFTEN: usize = 3;
    let clock = |hour: &Stretch| {
        let text = when(sheet, hour);
        text.rsplit_once(' ')
            .map_or(text.clone(), |(_, clock)| clock.to_owned())
    };
    told(sheet, objective)
        .filter_map(|(verdict, detail)| {
            let hours = detail.worst_hours.iter();
            let hours = hours.filter(|hour| is_notable(verdict, hour));
            let clocks: Vec<String> = hours.map(clock).collect();
            let count = |at: &String| clocks.iter().filter(|other| *other == at).count();
            let most = clocks.iter().max_by_key(|at| count(at))?;
            let often = count(most);
            (often >= OFTEN).then(|| {
                format!(
                    "{}: {often} of its {} worst hours begin at {most}.",
                    series::whose(verdict),
                    clocks.len()
                )
            })
        })
        .collect()
}

/// Worst hours to show, by segment: all of them where it hurts, some where it does not.
pub(crate) fn worst_hours<'a>(
    sheet: &'a Sheet<'_>,
    objective: &'a [Verdict],
) -> Vec<(&'a Verdict, &'a Stretch)> {
    told(sheet, objective)
        .flat_map(move |(verdict, detail)| {
            let shown = match series::state(verdict) {
                State::Bad | State::Warn if !sheet.is_dense => usize::MAX,
                _ => HOURS_IF_CALM,
            };
            let hours = detail.worst_hours.iter();
            let hours = hours.filter(|hour| is_notable(verdict, hour)).take(shown);
            hours.map(move |hour| (verdict, hour))
        })
        .collect()
}

/// What is less than a hundredth of all that was bad is no worst hour.
fn is_notable(verdict: &Verdict, hour: &Stretch) -> bool {
    hour.attainment.bad.saturating_mul(100) >= verdict.attainment.bad
}

/// The series whose bad events are looked into. The sum of the segments says nothing new; a page that must be brief
/// passes over those that have more than half of their budget left.
pub(crate) fn told<'a>(
    sheet: &'a Sheet<'_>,
    objective: &'a [Verdict],
) -> impl Iterator<Item = (&'a Verdict, &'a Detail)> {
    objective
        .iter()
        .filter(|verdict| {
            objective.len() == 1 || !(verdict.pooled && verdict.name.scope == Scope::All)
        })
        .filter(|verdict| {
            let is_hurt = matches!(series::state(verdict), State::Bad | State::Warn);
            !sheet.is_dense
                || is_hurt
                || left_percent(verdict.budget).is_some_and(|left| left < 50.0)
        })
        .filter(|verdict| series::is_measured(sheet, verdict))
        .filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?)))
}

pub(crate) fn when(sheet: &Sheet<'_>, hour: &Stretch) -> String {
    let text = number::instant(hour.interval.start, sheet.desk.zone);
    // The zone stands at the top of the page.
    text.rsplit_once(' ')
        .map_or(text.clone(), |(text, _)| text.to_owned())
}

/// `2026-11-02 14:00 to 15:00`: the hour as far as it lies in the window.
pub(crate) fn span(sheet: &Sheet<'_>, hour: &Stretch) -> String {
    let Interval { start, end } = hour.interval;
    let end = number::instant_near(end, start, sheet.desk.zone);
    format!("{} to {end}", when(sheet, hour))
}

/// How much of the window's budget an hour took: `45%`.
pub(crate) fn of_budget(verdict: &Verdict, hour: &Stretch) -> String {
    let allowed = verdict.budget.allowed_billionths;
    let spent = i128::from(hour.budget.spent).saturating_mul(1_000_000_000);
    attain_math::Fraction::new(spent, allowed).map_or_else(
        || "-".to_owned(),
        |share| {
            let text = share.percent_ceil(if spent.unsigned_abs() * 10 < allowed {
                1
            } else {
                0
            });
            text + "%"
        },
    )
}

/// What the bad events were, by series.
pub(crate) fn causes(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let with_causes: Vec<(&Verdict, &[Cause])> = told(sheet, objective)
        .map(|(verdict, detail)| (verdict, detail.causes.as_slice()))
        .filter(|(_, causes)| !causes.is_empty())
        .collect();
    if with_causes.is_empty() {
        return;
    }
    block(html, "worst", "What burned the budget", |html| {
        table(html, "causes", "What burned the budget", |html| {
            let bad = with_causes
                .first()
                .map_or("bad", |(verdict, _)| series::bad_what(sheet, verdict));
            head(html, ["segment", "what", bad, "share"], 2);
            html.element("tbody", &[], |html| {
                for (verdict, causes) in with_causes {
                    let ranked = ranked(causes);
                    let rows = ranked.len();
                    for (i, (what, bad, total)) in ranked.into_iter().enumerate() {
                        html.element("tr", &[], |html| {
                            if i == 0 {
                                spanning(html, rows, &series::whose(verdict));
                            }
                            html.line("td", &[("class", "word")], &what);
                            html.line("td", &[], &thousands(bad));
                            html.element("td", &[], |html| {
                                html.text(&share(bad, total));
                                if !sheet.is_dense {
                                    bar::share(html, bad as f64 / total.max(1) as f64, "cause");
                                }
                            });
                        });
                    }
                }
            });
        });
    });
}

/// The most frequent ones by name, the others together; each with how many there were of all.
pub(crate) fn ranked(causes: &[Cause]) -> Vec<(String, u64, u64)> {
    let sum = |causes: &[Cause]| {
        causes
            .iter()
            .fold(0, |sum: u64, cause| sum.saturating_add(cause.bad))
    };
    let total = sum(causes);
    let (named, others) = causes.split_at(causes.len().min(CAUSES));
    let mut rows: Vec<(String, u64, u64)> = named
        .iter()
        .map(|cause| (cause.what.clone(), cause.bad, total))
        .collect();
    match others {
        [] => {}
        [one] => rows.push((one.what.clone(), one.bad, total)),
        _ => rows.push((format!("{} others", others.len()), sum(others), total)),
    }
    rows
}

/// A share in percent, rounded down; never 0% for something.
pub(crate) fn share(part: u64, whole: u64) -> String {
    match attain_math::Fraction::new(i128::from(part), u128::from(whole)) {
        Some(share) if part > 0 && share.percent_floor(0) == "0" => "<1%".to_owned(),
        Some(share) => share.percent_floor(0) + "%",
        None => "-".to_owned(),
    }
}

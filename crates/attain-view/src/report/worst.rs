//! When and by what the budget was burned: the worst hours, and the bad events by class.

use attain_model::detail::{Cause, Stretch};
use attain_model::{Scope, Verdict};

use super::{Sheet, series};
use crate::html::Html;
use crate::html::chart::bar;
use crate::html::parts::{block, table};
use crate::number::{self, grouped};

/// Hours that are shown of one series, on a page that must be brief.
const HOURS_IF_DENSE: usize = 1;
/// Causes that are named; the rest is added up.
const CAUSES: usize = 4;

/// The hours with the most bad events of each series that has some.
pub(super) fn hours(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let rows = worst_hours(sheet, objective);
    if rows.is_empty() {
        return;
    }
    block(html, "worst", "Worst hours", |html| {
        table(html, "hours", |html| {
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    for name in ["segment", "hour from", "bad", "of", "of the budget"] {
                        html.line("th", &[("scope", "col")], name);
                    }
                });
            });
            html.element("tbody", &[], |html| {
                let mut before = "";
                for (verdict, hour) in &rows {
                    let whose = series::whose(verdict);
                    html.element("tr", &[], |html| {
                        html.line(
                            "th",
                            &[("scope", "row")],
                            if whose == before { "" } else { &whose },
                        );
                        html.line("td", &[("class", "when")], &when(sheet, hour));
                        html.line(
                            "td",
                            &[],
                            &series::count(sheet, verdict, hour.attainment.bad),
                        );
                        html.line(
                            "td",
                            &[],
                            &series::count(sheet, verdict, hour.attainment.total()),
                        );
                        html.line("td", &[], &of_budget(verdict, hour));
                    });
                    before = if whose == verdict.name.scope.to_string() {
                        scope_name(verdict)
                    } else {
                        "all (pooled)"
                    };
                }
            });
        });
    });
}

fn scope_name(verdict: &Verdict) -> &str {
    match &verdict.name.scope {
        Scope::Segment(id) => id.as_str(),
        Scope::All => "all",
    }
}

/// Worst hours to show, by segment; the sum of the segments says nothing new where there are segments.
pub(super) fn worst_hours<'a>(
    sheet: &'a Sheet<'_>,
    objective: &'a [Verdict],
) -> Vec<(&'a Verdict, &'a Stretch)> {
    let shown = if sheet.is_dense {
        HOURS_IF_DENSE
    } else {
        usize::MAX
    };
    own(objective)
        .filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?)))
        .flat_map(|(verdict, detail)| {
            detail
                .worst_hours
                .iter()
                .take(shown)
                .map(move |hour| (verdict, hour))
        })
        .collect()
}

/// The segments; all traffic where it is the only one.
fn own(objective: &[Verdict]) -> impl Iterator<Item = &Verdict> {
    objective.iter().filter(|verdict| {
        objective.len() == 1 || !(verdict.pooled && verdict.name.scope == Scope::All)
    })
}

pub(super) fn when(sheet: &Sheet<'_>, hour: &Stretch) -> String {
    let text = number::instant(hour.interval.start, sheet.desk.zone);
    // The zone stands at the top of the page.
    text.rsplit_once(' ')
        .map_or(text.clone(), |(text, _)| text.to_owned())
}

/// How much of the window's budget an hour took: `45%`.
pub(super) fn of_budget(verdict: &Verdict, hour: &Stretch) -> String {
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
pub(super) fn causes(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let with_causes: Vec<(&Verdict, &[Cause])> = own(objective)
        .filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?.causes.as_slice())))
        .filter(|(_, causes)| !causes.is_empty())
        .collect();
    if with_causes.is_empty() {
        return;
    }
    block(html, "worst", "What burned the budget", |html| {
        table(html, "causes", |html| {
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    for name in ["segment", "what", "bad", "share"] {
                        html.line("th", &[("scope", "col")], name);
                    }
                });
            });
            html.element("tbody", &[], |html| {
                for (verdict, causes) in with_causes {
                    for (i, (what, bad, total)) in ranked(causes).into_iter().enumerate() {
                        html.element("tr", &[], |html| {
                            let whose = series::whose(verdict);
                            html.line("th", &[("scope", "row")], if i == 0 { &whose } else { "" });
                            html.line("td", &[("class", "when")], &what);
                            html.line("td", &[], &grouped(bad));
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
pub(super) fn ranked(causes: &[Cause]) -> Vec<(String, u64, u64)> {
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
    if !others.is_empty() {
        rows.push((format!("{} others", others.len()), sum(others), total));
    }
    rows
}

/// A share in percent, rounded down; never 0% for something.
pub(super) fn share(part: u64, whole: u64) -> String {
    match attain_math::Fraction::new(i128::from(part), u128::from(whole)) {
        Some(share) if part > 0 && share.percent_floor(0) == "0" => "<1%".to_owned(),
        Some(share) => share.percent_floor(0) + "%",
        None => "-".to_owned(),
    }
}

//! The matrix: a table for customers and one for each layer; in it a row for each objective, a column for each segment. On
//! a narrow page a row becomes a list.

use std::collections::BTreeSet;

use attain_model::{Audience, Scope, Standing, Verdict};

use super::{Sheet, by_objective, series};
use crate::burndown::left_percent;
use crate::html::Html;
use crate::html::chart::bar;
use crate::html::parts::{badge, head, table};
use crate::status::is_promise;
use crate::status::matrix::has_budget;

/// The tables.
pub(super) fn matrix(html: &mut Html, sheet: &Sheet<'_>) {
    let slos = sheet.by_slo();
    let section = |slo: &[Verdict]| slo.first().map(|first| (first.audience, first.layer));
    let mut number = 0;
    for part in slos.chunk_by(|a, b| section(a) == section(b)) {
        let Some(first) = part.first().and_then(|slo| slo.first()) else {
            continue;
        };
        let title = match first.audience {
            Audience::Customer => "Promised to customers".to_owned(),
            Audience::Internal => format!("Internal, {} layer", first.layer.word()),
        };
        let scopes = scopes(sheet, part);
        let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let class = if scopes.len() < 3 {
            "matrix few"
        } else {
            "matrix"
        };
        table(html, class, &title, |html| {
            let names = names.iter().map(String::as_str);
            head(
                html,
                std::iter::once(title.as_str()).chain(names),
                usize::MAX,
            );
            html.element("tbody", &[], |html| {
                for slo in part {
                    number += 1;
                    for (i, objective) in by_objective(slo).enumerate() {
                        row(html, sheet, objective, &scopes, number, i == 0);
                    }
                }
            });
        });
    }
}

/// Every scope that an objective of these SLOs looks at, by rank.
fn scopes(sheet: &Sheet<'_>, slos: &[&[Verdict]]) -> Vec<Scope> {
    let verdicts = slos.iter().flat_map(|slo| slo.iter());
    let scopes: BTreeSet<&Scope> = verdicts.map(|verdict| &verdict.name.scope).collect();
    let mut scopes: Vec<Scope> = scopes.into_iter().cloned().collect();
    scopes.sort_by_key(|scope| sheet.desk.rank(scope));
    scopes
}

/// An objective; `number` is its SLO's place on the page, which is named in the first of its rows.
fn row(
    html: &mut Html,
    sheet: &Sheet<'_>,
    objective: &[Verdict],
    scopes: &[Scope],
    number: usize,
    is_first: bool,
) {
    let Some(first) = objective.first() else {
        return;
    };
    let class = if is_first { "" } else { "next" };
    html.element("tr", &[("class", class)], |html| {
        html.element("th", &[("scope", "row")], |html| {
            if is_first {
                let anchor = match sheet.is_empty() {
                    true => String::new(),
                    false => format!("#slo-{number}"),
                };
                html.line("a", &[("href", &anchor)], first.name.slo.as_str());
            }
            html.line("small", &[], first.name.objective.as_str());
        });
        for scope in scopes {
            match objective.iter().find(|v| v.name.scope == *scope) {
                Some(verdict) => cell(html, sheet, verdict),
                None => html.element("td", &[("class", "none")], |_| {}),
            }
        }
    });
}

fn cell(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict) {
    html.element("td", &[("data-of", &series::whose(verdict))], |html| {
        let pooled = if verdict.pooled { ", pooled" } else { "" };
        let word = format!("{}{pooled}", series::word(verdict));
        badge(html, series::state(verdict), &word);
        if let Some(attained) = series::attained(verdict) {
            html.element("b", &[], |html| {
                html.text(&attained);
                if has_budget(verdict) {
                    html.line("small", &[], &format!(" of {}", series::promised(verdict)));
                }
            });
        }
        let Some(left) = series::left(verdict) else {
            return;
        };
        html.line("small", &[], &format!("{} left", series::signed(&left)));
        if sheet.is_dense || !is_promise(verdict) {
            return;
        }
        let left = left_percent(verdict.budget).unwrap_or_default();
        let class = match verdict.standing {
            Standing::Unknown => "missing",
            _ if left < 0.0 => "over",
            _ => "within",
        };
        bar::left(html, left / 100.0, class);
    });
}

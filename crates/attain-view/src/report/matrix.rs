//! The matrix: a table for customers and one for each layer; in it a row for each objective, a column for each segment. On
//! a narrow page a row becomes a list.

use std::collections::BTreeSet;

use attain_model::{Audience, Scope, Standing, Verdict};

use super::{Sheet, by_objective, masking, series};
use crate::burndown::left_percent;
use crate::html::Html;
use crate::html::chart::bar;
use crate::html::parts::{badge, head, table};
use crate::status::is_promise;
use crate::status::matrix::has_budget;

/// The tables.
pub(crate) fn matrix(html: &mut Html, sheet: &Sheet<'_>) {
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
        tables(html, sheet, &title, &title, &scopes, |html| {
            for slo in part {
                number += 1;
                let anchor = match (sheet.place, slo.first()) {
                    _ if sheet.is_empty() => String::new(),
                    (Some(place), Some(first)) => place(&first.name),
                    _ => format!("#slo-{number}"),
                };
                for (i, objective) in by_objective(slo).enumerate() {
                    let objective: Vec<&Verdict> = objective.iter().collect();
                    row(html, sheet, &objective, &scopes, &anchor, i == 0);
                }
            }
        });
    }
}

/// One table: a column for each scope, `rows` in its body.
pub(crate) fn tables(
    html: &mut Html,
    sheet: &Sheet<'_>,
    label: &str,
    corner: &str,
    scopes: &[Scope],
    rows: impl FnOnce(&mut Html),
) {
    let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    // Where a cell has flags beside its numbers, two of them do not fit into one line.
    let few = if sheet.place.is_some() { 1 } else { 2 };
    let class = if scopes.len() <= few {
        "matrix few"
    } else {
        "matrix"
    };
    table(html, class, label, |html| {
        let names = names.iter().map(String::as_str);
        head(html, std::iter::once(corner).chain(names), usize::MAX);
        html.element("tbody", &[], rows);
    });
}

/// Every scope that an objective of these SLOs looks at, by rank.
pub(crate) fn scopes(sheet: &Sheet<'_>, slos: &[&[Verdict]]) -> Vec<Scope> {
    let verdicts = slos.iter().flat_map(|slo| slo.iter());
    let scopes: BTreeSet<&Scope> = verdicts.map(|verdict| &verdict.name.scope).collect();
    let mut scopes: Vec<Scope> = scopes.into_iter().cloned().collect();
    scopes.sort_by_key(|scope| sheet.desk.rank(scope));
    scopes
}

/// An objective; `anchor` is its SLO's place, which is named in the first of its rows.
pub(crate) fn row(
    html: &mut Html,
    sheet: &Sheet<'_>,
    objective: &[&Verdict],
    scopes: &[Scope],
    anchor: &str,
    is_first: bool,
) {
    let Some(first) = objective.first() else {
        return;
    };
    let class = if is_first { "" } else { "next" };
    html.element("tr", &[("class", class)], |html| {
        html.element("th", &[("scope", "row")], |html| {
            if is_first {
                html.line("a", &[("href", anchor)], first.name.slo.as_str());
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
        let place = sheet.place.map(|place| place(&verdict.name));
        match place {
            Some(place) => html.element("a", &[("class", "cell"), ("href", &place)], |html| {
                told(html, sheet, verdict);
            }),
            None => told(html, sheet, verdict),
        }
    });
}

/// What a cell says.
fn told(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict) {
    let pooled = if verdict.pooled { ", pooled" } else { "" };
    let word = format!("{}{pooled}", series::word(verdict));
    badge(html, series::state(verdict), &word);
    if let Some(flag) = masking::flag(sheet, verdict) {
        html.line("span", &[("class", "flag")], &flag);
    }
    let attained = series::attained(verdict).filter(|_| series::is_measured(sheet, verdict));
    if let Some(attained) = attained {
        html.element("b", &[], |html| {
            html.text(&attained);
            if has_budget(verdict) {
                html.line("small", &[], &format!(" goal {}", series::target(verdict)));
            }
        });
    }
    let Some(left) = series::left(verdict) else {
        return;
    };
    html.line("small", &[], &series::left_words(&left));
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
}

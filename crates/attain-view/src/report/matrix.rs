//! The matrix: a row for each objective, a column for each segment. On a narrow page a row becomes a card.

use std::collections::BTreeSet;

use attain_model::{Audience, Scope, Verdict};

use super::{Sheet, by_objective, series};
use crate::html::Html;
use crate::html::chart::bar;
use crate::html::parts::{badge, table};
use crate::status::is_promise;
use crate::status::matrix::section_title;

/// The table.
pub(super) fn matrix(html: &mut Html, sheet: &Sheet<'_>) {
    let scopes = scopes(sheet);
    let class = if scopes.len() < 3 {
        "matrix few"
    } else {
        "matrix"
    };
    table(html, class, |html| {
        html.element("thead", &[], |html| {
            html.element("tr", &[], |html| {
                html.line("th", &[], "Promise");
                for scope in &scopes {
                    html.line("th", &[], &scope.to_string());
                }
            });
        });
        let mut title = String::new();
        html.element("tbody", &[], |html| {
            for (i, slo) in sheet.by_slo().into_iter().enumerate() {
                if let Some(first) = slo.first()
                    && section_title(first) != title
                {
                    title = section_title(first);
                    let span = (scopes.len() + 1).to_string();
                    let title = match first.audience {
                        Audience::Customer => "Promised to customers".to_owned(),
                        Audience::Internal => format!("Internal, {} layer", first.layer.word()),
                    };
                    html.element("tr", &[("class", "part")], |html| {
                        html.line("th", &[("colspan", &span), ("scope", "colgroup")], &title);
                    });
                }
                for objective in by_objective(slo) {
                    row(html, sheet, objective, &scopes, i + 1);
                }
            }
        });
    });
}

/// Every scope that any objective looks at, by rank.
fn scopes(sheet: &Sheet<'_>) -> Vec<Scope> {
    let scopes: BTreeSet<&Scope> = sheet
        .desk
        .evaluation
        .verdicts
        .iter()
        .map(|v| &v.name.scope)
        .collect();
    let mut scopes: Vec<Scope> = scopes.into_iter().cloned().collect();
    scopes.sort_by_key(|scope| sheet.desk.rank(scope));
    scopes
}

fn row(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict], scopes: &[Scope], number: usize) {
    let Some(first) = objective.first() else {
        return;
    };
    html.element("tr", &[], |html| {
        html.element("th", &[], |html| {
            let anchor = format!("#slo-{number}");
            html.line("a", &[("href", &anchor)], first.name.slo.as_str());
            html.line("small", &[], first.name.objective.as_str());
        });
        for scope in scopes {
            match objective
                .iter()
                .find(|verdict| verdict.name.scope == *scope)
            {
                Some(verdict) => cell(html, sheet, verdict),
                None => html.element("td", &[("class", "none")], |_| {}),
            }
        }
    });
}

fn cell(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict) {
    let state = series::state(verdict);
    html.element("td", &[("data-of", &series::whose(verdict))], |html| {
        let pooled = if verdict.pooled { ", pooled" } else { "" };
        let word = format!("{}{pooled}", series::word(verdict));
        badge(html, state, &word);
        if let Some(attained) = series::attained(verdict) {
            html.line("b", &[], &attained);
        }
        if let Some(left) = series::left(verdict) {
            html.line("small", &[], &format!("{} left", series::signed(&left)));
            if !sheet.is_dense && is_promise(verdict) {
                let spent = crate::burndown::left_percent(verdict.budget).unwrap_or_default();
                let (share, class) = if spent < 0.0 {
                    (1.0, "over")
                } else {
                    (spent / 100.0, "within")
                };
                bar::share(html, share, class);
            }
        }
    });
}

//! The page: which part follows which. Knows no numbers.

use attain_model::Verdict;

use super::{
    Sheet, burning, by_objective, cards, days, history, masking, matrix, series, top, worst,
};
use crate::burndown::left_percent;
use crate::html::chart::line;
use crate::html::parts::{self, State, section};
use crate::html::{Html, page::page as frame};
use crate::number::counted;
use crate::status::shared::window_text;

/// The whole page.
pub(super) fn page(sheet: &Sheet<'_>, theme: &str) -> String {
    frame(
        &format!("{}: reliability report", sheet.title()),
        theme,
        |html| {
            html.own(line::SHARED);
            cards::shared(html, sheet);
            html.element("main", &[], |html| {
                top::top(html, sheet);
                if sheet.desk.evaluation.verdicts.is_empty() {
                    return;
                }
                section(html, "promises", "Every promise", |html| {
                    matrix::matrix(html, sheet)
                });
                masking::masking(html, sheet);
                let slos = match sheet.is_empty() {
                    true => Vec::new(),
                    false => sheet.by_slo(),
                };
                for (i, slo) in slos.into_iter().enumerate() {
                    self::slo(html, sheet, slo, &format!("slo-{}", i + 1));
                }
                history::left_out(html, sheet);
                if !sheet.is_empty() {
                    how_to_read(html);
                }
            });
            foot(html, sheet);
        },
    )
}

/// One SLO. Where a page must be brief, one that hurts nobody is a line that opens.
fn slo(html: &mut Html, sheet: &Sheet<'_>, verdicts: &[Verdict], id: &str) {
    let Some(first) = verdicts.first() else {
        return;
    };
    html.own("\n");
    let is_folded = sheet.is_long() && is_calm(verdicts);
    let class = if is_folded { "slo folded" } else { "slo" };
    html.element("section", &[("id", id), ("class", class)], |html| {
        if is_folded {
            html.element("details", &[("class", "calm")], |html| {
                html.element("summary", &[], |html| {
                    html.line("h2", &[], first.name.slo.as_str());
                    parts::badge(html, State::Ok, "kept");
                    if let Some(least) = least_left(verdicts) {
                        html.line("small", &[], &format!("least left: {least}"));
                    }
                });
                inside(html, sheet, verdicts);
            });
        } else {
            html.line("h2", &[], first.name.slo.as_str());
            inside(html, sheet, verdicts);
        }
    });
}

/// Whether every promise is kept and nothing alerts.
fn is_calm(verdicts: &[Verdict]) -> bool {
    verdicts
        .iter()
        .all(|verdict| verdict.pooled || series::state(verdict) == State::Ok)
}

/// `standard, 5.6%`.
fn least_left(verdicts: &[Verdict]) -> Option<String> {
    let left = |verdict: &Verdict| left_percent(verdict.budget).unwrap_or(100.0);
    let least = verdicts
        .iter()
        .filter(|verdict| !verdict.pooled)
        .min_by(|a, b| left(a).total_cmp(&left(b)))?;
    Some(format!("{}, {}", least.name.scope, series::left(least)?))
}

/// What an SLO promises, its objectives, and what its numbers leave out.
fn inside(html: &mut Html, sheet: &Sheet<'_>, verdicts: &[Verdict]) {
    if let Some(first) = verdicts.first() {
        introduction(html, sheet, first);
    }
    for objective in by_objective(verdicts) {
        let Some(first) = objective.first() else {
            continue;
        };
        html.element("div", &[("class", "objective")], |html| {
            html.line("h3", &[], first.name.objective.as_str());
            cards::cards(html, sheet, objective);
            days::strips(html, sheet, objective);
            burning::tiers(html, sheet, objective);
            html.element("div", &[("class", "pair")], |html| {
                worst::hours(html, sheet, objective);
                worst::causes(html, sheet, objective);
            });
            history::promises(html, sheet, objective);
            history::outside(html, sheet, objective);
            days::table(html, sheet, objective);
        });
    }
    history::notes_of(html, sheet, verdicts);
}

fn introduction(html: &mut Html, sheet: &Sheet<'_>, first: &Verdict) {
    let Some(slo) = sheet.desk.slo(first) else {
        return;
    };
    if let Some(outcome) = sheet.outcome(&slo.id) {
        html.line("p", &[("class", "outcome")], outcome);
    }
    let mut words = vec![match first.audience {
        attain_model::Audience::Customer => "Promised to customers".to_owned(),
        attain_model::Audience::Internal => format!("Internal, {} layer", first.layer.word()),
    }];
    words.extend(window_text(&sheet.desk, first));
    words.push(format!(
        "owned by {}",
        crate::status::owners(&sheet.desk, slo)
    ));
    html.element("p", &[("class", "about")], |html| {
        html.prose(&words.join(" \u{b7} "));
        if let Some(runbook) = &slo.runbook {
            html.text(" \u{b7} runbook ");
            parts::link_or_prose(html, runbook);
        }
    });
}

fn how_to_read(html: &mut Html) {
    section(html, "reading", "How to read this page", |html| {
        parts::notes(
            html,
            [
                "The budget is how much may fail: the share that the promise leaves, of everything counted in the window. \
                 Left of it: 100% at first, 0% when as much failed as may, below that the promise is broken.",
                "A burn rate says how many times faster than allowed the budget is spent; 1x for a whole window spends it exactly.",
                "In the days, a flat mark is a day without a bad event; higher: within what that day allowed, above it, more \
                 than 10 times above it. Amber is a day that took more than its share, red one on which the budget was \
                 overspent. A dot is a day without traffic.",
                "A bar is what is left of a budget, to the right of its tick; to the left of it, what is overspent.",
                "Hatched is not known. Missing data is never drawn as good.",
                "What is good to have is rounded down, so a broken promise never reads as kept. Exact counts: `attain report --format json`.",
            ],
        );
    });
}

fn foot(html: &mut Html, sheet: &Sheet<'_>) {
    html.element("footer", &[], |html| {
        html.text(&format!(
            "{} \u{b7} {} \u{b7} made by attain from counts; no script, no request to anywhere",
            sheet.title(),
            counted(sheet.by_slo().len() as u64, "SLO"),
        ));
    });
}

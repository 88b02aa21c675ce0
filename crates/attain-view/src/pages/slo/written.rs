//! What was promised and why, and how an SLO is written and counted.

use attain_model::slo::Slo;

use super::Definition;
use crate::html::Html;
use crate::html::parts::{self, section};

/// Commitments, evidence and reviews.
pub(super) fn promised(html: &mut Html, slo: &Slo) {
    let mut texts: Vec<String> = Vec::new();
    for objective in slo.objectives.values() {
        for term in &objective.terms {
            let goals: Vec<String> = term
                .targets
                .iter()
                .map(|(scope, goal)| format!("{scope} {goal}"))
                .collect();
            let since = term.since.map_or_else(
                || "from the beginning".to_owned(),
                |day| format!("since {day}"),
            );
            texts.push(format!(
                "Objective {}, {since}: {}",
                objective.id,
                goals.join(", ")
            ));
        }
    }
    for commitment in &slo.commitments {
        let goals: Vec<String> = commitment
            .targets
            .iter()
            .map(|(objective, targets)| {
                let goals: Vec<String> = match targets {
                    attain_model::slo::CommittedTargets::All(goal) => vec![goal.to_string()],
                    attain_model::slo::CommittedTargets::Segments(goals) => goals
                        .iter()
                        .map(|(segment, goal)| format!("{segment} {goal}"))
                        .collect(),
                };
                format!("{objective} {}", goals.join(", "))
            })
            .collect();
        let places = match commitment.published.as_slice() {
            [] => String::new(),
            places => format!(" ({})", places.join(", ")),
        };
        texts.push(format!(
            "Published since {}{places}: {}",
            commitment.since,
            goals.join("; ")
        ));
    }
    for evidence in &slo.evidence {
        if let attain_model::slo::Evidence::Statement { says, from, url } = evidence {
            let from = from
                .as_ref()
                .map_or_else(String::new, |from| format!(", {from}"));
            let url = url
                .as_ref()
                .map_or_else(String::new, |url| format!(" ({url})"));
            texts.push(format!("Evidence: {says}{from}{url}"));
        }
    }
    if let Some(day) = slo.reviewed {
        texts.push(format!("Last reviewed {day}"));
    }
    if let Some(text) = &slo.meta.description {
        texts.push(text.clone());
    }
    if texts.is_empty() {
        return;
    }
    section(html, "promised", "What was promised, and why", |html| {
        parts::notes(html, texts.iter().map(String::as_str));
    });
}

/// How it is written and counted, to copy.
pub(super) fn define(html: &mut Html, definition: &Definition) {
    if definition.yaml.is_empty() && definition.queries.is_empty() {
        return;
    }
    section(
        html,
        "definition",
        "How it is written and counted",
        |html| {
            if !definition.yaml.is_empty() {
                html.element("div", &[("class", "copied")], |html| {
                    html.line("h3", &[], &definition.place);
                    html.line(
                        "pre",
                        &[("tabindex", "0"), ("aria-label", "YAML")],
                        &definition.yaml,
                    );
                });
            }
            for (what, query) in &definition.queries {
                html.element("div", &[("class", "copied")], |html| {
                    html.line("h3", &[], what);
                    html.line("pre", &[("tabindex", "0"), ("aria-label", what)], query);
                });
            }
        },
    );
}

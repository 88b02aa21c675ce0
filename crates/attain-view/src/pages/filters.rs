//! How a reader chooses promises: by state with counts, by segment, by what the catalogue says, and in which groups. Knows
//! links and forms; which rows they leave is choose.rs's.

use std::collections::BTreeSet;

use attain_model::{Promises, Scope};

use super::choose::{self, Tally};
use super::frame::keep;
use super::{Ask, ask};
use crate::html::Html;
use crate::html::parts::{State, mark};
use crate::number::thousands;
use crate::report::top;

/// How many promises stand how, each a filter.
pub(super) fn states(html: &mut Html, tally: &Tally, ask: &Ask, path: &str) {
    let attributes = [
        ("class", "chips"),
        ("aria-label", "By state"),
        ("data-key", "states"),
    ];
    html.element("nav", &attributes, |html| {
        let chosen = ask.get("state").unwrap_or_default();
        let all = format!("{} promises", thousands(tally.promises()));
        chip(
            html,
            None,
            &all,
            &ask.with("state", "").with("in", "").to(path),
            chosen.is_empty(),
        );
        for state in State::ALL {
            let key = choose::state_key(state);
            let count = tally.count(state);
            if count > 0 || chosen == key {
                let word = format!("{} {}", thousands(count), top::word(state));
                let to = ask.with("state", key).with("in", "").to(path);
                chip(html, Some(state), &word, &to, chosen == key);
            }
        }
        if tally.masked > 0 || chosen == "masked" {
            let word = format!("{} not seen in all traffic", thousands(tally.masked));
            let to = ask.with("state", "masked").with("in", "").to(path);
            // They are counted among the others already: no state of their own, so no mark.
            chip(html, None, &word, &to, chosen == "masked");
        }
    });
}

fn chip(html: &mut Html, state: Option<State>, word: &str, to: &str, is_chosen: bool) {
    let class = state.map_or_else(
        || "chip".to_owned(),
        |state| format!("chip {}", state.class()),
    );
    let attributes = [
        ("class", &*class),
        ("href", to),
        ("aria-current", if is_chosen { "true" } else { "" }),
    ];
    html.element("a", &attributes, |html| {
        if let Some(state) = state {
            mark(html, state);
        }
        html.text(word);
    });
}

/// A page for each segment.
pub(super) fn segments(html: &mut Html, promises: &Promises, ask: &Ask, only: Option<&Scope>) {
    let segments = promises.catalogue().segments_by_rank();
    if segments.is_empty() {
        return;
    }
    html.element(
        "nav",
        &[("class", "chips"), ("aria-label", "By segment")],
        |html| {
            chip(html, None, "All segments", &ask.to("/"), only.is_none());
            for segment in segments {
                let scope = Scope::Segment(segment.id.clone());
                let to = ask.to(&ask::path("/segments/", segment.id.as_str()));
                chip(html, None, segment.id.as_str(), &to, only == Some(&scope));
            }
        },
    );
}

/// What else rows can be chosen by.
pub(super) fn filters(html: &mut Html, promises: &Promises, ask: &Ask, path: &str) {
    let slos = || promises.catalogue().slos.values();
    let teams: BTreeSet<&str> = slos()
        .flat_map(|slo| slo.owners.iter().map(|team| team.as_str()))
        .collect();
    let services: BTreeSet<&str> = slos().map(|slo| slo.service.as_str()).collect();
    let labels: BTreeSet<&str> = slos()
        .flat_map(|slo| slo.meta.labels.keys().map(String::as_str))
        .collect();
    let layers: BTreeSet<&str> = slos().map(|slo| slo.layer.word()).collect();
    let audiences: BTreeSet<&str> = slos().map(|slo| slo.audience.word()).collect();
    let mut ways: Vec<(String, String)> = choose::WAYS
        .iter()
        .map(|(key, word)| ((*key).to_owned(), (*word).to_owned()))
        .collect();
    ways.extend(
        labels
            .iter()
            .map(|label| (format!("label:{label}"), format!("label {label}"))),
    );
    let attributes = [("class", "filters"), ("action", path), ("method", "get")];
    html.element("form", &attributes, |html| {
        let mut kept = ask.everywhere();
        for key in ["q", "state"] {
            kept = kept.with(key, ask.get(key).unwrap_or_default());
        }
        keep(html, &kept);
        for (key, word, values) in [
            ("audience", "Audience", audiences),
            ("layer", "Layer", layers),
            ("team", "Team", teams),
            ("service", "Service", services),
        ] {
            let values: Vec<(String, String)> = std::iter::once((String::new(), "any".to_owned()))
                .chain(
                    values
                        .into_iter()
                        .map(|value| (value.to_owned(), value.to_owned())),
                )
                .collect();
            // One value is no choice.
            if values.len() > 2 || ask.get(key).is_some() {
                choice(html, key, word, &values, ask.get(key).unwrap_or_default());
            }
        }
        choice(
            html,
            "group",
            "Group by",
            &ways,
            ask.get("group").unwrap_or_default(),
        );
        html.own("<button type=submit class=tool>Show</button>");
        let is_filtered = ask.iter().any(|(key, _)| !["at", "zone"].contains(&key));
        if is_filtered {
            html.line(
                "a",
                &[("class", "tool"), ("href", &ask.everywhere().to(path))],
                "Reset",
            );
        }
    });
    if let Some(words) = ask.get("q") {
        html.element("p", &[("class", "hint")], |html| {
            html.text(&format!(
                "Only what has \u{201c}{words}\u{201d} in its name, service, owner or outcome. "
            ));
            html.line("a", &[("href", &ask.with("q", "").to(path))], "Show all");
        });
    }
}

fn choice(html: &mut Html, key: &str, word: &str, values: &[(String, String)], chosen: &str) {
    html.element("label", &[], |html| {
        html.text(word);
        html.element("select", &[("name", key)], |html| {
            for (value, word) in values {
                let selected = if value == chosen { "selected" } else { "" };
                // An empty value must be said: without it the text would be the value.
                if value.is_empty() {
                    html.own("<option value=\"\">");
                    html.text(word);
                    html.own("</option>");
                } else {
                    html.line("option", &[("value", value), ("selected", selected)], word);
                }
            }
        });
    });
}

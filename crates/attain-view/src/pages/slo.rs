//! One SLO in full: what is left for whom, how it came to that, what burned it, who owns it, how it is counted.

mod beside;
mod ranges;
mod rests;
mod written;

use attain_model::detail::Detail;
use attain_model::slo::Slo;
use attain_model::{Audience, SeriesName, SloId, Verdict};

use super::frame::{Here, frame};
use super::teach::teach;
use super::{Ask, Scene, Subject, ask, overview, place, sheet};
use crate::html::Html;
use crate::html::parts::{self, State, badge, disclosure, head, link_or_prose, section, table};
use crate::number;
use crate::report::{
    About, Sheet, burning, by_objective, cards, days, history, masking, series, top, worst,
};
use crate::status::is_promise;
use crate::status::shared::window_text;

/// How an SLO is written and counted, for whoever wants to take it elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// Where it stands: `shop/customer.yaml:5`.
    pub place: String,
    /// Its text in the catalogue.
    pub yaml: String,
    /// What is counted, in a language that other programs speak: what it is, and the query.
    pub queries: Vec<(String, String)>,
}

/// The page at `/slos/ID`; `None` if the catalogue has no such SLO. `?segment=` looks at one segment.
#[must_use]
pub fn slo(scene: &Scene<'_>, ask: &Ask, id: &SloId, definition: &Definition) -> Option<String> {
    let slo = scene.promises.catalogue().slos.get(id)?;
    let path = ask::path("/slos/", id.as_str());
    let subject = Subject {
        slo: Some(id),
        ..Subject::default()
    };
    let title = match super::hurt(scene, subject) {
        Some(hurt) => format!("! {id}: {hurt}"),
        None => id.to_string(),
    };
    Some(frame(scene, ask, Here::Elsewhere, &title, &path, |html| {
        let verdicts: Vec<Verdict> = scene
            .evaluation
            .into_iter()
            .flat_map(|evaluation| &evaluation.verdicts)
            .filter(|verdict| verdict.name.slo == *id)
            .cloned()
            .collect();
        let Some(evaluation) = scene.evaluation.filter(|_| !verdicts.is_empty()) else {
            html.line("h1", &[("class", "name")], id.as_str());
            introduction(html, scene, ask, slo, None);
            teach(html, scene, ask);
            return written::define(html, definition);
        };
        let about = About::default();
        let place = |name: &SeriesName| place(ask, name);
        let of_it = only(evaluation, id);
        let (since, details) = ranges::narrowed(scene, ask);
        let scene = &Scene {
            details: &details,
            ..*scene
        };
        let sheet = sheet(scene, &of_it, &about, &place);
        opening(html, scene, &sheet, ask, slo, &verdicts);
        choose(html, ask, &path, &verdicts);
        let chosen: Vec<Verdict> = match ask.get("segment") {
            Some(segment) => verdicts
                .iter()
                .filter(|verdict| verdict.name.scope.to_string() == segment)
                .cloned()
                .collect(),
            None => verdicts.clone(),
        };
        ranges::ranges(html, scene, ask, &path, since);
        cards::shared(html, &sheet);
        html.flat(|html| {
            for objective in by_objective(&chosen) {
                let all: Vec<&Verdict> = verdicts
                    .iter()
                    .filter(|other| {
                        objective
                            .first()
                            .is_some_and(|first| other.name.objective == first.name.objective)
                    })
                    .collect();
                one_objective(html, &sheet, objective, &all);
            }
        });
        masking::masking(html, &sheet);
        rests::rests_on(html, scene, ask, slo);
        let notes = history::about_slo(&sheet, id);
        if !notes.is_empty() {
            section(html, "data", "Notes on the data", |html| {
                parts::notes(html, notes.iter().map(String::as_str));
            });
        }
        written::promised(html, slo);
        written::define(html, definition);
    }))
}

fn only(evaluation: &attain_model::Evaluation, id: &SloId) -> attain_model::Evaluation {
    let mut of_it = evaluation.clone();
    crate::report::only(&mut of_it, &|other| other == id);
    of_it
}

/// Its name, then the sentence of it.
fn opening(
    html: &mut Html,
    scene: &Scene<'_>,
    sheet: &Sheet<'_>,
    ask: &Ask,
    slo: &Slo,
    verdicts: &[Verdict],
) {
    html.element("p", &[("class", "eyebrow crumb")], |html| {
        html.line("a", &[("href", &ask.everywhere().to("/"))], "Every promise");
        html.text(&format!(" / {}", slo.service));
    });
    html.element(
        "div",
        &[("class", "title"), ("data-key", "title")],
        |html| {
            html.line("h1", &[("class", "name")], slo.id.as_str());
            let mut states: Vec<(State, &'static str)> = verdicts
                .iter()
                .filter(|verdict| is_promise(verdict))
                .map(|verdict| (series::state(verdict), series::word(verdict)))
                .collect();
            states.sort();
            if let Some((state, word)) = states.first() {
                badge(html, *state, word);
            }
        },
    );
    introduction(
        html,
        scene,
        ask,
        slo,
        verdicts
            .first()
            .and_then(|first| window_text(&sheet.desk, first)),
    );
    html.element("div", &[("class", "now"), ("data-key", "now")], |html| {
        let first = top::First {
            heading: "h2",
            class: "wide second",
            is_of_slo: true,
            reader: top::Reader::OnCall,
        };
        top::summarised(html, sheet, first, |html| {
            overview::last(html, sheet, ask);
        });
    });
}

fn introduction(html: &mut Html, scene: &Scene<'_>, ask: &Ask, slo: &Slo, window: Option<String>) {
    if let Some(outcome) = &slo.outcome {
        html.line("p", &[("class", "outcome")], outcome);
    }
    html.element("p", &[("class", "about")], |html| {
        html.text(match slo.audience {
            Audience::Customer => "Promised to customers",
            Audience::Internal => "Internal",
        });
        html.text(&format!(", {} layer", slo.layer.word()));
        if let Some(window) = window {
            html.text(&format!(" \u{b7} {window}"));
        }
        html.text(" \u{b7} service ");
        let to = ask
            .everywhere()
            .with("service", slo.service.as_str())
            .to("/");
        html.line("a", &[("href", &to)], slo.service.as_str());
        html.text(" \u{b7} owned by ");
        let owners: Vec<_> = slo.owners.iter().collect();
        if owners.is_empty() {
            html.text("nobody");
        }
        for (i, team) in owners.into_iter().enumerate() {
            if i > 0 {
                html.text(", ");
            }
            let to = ask.everywhere().with("team", team.as_str()).to("/");
            html.line("a", &[("href", &to)], team.as_str());
            let oncall = scene
                .promises
                .catalogue()
                .teams
                .get(team)
                .and_then(|team| team.oncall.as_ref());
            if let Some(oncall) = oncall {
                html.text(&format!(" (on call: {oncall})"));
            }
        }
        if let Some(runbook) = &slo.runbook {
            html.text(" \u{b7} runbook ");
            link_or_prose(html, runbook);
        }
    });
}

/// All segments, or one of them.
fn choose(html: &mut Html, ask: &Ask, path: &str, verdicts: &[Verdict]) {
    let mut scopes: Vec<(String, State)> = Vec::new();
    for verdict in verdicts {
        let scope = verdict.name.scope.to_string();
        let state = series::state(verdict);
        match scopes.iter_mut().find(|(other, _)| *other == scope) {
            Some((_, worst)) => *worst = state.min(*worst),
            None => scopes.push((scope, state)),
        }
    }
    if scopes.len() < 2 {
        return;
    }
    let chosen = ask.get("segment").unwrap_or_default();
    html.element(
        "nav",
        &[
            ("class", "chips"),
            ("aria-label", "By segment"),
            ("data-key", "segments"),
        ],
        |html| {
            let current = |is: bool| if is { "true" } else { "" };
            let to = ask.with("segment", "").to(path);
            let attributes = [
                ("class", "chip"),
                ("href", &*to),
                ("aria-current", current(chosen.is_empty())),
            ];
            html.line("a", &attributes, "Side by side");
            for (scope, state) in &scopes {
                let to = ask.with("segment", scope).to(path);
                let class = format!("chip {}", state.class());
                let attributes = [
                    ("class", &*class),
                    ("href", &*to),
                    ("aria-current", current(chosen == scope)),
                ];
                html.element("a", &attributes, |html| {
                    parts::mark(html, *state);
                    html.text(scope);
                });
            }
        },
    );
}

fn one_objective(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict], all: &[&Verdict]) {
    let Some(first) = objective.first() else {
        return;
    };
    let id = format!("objective-{}", first.name.objective);
    let id = if is_plain(&id) { id } else { String::new() };
    html.element(
        "section",
        &[("class", "objective"), ("id", &id), ("data-key", &id)],
        |html| {
            html.line("h2", &[], first.name.objective.as_str());
            cards::cards(html, sheet, objective);
            beside::beside(html, sheet, all);
            days::strips(html, sheet, objective);
            burning::tiers(html, sheet, objective);
            html.element("div", &[("class", "pair")], |html| {
                worst::hours(html, sheet, objective);
                worst::causes(html, sheet, objective);
            });
            history::promises(html, sheet, objective);
            history::outside(html, sheet, objective);
            days::table(html, sheet, objective);
            points(html, sheet, objective);
        },
    );
}

/// The lines of a short window as a table.
fn points(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let drawn: Vec<(&Verdict, &Detail)> = objective
        .iter()
        .filter(|verdict| series::left(verdict).is_some())
        .filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?)))
        .filter(|(_, detail)| cards::is_short(detail) && detail.burn_down.len() > 1)
        .collect();
    let Some((_, longest)) = drawn
        .iter()
        .max_by_key(|(_, detail)| detail.burn_down.len())
    else {
        return;
    };
    disclosure(
        html,
        "The same as a table: the budget left over time",
        |html| {
            table(html, "by-day", "The budget left over time", |html| {
                let names: Vec<String> = drawn
                    .iter()
                    .map(|(verdict, _)| series::whose(verdict))
                    .collect();
                let names = names.iter().map(String::as_str);
                head(html, std::iter::once("at").chain(names), 1);
                html.element("tbody", &[], |html| {
                    for point in cards::said_points(longest) {
                        html.element("tr", &[], |html| {
                            let at = number::instant_of_year(point.at, sheet.desk.zone);
                            html.line("th", &[("scope", "row")], &at);
                            for (verdict, detail) in &drawn {
                                let same =
                                    detail.burn_down.iter().find(|other| other.at == point.at);
                                let left = same.and_then(|point| {
                                    cards::left_at(sheet, verdict, detail, point)
                                });
                                html.line("td", &[], left.as_deref().unwrap_or("-"));
                            }
                        });
                    }
                });
            });
        },
    );
}

/// Whether a name may be an id as it is.
fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

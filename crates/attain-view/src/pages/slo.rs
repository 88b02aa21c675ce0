//! One SLO in full: what is left for whom, how it came to that, what burned it, who owns it, how it is counted.

use attain_model::detail::Detail;
use attain_model::slo::{Dependency, Provider, Slo};
use attain_model::{Audience, Scope, SeriesName, SloId, Standing, Verdict};

use jiff::{SignedDuration, Timestamp};

use super::frame::{Here, frame};
use super::{Ask, Scene, ask, overview, place, sheet};
use crate::html::Html;
use crate::html::parts::{
    self, State, badge, block, disclosure, head, link_or_prose, section, table,
};
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
    Some(frame(
        scene,
        ask,
        Here::Elsewhere,
        id.as_str(),
        &path,
        |html| {
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
                overview::teach(html, scene, ask);
                return define(html, definition);
            };
            let about = About::default();
            let place = |name: &SeriesName| place(ask, name);
            let of_it = only(evaluation, id);
            let (since, details) = narrowed(scene, ask);
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
            ranges(html, scene, ask, &path, since);
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
            rests_on(html, scene, ask, slo);
            let notes = history::about_slo(&sheet, id);
            if !notes.is_empty() {
                section(html, "data", "Notes on the data", |html| {
                    parts::notes(html, notes.iter().map(String::as_str));
                });
            }
            promised(html, slo);
            define(html, definition);
        },
    ))
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
        };
        top::summarised(html, sheet, first);
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

/// Stretches before the instant that charts can be narrowed to.
const RANGES: [(&str, i64); 5] = [
    ("1h", 3_600),
    ("6h", 6 * 3_600),
    ("1d", 86_400),
    ("7d", 7 * 86_400),
    ("14d", 14 * 86_400),
];

/// What lies behind the series, in the stretch that is asked for; since when, if that is less than the window.
fn narrowed(scene: &Scene<'_>, ask: &Ask) -> (Option<Timestamp>, Vec<Detail>) {
    let mut details = scene.details.to_vec();
    let asked = ask
        .get("range")
        .and_then(|asked| RANGES.iter().find(|(word, _)| *word == asked));
    let until = scene.evaluation.map(|evaluation| evaluation.as_of.instant);
    let since = asked.zip(until).and_then(|((_, seconds), until)| {
        until.checked_sub(SignedDuration::from_secs(*seconds)).ok()
    });
    if let Some(since) = since {
        for detail in &mut details {
            detail.burn_down.retain(|point| point.at >= since);
            detail.days.retain(|day| day.interval.end > since);
            detail.worst_hours.retain(|hour| hour.interval.end > since);
            detail.silent.retain(|silent| silent.end > since);
        }
    }
    (since, details)
}

/// How far back charts look.
fn ranges(html: &mut Html, scene: &Scene<'_>, ask: &Ask, path: &str, since: Option<Timestamp>) {
    const POINTS_AT_LEAST: i64 = 5;
    let finest = scene
        .details
        .iter()
        .map(|detail| detail.step.as_secs())
        .max();
    let Some(step) = finest
        .and_then(|step| i64::try_from(step).ok())
        .filter(|step| *step > 0)
    else {
        return;
    };
    let window = scene
        .evaluation
        .into_iter()
        .flat_map(|evaluation| &evaluation.verdicts);
    let ids = scene.details.iter().map(|detail| &detail.name.slo).next();
    let window = window
        .filter(|verdict| Some(&verdict.name.slo) == ids)
        .map(|verdict| verdict.window.seconds())
        .max()
        .unwrap_or_default();
    let fits = |seconds: i64| seconds >= step * POINTS_AT_LEAST && seconds.unsigned_abs() < window;
    let shown: Vec<&(&str, i64)> = RANGES
        .iter()
        .filter(|(_, seconds)| fits(*seconds))
        .collect();
    if shown.is_empty() {
        return;
    }
    html.element(
        "nav",
        &[
            ("class", "chips ranges"),
            ("aria-label", "How far back charts look"),
        ],
        |html| {
            let chosen = if since.is_some() {
                ask.get("range").unwrap_or_default()
            } else {
                ""
            };
            let current = |is: bool| if is { "true" } else { "" };
            for (word, key) in shown
                .iter()
                .map(|(word, _)| (format!("last {word}"), *word))
                .chain([("whole window".to_owned(), "")])
            {
                let to = ask.with("range", key).to(path);
                let attributes = [
                    ("class", "chip"),
                    ("href", &*to),
                    ("aria-current", current(chosen == key)),
                ];
                html.line("a", &attributes, &word);
            }
        },
    );
    if since.is_some() {
        let text = "Charts, days and hours look at this stretch; budgets and causes stay those of the whole window.";
        html.line("p", &[("class", "hint")], text);
    }
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
            beside(html, sheet, all);
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

/// Each segment beside the aggregate: who fails how often, whose budget it is.
fn beside(html: &mut Html, sheet: &Sheet<'_>, all: &[&Verdict]) {
    if all.len() < 2 {
        return;
    }
    let aggregate = all.iter().find(|verdict| verdict.name.scope == Scope::All);
    let total = aggregate.map(|verdict| verdict.attainment.total());
    block(html, "beside", "Segments side by side", |html| {
        table(html, "sides-table", "Segments side by side", |html| {
            let names = [
                "segment",
                "state",
                "attained",
                "promised",
                "left",
                "bad",
                "of",
                "of all traffic",
                "fails, beside all",
            ];
            head(html, names, 2);
            html.element("tbody", &[], |html| {
                for verdict in all {
                    html.element("tr", &[], |html| {
                        html.line("th", &[("scope", "row")], &series::whose(verdict));
                        html.element("td", &[("class", "word")], |html| {
                            badge(html, series::state(verdict), series::word(verdict));
                        });
                        let none = || "-".to_owned();
                        let cells = [
                            series::attained(verdict).unwrap_or_else(none),
                            series::target(verdict),
                            series::left(verdict).map_or_else(none, |left| series::signed(&left)),
                            series::count(sheet, verdict, verdict.attainment.bad),
                            series::count(sheet, verdict, verdict.attainment.total()),
                            total
                                .and_then(|total| share(verdict, total))
                                .unwrap_or_else(none),
                            aggregate
                                .and_then(|all| ratio(verdict, all))
                                .unwrap_or_else(none),
                        ];
                        for cell in &cells {
                            html.line("td", &[], cell);
                        }
                    });
                }
            });
        });
    });
}

/// Its share of all events: `2.4%`.
fn share(verdict: &Verdict, total: u64) -> Option<String> {
    let own = verdict.attainment.total();
    if verdict.name.scope == Scope::All || total == 0 || own > total {
        return None;
    }
    let ppb = u128::from(own) * 1_000_000_000 / u128::from(total);
    Some(crate::status::headline::short_share(
        u32::try_from(ppb).ok()?,
    ))
}

/// How many times as often as all together its events are bad: `11.5x`.
fn ratio(verdict: &Verdict, all: &Verdict) -> Option<String> {
    if verdict.name.scope == Scope::All
        || all.attainment.bad == 0
        || verdict.attainment.total() == 0
    {
        return None;
    }
    let own = u128::from(verdict.attainment.bad).checked_mul(u128::from(all.attainment.total()))?;
    let whole =
        u128::from(all.attainment.bad).checked_mul(u128::from(verdict.attainment.total()))?;
    own.checked_mul(1_000_000)?
        .checked_div(whole)
        .map(number::times)
}

/// What it rests on, and what rests on it, with how they stand.
fn rests_on(html: &mut Html, scene: &Scene<'_>, ask: &Ask, slo: &Slo) {
    let catalogue = scene.promises.catalogue();
    let carried: Vec<&Slo> = catalogue
        .slos
        .values()
        .filter(|other| other.depends_on.iter().any(|edge| leads_to(edge, &slo.id)))
        .collect();
    if slo.depends_on.is_empty() && carried.is_empty() {
        return;
    }
    section(html, "cascade", "What it rests on", |html| {
        html.element("ul", &[("class", "notes rests")], |html| {
            for edge in &slo.depends_on {
                html.element("li", &[], |html| one_edge(html, scene, ask, edge));
            }
            for other in carried {
                html.element("li", &[], |html| {
                    html.text("carries ");
                    one_slo(html, scene, ask, &other.id);
                });
            }
        });
        html.element("p", &[("class", "also go")], |html| {
            let to = ask.everywhere().with("slo", slo.id.as_str()).to("/cascade");
            html.line(
                "a",
                &[("href", &to)],
                "What each part may cost and did cost, and who spent the budget",
            );
        });
    });
}

fn leads_to(edge: &Dependency, id: &SloId) -> bool {
    let direct = match &edge.on {
        Provider::Slo(on) => on == id,
        Provider::AnyOf { slos, .. } => slos.contains(id),
        Provider::External { .. } => false,
    };
    direct
        || edge
            .fallback
            .as_ref()
            .is_some_and(|fallback| fallback.slo == *id)
}

fn one_edge(html: &mut Html, scene: &Scene<'_>, ask: &Ask, edge: &Dependency) {
    match &edge.on {
        Provider::Slo(id) => one_slo(html, scene, ask, id),
        Provider::External { name, promised } => {
            html.text(&format!("{name}, outside: {promised} is promised to us"));
        }
        Provider::AnyOf { slos, need } => {
            html.text(&format!("{need} of "));
            for (i, id) in slos.iter().enumerate() {
                if i > 0 {
                    html.text(", ");
                }
                one_slo(html, scene, ask, id);
            }
        }
    }
    if edge.optional {
        html.text(" \u{b7} works without it");
    }
    if let Some(fallback) = &edge.fallback {
        html.text(" \u{b7} else ");
        one_slo(html, scene, ask, &fallback.slo);
    }
}

fn one_slo(html: &mut Html, scene: &Scene<'_>, ask: &Ask, id: &SloId) {
    let to = ask.everywhere().to(&ask::path("/slos/", id.as_str()));
    html.line("a", &[("href", &to)], id.as_str());
    html.text(" ");
    let verdicts = scene
        .evaluation
        .into_iter()
        .flat_map(|evaluation| &evaluation.verdicts);
    let worst = verdicts
        .filter(|verdict| verdict.name.slo == *id && is_promise(verdict))
        .map(|verdict| (series::state(verdict), series::word(verdict)))
        .min();
    match worst {
        Some((state, word)) => badge(html, state, word),
        None => badge(html, State::Unknown, Standing::Unknown.word()),
    }
}

/// Commitments, evidence and reviews.
fn promised(html: &mut Html, slo: &Slo) {
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
fn define(html: &mut Html, definition: &Definition) {
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

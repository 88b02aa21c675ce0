//! What an SLO rests on, and what rests on it: names and states. What that costs is the cascade's page.

use attain_model::slo::{Dependency, Provider, Slo};
use attain_model::{SloId, Standing};

use crate::html::Html;
use crate::html::parts::{State, badge, section};
use crate::pages::{Ask, Scene, ask};
use crate::report::series;
use crate::status::is_promise;

/// What it rests on, and what rests on it, with how they stand.
pub(super) fn rests_on(html: &mut Html, scene: &Scene<'_>, ask: &Ask, slo: &Slo) {
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

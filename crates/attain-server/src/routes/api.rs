//! The resources of the API: what is promised and how it stands, for programs.
//!
//! Knows which state of things an answer is of; the shapes are attain-view's.

pub(super) mod reports;
pub(super) mod status;

use std::sync::Arc;

use attain_model::Slo;
use attain_view::report::{self, report};
use attain_view::resources::{self, Filter, State as Stands, burn_down_json};
use attain_view::status::Run;
use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::guard::Question;
use super::parameters::Asked;
use super::problem::Problem;
use super::seen::Seen;
use crate::app::{App, instant_is, notes, reading};
use crate::asked::burning;

/// SLOs of one page unless said.
const PAGE: usize = 100;

/// What an answer is: JSON, or why not.
pub(super) type Answer = Result<Response, Problem>;

/// The list of SLOs.
pub(super) async fn slos(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Answer {
    let seen = app.seen_of(published, asked.instant("at")).await?;
    let own = |name| asked.text(name).map(str::to_owned);
    let filter = Filter {
        team: own("team"),
        layer: own("layer"),
        audience: own("audience"),
        segment: own("segment"),
        state: asked.text("state").and_then(Stands::of),
        q: own("q"),
    };
    let limit = asked.number("limit").unwrap_or(PAGE);
    let (promises, evaluation) = (seen.promises(), &seen.evaluation);
    let cursor = asked.text("cursor");
    Ok(json(resources::slos_json(
        promises, evaluation, &filter, cursor, limit,
    )))
}

/// One SLO: what a report says of it.
pub(super) async fn slo(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Answer {
    let seen = app.seen_of(published, asked.instant("at")).await?;
    let slo = slo_of(&seen, &asked)?;
    let names = seen.names(|id| *id == slo.id);
    let details = app.details(&seen, &names).await?;
    let about = about(&app, &seen, vec![slo.id.clone()]);
    Ok(json(
        report(seen.promises(), &seen.evaluation, &details, &about).json(),
    ))
}

/// Points of a burn-down unless said: 30 days, an hour each.
const POINTS: usize = 720;

/// The burn-down of one SLO alone.
pub(super) async fn burn_down(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Answer {
    let seen = app.seen_of(published, asked.instant("at")).await?;
    let slo = slo_of(&seen, &asked)?;
    let points = asked.number("points").unwrap_or(POINTS);
    let evaluation = &seen.evaluation;
    let say = |hours: &burning::Hours| burn_down_json(evaluation, &slo.id, hours, points);
    let asking = &app.asking;
    let said = asking.burn_down(&seen.published, evaluation, slo, points, say);
    Ok(json(said.await?))
}

/// The segments.
pub(super) async fn segments(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Answer {
    let seen = app.seen_of(published, asked.instant("at")).await?;
    Ok(json(resources::segments_json(
        seen.promises(),
        &seen.evaluation,
    )))
}

/// The catalogue in force.
pub(super) async fn catalogue(
    State(app): State<Arc<App>>,
    Extension(Question { published, .. }): Extension<Question>,
) -> Response {
    let in_force = &published.catalogue;
    json(resources::catalogue_json(
        &published.promises,
        &resources::InForce {
            sha256: &in_force.sha256,
            since: &in_force.since.to_string(),
            refused: in_force.refused.as_deref(),
            reloads: in_force.reloads,
            refusals: in_force.refusals,
            sources: &in_force.text.sources,
            findings: &published.findings(app.clock.now()),
        },
    ))
}

/// What the server knows about a report beside the numbers.
fn about(app: &App, seen: &Seen, slos: Vec<attain_model::SloId>) -> report::About {
    report::About {
        title: None,
        run: Run {
            instant_is: seen.is_live.then(|| instant_is(&seen.published)),
            notes: notes(app, &seen.published),
            ..Run::default()
        },
        data: None,
        reading: reading(app, &seen.published),
        slos,
    }
}

/// The SLO that is asked about.
fn slo_of<'s>(seen: &'s Seen, asked: &Asked) -> Result<&'s Slo, Problem> {
    let id = asked.text("slo").unwrap_or_default();
    let slo = seen.promises().catalogue().slos.get(id);
    slo.ok_or_else(|| no_such_slo(id))
}

fn no_such_slo(id: &str) -> Problem {
    Problem::not_found(format!("there is no SLO `{id}` in this catalogue"))
        .hint("/api/v1/slos names them")
}

fn json(text: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

//! What promises rest on, and who spent their budgets, for programs: the documents of `attain cascade --format json` and
//! `attain why --format json`.

use std::collections::BTreeMap;
use std::sync::Arc;

use attain_cascade::why::{NothingPromised, series};
use attain_cascade::{Choice, chosen, counted, resting};
use attain_model::{Slo, SloId};
use attain_view::cascade::{Shown, json};
use attain_view::number;
use attain_view::why::why_json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;

use super::App;
use super::problem::Problem;
use super::seen::Seen;

#[derive(serde::Deserialize)]
pub(super) struct Asked {
    slo: Option<String>,
    objective: Option<String>,
    segment: Option<String>,
    since: Option<String>,
    at: Option<String>,
}

impl Asked {
    async fn seen(&self, app: &App) -> Result<Seen, Problem> {
        app.seen(instant("at", self.at.as_deref())?).await
    }
}

/// What promises rest on: those of one SLO, or of all that customers were promised.
pub(super) async fn cascade(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let seen = asked.seen(&app).await?;
    let catalogue = seen.promises().catalogue();
    let day = day(&seen);
    let slos = match &asked.slo {
        Some(id) => vec![known(&seen, id)?],
        None => resting(catalogue, day),
    };
    let choice = Choice {
        objective: asked.objective.as_deref(),
        segment: asked.segment.as_deref(),
    };
    let counts = counted(&seen.evaluation);
    let explained = chosen(catalogue, &slos, choice, day, &counts);
    let at = number::instant(seen.as_of().instant, &catalogue.timezone);
    let over = format!("over the window of each SLO, as of {at}");
    let text = json::json(&Shown {
        catalogue,
        explained: &explained,
        counted: (!counts.is_empty()).then_some(over.as_str()),
        together: &BTreeMap::new(),
    });
    Ok(answer(text))
}

/// Who spent the budget of an SLO in the last loss before the instant, or since another.
pub(super) async fn why(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let seen = asked.seen(&app).await?;
    let since = instant("since", asked.since.as_deref())?;
    if since.is_some_and(|since| since >= seen.as_of().instant) {
        let why = "since is not before the instant that is asked about";
        return Err(Problem::parameter(why).hint("name both: since=2026-11-02T14:00:00Z&at=…"));
    }
    let Some(id) = &asked.slo else {
        let why = "slo is missing: whose budget?";
        return Err(Problem::parameter(why).hint("/api/v1/status names them all"));
    };
    let slo = known(&seen, id)?.id.clone();
    let (objective, segment) = (asked.objective.as_deref(), asked.segment.as_deref());
    let names = series(seen.promises(), day(&seen), &slo, objective, segment);
    let names = names.map_err(|nothing| promises_nothing(&slo, &nothing))?;
    let why = app
        .asking
        .why(&seen.published, &seen.evaluation, &names, since);
    Ok(answer(why_json(&*why.await?)))
}

fn known<'s>(seen: &'s Seen, id: &str) -> Result<&'s Slo, Problem> {
    seen.promises().catalogue().slos.get(id).ok_or_else(|| {
        let why = format!("there is no SLO `{id}` in this catalogue");
        Problem::not_found(why).hint("/api/v1/status names them all")
    })
}

fn promises_nothing(slo: &SloId, nothing: &NothingPromised) -> Problem {
    let objectives: Vec<&str> = nothing.objectives.iter().map(|id| id.as_str()).collect();
    let why = format!("{slo} promises nothing to what is asked about");
    Problem::not_found(why).hint(format!(
        "objectives: {}; segments: {}",
        objectives.join(", "),
        nothing.scopes.join(", ")
    ))
}

/// The day of what is seen, in the catalogue's zone.
pub(super) fn day(seen: &Seen) -> Date {
    let zone = seen.promises().catalogue().timezone.clone();
    seen.as_of().instant.to_zoned(zone).date()
}

fn instant(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let at = text.map(str::parse::<Timestamp>).transpose();
    at.map_err(|error| Problem::parameter(format!("{name}: {error}")))
}

fn answer(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

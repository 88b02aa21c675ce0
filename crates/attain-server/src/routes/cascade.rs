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
use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;

use super::guard::Question;
use super::problem::Problem;
use super::seen::Seen;
use crate::app::App;

/// What promises rest on: those of one SLO, or of all that customers were promised.
pub(super) async fn cascade(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Result<Response, Problem> {
    let seen = app.seen_of(published, asked.instant("at")).await?;
    let catalogue = seen.promises().catalogue();
    let day = day(&seen);
    let slos = match asked.text("slo") {
        Some(id) => vec![known(&seen, id)?],
        None => resting(catalogue, day),
    };
    let choice = Choice {
        objective: asked.text("objective"),
        segment: asked.text("segment"),
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
    Extension(Question { asked, published }): Extension<Question>,
) -> Result<Response, Problem> {
    let seen = app.seen_of(published, asked.instant("at")).await?;
    let since = asked.instant("since");
    if since.is_some_and(|since| since >= seen.as_of().instant) {
        let why = "since is not before the instant that is asked about";
        return Err(Problem::not_found(why).hint("name both: since=2026-11-02T14:00:00Z&at=…"));
    }
    let slo = known(&seen, asked.text("slo").unwrap_or_default())?
        .id
        .clone();
    let (objective, segment) = (asked.text("objective"), asked.text("segment"));
    let names = series(seen.promises(), day(&seen), &slo, objective, segment);
    let names = names.map_err(|nothing| promises_nothing(&slo, &nothing))?;
    let why = match since {
        None => app.who_spent(&seen, &names).await?,
        Some(_) => {
            let (published, evaluation) = (&seen.published, &seen.evaluation);
            let why = app.asking.why(published, evaluation, &names, since);
            why.await?
        }
    };
    Ok(answer(why_json(&why)))
}

fn known<'s>(seen: &'s Seen, id: &str) -> Result<&'s Slo, Problem> {
    seen.promises().catalogue().slos.get(id).ok_or_else(|| {
        let why = format!("there is no SLO `{id}` in this catalogue");
        Problem::not_found(why).hint("/api/v1/slos names them")
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

fn answer(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

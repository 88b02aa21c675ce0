//! The resources of the API: what is promised and how it stands, for programs.

use std::sync::Arc;

use attain_view::report::{self, report};
use attain_view::status::Run;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::problem::Problem;
use super::{App, notes, reading};

#[derive(serde::Deserialize)]
pub(super) struct Asked {
    at: Option<String>,
}

/// One SLO: what a report says of it.
pub(super) async fn slo(
    State(app): State<Arc<App>>,
    Path(slo): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let at = asked.at.map(|at| at.parse::<Timestamp>()).transpose();
    let at = at.map_err(|error| Problem::parameter(format!("at: {error}")))?;
    let seen = app.seen(at).await?;
    let Some(slo) = seen.promises().catalogue().slos.get(slo.as_str()) else {
        let why = format!("there is no SLO `{slo}` in this catalogue");
        return Err(Problem::not_found(why).hint("/api/v1/status names them all"));
    };
    let names = seen.names(|id| *id == slo.id);
    let details = app.details(&seen, &names).await?;
    let about = report::About {
        title: None,
        run: Run {
            instant_is: seen.is_live.then(|| "the last closed slice".to_owned()),
            notes: notes(&seen.published),
            ..Run::default()
        },
        data: None,
        reading: reading(&app),
        slos: vec![slo.id.clone()],
    };
    let text = report(seen.promises(), &seen.evaluation, &details, &about).json();
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

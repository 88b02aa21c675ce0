//! What people forward: the report of some SLOs, and the statement of a past period.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attain_engine::Period;
use attain_model::{Audience, SloId};
use attain_view::html::page;
use attain_view::report::report;
use attain_view::statement::{document, markdown, text};
use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{Answer, about, json, no_such_slo};
use crate::app::App;
use crate::published::Published;
use crate::routes::guard::Question;
use crate::routes::parameters::Asked;
use crate::routes::problem::Problem;

/// SLOs of one answer.
const AT_MOST: usize = 100;

/// The report.
pub(in crate::routes) async fn report_of(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Answer {
    let named = named(&asked, &published)?;
    let seen = app.seen_of(published, asked.instant("at")).await?;
    let names = seen.names(|id| named.is_empty() || named.contains(id));
    bounded(&names.iter().map(|name| &name.slo).collect())?;
    let details = app.details(&seen, &names).await?;
    let about = about(&app, &seen, named);
    let report = report(seen.promises(), &seen.evaluation, &details, &about);
    Ok(match asked.text("format") {
        Some("html") => {
            let policy = format!(
                "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                page::STYLE_HASH
            );
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
                (header::CONTENT_SECURITY_POLICY, policy),
            ];
            (headers, report.html()).into_response()
        }
        Some("markdown") => as_text("text/markdown; charset=utf-8", report.markdown()),
        _ => json(report.json()),
    })
}

/// The statement.
pub(in crate::routes) async fn statement_of(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Answer {
    let only = named(&asked, &published)?;
    let zone = published.promises.catalogue().timezone.clone();
    let period = match asked.text("period") {
        Some(text) => period(text)?,
        None => {
            let today = app.clock.now().to_zoned(zone).date();
            let last_month = today.first_of_month().yesterday().unwrap_or(today);
            period(&last_month.strftime("%Y-%m").to_string())?
        }
    };
    let slos = match only.is_empty() {
        false => only.clone(),
        true => {
            let slos = published.promises.catalogue().slos.values();
            let promised = slos.filter(|slo| slo.audience == Audience::Customer);
            promised.map(|slo| slo.id.clone()).collect()
        }
    };
    bounded(&slos.iter().collect())?;
    let stated = app
        .asking
        .statement(&published, &period, only, slos)
        .await?;
    let sha256 = published.catalogue.sha256.clone();
    let inputs = BTreeMap::from([("catalogue sha256".to_owned(), sha256)]);
    Ok(match asked.text("format") {
        Some("markdown") => as_text("text/markdown; charset=utf-8", markdown(&stated, &inputs)),
        Some("text") => as_text("text/plain; charset=utf-8", text(&stated, &inputs)),
        _ => json(document(&stated, &inputs)),
    })
}

/// What is written as a period and has a day that does not exist, or ends before it begins, is none.
fn period(text: &str) -> Result<Period, Problem> {
    Period::parse(text).map_err(|error| Problem::not_found(error.to_string()))
}

/// The SLOs that are named; all of them are there.
fn named(asked: &Asked, published: &Published) -> Result<Vec<SloId>, Problem> {
    let catalogue = published.promises.catalogue();
    let named: BTreeSet<&str> = asked.texts("slo").collect();
    match named.iter().find(|id| !catalogue.slos.contains_key(**id)) {
        Some(id) => Err(no_such_slo(id)),
        None => Ok(named.into_iter().map(SloId::new).collect()),
    }
}

fn bounded(slos: &BTreeSet<&SloId>) -> Result<(), Problem> {
    if slos.len() <= AT_MOST {
        return Ok(());
    }
    let why = format!(
        "{} SLOs are more than the {AT_MOST} of one answer",
        slos.len()
    );
    Err(Problem::parameter(why).hint("name some with slo, once for each"))
}

fn as_text(form: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, form)], text).into_response()
}

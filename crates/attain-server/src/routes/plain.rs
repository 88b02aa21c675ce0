//! Answers for people at a terminal and for whoever restarts and scrapes: what is served, alive, ready, metrics.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::table::{Sort, TABLE};
use crate::app::App;
use crate::metrics;

/// What is served here.
pub(super) fn index() -> String {
    let mut text = "attain keeps reliability promises.\n\n".to_owned();
    for row in TABLE
        .iter()
        .filter(|row| row.sort != Sort::Foreign && !row.about.is_empty())
    {
        let about = row.about.split(['.', ';', ':']).next().unwrap_or_default();
        let _ = writeln!(text, "{:4} {:28} {about}", row.method, row.path);
    }
    text.push_str("POST /api/v1/write[/SOURCE]       Prometheus remote write\n");
    text.push_str("POST /v1/metrics[/SOURCE]         OpenTelemetry metrics over HTTP; over gRPC on the same port\n");
    text
}

/// Alive as long as it can answer.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Ready while what arrives is taken.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let is_ready = app.ready.load(Ordering::Relaxed) && !app.jobs.is_closed();
    let disk = app.published.borrow().core.disk.clone();
    match (is_ready, disk) {
        (true, None) => "ready\n".into_response(),
        (true, Some(why)) => {
            let why = format!("not ready: nothing can be kept: {why}\n");
            (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
        (false, _) => {
            let why = "not ready: starting or stopping\n";
            (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
    }
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = metrics::page(&app);
    let form = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, form)], text).into_response()
}

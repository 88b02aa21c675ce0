//! What is answered to which path: every row of table.rs goes through front.rs and guard.rs to its handler. Knows HTTP; what
//! is behind each answer is elsewhere.

mod api;
mod cascade;
mod events;
mod front;
pub(crate) mod guard;
pub(crate) mod openapi;
mod otlp;
mod pages;
pub(crate) mod parameters;
mod plain;
pub(crate) mod problem;
mod receive;
pub(crate) mod seen;
pub(crate) mod table;
mod write;

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, header};
use axum::{Router, middleware};

use crate::app::App;

/// Everything that is served.
pub(crate) fn router(app: Arc<App>) -> Router {
    let rows = table::TABLE.iter();
    let router = rows.fold(Router::new(), |router, row| {
        let state = (Arc::clone(&app), row);
        let guarded = middleware::from_fn_with_state(state, guard::guard);
        router.route(row.path, (row.handler)().layer(guarded))
    });
    router
        .fallback(front::nothing)
        .method_not_allowed_fallback(front::not_so)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            front::front,
        ))
        .with_state(app)
}

/// Said with every 503.
pub(crate) fn retry_after() -> [(HeaderName, HeaderValue); 1] {
    [(header::RETRY_AFTER, HeaderValue::from_static("1"))]
}

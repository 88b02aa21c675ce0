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
use std::sync::atomic::{AtomicBool, Ordering};

use attain_view::status_json::{ReadSource, Reading};
use axum::http::{HeaderName, HeaderValue, header};
use axum::{Router, middleware};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::access::Access;
use crate::asked::Asking;
use crate::clock::Clock;
use crate::config::Limits;
use crate::core::Job;
use crate::events::Events;
use crate::gate::Gates;
use crate::metrics::Counters;
use crate::published::Published;

/// Bytes of one permit of the room for requests.
pub(crate) const ROOM_UNIT: usize = 1024;

/// What every request needs.
pub(crate) struct App {
    pub(crate) limits: Limits,
    pub(crate) slice_seconds: u32,
    /// Who may.
    pub(crate) access: Access,
    pub(crate) gates: Arc<Gates>,
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) published: watch::Receiver<Arc<Published>>,
    /// For what needs the counts themselves.
    pub(crate) asking: Asking,
    pub(crate) events: Arc<Events>,
    /// Places of those who listen to events.
    pub(crate) listeners: Arc<Semaphore>,
    /// Turns true when the server stops: what has no end of its own ends then.
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) ready: AtomicBool,
    /// Room for requests, in permits of [`ROOM_UNIT`] bytes.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) runtime: Handle,
    pub(crate) counters: Counters,
}

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

/// What a reader of the status should know about the server that says it.
pub(crate) fn notes(published: &Published) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(why) = &published.core.disk {
        notes.push(format!("nothing can be kept at the moment: {why}"));
    }
    if let Some(why) = &published.catalogue.refused {
        let first = why.lines().next().unwrap_or_default();
        notes.push(format!(
            "the catalogue's files have changed and are not in force: {first}"
        ));
    }
    for (source, why) in &published.core.trouble {
        notes.push(format!("source {source}: {why}"));
    }
    notes
}

/// What was received of each source that sends samples.
pub(crate) fn reading(app: &App) -> Reading {
    let open = app.gates.open();
    let sources = open.values().map(|gate| {
        let entry = &gate.entry;
        ReadSource {
            source: gate.source.to_string(),
            supported: true,
            lines: entry.accepted.load(Ordering::Relaxed) + entry.refused.load(Ordering::Relaxed),
            unparsed: entry.refused.load(Ordering::Relaxed),
            ..ReadSource::default()
        }
    });
    Reading {
        sources: sources.collect(),
    }
}

/// Said with every 503.
pub(crate) fn retry_after() -> [(HeaderName, HeaderValue); 1] {
    [(header::RETRY_AFTER, HeaderValue::from_static("1"))]
}

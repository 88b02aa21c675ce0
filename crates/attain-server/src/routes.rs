//! What is answered to which path. Knows HTTP; what is behind each answer is elsewhere.

mod api;
mod cascade;
mod events;
mod otlp;
mod pages;
pub(crate) mod problem;
mod receive;
pub(crate) mod seen;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attain_model::policy::Urgency;
use attain_model::source::SourceKind;
use attain_model::verdict::AlertState;
use attain_model::{Evaluation, Standing};
use attain_view::Look;
use attain_view::status::{Run, status};
use attain_view::status_json::{ReadSource, Reading, status_json};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::asked::Asking;
use crate::clock::Clock;
use crate::config::Limits;
use crate::core::Job;
use crate::events::Events;
use crate::gate::{Gates, Way};
use crate::metrics::{self, Counters};
use crate::published::Published;

/// Bytes of one permit of the room for requests.
pub(crate) const ROOM_UNIT: usize = 1024;

/// What `attain status` would exit with.
const EXIT: HeaderName = HeaderName::from_static("attain-exit");

/// What every request needs.
pub(crate) struct App {
    pub(crate) limits: Limits,
    pub(crate) slice_seconds: u32,
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
    Router::new()
        .route("/", get(pages::overview))
        .route("/segments/{segment}", get(pages::segment))
        .route("/slos/{slo}", get(pages::slo))
        .route("/catalogue", get(pages::catalogue))
        .route("/reports", get(pages::reports))
        .route("/reports/{pack}", get(pages::pack))
        .route("/assets/live.js", get(pages::script))
        .route("/favicon.ico", get(pages::icon))
        .route("/livez", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_page))
        .route("/api/v1/status", get(status_page))
        .route("/api/v1/slos/{slo}", get(api::slo))
        .route("/api/v1/cascade", get(cascade::cascade))
        .route("/api/v1/why", get(cascade::why))
        .route("/api/v1/server", get(server_page))
        .route("/api/v1/events", get(events::events))
        .route("/api/v1/write", post(write::write))
        .route("/api/v1/write/{source}", post(write::write_to))
        .route("/v1/metrics", post(otlp::metrics))
        .route("/v1/metrics/{source}", post(otlp::metrics_of))
        .route(EXPORT, post(otlp::export))
        .with_state(app)
}

/// What an exporter over gRPC calls.
const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// What is said at `/` to who does not ask for a page.
const INDEX: &str = "\
attain keeps reliability promises.

GET  /api/v1/status                what every promise comes to, as JSON; ?format=human for people
GET  /api/v1/cascade               what promises rest on, and what each part costs; ?slo=
GET  /api/v1/why?slo=SLO           who spent its budget
GET  /api/v1/server                which catalogue is in force, and how the server is doing
GET  /api/v1/events                what happens, as server-sent events: every tick, every other catalogue
GET  /metrics                      for Prometheus
GET  /livez, /readyz               for whoever restarts it, and for whoever sends to it
POST /api/v1/write[/SOURCE]        Prometheus remote write
POST /v1/metrics[/SOURCE]          OpenTelemetry metrics over HTTP; over gRPC on the same port
";

/// Alive as long as it can answer.
async fn alive() -> &'static str {
    "alive\n"
}

/// Ready while what arrives is taken.
async fn ready(State(app): State<Arc<App>>) -> Response {
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

async fn metrics_page(State(app): State<Arc<App>>) -> Response {
    let text = metrics::page(&app);
    let form = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, form)], text).into_response()
}

#[derive(serde::Deserialize)]
struct Asked {
    format: Option<String>,
    width: Option<usize>,
    color: Option<bool>,
}

async fn status_page(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Response {
    let published = Arc::clone(&app.published.borrow());
    let Some(judged) = &published.judged else {
        let why = "nothing was judged yet: ask again in a few seconds\n";
        return (StatusCode::SERVICE_UNAVAILABLE, retry_after(), why).into_response();
    };
    let (promises, evaluation) = (&published.promises, &judged.evaluation);
    let mut headers = HeaderMap::new();
    headers.insert(EXIT, HeaderValue::from(u16::from(exit_of(evaluation))));
    let (form, text) = match asked.format.as_deref() {
        None | Some("json") => {
            let reading = reading(&app);
            (
                "application/json",
                status_json(promises, evaluation, &reading),
            )
        }
        Some("human") => {
            let look = Look {
                width: asked.width.unwrap_or(Look::plain().width).min(1000),
                color: asked.color.unwrap_or(false),
                ..Look::plain()
            };
            let run = Run {
                instant_is: Some("the last closed slice".to_owned()),
                notes: notes(&published),
                ..Run::default()
            };
            (
                "text/plain; charset=utf-8",
                status(promises, evaluation, &run, &look),
            )
        }
        Some(_) => {
            let why = "format is json or human\n";
            return (StatusCode::BAD_REQUEST, why).into_response();
        }
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form));
    (headers, text).into_response()
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

async fn server_page(State(app): State<Arc<App>>) -> Response {
    let published = Arc::clone(&app.published.borrow());
    let (catalogue, core) = (&published.catalogue, &published.core);
    let open = app.gates.open();
    let mut sources: Vec<_> = open
        .values()
        .map(|gate| {
            serde_json::json!({
                "source": gate.source.as_str(),
                "way": match gate.way {
                    Way::RemoteWrite => "remote_write",
                    Way::Otlp => "otlp",
                    Way::Scrape => "scrape",
                },
                "samples": gate.entry.accepted.load(Ordering::Relaxed),
                "refused": gate.entry.refused.load(Ordering::Relaxed),
                "unmatched": gate.entry.unmatched.load(Ordering::Relaxed),
                "series": gate.entry.series.load(Ordering::Relaxed),
                "overflowing": gate.entry.overflowing.load(Ordering::Relaxed),
                "newest": gate.newest().map(|newest| newest.to_string()),
                "trouble": core.trouble.get(&gate.source),
            })
        })
        .collect();
    // Pulled sources have no gate: nobody sends them anything.
    let pulled = published.promises.catalogue().sources.values();
    let pulled = pulled.filter(|source| matches!(source.kind, SourceKind::Prometheus { .. }));
    sources.extend(pulled.map(|source| {
        serde_json::json!({
            "source": source.id.as_str(),
            "way": "pull",
            "trouble": core.trouble.get(&source.id),
        })
    }));
    let judged = published.judged.as_ref();
    let page = serde_json::json!({
        "version": 1,
        "catalogue": {
            "name": published.promises.catalogue().name,
            "sha256": catalogue.sha256,
            "since": catalogue.since.to_string(),
            "reloads": catalogue.reloads,
            "refused": catalogue.refused,
            "refusals": catalogue.refusals,
        },
        "judged_until": judged.map(|judged| judged.until.to_string()),
        "slices_judged": core.slices,
        "lag_seconds": core.lag.as_secs(),
        "disk": core.disk,
        "clock_off_seconds": core.clock_off.map(|by| by.as_secs()),
        "sources": sources,
    });
    let form = [(header::CONTENT_TYPE, "application/json")];
    (form, format!("{page:#}\n")).into_response()
}

/// As `attain status` exits: a broken promise or a page outweighs an unknown one.
fn exit_of(evaluation: &Evaluation) -> u8 {
    let promises = || evaluation.verdicts.iter().filter(|verdict| !verdict.pooled);
    let is_paging = promises().flat_map(|verdict| &verdict.alerts).any(|alert| {
        alert.urgency == Urgency::Page && matches!(alert.state, AlertState::Firing(_))
    });
    let is = |standing| promises().any(|verdict| verdict.standing == standing);
    if is(Standing::Breached) || is_paging || !evaluation.masked.is_empty() {
        1
    } else if is(Standing::Unknown) || (is(Standing::NoTraffic) && !is(Standing::Met)) {
        3
    } else {
        0
    }
}

/// Said with every 503.
pub(crate) fn retry_after() -> [(HeaderName, HeaderValue); 1] {
    [(header::RETRY_AFTER, HeaderValue::from_static("1"))]
}

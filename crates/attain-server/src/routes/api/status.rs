//! How everything stands in one answer: the promises, and the server itself.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use attain_model::policy::Urgency;
use attain_model::source::SourceKind;
use attain_model::verdict::AlertState;
use attain_model::{Catalogue, Evaluation, SloId, Standing};
use attain_view::Look;
use attain_view::status::{Run, losing, losing_now as text_of_losing, status as text_of};
use attain_view::status_json::status_json;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::{Answer, json};
use crate::app::{App, instant_is, notes, reading};
use crate::core::pulled_delay;
use crate::gate::Way;
use crate::metrics::LATELY;
use crate::routes::guard::Question;
use crate::routes::problem::Problem;
use crate::routes::seen::Seen;

/// What `attain status` would exit with.
const EXIT: HeaderName = HeaderName::from_static("attain-exit");

/// SLOs that are named to whoever asked for another.
const NAMED: usize = 20;

/// What every promise comes to.
pub(in crate::routes) async fn status(
    State(app): State<Arc<App>>,
    Extension(Question { asked, published }): Extension<Question>,
) -> Answer {
    let seen = app.seen_of(published, asked.instant("at")).await?;
    let promises = seen.promises();
    let slos: Vec<&str> = asked.texts("slo").collect();
    let evaluation = &only(&seen.evaluation, promises.catalogue(), &slos)?;
    let mut response = match asked.text("format") {
        Some("human") => {
            let look = Look {
                width: asked.number("width").unwrap_or(Look::plain().width),
                color: asked.flag("color"),
                ..Look::plain()
            };
            let run = Run {
                instant_is: seen.is_live.then(|| instant_is(&seen.published)),
                notes: notes(&app, &seen.published),
                losing: losing_now(&app, &seen, evaluation).await,
                ..Run::default()
            };
            let text = text_of(promises, evaluation, &run, &look);
            let form = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (form, text).into_response()
        }
        _ => json(status_json(
            promises,
            evaluation,
            &reading(&app, &seen.published),
        )),
    };
    let exit = HeaderValue::from(u16::from(exit_of(evaluation)));
    response.headers_mut().insert(EXIT, exit);
    Ok(response)
}

/// How long a status waits for who loses budget: it is worked out all the same, and the next one has it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who loses budget right now; nothing where nobody does.
async fn losing_now(app: &Arc<App>, seen: &Seen, evaluation: &Evaluation) -> Option<String> {
    let names = losing(evaluation);
    if names.is_empty() {
        return None;
    }
    let (app, asked) = (Arc::clone(app), seen.clone());
    let working = tokio::spawn(async move { app.who_spent(&asked, &names).await.ok() });
    let why = tokio::time::timeout(PATIENCE, working).await;
    let zone = &seen.promises().catalogue().timezone;
    text_of_losing(evaluation, &*why.ok()?.ok()??, zone)
}

/// What is said of some SLOs, or of all if none is named, as `attain status --slo` says it.
fn only<'e>(
    evaluation: &'e Evaluation,
    catalogue: &Catalogue,
    slos: &[&str],
) -> Result<Cow<'e, Evaluation>, Problem> {
    if slos.is_empty() {
        return Ok(Cow::Borrowed(evaluation));
    }
    if let Some(id) = slos.iter().find(|id| !catalogue.slos.contains_key(**id)) {
        let has: Vec<&str> = catalogue
            .slos
            .keys()
            .map(|id| id.as_str())
            .take(NAMED)
            .collect();
        let why = format!("there is no SLO `{id}` in this catalogue");
        return Err(Problem::not_found(why).hint(format!("it has {}", has.join(", "))));
    }
    let is_asked = |id: &SloId| slos.contains(&id.as_str());
    let mut some = evaluation.clone();
    some.verdicts.retain(|verdict| is_asked(&verdict.name.slo));
    some.masked.retain(|masked| is_asked(&masked.name.slo));
    some.untagged.retain(|untagged| is_asked(&untagged.slo));
    // A gap is about a source, an SLO or one of its series.
    let whose = |about: &str| about.split('/').next().unwrap_or_default().to_owned();
    some.gaps.retain(|gap| {
        let whose = whose(&gap.about);
        !catalogue.slos.contains_key(whose.as_str()) || slos.contains(&whose.as_str())
    });
    Ok(Cow::Owned(some))
}

/// How the server is doing.
pub(in crate::routes) async fn server(
    State(app): State<Arc<App>>,
    Extension(Question { published, .. }): Extension<Question>,
) -> Response {
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
                "histograms_twice": gate.entry.histograms_twice.load(Ordering::Relaxed),
                "newest": gate.newest().map(|newest| newest.to_string()),
                "trouble": core.trouble.get(&gate.source),
            })
        })
        .collect();
    // What is read and pulled has no gate: nobody sends it anything.
    let catalogue_in_force = published.promises.catalogue();
    for source in catalogue_in_force.sources.values() {
        let way = match source.kind {
            SourceKind::Prometheus(_) => "pull",
            SourceKind::Log(_) | SourceKind::Csv(_) => "files",
            _ => continue,
        };
        let reads = core.reads.get(&source.id).copied().unwrap_or_default();
        let mut told = serde_json::json!({
            "source": source.id.as_str(),
            "way": way,
            "events": reads.events,
            "newest": reads.newest.map(|newest| newest.to_string()),
            "trouble": core.trouble.get(&source.id),
        });
        if way == "pull" {
            told["delay_seconds"] = pulled_delay(source, &core.delays).as_secs().into();
            told["delay_is_written"] = source.delay.is_some().into();
            told["late"] = core.late.get(&source.id).cloned().into();
        }
        sources.push(told);
    }
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
        "slice_seconds": app.slice_seconds,
        "judged_until": judged.map(|judged| judged.until.to_string()),
        "slices_judged": core.slices,
        "lag_seconds": core.lag.as_secs(),
        "judged_after_seconds": core.judged_after.as_secs(),
        "turned_away": {
            "within_seconds": LATELY.as_secs(),
            "remote_write": app.counters.turned_away(Way::RemoteWrite),
            "otlp": app.counters.turned_away(Way::Otlp),
        },
        "disk": core.disk,
        "clock_off_seconds": core.clock_off.map(|by| by.as_secs()),
        "sources": sources,
    });
    json(format!("{page:#}\n"))
}

/// What arrived: a sample, for whoever looks for what is wrong with it.
pub(in crate::routes) async fn heard(State(app): State<Arc<App>>) -> Response {
    let open = app.gates.open();
    let sources = open.values().map(|gate| {
        let heard = gate.entry().heard();
        let series = heard.series.into_iter().map(|series| {
            serde_json::json!({
                "metric": series.metric,
                "labels": series.labels,
                "is_whole": series.is_whole,
            })
        });
        serde_json::json!({
            "source": gate.source.as_str(),
            "series": series.collect::<Vec<_>>(),
            "labels": heard.labels,
            "others": heard.others,
        })
    });
    let page = serde_json::json!({"version": 1, "sources": sources.collect::<Vec<_>>()});
    json(format!("{page}\n"))
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

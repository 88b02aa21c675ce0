//! Prometheus remote write 1.0: which answer says what to a sender.
//!
//! 204 is: all of it is on disk. 400 is: it is on disk but for what the text names, and sending that again would not help.
//! 503 is: nothing is kept, send it again.

use std::sync::Arc;

use attain_sources::live::{Intake, Outcome};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::receive::{self, Refusal};
use super::retry_after;
use crate::app::App;
use crate::gate::Way;

pub(super) async fn write(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    answer(&app, take(&app, None, &headers, body).await)
}

pub(super) async fn write_to(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer(&app, take(&app, Some(&source), &headers, body).await)
}

async fn take(
    app: &Arc<App>,
    named: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Outcome, Answer> {
    if let Some(why) = another_form(headers) {
        return Err(Answer::Form(why));
    }
    let (gate, mut sent) = receive::read(app, Way::RemoteWrite, named, headers, body).await?;
    let unpacked = attain_wire::snappy::declared(&sent.body).map_err(Refusal::Wire)?;
    if unpacked <= app.limits.unpacked_bytes {
        sent.take_room(app, unpacked)?;
    }
    let outcome = receive::keep(app, gate, sent, unpacked, Ok, Intake::remote_write).await?;
    Ok(outcome)
}

enum Answer {
    Form(String),
    Refused(Refusal),
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Answer::Refused(refusal)
    }
}

fn answer(app: &App, taken: Result<Outcome, Answer>) -> Response {
    let response = match taken {
        Ok(outcome) if outcome.refused == 0 => StatusCode::NO_CONTENT.into_response(),
        Ok(outcome) => {
            let text = format!(
                "{} samples taken, {} refused: {}\n",
                outcome.accepted,
                outcome.refused,
                outcome.reasons.join("; ")
            );
            (StatusCode::BAD_REQUEST, text).into_response()
        }
        Err(Answer::Form(why)) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, why + "\n").into_response(),
        Err(Answer::Refused(refusal)) => {
            let text = refusal.says(Way::RemoteWrite) + "\n";
            let status = match refusal.status() {
                // A sender gives up on 400 and goes on with the next; some repeat 413 forever.
                StatusCode::PAYLOAD_TOO_LARGE if matches!(refusal, Refusal::Wire(_)) => {
                    StatusCode::BAD_REQUEST
                }
                status => status,
            };
            if status == StatusCode::SERVICE_UNAVAILABLE {
                (status, retry_after(), text).into_response()
            } else {
                (status, text).into_response()
            }
        }
    };
    app.counters
        .answered(Way::RemoteWrite, response.status().as_u16());
    response
}

/// The message of remote write 2.0. Its answer is 415, upon which the specification has a sender go back to 1.0.
const SECOND: &str = "io.prometheus.write.v2.Request";

/// What is not remote write 1.0. Senders that say nothing are taken at their bytes.
fn another_form(headers: &HeaderMap) -> Option<String> {
    let says = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let form = says(header::CONTENT_TYPE).unwrap_or("application/x-protobuf");
    let mut parts = form.split(';').map(str::trim);
    let is_protobuf = parts.next() == Some("application/x-protobuf");
    let is_first = parts.all(|part| {
        part.strip_prefix("proto=")
            .is_none_or(|proto| proto == "prometheus.WriteRequest")
    });
    if is_protobuf && form.contains(SECOND) {
        return Some(format!(
            "remote write 2.0 ({SECOND}) is not taken: send remote write 1.0, which is `protobuf_message: \
             prometheus.WriteRequest` at this URL in prometheus.yml"
        ));
    }
    if !is_protobuf || !is_first {
        return Some(format!(
            "{form} is not taken: send remote write 1.0 (application/x-protobuf)"
        ));
    }
    let encoding = says(header::CONTENT_ENCODING).unwrap_or("snappy");
    (encoding != "snappy").then(|| format!("content encoding {encoding} is not taken: send snappy"))
}

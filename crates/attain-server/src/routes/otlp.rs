//! OpenTelemetry metrics over HTTP and over gRPC, on the same port: which answer says what to an exporter.
//!
//! 200 with a partial success is: it is on disk but for so many points, and sending these again would not help. 503 and
//! UNAVAILABLE are: nothing is kept, send it again. A service with one unary method is a message of five bytes more and a
//! trailer, so that there is no gRPC stack here.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use attain_sources::live::{Intake, Outcome};
use attain_wire::otlp;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::Frame;

use super::receive::{self, Refusal};
use super::retry_after;
use crate::app::App;
use crate::gate::{Closed, Way};

/// JSON becomes a tree of several times its size.
const JSON_SHARE: usize = 4;

/// How a request is written, and so its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Protobuf,
    Json,
}

pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    over_http(&app, None, &headers, body).await
}

pub(super) async fn metrics_of(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    over_http(&app, Some(&source), &headers, body).await
}

async fn over_http(
    app: &Arc<App>,
    named: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let form = match says(headers, header::CONTENT_TYPE).map(media_type) {
        None | Some("application/x-protobuf") => Form::Protobuf,
        Some("application/json") => Form::Json,
        Some(other) => {
            let why =
                format!("{other} is not taken: send application/x-protobuf or application/json\n");
            app.counters.answered(Way::Otlp, 415);
            return (StatusCode::UNSUPPORTED_MEDIA_TYPE, why).into_response();
        }
    };
    let taken = match encoding(headers, header::CONTENT_ENCODING) {
        Ok(is_packed) => take(app, named, headers, body, form, is_packed).await,
        Err(refusal) => Err(refusal),
    };
    let response = match taken {
        Ok(outcome) => accepted(form, &outcome),
        Err(refusal) => refused(form, &refusal),
    };
    app.counters.answered(Way::Otlp, response.status().as_u16());
    response
}

/// Reads, unpacks, decodes and keeps a request.
async fn take(
    app: &Arc<App>,
    named: Option<&str>,
    headers: &HeaderMap,
    body: Body,
    form: Form,
    is_packed: bool,
) -> Result<Outcome, Refusal> {
    let (gate, mut sent) = receive::read(app, Way::Otlp, named, headers, body).await?;
    let limit = match form {
        Form::Protobuf => app.limits.unpacked_bytes,
        Form::Json => app.limits.unpacked_bytes / JSON_SHARE,
    };
    if is_packed {
        sent = receive::gunzip(app, sent, limit).await?;
    } else if sent.body.len() > limit {
        return Err(Refusal::TooLarge(limit));
    }
    if form == Form::Json {
        let tree = sent.body.len() * JSON_SHARE;
        sent.take_room(app, tree)?;
    }
    let bytes = sent.body.len();
    match form {
        Form::Protobuf => receive::keep(app, gate, sent, bytes, Ok, Intake::otlp).await,
        Form::Json => {
            let prepare = |body: Vec<u8>| otlp::from_json(&body);
            receive::keep(app, gate, sent, bytes * JSON_SHARE, prepare, Intake::otlp).await
        }
    }
}

fn accepted(form: Form, outcome: &Outcome) -> Response {
    let why = outcome.reasons.join("; ");
    match form {
        Form::Protobuf => typed(form, otlp::accepted_protobuf(outcome.refused, &why)),
        Form::Json => typed(form, otlp::accepted_json(outcome.refused, &why)),
    }
}

fn refused(form: Form, refusal: &Refusal) -> Response {
    let (code, why) = (code_of(refusal), refusal.says(Way::Otlp));
    let body = match form {
        Form::Protobuf => typed(form, otlp::failed_protobuf(code, &why)),
        Form::Json => typed(form, otlp::failed_json(code, &why)),
    };
    let status = refusal.status();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        (status, retry_after(), body).into_response()
    } else {
        (status, body).into_response()
    }
}

fn typed(form: Form, body: impl Into<Body>) -> Response {
    let name = match form {
        Form::Protobuf => "application/x-protobuf",
        Form::Json => "application/json",
    };
    ([(header::CONTENT_TYPE, name)], body.into()).into_response()
}

/// `MetricsService/Export`.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let taken = exported(&app, &headers, body).await;
    app.counters.answered(
        Way::Otlp,
        taken.as_ref().map_or_else(|r| r.status().as_u16(), |_| 200),
    );
    match taken {
        Ok(outcome) => {
            let why = outcome.reasons.join("; ");
            let message = otlp::accepted_protobuf(outcome.refused, &why);
            let mut framed = Vec::with_capacity(message.len() + PREFIX);
            framed.push(0);
            framed.extend((message.len() as u32).to_be_bytes());
            framed.extend(message);
            grpc(Unary::of(framed), None)
        }
        Err(refusal) => grpc(Unary::default(), Some(&refusal)),
    }
}

/// A byte that says whether a message is packed, and four of its length.
const PREFIX: usize = 5;

async fn exported(app: &Arc<App>, headers: &HeaderMap, body: Body) -> Result<Outcome, Refusal> {
    let (gate, mut sent) = receive::read(app, Way::Otlp, None, headers, body).await?;
    let Some((prefix, message)) = sent.body.split_first_chunk::<PREFIX>() else {
        return Err(Refusal::Unreadable("the message has no length".to_owned()));
    };
    let [flag, length @ ..] = *prefix;
    if u32::from_be_bytes(length) as usize != message.len() {
        return Err(Refusal::Unreadable(
            "the message is not as long as it says".to_owned(),
        ));
    }
    sent.body.drain(..PREFIX);
    let limit = app.limits.unpacked_bytes;
    let is_packed = match flag {
        0 => false,
        _ => encoding(headers, HeaderName::from_static("grpc-encoding"))?,
    };
    if is_packed {
        sent = receive::gunzip(app, sent, limit).await?;
    } else if sent.body.len() > limit {
        return Err(Refusal::TooLarge(limit));
    }
    let bytes = sent.body.len();
    receive::keep(app, gate, sent, bytes, Ok, Intake::otlp).await
}

/// An answer of gRPC is always 200; how it went stands in the trailers, or in the head of an answer without a message.
fn grpc(body: Unary, refusal: Option<&Refusal>) -> Response {
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    if let Some(refusal) = refusal {
        headers.insert(GRPC_STATUS, HeaderValue::from(code_of(refusal)));
        let why = percent(&refusal.says(Way::Otlp));
        if let Ok(why) = HeaderValue::from_str(&why) {
            headers.insert(HeaderName::from_static("grpc-message"), why);
        }
    }
    response
}

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// One message and the trailer that ends it; or nothing.
#[derive(Default)]
struct Unary {
    message: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Unary {
    fn of(message: Vec<u8>) -> Self {
        let ok = (GRPC_STATUS, HeaderValue::from_static("0"));
        Self {
            message: Some(message.into()),
            trailers: Some(HeaderMap::from_iter([ok])),
        }
    }
}

impl hyper::body::Body for Unary {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let message = self.message.take().map(Frame::data);
        let frame = message.or_else(|| self.trailers.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.message.is_none() && self.trailers.is_none()
    }
}

/// The code of gRPC. An exporter tries again what is UNAVAILABLE.
fn code_of(refusal: &Refusal) -> u32 {
    const INVALID_ARGUMENT: u32 = 3;
    const NOT_FOUND: u32 = 5;
    const RESOURCE_EXHAUSTED: u32 = 8;
    const INTERNAL: u32 = 13;
    const UNAVAILABLE: u32 = 14;
    const UNAUTHENTICATED: u32 = 16;
    match refusal {
        Refusal::Closed(Closed::Token) => UNAUTHENTICATED,
        Refusal::Closed(Closed::NoSource | Closed::NoSuchSource(_)) => NOT_FOUND,
        Refusal::Closed(Closed::WhichSource(_)) => INVALID_ARGUMENT,
        Refusal::TooLarge(_) => RESOURCE_EXHAUSTED,
        Refusal::Wire(_) | Refusal::Unreadable(_) => INVALID_ARGUMENT,
        Refusal::Broke(_) | Refusal::Busy(_) => UNAVAILABLE,
        Refusal::Bug => INTERNAL,
    }
}

/// Whether a body is packed.
fn encoding(headers: &HeaderMap, name: HeaderName) -> Result<bool, Refusal> {
    match says(headers, name) {
        None | Some("identity") => Ok(false),
        Some("gzip") => Ok(true),
        Some(other) => Err(Refusal::Unreadable(format!(
            "encoding {other} is not taken: send gzip, or as it is"
        ))),
    }
}

fn says(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// Text as a header of gRPC has it.
fn percent(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => said.push(char::from(byte)),
            other => said.push_str(&format!("%{other:02X}")),
        }
    }
    said
}

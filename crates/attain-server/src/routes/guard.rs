//! What every request to a row passes before its handler: may it, is it understood, is there anything new. Knows the rows
//! and HTTP; what is answered is the handler's.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::parameters::Asked;
use super::problem::Problem;
use super::table::{Route, Sort, Who};
use crate::access::Denied;
use crate::app::{App, notes};
use crate::published::Published;
use crate::tokens::Scope;

/// Bytes of a path.
const PATH_BYTES: usize = 8 << 10;
/// Bytes of what stands behind it: every parameter as large as it may be, each byte written as three.
const QUERY_BYTES: usize = 60_000;
/// Bytes of a body that nobody reads.
const BODY_BYTES: u64 = 64 << 10;

/// What a handler of the API is given.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) asked: Asked,
    /// What was known when the request came: all of the answer is of it.
    pub(crate) published: Arc<Published>,
}

pub(super) async fn guard(
    State((app, row)): State<(Arc<App>, &'static Route)>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(refusal) = refused(&app, row, request.headers()) {
        return refusal;
    }
    if !row.sort.is_api() {
        return next.run(request).await;
    }
    let published = Arc::clone(&app.published.borrow());
    let asked = match understood(row, path, &request) {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    let tag = (row.sort == Sort::OfTick).then(|| tag(&app, &published, &request));
    if let Some(tag) = &tag
        && knows(request.headers(), tag)
    {
        return with_tag(StatusCode::NOT_MODIFIED.into_response(), tag);
    }
    request
        .extensions_mut()
        .insert(Question { asked, published });
    let response = next.run(request).await;
    match tag {
        Some(tag) if response.status() == StatusCode::OK => with_tag(response, &tag),
        _ => response,
    }
}

/// Why whoever asks may not.
fn refused(app: &App, row: &Route, headers: &HeaderMap) -> Option<Response> {
    let Who::Bearer(scope) = row.who else {
        return None;
    };
    match app.access.may(headers, scope).err()? {
        Denied::Unknown => {
            let mut response = unauthorized().into_response();
            let asks = match row.sort {
                // A browser asks its user; a program must not.
                Sort::Page => {
                    "Basic realm=\"attain: any name, and a token as password\", charset=\"UTF-8\""
                }
                _ => "Bearer realm=\"attain\"",
            };
            let asks = HeaderValue::from_static(asks);
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, asks);
            Some(response)
        }
        Denied::Beyond(has) => Some(beyond(has, scope).into_response()),
    }
}

fn unauthorized() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token",
        "a token is needed, and this is none that opens anything",
    )
    .hint("send `Authorization: Bearer TOKEN`; `attain token new --data DIR` makes one")
}

fn beyond(has: Scope, needed: Scope) -> Problem {
    let why = format!(
        "this needs the scope {}, and what was shown has {}",
        needed.word(),
        has.word()
    );
    Problem::new(StatusCode::FORBIDDEN, "scope", why)
}

fn understood(
    row: &Route,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: &Request,
) -> Result<Asked, Problem> {
    let headers = request.headers();
    let uri = request.uri();
    if uri.path().len() > PATH_BYTES {
        let why = format!("the path is longer than {PATH_BYTES} bytes");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "too-long", why));
    }
    if uri.query().is_some_and(|query| query.len() > QUERY_BYTES) {
        let why = format!("the parameters are longer than {QUERY_BYTES} bytes");
        return Err(Problem::parameter(why));
    }
    let declared = headers.get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if matches!(request.method(), &Method::GET | &Method::HEAD)
        && declared.is_some_and(|declared| declared > BODY_BYTES)
    {
        let why = "nobody reads a body here, least of all one so large";
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            why,
        ));
    }
    if !is_acceptable(headers, row) {
        let offers: Vec<&str> = row.answers.iter().map(|(media, _)| *media).collect();
        let why = "the request accepts nothing that is answered here";
        return Err(
            Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", why)
                .hint(format!("accept {}", offers.join(" or "))),
        );
    }
    let path = path.map_err(|_| Problem::not_found("the path is not UTF-8"))?;
    Asked::read(row.parameters, &path, uri)
}

/// Whether one of the media types that a row answers is among those accepted.
fn is_acceptable(headers: &HeaderMap, row: &Route) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().peekable();
    if accepted.peek().is_none() || row.answers.is_empty() {
        return true;
    }
    let ranges = accepted.filter_map(|value| value.to_str().ok());
    let mut ranges = ranges.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_refused = parts.any(|part| {
            let quality = part.strip_prefix("q=").or(part.strip_prefix("Q="));
            quality.and_then(|quality| quality.parse::<f32>().ok()) == Some(0.0)
        });
        let fits = |media: &str| {
            let media = media.split(';').next().unwrap_or(media);
            let whole = media.split('/').next().unwrap_or(media);
            range == media || range == "*/*" || range.strip_suffix("/*") == Some(whole)
        };
        // A problem may come instead of any answer.
        !is_refused && row.answers.iter().any(|(media, _)| fits(media))
    })
}

/// Says which answer it is: the same as long as the tick, the catalogue, what is wrong with the server and the question are.
fn tag(app: &App, published: &Published, request: &Request) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    let moment = |at: Timestamp| at.as_nanosecond().to_le_bytes();
    let judged = published.judged.as_ref();
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(&judged.map_or([0; 16], |judged| moment(judged.until)));
    add(published.catalogue.sha256.as_bytes());
    add(&moment(published.catalogue.since));
    let refused = published.catalogue.refused.as_deref();
    add(refused.unwrap_or_default().as_bytes());
    let notes = notes(app, published);
    notes.iter().for_each(|note| add(note.as_bytes()));
    let uri = request.uri();
    let path = uri.path_and_query().map_or("", |whole| whole.as_str());
    add(path.as_bytes());
    // Weak: how many samples were read goes on between two ticks.
    let mut tag = String::from("W/\"");
    for byte in hash.finalize().iter().take(12) {
        for half in [byte >> 4, byte & 15] {
            tag.push(char::from(DIGITS[usize::from(half)]));
        }
    }
    tag.push('"');
    tag
}

/// Whether the request says that it has this answer already.
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut known = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let opaque = tag.trim_start_matches("W/");
    known.any(|one| one == "*" || one.trim_start_matches("W/") == opaque)
}

fn with_tag(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    let each_time = HeaderValue::from_static("private, no-cache");
    headers.insert(header::CACHE_CONTROL, each_time);
    let by = HeaderValue::from_static("accept, authorization");
    headers.insert(header::VARY, by);
    response
}

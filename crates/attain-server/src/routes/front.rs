//! What holds for every request, whatever its path: from where it may come, and what every answer says to a browser.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::pages;
use super::problem::Problem;
use crate::app::App;
use crate::tokens::Scope;

/// What every answer says, unless it says something else itself.
const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

pub(super) async fn front(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match comes_from(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    response
}

/// Refuses what somebody else's page has a browser send.
///
/// - A page of any site can make its own name mean 127.0.0.1. As long as everything here is open to this machine, only
///   names that always mean this machine are answered to.
/// - What changes something must not come from another site.
fn comes_from(app: &App, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| headers.get(header::HOST)?.to_str().ok());
    let is_read = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    );
    let origin = headers.get(header::ORIGIN);
    if is_read {
        return match host {
            Some(host) if app.access.is_open() && !is_loopback(host) => Err(misdirected(host)),
            _ => Ok(()),
        };
    }
    // Programs that send telemetry name no origin; browsers always do.
    let Some(origin) = origin else {
        return Ok(());
    };
    let from = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    let is_own = from.is_some_and(|(_, from)| Some(from) == host);
    let is_from_here = is_own && (!app.access.is_open() || host.is_some_and(is_loopback));
    if is_from_here {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "cross-origin",
        "a page of another site sent this",
    ))
}

fn misdirected(host: &str) -> Problem {
    let shown: String = host.chars().take(100).collect();
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "host",
        format!("`{shown}` is no name of this machine itself, and everything is open here"),
    )
    .hint(
        "ask for 127.0.0.1 or localhost; behind a proxy make a token (attain token new --data DIR), then any name will do",
    )
}

/// Whether a host, with or without its port, always means the machine itself.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.trim_end_matches('.');
    match name.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => {
            let name = name.to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// Nothing is served there: a page for a browser that may read pages, for others a document.
pub(super) async fn nothing(State(app): State<Arc<App>>, request: Request) -> Response {
    let path: String = request.uri().path().chars().take(100).collect();
    let headers = request.headers();
    let is_api = path.starts_with("/api/") || path.starts_with("/v1/");
    if !is_api && wants_page(headers) && app.access.may(headers, Scope::Read).is_ok() {
        return pages::nothing(app, headers.clone(), &path).await;
    }
    Problem::not_found(format!("nothing is served at {path}"))
        .hint("/ names what is")
        .into_response()
}

/// Whether whoever asks is a browser, which says so; other programs take anything.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT);
    let accepts = accepts.and_then(|accept| accept.to_str().ok());
    accepts.is_some_and(|accept| accept.contains("text/html"))
}

/// Something is served there, but not so.
pub(super) async fn not_so(request: Request) -> Problem {
    let why = format!("{} is not answered here", request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", why)
        .hint("the header Allow names what is")
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_that_always_mean_this_machine_are_loopback() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "a.localhost:7878",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:7878",
            "localhost.",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:7878",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "10.0.0.1:7878",
            "[::2]:1",
            "notlocalhost",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

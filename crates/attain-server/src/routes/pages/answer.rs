//! How a page is answered: what it may do, how it is kept, and packed where that is worth it. Knows headers, no page.

use std::io::Write as _;

use attain_view::pages;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Pages shorter than this are sent as they are.
const WORTH_PACKING: usize = 2_000;
/// Text with the headers of pages: what it may do, how it is kept, and packed if that is worth it and wanted.
pub(super) fn answer(
    asked: &HeaderMap,
    status: StatusCode,
    kind: &'static str,
    text: String,
) -> Response {
    let hash = Sha256::digest(text.as_bytes());
    let tag: String = hash
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("W/\"{tag}\"");
    let policy = format!("{}; frame-ancestors 'none'", pages::policy());
    let mut headers = HeaderMap::new();
    let mut put = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_SECURITY_POLICY, &policy);
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::REFERRER_POLICY, "no-referrer");
    put(header::CACHE_CONTROL, "no-cache");
    put(header::VARY, "accept, accept-encoding");
    put(header::ETAG, &tag);
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok());
    if status == StatusCode::OK
        && known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag))
    {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let encodings = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|known| known.to_str().ok());
    if text.len() >= WORTH_PACKING
        && encodings.is_some_and(|known| known.contains("gzip"))
        && let Some(packed) = packed(&text)
    {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return (status, headers, packed).into_response();
    }
    (status, headers, text).into_response()
}

fn packed(text: &str) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok()
}

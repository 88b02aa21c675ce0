//! One page over HTTP: what answered, with which status, and what time it is there. Knows no protocol above that.

use std::io::Read as _;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::doctor::seen::{Answered, Unreached};

/// Who looks for trouble does not wait for long.
pub const WITHIN: Duration = Duration::from_secs(10);
/// Larger than any page that is asked for here.
const BYTES_AT_MOST: u64 = 64 << 20;

/// What came back.
pub struct Fetched {
    pub status: u16,
    pub body: Vec<u8>,
    pub answered: Answered,
    /// Its own clock, to the second.
    pub date: Option<Timestamp>,
}

/// Asks for a page. Whatever answers is an answer, but for 401 and 403.
pub fn fetch(
    url: &str,
    headers: &[(String, String)],
    query: &[(&str, &str)],
) -> Result<Fetched, Unreached> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(WITHIN))
        .http_status_as_error(false)
        .user_agent(concat!("attain/", env!("CARGO_PKG_VERSION")))
        .build();
    let mut request = ureq::Agent::from(config).get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let (begun, before) = (Instant::now(), Timestamp::now());
    let mut response = request
        .query_pairs(query.iter().copied())
        .call()
        .map_err(|error| Unreached::Away(error.to_string()))?;
    let took = begun.elapsed();
    let status = response.status().as_u16();
    if status == 401 || status == 403 {
        return Err(Unreached::Refused(status));
    }
    let date = response.headers().get("date");
    let date = date.and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let date = date.map(|date| date.timestamp());
    let mut body = Vec::new();
    let reader = response.body_mut().as_reader();
    reader
        .take(BYTES_AT_MOST)
        .read_to_end(&mut body)
        .map_err(|error| Unreached::Away(format!("the answer broke off: {error}")))?;
    let half = i64::try_from(took.as_millis()).unwrap_or(i64::MAX) / 2;
    // A date is cut to the second: on average it is half a second later.
    let ahead_ms = date.map(|date| date.as_millisecond() + 500 - before.as_millisecond() - half);
    Ok(Fetched {
        status,
        body,
        answered: Answered { ahead_ms, took },
        date,
    })
}

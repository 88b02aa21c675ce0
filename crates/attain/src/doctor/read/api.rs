//! A Prometheus-compatible API, greeted and asked what it has of what the catalogue wants; how, is attain_sources::fit's.
//! Judges nothing.

use std::time::Duration;

use attain_model::source::Source;
use attain_sources::fit::{Asking, Wanted};
use attain_sources::pull::{HttpApi, Puller, Trouble, lines_in};

use super::http::{WITHIN, fetch};
use crate::doctor::seen::{ApiSeen, Unreached};

/// What is said with each question.
pub struct Reach {
    pub url: String,
    pub headers: Vec<(String, String)>,
}

/// Asks for everything that is wanted.
pub fn api(reach: &Reach, source: &Source, wanted: &[Wanted], puller: &Puller) -> ApiSeen {
    let mut seen = ApiSeen {
        url: reach.url.clone(),
        reached: Err(Unreached::Away(String::new())),
        held_back: Duration::ZERO,
        metrics: Vec::new(),
    };
    seen.reached = greet(reach, &mut seen.held_back);
    if seen.reached.is_err() {
        return seen;
    }
    let mut api = HttpApi::new(&reach.url, Some(WITHIN));
    for (name, value) in &reach.headers {
        api = api.with_header(name, value);
    }
    let mut asking = Asking::new(&api, source);
    for wanted in wanted {
        match asking.whole(wanted, puller) {
            Ok(metric) => seen.metrics.extend(metric),
            Err(trouble) => {
                seen.reached = Err(Unreached::Other(trouble.to_string()));
                return seen;
            }
        }
    }
    seen
}

/// The first question: what time it is for queries.
fn greet(
    reach: &Reach,
    held_back: &mut Duration,
) -> Result<crate::doctor::seen::Answered, Unreached> {
    let base = reach.url.trim_end_matches('/');
    let page = format!("{base}/api/v1/query");
    let fetched = fetch(&page, &reach.headers, &[("query", "vector(time())")])?;
    let lines = lines_in(base, fetched.status, &fetched.body).map_err(|trouble| {
        match (&trouble, fetched.status) {
            (Trouble::Away(_), 500..) => Unreached::Away(trouble.to_string()),
            _ => Unreached::Other(trouble.to_string()),
        }
    })?;
    let at = lines.first().and_then(|line| line.points.last());
    if let (Some((_, value)), Some(date)) = (at, fetched.date)
        && let Ok(queried) = value.parse::<f64>()
    {
        let behind = date.as_second() as f64 + 0.5 - queried;
        *held_back = Duration::from_secs(behind.round().clamp(0.0, 86_400.0) as u64);
    }
    Ok(fetched.answered)
}

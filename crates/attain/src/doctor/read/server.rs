//! A server of attain, asked how it is doing. Knows its two pages; judges nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_sources::live::{HeardSample, HeardSeries};
use jiff::Timestamp;
use serde_json::Value;

use super::http::fetch;
use crate::doctor::seen::{Answered, ServedSource, ServerSeen, Unreached};

/// Asks a server, given as a URL or `host:port`.
pub fn server(text: &str) -> (String, Result<(Answered, ServerSeen), Unreached>) {
    let with_scheme = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let url = with_scheme.trim_end_matches('/').to_owned();
    let asked = ask(&url);
    (url, asked)
}

fn ask(url: &str) -> Result<(Answered, ServerSeen), Unreached> {
    let token: Vec<(String, String)> = crate::token::header().into_iter().collect();
    let fetched = fetch(&format!("{url}/api/v1/server"), &token, &[])?;
    let other = || {
        Unreached::Other(format!(
            "what answers (status {}) is no attain server",
            fetched.status
        ))
    };
    let page: Value = serde_json::from_slice(&fetched.body).map_err(|_| other())?;
    if page["sources"].as_array().is_none() || fetched.status != 200 {
        return Err(other());
    }
    let mut seen = of_page(&page, fetched.date);
    if let Ok(status) = fetch(
        &format!("{url}/api/v1/status"),
        &token,
        &[("format", "json")],
    ) && let Ok(status) = serde_json::from_slice::<Value>(&status.body)
    {
        seen.untagged = untagged(&status);
    }
    // A server of another version may not have it.
    if let Ok(heard) = fetch(&format!("{url}/api/v1/heard"), &token, &[])
        && heard.status == 200
        && let Ok(heard) = serde_json::from_slice::<Value>(&heard.body)
    {
        let sources = heard["sources"].as_array().map_or(&[][..], Vec::as_slice);
        let named = |source: &Value| Some((text(&source["source"])?, of_heard(source)));
        seen.heard = sources.iter().filter_map(named).collect();
    }
    Ok((fetched.answered, seen))
}

fn of_page(page: &Value, now: Option<Timestamp>) -> ServerSeen {
    let sources = page["sources"].as_array().map_or(&[][..], Vec::as_slice);
    ServerSeen {
        refused: text(&page["catalogue"]["refused"]),
        disk: text(&page["disk"]),
        lag: Duration::from_secs(number(&page["lag_seconds"])),
        clock_off_seconds: page["clock_off_seconds"].as_i64(),
        sources: sources
            .iter()
            .map(|source| of_source(source, now))
            .collect(),
        turned_away: ["remote_write", "otlp"]
            .map(|way| (way.to_owned(), number(&page["turned_away"][way])))
            .into(),
        untagged: Vec::new(),
        heard: BTreeMap::new(),
    }
}

fn of_source(source: &Value, now: Option<Timestamp>) -> ServedSource {
    let newest: Option<Timestamp> = text(&source["newest"]).and_then(|text| text.parse().ok());
    let age = now
        .zip(newest)
        .map(|(now, newest)| now.as_second() - newest.as_second());
    ServedSource {
        id: text(&source["source"]).unwrap_or_default(),
        way: text(&source["way"]).unwrap_or_default(),
        samples: source["samples"].as_u64(),
        unmatched: number(&source["unmatched"]),
        refused: number(&source["refused"]),
        series: number(&source["series"]),
        overflowing: number(&source["overflowing"]),
        twice: number(&source["histograms_twice"]),
        trouble: text(&source["trouble"]),
        age: age.map(|age| Duration::from_secs(age.max(0).unsigned_abs())),
    }
}

fn of_heard(source: &Value) -> HeardSample {
    let series = source["series"].as_array().map_or(&[][..], Vec::as_slice);
    let one = |one: &Value| {
        let labels = serde_json::from_value(one["labels"].clone()).ok()?;
        Some(HeardSeries {
            metric: text(&one["metric"])?,
            labels,
            is_whole: one["is_whole"] == true,
        })
    };
    HeardSample {
        series: series.iter().filter_map(one).collect(),
        labels: serde_json::from_value(source["labels"].clone()).unwrap_or_default(),
        others: serde_json::from_value(source["others"].clone()).unwrap_or_default(),
    }
}

fn untagged(status: &Value) -> Vec<(String, u64, u64)> {
    let rows = status["untagged"].as_array().map_or(&[][..], Vec::as_slice);
    rows.iter()
        .filter_map(|row| {
            Some((
                text(&row["slo"])?,
                row["unknown"].as_u64()?,
                row["total"].as_u64()?,
            ))
        })
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

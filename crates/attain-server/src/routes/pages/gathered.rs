//! What pages say of the server, of its sources and of how an SLO is written. Gathers; decides nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use attain_model::source::SourceKind;
use attain_model::{SloId, SourceMap};
use attain_sources::pull;
use attain_view::pages::{Definition, InForce, Server, SourceState};
use axum::http::{HeaderMap, header};

use crate::app::App;
use crate::published::Published;

/// What pages say of the server.
pub(super) fn server(app: &App, published: &Published, headers: &HeaderMap) -> Server {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let delay = published.core.judged_after;
    Server {
        now: app.clock.now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        slice: Duration::from_secs(u64::from(app.slice_seconds)),
        judged_until: published.judged.as_ref().map(|judged| judged.until),
        delay: Duration::try_from(delay).unwrap_or_default(),
        catalogue: InForce {
            sha256: published.catalogue.sha256.clone(),
            since: published.catalogue.since,
            refused: published.catalogue.refused.clone(),
            reloads: published.catalogue.reloads,
            refusals: published.catalogue.refusals,
            sources: SourceMap::default(),
            findings: Vec::new(),
        },
        disk: published.core.disk.clone(),
        clock_off: published.core.clock_off,
        sources: sources(app, published),
        address: format!("http://{host}"),
    }
}

fn sources(app: &App, published: &Published) -> Vec<SourceState> {
    let open = app.gates.open();
    let sources = published.promises.catalogue().sources.values();
    sources
        .map(|source| {
            let gate = open.get(&source.id);
            let count = |of: fn(&crate::gate::Gate) -> u64| gate.map(|gate| of(gate));
            SourceState {
                name: source.id.to_string(),
                way: way(&source.kind).to_owned(),
                samples: count(|gate| gate.entry.accepted.load(Ordering::Relaxed)),
                refused: count(|gate| gate.entry.refused.load(Ordering::Relaxed))
                    .unwrap_or_default(),
                unmatched: count(|gate| gate.entry.unmatched.load(Ordering::Relaxed))
                    .unwrap_or_default(),
                trouble: published.core.trouble.get(&source.id).cloned(),
            }
        })
        .collect()
}

fn way(kind: &SourceKind) -> &'static str {
    match kind {
        SourceKind::RemoteWrite { .. } => "remote write",
        SourceKind::Otlp { .. } => "OTLP",
        SourceKind::Scrape { .. } => "scrape",
        SourceKind::Prometheus(_) => "pull",
        SourceKind::Log(_) => "log",
        SourceKind::Csv(_) => "csv",
    }
}

/// How an SLO is counted, as PromQL, and how it is written: its text, cut out of its file.
pub(super) fn definition(published: &Published, id: &SloId, address: &str) -> Definition {
    let text = &published.catalogue.text;
    let slo = published.promises.catalogue().slos.get(id);
    let mut queries = slo
        .map(|slo| pull::shown(&slo.indicator))
        .unwrap_or_default();
    // A name is written by people: what a shell would read is left to them.
    if id
        .as_str()
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    {
        queries.push((
            "The same as JSON".to_owned(),
            format!("curl '{address}/api/v1/slos/{id}'"),
        ));
    }
    let path = format!("slos.{id}");
    let written = text.spans.key(&path).zip(text.spans.value(&path));
    let Some((key, value)) = written.filter(|(key, value)| key.file == value.file) else {
        return Definition {
            queries,
            ..Definition::default()
        };
    };
    let Some(file) = text.sources.files.get(key.file as usize) else {
        return Definition::default();
    };
    let start = file.text.as_bytes()[..(key.start as usize).min(file.text.len())]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let cut = file.text.get(start..value.end as usize).unwrap_or_default();
    Definition {
        place: text.sources.place(key),
        yaml: outdented(cut),
        queries,
    }
}

/// Without the spaces that all its lines begin with.
fn outdented(text: &str) -> String {
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let common = lines().map(spaces).min().unwrap_or_default();
    let mut out = String::new();
    for line in text.trim_end().lines() {
        out.push_str(line.get(common..).unwrap_or_default());
        out.push('\n');
    }
    out
}

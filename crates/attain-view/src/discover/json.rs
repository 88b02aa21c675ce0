//! The same for programs. A change of meaning changes `version`.

use attain_cascade::discover::{Compared, Discovered, Estimate, Finding, Measured, ProposedEdge};
use serde::Serialize;

use crate::json::pretty;

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    spans: u64,
    traces: u64,
    orphans: u64,
    edges: Vec<Edge<'a>>,
    findings: Vec<Found<'a>>,
    not_in_catalogue: Vec<&'a str>,
    proposals: Vec<Proposed<'a>>,
}

#[derive(Serialize)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    declared: bool,
    calls: u64,
    failed: u64,
    caller_requests: Option<u64>,
    share: Option<f64>,
    share_95: Option<[f64; 2]>,
    calls_per_request: Option<f64>,
    impact: Option<f64>,
    impact_95: Option<[f64; 2]>,
    asynchronous: bool,
}

#[derive(Serialize, Default)]
struct Found<'a> {
    finding: &'static str,
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<f64>,
}

#[derive(Serialize)]
struct Proposed<'a> {
    slo: &'a str,
    depends_on: Vec<ProposedOn<'a>>,
}

#[derive(Serialize)]
struct ProposedOn<'a> {
    slo: &'a str,
    share: Option<f64>,
    calls: Option<f64>,
    impact: Option<f64>,
    asynchronous: bool,
    declared: bool,
}

/// Everything that was found, as JSON.
#[must_use]
pub fn discovered_json(seen: &Discovered, compared: &Compared) -> String {
    pretty(&Document {
        version: VERSION,
        spans: seen.spans,
        traces: seen.traces,
        orphans: seen.orphans,
        edges: compared.measured.iter().map(edge).collect(),
        findings: compared.findings.iter().map(found).collect(),
        not_in_catalogue: compared
            .strangers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect(),
        proposals: compared
            .proposals
            .iter()
            .map(|proposal| Proposed {
                slo: proposal.slo.as_str(),
                depends_on: proposal.edges.iter().map(on).collect(),
            })
            .collect(),
    })
}

pub(super) fn ends(estimate: &Estimate) -> [f64; 2] {
    [estimate.between.low, estimate.between.high]
}

fn edge(edge: &Measured) -> Edge<'_> {
    let (share, impact) = (edge.calls.share(edge.caller), edge.calls.impact());
    Edge {
        from: &edge.from,
        to: &edge.to,
        declared: edge.is_declared,
        calls: edge.calls.calls,
        failed: edge.calls.failed,
        caller_requests: edge.caller.requests,
        share: share.map(|share| share.value),
        share_95: share.as_ref().map(ends),
        calls_per_request: edge.calls.calls_per_request(edge.caller),
        impact: impact.map(|impact| impact.value),
        impact_95: impact.as_ref().map(ends),
        asynchronous: edge.calls.is_asynchronous(),
    }
}

fn found(finding: &Finding) -> Found<'_> {
    match finding {
        Finding::Missing {
            from, to, calls, ..
        } => Found {
            finding: "missing",
            from: from.as_str(),
            to: to.as_str(),
            calls: Some(*calls),
            ..Found::default()
        },
        Finding::Unknown { from, to, calls } => Found {
            finding: "unknown",
            from: from.as_str(),
            to,
            calls: Some(*calls),
            ..Found::default()
        },
        Finding::Idle { edge, requests } => Found {
            finding: "idle",
            from: edge.slo.as_str(),
            to: edge.on.as_str(),
            requests: Some(*requests),
            ..Found::default()
        },
        Finding::Differs {
            edge,
            key,
            declared,
            measured,
        } => Found {
            finding: "differs",
            from: edge.slo.as_str(),
            to: edge.on.as_str(),
            key: Some(key),
            declared: Some(*declared),
            measured: Some(measured.value),
            ..Found::default()
        },
    }
}

fn on(edge: &ProposedEdge) -> ProposedOn<'_> {
    ProposedOn {
        slo: edge.on.as_str(),
        share: edge.share,
        calls: edge.calls,
        impact: edge.impact,
        asynchronous: edge.asynchronous,
        declared: edge.is_declared,
    }
}

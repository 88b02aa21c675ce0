//! What was discovered, as tables: who calls whom, what differs from the catalogue, and what could be written instead.
//!
//! Knows how shares and multiples are said. Decides nothing: what is a finding is attain-cascade's.

mod json;
mod overlaps;

use attain_cascade::discover::{
    Compared, Discovered, Estimate, Finding, Measured, Proposal, ProposedEdge,
};

use crate::look::{Look, Tone, wrap};
use crate::number::{grouped, plural};
use crate::table::{Align, Cell, Line, Table};

pub use json::discovered_json;
pub use overlaps::{overlaps, overlaps_json};

/// The tables.
#[must_use]
pub fn discovered(seen: &Discovered, compared: &Compared, look: &Look) -> String {
    let mut out = wrap(&headline(seen, compared), look.columns(), 2) + "\n";
    if compared.measured.is_empty() {
        let text = "Nobody was seen to call anybody. Spans need a parent of another service, or a client's span that names its peer.";
        return out + &wrap(text, look.columns(), 0) + "\n";
    }
    out.push('\n');
    out.push_str(&calls(&compared.measured).render(look));
    if !compared.findings.is_empty() {
        out.push('\n');
        out.push_str(&look.paint(Tone::Strong, "Findings"));
        out.push('\n');
        for finding in &compared.findings {
            out.push_str("  ");
            out.push_str(&wrap(&sentence(finding), look.columns() - 2, 4));
            out.push('\n');
        }
    }
    if !compared.strangers.is_empty() {
        let names: Vec<&str> = compared
            .strangers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let text = format!(
            "Not in the catalogue: {}. Where one is a service of yours under another name, say so in its `match:`.",
            names.join(", ")
        );
        out.push('\n');
        out.push_str(&wrap(&text, look.columns(), 2));
        out.push('\n');
    }
    if !compared.proposals.is_empty() {
        out.push('\n');
        out.push_str(&look.paint(Tone::Strong, "Proposed"));
        out.push('\n');
        out.push_str(&proposed(&compared.proposals));
    }
    if seen.orphans > 0 {
        let text = format!(
            "{} of {} have a parent that did not come: whoever called there is not known.",
            grouped(seen.orphans),
            plural(seen.spans, "span")
        );
        out.push('\n');
        out.push_str(&look.paint(Tone::Quiet, &wrap(&text, look.columns(), 0)));
        out.push('\n');
    }
    out
}

fn headline(seen: &Discovered, compared: &Compared) -> String {
    let from = match seen.spans {
        0 => "the service graph".to_owned(),
        spans => format!(
            "{} of {}",
            plural(spans, "span"),
            plural(seen.traces, "trace")
        ),
    };
    let count = |is: fn(&Finding) -> bool| compared.findings.iter().filter(|f| is(f)).count();
    let missing = count(|f| matches!(f, Finding::Missing { .. } | Finding::Unknown { .. }));
    let idle = count(|f| matches!(f, Finding::Idle { .. }));
    let differs = count(|f| matches!(f, Finding::Differs { .. }));
    let verdict = match compared.findings.len() {
        0 if compared.measured.is_empty() => "nothing to compare".to_owned(),
        0 => "what is declared is what was seen".to_owned(),
        _ => {
            format!("{missing} missing in the catalogue, {idle} idle, {differs} with other numbers")
        }
    };
    format!(
        "By {from}, {} between services: {verdict}.",
        plural(compared.measured.len() as u64, "edge")
    )
}

fn calls(measured: &[Measured]) -> Table {
    let mut table = Table {
        columns: [
            ("caller > callee", Align::Left),
            ("calls", Align::Right),
            ("share", Align::Right),
            ("each", Align::Right),
            ("failed", Align::Right),
            ("impact", Align::Right),
            ("", Align::Left),
        ]
        .map(|(name, align)| (name.to_owned(), align))
        .into(),
        lines: Vec::new(),
    };
    for edge in measured {
        let calls = &edge.calls;
        let failed = calls.failed as f64 / calls.calls.max(1) as f64;
        let texts = [
            format!("{} > {}", edge.from, edge.to),
            grouped(calls.calls),
            calls
                .share(edge.caller)
                .map_or_else(|| "-".to_owned(), |share| percent(share.value)),
            calls
                .calls_per_request(edge.caller)
                .map_or_else(|| "-".to_owned(), times),
            if calls.failed > 0 {
                percent(failed)
            } else {
                "0%".to_owned()
            },
            match calls.is_asynchronous() {
                true => "async".to_owned(),
                false => calls
                    .impact()
                    .map_or_else(|| "-".to_owned(), |impact| estimate(&impact)),
            },
            if edge.is_declared {
                String::new()
            } else {
                "not declared".to_owned()
            },
        ];
        table.lines.push(Line::Row(texts.map(Cell::from).into()));
    }
    table
}

fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::Missing {
            from,
            to,
            calls,
            failed,
        } => format!(
            "missing: {from} calls {to} ({}, {} failed), and no SLO of {from} depends on one of {to}",
            plural(*calls, "call"),
            grouped(*failed)
        ),
        Finding::Unknown { from, to, calls } => format!(
            "missing: {from} calls {to} ({}), which no service of the catalogue means; if it is somebody else's, say \
             `depends_on: [{{external: {to}, promised: 99.9%}}]`",
            plural(*calls, "call")
        ),
        Finding::Idle { edge, requests } => format!(
            "idle: {} depends on {}, and none of {} called it",
            edge.slo,
            edge.on,
            plural(*requests, "request")
        ),
        Finding::Differs {
            edge, key: "async", ..
        } => format!(
            "differs: {} waits for {}, as declared; nearly all calls began after the answer: `async: true`",
            edge.slo, edge.on
        ),
        Finding::Differs {
            edge,
            key: key @ ("calls" | "share x calls"),
            declared,
            measured,
        } => format!(
            "differs: {} on {}: {key} {}, measured {}",
            edge.slo,
            edge.on,
            times(*declared),
            times(measured.value)
        ),
        Finding::Differs {
            edge,
            key,
            declared,
            measured,
        } => format!(
            "differs: {} on {}: {key} {}, measured {}",
            edge.slo,
            edge.on,
            percent(*declared),
            estimate(measured)
        ),
    }
}

/// YAML to copy. What was not seen keeps what it says.
#[must_use]
pub fn proposed(proposals: &[Proposal]) -> String {
    let mut out = String::from("slos:\n");
    for proposal in proposals {
        out.push_str(&format!("  {}:\n    depends_on:\n", proposal.slo));
        for edge in &proposal.edges {
            out.push_str(&format!("      {}\n", written(edge)));
        }
    }
    out
}

fn written(edge: &ProposedEdge) -> String {
    const WHOLE: f64 = 0.9995;
    const ONCE: f64 = 0.05;
    if edge.share.is_none() && edge.calls.is_none() && edge.is_declared {
        return format!("# and {} as it is: the data do not show it", edge.on);
    }
    let mut keys = vec![format!("slo: {}", edge.on)];
    if edge.asynchronous {
        keys.push("async: true".to_owned());
    }
    keys.extend(
        edge.share
            .filter(|s| *s < WHOLE)
            .map(|share| format!("share: {}", percent(share))),
    );
    let calls = edge.calls.filter(|calls| (*calls - 1.0).abs() > ONCE);
    keys.extend(calls.map(|calls| format!("calls: {}", times(calls))));
    let impact = edge
        .impact
        .filter(|impact| *impact < WHOLE && !edge.asynchronous);
    keys.extend(impact.map(|impact| format!("impact: {}", percent(impact))));
    let new = if edge.is_declared { "" } else { "   # new" };
    match keys.as_slice() {
        [_] => format!("- {}{new}", edge.on),
        _ => format!("- {{{}}}{new}", keys.join(", ")),
    }
}

/// `33.3%`, `0.12%`; what is not zero is not shown as zero.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = match percent {
        p if p >= 0.095 => format!("{p:.1}"),
        p if p > 0.0 => format!("{:.4}", p.max(0.0001)),
        _ => "0".to_owned(),
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}%")
}

fn times(multiple: f64) -> String {
    let text = format!("{multiple:.2}");
    format!("{}x", text.trim_end_matches('0').trim_end_matches('.'))
}

fn estimate(estimate: &Estimate) -> String {
    format!(
        "{} ({:.0}-{:.0}%)",
        percent(estimate.value),
        estimate.between.low * 100.0,
        estimate.between.high * 100.0
    )
}

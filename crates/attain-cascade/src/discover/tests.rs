//! Traces made by hand, and a shop whose weights are known.

use super::*;
use crate::fixture::{DAY, catalogue, edge, outcome, share, slo};
use attain_model::slo::Dependency;
use attain_model::trace::{CallSide, TraceSpan};
use attain_model::{Catalogue, Multiple};

fn span(trace: u64, id: u64, parent: u64, service: &str) -> TraceSpan {
    TraceSpan {
        trace,
        id,
        parent: (parent > 0).then_some(parent),
        service: service.to_owned(),
        side: CallSide::Server,
        failed: false,
        time: None,
        peer: None,
    }
}

fn seen(spans: impl IntoIterator<Item = TraceSpan>, held_most: usize) -> Discovered {
    let mut traces = Traces::new(held_most);
    for span in spans {
        traces.take(&span);
    }
    traces.finish()
}

fn calls(seen: &Discovered, from: &str, to: &str) -> Calls {
    seen.calls
        .get(&(from.to_owned(), to.to_owned()))
        .copied()
        .unwrap_or_default()
}

/// A shop of 1,000 requests: every third pays, with two calls each; of the calls to pay one in ten fails, and takes the
/// request with it in four of five cases. The mail goes out after the answer.
fn shop() -> Vec<TraceSpan> {
    let mut spans = Vec::new();
    let mut failures = 0;
    for trace in 1..=1000_u64 {
        let pays = trace % 3 == 0;
        let fails = pays && trace % 10 == 0;
        failures += u64::from(fails);
        let request_fails = fails && failures % 5 != 0;
        spans.push(TraceSpan {
            failed: request_fails,
            time: Some((100, 200)),
            ..span(trace, 1, 0, "web")
        });
        spans.push(TraceSpan {
            side: CallSide::Within,
            ..span(trace, 2, 1, "web")
        });
        if pays {
            spans.push(TraceSpan {
                side: CallSide::Client,
                ..span(trace, 3, 2, "web")
            });
            spans.push(TraceSpan {
                failed: fails,
                ..span(trace, 4, 3, "pay")
            });
            spans.push(span(trace, 5, 2, "pay"));
        }
        spans.push(TraceSpan {
            time: Some((250, 260)),
            ..span(trace, 6, 1, "mail")
        });
        spans.push(TraceSpan {
            side: CallSide::Client,
            peer: Some("postgres".to_owned()),
            ..span(trace, 7, 1, "web")
        });
    }
    spans
}

#[test]
fn requests_calls_shares_and_impact() {
    let seen = seen(shop(), 1_000_000);
    assert_eq!((seen.traces, seen.orphans), (1000, 0));
    let web = seen.services["web"];
    assert_eq!(web.requests, Some(1000));
    let pay = calls(&seen, "web", "pay");
    assert_eq!((pay.calls, pay.failed), (666, 33));
    assert_eq!(pay.share(web).unwrap().value, 0.333);
    assert_eq!(pay.calls_per_request(web), Some(2.0));
    let impact = pay.impact().unwrap();
    assert!((impact.value - 27.0 / 33.0).abs() < 1e-12 && impact.between.low > 0.6);
    assert!(!pay.is_asynchronous() && calls(&seen, "web", "mail").is_asynchronous());
    assert_eq!(calls(&seen, "web", "postgres").calls, 1000);
    assert!(seen.services["postgres"].only_called && !seen.services["pay"].only_called);
    // Nothing is said of the impact of what never failed.
    assert_eq!(calls(&seen, "web", "mail").impact(), None);
}

#[test]
fn the_order_of_spans_and_the_memory_for_them_change_nothing_while_traces_are_whole() {
    let whole = seen(shop(), 1_000_000);
    let mut shuffled = shop();
    fastrand::Rng::with_seed(7).shuffle(&mut shuffled);
    assert_eq!(seen(shuffled.clone(), 1_000_000), whole);
    // One trace after the other needs room for one.
    assert_eq!(seen(shop(), 8), whole);
    // With too little room traces come in pieces, and it is said.
    let pieces = seen(shuffled, 500);
    assert!(pieces.traces > 1000 && pieces.orphans > 0);
}

#[test]
fn broken_traces_end() {
    let cycle = [
        span(1, 1, 2, "a"),
        span(1, 2, 1, "a"),
        span(1, 3, 3, "b"),
        span(1, 4, 99, "c"),
    ];
    let found = seen(cycle, 100);
    assert_eq!((found.spans, found.orphans), (4, 2));
}

fn catalogue_of(edges: Vec<Dependency>) -> Catalogue {
    let target = || [("availability", outcome(990_000_000))];
    let mut slos = vec![slo("web-works", target(), edges)];
    for id in ["pay-works", "mail-works", "search-works"] {
        slos.push(slo(id, target(), []));
    }
    for slo in &mut slos {
        let service = slo.id.as_str().trim_end_matches("-works").to_owned();
        slo.service = service.as_str().into();
    }
    let mut catalogue = catalogue(slos);
    for id in ["web", "pay", "mail", "search"] {
        let service = attain_model::company::Service {
            id: id.into(),
            owner: None,
            matches: Vec::new(),
            repository: None,
            capacity: None,
            meta: Default::default(),
        };
        catalogue.services.insert(id.into(), service);
    }
    catalogue
}

#[test]
fn missing_idle_and_other_edges_are_found() {
    let pay = Dependency {
        share: share(80),
        calls: Multiple::from_millionths(2_000_000),
        ..edge("pay-works")
    };
    let catalogue = catalogue_of(vec![pay, edge("search-works")]);
    let compared = compare(&catalogue, &seen(shop(), 1_000_000), DAY);
    let said: Vec<String> = compared
        .findings
        .iter()
        .map(|finding| match finding {
            Finding::Missing {
                from, to, calls, ..
            } => format!("missing {from} {to} {calls}"),
            Finding::Unknown { from, to, calls } => format!("unknown {from} {to} {calls}"),
            Finding::Idle { edge, requests } => format!("idle {} {requests}", edge.on),
            Finding::Differs {
                edge,
                key,
                declared,
                measured,
            } => {
                format!("{} {key} {declared} {:.3}", edge.on, measured.value)
            }
        })
        .collect();
    assert_eq!(
        said,
        [
            "missing web mail 1000",
            "unknown web postgres 1000",
            "idle search-works 1000",
            "pay-works share 0.8 0.333",
        ]
    );
    let proposal = &compared.proposals[0];
    let on: Vec<&str> = proposal.edges.iter().map(|edge| edge.on.as_str()).collect();
    assert_eq!(on, ["mail-works", "pay-works", "search-works"]);
    assert!(proposal.edges[0].asynchronous && !proposal.edges[0].is_declared);
}

#[test]
fn what_fits_is_not_complained_about() {
    let pay = Dependency {
        share: share(33),
        calls: Multiple::from_millionths(2_000_000),
        impact: share(80),
        ..edge("pay-works")
    };
    let mail = Dependency {
        asynchronous: true,
        ..edge("mail-works")
    };
    let catalogue = catalogue_of(vec![pay, mail]);
    let compared = compare(&catalogue, &seen(shop(), 1_000_000), DAY);
    let postgres =
        |finding: &Finding| matches!(finding, Finding::Unknown { to, .. } if to == "postgres");
    assert!(
        compared.findings.iter().all(postgres),
        "{:?}",
        compared.findings
    );
    assert!(compared.proposals.is_empty());
}

#[test]
fn a_service_graph_tells_calls_by_request_and_no_more() {
    let count = |calls, failed| CallCount { calls, failed };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let mut found = Discovered::default();
    found.add_counts(&BTreeMap::from([
        (pair("user", "web"), count(1000, 5)),
        (pair("web", "pay"), count(300, 3)),
        (pair("web", "mail"), count(2500, 0)),
    ]));
    let web = found.services["web"];
    assert_eq!(
        (web.requests, found.services["user"].requests),
        (Some(1000), None)
    );
    let (pay, mail) = (calls(&found, "web", "pay"), calls(&found, "web", "mail"));
    assert_eq!(
        (pay.share(web).unwrap().value, pay.calls_per_request(web)),
        (0.3, Some(1.0))
    );
    assert_eq!(
        (mail.share(web).unwrap().value, mail.calls_per_request(web)),
        (1.0, Some(2.5))
    );
    assert_eq!(
        (
            pay.impact(),
            calls(&found, "user", "web").share(Seen::default())
        ),
        (None, None)
    );
}

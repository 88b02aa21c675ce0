//! The catalogues of the reference: all are valid, and what they say arrives.

use attain_model::indicator::{Counting, MetricKind, Part};
use attain_model::quantity::Unit;
use attain_model::slo::{Judged, Provider, Scope};
use attain_model::{Audience, Goal, Layer, SegmentId, SloId};
use attain_spec::parse;

use super::{FOLDERS, catalogue, listing};

#[test]
fn every_catalogue_is_valid_without_a_word() {
    for name in FOLDERS {
        let parsed = parse(&catalogue(name));
        assert_eq!(listing(&parsed), "", "{name}");
        assert!(parsed.catalogue.is_some(), "{name}");
        assert!(parsed.spans.is_complete(), "{name}");
        assert_eq!(parsed.catalogue, parsed.draft, "{name}");
    }
}

#[test]
fn the_order_of_files_does_not_matter() {
    let mut files = catalogue("shop");
    let forward = parse(&files);
    files.reverse();
    assert_eq!(parse(&files), forward);
}

#[test]
fn a_promise_arrives_as_it_was_written() {
    let parsed = parse(&catalogue("shop"));
    let catalogue = parsed.catalogue.unwrap();
    assert_eq!(catalogue.name, "Shop");
    let slo = &catalogue.slos[&SloId::from("checkout-completes")];
    assert_eq!(slo.layer, Layer::Product);
    assert_eq!(slo.audience, Audience::Customer);
    assert_eq!(slo.owners.product.as_ref().unwrap().as_str(), "growth");
    assert_eq!(
        slo.budget_policy.as_ref().unwrap().as_str(),
        "feature-freeze"
    );
    assert_eq!(slo.window.to_string(), "30d");
    let latency = slo.objectives["latency"].current();
    let premium = Scope::Segment(SegmentId::from("premium"));
    let free = Scope::Segment(SegmentId::from("free"));
    assert_eq!(
        latency.targets.goal(&premium).unwrap().to_string(),
        "p99 < 200ms at 500 rps"
    );
    assert_eq!(latency.targets.goal(&free), Some(&Goal::BestEffort));
    assert_eq!(slo.commitments.len(), 2);
    assert_eq!(slo.commitments[0].since.to_string(), "2026-01-01");
    assert_eq!(
        slo.commitments[0].window.as_ref().unwrap().to_string(),
        "calendar month"
    );
    assert_eq!(slo.depends_on.len(), 3);
    assert!(slo.depends_on[2].optional);
    assert_eq!(slo.depends_on[1].share.to_string(), "60%");
    assert_eq!(
        slo.indicator.sources.len(),
        1,
        "rum is evidence, main has the counts"
    );
    let place = |path: &str| parsed.sources.place(parsed.spans.value(path).unwrap());
    assert_eq!(
        place("slos.checkout-completes.objectives.availability.premium"),
        "customer.yaml:16:18"
    );
    assert_eq!(
        place("slos.checkout-completes.window"),
        "customer.yaml:2:36"
    );
    assert_eq!(
        place("slos.checkout-completes.depends_on.0"),
        "customer.yaml:27:9"
    );
    assert_eq!(place("services.checkout.match.0"), "company.yaml:13:38");
}

#[test]
fn indicators_are_resolved() {
    let shop = parse(&catalogue("shop")).catalogue.unwrap();
    let login = &shop.slos[&SloId::from("auth-login")].indicator;
    assert_eq!(login.id.as_ref().unwrap().as_str(), "http");
    let selector = login.selector().unwrap();
    assert_eq!(selector.only["http_route"].to_string(), "/login");
    assert_eq!(
        login.outcome().labels().collect::<Vec<_>>(),
        ["http_response_status_code"]
    );
    assert!(login.measures_latency());

    let petshop = parse(&catalogue("petshop")).catalogue.unwrap();
    let served = &petshop.slos[&SloId::from("pet-search")].indicator;
    let Counting::Totals { part, unit, of, .. } = &served.counting else {
        panic!("{served:?}")
    };
    assert_eq!((*part, *unit), (Part::Ratio, Some(Unit::Percent)));
    assert_eq!(of.metric, "availability");

    let api = parse(&catalogue("ledgerly")).catalogue.unwrap();
    let fresh = &api.slos[&SloId::from("settlement-is-fresh")].indicator;
    assert_eq!(fresh.slice.as_secs(), 300);
    assert_eq!(fresh.sources.len(), 2);
    let probe = &api.slos[&SloId::from("edge-is-reachable")].indicator;
    let Counting::Metric { kind, .. } = &probe.counting else {
        panic!("{probe:?}")
    };
    assert_eq!(*kind, MetricKind::Gauge);
}

#[test]
fn contracts_quorums_and_defaults_arrive() {
    let parcelo = parse(&catalogue("parcelo")).catalogue.unwrap();
    let found = &parcelo.slos[&SloId::from("parcel-is-found")];
    assert_eq!(found.commitments[0].judged, Judged::PerCustomer);
    assert!(
        matches!(&found.depends_on[0].on, Provider::AnyOf { slos, need: 2 } if slos.len() == 3)
    );
    let store = &parcelo.slos[&SloId::from("scan-store-a")];
    assert_eq!(store.service.as_str(), "scan-store-a");
    assert_eq!(store.owners.owner.as_ref().unwrap().as_str(), "tracking");
    assert_eq!(store.window.to_string(), "28d");
    let contract = parcelo.contracts.values().next().unwrap();
    assert_eq!(contract.terms.len(), 2);
    assert_eq!(contract.meta.labels["country"], "no");
}

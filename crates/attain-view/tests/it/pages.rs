//! The pages of a server: their structure, what they lead to, what they cost.

use std::time::Duration;

use attain_model::detail::Detail;
use attain_model::{Evaluation, Promises};
use attain_view::pages::{self, Ask, Definition, Pack, Scene, Server, SourceState};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::page;
use crate::report::{keep, many, month, shop_promises};
use crate::shop::{NOW, at};

static UTC: TimeZone = TimeZone::UTC;

/// What is so now.
pub fn scene<'a>(
    promises: &'a Promises,
    evaluation: &'a Evaluation,
    details: &'a [Detail],
    server: &'a Server,
) -> Scene<'a> {
    Scene {
        promises,
        evaluation: Some(evaluation),
        details,
        told: None,
        server,
        zone: &UTC,
        is_past: false,
    }
}

pub fn server() -> Server {
    Server {
        now: at(NOW) + Duration::from_secs(20),
        version: "0.1.0".to_owned(),
        slice: Duration::from_secs(10),
        judged_until: Some(at(NOW)),
        delay: Duration::from_secs(60),
        sources: vec![
            SourceState {
                name: "prom".to_owned(),
                way: "remote write".to_owned(),
                samples: Some(123_456),
                refused: 3,
                unmatched: 70,
                trouble: None,
            },
            SourceState {
                name: "access".to_owned(),
                way: "log".to_owned(),
                ..SourceState::default()
            },
        ],
        address: "http://127.0.0.1:8080".to_owned(),
        ..Server::default()
    }
}

pub fn checked(name: &str, html: &str) -> page::Page {
    keep(name, html);
    let read = page::read(html);
    page::asks_only_its_server(html, &read);
    read
}

/// Every page of a shop, by name.
fn every(scene: &Scene<'_>, ask: &Ask, definition: &Definition) -> Vec<(&'static str, String)> {
    vec![
        ("overview", pages::overview(scene, ask)),
        (
            "segment",
            pages::segment(scene, ask, &"premium".into()).unwrap(),
        ),
        (
            "slo",
            pages::slo(scene, ask, &"checkout-completes".into(), definition).unwrap(),
        ),
        (
            "slo-premium",
            pages::slo(
                scene,
                &ask.with("segment", "premium"),
                &"checkout-completes".into(),
                definition,
            )
            .unwrap(),
        ),
        ("catalogue", pages::catalogue(scene, ask)),
        ("reports", pages::reports(scene, ask, None)),
        ("product", pages::reports(scene, ask, Some(Pack::Product))),
        (
            "engineering",
            pages::reports(scene, ask, Some(Pack::Engineering)),
        ),
        (
            "missing",
            pages::refusal(
                scene,
                ask,
                "There is no SLO checkout.",
                "Look for it.",
                Some("checkout-completes"),
            ),
        ),
    ]
}

fn definition() -> Definition {
    Definition {
        place: "customer.yaml:5".to_owned(),
        yaml: "checkout-completes:\n  owner: payments\n".to_owned(),
        queries: vec![(
            "Requests".to_owned(),
            "sum by (tier) (increase(http_requests_total[1m]))".to_owned(),
        )],
    }
}

#[test]
fn every_page_is_well_formed_and_asks_only_its_server() {
    let promises = shop_promises();
    let (evaluation, details) = month(&promises);
    let server = server();
    let scene = scene(&promises, &evaluation, &details, &server);
    for (name, html) in every(&scene, &Ask::default(), &definition()) {
        checked(&format!("page-{name}.html"), &html);
    }
}

#[test]
fn what_is_stale_refused_or_empty_is_said_on_every_page() {
    let promises = shop_promises();
    let (evaluation, details) = month(&promises);
    let mut server = server();
    server.now = at(NOW) + Duration::from_secs(7_500);
    server.catalogue.refused = Some("error[unit-missing]: a target needs a unit".to_owned());
    server.disk = Some("no space left on device".to_owned());
    server.sources[1].trouble = Some("permission denied".to_owned());
    let scene = scene(&promises, &evaluation, &details, &server);
    for (name, html) in every(&scene, &Ask::default(), &definition()) {
        checked(&format!("page-stale-{name}.html"), &html);
        assert!(
            html.contains("Stale: nothing was judged since 2026-11-02 23:59 UTC, 2h 5m ago."),
            "{name}"
        );
        assert!(html.contains("no space left on device"), "{name}");
        assert!(html.contains("are refused"), "{name}");
        assert!(html.contains("permission denied"), "{name}");
    }
    let scene = Scene {
        evaluation: None,
        ..scene
    };
    let html = pages::overview(&scene, &Ask::default());
    checked("page-empty.html", &html);
    assert!(html.contains("url: http://127.0.0.1:8080/api/v1/write"));
}

#[test]
fn a_source_that_went_silent_is_named_with_its_time() {
    let promises = shop_promises();
    let (mut evaluation, _) = month(&promises);
    let server = server();
    let silent = |start: &str, end| attain_model::Gap {
        about: "source access".to_owned(),
        interval: Some(attain_model::Interval {
            start: at(start),
            end,
        }),
        why: attain_model::GapReason::NoData,
    };
    evaluation.gaps = vec![silent("2026-11-02T10:00:00Z", at("2026-11-02T12:00:00Z"))];
    let html = pages::overview(
        &scene(&promises, &evaluation, &[], &server),
        &Ask::default(),
    );
    assert!(!html.contains("Silent"), "it is over");
    evaluation.gaps = vec![silent("2026-11-02T23:40:00Z", at(NOW))];
    let scene = scene(&promises, &evaluation, &[], &server);
    for html in [
        pages::overview(&scene, &Ask::default()),
        pages::catalogue(&scene, &Ask::default()),
    ] {
        assert!(
            html.contains("nothing was heard of source access since 2026-11-02 23:40 UTC, 19m."),
            "{html}"
        );
    }
    let html = pages::catalogue(&scene, &Ask::default());
    assert!(html.contains("silent since 2026-11-02 23:40 UTC"));
}

fn rows(html: &str) -> usize {
    html.matches("<td data-of=").count()
}

#[test]
fn filters_leave_what_they_say() {
    let promises = shop_promises();
    let (evaluation, details) = month(&promises);
    let server = server();
    let scene = scene(&promises, &evaluation, &details, &server);
    for (query, cells) in [
        ("", 9),
        ("q=auth", 1),
        ("team=growth", 8),
        ("audience=internal", 1),
        ("state=broken", 4),
        ("state=masked", 4),
        ("state=unknown", 1),
        ("group=state", 9),
        ("group=team&in=payments", 1),
        ("group=team&in=growth", 8),
    ] {
        let html = pages::overview(&scene, &Ask::parse(query));
        checked("page-filtered.html", &html);
        assert_eq!(rows(&html), cells, "{query}");
    }
}

/// A segment's promises are counted one way: those of all traffic stand beside them and are not its own.
#[test]
fn a_page_of_a_segment_counts_what_was_promised_to_it() {
    let promises = shop_promises();
    let (mut evaluation, _) = month(&promises);
    let goal = evaluation.verdicts.iter().find_map(|verdict| {
        let is_its = verdict.name.scope.to_string() == "premium";
        verdict.goal.filter(|_| is_its)
    });
    for verdict in evaluation
        .verdicts
        .iter_mut()
        .filter(|verdict| verdict.pooled)
    {
        (verdict.pooled, verdict.goal) = (false, goal);
    }
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    for id in ["premium", "standard"] {
        let html = pages::segment(&scene, &Ask::default(), &id.into()).unwrap();
        let own = evaluation.verdicts.iter().filter(|verdict| {
            verdict.name.scope.to_string() == id
                && verdict.goal.is_some_and(|goal| goal.promised().is_some())
        });
        let said = format!(">{} promises</a>", own.count());
        assert!(html.contains(&said), "{id}: {said}");
    }
}

#[test]
fn charts_look_back_as_far_as_they_are_asked_to() {
    let promises = shop_promises();
    let (evaluation, details) = month(&promises);
    let server = server();
    let scene = Scene {
        details: &details,
        ..scene(&promises, &evaluation, &[], &server)
    };
    let days = |query: &str| {
        let html = pages::slo(
            &scene,
            &Ask::parse(query),
            &"checkout-completes".into(),
            &definition(),
        )
        .unwrap();
        checked("page-slo-range.html", &html);
        html.matches("<th>2026-").count()
    };
    // Two objectives have a table of days each.
    assert_eq!(days(""), 2 * 31);
    assert_eq!(days("range=7d"), 2 * 8);
    assert_eq!(days("range=5y"), 2 * 31);
}

#[test]
fn a_short_window_is_read_point_by_point_from_the_chart_and_from_a_table() {
    let promises = shop_promises();
    let (evaluation, mut details) = month(&promises);
    for detail in &mut details {
        let days = detail.days.len();
        detail.days.drain(..days - 2);
    }
    let server = server();
    let scene = Scene {
        details: &details,
        ..scene(&promises, &evaluation, &[], &server)
    };
    let ask = Ask::parse("segment=premium");
    let html = pages::slo(&scene, &ask, &"checkout-completes".into(), &definition()).unwrap();
    let read = checked("page-slo-short.html", &html);
    page::numbers_of_charts_are_in_tables(&read);
    assert!(
        html.contains("<title>2 Nov 23:59: \u{2212}68% left</title>"),
        "{html}"
    );
    assert!(html.contains("The budget left over time"));
}

#[test]
fn the_product_pack_says_it_in_words() {
    let promises = shop_promises();
    let (evaluation, _) = month(&promises);
    let server = server();
    let html = pages::reports(
        &scene(&promises, &evaluation, &[], &server),
        &Ask::default(),
        Some(Pack::Product),
    );
    assert!(html.contains("1,022 of 1,222,198 requests failed, 611 were allowed. 99.916% were good, 99.95% is promised. Its budget has been used up since 14:21:00 UTC (9h 38m ago)."), "{html}");
    assert!(!html.contains("auth-login"), "it is internal");
}

#[test]
fn two_thousand_slos_of_four_segments_fit_into_300_kb() {
    let (promises, mut evaluation) = two_thousand();
    // As bad as it gets: every SLO hides somebody.
    for name in evaluation
        .verdicts
        .iter()
        .step_by(5)
        .map(|verdict| &verdict.name)
    {
        evaluation.masked.push(attain_model::verdict::Masked {
            name: name.clone(),
            since: at(NOW),
            segment_burn_millionths: 1_640_000,
            aggregate_burn_millionths: 240_000,
            share: attain_model::Share::from_ppb(20_000_000).unwrap(),
        });
    }
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    for query in [
        "",
        "group=team",
        "group=state",
        "group=service",
        "group=state&in=kept&page=7",
    ] {
        let html = pages::overview(&scene, &Ask::parse(query));
        checked("page-two-thousand.html", &html);
        assert!(html.len() < 300_000, "{query}: {} bytes", html.len());
        assert!(html.contains("8000 promises"), "{query}");
    }
}

/// Of a few stories, told again and again under other names.
fn two_thousand() -> (Promises, Evaluation) {
    const OF_EACH: usize = 200;
    let (promises, mut evaluation, _) = many(10);
    let mut catalogue = promises.catalogue().clone();
    let slos: Vec<_> = std::mem::take(&mut catalogue.slos).into_values().collect();
    let verdicts = std::mem::take(&mut evaluation.verdicts);
    for i in 0..OF_EACH {
        for slo in &slos {
            let mut slo = slo.clone();
            slo.id = format!("{}-{i:03}", slo.id).as_str().into();
            slo.owners.product = Some(format!("team-{}", i % 40).as_str().into());
            catalogue.slos.insert(slo.id.clone(), slo);
        }
        for verdict in &verdicts {
            let mut verdict = verdict.clone();
            verdict.name.slo = format!("{}-{i:03}", verdict.name.slo).as_str().into();
            evaluation.verdicts.push(verdict);
        }
    }
    evaluation
        .verdicts
        .sort_by(|a, b| a.name.slo.cmp(&b.name.slo));
    (Promises::of(catalogue), evaluation)
}

#[test]
fn the_policy_allows_the_style_that_is_there() {
    let hash = page::base64(&Sha256::digest(pages::STYLE.as_bytes()));
    assert!(
        pages::policy().contains(&format!("'sha256-{hash}'")),
        "{}",
        pages::policy()
    );
}

#[test]
fn the_script_is_small_and_plain() {
    assert!(
        pages::SCRIPT.len() < 20_000,
        "{} bytes",
        pages::SCRIPT.len()
    );
    for word in [
        "eval(",
        "innerHTML",
        "document.write",
        "Function(",
        "import",
        "http://",
        "https://",
    ] {
        assert!(!pages::SCRIPT.contains(word), "{word}");
    }
}

//! The page of the cascade: who stands where, what is felt above, who is named, what is said where nothing is known.

use attain_cascade::why::{Account, Episode, Finding, Suspect, Why};
use attain_model::slo::{Dependency, Layer, Provider};
use attain_model::verdict::{Attainment, Masked};
use attain_model::{Catalogue, Evaluation, Promises, Share, SloId};
use attain_view::pages::{self, Ask, Blamed};
use jiff::tz::TimeZone;

use crate::pages::{checked, scene, server};
use crate::shop::{self, NOW, at, verdict};

static UTC: TimeZone = TimeZone::UTC;

/// Checkout rests on auth-login for 60 % of its requests, on a bank, and on a search that it can do without.
fn promises() -> Promises {
    let mut catalogue = shop::catalogue();
    let add = |catalogue: &mut Catalogue, id: &str, layer: Layer| {
        let mut slo = catalogue.slos["auth-login"].clone();
        slo.id = id.into();
        slo.layer = layer;
        catalogue.slos.insert(id.into(), slo);
    };
    add(&mut catalogue, "search<b>", Layer::Service);
    add(&mut catalogue, "edge", Layer::Infrastructure);
    let on = |id: &str| Dependency::on(Provider::Slo(id.into()));
    let bank = Provider::External {
        name: "bank \"&\" sons".to_owned(),
        promised: attain_model::Target::from_ppb(999_000_000).unwrap(),
    };
    let share = Share::from_ppb(600_000_000).unwrap();
    let edges = [
        Dependency {
            share,
            ..on("auth-login")
        },
        Dependency::on(bank),
        Dependency {
            optional: true,
            ..on("search<b>")
        },
    ];
    let slos = &mut catalogue.slos;
    slos.get_mut("checkout-completes")
        .unwrap()
        .depends_on
        .extend(edges);
    slos.get_mut("auth-login")
        .unwrap()
        .depends_on
        .push(on("edge"));
    Promises::of(catalogue)
}

/// Premium is broken under an aggregate that looks fine; auth-login and the edge below it are broken, too.
fn judged(promises: &Promises) -> Evaluation {
    let of = |name: &str, bad: u64| verdict(promises, name, 10_000, bad, (10, 0));
    let mut evaluation = shop::evaluation(vec![
        of("auth-login/availability/all", 90),
        of("checkout-completes/availability/premium", 60),
        of("checkout-completes/availability/standard", 1),
        of("edge/availability/all", 80),
        of("search<b>/availability/all", 0),
    ]);
    evaluation.masked.push(Masked {
        name: evaluation.verdicts[1].name.clone(),
        since: at("2026-11-02T14:00:00Z"),
        segment_burn_millionths: 12_000_000,
        aggregate_burn_millionths: 300_000,
        share: Share::from_ppb(20_000_000).unwrap(),
    });
    evaluation
}

fn answer(evaluation: &Evaluation, is_named: bool) -> Why {
    let path = ["checkout-completes", "auth-login", "edge"];
    let suspect = Suspect {
        name: "edge".to_owned(),
        score: 0.829,
        lost: 58.0,
        sigmas: 20.0,
        share: 0.9,
        explained: 0.0,
        explained_by: Vec::new(),
        path: path.map(str::to_owned).to_vec(),
        owners: vec!["platform".to_owned()],
        runbook: Some("https://wiki.shop.example/edge".to_owned()),
    };
    let episode = Episode {
        from: at("2026-11-02T23:30:00Z"),
        until: at(NOW),
        attainment: Attainment { good: 300, bad: 60 },
        after: Attainment::default(),
        beyond_usual: 59.0,
        budget_share: Some((6.0, "30d".to_owned())),
        as_bad_before: None,
        accounts: vec![Account {
            lost: 59.0,
            is_named,
            named_at: None,
            doubt: None,
            suspects: vec![suspect],
        }],
    };
    Why {
        instant: at(NOW),
        looked_back: std::time::Duration::from_secs(6 * 3600),
        zone: UTC.clone(),
        findings: vec![Finding {
            name: evaluation.verdicts[1].name.clone(),
            episode: Some(episode),
            earlier: Vec::new(),
            back_at: None,
        }],
        notes: vec!["nothing is counted of bank".to_owned()],
    }
}

fn text(html: &str) -> String {
    let main = &html[html.find("<main").unwrap()..];
    let mut text = String::new();
    let mut is_tag = false;
    for letter in main.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            other if !is_tag => text.push(other),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn layers_states_impacts_and_who_did_it() {
    let promises = promises();
    let evaluation = judged(&promises);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let ask = Ask::default();
    assert_eq!(
        pages::to_blame(&scene, &ask),
        Some(SloId::from("checkout-completes"))
    );
    let why = answer(&evaluation, true);
    let html = pages::cascade(&scene, &ask, Blamed::Answer(&why));
    checked("page-cascade.html", &html);
    let read = text(&html);
    for words in [
        "checkout-completes: premium lost 600% of its budget since 23:30:00 UTC (29m ago); 82% of that started in edge. Ask platform. Runbook: https://wiki.shop.example/edge",
        "started in edge; path checkout-completes &gt; auth-login &gt; edge. Ask platform series",
        "1100% over: premium",
        "product layer",
        "infrastructure layer",
        "outside layer",
        "82% of a loss started here",
        "all together looks fine",
        "auth-login 60%",
        "search&lt;b&gt; optional",
        "bank &quot;&amp;&quot; sons",
        "60 of 360 bad from 23:30",
        "nothing is counted of bank",
        "What each part may cost, and did",
    ] {
        assert!(read.contains(words), "{words}\n{read}");
    }
    assert!(html.contains("/cascade?slo=auth-login#why"), "{html}");
    assert!(
        html.contains("/api/v1/why?slo=checkout-completes"),
        "{html}"
    );
    // The way of the loss, and nothing else, is drawn thick.
    assert_eq!(html.matches("class=\"edge way\"").count(), 2);
    assert_eq!(html.matches("class=\"edge unneeded\"").count(), 1);
    let weak = answer(&evaluation, false);
    let html = pages::cascade(&scene, &ask, Blamed::Answer(&weak));
    checked("page-cascade-weak.html", &html);
    assert!(text(&html).contains("The evidence is too weak to name anybody"));
    assert!(!html.contains("edge way") && !html.contains("started here"));

    // Around one SLO: who rests on it and what it rests on.
    let around = Ask::parse("slo=edge");
    let html = pages::cascade(&scene, &around, Blamed::Unanswered("too many ask"));
    checked("page-cascade-one.html", &html);
    let read = text(&html);
    assert!(
        read.contains("3 SLOs shown") && read.contains("too many ask"),
        "{read}"
    );
    assert!(!read.contains("bank"), "{read}");
    assert_eq!(
        pages::to_blame(&scene, &Ask::parse("slo=search%3Cb%3E")),
        None
    );
}

#[test]
fn what_is_over_stands_under_what_is_broken_now() {
    let promises = promises();
    let evaluation = judged(&promises);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    // Standard is kept, and its loss, of which somebody is named, has ended; premium is broken, and nobody is found.
    let mut why = answer(&evaluation, true);
    let mut standard = why.findings[0].clone();
    standard.name = evaluation.verdicts[2].name.clone();
    standard.episode.as_mut().unwrap().until = at("2026-11-02T23:40:00Z");
    why.findings[0].episode = None;
    why.findings.insert(0, standard);
    let html = pages::cascade(&scene, &Ask::default(), Blamed::Answer(&why));
    checked("page-cascade-earlier.html", &html);
    let read = text(&html);
    for words in [
        "checkout-completes is broken for premium",
        "Earlier 82% of the budget standard lost from 23:30 to 23:40",
        "checkout-completes/availability/premium is broken with 60 bad in its window, and who spent its budget cannot be told",
    ] {
        assert!(read.contains(words), "{words}\n{read}");
    }
    assert!(
        !html.contains("edge way") && !read.contains("No more was lost"),
        "{read}"
    );
}

/// What pages now is what the page is about, although it rests on nothing and customers' promises are broken since earlier.
#[test]
fn what_pages_now_is_what_the_cascade_is_about() {
    let mut catalogue = promises().catalogue().clone();
    let mut alone = catalogue.slos["edge"].clone();
    alone.id = "alone".into();
    catalogue.slos.insert(alone.id.clone(), alone);
    let promises = Promises::of(catalogue);
    let mut evaluation = judged(&promises);
    let server = server();
    let about = |evaluation: &Evaluation| {
        let scene = scene(&promises, evaluation, &[], &server);
        (
            pages::to_blame(&scene, &Ask::default()),
            text(&pages::cascade(&scene, &Ask::default(), Blamed::NotAsked)),
        )
    };
    assert_eq!(about(&evaluation).0, Some("checkout-completes".into()));
    let mut edge = verdict(
        &promises,
        "edge/availability/all",
        1_000_000,
        95,
        (1_000, 9),
    );
    edge.alerts.push(crate::status::page(&promises));
    edge.audience = attain_model::Audience::Internal;
    evaluation.verdicts[3] = edge.clone();
    let (slo, read) = about(&evaluation);
    assert_eq!(slo, Some("edge".into()));
    assert!(read.contains("edge is kept, in danger"), "{read}");
    assert!(!read.contains("not in this drawing"), "{read}");
    // What takes no part in the cascade is named all the same.
    let mut alone = verdict(&promises, "alone/availability/all", 10_000, 9, (1_000, 9));
    alone.alerts.push(crate::status::page(&promises));
    evaluation.verdicts.push(alone);
    let (_, read) = about(&evaluation);
    let says = "Pages now, and is not in this drawing: alone/availability/all.";
    assert!(read.contains(says), "{read}");
}

#[test]
fn where_nothing_rests_on_anything_it_says_what_to_write() {
    let promises = Promises::of(shop::catalogue());
    let evaluation = shop::evaluation(Vec::new());
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    assert_eq!(pages::to_blame(&scene, &Ask::default()), None);
    let html = pages::cascade(&scene, &Ask::default(), Blamed::NotAsked);
    checked("page-cascade-empty.html", &html);
    assert!(html.contains("depends_on: [auth-login"), "{html}");
}

#[test]
fn of_thousands_the_part_around_the_worst_is_drawn() {
    let mut catalogue = promises().catalogue().clone();
    for nth in 0..2_000 {
        let mut slo = catalogue.slos["auth-login"].clone();
        slo.id = format!("part-{nth:04}").as_str().into();
        slo.depends_on = match nth {
            0 => Vec::new(),
            _ => vec![Dependency::on(Provider::Slo(
                format!("part-{:04}", nth / 2).as_str().into(),
            ))],
        };
        catalogue.slos.insert(slo.id.clone(), slo);
    }
    let promises = Promises::of(catalogue);
    let evaluation = judged(&promises);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let html = pages::cascade(&scene, &Ask::default(), Blamed::NotAsked);
    checked("page-cascade-thousands.html", &html);
    let read = text(&html);
    assert!(
        read.contains("The cascade has 2,000 more SLOs") && read.contains("4 SLOs shown"),
        "{read}"
    );
    assert!(html.len() < 300_000, "{} bytes", html.len());
    // All that rest on one: too many to be drawn is not too many to be answered.
    let html = pages::cascade(&scene, &Ask::parse("slo=part-0000"), Blamed::NotAsked);
    assert!(
        text(&html).contains("1,880 more SLOs") && html.len() < 300_000,
        "{} bytes",
        html.len()
    );
    checked("page-cascade-part.html", &html);
}

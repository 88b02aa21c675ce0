//! What pages say of a loss beside its numbers: where it started and whom to ask, what was lost last, what was published.

use std::time::Duration;

use attain_cascade::why::{Account, Doubt, Episode, Finding, Suspect, Why};
use attain_model::company::Contract;
use attain_model::policy::{AlertPolicy, Spends, Tier, Urgency};
use attain_model::quantity::Window;
use attain_model::slo::{Commitment, CommittedTargets, Judged, Targets};
use attain_model::verdict::{AlertCondition, AlertRule, AlertState, Attainment};
use attain_model::{Catalogue, Evaluation, Multiple, Promises, Scope, SeriesName};
use attain_view::pages::{self, Ask, Blamed, Definition, Pack, Scene, Subject};
use jiff::tz::TimeZone;

use crate::pages::{checked, scene, server};
use crate::shop::{self, NOW, at, target, verdict};

/// Two minutes of a loss that ended two minutes ago, and who did it.
fn lost(name: &SeriesName, share: f64, until: &str) -> Finding {
    let path = ["checkout-completes", "auth-login"];
    let suspect = Suspect {
        name: "auth-login".to_owned(),
        score: 0.987,
        lost: 58.0,
        sigmas: 20.0,
        share: 0.9,
        explained: 0.0,
        explained_by: Vec::new(),
        path: path.map(str::to_owned).to_vec(),
        owners: vec!["platform".to_owned()],
        runbook: Some("https://wiki.shop.example/runbooks/auth".to_owned()),
    };
    Finding {
        name: name.clone(),
        episode: Some(Episode {
            from: at("2026-11-02T23:55:00Z"),
            until: at(until),
            attainment: Attainment { good: 300, bad: 60 },
            after: Attainment { good: 30, bad: 0 },
            beyond_usual: 59.0,
            budget_share: Some((share, "30d".to_owned())),
            as_bad_before: None,
            accounts: vec![Account {
                lost: 59.0,
                is_named: true,
                named_at: None,
                doubt: None,
                suspects: vec![suspect],
            }],
        }),
        earlier: Vec::new(),
        back_at: None,
    }
}

fn why(findings: Vec<Finding>) -> Why {
    Why {
        instant: at(NOW),
        looked_back: Duration::from_secs(6 * 3600),
        zone: TimeZone::UTC,
        findings,
        notes: Vec::new(),
    }
}

/// Text as it is read.
fn text(html: &str) -> String {
    let main = &html[html.find("<main").unwrap()..];
    let cut: Vec<&str> = main.split('<').collect();
    let texts = cut.iter().filter_map(|piece| piece.split_once('>'));
    let text: Vec<&str> = texts.map(|(_, text)| text).collect();
    text.join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Checkout rests on auth-login.
fn catalogue() -> Catalogue {
    use attain_model::slo::{Dependency, Provider};
    let mut catalogue = shop::catalogue();
    let slo = catalogue.slos.get_mut("checkout-completes").unwrap();
    slo.depends_on
        .push(Dependency::on(Provider::Slo("auth-login".into())));
    catalogue
}

/// Premium lost a share of its budget in the last hour; the others are well.
fn judged(promises: &Promises, bad: u64) -> Evaluation {
    let of = |name: &str, bad, hour| verdict(promises, name, 100_000, bad, hour);
    let mut evaluation = shop::evaluation(vec![
        of("auth-login/availability/all", 0, (1_000, 0)),
        of("checkout-completes/availability/premium", bad, (1_000, bad)),
        of("checkout-completes/availability/standard", 1, (1_000, 1)),
    ]);
    if bad > 50 {
        evaluation.verdicts[1].overspent_since = Some(at("2026-11-02T23:56:10Z"));
    }
    evaluation
}

fn told<'a>(scene: Scene<'a>, why: &'a Why) -> Scene<'a> {
    Scene {
        told: Some(why),
        ..scene
    }
}

#[test]
fn the_banner_says_since_when_where_it_started_and_whom_to_ask() {
    let promises = Promises::of(catalogue());
    let evaluation = judged(&promises, 60);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let premium = evaluation.verdicts[1].name.clone();
    assert_eq!(
        pages::worth_asking(&scene, Subject::default()),
        std::slice::from_ref(&premium)
    );
    let standard = Subject {
        segment: Some(&"standard".into()),
        ..Subject::default()
    };
    assert_eq!(pages::worth_asking(&scene, standard), []);

    let why = why(vec![lost(&premium, 1.2, NOW)]);
    let html = pages::overview(&told(scene, &why), &Ask::default());
    checked("page-told.html", &html);
    let read = text(&html);
    for words in [
        "fault began 23:55:00 UTC (4m ago)",
        "Nothing is left of its budget of 30d, used up since 23:56:10 UTC (2m ago): 20% more was lost than is allowed.",
        "6% of requests fail in the last hour, 0.05% is allowed",
        "Follow the runbook of auth-login below. fault began",
        "started in auth-login, 98% of the loss: checkout-completes &gt; auth-login",
        "ask first platform",
        "runbook https://wiki.shop.example/runbooks/auth severity",
        "its owners growth (product), payments (engineering)",
        "its runbook https://wiki.shop.example/runbooks/checkout",
        "none left, 20% over",
    ] {
        assert!(read.contains(words), "{words}\n{read}");
    }
    assert!(html.contains("<title>! premium broken \u{b7} Shop</title>"));
    // The page of the cascade gives the same advice.
    let html = pages::cascade(&scene, &Ask::default(), Blamed::Answer(&why));
    assert!(text(&html).contains("98% of that started in auth-login"));
    assert!(text(&html).contains("Ask platform."));

    // Of another series nothing is taken.
    let other = self::why(vec![lost(&evaluation.verdicts[2].name, 1.2, NOW)]);
    let html = pages::overview(&told(scene, &other), &Ask::default());
    assert!(!html.contains("ask first") && !html.contains("its owners"));
}

/// Where a newer look names nobody, the page says as of when it was named, and whom to ask stays.
#[test]
fn who_was_named_a_slice_ago_is_named_with_its_time() {
    let promises = Promises::of(catalogue());
    let evaluation = judged(&promises, 60);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let mut finding = lost(&evaluation.verdicts[1].name, 1.2, NOW);
    finding.episode.as_mut().unwrap().accounts[0].named_at = Some(at("2026-11-02T23:57:00Z"));
    let why = why(vec![finding]);
    let read = text(&pages::overview(&told(scene, &why), &Ask::default()));
    let says = "checkout-completes &gt; auth-login, as of 23:57:00 UTC (2m ago) ask first platform";
    assert!(read.contains(says), "{read}");
}

/// An answer that names nobody says whom it suspects; it is not asked for again at once.
#[test]
fn who_is_only_suspected_is_called_not_certain() {
    let promises = Promises::of(catalogue());
    let evaluation = judged(&promises, 60);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let mut finding = lost(&evaluation.verdicts[1].name, 1.2, NOW);
    let account = &mut finding.episode.as_mut().unwrap().accounts[0];
    account.is_named = false;
    account.doubt = Some(Doubt::Rival("search".to_owned()));
    let html = pages::overview(&told(scene, &why(vec![finding])), &Ask::default());
    let read = text(&html);
    let says = "cause not certain: perhaps auth-login, or search";
    assert!(read.contains(says), "{read}");
    assert!(
        !html.contains("data-soon") && !read.contains("ask first"),
        "{read}"
    );
}

/// Windows of five minutes and of one beside the hour, as a policy has them.
fn shortly(verdict: &mut attain_model::Verdict, five: (u64, u64), one: (u64, u64)) {
    for (seconds, (total, bad)) in [(300, five), (60, one)] {
        let mut burn = *verdict.burn.last().unwrap();
        burn.window = Duration::from_secs(seconds);
        burn.allowed_billionths = u128::from(total) * 500_000;
        burn.attainment = Attainment {
            good: total - bad,
            bad,
        };
        verdict.burn.insert(0, burn);
    }
}

/// What is over is told in the past, with its end; overview and cascade say alike whether it is.
#[test]
fn what_is_over_is_told_in_the_past() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 60);
    let server = server();
    let premium = evaluation.verdicts[1].name.clone();
    let mut why = why(vec![lost(&premium, 1.2, "2026-11-02T23:58:30Z")]);
    let read = |evaluation: &Evaluation, why: &Why| {
        let scene = scene(&promises, evaluation, &[], &server);
        let overview = pages::overview(&told(scene, why), &Ask::default());
        let cascade = pages::cascade(&scene, &Ask::default(), Blamed::Answer(why));
        (overview, text(&cascade))
    };
    // The last minute burns still, and too little was asked since to tell: nobody says that it is over.
    shortly(&mut evaluation.verdicts[1], (400, 60), (80, 20));
    why.findings[0].episode.as_mut().unwrap().after = Attainment { good: 17, bad: 0 };
    let (overview, cascade) = read(&evaluation, &why);
    for words in [
        "is broken for premium: 15% of requests fail in the last 5m, 0.05% is allowed.",
        "still going on: 20 of 80 requests failed in the last 1m; 6% of 1,000",
    ] {
        assert!(text(&overview).contains(words), "{words}\n{overview}");
    }
    assert!(!text(&overview).contains("ended"), "{overview}");
    let lasts = "lost 120% of its budget since 23:55:00 UTC";
    assert!(cascade.contains(lasts), "{cascade}");

    // With three failures to expect in what was asked since, both say that it is over, and the page says what still fires.
    why.findings[0].episode.as_mut().unwrap().after = Attainment { good: 18, bad: 0 };
    evaluation.verdicts[1].alerts = vec![crate::status::page(&promises)];
    let (overview, cascade) = read(&evaluation, &why);
    for words in [
        "was broken for premium; over since 23:58:30 UTC (under 1m ago): 0.06% of requests failed",
        "now stopped: since 23:58:30 UTC (under 1m ago) no more failed than is allowed; 20 of 80 requests failed in the \
         last 1m. The alert clears when the last 1m is clean. The promise stays broken until",
        "fault began 23:55:00 UTC (4m ago), ended 23:58:30 UTC (under 1m ago)",
        // Nobody is woken for what is over.
        "ask first platform",
    ] {
        let read = text(&overview);
        assert!(read.contains(words), "{words}\n{read}");
    }
    assert!(!overview.contains("still going on"), "{overview}");
    let ended = "from 23:55:00 to 23:58:30 UTC (under 1m ago)";
    assert!(cascade.contains(ended), "{cascade}");
    evaluation.verdicts[1].alerts.clear();

    // A stray failure in a window that does not burn is no other end than the one above.
    let burn = std::mem::take(&mut evaluation.verdicts[1].burn);
    evaluation.verdicts[1].burn = burn.iter().skip(2).copied().collect();
    shortly(&mut evaluation.verdicts[1], (4_000, 60), (3_000, 1));
    let (overview, _) = read(&evaluation, &why);
    let stopped = "now stopped: 1 of 3,000 requests failed in the last 1m; 60 in the last 5m.";
    assert!(text(&overview).contains(stopped), "{overview}");
    evaluation.verdicts[1].burn = burn;

    // When the budget is back is said where somebody counted it.
    why.findings[0].back_at = Some(at("2026-11-03T00:12:20Z"));
    let (overview, _) = read(&evaluation, &why);
    let back = "The promise stays broken until about 2026-11-03 00:12:20 UTC, when enough failures have left the window \
                of 30d, if nothing else fails.";
    assert!(text(&overview).contains(back), "{overview}");

    evaluation.verdicts[1].burn.drain(..2);
    shortly(&mut evaluation.verdicts[1], (400, 60), (80, 0));
    let (overview, cascade) = read(&evaluation, &why);
    for words in [
        "was broken for premium; over since 23:58:30 UTC (under 1m ago): 0.06% of requests failed, 0.05% is allowed.",
        "now stopped: 0 of 80 requests failed in the last 1m; 60 in the last 5m.",
        "ended 23:58:30 UTC (under 1m ago)",
    ] {
        assert!(
            text(&overview).contains(words),
            "{words}\n{}",
            text(&overview)
        );
    }
    assert!(overview.contains("<title>! premium was broken \u{b7} Shop</title>"));
    assert!(
        cascade.contains("from 23:55:00 to 23:58:30 UTC (under 1m ago)"),
        "{cascade}"
    );
}

/// A page that is over does not hide what is lost now and fires nothing yet.
#[test]
fn what_is_lost_now_stands_before_a_page_that_is_over() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 60);
    let server = server();
    let [auth, premium] = [0, 1].map(|at| evaluation.verdicts[at].name.clone());
    shortly(&mut evaluation.verdicts[1], (400, 60), (80, 0));
    evaluation.verdicts[1].alerts = vec![crate::status::page(&promises)];
    let over = lost(&premium, 1.2, "2026-11-02T23:58:30Z");
    let read = |findings| {
        let why = why(findings);
        let scene = scene(&promises, &evaluation, &[], &server);
        text(&pages::overview(&told(scene, &why), &Ask::default()))
    };
    let read_of = |until| read(vec![over.clone(), lost(&auth, 0.3, until)]);
    let place = |read: &str, words: &str| {
        read.find(words)
            .unwrap_or_else(|| panic!("{words}: {read}"))
    };
    let first = "was broken for premium; over since";
    let now = read_of(NOW);
    assert!(place(&now, "Losing now:") < place(&now, first), "{now}");
    assert_eq!(now.matches("Losing now:").count(), 1, "{now}");
    let ended = read_of("2026-11-02T23:58:30Z");
    assert!(place(&ended, first) < place(&ended, "Last:"), "{ended}");
}

/// A page of so long a pair of windows that does not fire.
fn quiet_page() -> AlertCondition {
    let burn = Multiple::from_millionths(14_400_000);
    AlertCondition {
        policy: AlertPolicy::WORKBOOK.into(),
        urgency: Urgency::Page,
        rule: AlertRule::BurnRate {
            tier: Tier {
                long: Duration::from_secs(300),
                short: Duration::from_secs(60),
                spends: Spends::Burn(burn),
            },
            burn,
        },
        state: AlertState::Quiet,
    }
}

/// What goes on and pages in a moment stands before what is over, and is no calm on its own.
#[test]
fn a_fault_that_does_not_page_yet_comes_before_one_that_is_over() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 60);
    let server = server();
    let name = "auth-login/availability/all";
    let mut auth = verdict(&promises, name, 1_000_000, 30, (3_000, 30));
    shortly(&mut auth, (3_000, 30), (600, 30));
    auth.alerts = vec![quiet_page()];
    auth.exhausted_in = Some(Duration::from_secs(9_000));
    evaluation.verdicts[0] = auth;
    shortly(&mut evaluation.verdicts[1], (400, 60), (80, 20));
    evaluation.verdicts[1].alerts = vec![crate::status::page(&promises)];
    let [auth, premium] = [0, 1].map(|at| evaluation.verdicts[at].name.clone());
    let scene_of = scene(&promises, &evaluation, &[], &server);
    let names = pages::worth_asking(&scene_of, Subject::default());
    assert_eq!(names, [premium.clone(), auth.clone()]);
    let why = why(vec![
        lost(&premium, 1.2, "2026-11-02T23:58:30Z"),
        lost(&auth, 0.3, NOW),
    ]);
    let html = pages::overview(&told(scene_of, &why), &Ask::default());
    let read = text(&html);
    for words in [
        "auth-login (availability) is in danger for all traffic: 70% of its budget of 30d is left, gone in",
        "now still going on: 30 of 600 requests failed in the last 1m, 100 times what is allowed.",
        "page not yet: the last 5m has to burn faster than 14.4x, too",
        "Broken earlier, not burning now: checkout-completes/availability/premium",
    ] {
        assert!(read.contains(words), "{words}\n{read}");
    }
    assert!(html.contains("<title>! all traffic in danger"), "{html}");

    // Where nothing else is wrong it is the first sentence all the same, and its mark is that of the table.
    evaluation.verdicts.remove(1);
    let scene_of = scene(&promises, &evaluation, &[], &server);
    let read = text(&pages::overview(&scene_of, &Ask::default()));
    assert!(
        read.starts_with("auth-login (availability) is in danger"),
        "{read}"
    );
    assert!(read.contains("1 kept, in danger"), "{read}");
    // Two failures in a minute are no fault.
    evaluation.verdicts[0].burn[0].attainment = Attainment { good: 598, bad: 2 };
    let scene_of = scene(&promises, &evaluation, &[], &server);
    let read = text(&pages::overview(&scene_of, &Ask::default()));
    assert!(read.starts_with("Both promises are kept."), "{read}");
}

/// All traffic burns for as long as its windows hold what a segment lost: it is over with that.
#[test]
fn what_a_segment_lost_and_is_over_does_not_go_on_in_all_traffic() {
    let mut catalogue = catalogue();
    let slo = catalogue.slos.get_mut("checkout-completes").unwrap();
    let objective = slo.objectives.get_mut("availability").unwrap();
    let Targets::PerSegment { all, .. } = &mut objective.terms[0].targets else {
        panic!("checkout is promised by segment");
    };
    *all = Some(target(999_500_000));
    let promises = Promises::of(catalogue);
    let mut evaluation = judged(&promises, 60);
    let mut of = |at: usize, name: &str| {
        evaluation.verdicts[at] = verdict(&promises, name, 100_000, 60, (3_000, 60));
        shortly(&mut evaluation.verdicts[at], (3_000, 60), (600, 60));
        evaluation.verdicts[at].alerts = vec![quiet_page()];
    };
    of(0, "checkout-completes/availability/all");
    of(1, "checkout-completes/availability/premium");
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let premium = evaluation.verdicts[1].name.clone();
    let names = pages::worth_asking(&scene, Subject::default());
    assert_eq!(names, std::slice::from_ref(&premium));
    let read = |until: &str| {
        let why = why(vec![lost(&premium, 0.4, until)]);
        text(&pages::overview(&told(scene, &why), &Ask::default()))
    };
    assert!(read(NOW).contains("is broken for premium"), "{}", read(NOW));
    let over = read("2026-11-02T23:58:30Z");
    assert!(
        over.contains("was broken for premium; over since"),
        "{over}"
    );
    assert!(
        !over.contains("In danger") && !over.contains("Also broken"),
        "{over}"
    );
}

/// Whom to wake is one line with a name, whether the cause is known or not.
#[test]
fn whom_to_wake_is_one_line() {
    let mut catalogue = catalogue();
    let mut platform = catalogue.teams["growth"].clone();
    platform.id = "platform".into();
    platform.lead = Some("ivo".to_owned());
    catalogue.teams.insert(platform.id.clone(), platform);
    let promises = Promises::of(catalogue);
    let mut evaluation = judged(&promises, 60);
    evaluation.verdicts[1].alerts = vec![crate::status::page(&promises)];
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let premium = evaluation.verdicts[1].name.clone();
    let known = why(vec![lost(&premium, 1.2, NOW)]);
    let html = pages::overview(&told(scene, &known), &Ask::default());
    assert!(!html.contains("data-soon"));
    let read = text(&html);
    assert!(
        read.contains("wake platform (ivo) runbook https://wiki.shop.example/runbooks/auth"),
        "{read}"
    );
    let html = pages::overview(&scene, &Ask::default());
    // The script asks once more, soon.
    assert!(
        html.contains("<span data-soon=true>not known yet</span>"),
        "{html}"
    );
    assert!(pages::SCRIPT.contains("[data-soon]"));
    let read = text(&html);
    for words in [
        "fault began by 2026-11-02 14:25:00 UTC (9h 34m ago)",
        "cause not known yet wake payments (on call: pager)",
        "Follow the runbook below.",
    ] {
        let words = words.replace("2026-11-02 ", "");
        assert!(read.contains(&words), "{words}\n{read}");
    }
}

/// A report wakes nobody: it says whose it is, and to whoever answers to customers nothing of alerts and runbooks.
#[test]
fn a_report_names_owners_and_wakes_nobody() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 60);
    evaluation.verdicts[1].alerts = vec![crate::status::page(&promises)];
    let name = "checkout-completes/availability/standard";
    evaluation.verdicts[2] = verdict(&promises, name, 100_000, 40, (1_000, 40));
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let [premium, standard] = [1, 2].map(|at| evaluation.verdicts[at].name.clone());
    let why = why(vec![
        lost(&premium, 1.2, NOW),
        lost(&standard, 0.4, "2026-11-02T23:57:00Z"),
    ]);
    let read = |pack| {
        text(&pages::reports(
            &told(scene, &why),
            &Ask::default(),
            Some(pack),
        ))
    };
    let product = read(Pack::Product);
    for words in [
        "now still going on: 6% of 1,000 requests failed in the last hour, 120 times what is allowed. fault began",
        "owner of that platform",
        // Every loss is told, not the last alone.
        "checkout-completes/availability: premium lost 120% of its budget",
        "checkout-completes/availability: standard lost 40% of its budget",
    ] {
        assert!(product.contains(words), "{words}\n{product}");
    }
    let engineering = read(Pack::Engineering);
    assert!(
        engineering.contains("owner of that platform"),
        "{engineering}"
    );
    assert!(engineering.contains("runbook https"), "{engineering}");
    for not in ["wake ", "ask first", "page since", "unbook"] {
        assert!(!product.contains(not), "{not}\n{product}");
        let is_engineers = ["page since", "unbook"].contains(&not);
        assert!(
            is_engineers || !engineering.contains(not),
            "{not}\n{engineering}"
        );
    }
}

/// Red or not, the page says what was lost last of anything else.
#[test]
fn what_was_lost_last_stands_under_a_red_headline() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 60);
    let name = "checkout-completes/availability/standard";
    evaluation.verdicts[2] = verdict(&promises, name, 100_000, 40, (1_000, 40));
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let [premium, standard] = [1, 2].map(|at| evaluation.verdicts[at].name.clone());
    let names = pages::worth_asking(&scene, Subject::default());
    assert_eq!(names, [premium.clone(), standard.clone()]);
    let why = why(vec![
        lost(&premium, 1.2, NOW),
        lost(&standard, 0.4, "2026-11-02T23:57:00Z"),
    ]);
    let read = text(&pages::overview(&told(scene, &why), &Ask::default()));
    let says = "Last: checkout-completes/availability : standard lost 40% of its budget of 30d from 23:55:00";
    assert!(
        read.contains("is broken for premium") && read.contains(says),
        "{read}"
    );
}

#[test]
fn a_calm_page_says_what_was_lost_last() {
    let promises = Promises::of(catalogue());
    let evaluation = judged(&promises, 20);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let premium = evaluation.verdicts[1].name.clone();
    assert_eq!(
        pages::worth_asking(&scene, Subject::default()),
        std::slice::from_ref(&premium)
    );
    let ended = "2026-11-02T23:57:00Z";
    let why = why(vec![
        lost(&evaluation.verdicts[2].name, 0.01, NOW),
        // What is inside may end later: customers come first.
        lost(&evaluation.verdicts[0].name, 0.9, NOW),
        lost(&premium, 0.41, ended),
    ]);
    let html = pages::overview(&told(scene, &why), &Ask::default());
    checked("page-told-calm.html", &html);
    let read = text(&html);
    assert!(read.contains("All 3 promises are kept."), "{read}");
    let words = "Last: checkout-completes/availability : premium lost 41% of its budget of 30d from 23:55:00 to \
                 23:57:00 UTC (2m ago); it started in auth-login. Who spent it";
    assert!(read.contains(words), "{read}");
    assert!(html.contains("/cascade?segment=premium&amp;slo=checkout-completes#why"));

    // So does the page of the SLO.
    let id = "checkout-completes".into();
    let html = pages::slo(
        &told(scene, &why),
        &Ask::default(),
        &id,
        &Definition::default(),
    );
    let read = text(&html.unwrap());
    assert!(read.contains("premium lost 41% of its budget"), "{read}");

    // The cascade keeps the account, and accuses nobody in its first sentence.
    let html = pages::cascade(&scene, &Ask::default(), Blamed::Answer(&why));
    checked("page-cascade-calm.html", &html);
    let read = text(&html);
    assert!(read.contains("Who spent the budget Earlier"), "{read}");
    assert!(!html.contains("edge way"), "{read}");
    let first = &read[..read.find("What rests on what").unwrap()];
    assert!(!first.contains("started in auth-login"), "{first}");

    // What was too little to speak of is not spoken of.
    let little = self::why(vec![lost(&premium, 0.01, ended)]);
    let html = pages::overview(&told(scene, &little), &Ask::default());
    assert!(!html.contains("Last:"));
    let calm = judged(&promises, 1);
    let scene = Scene {
        evaluation: Some(&calm),
        ..scene
    };
    assert_eq!(pages::worth_asking(&scene, Subject::default()), []);
}

/// What ended inside a minute ago stands before what customers lost earlier; what ended before that does not.
#[test]
fn what_ended_inside_later_stands_before_what_customers_lost() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 20);
    let name = "auth-login/availability/all";
    evaluation.verdicts[0] = verdict(&promises, name, 1_000_000, 60, (1_000, 60));
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let [auth, premium] = [0, 1].map(|at| evaluation.verdicts[at].name.clone());
    let read = |until: &str| {
        let mut own = lost(&auth, 0.6, until);
        own.episode.as_mut().unwrap().accounts[0].suspects[0].path = vec!["auth-login".to_owned()];
        let why = why(vec![lost(&premium, 0.41, "2026-11-02T23:57:00Z"), own]);
        text(&pages::overview(&told(scene, &why), &Ask::default()))
    };
    let says = "Last: auth-login/availability : all traffic lost 60% of its budget of 30d";
    let customers = "Last: checkout-completes/availability : premium lost 41%";
    let later = read("2026-11-02T23:58:00Z");
    let places = (later.find(says), later.find(customers));
    assert!(places.0.is_some() && places.0 < places.1, "{later}");
    let before = read("2026-11-02T23:56:00Z");
    assert!(
        !before.contains(says) && before.contains(customers),
        "{before}"
    );
}

/// Alerts that look back five minutes say nothing of what was lost half an hour ago; a budget of an hour does.
#[test]
fn what_was_lost_in_a_short_budget_is_asked_about_as_long_as_it_shows() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 20);
    let premium = &mut evaluation.verdicts[1];
    premium.burn.clear();
    let name = premium.name.clone();
    let asked = |evaluation: &Evaluation| {
        let server = server();
        let scene = scene(&promises, evaluation, &[], &server);
        pages::worth_asking(&scene, Subject::default())
    };
    assert_eq!(asked(&evaluation), [], "a month is too long");
    let window = &mut evaluation.verdicts[1].window;
    window.start = window.end - Duration::from_secs(3600);
    assert_eq!(asked(&evaluation), [name]);
}

/// While something inside is broken and customers are well, the page says both: what is broken, and what they lost.
#[test]
fn what_customers_lost_stands_beside_what_is_broken_inside() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 20);
    evaluation.verdicts[0] = verdict(
        &promises,
        "auth-login/availability/all",
        100_000,
        90,
        (1_000, 90),
    );
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let [auth, premium] = [0, 1].map(|at| evaluation.verdicts[at].name.clone());
    let names = pages::worth_asking(&scene, Subject::default());
    assert_eq!(names, [auth.clone(), premium.clone()]);
    let mut own = lost(&auth, 9.0, NOW);
    own.episode.as_mut().unwrap().accounts[0].suspects[0].path = vec!["auth-login".to_owned()];
    let why = why(vec![own, lost(&premium, 0.41, "2026-11-02T23:57:00Z")]);
    let html = pages::overview(&told(scene, &why), &Ask::default());
    checked("page-told-inside.html", &html);
    let read = text(&html);
    for words in [
        "No promise to customers is hurt so far.",
        "severity internal; no alert fires",
        "auth-login (availability) is broken for all traffic",
        "started in auth-login itself, 98% of the loss",
        "Last: checkout-completes/availability : premium lost 41% of its budget",
    ] {
        assert!(read.contains(words), "{words}\n{read}");
    }
    // Whoever did it itself is not named twice.
    assert!(
        !read.contains("its owners") && !read.contains("ask first"),
        "{read}"
    );
}

/// A part that lost on the way to where it started is told with that loss, not once more.
#[test]
fn one_fault_is_one_account_on_the_cascade() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 60);
    evaluation.verdicts[0] = verdict(
        &promises,
        "auth-login/availability/all",
        100_000,
        90,
        (1_000, 90),
    );
    evaluation.verdicts[0].name.scope = Scope::Segment("premium".into());
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let [auth, premium] = [0, 1].map(|at| evaluation.verdicts[at].name.clone());
    let mut own = lost(&auth, 9.0, NOW);
    own.episode.as_mut().unwrap().accounts[0].suspects[0].path = vec!["auth-login".to_owned()];
    let accounts = |own: Finding| {
        let why = why(vec![lost(&premium, 1.2, NOW), own]);
        let html = pages::cascade(&scene, &Ask::default(), Blamed::Answer(&why));
        html.matches("<dt>series").count()
    };
    assert_eq!(accounts(own.clone()), 1);
    // What it lost at another time is another fault.
    let episode = own.episode.as_mut().unwrap();
    (episode.from, episode.until) = (at("2026-11-02T22:00:00Z"), at("2026-11-02T22:10:00Z"));
    assert_eq!(accounts(own), 2);
}

/// Something internal that pages says so, what it would be if customers felt it, and which of theirs are hurt already.
#[test]
fn what_is_internal_says_how_severe_it_is() {
    let promises = Promises::of(catalogue());
    let mut evaluation = judged(&promises, 20);
    let name = "auth-login/availability/all";
    let mut auth = verdict(&promises, name, 100_000, 90, (1_000, 90));
    auth.name.scope = Scope::Segment("premium".into());
    auth.alerts = vec![crate::status::page(&promises)];
    evaluation.verdicts[0] = auth;
    let server = server();
    let read = |evaluation: &Evaluation| {
        let scene = scene(&promises, evaluation, &[], &server);
        text(&pages::overview(&scene, &Ask::default()))
    };
    let said = read(&evaluation);
    for words in [
        "auth-login (availability) is broken for premium",
        "No promise to customers is hurt so far.",
        "severity internal; it pages; sev1 once premium feels it",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    evaluation.verdicts[1] = judged(&promises, 60).verdicts.remove(1);
    let said = read(&evaluation);
    let words = "Promised to customers: checkout-completes/availability/premium is broken.";
    assert!(
        said.contains(words) && !said.contains("No promise to customers"),
        "{said}"
    );
}

/// Own goal broken, published number held, and the other way round where both are the same.
#[test]
fn the_published_number_stands_beside_the_own_goal() {
    let said = |published_ppb: u32, window: Option<Window>, bad: u64| {
        let mut catalogue = catalogue();
        let slo = catalogue.slos.get_mut("checkout-completes").unwrap();
        let goals = [("premium".into(), target(published_ppb))];
        slo.commitments.push(Commitment {
            since: "2026-01-01".parse().unwrap(),
            targets: [(
                "availability".into(),
                CommittedTargets::Segments(goals.into()),
            )]
            .into(),
            window,
            judged: Judged::PerSegment,
            published: vec!["pricing page".to_owned()],
            credits: None,
        });
        catalogue.segments.get_mut("premium").unwrap().contract =
            Some(Contract::Document("MSA".to_owned()));
        let promises = Promises::of(catalogue);
        let evaluation = judged(&promises, bad);
        let server = server();
        let scene = scene(&promises, &evaluation, &[], &server);
        let overview = pages::overview(&scene, &Ask::default());
        let pack = pages::reports(&scene, &Ask::default(), Some(Pack::Product));
        (text(&overview), text(&pack))
    };
    let (overview, pack) = said(999_000_000, None, 60);
    let words = "Our own goal of 99.95% is broken; the published 99.9% is held.";
    assert!(overview.contains(words), "{overview}");
    assert!(pack.contains("The published 99.9% is held."), "{pack}");
    let (overview, pack) = said(999_000_000, None, 101);
    assert!(overview.contains("The published 99.9% is broken, too."));
    assert!(pack.contains("The published 99.9% is broken."), "{pack}");
    let (overview, _) = said(999_500_000, None, 60);
    assert!(overview.contains("That is the published 99.95%."));
    // Over another window these counts do not tell.
    let week = Window::Rolling(Duration::from_secs(7 * 86_400));
    let (overview, pack) = said(999_000_000, Some(week), 60);
    assert!(!overview.contains("published") && !pack.contains("The published"));
}

/// Times are told from the instant that is judged, not from when the page was made.
#[test]
fn how_long_ago_is_told_from_what_is_judged() {
    let promises = Promises::of(catalogue());
    let evaluation = judged(&promises, 60);
    let mut server = server();
    let pages: Vec<String> = [20, 7_500]
        .map(|seconds| {
            server.now = at(NOW) + Duration::from_secs(seconds);
            server.judged_until = Some(server.now);
            let scene = scene(&promises, &evaluation, &[], &server);
            pages::overview(&scene, &Ask::default())
        })
        .to_vec();
    assert!(pages[0].contains("(2m ago)"));
    assert_eq!(text(&pages[0]), text(&pages[1]));
}

/// What is best effort of a latency has no limit, and so no share that was fast.
#[test]
fn a_latency_without_a_limit_shows_no_share() {
    let promises = Promises::of(catalogue());
    let of = |name: &str, bad| verdict(&promises, name, 1_000, bad, (0, 0));
    let evaluation = shop::evaluation(vec![
        of("checkout-completes/latency/premium", 1),
        of("checkout-completes/latency/free", 333),
    ]);
    let server = server();
    let scene = scene(&promises, &evaluation, &[], &server);
    let html = pages::overview(&scene, &Ask::default());
    assert!(html.contains("99.900%") && !html.contains("66.7"), "{html}");
}

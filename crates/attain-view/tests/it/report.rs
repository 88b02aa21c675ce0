//! The report: Markdown and JSON as golden files, the page by its structure.

use std::path::Path;
use std::time::Duration;

use attain_model::company::{Exclusion, ExclusionTime};
use attain_model::detail::Detail;
use attain_model::id::ExclusionId;
use attain_model::meta::Meta;
use attain_model::policy::{AlertPolicy, Urgency};
use attain_model::slo::Budgeting;
use attain_model::verdict::{
    AlertCondition, AlertRule, AlertState, Attainment, Burn, ExcludedShare, Masked, OverLoadShare,
    Part, Untagged,
};
use attain_model::{Evaluation, Gap, GapReason, Interval, Multiple, Promises, Share, Verdict};
use attain_view::report::{About, report};
use attain_view::status::Run;
use attain_view::status_json::{ReadSource, Reading};
use sha2::{Digest, Sha256};

use crate::expect;
use crate::month::{Story, pooled, told};
use crate::page;
use crate::shop::{self, NOW, at, target};

/// A page to look at; nothing reads it.
pub fn keep(name: &str, html: &str) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(path, html).unwrap();
}

pub fn shop_promises() -> Promises {
    let mut catalogue = shop::catalogue();
    let checkout = catalogue.slos.get_mut("checkout-completes").unwrap();
    let id = ExclusionId::from("database-move");
    let exclusion = Exclusion {
        id: id.clone(),
        slos: vec!["checkout-completes".into()],
        services: Vec::new(),
        segments: vec!["standard".into()],
        when: ExclusionTime::Once {
            from: at("2026-10-08T02:00:00Z"),
            length: Duration::from_secs(5_400),
        },
        reason: "the database moved".to_owned(),
        announced: Some(jiff::civil::date(2026, 9, 30)),
        meta: Meta::default(),
    };
    checkout.outcome = Some("A customer who presses Buy gets an order confirmation.".to_owned());
    catalogue.exclusions.insert(id, exclusion);
    Promises::of(catalogue)
}

fn conditions(promises: &Promises, verdict: &Verdict) -> Vec<AlertCondition> {
    let policy = &promises.catalogue().alert_policies[AlertPolicy::WORKBOOK];
    let tiers = [
        (Urgency::Page, policy.page[0], 14_400_000),
        (Urgency::Page, policy.page[1], 6_000_000),
        (Urgency::Ticket, policy.ticket[0], 3_000_000),
        (Urgency::Ticket, policy.ticket[1], 1_000_000),
    ];
    let mut conditions: Vec<AlertCondition> = tiers
        .into_iter()
        .map(|(urgency, tier, millionths)| {
            let fires = [tier.long, tier.short].into_iter().all(|window| {
                verdict.burn.iter().any(|burn| {
                    burn.window == window
                        && u128::from(burn.attainment.bad) * 1_000_000_000 * 1_000_000
                            > burn.allowed_billionths * millionths
                })
            });
            AlertCondition {
                policy: policy.id.clone(),
                urgency,
                rule: AlertRule::BurnRate {
                    tier,
                    burn: Multiple::from_millionths(u64::try_from(millionths).unwrap()),
                },
                state: if fires {
                    AlertState::Firing(at("2026-11-02T14:25:00Z"))
                } else {
                    AlertState::Quiet
                },
            }
        })
        .collect();
    conditions.push(AlertCondition {
        policy: policy.id.clone(),
        urgency: Urgency::Page,
        rule: AlertRule::LowTraffic {
            rule: policy.low_traffic,
        },
        state: AlertState::Standby,
    });
    conditions
}

/// Premium is broken since the afternoon and hidden by the aggregate; standard burns; free and latency are as ever; the
/// login was silent for two days.
pub fn month(promises: &Promises) -> (Evaluation, Vec<Detail>) {
    let availability = |segment: &str| format!("checkout-completes/availability/{segment}");
    let latency = |segment: &str| format!("checkout-completes/latency/{segment}");
    let slow = |mut story: Story| {
        story.causes = vec![("200ms or slower", 97), ("not timed", 3)];
        story
    };
    let mut checkout = vec![
        told(
            promises,
            &Story::calm(&availability("premium"), 1_700, 60)
                .incident(10, 10, 32_000)
                .incident(260, 3, 4_000),
        ),
        told(
            promises,
            &Story::calm(&availability("standard"), 30_000, 240)
                .incident(420, 5, 19_000)
                .incident(2, 2, 16_000),
        ),
        told(promises, &Story::calm(&availability("free"), 50_000, 900)),
    ];
    for (verdict, _) in &mut checkout {
        verdict.alerts = conditions(promises, verdict);
    }
    checkout[0].0.overspent_since = Some(at("2026-11-02T14:21:00Z"));
    checkout[1].0.exhausted_in = Some(Duration::from_secs(38 * 3_600));
    checkout[1].0.parts = vec![
        Part {
            interval: Interval {
                start: checkout[1].0.window.start,
                end: at("2026-10-12T00:00:00Z"),
            },
            goal: Some(target(995_000_000)),
            attainment: checkout[2].0.attainment,
        },
        Part {
            interval: Interval {
                start: at("2026-10-12T00:00:00Z"),
                end: at(NOW),
            },
            goal: Some(target(999_000_000)),
            attainment: checkout[1].0.attainment,
        },
    ];
    checkout.push(pooled(promises, &availability("all"), &checkout));
    let mut fast = vec![
        told(
            promises,
            &slow(Story::calm(&latency("premium"), 1_700, 3_300)),
        ),
        told(
            promises,
            &slow(Story::calm(&latency("standard"), 30_000, 6_100).incident(100, 9, 110_000)),
        ),
        told(
            promises,
            &slow(Story::calm(&latency("free"), 50_000, 9_900)),
        ),
    ];
    fast[0].0.over_load = Some(OverLoadShare {
        minutes: 42,
        of_minutes: 43_200,
        attainment: Attainment {
            good: 9_000,
            bad: 112,
        },
        judged_minutes: 0,
    });
    fast[1].0.excluded = Some(ExcludedShare {
        seconds: 5_400,
        attainment: Attainment {
            good: 40_000,
            bad: 9_000,
        },
    });
    fast.push(pooled(promises, &latency("all"), &fast));
    let mut login = vec![told(
        promises,
        &Story::calm("auth-login/availability/all", 9_000, 30)
            .silent(320, 55)
            .from(900),
    )];
    for (verdict, _) in fast.iter_mut().take(2).chain(&mut login) {
        verdict.alerts = conditions(promises, verdict);
    }
    let (verdicts, details): (Vec<Verdict>, Vec<Detail>) =
        checkout.into_iter().chain(fast).chain(login).unzip();
    let mut evaluation = shop::evaluation(verdicts);
    evaluation.masked.push(Masked {
        name: evaluation.verdicts[0].name.clone(),
        since: at("2026-11-02T14:20:00Z"),
        segment_burn_millionths: 1_640_000,
        aggregate_burn_millionths: 240_000,
        share: Share::from_ppb(20_000_000).unwrap(),
    });
    evaluation.untagged.push(Untagged {
        slo: "checkout-completes".into(),
        unknown: 3_100,
        total: 58_000_000,
    });
    evaluation.gaps = vec![
        Gap {
            about: "source access".to_owned(),
            interval: None,
            why: GapReason::Unparsed(412),
        },
        Gap {
            about: "auth-login".to_owned(),
            interval: Some(Interval {
                start: at("2026-10-20T15:59:00Z"),
                end: at("2026-10-22T22:59:00Z"),
            }),
            why: GapReason::NoData,
        },
    ];
    (evaluation, details)
}

fn about() -> About {
    About {
        run: Run {
            instant_is: Some("the end of the data".to_owned()),
            ..Run::default()
        },
        data: Some(Interval {
            start: at("2026-09-03T23:59:00Z"),
            end: at(NOW),
        }),
        reading: Reading {
            sources: vec![ReadSource {
                source: "access".to_owned(),
                supported: true,
                files: 61,
                lines: 58_003_512,
                unparsed: 412,
                ..ReadSource::default()
            }],
        },
        ..About::default()
    }
}

#[test]
fn a_month_of_the_shop() {
    let promises = shop_promises();
    let (evaluation, details) = month(&promises);
    let about = about();
    let report = report(&promises, &evaluation, &details, &about);
    keep("month.html", &report.html());
    keep("month-dark.html", &report.html_in("dark"));
    expect("report/month.md", &report.markdown());
}

/// One SLO is enough to see the shape.
#[test]
fn the_report_as_programs_read_it() {
    let promises = shop_promises();
    let (evaluation, mut details) = month(&promises);
    for detail in &mut details {
        detail.burn_down.drain(1..178);
        detail.days.drain(1..29);
    }
    let about = About {
        slos: vec!["auth-login".into()],
        ..about()
    };
    let report = report(&promises, &evaluation, &details, &about);
    expect("report/login.json", &report.json());
}

fn checked(name: &str, html: &str) {
    keep(name, html);
    let page = page::read(html);
    page::is_self_contained(html, &page);
    page::numbers_of_charts_are_in_tables(&page);
}

#[test]
fn the_page_is_one_file_that_asks_nobody() {
    let promises = shop_promises();
    let (evaluation, details) = month(&promises);
    let about = about();
    let report = report(&promises, &evaluation, &details, &about);
    checked("month.html", &report.html());
}

#[test]
fn the_policy_allows_the_style_that_is_there() {
    let hash = Sha256::digest(attain_view::html::page::STYLE.as_bytes());
    assert_eq!(
        attain_view::html::page::STYLE_HASH,
        page::base64(&hash),
        "style.css was changed: write this into STYLE_HASH"
    );
}

#[test]
fn nothing_from_outside_becomes_markup() {
    const HOSTILE: [&str; 20] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</title><svg onload=alert(1)>",
        "</style><style>*{display:none}",
        "javascript:alert(1)",
        "`<b>`",
        "a`b",
        "&lt;b&gt; & &amp;",
        "\u{202e}desrever",
        "\u{0}\u{7}\u{1b}[31m",
        "line\nbreak | pipe",
        "-->",
        "<!--",
        "]]>",
        "{{7*7}} ${7*7} <%= 7 %>",
        "\u{1f4a5} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        "https://evil.example/x.png",
        "![x](https://evil.example/x.png) [l](javascript:alert(1))",
        "=cmd|'/c calc'!A1",
    ];
    let plain = shop_promises();
    let (evaluation, details) = month(&plain);
    let mut harmless = None;
    for hostile in std::iter::once("harmless").chain(HOSTILE) {
        let mut catalogue = plain.catalogue().clone();
        catalogue.name = hostile.to_owned();
        for slo in catalogue.slos.values_mut() {
            slo.outcome = Some(hostile.to_owned());
            slo.runbook = Some(hostile.to_owned());
            slo.owners.owner = Some(hostile.into());
        }
        let slo = catalogue.slos.remove("auth-login").unwrap();
        catalogue.slos.insert(hostile.into(), slo);
        let promises = Promises::of(catalogue);
        let rename = |name: &mut attain_model::SeriesName| {
            if name.slo.as_str() == "auth-login" {
                name.slo = hostile.into();
                name.objective = hostile.into();
            } else if name.scope.to_string() == "free" {
                name.scope = attain_model::Scope::Segment(hostile.into());
            }
        };
        let (mut evaluation, mut details) = (evaluation.clone(), details.clone());
        for verdict in &mut evaluation.verdicts {
            rename(&mut verdict.name);
            for alert in &mut verdict.alerts {
                alert.policy = hostile.into();
            }
        }
        for detail in &mut details {
            rename(&mut detail.name);
            for cause in &mut detail.causes {
                cause.what = hostile.to_owned();
            }
        }
        evaluation.gaps.push(Gap {
            about: hostile.to_owned(),
            interval: None,
            why: GapReason::NotKept(hostile.to_owned()),
        });
        let mut about = about();
        about.run.notes.push(hostile.to_owned());
        about.run.caution = Some(hostile.to_owned());
        about.run.instant_is = Some(hostile.to_owned());
        about.reading.sources[0].source = hostile.to_owned();
        about.reading.sources[0].notes.push(hostile.to_owned());
        let report = report(&promises, &evaluation, &details, &about);
        let html = report.html();
        let page = page::read(&html);
        page::is_self_contained(&html, &page);
        // Not a tag more than with a harmless name, but for where its notes stand and for `code`.
        let tags = page.tags_beside(&["code", "a", "p", "li", "ul", "h4", "div", "dt", "dd"]);
        let expected = harmless.get_or_insert_with(|| tags.clone());
        assert_eq!(&tags, expected, "{hostile}");
        assert!(!html.contains('\u{202e}') && !html.contains('\u{1b}') && !html.contains('\u{0}'));
        let markdown = report.markdown();
        let without_escapes = markdown
            .replace(r"\\", "")
            .replace(r"\<", "")
            .replace(r"\]", "");
        assert!(!without_escapes.contains('<'), "{hostile}: {markdown}");
        assert!(!without_escapes.contains("]("), "{hostile}: {markdown}");
    }
}

/// So many SLOs, each with a promise to four segments, some with incidents and holes.
pub fn many(slos: usize) -> (Promises, Evaluation, Vec<Detail>) {
    let mut catalogue = shop::catalogue();
    let segment = catalogue.segments["free"].clone();
    catalogue.segments.insert(
        "partners".into(),
        attain_model::company::Segment {
            id: "partners".into(),
            rank: 4,
            ..segment
        },
    );
    let template = catalogue.slos.remove("checkout-completes").unwrap();
    catalogue.slos.clear();
    let names: Vec<String> = (1..=slos)
        .map(|i| format!("service-{i:02}-answers"))
        .collect();
    for name in &names {
        let mut slo = template.clone();
        slo.id = name.as_str().into();
        slo.objectives.remove("latency");
        let terms = &mut slo.objectives.get_mut("availability").unwrap().terms;
        let attain_model::Targets::PerSegment { segments, .. } = &mut terms[0].targets else {
            unreachable!("the shop promises to segments");
        };
        segments.insert("partners".into(), target(995_000_000));
        catalogue.slos.insert(slo.id.clone(), slo);
    }
    let promises = Promises::of(catalogue);
    let (mut verdicts, mut details) = (Vec::new(), Vec::new());
    for (i, name) in names.iter().enumerate() {
        let story = |segment: &str, hourly, ppm| {
            Story::calm(&format!("{name}/availability/{segment}"), hourly, ppm)
        };
        let mut series = vec![
            story("premium", 1_700, 90),
            story("standard", 30_000, 340),
            story("free", 50_000, 2_900),
            story("partners", 900, 800),
        ];
        // Every other SLO had an incident, every fifth a hole.
        if i % 2 == 0 {
            series[i / 2 % 4].incidents.push((30 + i * 11, 4, 60_000));
        }
        if i % 5 == 0 {
            for story in &mut series {
                story.silence.push((40 + i * 9, 30));
            }
        }
        let mut series: Vec<_> = series.iter().map(|story| told(&promises, story)).collect();
        for (verdict, _) in &mut series {
            verdict.alerts = conditions(&promises, verdict);
        }
        series.push(pooled(
            &promises,
            &format!("{name}/availability/all"),
            &series,
        ));
        let (more_verdicts, more_details): (Vec<_>, Vec<_>) = series.into_iter().unzip();
        verdicts.extend(more_verdicts);
        details.extend(more_details);
    }
    (promises, shop::evaluation(verdicts), details)
}

/// Six SLOs are as many as are shown in full; fifty are shown in brief.
#[test]
fn fifty_slos_of_four_segments_fit_into_400_kb() {
    for (slos, name) in [(6, "six.html"), (50, "fifty.html")] {
        let (promises, evaluation, details) = many(slos);
        let about = about();
        let html = report(&promises, &evaluation, &details, &about).html();
        checked(name, &html);
        assert_eq!(evaluation.verdicts.len(), slos * 5);
        assert_eq!(html.contains("<th>burn"), slos == 6);
        assert_eq!(html.contains("class=\"slo folded\""), slos == 50);
        assert!(html.len() < 400_000, "{slos} SLOs: {} bytes", html.len());
    }
}

/// A budget of slices is a budget of time, whichever way a slice is counted.
#[test]
fn slices_of_time_are_said_as_time() {
    let slice = Duration::from_secs(60);
    let good_at = Share::from_ppb(950_000_000).unwrap();
    for (budgeting, unit) in [
        (Budgeting::Timeslices { slice, good_at }, 1),
        (Budgeting::RatioTimeslices { slice }, 1_000_000_000),
    ] {
        let mut catalogue = shop::catalogue();
        catalogue.slos.get_mut("auth-login").unwrap().budgeting = budgeting;
        let promises = Promises::of(catalogue);
        let name = "auth-login/availability/all";
        let login = shop::verdict(&promises, name, 500_000 * unit, 47 * unit, (60 * unit, 0));
        let evaluation = shop::evaluation(vec![login]);
        let none = About::default();
        let report = report(&promises, &evaluation, &[], &none);
        let html = report.html();
        assert!(
            html.contains("<dt>bad slices<dd>47 of 50 allowed"),
            "{html}"
        );
        assert!(html.contains("<dt>as time<dd>47m of 50m"), "{html}");
        assert!(
            report
                .markdown()
                .contains("| all | 47 of 50 allowed | 47m of 50m |")
        );
    }
}

#[test]
fn where_there_is_nothing_it_says_what_to_do() {
    let nothing = Promises::of(shop::empty());
    let none = About::default();
    let no_slo = report(&nothing, &shop::evaluation(Vec::new()), &[], &none);
    let promises = shop_promises();
    let no_verdict = report(&promises, &shop::evaluation(Vec::new()), &[], &none);
    let mut silent = shop::verdict(&promises, "auth-login/availability/all", 0, 0, (0, 0));
    silent.standing = attain_model::Standing::Unknown;
    silent.coverage = attain_model::verdict::Coverage::Share(Share::from_ppb(0).unwrap());
    let unread = About {
        run: Run {
            nothing_read: true,
            ..Run::default()
        },
        ..About::default()
    };
    let evaluation = shop::evaluation(vec![silent]);
    let no_data = report(&promises, &evaluation, &[], &unread);
    for (name, report, says) in [
        ("no-slo.html", no_slo, "attain init --from FILE"),
        ("no-verdict.html", no_verdict, "No SLO was in force"),
        (
            "no-data.html",
            no_data,
            "nothing can be said about 1 promise",
        ),
    ] {
        let html = report.html();
        checked(name, &html);
        assert!(html.contains(says), "{name}");
        assert!(report.markdown().contains(says), "{name}");
    }
}

/// Text at 4.5 to 1, marks of charts at 3 to 1, in both themes.
#[test]
fn colours_are_told_apart_from_their_ground() {
    let style = attain_view::html::page::STYLE;
    let block = |from: &str| style.split_once(from).unwrap().1.split_once('}').unwrap().0;
    let (light, dark) = (block(":root{"), block(":root[data-theme=dark]{"));
    let preferred = block(":root:not([data-theme=light]){");
    assert!(dark.ends_with(preferred), "the two dark themes are one");
    for theme in [light, dark] {
        let tokens = page::tokens(theme);
        for ground in ["paper", "panel"] {
            for text in [
                "ink", "ink2", "ink3", "ok", "warn", "bad", "unknown", "quiet",
            ] {
                let found = page::contrast(tokens[text], tokens[ground]);
                assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
            }
            for state in [
                "ok-mark",
                "warn-mark",
                "bad-mark",
                "unknown-mark",
                "quiet-mark",
            ] {
                let found = page::contrast(tokens[state], tokens[ground]);
                assert!(found >= 3.0, "{state} on {ground}: {found:.2}");
            }
        }
    }
}

/// A rolling window forgets: what would be gone only after the window has passed is never gone.
#[test]
fn a_budget_that_would_outlast_its_window_lasts() {
    let promises = shop_promises();
    let (mut evaluation, details) = month(&promises);
    let none = About::default();
    for (days, says, is_drawn) in [(29, "gone in 29d", true), (276, "it lasts", false)] {
        for verdict in &mut evaluation.verdicts {
            // While one fires, its windows say how long it lasts.
            verdict.alerts.clear();
            verdict.exhausted_in = verdict
                .exhausted_in
                .map(|_| Duration::from_secs(days * 86_400));
        }
        let report = report(&promises, &evaluation, &details, &none);
        assert!(report.markdown().contains(says), "{days}");
        assert_eq!(report.html().contains("class=forecast"), is_drawn, "{days}");
        assert_eq!(report.markdown().contains("gone in"), is_drawn, "{days}");
    }
}

/// A page says whether it is over, and what to do.
#[test]
fn what_broke_says_whether_it_still_does() {
    let promises = shop_promises();
    let (mut evaluation, details) = month(&promises);
    let about = about();
    let page = report(&promises, &evaluation, &details, &about).html();
    assert!(page.contains("<b>still going on: 97 of 3,036 requests failed in the last 5m; 3.2% of 3,036 requests failed in the last hour"));
    assert!(
        page.contains("<a href=\"https://wiki.shop.example/runbooks/checkout\" rel=noreferrer>")
    );
    for verdict in &mut evaluation.verdicts {
        verdict.alerts.clear();
        for burn in &mut verdict.burn {
            burn.attainment.bad = 0;
        }
    }
    let page = report(&promises, &evaluation, &details, &about).html();
    assert!(page.contains("<b>over: 0 of "), "{page}");
    assert!(page.contains("stays broken until the failures leave the window of 30d"));
}

/// Where something internal is worst, customers whose promise is kept by a little are not forgotten.
#[test]
fn customers_are_named_beside_what_is_internal() {
    let promises = shop_promises();
    let mut auth = shop::verdict(&promises, "auth-login/availability/all", 1_000, 9, (10, 9));
    auth.standing = attain_model::Standing::Breached;
    let checkout = "checkout-completes/availability/standard";
    let low = shop::verdict(&promises, checkout, 1_000_000, 950, (10, 0));
    let none = About::default();
    let page = report(&promises, &shop::evaluation(vec![auth, low]), &[], &none).html();
    assert!(page.contains("auth-login (availability) is broken"));
    let said = format!(
        "No promise to customers is hurt so far. Closest: {checkout}, 5% of its budget left."
    );
    assert!(page.contains(&said), "{page}");
    assert!(
        page.contains("<dt>severity<dd>internal; no alert fires"),
        "{page}"
    );
}

/// A report is read later: it names owners and the runbook, and wakes nobody.
#[test]
fn a_report_wakes_nobody() {
    let promises = shop_promises();
    let name = "checkout-completes/availability/premium";
    let mut premium = shop::verdict(&promises, name, 1_000, 90, (100, 90));
    premium.alerts = vec![crate::status::page(&promises)];
    let none = About::default();
    let page = report(&promises, &shop::evaluation(vec![premium]), &[], &none).html();
    for row in ["page", "owners", "runbook"] {
        assert!(page.contains(&format!("<dt>{row}<dd>")), "{row}: {page}");
    }
    assert!(!page.contains("<dt>wake"), "{page}");
}

/// The shortest window that says enough decides whether it goes on; few requests without a failure do not.
#[test]
fn what_stopped_a_minute_ago_does_not_go_on() {
    let promises = shop_promises();
    let (mut evaluation, details) = month(&promises);
    let about = about();
    for (requests, bad, says) in [
        (
            640,
            0,
            "0 of 640 requests failed in the last 1m; 255 in the last 5m.",
        ),
        (
            3,
            0,
            "perhaps over: 0 of 3 requests failed in the last 1m, too few to tell; before",
        ),
        (0, 0, "not known: no traffic in the last 1m; before that: "),
        (
            640,
            600,
            "still going on: 600 of 640 requests failed in the last 1m; 3.2% of 3,036 requests failed in the last hour",
        ),
    ] {
        for verdict in &mut evaluation.verdicts {
            verdict.exhausted_in = Some(Duration::from_secs(60));
            verdict
                .burn
                .retain(|burn| burn.window >= Duration::from_secs(3_600));
            let short = |seconds, total: u64, bad, allowed_billionths| Burn {
                window: Duration::from_secs(seconds),
                attainment: Attainment {
                    good: total - bad,
                    bad,
                },
                allowed_billionths,
            };
            verdict.burn.insert(0, short(60, requests, bad, 1));
            verdict
                .burn
                .insert(1, short(300, 3_000, 255, 1_000_000_000));
        }
        let report = report(&promises, &evaluation, &details, &about);
        let page = report.html();
        assert!(page.contains(says), "{says}");
        assert_eq!(
            page.contains("<b>stopped by 20"),
            requests == 640 && bad == 0
        );
        assert_eq!(
            page.contains("Follow the runbook"),
            requests != 640 || bad > 0
        );
        // What is gone soon must burn now.
        let is_over = requests == 640 && bad == 0;
        assert_eq!(report.markdown().contains("gone in"), !is_over, "{says}");
    }
}

/// All promises are kept is no reason to stop reading where little is left of one.
#[test]
fn little_left_is_said_first() {
    let promises = shop_promises();
    let low = shop::verdict(
        &promises,
        "auth-login/availability/all",
        1_000_000,
        95,
        (60, 0),
    );
    let evaluation = shop::evaluation(vec![low]);
    let none = About::default();
    let page = report(&promises, &evaluation, &[], &none).html();
    assert!(page.contains("auth-login/availability/all has 5% of its budget left. Owner: "));
    assert!(page.contains("kept, in danger"));
}

/// A window that fills for the first time is drawn against what is allowed now, and ends at its number.
#[test]
fn a_window_that_fills_does_not_climb() {
    let promises = shop_promises();
    let name = "auth-login/availability/all";
    let story = Story::calm(name, 3_000, 40).incident(200, 2, 900).from(300);
    let (verdict, detail) = told(&promises, &story);
    let evaluation = shop::evaluation(vec![verdict.clone()]);
    let none = About::default();
    let details = [detail];
    let page = report(&promises, &evaluation, &details, &none).html();
    assert!(page.contains("The window is still filling"));
    assert!(page.contains("Hatched: no data yet."));
    let curve = page.split_once("<path class=curve d=\"").unwrap().1;
    let curve = curve.split_once('"').unwrap().0;
    assert!(
        curve.contains('v') && !curve.contains("v-"),
        "it climbs: {curve}"
    );
    let left = attain_view::number::budget_left(verdict.budget).unwrap();
    assert!(page.contains(&format!(", now {left}\"")), "{left}");
}

/// What lies below a drawing is an arrow with its number, and a day over its share is red only where the budget was gone.
#[test]
fn what_is_cut_off_says_how_deep_it_is() {
    let promises = shop_promises();
    let name = "auth-login/availability/all";
    let deep = Story::calm(name, 3_000, 5).incident(100, 5, 200_000);
    let calm = Story::calm(name, 3_000, 20).incident(500, 5, 3_000);
    for (story, is_deep) in [(deep, true), (calm, false)] {
        let (verdict, detail) = told(&promises, &story);
        let evaluation = shop::evaluation(vec![verdict]);
        let none = About::default();
        let details = [detail];
        let page = report(&promises, &evaluation, &details, &none).html();
        assert_eq!(page.contains("class=cut-off"), is_deep);
        assert_eq!(page.contains("<rect class=bad"), is_deep);
        assert_eq!(page.contains("<rect class=over x"), !is_deep);
    }
}

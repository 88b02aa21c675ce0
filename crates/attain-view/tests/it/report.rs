//! The report: Markdown and JSON as golden files, the page by its structure.

use std::path::Path;
use std::time::Duration;

use attain_model::detail::Detail;
use attain_model::policy::{AlertPolicy, Urgency};
use attain_model::verdict::{
    AlertCondition, AlertRule, AlertState, Masked, OverLoadShare, Part, Untagged,
};
use attain_model::{Evaluation, Gap, GapReason, Interval, Multiple, Promises, Share, Verdict};
use attain_view::report::{About, report};
use attain_view::status::Run;
use attain_view::status_json::{ReadSource, Reading};

use crate::expect;
use crate::month::{Story, pooled, told};
use crate::shop::{self, NOW, at, target};

/// A page to look at; nothing reads it.
fn keep(name: &str, html: &str) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(path, html).unwrap();
}

fn shop_promises() -> Promises {
    let mut catalogue = shop::catalogue();
    let checkout = catalogue.slos.get_mut("checkout-completes").unwrap();
    checkout.outcome = Some("A customer who presses Buy gets an order confirmation.".to_owned());
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
fn month(promises: &Promises) -> (Evaluation, Vec<Detail>) {
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
        attainment: attain_model::verdict::Attainment {
            good: 9_000,
            bad: 112,
        },
        judged_minutes: 0,
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
    expect("report/month.json", &report.json());
}

//! The verdict table and its sentence.

use std::time::Duration;

use attain_model::policy::{AlertPolicy, Spends, Urgency};
use attain_model::slo::{Budgeting, Dependency, Provider};
use attain_model::verdict::{
    AlertCondition, AlertRule, AlertState, Attainment, Burn, Coverage, ExcludedShare, Masked,
    OverLoadShare, Part, Untagged,
};
use attain_model::{
    Evaluation, Gap, GapReason, Interval, Multiple, Promises, Share, Standing, Verdict,
};
use attain_view::Look;
use attain_view::status::{Run, status};
use attain_view::status_json::{ReadSource, Reading, UnparsedLine, status_json};

use crate::shop::{self, HOUR, at, pool, verdict};
use crate::{expect, fits};

fn look(width: usize) -> Look {
    Look {
        width,
        ..Look::plain()
    }
}

fn end_of_data() -> Run {
    Run {
        instant_is: Some("the end of the data".to_owned()),
        ..Run::default()
    }
}

/// Premium is 2 % of the traffic and 3 % of it fails; the aggregate is met.
fn hidden(promises: &Promises) -> Evaluation {
    let name = |segment: &str| format!("checkout-completes/availability/{segment}");
    let mut verdicts = vec![
        verdict(promises, &name("premium"), 20_000, 600, (800, 24)),
        verdict(promises, &name("standard"), 380_000, 190, (15_000, 7)),
        verdict(promises, &name("free"), 600_000, 120, (25_000, 5)),
    ];
    verdicts[0].alerts = vec![page(promises)];
    verdicts[0].overspent_since = Some(at("2026-11-02T14:21:00Z"));
    verdicts.push(pool(promises, &name("all"), &verdicts, 0));
    let mut evaluation = shop::evaluation(verdicts);
    evaluation.masked.push(Masked {
        name: evaluation.verdicts[0].name.clone(),
        since: at("2026-11-02T14:20:00Z"),
        segment_burn_millionths: 60_000_000,
        aggregate_burn_millionths: 142_000,
        share: Share::from_ppb(20_000_000).unwrap(),
    });
    evaluation
}

pub fn page(promises: &Promises) -> AlertCondition {
    let policy = &promises.catalogue().alert_policies[AlertPolicy::WORKBOOK];
    AlertCondition {
        policy: policy.id.clone(),
        urgency: Urgency::Page,
        rule: AlertRule::BurnRate {
            tier: policy.page[0],
            burn: Multiple::from_millionths(14_400_000),
        },
        state: AlertState::Firing(at("2026-11-02T14:25:00Z")),
    }
}

#[test]
fn a_hidden_segment_is_the_first_thing_said() {
    let promises = Promises::of(shop::catalogue());
    let evaluation = hidden(&promises);
    for width in [80, 120] {
        let text = status(&promises, &evaluation, &end_of_data(), &look(width));
        fits(&text, width);
        expect(&format!("status/hidden-{width}.txt"), &text);
    }
    expect(
        "status/hidden.json",
        &status_json(&promises, &evaluation, &Reading::default()),
    );
}

#[test]
fn colours_change_no_character() {
    let promises = Promises::of(shop::catalogue());
    let evaluation = hidden(&promises);
    let plain = status(&promises, &evaluation, &end_of_data(), &look(80));
    let styled = status(
        &promises,
        &evaluation,
        &end_of_data(),
        &Look {
            color: true,
            ..look(80)
        },
    );
    assert!(styled.contains("\u{1b}["));
    let mut stripped = String::new();
    let mut rest = styled.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        stripped.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn everything_is_kept() {
    let promises = Promises::of(shop::catalogue());
    let evaluation = shop::evaluation(vec![
        verdict(
            &promises,
            "auth-login/availability/all",
            1_000_000,
            63,
            (1_400, 0),
        ),
        verdict(
            &promises,
            "checkout-completes/availability/premium",
            10_000,
            5,
            (10, 0),
        ),
    ]);
    expect(
        "status/kept.txt",
        &status(&promises, &evaluation, &Run::default(), &look(80)),
    );
}

#[test]
fn a_page_before_the_budget_is_gone() {
    let promises = Promises::of(shop::catalogue());
    let mut burning = verdict(
        &promises,
        "checkout-completes/availability/standard",
        1_000_000,
        380,
        (2_000, 60),
    );
    burning.alerts = vec![page(&promises)];
    burning.exhausted_in = Some(Duration::from_secs(6_059));
    let mut own = verdict(
        &promises,
        "auth-login/availability/all",
        1_000_000,
        900,
        (1_400, 0),
    );
    own.standing = Standing::Breached;
    let evaluation = shop::evaluation(vec![own, burning]);
    expect(
        "status/burning.txt",
        &status(&promises, &evaluation, &Run::default(), &look(80)),
    );
}

#[test]
fn what_the_numbers_leave_out_is_said() {
    let promises = Promises::of(shop::catalogue());
    let evaluation = holes(&promises);
    let run = Run {
        notes: vec![
            "access.log: 3 of 1200 lines could not be read, e.g. access.log:17: no time".to_owned(),
        ],
        ..end_of_data()
    };
    for width in [60, 80, 120] {
        let text = status(&promises, &evaluation, &run, &look(width));
        fits(&text, width);
        expect(&format!("status/holes-{width}.txt"), &text);
    }
    expect(
        "status/holes.json",
        &status_json(&promises, &evaluation, &reading()),
    );
}

/// Where data is missing is cut to a few lines, how much is not.
#[test]
fn gaps_that_are_not_named_are_measured() {
    let promises = Promises::of(shop::catalogue());
    let mut evaluation = holes(&promises);
    let start = at("2026-11-01T08:00:00Z");
    evaluation.gaps = (0..5_i64)
        .map(|nth| {
            let from = start + jiff::SignedDuration::from_hours(nth);
            Gap {
                about: "source main".to_owned(),
                interval: Some(Interval {
                    start: from,
                    end: from + jiff::SignedDuration::from_mins(nth + 1),
                }),
                why: GapReason::NoData,
            }
        })
        .collect();
    let text = status(&promises, &evaluation, &Run::default(), &look(120));
    assert_eq!(text.matches("source main: no data (").count(), 3, "{text}");
    assert!(
        text.contains("... and 2 more like it, 9m in all\n"),
        "{text}"
    );
    // What is no whole number of minutes is no number of seconds either.
    let last = evaluation.gaps[4].interval.as_mut().unwrap();
    last.end += jiff::SignedDuration::from_secs(25 * 3600 + 1);
    let text = status(&promises, &evaluation, &Run::default(), &look(120));
    assert!(text.contains("like it, 1d 1h in all\n"), "{text}");
}

/// What reading left out.
fn reading() -> Reading {
    let access = ReadSource {
        source: "access".to_owned(),
        supported: true,
        files: 1,
        lines: 1_000,
        unparsed: 1,
        examples: vec![UnparsedLine {
            place: "access.log:17".to_owned(),
            why: "no closing quote".to_owned(),
        }],
        without_files: vec!["old*.log".to_owned()],
        unclaimed_segments: [("gold".to_owned(), 12)].into(),
        notes: vec!["the last line is cut".to_owned()],
    };
    let main = ReadSource {
        source: "main".to_owned(),
        ..ReadSource::default()
    };
    Reading {
        sources: vec![access, main],
    }
}

/// One of everything that makes a number less than the whole truth.
fn holes(promises: &Promises) -> Evaluation {
    let latency = |segment: &str| format!("checkout-completes/latency/{segment}");
    let mut premium = verdict(promises, &latency("premium"), 90_000, 300, (120, 1));
    premium.coverage = Coverage::Share(Share::from_ppb(971_250_000).unwrap());
    premium.uncertain = 41;
    premium.over_load = Some(OverLoadShare {
        minutes: 75,
        of_minutes: 43_000,
        attainment: Attainment {
            good: 2_000_000,
            bad: 70_000,
        },
        judged_minutes: 0,
    });
    let mut standard = verdict(promises, &latency("standard"), 0, 0, (0, 0));
    standard.coverage = Coverage::NotKnown;
    let free = verdict(promises, &latency("free"), 12_000, 700, (20, 3));
    let mut auth = verdict(promises, "auth-login/availability/all", 4_000, 0, (0, 0));
    auth.standing = Standing::Unknown;
    auth.coverage = Coverage::Share(Share::from_ppb(310_000_000).unwrap());
    auth.parts = changed(promises, &auth);
    auth.alerts = vec![unreachable(promises)];
    let mut evaluation = shop::evaluation(vec![auth, premium, standard, free]);
    evaluation.untagged.push(Untagged {
        slo: "checkout-completes".into(),
        unknown: 1_234,
        total: 103_234,
    });
    let gap = |about: &str, why| Gap {
        about: about.to_owned(),
        interval: Some(Interval {
            start: at("2026-11-01T08:00:00Z"),
            end: at("2026-11-01T09:30:00Z"),
        }),
        why,
    };
    evaluation.gaps = vec![
        gap("source main", GapReason::NoData),
        gap("source main", GapReason::UnknownBirth(12)),
        gap("auth-login", GapReason::NotYet),
        gap("checkout-completes", GapReason::NotYet),
        Gap {
            interval: None,
            ..gap("source access", GapReason::CoverageUnknown)
        },
    ];
    evaluation
        .gaps
        .extend((0..5).map(|i| gap(&format!("series {i}"), GapReason::TooLate(i))));
    evaluation
}

fn changed(promises: &Promises, verdict: &Verdict) -> Vec<Part> {
    let change = at("2026-10-20T00:00:00Z");
    let part = |start, end, goal| Part {
        interval: Interval { start, end },
        goal: Some(goal),
        attainment: Attainment {
            good: 2_000,
            bad: 0,
        },
    };
    assert_eq!(promises.catalogue().name, "Shop");
    vec![
        part(verdict.window.start, change, shop::target(999_000_000)),
        part(change, verdict.window.end, shop::target(999_900_000)),
    ]
}

fn unreachable(promises: &Promises) -> AlertCondition {
    let mut condition = page(promises);
    condition.state = AlertState::Unreachable;
    condition.rule = AlertRule::BurnRate {
        tier: attain_model::policy::Tier {
            long: Duration::from_secs(HOUR),
            short: Duration::from_secs(300),
            spends: Spends::BudgetShare(Share::from_ppb(200_000_000).unwrap()),
        },
        burn: Multiple::from_millionths(148_800_000),
    };
    condition
}

#[test]
fn empty_states_say_what_to_do_next() {
    let none = Promises::of(shop::empty());
    let shop = Promises::of(shop::catalogue());
    let run = Run {
        nothing_read: true,
        ..Run::default()
    };
    let mut silent = verdict(&shop, "auth-login/availability/all", 0, 0, (0, 0));
    silent.standing = Standing::Unknown;
    silent.coverage = Coverage::Share(Share::NONE);
    let silent = shop::evaluation(vec![silent]);
    let text = [
        status(&none, &shop::evaluation(Vec::new()), &run, &look(80)),
        status(&shop, &shop::evaluation(Vec::new()), &run, &look(80)),
        status(&shop, &silent, &run, &look(80)),
        status(&shop, &silent, &Run::default(), &look(80)),
    ]
    .join("\n=====\n\n");
    fits(&text, 80);
    expect("status/empty.txt", &text);
}

#[test]
fn a_missed_target_never_reads_as_met() {
    let promises = Promises::of(shop::catalogue());
    // 99.9 % of 10,000,000 allows 10,000 bad; one more is a breach that no rounding may hide.
    let name = "checkout-completes/availability/standard";
    let evaluation = shop::evaluation(vec![verdict(&promises, name, 10_000_000, 10_001, (100, 0))]);
    let text = status(&promises, &evaluation, &Run::default(), &look(80));
    assert!(
        text.contains("99.8999%") || text.contains("99.899%"),
        "{text}"
    );
    assert!(text.contains("-0.1%"), "{text}");
    assert!(text.contains("breached"), "{text}");
}

#[test]
fn an_alert_that_never_fires_is_one_line_for_its_policy() {
    let promises = Promises::of(shop::catalogue());
    let verdicts = ["premium", "standard", "free"].map(|segment| {
        let name = format!("checkout-completes/availability/{segment}");
        let mut verdict = verdict(&promises, &name, 10_000, 1, (10, 0));
        verdict.alerts = vec![unreachable(&promises), unreachable(&promises)];
        verdict
    });
    let evaluation = shop::evaluation(verdicts.to_vec());
    let text = status(&promises, &evaluation, &Run::default(), &look(400));
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("never fire"))
        .collect();
    assert_eq!(
        lines,
        [
            "  policy workbook can never fire on `20% of the budget in 1h` (needs 148x) for \
          checkout-completes/availability/premium, checkout-completes/availability/standard, \
          checkout-completes/availability/free: everything failing burns less; see attain explain alert-unreachable"
        ]
    );
}

#[test]
fn windows_before_the_data_are_one_line() {
    let promises = Promises::of(shop::catalogue());
    let mut evaluation = holes(&promises);
    let gap = |about: &str, start: &str| Gap {
        about: about.to_owned(),
        interval: Some(Interval {
            start: at(start),
            end: at("2026-11-01T09:30:00Z"),
        }),
        why: GapReason::NotYet,
    };
    let late = gap("auth-login", "2026-10-01T00:00:00Z");
    let later = gap("checkout-completes", "2026-10-25T00:00:00Z");
    let mut line = |gaps: &[&Gap]| {
        evaluation.gaps = gaps.iter().copied().cloned().collect();
        let text = status(&promises, &evaluation, &Run::default(), &look(200));
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("measured before"))
            .collect();
        lines.join("\n")
    };
    assert_eq!(
        line(&[&late, &later]),
        "  nothing was measured before 2026-11-01 09:30, and all windows reach further back"
    );
    assert_eq!(
        line(&[&late]),
        "  nothing was measured before 2026-11-01 09:30, and the window of auth-login reaches further back"
    );
    assert_eq!(line(&[]), "");
    let from = |about: &str, end: &str| {
        let mut gap = gap(about, "2026-10-01T00:00:00Z");
        gap.interval = gap.interval.map(|interval| Interval {
            end: at(end),
            ..interval
        });
        gap
    };
    assert_eq!(
        line(&[
            &from("auth-login", "2026-11-01T09:30:00Z"),
            &from("checkout-completes", "2026-11-01T09:31:00Z"),
            &from("search", "2026-11-01T09:35:00Z"),
        ]),
        "  of auth-login, checkout-completes, search nothing was measured before 2026-11-01 09:30 to 2026-11-01 09:35, and \
         their windows reach further back"
    );
}

/// Somebody who sees a promise burn and no page expects one.
#[test]
fn a_page_that_waits_for_more_events_says_when_it_is_looked_at() {
    let promises = Promises::of(shop::catalogue());
    let policy = promises.catalogue().alert_policies.values().next().unwrap();
    let tier = policy.page[0];
    let said = |bad: u64, state: AlertState| {
        let name = "checkout-completes/availability/premium";
        let mut verdict = verdict(&promises, name, 100, bad, (100, bad));
        let windows = [tier.short, tier.long];
        let burnt = windows.map(|window| Burn {
            window,
            attainment: Attainment {
                good: 100 - bad,
                bad,
            },
            allowed_billionths: 50_000_000,
        });
        verdict.burn = burnt.to_vec();
        verdict.alerts = vec![AlertCondition {
            policy: policy.id.clone(),
            urgency: Urgency::Page,
            rule: AlertRule::BurnRate {
                tier,
                burn: Multiple::from_millionths(14_400_000),
            },
            state,
        }];
        status(
            &promises,
            &shop::evaluation(vec![verdict]),
            &Run::default(),
            &look(200),
        )
    };
    let says = "too few events for its page; looked at again ";
    let text = said(9, AlertState::TooFewEvents);
    assert!(text.contains(says), "{text}");
    assert!(!said(9, AlertState::Quiet).contains(says));
    assert!(!said(0, AlertState::TooFewEvents).contains(says));
}

/// What broke below is where to look; what broke beside it is another story.
#[test]
fn what_the_broken_promise_rests_on_is_told_from_the_rest() {
    let broken = |catalogue| {
        let promises = Promises::of(catalogue);
        let checkout = "checkout-completes/availability/premium";
        let mut auth = verdict(&promises, "auth-login/availability/all", 1_000, 9, (10, 0));
        auth.standing = Standing::Breached;
        let premium = verdict(&promises, checkout, 1_000, 9, (10, 0));
        let evaluation = shop::evaluation(vec![auth, premium]);
        status(&promises, &evaluation, &Run::default(), &look(80))
    };
    let beside = broken(shop::catalogue());
    assert!(
        beside.contains("\nBroken earlier, not burning now: auth-login/availability/all.\n"),
        "{beside}"
    );
    let mut catalogue = shop::catalogue();
    let edge = Dependency::on(Provider::Slo("auth-login".into()));
    let checkout = catalogue.slos.get_mut("checkout-completes").unwrap();
    checkout.depends_on.push(edge);
    let below = broken(catalogue);
    assert!(
        below.contains("\nBroken underneath: auth-login/availability/all.\n"),
        "{below}"
    );
    assert!(
        below.contains("In the last hour none of 10\n  requests failed."),
        "{below}"
    );
}

/// What pages and goes on comes first, however far inside; while customers' pages go on, too, theirs do. What is over comes
/// behind what is not.
#[test]
fn what_pages_now_comes_before_what_is_over() {
    let promises = Promises::of(shop::catalogue());
    let first = |auth: (bool, u64), premium: (bool, u64)| {
        let of = |name: &str, (pages, hour): (bool, u64)| {
            let mut verdict = verdict(&promises, name, 10_000, 90, (1_000, hour));
            verdict.alerts.extend(pages.then(|| page(&promises)));
            verdict
        };
        let mut auth = of("auth-login/availability/all", auth);
        auth.audience = attain_model::Audience::Internal;
        let premium = of("checkout-completes/availability/premium", premium);
        let evaluation = shop::evaluation(vec![auth, premium]);
        let text = status(&promises, &evaluation, &Run::default(), &look(80));
        text.lines()
            .next()
            .unwrap_or_default()
            .replace(" (availability)", "")
            + &text
    };
    let (inside, customers) = ("auth-login is broken", "checkout-completes is broken");
    for (auth, premium, says) in [
        ((true, 90), (false, 0), inside),
        ((true, 90), (true, 0), inside),
        ((true, 90), (true, 90), customers),
        ((true, 0), (false, 0), customers),
        ((false, 90), (false, 0), customers),
        ((true, 0), (true, 0), customers),
    ] {
        let text = first(auth, premium);
        assert!(text.starts_with(says), "{auth:?} {premium:?}\n{text}");
    }
    let text = first((true, 90), (true, 0));
    let over = "Broken earlier, not burning now: checkout-completes/availability/premium.";
    let read = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(read.contains(over), "{text}");
}

#[test]
fn what_was_excluded_is_said() {
    let promises = Promises::of(shop::catalogue());
    let name = "auth-login/availability/all";
    let mut auth = verdict(&promises, name, 1_000_000, 63, (1_400, 0));
    auth.excluded = Some(ExcludedShare {
        seconds: 5_400,
        attainment: Attainment { good: 30, bad: 70 },
    });
    let evaluation = shop::evaluation(vec![auth]);
    let text = status(&promises, &evaluation, &Run::default(), &look(120));
    assert!(
        text.contains("auth-login/availability/all: 1h 30m excluded, outside the promise (70 bad of 100 requests)"),
        "{text}"
    );
}

#[test]
fn slices_of_time_are_no_requests() {
    let mut catalogue = shop::catalogue();
    let auth = catalogue.slos.get_mut("auth-login").unwrap();
    auth.budgeting = Budgeting::Timeslices {
        slice: Duration::from_secs(60),
        good_at: Share::from_ppb(950_000_000).unwrap(),
    };
    let promises = Promises::of(catalogue);
    for (bad, now) in [(0, "none of 60 slices were bad"), (3, "5% were bad")] {
        let mut auth = verdict(
            &promises,
            "auth-login/availability/all",
            1_000,
            9,
            (60, bad),
        );
        auth.standing = Standing::Breached;
        let evaluation = shop::evaluation(vec![auth]);
        let text = status(&promises, &evaluation, &Run::default(), &look(120));
        assert!(text.contains("0.9% of slices are bad"), "{text}");
        assert!(text.contains(now), "{text}");
    }
}

/// A total that is broken while every segment is kept is not everyone.
#[test]
fn a_total_that_is_broken_alone_says_who_is_kept() {
    let mut catalogue = shop::catalogue();
    let checkout = catalogue.slos.get_mut("checkout-completes").unwrap();
    let terms = &mut checkout.objectives.get_mut("availability").unwrap().terms;
    let attain_model::Targets::PerSegment { all, .. } = &mut terms[0].targets else {
        unreachable!("the shop promises to segments");
    };
    *all = Some(shop::target(999_000_000));
    let promises = Promises::of(catalogue);
    let verdict = |segment: &str, total, bad| {
        let name = format!("checkout-completes/availability/{segment}");
        shop::verdict(&promises, &name, total, bad, (60, 0))
    };
    let mut evaluation = shop::evaluation(vec![
        verdict("premium", 20_000, 4),
        verdict("standard", 50_000, 30),
        verdict("free", 20_000, 50),
        verdict("all", 93_000, 400),
    ]);
    evaluation.untagged.push(Untagged {
        slo: "checkout-completes".into(),
        unknown: 3_000,
        total: 93_000,
    });
    let said = status(&promises, &evaluation, &Run::default(), &look(400));
    assert!(
        said.starts_with("checkout-completes (availability) is broken in total: "),
        "{said}"
    );
    assert!(
        said.contains("while premium, standard and free are all kept."),
        "{said}"
    );
    assert!(
        said.contains("316 of the 400 failures come from 3000 requests of no known segment."),
        "{said}"
    );
    // What cannot be told is not said.
    evaluation.untagged[0].unknown = 2_999;
    let said = status(&promises, &evaluation, &Run::default(), &look(400));
    assert!(!said.contains("come from"), "{said}");
    evaluation.verdicts[0].standing = attain_model::Standing::Unknown;
    let said = status(&promises, &evaluation, &Run::default(), &look(400));
    assert!(said.contains("is broken for all traffic"), "{said}");
}

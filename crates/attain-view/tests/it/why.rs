//! Who spent the budget, in words: named, doubtful, little, nothing; what matters most stands first.

use attain_model::verdict::Attainment;
use attain_model::{Scope, SeriesName};
use attain_view::Look;
use attain_view::why::{Account, Doubt, Earlier, Episode, Finding, Suspect, Why, why, why_json};
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn suspect(name: &str, score: f64, path: &[&str]) -> Suspect {
    Suspect {
        name: name.to_owned(),
        score,
        lost: 1234.4,
        sigmas: 12.0,
        share: score,
        explained: 0.0,
        explained_by: Vec::new(),
        path: path.iter().map(|&part| part.to_owned()).collect(),
        owners: vec!["kim".to_owned()],
        runbook: None,
    }
}

fn account(suspects: Vec<Suspect>, is_named: bool, doubt: Option<Doubt>) -> Account {
    Account {
        lost: 1500.0,
        is_named,
        named_at: None,
        doubt,
        suspects,
    }
}

fn finding(segment: &str, accounts: Option<Vec<Account>>) -> Finding {
    Finding {
        name: SeriesName {
            slo: "checkout".into(),
            objective: "availability".into(),
            scope: Scope::Segment(segment.into()),
        },
        episode: accounts.map(|accounts| Episode {
            from: at("2026-11-02T14:05:00Z"),
            until: at("2026-11-02T14:30:00Z"),
            attainment: Attainment {
                good: 88_500,
                bad: 1500,
            },
            after: Attainment::default(),
            beyond_usual: 1490.2,
            budget_share: Some((0.414, "30d".to_owned())),
            as_bad_before: Some(0.004),
            accounts,
        }),
        earlier: Vec::new(),
        back_at: None,
    }
}

fn answer(findings: Vec<Finding>) -> String {
    let answer = Why {
        instant: at("2026-11-02T14:30:00Z"),
        looked_back: std::time::Duration::from_secs(6 * 3600),
        zone: TimeZone::UTC,
        findings,
        notes: vec!["nothing is counted of bank".to_owned()],
    };
    why(&answer, &Look::plain())
}

#[test]
fn whoever_is_named_stands_first_and_calm_segments_share_a_line() {
    let path = ["checkout", "payments", "payments-db"];
    let named = account(vec![suspect("payments-db", 0.829, &path)], true, None);
    let text = answer(vec![
        finding("free", None),
        finding("standard", Some(Vec::new())),
        finding("premium", Some(vec![named])),
    ]);
    let expected = "\
82% of the budget premium lost since 14:05 started in payments-db; path checkout
> payments > payments-db. Ask kim.
  series   checkout/availability/premium
  lost     1500 of 90,000 bad from 14:05 to 2026-11-02 14:30 UTC, 1490 more than
           usual; 41% of the budget of 30d

  suspect      score  lost  could be  path
  payments-db   0.82  1234       83%  checkout > payments > payments-db

checkout/availability/standard lost 1500 of 90,000 since 14:05: nothing unusual,
for 0.4% of times as long lose as much.

No more was lost than is allowed in the 6h before 2026-11-02 14:30 UTC:
checkout/availability/free.

Notes
  nothing is counted of bank
";
    assert_eq!(text, expected);
}

#[test]
fn nobody_is_named_on_weak_evidence_and_it_says_why() {
    let of = |score, doubt| {
        let accounts = vec![account(
            vec![suspect("search", score, &["checkout", "search"])],
            false,
            doubt,
        )];
        answer(vec![finding("premium", Some(accounts))])
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let weak = of(0.499, None);
    assert!(weak.starts_with("The evidence is too weak to name anybody: of the budget premium lost since 14:05, 49% may have started in search."), "{weak}");
    // Rounded down, so that no 0.50 is called weak.
    assert!(weak.contains(" 0.49 "), "{weak}");
    assert!(!weak.contains("owner"), "{weak}");
    let rival = of(0.9, Some(Doubt::Rival("payments".to_owned())));
    assert!(
        rival.contains("90% may have started in search, but payments has as good a claim."),
        "{rival}"
    );
    assert!(of(0.9, Some(Doubt::Noise)).contains("always so unsteady"));
}

#[test]
fn a_second_incident_is_a_second_sentence() {
    let text = answer(vec![finding(
        "premium",
        Some(vec![
            account(
                vec![suspect("payments", 0.6, &["checkout", "payments"])],
                true,
                None,
            ),
            account(vec![suspect("checkout", 0.7, &["checkout"])], true, None),
        ]),
    )]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("path checkout > payments. Ask kim. 70% of what is left started in checkout itself: what it rests on did not lose as much. Ask kim."), "{text}");
    assert!(text.contains("-- of what is left suspect"), "{text}");
}

#[test]
fn what_was_lost_before_that_is_said_the_newest_first() {
    let path = ["checkout", "payments-db"];
    let named = account(vec![suspect("payments-db", 0.829, &path)], true, None);
    let mut again = finding("premium", Some(vec![named]));
    let earlier = |from: &str, until: &str, bad, started_in: Option<&str>| Earlier {
        from: at(from),
        until: at(until),
        attainment: Attainment { good: 900, bad },
        started_in: started_in.map(str::to_owned),
    };
    again.earlier = vec![
        earlier("2026-11-02T09:00:00Z", "2026-11-02T09:20:00Z", 1200, None),
        earlier(
            "2026-11-02T13:35:50Z",
            "2026-11-02T13:36:20Z",
            302,
            Some("auth-login"),
        ),
    ];
    let told = answer(vec![again.clone()]);
    assert!(
        told.contains("  earlier  13:35:50 to 13:36:20 (302 bad, started in auth-login), 09:00"),
        "{told}"
    );
    let json = why_json(&Why {
        instant: at("2026-11-02T14:30:00Z"),
        looked_back: std::time::Duration::from_secs(6 * 3600),
        zone: TimeZone::UTC,
        findings: vec![again.clone()],
        notes: Vec::new(),
    });
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let earlier = &json["findings"][0]["earlier"];
    assert_eq!(earlier[0]["start"], "2026-11-02T09:00:00Z");
    assert_eq!(earlier[1]["end"], "2026-11-02T13:36:20Z");
    assert_eq!(earlier[1]["bad"], 302);
    assert_eq!(earlier[1]["started_in"], "auth-login");
    assert!(earlier[0]["started_in"].is_null());
    // Both ends of a loss are written alike.
    let mut short = again.clone();
    let episode = short.episode.as_mut().unwrap();
    (episode.from, episode.until) = (at("2026-11-02T13:35:50Z"), at("2026-11-02T13:37:00Z"));
    let told = answer(vec![short]);
    let says = "bad from 13:35:50 to 2026-11-02 13:37:00 UTC";
    assert!(told.replace("\n           ", " ").contains(says), "{told}");
    // Of many, the newest; how many there are more.
    again.earlier = (10..15)
        .map(|hour| {
            let time = |minute: u32| format!("2026-11-02T{hour}:{minute}:00Z");
            earlier_at(&time(10), &time(12))
        })
        .collect();
    let told = answer(vec![again]);
    assert!(
        told.contains("  earlier  14:10 to 14:12 (1 bad), 13:10 to 13:12 (1 bad), 12:10 to 12:12"),
        "{told}"
    );
    assert!(told.contains(", 2 more"), "{told}");
}

fn earlier_at(from: &str, until: &str) -> Earlier {
    Earlier {
        from: at(from),
        until: at(until),
        attainment: Attainment { good: 99, bad: 1 },
        started_in: None,
    }
}

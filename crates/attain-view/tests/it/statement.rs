//! Statements: the document, its words, and what is found when somebody changed either it or the data.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::slo::Audience;
use attain_model::statement::{Committed, Day, Entry, Excluded, Statement, Term, Unit, Whole};
use attain_model::verdict::{Attainment, Coverage, ErrorBudget};
use attain_model::{
    ExclusionId, Gap, GapReason, Goal, Interval, Scope, SeriesName, Share, SloId, Window,
};
use attain_view::statement::{Difference, asked, document, markdown, text, verify};
use jiff::civil::date;
use jiff::tz::TimeZone;
use sha2::Digest as _;

use crate::shop::{at, target};
use crate::{expect, fits};

const BILLION: u128 = 1_000_000_000;

fn counts(good: u64, bad: u64) -> Attainment {
    Attainment { good, bad }
}

fn whole(good: u64, bad: u64, allowed: u128, kept: Option<bool>) -> Whole {
    Whole {
        attainment: counts(good, bad),
        budget: ErrorBudget {
            allowed_billionths: allowed * BILLION,
            spent: bad,
        },
        kept,
    }
}

fn between(from: &str, to: &str) -> Interval {
    Interval {
        start: at(from),
        end: at(to),
    }
}

fn name(slo: &str, scope: Scope) -> SeriesName {
    SeriesName {
        slo: slo.into(),
        objective: "availability".into(),
        scope,
    }
}

/// Three days of October; premium's promise was published on the second.
fn statement() -> Statement {
    let interval = between("2026-09-30T22:00:00Z", "2026-10-03T22:00:00Z");
    let middle = "2026-10-01T22:00:00Z";
    let published = Committed {
        goal: target(999_000_000),
        since: date(2026, 10, 2),
        window: Window::Rolling(Duration::from_secs(30 * 86_400)),
        published: vec!["https://shop.example/sla".to_owned()],
        kept: Some(false),
        budget: ErrorBudget {
            allowed_billionths: 2_000 * BILLION,
            spent: 2_001,
        },
        attainment: counts(1_997_999, 2_001),
    };
    let premium = Entry {
        name: name("checkout-completes", Scope::Segment("premium".into())),
        outcome: Some("Checkout completes".to_owned()),
        audience: Audience::Customer,
        unit: Unit::Events,
        terms: vec![
            Term {
                interval: between("2026-09-30T22:00:00Z", middle),
                objective: Some(target(999_500_000)),
                commitment: None,
                attainment: counts(999_990, 10),
            },
            Term {
                interval: between(middle, "2026-10-03T22:00:00Z"),
                objective: Some(target(999_500_000)),
                commitment: Some(published),
                attainment: counts(1_997_999, 2_001),
            },
        ],
        objective: whole(2_997_989, 2_011, 1_500, Some(false)),
        committed: Some(whole(1_997_999, 2_001, 2_000, Some(false))),
        windows: Vec::new(),
        is_pooled: false,
        coverage: Coverage::Share(Share::from_ppb(999_999_999).unwrap()),
        excluded: vec![
            Excluded {
                id: ExclusionId::from("db-upgrade"),
                reason: "PostgreSQL 17 upgrade".to_owned(),
                announced: Some(date(2026, 9, 20)),
                holds: true,
                intervals: vec![between("2026-10-02T00:00:00Z", "2026-10-02T02:00:00Z")],
                attainment: counts(100, 900),
            },
            Excluded {
                id: ExclusionId::from("surprise"),
                reason: "hotfix".to_owned(),
                announced: None,
                holds: false,
                intervals: vec![between("2026-10-03T00:00:00Z", "2026-10-03T00:30:00Z")],
                attainment: counts(0, 0),
            },
        ],
        uncertain: 3,
        gaps: vec![Gap {
            about: "source edge".to_owned(),
            interval: Some(between("2026-10-01T00:00:00Z", "2026-10-01T00:01:00Z")),
            why: GapReason::NoData,
        }],
        days: vec![
            Day {
                date: date(2026, 10, 1),
                attainment: counts(999_990, 10),
            },
            Day {
                date: date(2026, 10, 2),
                attainment: counts(999_000, 1_000),
            },
            Day {
                date: date(2026, 10, 3),
                attainment: counts(998_999, 1_001),
            },
        ],
    };
    let free = Entry {
        name: name("checkout-completes", Scope::Segment("free".into())),
        terms: vec![Term {
            interval,
            objective: Some(Goal::BestEffort),
            commitment: None,
            attainment: counts(300, 100),
        }],
        objective: whole(300, 100, 0, None),
        committed: None,
        coverage: Coverage::NotKnown,
        excluded: Vec::new(),
        uncertain: 0,
        gaps: Vec::new(),
        days: vec![Day {
            date: date(2026, 10, 1),
            attainment: counts(300, 100),
        }],
        ..premium.clone()
    };
    let ratios = Entry {
        name: name("search-answers", Scope::All),
        outcome: None,
        unit: Unit::SliceBillionths(Duration::from_secs(300)),
        terms: vec![Term {
            interval,
            objective: Some(target(990_000_000)),
            commitment: None,
            attainment: counts(863_500_000_000, 500_000_000),
        }],
        objective: whole(863_500_000_000, 500_000_000, 8_640_000_000, Some(true)),
        days: vec![Day {
            date: date(2026, 10, 1),
            attainment: counts(863_500_000_000, 500_000_000),
        }],
        ..free.clone()
    };
    Statement {
        company: "Shop".to_owned(),
        period: "2026-10-01..2026-10-03".to_owned(),
        interval,
        timezone: TimeZone::get("Europe/Berlin").unwrap(),
        known_until: None,
        only: Vec::new(),
        entries: vec![premium, free, ratios],
    }
}

fn inputs() -> BTreeMap<String, String> {
    [("catalogue".to_owned(), "sha256:00ff".to_owned())].into()
}

#[test]
fn a_document_and_its_words() {
    let statement = statement();
    expect("statement/october.json", &document(&statement, &inputs()));
    expect("statement/october.md", &markdown(&statement, &inputs()));
    let text = text(&statement, &inputs());
    expect("statement/october.txt", &text);
    fits(&text, 100);
}

#[test]
fn a_miss_is_never_rounded_up_to_a_hit() {
    let words = markdown(&statement(), &inputs());
    assert!(
        words.contains("99.899% good. At most 2000 could be bad. Not kept."),
        "{words}"
    );
}

#[test]
fn what_was_not_changed_is_verified() {
    let written = document(&statement(), &inputs());
    let verified = verify(&written, &statement()).unwrap();
    assert_eq!(verified.entries, 3);
    assert!(written.contains(&verified.hash));
    // Spaces do not matter: the hash is over the content.
    let value: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(verify(&value.to_string(), &statement()), Ok(verified));
}

#[test]
fn the_words_show_the_hash_of_the_document() {
    let hash = verify(&document(&statement(), &inputs()), &statement())
        .unwrap()
        .hash;
    assert!(markdown(&statement(), &inputs()).contains(&hash));
    assert!(text(&statement(), &inputs()).contains(&hash));
}

fn said(document: &str, fresh: &Statement) -> Vec<String> {
    let found = verify(document, fresh).unwrap_err();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn one_changed_count_of_the_data_is_named() {
    let written = document(&statement(), &inputs());
    let mut fresh = statement();
    fresh.entries[0].days[1].attainment.bad -= 1;
    fresh.entries[0].objective.attainment.bad -= 1;
    assert_eq!(
        said(&written, &fresh),
        [
            "checkout-completes/availability/premium, days, 2026-10-02, bad: the document says 1000, the data say 999",
            "checkout-completes/availability/premium, objective, bad: the document says 2011, the data say 2010",
        ]
    );
}

#[test]
fn an_edit_is_told_apart_from_other_data() {
    let written = document(&statement(), &inputs());
    let edited = written.replace("\"bad\": 1001", "\"bad\": 1");
    assert_ne!(edited, written);
    let found = verify(&edited, &statement()).unwrap_err();
    assert!(matches!(&found[0], Difference::Edited { .. }), "{found:?}");
    assert!(
        matches!(&found[1], Difference::Content { says: Some(says), data: Some(data), .. }
        if says == "1" && data == "1001")
    );
    assert_eq!(found.len(), 2);

    // Edited and hashed again: only the data tell.
    let mut forged = statement();
    forged.entries[0].days[2].attainment.bad = 1;
    let found = verify(&document(&forged, &inputs()), &statement()).unwrap_err();
    assert_eq!(
        found,
        [Difference::Content {
            place: "checkout-completes/availability/premium, days, 2026-10-03, bad".to_owned(),
            says: Some("1".to_owned()),
            data: Some("1001".to_owned()),
        }]
    );

    // Only what the hash covers besides was edited.
    let other = written.replace("sha256:00ff", "sha256:00fe");
    let found = verify(&other, &statement()).unwrap_err();
    assert!(
        matches!(&found[..], [Difference::Edited { .. }]),
        "{found:?}"
    );
    let none = written.replace("\"hash\"", "\"nothing\"");
    assert!(
        matches!(&verify(&none, &statement()).unwrap_err()[0], Difference::Edited { says, .. } if says.is_empty())
    );
}

#[test]
fn what_is_left_out_or_said_twice_is_found() {
    let mut forged = statement();
    let left_out = forged.entries.remove(0);
    let found = said(&document(&forged, &inputs()), &statement());
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(
        "checkout-completes/availability/premium: the document says nothing, the data say"
    ));
    forged.entries.insert(0, left_out.clone());
    forged.entries.push(left_out);
    let found = said(&document(&forged, &inputs()), &statement());
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("the document: "), "{found:?}");
}

#[test]
fn a_document_says_what_to_state_again() {
    let mut statement = statement();
    statement.known_until = Some(at("2026-10-05T00:00:00Z"));
    statement.only = vec![SloId::from("search-answers")];
    let asked = asked(&document(&statement, &inputs())).unwrap();
    assert_eq!(asked.period, "2026-10-01..2026-10-03");
    assert_eq!(asked.known_until, statement.known_until);
    assert_eq!(asked.only, statement.only);
}

#[test]
fn what_is_no_statement_says_so() {
    for text in [
        "",
        "{}",
        "[1]",
        "{\"format\": \"attain statement 9\"}",
        "{\"format\": 1}",
    ] {
        let found = verify(text, &statement()).unwrap_err();
        assert!(
            matches!(&found[..], [Difference::Unreadable(_)]),
            "{text}: {found:?}"
        );
        assert!(asked(text).is_err(), "{text}");
    }
    let known = "{\"format\": \"attain statement 1\", \"period\": \"2026\", \"only\": [1]}";
    assert!(asked(known).is_err());
}

#[test]
fn whoever_has_only_the_document_can_compute_its_hash() {
    // By hand, as the document says: sorted keys, no spaces, without the hash.
    let written = document(&statement(), &inputs());
    let mut value: serde_json::Value = serde_json::from_str(&written).unwrap();
    let stated = value["hash"].clone();
    value.as_object_mut().unwrap().remove("hash");
    let text = serde_json::to_string(&value).unwrap();
    assert!(
        text.starts_with("{\"catalogue\":\"Shop\",\"entries\":[{\"audience\":"),
        "{text}"
    );
    let digest = sha2::Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(stated.as_str(), Some(format!("sha256:{hex}").as_str()));
}

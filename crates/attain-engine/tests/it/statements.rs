//! A past period, judged by what was promised then.

use std::collections::BTreeMap;

use attain_engine::{Period, statement};
use attain_model::company::{Exclusion, ExclusionTime};
use attain_model::meta::Meta;
use attain_model::quantity::CalendarPeriod;
use attain_model::slo::{Commitment, CommittedTargets, Judged};
use attain_model::statement::Statement;
use attain_model::{
    Audience, Catalogue, ExclusionId, GapReason, ObjectiveId, Promises, SegmentId, Slo, SloId,
    Window,
};
use jiff::civil::date;
use jiff::tz::TimeZone;

use crate::build::*;

fn commitment(since: jiff::civil::Date, premium: &str) -> Commitment {
    let goals = [(SegmentId::from("premium"), goal(premium))];
    let targets = CommittedTargets::Segments(goals.into());
    Commitment {
        since,
        targets: [(ObjectiveId::from("latency"), targets)].into(),
        window: None,
        judged: Judged::PerSegment,
        published: vec!["https://shop.example/sla".to_owned()],
        credits: None,
    }
}

/// Latency in October: 99 % under 200 ms, from the 16th 98 %; to premium 95 % under 500 ms was published on the 11th.
fn shop() -> Catalogue {
    let segments = [
        ("premium", "99% < 200ms"),
        ("standard", "best effort"),
        ("free", "best effort"),
    ];
    let newer = [
        ("premium", "98% < 200ms"),
        ("standard", "best effort"),
        ("free", "best effort"),
    ];
    let latency = objective(
        "latency",
        &[(Some(date(2026, 10, 16)), &newer), (None, &segments)],
    );
    let slo = Slo {
        commitments: vec![commitment(date(2026, 10, 11), "95% < 500ms")],
        ..slo("shop", rolling(30), &[latency])
    };
    let internal = Slo {
        audience: Audience::Internal,
        ..slo_of("inside")
    };
    catalogue(&[slo, internal])
}

fn slo_of(name: &str) -> Slo {
    slo(
        name,
        rolling(30),
        &[objective("availability", &[(None, &[("all", "99%")])])],
    )
}

fn stated(catalogue: &Catalogue, rows: &Rows, only: &[SloId]) -> Statement {
    let ledger = ledger(catalogue, rows);
    let period = Period::parse("2026-10").unwrap();
    statement(
        &Promises::of(catalogue.clone()),
        &ledger,
        &period,
        only,
        None,
    )
}

fn october(catalogue: &Catalogue) -> Rows {
    let mut rows = Rows::of(catalogue);
    // Edges are 200 ms and 500 ms.
    for day in 1..=31 {
        let at = at(&format!("2026-10-{day:02}T10:00:00Z"));
        rows.timed(
            at,
            "premium",
            &[("200", 0, 970), ("200", 1, 20), ("200", 2, 10)],
        );
    }
    rows.timed(
        at("2026-09-30T23:59:00Z"),
        "premium",
        &[("200", 2, 1_000_000)],
    );
    rows.timed(
        at("2026-11-01T00:00:00Z"),
        "premium",
        &[("200", 2, 1_000_000)],
    );
    rows.heard(at("2026-10-01T00:00:00Z"), at("2026-11-02T00:00:00Z"));
    rows
}

#[test]
fn each_part_is_judged_by_what_was_promised_then() {
    let catalogue = shop();
    let found = stated(&catalogue, &october(&catalogue), &[]);
    let names: Vec<String> = found.entries.iter().map(|e| e.name.to_string()).collect();
    assert_eq!(
        names,
        ["shop/latency/premium", "shop/latency/all"],
        "internal ones only where they are named, and no latency where no limit says what was fast"
    );
    assert!(found.entries[1].is_pooled);
    let premium = &found.entries[0];
    let terms: Vec<String> = premium
        .terms
        .iter()
        .map(|term| {
            let committed = term.commitment.as_ref();
            format!(
                "{} {} {} of {}, {}",
                term.interval.start,
                term.objective.unwrap(),
                term.attainment.bad,
                term.attainment.total(),
                committed.map_or("-".to_owned(), |c| format!(
                    "{}: {} of {}, {:?}",
                    c.goal,
                    c.attainment.bad,
                    c.attainment.total(),
                    c.kept
                ))
            )
        })
        .collect();
    assert_eq!(
        terms,
        [
            "2026-10-01T00:00:00Z 99% < 200ms 300 of 10000, -",
            "2026-10-11T00:00:00Z 99% < 200ms 150 of 5000, 95% < 500ms: 50 of 5000, Some(true)",
            "2026-10-16T00:00:00Z 98% < 200ms 480 of 16000, 95% < 500ms: 160 of 16000, Some(true)",
        ]
    );
    // 930 bad; 15 days allow 10 each, 16 days 20.
    assert_eq!(premium.objective.attainment.bad, 930);
    assert_eq!(premium.objective.budget.allowed_billionths, 470_000_000_000);
    assert_eq!(premium.objective.kept, Some(false));
    let committed = premium.committed.unwrap();
    assert_eq!(
        (committed.attainment.total(), committed.kept),
        (21_000, Some(true))
    );
    assert_eq!(premium.days.len(), 31);
    assert!(premium.days.iter().all(|day| day.attainment.bad == 30));
}

#[test]
fn what_is_named_is_stated_and_nothing_else() {
    let catalogue = shop();
    let found = stated(&catalogue, &october(&catalogue), &[SloId::from("inside")]);
    let names: Vec<String> = found.entries.iter().map(|e| e.name.to_string()).collect();
    assert_eq!(names, ["inside/availability/all"]);
}

#[test]
fn more_data_of_later_days_change_no_statement() {
    let catalogue = shop();
    let mut rows = october(&catalogue);
    let before = stated(&catalogue, &rows, &[]);
    rows.each_minute(
        at("2026-11-02T00:00:00Z"),
        at("2026-11-02T01:00:00Z"),
        "premium",
        5,
        5,
    );
    rows.heard(at("2026-11-02T00:00:00Z"), at("2026-11-03T00:00:00Z"));
    assert_eq!(stated(&catalogue, &rows, &[]), before);
}

fn outage(id: &str, day: &str, announced: Option<jiff::civil::Date>) -> (ExclusionId, Exclusion) {
    let id = ExclusionId::from(id);
    let exclusion = Exclusion {
        id: id.clone(),
        slos: Vec::new(),
        services: vec!["shop".into()],
        segments: Vec::new(),
        when: ExclusionTime::Once {
            from: at(day),
            length: days(1),
        },
        reason: "new racks".to_owned(),
        announced,
        meta: Meta::default(),
    };
    (id, exclusion)
}

#[test]
fn only_what_was_announced_in_time_is_excluded_and_both_are_shown() {
    let mut catalogue = shop();
    let early = Some(date(2026, 10, 1));
    catalogue.exclusions = BTreeMap::from([
        outage("told", "2026-10-20T00:00:00Z", early),
        outage("untold", "2026-10-21T00:00:00Z", Some(date(2026, 10, 22))),
        outage("over", "2026-10-31T12:00:00Z", early),
    ]);
    let found = stated(&catalogue, &october(&catalogue), &[]);
    let premium = &found.entries[0];
    let shown: Vec<String> = premium
        .excluded
        .iter()
        .map(|e| {
            format!(
                "{} {} {} to {}",
                e.id,
                e.holds,
                e.attainment.total(),
                e.intervals[0].end
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "over true 0 to 2026-11-01T00:00:00Z",
            "told true 1000 to 2026-10-21T00:00:00Z",
            "untold false 1000 to 2026-10-22T00:00:00Z",
        ]
    );
    assert_eq!(premium.objective.attainment.total(), 30_000);
    let quiet: Vec<_> = premium
        .days
        .iter()
        .filter(|d| d.attainment.total() == 0)
        .collect();
    assert_eq!(quiet.len(), 1);
    assert_eq!(quiet[0].date, date(2026, 10, 20));
}

#[test]
fn a_retired_promise_ends_with_its_last_day() {
    let mut catalogue = shop();
    let slo = catalogue.slos.get_mut("shop").unwrap();
    slo.retired = Some(date(2026, 10, 5));
    let found = stated(&catalogue, &october(&catalogue), &[]);
    assert_eq!(found.entries[0].objective.attainment.total(), 4_000);
    assert_eq!(found.entries[0].days.len(), 4);
}

/// What is promised by month is kept or not by month, whatever a quarter adds up to.
#[test]
fn a_promise_is_judged_over_its_own_windows() {
    let mut catalogue = shop();
    let slo = catalogue.slos.get_mut("shop").unwrap();
    let month = Window::Calendar(CalendarPeriod::Month, TimeZone::UTC);
    slo.commitments = vec![Commitment {
        window: Some(month),
        ..commitment(date(2026, 1, 1), "95% < 500ms")
    }];
    let mut rows = Rows::of(&catalogue);
    for (month, slow) in [(7, 10), (8, 60), (9, 10)] {
        for day in 1..=30 {
            let at = at(&format!("2026-{month:02}-{day:02}T10:00:00Z"));
            rows.timed(at, "premium", &[("200", 0, 1_000 - slow), ("200", 2, slow)]);
        }
    }
    rows.heard(at("2026-07-01T00:00:00Z"), at("2026-10-01T00:00:00Z"));
    let ledger = ledger(&catalogue, &rows);
    let promises = Promises::of(catalogue);
    let premium = |period: &str| {
        let period = Period::parse(period).unwrap();
        let found = statement(&promises, &ledger, &period, &[], None);
        let entry = found.entries[0].clone();
        let windows = entry.windows.iter();
        let windows: Vec<String> = windows
            .map(|window| {
                let kept = window.whole.kept;
                format!(
                    "{} {} {kept:?}",
                    window.interval.start, window.whole.attainment.bad
                )
            })
            .collect();
        (entry.committed.unwrap().kept, windows)
    };
    // 2,400 of 90,000 are bad and 4,500 may be; of August's 30,000 1,800 are and 1,500 may.
    let july = "2026-07-01T00:00:00Z 300 Some(true)".to_owned();
    let august = "2026-08-01T00:00:00Z 1800 Some(false)".to_owned();
    let september = "2026-09-01T00:00:00Z 300 Some(true)".to_owned();
    let all = vec![july.clone(), august, september.clone()];
    assert_eq!(premium("2026-Q3"), (Some(false), all));
    assert_eq!(premium("2026-09"), (Some(true), vec![september.clone()]));
    // Of half a July nobody can say whether it was kept.
    assert_eq!(premium("2026-07-15..2026-07-31").1, Vec::<String>::new());
    assert_eq!(premium("2026-08-15..2026-09-30"), (None, vec![september]));
    assert_eq!(premium("2026-07"), (Some(true), vec![july]));
}

/// A log that ends before the period does may have gone on: what is not there is said.
#[test]
fn days_at_the_end_of_which_nothing_was_counted_are_missing() {
    let catalogue = shop();
    let mut rows = Rows::of(&catalogue);
    for day in 1..=10 {
        let at = at(&format!("2026-10-{day:02}T20:00:00Z"));
        rows.timed(at, "premium", &[("200", 0, 1_000)]);
    }
    let gaps = |period: &str| {
        let period = Period::parse(period).unwrap();
        let ledger = ledger(&catalogue, &rows);
        let promises = Promises::of(catalogue.clone());
        let found = statement(&promises, &ledger, &period, &[], None);
        let gaps = found.entries[0].gaps.iter();
        let gaps = gaps.filter(|gap| gap.why == GapReason::NoData);
        gaps.map(|gap| gap.interval.unwrap().start.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(gaps("2026-10"), ["2026-10-10T20:01:00Z"]);
    assert_eq!(gaps("2026-10-01..2026-10-10"), Vec::<String>::new());
}

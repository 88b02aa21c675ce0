//! The nouns, as a reader would check them: text in, text out.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::catalogue::Catalogue;
use attain_model::company::{Segment, Service};
use attain_model::counts::{Bucket, Class, Interval, Tally};
use attain_model::indicator::{Counting, Indicator};
use attain_model::meta::Meta;
use attain_model::promises::day_start;
use attain_model::quantity::{CalendarPeriod, Threshold, duration_text};
use attain_model::selector::{Comparison, Condition, Match, Outcome, Pattern, Selector};
use attain_model::slo::{Goal, Load, Objective, Promised, Scope, Slo, Targets, Term};
use attain_model::verdict::ErrorBudget;
use attain_model::{Promises, Rate, Share, SourceFile, SourceMap, Span, Stream, Target};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

fn target(ppb: u32) -> Target {
    Target::from_ppb(ppb).expect("a target between 0 and 1")
}

fn promised(ppb: u32) -> Goal {
    Goal::Promised(Promised {
        target: target(ppb),
        under: None,
        load: None,
        as_percentile: false,
    })
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

#[test]
fn a_target_always_leaves_a_budget() {
    assert_eq!(Target::from_ppb(0), None);
    assert_eq!(Target::from_ppb(1_000_000_000), None);
    assert_eq!(target(999_999_999).budget_ppb(), 1);
}

#[test]
fn quantities_print_as_people_write_them() {
    assert_eq!(target(999_500_000).to_string(), "99.95%");
    assert_eq!(target(990_000_000).to_string(), "99%");
    assert_eq!(target(999_999_999).to_string(), "99.9999999%");
    assert_eq!(Share::WHOLE.to_string(), "100%");
    let threshold = |ns| Threshold::from_nanoseconds(ns).to_string();
    assert_eq!(threshold(200_000_000), "200ms");
    assert_eq!(threshold(3_000_000_000), "3s");
    assert_eq!(threshold(500_000), "0.5ms");
    assert_eq!(Rate::from_millirps(500_000).to_string(), "500 rps");
    assert_eq!(duration_text(Duration::from_secs(30 * 86_400)), "30d");
    assert_eq!(duration_text(Duration::from_secs(5400)), "90m");
    assert_eq!(duration_text(Duration::from_millis(1500)), "1500ms");
}

#[test]
fn a_latency_target_prints_both_ways_as_it_was_written() {
    let goal = |as_percentile, load| Promised {
        target: target(990_000_000),
        under: Some(Threshold::from_nanoseconds(200_000_000)),
        load,
        as_percentile,
    };
    let load = Some(Load {
        up_to: Rate::from_millirps(500_000),
        own: true,
    });
    assert_eq!(goal(true, None).to_string(), "p99 < 200ms");
    assert_eq!(goal(false, load).to_string(), "99% < 200ms at 500 rps own");
}

#[test]
fn matches_are_exact_unless_they_say_otherwise() {
    let pattern = Match::Pattern(Pattern::new("eu-.*|us-.*").expect("a pattern"));
    assert!(pattern.matches("eu-west") && !pattern.matches("the eu-west"));
    assert!(Match::Class('5').matches("503") && Match::Class('5').matches("5xx"));
    assert!(!Match::Class('5').matches("5000") && !Match::Class('5').matches("403"));
    assert!(Match::Absent.matches("") && !Match::Absent.matches("x"));
    assert!(!Match::Exact("5..".into()).matches("503"));
}

#[test]
fn good_is_one_selector_and_bad_is_any_line() {
    let labels = |name: &str| match name {
        "code" => "503",
        "method" => "GET",
        _ => "",
    };
    let five = BTreeMap::from([("code".to_owned(), Match::Class('5'))]);
    assert!(Outcome::Bad(five.clone()).is_bad(labels));
    assert!(!Outcome::Good(five.clone()).is_bad(labels));
    let mut both = five;
    both.insert("method".into(), Match::Exact("POST".into()));
    assert!(Outcome::Bad(both.clone()).is_bad(labels), "any line");
    assert!(Outcome::Good(both.clone()).is_bad(labels), "every line");
    let selector = Selector {
        only: BTreeMap::from([("method".to_owned(), Match::Exact("GET".into()))]),
        except: BTreeMap::from([("code".to_owned(), Match::Exact("499".into()))]),
    };
    assert!(selector.selects(labels));
}

#[test]
fn a_condition_compares_in_billionths() {
    let under_a_second = Condition {
        comparison: Comparison::Below,
        value: attain_model::quantity::Measure(1_000_000_000),
    };
    assert!(under_a_second.holds(attain_model::quantity::Measure(999_999_999)));
    assert!(!under_a_second.holds(attain_model::quantity::Measure(1_000_000_000)));
}

#[test]
fn a_class_gives_back_its_labels_and_nothing_else() {
    let class = Class::from_labels([("method", "GET"), ("route", ""), ("status", "503")]);
    assert_eq!(class.label("status"), "503");
    assert_eq!(class.label("route"), "");
    assert_eq!(class.label("stat"), "", "a name is not a prefix");
    let mut tally = Tally::default();
    tally.add(class.clone(), Bucket(1), 2);
    tally.add(class, Bucket(1), 3);
    tally.add(Class::bad(), Bucket(0), 0);
    assert_eq!((tally.total(), tally.cells.len()), (5, 1));
}

#[test]
fn columns_count_characters() {
    let sources = SourceMap {
        files: vec![SourceFile {
            name: "a.yaml".into(),
            text: "é: 1\nñandú: x\n".into(),
        }],
    };
    let start = u32::try_from("é: 1\nñandú: ".len()).expect("short");
    let span = Span {
        file: 0,
        start,
        end: start + 1,
    };
    assert_eq!(sources.place(span), "a.yaml:2:8");
}

#[test]
fn a_budget_is_exact_at_its_edge() {
    let budget = |spent| ErrorBudget {
        allowed_billionths: 1_000_000_000,
        spent,
    };
    assert!(budget(1).is_met() && !budget(2).is_met());
}

#[test]
fn a_window_is_cut_where_the_goal_changes() {
    let objective = Objective {
        id: "availability".into(),
        terms: vec![
            Term {
                since: Some(date(2026, 3, 1)),
                targets: Targets::All(promised(999_000_000)),
            },
            Term {
                since: None,
                targets: Targets::All(promised(990_000_000)),
            },
        ],
    };
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let promises = Promises::of(catalogue(berlin.clone(), Vec::new()));
    let over = Interval {
        start: at("2026-02-15T00:00:00Z"),
        end: at("2026-03-15T00:00:00Z"),
    };
    let spans = promises.goals(&objective, &Scope::All, over);
    let shown: Vec<_> = spans
        .iter()
        .map(|s| {
            format!(
                "{}..{} {}",
                s.interval.start,
                s.interval.end,
                s.goal.expect("a goal")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2026-02-15T00:00:00Z..2026-02-28T23:00:00Z 99%",
            "2026-02-28T23:00:00Z..2026-03-15T00:00:00Z 99.9%",
        ],
        "1 March begins at midnight in Berlin"
    );
    assert_eq!(
        day_start(date(2026, 3, 1), &berlin),
        at("2026-02-28T23:00:00Z")
    );
}

#[test]
fn before_the_first_term_nothing_was_promised() {
    let objective = Objective {
        id: "availability".into(),
        terms: vec![Term {
            since: Some(date(2026, 3, 1)),
            targets: Targets::All(promised(999_000_000)),
        }],
    };
    let promises = Promises::of(catalogue(TimeZone::UTC, Vec::new()));
    let over = Interval {
        start: at("2026-02-01T00:00:00Z"),
        end: at("2026-04-01T00:00:00Z"),
    };
    let goals: Vec<_> = promises
        .goals(&objective, &Scope::All, over)
        .into_iter()
        .map(|s| s.goal.map(|g| g.to_string()))
        .collect();
    assert_eq!(goals, [None, Some("99.9%".to_owned())]);
}

#[test]
fn slos_that_differ_only_in_judgement_share_a_stream() {
    let bad = |digit| Outcome::Bad(BTreeMap::from([("status".to_owned(), Match::Class(digit))]));
    let slow = Goal::Promised(Promised {
        target: target(990_000_000),
        under: Some(Threshold::from_nanoseconds(200_000_000)),
        load: None,
        as_percentile: true,
    });
    let catalogue = catalogue(
        TimeZone::UTC,
        vec![
            slo("strict", bad('4'), promised(999_000_000)),
            slo("usual", bad('5'), slow),
        ],
    );
    let streams = Stream::all(&catalogue);
    assert_eq!(streams.len(), 1, "same lines, one stream");
    assert_eq!(streams[0].edges, [Threshold::from_nanoseconds(200_000_000)]);
    assert_eq!(streams[0].class_labels, ["status"]);
}

fn slo(id: &str, outcome: Outcome, goal: Goal) -> Slo {
    let indicator = Indicator {
        id: None,
        sources: Vec::new(),
        counting: Counting::Log {
            selector: Selector::default(),
            outcome,
        },
        buckets: Vec::new(),
        slice: Duration::from_secs(60),
    };
    Slo {
        objectives: BTreeMap::from([(
            "objective".into(),
            Objective {
                id: "objective".into(),
                terms: vec![Term {
                    since: None,
                    targets: Targets::All(goal),
                }],
            },
        )]),
        ..Slo::new(id.into(), "shop".into(), indicator)
    }
}

fn catalogue(timezone: TimeZone, slos: Vec<Slo>) -> Catalogue {
    let service = Service {
        id: "shop".into(),
        owner: None,
        matches: vec!["shop".into()],
        repository: None,
        capacity: None,
        meta: Meta::default(),
    };
    Catalogue {
        timezone,
        segments: BTreeMap::<_, Segment>::new(),
        slos: slos.into_iter().map(|slo| (slo.id.clone(), slo)).collect(),
        services: BTreeMap::from([(service.id.clone(), service)]),
        ..Catalogue::empty("test")
    }
}

#[test]
fn every_calendar_period_is_read_back_from_its_word() {
    for (period, word) in CalendarPeriod::ALL.into_iter().zip(CalendarPeriod::WORDS) {
        assert_eq!(period.word(), word);
        assert_eq!(CalendarPeriod::from_word(word), Some(period));
    }
    assert_eq!(CalendarPeriod::from_word("Week"), None);
    assert_eq!(CalendarPeriod::from_word("day"), None);
}

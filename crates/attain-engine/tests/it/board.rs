//! The board against `evaluate`, slice by slice: the same numbers, or it does not carry the series.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use attain_engine::board::{Counted, KeptCounts, Layout, Leaving, NotCarried, Row, RowError, View};
use attain_engine::{Board, Counts, Grid, Ledger};
use attain_model::company::{Exclusion, ExclusionTime};
use attain_model::meta::Meta;
use attain_model::policy::{AlertPolicy, Spends, Tier};
use attain_model::slo::{Adoption, MissingData};
use attain_model::verdict::{AlertRule, AlertState, Attainment};
use attain_model::{
    Catalogue, ExclusionId, Multiple, PolicyId, Promises, Scope, SloId, Standing, Verdict, Window,
};
use fastrand::Rng;

use crate::build::*;

const WHO: [&str; 4] = ["premium", "standard", "free", "unknown"];

/// What each segment did in each minute from `first` on, and when it was heard.
struct Past {
    catalogue: Catalogue,
    first: i64,
    minutes: Vec<[Attainment; 4]>,
    heard: Option<Vec<bool>>,
}

impl Past {
    fn random(rng: &mut Rng, catalogue: Catalogue, first: i64, length: usize, most: u64) -> Self {
        let mut past = Self {
            catalogue,
            first,
            minutes: Vec::new(),
            heard: rng.bool().then(Vec::new),
        };
        let mut phase = [(0, 0); 4];
        // One that nobody hears of, or none.
        let absent = rng.usize(0..9);
        let mut is_heard = true;
        for _ in 0..length {
            for (who, (traffic, errors)) in phase.iter_mut().enumerate() {
                if who != absent && rng.u8(0..40) == 0 {
                    *traffic = *rng.choice(&[0, 1, 2, 20, 300, most]).unwrap();
                    *errors = *rng.choice(&[0, 0, 0, 1, 5, 60, 1000]).unwrap();
                }
            }
            if rng.u8(0..60) == 0 {
                is_heard = rng.u8(0..12) > 0;
            }
            let events = phase.map(|(traffic, errors)| {
                let total = rng.u64(0..=traffic) * u64::from(is_heard);
                let bad = total * rng.u64(0..=errors) / 1000;
                Attainment {
                    good: total - bad,
                    bad,
                }
            });
            past.minutes.push(events);
            if let Some(heard) = &mut past.heard {
                heard.push(is_heard);
            }
        }
        past
    }

    fn ledger(&self) -> Ledger {
        let mut rows = Rows::of(&self.catalogue);
        for (i, minute) in self.minutes.iter().enumerate() {
            let time = second((self.first + i as i64) * 60);
            for (who, events) in WHO.iter().zip(minute) {
                if events.total() > 0 {
                    rows.count(time, who, events.good, events.bad);
                }
            }
            if self.heard.as_ref().is_some_and(|heard| heard[i]) {
                rows.heard(time, second(time.as_second() + 60));
            }
        }
        ledger(&self.catalogue, &rows)
    }

    fn of(&self, scope: &Scope, slice: i64) -> Attainment {
        let minute = self.minutes[(slice - self.first) as usize];
        let own = WHO.iter().zip(minute).filter(|(who, _)| match scope {
            Scope::All => true,
            Scope::Segment(id) => id.as_str() == **who,
        });
        own.fold(Attainment::default(), |sum, (_, events)| Attainment {
            good: sum.good + events.good,
            bad: sum.bad + events.bad,
        })
    }

    /// Pushes one slice, densely or not.
    fn push(&self, board: &mut Board, slice: i64, dense: bool, leaving: &mut dyn Leaving) {
        let events = |i: usize| self.of(&board.name(i).unwrap().scope, slice);
        let all: Vec<Attainment> = (0..board.len()).map(events).collect();
        let some = all.iter().copied().enumerate();
        let some: Vec<_> = some.filter(|(_, events)| events.total() > 0).collect();
        let slos: Vec<usize> = (0..board.slos().count()).collect();
        let is_silent = self
            .heard
            .as_ref()
            .is_some_and(|h| !h[(slice - self.first) as usize]);
        let is_busy = self.of(&Scope::All, slice).total() > 0;
        let row = Row {
            counted: if dense {
                Counted::All(&all)
            } else {
                Counted::Some(&some)
            },
            silent: if is_silent { &slos } else { &[] },
            busy: if is_busy { &slos } else { &[] },
        };
        board.push(row, leaving).unwrap();
    }
}

/// Panics where a view is not the verdict; counts what was seen.
fn compare(view: &View, verdict: &Verdict, seen: &mut BTreeMap<String, u32>) {
    let about = format!("{} at {}", view.name, verdict.window.end);
    assert_eq!(view.name, verdict.name);
    assert_eq!(view.attainment, verdict.attainment, "{about}");
    assert_eq!(view.budget, verdict.budget, "{about}");
    assert_eq!(view.standing, verdict.standing, "{about}");
    assert_eq!(view.overspent_since, verdict.overspent_since, "{about}");
    assert_eq!(view.coverage, verdict.coverage, "{about}");
    assert_eq!(view.burn, verdict.burn, "{about}");
    assert_eq!(view.exhausted_in, verdict.exhausted_in, "{about}");
    let mut expected = verdict.alerts.clone();
    let is_needed = expected.last().is_some_and(|c| {
        matches!(c.rule, AlertRule::LowTraffic { .. }) && c.state != AlertState::Standby
    });
    if is_needed {
        expected.pop();
    }
    assert_eq!(view.alerts, expected, "{about}");
    assert_eq!(view.needs_sequential, is_needed, "{about}");
    *seen.entry(view.standing.word().to_owned()).or_default() += 1;
    for condition in &view.alerts {
        let word = match condition.state {
            AlertState::Firing(_) => "firing".to_owned(),
            other => format!("{other:?}"),
        };
        *seen.entry(word).or_default() += 1;
    }
}

/// Ticks a board through a past, comparing every so often. Everything that changes must be in the deltas.
fn follow(
    past: &Past,
    layout: Layout,
    slices: Range<i64>,
    every: i64,
    rng: &mut Rng,
    seen: &mut BTreeMap<String, u32>,
) -> u32 {
    let promises = Promises::of(past.catalogue.clone());
    let ledger = past.ledger();
    let (mut board, missing) = Board::with_layout(&promises, &ledger, slices.start, layout);
    let missing: BTreeSet<String> = missing.iter().map(|(name, _)| name.to_string()).collect();
    let mut kept = KeptCounts::new(&promises, &ledger, &board);
    let said = |view: View| (view.standing, view.alerts, view.needs_sequential);
    let mut known: Vec<_> = (0..board.len()).map(|i| board.view(i).map(said)).collect();
    let mut changed = Vec::new();
    let mut instants = 0;
    for slice in slices.clone() {
        past.push(&mut board, slice, rng.bool(), &mut kept);
        board.cycle(&mut changed);
        for index in &changed {
            known[*index] = board.view(*index).map(said);
        }
        if (slice + 1 - slices.start) % every != 0 && slice + 1 != slices.end {
            continue;
        }
        instants += 1;
        let found = evaluate(&past.catalogue, &ledger, second((slice + 1) * 60));
        let names: BTreeMap<String, usize> = (0..board.len())
            .map(|i| (board.name(i).unwrap().to_string(), i))
            .collect();
        for verdict in &found.verdicts {
            let name = verdict.name.to_string();
            let Some(index) = names.get(&name) else {
                assert!(missing.contains(&name), "{name}");
                continue;
            };
            match board.view(*index) {
                Some(view) => compare(&view, verdict, seen),
                None => assert!(board.dropped().any(|(i, _)| i == *index)),
            }
            assert_eq!(known[*index], board.view(*index).map(said), "{name}");
        }
    }
    // A board that is made now is the one that ticked up to now.
    let (again, _) = Board::with_layout(&promises, &ledger, slices.end, layout);
    for i in 0..again.len() {
        let same = (0..board.len())
            .find(|j| board.name(*j) == again.name(i))
            .unwrap();
        assert_eq!(again.view(i), board.view(same));
    }
    instants
}

/// SLOs of a few hours with the shape of the usual policy, and some that a board does not carry.
fn small(rng: &mut Rng) -> Catalogue {
    let mut slos = Vec::new();
    for name in ["a", "b", "c"] {
        let hours = rng.u64(2..14);
        let window = Window::Rolling(Duration::from_secs(hours * 3600 + 60 * rng.u64(0..60)));
        let mut target = || {
            *rng.choice(&["90%", "99%", "99.9%", "99.95%", "99.37219%", "99.9999999%"])
                .unwrap()
        };
        let goals = [
            ("premium", target()),
            ("standard", target()),
            ("free", "best effort"),
            ("all", target()),
        ];
        let goals = if name == "c" { &goals[3..] } else { &goals[..] };
        slos.push(slo(
            name,
            window,
            &[objective("availability", &[(None, goals)])],
        ));
    }
    let pooled = [
        ("premium", "99%"),
        ("standard", "99.9%"),
        ("free", "best effort"),
    ];
    slos.push(slo(
        "pooled",
        rolling(1),
        &[objective("availability", &[(None, &pooled)])],
    ));
    if rng.bool() {
        slos[0].adoption = Some(Adoption {
            from: jiff::civil::date(2026, 3, 1),
            length: Duration::from_secs(rng.u64(0..30) * 3600),
        });
    }
    slos[2].alerting = rng.bool().then(|| PolicyId::from("own"));
    let mut catalogue = catalogue(&slos);
    let tier = |rng: &mut Rng, long: u64| Tier {
        long: Duration::from_secs(long * 60 + rng.u64(0..60)),
        short: Duration::from_secs(long * 5),
        spends: match rng.bool() {
            true => Spends::Burn(Multiple::from_millionths(rng.u64(500_000..9_000_000))),
            false => Spends::BudgetShare(share("12.5%")),
        },
    };
    let own = AlertPolicy {
        id: PolicyId::from("own"),
        page: vec![tier(rng, 13), tier(rng, 60)],
        ticket: vec![tier(rng, 150), tier(rng, 400), tier(rng, 2000)],
        ..AlertPolicy::workbook()
    };
    catalogue.alert_policies.insert(own.id.clone(), own);
    catalogue
}

#[test]
fn a_board_says_what_evaluate_says() {
    let mut rng = Rng::with_seed(90);
    let first = at("2026-03-01T00:00:00Z").as_second() / 60;
    let (mut seen, mut instants) = (BTreeMap::new(), 0);
    for _ in 0..12 {
        let past = {
            let catalogue = small(&mut rng);
            Past::random(&mut rng, catalogue, first, 1900, 20_000)
        };
        let layout = Layout::new(rng.u32(10..200), rng.u32(1..70));
        let start = first + rng.i64(0..1500);
        let every = rng.i64(3..17);
        instants += follow(
            &past,
            layout,
            start..start + 400,
            every,
            &mut rng,
            &mut seen,
        );
    }
    println!("{instants} instants: {seen:?}");
    assert!(instants > 400);
    for word in [
        "met",
        "breached",
        "best effort",
        "unknown",
        "no traffic",
        "firing",
        "Quiet",
        "TooFewEvents",
        "Standby",
    ] {
        assert!(seen.contains_key(word), "no {word} was seen");
    }
}

#[test]
fn thirty_days_are_exact_to_the_minute() {
    let mut rng = Rng::with_seed(30);
    let goals = [
        ("premium", "99.95%"),
        ("standard", "99%"),
        ("free", "90%"),
        ("all", "99.9%"),
    ];
    let checkout = slo(
        "checkout",
        rolling(30),
        &[objective("availability", &[(None, &goals)])],
    );
    let first = at("2026-01-10T22:30:00Z").as_second() / 60;
    let length = 33 * 1440;
    let mut past = Past::random(&mut rng, catalogue(&[checkout]), first, length, 400);
    past.heard = None;
    // Most minutes are empty, so that many days are read quickly.
    for minute in past.minutes.iter_mut() {
        if rng.u8(0..6) > 0 {
            *minute = Default::default();
        }
    }
    // Across the first full thirty days, and a day later through the history.
    for (start, length, every) in [(30 * 1440 - 130, 250, 23), (31 * 1440 + 1100, 500, 41)] {
        let slices = first + start..first + start + length;
        let mut seen = BTreeMap::new();
        let layout = Layout::default();
        let instants = follow(&past, layout, slices, every, &mut rng, &mut seen);
        println!("{instants} instants: {seen:?}");
    }
}

#[test]
fn more_than_four_billion_events_are_told_apart() {
    let mut rng = Rng::with_seed(64);
    let first = at("2026-03-01T00:00:00Z").as_second() / 60;
    for most in [30_000_000, 9_000_000_000, u64::MAX / 100_000] {
        let mut catalogue = small(&mut rng);
        catalogue.slos.remove("pooled");
        let past = Past::random(&mut rng, catalogue, first, 1500, most);
        let mut seen = BTreeMap::new();
        let start = first + rng.i64(10..600);
        let layout = Layout::new(rng.u32(60..200), rng.u32(5..30));
        follow(&past, layout, start..start + 800, 29, &mut rng, &mut seen);
    }
}

fn one_series() -> Past {
    let goals = [("all", "99%")];
    let window = Window::Rolling(Duration::from_secs(6 * 3600));
    let day = slo(
        "day",
        window,
        &[objective("availability", &[(None, &goals)])],
    );
    Past {
        catalogue: catalogue(&[day]),
        first: 0,
        minutes: vec![[Attainment { good: 99, bad: 1 }; 4]; 1500],
        heard: None,
    }
}

#[test]
fn a_series_goes_wide_while_it_ticks_and_stays_exact() {
    let mut past = one_series();
    for minute in &mut past.minutes[700..] {
        minute[0].good = 40_000_000;
    }
    let promises = Promises::of(past.catalogue.clone());
    let ledger = past.ledger();
    let (mut board, _) = Board::with_layout(&promises, &ledger, 650, Layout::new(120, 60));
    let mut kept = KeptCounts::new(&promises, &ledger, &board);
    assert_eq!(board.wide(), 0);
    let mut changed = Vec::new();
    for slice in 650..1300 {
        past.push(&mut board, slice, true, &mut kept);
        board.cycle(&mut changed);
        let found = evaluate(&past.catalogue, &ledger, second((slice + 1) * 60));
        compare(
            &board.view(0).unwrap(),
            &found.verdicts[0],
            &mut BTreeMap::new(),
        );
    }
    assert_eq!(board.wide(), 1);
}

/// Counts that were lost.
struct Lost;

impl Leaving for Lost {
    fn counts(&mut self, _: Range<i64>, _: Range<usize>, _: &mut [Attainment]) {}
}

#[test]
fn lost_counts_drop_a_series_rather_than_tell_a_wrong_number() {
    let past = one_series();
    let promises = Promises::of(past.catalogue.clone());
    let ledger = past.ledger();
    let (mut board, _) = Board::with_layout(&promises, &ledger, 600, Layout::new(120, 60));
    let mut changed = Vec::new();
    for slice in 600..800 {
        past.push(&mut board, slice, false, &mut Lost);
        board.cycle(&mut changed);
        let Some(view) = board.view(0) else {
            assert_eq!(changed, [0], "dropping is a change");
            assert_eq!(board.dropped().next(), Some((0, NotCarried::CountsDiffer)));
            return;
        };
        let found = evaluate(&past.catalogue, &ledger, second((slice + 1) * 60));
        compare(&view, &found.verdicts[0], &mut BTreeMap::new());
    }
    panic!("never noticed");
}

#[test]
fn what_a_board_does_not_carry_it_says() {
    let of = |name: &str, goal: &str| {
        slo(
            name,
            rolling(1),
            &[objective("o", &[(None, &[("all", goal)])])],
        )
    };
    let mut bad = of("bad", "99%");
    bad.missing_data = MissingData::Bad;
    let zone = jiff::tz::TimeZone::UTC;
    let mut calendar = of("calendar", "99%");
    calendar.window = Window::Calendar(attain_model::quantity::CalendarPeriod::Month, zone);
    let mut slices = of("slices", "99%");
    slices.budgeting = attain_model::slo::Budgeting::RatioTimeslices {
        slice: Duration::from_secs(60),
    };
    let terms = |day: i8| -> Vec<TermText<'static>> {
        vec![
            (Some(jiff::civil::date(2026, 3, day)), &[("all", "99.9%")]),
            (None, &[("all", "99%")]),
        ]
    };
    let term = |name: &str, day| slo(name, rolling(1), &[objective("o", &terms(day))]);
    let pool: &[(&str, &str)] = &[
        ("premium", "99%"),
        ("standard", "99%"),
        ("free", "best effort"),
    ];
    let pooled = slo("pooled", rolling(1), &[objective("o", &[(None, pool)])]);
    let load = of("load", "99% < 200ms at 500 rps");
    let all = [
        bad,
        calendar,
        slices,
        load,
        pooled,
        term("past", 4),
        term("soon", 6),
        of("plain", "99%"),
        of("shut", "99%"),
        of("shuts", "99%"),
    ];
    let mut catalogue = catalogue(&all);
    let outage = |slo: &SloId, hour: &str| Exclusion {
        id: ExclusionId::from(slo.as_str()),
        slos: vec![slo.clone()],
        services: Vec::new(),
        segments: Vec::new(),
        when: ExclusionTime::Once {
            from: at(hour),
            length: Duration::from_secs(3600),
        },
        reason: "maintenance".to_owned(),
        announced: Some(jiff::civil::date(2026, 1, 1)),
        meta: Meta::default(),
    };
    let times = [
        ("plain", "2026-02-04T00:00:00Z"),
        ("shut", "2026-03-04T00:00:00Z"),
        ("shuts", "2026-03-06T00:00:00Z"),
    ];
    for (name, hour) in times {
        let slo = SloId::from(name);
        let exclusion = outage(&slo, hour);
        catalogue.exclusions.insert(exclusion.id.clone(), exclusion);
    }
    let promises = Promises::of(catalogue.clone());
    let ledger = ledger(&catalogue, &Rows::of(&catalogue));
    let grid: Grid = ledger.grid();
    let midnight = grid.index(at("2026-03-06T00:00:00Z"));
    let start = grid.index(at("2026-03-04T12:00:00Z"));
    let (board, missing) = Board::new(&promises, &ledger, start);
    let missing: BTreeSet<_> = missing
        .iter()
        .map(|(n, why)| (n.to_string(), *why))
        .collect();
    let expected = [
        ("bad/o/all", NotCarried::MissingIsBad),
        ("calendar/o/all", NotCarried::Calendar),
        ("load/o/all", NotCarried::Load),
        ("past/o/all", NotCarried::GoalChanged),
        ("pooled/o/all", NotCarried::Pooled),
        ("shut/o/all", NotCarried::Excluded),
        ("slices/o/all", NotCarried::TimeSlices),
    ];
    assert_eq!(missing, expected.map(|(n, why)| (n.to_owned(), why)).into());
    assert_eq!(board.len(), 6);
    assert_eq!(board.next_change(), Some(at("2026-03-06T00:00:00Z")));

    // A goal that changes while the board ticks takes its series off the board, at the first slice under it.
    let (mut board, _) = Board::new(&promises, &ledger, midnight - 1);
    let index = (0..board.len())
        .find(|i| board.name(*i).unwrap().slo.as_str() == "soon")
        .unwrap();
    let nothing = Row {
        counted: Counted::Some(&[]),
        silent: &[],
        busy: &[],
    };
    let mut changed = Vec::new();
    board.push(nothing, &mut Lost).unwrap();
    board.cycle(&mut changed);
    assert_eq!(board.view(index).unwrap().standing, Standing::Unknown);
    board.push(nothing, &mut Lost).unwrap();
    assert_eq!(board.view(index), None, "not judged yet");
    board.cycle(&mut changed);
    assert_eq!(board.view(index), None);
    assert!(changed.contains(&index));
    // So does an exclusion that begins.
    let dropped: Vec<_> = board.dropped().collect();
    assert_eq!(dropped.len(), 2);
    assert!(dropped.contains(&(index, NotCarried::GoalChanged)));
}

#[test]
fn a_row_that_does_not_fit_changes_nothing() {
    let past = one_series();
    let promises = Promises::of(past.catalogue.clone());
    let ledger = past.ledger();
    let (mut board, _) = Board::new(&promises, &ledger, 600);
    let before = board.view(0);
    let one = Attainment { good: 1, bad: 0 };
    let rows = [
        (Counted::All(&[]), &[][..], RowError::Length(0, 1)),
        (
            Counted::Some(&[(0, one), (7, one)]),
            &[][..],
            RowError::NoSeries(7),
        ),
        (Counted::Some(&[(0, one)]), &[3][..], RowError::NoSlo(3)),
    ];
    for (counted, silent, error) in rows {
        let row = Row {
            counted,
            silent,
            busy: &[],
        };
        assert_eq!(board.push(row, &mut Lost), Err(error));
        assert_eq!(
            (board.view(0), board.instant()),
            (before.clone(), second(600 * 60))
        );
    }
}

#[test]
fn what_came_late_is_there_once_it_is_read_again() {
    let mut rng = Rng::with_seed(17);
    let catalogue = small(&mut rng);
    let first = at("2026-03-01T00:00:00Z").as_second() / 60;
    let past = Past::random(&mut rng, catalogue, first, 1200, 2000);
    let promises = Promises::of(past.catalogue.clone());
    let (before, end) = (past.ledger(), first + 1000);
    let layout = Layout::new(100, 20);
    let (mut board, _) = Board::with_layout(&promises, &before, end - 100, layout);
    let mut kept = KeptCounts::new(&promises, &before, &board);
    for slice in end - 100..end {
        past.push(&mut board, slice, true, &mut kept);
    }
    // Premium failed, long ago and just now; nobody had heard of it.
    let mut more = past;
    for slice in [300, 301, 650, 990, 991, 992] {
        more.minutes[slice][0].bad += 5_000;
    }
    let after = more.ledger();
    let premium = |i: &usize| board.name(*i).unwrap().scope != scope("standard");
    let series: Vec<usize> = (0..board.len()).filter(premium).collect();
    let mut changed = Vec::new();
    board.cycle(&mut changed);
    board.read_again(&promises, &after, &[&series[..], &[999]].concat());
    board.cycle(&mut changed);
    assert!(series.iter().all(|index| changed.contains(index)));
    let mut kept = KeptCounts::new(&promises, &after, &board);
    for slice in end..end + 150 {
        let found = evaluate(&more.catalogue, &after, second(slice * 60));
        for i in 0..board.len() {
            let name = board.name(i).unwrap().to_string();
            compare(
                &board.view(i).unwrap(),
                verdict(&found, &name),
                &mut BTreeMap::new(),
            );
        }
        more.push(&mut board, slice, true, &mut kept);
        board.cycle(&mut changed);
    }
    assert_eq!(board.dropped().count(), 0);
}

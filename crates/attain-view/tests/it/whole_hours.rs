//! A burn-down for programs is the same whether its hours were said at once or went on one by one.

use attain_model::detail::Point;
use attain_model::verdict::{Attainment, ErrorBudget};
use attain_model::{Evaluation, Promises, SeriesName, SloId, Verdict};
use attain_view::resources::{WholeHours, burn_down_json};
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::shop::{catalogue, evaluation, verdict};

fn hour(number: i64) -> Timestamp {
    Timestamp::from_second(number * 3600).unwrap()
}

/// Of any size.
fn point(rng: &mut Rng, at: i64) -> Point {
    let mut count = || rng.u64(..) >> rng.u32(0..64);
    let (good, bad, allowed) = (count(), count(), u128::from(count()));
    Point {
        at: hour(at),
        attainment: Attainment { good, bad },
        budget: ErrorBudget {
            // Also of few digits: most allowances are a target's share of a whole number.
            allowed_billionths: match rng.bool() {
                true => allowed * u128::from(rng.u64(1..1 << 40)),
                false => allowed * 1_000_000,
            },
            spent: bad,
        },
    }
}

/// Exact: a text, for who reads a number may round it.
fn decimal(billionths: u128) -> String {
    let text = format!("{billionths:010}");
    let (whole, part) = text.split_at(text.len() - 9);
    let text = format!("{whole}.{part}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The same answer with what is allowed as texts.
fn read(text: &str) -> Value {
    let mut pieces = text.split("\"allowed\":[");
    let mut quoted = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (numbers, rest) = piece.split_once(']').unwrap();
        let numbers: Vec<Value> = numbers
            .split(',')
            .map(|number| {
                assert!(number.parse::<f64>().unwrap() >= 0.0);
                json!(number)
            })
            .collect();
        quoted.push_str(&format!("\"allowed\":{}{rest}", json!(numbers)));
    }
    serde_json::from_str(&quoted).unwrap()
}

/// The plainest way to say it.
fn said(
    evaluation: &Evaluation,
    slo: &SloId,
    hours: &[(SeriesName, Vec<Point>)],
    points: usize,
) -> Value {
    let of = |verdict: &Verdict| {
        let own = hours
            .iter()
            .find(|(name, _)| *name == verdict.name)
            .unwrap();
        let mut places = own.1.clone();
        places.push(Point {
            at: evaluation.as_of.instant,
            attainment: verdict.attainment,
            budget: verdict.budget,
        });
        places.split_off(places.len().saturating_sub(points))
    };
    let own = evaluation
        .verdicts
        .iter()
        .filter(|own| own.name.slo == *slo);
    let series: Vec<Value> = own
        .clone()
        .map(|verdict| {
            let places = of(verdict);
            let allowed = places
                .iter()
                .map(|place| decimal(place.budget.allowed_billionths));
            json!({
                "objective": verdict.name.objective.as_str(),
                "segment": verdict.name.scope.to_string(),
                "good": places.iter().map(|place| place.attainment.good).collect::<Vec<_>>(),
                "bad": places.iter().map(|place| place.attainment.bad).collect::<Vec<_>>(),
                "allowed": allowed.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "version": 1,
        "slo": slo.as_str(),
        "as_of": evaluation.as_of.instant.to_string(),
        "first": of(own.clone().next().unwrap())[0].at.to_string(),
        "step_seconds": 3600,
        "series": series,
    })
}

#[test]
fn whole_hours_are_said_alike_at_once_and_one_by_one() {
    let mut rng = Rng::with_seed(720);
    let promises = Promises::of(catalogue());
    let names = [
        "checkout-completes/availability/premium",
        "checkout-completes/availability/standard",
        "checkout-completes/availability/free",
    ];
    for _ in 0..60 {
        let verdicts = names.map(|name| verdict(&promises, name, 90_000, 11, (3, 1)));
        let evaluation = evaluation(verdicts.to_vec());
        let slo = &evaluation.verdicts[0].name.slo;
        let (count, more) = (rng.usize(1..60), rng.usize(0..90));
        let last = evaluation.as_of.instant.as_second().div_euclid(3600);
        let first = last + 1 - (count + more) as i64;
        let all: Vec<(SeriesName, Vec<Point>)> = (evaluation.verdicts.iter())
            .map(|verdict| {
                let points = (first..=last).map(|at| point(&mut rng, at));
                (verdict.name.clone(), points.collect())
            })
            .collect();
        let piece = |from: usize, to: usize| -> Vec<(SeriesName, Vec<Point>)> {
            let cut = |(name, points): &(SeriesName, Vec<Point>)| {
                (name.clone(), points[from..to].to_vec())
            };
            all.iter().map(cut).collect()
        };
        let newest = piece(more, more + count);
        let at_once = WholeHours::of(hour(last), newest.clone());
        let mut one_by_one = WholeHours::of(hour(last - more as i64), piece(0, count));
        for place in count..count + more {
            let points: Vec<Point> = all.iter().map(|(_, points)| points[place]).collect();
            one_by_one.go_on(&points);
        }
        assert_eq!(one_by_one, at_once);
        for points in [1, 2, 3, count / 2 + 1, count, count + 1, count + 2, 743] {
            let text = burn_down_json(&evaluation, slo, &at_once, points);
            let _: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                read(&text),
                said(&evaluation, slo, &newest, points),
                "{points} of {count}"
            );
        }
    }
}

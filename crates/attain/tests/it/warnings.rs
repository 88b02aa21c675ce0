//! `attain warnings`: the real month of `examples/middle-tier` against the definitions, word for word; and an early
//! warning from its first breach to the note in `attain status`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::Place;

fn example(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    root.join(name).to_str().unwrap().to_owned()
}

/// Runs of hours at or above a limit, those less than two hours apart as one.
fn runs(values: &[f64], limit: f64) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for (hour, value) in values.iter().enumerate() {
        let hour = hour as i64;
        match runs.last_mut() {
            _ if *value < limit => {}
            Some(last) if hour - last.1 < 2 => last.1 = hour + 1,
            _ => runs.push((hour, hour + 1)),
        }
    }
    runs
}

const HORIZON: i64 = 3;
const LEAD_MIN: i64 = 1;

/// The leads of the warned ones, as the definition says it.
fn leads(inside: &[(i64, i64)], customer: &[(i64, i64)]) -> Vec<i64> {
    let of = |(start, _): &(i64, i64)| {
        let matched = inside.iter().filter(|i| {
            i.0 <= start - LEAD_MIN && (i.0 >= start - HORIZON || i.1 >= start - LEAD_MIN)
        });
        matched.map(|i| start - i.0).max()
    };
    let mut leads: Vec<i64> = customer.iter().filter_map(of).collect();
    leads.sort_unstable();
    leads
}

/// How many are warned of when all breaches inside begin `shift` hours later, on a circle.
fn shifted(inside: &[(i64, i64)], customer: &[(i64, i64)], shift: i64, hours: i64) -> usize {
    let is_warned = |(start, _): &&(i64, i64)| {
        inside.iter().any(|i| {
            let lead = (start - i.0 - shift).rem_euclid(hours);
            lead >= LEAD_MIN && (lead <= HORIZON || i.1 - i.0 >= lead - LEAD_MIN)
        })
    };
    customer.iter().filter(is_warned).count()
}

#[test]
fn a_real_month_agrees_with_the_definitions() {
    let data = std::fs::read_to_string(example("middle-tier/latency.csv")).unwrap();
    let catalogue = std::fs::read_to_string(example("middle-tier/middle-tier.yaml")).unwrap();
    let rows: Vec<Vec<f64>> = (data.lines().skip(2))
        .map(|line| {
            line.split(',')
                .skip(1)
                .map(|cell| cell.parse().unwrap())
                .collect()
        })
        .collect();
    let limit = |metric: &str| -> f64 {
        let (_, after) = catalogue.split_once(&format!("metric: {metric},")).unwrap();
        let (_, after) = after.split_once("value < ").unwrap();
        after.split_once("ms").unwrap().0.parse().unwrap()
    };
    let series = |column: usize, metric: &str| {
        let values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
        runs(&values, limit(metric))
    };
    let hours = rows.len() as i64;
    let customer = series(0, "all");
    let ran = Place::new().run(&["warnings", &example("middle-tier"), "--format", "json"]);
    ran.exits(0);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let pairs = json["promises"][0]["pairs"].as_array().unwrap();
    assert_eq!((hours, customer.len(), pairs.len()), (720, 7, 22));
    for pair in pairs {
        let name = pair["slo"].as_str().unwrap();
        let column: usize = name.strip_prefix("backend-").unwrap().parse().unwrap();
        let inside = series(column - 1, name);
        let leads = leads(&inside, &customer);
        let seconds: Vec<i64> = leads.iter().map(|lead| lead * 3600).collect();
        let number = |key: &str| pair[key].as_f64().unwrap();
        assert_eq!(
            pair["breaches_inside"].as_u64().unwrap(),
            inside.len() as u64,
            "{name}"
        );
        assert_eq!(pair["leads_seconds"], serde_json::json!(seconds), "{name}");
        assert_eq!(
            pair["lead_seconds_median"].as_i64(),
            seconds.get(seconds.len() / 2).copied()
        );
        assert!((number("recall") - leads.len() as f64 / customer.len() as f64).abs() < 1e-12);
        let eligible = inside.iter().filter(|i| i.0 + HORIZON <= hours);
        let followed = eligible.clone().filter(|i| {
            let until = (i.0 + HORIZON).max(i.1);
            customer
                .iter()
                .any(|c| i.0 + LEAD_MIN <= c.0 && c.0 <= until)
        });
        assert_eq!(
            number("eligible") as usize,
            eligible.clone().count(),
            "{name}"
        );
        assert_eq!(number("followed") as usize, followed.count(), "{name}");
        let all: Vec<usize> = (0..hours)
            .map(|k| shifted(&inside, &customer, k, hours))
            .collect();
        let mean = all.iter().sum::<usize>() as f64 / (hours * customer.len() as i64) as f64;
        assert!((number("recall_by_chance") - mean).abs() < 1e-12, "{name}");
        let at_least = all.iter().filter(|warned| **warned >= leads.len()).count();
        assert!(
            (number("p_value") - at_least as f64 / hours as f64).abs() < 1e-12,
            "{name}"
        );
        // What this is for: nothing at or below chance is called predictive.
        if number("recall") <= number("recall_by_chance") || number("p_corrected") > 0.05 {
            assert_ne!(pair["verdict"], "predictive", "{name}");
        }
    }
    let any = &json["promises"][0]["any"];
    assert!(
        any["recall"].as_f64().unwrap() > 0.9 && any["recall_by_chance"].as_f64().unwrap() > 0.3
    );
}

const SHOP: &str = "
attain: 1
sources: {counts: {csv: {files: [counts.csv], layout: long, time: time, slot: 1m, name: metric, value: value}, labels: {service: service}}}
defaults: {source: counts, window: 10d, owner: shop, alerting: none, indicator: {total: {metric: total}, bad: {metric: bad}}}
slos:
  checkout:
    {outcome: A customer can pay, layer: product, audience: customer, service: shop, owners: {product: shop, engineering: shop},
     objectives: {availability: 99%}, depends_on: [database, cache]}
  database: {service: db, owner: storage, objectives: {availability: 99%}}
  cache: {service: cache, objectives: {availability: 99%}}
";

/// Ten days by minutes: the database breaks 12 minutes before each failure of checkout, the cache at other times. In the
/// last minutes the database has broken again.
fn counts() -> String {
    const MINUTES: u64 = 14_400;
    let outages = [700, 2100, 3300, 5200, 6100, 8000, 9900, 11_200, 12_500];
    let starts = 1_790_000_000 / 60 * 60;
    let mut text = String::from("time,service,metric,value\n");
    for minute in 0..MINUTES {
        let is_in = |at: u64, length: u64| (at..at + length).contains(&minute);
        let shop = outages.iter().any(|at| is_in(*at, 10));
        let db = outages.iter().any(|at| is_in(at - 12, 8)) || minute >= MINUTES - 5;
        let cache = (0..12).any(|i| is_in(i * 1187 + 413, 6));
        for (service, is_bad) in [("shop", shop), ("db", db), ("cache", cache)] {
            let (time, bad) = (starts + minute * 60, if is_bad { 50 } else { 0 });
            let _ = writeln!(
                text,
                "{time},{service},total,100\n{time},{service},bad,{bad}"
            );
        }
    }
    text
}

#[test]
fn what_has_earned_it_raises_a_ticket_with_the_promise_and_the_lead() {
    let place = Place::new();
    place
        .write("shop.yaml", SHOP)
        .write("counts.csv", &counts());
    let ran = place.run(&["warnings", "shop.yaml"]);
    ran.exits(1);
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("1 of 2 below checkout/availability/all warn of its breaches: database."),
        "{}",
        ran.out
    );
    assert!(
        text.contains("NOW early warning: database/availability/all has been breached since"),
        "{}",
        ran.out
    );
    let ran = place.run(&["status", "shop.yaml"]);
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = "9 of 9 such breaches were followed by one of checkout/availability/all, 12m later in the median";
    assert!(
        text.contains(says) && text.contains("a ticket for storage"),
        "{}",
        ran.out
    );
    assert!(!text.contains("early warning: cache"), "{}", ran.out);
    // Half a day earlier nothing inside is broken.
    let ran = place.run(&["status", "shop.yaml", "--at", "2026-10-01T00:00:00Z"]);
    assert!(!ran.out.contains("early warning"), "{}", ran.out);
}

#[test]
fn a_promise_that_rests_on_nothing_is_told_what_to_do() {
    let place = Place::new();
    let alone = SHOP.replace(", depends_on: [database, cache]", "");
    place
        .write("shop.yaml", &alone)
        .write("counts.csv", &counts());
    let ran = place.run(&["warnings", "shop.yaml"]);
    ran.exits(3);
    assert!(ran.out.contains("say what in `depends_on:`"), "{}", ran.out);
    for (option, value) in [("--burn", "fast"), ("--horizon", "1"), ("--gap", "0m")] {
        let ran = place.run(&["warnings", "shop.yaml", option, value]);
        ran.exits(2);
        assert!(ran.err.contains("write it like this"), "{}", ran.err);
    }
}

//! Every number on every page is in the API, of the same instant.

mod dom;
mod figures;
mod said;
mod shape;
mod shop;
mod walk;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::client::{request, within};
use crate::shop::Shop;
use figures::{Figures, Known, Name};
use walk::{Found, Page, Tally, walk};

/// A page, and what it is about.
type Address = (String, Option<String>, Option<String>);

fn get(shop: &Shop, path: &str, accept: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\naccept: {accept}\r\n");
    let answer = request(shop.address(), &head, &[]);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

/// An answer of the API, in the shape that its document gives it.
fn api(shop: &Shop, path: &str) -> Value {
    let more = if path.contains('?') { '&' } else { '?' };
    let full = match path {
        "server" | "catalogue" => format!("/api/v1/{path}"),
        _ => format!("/api/v1/{path}{more}at={}", shop::AT),
    };
    let text = get(shop, &full, "application/json");
    let answer: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let document: Value = serde_json::from_str(&attain_server::openapi()).unwrap();
    let resource = path.split(['?', '/']).next().unwrap_or_default();
    let key = match path.starts_with("slos/") {
        true => "/api/v1/slos/{slo}".to_owned(),
        false => format!("/api/v1/{resource}"),
    };
    let schema = &document["paths"][&key]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    assert!(schema["$ref"].is_string(), "{key} has no shape");
    shape::check(&answer, schema, &document, path).unwrap();
    let mut more = answer.clone();
    more["more"] = Value::from(1);
    assert!(shape::check(&more, schema, &document, path).is_err());
    answer
}

/// All that the API says.
struct Told {
    known: Known,
    status: Value,
    files: String,
    counts: Figures,
}

impl Told {
    fn by(shop: &Shop) -> Self {
        let mut known = Known::default();
        let status = api(shop, "status");
        known.status(&status);
        for slo in shop::SLOS {
            let document = api(shop, &format!("slos/{slo}"));
            assert_eq!(verdicts(&document["status"]), of(&status, slo), "{slo}");
            for (at, detail) in document["details"].as_array().unwrap().iter().enumerate() {
                known.detail(detail, &document["status"]["verdicts"][at]);
            }
            // Nothing promised to customers, or to anybody: nothing rests, nothing is explained.
            known.cascade(&api(shop, &format!("cascade?slo={slo}")));
            known.why(&api(shop, &format!("why?slo={slo}")));
        }
        let slos = api(shop, "slos?limit=500");
        let listed = slos["slos"].as_array().unwrap().iter();
        let listed: Vec<Value> = listed.flat_map(verdicts).collect();
        assert_eq!(listed, verdicts(&status));
        let report = api(shop, "report");
        assert_eq!(verdicts(&report["status"]), verdicts(&status));
        let server = api(shop, "server");
        known.ends_of_slices(&status, server["slice_seconds"].as_i64().unwrap());
        known.slices("batch-runs", 60.0);
        known.segments(&api(shop, "segments"));
        let catalogue = api(shop, "catalogue");
        let files = catalogue["files"][0]["text"].as_str().unwrap().to_owned();
        known.written.text("written", &files);
        let mut counts = Figures::default();
        cascade_counts(&mut counts, &api(shop, "cascade"), &status);
        Self {
            known,
            status,
            files,
            counts,
        }
    }

    fn walk(&self, (path, slo, segment): &Address, html: &str) -> Found {
        let tally = tally(&self.status, segment.as_deref());
        let counts = match path.starts_with("/cascade") {
            true => self.counts.clone(),
            false => Figures::default(),
        };
        let page = Page {
            name: path,
            known: &self.known,
            counts: &counts,
            tally: &tally,
            files: &self.files,
            slo: slo.as_deref(),
            segment: segment.as_deref(),
        };
        walk(&page, &dom::parse(html))
    }
}

fn verdicts(document: &Value) -> Vec<Value> {
    document["verdicts"].as_array().unwrap().clone()
}

fn of(status: &Value, slo: &str) -> Vec<Value> {
    let mut verdicts = verdicts(status);
    verdicts.retain(|verdict| verdict["slo"] == slo);
    verdicts
}

/// SLOs that are shown, and how many of them are broken.
fn cascade_counts(counts: &mut Figures, cascade: &Value, status: &Value) {
    fn parts(of: &Value, all: &mut BTreeSet<String>) {
        for part in of.as_array().into_iter().flatten() {
            all.extend(
                part["parts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap().to_owned()),
            );
            parts(&part["rests_on"], all);
        }
    }
    let mut shown = BTreeSet::new();
    for promise in cascade["promises"].as_array().unwrap() {
        shown.insert(promise["slo"].as_str().unwrap().to_owned());
        parts(&promise["parts"], &mut shown);
    }
    let broken = |slo: &&String| {
        of(status, slo)
            .iter()
            .any(|verdict| verdict["verdict"] == "breached")
    };
    counts.count("shown", shown.len() as f64);
    counts.count("broken", shown.iter().filter(broken).count() as f64);
    for slo in &shown {
        let broken = of(status, slo);
        let broken = broken
            .iter()
            .filter(|verdict| verdict["verdict"] == "breached");
        let segments: BTreeSet<&str> = broken
            .filter_map(|verdict| verdict["segment"].as_str())
            .collect();
        counts.count("segments", segments.len() as f64);
    }
}

/// How many promises stand how: all of them (or those of a segment), and by the groups of the overview.
fn tally(status: &Value, segment: Option<&str>) -> Tally {
    let mut tally = Tally::new();
    let mut masked: BTreeSet<Name> = BTreeSet::new();
    for hidden in status["masked"].as_array().unwrap() {
        if segment.is_none_or(|segment| hidden["segment"] == segment) {
            let text = |key: &str| hidden[key].as_str().unwrap().to_owned();
            masked.insert((text("slo"), text("objective"), String::new()));
        }
    }
    tally.insert(
        (String::new(), "not seen in all traffic".into()),
        masked.len() as u64,
    );
    for verdict in verdicts(status) {
        let is_its = segment.is_none_or(|segment| verdict["segment"] == segment);
        let Some(word) = word(&verdict).filter(|_| is_its) else {
            continue;
        };
        let group = match (verdict["audience"].as_str(), verdict["layer"].as_str()) {
            (Some("customer"), _) => "Promised to customers".to_owned(),
            (_, layer) => format!("Internal, {} layer", layer.unwrap()),
        };
        for group in [String::new(), group] {
            for word in [word, "promises"] {
                *tally.entry((group.clone(), word.to_owned())).or_default() += 1;
            }
        }
    }
    tally
}

/// How a promise stands, in a page's words; `None` where nothing is promised.
fn word(verdict: &Value) -> Option<&'static str> {
    let is_firing = |alert: &Value| alert["state"] == "firing" && alert["urgency"] != "none";
    let alerts = verdict["alerts"].as_array().unwrap();
    let allowed: f64 = verdict["budget"]["allowed_billionths"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let is_low = verdict["budget"]["spent"].as_f64().unwrap() * 1e9 > allowed * 0.8;
    match verdict["verdict"].as_str().unwrap() {
        _ if verdict["goal"]["target_ppb"].is_null() => None,
        "breached" => Some("broken"),
        "met" if is_low || alerts.iter().any(is_firing) => Some("kept, in danger"),
        "met" => Some("kept"),
        "no traffic" => Some("without traffic"),
        "unknown" => Some("not known"),
        _ => None,
    }
}

fn addresses() -> Vec<Address> {
    let at = shop::AT;
    let mut all: Vec<Address> = vec![
        (format!("/?at={at}"), None, None),
        (format!("/cascade?at={at}"), None, None),
        (format!("/reports/product?at={at}"), None, None),
        (format!("/reports/engineering?at={at}"), None, None),
    ];
    for segment in ["premium", "standard", "free"] {
        all.push((
            format!("/segments/{segment}?at={at}"),
            None,
            Some(segment.into()),
        ));
    }
    for slo in shop::SLOS {
        for more in ["", "&segment=premium", "&segment=all"] {
            all.push((format!("/slos/{slo}?at={at}{more}"), Some(slo.into()), None));
        }
        all.push((format!("/cascade?at={at}&slo={slo}"), None, None));
    }
    all
}

#[test]
fn every_number_on_every_page_is_in_the_api() {
    let shop = shop::open();
    within(120, "judged", || {
        let path = format!("/api/v1/status?at={}", shop::AT);
        let head = format!("GET {path} HTTP/1.1\r\n");
        (request(shop.address(), &head, &[]).status == 200).then_some(())
    });
    let told = Told::by(&shop);
    let mut all = Found::default();
    for address in addresses() {
        let html = get(&shop, &address.0, "text/html");
        let found = told.walk(&address, &html);
        assert!(found.numbers > 1, "{}: {}", address.0, found.numbers);
        all.numbers += found.numbers;
        all.told_apart += found.told_apart;
        all.wrong.extend(found.wrong);
    }
    let wrong = all.wrong.join("\n");
    assert!(
        all.wrong.is_empty(),
        "of {} numbers the API does not know:\n{wrong}",
        all.numbers
    );
    assert!(all.numbers > 4_000, "{}", all.numbers);
    // It would see another last digit in nearly all of them; what a rounded number may be either way is not told apart.
    assert!(
        all.told_apart * 100 > all.numbers * 80,
        "{} of {}",
        all.told_apart,
        all.numbers
    );
    let (overview, html) = (&addresses()[0], get(&shop, &addresses()[0].0, "text/html"));
    for (right, wrong, place) in [
        (
            "99.337%",
            "99.338%",
            "matrix, checkout-completes availability,  premium",
        ),
        (
            "none left, 563% over",
            "none left, 564% over",
            "matrix, checkout-completes availability,  premium",
        ),
        (
            "6.62 times as often",
            "6.63 times as often",
            "checkout-completes / availability",
        ),
        (
            "<b>99.901%",
            "<b>99.902%",
            "matrix, checkout-completes availability,  standard",
        ),
    ] {
        assert!(html.contains(right), "{right}");
        let found = told.walk(overview, &html.replacen(right, wrong, 1));
        let said = found.wrong.join("\n");
        assert!(
            found.wrong.len() == 1 && said.contains(place) && said.starts_with("/?at="),
            "{wrong}: {said}"
        );
    }
}

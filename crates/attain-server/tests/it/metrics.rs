//! The metrics page: what an Alertmanager needs of an alert, and what the exposition format asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use attain_server::{Journal, Limits};

use crate::client::{eventually, get};
use crate::shop::{Shop, now_ms, send};

/// Two sources, so that families by source have several lines; premium pages, and all together look fine.
const CATALOGUE: &str = r#"
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, price: 90 USD/month, contract: 12 months, severity: sev2}
  standard: {rank: 2, price: 9 USD/month, contract: none}
  free:     {rank: 3, contract: best effort}
sources:
  prom: {remote_write: {}, delay: 0s}
  app: {otlp: {}, delay: 0s}
defaults: {source: prom, window: 30d, owner: payments, coverage: 0%}
slos:
  checkout:
    outcome: A customer can pay
    service: shop
    runbook: https://runbooks.example/"checkout"
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives:
      availability: {premium: 99%, standard: 99%, free: best effort}
"#;

fn limits() -> Limits {
    Limits {
        look: Duration::from_millis(10),
        ..Limits::default()
    }
}

/// The page once premium pages; one for all tests, as it takes until the end of a slice.
fn burning() -> &'static str {
    &burnt().0
}

/// The same, and what the journal has to say.
fn burnt() -> &'static (String, Vec<String>) {
    static BURNT: OnceLock<(String, Vec<String>)> = OnceLock::new();
    BURNT.get_or_init(burn)
}

fn burn() -> (String, Vec<String>) {
    let shop = Shop::of(CATALOGUE, limits());
    let begun = now_ms() - 30_000;
    for (segment, good, bad) in [
        ("premium", 1_000, 1_000),
        ("standard", 999_000, 0),
        ("free", 10, 0),
    ] {
        send(&shop, segment, 0, 0, begun);
        send(&shop, segment, good, bad, begun + 5_000);
    }
    let page = eventually("a page for premium", || {
        let page = get(shop.address(), "/metrics").body;
        page.contains(&of(
            "attain_alert_firing",
            "premium",
            ",urgency=\"page\"",
            1,
        ))
        .then_some(page)
    });
    let lines = shop.server().happened(&mut Journal::default());
    (page, lines)
}

fn of(name: &str, segment: &str, more: &str, value: u32) -> String {
    format!(
        "{name}{{slo=\"checkout\",objective=\"availability\",segment=\"{segment}\"{more}}} {value}\n"
    )
}

#[test]
fn an_alert_says_what_it_asks_and_the_promise_whose_it_is() {
    let page = burning();
    let has = |line: String| assert!(page.contains(&line), "no {line}in {page}");
    has(of(
        "attain_alert_firing",
        "standard",
        ",urgency=\"page\"",
        0,
    ));
    has(of(
        "attain_alert_firing",
        "standard",
        ",urgency=\"ticket\"",
        0,
    ));
    has(of("attain_masked", "premium", "", 1));
    has(of("attain_masked", "standard", "", 0));
    // Nothing was promised, so nothing is hidden and nothing fires.
    let free = "segment=\"free\"";
    assert!(!page.lines().any(|line| line.contains(free)
        && (line.starts_with("attain_masked") || line.starts_with("attain_alert"))));
    let info = |severity: &str| {
        format!(
            ",severity=\"{severity}\",owner=\"payments\",runbook=\"https://runbooks.example/\\\"checkout\\\"\",\
             service=\"shop\",layer=\"service\",audience=\"internal\""
        )
    };
    has(of("attain_slo_info", "premium", &info("sev2"), 1));
    has(of("attain_slo_info", "standard", &info("sev2"), 1));
    has(of("attain_slo_info", "free", &info("ticket"), 1));
    let stands_by = ",urgency=\"page\",state=\"standby\"";
    has(of("attain_alert_conditions", "standard", stands_by, 1));
}

#[test]
fn an_alert_that_begins_is_in_the_journal() {
    let (_, lines) = burnt();
    let begins = |what: &str| {
        let line = format!("{what} begins: checkout/availability/premium, since ");
        lines.iter().filter(|said| said.starts_with(&line)).count()
    };
    assert_eq!((begins("page"), begins("ticket")), (1, 1), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("standard")),
        "{lines:?}"
    );
}

#[test]
fn the_lines_of_a_family_stand_together() {
    let page = burning();
    let mut families: Vec<&str> = Vec::new();
    let mut lines_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in page.lines() {
        let family = match line.strip_prefix("# HELP ") {
            Some(rest) => rest.split(' ').next().unwrap(),
            None => line
                .strip_prefix("# TYPE ")
                .unwrap_or(line)
                .split([' ', '{'])
                .next()
                .unwrap(),
        };
        if families.last() != Some(&family) {
            assert!(!families.contains(&family), "{family} is there twice");
            assert!(line.starts_with("# HELP "), "{line}");
            families.push(family);
        }
        let series = line.rsplit_once(' ').unwrap().0;
        assert!(
            lines_of.entry(family).or_default().insert(series),
            "{line} is there twice"
        );
    }
    let by_source = lines_of["attain_series"].len();
    assert_eq!(by_source, 2 + 2, "two comments and two sources");
    assert!(families.len() > 30, "{families:?}");
}

/// What an example or the documentation says of the page is there.
#[test]
fn whatever_is_said_of_the_page_is_on_it() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let page = burning();
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    for (file, at_least) in [
        ("examples/prometheus/attain-alerts.yaml", 7),
        ("docs/reference/metrics.md", 30),
    ] {
        let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        let words: BTreeSet<&str> = text
            .split(|letter| !is_of_name(letter))
            .filter(|word| word.starts_with("attain_"))
            .collect();
        assert!(words.len() >= at_least, "{file}: {words:?}");
        for word in words {
            // Only where an API is pulled.
            let is_there =
                page.contains(&format!("# TYPE {word} ")) || word == "attain_pull_delay_seconds";
            assert!(is_there, "{file} speaks of {word}");
        }
    }
}

/// And the other way round: nobody has to guess what a number of the page is.
#[test]
fn whatever_is_on_the_page_is_said() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let said = std::fs::read_to_string(format!("{root}/docs/reference/metrics.md")).unwrap();
    let page = burning();
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        let row = said
            .lines()
            .any(|row| row.starts_with("| `") && row.contains(&format!("`{name}")));
        assert!(row, "docs/reference/metrics.md has no row of {name}");
    }
}

//! Mistakes that people make, each in a valid catalogue: exactly one diagnostic, in these words, at this place.

use attain_spec::parse;

use super::{catalogue, listing};

/// A text of a catalogue and what somebody typed instead.
struct Mistake {
    folder: &'static str,
    file: &'static str,
    typed: [&'static str; 2],
    expected: &'static str,
}

#[test]
fn a_mistake_is_named_once_where_it_was_made() {
    let mut wrong = Vec::new();
    for mistake in MISTAKES {
        let mut files = catalogue(mistake.folder);
        let file = files
            .iter_mut()
            .find(|file| file.name == mistake.file)
            .unwrap();
        let [right, typed] = mistake.typed;
        assert!(file.text.contains(right), "{right}");
        file.text = file.text.replacen(right, typed, 1);
        let parsed = parse(&files);
        let got = listing(&parsed);
        if got != format!("{}\n", mistake.expected) {
            wrong.push(format!(
                "typed {typed:?}\n  want {}\n  got  {got}",
                mistake.expected
            ));
        }
        let error = mistake.expected.starts_with("error");
        assert_eq!(parsed.catalogue.is_none(), error, "{typed}");
        assert!(parsed.draft.is_some(), "{typed}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["attain: 1\n", ""],
        expected: "error search.yaml:1:1 version-missing: this file does not say which schema it is written in | add `attain: 1` as the first line",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["objectives: {", "objective: {"],
        expected: "error search.yaml:8:5 unknown-key: `objective` is not a key of an SLO | did you mean `objectives`?",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["99.9%", "99.9"],
        expected: "error search.yaml:8:32 unit-missing: `99.9` has no unit | write `99.9%`",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["99.9%", "0.999"],
        expected: "error search.yaml:8:32 unit-missing: `0.999` has no unit | targets are percentages: write `99.9%`",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["99.9%", "100%"],
        expected: "error search.yaml:8:32 target-leaves-no-budget: a target of 100% allows no error, so it has no budget to spend | the highest target is 99.9999999%",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["window: 30d", "window: 1M"],
        expected: "error search.yaml:9:13 unit-unknown: `M` is not a unit of time | write `30d`, or `calendar month` for a real month",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["    owner:", "\towner:"],
        expected: "error search.yaml:6:1 yaml-syntax: this line is indented with a tab | indent with spaces",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["    window: 30d\n", "    window: 30d\n    window: 28d\n"],
        expected: "error search.yaml:10:5 duplicate-key: `window` is given twice (first at 9:5); YAML readers disagree on which wins | keep one",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["{code: 5xx}", "{code: [45]..}"],
        expected: "error search.yaml:7:83 yaml-syntax: a value that begins with `[` is a list, and this one goes on after `]` | write `[4xx, 5xx]`, or `\"~[45]..\"` for a regular expression",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["{code: 5xx}", "{code: 5..}"],
        expected: "error search.yaml:7:80 regex-unmarked: `5..` is compared as plain text and looks like a regular expression | write `5xx`, or `~5..` to match a regular expression",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["bad: {code: 5xx}", "good: {code: 2xx}, bad: {code: 5xx}"],
        expected: "error search.yaml:7:87 good-and-bad: an indicator says what is good or what is bad, not both | keep `bad`: everything else in `where` is good",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: [
            "metric: http_requests_total",
            "metric: http_request_duration_seconds_bucket",
        ],
        expected: "error search.yaml:7:25 metric-suffix: `_bucket` is one part of a histogram | write `http_request_duration_seconds`",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: [
            "metric: http_requests_total",
            "metric: http_request_duration_seconds_sum",
        ],
        expected: "error search.yaml:7:25 metric-suffix: `_sum` says how much was measured, not how many events there were | write `http_request_duration_seconds_count` for events, `http_request_duration_seconds` for how long they took",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["{availability: 99.9%}", "{latency: p99 < 200ms}"],
        expected: "error search.yaml:8:27 latency-needs-histogram: `http_requests_total` is a counter: it does not say how long a request took | use the histogram of the same requests, in an SLO of its own",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["{availability: 99.9%}", "{latency: p99 > 200ms}"],
        expected: "error search.yaml:8:31 target-syntax: a latency objective promises less than a threshold | write `p99 < 200ms`",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: [
            "{availability: 99.9%}",
            "{latency: p99 < 200ms, p50 < 50ms}",
        ],
        expected: "error search.yaml:8:40 target-syntax: a comma ends a value inside `{}`, so `p50 < 50ms` became a key without a value | one target per objective: `{latency: p99 < 200ms, latency-typical: p50 < 50ms}`",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: ["search-answers:", "Search_Answers:"],
        expected: "error search.yaml:3:3 id-syntax: `Search_Answers` is not an id: lower-case letters, digits, `-`, at most 63 | write `search-answers`; put the title in `outcome`",
    },
    Mistake {
        folder: "search",
        file: "search.yaml",
        typed: [
            "alerting: workbook",
            "alerting: workbook\n    labels: {country: no}",
        ],
        expected: "warning search.yaml:11:23 yaml-ambiguous: attain reads `no` as text, but YAML 1.1 tools turn it into false | write `\"no\"` (`attain fmt` does it)",
    },
    Mistake {
        folder: "shop",
        file: "company.yaml",
        typed: ["price: 5000 USD", "price: 5,000 USD"],
        expected: "error company.yaml:4:30 unit-missing: `5` has no unit: a comma ends a value inside `{}` | write `5000 USD/month` without a separator",
    },
    Mistake {
        folder: "shop",
        file: "company.yaml",
        typed: ["channel: reliability", "channel: #reliability"],
        expected: "error company.yaml:19:125 yaml-syntax: a `#` after a space starts a comment, so this `{` is never closed | write `channel: reliability` without `#`",
    },
    Mistake {
        folder: "shop",
        file: "company.yaml",
        typed: ["routing_key: {env: PD_KEY}", "routing_key: 9f1c0c5e7a"],
        expected: "error company.yaml:19:46 secret-in-file: a secret stands in the catalogue; treat it as leaked and rotate it | write `{env: NAME}` or `{file: path}`",
    },
    Mistake {
        folder: "shop",
        file: "customer.yaml",
        typed: ["        free: 99%\n", ""],
        expected: "error customer.yaml:15:7 segment-missing: objective `availability` says nothing about segment `free` | add `free: 99%`, or `free: best effort` to measure without promising",
    },
    Mistake {
        folder: "shop",
        file: "customer.yaml",
        typed: ["free: 99%\n", "unknown: 99%\n"],
        expected: "error customer.yaml:18:9 segment-reserved: `unknown` is what attain counts untagged traffic under; nothing can be promised to it | remove it; `attain status` says how much is untagged",
    },
    Mistake {
        folder: "shop",
        file: "customer.yaml",
        typed: ["- auth-login", "- auth-logn"],
        expected: "error customer.yaml:27:9 unknown-slo: there is no SLO `auth-logn` in this folder | did you mean `auth-login` (internal.yaml:7)?",
    },
    Mistake {
        folder: "shop",
        file: "customer.yaml",
        typed: ["optional: true", "optional: yes"],
        expected: "error customer.yaml:29:42 bool-syntax: `yes` is not a truth value here | write `true`",
    },
    Mistake {
        folder: "shop",
        file: "customer.yaml",
        typed: ["02:00 Europe/Berlin", "02:00"],
        expected: "error customer.yaml:38:61 zone-missing: this time names no zone, and 02:00 happens twice a year in some | write `2026-12-06 02:00 Europe/Berlin`",
    },
    Mistake {
        folder: "shop",
        file: "internal.yaml",
        typed: [
            "postgres-primary: {service: postgres,",
            "postgres-primary: {service: postgres, audience: customer,",
        ],
        expected: "error internal.yaml:10:51 layer-audience: an infrastructure SLO is not something a customer sees | remove `audience`, or make it a product SLO with an outcome",
    },
    Mistake {
        folder: "shop",
        file: "internal.yaml",
        typed: [
            "depends_on: [postgres-primary]}",
            "depends_on: [auth-login]}",
        ],
        expected: "error internal.yaml:7:160 dependency-cycle: auth-login depends on itself | remove the edge",
    },
    Mistake {
        folder: "ledgerly",
        file: "api.yaml",
        typed: [
            "total: sum by (plan) (increase(settlement_age_seconds_count[5m]))",
            "total: sum by (plan) (increase(settlement_age_seconds_count[1m]))",
        ],
        expected: "error api.yaml:44:68 promql-range: the range `[1m]` is not the slice of 5m, so events would be lost between slices | write `[5m]`, or `slice: 1m`",
    },
    Mistake {
        folder: "ledgerly",
        file: "api.yaml",
        typed: ["missing_data: unknown", "missing_data: good"],
        expected: "error api.yaml:17:113 missing-data-good: missing data is never good | write `unknown`, or `bad` if silence means failure",
    },
    Mistake {
        folder: "petshop",
        file: "petshop.yaml",
        typed: ["unit: s, good", "good"],
        expected: "error petshop.yaml:15:20 unit-unknown: the unit of `latency` cannot be told from its name | add `unit: s` (or `ms`)",
    },
    Mistake {
        folder: "petshop",
        file: "petshop.yaml",
        typed: [
            "{never-rolled-up: diagnosis of the page only}",
            "{never-rolled-up: }",
        ],
        expected: "error petshop.yaml:27:94 allow-without-reason: an exception without a reason cannot be reviewed | write `never-rolled-up: <why, and until when>`",
    },
    Mistake {
        folder: "parcelo",
        file: "parcelo.yaml",
        typed: [
            "    indicator: {use: http,",
            "    indicator: &i {use: http,",
        ],
        expected: "error parcelo.yaml:20:16 yaml-anchor: anchors, aliases and `<<` hide what a line means from grep and diff | name the thing under `indicators:`, or use `defaults:`",
    },
];

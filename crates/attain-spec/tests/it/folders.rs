//! Several files as one folder: ids are global, references cross files, and a broken thing is reported once.

use attain_spec::{Input, parse};

use super::listing;

fn files(texts: &[(&str, &str)]) -> Vec<Input> {
    texts
        .iter()
        .map(|(name, text)| Input {
            name: (*name).to_owned(),
            text: format!("attain: 1\n{text}"),
        })
        .collect()
}

const SLO: &str = "owner: t, indicator: {metric: x_total}, objectives: {availability: 99.9%}";

#[test]
fn an_id_is_declared_once_in_a_folder() {
    let one = format!("slos: {{a: {{{SLO}}}}}\n");
    let parsed = parse(&files(&[("x.yaml", &one), ("y.yaml", &one)]));
    assert_eq!(
        listing(&parsed),
        "error y.yaml:2:8 duplicate-id: `a` is declared twice under `slos` (first at x.yaml:2:8) | rename one; ids are \
         global in a folder\n"
    );
    assert_eq!(parsed.diagnostics[0].labels.len(), 1);
    let page = "page: {title: P, show: []}\n";
    let parsed = parse(&files(&[("x.yaml", page), ("y.yaml", page)]));
    assert_eq!(parsed.diagnostics[0].code, "duplicate-id");
}

#[test]
fn defaults_hold_in_their_own_file() {
    let parsed = parse(&files(&[
        (
            "x.yaml",
            "defaults: {window: 7d, owner: t}\nslos: {a: {indicator: {metric: x_total}, objectives: {o: 99%}}}\n",
        ),
        ("y.yaml", &format!("slos: {{b: {{{SLO}}}}}\n")),
    ]));
    let catalogue = parsed.catalogue.unwrap();
    assert_eq!(catalogue.slos["a"].window.to_string(), "7d");
    assert_eq!(catalogue.slos["b"].window.to_string(), "30d");
}

#[test]
fn the_nearest_word_says_where_counts_come_from() {
    let parsed = parse(&files(&[
        (
            "shared.yaml",
            "sources: {eu: {otlp: {}}, us: {otlp: {}}, asia: {otlp: {}}}
indicators: {bound: {metric: x_total, source: us}, free: {metric: x_total}}
",
        ),
        (
            "slos.yaml",
            "defaults: {source: eu, owner: t, objectives: {o: 99%}}
slos:
  of-defaults: {indicator: {metric: x_total}}
  of-defaults-too: {indicator: free}
  of-inline: {indicator: {metric: x_total, source: us}}
  of-list: {indicator: {metric: x_total, source: [us, asia]}}
  of-shared: {indicator: bound}
  of-narrowed: {indicator: {use: bound, where: {a: b}}}
  of-use: {indicator: {use: bound, source: asia}}
  of-slo: {source: asia, indicator: bound}
  said-alike: {source: asia, indicator: {metric: x_total, source: asia}}
",
        ),
        (
            "indicator-by-default.yaml",
            "defaults: {source: eu, owner: t, objectives: {o: 99%}, indicator: {metric: x_total, source: us}}
slos: {of-default-indicator: {}, of-slo-beside-default: {source: asia}}
",
        ),
    ]));
    assert_eq!(listing(&parsed), "");
    let catalogue = parsed.catalogue.unwrap();
    let sources = |slo: &str| -> Vec<String> {
        let sources = &catalogue.slos[slo].indicator.sources;
        sources.iter().map(ToString::to_string).collect()
    };
    assert_eq!(sources("of-defaults"), ["eu"]);
    assert_eq!(sources("of-defaults-too"), ["eu"]);
    assert_eq!(sources("of-inline"), ["us"]);
    assert_eq!(sources("of-list"), ["us", "asia"]);
    assert_eq!(sources("of-shared"), ["us"]);
    assert_eq!(sources("of-narrowed"), ["us"]);
    assert_eq!(sources("of-use"), ["asia"]);
    assert_eq!(sources("of-slo"), ["asia"]);
    assert_eq!(sources("said-alike"), ["asia"]);
    assert_eq!(sources("of-default-indicator"), ["us"]);
    assert_eq!(sources("of-slo-beside-default"), ["asia"]);
}

#[test]
fn a_broken_thing_is_not_reported_again_by_those_who_use_it() {
    let users = format!(
        "slos:\n  a: {{{SLO}, depends_on: [b], alerting: p, service: s}}\n  b: {{owner: t, indicator: i, objectives: {{x: 99%}}}}\n"
    );
    let parsed = parse(&files(&[
        (
            "company.yaml",
            "teams: {t: {seat: nobody, members: [x]}}\nalert_policies: {p: {page: [{long: 1, spends: 2%}]}}\nservices: {s: \
             {owner: 7}, b: {}}\nindicators: {i: {metric: x_seconds_bucket}}\n",
        ),
        ("slos.yaml", &users),
    ]));
    let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(
        codes,
        [
            "value-unknown",
            "unit-missing",
            "unknown-team",
            "metric-suffix"
        ]
    );
    assert!(parsed.spans.is_broken("teams.t") && !parsed.spans.is_broken("slos.a"));
    let draft = parsed.draft.unwrap();
    assert!(
        draft.slos.contains_key("a"),
        "a is whole, and lints may look at it"
    );
}

#[test]
fn what_could_not_be_read_is_not_called_missing() {
    let parsed = parse(&files(&[
        (
            "company.yaml",
            "teams:\n  t: {seat: legal, members: [a]b}\nsegments: {gold: {rank: 1, contract: A}}\n",
        ),
        (
            "slos.yaml",
            &format!("slos: {{a: {{{SLO}, depends_on: [zz]}}}}\n"),
        ),
    ]));
    let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["yaml-syntax"]);
    assert!(!parsed.spans.is_complete());
    assert!(
        parsed.spans.is_broken("segments.gold"),
        "its file could not be read as a whole"
    );
    assert!(!parsed.spans.is_broken("slos.a"));
    assert!(
        parsed.draft.unwrap().segments.contains_key("gold"),
        "the rest of the file was read"
    );
}

#[test]
fn an_exception_of_a_file_holds_in_that_file() {
    let parsed = parse(&files(&[
        (
            "x.yaml",
            "allow: {never-rolled-up: a trial until 2027-01-31}\n",
        ),
        ("y.yaml", "allow: {stale-review: everything is new}\n"),
    ]));
    let of = |file| {
        let all = parsed.spans.file_allows(file);
        all.map(|(rule, allow, span)| {
            (
                rule.to_owned(),
                allow.reason.clone(),
                allow.until.map(|d| d.to_string()),
                parsed.sources.place(span),
            )
        })
        .collect::<Vec<_>>()
    };
    let text = str::to_owned;
    let until = Some(text("2027-01-31"));
    assert_eq!(
        of(0),
        [(
            text("never-rolled-up"),
            text("a trial"),
            until,
            text("x.yaml:2:9")
        )]
    );
    assert_eq!(
        of(1),
        [(
            text("stale-review"),
            text("everything is new"),
            None,
            text("y.yaml:2:9")
        )]
    );
    assert!(parsed.spans.is_complete());
}

#[test]
fn a_catalogue_without_a_name_has_that_of_its_folder() {
    let named = |name: &str| {
        let text = "slos: {}\n";
        parse(&files(&[(name, text)])).catalogue.unwrap().name
    };
    assert_eq!(named("teams/shop/a.yaml"), "shop");
    assert_eq!(named("a.yaml"), "catalogue");
    assert_eq!(named("./a.yaml"), "catalogue");
}

#[test]
fn thousands_of_objects_are_read() {
    let mut text = String::from("defaults: {owner: t, indicator: {metric: x_total}}\nslos:\n");
    for i in 0..3000 {
        let next = if i == 0 {
            String::new()
        } else {
            format!(", depends_on: [s{}]", i - 1)
        };
        text.push_str(&format!("  s{i}: {{objectives: {{a: 99%}}{next}}}\n"));
    }
    let parsed = parse(&files(&[("a.yaml", &text)]));
    assert_eq!(listing(&parsed), "");
    assert_eq!(parsed.catalogue.unwrap().slos.len(), 3000);
}

#[test]
fn a_hostile_file_is_refused_in_bounded_time() {
    let duplicates = "a: 1\n".repeat(20_000);
    let parsed = parse(&files(&[("a.yaml", &duplicates)]));
    assert!(parsed.diagnostics.len() > 1000);
    let mut strangers = String::from("slos:\n");
    for i in 0..1500 {
        strangers.push_str(&format!(
            "  slo-number-{i}: {{{SLO}, depends_on: [slo-numbr-{i}]}}\n"
        ));
    }
    let parsed = parse(&files(&[("a.yaml", &strangers)]));
    assert_eq!(parsed.diagnostics.len(), 1500);
}

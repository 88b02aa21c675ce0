//! Exceptions, broken objects and unfinished catalogues: when a rule is silent.

use attain_spec::parse;
use jiff::civil::{Date, date};

use crate::{TODAY, file, lint_draft, shown};

/// What is said about files on a day, errors of the text included or not.
fn said(files: &[(&str, &str)], today: Date) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(name, text)| file(name, text)).collect();
    let (parsed, found) = lint_draft(parse(&files), today);
    found.iter().map(|found| shown(&parsed, found)).collect()
}

/// Just level, rule and place.
fn places(files: &[(&str, &str)], today: Date) -> Vec<String> {
    let cut = |line: String| line.split(": ").next().unwrap().to_owned();
    said(files, today).into_iter().map(cut).collect()
}

const CUSTOMER: &str = "attain: 1
slos:
  login-works:
    outcome: Login works
    layer: product
    owners: {product: pm, engineering: eng}
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: 99%}
    evidence: [{says: users try twice and leave, from: field data}]
    depends_on: [auth]
  auth:
    owner: eng
    indicator: {metric: rpc_requests_total, bad: {code: error}}
    objectives: {availability: 99.9%}
";

const LOST: &str = "attain: 1
slos:
  lost:
    owner: eng
    indicator: {metric: a_total, bad: {code: error}}
    objectives: {availability: 99.9%}
";

#[test]
fn an_exception_silences_on_its_object_and_in_its_file() {
    let warning = ["warning[never-rolled-up] b.yaml:3:3"];
    assert_eq!(
        places(&[("a.yaml", CUSTOMER), ("b.yaml", LOST)], TODAY),
        warning
    );
    let allow = "allow: {never-rolled-up: a trial of the platform team}\n";
    let on_object = format!("{LOST}    {allow}");
    let on_file = format!("{LOST}{allow}");
    let elsewhere = format!("{CUSTOMER}{allow}");
    let none: [String; 0] = [];
    assert_eq!(
        places(&[("a.yaml", CUSTOMER), ("b.yaml", &on_object)], TODAY),
        none
    );
    assert_eq!(
        places(&[("a.yaml", CUSTOMER), ("b.yaml", &on_file)], TODAY),
        none
    );
    // The file of one team does not speak for another's.
    assert_eq!(
        places(&[("a.yaml", &elsewhere), ("b.yaml", LOST)], TODAY),
        warning
    );
}

#[test]
fn an_exception_ends_after_its_last_day() {
    let text = format!("{LOST}    allow: {{never-rolled-up: a trial until 2026-11-22}}\n");
    let files = [("a.yaml", CUSTOMER), ("b.yaml", text.as_str())];
    assert_eq!(places(&files, TODAY), [] as [String; 0]);
    assert_eq!(
        said(&files, date(2026, 11, 23)),
        [
            "warning[never-rolled-up] b.yaml:3:3: no customer SLO rests on `lost`: nobody can say whom it hurts when it \
             breaks; add it to the `depends_on:` of the customer SLO that feels it, or retire it",
            "warning[allow-expired] b.yaml:7:30: the exception from `never-rolled-up` ended on 2026-11-22; mend what it \
             excused, or give a new reason and a new date",
        ]
    );
}

#[test]
fn an_exception_of_a_file_ends_too() {
    let text = format!("{LOST}allow: {{never-rolled-up: a trial until 2026-06-30}}\n");
    let files = [("a.yaml", CUSTOMER), ("b.yaml", text.as_str())];
    assert_eq!(
        places(&files, TODAY),
        [
            "warning[never-rolled-up] b.yaml:3:3",
            "warning[allow-expired] b.yaml:7:9"
        ]
    );
}

#[test]
fn an_exception_from_nothing_is_said_and_one_from_a_mistake_of_the_text_is_not() {
    let text =
        format!("{CUSTOMER}allow: {{no-runbok: soon, yaml-ambiguous: our tools read YAML 1.2}}\n");
    assert_eq!(
        said(&[("a.yaml", &text)], TODAY),
        [
            "warning[allow-unknown] a.yaml:15:9: there is no rule `no-runbok`, so this excepts nothing; did you mean \
             `no-runbook`?"
        ]
    );
}

#[test]
fn an_internal_slo_on_the_page_is_published() {
    let text = format!("{CUSTOMER}page: {{title: Login, show: [login-works, auth]}}\n");
    assert_eq!(
        places(&[("a.yaml", &text)], TODAY),
        ["error[internal-slo-published] a.yaml:15:42"]
    );
}

#[test]
fn an_exception_for_the_parts_may_stand_at_the_caller() {
    let weak = CUSTOMER.replace("99%}", "99.95%}");
    let error = "error[internal-not-tighter] a.yaml:14:32";
    assert_eq!(places(&[("a.yaml", &weak)], TODAY), [error]);
    let allow = "    allow: {internal-not-tighter: rebuilt in spring}\n";
    let at_part = format!("{weak}{allow}");
    let at_caller = weak.replace("  auth:\n", &format!("{allow}  auth:\n"));
    for text in [at_part, at_caller] {
        assert_eq!(places(&[("a.yaml", &text)], TODAY), [] as [String; 0]);
    }
}

#[test]
fn a_broken_object_is_left_alone_and_the_rest_is_not() {
    let text = "attain: 1
segments:
  premium: {rank: 1}
  free: {rank: two}
slos:
  a:
    outcome: http_requests_total p99
    layer: product
    owners: {engineering: eng}
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: 99.9}
";
    let parsed = parse(&[file("a.yaml", text)]);
    assert!(parsed.catalogue.is_none());
    assert_eq!(
        places(&[("a.yaml", text)], TODAY),
        ["error[segment-not-commercial] a.yaml:3:3"]
    );
}

#[test]
fn rules_about_the_whole_wait_until_it_is_whole() {
    // `lost` may well be rolled up by what could not be read.
    let broken = CUSTOMER.replace("99%}", "99}");
    assert_eq!(
        places(&[("a.yaml", &broken), ("b.yaml", LOST)], TODAY),
        [] as [String; 0]
    );
    let unreadable = "attain: 1\nslos: [\n";
    assert_eq!(
        places(
            &[
                ("a.yaml", CUSTOMER),
                ("b.yaml", LOST),
                ("c.yaml", unreadable)
            ],
            TODAY
        ),
        [] as [String; 0]
    );
}

#[test]
fn what_stands_on_an_unreadable_line_is_not_missed() {
    let tab = LOST.replace("    owner: eng", "\towner: eng");
    assert_eq!(places(&[("b.yaml", &tab)], TODAY), [] as [String; 0]);
}

#[test]
fn a_part_that_is_broken_is_not_blamed_on_its_caller() {
    let broken = CUSTOMER.replace("99.9%}", "99.9}");
    assert_eq!(places(&[("a.yaml", &broken)], TODAY), [] as [String; 0]);
}

#[test]
fn a_retired_slo_is_past_caring() {
    let text = LOST.replace("99.9%}", "99.9%}\n    retired: 2026-11-22");
    let files = [("a.yaml", CUSTOMER), ("b.yaml", text.as_str())];
    assert_eq!(places(&files, TODAY), [] as [String; 0]);
    assert_eq!(
        places(&files, date(2026, 11, 21)),
        ["warning[never-rolled-up] b.yaml:3:3"]
    );
}

#[test]
fn nothing_at_all_is_nothing_to_say() {
    for text in ["", "attain: 1\n", "attain: 1\nslos: {}\n", "\u{feff}", "{"] {
        assert_eq!(places(&[("a.yaml", text)], TODAY), [] as [String; 0]);
    }
}

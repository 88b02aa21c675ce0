//! Diagnostics for people and for programs, from one catalogue with three mistakes.

use attain_model::{Diagnostic, SourceFile, SourceMap, Span};
use attain_view::{Look, diagnostics, github, json, junit, sarif};

use crate::expect;

const COMPANY: &str =
    "attain: 1\nsegments:\n  premium: {rank: 1, price: 5000, contract: MSA 4.2}\n";
const CUSTOMER: &str = "attain: 1\n# Größe\nslos:\n  checkout-completes:\n    objectives:\n      \
                        availability: {prémium: 99.95%, standrad: 99.9%}\n    outcome: a & \"b\" <c>\n";

fn sources() -> SourceMap {
    let file = |name: &str, text: &str| SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    SourceMap {
        files: vec![
            file("shop/company.yaml", COMPANY),
            file("shop/my customer.yaml", CUSTOMER),
        ],
    }
}

fn span(file: u32, text: &str, needle: &str) -> Span {
    let start = text.find(needle).unwrap() as u32;
    Span {
        file,
        start,
        end: start + needle.len() as u32,
    }
}

fn all() -> Vec<Diagnostic> {
    vec![
        Diagnostic::error(
            "unit-missing",
            span(0, COMPANY, "5000"),
            "`5000` has no unit",
        )
        .help("write `5000 USD/month`"),
        Diagnostic::error(
            "unknown-segment",
            span(1, CUSTOMER, "standrad"),
            "there is no segment `standrad`",
        )
        .help("did you mean `standard`?")
        .label(span(0, COMPANY, "segments"), "segments are declared here"),
        Diagnostic::warning(
            "outcome-not-an-outcome",
            span(1, CUSTOMER, "a & \"b\" <c>"),
            "100%: names a component",
        ),
    ]
}

#[test]
fn as_a_compiler_prints_them() {
    expect(
        "diagnostics/human.txt",
        &diagnostics::human(&sources(), &all(), &Look::plain()),
    );
}

#[test]
fn as_programs_read_them() {
    let (sources, all) = (sources(), all());
    expect("diagnostics/check.json", &json::json(&sources, &all));
    expect(
        "diagnostics/check.sarif",
        &sarif::sarif(&sources, &all, "0.1.0"),
    );
    expect(
        "diagnostics/check.github.txt",
        &github::github(&sources, &all),
    );
    expect("diagnostics/check.junit.xml", &junit::junit(&sources, &all));
}

#[test]
fn nothing_wrong_is_said_in_one_line() {
    let text = diagnostics::human(&sources(), &[], &Look::plain());
    assert_eq!(text, "no errors in 2 files\n");
}

#[test]
fn spans_that_point_nowhere_do_no_harm() {
    let sources = sources();
    for (file, start, end) in [
        (0, 9_999, 10_000),
        (1, 15, 16),
        (1, 14, 9_999),
        (7, 0, 1),
        (0, 5, 2),
    ] {
        let odd = [Diagnostic::error("odd", Span { file, start, end }, "odd")];
        assert!(diagnostics::human(&sources, &odd, &Look::plain()).starts_with("error[odd]: odd"));
        if file < 2 {
            assert!(json::json(&sources, &odd).contains("\"line\""));
        }
    }
}

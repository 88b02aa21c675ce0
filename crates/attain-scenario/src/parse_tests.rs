//! The language as a person gets it wrong, and what is said then.

use super::parse::parse;
use super::script::{Part, Statement};

fn mistakes(text: &str) -> String {
    let (_, mistakes) = parse(text);
    let lines: Vec<String> = mistakes
        .iter()
        .map(|mistake| format!("{}: {}", mistake.line, mistake.wrong))
        .collect();
    lines.join("\n")
}

/// One wrong statement under a catalogue.
#[track_caller]
fn wrong(statement: &str, expected: &str) {
    assert_eq!(
        mistakes(&format!("catalogue shop\n{statement}")),
        format!("2: {expected}")
    );
}

#[test]
fn words_that_are_no_statement() {
    wrong(
        "laod checkout premium 1h @ 60/h",
        "`laod` is not a statement; write catalogue, start, slice, lateness, load, sample, late, deliver again or at",
    );
    wrong("deliver", "the line ends where `again` should be");
    wrong(
        "slice 1m 2m",
        "`2m` is one word too many; `slice` is complete before it",
    );
}

#[test]
fn numbers_without_a_unit() {
    wrong(
        "load checkout premium 60 @ 60/h",
        "`60` is not the length of a part; write a whole number with s, m, h, d or w, such as `90m`",
    );
    wrong(
        "load checkout premium 1h @ 60",
        "`60` is not a rate; write whole events per time, such as `600000/h` or `1/30d`",
    );
    wrong(
        "load checkout premium 1h @ 1.5/h",
        "`1.5/h` is not a rate; write whole events per time, such as `600000/h` or `1/30d`",
    );
    wrong(
        "load checkout premium 1h @ 60/h slow 5/h over 300",
        "`300` is not a latency; write a whole number with us, ms or s, such as `300ms`",
    );
    wrong(
        "load checkout premium 1h @ 60/0m",
        "`60/0m` is not a rate; write whole events per time, such as `600000/h` or `1/30d`",
    );
}

#[test]
fn numbers_beyond_measure() {
    wrong("slice 0s", "a slice is at least 1s and at most 1d long");
    wrong("slice 2d", "a slice is at least 1s and at most 1d long");
    wrong(
        "late checkout at 1h arrives 2h total 10000000000000001",
        "`10000000000000001` is not the number of events; write a whole number, such as `600000` or `600_000`, up to 10^16",
    );
}

#[test]
fn loads_that_miss_a_word() {
    wrong("load", "the line ends where the name of an SLO should be");
    wrong(
        "load Checkout premium 1h @ 60/h",
        "`Checkout` is not the name of an SLO; write a name such as `checkout-completes`",
    );
    wrong(
        "load checkout premium 1h 60/h",
        "`60/h` stands where `@` should be",
    );
    wrong(
        "load checkout premium 1h @ 60/h,",
        "the line ends where the length of a part, such as `90m`, should be",
    );
    wrong(
        "load checkout premium 1h @ 60/h slow 5/h",
        "the line ends where `over` should be",
    );
    wrong(
        "load checkout premium 1h @ 60/h good 5/h",
        "`good` is one word too many; `load` is complete before it",
    );
    wrong(
        "late checkout premium at 1h total 5",
        "`total` stands where `arrives` should be",
    );
    wrong(
        "sample checkout premium 0m 7",
        "`0m` stands where `series` should be",
    );
}

#[test]
fn instants() {
    wrong(
        "at noon evaluate",
        "`noon` is not an instant; write how long after the start, such as `720h`, or `2026-03-01 00:00 UTC`",
    );
    wrong(
        "at 2026-03-01 00:00 evaluate",
        "`evaluate` is not a time zone; write `UTC` or a name such as `Europe/Berlin`",
    );
    wrong(
        "at 1h guess",
        "`guess` is not a question; write one of evaluate, alerts, masked, parts, untagged, gaps, ledger, carried, status",
    );
    wrong(
        "at 1h evaluate as known",
        "the line ends where `then` should be",
    );
}

#[test]
fn statements_in_the_wrong_place() {
    assert_eq!(
        mistakes("load checkout premium 1h @ 60/h"),
        "1: there is no catalogue yet; write `catalogue PATH`, or `catalogue` and its text indented below"
    );
    assert_eq!(
        mistakes("catalogue shop\nload checkout 1h @ 60/h\nstart 2026-02-01 00:00 UTC"),
        "3: `start`, `slice` and `lateness` hold for the whole scenario; write them above the first load"
    );
    assert_eq!(
        mistakes("catalogue"),
        "1: a catalogue is missing; write its path, or its text indented on the lines below"
    );
    assert_eq!(
        mistakes("  load a 1h @ 1/h"),
        "1: an indented line continues a statement, and none is above it; begin in the first column"
    );
    wrong(
        "deliver again\n----\n",
        "only `at` has an expected answer; remove `----` or write `at` before it",
    );
    wrong(
        "at 1h evaluate\n  met",
        "an indented line follows `at`; write `----` and the expected answer below it",
    );
}

#[test]
fn every_mistake_in_one_pass() {
    assert_eq!(
        mistakes("catalogue shop\nslice x\n\n# fine\nlateness y\n")
            .lines()
            .count(),
        2
    );
}

#[test]
fn an_inline_catalogue_keeps_its_lines() {
    let (statements, mistakes) =
        parse("# one\ncatalogue   # here\n  attain: 1\n\n  slos: {}\nslice 1m\n");
    assert_eq!(mistakes, []);
    assert_eq!(
        statements[0].statement,
        Statement::CatalogueText("\n\n  attain: 1\n\n  slos: {}\n".to_owned())
    );
    assert_eq!(statements[1].line, 6);
}

#[test]
fn a_statement_goes_on_over_indented_lines() {
    let (statements, mistakes) = parse(
        "catalogue shop\nload a p 1h @ 60/h,   # an hour\n  # then silence\n  gap 1h,\n\n  1h @ 0/h\nslice 1m",
    );
    assert_eq!(mistakes.len(), 1, "slice below a load");
    let Statement::Load(load) = &statements[1].statement else {
        panic!("{statements:?}");
    };
    assert_eq!(load.parts.len(), 3);
    assert_eq!(
        load.parts[1],
        Part::Gap(std::time::Duration::from_secs(3600))
    );
}

#[test]
fn kinds_of_requests() {
    let kinds = |text: &str| {
        let (statements, mistakes) = parse(&format!("catalogue shop\nload a 1h @ 9/h {text}"));
        assert_eq!(mistakes, []);
        let Statement::Load(load) = &statements[1].statement else {
            panic!("{statements:?}");
        };
        let Part::Traffic { except, .. } = &load.parts[0] else {
            panic!("{load:?}");
        };
        let said = except.iter().map(|kind| {
            (
                kind.bad,
                kind.over.is_some(),
                kind.untimed,
                kind.labels.len(),
            )
        });
        said.collect::<Vec<_>>()
    };
    assert_eq!(
        kinds("bad 1/h slow 1/h over 2s"),
        [(true, false, false, 0), (false, true, false, 0)]
    );
    assert_eq!(kinds("bad 1/h over 2s code=503"), [(true, true, false, 1)]);
    assert_eq!(kinds("bad 1/h untimed"), [(true, false, true, 0)]);
    assert_eq!(
        kinds("bad 1/h untimed 1/h"),
        [(true, false, false, 0), (false, false, true, 0)]
    );
    assert_eq!(
        kinds("slow 1/h over 2s untimed 1/h"),
        [(false, true, false, 0), (false, false, true, 0)]
    );
}

#[test]
fn an_answer_ends_at_a_blank_line() {
    let text = "catalogue shop\nat 1h evaluate a as known then\n----\nmet  \n# not a comment\n\n# a comment\n";
    let (statements, mistakes) = parse(text);
    assert_eq!(mistakes, []);
    let Statement::At(at) = &statements[1].statement else {
        panic!("{statements:?}");
    };
    assert_eq!(at.expected, ["met", "# not a comment"]);
    assert_eq!(at.expected_lines, 3..5);
    assert!(at.as_known_then);
    assert_eq!(at.slo.as_deref(), Some("a"));
}

#[test]
fn no_text_panics() {
    let words = [
        "load",
        "at",
        "a",
        "1h",
        "@",
        ",",
        "5/m",
        "bad",
        "slow",
        "over",
        "3ms",
        "gap",
        "=",
        "x=",
        "late",
        "sample",
        "series",
        "created",
        "\n",
        "\n ",
        "\n----\n",
        "catalogue",
        "#",
        " #",
        "99999999999999999999h",
        "9999999999999999d",
        "2026-13-01",
        "2026-01-01",
        "25:00",
        "UTC",
        "from",
        "é",
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..12 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            text.push_str(words[(random % words.len() as u64) as usize]);
            text.push_str(if random & 0x1000 == 0 { " " } else { "" });
        }
        parse(&text);
    }
}

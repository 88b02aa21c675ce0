//! Small catalogues, one fault or three each, and valid ones that come close to a fault.
//!
//! `testdata/bad/expected.txt` has a line for each diagnostic: file, code, line:column. The files of `good/` give none.

use std::collections::BTreeMap;
use std::fs;

use attain_spec::{CODES, parse};

use super::{folder, testdata};

fn expected() -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in fs::read_to_string(testdata("bad/expected.txt"))
        .unwrap()
        .lines()
    {
        let (file, rest) = line.split_once(' ').unwrap();
        out.entry(file.to_owned())
            .or_default()
            .push(rest.to_owned());
    }
    out
}

#[test]
fn each_fault_is_named_at_its_place_and_nothing_else() {
    let mut expected = expected();
    let files = folder("bad");
    assert!(files.len() >= 150, "{}", files.len());
    let mut wrong = String::new();
    for file in files {
        let parsed = parse(std::slice::from_ref(&file));
        let got: Vec<String> = parsed
            .diagnostics
            .iter()
            .map(|d| {
                let (line, column) = parsed.sources.line_column(d.span);
                format!("{} {line}:{column}", d.code)
            })
            .collect();
        let wanted = expected
            .remove(&file.name)
            .expect("every file has its line");
        if got != wanted {
            wrong.push_str(&format!(
                "{}: want {wanted:?}\n{}\n",
                file.name,
                super::listing(&parsed)
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(expected.is_empty(), "{expected:?}");
}

#[test]
fn three_faults_are_three_diagnostics_in_one_pass() {
    let with_three = expected().values().filter(|lines| lines.len() == 3).count();
    assert!(with_three >= 15, "{with_three}");
}

#[test]
fn near_misses_are_valid() {
    let files = folder("good");
    assert!(files.len() >= 20);
    for file in files {
        let parsed = parse(std::slice::from_ref(&file));
        assert_eq!(super::listing(&parsed), "", "{}", file.name);
        assert!(parsed.catalogue.is_some(), "{}", file.name);
    }
}

/// What takes two files or two versions to show, or a file too large to keep.
const SHOWN_ELSEWHERE: &[&str] = &[
    "commitment-edited",
    "duplicate-id",
    "file-too-large",
    "id-disappeared",
    "source-renamed",
];

#[test]
fn every_code_is_shown_by_an_example() {
    let shown: Vec<String> = expected().into_values().flatten().collect();
    for code in CODES {
        let here = shown
            .iter()
            .any(|line| line.split(' ').next() == Some(code.code));
        assert!(
            here != SHOWN_ELSEWHERE.contains(&code.code),
            "{}",
            code.code
        );
    }
}

//! Formatting: the same catalogue, the same comments, and nothing more to do the second time.

use std::fs;

use attain_spec::{format, parse};

use super::{FOLDERS, catalogue, folder, testdata};
use crate::mutations::{Rng, mutate};

/// The comments of a text, as far as a line shows them.
fn comments(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let at = line.find(" #").or(line.starts_with('#').then_some(0))?;
            Some(line[at..].trim().to_owned())
        })
        .collect()
}

fn check(name: &str, text: &str) {
    let Ok(once) = format(text) else { return };
    assert_eq!(
        format(&once).as_deref(),
        Ok(once.as_str()),
        "{name} twice:\n{text}"
    );
    assert_eq!(comments(&once), comments(text), "{name}");
    let (before, after) = (super::one("a.yaml", text), super::one("a.yaml", &once));
    assert_eq!(after.draft, before.draft, "{name}:\n{text}\n---\n{once}");
    let errors = |parsed: &attain_spec::Parsed| {
        let codes = parsed.diagnostics.iter().map(|d| d.code);
        codes
            .filter(|code| *code != "yaml-ambiguous")
            .collect::<Vec<_>>()
    };
    assert_eq!(errors(&after), errors(&before), "{name}");
}

#[test]
fn the_catalogues_of_the_reference_are_canonical_but_for_their_alignment() {
    for name in FOLDERS {
        let files = catalogue(name);
        let mut formatted = files.clone();
        for file in &mut formatted {
            file.text = format(&file.text).unwrap();
            check(&file.name, &file.text);
        }
        assert_eq!(
            parse(&formatted).catalogue,
            parse(&files).catalogue,
            "{name}"
        );
    }
}

#[test]
fn what_other_tools_would_change_is_quoted() {
    let text =
        "attain: 1\nslos:\n  a:\n    labels: {country: no, version: 012, at: 12:30, plain: x}\n";
    let formatted = format(text).unwrap();
    assert!(
        formatted.contains("{country: \"no\", version: \"012\", at: \"12:30\", plain: x}"),
        "{formatted}"
    );
    let parsed = super::one("a.yaml", &formatted);
    assert!(
        parsed
            .diagnostics
            .iter()
            .all(|d| d.code != "yaml-ambiguous")
    );
}

#[test]
fn mutated_catalogues_are_formatted_without_loss() {
    let mut rng = Rng::new(0x5eed);
    let mut formatted = 0;
    for name in FOLDERS {
        for file in catalogue(name) {
            for _ in 0..60 {
                let text = mutate(&file.text, &mut rng);
                formatted += usize::from(format(&text).is_ok());
                check(&file.name, &text);
            }
        }
    }
    assert!(formatted > 100, "{formatted}");
}

#[test]
fn the_examples_of_good_and_bad_are_formatted_without_loss() {
    for dir in ["good", "bad"] {
        if testdata(dir).exists() {
            for file in folder(dir) {
                check(&file.name, &file.text);
            }
        }
    }
    assert!(fs::exists(testdata("catalogues")).unwrap());
}

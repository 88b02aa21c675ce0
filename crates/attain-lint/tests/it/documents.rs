//! The rules' documents: each has its headings, and its examples do what they say.

use std::collections::BTreeSet;

use attain_spec::Input;

use crate::{file, lint, shown};

const HEADINGS: &[&str] = &[
    "What it looks for",
    "Why it matters",
    "Example",
    "Instead",
    "Source",
];

#[test]
fn every_rule_has_a_document_with_all_headings() {
    for rule in attain_lint::names() {
        let text = attain_lint::explain(rule).expect("a document");
        assert!(text.starts_with(&format!("# {rule}\n")), "{rule}: title");
        let headings: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        assert_eq!(headings, HEADINGS, "{rule}");
        for heading in HEADINGS {
            assert!(
                !section(text, heading).trim().is_empty(),
                "{rule}: {heading}"
            );
        }
        let source = section(text, "Source");
        let row = source.trim().chars().next().unwrap();
        assert!("ABCD".contains(row), "{rule}: names no row: {source}");
    }
    assert_eq!(attain_lint::explain("no-such-rule"), None);
}

#[test]
fn every_document_belongs_to_a_rule() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
    let documents: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .collect();
    let rules: BTreeSet<String> = attain_lint::names().map(str::to_owned).collect();
    assert_eq!(documents, rules);
    let names: Vec<&str> = attain_lint::names().collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn a_document_links_only_to_rules() {
    for rule in attain_lint::names() {
        let text = attain_lint::explain(rule).unwrap();
        for link in text.split("[`").skip(1) {
            let name = link.split("`]").next().unwrap();
            assert!(
                attain_lint::explain(name).is_some(),
                "{rule} links to {name}"
            );
        }
    }
}

#[test]
fn examples_are_found_where_they_say_and_nowhere_else() {
    for rule in attain_lint::names() {
        let text = attain_lint::explain(rule).unwrap();
        let catalogues = catalogues(section(text, "Example"));
        assert!(!catalogues.is_empty(), "{rule} has no example");
        let mut expected = 0;
        for files in &catalogues {
            let said = said(files, rule);
            expected += said.len();
            let (parsed, found) = lint(files);
            let found: BTreeSet<String> = found
                .iter()
                .filter(|found| found.code == rule)
                .map(|found| {
                    let place = parsed.sources.place(found.span);
                    let line = place.rsplit_once(':').unwrap().0;
                    format!("{} {line}", found.level.word())
                })
                .collect();
            assert_eq!(found, said, "{rule}");
        }
        assert!(expected > 0, "{rule}: its example shows nothing");
    }
}

#[test]
fn what_to_do_instead_is_clean() {
    for rule in attain_lint::names() {
        let text = attain_lint::explain(rule).unwrap();
        let catalogues = catalogues(section(text, "Instead"));
        assert!(!catalogues.is_empty(), "{rule} says nothing to do instead");
        for files in &catalogues {
            let (parsed, found) = lint(files);
            let bad: Vec<String> = found
                .iter()
                .filter(|found| found.code == rule || found.level == attain_model::Level::Error)
                .map(|found| shown(&parsed, found))
                .collect();
            assert!(bad.is_empty(), "{rule}: {bad:#?}");
        }
    }
}

/// The text under a heading.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let start = format!("\n## {heading}\n");
    let Some((_, rest)) = text.split_once(&start) else {
        return "";
    };
    rest.split_once("\n## ").map_or(rest, |(body, _)| body)
}

/// The fenced blocks of a section as catalogues: blocks that begin with `# file: <name>` are one catalogue together.
fn catalogues(section: &str) -> Vec<Vec<Input>> {
    let mut alone = Vec::new();
    let mut together = Vec::new();
    for block in section.split("```yaml\n").skip(1) {
        let block = block.split("```").next().unwrap();
        match block.lines().next().unwrap().strip_prefix("# file: ") {
            Some(name) => together.push(file(name, block)),
            None => alone.push(vec![file("example.yaml", block)]),
        }
    }
    if !together.is_empty() {
        alone.push(together);
    }
    alone
}

/// What the comments say: level and line.
fn said(files: &[Input], rule: &str) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for level in ["error", "warning"] {
                if line.ends_with(&format!("# {level}: {rule}")) {
                    said.insert(format!("{level} {}:{}", file.name, number + 1));
                }
            }
        }
    }
    said
}

//! The catalogues of the format's reference page: wise as they are, but for what is listed here.

use attain_spec::Input;

use crate::{file, lint, shown};

/// The files that are one catalogue together.
pub const CATALOGUES: &[&[&str]] = &[
    &["search.yaml"],
    &["company.yaml", "customer.yaml", "internal.yaml"],
    &["api.yaml"],
    &["parcelo.yaml"],
    &["petshop.yaml"],
    &["tiles.yaml"],
];

pub fn read(names: &[&str]) -> Vec<Input> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/catalogues");
    names
        .iter()
        .map(|name| {
            let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
            file(name, &text)
        })
        .collect()
}

#[test]
fn the_catalogues_of_the_format_are_wise() {
    let mut said = Vec::new();
    for names in CATALOGUES {
        let (parsed, found) = lint(&read(names));
        said.extend(found.iter().map(|found| shown(&parsed, found)));
    }
    let places: Vec<&str> = said
        .iter()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    // Each is deserved: nobody reads the numbers of two catalogues, two SLOs serve nobody that one could name, one page
    // has no runbook, and one customer negotiated a number that is very near the objective.
    let deserved = [
        "warning[no-runbook] api.yaml:19:3",
        "warning[stale-review] api.yaml:26:27",
        "warning[never-rolled-up] api.yaml:30:3",
        "warning[never-rolled-up] api.yaml:38:3",
        // It shows the syntax of a slice.
        "warning[promql-not-pulled] api.yaml:42:16",
        "warning[stale-review] parcelo.yaml:25:16",
        "warning[commitment-without-buffer] parcelo.yaml:47:69",
    ];
    assert_eq!(places, deserved, "{said:#?}");
}

/// Catalogues are edited line by line, and linted in between.
#[test]
fn a_catalogue_that_lost_a_line_is_looked_at_without_a_panic() {
    let mut looked_at = 0;
    for names in CATALOGUES {
        let whole = read(names);
        for (index, file) in whole.iter().enumerate() {
            for lost in 0..file.text.lines().count() {
                let kept = file.text.lines().enumerate();
                let kept = kept.filter(|(number, _)| *number != lost);
                let mut files = whole.clone();
                files[index].text = kept.map(|(_, line)| format!("{line}\n")).collect();
                let (parsed, found) = crate::lint_draft(attain_spec::parse(&files), crate::TODAY);
                for one in &found {
                    let text = &parsed.sources.files[one.span.file as usize].text;
                    let (start, end) = (one.span.start as usize, one.span.end as usize);
                    assert!(text.get(start..end).is_some(), "{}", shown(&parsed, one));
                    assert!(!one.cause.ends_with('.'), "{}", shown(&parsed, one));
                    assert!(one.help.is_some(), "{}", shown(&parsed, one));
                }
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 200, "{looked_at}");
}

//! Every scenario of the project, and what is said about wrong ones.
//!
//! `UPDATE_EXPECT=1 cargo test -p attain-scenario` rewrites the expected answers; read that diff as if someone else had
//! written it.
// Tests may read files.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::path::{Path, PathBuf};

use attain_scenario::{Report, run, summary};
use attain_spec::Input;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// Files below a folder with an extension, in order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The files of a catalogue, relative to a scenario.
fn load(scenario: &Path, path: &str) -> Result<Vec<Input>, String> {
    let folder = scenario.parent().unwrap().join(path);
    if !folder.is_dir() {
        return Err(format!("there is no catalogue at {path}"));
    }
    Ok(files(&folder, "yaml")
        .iter()
        .map(|file| Input {
            name: file.file_name().unwrap().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(file).unwrap(),
        })
        .collect())
}

fn updates() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

fn run_file(path: &Path, name: &str) -> Report {
    let text = std::fs::read_to_string(path).unwrap();
    run(name, &text, &mut |catalogue| load(path, catalogue))
}

#[test]
fn every_scenario_holds() {
    let update = updates();
    let root = scenarios();
    let mut reports = Vec::new();
    for path in files(&root, "scenario") {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let report = run_file(&path, &name);
        if update {
            std::fs::write(&path, &report.updated_text).unwrap();
        }
        reports.push(report);
    }
    assert!(reports.len() >= 20, "only {} scenarios", reports.len());
    let wrong: String = reports
        .iter()
        .filter(|report| {
            report
                .failures
                .iter()
                .any(|f| !update || !f.mended_by_update)
        })
        .map(ToString::to_string)
        .collect();
    assert!(wrong.is_empty(), "\n{wrong}{}", summary(&reports));
}

/// Scenarios in the page about the language, with the line on which each begins (from 0).
fn examples(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (number, line) in page.lines().enumerate() {
        match line {
            "```scenario" => {
                found.push((number + 1, String::new()));
                inside = true;
            }
            "```" => inside = false,
            _ if inside => {
                let text = &mut found.last_mut().unwrap().1;
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_page_about_scenarios_is_true() {
    let path = scenarios().join("../docs/reference/scenarios.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let examples = examples(&page);
    assert!(examples.len() >= 2);
    let mut updated = page.clone();
    for (line, text) in &examples {
        let name = format!("scenarios.md, from line {line}, its");
        let report = run(&name, text, &mut |path| Err(format!("no {path}")));
        assert!(updates() || report.failures.is_empty(), "\n{report}");
        updated = updated.replace(text.as_str(), &report.updated_text);
    }
    if updates() {
        std::fs::write(&path, updated).unwrap();
    }
    for word in questions() {
        assert!(
            page.contains(&format!("| `{word}` |")),
            "{word} is not explained"
        );
    }
}

/// The questions, as an error lists them.
fn questions() -> Vec<String> {
    let report = run("x", "catalogue y\nat 1h nothing\n", &mut |_| Ok(Vec::new()));
    let said = report.failures[0].what.clone();
    let list = said.split("write one of ").nth(1).unwrap();
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn every_scenario_says_what_it_shows() {
    for path in files(&scenarios(), "scenario") {
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("# ") && first.ends_with('.'),
            "{}: the first line is a comment with a sentence, not {first:?}",
            path.display()
        );
    }
}

#[test]
fn updating_twice_changes_nothing() {
    if updates() {
        // The other test is rewriting the files.
        return;
    }
    for path in files(&scenarios(), "scenario") {
        let text = std::fs::read_to_string(&path).unwrap();
        let once = run("x", &text, &mut |catalogue| load(&path, catalogue)).updated_text;
        let twice = run("x", &once, &mut |catalogue| load(&path, catalogue));
        assert_eq!(twice.updated_text, once, "{}", path.display());
        assert_eq!(twice.failures, [], "{}", path.display());
    }
}

const CATALOGUE: &str = "\
catalogue
  attain: 1
  segments:
    premium: {rank: 1, contract: MSA}
  slos:
    api:
      owner: team
      indicator: {metric: http_requests_total, bad: {code: 5xx}}
      objectives: {availability: {premium: 99%}}
    quick:
      owner: team
      indicator: {metric: duration_seconds, type: histogram}
      objectives: {latency: {premium: p99 < 200ms}}
slice 1h
";

/// What is said about a scenario that consists of the catalogue and these lines.
fn said(lines: &str) -> String {
    let text = format!("{CATALOGUE}{lines}at 1h evaluate\n----\nx\n");
    let report = run("case.scenario", &text, &mut |path| {
        Err(format!("there is no catalogue at {path}"))
    });
    assert_eq!(
        report.updated_text, text,
        "a wrong statement rewrites nothing"
    );
    report
        .failures
        .iter()
        .filter(|failure| !failure.mended_by_update)
        .map(|failure| format!("{}: {}", failure.line, failure.what))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn names_that_are_not_in_the_catalogue() {
    assert_eq!(
        said("load apy premium 1h @ 1/h\n"),
        "15: there is no SLO `apy` in the catalogue; legal: api, quick"
    );
    assert_eq!(
        said("load api gold 1h @ 1/h\n"),
        "15: there is no segment `gold` in the catalogue; legal: premium, unknown"
    );
    assert_eq!(
        said("at 1h alerts apy\n----\nx\n\n"),
        "15: there is no SLO `apy` in the catalogue; legal: api, quick"
    );
}

#[test]
fn what_follows_a_wrong_statement_means_nothing() {
    let text = format!(
        "{CATALOGUE}load apy 1h @ 1/h\nat 1h masked\n----\nnothing\n\nat 1h evaluate\n----\nx\n"
    );
    let report = run("x", &text, &mut |_| Ok(Vec::new()));
    assert_eq!(report.failures.len(), 1, "{report}");
    assert_eq!((report.cases, report.passed()), (2, 0));
    assert_eq!(report.updated_text, text);
}

#[test]
fn traffic_that_cannot_be() {
    assert_eq!(
        said("load api premium 1h @ 10/h bad 11/h\n"),
        "15: 11 of 10 events are bad, slow or untimed; write at most all of them"
    );
    assert_eq!(
        said("load api premium 1h @ 10/7m\n"),
        "15: 10 events per 7m do not come to whole events in 1h; choose numbers that do"
    );
    assert_eq!(
        said("load api premium 30m @ 10/m\n"),
        "15: a part of a load ends at 2026-01-01T00:30:00Z, which is not the edge of a slice of 1h; choose lengths that are"
    );
    assert_eq!(
        said("load api premium 1h @ 10/h slow 1/h over 300ms\n"),
        "15: the indicator of api does not say how long a request took; remove `over`, or use a histogram"
    );
    assert_eq!(
        said("load quick premium 1h @ 10/h bad 1/h\n"),
        "15: the indicator of quick says nothing that is bad; all that can fail is latency: write `slow N over T`"
    );
    assert_eq!(
        said("load api premium 1h @ 10/h bad 1/h code=404\n"),
        "15: with these labels a request is good for api; legal labels: code"
    );
    assert_eq!(
        said("load api premium 1h @ 10/h bad 1/h status=500\n"),
        "15: `status` says nothing about the outcome of api; legal labels: code"
    );
    assert_eq!(
        said("sample api premium series a  1m 5, 1m 6\n"),
        "15: samples stand in order of time, each later than the one before it"
    );
}

#[test]
fn a_source_is_heard_as_a_whole() {
    assert_eq!(
        said("load api premium 2h @ 1/h\nload api unknown 1h @ 1/h, gap 1h\n"),
        "16: line 16 has a gap while line 15 is heard, from the same source; give both the gap, or write `0/h` for silence"
    );
}

#[test]
fn catalogues_that_cannot_be_read() {
    let report = run(
        "case.scenario",
        "catalogue nowhere\nat 1h evaluate\n----\n",
        &mut |path| Err(format!("there is no catalogue at {path}")),
    );
    assert_eq!(
        report.to_string(),
        "case.scenario:1: there is no catalogue at nowhere\n"
    );
    assert_eq!((report.cases, report.passed()), (1, 0));
    assert_eq!(summary(&[report]), "0 passed, 1 failed");

    let text = "# one\n\ncatalogue\n  attain: 1\n  slos:\n    api: {owner: team, indicator: {metric: a_total}, objectives: {availability: 99.9}}\nat 1h evaluate\n----\n";
    let report = run("case.scenario", text, &mut |_| Ok(Vec::new()));
    let said = report.to_string();
    assert!(
        said.starts_with("case.scenario:3: the catalogue is wrong\n"),
        "{said}"
    );
    assert!(
        said.contains("case.scenario:6:81: unit-missing: "),
        "{said}"
    );
}

#[test]
fn loads_of_a_century() {
    assert_eq!(
        said("load api premium 99999999999d @ 1/h\n"),
        "15: a part of a load has at most 1600000 slices; write a longer `slice`"
    );
    assert_eq!(
        said("load api premium 2d @ 10000000000000000/h\n"),
        "15: more than 10000000000000000 events; write fewer"
    );
}

/// The next number of a fixed sequence.
fn next(random: &mut u64) -> usize {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    usize::try_from(*random >> 33).unwrap()
}

#[test]
fn no_scenario_panics() {
    let lines = [
        "load api premium 3h @ 10000000000000000/3h bad 1/h",
        "load api premium from 1h 1h @ 1000/h bad 1000/h, gap 1h",
        "load api unknown 2h @ 0/h, 1h @ 7/h",
        "load quick premium 3h @ 5/h slow 5/h over 1s",
        "load quick 3h @ 5/h untimed 2/h slow 1/h over 100ms",
        "late api premium at 1h arrives 3h total 10 bad 10",
        "late api premium at 2h arrives 2h total 10000000000000000",
        "sample api premium series a 0h 5, 1h 10000000000000000, 2h 3",
        "sample api series a bad created 0h 0h 1, 30m 2, 9999h 3",
        "deliver again",
        "at 3h evaluate",
        "at 2h alerts as known then",
        "at 3h ledger",
        "at 3h status",
        "at 9999h gaps",
        "at 0h carried",
        "at 2026-01-01 02:00 UTC parts",
        "at 2027-12-30 00:00 UTC masked",
    ];
    let words = [
        "0h",
        "99999999999999h",
        "0/h",
        "bad",
        ",",
        "gap",
        "quick",
        "9999-12-30",
        "",
        "1s",
        "-",
        "é",
    ];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut cases, mut passed) = (0, 0);
    for _ in 0..200 {
        let mut text = CATALOGUE.to_owned();
        for _ in 0..6 {
            let mut line: Vec<&str> = lines[next(&mut random) % lines.len()].split(' ').collect();
            if next(&mut random).is_multiple_of(16) {
                let at = next(&mut random) % line.len();
                line[at] = words[next(&mut random) % words.len()];
            }
            text.push_str(&line.join(" "));
            text.push('\n');
        }
        let report = run("x", &text, &mut |path| Err(format!("no {path}")));
        let again = run("x", &report.updated_text, &mut |path| {
            Err(format!("no {path}"))
        });
        cases += again.cases;
        passed += again.passed();
    }
    assert!(
        cases > 300 && passed > 100,
        "{passed} of {cases}: the lines make no scenarios"
    );
}

#[test]
fn a_mismatch_is_shown_line_by_line() {
    let text = format!(
        "{CATALOGUE}load api premium 1h @ 100/h\nat 1h untagged\n----\nfour\n\nat 1h masked\n----\nnothing\n"
    );
    let report = run("case.scenario", &text, &mut |_| Ok(Vec::new()));
    assert_eq!(
        report.to_string(),
        "case.scenario:16: the answer differs (- expected, + actual)
  -   18 | four
  +      | api: 0 of 100 events carry no known segment
  +      | quick: 0 of 0 events carry no known segment
"
    );
    assert_eq!(summary(std::slice::from_ref(&report)), "1 passed, 1 failed");
    let again = run("case.scenario", &report.updated_text, &mut |_| {
        Ok(Vec::new())
    });
    assert_eq!(again.failures, []);
    assert_eq!(again.updated_text, report.updated_text);
}

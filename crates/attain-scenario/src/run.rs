//! Running a scenario: its catalogues read, its statements carried out, its answers compared and written.
//! Knows what fails how; the grammar is in `parse.rs`, what happens in `history.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::{Catalogue, Level, Promises};
use attain_spec::Input;
use jiff::Timestamp;

use crate::diff::diff;
use crate::history::History;
use crate::parse::{RULE, parse};
use crate::report::{Failure, Report};
use crate::script::{At, Placed, Statement};
use crate::words::Wrong;

/// Reads catalogues: given a path as written in the scenario, the files to parse, or why there are none.
pub type Load<'l> = dyn FnMut(&str) -> Result<Vec<Input>, String> + 'l;

/// Runs a scenario. `name` is shown in failures; `load` reads the catalogue that the scenario names, relative to it.
///
/// Every case is run, also after one that failed; where a statement is wrong, none passes. Nothing panics, whatever the
/// text.
///
/// ```
/// let text = "\
/// catalogue
///   attain: 1
///   slos:
///     search:
///       owner: search-team
///       indicator: {metric: http_requests_total, bad: {code: 5xx}}
///       objectives: {availability: 99.99%}
///
/// load search  30d @ 10000/30d bad 1/30d
///
/// at 30d evaluate
/// ----
/// nobody knows
/// ";
/// let report = attain_scenario::run("edge.scenario", text, &mut |path| Err(format!("no {path}")));
/// assert_eq!((report.cases, report.passed()), (1, 0));
/// let again = attain_scenario::run("edge.scenario", &report.updated_text, &mut |_| Ok(Vec::new()));
/// assert_eq!((again.cases, again.passed()), (1, 1));
/// ```
#[must_use]
pub fn run(name: &str, text: &str, load: &mut Load) -> Report {
    let (statements, mistakes) = parse(text);
    let asked = statements
        .iter()
        .filter(|placed| matches!(placed.statement, Statement::At(_)))
        .count();
    let mut report = Report {
        name: name.to_owned(),
        cases: asked,
        failures: Vec::new(),
        updated_text: text.to_owned(),
    };
    for mistake in mistakes {
        report.fail(mistake.line, mistake.wrong, String::new());
    }
    if report.failures.is_empty() && asked == 0 {
        let wrong = "nothing is asked; write `at 720h evaluate`, `----`, and run with --update";
        report.fail(1, wrong.to_owned(), String::new());
    }
    if report.failures.is_empty() {
        match World::of(name, &statements, load) {
            Ok(world) => world.live(text, &statements, &mut report),
            Err(failure) => report.failures.push(failure),
        }
    }
    // A wrong statement is a case that failed.
    let wrong = report
        .failures
        .iter()
        .filter(|failure| !failure.mended_by_update);
    report.cases = report.cases.max(wrong.count());
    report
}

impl Report {
    fn fail(&mut self, line: usize, what: Wrong, detail: String) {
        self.failures.push(Failure {
            line,
            what,
            detail,
            mended_by_update: false,
        });
    }
}

/// What holds for the whole scenario.
pub(crate) struct World<'n> {
    /// Of the scenario.
    pub(crate) name: &'n str,
    /// By the line of the statement; never empty. The first says what is counted, the others are edits of it.
    pub(crate) promises: BTreeMap<usize, Promises>,
    /// When the scenario begins.
    pub(crate) start: Timestamp,
    /// Length of a slice.
    pub(crate) slice: Duration,
    /// How late counts may arrive.
    pub(crate) lateness: Option<Duration>,
}

/// 1 January 2026, 00:00 UTC.
const START_SECOND: i64 = 1_767_225_600;

impl<'n> World<'n> {
    fn of(name: &'n str, statements: &[Placed], load: &mut Load) -> Result<Self, Failure> {
        let mut start = Timestamp::from_second(START_SECOND).unwrap_or(Timestamp::UNIX_EPOCH);
        let (mut slice, mut lateness) = (Duration::from_secs(60), None);
        let mut promises = BTreeMap::new();
        for Placed { line, statement } in statements {
            let failure = |(what, detail)| Failure {
                line: *line,
                what,
                detail,
                mended_by_update: false,
            };
            match statement {
                Statement::Start(instant) => start = instant.on(start),
                Statement::Slice(length) => slice = *length,
                Statement::Lateness(length) => lateness = Some(*length),
                Statement::CataloguePath(path) => {
                    let inputs = load(path).map_err(|why| failure((why, String::new())))?;
                    let catalogue = read(&inputs).map_err(failure)?;
                    promises.insert(*line, Promises::of(catalogue));
                }
                Statement::CatalogueText(text) => {
                    let inputs = [Input {
                        name: name.to_owned(),
                        text: text.clone(),
                    }];
                    let catalogue = read(&inputs).map_err(failure)?;
                    promises.insert(*line, Promises::of(catalogue));
                }
                _ => {}
            }
        }
        if promises.is_empty() {
            return Err(Failure {
                line: 1,
                what: "there is no catalogue; write `catalogue PATH`".to_owned(),
                detail: String::new(),
                mended_by_update: false,
            });
        }
        Ok(Self {
            name,
            promises,
            start,
            slice,
            lateness,
        })
    }

    fn live(&self, text: &str, statements: &[Placed], report: &mut Report) {
        let Some(first) = self.promises.values().next() else {
            return;
        };
        let mut history = History::new(self, first);
        let mut updates = Vec::new();
        for Placed { line, statement } in statements {
            let done = match statement {
                Statement::At(at) => history.ask(at).map(|actual| {
                    if actual != at.expected || !at.has_rule {
                        report.failures.push(differs(*line, at, &actual));
                        updates.push((at, actual));
                    }
                }),
                statement => history.happen(*line, statement),
            };
            if let Err(wrong) = done {
                report.fail(*line, wrong, String::new());
            }
        }
        let is_wrong = |failure: &Failure| !failure.mended_by_update;
        if report.failures.iter().any(is_wrong) {
            // Answers to other facts than those that were meant are noise.
            report.failures.retain(is_wrong);
        } else if !updates.is_empty() {
            report.updated_text = updated(text, &updates);
        }
    }
}

/// A catalogue from its files. Warnings do not stop it: a scenario may show what they warn of.
fn read(inputs: &[Input]) -> Result<Catalogue, (Wrong, String)> {
    let parsed = attain_spec::parse(inputs);
    let errors: Vec<String> = parsed
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .map(|diagnostic| {
            let help = diagnostic.help.as_deref().map(|help| format!("; {help}"));
            format!(
                "{}: {}: {}{}",
                parsed.sources.place(diagnostic.span),
                diagnostic.code,
                diagnostic.cause,
                help.unwrap_or_default()
            )
        })
        .collect();
    match parsed.catalogue {
        Some(catalogue) if errors.is_empty() => Ok(catalogue),
        _ => Err(("the catalogue is wrong".to_owned(), errors.join("\n"))),
    }
}

fn differs(line: usize, at: &At, actual: &[String]) -> Failure {
    let what = if at.has_rule {
        "the answer differs (- expected, + actual)"
    } else {
        "no answer is expected yet; this is the actual one"
    };
    Failure {
        line,
        what: what.to_owned(),
        detail: diff(&at.expected, actual, at.expected_lines.start + 1),
        mended_by_update: true,
    }
}

/// The text with actual answers in place of the expected ones.
fn updated(text: &str, updates: &[(&At, Vec<String>)]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut next = 0;
    for (at, actual) in updates {
        push_lines(&mut out, &lines[next..at.expected_lines.start]);
        if !at.has_rule {
            push_lines(&mut out, &[RULE]);
        }
        push_lines(&mut out, actual);
        next = at.expected_lines.end;
        if lines.get(next).is_some_and(|line| !line.trim().is_empty()) {
            out.push('\n');
        }
    }
    push_lines(&mut out, &lines[next..]);
    out
}

fn push_lines(out: &mut String, lines: &[impl AsRef<str>]) {
    for line in lines {
        out.push_str(line.as_ref());
        out.push('\n');
    }
}

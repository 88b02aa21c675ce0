//! What came of a scenario: how many cases, which failed and why, and the text as it would be with the actual answers.
//! Knows neither files nor terminals.

use std::fmt;

/// What came of one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name it was run under, e.g. its path.
    pub name: String,
    /// Cases in it: an `at` is one case. A scenario that cannot be read has one.
    pub cases: usize,
    /// Cases that failed, in the order of their lines. Empty: all passed.
    pub failures: Vec<Failure>,
    /// The text with the actual answers in place of the expected ones. Equals the text where all passed, and where a
    /// statement is wrong.
    pub updated_text: String,
}

/// A case that failed, or a statement that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line of the statement, counted from 1.
    pub line: usize,
    /// What is wrong, a lowercase fragment; for a wrong statement it ends with what would be legal.
    pub what: String,
    /// Lines that show it: a diff of the expected and the actual answer, or a diagnostic. Maybe empty.
    pub detail: String,
    /// Whether `updated_text` mends it: the answer differs, and no statement is wrong.
    pub mended_by_update: bool,
}

impl Report {
    /// Cases that passed; none where a statement is wrong, because what follows it means nothing.
    #[must_use]
    pub fn passed(&self) -> usize {
        if self
            .failures
            .iter()
            .any(|failure| !failure.mended_by_update)
        {
            return 0;
        }
        let failed: std::collections::BTreeSet<usize> =
            self.failures.iter().map(|failure| failure.line).collect();
        self.cases.saturating_sub(failed.len())
    }
}

impl fmt::Display for Report {
    /// Every failure: `scenarios/x.scenario:12: the answer differs` and the lines that show it. Empty if all passed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "{}:{}: {}", self.name, failure.line, failure.what)?;
            for line in failure.detail.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

/// `12 passed, 1 failed`, over all scenarios.
#[must_use]
pub fn summary(reports: &[Report]) -> String {
    let passed: usize = reports.iter().map(Report::passed).sum();
    let failed: usize = reports
        .iter()
        .map(|report| report.cases - report.passed())
        .sum();
    format!("{passed} passed, {failed} failed")
}

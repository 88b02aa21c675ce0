//! Answers as text: tables with whole numbers, so that each can be checked by hand.
//! Knows which question is answered where; shares table and rounding with the status page (attain-view). Decides nothing.

mod alerts;
mod carried;
mod facts;
mod verdicts;

use std::fmt::Write as _;

use attain_engine::Ledger;
use attain_model::{Evaluation, Goal, Interval, Promises, Share, Verdict};
use attain_view::table::{Align, Table};
use attain_view::{Look, number};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::script::Question;

/// How instants are written in an answer.
#[derive(Debug, Clone)]
pub(crate) enum Times {
    /// So long after the start: `719h31m`.
    After(Timestamp),
    /// On the calendar of a zone.
    Calendar(TimeZone),
}

/// What a printer needs.
pub(crate) struct Page<'p> {
    /// What is promised.
    pub(crate) promises: &'p Promises,
    /// What was counted.
    pub(crate) ledger: &'p Ledger,
    /// What was found.
    pub(crate) evaluation: &'p Evaluation,
    /// About this SLO only.
    pub(crate) slo: Option<&'p str>,
    /// How instants are written.
    pub(crate) times: Times,
}

impl Page<'_> {
    /// The answer to a question, line by line, without blank lines.
    pub(crate) fn answer(&self, question: Question) -> Vec<String> {
        let text = match question {
            Question::Evaluate => self.verdicts(),
            Question::Alerts => self.alerts(),
            Question::Masked => self.masked(),
            Question::Parts => self.parts(),
            Question::Untagged => self.untagged(),
            Question::Gaps => self.gaps(),
            Question::Ledger => self.ledger(),
            Question::Carried => carried::carried(self.promises.catalogue(), self.slo, self.day()),
            Question::Status => self.status(),
        };
        lines(&text)
    }
}

/// Lines of an answer; an empty one says so.
fn lines(text: &str) -> Vec<String> {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return vec!["nothing".to_owned()];
    }
    lines
}

/// Wide enough that nothing is wrapped.
const LOOK: Look = Look {
    width: 10_000,
    color: false,
    ascii: true,
};

impl Page<'_> {
    fn shown(&self) -> impl Iterator<Item = &Verdict> {
        self.evaluation
            .verdicts
            .iter()
            .filter(|verdict| self.slo.is_none_or(|slo| verdict.name.slo.as_str() == slo))
    }

    /// The day of the instant, in the catalogue's zone.
    fn day(&self) -> Date {
        let zone = self.promises.catalogue().timezone.clone();
        self.evaluation.as_of.instant.to_zoned(zone).date()
    }

    fn status(&self) -> String {
        attain_view::status::status(
            self.promises,
            self.evaluation,
            &attain_view::status::Run::default(),
            &Look::plain(),
        )
    }

    fn interval(&self, interval: Interval) -> String {
        format!(
            "{} to {}",
            self.time(interval.start),
            self.time(interval.end)
        )
    }

    fn time(&self, at: Timestamp) -> String {
        match &self.times {
            Times::After(start) => after(*start, at),
            Times::Calendar(zone) => number::instant(at, zone),
        }
    }
}

/// `719h31m`, `12m`, `90s`; before the start with a `-`.
fn after(start: Timestamp, at: Timestamp) -> String {
    if at == Timestamp::MIN || at == Timestamp::MAX {
        return "always".to_owned();
    }
    let seconds = at.as_second() - start.as_second();
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    for (number, unit) in [(hours, "h"), (minutes, "m"), (rest, "s")] {
        if number > 0 {
            let _ = write!(text, "{number}{unit}");
        }
    }
    if text.is_empty() {
        text.push_str("0h");
    }
    format!("{sign}{text}")
}

fn table(columns: &[(&str, Align)]) -> Table {
    Table {
        columns: columns
            .iter()
            .map(|(name, align)| ((*name).to_owned(), *align))
            .collect(),
        lines: Vec::new(),
    }
}

/// The table as text; nothing at all if it has no lines.
fn rendered(table: &Table) -> String {
    if table.lines.is_empty() {
        return String::new();
    }
    table.render(&LOOK)
}

fn goal(goal: Option<Goal>) -> String {
    goal.map_or_else(|| "-".to_owned(), |goal| goal.to_string())
}

/// Cut to two decimals: `2.91%`.
fn hundredths(share: Share) -> String {
    const HUNDREDTH_PPB: u32 = 100_000;
    let cut = share.ppb() / HUNDREDTH_PPB * HUNDREDTH_PPB;
    Share::from_ppb(cut).unwrap_or(share).to_string()
}

//! Promises: a timeline of what was promised from when. Everything that judges takes this, never a parsed file.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::catalogue::Catalogue;
use crate::counts::Interval;
use crate::slo::{Goal, Objective, Scope};

/// What was promised from when.
///
/// Without a record (a laptop with files) the one catalogue is in force and its `since` entries make the timeline.
#[derive(Debug, Clone)]
pub struct Promises {
    catalogue: Catalogue,
}

/// A stretch of time with one goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalSpan {
    /// When.
    pub interval: Interval,
    /// What was aimed at then; `None` before the first term.
    pub goal: Option<Goal>,
}

impl Promises {
    /// Without a record: each entry is effective from its `since`.
    #[must_use]
    pub fn of(catalogue: Catalogue) -> Self {
        Self { catalogue }
    }

    /// The catalogue in force now.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The goals of an objective over an interval, oldest first, without holes; neighbours differ.
    #[must_use]
    pub fn goals(&self, objective: &Objective, scope: &Scope, over: Interval) -> Vec<GoalSpan> {
        let mut spans: Vec<GoalSpan> = Vec::new();
        let mut start = over.start;
        // Oldest first: each term ends where the next begins.
        let mut upcoming = objective.terms.iter().rev().peekable();
        let mut goal = None;
        loop {
            let next_start = upcoming.peek().map(|term| {
                term.since.map_or(Timestamp::MIN, |day| {
                    day_start(day, &self.catalogue.timezone)
                })
            });
            match next_start {
                Some(at) if at <= start => {
                    goal = upcoming
                        .next()
                        .and_then(|term| term.targets.goal(scope).copied());
                }
                _ => {
                    let end = next_start.map_or(over.end, |at| at.min(over.end));
                    push(&mut spans, Interval { start, end }, goal);
                    if end >= over.end {
                        return spans;
                    }
                    start = end;
                }
            }
        }
    }
}

fn push(spans: &mut Vec<GoalSpan>, interval: Interval, goal: Option<Goal>) {
    match spans.last_mut() {
        Some(last) if last.goal == goal => last.interval.end = interval.end,
        _ => spans.push(GoalSpan { interval, goal }),
    }
}

/// The first instant of a day in a zone; where midnight does not exist, the first instant after it.
///
/// Days beyond the calendar's end give the last instant there is.
#[must_use]
pub fn day_start(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone())
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

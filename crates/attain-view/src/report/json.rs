//! The report for programs. Knows the shape: that of `attain status --format json`, and the details of each series.

use attain_model::Interval;
use attain_model::detail::{Cause, Detail, Point, Stretch};
use attain_model::verdict::{Attainment, Coverage, ErrorBudget};
use serde::Serialize;

use super::Sheet;
use crate::json::pretty;
use crate::status_json::{Budget, Span, Status, budget, document, span, utc};

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    title: &'a str,
    instant_is: Option<&'a str>,
    data: Option<Span>,
    notes: &'a [String],
    status: Status<'a>,
    details: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    slo: &'a str,
    objective: &'a str,
    segment: String,
    step_seconds: u64,
    burn_down: Vec<PointEntry>,
    days: Vec<StretchEntry>,
    silent: Vec<Span>,
    worst_hours: Vec<StretchEntry>,
    causes: Vec<CauseEntry<'a>>,
}

#[derive(Serialize)]
struct PointEntry {
    at: String,
    good: u64,
    bad: u64,
    budget: Budget,
}

#[derive(Serialize)]
struct StretchEntry {
    start: String,
    end: String,
    good: u64,
    bad: u64,
    budget: Budget,
    coverage: Option<u32>,
}

#[derive(Serialize)]
struct CauseEntry<'a> {
    what: &'a str,
    bad: u64,
}

/// One object, keys in a fixed order.
pub(super) fn json(sheet: &Sheet<'_>) -> String {
    let verdicts = &sheet.desk.evaluation.verdicts;
    pretty(&Document {
        version: VERSION,
        title: sheet.title(),
        instant_is: sheet.about.run.instant_is.as_deref(),
        data: sheet.about.data.map(span),
        notes: &sheet.about.run.notes,
        status: document(
            sheet.desk.promises,
            sheet.desk.evaluation,
            &sheet.about.reading,
        ),
        details: verdicts
            .iter()
            .filter_map(|verdict| sheet.detail(&verdict.name))
            .map(entry)
            .collect(),
    })
}

fn entry(detail: &Detail) -> Entry<'_> {
    Entry {
        slo: detail.name.slo.as_str(),
        objective: detail.name.objective.as_str(),
        segment: detail.name.scope.to_string(),
        step_seconds: detail.step.as_secs(),
        burn_down: detail.burn_down.iter().map(point).collect(),
        days: detail.days.iter().map(stretch).collect(),
        silent: detail.silent.iter().copied().map(span).collect(),
        worst_hours: detail.worst_hours.iter().map(stretch).collect(),
        causes: detail.causes.iter().map(cause).collect(),
    }
}

fn point(point: &Point) -> PointEntry {
    let Attainment { good, bad } = point.attainment;
    PointEntry {
        at: utc(point.at),
        good,
        bad,
        budget: budget(point.budget),
    }
}

fn stretch(stretch: &Stretch) -> StretchEntry {
    let Interval { start, end } = stretch.interval;
    let own: ErrorBudget = stretch.budget;
    StretchEntry {
        start: utc(start),
        end: utc(end),
        good: stretch.attainment.good,
        bad: stretch.attainment.bad,
        budget: budget(own),
        coverage: match stretch.coverage {
            Coverage::Share(share) => Some(share.ppb()),
            Coverage::NotKnown => None,
        },
    }
}

fn cause(cause: &Cause) -> CauseEntry<'_> {
    CauseEntry {
        what: &cause.what,
        bad: cause.bad,
    }
}
